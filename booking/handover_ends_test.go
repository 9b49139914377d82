package booking_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"canot/booking"
	"canot/internal/database"
	"canot/internal/identity"
	"canot/inventory"
)

// Whoever waits for a unit that they lost gets what is out when it is back: an extension must not take it.
func TestAnExtensionTakesNothingFromWhoWaits(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		ctx, no := context.Background(), database.Key{}
		b := n.mustPlace(n.zoe, cameras(1, at(0, 9, 0), at(0, 12, 0)))
		n.clock.Set(at(0, 9, 0))
		n.mustHandOut(b)
		other := otherCamera(n.codeOf(b))
		waits := n.mustPlace(n.luc, cameras(1, at(0, 9, 0), at(1, 12, 0)))
		n.takeOut(other, at(0, 9, 0), nil)
		if got := n.see(waits.ID); got.Lines[0].WithoutUnit != 1 {
			t.Fatalf("the test needs somebody who waits: %+v", got.Lines[0])
		}
		_, err := n.book.Extend(ctx, n.zoe, b.ID, at(0, 14, 0), 0, no)
		wantCodes(t, err, "extension_taken")
		if ends, err := n.book.ExtendEnds(ctx, n.zoe, b.ID); err != nil || len(ends) != 0 {
			t.Errorf("proposed %v, %v", ends, err)
		}
		n.clock.Set(at(0, 12, 0))
		if r := n.mustBringBack(n.codeOf(b)); !slices.Contains(r.Given, waits.ID) {
			t.Errorf("they got nothing: %+v", r)
		}
		n.clean()
	})
}

// Of an extension only the new end is judged: a walk-in neither begins on the grain nor lasts for long.
func TestAWalkInIsExtendedOnTheGrain(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		ctx, no := context.Background(), database.Key{}
		n.employ(n.boss)
		n.clock.Set(at(0, 9, 17))
		b, err := n.book.WalkIn(ctx, n.boss, booking.WalkIn{Hub: "amos", New: &identity.NewMember{Name: "Rosalie"}, Units: []string{"amos-camera1"},
			Until: at(0, 9, 40), Override: "un appel urgent"}, no)
		must(t, err)
		lifted, err := n.book.Waivers(ctx, n.boss, b.ID)
		must(t, err)
		if len(lifted) != 1 || lifted[0].Rule != "too_short" || lifted[0].Reason != "un appel urgent" {
			t.Errorf("lifted %+v", lifted)
		}
		ends, err := n.book.ExtendEnds(ctx, n.boss, b.ID)
		must(t, err)
		if want := []time.Time{at(0, 10, 0), at(0, 11, 0), at(0, 12, 0), at(0, 13, 0)}; !slices.EqualFunc(ends, want, time.Time.Equal) {
			t.Errorf("proposed %v, want %v", ends, want)
		}
		for _, end := range ends {
			if _, err := n.book.Extend(ctx, n.boss, b.ID, end, 0, no); err != nil {
				t.Errorf("until %v: %v", end, codes(err))
			}
		}
		_, err = n.book.Extend(ctx, n.boss, b.ID, at(0, 13, 10), 0, no)
		wantCodes(t, err, "off_grain")
		n.clean()
	})
}

// On a grain of some minutes the times are proposed that people ask for, not the next six minutes.
func TestAFineGrainProposesSensibleEnds(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		ctx, no := context.Background(), database.Key{}
		n.policy("amos-camera", inventory.PolicyEdits{Grain: ptr(1)})
		b := n.mustPlace(n.zoe, cameras(1, at(0, 9, 0), at(0, 12, 0)))
		n.clock.Set(at(0, 9, 0))
		n.mustHandOut(b)
		n.clock.Set(at(0, 11, 8))
		ends, err := n.book.ExtendEnds(ctx, n.zoe, b.ID)
		must(t, err)
		want := []time.Time{at(0, 12, 15), at(0, 12, 30), at(0, 13, 0), at(0, 14, 0)}
		if len(ends) < 4 || len(ends) > 6 || !slices.EqualFunc(ends[:4], want, time.Time.Equal) {
			t.Errorf("proposed %v, want %v and the last of the day and the next one at most", ends, want)
		}
		for _, end := range ends {
			if _, err := n.book.Extend(ctx, n.zoe, b.ID, end, 0, no); err != nil {
				t.Errorf("until %v: %v", end, codes(err))
			}
		}
	})
}

// Without the right to lift rules, a reason lifts none.
func TestAReasonLiftsOnlyForWhoMayLift(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		n.clock.Set(at(0, 9, 17))
		rights, err := identity.RightsOf([]identity.Right{identity.HandOut, identity.BookForOthers})
		must(t, err)
		plain := n.anne
		plain.Grants = []identity.Grant{{Role: identity.Staff, HubID: n.id["amos"], Rights: rights}}
		_, err = n.book.WalkIn(context.Background(), plain, booking.WalkIn{Hub: "amos", Member: n.zoe.ID, Units: []string{"amos-camera1"},
			Until: at(0, 9, 40), Override: "un appel urgent"}, database.Key{})
		wantCodes(t, err, "too_short")
	})
}

