package database

import (
	"context"
	"database/sql/driver"
)

// maxRemembered bounds the prepared statements of one connection, and maxText the
// length of those worth remembering: a restore's inserts are long and not repeated.
const (
	maxRemembered = 400
	maxText       = 8 << 10
)

// A connector wraps a driver's connector: each connection remembers the statements
// it has prepared, by their text, so that running one again costs one round trip;
// and each statement is shown to observe. What a connection remembers dies with it,
// so there is nothing to heal after a reconnect.
type connector struct {
	driver.Connector
	observe func(string)
	stale   func(error) bool // the prepared statement, not the query, is at fault
}

func (c connector) Connect(ctx context.Context) (driver.Conn, error) {
	inner, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return &conn{Conn: inner, connector: c, prepared: map[string]statement{}}, nil
}

// statement is what both drivers' statements can do.
type statement interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
}

type conn struct {
	driver.Conn
	connector connector
	prepared  map[string]statement
}

func (c *conn) seen(query string) {
	if c.connector.observe != nil {
		c.connector.observe(query)
	}
}

// statement returns the prepared statement, and how to be done with it.
func (c *conn) statement(ctx context.Context, query string) (statement, error) {
	if st, ok := c.prepared[query]; ok {
		return st, nil
	}
	// The context is not handed on: pq would drop the connection when it ends meanwhile.
	st, err := c.Conn.(driver.ConnPrepareContext).PrepareContext(context.WithoutCancel(ctx), query)
	if err != nil {
		return nil, err
	}
	if len(c.prepared) >= maxRemembered {
		c.forgetAll()
	}
	c.prepared[query] = st.(statement)
	return st.(statement), nil
}

func (c *conn) forgetAll() {
	for text, st := range c.prepared {
		_ = st.Close()
		delete(c.prepared, text)
	}
}

// Close lets go of what is remembered first: SQLite does not close a file while a
// statement is open on it. PostgreSQL forgets by itself, and may be gone already.
func (c *conn) Close() error {
	if c.connector.stale == nil {
		c.forgetAll()
	}
	return c.Conn.Close()
}

func (c *conn) forgetIfStale(query string, err error) {
	if err != nil && c.connector.stale != nil && c.connector.stale(err) {
		delete(c.prepared, query)
	}
}

func (c *conn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	c.seen(query)
	if len(query) > maxText {
		return c.Conn.(driver.ExecerContext).ExecContext(ctx, query, args)
	}
	st, err := c.statement(ctx, query)
	if err != nil {
		return nil, err
	}
	res, err := st.ExecContext(ctx, args)
	c.forgetIfStale(query, err)
	return res, err
}

func (c *conn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	c.seen(query)
	if len(query) > maxText {
		return c.Conn.(driver.QueryerContext).QueryContext(ctx, query, args)
	}
	st, err := c.statement(ctx, query)
	if err != nil {
		return nil, err
	}
	rows, err := st.QueryContext(ctx, args)
	c.forgetIfStale(query, err)
	return rows, err
}

func (c *conn) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	c.seen("BEGIN")
	tx, err := c.Conn.(driver.ConnBeginTx).BeginTx(ctx, opts)
	if err != nil {
		return nil, err
	}
	return &observedTx{Tx: tx, conn: c}, nil
}

func (c *conn) Ping(ctx context.Context) error { return c.Conn.(driver.Pinger).Ping(ctx) }

func (c *conn) ResetSession(ctx context.Context) error {
	return c.Conn.(driver.SessionResetter).ResetSession(ctx)
}

func (c *conn) IsValid() bool { return c.Conn.(driver.Validator).IsValid() }

func (c *conn) CheckNamedValue(v *driver.NamedValue) error {
	if checker, ok := c.Conn.(driver.NamedValueChecker); ok {
		return checker.CheckNamedValue(v)
	}
	return driver.ErrSkip
}

type observedTx struct {
	driver.Tx
	conn *conn
}

func (t *observedTx) Commit() error {
	t.conn.seen("COMMIT")
	return t.Tx.Commit()
}

func (t *observedTx) Rollback() error {
	t.conn.seen("ROLLBACK")
	return t.Tx.Rollback()
}
