package inventory_test

import (
	"slices"
	"sync"
	"testing"
	"time"

	"canot/internal/database"
	"canot/internal/database/dbtest"
	"canot/internal/fault"
	"canot/inventory"
	"canot/inventory/hours"
)

func termsOf(t *testing.T, c *inventory.Catalog, db *database.DB, id string) *inventory.Terms {
	t.Helper()
	var terms map[string]*inventory.Terms
	err := db.View(ctx, func(r database.Reader) (err error) {
		terms, err = c.Terms(ctx, r, map[string]int64{id: 0})
		return err
	})
	if err != nil || terms[id] == nil {
		t.Fatal(err)
	}
	return terms[id]
}

func TestEveryEditThatGovernsAResourceRaisesItsRulesVersion(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		c := inventory.New(db)
		town(t, c, "amos")
		town(t, c, "hearst")
		x, y, far := thing(t, c, "amos", "Caméra"), thing(t, c, "amos", "Trépied"), thing(t, c, "hearst", "Caméra")
		day := hours.Date{Year: 2026, Month: 12, Day: 24}
		var closure inventory.Closure
		edits := []struct {
			name string
			one  bool // governs x only
			do   func() error
		}{
			{"week", false, func() error {
				_, err := c.SetWeek(ctx, admin, inventory.WeekEdits{Hub: "amos", Week: week(t, "Mo-Fr 09:00-17:00")}, noKey)
				return err
			}},
			{"own week", false, func() error {
				_, err := c.SetWeek(ctx, admin, inventory.WeekEdits{Hub: "amos", Resource: x.Slug, Week: week(t, "Mo 10:00-12:00")}, noKey)
				return err
			}},
			{"exception", false, func() error {
				_, err := c.SetException(ctx, admin, inventory.Exception{HubID: "amos", Date: day}, noKey)
				return err
			}},
			{"dropped exception", false, func() error { return c.DropException(ctx, admin, inventory.Exception{HubID: "amos", Date: day}, noKey) }},
			{"closure", false, func() (err error) {
				closure, err = c.AddClosure(ctx, admin, inventory.Closure{HubID: "amos", StartsLocal: "2026-12-24T12:00", EndsLocal: "2026-12-27T09:00:00"}, noKey)
				return err
			}},
			{"dropped closure", false, func() error { return c.DropClosure(ctx, admin, closure.ID, noKey) }},
			{"zone", false, func() error {
				_, err := c.UpdateHub(ctx, admin, "amos", inventory.HubEdits{TimeZone: ptr("America/Halifax")}, noKey)
				return err
			}},
			{"policy", true, func() error {
				_, err := c.UpdateResource(ctx, admin, x.ID, inventory.ResourceEdits{Policy: inventory.PolicyEdits{BufferAfter: ptr(60)}}, noKey)
				return err
			}},
			{"unit", true, func() error {
				_, err := c.AddUnit(ctx, admin, x.ID, inventory.UnitEdits{Code: ptr("U1")}, noKey)
				return err
			}},
			{"retired unit", true, func() error {
				u := must[inventory.Unit](t)(c.Unit(ctx, "U1"))
				return db.In(ctx, func(tx *database.Tx) error { return inventory.RetireUnit(ctx, tx, u.ID) })
			}},
		}
		for _, e := range edits {
			before := [3]*inventory.Terms{termsOf(t, c, db, x.ID), termsOf(t, c, db, y.ID), termsOf(t, c, db, far.ID)}
			if err := e.do(); err != nil {
				t.Fatalf("%s: %v", e.name, err)
			}
			after := [3]*inventory.Terms{termsOf(t, c, db, x.ID), termsOf(t, c, db, y.ID), termsOf(t, c, db, far.ID)}
			for i, raised := range []bool{true, !e.one, false} {
				if got := after[i].RulesVersion > before[i].RulesVersion; got != raised {
					t.Errorf("%s: resource %d raised %v, want %v", e.name, i, got, raised)
				}
				if got := after[i].Resource.Version > before[i].Resource.Version; got != raised {
					t.Errorf("%s: version of resource %d raised %v, want %v", e.name, i, got, raised)
				}
			}
		}
		if n := len(termsOf(t, c, db, x.ID).Units); n != 0 {
			t.Errorf("%d units after the only one retired", n)
		}
	})
}

