package api

import (
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// page reads an HTML page and calls see for each element.
func (a *answered) page(see func(*html.Node)) {
	a.t.Helper()
	if ct := a.header.Get("Content-Type"); ct != "text/html; charset=utf-8" {
		a.t.Errorf("%s is %s", a.call, ct)
	}
	doc, err := html.Parse(strings.NewReader(string(a.body)))
	must(a.t, err)
	for n := range doc.Descendants() {
		if n.Type == html.ElementNode {
			see(n)
		}
	}
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func TestPagesAreLightAndWhole(t *testing.T) {
	n := newNetwork(t, "sqlite", false)
	for path, lang := range map[string]string{"/api/v1/docs": "fr", "/api/v1/docs?lang=en": "en", "/api/v1/docs?lang=xx": "fr"} {
		r := n.do("GET", path, "", "").want(200)
		headings, ids := 0, map[string]bool{}
		var links []string
		r.page(func(e *html.Node) {
			if id := attr(e, "id"); id != "" {
				if ids[id] {
					t.Errorf("%s has two elements with the id %s", path, id)
				}
				ids[id] = true
			}
			if attr(e, "style") != "" {
				t.Errorf("%s has an inline style, which its own policy forbids", path)
			}
			switch e.Data {
			case "html":
				if attr(e, "lang") != lang {
					t.Errorf("%s is said to be in %q", path, attr(e, "lang"))
				}
			case "h1":
				headings++
			case "script", "style":
				t.Errorf("%s has a <%s>", path, e.Data)
			case "a", "link":
				links = append(links, attr(e, "href"))
			}
		})
		if headings != 1 {
			t.Errorf("%s has %d main headings", path, headings)
		}
		for _, link := range links {
			if fragment, ok := strings.CutPrefix(link, "#"); ok {
				if !ids[fragment] {
					t.Errorf("%s links to #%s, which is not there", path, fragment)
				}
				continue
			}
			if link == "/" || link == "/en" {
				continue // of package web, mounted beside this one
			}
			if strings.HasPrefix(link, "/") && !strings.HasPrefix(link, "/calendars") {
				n.do("GET", link, "", "").want(200)
			} else if !strings.HasPrefix(link, "/calendars") && !strings.HasPrefix(link, "webcal://canot.example/calendars/") {
				t.Errorf("%s links to %s", path, link)
			}
		}
	}
	if n.do("GET", "/api/v1/docs", "", "", "Accept-Language", "en").header.Get("Content-Language") != "en" {
		t.Error("the docs page is not in English when asked")
	}
}

// TestEveryWordOfThePagesIsSaid finds a key that a template names and no language has.
func TestEveryWordOfThePagesIsSaid(t *testing.T) {
	n := newNetwork(t, "sqlite", false)
	for _, path := range []string{"/api/v1/docs", "/api/v1/docs?lang=en"} {
		r := n.do("GET", path, "", "").want(200)
		if empty := regexp.MustCompile(`<(h1|h2[^>]*|h3|p|a[^>]*|title|caption)></`).Find(r.body); empty != nil {
			t.Errorf("%s has an empty element %s", path, empty)
		}
	}
}

func TestAnUnknownAddressIsAProblemForPrograms(t *testing.T) {
	n := newNetwork(t, "sqlite", false)
	for _, path := range []string{"/nowhere", "/en/nowhere", "/api", "/api/v1/nowhere", "/calendars/nowhere", "/s/canot.000000000000.css"} {
		r := n.do("GET", path, "", "").want(404)
		if r.text("code") != "not_found" {
			t.Errorf("%s: %s", path, r.body)
		}
		if vary := r.header.Get("Vary"); strings.HasSuffix(path, "/nowhere") && !strings.Contains(path, "/api/") && !strings.Contains(path, "/calendars/") && !strings.Contains(vary, "Accept,") {
			t.Errorf("%s varies by %q", path, vary)
		}
	}
	n.do("POST", "/nowhere", "", "").want(404).text("code")
	if to := n.do("GET", "/en/", "", "").want(301).header.Get("Location"); to != "/en" {
		t.Errorf("/en/ leads to %q", to)
	}
}

func TestTheDocsSetCodeAsCode(t *testing.T) {
	n := newNetwork(t, "sqlite", false)
	for path, wanted := range map[string][]string{
		"/api/v1/docs?lang=fr": {"<code>Authorization: Bearer</code>", "<code>Idempotency-Key</code>", "Réservations</h2>", `href="/api/v1/docs?lang=en"`},
		"/api/v1/docs?lang=en": {"<code>Authorization: Bearer</code>", "an <code>Idempotency-Key</code>", "Bookings</h2>", `href="/api/v1/docs?lang=fr"`},
	} {
		page := string(n.do("GET", path, "", "").want(200).body)
		for _, text := range wanted {
			if !strings.Contains(page, text) {
				t.Errorf("%s has no %s", path, text)
			}
		}
		if strings.Contains(page, "`") {
			t.Errorf("%s shows backticks", path)
		}
	}
	if got := prose("a <b> `c<d`"); got != "a &lt;b&gt; <code>c&lt;d</code>" {
		t.Error(got)
	}
}

func TestHealth(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		n.do("GET", "/healthz", "", "").want(200)
		n.do("HEAD", "/readyz", "", "").want(200)
		must(t, n.db.Close())
		n.do("GET", "/healthz", "", "").want(200)
		for _, path := range []string{"/readyz", "/api/v1/hubs", "/api/v1/hubs/amos", "/api/v1/availability?from=2026-11-17T00:00:00Z&to=2026-11-18T00:00:00Z"} {
			r := n.do("GET", path, "", "").want(503)
			if r.header.Get("Retry-After") == "" || r.text("code") != "database_away" {
				t.Errorf("%s: %v %s", path, r.header, r.body)
			}
			tidy(t, r)
		}
		r := n.do("POST", "/api/v1/bookings", "zoe", studio("10:00", "12:00"), "Idempotency-Key", "x")
		if r.status != 503 {
			t.Errorf("a write answers %d %s", r.status, r.body)
		}
	})
}

