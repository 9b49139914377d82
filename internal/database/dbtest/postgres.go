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
	"time"

	_ "github.com/lib/pq" // the maintenance connection needs no statements remembered

	"canot/internal/database"
	"canot/migrations"
)

// A server is the PostgreSQL that the tests use, with a migrated template in it.
type server struct {
	url      *url.URL
	admin    *sql.DB
	template string
}

var theServer = sync.OnceValues(startServer)

// postgresURL clones the template, or makes an empty data base, and drops it after the test.
func postgresURL(t testing.TB, migrated bool) string {
	t.Helper()
	s, err := theServer()
	if err != nil {
		t.Fatalf("these tests need PostgreSQL: %v", err)
	}
	template := "template0"
	if migrated {
		template = s.template
	}
	name := fmt.Sprintf("canot_test_%d_%s", time.Now().Unix(), database.NewID())
	if _, err := s.admin.Exec("CREATE DATABASE " + name + " TEMPLATE " + template); err != nil {
		t.Fatalf("clone the template: %v", err)
	}
	t.Cleanup(func() {
		if _, err := s.admin.Exec("DROP DATABASE IF EXISTS " + name + " WITH (FORCE)"); err != nil {
			t.Errorf("drop %s: %v", name, err)
		}
	})
	return s.named(name)
}

func (s *server) named(name string) string {
	u := *s.url
	u.Path = "/" + name
	return u.String()
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
	admin, err := sql.Open("postgres", text)
	if err != nil {
		return nil, err
	}
	admin.SetMaxOpenConns(4)
	sum := sha256.Sum256([]byte(migrations.Text("postgres")))
	s := &server{url: u, admin: admin, template: "canot_template_" + hex.EncodeToString(sum[:6])}
	return s, s.makeTemplate()
}

// makeTemplate migrates the template once per text of the migrations, whichever test
// program comes first, and sweeps away what killed tests have left.
func (s *server) makeTemplate() error {
	ctx := context.Background()
	conn, err := s.admin.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	const key = 0x63616e6f74 // one test program at a time
	if _, err := conn.ExecContext(ctx, "SELECT pg_advisory_lock($1)", int64(key)); err != nil {
		return err
	}
	defer func() { _, _ = conn.ExecContext(ctx, "SELECT pg_advisory_unlock($1)", int64(key)) }()
	s.sweep(ctx, conn)
	var made bool
	if err := conn.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM pg_database WHERE datname = $1)", s.template).Scan(&made); err != nil || made {
		return err
	}
	// Under another name until it is whole.
	draft := s.template + "_draft"
	if _, err := conn.ExecContext(ctx, "DROP DATABASE IF EXISTS "+draft+" WITH (FORCE)"); err != nil {
		return err
	}
	if _, err := conn.ExecContext(ctx, "CREATE DATABASE "+draft+" TEMPLATE template0"); err != nil {
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
	_, err = conn.ExecContext(ctx, "ALTER DATABASE "+draft+" RENAME TO "+s.template)
	return err
}

// sweep drops data bases of tests that began more than two hours ago.
func (s *server) sweep(ctx context.Context, conn *sql.Conn) {
	rows, err := conn.QueryContext(ctx, "SELECT datname FROM pg_database WHERE datname LIKE 'canot_test_%'")
	if err != nil {
		return
	}
	var old []string
	for rows.Next() {
		var name string
		var began int64
		if rows.Scan(&name) != nil {
			continue
		}
		if _, err := fmt.Sscanf(name, "canot_test_%d_", &began); err == nil && time.Since(time.Unix(began, 0)) > 2*time.Hour {
			old = append(old, name)
		}
	}
	_ = rows.Close()
	for _, name := range old {
		_, _ = conn.ExecContext(ctx, "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)")
	}
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
