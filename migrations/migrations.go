// Package migrations holds the schema of both engines, as numbered steps that only go
// forward: postgres/0001_….sql and sqlite/0001_….sql have the same numbers and make the
// same tables, columns and named constraints. It knows nothing of what the tables mean.
// Start reading at Apply.
package migrations

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"time"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

//go:embed postgres/*.sql sqlite/*.sql
var files embed.FS

// ErrPending says that the data base lacks a migration of this program.
var ErrPending = errors.New("the data base lacks a migration of this program: run canot migrate")

// A Step is one migration.
type Step struct {
	Number    int64
	Name      string    // 0001_network.sql
	AppliedAt time.Time // zero when it is pending
}

// Apply brings the schema of db, of engine "postgres" or "sqlite", up to date. Each step
// is one transaction: cut short, it leaves nothing and is done again by the next Apply.
// Several programs may call it at once on the same data base.
func Apply(ctx context.Context, db *sql.DB, engine string) error {
	p, err := provider(db, engine)
	if err != nil {
		return err
	}
	_, err = p.Up(ctx)
	if err == nil {
		return nil
	}
	// On SQLite nothing is held between looking and applying: a twin may have been first.
	if pending, perr := p.HasPending(ctx); perr == nil && !pending {
		return nil
	}
	return fmt.Errorf("apply migrations: %w", err)
}

// Status lists the steps of this program in order, and when each was applied to db.
func Status(ctx context.Context, db *sql.DB, engine string) ([]Step, error) {
	p, err := provider(db, engine)
	if err != nil {
		return nil, err
	}
	all, err := p.Status(ctx)
	if err != nil {
		return nil, fmt.Errorf("status of migrations: %w", err)
	}
	steps := make([]Step, len(all))
	for i, s := range all {
		steps[i] = Step{Number: s.Source.Version, Name: path.Base(s.Source.Path), AppliedAt: s.AppliedAt.UTC()}
	}
	return steps, nil
}

// Pending reports whether db lacks a step of this program. It writes nothing.
func Pending(ctx context.Context, db *sql.DB, engine string) (bool, error) {
	var known bool
	var applied int64
	query := "SELECT COUNT(*) > 0 FROM sqlite_master WHERE name = 'goose_db_version'"
	if engine == "postgres" {
		query = "SELECT to_regclass('goose_db_version') IS NOT NULL"
	}
	if err := db.QueryRowContext(ctx, query).Scan(&known); err != nil {
		return false, fmt.Errorf("pending migrations: %w", err)
	}
	if !known {
		return true, nil
	}
	if err := db.QueryRowContext(ctx, "SELECT COALESCE(MAX(version_id), 0) FROM goose_db_version").Scan(&applied); err != nil {
		return false, fmt.Errorf("pending migrations: %w", err)
	}
	return applied < Latest(), nil
}

// Latest is the number of the last step of this program: the version of its schema.
func Latest() int64 {
	names, _ := fs.Glob(files, "postgres/*.sql")
	var last int64
	for _, n := range names {
		var number int64
		if _, err := fmt.Sscanf(path.Base(n), "%d_", &number); err == nil && number > last {
			last = number
		}
	}
	return last
}

// Text returns the text of all steps of an engine, in order.
func Text(engine string) string {
	names, _ := fs.Glob(files, engine+"/*.sql")
	var b strings.Builder
	for _, n := range names {
		text, _ := files.ReadFile(n)
		b.Write(text)
	}
	return b.String()
}

func provider(db *sql.DB, engine string) (*goose.Provider, error) {
	sub, err := fs.Sub(files, engine)
	if err != nil {
		return nil, err
	}
	dialect := goose.DialectSQLite3
	options := []goose.ProviderOption{goose.WithDisableGlobalRegistry(true)}
	if engine == "postgres" {
		dialect = goose.DialectPostgres
		locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 120)) // every second, for two minutes
		if err != nil {
			return nil, err
		}
		options = append(options, goose.WithSessionLocker(locker))
	}
	p, err := goose.NewProvider(dialect, db, sub, options...)
	if err != nil {
		return nil, fmt.Errorf("read migrations: %w", err)
	}
	return p, nil
}
