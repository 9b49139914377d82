package api

import (
	"slices"
	"strings"
	"testing"

	"canot/internal/database"
	"canot/internal/identity"
)

// Whoever reads what is somebody else's leaves one row for each person, and nobody does for their own.
func TestEveryAnswerThatShowsAPersonIsWrittenDown(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		n.person("gina", "amos", identity.Grant{Role: identity.Manager, HubID: n.id["amos"]}, identity.ScopeAdmin)
		n.person("mia", "amos", identity.Grant{}, identity.ScopeAdmin)
		first := n.do("POST", "/api/v1/bookings", "zoe", studio("10:00", "12:00")).want(201).text("id")
		n.do("POST", "/api/v1/bookings", "zoe", studio("14:00", "15:00")).want(201)
		n.do("POST", "/api/v1/bookings", "luc", studio("15:00", "16:00")).want(201)
		at := "/api/v1/members/" + n.id["zoe"]
		create := `{"name":"Rose","home_hub":"amos"}`
		for _, c := range []struct {
			call, who, body string
			rows            string // of whom, and what
		}{
			{"PATCH /api/v1/members/" + n.id["mia"], "mia", `{"phone":"1"}`, ""},
			{"PATCH " + at, "gina", `{"phone":"2"}`, "zoe account"},
			{"POST " + at + "/roles", "gina", `{"role":"staff","hub":"amos"}`, "zoe account"},
			{"DELETE " + at + "/roles?role=staff&hub=amos", "gina", "", "zoe account"},
			{"GET /api/v1/bookings/" + first, "zoe", "", ""},
			{"GET /api/v1/bookings", "zoe", "", ""},
			{"GET /api/v1/bookings/" + first, "anne", "", "zoe booking"},
			{"GET /api/v1/bookings", "anne", "", "luc booking, zoe booking"},
			{"GET /api/v1/bookings?mine=true", "anne", "", ""},
			{"GET /api/v1/approvals", "anne", "", ""},
			{"POST /api/v1/members", "gina", create, "rose account"},
			{"POST /api/v1/members", "gina", create, "rose account"}, // the same answer again
			{"POST " + at + "/close", "gina", "", "zoe account"},
			{"POST " + at + "/reopen", "gina", "", "zoe account"},
		} {
			must(t, n.db.In(t.Context(), func(tx *database.Tx) error { _, err := tx.Exec(`DELETE FROM personal_views`); return err }))
			method, path, _ := strings.Cut(c.call, " ")
			var headers []string
			if c.body == create {
				headers = []string{"Idempotency-Key", "rose"}
			}
			r := n.do(method, path, c.who, c.body, headers...)
			if r.status > 201 {
				t.Fatalf("%s: %d %s", c.call, r.status, r.body)
			}
			if c.body == create {
				n.id["rose"] = r.text("id")
			}
			if got := n.views(); got != c.rows {
				t.Errorf("%s by %s: %q, want %q", c.call, c.who, got, c.rows)
			}
		}
	})
}

// views is of whom, and what, was written down.
func (n *network) views() string {
	n.t.Helper()
	var rows []struct {
		Member string `db:"member_id"`
		What   string `db:"what"`
	}
	must(n.t, n.db.Reader(n.t.Context()).Select(&rows, `SELECT member_id, what FROM personal_views`))
	var all []string
	for _, row := range rows {
		for name, id := range n.id {
			if id == row.Member {
				all = append(all, name+" "+row.What)
			}
		}
	}
	slices.Sort(all)
	return strings.Join(all, ", ")
}

// A token says what it may do: one to read with shows its owner's own bookings, though they are staff.
func TestATokenToReadShowsNoOthersBookings(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		id := n.do("POST", "/api/v1/bookings", "zoe", studio("10:00", "12:00")).want(201).text("id")
		n.person("lise", "amos", identity.Grant{Role: identity.Staff, HubID: n.id["amos"]}, identity.ScopeRead)
		n.do("GET", "/api/v1/bookings/"+id, "lise", "").want(404)
		if list := n.do("GET", "/api/v1/bookings", "lise", "").want(200).items(); len(list) != 0 {
			t.Errorf("%v", list)
		}
		n.do("GET", "/api/v1/bookings/"+id, "anne", "").want(200)
	})
}
