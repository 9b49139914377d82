package inventory_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"canot/internal/database"
	"canot/internal/database/dbtest"
	"canot/internal/fault"
	"canot/internal/identity"
	"canot/inventory"
)

func publishTerms(t *testing.T, c *inventory.Catalog, slug, hub string) inventory.Condition {
	t.Helper()
	return must[inventory.Condition](t)(c.CreateCondition(ctx, admin, inventory.ConditionEdits{Slug: &slug, Hub: &hub,
		Name: &inventory.Text{"fr": "Règles"}, Text: &inventory.Text{"fr": "Rangez.", "en": "Tidy up."}}, noKey))
}

// TestTermsPublishedAtOnceAllCount: eight who say no version each publish one, one after
// the other; of eight who say one, one does.
func TestTermsPublishedAtOnceAllCount(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		c := inventory.New(db)
		town(t, c, "amos")
		publishTerms(t, c, "atelier", "amos")
		for _, round := range []struct{ ifVersion, want int64 }{{0, 8}, {9, 1}} {
			var all sync.WaitGroup
			var won atomic.Int64
			for i := range 8 {
				all.Go(func() {
					text := inventory.Text{"fr": fmt.Sprintf("Texte %d de %d.", i, round.ifVersion)}
					_, err := c.PublishCondition(ctx, admin, "atelier", inventory.ConditionEdits{IfVersion: round.ifVersion, Text: &text}, noKey)
					if err == nil {
						won.Add(1)
					} else if !fault.Is(err, "stale") {
						t.Error(err)
					}
				})
			}
			all.Wait()
			if won.Load() != round.want {
				t.Errorf("%d of 8 published, want %d", won.Load(), round.want)
			}
		}
		if x := must[inventory.Condition](t)(c.Condition(ctx, "atelier", 0)); x.Version != 10 {
			t.Errorf("version %d", x.Version)
		}
	})
}

func TestAnotherTextOfTermsIsAnotherVersion(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		c := inventory.New(db)
		h := town(t, c, "amos")
		first := publishTerms(t, c, "atelier", "amos")
		if first.Version != 1 || first.Latest != 1 || first.HubID != h.ID || first.Text["fr"] != "Rangez." || first.PublishedAt.IsZero() {
			t.Errorf("%+v", first)
		}
		publish := func(e inventory.ConditionEdits) (inventory.Condition, error) {
			return c.PublishCondition(ctx, admin, "atelier", e, noKey)
		}
		text := &inventory.Text{"fr": "Rangez et balayez."}
		second := must[inventory.Condition](t)(publish(inventory.ConditionEdits{IfVersion: 1, Text: text}))
		if second.Version != 2 || second.ID != first.ID {
			t.Errorf("%+v", second)
		}
		if _, err := publish(inventory.ConditionEdits{IfVersion: 1, Text: text}); !fault.Is(err, "stale") {
			t.Error(err)
		}
		if again := must[inventory.Condition](t)(publish(inventory.ConditionEdits{Text: text})); again.Version != 2 {
			t.Errorf("the same text is version %d", again.Version)
		}
		for version, want := range map[int64]string{0: "Rangez et balayez.", 1: "Rangez.", 2: "Rangez et balayez."} {
			x := must[inventory.Condition](t)(c.Condition(ctx, first.ID, version))
			if x.Text["fr"] != want || x.Latest != 2 {
				t.Errorf("version %d: %+v", version, x)
			}
		}
		for _, version := range []int64{3, -1} {
			if _, err := c.Condition(ctx, "atelier", version); !fault.Is(err, "condition_not_found") {
				t.Errorf("version %d: %v", version, err)
			}
		}
		publishTerms(t, c, "reseau", "")
		if list := must[[]inventory.Condition](t)(c.Conditions(ctx)); len(list) != 2 || list[0].Version != 2 || list[1].Slug != "reseau" {
			t.Errorf("%+v", list)
		}
		_, err := publish(inventory.ConditionEdits{Slug: ptr("autre"), Text: &inventory.Text{}})
		wantCodes(t, err, fault.Refused, "slug:slug_fixed", "text:required")
		_, err = c.CreateCondition(ctx, admin, inventory.ConditionEdits{Slug: ptr("atelier"), Name: &inventory.Text{"fr": "x"}, Text: text}, noKey)
		wantCodes(t, err, fault.Refused, "slug:slug_taken")
		x := thing(t, c, "amos", "Caméra")
		if x = edit(t, c, x.ID, inventory.ResourceEdits{Policy: inventory.PolicyEdits{Conditions: &[]string{"atelier"}}}); len(x.Policy.Conditions) != 1 {
			t.Errorf("%+v", x.Policy)
		}
	})
}

