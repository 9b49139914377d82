package booking_test

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"testing"
	"time"

	"canot/booking"
	"canot/booking/membership"
	"canot/internal/database"
	"canot/internal/database/dbtest"
	"canot/internal/fault"
	"canot/internal/identity"
	"canot/inventory"
	"canot/inventory/hours"
)

// A network is a small one of three towns, for tests.
type network struct {
	t       testing.TB
	db      *database.DB
	catalog *inventory.Catalog
	people  *identity.Directory
	book    *booking.Book
	rolls   *membership.Roster
	clock   *dbtest.Clock
	zoe     identity.Actor // a member
	luc     identity.Actor // another
	anne    identity.Actor // staff in Amos
	boss    identity.Actor // administrator
	id      map[string]string
}

// monday is when the tests' networks wake up: Monday 16 November 2026, 8:00 in Amos.
var monday = time.Date(2026, 11, 16, 13, 0, 0, 0, time.UTC)

// at is an instant of the tests' week: day 0 is Monday, hours and minutes on the wall in Amos.
func at(day, hour, minute int) time.Time {
	return time.Date(2026, 11, 16+day, hour+5, minute, 0, 0, time.UTC)
}

func onEach(t *testing.T, f func(t *testing.T, n *network)) {
	t.Helper()
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			clock := dbtest.NewClock(monday)
			f(t, newNetwork(t, dbtest.Open(t, engine, database.Settings{Clock: clock.Now}), clock))
		})
	}
}

func ptr[T any](v T) *T { return &v }

func fr(s string) *inventory.Text { return &inventory.Text{"fr": s} }

func newBook(db *database.DB, catalog *inventory.Catalog) *booking.Book {
	return booking.New(db, catalog, identity.New(db), membership.New(db))
}

func newNetwork(t testing.TB, db *database.DB, clock *dbtest.Clock) *network {
	t.Helper()
	n := &network{t: t, db: db, catalog: inventory.New(db), people: identity.New(db), clock: clock, id: map[string]string{}}
	n.rolls = membership.New(db)
	n.book = booking.New(db, n.catalog, n.people, n.rolls)
	ctx, sys, no := context.Background(), identity.System, database.Key{}
	_, err := n.catalog.CreateRegion(ctx, sys, inventory.NamedEdits{Slug: ptr("at"), Name: fr("Abitibi")}, no)
	must(t, err)
	_, err = n.catalog.CreateOperator(ctx, sys, inventory.OperatorEdits{Slug: ptr("op"), LegalName: ptr("Hubs")}, no)
	must(t, err)
	for _, c := range []string{"studio", "camera", "desk", "printer", "hall"} {
		_, err = n.catalog.CreateCategory(ctx, sys, inventory.NamedEdits{Slug: ptr(c), Name: fr(c)}, no)
		must(t, err)
	}
	for _, h := range []struct {
		slug     string
		lat, lng float64
	}{{"amos", 48.5667, -78.1167}, {"val-dor", 48.0974, -77.7828}, {"rouyn", 48.2366, -79.0167}} {
		hub, err := n.catalog.CreateHub(ctx, sys, inventory.HubEdits{
			Slug: ptr(h.slug), Name: fr(h.slug), Region: ptr("at"), Operator: ptr("op"),
			Latitude: &h.lat, Longitude: &h.lng, TimeZone: ptr("America/Toronto"),
		}, no)
		must(t, err)
		n.id[h.slug] = hub.ID
		week, err := hours.ParseWeek("Mo-Fr 09:00-17:00; Sa 10:00-16:00")
		must(t, err)
		_, err = n.catalog.SetWeek(ctx, sys, inventory.WeekEdits{Hub: h.slug, Week: week}, no)
		must(t, err)
		n.add(h.slug, "studio", inventory.Space, 1, inventory.PolicyEdits{Grain: ptr(30), Shortest: ptr(60), Longest: ptr(480), BufferAfter: ptr(30), Within: ptr(inventory.Inside)})
		n.add(h.slug, "desk", inventory.Space, 3, inventory.PolicyEdits{Grain: ptr(30), Shortest: ptr(30), Longest: ptr(480), Within: ptr(inventory.Inside)})
		n.add(h.slug, "camera", inventory.Equipment, 2, inventory.PolicyEdits{Grain: ptr(60), Shortest: ptr(60), Longest: ptr(20160), BufferAfter: ptr(60), Within: ptr(inventory.EndsInside)})
	}
	n.zoe, n.luc = n.member("Zoé", ""), n.member("Luc", "")
	n.anne = n.member("Anne", identity.Staff)
	n.boss = n.member("Odile", identity.Administrator)
	return n
}

