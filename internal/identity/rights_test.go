package identity_test

import (
	"encoding/json"
	"slices"
	"sync"
	"testing"

	"canot/internal/database"
	"canot/internal/fault"
	"canot/internal/identity"
)

func rights(t *testing.T, list ...identity.Right) identity.Rights {
	t.Helper()
	set, err := identity.RightsOf(list)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func TestASetOfRightsIsOneTextAndOneListOnTheWire(t *testing.T) {
	set := rights(t, identity.Waive, identity.Approve, identity.Waive)
	if set != "approve waive" || !set.Has(identity.Waive) || set.Has(identity.Export) || set.Has("") || identity.Rights("").Has("") {
		t.Errorf("%q", set)
	}
	g := identity.Grant{Role: identity.Staff, HubID: "h", Rights: set}
	text, err := json.Marshal(g)
	if err != nil || string(text) != `{"role":"staff","hub":"h","rights":["approve","waive"]}` {
		t.Errorf("%s, %v", text, err)
	}
	var back identity.Grant
	if err := json.Unmarshal(text, &back); err != nil || back != g {
		t.Errorf("%+v, %v", back, err)
	}
	if text, _ := json.Marshal(identity.Grant{Role: identity.Administrator}); string(text) != `{"role":"administrator"}` {
		t.Errorf("%s", text)
	}
	if _, err := identity.RightsOf([]identity.Right{"everything"}); !fault.Is(err, "malformed") {
		t.Errorf("a right that is none: %v", err)
	}
	if n := len(identity.RightsOfRole(identity.Administrator)); n != len(identity.AllRights()) || n != 13 {
		t.Errorf("an administrator has %d rights", n)
	}
	if got := identity.RightsOfRole(identity.PlainMember); len(got) != 0 {
		t.Errorf("a member has %v", got)
	}
}

func TestSingleRightsTakeThePlaceOfTheRoles(t *testing.T) {
	g := identity.Grant{Role: identity.Staff, HubID: amos, Rights: "approve waive"}
	a := identity.Actor{ID: "m", Grants: []identity.Grant{g}}
	for _, right := range identity.AllRights() {
		want := right == identity.Approve || right == identity.Waive
		if a.May(right, amos, at) != want || a.Anywhere(right) != want || a.May(right, matagami, bj) || a.May(right, "", "") {
			t.Errorf("%s", right)
		}
	}
	byToken := a
	byToken.TokenID, byToken.Scopes = "t", []string{identity.ScopeStaff}
	if !byToken.May(identity.Approve, amos, at) || byToken.May(identity.Waive, amos, at) {
		t.Error("a token's scope does not bind single rights")
	}
	a.Grants = append(a.Grants, identity.Grant{Role: identity.Staff, HubID: matagami})
	if !a.May(identity.HandOut, matagami, bj) || a.May(identity.HandOut, amos, at) {
		t.Error("the rights of one role are those of another place")
	}
}

// A05, by single rights: nobody gives one that they do not have there, to others or to themselves.
func TestNobodyGivesARightThatTheyDoNotHave(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		narrow := w.person(t, "Narrow", identity.Grant{Role: identity.Manager, HubID: amos, Rights: rights(t, identity.ManageMembers, identity.ViewPersons, identity.Approve)})
		registrar := w.person(t, "Registrar", identity.Grant{Role: identity.Staff, HubID: amos, Rights: rights(t, identity.RightsOfRole(identity.Manager)...)})
		grant := func(role identity.Role, list ...identity.Right) identity.Grant {
			return identity.Grant{Role: role, HubID: amos, Rights: rights(t, list...)}
		}
		for _, test := range []struct {
			name string
			by   identity.Actor
			give identity.Grant
			want string
		}{
			{"a manager gives staff a right of managers", w.manager, grant(identity.Staff, identity.Approve, identity.Waive), ""},
			{"a manager gives all that managers have", w.manager, grant(identity.Staff, identity.RightsOfRole(identity.Manager)...), ""},
			{"a narrow manager gives what they have", narrow, grant(identity.Staff, identity.Approve, identity.ViewPersons), ""},
			{"a narrow manager gives what they have not", narrow, grant(identity.Staff, identity.Approve, identity.Waive), "not_allowed"},
			{"a narrow manager gives a whole role", narrow, grant(identity.Staff), "not_allowed"},
			{"staff with every right give one", registrar, grant(identity.Staff, identity.Waive), ""},
			{"staff with every right make no manager", registrar, grant(identity.Manager), "not_allowed"},
			{"nor one with fewer rights", registrar, grant(identity.Manager, identity.Approve), "not_allowed"},
			{"staff give nothing", w.staff, grant(identity.Staff, identity.Approve), "not_allowed"},
			{"a right over the network at a hub", w.admin, grant(identity.Manager, identity.ManageNetwork), "malformed"},
			{"a right that is none", w.admin, identity.Grant{Role: identity.Staff, HubID: amos, Rights: "everything"}, "malformed"},
			{"rights not in order", w.admin, identity.Grant{Role: identity.Staff, HubID: amos, Rights: "waive approve"}, "malformed"},
			{"an administrator with few rights", w.admin, identity.Grant{Role: identity.Administrator, Rights: "export"}, "malformed"},
		} {
			other := w.person(t, "Other")
			wantCode(t, test.name, w.dir.GrantRole(t.Context(), test.by, other.ID, test.give, noKey), test.want)
			held, err := w.dir.Grants(t.Context(), w.db.Reader(t.Context()), other.ID)
			if err != nil || (len(held) == 1) != (test.want == "") || len(held) == 1 && held[0] != test.give {
				t.Errorf("%s: holds %v, %v", test.name, held, err)
			}
			if test.want == "not_allowed" {
				wantCode(t, test.name+", to themselves", w.dir.GrantRole(t.Context(), test.by, test.by.ID, test.give, noKey), test.want)
			}
		}
	})
}

