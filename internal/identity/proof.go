package identity

import (
	"errors"
	"fmt"
	"time"

	"canot/internal/database"
	"canot/internal/fault"
)

// freshFor is how long a sign-in is proof enough to change how one signs in.
const freshFor = 15 * time.Minute

// FullyProved asks that a's session was opened by both factors of who has two, for what a stranger
// with one of them must not do: otherwise the first factor alone, a mailbox, would undo the second.
// It is Forbidden, second_factor_needed, when a has a passkey or a confirmed authenticator and the
// session has one factor; a session that has ended, and a visitor, are Unauthenticated, sign_in. A
// token passes, for it was given by who had proved enough; so does the System.
func (d *Directory) FullyProved(r database.Reader, a Actor) error {
	_, err := d.proofOf(r, a)
	return err
}

// FreshlyProved is FullyProved by a session that was opened within the last fifteen minutes, and not
// by a password alone: who has found an open browser, or a password, must not be able to keep the
// account by it. It is Forbidden, fresh_sign_in_needed, else, and session_needed for a token.
func (d *Directory) FreshlyProved(r database.Reader, a Actor) error {
	if a.Known() && a.SessionID == "" {
		return fault.New(fault.Forbidden, "session_needed", nil)
	}
	s, err := d.proofOf(r, a)
	if err != nil {
		return err
	}
	if s.Method == "password" || d.db.Now().Sub(s.CreatedAt) > freshFor {
		return fault.New(fault.Forbidden, "fresh_sign_in_needed", fault.Params{"minutes": int(freshFor.Minutes())})
	}
	return nil
}

// A proof is how a session was opened, and what its member has to open one by.
type proof struct {
	Method    string    `db:"method"`
	Factors   int64     `db:"factors"`
	CreatedAt time.Time `db:"created_at"`
	Seconds   int64     `db:"seconds"`
}

// proofOf is FullyProved, and returns what it has read of a session.
func (d *Directory) proofOf(r database.Reader, a Actor) (proof, error) {
	if !a.Known() {
		return proof{}, Denied(a)
	}
	if a.SessionID == "" {
		return proof{}, nil
	}
	var p proof
	// It only reads the tables of package signin, which lies above.
	err := r.Get(&p, `SELECT s.method, s.factors, s.created_at,
			(SELECT count(*) FROM passkeys p WHERE p.member_id = s.member_id) +
			(SELECT count(*) FROM authenticators a WHERE a.member_id = s.member_id AND a.confirmed_at IS NOT NULL) AS seconds
		FROM sessions s WHERE s.id = $1 AND s.member_id = $2 AND s.revoked_at IS NULL`, a.SessionID, a.ID)
	if errors.Is(err, database.ErrNoRows) {
		return proof{}, fault.New(fault.Unauthenticated, "sign_in", nil)
	}
	if err != nil {
		return proof{}, fmt.Errorf("read how a session was proved: %w", err)
	}
	if p.Factors < 2 && p.Seconds > 0 {
		return proof{}, fault.New(fault.Forbidden, "second_factor_needed", nil)
	}
	return p, nil
}
