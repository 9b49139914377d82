package database_test

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"canot/internal/database"
	"canot/internal/database/dbtest"
)

// What this file pins are properties of the two drivers on which all SQL text relies.

func TestPlaceholdersMayRepeatAndComeInAnyOrder(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		network(t, db, 3)
		var codes []string
		must(t, db.Reader(t.Context()).Select(&codes,
			`SELECT code FROM units WHERE code <> $2 AND (code = $3 OR code = $1 OR code = $3) ORDER BY code`, "u002", "u001", "u000"))
		if !slices.Equal(codes, []string{"u000", "u002"}) {
			t.Fatalf("got %v", codes)
		}
	})
}

func TestListsAreHandedOver(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		network(t, db, 5)
		r := db.Reader(t.Context())
		var codes []string
		must(t, r.SelectIn(&codes, `SELECT code FROM units WHERE resource_id = $1 AND id IN ($list) AND code <> $2 ORDER BY code`,
			[]string{"u003", "u001", `o'"dd, {x}`, "u004", "u003"}, "res", "u004"))
		if !slices.Equal(codes, []string{"u001", "u003"}) {
			t.Errorf("in: %v", codes)
		}
		must(t, r.SelectIn(&codes, `SELECT code FROM units WHERE id NOT IN ($list) ORDER BY code`, []string{"u000", "u001", "u002"}))
		if !slices.Equal(codes, []string{"u003", "u004"}) {
			t.Errorf("not in: %v", codes)
		}
		must(t, r.SelectIn(&codes, `SELECT code FROM units WHERE id IN ($list)`, nil))
		if len(codes) != 0 {
			t.Errorf("an empty list read %v", codes)
		}
		must(t, db.In(t.Context(), func(tx *database.Tx) error {
			n, err := tx.ExecIn(`UPDATE units SET serial = $1 WHERE id IN ($list)`, []string{"u000", "u002"}, "x")
			if n != 2 {
				t.Errorf("wrote %d rows, want 2", n)
			}
			return err
		}))
	})
}

func TestTimesComeBackAsTheyWere(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		network(t, db, 1)
		toronto := time.FixedZone("EST", -5*3600)
		from := time.Date(2026, 11, 1, 1, 30, 0, 999, toronto) // 06:30 UTC
		to := time.Date(2026, 11, 1, 6, 30, 1, 0, time.UTC)
		must(t, db.In(t.Context(), func(tx *database.Tx) error { return occupy(tx, "o1", "u000", from, to) }))
		must(t, db.In(t.Context(), func(tx *database.Tx) error { return occupy(tx, "o2", "u000", to, database.Forever) }))

		var row struct {
			StartsAt time.Time  `db:"starts_at"`
			EndsAt   time.Time  `db:"ends_at"`
			LapsesAt *time.Time `db:"lapses_at"`
			Longest  time.Time  `db:"longest"`
			Live     bool       `db:"live"`
		}
		r := db.Reader(t.Context())
		must(t, r.Get(&row, `SELECT starts_at, ends_at, lapses_at, live, (SELECT MAX(ends_at) FROM occupancies) AS longest
			FROM occupancies WHERE id = 'o1'`))
		if want := from.Truncate(time.Second).UTC(); row.StartsAt != want || row.EndsAt != to {
			t.Errorf("%v to %v, want %v to %v", row.StartsAt, row.EndsAt, want, to)
		}
		if row.LapsesAt != nil || !row.Live || row.Longest != database.Forever {
			t.Errorf("got %+v", row)
		}
		var last *time.Time
		must(t, r.Get(&last, `SELECT MAX(ends_at) FROM occupancies WHERE starts_at < $1`, from.Add(time.Second)))
		if last == nil || *last != to {
			t.Errorf("MAX(ends_at) = %v, want %v", last, to)
		}
		must(t, r.Get(&last, `SELECT MAX(ends_at) FROM occupancies WHERE starts_at > $1`, database.Forever))
		if last != nil {
			t.Errorf("MAX of nothing = %v", last)
		}
	})
}

func TestReturningGivesTimesAndLeavesTextsAlone(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		network(t, db, 1)
		var row struct {
			Local string    `db:"starts_local"`
			At    time.Time `db:"changed_at"`
		}
		const promise = "2026-11-01T01:30:00-05:00"
		must(t, db.In(t.Context(), func(tx *database.Tx) error {
			return tx.Get(&row, `INSERT INTO closures (id, hub_id, starts_local, ends_local, changed_at)
				VALUES ('c', 'hub', $1, '2026-12-02T00:00:00', $2) RETURNING starts_local, changed_at`, promise, noon)
		}))
		if row.Local != promise || row.At != noon {
			t.Errorf("returned %+v", row)
		}
		must(t, db.Reader(t.Context()).Get(&row.Local, `SELECT COALESCE(MAX(starts_local), '') FROM closures`))
		if row.Local != promise {
			t.Errorf("read %q", row.Local)
		}
	})
}

