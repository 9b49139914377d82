package booking_test

import (
	"context"
	"testing"

	"canot/booking"
	"canot/booking/membership"
	"canot/internal/database"
	"canot/internal/fault"
	"canot/inventory"
)

// A counter uses up what stands on its own shelves: who knows the id or the code of another hub's
// consumable takes nothing of it, and is not told how much there is; the return does not happen then.
func TestACounterUsesUpNothingOfAnotherHub(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		ctx, no := context.Background(), database.Key{}
		n.mustExec(`INSERT INTO consumables (id, hub_id, code, name, measure, stock, low) VALUES ('c1', $1, 'RUB-VD', '{"fr":"Ruban"}', 'm', 50, 0), ('c2', $2, 'RUB', '{"fr":"Ruban"}', 'm', 50, 0)`, n.id["val-dor"], n.id["amos"])
		left := func(id string) (stock int) {
			must(t, n.db.Reader(ctx).Get(&stock, `SELECT stock FROM consumables WHERE id = $1`, id))
			return stock
		}
		b := n.mustPlace(n.zoe, cameras(1, at(0, 9, 0), at(0, 12, 0)))
		n.clock.Set(at(0, 9, 0))
		n.mustHandOut(b)
		unit := n.codeOf(b)
		loan := n.loans(b)[0].ID
		ways := map[string]func(booking.Use) error{
			"return": func(u booking.Use) error {
				_, err := n.book.CheckIn(ctx, n.anne, booking.Return{Unit: unit, Uses: []booking.Use{u}}, no)
				return err
			},
			"inspection": func(u booking.Use) error {
				_, err := n.book.Inspect(ctx, n.anne, loan, booking.Return{Uses: []booking.Use{u}}, no)
				return err
			},
			"return of what is back": func(u booking.Use) error {
				_, err := n.book.CheckIn(ctx, n.anne, booking.Return{Unit: unit, Damaged: true, Uses: []booking.Use{u}}, no)
				return err
			},
		}
		for _, way := range []string{"return", "inspection", "return of what is back"} {
			for _, u := range []booking.Use{{Consumable: "c1", Quantity: 7}, {Consumable: "RUB-VD", Quantity: 7}, {Consumable: "c1", Quantity: 5000}} {
				if err := ways[way](u); !fault.Is(err, "consumable_not_found") {
					t.Errorf("%s of %+v: %v", way, u, err)
				}
			}
			if way == "return" && n.loans(b)[0].BackAt != nil {
				t.Error("it came back all the same")
			}
			must(t, ways[way](booking.Use{Consumable: "RUB", Quantity: 3}))
		}
		if vd, am := left("c1"), left("c2"); vd != 50 || am != 41 {
			t.Errorf("%d are left in Val-d’Or, %d in Amos", vd, am)
		}
		// Named or not, the counter is one where they may hand out.
		_, err := n.book.Inspect(ctx, n.anne, loan, booking.Return{Hub: "val-dor", Uses: []booking.Use{{Consumable: "c1", Quantity: 1}}}, no)
		if fault.KindOf(err) != fault.NotFound && fault.KindOf(err) != fault.Forbidden {
			t.Errorf("at another's counter: %v", err)
		}
		if vd := left("c1"); vd != 50 {
			t.Errorf("%d are left in Val-d’Or", vd)
		}
	})
}

// What was brought back to another hub is inspected by who handed it out too, with their own stock.
func TestWhatCameBackElsewhereIsInspectedWithOnesOwnStock(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		ctx, no := context.Background(), database.Key{}
		n.mustExec(`INSERT INTO consumables (id, hub_id, code, name, measure, stock, low) VALUES ('c1', $1, 'RUB-VD', '{"fr":"Ruban"}', 'm', 50, 0), ('c2', $2, 'RUB', '{"fr":"Ruban"}', 'm', 50, 0)`, n.id["val-dor"], n.id["amos"])
		b := n.mustPlace(n.zoe, cameras(1, at(0, 9, 0), at(0, 12, 0)))
		n.clock.Set(at(0, 9, 0))
		n.mustHandOut(b)
		_, err := n.book.CheckIn(ctx, n.boss, booking.Return{Unit: n.codeOf(b), Hub: "val-dor", Uses: []booking.Use{{Consumable: "RUB-VD", Quantity: 1}}}, no)
		must(t, err)
		loan := n.loans(b)[0].ID
		_, err = n.book.Inspect(ctx, n.anne, loan, booking.Return{Uses: []booking.Use{{Consumable: "RUB-VD", Quantity: 1}}}, no)
		if !fault.Is(err, "consumable_not_found") {
			t.Errorf("Amos uses up what is in Val-d’Or: %v", err)
		}
		_, err = n.book.Inspect(ctx, n.anne, loan, booking.Return{Uses: []booking.Use{{Consumable: "RUB", Quantity: 1}}}, no)
		must(t, err)
		_, err = n.book.Inspect(ctx, n.boss, loan, booking.Return{Uses: []booking.Use{{Consumable: "RUB-VD", Quantity: 1}}}, no)
		must(t, err)
	})
}