func TestGivingARoleAgainReplacesItsRights(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		narrow := w.person(t, "Narrow", identity.Grant{Role: identity.Manager, HubID: amos, Rights: rights(t, identity.ManageMembers, identity.Approve)})
		plain := identity.Grant{Role: identity.Staff, HubID: amos}
		waives, approves := plain, plain
		waives.Rights, approves.Rights = "approve waive", "approve"
		give := func(by identity.Actor, g identity.Grant) error {
			return w.dir.GrantRole(t.Context(), by, w.member.ID, g, noKey)
		}
		token, _ := w.token(t, w.member.ID, "admin")
		for _, g := range []identity.Grant{plain, waives, waives, approves} {
			wantCode(t, "give", give(w.manager, g), "")
			a, err := w.dir.Authenticate(t.Context(), token)
			if err != nil || !slices.Equal(a.Grants, []identity.Grant{g}) {
				t.Errorf("holds %v, %v, want %v", a.Grants, err, g)
			}
		}
		if n := w.count(t, `SELECT count(*) FROM changes WHERE subject_id = $1 AND action = 'role.grant'`, w.member.ID); n != 3 {
			t.Errorf("%d changes, want 3", n)
		}
		wantCode(t, "give more than one has", give(w.manager, waives), "")
		wantCode(t, "make less of what one could not give", give(narrow, approves), "not_allowed")
		wantCode(t, "take what one could not give", w.dir.RevokeRole(t.Context(), narrow, w.member.ID, plain, noKey), "not_allowed")
		wantCode(t, "close who has what one could not give", w.dir.SetActive(t.Context(), narrow, w.member.ID, false, noKey), "member_not_found")
		wantCode(t, "take", w.dir.RevokeRole(t.Context(), w.manager, w.member.ID, plain, noKey), "")
		if held, err := w.dir.Grants(t.Context(), w.db.Reader(t.Context()), w.member.ID); err != nil || len(held) != 0 {
			t.Errorf("left %v, %v", held, err)
		}
	})
}

// Two who change one role at once leave what one of them gave, and both are in the log in that order.
func TestParallelChangesOfOneRoleFollowEachOther(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		var all sync.WaitGroup
		for i := range 12 {
			g := identity.Grant{Role: identity.Staff, HubID: amos, Rights: identity.Rights([]string{"", "approve", "approve waive"}[i%3])}
			all.Go(func() {
				if err := w.dir.GrantRole(t.Context(), w.manager, w.member.ID, g, noKey); err != nil {
					t.Errorf("%v", err)
				}
			})
		}
		all.Wait()
		held, err := w.dir.Grants(t.Context(), w.db.Reader(t.Context()), w.member.ID)
		var last string
		if err == nil {
			err = w.db.Reader(t.Context()).Get(&last, `SELECT after FROM changes WHERE subject_id = $1 AND action = 'role.grant' ORDER BY seq DESC LIMIT 1`, w.member.ID)
		}
		var g identity.Grant
		if err != nil || len(held) != 1 || json.Unmarshal([]byte(last), &g) != nil || g != held[0] {
			t.Errorf("held %v, the last change %s, %v", held, last, err)
		}
	})
}

