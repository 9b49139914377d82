package api

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
)

// span is the rest of a booking's body.
const span = `"starts_at":"2026-11-17T10:00:00-05:00","ends_at":"2026-11-17T12:00:00-05:00"`

func TestBadBodiesNameTheirField(t *testing.T) {
	deep := `{"resource":` + strings.Repeat("[", 10000) + strings.Repeat("]", 10000) + `,` + span + `}`
	for _, c := range []struct {
		name, body string
		status     int
		violation  string
	}{
		{"nothing", ``, 400, "empty_body"},
		{"a list", `[]`, 400, "wrong_type "},
		{"a text", `"x"`, 400, "wrong_type "},
		{"null", `null`, 400, "wrong_type "},
		{"no JSON", `{`, 400, "bad_json"},
		{"two values", `{"resource":"amos-studio",` + span + `} {}`, 400, "bad_json"},
		{"a comma too many", `{"resource":"amos-studio",` + span + `,}`, 400, "bad_json"},
		{"an unknown field", `{"resource":"amos-studio","colour":"red",` + span + `}`, 400, "unknown_field colour"},
		{"a field that may not be set", `{"resource":"amos-studio","status":"confirmed",` + span + `}`, 400, "unknown_field status"},
		{"another case", `{"Resource":"amos-studio",` + span + `}`, 400, "unknown_field Resource"},
		{"an unknown field of a line", `{"lines":[{"resource":"amos-desk","unit":"x"}],` + span + `}`, 400, "unknown_field lines.0.unit"},
		{"a field twice", `{"resource":"amos-studio","resource":"amos-desk",` + span + `}`, 400, "duplicate_key resource"},
		{"a field of a line twice", `{"lines":[{"resource":"a","resource":"b"}],` + span + `}`, 400, "duplicate_key lines.0.resource"},
		{"a number for a text", `{"resource":7,` + span + `}`, 400, "wrong_type resource"},
		{"a text for a number", `{"resource":"amos-desk","quantity":"2",` + span + `}`, 400, "wrong_type quantity"},
		{"half a unit", `{"resource":"amos-desk","quantity":1.5,` + span + `}`, 400, "wrong_type quantity"},
		{"one, written otherwise", `{"resource":"amos-desk","quantity":1.0,` + span + `}`, 400, "bad_number quantity"},
		{"no unit", `{"resource":"amos-desk","quantity":0,` + span + `}`, 400, "too_small quantity"},
		{"less than none", `{"resource":"amos-desk","quantity":-1,` + span + `}`, 400, "too_small quantity"},
		{"a million units", `{"resource":"amos-desk","quantity":1000000,` + span + `}`, 400, "too_big quantity"},
		{"beyond every number", `{"resource":"amos-desk","quantity":1e400,` + span + `}`, 400, "bad_number "},
		{"more units than there are", `{"resource":"amos-desk","quantity":4,` + span + `}`, 422, "too_many"},
		{"no resource", `{` + span + `}`, 400, "required lines"},
		{"no lines", `{"lines":[],` + span + `}`, 400, "list_too_short lines"},
		{"both forms", `{"resource":"amos-desk","lines":[{"resource":"amos-desk"}],` + span + `}`, 400, "either_lines_or_resource resource"},
		{"a quantity beside lines", `{"quantity":2,"lines":[{"resource":"amos-desk"}],` + span + `}`, 400, "either_lines_or_resource quantity"},
		{"no end", `{"resource":"amos-desk","starts_at":"2026-11-17T10:00:00-05:00"}`, 400, "required ends_at"},
		{"null for an instant", `{"resource":"amos-desk","starts_at":null,"ends_at":"2026-11-17T10:00:00-05:00"}`, 400, "null_value starts_at"},
		{"null for a quantity", `{"resource":"amos-desk","quantity":null,` + span + `}`, 400, "null_value quantity"},
		{"null for a quantity of a line", `{"lines":[{"resource":"amos-desk","quantity":null}],` + span + `}`, 400, "null_value lines.0.quantity"},
		{"null for a title", `{"resource":"amos-desk","title":null,` + span + `}`, 400, "null_value title"},
		{"more lines than the book takes", `{"lines":[` + strings.Repeat(`{"resource":"amos-desk"},`, 20) + `{"resource":"amos-desk"}],` + span + `}`, 400, "too_many_items lines"},
		{"a comma before the fraction", `{"resource":"amos-desk","starts_at":"2026-11-17T15:00:00,5Z","ends_at":"2026-11-17T16:00:00Z"}`, 400, "bad_time starts_at"},
		{"an offset of a day", `{"resource":"amos-desk","starts_at":"2026-11-17T15:00:00+24:00","ends_at":"2026-11-17T16:00:00Z"}`, 400, "bad_time starts_at"},
		{"an offset of 60 minutes", `{"resource":"amos-desk","starts_at":"2026-11-17T15:00:00Z","ends_at":"2026-11-17T16:00:00-04:60"}`, 400, "bad_time ends_at"},
		{"a time without offset", `{"resource":"amos-desk","starts_at":"2026-11-17T10:00:00","ends_at":"2026-11-17T12:00:00-05:00"}`, 400, "bad_time starts_at"},
		{"a date", `{"resource":"amos-desk","starts_at":"2026-11-17","ends_at":"2026-11-17T12:00:00-05:00"}`, 400, "bad_time starts_at"},
		{"a day that is none", `{"resource":"amos-desk","starts_at":"2026-02-30T10:00:00Z","ends_at":"2026-11-17T12:00:00-05:00"}`, 400, "bad_time starts_at"},
		{"seconds since 1970", `{"resource":"amos-desk","starts_at":1795000000,"ends_at":"2026-11-17T12:00:00-05:00"}`, 400, "wrong_type starts_at"},
		{"the year 0", `{"resource":"amos-desk","starts_at":"0000-01-01T00:00:00Z","ends_at":"2026-11-17T12:00:00-05:00"}`, 400, "absurd_date starts_at"},
		{"the year 9999", `{"resource":"amos-desk","starts_at":"2026-11-17T12:00:00-05:00","ends_at":"9999-12-31T23:59:59Z"}`, 400, "absurd_date ends_at"},
		{"the end before the start", `{"resource":"amos-desk","starts_at":"2026-11-17T12:00:00-05:00","ends_at":"2026-11-17T10:00:00-05:00"}`, 422, "ends_before_start ends_at"},
		{"a visibility that is none", `{"resource":"amos-desk","visibility":"all",` + span + `}`, 422, "bad_visibility visibility"},
		{"a sector that is none", `{"resource":"amos-desk","sector":"all",` + span + `}`, 422, "bad_sector sector"},
		{"a NUL", `{"resource":"amos-desk","title":"a\u0000b",` + span + `}`, 400, "bad_text title"},
		{"no UTF-8", "{\"resource\":\"amos-desk\",\"title\":\"\xff\xfe\"," + span + `}`, 400, "bad_utf8"},
		{"deep nesting", deep, 400, "too_deep"},
		{"an unknown resource", `{"resource":"nowhere",` + span + `}`, 404, ""},
		{"a script for an id", `{"resource":"<script>alert(1)</script>",` + span + `}`, 404, ""},
	} {
		onceOnSQLite(t, c.name, func(t *testing.T, n *network) {
			r := n.do("POST", "/api/v1/bookings", "zoe", c.body).want(c.status)
			if c.violation != "" && !slices.Contains(r.violations(), c.violation) {
				t.Errorf("violations %q, want %q: %s", r.violations(), c.violation, r.body)
			}
			tidy(t, r)
			if len(n.do("GET", "/api/v1/bookings", "zoe", "").want(200).items()) != 0 {
				t.Error("a refused request left a booking")
			}
		})
	}
}

