package signin

import (
	"canot/internal/database"
	"canot/internal/fault"
	"canot/internal/identity"
)

// How far a session must be proved for what it asks.
type proofNeeded int

const (
	forReading  proofNeeded = iota // any session or token of the person
	forSettings                    // a session; of both factors, for who has two
	forWaysIn                      // one that was opened just now, and not by a password alone
)

// asksOneself asks that by speaks for themself, and by a session when they change how they prove
// who they are: a token is for programs, and somebody who has found one must not be able to keep
// the account by it. Who has a second factor changes nothing by the first alone: else a stranger in
// their mailbox could take the other away. A new way in asks that the old one was shown just now.
func (g *Gate) asksOneself(r database.Reader, by identity.Actor, need proofNeeded) error {
	if !by.Known() || by.ID == identity.System.ID {
		return fault.New(fault.Unauthenticated, "sign_in", nil)
	}
	switch {
	case need == forReading:
		return nil
	case by.SessionID == "":
		return fault.New(fault.Forbidden, "session_needed", nil)
	case need == forWaysIn:
		return g.people.FreshlyProved(r, by)
	}
	return g.people.FullyProved(r, by)
}

// notify has a member told of what changed in how they sign in.
func notify(tx *database.Tx, what, memberID string) error {
	return tx.Enqueue(database.Job{Kind: "mail", Args: letterJob{What: what, ID: memberID, To: memberID}, At: tx.Now})
}
