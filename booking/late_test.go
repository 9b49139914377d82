package booking_test

import (
	"context"
	"encoding/json"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"canot/booking"
	"canot/booking/membership"
	"canot/internal/database"
	"canot/internal/database/dbtest"
	"canot/internal/fault"
	"canot/internal/identity"
	"canot/inventory"
)

func (n *network) asIs(id string) booking.Booking {
	n.t.Helper()
	b, err := n.book.Booking(context.Background(), identity.System, id)
	must(n.t, err)
	return b
}

// unitOf is the code of the one unit that a booking has, "" for none.
func (n *network) unitOf(b booking.Booking) string {
	n.t.Helper()
	b = n.asIs(b.ID)
	if len(b.Lines[0].Units) == 0 {
		return ""
	}
	for code, id := range n.id {
		if id == b.Lines[0].Units[len(b.Lines[0].Units)-1] {
			return code
		}
	}
	return b.Lines[0].Units[0]
}

// notices counts the news of a booking, or of anything else, by what they say.
func (n *network) newsOf(id, what string) (count int) {
	n.t.Helper()
	must(n.t, n.db.Reader(context.Background()).Get(&count, `SELECT count(*) FROM jobs WHERE kind = 'notice' AND (args = $1 OR args = $2)`,
		`{"booking":"`+id+`","what":"`+what+`"}`, `{"id":"`+id+`","what":"`+what+`"}`))
	return count
}

func (n *network) begin() {
	n.t.Helper()
	must(n.t, n.book.Begin(context.Background()))
}

func TestALateLoanMovesTheNextBookingToAnEqualUnit(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		n.begin()
		late := n.mustPlace(n.zoe, want("amos-camera", at(0, 9, 0), at(1, 10, 0)))
		n.until(at(0, 9, 0))
		n.mustHandOut(late)
		unit := n.unitOf(late)
		next := n.mustPlace(n.luc, want("amos-camera", at(1, 12, 0), at(1, 16, 0)))
		if n.unitOf(next) != unit {
			t.Fatalf("the test needs the next booking on %s, it has %s", unit, n.unitOf(next))
		}
		n.until(at(1, 10, 10))
		if n.unitOf(next) != unit {
			t.Error("ten minutes late has moved somebody")
		}
		n.until(at(1, 10, 16))
		if n.unitOf(next) == unit || n.unitOf(next) == "" {
			t.Errorf("the next booking has %q", n.unitOf(next))
		}
		if n.newsOf(next.ID, "booking.rehome") != 1 {
			t.Error("the member was not told")
		}
		n.until(at(1, 10, 21))
		n.until(at(1, 10, 26))
		if n.newsOf(next.ID, "booking.rehome") != 1 {
			t.Error("looking again did it again")
		}
		n.clean()
		got := n.mustBringBack(unit)
		if got.Booking.Status != booking.Completed {
			t.Errorf("it is %s", got.Booking.Status)
		}
		n.clean()
	})
}

func TestALateLoanLeavesTheNextWithoutUnitUntilItIsBack(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		n.begin()
		both := func(from, to time.Time) booking.Request {
			r := want("amos-camera", from, to)
			r.Lines[0].Quantity = 2
			return r
		}
		late := n.mustPlace(n.zoe, both(at(0, 9, 0), at(1, 10, 0)))
		n.until(at(0, 9, 0))
		n.mustHandOut(late)
		next := n.mustPlace(n.luc, want("amos-camera", at(1, 13, 0), at(1, 16, 0)))
		unit := n.unitOf(next)
		n.until(at(1, 10, 20))
		if got := n.asIs(next.ID); got.Lines[0].WithoutUnit != 1 || n.newsOf(next.ID, "booking.lose_unit") != 1 {
			t.Fatalf("%+v", got.Lines[0])
		}
		n.clean()
		if _, err := n.place(n.luc, want("amos-camera", at(1, 12, 0), at(1, 13, 0))); err == nil {
			t.Error("what is out was booked again")
		}
		n.clock.Set(at(1, 10, 40))
		if got := n.mustBringBack(unit); !slices.Contains(got.Given, next.ID) {
			t.Errorf("%+v", got)
		}
		if got := n.asIs(next.ID); got.Lines[0].WithoutUnit != 0 || len(got.Lines[0].Units) != 1 || n.newsOf(next.ID, "booking.find_unit") != 1 {
			t.Errorf("%+v", got.Lines[0])
		}
		n.clean()
	})
}