func TestTermsFollowThePrecedenceOfHours(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		c := inventory.New(db)
		town(t, c, "amos")
		x, y := thing(t, c, "amos", "Caméra"), thing(t, c, "amos", "Trépied")
		must[inventory.Opening](t)(c.SetWeek(ctx, admin, inventory.WeekEdits{Hub: "amos", Week: week(t, "Mo-Su 09:00-17:00")}, noKey))
		must[inventory.Opening](t)(c.SetWeek(ctx, admin, inventory.WeekEdits{Hub: "amos", Resource: x.ID, Week: week(t, "Mo-Su 12:00-14:00")}, noKey))
		d1, d2 := hours.Date{Year: 2026, Month: 6, Day: 1}, hours.Date{Year: 2026, Month: 6, Day: 2}
		except := func(resource string, d hours.Date, spans string) {
			must[inventory.Exception](t)(c.SetException(ctx, admin, inventory.Exception{HubID: "amos", ResourceID: resource, Date: d,
				Spans: must[[]hours.DaySpan](t)(hours.ParseDay(spans))}, noKey))
		}
		except("", d1, "")
		except("", d2, "10:00-11:00")
		except(x.ID, d2, "20:00-21:00")
		must[inventory.Closure](t)(c.AddClosure(ctx, admin, inventory.Closure{HubID: "amos", StartsLocal: "2026-06-03T00:00", EndsLocal: "2026-06-04T00:00"}, noKey))
		must[inventory.Closure](t)(c.AddClosure(ctx, admin, inventory.Closure{HubID: "amos", ResourceID: y.ID, StartsLocal: "2026-06-04T00:00", EndsLocal: "2026-06-05T00:00",
			Reason: inventory.Text{"fr": "Réparation"}}, noKey))
		opensOn := func(terms *inventory.Terms, day int) string {
			from := time.Date(2026, 6, day, 0, 0, 0, 0, terms.Zone)
			text := ""
			for _, s := range terms.Hours.Open(from, from.AddDate(0, 0, 1), terms.Zone) {
				text += s.Start.In(terms.Zone).Format("15") + "-" + s.End.In(terms.Zone).Format("15")
			}
			return text
		}
		tx, ty := termsOf(t, c, db, x.ID), termsOf(t, c, db, y.ID)
		want := map[int][2]string{1: {"", ""}, 2: {"20-21", "10-11"}, 3: {"", ""}, 4: {"12-14", ""}, 5: {"12-14", "09-17"}}
		for day, w := range want {
			if got := [2]string{opensOn(tx, day), opensOn(ty, day)}; got != w {
				t.Errorf("June %d: %v, want %v", day, got, w)
			}
		}
		if len(tx.Closures) != 1 || len(ty.Closures) != 2 || ty.Closures[1].Reason["fr"] != "Réparation" {
			t.Errorf("%+v %+v", tx.Closures, ty.Closures)
		}
		o := must[inventory.Opening](t)(c.Opening(ctx, "amos"))
		if len(o.Exceptions) != 3 || len(o.Closures) != 2 || len(o.Resources) != 1 || o.Week.String() != "Mo-Su 09:00-17:00" {
			t.Errorf("%+v", o)
		}
		must[inventory.Opening](t)(c.SetWeek(ctx, admin, inventory.WeekEdits{Hub: "amos", Resource: x.ID}, noKey))
		if got := opensOn(termsOf(t, c, db, x.ID), 5); got != "09-17" {
			t.Errorf("without a week of its own: %s", got)
		}
	})
}

func TestTermsOfAThousandCostAsManyStatementsAsOfOneAndRememberedOnesNone(t *testing.T) {
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			db, counter := dbtest.Statements(t, engine, database.Settings{})
			c := inventory.New(db)
			importFile(t, c, "testdata/hubs.csv", inventory.ImportOptions{})
			importFile(t, c, "testdata/resources.csv", inventory.ImportOptions{})
			r := db.Reader(ctx)
			var rows []inventory.UnitVersion
			resolve := counter.Statements(func() { rows = must[[]inventory.UnitVersion](t)(c.UnitVersions(r, inventory.ResourceQuery{})) })
			if len(resolve) != 1 || len(rows) != 123 {
				t.Fatalf("%d statements for %d units", len(resolve), len(rows))
			}
			wanted := map[string]int64{}
			for _, row := range rows {
				wanted[row.ResourceID] = row.RulesVersion
			}
			load := func(wanted map[string]int64) (statements int) {
				return len(counter.Statements(func() {
					terms := must[map[string]*inventory.Terms](t)(c.Terms(ctx, r, wanted))
					if len(terms) != len(wanted) {
						t.Errorf("%d terms of %d", len(terms), len(wanted))
					}
				}))
			}
			if all := load(wanted); all != 6 {
				t.Errorf("%d statements for %d resources", all, len(wanted))
			}
			if again := load(wanted); again != 0 {
				t.Errorf("%d statements for what is remembered", again)
			}
			x := must[inventory.Resource](t)(c.Resource(ctx, "amos-poste-de-coworking"))
			if now := load(map[string]int64{x.ID: 0}); now != 6 {
				t.Errorf("%d statements for one", now)
			}
		})
	}
}

