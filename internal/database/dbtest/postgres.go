package dbtest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	_ "github.com/lib/pq" // the maintenance connections need no statements remembered

	"canot/internal/database"
	"canot/migrations"
)

// A server is the PostgreSQL that the tests use. Making and dropping a data base costs it
// most of a second, so they are used again: emptied when a test takes one, and made anew
// only when a test changed its schema. Each is held by an advisory lock while its program
// lives; what a finished or killed program leaves is taken over by the next.
type server struct {
	mu     sync.Mutex
	url    *url.URL
	admin  *sql.Conn // holds the locks
	prefix string    // of the data bases with today's schema
	print  string    // fingerprint of that schema
	free   []string
	held   map[string]bool
}

// Advisory locks are two numbers: what is locked, and which.
const (
	lockTemplate = 0x63616e01
	lockDatabase = 0x63616e02
)

var theServer = sync.OnceValues(startServer)

// postgresURL gives the test a data base: migrated and empty, or without any schema.
func postgresURL(t testing.TB, migrated bool) string {
	t.Helper()
	s, err := theServer()
	if err != nil {
		t.Fatalf("these tests need PostgreSQL: %v", err)
	}
	if !migrated {
		name := "canot_bare_" + database.NewID()
		if err := s.exec("CREATE DATABASE " + name + " TEMPLATE template0"); err != nil {
			t.Fatalf("make a data base: %v", err)
		}
		t.Cleanup(func() {
			if err := s.exec("DROP DATABASE " + name + " WITH (FORCE)"); err != nil {
				t.Errorf("drop %s: %v", name, err)
			}
		})
		return s.named(name)
	}
	name, err := s.take()
	if err != nil {
		t.Fatalf("take a data base: %v", err)
	}
	t.Cleanup(func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.free = append(s.free, name)
	})
	return s.named(name)
}

func (s *server) named(name string) string {
	u := *s.url
	u.Path = "/" + name
	return u.String()
}

func (s *server) exec(query string, args ...any) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, err := s.admin.ExecContext(context.Background(), query, args...)
	return err
}

func startServer() (*server, error) {
	text := os.Getenv("CANOT_TEST_POSTGRES_URL")
	if text == "" {
		var err error
		if text, err = startCluster(); err != nil {
			return nil, err
		}
	}
	u, err := url.Parse(text)
	if err != nil {
		return nil, fmt.Errorf("CANOT_TEST_POSTGRES_URL cannot be read")
	}
	pool, err := sql.Open("postgres", text)
	if err != nil {
		return nil, err
	}
	admin, err := pool.Conn(context.Background())
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256([]byte(migrations.Text("postgres")))
	s := &server{url: u, admin: admin, prefix: "canot_test_" + hex.EncodeToString(sum[:6]), held: map[string]bool{}}
	return s, s.prepare()
}

// prepare makes the template, once per text of the migrations, takes over what other
// programs left, and drops what has another schema.
func (s *server) prepare() error {
	ctx := context.Background()
	if _, err := s.admin.ExecContext(ctx, "SELECT pg_advisory_lock($1, 0)", lockTemplate); err != nil {
		return err
	}
	defer func() { _, _ = s.admin.ExecContext(ctx, "SELECT pg_advisory_unlock($1, 0)", lockTemplate) }()
	if err := s.makeTemplate(ctx); err != nil {
		return fmt.Errorf("make the template: %w", err)
	}
	left, err := s.names(ctx, "canot_test_%")
	if err != nil {
		return err
	}
	for _, name := range left {
		switch {
		case strings.HasSuffix(name, "_template") || !s.lock(ctx, name): // somebody else's
		case strings.HasPrefix(name, s.prefix+"_n"):
			s.free = append(s.free, name)
		default:
			_, _ = s.admin.ExecContext(ctx, "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)")
		}
	}
	return nil
}

func (s *server) template() string { return s.prefix + "_template" }

func (s *server) names(ctx context.Context, like string) (names []string, err error) {
	rows, err := s.admin.QueryContext(ctx, "SELECT datname FROM pg_database WHERE datname LIKE $1", like)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, err
		}
		names = append(names, name)
	}
	return names, rows.Err()
}

// lock holds a data base for this program. A lock that this session has is given again,
// so those that are held are remembered.
func (s *server) lock(ctx context.Context, name string) bool {
	if s.held[name] {
		return false
	}
	var got bool
	err := s.admin.QueryRowContext(ctx, "SELECT pg_try_advisory_lock($1, hashtext($2))", lockDatabase, name).Scan(&got)
	s.held[name] = err == nil && got
	return s.held[name]
}

