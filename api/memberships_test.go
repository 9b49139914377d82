package api

import (
	"encoding/json"
	"strings"
	"testing"

	"canot/internal/identity"
)

// TestTheWalkOfAMembership goes from a tier over a membership and a pack to a balance, as
// a manager, a member, and somebody else see it.
func TestTheWalkOfAMembership(t *testing.T) {
	n := newNetwork(t, "sqlite", false)
	n.person("gina", "amos", identity.Grant{Role: identity.Manager, HubID: n.id["amos"]}, identity.ScopeAdmin)
	const v1 = "/api/v1"
	zoe := n.id["zoe"]
	n.do("POST", v1+"/tiers", "gina", `{"slug":"createur","name":{"fr":"Créateur"}}`).want(403)
	tier := n.do("POST", v1+"/tiers", "root", `{"slug":"createur","name":{"fr":"Créateur","en":"Maker"},"price_cents":3500,"period":"month",
		"allowances":[{"category":"desk","week_min":240,"horizon_days":90}]}`).want(201)
	if !strings.Contains(string(tier.body), `"week_min":240`) || !strings.Contains(string(tier.body), `"price_percent":100`) {
		t.Errorf("%s", tier.body)
	}
	n.do("GET", v1+"/tiers", "", "").want(200)
	var m struct {
		ID       string `json:"id"`
		EndsOn   string `json:"ends_on"`
		StartsOn string `json:"starts_on"`
	}
	must(t, json.Unmarshal(n.do("POST", v1+"/memberships", "gina", `{"member":"`+zoe+`","tier":"createur","hub":"amos"}`).want(201).body, &m))
	if m.EndsOn <= m.StartsOn {
		t.Errorf("%+v", m)
	}
	n.do("POST", v1+"/memberships", "gina", `{"member":"`+zoe+`","tier":"createur","hub":"amos"}`).want(422)
	n.do("POST", v1+"/memberships", "zoe", `{"member":"`+zoe+`","tier":"createur","hub":"amos"}`).want(403)
	n.do("GET", v1+"/memberships", "zoe", "").want(200)
	n.do("GET", v1+"/memberships?hub=amos", "zoe", "").want(403)
	n.do("GET", v1+"/memberships/"+m.ID, "zoe", "").want(200)
	n.do("POST", v1+"/memberships/"+m.ID+"/renew", "gina", `{"renews":true}`).want(200)
	n.do("POST", v1+"/memberships/"+m.ID+"/pause", "gina", `{}`).want(200)
	n.do("POST", v1+"/memberships/"+m.ID+"/resume", "gina", `{}`).want(200)
	sold := n.do("POST", v1+"/packs", "gina", `{"member":"`+zoe+`","hub":"amos","minutes":600,"expires_on":"2030-12-31"}`).want(201)
	if !strings.Contains(string(sold.body), "pack_expiry_restricted") || !strings.Contains(string(sold.body), `"left_min":600`) {
		t.Errorf("%s", sold.body)
	}
	balance := string(n.do("GET", v1+"/balance", "zoe", "").want(200).body)
	if !strings.Contains(balance, `"left_min":240`) || !strings.Contains(balance, `"left_min":600`) {
		t.Errorf("%s", balance)
	}
	n.do("GET", v1+"/balance?member="+zoe, "anne", "").want(200)
	n.do("POST", v1+"/certifications", "root", `{"slug":"laser","name":{"fr":"Laser"},"valid_months":24}`).want(201)
	n.do("POST", v1+"/members/"+zoe+"/certificates", "zoe", `{"certification":"laser","hub":"amos"}`).want(403)
	var c struct {
		ID string `json:"id"`
	}
	must(t, json.Unmarshal(n.do("POST", v1+"/members/"+zoe+"/certificates", "anne", `{"certification":"laser","hub":"amos"}`).want(201).body, &c))
	n.do("PATCH", v1+"/certificates/"+c.ID, "anne", `{"until_on":"2030-01-01"}`).want(200)
	n.do("POST", v1+"/certificates/"+c.ID+"/revoke", "anne", `{"reason":"Vitre ouverte"}`).want(200)
	if list := string(n.do("GET", v1+"/members/"+zoe+"/certificates", "zoe", "").want(200).body); !strings.Contains(list, "Vitre ouverte") {
		t.Errorf("%s", list)
	}
	n.do("POST", v1+"/hubs/amos/equivalences", "gina", `{"accepted":"laser","counts_as":"laser"}`).want(201)
	n.do("GET", v1+"/hubs/amos/equivalences", "", "").want(200)
	n.do("POST", v1+"/memberships/"+m.ID+"/end", "gina", `{}`).want(200)
}
