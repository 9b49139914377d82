package database_test

import (
	"context"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"canot/internal/database"
	"canot/internal/database/dbtest"
)

func TestADeadlockIsTriedAgain(t *testing.T) {
	db := dbtest.Open(t, "postgres", database.Settings{})
	network(t, db, 2)
	touch := func(tx *database.Tx, unit string) error {
		_, err := tx.Exec(`UPDATE units SET version = version + 1 WHERE id = $1`, unit)
		return err
	}
	var attempts [2]int
	var met, all sync.WaitGroup
	met.Add(2)
	for i, order := range [][]string{{"u000", "u001"}, {"u001", "u000"}} { // in a circle, on purpose
		all.Go(func() {
			err := db.In(context.Background(), func(tx *database.Tx) error {
				attempts[i]++
				if err := touch(tx, order[0]); err != nil {
					return err
				}
				if attempts[i] == 1 {
					met.Done()
					met.Wait()
				}
				return touch(tx, order[1])
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if attempts[0]+attempts[1] != 3 {
		t.Errorf("%v attempts, want one again", attempts)
	}
	if n := count(t, db, `SELECT SUM(version) FROM units`); n != 6 {
		t.Errorf("versions add up to %d, want 6: each transaction counts once", n)
	}
}

func TestConnectionsThatDiedAreReplaced(t *testing.T) {
	s := database.Settings{URL: dbtest.URL(t, "postgres"), MaxConns: 6}
	db := dbtest.Reopen(t, s)
	killer := dbtest.Reopen(t, database.Settings{URL: s.URL, MaxConns: 1})
	warm := func() {
		var all sync.WaitGroup
		for range 12 {
			all.Go(func() {
				err := db.In(context.Background(), func(tx *database.Tx) error { return addRegion(tx, database.NewID()) })
				if err != nil {
					t.Errorf("after its connections died: %v", err)
				}
				var n int
				if err := db.Reader(context.Background()).Get(&n, `SELECT COUNT(*) FROM regions`); err != nil {
					t.Errorf("read after its connections died: %v", err)
				}
			})
		}
		all.Wait()
	}
	kill := func() {
		var killed []bool
		must(t, killer.Reader(t.Context()).Select(&killed,
			`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`))
		if len(killed) == 0 {
			t.Fatal("nobody to kill")
		}
		time.Sleep(20 * time.Millisecond)
	}
	warm()
	kill()
	warm()
	err := db.In(t.Context(), func(tx *database.Tx) error {
		kill()
		return addRegion(tx, "x")
	})
	isUnavailable(t, "died within", err)
	warm()
	if n := regions(t, db); n != 36 {
		t.Errorf("%d rows, want 36", n)
	}
}

func TestAStatementOutlivesAChangeOfItsTable(t *testing.T) {
	db := dbtest.Open(t, "postgres", database.Settings{MaxConns: 1})
	must(t, db.In(t.Context(), func(tx *database.Tx) error { return addRegion(tx, "a") }))
	read := func() error {
		return db.In(t.Context(), func(tx *database.Tx) error {
			var versions []string
			return tx.Select(&versions, `SELECT version FROM regions`)
		})
	}
	must(t, read())
	must(t, db.In(t.Context(), func(tx *database.Tx) error {
		_, err := tx.Exec(`ALTER TABLE regions ALTER version TYPE text`)
		return err
	}))
	if err := read(); err != nil {
		t.Errorf("after the change: %v", err)
	}
}

func TestAPoolOpensNoMoreConnectionsOnceWarm(t *testing.T) {
	s := database.Settings{URL: dbtest.URL(t, "postgres"), MaxConns: 4}
	db := dbtest.Reopen(t, s)
	pids := func() string {
		var p []string
		must(t, db.Reader(t.Context()).Select(&p, `SELECT CAST(pid AS text) FROM pg_stat_activity
			WHERE datname = current_database() AND application_name = 'canot' ORDER BY pid`))
		return strings.Join(p, " ")
	}
	load := func() {
		var all sync.WaitGroup
		for range 16 {
			all.Go(func() {
				for range 10 {
					if err := db.In(context.Background(), func(tx *database.Tx) error { return addRegion(tx, database.NewID()) }); err != nil {
						t.Error(err)
					}
				}
			})
		}
		all.Wait()
	}
	load()
	before := pids()
	load()
	if after := pids(); after != before || len(strings.Fields(after)) > 4 {
		t.Errorf("connections were %s and are %s", before, after)
	}
}

func TestAStatementIsPreparedOnce(t *testing.T) {
	db := dbtest.Open(t, "postgres", database.Settings{MaxConns: 1})
	for range 5 {
		count(t, db, `SELECT COUNT(*) FROM regions`)
	}
	n := count(t, db, `SELECT COUNT(*) FROM pg_prepared_statements WHERE statement LIKE 'SELECT COUNT(*) FROM regions%'`)
	if n != 1 {
		t.Errorf("%d prepared statements, want 1", n)
	}
}

func TestAServerThatNeverAnswersIsGivenUp(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer silent.Close() // connections queue, and nobody speaks
	start := time.Now()
	_, err = database.Open(t.Context(), database.Settings{
		URL: "postgres://" + silent.Addr().String() + "/x?sslmode=disable&connect_timeout=2"})
	isUnavailable(t, "open", err)
	if took := time.Since(start); took > 20*time.Second {
		t.Errorf("it took %v", took)
	}
}
