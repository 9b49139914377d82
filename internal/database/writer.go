package database

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"sync"
	"sync/atomic"
	"time"
)

const (
	maxJoined   = 128                     // transactions in one commit
	longestWait = 10 * time.Second        // of a caller for its turn
	longestGap  = 1500 * time.Microsecond // for the next expected caller
	longestOpen = 20 * time.Millisecond   // of a commit that waits for others
)

// A writer owns the one SQLite connection that writes. Waiting transactions join in one
// commit, each but the first under its own savepoint: putting a commit on disk takes as long as running
// many transactions. A caller is given the connection for its turn, runs on its own
// goroutine, hands it back, and is answered after the commit that carries it.
//
// No context of a caller reaches a statement: SQLite answers an interrupted statement by
// rolling back the whole transaction, that is, everybody's.
type writer struct {
	pool      *sql.DB
	queue     chan *turn
	closing   chan struct{}
	closed    chan struct{}
	closeOnce sync.Once

	conn     *sql.Conn // nil until needed, and after it failed
	expected int       // callers that will probably come
	pace     time.Duration

	committed, carried atomic.Int64
}

// A turn is one caller's place in a commit.
type turn struct {
	first  bool         // in its commit: nobody's work is before it, and it needs no savepoint
	undone bool         // it was the first, it failed, and the transaction is over
	state  atomic.Int32 // waiting, then begun by the writer or left by the caller
	begin  chan *sql.Conn
	end    chan error // nil: the shared transaction is as it should be
	answer chan error // after the commit
}

const (
	waiting int32 = iota
	begun
	left
)

func newWriter(pool *sql.DB) *writer {
	w := &writer{pool: pool, queue: make(chan *turn, 4*maxJoined), closing: make(chan struct{}), closed: make(chan struct{})}
	go w.run()
	return w
}

func (w *writer) transact(ctx context.Context, f func(context.Context, querier) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	t := &turn{begin: make(chan *sql.Conn, 1), end: make(chan error, 1), answer: make(chan error, 1)}
	patience := time.NewTimer(longestWait)
	defer patience.Stop()
	select {
	case w.queue <- t:
	case <-ctx.Done():
		return ctx.Err()
	case <-w.closing:
		return unavailable(errClosed)
	case <-patience.C:
		return unavailable(context.DeadlineExceeded)
	}
	conn, err := w.await(ctx, t, patience)
	if err != nil {
		return err
	}
	mine := t.take(conn, f)
	if err := <-t.answer; err != nil {
		return err
	}
	return mine
}

// await waits for the turn. Whoever leaves must not be begun, and whoever is begun must
// not leave: f writes to its caller's variables.
func (w *writer) await(ctx context.Context, t *turn, patience *time.Timer) (*sql.Conn, error) {
	var why error
	select {
	case conn := <-t.begin:
		return conn, nil
	case err := <-t.answer:
		return nil, err
	case <-ctx.Done():
		why = ctx.Err()
	case <-w.closed:
		why = unavailable(errClosed)
	case <-patience.C:
		why = unavailable(context.DeadlineExceeded)
	}
	if t.state.CompareAndSwap(waiting, left) {
		return nil, why
	}
	select {
	case conn := <-t.begin:
		return conn, nil
	case err := <-t.answer:
		return nil, err
	}
}

// take runs f under a savepoint, or as the first of its commit without one. Whatever f does, return, panic or end its goroutine,
// the connection is handed back and the writer told how things stand.
func (t *turn) take(conn *sql.Conn, f func(context.Context, querier) error) (err error) {
	nobody := context.Background()
	var lost error
	defer func() { t.end <- lost }()
	keep := false
	if t.first {
		defer func() {
			if t.undone = !keep; t.undone {
				_, lost = conn.ExecContext(nobody, "ROLLBACK") // fails when SQLite has done so already
			}
		}()
		err = f(nobody, conn)
		keep = err == nil
		return err
	}
	if _, lost = conn.ExecContext(nobody, "SAVEPOINT turn"); lost != nil {
		return lost
	}
	defer func() {
		if !keep {
			// Fails when SQLite has already rolled back the whole transaction.
			if _, lost = conn.ExecContext(nobody, "ROLLBACK TO turn"); lost != nil {
				return
			}
		}
		_, lost = conn.ExecContext(nobody, "RELEASE turn")
	}()
	err = f(nobody, conn)
	keep = err == nil
	return err
}

