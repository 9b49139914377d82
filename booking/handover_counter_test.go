package booking_test

import (
	"bytes"
	"context"
	"image"
	"image/color"
	"image/png"
	"slices"
	"sync"
	"testing"
	"time"

	"canot/booking"
	"canot/internal/database"
	"canot/internal/fault"
	"canot/internal/identity"
	"canot/inventory"
)

func (n *network) walkIn(who identity.Actor, w booking.WalkIn) (booking.Booking, error) {
	w.Hub = "amos"
	return n.book.WalkIn(context.Background(), who, w, database.Key{})
}

// employ writes down the roles of an actor: opening an account looks them up.
func (n *network) employ(who identity.Actor) {
	n.t.Helper()
	for _, g := range who.Grants {
		must(n.t, n.people.GrantRole(context.Background(), identity.System, who.ID, g, database.Key{}))
	}
}

// TestAWalkInAsksBeforeASecondAccountOfOneName, where it is asked to; the same form sent twice is one.
func TestAWalkInAsksBeforeASecondAccountOfOneName(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		ctx := context.Background()
		n.employ(n.anne)
		n.clock.Set(at(0, 9, 17))
		lend := func(unit, key string, distinct bool) (booking.Booking, error) {
			return n.book.WalkIn(ctx, n.anne, booking.WalkIn{Hub: "amos", New: &identity.NewMember{Name: "Rosalie Wabié"}, Distinct: distinct, Units: []string{unit}, Until: at(0, 15, 0)},
				database.Key{Caller: n.anne.ID, Key: key, Hash: key})
		}
		b, err := lend("amos-camera1", "one", true)
		must(t, err)
		twin, err := lend("amos-camera1", "one", true)
		must(t, err)
		if twin.ID != b.ID {
			t.Error("the same form made two bookings")
		}
		_, err = lend("amos-camera2", "two", true)
		wantCodes(t, err, "namesake")
		other, err := lend("amos-camera2", "three", false)
		must(t, err)
		if other.MemberID == b.MemberID {
			t.Error("another account was to be made")
		}
		n.clean()
	})
}

func TestAWalkInIsBookedAndHandedOutInOneCommit(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		ctx := context.Background()
		n.employ(n.anne)
		n.clock.Set(at(0, 9, 17))
		b, err := n.walkIn(n.anne, booking.WalkIn{New: &identity.NewMember{Name: "Rosalie Wabie", Phone: "819 555-0144"},
			Units: []string{"amos-camera1", "amos-desk"}, Until: at(0, 16, 30)})
		must(t, err)
		if b.Status != booking.InUse || !b.StartsAt.Equal(at(0, 9, 17)) || b.ArrivedAt == nil || len(b.Lines) != 2 {
			t.Errorf("%+v", b)
		}
		loans, err := n.book.Loans(ctx, n.anne, b.ID)
		must(t, err)
		if len(loans) != 1 || loans[0].Code != "amos-camera1" || !loans[0].DueAt.Equal(at(0, 16, 30)) {
			t.Errorf("%+v", loans)
		}
		m, err := n.people.SeenMember(ctx, n.boss, b.MemberID)
		must(t, err)
		if m.Name != "Rosalie Wabie" || m.HomeHubID != n.id["amos"] || !m.Assisted() {
			t.Errorf("%+v", m)
		}
		n.clean()
		_, err = n.walkIn(n.anne, booking.WalkIn{Member: n.anne.ID, Units: []string{"amos-camera2"}, Until: at(0, 16, 0)})
		wantCodes(t, err, "own_request")
		_, err = n.walkIn(n.zoe, booking.WalkIn{Member: n.luc.ID, Units: []string{"amos-camera2"}, Until: at(0, 16, 0)})
		wantCodes(t, err, "not_allowed")
		_, err = n.walkIn(n.anne, booking.WalkIn{Member: n.luc.ID, Units: []string{"amos-camera1"}, Until: at(0, 16, 0)})
		wantCodes(t, err, "unit_out")
		_, err = n.walkIn(n.anne, booking.WalkIn{Member: n.luc.ID, Units: []string{"amos-camera2"}, Until: at(0, 20, 0)})
		wantCodes(t, err, "ends_closed")
		_, err = n.walkIn(n.anne, booking.WalkIn{Member: n.luc.ID, Units: []string{"val-dor-camera1"}, Until: at(0, 16, 0)})
		wantCodes(t, err, "wrong_unit", "unit_away")
		c := n.mustPlace(n.zoe, cameras(1, at(0, 12, 0), at(0, 15, 0)))
		_, err = n.walkIn(n.anne, booking.WalkIn{Member: n.luc.ID, Units: []string{"amos-camera2"}, Until: at(0, 16, 0)})
		wantCodes(t, err, "unit_promised")
		_, err = n.walkIn(n.anne, booking.WalkIn{Member: n.luc.ID, Units: []string{"amos-camera2"}, Until: at(0, 16, 0), Override: "x"})
		wantCodes(t, err, "not_allowed")
		_, err = n.walkIn(n.boss, booking.WalkIn{Member: n.luc.ID, Units: []string{"amos-camera2"}, Until: at(0, 16, 0), Override: "Panne ailleurs"})
		must(t, err)
		if n.see(c.ID).Lines[0].WithoutUnit != 1 {
			t.Errorf("zoé has %+v", n.see(c.ID).Lines)
		}
		n.clean()
		n.balanced()
	})
}

