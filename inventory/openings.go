package inventory

import (
	"context"

	"canot/inventory/hours"
)

// Weeks returns the weekly hours of hubs, by id. A hub that has none is not among them. It is
// one statement.
func (c *Catalog) Weeks(ctx context.Context, hubIDs []string) (map[string]hours.Week, error) {
	all, err := weeksOf(c.db.Reader(ctx), hubIDs)
	weeks := make(map[string]hours.Week, len(hubIDs))
	for owner, week := range all {
		if owner.ResourceID == "" {
			weeks[owner.HubID] = week
		}
	}
	return weeks, err
}

// OpeningChanges are what differs from the weekly hours of hubs: by date, and by start. They
// are the hubs' own, not those of a single resource.
type OpeningChanges struct {
	Exceptions []Exception
	Closures   []Closure
}

// OpeningChanges returns what differs from the weekly hours of hubs, by id, on the days from and
// to, both included. It is two statements.
func (c *Catalog) OpeningChanges(ctx context.Context, hubIDs []string, from, to hours.Date) (OpeningChanges, error) {
	var x OpeningChanges
	r := c.db.Reader(ctx)
	exceptions, err := exceptionsBetween(r, hubIDs, from.String(), to.String())
	if err != nil {
		return x, err
	}
	closures, err := c.ClosuresOf(r, hubIDs, from.String()+"T00:00:00", to.AddDays(1).String()+"T00:00:00")
	for _, e := range exceptions {
		if e.ResourceID == "" {
			x.Exceptions = append(x.Exceptions, e)
		}
	}
	for _, s := range closures {
		if s.ResourceID == "" {
			x.Closures = append(x.Closures, s)
		}
	}
	return x, err
}

// Rules returns when a hub is open, by its weekly hours and by what differs from them.
func (x OpeningChanges) Rules(hubID string, week hours.Week) hours.Rules {
	r := hours.Rules{Week: week, Exceptions: map[hours.Date][]hours.DaySpan{}}
	for _, e := range x.Exceptions {
		if e.HubID == hubID {
			r.Exceptions[e.Date] = e.Spans
		}
	}
	for _, s := range x.Closures {
		if s.HubID == hubID {
			r.Closures = append(r.Closures, hours.LocalSpan{Starts: s.StartsLocal, Ends: s.EndsLocal})
		}
	}
	return r
}