func TestMetricsAreForOperators(t *testing.T) {
	n := newNetwork(t, "sqlite", false)
	n.do("GET", "/api/v1/hubs/amos", "", "").want(200)
	for _, path := range []string{"/metrics", "/debug/pprof/", "/debug/vars"} {
		n.do("GET", path, "root", "").want(404)
	}
	w := httptest.NewRecorder()
	Admin().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	if !strings.Contains(w.Body.String(), `canot_http_request_duration_seconds_count{method="GET",route="/api/v1/hubs/:id",status="200"}`) {
		t.Error("the metrics lack the route")
	}
	w = httptest.NewRecorder()
	Admin().ServeHTTP(w, httptest.NewRequest("GET", "/debug/pprof/cmdline", nil))
	if w.Code != 200 {
		t.Errorf("profiles answer %d", w.Code)
	}
}

func TestLimitsAnswer429(t *testing.T) {
	n := newNetwork(t, "sqlite", true)
	var last *answered
	for range 400 {
		if last = n.do("POST", "/api/v1/bookings/preview", "", studio("10:00", "12:00")); last.status != 200 {
			break
		}
	}
	last.want(429)
	if last.header.Get("Retry-After") == "" {
		t.Errorf("no Retry-After: %v", last.header)
	}
	n.do("POST", "/api/v1/bookings/preview", "zoe", studio("10:00", "12:00")).want(200)
}

func TestTokensAreShownOnce(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		path := "/api/v1/members/" + n.id["luc"] + "/tokens"
		made := n.do("POST", path, "root", `{"label":"agenda","scopes":["read"]}`).want(201).json()
		secret, _ := made["secret"].(string)
		n.tokens["luc2"] = secret
		n.do("GET", "/api/v1/me", "luc2", "").want(200)
		list := n.do("GET", path, "root", "").want(200)
		if strings.Contains(string(list.body), secret) || strings.Contains(string(list.body), "hash") {
			t.Errorf("the list shows more than a prefix: %s", list.body)
		}
		n.do("GET", path, "zoe", "").want(404)
		id := made["token"].(map[string]any)["id"].(string)
		n.do("DELETE", "/api/v1/tokens/"+id, "root", "").want(204)
		n.do("GET", "/api/v1/me", "luc2", "").want(401)
	})
}

func TestRolesCannotClimb(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		path := "/api/v1/members/" + n.id["zoe"] + "/roles"
		n.do("POST", path, "anne", `{"role":"administrator"}`).want(403)
		n.do("POST", path, "root", `{"role":"staff","hub":"amos"}`).want(200)
		n.do("POST", path, "root", `{"role":"staff","hub":"nowhere"}`).want(404)
		n.do("DELETE", path+"?role=staff&hub=amos", "root", "").want(200)
		n.do("DELETE", "/api/v1/members/"+n.id["root"]+"/roles?role=administrator", "root", "").want(422)
		n.do("GET", "/api/v1/members/"+n.id["zoe"], "luc", "").want(404)
		n.do("PATCH", "/api/v1/hubs/amos", "anne", `{"town":"x"}`).want(403)
	})
}

func TestOneKeyOneMember(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		body := `{"name":"Ginette","home_hub":"amos"}`
		first := n.do("POST", "/api/v1/members", "root", body, "Idempotency-Key", "m1").want(201).text("id")
		if again := n.do("POST", "/api/v1/members", "root", body, "Idempotency-Key", "m1").want(201).text("id"); again != first {
			t.Errorf("two members under one key: %s %s", first, again)
		}
	})
}

func TestImportSaysWhyALineIsRefused(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		csv, err := os.ReadFile("testdata/hubs.csv")
		must(t, err)
		dry := n.do("POST", "/api/v1/import?kind=hubs&dry_run=true", "root", string(csv), "Content-Type", "text/csv; charset=utf-8").want(200).json()
		if dry["created"] != 2.0 || dry["refused"] != 1.0 {
			t.Errorf("a dry run: %v", dry)
		}
		n.do("GET", "/api/v1/hubs/chapais", "", "").want(404)
		n.do("POST", "/api/v1/import?kind=hubs", "root", string(csv), "Content-Type", "text/csv").want(200)
		again := n.do("POST", "/api/v1/import", "root", string(csv), "Content-Type", "text/csv").want(200)
		if r := again.json(); r["unchanged"] != 2.0 || r["created"] != 0.0 {
			t.Errorf("a second import: %v", r)
		}
		n.do("POST", "/api/v1/import", "anne", string(csv), "Content-Type", "text/csv").want(403)
	})
}
