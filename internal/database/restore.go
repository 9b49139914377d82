package database

import (
	"bytes"
	"compress/gzip"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"canot/internal/fault"
	"canot/migrations"
)

// restoreValues is how many values one statement holds. SQLite takes 32766, and looks
// through all that it has seen for each that it reads: ten times as many take ten times as
// long each.
const restoreValues = 500

var errNotPlain = errors.New("not a backup as this program writes them")

// Restore fills an empty, migrated data base from a backup of either engine, in one
// transaction: it is all there or, on any error, the data base is as empty as before. Everybody is
// signed out, and it returns when the backup was taken: what was erased since then is back.
// The faults are Refused "not_empty" and "backup_of_other_schema" (backup, program), and
// Malformed "backup_damaged" for a file that is cut, garbled, or no backup at all; else
// ErrUnavailable or migrations.ErrPending.
func (db *DB) Restore(ctx context.Context, r io.Reader) (takenAt time.Time, err error) {
	if err := db.Ready(ctx); err != nil {
		return time.Time{}, fmt.Errorf("restore: %w", err)
	}
	again := false
	err = db.In(ctx, func(tx *Tx) error {
		if again {
			return unavailable(errors.New("the file is read already, and cannot be read twice"))
		}
		again = true
		takenAt, err = restore(tx, r)
		return err
	})
	if err == nil || errors.Is(err, ErrUnavailable) || fault.Of(err) != nil {
		return takenAt, err
	}
	if db.engine.violated(err) {
		return time.Time{}, damaged(err)
	}
	return time.Time{}, fmt.Errorf("restore: %w", err)
}

func damaged(cause error) error {
	return fault.New(fault.Malformed, "backup_damaged", nil).Because(cause)
}

func restore(tx *Tx, r io.Reader) (takenAt time.Time, err error) {
	for _, table := range backupTables {
		var there bool
		if err := tx.Get(&there, "SELECT EXISTS (SELECT 1 FROM "+table+")"); err != nil {
			return takenAt, err
		}
		if there {
			return takenAt, fault.New(fault.Refused, "not_empty", fault.Params{"table": table})
		}
	}
	zip, err := gzip.NewReader(r)
	if err != nil {
		return takenAt, damaged(err)
	}
	in := &restorer{tx: tx, lines: json.NewDecoder(zip), versions: map[string]any{}}
	if err := in.head(); err != nil {
		return takenAt, err
	}
	if err := in.body(); err != nil {
		return takenAt, err
	}
	if _, err := io.Copy(io.Discard, zip); err != nil { // the checksum is at the end
		return takenAt, damaged(err)
	}
	if err := in.restoreVersions(); err != nil {
		return takenAt, err
	}
	if err := signOut(tx); err != nil {
		return takenAt, err
	}
	if query := tx.engine.resetSequence(); query != "" {
		_, err = tx.Exec(query)
	}
	return in.takenAt, err
}

// signOut ends what was under way in browsers when the backup was taken: who signed out, or was signed
// out, since then would be signed in again.
func signOut(tx *Tx) error {
	for _, table := range []string{"sessions", "sign_ins", "ceremonies"} {
		if _, err := tx.Exec("DELETE FROM " + table); err != nil {
			return err
		}
	}
	return nil
}

// A restorer reads a backup's lines and writes its rows, batch by batch.
type restorer struct {
	tx    *Tx
	lines *json.Decoder
	rows  int64

	table   string
	columns []column // of the batch, in the backup's order
	batch   []any    // values, row after row

	takenAt time.Time // the backup

	versions map[string]any // of units: the triggers raise them while occupancies come in
}

func (in *restorer) head() error {
	var head backupHead
	if err := in.lines.Decode(&head); err != nil {
		return damaged(err)
	}
	if head.Format != backupFormat {
		return damaged(errNotPlain)
	}
	if head.Schema != migrations.Latest() {
		return fault.New(fault.Refused, "backup_of_other_schema",
			fault.Params{"backup": head.Schema, "program": migrations.Latest()})
	}
	in.takenAt = head.TakenAt.UTC()
	return nil
}