// Nobody is made known by a walk-in that is refused.
func TestARefusedWalkInLeavesNoTrace(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		ctx := context.Background()
		count := func() (members int) {
			must(t, n.db.Reader(ctx).Get(&members, `SELECT count(*) FROM members`))
			return members
		}
		before := count()
		n.clock.Set(at(0, 9, 0))
		n.policy("amos-camera", inventory.PolicyEdits{Approval: ptr(true)})
		clerk := n.anne
		clerk.Grants = []identity.Grant{{Role: identity.Staff, HubID: n.id["amos"], Rights: "book_for_others hand_out"}}
		_, err := n.walkIn(clerk, booking.WalkIn{New: &identity.NewMember{Name: "Rosalie"}, Units: []string{"amos-camera1"}, Until: at(0, 16, 0)})
		if err == nil || count() != before {
			t.Errorf("%v, %d members of %d", err, count(), before)
		}
		b, err := n.walkIn(n.anne, booking.WalkIn{Member: n.zoe.ID, Units: []string{"amos-camera1"}, Until: at(0, 16, 0)})
		must(t, err) // who may approve has approved it
		if b.Status != booking.InUse || b.LapsesAt != nil {
			t.Errorf("%+v", b)
		}
		_, err = n.walkIn(clerk, booking.WalkIn{Member: n.luc.ID, Units: []string{"amos-camera2"}, Until: at(0, 16, 0)})
		wantCodes(t, err, "approval_needed")
		n.clean()
	})
}

func signature(t testing.TB) []byte {
	t.Helper()
	img := image.NewGray(image.Rect(0, 0, 300, 100))
	for x := range 300 {
		img.Set(x, 50, color.Gray{Y: 255})
	}
	var out bytes.Buffer
	must(t, png.Encode(&out, img))
	return out.Bytes()
}

func TestAHandOverAgainstASignature(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		ctx := context.Background()
		n.policy("amos-camera", inventory.PolicyEdits{Signature: ptr(true)})
		b := n.mustPlace(n.zoe, cameras(2, at(0, 9, 0), at(0, 15, 0)))
		n.clock.Set(at(0, 9, 0))
		_, err := n.handOut(b)
		wantCodes(t, err, "signature_needed")
		_, err = n.walkIn(n.anne, booking.WalkIn{Member: n.luc.ID, Units: []string{"amos-desk1"}, Until: at(0, 10, 0)})
		must(t, err)
		_, err = n.book.CheckOut(ctx, n.anne, booking.HandOut{Booking: b.ID, Units: []string{"amos-camera1"}, Signature: []byte("GIF89a")}, database.Key{})
		if err == nil {
			t.Error("what is no picture signed for it")
		}
		_, err = n.book.CheckOut(ctx, n.anne, booking.HandOut{Booking: b.ID, Units: []string{"amos-camera1"}, Signature: signature(t)}, database.Key{})
		must(t, err)
		_, err = n.book.CheckOut(ctx, n.anne, booking.HandOut{Booking: b.ID, OnPaper: true}, database.Key{})
		must(t, err)
		loans, err := n.book.Loans(ctx, n.anne, b.ID)
		must(t, err)
		if i := slices.IndexFunc(loans, func(l booking.Loan) bool { return l.Code == "amos-camera1" }); loans[i].SignatureID == "" || loans[1-i].SignatureID != "" {
			t.Errorf("%+v", loans)
		}
		n.clean()
	})
}

