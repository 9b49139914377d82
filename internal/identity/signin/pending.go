package signin

import (
	"context"
	"encoding/base32"
	"errors"
	"fmt"
	"time"

	"canot/internal/database"
	"canot/internal/fault"
	"canot/internal/identity"
)

// PendingAuthenticator returns the secret of by's that BeginAuthenticator made and that no code has
// confirmed yet, so that a page can show it again: NotFound, not_found, when there is none. It asks
// for what BeginAuthenticator asks for.
func (g *Gate) PendingAuthenticator(ctx context.Context, by identity.Actor) (NewAuthenticator, error) {
	made, err := g.pendingAuthenticator(g.db.Reader(ctx), by)
	if err != nil {
		return NewAuthenticator{}, fmt.Errorf("pending authenticator: %w", err)
	}
	return made, nil
}

func (g *Gate) pendingAuthenticator(r database.Reader, by identity.Actor) (NewAuthenticator, error) {
	if err := g.asksOneself(r, by, forSettings); err != nil {
		return NewAuthenticator{}, err
	}
	var kept string
	err := r.Get(&kept, `SELECT secret FROM authenticators WHERE member_id = $1 AND confirmed_at IS NULL`, by.ID)
	if errors.Is(err, database.ErrNoRows) {
		return NewAuthenticator{}, fault.New(fault.NotFound, "not_found", nil)
	}
	if err != nil {
		return NewAuthenticator{}, err
	}
	who, err := memberOf(r, by.ID)
	if err != nil {
		return NewAuthenticator{}, err
	}
	secret, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(kept)
	if err != nil {
		return NewAuthenticator{}, err
	}
	return g.authenticatorOf(who, secret)
}

// CodeSpent reports whether the code of a request of the visitor's browser was tried too often, and
// counts no more. It is false of a request that is unknown, answered or over.
func (g *Gate) CodeSpent(ctx context.Context, v Visitor, flowID string) (bool, error) {
	if !storable(flowID) {
		return false, nil
	}
	var spent int
	err := g.db.Reader(ctx).Get(&spent, `SELECT count(*) FROM sign_ins
		WHERE id = $1 AND browser = $2 AND used_at IS NULL AND proved_at IS NULL AND expires_at > $3 AND tries >= $4`,
		flowID, hashOf("browser", v.Browser), g.db.Now(), mostTries)
	if err != nil {
		return false, fmt.Errorf("read a request: %w", err)
	}
	return spent > 0, nil
}

// JustEntered reports whether by speaks by a session that began within the life of a letter: who
// taps twice on its button, or opens it again, has come in by the first.
func (g *Gate) JustEntered(ctx context.Context, by identity.Actor) (bool, error) {
	if by.SessionID == "" {
		return false, nil
	}
	var began time.Time
	err := g.db.Reader(ctx).Get(&began, `SELECT created_at FROM sessions WHERE id = $1 AND revoked_at IS NULL`, by.SessionID)
	if errors.Is(err, database.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("read a session: %w", err)
	}
	return g.db.Now().Sub(began) < linkLifetime, nil
}
