package inventory_test

import (
	"reflect"
	"strings"
	"testing"

	"canot/internal/database"
	"canot/internal/database/dbtest"
	"canot/internal/fault"
	"canot/internal/identity"
	"canot/inventory"
	"canot/inventory/hours"
)

func TestAManagerEditsTheirOwnHubOnly(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		c := inventory.New(db)
		mine, other := town(t, c, "amos"), town(t, c, "hearst")
		x, y := thing(t, c, "amos", "Caméra"), thing(t, c, "hearst", "Caméra")
		u := must[inventory.Unit](t)(c.AddUnit(ctx, admin, y.ID, inventory.UnitEdits{}, noKey))
		closure := must[inventory.Closure](t)(c.AddClosure(ctx, admin, inventory.Closure{HubID: "hearst", StartsLocal: "2026-12-24T12:00", EndsLocal: "2026-12-27T09:00"}, noKey))
		me := managerOf(mine)
		verbs := map[string]func(who identity.Actor) error{
			"hub": func(who identity.Actor) error {
				_, err := c.UpdateHub(ctx, who, other.ID, inventory.HubEdits{Town: ptr("T")}, noKey)
				return err
			},
			"resource": func(who identity.Actor) error {
				_, err := c.UpdateResource(ctx, who, y.Slug, inventory.ResourceEdits{Floor: ptr("2")}, noKey)
				return err
			},
			"new resource": func(who identity.Actor) error {
				_, err := c.CreateResource(ctx, who, inventory.ResourceEdits{Hub: ptr("hearst")}, noKey)
				return err
			},
			"unit": func(who identity.Actor) error {
				_, err := c.UpdateUnit(ctx, who, u.Code, inventory.UnitEdits{Serial: ptr("1")}, noKey)
				return err
			},
			"new unit": func(who identity.Actor) error {
				_, err := c.AddUnit(ctx, who, y.ID, inventory.UnitEdits{}, noKey)
				return err
			},
			"components": func(who identity.Actor) error {
				_, err := c.SetComponents(ctx, who, u.ID, inventory.ComponentEdits{}, noKey)
				return err
			},
			"week": func(who identity.Actor) error {
				_, err := c.SetWeek(ctx, who, inventory.WeekEdits{Hub: "hearst"}, noKey)
				return err
			},
			"exception": func(who identity.Actor) error {
				_, err := c.SetException(ctx, who, inventory.Exception{HubID: "hearst", Date: hours.Date{Year: 2026, Month: 12, Day: 25}}, noKey)
				return err
			},
			"closure": func(who identity.Actor) error {
				_, err := c.AddClosure(ctx, who, inventory.Closure{HubID: "hearst"}, noKey)
				return err
			},
			"drop closure": func(who identity.Actor) error { return c.DropClosure(ctx, who, closure.ID, noKey) },
			"category": func(who identity.Actor) error {
				_, err := c.CreateCategory(ctx, who, inventory.NamedEdits{Name: &inventory.Text{"fr": "X"}}, noKey)
				return err
			},
			"hub of the region": func(who identity.Actor) error {
				_, err := c.CreateHub(ctx, who, inventory.HubEdits{Slug: ptr("chapais"), Name: &inventory.Text{"fr": "X"}, Region: ptr("nord"), Operator: ptr("coop"),
					Latitude: ptr(1.0), Longitude: ptr(1.0), TimeZone: ptr("America/Toronto")}, noKey)
				return err
			},
		}
		for name, verb := range verbs {
			if err := verb(me); fault.KindOf(err) != fault.Forbidden || !fault.Is(err, "not_allowed") {
				t.Errorf("%s: %v", name, err)
			}
			if err := verb(identity.Actor{}); !fault.Is(err, "sign_in") {
				t.Errorf("%s by a visitor: %v", name, err)
			}
		}
		must[inventory.Resource](t)(c.UpdateResource(ctx, me, x.ID, inventory.ResourceEdits{Floor: ptr("2")}, noKey))
		coordinator := identity.Actor{ID: "c", Grants: []identity.Grant{{Role: identity.Coordinator, RegionID: other.RegionID}}}
		for _, name := range []string{"hub", "week", "hub of the region"} {
			if err := verbs[name](coordinator); err != nil {
				t.Errorf("%s by the coordinator: %v", name, err)
			}
		}
	})
}

