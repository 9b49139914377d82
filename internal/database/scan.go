package database

import (
	"database/sql"
	"fmt"
	"reflect"
	"time"
)

// A scanner puts the columns of a row into a value: into the fields of a struct by
// their `db` tag, or the one column into a scalar. Each column must have its field.
type scanner struct {
	fields [][]int // by column; nil for a scalar
	into   []any
	times  []instant // by column, those that are times
}

var (
	timeType    = reflect.TypeFor[time.Time]()
	timePtrType = reflect.TypeFor[*time.Time]()
	scannerType = reflect.TypeFor[sql.Scanner]()
)

func newScanner(rows *sql.Rows, t reflect.Type) (*scanner, error) {
	columns, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	s := &scanner{into: make([]any, len(columns)), times: make([]instant, len(columns))}
	if t.Kind() != reflect.Struct || t == timeType || reflect.PointerTo(t).Implements(scannerType) {
		if len(columns) != 1 {
			return nil, fmt.Errorf("%d columns for a single %s", len(columns), t)
		}
		return s, nil
	}
	s.fields = mapper.TraversalsByName(t, columns)
	for i, path := range s.fields {
		if len(path) == 0 {
			return nil, fmt.Errorf("no field of %s for column %s", t, columns[i])
		}
	}
	return s, nil
}

func (s *scanner) scan(rows *sql.Rows, v reflect.Value) error {
	if s.fields == nil {
		s.into[0] = s.target(0, v)
	}
	for i, path := range s.fields {
		s.into[i] = s.target(i, field(v, path))
	}
	return rows.Scan(s.into...)
}

// field follows a path through embedded structs. A pointer at its end is left to the
// column, which may be null.
func field(v reflect.Value, path []int) reflect.Value {
	for n, i := range path {
		if n > 0 && v.Kind() == reflect.Pointer {
			if v.IsNil() {
				v.Set(reflect.New(v.Type().Elem()))
			}
			v = v.Elem()
		}
		v = v.Field(i)
	}
	return v
}

func scanRow(rows *sql.Rows, dest any) error {
	v := reflect.ValueOf(dest).Elem()
	s, err := newScanner(rows, v.Type())
	if err != nil {
		return err
	}
	return s.scan(rows, v)
}

// target is where a column goes. Times pass through our own hands: SQLite gives text
// where a column has no declared type (MAX(ends_at), RETURNING), and its driver's own
// conversion would also rewrite texts that merely look like times, such as a promise
// in wall-clock time.
func (s *scanner) target(column int, v reflect.Value) any {
	at := &s.times[column] // kept, so that a million rows need not a million of them
	switch v.Type() {
	case timeType:
		*at = instant{must: v.Addr().Interface().(*time.Time)}
		return at
	case timePtrType:
		*at = instant{may: v.Addr().Interface().(**time.Time)}
		return at
	}
	return v.Addr().Interface()
}

// An instant scans a time, or the text that SQLite keeps for one, into UTC.
type instant struct {
	must *time.Time
	may  **time.Time
}

const storedTime = "2006-01-02 15:04:05.999999999-07:00"

func (i instant) Scan(src any) error {
	var t time.Time
	switch v := src.(type) {
	case time.Time:
		t = v
	case string:
		var err error
		if t, err = time.Parse(storedTime, v); err != nil {
			return fmt.Errorf("not an instant: %w", err)
		}
	case nil:
		if i.may == nil {
			return fmt.Errorf("no instant where one must be")
		}
		*i.may = nil
		return nil
	default:
		return fmt.Errorf("not an instant: %T", src)
	}
	t = t.UTC()
	if i.may != nil {
		*i.may = &t
	} else {
		*i.must = t
	}
	return nil
}
