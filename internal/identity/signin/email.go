package signin

import (
	"context"
	"errors"
	"fmt"

	"canot/internal/database"
	"canot/internal/fault"
	"canot/internal/identity"
)

// ChangeEmail has a letter sent to a member's new address; when its link or code comes back in a
// session of theirs (Enter), the address is theirs, their other sessions end, and the old address
// is told. Whether somebody has the new address is not said. It asks for a session, and for both
// factors of who has two.
func (g *Gate) ChangeEmail(ctx context.Context, by identity.Actor, v Visitor, email string) (Flow, error) {
	address, key, err := identity.Address("email", email)
	if err != nil {
		return Flow{}, err
	}
	var flow Flow
	err = g.db.In(ctx, func(tx *database.Tx) error {
		if err := asksOneself(tx, by, forSettings); err != nil {
			return err
		}
		if err := count(tx, newAddressesOf.of(by.ID), asksFromSource.of(v.Source), asksOfAddress.of(key)); err != nil {
			return err
		}
		flow, err = writeAsk(tx, v, asked{purpose: toVerify, email: address, key: key, memberID: by.ID, language: by.Language})
		return err
	})
	if err != nil {
		return Flow{}, fmt.Errorf("change address: %w", err)
	}
	return flow, nil
}

// changeAddress gives a member the address that a flow has proved. The old address is kept as an
// answered flow of its own, for the letter that tells it: a job holds no address.
func (g *Gate) changeAddress(tx *database.Tx, v Visitor, flow flowRow) (Entry, error) {
	who, err := memberOf(tx, flow.MemberID)
	if err != nil {
		return Entry{}, err
	}
	if !who.Active {
		return Entry{}, fault.New(fault.Unauthenticated, "bad_link", nil)
	}
	if err := spend(tx, flow.ID, who.ID); err != nil {
		return Entry{}, err
	}
	if err := g.people.VerifyEmail(tx, who.ID, flow.Email); err != nil {
		return Entry{}, err
	}
	if err := g.people.EndSessionsIn(tx, who.ID, v.By.SessionID); err != nil {
		return Entry{}, err
	}
	done := Entry{MemberID: who.ID, Done: "email_verified"}
	_, oldKey, err := identity.Address("email", who.Email)
	if err != nil || oldKey == flow.EmailKey {
		return done, nil
	}
	_, err = tx.Exec(`INSERT INTO sign_ins (id, purpose, email, email_key, member_id, language, browser, created_at, expires_at, used_at)
		VALUES ($1, 'verify', $2, $3, $4, $5, '', $6, $6, $6)`,
		database.NewID(), who.Email, oldKey, who.ID, who.Language, tx.Now)
	if err != nil {
		return Entry{}, err
	}
	return done, notify(tx, "email_changed", who.ID)
}

// FormerAddress returns the address that a member had before the one they have, for the letter that
// tells it so. It is kept for as long as requests for letters are; then it is NotFound,
// sign_in_not_found.
func (g *Gate) FormerAddress(ctx context.Context, memberID string) (string, error) {
	var email string
	err := g.db.Reader(ctx).Get(&email, `SELECT email FROM sign_ins
		WHERE member_id = $1 AND purpose = 'verify' AND browser = '' AND used_at IS NOT NULL
		ORDER BY used_at DESC, id DESC LIMIT 1`, memberID)
	if errors.Is(err, database.ErrNoRows) {
		return "", notAsked()
	}
	if err != nil {
		return "", fmt.Errorf("former address: %w", err)
	}
	return email, nil
}
