package upkeep_test

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"canot/internal/database"
	"canot/internal/database/dbtest"
	"canot/internal/fault"
	"canot/internal/identity"
	"canot/inventory"
	"canot/inventory/upkeep"
)

var (
	ctx   = context.Background()
	noKey = database.Key{}
)

// monday is when the tests' workshops wake up.
var monday = time.Date(2026, 11, 16, 13, 0, 0, 0, time.UTC)

// A workshop is a hub with a machine of two units, a hall of one, and people.
type workshop struct {
	t       *testing.T
	db      *database.DB
	catalog *inventory.Catalog
	desk    *upkeep.Desk
	people  *identity.Directory
	clock   *dbtest.Clock
	anne    identity.Actor // staff of amos
	boss    identity.Actor // manager of amos
	zoe     identity.Actor // a member
	paul    identity.Actor // staff of val-dor
	amos    inventory.Hub
	one     inventory.Unit // of the machine
	two     inventory.Unit
}

func onEach(t *testing.T, f func(t *testing.T, w *workshop)) {
	t.Helper()
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			clock := dbtest.NewClock(monday)
			f(t, newWorkshop(t, dbtest.Open(t, engine, database.Settings{Clock: clock.Now}), clock))
		})
	}
}

func ptr[T any](v T) *T { return &v }

func must[T any](t *testing.T) func(v T, err error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatalf("unexpected: %v %+v", err, fault.Of(err))
		}
		return v
	}
}

func newWorkshop(t *testing.T, db *database.DB, clock *dbtest.Clock) *workshop {
	w := &workshop{t: t, db: db, catalog: inventory.New(db), people: identity.New(db), clock: clock}
	w.desk = upkeep.New(db, w.catalog)
	sys := identity.System
	must[inventory.Region](t)(w.catalog.CreateRegion(ctx, sys, inventory.NamedEdits{Slug: ptr("nord"), Name: &inventory.Text{"fr": "Nord"}}, noKey))
	must[inventory.Operator](t)(w.catalog.CreateOperator(ctx, sys, inventory.OperatorEdits{Slug: ptr("coop"), LegalName: ptr("Coop")}, noKey))
	must[inventory.Category](t)(w.catalog.CreateCategory(ctx, sys, inventory.NamedEdits{Slug: ptr("laser"), Name: &inventory.Text{"fr": "Laser"}}, noKey))
	hubs := map[string]inventory.Hub{}
	for _, slug := range []string{"amos", "val-dor"} {
		hubs[slug] = must[inventory.Hub](t)(w.catalog.CreateHub(ctx, sys, inventory.HubEdits{
			Slug: ptr(slug), Name: &inventory.Text{"fr": slug}, Region: ptr("nord"), Operator: ptr("coop"),
			Latitude: ptr(48.5), Longitude: ptr(-78.1), TimeZone: ptr("America/Toronto"),
		}, noKey))
	}
	w.amos = hubs["amos"]
	for slug, kind := range map[string]inventory.Kind{"amos-laser": inventory.Machine, "amos-salle": inventory.Space} {
		must[inventory.Resource](t)(w.catalog.CreateResource(ctx, sys, inventory.ResourceEdits{
			Slug: ptr(slug), Hub: ptr("amos"), Category: ptr("laser"), Kind: ptr(kind), Name: &inventory.Text{"fr": slug},
		}, noKey))
	}
	unit := func(resource, code string) inventory.Unit {
		return must[inventory.Unit](t)(w.catalog.AddUnit(ctx, sys, resource, inventory.UnitEdits{Code: ptr(code)}, noKey))
	}
	w.one, w.two = unit("amos-laser", "AM-LASER-01"), unit("amos-laser", "AM-LASER-02")
	unit("amos-salle", "AM-SALLE-01")
	w.anne = w.person("Anne", identity.Staff, w.amos.ID)
	w.boss = w.person("Odile", identity.Manager, w.amos.ID)
	w.paul = w.person("Paul", identity.Staff, hubs["val-dor"].ID)
	w.zoe = w.person("Zoé", "", "")
	return w
}

func (w *workshop) person(name string, role identity.Role, hub string) identity.Actor {
	m := must[identity.Member](w.t)(w.people.CreateMember(ctx, identity.System, identity.NewMember{Name: name, Language: "fr"}))
	a := identity.Actor{ID: m.ID, Language: "fr"}
	if role != "" {
		g := identity.Grant{Role: role, HubID: hub}
		if err := w.people.GrantRole(ctx, identity.System, m.ID, g, noKey); err != nil {
			w.t.Fatal(err)
		}
		a.Grants = []identity.Grant{g}
	}
	return a
}

// use raises the meter of a unit, as a verb of the book does.
func (w *workshop) use(unit string, minutes int64) (due []upkeep.Ticket) {
	w.t.Helper()
	err := w.db.In(ctx, func(tx *database.Tx) (err error) {
		due, err = upkeep.AddUse(tx, w.anne, unit, minutes)
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return due
}

// open opens a ticket as a step.
func (w *workshop) open(n upkeep.NewTicket) (t upkeep.Ticket) {
	w.t.Helper()
	err := w.db.In(ctx, func(tx *database.Tx) (err error) {
		t, err = upkeep.Open(tx, w.anne, n)
		return err
	})
	if err != nil {
		w.t.Fatal(err, fault.Of(err))
	}
	return t
}

// list is what a person sees of the tickets of amos.
func (w *workshop) list(by identity.Actor, state string) []upkeep.Ticket {
	w.t.Helper()
	list, _, err := w.desk.Tickets(ctx, by, "amos", state, 0, "")
	if err != nil {
		w.t.Fatal(err)
	}
	return list
}

// jobs are the arguments of the jobs of a kind that wait.
func (w *workshop) jobs(kind string) (all []map[string]string) {
	w.t.Helper()
	var rows []string
	if err := w.db.Reader(ctx).Select(&rows, `SELECT args FROM jobs WHERE kind = $1 ORDER BY id`, kind); err != nil {
		w.t.Fatal(err)
	}
	for _, row := range rows {
		args := map[string]string{}
		if err := json.Unmarshal([]byte(row), &args); err != nil {
			w.t.Fatal(err)
		}
		all = append(all, args)
	}
	return all
}

func (w *workshop) daily() {
	w.t.Helper()
	if _, err := w.db.RunDue(ctx, w.desk.Handlers()); err != nil {
		w.t.Fatal(err)
	}
}

func wantCode(t *testing.T, err error, code string) {
	t.Helper()
	f := fault.Of(err)
	if f == nil {
		t.Fatalf("got %v, want %s", err, code)
	}
	if f.Code == code {
		return
	}
	for _, v := range f.Violations {
		if v.Code == code {
			return
		}
	}
	t.Fatalf("got %s %+v, want %s", f.Code, f.Violations, code)
}
