package booking_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"canot/booking"
	"canot/internal/database"
	"canot/internal/fault"
	"canot/internal/identity"
	"canot/inventory"
)

// handOut hands out units of a booking, all that it waits for without any.
func (n *network) handOut(b booking.Booking, units ...string) (booking.Booking, error) {
	return n.book.CheckOut(context.Background(), n.anne, booking.HandOut{Booking: b.ID, Units: units}, database.Key{})
}

func (n *network) mustHandOut(b booking.Booking, units ...string) booking.Booking {
	n.t.Helper()
	is, err := n.handOut(b, units...)
	must(n.t, err)
	return is
}

func (n *network) bringBack(unit string) (booking.Returned, error) {
	return n.book.CheckIn(context.Background(), n.anne, booking.Return{Unit: unit}, database.Key{})
}

func (n *network) mustBringBack(unit string) booking.Returned {
	n.t.Helper()
	r, err := n.bringBack(unit)
	must(n.t, err)
	return r
}

// codeOf is the code of the first unit of a booking.
func (n *network) codeOf(b booking.Booking) string {
	n.t.Helper()
	for code, id := range n.id {
		if slices.Contains(b.Lines[0].Units, id) {
			return code
		}
	}
	n.t.Fatalf("no unit in %+v", b.Lines)
	return ""
}

// otherCamera is the camera of Amos that is not this one.
func otherCamera(code string) string {
	if code == "amos-camera1" {
		return "amos-camera2"
	}
	return "amos-camera1"
}

func cameras(n int, from, to time.Time) booking.Request {
	return booking.Request{Lines: []booking.Want{{Resource: "amos-camera", Quantity: n}}, StartsAt: from, EndsAt: to}
}

func TestALoanLastsUntilTheReturn(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		ctx := context.Background()
		b := n.mustPlace(n.zoe, cameras(1, at(0, 9, 0), at(0, 15, 0)))
		n.clock.Set(at(0, 8, 45))
		out := n.mustHandOut(b)
		if out.Status != booking.InUse || out.Version != b.Version+1 {
			t.Errorf("handed out it is %s, version %d", out.Status, out.Version)
		}
		loans, err := n.book.Loans(ctx, n.zoe, b.ID)
		must(t, err)
		if len(loans) != 1 || !loans[0].OutAt.Equal(at(0, 8, 45)) || !loans[0].DueAt.Equal(at(0, 15, 0)) || loans[0].BackAt != nil || loans[0].Code != n.codeOf(b) {
			t.Fatalf("loans %+v", loans)
		}
		_, err = n.handOut(b)
		wantCodes(t, err, "bad_status")
		again := n.mustHandOut(b, n.codeOf(b)) // by name it is not done twice
		if again.Version != out.Version {
			t.Errorf("handed out again it is version %d", again.Version)
		}
		n.clean()
		n.clock.Set(at(0, 15, 30))
		must(t, n.book.Settle(ctx, b.ID))
		if s := n.see(b.ID).Status; s != booking.InUse {
			t.Errorf("late it is %s", s)
		}
		n.clean()
		r := n.mustBringBack(n.codeOf(b))
		if r.Already || r.Booking.Status != booking.Completed || r.Loan.BackAt == nil || !r.Loan.BackAt.Equal(at(0, 15, 30)) {
			t.Errorf("back: %+v", r)
		}
		before := n.see(b.ID)
		twice := n.mustBringBack(n.codeOf(b))
		if !twice.Already || twice.Loan.ID != r.Loan.ID || n.see(b.ID).Version != before.Version {
			t.Errorf("brought back twice: %+v", twice)
		}
		n.clean()
		n.balanced()
	})
}

