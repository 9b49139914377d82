package web

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"canot/booking"
	"canot/internal/database"
	"canot/internal/identity"
)

// reserved books the studio of Amos for somebody, on Tuesday 24 November from an hour on.
func (b *browser) reserved(hour string) (path string) {
	b.w.t.Helper()
	return b.send(b.get(b.get(studioOn24).slot(hour)).form("/reserver"), "titre", "Répétition").has("C’est réservé").path
}

func TestSomebodyMovesABooking(t *testing.T) {
	onStreet(t, func(t *testing.T, w *town, zoe *browser) {
		path := zoe.reserved("14 h")
		page := zoe.get(path+"/changer").on(path+"/changer", 200).has("de 14\u00a0h à 15\u00a0h")
		checkPage(t, "/changer", page, "fr")
		half := zoe.get(page.slot("14 h 30")).has("La déplacer ici?", "de 14\u00a0h\u00a030 à 15\u00a0h\u00a030") // its own time is free for it
		checkPage(t, "/changer to", half, "fr")
		form := half.form(path + "/changer")
		zoe.send(form, "titre", "Spectacle", "notes", "<i>").on(path, 200).has("C’est noté", "Spectacle", "&lt;i&gt;", "de 14\u00a0h\u00a030 à 15\u00a0h\u00a030")
		zoe.send(form, "titre", "Spectacle", "notes", "<i>").on(path, 200) // a second tap
		b := w.booked()[0]
		if len(w.booked()) != 1 || b.Version != 2 || !b.StartsAt.Equal(on24(14).Add(30*time.Minute)) || b.Title != "Spectacle" {
			t.Fatalf("%+v", b)
		}

		again := zoe.send(form, "titre", "Autre").on(path+"/changer", 409).has("Ce formulaire a déjà servi", "de 14\u00a0h\u00a030 à 15\u00a0h\u00a030", `value="Autre"`).lacks("Quelqu’un")
		zoe.send(form, "titre", "Autre", "cle", newKey()).on(path+"/changer", 412).has("Quelqu’un l’a modifiée entre-temps")
		zoe.send(again.form(path+"/changer")).on(path, 200).has("Autre")
		zoe.send(form, "titre", "Encore une").on(path+"/changer", 412).has("Quelqu’un l’a modifiée entre-temps")

		w.taken("amos-studio", on24(17), on24(19))
		wrong := zoe.get(path + "/changer?debut=2026-11-24T22:00:00Z&fin=2026-11-24T23:00:00Z")
		wrong.has("Ce n’est pas possible tel quel", "n’est pas libre").lacks("La déplacer ici")
		checkPage(t, "/changer to what is taken", wrong, "fr")
		refused := zoe.send(wrong.last(path+"/changer"), "titre", "Encore").on(path+"/changer", 409).has("reste comme elle était", "n’est pas libre", `value="Encore"`)
		checkPage(t, "/changer refused", refused, "fr")
		if b := w.booked()[0]; b.Title != "Autre" {
			t.Errorf("a refused change wrote %q", b.Title)
		}
		zoe.send(refused.forms(path + "/changer")[0]).on(path, 200).has("Encore")
		if b := w.booked()[0]; b.StartsAt.Equal(on24(14).Add(30*time.Minute)) && b.EndsAt.Equal(b.StartsAt.Add(time.Hour)) {
			t.Error("the alternative was not taken")
		}
		zoe.get(path+"/changer?du=2026-11-25&de=10:00&a=11:00").has("La déplacer ici?", "mercredi 25\u00a0novembre 2026, de 10\u00a0h à 11\u00a0h")
	})
}

// TestARefusedMoveIsTriedAgainAtAnotherTime: the browser goes back to the form, which has its key still.
func TestARefusedMoveIsTriedAgainAtAnotherTime(t *testing.T) {
	onStreet(t, func(t *testing.T, w *town, zoe *browser) {
		path := zoe.reserved("14 h")
		form := zoe.get(path + "/changer?debut=2026-11-25T19:00:00Z&fin=2026-11-25T20:00:00Z").form(path + "/changer")
		w.taken("amos-studio", on24(38), on24(39))
		zoe.send(form).on(path+"/changer", 409).has("n’est pas libre")
		again := zoe.send(form, "debut", "2026-11-25T21:00:00Z", "fin", "2026-11-25T22:00:00Z", "titre", "Autre").on(path+"/changer", 409).
			has("Ce formulaire a déjà servi", "de 16\u00a0h à 17\u00a0h", `value="Autre"`).lacks("Quelqu’un")
		other := zoe.send(again.form("/en"+path+"/changer")).on("/en"+path+"/changer", 200).has("from 4:00", `value="Autre"`, "Move it here")
		zoe.send(other.last("/en"+path+"/changer")).on("/en"+path, 200).has("Autre")
		if b := w.booked(); len(b) != 2 || !b[1].StartsAt.Equal(on24(40)) {
			t.Errorf("%+v", b)
		}
	})
}

