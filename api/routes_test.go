package api

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers/legacy"
)

// undocumented are the routes that the OpenAPI document leaves out: what it is
// served by itself, pages for people, calendars, and the questions of machines about health.
var undocumented = []string{
	"GET /en/", "GET /s/:file", "GET /api/v1/openapi.json", "GET /api/v1/docs", "GET /healthz", "GET /readyz",
	"GET /calendars/hubs/:file", "GET /calendars/resources/:file", "GET /calendars/regions/:file",
	"GET /calendars/network.ics", "GET /calendars/workshops.ics", "GET /calendars/private/:secret",
}

// public are the operations that ask for no token.
var publicOperations = []string{
	"POST /api/v1/sign-in", "POST /api/v1/sign-in/code", "POST /api/v1/sign-in/link", "POST /api/v1/sign-in/sign-up", "POST /api/v1/sign-in/password",
	"POST /api/v1/sign-in/passkey/begin", "POST /api/v1/sign-in/passkey/finish", "POST /api/v1/sign-in/oidc", "POST /api/v1/sign-out",
	"GET /api/v1", "GET /api/v1/hubs", "GET /api/v1/hubs/{id}", "GET /api/v1/hubs/{id}/opening",
	"GET /api/v1/resources", "GET /api/v1/resources/{id}", "GET /api/v1/availability", "POST /api/v1/bookings/preview",
	"GET /api/v1/regions", "GET /api/v1/regions/{id}", "GET /api/v1/categories", "GET /api/v1/categories/{id}",
	"GET /api/v1/operators", "GET /api/v1/operators/{id}", "GET /api/v1/tags", "GET /api/v1/privacy", "GET /api/v1/retention",
	"GET /api/v1/policies", "GET /api/v1/hubs/{id}/policy", "GET /api/v1/categories/{id}/policy", "GET /api/v1/resources/{id}/policy",
	"GET /api/v1/conditions", "GET /api/v1/conditions/{id}",
	"GET /api/v1/tiers", "GET /api/v1/tiers/{id}", "GET /api/v1/certifications", "GET /api/v1/certifications/{id}", "GET /api/v1/hubs/{id}/equivalences",
}

var braces = regexp.MustCompile(`\{([a-z]+)\}`)

// documented lists the operations of the served document, "GET /api/v1/hubs/{id}".
func documented(t *testing.T, n *network) []string {
	t.Helper()
	var doc struct {
		OpenAPI string
		Paths   map[string]map[string]any
	}
	must(t, json.Unmarshal(n.do("GET", "/api/v1/openapi.json", "", "").want(200).body, &doc))
	if !strings.HasPrefix(doc.OpenAPI, "3.1.") {
		t.Errorf("the document is of OpenAPI %s", doc.OpenAPI)
	}
	var list []string
	for path, item := range doc.Paths {
		for method := range item {
			list = append(list, strings.ToUpper(method)+" "+path)
		}
	}
	slices.Sort(list)
	return list
}

func TestRoutesAndDocumentAgree(t *testing.T) {
	n := newNetwork(t, "sqlite", false)
	var routes []string
	for _, r := range n.api.engine.Routes() {
		if r.Method != http.MethodHead {
			routes = append(routes, r.Method+" "+r.Path)
		}
	}
	inDocument := map[string]bool{}
	for _, op := range documented(t, n) {
		route := braces.ReplaceAllString(op, ":$1")
		inDocument[route] = true
		if !slices.Contains(routes, route) {
			t.Errorf("the document has %s, and no route answers it", op)
		}
	}
	for _, route := range routes {
		if !inDocument[route] && !slices.Contains(undocumented, route) {
			t.Errorf("%s is not in the document", route)
		}
	}
	for _, route := range undocumented {
		if !slices.Contains(routes, route) {
			t.Errorf("%s is no route any more", route)
		}
	}
}

