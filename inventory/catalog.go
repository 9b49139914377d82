// Package inventory is what there is: operators, regions, hubs, resources, units,
// components, categories, tags, policies, opening hours and closures, and how they
// come in and go out as CSV.
//
// It holds policies and hours but never judges a booking by them, and it refuses to
// know who has taken what, and when: that is the book's. Start reading at Catalog,
// then Terms, which is what the book reads.
package inventory

import (
	"context"

	"canot/internal/database"
	"canot/internal/fault"
	"canot/internal/identity"
)

// Catalog is the inventory of one network. It is safe for use by many goroutines.
//
// Its verbs return a *fault.Error for what a caller can act on: Unauthenticated and
// Forbidden when the actor may not, NotFound, Stale for another version than the one
// asked for, Malformed and Refused with a violation for every field, Unavailable while
// the data base is away. Writes take an Idempotency-Key; the zero Key keeps nothing.
type Catalog struct {
	db     *database.DB
	terms  termsMemory
	follow PartsFollower
}

// A PartsFollower does what follows from a change of what a unit (by id) is made of, in the same
// commit, under the locks of the unit and of its resource.
type PartsFollower func(ctx context.Context, tx *database.Tx, by identity.Actor, unitID string, foreseen []string) error

// WhenPartsChange has the book judge a unit anew whenever what it is made of is edited: whether it can
// be lent is the book's to say, and this package must not know it. It is to be called before the
// catalog is used; a catalog without a book has nothing to follow.
func (c *Catalog) WhenPartsChange(f PartsFollower) { c.follow = f }

// partsChanged tells the book.
func (c *Catalog) partsChanged(ctx context.Context, tx *database.Tx, by identity.Actor, unitID string, foreseen []string) error {
	if c.follow == nil {
		return nil
	}
	return c.follow(ctx, tx, by, unitID, foreseen)
}

// New returns the catalog that is kept in db.
func New(db *database.DB) *Catalog {
	return &Catalog{db: db}
}

// HubQuery narrows a list of hubs. Region is an id or a slug; Q is folded words that
// must all be found. The zero HubQuery lists all, 50 at a time.
type HubQuery struct {
	Region, Q string
	Limit     int    // 1 to 200; 0 means 50
	After     string // the cursor that the list before gave
}

// ResourceQuery narrows a list of resources. Each key is an id or a slug, and "" means
// any; Q is folded words that must all be found, in any order, perhaps as part of a word,
// in the singular or the plural.
type ResourceQuery struct {
	Resource, Hub, Region, Kind, Category, Tag, Q string

	Among    []string // only these, by id: at most 200; none means any
	Near     string   // a hub, by id or slug, whose place UnitVersions tells; it does not narrow
	Archived bool     // archived ones too
	Limit    int      // 1 to 200; 0 means 50; UnitVersions ignores it
	After    string   // the cursor that the list before gave
}

// may says why by may not use the right there, or nil.
func may(by identity.Actor, right identity.Right, hubID, regionID string) error {
	if by.May(right, hubID, regionID) {
		return nil
	}
	return identity.Denied(by)
}

// stale refuses an edit of another version than the one that was read. 0 asks for none.
func stale(ifVersion, version int64) error {
	if ifVersion == 0 || ifVersion == version {
		return nil
	}
	return fault.New(fault.Stale, "stale", fault.Params{"version": version})
}
