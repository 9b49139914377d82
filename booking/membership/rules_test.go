package membership_test

import (
	"slices"
	"testing"
	"time"

	"canot/booking/membership"
	"canot/internal/database"
	"canot/internal/fault"
	"canot/internal/identity"
	"canot/inventory"
	"canot/web/locale"
)

// A rule is broken by an ask, and said to a person in both languages.
type rule struct {
	name   string
	given  func(w *town)
	local  string // of the laser, for so many minutes
	length int
	ask    func(w *town, a *membership.Ask)
	code   string
	fr, en string
}

func hoursAWeek(week int64) membership.TierEdits {
	return membership.TierEdits{Name: &inventory.Text{"fr": "Créateur", "en": "Maker"}, Allowances: &[]membership.Allowance{
		{CategorySlug: "laser-cutter", WeekMin: &week, PricePercent: 100}}}
}

func certification(w *town, slug, fr, en string, unused int64) {
	must[membership.Certification](w.T)(w.roster.CreateCertification(ctx, admin, membership.CertificationEdits{Slug: &slug,
		Name: &inventory.Text{"fr": fr, "en": en}, UnusedMonths: &unused}, noKey))
}

func (w *town) certify(slug, from string, until *string) membership.Certificate {
	w.Helper()
	return must[membership.Certificate](w.T)(w.roster.GiveCertificate(ctx, w.staff, membership.NewCertificate{MemberID: w.zoe.ID,
		Certification: slug, Hub: w.hub.ID, FromOn: from, UntilOn: until}, noKey))
}

func needs(slugs ...string) func(*town, *membership.Ask) {
	return func(_ *town, a *membership.Ask) { a.Lines[0].Requirements.Certifications = slugs }
}

func born(w *town, day string) {
	w.in(func(tx *database.Tx) error {
		_, err := tx.Exec(`UPDATE members SET birth_date = $2 WHERE id = $1`, w.zoe.ID, day)
		return err
	})
}

