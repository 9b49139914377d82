package membership_test

import (
	"slices"
	"testing"
	"time"

	"canot/booking/membership"
	"canot/internal/database"
	"canot/internal/fault"
)

// bookedLaser books the laser cutter for Zoé on her certificates, on a local time.
func (w *town) bookedLaser(local string) string {
	w.Helper()
	a := w.ask(local, 60)
	needs("laser")(w, &a)
	return w.booked(a, "confirmed")
}

func (w *town) revoke(c membership.Certificate) {
	w.Helper()
	must[membership.Certificate](w.T)(w.roster.RevokeCertificate(ctx, w.staff, c.ID, "Vitre ouverte", noKey))
}

func TestARevocationIsToldByOneLetter(t *testing.T) {
	each(t, func(w *town) {
		certification(w, "laser", "Découpe laser", "Laser cutting", 0)
		w.asksFor("laser")
		c := w.certify("laser", "2026-01-01", nil)
		second, first := w.bookedLaser("2026-11-25T10:00"), w.bookedLaser("2026-11-24T10:00")
		called := w.bookedLaser("2026-11-26T10:00")
		w.in(func(tx *database.Tx) error {
			_, err := tx.Exec(`UPDATE bookings SET status = 'cancelled' WHERE id = $1`, called)
			return err
		})
		if _, err := w.roster.Revoked(ctx, c.ID); fault.KindOf(err) != fault.NotFound {
			t.Errorf("one that stands: %v", err)
		}
		w.revoke(c)
		if letters, notices := w.jobs("mail", c.ID), w.jobs("notice", "lapses"); letters != 1 || notices != 0 {
			t.Errorf("%d letters, %d notices", letters, notices)
		}
		x := must[membership.RevokedCertificate](t)(w.roster.Revoked(ctx, c.ID))
		if x.MemberID != w.zoe.ID || x.CertificationName["fr"] != "Découpe laser" || x.Reason != "Vitre ouverte" || !x.RevokedAt.Equal(noon) || !slices.Equal(x.Bookings, []string{first, second}) {
			t.Errorf("%+v, want %s and %s", x, first, second)
		}
		if err := w.roster.Begin(ctx); err != nil {
			t.Fatal(err)
		}
		w.daily()
		if n := w.jobs("notice", "lapses"); n != 0 {
			t.Errorf("told again by %d notices", n)
		}
	})
}

func TestAReplacedCertificateAlarmsNobody(t *testing.T) {
	each(t, func(w *town) {
		certification(w, "laser", "Découpe laser", "Laser cutting", 0)
		w.asksFor("laser")
		old := w.certify("laser", "2026-01-01", nil)
		b := w.bookedLaser("2026-11-24T10:00")
		renewed := w.certify("laser", "2026-11-20", nil)
		w.revoke(old)
		if x := must[membership.RevokedCertificate](t)(w.roster.Revoked(ctx, old.ID)); len(x.Bookings) > 0 {
			t.Errorf("it tells of %v", x.Bookings)
		}
		if _, _, err := w.roster.LapseOf(ctx, b); fault.KindOf(err) != fault.NotFound {
			t.Errorf("%v", err)
		}
		// The one that carries it now ends before the day: that is told, though it was not written for this booking.
		must[membership.Certificate](t)(w.roster.ChangeCertificateEnd(ctx, w.staff, renewed.ID, "2026-11-23", 0, noKey))
		if n := w.jobs("notice", b); n != 1 {
			t.Errorf("told %d times", n)
		}
		name, until, err := w.roster.LapseOf(ctx, b)
		if err != nil || name["en"] != "Laser cutting" || until != "2026-11-23" {
			t.Errorf("%v until %s, %v", name, until, err)
		}
		// Set right, and lapsed again: told again.
		third := w.certify("laser", "2026-11-21", nil)
		if n := w.jobs("notice", b); n != 1 {
			t.Errorf("told %d times when it was set right", n)
		}
		must[membership.Certificate](t)(w.roster.ChangeCertificateEnd(ctx, w.staff, third.ID, "2026-11-22", 0, noKey))
		if n := w.jobs("notice", b); n != 2 {
			t.Errorf("told %d times, the second lapse was kept quiet", n)
		}
	})
}

