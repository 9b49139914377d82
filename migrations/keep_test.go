package migrations

import (
	"database/sql"
	"path/filepath"
	"strings"
	"testing"

	_ "modernc.org/sqlite"
)

// rows are a small network as it was before the counter came.
const rows = `
INSERT INTO regions (id, slug, name) VALUES ('r', 'at', '{}');
INSERT INTO operators (id, slug, legal_name) VALUES ('o', 'op', 'Hubs');
INSERT INTO hubs (id, slug, region_id, operator_id, name, latitude, longitude, time_zone) VALUES ('h', 'amos', 'r', 'o', '{}', 48, -78, 'America/Toronto');
INSERT INTO categories (id, slug, name) VALUES ('c', 'camera', '{}');
INSERT INTO resources (id, slug, hub_id, kind, category_id, name, name_key, grain_min, shortest_min, longest_min, within) VALUES ('x', 'kit', 'h', 'equipment', 'c', '{}', 'kit', 60, 60, 600, 'any');
INSERT INTO units (id, resource_id, home_hub_id, current_hub_id, code) VALUES ('u', 'x', 'h', 'h', 'KIT-01');
INSERT INTO members (id, name, created_at) VALUES ('m', 'Zoé', '2026-11-16 13:00:00+00:00');
INSERT INTO bookings (id, reference, hub_id, member_id, made_by, status, starts_at, ends_at, starts_local, ends_local, created_at, changed_at)
VALUES ('b', 'AAAA-AAAA', 'h', 'm', 'm', 'confirmed', '2026-11-17 13:00:00+00:00', '2026-11-17 15:00:00+00:00', '', '', '2026-11-16 13:00:00+00:00', '2026-11-16 13:00:00+00:00');
INSERT INTO booking_lines (booking_id, line, resource_id, quantity) VALUES ('b', 0, 'x', 1);
INSERT INTO maintenances (id, unit_id, cause, starts_at, ends_at, reason, made_by, created_at, version)
VALUES ('w', 'u', 'repair', '2026-11-18 13:00:00+00:00', NULL, 'lentille', 'm', '2026-11-16 13:00:00+00:00', 3);
INSERT INTO occupancies (id, home_hub_id, unit_id, reason, booking_id, line, starts_at, ends_at, live)
VALUES ('o1', 'h', 'u', 'booking', 'b', 0, '2026-11-17 13:00:00+00:00', '2026-11-17 15:00:00+00:00', true);
INSERT INTO occupancies (id, home_hub_id, unit_id, reason, maintenance_id, starts_at, ends_at, live)
VALUES ('o2', 'h', 'u', 'maintenance', 'w', '2026-11-18 13:00:00+00:00', '9999-12-31 00:00:00+00:00', true);`

// On SQLite the step that brings the counter makes two tables anew: what was in them, what guards
// them and what counts for them is there afterwards.
func TestTheCounterComesToANetworkThatIsInUse(t *testing.T) {
	db, err := sql.Open("sqlite", "file:"+filepath.Join(t.TempDir(), "c.db")+"?_pragma=foreign_keys(1)&_time_format=sqlite")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	ctx := t.Context()
	do := func(query string) {
		t.Helper()
		if _, err := db.ExecContext(ctx, query); err != nil {
			t.Fatal(err)
		}
	}
	tell := func(query string) (s string) {
		t.Helper()
		if err := db.QueryRowContext(ctx, query).Scan(&s); err != nil {
			t.Fatalf("%s: %v", query, err)
		}
		return s
	}
	p, err := provider(db, "sqlite")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.UpTo(ctx, 3); err != nil {
		t.Fatal(err)
	}
	do(rows)
	was := tell(`SELECT group_concat(id || unit_id || reason || coalesce(booking_id, '') || coalesce(maintenance_id, '') || starts_at || ends_at || live, '|') FROM occupancies`)
	version := tell(`SELECT version FROM units`)
	if err := Apply(ctx, db, "sqlite"); err != nil {
		t.Fatal(err)
	}
	if is := tell(`SELECT group_concat(id || unit_id || reason || coalesce(booking_id, '') || coalesce(maintenance_id, '') || starts_at || ends_at || live, '|') FROM occupancies`); is != was {
		t.Errorf("occupancies were\n%s\nand are\n%s", was, is)
	}
	if is := tell(`SELECT id || unit_id || cause || reason || made_by || version FROM maintenances`); is != "wurepairlentillem3" {
		t.Errorf("the maintenance is %s", is)
	}
	if is := tell(`SELECT version FROM units`); is != version {
		t.Errorf("the unit's version was %s and is %s: nothing happened to it", version, is)
	}
	if n := tell(`SELECT count(*) FROM pragma_foreign_key_check`); n != "0" {
		t.Errorf("%s rows refer to what is not there", n)
	}
	if def := tell(`SELECT sql FROM sqlite_master WHERE name = 'occupancies'`); strings.Contains(def, "_new") {
		t.Errorf("occupancies refer to a table under its passing name:\n%s", def)
	}
	if _, err := db.ExecContext(ctx, `INSERT INTO occupancies (id, home_hub_id, unit_id, reason, booking_id, line, starts_at, ends_at, live)
		VALUES ('o3', 'h', 'u', 'booking', 'b', 0, '2026-11-17 14:00:00+00:00', '2026-11-17 16:00:00+00:00', true)`); err == nil {
		t.Error("an overlap is let in")
	}
	do(`UPDATE occupancies SET live = false WHERE id = 'o1'`)
	if is := tell(`SELECT version FROM units`); is == version {
		t.Error("a change of its occupancies no longer raises the unit's version")
	}
	if _, err := db.ExecContext(ctx, `DELETE FROM maintenances`); err == nil {
		t.Error("a maintenance that takes a unit can be deleted")
	}
}
