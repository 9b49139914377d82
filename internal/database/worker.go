package database

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"time"
)

const (
	pollEvery  = time.Second
	pollDead   = 5 * time.Second // while the data base is away
	jobRunners = 2
)

// A Worker runs jobs as they fall due. Any number of workers, in any number of
// processes, share the jobs of one data base.
type Worker struct {
	db       *DB
	log      *slog.Logger
	handlers map[string]Handler
}

// NewWorker makes a Worker that claims only the kinds it has handlers for.
// It writes one record to log for each job it ran.
func NewWorker(db *DB, log *slog.Logger, handlers map[string]Handler) *Worker {
	return &Worker{db: db, log: log, handlers: handlers}
}

// Run runs jobs until ctx ends, then returns nil once those under way have stopped.
// While the data base is away it waits and tries again.
func (w *Worker) Run(ctx context.Context) error {
	done := make(chan struct{})
	for range jobRunners {
		go func() {
			defer func() { done <- struct{}{} }()
			w.loop(ctx)
		}()
	}
	for range jobRunners {
		<-done
	}
	return nil
}

func (w *Worker) loop(ctx context.Context) {
	kinds := kindsOf(w.handlers)
	for ctx.Err() == nil {
		bell := w.db.bell() // before looking, so that nothing is missed between looking and waiting
		ran, err := w.round(ctx, kinds)
		switch {
		case err != nil && ctx.Err() == nil:
			w.log.LogAttrs(ctx, slog.LevelWarn, "jobs wait", slog.String("error", err.Error()))
			pause(ctx, nil, pollDead)
		case ran == 0:
			pause(ctx, bell, pollEvery)
		}
	}
}

// round claims and runs what is due now, in an order of its own so that workers seldom
// want the same job.
func (w *Worker) round(ctx context.Context, kinds []string) (ran int, err error) {
	ids, err := w.db.dueJobs(ctx, kinds, w.db.Now())
	if err != nil {
		return 0, err
	}
	rand.Shuffle(len(ids), func(i, j int) { ids[i], ids[j] = ids[j], ids[i] })
	for _, id := range ids {
		if ctx.Err() != nil {
			return ran, nil
		}
		j, err := w.db.claim(ctx, id)
		if err != nil {
			return ran, err
		}
		if j == nil {
			continue
		}
		ran++
		start := time.Now()
		failure, err := w.db.perform(ctx, j, w.handlers[j.Kind])
		w.report(ctx, j, time.Since(start), failure)
		if err != nil {
			return ran, err
		}
	}
	return ran, nil
}

func (w *Worker) report(ctx context.Context, j *job, took time.Duration, failure error) {
	level, outcome := slog.LevelInfo, "done"
	switch {
	case failure == nil:
	case errors.Is(failure, context.Canceled) && ctx.Err() != nil:
		outcome = "put back"
	case j.Attempts >= maxTries:
		level, outcome = slog.LevelError, "given up"
	default:
		level, outcome = slog.LevelWarn, "will be tried again"
	}
	attrs := []slog.Attr{
		slog.String("job", j.Kind), slog.String("id", j.ID), slog.Int64("try", j.Attempts),
		slog.String("outcome", outcome), slog.Duration("took", took),
	}
	if failure != nil {
		attrs = append(attrs, slog.String("error", failure.Error()))
	}
	w.log.LogAttrs(ctx, level, "job", attrs...)
}

// pause waits for the bell, a while, or the end.
func pause(ctx context.Context, bell <-chan struct{}, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-bell:
	case <-timer.C:
	case <-ctx.Done():
	}
}
