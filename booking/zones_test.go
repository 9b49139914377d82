package booking_test

import (
	"context"
	"testing"
	"time"

	"canot/booking"
	"canot/internal/database"
	"canot/inventory"
	"canot/inventory/hours"
)

// shifted pretends that a booking was made when its zone had other rules: its
// instants are d off what it promised.
func (n *network) shifted(b booking.Booking, d time.Duration) {
	n.t.Helper()
	must(n.t, n.db.In(context.Background(), func(tx *database.Tx) error {
		if _, err := tx.Exec(`UPDATE bookings SET starts_at = $2, ends_at = $3 WHERE id = $1`, b.ID, b.StartsAt.Add(d), b.EndsAt.Add(d)); err != nil {
			return err
		}
		var o struct {
			ID       string    `db:"id"`
			StartsAt time.Time `db:"starts_at"`
			EndsAt   time.Time `db:"ends_at"`
		}
		if err := tx.Get(&o, `SELECT id, starts_at, ends_at FROM occupancies WHERE booking_id = $1`, b.ID); err != nil {
			return err
		}
		_, err := tx.Exec(`UPDATE occupancies SET starts_at = $2, ends_at = $3 WHERE id = $1`, o.ID, o.StartsAt.Add(d), o.EndsAt.Add(d))
		return err
	}))
}

func TestInvariant7WallClockPromisesAreSetRight(t *testing.T) {
	for _, d := range []time.Duration{-time.Hour, time.Hour} {
		onEach(t, func(t *testing.T, n *network) {
			ctx := context.Background()
			var made []booking.Booking
			for _, h := range []int{9, 10, 11, 12} { // four neighbours that touch, on each of three desks
				for range 3 {
					made = append(made, n.mustPlace(n.zoe, want("amos-desk", at(2, h, 0), at(2, h+1, 0))))
				}
			}
			for i := range made {
				k := i
				if d > 0 {
					k = len(made) - 1 - i
				}
				n.shifted(made[k], d)
			}
			moved, err := n.book.Shifted(ctx)
			must(t, err)
			if len(moved) != 12 {
				t.Fatalf("%d of 12 are seen", len(moved))
			}
			right, err := n.book.SetRight(ctx)
			must(t, err)
			for _, s := range right {
				if !s.SetRight || s.Collision {
					t.Errorf("left: %+v", s)
				}
			}
			for _, b := range made {
				got, err := n.book.Booking(ctx, n.zoe, b.ID)
				must(t, err)
				if !got.StartsAt.Equal(b.StartsAt) || !got.EndsAt.Equal(b.EndsAt) || got.Sequence != 1 {
					t.Errorf("set right to %+v, was %+v", got, b)
				}
			}
			n.clean()
		})
	}
}

func TestInvariant7ACollisionIsListedAndLeft(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		ctx := context.Background()
		b := n.mustPlace(n.zoe, want("amos-studio", at(2, 10, 0), at(2, 11, 0)))
		n.shifted(b, -time.Hour)
		n.mustPlace(n.luc, want("amos-studio", at(2, 10, 30), at(2, 12, 0)))
		all, err := n.book.SetRight(ctx)
		must(t, err)
		if len(all) != 1 || !all[0].Collision || all[0].SetRight {
			t.Fatalf("set right: %+v", all)
		}
		found, err := n.book.Check(ctx)
		must(t, err)
		if len(found) != 1 || found[0].Code != "zone_moved" {
			t.Fatalf("check: %+v", found)
		}
	})
}

