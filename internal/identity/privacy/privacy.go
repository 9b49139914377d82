// Package privacy is what the law asks of whoever keeps personal data: consents, everything that is
// known of a person in one file, erasure, how long things are kept, who looked at what, and the
// register of incidents.
//
// It knows persons by id. What other packages know of a person it asks of them, as Parts; it writes
// rows of consents, personal_views, incidents and retention, forgets old rows of others, and deletes
// kept answers of the person who leaves. It refuses to know who somebody is: that is package
// identity, below which nothing of this is known.
//
// Start reading at Office, then Office.Erase.
package privacy

import (
	"context"
	"errors"
	"time"

	"canot/internal/database"
	"canot/internal/fault"
	"canot/internal/identity"
)

// A Part is what one package knows of persons. Its functions ask for no right: their callers have.
// Each but About may be nil.
type Part struct {
	Name string // in the file that a person receives: account, bookings

	// About returns what is known of the person, to be written as JSON. It reads r only.
	About func(r database.Reader, memberID string) (any, error)

	// Shown returns what somebody else may see of what About returned, and whether they see the part
	// at all; nil shows it whole.
	Shown func(by identity.Actor, about any) (any, bool)

	// End ends what is still to come of the person, in commits of its own, before anything is erased.
	End func(ctx context.Context, by identity.Actor, memberID string) error

	// Erase makes what is known nameless, in the caller's transaction. Doing it again does no more.
	Erase func(tx *database.Tx, memberID string) error

	// Answers lists ids of what was written about the person without naming them: what was answered
	// about it is forgotten with them.
	Answers func(r database.Reader, memberID string) ([]string, error)

	// Retain forgets what is older than the instant that before gives for its kind, and returns how
	// many rows it cleaned.
	Retain func(ctx context.Context, before func(kind string) time.Time) (int, error)
}

// An Office answers for the personal data of the network. It may be used by several goroutines at
// once.
type Office struct {
	db     *database.DB
	people *identity.Directory
	parts  []Part
}

// New returns the Office of a data base. The parts are erased in the order given: first what locks
// resources, last the account itself, by whose address the others may still look for things.
func New(db *database.DB, people *identity.Directory, parts ...Part) *Office {
	return &Office{db: db, people: people, parts: parts}
}

// reach returns the person of that id to themselves, and to who may see persons at their home hub, has
// the rights there, and could give every role that they have: else it is Forbidden. To who lacks a right
// there is no such person.
func (o *Office) reach(ctx context.Context, r database.Reader, by identity.Actor, memberID string, rights ...identity.Right) (identity.Member, error) {
	if by.ID == "" {
		return identity.Member{}, identity.Denied(by)
	}
	m, err := o.people.Member(ctx, r, memberID)
	if err != nil || m.ID == by.ID {
		return m, err
	}
	region, err := regionOf(r, m.HomeHubID)
	if err != nil {
		return identity.Member{}, err
	}
	for _, right := range append(rights, identity.ViewPersons) {
		if !by.May(right, m.HomeHubID, region) {
			return identity.Member{}, fault.New(fault.NotFound, "member_not_found", nil)
		}
	}
	return m, o.people.Outranks(r, by, memberID)
}

// regionOf reads the region of a hub, because a coordinator's right names the region. It only reads
// inventory's table, which lies above this package. No hub has no region.
func regionOf(r database.Reader, hubID string) (string, error) {
	if hubID == "" {
		return "", nil
	}
	var region string
	err := r.Get(&region, `SELECT region_id FROM hubs WHERE id = $1`, hubID)
	if errors.Is(err, database.ErrNoRows) {
		return "", nil
	}
	return region, err
}
