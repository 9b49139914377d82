package web

import (
	"strings"
	"testing"
	"time"

	"canot/booking"
	"canot/booking/membership"
	"canot/internal/database"
	"canot/internal/fault"
	"canot/internal/identity"
	"canot/inventory"
	"canot/web/locale"
)

func TestABasketWithoutACommonLengthNamesWhatStandsInTheWay(t *testing.T) {
	onStreet(t, func(t *testing.T, w *town, zoe *browser) {
		p := inventory.PolicyEdits{Grain: to(60), Shortest: to(240), Longest: to(20160), Within: to(inventory.EndsInside)}
		_, err := w.site.Catalog.UpdateResource(t.Context(), identity.System, "amos-camera", inventory.ResourceEdits{Policy: p}, database.Key{})
		must(t, err)
		basket := "/reserver?r=amos-studio&r=amos-camera&r=amos-coach&jour=2026-11-24"
		page := zoe.get(basket).on("/reserver", 200).has("Le coach\u00a0: 2\u00a0h au plus.", "Le camera\u00a0: 4\u00a0h au moins.", "Réserver à part").lacks("rien de libre", "Le studio\u00a0:")
		checkPage(t, basket, page, "fr")
		without := 0
		for _, e := range page.elements("a", "", "") {
			if strings.HasPrefix(e.text, "Retirer") || strings.HasPrefix(e.text, "Réserver à part") {
				without++
				zoe.get(e.has["href"]).on("/reserver", 200)
			}
		}
		if without < 4 {
			t.Errorf("%d ways out", without)
		}
		zoe.get("/reserver?r=amos-studio&r=amos-camera&jour=2026-11-24").lacks("au moins.").slot("10 h")
	})
}

func TestWhatARefusalSaysIsSaidOnceAndPlainly(t *testing.T) {
	onStreet(t, func(t *testing.T, w *town, _ *browser) {
		w.taken("amos-coach", on24(10), on24(12))
		w.clock.Set(on24(15))
		zoe := w.in("zoe@exemple.example")
		past := zoe.get("/reserver/verifier?r=amos-coach&debut=2026-11-24T15:00:00Z&fin=2026-11-24T17:00:00Z").has("déjà passé", "Ce que vous avez demandé").
			lacks("n’est pas libre", "Ce que vous réservez", "À apporter", "Des souliers propres", "Vous pourrez annuler")
		checkPage(t, "/reserver/verifier past", past, "fr")
		off := zoe.get("/reserver/verifier?r=amos-coach&debut=2026-11-25T15:20:00Z&fin=2026-11-25T16:20:00Z").has("à des heures comme celles-ci\u00a0: 9\u00a0h, 10\u00a0h, 11\u00a0h.").lacks("tomber juste")
		if n := strings.Count(off.body, "celles-ci"); n != 1 {
			t.Errorf("the grain is said %d times", n)
		}

		path := zoe.send(zoe.get(zoe.get("/reserver?r=amos-coach&jour=2026-11-26").slot("10 h")).form("/reserver")).has("C’est réservé").path
		moved := zoe.get(path + "/changer?debut=2026-11-26T15:20:00Z&fin=2026-11-26T16:20:00Z")
		if v := zoe.send(moved.last(path+"/changer")).on(path+"/changer", 422); strings.Count(v.body, "celles-ci") != 1 {
			t.Errorf("the change page says:\n%s", v.body)
		}
		zoe.get(path+"/changer?du=2026-11-26&de=12:00&a=10:00").on(path+"/changer", 400).has("La fin doit venir après le début.").one("input", "aria-invalid", "true")
	})
}

