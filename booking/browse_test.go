package booking_test

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"canot/booking"
	"canot/internal/database"
	"canot/internal/database/dbtest"
	"canot/internal/fault"
	"canot/internal/identity"
	"canot/inventory"
)

func (n *network) browse(q booking.BrowseQuery) booking.Found {
	n.t.Helper()
	if q.From.IsZero() {
		q.From, q.To = at(1, 0, 0), at(2, 0, 0)
	}
	f, err := n.book.Browse(context.Background(), n.zoe, q)
	must(n.t, err)
	return f
}

func slugsOf(f booking.Found) string {
	var all []string
	for _, x := range f.Items {
		all = append(all, x.ResourceSlug)
	}
	return strings.Join(all, " ")
}

func (n *network) rename(slug, name string) {
	n.t.Helper()
	_, err := n.catalog.UpdateResource(context.Background(), identity.System, slug,
		inventory.ResourceEdits{Name: &inventory.Text{"fr": name, "en": "z" + strconv.Itoa(len(name))}}, database.Key{})
	must(n.t, err)
}

func TestBrowseGoesByNameOrByDistance(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		n.rename("rouyn-camera", "Écran")
		n.rename("amos-desk", "ecran")
		n.rename("val-dor-studio", "Atelier numérique")
		all := n.browse(booking.BrowseQuery{})
		if want := "val-dor-studio amos-camera val-dor-camera rouyn-desk val-dor-desk amos-desk rouyn-camera amos-studio rouyn-studio"; slugsOf(all) != want || all.Total != 9 {
			t.Errorf("by name: %d, %s, want %s", all.Total, slugsOf(all), want)
		}
		english := n.browse(booking.BrowseQuery{Language: "en"})
		if want := "amos-camera val-dor-camera rouyn-desk val-dor-desk amos-studio rouyn-studio val-dor-studio amos-desk rouyn-camera"; slugsOf(english) != want {
			t.Errorf("by English name: %s, want %s", slugsOf(english), want)
		}
		for _, near := range []string{"val-dor", n.id["val-dor"]} {
			f := n.browse(booking.BrowseQuery{Near: near})
			if want := "val-dor-studio val-dor-camera val-dor-desk amos-camera amos-desk amos-studio rouyn-desk rouyn-camera rouyn-studio"; slugsOf(f) != want {
				t.Errorf("near Val-d'Or: %s, want %s", slugsOf(f), want)
			}
			if far := []float64{f.Items[0].DistanceKm, math.Round(f.Items[3].DistanceKm), math.Round(f.Items[6].DistanceKm)}; !slices.Equal(far, []float64{0, 58, 93}) {
				t.Errorf("Val-d'Or, Amos and Rouyn are %v km from Val-d'Or", far)
			}
		}
		if f := n.browse(booking.BrowseQuery{Near: "amos", AvailabilityQuery: booking.AvailabilityQuery{Hub: "rouyn", Category: "studio"}}); slugsOf(f) != "rouyn-studio" || math.Round(f.Items[0].DistanceKm) != 76 {
			t.Errorf("of a hub that has nothing of it: %+v", f)
		}
	})
}

func TestBrowseGivesOnePageAtATime(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		for i := range 45 {
			n.addNamed("amos-more-"+strconv.Itoa(i), "hall", 1)
		}
		whole := slugsOf(n.browse(booking.BrowseQuery{Limit: 50})) + " " + slugsOf(n.browse(booking.BrowseQuery{Offset: 50, Limit: 50}))
		var pages []string
		for offset := 0; offset < 54; offset += 7 {
			f := n.browse(booking.BrowseQuery{Offset: offset, Limit: 7})
			if f.Total != 54 || len(f.Items) > 7 {
				t.Fatalf("%d of %d", len(f.Items), f.Total)
			}
			pages = append(pages, slugsOf(f))
		}
		if got := strings.Join(pages, " "); got != whole {
			t.Errorf("page by page\n%s\nat once\n%s", got, whole)
		}
		for _, x := range []struct{ offset, limit, want int }{{0, 0, 20}, {0, -1, 20}, {-5, 3, 3}, {0, 1000, 50}, {54, 10, 0}, {1 << 40, 10, 0}} {
			if f := n.browse(booking.BrowseQuery{Offset: x.offset, Limit: x.limit}); len(f.Items) != x.want || f.Total != 54 {
				t.Errorf("from %d, %d: %d of %d, want %d", x.offset, x.limit, len(f.Items), f.Total, x.want)
			}
		}
	})
}