func TestEveryRouteIsClosedToStrangers(t *testing.T) {
	n := newNetwork(t, "sqlite", false)
	for _, op := range documented(t, n) {
		method, path, _ := strings.Cut(op, " ")
		path = strings.NewReplacer("{id}", "amos", "{date}", "2026-12-24").Replace(path)
		open := slices.Contains(publicOperations, op)
		for _, way := range []struct{ name, method, path string }{
			{"plainly", method, path}, {"with a slash", method, path + "/"}, {"with two slashes", method, strings.Replace(path, "/api/", "//api/", 1)},
			{"with an encoded slash", method, strings.Replace(path, "v1", "v1%2f", 1)}, {"encoded", method, strings.Replace(path, "/v1", "%2Fv1", 1)},
			{"in capitals", method, strings.ToUpper(path)}, {"as JSON", method, path + ".json"}, {"by HEAD", "HEAD", path}, {"by OPTIONS", "OPTIONS", path},
		} {
			body := ""
			if method != "GET" {
				body = "{}"
			}
			r := n.do(way.method, way.path, "", body, "X-HTTP-Method-Override", "GET")
			strange := way.name != "plainly" && way.name != "by HEAD"
			switch {
			case r.status == 401 || r.status == 403 || r.status == 404 || r.status == 405:
			case open && !strange && r.status < 500:
			case way.name == "as JSON" && open && r.status < 500: // an id that ends in .json
			case way.name == "by HEAD" && slices.Contains(publicOperations, "GET "+strings.TrimPrefix(op, method+" ")):
			default:
				t.Errorf("%s %s answers a stranger %d", op, way.name, r.status)
			}
			if strange && way.name != "as JSON" && way.name != "by OPTIONS" && r.status != 404 && r.status != 405 && way.path != strings.TrimSuffix(path, "/") {
				if !(way.name == "with a slash" && r.status == 401) {
					t.Errorf("%s %s answers %d", op, way.name, r.status)
				}
			}
		}
		if got := n.do(method, path, "", "{}").status; !open && got != 401 {
			t.Errorf("%s answers a stranger %d, want 401", op, got)
		}
	}
}

func TestBadTokensAreRefusedEverywhere(t *testing.T) {
	n := newNetwork(t, "sqlite", false)
	for _, value := range []string{"Bearer nonsense", "Bearer ", "Basic eDp5", "canot_x", "Bearer " + strings.Repeat("x", 5000)} {
		r := n.do("GET", "/api/v1/hubs", "", "", "Authorization", value).want(401)
		if !strings.HasPrefix(r.header.Get("WWW-Authenticate"), "Bearer") || r.text("code") != "bad_token" {
			t.Errorf("%q: %v %s", value, r.header, r.body)
		}
	}
	n.do("GET", "/api/v1/hubs", "", "", "Authorization", "bearer "+n.tokens["zoe"]).want(200)
}

func TestMethodsAndHead(t *testing.T) {
	n := newNetwork(t, "sqlite", false)
	r := n.do("DELETE", "/api/v1/hubs", "", "").want(405)
	if allow := r.header.Get("Allow"); !strings.Contains(allow, "GET") || !strings.Contains(allow, "HEAD") || !strings.Contains(allow, "POST") {
		t.Errorf("Allow: %s", allow)
	}
	head := n.do("HEAD", "/api/v1/hubs/amos", "", "").want(200)
	get := n.do("GET", "/api/v1/hubs/amos", "", "").want(200)
	if len(head.body) != 0 || head.header.Get("ETag") != get.header.Get("ETag") || head.header.Get("ETag") == "" {
		t.Errorf("HEAD: %v %s", head.header, head.body)
	}
	n.do("GET", "/api/v1/hubs/amos", "", "", "If-None-Match", get.header.Get("ETag")).want(304)
	n.do("GET", "/api/v1/resources/amos-desk", "", "", "If-None-Match", "*").want(304)
}

