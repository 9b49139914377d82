package booking_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"canot/booking"
	"canot/internal/identity"
	"canot/inventory"
	"canot/inventory/hours"
)

// playNext holds the times that are proposed against the slots of the same resource.
func (s *stage) playNext(t watcher, sc scene) {
	ctx := context.Background()
	f := shoot(t, sc)
	res, err := s.build(f)
	if err != nil {
		t.Fatal(err)
	}
	all, err := s.book.Available(ctx, identity.Actor{}, booking.AvailabilityQuery{Resource: res, From: f.from, To: f.to, Quantity: f.quantity})
	if err != nil {
		t.Fatal(err)
	}
	slots, err := s.book.Slots(ctx, identity.Actor{}, booking.SlotQuery{Lines: []booking.Want{{Resource: res, Quantity: f.quantity}}, From: f.from, To: f.to})
	if err != nil {
		t.Fatal(err)
	}
	draw := rand.New(rand.NewPCG(f.seed, 3))
	most, perDay, before := 1+draw.IntN(9), 1+draw.IntN(3), time.Time{}
	if draw.IntN(2) == 0 {
		before = f.from.Add(time.Duration(draw.IntN(72)) * time.Hour)
	}
	var want []string
	onDay, last := map[hours.Date]int{}, time.Time{}
	for _, x := range slots.Free {
		day := hours.DateOf(x.StartsAt, f.zone)
		if x.EndsAt.After(f.to) || !before.IsZero() && !x.StartsAt.Before(before) || x.StartsAt.Before(last) || onDay[day] == perDay || len(want) == most {
			continue
		}
		onDay[day]++
		last = x.EndsAt
		want = append(want, f.span(f.index(x.StartsAt), f.index(x.EndsAt)))
	}
	var found []string
	for _, x := range all[0].Next(most, perDay, before) {
		found = append(found, f.span(f.index(x.StartsAt), f.index(x.EndsAt)))
		if got, ok := all[0].From(x.StartsAt); !ok || !got.EndsAt.Equal(x.EndsAt) {
			t.Fatalf("%s\nfrom %v is proposed %v, %v", f.tell(), x.StartsAt, got, ok)
		}
	}
	if !slices.Equal(found, want) {
		t.Fatalf("%s\nproposed, %d and %d a day before %v, are\n%s\nwant\n%s", f.tell(), most, perDay, before, strings.Join(found, "\n"), strings.Join(want, "\n"))
	}
	for range 20 {
		i := f.index(f.from) + draw.IntN(f.index(f.to)-f.index(f.from))
		i -= f.wall[i] % 1440 % f.policy.Grain
		got, ok := all[0].From(f.at(i))
		if !ok {
			continue
		}
		if why := f.why(i, f.index(got.EndsAt), f.quantity); why != "" || !got.StartsAt.Equal(f.at(i)) {
			t.Fatalf("%s\nfrom %s is proposed what the model refuses for %s", f.tell(), f.span(i, f.index(got.EndsAt)), why)
		}
	}
}

func TestProposedTimesAreSlots(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		s := newStage(t, "sqlite")
		rapid.Check(t, func(t *rapid.T) { s.playNext(t, scenes().Draw(t, "scene")) })
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		s := newStage(t, "postgres")
		for seed := range 25 {
			s.playNext(t, scenes().Example(seed))
		}
	})
}

func TestOnlyWhatCanBeginInTimeIsLeft(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		n.mustPlace(n.luc, want("amos-studio", at(1, 9, 0), at(1, 16, 0)))
		n.policy("amos-studio", inventory.PolicyEdits{Shortest: ptr(30)})
		for _, x := range []struct {
			by   time.Time
			want string
		}{
			{time.Time{}, "amos-camera amos-desk amos-studio"},
			{at(1, 17, 0), "amos-camera amos-desk"}, // half an hour is free in the studio, and an hour the usual
			{at(1, 10, 0), "amos-desk"},             // a camera that leaves at nine would be due at nine, when the hub opens
			{at(1, 9, 0), ""},
		} {
			f := n.browse(booking.BrowseQuery{OnlyFree: true, StartsBy: x.by, AvailabilityQuery: booking.AvailabilityQuery{Hub: "amos", From: at(1, 0, 0), To: at(4, 0, 0)}})
			if slugsOf(f) != x.want || f.Total != len(f.Items) {
				t.Errorf("by %v: %s, want %s", x.by, slugsOf(f), x.want)
			}
		}
		f := n.browse(booking.BrowseQuery{Untimed: true, AvailabilityQuery: booking.AvailabilityQuery{Hub: "amos"}})
		if f.Total != 3 || fmt.Sprint(f.Items[0].Free, f.Items[0].Open) != "[] []" {
			t.Errorf("%+v", f)
		}
	})
}
