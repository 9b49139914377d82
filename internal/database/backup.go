package database

import (
	"compress/gzip"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"canot/migrations"
)

// A backup is gzip of lines of JSON, the same whichever engine wrote it:
//
//	{"format":"canot-backup/1","schema":1,"taken_at":"2026-11-21T12:00:00Z"}
//	{"table":"hubs","columns":["id","slug",…]}
//	["h1","amos",…]            one line per row
//	{"end":true,"rows":12345}
//
// Instants are RFC 3339. The tables come in an order in which rows find what they refer to.
const backupFormat = "canot-backup/1"

// backupTables are all tables but that of the migrations; a test compares them to the schema.
var backupTables = []string{
	"operators", "regions", "hubs", "categories", "resources", "resource_tags", "units", "components",
	"opening_hours", "opening_exceptions", "closures", "policy_defaults", "conditions", "condition_texts",
	"members", "grants", "tokens", "organisations", "organisation_members",
	"sessions", "sign_ins", "passwords", "passkeys", "authenticators", "recovery_codes", "ceremonies", "external_identities", "attempts", "calendar_addresses",
	"tiers", "tier_allowances", "memberships", "membership_pauses", "packs", "certifications", "certificates", "equivalences",
	"preventive_rules", "preventive_done", "tickets", "ticket_notes", "transfers", "files",
	"bookings", "booking_lines", "maintenances", "occupancies", "loans", "suspensions", "unsettled_acts",
	"consumables", "stock_moves", "stocktakes", "stocktake_scans", "waivers", "booking_certificates", "acceptances", "ledger", "notices_sent", "reminders",
	"consents", "personal_views", "incidents", "retention", "changes", "jobs", "idempotency_keys", "secrets",
}

type backupHead struct {
	Format  string    `json:"format"`
	Schema  int64     `json:"schema"`
	TakenAt time.Time `json:"taken_at"`
}

type backupTable struct {
	Table   string   `json:"table"`
	Columns []string `json:"columns"`
}

type backupEnd struct {
	End  bool  `json:"end"`
	Rows int64 `json:"rows"`
}

// Backup writes everything there is to w, as it is at one instant, while others read and
// write. What was acknowledged before Backup was called is in it. It returns
// ErrUnavailable, migrations.ErrPending, or w's error.
func (db *DB) Backup(ctx context.Context, w io.Writer) error {
	if err := db.Ready(ctx); err != nil {
		return fmt.Errorf("back up: %w", err)
	}
	zip := gzip.NewWriter(w)
	out := json.NewEncoder(zip)
	out.SetEscapeHTML(false)
	err := db.view(ctx, func(r *reader) error {
		if err := out.Encode(backupHead{Format: backupFormat, Schema: migrations.Latest(), TakenAt: db.Now()}); err != nil {
			return err
		}
		end := backupEnd{End: true}
		for _, table := range backupTables {
			n, err := writeTable(r, out, table)
			if err != nil {
				return fmt.Errorf("table %s: %w", table, err)
			}
			end.Rows += n
		}
		return out.Encode(end)
	})
	if err != nil {
		return fmt.Errorf("back up: %w", err)
	}
	if err := zip.Close(); err != nil {
		return fmt.Errorf("back up: %w", err)
	}
	return nil
}

func writeTable(r *reader, out *json.Encoder, table string) (n int64, err error) {
	var into []any
	err = r.rows("SELECT * FROM "+table, nil, func(rows *sql.Rows) error {
		columns, err := columnsOf(rows)
		if err != nil {
			return err
		}
		head := backupTable{Table: table}
		for _, c := range columns {
			head.Columns = append(head.Columns, c.name)
			into = append(into, c.target())
		}
		if err := out.Encode(head); err != nil {
			return err
		}
		for rows.Next() {
			if err := rows.Scan(into...); err != nil {
				return err
			}
			if err := out.Encode(into); err != nil {
				return err
			}
			n++
		}
		return nil
	})
	return n, err
}

// A column of a table, and what its values are.
type column struct {
	name string
	kind columnKind
}

type columnKind int

const (
	textColumn columnKind = iota
	integerColumn
	realColumn
	booleanColumn
	timeColumn
)

var columnKinds = map[string]columnKind{
	"TEXT": textColumn, "INTEGER": integerColumn, "INT8": integerColumn, "REAL": realColumn, "FLOAT8": realColumn,
	"BOOLEAN": booleanColumn, "BOOL": booleanColumn, "TIMESTAMP": timeColumn, "TIMESTAMPTZ": timeColumn,
}

func columnsOf(rows *sql.Rows) ([]column, error) {
	types, err := rows.ColumnTypes()
	if err != nil {
		return nil, err
	}
	columns := make([]column, len(types))
	for i, t := range types {
		kind, ok := columnKinds[t.DatabaseTypeName()]
		if !ok {
			return nil, fmt.Errorf("column %s is of unknown type %s", t.Name(), t.DatabaseTypeName())
		}
		columns[i] = column{name: t.Name(), kind: kind}
	}
	return columns, nil
}

// target is what a value is scanned into and encoded from.
func (c column) target() any {
	switch c.kind {
	case integerColumn:
		return &nullable[int64]{}
	case realColumn:
		return &nullable[float64]{}
	case booleanColumn:
		return &nullable[bool]{}
	case timeColumn:
		return &nullableTime{}
	}
	return &nullable[string]{}
}

type nullable[T any] struct{ sql.Null[T] }

func (n *nullable[T]) MarshalJSON() ([]byte, error) {
	if !n.Valid {
		return []byte("null"), nil
	}
	return json.Marshal(n.V)
}

type nullableTime struct{ t *time.Time }

func (n *nullableTime) Scan(src any) error { return instant{may: &n.t}.Scan(src) }

func (n *nullableTime) MarshalJSON() ([]byte, error) { return json.Marshal(n.t) }
