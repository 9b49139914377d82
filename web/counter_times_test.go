package web

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"canot/booking"
	"canot/internal/database"
	"canot/internal/identity"
	"canot/inventory"
	"canot/inventory/files"
)

// chosen is the time until which a walk-in's form would lend.
func (v view) chosen() string {
	for _, e := range v.elements("input", "name", "jusqua") {
		if _, is := e.has["checked"]; is {
			return e.has["value"]
		}
	}
	return ""
}

// TestWhatWasChosenStaysChosenThoughTheClockMovesOn: a refusal after a quarter of an hour lends for as long as was chosen.
func TestWhatWasChosenStaysChosenThoughTheClockMovesOn(t *testing.T) {
	onCounter(t, func(t *testing.T, s *stand) {
		const path = atAmos + "/sans-reservation"
		page := s.anne.get(path)
		all := page.elements("input", "name", "jusqua")
		until := all[len(all)-1].has["value"]
		s.clock.Move(16 * time.Minute)
		again := s.anne.send(page.form(path), "jusqua", until, "faire", "preter").on(path, 400)
		if got := again.chosen(); got != until {
			t.Errorf("chosen %s, then %s", until, got)
		}
		with := s.anne.send(again.form(path), "jusqua", until, "ajout", "amos-camera0", "faire", "ajouter").on(path, 200).has("amos-camera0")
		if got := with.chosen(); got != until {
			t.Errorf("with a unit: chosen %s, then %s", until, got)
		}
		s.page("/sans-reservation, kept", with, "fr")
	})
}

// TestBeforeOpeningAWalkInIsOfferedWhatTheRulesTake: the one that is chosen lends, for a reason.
func TestBeforeOpeningAWalkInIsOfferedWhatTheRulesTake(t *testing.T) {
	onCounter(t, func(t *testing.T, s *stand) {
		const path = atAmos + "/sans-reservation"
		_, err := s.site.Catalog.UpdateResource(t.Context(), identity.System, "amos-camera", inventory.ResourceEdits{Policy: inventory.PolicyEdits{Shortest: to(240)}}, database.Key{})
		must(t, err)
		s.clock.Set(now.Add(-150 * time.Minute)) // 7 h 30 there
		s.anne.get(path + "?u=amos-camera0").has("Le lieu est fermé").lacks("dites ci-dessous pourquoi")
		page := s.rose.get(path+"?u=amos-camera0").on(path, 200).has("dites ci-dessous pourquoi")
		s.page("/sans-reservation, shut", page, "fr")
		for _, e := range page.elements("input", "name", "jusqua") {
			if at, err := time.Parse(time.RFC3339, e.has["value"]); err != nil || at.Before(s.clock.Now().Add(4*time.Hour)) {
				t.Errorf("offered %v", e.has)
			}
		}
		s.rose.send(page.form(path), "nom", "Gilles", "raison", "elle part tôt", "jusqua", page.chosen(), "faire", "preter").has("C’est noté, sans réservation.")
	})
}

// TestAnExtensionOffersOnlyWhatTheRulesTake: none, where there is none; and without a time it says so in a person's words.
func TestAnExtensionOffersOnlyWhatTheRulesTake(t *testing.T) {
	onCounter(t, func(t *testing.T, s *stand) {
		b, err := s.book.WalkIn(t.Context(), identity.System, booking.WalkIn{Hub: "amos", Member: s.idOf("zoe@exemple.example"), Units: []string{"amos-studio"}, Until: now.Add(20*time.Hour + 30*time.Minute), Override: "la nuit"}, database.Key{})
		must(t, err)
		open := s.anne.get(atAmos + "?r=" + b.ID).has("Aucune fin n’est possible")
		s.page("?r=", open, "fr")
		if n := len(open.elements("button", "name", "jusqua")); n != 0 {
			t.Errorf("%d ends are offered", n)
		}
		for _, at := range []string{"", "9999-01-01T00:00", "demain"} {
			wrong := s.anne.send(open.form(atAmos+"/prolonger"), "autre", at).on(atAmos+"/prolonger", 400).has("Écrivez un jour et une heure", `href="#autre-`+b.ID).lacks("instant complet")
			if e := wrong.one("input", "id", "autre-"+b.ID); e.has["aria-invalid"] != "true" {
				t.Errorf("%q: %v", at, e.has)
			}
			s.page("/prolonger", wrong, "fr")
			mine := s.zoe.send(s.zoe.get(bookingAddress(b.ID)).form(bookingAddress(b.ID)+"/prolonger"), "autre", at)
			mine.on(bookingAddress(b.ID)+"/prolonger", 400).has("Écrivez un jour et une heure").lacks("instant complet")
		}
	})
}

// TestNoArrivalIsOfferedBeforeItMayBe, and staff are told from when on it may.
func TestNoArrivalIsOfferedBeforeItMayBe(t *testing.T) {
	onCounter(t, func(t *testing.T, s *stand) {
		from := now.Add(3 * time.Hour)
		b, err := s.book.Place(t.Context(), identity.System, booking.Request{Lines: []booking.Want{{Resource: "amos-studio", Quantity: 1}}, StartsAt: from, EndsAt: from.Add(time.Hour), MemberID: s.idOf("zoe@exemple.example")}, database.Key{})
		must(t, err)
		open := s.anne.scan(s.anne.get(atAmos), b.Reference).has("Trop tôt", "12\u00a0h\u00a030")
		if n := len(open.elements("form", "action", atAmos+"/arrivees")); n != 0 {
			t.Error("an arrival is offered three hours ahead")
		}
		s.anne.post(atAmos+"/arrivees", "booking", b.ID).has("Trop tôt").lacks("revenez")
		s.clock.Set(from.Add(-30 * time.Minute))
		if n := len(s.anne.get(atAmos+"?r="+b.ID).lacks("Trop tôt").elements("form", "action", atAmos+"/arrivees")); n != 1 {
			t.Error("no arrival is offered half an hour before")
		}
	})
}

