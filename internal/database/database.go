// Package database is the open data base: transactions, locks, kept answers,
// jobs, the log of changes, backup. It is the only place that knows that there
// are two engines, SQLite and PostgreSQL; everybody else writes one SQL text,
// with $1, $2 for values, and is told of constraints by name.
//
// It refuses to know what the rows mean. Start reading at DB.In.
package database

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/base32"
	"fmt"
	"net/url"
	"sync"
	"time"

	"canot/migrations"
)

// Forever is the end of an occupancy whose end is not known.
var Forever = time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)

// ErrNoRows is returned by Get when there is no row.
var ErrNoRows = sql.ErrNoRows

// A Reader reads rows. A View, a Tx and DB.Reader all give one, bound to its context.
// Lists of values go through SelectIn, whose query holds `IN ($list)`.
// Times are read in UTC. The errors are those of DB.In.
type Reader interface {
	// Get reads one row into dest (a struct pointer, or a pointer to a scalar for one column).
	// It returns ErrNoRows when there is none.
	Get(dest any, query string, args ...any) error
	// Select reads all rows into dest, a pointer to a slice.
	Select(dest any, query string, args ...any) error
	// SelectIn is Select for a query that holds `IN ($list)`; list takes its place.
	// An empty list reads nothing and leaves dest empty.
	SelectIn(dest any, query string, list []string, args ...any) error
}

// Settings open a data base.
type Settings struct {
	URL      string             // sqlite:///path/file.db or postgres://…
	Clock    func() time.Time   // nil means the system's
	MaxConns int                // PostgreSQL connections, or SQLite readers; 0 means a sensible number
	Observe  func(query string) // called for every statement on the wire, BEGIN and COMMIT included; nil for none
}

// SQLiteURL is the URL of the SQLite data base in the file at path.
func SQLiteURL(path string) string { return (&url.URL{Scheme: "sqlite", Path: path}).String() }

// A Key is an Idempotency-Key with its scope. The zero Key keeps nothing.
type Key struct {
	Caller string // who asked: a member's id
	Key    string // what the caller sent
	Hash   string // of the request, so that the same key with another body is refused
}

// A Change is one row of the log: who did what to which thing, what it was, what it is.
// Before and After are encoded as JSON and must hold ids and figures only; of personal
// text they say that it changed, never what.
type Change struct {
	By      string // actor's id; "system" for jobs
	Action  string // "booking.place"
	Kind    string // "booking"
	Subject string // its id
	Before  any
	After   any
}

// A DB is an open data base. It is safe for concurrent use.
type DB struct {
	engine engine
	clock  func() time.Time
	inside sync.Map // goroutines that are in a transaction; kept in tests only

	wakeMu sync.Mutex
	wake   chan struct{} // closed when a job that is due was committed here
}

// Open opens the data base that s.URL names, sqlite:///path/file.db or postgres://…,
// and reaches it once. It does not migrate: see DB.Migrate. A SQLite file that is not
// there is made, readable by its owner only. The error is ErrUnavailable when the data
// base cannot be reached, or a plain one that names what is wrong with the URL.
func Open(ctx context.Context, s Settings) (*DB, error) {
	u, err := url.Parse(s.URL)
	if err != nil {
		return nil, fmt.Errorf("open data base: the URL cannot be read") // it may hold a password
	}
	db := &DB{clock: s.Clock, wake: make(chan struct{})}
	if db.clock == nil {
		db.clock = time.Now
	}
	switch u.Scheme {
	case "sqlite":
		db.engine, err = openSQLite(u, s)
	case "postgres", "postgresql":
		db.engine, err = openPostgres(u, s)
	default:
		err = fmt.Errorf("the URL begins with neither sqlite:// nor postgres://")
	}
	if err != nil {
		return nil, fmt.Errorf("open data base: %w", err)
	}
	if err := db.Ping(ctx); err != nil {
		_ = db.Close()
		return nil, fmt.Errorf("open data base: %w", err)
	}
	return db, nil
}

// Close ends the connections. Transactions that wait are answered ErrUnavailable.
func (db *DB) Close() error { return db.engine.close() }

// Now is the present instant by the data base's clock: UTC, cut to the second.
func (db *DB) Now() time.Time { return db.clock().UTC().Truncate(time.Second) }

// Engine is the name of the engine, "sqlite" or "postgres": for people and logs,
// never to be branched upon.
func (db *DB) Engine() string { return db.engine.name() }

// Ping asks the data base for one row. It returns ErrUnavailable when it does not answer.
func (db *DB) Ping(ctx context.Context) error {
	var one int
	return db.Reader(ctx).Get(&one, "SELECT 1")
}

// Migrate brings the schema up to date. Several servers may call it at once.
func (db *DB) Migrate(ctx context.Context) error {
	plain, err := db.engine.plain()
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	defer plain.Close()
	return explain(ctx, db.engine, migrations.Apply(ctx, plain, db.engine.name()))
}

// MigrationStatus lists the migrations of this program, and when each was applied.
func (db *DB) MigrationStatus(ctx context.Context) ([]migrations.Step, error) {
	plain, err := db.engine.plain()
	if err != nil {
		return nil, fmt.Errorf("migration status: %w", err)
	}
	defer plain.Close()
	steps, err := migrations.Status(ctx, plain, db.engine.name())
	return steps, explain(ctx, db.engine, err)
}

// Ready returns nil when the data base answers and has every migration of this program;
// ErrUnavailable when it does not answer, migrations.ErrPending when one is missing.
func (db *DB) Ready(ctx context.Context) error {
	if err := db.Ping(ctx); err != nil {
		return err
	}
	pending, err := migrations.Pending(ctx, db.engine.reads(), db.engine.name())
	if err != nil {
		return explain(ctx, db.engine, err)
	}
	if pending {
		return migrations.ErrPending
	}
	return nil
}

// Commits says how many durable commits carried how many transactions since Open.
// On PostgreSQL every transaction has a commit of its own.
type Commits struct{ Commits, Transactions int64 }

// Commits returns the counts so far.
func (db *DB) Commits() Commits { return db.engine.commits() }

var crockford = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

// NewID returns a new identifier: 80 random bits as 16 characters of lower-case
// base 32, without the letters that are taken for figures.
func NewID() string {
	var b [10]byte
	_, _ = rand.Read(b[:]) // never fails, by its documentation
	return crockford.EncodeToString(b[:])
}
