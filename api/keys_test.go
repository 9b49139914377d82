package api

import (
	"strings"
	"testing"

	"canot/internal/identity"
)

func TestWritesOfPeopleHappenOnceUnderAKey(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		roles := "/api/v1/members/" + n.id["luc"] + "/roles"
		give, take := `{"role":"staff","hub":"amos"}`, roles+"?role=staff&hub=amos"
		held := func() int {
			list, _ := n.do("GET", "/api/v1/members/"+n.id["luc"], "root", "").want(200).json()["roles"].([]any)
			return len(list)
		}
		n.do("POST", roles, "root", give, "Idempotency-Key", "give").want(200)
		n.do("DELETE", take, "root", "", "Idempotency-Key", "take").want(200)
		n.do("POST", roles, "root", give, "Idempotency-Key", "give").want(200)
		if held() != 0 {
			t.Error("a repeated grant gave back what was taken since")
		}
		n.do("POST", roles, "root", give).want(200)
		n.do("DELETE", take, "root", "", "Idempotency-Key", "take").want(200)
		if held() != 1 {
			t.Error("a repeated revocation took what was given since")
		}
		if r := n.do("POST", roles, "root", `{"role":"manager","hub":"amos"}`, "Idempotency-Key", "give").want(422); r.text("code") != "idempotency_key_reused" {
			t.Errorf("%s", r.body)
		}

		tokens := "/api/v1/members/" + n.id["root"] + "/tokens"
		first := n.do("POST", tokens, "root", `{"scopes":["read"]}`, "Idempotency-Key", "token").want(201)
		token, _ := first.json()["token"].(map[string]any)
		again := n.do("POST", tokens, "root", `{"scopes":["read"]}`, "Idempotency-Key", "token").want(409)
		if id, _ := token["id"].(string); again.text("code") != "token_already_issued" || id == "" || !strings.Contains(again.text("detail"), id) || strings.Contains(string(again.body), "canot_") {
			t.Errorf("%s", again.body)
		}
		tidy(t, again)
		n.do("POST", tokens, "root", `{"scopes":["book"]}`, "Idempotency-Key", "token").want(422)
		if list := n.do("GET", tokens, "root", "").want(200).items(); len(list) != 2 {
			t.Errorf("%d tokens", len(list))
		}
		id, _ := token["id"].(string)
		for range 2 {
			n.do("DELETE", "/api/v1/tokens/"+id, "root", "", "Idempotency-Key", "revoke").want(204)
		}
		n.do("DELETE", "/api/v1/tokens/other", "root", "", "Idempotency-Key", "revoke").want(422)

		made := n.do("POST", "/api/v1/members", "root", `{"name":"Ève","home_hub":"amos"}`, "Idempotency-Key", "member").want(201)
		repeated := n.do("POST", "/api/v1/members", "root", `{"name":"Ève","home_hub":"amos"}`, "Idempotency-Key", "member").want(201)
		if made.text("id") != repeated.text("id") || repeated.text("home_hub") != n.id["amos"] || made.header.Get("Location") != repeated.header.Get("Location") {
			t.Errorf("%s, then %s", made.body, repeated.body)
		}
	})
}

func TestAnImportHappensOnceUnderAKey(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		send := func(file string) *answered {
			return n.do("POST", "/api/v1/import", "root", file, "Content-Type", "text/csv", "Idempotency-Key", "import")
		}
		first := send("slug,town\namos,Amos\nnowhere,X\n").want(200)
		n.do("PATCH", "/api/v1/hubs/amos", "root", `{"town":"Amos-Est"}`).want(200)
		if again := send("slug,town\namos,Amos\nnowhere,X\n").want(200); string(again.body) != string(first.body) {
			t.Errorf("%s, then %s", first.body, again.body)
		}
		if town := n.do("GET", "/api/v1/hubs/amos", "", "").want(200).text("town"); town != "Amos-Est" {
			t.Errorf("the repeated import wrote %s", town)
		}
		send("slug,town\namos,Y\n").want(422)
	})
}

func TestOnlyStaffOfTheHubSeeMoreOfAUnitThanItsCode(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		n.person("cora", "", identity.Grant{Role: identity.Coordinator, RegionID: n.do("GET", "/api/v1/regions/at", "", "").want(200).text("id")}, identity.ScopeStaff)
		unit := n.id["amos-desk-unit"]
		n.do("PATCH", "/api/v1/units/"+unit, "root", `{"serial":"S3RIAL","condition":"éraflée"}`).want(200)
		n.do("POST", "/api/v1/resources/amos-desk/units", "root", `{"code":"OLD"}`).want(201)
		n.do("POST", "/api/v1/units/OLD/retire", "root", "").want(200)
		for who, full := range map[string]bool{"zoe": false, "luc": false, "marc": false, "reader": false, "anne": true, "cora": true, "root": true} {
			list := n.do("GET", "/api/v1/resources/amos-desk/units", who, "").want(200)
			one := n.do("GET", "/api/v1/units/"+unit, who, "").want(200)
			for _, r := range []*answered{list, one} {
				for _, word := range []string{"S3RIAL", "éraflée", "condition", "home_hub", "status"} {
					if strings.Contains(string(r.body), word) != full {
						t.Errorf("%s as %s, %q: %s", r.call, who, word, r.body)
					}
				}
			}
			if strings.Contains(string(list.body), "OLD") != full || one.text("code") == "" || one.text("id") != unit {
				t.Errorf("as %s: %s %s", who, list.body, one.body)
			}
		}
		n.do("GET", "/api/v1/resources/amos-desk/units", "", "").want(401)
	})
}
