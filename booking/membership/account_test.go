package membership_test

import (
	"strings"
	"testing"

	"canot/booking/membership"
	"canot/internal/fault"
	"canot/internal/identity"
	"canot/inventory"
)

// asks makes a resource ask for certifications.
func (w *town) asks(x inventory.Resource, anyOf bool, slugs ...string) {
	w.Helper()
	must[inventory.Resource](w.T)(inventory.New(w.db).UpdateResource(ctx, admin, x.ID,
		inventory.ResourceEdits{Policy: inventory.PolicyEdits{Certifications: &slugs, AnyCertification: &anyOf}}, noKey))
}

func (w *town) account(who identity.Member) membership.Account {
	w.Helper()
	return must[membership.Account](w.T)(w.roster.Account(ctx, identity.Actor{ID: who.ID}, w.hub.ID))
}

// missing says in short what somebody lacks, and for which resources.
func missing(a membership.Account) string {
	var all []string
	for _, m := range a.Missing {
		var names, things []string
		for _, n := range m.Names {
			names = append(names, n.In("fr"))
		}
		for _, x := range m.Resources {
			things = append(things, x.Name.In("fr"))
		}
		all = append(all, strings.Join(names, "|")+": "+strings.Join(things, ", "))
	}
	return strings.Join(all, "; ")
}

func TestAnAccountTellsWhatIsMissingForAMachine(t *testing.T) {
	each(t, func(w *town) {
		certification(w, "laser", "Découpe laser", "", 0)
		certification(w, "wood", "Bois", "", 0)
		certification(w, "idle", "Tour", "", 6)
		w.asks(w.laser, false, "laser", "wood")
		w.asks(w.desk, true, "laser", "idle")
		if got := missing(w.account(w.zoe)); got != "Tour|Découpe laser: Poste; Découpe laser: Découpeuse; Bois: Découpeuse" {
			t.Errorf("at first %s", got)
		}
		w.certify("laser", "", nil)
		if got := missing(w.account(w.zoe)); got != "Bois: Découpeuse" {
			t.Errorf("with one %s", got)
		}
		if got := missing(w.account(w.luc)); !strings.Contains(got, "Découpe laser: Découpeuse") {
			t.Errorf("Luc, who has none: %s", got)
		}
		if n := len(w.account(w.luc).Certificates); n != 0 {
			t.Errorf("Luc reads %d certificates that are not his", n)
		}
		must[membership.Equivalence](t)(w.roster.AcceptEquivalence(ctx, admin, w.hub.ID, "laser", "wood", noKey))
		if got := missing(w.account(w.zoe)); got != "" {
			t.Errorf("where one counts as the other %s", got)
		}
		c := w.account(w.zoe).Certificates
		if len(c) != 1 || !c[0].Counts || c[0].Name.In("fr") != "Découpe laser" {
			t.Errorf("%+v", c)
		}
		_, err := w.roster.Account(ctx, identity.Actor{}, w.hub.ID)
		w.wantFault(err, fault.Unauthenticated, "sign_in")
	})
}

func TestAnAccountTellsWhichCertificatesHaveEnded(t *testing.T) {
	each(t, func(w *town) {
		certification(w, "laser", "Découpe laser", "", 6)
		certification(w, "wood", "Bois", "", 0)
		certification(w, "glass", "Verre", "", 0)
		w.certify("laser", "2026-03-01", ptr("")) // it lapses six months after it was given
		w.certify("wood", "2026-01-01", ptr("2026-11-20"))
		must[membership.Certificate](t)(w.roster.RevokeCertificate(ctx, w.staff, w.certify("glass", "", ptr("")).ID, "", noKey))
		w.asks(w.laser, false, "laser", "wood", "glass")
		a := w.account(w.zoe)
		if len(a.Missing) != 2 || len(a.Certificates) != 3 || !a.Certificates[0].Counts || a.Certificates[0].UntilOn != "2027-05-21" || !a.Certificates[0].Unused {
			t.Errorf("missing %s of %+v", missing(a), a.Certificates)
		}
		w.clock.Set(noon.AddDate(0, 7, 0))
		if got := missing(w.account(w.zoe)); !strings.Contains(got, "Découpe laser") {
			t.Errorf("seven months without use: %s", got)
		}
		w.clock.Set(noon.AddDate(0, 0, -1)) // the last day of one
		if got := missing(w.account(w.zoe)); strings.Contains(got, "Bois") {
			t.Errorf("on its last day %s", got)
		}
	})
}

func TestAnAccountTellsWhatIsLeft(t *testing.T) {
	each(t, func(w *town) {
		w.tier("maker", hoursAWeek(600))
		w.give("maker")
		zoe := membership.Holder{MemberID: w.zoe.ID}
		must[membership.Membership](t)(w.roster.StartMembership(ctx, admin, membership.NewMembership{Holder: zoe, Tier: "maker", Hub: w.far.ID, StartsOn: "2026-01-01", EndsOn: ptr("2026-02-01")}, noKey))
		must[membership.Pack](t)(w.roster.SellPack(ctx, w.manager, membership.NewPack{Holder: zoe, Hub: w.hub.ID, Minutes: 120}, noKey))
		a := w.account(w.zoe)
		b := must[membership.Balance](t)(w.roster.Balance(ctx, identity.Actor{ID: w.zoe.ID}, membership.BalanceQuery{Holder: zoe}))
		if len(a.Buckets) != 1 || len(b.Buckets) != 1 || a.Buckets[0] != b.Buckets[0] || a.Tier.Slug != "maker" {
			t.Errorf("%+v, the balance is %+v", a.Buckets, b.Buckets)
		}
		must[membership.Bucket](t)(w.roster.AdjustAllowance(ctx, admin, membership.AllowanceAdjustment{Holder: zoe, AllowanceID: a.Buckets[0].AllowanceID, Period: "week", Minutes: -210, Reason: "other"}, noKey))
		if a = w.account(w.zoe); a.Buckets[0].Left != 390 || a.Buckets[0].Used != 210 {
			t.Errorf("%+v", a.Buckets)
		}
		if len(a.Packs) != 1 || a.Packs[0].Left != 120 || a.Packs[0].Hub.Slug != "rouyn" || a.Packs[0].Over {
			t.Errorf("%+v", a.Packs)
		}
		if len(a.Memberships) != 2 || a.Memberships[0].State != "in_force" || a.Memberships[1].State != "past" || a.Memberships[1].Hub.Slug != "kenora" {
			t.Errorf("%+v", a.Memberships)
		}
		if luc := w.account(w.luc); len(luc.Memberships)+len(luc.Packs)+len(luc.Buckets) != 0 {
			t.Errorf("Luc reads %+v", luc)
		}
		// Without a home hub, that of the membership counts.
		if a := must[membership.Account](t)(w.roster.Account(ctx, identity.Actor{ID: w.zoe.ID}, "")); a.Hub.Slug != "rouyn" || a.Today != "2026-11-21" {
			t.Errorf("%+v on %s", a.Hub, a.Today)
		}
		if a := must[membership.Account](t)(w.roster.Account(ctx, identity.Actor{ID: w.luc.ID}, "")); a.Hub.ID != "" || len(a.Missing) != 0 {
			t.Errorf("nowhere: %+v", a)
		}
	})
}