// shared is a network that tests which write nothing have in common.
var shared struct {
	n *network
}

// onceOnSQLite runs a subtest on a network that all of a test's subtests share.
func onceOnSQLite(t *testing.T, name string, f func(t *testing.T, n *network)) {
	t.Helper()
	if shared.n == nil || shared.n.t != testing.TB(t) {
		shared.n = newNetwork(t, "sqlite", false)
	}
	t.Run(name, func(t *testing.T) {
		n := *shared.n
		n.t = t
		f(t, &n)
	})
}

// tidy checks that a problem is a problem and says nothing of our insides.
func tidy(t *testing.T, r *answered) {
	t.Helper()
	if ct := r.header.Get("Content-Type"); ct != "application/problem+json" {
		t.Errorf("%s answered with %q", r.call, ct)
	}
	var p struct {
		Type, Title, Detail, Code string
		Status                    int
		Violations                []struct{ Code, Message string }
	}
	if err := json.Unmarshal(r.body, &p); err != nil || p.Status != r.status || p.Title == "" || p.Detail == "" || p.Code == "" || p.Type == "" {
		t.Errorf("no proper problem: %v %s", err, r.body)
	}
	for _, v := range p.Violations {
		if v.Message == "" || strings.ContainsAny(v.Message, "{}") || strings.Contains(v.Message, "violation.") {
			t.Errorf("the violation %q says %q", v.Code, v.Message)
		}
	}
	for _, leak := range []string{"SELECT", "pq:", "sqlite", "goroutine", ".go:", "json:", "expected ", "huma"} {
		if strings.Contains(string(r.body), leak) {
			t.Errorf("the problem shows %q: %s", leak, r.body)
		}
	}
}

