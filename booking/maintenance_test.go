package booking_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"canot/booking"
	"canot/internal/database"
	"canot/inventory"
)

func (n *network) takeOut(unit string, from time.Time, until *time.Time) booking.Maintenance {
	n.t.Helper()
	m, err := n.book.TakeOut(context.Background(), n.anne, unit, from, until, "brisé", database.Key{})
	must(n.t, err)
	return m
}

func TestInvariant2MaintenanceRehomesWhatItHits(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		ctx := context.Background()
		a := n.mustPlace(n.zoe, want("amos-camera", at(1, 10, 0), at(1, 12, 0)))
		m := n.takeOut(a.Lines[0].Units[0], at(1, 9, 0), nil)
		if len(m.Rehomed) != 1 || m.Rehomed[0] != a.ID || len(m.WithoutUnit) != 0 {
			t.Fatalf("taken out: %+v", m)
		}
		got, err := n.book.Booking(ctx, n.zoe, a.ID)
		must(t, err)
		if len(got.Lines[0].Units) != 1 || got.Lines[0].Units[0] == a.Lines[0].Units[0] || got.Version != 2 {
			t.Fatalf("rehomed to %+v", got)
		}
		n.clean()
		second := n.takeOut(got.Lines[0].Units[0], at(1, 9, 0), nil)
		if len(second.WithoutUnit) != 1 {
			t.Fatalf("taken out: %+v", second)
		}
		n.clean()
		list, _, err := n.book.Bookings(ctx, n.anne, booking.Query{WithoutUnit: true})
		must(t, err)
		if len(list) != 1 || list[0].ID != a.ID || list[0].Lines[0].WithoutUnit != 1 {
			t.Fatalf("to be rehomed: %+v", list)
		}
		var notices int
		must(t, n.db.Reader(ctx).Get(&notices, `SELECT count(*) FROM jobs WHERE kind = 'notice' AND args NOT LIKE '%confirmed%'`))
		if notices != 2 {
			t.Fatalf("%d notices", notices)
		}
		// A person settles it: one unit is back, and the booking is moved to where it was.
		_, err = n.book.EndMaintenance(ctx, n.anne, m.ID, nil, database.Key{})
		must(t, err)
		settled, err := n.change(n.anne, a.ID, to(at(1, 10, 0), at(1, 12, 0)))
		must(t, err)
		if settled.Lines[0].WithoutUnit != 0 || len(settled.Lines[0].Units) != 1 {
			t.Fatalf("settled to %+v", settled)
		}
		n.clean()
	})
}

func TestMaintenanceBlocksUntilItEnds(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		ctx := context.Background()
		until := at(2, 12, 0)
		m := n.takeOut("amos-studio1", at(1, 9, 0), &until)
		_, err := n.place(n.zoe, want("amos-studio", at(2, 10, 0), at(2, 13, 0)))
		wantCodes(t, err, "taken")
		n.mustPlace(n.zoe, want("amos-studio", at(2, 12, 0), at(2, 13, 0)))
		_, err = n.book.TakeOut(ctx, n.anne, "amos-studio1", at(1, 12, 0), nil, "", database.Key{})
		wantCodes(t, err, "already_out")
		_, err = n.book.EndMaintenance(ctx, n.anne, m.ID, nil, database.Key{})
		must(t, err)
		n.mustPlace(n.zoe, want("amos-studio", at(2, 9, 0), at(2, 11, 30)))
		open, err := n.book.Maintenances(ctx, n.anne, "amos")
		must(t, err)
		if len(open) != 0 {
			t.Fatalf("still open: %+v", open)
		}
		n.clean()
	})
}

func TestOnlyStaffOfItsHubTakeAUnitOut(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		ctx := context.Background()
		_, err := n.book.TakeOut(ctx, n.zoe, "amos-studio1", at(1, 9, 0), nil, "", database.Key{})
		wantCodes(t, err, "unit_not_found")
		_, err = n.book.TakeOut(ctx, n.anne, "val-dor-studio1", at(1, 9, 0), nil, "", database.Key{})
		wantCodes(t, err, "unit_not_found")
		_, err = n.book.TakeOut(ctx, n.boss, "val-dor-studio1", at(1, 9, 0), nil, "", database.Key{})
		must(t, err)
	})
}

func TestARetiredUnitNeverComesBack(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		ctx := context.Background()
		m, err := n.book.Retire(ctx, n.boss, "amos-camera1", nil, database.Key{})
		must(t, err)
		_, err = n.book.EndMaintenance(ctx, n.boss, m.ID, nil, database.Key{})
		wantCodes(t, err, "bad_status")
		_, err = n.place(n.zoe, booking.Request{Lines: []booking.Want{{Resource: "amos-camera", Quantity: 2}}, StartsAt: at(1, 10, 0), EndsAt: at(1, 12, 0)})
		wantCodes(t, err, "too_many")
		n.clean()
	})
}

