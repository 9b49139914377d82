package booking_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"canot/booking"
	"canot/booking/membership"
	"canot/internal/database"
	"canot/internal/identity"
	"canot/inventory"
)

func (n *network) cancel(who identity.Actor, id string) error {
	_, err := n.book.Cancel(context.Background(), who, id, 0, "", database.Key{})
	return err
}

// printer adds a machine to Amos.
func (n *network) printer(units int, p inventory.PolicyEdits) {
	n.t.Helper()
	p.Grain, p.Shortest, p.Longest, p.Within = ptr(15), ptr(30), ptr(480), ptr(inventory.Inside)
	n.add("amos", "printer", inventory.Machine, units, p)
}

// What was handed out is neither cancelled nor exchanged by who has it, and does not begin
// another day.
func TestWhatWasHandedOutStaysAsItIs(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		b := n.mustPlace(n.zoe, want("amos-camera", at(0, 9, 0), at(0, 16, 0)))
		n.clock.Set(at(0, 8, 45))
		_, err := n.book.CheckOut(context.Background(), n.anne, booking.HandOut{Booking: b.ID}, database.Key{})
		must(t, err)
		wantCodes(t, n.cancel(n.zoe, b.ID), "handed_out")
		_, err = n.change(n.zoe, b.ID, booking.Edits{StartsAt: ptr(at(2, 9, 0)), EndsAt: ptr(at(2, 16, 0))})
		wantCodes(t, err, "handed_out")
		_, err = n.change(n.zoe, b.ID, booking.Edits{Lines: &[]booking.Want{{Resource: "amos-desk", Quantity: 1}}})
		wantCodes(t, err, "handed_out")
		_, err = n.change(n.zoe, b.ID, booking.Edits{EndsAt: ptr(at(1, 16, 0))})
		must(t, err)
		n.balanced()
	})
}

// Who no longer acts for an organisation takes nothing more in its name.
func TestAFormerDelegateTakesNothingMore(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		ctx := context.Background()
		o, err := n.people.CreateOrganisation(ctx, identity.System, identity.OrganisationEdits{Name: ptr("Troupe"), Sector: ptr("culture")}, database.Key{})
		must(t, err)
		must(t, n.people.AddDelegate(ctx, identity.System, o.ID, n.zoe.ID, false, database.Key{}))
		n.tier("hours", false, membership.Allowance{WeekMin: minutes(600)})
		n.joins(membership.Holder{OrganisationID: o.ID}, "hours")
		r := want("amos-desk", at(1, 10, 0), at(1, 12, 0))
		r.Organisation = o.ID
		b := n.mustPlace(n.zoe, r)
		r.StartsAt, r.EndsAt, r.Hold = at(2, 10, 0), at(2, 12, 0), 20*time.Minute
		held := n.mustPlace(n.zoe, r)
		must(t, n.people.RemoveDelegate(ctx, identity.System, o.ID, n.zoe.ID, database.Key{}))
		_, err = n.change(n.zoe, b.ID, booking.Edits{EndsAt: ptr(at(1, 16, 0))})
		wantCodes(t, err, "unknown_organisation")
		_, err = n.book.Confirm(ctx, n.zoe, held.ID, 0, database.Key{})
		wantCodes(t, err, "unknown_organisation")
		_, err = n.change(n.zoe, b.ID, booking.Edits{EndsAt: ptr(at(1, 11, 0))}) // giving back, one may
		must(t, err)
		// A visitor learns nothing of an organisation.
		r.Hold = 0
		p, err := n.book.Preview(ctx, identity.Actor{}, r)
		must(t, err)
		if p.OK || len(p.Violations) != 1 || p.Violations[0].Code != "unknown_organisation" {
			t.Errorf("a visitor is told %+v", p)
		}
		n.balanced()
	})
}

// Of a delegate who is removed and a booking in the organisation's name, both at once, the
// booking comes first or not at all.
func TestARemovedDelegateDoesNotSlipThrough(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		ctx := context.Background()
		o, err := n.people.CreateOrganisation(ctx, identity.System, identity.OrganisationEdits{Name: ptr("Troupe"), Sector: ptr("culture")}, database.Key{})
		must(t, err)
		n.tier("hours", false, membership.Allowance{})
		n.joins(membership.Holder{OrganisationID: o.ID}, "hours")
		for round := range 40 {
			must(t, n.people.AddDelegate(ctx, identity.System, o.ID, n.zoe.ID, false, database.Key{}))
			r := want("amos-desk", at(1+round%4, 9+round/8, 0), at(1+round%4, 9+round/8, 30))
			r.Organisation = o.ID
			var b booking.Booking
			var refused, removed error
			var both sync.WaitGroup
			both.Go(func() { b, refused = n.place(n.zoe, r) })
			both.Go(func() { removed = n.people.RemoveDelegate(ctx, identity.System, o.ID, n.zoe.ID, database.Key{}) })
			both.Wait()
			must(t, removed)
			if refused != nil {
				continue
			}
			var late int
			must(t, n.db.Reader(ctx).Get(&late, `SELECT count(*) FROM changes p WHERE p.subject_id = $1 AND p.action = 'booking.place'
				AND p.seq > (SELECT max(c.seq) FROM changes c WHERE c.subject_id = $2)`, b.ID, o.ID))
			if late > 0 {
				t.Fatalf("round %d: booked in the organisation's name after they were removed", round)
			}
			must(t, n.cancel(n.boss, b.ID))
		}
	})
}

