// Package fault is the one error type that callers can act on.
//
// A fault says what kind of failure it is, a stable code, and the figures that
// a sentence about it needs. It holds no sentence: words belong to web/locale,
// statuses to web/edge. It knows nothing of HTTP, SQL or languages.
package fault

import (
	"errors"
	"time"
)

// Kind classifies a failure by what the caller can do about it.
type Kind string

// The kinds. Each has one HTTP status, in web/edge, and one exit code, in cmd/canot.
const (
	Malformed       Kind = "malformed"       // the request cannot be read
	Unauthenticated Kind = "unauthenticated" // who are you?
	Forbidden       Kind = "forbidden"       // known, but not allowed
	NotFound        Kind = "not_found"       // not there, or not yours to know
	Taken           Kind = "taken"           // the time is taken, and that is all
	Stale           Kind = "stale"           // somebody changed it since you read it
	Refused         Kind = "refused"         // a rule says no
	Method          Kind = "method"          // not with this method
	TooLarge        Kind = "too_large"       // the body is too long
	Media           Kind = "media"           // the body is of a type not read here
	TooMany         Kind = "too_many"        // slow down
	Unavailable     Kind = "unavailable"     // the data base is away for now
	Internal        Kind = "internal"        // our mistake; the cause is logged, never shown
)

// Params are the figures of a fault, by name: strings, integers, or time.Time
// values. A time carries the zone in which a person should read it.
type Params map[string]any

// A Violation is one broken rule, or one field that cannot be read.
type Violation struct {
	Code   string `json:"code"`
	Params Params `json:"params,omitempty"`

	WaivableBy []string `json:"waivable_by,omitempty"` // roles that may lift the rule for once; none when nobody may
}

// An Error is a failure that a caller can act on.
// It may be copied and encoded as JSON; its cause is never encoded.
type Error struct {
	Kind       Kind          `json:"kind"`
	Code       string        `json:"code"`
	Params     Params        `json:"params,omitempty"`
	Violations []Violation   `json:"violations,omitempty"`
	RetryAfter time.Duration `json:"retry_after,omitempty"`

	cause error
}

// New makes a fault of the given kind and code. Params may be nil.
func New(kind Kind, code string, params Params) *Error {
	return &Error{Kind: kind, Code: code, Params: params}
}

// Field makes a Malformed fault that names one unreadable field, with the
// violation's code saying why.
func Field(field, code string) *Error {
	return &Error{
		Kind: Malformed, Code: "malformed",
		Violations: []Violation{{Code: code, Params: Params{"field": field}}},
	}
}

// Because returns a copy of e whose cause is err. The cause is for the log:
// it is unwrapped by errors.Is and errors.As and never shown to a caller.
func (e *Error) Because(err error) *Error {
	c := *e
	c.cause = err
	return &c
}

// Error returns the code, and the cause when there is one. It is for logs.
func (e *Error) Error() string {
	if e.cause != nil {
		return e.Code + ": " + e.cause.Error()
	}
	return e.Code
}

// Unwrap returns the cause, or nil.
func (e *Error) Unwrap() error { return e.cause }

// Of returns the fault in err's chain, or nil when there is none.
func Of(err error) *Error {
	var f *Error
	if errors.As(err, &f) {
		return f
	}
	return nil
}

// KindOf returns the kind of the fault in err's chain, Internal when err holds
// none, and "" for a nil error.
func KindOf(err error) Kind {
	if err == nil {
		return ""
	}
	if f := Of(err); f != nil {
		return f.Kind
	}
	return Internal
}

// Is reports whether err's chain holds a fault with the given code.
func Is(err error, code string) bool {
	f := Of(err)
	return f != nil && f.Code == code
}