var rules = []rule{
	{name: "the week has too little left", given: func(w *town) {
		w.tier("createur", hoursAWeek(240))
		w.give("createur")
		w.booked(w.ask("2026-11-24T10:00", 150), "confirmed")
	}, local: "2026-11-26T13:00", length: 180, code: "quota_spent",
		fr: "Il vous reste 1 h 30 cette semaine-là sur les 4 h de votre forfait Créateur; cette réservation en demande 3 h. Raccourcissez-la, choisissez un moment à partir du lundi 30 novembre 2026, ou demandez à l’équipe un carnet d’heures.",
		en: "You have 1 h 30 min left that week of the 4 hours in your Maker membership; this booking needs 3 hours. Make it shorter, choose a time from Monday, November 30, 2026, or ask the team for a pack of hours."},
	{name: "the week is all used", given: func(w *town) {
		w.tier("createur", hoursAWeek(60))
		w.give("createur")
		w.booked(w.ask("2026-11-24T10:00", 60), "confirmed")
	}, local: "2026-11-29T13:00", length: 60, code: "quota_spent",
		fr: "Le temps qu’inclut votre forfait Créateur (1 h) est déjà tout réservé cette semaine-là. Choisissez un moment à partir du lundi 30 novembre 2026, ou demandez à l’équipe un carnet d’heures.",
		en: "The time that your Maker membership includes (1 hour) is already all booked that week. Choose a time from Monday, November 30, 2026, or ask the team for a pack of hours."},
	{name: "packs do not reach", given: func(w *town) {
		w.tier("createur", hoursAWeek(120))
		w.give("createur")
		w.booked(w.ask("2026-11-24T10:00", 60), "confirmed")
		must[membership.Pack](w.T)(w.roster.SellPack(ctx, w.manager, membership.NewPack{Holder: membership.Holder{MemberID: w.zoe.ID}, Hub: w.hub.ID, Minutes: 30}, noKey))
	}, local: "2026-11-24T13:00", length: 120, code: "quota_spent",
		fr: "Il manque 30 minutes : cette réservation demande 2 h, et il vous reste 1 h cette semaine-là sur les 2 h de votre forfait Créateur, plus 30 minutes dans vos carnets. Raccourcissez-la, ou choisissez un moment à partir du lundi 30 novembre 2026.",
		en: "30 minutes are missing: this booking needs 2 hours, and you have 1 hour left that week of the 2 hours in your Maker membership, plus 30 minutes in your packs. Make it shorter, or choose a time from Monday, November 30, 2026."},
	{name: "nothing is included", given: func(w *town) {
		w.tier("createur", hoursAWeek(0))
		w.give("createur")
	}, local: "2026-11-24T13:00", length: 60, code: "quota_spent",
		fr: "Votre forfait Créateur n’inclut pas de temps pour ceci. Demandez à l’équipe du hub quel forfait ou quel carnet d’heures vous conviendrait.",
		en: "Your Maker membership includes no time for this. Ask the hub’s team which membership or which pack of hours would suit you."},
	{name: "it would never fit", given: func(w *town) {
		w.tier("createur", membership.TierEdits{Name: &inventory.Text{"fr": "Créateur", "en": "Maker"}, Allowances: &[]membership.Allowance{{DayMin: ptr(int64(120)), PricePercent: 100}}})
		w.give("createur")
	}, local: "2026-11-24T13:00", length: 180, code: "quota_spent",
		fr: "Votre forfait Créateur inclut 2 h ce jour-là; cette réservation en demande 3 h, ce qui n’y entre jamais. Raccourcissez-la, ou demandez à l’équipe un carnet d’heures.",
		en: "Your Maker membership includes 2 hours that day; this booking needs 3 hours, which never fits. Make it shorter, or ask the team for a pack of hours."},
	{name: "it would never fit for so many", given: func(w *town) {
		w.tier("createur", membership.TierEdits{Name: &inventory.Text{"fr": "Créateur", "en": "Maker"}, Allowances: &[]membership.Allowance{{DayMin: ptr(int64(120)), PricePercent: 100}}})
		w.give("createur")
	}, local: "2026-11-24T13:00", length: 90, ask: func(_ *town, a *membership.Ask) { a.Lines[0].Quantity = 2 }, code: "quota_spent",
		fr: "Votre forfait Créateur inclut 2 h ce jour-là; cette réservation en demande 3 h (1 h 30 × 2), ce qui n’y entre jamais. Raccourcissez-la, réduisez la quantité, ou demandez à l’équipe un carnet d’heures.",
		en: "Your Maker membership includes 2 hours that day; this booking needs 3 hours (1 h 30 min × 2), which never fits. Make it shorter, take fewer, or ask the team for a pack of hours."},
	{name: "too little is left for so many", given: func(w *town) {
		w.tier("createur", hoursAWeek(240))
		w.give("createur")
		w.booked(w.ask("2026-11-24T10:00", 150), "confirmed")
	}, local: "2026-11-26T13:00", length: 90, ask: func(_ *town, a *membership.Ask) { a.Lines[0].Quantity = 2 }, code: "quota_spent",
		fr: "Cette réservation demande 3 h (1 h 30 × 2), et il vous reste 1 h 30 cette semaine-là sur les 4 h de votre forfait. Raccourcissez-la, réduisez la quantité, choisissez un moment à partir du lundi 30 novembre 2026, ou demandez à l’équipe un carnet d’heures.",
		en: "This booking needs 3 hours (1 h 30 min × 2), and you have 1 h 30 min left that week of the 4 hours in your membership. Make it shorter, take fewer, choose a time from Monday, November 30, 2026, or ask the team for a pack of hours."},
	{name: "too many upcoming", given: func(w *town) {
		w.tier("visite", membership.TierEdits{Name: &inventory.Text{"fr": "Visite", "en": "Visit"}, Visitor: ptr(true),
			Allowances: &[]membership.Allowance{{Upcoming: ptr(int64(2)), PricePercent: 100}}})
		w.booked(w.ask("2026-11-24T10:00", 60), "confirmed")
		w.booked(w.ask("2026-11-25T10:00", 60), "pending")
		w.booked(w.ask("2026-11-26T10:00", 60), "cancelled")
		w.booked(w.ask("2026-11-20T10:00", 60), "confirmed") // is over
	}, local: "2026-11-27T10:00", length: 60, code: "too_many_upcoming",
		fr: "Votre forfait Visite permet 2 réservations à venir à la fois, et vous en avez déjà 2. Attendez que l’une soit passée, ou annulez-en une.",
		en: "Your Visit membership allows 2 upcoming bookings at a time, and you already have 2. Wait until one is over, or cancel one."},
	{name: "the tier is not admitted", given: func(w *town) {
		w.tier("createur", hoursAWeek(240))
		w.tier("pro", membership.TierEdits{Name: &inventory.Text{"fr": "Professionnel", "en": "Professional"}})
		w.give("createur")
	}, local: "2026-11-24T13:00", length: 60, ask: func(_ *town, a *membership.Ask) { a.Lines[0].Requirements.Tiers = []string{"pro"} }, code: "tier_not_admitted",
		fr: "Ceci est réservé à certains forfaits (Professionnel); le vôtre, à cette date, est Créateur. L’équipe du hub vous dira comment en changer.",
		en: "This is for certain memberships only (Professional); yours, on that date, is Maker. The hub’s team will tell you how to change it."},
	{name: "no tier at all", given: func(w *town) {
		w.tier("pro", membership.TierEdits{Name: &inventory.Text{"fr": "Professionnel", "en": "Professional"}})
	}, local: "2026-11-24T13:00", length: 60, ask: func(_ *town, a *membership.Ask) { a.Lines[0].Requirements.Tiers = []string{"pro"} }, code: "tier_not_admitted",
		fr: "Ceci est réservé à certains forfaits (Professionnel), et vous n’en avez pas pour cette date. L’équipe du hub vous dira comment en obtenir un.",
		en: "This is for certain memberships only (Professional), and you have none for that date. The hub’s team will tell you how to get one."},
	{name: "no certification", given: func(w *town) { certification(w, "laser", "Découpe laser", "Laser cutting", 0) },
		local: "2026-11-24T13:00", length: 60, ask: needs("laser"), code: "certification_missing",
		fr: "Pour votre sécurité, il faut d’abord l’habilitation « Découpe laser ». Demandez à l’équipe du hub quand a lieu la prochaine formation.",
		en: "For your safety, you first need the “Laser cutting” certification. Ask the hub’s team when the next training takes place."},
	{name: "none of several", given: func(w *town) {
		certification(w, "laser", "Découpe laser", "Laser cutting", 0)
		certification(w, "cnc", "Fraisage", "Milling", 0)
	}, local: "2026-11-24T13:00", length: 60, ask: func(w *town, a *membership.Ask) {
		needs("laser", "cnc")(w, a)
		a.Lines[0].Requirements.AnyCertification = true
	}, code: "certification_missing",
		fr: "Pour votre sécurité, il faut d’abord une habilitation : l’une de celles-ci suffit (Découpe laser, Fraisage). Demandez à l’équipe du hub quand a lieu la prochaine formation.",
		en: "For your safety, you first need a certification: one of these is enough (Laser cutting, Milling). Ask the hub’s team when the next training takes place."},
	{name: "certified from a later day", given: func(w *town) {
		certification(w, "laser", "Découpe laser", "Laser cutting", 0)
		w.certify("laser", "2026-12-01", nil)
	}, local: "2026-11-24T13:00", length: 60, ask: needs("laser"), code: "certification_missing",
		fr: "Votre habilitation « Découpe laser » vaut à partir du mardi 1er décembre 2026. Choisissez cette date ou une date plus tardive.",
		en: "Your “Laser cutting” certification counts from Tuesday, December 1, 2026. Choose that date or a later one."},
	{name: "the certificate ends before", given: func(w *town) {
		certification(w, "laser", "Découpe laser", "Laser cutting", 0)
		w.certify("laser", "2026-01-01", ptr("2026-11-23"))
	}, local: "2026-11-24T00:30", length: 60, ask: needs("laser"), code: "certification_lapses",
		fr: "Votre habilitation « Découpe laser » vaut jusqu’au lundi 23 novembre 2026, et cette réservation vient après. Demandez à l’équipe du hub comment la renouveler.",
		en: "Your “Laser cutting” certification is valid until Monday, November 23, 2026, and this booking comes after that. Ask the hub’s team how to renew it."},
	{name: "the certificate was not used", given: func(w *town) {
		certification(w, "laser", "Découpe laser", "Laser cutting", 6)
		w.certify("laser", "2026-01-01", nil)
	}, local: "2027-05-22T10:00", length: 60, ask: needs("laser"), code: "certification_lapses",
		fr: "Sans pratique pendant 6 mois, l’habilitation « Découpe laser » ne vaut plus : la vôtre vaut jusqu’au vendredi 21 mai 2027. Demandez à l’équipe du hub une courte remise à niveau.",
		en: "Without practice for 6 months, the “Laser cutting” certification no longer counts: yours is valid until Friday, May 21, 2027. Ask the hub’s team for a short refresher."},
	{name: "no consent of a parent", given: func(w *town) { born(w, "2013-11-25") }, local: "2026-11-24T13:00", length: 60, code: "consent_needed",
		fr: "Avant 14 ans, il faut l’accord d’un parent. Passez au hub avec un parent : l’équipe notera son accord, puis vous pourrez réserver.",
		en: "Under the age of 14, a parent must agree first. Come to the hub with a parent: the team will note their agreement, and then you can book."},
	{name: "the age is not known", local: "2026-11-24T13:00", length: 60,
		ask: func(_ *town, a *membership.Ask) { a.Lines[0].Requirements.MinimumAge = 16 }, code: "age_unknown",
		fr: "Il faut avoir au moins 16 ans pour réserver ceci, et votre date de naissance n’est pas dans votre profil. Ajoutez-la, puis recommencez.",
		en: "You must be at least 16 to book this, and your date of birth is not in your profile. Add it, then try again."},
	{name: "too young", given: func(w *town) { born(w, "2010-11-25") }, local: "2026-11-24T13:00", length: 60,
		ask: func(_ *town, a *membership.Ask) { a.Lines[0].Requirements.MinimumAge = 16 }, code: "too_young",
		fr: "Il faut avoir au moins 16 ans pour réserver ceci. Ce sera possible pour vous à partir du mercredi 25 novembre 2026. D’ici là, l’équipe du hub peut vous proposer autre chose.",
		en: "You must be at least 16 to book this. You can from Wednesday, November 25, 2026. Until then, the hub’s team can suggest something else."},
	{name: "too many persons", local: "2026-11-24T13:00", length: 60, ask: func(_ *town, a *membership.Ask) {
		a.Lines[0].Requirements.Attendance, a.Attendance = 4, 6
	}, code: "attendance_exceeded",
		fr: "Vous serez 6, et il y a place ici pour 4 au plus. Choisissez un lieu plus grand, ou venez en plus petit groupe.",
		en: "There will be 6 of you, and there is room here for 4 at most. Choose a larger place, or come in a smaller group."},
	{name: "the terms are not accepted", given: func(w *town) { terms(w, 2) }, local: "2026-11-24T13:00", length: 60, ask: func(_ *town, a *membership.Ask) {
		a.Lines[0].Requirements.Conditions = []string{"laser"}
		a.Accepts = []membership.Acceptance{{Condition: "laser", Version: 1}}
	}, code: "terms_not_accepted",
		fr: "Avant de réserver, lisez et acceptez les conditions « Atelier » (version 2).",
		en: "Before booking, read and accept the terms “Workshop” (version 2)."},
}

