package inventory_test

import (
	"context"
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
