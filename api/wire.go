package api

import (
	"encoding/json"
	"net/http"
	"reflect"
	"regexp"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"canot/internal/fault"
	"canot/inventory"
	"canot/inventory/hours"
	"canot/web/edge"
)

// An Instant is a point in time: RFC 3339, written in UTC to the second, read with any offset.
type Instant struct {
	t   time.Time
	bad bool // it was given and cannot be read; flaw tells
}

// instant cuts a time to what is written.
func instant(t time.Time) Instant { return Instant{t: t.UTC().Truncate(time.Second)} }

func instantOrNil(t *time.Time) *Instant {
	if t == nil {
		return nil
	}
	i := instant(*t)
	return &i
}

// Schema describes an instant.
func (Instant) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeString, Format: "date-time", Examples: []any{"2026-11-21T14:00:00Z"}}
}

// MarshalJSON writes the instant in UTC.
func (i Instant) MarshalJSON() ([]byte, error) {
	return i.t.UTC().AppendFormat(nil, `"2006-01-02T15:04:05Z"`), nil
}

// UnmarshalJSON reads an instant. What it cannot read is told by Resolve, which knows the field.
func (i *Instant) UnmarshalJSON(b []byte) error {
	var s string
	if err := json.Unmarshal(b, &s); err != nil || s == "" {
		return nil // the schema has refused it already
	}
	i.bad = i.UnmarshalText([]byte(s)) != nil
	return nil
}

// strictTime is RFC 3339 to the letter. Package time also takes a comma before the fraction
// and offsets of a day and more.
var strictTime = regexp.MustCompile(`^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$`)

// UnmarshalText reads an instant of a query. The flaw of an absurd year is told by Resolve, which knows the field.
func (i *Instant) UnmarshalText(b []byte) error {
	t, err := time.Parse(time.RFC3339, string(b))
	if err != nil || !strictTime.Match(b) {
		return flawed("bad_time")
	}
	i.t = t.UTC().Truncate(time.Second)
	return nil
}

func (i Instant) flaw() string {
	if i.bad {
		return "bad_time"
	}
	if hours.Absurd(i.t) {
		return "absurd_date"
	}
	return ""
}

// Resolve refuses what cannot be read, and absurd years.
func (i *Instant) Resolve(_ huma.Context, at *huma.PathBuffer) []error { return resolved(i.flaw(), at) }

func resolved(code string, at *huma.PathBuffer) []error {
	if code == "" {
		return nil
	}
	return []error{&huma.ErrorDetail{Message: code, Location: at.String()}}
}

// An Edit is a field that may be given or left out, and never null.
type Edit[T any] struct {
	value T
	given bool
}

// ptr returns what was given, or nil.
func (e *Edit[T]) ptr() *T {
	if !e.given {
		return nil
	}
	return &e.value
}

// Schema describes the field by its type.
func (Edit[T]) Schema(r huma.Registry) *huma.Schema {
	return r.Schema(reflect.TypeFor[T](), true, "")
}

// UnmarshalJSON reads the field; decode has refused null already.
func (e *Edit[T]) UnmarshalJSON(b []byte) error {
	e.given = true
	return json.Unmarshal(b, &e.value)
}

// Resolve refuses what the type itself refuses.
func (e *Edit[T]) Resolve(_ huma.Context, at *huma.PathBuffer) []error {
	if own, ok := any(e.value).(interface{ flaw() string }); ok {
		return resolved(own.flaw(), at)
	}
	return nil
}

// money is an amount in cents.
type money struct {
	Amount   int64  `json:"amount" doc:"In cents" example:"1250"`
	Currency string `json:"currency" doc:"ISO 4217" example:"CAD"`
}

// Keyed is the address of one thing.
type Keyed struct {
	ID string `path:"id" doc:"Its id, or its slug"`
}

// answer is a body alone.
type answer[T any] struct{ Body T }

// tagged is a body with its version.
type tagged[T any] struct {
	Status int
	ETag   string `header:"ETag" doc:"The version, for If-Match and If-None-Match"`
	Body   T
}

// made is the answer to a creation.
type made[T any] struct {
	Location string `header:"Location" doc:"Where it is"`
	ETag     string `header:"ETag" doc:"The version, for If-Match"`
	Body     T
}

// Conditional is the header of a read that may be answered by 304.
type Conditional struct {
	IfNoneMatch string `header:"If-None-Match" doc:"ETags that the caller has already: 304 when one is right"`
}

// read answers a read with its version, or 304.
func (c Conditional) answer(etag string) int {
	if edge.NoneMatch(c.IfNoneMatch, etag) {
		return http.StatusNotModified
	}
	return http.StatusOK
}

// versioned is the ETag of a thing whose representation also depends on a second number.
func versioned(version, second int64) string {
	return `"` + strconv.FormatInt(version, 10) + "." + strconv.FormatInt(second, 10) + `"`
}

// Matching is the header of a write that depends on the version.
type Matching struct {
	IfMatch string `header:"If-Match" doc:"Do it only if this is the ETag still: 412 when it is not"`
}

// version returns the version that a write must find, 0 for any.
func (m Matching) version(current func() (int64, error)) (int64, error) {
	cond, err := edge.IfMatch(m.IfMatch)
	if err != nil {
		return 0, err
	}
	return cond.Version(current)
}

func textOrEmpty(t inventory.Text) map[string]string {
	if t == nil {
		return map[string]string{}
	}
	return t
}

func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// field is one Malformed violation.
func field(name, code string) error { return fault.Field(name, code) }