func TestAMoveIsJudgedBeforeItIsMade(t *testing.T) {
	onStreet(t, func(t *testing.T, w *town, zoe *browser) {
		path := zoe.reserved("14 h")
		closed := zoe.get(path+"/changer?debut=2026-11-25T07:00:00Z&fin=2026-11-25T08:00:00Z").on(path+"/changer", 200).has("Ce n’est pas possible tel quel", "Ce qui est possible", "Essayer de nouveau").lacks("La déplacer ici")
		checkPage(t, "/changer closed", closed, "fr")
		zoe.get(path+"/changer?debut=2026-11-25T15:00:00Z&fin=2026-11-25T16:00:00Z").has("La déplacer ici", "Le prix ne change pas\u00a0: 12,50\u00a0$ avant taxes.")
		zoe.get(path+"/changer?debut=2026-11-25T15:00:00Z&fin=2026-11-25T17:00:00Z").has("La déplacer ici", "Nouveau prix\u00a0: 25,00\u00a0$ avant taxes, au lieu de 12,50\u00a0$.")
		if b := w.booked()[0]; b.Version != 1 {
			t.Errorf("looking at a move has made it: %+v", b)
		}
	})
}

// TestAFormThatWasRefusedIsReadInTheOtherLanguage, with all that was typed and chosen, and does nothing there.
func TestAFormThatWasRefusedIsReadInTheOtherLanguage(t *testing.T) {
	onStreet(t, func(t *testing.T, w *town, zoe *browser) {
		path := zoe.reserved("14 h")
		w.taken("amos-studio", on24(17), on24(19))
		wrong := zoe.get(path + "/changer?debut=2026-11-24T22:00:00Z&fin=2026-11-24T23:00:00Z")
		refused := zoe.send(wrong.last(path+"/changer"), "titre", "Encore").on(path+"/changer", 409)
		other := zoe.send(refused.form("/en"+path+"/changer")).on("/en"+path+"/changer", 200).has(`value="Encore"`, "not free")
		if len(other.forms("/en"+path+"/changer")) < 3 {
			t.Error("the alternatives are gone")
		}
		checkPage(t, "/en/changer refused", other, "en")

		zoe.post(path+"/annuler", "raison", "Grippe", "version", "9").on(path+"/annuler", 412)
		stale := zoe.post(path+"/annuler", "raison", "Grippe", "version", "9")
		zoe.send(stale.form("/en"+path+"/annuler")).on("/en"+path+"/annuler", 200).has(`value="Grippe"`)

		bad := zoe.post(profilePath, "name", "", "phone", "819 555-0199", "language", "fr", "version", "1").on(profilePath, 400)
		zoe.send(bad.form("/en"+profilePath)).on("/en"+profilePath, 200).has("819 555-0199")
		zoe.get("/compte").lacks("819 555-0199")

		none := zoe.post(tokensPath, "label", "Affichage", "scope", identity.ScopeRead, "days", "7").on(tokensPath, 400)
		zoe.send(none.form("/en"+tokensPath)).on("/en"+tokensPath, 200).has(`value="Affichage"`)
		if b := w.booked()[0]; b.Version != 1 {
			t.Errorf("reading has done something: %+v", b)
		}
	})
}

// TestWhatIsShownOnceIsReadInTheOtherLanguage, in the browser in which it was made, and in no other.
func TestWhatIsShownOnceIsReadInTheOtherLanguage(t *testing.T) {
	onStreet(t, func(t *testing.T, w *town, zoe *browser) {
		luc := w.browser()
		luc.person("Luc", "luc@exemple.example")
		for action, fields := range map[string][]string{tokensPath: {"label", "Affichage", "scope", identity.ScopeRead, "days", "30"}, calendarsPath: {"hub", ""}} {
			made := zoe.post(action, append(fields, "key", newKey())...).on(action, 200)
			secret := made.one("code", "", "").text
			form := made.form("/en" + action)
			if secret = strings.TrimSuffix(secret, ".ics"); len(secret) < 20 || strings.Contains(form.fields.Encode(), secret) {
				t.Errorf("%s: the form holds the secret %q", action, secret)
			}
			zoe.send(form).on("/en"+action, 200).has(secret)
			luc.send(form).on("/en"+action, 200).lacks(secret)
		}
		tokens, err := w.people.Tokens(t.Context(), identity.System, w.idOf("zoe@exemple.example"))
		if err != nil || len(tokens) != 1 {
			t.Errorf("%d tokens: %v", len(tokens), err)
		}
	})
}