func TestAnEarlyReturnFreesTheRestAtOnce(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		b := n.mustPlace(n.zoe, cameras(2, at(0, 9, 0), at(2, 15, 0)))
		n.clock.Set(at(0, 9, 0))
		n.mustHandOut(b)
		n.clock.Set(at(0, 12, 0))
		_, err := n.place(n.luc, cameras(1, at(0, 14, 0), at(0, 16, 0)))
		wantCodes(t, err, "taken")
		r := n.mustBringBack("amos-camera1")
		if r.Booking.Status != booking.InUse {
			t.Errorf("one of two is back, and it is %s", r.Booking.Status)
		}
		n.clean()
		_, err = n.place(n.luc, cameras(1, at(0, 12, 0), at(0, 14, 0))) // the clean-up lasts an hour
		wantCodes(t, err, "taken")
		c := n.mustPlace(n.luc, cameras(1, at(0, 14, 0), at(0, 16, 0)))
		if !slices.Equal(c.Lines[0].Units, []string{n.id["amos-camera1"]}) {
			t.Errorf("luc gets %v", c.Lines[0].Units)
		}
		r = n.mustBringBack("amos-camera2")
		if r.Booking.Status != booking.Completed {
			t.Errorf("all is back, and it is %s", r.Booking.Status)
		}
		n.clean()
		n.balanced()
	})
}

func TestAPartLeavesAndTheRestLater(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		ctx := context.Background()
		b := n.mustPlace(n.zoe, cameras(2, at(0, 9, 0), at(0, 15, 0)))
		n.clock.Set(at(0, 9, 0))
		if is := n.mustHandOut(b, "amos-camera2"); is.Status != booking.InUse {
			t.Errorf("it is %s", is.Status)
		}
		n.clean()
		n.clock.Set(at(0, 10, 0))
		n.mustHandOut(b)
		loans, err := n.book.Loans(ctx, n.anne, b.ID)
		must(t, err)
		if len(loans) != 2 || loans[0].Code != "amos-camera2" || loans[1].Code != "amos-camera1" {
			t.Errorf("loans %+v", loans)
		}
		n.mustBringBack("amos-camera2")
		// What came back by mistake goes out again, as part of the same booking.
		n.clock.Set(at(0, 11, 0))
		n.mustHandOut(b, "amos-camera2")
		n.clean()
		n.mustBringBack("amos-camera1")
		if r := n.mustBringBack("amos-camera2"); r.Booking.Status != booking.Completed {
			t.Errorf("it is %s", r.Booking.Status)
		}
		if is := n.mustHandOut(b, "amos-camera2"); is.Status != booking.InUse {
			t.Errorf("taken again it is %s", is.Status)
		}
		n.clean()
		n.mustBringBack("amos-camera2")
		n.clean()
		n.balanced()
	})
}

// A booking whose time passes with a unit on the shelf is over when what left is back.
func TestWhatNeverLeftKeepsNothingOpen(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		ctx := context.Background()
		b := n.mustPlace(n.zoe, cameras(2, at(0, 9, 0), at(0, 15, 0)))
		n.clock.Set(at(0, 9, 0))
		n.mustHandOut(b, "amos-camera1")
		if r := n.mustBringBack("amos-camera1"); r.Booking.Status != booking.InUse {
			t.Errorf("one camera waits on the shelf, and it is %s", r.Booking.Status)
		}
		n.clean()
		n.clock.Set(at(0, 15, 0))
		must(t, n.book.Settle(ctx, b.ID))
		if s := n.see(b.ID).Status; s != booking.Completed {
			t.Errorf("it is %s", s)
		}
		n.clean()
	})
}

func TestAnEqualUnitTakesThePlaceOfTheOneThatWasGiven(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		b := n.mustPlace(n.zoe, cameras(1, at(0, 9, 0), at(0, 15, 0)))
		mine, other := n.codeOf(b), otherCamera(n.codeOf(b))
		n.clock.Set(at(0, 8, 40))
		is := n.mustHandOut(b, other)
		if !slices.Equal(is.Lines[0].Units, []string{n.id[other]}) {
			t.Errorf("it has %v", is.Lines[0].Units)
		}
		n.clean()
		c := n.mustPlace(n.luc, cameras(1, at(0, 9, 0), at(0, 15, 0)))
		if n.codeOf(c) != mine {
			t.Errorf("luc gets %s", n.codeOf(c))
		}
		_, err := n.handOut(b, mine)
		wantCodes(t, err, "all_out")
		_, err = n.handOut(c, other)
		wantCodes(t, err, "unit_out")
		_, err = n.handOut(c, "amos-desk1")
		wantCodes(t, err, "wrong_unit")
		_, err = n.handOut(c, "nothing")
		wantCodes(t, err, "unit_not_found")
		n.clean()
	})
}

