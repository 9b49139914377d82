package booking_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"canot/booking"
	"canot/booking/membership"
	"canot/internal/database"
	"canot/inventory"
)

// inPart is a booking of all of today, and its camera, which is out and due at noon: from then on it is
// promised to the workshop. The booking has the other one for the afternoon, where that is not broken.
func (n *network) inPart(broken bool) (booking.Booking, string) {
	n.t.Helper()
	n.begin()
	b := n.mustPlace(n.zoe, cameras(1, at(0, 9, 0), at(0, 17, 0)))
	mine := n.codeOf(b)
	n.until(at(0, 9, 0))
	if broken {
		n.takeOut(otherCamera(mine), at(0, 9, 0), nil)
	}
	n.takeOut(mine, at(0, 12, 0), nil)
	n.mustHandOut(b, mine)
	return n.see(b.ID), mine
}

// dueAt is when the only loan of a booking is due.
func (n *network) dueAt(b booking.Booking) time.Time {
	n.t.Helper()
	return n.loans(b)[0].DueAt
}

// A unit that is late is none of its booking's for the time after it was due, however long it is held.
func TestALateUnitIsNotPromisedForLonger(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		b, mine := n.inPart(true)
		if due := n.dueAt(b); !due.Equal(at(0, 12, 0)) || b.Lines[0].WithoutUnit != 1 {
			t.Fatalf("due %v, %+v", due, b.Lines)
		}
		n.clean()
		n.until(at(0, 14, 0)) // held until after the end of its booking
		if is := n.see(b.ID); is.Lines[0].WithoutUnit != 1 {
			t.Errorf("%+v", is.Lines)
		}
		n.clean()
		n.mustBringBack(mine)
		if is := n.see(b.ID); is.Status != booking.InUse {
			t.Errorf("it still waits for a camera, and is %s", is.Status)
		}
		n.clean()
	})
}

// What is out until somebody else needs it stays due then when the rest of its booking is extended.
func TestAnExtensionLeavesAloneWhatIsDueBefore(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		b, mine := n.inPart(false)
		if b.Lines[0].WithoutUnit != 0 {
			t.Fatalf("%+v", b.Lines)
		}
		n.clean()
		_, err := n.book.Extend(context.Background(), n.zoe, b.ID, at(1, 10, 0), 0, database.Key{})
		must(t, err)
		if due := n.dueAt(b); !due.Equal(at(0, 12, 0)) {
			t.Errorf("%s is due %v", mine, due)
		}
		n.clean()
		n.until(at(0, 14, 0))
		n.clean()
		n.mustBringBack(mine)
		n.mustHandOut(n.see(b.ID), otherCamera(mine))
		if r := n.mustBringBack(otherCamera(mine)); r.Booking.Status != booking.Completed {
			t.Errorf("all is back, and it is %s", r.Booking.Status)
		}
		n.clean()
		n.balanced()
	})
}

// Where a zone's rules change, what is due before its booking ends is due as much later or earlier as that.
func TestWhatIsDueBeforeMovesWithItsBooking(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		b, _ := n.inPart(true)
		n.shifted(b, -time.Hour)
		n.mustExec(`UPDATE loans SET due_at = $1 WHERE booking_id = $2`, at(0, 11, 0), b.ID)
		if _, err := n.book.SetRight(context.Background()); err != nil {
			t.Fatal(err)
		}
		if due := n.dueAt(b); !due.Equal(at(0, 12, 0)) {
			t.Errorf("due %v", due)
		}
		n.clean()
	})
}

// A unit that a booking is to have later may leave now, and the booking loses none of the others for it.
func TestWhatABookingHasLaterLeavesNow(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		n.begin()
		b := n.mustPlace(n.zoe, cameras(1, at(0, 9, 0), at(0, 10, 0)))
		c := n.mustPlace(n.luc, cameras(2, at(0, 11, 0), at(0, 15, 0)))
		late := n.codeOf(b)
		n.until(at(0, 9, 0))
		n.mustHandOut(b)
		n.until(at(0, 10, 50))
		n.clock.Set(at(0, 11, 20))
		n.mustBringBack(late) // luc has lost it, and gets it again once it is clean, at 12:20
		if is := n.see(c.ID); is.Lines[0].WithoutUnit != 0 || len(is.Lines[0].Units) != 2 {
			t.Fatalf("%+v", is.Lines)
		}
		n.mustHandOut(n.see(c.ID), late)
		n.clean()
		n.mustHandOut(n.see(c.ID))
		if out := n.loans(c); len(out) != 2 || !out[0].DueAt.Equal(at(0, 15, 0)) || !out[1].DueAt.Equal(at(0, 15, 0)) {
			t.Errorf("out: %+v", out)
		}
		n.clean()
	})
}