func TestWhoLacksACertificationIsToldBeforeAndLedToWhoGivesIt(t *testing.T) {
	onStreet(t, func(t *testing.T, w *town, zoe *browser) {
		_, err := w.site.Roster.CreateCertification(t.Context(), identity.System, membership.CertificationEdits{Slug: to("impression"), Name: words("Impression <b>")}, database.Key{})
		must(t, err)
		_, err = w.site.Catalog.UpdateResource(t.Context(), identity.System, "amos-coach", inventory.ResourceEdits{Policy: inventory.PolicyEdits{Certifications: &[]string{"impression"}}}, database.Key{})
		must(t, err)
		const coach = "/reserver?r=amos-coach&jour=2026-11-24"
		when := zoe.get(coach).has("Il vous manque\u00a0: Impression &lt;b&gt;.")
		checkPage(t, "/reserver lacking", when, "fr")
		refused := zoe.get(when.slot("14 h")).on("/reserver/verifier", 200).has("Appeler", "Ce que vous avez demandé").lacks("Voir d’autres heures")
		checkPage(t, "/reserver/verifier lacking", refused, "fr")
		if call := refused.one("a", "class", "button"); call.has["href"] != "tel:8195550101" {
			t.Errorf("the first thing to do is %v", call)
		}
		w.browser().get(coach).lacks("Il vous manque")
		zoe.get("/reserver?r=amos-presse&jour=2026-11-24").lacks("Il vous manque")
		const both = "/reserver?r=amos-studio&r=amos-coach&jour=2026-11-24"
		zoe.get(both)
		w.clock.Move(11 * time.Second) // sessions and reaches are read again
		before := w.statements.Load()
		zoe.get(both)
		if n := w.statements.Load() - before; n > 6 {
			t.Errorf("%d statements", n)
		}
	})
}

func TestTheOtherLanguageKeepsWhatWasTypedOnARefusedForm(t *testing.T) {
	onStreet(t, func(t *testing.T, w *town, zoe *browser) {
		form := zoe.get(zoe.get(studioOn24).slot("14 h")).form("/reserver")
		w.taken("amos-studio", on24(13), on24(15))
		long := strings.Repeat("Deux vélos. ", 160)
		refused := zoe.send(form, "titre", "Rencontre avec Me Tremblay", "notes", long, "personnes", "3").on("/reserver", 409)
		for _, e := range append(refused.elements("a", "", ""), refused.elements("form", "", "")...) {
			if at := e.has["href"] + e.has["action"]; strings.Contains(at, "Tremblay") || strings.Contains(at, "notes") {
				t.Errorf("what was typed is in an address: %s", at)
			}
		}
		if refused.form("/en/reserver").fields.Get("cle") != "" {
			t.Error("the key of the form goes along")
		}
		other := zoe.send(refused.form("/en/reserver")).on("/en/reserver", 200).has("Deux vélos", "Here is why")
		if got := other.one("input", "id", "titre").has["value"]; got != "Rencontre avec Me Tremblay" {
			t.Errorf("the title is %q", got)
		}
		if got := other.last("/en/reserver").fields; got.Get("notes") != strings.TrimSpace(long) && got.Get("notes") != long || got.Get("personnes") != "3" {
			t.Errorf("the form holds %v", got)
		}
		if len(w.booked()) != 1 {
			t.Error("reading it in English has booked something")
		}
		zoe.send(other.form("/reserver")).on("/reserver", 200).has("Deux vélos")
	})
}

// last is the last form of a page that is sent to an address.
func (v view) last(action string) filled {
	v.t.Helper()
	v.form(action)
	all := v.forms(action)
	return all[len(all)-1]
}

func TestEveryFieldHasWords(t *testing.T) {
	for _, l := range locale.All() {
		p := &page{l: l}
		for field := range fields {
			if !l.Has("form." + field) {
				t.Errorf("%s: form.%s has no words", l.Tag(), field)
			}
			said := p.wrong(fault.Violation{Code: "bad_characters", Params: fault.Params{"field": field}}).Text
			if strings.Contains(said, "_") || field == "title" && l.Tag() == "fr" && !strings.Contains(said, "titre") {
				t.Errorf("%s: %q", l.Tag(), said)
			}
		}
	}
}

func TestACancelledBookingSaysWhatFollows(t *testing.T) {
	onStreet(t, func(t *testing.T, w *town, zoe *browser) {
		path := zoe.reserved("14 h")
		zoe.get(path).has("agenda.ics", "Pour vous y rendre", "Des souliers propres")
		done := zoe.send(zoe.get(path+"/annuler").form(path+"/annuler")).on(path, 200).
			has("C’est annulé.", "elles vous sont rendues", "Réserver de nouveau").lacks("agenda.ics", "Pour vous y rendre", "Des souliers propres")
		checkPage(t, "cancelled", done, "fr")
		zoe.get(path).lacks("C’est annulé.")
		if b := w.booked()[0]; b.Status != booking.Cancelled {
			t.Errorf("%+v", b)
		}
	})
}