func TestBadAddressesAndHeaders(t *testing.T) {
	for _, c := range []struct {
		name, method, path, body string
		headers                  []string
		status                   int
		violation                string
	}{
		{"an unknown parameter", "GET", "/api/v1/hubs?hubs=x", "", nil, 400, "unknown_parameter hubs"},
		{"a parameter twice", "GET", "/api/v1/hubs?q=a&q=b", "", nil, 400, "repeated_parameter q"},
		{"too many at once", "GET", "/api/v1/hubs?limit=201", "", nil, 400, "too_big limit"},
		{"none at once", "GET", "/api/v1/hubs?limit=0", "", nil, 400, "too_small limit"},
		{"a word for a number", "GET", "/api/v1/hubs?limit=ten", "", nil, 400, "wrong_type limit"},
		{"a cursor of our own making", "GET", "/api/v1/hubs?cursor=abc!", "", nil, 400, "bad_cursor cursor"},
		{"a cursor of another list", "GET", "/api/v1/bookings?cursor=YW1vcw", "", nil, 400, "bad_cursor cursor"},
		{"a kind that is none", "GET", "/api/v1/resources?kind=boat", "", nil, 400, "bad_value kind"},
		{"a word for a yes", "GET", "/api/v1/bookings?mine=oui", "", nil, 400, "wrong_type mine"},
		{"a NUL in a parameter", "GET", "/api/v1/hubs?q=%00", "", nil, 400, "bad_text q"},
		{"no UTF-8 in a parameter", "GET", "/api/v1/hubs?q=%ff", "", nil, 400, "bad_text q"},
		{"a NUL in a path", "GET", "/api/v1/hubs/%00", "", nil, 404, ""},
		{"no UTF-8 in a path", "GET", "/api/v1/hubs/%ff%fe", "", nil, 404, ""},
		{"a long id", "GET", "/api/v1/hubs/" + strings.Repeat("x", 5000), "", nil, 404, ""},
		{"no window", "GET", "/api/v1/availability", "", nil, 400, "required from"},
		{"a comma in a window", "GET", "/api/v1/availability?from=2026-11-17T00:00:00,5Z&to=2026-11-18T00:00:00Z", "", nil, 400, "bad_time from"},
		{"an offset of a day in a window", "GET", "/api/v1/availability?from=2026-11-17T00:00:00Z&to=2026-11-18T00:00:00%2B24:00", "", nil, 400, "bad_time to"},
		{"a comma in a change", "PATCH", "/api/v1/bookings/x", `{"starts_at":"2026-11-17T00:00:00,5Z"}`, nil, 400, "bad_time starts_at"},
		{"bookings of no hub", "GET", "/api/v1/bookings?hub=nowhere", "", nil, 404, ""},
		{"bookings of no resource", "GET", "/api/v1/bookings?hub=amos&resource=nowhere", "", nil, 404, ""},
		{"a packed body", "POST", "/api/v1/bookings", "{}", []string{"Content-Encoding", "gzip"}, 415, ""},
		{"a packed body of an import", "POST", "/api/v1/import", "slug", []string{"Content-Type", "text/csv", "Content-Encoding", "gzip"}, 415, ""},
		{"a window without offset", "GET", "/api/v1/availability?from=2026-11-17T00:00:00&to=2026-11-18T00:00:00Z", "", nil, 400, "bad_time from"},
		{"an absurd window", "GET", "/api/v1/availability?from=1066-11-17T00:00:00Z&to=2026-11-18T00:00:00Z", "", nil, 400, "absurd_date from"},
		{"a window too long", "GET", "/api/v1/availability?from=2026-11-17T00:00:00Z&to=2027-11-18T00:00:00Z", "", nil, 422, "window_too_long to"},
		{"a window backwards", "GET", "/api/v1/availability?from=2026-11-18T00:00:00Z&to=2026-11-17T00:00:00Z", "", nil, 400, "ends_before_start to"},
		{"a form", "POST", "/api/v1/bookings", "a=b", []string{"Content-Type", "application/x-www-form-urlencoded"}, 415, ""},
		{"plain text", "POST", "/api/v1/bookings", "{}", []string{"Content-Type", "text/plain"}, 415, ""},
		{"a content type that is none", "POST", "/api/v1/bookings", "{}", []string{"Content-Type", ";+"}, 415, ""},
		{"JSON for an import", "POST", "/api/v1/import", "{}", nil, 415, ""},
		{"an unknown zone", "POST", "/api/v1/hubs", `{"slug":"x","time_zone":"Mars/Base"}`, nil, 400, "unknown_zone time_zone"},
		{"the server's zone", "POST", "/api/v1/hubs", `{"slug":"x","time_zone":"Local"}`, nil, 400, "unknown_zone time_zone"},
		{"a zone that is no place's", "PATCH", "/api/v1/hubs/amos", `{"time_zone":"EST"}`, nil, 422, "zone_of_no_place time_zone"},
		{"another slug for a hub", "PATCH", "/api/v1/hubs/amos", `{"slug":"amos2"}`, nil, 422, "slug_fixed slug"},
		{"another slug for a resource", "PATCH", "/api/v1/resources/amos-desk", `{"slug":"desk"}`, nil, 422, "slug_fixed slug"},
		{"a closure that the clocks skip", "POST", "/api/v1/hubs/amos/closures", `{"starts_local":"2027-03-14T02:30","ends_local":"2027-03-14T03:15"}`, nil, 422, ""},
		{"a path for a zone", "POST", "/api/v1/hubs", `{"slug":"x","time_zone":"../../etc/passwd"}`, nil, 400, "unknown_zone time_zone"},
		{"null in a change", "PATCH", "/api/v1/hubs/amos", `{"town":null}`, nil, 400, "null_value town"},
		{"hours that overlap", "PUT", "/api/v1/hubs/amos/opening", `{"week":"Mo 09:00-12:00,11:00-13:00"}`, nil, 400, "bad_hours week"},
		{"a day that is none", "PUT", "/api/v1/hubs/amos/exceptions/2026-02-30", `{"hours":""}`, nil, 400, "bad_date date"},
		{"a closure with an offset", "POST", "/api/v1/hubs/amos/closures", `{"starts_local":"2026-12-24T12:00:00Z","ends_local":"2026-12-25T12:00"}`, nil, 400, "bad_local_time starts_local"},
		{"a closure backwards", "POST", "/api/v1/hubs/amos/closures", `{"starts_local":"2026-12-25T12:00","ends_local":"2026-12-24T12:00"}`, nil, 422, ""},
		{"another method", "PUT", "/api/v1/hubs", "{}", nil, 405, ""},
		{"no such address", "GET", "/api/v2/hubs", "", nil, 404, ""},
	} {
		onceOnSQLite(t, c.name, func(t *testing.T, n *network) {
			r := n.do(c.method, c.path, "root", c.body, c.headers...).want(c.status)
			if c.violation != "" && !slices.Contains(r.violations(), c.violation) {
				t.Errorf("violations %q, want %q: %s", r.violations(), c.violation, r.body)
			}
			tidy(t, r)
		})
	}
}