// TestDocumentDescribesWhatIsSaid holds real requests and answers against the document.
func TestDocumentDescribesWhatIsSaid(t *testing.T) {
	n := newNetwork(t, "sqlite", false)
	doc, err := openapi3.NewLoader().LoadFromData(n.do("GET", "/api/v1/openapi.json", "", "").want(200).body)
	must(t, err)
	must(t, doc.Validate(context.Background()))
	router, err := legacy.NewRouter(doc)
	must(t, err)
	id := n.do("POST", "/api/v1/bookings", "zoe", studio("10:00", "12:00")).want(201).text("id")
	unit := n.id["amos-desk-unit"]
	for _, c := range []struct{ method, path, who, body string }{
		{"GET", "/api/v1", "", ""}, {"GET", "/api/v1/hubs", "", ""}, {"GET", "/api/v1/hubs/amos", "", ""}, {"GET", "/api/v1/hubs/nowhere", "", ""},
		{"GET", "/api/v1/hubs/amos/opening", "", ""}, {"GET", "/api/v1/resources?hub=amos", "", ""}, {"GET", "/api/v1/resources/amos-desk", "", ""},
		{"GET", "/api/v1/availability?hub=amos&from=2026-11-17T00:00:00Z&to=2026-11-19T00:00:00Z", "", ""},
		{"GET", "/api/v1/bookings", "zoe", ""}, {"GET", "/api/v1/bookings/" + id, "zoe", ""}, {"GET", "/api/v1/bookings", "", ""},
		{"POST", "/api/v1/bookings", "luc", studio("10:00", "12:00")}, {"POST", "/api/v1/bookings/preview", "luc", studio("10:00", "12:00")},
		{"POST", "/api/v1/bookings", "luc", `{"lines":[{"resource":"amos-desk","quantity":2}],` + span + `}`},
		{"PATCH", "/api/v1/bookings/" + id, "zoe", `{"title":"Essai","starts_at":"2026-11-17T11:00:00-05:00"}`},
		{"POST", "/api/v1/bookings/" + id + "/cancel", "zoe", `{"reason":"neige"}`},
		{"GET", "/api/v1/regions", "", ""}, {"GET", "/api/v1/categories/studio", "", ""}, {"GET", "/api/v1/operators", "", ""}, {"GET", "/api/v1/tags", "", ""},
		{"GET", "/api/v1/me", "zoe", ""}, {"GET", "/api/v1/members?hub=amos", "root", ""}, {"GET", "/api/v1/members/" + n.id["zoe"] + "/tokens", "root", ""},
		{"GET", "/api/v1/account", "zoe", ""}, {"GET", "/api/v1/account/sessions", "zoe", ""}, {"GET", "/api/v1/account/passkeys", "zoe", ""},
		{"GET", "/api/v1/account/personal-data", "root", ""}, {"GET", "/api/v1/members/" + n.id["zoe"] + "/personal-data", "root", ""},
		{"POST", "/api/v1/members/" + n.id["zoe"] + "/consents", "zoe", `{"purpose":"photos"}`}, {"GET", "/api/v1/members/" + n.id["zoe"] + "/consents", "zoe", ""},
		{"GET", "/api/v1/members/" + n.id["zoe"] + "/views", "zoe", ""}, {"GET", "/api/v1/retention", "", ""}, {"PUT", "/api/v1/retention/views", "root", `{"months":12}`},
		{"POST", "/api/v1/operators/op/incidents", "root", aLeak}, {"GET", "/api/v1/operators/op/incidents", "root", ""},
		{"POST", "/api/v1/sign-in", "", `{"email":"zoe@example.ca"}`}, {"POST", "/api/v1/sign-in/passkey/begin", "", ""}, {"POST", "/api/v1/sign-out", "", ""},
		{"POST", "/api/v1/members/" + n.id["luc"] + "/factors/reset", "root", ""}, {"POST", "/api/v1/members/" + n.id["luc"] + "/email/restore", "root", ""},
		{"GET", "/api/v1/me", "root", ""}, {"PATCH", "/api/v1/members/" + n.id["zoe"], "root", `{"phone":"819 555-0100","birth_date":"2001-02-03","guardian_consent":true}`},
		{"POST", "/api/v1/members", "anne", `{"name":"Rose","home_hub":"amos","birth_date":"2015-05-06","guardian_consent":true}`}, {"PATCH", "/api/v1/me", "root", `{"phone":""}`},
		{"POST", "/api/v1/members/" + n.id["luc"] + "/roles", "root", `{"role":"staff","hub":"amos","rights":["approve","waive"]}`},
		{"POST", "/api/v1/members/" + n.id["luc"] + "/close", "root", ""}, {"POST", "/api/v1/members/" + n.id["luc"] + "/reopen", "root", ""},
		{"DELETE", "/api/v1/members/" + n.id["luc"] + "/sessions", "root", ""},
		{"POST", "/api/v1/organisations", "root", `{"name":"Troupe","sector":"culture","hub":"amos"}`}, {"POST", "/api/v1/organisations", "root", `{"name":"Troupe","sector":"culture"}`},
		{"GET", "/api/v1/organisations", "root", ""}, {"GET", "/api/v1/organisations?mine=true", "zoe", ""},
		{"GET", "/api/v1/units/" + unit, "root", ""}, {"GET", "/api/v1/resources/amos-desk/units", "root", ""},
		{"POST", "/api/v1/hubs/amos/closures", "root", `{"starts_local":"2026-12-24T12:00","ends_local":"2026-12-27T12:00","reason":{"fr":"Noël"}}`},
		{"PUT", "/api/v1/hubs/amos/exceptions/2026-12-23", "root", `{"hours":"09:00-12:00"}`}, {"GET", "/api/v1/hubs/amos/opening", "", ""},
		{"POST", "/api/v1/units/" + unit + "/maintenances", "root", `{"starts_at":"2026-11-18T10:00:00-05:00","reason":"pied cassé"}`},
		{"GET", "/api/v1/hubs/amos/maintenances", "anne", ""}, {"GET", "/api/v1/hubs/amos/outside", "anne", ""},
		{"PATCH", "/api/v1/resources/amos-desk", "root", `{"name":{"fr":"Bureau","en":"Desk"},"policy":{"notice_min":60,"attendance":4},"price_per_hour":{"amount":250,"currency":"CAD"}}`},
		{"PUT", "/api/v1/hubs/amos/policy?category=desk", "root", `{"policy":{"notice_min":30,"tiers":[]}}`}, {"GET", "/api/v1/hubs/amos/policy", "", ""}, {"GET", "/api/v1/policies", "", ""},
		{"PUT", "/api/v1/categories/desk/policy", "root", `{"policy":{"minimum_age":-1}}`}, {"GET", "/api/v1/resources/amos-desk/policy", "", ""}, {"GET", "/api/v1/resources/amos-desk", "", ""},
		{"POST", "/api/v1/conditions", "root", `{"slug":"regles","name":{"fr":"Règles"},"text":{"fr":"Rangez."}}`}, {"GET", "/api/v1/conditions", "", ""}, {"GET", "/api/v1/conditions/regles?version=1", "", ""},
		{"POST", "/api/v1/conditions/regles/versions", "root", `{"text":{"fr":"Balayez."}}`}, {"GET", "/api/v1/privacy", "", ""},
		{"GET", "/api/v1/hubs/amos/counter", "root", ""}, {"GET", "/api/v1/hubs/amos/unsettled", "root", ""}, {"GET", "/api/v1/hubs/amos/transfers", "root", ""},
		{"POST", "/api/v1/units/" + unit + "/tickets", "zoe", `{"description":"bancal","urgent":true}`}, {"GET", "/api/v1/hubs/amos/tickets", "root", ""},
		{"POST", "/api/v1/resources/amos-desk/preventive-rules", "root", `{"name":"Vis","every_days":90}`}, {"GET", "/api/v1/hubs/amos/preventive-rules", "root", ""},
		{"POST", "/api/v1/hubs/amos/consumables", "root", `{"code":"VIN","name":{"fr":"Vinyle"},"measure":"m","low":5}`}, {"GET", "/api/v1/hubs/amos/consumables", "root", ""},
		{"POST", "/api/v1/consumables/VIN/moves", "root", `{"kind":"delivery","quantity":20,"note":"livré"}`}, {"GET", "/api/v1/consumables/VIN/moves?limit=1", "root", ""},
		{"PATCH", "/api/v1/consumables/VIN", "root", `{"low":3}`}, {"POST", "/api/v1/hubs/amos/stocktakes", "root", `{"shelf":"A"}`}, {"GET", "/api/v1/hubs/amos/stocktakes", "root", ""},
		{"POST", "/api/v1/members/" + n.id["zoe"] + "/card", "zoe", ""}, {"GET", "/api/v1/members/" + n.id["zoe"] + "/suspensions", "zoe", ""},
		{"POST", "/api/v1/members/" + n.id["zoe"] + "/suspensions", "root", `{"hub":"amos","until":"2026-11-30T12:00:00Z","reason":"retards"}`}, {"GET", "/api/v1/members/" + n.id["zoe"] + "/suspensions", "zoe", ""},
	} {
		r := httptest.NewRequest(c.method, c.path, strings.NewReader(c.body))
		if c.body != "" {
			r.Header.Set("Content-Type", "application/json")
		}
		route, params, err := router.FindRoute(r)
		if err != nil {
			t.Errorf("%s %s: %v", c.method, c.path, err)
			continue
		}
		options := &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, IncludeResponseStatus: true}
		request := &openapi3filter.RequestValidationInput{Request: r, PathParams: params, Route: route, Options: options}
		if err := openapi3filter.ValidateRequest(context.Background(), request); err != nil {
			t.Errorf("%s %s: request: %v", c.method, c.path, err)
		}
		got := n.do(c.method, c.path, c.who, c.body)
		answer := &openapi3filter.ResponseValidationInput{RequestValidationInput: request, Status: got.status, Header: got.header, Options: options}
		answer.Body = io.NopCloser(strings.NewReader(string(got.body)))
		if err := openapi3filter.ValidateResponse(context.Background(), answer); err != nil {
			t.Errorf("%s %s: answer %d: %v", c.method, c.path, got.status, err)
		}
	}
}
