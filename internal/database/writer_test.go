package database_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"canot/internal/database"
	"canot/internal/database/dbtest"
)

func exit() { runtime.Goexit() }

// Sixteen write, and one of them cancels its contexts all the time, before, during and
// after. SQLite answers an interrupted statement by rolling back the transaction that
// all share: were a caller's context to reach a statement, the others would lose theirs.
func TestNothingIsLostToACallerWhoLeaves(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		const each = 60
		var sure, unsure sync.Map
		var all sync.WaitGroup
		for w := range 16 {
			all.Go(func() {
				for i := range each {
					id := fmt.Sprintf("w%02d-%03d", w, i)
					ctx, cancel := context.WithCancel(t.Context())
					leaves := w == 0
					if leaves {
						time.AfterFunc(time.Duration(i%20)*500*time.Microsecond, cancel)
					}
					err := db.In(ctx, func(tx *database.Tx) error {
						for part := range 3 {
							if err := addRegion(tx, fmt.Sprintf("%s-%d", id, part)); err != nil {
								return err
							}
							if leaves && i%5 == part {
								cancel()
							}
						}
						if leaves {
							return addSlowly(tx, id+"-3") // long enough to be interrupted
						}
						return addRegion(tx, id+"-3")
					})
					cancel()
					switch {
					case err == nil:
						sure.Store(id, true)
					case leaves && errors.Is(err, context.Canceled):
						unsure.Store(id, true)
					default:
						t.Errorf("%s: %v", id, err)
					}
				}
			})
		}
		all.Wait()
		var ids []string
		must(t, db.Reader(t.Context()).Select(&ids, `SELECT SUBSTR(id, 1, 7) FROM regions`))
		parts := map[string]int{}
		for _, id := range ids {
			parts[id]++
		}
		for id, n := range parts {
			_, isSure := sure.Load(id)
			_, isUnsure := unsure.Load(id)
			if n != 4 || !isSure && !isUnsure {
				t.Errorf("%s has %d parts of 4", id, n)
			}
		}
		sure.Range(func(id, _ any) bool {
			if parts[id.(string)] != 4 {
				t.Errorf("%s was acknowledged and has %d parts", id, parts[id.(string)])
			}
			return true
		})
		if n := len(parts); n < 15*each {
			t.Errorf("%d transactions are there, want at least %d", n, 15*each)
		}
	})
}

func TestWritersShareACommit(t *testing.T) {
	db := dbtest.Open(t, "sqlite", database.Settings{})
	write := func(writers, each int) (perCommit float64) {
		before := db.Commits()
		var all sync.WaitGroup
		for range writers {
			all.Go(func() {
				for range each {
					err := db.In(context.Background(), func(tx *database.Tx) error { return addRegion(tx, database.NewID()) })
					if err != nil {
						t.Error(err)
					}
				}
			})
		}
		all.Wait()
		after := db.Commits()
		return float64(after.Transactions-before.Transactions) / float64(after.Commits-before.Commits)
	}
	if n := write(16, 50); n < 8 {
		t.Errorf("16 writers had %.1f transactions to a commit, want 8", n)
	}
	if n := write(1, 20); n != 1 {
		t.Errorf("a lone writer had %.1f transactions to a commit", n)
	}
	if n := regions(t, db); n != 820 {
		t.Errorf("%d rows, want 820", n)
	}
}

// together runs fs in one shared commit: the first holds its turn until all have queued.
func together(t *testing.T, db *database.DB, fs ...func(tx *database.Tx) error) []error {
	t.Helper()
	errs := make([]error, len(fs))
	held, release := make(chan struct{}), make(chan struct{})
	var all sync.WaitGroup
	for i, f := range fs {
		all.Go(func() {
			defer func() {
				if p := recover(); p != nil {
					errs[i] = fmt.Errorf("panic: %v", p)
				}
			}()
			errs[i] = db.In(context.Background(), func(tx *database.Tx) error {
				if i == 0 {
					close(held)
					<-release
				}
				return f(tx)
			})
		})
		<-held
		time.Sleep(2 * time.Millisecond) // so that they queue in order
	}
	close(release)
	all.Wait()
	return errs
}

func TestAFailureInASharedCommitIsItsOwnersOnly(t *testing.T) {
	db := dbtest.Open(t, "sqlite", database.Settings{})
	no := errors.New("no")
	before := db.Commits()
	errs := together(t, db,
		func(tx *database.Tx) error { return addRegion(tx, "a") },
		func(tx *database.Tx) error { must(t, addRegion(tx, "b")); return no },
		func(tx *database.Tx) error { must(t, addRegion(tx, "c")); panic("boom") },
		func(tx *database.Tx) error { must(t, addRegion(tx, "d")); return addRegion(tx, "a") },
		func(tx *database.Tx) error { return addRegion(tx, "e") },
	)
	if errs[0] != nil || !errors.Is(errs[1], no) || errs[2] == nil || database.Constraint(errs[3]) != "regions_pkey" || errs[4] != nil {
		t.Errorf("got %v", errs)
	}
	if n := db.Commits().Commits - before.Commits; n != 1 {
		t.Errorf("%d commits, want one that is shared", n)
	}
	if n := count(t, db, `SELECT COUNT(*) FROM regions WHERE id IN ('a', 'e')`); n != 2 || regions(t, db) != 2 {
		t.Errorf("%d of %d rows", n, regions(t, db))
	}
}

