// Package dbtest gives each test a fresh, migrated data base on each engine: a SQLite
// file in the test's folder, and a PostgreSQL data base of its own, cloned from a
// template. It skips nothing: without PostgreSQL the test fails. Start reading at Each.
package dbtest

import (
	"context"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"canot/internal/database"
)

// Engines are the engines on which Each runs.
var Engines = []string{"sqlite", "postgres"}

// Each runs f once per engine, as parallel subtests named after the engines, each with a
// fresh, migrated data base that is gone after the test. It uses the system's clock.
func Each(t *testing.T, f func(t *testing.T, db *database.DB)) {
	t.Helper()
	EachWith(t, database.Settings{}, f)
}

// EachWith is Each with settings: a clock, an observer, a number of connections.
// It fills in the URL.
func EachWith(t *testing.T, s database.Settings, f func(t *testing.T, db *database.DB)) {
	t.Helper()
	for _, engine := range Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			f(t, Open(t, engine, s))
		})
	}
}

// Open opens a fresh, migrated data base of one engine, closed and gone after the test.
func Open(t testing.TB, engine string, s database.Settings) *database.DB {
	t.Helper()
	s.URL = URL(t, engine)
	return Reopen(t, s)
}

// Reopen opens the data base that s names once more, as a second server would, and
// closes it after the test.
func Reopen(t testing.TB, s database.Settings) *database.DB {
	t.Helper()
	if s.MaxConns == 0 {
		s.MaxConns = 8
	}
	db, err := database.Open(context.Background(), s)
	if err != nil {
		t.Fatalf("open %s: %v", s.URL, err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// URL makes a fresh, migrated data base of one engine, gone after the test, and returns
// its URL: for tests that start the program itself.
func URL(t testing.TB, engine string) string {
	t.Helper()
	if engine == "postgres" {
		return postgresURL(t, true)
	}
	url := database.SQLiteURL(filepath.Join(t.TempDir(), "canot.db"))
	migrate(t, url)
	return url
}

// EmptyURL is URL for a data base that nobody has migrated.
func EmptyURL(t testing.TB, engine string) string {
	t.Helper()
	if engine == "postgres" {
		return postgresURL(t, false)
	}
	return database.SQLiteURL(filepath.Join(t.TempDir(), "empty.db"))
}

func migrate(t testing.TB, url string) {
	t.Helper()
	db, err := database.Open(context.Background(), database.Settings{URL: url, MaxConns: 2})
	if err != nil {
		t.Fatalf("open %s: %v", url, err)
	}
	defer db.Close()
	if err := db.Migrate(context.Background()); err != nil {
		t.Fatalf("migrate %s: %v", url, err)
	}
}

// A Clock stands still until it is set or moved. It is safe for concurrent use.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// NewClock makes a clock that shows t: hand its Now to Settings.Clock.
func NewClock(t time.Time) *Clock { return &Clock{now: t} }

// Now is what the clock shows.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Set makes the clock show t.
func (c *Clock) Set(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = t
}

// Move turns the clock forward, or back, by d.
func (c *Clock) Move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// A Counter counts and keeps the statements on the wire. It is safe for concurrent use.
type Counter struct {
	mu         sync.Mutex
	statements []string
}

// Observe counts a statement: hand it to Settings.Observe.
func (c *Counter) Observe(query string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.statements = append(c.statements, query)
}

// Statements runs f and returns the statements that reached the data base meanwhile, in
// order, BEGIN and COMMIT included. Nothing else may use the data base at the time.
func (c *Counter) Statements(f func()) []string {
	c.mu.Lock()
	before := len(c.statements)
	c.mu.Unlock()
	f()
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]string(nil), c.statements[before:]...)
}

// Statements opens a fresh data base of one engine together with a Counter of its statements.
func Statements(t testing.TB, engine string, s database.Settings) (*database.DB, *Counter) {
	t.Helper()
	c := &Counter{}
	s.Observe = c.Observe
	return Open(t, engine, s), c
}
