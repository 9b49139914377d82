package database_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"canot/internal/database"
	"canot/internal/database/dbtest"
	"canot/internal/fault"
)

func regions(t *testing.T, db *database.DB) int { return count(t, db, `SELECT COUNT(*) FROM regions`) }

func TestAnErrorRollsEverythingBack(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		no := errors.New("no")
		err := db.In(t.Context(), func(tx *database.Tx) error {
			must(t, addRegion(tx, "a"))
			return no
		})
		if !errors.Is(err, no) || regions(t, db) != 0 {
			t.Errorf("err %v, %d regions", err, regions(t, db))
		}
	})
}

func TestAPanicRollsBackAndReachesItsCaller(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		func() {
			defer func() {
				if p := recover(); p != "boom" {
					t.Errorf("recovered %v", p)
				}
			}()
			_ = db.In(t.Context(), func(tx *database.Tx) error {
				must(t, addRegion(tx, "a"))
				panic("boom")
			})
		}()
		must(t, db.In(t.Context(), func(tx *database.Tx) error { return addRegion(tx, "b") }))
		if n := regions(t, db); n != 1 {
			t.Errorf("%d regions, want 1", n)
		}
	})
}

func TestAGoroutineThatEndsInATransactionRollsItBack(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		var gone sync.WaitGroup
		gone.Go(func() {
			_ = db.In(context.Background(), func(tx *database.Tx) error {
				_ = addRegion(tx, "a")
				// What t.FailNow does. The deferred calls run; nothing after this does.
				exit()
				return nil
			})
		})
		gone.Wait()
		must(t, db.In(t.Context(), func(tx *database.Tx) error { return addRegion(tx, "b") }))
		if n := regions(t, db); n != 1 {
			t.Errorf("%d regions, want 1", n)
		}
	})
}

func TestATransactionInsideATransactionIsRefused(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		ctx := t.Context()
		err := db.In(ctx, func(tx *database.Tx) error {
			return db.In(ctx, func(tx *database.Tx) error { return addRegion(tx, "a") })
		})
		if err == nil || !strings.Contains(err.Error(), "inside a transaction") {
			t.Errorf("err %v", err)
		}
		must(t, db.In(ctx, func(tx *database.Tx) error { return addRegion(tx, "b") }))
	})
}

func TestAFailedStatementEndsTheTransaction(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		err := db.In(t.Context(), func(tx *database.Tx) error {
			must(t, addRegion(tx, "a"))
			if err := addRegion(tx, "a"); database.Constraint(err) != "regions_pkey" {
				t.Errorf("twice: %v", err)
			}
			if err := addRegion(tx, "b"); err == nil {
				t.Error("a statement ran after one had failed")
			}
			return nil // as if nothing had happened
		})
		if database.Constraint(err) != "regions_pkey" || regions(t, db) != 0 {
			t.Errorf("err %v, %d regions", err, regions(t, db))
		}
	})
}

func TestNoRowsIsNoFailure(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		must(t, db.In(t.Context(), func(tx *database.Tx) error {
			var id string
			if err := tx.Get(&id, `SELECT id FROM regions`); !errors.Is(err, database.ErrNoRows) {
				t.Errorf("err %v", err)
			}
			return addRegion(tx, "a")
		}))
	})
}

func TestAViewSeesOneSnapshotAndWaitsForNobody(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		must(t, db.View(t.Context(), func(r database.Reader) error {
			var before, after int
			must(t, r.Get(&before, `SELECT COUNT(*) FROM regions`))
			must(t, db.In(t.Context(), func(tx *database.Tx) error { return addRegion(tx, "a") }))
			must(t, r.Get(&after, `SELECT COUNT(*) FROM regions`))
			if before != 0 || after != 0 {
				t.Errorf("saw %d then %d", before, after)
			}
			return nil
		}))
		if err := db.View(t.Context(), func(r database.Reader) error {
			var id string
			return r.Get(&id, `INSERT INTO regions (id, slug, name) VALUES ('v', 'v', '') RETURNING id`)
		}); err == nil {
			t.Error("a view wrote")
		}
	})
}

func TestNowStandsStillInATransaction(t *testing.T) {
	clock := dbtest.NewClock(noon.Add(700 * time.Millisecond))
	dbtest.EachWith(t, database.Settings{Clock: clock.Now}, func(t *testing.T, db *database.DB) {
		must(t, db.In(t.Context(), func(tx *database.Tx) error {
			if tx.Now != noon {
				t.Errorf("now is %v", tx.Now)
			}
			return nil
		}))
	})
}

func TestLocksAreTakenInOneOrder(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		network(t, db, 3)
		locks := func(f func(tx *database.Tx)) (panicked bool) {
			defer func() { panicked = recover() != nil }()
			_ = db.In(t.Context(), func(tx *database.Tx) error { f(tx); return nil })
			return false
		}
		if locks(func(tx *database.Tx) {
			must(t, tx.Lock("hubs", "hub"))
			must(t, tx.Lock("resources", "res", "nowhere", "res"))
			must(t, tx.Lock("units", "u001", "u000"))
			must(t, tx.Lock("units", "u002"))
			must(t, tx.Lock("bookings"))
		}) {
			t.Error("the right order panicked")
		}
		for name, f := range map[string]func(tx *database.Tx){
			"tables":  func(tx *database.Tx) { _ = tx.Lock("units", "u000"); _ = tx.Lock("hubs", "hub") },
			"ids":     func(tx *database.Tx) { _ = tx.Lock("units", "u001"); _ = tx.Lock("units", "u000") },
			"unknown": func(tx *database.Tx) { _ = tx.Lock("jobs", "x") },
		} {
			if !locks(f) {
				t.Errorf("%s in another order did not panic", name)
			}
		}
	})
}

