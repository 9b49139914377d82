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
	"canot/inventory"
)

// TestFreeTimeIsRememberedUnderTheRulesItWasReadAt retires a unit between the two reads of
// another server: what that one remembers must not come back with the next booking.
func TestFreeTimeIsRememberedUnderTheRulesItWasReadAt(t *testing.T) {
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) {
			var armed atomic.Bool
			var hook func()
			clock := dbtest.NewClock(monday)
			db := dbtest.Open(t, engine, database.Settings{Clock: clock.Now, Observe: func(q string) {
				if strings.Contains(q, "h.region_id, h.time_zone, h.latitude") && armed.CompareAndSwap(true, false) {
					hook()
				}
			}})
			n := newNetwork(t, db, clock)
			ctx := context.Background()
			hook = func() {
				_, err := n.book.Retire(ctx, n.boss, "amos-camera1", nil, database.Key{})
				must(t, err)
			}
			other := newBook(db, inventory.New(db)) // another server
			q := booking.AvailabilityQuery{Resource: "amos-camera", From: at(1, 9, 0), To: at(1, 17, 0)}
			armed.Store(true)
			first, err := other.Available(ctx, identity.Actor{}, q)
			must(t, err)
			if armed.Load() {
				t.Fatal("never hooked")
			}
			n.mustPlace(n.zoe, want("amos-camera", at(1, 9, 0), at(1, 17, 0)))
			second, err := other.Available(ctx, identity.Actor{}, q)
			must(t, err)
			fresh, err := n.book.Available(ctx, identity.Actor{}, q)
			must(t, err)
			if len(second[0].Free) != len(fresh[0].Free) {
				t.Errorf("first %v\nthen %v\nis %v", first[0].Free, second[0].Free, fresh[0].Free)
			}
		})
	}
}