// terms publishes so many versions of the terms of the laser.
func terms(w *town, versions int) {
	w.in(func(tx *database.Tx) error {
		id := database.NewID()
		_, err := tx.Exec(`INSERT INTO conditions (id, slug, name, created_at) VALUES ($1, 'laser', $2, $3)`, id, inventory.Text{"fr": "Atelier", "en": "Workshop"}, tx.Now)
		for v := 1; v <= versions && err == nil; v++ {
			_, err = tx.Exec(`INSERT INTO condition_texts (condition_id, version, text, created_at, made_by) VALUES ($1, $2, '{}', $3, 'system')`, id, v, tx.Now)
		}
		return err
	})
}

func TestEveryRuleIsSaidPlainly(t *testing.T) {
	for _, c := range rules {
		t.Run(c.name, func(t *testing.T) {
			each(t, func(w *town) {
				if c.given != nil {
					c.given(w)
				}
				a := w.ask(c.local, c.length)
				if c.ask != nil {
					c.ask(w, &a)
				}
				v := w.judge(a)
				w.wantCodes(v, c.code)
				broken := append(v.Whole, v.Lines[0].Violations...)[0]
				for _, l := range []struct {
					locale.Language
					want string
				}{{locale.French, c.fr}, {locale.English, c.en}} {
					if got := plain(l.Say("violation."+c.code, broken.Params)); got != l.want {
						t.Errorf("it says\n%s\nwant\n%s", got, l.want)
					}
				}
				a.Waived = map[string]bool{c.code: true}
				w.wantCodes(w.judge(a))
			})
		})
	}
}

