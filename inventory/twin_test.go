package inventory_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"canot/internal/database"
	"canot/internal/database/dbtest"
	"canot/internal/fault"
	"canot/inventory"
)

// TestOfManyWhoTakeOneCodeTheOthersAreTold renames units of two hubs, which no lock
// holds together, to one code at once.
func TestOfManyWhoTakeOneCodeTheOthersAreTold(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		ctx := context.Background()
		c := inventory.New(db)
		var ids []string
		for _, hub := range []string{"amos", "matagami", "hearst", "timmins"} {
			town(t, c, hub)
			x := thing(t, c, hub, "Caméra")
			u := must[inventory.Unit](t)(c.AddUnit(ctx, admin, x.ID, inventory.UnitEdits{Code: ptr("CAM-" + hub)}, noKey))
			ids = append(ids, u.ID)
		}
		errs := make([]error, len(ids))
		var wg sync.WaitGroup
		for i, id := range ids {
			wg.Go(func() {
				_, errs[i] = c.UpdateUnit(ctx, admin, id, inventory.UnitEdits{Code: ptr("CAM-1")}, noKey)
			})
		}
		wg.Wait()
		won := 0
		for _, err := range errs {
			switch fault.KindOf(err) {
			case "":
				won++
			case fault.Refused:
			default:
				t.Errorf("told %v", err)
			}
		}
		if won != 1 {
			t.Errorf("%d units have one code", won)
		}
	})
}

// TestWhatIsAwaitedGivesWayToWhatIsMadeUnderItsName makes by hand, and by a file, what a journey announced.
func TestWhatIsAwaitedGivesWayToWhatIsMadeUnderItsName(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		ctx := context.Background()
		c := inventory.New(db)
		for _, hub := range []string{"amos", "hearst"} {
			town(t, c, hub)
		}
		announce := func(name string) (inventory.Resource, inventory.Unit) {
			x := thing(t, c, "amos", name)
			x = must[inventory.Resource](t)(c.UpdateResource(ctx, admin, x.ID, inventory.ResourceEdits{Kind: ptr(inventory.Equipment), Capacity: ptr(9)}, noKey))
			u := must[inventory.Unit](t)(c.AddUnit(ctx, admin, x.ID, inventory.UnitEdits{}, noKey))
			hub := must[inventory.Hub](t)(c.Hub(ctx, "hearst"))
			var host inventory.Resource
			if err := db.In(ctx, func(tx *database.Tx) (err error) {
				host, err = inventory.HostResource(tx, admin, x, hub.ID)
				return err
			}); err != nil {
				t.Fatal(err)
			}
			if _, err := c.Resource(ctx, host.ID); fault.KindOf(err) != fault.NotFound {
				t.Fatalf("%s is seen: %v", name, err)
			}
			return host, u
		}
		host, unit := announce("Caméra")
		edits := inventory.ResourceEdits{Hub: ptr("hearst"), Category: &host.CategorySlug, Name: &inventory.Text{"fr": "CAMERA"}, Kind: ptr(inventory.Space)}
		_, err := c.CreateResource(ctx, admin, edits, noKey)
		if f := (*fault.Error)(nil); !errors.As(err, &f) || f.Kind != fault.Refused || f.Violations[0].Code != "name_awaited" {
			t.Errorf("a space takes the place of equipment: %v", err)
		}
		edits.Kind = ptr(inventory.Equipment)
		made := must[inventory.Resource](t)(c.CreateResource(ctx, admin, edits, noKey))
		if made.ID != host.ID || made.Awaited || made.Archived || made.Capacity != 0 || made.RulesVersion == host.RulesVersion {
			t.Errorf("made %+v in the place of %+v", made, host)
		}
		if _, err := c.CreateResource(ctx, admin, edits, noKey); fault.KindOf(err) != fault.Refused {
			t.Errorf("and once more: %v", err)
		}
		if err := db.In(ctx, func(tx *database.Tx) error {
			_, err := inventory.MoveUnit(tx, admin, unit.ID, made.HubID, host.ID)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if units := must[[]inventory.Unit](t)(c.Units(ctx, made.ID)); len(units) != 1 || units[0].ID != unit.ID {
			t.Errorf("there came %+v", units)
		}
	})
}
