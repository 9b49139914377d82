package api

import (
	"strings"
	"testing"

	"canot/internal/identity"
)

const aLeak = `{"discovered_on":"2026-11-16","description":"Une liste laissée au comptoir.","persons":2}`

func TestErasingOneselfTakesAWordAndEndsTheToken(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		n.person("mia", "amos", identity.Grant{}, identity.ScopeAdmin)
		n.do("DELETE", "/api/v1/account", "mia", "").want(400)
		n.do("DELETE", "/api/v1/account?confirm=yes", "mia", "").want(400)
		n.do("DELETE", "/api/v1/account?confirm=erase", "zoe", "").want(403) // a token to book with
		n.do("GET", "/api/v1/me", "mia", "").want(200)
		n.do("DELETE", "/api/v1/account?confirm=erase", "mia", "").want(204)
		n.do("GET", "/api/v1/me", "mia", "").want(401)
		n.do("GET", "/api/v1/members/"+n.id["mia"], "root", "").want(404)
		if r := n.do("DELETE", "/api/v1/account?confirm=erase", "root", ""); r.status != 422 || !strings.Contains(string(r.body), "last_administrator") {
			t.Errorf("the last administrator: %d %s", r.status, r.body)
		}
	})
}

func TestWhoLooksAtAPersonIsSeenByThem(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		views := "/api/v1/members/" + n.id["zoe"] + "/views"
		n.do("GET", "/api/v1/members/"+n.id["zoe"], "zoe", "").want(200)
		n.do("GET", "/api/v1/members/"+n.id["zoe"], "marc", "").want(404)
		if body := string(n.do("GET", views, "zoe", "").want(200).body); !strings.Contains(body, `"items":[]`) {
			t.Errorf("nobody looked: %s", body)
		}
		n.do("GET", "/api/v1/members/"+n.id["zoe"], "anne", "").want(200)
		n.do("GET", "/api/v1/members?hub=amos", "anne", "").want(200)
		n.do("GET", "/api/v1/members/"+n.id["zoe"]+"/personal-data", "root", "").want(200)
		body := string(n.do("GET", views, "zoe", "").want(200).body)
		for _, said := range []string{`"what":"account"`, `"what":"list"`, `"what":"dossier"`, `"viewer_name":"anne"`} {
			if !strings.Contains(body, said) {
				t.Errorf("no %s in %s", said, body)
			}
		}
		n.do("GET", views, "luc", "").want(404)
		n.do("GET", views, "anne", "").want(404) // who looks does not see who else does
	})
}

func TestAConsentHasTheWordsOfTheLanguageThatWasRead(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		consents := "/api/v1/members/" + n.id["zoe"] + "/consents"
		fr := n.do("POST", consents, "zoe", `{"purpose":"newsletter"}`, "Accept-Language", "fr").want(201)
		if !strings.Contains(fr.text("text"), "J’accepte") || fr.text("language") != "fr" {
			t.Errorf("%s", fr.body)
		}
		en := n.do("POST", consents, "zoe", `{"purpose":"photos"}`, "Accept-Language", "en").want(201)
		if !strings.Contains(en.text("text"), "I agree") {
			t.Errorf("%s", en.body)
		}
		n.do("POST", consents, "zoe", `{"purpose":"newsletter","text":"I agree to everything"}`).want(400)
		n.do("POST", consents, "luc", `{"purpose":"newsletter"}`).want(404)
		n.do("DELETE", "/api/v1/consents/"+fr.text("id"), "luc", "").want(404)
		if gone := n.do("DELETE", "/api/v1/consents/"+fr.text("id"), "zoe", "").want(200); gone.text("withdrawn_at") == "" {
			t.Errorf("%s", gone.body)
		}
	})
}

func TestAnIncidentIsChangedOnlyAsItWasRead(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		made := n.do("POST", "/api/v1/operators/op/incidents", "root", aLeak).want(201)
		at := "/api/v1/incidents/" + made.text("id")
		n.do("PATCH", at, "root", `{"closed_on":"2026-11-17"}`, "If-Match", made.header.Get("ETag")).want(200)
		n.do("PATCH", at, "root", `{"closed_on":""}`, "If-Match", made.header.Get("ETag")).want(412)
		n.do("PATCH", at, "root", `{"closed_on":"hier"}`).want(400)
		n.do("GET", at, "marc", "").want(403) // a token of staff
		n.do("GET", "/api/v1/operators/nowhere/incidents", "root", "").want(404)
	})
}
