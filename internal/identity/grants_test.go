package identity_test

import (
	"strings"
	"sync"
	"testing"

	"canot/internal/fault"
	"canot/internal/identity"
)

// A05: nobody gives a role above their own, or where they have none.
func TestNobodyGivesARoleAboveTheirOwn(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		var (
			administrator = identity.Grant{Role: identity.Administrator}
			coordinator   = identity.Grant{Role: identity.Coordinator, RegionID: at}
			coordinatorBJ = identity.Grant{Role: identity.Coordinator, RegionID: bj}
			manager       = identity.Grant{Role: identity.Manager, HubID: amos}
			staff         = identity.Grant{Role: identity.Staff, HubID: amos}
			staffBJ       = identity.Grant{Role: identity.Staff, HubID: matagami}
		)
		adminByToken := w.admin
		_, token := w.token(t, w.admin.ID, identity.ScopeStaff)
		adminByToken.TokenID, adminByToken.Scopes = token.ID, token.Scopes
		pretender := identity.Actor{ID: w.member.ID, Grants: []identity.Grant{administrator}}
		tests := []struct {
			name    string
			by      identity.Actor
			allowed []identity.Grant
			code    string
		}{
			{"system", identity.System, []identity.Grant{administrator, coordinator, coordinatorBJ, manager, staff, staffBJ}, ""},
			{"administrator", w.admin, []identity.Grant{administrator, coordinator, coordinatorBJ, manager, staff, staffBJ}, ""},
			{"coordinator", w.coordinator, []identity.Grant{coordinator, manager, staff}, "not_allowed"},
			{"manager", w.manager, []identity.Grant{manager, staff}, "not_allowed"},
			{"staff", w.staff, nil, "not_allowed"},
			{"member", w.member, nil, "not_allowed"},
			{"visitor", identity.Actor{}, nil, "sign_in"},
			{"administrator by a token of staff scope", adminByToken, nil, "not_allowed"},
			{"a member whose roles are said to be more than they are", pretender, nil, "not_allowed"},
		}
		for _, test := range tests {
			other := w.person(t, "Other")
			for _, g := range []identity.Grant{administrator, coordinator, coordinatorBJ, manager, staff, staffBJ} {
				want := test.code
				for _, a := range test.allowed {
					if a == g {
						want = ""
					}
				}
				wantCode(t, test.name+" gives "+string(g.Role), w.dir.GrantRole(t.Context(), test.by, other.ID, g, noKey), want)
				wantCode(t, test.name+" takes "+string(g.Role), w.dir.RevokeRole(t.Context(), test.by, other.ID, g, noKey), want)
			}
			if test.code != "" && len(test.allowed) == 0 && test.by.Known() {
				wantCode(t, test.name+" to themselves", w.dir.GrantRole(t.Context(), test.by, test.by.ID, administrator, noKey), test.code)
			}
		}
	})
}

func TestARoleComesWithItsPlace(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		for _, g := range []identity.Grant{
			{Role: identity.PlainMember}, {Role: "owner"}, {}, {Role: identity.Staff}, {Role: identity.Staff, HubID: amos, RegionID: at}, {Role: identity.Manager, RegionID: at},
			{Role: identity.Coordinator}, {Role: identity.Coordinator, HubID: amos}, {Role: identity.Administrator, HubID: amos},
			{Role: identity.Staff, HubID: "nowhere"}, {Role: identity.Coordinator, RegionID: "nowhere"},
		} {
			if err := w.dir.GrantRole(t.Context(), w.admin, w.member.ID, g, noKey); fault.KindOf(err) != fault.Malformed {
				t.Errorf("%+v: %v", g, err)
			}
		}
		err := w.dir.GrantRole(t.Context(), w.admin, "nobody", identity.Grant{Role: identity.Staff, HubID: amos}, noKey)
		wantCode(t, "an unknown member", err, "member_not_found")
		if n := w.count(t, `SELECT count(*) FROM grants`); n != 4 {
			t.Errorf("%d roles", n)
		}
	})
}

func TestGivingAndTakingTwiceIsOnce(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		g := identity.Grant{Role: identity.Staff, HubID: amos}
		for range 2 {
			if err := w.dir.GrantRole(t.Context(), w.admin, w.member.ID, g, noKey); err != nil {
				t.Fatal(err)
			}
		}
		if held, err := w.dir.Grants(t.Context(), w.db.Reader(t.Context()), w.member.ID); err != nil || len(held) != 1 || held[0] != g {
			t.Errorf("held %v, %v", held, err)
		}
		for range 2 {
			if err := w.dir.RevokeRole(t.Context(), w.admin, w.member.ID, g, noKey); err != nil {
				t.Fatal(err)
			}
		}
		if n := w.count(t, `SELECT count(*) FROM changes WHERE subject_id = $1 AND action IN ('role.grant', 'role.revoke')`, w.member.ID); n != 2 {
			t.Errorf("%d changes in the log, want 2", n)
		}
	})
}