func TestAWaivedCertificationLapsesForNobody(t *testing.T) {
	each(t, func(w *town) {
		certification(w, "laser", "Découpe laser", "Laser cutting", 0)
		w.asksFor("laser")
		c := w.certify("laser", "2026-01-01", nil)
		b := w.bookedLaser("2026-11-24T10:00")
		w.in(func(tx *database.Tx) error {
			_, err := tx.Exec(`INSERT INTO waivers (id, booking_id, rule, reason, given_by, given_at) VALUES ('w', $1, 'certification_lapses', 'x', 'x', $2)`, b, tx.Now)
			return err
		})
		must[membership.Certificate](t)(w.roster.ChangeCertificateEnd(ctx, w.staff, c.ID, "2026-11-23", 0, noKey))
		if n := w.jobs("notice", b); n != 0 {
			t.Errorf("told %d times", n)
		}
	})
}

func TestAnEndNeverRevivesAMembership(t *testing.T) {
	each(t, func(w *town) {
		w.tier("pro", membership.TierEdits{})
		over := must[membership.Membership](t)(w.roster.StartMembership(ctx, w.manager, membership.NewMembership{Holder: membership.Holder{MemberID: w.zoe.ID},
			Tier: "pro", Hub: "rouyn", StartsOn: "2026-09-01", EndsOn: ptr("2026-09-30")}, noKey))
		for _, on := range []string{"", "2026-10-01"} {
			_, err := w.roster.EndMembership(ctx, w.manager, over.ID, on, 0, noKey)
			w.wantFault(err, fault.Refused, "membership_ended")
		}
		if m := must[membership.Membership](t)(w.roster.EndMembership(ctx, w.manager, over.ID, "2026-09-15", 0, noKey)); m.EndsOn != "2026-09-15" || m.CancelledAt != nil {
			t.Errorf("%+v", m)
		}
	})
}

func TestAMembershipThatHasNotBegunIsUndone(t *testing.T) {
	each(t, func(w *town) {
		w.tier("visite", membership.TierEdits{Visitor: ptr(true)})
		w.tier("pro", membership.TierEdits{})
		start := func(on, until string) (membership.Membership, error) {
			return w.roster.StartMembership(ctx, w.manager, membership.NewMembership{Holder: membership.Holder{MemberID: w.zoe.ID}, Tier: "pro", Hub: "rouyn", StartsOn: on, EndsOn: &until}, noKey)
		}
		first := must[membership.Membership](t)(start("2026-12-01", "2026-12-05"))
		first = must[membership.Membership](t)(w.roster.EndMembership(ctx, w.manager, first.ID, "", 0, noKey))
		if first.CancelledAt == nil || first.Renews {
			t.Errorf("%+v", first)
		}
		if got := w.judge(w.ask("2026-12-01T10:00", 60)).Lines[0].Tier.Slug; got != "visite" {
			t.Errorf("on its first day the tier is %q", got)
		}
		_, err := w.roster.RenewMembership(ctx, w.manager, first.ID, membership.Renewal{}, noKey)
		w.wantFault(err, fault.Refused, "membership_cancelled")
		if err := w.roster.Begin(ctx); err != nil {
			t.Fatal(err)
		}
		w.daily()
		if n := w.jobs("mail", first.ID); n != 0 {
			t.Errorf("its end was told %d times", n)
		}
		must[membership.Membership](t)(start("2026-12-01", "2026-12-31")) // its days are free again
		if found := must[[]membership.Finding](t)(w.roster.Check(ctx)); len(found) > 0 {
			t.Errorf("%+v", found)
		}
		w.in(func(tx *database.Tx) error { return membership.Forget(tx, w.zoe.ID) })
		if got := w.judge(w.ask("2026-12-01T10:00", 60)).Lines[0].Tier.Slug; got != "visite" {
			t.Errorf("of who is forgotten, the tier is %q", got)
		}
	})
}

