package demo

import (
	"context"
	"errors"
	"fmt"
	"time"

	"canot/booking"
	"canot/inventory"
	"canot/inventory/hours"
)

// walkResource is the studio of the README's walk. For two weeks it is left
// free in the afternoon, so that whoever follows the walk finds a time.
const walkResource = "rouyn-noranda-studio-medialab"

// bookings plans ten weeks and loads them into the book.
func (g *grower) bookings(ctx context.Context) error {
	if err := g.stockUp(ctx); err != nil {
		return err
	}
	for _, s := range g.stocks {
		if s.terms.Resource.Slug == walkResource {
			g.keepAfternoons(s)
		}
	}
	if err := g.late(ctx); err != nil {
		return err
	}
	visits := newPlanner(g.rng, g.now, g.stocks).plan(bookingsPerScale * g.Scale)
	past := make([]booking.Past, len(visits))
	for i, v := range visits {
		past[i] = g.past(v)
	}
	g.Progress("bookings", 0, len(past))
	refused, err := g.Book.Load(ctx, past, func(done int) { g.Progress("bookings", done, len(past)) })
	if err != nil {
		return err
	}
	return mostly(refused)
}

// late are two things of the main hub that should have been back yesterday.
func (g *grower) late(ctx context.Context) error {
	var past []booking.Past
	for _, s := range g.stocks {
		if s.terms.HubSlug != mainHub || s.terms.Resource.Kind != inventory.Equipment || s.terms.Resource.Policy.Approval || len(s.terms.Units) < 3 || len(past) == 2 {
			continue
		}
		today := hours.DateOf(g.now, s.terms.Zone)
		at := func(days, hour int) time.Time {
			return hours.At(today.AddDays(days), hours.Minutes(hour*60), s.terms.Zone)
		}
		past = append(past, booking.Past{
			Request: booking.Request{
				Lines:    []booking.Want{{Resource: s.terms.Resource.ID, Quantity: 1}},
				StartsAt: at(-5, 10), EndsAt: at(-1, 15+len(past)), Title: "Tournage", Sector: "culture", MemberID: g.someone(s.terms.Resource.HubID),
			},
			MadeAt: at(-9, 12), Status: booking.InUse, Kept: true,
		})
	}
	refused, err := g.Book.Load(ctx, past, nil)
	for _, r := range refused {
		err = errors.Join(err, r)
	}
	return err
}

// keepAfternoons leaves the coming afternoons of a resource free, buffers included.
func (g *grower) keepAfternoons(s *stock) {
	today := hours.DateOf(g.now, s.terms.Zone)
	for day := range 15 {
		date := today.AddDays(day)
		s.keepFree(hours.Span{Start: hours.At(date, 13*60, s.terms.Zone), End: hours.At(date, 17*60, s.terms.Zone)})
	}
}

// past turns a visit into a booking with its member and what became of it.
func (g *grower) past(v visit) booking.Past {
	member := g.someone(v.resource.HubID)
	visibility := "private"
	if v.shared {
		visibility = "members"
	}
	return booking.Past{
		Request: booking.Request{
			Lines:    []booking.Want{{Resource: v.resource.ID, Quantity: 1}},
			StartsAt: v.span.Start, EndsAt: v.span.End,
			Title: v.title, Sector: v.sector, Visibility: visibility, MemberID: member,
		},
		MadeAt: v.made,
		Status: g.outcome(v),
	}
}

// someone draws a member: mostly one of the hub's own, now and then the artist.
func (g *grower) someone(hub string) string {
	near := g.atHome[hub]
	switch p := g.rng.Float64(); {
	case p < 0.002:
		return g.artist
	case p < 0.7 && len(near) > 0:
		return near[g.rng.IntN(len(near))]
	}
	return g.everyone[g.rng.IntN(len(g.everyone))]
}

// outcome draws what became of a visit by now.
func (g *grower) outcome(v visit) booking.Status {
	p := g.rng.Float64()
	switch {
	case p < 0.05:
		return booking.Cancelled
	case !v.span.End.After(g.now):
		if p < 0.08 {
			return booking.NoShow
		}
		return booking.Completed
	case !v.span.Start.After(g.now):
		return booking.InUse
	case v.resource.Policy.Approval && p < 0.35:
		return booking.Pending
	}
	return booking.Confirmed
}

// mostly passes over a few refusals: a visit that the book will not have is one
// visit less. Many mean that planning and judging disagree, which is a fault.
func mostly(results []error) error {
	refused := 0
	var last error
	for _, err := range results {
		if err != nil {
			refused, last = refused+1, err
		}
	}
	if refused*100 > len(results) {
		return fmt.Errorf("%d of %d bookings refused, the last one: %w", refused, len(results), last)
	}
	return nil
}

// A Walk is a booking that the network's artist would get: for those who try it.
type Walk struct {
	Resource string
	Hub      string
	StartsAt time.Time
	EndsAt   time.Time
}
