package api

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"canot/internal/database"
	"canot/internal/database/dbtest"
	"canot/internal/identity"
)

// A network is a small one of two towns behind the API, made through the API.
type network struct {
	t       testing.TB
	api     *API
	handler http.Handler
	db      *database.DB
	clock   *dbtest.Clock
	log     *bytes.Buffer
	tokens  map[string]string // by name: root, zoe, luc, anne (staff in Amos), marc (staff in Rouyn), reader (Zoé, reading only)
	id      map[string]string
}

// monday is when the networks wake up: Monday 16 November 2026, 8:00 in Amos.
var monday = time.Date(2026, 11, 16, 13, 0, 0, 0, time.UTC)

// onEach runs f on a network of its own on each engine.
func onEach(t *testing.T, f func(t *testing.T, n *network)) {
	t.Helper()
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			f(t, newNetwork(t, engine, false))
		})
	}
}

func newNetwork(t testing.TB, engine string, limits bool) *network {
	t.Helper()
	clock := dbtest.NewClock(monday)
	db := dbtest.Open(t, engine, database.Settings{Clock: clock.Now})
	n := &network{t: t, db: db, clock: clock, log: &bytes.Buffer{}, tokens: map[string]string{}, id: map[string]string{}}
	d := depsOf(db)
	d.Log = slog.New(slog.NewJSONHandler(n.log, nil))
	d.Limits, d.PublicURL = limits, "https://canot.example"
	n.api = build(d)
	n.handler = frontOf(n.api)
	n.person("root", "", identity.Grant{Role: identity.Administrator}, identity.ScopeAdmin)
	n.furnish()
	n.person("zoe", "amos", identity.Grant{}, identity.ScopeBook)
	n.person("luc", "rouyn", identity.Grant{}, identity.ScopeBook)
	n.person("anne", "amos", identity.Grant{Role: identity.Staff, HubID: n.id["amos"]}, identity.ScopeStaff)
	n.person("marc", "rouyn", identity.Grant{Role: identity.Staff, HubID: n.id["rouyn"]}, identity.ScopeStaff)
	secret, _, err := n.api.Directory.IssueToken(context.Background(), identity.System, n.id["zoe"], identity.TokenRequest{Scopes: []string{identity.ScopeRead}})
	must(t, err)
	n.tokens["reader"] = secret
	return n
}

// furnish makes two hubs, each with a studio and three desks.
func (n *network) furnish() {
	n.do("POST", "/api/v1/regions", "root", `{"slug":"at","name":{"fr":"Abitibi","en":"Abitibi"}}`).want(201)
	n.do("POST", "/api/v1/operators", "root", `{"slug":"op","legal_name":"Les Hubs"}`).want(201)
	for _, c := range []string{"studio", "desk"} {
		n.do("POST", "/api/v1/categories", "root", `{"slug":"`+c+`","name":{"fr":"`+c+`"}}`).want(201)
	}
	for _, hub := range []string{"amos", "rouyn"} {
		n.id[hub] = n.do("POST", "/api/v1/hubs", "root", `{"slug":"`+hub+`","region":"at","operator":"op","name":{"fr":"`+hub+`"},
			"latitude":48.5,"longitude":-78.1,"time_zone":"America/Toronto"}`).want(201).text("id")
		n.do("PUT", "/api/v1/hubs/"+hub+"/opening", "root", `{"week":"Mo-Fr 09:00-17:00; Sa 10:00-16:00"}`).want(200)
		for kind, units := range map[string]int{"studio": 1, "desk": 3} {
			slug := hub + "-" + kind
			n.id[slug] = n.do("POST", "/api/v1/resources", "root", `{"slug":"`+slug+`","hub":"`+hub+`","category":"`+kind+`","kind":"space",
				"name":{"fr":"`+kind+`"},"policy":{"grain_min":30,"shortest_min":60,"longest_min":480}}`).want(201).text("id")
			for range units {
				n.id[slug+"-unit"] = n.do("POST", "/api/v1/resources/"+slug+"/units", "root", `{}`).want(201).text("id")
			}
		}
	}
}

func (n *network) person(name, hub string, g identity.Grant, scope string) {
	n.t.Helper()
	ctx := context.Background()
	m, err := n.api.Directory.CreateMember(ctx, identity.System, identity.NewMember{Name: name, Email: name + "@example.ca", EmailVerified: true, HomeHubID: n.id[hub]})
	must(n.t, err)
	n.id[name] = m.ID
	if g.Role != "" {
		must(n.t, n.api.Directory.GrantRole(ctx, identity.System, m.ID, g, database.Key{}))
	}
	secret, _, err := n.api.Directory.IssueToken(ctx, identity.System, m.ID, identity.TokenRequest{Scopes: []string{scope}})
	must(n.t, err)
	n.tokens[name] = secret
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// An answered is what the server said.
type answered struct {
	t      testing.TB
	call   string
	status int
	header http.Header
	body   []byte
}

// do makes a request as somebody ("" for nobody); headers are pairs of name and value.
func (n *network) do(method, path, who, body string, headers ...string) *answered {
	n.t.Helper()
	var reader io.Reader
	if body != "" {
		reader = strings.NewReader(body)
	}
	r := httptest.NewRequest(method, path, reader)
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if who != "" {
		token, ok := n.tokens[who]
		if !ok {
			n.t.Fatalf("nobody is called %q", who)
		}
		r.Header.Set("Authorization", "Bearer "+token)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	n.handler.ServeHTTP(w, r)
	return &answered{n.t, method + " " + path, w.Code, w.Header(), w.Body.Bytes()}
}

// want fails the test unless the status is as wanted.
func (a *answered) want(status int) *answered {
	a.t.Helper()
	if a.status != status {
		a.t.Fatalf("%s answered %d, want %d: %s", a.call, a.status, status, a.body)
	}
	return a
}

// json decodes the body.
func (a *answered) json() map[string]any {
	a.t.Helper()
	var v map[string]any
	if err := json.Unmarshal(a.body, &v); err != nil {
		a.t.Fatalf("%s: %v: %s", a.call, err, a.body)
	}
	return v
}

// text is one field of the body.
func (a *answered) text(field string) string {
	a.t.Helper()
	s, _ := a.json()[field].(string)
	return s
}

// items is the list of a body.
func (a *answered) items() []any {
	a.t.Helper()
	list, ok := a.json()["items"].([]any)
	if !ok {
		a.t.Fatalf("%s has no items: %s", a.call, a.body)
	}
	return list
}

// violations are the codes of a problem's violations, each with its field.
func (a *answered) violations() []string {
	a.t.Helper()
	var p struct {
		Violations []struct {
			Code   string
			Params map[string]any
		}
	}
	must(a.t, json.Unmarshal(a.body, &p))
	var out []string
	for _, v := range p.Violations {
		s := v.Code
		if f, ok := v.Params["field"].(string); ok {
			s += " " + f
		}
		out = append(out, s)
	}
	return out
}

// studio is a request for the studio of Amos on Tuesday, from one hour to another on its clock.
func studio(from, to string) string {
	return `{"resource":"amos-studio","starts_at":"2026-11-17T` + from + `:00-05:00","ends_at":"2026-11-17T` + to + `:00-05:00"}`
}