func TestTheLaterALoanTheFurtherItIsHeld(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		n.begin()
		late := n.mustPlace(n.zoe, want("amos-camera", at(0, 9, 0), at(0, 15, 0)))
		n.until(at(0, 9, 0))
		n.mustHandOut(late)
		unit := n.unitOf(late)
		held := func() time.Time {
			var ends []time.Time
			must(t, n.db.Reader(context.Background()).Select(&ends, `SELECT ends_at FROM occupancies WHERE unit_id = $1 AND live AND booking_id = $2`, n.id[unit], late.ID))
			return ends[0].UTC()
		}
		for _, x := range []struct{ now, least, most time.Time }{
			{at(0, 14, 59), at(0, 16, 0), at(0, 16, 0)}, // its clean-up
			{at(0, 15, 20), at(0, 18, 20), at(0, 19, 20)},
			{at(0, 18, 0), at(0, 21, 0), at(0, 22, 0)},
			{at(0, 19, 30), at(2, 7, 30), at(2, 19, 30)},
			{at(6, 12, 0), at(7, 12, 0), at(8, 12, 0)},
			{at(8, 12, 0), at(30, 12, 0), at(38, 12, 0)},
		} {
			n.until(x.now)
			if got := held(); got.Before(x.least) || got.After(x.most) {
				t.Errorf("at %v it is held until %v, want %v to %v", x.now, got, x.least, x.most)
			}
		}
		n.clean()
		n.mustBringBack(unit)
		if got := held(); !got.Equal(at(8, 13, 0)) {
			t.Errorf("back at noon it is held until %v", got)
		}
		n.clean()
	})
}

func TestALateLoanPutsOffWhatWasPlannedForIt(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		ctx := context.Background()
		n.begin()
		late := n.mustPlace(n.zoe, want("amos-camera", at(0, 9, 0), at(0, 15, 0)))
		n.until(at(0, 9, 0))
		n.mustHandOut(late)
		unit := n.unitOf(late)
		m, err := n.book.TakeOut(ctx, n.anne, unit, at(0, 17, 0), ptr(at(0, 18, 0)), "", database.Key{})
		must(t, err)
		hit := n.mustPlace(n.luc, want("amos-camera", at(1, 9, 0), at(1, 10, 0)))
		_ = hit
		n.until(at(0, 15, 20))
		all, err := n.book.Maintenances(ctx, n.anne, "amos")
		must(t, err)
		if len(all) != 1 || all[0].ID != m.ID || !all[0].StartsAt.Equal(at(0, 19, 20)) || !all[0].EndsAt.Equal(at(0, 20, 20)) {
			t.Errorf("%+v", all)
		}
		n.clean()
		n.until(at(0, 19, 40)) // four hours and more: two days ahead
		n.clean()
		n.mustBringBack(unit)
		n.clean()
	})
}