// Who has as many bookings as their tier allows may still keep longer what they have: it is no more of them.
func TestAnExtensionIsNoMoreBookings(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		ctx, no := context.Background(), database.Key{}
		b := n.mustPlace(n.zoe, cameras(1, at(0, 9, 0), at(0, 12, 0)))
		n.mustPlace(n.zoe, cameras(1, at(2, 9, 0), at(2, 12, 0)))
		n.tier("visit", true, membership.Allowance{Upcoming: minutes(1), LongestMin: minutes(6 * 60)})
		n.clock.Set(at(0, 9, 0))
		n.mustHandOut(b)
		if ends, err := n.book.ExtendEnds(ctx, n.zoe, b.ID); err != nil || len(ends) == 0 {
			t.Errorf("proposed %v, %v", ends, err)
		}
		is, err := n.book.Extend(ctx, n.zoe, b.ID, at(0, 14, 0), 0, no)
		must(t, err)
		if !is.EndsAt.Equal(at(0, 14, 0)) {
			t.Errorf("it ends at %s", is.EndsAt)
		}
		// All else that the tier says holds, and one more booking is one more.
		_, err = n.book.Extend(ctx, n.zoe, b.ID, at(0, 16, 0), 0, no)
		wantCodes(t, err, "tier_too_long")
		_, err = n.place(n.zoe, cameras(1, at(3, 9, 0), at(3, 12, 0)))
		wantCodes(t, err, "too_many_upcoming")
		n.clean()
	})
}

// A unit is due, and the next booking begins minutes later: it gets an equal unit at that instant,
// where one is free, and is not kept waiting for a return that may not come.
func TestWhoBeginsWithinTheGraceGetsAnEqualUnitAtOnce(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		zero := 0
		n.policy("amos-camera", inventory.PolicyEdits{BufferAfter: &zero, Grain: ptr(5), Shortest: ptr(5)})
		n.begin()
		late := n.mustPlace(n.zoe, cameras(1, at(0, 9, 0), at(0, 11, 10)))
		n.until(at(0, 9, 0))
		n.mustHandOut(late)
		unit := n.unitOf(late)
		n.mustExec(`UPDATE loans SET due_at = $2 WHERE booking_id = $1`, late.ID, at(0, 11, 11))
		n.mustExec(`UPDATE bookings SET ends_at = $2 WHERE id = $1`, late.ID, at(0, 11, 11))
		n.mustExec(`UPDATE occupancies SET ends_at = $2 WHERE booking_id = $1`, late.ID, at(0, 11, 11))
		next := n.mustPlace(n.luc, cameras(1, at(0, 11, 15), at(0, 11, 20)))
		after := n.mustPlace(n.luc, cameras(1, at(0, 11, 20), at(0, 13, 0)))
		if n.unitOf(next) != unit || n.unitOf(after) != unit {
			t.Fatalf("the test needs both on %s: %s, %s", unit, n.unitOf(next), n.unitOf(after))
		}
		n.until(at(0, 11, 10))
		if n.unitOf(next) != unit {
			t.Error("what is not late has moved somebody")
		}
		n.until(at(0, 11, 11))
		for _, b := range []booking.Booking{next, after} {
			if got := n.unitOf(b); got != otherCamera(unit) || n.newsOf(b.ID, "booking.rehome") != 1 {
				t.Errorf("at the instant that it was due, who begins at %s has %q", b.StartsAt, got)
			}
		}
		n.clean()
		n.mustBringBack(unit)
		n.clean()
	})
}

// Without an equal unit who begins within the grace keeps theirs until it ends: whoever brings it may stand in
// the line. Who begins after it is told as it ends, which is before they begin.
func TestWithoutAnEqualUnitTheGraceHolds(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		zero := 0
		n.policy("amos-camera", inventory.PolicyEdits{BufferAfter: &zero, Grain: ptr(1), Shortest: ptr(1)})
		n.begin()
		n.takeOut("amos-camera2", at(0, 8, 0), nil)
		late := n.mustPlace(n.zoe, cameras(1, at(0, 9, 0), at(0, 11, 11)))
		n.until(at(0, 9, 0))
		n.mustHandOut(late)
		first := n.mustPlace(n.luc, cameras(1, at(0, 11, 12), at(0, 11, 13)))
		soon := n.mustPlace(n.luc, cameras(1, at(0, 11, 20), at(0, 11, 27)))
		then := n.mustPlace(n.luc, cameras(1, at(0, 11, 27), at(0, 13, 0)))
		for _, minute := range []int{11, 15, 20, 25} {
			n.until(at(0, 11, minute))
			if n.newsOf(first.ID, "booking.lose_unit")+n.newsOf(soon.ID, "booking.lose_unit")+n.newsOf(then.ID, "booking.lose_unit") > 0 {
				t.Fatalf("somebody lost their unit at 11:%d", minute)
			}
		}
		n.until(at(0, 11, 26))
		if n.newsOf(soon.ID, "booking.lose_unit") != 1 || n.newsOf(then.ID, "booking.lose_unit") != 1 {
			t.Error("as the grace ended they were not told")
		}
		if n.newsOf(first.ID, "booking.lose_unit") != 0 {
			t.Error("who was to have it in the past is told not to come")
		}
		n.clean()
	})
}

// What nobody comes for is free at the minute that the policy says, not at the next look that happens to come.
func TestWhatIsGivenUpIsFreeAtItsMinute(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		n.begin()
		n.givesUp("amos-studio", 7)
		b := n.mustPlace(n.zoe, want("amos-studio", at(0, 10, 0), at(0, 12, 0)))
		n.until(at(0, 9, 58))
		n.until(at(0, 10, 3))
		n.until(at(0, 10, 6))
		if n.asIs(b.ID).Status != booking.Confirmed {
			t.Fatal("it was given up too early")
		}
		n.until(at(0, 10, 7))
		if got := n.asIs(b.ID).Status; got != booking.NoShow {
			t.Errorf("it is %s", got)
		}
	})
}
