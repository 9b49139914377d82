package booking_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"canot/booking"
	"canot/booking/membership"
	"canot/internal/database"
	"canot/internal/identity"
	"canot/inventory"
)

// The ledger balances after any sequence of placing, moving, cancelling, holding,
// approving, declining and lapsing: what the holder has left is what was included and
// prepaid, less the minutes of the bookings that stand or were used.
func TestTheLedgerBalancesWhateverHappens(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		ctx := context.Background()
		n.add("amos", "printer", inventory.Machine, 2, inventory.PolicyEdits{Grain: ptr(30), Shortest: ptr(30), Longest: ptr(480),
			Within: ptr(inventory.Inside), Approval: ptr(true), Competing: ptr(true), AnswerWithin: ptr(600)})
		// So many places that only minutes are ever short.
		n.add("amos", "hall", inventory.Space, 60, inventory.PolicyEdits{Grain: ptr(30), Shortest: ptr(30), Longest: ptr(480), Within: ptr(inventory.Inside)})
		n.tier("mixed", false, membership.Allowance{WeekMin: minutes(600), DayMin: minutes(300)})
		people := 0
		rapid.Check(t, func(rt *rapid.T) {
			people++
			who := n.member(fmt.Sprintf("Personne %d", people), "")
			n.clock.Set(monday)
			n.joins(of(who), "mixed")
			_, err := n.roster().SellPack(ctx, identity.System, membership.NewPack{Holder: of(who), Minutes: 240}, database.Key{})
			must(t, err)
			var mine []string
			some := func() string { return rapid.SampledFrom(mine).Draw(rt, "booking") }
			span := func() (time.Time, time.Time) {
				start := at(rapid.IntRange(0, 8).Draw(rt, "day"), rapid.IntRange(8, 16).Draw(rt, "hour"), 0)
				return start, start.Add(time.Duration(rapid.IntRange(1, 10).Draw(rt, "half hours")) * 30 * time.Minute)
			}
			for range rapid.IntRange(1, 14).Draw(rt, "steps") {
				act := rapid.SampledFrom([]string{"place", "place", "printer", "hold", "move", "cancel", "confirm", "approve", "decline", "time"}).Draw(rt, "act")
				if len(mine) == 0 && act != "time" {
					act = "place"
				}
				switch act {
				case "place", "printer", "hold":
					from, to := span()
					r := want("amos-hall", from, to)
					if act == "printer" {
						r = want("amos-printer", from, to)
					}
					if act == "hold" {
						r.Hold = 20 * time.Minute
					}
					if b, err := n.place(who, r); err == nil {
						mine = append(mine, b.ID)
					}
				case "move":
					from, to := span()
					_, _ = n.book.Change(ctx, who, some(), booking.Edits{StartsAt: &from, EndsAt: &to}, database.Key{})
				case "cancel":
					_, _ = n.book.Cancel(ctx, who, some(), 0, "", database.Key{})
				case "confirm":
					_, _ = n.book.Confirm(ctx, who, some(), 0, database.Key{})
				case "approve":
					_, _ = n.book.Approve(ctx, n.anne, some(), 0, database.Key{})
				case "decline":
					_, _ = n.book.Decline(ctx, n.anne, some(), 0, "", database.Key{})
				case "time":
					n.clock.Move(time.Duration(rapid.IntRange(1, 40).Draw(rt, "hours")) * time.Hour)
					for _, id := range mine {
						must(t, n.book.Settle(ctx, id))
					}
				}
			}
			n.accounts(rt, who, mine)
		})
		n.balanced()
	})
}

// accounts holds what the ledger says a member has used against their bookings.
func (n *network) accounts(rt *rapid.T, who identity.Actor, ids []string) {
	days, weeks := map[string]int64{}, map[string]int64{}
	var packs, stood int64
	for _, id := range ids {
		b, err := n.book.Booking(context.Background(), who, id)
		must(n.t, err)
		uses, err := membership.UsedBy(n.db.Reader(context.Background()), id)
		must(n.t, err)
		var day, pack int64
		for _, u := range uses {
			switch u.Period {
			case "day":
				days[u.PeriodStart] += u.Minutes
				day += u.Minutes
			case "week":
				weeks[u.PeriodStart] += u.Minutes
			default:
				packs += u.Minutes
				pack += u.Minutes
			}
		}
		if length := int64(b.EndsAt.Sub(b.StartsAt) / time.Minute); (b.Status.Live() || b.Status == booking.Completed) && day+pack != length {
			rt.Fatalf("a booking %s of %d minutes took %d of the tier and %d of packs", b.Status, length, day, pack)
		}
		if gone := b.Status == booking.Expired || b.Status == booking.Declined; gone && len(uses) > 0 {
			rt.Fatalf("a booking that was %s kept %v", b.Status, uses)
		}
		stood += day + pack
	}
	for day, used := range days {
		if used > 300 {
			rt.Fatalf("%d minutes of 300 on %s", used, day)
		}
	}
	for week, used := range weeks {
		if used > 600 {
			rt.Fatalf("%d minutes of 600 in the week of %s", used, week)
		}
	}
	if packs > 240 {
		rt.Fatalf("%d minutes of a pack of 240", packs)
	}
	var sum int64
	must(n.t, n.db.Reader(context.Background()).Get(&sum, `SELECT CAST(COALESCE(SUM(minutes), 0) AS bigint) FROM ledger
		WHERE member_id = $1 AND (pack_id IS NOT NULL OR period = 'day')`, who.ID))
	if sum != 240-stood {
		rt.Fatalf("the ledger sums up to %d, want %d", sum, 240-stood)
	}
}

func TestAMoveOrACancellationGivesBackByRule(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		ctx := context.Background()
		n.tier("week", false, membership.Allowance{WeekMin: minutes(240)})
		n.joins(of(n.zoe), "week")
		b := n.mustPlace(n.zoe, want("amos-desk", at(1, 9, 0), at(1, 13, 0)))
		_, err := n.place(n.zoe, want("amos-desk", at(2, 9, 0), at(2, 10, 0)))
		wantCodes(t, err, "quota_spent")
		if alts := alternativesOf(err); !slices.ContainsFunc(alts, func(a booking.Alternative) bool { return a.StartsAt.After(at(6, 0, 0)) }) {
			t.Errorf("next week has hours left, and is not offered: %v", alts)
		}
		b, err = n.book.Change(ctx, n.zoe, b.ID, booking.Edits{EndsAt: ptr(at(1, 11, 0))}, database.Key{})
		must(t, err)
		c := n.mustPlace(n.zoe, want("amos-desk", at(2, 9, 0), at(2, 11, 0)))
		_, err = n.book.Change(ctx, n.zoe, c.ID, booking.Edits{EndsAt: ptr(at(2, 12, 0))}, database.Key{})
		wantCodes(t, err, "quota_spent")
		_, err = n.book.Cancel(ctx, n.zoe, b.ID, 0, "", database.Key{})
		must(t, err)
		_, err = n.book.Change(ctx, n.zoe, c.ID, booking.Edits{EndsAt: ptr(at(2, 12, 0))}, database.Key{})
		must(t, err)
		n.clock.Set(at(2, 9, 30))
		_, err = n.book.Cancel(ctx, n.anne, c.ID, 0, "", database.Key{}) // it has begun: what it took, it took
		must(t, err)
		_, err = n.place(n.zoe, want("amos-desk", at(3, 9, 0), at(3, 11, 0)))
		wantCodes(t, err, "quota_spent")
		n.balanced()
	})
}
