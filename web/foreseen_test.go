package web

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"canot/booking"
	"canot/internal/database"
	"canot/internal/identity"
	"canot/inventory"
)

// A booking that was made while somebody read whom an outage or a journey moves is shown before it is moved.
func TestWhomAPlanMovesIsShownBeforeItIsSaved(t *testing.T) {
	onCounter(t, func(t *testing.T, s *stand) {
		for _, x := range [][2]string{
			{"/entretien/amos/arrets/apercu?u=amos-camera0", "/entretien/amos/arrets"},
			{"/transferts/amos/nouveau?voir=1&u=amos-camera1&vers=val-dor&du=2026-11-21&de=12:00&au=2026-11-22&a=16:00", "/transferts/amos/nouveau"},
		} {
			path, at := x[0], x[1]
			look := s.anne.get(path)
			b := s.books("zoe@exemple.example", "amos-camera", 2, 5)
			again := s.anne.send(look.form(at)).on(at, 409).has("a changé depuis que vous avez regardé", b.Reference)
			checkPage(t, at, again, "fr")
			if got, err := s.book.Booking(t.Context(), identity.System, b.ID); err != nil || got.Lines[0].WithoutUnit != 0 {
				t.Fatalf("%s: saved before it was shown: %+v %v", at, got.Lines, err)
			}
			saved := s.anne.send(again.form(at))
			if saved.status != 200 {
				t.Errorf("%s: %d", saved.path, saved.status)
			}
			s.anne.send(again.form(at)).on(saved.path, 200) // the same form twice is once
			if got, err := s.book.Booking(t.Context(), identity.System, b.ID); err != nil || got.Lines[0].WithoutUnit != 1 {
				t.Fatalf("%s: shown and not saved: %+v %v", at, got.Lines, err)
			}
			_, err := s.book.Cancel(t.Context(), identity.System, b.ID, 0, "", database.Key{})
			must(t, err)
			list, err := s.book.Maintenances(t.Context(), identity.System, "amos")
			must(t, err)
			for _, m := range list {
				_, err := s.book.EndMaintenance(t.Context(), identity.System, m.ID, nil, database.Key{})
				must(t, err)
			}
		}
	})
}

func TestALostUnitMovesOnlyWhomThePageShowed(t *testing.T) {
	onCounter(t, func(t *testing.T, s *stand) {
		for unit, way := range map[string]string{"amos-camera0": "/perdu", "amos-camera1": "/retirer"} {
			u, err := s.site.Catalog.Unit(t.Context(), unit)
			must(t, err)
			at := s.unitPage(u) + way
			look := s.rose.get(at)
			b := s.books("zoe@exemple.example", "amos-camera", 2, 5)
			s.rose.send(look.form(at)).has("a changé depuis que vous avez regardé", b.Reference)
			if now, err := s.site.Catalog.Unit(t.Context(), unit); err != nil || now.Status != inventory.InService {
				t.Fatalf("%s: %+v %v", at, now, err)
			}
			_, err = s.book.Cancel(t.Context(), identity.System, b.ID, 0, "", database.Key{})
			must(t, err)
		}
	})
}

// Years at the end of the calendar are words that cannot be read, on every page.
func TestTheEndOfTheCalendarIsNoDate(t *testing.T) {
	onCounter(t, func(t *testing.T, s *stand) {
		day := "9999-12-31"
		s.anne.post("/entretien/amos/arrets", "u", "amos-camera0", "du", "2026-11-21", "au", day, "a", "23:59").on("/entretien/amos/arrets", 400).has("n’existe pas", day)
		s.anne.post("/entretien/amos/arrets", "u", "amos-camera0", "du", "2026-11-21", "au", day).on("/entretien/amos/arrets", 400).has(day)
		s.anne.post("/entretien/amos/arrets", "u", "amos-camera0", "du", day, "de", "12:00").on("/entretien/amos/arrets", 400).has(day)
		s.anne.post("/transferts/amos/nouveau", "u", "amos-camera0", "vers", "val-dor", "du", day, "de", "12:00", "au", day, "a", "23:59").on("/transferts/amos/nouveau", 400).has(day)
		b := s.books("zoe@exemple.example", "amos-camera", 2, 5)
		for _, path := range []string{
			"/reserver?" + url.Values{"r": {"amos-camera"}, "du": {day}, "de": {"12:00"}, "au": {day}, "a": {"23:59"}}.Encode(), "/reserver?r=amos-camera&jour=" + day,
			"/ressources/amos-camera/calendrier?jour=" + day, "/ressources?jour=" + day, "/impressions/amos/feuille.pdf?jour=" + day, "/calendrier?jour=" + day,
			"/entretien/amos/arrets/apercu?u=amos-camera0&au=" + day, "/transferts/amos/nouveau?voir=1&u=amos-camera0&vers=val-dor&du=" + day + "&de=12:00&au=" + day + "&a=23:59",
		} {
			if v := s.anne.get(path); v.status >= 500 {
				t.Errorf("%s: %d", path, v.status)
			}
		}
		for _, x := range [][]string{
			{"/comptoir/amos/prolonger", "reservation", b.ID, "autre", day + "T23:59", "version", "1"}, {"/comptoir/amos/prolonger", "reservation", b.ID, "jusqua", day + "T23:59:00Z", "version", "1"},
			{"/comptoir/amos/sans-reservation", "r", "amos-camera", "nom", "Zoé", "jusqua", day + "T23:59"}, {bookingAddress(b.ID) + "/prolonger", "autre", day + "T23:59"},
			{"/comptoir/amos/retours", "unite", "amos-camera0", "instant", day + "T23:59:00Z"}, {"/comptoir/amos/prets", "reservation", b.ID, "instant", day + "T23:59:00Z"},
		} {
			if v := s.anne.post(x[0], x[1:]...); v.status >= 500 {
				t.Errorf("%v: %d", x, v.status)
			}
		}
	})
}

