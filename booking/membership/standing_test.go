package membership_test

import (
	"slices"
	"testing"

	"canot/booking/membership"
	"canot/internal/database"
	"canot/inventory"
)

func TestANetworkWithoutTiersAsksForNothing(t *testing.T) {
	each(t, func(w *town) {
		statements := 0
		r := counted{w.db.Reader(ctx), &statements}
		a := w.ask("2026-11-23T10:00", 90)
		s := must[*membership.Standing](t)(w.roster.Standing(ctx, r, a))
		if statements != 1 || s.Guarded() {
			t.Errorf("%d statements, guarded %v", statements, s.Guarded())
		}
		v := s.Judge(a)
		w.wantCodes(v)
		if l := v.Lines[0]; l.PricePercent != 100 || l.Charged != 90 || len(v.Uses) != 0 {
			t.Errorf("%+v", v)
		}
	})
}

type counted struct {
	database.Reader
	n *int
}

func (c counted) Get(dest any, query string, args ...any) error {
	*c.n++
	return c.Reader.Get(dest, query, args...)
}

func (c counted) Select(dest any, query string, args ...any) error {
	*c.n++
	return c.Reader.Select(dest, query, args...)
}

func (c counted) SelectIn(dest any, query string, list []string, args ...any) error {
	if len(list) > 0 {
		*c.n++
	}
	return c.Reader.SelectIn(dest, query, list, args...)
}

func TestTheMembershipInForceOnTheDayOfUseCounts(t *testing.T) {
	each(t, func(w *town) {
		w.tier("visite", membership.TierEdits{Visitor: ptr(true), Allowances: &[]membership.Allowance{{PricePercent: 120}}})
		w.tier("createur", membership.TierEdits{Period: ptr("month"), Allowances: &[]membership.Allowance{{PricePercent: 50, HorizonDays: ptr(int64(60))}}})
		w.tier("pro", membership.TierEdits{Allowances: &[]membership.Allowance{{PricePercent: 25, AfterHours: true, LongestMin: ptr(int64(600))}}})
		tierOn := func(local string) string { return w.judge(w.ask(local, 60)).Lines[0].Tier.Slug }
		start := func(tier, from, until string) membership.Membership {
			return must[membership.Membership](t)(w.roster.StartMembership(ctx, w.manager, membership.NewMembership{
				Holder: membership.Holder{MemberID: w.zoe.ID}, Tier: tier, Hub: w.hub.Slug, StartsOn: from, EndsOn: &until}, noKey))
		}
		first := start("createur", "2026-12-01", "2026-12-31")
		start("pro", "2027-01-01", "2027-01-31")
		for _, c := range [][2]string{
			{"2026-11-30T23:00", "visite"}, {"2026-12-01T00:00", "createur"}, {"2026-12-31T23:00", "createur"},
			{"2027-01-01T00:00", "pro"}, {"2027-02-01T00:00", "visite"},
		} {
			if got := tierOn(c[0]); got != c[1] {
				t.Errorf("on %s %q counts, want %q", c[0], got, c[1])
			}
		}
		l := w.judge(w.ask("2027-01-05T10:00", 60)).Lines[0]
		if l.PricePercent != 25 || !l.AfterHours || l.Longest != 600 || l.Horizon != 0 || l.Tier.Name.In("fr") != "Forfait pro" {
			t.Errorf("%+v", l)
		}
		_, err := w.roster.StartMembership(ctx, w.manager, membership.NewMembership{Holder: membership.Holder{MemberID: w.zoe.ID}, Tier: "pro", Hub: w.hub.ID,
			StartsOn: "2026-12-31", EndsOn: ptr("2026-12-31")}, noKey)
		w.wantFault(err, "refused", "membership_overlaps")

		must[membership.Membership](t)(w.roster.PauseMembership(ctx, w.manager, first.ID, membership.Pause{FromOn: "2026-12-10", UntilOn: "2026-12-20"}, first.Version, noKey))
		if a, b, c := tierOn("2026-12-09T10:00"), tierOn("2026-12-20T10:00"), tierOn("2026-12-21T10:00"); a != "createur" || b != "visite" || c != "createur" {
			t.Errorf("around a pause: %s, %s, %s", a, b, c)
		}
		must[membership.Membership](t)(w.roster.ResumeMembership(ctx, w.manager, first.ID, "2026-12-15", 0, noKey))
		if a, b := tierOn("2026-12-14T10:00"), tierOn("2026-12-15T10:00"); a != "visite" || b != "createur" {
			t.Errorf("around a resumption: %s, %s", a, b)
		}
		must[membership.Membership](t)(w.roster.EndMembership(ctx, w.manager, first.ID, "2026-12-28", 0, noKey))
		if got := tierOn("2026-12-29T10:00"); got != "visite" {
			t.Errorf("after the end: %s", got)
		}
		_, err = w.roster.RenewMembership(ctx, w.manager, first.ID, membership.Renewal{EndsOn: ptr("2027-01-01")}, noKey)
		w.wantFault(err, "refused", "membership_overlaps")
	})
}