func TestMonthsCountFromTheFirstDay(t *testing.T) {
	each(t, func(w *town) {
		w.tier("mois", membership.TierEdits{Period: ptr("month")})
		m := must[membership.Membership](t)(w.roster.StartMembership(ctx, w.manager, membership.NewMembership{Holder: membership.Holder{MemberID: w.zoe.ID},
			Tier: "mois", Hub: "rouyn", StartsOn: "2026-01-31"}, noKey))
		for _, want := range []string{"2026-02-27", "2026-03-30", "2026-04-29", "2026-05-30"} {
			if m.EndsOn != want {
				t.Fatalf("it ends on %s, want %s", m.EndsOn, want)
			}
			m = must[membership.Membership](t)(w.roster.RenewMembership(ctx, w.manager, m.ID, membership.Renewal{}, noKey))
		}
	})
}

func TestWhatCannotBeIsNotWritten(t *testing.T) {
	each(t, func(w *town) {
		w.tier("pro", membership.TierEdits{})
		both := membership.Holder{MemberID: w.zoe.ID, OrganisationID: "x"}
		_, err := w.roster.StartMembership(ctx, w.manager, membership.NewMembership{Holder: both, Tier: "pro", Hub: "rouyn"}, noKey)
		w.wantFault(err, fault.Malformed, "either_member_or_organisation")
		_, err = w.roster.SellPack(ctx, w.manager, membership.NewPack{Holder: both, Hub: "rouyn", Minutes: 60}, noKey)
		w.wantFault(err, fault.Malformed, "either_member_or_organisation")
		_, _, err = w.roster.Memberships(ctx, w.manager, membership.MembershipQuery{Holder: both})
		w.wantFault(err, fault.Malformed, "either_member_or_organisation")
		_, err = w.roster.StartMembership(ctx, w.manager, membership.NewMembership{Holder: membership.Holder{MemberID: w.zoe.ID}, Tier: "pro", Hub: "rouyn", StartsOn: "0001-01-01"}, noKey)
		w.wantFault(err, fault.Malformed, "day_out_of_range")
		_, err = w.roster.StartMembership(ctx, w.manager, membership.NewMembership{Holder: membership.Holder{MemberID: w.zoe.ID}, Tier: "nobody", Hub: "rouyn"}, noKey)
		w.wantFault(err, fault.Malformed, "unknown_tier")
		if slug := fault.Of(err).Violations[0].Params["slug"]; slug != "nobody" {
			t.Errorf("the slug is %v", slug)
		}
		_, err = w.roster.SellPack(ctx, w.manager, membership.NewPack{Holder: membership.Holder{MemberID: w.zoe.ID}, Hub: "rouyn", Minutes: 60, ExpiresOn: "2026-11-20"}, noKey)
		w.wantFault(err, fault.Refused, "day_past")
		must[membership.Pack](t)(w.roster.SellPack(ctx, w.manager, membership.NewPack{Holder: membership.Holder{MemberID: w.zoe.ID}, Hub: "rouyn", Minutes: 60, ExpiresOn: "2026-11-21"}, noKey))
		_, err = w.roster.ChangeTier(ctx, admin, "pro", membership.TierEdits{ValidFrom: ptr("2026-12-01"), ValidUntil: ptr("2026-11-30")}, noKey)
		w.wantFault(err, fault.Malformed, "ends_before_start")
	})
}

// quotas are the figures of every quota_spent of a verdict.
func (w *town) quotas(a membership.Ask) []fault.Params {
	w.Helper()
	var all []fault.Params
	for _, v := range w.judge(a).Lines[0].Violations {
		if v.Code != "quota_spent" {
			w.Fatalf("%+v", v)
		}
		all = append(all, v.Params)
	}
	return all
}

