package booking_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"canot/booking"
	"canot/internal/database"
	"canot/internal/database/dbtest"
	"canot/inventory"
)

// reminders counts the notices that remind of a booking.
func (n *network) reminders(bookingID string) (count int) {
	n.t.Helper()
	must(n.t, n.db.Reader(context.Background()).Get(&count, `SELECT count(*) FROM jobs WHERE kind = 'notice' AND args = $1`,
		`{"booking":"`+bookingID+`","what":"booking.reminder"}`))
	return count
}

// until lets the time pass, and does the jobs that are due then.
func (n *network) until(at time.Time) {
	n.t.Helper()
	n.clock.Set(at)
	_, err := n.db.RunDue(context.Background(), n.book.Handlers())
	must(n.t, err)
}

func TestPeopleAreRemindedTheDayBefore(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		ctx := context.Background()
		must(t, n.book.Begin(ctx))
		must(t, n.book.Begin(ctx))                                                     // a server that starts again
		tomorrow := n.mustPlace(n.zoe, want("amos-studio", at(1, 9, 0), at(1, 10, 0))) // made before nine o'clock of today
		early := n.mustPlace(n.zoe, want("amos-desk", at(2, 10, 0), at(2, 11, 0)))
		late := n.mustPlace(n.luc, want("amos-desk", at(2, 16, 30), at(2, 17, 0)))
		after := n.mustPlace(n.luc, want("amos-desk", at(3, 9, 0), at(3, 10, 0)))
		gone := n.mustPlace(n.luc, want("val-dor-desk", at(2, 10, 0), at(2, 11, 0)))
		all := []string{tomorrow.ID, early.ID, late.ID, after.ID, gone.ID}
		check := func(when string, want ...int) {
			t.Helper()
			var got []int
			for _, id := range all {
				got = append(got, n.reminders(id))
			}
			if !slices.Equal(got, want) {
				t.Errorf("%s: reminded %v, want %v", when, got, want)
			}
		}
		n.until(at(0, 8, 59))
		check("before nine", 0, 0, 0, 0, 0)
		n.until(at(0, 9, 0))
		check("at nine", 1, 0, 0, 0, 0)
		n.until(at(1, 8, 50))
		if _, err := n.book.Cancel(ctx, n.luc, gone.ID, 0, "", database.Key{}); err != nil {
			t.Fatal(err)
		}
		check("the next morning", 1, 0, 0, 0, 0)
		n.until(at(1, 9, 0))
		check("at nine the next day", 1, 1, 1, 0, 0)
		made := n.mustPlace(n.zoe, want("rouyn-desk", at(2, 11, 0), at(2, 12, 0)))
		all = append(all, made.ID)
		n.until(at(2, 9, 0))
		check("made after nine", 1, 1, 1, 1, 0, 0)
		n.until(at(4, 12, 0))
		check("in the end", 1, 1, 1, 1, 0, 0)
	})
}

// Moved to another day it is reminded of again; moved within the day, its letter has just said so.
func TestAMovedBookingIsRemindedOfAgain(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		ctx := context.Background()
		must(t, n.book.Begin(ctx))
		b := n.mustPlace(n.zoe, want("amos-desk", at(1, 9, 0), at(1, 10, 0)))
		n.until(at(0, 9, 30))
		move := func(from, to time.Time) {
			t.Helper()
			_, err := n.book.Change(ctx, n.zoe, b.ID, booking.Edits{StartsAt: &from, EndsAt: &to}, database.Key{})
			must(t, err)
		}
		if got := n.reminders(b.ID); got != 1 {
			t.Fatalf("reminded %d times", got)
		}
		move(at(1, 11, 0), at(1, 12, 0))
		n.told(b.ID, "booking.moved")
		n.until(at(0, 17, 0))
		if got := n.reminders(b.ID); got != 1 {
			t.Errorf("moved after nine, and reminded %d times", got)
		}
		move(at(3, 9, 0), at(3, 10, 0))
		n.until(at(2, 9, 0))
		n.until(at(3, 12, 0))
		if got := n.reminders(b.ID); got != 2 {
			t.Errorf("moved to another day, and reminded %d times", got)
		}
	})
}

// Two workers of two servers at once remind once, and leave one next look.
func TestTwoWorkersRemindOnce(t *testing.T) {
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			clock := dbtest.NewClock(monday)
			n := newNetwork(t, dbtest.Open(t, engine, database.Settings{Clock: clock.Now}), clock)
			var ids []string
			for i := range 3 {
				for _, hub := range []string{"amos", "val-dor", "rouyn"} {
					ids = append(ids, n.mustPlace(n.zoe, want(hub+"-desk", at(1, 9+i, 0), at(1, 10+i, 0))).ID)
				}
			}
			clock.Set(at(0, 9, 0))
			remind := n.book.Handlers()["booking.remind"]
			var both sync.WaitGroup
			for range 2 {
				both.Go(func() {
					if err := remind(context.Background(), []byte("{}")); err != nil {
						t.Error(err)
					}
				})
			}
			both.Wait()
			must(t, remind(context.Background(), []byte("{}"))) // and once more, as after a crash
			for _, id := range ids {
				if got := n.reminders(id); got != 1 {
					t.Errorf("reminded %d times", got)
				}
			}
		})
	}
}