func TestALoanIsExtendedOnTheVeryUnit(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		ctx := context.Background()
		b := n.mustPlace(n.zoe, cameras(1, at(0, 9, 0), at(0, 12, 0)))
		_, err := n.book.Extend(ctx, n.zoe, b.ID, at(0, 13, 0), 0, database.Key{})
		wantCodes(t, err, "bad_status")
		mine, other := n.codeOf(b), otherCamera(n.codeOf(b))
		n.clock.Set(at(0, 9, 0))
		n.mustHandOut(b)
		is, err := n.book.Extend(ctx, n.zoe, b.ID, at(0, 14, 0), 0, database.Key{})
		must(t, err)
		loans, err := n.book.Loans(ctx, n.zoe, b.ID)
		must(t, err)
		if !is.EndsAt.Equal(at(0, 14, 0)) || !loans[0].DueAt.Equal(at(0, 14, 0)) || n.codeOf(is) != mine {
			t.Errorf("%+v %+v", is, loans)
		}
		n.clean()
		// The other camera is free all day, but it is not the one that is out.
		n.takeOut(other, at(0, 9, 0), ptr(at(0, 15, 0)))
		c := n.mustPlace(n.luc, cameras(2, at(0, 16, 0), at(1, 12, 0)))
		_, err = n.book.Extend(ctx, n.zoe, b.ID, at(1, 10, 0), 0, database.Key{})
		wantCodes(t, err, "extension_taken")
		if v := fault.Of(err).Violations[0]; v.Params["unit"] != mine || !v.Params["from"].(time.Time).Equal(at(0, 16, 0)) || fault.KindOf(err) != fault.Taken {
			t.Errorf("%+v", v)
		}
		_, err = n.change(n.zoe, b.ID, booking.Edits{EndsAt: ptr(at(1, 10, 0))})
		wantCodes(t, err, "extension_taken")
		must(t, n.cancel(n.luc, c.ID))
		_, err = n.change(n.zoe, b.ID, booking.Edits{EndsAt: ptr(at(1, 10, 0))})
		must(t, err)
		n.clean()
		n.clock.Set(at(1, 10, 30))
		_, err = n.book.Extend(ctx, n.zoe, b.ID, at(1, 12, 0), 0, database.Key{})
		wantCodes(t, err, "already_ended")
		_, err = n.book.Extend(ctx, n.anne, b.ID, at(1, 12, 0), 0, database.Key{})
		must(t, err)
		n.clean()
		if r := n.mustBringBack(mine); r.Booking.Status != booking.Completed {
			t.Errorf("%+v", r)
		}
		n.clean()
		n.balanced()
	})
}

// What has come back stays free when the rest is extended, and what waits on the shelf may change.
func TestAnExtensionLeavesAloneWhatCameBack(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		ctx := context.Background()
		b := n.mustPlace(n.zoe, cameras(2, at(0, 9, 0), at(0, 15, 0)))
		n.clock.Set(at(0, 9, 0))
		n.mustHandOut(b)
		n.clock.Set(at(0, 10, 0))
		n.mustBringBack("amos-camera1")
		c := n.mustPlace(n.luc, cameras(1, at(0, 12, 0), at(1, 12, 0)))
		_, err := n.book.Extend(ctx, n.zoe, b.ID, at(1, 15, 0), 0, database.Key{})
		must(t, err)
		n.clean()
		if n.codeOf(n.see(c.ID)) != "amos-camera1" {
			t.Errorf("luc has %s", n.codeOf(n.see(c.ID)))
		}
		n.clock.Set(at(0, 11, 50))
		n.mustHandOut(c)
		n.mustBringBack("amos-camera2")
		n.clean()
		n.balanced()
	})
}