func TestWhoHasALoanIsRemindedBeforeAndAfter(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		n.begin()
		loan := n.mustPlace(n.zoe, want("amos-camera", at(0, 9, 0), at(2, 15, 0)))
		short := n.mustPlace(n.luc, want("amos-camera", at(0, 9, 0), at(0, 15, 0)))
		n.until(at(0, 9, 0))
		n.mustHandOut(loan)
		n.mustHandOut(short)
		check := func(at time.Time, id string, want ...int) {
			t.Helper()
			n.until(at)
			var got []int
			for _, what := range []string{"booking.due_tomorrow", "booking.late", "booking.late_again", "booking.overdue.staff"} {
				got = append(got, n.newsOf(id, what))
			}
			if !slices.Equal(got, want) {
				t.Errorf("at %v told %v, want %v", at, got, want)
			}
		}
		check(at(0, 15, 30), short.ID, 0, 0, 0, 0)
		check(at(0, 16, 5), short.ID, 0, 1, 0, 0)
		check(at(0, 16, 10), short.ID, 0, 1, 0, 0)
		check(at(1, 8, 55), loan.ID, 0, 0, 0, 0)
		check(at(1, 9, 0), loan.ID, 1, 0, 0, 0)
		check(at(1, 9, 5), loan.ID, 1, 0, 0, 0)
		check(at(1, 9, 10), short.ID, 0, 1, 1, 0)
		check(at(1, 15, 0), short.ID, 0, 1, 1, 1)
		check(at(2, 9, 0), short.ID, 0, 1, 2, 1)
		check(at(2, 16, 0), loan.ID, 1, 1, 0, 0)
		n.mustBringBack(n.unitOf(loan))
		check(at(3, 9, 0), loan.ID, 1, 1, 0, 0)
		for day := 4; day < 20; day++ {
			n.until(at(day, 9, 0))
		}
		check(at(20, 9, 0), short.ID, 0, 1, 9, 1)
		n.clean()
	})
}

func TestWhoIsLateTooOftenIsSuspended(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		ctx := context.Background()
		_, err := n.catalog.UpdateHub(ctx, identity.System, "amos", inventory.HubEdits{SuspendAfter: ptr(2), SuspendDays: ptr(10)}, database.Key{})
		must(t, err)
		lend := func(day, minutes int) {
			t.Helper()
			n.until(at(day, 8, 0))
			b := n.mustPlace(n.zoe, want("amos-camera", at(day, 9, 0), at(day, 12, 0)))
			n.clock.Set(at(day, 9, 0))
			n.mustHandOut(b)
			n.until(at(day, 12, minutes))
			n.mustBringBack(n.unitOf(b))
		}
		lend(0, 90)
		lend(1, 30) // within the hour
		lend(2, 61)
		list, err := n.rolls.Suspensions(ctx, n.zoe, n.zoe.ID)
		must(t, err)
		if len(list) != 1 || list[0].Cause != membership.SuspendedLate || !list[0].EndsAt.Equal(at(12, 13, 1)) || n.newsOf(list[0].ID, "member.suspended") != 1 {
			t.Fatalf("%+v", list)
		}
		_, err = n.place(n.zoe, want("amos-camera", at(3, 9, 0), at(3, 12, 0)))
		wantCodes(t, err, "suspended")
		if until := fault.Of(err).Violations[0].Params["until"].(time.Time); !until.Equal(at(12, 13, 1)) {
			t.Errorf("until %v", until)
		}
		n.mustPlace(n.zoe, want("val-dor-camera", at(3, 9, 0), at(3, 12, 0)))
		n.mustPlace(n.luc, want("amos-camera", at(3, 9, 0), at(3, 12, 0)))
		n.mustPlace(n.zoe, want("amos-desk", at(14, 9, 0), at(14, 12, 0)))
		waived := want("amos-camera", at(3, 9, 0), at(3, 12, 0))
		waived.MemberID, waived.Waive = n.zoe.ID, []booking.Waiver{{Rule: "suspended", Reason: "Tournage du festival"}}
		_, err = n.place(n.boss, waived)
		must(t, err)
		_, err = n.rolls.LiftSuspension(ctx, n.zoe, list[0].ID, "", database.Key{})
		wantCodes(t, err, "not_allowed")
		_, err = n.rolls.LiftSuspension(ctx, n.boss, list[0].ID, "Malentendu", database.Key{})
		must(t, err)
		n.mustPlace(n.zoe, want("amos-desk", at(3, 9, 0), at(3, 12, 0)))
		n.clean()
	})
}

