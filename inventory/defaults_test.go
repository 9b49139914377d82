package inventory_test

import (
	"slices"
	"strings"
	"testing"

	"canot/internal/database"
	"canot/internal/database/dbtest"
	"canot/internal/fault"
	"canot/internal/identity"
	"canot/inventory"
)

func TestALayerThatContradictsAResourceIsRefusedInItsName(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		c := inventory.New(db)
		town(t, c, "amos")
		x := thing(t, c, "amos", "Caméra")
		edit(t, c, x.ID, inventory.ResourceEdits{Policy: inventory.PolicyEdits{Shortest: ptr(600)}})
		_, err := c.SetPolicyDefaults(ctx, admin, "amos", "", inventory.PolicyDefaultEdits{Policy: inventory.PolicyEdits{Longest: ptr(300)}}, noKey)
		wantCodes(t, err, fault.Refused, "policy.longest_min:longest_below_shortest")
		if v := fault.Of(err).Violations[0]; v.Params["resource"] != x.Slug || v.Params["resource_name"] == nil {
			t.Errorf("%+v", v)
		}
		if d := must[inventory.PolicyDefaults](t)(c.PolicyDefaults(ctx, "amos", "")); d.Version != 1 || d.Policy.Longest != nil {
			t.Errorf("%+v", d)
		}
		// One that nobody can book keeps a policy that holds together, too.
		edit(t, c, x.ID, inventory.ResourceEdits{Archived: ptr(true)})
		_, err = c.SetPolicyDefaults(ctx, admin, "amos", "", inventory.PolicyDefaultEdits{Policy: inventory.PolicyEdits{Longest: ptr(300)}}, noKey)
		wantCodes(t, err, fault.Refused, "policy.longest_min:longest_below_shortest")
		edit(t, c, x.ID, inventory.ResourceEdits{Inherit: &[]string{"shortest_min"}})
		setLayer(t, c, "amos", "", inventory.PolicyEdits{Longest: ptr(300)})
	})
}

func TestEveryWrongFieldOfAPolicyIsNamed(t *testing.T) {
	db := dbtest.Open(t, "sqlite", database.Settings{})
	c := inventory.New(db)
	certifications(t, db, "laser")
	tiers(t, db, "createur")
	town(t, c, "amos")
	x := thing(t, c, "amos", "Caméra")
	slugs := func(s ...string) *[]string { return &s }
	many := make([]string, 21)
	for i := range many {
		many[i] = "c" + strings.Repeat("x", i)
	}
	for _, test := range []struct {
		name string
		edit inventory.PolicyEdits
		kind fault.Kind
		want []string
	}{
		{"nobody's slugs", inventory.PolicyEdits{Certifications: slugs("laser", "sound"), Tiers: slugs("pro"), ApprovalTiers: slugs("createur", "x"), Conditions: slugs("terms")},
			fault.Refused, []string{"policy.certifications:unknown_certification", "policy.tiers:unknown_tier", "policy.approval_tiers:unknown_tier", "policy.conditions:unknown_condition"}},
		{"no slugs", inventory.PolicyEdits{Certifications: slugs("Laser!")}, fault.Malformed, []string{"policy.certifications:bad_slug"}},
		{"too many", inventory.PolicyEdits{Tiers: &many}, fault.Refused, []string{"policy.tiers:too_many_items", "policy.tiers:unknown_tier"}},
		{"figures", inventory.PolicyEdits{ApprovalAbove: ptr(-1), AnswerWithin: ptr(-1), MinimumAge: ptr(121), ConsentUnder: ptr(13), Attendance: ptr(-1)}, fault.Refused,
			[]string{"policy.approval_above_min:out_of_range", "policy.answer_within_min:out_of_range", "policy.minimum_age:out_of_range", "policy.consent_under:out_of_range", "policy.attendance:out_of_range"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			want := test.want
			if test.name == "too many" {
				want = want[:1]
			}
			_, err := c.UpdateResource(ctx, admin, x.ID, inventory.ResourceEdits{Policy: test.edit}, noKey)
			wantCodes(t, err, test.kind, want...)
			_, err = c.SetPolicyDefaults(ctx, admin, "amos", "", inventory.PolicyDefaultEdits{Policy: test.edit}, noKey)
			wantCodes(t, err, test.kind, want...)
		})
	}
	y := edit(t, c, x.ID, inventory.ResourceEdits{Policy: inventory.PolicyEdits{Certifications: slugs("laser"), Tiers: slugs("createur", " createur "), ConsentUnder: ptr(16), Attendance: ptr(4)}})
	if !slices.Equal(y.Policy.Tiers, []string{"createur"}) || y.Policy.ConsentUnder != 16 || y.Policy.Attendance != 4 {
		t.Errorf("%+v", y.Policy)
	}
	// What somebody took away since does not stand in the way of other edits.
	if err := db.In(ctx, func(tx *database.Tx) error { _, err := tx.Exec(`DELETE FROM tiers`); return err }); err != nil {
		t.Fatal(err)
	}
	edit(t, c, x.ID, inventory.ResourceEdits{Policy: inventory.PolicyEdits{Tiers: slugs("createur")}, Floor: ptr("2")})
}