// A confirmed booking that grows waits for approval, and is not lost for an hour because
// nobody answered; made small again, it stands.
func TestGrowingAConfirmedBookingDoesNotLoseIt(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		n.printer(1, inventory.PolicyEdits{ApprovalAbove: ptr(60), AnswerWithin: ptr(60)})
		b := n.mustPlace(n.zoe, want("amos-printer", at(3, 10, 0), at(3, 11, 0)))
		n.told(b.ID, "booking.confirmed")
		b, err := n.change(n.zoe, b.ID, booking.Edits{EndsAt: ptr(at(3, 11, 30))})
		must(t, err)
		if b.Status != booking.Pending || b.LapsesAt != nil {
			t.Fatalf("it is %s, and lapses at %v", b.Status, b.LapsesAt)
		}
		n.told(b.ID, "booking.request")
		n.clock.Move(2 * time.Hour)
		must(t, n.book.Settle(context.Background(), b.ID))
		b, err = n.change(n.zoe, b.ID, booking.Edits{EndsAt: ptr(at(3, 11, 0))})
		must(t, err)
		if b.Status != booking.Confirmed {
			t.Errorf("nothing asks for approval any more, and it is %s", b.Status)
		}
		n.balanced()
	})
}

// What is kept of a booking stays of the hours that it was made with, though the membership
// is paused when it is made shorter.
func TestAPauseLetsNoHoursEscape(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		ctx := context.Background()
		n.tier("week", false, membership.Allowance{WeekMin: minutes(240)})
		m := n.joins(of(n.zoe), "week")
		b := n.mustPlace(n.zoe, want("amos-desk", at(2, 10, 0), at(2, 14, 0)))
		_, err := n.rolls.PauseMembership(ctx, identity.System, m.ID, membership.Pause{FromOn: "2026-11-18", UntilOn: "2026-11-18"}, 0, database.Key{})
		must(t, err)
		_, err = n.change(n.zoe, b.ID, booking.Edits{EndsAt: ptr(at(2, 12, 0))})
		must(t, err)
		used, err := membership.UsedBy(n.db.Reader(ctx), b.ID)
		must(t, err)
		if len(used) != 1 || used[0].Minutes != 120 {
			t.Errorf("two hours are kept, and it uses %v", used)
		}
		n.balanced()
	})
}

// A request is not kept alive by touching it.
func TestTheDeadlineOfARequestIsNotRenewedAtWill(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		n.printer(1, inventory.PolicyEdits{Approval: ptr(true), AnswerWithin: ptr(60)})
		b := n.mustPlace(n.zoe, want("amos-printer", at(3, 10, 0), at(3, 12, 0)))
		n.clock.Move(30 * time.Minute)
		is, err := n.change(n.zoe, b.ID, booking.Edits{Attendance: ptr(1), EndsAt: ptr(at(3, 11, 30))})
		must(t, err)
		if is.LapsesAt == nil || !is.LapsesAt.Equal(*b.LapsesAt) {
			t.Errorf("it lapsed at %v, and now at %v", b.LapsesAt, is.LapsesAt)
		}
		for _, bad := range []int{0, -5, 100_001} {
			if _, err := n.change(n.zoe, b.ID, booking.Edits{Attendance: &bad}); !slices.Contains(codes(err), "bad_attendance") {
				t.Errorf("%d persons: %v", bad, err)
			}
		}
	})
}

// The cut-off holds for staff's own bookings too, and is lifted like any other rule.
func TestTheCutOffIsForEverybodyAndCanBeLifted(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		ctx := context.Background()
		n.printer(1, inventory.PolicyEdits{CancelCutoff: ptr(3 * 1440)})
		own := n.mustPlace(n.anne, want("amos-printer", at(1, 10, 0), at(1, 11, 0)))
		wantCodes(t, n.cancel(n.anne, own.ID), "cutoff_passed")
		_, err := n.change(n.anne, own.ID, booking.Edits{EndsAt: ptr(at(1, 10, 30))})
		wantCodes(t, err, "cutoff_passed")
		b := n.mustPlace(n.zoe, want("amos-printer", at(1, 12, 0), at(1, 14, 0)))
		wantCodes(t, n.cancel(n.zoe, b.ID), "cutoff_passed")
		_, err = n.book.Waive(ctx, n.boss, b.ID, booking.Waiver{Rule: "cutoff_passed", Reason: "malade"}, database.Key{})
		must(t, err)
		_, err = n.change(n.zoe, b.ID, booking.Edits{EndsAt: ptr(at(1, 13, 0))})
		must(t, err)
		must(t, n.cancel(n.zoe, b.ID))
	})
}

