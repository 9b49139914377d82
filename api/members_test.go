package api

import (
	"strings"
	"testing"

	"canot/internal/identity"
)

// A03: what a member may not set of themselves is refused by name, and nothing of it is written.
func TestAMemberSetsNothingThatIsNotTheirs(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		n.person("mia", "amos", identity.Grant{}, identity.ScopeAdmin)
		before := string(n.do("GET", "/api/v1/me", "mia", "").want(200).body)
		for _, field := range []string{
			`"role":"administrator"`, `"roles":[{"role":"administrator"}]`, `"tier":"pro"`, `"status":"active"`, `"active":true`, `"email":"root@example.ca"`,
			`"email_verified":true`, `"email_verified_at":"2026-01-01T00:00:00Z"`, `"id":"x"`, `"version":9`, `"standing":9`, `"created_at":"2020-01-01T00:00:00Z"`,
			`"guardian_consent_at":"2020-01-01T00:00:00Z"`, `"member_id":"x"`, `"home_hub_id":"x"`, `"Name":"A"`,
		} {
			for _, path := range []string{"/api/v1/me", "/api/v1/members/" + n.id["mia"]} {
				r := n.do("PATCH", path, "mia", `{"phone":"819 555-0100",`+field+`}`).want(400)
				if r.text("code") != "malformed" || !strings.Contains(string(r.body), "unknown_field") {
					t.Errorf("%s: %s", field, r.body)
				}
			}
			r := n.do("POST", "/api/v1/members", "root", `{"name":"A","home_hub":"amos",`+field+`}`)
			if strings.HasPrefix(field, `"email":`) {
				r.want(422) // somebody has it
			} else {
				r.want(400)
			}
			r = n.do("POST", "/api/v1/organisations", "root", `{"name":"A","sector":"culture","hub":"amos",`+field+`}`)
			if !strings.HasPrefix(field, `"email":`) && !strings.HasPrefix(field, `"active":`) {
				r.want(400)
			}
		}
		n.do("PATCH", "/api/v1/me", "mia", `{"guardian_consent":true}`).want(403)
		if after := string(n.do("GET", "/api/v1/me", "mia", "").want(200).body); after != before {
			t.Errorf("%s became %s", before, after)
		}
		made := n.do("POST", "/api/v1/members", "root", `{"name":"Neuf","email":"neuf@example.ca","home_hub":"amos"}`).want(201)
		if made.json()["email_verified"] != false || made.json()["active"] != true {
			t.Errorf("%s", made.body)
		}
	})
}

