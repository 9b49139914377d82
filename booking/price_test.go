package booking_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"canot/booking"
	"canot/booking/membership"
	"canot/internal/database"
	"canot/internal/identity"
	"canot/inventory"
)

// What a Preview says is what is written: the price of the booking, and the minutes that it
// takes of the tier and of packs, of which so many are left then.
func TestThePriceAndTheHoursAreThoseThatThePreviewTold(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		ctx := context.Background()
		for _, x := range []struct {
			name  string
			cents int64
		}{{"hall", 1250}, {"printer", 0}} {
			n.add("amos", x.name, inventory.Space, 60, inventory.PolicyEdits{Grain: ptr(15), Shortest: ptr(15), Longest: ptr(480), Within: ptr(inventory.Inside)})
			_, err := n.catalog.UpdateResource(ctx, identity.System, "amos-"+x.name, inventory.ResourceEdits{PricePerHour: ptr(x.cents)}, database.Key{})
			must(t, err)
		}
		n.tier("some", false, membership.Allowance{WeekMin: minutes(240), DayMin: minutes(150), Beyond: "charged", PricePercent: 70})
		draw := rand.New(rand.NewPCG(20, 26))
		for i := range 16 {
			who := n.member(fmt.Sprintf("Personne %d", i), "")
			if i%2 == 0 {
				n.joins(of(who), "some")
			}
			for range i % 3 {
				_, err := n.roster().SellPack(ctx, identity.System, membership.NewPack{Holder: of(who), Minutes: 75}, database.Key{})
				must(t, err)
			}
			span := func() (time.Time, time.Time) {
				start := at(1+draw.IntN(3), 9+draw.IntN(4), 0)
				return start, start.Add(time.Duration(1+draw.IntN(12)) * 15 * time.Minute)
			}
			for j := range 3 {
				from, to := span()
				r := want("amos-hall", from, to)
				if j == 1 {
					r.Lines = append(r.Lines, booking.Want{Resource: "amos-printer", Quantity: 2})
				}
				p, err := n.book.Preview(ctx, who, r)
				must(t, err)
				if !p.OK {
					t.Fatalf("%v", p.Violations)
				}
				b, err := n.place(who, r)
				must(t, err)
				n.asTold(who, p, b)
				if from, to = span(); j == 2 { // less of it
					from, to = b.StartsAt, b.EndsAt.Add(-15*time.Minute)
				}
				moved, err := n.book.Change(ctx, who, b.ID, booking.Edits{StartsAt: &from, EndsAt: &to}, database.Key{})
				if j == 2 && b.EndsAt.Sub(b.StartsAt) == 15*time.Minute {
					continue // there is no less
				}
				must(t, err)
				read, err := n.book.Booking(ctx, who, b.ID)
				must(t, err)
				if moved.PriceCents == nil || read.PriceCents == nil || *moved.PriceCents != *read.PriceCents {
					t.Fatalf("moved for %v, read as %v", moved.PriceCents, read.PriceCents)
				}
				if j == 2 && *moved.PriceCents > *b.PriceCents {
					t.Fatalf("less of it costs %d instead of %d", *moved.PriceCents, *b.PriceCents)
				}
			}
		}
	})
}

// asTold holds a booking that was just placed against what its Preview said.
func (n *network) asTold(who identity.Actor, p booking.Preview, b booking.Booking) {
	n.t.Helper()
	r := n.db.Reader(context.Background())
	read, err := n.book.Booking(context.Background(), who, b.ID)
	must(n.t, err)
	if b.PriceCents == nil || read.PriceCents == nil || *b.PriceCents != p.PriceCents || *read.PriceCents != p.PriceCents {
		n.t.Fatalf("told %d, booked for %v, read as %v", p.PriceCents, b.PriceCents, read.PriceCents)
	}
	sum := int64(0)
	for _, cents := range p.LineCents {
		sum += cents
	}
	if len(p.LineCents) != len(b.Lines) || sum != p.PriceCents {
		n.t.Fatalf("lines of %v are not %d", p.LineCents, p.PriceCents)
	}
	var included, packs, unitMinutes int64
	for _, x := range p.Takes {
		if x.Packs > 0 {
			packs += x.Minutes
			var left int64
			must(n.t, r.Get(&left, `SELECT CAST(COALESCE(SUM(minutes), 0) AS bigint) FROM ledger WHERE member_id = $1 AND pack_id IN
				(SELECT pack_id FROM ledger WHERE booking_id = $2)`, who.ID, b.ID))
			if left != x.Left {
				n.t.Fatalf("told that %d is left of packs, and it is %d", x.Left, left)
			}
			continue
		}
		included += x.Minutes
		most := map[string]int64{"day": 150, "week": 240}[x.Period]
		var left int64
		must(n.t, r.Get(&left, `SELECT CAST($3 + SUM(minutes) AS bigint) FROM ledger WHERE member_id = $1 AND period = $2 AND period_start IN
			(SELECT period_start FROM ledger WHERE booking_id = $4)`, who.ID, x.Period, most, b.ID))
		if left != x.Left {
			n.t.Fatalf("told that %d is left of the %s, and it is %d", x.Left, x.Period, left)
		}
	}
	uses, err := membership.UsedBy(r, b.ID)
	must(n.t, err)
	wroteIncluded, wrotePacks := membership.Totals(uses)
	for _, l := range b.Lines {
		unitMinutes += int64(l.Quantity) * int64(b.EndsAt.Sub(b.StartsAt)/time.Minute)
	}
	if included != wroteIncluded || packs != wrotePacks || included+packs+p.Charged != unitMinutes {
		n.t.Fatalf("told %d of the tier, %d of packs and %d to pay of %d; wrote %d and %d", included, packs, p.Charged, unitMinutes, wroteIncluded, wrotePacks)
	}
}

// Who keeps a part of a booking after their membership has ended keeps that part of its price.
func TestAPartOfABookingKeepsItsPartOfThePrice(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		ctx := context.Background()
		_, err := n.catalog.UpdateResource(ctx, identity.System, "amos-studio", inventory.ResourceEdits{PricePerHour: ptr(int64(6000))}, database.Key{})
		must(t, err)
		n.tier("some", false, membership.Allowance{WeekMin: minutes(60), Beyond: "charged", PricePercent: 100})
		m := n.joins(of(n.zoe), "some")
		b := n.mustPlace(n.zoe, want("amos-studio", at(1, 9, 0), at(1, 11, 0)))
		if *b.PriceCents != 6000 {
			t.Fatalf("an hour to pay costs %d", *b.PriceCents)
		}
		_, err = n.roster().EndMembership(ctx, identity.System, m.ID, "2026-11-16", 0, database.Key{})
		must(t, err)
		b, err = n.book.Change(ctx, n.zoe, b.ID, booking.Edits{EndsAt: ptr(at(1, 10, 0))}, database.Key{})
		must(t, err)
		if *b.PriceCents != 3000 {
			t.Errorf("half of it costs %d", *b.PriceCents)
		}
		b, err = n.book.Change(ctx, n.zoe, b.ID, booking.Edits{Title: ptr("Essai")}, database.Key{})
		must(t, err)
		if read, err := n.book.Booking(ctx, n.zoe, b.ID); err != nil || read.PriceCents == nil || *read.PriceCents != 3000 {
			t.Errorf("with another title: %v %v", read.PriceCents, err)
		}
	})
}