func (s *server) makeTemplate(ctx context.Context) error {
	there, err := s.names(ctx, s.template())
	if err != nil {
		return err
	}
	if len(there) == 0 {
		draft := "canot_draft_" + database.NewID() // until it is whole
		if _, err := s.admin.ExecContext(ctx, "CREATE DATABASE "+draft+" TEMPLATE template0"); err != nil {
			return err
		}
		db, err := database.Open(ctx, database.Settings{URL: s.named(draft), MaxConns: 2})
		if err != nil {
			return err
		}
		err = db.Migrate(ctx)
		_ = db.Close()
		if err != nil {
			return err
		}
		if _, err := s.admin.ExecContext(ctx, "ALTER DATABASE "+draft+" RENAME TO "+s.template()); err != nil {
			return err
		}
	}
	db, err := sql.Open("postgres", s.named(s.template()))
	if err != nil {
		return err
	}
	defer db.Close()
	return db.QueryRowContext(ctx, fingerprint).Scan(&s.print)
}

// take returns a data base that is used by nobody, empty, with today's schema.
func (s *server) take() (string, error) {
	ctx := context.Background()
	for {
		s.mu.Lock()
		if len(s.free) == 0 {
			defer s.mu.Unlock()
			name := s.prefix + "_n" + database.NewID()
			if !s.lock(ctx, name) {
				return "", fmt.Errorf("%s is held by another", name)
			}
			// The template must have no visitor while it is copied.
			if _, err := s.admin.ExecContext(ctx, "SELECT pg_advisory_lock($1, 0)", lockTemplate); err != nil {
				return "", err
			}
			defer func() { _, _ = s.admin.ExecContext(ctx, "SELECT pg_advisory_unlock($1, 0)", lockTemplate) }()
			_, err := s.admin.ExecContext(ctx, "CREATE DATABASE "+name+" TEMPLATE "+s.template())
			return name, err
		}
		name := s.free[len(s.free)-1]
		s.free = s.free[:len(s.free)-1]
		s.mu.Unlock()
		if s.empty(ctx, name) == nil {
			return name, nil
		}
		if err := s.exec("DROP DATABASE IF EXISTS " + name + " WITH (FORCE)"); err != nil {
			return "", err
		}
	}
}

// fingerprint sums up the schema: columns, constraints, indexes, triggers, functions.
const fingerprint = `SELECT md5(string_agg(line, '|' ORDER BY line COLLATE "C")) FROM (
	SELECT attrelid::regclass || ' ' || attname || ' ' || atttypid || ' ' || attnotnull AS line FROM pg_attribute
		JOIN pg_class c ON c.oid = attrelid WHERE c.relnamespace = 'public'::regnamespace AND NOT attisdropped
	UNION ALL SELECT conrelid::regclass || ' ' || pg_get_constraintdef(oid) FROM pg_constraint WHERE connamespace = 'public'::regnamespace
	UNION ALL SELECT tgrelid::regclass || ' ' || tgname || tgenabled::text FROM pg_trigger WHERE NOT tgisinternal
	UNION ALL SELECT proname || md5(prosrc) FROM pg_proc WHERE pronamespace = 'public'::regnamespace) lines`

// empty puts out whoever is still connected and deletes all rows, or says why the data
// base cannot be used again: a test changed its schema, or filled it with very much.
func (s *server) empty(ctx context.Context, name string) error {
	if err := s.exec("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", name); err != nil {
		return err
	}
	db, err := sql.Open("postgres", s.named(name))
	if err != nil {
		return err
	}
	defer db.Close()
	var print string
	var size int64
	if err := db.QueryRowContext(ctx, fingerprint).Scan(&print); err != nil {
		return err
	}
	if err := db.QueryRowContext(ctx, "SELECT pg_database_size(current_database())").Scan(&size); err != nil {
		return err
	}
	if print != s.print || size > 64<<20 {
		return fmt.Errorf("%s was changed too much", name)
	}
	// Without triggers and foreign keys: the log of changes refuses to be emptied otherwise.
	_, err = db.ExecContext(ctx, `SET session_replication_role = replica;
		DO $$ DECLARE t regclass; BEGIN
			FOR t IN SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
				AND relname <> 'goose_db_version' AND pg_relation_size(oid) > 0 LOOP
				EXECUTE 'DELETE FROM ' || t;
			END LOOP;
			PERFORM setval(pg_get_serial_sequence('changes', 'seq'), 1, false);
		END $$`)
	return err
}

// startCluster starts the throw-away cluster of .ci/postgres, found from the module's root.
func startCluster() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", fmt.Errorf("no go.mod above the test, to find .ci/postgres by")
		}
		dir = parent
	}
	cmd := exec.Command(filepath.Join(dir, ".ci", "postgres"))
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf(".ci/postgres: %w: %s", err, strings.TrimSpace(said.String()))
	}
	return strings.TrimSpace(string(out)), nil
}