func TestAProfileIsChangedByVersion(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		n.person("mia", "amos", identity.Grant{}, identity.ScopeAdmin)
		tag := n.do("GET", "/api/v1/me", "mia", "").want(200).header.Get("ETag")
		edit := `{"name":"Mia L.","language":"en","home_hub":"rouyn","phone":"819 555-0100","birth_date":"2010-05-06","clientele":"artists"}`
		r := n.do("PATCH", "/api/v1/me", "mia", edit, "If-Match", tag).want(200)
		for field, want := range map[string]string{
			"name": "Mia L.", "language": "en", "home_hub": n.id["rouyn"], "phone": "819 555-0100", "birth_date": "2010-05-06", "clientele": "artists",
		} {
			if r.text(field) != want {
				t.Errorf("%s is %q", field, r.text(field))
			}
		}
		n.do("PATCH", "/api/v1/me", "mia", `{"phone":"1"}`, "If-Match", tag).want(412)
		n.do("PATCH", "/api/v1/me", "mia", `{"phone":"1"}`, "If-Match", r.header.Get("ETag")).want(200)
		if r := n.do("PATCH", "/api/v1/me", "mia", `{"birth_date":"2000-01-01"}`).want(422); r.text("code") != "birth_date_set" {
			t.Errorf("%s", r.body)
		}
		if r := n.do("PATCH", "/api/v1/me", "mia", `{"home_hub":"nowhere"}`); r.status != 404 && r.status != 400 {
			t.Errorf("%d %s", r.status, r.body)
		}
		n.do("PATCH", "/api/v1/me", "mia", `{"home_hub":""}`).want(200)
		for _, body := range []string{`{"name":""}`, `{"language":"de"}`, `{"clientele":"vip"}`, `{"birth_date":"demain"}`, `{"phone":"` + strings.Repeat("1", 41) + `"}`, `{"name":null}`} {
			tidy(t, n.do("PATCH", "/api/v1/me", "mia", body).want(400))
		}
		n.do("PATCH", "/api/v1/members/"+n.id["mia"], "root", `{"phone":"2"}`, "If-Match", tag).want(412)
		for range 2 {
			n.do("PATCH", "/api/v1/members/"+n.id["mia"], "root", `{"phone":"2"}`, "Idempotency-Key", "phone").want(200)
		}
		if r := n.do("PATCH", "/api/v1/members/"+n.id["mia"], "root", `{"phone":"3"}`, "Idempotency-Key", "phone").want(422); r.text("code") != "idempotency_key_reused" {
			t.Errorf("%s", r.body)
		}
		for _, id := range []string{"nobody", n.id["root"], n.id["marc"]} {
			if r := n.do("PATCH", "/api/v1/members/"+id, "mia", `{"phone":"1"}`).want(404); r.text("code") != "member_not_found" {
				t.Errorf("%s", r.body)
			}
			n.do("GET", "/api/v1/members/"+id, "mia", "").want(404)
		}
	})
}

func TestAClosedAccountsTokenStops(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		n.do("GET", "/api/v1/me", "zoe", "").want(200)
		if r := n.do("POST", "/api/v1/members/"+n.id["zoe"]+"/close", "root", "").want(200); r.json()["active"] != false {
			t.Errorf("%s", r.body)
		}
		n.do("GET", "/api/v1/me", "zoe", "").want(401)
		n.do("POST", "/api/v1/members/"+n.id["zoe"]+"/reopen", "root", "").want(200)
		n.do("GET", "/api/v1/me", "zoe", "").want(401)
		if r := n.do("POST", "/api/v1/members/"+n.id["root"]+"/close", "root", "").want(422); r.text("code") != "last_administrator" {
			t.Errorf("%s", r.body)
		}
	})
}

func TestRolesWithSingleRights(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		n.person("gina", "amos", identity.Grant{Role: identity.Manager, HubID: n.id["amos"]}, identity.ScopeAdmin)
		roles := "/api/v1/members/" + n.id["zoe"] + "/roles"
		r := n.do("POST", roles, "gina", `{"role":"staff","hub":"amos","rights":["waive","approve","waive"]}`).want(200)
		if !strings.Contains(string(r.body), `"rights":["approve","waive"]`) {
			t.Errorf("%s", r.body)
		}
		r = n.do("POST", roles, "gina", `{"role":"staff","hub":"amos"}`).want(200)
		if strings.Contains(string(r.body), `"rights"`) || strings.Count(string(r.body), `"role":"staff"`) != 1 {
			t.Errorf("%s", r.body)
		}
		n.do("POST", roles, "gina", `{"role":"staff","hub":"amos","rights":["everything"]}`).want(400)
		n.do("POST", roles, "gina", `{"role":"staff","hub":"amos","rights":["manage_network"]}`).want(400)
		n.do("POST", roles, "gina", `{"role":"administrator"}`).want(403)
		n.do("POST", roles, "gina", `{"role":"staff","hub":"rouyn"}`).want(403)
	})
}