// Access after hours takes nothing away: what may lie over a closure still may.
func TestAccessAfterHoursTakesNothingAway(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		_, err := n.catalog.AddClosure(context.Background(), identity.System, inventory.Closure{HubID: n.id["amos"],
			StartsLocal: "2026-11-18T12:00:00", EndsLocal: "2026-11-19T09:00:00"}, database.Key{})
		must(t, err)
		n.tier("night", false, membership.Allowance{AfterHours: true})
		m := n.joins(of(n.luc), "night")
		over := want("amos-camera", at(2, 10, 0), at(3, 12, 0))
		n.mustPlace(n.luc, over)
		free, err := n.book.Available(context.Background(), n.luc, booking.AvailabilityQuery{Resource: "amos-camera", From: at(1, 0, 0), To: at(4, 0, 0)})
		must(t, err)
		if !slices.ContainsFunc(free[0].Free, func(f booking.Free) bool { return !f.StartsAt.After(at(2, 10, 0)) && !f.EndsAt.Before(at(3, 12, 0)) }) {
			t.Errorf("free over the closure: %v", free[0].Free)
		}
		// Who loses the access keeps what they have, or a part of it.
		b := n.mustPlace(n.luc, want("amos-desk", at(4, 19, 0), at(4, 21, 0)))
		_, err = n.rolls.EndMembership(context.Background(), identity.System, m.ID, "2026-11-17", 0, database.Key{})
		must(t, err)
		_, err = n.change(n.luc, b.ID, booking.Edits{EndsAt: ptr(at(4, 20, 0))})
		must(t, err)
		_, err = n.change(n.luc, b.ID, booking.Edits{EndsAt: ptr(at(4, 20, 30))})
		wantCodes(t, err, "closed")
	})
}

// What one's tier may never have is not shown as free.
func TestFreeTimeIsForWhoMayHaveIt(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		n.tier("pro", false)
		n.joins(of(n.luc), "pro")
		n.printer(1, inventory.PolicyEdits{Tiers: &[]string{"pro"}})
		for name, c := range map[string]struct {
			who  identity.Actor
			free bool
		}{"a visitor": {identity.Actor{}, false}, "Zoé": {n.zoe, false}, "Luc": {n.luc, true}} {
			got, err := n.book.Available(context.Background(), c.who, booking.AvailabilityQuery{Resource: "amos-printer", From: at(1, 0, 0), To: at(2, 0, 0)})
			must(t, err)
			if (len(got[0].Free) > 0) != c.free {
				t.Errorf("%s is shown %v", name, got[0].Free)
			}
		}
	})
}

// Rivals are requests that compete for one time, buffers included, and no others.
func TestWhoTheRivalsAre(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		ctx := context.Background()
		n.printer(1, inventory.PolicyEdits{Approval: ptr(true), Competing: ptr(true), BufferAfter: ptr(30)})
		n.add("amos", "hall", inventory.Space, 5, inventory.PolicyEdits{Grain: ptr(30), Shortest: ptr(30), Longest: ptr(480), Within: ptr(inventory.Inside), Approval: ptr(true)})
		a := n.mustPlace(n.zoe, want("amos-printer", at(1, 12, 0), at(1, 13, 0)))
		b := n.mustPlace(n.luc, want("amos-printer", at(1, 13, 0), at(1, 14, 0)))
		n.mustPlace(n.zoe, want("amos-hall", at(1, 12, 0), at(1, 13, 0)))
		n.mustPlace(n.luc, want("amos-hall", at(1, 12, 0), at(1, 13, 0)))
		queue, _, err := n.book.Approvals(ctx, n.anne, "", 0, "")
		must(t, err)
		for _, w := range queue {
			want := map[string][]string{a.ID: {b.ID}, b.ID: {a.ID}}[w.ID]
			if !slices.Equal(w.Rivals, append([]string{}, want...)) {
				t.Errorf("rivals of %s: %v, want %v", w.ID, w.Rivals, want)
			}
		}
	})
}

// Preview refuses terms that nobody published, as placing does.
func TestTermsThatNobodyPublishedAreRefusedAlike(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		r := want("amos-desk", at(1, 10, 0), at(1, 12, 0))
		r.Accepts = []membership.Acceptance{{Condition: "nulle-part", Version: 1}}
		_, err := n.place(n.zoe, r)
		wantCodes(t, err, "unknown_condition")
		_, err = n.book.Preview(context.Background(), n.zoe, r)
		wantCodes(t, err, "unknown_condition")
	})
}

// A room holds as many as it holds.
func TestARoomHoldsItsCapacity(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		_, err := n.catalog.UpdateResource(context.Background(), identity.System, "amos-studio", inventory.ResourceEdits{Capacity: ptr(6)}, database.Key{})
		must(t, err)
		r := want("amos-studio", at(1, 10, 0), at(1, 12, 0))
		r.Attendance = 7
		_, err = n.place(n.zoe, r)
		wantCodes(t, err, "attendance_exceeded")
	})
}