func TestAUnitThatMissesARequiredPartIsOutOfService(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		ctx := context.Background()
		u, err := n.catalog.SetComponents(ctx, n.boss, "amos-camera1", inventory.ComponentEdits{Parts: []inventory.Component{
			{Name: inventory.Text{"fr": "batterie"}, Quantity: 3, Required: true}, {Name: inventory.Text{"fr": "trépied"}, Quantity: 1},
		}}, database.Key{})
		must(t, err)
		slices.SortFunc(u.Components, func(a, b inventory.Component) int { return b.Quantity - a.Quantity })
		battery, tripod := u.Components[0].ID, u.Components[1].ID
		count := func(missing map[string]int) booking.Maintenance {
			m, err := n.book.CountComponents(ctx, n.anne, "amos-camera1", missing, nil, database.Key{})
			must(t, err)
			return m
		}
		if m := count(map[string]int{tripod: 1}); m.ID != "" {
			t.Fatalf("a tripod is not required: %+v", m)
		}
		if m := count(map[string]int{battery: 1}); m.Cause != "incomplete" || !m.Open {
			t.Fatalf("counted: %+v", m)
		}
		two := booking.Request{Lines: []booking.Want{{Resource: "amos-camera", Quantity: 2}}, StartsAt: at(1, 10, 0), EndsAt: at(1, 12, 0)}
		_, err = n.place(n.zoe, two)
		wantCodes(t, err, "taken")
		count(map[string]int{battery: 0})
		n.mustPlace(n.zoe, two)
		n.clean()
	})
}

func TestInvariant2HoldsWhileUnitsAreTakenOutUnderLoad(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		ctx := context.Background()
		racers(t, 40, func(i int) error {
			switch i % 4 {
			case 0:
				m, err := n.book.TakeOut(ctx, n.anne, "amos-camera1", at(1, 9, 0), ptr(at(1, 15, 0)), "", database.Key{})
				if err != nil {
					return err
				}
				_, err = n.book.EndMaintenance(ctx, n.anne, m.ID, nil, database.Key{})
				return err
			default:
				b, err := n.place(n.zoe, want("amos-camera", at(1, 9+i%4, 0), at(1, 11+i%4, 0)))
				if err != nil {
					return err
				}
				_, err = n.change(n.zoe, b.ID, to(at(1, 10+i%4, 0), at(1, 12+i%4, 0)))
				return err
			}
		})
		n.clean()
	})
}

func TestCausesForBeingOutOfServiceStandBesideEachOther(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		ctx := context.Background()
		u, err := n.catalog.SetComponents(ctx, n.boss, "amos-studio1", inventory.ComponentEdits{Parts: []inventory.Component{
			{Name: inventory.Text{"fr": "clé"}, Quantity: 1, Required: true},
		}}, database.Key{})
		must(t, err)
		key := u.Components[0].ID
		count := func(missing int) {
			_, err := n.book.CountComponents(ctx, n.anne, "amos-studio1", map[string]int{key: missing}, nil, database.Key{})
			must(t, err)
		}
		free := func(day int) bool {
			p, err := n.book.Preview(ctx, n.zoe, want("amos-studio", at(day, 10, 0), at(day, 12, 0)))
			must(t, err)
			return p.OK
		}
		until := at(2, 20, 0)
		repair := n.takeOut("amos-studio1", at(2, 8, 0), &until)
		count(1)
		if free(1) || free(2) || free(3) {
			t.Fatal("an incomplete unit is bookable")
		}
		n.clean()
		count(0)
		if !free(1) || free(2) || !free(3) {
			t.Fatal("counting ended the repair, or did not end the rest")
		}
		count(1)
		_, err = n.book.EndMaintenance(ctx, n.anne, repair.ID, nil, database.Key{})
		must(t, err)
		if free(1) || free(2) || free(3) {
			t.Fatal("the end of a repair completed the unit")
		}
		count(0)
		if !free(1) || !free(2) || !free(3) {
			t.Fatal("a complete unit is out of service")
		}
		n.clean()
	})
}

func TestTheEndOfAMaintenanceMayPassOrMove(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		ctx := context.Background()
		until := at(0, 12, 0)
		m := n.takeOut("amos-studio1", at(0, 9, 0), &until)
		b := n.mustPlace(n.zoe, want("amos-studio", at(0, 12, 0), at(0, 14, 0)))
		later, err := n.book.EndMaintenance(ctx, n.anne, m.ID, ptr(at(0, 13, 0)), database.Key{})
		must(t, err)
		if len(later.WithoutUnit) != 1 || later.WithoutUnit[0] != b.ID {
			t.Fatalf("a later end hit %+v", later)
		}
		n.clean()
		n.clock.Set(at(0, 15, 0))
		over, err := n.book.EndMaintenance(ctx, n.anne, m.ID, nil, database.Key{})
		must(t, err)
		if !over.EndsAt.Equal(at(0, 13, 0)) {
			t.Fatalf("the past was rewritten: %+v", over)
		}
		n.clean()
	})
}

func TestRetiringTwiceIsRetiringOnce(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		ctx := context.Background()
		first, err := n.book.Retire(ctx, n.boss, "amos-camera1", nil, database.Key{})
		must(t, err)
		again, err := n.book.Retire(ctx, n.boss, "amos-camera1", nil, database.Key{})
		must(t, err)
		if first.ID != again.ID {
			t.Fatalf("retired as %s, again as %s", first.ID, again.ID)
		}
	})
}

func TestARunningBookingThatWasRehomedCanBeShortened(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		a := n.mustPlace(n.zoe, want("amos-camera", at(0, 9, 0), at(0, 16, 0)))
		n.mustPlace(n.luc, want("amos-camera", at(0, 9, 0), at(0, 10, 0)))
		n.clock.Set(at(0, 12, 0))
		m := n.takeOut(a.Lines[0].Units[0], at(0, 12, 0), nil)
		if len(m.Rehomed) != 1 {
			t.Fatalf("taken out: %+v", m)
		}
		got, err := n.change(n.zoe, a.ID, booking.Edits{EndsAt: ptr(at(0, 15, 0))})
		must(t, err)
		if len(got.Lines[0].Units) != 1 {
			t.Fatalf("shortened to %+v", got)
		}
		n.clean()
	})
}
