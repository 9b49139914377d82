package booking_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"canot/booking"
	"canot/internal/database"
	"canot/internal/identity"
	"canot/inventory"
)

// journey asks for a unit to go to a hub.
func journey(unit, to string, leaves, arrives time.Time) booking.Journey {
	return booking.Journey{Unit: unit, To: to, LeavesAt: leaves, ArrivesAt: arrives}
}

func (n *network) plan(j booking.Journey) booking.Transfer {
	n.t.Helper()
	x, err := n.book.PlanTransfer(context.Background(), n.boss, j, database.Key{})
	must(n.t, err)
	return x
}

func (n *network) unit(code string) inventory.Unit {
	n.t.Helper()
	u, err := n.catalog.Unit(context.Background(), code)
	must(n.t, err)
	return u
}

// freeUnits is how many units of a resource can be had for a span.
func (n *network) freeUnits(resource string, from, to time.Time) int {
	n.t.Helper()
	for q := 5; q > 0; q-- {
		r := want(resource, from, to)
		r.Lines[0].Quantity = q
		seen, err := n.book.Preview(context.Background(), n.luc, r)
		must(n.t, err)
		if seen.OK {
			return q
		}
	}
	return 0
}

func TestAUnitOnAJourneyIsBookedAgainWhereItArrives(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		ctx := context.Background()
		j := journey("amos-camera1", "val-dor", at(0, 12, 0), at(2, 12, 0))
		hit := n.mustPlace(n.zoe, want("amos-camera", at(1, 9, 0), at(1, 12, 0)))
		j.Unit = n.unitOf(hit)
		later := n.mustPlace(n.luc, want("amos-camera", at(7, 9, 0), at(7, 12, 0)))
		seen, err := n.book.JourneyImpact(ctx, n.boss, j)
		must(t, err)
		x := n.plan(j)
		if len(seen.Rehomed) != len(x.Rehomed) || len(seen.WithoutUnit) != len(x.WithoutUnit) || len(x.Rehomed) == 0 {
			t.Errorf("foreseen %d and %d, came to %v and %v", len(seen.Rehomed), len(seen.WithoutUnit), x.Rehomed, x.WithoutUnit)
		}
		if n.unitOf(hit) == j.Unit || n.unitOf(later) == j.Unit {
			t.Error("a booking kept the unit that leaves for good")
		}
		n.clean()
		if got := n.freeUnits("amos-camera", at(1, 13, 0), at(1, 16, 0)); got != 1 {
			t.Errorf("%d free while it travels", got)
		}
		_, err = n.book.Depart(ctx, n.zoe, x.ID, database.Key{})
		wantCodes(t, err, "transfer_not_found")
		n.clock.Set(at(0, 12, 30))
		_, err = n.book.Depart(ctx, n.anne, x.ID, database.Key{})
		must(t, err)
		if got := n.freeUnits("val-dor-camera", at(1, 9, 0), at(1, 12, 0)); got != 2 {
			t.Errorf("%d free there while it is on the road", got)
		}
		_, err = n.book.ArriveTransfer(ctx, n.anne, x.ID, database.Key{})
		wantCodes(t, err, "not_allowed")
		n.clock.Set(at(1, 8, 0))
		got, err := n.book.ArriveTransfer(ctx, n.boss, x.ID, database.Key{})
		must(t, err)
		if got.State != booking.JourneyArrived || n.newsOf(x.ID, "transfer.arrived") != 1 {
			t.Errorf("%+v", got)
		}
		if got := n.freeUnits("val-dor-camera", at(1, 9, 0), at(1, 12, 0)); got != 3 {
			t.Errorf("%d free there from its arrival on", got)
		}
		u := n.unit(j.Unit)
		if u.CurrentHubID != n.id["val-dor"] || u.ResourceID != n.id["val-dor-camera"] || u.HomeHubID != n.id["amos"] {
			t.Errorf("%+v", u)
		}
		_, err = n.book.ArriveTransfer(ctx, n.boss, x.ID, database.Key{})
		must(t, err)
		if n.newsOf(x.ID, "transfer.arrived") != 1 {
			t.Error("it arrived twice")
		}
		n.clean()
		home := n.plan(journey(j.Unit, "amos", at(1, 9, 0), at(2, 9, 0)))
		if home.ToResourceID != n.id["amos-camera"] {
			t.Errorf("it goes home as %s", home.ToResourceID)
		}
		_, err = n.book.ArriveTransfer(ctx, n.anne, home.ID, database.Key{})
		must(t, err)
		if u := n.unit(j.Unit); u.ResourceID != n.id["amos-camera"] || u.CurrentHubID != n.id["amos"] {
			t.Errorf("%+v", u)
		}
		n.clean()
	})
}

