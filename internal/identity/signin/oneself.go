package signin

import (
	"errors"

	"canot/internal/database"
	"canot/internal/fault"
	"canot/internal/identity"
)

// How far a session must be proved for what it asks.
type proofNeeded int

const (
	forReading  proofNeeded = iota // any session or token of the person
	forSettings                    // a session; of both factors, for who has two
)

// asksOneself asks that by speaks for themself, and by a session when they change how they prove
// who they are: a token is for programs, and somebody who has found one must not be able to keep
// the account by it. Who has a second factor changes nothing by the first alone: else a stranger in
// their mailbox could take the other away.
func asksOneself(r database.Reader, by identity.Actor, need proofNeeded) error {
	if !by.Known() || by.ID == identity.System.ID {
		return fault.New(fault.Unauthenticated, "sign_in", nil)
	}
	if need == forReading {
		return nil
	}
	if by.SessionID == "" {
		return fault.New(fault.Forbidden, "session_needed", nil)
	}
	var row struct {
		Factors  int64 `db:"factors"`
		Keys     int64 `db:"keys"`
		Counters int64 `db:"counters"`
	}
	err := r.Get(&row, `SELECT s.factors,
			(SELECT count(*) FROM passkeys p WHERE p.member_id = s.member_id) AS keys,
			(SELECT count(*) FROM authenticators a WHERE a.member_id = s.member_id AND a.confirmed_at IS NOT NULL) AS counters
		FROM sessions s WHERE s.id = $1 AND s.member_id = $2 AND s.revoked_at IS NULL`, by.SessionID, by.ID)
	if errors.Is(err, database.ErrNoRows) {
		return fault.New(fault.Unauthenticated, "sign_in", nil)
	}
	if err != nil {
		return err
	}
	if row.Factors < 2 && row.Keys+row.Counters > 0 {
		return fault.New(fault.Forbidden, "second_factor_needed", nil)
	}
	return nil
}

// notify has a member told of what changed in how they sign in.
func notify(tx *database.Tx, what, memberID string) error {
	return tx.Enqueue(database.Job{Kind: "mail", Args: letterJob{What: what, ID: memberID, To: memberID}, At: tx.Now})
}
