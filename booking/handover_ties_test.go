package booking_test

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"

	"canot/booking"
	"canot/internal/database"
	"canot/internal/database/dbtest"
	"canot/internal/identity"
)

// A unit may leave, come back and leave again within one second, with several people: whoever asks
// what is out, or who had it last, is told of the last of them.
func TestAUnitLeavesManyTimesInOneSecond(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		ctx := context.Background()
		n.employ(n.anne)
		n.clock.Set(at(0, 9, 0))
		for i := range 6 {
			w := booking.WalkIn{Hub: "amos", New: &identity.NewMember{Name: "Rosalie"}, Units: []string{"amos-camera1"}, Until: at(0, 11, 0)}
			b, err := n.book.WalkIn(ctx, n.anne, w, database.Key{})
			must(t, err)
			u := n.scan(n.anne, "amos-camera1").Unit
			if u.Loan == nil || u.Loan.BookingID != b.ID {
				t.Fatalf("loan %d: it is out with %+v", i, u.Loan)
			}
			r := n.mustBringBack("amos-camera1")
			if r.Already || r.Booking.ID != b.ID || r.Booking.Status != booking.Completed {
				t.Fatalf("loan %d: %+v", i, r)
			}
			if twice := n.mustBringBack("amos-camera1"); !twice.Already {
				t.Errorf("loan %d, brought back twice: %+v", i, twice)
			}
			_, err = n.book.Inspect(ctx, n.anne, r.Loan.ID, booking.Return{Condition: "propre"}, database.Key{})
			must(t, err)
			n.clean()
		}
	})
}

// A unit that comes to another hub while somebody takes it out of service is taken out where it is now: who
// it is promised to there is housed there, and by nothing of where it came from.
func TestAUnitArrivesWhileItIsTakenOutOfService(t *testing.T) {
	verbs := map[string]func(n *network, unit string) error{
		"TakeOut": func(n *network, unit string) error {
			_, err := n.book.TakeOut(context.Background(), n.boss, unit, at(0, 8, 0), nil, "", database.Key{})
			return err
		},
		"Retire": func(n *network, unit string) error {
			_, err := n.book.Retire(context.Background(), n.boss, unit, nil, database.Key{})
			return err
		},
		"lost": func(n *network, unit string) error {
			_, err := n.book.TakeOutFor(context.Background(), n.boss, booking.Outage{Unit: unit, From: at(0, 8, 0), Cause: "lost"}, database.Key{})
			return err
		},
	}
	for name, verb := range verbs {
		for _, engine := range dbtest.Engines {
			t.Run(name+"/"+engine, func(t *testing.T) {
				t.Parallel()
				var arrive atomic.Pointer[func()]
				clock := dbtest.NewClock(monday)
				db := dbtest.Open(t, engine, database.Settings{Clock: clock.Now, Observe: func(query string) {
					if strings.Contains(query, "FROM components WHERE unit_id") { // it has read where the unit is
						if f := arrive.Swap(nil); f != nil {
							(*f)()
						}
					}
				}})
				n := newNetwork(t, db, clock)
				ctx, no := context.Background(), database.Key{}
				waits := n.mustPlace(n.zoe, want("rouyn-camera", at(3, 9, 0), at(3, 12, 0)))
				for _, code := range []string{"rouyn-camera1", "rouyn-camera2"} {
					_, err := n.book.TakeOut(ctx, n.boss, code, at(0, 8, 0), nil, "", no)
					must(t, err)
				}
				x := n.plan(journey("amos-camera1", "rouyn", at(0, 8, 0), at(1, 12, 0)))
				comes := func() {
					_, err := n.book.ArriveTransfer(ctx, n.boss, x.ID, no)
					if got := n.asIs(waits.ID); err != nil || got.Lines[0].WithoutUnit != 0 {
						t.Errorf("arrived: %v, %+v", err, got.Lines)
					}
				}
				arrive.Store(&comes)
				must(t, verb(n, "amos-camera1"))
				if got := n.asIs(waits.ID); got.Lines[0].WithoutUnit != 1 || len(got.Lines[0].Units) != 0 {
					t.Errorf("it has %+v", got.Lines[0])
				}
				n.clean()
			})
		}
	}
}
