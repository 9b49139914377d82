package api

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/totp"

	"canot/internal/identity"
)

// A browser keeps cookies as browsers do, and asks as a page of the site would.
type browser struct {
	n       *network
	cookies map[string]string
	source  string
}

func (n *network) browser() *browser {
	return &browser{n: n, cookies: map[string]string{}, source: "192.0.2.1:5000"}
}

func (b *browser) do(method, path, body string, headers ...string) *answered {
	b.n.t.Helper()
	r := httptest.NewRequest(method, "https://canot.example/api/v1"+path, strings.NewReader(body))
	r.RemoteAddr = b.source
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	for name, value := range b.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	w := httptest.NewRecorder()
	b.n.handler.ServeHTTP(w, r)
	for _, c := range w.Result().Cookies() {
		if !c.HttpOnly || !c.Secure || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Domain != "" || !strings.HasPrefix(c.Name, "__Host-") {
			b.n.t.Errorf("a cookie is %s", c)
		}
		if c.MaxAge < 0 {
			delete(b.cookies, c.Name)
		} else {
			b.cookies[c.Name] = c.Value
		}
	}
	return &answered{b.n.t, method + " " + path, w.Code, w.Header(), w.Body.Bytes()}
}

const sessionCookie = "__Host-canot"

// signIn signs somebody in by the code of a letter.
func (b *browser) signIn(email string) *answered {
	b.n.t.Helper()
	flow := b.do("POST", "/sign-in", `{"email":"`+email+`"}`).want(202).text("flow")
	letter, err := b.n.api.Gate.Secrets(b.n.t.(*testing.T).Context(), flow)
	must(b.n.t, err)
	return b.do("POST", "/sign-in/code", `{"flow":"`+flow+`","code":"`+letter.Code+`"}`).want(200)
}

func TestSigningInAndOutInABrowser(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		b := n.browser()
		b.do("GET", "/account", "").want(401)
		in := b.signIn("zoe@example.ca")
		if in.text("status") != "signed_in" || in.text("member") != n.id["zoe"] || strings.Contains(string(in.body), b.cookies[sessionCookie]) {
			t.Errorf("signed in: %s", in.body)
		}
		me := b.do("GET", "/account", "").want(200)
		if me.json()["member"].(map[string]any)["id"] != n.id["zoe"] || me.header.Get("Cache-Control") != "no-store" || !strings.Contains(me.header.Get("Vary"), "Cookie") {
			t.Errorf("the account is %s", me.body)
		}
		b.do("POST", "/bookings", studio("10:00", "12:00")).want(201) // the cookie is good for all of the API
		stolen := n.browser()
		stolen.cookies[sessionCookie] = b.cookies[sessionCookie]
		stolen.do("GET", "/account", "").want(200)
		b.do("POST", "/sign-out", "").want(204)
		if _, kept := b.cookies[sessionCookie]; kept {
			t.Error("the browser keeps the session")
		}
		stolen.do("GET", "/account", "").want(401)
		b.do("POST", "/sign-out", "").want(204)
	})
}

func TestSigningInReplacesTheSession(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		eve, b := n.browser(), n.browser()
		eve.signIn("luc@example.ca")
		planted := eve.cookies[sessionCookie]
		b.cookies[sessionCookie] = planted // Luc puts his session into Zoé's browser
		b.signIn("zoe@example.ca")
		if b.cookies[sessionCookie] == planted {
			t.Fatal("the session is that which was planted")
		}
		eve.do("GET", "/account", "").want(401)
		if b.do("GET", "/account", "").want(200).json()["member"].(map[string]any)["id"] != n.id["zoe"] {
			t.Error("somebody else is signed in")
		}
	})
}

