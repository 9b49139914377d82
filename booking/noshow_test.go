package booking_test

import (
	"context"
	"testing"

	"canot/booking"
	"canot/internal/database"
	"canot/internal/identity"
	"canot/inventory"
)

// givesUp makes a resource give up what nobody comes for, so many minutes after its start.
func (n *network) givesUp(resource string, minutes int) {
	n.t.Helper()
	_, err := n.catalog.UpdateResource(context.Background(), identity.System, resource, inventory.ResourceEdits{Policy: inventory.PolicyEdits{NoShowAfter: &minutes}}, database.Key{})
	must(n.t, err)
}

func TestWhatNobodyComesForIsFreeAtOnce(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		ctx := context.Background()
		n.begin()
		n.givesUp("amos-studio", 15)
		gone := n.mustPlace(n.zoe, want("amos-studio", at(0, 10, 0), at(0, 12, 0)))
		kept := n.mustPlace(n.zoe, want("amos-desk", at(0, 10, 0), at(0, 12, 0)))
		came := n.mustPlace(n.luc, want("amos-studio", at(0, 13, 0), at(0, 15, 0)))
		n.until(at(0, 10, 14))
		if n.asIs(gone.ID).Status != booking.Confirmed {
			t.Fatal("it was given up too early")
		}
		n.until(at(0, 10, 15))
		if got := n.asIs(gone.ID); got.Status != booking.NoShow || n.newsOf(gone.ID, "booking.no_show") != 1 {
			t.Fatalf("%s", got.Status)
		}
		if n.asIs(kept.ID).Status != booking.Confirmed {
			t.Error("a policy that says nothing gave up")
		}
		if got := n.freeUnits("amos-studio", at(0, 10, 30), at(0, 12, 0)); got != 1 {
			t.Errorf("%d free", got)
		}
		n.mustPlace(n.luc, want("amos-studio", at(0, 10, 30), at(0, 12, 0)))
		n.clock.Set(at(0, 12, 55))
		_, err := n.book.Arrive(ctx, n.anne, came.ID, at(0, 12, 55), database.Key{})
		must(t, err)
		n.until(at(0, 13, 20))
		n.until(at(0, 13, 25))
		if got := n.asIs(came.ID).Status; got != booking.InUse {
			t.Errorf("who came is %s", got)
		}
		if n.newsOf(gone.ID, "booking.no_show") != 1 {
			t.Error("they were told twice")
		}
		n.clean()
	})
}

func TestWhoCouldNotComeIsNoNoShow(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		n.begin()
		n.givesUp("amos-camera", 30)
		_, err := n.book.TakeOut(context.Background(), n.anne, "amos-camera2", at(0, 8, 0), nil, "", database.Key{})
		must(t, err)
		late := n.mustPlace(n.zoe, want("amos-camera", at(0, 9, 0), at(0, 12, 0)))
		next := n.mustPlace(n.luc, want("amos-camera", at(0, 13, 0), at(0, 16, 0)))
		n.until(at(0, 9, 0))
		n.mustHandOut(late)
		n.until(at(0, 12, 10))
		n.until(at(0, 12, 20))
		n.until(at(0, 13, 40))
		if got := n.asIs(next.ID); got.Status != booking.Confirmed || got.Lines[0].WithoutUnit != 1 {
			t.Fatalf("%+v", got)
		}
		n.mustBringBack("amos-camera1")
		if got := n.asIs(next.ID); got.Lines[0].WithoutUnit != 0 {
			t.Fatalf("%+v", got)
		}
		n.until(at(0, 14, 5))
		if got := n.asIs(next.ID).Status; got != booking.Confirmed {
			t.Errorf("who was just told to come is %s", got)
		}
		n.until(at(0, 14, 15))
		if got := n.asIs(next.ID).Status; got != booking.NoShow {
			t.Errorf("it is %s", got)
		}
		n.clean()
	})
}

func TestWhoWaitsForALateUnitIsNoNoShow(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		n.begin()
		n.add("amos", "printer", inventory.Equipment, 1, inventory.PolicyEdits{Grain: ptr(60), Shortest: ptr(60), Longest: ptr(600), NoShowAfter: ptr(10), Within: ptr(inventory.EndsInside)})
		late := n.mustPlace(n.zoe, want("amos-printer", at(0, 9, 0), at(0, 12, 0)))
		next := n.mustPlace(n.luc, want("amos-printer", at(0, 12, 0), at(0, 15, 0)))
		n.until(at(0, 9, 0))
		n.mustHandOut(late)
		n.until(at(0, 12, 12)) // they stand in line, behind who is late
		if got := n.asIs(next.ID); got.Status != booking.Confirmed || got.Lines[0].WithoutUnit != 0 {
			t.Errorf("%+v", got)
		}
		n.clean()
	})
}