func TestAStaleEditOfACancelledBookingIsAnswered(t *testing.T) {
	onStreet(t, func(t *testing.T, w *town, zoe *browser) {
		path := zoe.reserved("14 h")
		form := zoe.get(path + "/changer").last(path + "/changer")
		zoe.send(zoe.get(path+"/annuler").form(path+"/annuler")).on(path, 200)
		zoe.send(form, "titre", "Autre").on(path+"/changer", 409).has("reste comme elle était", "Elle est annulée depuis")
	})
}

func TestSomebodyCancelsInTime(t *testing.T) {
	onStreet(t, func(t *testing.T, w *town, zoe *browser) {
		path := zoe.reserved("14 h")
		page := zoe.get(path+"/annuler").has("Vous pouvez annuler jusqu’au lundi 23\u00a0novembre 2026, 14\u00a0h.", "elles vous reviennent")
		checkPage(t, "/annuler", page, "fr")
		form := page.form(path + "/annuler")
		zoe.send(form, "raison", "Grippe <b>").on(path, 200).has("annulée", "Grippe &lt;b&gt;", "Réserver de nouveau").lacks("/annuler\"")
		zoe.send(form, "raison", "Grippe <b>").on(path, 200)
		zoe.send(form, "raison", "Autre", "cle", newKey()).on(path, 200).has("annulée")
		if b := w.booked()[0]; b.Status != booking.Cancelled || b.Version != 2 || b.Reason != "Grippe <b>" {
			t.Errorf("%+v", b)
		}
		zoe.get(path+"/annuler").on(path, 200)
		zoe.get(path + "?fait=reservee").lacks("C’est réservé")

		late := zoe.reserved("16 h")
		w.clock.Set(on24(10))
		zoe = w.in("zoe@exemple.example")
		zoe.get(late).has("On ne peut plus annuler ici").lacks(late + "/annuler")
		zoe.get(late+"/annuler").has("c’était possible jusqu’au lundi 23\u00a0novembre 2026, 16\u00a0h.", "819 555-0101")
		for _, none := range []string{"", "0", "-1", "abc"} { // a form says which version it was made from
			zoe.post(late+"/changer", "titre", "Autre", "version", none).on(late+"/changer", 412)
			zoe.post(late+"/annuler", "version", none).on(late+"/annuler", 412)
		}
		zoe.post(late+"/annuler", "version", "1").on(late+"/annuler", 422).has("n’est pas annulée", "c’était possible jusqu’au")
	})
}

// in is a browser in which somebody who has an account has signed in.
func (w *town) in(email string) *browser {
	w.t.Helper()
	b := w.browser()
	b.post("/connexion", "email", email)
	b.post("/connexion/lien", "secret", b.get(w.link()).hidden("secret"))
	return b
}

func TestTheListOfBookingsSaysWhereEachStands(t *testing.T) {
	onStreet(t, func(t *testing.T, w *town, zoe *browser) {
		checkPage(t, "/reservations", zoe.get("/reservations").has("Vous n’avez encore rien réservé", `href="/ressources"`), "fr")
		path := zoe.reserved("14 h")
		zoe.send(zoe.get(zoe.get("/reserver?r=amos-salle&jour=2026-11-24").slot("10 h")).form("/reserver"))
		list := zoe.get("/reservations").has("Répétition", "Hub amos", "À venir", "En attente d’une réponse")
		checkPage(t, "/reservations", list, "fr")
		if len(list.links(path+"/changer")) != 1 || len(list.links(path+"/annuler")) != 1 {
			t.Error("a booking to come cannot be changed or cancelled")
		}
		w.clock.Set(on24(20))
		zoe = w.in("zoe@exemple.example")
		past := zoe.get("/reservations").has("Passées et annulées", "Rien à venir").lacks("/changer\"")
		again := zoe.get(past.links("heure=14")[0]).on("/reserver", 200).has("mardi 1er\u00a0décembre 2026", "À la même heure que la dernière fois")
		if !strings.Contains(again.body, "aria-current=\"true\">1\u00a0h<") {
			t.Error("the length is not that of last time")
		}
	})
}