func TestSessionsAreListedAndEnded(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		here, there := n.browser(), n.browser()
		here.signIn("zoe@example.ca")
		there.signIn("zoe@example.ca")
		list := here.do("GET", "/account/sessions", "", "User-Agent", "x").want(200).items()
		if len(list) != 2 {
			t.Fatalf("%d sessions", len(list))
		}
		for _, item := range list {
			if s := item.(map[string]any); s["current"] == false {
				luc := n.browser()
				luc.signIn("luc@example.ca")
				luc.do("DELETE", "/account/sessions/"+s["id"].(string), "").want(404)
				there.do("GET", "/account", "").want(200)
				here.do("DELETE", "/account/sessions/"+s["id"].(string), "").want(204)
			}
		}
		there.do("GET", "/account", "").want(401)
		there.signIn("zoe@example.ca")
		here.do("DELETE", "/account/sessions?keep_this=true", "").want(204)
		there.do("GET", "/account", "").want(401)
		here.do("GET", "/account", "").want(200)
		there.signIn("zoe@example.ca")
		there.do("DELETE", "/account/sessions/"+there.do("GET", "/account", "").want(200).text("session"), "").want(204)
		if _, kept := there.cookies[sessionCookie]; kept {
			t.Error("a browser that signed itself out keeps the session")
		}
		here.do("DELETE", "/account/sessions", "").want(204)
		if _, kept := here.cookies[sessionCookie]; kept {
			t.Error("the browser keeps the session")
		}
	})
}

func TestOtherSitesChangeNothing(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		b := n.browser()
		b.signIn("zoe@example.ca")
		for name, headers := range map[string][]string{
			"another site": {"Sec-Fetch-Site", "cross-site"}, "a neighbour": {"Sec-Fetch-Site", "same-site"},
			"an older browser": {"Sec-Fetch-Site", "", "Origin", "https://evil.example"}, "a sandbox": {"Sec-Fetch-Site", "", "Origin", "null"},
			"a form as text": {"Sec-Fetch-Site", "cross-site", "Content-Type", "text/plain"},
		} {
			for _, call := range []string{"POST /bookings", "POST /sign-out", "POST /sign-in/password", "PUT /account/password", "DELETE /account/sessions"} {
				method, path, _ := strings.Cut(call, " ")
				if code := b.do(method, path, `{}`, headers...).want(403).text("code"); code != "cross_origin" {
					t.Errorf("%s from %s: %s", call, name, code)
				}
			}
		}
		b.do("GET", "/account", "").want(200)
		b.do("POST", "/account/password/remove", `{"old_password":""}`, "Content-Type", "text/plain").want(415)
	})
}

func TestWhatIsAnsweredTellsNotWhoHasAnAccount(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		must(t, n.api.Directory.SetActive(t.Context(), identity.System, n.id["marc"], false, keyOf(t.Context())))
		var before map[string]string
		for _, email := range []string{"zoe@example.ca", "nobody@example.ca", "marc@example.ca"} {
			b, got := n.browser(), map[string]string{}
			say := func(name string, a *answered) {
				body := a.json()
				delete(body, "flow")
				text, err := json.Marshal(body)
				must(t, err)
				var headers []string
				for h := range a.header {
					headers = append(headers, h)
				}
				slices.Sort(headers)
				got[name] = http.StatusText(a.status) + " " + string(text) + strings.Join(headers, " ") + a.header.Get("Content-Length") + a.header.Get("Retry-After")
			}
			say("link", b.do("POST", "/sign-in", `{"email":"`+email+`"}`).want(202))
			for range 4 {
				b.do("POST", "/sign-in", `{"email":"`+email+`"}`).want(202)
			}
			say("a link too many", b.do("POST", "/sign-in", `{"email":"`+email+`"}`).want(429))
			say("password", b.do("POST", "/sign-in/password", `{"email":"`+email+`","password":"wrong, and wrong again"}`).want(401))
			for name, text := range got {
				if before != nil && before[name] != text {
					t.Errorf("%s, %s:\n%s\n%s", email, name, text, before[name])
				}
			}
			before = got
		}
	})
}

