package api

import (
	"encoding/json"
	"strings"
	"testing"
)

func FuzzDecode(f *testing.F) {
	for _, s := range []string{`{"a":1}`, `[[[]]]`, `{"a":{"b":[null,true,"x"]}}`, `{"a":1,"a":2}`, "\xff", `1e999`, `{"resource":"x","starts_at":"2026-11-17T10:00:00Z"}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		var v any
		err := decode(body, &v)
		if err == nil && !json.Valid(body) {
			t.Errorf("%q is taken for JSON", body)
		}
		if err != nil && strings.ContainsAny(strings.SplitN(err.Error(), "|", 2)[0], " :") {
			t.Errorf("%q: the flaw %q is no code", body, err)
		}
		var r bookingRequest
		_ = decode(body, &r)
		var e bookingEdits
		_ = decode(body, &e)
	})
}

func FuzzInstant(f *testing.F) {
	f.Add("2026-11-17T10:00:00-05:00")
	f.Add("0000-01-01T00:00:00Z")
	f.Fuzz(func(t *testing.T, s string) {
		var i Instant
		if i.UnmarshalText([]byte(s)) != nil || i.flaw() != "" {
			return
		}
		b, err := i.MarshalJSON()
		must(t, err)
		var again Instant
		if err := again.UnmarshalJSON(b); err != nil || !again.t.Equal(i.t) {
			t.Errorf("%q is written as %s and read as %v", s, b, again.t)
		}
		if got := string((&instantWriter{}).append(nil, i.t)); got != string(b) {
			t.Errorf("%q is written as %s and as %s", s, got, b)
		}
	})
}

// FuzzBookings sends bodies all the way to the data base: nothing but a clear answer may come back.
func FuzzBookings(f *testing.F) {
	n := newNetwork(f, "sqlite", false)
	f.Add(studio("10:00", "12:00"))
	f.Add(`{"lines":[{"resource":"amos-desk","quantity":2}],` + span + `,"title":"é\u0301","member":"x","hold_minutes":5}`)
	f.Add(`{"resource":"amos-desk","starts_at":"9998-12-31T23:59:59Z","ends_at":"1970-01-01T00:00:00Z"}`)
	f.Fuzz(func(t *testing.T, body string) {
		for _, call := range []string{"POST /api/v1/bookings", "POST /api/v1/bookings/preview"} {
			method, path, _ := strings.Cut(call, " ")
			mine := *n
			mine.t = t
			if r := mine.do(method, path, "zoe", body); r.status >= 500 {
				t.Errorf("%s answers %d to %q: %s", call, r.status, body, r.body)
			}
		}
	})
}
