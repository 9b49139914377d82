package main

import (
	"context"
	"database/sql"
	"fmt"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/lib/pq"

	"canot/internal/database"
	"canot/inventory/hours"
)

// The limits: what the same machine does when nothing is asked of it but the one thing.

// makeRaw makes a table like occupancies, with the same indexes and the same guard, but
// without references and triggers.
func (b *bed) makeRaw(ctx context.Context) (*sql.DB, error) {
	raw, err := sql.Open("postgres", b.url)
	if err != nil {
		return nil, err
	}
	raw.SetMaxOpenConns(clientsMost)
	raw.SetMaxIdleConns(clientsMost)
	for _, statement := range []string{
		`CREATE TABLE raw (LIKE occupancies INCLUDING ALL)`,
		`INSERT INTO raw SELECT * FROM occupancies`,
		`ANALYZE raw`,
	} {
		if _, err := raw.ExecContext(ctx, statement); err != nil {
			return nil, fmt.Errorf("raw table: %w", err)
		}
	}
	return raw, nil
}

// A session is a connection of a raw client, with what it prepared.
type session struct {
	conn     *sql.Conn
	prepared map[string]*sql.Stmt
}

func openSession(ctx context.Context, db *sql.DB) (*session, error) {
	conn, err := db.Conn(ctx)
	return &session{conn, map[string]*sql.Stmt{}}, err
}

func (s *session) close() {
	for _, st := range s.prepared {
		_ = st.Close()
	}
	_ = s.conn.Close()
}

func (s *session) statement(ctx context.Context, text string) (*sql.Stmt, error) {
	if st := s.prepared[text]; st != nil {
		return st, nil
	}
	st, err := s.conn.PrepareContext(ctx, text)
	s.prepared[text] = st
	return st, err
}

const insertRaw = `INSERT INTO raw (id, home_hub_id, unit_id, reason, booking_id, line, starts_at, ends_at, live)
	VALUES ($1, 'h', $2, 'booking', $3, 0, $4, $5, true)`

var rawNext atomic.Int64

// rawInsert inserts one row under the guard, in a commit of its own.
func (b *bed) rawInsert(ctx context.Context) func(s *session) error {
	return func(s *session) error {
		unit, from, to := b.slot(int(rawNext.Add(1)), 2*ahead)
		st, err := s.statement(ctx, insertRaw)
		if err != nil {
			return err
		}
		_, err = st.ExecContext(ctx, database.NewID(), b.units[unit], database.NewID(), from, to)
		return err
	}
}

// A bare is the statements of one booking, as the server sent them, to be sent by a loop
// that thinks nothing.
type bare struct {
	bed        *bed
	statements []string
}

// record makes one booking and keeps its statements.
func (b *bed) record(ctx context.Context) (*bare, error) {
	c, err := b.caller(0)
	if err != nil {
		return nil, err
	}
	defer c.conn.Close()
	if err := b.create(c); err != nil { // what is remembered, is
		return nil, err
	}
	list, err := b.statements.during(func() error { return b.create(c) })
	if err == nil && len(list) == 0 {
		err = fmt.Errorf("no statement was seen")
	}
	return &bare{b, list}, err
}

// send sends the statements of a booking of the next slot, in the same order, those
// between BEGIN and COMMIT in one transaction.
func (r *bare) send(ctx context.Context, s *session) error {
	b := r.bed
	n := int(b.next.Add(1))
	unit, from, to := b.slot(n, ahead)
	ids := [2]string{database.NewID(), database.NewID()}
	for _, text := range r.statements {
		var err error
		switch text {
		case "BEGIN", "COMMIT":
			_, err = s.conn.ExecContext(ctx, text)
		default:
			err = r.one(ctx, s, text, r.args(text, ids, n, unit, from, to))
		}
		if err != nil {
			return fmt.Errorf("%.60s: %w", strings.TrimSpace(text), err)
		}
	}
	return nil
}

// one sends a statement that is prepared on the session, and reads what it answers.
func (r *bare) one(ctx context.Context, s *session, text string, args []any) error {
	st, err := s.statement(ctx, text)
	if err != nil {
		return err
	}
	if !strings.HasPrefix(strings.TrimSpace(text), "SELECT") && !strings.Contains(text, "RETURNING") {
		_, err = st.ExecContext(ctx, args...)
		return err
	}
	rows, err := st.QueryContext(ctx, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	columns, _ := rows.Columns()
	into := make([]any, len(columns))
	for i := range into {
		into[i] = new(any)
	}
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return err
		}
	}
	return rows.Err()
}