// plain makes every space an ordinary one.
func plain(s string) string {
	r := []rune(s)
	for i := range r {
		if r[i] == '\u00a0' || r[i] == '\u202f' {
			r[i] = ' '
		}
	}
	return string(r)
}

func TestAParentsConsentAndAnAcceptedVersionAreEnough(t *testing.T) {
	each(t, func(w *town) {
		born(w, "2013-11-25")
		terms(w, 1)
		a := w.ask("2026-11-24T13:00", 60)
		a.Lines[0].Requirements.Conditions = []string{"laser"}
		w.wantCodes(w.judge(a), "consent_needed", "terms_not_accepted")
		w.in(func(tx *database.Tx) error {
			_, err := tx.Exec(`UPDATE members SET guardian_consent_at = $2, guardian_consent_by = 'x' WHERE id = $1`, w.zoe.ID, tx.Now)
			return err
		})
		a.Accepts = []membership.Acceptance{{Condition: "laser", Version: 1}}
		w.wantCodes(w.judge(a))
		w.in(func(tx *database.Tx) error {
			return membership.RecordAcceptances(tx, w.zoe.ID, w.self(), "", a.Accepts)
		})
		w.in(func(tx *database.Tx) error {
			return membership.RecordAcceptances(tx, w.zoe.ID, w.self(), "", a.Accepts)
		})
		a.Accepts = nil
		w.wantCodes(w.judge(a))
		w.wantCodes(w.judge(w.ask("2026-11-25T00:00", 60))) // the birthday itself
		err := w.roster.Accept(ctx, w.self(), membership.Acceptance{Condition: "laser", Version: 9}, noKey)
		w.wantFault(err, fault.NotFound, "condition_not_found")
	})
}