func TestAHubHonoursAMembershipAsItsTierSays(t *testing.T) {
	each(t, func(w *town) {
		w.tier("visite", membership.TierEdits{Visitor: ptr(true)})
		for _, reach := range []string{"hub", "region", "network"} {
			w.tier("de-"+reach, membership.TierEdits{Reach: &reach})
		}
		m := membership.Membership{}
		for _, c := range []struct {
			tier string
			want []string
		}{
			{"de-hub", []string{"de-hub", "visite", "visite"}},
			{"de-region", []string{"de-region", "de-region", "visite"}},
			{"de-network", []string{"de-network", "de-network", "de-network"}},
		} {
			m = w.give(c.tier)
			for i, hub := range []inventory.Hub{w.hub, w.near, w.far} {
				a := w.ask("2026-11-25T10:00", 60)
				a.HubID, a.RegionID = hub.ID, hub.RegionID
				if got := w.judge(a).Lines[0].Tier.Slug; got != c.want[i] {
					t.Errorf("%s at %s: %s", c.tier, hub.Slug, got)
				}
			}
			w.in(func(tx *database.Tx) error {
				_, err := tx.Exec(`DELETE FROM memberships WHERE id = $1`, m.ID)
				return err
			})
		}
	})
}

func TestMinutesComeFromTheTierThenFromThePackThatExpiresFirst(t *testing.T) {
	each(t, func(w *town) {
		w.tier("createur", membership.TierEdits{Allowances: &[]membership.Allowance{
			{CategorySlug: "laser-cutter", WeekMin: ptr(int64(240)), DayMin: ptr(int64(150)), PricePercent: 100},
			{Kind: inventory.Machine, PricePercent: 80}}})
		w.give("createur")
		pack := func(minutes int64, expires string) string {
			return must[membership.Pack](t)(w.roster.SellPack(ctx, w.manager, membership.NewPack{Holder: membership.Holder{MemberID: w.zoe.ID},
				Hub: w.hub.ID, Kind: inventory.Machine, Minutes: minutes, ExpiresOn: expires}, noKey)).ID
		}
		never, soon := pack(600, ""), pack(20, "2026-12-31")
		first := w.booked(w.ask("2026-11-23T10:00", 150), "confirmed")
		a := w.ask("2026-11-24T10:00", 150)
		v := w.judge(a)
		w.wantCodes(v)
		l := v.Lines[0]
		if l.Included != 90 || l.FromPacks != 60 || l.Charged != 0 {
			t.Fatalf("%+v", l)
		}
		for _, want := range []membership.Use{{PackID: soon, Minutes: 20}, {PackID: never, Minutes: 40}} {
			if !slices.Contains(v.Uses, want) {
				t.Errorf("%+v is not in %+v", want, v.Uses)
			}
		}
		second := w.booked(a, "confirmed")
		uses := must[[]membership.Use](t)(membership.UsedBy(w.db.Reader(ctx), second))
		if !slices.Equal(uses, v.Uses) {
			t.Errorf("used %+v, judged %+v", uses, v.Uses)
		}
		a.BookingID = second
		if again := w.judge(a); !slices.Equal(again.Uses, v.Uses) {
			t.Errorf("changed as it is, it uses %+v", again.Uses)
		}
		w.in(func(tx *database.Tx) error { return membership.GiveBack(tx, admin, first, nil) })
		w.in(func(tx *database.Tx) error { return membership.GiveBack(tx, admin, first, nil) })
		a.BookingID = ""
		if l := w.judge(a).Lines[0]; l.Included != 60 || l.FromPacks != 90 { // one hour left that day
			t.Errorf("after a return: %+v", l)
		}
		b := must[membership.Balance](t)(w.roster.Balance(ctx, w.self(), membership.BalanceQuery{Holder: membership.Holder{MemberID: w.zoe.ID}}))
		if b.Tier.Slug != "createur" || len(b.Packs) != 2 || len(b.Buckets) != 2 || len(b.Lines) == 0 {
			t.Errorf("%+v", b)
		}
		if found := must[[]membership.Finding](t)(w.roster.Check(ctx)); len(found) > 0 {
			t.Errorf("%+v", found)
		}
	})
}