// A05: the last administrator stays, also when all are removed at once.
func TestTheLastAdministratorStays(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		administrator := identity.Grant{Role: identity.Administrator}
		wantCode(t, "revoke the last", w.dir.RevokeRole(t.Context(), identity.System, w.admin.ID, administrator, noKey), "last_administrator")
		wantCode(t, "close the last", w.dir.SetActive(t.Context(), identity.System, w.admin.ID, false, noKey), "last_administrator")
		second := w.person(t, "Second", administrator)
		if err := w.dir.SetActive(t.Context(), w.admin, second.ID, false, noKey); err != nil {
			t.Fatal(err)
		}
		wantCode(t, "revoke the last active", w.dir.RevokeRole(t.Context(), identity.System, w.admin.ID, administrator, noKey), "last_administrator")
		wantCode(t, "revoke a closed one", w.dir.RevokeRole(t.Context(), w.admin, second.ID, administrator, noKey), "")
	})
}

func TestTheLastAdministratorStaysUnderParallelRequests(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		administrator := identity.Grant{Role: identity.Administrator}
		for range 3 {
			admins := []identity.Actor{w.admin}
			for len(admins) < 16 {
				admins = append(admins, w.person(t, "Ada", administrator))
			}
			errs := make([]error, len(admins))
			var all sync.WaitGroup
			for i, a := range admins {
				all.Go(func() {
					if i%2 == 0 {
						errs[i] = w.dir.RevokeRole(t.Context(), identity.System, a.ID, administrator, noKey)
					} else {
						errs[i] = w.dir.SetActive(t.Context(), identity.System, a.ID, false, noKey)
					}
				})
			}
			all.Wait()
			refused := 0
			for i, err := range errs {
				if err == nil {
					continue
				}
				refused++
				w.admin = admins[i]
				wantCode(t, "one of many", err, "last_administrator")
			}
			left := w.count(t, `SELECT count(*) FROM grants g JOIN members m ON m.id = g.member_id WHERE g.role = 'administrator' AND m.active`)
			if refused != 1 || left != 1 {
				t.Fatalf("%d refused, %d administrators left; want 1 and 1", refused, left)
			}
		}
	})
}

func TestAnAccountIsClosedByWhoCouldGiveItsRoles(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		wantCode(t, "manager closes coordinator", w.dir.SetActive(t.Context(), w.manager, w.coordinator.ID, false, noKey), "not_allowed")
		wantCode(t, "coordinator closes administrator", w.dir.SetActive(t.Context(), w.coordinator, w.admin.ID, false, noKey), "not_allowed")
		wantCode(t, "staff closes member", w.dir.SetActive(t.Context(), w.staff, w.member.ID, false, noKey), "not_allowed")
		wantCode(t, "member closes themselves", w.dir.SetActive(t.Context(), w.member, w.member.ID, false, noKey), "not_allowed")
		wantCode(t, "manager closes staff", w.dir.SetActive(t.Context(), w.manager, w.staff.ID, false, noKey), "")
		wantCode(t, "twice", w.dir.SetActive(t.Context(), w.manager, w.staff.ID, false, noKey), "")
		wantCode(t, "coordinator closes manager", w.dir.SetActive(t.Context(), w.coordinator, w.manager.ID, false, noKey), "")
		wantCode(t, "a closed manager acts on", w.dir.SetActive(t.Context(), w.manager, w.staff.ID, true, noKey), "member_not_found")
		wantCode(t, "administrator opens staff", w.dir.SetActive(t.Context(), w.admin, w.staff.ID, true, noKey), "")
	})
}

// Invariants 8 and 9: every change is in the log, and no personal text is.
func TestTheLogHoldsChangesAndNothingPersonal(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		m, err := w.dir.CreateMember(t.Context(), w.manager, identity.NewMember{Name: "Zébulon Quidam", Email: "zebulon@exemple.example", HomeHubID: amos})
		if err != nil {
			t.Fatal(err)
		}
		secret, token, err := w.dir.IssueToken(t.Context(), identity.System, m.ID, identity.TokenRequest{Label: "Portable de Zébulon", Scopes: []string{"book"}})
		if err != nil {
			t.Fatal(err)
		}
		g := identity.Grant{Role: identity.Staff, HubID: amos}
		for _, err := range []error{
			w.dir.GrantRole(t.Context(), w.manager, m.ID, g, noKey), w.dir.RevokeRole(t.Context(), w.manager, m.ID, g, noKey),
			w.dir.RevokeToken(t.Context(), w.admin, token.ID, noKey), w.dir.SetActive(t.Context(), w.manager, m.ID, false, noKey),
		} {
			if err != nil {
				t.Fatal(err)
			}
		}
		var rows []struct {
			Actor  string `db:"actor_id"`
			Action string `db:"action"`
			Before string `db:"before"`
			After  string `db:"after"`
		}
		err = w.db.Reader(t.Context()).Select(&rows, `SELECT actor_id, action, before, after FROM changes WHERE subject_id IN ($1, $2) ORDER BY seq`, m.ID, token.ID)
		if err != nil {
			t.Fatal(err)
		}
		var actions []string
		for _, row := range rows {
			actions = append(actions, row.Action)
			for _, private := range []string{"bulon", "uidam", "exemple", "Portable", secret, token.Prefix} {
				if strings.Contains(row.Before+row.After, private) {
					t.Errorf("%s holds %q: %s → %s", row.Action, private, row.Before, row.After)
				}
			}
		}
		if got, want := strings.Join(actions, " "), "member.create token.issue role.grant role.revoke token.revoke member.active"; got != want {
			t.Errorf("log: %s, want %s", got, want)
		}
		if rows[0].Actor != w.manager.ID || rows[1].Actor != "system" || rows[4].Actor != w.admin.ID {
			t.Errorf("who did it is wrong: %+v", rows)
		}
	})
}
