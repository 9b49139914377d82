package booking_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"canot/booking"
	"canot/internal/database"
	"canot/internal/fault"
	"canot/internal/identity"
)

func TestPlaceGivesTheUnitAndRefusesItToTheNext(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		b := n.mustPlace(n.zoe, want("amos-studio", at(0, 10, 0), at(0, 12, 0)))
		if b.Status != booking.Confirmed || len(b.Lines[0].Units) != 1 || b.Version != 1 || b.Reference == "" {
			t.Fatalf("placed %+v", b)
		}
		_, err := n.place(n.luc, want("amos-studio", at(0, 11, 0), at(0, 12, 0)))
		wantCodes(t, err, "taken")
		if k := fault.KindOf(err); k != fault.Taken {
			t.Fatalf("kind %s", k)
		}
		got, err := n.book.Booking(context.Background(), n.zoe, b.ID)
		must(t, err)
		if *got.PriceCents != *b.PriceCents {
			t.Fatalf("placed for %d, read back %d", *b.PriceCents, *got.PriceCents)
		}
		got.PriceCents, b.PriceCents = nil, nil // pointers print as addresses
		if fmt.Sprint(got) != fmt.Sprint(b) {
			t.Fatalf("read back %+v\nplaced    %+v", got, b)
		}
		n.clean()
	})
}

func TestPlaceOffersOnlyWhatWouldBeAccepted(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		n.mustPlace(n.zoe, want("amos-studio", at(1, 11, 0), at(1, 13, 0)))
		_, err := n.place(n.luc, want("amos-studio", at(1, 11, 0), at(1, 13, 0)))
		alts := alternativesOf(err)
		kinds := map[string]int{}
		for _, a := range alts {
			kinds[a.Kind]++
			p, err := n.book.Preview(context.Background(), n.luc, want(a.Resource, a.StartsAt, a.EndsAt))
			must(t, err)
			if !p.OK {
				t.Errorf("offered %+v, which is refused: %v", a, p.Violations)
			}
			if a.Kind == "hub" && (a.DistanceKm < 50 || a.DistanceKm > 120) {
				t.Errorf("distance of %+v", a)
			}
		}
		if kinds["time"] < 2 || kinds["hub"] < 2 {
			t.Fatalf("offered %+v", alts)
		}
	})
}

func TestPlaceNamesEveryBrokenRule(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		// Sunday, off the grain, too short.
		_, err := n.place(n.zoe, want("amos-studio", at(6, 10, 10), at(6, 10, 40)))
		wantCodes(t, err, "off_grain", "off_grain", "too_short", "closed")
		_, err = n.place(n.zoe, want("amos-studio", at(-1, 10, 0), at(-1, 11, 0)))
		wantCodes(t, err, "in_past", "closed")
		_, err = n.place(n.zoe, want("amos-studio", at(1, 8, 0), at(1, 18, 30)))
		wantCodes(t, err, "too_long", "closed")
		_, err = n.place(n.zoe, want("amos-studio", at(1, 11, 0), at(1, 10, 0)))
		wantCodes(t, err, "ends_before_start")
		_, err = n.place(n.zoe, want("amos-studio", at(400, 10, 0), at(400, 11, 0)))
		if got := codes(err); got[0] != "too_far" {
			t.Fatalf("refused for %v", got)
		}
		_, err = n.place(n.zoe, want("nowhere", at(1, 10, 0), at(1, 11, 0)))
		wantCodes(t, err, "resource_not_found")
		n.clean()
	})
}

func TestNeighboursMayTouchButBuffersMayNot(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		n.mustPlace(n.zoe, want("amos-desk", at(0, 10, 0), at(0, 11, 0)))
		n.mustPlace(n.zoe, want("amos-studio", at(0, 10, 0), at(0, 11, 0)))
		_, err := n.place(n.luc, want("amos-studio", at(0, 11, 0), at(0, 12, 0)))
		wantCodes(t, err, "taken") // half an hour of cleaning
		n.mustPlace(n.luc, want("amos-studio", at(0, 11, 30), at(0, 12, 30)))
		_, err = n.place(n.luc, want("amos-studio", at(0, 9, 0), at(0, 10, 0)))
		wantCodes(t, err, "taken") // its own cleaning would reach into the next
		n.clean()
	})
}

