package membership_test

import (
	"fmt"
	"strings"
	"testing"

	"canot/booking/membership"
	"canot/internal/database"
	"canot/internal/fault"
	"canot/internal/identity"
	"canot/inventory"
)

// TestVerbsAskForTheirRight has each verb asked by who may, and by everybody who may not.
func TestVerbsAskForTheirRight(t *testing.T) {
	each(t, func(w *town) {
		w.tier("pro", membership.TierEdits{})
		certification(w, "laser", "Découpe laser", "Laser cutting", 0)
		m := w.give("pro")
		elsewhere := identity.Actor{ID: w.luc.ID, Grants: []identity.Grant{{Role: identity.Manager, HubID: w.far.ID}}}
		pack := must[membership.Pack](t)(w.roster.SellPack(ctx, w.manager, membership.NewPack{Holder: membership.Holder{MemberID: w.zoe.ID}, Hub: w.hub.ID, Minutes: 60}, noKey))
		certificate := w.certify("laser", "2026-01-01", nil)
		own := membership.Holder{MemberID: w.zoe.ID}
		err1 := func(_ any, err error) error { return err }
		n, day := 0, ""
		nextDay := func() string {
			n++
			day = fmt.Sprintf("2020-01-%02d", n)
			return day
		}
		for _, c := range []struct {
			name string
			do   func(by identity.Actor) error
			may  string // of manager, staff, self, stranger, elsewhere; admin always may
		}{
			{"create a tier of the network", func(by identity.Actor) error {
				return err1(w.roster.CreateTier(ctx, by, membership.TierEdits{Slug: ptr("t-" + database.NewID()), Name: &inventory.Text{"fr": "x"}}, noKey))
			}, ""},
			{"create a tier of the hub", func(by identity.Actor) error {
				return err1(w.roster.CreateTier(ctx, by, membership.TierEdits{Slug: ptr("t-" + database.NewID()), Hub: ptr("rouyn"), Name: &inventory.Text{"fr": "x"}}, noKey))
			}, "manager"},
			{"change a tier of the network", func(by identity.Actor) error {
				return err1(w.roster.ChangeTier(ctx, by, "pro", membership.TierEdits{PriceCents: ptr(int64(1))}, noKey))
			}, ""},
			{"start", func(by identity.Actor) error {
				return err1(w.roster.StartMembership(ctx, by, membership.NewMembership{Holder: membership.Holder{MemberID: w.stranger.ID}, Tier: "pro", Hub: "rouyn",
					StartsOn: nextDay(), EndsOn: &day}, noKey))
			}, "manager"},
			{"renew", func(by identity.Actor) error {
				return err1(w.roster.RenewMembership(ctx, by, m.ID, membership.Renewal{}, noKey))
			}, "manager"},
			{"read memberships", func(by identity.Actor) error {
				_, _, err := w.roster.Memberships(ctx, by, membership.MembershipQuery{Holder: own})
				return err
			}, "manager staff self"},
			{"read memberships of a hub", func(by identity.Actor) error {
				_, _, err := w.roster.Memberships(ctx, by, membership.MembershipQuery{Hub: "rouyn"})
				return err
			}, "manager staff"},
			{"read a membership", func(by identity.Actor) error { return err1(w.roster.Membership(ctx, by, m.ID)) }, "manager staff self"},
			{"read the balance", func(by identity.Actor) error {
				return err1(w.roster.Balance(ctx, by, membership.BalanceQuery{Holder: own}))
			}, "manager staff self"},
			{"read packs", func(by identity.Actor) error { return err1(w.roster.Packs(ctx, by, own)) }, "manager staff self"},
			{"sell a pack for the network", func(by identity.Actor) error {
				return err1(w.roster.SellPack(ctx, by, membership.NewPack{Holder: own, Minutes: 10}, noKey))
			}, ""},
			{"adjust a pack", func(by identity.Actor) error { return err1(w.roster.AdjustPack(ctx, by, pack.ID, 1, "gift", noKey)) }, "manager"},
			{"create a certification of the hub", func(by identity.Actor) error {
				return err1(w.roster.CreateCertification(ctx, by, membership.CertificationEdits{Slug: ptr("c-" + database.NewID()), Hub: ptr("rouyn"), Name: &inventory.Text{"fr": "x"}}, noKey))
			}, "manager"},
			{"give a certificate", func(by identity.Actor) error {
				return err1(w.roster.GiveCertificate(ctx, by, membership.NewCertificate{MemberID: w.zoe.ID, Certification: "laser", Hub: "rouyn"}, noKey))
			}, "manager staff"},
			{"change the end of a certificate", func(by identity.Actor) error {
				return err1(w.roster.ChangeCertificateEnd(ctx, by, certificate.ID, "2030-01-01", 0, noKey))
			}, "manager staff"},
			{"read certificates", func(by identity.Actor) error { return err1(w.roster.Certificates(ctx, by, w.zoe.ID)) }, "manager staff self"},
			{"accept an equivalence", func(by identity.Actor) error {
				return err1(w.roster.AcceptEquivalence(ctx, by, "rouyn", "laser", "laser", noKey))
			}, "manager"},
		} {
			for name, by := range map[string]identity.Actor{"admin": admin, "manager": w.manager, "staff": w.staff, "self": w.self(), "stranger": w.stranger, "elsewhere": elsewhere, "visitor": {}} {
				err := c.do(by)
				if may := name == "admin" || strings.Contains(" "+c.may+" ", " "+name+" "); may != (err == nil) {
					t.Errorf("%s by %s: %v", c.name, name, err)
				}
				kind := fault.KindOf(err)
				if err != nil && (name == "visitor") != (kind == fault.Unauthenticated) {
					t.Errorf("%s by %s: %v", c.name, name, err)
				}
				if err != nil && kind != fault.Unauthenticated && kind != fault.Forbidden && kind != fault.NotFound {
					t.Errorf("%s by %s: %v", c.name, name, err)
				}
			}
		}
	})
}

