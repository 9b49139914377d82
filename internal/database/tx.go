package database

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// A Tx is a transaction under way. It reads what it wrote. It is good until the
// function that received it returns, and for one goroutine. After a statement has
// failed (but for ErrNoRows) all others fail too, and the transaction is rolled back.
type Tx struct {
	// Now is the instant at which the transaction began: UTC, whole seconds.
	Now time.Time

	reader
	request string
	locked  lockOrder
	due     bool // a job that is due was enqueued
}

// In runs f in a transaction and commits it when f returns nil. When In returns nil the
// writes are on disk; when it returns an error or panics, nothing happened. (The one
// exception is ErrUnavailable from a connection lost during the commit: then nobody knows.)
// f may run more than once: it must have no effect but through its Tx. Inside f nothing is
// sent or published and no second transaction is begun; in tests that fails.
//
// It returns f's error as it is, ErrUnavailable, or ctx's error when the caller
// left before the transaction had begun. On SQLite a caller who leaves later is still served.
func (db *DB) In(ctx context.Context, f func(tx *Tx) error) error {
	leave, err := db.enter()
	if err != nil {
		return err
	}
	defer leave()
	due := false
	err = db.engine.transact(ctx, func(inner context.Context, q querier) error {
		tx := db.newTx(ctx, inner, q)
		if err := f(tx); err != nil {
			return &callersOwn{err}
		}
		due = tx.due
		return *tx.failed
	})
	if own, ok := err.(*callersOwn); ok {
		return own.error // its statements' errors are explained already, and an io.EOF of its own means something else
	}
	if err != nil {
		return explain(ctx, db.engine, err)
	}
	if due {
		db.ring()
	}
	return nil
}

// callersOwn marks an error that the function given to In returned.
type callersOwn struct{ error }

func (e *callersOwn) Unwrap() error { return e.error }

func (db *DB) newTx(caller, inner context.Context, q querier) *Tx {
	return &Tx{
		Now:     db.Now(),
		reader:  reader{ctx: inner, caller: caller, q: q, engine: db.engine, failed: new(error)},
		request: RequestID(caller),
	}
}

// Exec runs a statement and returns the number of rows it wrote.
// A violated constraint is an error whose name Constraint tells.
func (tx *Tx) Exec(query string, args ...any) (rows int64, err error) {
	return tx.exec(query, args)
}

// ExecIn is Exec for a query that holds `IN ($list)` exactly once; list takes its place.
// An empty list writes nothing.
func (tx *Tx) ExecIn(query string, list []string, args ...any) (rows int64, err error) {
	if len(list) == 0 {
		return 0, nil
	}
	return tx.exec(withList(tx.engine, query, len(args)), append(args[:len(args):len(args)], tx.engine.list(list)))
}

// lockedInOrder are the tables whose rows are locked, in the one order in which
// everybody locks them: then nobody waits in a circle.
var lockedInOrder = []string{"hubs", "resources", "units", "members", "organisations", "memberships", "bookings"}

type lockOrder struct {
	table int
	last  string
}

// Lock holds the rows of table with these ids against other transactions that lock or
// write them, until this one ends. Ids that are not there are passed over. Tables are
// locked in the order hubs, resources, units, members, organisations, memberships, bookings, and ids in their
// order; in tests another order panics. On SQLite there is one writer and nothing to do.
func (tx *Tx) Lock(table string, ids ...string) error {
	at := slices.Index(lockedInOrder, table)
	if at < 0 {
		panic("database: " + table + " is not among the tables that are locked")
	}
	if len(ids) == 0 {
		return nil
	}
	ids = slices.Clone(ids)
	slices.Sort(ids)
	ids = slices.Compact(ids)
	if testing.Testing() {
		tx.locked.check(at, ids[0])
	}
	tx.locked = lockOrder{table: at, last: ids[len(ids)-1]}
	query := tx.engine.lock(table)
	if query == "" {
		return nil
	}
	_, err := tx.exec(query, []any{tx.engine.list(ids)})
	return err
}

func (o lockOrder) check(table int, first string) {
	if table < o.table || table == o.table && first < o.last {
		panic(fmt.Sprintf("database: %s %s locked after %s %s", lockedInOrder[table], first, lockedInOrder[o.table], o.last))
	}
}

// enter refuses a transaction inside a transaction. A goroutine is asked for its number,
// which takes microseconds, so only tests pay for it. Elsewhere such a mistake ends in
// ErrUnavailable on SQLite, when its wait for the writer is over.
func (db *DB) enter() (leave func(), err error) {
	if !testing.Testing() {
		return func() {}, nil
	}
	id := goroutine()
	if _, inside := db.inside.LoadOrStore(id, true); inside {
		return nil, errNested
	}
	return func() { db.inside.Delete(id) }, nil
}

func goroutine() uint64 {
	var b [40]byte
	text := b[:runtime.Stack(b[:], false)] // goroutine 18 [running]: …
	id, _ := strconv.ParseUint(string(bytes.Fields(text)[1]), 10, 64)
	return id
}

type requestID struct{}

// WithRequestID returns a context whose transactions write id beside each change they record.
func WithRequestID(ctx context.Context, id string) context.Context {
	return context.WithValue(ctx, requestID{}, id)
}

// RequestID returns the id that WithRequestID put into the context, or "".
func RequestID(ctx context.Context) string {
	id, _ := ctx.Value(requestID{}).(string)
	return id
}

// Record appends changes to the log, which nobody can alter afterwards.
func (tx *Tx) Record(changes ...Change) error {
	rows := make([][]any, len(changes))
	for i, c := range changes {
		before, err1 := json.Marshal(c.Before)
		after, err2 := json.Marshal(c.After)
		if err := errors.Join(err1, err2); err != nil {
			return fmt.Errorf("record %s: %w", c.Action, err)
		}
		rows[i] = []any{tx.Now, c.By, tx.request, c.Action, c.Kind, c.Subject, string(before), string(after)}
	}
	return tx.Insert(`INSERT INTO changes (at, actor_id, request_id, action, subject_kind, subject_id, before, after) VALUES `, rows...)
}

// rowsAtOnce bounds the rows of one INSERT, and so the number of different texts.
const rowsAtOnce = 64

// Insert writes rows of equal length, several to a statement. into is the statement up
// to and with VALUES. No rows are no statement.
func (tx *Tx) Insert(into string, rows ...[]any) error {
	for len(rows) > 0 {
		n := min(len(rows), rowsAtOnce)
		var text strings.Builder
		var args []any
		text.WriteString(into)
		for i, row := range rows[:n] {
			for j, arg := range row {
				switch {
				case j > 0:
					text.WriteString(", ")
				case i > 0:
					text.WriteString("), (")
				default:
					text.WriteString("(")
				}
				args = append(args, arg)
				text.WriteString("$" + strconv.Itoa(len(args)))
			}
		}
		text.WriteString(")")
		if _, err := tx.Exec(text.String(), args...); err != nil {
			return err
		}
		rows = rows[n:]
	}
	return nil
}