func TestABasketIsAllOrNothing(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		basket := func(cameras int) booking.Request {
			r := want("amos-studio", at(2, 10, 0), at(2, 12, 0))
			r.Lines = append(r.Lines, booking.Want{Resource: "amos-camera", Quantity: cameras})
			return r
		}
		n.mustPlace(n.luc, want("amos-camera", at(2, 9, 0), at(2, 16, 0)))
		_, err := n.place(n.zoe, basket(2))
		wantCodes(t, err, "taken")
		b := n.mustPlace(n.zoe, basket(1))
		if len(b.Lines) != 2 || len(b.Lines[1].Units) != 1 {
			t.Fatalf("placed %+v", b)
		}
		_, err = n.place(n.zoe, basket(5))
		wantCodes(t, err, "taken", "too_many")
		r := want("amos-desk", at(2, 10, 0), at(2, 12, 0))
		r.Lines = append(r.Lines, booking.Want{Resource: "val-dor-desk", Quantity: 1})
		_, err = n.place(n.zoe, r)
		wantCodes(t, err, "one_hub")
		n.clean()
	})
}

func TestUnitsAreChosenSoThatFreeTimeStaysWhole(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		first := n.mustPlace(n.zoe, want("amos-desk", at(1, 9, 0), at(1, 11, 0)))
		second := n.mustPlace(n.luc, want("amos-desk", at(1, 11, 0), at(1, 13, 0)))
		if first.Lines[0].Units[0] != second.Lines[0].Units[0] {
			t.Fatalf("the second was given a fresh desk: %v after %v", second.Lines[0].Units, first.Lines[0].Units)
		}
	})
}

// racers runs f in n goroutines at once and returns how often it succeeded; any
// error but a refusal of the given kinds fails the test.
func racers(t *testing.T, n int, f func(i int) error) int {
	t.Helper()
	var wg sync.WaitGroup
	start := make(chan struct{})
	errs := make([]error, n)
	for i := range n {
		wg.Go(func() {
			<-start
			errs[i] = f(i)
		})
	}
	close(start)
	wg.Wait()
	won := 0
	for _, err := range errs {
		switch fault.KindOf(err) {
		case "":
			won++
		case fault.Taken, fault.Refused:
		default:
			t.Errorf("a racer failed: %v", err)
		}
	}
	return won
}

func TestInvariant1OneOfManyRacersWinsASlot(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		won := racers(t, 64, func(i int) error {
			_, err := n.place(n.zoe, want("amos-studio", at(3, 10, 0), at(3, 12, 0)))
			return err
		})
		if won != 1 {
			t.Fatalf("%d of 64 racers won one studio", won)
		}
		n.clean()
	})
}

func TestInvariant5APoolGivesExactlyItsUnits(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		won := racers(t, 64, func(i int) error {
			_, err := n.place(n.zoe, want("amos-desk", at(3, 10, 0), at(3, 12, 0)))
			return err
		})
		if won != 3 {
			t.Fatalf("%d of 64 racers won three desks", won)
		}
		n.clean()
	})
}

func TestInvariant5HoldsAreLimitedUnderParallelRequests(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		resources := []string{"amos-desk", "val-dor-desk", "rouyn-desk", "amos-studio", "val-dor-studio", "rouyn-studio"}
		won := racers(t, 24, func(i int) error {
			r := want(resources[i%6], at(i/6, 10, 0), at(i/6, 12, 0))
			r.Hold = 10 * time.Minute
			_, err := n.place(n.zoe, r)
			return err
		})
		if won != 3 {
			t.Fatalf("%d holds at once, want 3", won)
		}
	})
}

func TestInvariant4OneKeyHasOneEffect(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		ctx := context.Background()
		key := database.Key{Caller: n.zoe.ID, Key: "k1", Hash: "h"}
		ids := make([]string, 16)
		racers(t, 16, func(i int) error {
			b, err := n.book.Place(ctx, n.zoe, want("amos-desk", at(4, 10, 0), at(4, 12, 0)), key)
			ids[i] = b.ID
			return err
		})
		for _, id := range ids {
			if id == "" || id != ids[0] {
				t.Fatalf("one key made several bookings: %v", ids)
			}
		}
		other := key
		other.Hash = "other"
		_, err := n.book.Place(ctx, n.zoe, want("amos-desk", at(4, 13, 0), at(4, 14, 0)), other)
		wantCodes(t, err, "idempotency_key_reused")
		n.clean()
	})
}