func TestAWaiverLiftsItsRuleAndNoOther(t *testing.T) {
	each(t, func(w *town) {
		w.tier("createur", hoursAWeek(60))
		w.give("createur")
		certification(w, "laser", "Découpe laser", "Laser cutting", 0)
		a := w.ask("2026-11-24T13:00", 120)
		needs("laser")(w, &a)
		a.Waived = map[string]bool{"quota_spent": true}
		v := w.judge(a)
		w.wantCodes(v, "certification_missing")
		if l := v.Lines[0]; l.Included != 60 || l.Charged != 60 {
			t.Errorf("%+v", l)
		}
	})
}

func TestApprovalIsAskedByTierAndByLength(t *testing.T) {
	each(t, func(w *town) {
		w.tier("visite", membership.TierEdits{Visitor: ptr(true)})
		a := w.ask("2026-11-24T13:00", 120)
		a.Lines[0].Requirements = inventory.Requirements{ApprovalAbove: 120}
		if w.judge(a).NeedsApproval {
			t.Error("at the length itself")
		}
		a.Span.End = a.Span.End.Add(time.Minute)
		if !w.judge(a).NeedsApproval {
			t.Error("not above the length")
		}
		a.Lines[0].Requirements = inventory.Requirements{ApprovalTiers: []string{"visite"}}
		if !w.judge(a).NeedsApproval {
			t.Error("not for a visitor")
		}
		w.tier("pro", membership.TierEdits{})
		w.give("pro")
		if w.judge(a).NeedsApproval {
			t.Error("for somebody of another tier")
		}
	})
}

