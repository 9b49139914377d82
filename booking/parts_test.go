package booking_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"canot/booking"
	"canot/internal/database"
	"canot/internal/fault"
	"canot/internal/identity"
	"canot/inventory"
)

// What a unit is made of is edited: whether it can be lent follows at once, and with it whoever had it.
func TestAUnitFollowsWhatItIsMadeOf(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		ctx := context.Background()
		made := func(parts ...inventory.Component) []inventory.Component {
			t.Helper()
			u, err := n.catalog.SetComponents(ctx, n.boss, "amos-camera1", inventory.ComponentEdits{Parts: parts}, database.Key{})
			must(t, err)
			return u.Components
		}
		out := func() string {
			t.Helper()
			list, err := n.book.Maintenances(ctx, n.boss, "amos")
			must(t, err)
			if len(list) == 0 {
				return ""
			}
			return list[0].Cause
		}
		strap := made(inventory.Component{Name: inventory.Text{"fr": "courroie"}, Quantity: 1})[0]
		hit := n.mustPlace(n.zoe, booking.Request{Lines: []booking.Want{{Resource: "amos-camera", Quantity: 2}}, StartsAt: at(1, 10, 0), EndsAt: at(1, 12, 0)})
		_, err := n.book.CountComponents(ctx, n.anne, "amos-camera1", map[string]int{strap.ID: 1}, nil, database.Key{})
		must(t, err)
		if got := out(); got != "" {
			t.Fatalf("without an optional part: %q", got)
		}
		strap.Required = true
		made(strap)
		is, err := n.book.Booking(ctx, n.zoe, hit.ID)
		must(t, err)
		if got := out(); got != "incomplete" || is.Lines[0].WithoutUnit != 1 {
			t.Errorf("the part that is missing is required from now on: %q, %+v", got, is.Lines)
		}
		n.clean()
		strap.Required = false
		made(strap)
		is, err = n.book.Booking(ctx, n.zoe, hit.ID)
		must(t, err)
		if got := out(); got != "" || is.Lines[0].WithoutUnit != 0 {
			t.Errorf("it is optional again: %q, %+v", got, is.Lines)
		}
		strap.Required = true
		made(strap)
		made(inventory.Component{Name: inventory.Text{"fr": "étui"}, Quantity: 1, Required: true})
		if got := out(); got != "" {
			t.Errorf("the part that was missing is none any more: %q", got)
		}
		n.clean()
	})
}

// A file of components says what a unit is made of, too.
func TestAUnitFollowsAFileOfComponents(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		ctx := context.Background()
		u, err := n.catalog.SetComponents(ctx, n.boss, "amos-camera1", inventory.ComponentEdits{Parts: []inventory.Component{{Name: inventory.Text{"fr": "courroie"}, Quantity: 1}}}, database.Key{})
		must(t, err)
		_, err = n.book.CountComponents(ctx, n.anne, "amos-camera1", map[string]int{u.Components[0].ID: 1}, nil, database.Key{})
		must(t, err)
		file := "unit,name_fr,required\n" + u.Code + ",courroie,yes\n"
		for _, dry := range []bool{true, false} {
			report, err := n.catalog.Import(ctx, identity.System, strings.NewReader(file), inventory.ImportOptions{DryRun: dry})
			must(t, err)
			list, err := n.book.Maintenances(ctx, n.boss, "amos")
			must(t, err)
			if report.Changed != 1 || len(list) != map[bool]int{true: 0, false: 1}[dry] {
				t.Errorf("dry %v: %+v, %+v", dry, report, list)
			}
		}
		n.clean()
	})
}

// Of a unit that is out with somebody nothing is judged until it comes back.
func TestAUnitThatIsOutIsJudgedAtItsReturn(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		ctx := context.Background()
		parts := []inventory.Component{{Name: inventory.Text{"fr": "courroie"}, Quantity: 1}}
		b := n.mustPlace(n.zoe, want("amos-camera", at(0, 9, 0), at(0, 12, 0)))
		unit := n.unitOf(b)
		u, err := n.catalog.SetComponents(ctx, n.boss, unit, inventory.ComponentEdits{Parts: parts}, database.Key{})
		must(t, err)
		_, err = n.book.CountComponents(ctx, n.anne, unit, map[string]int{u.Components[0].ID: 1}, nil, database.Key{})
		must(t, err)
		n.clock.Set(at(0, 9, 0))
		_, err = n.book.CheckOut(ctx, n.anne, booking.HandOut{Booking: b.ID}, database.Key{})
		must(t, err)
		u.Components[0].Required = true
		_, err = n.catalog.SetComponents(ctx, n.boss, unit, inventory.ComponentEdits{Parts: u.Components}, database.Key{})
		must(t, err)
		n.clock.Set(at(0, 11, 0))
		_, err = n.book.CheckIn(ctx, n.anne, booking.Return{Unit: unit, Hub: "amos"}, database.Key{})
		must(t, err)
		list, err := n.book.Maintenances(ctx, n.boss, "amos")
		must(t, err)
		if len(list) != 1 || list[0].Cause != "incomplete" {
			t.Errorf("it came back without what it needs: %+v", list)
		}
		n.clean()
	})
}

