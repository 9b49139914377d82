package inventory_test

import (
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"canot/internal/database"
	"canot/internal/database/dbtest"
	"canot/internal/fault"
	"canot/inventory"
)

// setLayer writes a layer by slugs, and fails the test when it cannot.
func setLayer(t *testing.T, c *inventory.Catalog, hub, category string, e inventory.PolicyEdits) inventory.PolicyDefaults {
	t.Helper()
	return must[inventory.PolicyDefaults](t)(c.SetPolicyDefaults(ctx, admin, hub, category, inventory.PolicyDefaultEdits{Policy: e}, noKey))
}

func edit(t *testing.T, c *inventory.Catalog, key string, e inventory.ResourceEdits) inventory.Resource {
	t.Helper()
	return must[inventory.Resource](t)(c.UpdateResource(ctx, admin, key, e, noKey))
}

func clean(t *testing.T, c *inventory.Catalog) {
	t.Helper()
	if found := must[[]inventory.Finding](t)(c.Check(ctx)); len(found) > 0 {
		t.Errorf("policies are not what the layers say: %v", found)
	}
}

func TestTheMostSpecificLayerWins(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		c := inventory.New(db)
		town(t, c, "amos")
		x := thing(t, c, "amos", "Caméra")
		steps := []struct {
			from string
			do   func()
			want int
		}{
			{inventory.FromKind, func() {}, 0},
			{inventory.FromCategory, func() { setLayer(t, c, "", "camera", inventory.PolicyEdits{Notice: ptr(10)}) }, 10},
			{inventory.FromHub, func() { setLayer(t, c, "amos", "", inventory.PolicyEdits{Notice: ptr(20)}) }, 20},
			{inventory.FromHubCategory, func() { setLayer(t, c, "amos", "camera", inventory.PolicyEdits{Notice: ptr(30)}) }, 30},
			{inventory.FromResource, func() {
				edit(t, c, x.ID, inventory.ResourceEdits{Policy: inventory.PolicyEdits{Notice: ptr(0)}})
			}, 0},
			{inventory.FromHubCategory, func() { edit(t, c, x.ID, inventory.ResourceEdits{Inherit: &[]string{"notice_min"}}) }, 30},
			{inventory.FromHub, func() {
				must[inventory.PolicyDefaults](t)(c.SetPolicyDefaults(ctx, admin, "amos", "camera", inventory.PolicyDefaultEdits{Clear: []string{"*"}}, noKey))
			}, 20},
			{inventory.FromCategory, func() {
				must[inventory.PolicyDefaults](t)(c.SetPolicyDefaults(ctx, admin, "amos", "", inventory.PolicyDefaultEdits{Clear: []string{"notice_min"}}, noKey))
			}, 10},
		}
		for i, s := range steps {
			s.do()
			o := must[inventory.PolicyOrigin](t)(c.PolicyOf(ctx, x.Slug))
			part := o.Parts["notice_min"]
			if o.Resource.Policy.Notice != s.want || part.Value != s.want || part.From != s.from {
				t.Errorf("step %d: %d, told as %+v; want %d from %s", i, o.Resource.Policy.Notice, part, s.want, s.from)
			}
			if got := termsOf(t, c, db, x.ID).Resource.Policy.Notice; got != s.want {
				t.Errorf("step %d: a booking is judged by %d", i, got)
			}
			if other := o.Parts["grain_min"]; other.From != inventory.FromKind || other.Value != 60 || len(o.Parts) != len(inventory.PolicyFields()) {
				t.Errorf("step %d: grain is told as %+v, of %d fields", i, other, len(o.Parts))
			}
			clean(t, c)
		}
	})
}

