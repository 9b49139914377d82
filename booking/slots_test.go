package booking_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"canot/booking"
	"canot/booking/membership"
	"canot/internal/database"
	"canot/internal/database/dbtest"
	"canot/internal/fault"
	"canot/internal/identity"
	"canot/inventory"
)

func (n *network) slots(who identity.Actor, q booking.SlotQuery) booking.Slots {
	n.t.Helper()
	s, err := n.book.Slots(context.Background(), who, q)
	must(n.t, err)
	return s
}

// clocks says when slots begin and end on the wall, and how many times they can be had.
func clocks(s booking.Slots) string {
	var all []string
	for _, x := range s.Free {
		all = append(all, fmt.Sprintf("%s-%s×%d", x.StartsAt.In(s.Zone).Format("02 15:04"), x.EndsAt.In(s.Zone).Format("15:04"), x.Quantity))
	}
	return strings.Join(all, " ")
}

func basket(slugs ...string) []booking.Want {
	var all []booking.Want
	for _, s := range slugs {
		all = append(all, booking.Want{Resource: s, Quantity: 1})
	}
	return all
}

func (n *network) wantSlots(who identity.Actor, q booking.SlotQuery, want string) {
	n.t.Helper()
	if got := clocks(n.slots(who, q)); got != want {
		n.t.Errorf("slots are\n%s, want\n%s", got, want)
	}
}

func TestSlotsAreWhereEveryLineIsFree(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		n.mustPlace(n.luc, want("amos-studio", at(1, 10, 0), at(1, 12, 0)))
		n.mustPlace(n.luc, want("amos-camera", at(1, 14, 0), at(1, 15, 0)))
		n.mustPlace(n.anne, want("amos-camera", at(1, 14, 0), at(1, 15, 0)))
		day := booking.SlotQuery{From: at(1, 0, 0), To: at(2, 0, 0), Length: time.Hour}
		for _, x := range []struct {
			lines []booking.Want
			want  string
		}{
			// The studio needs half an hour after each booking, the camera an hour.
			{basket("amos-studio"), "17 12:30-13:30×1 17 13:00-14:00×1 17 13:30-14:30×1 17 14:00-15:00×1 17 14:30-15:30×1 17 15:00-16:00×1 17 15:30-16:30×1 17 16:00-17:00×1"},
			{basket("amos-camera"), "17 09:00-10:00×2 17 10:00-11:00×2 17 11:00-12:00×2 17 12:00-13:00×2 17 16:00-17:00×2"},
			{basket("amos-studio", "amos-camera"), "17 16:00-17:00×1"},
			{[]booking.Want{{Resource: "amos-camera", Quantity: 2}, {Resource: "amos-studio", Quantity: 1}}, "17 16:00-17:00×1"},
			{basket("amos-camera", "amos-camera"), "17 09:00-10:00×1 17 10:00-11:00×1 17 11:00-12:00×1 17 12:00-13:00×1 17 16:00-17:00×1"},
			{basket("amos-camera", "amos-camera", "amos-camera"), ""},
		} {
			day.Lines = x.lines
			n.wantSlots(n.zoe, day, x.want)
		}
		s := n.slots(n.zoe, booking.SlotQuery{Lines: basket("amos-studio", "amos-camera", n.id["amos-studio"]), From: at(1, 0, 0), To: at(2, 0, 0)})
		if len(s.Terms) != 3 || s.Terms[0].Resource.Slug != "amos-studio" || s.Terms[1].Resource.Slug != "amos-camera" || s.Terms[2] != s.Terms[0] {
			t.Errorf("the terms are not those of the lines, in order: %v", s.Terms)
		}
		if s.Hub != "amos" || s.Zone.String() != "America/Toronto" || s.Step != time.Hour || s.Shortest != time.Hour || s.Longest != 8*time.Hour {
			t.Errorf("at %s in %v, step %v, %v to %v", s.Hub, s.Zone, s.Step, s.Shortest, s.Longest)
		}
		n.clean()
	})
}