func TestSigningUpByTheAPI(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		b := n.browser()
		in := b.signIn("new@example.ca")
		if in.text("status") != "sign_up" || in.text("email") != "new@example.ca" {
			t.Fatalf("%s", in.body)
		}
		body := func(more string) string {
			return `{"flow":"` + in.text("flow") + `","name":"Noé","home_hub":"amos"` + more + `}`
		}
		b.do("POST", "/sign-in/sign-up", body(`,"consent":false`)).want(400)
		for _, field := range []string{"role", "tier", "email", "active", "rights", "member_id"} {
			b.do("POST", "/sign-in/sign-up", body(`,"consent":true,"`+field+`":"administrator"`)).want(400)
		}
		b.do("POST", "/sign-in/sign-up", body(`,"consent":true,"birth_date":"2015-01-01"`)).want(422)
		b.do("POST", "/sign-in/sign-up", body(`,"consent":true`)).want(200)
		if needs := b.do("GET", "/account", "").want(200).json()["needs"].([]any); len(needs) != 0 {
			t.Errorf("it needs %v", needs)
		}
	})
}

func TestStaffGiveASecondFactorByTheAPI(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		b := n.browser()
		if needs := b.signIn("anne@example.ca").text("needs"); needs != "second_factor" {
			t.Errorf("signing in needs %q", needs)
		}
		if needs := b.do("GET", "/account", "").want(200).json()["needs"].([]any); !slices.Equal(needs, []any{"second_factor_setup"}) {
			t.Errorf("the account needs %v", needs)
		}
		b.do("GET", "/hubs/amos/maintenances", "").want(403)
		one := b.cookies[sessionCookie]
		secret := b.do("POST", "/account/authenticator", "").want(200).text("secret")
		code := func() string {
			n.clock.Move(30 * time.Second)
			text, err := totp.GenerateCodeCustom(secret, n.clock.Now(), totp.ValidateOpts{Period: 30, Digits: otp.DigitsSix})
			must(t, err)
			return `{"code":"` + text + `"}`
		}
		if codes := b.do("POST", "/account/authenticator/confirm", code()).want(200).json()["recovery_codes"].([]any); len(codes) != 10 {
			t.Errorf("%d recovery codes", len(codes))
		}
		if b.cookies[sessionCookie] == one {
			t.Error("the session keeps its secret")
		}
		b.do("GET", "/hubs/amos/maintenances", "").want(200)
		again := n.browser()
		again.signIn("anne@example.ca")
		if needs := again.do("GET", "/account", "").want(200).json()["needs"].([]any); !slices.Equal(needs, []any{"second_factor"}) {
			t.Errorf("the account needs %v", needs)
		}
		again.do("DELETE", "/account/authenticator", "").want(403)
		again.do("POST", "/sign-in/second-factor", `{"code":"nonsense"}`).want(422)
		again.do("POST", "/sign-in/second-factor", code()).want(200)
		again.do("GET", "/hubs/amos/maintenances", "").want(200)
		n.do("POST", "/api/v1/members/"+n.id["anne"]+"/factors/reset", "luc", "").want(403)
		n.do("POST", "/api/v1/members/"+n.id["anne"]+"/factors/reset", "root", "").want(204)
		again.do("GET", "/account", "").want(401)
	})
}

func TestTokensDoNotChangeHowOneSignsIn(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		for _, call := range []string{
			"PUT /account/password {\"password\":\"rivière bleue et canots\"}", "POST /account/authenticator ", "POST /account/email {\"email\":\"x@example.ca\"}",
			"POST /account/passkeys/begin ", "POST /sign-out ", "DELETE /account/authenticator ",
		} {
			part := strings.SplitN(call, " ", 3)
			if a := n.do(part[0], "/api/v1"+part[1], "root", part[2]).want(403); a.text("code") != "session_needed" && a.text("code") != "not_allowed" {
				t.Errorf("%s: %s", call, a.body)
			}
		}
	})
}
