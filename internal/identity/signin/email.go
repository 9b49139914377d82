package signin

import (
	"context"
	"errors"
	"fmt"
	"time"

	"canot/internal/database"
	"canot/internal/fault"
	"canot/internal/identity"
)

// ChangeEmail has a letter sent to a member's new address; when its link or code comes back in a
// session of theirs (Enter), the address is theirs, their other sessions and all tokens end, and the old address
// is told. Whether somebody has the new address is not said. It asks for a session that was opened
// just now (identity.FreshlyProved).
func (g *Gate) ChangeEmail(ctx context.Context, by identity.Actor, v Visitor, email string) (Flow, error) {
	address, key, err := identity.Address("email", email)
	if err != nil {
		return Flow{}, err
	}
	var flow Flow
	err = g.db.In(ctx, func(tx *database.Tx) error {
		if err := g.asksOneself(tx, by, forWaysIn); err != nil {
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
	if err := errors.Join(g.people.EndSessionsIn(tx, who.ID, v.By.SessionID), g.people.EndTokensIn(tx, who.ID)); err != nil {
		return Entry{}, err
	}
	done := Entry{MemberID: who.ID, Done: "email_verified"}
	_, oldKey, err := identity.Address("email", who.Email)
	if err != nil || oldKey == flow.EmailKey {
		return done, nil
	}
	change := database.NewID()
	_, err = tx.Exec(`INSERT INTO sign_ins (id, purpose, email, email_key, member_id, language, browser, created_at, expires_at, used_at)
		VALUES ($1, 'verify', $2, $3, $4, $5, '', $6, $6, $6)`,
		change, who.Email, oldKey, who.ID, who.Language, tx.Now)
	if err != nil {
		return Entry{}, err
	}
	// The job names the change: by the time it is done there may have been another.
	return done, tx.Enqueue(database.Job{Kind: "mail", Args: letterJob{What: "email_changed", ID: change, To: who.ID}, At: tx.Now})
}

// A former address is a flow of a change, with no browser.
const isFormer = `purpose = 'verify' AND browser = '' AND used_at IS NOT NULL`

// FormerAddress returns the address that a member had before a change, for the letter that tells it
// so. It is kept for as long as requests for letters are; then it is NotFound, sign_in_not_found.
func (g *Gate) FormerAddress(ctx context.Context, change string) (string, error) {
	var email string
	err := g.db.Reader(ctx).Get(&email, `SELECT email FROM sign_ins WHERE id = $1 AND `+isFormer, change)
	if errors.Is(err, database.ErrNoRows) {
		return "", notAsked()
	}
	if err != nil {
		return "", fmt.Errorf("former address: %w", err)
	}
	return email, nil
}

// restoreFor is how long a change of address can be undone.
const restoreFor = 30 * 24 * time.Hour

// RestoreEmail gives a member the address back that they had before its last change within thirty
// days, which somebody else has made, and signs them out everywhere, programs too; what else somebody
// has set up to sign in by is taken away by ResetFactors. Done again it undoes the change before. It
// asks for what ResetFactors asks. It is Refused, no_former_address, when there was no such change,
// and email_taken when somebody else has the address by now. Repeated with its key it has no effect.
func (g *Gate) RestoreEmail(ctx context.Context, by identity.Actor, memberID string, k database.Key) error {
	type answer struct{ Fault *fault.Error }
	_, err := database.Once(ctx, g.db, k, func() (answer, error) {
		return answer{}, g.db.In(ctx, func(tx *database.Tx) error {
			if err := g.mayMend(ctx, tx, by, memberID); err != nil {
				return err
			}
			if err := g.restoreEmail(tx, memberID); err != nil {
				return err
			}
			if err := errors.Join(g.people.EndSessionsIn(tx, memberID, ""), g.people.EndTokensIn(tx, memberID)); err != nil {
				return err
			}
			if err := tx.Record(database.Change{By: by.ID, Action: "email.restore", Kind: "member", Subject: memberID}); err != nil {
				return err
			}
			return tx.Keep(k, answer{})
		})
	}, nil)
	g.people.Forget(memberID)
	if err != nil {
		return fmt.Errorf("restore address: %w", err)
	}
	return nil
}

func (g *Gate) restoreEmail(tx *database.Tx, memberID string) error {
	var former struct {
		ID    string `db:"id"`
		Email string `db:"email"`
	}
	err := tx.Get(&former, `SELECT id, email FROM sign_ins WHERE member_id = $1 AND used_at > $2 AND `+isFormer+`
		ORDER BY used_at DESC, id DESC LIMIT 1`, memberID, tx.Now.Add(-restoreFor))
	if errors.Is(err, database.ErrNoRows) {
		return fault.New(fault.Refused, "no_former_address", nil)
	}
	if err != nil {
		return err
	}
	if err := g.people.VerifyEmail(tx, memberID, former.Email); err != nil {
		return err
	}
	// Letters that are on their way to the other address end with the change.
	_, err = tx.Exec(`DELETE FROM sign_ins WHERE id = $1 OR member_id = $2 AND purpose = 'verify' AND used_at IS NULL`, former.ID, memberID)
	return err
}
