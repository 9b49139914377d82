package identity

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"time"

	"canot/internal/database"
	"canot/internal/fault"
)

// calendarSecretLength is how long the secret of a calendar's address is: 256 bits in base64.
const calendarSecretLength = 43

// A CalendarAddress is the secret address of a private calendar: of a member's own bookings, or
// of those of a hub as the member may see them. Its secret was shown once and is not kept.
//
// Addresses are kept here, beside tokens, and not with the calendars: they are one more way in
// which a program speaks for a person, and they end where tokens end.
type CalendarAddress struct {
	ID        string
	MemberID  string
	HubID     string // "" for the member's own bookings
	CreatedAt time.Time
}

// A CalendarReader is who reads a private calendar, by its secret address.
type CalendarReader struct {
	Actor     Actor
	AddressID string
	HubID     string // whose bookings it shows, "" for the Actor's own
}

// CalendarAddresses lists the addresses that a member has, the own one first. One sees one's own,
// and who may manage the network anybody's; to others the member is NotFound. It is one statement
// for one's own.
func (d *Directory) CalendarAddresses(ctx context.Context, by Actor, memberID string) ([]CalendarAddress, error) {
	if by.ID == "" || by.ID != memberID && !by.May(ManageNetwork, "", "") {
		return nil, memberNotFound()
	}
	r := d.db.Reader(ctx)
	if by.ID != memberID {
		if _, err := living(r, memberID); err != nil {
			return nil, err
		}
	}
	var rows []struct {
		ID        string    `db:"id"`
		HubID     string    `db:"hub_id"`
		CreatedAt time.Time `db:"created_at"`
	}
	err := r.Select(&rows, `SELECT id, hub_id, created_at FROM calendar_addresses WHERE member_id = $1 ORDER BY hub_id, id`, memberID)
	if err != nil {
		return nil, fmt.Errorf("list calendar addresses: %w", err)
	}
	list := make([]CalendarAddress, len(rows))
	for i, row := range rows {
		list[i] = CalendarAddress{row.ID, memberID, row.HubID, row.CreatedAt.UTC()}
	}
	return list, nil
}

// RenewCalendarAddress makes the address of by's own calendar, or with a hub's id of that hub's, and
// returns its secret, which cannot be had again: 256 random bits, of which a hash is kept. An
// address that there was is dead at once. Nobody makes one for another person. A hub's asks for the
// right to view its bookings there; a token needs the admin scope, for an address outlives it; and
// who has two factors must have shown both. An unknown hub is Malformed, unknown_hub. Repeated with
// its key it makes no second address and cannot give the secret of the first: Taken,
// calendar_already_made.
func (d *Directory) RenewCalendarAddress(ctx context.Context, by Actor, hubID string, k database.Key) (secret string, made CalendarAddress, err error) {
	id, err := database.OnceIn(ctx, d.db, k, func(tx *database.Tx) (string, error) {
		if err := tx.Lock("members", by.ID); err != nil { // two at once leave one
			return "", err
		}
		by, err := current(tx, by)
		if err != nil {
			return "", err
		}
		if !by.Known() || by.isSystem() || !by.Holds(ScopeAdmin) {
			return "", Denied(by)
		}
		if err := d.FullyProved(tx, by); err != nil {
			return "", err
		}
		if err := viewsBookings(tx, by, hubID); err != nil {
			return "", err
		}
		secret, made, err = writeCalendarAddress(tx, by, hubID)
		return made.ID, err
	})
	if err == nil && id != made.ID { // what was just made was undone: another had been made before
		err = fault.New(fault.Taken, "calendar_already_made", fault.Params{"calendar": id})
	}
	if err != nil {
		return "", CalendarAddress{}, fmt.Errorf("renew calendar address: %w", err)
	}
	return secret, made, nil
}

// viewsBookings asks for the right to see what is booked at a hub; "" is no hub and asks for nothing.
func viewsBookings(tx *database.Tx, by Actor, hubID string) error {
	if hubID == "" {
		return nil
	}
	region, err := regionOf(tx, hubID)
	if err == nil && !by.May(ViewBookings, hubID, region) {
		err = Denied(by)
	}
	return err
}

