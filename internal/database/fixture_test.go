package database_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"canot/internal/database"
	"canot/internal/database/dbtest"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// network writes one hub with one resource and n units, named u000, u001 …
func network(t *testing.T, db *database.DB, n int) {
	t.Helper()
	must(t, db.In(t.Context(), func(tx *database.Tx) error {
		return writeNetwork(tx, n)
	}))
}

func writeNetwork(tx *database.Tx, n int) error {
	for _, q := range []string{
		`INSERT INTO operators (id, slug, legal_name) VALUES ('op', 'op', 'Coop')`,
		`INSERT INTO regions (id, slug, name) VALUES ('rg', 'rg', '{}')`,
		`INSERT INTO hubs (id, slug, region_id, operator_id, name, latitude, longitude, time_zone)
			VALUES ('hub', 'hub', 'rg', 'op', '{"fr":"Île"}', 48.25, -79.0, 'America/Toronto')`,
		`INSERT INTO categories (id, slug, name) VALUES ('cat', 'cat', '{}')`,
		`INSERT INTO members (id, name, created_at) VALUES ('mem', 'Zoé', $1)`,
		`INSERT INTO resources (id, slug, hub_id, kind, category_id, name, name_key, grain_min, shortest_min, longest_min, within)
			VALUES ('res', 'res', 'hub', 'space', 'cat', '{}', 'res', 15, 15, 600, 'inside')`,
	} {
		var args []any
		if q[:19] == "INSERT INTO members" {
			args = append(args, tx.Now)
		}
		if _, err := tx.Exec(q, args...); err != nil {
			return err
		}
	}
	for i := range n {
		id := unit(i)
		if _, err := tx.Exec(`INSERT INTO units (id, resource_id, home_hub_id, current_hub_id, code)
			VALUES ($1, 'res', 'hub', 'hub', $1)`, id); err != nil {
			return err
		}
	}
	return nil
}

func unit(i int) string { return fmt.Sprintf("u%03d", i) }

// occupy takes a unit for maintenance, under an id of its own.
func occupy(tx *database.Tx, id, unit string, from, to time.Time) error {
	if _, err := tx.Exec(`INSERT INTO maintenances (id, unit_id, cause, starts_at, made_by, created_at)
		VALUES ($1, $2, 'repair', $3, 'mem', $4)`, id, unit, from, tx.Now); err != nil {
		return err
	}
	_, err := tx.Exec(`INSERT INTO occupancies (id, home_hub_id, unit_id, reason, maintenance_id, starts_at, ends_at, live)
		VALUES ($1, 'hub', $2, 'maintenance', $1, $3, $4, true)`, id, unit, from, to)
	return err
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func count(t *testing.T, db *database.DB, query string, args ...any) int {
	t.Helper()
	var n int
	must(t, db.Reader(context.Background()).Get(&n, query, args...))
	return n
}

// addRegion is the smallest write there is.
func addRegion(tx *database.Tx, id string) error {
	_, err := tx.Exec(`INSERT INTO regions (id, slug, name) VALUES ($1, $2, '{}')`, id, database.NewID())
	return err
}

// addSlowly is addRegion in a statement of some milliseconds.
func addSlowly(tx *database.Tx, id string) error {
	_, err := tx.Exec(`WITH RECURSIVE c (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 10000)
		INSERT INTO regions (id, slug, name) SELECT $1, $2, CAST(MAX(n) AS text) FROM c`, id, database.NewID())
	return err
}

func observed(t *testing.T, engine string) (*database.DB, *dbtest.Counter) {
	t.Helper()
	return dbtest.Statements(t, engine, database.Settings{})
}
