package identity

import "testing"

func TestEachRoleMayWhatItMayAndWhere(t *testing.T) {
	everything := []Right{ViewBookings, BookForOthers, Approve, HandOut, Waive, ManageInventory, ManageMembers, Export, ManageNetwork}
	staff, manager := everything[:4], everything[:8]
	tests := []struct {
		name  string
		actor Actor
		here  []Right // at hub h of region r
		there []Right // at another hub of the region
		far   []Right // at a hub of another region
	}{
		{"visitor", Actor{}, nil, nil, nil},
		{"visitor with roles in the air", Actor{Grants: []Grant{{Role: Administrator}}}, nil, nil, nil},
		{"member", Actor{ID: "m"}, nil, nil, nil},
		{"staff", Actor{ID: "m", Grants: []Grant{{Staff, "h", "", ""}}}, staff, nil, nil},
		{"manager", Actor{ID: "m", Grants: []Grant{{Manager, "h", "", ""}}}, manager, nil, nil},
		{"coordinator", Actor{ID: "m", Grants: []Grant{{Coordinator, "", "r", ""}}}, manager, manager, nil},
		{"administrator", Actor{ID: "m", Grants: []Grant{{Administrator, "", "", ""}}}, everything, everything, everything},
		{"staff without a hub", Actor{ID: "m", Grants: []Grant{{Staff, "", "", ""}}}, nil, nil, nil},
		{"unknown role", Actor{ID: "m", Grants: []Grant{{"owner", "h", "r", ""}}}, nil, nil, nil},
		{"system", System, everything, everything, everything},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			for _, place := range []struct {
				hub, region string
				want        []Right
			}{{"h", "r", test.here}, {"h2", "r", test.there}, {"h3", "r3", test.far}} {
				for _, right := range append([]Right{"no_such_right"}, everything...) {
					want := test.actor.ID == System.ID
					for _, r := range place.want {
						want = want || r == right
					}
					if got := test.actor.May(right, place.hub, place.region); got != want {
						t.Errorf("may %s at %s: %v, want %v", right, place.hub, got, want)
					}
				}
			}
			for _, right := range everything {
				if got, want := test.actor.Anywhere(right), test.actor.May(right, "h", "r"); got != want {
					t.Errorf("may %s anywhere: %v, want %v", right, got, want)
				}
			}
		})
	}
}

func TestAnEmptyPlaceIsTheWholeAbove(t *testing.T) {
	manager := Actor{ID: "m", Grants: []Grant{{Manager, "h", "", ""}}}
	coordinator := Actor{ID: "m", Grants: []Grant{{Coordinator, "", "r", ""}}}
	administrator := Actor{ID: "m", Grants: []Grant{{Role: Administrator}}}
	if manager.May(ManageMembers, "", "r") || manager.May(ManageMembers, "", "") || coordinator.May(ManageMembers, "", "") {
		t.Error("a role reaches beyond its place")
	}
	if !coordinator.May(ManageMembers, "", "r") || !administrator.May(ManageMembers, "", "") {
		t.Error("a role does not reach its place")
	}
}

func TestScopesCapTheRoles(t *testing.T) {
	administrator := func(scopes ...string) Actor {
		return Actor{ID: "m", TokenID: "t", Scopes: scopes, Grants: []Grant{{Role: Administrator}}}
	}
	tests := []struct {
		name                              string
		actor                             Actor
		read, book, view, approve, manage bool
	}{
		{"no token", Actor{ID: "m", Grants: []Grant{{Role: Administrator}}}, true, true, true, true, true},
		{"no scope", administrator(), false, false, false, false, false},
		{"unknown scope", administrator("everything"), false, false, false, false, false},
		{"read", administrator(ScopeRead), true, false, false, false, false},
		{"book", administrator(ScopeBook), true, true, false, false, false},
		{"staff", administrator(ScopeStaff), true, true, true, true, false},
		{"read and staff", administrator(ScopeRead, ScopeStaff), true, true, true, true, false},
		{"admin", administrator(ScopeAdmin), true, true, true, true, true},
		{"admin of a plain member", Actor{ID: "m", TokenID: "t", Scopes: []string{ScopeAdmin}}, true, true, false, false, false},
		{"visitor", Actor{}, true, false, false, false, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			a := test.actor
			got := [5]bool{a.Holds(ScopeRead), a.Holds(ScopeBook), a.May(ViewBookings, "h", "r"), a.May(Approve, "h", "r"), a.May(ManageNetwork, "", "")}
			if want := [5]bool{test.read, test.book, test.view, test.approve, test.manage}; got != want {
				t.Errorf("read, book, view, approve, manage: %v, want %v", got, want)
			}
		})
	}
	if administrator(ScopeAdmin).Holds("everything") {
		t.Error("an unknown scope is held")
	}
}