// addNamed adds a resource of its own slug at Amos.
func (n *network) addNamed(slug, category string, units int) {
	n.t.Helper()
	ctx, hub, kind := context.Background(), "amos", inventory.Space
	_, err := n.catalog.CreateResource(ctx, identity.System, inventory.ResourceEdits{Slug: &slug, Hub: &hub, Category: &category, Kind: &kind, Name: fr(slug)}, database.Key{})
	must(n.t, err)
	for i := range units {
		_, err := n.catalog.AddUnit(ctx, identity.System, slug, inventory.UnitEdits{Code: ptr(slug + "-" + strconv.Itoa(i))}, database.Key{})
		must(n.t, err)
	}
}

func TestBrowseSaysWhatAvailabilitySays(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		ctx := context.Background()
		n.mustPlace(n.luc, want("amos-studio", at(1, 9, 0), at(1, 17, 0)))
		n.mustPlace(n.luc, want("amos-desk", at(1, 11, 0), at(1, 12, 0)))
		_, err := n.catalog.AddClosure(ctx, identity.System, inventory.Closure{HubID: n.id["rouyn"], StartsLocal: "2026-11-17T12:00:00", EndsLocal: "2026-11-17T13:00:00"}, database.Key{})
		must(t, err)
		found := n.browse(booking.BrowseQuery{})
		all, err := n.book.Available(ctx, n.zoe, booking.AvailabilityQuery{From: at(1, 0, 0), To: at(2, 0, 0), Opening: true})
		must(t, err)
		for _, x := range found.Items {
			i := slices.IndexFunc(all, func(a booking.Availability) bool { return a.ResourceID == x.ResourceID })
			if a := all[i]; fmt.Sprint(a.Free, a.Open, a.ResourceSlug, a.HubSlug, a.Terms) != fmt.Sprint(x.Free, x.Open, x.ResourceSlug, x.HubSlug, x.Terms) {
				t.Errorf("%s\nbrowse %v %v\navailable %v %v", x.ResourceSlug, x.Free, x.Open, a.Free, a.Open)
			}
		}
		open := found.Items[slices.IndexFunc(found.Items, func(x booking.Nearby) bool { return x.ResourceSlug == "rouyn-desk" })].Open
		if len(open) != 2 || !open[0].Start.Equal(at(1, 9, 0)) || !open[0].End.Equal(at(1, 12, 0)) || !open[1].Start.Equal(at(1, 13, 0)) || !open[1].End.Equal(at(1, 17, 0)) {
			t.Errorf("Rouyn, closed at noon, is open %v", open)
		}
		free := n.browse(booking.BrowseQuery{OnlyFree: true, Limit: 3})
		if free.Total != 8 || len(free.Items) != 3 || strings.Contains(slugsOf(n.browse(booking.BrowseQuery{OnlyFree: true})), "amos-studio") {
			t.Errorf("of nine, one taken all day: %d are free: %s", free.Total, slugsOf(free))
		}
		if len(free.Items[0].Open) == 0 {
			t.Errorf("no opening hours: %+v", free.Items[0])
		}
		if f := n.browse(booking.BrowseQuery{OnlyFree: true, AvailabilityQuery: booking.AvailabilityQuery{Quantity: 3}}); slugsOf(f) != "amos-desk rouyn-desk val-dor-desk" {
			t.Errorf("three at once: %s", slugsOf(f))
		}
	})
}