func TestABookingIsForThoseWhoMaySeeIt(t *testing.T) {
	onStreet(t, func(t *testing.T, w *town, zoe *browser) {
		luc := w.browser()
		luc.person("Luc", "luc@exemple.example")
		path := zoe.reserved("14 h")
		for _, end := range []string{"", "/changer", "/annuler", "/agenda.ics"} {
			foreign, unknown := luc.get(path+end), luc.get("/reservations/0000000000000000"+end)
			id := strings.TrimPrefix(path, "/reservations/")
			if foreign.status != 404 || unknown.status != 404 || strings.ReplaceAll(foreign.body, id, "0000000000000000") != unknown.body {
				t.Errorf("%s: %d and %d", end, foreign.status, unknown.status)
			}
			w.browser().get(path+end).on("/connexion", 200)
		}
		for _, end := range []string{"/changer", "/annuler"} {
			form := zoe.get(path + end).form(path + end)
			if got := luc.send(form); got.status != 404 {
				t.Errorf("%s by somebody else: %d", end, got.status)
			}
			r, err := http.NewRequest("POST", w.url+path+end, strings.NewReader(form.fields.Encode()))
			must(t, err)
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			r.Header.Set("Origin", "https://evil.example")
			r.Header.Set("Sec-Fetch-Site", "cross-site")
			if got := zoe.do(r); got.status != 403 {
				t.Errorf("%s by another site: %d", end, got.status)
			}
			w.browser().send(form).on("/connexion", 200)
		}
		if b := w.booked()[0]; b.Version != 1 {
			t.Errorf("%+v", b)
		}

		anne, err := w.people.CreateMember(t.Context(), identity.System, identity.NewMember{Name: "Anne", Language: "fr"})
		must(t, err)
		b := w.booked()[0]
		must(t, w.people.GrantRole(t.Context(), identity.System, anne.ID, identity.Grant{Role: identity.Staff, HubID: b.HubID}, database.Key{}))
		token, _, err := w.people.IssueToken(t.Context(), identity.System, anne.ID, identity.TokenRequest{Label: "x", Scopes: []string{identity.ScopeStaff}})
		must(t, err)
		r, err := http.NewRequest("GET", w.url+path, nil)
		must(t, err)
		r.Header.Set("Authorization", "Bearer "+token)
		w.browser().do(r).on(path, 200).has("Répétition")
		views, _, err := w.site.Privacy.Views(t.Context(), identity.System, b.MemberID, 0, "")
		if err != nil || len(views) != 1 {
			t.Errorf("%d views were written down: %v", len(views), err)
		}
	})
}

// TestPagesOfBookingAskLittle: at most six statements a page, with the session.
func TestPagesOfBookingAskLittle(t *testing.T) {
	onStreet(t, func(t *testing.T, w *town, zoe *browser) {
		path := zoe.reserved("14 h")
		w.taken("amos-studio", on24(17), on24(19))
		free := zoe.get(studioOn24).slot("10 h")
		for _, address := range []string{
			studioOn24, "/reserver?r=amos-studio&r=amos-camera*2&r=amos-coach", free, "/reserver/ajouter?r=amos-studio&q=camera",
			"/reserver/verifier?r=amos-presse&debut=2026-11-25T15:00:00Z&fin=2026-11-25T16:00:00Z",
			"/reserver/verifier?r=amos-studio&debut=2026-11-24T22:00:00Z&fin=2026-11-24T23:00:00Z",
			"/reservations", path, path + "/changer", path + "/changer?debut=2026-11-25T15:00:00Z&fin=2026-11-25T16:00:00Z", path + "/annuler",
			path + "/changer?debut=2026-11-24T22:00:00Z&fin=2026-11-24T23:00:00Z", path + "/changer?debut=2026-11-25T07:00:00Z&fin=2026-11-25T08:00:00Z",
		} {
			zoe.get(address).has("<h1>")
			w.clock.Move(11 * time.Second) // sessions and reaches are read again
			before := w.statements.Load()
			zoe.get(address)
			if n := w.statements.Load() - before; n > 6 {
				t.Errorf("%s: %d statements", address, n)
			}
		}
	})
}