func TestNewResourcesAndThoseThatChangeCategoryFollowTheLayers(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		c := inventory.New(db)
		certifications(t, db, "laser")
		town(t, c, "amos")
		must[inventory.Category](t)(c.CreateCategory(ctx, admin, inventory.NamedEdits{Slug: ptr("laser"), Name: &inventory.Text{"fr": "Laser"}}, noKey))
		setLayer(t, c, "", "laser", inventory.PolicyEdits{Certifications: &[]string{"laser"}, MinimumAge: ptr(16)})
		x := must[inventory.Resource](t)(c.CreateResource(ctx, admin, inventory.ResourceEdits{Hub: ptr("amos"), Category: ptr("laser"),
			Kind: ptr(inventory.Machine), Name: &inventory.Text{"fr": "Découpeuse"}, Policy: inventory.PolicyEdits{MinimumAge: ptr(12)}}, noKey))
		if !slices.Equal(x.Policy.Certifications, []string{"laser"}) || x.Policy.MinimumAge != 12 || !slices.Equal(x.PolicyOwn, []string{"minimum_age"}) {
			t.Errorf("new: %+v, own %v", x.Policy, x.PolicyOwn)
		}
		y := thing(t, c, "amos", "Caméra")
		if y = edit(t, c, y.ID, inventory.ResourceEdits{Category: ptr("laser")}); y.Policy.MinimumAge != 16 || len(y.Policy.Certifications) != 1 {
			t.Errorf("in another category: %+v", y.Policy)
		}
		if y = edit(t, c, y.ID, inventory.ResourceEdits{Category: ptr("camera"), Kind: ptr(inventory.Space)}); y.Policy.MinimumAge != 0 || y.Policy.Within != inventory.Inside {
			t.Errorf("back, as a space: %+v", y.Policy)
		}
		// An empty list of its own is less than none at all.
		x = edit(t, c, x.ID, inventory.ResourceEdits{Policy: inventory.PolicyEdits{Certifications: &[]string{}}})
		setLayer(t, c, "", "laser", inventory.PolicyEdits{AnyCertification: ptr(true)})
		if x = must[inventory.Resource](t)(c.Resource(ctx, x.ID)); len(x.Policy.Certifications) != 0 || !x.Policy.AnyCertification {
			t.Errorf("asks for nothing itself: %+v", x.Policy)
		}
		clean(t, c)
	})
}

// A resource of before there were layers says all its policy itself, and gives back what
// it is told to.
func TestAResourceThatSaysAllItselfGivesFieldsBack(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		c := inventory.New(db)
		town(t, c, "amos")
		x := thing(t, c, "amos", "Caméra")
		if err := db.In(ctx, func(tx *database.Tx) error {
			_, err := tx.Exec(`UPDATE resources SET policy_own = '*' WHERE id = $1`, x.ID)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		setLayer(t, c, "amos", "", inventory.PolicyEdits{Notice: ptr(45), Horizon: ptr(30)})
		if x = must[inventory.Resource](t)(c.Resource(ctx, x.ID)); x.Policy.Notice != 0 {
			t.Errorf("notice %d", x.Policy.Notice)
		}
		x = edit(t, c, x.ID, inventory.ResourceEdits{Inherit: &[]string{"notice_min"}})
		if x.Policy.Notice != 45 || x.Policy.Horizon != 180 || len(x.PolicyOwn) != len(inventory.PolicyFields())-1 {
			t.Errorf("%+v, own %v", x.Policy, x.PolicyOwn)
		}
		if x = edit(t, c, x.ID, inventory.ResourceEdits{Inherit: &[]string{"*"}, Policy: inventory.PolicyEdits{Grain: ptr(120)}}); x.Policy.Horizon != 30 || x.Policy.Grain != 120 {
			t.Errorf("%+v", x.Policy)
		}
		_, err := c.UpdateResource(ctx, admin, x.ID, inventory.ResourceEdits{Inherit: &[]string{"price"}}, noKey)
		wantCodes(t, err, fault.Malformed, "inherit:bad_value")
	})
}

