package api

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"testing"

	"canot/internal/identity"
)

// names are the items of a list, by their slug, tag, code or id.
func names(a *answered) []string {
	a.t.Helper()
	var out []string
	for _, item := range a.items() {
		fields, _ := item.(map[string]any)
		for _, name := range []string{"slug", "tag", "code", "id"} {
			if s, ok := fields[name].(string); ok {
				out = append(out, s)
				break
			}
		}
	}
	return out
}

func TestEveryListComesInPages(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		for i := range 3 {
			s := strconv.Itoa(i)
			n.do("POST", "/api/v1/regions", "root", `{"slug":"r`+s+`","name":{"fr":"x"}}`).want(201)
			n.do("POST", "/api/v1/categories", "root", `{"slug":"c`+s+`","name":{"fr":"x"}}`).want(201)
			n.do("POST", "/api/v1/operators", "root", `{"slug":"o`+s+`","legal_name":"x"}`).want(201)
			n.do("PATCH", "/api/v1/resources/"+[]string{"amos-desk", "amos-studio", "rouyn-desk"}[i], "root", `{"tags":["été `+s+`","t`+s+`"]}`).want(200)
			n.do("POST", "/api/v1/units/"+n.id["amos-desk-unit"]+"/maintenances", "root", `{"starts_at":"2026-12-0`+s+`T10:00:00Z","ends_at":"2026-12-0`+s+`T11:00:00Z"}`)
			n.do("POST", "/api/v1/bookings", "zoe", studio("1"+s+":00", "1"+strconv.Itoa(i+1)+":00")).want(201)
			_, _, err := n.api.Directory.IssueToken(context.Background(), identity.System, n.id["root"], identity.TokenRequest{Scopes: []string{"read"}})
			must(t, err)
		}
		n.do("POST", "/api/v1/hubs/amos/closures", "root", `{"starts_local":"2026-11-17T00:00","ends_local":"2026-11-18T00:00"}`).want(201)
		foreign := n.do("GET", "/api/v1/tags?limit=1", "", "").want(200).text("next_cursor")
		for path, least := range map[string]int{
			"/hubs": 2, "/resources": 4, "/regions": 4, "/categories": 5, "/operators": 4, "/tags": 6, "/members": 5, "/bookings": 3,
			"/resources/amos-desk/units": 3, "/hubs/amos/maintenances": 2, "/hubs/amos/outside": 3, "/members/" + n.id["root"] + "/tokens": 4,
		} {
			path = prefix + path
			all := names(n.do("GET", path, "root", "").want(200))
			if len(all) < least {
				t.Errorf("%s has %v", path, all)
			}
			var got []string
			for cursor, pages := "", 0; ; pages++ {
				a := n.do("GET", path+"?limit=1&cursor="+cursor, "root", "").want(200)
				got = append(got, names(a)...)
				if cursor = a.text("next_cursor"); cursor == "" || pages > 20 {
					break
				}
			}
			if !slices.Equal(all, got) {
				t.Errorf("%s at once: %v, by one: %v", path, all, got)
			}
			for _, cursor := range []string{"%21", "abc", strings.Repeat("a", 399), foreign} {
				if cursor == foreign && strings.HasSuffix(path, "/tags") || cursor == "abc" && strings.HasSuffix(path, "/hubs") {
					continue
				}
				if r := n.do("GET", path+"?cursor="+cursor, "root", "").want(400); !slices.Contains(r.violations(), "bad_cursor cursor") {
					t.Errorf("%s: %s", path, r.body)
				}
			}
			n.do("GET", path+"?limit=201", "root", "").want(400)
		}
	})
}

func TestAListGoesOnWhereItWasThoughItChanges(t *testing.T) {
	n := newNetwork(t, "sqlite", false)
	for _, slug := range []string{"b", "d", "f"} {
		n.do("POST", "/api/v1/regions", "root", `{"slug":"`+slug+`","name":{"fr":"x"}}`).want(201)
	}
	first := n.do("GET", "/api/v1/regions?limit=2", "", "").want(200)
	n.do("POST", "/api/v1/regions", "root", `{"slug":"c","name":{"fr":"x"}}`).want(201)
	next := n.do("GET", "/api/v1/regions?cursor="+first.text("next_cursor"), "", "").want(200)
	if got := append(names(first), names(next)...); !slices.Equal(got, []string{"at", "b", "c", "d", "f"}) {
		t.Errorf("%v", got)
	}
}