func TestACertificateCountsWhereItIsHonoured(t *testing.T) {
	each(t, func(w *town) {
		must[membership.Certification](t)(w.roster.CreateCertification(ctx, w.manager, membership.CertificationEdits{Slug: ptr("laser-rouyn"), Hub: ptr("rouyn"), Name: &inventory.Text{"fr": "Laser de Rouyn"}}, noKey))
		certification(w, "laser", "Découpe laser", "Laser cutting", 6)
		w.certify("laser-rouyn", "2026-01-01", nil)
		at := func(hub inventory.Hub, slug string) membership.Ask {
			a := w.ask("2026-11-24T13:00", 60)
			a.HubID, a.RegionID = hub.ID, hub.RegionID
			needs(slug)(w, &a)
			return a
		}
		if v := w.judge(at(w.hub, "laser-rouyn")); len(codes(v)) > 0 || len(v.Certificates) != 1 {
			t.Errorf("at home: %+v", v)
		}
		w.wantCodes(w.judge(at(w.hub, "laser")), "certification_missing")
		w.wantCodes(w.judge(at(w.near, "laser-rouyn")), "certification_missing")
		w.wantCodes(w.judge(at(w.near, "laser")), "certification_missing")
		_, err := w.roster.AcceptEquivalence(ctx, w.manager, w.near.ID, "laser-rouyn", "laser", noKey)
		w.wantFault(err, fault.Forbidden, "not_allowed")
		e := must[membership.Equivalence](t)(w.roster.AcceptEquivalence(ctx, admin, "val-dor", "laser-rouyn", "laser", noKey))
		again := must[membership.Equivalence](t)(w.roster.AcceptEquivalence(ctx, admin, "val-dor", "laser-rouyn", "laser", noKey))
		if e.ID != again.ID {
			t.Error("accepted twice")
		}
		w.wantCodes(w.judge(at(w.near, "laser")))
		w.wantCodes(w.judge(at(w.far, "laser")), "certification_missing")
		_, err = w.roster.AcceptEquivalence(ctx, admin, "val-dor", "laser", "laser-rouyn", noKey)
		w.wantFault(err, fault.Refused, "not_honoured_here")
		must[membership.Equivalence](t)(w.roster.EndEquivalence(ctx, admin, e.ID, noKey))
		w.wantCodes(w.judge(at(w.near, "laser")), "certification_missing")
	})
}

