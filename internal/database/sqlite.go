package database

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"time"

	driver "modernc.org/sqlite"
	codes "modernc.org/sqlite/lib"

	"canot/migrations"
)

type sqlite struct {
	dsn     string // without what tells readers and writer apart
	readers *sql.DB
	writer  *writer
}

// openSQLite opens one connection that writes and several that read. The one option of
// the URL is synchronous=NORMAL, for measuring what a durable commit costs: with it,
// an answered write may be lost in a power cut.
func openSQLite(u *url.URL, s Settings) (*sqlite, error) {
	// A # would begin a fragment, and what follows would be left out of the file's name.
	if u.Host != "" || !strings.HasPrefix(u.Path, "/") || u.Path == "/" || u.Fragment != "" {
		return nil, fmt.Errorf("a SQLite URL is sqlite:///absolute/path/to/file.db, with %%23 for # and %%3F for ?")
	}
	synchronous := "FULL"
	for key, values := range u.Query() {
		if key != "synchronous" || len(values) != 1 || values[0] != "NORMAL" {
			return nil, fmt.Errorf("a SQLite URL has no option %q", key)
		}
		synchronous = "NORMAL"
	}
	// The file holds names and addresses of people: nobody else on the machine reads it.
	file, err := os.OpenFile(u.Path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, unavailable(err)
	}
	_ = file.Close()

	l := &sqlite{dsn: sqliteDSN(u.Path, synchronous)}
	write, err := driver.NewConnector(l.dsn + "&_txlock=immediate&_pragma=cache_size(-32768)")
	if err != nil {
		return nil, err
	}
	read, err := driver.NewConnector(l.dsn + "&_txlock=deferred&_query_only=1&_pragma=cache_size(-8192)")
	if err != nil {
		return nil, err
	}
	conns := s.MaxConns
	if conns == 0 {
		conns = max(4, runtime.GOMAXPROCS(0))
	}
	l.readers = sql.OpenDB(connector{Connector: read, observe: s.Observe})
	l.readers.SetMaxOpenConns(conns)
	l.readers.SetMaxIdleConns(conns)
	one := sql.OpenDB(connector{Connector: write, observe: s.Observe})
	one.SetMaxOpenConns(1)
	l.writer = newWriter(one)
	return l, nil
}

func sqliteDSN(path, synchronous string) string {
	q := url.Values{
		"_busy_timeout": {"5000"},
		"_journal_mode": {"WAL"},
		"_synchronous":  {synchronous},
		"_foreign_keys": {"1"},
		"_dqs":          {"0"},
		"_time_format":  {"sqlite"},
		"_timezone":     {"UTC"},
		"_pragma":       {"temp_store(MEMORY)", "trusted_schema(OFF)", "secure_delete(FAST)"},
	}
	return (&url.URL{Scheme: "file", Path: path, RawQuery: q.Encode()}).String()
}

func (l *sqlite) name() string             { return "sqlite" }
func (l *sqlite) reads() *sql.DB           { return l.readers }
func (l *sqlite) snapshot() *sql.TxOptions { return &sql.TxOptions{ReadOnly: true} }
func (l *sqlite) patience() time.Duration  { return 0 }
func (l *sqlite) lock(string) string       { return "" }
func (l *sqlite) resetSequence() string    { return "" }
func (l *sqlite) plain() (*sql.DB, error)  { return sql.Open("sqlite", l.dsn+"&_txlock=immediate") }

func (l *sqlite) commits() Commits {
	return Commits{Commits: l.writer.committed.Load(), Transactions: l.writer.carried.Load()}
}

func (l *sqlite) close() error {
	return errors.Join(l.writer.close(), l.readers.Close())
}

func (l *sqlite) membership(n int) (in, notIn string) {
	values := "IN (SELECT value FROM json_each($" + strconv.Itoa(n) + "))"
	return values, "NOT " + values
}

func (l *sqlite) list(values []string) any {
	text, _ := json.Marshal(values) // strings always encode
	return string(text)
}

func (l *sqlite) transact(ctx context.Context, f func(context.Context, querier) error) error {
	return l.writer.transact(ctx, f)
}

// away: the file is locked, gone, unreadable, or the disk is full.
func (l *sqlite) away(err error) bool {
	var e *driver.Error
	if !errors.As(err, &e) {
		return false
	}
	switch e.Code() & 0xff {
	case codes.SQLITE_BUSY, codes.SQLITE_LOCKED, codes.SQLITE_NOMEM, codes.SQLITE_READONLY, codes.SQLITE_INTERRUPT,
		codes.SQLITE_IOERR, codes.SQLITE_FULL, codes.SQLITE_CANTOPEN, codes.SQLITE_PROTOCOL:
		return true
	}
	return false
}

// What the messages of a violated constraint look like. The triggers' own words are
// the name itself.
var (
	checkFailed  = regexp.MustCompile(`CHECK constraint failed: (\w+)`)
	uniqueFailed = regexp.MustCompile(`UNIQUE constraint failed: ([\w., ]+?) \(`)
	raised       = regexp.MustCompile(`constraint failed: (\w+) \(1811\)`)
)

func (l *sqlite) violated(err error) bool {
	var e *driver.Error
	return errors.As(err, &e) && e.Code()&0xff == codes.SQLITE_CONSTRAINT
}

func (l *sqlite) constraint(err error) string {
	if !l.violated(err) {
		return ""
	}
	var e *driver.Error
	errors.As(err, &e)
	for _, form := range []*regexp.Regexp{raised, checkFailed} {
		if m := form.FindStringSubmatch(e.Error()); m != nil {
			return m[1]
		}
	}
	if m := uniqueFailed.FindStringSubmatch(e.Error()); m != nil {
		return uniqueNames()[m[1]]
	}
	return ""
}

// uniqueNames tells the names of unique constraints by «table.column, table.column»,
// which is all that SQLite says of them: the names are read from the schema's text.
var uniqueNames = sync.OnceValue(func() map[string]string {
	names := map[string]string{}
	for _, u := range migrations.UniqueConstraints() {
		columns := make([]string, len(u.Columns))
		for i, c := range u.Columns {
			columns[i] = u.Table + "." + c
		}
		names[strings.Join(columns, ", ")] = u.Name
	}
	return names
})