func (n *network) add(hub, category string, kind inventory.Kind, units int, p inventory.PolicyEdits) {
	n.t.Helper()
	ctx := context.Background()
	slug := hub + "-" + category
	r, err := n.catalog.CreateResource(ctx, identity.System, inventory.ResourceEdits{
		Slug: &slug, Hub: &hub, Category: &category, Kind: &kind, Name: fr(category), Policy: p,
	}, database.Key{})
	must(n.t, err)
	n.id[slug] = r.ID
	for i := range units {
		code := slug + strconv.Itoa(i+1)
		u, err := n.catalog.AddUnit(ctx, identity.System, slug, inventory.UnitEdits{Code: &code}, database.Key{})
		must(n.t, err)
		// Codes that there were before new ones are folded stay as they are.
		must(n.t, n.db.In(ctx, func(tx *database.Tx) error {
			_, err := tx.Exec(`UPDATE units SET code = $2 WHERE id = $1`, u.ID, code)
			return err
		}))
		n.id[code] = u.ID
	}
}

func (n *network) member(name string, role identity.Role) identity.Actor {
	n.t.Helper()
	m, err := n.people.CreateMember(context.Background(), identity.System, identity.NewMember{Name: name, Language: "fr"})
	must(n.t, err)
	a := identity.Actor{ID: m.ID, Language: "fr", Scopes: []string{identity.ScopeAdmin}}
	switch role {
	case identity.Staff:
		a.Grants = []identity.Grant{{Role: role, HubID: n.id["amos"]}}
	case identity.Administrator:
		a.Grants = []identity.Grant{{Role: role}}
	}
	return a
}

// want is a request for one unit of a resource.
func want(resource string, from, to time.Time) booking.Request {
	return booking.Request{Lines: []booking.Want{{Resource: resource, Quantity: 1}}, StartsAt: from, EndsAt: to}
}

func (n *network) place(who identity.Actor, r booking.Request) (booking.Booking, error) {
	return n.book.Place(context.Background(), who, r, database.Key{})
}

func (n *network) mustPlace(who identity.Actor, r booking.Request) booking.Booking {
	n.t.Helper()
	b, err := n.place(who, r)
	must(n.t, err)
	return b
}

// clean fails the test unless the data at rest breaks no invariant.
func (n *network) clean() {
	n.t.Helper()
	found, err := n.book.Check(context.Background())
	must(n.t, err)
	for _, f := range found {
		n.t.Errorf("canot check: %+v", f)
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%v", err)
	}
}

// codes are the violations of a refusal, in order, or what else went wrong.
func codes(err error) []string {
	f := fault.Of(err)
	if f == nil {
		if err == nil {
			return nil
		}
		return []string{err.Error()}
	}
	if len(f.Violations) == 0 {
		return []string{f.Code}
	}
	var all []string
	for _, v := range f.Violations {
		all = append(all, v.Code)
	}
	return all
}

func wantCodes(t testing.TB, err error, want ...string) {
	t.Helper()
	if got := codes(err); !slices.Equal(got, want) {
		t.Fatalf("refused for %v, want %v (%v)", got, want, err)
	}
}

func alternativesOf(err error) []booking.Alternative {
	var r *booking.Refusal
	if errors.As(err, &r) {
		return r.Alternatives
	}
	return nil
}