// More than one piece, none of which may hide the next: those already reminded of, and those that
// are not to be.
func TestManyAreRemindedInPieces(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		ctx := context.Background()
		const many = 450
		const slug = "amos-hall"
		n.add("amos", "hall", inventory.Space, 1, inventory.PolicyEdits{Grain: ptr(30), Shortest: ptr(30), Longest: ptr(480), Within: ptr(inventory.Inside)})
		first := n.mustPlace(n.zoe, want(slug, at(1, 9, 0), at(1, 10, 0)))
		must(t, n.db.In(ctx, func(tx *database.Tx) error {
			for i := range many {
				id := first.ID[:len(first.ID)-4] + string(rune('a'+i/100)) + string(rune('a'+i/10%10)) + string(rune('a'+i%10)) + "x"
				_, err := tx.Exec(`INSERT INTO bookings (id, reference, hub_id, member_id, made_by, status, starts_at, ends_at, starts_local, ends_local, created_at, changed_at)
					SELECT $1, $1, hub_id, member_id, made_by, status, starts_at, ends_at, starts_local, ends_local, created_at, CASE WHEN $3 THEN $4 ELSE changed_at END FROM bookings WHERE id = $2`,
					id, first.ID, i < 250, at(0, 9, 0)) // the first of them were made too late
				if err != nil {
					return err
				}
			}
			return nil
		}))
		n.clock.Set(at(0, 9, 0))
		must(t, n.book.Handlers()["booking.remind"](ctx, []byte("{}")))
		var told int
		must(t, n.db.Reader(ctx).Get(&told, `SELECT count(*) FROM jobs WHERE kind = 'notice' AND args LIKE '%booking.reminder%'`))
		if told != many-250+1 {
			t.Errorf("%d reminded of %d", told, many-250+1)
		}
	})
}

// Nine o'clock is nine on the wall also when the clocks change in between.
func TestNineOClockIsOnTheWallsOfTheHub(t *testing.T) {
	for name, c := range map[string]struct{ zone, starts, want string }{
		"the clocks go back":     {"America/Toronto", "2026-11-01T15:00:00Z", "2026-10-31T13:00:00Z"}, // 10:00 EST; 9:00 EDT
		"the clocks go forward":  {"America/Toronto", "2027-03-14T14:00:00Z", "2027-03-13T14:00:00Z"},
		"just after midnight":    {"America/Toronto", "2026-11-17T05:30:00Z", "2026-11-16T14:00:00Z"},
		"just before midnight":   {"America/Toronto", "2026-11-18T04:30:00Z", "2026-11-16T14:00:00Z"},
		"a zone of another hour": {"America/Winnipeg", "2026-11-17T15:00:00Z", "2026-11-16T14:00:00Z"},
		"half an hour apart":     {"America/St_Johns", "2026-11-17T15:00:00Z", "2026-11-16T12:30:00Z"},
	} {
		starts, err := time.Parse(time.RFC3339, c.starts)
		must(t, err)
		got, err := booking.Booking{StartsAt: starts, TimeZone: c.zone}.RemindAt()
		must(t, err)
		if got.Format(time.RFC3339) != c.want {
			t.Errorf("%s: %s, want %s", name, got.Format(time.RFC3339), c.want)
		}
	}
}

// What a network was filled with is not reminded of all at once; what comes later is.
func TestLoadedBookingsAreNotRemindedOfAtOnce(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		ctx := context.Background()
		n.clock.Set(at(0, 12, 0))
		must(t, n.book.Begin(ctx))
		all := []booking.Past{
			{Request: want("amos-desk", at(1, 9, 0), at(1, 10, 0)), MadeAt: at(-3, 9, 0), Status: booking.Confirmed},
			{Request: want("amos-desk", at(2, 9, 0), at(2, 10, 0)), MadeAt: at(-3, 9, 0), Status: booking.Confirmed},
		}
		for i := range all {
			all[i].MemberID = n.zoe.ID
		}
		failed, err := n.book.Load(ctx, all, nil)
		must(t, err)
		for _, err := range failed {
			must(t, err)
		}
		n.until(at(0, 12, 10))
		n.until(at(1, 9, 0))
		n.until(at(2, 12, 0))
		var told []string
		must(t, n.db.Reader(ctx).Select(&told, `SELECT args FROM jobs WHERE kind = 'notice' AND args LIKE '%booking.reminder%'`))
		if len(told) != 1 {
			t.Errorf("reminded of %v", told)
		}
	})
}