func TestAnEditOfAnOlderVersionIsStale(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		c := inventory.New(db)
		h := town(t, c, "amos")
		x := thing(t, c, "amos", "Caméra")
		u := must[inventory.Unit](t)(c.AddUnit(ctx, admin, x.ID, inventory.UnitEdits{}, noKey))
		_, err := c.UpdateHub(ctx, admin, "amos", inventory.HubEdits{IfVersion: h.Version + 1, Town: ptr("T")}, noKey)
		_, err2 := c.UpdateResource(ctx, admin, x.ID, inventory.ResourceEdits{IfVersion: x.RulesVersion, Floor: ptr("1")}, noKey) // the unit raised it
		_, err3 := c.UpdateUnit(ctx, admin, u.ID, inventory.UnitEdits{IfVersion: 9}, noKey)
		_, err4 := c.SetWeek(ctx, admin, inventory.WeekEdits{Hub: "amos", IfVersion: 9}, noKey)
		_, err5 := c.UpdateRegion(ctx, admin, "nord", inventory.NamedEdits{IfVersion: 9}, noKey)
		for i, err := range []error{err, err2, err3, err4, err5} {
			if fault.KindOf(err) != fault.Stale || !fault.Is(err, "stale") {
				t.Errorf("%d: %v", i, err)
			}
		}
		h2 := must[inventory.Hub](t)(c.UpdateHub(ctx, admin, "amos", inventory.HubEdits{IfVersion: h.Version, Town: ptr("T")}, noKey))
		if h2.Version != h.Version+1 {
			t.Errorf("version %d after %d", h2.Version, h.Version)
		}
		same := must[inventory.Hub](t)(c.UpdateHub(ctx, admin, "amos", inventory.HubEdits{Town: ptr("T")}, noKey))
		if same.Version != h2.Version {
			t.Error("an edit that changes nothing raised the version")
		}
	})
}

func TestTheSameRequestHasOneEffectAndOneAnswer(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		c := inventory.New(db)
		h := town(t, c, "amos")
		key := func(k string) database.Key { return database.Key{Caller: "m", Key: k, Hash: k} }
		edits := inventory.ResourceEdits{Hub: ptr("amos"), Category: ptr("camera"), Kind: ptr(inventory.Machine), Name: &inventory.Text{"fr": "Laser"}}
		first := must[inventory.Resource](t)(c.CreateResource(ctx, admin, edits, key("a")))
		again := must[inventory.Resource](t)(c.CreateResource(ctx, admin, edits, key("a")))
		if again.ID != first.ID || !reflect.DeepEqual(again.Policy, first.Policy) || count(t, db, `SELECT COUNT(*) FROM resources`) != 1 {
			t.Errorf("%+v then %+v", first, again)
		}
		// A repeated edit is not stale for having been done.
		e := inventory.HubEdits{IfVersion: h.Version, Town: ptr("Amos")}
		h1 := must[inventory.Hub](t)(c.UpdateHub(ctx, admin, "amos", e, key("b")))
		h2 := must[inventory.Hub](t)(c.UpdateHub(ctx, admin, "amos", e, key("b")))
		if h1.Version != h2.Version {
			t.Errorf("%d then %d", h1.Version, h2.Version)
		}
		if _, err := c.UpdateHub(ctx, admin, "amos", e, key("c")); fault.KindOf(err) != fault.Stale {
			t.Errorf("another stale edit: %v", err)
		}
		// A refusal stays what it was.
		_, err := c.Hub(ctx, "hearst")
		if !fault.Is(err, "hub_not_found") {
			t.Fatal(err)
		}
		for range 2 {
			_, err = c.SetWeek(ctx, admin, inventory.WeekEdits{Hub: "hearst"}, key("d"))
			if !fault.Is(err, "hub_not_found") {
				t.Errorf("%v", err)
			}
			if count(t, db, `SELECT COUNT(*) FROM hubs`) == 1 {
				town(t, c, "hearst")
			}
		}
		if _, err := c.SetWeek(ctx, admin, inventory.WeekEdits{Hub: "hearst"}, database.Key{Caller: "m", Key: "d", Hash: "other"}); !fault.Is(err, "idempotency_key_reused") {
			t.Errorf("another request under the key: %v", err)
		}
	})
}