func TestTheEndsOfAWalkInAreAccepted(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		ctx, no := context.Background(), database.Key{}
		n.mustPlace(n.luc, cameras(2, at(1, 14, 0), at(1, 16, 0)))
		n.clock.Set(at(0, 9, 17))
		for _, units := range [][]string{{"amos-camera1"}, {"amos-desk"}, {"amos-camera1", "amos-desk1"}} {
			ends, _, err := n.book.WalkInEnds(ctx, n.boss, "amos", units)
			must(t, err)
			if len(ends) < 4 || len(ends) > 6 || !slices.IsSortedFunc(ends, time.Time.Compare) {
				t.Errorf("%v: proposed %v", units, ends)
			}
			for _, end := range ends {
				b, err := n.book.WalkIn(ctx, n.boss, booking.WalkIn{Hub: "amos", Member: n.zoe.ID, Units: units, Until: end}, no)
				if err != nil {
					t.Errorf("%v until %v: %v", units, end, codes(err))
					continue
				}
				for _, u := range units {
					if u == "amos-camera1" {
						n.mustBringBack(u) // the clean-up after it is cut by the next one
					}
				}
				if b.ArrivedAt != nil {
					n.mustExec(`UPDATE occupancies SET live = false WHERE booking_id = $1`, b.ID)
				}
			}
		}
		_, err := n.book.WalkIn(ctx, n.boss, booking.WalkIn{Hub: "amos", Member: n.zoe.ID, Units: []string{"amos-camera1"}, Until: at(0, 12, 0)}, no)
		must(t, err)
		if ends, _, err := n.book.WalkInEnds(ctx, n.boss, "amos", []string{"amos-camera1"}); err != nil || len(ends) != 0 {
			t.Errorf("of what is out: %v, %v", ends, err)
		}
	})
}

// Who has just brought a unit back does not wait for its clean-up: the next one is who it is promised to, and
// it may be given and swapped all the same.
func TestCleanUpIsNoPromise(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		b := n.mustPlace(n.zoe, cameras(2, at(0, 9, 0), at(0, 12, 0)))
		n.clock.Set(at(0, 9, 0))
		n.mustHandOut(b)
		next := n.mustPlace(n.luc, cameras(1, at(0, 14, 0), at(0, 16, 0)))
		code := n.codeOf(next)
		n.clock.Set(at(0, 11, 40))
		n.mustBringBack("amos-camera1")
		if r := n.mustBringBack("amos-camera2"); r.Booking.Status != booking.Completed {
			t.Fatalf("%+v", r.Booking)
		}
		u := n.scan(n.anne, code).Unit
		if u.Promised == nil || u.Promised.ID != next.ID {
			t.Errorf("promised to %+v", u.Promised)
		}
		if u := n.scan(n.anne, otherCamera(code)).Unit; u.Promised != nil {
			t.Errorf("the other is promised to %+v", u.Promised)
		}
		if !slices.Contains(u.Equal, otherCamera(code)) {
			t.Errorf("equal ones: %v", u.Equal)
		}
		n.clock.Set(at(0, 11, 50))
		n.employ(n.anne)
		_, err := n.walkIn(n.anne, booking.WalkIn{New: &identity.NewMember{Name: "Rosalie"}, Units: []string{otherCamera(code)}, Until: at(0, 16, 0)})
		must(t, err)
		n.clean()
	})
}

// A swap needs the other unit to be free: the clean-up after who has brought it back is not in the way.
func TestASwapCutsTheCleanUpShort(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		before := n.mustPlace(n.zoe, cameras(1, at(0, 9, 0), at(0, 12, 0)))
		waits := n.mustPlace(n.luc, cameras(1, at(0, 11, 0), at(0, 16, 0)))
		next := n.mustPlace(n.zoe, cameras(1, at(0, 13, 0), at(0, 16, 0)))
		back, theirs := n.codeOf(before), n.codeOf(waits)
		if n.codeOf(next) != back || theirs == back {
			t.Fatalf("the test needs one camera for both of Zoé's bookings: %s, %s", back, n.codeOf(next))
		}
		n.clock.Set(at(0, 9, 0))
		n.mustHandOut(before)
		n.clock.Set(at(0, 12, 40))
		n.mustBringBack(back) // it is cleaned until 13:00
		n.clock.Set(at(0, 12, 50))
		_, err := n.book.CheckOut(context.Background(), n.anne, booking.HandOut{Booking: next.ID, Units: []string{theirs}, Swap: true}, database.Key{})
		wantCodes(t, err)
		if got := n.codeOf(n.see(waits.ID)); got != back {
			t.Errorf("luc has %s", got)
		}
		n.clean()
		n.mustHandOut(n.see(waits.ID), back)
		n.clean()
	})
}