func TestTermsOfAnotherVersionAreGivenButNotRemembered(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		c := inventory.New(db)
		town(t, c, "amos")
		x := thing(t, c, "amos", "Caméra")
		edit := func(after int) {
			must[inventory.Resource](t)(c.UpdateResource(ctx, admin, x.ID, inventory.ResourceEdits{Policy: inventory.PolicyEdits{BufferAfter: &after}}, noKey))
		}
		old := termsOf(t, c, db, x.ID)
		edit(60)
		terms := must[map[string]*inventory.Terms](t)(c.Terms(ctx, db.Reader(ctx), map[string]int64{x.ID: old.RulesVersion, "nobody": 0}))
		if len(terms) != 1 {
			t.Errorf("%v", terms)
		}
		// What a transaction that failed remembered is never taken for what came instead.
		_ = db.In(ctx, func(tx *database.Tx) error {
			if _, err := tx.Exec(`UPDATE resources SET buffer_after_min = 999 WHERE id = $1`, x.ID); err != nil {
				t.Error(err)
			}
			if err := inventory.BumpRules(ctx, tx, x.ID); err != nil {
				t.Error(err)
			}
			must[map[string]*inventory.Terms](t)(c.Terms(ctx, tx, map[string]int64{x.ID: 0}))
			return fault.New(fault.Refused, "rules", nil)
		})
		edit(120)
		now := must[inventory.Resource](t)(c.Resource(ctx, x.ID))
		terms = must[map[string]*inventory.Terms](t)(c.Terms(ctx, db.Reader(ctx), map[string]int64{x.ID: now.RulesVersion}))
		if got := terms[x.ID].Resource.Policy.BufferAfter; got != 120 {
			t.Errorf("buffer %d", got)
		}
	})
}

func TestTermsAreSafeForManyReadersBesideEdits(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		c := inventory.New(db)
		town(t, c, "amos")
		x := thing(t, c, "amos", "Caméra")
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				for range 20 {
					err := db.View(ctx, func(r database.Reader) error {
						var now struct {
							Version int64 `db:"rules_version"`
							Buffer  int   `db:"buffer_after_min"`
						}
						if err := r.Get(&now, `SELECT rules_version, buffer_after_min FROM resources WHERE id = $1`, x.ID); err != nil {
							return err
						}
						terms, err := c.Terms(ctx, r, map[string]int64{x.ID: now.Version})
						if err == nil && terms[x.ID].Resource.Policy.BufferAfter != now.Buffer {
							t.Errorf("remembered %d, is %d", terms[x.ID].Resource.Policy.BufferAfter, now.Buffer)
						}
						return err
					})
					if err != nil {
						t.Error(err)
					}
				}
			})
		}
		for i := range 15 {
			if _, err := c.UpdateResource(ctx, admin, x.ID, inventory.ResourceEdits{Policy: inventory.PolicyEdits{BufferAfter: ptr(60 * (i % 3))}}, noKey); err != nil {
				t.Error(err)
			}
		}
		wg.Wait()
	})
}