func TestTheAdviceOnSpentHoursCanBeFollowed(t *testing.T) {
	each(t, func(w *town) {
		allow := func(day, month int64) *[]membership.Allowance {
			return &[]membership.Allowance{{DayMin: &day, MonthMin: &month, PricePercent: 100}}
		}
		w.tier("pro", membership.TierEdits{Allowances: allow(120, 180)})
		w.give("pro")
		w.booked(w.ask("2026-11-24T10:00", 120), "confirmed")
		for _, q := range w.quotas(w.ask("2026-11-24T14:00", 90)) { // tomorrow has room, but this month has not
			if q["next_on"] != "2026-12-01" || q["never_min"] != nil {
				t.Errorf("%+v", q)
			}
		}
		all := w.quotas(w.ask("2026-11-25T14:00", 150)) // too long for any day
		if len(all) != 1 || all[0]["period"] != "day" || all[0]["next_on"] != nil || all[0]["never_min"] != int64(30) {
			t.Errorf("%+v", all)
		}
		must[membership.Tier](t)(w.roster.ChangeTier(ctx, admin, "pro", membership.TierEdits{Allowances: allow(60, 90)}, noKey))
		for _, q := range w.quotas(w.ask("2026-11-24T14:00", 60)) { // what was used is what was used
			if q["used_min"] != int64(120) || q["left_min"] != int64(0) {
				t.Errorf("%+v", q)
			}
		}
	})
}

func TestAChangeThatTakesNoMoreKeepsItsShare(t *testing.T) {
	used := []membership.Use{{PackID: "p", Minutes: 31}, {AllowanceID: "a", Period: "week", PeriodStart: "2026-11-23", Minutes: 60}, {PackID: "q", Minutes: 1}}
	got := membership.Shrink(used, 120, 60)
	want := []membership.Use{{PackID: "p", Minutes: 15}, {AllowanceID: "a", Period: "week", PeriodStart: "2026-11-23", Minutes: 30}}
	if !slices.Equal(got, want) {
		t.Errorf("%+v", got)
	}
	if got := membership.Shrink(used, 120, 120); !slices.Equal(got, used) {
		t.Errorf("of the same length: %+v", got)
	}
	if got := membership.Shrink(used, 60, 90); !slices.Equal(got, used) {
		t.Errorf("of more: %+v", got)
	}
	if got := membership.Shrink(used, 120, 0); len(got) > 0 {
		t.Errorf("of nothing: %+v", got)
	}
}

