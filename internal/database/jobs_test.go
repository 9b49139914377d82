package database_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"canot/internal/database"
	"canot/internal/database/dbtest"
)

var quiet = slog.New(slog.NewTextHandler(io.Discard, nil))

func enqueue(t *testing.T, db *database.DB, kind string, n int, at time.Time) {
	t.Helper()
	must(t, db.In(t.Context(), func(tx *database.Tx) error {
		for i := range n {
			if err := tx.Enqueue(database.Job{Kind: kind, Args: i, At: at}); err != nil {
				return err
			}
		}
		return nil
	}))
}

func TestFourWorkersRunEachOfTwoHundredJobsOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		enqueue(t, db, "count", 200, noon.AddDate(-10, 0, 0))
		var runs [200]atomic.Int64
		ctx, cancel := context.WithCancel(t.Context())
		var left atomic.Int64
		left.Store(200)
		handlers := map[string]database.Handler{"count": func(_ context.Context, args json.RawMessage) error {
			var i int
			if err := json.Unmarshal(args, &i); err != nil {
				return err
			}
			runs[i].Add(1)
			if left.Add(-1) == 0 {
				cancel()
			}
			return nil
		}}
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() { must(t, database.NewWorker(db, quiet, handlers).Run(ctx)) })
		}
		done := make(chan struct{})
		go func() { all.Wait(); close(done) }()
		select {
		case <-done:
		case <-time.After(30 * time.Second):
			cancel()
			t.Fatalf("%d jobs are left", left.Load())
		}
		for i := range runs {
			if n := runs[i].Load(); n != 1 {
				t.Errorf("job %d ran %d times", i, n)
			}
		}
		if n := count(t, db, `SELECT COUNT(*) FROM jobs`); n != 0 {
			t.Errorf("%d jobs are still there", n)
		}
	})
}

func TestAJobExistsOnlyIfItsTransactionCommitted(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		_ = db.In(t.Context(), func(tx *database.Tx) error {
			must(t, tx.Enqueue(database.Job{Kind: "x", Args: nil, At: tx.Now}))
			return errors.New("no")
		})
		if n := count(t, db, `SELECT COUNT(*) FROM jobs`); n != 0 {
			t.Errorf("%d jobs", n)
		}
	})
}

func TestAJobThatFailsIsTriedAgainLaterAndLater(t *testing.T) {
	clock := dbtest.NewClock(noon)
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) {
			db := dbtest.Open(t, engine, database.Settings{Clock: clock.Now})
			clock.Set(noon)
			enqueue(t, db, "fail", 1, noon)
			no := errors.New("no luck")
			handlers := map[string]database.Handler{"fail": func(context.Context, json.RawMessage) error { return no }}
			var waits []time.Duration
			for try := range 10 {
				ran, err := db.RunDue(t.Context(), handlers)
				if ran != 1 || !errors.Is(err, no) {
					t.Fatalf("try %d: ran %d, %v", try+1, ran, err)
				}
				if ran, _ := db.RunDue(t.Context(), handlers); ran != 0 {
					t.Fatalf("try %d: ran again at once", try+1)
				}
				var row struct {
					State string    `db:"state"`
					RunAt time.Time `db:"run_at"`
					Error string    `db:"last_error"`
				}
				must(t, db.Reader(t.Context()).Get(&row, `SELECT state, run_at, last_error FROM jobs`))
				if row.Error != "no luck" || row.State != map[bool]string{true: "given_up", false: "ready"}[try == 9] {
					t.Fatalf("try %d: %+v", try+1, row)
				}
				waits = append(waits, row.RunAt.Sub(clock.Now()))
				clock.Set(row.RunAt)
			}
			for i := 1; i < 9; i++ {
				if waits[i] < waits[i-1] || waits[i] > time.Hour {
					t.Errorf("waits %v do not grow to an hour", waits)
				}
			}
			clock.Move(24 * time.Hour)
			if ran, err := db.RunDue(t.Context(), handlers); ran != 0 || err != nil {
				t.Errorf("a job that was given up ran: %d, %v", ran, err)
			}
		})
	}
}

func TestAJobWhoseWorkerDiedRunsAgainAfterItsLease(t *testing.T) {
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			clock := dbtest.NewClock(noon)
			db := dbtest.Open(t, engine, database.Settings{Clock: clock.Now})
			enqueue(t, db, "x", 1, noon)
			died := map[string]database.Handler{"x": func(context.Context, json.RawMessage) error {
				exit()
				return nil
			}}
			var gone sync.WaitGroup
			gone.Go(func() { _, _ = db.RunDue(context.Background(), died) })
			gone.Wait()
			ran := 0
			alive := map[string]database.Handler{"x": func(context.Context, json.RawMessage) error { ran++; return nil }}
			clock.Move(59 * time.Second)
			if _, err := db.RunDue(t.Context(), alive); err != nil || ran != 0 {
				t.Errorf("under its lease: ran %d, %v", ran, err)
			}
			clock.Move(time.Second)
			if _, err := db.RunDue(t.Context(), alive); err != nil || ran != 1 {
				t.Errorf("after its lease: ran %d, %v", ran, err)
			}
		})
	}
}

