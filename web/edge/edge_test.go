package edge

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"

	"canot/booking"
	"canot/internal/fault"
)

var update = flag.Bool("update", false, "rewrite golden files")

// A door is an edge with a few routes behind it, and its log.
type door struct {
	http.Handler
	log bytes.Buffer
}

func open(t *testing.T, s Settings, routes func(*gin.Engine)) *door {
	t.Helper()
	d := &door{}
	s.Log = slog.New(slog.NewJSONHandler(&d.log, nil))
	engine, err := New(s)
	if err != nil {
		t.Fatal(err)
	}
	if routes != nil {
		routes(engine)
	}
	d.Handler = Front(engine)
	return d
}

func (d *door) get(path string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest("GET", path, nil)
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	d.ServeHTTP(w, r)
	return w
}

func TestProblemsInBothLanguages(t *testing.T) {
	zone := time.FixedZone("", -5*3600)
	at := time.Date(2026, 11, 17, 14, 30, 0, 0, zone)
	later := fault.New(fault.Unavailable, "database_away", nil)
	later.RetryAfter = 1500 * time.Millisecond
	problems := map[string]error{
		"malformed":     fault.Field("lines.0.quantity", "unknown_field"),
		"sign_in":       fault.New(fault.Unauthenticated, "sign_in", nil),
		"not_found":     fault.New(fault.NotFound, "booking_not_found", nil),
		"stale":         fault.New(fault.Stale, "stale", fault.Params{"version": 3}),
		"database_away": later.Because(errors.New("dial tcp 10.0.0.7: connection refused")),
		"internal":      errors.New("pq: password of canot is hunter2"),
		"conflict": &booking.Refusal{
			Fault: &fault.Error{Kind: fault.Taken, Code: "conflict", Violations: []fault.Violation{
				{Code: "taken", Params: fault.Params{"resource": "amos-studio", "resource_name": map[string]string{"fr": "Studio d’Amos", "en": "Amos studio"}, "free": 0, "wanted": 1}}}},
			Alternatives: []booking.Alternative{{Kind: "time", Resource: "amos-studio", Hub: "amos", StartsAt: at.UTC(), EndsAt: at.Add(time.Hour).UTC()}},
		},
		"rules": &fault.Error{Kind: fault.Refused, Code: "rules", Violations: []fault.Violation{
			{Code: "too_soon", Params: fault.Params{"earliest": at}},
			{Code: "too_soon", Params: fault.Params{"earliest": at.Format(time.RFC3339)}},
			{Code: "too_long", Params: fault.Params{"longest_min": float64(150), "resource_name": map[string]string{"fr": "Studio", "en": "Studio"}}},
			{Code: "never_heard_of", Params: nil},
		}},
	}
	for name, err := range problems {
		for _, lang := range []string{"fr", "en"} {
			d := open(t, Settings{}, func(e *gin.Engine) { e.GET("/x", Handle(func(*gin.Context) error { return err })) })
			w := d.get("/x", "Accept-Language", lang)
			got := golden(t, w)
			file := filepath.Join("testdata", name+"."+lang+".golden")
			if *update {
				if err := os.WriteFile(file, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil || !bytes.Equal(got, want) {
				t.Errorf("%s in %s: %v\n%s", name, lang, err, got)
			}
			if strings.Contains(w.Body.String(), "hunter2") || strings.Contains(w.Body.String(), "10.0.0.7") {
				t.Errorf("%s shows its cause", name)
			}
		}
	}
}

// golden is an answer as it is kept in a file: the headers that matter and the body, without the request's id.
func golden(t *testing.T, w *httptest.ResponseRecorder) []byte {
	t.Helper()
	var b bytes.Buffer
	b.WriteString(http.StatusText(w.Code) + "\n")
	for _, h := range []string{"Content-Type", "Content-Language", "Cache-Control", "Vary", "Retry-After", "WWW-Authenticate"} {
		if v := w.Header().Get(h); v != "" {
			b.WriteString(h + ": " + v + "\n")
		}
	}
	body := strings.ReplaceAll(w.Body.String(), w.Header().Get("X-Request-Id"), "REQUEST")
	if err := json.Indent(&b, []byte(body), "", "  "); err != nil {
		t.Fatalf("%v: %s", err, body)
	}
	return b.Bytes()
}

func TestOneLogRecordWithoutSecrets(t *testing.T) {
	d := open(t, Settings{}, func(e *gin.Engine) {
		e.GET("/calendars/private/:token", Handle(func(c *gin.Context) error { c.Status(204); return nil }))
	})
	d.get("/calendars/private/s3cret?q=whom", "X-Request-Id", "forged\nline", "Authorization", "Bearer t0ken")
	line := d.log.String()
	if strings.Count(line, "\n") != 1 {
		t.Errorf("not one record: %s", line)
	}
	for _, secret := range []string{"s3cret", "whom", "forged", "t0ken"} {
		if strings.Contains(line, secret) {
			t.Errorf("the log has %q: %s", secret, line)
		}
	}
	for _, field := range []string{`"route":"/calendars/private/:token"`, `"status":204`, `"request_id":"`, `"actor":""`, `"ms":`} {
		if !strings.Contains(line, field) {
			t.Errorf("the log lacks %s: %s", field, line)
		}
	}
}

func TestAPanicIsAProblem(t *testing.T) {
	d := open(t, Settings{}, func(e *gin.Engine) {
		e.GET("/x", func(c *gin.Context) {
			c.JSON(200, gin.H{"half": "an answer"})
			panic("insides")
		})
	})
	w := d.get("/x", "Accept-Encoding", "gzip")
	if w.Code != 200 && w.Code != 500 {
		t.Errorf("answered %d", w.Code)
	}
	w = open(t, Settings{}, func(e *gin.Engine) { e.GET("/x", func(*gin.Context) { panic("insides") }) }).get("/x")
	if w.Code != 500 || strings.Contains(w.Body.String(), "insides") || !strings.Contains(w.Body.String(), w.Header().Get("X-Request-Id")) {
		t.Errorf("answered %d %s", w.Code, w.Body)
	}
	if !strings.Contains(d.log.String(), "insides") || !strings.Contains(d.log.String(), "edge_test.go") {
		t.Errorf("the log has no stack: %s", d.log.String())
	}
}

func TestForwardedAddressesAreBelievedOnlyFromProxies(t *testing.T) {
	show := func(e *gin.Engine) {
		e.GET("/x", func(c *gin.Context) { c.String(200, From(c.Request.Context()).Address) })
	}
	for _, c := range []struct {
		trusted []string
		want    string
	}{{nil, "192.0.2.1"}, {[]string{"192.0.2.0/24"}, "203.0.113.9"}, {[]string{"198.51.100.1"}, "192.0.2.1"}} {
		if got := open(t, Settings{TrustedProxies: c.trusted}, show).get("/x", "X-Forwarded-For", "203.0.113.9").Body.String(); got != c.want {
			t.Errorf("trusting %v: %s, want %s", c.trusted, got, c.want)
		}
	}
	if _, err := New(Settings{TrustedProxies: []string{"nonsense"}}); err == nil {
		t.Error("a proxy that cannot be read is taken")
	}
}

func TestHeadersForBrowsers(t *testing.T) {
	h := open(t, Settings{Secure: true}, nil).get("/").Header()
	csp := h.Get("Content-Security-Policy")
	if strings.Contains(csp, "unsafe") || !strings.Contains(csp, "default-src 'none'") || !strings.Contains(csp, "frame-ancestors 'none'") || !strings.Contains(csp, "base-uri 'none'") {
		t.Errorf("CSP %s", csp)
	}
	if h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Referrer-Policy") == "" || h.Get("Strict-Transport-Security") == "" {
		t.Errorf("headers %v", h)
	}
	if got := open(t, Settings{}, nil).get("/").Header().Get("Strict-Transport-Security"); got != "" {
		t.Errorf("plain http promises https: %s", got)
	}
}

func TestGzipWhereWorthwhile(t *testing.T) {
	long := strings.Repeat("long ", 1000)
	d := open(t, Settings{}, func(e *gin.Engine) {
		e.GET("/long", func(c *gin.Context) { c.JSON(200, long) })
		e.GET("/short", func(c *gin.Context) { c.JSON(200, "short") })
		e.GET("/calendar", func(c *gin.Context) { c.Data(200, "text/calendar", []byte(long)) })
		e.GET("/packed", func(c *gin.Context) {
			c.Header("Content-Encoding", "gzip")
			c.Data(200, "application/json", []byte(long))
		})
	})
	for _, c := range []struct {
		path, accept string
		packed       bool
	}{
		{"/long", "gzip", true}, {"/long", "br, gzip;q=0.5", true}, {"/long", "", false}, {"/long", "gzip;q=0", false}, {"/long", "gzip; q=0.0", false},
		{"/short", "gzip", false}, {"/calendar", "gzip", false},
	} {
		w := d.get(c.path, "Accept-Encoding", c.accept)
		if packed := w.Header().Get("Content-Encoding") == "gzip"; packed != c.packed {
			t.Errorf("%s with %q: packed %v", c.path, c.accept, packed)
		} else if packed {
			r, err := gzip.NewReader(w.Body)
			if err != nil {
				t.Fatal(err)
			}
			if b, err := io.ReadAll(r); err != nil || !strings.Contains(string(b), long) {
				t.Errorf("%s does not unpack: %v", c.path, err)
			}
		}
		if c.path != "/calendar" && w.Header().Get("Vary") != "Accept-Encoding" {
			t.Errorf("%s with %q varies by %q", c.path, c.accept, w.Header().Get("Vary"))
		}
	}
	if w := d.get("/packed", "Accept-Encoding", "gzip"); !strings.Contains(w.Body.String(), long) {
		t.Error("what was packed is packed again")
	}
}

func TestCallersAreSlowedDownEachForItself(t *testing.T) {
	l := NewLimiter()
	slow := Class{"slow", 0.1, 2}
	d := open(t, Settings{}, func(e *gin.Engine) {
		who := NewDoor(crowd{}, l, "").Who()
		e.GET("/x", who, Limit(l, slow), func(c *gin.Context) { c.Status(204) })
	})
	codes := func(times int, headers ...string) (last *httptest.ResponseRecorder) {
		for range times {
			last = d.get("/x", headers...)
		}
		return last
	}
	if w := codes(2); w.Code != 204 {
		t.Errorf("the second request: %d", w.Code)
	}
	if w := codes(1); w.Code != 429 || w.Header().Get("Retry-After") == "" || !strings.Contains(w.Body.String(), "slow_down") {
		t.Errorf("the third request: %d %v", w.Code, w.Header())
	}
	if w := codes(2, "Authorization", "Bearer zoe"); w.Code != 204 {
		t.Errorf("another caller: %d", w.Code)
	}
	if w := codes(Guesses.Bursts, "Authorization", "Bearer bad"); w.Code != 401 {
		t.Errorf("a guess: %d", w.Code)
	}
	if w := codes(1, "Authorization", "Bearer bad"); w.Code != 429 {
		t.Errorf("a guess too many: %d", w.Code)
	}
	if w := codes(1, "Authorization", "Bearer luc"); w.Code != 204 {
		t.Errorf("a good token from the address of a guesser: %d", w.Code)
	}
}

func TestTheLimiterForgets(t *testing.T) {
	l := NewLimiter()
	for i := range remembered + 100 {
		_ = l.Take(Reads, "address:"+time.Unix(int64(i), 0).String())
	}
	if len(l.callers) != remembered || l.order.Len() != remembered {
		t.Errorf("it remembers %d callers", len(l.callers))
	}
	if network("2001:db8::1") != network("2001:db8::2") || network("2001:db8:0:1::1") == network("2001:db8::1") || network("192.0.2.1") == network("192.0.2.2") {
		t.Error("networks are not told apart as they should")
	}
}

func FuzzConditions(f *testing.F) {
	for _, s := range []string{`*`, `"1"`, `W/"1", "2"`, `"`, `,`, `"a",,`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, header string) {
		cond, err := IfMatch(header)
		if err != nil && fault.KindOf(err) != fault.Malformed {
			t.Errorf("%q: %v", header, err)
		}
		if v, err := cond.Version(func() (int64, error) { return 1, nil }); err != nil || v < never {
			t.Errorf("%q: %d %v", header, v, err)
		}
		NoneMatch(header, `"1"`)
		AcceptsGzip(header)
	})
}
