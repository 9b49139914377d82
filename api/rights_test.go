package api

import (
	"slices"
	"strings"
	"testing"

	"canot/internal/identity"
)

// An errand is a request that would succeed for somebody with the right, and who has it.
type errand struct {
	op, path, body string
	may            string // names of those who may; everybody else gets 403 or 404
}

// errands has one request for every operation that asks for more than being signed in.
func errands(n *network, booking string) []errand {
	unit, hub := n.id["amos-desk-unit"], "/api/v1/hubs/amos"
	return []errand{
		{"PATCH /hubs/{id}", hub, `{"town":"Amos"}`, "root gina"},
		{"POST /hubs", "/api/v1/hubs", `{"slug":"new","region":"at","operator":"op","name":{"fr":"x"},"latitude":48,"longitude":-78,"time_zone":"America/Toronto"}`, "root"},
		{"POST /resources", "/api/v1/resources", `{"hub":"amos","category":"desk","kind":"space","name":{"fr":"Autre"}}`, "root gina"},
		{"PATCH /resources/{id}", "/api/v1/resources/amos-desk", `{"floor":"2"}`, "root gina"},
		{"POST /resources/{id}/units", "/api/v1/resources/amos-desk/units", `{}`, "root gina"},
		{"PATCH /units/{id}", "/api/v1/units/" + unit, `{"serial":"x"}`, "root gina"},
		{"PUT /units/{id}/components", "/api/v1/units/" + unit + "/components", `{"components":[]}`, "root gina"},
		{"PUT /hubs/{id}/opening", hub + "/opening", `{"week":"Mo-Sa 09:00-17:00"}`, "root gina"},
		{"PUT /hubs/{id}/exceptions/{date}", hub + "/exceptions/2026-12-23", `{"hours":""}`, "root gina"},
		{"DELETE /hubs/{id}/exceptions/{date}", hub + "/exceptions/2026-12-23", ``, "root gina"},
		{"POST /hubs/{id}/closures", hub + "/closures", `{"starts_local":"2027-01-01T00:00","ends_local":"2027-01-02T00:00"}`, "root gina"},
		{"GET /hubs/{id}/outside", hub + "/outside", ``, "root gina anne"},
		{"GET /hubs/{id}/maintenances", hub + "/maintenances", ``, "root gina anne"},
		{"POST /units/{id}/maintenances", "/api/v1/units/" + unit + "/maintenances", `{"starts_at":"2026-12-01T10:00:00Z","ends_at":"2026-12-01T11:00:00Z"}`, "root gina anne"},
		{"POST /units/{id}/count", "/api/v1/units/" + unit + "/count", `{"missing":{}}`, "root gina anne"},
		{"GET /bookings/{id}", "/api/v1/bookings/" + booking, ``, "root gina anne zoe"},
		{"PATCH /bookings/{id}", "/api/v1/bookings/" + booking, `{"title":"x"}`, "root gina anne zoe"},
		{"GET /jobs", "/api/v1/jobs", ``, "root"},
		{"POST /regions", "/api/v1/regions", `{"slug":"r2","name":{"fr":"x"}}`, "root"},
		{"PATCH /regions/{id}", "/api/v1/regions/at", `{"name":{"fr":"y"}}`, "root"},
		{"POST /categories", "/api/v1/categories", `{"slug":"c2","name":{"fr":"x"}}`, "root"},
		{"PATCH /categories/{id}", "/api/v1/categories/desk", `{"name":{"fr":"y"}}`, "root"},
		{"POST /operators", "/api/v1/operators", `{"slug":"o2","legal_name":"x"}`, "root"},
		{"PATCH /operators/{id}", "/api/v1/operators/op", `{"phone":"819"}`, "root"},
		{"GET /members", "/api/v1/members?hub=amos", ``, "root gina"},
		{"GET /members/{id}", "/api/v1/members/" + n.id["zoe"], ``, "root gina zoe"},
		{"POST /members", "/api/v1/members", `{"name":"x","home_hub":"amos"}`, "root gina"},
		{"POST /members/{id}/roles", "/api/v1/members/" + n.id["luc"] + "/roles", `{"role":"staff","hub":"amos"}`, "root gina"},
		{"DELETE /members/{id}/roles", "/api/v1/members/" + n.id["luc"] + "/roles?role=staff&hub=amos", ``, "root gina"},
		{"POST /import", "/api/v1/import", "", ""},
	}
}

// everybodys are the operations that being signed in, or one's own thing, is enough for, and those
// whose rights have tests of their own.
var everybodys = []string{
	"GET /bookings", "POST /bookings", "POST /bookings/{id}/confirm", "POST /bookings/{id}/cancel", "POST /bookings/{id}/approve", "POST /bookings/{id}/decline",
	"GET /me", "GET /members/{id}/tokens", "POST /members/{id}/tokens", "DELETE /tokens/{id}", "GET /resources/{id}/units", "GET /units/{id}",
	"DELETE /closures/{id}", "POST /maintenances/{id}/end", "POST /units/{id}/retire", "POST /jobs/{id}/retry",
}

func TestRightsByRoleAndHub(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		n.person("gina", "amos", identity.Grant{Role: identity.Manager, HubID: n.id["amos"]}, identity.ScopeAdmin)
		booking := n.do("POST", "/api/v1/bookings", "zoe", studio("10:00", "12:00")).want(201).text("id")
		covered := slices.Clone(everybodys)
		for _, e := range errands(n, booking) {
			covered = append(covered, e.op)
			if e.op == "POST /import" {
				continue // TestImportSaysWhyALineIsRefused
			}
			method, _, _ := strings.Cut(e.op, " ")
			for _, who := range []string{"luc", "marc", "reader", "zoe", "anne", "gina", "root"} {
				r := n.do(method, e.path, who, e.body)
				allowed := slices.Contains(strings.Fields(e.may), who) || who == "reader" && method == "GET" && strings.Contains(e.may, "zoe")
				switch {
				case allowed && r.status >= 300:
					// A second person cannot do again what can be done once.
					if r.status != 422 && r.status != 409 && r.status != 404 {
						t.Errorf("%s as %s answers %d: %s", e.op, who, r.status, r.body)
					}
				case !allowed && r.status != 403 && r.status != 404:
					t.Errorf("%s as %s answers %d: %s", e.op, who, r.status, r.body)
				}
			}
		}
		for _, op := range documented(t, n) {
			op = strings.Replace(op, prefix, "", 1)
			if !slices.Contains(covered, op) && !slices.Contains(publicOperations, strings.Replace(op, " ", " "+prefix, 1)) {
				t.Errorf("nothing says who may %s", op)
			}
		}
	})
}
