package api

import (
	"encoding/json"
	"strings"
	"testing"
)

// part returns one field of GET /resources/{id}/policy, "30 hub".
func (n *network) part(resource, field string) string {
	n.t.Helper()
	var body struct {
		Policy map[string]struct {
			Value json.RawMessage
			From  string
		}
	}
	must(n.t, json.Unmarshal(n.do("GET", "/api/v1/resources/"+resource+"/policy", "", "").want(200).body, &body))
	return string(body.Policy[field].Value) + " " + body.Policy[field].From
}

func TestAPolicyTellsWhoSaysWhat(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		want := func(field, value string) {
			t.Helper()
			if got := n.part("amos-desk", field); got != value {
				t.Errorf("%s is %s, want %s", field, got, value)
			}
		}
		want("grain_min", "30 resource")
		want("certifications", "[] kind")
		before := n.do("GET", "/api/v1/resources/amos-desk", "", "").want(200)
		d := n.do("PUT", "/api/v1/categories/desk/policy", "root", `{"policy":{"notice_min":10,"attendance":2}}`).want(200)
		if d.header.Get("ETag") != `"2"` || d.text("category_slug") != "desk" || d.json()["hub"] != nil {
			t.Errorf("%v %s", d.header, d.body)
		}
		n.do("GET", "/api/v1/resources/amos-desk", "", "", "If-None-Match", before.header.Get("ETag")).want(200)
		want("notice_min", "10 category")
		n.do("PUT", "/api/v1/hubs/amos/policy", "root", `{"policy":{"notice_min":20}}`).want(200)
		want("notice_min", "20 hub")
		n.do("PUT", "/api/v1/hubs/amos/policy?category=desk", "root", `{"policy":{"notice_min":30}}`, "If-Match", `"1"`).want(200)
		want("notice_min", "30 hub_category")
		want("attendance", "2 category")
		n.do("PUT", "/api/v1/hubs/amos/policy?category=desk", "root", `{"policy":{}}`, "If-Match", `"1"`).want(412)
		if list := n.do("GET", "/api/v1/policies", "", "").want(200).items(); len(list) != 3 {
			t.Errorf("%v", list)
		}
		n.do("PATCH", "/api/v1/resources/amos-desk", "root", `{"policy":{"notice_min":0,"minimum_age":12,"consent_under":16}}`).want(200)
		want("notice_min", "0 resource")
		want("consent_under", "16 resource")
		n.do("PATCH", "/api/v1/resources/amos-desk", "root", `{"inherit":["notice_min"]}`).want(200)
		want("notice_min", "30 hub_category")
		// A layer is put as a whole: what is left out it says no longer.
		n.do("PUT", "/api/v1/hubs/amos/policy?category=desk", "root", `{"policy":{"approval":true}}`).want(200)
		want("notice_min", "20 hub")
		want("approval", "true hub_category")
		if got := n.part("rouyn-desk", "notice_min"); got != "10 category" {
			t.Errorf("in the other town it is %s", got)
		}
		one := n.do("GET", "/api/v1/hubs/amos/policy?category=desk", "", "").want(200)
		n.do("GET", "/api/v1/hubs/amos/policy?category=desk", "", "", "If-None-Match", one.header.Get("ETag")).want(304)
		if policy, _ := one.json()["policy"].(map[string]any); len(policy) != 1 || policy["approval"] != true {
			t.Errorf("%s", one.body)
		}
		for path, code := range map[string]string{"/api/v1/hubs/nowhere/policy": "hub_not_found", "/api/v1/hubs/amos/policy?category=x": "category_not_found",
			"/api/v1/categories/x/policy": "category_not_found", "/api/v1/resources/x/policy": "resource_not_found"} {
			if r := n.do("GET", path, "", "").want(404); r.text("code") != code {
				t.Errorf("%s: %s", path, r.body)
			}
		}
	})
}