func TestSlotsHaveTheUsualLengthWhenNoneIsSaid(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		n.add("amos", "printer", inventory.Machine, 1, inventory.PolicyEdits{Grain: ptr(45), Shortest: ptr(45), Longest: ptr(450), Within: ptr(inventory.EndsInside)})
		n.add("amos", "hall", inventory.Space, 1, inventory.PolicyEdits{Grain: ptr(30), Shortest: ptr(240), Longest: ptr(480)})
		n.add("rouyn", "printer", inventory.Guide, 1, inventory.PolicyEdits{Grain: ptr(10), Shortest: ptr(10), Longest: ptr(40)})
		n.add("rouyn", "hall", inventory.Equipment, 1, inventory.PolicyEdits{Grain: ptr(60), Shortest: ptr(120), Longest: ptr(1380), Within: ptr(inventory.EndsInside)})
		n.add("val-dor", "hall", inventory.Equipment, 1, inventory.PolicyEdits{Grain: ptr(5), Shortest: ptr(5), Longest: ptr(2880), Within: ptr(inventory.Inside)})
		for _, x := range []struct {
			lines  []booking.Want
			length time.Duration
			days   int
			step   time.Duration
		}{
			{basket("amos-desk"), time.Hour, 0, 30 * time.Minute},
			{basket("amos-printer"), 90 * time.Minute, 0, 45 * time.Minute},
			{basket("amos-hall"), 4 * time.Hour, 0, 30 * time.Minute},
			{basket("rouyn-printer"), 40 * time.Minute, 0, 20 * time.Minute},
			{basket("amos-camera"), 0, 1, time.Hour},
			{basket("amos-camera", "amos-desk"), time.Hour, 0, time.Hour},
			{basket("rouyn-hall"), 2 * time.Hour, 0, time.Hour},
			{basket("val-dor-hall"), time.Hour, 0, 15 * time.Minute},
			{basket("amos-printer", "amos-desk"), 90 * time.Minute, 0, 90 * time.Minute},
		} {
			s := n.slots(n.zoe, booking.SlotQuery{Lines: x.lines, From: at(1, 0, 0), To: at(2, 0, 0)})
			if s.Length != x.length || s.Days != x.days || s.Step != x.step {
				t.Errorf("%v: %v, %d days, every %v; want %v, %d days, every %v", x.lines, s.Length, s.Days, s.Step, x.length, x.days, x.step)
			}
			if len(s.Free) == 0 {
				t.Errorf("%v: nothing is free", x.lines)
			}
		}
	})
}

func TestSlotsOfDaysKeepTheTimeOfDayWhenClocksChange(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		n.clock.Set(time.Date(2027, 3, 10, 13, 0, 0, 0, time.UTC))
		s := n.slots(n.zoe, booking.SlotQuery{Lines: basket("amos-camera"), From: time.Date(2027, 3, 12, 5, 0, 0, 0, time.UTC),
			To: time.Date(2027, 3, 14, 4, 0, 0, 0, time.UTC), Days: 3})
		// From Friday to Monday and from Saturday to Tuesday. Nothing comes back at nine, for the hub
		// opens then.
		want := "12 10:00-10:00×2 12 11:00-11:00×2 12 12:00-12:00×2 12 13:00-13:00×2 12 14:00-14:00×2 12 15:00-15:00×2 12 16:00-16:00×2 " +
			"13 10:00-10:00×2 13 11:00-11:00×2 13 12:00-12:00×2 13 13:00-13:00×2 13 14:00-14:00×2 13 15:00-15:00×2"
		if got := clocks(s); got != want {
			t.Errorf("slots are\n%s, want\n%s", got, want)
		}
		if len(s.Free) > 0 && s.Free[0].EndsAt.Sub(s.Free[0].StartsAt) != 71*time.Hour {
			t.Errorf("three days over the change of clocks last %v", s.Free[0].EndsAt.Sub(s.Free[0].StartsAt))
		}
	})
}