func TestEveryWrongFieldOfAHubIsNamed(t *testing.T) {
	db := dbtest.Open(t, "sqlite", database.Settings{})
	c := inventory.New(db)
	town(t, c, "amos")
	good := func() inventory.HubEdits {
		return inventory.HubEdits{Slug: ptr("hearst"), Name: &inventory.Text{"fr": "H"}, Region: ptr("nord"), Operator: ptr("coop"),
			Latitude: ptr(1.0), Longitude: ptr(1.0), TimeZone: ptr("America/Toronto")}
	}
	for _, x := range []struct {
		name string
		edit func(e *inventory.HubEdits)
		kind fault.Kind
		want []string
	}{
		{"nothing", func(e *inventory.HubEdits) { *e = inventory.HubEdits{} }, fault.Malformed, []string{
			"slug:bad_slug", "name:required", "region:required", "operator:required", "latitude:required", "longitude:required", "time_zone:unknown_zone"}},
		{"the slug of another", func(e *inventory.HubEdits) { e.Slug = ptr("amos") }, fault.Refused, []string{"slug:slug_taken"}},
		{"capitals in the slug", func(e *inventory.HubEdits) { e.Slug = ptr("Hearst") }, fault.Malformed, []string{"slug:bad_slug"}},
		{"a long name", func(e *inventory.HubEdits) { e.Name = &inventory.Text{"fr": strings.Repeat("é", 201)} }, fault.Refused, []string{"name.fr:text_too_long"}},
		{"a control character", func(e *inventory.HubEdits) { e.Town = ptr("A\x00B") }, fault.Malformed, []string{"town:bad_text"}},
		{"text turned round", func(e *inventory.HubEdits) { e.Town = ptr("A\u202eB") }, fault.Malformed, []string{"town:bad_text"}},
		{"a language that is none", func(e *inventory.HubEdits) { e.Access = &inventory.Text{"French!": "x"} }, fault.Malformed, []string{"access:bad_language"}},
		{"an unknown zone", func(e *inventory.HubEdits) { e.TimeZone = ptr("Local") }, fault.Malformed, []string{"time_zone:unknown_zone"}},
		{"off the globe", func(e *inventory.HubEdits) { e.Latitude = ptr(91.0) }, fault.Refused, []string{"latitude:out_of_range"}},
		{"unknown region and operator", func(e *inventory.HubEdits) { e.Region, e.Operator = ptr("x"), ptr("y") }, fault.Refused,
			[]string{"region:unknown_region", "operator:unknown_operator"}},
		{"a script for a photo", func(e *inventory.HubEdits) { e.Photos = &[]inventory.Photo{{URL: "javascript:alert(1)"}} }, fault.Malformed, []string{"photos.0.url:bad_url"}},
		{"no e-mail address", func(e *inventory.HubEdits) { e.Email = ptr("nobody") }, fault.Malformed, []string{"email:bad_email"}},
		{"an odd wheelchair", func(e *inventory.HubEdits) { e.Wheelchair = ptr("maybe") }, fault.Malformed, []string{"wheelchair:bad_value"}},
	} {
		t.Run(x.name, func(t *testing.T) {
			e := good()
			x.edit(&e)
			_, err := c.CreateHub(ctx, admin, e, noKey)
			wantCodes(t, err, x.kind, x.want...)
		})
	}
}