func TestWhatIsNotOnesOwnIsNotThere(t *testing.T) {
	each(t, func(w *town) {
		w.tier("pro", membership.TierEdits{})
		m := w.give("pro")
		_, err := w.roster.Membership(ctx, w.stranger, m.ID)
		w.wantFault(err, fault.NotFound, "membership_not_found")
		_, err = w.roster.Membership(ctx, w.stranger, "nobody")
		w.wantFault(err, fault.NotFound, "membership_not_found")
		_, err = w.roster.EndMembership(ctx, w.stranger, m.ID, "", 0, noKey)
		w.wantFault(err, fault.NotFound, "membership_not_found")
		_, err = w.roster.Packs(ctx, w.stranger, membership.Holder{MemberID: w.zoe.ID})
		w.wantFault(err, fault.NotFound, "member_not_found")
		_, err = w.roster.Packs(ctx, w.stranger, membership.Holder{MemberID: "nobody"})
		w.wantFault(err, fault.NotFound, "member_not_found")
		_, err = w.roster.Balance(ctx, w.stranger, membership.BalanceQuery{Holder: membership.Holder{OrganisationID: "nobody"}})
		w.wantFault(err, fault.NotFound, "organisation_not_found")
	})
}

func TestNobodyCertifiesThemselves(t *testing.T) {
	each(t, func(w *town) {
		certification(w, "laser", "Découpe laser", "Laser cutting", 0)
		_, err := w.roster.GiveCertificate(ctx, w.staff, membership.NewCertificate{MemberID: w.staff.ID, Certification: "laser", Hub: "rouyn"}, noKey)
		w.wantFault(err, fault.Refused, "own_certificate")
		c := must[membership.Certificate](t)(w.roster.GiveCertificate(ctx, w.manager, membership.NewCertificate{MemberID: w.staff.ID, Certification: "laser", Hub: "rouyn", UntilOn: ptr("2027-01-01")}, noKey))
		_, err = w.roster.ChangeCertificateEnd(ctx, w.staff, c.ID, "", 0, noKey)
		w.wantFault(err, fault.Refused, "own_certificate")
	})
}

func TestARepeatedVerbHasOneEffect(t *testing.T) {
	each(t, func(w *town) {
		k := database.Key{Caller: w.manager.ID, Key: "k", Hash: "h"}
		n := membership.NewPack{Holder: membership.Holder{MemberID: w.zoe.ID}, Hub: w.hub.ID, Minutes: 60, ExpiresOn: "2027-12-31"}
		first := must[membership.Pack](t)(w.roster.SellPack(ctx, w.manager, n, k))
		second := must[membership.Pack](t)(w.roster.SellPack(ctx, w.manager, n, k))
		if first.ID != second.ID || len(first.Warnings()) != 1 {
			t.Errorf("%+v, %+v", first, second)
		}
		_, err := w.roster.AdjustPack(ctx, w.manager, first.ID, -61, "correction", noKey)
		w.wantFault(err, fault.Refused, "pack_overdrawn")
		if p := must[membership.Pack](t)(w.roster.AdjustPack(ctx, w.manager, first.ID, -60, "correction", noKey)); p.Left != 0 {
			t.Errorf("%+v", p)
		}
	})
}

