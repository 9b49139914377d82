package database

import (
	"context"
	"database/sql"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"time"

	"github.com/jmoiron/sqlx/reflectx"
)

// reader runs queries on one querier. In a transaction it remembers the first failure:
// PostgreSQL refuses all that follows, and so do we on SQLite, where a transaction that
// was rolled back under our feet would otherwise commit statement by statement.
type reader struct {
	ctx    context.Context // of the statements
	caller context.Context // of whoever asked; it ends a transaction on PostgreSQL between statements
	q      querier
	engine engine
	failed *error // nil outside of transactions
	long   bool   // a statement may take as long as its caller wishes
}

// Reader reads outside of a transaction: each call is one statement, and sees what is
// committed when it runs.
func (db *DB) Reader(ctx context.Context) Reader {
	return &reader{ctx: ctx, caller: ctx, q: db.engine.reads(), engine: db.engine}
}

// View calls f with a Reader whose statements all see the same snapshot. It returns
// f's error, or ErrUnavailable. A View never waits for a writer, nor a writer for it.
func (db *DB) View(ctx context.Context, f func(r Reader) error) error {
	return db.view(ctx, func(r *reader) error { return f(r) })
}

func (db *DB) view(ctx context.Context, f func(r *reader) error) error {
	tx, err := db.engine.reads().BeginTx(ctx, db.engine.snapshot())
	if err != nil {
		return explain(ctx, db.engine, err)
	}
	defer func() { _ = tx.Rollback() }() // does nothing after the commit
	if err := f(&reader{ctx: ctx, caller: ctx, q: tx, engine: db.engine, long: true}); err != nil {
		return err // its statements' errors are explained already
	}
	return explain(ctx, db.engine, tx.Commit())
}

func (r *reader) Get(dest any, query string, args ...any) error {
	found := false
	err := r.each(query, args, func(rows *sql.Rows) error {
		found = true
		return scanRow(rows, dest)
	})
	if err == nil && !found {
		return ErrNoRows
	}
	return err
}

func (r *reader) Select(dest any, query string, args ...any) error {
	slice := reflect.ValueOf(dest).Elem()
	slice.SetLen(0)
	var into *scanner
	return r.every(query, args, func(rows *sql.Rows) error {
		elem := slice.Type().Elem()
		if into == nil {
			var err error
			if into, err = newScanner(rows, elem); err != nil {
				return err
			}
		}
		n := slice.Len()
		slice.Grow(1)
		slice.SetLen(n + 1)
		slice.Index(n).SetZero() // what was there before
		return into.scan(rows, slice.Index(n))
	})
}

func (r *reader) SelectIn(dest any, query string, list []string, args ...any) error {
	if len(list) == 0 {
		reflect.ValueOf(dest).Elem().SetLen(0)
		return nil
	}
	return r.Select(dest, withList(r.engine, query, len(args)), append(args[:len(args):len(args)], r.engine.list(list))...)
}

// each reads the first row only, every reads all of them.
func (r *reader) each(query string, args []any, f func(*sql.Rows) error) error {
	return r.rows(query, args, func(rows *sql.Rows) error {
		if !rows.Next() {
			return nil
		}
		return f(rows)
	})
}

func (r *reader) every(query string, args []any, f func(*sql.Rows) error) error {
	return r.rows(query, args, func(rows *sql.Rows) error {
		for rows.Next() {
			if err := f(rows); err != nil {
				return err
			}
		}
		return nil
	})
}

func (r *reader) rows(query string, args []any, f func(*sql.Rows) error) (err error) {
	ctx, done, err := r.begin()
	if err != nil {
		return err
	}
	defer func() { err = r.end(err) }()
	defer done()
	rows, err := r.q.QueryContext(ctx, query, bind(args)...)
	if err != nil {
		return err
	}
	defer rows.Close()
	if err := f(rows); err != nil {
		return err
	}
	if err := rows.Err(); err != nil {
		return err
	}
	return rows.Close()
}

func (r *reader) exec(query string, args []any) (n int64, err error) {
	ctx, done, err := r.begin()
	if err != nil {
		return 0, err
	}
	defer func() { err = r.end(err) }()
	defer done()
	res, err := r.q.ExecContext(ctx, query, bind(args)...)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

// begin refuses a statement that must not run, and bounds the time of one that may.
func (r *reader) begin() (context.Context, context.CancelFunc, error) {
	if r.failed != nil && *r.failed != nil {
		return nil, nil, fmt.Errorf("%w: %w", errFailed, *r.failed)
	}
	limit := r.engine.patience()
	if limit == 0 || r.long {
		return r.ctx, func() {}, nil
	}
	if err := r.caller.Err(); err != nil {
		return nil, nil, r.end(err)
	}
	ctx, cancel := context.WithTimeout(r.ctx, limit)
	return ctx, cancel, nil
}

func (r *reader) end(err error) error {
	if err == nil {
		return nil
	}
	err = explain(r.caller, r.engine, err)
	if r.failed != nil {
		*r.failed = err
	}
	return err
}

// bind cuts times to the second, in UTC, so that both engines store the same.
func bind(args []any) []any {
	bound := make([]any, len(args))
	for i, a := range args {
		switch t := a.(type) {
		case time.Time:
			bound[i] = t.UTC().Truncate(time.Second)
		case *time.Time:
			if t != nil {
				bound[i] = t.UTC().Truncate(time.Second)
			}
		default:
			bound[i] = a
		}
	}
	return bound
}

var listed sync.Map // engine name + query → query with the list in its place

// withList puts the engine's way of handing over a list in the place of `IN ($list)`.
func withList(e engine, query string, args int) string {
	key := e.name() + query
	if q, ok := listed.Load(key); ok {
		return q.(string)
	}
	in, notIn := e.membership(args + 1)
	if !strings.Contains(query, "IN ($list)") {
		panic("database: a query with a list holds `IN ($list)`")
	}
	q := strings.ReplaceAll(query, "NOT IN ($list)", notIn)
	q = strings.ReplaceAll(q, "IN ($list)", in)
	listed.Store(key, q)
	return q
}

var mapper = reflectx.NewMapperFunc("db", strings.ToLower)
