package demo_test

import (
	"context"
	"fmt"
	"reflect"
	"testing"
	"time"

	"canot/booking"
	"canot/booking/demo"
	"canot/booking/membership"
	"canot/internal/database"
	"canot/internal/database/dbtest"
	"canot/internal/identity"
	"canot/inventory"
)

// networkOn puts the verbs on an empty data base.
func networkOn(db *database.DB) demo.Network {
	catalog := inventory.New(db)
	people, roster := identity.New(db), membership.New(db)
	return demo.Network{DB: db, Catalog: catalog, Directory: people, Roster: roster, Book: booking.New(db, catalog, people, roster)}
}

// grownAt grows a network in a fresh SQLite data base whose clock stands at now.
func grownAt(t *testing.T, now time.Time, o demo.Options) demo.Network {
	t.Helper()
	n := networkOn(dbtest.Open(t, "sqlite", database.Settings{Clock: func() time.Time { return now }}))
	if err := n.Seed(context.Background(), o); err != nil {
		t.Fatal(err)
	}
	return n
}

// count counts rows.
func count(t *testing.T, n demo.Network, query string, args ...any) int {
	t.Helper()
	var rows int
	if err := n.DB.Reader(context.Background()).Get(&rows, query, args...); err != nil {
		t.Fatal(err)
	}
	return rows
}

func TestSeedGrowsTheNetworkOfTheTerritory(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		ctx, n := context.Background(), networkOn(db)
		if state, err := n.State(ctx); err != nil || state != demo.Bare {
			t.Fatalf("before: %v, %v", state, err)
		}
		if err := n.Seed(ctx, demo.Options{Seed: 1}); err != nil {
			t.Fatal(err)
		}
		for _, want := range []struct {
			what        string
			query       string
			least, most int
		}{
			{"hubs", `SELECT COUNT(*) FROM hubs`, 16, 16},
			{"resources", `SELECT COUNT(*) FROM resources`, 160, 160},
			{"units", `SELECT COUNT(*) FROM units`, 450, 450},
			{"members", `SELECT COUNT(*) FROM members`, 600, 660},
			{"bookings", `SELECT COUNT(*) FROM bookings`, 5900, 6010},
			{"pending", `SELECT COUNT(*) FROM bookings WHERE status = 'pending'`, 3, 400},
			{"tiers", `SELECT COUNT(*) FROM tiers`, 5, 5},
			{"memberships", `SELECT COUNT(*) FROM memberships`, 300, 500},
			{"organisations", `SELECT COUNT(*) FROM organisations`, 4, 4},
			{"certificates", `SELECT COUNT(*) FROM certificates`, 300, 800},
			{"packs", `SELECT COUNT(*) FROM packs`, 10, 80},
			{"held", `SELECT COUNT(*) FROM bookings WHERE status = 'held'`, 1, 4},
			{"broken units", `SELECT COUNT(*) FROM maintenances WHERE open`, 8, 8},
			{"closures", `SELECT COUNT(*) FROM closures`, 5, 5},
			{"holidays", `SELECT COUNT(*) FROM opening_exceptions`, 16, 300},
		} {
			if got := count(t, n, want.query); got < want.least || got > want.most {
				t.Errorf("%s: %d, want %d to %d", want.what, got, want.least, want.most)
			}
		}
		if findings, err := n.Book.Check(ctx); err != nil || len(findings) > 0 {
			t.Fatalf("check: %v, %v", err, findings)
		}
		if findings, err := n.Roster.Check(ctx); err != nil || len(findings) > 0 {
			t.Fatalf("check of the roster: %v, %v", err, findings)
		}
		if state, err := n.State(ctx); err != nil || state != demo.Grown {
			t.Errorf("after: %v, %v", state, err)
		}
	})
}

func TestAccountsCarryWorkingTokens(t *testing.T) {
	ctx := context.Background()
	n := grownAt(t, time.Date(2026, 11, 21, 15, 0, 0, 0, time.UTC), demo.Options{Seed: 1})
	accounts, err := n.Accounts(ctx, 605)
	if err != nil {
		t.Fatal(err)
	}
	// 605 is more than were invented with the network.
	if len(accounts) != 5+605 {
		t.Fatalf("%d accounts", len(accounts))
	}
	seen := map[string]bool{}
	for i, a := range accounts {
		who, err := n.Directory.Authenticate(ctx, a.Token)
		if err != nil {
			t.Fatalf("%s: %v", a.Email, err)
		}
		if seen[who.ID] {
			t.Fatalf("%s is there twice", a.Email)
		}
		seen[who.ID] = true
		if plain := len(who.Grants) == 0; plain != (a.Role == "member") {
			t.Errorf("%s, %s: %v", a.Email, a.Role, who.Grants)
		}
		if i < 5 && who.Anywhere(identity.ManageNetwork) != (a.Role == "administrator") {
			t.Errorf("%s may manage the network", a.Email)
		}
	}
	if walk, found, err := n.Walk(ctx); err != nil || !found {
		t.Errorf("walk: %v, %v, %v", walk, found, err)
	}
}

