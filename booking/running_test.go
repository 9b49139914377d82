package booking_test

import (
	"context"
	"testing"
	"time"

	"canot/booking"
	"canot/internal/database"
	"canot/internal/identity"
	"canot/inventory"
)

func (n *network) policy(slug string, p inventory.PolicyEdits) {
	n.t.Helper()
	_, err := n.catalog.UpdateResource(context.Background(), identity.System, slug, inventory.ResourceEdits{Policy: p}, database.Key{})
	must(n.t, err)
}

func (n *network) see(id string) booking.Booking {
	n.t.Helper()
	b, err := n.book.Booking(context.Background(), n.boss, id)
	must(n.t, err)
	return b
}

func TestARunningBookingMayBeShortenedWithoutAnotherApproval(t *testing.T) {
	for _, competing := range []bool{false, true} {
		onEach(t, func(t *testing.T, n *network) {
			ctx := context.Background()
			n.policy("amos-studio", inventory.PolicyEdits{Approval: ptr(true), Competing: ptr(competing)})
			b := n.mustPlace(n.zoe, want("amos-studio", at(1, 10, 0), at(1, 14, 0)))
			_, err := n.book.Approve(ctx, n.anne, b.ID, 0, database.Key{})
			must(t, err)
			n.clock.Set(at(1, 11, 0))
			got, err := n.change(n.zoe, b.ID, to(at(1, 10, 0), at(1, 13, 0)))
			must(t, err)
			must(t, n.book.Settle(ctx, b.ID))
			after := n.see(b.ID)
			if after.Status != booking.Confirmed {
				t.Errorf("competing %v: shortened while running: %s units %v, then %s", competing, got.Status, got.Lines[0].Units, after.Status)
			}
			n.clean()
		})
	}
}

func TestARequestForTheRunningSlotWaitsForItsAnswer(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		n.policy("amos-desk", inventory.PolicyEdits{Approval: ptr(true)})
		n.clock.Set(at(1, 10, 7))
		b := n.mustPlace(n.zoe, want("amos-desk", at(1, 10, 0), at(1, 14, 0)))
		must(t, n.book.Settle(context.Background(), b.ID))
		if s := n.see(b.ID).Status; s != booking.Pending {
			t.Errorf("placed %s, at once %s", b.Status, s)
		}
	})
}

func TestWaitingForApprovalAgainIsNoWayAroundTheCutoff(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		ctx := context.Background()
		n.policy("amos-studio", inventory.PolicyEdits{Approval: ptr(true), CancelCutoff: ptr(24 * 60)})
		b := n.mustPlace(n.zoe, want("amos-studio", at(1, 10, 0), at(1, 14, 0)))
		_, err := n.book.Approve(ctx, n.anne, b.ID, 0, database.Key{})
		must(t, err)
		n.clock.Set(at(1, 9, 0))
		_, err = n.book.Cancel(ctx, n.zoe, b.ID, 0, "", database.Key{})
		wantCodes(t, err, "cutoff_passed")
		_, err = n.change(n.zoe, b.ID, to(at(1, 10, 0), at(1, 14, 0))) // the same times
		must(t, err)
		_, err = n.change(n.zoe, b.ID, to(at(1, 10, 0), at(1, 15, 0))) // would wait again
		wantCodes(t, err, "cutoff_passed")
		_, err = n.book.Cancel(ctx, n.zoe, b.ID, 0, "", database.Key{})
		wantCodes(t, err, "cutoff_passed")
	})
}

func TestARunningBookingKeepsItsUnitUntilItIsTakenOut(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		b := n.mustPlace(n.zoe, want("amos-studio", at(0, 9, 0), at(0, 16, 0)))
		n.clock.Set(at(0, 10, 0))
		n.takeOut("amos-studio1", at(0, 14, 0), nil)
		c, err := n.place(n.luc, want("amos-studio", at(0, 11, 0), at(0, 13, 0)))
		if err == nil {
			t.Errorf("zoé is in studio1 until 14:00 (%+v), and luc got it at 11:00: %v", n.see(b.ID).Lines, c.Lines[0].Units)
		}
		n.clean()
	})
}