func TestEveryWrongFieldOfAResourceIsNamed(t *testing.T) {
	db := dbtest.Open(t, "sqlite", database.Settings{})
	c := inventory.New(db)
	town(t, c, "amos")
	x := thing(t, c, "amos", "Caméra")
	thing(t, c, "amos", "Trépied")
	for _, test := range []struct {
		name string
		edit inventory.ResourceEdits
		kind fault.Kind
		want []string
	}{
		{"a grain off the day", inventory.ResourceEdits{Policy: inventory.PolicyEdits{Grain: ptr(7)}}, fault.Refused, []string{"policy.grain_min:bad_grain"}},
		{"no grain", inventory.ResourceEdits{Policy: inventory.PolicyEdits{Grain: ptr(0)}}, fault.Refused, []string{"policy.grain_min:out_of_range"}},
		{"shortest above longest", inventory.ResourceEdits{Policy: inventory.PolicyEdits{Shortest: ptr(600), Longest: ptr(300)}}, fault.Refused, []string{"policy.longest_min:longest_below_shortest"}},
		{"off the grain", inventory.ResourceEdits{Policy: inventory.PolicyEdits{Shortest: ptr(90), Longest: ptr(130)}}, fault.Refused,
			[]string{"policy.shortest_min:not_on_grain", "policy.longest_min:not_on_grain"}},
		{"too much of all", inventory.ResourceEdits{Policy: inventory.PolicyEdits{Longest: ptr(93 * 1440), Horizon: ptr(731), BufferBefore: ptr(1441), BufferAfter: ptr(-1), Notice: ptr(-1)}},
			fault.Refused, []string{"policy.longest_min:out_of_range", "policy.horizon_days:out_of_range", "policy.buffer_before_min:out_of_range", "policy.buffer_after_min:out_of_range", "policy.notice_min:out_of_range"}},
		{"competing for nothing", inventory.ResourceEdits{Policy: inventory.PolicyEdits{Competing: ptr(true)}}, fault.Refused, []string{"policy.competing:competing_needs_approval"}},
		{"an odd kind", inventory.ResourceEdits{Kind: ptr(inventory.Kind("boat"))}, fault.Malformed, []string{"kind:bad_value"}},
		{"an odd place in the hours", inventory.ResourceEdits{Policy: inventory.PolicyEdits{Within: ptr(inventory.Within("never"))}}, fault.Malformed, []string{"policy.within:bad_value"}},
		{"the name of another", inventory.ResourceEdits{Name: &inventory.Text{"fr": " TREPIED "}}, fault.Refused, []string{"name:name_taken"}},
		{"the slug of another", inventory.ResourceEdits{Slug: ptr("amos-trepied")}, fault.Refused, []string{"slug:slug_fixed"}},
		{"another slug", inventory.ResourceEdits{Slug: ptr("amos-camera-b"), PricePerHour: ptr(int64(-1))}, fault.Refused, []string{"slug:slug_fixed", "price_cents_per_hour:out_of_range"}},
		{"an unknown category", inventory.ResourceEdits{Category: ptr("boats")}, fault.Refused, []string{"category:unknown_category"}},
		{"a negative price", inventory.ResourceEdits{PricePerHour: ptr(int64(-1))}, fault.Refused, []string{"price_cents_per_hour:out_of_range"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := c.UpdateResource(ctx, admin, x.ID, test.edit, noKey)
			wantCodes(t, err, test.kind, test.want...)
		})
	}
}