func TestAPromisedUnitStaysPromised(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		ctx := context.Background()
		b := n.mustPlace(n.zoe, cameras(1, at(0, 9, 0), at(0, 15, 0)))
		c := n.mustPlace(n.luc, cameras(1, at(0, 10, 0), at(0, 16, 0)))
		mine, promised := n.codeOf(b), n.codeOf(c)
		n.clock.Set(at(0, 9, 0))
		_, err := n.handOut(b, promised)
		wantCodes(t, err, "unit_promised")
		v := fault.Of(err).Violations[0]
		if fault.KindOf(err) != fault.Taken || v.Params["reference"] != c.Reference || v.Params["unit"] != promised || !v.Params["from"].(time.Time).Equal(at(0, 10, 0)) {
			t.Errorf("%v %+v", fault.KindOf(err), v)
		}
		n.clean()
		h := booking.HandOut{Booking: b.ID, Units: []string{promised}, Override: "Tournage demain"}
		_, err = n.book.CheckOut(ctx, n.anne, h, database.Key{})
		wantCodes(t, err, "not_allowed")
		// Exchanged, both have one.
		h.Override, h.Swap = "", true
		_, err = n.book.CheckOut(ctx, n.anne, h, database.Key{})
		must(t, err)
		if got := n.codeOf(n.see(c.ID)); got != mine {
			t.Errorf("luc has %s", got)
		}
		n.clean()
		n.balanced()
	})
}

func TestAnOverrideHousesTheRobbedElsewhereAndIsLogged(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		ctx := context.Background()
		b := n.mustPlace(n.zoe, cameras(1, at(0, 9, 0), at(0, 15, 0)))
		c := n.mustPlace(n.luc, cameras(1, at(0, 10, 0), at(0, 16, 0)))
		mine, promised := n.codeOf(b), n.codeOf(c)
		n.clock.Set(at(0, 9, 0))
		n.takeOut(mine, at(0, 9, 0), nil) // zoé's is broken
		_, err := n.handOut(b)
		wantCodes(t, err, "unit_missing")
		h := booking.HandOut{Booking: b.ID, Units: []string{promised}, Swap: true}
		_, err = n.book.CheckOut(ctx, n.boss, h, database.Key{})
		wantCodes(t, err, "swap_impossible")
		h.Swap, h.Override = false, "  "
		_, err = n.book.CheckOut(ctx, n.boss, h, database.Key{})
		wantCodes(t, err, "unit_promised")
		h.Override = "Tournage demain"
		is, err := n.book.CheckOut(ctx, n.boss, h, database.Key{})
		must(t, err)
		if is.Lines[0].WithoutUnit != 0 || n.codeOf(is) != promised {
			t.Errorf("zoé has %+v", is.Lines)
		}
		if robbed := n.see(c.ID); robbed.Lines[0].WithoutUnit != 1 {
			t.Errorf("luc has %+v", robbed.Lines)
		}
		lifted, err := n.book.Waivers(ctx, n.boss, b.ID)
		must(t, err)
		if len(lifted) != 1 || lifted[0].Rule != "unit_promised" || lifted[0].Reason != "Tournage demain" || lifted[0].GivenBy != n.boss.ID {
			t.Errorf("written: %+v", lifted)
		}
		var logged int
		must(t, n.db.Reader(ctx).Get(&logged, `SELECT count(*) FROM changes WHERE action = 'booking.override' AND actor_id = $1`, n.boss.ID))
		if logged != 1 {
			t.Errorf("logged %d times", logged)
		}
		n.clean()
		n.balanced()
	})
}

func TestWhatIsHandedOutMustBeThereAndWhole(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		ctx := context.Background()
		b := n.mustPlace(n.zoe, cameras(1, at(0, 9, 0), at(0, 15, 0)))
		other := otherCamera(n.codeOf(b))
		n.clock.Set(at(0, 9, 0))
		m := n.takeOut(other, at(0, 12, 0), nil)
		_, err := n.handOut(b, other) // it goes to the workshop at noon
		wantCodes(t, err, "out_of_service")
		_, err = n.book.EndMaintenance(ctx, n.anne, m.ID, nil, database.Key{})
		must(t, err)
		_, err = n.handOut(b, "val-dor-camera1")
		wantCodes(t, err, "wrong_unit")
		_, err = n.book.Retire(ctx, n.boss, other, nil, database.Key{})
		must(t, err)
		_, err = n.handOut(b, other)
		wantCodes(t, err, "out_of_service")
		n.mustHandOut(b)
		_, err = n.book.TakeOut(ctx, n.anne, n.codeOf(b), at(0, 9, 0), nil, "", database.Key{})
		wantCodes(t, err, "unit_out")
		_, err = n.book.TakeOut(ctx, n.anne, n.codeOf(b), at(0, 14, 0), nil, "", database.Key{})
		wantCodes(t, err, "unit_out")
		_, err = n.book.Retire(ctx, n.boss, n.codeOf(b), nil, database.Key{})
		wantCodes(t, err, "unit_out")
		wantCodes(t, n.cancel(n.anne, b.ID), "handed_out")
		n.clean()
	})
}