func TestATiersCountGoesOnWhenItsAllowancesAreReplaced(t *testing.T) {
	each(t, func(w *town) {
		before := w.tier("createur", hoursAWeek(120))
		w.give("createur")
		w.booked(w.ask("2026-11-24T10:00", 120), "confirmed")
		a := w.ask("2026-11-25T10:00", 60)
		w.wantCodes(w.judge(a), "quota_spent")
		after := must[membership.Tier](t)(w.roster.ChangeTier(ctx, admin, "createur", membership.TierEdits{IfVersion: before.Version,
			Allowances: &[]membership.Allowance{{Kind: inventory.Space, PricePercent: 100}, {CategorySlug: "laser-cutter", WeekMin: ptr(int64(180)), PricePercent: 90}}}, noKey))
		if len(after.Allowances) != 2 || after.Version != before.Version+1 {
			t.Fatalf("%+v", after)
		}
		if l := w.judge(a).Lines[0]; len(l.Violations) > 0 || l.PricePercent != 90 || l.Included != 60 {
			t.Errorf("%+v", l)
		}
		w.wantCodes(w.judge(w.ask("2026-11-25T10:00", 90)), "quota_spent")
		_, err := w.roster.ChangeTier(ctx, admin, "createur", membership.TierEdits{IfVersion: before.Version, Archived: ptr(true)}, noKey)
		w.wantFault(err, fault.Stale, "stale")
		_, err = w.roster.ChangeTier(ctx, admin, "createur", membership.TierEdits{Allowances: &[]membership.Allowance{{PricePercent: 1}, {PricePercent: 2}}}, noKey)
		w.wantFault(err, fault.Malformed, "allowance_twice")
		must[membership.Tier](t)(w.roster.CreateTier(ctx, admin, membership.TierEdits{Slug: ptr("v1"), Name: &inventory.Text{"fr": "x"}, Visitor: ptr(true)}, noKey))
		_, err = w.roster.CreateTier(ctx, admin, membership.TierEdits{Slug: ptr("v2"), Name: &inventory.Text{"fr": "x"}, Visitor: ptr(true)}, noKey)
		w.wantFault(err, fault.Refused, "visitor_tier_exists")
	})
}

// jobs counts the jobs of a kind that hold a text.
func (w *town) jobs(kind, text string) int {
	w.Helper()
	var n int
	if err := w.db.Reader(ctx).Get(&n, `SELECT COUNT(*) FROM jobs WHERE kind = $1 AND args LIKE $2`, kind, "%"+text+"%"); err != nil {
		w.Fatal(err)
	}
	return n
}

func (w *town) daily() {
	w.Helper()
	if _, err := w.db.RunDue(ctx, w.roster.Handlers()); err != nil {
		w.Fatal(err)
	}
}

// asksFor has the laser cutter ask for certifications from now on.
func (w *town) asksFor(slugs ...string) {
	w.Helper()
	w.in(func(tx *database.Tx) error {
		_, err := tx.Exec(`UPDATE resources SET requirements = $2 WHERE id = $1`, w.laser.ID, `{"certifications":["`+strings.Join(slugs, `","`)+`"]}`)
		return err
	})
}