func TestArrivalsBeginWhatIsNotHandedOut(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		ctx := context.Background()
		arrive := func(who identity.Actor, b booking.Booking) (booking.Booking, error) {
			return n.book.Arrive(ctx, who, b.ID, time.Time{}, database.Key{})
		}
		b := n.mustPlace(n.zoe, want("amos-studio", at(0, 10, 0), at(0, 12, 0)))
		c := n.mustPlace(n.zoe, cameras(1, at(0, 9, 0), at(0, 12, 0)))
		n.clock.Set(at(0, 9, 0))
		_, err := arrive(n.zoe, b)
		wantCodes(t, err, "not_yet")
		n.clock.Set(at(0, 9, 40))
		_, err = arrive(n.luc, b)
		wantCodes(t, err, "booking_not_found")
		is, err := arrive(n.zoe, b) // she stands at the door
		must(t, err)
		if is.Status != booking.InUse || is.ArrivedAt == nil || !is.ArrivedAt.Equal(at(0, 9, 40)) {
			t.Errorf("%+v", is)
		}
		twice, err := arrive(n.anne, b)
		must(t, err)
		if twice.Version != is.Version {
			t.Errorf("arrived twice: %+v", twice)
		}
		_, err = arrive(n.zoe, c)
		wantCodes(t, err, "nothing_to_arrive_at")
		n.clock.Set(at(0, 12, 0))
		must(t, n.book.Settle(ctx, b.ID))
		if s := n.see(b.ID).Status; s != booking.Completed {
			t.Errorf("over, it is %s", s)
		}
		n.clean()
	})
}

// A device that had no line tells later what was done. What happened since then stands.
func TestADeviceTellsOfBefore(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		ctx := context.Background()
		b := n.mustPlace(n.zoe, cameras(1, at(0, 9, 0), at(0, 12, 0)))
		c := n.mustPlace(n.luc, cameras(1, at(0, 9, 0), at(0, 12, 0)))
		mine := n.codeOf(b)
		n.clock.Set(at(0, 14, 0))
		must(t, n.book.Settle(ctx, b.ID))
		must(t, n.book.Settle(ctx, c.ID))
		out := func(b booking.Booking, unit string, when time.Time) error {
			_, err := n.book.CheckOut(ctx, n.anne, booking.HandOut{Booking: b.ID, Units: []string{unit}, At: when}, database.Key{})
			return err
		}
		in := func(unit string, when time.Time) (booking.Returned, error) {
			return n.book.CheckIn(ctx, n.anne, booking.Return{Unit: unit, At: when}, database.Key{})
		}
		_, err := in(mine, at(0, 11, 0)) // its hand-over waits on another device
		wantCodes(t, err, "not_out")
		wantCodes(t, out(b, mine, at(0, 8, 0)), "not_yet")
		wantCodes(t, out(b, mine, at(0, 12, 0)), "bad_status")
		must(t, out(b, mine, at(0, 9, 5)))
		if is := n.see(b.ID); is.Status != booking.InUse {
			t.Errorf("it is %s", is.Status)
		}
		n.clean()
		_, err = in(mine, at(0, 9, 0))
		wantCodes(t, err, "moved_since")
		r, err := in(mine, at(0, 11, 0))
		must(t, err)
		if !r.Loan.OutAt.Equal(at(0, 9, 5)) || !r.Loan.BackAt.Equal(at(0, 11, 0)) || r.Booking.Status != booking.Completed {
			t.Errorf("%+v", r)
		}
		n.clean()
		wantCodes(t, out(c, mine, at(0, 10, 0)), "moved_since")
		must(t, out(c, otherCamera(mine), at(0, 10, 0)))
		n.clean()
		r, err = in(mine, at(0, 10, 30)) // older than the return that is known
		must(t, err)
		if !r.Already {
			t.Errorf("%+v", r)
		}
		n.clean()
		n.balanced()
	})
}

