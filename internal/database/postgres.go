package database

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"math/rand/v2"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/lib/pq"
)

const (
	postgresConns    = 16               // more do not make two cores faster
	postgresPatience = 30 * time.Second // for one statement, or a commit
	maxAttempts      = 6                // of a transaction that met a deadlock
)

type postgres struct {
	url          string
	pool         *sql.DB
	conns        int
	transactions atomic.Int64
}

func openPostgres(u *url.URL, s Settings) (*postgres, error) {
	u = &url.URL{Scheme: u.Scheme, User: u.User, Host: u.Host, Path: u.Path, RawQuery: u.RawQuery}
	q := u.Query()
	q.Set("timezone", "UTC") // else times come back in the session's zone
	if !q.Has("application_name") {
		q.Set("application_name", "canot")
	}
	if !q.Has("connect_timeout") {
		q.Set("connect_timeout", "5")
	}
	u.RawQuery = q.Encode()
	inner, err := pq.NewConnector(u.String())
	if err != nil {
		return nil, err
	}
	p := &postgres{url: u.String(), conns: s.MaxConns}
	if p.conns == 0 {
		p.conns = postgresConns
	}
	p.pool = sql.OpenDB(connector{Connector: inner, observe: s.Observe, stale: stalePlan})
	p.pool.SetMaxOpenConns(p.conns)
	p.pool.SetMaxIdleConns(p.conns)
	return p, nil
}

func (p *postgres) name() string             { return "postgres" }
func (p *postgres) reads() *sql.DB           { return p.pool }
func (p *postgres) close() error             { return p.pool.Close() }
func (p *postgres) patience() time.Duration  { return postgresPatience }
func (p *postgres) list(values []string) any { return pq.Array(values) }

func (p *postgres) plain() (*sql.DB, error) { return sql.Open("postgres", p.url) }

func (p *postgres) commits() Commits {
	n := p.transactions.Load()
	return Commits{Commits: n, Transactions: n}
}

func (p *postgres) snapshot() *sql.TxOptions {
	return &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true}
}

func (p *postgres) membership(n int) (in, notIn string) {
	return "= ANY($" + strconv.Itoa(n) + ")", "<> ALL($" + strconv.Itoa(n) + ")"
}

func (p *postgres) lock(table string) string {
	return "SELECT id FROM " + table + " WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE"
}

func (p *postgres) resetSequence() string {
	return "SELECT setval(pg_get_serial_sequence('changes', 'seq'), (SELECT COALESCE(MAX(seq), 0) + 1 FROM changes), false)"
}

// transact tries again when the server chose this transaction to give way. The lock
// order makes that rare; the constraint alone, met by two writers at once, can still do it.
func (p *postgres) transact(ctx context.Context, f func(context.Context, querier) error) error {
	for attempt := 1; ; attempt++ {
		err := p.attempt(ctx, f)
		if err == nil {
			p.transactions.Add(1)
			return nil
		}
		if !gaveWay(err) {
			return err
		}
		if attempt == maxAttempts {
			return unavailable(err)
		}
		wait := time.Duration(rand.Int64N(int64(10*time.Millisecond) << attempt))
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (p *postgres) attempt(ctx context.Context, f func(context.Context, querier) error) error {
	// The caller may leave while waiting for a connection, and between two statements.
	// Never within one: pq would throw the connection away, and a commit that was cut
	// short has happened or not. Only a server that does not answer is given up.
	inner, giveUp := context.WithCancel(context.WithoutCancel(ctx))
	defer giveUp()
	conn, tx, err := p.begin(ctx, inner, giveUp)
	if err != nil {
		return err
	}
	defer conn.Close()
	defer func() { _ = tx.Rollback() }() // on error, panic and Goexit; nothing after the commit
	if err := f(inner, tx); err != nil {
		return err
	}
	defer time.AfterFunc(postgresPatience, giveUp).Stop()
	return tx.Commit()
}

// begin passes over connections that died in the pool, as after a restart of the server.
func (p *postgres) begin(ctx, inner context.Context, giveUp func()) (*sql.Conn, *sql.Tx, error) {
	wait, cancel := context.WithTimeout(ctx, longestWait)
	defer cancel()
	defer time.AfterFunc(postgresPatience, giveUp).Stop()
	for tries := 0; ; tries++ {
		conn, err := p.pool.Conn(wait)
		if err != nil {
			return nil, nil, err
		}
		tx, err := conn.BeginTx(inner, &sql.TxOptions{Isolation: sql.LevelReadCommitted})
		if err == nil {
			return conn, tx, nil
		}
		dead := lostConnection(err) || p.away(err)
		if dead {
			_ = conn.Raw(func(any) error { return driver.ErrBadConn })
		}
		_ = conn.Close()
		if !dead || tries >= p.conns {
			return nil, nil, err
		}
	}
}

func sqlState(err error) string {
	var e *pq.Error
	if errors.As(err, &e) {
		return string(e.Code)
	}
	return ""
}

func gaveWay(err error) bool {
	switch sqlState(err) {
	case "40001", "40P01": // serialization failure, deadlock
		return true
	}
	return stalePlan(err)
}

// stalePlan recognises a prepared statement that outlived the schema it was made for.
func stalePlan(err error) bool {
	var e *pq.Error
	return errors.As(err, &e) &&
		(e.Code == "26000" || e.Code == "0A000" && strings.Contains(e.Message, "cached plan"))
}

func (p *postgres) away(err error) bool {
	state := sqlState(err)
	if len(state) != 5 {
		return false
	}
	switch state {
	case "55P03", "57014", "25P03", "25006", "55000": // lock not had, cancelled, idle too long, read-only server, closed to connections for now
		return true
	}
	switch state[:2] {
	case "08", "53", "57", "58": // connection, resources, operator, system
		return true
	}
	return false
}

func (p *postgres) violated(err error) bool { return strings.HasPrefix(sqlState(err), "23") }

func (p *postgres) constraint(err error) string {
	var e *pq.Error
	if errors.As(err, &e) {
		return e.Constraint
	}
	return ""
}