func TestSearchFindsWordsInAnyOrderWithoutAccents(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		c := inventory.New(db)
		importFile(t, c, "testdata/hubs.csv", inventory.ImportOptions{})
		importFile(t, c, "testdata/resources.csv", inventory.ImportOptions{})
		for _, x := range []struct {
			q    inventory.ResourceQuery
			want int
		}{
			{inventory.ResourceQuery{Q: "DECOUPEUSE laser"}, 2},
			{inventory.ResourceQuery{Q: "laser cutting"}, 2},
			{inventory.ResourceQuery{Q: "laser décou sudbury"}, 1},
			{inventory.ResourceQuery{Q: "100% _"}, 0},
			{inventory.ResourceQuery{Q: "%"}, 40},
			{inventory.ResourceQuery{Hub: "rouyn-noranda", Kind: "machine"}, 3},
			{inventory.ResourceQuery{Region: "baie-james", Category: "vr-headset"}, 1},
			{inventory.ResourceQuery{Tag: "pla"}, 3},
			{inventory.ResourceQuery{Resource: "rouyn-noranda-studio-medialab"}, 1},
		} {
			list, next, err := c.Resources(ctx, x.q)
			if err != nil || len(list) != x.want || next != "" {
				t.Errorf("%+v: %d, want %d, %v", x.q, len(list), x.want, err)
			}
		}
		must[inventory.Category](t)(c.UpdateCategory(ctx, admin, "cnc", inventory.NamedEdits{Name: &inventory.Text{"fr": "Toupie géante"}}, noKey))
		if list, _, err := c.Resources(ctx, inventory.ResourceQuery{Q: "geante"}); err != nil || len(list) != 1 {
			t.Errorf("by the new name of the category: %d, %v", len(list), err)
		}
		seen, after := 0, ""
		for page := 0; page == 0 || after != ""; page++ {
			list, next, err := c.Resources(ctx, inventory.ResourceQuery{Limit: 7, After: after})
			if err != nil || len(list) > 7 {
				t.Fatal(err, len(list))
			}
			seen, after = seen+len(list), next
		}
		hubs, _, err := c.Hubs(ctx, inventory.HubQuery{Q: "quevillon"})
		if seen != 40 || err != nil || len(hubs) != 1 || hubs[0].Week.String() == "" {
			t.Errorf("%d resources seen; %d hubs, %v", seen, len(hubs), err)
		}
		for _, x := range []struct {
			q    inventory.ResourceQuery
			code string
		}{
			{inventory.ResourceQuery{Hub: "x"}, "hub_not_found"}, {inventory.ResourceQuery{Region: "x"}, "region_not_found"},
			{inventory.ResourceQuery{Resource: "x"}, "resource_not_found"}, {inventory.ResourceQuery{Category: "x"}, "category_not_found"},
			{inventory.ResourceQuery{Kind: "x"}, "malformed"}, {inventory.ResourceQuery{After: "!"}, "malformed"}, {inventory.ResourceQuery{Limit: 201}, "malformed"},
		} {
			if _, _, err := c.Resources(ctx, x.q); !fault.Is(err, x.code) {
				t.Errorf("%+v: %v", x.q, err)
			}
		}
	})
}

func TestComponentsAreCountedAndMissingOnesTold(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		c := inventory.New(db)
		town(t, c, "amos")
		x := thing(t, c, "amos", "Caméra")
		u := must[inventory.Unit](t)(c.AddUnit(ctx, admin, x.ID, inventory.UnitEdits{Code: ptr("CAM-1")}, noKey))
		u = must[inventory.Unit](t)(c.SetComponents(ctx, admin, "CAM-1", inventory.ComponentEdits{IfVersion: u.Version, Parts: []inventory.Component{
			{Name: inventory.Text{"fr": "Batterie"}, Quantity: 3, Required: true}, {Name: inventory.Text{"fr": "Trépied"}, Quantity: 1}}}, noKey))
		battery, tripod := u.Components[0], u.Components[1]
		if battery.Quantity != 3 {
			battery, tripod = tripod, battery
		}
		counted := func(missing map[string]int) (required bool, err error) {
			err = db.In(ctx, func(tx *database.Tx) error {
				required, err = inventory.CountComponents(ctx, tx, u.ID, missing)
				return err
			})
			return required, err
		}
		if required, err := counted(map[string]int{tripod.ID: 1}); required || err != nil {
			t.Errorf("the tripod is not required: %v", err)
		}
		if required, err := counted(map[string]int{battery.ID: 1}); !required || err != nil {
			t.Errorf("the battery is: %v", err)
		}
		if required, err := counted(nil); !required || err != nil {
			t.Errorf("and still missing: %v", err)
		}
		_, err := counted(map[string]int{battery.ID: 4, "x": 1})
		wantCodes(t, err, fault.Refused, "missing:out_of_range", "missing:unknown_component")
		u = must[inventory.Unit](t)(c.Unit(ctx, u.ID))
		u = must[inventory.Unit](t)(c.SetComponents(ctx, admin, u.ID, inventory.ComponentEdits{Parts: []inventory.Component{battery}}, noKey))
		if len(u.Components) != 1 || u.Components[0].Missing != 1 {
			t.Errorf("%+v", u.Components)
		}
		_, err = c.AddUnit(ctx, admin, x.ID, inventory.UnitEdits{Code: ptr("CAM-1")}, noKey)
		wantCodes(t, err, fault.Refused, "code:code_taken")
	})
}