func TestUnitVersionsResolveAFilterInOneStatement(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		c := inventory.New(db)
		h := town(t, c, "amos")
		town(t, c, "hearst")
		x, bare, gone := thing(t, c, "amos", "Caméra"), thing(t, c, "amos", "Trépied"), thing(t, c, "amos", "Vieux")
		for _, code := range []string{"B", "A", "C"} {
			must[inventory.Unit](t)(c.AddUnit(ctx, admin, x.ID, inventory.UnitEdits{Code: &code}, noKey))
		}
		must[inventory.Resource](t)(c.UpdateResource(ctx, admin, gone.ID, inventory.ResourceEdits{Archived: ptr(true)}, noKey))
		a, b := must[inventory.Unit](t)(c.Unit(ctx, "A")), must[inventory.Unit](t)(c.Unit(ctx, "B"))
		cc := must[inventory.Unit](t)(c.Unit(ctx, "C"))
		if err := db.In(ctx, func(tx *database.Tx) error { return inventory.RetireUnit(ctx, tx, cc.ID) }); err != nil {
			t.Fatal(err)
		}
		r := db.Reader(ctx)
		for _, q := range []inventory.ResourceQuery{{}, {Hub: "amos"}, {Hub: h.ID}, {Region: "nord"}, {Kind: "equipment"}, {Category: "camera"}} {
			var got []string
			for _, row := range must[[]inventory.UnitVersion](t)(c.UnitVersions(r, q)) {
				switch {
				case row.UnitID == nil && row.ResourceID == bare.ID:
					got = append(got, "bare")
				case row.UnitID != nil && row.UnitVersion != nil && row.RulesVersion > 0:
					got = append(got, *row.UnitID)
				}
			}
			want := []string{a.ID, b.ID, "bare"}
			if bare.ID < x.ID {
				want = []string{"bare", a.ID, b.ID}
			}
			if !slices.Equal(got, want) {
				t.Errorf("%+v: %v, want %v", q, got, want)
			}
		}
		if rows := must[[]inventory.UnitVersion](t)(c.UnitVersions(r, inventory.ResourceQuery{Hub: "hearst"})); len(rows) != 0 {
			t.Errorf("%+v", rows)
		}
		if rows := must[[]inventory.UnitVersion](t)(c.UnitVersions(r, inventory.ResourceQuery{Resource: gone.Slug})); len(rows) != 0 {
			t.Errorf("archived: %+v", rows)
		}
		if _, err := c.UnitVersions(r, inventory.ResourceQuery{Hub: "nowhere"}); !fault.Is(err, "hub_not_found") {
			t.Error(err)
		}
		ids := must[map[string]string](t)(c.ResourceIDs(r, []string{x.Slug, x.ID, "nothing"}))
		if len(ids) != 2 || ids[x.Slug] != x.ID || ids[x.ID] != x.ID {
			t.Errorf("%v", ids)
		}
	})
}

func TestWrongOpeningsAreRefusedByField(t *testing.T) {
	db := dbtest.Open(t, "sqlite", database.Settings{})
	c := inventory.New(db)
	town(t, c, "amos")
	bad := hours.Week{}
	bad[0] = []hours.DaySpan{{Opens: 540, Closes: 1020}, {Opens: 600, Closes: 700}}
	_, err := c.SetWeek(ctx, admin, inventory.WeekEdits{Hub: "amos", Week: bad}, noKey)
	wantCodes(t, err, fault.Malformed, "hours:bad_hours")
	_, err = c.SetException(ctx, admin, inventory.Exception{HubID: "amos", Date: hours.Date{Year: 2026, Month: 2, Day: 30}, Spans: bad[0]}, noKey)
	wantCodes(t, err, fault.Malformed, "date:bad_date", "spans:bad_hours")
	for _, x := range []struct{ starts, ends, want string }{
		{"2026-12-24T12:00:00-05:00", "2026-12-25T12:00", "starts_at:bad_time"},
		{"2026-12-24T12:00", "soon", "ends_at:bad_time"},
		{"9026-12-24T12:00", "9026-12-25T12:00", "starts_at:bad_time"},
	} {
		_, err = c.AddClosure(ctx, admin, inventory.Closure{HubID: "amos", StartsLocal: x.starts, EndsLocal: x.ends}, noKey)
		if f := fault.Of(err); f == nil || f.Kind != fault.Malformed || f.Violations[0].Params["field"].(string)+":"+f.Violations[0].Code != x.want {
			t.Errorf("%v: %+v", x, f)
		}
	}
	_, err = c.AddClosure(ctx, admin, inventory.Closure{HubID: "amos", StartsLocal: "2026-12-24T12:00", EndsLocal: "2026-12-24T12:00:00"}, noKey)
	wantCodes(t, err, fault.Refused, "ends_at:ends_before_start")
	if err := c.DropClosure(ctx, admin, "nothing", noKey); !fault.Is(err, "closure_not_found") {
		t.Error(err)
	}
	if err := c.DropException(ctx, admin, inventory.Exception{HubID: "amos"}, noKey); !fault.Is(err, "exception_not_found") {
		t.Error(err)
	}
}