func TestTheDataBaseRefusesToChangeAPublishedText(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		c := inventory.New(db)
		publishTerms(t, c, "reseau", "")
		statements := []string{`UPDATE condition_texts SET text = '{}'`, `DELETE FROM condition_texts`}
		if db.Engine() == "postgres" {
			statements = append(statements, `TRUNCATE condition_texts CASCADE`)
		}
		for _, statement := range statements {
			err := db.In(ctx, func(tx *database.Tx) error { _, err := tx.Exec(statement); return err })
			if database.Constraint(err) != "condition_texts_append_only" {
				t.Errorf("%s: %v", statement, err)
			}
		}
		if x := must[inventory.Condition](t)(c.Condition(ctx, "reseau", 0)); x.Text["fr"] != "Rangez." {
			t.Errorf("%+v", x)
		}
	})
}

func TestWhoPublishesTerms(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		c := inventory.New(db)
		h := town(t, c, "amos")
		town(t, c, "hearst")
		for _, x := range [][2]string{{"amos", "amos"}, {"hearst", "hearst"}, {"reseau", ""}} {
			publishTerms(t, c, x[0], x[1])
		}
		for _, who := range []struct {
			by  identity.Actor
			may map[string]bool
		}{
			{identity.Actor{}, nil},
			{identity.Actor{ID: "z"}, nil},
			{identity.Actor{ID: "s", Grants: []identity.Grant{{Role: identity.Staff, HubID: h.ID}}}, nil},
			{managerOf(h), map[string]bool{"amos": true}},
			{identity.Actor{ID: "a", Grants: []identity.Grant{{Role: identity.Administrator}}}, map[string]bool{"amos": true, "hearst": true, "reseau": true}},
		} {
			for slug, hub := range map[string]string{"amos": "amos", "hearst": "hearst", "reseau": ""} {
				text := &inventory.Text{"fr": "Par " + who.by.ID}
				_, err := c.PublishCondition(ctx, who.by, slug, inventory.ConditionEdits{Text: text}, noKey)
				_, err2 := c.CreateCondition(ctx, who.by, inventory.ConditionEdits{Slug: ptr(slug + "-" + who.by.ID + "x"), Hub: &hub,
					Name: &inventory.Text{"fr": "x"}, Text: text}, noKey)
				for _, err := range []error{err, err2} {
					if who.may[slug] != (err == nil) || err != nil && !fault.Is(err, "not_allowed") && !fault.Is(err, "sign_in") {
						t.Errorf("%s on %s: %v", who.by.ID, slug, err)
					}
				}
			}
		}
	})
}

func TestThePersonInChargeIsNamedByTheOperatorAndAtItsHubs(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		c := inventory.New(db)
		h := town(t, c, "amos")
		if h.OperatorName != "Coop du Nord" || h.Privacy != (inventory.PrivacyContact{}) {
			t.Errorf("%+v", h)
		}
		o := must[inventory.Operator](t)(c.UpdateOperator(ctx, admin, "coop", inventory.OperatorEdits{
			PrivacyName: ptr(" Zoé Roy "), PrivacyEmail: ptr("vie.privee@coop.example"), PrivacyPhone: ptr("819-555-0101")}, noKey))
		want := inventory.PrivacyContact{Name: "Zoé Roy", Email: "vie.privee@coop.example", Phone: "819-555-0101"}
		if h = must[inventory.Hub](t)(c.Hub(ctx, "amos")); o.Privacy != want || h.Privacy != want || h.OperatorVersion != o.Version {
			t.Errorf("%+v, %+v", o, h)
		}
		if list := must[[]inventory.Operator](t)(c.Operators(ctx)); list[0].Privacy != want {
			t.Errorf("%+v", list)
		}
		if n := count(t, db, `SELECT COUNT(*) FROM changes WHERE after LIKE '%Zoé%' OR after LIKE '%0101%' OR before LIKE '%vie.privee%'`); n != 0 {
			t.Errorf("%d rows of the log name the person", n)
		}
		_, err := c.UpdateOperator(ctx, admin, "coop", inventory.OperatorEdits{PrivacyEmail: ptr("nobody"), PrivacyName: ptr("A\x00")}, noKey)
		wantCodes(t, err, fault.Malformed, "privacy.email:bad_email", "privacy.name:bad_text")
	})
}