// Where a booking has all its units now, the one that it is to have later changes places with one of them.
func TestWhatABookingHasLaterChangesPlaces(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		n.add("amos", "printer", inventory.Equipment, 3, inventory.PolicyEdits{Grain: ptr(60), Shortest: ptr(60), Longest: ptr(480), Within: ptr(inventory.Any)})
		r := want("amos-printer", at(0, 9, 0), at(0, 15, 0))
		r.Lines[0].Quantity = 2
		b := n.mustPlace(n.zoe, r)
		n.clock.Set(at(0, 9, 0))
		var first, stays, later string
		for _, code := range []string{"amos-printer1", "amos-printer2", "amos-printer3"} {
			switch {
			case !slices.Contains(b.Lines[0].Units, n.id[code]):
				later = code
			case first == "":
				first = code
			default:
				stays = code
			}
		}
		n.takeOut(first, at(0, 12, 0), nil)
		n.mustHandOut(n.see(b.ID), first)
		n.mustHandOut(n.see(b.ID), later)
		n.clean()
		_, err := n.handOut(n.see(b.ID), stays)
		wantCodes(t, err, "all_out")
		n.clock.Set(at(0, 12, 0))
		n.mustBringBack(first)
		n.mustHandOut(n.see(b.ID), stays)
		n.clean()
		n.mustBringBack(stays)
		if r := n.mustBringBack(later); r.Booking.Status != booking.Completed {
			t.Errorf("all is back, and it is %s", r.Booking.Status)
		}
		n.clean()
	})
}

// While nobody has looked for what is late, a unit is still promised to who should have had it since: an extension
// waits for them to be housed elsewhere.
func TestALateLoanIsExtendedOnceOthersAreHoused(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		b := n.mustPlace(n.zoe, cameras(2, at(0, 9, 0), at(0, 10, 0)))
		n.mustPlace(n.luc, cameras(2, at(0, 12, 0), at(0, 14, 0)))
		n.clock.Set(at(0, 9, 0))
		n.mustHandOut(b, "amos-camera1")
		n.clock.Set(at(0, 16, 0)) // the network has stood still
		_, err := n.book.Extend(context.Background(), n.anne, b.ID, at(1, 10, 0), 0, database.Key{})
		wantCodes(t, err, "extension_taken")
		n.begin()
		n.until(at(0, 16, 0))
		_, err = n.book.Extend(context.Background(), n.anne, b.ID, at(1, 10, 0), 0, database.Key{})
		wantCodes(t, err)
		n.clean()
		n.mustHandOut(n.see(b.ID), "amos-camera2")
		n.clean()
	})
}

// An extension takes hours for what is still out; what came back counts until it was due, however often the
// rest is extended.
func TestAnExtensionTakesHoursForWhatIsStillOut(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		ctx := context.Background()
		n.tier("week", false, membership.Allowance{WeekMin: minutes(660)})
		n.joins(of(n.zoe), "week")
		b := n.mustPlace(n.zoe, cameras(2, at(0, 9, 0), at(0, 12, 0)))
		n.clock.Set(at(0, 9, 0))
		n.mustHandOut(b)
		n.clock.Set(at(0, 10, 0))
		n.mustBringBack("amos-camera1")
		used := func() (sum int64) {
			uses, err := membership.UsedBy(n.db.Reader(ctx), b.ID)
			must(t, err)
			for _, u := range uses {
				sum += u.Minutes
			}
			return sum
		}
		for _, x := range []struct {
			until time.Time
			used  int64
		}{{at(0, 16, 0), 360 + 240}, {at(0, 17, 0), 360 + 300}} {
			_, err := n.book.Extend(ctx, n.zoe, b.ID, x.until, 0, database.Key{})
			wantCodes(t, err)
			if got := used(); got != x.used {
				t.Errorf("until %v it took %d minutes, want %d", x.until, got, x.used)
			}
		}
		_, err := n.book.Extend(ctx, n.zoe, b.ID, at(1, 10, 0), 0, database.Key{})
		wantCodes(t, err, "quota_spent")
		// Another camera in the place of the one that came back counts again, from its first extension on.
		n.mustHandOut(n.see(b.ID), "amos-camera1")
		_, err = n.book.Extend(ctx, n.zoe, b.ID, at(1, 11, 0), 0, database.Key{})
		wantCodes(t, err, "quota_spent")
		_, err = n.book.Extend(ctx, n.zoe, b.ID, at(0, 14, 0), 0, database.Key{})
		wantCodes(t, err)
		if got := used(); got != 2*300 {
			t.Errorf("two are out until 14:00, and it took %d minutes", got)
		}
		n.balanced()
	})
}