func TestARunningBookingKeepsItsUnitUntilAnotherTakesOver(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		b := n.mustPlace(n.zoe, want("amos-camera", at(0, 9, 0), at(0, 16, 0)))
		n.clock.Set(at(0, 10, 0))
		n.takeOut("amos-camera"+string(rune('1'+indexOf(n, b.Lines[0].Units[0]))), at(0, 14, 0), nil)
		c, err := n.place(n.luc, booking.Request{Lines: []booking.Want{{Resource: "amos-camera", Quantity: 2}}, StartsAt: at(0, 10, 0), EndsAt: at(0, 12, 0)})
		if err == nil {
			t.Errorf("three cameras out of two: zoé has one from 9 to 16, luc got both at 10:00: %v", c.Lines[0].Units)
		}
		n.clean()
	})
}

func indexOf(n *network, unit string) int {
	for i, c := range []string{"amos-camera1", "amos-camera2"} {
		if n.id[c] == unit {
			return i
		}
	}
	return 0
}

func TestWhatARequestWaitedForIsForgottenWhenItCompetes(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		ctx := context.Background()
		n.policy("amos-studio", inventory.PolicyEdits{Approval: ptr(true), Competing: ptr(true)})
		r := want("amos-studio", at(1, 10, 0), at(1, 14, 0))
		r.Hold = 20 * time.Minute
		b := n.mustPlace(n.zoe, r)
		m := n.takeOut("amos-studio1", at(1, 9, 0), nil)
		_, err := n.book.Confirm(ctx, n.zoe, b.ID, 0, database.Key{})
		must(t, err)
		_, err = n.book.EndMaintenance(ctx, n.anne, m.ID, nil, database.Key{})
		must(t, err)
		got, err := n.book.Approve(ctx, n.anne, b.ID, 0, database.Key{})
		must(t, err)
		if s := n.see(b.ID); s.Lines[0].WithoutUnit != 0 {
			t.Errorf("approved as %+v, reads as %+v", got.Lines, s.Lines)
		}
		n.clean()
	})
}

func TestAMaintenanceThatEndsBeforeItBeginsIsOver(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		ctx := context.Background()
		m := n.takeOut("amos-studio1", at(3, 9, 0), nil)
		got, err := n.book.EndMaintenance(ctx, n.anne, m.ID, ptr(at(2, 9, 0)), database.Key{})
		must(t, err)
		open, err := n.book.Maintenances(ctx, n.anne, "amos")
		must(t, err)
		if got.Open || len(open) != 0 {
			t.Errorf("open: %+v; listed %+v", got, open)
		}
		n.clean()
	})
}

func TestARepairOfAnIncompleteUnitMayBeProlonged(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		ctx := context.Background()
		u, err := n.catalog.SetComponents(ctx, n.boss, "amos-camera1", inventory.ComponentEdits{Parts: []inventory.Component{
			{Name: inventory.Text{"fr": "batterie"}, Quantity: 3, Required: true}}}, database.Key{})
		must(t, err)
		m := n.takeOut("amos-camera1", at(1, 9, 0), ptr(at(2, 9, 0)))
		_, err = n.book.CountComponents(ctx, n.anne, "amos-camera1", map[string]int{u.Components[0].ID: 1}, nil, database.Key{})
		must(t, err)
		_, err = n.book.EndMaintenance(ctx, n.anne, m.ID, ptr(at(3, 9, 0)), database.Key{})
		if err != nil {
			t.Errorf("prolonged: %v", codes(err))
		}
		n.clean()
	})
}

func TestABookingThatIsOverLosesNothing(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		ctx := context.Background()
		b := n.mustPlace(n.zoe, want("amos-studio", at(0, 9, 0), at(0, 11, 0)))
		n.clock.Set(at(0, 11, 10))
		must(t, n.book.Settle(ctx, b.ID))
		m := n.takeOut("amos-studio1", at(0, 11, 10), nil)
		s := n.see(b.ID)
		if len(m.WithoutUnit) != 0 || s.Lines[0].WithoutUnit != 0 {
			t.Errorf("%s, ended at 11:00, lost its unit at 11:10: %+v %v", s.Status, s.Lines, m.WithoutUnit)
		}
	})
}