// args are what a statement of the booking is given, by what it writes.
func (r *bare) args(text string, ids [2]string, n, unit int, from, to time.Time) []any {
	b := r.bed
	zone, _ := hours.LoadZone("America/Toronto")
	now := time.Now().UTC().Truncate(time.Second)
	id, resource, member := ids[0], b.resources[unit], b.members[n%len(b.members)]
	reference := strings.ToUpper(ids[1][:4] + "-" + ids[1][4:12])
	detail := `{"version":1,"status":"confirmed","starts_at":"2026-12-21T14:00:00Z","ends_at":"2026-12-21T15:00:00Z","lines":[{"resource":"` +
		resource + `","resource_slug":"space-1","quantity":1,"units":["` + b.units[unit] + `"],"without_unit":0}],"member":"` + member + `"}`
	has := func(what string) bool { return strings.Contains(text, what) }
	hub := hubOf(b, unit)
	switch {
	case has("INTO bookings"):
		return []any{id, reference, hub, member, member, "confirmed", from, to, hours.Promise(from, zone), hours.Promise(to, zone),
			nil, "Répétition", "", "", "private", false, true, 0, 1, now, now, nil, 1, ""}
	case has("INTO booking_lines"):
		return []any{id, 0, resource, 1, 0}
	case has("INTO occupancies"):
		return []any{ids[1], hub, b.units[unit], "booking", id, 0, from, to, nil, true}
	case has("INTO changes"):
		return []any{now, member, id, "booking.place", "booking", id, "null", detail}
	case has("INTO jobs"):
		return []any{ids[1], "booking.due", `{"booking":"` + id + `"}`, to, now,
			database.NewID(), "notice", `{"booking":"` + id + `","what":"booking.confirmed"}`, now, now}[:strings.Count(text, "$")]
	case has("INTO idempotency_keys"):
		return []any{member, "bare-" + id, strings.Repeat("0", 64), detail + detail, now}
	case has("FROM members") || has("JOIN members"):
		return []any{member, "", member}
	case has("UPDATE resources"):
		return []any{pq.Array([]string{resource})}
	case has("FROM resources"):
		return []any{from.Add(-26 * time.Hour), to.Add(26 * time.Hour), pq.Array([]string{resource})}
	default:
		return nil // and the data base will say so
	}
}

var hubIDs []string

// hubOf is the id of the hub of a unit.
func hubOf(b *bed, unit int) string { return hubIDs[unit%hubs] }

func (b *bed) readHubs(ctx context.Context) error {
	hubIDs = make([]string, hubs)
	for i := range hubIDs {
		err := b.db.Reader(ctx).Get(&hubIDs[i], `SELECT id FROM hubs WHERE slug = $1`, fmt.Sprintf("hub-%d", i))
		if err != nil {
			return err
		}
	}
	return nil
}

// selectRaw reads what is taken in a window by the index (unit, start), looking back by
// the longest booking.
const selectRaw = `SELECT unit_id, starts_at, ends_at FROM occupancies
	WHERE live AND starts_at > $1 AND starts_at < $2 AND ends_at > $3 AND unit_id IN ($list)`

// readRaw reads a window of all units, and keeps what it read.
func (b *bed) readRaw(ctx context.Context, from, to time.Time) (rows int, err error) {
	var taken []struct {
		Unit string    `db:"unit_id"`
		From time.Time `db:"starts_at"`
		To   time.Time `db:"ends_at"`
	}
	err = b.db.Reader(ctx).SelectIn(&taken, selectRaw, b.units, from.Add(-8*time.Hour), to, from)
	return len(taken), err
}

// rawReader is readRaw through the driver alone.
func (b *bed) rawReader(ctx context.Context) (read func(from, to time.Time) error, end func(), err error) {
	if b.engine != "postgres" {
		return func(from, to time.Time) error { _, err := b.readRaw(ctx, from, to); return err }, func() {}, nil
	}
	db, err := sql.Open("postgres", b.url)
	if err != nil {
		return nil, nil, err
	}
	st, err := db.PrepareContext(ctx, strings.Replace(selectRaw, "IN ($list)", "= ANY($4)", 1))
	if err != nil {
		return nil, nil, err
	}
	type span struct {
		unit     string
		from, to time.Time
	}
	return func(from, to time.Time) error {
		rows, err := st.QueryContext(ctx, from.Add(-8*time.Hour), to, from, pq.Array(b.units))
		if err != nil {
			return err
		}
		defer rows.Close()
		var all []span
		for rows.Next() {
			var s span
			if err := rows.Scan(&s.unit, &s.from, &s.to); err != nil {
				return err
			}
			all = append(all, s)
		}
		runtime.KeepAlive(all) // a reader keeps what it reads
		return rows.Err()
	}, func() { _ = db.Close() }, nil
}

// emptyHandler is gin with one route that does nothing.
func emptyHandler() (addr string, stop func(), err error) {
	gin.SetMode(gin.ReleaseMode)
	engine := gin.New()
	engine.GET("/", func(c *gin.Context) { c.String(http.StatusOK, "ok") })
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	server := &http.Server{Handler: engine, ReadHeaderTimeout: 5 * time.Second}
	var served sync.WaitGroup
	served.Go(func() { _ = server.Serve(listener) })
	return listener.Addr().String(), func() { _ = server.Close(); served.Wait() }, nil
}