func (in *restorer) body() error {
	next := 0
	for {
		var line json.RawMessage
		if err := in.lines.Decode(&line); err != nil {
			return damaged(err) // io.EOF too: the end line was not there
		}
		if line[0] == '[' {
			if err := in.row(line); err != nil {
				return err
			}
			continue
		}
		if err := in.flush(); err != nil {
			return err
		}
		if next == len(backupTables) {
			var end backupEnd
			if err := json.Unmarshal(line, &end); err != nil || !end.End || end.Rows != in.rows {
				return damaged(errors.Join(err, errNotPlain))
			}
			return nil
		}
		if err := in.begin(line, backupTables[next]); err != nil {
			return err
		}
		next++
	}
}

// begin starts a table. Its columns must be those of ours, in whatever order.
func (in *restorer) begin(line []byte, want string) error {
	var head backupTable
	if err := json.Unmarshal(line, &head); err != nil || head.Table != want {
		return damaged(errors.Join(err, errNotPlain))
	}
	var ours []column
	err := in.tx.rows("SELECT * FROM "+want+" WHERE 1 = 0", nil, func(rows *sql.Rows) (err error) {
		ours, err = columnsOf(rows)
		return err
	})
	if err != nil {
		return err
	}
	in.table, in.columns = want, nil
	for _, name := range head.Columns {
		i := slices.IndexFunc(ours, func(c column) bool { return c.name == name })
		if i < 0 {
			return damaged(fmt.Errorf("%w: column %q of %s", errNotPlain, name, want))
		}
		in.columns = append(in.columns, ours[i])
		ours = slices.Delete(ours, i, i+1)
	}
	if len(ours) > 0 {
		return damaged(fmt.Errorf("%w: %s has no %s", errNotPlain, want, ours[0].name))
	}
	return nil
}

func (in *restorer) row(line []byte) error {
	dec := json.NewDecoder(bytes.NewReader(line))
	dec.UseNumber() // a float64 would bend large integers
	var values []any
	if err := dec.Decode(&values); err != nil || len(values) != len(in.columns) {
		return damaged(errors.Join(err, errNotPlain))
	}
	id, version := "", any(nil)
	for i, c := range in.columns {
		v, err := c.restored(values[i])
		if err != nil {
			return damaged(fmt.Errorf("%s.%s: %w", in.table, c.name, err))
		}
		in.batch = append(in.batch, v)
		switch c.name {
		case "id":
			id, _ = v.(string)
		case "version":
			version = v
		}
	}
	if in.table == "units" {
		in.versions[id] = version
	}
	in.rows++
	if len(in.batch)+len(in.columns) > restoreValues {
		return in.flush()
	}
	return nil
}

// restored turns a value of JSON into one for the data base.
func (c column) restored(v any) (any, error) {
	if v == nil {
		return nil, nil
	}
	switch text := v.(type) {
	case json.Number:
		switch c.kind {
		case integerColumn:
			return text.Int64()
		case realColumn:
			return text.Float64()
		}
	case bool:
		if c.kind == booleanColumn {
			return text, nil
		}
	case string:
		switch c.kind {
		case textColumn:
			return text, nil
		case timeColumn:
			return time.Parse(time.RFC3339, text)
		}
	}
	return nil, errNotPlain
}

// flush writes the batch in one statement.
func (in *restorer) flush() error {
	if len(in.batch) == 0 {
		return nil
	}
	names := make([]string, len(in.columns))
	for i, c := range in.columns {
		names[i] = c.name
	}
	var q strings.Builder
	fmt.Fprintf(&q, "INSERT INTO %s (%s) VALUES ", in.table, strings.Join(names, ", "))
	for i := range in.batch {
		switch {
		case i == 0:
			q.WriteString("(")
		case i%len(names) == 0:
			q.WriteString("), (")
		default:
			q.WriteString(", ")
		}
		q.WriteString("$" + strconv.Itoa(i+1))
	}
	q.WriteString(")")
	_, err := in.tx.Exec(q.String(), in.batch...)
	in.batch = in.batch[:0]
	return err
}

// restoreVersions sets the units' versions back to what they were.
func (in *restorer) restoreVersions() error {
	var moved []struct {
		ID      string `db:"id"`
		Version int64  `db:"version"`
	}
	if err := in.tx.Select(&moved, "SELECT id, version FROM units"); err != nil {
		return err
	}
	for _, u := range moved {
		if was := in.versions[u.ID]; was != u.Version {
			if _, err := in.tx.Exec("UPDATE units SET version = $2 WHERE id = $1", u.ID, was); err != nil {
				return err
			}
		}
	}
	return nil
}