func TestALayerRaisesTheRulesVersionOfEverythingThatItGoverns(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		c := inventory.New(db)
		town(t, c, "amos")
		town(t, c, "hearst")
		must[inventory.Category](t)(c.CreateCategory(ctx, admin, inventory.NamedEdits{Slug: ptr("desk"), Name: &inventory.Text{"fr": "Bureau"}}, noKey))
		all := map[string]string{}
		for _, hub := range []string{"amos", "hearst"} {
			for _, category := range []string{"camera", "desk"} {
				for _, name := range []string{"A", "B", "C"} {
					x := thing(t, c, hub, category+name)
					edit(t, c, x.ID, inventory.ResourceEdits{Category: &category, Archived: ptr(name == "C"),
						Policy: inventory.PolicyEdits{Notice: map[string]*int{"B": ptr(5)}[name]}})
					all[x.ID] = hub + " " + category + " " + name
				}
			}
		}
		for n, layer := range []struct{ hub, category string }{{"", "camera"}, {"amos", ""}, {"hearst", "desk"}} {
			before := map[string]int64{}
			for id := range all {
				before[id] = must[inventory.Resource](t)(c.Resource(ctx, id)).RulesVersion
			}
			setLayer(t, c, layer.hub, layer.category, inventory.PolicyEdits{Notice: ptr(100 + n)})
			raised := 0
			for id, what := range all {
				x := must[inventory.Resource](t)(c.Resource(ctx, id))
				governed := strings.HasPrefix(what, layer.hub) && strings.Contains(what, layer.category)
				if (x.RulesVersion > before[id]) != governed {
					t.Errorf("%v: %s: rules version %d after %d", layer, what, x.RulesVersion, before[id])
				}
				if governed {
					raised++
				}
				if own := strings.HasSuffix(what, "B"); own && x.Policy.Notice != 5 || !own && governed && x.Policy.Notice != 100+n {
					t.Errorf("%v: %s: notice %d", layer, what, x.Policy.Notice)
				}
			}
			if want := []int{6, 6, 3}[n]; raised != want {
				t.Errorf("%v governs %d", layer, raised)
			}
			clean(t, c)
		}
	})
}