func TestSomebodyPresentNeverStandsInTheWayOfAHandOver(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		// The clean-up of the booking before is over when staff hand the camera out.
		b := n.mustPlace(n.zoe, cameras(2, at(0, 9, 0), at(0, 11, 0)))
		c := n.mustPlace(n.luc, cameras(2, at(0, 12, 0), at(0, 15, 0)))
		n.clock.Set(at(0, 9, 0))
		n.mustHandOut(b)
		n.clock.Set(at(0, 11, 35))
		_, err := n.handOut(c)
		wantCodes(t, err, "unit_out", "unit_out")
		n.mustBringBack("amos-camera1")
		n.mustBringBack("amos-camera2")
		n.mustHandOut(c)
		n.clean()
	})
}

func TestAReturnOfWhatIsDamagedMovesTheNext(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		ctx := context.Background()
		b := n.mustPlace(n.zoe, cameras(1, at(0, 9, 0), at(0, 11, 0)))
		mine := n.codeOf(b)
		n.clock.Set(at(0, 9, 0))
		n.mustHandOut(b)
		var next []booking.Booking
		for _, r := range []booking.Request{cameras(1, at(0, 13, 0), at(0, 15, 0)), cameras(2, at(1, 9, 0), at(1, 12, 0))} {
			next = append(next, n.mustPlace(n.luc, r))
		}
		n.clock.Set(at(0, 10, 30))
		r, err := n.book.CheckIn(ctx, n.anne, booking.Return{Unit: mine, Damaged: true, Trouble: "Objectif fendu", Condition: "éraflé"}, database.Key{})
		must(t, err)
		if r.Maintenance == nil || r.Maintenance.Cause != "repair" || r.Maintenance.TicketID == "" || r.Booking.Status != booking.Completed {
			t.Fatalf("%+v", r)
		}
		if got := n.see(next[1].ID); got.Lines[0].WithoutUnit != 1 || !slices.Contains(r.WithoutUnit, got.ID) {
			t.Errorf("two cameras are promised tomorrow, and one is broken: %+v, told %v", got.Lines, r.WithoutUnit)
		}
		if got := n.see(next[0].ID); got.Lines[0].WithoutUnit != 0 || n.codeOf(got) == mine {
			t.Errorf("the next one has %+v", got.Lines)
		}
		l, err := n.book.Loan(ctx, n.anne, r.Loan.ID)
		must(t, err)
		if !l.Damaged || l.ConditionIn != "éraflé" {
			t.Errorf("%+v", l)
		}
		n.clean()
		n.balanced()
	})
}

