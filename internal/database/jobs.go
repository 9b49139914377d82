package database

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"canot/internal/fault"
)

// A Handler does one kind of job. It runs at least once for each, perhaps more often,
// and must be idempotent. Its context ends before its lease does. An error makes the job
// wait and run again, at growing intervals, and be given up after ten tries. The error's
// text is kept for staff to read: it must name no person.
type Handler func(ctx context.Context, args json.RawMessage) error

const (
	lease       = time.Minute
	jobTime     = lease - 5*time.Second // so that a handler stops before another may begin
	maxTries    = 10
	claimedOnce = 16 // candidates looked at in one reading
)

// retryIn is how long a job waits after its nth try failed: 5 s, 15 s, 45 s … one hour.
func retryIn(try int64) time.Duration {
	wait := 5 * time.Second
	for range try - 1 {
		wait = min(3*wait, time.Hour)
	}
	return wait
}

// A Job is work to be done at an instant or soon after it, by the Handler of its kind.
type Job struct {
	Kind string
	Args any // encoded as JSON
	At   time.Time
}

// EnqueueFirst makes a job that comes again wait for its turn, now, unless one of its kind is there
// already. A server calls it when it starts.
func (tx *Tx) EnqueueFirst(kind string) error {
	var there int
	err := tx.Get(&there, `SELECT COUNT(*) FROM jobs WHERE kind = $1 AND state <> 'given_up'`, kind)
	if err != nil || there > 0 {
		return err
	}
	return tx.Enqueue(Job{Kind: kind, At: tx.Now, Args: struct{}{}})
}

// EnqueueNext makes a job come again at an instant to come, unless one of its kind waits already. The
// job itself calls it, while it runs.
func (tx *Tx) EnqueueNext(kind string, at time.Time) error {
	var waiting int
	err := tx.Get(&waiting, `SELECT COUNT(*) FROM jobs WHERE kind = $1 AND state = 'ready' AND run_at > $2`, kind, tx.Now)
	if err != nil || waiting > 0 {
		return err
	}
	return tx.Enqueue(Job{Kind: kind, At: at, Args: struct{}{}})
}

// Sooner has a job that comes again, and waits for its turn, come at an instant before it. It moves the row
// that waits and makes none. One that failed keeps its time, or its tries would be over the sooner; one that
// runs at this moment is left to itself.
func (tx *Tx) Sooner(kind string, at time.Time) error {
	_, err := tx.Exec(`UPDATE jobs SET run_at = $2 WHERE kind = $1 AND state = 'ready' AND attempts = 0 AND run_at > $2`, kind, at)
	return err
}

// Enqueue adds jobs. They exist if and only if the transaction commits.
func (tx *Tx) Enqueue(jobs ...Job) error {
	rows := make([][]any, len(jobs))
	for i, j := range jobs {
		text, err := json.Marshal(j.Args)
		if err != nil {
			return fmt.Errorf("enqueue %s: %w", j.Kind, err)
		}
		if !j.At.After(tx.Now) {
			tx.due = true
		}
		rows[i] = []any{NewID(), j.Kind, string(text), j.At, tx.Now}
	}
	return tx.Insert(`INSERT INTO jobs (id, kind, args, run_at, created_at) VALUES `, rows...)
}

// DropJobs forgets jobs of some kinds that were enqueued before an instant and never done:
// messages that nobody is there to send, and that would come too late.
func (db *DB) DropJobs(ctx context.Context, before time.Time, kinds ...string) error {
	return db.In(ctx, func(tx *Tx) error {
		_, err := tx.ExecIn("DELETE FROM jobs WHERE kind IN ($list) AND created_at < $1", kinds, before)
		return err
	})
}

type job struct {
	ID        string    `db:"id"`
	Kind      string    `db:"kind"`
	Args      string    `db:"args"`
	Attempts  int64     `db:"attempts"`
	CreatedAt time.Time `db:"created_at"`
}

// Running is what a Handler may know of the job that it does.
type Running struct {
	ID        string // the same at every try
	CreatedAt time.Time
}

type runningKey struct{}

// RunningJob returns the job that a Handler's context is of; outside a Handler it is the
// zero Running.
func RunningJob(ctx context.Context) Running {
	r, _ := ctx.Value(runningKey{}).(Running)
	return r
}

// dueJobs are the ids of jobs that may be claimed: ready and due, or running under a
// lease that ran out, because whoever ran it died.
func (db *DB) dueJobs(ctx context.Context, kinds []string, now time.Time) ([]string, error) {
	var ids []string
	err := db.Reader(ctx).SelectIn(&ids, fmt.Sprintf(`SELECT id FROM jobs
		WHERE ((state = 'ready' AND run_at <= $1) OR (state = 'running' AND leased_until <= $1)) AND kind IN ($list)
		ORDER BY run_at, id LIMIT %d`, claimedOnce), kinds, now)
	return ids, err
}

// claim takes a job for the length of a lease. It returns nil when another was quicker.
func (db *DB) claim(ctx context.Context, id string) (*job, error) {
	var claimed *job
	err := db.In(ctx, func(tx *Tx) error {
		claimed = nil
		var j job
		err := tx.Get(&j, `UPDATE jobs SET state = 'running', leased_until = $2, attempts = attempts + 1
			WHERE id = $1 AND ((state = 'ready' AND run_at <= $3) OR (state = 'running' AND leased_until <= $3))
			RETURNING id, kind, args, attempts, created_at`, id, tx.Now.Add(lease), tx.Now)
		if errors.Is(err, ErrNoRows) {
			return nil
		}
		claimed = &j
		return err
	})
	return claimed, err
}