func TestAJourneyMakesTheResourceThatIsMissingThere(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		n.add("amos", "printer", inventory.Machine, 1, inventory.PolicyEdits{Grain: ptr(30), Shortest: ptr(30), Longest: ptr(120), NoShowAfter: ptr(20)})
		x := n.plan(journey("amos-printer1", "rouyn", at(0, 12, 0), at(1, 12, 0)))
		made, err := n.catalog.Host(context.Background(), x.ToResourceID)
		must(t, err)
		if made.HubID != n.id["rouyn"] || made.Name["fr"] != "printer" || made.Policy.Longest != 120 || made.Policy.NoShowAfter != 20 {
			t.Errorf("%+v", made)
		}
		if _, err := n.catalog.Resource(context.Background(), made.Slug); err == nil {
			t.Error("it is seen before it came")
		}
		_, err = n.book.CancelTransfer(context.Background(), n.boss, x.ID, database.Key{})
		must(t, err)
		if got := n.freeUnits("amos-printer", at(1, 13, 0), at(1, 14, 0)); got != 1 {
			t.Errorf("%d free after it stayed", got)
		}
		again := n.plan(journey("amos-printer1", "rouyn", at(0, 12, 0), at(1, 12, 0)))
		if again.ToResourceID != made.ID {
			t.Error("a second journey made a second resource")
		}
		n.clean()
	})
}

func TestWhatCannotTravelIsRefused(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		ctx := context.Background()
		plan := func(j booking.Journey, codes ...string) {
			t.Helper()
			_, err := n.book.PlanTransfer(ctx, n.boss, j, database.Key{})
			wantCodes(t, err, codes...)
			_, err = n.book.JourneyImpact(ctx, n.boss, j)
			wantCodes(t, err, codes...)
		}
		plan(journey("amos-desk1", "rouyn", at(0, 12, 0), at(1, 12, 0)), "not_movable")
		plan(journey("amos-camera1", "amos", at(0, 12, 0), at(1, 12, 0)), "already_there")
		plan(journey("amos-camera1", "rouyn", at(0, 12, 0), at(0, 12, 0)), "ends_before_start")
		plan(journey("amos-camera1", "nowhere", at(0, 12, 0), at(1, 12, 0)), "hub_not_found")
		out := n.mustPlace(n.zoe, want("amos-camera", at(0, 9, 0), at(1, 12, 0)))
		n.clock.Set(at(0, 9, 0))
		n.mustHandOut(out)
		unit := n.unitOf(out)
		plan(journey(unit, "rouyn", at(0, 12, 0), at(1, 12, 0)), "unit_out")
		x := n.plan(journey(unit, "rouyn", at(1, 14, 0), at(2, 12, 0)))
		plan(journey(unit, "rouyn", at(3, 14, 0), at(4, 12, 0)), "on_journey")
		_, err := n.book.Depart(ctx, n.boss, x.ID, database.Key{})
		wantCodes(t, err, "unit_out")
		_, err = n.book.ArriveTransfer(ctx, n.boss, x.ID, database.Key{})
		wantCodes(t, err, "unit_out")
		_, err = n.book.PlanTransfer(ctx, n.zoe, journey("amos-camera2", "rouyn", at(0, 12, 0), at(1, 12, 0)), database.Key{})
		wantCodes(t, err, "unit_not_found")
		n.clean()
	})
}

func TestWhatComesBackElsewhereIsSentHome(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		ctx := context.Background()
		n.begin()
		_, err := n.book.TakeOut(ctx, n.anne, "amos-camera2", at(0, 8, 0), nil, "", database.Key{})
		must(t, err)
		loan := n.mustPlace(n.zoe, want("amos-camera", at(0, 9, 0), at(1, 12, 0)))
		soon := n.mustPlace(n.luc, want("amos-camera", at(2, 9, 0), at(2, 12, 0)))
		later := n.mustPlace(n.luc, want("amos-camera", at(14, 9, 0), at(14, 12, 0)))
		n.until(at(0, 9, 0))
		n.mustHandOut(loan)
		n.clock.Set(at(1, 11, 0))
		got, err := n.book.CheckIn(ctx, n.boss, booking.Return{Unit: "amos-camera1", Hub: "rouyn"}, database.Key{})
		must(t, err)
		if got.TransferID == "" || !slices.Equal(got.WithoutUnit, []string{soon.ID}) {
			t.Fatalf("%+v", got)
		}
		if n.unitOf(later) != "amos-camera1" {
			t.Error("a booking of after its coming home lost it")
		}
		n.clean()
		n.until(at(11, 9, 0)) // it was to leave and to come within a week, and has not left
		if n.unitOf(later) != "" {
			t.Error("nobody was told that it will not be there")
		}
		n.clean()
		n.clock.Set(at(13, 9, 0))
		_, err = n.book.Depart(ctx, n.boss, got.TransferID, database.Key{})
		must(t, err)
		n.clean()
		n.clock.Set(at(13, 12, 0))
		_, err = n.book.ArriveTransfer(ctx, n.anne, got.TransferID, database.Key{})
		must(t, err)
		if n.unitOf(later) != "amos-camera1" || n.newsOf(later.ID, "booking.find_unit") != 1 {
			t.Error("who waited for it did not get it")
		}
		n.clean()
	})
}

