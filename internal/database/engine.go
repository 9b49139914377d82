package database

import (
	"context"
	"database/sql"
	"time"
)

// An engine is all in which SQLite and PostgreSQL differ: how they are opened, how a
// transaction is run, how rows are locked, how a list is handed over, how errors are read.
type engine interface {
	name() string
	// reads is the pool for reading outside of transactions.
	reads() *sql.DB
	// plain opens a pool of its own without remembered statements, for migrations.
	plain() (*sql.DB, error)
	// snapshot says how a read-only transaction begins.
	snapshot() *sql.TxOptions
	// transact runs f in a transaction on which f's statements run, and commits it when f
	// returns nil. It may run f again. Its statements run on inner, which no caller cancels.
	transact(ctx context.Context, f func(inner context.Context, q querier) error) error
	// patience is how long a statement outside of views may take, and 0 for no bound;
	// with a bound, a transaction also ends before its next statement when its caller left.
	patience() time.Duration
	// membership is the condition that a column is among the values of parameter n: what
	// takes the place of `IN ($list)` and of `NOT IN ($list)`.
	membership(n int) (in, notIn string)
	// list is the parameter that hands over the values.
	list(values []string) any
	// lock is the statement that locks the rows whose ids are given as $1, "" for none.
	lock(table string) string
	// resetSequence is the statement run after changes.seq was filled from outside, "" for none.
	resetSequence() string
	// away reports whether err means that the data base cannot be used for now.
	away(err error) bool
	// violated reports whether err is a violated constraint, and constraint names it, "" when
	// the engine does not.
	violated(err error) bool
	constraint(err error) string
	commits() Commits
	close() error
}

// A querier runs statements: a pool, a connection or a transaction.
type querier interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}