func TestWhatWillLapseIsToldOnce(t *testing.T) {
	each(t, func(w *town) {
		certification(w, "laser", "Découpe laser", "Laser cutting", 6)
		w.asksFor("laser")
		c := w.certify("laser", "2026-11-01", nil)
		soon, late := w.ask("2026-11-24T10:00", 60), w.ask("2027-05-10T10:00", 60)
		needs("laser")(w, &soon)
		needs("laser")(w, &late)
		first := w.booked(soon, "confirmed")
		last := w.booked(late, "confirmed")
		if err := w.roster.Begin(ctx); err != nil {
			t.Fatal(err)
		}
		if err := w.roster.Begin(ctx); err != nil {
			t.Fatal(err)
		}
		w.daily()
		if w.jobs("notice", "lapses") != 0 || w.jobs("membership.daily", "") != 1 {
			t.Fatalf("told of what stands, or %d daily jobs", w.jobs("membership.daily", ""))
		}
		// Without the practice of this month, the certificate lapses before May.
		w.in(func(tx *database.Tx) error {
			_, err := tx.Exec(`UPDATE bookings SET status = 'no_show' WHERE id = $1`, first)
			return err
		})
		w.clock.Set(noon.AddDate(0, 0, 1))
		w.daily()
		w.clock.Set(noon.AddDate(0, 0, 2))
		w.daily()
		if w.jobs("notice", last) != 0 {
			t.Error("told of a booking that the certificate still carries") // given on November 21: until May 21
		}
		must[membership.Certificate](t)(w.roster.ChangeCertificateEnd(ctx, w.staff, c.ID, "2027-05-09", 0, noKey))
		if w.jobs("notice", last) != 1 || w.jobs("notice", first) != 0 {
			t.Error("not told when the end was brought forward")
		}
		must[membership.Certificate](t)(w.roster.RevokeCertificate(ctx, w.staff, c.ID, "Vitre ouverte pendant la découpe", noKey))
		w.clock.Set(noon.AddDate(0, 0, 3))
		w.daily()
		if w.jobs("notice", last) != 1 {
			t.Error("told twice")
		}
		w.wantCodes(w.judge(late), "certification_missing")
		list := must[[]membership.Certificate](t)(w.roster.Certificates(ctx, w.self(), w.zoe.ID))
		if len(list) != 1 || list[0].RevokedAt == nil || list[0].Reason == "" {
			t.Errorf("history: %+v", list)
		}
	})
}

func TestAMembershipThatEndsSoonIsToldOnce(t *testing.T) {
	each(t, func(w *town) {
		w.tier("pro", membership.TierEdits{})
		start := func(member, until string, renews bool) string {
			return must[membership.Membership](t)(w.roster.StartMembership(ctx, w.manager, membership.NewMembership{Holder: membership.Holder{MemberID: member},
				Tier: "pro", Hub: "rouyn", StartsOn: "2026-11-01", EndsOn: &until, Renews: renews}, noKey)).ID
		}
		soon, later, renews := start(w.zoe.ID, "2026-12-05", false), start(w.luc.ID, "2026-12-06", false), start(w.stranger.ID, "2026-12-01", true)
		if err := w.roster.Begin(ctx); err != nil {
			t.Fatal(err)
		}
		w.daily()
		if a, b, c := w.jobs("mail", soon), w.jobs("mail", later), w.jobs("mail", renews); a != 1 || b != 0 || c != 0 {
			t.Errorf("told %d, %d, %d times", a, b, c)
		}
		w.clock.Set(noon.AddDate(0, 0, 1))
		w.daily()
		if a, b := w.jobs("mail", soon), w.jobs("mail", later); a != 1 || b != 1 {
			t.Errorf("the next day told %d, %d times", a, b)
		}
	})
}

func TestWhatIsKnownOfAPersonAndForgotten(t *testing.T) {
	each(t, func(w *town) {
		w.tier("pro", membership.TierEdits{})
		certification(w, "laser", "Découpe laser", "Laser cutting", 0)
		m := w.give("pro")
		c := w.certify("laser", "2026-01-01", nil)
		must[membership.Certificate](t)(w.roster.RevokeCertificate(ctx, w.staff, c.ID, "Une raison", noKey))
		must[membership.Pack](t)(w.roster.SellPack(ctx, w.manager, membership.NewPack{Holder: membership.Holder{MemberID: w.zoe.ID}, Hub: w.hub.ID, Minutes: 60}, noKey))
		p := must[any](t)(membership.About(w.db.Reader(ctx), w.zoe.ID)).(*membership.Personal)
		if len(p.Memberships) != 1 || len(p.Certificates) != 1 || p.Certificates[0].Reason == "" || len(p.Packs) != 1 || len(p.Ledger) != 1 {
			t.Errorf("%+v", p)
		}
		w.in(func(tx *database.Tx) error { return membership.Forget(tx, w.zoe.ID) })
		p = must[any](t)(membership.About(w.db.Reader(ctx), w.zoe.ID)).(*membership.Personal)
		if p.Certificates[0].Reason != "" || p.Memberships[0].EndsOn != "2026-11-21" || p.Memberships[0].ID != m.ID {
			t.Errorf("%+v", p)
		}
		var told int
		if err := w.db.Reader(ctx).Get(&told, `SELECT COUNT(*) FROM changes WHERE before LIKE '%raison%' OR after LIKE '%raison%'`); err != nil || told > 0 {
			t.Errorf("the log tells a reason: %d, %v", told, err)
		}
	})
}