// A machine that was bought used has hours already, and what its use did is told apart from what a hand did.
func TestAMetersHoursAreSetOnThePageOfItsUnit(t *testing.T) {
	onCounter(t, func(t *testing.T, s *stand) {
		u := s.aThing()
		at := s.unitPage(u)
		v := s.anne.get(at)
		s.anne.send(v.form(at+"/compteur"), "heures", "beaucoup").has(`role="alert"`)
		v = s.anne.send(v.form(at+"/compteur"), "heures", "1\u00a0250,5").has("Le compteur est réglé", "1250\u00a0h\u00a030", "Compteur réglé", `value="1250,5"`)
		checkPage(t, at, v, "fr")
		is, err := s.site.Catalog.Unit(t.Context(), u.ID)
		must(t, err)
		if is.MeterMinutes != 75030 {
			t.Errorf("%d minutes", is.MeterMinutes)
		}
		s.zoe.post(at+"/compteur", "heures", "3").on(at+"/compteur", 404)
	})
}

// What somebody told of a thing is not out of service.
func TestAProblemThatWasReportedIsNotOutOfService(t *testing.T) {
	onCounter(t, func(t *testing.T, s *stand) {
		s.told("amos-camera0", "bruit")
		s.told("amos-camera1", "bruit")
		_, err := s.book.TakeOut(t.Context(), identity.System, "amos-presse0", s.clock.Now(), nil, "", database.Key{})
		must(t, err)
		v := s.anne.get("/comptoir/amos").has("Problèmes signalés", "problèmes signalés")
		if out := pieceOf(v, "pannes"); !strings.Contains(out, "amos-presse0") || strings.Contains(out, "amos-camera0") {
			t.Errorf("out of service: %s", out)
		}
		s.anne.get("/comptoir/amos/listes/problemes").on("/comptoir/amos/listes/problemes", 200).has("amos-camera0")
	})
}

// pieceOf is the piece of a page from the list of an id on to the next.
func pieceOf(v view, id string) string {
	_, rest, _ := strings.Cut(v.body, `id="`+id)
	rest, _, _ = strings.Cut(rest, "</section>")
	return rest
}

// A journey that is planned to another hub, and one that was called off, offers nothing there.
func TestAPlannedJourneyIsNobodysResource(t *testing.T) {
	onCounter(t, func(t *testing.T, s *stand) {
		x, err := s.book.PlanTransfer(t.Context(), identity.System, booking.Journey{Unit: "amos-presse0", To: "val-dor", LeavesAt: s.clock.Now(), ArrivesAt: s.clock.Now().Add(time.Hour)}, database.Key{})
		must(t, err)
		there, err := s.site.Catalog.Host(t.Context(), x.ToResourceID)
		must(t, err)
		seen := func(status int) {
			t.Helper()
			if v := s.browser().get("/ressources/" + there.Slug); v.status != status {
				t.Errorf("%s: %d, want %d", there.Slug, v.status, status)
			}
			if listed := strings.Contains(s.browser().get("/ressources?lieu=val-dor").body, there.Slug); listed != (status == 200) {
				t.Errorf("%s is listed: %v", there.Slug, listed)
			}
		}
		seen(404)
		_, err = s.book.ArriveTransfer(t.Context(), identity.System, x.ID, database.Key{})
		must(t, err)
		seen(200)
	})
}