func TestPracticeKeepsACertificate(t *testing.T) {
	each(t, func(w *town) {
		certification(w, "laser", "Découpe laser", "Laser cutting", 6)
		w.certify("laser", "2026-11-21", nil)
		practised := w.ask("2027-03-10T10:00", 60)
		needs("laser")(w, &practised)
		practised.BookingID = w.booked(practised, "completed")
		a := w.ask("2027-09-10T10:00", 60)
		needs("laser")(w, &a)
		w.wantCodes(w.judge(a))
		a = w.ask("2027-09-11T10:00", 60)
		needs("laser")(w, &a)
		w.wantCodes(w.judge(a), "certification_lapses")
		a = w.ask("2027-09-10T10:00", 60)
		needs("laser")(w, &a)
		a.BookingID = practised.BookingID // moved: it does not vouch for itself
		w.wantCodes(w.judge(a), "certification_lapses")
	})
}

func TestAnOrganisationsMinutesAndAMembersCertificate(t *testing.T) {
	each(t, func(w *town) {
		w.tier("visite", membership.TierEdits{Visitor: ptr(true), Allowances: &[]membership.Allowance{{PricePercent: 100}}})
		w.tier("createur", hoursAWeek(60))
		w.give("createur")
		o := must[identity.Organisation](t)(w.people.CreateOrganisation(ctx, admin, identity.OrganisationEdits{Name: ptr("Collectif"), Sector: ptr("culture"), HubID: &w.hub.ID}, noKey))
		a := w.ask("2026-11-24T13:00", 60)
		a.OrganisationID = o.ID
		if got := w.judge(a).Lines[0].Tier.Slug; got != "visite" {
			t.Errorf("an organisation without a membership has %q", got)
		}
		w.tier("partenaire", membership.TierEdits{Allowances: &[]membership.Allowance{{MonthMin: ptr(int64(90)), PricePercent: 50}}})
		must[membership.Membership](t)(w.roster.StartMembership(ctx, w.manager, membership.NewMembership{Holder: membership.Holder{OrganisationID: o.ID}, Tier: "partenaire", Hub: w.hub.ID}, noKey))
		w.booked(a, "confirmed")
		w.wantCodes(w.judge(a), "quota_spent")
		own := a
		own.OrganisationID = ""
		w.wantCodes(w.judge(own)) // the member's own hour is untouched
		certification(w, "laser", "Découpe laser", "Laser cutting", 0)
		a.Span.End = a.Span.Start.Add(30 * time.Minute)
		needs("laser")(w, &a)
		w.wantCodes(w.judge(a), "certification_missing")
		w.certify("laser", "2026-01-01", nil)
		w.wantCodes(w.judge(a))
	})
}

func TestABookingThatIsChangedIsNotCountedTwice(t *testing.T) {
	each(t, func(w *town) {
		w.tier("visite", membership.TierEdits{Visitor: ptr(true), Allowances: &[]membership.Allowance{{Upcoming: ptr(int64(1)), WeekMin: ptr(int64(90)), PricePercent: 100}}})
		a := w.ask("2026-11-24T10:00", 90)
		id := w.booked(a, "confirmed")
		w.wantCodes(w.judge(a), "too_many_upcoming", "quota_spent")
		a.BookingID = id
		v := w.judge(a)
		w.wantCodes(v)
		kept := slices.Clone(v.Uses)
		kept[0].Minutes = 30 // shortened: the rest comes back
		w.in(func(tx *database.Tx) error { return membership.GiveBack(tx, admin, id, kept) })
		if used := must[[]membership.Use](t)(membership.UsedBy(w.db.Reader(ctx), id)); !slices.Equal(used, kept) {
			t.Errorf("kept %+v, want %+v", used, kept)
		}
	})
}

func TestTermsThatDoNotExistAreNotAccepted(t *testing.T) {
	each(t, func(w *town) {
		terms(w, 1)
		for _, a := range []membership.Acceptance{{Condition: "laser", Version: 2}, {Condition: "bois", Version: 1}} {
			err := w.db.In(ctx, func(tx *database.Tx) error {
				return membership.RecordAcceptances(tx, w.zoe.ID, w.self(), "", []membership.Acceptance{a})
			})
			w.wantFault(err, fault.Malformed, "unknown_condition")
		}
	})
}
