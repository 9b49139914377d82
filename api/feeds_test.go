package api

import (
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"canot/booking/calendar"
	"canot/internal/database"
	"canot/internal/database/dbtest"
	"canot/web/edge"
)

// feedServer serves the feeds of a network of one hub with one resource and a few bookings.
type feedServer struct {
	t          *testing.T
	db         *database.DB
	clock      *dbtest.Clock
	handler    http.Handler
	statements atomic.Int64
}

func eachFeedServer(t *testing.T, f func(t *testing.T, s *feedServer)) {
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			s := &feedServer{t: t, clock: dbtest.NewClock(time.Date(2026, 11, 21, 15, 0, 0, 0, time.UTC))}
			s.db = dbtest.Open(t, engine, database.Settings{Clock: s.clock.Now, Observe: func(string) { s.statements.Add(1) }})
			s.fill()
			router, err := edge.New(edge.Settings{Log: slog.New(slog.DiscardHandler)})
			if err != nil {
				t.Fatal(err)
			}
			mountFeeds(router, calendar.New(s.db))
			s.handler = edge.Front(router)
			f(t, s)
		})
	}
}

func (s *feedServer) exec(queries ...string) {
	s.t.Helper()
	err := s.db.In(context.Background(), func(tx *database.Tx) error {
		for _, q := range queries {
			if _, err := tx.Exec(q); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *feedServer) fill() {
	s.exec(
		`INSERT INTO operators (id, slug, legal_name) VALUES ('op', 'op', 'Exploitant')`,
		`INSERT INTO regions (id, slug, name) VALUES ('re', 'abitibi', '{"fr":"Abitibi"}')`,
		`INSERT INTO hubs (id, slug, region_id, operator_id, name, town, latitude, longitude, time_zone) VALUES ('hub', 'amos', 're', 'op', '{"fr":"Hub d’Amos"}', 'Amos', 48, -78, 'America/Toronto')`,
		`INSERT INTO categories (id, slug, name) VALUES ('cat', 'medialab', '{"fr":"Médialab"}')`,
		`INSERT INTO resources (id, slug, hub_id, kind, category_id, name, name_key, grain_min, shortest_min, longest_min, within) VALUES ('res', 'amos-studio', 'hub', 'space', 'cat', '{"fr":"Studio"}', 'studio', 30, 30, 480, 'inside')`,
		`INSERT INTO members (id, name, created_at) VALUES ('mem', 'Personne', '2026-01-01 00:00:00+00:00')`)
	for i := range 30 {
		s.exec(fmt.Sprintf(`INSERT INTO bookings (id, reference, hub_id, member_id, made_by, status, starts_at, ends_at, starts_local, ends_local, shown, created_at, changed_at)
			VALUES ('b%02[1]d', 'b%02[1]d', 'hub', 'mem', 'mem', 'confirmed', '2026-11-%02[2]d 14:00:00+00:00', '2026-11-%02[2]d 16:00:00+00:00', '', '', true, '2026-11-01 00:00:00+00:00', '2026-11-01 00:00:00+00:00')`, i, i+1),
			fmt.Sprintf(`INSERT INTO booking_lines (booking_id, line, resource_id, quantity) VALUES ('b%02d', 0, 'res', 1)`, i))
	}
}

// get asks with the headers given as name, value, name, value.
func (s *feedServer) get(method, path string, headers ...string) *http.Response {
	r := httptest.NewRequest(method, path, nil)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	s.statements.Store(0)
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, r)
	return w.Result()
}

func text(t *testing.T, r io.Reader) string {
	t.Helper()
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestAFeedIsServedAsCalendarProgramsExpect(t *testing.T) {
	eachFeedServer(t, func(t *testing.T, s *feedServer) {
		for _, path := range []string{
			"/calendars/hubs/amos.ics", "/calendars/resources/amos-studio.ics", "/calendars/regions/abitibi.ics?busy=1",
			"/calendars/network.ics?kind=space&category=medialab&lang=en", "/calendars/workshops.ics",
			"/calendars/hubs/amos.ics?utm_source=somewhere",
		} {
			got := s.get("GET", path)
			body := text(t, got.Body)
			if got.StatusCode != 200 || !strings.HasPrefix(body, "BEGIN:VCALENDAR\r\n") || !strings.HasSuffix(body, "END:VCALENDAR\r\n") {
				t.Fatalf("%s: %d %s", path, got.StatusCode, body)
			}
			if n := s.statements.Load(); n > 3 {
				t.Errorf("%s costs %d statements", path, n)
			}
			for name, want := range map[string]string{
				"Content-Type": "text/calendar; charset=utf-8", "Cache-Control": "public, max-age=300", "Vary": "Accept-Encoding",
				"X-Robots-Tag": "noindex", "X-Content-Type-Options": "nosniff", "Set-Cookie": "", "Content-Encoding": "",
				"Last-Modified": "Sat, 21 Nov 2026 15:00:00 GMT",
			} {
				if have := got.Header.Get(name); have != want {
					t.Errorf("%s: %s is %q, want %q", path, name, have, want)
				}
			}
			if got.Header.Get("ETag") == "" {
				t.Errorf("%s has no ETag", path)
			}
		}
	})
}

func TestAReaderWhoHasTheFeedIsToldSoAtThePriceOfOneStatement(t *testing.T) {
	eachFeedServer(t, func(t *testing.T, s *feedServer) {
		const path = "/calendars/hubs/amos.ics"
		first := s.get("GET", path)
		tag, modified := first.Header.Get("ETag"), first.Header.Get("Last-Modified")
		strong := strings.TrimPrefix(tag, "W/")
		for _, c := range []struct {
			name    string
			headers []string
			status  int
		}{
			{"the tag", []string{"If-None-Match", tag}, 304},
			{"the tag without its W/", []string{"If-None-Match", strong}, 304},
			{"a list", []string{"If-None-Match", `"a", W/"b" , ` + tag}, 304},
			{"two headers", []string{"If-None-Match", `"a"`, "If-None-Match", tag}, 304},
			{"any", []string{"If-None-Match", "*"}, 304},
			{"another", []string{"If-None-Match", `"a"`}, 200},
			{"the time", []string{"If-Modified-Since", modified}, 304},
			{"a later time", []string{"If-Modified-Since", "Sun, 22 Nov 2026 00:00:00 GMT"}, 304},
			{"an earlier time", []string{"If-Modified-Since", "Sat, 21 Nov 2026 14:59:59 GMT"}, 200},
			{"no time", []string{"If-Modified-Since", "yesterday"}, 200},
			{"the tag rules over the time", []string{"If-None-Match", `"a"`, "If-Modified-Since", modified}, 200},
			{"nothing", nil, 200},
		} {
			for _, method := range []string{"GET", "HEAD"} {
				got := s.get(method, path, append(c.headers, "Accept-Encoding", "gzip")...)
				if got.StatusCode != c.status {
					t.Errorf("%s with %s: %d, want %d", method, c.name, got.StatusCode, c.status)
				}
				if got.StatusCode == 304 && (s.statements.Load() > 1 || got.Header.Get("ETag") != tag || text(t, got.Body) != "") {
					t.Errorf("%s with %s: %d statements, ETag %s, or a body", method, c.name, s.statements.Load(), got.Header.Get("ETag"))
				}
			}
		}
		s.exec(`UPDATE resources SET version = version + 1 WHERE id = 'res'`)
		s.clock.Move(time.Minute)
		if got := s.get("GET", path, "If-None-Match", tag); got.StatusCode != 200 {
			t.Errorf("after a change: %d", got.StatusCode)
		}
		if got := s.get("GET", path, "If-Modified-Since", modified); got.StatusCode != 200 {
			t.Errorf("after a change, by time: %d", got.StatusCode)
		}
	})
}

func TestAFeedIsPackedOnceForThoseWhoTakeIt(t *testing.T) {
	eachFeedServer(t, func(t *testing.T, s *feedServer) {
		const path = "/calendars/hubs/amos.ics"
		plain := text(t, s.get("GET", path).Body)
		for round, statements := range []int64{3, 1} {
			got := s.get("GET", path, "Accept-Encoding", "br, gzip;q=0.5")
			if got.Header.Get("Content-Encoding") != "gzip" || got.Header.Get("Vary") != "Accept-Encoding" {
				t.Fatalf("headers %v", got.Header)
			}
			zip, err := gzip.NewReader(got.Body)
			if err != nil {
				t.Fatal(err)
			}
			if text(t, zip) != plain {
				t.Error("unpacked it is another")
			}
			if n := s.statements.Load(); n > statements {
				t.Errorf("round %d costs %d statements", round, n)
			}
		}
		for _, header := range []string{"", "identity", "gzip;q=0", "br", "*;q=0"} {
			if got := s.get("GET", path, "Accept-Encoding", header); got.Header.Get("Content-Encoding") != "" {
				t.Errorf("%q got %s", header, got.Header.Get("Content-Encoding"))
			}
		}
		if got := s.get("HEAD", path, "Accept-Encoding", "gzip"); got.StatusCode != 200 || text(t, got.Body) != "" {
			t.Errorf("HEAD: %d or a body", got.StatusCode)
		}
	})
}

func TestAFeedThatIsNotThereIsAProblemNotACalendar(t *testing.T) {
	eachFeedServer(t, func(t *testing.T, s *feedServer) {
		for _, c := range []struct {
			path   string
			status int
			says   string
		}{
			{"/calendars/hubs/nulle-part.ics", 404, "hub_not_found"},
			{"/calendars/resources/amos.ics", 404, "resource_not_found"},
			{"/calendars/regions/amos.ics", 404, "region_not_found"},
			{"/calendars/hubs/amos", 404, "not_found"},
			{"/calendars/hubs/.ics", 404, "not_found"},
			{"/calendars/hubs/a%00b.ics", 404, "hub_not_found"},
			{"/calendars/hubs/%ff.ics", 404, "hub_not_found"},
			{"/calendars/hubs/amos.ics?kind=chose", 400, `"field":"kind"`},
			{"/calendars/hubs/amos.ics?kind=space&kind=machine", 400, `"field":"kind"`},
			{"/calendars/hubs/amos.ics?category=rien", 404, "category_not_found"},
			{"/calendars/hubs/amos.ics?lang=de", 400, `"field":"lang"`},
			{"/calendars/network.ics?busy=yes", 400, `"field":"busy"`},
		} {
			got := s.get("GET", c.path)
			body := text(t, got.Body)
			if got.StatusCode != c.status || !strings.Contains(body, c.says) {
				t.Errorf("%s: %d %s", c.path, got.StatusCode, body)
			}
			if got.Header.Get("Content-Type") != "application/problem+json" || got.Header.Get("ETag") != "" || got.Header.Get("Cache-Control") != "no-store" {
				t.Errorf("%s: headers %v", c.path, got.Header)
			}
		}
	})
}

func TestAFeedOfADataBaseThatIsAwayIsAskedForLater(t *testing.T) {
	eachFeedServer(t, func(t *testing.T, s *feedServer) {
		_ = s.db.Close()
		got := s.get("GET", "/calendars/hubs/amos.ics", "Accept-Encoding", "gzip")
		if got.StatusCode != 503 || got.Header.Get("Retry-After") == "" || got.Header.Get("ETag") != "" {
			t.Errorf("%d %v", got.StatusCode, got.Header)
		}
	})
}

func TestPackedFeedsAreForgottenBeforeTheyFillTheMemory(t *testing.T) {
	b := newBodies(1000)
	for i := range 50 {
		k := &keeper{most: 300}
		_, _ = k.Write(make([]byte, 100+10*i))
		b.put(fmt.Sprint(i), k)
		if b.size > 1000 || len(b.byTag) != b.order.Len() {
			t.Fatalf("%d bytes in %d and %d", b.size, len(b.byTag), b.order.Len())
		}
	}
	if b.get("20") == nil || b.get("1") != nil || b.get("49") != nil {
		t.Error("the latest that is small enough should be remembered, and no other")
	}
}