func TestOverlapIsRefusedByNameOnInsertAndUpdate(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		network(t, db, 2)
		hour := func(h int) time.Time { return noon.Add(time.Duration(h) * time.Hour) }
		in := func(f func(*database.Tx) error) error { return db.In(t.Context(), f) }
		must(t, in(func(tx *database.Tx) error { return occupy(tx, "a", "u000", hour(0), hour(2)) }))
		must(t, in(func(tx *database.Tx) error { return occupy(tx, "b", "u000", hour(2), hour(4)) })) // half-open: may touch
		must(t, in(func(tx *database.Tx) error { return occupy(tx, "c", "u001", hour(0), hour(9)) }))

		for name, f := range map[string]func(*database.Tx) error{
			"insert":        func(tx *database.Tx) error { return occupy(tx, "d", "u000", hour(1), hour(3)) },
			"insert around": func(tx *database.Tx) error { return occupy(tx, "d", "u000", hour(-1), hour(9)) },
			"longer": func(tx *database.Tx) error {
				_, err := tx.Exec(`UPDATE occupancies SET ends_at = $1 WHERE id = 'a'`, hour(3))
				return err
			},
			"other unit": func(tx *database.Tx) error {
				_, err := tx.Exec(`UPDATE occupancies SET unit_id = 'u000' WHERE id = 'c'`)
				return err
			},
		} {
			err := in(f)
			if got := database.Constraint(err); got != "occupancies_no_overlap" {
				t.Errorf("%s: constraint %q of %v", name, got, err)
			}
		}
		must(t, in(func(tx *database.Tx) error {
			_, err := tx.Exec(`UPDATE occupancies SET live = false WHERE id = 'c'`)
			return err
		}))
		err := in(func(tx *database.Tx) error {
			if _, err := tx.Exec(`UPDATE occupancies SET unit_id = 'u000' WHERE id = 'c'`); err != nil {
				return err // not live: may lie anywhere
			}
			_, err := tx.Exec(`UPDATE occupancies SET live = true WHERE id = 'c'`)
			return err
		})
		if got := database.Constraint(err); got != "occupancies_no_overlap" {
			t.Errorf("revived: constraint %q of %v", got, err)
		}
	})
}

func TestConstraintsAreNamedAlike(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		network(t, db, 2)
		for want, query := range map[string]string{
			"regions_pkey":          `INSERT INTO regions (id, slug, name) VALUES ('rg', 'other', '')`,
			"regions_slug_unique":   `INSERT INTO regions (id, slug, name) VALUES ('other', 'rg', '')`,
			"units_code_unique":     `UPDATE units SET code = 'u000' WHERE id = 'u001'`,
			"resource_tags_pkey":    `INSERT INTO resource_tags (resource_id, tag) VALUES ('res', 'x'), ('res', 'x')`,
			"hubs_wheelchair_check": `UPDATE hubs SET wheelchair = 'perhaps'`,
			"resources_name_unique": `INSERT INTO resources (id, slug, hub_id, kind, category_id, name, name_key, grain_min, shortest_min, longest_min, within)
				VALUES ('r2', 'r2', 'hub', 'space', 'cat', '{}', 'res', 15, 15, 600, 'inside')`,
			"resources_longest_check": `UPDATE resources SET longest_min = 5`,
		} {
			err := db.In(t.Context(), func(tx *database.Tx) error { _, err := tx.Exec(query); return err })
			if got := database.Constraint(err); got != want {
				t.Errorf("constraint %q of %v, want %q", got, err, want)
			}
		}
		if got := database.Constraint(errors.New("x")); got != "" {
			t.Errorf("a plain error has constraint %q", got)
		}
		err := db.In(t.Context(), func(tx *database.Tx) error {
			_, err := tx.Exec(`UPDATE hubs SET region_id = 'nowhere'`)
			return err
		})
		if err == nil {
			t.Error("a foreign key to nowhere was accepted")
		}
	})
}

func TestOfFortyRacersForOneHourOneWins(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		network(t, db, 1)
		var won, refused atomic.Int64
		var all sync.WaitGroup
		for i := range 40 {
			all.Go(func() {
				err := db.In(t.Context(), func(tx *database.Tx) error {
					return occupy(tx, fmt.Sprintf("o%02d", i), "u000", noon, noon.Add(time.Hour))
				})
				switch {
				case err == nil:
					won.Add(1)
				case database.Constraint(err) == "occupancies_no_overlap":
					refused.Add(1)
				default:
					t.Errorf("racer %d: %v", i, err)
				}
			})
		}
		all.Wait()
		if won.Load() != 1 || refused.Load() != 39 {
			t.Errorf("%d won, %d were refused", won.Load(), refused.Load())
		}
		if n := count(t, db, `SELECT version FROM units WHERE id = 'u000'`); n != 2 {
			t.Errorf("the unit's version is %d, want 2: only the winner raises it", n)
		}
	})
}

func TestTheLogOfChangesOnlyGrows(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		ctx := database.WithRequestID(t.Context(), "req-7")
		must(t, db.In(ctx, func(tx *database.Tx) error {
			return tx.Record(database.Change{By: "mem", Action: "booking.place", Kind: "booking", Subject: "b1", After: map[string]int{"version": 1}})
		}))
		var row struct {
			Actor   string `db:"actor_id"`
			Request string `db:"request_id"`
			Before  string `db:"before"`
			After   string `db:"after"`
		}
		must(t, db.Reader(ctx).Get(&row, `SELECT actor_id, request_id, before, after FROM changes`))
		if row.Actor != "mem" || row.Request != "req-7" || row.Before != "null" || row.After != `{"version":1}` {
			t.Errorf("got %+v", row)
		}
		for _, query := range []string{`UPDATE changes SET actor_id = 'x'`, `DELETE FROM changes`} {
			err := db.In(ctx, func(tx *database.Tx) error { _, err := tx.Exec(query); return err })
			if got := database.Constraint(err); got != "changes_append_only" {
				t.Errorf("%s: constraint %q of %v", query, got, err)
			}
		}
		if n := count(t, db, `SELECT COUNT(*) FROM changes`); n != 1 {
			t.Errorf("%d rows", n)
		}
	})
}
