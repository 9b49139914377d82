package booking_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"canot/booking"
	"canot/internal/database"
	"canot/internal/database/dbtest"
	"canot/inventory/stock"
	"canot/inventory/upkeep"
)

// TestTheFileOnAPersonReadsNoTableFromEndToEnd asks each engine how it would find what is known of somebody,
// at counters too, where what they did is among all that was ever done there.
func TestTheFileOnAPersonReadsNoTableFromEndToEnd(t *testing.T) {
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			clock := dbtest.NewClock(monday)
			db, counter := dbtest.Statements(t, engine, database.Settings{Clock: clock.Now})
			n := newNetwork(t, db, clock)
			b := n.mustPlace(n.zoe, cameras(1, at(0, 9, 0), at(0, 11, 0)))
			clock.Set(at(0, 9, 0))
			n.mustHandOut(b)
			statements := counter.Statements(func() {
				for _, about := range []func(database.Reader, string) (any, error){booking.About, booking.AboutDesk, stock.About, upkeep.About} {
					_, err := about(db.Reader(context.Background()), n.zoe.ID)
					must(t, err)
				}
			})
			if len(statements) < 6 {
				t.Errorf("only %d statements were looked at", len(statements))
			}
			for _, statement := range statements {
				plan := planOf(t, db, engine, statement)
				made := []string{"subquery", "CONSTANT", "json_each"}
				for _, line := range plan {
					if m := forThis.FindStringSubmatch(line); m != nil {
						made = append(made, m[2])
					}
				}
				for _, line := range plan {
					m := sequential.FindStringSubmatch(line)
					if m == nil {
						m = scanned.FindStringSubmatch(line)
					}
					if m != nil && !slices.Contains(made, m[1]) {
						t.Errorf("%s is read from end to end (%s) by\n%s", m[1], line, strings.TrimSpace(statement))
					}
				}
			}
		})
	}
}