func TestAWorkerThatLostItsLeaseWritesNothing(t *testing.T) {
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			clock := dbtest.NewClock(noon)
			db := dbtest.Open(t, engine, database.Settings{Clock: clock.Now})
			enqueue(t, db, "x", 1, noon)
			inner := 0
			_, err := db.RunDue(t.Context(), map[string]database.Handler{"x": func(ctx context.Context, _ json.RawMessage) error {
				clock.Move(2 * time.Minute) // so slow that another takes over, and fails
				_, err := db.RunDue(ctx, map[string]database.Handler{"x": func(context.Context, json.RawMessage) error {
					inner++
					return errors.New("not yet")
				}})
				if err == nil {
					t.Error("the other did not run")
				}
				return nil
			}})
			must(t, err)
			if n := count(t, db, `SELECT COUNT(*) FROM jobs WHERE state = 'ready' AND attempts = 2`); n != 1 || inner != 1 {
				t.Errorf("the slow one overwrote what the other wrote: %d, %d", n, inner)
			}
		})
	}
}

func TestAPanicInAJobIsAFailure(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		enqueue(t, db, "x", 1, noon.AddDate(-1, 0, 0))
		_, err := db.RunDue(t.Context(), map[string]database.Handler{"x": func(context.Context, json.RawMessage) error { panic("boom\x00\xff " + strings.Repeat("é", 400)) }})
		if err == nil || !strings.Contains(err.Error(), "boom") {
			t.Errorf("err %v", err)
		}
		if n := count(t, db, `SELECT COUNT(*) FROM jobs WHERE state = 'ready' AND attempts = 1`); n != 1 {
			t.Error("the job does not wait for its second try")
		}
	})
}

func TestJobsWithoutAHandlerAreLeftAlone(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		enqueue(t, db, "other", 1, noon.AddDate(-1, 0, 0))
		ran, err := db.RunDue(t.Context(), map[string]database.Handler{"x": nil})
		if ran != 0 || err != nil || count(t, db, `SELECT COUNT(*) FROM jobs WHERE state = 'ready' AND attempts = 0`) != 1 {
			t.Errorf("ran %d, %v", ran, err)
		}
	})
}

func TestAWorkerWakesWhenAJobIsCommitted(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		ctx, cancel := context.WithCancel(t.Context())
		ran := make(chan struct{}, 1)
		w := database.NewWorker(db, quiet, map[string]database.Handler{"x": func(context.Context, json.RawMessage) error {
			ran <- struct{}{}
			return nil
		}})
		var all sync.WaitGroup
		all.Go(func() { must(t, w.Run(ctx)) })
		time.Sleep(50 * time.Millisecond) // it has looked, and waits
		enqueue(t, db, "x", 1, time.Now())
		select {
		case <-ran:
		case <-time.After(10 * time.Second):
			t.Error("the job did not run")
		}
		cancel()
		all.Wait()
	})
}

func TestAJobThatWaitsIsBroughtForwardAndNothingElse(t *testing.T) {
	clock := dbtest.NewClock(noon)
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) {
			db := dbtest.Open(t, engine, database.Settings{Clock: clock.Now})
			in := func(d time.Duration) time.Time { return noon.Add(d) }
			enqueue(t, db, "look", 1, in(5*time.Minute))
			enqueue(t, db, "other", 1, in(5*time.Minute))
			must(t, db.In(t.Context(), func(tx *database.Tx) error {
				if err := tx.Enqueue(database.Job{Kind: "failed", At: in(5 * time.Minute), Args: 0}); err != nil {
					return err
				}
				if _, err := tx.Exec(`UPDATE jobs SET attempts = 1 WHERE kind = 'failed'`); err != nil {
					return err
				}
				for _, kind := range []string{"look", "failed", "nobody's"} {
					for _, at := range []time.Time{in(2 * time.Minute), in(3 * time.Minute)} {
						if err := tx.Sooner(kind, at); err != nil {
							return err
						}
					}
				}
				return nil
			}))
			var rows []struct {
				Kind string    `db:"kind"`
				At   time.Time `db:"run_at"`
			}
			must(t, db.Reader(t.Context()).Select(&rows, `SELECT kind, run_at FROM jobs ORDER BY kind`))
			want := map[string]time.Time{"failed": in(5 * time.Minute), "look": in(2 * time.Minute), "other": in(5 * time.Minute)}
			if len(rows) != len(want) {
				t.Fatalf("%+v", rows)
			}
			for _, row := range rows {
				if !row.At.Equal(want[row.Kind]) {
					t.Errorf("%s comes at %s, want %s", row.Kind, row.At, want[row.Kind])
				}
			}
		})
	}
}