// perform runs a claimed job and writes down how it went. failure is the handler's error,
// err that of the data base. The number of the try tells a claim from a later one of the
// same job: who lost the lease writes nothing.
func (db *DB) perform(ctx context.Context, j *job, h Handler) (failure, err error) {
	if j.Attempts > maxTries { // it brought down whoever ran it, every time
		failure = errors.New("its tries ended without a word")
	} else {
		failure = db.run(ctx, j, h)
	}
	if failure != nil && ctx.Err() != nil {
		// We are closing down: that is not the job's fault. Its lease runs out by itself,
		// or here, so that another may take it at once.
		return failure, db.settle(context.WithoutCancel(ctx), j, "ready", db.Now(), j.Attempts-1, "")
	}
	switch {
	case failure == nil:
		err = db.In(context.WithoutCancel(ctx), func(tx *Tx) error {
			_, err := tx.Exec("DELETE FROM jobs WHERE id = $1 AND attempts = $2", j.ID, j.Attempts)
			return err
		})
	case j.Attempts >= maxTries:
		err = db.settle(ctx, j, "given_up", db.Now(), j.Attempts, failure.Error())
	default:
		err = db.settle(ctx, j, "ready", db.Now().Add(retryIn(j.Attempts)), j.Attempts, failure.Error())
	}
	return failure, err
}

func (db *DB) settle(ctx context.Context, j *job, state string, at time.Time, attempts int64, why string) error {
	// PostgreSQL takes neither half a letter nor a zero byte, and this must not fail.
	why = strings.ReplaceAll(strings.ToValidUTF8(why[:min(len(why), 500)], ""), "\x00", "")
	return db.In(ctx, func(tx *Tx) error {
		_, err := tx.Exec(`UPDATE jobs SET state = $3, run_at = $4, leased_until = NULL, attempts = $5, last_error = $6
			WHERE id = $1 AND attempts = $2 AND state = 'running'`, j.ID, j.Attempts, state, at, attempts, why)
		return err
	})
}

func (db *DB) run(ctx context.Context, j *job, h Handler) (err error) {
	ctx, cancel := context.WithTimeout(context.WithValue(ctx, runningKey{}, Running{j.ID, j.CreatedAt.UTC()}), jobTime)
	defer cancel()
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("job %s panicked: %v", j.Kind, p)
		}
	}()
	return h(ctx, json.RawMessage(j.Args))
}

// RunDue runs every job that is due and has a handler, those included that are enqueued
// meanwhile, each once, and returns how many ran and the handlers' errors, joined. A job
// that fails waits as it would under a Worker. It is for tests and commands.
func (db *DB) RunDue(ctx context.Context, handlers map[string]Handler) (int, error) {
	ran := 0
	var failures []error
	kinds := kindsOf(handlers)
	for {
		ids, err := db.dueJobs(ctx, kinds, db.Now())
		if err != nil {
			return ran, err
		}
		if len(ids) == 0 {
			return ran, errors.Join(failures...)
		}
		for _, id := range ids {
			j, err := db.claim(ctx, id)
			if err != nil {
				return ran, err
			}
			if j == nil {
				continue
			}
			ran++
			failure, err := db.perform(ctx, j, handlers[j.Kind])
			if err != nil {
				return ran, err
			}
			if failure != nil {
				failures = append(failures, fmt.Errorf("job %s: %w", j.Kind, failure))
			}
		}
		if err := ctx.Err(); err != nil {
			return ran, err
		}
	}
}

// A GivenUp is a job that failed so often that nobody tries it any more. Why is in the
// log of the server, for it may hold internal texts.
type GivenUp struct {
	ID        string    `db:"id"`
	Kind      string    `db:"kind"`
	Args      string    `db:"args"` // as JSON
	Attempts  int64     `db:"attempts"`
	RunAt     time.Time `db:"run_at"` // of the last attempt
	CreatedAt time.Time `db:"created_at"`
}

// GivenUp returns the jobs that were given up, for people to look at.
func (db *DB) GivenUp(ctx context.Context) ([]GivenUp, error) {
	jobs := []GivenUp{}
	err := db.Reader(ctx).Select(&jobs, `
		SELECT id, kind, args, attempts, run_at, created_at FROM jobs WHERE state = 'given_up' ORDER BY run_at, id`)
	return jobs, err
}

// TryAgain makes a job that was given up ready once more, and records who asked. When
// there is no such job, the fault is NotFound, "job_not_found".
func (db *DB) TryAgain(ctx context.Context, by, id string, k Key) error {
	_, err := OnceIn(ctx, db, k, func(tx *Tx) (struct{}, error) {
		n, err := tx.Exec(`UPDATE jobs SET state = 'ready', attempts = 0, run_at = $2 WHERE id = $1 AND state = 'given_up'`, id, tx.Now)
		if err == nil && n == 0 {
			err = fault.New(fault.NotFound, "job_not_found", nil)
		}
		if err != nil {
			return struct{}{}, err
		}
		tx.due = true
		return struct{}{}, tx.Record(Change{By: by, Action: "job.try_again", Kind: "job", Subject: id})
	})
	return err
}

func kindsOf(handlers map[string]Handler) []string {
	kinds := make([]string, 0, len(handlers))
	for kind := range handlers {
		kinds = append(kinds, kind)
	}
	slices.Sort(kinds)
	return kinds
}

// ring wakes the workers of this process; bell is what they wait for.
func (db *DB) ring() {
	db.wakeMu.Lock()
	defer db.wakeMu.Unlock()
	close(db.wake)
	db.wake = make(chan struct{})
}

func (db *DB) bell() <-chan struct{} {
	db.wakeMu.Lock()
	defer db.wakeMu.Unlock()
	return db.wake
}