func TestARepeatedHourIsNotTakenForAChangeOfRules(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		n.add("amos", "printer", inventory.Machine, 1, inventory.PolicyEdits{
			Grain: ptr(30), Shortest: ptr(30), Longest: ptr(240), Horizon: ptr(400), Within: ptr(inventory.Any)})
		// 1 November 2027 does not exist twice; 7 November 2027, 1:30, does: take its second reading.
		second := time.Date(2027, 11, 7, 6, 30, 0, 0, time.UTC)
		b := n.mustPlace(n.zoe, want("amos-printer", second, second.Add(time.Hour)))
		zone, err := hours.LoadZone(b.TimeZone)
		must(t, err)
		if got := hours.Promise(b.StartsAt, zone); got != "2027-11-07T01:30:00-05:00" {
			t.Fatalf("promised %s", got)
		}
		n.clean()
	})
}

func TestANewClosureListsWhatItHits(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		ctx := context.Background()
		b := n.mustPlace(n.zoe, want("amos-studio", at(2, 10, 0), at(2, 11, 0)))
		n.mustPlace(n.zoe, want("amos-studio", at(3, 10, 0), at(3, 11, 0)))
		_, err := n.catalog.AddClosure(ctx, n.boss, inventory.Closure{
			HubID: "amos", StartsLocal: "2026-11-18T00:00:00", EndsLocal: "2026-11-19T00:00:00", Reason: inventory.Text{"fr": "tempête"},
		}, database.Key{})
		must(t, err)
		out, err := n.book.Outside(ctx, n.anne, "amos")
		must(t, err)
		if len(out) != 1 || out[0].ID != b.ID {
			t.Fatalf("outside: %+v", out)
		}
		_, err = n.place(n.luc, want("amos-desk", at(2, 10, 0), at(2, 11, 0)))
		wantCodes(t, err, "closure")
		_, err = n.book.Outside(ctx, n.luc, "amos")
		wantCodes(t, err, "not_allowed")
		still, err := n.book.Booking(ctx, n.zoe, b.ID)
		must(t, err)
		if still.Status != booking.Confirmed {
			t.Fatal("a closure cancelled a booking")
		}
		n.clean()
	})
}

func TestAnEditOfHoursLetsNothingSlipThroughBesideIt(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		ctx := context.Background()
		done := make(chan error, 1)
		go func() {
			_, err := n.catalog.AddClosure(ctx, n.boss, inventory.Closure{
				HubID: "amos", StartsLocal: "2026-11-18T00:00:00", EndsLocal: "2026-11-19T00:00:00",
			}, database.Key{})
			done <- err
		}()
		var before, after int
		for i := range 60 {
			_, err := n.place(n.zoe, want("amos-desk", at(2, 9, 0).Add(time.Duration(i%16)*30*time.Minute), at(2, 9, 30).Add(time.Duration(i%16)*30*time.Minute)))
			if err == nil {
				before++
			} else {
				after++
			}
		}
		must(t, <-done)
		// Whatever was booked was booked before the closure: the log's order says so.
		var late int
		must(t, n.db.Reader(ctx).Get(&late, `
			SELECT count(*) FROM changes WHERE action = 'booking.place' AND seq > (
				SELECT max(seq) FROM changes WHERE action LIKE 'closure%')`))
		if late != 0 {
			t.Fatalf("%d bookings slipped in beside the closure (%d before, %d refused)", late, before, after)
		}
	})
}

func TestInvariant7ADecisionKeepsThePromise(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		ctx := context.Background()
		n.add("amos", "printer", inventory.Machine, 1, inventory.PolicyEdits{
			Grain: ptr(30), Shortest: ptr(30), Longest: ptr(240), Approval: ptr(true), Within: ptr(inventory.Inside)})
		b := n.mustPlace(n.zoe, want("amos-printer", at(2, 10, 0), at(2, 11, 0)))
		n.shifted(b, -time.Hour)
		_, err := n.book.Approve(ctx, n.anne, b.ID, 0, database.Key{})
		must(t, err)
		moved, err := n.book.Shifted(ctx)
		must(t, err)
		if len(moved) != 1 {
			t.Fatalf("approving forgot the promise: %+v", moved)
		}
		_, err = n.book.SetRight(ctx)
		must(t, err)
		n.clean()
	})
}