func TestAUnitThatDoesNotGoHomeIsBookedWhereItIs(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		ctx := context.Background()
		loan := n.mustPlace(n.zoe, want("amos-camera", at(0, 9, 0), at(1, 12, 0)))
		n.clock.Set(at(0, 9, 0))
		n.mustHandOut(loan)
		unit := n.unitOf(loan)
		got, err := n.book.CheckIn(ctx, n.boss, booking.Return{Unit: unit, Hub: "rouyn"}, database.Key{})
		must(t, err)
		_, err = n.book.CancelTransfer(ctx, n.boss, got.TransferID, database.Key{})
		must(t, err)
		if got := n.freeUnits("rouyn-camera", at(0, 12, 0), at(0, 15, 0)); got != 3 {
			t.Errorf("%d free", got)
		}
		n.clean()
	})
}

func TestABrokenUnitMayTravel(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		ctx := context.Background()
		m, err := n.book.TakeOut(ctx, n.anne, "amos-camera1", at(0, 8, 0), nil, "", database.Key{})
		must(t, err)
		x := n.plan(journey("amos-camera1", "rouyn", at(0, 12, 0), at(3, 12, 0)))
		n.clean()
		n.clock.Set(at(1, 9, 0))
		_, err = n.book.Depart(ctx, n.boss, x.ID, database.Key{})
		must(t, err)
		_, err = n.book.EndMaintenance(ctx, n.anne, m.ID, nil, database.Key{})
		must(t, err)
		if got := n.freeUnits("amos-camera", at(1, 12, 0), at(1, 15, 0)); got != 1 {
			t.Errorf("%d free while it is on the road", got)
		}
		lost, err := n.book.TakeOutFor(ctx, n.anne, booking.Outage{Unit: "amos-camera1", From: at(1, 9, 0), Cause: "lost"}, database.Key{})
		must(t, err)
		n.clean()
		_, err = n.book.EndMaintenance(ctx, n.anne, lost.ID, nil, database.Key{})
		must(t, err)
		n.clean()
		_, err = n.book.ArriveTransfer(ctx, n.boss, x.ID, database.Key{})
		must(t, err)
		if got := n.freeUnits("rouyn-camera", at(1, 12, 0), at(1, 15, 0)); got != 3 {
			t.Errorf("%d free there", got)
		}
		n.clean()
	})
}

func TestTheImpactOfAnOutageIsWhatItDoes(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		ctx := context.Background()
		for day := range 4 {
			n.mustPlace(n.zoe, want("amos-camera", at(day, 9, 0), at(day, 12, 0)))
			if day < 2 {
				n.mustPlace(n.luc, want("amos-camera", at(day, 10, 0), at(day, 14, 0)))
			}
		}
		n.clock.Set(at(0, 11, 0)) // some have begun
		for _, unit := range []string{"amos-camera1", "amos-camera2"} {
			seen, err := n.book.OutingImpact(ctx, n.anne, unit, at(0, 12, 0), nil)
			must(t, err)
			n.clean()
			m, err := n.book.TakeOut(ctx, n.anne, unit, at(0, 12, 0), nil, "", database.Key{})
			must(t, err)
			ids := func(all []booking.Booking) (ids []string) {
				for _, b := range all {
					ids = append(ids, b.ID)
				}
				return ids
			}
			if !slices.Equal(ids(seen.Rehomed), m.Rehomed) || !slices.Equal(ids(seen.WithoutUnit), m.WithoutUnit) {
				t.Errorf("%s: foreseen %v and %v, came to %v and %v", unit, ids(seen.Rehomed), ids(seen.WithoutUnit), m.Rehomed, m.WithoutUnit)
			}
			_, err = n.book.EndMaintenance(ctx, n.anne, m.ID, nil, database.Key{})
			must(t, err)
		}
		_, err := n.book.OutingImpact(ctx, n.zoe, "amos-camera1", at(0, 12, 0), nil)
		wantCodes(t, err, "unit_not_found")
		n.clean()
	})
}

func TestNothingSlipsInWhileAJourneyIsPlanned(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		ctx := context.Background()
		var group sync.WaitGroup
		for day := range 5 {
			group.Add(1)
			go func() {
				defer group.Done()
				for i := range 4 {
					_, _ = n.book.Place(ctx, identity.Actor{ID: n.zoe.ID, Scopes: n.zoe.Scopes}, want("amos-camera", at(day, 9+i, 0), at(day, 10+i, 0)), database.Key{})
				}
			}()
		}
		group.Add(1)
		go func() {
			defer group.Done()
			_, err := n.book.PlanTransfer(ctx, n.boss, journey("amos-camera1", "rouyn", at(0, 8, 0), at(3, 12, 0)), database.Key{})
			if err != nil {
				t.Error(err)
			}
		}()
		group.Wait()
		var held int
		must(t, n.db.Reader(ctx).Get(&held, `SELECT count(*) FROM occupancies WHERE unit_id = $1 AND live AND reason = 'booking' AND ends_at > $2`, n.id["amos-camera1"], at(0, 8, 0)))
		if held != 0 {
			t.Errorf("%d bookings have a unit that is gone", held)
		}
		n.clean()
	})
}