func TestALockedRowKeepsOthersOut(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		network(t, db, 1)
		var all sync.WaitGroup
		for range 20 {
			all.Go(func() {
				err := db.In(t.Context(), func(tx *database.Tx) error {
					if err := tx.Lock("units", "u000"); err != nil {
						return err
					}
					var v int
					if err := tx.Get(&v, `SELECT version FROM units WHERE id = 'u000'`); err != nil {
						return err
					}
					_, err := tx.Exec(`UPDATE units SET version = $1 WHERE id = 'u000'`, v+1) // look, then write
					return err
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if n := count(t, db, `SELECT version FROM units`); n != 21 {
			t.Errorf("the version is %d, want 21: an update was lost", n)
		}
	})
}

func TestStatementsOnTheWire(t *testing.T) {
	want := map[string][]string{
		"sqlite":   {"BEGIN IMMEDIATE", "INSERT", "COMMIT", "SELECT", "BEGIN", "SELECT", "COMMIT"},
		"postgres": {"BEGIN", "INSERT", "COMMIT", "SELECT", "BEGIN", "SELECT", "COMMIT"},
	}
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			db, counter := observed(t, engine)
			for _, id := range []string{"a", "b"} { // the second time, everything is prepared
				seen := counter.Statements(func() {
					must(t, db.In(t.Context(), func(tx *database.Tx) error { return addRegion(tx, id) }))
					count(t, db, `SELECT COUNT(*) FROM regions`)
					must(t, db.View(t.Context(), func(r database.Reader) error {
						var n int
						return r.Get(&n, `SELECT COUNT(*) FROM regions`)
					}))
				})
				for i, s := range seen {
					if strings.HasPrefix(s, "INSERT") || strings.HasPrefix(s, "SELECT") {
						seen[i] = s[:6]
					}
				}
				if !slices.Equal(seen, want[engine]) {
					t.Errorf("%s: %q", id, seen)
				}
			}
		})
	}
}

func TestOpenNamesWhatIsWrong(t *testing.T) {
	for _, url := range []string{
		"", "mysql://x/y", "sqlite://relative.db", "sqlite:///", "sqlite:///tmp/x.db?synchronous=OFF",
		"sqlite:///tmp/x.db?_pragma=journal_mode(OFF)", "postgres://u:secret@%zz/",
	} {
		db, err := database.Open(t.Context(), database.Settings{URL: url})
		if err == nil {
			_ = db.Close()
			t.Errorf("%q was opened", url)
		} else if strings.Contains(err.Error(), "secret") {
			t.Errorf("the error tells the password: %v", err)
		}
	}
}

func TestADataBaseThatIsAwaySaysSo(t *testing.T) {
	for name, url := range map[string]string{
		"postgres": "postgres://127.0.0.1:1/nobody?sslmode=disable",
		"sqlite":   "sqlite:///nowhere/at/all/canot.db",
	} {
		_, err := database.Open(t.Context(), database.Settings{URL: url})
		isUnavailable(t, name, err)
	}
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		must(t, db.Close())
		isUnavailable(t, "in", db.In(t.Context(), func(tx *database.Tx) error { return nil }))
		isUnavailable(t, "ping", db.Ping(t.Context()))
		isUnavailable(t, "view", db.View(t.Context(), func(database.Reader) error { return nil }))
	})
}

func isUnavailable(t *testing.T, what string, err error) {
	t.Helper()
	f := fault.Of(err)
	if !errors.Is(err, database.ErrUnavailable) || f == nil || f.Kind != fault.Unavailable || f.Code != "database_away" || f.RetryAfter <= 0 {
		t.Errorf("%s: %v (%T) is not ErrUnavailable", what, err, err)
	}
}

func TestACancelledCallerGetsItsOwnError(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		err := db.In(ctx, func(tx *database.Tx) error { return addRegion(tx, "a") })
		if !errors.Is(err, context.Canceled) || errors.Is(err, database.ErrUnavailable) {
			t.Errorf("in: %v", err)
		}
		var n int
		err = db.Reader(ctx).Get(&n, `SELECT COUNT(*) FROM regions`)
		if !errors.Is(err, context.Canceled) || errors.Is(err, database.ErrUnavailable) {
			t.Errorf("read: %v", err)
		}
		if n := regions(t, db); n != 0 {
			t.Errorf("%d regions", n)
		}
	})
}

func TestNewIDsAreShortAndPlain(t *testing.T) {
	seen := map[string]bool{}
	for range 1000 {
		id := database.NewID()
		if len(id) != 16 || strings.Trim(id, "0123456789abcdefghjkmnpqrstvwxyz") != "" || seen[id] {
			t.Fatalf("%q", id)
		}
		seen[id] = true
	}
}
