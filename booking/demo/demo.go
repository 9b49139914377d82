// Package demo grows a network to try Canot with: sixteen towns, their
// resources, invented members, and ten weeks of bookings around today.
//
// It knows what a living network looks like, and nothing of how one is kept:
// all goes in through the public verbs, and what is past or in bulk through
// booking.Load, which passes the same guard. The same day, scale and seed give
// the same network, but for identifiers. Nobody in it is real.
//
// Start reading at Network.Seed.
package demo

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"sort"
	"time"

	"canot/booking"
	"canot/booking/membership"
	"canot/internal/database"
	"canot/internal/fault"
	"canot/internal/identity"
	"canot/inventory"
)

// A Network is where the demo goes.
type Network struct {
	DB        *database.DB
	Catalog   *inventory.Catalog
	Directory *identity.Directory
	Roster    *membership.Roster
	Book      *booking.Book
}

// Options say what to grow.
type Options struct {
	Scale    int                                 // how many times the data; 0 means 1
	Seed     uint64                              // of the draw
	Empty    bool                                // only an administrator, no hub
	Progress func(stage string, done, total int) // may be nil; stages are hubs, members, bookings
}

// The addresses of the accounts that a person tries the network with.
const (
	administratorEmail = "administration@demo.example"
	coordinatorEmail   = "coordination@demo.example"
	managerEmail       = "gestion@demo.example"
	staffEmail         = "personnel@demo.example"
	artistEmail        = "artiste@demo.example"
)

// Where these accounts are at home: the artist books in another town than her own.
const (
	mainHub    = "rouyn-noranda"
	mainRegion = "abitibi-temiscamingue"
	artistHub  = "matagami"
)

// State says what a data base holds, before anything is grown in it.
type State int

// The states of a data base.
const (
	Bare    State = iota // nothing: ready to be grown in
	Grown                // a complete demo network
	Foreign              // something else, or a demo that was interrupted
)

// State looks whether there is a demo network already. The administrator's
// account comes last when one is grown, so that it is there only when all is.
func (n Network) State(ctx context.Context) (State, error) {
	_, err := n.Directory.MemberByEmail(ctx, identity.System, administratorEmail)
	if err == nil {
		return Grown, nil
	}
	if fault.KindOf(err) != fault.NotFound {
		return Foreign, err
	}
	hubs, _, err := n.Catalog.Hubs(ctx, inventory.HubQuery{Limit: 1})
	if err != nil {
		return Foreign, err
	}
	people, _, err := n.Directory.Members(ctx, identity.System, identity.MemberQuery{Limit: 1})
	if err != nil {
		return Foreign, err
	}
	if len(hubs)+len(people) > 0 {
		return Foreign, nil
	}
	return Bare, nil
}

// Seed grows a network in a bare data base. It stops with ctx's error when ctx
// is done, and then leaves a part of a network behind, which State calls Foreign.
func (n Network) Seed(ctx context.Context, o Options) error {
	g := &grower{Network: n, Options: o, now: n.DB.Now(), rng: rand.New(rand.NewPCG(o.Seed, uint64(o.Scale)))}
	g.Scale = max(1, o.Scale)
	if g.Progress == nil {
		g.Progress = func(string, int, int) {}
	}
	steps := []func(context.Context) error{g.certify, g.places, g.answerable, g.tiers, g.members, g.memberships, g.calendar, g.bookings, g.counter, g.incidents}
	if o.Empty {
		steps = nil
	}
	for _, step := range append(steps, g.administrator) {
		if err := step(ctx); err != nil {
			return fmt.Errorf("demo: %w", err)
		}
	}
	return nil
}

// A grower holds what the steps of Seed hand on to each other.
type grower struct {
	Network
	Options
	now      time.Time
	rng      *rand.Rand
	hubs     []inventory.Hub
	hubID    map[string]string   // by slug
	atHome   map[string][]string // ids of members, by id of their home hub
	everyone []string
	artist   string
	team     []string // ids of those at the main hub who have a role
	stocks   []*stock
}

// places puts in the hubs and the resources: the files as they are, then more like them.
func (g *grower) places(ctx context.Context) error {
	grown, err := grownCSV(g.Scale, g.rng)
	if err != nil {
		return err
	}
	for i, file := range []struct {
		kind string
		rows []byte
		more func([]byte) ([]byte, error)
	}{{"hubs", hubsCSV(), located}, {"resources", resourcesCSV(), described}, {"resources", grown, described}} {
		rows, err := file.more(file.rows)
		if err != nil {
			return err
		}
		report, err := g.Catalog.Import(ctx, identity.System, bytes.NewReader(rows), inventory.ImportOptions{
			Kind:     file.kind,
			Progress: func(done, total int) { g.Progress("hubs", i*total+done, 3*total) },
		})
		if err != nil {
			return err
		}
		for _, l := range report.Lines {
			if l.Outcome == "refused" {
				return fmt.Errorf("%s, line %d (%s): %v", file.kind, l.Line, l.Key, l.Violations)
			}
		}
	}
	return g.readHubs(ctx)
}

// readHubs remembers the hubs, in order of slug, so that draws come in a fixed order.
func (g *grower) readHubs(ctx context.Context) error {
	g.hubs, g.hubID = nil, map[string]string{}
	for after := ""; ; {
		page, next, err := g.Catalog.Hubs(ctx, inventory.HubQuery{Limit: 200, After: after})
		if err != nil {
			return err
		}
		g.hubs = append(g.hubs, page...)
		if after = next; after == "" {
			break
		}
	}
	sort.Slice(g.hubs, func(i, j int) bool { return g.hubs[i].Slug < g.hubs[j].Slug })
	for _, h := range g.hubs {
		g.hubID[h.Slug] = h.ID
	}
	return nil
}

// stockUp reads the terms of every resource, in order of slug.
func (g *grower) stockUp(ctx context.Context) error {
	categories, err := g.Catalog.Categories(ctx)
	if err != nil {
		return err
	}
	slug := map[string]string{}
	for _, c := range categories {
		slug[c.ID] = c.Slug
	}
	wanted := map[string]int64{}
	for after := ""; ; {
		page, next, err := g.Catalog.Resources(ctx, inventory.ResourceQuery{Limit: 200, After: after})
		if err != nil {
			return err
		}
		for _, r := range page {
			wanted[r.ID] = 0
		}
		if after = next; after == "" {
			break
		}
	}
	terms, err := g.Catalog.Terms(ctx, g.DB.Reader(ctx), wanted)
	if err != nil {
		return err
	}
	from, to := g.now.AddDate(0, 0, -daysEachWay-2), g.now.AddDate(0, 0, daysEachWay+8)
	for _, t := range terms {
		g.stocks = append(g.stocks, newStock(t, slug[t.Resource.CategoryID], from, to))
	}
	sort.Slice(g.stocks, func(i, j int) bool {
		return g.stocks[i].terms.Resource.Slug < g.stocks[j].terms.Resource.Slug
	})
	return nil
}

// text is one text in both languages.
func text(fr, en string) inventory.Text { return inventory.Text{"fr": fr, "en": en} }