// A full disk, or a trigger that rolls back instead of aborting: the shared transaction
// is gone, and so is what the others wrote. All must be told, and the next one served.
func TestALostCommitIsToldToAllInIt(t *testing.T) {
	for name, lose := range map[string]func(tx *database.Tx) error{
		"rolled back": func(tx *database.Tx) error {
			_, err := tx.Exec(`ROLLBACK`)
			return err
		},
		"rolled back by a trigger, unnoticed": func(tx *database.Tx) error {
			_, _ = tx.Exec(`UPDATE categories SET name = 'x'`)
			_, _ = tx.Exec(`INSERT INTO regions (id, slug, name) VALUES ('stray', 'stray', '')`)
			return nil
		},
		"committed under our feet": func(tx *database.Tx) error {
			_, err := tx.Exec(`ROLLBACK TO turn; RELEASE turn; ROLLBACK`)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := dbtest.Open(t, "sqlite", database.Settings{})
			must(t, db.In(t.Context(), func(tx *database.Tx) error {
				if _, err := tx.Exec(`CREATE TRIGGER spoil BEFORE UPDATE ON categories BEGIN SELECT RAISE(ROLLBACK, 'spoilt'); END`); err != nil {
					return err
				}
				_, err := tx.Exec(`INSERT INTO categories (id, slug, name) VALUES ('c', 'c', '')`)
				return err
			}))
			errs := together(t, db,
				func(tx *database.Tx) error { return addRegion(tx, "a") },
				lose,
				func(tx *database.Tx) error { return addRegion(tx, "b") },
			)
			isUnavailable(t, "before it", errs[0])
			isUnavailable(t, "it", errs[1])
			if n := count(t, db, `SELECT COUNT(*) FROM regions WHERE id <> 'b'`); n != 0 {
				t.Errorf("%d rows of a lost commit", n)
			}
			if errs[2] == nil != (count(t, db, `SELECT COUNT(*) FROM regions WHERE id = 'b'`) == 1) {
				t.Errorf("after it: %v, and the row says otherwise", errs[2])
			}
			must(t, db.In(t.Context(), func(tx *database.Tx) error { return addRegion(tx, "healed") }))
		})
	}
}

func TestAFullDiskIsUnavailableAndPasses(t *testing.T) {
	db := dbtest.Open(t, "sqlite", database.Settings{})
	fill := func(tx *database.Tx) error {
		var pages int
		if err := tx.Get(&pages, `PRAGMA page_count`); err != nil {
			return err
		}
		if _, err := tx.Exec(fmt.Sprintf(`PRAGMA max_page_count = %d`, pages+2)); err != nil {
			return err
		}
		for range 1000 {
			if err := addRegion(tx, database.NewID()+string(make([]byte, 500))); err != nil {
				return err
			}
		}
		return nil
	}
	errs := together(t, db,
		func(tx *database.Tx) error { return addRegion(tx, "a") },
		fill,
		func(tx *database.Tx) error { return addRegion(tx, "b") },
	)
	isUnavailable(t, "the one that filled it", errs[1])
	for i, id := range map[int]string{0: "a", 2: "b"} {
		if there := count(t, db, `SELECT COUNT(*) FROM regions WHERE id = $1`, id) == 1; there != (errs[i] == nil) {
			t.Errorf("%s: answered %v, there: %v", id, errs[i], there)
		}
	}
	must(t, db.In(t.Context(), func(tx *database.Tx) error {
		_, err := tx.Exec(`PRAGMA max_page_count = 1000000`)
		return err
	}))
	must(t, db.In(t.Context(), func(tx *database.Tx) error { return addRegion(tx, "healed") }))
}

func TestNobodyIsAnsweredBeforeTheCommit(t *testing.T) {
	var answered, early atomic.Bool
	db := dbtest.Open(t, "sqlite", database.Settings{Observe: func(query string) {
		if query == "COMMIT" { // about to be sent
			time.Sleep(20 * time.Millisecond)
			early.CompareAndSwap(false, answered.Load())
		}
	}})
	must(t, db.In(t.Context(), func(tx *database.Tx) error { return addRegion(tx, "a") }))
	answered.Store(true)
	time.Sleep(40 * time.Millisecond)
	if early.Load() {
		t.Error("answered before the commit")
	}
}

func TestACommitIsOnDisk(t *testing.T) {
	db := dbtest.Open(t, "sqlite", database.Settings{})
	var level int
	must(t, db.In(t.Context(), func(tx *database.Tx) error { return tx.Get(&level, `PRAGMA synchronous`) }))
	if level != 2 {
		t.Errorf("synchronous is %d, want 2 (FULL)", level)
	}
}

func TestCloseAnswersThoseWhoWait(t *testing.T) {
	db := dbtest.Open(t, "sqlite", database.Settings{})
	held, release := make(chan struct{}), make(chan struct{})
	var all sync.WaitGroup
	all.Go(func() {
		err := db.In(context.Background(), func(tx *database.Tx) error {
			close(held)
			<-release
			return addRegion(tx, "a")
		})
		if err != nil {
			t.Errorf("who had begun: %v", err)
		}
	})
	<-held
	var answered atomic.Int64
	for range 5 {
		all.Go(func() {
			if err := db.In(context.Background(), func(tx *database.Tx) error { return nil }); err == nil || errors.Is(err, database.ErrUnavailable) {
				answered.Add(1)
			}
		})
	}
	all.Go(func() { _ = db.Close() })
	time.Sleep(5 * time.Millisecond)
	close(release)
	all.Wait()
	if answered.Load() != 5 {
		t.Errorf("%d of 5 were answered", answered.Load())
	}
}