func TestTheLastAdministratorStaysHoweverTheyWouldGo(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		administrator := identity.Grant{Role: identity.Administrator}
		for range 3 {
			admins := []identity.Actor{w.admin}
			for len(admins) < 12 {
				admins = append(admins, w.person(t, "Ada", administrator))
			}
			errs := make([]error, len(admins))
			var all sync.WaitGroup
			for i, a := range admins {
				all.Go(func() {
					switch i % 3 {
					case 0:
						errs[i] = w.dir.RevokeRole(t.Context(), identity.System, a.ID, administrator, noKey)
					case 1:
						errs[i] = w.dir.SetActive(t.Context(), identity.System, a.ID, false, noKey)
					default:
						errs[i] = w.db.In(t.Context(), func(tx *database.Tx) error { return identity.Forget(tx, a.ID) })
					}
				})
			}
			all.Wait()
			refused := 0
			for i, err := range errs {
				if err != nil {
					refused++
					w.admin = admins[i]
					wantCode(t, "one of many", err, "last_administrator")
				}
			}
			left := w.count(t, `SELECT count(*) FROM grants g JOIN members m ON m.id = g.member_id WHERE g.role = 'administrator' AND m.active`)
			if refused != 1 || left != 1 {
				t.Fatalf("%d refused, %d left; want 1 and 1", refused, left)
			}
		}
	})
}

func TestWhoMayIsToldTheNearestFirst(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		r := w.db.Reader(t.Context())
		ids := func(list []identity.Member, err error) []string {
			if err != nil {
				t.Fatal(err)
			}
			var ids []string
			for _, m := range list {
				ids = append(ids, m.ID)
			}
			return ids
		}
		want := func(what string, got []string, who ...identity.Actor) {
			t.Helper()
			var ids []string
			for _, a := range who {
				ids = append(ids, a.ID)
			}
			if !slices.Equal(got, ids) {
				t.Errorf("%s: %v, want %v", what, got, ids)
			}
		}
		here := []identity.Actor{w.manager, w.staff}
		slices.SortFunc(here, func(a, b identity.Actor) int {
			if a.ID < b.ID {
				return -1
			}
			return 1
		})
		want("approve at Amos", ids(w.dir.WhoMay(r, identity.Approve, amos, at)), here[0], here[1], w.coordinator, w.admin)
		want("nearest", ids(w.dir.Nearest(r, identity.Approve, amos, at)), here...)
		want("waive at Amos", ids(w.dir.WhoMay(r, identity.Waive, amos, at)), w.manager, w.coordinator, w.admin)
		want("approve at Matagami", ids(w.dir.Nearest(r, identity.Approve, matagami, bj)), w.admin)
		want("in the region", ids(w.dir.WhoMay(r, identity.Approve, "", at)), w.coordinator, w.admin)
		want("in the network", ids(w.dir.WhoMay(r, identity.Approve, "", "")), w.admin)
		want("nowhere to be asked", ids(w.dir.WhoMay(r, identity.Approve, "\x00", "")))
		waives := w.person(t, "Wanda", identity.Grant{Role: identity.Staff, HubID: amos, Rights: "waive"}, identity.Grant{Role: identity.Coordinator, RegionID: at})
		if got := ids(w.dir.Nearest(r, identity.Waive, amos, at)); len(got) != 2 || !slices.Contains(got, waives.ID) {
			t.Errorf("with a single right: %v", got)
		}
		if got := ids(w.dir.Nearest(r, identity.Approve, amos, at)); slices.Contains(got, waives.ID) {
			t.Errorf("without it, at the hub: %v", got)
		}
		wantCode(t, "close", w.dir.SetActive(t.Context(), w.admin, w.manager.ID, false, noKey), "")
		want("waive, the manager gone", ids(w.dir.Nearest(r, identity.Waive, amos, at)), waives)
	})
}

func TestWhoIsDenied(t *testing.T) {
	for code, a := range map[string]identity.Actor{
		"sign_in": {}, "not_allowed": {ID: "m"}, "second_factor_needed": {ID: "m", SessionID: "s", LacksFactor: true},
	} {
		wantCode(t, code, identity.Denied(a), code)
	}
	if fault.KindOf(identity.Denied(identity.Actor{ID: "m", LacksFactor: true})) != fault.Forbidden {
		t.Error("who lacks a factor is not Forbidden")
	}
}