// TestUnderItsLockABookingSeesOnePolicy books, edits single resources, makes new ones and
// edits layers at once: who holds the lock of a resource sees one policy under one version, and no edit
// undoes another.
func TestUnderItsLockABookingSeesOnePolicy(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		c := inventory.New(db)
		town(t, c, "amos")
		var ids []string
		for _, name := range []string{"A", "B", "C"} {
			ids = append(ids, thing(t, c, "amos", name).ID)
		}
		type seen struct {
			Notice  int   `db:"notice_min"`
			After   int   `db:"buffer_after_min"`
			Version int64 `db:"rules_version"`
		}
		const rounds = 15
		var wg sync.WaitGroup
		for _, id := range ids {
			wg.Go(func() {
				for range rounds {
					err := db.In(ctx, func(tx *database.Tx) error {
						if err := tx.Lock("resources", id); err != nil {
							return err
						}
						var looks [3]seen
						for i := range looks {
							if err := tx.Get(&looks[i], `SELECT notice_min, buffer_after_min, rules_version FROM resources WHERE id = $1`, id); err != nil {
								return err
							}
						}
						if looks[0] != looks[1] || looks[1] != looks[2] {
							t.Errorf("the policy changed under the lock: %+v", looks)
						}
						return nil
					})
					if err != nil {
						t.Error(err)
					}
				}
			})
			wg.Go(func() {
				for i := range rounds {
					if _, err := c.UpdateResource(ctx, admin, id, inventory.ResourceEdits{Policy: inventory.PolicyEdits{BufferAfter: ptr(60 * (1 + i%4))}}, noKey); err != nil {
						t.Error(err)
					}
				}
			})
		}
		for _, place := range [][2]string{{"amos", ""}, {"", "camera"}, {"amos", "camera"}} {
			wg.Go(func() {
				for i := range rounds {
					if _, err := c.SetPolicyDefaults(ctx, admin, place[0], place[1], inventory.PolicyDefaultEdits{Policy: inventory.PolicyEdits{
						Notice: ptr(i), BufferBefore: ptr(i)}}, noKey); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Go(func() {
			for i := range rounds {
				thing(t, c, "amos", "N"+strings.Repeat("o", i))
			}
		})
		wg.Go(func() {
			for i := range rounds {
				thing(t, c, town(t, c, "h"+strings.Repeat("o", i)).Slug, "Neuve")
			}
		})
		wg.Wait()
		clean(t, c)
		for _, id := range ids {
			if x := must[inventory.Resource](t)(c.Resource(ctx, id)); x.Policy.Notice != rounds-1 || x.Policy.BufferAfter != 60*(1+(rounds-1)%4) {
				t.Errorf("%+v", x.Policy)
			}
		}
	})
}

// TestALayerLocksAllItGovernsBeforeItReads holds the order in which PostgreSQL is asked:
// without the locks first, what is read may be another's to change.
func TestALayerLocksAllItGovernsBeforeItReads(t *testing.T) {
	db, counter := dbtest.Statements(t, "postgres", database.Settings{})
	c := inventory.New(db)
	town(t, c, "amos")
	thing(t, c, "amos", "A")
	said := counter.Statements(func() { setLayer(t, c, "", "camera", inventory.PolicyEdits{Notice: ptr(5)}) })
	at := func(words string) int {
		return slices.IndexFunc(said, func(s string) bool { return strings.Contains(s, words) })
	}
	hubs, resources, reads := at("FROM hubs WHERE id = ANY"), at("FROM resources WHERE id = ANY"), at("FROM policy_defaults d")
	if hubs < 0 || resources < hubs || reads < resources || at("UPDATE resources") < resources {
		t.Errorf("hubs are locked at %d, resources at %d, the layer is read at %d:\n%s", hubs, resources, reads, strings.Join(said, "\n"))
	}
	// A hub that is made meanwhile waits, or its resources would follow what was said before.
	for name, do := range map[string]func(){
		"by hand": func() { town(t, c, "hearst") },
		"by file": func() {
			must[inventory.Report](t)(c.Import(ctx, admin, strings.NewReader(hubHeader+"timmins,T,nord,48,-79,America/Toronto,coop,\n"), inventory.ImportOptions{}))
		},
	} {
		said = counter.Statements(do)
		if locked, made := at("FROM hubs WHERE id = ANY"), at("INSERT INTO hubs"); locked < 0 || made < locked {
			t.Errorf("made %s: hubs are locked at %d, the new one is made at %d", name, locked, made)
		}
	}
}

func TestTheLayersGiveTheSamePolicyInAnyOrderOfEdits(t *testing.T) {
	db := dbtest.Open(t, "sqlite", database.Settings{})
	c := inventory.New(db)
	certifications(t, db, "laser", "sound")
	town(t, c, "amos")
	x := thing(t, c, "amos", "Caméra")
	for seed := range uint64(40) {
		random := rand.New(rand.NewPCG(seed, 1))
		some := func() (e inventory.PolicyEdits) {
			if random.IntN(2) == 0 {
				e.Notice = ptr(random.IntN(100))
			}
			if random.IntN(2) == 0 {
				e.Certifications = &[][]string{{}, {"laser"}, {"sound", "laser"}}[random.IntN(3)]
			}
			if random.IntN(2) == 0 {
				e.Approval = ptr(random.IntN(2) == 0)
			}
			if random.IntN(2) == 0 {
				e.Attendance = ptr(random.IntN(10))
			}
			return e
		}
		var edits []func()
		for _, place := range [][2]string{{"amos", ""}, {"", "camera"}, {"amos", "camera"}} {
			says := some()
			edits = append(edits, func() {
				must[inventory.PolicyDefaults](t)(c.SetPolicyDefaults(ctx, admin, place[0], place[1],
					inventory.PolicyDefaultEdits{Clear: []string{"*"}, Policy: says}, noKey))
			})
		}
		own := some()
		edits = append(edits, func() { edit(t, c, x.ID, inventory.ResourceEdits{Inherit: &[]string{"*"}, Policy: own}) })
		var first inventory.Policy
		for round := range 3 {
			random.Shuffle(len(edits), func(i, j int) { edits[i], edits[j] = edits[j], edits[i] })
			for _, do := range edits {
				do()
			}
			now := must[inventory.Resource](t)(c.Resource(ctx, x.ID)).Policy
			if round == 0 {
				first = now
			} else if !reflect.DeepEqual(first, now) {
				t.Fatalf("seed %d: %+v, then in another order %+v", seed, first, now)
			}
		}
		clean(t, c)
	}
}