func TestBrowseNarrowsAsAsked(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		ctx := context.Background()
		_, err := n.catalog.UpdateResource(ctx, identity.System, "amos-desk", inventory.ResourceEdits{Tags: &[]string{"calme"}}, database.Key{})
		must(t, err)
		for _, x := range []struct {
			q    booking.AvailabilityQuery
			want string
		}{
			{booking.AvailabilityQuery{Q: "Studios Amos"}, "amos-studio"},
			{booking.AvailabilityQuery{Tag: "calme"}, "amos-desk"},
			{booking.AvailabilityQuery{Among: []string{n.id["amos-desk"], n.id["rouyn-camera"], "nothing"}}, "rouyn-camera amos-desk"},
			{booking.AvailabilityQuery{Among: []string{n.id["amos-desk"], n.id["rouyn-camera"]}, Kind: "space"}, "amos-desk"},
			{booking.AvailabilityQuery{Q: "introuvable"}, ""},
		} {
			if f := n.browse(booking.BrowseQuery{AvailabilityQuery: x.q}); slugsOf(f) != x.want || f.Total != len(f.Items) {
				t.Errorf("%+v: %s, want %s", x.q, slugsOf(f), x.want)
			}
			x.q.From, x.q.To = at(1, 0, 0), at(2, 0, 0)
			if all, err := n.book.Available(ctx, n.zoe, x.q); err != nil || len(all) != len(strings.Fields(x.want)) {
				t.Errorf("%+v: %d are available, %v", x.q, len(all), err)
			}
		}
		for _, x := range []struct {
			q    booking.BrowseQuery
			code string
		}{
			{booking.BrowseQuery{Near: "nowhere"}, "hub_not_found"},
			{booking.BrowseQuery{Near: "nowhere", AvailabilityQuery: booking.AvailabilityQuery{Q: "introuvable"}}, "hub_not_found"},
			{booking.BrowseQuery{AvailabilityQuery: booking.AvailabilityQuery{Hub: "nowhere"}}, "hub_not_found"},
			{booking.BrowseQuery{AvailabilityQuery: booking.AvailabilityQuery{Category: "nothing"}}, "category_not_found"},
			{booking.BrowseQuery{AvailabilityQuery: booking.AvailabilityQuery{Kind: "nothing"}}, "malformed"},
			{booking.BrowseQuery{AvailabilityQuery: booking.AvailabilityQuery{Among: make([]string, 201)}}, "malformed"},
			{booking.BrowseQuery{AvailabilityQuery: booking.AvailabilityQuery{Quantity: -1}}, "malformed"},
		} {
			x.q.From, x.q.To = at(1, 0, 0), at(2, 0, 0)
			if _, err := n.book.Browse(ctx, n.zoe, x.q); !fault.Is(err, x.code) {
				t.Errorf("%+v: %v, want %s", x.q, err, x.code)
			}
		}
		if _, err := n.book.Browse(ctx, n.zoe, booking.BrowseQuery{AvailabilityQuery: booking.AvailabilityQuery{From: at(1, 0, 0), To: at(100, 0, 0)}}); !fault.Is(err, "rules") {
			t.Errorf("a window of a hundred days: %v", err)
		}
	})
}

// A page is one statement for what is remembered, two when a unit of it was written to,
// and no more however many there are; what is not on the page is not looked at.
func TestBrowseTakesTwoStatementsAtMost(t *testing.T) {
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			clock := dbtest.NewClock(monday)
			db, counter := dbtest.Statements(t, engine, database.Settings{Clock: clock.Now})
			n := newNetwork(t, db, clock)
			ask := func(want int, q booking.BrowseQuery) {
				t.Helper()
				if s := counter.Statements(func() { n.browse(q) }); len(s) != want {
					t.Errorf("%+v: %d statements, want %d:\n%s", q, len(s), want, strings.Join(s, "\n"))
				}
			}
			q := booking.BrowseQuery{Near: "amos", Limit: 3}
			n.browse(booking.BrowseQuery{Near: "amos", Limit: 50})
			ask(1, q)
			n.mustPlace(n.luc, want("rouyn-desk", at(1, 10, 0), at(1, 11, 0))) // not on the page
			ask(1, q)
			n.mustPlace(n.luc, want("amos-desk", at(1, 10, 0), at(1, 11, 0)))
			ask(2, q)
			ask(1, q)
			q.OnlyFree = true
			ask(2, q) // Rouyn's desk
			ask(1, q)
			for i := range 30 {
				n.addNamed("amos-more-"+strconv.Itoa(i), "hall", 2)
			}
			n.browse(q)
			n.mustPlace(n.luc, want("amos-desk", at(1, 12, 0), at(1, 13, 0)))
			n.mustPlace(n.luc, want("amos-more-3", at(1, 12, 0), at(1, 13, 0)))
			ask(2, q)
			clock.Move(time.Minute)
			ask(2, q) // and who asks is looked up again
		})
	}
}
