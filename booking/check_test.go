package booking_test

import (
	"context"
	"slices"
	"testing"

	"canot/internal/database"
	"canot/internal/identity"
	"canot/inventory"
)

// TestCheckSeesWhatIsBroken breaks the data behind the book's back, one row at a
// time, and wants each break to be named.
func TestCheckSeesWhatIsBroken(t *testing.T) {
	breaks := []struct{ code, sql string }{
		{"line_short", `UPDATE occupancies SET live = false WHERE booking_id = $1`},
		{"occupies_without_right", `UPDATE bookings SET status = 'cancelled' WHERE id = $1`},
		{"wrong_home_hub", `UPDATE occupancies SET home_hub_id = (SELECT max(id) FROM hubs WHERE id <> home_hub_id) WHERE booking_id = $1`},
		{"wrong_unit", `UPDATE booking_lines SET resource_id = (SELECT max(id) FROM resources WHERE id <> resource_id AND hub_id = (SELECT hub_id FROM bookings WHERE id = $1)) WHERE booking_id = $1`},
		{"two_hubs", `UPDATE bookings SET hub_id = (SELECT max(h.id) FROM hubs h WHERE h.id <> hub_id) WHERE id = $1`},
		{"log_differs", `UPDATE bookings SET version = 7 WHERE id = $1`},
		{"hold_without_end", `UPDATE bookings SET status = 'held' WHERE id = $1`},
		{"zone_moved", `UPDATE bookings SET starts_local = '2026-11-17T03:00:00-05:00' WHERE id = $1`},
	}
	onEach(t, func(t *testing.T, n *network) {
		ctx := context.Background()
		for _, b := range breaks {
			placed := n.mustPlace(n.zoe, want("amos-desk", at(1, 10, 0), at(1, 12, 0)))
			n.clean()
			err := n.db.In(ctx, func(tx *database.Tx) error {
				_, err := tx.Exec(b.sql, placed.ID)
				return err
			})
			must(t, err)
			found, err := n.book.Check(ctx)
			must(t, err)
			seen := false
			for _, f := range found {
				seen = seen || f.Code == b.code
			}
			if !seen {
				t.Errorf("%s: check found %+v", b.code, found)
			}
			n.forget(placed.ID)
		}
	})
}

// forget takes a broken booking out again.
func (n *network) forget(id string) {
	n.t.Helper()
	must(n.t, n.db.In(context.Background(), func(tx *database.Tx) error {
		for _, table := range []string{"occupancies", "booking_lines"} {
			if _, err := tx.Exec(`DELETE FROM `+table+` WHERE booking_id = $1`, id); err != nil {
				return err
			}
		}
		_, err := tx.Exec(`DELETE FROM bookings WHERE id = $1`, id)
		return err
	}))
}

func TestCheckSeesAnOverlapThatTheGuardLetThrough(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		ctx := context.Background()
		a := n.mustPlace(n.zoe, want("amos-studio", at(1, 10, 0), at(1, 12, 0)))
		b := n.mustPlace(n.zoe, want("amos-studio", at(2, 10, 0), at(2, 12, 0)))
		n.dropGuard()
		must(t, n.db.In(ctx, func(tx *database.Tx) error {
			_, err := tx.Exec(`UPDATE occupancies SET starts_at = (SELECT starts_at FROM occupancies WHERE booking_id = $2) WHERE booking_id = $1`, b.ID, a.ID)
			return err
		}))
		found, err := n.book.Check(ctx)
		must(t, err)
		if len(found) != 1 || found[0].Code != "overlap" || found[0].Invariant != 1 {
			t.Fatalf("found %+v", found)
		}
	})
}

// dropGuard takes the data base's own guard against overlaps away.
func (n *network) dropGuard() {
	n.t.Helper()
	guard := []string{`DROP TRIGGER occupancies_no_overlap_insert`, `DROP TRIGGER occupancies_no_overlap_update`}
	if n.db.Engine() == "postgres" {
		guard = []string{`ALTER TABLE occupancies DROP CONSTRAINT occupancies_no_overlap`}
	}
	must(n.t, n.db.In(context.Background(), func(tx *database.Tx) error {
		for _, g := range guard {
			if _, err := tx.Exec(g); err != nil {
				return err
			}
		}
		return nil
	}))
}

// A unit that lacks something required is out of service, unless it is where nobody counts: out with
// somebody or on the road.
func TestCheckSeesWhatIsLentIncomplete(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		ctx, no := context.Background(), database.Key{}
		unit, err := n.catalog.SetComponents(ctx, identity.System, "amos-camera1", inventory.ComponentEdits{Parts: []inventory.Component{{Name: inventory.Text{"fr": "Pile"}, Quantity: 2, Required: true}}}, no)
		must(t, err)
		wants := func(when string, codes ...string) {
			t.Helper()
			found, err := n.book.Check(ctx)
			must(t, err)
			var got []string
			for _, f := range found {
				got = append(got, f.Code)
			}
			if !slices.Equal(got, codes) {
				t.Errorf("%s: %+v", when, found)
			}
		}
		_, err = n.book.CountComponents(ctx, n.anne, unit.ID, map[string]int{unit.Components[0].ID: 1}, nil, no)
		must(t, err)
		wants("counted")
		n.mustExec(`UPDATE occupancies SET live = false WHERE unit_id = $1`, unit.ID)
		n.mustExec(`UPDATE maintenances SET open = false WHERE unit_id = $1`, unit.ID)
		wants("behind the book’s back", "incomplete_in_service")
		n.mustExec(`UPDATE components SET missing = 0 WHERE unit_id = $1`, unit.ID)
		wants("whole again")

		b := n.mustPlace(n.zoe, cameras(2, at(0, 9, 0), at(0, 12, 0)))
		n.clock.Set(at(0, 9, 0))
		n.mustHandOut(b)
		n.mustExec(`UPDATE components SET missing = 1 WHERE unit_id = $1`, unit.ID) // as its edit does while it is out
		wants("out with somebody")
		got := n.mustBringBack("amos-camera1") // nobody counts
		if got.Maintenance == nil || got.Maintenance.Cause != "incomplete" {
			t.Errorf("it came back as %+v", got.Maintenance)
		}
		wants("back")
	})
}
