package web

import (
	"strings"
	"testing"

	"canot/booking/membership"
	"canot/internal/database"
	"canot/internal/identity"
	"canot/inventory"
)

// What a booking costs and what it takes of one's hours is said before it is made, and after.
func TestPagesSayThePriceAndTheHoursThatABookingTakes(t *testing.T) {
	onStreet(t, func(t *testing.T, w *town, zoe *browser) {
		ctx, sys, slug, week, no := t.Context(), identity.System, "createur", int64(120), database.Key{}
		const three = "/reserver/verifier?r=amos-studio&debut=2026-11-24T19:00:00Z&fin=2026-11-24T22:00:00Z"
		zoe.get(three).has("37,50\u00a0$ avant taxes", "Les taxes, s’il y en a, s’ajoutent").lacks("Prend")
		zoe.get("/reserver/verifier?r=amos-studio&r=amos-camera&debut=2026-11-24T19:00:00Z&fin=2026-11-24T22:00:00Z").
			has("Le studio\u00a0: 37,50\u00a0$", "Le camera\u00a0: 0,00\u00a0$")
		zoe.get("/reserver/verifier?r=amos-camera&debut=2026-11-24T19:00:00Z&fin=2026-11-24T22:00:00Z").has("Gratuit").lacks("taxes")

		_, err := w.site.Roster.CreateTier(ctx, sys, membership.TierEdits{Slug: &slug, Name: &inventory.Text{"fr": "Créateur"},
			Allowances: &[]membership.Allowance{{WeekMin: &week, Beyond: "charged", PricePercent: 100}}}, no)
		must(t, err)
		holder := membership.Holder{MemberID: w.idOf("zoe@exemple.example")}
		_, err = w.site.Roster.StartMembership(ctx, sys, membership.NewMembership{Holder: holder, Tier: slug, Hub: "amos"}, no)
		must(t, err)
		zoe.get(three).has("12,50\u00a0$ avant taxes", "Prend 2\u00a0h de votre forfait (il n’y restera rien cette semaine-là). À payer\u00a0: 1\u00a0h.")
		// The hours of what costs nothing are not to be paid for.
		zoe.get("/reserver/verifier?r=amos-studio&r=amos-camera&debut=2026-11-24T19:00:00Z&fin=2026-11-24T22:00:00Z").has("12,50\u00a0$ avant taxes", "À payer\u00a0: 1\u00a0h.")
		_, err = w.site.Roster.SellPack(ctx, sys, membership.NewPack{Holder: holder, Minutes: 150}, no)
		must(t, err)
		check := zoe.get(three).has("<b>0,00\u00a0$</b>", "Prend 2\u00a0h de votre forfait (il n’y restera rien cette semaine-là) et 1\u00a0h de votre carnet (il y restera 1\u00a0h\u00a030).").lacks("taxes", "Gratuit")
		checkPage(t, "/reserver/verifier", check, "fr")
		zoe.get("/en"+three).has("<b>$0.00</b>", "Takes 2\u00a0hours from your plan (nothing left that week) and 1\u00a0hour from your prepaid hours (1\u00a0h 30\u00a0min left).")
		w.browser().get(three).has("37,50\u00a0$ avant taxes", "prix sans forfait").lacks("Prend")

		done := zoe.send(check.form("/reserver")).has("C’est réservé", "0,00\u00a0$ (prend 2\u00a0h du forfait et 1\u00a0h d’un carnet)")
		path := done.path
		zoe.get("/en" + path).has("$0.00 (takes 2\u00a0hours from the plan and 1\u00a0hour from prepaid hours)")
		if b := w.booked()[0]; b.PriceCents == nil || *b.PriceCents != 0 {
			t.Errorf("it costs %v", b.PriceCents)
		}
		long := zoe.get(path + "/changer?debut=2026-11-24T18:00:00Z&fin=2026-11-24T23:00:00Z")
		zoe.send(long.form(path+"/changer")).has("6,25\u00a0$ avant taxes (prend 2\u00a0h du forfait et 2\u00a0h\u00a030 d’un carnet)", "Les taxes")
		zoe.send(zoe.get(path + "/annuler").form(path + "/annuler"))
		if got := zoe.get(path); strings.Contains(got.body, "6,25") {
			t.Error("what was cancelled still has a price")
		}
	})
}