func TestAlternativesOfAMoveRespectTheCutoff(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		n.policy("amos-studio", inventory.PolicyEdits{CancelCutoff: ptr(24 * 60)})
		b := n.mustPlace(n.zoe, want("amos-studio", at(1, 10, 30), at(1, 12, 0)))
		n.mustPlace(n.luc, want("amos-studio", at(1, 12, 30), at(1, 14, 0)))
		n.mustPlace(n.luc, want("amos-studio", at(1, 9, 0), at(1, 9, 30).Add(30*time.Minute)))
		n.clock.Set(at(1, 9, 0))
		_, err := n.change(n.zoe, b.ID, to(at(1, 10, 30), at(1, 13, 0)))
		wantCodes(t, err, "taken")
		for _, alt := range alternativesOf(err) {
			_, err := n.change(n.zoe, b.ID, to(alt.StartsAt, alt.EndsAt))
			if alt.Kind == "time" && err != nil {
				t.Errorf("offered %v–%v, and refused for %v", alt.StartsAt, alt.EndsAt, codes(err))
			}
		}
	})
}

func TestInvariant7OnePromiseThatCannotBeKeptStopsNoOther(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		ctx := context.Background()
		n.policy("amos-desk", inventory.PolicyEdits{Within: ptr(inventory.Any)})
		b := n.mustPlace(n.zoe, want("amos-desk", time.Date(2027, 3, 14, 6, 0, 0, 0, time.UTC), time.Date(2027, 3, 14, 6, 30, 0, 0, time.UTC)))
		c := n.mustPlace(n.zoe, want("amos-desk", at(2, 10, 0), at(2, 11, 0)))
		n.shifted(c, time.Hour)
		// promised 02:30–03:15 when there was no gap
		must(t, n.db.In(ctx, func(tx *database.Tx) error {
			_, err := tx.Exec(`UPDATE bookings SET starts_local = $2, ends_local = $3 WHERE id = $1`, b.ID, "2027-03-14T02:30:00-05:00", "2027-03-14T03:15:00-05:00")
			return err
		}))
		all, err := n.book.SetRight(ctx)
		if err != nil {
			t.Errorf("set right: %v (%+v)", err, all)
		}
	})
}

func TestALapsedHoldCannotBeMoved(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		r := want("amos-studio", at(1, 10, 0), at(1, 12, 0))
		r.Hold = 10 * time.Minute
		b := n.mustPlace(n.zoe, r)
		n.clock.Move(11 * time.Minute)
		got, err := n.change(n.zoe, b.ID, to(at(1, 14, 0), at(1, 16, 0)))
		if err == nil {
			t.Errorf("moved as %s, lapsed at %v", got.Status, got.LapsesAt)
		}
	})
}

func TestLoadBesideALapsedHoldRefusesThatBookingOnly(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		r := want("amos-studio", at(1, 10, 0), at(1, 12, 0))
		r.Hold = 10 * time.Minute
		n.mustPlace(n.zoe, r)
		n.clock.Move(11 * time.Minute)
		p := booking.Past{Request: want("amos-studio", at(1, 10, 0), at(1, 12, 0)), MadeAt: n.clock.Now()}
		p.MemberID = n.luc.ID
		res, err := n.book.Load(context.Background(), []booking.Past{p}, nil)
		if err != nil {
			t.Errorf("load: %v %v", res, err)
		}
	})
}

func TestInvariant7ALapsedHoldIsNoCollision(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		c := n.mustPlace(n.luc, want("amos-studio", at(1, 11, 30), at(1, 12, 30)))
		n.shifted(c, 2*time.Hour)
		r := want("amos-studio", at(1, 10, 0), at(1, 12, 0))
		r.Hold = 10 * time.Minute
		n.mustPlace(n.zoe, r)
		n.clock.Move(11 * time.Minute)
		all, err := n.book.SetRight(context.Background())
		must(t, err)
		if len(all) != 1 || !all[0].SetRight {
			t.Errorf("%+v", all)
		}
	})
}

func TestARunningBookingMayLoseItsUnitTwice(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		ctx := context.Background()
		b := n.mustPlace(n.zoe, want("amos-studio", at(0, 9, 0), at(0, 16, 0)))
		n.clock.Set(at(0, 10, 0))
		m := n.takeOut("amos-studio1", at(0, 14, 0), nil)
		n.clean()
		n.takeOut("amos-studio1", at(0, 12, 0), ptr(at(0, 13, 0)))
		n.clean()
		_, err := n.book.EndMaintenance(ctx, n.anne, m.ID, nil, database.Key{})
		must(t, err)
		n.clean()
		_, err = n.change(n.zoe, b.ID, to(at(0, 9, 0), at(0, 11, 30)))
		must(t, err)
		n.clean()
	})
}
