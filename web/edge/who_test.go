package edge

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"

	"canot/internal/fault"
	"canot/internal/identity"
)

// A crowd knows everybody whose secret does not begin with "bad": by the secret itself.
type crowd struct{}

func (crowd) Authenticate(_ context.Context, token string) (identity.Actor, error) {
	if strings.HasPrefix(token, "bad") {
		return identity.Actor{}, fault.New(fault.Unauthenticated, "bad_token", nil)
	}
	return identity.Actor{ID: token, TokenID: "t"}, nil
}

func (crowd) AuthenticateSession(_ context.Context, secret string) (identity.Actor, error) {
	if strings.HasPrefix(secret, "bad") {
		return identity.Actor{}, fault.New(fault.Unauthenticated, "bad_session", nil)
	}
	return identity.Actor{ID: secret, SessionID: "s"}, nil
}

// house is a door with a route that says who came, and one that signs in.
func house(t *testing.T, publicURL string, l *Limiter) *door {
	t.Helper()
	return open(t, Settings{}, func(e *gin.Engine) {
		who := NewDoor(crowd{}, l, publicURL).Who()
		say := func(c *gin.Context) {
			v := From(c.Request.Context())
			c.String(200, "%s|%s|%s", v.Actor.ID, v.Browser, v.Device)
		}
		e.GET("/x", who, say)
		e.POST("/x", who, say)
		e.POST("/in", who, func(c *gin.Context) {
			v := From(c.Request.Context())
			v.EndSession()
			v.KeepSession("new")
			v.KeepBrowser("b")
			c.Status(204)
		})
	})
}

func (d *door) ask(method, url string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, url, strings.NewReader("{}"))
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	d.ServeHTTP(w, r)
	return w
}

func TestWhoAsksByCookieOrByHeader(t *testing.T) {
	d := house(t, "", nil)
	firefox := "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
	tests := []struct {
		name    string
		headers []string
		status  int
		body    string
	}{
		{"nobody", nil, 200, "||"},
		{"a cookie", []string{"Cookie", "canot=zoe; canot-b=secret", "User-Agent", firefox}, 200, "zoe|secret|Firefox, Linux"},
		{"the header wins", []string{"Cookie", "canot=zoe", "Authorization", "Bearer luc"}, 200, "luc||"},
		{"a bad header is not saved by a cookie", []string{"Cookie", "canot=zoe", "Authorization", "Bearer bad"}, 401, ""},
		{"a session that has ended", []string{"Cookie", "canot=bad"}, 200, "||"},
		{"two cookies of one name", []string{"Cookie", "canot=zoe; canot=luc"}, 200, "||"},
		{"the cookie of TLS without TLS", []string{"Cookie", "__Host-canot=zoe"}, 200, "||"},
		{"a cookie of any length", []string{"Cookie", "canot=" + strings.Repeat("z", 300)}, 200, "||"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w := d.ask("GET", "/x", test.headers...)
			if w.Code != test.status || test.body != "" && w.Body.String() != test.body {
				t.Errorf("%d %s", w.Code, w.Body)
			}
		})
	}
	if set := d.ask("GET", "/x", "Cookie", "canot=bad").Header().Get("Set-Cookie"); !strings.HasPrefix(set, "canot=;") || !strings.Contains(set, "Max-Age=0") {
		t.Errorf("an ended session is not taken away: %q", set)
	}
}

func TestWhatChangesSomethingComesFromOurOwnPages(t *testing.T) {
	d := house(t, "https://canot.example", nil)
	const here = "https://canot.example/x"
	tests := []struct {
		name    string
		headers []string
		status  int
	}{
		{"our own page", []string{"Sec-Fetch-Site", "same-origin", "Origin", "https://canot.example"}, 200},
		{"a program", nil, 200},
		{"the address bar", []string{"Sec-Fetch-Site", "none"}, 200},
		{"another site", []string{"Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example"}, 403},
		{"a neighbour", []string{"Sec-Fetch-Site", "same-site", "Origin", "https://other.canot.example"}, 403},
		{"a form as text", []string{"Sec-Fetch-Site", "cross-site", "Content-Type", "text/plain"}, 403},
		{"an older browser", []string{"Origin", "https://evil.example"}, 403},
		{"a sandbox", []string{"Origin", "null"}, 403},
	}
	for _, test := range tests {
		for _, cookie := range []string{"", "__Host-canot=zoe", "__Host-canot-b=b"} {
			headers := append([]string{"Cookie", cookie}, test.headers...)
			w := d.ask("POST", here, headers...)
			if w.Code != test.status || w.Code == 403 && !strings.Contains(w.Body.String(), "cross_origin") {
				t.Errorf("%s with cookie %q: %d %s", test.name, cookie, w.Code, w.Body)
			}
			if w := d.ask("POST", here, append(headers, "Authorization", "Bearer luc")...); w.Code != 200 {
				t.Errorf("%s with a token: %d", test.name, w.Code)
			}
			if w := d.ask("GET", here, headers...); w.Code != 200 {
				t.Errorf("%s, reading: %d", test.name, w.Code)
			}
		}
	}
	// Behind a proxy that hands on another Host.
	if w := d.ask("POST", "http://10.0.0.7/x", "Origin", "https://canot.example"); w.Code != 200 {
		t.Errorf("our own page, through a proxy: %d", w.Code)
	}
}

func TestCookiesAreHeldToTheHost(t *testing.T) {
	for address, want := range map[string][]string{
		"https://canot.example": {"__Host-canot=new; Path=/; Max-Age=7776000; HttpOnly; Secure; SameSite=Lax", "__Host-canot-b=b; Path=/; Max-Age=86400; HttpOnly; Secure; SameSite=Lax"},
		"http://localhost:8080": {"canot=new; Path=/; Max-Age=7776000; HttpOnly; SameSite=Lax", "canot-b=b; Path=/; Max-Age=86400; HttpOnly; SameSite=Lax"},
	} {
		w := house(t, address, nil).ask("POST", "/in")
		got := w.Header().Values("Set-Cookie")
		if strings.Join(got, "\n") != strings.Join(want, "\n") || w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %q", address, got)
		}
	}
}

func TestGuessesOfSessionsAreSlowedDown(t *testing.T) {
	d := house(t, "", NewLimiter())
	for range Guesses.Bursts {
		if w := d.ask("GET", "/x", "Cookie", "canot=bad"); w.Code != 200 {
			t.Fatalf("a guess: %d", w.Code)
		}
	}
	if w := d.ask("GET", "/x", "Cookie", "canot=bad"); w.Code != http.StatusTooManyRequests {
		t.Errorf("a guess too many: %d", w.Code)
	}
	if w := d.ask("GET", "/x", "Cookie", "canot=zoe"); w.Code != 200 {
		t.Errorf("a good session from the address of a guesser: %d", w.Code)
	}
}
