package identity

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"canot/internal/database"
)

// A Delegate is a member who acts for an organisation.
type Delegate struct {
	MemberID string    `db:"member_id"`
	Name     string    `db:"name"`
	Manages  bool      `db:"manages"` // names other delegates
	Since    time.Time `db:"created_at"`
}

// AddDelegate lets a member act for an organisation, or changes whether they name others. It asks
// for ManageMembers at the organisation's hub, or to be a delegate who manages; by a token it takes
// the admin scope. To who may not see the organisation it is NotFound, and so is an unknown or
// erased member. Repeated with its key it has no effect.
func (d *Directory) AddDelegate(ctx context.Context, by Actor, organisationID, memberID string, manages bool, k database.Key) error {
	return d.changeDelegate(ctx, by, organisationID, memberID, k, func(tx *database.Tx, by Actor) error {
		if err := mayDelegate(tx, by, organisationID); err != nil {
			return err
		}
		if _, err := living(tx, memberID); err != nil {
			return err
		}
		_, err := tx.Exec(`INSERT INTO organisation_members (organisation_id, member_id, manages, created_at) VALUES ($1, $2, $3, $4)
			ON CONFLICT (organisation_id, member_id) DO UPDATE SET manages = excluded.manages`, organisationID, memberID, manages, tx.Now)
		if err != nil {
			return err
		}
		return tx.Record(database.Change{
			By: by.ID, Action: "delegate.add", Kind: "organisation", Subject: organisationID, After: map[string]any{"member": memberID, "manages": manages},
		})
	})
}

// RemoveDelegate ends that a member acts for an organisation; who does not changes nothing. It asks
// for what AddDelegate does, or to be that member. Repeated with its key it has no effect.
func (d *Directory) RemoveDelegate(ctx context.Context, by Actor, organisationID, memberID string, k database.Key) error {
	return d.changeDelegate(ctx, by, organisationID, memberID, k, func(tx *database.Tx, by Actor) error {
		if acts, _, err := delegation(tx, by.ID, organisationID); err != nil || !acts || by.ID != memberID || !by.Holds(ScopeAdmin) {
			if err := cmp.Or(err, mayDelegate(tx, by, organisationID)); err != nil {
				return err
			}
		}
		removed, err := tx.Exec(`DELETE FROM organisation_members WHERE organisation_id = $1 AND member_id = $2`, organisationID, memberID)
		if err != nil || removed == 0 {
			return err
		}
		return tx.Record(database.Change{
			By: by.ID, Action: "delegate.remove", Kind: "organisation", Subject: organisationID, Before: map[string]any{"member": memberID},
		})
	})
}

func (d *Directory) changeDelegate(ctx context.Context, by Actor, organisationID, memberID string, k database.Key, change func(*database.Tx, Actor) error) error {
	if !storable(organisationID) {
		return organisationNotFound()
	}
	if !storable(memberID) {
		return memberNotFound()
	}
	_, err := database.OnceIn(ctx, d.db, k, func(tx *database.Tx) (string, error) {
		// A booking for the organisation locks both, and sees the delegation before or after.
		if err := errors.Join(tx.Lock("members", memberID), tx.Lock("organisations", organisationID)); err != nil {
			return "", err
		}
		by, err := current(tx, by)
		if err != nil {
			return "", err
		}
		if err := change(tx, by); err != nil {
			return "", err
		}
		if _, err := tx.Exec(`UPDATE members SET standing = standing + 1 WHERE id = $1`, memberID); err != nil {
			return "", err
		}
		_, err = tx.Exec(`UPDATE organisations SET standing = standing + 1 WHERE id = $1`, organisationID)
		return organisationID, err
	})
	if err != nil {
		return fmt.Errorf("change delegate: %w", err)
	}
	return nil
}

// mayDelegate asks that by may say who acts for an organisation.
func mayDelegate(r database.Reader, by Actor, organisationID string) error {
	o, err := seenOrganisation(r, by, organisationID)
	if err != nil {
		return err
	}
	_, manages, err := delegation(r, by.ID, organisationID)
	if err != nil || manages && by.Holds(ScopeAdmin) {
		return err
	}
	return mayRegister(r, by, o.HubID)
}

// delegation reports whether a member acts for an organisation, and names others.
func delegation(r database.Reader, memberID, organisationID string) (acts, manages bool, err error) {
	err = r.Get(&manages, `SELECT manages FROM organisation_members WHERE organisation_id = $1 AND member_id = $2`, organisationID, memberID)
	if errors.Is(err, database.ErrNoRows) {
		return false, false, nil
	}
	if err != nil {
		return false, false, fmt.Errorf("read delegate: %w", err)
	}
	return true, manages, nil
}

// Delegates lists who acts for an organisation, the first named first, to who may see it.
func (d *Directory) Delegates(ctx context.Context, by Actor, organisationID string) ([]Delegate, error) {
	r := d.db.Reader(ctx)
	if _, err := seenOrganisation(r, by, organisationID); err != nil {
		return nil, err
	}
	var list []Delegate
	err := r.Select(&list, `SELECT d.member_id, m.name, d.manages, d.created_at FROM organisation_members d JOIN members m ON m.id = d.member_id
		WHERE d.organisation_id = $1 ORDER BY d.created_at, d.member_id`, organisationID)
	if err != nil {
		return nil, fmt.Errorf("list delegates: %w", err)
	}
	return list, nil
}

// ActsFor reports whether a member is a delegate of an organisation that is active. It asks for no
// right: it is a step for verbs that have asked.
func (d *Directory) ActsFor(r database.Reader, memberID, organisationID string) (bool, error) {
	if !storable(memberID) || !storable(organisationID) {
		return false, nil
	}
	var found int
	err := r.Get(&found, `SELECT count(*) FROM organisation_members d JOIN organisations o ON o.id = d.organisation_id
		WHERE d.organisation_id = $1 AND d.member_id = $2 AND o.active`, organisationID, memberID)
	if err != nil {
		return false, fmt.Errorf("read delegate: %w", err)
	}
	return found > 0, nil
}