func TestStaffSetIncludedMinutesRight(t *testing.T) {
	each(t, func(w *town) {
		tier := w.tier("createur", hoursAWeek(120))
		w.give("createur")
		w.booked(w.ask("2026-11-21T14:00", 90), "confirmed")
		a := membership.AllowanceAdjustment{Holder: membership.Holder{MemberID: w.zoe.ID}, AllowanceID: tier.Allowances[0].ID, Period: "week", Minutes: 30, Reason: "damage"}
		b := must[membership.Bucket](t)(w.roster.AdjustAllowance(ctx, w.manager, a, noKey))
		if b.StartsOn != "2026-11-16" || b.Included != 120 || b.Used != 60 || b.Left != 60 {
			t.Errorf("%+v", b)
		}
		w.wantCodes(w.judge(w.ask("2026-11-21T18:00", 60)))
		w.wantCodes(w.judge(w.ask("2026-11-21T18:00", 90)), "quota_spent")
		lines := must[membership.Balance](t)(w.roster.Balance(ctx, w.self(), membership.BalanceQuery{Holder: a.Holder})).Lines
		if !slices.ContainsFunc(lines, func(l membership.LedgerLine) bool { return l.Reason == "damage" && l.Minutes == 30 }) {
			t.Errorf("%+v", lines)
		}
		no := func(by string, change func(*membership.AllowanceAdjustment), kind fault.Kind, code string) {
			t.Helper()
			x := a
			change(&x)
			who := map[string]func() error{
				"manager":  func() error { _, err := w.roster.AdjustAllowance(ctx, w.manager, x, noKey); return err },
				"staff":    func() error { _, err := w.roster.AdjustAllowance(ctx, w.staff, x, noKey); return err },
				"self":     func() error { _, err := w.roster.AdjustAllowance(ctx, w.self(), x, noKey); return err },
				"stranger": func() error { _, err := w.roster.AdjustAllowance(ctx, w.stranger, x, noKey); return err },
			}[by]
			w.wantFault(who(), kind, code)
		}
		same := func(*membership.AllowanceAdjustment) {}
		no("staff", same, fault.Forbidden, "not_allowed")
		no("self", same, fault.Forbidden, "not_allowed")
		no("stranger", same, fault.NotFound, "member_not_found")
		no("manager", func(x *membership.AllowanceAdjustment) { x.Reason = "un dessin" }, fault.Malformed, "bad_value")
		no("manager", func(x *membership.AllowanceAdjustment) { x.Minutes = 0 }, fault.Malformed, "required")
		no("manager", func(x *membership.AllowanceAdjustment) { x.Period = "month" }, fault.Malformed, "bad_value")
		no("manager", func(x *membership.AllowanceAdjustment) { x.AllowanceID = "x" }, fault.Malformed, "unknown_allowance")
		must[membership.Membership](t)(w.roster.StartMembership(ctx, admin, membership.NewMembership{Holder: membership.Holder{MemberID: w.manager.ID}, Tier: "createur", Hub: "rouyn"}, noKey))
		no("manager", func(x *membership.AllowanceAdjustment) { x.MemberID = w.manager.ID }, fault.Refused, "own_minutes")
		pack := must[membership.Pack](t)(w.roster.SellPack(ctx, w.manager, membership.NewPack{Holder: a.Holder, Hub: "rouyn", Minutes: 60}, noKey))
		_, err := w.roster.AdjustPack(ctx, w.manager, pack.ID, 5, "because", noKey)
		w.wantFault(err, fault.Malformed, "bad_value")
	})
}

func TestTheLedgerIsReadByPages(t *testing.T) {
	each(t, func(w *town) {
		own := membership.Holder{MemberID: w.zoe.ID}
		for i := range 5 {
			w.clock.Set(noon.Add(time.Duration(i/2) * time.Hour)) // two of each moment
			must[membership.Pack](t)(w.roster.SellPack(ctx, w.manager, membership.NewPack{Holder: own, Hub: "rouyn", Minutes: int64(i + 1)}, noKey))
		}
		whole := must[membership.Balance](t)(w.roster.Balance(ctx, w.self(), membership.BalanceQuery{Holder: own}))
		if len(whole.Lines) != 5 || whole.Next != "" {
			t.Fatalf("%+v", whole)
		}
		var all []membership.LedgerLine
		q := membership.BalanceQuery{Holder: own, Limit: 2}
		for range 3 {
			b := must[membership.Balance](t)(w.roster.Balance(ctx, w.self(), q))
			all = append(all, b.Lines...)
			q.After = b.Next
		}
		if q.After != "" || !slices.Equal(all, whole.Lines) {
			t.Errorf("pages %+v, want %+v", all, whole.Lines)
		}
		_, err := w.roster.Balance(ctx, w.self(), membership.BalanceQuery{Holder: own, After: "x"})
		w.wantFault(err, fault.Malformed, "bad_cursor")
	})
}

func TestCheckFindsHoursOfWhatWasCalledOff(t *testing.T) {
	each(t, func(w *town) {
		w.tier("createur", hoursAWeek(120))
		w.give("createur")
		id := w.booked(w.ask("2026-11-24T10:00", 60), "cancelled")
		found := must[[]membership.Finding](t)(w.roster.Check(ctx))
		if len(found) != 1 || found[0].Code != "used_after_the_end" || found[0].Subject != id {
			t.Errorf("%+v", found)
		}
		w.in(func(tx *database.Tx) error { // called off after it began: it kept others away
			_, err := tx.Exec(`UPDATE bookings SET changed_at = starts_at WHERE id = $1`, id)
			return err
		})
		if found := must[[]membership.Finding](t)(w.roster.Check(ctx)); len(found) > 0 {
			t.Errorf("%+v", found)
		}
	})
}