func TestAnswersInTheLanguageAskedFor(t *testing.T) {
	n := newNetwork(t, "sqlite", false)
	for header, want := range map[string]string{"": "Introuvable", "en-CA,fr;q=0.5": "Not found", "de": "Introuvable", "fr;q=0.2,en;q=0.9": "Not found", "*": "Introuvable", "en;q=0": "Introuvable"} {
		r := n.do("GET", "/api/v1/hubs/nowhere", "", "", "Accept-Language", header).want(404)
		if r.text("title") != want || !strings.Contains(r.header.Get("Vary"), "Accept-Language") || r.header.Get("Content-Language") == "" {
			t.Errorf("%q: %s %v", header, r.body, r.header)
		}
	}
}

func TestABodyMayBeOneMebibyte(t *testing.T) {
	n := newNetwork(t, "sqlite", false)
	big := `{"title":"` + strings.Repeat("a", 10<<20) + `"}`
	n.do("POST", "/api/v1/bookings", "zoe", big).want(http.StatusRequestEntityTooLarge)
	// Without a length the server finds out while it reads.
	r := httptest.NewRequest("POST", "/api/v1/bookings", struct{ *strings.Reader }{strings.NewReader(big)})
	r.ContentLength = -1
	r.Header.Set("Authorization", "Bearer "+n.tokens["zoe"])
	for range 2 {
		w := httptest.NewRecorder()
		n.handler.ServeHTTP(w, r)
		if w.Code != http.StatusRequestEntityTooLarge {
			t.Errorf("answered %d %s", w.Code, w.Body)
		}
		r = r.Clone(r.Context())
		r.Header.Set("Idempotency-Key", "big")
		r.Body = http.NoBody
		r.Body = readCloser{strings.NewReader(big)}
	}
	nearly := `{"resource":"amos-desk","notes":"` + strings.Repeat("a", 1<<19) + `",` + span + `}`
	n.do("POST", "/api/v1/bookings", "zoe", nearly).want(422)
}

type readCloser struct{ *strings.Reader }

func (readCloser) Close() error { return nil }