func TestASuspendedPersonTakesNothingAtTheCounter(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		ctx := context.Background()
		b := n.mustPlace(n.zoe, want("amos-camera", at(0, 9, 0), at(0, 12, 0)))
		_, err := n.rolls.SuspendMember(ctx, n.anne, membership.NewSuspension{MemberID: n.zoe.ID, HubID: "amos", Reason: "x", Until: at(5, 9, 0)}, database.Key{})
		wantCodes(t, err, "not_allowed")
		s, err := n.rolls.SuspendMember(ctx, n.boss, membership.NewSuspension{MemberID: n.zoe.ID, HubID: "amos", Reason: "Trépied perdu", Until: at(5, 9, 0)}, database.Key{})
		must(t, err)
		n.clock.Set(at(0, 9, 0))
		_, err = n.book.CheckOut(ctx, n.anne, booking.HandOut{Booking: b.ID}, database.Key{})
		wantCodes(t, err, "suspended")
		_, err = n.rolls.LiftSuspension(ctx, n.boss, s.ID, "", database.Key{})
		must(t, err)
		n.mustHandOut(b)
		n.clean()
	})
}

// holdsBeyond reports whether the unit of a late loan is held beyond an instant.
func (n *network) holdsBeyond(b booking.Booking, at time.Time) bool {
	n.t.Helper()
	var held int
	must(n.t, n.db.Reader(context.Background()).Get(&held, `SELECT count(*) FROM occupancies WHERE booking_id = $1 AND live AND ends_at > $2`, b.ID, at))
	return held > 0
}

func TestWhatIsHandedOutForMinutesIsLookedAtWhenItIsDue(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		n.add("amos", "printer", inventory.Equipment, 1, inventory.PolicyEdits{Grain: ptr(1), Shortest: ptr(1), Longest: ptr(120)})
		n.begin()
		n.until(at(0, 9, 55))
		due := at(0, 10, 2)
		short := n.mustPlace(n.zoe, want("amos-printer", at(0, 9, 58), due))
		n.until(at(0, 9, 55)) // what booking it asks for
		n.until(at(0, 10, 0))
		n.clock.Set(at(0, 10, 1))
		n.mustHandOut(short)
		n.until(due)
		if !n.holdsBeyond(short, due) {
			t.Error("it is late, and anybody may book it")
		}
		var waiting int
		must(t, n.db.Reader(context.Background()).Get(&waiting, `SELECT count(*) FROM jobs WHERE kind = 'booking.late'`))
		if waiting != 1 {
			t.Errorf("%d looks wait", waiting)
		}
	})
}

func TestWhatFallsDueDuringALookIsLookedAtNext(t *testing.T) {
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			clock := dbtest.NewClock(monday)
			var creeps atomic.Bool
			n := newNetwork(t, dbtest.Open(t, engine, database.Settings{Clock: func() time.Time {
				if creeps.Load() {
					clock.Move(time.Second)
				}
				return clock.Now()
			}}), clock)
			n.add("amos", "printer", inventory.Equipment, 1, inventory.PolicyEdits{Grain: ptr(1), Shortest: ptr(1), Longest: ptr(120)})
			due := at(0, 10, 2)
			b := n.mustPlace(n.zoe, want("amos-printer", at(0, 9, 58), due))
			n.clock.Set(at(0, 9, 58))
			n.mustHandOut(b)
			n.clock.Set(due.Add(-2500 * time.Millisecond)) // it passes once the late ones are read
			creeps.Store(true)
			must(t, n.book.Handlers()["booking.late"](context.Background(), json.RawMessage(`{}`)))
			creeps.Store(false)
			if n.holdsBeyond(b, due) {
				t.Fatal("the look has seen it: the test sets the clock too late")
			}
			n.until(n.clock.Now())
			if !n.holdsBeyond(b, due) {
				t.Error("it is late, and anybody may book it")
			}
		})
	}
}