func writeCalendarAddress(tx *database.Tx, by Actor, hubID string) (string, CalendarAddress, error) {
	var random [32]byte
	if _, err := rand.Read(random[:]); err != nil {
		return "", CalendarAddress{}, err
	}
	secret := base64.RawURLEncoding.EncodeToString(random[:])
	a := CalendarAddress{ID: database.NewID(), MemberID: by.ID, HubID: hubID, CreatedAt: tx.Now}
	_, err := tx.Exec(`INSERT INTO calendar_addresses (id, member_id, hub_id, hash, created_at) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (member_id, hub_id) DO UPDATE SET id = excluded.id, hash = excluded.hash, created_at = excluded.created_at`,
		a.ID, a.MemberID, a.HubID, hexHash(sha256.Sum256([]byte(secret))), a.CreatedAt)
	if err == nil {
		err = tx.Record(database.Change{
			By: by.ID, Action: "calendar.renew", Kind: "calendar", Subject: a.ID, After: map[string]any{"member": by.ID, "hub": hubID},
		})
	}
	return secret, a, err
}

// EndCalendarAddress kills an address at once. One ends one's own, and who may manage the network
// anybody's; to others, and to who speaks by a token without the admin scope, it is NotFound,
// calendar_not_found, and so is one that has ended or was renewed. k may be the zero Key.
func (d *Directory) EndCalendarAddress(ctx context.Context, by Actor, id string, k database.Key) error {
	if !storable(id) {
		return calendarNotFound()
	}
	_, err := database.OnceIn(ctx, d.db, k, func(tx *database.Tx) (string, error) {
		by, err := current(tx, by)
		if err != nil {
			return "", err
		}
		var owner string
		err = tx.Get(&owner, `SELECT member_id FROM calendar_addresses WHERE id = $1`, id)
		if errors.Is(err, database.ErrNoRows) || err == nil && (by.ID != owner || !by.Holds(ScopeAdmin)) && !by.May(ManageNetwork, "", "") {
			return "", calendarNotFound()
		}
		if err != nil {
			return "", err
		}
		ended, err := tx.Exec(`DELETE FROM calendar_addresses WHERE id = $1`, id)
		if err != nil || ended == 0 {
			return id, err
		}
		return id, tx.Record(database.Change{
			By: by.ID, Action: "calendar.end", Kind: "calendar", Subject: id, After: map[string]any{"member": owner},
		})
	})
	if err != nil {
		return fmt.Errorf("end calendar address: %w", err)
	}
	return nil
}

// CalendarReader returns who reads a private calendar by its secret, with the roles that they have
// now, in one statement: nothing of it is remembered, so that what has ended is dead at once. A
// secret that is none, one that was renewed or ended, one of a closed or erased account, and one of
// a hub whose bookings its member may no longer view are all the same: NotFound, calendar_not_found.
func (d *Directory) CalendarReader(ctx context.Context, secret string) (CalendarReader, error) {
	if len(secret) != calendarSecretLength {
		return CalendarReader{}, calendarNotFound()
	}
	var rows []struct {
		AddressID string `db:"address_id"`
		Shown     string `db:"shown_hub"`
		Region    string `db:"shown_region"`
		holder
	}
	err := d.db.Reader(ctx).Select(&rows, `SELECT a.id AS address_id, a.hub_id AS shown_hub, COALESCE(h.region_id, '') AS shown_region, `+holderColumns+`
		FROM calendar_addresses a JOIN members m ON m.id = a.member_id
		LEFT JOIN hubs h ON h.id = a.hub_id
		LEFT JOIN grants g ON g.member_id = m.id AND a.hub_id <> ''
		WHERE a.hash = $1 ORDER BY g.role, g.hub_id, g.region_id`, hexHash(sha256.Sum256([]byte(secret))))
	if err != nil {
		return CalendarReader{}, fmt.Errorf("calendar reader: %w", err)
	}
	var reader CalendarReader
	region := ""
	for _, row := range rows {
		row.speaks(&reader.Actor)
		reader.AddressID, reader.HubID, region = row.AddressID, row.Shown, row.Region
	}
	if !reader.Actor.Known() || reader.HubID != "" && !reader.Actor.May(ViewBookings, reader.HubID, region) {
		return CalendarReader{}, calendarNotFound()
	}
	return reader, nil
}

func calendarNotFound() error { return fault.New(fault.NotFound, "calendar_not_found", nil) }