func TestSlotsMindNoticeHorizonAndTheRunningSlot(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		n.clock.Set(at(1, 14, 7))
		week := booking.SlotQuery{Lines: basket("amos-desk"), From: at(0, 0, 0), To: at(7, 0, 0), Length: 3 * time.Hour}
		n.policy("amos-desk", inventory.PolicyEdits{Horizon: ptr(1)})
		n.wantSlots(n.zoe, week, "17 14:00-17:00×3 18 09:00-12:00×3 18 09:30-12:30×3 18 10:00-13:00×3 18 10:30-13:30×3 "+
			"18 11:00-14:00×3 18 11:30-14:30×3 18 12:00-15:00×3 18 12:30-15:30×3 18 13:00-16:00×3 18 13:30-16:30×3 18 14:00-17:00×3")
		n.policy("amos-desk", inventory.PolicyEdits{Notice: ptr(22 * 60)})
		n.wantSlots(n.zoe, week, "18 12:30-15:30×3 18 13:00-16:00×3 18 13:30-16:30×3 18 14:00-17:00×3")
	})
}

func TestSlotsReachAsFarAsTheTierOfWhoAsks(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		n.tier("early", false, membership.Allowance{HorizonDays: minutes(1), LongestMin: minutes(420), AfterHours: true})
		n.joins(of(n.zoe), "early")
		q := booking.SlotQuery{Lines: basket("amos-desk"), From: at(0, 8, 0), To: at(4, 0, 0), Length: 8 * time.Hour}
		n.wantSlots(n.luc, q, "16 09:00-17:00×3 17 09:00-17:00×3 18 09:00-17:00×3 19 09:00-17:00×3")
		n.wantSlots(n.zoe, q, "")
		if s := n.slots(n.zoe, q); s.Longest != 7*time.Hour {
			t.Errorf("the tier lets one book %v", s.Longest)
		}
		q.From, q.Length = at(1, 20, 0), 2*time.Hour
		n.wantSlots(n.zoe, q, "17 20:00-22:00×3 17 20:30-22:30×3 17 21:00-23:00×3 17 21:30-23:30×3 17 22:00-00:00×3")
	})
}

func TestSlotsRefuseWhatPlaceRefuses(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		ctx := context.Background()
		_, err := n.catalog.UpdateResource(ctx, identity.System, "rouyn-camera", inventory.ResourceEdits{Archived: ptr(true)}, database.Key{})
		must(t, err)
		for _, x := range []struct {
			name string
			q    booking.SlotQuery
			code string
		}{
			{"two hubs", booking.SlotQuery{Lines: basket("amos-desk", "rouyn-desk")}, "one_hub"},
			{"unknown", booking.SlotQuery{Lines: basket("amos-desk", "nothing")}, "resource_not_found"},
			{"no lines", booking.SlotQuery{}, "bad_lines"},
			{"no quantity", booking.SlotQuery{Lines: []booking.Want{{Resource: "amos-desk"}}}, "bad_quantity"},
			{"archived", booking.SlotQuery{Lines: basket("rouyn-camera")}, "archived"},
			{"too many", booking.SlotQuery{Lines: []booking.Want{{Resource: "amos-desk", Quantity: 4}}}, "too_many"},
		} {
			x.q.From, x.q.To, x.q.Length = at(1, 10, 0), at(1, 11, 0), time.Hour
			_, placed := n.place(n.zoe, booking.Request{Lines: x.q.Lines, StartsAt: x.q.From, EndsAt: x.q.From.Add(time.Hour), Brief: true})
			wantCodes(t, placed, x.code)
			s, err := n.book.Slots(ctx, n.zoe, x.q)
			if x.code == "archived" || x.code == "too_many" {
				if err != nil || len(s.Free) > 0 || len(s.Terms) != 1 {
					t.Errorf("%s: %v, %v", x.name, clocks(s), err)
				}
				continue
			}
			wantCodes(t, err, x.code)
			if fault.KindOf(err) != fault.KindOf(placed) {
				t.Errorf("%s: %v, and of Place %v", x.name, fault.KindOf(err), fault.KindOf(placed))
			}
		}
		for _, q := range []booking.SlotQuery{
			{From: at(1, 0, 0), To: at(1, 0, 0)}, {From: at(1, 0, 0), To: at(95, 0, 0)},
			{From: at(1, 0, 0), To: at(2, 0, 0), Length: -time.Hour}, {From: at(1, 0, 0), To: at(2, 0, 0), Days: -1},
		} {
			q.Lines = basket("amos-desk")
			if _, err := n.book.Slots(ctx, n.zoe, q); fault.Of(err) == nil {
				t.Errorf("%+v: %v", q, err)
			}
		}
		for _, q := range []booking.SlotQuery{{Length: 40000 * time.Hour}, {Days: 1 << 40}, {Length: time.Second}, {Length: 9 * time.Hour}} {
			q.Lines, q.From, q.To = basket("amos-desk"), at(1, 0, 0), at(2, 0, 0)
			n.wantSlots(n.zoe, q, "")
		}
	})
}