// Dates at the end of the calendar are refused by the verbs, whoever read them.
func TestNobodyPlansForTheEndOfTheCalendar(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		ctx := context.Background()
		end := time.Date(9999, 12, 31, 23, 59, 0, 0, time.UTC)
		_, err := n.book.TakeOut(ctx, n.anne, "amos-camera1", at(0, 9, 0), &end, "", database.Key{})
		wantCodes(t, err, "absurd_date")
		_, err = n.book.TakeOut(ctx, n.anne, "amos-camera1", end, nil, "", database.Key{})
		wantCodes(t, err, "absurd_date")
		_, err = n.book.OutingImpact(ctx, n.anne, "amos-camera1", at(0, 9, 0), &end)
		wantCodes(t, err, "absurd_date")
		m := n.takeOut("amos-camera1", at(0, 9, 0), nil)
		_, err = n.book.EndMaintenance(ctx, n.anne, m.ID, &end, database.Key{})
		wantCodes(t, err, "absurd_date")
		j := journey("amos-camera2", "val-dor", end.Add(-12*time.Hour), end)
		_, err = n.book.PlanTransfer(ctx, n.boss, j, database.Key{})
		wantCodes(t, err, "absurd_date")
		_, err = n.book.JourneyImpact(ctx, n.boss, j)
		wantCodes(t, err, "absurd_date")
		_, err = n.place(n.zoe, want("amos-camera", at(1, 9, 0), end))
		wantCodes(t, err, "absurd_date")
		b := n.mustPlace(n.zoe, want("amos-desk", at(1, 9, 0), at(1, 12, 0)))
		_, err = n.change(n.zoe, b.ID, to(at(1, 9, 0), end))
		wantCodes(t, err, "absurd_date")
		n.clean()
	})
}

// Who was shown whom an outage or a journey moves moves nobody else.
func TestOnlyWhoWasForeseenIsMoved(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		ctx := context.Background()
		seen, err := n.book.OutingImpact(ctx, n.anne, "amos-studio1", at(1, 9, 0), nil)
		must(t, err)
		b := n.mustPlace(n.zoe, want("amos-studio", at(1, 10, 0), at(1, 12, 0)))
		o := booking.Outage{Unit: "amos-studio1", From: at(1, 9, 0), Foreseen: seen.Foreseen()}
		_, err = n.book.TakeOutFor(ctx, n.anne, o, database.Key{})
		wantCodes(t, err, "impact_changed")
		now, err := n.book.OutingImpact(ctx, n.anne, "amos-studio1", at(1, 9, 0), nil)
		must(t, err)
		if got, err := n.book.Booking(ctx, n.zoe, b.ID); err != nil || len(got.Lines[0].Units) != 1 {
			t.Errorf("%+v %v", got.Lines, err)
		}
		o.Foreseen = now.Foreseen()
		_, err = n.book.TakeOutFor(ctx, n.anne, o, database.Key{})
		must(t, err)
		j := journey("amos-camera1", "val-dor", at(0, 12, 0), at(1, 12, 0))
		look, err := n.book.JourneyImpact(ctx, n.boss, j)
		must(t, err)
		n.mustPlace(n.zoe, booking.Request{Lines: []booking.Want{{Resource: "amos-camera", Quantity: 2}}, StartsAt: at(2, 10, 0), EndsAt: at(2, 12, 0)})
		j.Foreseen = look.Foreseen()
		_, err = n.book.PlanTransfer(ctx, n.boss, j, database.Key{})
		wantCodes(t, err, "impact_changed")
		n.clean()
	})
}

