package identity

import (
	"context"
	"fmt"

	"canot/internal/database"
)

// SetActive opens or closes an account; setting it to what it is changes nothing. It asks for
// ManageMembers at the home hub and for the right to give each role that the person has: a manager
// closes no coordinator's account. The last active administrator cannot be closed: Refused,
// last_administrator. A closed account's tokens and sessions stop at once in this process, and
// within 10 seconds in others; they stay ended when it is opened again. k may be the zero Key.
func (d *Directory) SetActive(ctx context.Context, by Actor, memberID string, active bool, k database.Key) error {
	_, err := database.OnceIn(ctx, d.db, k, func(tx *database.Tx) (string, error) {
		return memberID, d.setActive(tx, by, memberID, active)
	})
	d.Forget(memberID) // also when it failed: a commit whose answer was lost may have happened
	if err != nil {
		return fmt.Errorf("set member active: %w", err)
	}
	return nil
}

func (d *Directory) setActive(tx *database.Tx, by Actor, memberID string, active bool) error {
	if !storable(memberID) {
		return memberNotFound()
	}
	if err := tx.Lock("members", memberID); err != nil {
		return err
	}
	by, err := current(tx, by)
	if err != nil {
		return err
	}
	p, err := managed(tx, by, memberID)
	if err != nil || p.Active == active {
		return err
	}
	if !active {
		if err := keepAnAdministrator(tx, memberID); err != nil {
			return err
		}
		if err := d.EndSessionsIn(tx, memberID, ""); err != nil {
			return err
		}
		if err := d.EndTokensIn(tx, memberID); err != nil {
			return err
		}
	}
	if _, err := tx.Exec(`UPDATE members SET active = $2, standing = standing + 1, version = version + 1 WHERE id = $1`, memberID, active); err != nil {
		return err
	}
	return tx.Record(database.Change{
		By: by.ID, Action: "member.active", Kind: "member", Subject: memberID,
		Before: map[string]any{"active": p.Active}, After: map[string]any{"active": active},
	})
}

// managed returns the person of that id if by may see them, manages members at their home hub, and
// could give every role that they have: nobody closes, signs out or renames who is above them. Whom
// by may not see is NotFound, whom by may see only Forbidden.
func managed(r database.Reader, by Actor, memberID string) (Member, error) {
	p, err := living(r, memberID)
	if err != nil {
		return Member{}, err
	}
	if err := visible(r, by, p); err != nil {
		return Member{}, err
	}
	region, err := regionOf(r, p.HomeHubID)
	if err != nil {
		return Member{}, err
	}
	if !by.May(ManageMembers, p.HomeHubID, region) {
		return Member{}, Denied(by)
	}
	if err := outranks(r, by, memberID); err != nil {
		return Member{}, err
	}
	return p, nil
}

// outranks asks that by could give every role that the member has.
func outranks(r database.Reader, by Actor, memberID string) error {
	held, err := grantsOf(r, memberID)
	if err != nil {
		return err
	}
	for _, g := range held {
		if err := mayGive(r, by, g); err != nil {
			return err
		}
	}
	return nil
}

// Outranks asks that by could give every role that a member has, for verbs elsewhere that act on what
// is theirs; else it is Forbidden. It asks for no right over somebody who has no role.
func (d *Directory) Outranks(r database.Reader, by Actor, memberID string) error {
	return outranks(r, by, memberID)
}

// Managed returns the person of that id if by may manage them: by may see them, manages members at
// their home hub, and could give every role that they have. Whom by may not see is NotFound, whom by
// may see only Forbidden. It locks the member, and goes by the roles that by has now.
func (d *Directory) Managed(tx *database.Tx, by Actor, memberID string) (Member, error) {
	if !storable(memberID) {
		return Member{}, memberNotFound()
	}
	if err := tx.Lock("members", memberID); err != nil {
		return Member{}, err
	}
	by, err := current(tx, by)
	if err != nil {
		return Member{}, err
	}
	return managed(tx, by, memberID)
}

// VerifyEmail makes an address, which its caller has seen to be theirs, a member's own, in the
// caller's transaction. An address that somebody else has is Refused, email_taken; one that is none
// Malformed; an unknown or erased member NotFound.
func (d *Directory) VerifyEmail(tx *database.Tx, memberID, email string) error {
	var f form
	email = f.email("email", email)
	f.required("email", email)
	if err := f.fault(); err != nil {
		return err
	}
	p, err := living(tx, memberID)
	if err != nil {
		return err
	}
	key := foldEmail(email)
	if p.EmailVerified && key == foldEmail(p.Email) {
		return nil
	}
	var others int
	if err := tx.Get(&others, `SELECT count(*) FROM members WHERE email_key = $1 AND id <> $2`, key, memberID); err != nil {
		return fmt.Errorf("verify e-mail: %w", err)
	}
	if others > 0 {
		return emailTaken()
	}
	_, err = tx.Exec(`UPDATE members SET email = $2, email_key = $3, email_verified_at = $4, standing = standing + 1, version = version + 1
		WHERE id = $1`, memberID, email, key, tx.Now)
	if database.Constraint(err) == "members_email_unique" { // somebody was quicker
		return emailTaken()
	}
	if err != nil {
		return fmt.Errorf("verify e-mail: %w", err)
	}
	return tx.Record(database.Change{
		By: memberID, Action: "member.email", Kind: "member", Subject: memberID,
		After: map[string]any{"verified": true, "changed": key != foldEmail(p.Email)},
	})
}