// Slots are one statement for what is remembered and two for what is not, whatever the
// basket and the network.
func TestSlotsTakeTwoStatementsAtMost(t *testing.T) {
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			clock := dbtest.NewClock(monday)
			db, counter := dbtest.Statements(t, engine, database.Settings{Clock: clock.Now})
			n := newNetwork(t, db, clock)
			ask := func(want int, slugs ...string) {
				t.Helper()
				statements := counter.Statements(func() {
					n.slots(n.zoe, booking.SlotQuery{Lines: basket(slugs...), From: at(1, 0, 0), To: at(8, 0, 0), Length: time.Hour})
				})
				if len(statements) != want {
					t.Errorf("%d statements, want %d:\n%s", len(statements), want, strings.Join(statements, "\n"))
				}
			}
			all := []string{"amos-desk", "amos-studio", "amos-camera"}
			n.slots(n.zoe, booking.SlotQuery{Lines: basket(all...), From: at(1, 0, 0), To: at(8, 0, 0), Length: time.Hour}) // learns
			ask(1, all...)
			ask(1, "amos-desk")
			n.mustPlace(n.luc, want("amos-desk", at(1, 10, 0), at(1, 11, 0)))
			ask(2, all...)
			ask(1, all...)
			clock.Move(time.Minute) // whoever asked is looked up again
			ask(2, all...)
			n.mustPlace(n.luc, want("amos-studio", at(2, 10, 0), at(2, 11, 0)))
			clock.Move(time.Minute)
			ask(3, all...)
		})
	}
}

func TestSlotsForABookingThatIsMovedCountItsOwnTimeAsFree(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		b := n.mustPlace(n.zoe, want("amos-studio", at(1, 10, 0), at(1, 12, 0)))
		n.mustPlace(n.luc, want("amos-studio", at(1, 13, 0), at(1, 17, 0)))
		q := booking.SlotQuery{Lines: basket("amos-studio"), From: at(1, 0, 0), To: at(2, 0, 0), Length: 2 * time.Hour}
		n.wantSlots(n.zoe, q, "")
		q.Moving = &b
		n.wantSlots(n.zoe, q, "17 09:00-11:00×1 17 09:30-11:30×1 17 10:00-12:00×1 17 10:30-12:30×1")
		q.Moving = nil
		n.wantSlots(n.zoe, q, "") // what was counted for one is not remembered for others
		_, err := n.change(n.zoe, b.ID, to(at(1, 10, 30), at(1, 12, 30)))
		must(t, err)
	})
}