func (w *writer) run() {
	defer close(w.closed)
	for {
		select {
		case t := <-w.queue:
			w.commit(t)
		case <-w.closing:
			return // whoever still waits sees that closed is closed
		}
	}
}

// commit runs first, and whoever else comes in time, and commits them together.
func (w *writer) commit(first *turn) {
	err := w.begin()
	if err != nil {
		w.heal()
		w.refuse(first, err)
		return
	}
	opened := time.Now()
	var joined []*turn
	for t := first; t != nil; t = w.next(len(joined), opened) {
		if !t.state.CompareAndSwap(waiting, begun) {
			continue
		}
		t.first = len(joined) == 0
		joined = append(joined, t)
		t.begin <- w.conn
		if err = <-t.end; err != nil {
			break // before another turn is taken from the queue
		}
		if t.undone {
			t.answer <- nil // nothing is to be committed; what went wrong, its caller knows
			return
		}
	}
	if err == nil {
		start := time.Now()
		_, err = w.conn.ExecContext(context.Background(), "COMMIT")
		w.pace = time.Since(start)
	}
	if err != nil {
		w.heal()
		err = unavailable(err)
	} else {
		w.committed.Add(1)
		w.carried.Add(int64(len(joined)))
	}
	for _, t := range joined {
		t.answer <- err
	}
	w.expected = max(len(joined)+len(w.queue), w.expected*3/4)
}

// next is the next caller to join, or nil when it is time to commit. A lone caller
// waits for nobody. Where several come and go, those just answered will be back in a
// moment, and waiting for them costs less than a commit that they miss.
func (w *writer) next(joined int, opened time.Time) *turn {
	if joined >= maxJoined {
		return nil
	}
	select {
	case t := <-w.queue:
		return t
	default:
	}
	if joined >= w.expected || time.Since(opened) > longestOpen {
		return nil
	}
	gap := time.NewTimer(min(w.pace, longestGap))
	defer gap.Stop()
	select {
	case t := <-w.queue:
		return t
	case <-gap.C:
	case <-w.closing:
	}
	return nil
}

func (w *writer) begin() error {
	nobody := context.Background()
	if w.conn == nil {
		conn, err := w.pool.Conn(nobody)
		if err != nil {
			return err
		}
		w.conn = conn
	}
	_, err := w.conn.ExecContext(nobody, "BEGIN IMMEDIATE")
	return err
}

// heal throws the connection away, with whatever is still open on it.
func (w *writer) heal() {
	if w.conn == nil {
		return
	}
	_, _ = w.conn.ExecContext(context.Background(), "ROLLBACK")
	_ = w.conn.Raw(func(any) error { return driver.ErrBadConn })
	_ = w.conn.Close()
	w.conn = nil
}

// refuse answers everybody who waits, first included: the data base cannot be written.
func (w *writer) refuse(first *turn, err error) {
	for t := first; t != nil; {
		if t.state.CompareAndSwap(waiting, begun) {
			t.answer <- unavailable(err)
		}
		select {
		case t = <-w.queue:
		default:
			t = nil
		}
	}
}

func (w *writer) close() error {
	w.closeOnce.Do(func() { close(w.closing) })
	<-w.closed
	var err error
	if w.conn != nil {
		err = w.conn.Close()
		w.conn = nil
	}
	return errors.Join(err, w.pool.Close())
}