func TestInvariant4ARefusalIsKeptUnderItsKey(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		ctx := context.Background()
		first := n.mustPlace(n.luc, want("amos-studio", at(4, 10, 0), at(4, 12, 0)))
		key := database.Key{Caller: n.zoe.ID, Key: "k2", Hash: "h"}
		_, err := n.book.Place(ctx, n.zoe, want("amos-studio", at(4, 10, 0), at(4, 12, 0)), key)
		wantCodes(t, err, "taken")
		_, cerr := n.book.Cancel(ctx, n.luc, first.ID, 0, "", database.Key{})
		must(t, cerr)
		_, again := n.book.Place(ctx, n.zoe, want("amos-studio", at(4, 10, 0), at(4, 12, 0)), key)
		wantCodes(t, again, "taken")
		if len(alternativesOf(again)) != len(alternativesOf(err)) || fault.KindOf(again) != fault.Taken {
			t.Fatalf("replayed %v, first was %v", again, err)
		}
	})
}

func TestAHoldLapsesToTheSecond(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		r := want("amos-studio", at(1, 10, 0), at(1, 12, 0))
		r.Hold = 10 * time.Minute
		held := n.mustPlace(n.zoe, r)
		if held.Status != booking.Held {
			t.Fatalf("status %s", held.Status)
		}
		n.clock.Move(10*time.Minute - time.Second)
		_, err := n.place(n.luc, want("amos-studio", at(1, 10, 0), at(1, 12, 0)))
		wantCodes(t, err, "taken")
		n.clock.Move(time.Second)
		_, err = n.book.Confirm(context.Background(), n.zoe, held.ID, 0, database.Key{})
		wantCodes(t, err, "bad_status")
		n.mustPlace(n.luc, want("amos-studio", at(1, 10, 0), at(1, 12, 0)))
		got, err := n.book.Booking(context.Background(), n.zoe, held.ID)
		must(t, err)
		if got.Status != booking.Expired {
			t.Fatalf("the lapsed hold is %s", got.Status)
		}
		n.clean()
	})
}

func TestInvariant12NobodyElsesBookingExists(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		ctx := context.Background()
		b := n.mustPlace(n.zoe, want("val-dor-studio", at(1, 10, 0), at(1, 12, 0)))
		for _, who := range []identity.Actor{n.luc, n.anne, {}} {
			_, err := n.book.Booking(ctx, who, b.ID)
			wantCodes(t, err, "booking_not_found")
			if who.ID == "" {
				continue
			}
			_, err = n.book.Change(ctx, who, b.ID, booking.Edits{Title: ptr("x")}, database.Key{})
			wantCodes(t, err, "booking_not_found")
			_, err = n.book.Cancel(ctx, who, b.ID, 0, "", database.Key{})
			wantCodes(t, err, "booking_not_found")
			list, _, err := n.book.Bookings(ctx, who, booking.Query{})
			must(t, err)
			if len(list) != 0 {
				t.Fatalf("%s sees %v", who.ID, list)
			}
		}
		_, err := n.place(identity.Actor{}, want("amos-desk", at(1, 10, 0), at(1, 12, 0)))
		wantCodes(t, err, "sign_in")
		r := want("val-dor-desk", at(1, 10, 0), at(1, 12, 0))
		r.MemberID = n.zoe.ID
		_, err = n.place(n.anne, r) // staff of Amos, not of Val-d'Or
		wantCodes(t, err, "not_allowed")
		r.Lines[0].Resource = "amos-desk"
		mine := n.mustPlace(n.anne, r)
		if mine.MemberID != n.zoe.ID || mine.MadeBy != n.anne.ID {
			t.Fatalf("booked for %+v", mine)
		}
		list, _, err := n.book.Bookings(ctx, n.anne, booking.Query{})
		must(t, err)
		if len(list) != 1 || list[0].ID != mine.ID {
			t.Fatalf("staff of Amos see %+v", list)
		}
	})
}

func TestARefusalLeavesNoTrace(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		count := func() (rows [4]int) {
			for i, table := range []string{"bookings", "occupancies", "changes", "jobs"} {
				must(t, n.db.Reader(context.Background()).Get(&rows[i], `SELECT count(*) FROM `+table))
			}
			return rows
		}
		n.mustPlace(n.luc, want("amos-studio", at(1, 10, 0), at(1, 12, 0)))
		before := count()
		_, err := n.place(n.zoe, want("amos-studio", at(1, 10, 0), at(1, 12, 0)))
		wantCodes(t, err, "taken")
		if after := count(); after != before {
			t.Fatalf("rows were %v, are %v", before, after)
		}
	})
}
