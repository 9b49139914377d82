package web

import (
	"context"
	"strings"
	"testing"
	"time"

	"canot/booking"
	"canot/internal/database"
	"canot/internal/identity"
)

// tickets are how many there are.
func (s *stand) tickets() (n int) {
	s.t.Helper()
	must(s.t, s.db.Reader(context.Background()).Get(&n, `SELECT count(*) FROM tickets`))
	return n
}

func TestAnybodyTellsOfAProblem(t *testing.T) {
	onCounter(t, func(t *testing.T, s *stand) {
		visitor := s.browser()
		v := visitor.get("/u/amos-camera0").on("/u/amos-camera0", 200).has("Le camera", "Signaler un problème", "819 555-0101", "/reserver?r=amos-camera")
		checkPage(t, v.path, v, "fr")
		checkPage(t, "/en/u/amos-camera0", visitor.get("/en/u/amos-camera0").has("Report a problem"), "en")
		visitor.get("/u/AMOS-CAMERA9").on("/u/AMOS-CAMERA9", 404)
		page := visitor.get("/u/amos-camera0/probleme")
		checkPage(t, page.path, page, "fr")
		form := func() filled {
			return visitor.get("/u/amos-camera0/probleme").form("/u/amos-camera0/probleme")
		}
		visitor.send(form(), "description", "  ", "contact", "819 555-0199").on("/u/amos-camera0/probleme", 422).has("819 555-0199", `role="alert"`)
		visitor.send(form(), "description", strings.Repeat("x", 2001)).on("/u/amos-camera0/probleme", 422)
		visitor.send(form(), "description", "acheter ceci", "site_web", "https://spam.example").on("/u/amos-camera0", 200)
		if n := s.tickets(); n != 0 {
			t.Fatalf("%d tickets were kept", n)
		}
		once := form()
		visitor.send(once, "description", "L’objectif est <rayé>.", "contact", "zo@exemple.example").on("/u/amos-camera0", 200).has("Merci")
		visitor.send(once, "description", "L’objectif est <rayé>.", "contact", "zo@exemple.example").on("/u/amos-camera0", 200)
		if n := s.tickets(); n != 1 {
			t.Fatalf("%d tickets of the same form", n)
		}
		after := s.browser().get("/u/amos-camera0").has("déjà signalé")
		after.lacks("rayé")
		after.lacks("zo@exemple")
		s.anne.get("/entretien/amos").has("L’objectif est &lt;rayé&gt;.")
	})
}

func TestReportsAreSlowedDown(t *testing.T) {
	onCounter(t, func(t *testing.T, s *stand) {
		slowed := 0
		for range 12 {
			if s.zoe.post("/u/amos-camera0/probleme", "description", "encore "+newKey(), "cle", newKey()).status == 429 {
				slowed++
			}
		}
		if slowed == 0 || s.tickets() > 8 {
			t.Errorf("%d of 12 were slowed down, %d tickets", slowed, s.tickets())
		}
		s.anne.post("/u/amos-camera0/probleme", "description", "une autre personne", "cle", newKey()).on("/u/amos-camera0", 200)
	})
}

func TestSomebodyArrivesByTheLabelOnTheDoor(t *testing.T) {
	onCounter(t, func(t *testing.T, s *stand) {
		s.browser().get("/u/amos-studio0").has("Connectez-vous").lacks("Je suis là")
		s.zoe.get("/u/amos-studio0").lacks("Je suis là")
		s.zoe.post("/u/amos-studio0/arrivee", "cle", newKey()).on("/u/amos-studio0/arrivee", 404).has("pas de réservation")
		b := s.books("zoe@exemple.example", "amos-studio", 1, 2)
		s.anne.get("/u/amos-studio0").lacks("Je suis là")
		s.anne.get("/u/amos-studio0").lacks(b.Reference)
		for _, label := range []string{"amos-studio0", "amos-studio", "AMOS-STUDIO0"} {
			s.zoe.get("/u/" + label)
		}
		v := s.zoe.get("/u/amos-studio").has("Je suis là", "C’est votre réservation")
		checkPage(t, v.path, v, "fr")
		s.browser().post("/u/amos-studio/arrivee").on("/connexion", 200)
		s.zoe.send(v.form("/u/amos-studio/arrivee")).on("/u/amos-studio", 200).has("c’est noté", "Vous êtes là")
		got, err := s.book.Booking(t.Context(), identity.System, b.ID)
		must(t, err)
		if got.Status != booking.InUse {
			t.Errorf("the booking is %s", got.Status)
		}
		s.zoe.post("/u/amos-studio/arrivee", "cle", newKey()).on("/u/amos-studio", 200) // twice is the same as once
		s.clock.Move(4 * time.Hour)
	})
}

func TestEquipmentIsNotTakenByItsLabel(t *testing.T) {
	onCounter(t, func(t *testing.T, s *stand) {
		b := s.books("zoe@exemple.example", "amos-camera", 1, 5)
		s.zoe.get("/u/amos-camera0").lacks("Je suis là")
		s.zoe.post("/u/amos-camera0/arrivee", "cle", newKey()).on("/u/amos-camera0/arrivee", 404)
		got, err := s.book.Booking(t.Context(), identity.System, b.ID)
		must(t, err)
		if got.Status != booking.Confirmed {
			t.Errorf("the booking is %s", got.Status)
		}
	})
}

func TestARetiredThingHasNoForm(t *testing.T) {
	onCounter(t, func(t *testing.T, s *stand) {
		_, err := s.book.Retire(t.Context(), identity.System, "amos-camera0", nil, database.Key{})
		must(t, err)
		v := s.browser().get("/u/amos-camera0").has("ne sert plus", "819 555-0101")
		v.lacks("amos-camera0/probleme\"")
		s.browser().post("/u/amos-camera0/probleme", "description", "x", "cle", newKey()).on("/u/amos-camera0/probleme", 404)
	})
}
