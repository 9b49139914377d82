package booking_test

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"canot/internal/database"
	"canot/internal/database/dbtest"
)

// TestWhatRunsByItselfReadsNoTableFromEndToEnd asks each engine how it would find what is late, who did
// not come, and what happened to a unit.
func TestWhatRunsByItselfReadsNoTableFromEndToEnd(t *testing.T) {
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			clock := dbtest.NewClock(monday)
			db, counter := dbtest.Statements(t, engine, database.Settings{Clock: clock.Now})
			n := newNetwork(t, db, clock)
			ctx := context.Background()
			b := n.mustPlace(n.zoe, want("amos-camera", at(0, 9, 0), at(0, 11, 0)))
			clock.Set(at(0, 9, 0))
			n.mustHandOut(b)
			loan := n.loans(b)[0]
			clock.Set(at(0, 16, 0))
			statements := counter.Statements(func() {
				must(t, n.book.Handlers()["booking.late"](ctx, json.RawMessage(`{}`)))
				c, err := n.book.Counter(ctx, n.anne, "amos")
				must(t, err)
				_, _, err = n.book.UnitStory(ctx, n.anne, c, loan.UnitID, 20, 0)
				must(t, err)
			})
			slices.Sort(statements)
			looked := 0
			for _, statement := range slices.Compact(statements) {
				if !strings.HasPrefix(strings.TrimSpace(statement), "SELECT") {
					continue
				}
				looked++
				for _, line := range planOf(t, db, engine, statement) {
					name := ""
					if m := sequential.FindStringSubmatch(line); m != nil {
						name = m[1]
					} else if m := scanned.FindStringSubmatch(line); m != nil && !strings.Contains(line, " USING ") {
						name = m[1]
					}
					if slices.Contains(append(growing, "stocktake_scans", "stock_moves"), name) {
						t.Errorf("%s is read from end to end (%s) by\n%s", name, line, statement)
					}
				}
			}
			if looked < 5 {
				t.Errorf("only %d statements were looked at", looked)
			}
		})
	}
}