func TestTheLogHoldsFiguresAndNoTexts(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		c := inventory.New(db)
		town(t, c, "amos")
		x := thing(t, c, "amos", "Caméra")
		must[inventory.Hub](t)(c.UpdateHub(ctx, admin, "amos", inventory.HubEdits{Email: ptr("jeanne@amos.example"), Phone: ptr("819-555-0100"),
			Access: &inventory.Text{"fr": "Sonner chez Jeanne"}, Address: ptr("1, rue de Jeanne")}, noKey))
		must[inventory.Resource](t)(c.UpdateResource(ctx, admin, x.ID, inventory.ResourceEdits{Notes: ptr("Demander Jeanne"), Policy: inventory.PolicyEdits{Notice: ptr(60)}}, noKey))
		must[inventory.Operator](t)(c.UpdateOperator(ctx, admin, "coop", inventory.OperatorEdits{LegalName: ptr("Jeanne inc."), TaxNumbers: &map[string]string{"TPS": "Jeanne"}}, noKey))
		var log []struct {
			Action string `db:"action"`
			Before string `db:"before"`
			After  string `db:"after"`
		}
		if err := db.Reader(ctx).Select(&log, `SELECT action, before, after FROM changes ORDER BY seq`); err != nil {
			t.Fatal(err)
		}
		all := ""
		for _, l := range log {
			all += l.Action + " " + l.Before + " " + l.After + "\n"
		}
		for _, secret := range []string{"Jeanne", "jeanne", "555"} {
			if strings.Contains(all, secret) {
				t.Errorf("%q is in the log:\n%s", secret, all)
			}
		}
		for _, told := range []string{`"email"`, `"policy.notice_min":60`, `"policy.notice_min":0`, `"notes"`} {
			if !strings.Contains(all, told) {
				t.Errorf("%s is not in the log:\n%s", told, all)
			}
		}
	})
}

func TestTextFallsBackToALanguageThatIsThere(t *testing.T) {
	both := inventory.Text{"fr": "salle", "en": "room"}
	for _, x := range []struct {
		t          inventory.Text
		lang, want string
	}{
		{both, "en", "room"}, {both, "en-CA", "room"}, {both, "cr", "salle"}, {inventory.Text{"en": "room"}, "fr", "room"},
		{inventory.Text{"oj": "a", "cr": "b"}, "fr", "b"}, {nil, "fr", ""},
	} {
		if got := x.t.In(x.lang); got != x.want {
			t.Errorf("%v in %s: %q", x.t, x.lang, got)
		}
	}
}

func TestFoldForgetsCaseAccentsAndPunctuation(t *testing.T) {
	for in, want := range map[string]string{
		"  Œuvre d’Été — 3D! ": "oeuvre d ete 3d", "ÎLE-AUX-NOIX": "ile aux noix", "ᐃᓄᒃ": "ᐃᓄᒃ", "%_\\": "", "STRASSE ß": "strasse ss",
	} {
		if got := inventory.Fold(in); got != want {
			t.Errorf("Fold(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestDistanceIsInKilometres(t *testing.T) {
	if d := inventory.Distance(48.2366, -79.0167, 49.75, -77.6333); d < 190 || d > 200 {
		t.Errorf("Rouyn-Noranda to Matagami: %.1f km", d)
	}
	if d := inventory.Distance(48, -79, 48, -79); d != 0 {
		t.Errorf("from a place to itself: %f km", d)
	}
}
