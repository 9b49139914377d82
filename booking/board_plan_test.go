package booking_test

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"testing"

	"canot/booking"
	"canot/internal/database"
	"canot/internal/database/dbtest"
)

// growing are the tables that have a row for all that ever happened, or for everybody: none may be read
// from end to end.
var growing = []string{"bookings", "booking_lines", "occupancies", "loans", "members", "units", "components", "tickets", "transfers", "maintenances", "changes", "unsettled_acts"}

// TestACounterReadsNoTableFromEndToEnd asks each engine how it would find what a counter shows. An
// engine with a handful of rows reads them all, so PostgreSQL is told to do that only where no index
// serves.
func TestACounterReadsNoTableFromEndToEnd(t *testing.T) {
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			clock := dbtest.NewClock(monday)
			db, counter := dbtest.Statements(t, engine, database.Settings{Clock: clock.Now})
			n := newNetwork(t, db, clock)
			ctx := context.Background()
			b := n.mustPlace(n.zoe, want("amos-camera", at(0, 9, 0), at(0, 11, 0)))
			statements := counter.Statements(func() {
				n.board(n.anne)
				n.scan(n.anne, n.codeOf(b))
				n.scan(n.anne, "ra1")
				n.unsettled()
				_, err := n.book.CounterCopy(ctx, n.anne, "amos", "fr")
				must(t, err)
				_, err = n.book.Stamps(ctx, []string{n.id["amos"]})
				must(t, err)
			})
			slices.Sort(statements)
			for _, statement := range slices.Compact(statements) {
				plan := planOf(t, db, engine, statement)
				made := []string{"subquery"}
				for _, line := range plan {
					if m := forThis.FindStringSubmatch(line); m != nil {
						made = append(made, m[2])
					}
				}
				// What is over outnumbers by far what still stands: there is an index of that alone.
				if all := strings.Join(plan, "\n"); engine == "sqlite" && (strings.Contains(statement, "b.starts_at <") || strings.Contains(statement, "t.starts_at <")) && !strings.Contains(all, "bookings_hub_live") {
					t.Errorf("all bookings of a hub there ever were are read by\n%s\n%s", statement, all)
				}
				for _, line := range plan {
					if table := readWhole(line, made); table != "" {
						t.Errorf("%s is read from end to end (%s) by\n%s", table, line, statement)
					}
				}
			}
		})
	}
}

var parameter = regexp.MustCompile(`\$(\d)`)

// planOf is how an engine would carry out a statement.
func planOf(t *testing.T, db *database.DB, engine, statement string) []string {
	t.Helper()
	count := 0
	for _, m := range parameter.FindAllStringSubmatch(statement, -1) {
		count = max(count, int(m[1][0]-'0'))
	}
	args := make([]any, count)
	for i := range args {
		args[i] = "2026-11-16 13:00:00+00:00"
		if strings.Contains(statement, "ANY($"+string(rune('1'+i))+")") {
			args[i] = "{x}"
		} else if strings.Contains(statement, "json_each($"+string(rune('1'+i))+")") {
			args[i] = `["x"]`
		} else if strings.Contains(statement, "LIMIT $"+string(rune('1'+i))) || strings.Contains(statement, "OFFSET $"+string(rune('1'+i))) {
			args[i] = 10
		}
	}
	var lines []string
	must(t, db.In(context.Background(), func(tx *database.Tx) error {
		if engine == "postgres" {
			if _, err := tx.Exec("SET LOCAL enable_seqscan = off"); err != nil {
				return err
			}
			return tx.Select(&lines, "EXPLAIN "+statement, args...)
		}
		var rows []struct {
			ID      int    `db:"id"`
			Parent  int    `db:"parent"`
			NotUsed int    `db:"notused"`
			Detail  string `db:"detail"`
		}
		err := tx.Select(&rows, "EXPLAIN QUERY PLAN "+statement, args...)
		for _, row := range rows {
			lines = append(lines, row.Detail)
		}
		return err
	}))
	return lines
}

var (
	scanned    = regexp.MustCompile(`^SCAN (\w+)`)
	forThis    = regexp.MustCompile(`^(CO-ROUTINE|MATERIALIZE) (\w+)`)
	sequential = regexp.MustCompile(`Seq Scan on (\w+)`)
)

// aliases are the names that the statements of a counter give to the tables that grow.
var aliases = map[string]string{
	"b": "bookings", "t": "bookings", "w": "bookings", "lost": "bookings", "x": "bookings", "l": "booking_lines", "y": "booking_lines", "o": "occupancies", "n": "occupancies",
	"p": "occupancies", "k": "loans", "f": "loans", "z": "loans", "m": "members", "u": "units", "e": "units", "c": "components", "q": "tickets", "j": "transfers", "a": "unsettled_acts",
}

// readWhole names the table that a line of a plan reads from end to end, "" for none; made are the
// names of what is made for the statement alone.
func readWhole(line string, made []string) string {
	if m := sequential.FindStringSubmatch(line); m != nil && slices.Contains(growing, m[1]) {
		return m[1]
	}
	if m := scanned.FindStringSubmatch(line); m != nil && !slices.Contains(made, m[1]) {
		if slices.Contains(growing, m[1]) {
			return m[1]
		}
		return aliases[m[1]]
	}
	return ""
}

// TestACounterTakesFewStatements counts what reading takes, so that a page has room for its session.
func TestACounterTakesFewStatements(t *testing.T) {
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			clock := dbtest.NewClock(monday)
			db, counter := dbtest.Statements(t, engine, database.Settings{Clock: clock.Now})
			n := newNetwork(t, db, clock)
			ctx := context.Background()
			var c booking.Counter
			for _, size := range []int{0, 12} {
				for i := range size {
					n.mustPlace(n.zoe, want("amos-desk", at(0, 9+i/3, 0), at(0, 10+i/3, 0)))
				}
				b := n.mustPlace(n.zoe, want("amos-camera", at(0, 9, 0), at(0, 11, 0)))
				code := n.codeOf(b)
				for _, x := range []struct {
					what string
					most int
					do   func() error
				}{
					{"the counter", 1, func() (err error) { c, err = n.book.Counter(ctx, n.anne, "amos"); return err }},
					{"its board", 2, func() error { _, err := n.book.BoardAt(ctx, n.anne, c); return err }},
					{"a unit, with a booking open", 2, func() error { _, err := n.book.ScanAt(ctx, n.anne, c, code, b.ID); return err }},
					{"a reference", 2, func() error { _, err := n.book.ScanAt(ctx, n.anne, c, b.Reference, ""); return err }},
					{"nothing", 0, func() error { _, err := n.book.ScanAt(ctx, n.anne, c, "", ""); return err }},
					{"stamps", 1, func() error { _, err := n.book.Stamps(ctx, []string{n.id["amos"], n.id["rouyn"]}); return err }},
					{"a copy", 4, func() error { _, err := n.book.CounterCopy(ctx, n.anne, "amos", "fr"); return err }},
				} {
					statements := counter.Statements(func() { must(t, x.do()) })
					if len(statements) > x.most {
						t.Errorf("%s takes %d statements, want %d at most:\n%s", x.what, len(statements), x.most, strings.Join(statements, "\n"))
					}
				}
			}
		})
	}
}