func TestAnEmptyNetworkHasAnAdministratorOnly(t *testing.T) {
	ctx := context.Background()
	n := grownAt(t, time.Date(2026, 11, 21, 15, 0, 0, 0, time.UTC), demo.Options{Empty: true})
	accounts, err := n.Accounts(ctx, 2)
	if err != nil || len(accounts) != 3 || accounts[0].Role != "administrator" {
		t.Fatalf("%v, %v", accounts, err)
	}
	if state, err := n.State(ctx); err != nil || state != demo.Grown {
		t.Errorf("%v, %v", state, err)
	}
	if hubs := count(t, n, `SELECT COUNT(*) FROM hubs`); hubs != 0 {
		t.Errorf("%d hubs", hubs)
	}
}

// portrait is what a network looks like, without identifiers.
func portrait(t *testing.T, n demo.Network) []string {
	t.Helper()
	var rows []struct {
		Slug   string    `db:"slug"`
		Title  string    `db:"title"`
		Status string    `db:"status"`
		Name   string    `db:"name"`
		Starts time.Time `db:"starts_at"`
		Made   time.Time `db:"created_at"`
	}
	err := n.DB.Reader(context.Background()).Select(&rows, `
		SELECT r.slug, b.title, b.status, m.name, b.starts_at, b.created_at FROM bookings b
		JOIN members m ON m.id = b.member_id JOIN booking_lines l ON l.booking_id = b.id JOIN resources r ON r.id = l.resource_id
		ORDER BY r.slug, b.starts_at, b.created_at, m.name, b.title`)
	if err != nil {
		t.Fatal(err)
	}
	out := make([]string, len(rows))
	for i, r := range rows {
		out[i] = fmt.Sprint(r)
	}
	return out
}

func TestTheSameDayAndSeedGiveTheSameNetwork(t *testing.T) {
	t.Parallel()
	// A day whose ten weeks hold both the end of daylight time and Christmas.
	now := time.Date(2026, 11, 28, 20, 30, 0, 0, time.UTC)
	first, again := portrait(t, grownAt(t, now, demo.Options{Seed: 7})), portrait(t, grownAt(t, now, demo.Options{Seed: 7}))
	if !reflect.DeepEqual(first, again) {
		t.Error("two networks of one seed differ")
	}
}

func TestBookingsLieAsInLife(t *testing.T) {
	t.Parallel()
	// In spring, over the change of clocks.
	n := grownAt(t, time.Date(2027, 3, 10, 16, 0, 0, 0, time.UTC), demo.Options{Seed: 1})
	var rows []struct {
		Local string `db:"starts_local"`
		Hub   string `db:"slug"`
		Kind  string `db:"kind"`
	}
	err := n.DB.Reader(context.Background()).Select(&rows, `
		SELECT b.starts_local, h.slug, r.kind FROM bookings b JOIN hubs h ON h.id = b.hub_id
		JOIN booking_lines l ON l.booking_id = b.id JOIN resources r ON r.id = l.resource_id`)
	if err != nil {
		t.Fatal(err)
	}
	weekday, hour, lent := map[time.Weekday]int{}, map[int]int{}, map[time.Weekday]int{}
	for _, r := range rows {
		local, err := time.Parse(time.RFC3339, r.Local)
		if err != nil {
			t.Fatal(err)
		}
		weekday[local.Weekday()]++
		if r.Kind == "equipment" {
			lent[local.Weekday()]++
		}
		// Grand Sudbury is open until 22:00 on six days.
		if r.Hub == "sudbury" && r.Kind == "space" {
			hour[local.Hour()]++
		}
	}
	if weekday[time.Monday]*4 > weekday[time.Wednesday]*3 {
		t.Errorf("Mondays are not quiet: %v", weekday)
	}
	if lent[time.Friday] <= lent[time.Tuesday] {
		t.Errorf("equipment does not leave for the weekend: %v", lent)
	}
	if evening, morning := hour[17]+hour[18]+hour[19], hour[9]+hour[10]+hour[11]; evening <= morning {
		t.Errorf("evenings are not busy: %v", hour)
	}
	if using := count(t, n, `SELECT COUNT(*) FROM bookings WHERE status = 'in_use'`); using == 0 {
		t.Error("nobody uses anything at noon")
	}
	broken := count(t, n, `SELECT COUNT(*) FROM bookings b JOIN booking_lines l ON l.booking_id = b.id WHERE b.status = 'in_use' AND l.without_unit > 0`) +
		count(t, n, `SELECT COUNT(*) FROM occupancies o JOIN bookings b ON b.id = o.booking_id JOIN maintenances m ON m.unit_id = o.unit_id AND m.open WHERE b.status = 'in_use'`)
	if broken > 0 {
		t.Errorf("%d things that somebody has in their hands are out of service", broken)
	}
	if nameless := count(t, n, `SELECT COUNT(*) FROM operators WHERE legal_name = slug OR legal_name = ''`); nameless > 0 {
		t.Errorf("%d operators have no name on paper", nameless)
	}
}