func TestWhatIsMissingKeepsAUnitIn(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		ctx := context.Background()
		battery := n.components("amos-camera1")
		n.takeOut("amos-camera2", at(0, 8, 0), nil)
		b := n.mustPlace(n.zoe, cameras(1, at(0, 9, 0), at(0, 11, 0)))
		n.clock.Set(at(0, 9, 0))
		n.mustHandOut(b)
		r, err := n.book.CheckIn(ctx, n.anne, booking.Return{Unit: "amos-camera1", Missing: map[string]int{battery: 1}}, database.Key{})
		must(t, err)
		if r.Maintenance == nil || r.Maintenance.Cause != "incomplete" || r.Loan.Missing[battery] != 1 {
			t.Fatalf("%+v", r)
		}
		_, err = n.place(n.luc, cameras(1, at(0, 13, 0), at(0, 15, 0)))
		wantCodes(t, err, "taken")
		n.clean()
		// The battery was in the bag.
		_, err = n.book.Inspect(ctx, n.anne, r.Loan.ID, booking.Return{Missing: map[string]int{battery: 0}}, database.Key{})
		must(t, err)
		n.mustPlace(n.luc, cameras(1, at(0, 13, 0), at(0, 15, 0)))
		_, err = n.book.Inspect(ctx, n.anne, r.Loan.ID, booking.Return{Damaged: true}, database.Key{})
		must(t, err)
		twice, err := n.book.Inspect(ctx, n.anne, r.Loan.ID, booking.Return{Damaged: true}, database.Key{})
		must(t, err)
		if twice.Maintenance != nil {
			t.Errorf("told twice: %+v", twice.Maintenance)
		}
		var tickets int
		must(t, n.db.Reader(ctx).Get(&tickets, `SELECT count(*) FROM tickets WHERE kind = 'damage'`))
		if tickets != 2 {
			t.Errorf("%d tickets, one for the battery and one for the damage were to be", tickets)
		}
		_, err = n.book.Inspect(ctx, n.zoe, r.Loan.ID, booking.Return{Damaged: true}, database.Key{})
		wantCodes(t, err, "loan_not_found")
		n.clean()
	})
}

// components gives a unit three batteries, which it needs, and returns their id.
func (n *network) components(code string) string {
	n.t.Helper()
	u, err := n.catalog.SetComponents(context.Background(), identity.System, code,
		inventory.ComponentEdits{Parts: []inventory.Component{{Name: inventory.Text{"fr": "pile"}, Quantity: 3, Required: true}}}, database.Key{})
	must(n.t, err)
	return u.Components[0].ID
}

func TestWhatComesBackElsewhereIsToGoHome(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		ctx := context.Background()
		b := n.mustPlace(n.zoe, cameras(1, at(0, 9, 0), at(0, 15, 0)))
		mine := n.codeOf(b)
		n.clock.Set(at(0, 9, 0))
		n.mustHandOut(b)
		next := n.mustPlace(n.luc, cameras(2, at(1, 9, 0), at(1, 12, 0)))
		later := n.mustPlace(n.luc, cameras(2, at(9, 9, 0), at(9, 12, 0)))
		n.clock.Set(at(0, 14, 0))
		_, err := n.book.CheckIn(ctx, n.anne, booking.Return{Unit: mine, Hub: "val-dor"}, database.Key{})
		wantCodes(t, err, "unit_not_found")
		r, err := n.book.CheckIn(ctx, n.boss, booking.Return{Unit: mine, Hub: "val-dor"}, database.Key{})
		must(t, err)
		if r.TransferID == "" || r.Loan.BackHubID != n.id["val-dor"] || r.Booking.Status != booking.Completed {
			t.Fatalf("%+v", r)
		}
		u, err := n.catalog.Unit(ctx, mine)
		must(t, err)
		if u.CurrentHubID != n.id["val-dor"] || u.HomeHubID != n.id["amos"] {
			t.Errorf("it is at %s", u.CurrentHubID)
		}
		if n.see(next.ID).Lines[0].WithoutUnit != 1 || n.see(later.ID).Lines[0].WithoutUnit != 0 {
			t.Errorf("tomorrow %+v, next week %+v", n.see(next.ID).Lines, n.see(later.ID).Lines)
		}
		n.clock.Set(at(1, 9, 0))
		_, err = n.handOut(n.see(next.ID), mine)
		wantCodes(t, err, "unit_away")
		n.clean()
	})
}

func TestWhatIsLostIsNotOutAnyMore(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		ctx := context.Background()
		b := n.mustPlace(n.zoe, cameras(1, at(0, 9, 0), at(0, 15, 0)))
		mine := n.codeOf(b)
		n.clock.Set(at(0, 9, 0))
		n.mustHandOut(b)
		n.clock.Set(at(0, 14, 0))
		_, err := n.book.TakeOutFor(ctx, n.anne, booking.Outage{Unit: mine, From: at(0, 14, 0), Cause: "lost"}, database.Key{})
		must(t, err)
		loans, err := n.book.Loans(ctx, n.anne, b.ID)
		must(t, err)
		if l := loans[0]; l.BackAt == nil || l.BackHubID != "" || n.see(b.ID).Status != booking.Completed {
			t.Errorf("%+v, and the booking is %s", l, n.see(b.ID).Status)
		}
		n.clean()
		n.balanced()
	})
}