// Staff who take back a unit of another hub's booking learn what was out, and nothing of whose it was.
func TestAReturnTellsNothingOfAnotherHubsBooking(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		ctx := context.Background()
		r := want("rouyn-camera", at(0, 9, 0), at(0, 12, 0))
		r.Title, r.Notes = "Entrevue confidentielle", "ne pas déranger"
		b := n.mustPlace(n.zoe, r)
		n.clock.Set(at(0, 9, 0))
		_, err := n.book.CheckOut(ctx, n.boss, booking.HandOut{Booking: b.ID}, database.Key{})
		must(t, err)
		for range 2 {
			got, err := n.book.CheckIn(ctx, n.anne, booking.Return{Unit: b.Lines[0].Units[0], Hub: "amos"}, database.Key{})
			must(t, err)
			if x := got.Booking; x.Title != "" || x.Notes != "" || x.MemberID != "" || x.MadeBy != "" || x.Reference != b.Reference || x.Status != booking.Completed {
				t.Errorf("%+v", x)
			}
			noted, err := n.book.Inspect(ctx, n.anne, got.Loan.ID, booking.Return{Condition: "propre"}, database.Key{})
			must(t, err)
			if noted.Booking.MemberID != "" || noted.Booking.Notes != "" {
				t.Errorf("%+v", noted.Booking)
			}
		}
	})
}

// A member who stands at the door is there now, whatever they say.
func TestAMemberDoesNotArriveBeforeNow(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		ctx := context.Background()
		b := n.mustPlace(n.zoe, want("amos-studio", at(0, 10, 0), at(0, 12, 0)))
		n.clock.Set(at(0, 11, 0))
		is, err := n.book.Arrive(ctx, n.zoe, b.ID, at(0, 10, 0), database.Key{})
		must(t, err)
		if !is.ArrivedAt.Equal(at(0, 11, 0)) {
			t.Errorf("arrived at %v", is.ArrivedAt)
		}
		c := n.mustPlace(n.luc, want("amos-desk", at(0, 11, 0), at(0, 12, 0)))
		n.clock.Set(at(0, 11, 30))
		is, err = n.book.Arrive(ctx, n.anne, c.ID, at(0, 11, 10), database.Key{})
		must(t, err)
		if !is.ArrivedAt.Equal(at(0, 11, 10)) {
			t.Errorf("staff say %v", is.ArrivedAt)
		}
	})
}

// Where one unit is free for a while and another for longer, the longer one is proposed.
func TestTheUsualLengthIsProposedWhereSomeUnitHasIt(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		n.mustPlace(n.luc, want("amos-desk", at(1, 9, 30), at(1, 17, 0)))
		all, err := n.book.Available(context.Background(), n.zoe, booking.AvailabilityQuery{Resource: "amos-desk", From: at(1, 9, 0), To: at(1, 17, 0)})
		must(t, err)
		got, ok := all[0].From(at(1, 9, 0))
		if !ok || !got.EndsAt.Equal(at(1, 10, 0)) {
			t.Errorf("proposed %+v, %v of %+v", got, ok, all[0].Free)
		}
	})
}

// Before the doors open the ends of a walk-in lie in the hours and last as long as the rules ask: who may lift
// that the hub is shut lends until each of them.
func TestAWalkInBeforeOpeningIsProposedEndsThatOneReasonLifts(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		ctx := context.Background()
		n.policy("amos-camera", inventory.PolicyEdits{Shortest: ptr(240)})
		n.clock.Set(at(0, 7, 30))
		ends, shut, err := n.book.WalkInEnds(ctx, n.boss, "amos", []string{"amos-camera1"})
		must(t, err)
		if !shut || len(ends) == 0 || ends[0].Before(at(0, 11, 30)) {
			t.Fatalf("shut %v: proposed %v", shut, ends)
		}
		for _, end := range ends {
			w := booking.WalkIn{Hub: "amos", Member: n.zoe.ID, Units: []string{"amos-camera1"}, Until: end, Override: "elle part tôt"}
			b, err := n.book.WalkIn(ctx, n.boss, w, database.Key{})
			if err != nil {
				t.Errorf("until %v: %v", end, codes(err))
				continue
			}
			lifted, err := n.book.Waivers(ctx, n.boss, b.ID)
			must(t, err)
			for _, l := range lifted {
				if l.Rule != "closed" && l.Rule != "ends_closed" {
					t.Errorf("until %v: %s was to be lifted too", end, l.Rule)
				}
			}
			n.mustBringBack("amos-camera1")
		}
		n.clock.Set(at(0, 9, 17))
		if _, shut, err := n.book.WalkInEnds(ctx, n.boss, "amos", []string{"amos-camera1"}); err != nil || shut {
			t.Errorf("it is open: %v %v", shut, err)
		}
	})
}
