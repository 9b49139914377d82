package demo

import (
	"context"
	"errors"
	"slices"
	"time"

	"canot/booking"
	"canot/internal/database"
	"canot/internal/fault"
	"canot/internal/identity"
	"canot/inventory"
	"canot/inventory/hours"
)

// Per scale of 1: units that are out of service, and holds that nobody has confirmed yet.
const (
	brokenPerScale = 8
	heldPerScale   = 4
)

// breakdowns are the reasons for which a unit is out of service, and for how
// many days; 0 is until further notice.
var breakdowns = []struct {
	reason string
	days   int
}{
	{"Courroie à changer", 4}, {"Écran fêlé", 0}, {"Buse bouchée", 1}, {"Batterie gonflée", 0},
	{"Nettoyage de la lentille", 2}, {"Pièce commandée", 9}, {"Mise à jour", 1}, {"Câble manquant", 3},
}

// incidents are what comes after the bookings: machines break and burst pipes
// close a hub under bookings that stand, and somebody is just about to confirm.
func (g *grower) incidents(ctx context.Context) error {
	if err := g.breakUnits(ctx); err != nil {
		return err
	}
	if err := g.close(ctx, []closure{{"amos", 6, "00:00", "12:00", text("Plomberie : eau coupée", "Plumbing: no water")}}); err != nil {
		return err
	}
	return g.hold(ctx)
}

// breakUnits takes some machines and pieces of equipment out of service.
func (g *grower) breakUnits(ctx context.Context) error {
	var frail []inventory.Unit
	for _, s := range g.stocks {
		kind, slug := s.terms.Resource.Kind, s.terms.Resource.Slug
		if (kind == inventory.Machine || kind == inventory.Equipment) && slug != walkResource && len(s.terms.Units) > 1 {
			frail = append(frail, s.terms.Units[len(s.terms.Units)-1])
		}
	}
	lent, err := g.lent(ctx)
	if err != nil {
		return err
	}
	frail = slices.DeleteFunc(frail, func(u inventory.Unit) bool { return lent[u.ID] })
	g.rng.Shuffle(len(frail), func(i, j int) { frail[i], frail[j] = frail[j], frail[i] })
	for i, u := range frail[:min(brokenPerScale*g.Scale, len(frail))] {
		b := breakdowns[i%len(breakdowns)]
		var until *time.Time
		if b.days > 0 {
			end := g.now.Add(time.Duration(b.days) * 24 * time.Hour)
			until = &end
		}
		if _, err := g.Book.TakeOut(ctx, identity.System, u.ID, g.now, until, b.reason, database.Key{}); err != nil {
			return err
		}
	}
	return nil
}

// lent are the units that somebody has in their hands: nobody takes those out of service.
func (g *grower) lent(ctx context.Context) (map[string]bool, error) {
	lent := map[string]bool{}
	for after := ""; ; {
		page, next, err := g.Book.Bookings(ctx, system, booking.Query{Status: string(booking.InUse), Limit: 200, After: after})
		if err != nil {
			return nil, err
		}
		for _, b := range page {
			for _, l := range b.Lines {
				for _, id := range l.Units {
					lent[id] = true
				}
			}
		}
		if after = next; after == "" {
			return lent, nil
		}
	}
}

// hold places holds on the coming days, as a member does who has not yet confirmed.
func (g *grower) hold(ctx context.Context) error {
	p := newPlanner(g.rng, g.now, g.stocks)
	held := 0
	for tries := 0; held < heldPerScale*g.Scale && tries < 4000; tries++ {
		s := g.stocks[g.rng.IntN(len(g.stocks))]
		if len(s.open) == 0 || len(s.taken) == 0 || s.terms.Resource.Policy.Approval {
			continue
		}
		v, ok := p.draw(s, 1+g.rng.IntN(6))
		if !ok {
			continue
		}
		member := g.everyone[g.rng.IntN(len(g.everyone))]
		_, err := g.Book.Place(ctx, identity.Actor{ID: member, Language: "fr"}, booking.Request{
			Lines:    []booking.Want{{Resource: v.resource.ID, Quantity: 1}},
			StartsAt: v.span.Start, EndsAt: v.span.End, Title: v.title, Hold: 30 * time.Minute, Brief: true,
		}, database.Key{})
		var refusal *booking.Refusal
		switch {
		case err == nil:
			held++
		case !errors.As(err, &refusal) && fault.KindOf(err) != fault.Refused:
			return err
		}
	}
	return nil
}

// Walk looks for a time at which the artist can have the medialab of another
// town, on one of the coming days, and reports whether there is one.
func (n Network) Walk(ctx context.Context) (Walk, bool, error) {
	artist, err := n.Directory.MemberByEmail(ctx, identity.System, artistEmail)
	if isNotFound(err) {
		return Walk{}, false, nil
	}
	if err != nil {
		return Walk{}, false, err
	}
	hub, err := n.Catalog.Hub(ctx, mainHub)
	if err != nil {
		return Walk{}, false, err
	}
	zone, err := hours.LoadZone(hub.TimeZone)
	if err != nil {
		return Walk{}, false, err
	}
	today := hours.DateOf(n.DB.Now(), zone)
	for day := 1; day <= 14; day++ {
		start := hours.At(today.AddDays(day), 14*60, zone)
		w := Walk{Resource: walkResource, Hub: mainHub, StartsAt: start, EndsAt: start.Add(2 * time.Hour)}
		seen, err := n.Book.Preview(ctx, identity.Actor{ID: artist.ID}, booking.Request{
			Lines: []booking.Want{{Resource: w.Resource, Quantity: 1}}, StartsAt: w.StartsAt, EndsAt: w.EndsAt, Brief: true,
		})
		if err != nil {
			return Walk{}, false, err
		}
		if seen.OK {
			return w, true, nil
		}
	}
	return Walk{}, false, nil
}
