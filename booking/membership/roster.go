// Package membership says what a person or an organisation may book: tiers and
// memberships, minutes that are included or prepaid, certifications, the terms that
// they accepted.
//
// It knows bookings by their rows only, and refuses to know units, opening hours and
// amounts of money that are owed. Rows of tiers, memberships, packs, the ledger,
// certifications, certificates, equivalences and acceptances are written here and nowhere
// else. Days, weeks and months are those of a hub's calendar.
//
// Start reading at Standing.Judge, which is pure.
package membership

import "canot/internal/database"

// A Roster is the tiers, memberships, credits and certificates in one data base. It is
// safe for concurrent use.
//
// Its verbs return a *fault.Error for what a caller can act on: Unauthenticated and
// Forbidden when the actor may not, NotFound for what is not there or not theirs to know,
// Stale for another version than the one asked for, Malformed and Refused with a violation
// for every field. Writes take an Idempotency-Key; the zero Key keeps nothing.
type Roster struct {
	db         *database.DB
	remembered allowanceMemory
	reaching   reachMemory
}

// New returns the roster of a data base.
func New(db *database.DB) *Roster {
	return &Roster{db: db}
}
