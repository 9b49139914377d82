package migrations_test

import (
	"context"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"canot/internal/database"
	"canot/internal/database/dbtest"
	"canot/migrations"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// schema describes what the two engines must have in common, one line per thing.
type schema map[string]bool

func (s schema) add(format string, args ...any) { s[fmt.Sprintf(format, args...)] = true }

var kinds = map[string]string{
	"TEXT": "text", "text": "text", "INTEGER": "integer", "bigint": "integer", "REAL": "real", "double precision": "real",
	"BOOLEAN": "boolean", "boolean": "boolean", "TIMESTAMP": "instant", "timestamp with time zone": "instant",
}

func postgresSchema(t *testing.T, db *database.DB) schema {
	t.Helper()
	s := schema{}
	r := db.Reader(t.Context())
	var columns []struct {
		Table    string `db:"table_name"`
		Column   string `db:"column_name"`
		Type     string `db:"data_type"`
		Nullable string `db:"is_nullable"`
	}
	must(t, r.Select(&columns, `SELECT table_name::text, column_name::text, data_type::text, is_nullable::text
		FROM information_schema.columns WHERE table_schema = 'public' AND table_name <> 'goose_db_version'`))
	for _, c := range columns {
		s.add("column %s.%s %s null=%v", c.Table, c.Column, kinds[c.Type], c.Nullable == "YES")
	}
	var names []string
	must(t, r.Select(&names, `SELECT conrelid::regclass::text || ' constraint ' || conname FROM pg_constraint
		WHERE connamespace = 'public'::regnamespace AND conrelid <> 'goose_db_version'::regclass AND contype <> 't' AND contype <> 'x'`))
	addAll(s, names)
	// The indexes that are not a constraint's own.
	must(t, r.Select(&names, `SELECT tablename || ' index ' || indexname FROM pg_indexes WHERE schemaname = 'public'
		AND tablename <> 'goose_db_version' AND indexname NOT IN (SELECT conname FROM pg_constraint)`))
	addAll(s, names)
	must(t, r.Select(&names, `SELECT tgrelid::regclass::text || ' trigger ' || tgname FROM pg_trigger
		WHERE NOT tgisinternal AND tgname NOT LIKE '%_truncate'`)) // SQLite has no TRUNCATE
	addAll(s, names)
	return s
}

var namedConstraint = regexp.MustCompile(`CONSTRAINT (\w+) `)

func sqliteSchema(t *testing.T, db *database.DB) schema {
	t.Helper()
	s := schema{}
	r := db.Reader(t.Context())
	var things []struct {
		Type  string  `db:"type"`
		Name  string  `db:"name"`
		Table string  `db:"tbl_name"`
		SQL   *string `db:"sql"`
	}
	must(t, r.Select(&things, `SELECT type, name, tbl_name, sql FROM sqlite_master
		WHERE tbl_name <> 'goose_db_version' AND tbl_name NOT LIKE 'sqlite_%'`))
	for _, thing := range things {
		switch {
		case thing.Type == "table":
			addColumns(t, s, r, thing.Name)
			for _, m := range namedConstraint.FindAllStringSubmatch(*thing.SQL, -1) {
				s.add("%s constraint %s", thing.Name, m[1])
			}
		case thing.SQL == nil: // the index of a constraint
		case strings.HasPrefix(thing.Name, "occupancies_no_overlap_"): // the exclusion constraint of PostgreSQL
		default:
			s.add("%s %s %s", thing.Table, thing.Type, thing.Name)
		}
	}
	return s
}

func addColumns(t *testing.T, s schema, r database.Reader, table string) {
	t.Helper()
	var columns []struct {
		Name    string `db:"name"`
		Type    string `db:"type"`
		NotNull bool   `db:"notnull"`
		Key     int    `db:"pk"`
	}
	must(t, r.Select(&columns, `SELECT name, type, "notnull", pk FROM pragma_table_info($1)`, table))
	for _, c := range columns {
		integerKey := c.Key > 0 && c.Type == "INTEGER" // never null, whatever is said
		s.add("column %s.%s %s null=%v", table, c.Name, kinds[c.Type], !c.NotNull && !integerKey)
	}
}

func addAll(s schema, lines []string) {
	for _, l := range lines {
		s[l] = true
	}
}

func TestBothEnginesHaveTheSameSchema(t *testing.T) {
	sqlite := sqliteSchema(t, dbtest.Open(t, "sqlite", database.Settings{}))
	postgres := postgresSchema(t, dbtest.Open(t, "postgres", database.Settings{}))
	if len(sqlite) < 250 {
		t.Errorf("only %d things were compared", len(sqlite))
	}
	for _, line := range slices.Sorted(maps.Keys(sqlite)) {
		if !postgres[line] {
			t.Errorf("only SQLite has: %s", line)
		}
	}
	for _, line := range slices.Sorted(maps.Keys(postgres)) {
		if !sqlite[line] {
			t.Errorf("only PostgreSQL has: %s", line)
		}
	}
}

func TestBothEnginesHaveTheSameNumbers(t *testing.T) {
	names := func(engine string) []string {
		found, err := fs.Glob(os.DirFS(engine), "*.sql")
		must(t, err)
		return found
	}
	if a, b := names("sqlite"), names("postgres"); !slices.Equal(a, b) || len(a) == 0 {
		t.Errorf("%v and %v", a, b)
	}
}

// A trigger that rolls back would roll back everybody in a shared commit.
func TestNoTriggerRollsBackTheTransaction(t *testing.T) {
	if strings.Contains(strings.ToUpper(migrations.Text("sqlite")), "RAISE(ROLLBACK") {
		t.Error("a SQLite trigger raises ROLLBACK; it must raise ABORT")
	}
	if strings.Contains(strings.ToUpper(migrations.Text("sqlite")), "+GOOSE DOWN") {
		t.Error("migrations only go forward")
	}
}

func TestEveryUniqueConstraintIsNamed(t *testing.T) {
	text := migrations.Text("sqlite")
	want := strings.Count(text, "PRIMARY KEY") + strings.Count(text, " UNIQUE")
	if got := len(migrations.UniqueConstraints()); got != want {
		t.Errorf("%d unique constraints were understood, of %d in the text", got, want)
	}
}

func TestServersMayStartAtOnce(t *testing.T) {
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			url := dbtest.EmptyURL(t, engine)
			var all sync.WaitGroup
			for range 4 {
				db := dbtest.Reopen(t, database.Settings{URL: url, MaxConns: 2})
				all.Go(func() {
					if err := db.Migrate(context.Background()); err != nil {
						t.Errorf("migrate: %v", err)
					}
					if err := db.Ready(context.Background()); err != nil {
						t.Errorf("ready: %v", err)
					}
				})
			}
			all.Wait()
		})
	}
}