// Who was shown whom it moves that a unit leaves for ever moves nobody else either.
func TestRetiringMovesOnlyWhoWasForeseen(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		ctx := context.Background()
		seen, err := n.book.OutingImpact(ctx, n.boss, "amos-studio1", at(0, 9, 0), nil)
		must(t, err)
		b := n.mustPlace(n.zoe, want("amos-studio", at(1, 10, 0), at(1, 12, 0)))
		_, err = n.book.Retire(ctx, n.boss, "amos-studio1", append([]string{}, seen.Foreseen()...), database.Key{})
		wantCodes(t, err, "impact_changed")
		if u := n.unit("amos-studio1"); u.Status != inventory.InService || n.asIs(b.ID).Lines[0].WithoutUnit != 0 {
			t.Errorf("%+v, %+v", u, n.asIs(b.ID).Lines)
		}
		_, err = n.book.Retire(ctx, n.boss, "amos-studio1", []string{b.ID}, database.Key{})
		must(t, err)
		if n.asIs(b.ID).Lines[0].WithoutUnit != 1 {
			t.Errorf("%+v", n.asIs(b.ID).Lines)
		}
		n.clean()
	})
}

// What was lent incomplete before the book followed edits of components is out of service once a server starts.
func TestWhatWasLentIncompleteIsMendedOnce(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		ctx := context.Background()
		n.components("amos-camera1")
		n.components("amos-camera2")
		b := n.mustPlace(n.zoe, cameras(2, at(1, 9, 0), at(1, 15, 0)))
		n.mustExec(`UPDATE components SET missing = 1 WHERE unit_id = $1`, n.id["amos-camera1"]) // as the former edit did
		must(t, n.book.Begin(ctx))
		for range 2 {
			must(t, n.book.Handlers()["booking.incomplete"](ctx, nil))
			list, err := n.book.Maintenances(ctx, n.boss, "amos")
			must(t, err)
			if len(list) != 1 || list[0].UnitID != n.id["amos-camera1"] || list[0].Cause != "incomplete" || n.asIs(b.ID).Lines[0].WithoutUnit != 1 {
				t.Errorf("%+v, %+v", list, n.asIs(b.ID).Lines)
			}
			n.clean()
		}
		var waiting int
		must(t, n.db.Reader(ctx).Get(&waiting, `SELECT COUNT(*) FROM jobs WHERE kind = 'booking.incomplete'`))
		if waiting != 1 {
			t.Errorf("%d jobs wait", waiting)
		}
	})
}

// What a journey makes at the other hub is offered there only once the unit has come.
func TestAJourneyOffersNothingBeforeItArrives(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		ctx := context.Background()
		n.add("amos", "printer", inventory.Machine, 2, inventory.PolicyEdits{Grain: ptr(30), Shortest: ptr(30), Longest: ptr(120)})
		listed := func() bool {
			t.Helper()
			list, _, err := n.catalog.Resources(ctx, inventory.ResourceQuery{Hub: "rouyn", Category: "printer"})
			must(t, err)
			return len(list) > 0
		}
		one := n.plan(journey("amos-printer1", "rouyn", at(0, 12, 0), at(1, 12, 0)))
		if listed() {
			t.Error("a journey that is planned offers a resource")
		}
		_, err := n.place(n.zoe, want(one.ToResourceID, at(2, 10, 0), at(2, 11, 0)))
		if fault.KindOf(err) != fault.NotFound {
			t.Errorf("what is awaited is booked: %v", err)
		}
		_, err = n.book.CancelTransfer(ctx, n.boss, one.ID, database.Key{})
		must(t, err)
		if listed() {
			t.Error("a journey that was called off offers a resource")
		}
		two := n.plan(journey("amos-printer1", "rouyn", at(0, 12, 0), at(1, 12, 0)))
		other := n.plan(journey("amos-printer2", "rouyn", at(0, 12, 0), at(1, 12, 0)))
		if two.ToResourceID != one.ToResourceID || other.ToResourceID != one.ToResourceID {
			t.Errorf("booked there as %s, %s and %s", one.ToResourceID, two.ToResourceID, other.ToResourceID)
		}
		_, err = n.book.ArriveTransfer(ctx, n.boss, two.ID, database.Key{})
		must(t, err)
		if x, err := n.catalog.Resource(ctx, two.ToResourceID); err != nil || x.Awaited || x.Archived || !listed() {
			t.Errorf("it has come: %+v %v", x, err)
		}
		n.mustPlace(n.zoe, want(two.ToResourceID, at(2, 10, 0), at(2, 11, 0)))
		n.clean()
	})
}