func TestAPolicyThatCannotStandNamesFieldsAndResources(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		r := n.do("PUT", "/api/v1/hubs/amos/policy", "root", `{"policy":{"certifications":["laser"],"tiers":["pro"],"conditions":["x"],"consent_under":12}}`, "Accept-Language", "fr").want(422)
		for _, words := range []string{"L’habilitation «\u00a0laser\u00a0» n’existe pas", "Le forfait «\u00a0pro\u00a0»", "Les conditions «\u00a0x\u00a0»", "unknown_tier", "out_of_range"} {
			if !strings.Contains(string(r.body), words) {
				t.Errorf("%q is not in %s", words, r.body)
			}
		}
		r = n.do("PUT", "/api/v1/hubs/amos/policy", "root", `{"policy":{"competing":true}}`, "Accept-Language", "en").want(422)
		if !strings.Contains(string(r.body), `"competing_needs_approval"`) || !strings.Contains(string(r.body), "desk —") {
			t.Errorf("%s", r.body)
		}
		tidy(t, r)
		n.do("PUT", "/api/v1/hubs/amos/policy", "root", `{"policy":{"wings":2}}`).want(400)
		n.do("PUT", "/api/v1/hubs/amos/policy", "root", `{}`).want(400)
	})
}

func TestTermsAreReadInEveryVersionByEverybody(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		made := n.do("POST", "/api/v1/conditions", "root", `{"hub":"amos","name":{"fr":"Atelier"},"text":{"fr":"Rangez.","en":"Tidy up."}}`).want(201)
		if made.text("slug") != "atelier" || made.text("hub") != n.id["amos"] {
			t.Errorf("%s", made.body)
		}
		n.do("GET", made.header.Get("Location"), "", "").want(200)
		next := n.do("POST", "/api/v1/conditions/atelier/versions", "root", `{"text":{"fr":"Rangez et balayez."}}`, "If-Match", made.header.Get("ETag")).want(201)
		n.do("POST", "/api/v1/conditions/atelier/versions", "root", `{"text":{"fr":"Non."}}`, "If-Match", made.header.Get("ETag")).want(412)
		for path, words := range map[string]string{"": "balayez", "?version=1": `"Rangez."`, "?version=2": "balayez"} {
			r := n.do("GET", "/api/v1/conditions/atelier"+path, "", "").want(200)
			if !strings.Contains(string(r.body), words) || !strings.Contains(string(r.body), `"latest":2`) {
				t.Errorf("%s: %s", path, r.body)
			}
		}
		if next.json()["version"] != 2.0 || len(n.do("GET", "/api/v1/conditions", "", "").want(200).items()) != 1 {
			t.Errorf("%s", next.body)
		}
		n.do("GET", "/api/v1/conditions/atelier?version=3", "", "").want(404)
		n.do("GET", "/api/v1/conditions/atelier?version=0", "", "").want(400)
		n.do("PATCH", "/api/v1/resources/amos-desk", "root", `{"policy":{"conditions":["atelier"]}}`).want(200)
	})
}

func TestThePersonInChargeOfPersonalDataIsPublic(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		before := n.do("GET", "/api/v1/hubs/amos", "", "").want(200).header.Get("ETag")
		n.do("PATCH", "/api/v1/operators/op", "root", `{"privacy":{"name":"Zoé Roy","email":"vie.privee@op.example"}}`).want(200)
		r := n.do("GET", "/api/v1/hubs/amos", "", "", "If-None-Match", before).want(200)
		if who, _ := r.json()["privacy"].(map[string]any); who["name"] != "Zoé Roy" || who["legal_name"] != "Les Hubs" {
			t.Errorf("%s", r.body)
		}
		n.do("PATCH", "/api/v1/hubs/amos", "root", `{"town":"Amos"}`, "If-Match", before).want(200) // the operator is none of its business
		list := n.do("GET", "/api/v1/privacy", "", "").want(200)
		if len(list.items()) != 1 || !strings.Contains(string(list.body), "vie.privee@op.example") {
			t.Errorf("%s", list.body)
		}
	})
}