func TestStatusTellsWhatIsPending(t *testing.T) {
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			db := dbtest.Reopen(t, database.Settings{URL: dbtest.EmptyURL(t, engine), MaxConns: 2})
			if err := db.Ready(t.Context()); err != migrations.ErrPending {
				t.Errorf("ready before: %v", err)
			}
			steps, err := db.MigrationStatus(t.Context())
			must(t, err)
			if len(steps) == 0 || steps[0].Name != "0001_network.sql" || !steps[0].AppliedAt.IsZero() {
				t.Errorf("before: %+v", steps)
			}
			must(t, db.Migrate(t.Context()))
			must(t, db.Ready(t.Context()))
			steps, err = db.MigrationStatus(t.Context())
			must(t, err)
			if steps[len(steps)-1].AppliedAt.IsZero() || steps[len(steps)-1].Number != migrations.Latest() {
				t.Errorf("after: %+v", steps)
			}
			must(t, db.Migrate(t.Context())) // again: nothing to do
		})
	}
}

// Killed in the middle, a migration leaves nothing, and the next start does it.
func TestAMigrationCutShortIsDoneAgain(t *testing.T) {
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			url := dbtest.EmptyURL(t, engine)
			db := dbtest.Reopen(t, database.Settings{URL: url, MaxConns: 2})
			// A table of the same name near the end of the step stops it there.
			must(t, db.In(t.Context(), func(tx *database.Tx) error {
				_, err := tx.Exec(`CREATE TABLE idempotency_keys (x text)`)
				return err
			}))
			if err := db.Migrate(t.Context()); err == nil {
				t.Fatal("the migration did not stop")
			}
			var n int
			if err := db.Reader(t.Context()).Get(&n, `SELECT COUNT(*) FROM operators`); err == nil {
				t.Error("half a migration was left behind")
			}
			must(t, db.In(t.Context(), func(tx *database.Tx) error {
				_, err := tx.Exec(`DROP TABLE idempotency_keys`)
				return err
			}))
			must(t, db.Migrate(t.Context()))
			must(t, db.Ready(t.Context()))
		})
	}
}
