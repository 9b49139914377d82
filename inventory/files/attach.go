package files

import (
	"context"
	"encoding/base64"
	"errors"

	"canot/internal/database"
	"canot/internal/fault"
	"canot/internal/identity"
)

// Attach keeps pictures or documents of a unit (id), by staff of the hub where it belongs or is: all
// of them or none.
func (s *Store) Attach(ctx context.Context, by identity.Actor, unitID string, all []NewFile, k database.Key) ([]File, error) {
	return database.Once(ctx, s.db, k, func() ([]File, error) {
		var kept []File
		err := s.db.In(ctx, func(tx *database.Tx) error {
			kept = nil
			w, err := whoseUnit(tx, unitID)
			if err != nil {
				return err
			}
			if !w.staff(by, identity.HandOut) {
				return w.denied(by, "unit_not_found")
			}
			for _, n := range all {
				n.SubjectKind, n.SubjectID = OfUnit, unitID
				f, err := Insert(tx, by, n)
				if err != nil {
					return err
				}
				kept = append(kept, f)
				if err := tx.Record(database.Change{By: by.ID, Action: "unit." + f.Kind, Kind: "unit", Subject: unitID,
					After: map[string]any{"file": f.ID, "size": f.Size, "sum": f.Sum}}); err != nil {
					return err
				}
			}
			return tx.Keep(k, kept)
		})
		return kept, err
	}, nil)
}

// Detach takes a picture or a document of a unit away. It asks for the right to manage the inventory
// of the unit's hub.
func (s *Store) Detach(ctx context.Context, by identity.Actor, fileID string) error {
	return s.db.In(ctx, func(tx *database.Tx) error {
		f, err := find(tx, fileID)
		if err == nil && f.SubjectKind != OfUnit {
			err = fault.New(fault.NotFound, "file_not_found", nil)
		}
		if err != nil {
			return err
		}
		w, err := whoseUnit(tx, f.SubjectID)
		if err != nil {
			return err
		}
		if !w.staff(by, identity.ManageInventory) {
			return w.denied(by, "file_not_found")
		}
		if _, err := Remove(tx, fileID); err != nil {
			return err
		}
		return tx.Record(database.Change{By: by.ID, Action: "unit.file_removed", Kind: "unit", Subject: f.SubjectID,
			Before: map[string]any{"file": f.ID, "size": f.Size, "sum": f.Sum}})
	})
}

// A whose says at which hubs a subject is dealt with, and whose it is besides.
type whose struct {
	Hub         string `db:"hub_id"`
	Region      string `db:"region_id"`
	OtherHub    string `db:"other_hub_id"`
	OtherRegion string `db:"other_region_id"`
	Owner       string `db:"owner_id"` // of a loan who has it, of a ticket who reported it
}

// A seenRow is a file with its bytes, and where it is dealt with.
type seenRow struct {
	File
	whose
	Body string `db:"body"`
}

// staff reports whether somebody holds a right where the subject is dealt with.
func (w whose) staff(by identity.Actor, right identity.Right) bool {
	return by.May(right, w.Hub, w.Region) || w.OtherHub != "" && by.May(right, w.OtherHub, w.OtherRegion)
}

// shownTo reports whether somebody sees a file as staff: what a person signed takes the right to see persons.
func (row seenRow) shownTo(by identity.Actor) bool {
	right := identity.HandOut
	if row.Kind == Signature {
		right = identity.ViewPersons
	}
	return row.staff(by, right)
}

// denied is what somebody is told who may not: staff that they may not, anybody else that there is
// no such thing.
func (w whose) denied(by identity.Actor, code string) error {
	if !by.Known() || w.staff(by, identity.ViewBookings) {
		return identity.Denied(by)
	}
	return fault.New(fault.NotFound, code, nil)
}

func whoseUnit(r database.Reader, unitID string) (whose, error) {
	var w whose
	err := r.Get(&w, `
		SELECT home.id AS hub_id, home.region_id, here.id AS other_hub_id, here.region_id AS other_region_id, '' AS owner_id
		FROM units u JOIN hubs home ON home.id = u.home_hub_id JOIN hubs here ON here.id = u.current_hub_id WHERE u.id = $1`, unitID)
	if errors.Is(err, database.ErrNoRows) {
		err = fault.New(fault.NotFound, "unit_not_found", nil)
	}
	return w, err
}

// See returns a file with its bytes to who may see it: staff of the hubs where its subject is dealt
// with, a signature those of them who may see persons; what is kept of a loan also the person who has it, what is kept of a ticket who reported it.
// To anybody else there is no such file.
func (s *Store) See(ctx context.Context, by identity.Actor, id string) (File, []byte, error) {
	var row seenRow
	err := s.db.Reader(ctx).Get(&row, `
		SELECT f.id, f.kind, f.subject_kind, f.subject_id, f.moment, f.media_type, f.name, f.size, f.width, f.height, f.sum, f.created_at,
		       f.created_by, f.body, h.id AS hub_id, h.region_id, COALESCE(o.id, '') AS other_hub_id, COALESCE(o.region_id, '') AS other_region_id,
		       COALESCE(b.member_id, t.reported_by, '') AS owner_id
		FROM files f
		LEFT JOIN units u ON f.subject_kind = 'unit' AND u.id = f.subject_id
		LEFT JOIN loans l ON f.subject_kind = 'loan' AND l.id = f.subject_id LEFT JOIN bookings b ON b.id = l.booking_id
		LEFT JOIN tickets t ON f.subject_kind = 'ticket' AND t.id = f.subject_id
		JOIN hubs h ON h.id = COALESCE(u.home_hub_id, l.out_hub_id, t.hub_id)
		LEFT JOIN hubs o ON o.id = COALESCE(u.current_hub_id, l.back_hub_id)
		WHERE f.id = $1`, id)
	open := err == nil && row.Kind == Photo && row.SubjectKind == OfUnit // what a thing looks like is on its public page
	if !open && !by.Known() && (err == nil || errors.Is(err, database.ErrNoRows)) {
		return File{}, nil, identity.Denied(by)
	}
	if errors.Is(err, database.ErrNoRows) || err == nil && !open && !row.shownTo(by) && (row.Owner == "" || row.Owner != by.ID) {
		return File{}, nil, fault.New(fault.NotFound, "file_not_found", nil)
	}
	if err != nil {
		return File{}, nil, err
	}
	body, err := base64.StdEncoding.DecodeString(row.Body)
	return row.File, body, err
}

// OfUnit lists the pictures and documents of a unit and the latest pictures of its loans, the first
// one first, without their bytes. The caller asks for the right.
func (s *Store) OfUnit(ctx context.Context, unitID string) ([]File, error) {
	all := []File{}
	err := s.db.Reader(ctx).Select(&all, selectFiles+`WHERE kind <> 'signature' AND (subject_kind = 'unit' AND subject_id = $1
		OR subject_kind = 'loan' AND subject_id IN (SELECT id FROM loans WHERE unit_id = $1 ORDER BY CASE WHEN back_at IS NULL THEN 0 ELSE 1 END, out_at DESC, back_at DESC, id DESC LIMIT 5)) ORDER BY created_at, id`, unitID)
	return all, err
}