func TestOrganisationsOverTheWire(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		n.person("mia", "amos", identity.Grant{}, identity.ScopeAdmin)
		made := n.do("POST", "/api/v1/organisations", "root", `{"name":"Théâtre du Cuivre","sector":"culture","clientele":"organisations","hub":"amos"}`).want(201)
		at := "/api/v1/organisations/" + made.text("id")
		if made.header.Get("Location") != at || made.text("hub") != n.id["amos"] {
			t.Errorf("%s %v", made.body, made.header)
		}
		n.do("GET", at, "mia", "").want(404)
		n.do("POST", at+"/delegates", "mia", `{"member":"`+n.id["mia"]+`","manages":true}`).want(404)
		n.do("POST", at+"/delegates", "root", `{"member":"`+n.id["mia"]+`","manages":true}`).want(204)
		n.do("POST", at+"/delegates", "mia", `{"member":"`+n.id["luc"]+`"}`).want(204)
		n.do("POST", at+"/delegates", "mia", `{"member":"nobody"}`).want(404)
		if list := n.do("GET", at+"/delegates?limit=1", "luc", "").want(200).items(); len(list) != 1 {
			t.Errorf("%v", list)
		}
		if list := n.do("GET", "/api/v1/organisations?mine=true", "luc", "").want(200).items(); len(list) != 1 {
			t.Errorf("%v", list)
		}
		n.do("GET", "/api/v1/organisations", "luc", "").want(403)
		etag := n.do("GET", at, "luc", "").want(200).header.Get("ETag")
		n.do("GET", at, "luc", "", "If-None-Match", etag).want(304)
		n.do("PATCH", at, "root", `{"phone":"819 555-0100"}`, "If-Match", etag).want(200)
		n.do("PATCH", at, "root", `{"phone":"1"}`, "If-Match", etag).want(412)
		n.do("PATCH", at, "mia", `{"phone":"1"}`).want(403)
		if r := n.do("POST", "/api/v1/organisations", "root", `{"name":"théâtre du cuivre","sector":"culture"}`).want(422); r.text("code") != "organisation_known" {
			t.Errorf("%s", r.body)
		}
		tidy(t, n.do("POST", "/api/v1/organisations", "root", `{"name":"A","sector":"sport"}`).want(400))
		n.do("DELETE", at+"/delegates?member="+n.id["luc"], "mia", "").want(204)
		n.do("GET", at, "luc", "").want(404)
	})
}

// A person sees who looked at them; looking at oneself is no view.
func TestLookingAtAPersonIsWrittenDown(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		n.person("mia", "amos", identity.Grant{}, identity.ScopeRead)
		views := func() string {
			return string(n.do("GET", "/api/v1/members/"+n.id["mia"]+"/views", "mia", "").want(200).body)
		}
		n.do("GET", "/api/v1/me", "mia", "").want(200)
		n.do("GET", "/api/v1/members/"+n.id["mia"], "mia", "").want(200)
		if strings.Contains(views(), `"what"`) {
			t.Errorf("%s", views())
		}
		n.do("GET", "/api/v1/members/"+n.id["mia"], "anne", "").want(200)
		n.do("GET", "/api/v1/members?hub=amos", "anne", "").want(200)
		n.do("GET", "/api/v1/members/"+n.id["mia"], "marc", "").want(404)
		if got := views(); strings.Count(got, `"what":"account"`) != 1 || strings.Count(got, `"what":"list"`) != 1 || !strings.Contains(got, n.id["anne"]) || strings.Contains(got, n.id["marc"]) {
			t.Errorf("%s", got)
		}
	})
}

// Who may not see a person cannot tell whether anybody has the address.
func TestAPersonIsFoundByAddressByWhoMaySeeThem(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		find := func(who, email string) int {
			return len(n.do("GET", "/api/v1/members?email="+email, who, "").want(200).items())
		}
		if find("anne", "ZOE@example.ca") != 1 || find("root", "luc@example.ca") != 1 {
			t.Error("not found")
		}
		known := n.do("GET", "/api/v1/members?email=luc@example.ca", "anne", "").want(200)
		unknown := n.do("GET", "/api/v1/members?email=nobody@example.ca", "anne", "").want(200)
		if string(known.body) != string(unknown.body) || len(known.items()) != 0 {
			t.Errorf("%s, %s", known.body, unknown.body)
		}
	})
}