func TestOneOfManyHandsOutAUnit(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		ctx := context.Background()
		b := n.mustPlace(n.zoe, cameras(1, at(0, 9, 0), at(0, 12, 0)))
		c := n.mustPlace(n.luc, cameras(1, at(0, 9, 0), at(0, 12, 0)))
		n.clock.Set(at(0, 9, 0))
		const racers = 16
		errs := make([]error, racers)
		var wg sync.WaitGroup
		for i := range racers {
			wg.Go(func() {
				h := booking.HandOut{Booking: b.ID, Units: []string{"amos-camera1"}, Swap: true}
				if i%2 == 1 {
					h.Booking = c.ID
				}
				_, errs[i] = n.book.CheckOut(ctx, n.anne, h, database.Key{})
			})
		}
		wg.Wait()
		for i, err := range errs {
			if got := codes(err); err != nil && !slices.Equal(got, []string{"unit_out"}) {
				t.Errorf("racer %d: %v", i, got)
			}
		}
		var out []string
		must(t, n.db.Reader(ctx).Select(&out, `SELECT booking_id FROM loans`))
		if len(out) != 1 {
			t.Errorf("out %v", out)
		}
		for i, err := range errs { // all who asked for the booking that has it were served, and nobody else
			if mine := []string{b.ID, c.ID}[i%2] == out[0]; mine != (err == nil) {
				t.Errorf("racer %d for %s: %v", i, []string{b.ID, c.ID}[i%2], err)
			}
		}
		n.clean()
		n.balanced()

		back := make([]booking.Returned, racers)
		for i := range racers {
			wg.Go(func() { back[i], errs[i] = n.bringBack("amos-camera1") })
		}
		wg.Wait()
		first := 0
		for i, err := range errs {
			must(t, err)
			if !back[i].Already {
				first++
			}
		}
		if first != 1 {
			t.Errorf("%d of %d brought it back", first, racers)
		}
		n.clean()
		n.balanced()
	})
}

func TestTheSameKeyHandsOutOnce(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		ctx := context.Background()
		b := n.mustPlace(n.zoe, cameras(2, at(0, 9, 0), at(0, 12, 0)))
		n.clock.Set(at(0, 9, 0))
		key := func(s string) database.Key { return database.Key{Caller: n.anne.ID, Key: s, Hash: s} }
		h := booking.HandOut{Booking: b.ID, Units: []string{"amos-camera1"}}
		first, err := n.book.CheckOut(ctx, n.anne, h, key("out"))
		must(t, err)
		n.mustBringBack("amos-camera1")
		again, err := n.book.CheckOut(ctx, n.anne, h, key("out"))
		must(t, err)
		if again.Version != first.Version {
			t.Errorf("done again: %+v", again)
		}
		r, err := n.book.CheckIn(ctx, n.anne, booking.Return{Unit: "amos-camera1"}, key("in"))
		must(t, err)
		twin, err := n.book.CheckIn(ctx, n.anne, booking.Return{Unit: "amos-camera1"}, key("in"))
		must(t, err)
		if !r.Already || !twin.Already {
			t.Errorf("%+v %+v", r, twin)
		}
		n.employ(n.anne)
		w := booking.WalkIn{Hub: "amos", New: &identity.NewMember{Name: "Rosalie"}, Units: []string{"amos-desk2"}, Until: at(0, 11, 0)}
		one, err := n.book.WalkIn(ctx, n.anne, w, key("walk"))
		must(t, err)
		two, err := n.book.WalkIn(ctx, n.anne, w, key("walk"))
		must(t, err)
		if one.ID != two.ID || one.MemberID != two.MemberID {
			t.Errorf("%+v and %+v", one, two)
		}
		n.clean()
	})
}
