package api

import (
	"bytes"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"testing"
	"time"

	"canot/internal/database"
	"canot/internal/database/dbtest"
	"canot/internal/identity"
)

// newCounted is a network whose statements on the wire are counted.
func newCounted(t *testing.T, engine string) (*network, *dbtest.Counter) {
	t.Helper()
	clock := dbtest.NewClock(monday)
	db, counter := dbtest.Statements(t, engine, database.Settings{Clock: clock.Now})
	n := &network{t: t, db: db, clock: clock, log: &bytes.Buffer{}, tokens: map[string]string{}, id: map[string]string{}}
	d := depsOf(db)
	d.Log = slog.New(slog.NewJSONHandler(n.log, nil))
	n.api = build(d)
	n.handler = frontOf(n.api)
	n.person("root", "", identity.Grant{Role: identity.Administrator}, identity.ScopeAdmin)
	n.furnish()
	n.person("zoe", "amos", identity.Grant{}, identity.ScopeBook)
	return n, counter
}

// A booking is made in at most 14 statements, however large the network: BEGIN, COMMIT, the
// look-up of the token and the write of the trigger included.
func TestABookingTakesFewStatementsWhateverTheSizeOfTheNetwork(t *testing.T) {
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			n, counter := newCounted(t, engine)
			create := func(hour int, key string) []string {
				n.clock.Move(time.Minute) // whoever spoke by the token is looked up again
				return append(counter.Statements(func() {
					from, to := fmt.Sprintf("%02d:00", hour), fmt.Sprintf("%02d:00", hour+1)
					n.do("POST", "/api/v1/bookings", "zoe", studio(from, to), "Idempotency-Key", key).want(201)
				}), "(trigger) UPDATE units SET version")
			}
			create(9, "warm")
			small := create(10, "small")
			if len(small) > 14 {
				t.Errorf("%d statements:\n%s", len(small), shortened(small))
			}
			for i := range 30 {
				n.do("POST", "/api/v1/resources", "root", `{"slug":"more-`+strconv.Itoa(i)+`","hub":"amos","category":"studio","kind":"space",
					"name":{"fr":"`+strconv.Itoa(i)+`"}}`).want(201)
				n.do("POST", "/api/v1/resources/amos-desk/units", "root", `{}`).want(201)
			}
			create(13, "warm again")
			if large := create(14, "large"); len(large) != len(small) {
				t.Errorf("%d statements became %d:\n%s", len(small), len(large), shortened(large))
			}
		})
	}
}

// Free time is one statement for what is remembered and two for what is not, however many
// resources, units and bookings.
func TestAvailabilityTakesTwoStatementsAtMost(t *testing.T) {
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			n, counter := newCounted(t, engine)
			ask := func() []string {
				return counter.Statements(func() {
					n.do("GET", "/api/v1/availability?from=2026-11-17T00:00:00Z&to=2026-11-24T00:00:00Z", "", "").want(200)
				})
			}
			ask() // learns the terms of the resources
			if warm := ask(); len(warm) != 1 {
				t.Errorf("nothing was written, and %d statements:\n%s", len(warm), shortened(warm))
			}
			for hour := 9; hour < 16; hour += 2 {
				n.do("POST", "/api/v1/bookings", "zoe", studio(fmt.Sprintf("%02d:00", hour), fmt.Sprintf("%02d:00", hour+1))).want(201)
			}
			cold := ask()
			if len(cold) != 2 {
				t.Errorf("a unit was written to, and %d statements:\n%s", len(cold), shortened(cold))
			}
			if warm := ask(); len(warm) != 1 {
				t.Errorf("asked again, and %d statements:\n%s", len(warm), shortened(warm))
			}
		})
	}
}

func shortened(statements []string) string {
	lines := make([]string, len(statements))
	for i, s := range statements {
		s = strings.Join(strings.Fields(s), " ")
		lines[i] = s[:min(len(s), 100)]
	}
	return strings.Join(lines, "\n")
}