func TestWhoSetsALayer(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		c := inventory.New(db)
		h, other := town(t, c, "amos"), town(t, c, "hearst")
		must[inventory.Region](t)(c.Region(ctx, "nord"))
		for _, who := range []struct {
			name              string
			by                identity.Actor
			here, there, both bool
			network           bool
		}{
			{"a visitor", identity.Actor{}, false, false, false, false},
			{"a member", identity.Actor{ID: "z"}, false, false, false, false},
			{"staff", identity.Actor{ID: "s", Grants: []identity.Grant{{Role: identity.Staff, HubID: h.ID}}}, false, false, false, false},
			{"the manager", managerOf(h), true, false, true, false},
			{"the coordinator", identity.Actor{ID: "c", Grants: []identity.Grant{{Role: identity.Coordinator, RegionID: h.RegionID}}}, true, true, true, false},
			{"an administrator", identity.Actor{ID: "a", Grants: []identity.Grant{{Role: identity.Administrator}}}, true, true, true, true},
		} {
			for place, may := range map[[2]string]bool{{"amos", ""}: who.here, {other.Slug, ""}: who.there, {"amos", "camera"}: who.both, {"", "camera"}: who.network} {
				_, err := c.SetPolicyDefaults(ctx, who.by, place[0], place[1], inventory.PolicyDefaultEdits{Policy: inventory.PolicyEdits{Notice: ptr(1)}}, noKey)
				if may != (err == nil) || err != nil && !fault.Is(err, "not_allowed") && !fault.Is(err, "sign_in") {
					t.Errorf("%s at %v: %v", who.name, place, err)
				}
			}
		}
		_, err := c.SetPolicyDefaults(ctx, admin, "", "", inventory.PolicyDefaultEdits{}, noKey)
		wantCodes(t, err, fault.Refused, "hub:required")
		for place, code := range map[[2]string]string{{"nowhere", ""}: "hub_not_found", {"amos", "nothing"}: "category_not_found"} {
			if _, err := c.SetPolicyDefaults(ctx, admin, place[0], place[1], inventory.PolicyDefaultEdits{}, noKey); !fault.Is(err, code) {
				t.Errorf("%v: %v", place, err)
			}
		}
	})
}

func TestALayerIsStaleIdempotentAndLoggedWithoutTexts(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		c := inventory.New(db)
		town(t, c, "amos")
		thing(t, c, "amos", "Caméra")
		key := database.Key{Caller: "m", Key: "k", Hash: "h"}
		e := inventory.PolicyDefaultEdits{IfVersion: 1, Policy: inventory.PolicyEdits{Notice: ptr(15), Certifications: &[]string{}}}
		first := must[inventory.PolicyDefaults](t)(c.SetPolicyDefaults(ctx, admin, "amos", "", e, key))
		again := must[inventory.PolicyDefaults](t)(c.SetPolicyDefaults(ctx, admin, "amos", "", e, key))
		if first.Version != 2 || again.Version != 2 || again.HubSlug != "amos" || again.Policy.Certifications == nil {
			t.Errorf("%+v then %+v", first, again)
		}
		if _, err := c.SetPolicyDefaults(ctx, admin, "amos", "", e, noKey); !fault.Is(err, "stale") {
			t.Error(err)
		}
		before := count(t, db, `SELECT COUNT(*) FROM changes`)
		e.IfVersion = 2
		if d := must[inventory.PolicyDefaults](t)(c.SetPolicyDefaults(ctx, admin, "amos", "", e, noKey)); d.Version != 2 || count(t, db, `SELECT COUNT(*) FROM changes`) != before {
			t.Errorf("an edit that changes nothing: %+v", d)
		}
		if n := count(t, db, `SELECT COUNT(*) FROM changes WHERE action = 'policy.defaults' AND after LIKE '%"policy.notice_min":15%'`); n != 1 {
			t.Errorf("%d rows of the log tell of it", n)
		}
		setLayer(t, c, "", "camera", inventory.PolicyEdits{Horizon: ptr(30)})
		list := must[[]inventory.PolicyDefaults](t)(c.AllPolicyDefaults(ctx))
		if len(list) != 2 || list[0].CategorySlug != "camera" || list[1].HubSlug != "amos" {
			t.Errorf("%+v", list)
		}
	})
}

func TestCheckFindsPoliciesThatAreNotWhatTheLayersSay(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		c := inventory.New(db)
		town(t, c, "amos")
		x := thing(t, c, "amos", "Caméra")
		clean(t, c)
		if err := db.In(ctx, func(tx *database.Tx) error {
			_, err := tx.Exec(`UPDATE resources SET notice_min = 77, policy_own = 'grain_min wings' WHERE id = $1`, x.ID)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		found := must[[]inventory.Finding](t)(c.Check(ctx))
		if !slices.Equal(found, []inventory.Finding{{"policy_differs", x.ID, "notice_min"}, {"policy_unknown_field", x.ID, "wings"}}) {
			t.Errorf("%v", found)
		}
	})
}