// TestNobodysIdStaysAtTheCounter: who is not there is asked for anew, and the form still lends.
func TestNobodysIdStaysAtTheCounter(t *testing.T) {
	onCounter(t, func(t *testing.T, s *stand) {
		const path = atAmos + "/sans-reservation"
		for _, id := range []string{"x", "00000000-0000-7000-8000-000000000000"} {
			s.anne.get(path+"?u=amos-camera0&pour="+id).on(path, 404).has("pas de compte ici", "amos-camera0")
		}
		page := s.anne.get(path + "?u=amos-camera0")
		forged := s.anne.send(page.form(path), "nom", "Gilles", "pour", "00000000-0000-7000-8000-000000000000", "jusqua", page.chosen(), "faire", "preter").on(path, 404).has("pas de compte ici", "amos-camera0")
		s.page("/sans-reservation, nobody", forged, "fr")
		s.anne.send(forged.form(path), "nom", "Gilles", "jusqua", forged.chosen(), "faire", "preter").has("C’est noté, sans réservation.")
	})
}

// TestACodeIsReadAsFarAsACodeGoes: 60,000 characters come back in no address and on no page.
func TestACodeIsReadAsFarAsACodeGoes(t *testing.T) {
	onCounter(t, func(t *testing.T, s *stand) {
		long := strings.Repeat("ZQ", 5_000)
		r, err := http.NewRequest("POST", s.url+atAmos, strings.NewReader(url.Values{"code": {strings.Repeat("ZQ", 30_000)}}.Encode()))
		must(t, err)
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Origin", s.url)
		calm := *s.anne.http
		calm.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
		answer, err := calm.Do(r)
		must(t, err)
		answer.Body.Close()
		if n := len(answer.Header.Get("Location")); n == 0 || n > 400 {
			t.Errorf("an address of %d", n)
		}
		for _, v := range []view{s.anne.get(atAmos + "?code=" + long), s.anne.post(atAmos+"/sans-reservation", "ajout", long, "faire", "ajouter")} {
			if strings.Contains(v.body, long[:201]) || !strings.Contains(v.body, long[:200]) {
				t.Errorf("%d: the code is read otherwise", v.status)
			}
		}
	})
}

// TestAPhotoThatIsTooHeavySaysHowHeavyItMayBe, on the form of the return.
func TestAPhotoThatIsTooHeavySaysHowHeavyItMayBe(t *testing.T) {
	onCounter(t, func(t *testing.T, s *stand) {
		b := s.books("zoe@exemple.example", "amos-camera", 1, 4)
		code := s.codes(b)[0]
		s.anne.scan(s.anne.scan(s.anne.scan(s.anne.get(atAmos), b.Reference), code), "")
		back := s.anne.scan(s.anne.get(atAmos), code)
		form := back.form(back.elements("form", "enctype", "multipart/form-data")[0].has["action"])
		heavy := func(path string) view {
			t.Helper()
			r, err := http.NewRequest("POST", s.url+path, strings.NewReader(strings.Repeat("x", files.MaxUpload+1<<20)))
			must(t, err)
			r.Header.Set("Content-Type", "multipart/form-data; boundary=x")
			r.Header.Set("Origin", s.url)
			r.Header.Set("Accept", "text/html")
			v := s.anne.do(r).on(path, 413).has("Les photos font 12\u00a0Mo au plus").lacks("Trop volumineux")
			checkPage(t, path, v, "fr")
			return s.anne.get(v.links(path)[0])
		}
		again := heavy(form.action).on(atAmos, 200).has(code)
		s.anne.multipart(again.form(form.action), "etat", "Égratigné").has("C’est noté.")
		report := "/u/" + code + "/probleme"
		heavy(report).on(report, 200)
		s.anne.multipart(s.anne.get(report).form(report), "description", "").has("Dites en quelques mots ce que vous avez remarqué.").lacks("Le champ")
	})
}

// TestTheRuleOfSuspensionsNamesTheFieldThatIsWrong beside it.
func TestTheRuleOfSuspensionsNamesTheFieldThatIsWrong(t *testing.T) {
	onCounter(t, func(t *testing.T, s *stand) {
		const at = "/comptoir/amos/suspensions"
		for _, wrong := range [][]string{{"abc", "5", "retards"}, {"3", "abc", "jours"}} {
			form := s.rose.get(at).forms(at)
			i := slices.IndexFunc(form, func(f filled) bool { return f.fields.Get("faire") == "regle" })
			v := s.rose.send(form[i], "retards", wrong[0], "jours", wrong[1]).on(at, 400)
			var marked []string
			for _, e := range v.elements("input", "aria-invalid", "true") {
				marked = append(marked, e.has["id"])
			}
			if !slices.Equal(marked, wrong[2:]) {
				t.Errorf("%v: marked %v", wrong, marked)
			}
			s.page(at, v, "fr")
		}
	})
}
