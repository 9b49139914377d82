package web

import (
	"net/url"
	"strings"
	"testing"

	"canot/internal/identity"
)

func TestAJourneyIsPlannedLeavesAndArrives(t *testing.T) {
	onCounter(t, func(t *testing.T, s *stand) {
		b := s.books("zoe@exemple.example", "amos-camera", 2, 5)
		luc := s.works("luc@exemple.example", "val-dor", identity.Staff)
		v := s.anne.get("/transferts/amos").has("Aucun exemplaire")
		checkPage(t, v.path, v, "fr")
		form := s.anne.get("/transferts/amos/nouveau").has("Hub val-dor", "km")
		checkPage(t, form.path, form, "fr")
		s.anne.get("/transferts/amos/nouveau?voir=1&u=rien&vers=val-dor&du=2026-11-21&de=12:00&a=16:00").has("Aucun exemplaire n’a ce code")
		s.anne.get("/transferts/amos/nouveau?voir=1&u=amos-camera0&vers=&du=x&de=12:00&a=16:00").has("Choisissez un hub", "n’existe pas")
		q := url.Values{"voir": {"1"}, "u": {"amos-camera0"}, "vers": {"val-dor"}, "du": {"2026-11-21"}, "de": {"12:00"}, "a": {"16:00"}, "note": {"Avec <Luc>"}}
		look := s.anne.get("/transferts/amos/nouveau?"+q.Encode()).has(b.Reference, "Resteront sans exemplaire")
		checkPage(t, look.path, look, "fr")
		planned := s.anne.send(look.form("/transferts/amos/nouveau")).on("/transferts/amos", 200).has("Le transfert est prévu", "À envoyer", "Avec &lt;Luc&gt;")
		checkPage(t, planned.path, planned, "fr")
		luc.get("/transferts/val-dor").has("En route vers ici", "amos-camera0").lacks("C’est arrivé")
		id := s.journey()
		s.zoe.post("/transferts/amos/"+id+"/depart").on("/transferts/amos/"+id+"/depart", 403)
		left := s.anne.send(planned.form("/transferts/amos/"+id+"/depart")).has("l’exemplaire est en route", "Partis d’ici")
		checkPage(t, left.path, left, "fr")
		there := luc.send(luc.get("/transferts/val-dor").form("/transferts/val-dor/"+id+"/arrivee")).has("on peut réserver", "Arrivé")
		checkPage(t, there.path, there, "fr")
		u, err := s.site.Catalog.Unit(t.Context(), "amos-camera0")
		must(t, err)
		if hub, err := s.site.Catalog.Hub(t.Context(), "val-dor"); err != nil || u.CurrentHubID != hub.ID {
			t.Errorf("the unit is at %s", u.CurrentHubID)
		}
		luc.post("/transferts/val-dor/"+id+"/annuler", "cle", newKey()).has(`role="alert"`)
	})
}

func TestAJourneyIsCalledOff(t *testing.T) {
	onCounter(t, func(t *testing.T, s *stand) {
		look := s.anne.get("/transferts/amos/nouveau?voir=1&u=amos-camera0&vers=val-dor&du=2026-11-22&de=12:00&a=16:00").has("Aucune réservation")
		planned := s.anne.send(look.form("/transferts/amos/nouveau"))
		s.anne.send(planned.form("/transferts/amos/"+s.journey()+"/annuler")).has("Le transfert est annulé", "Annulé")
		s.works("luc@exemple.example", "val-dor", identity.Staff).get("/transferts/amos").on("/transferts/amos", 404)
		s.zoe.get("/transferts/amos").on("/transferts/amos", 404)
	})
}

// journey is the id of the only journey.
func (s *stand) journey() (id string) {
	s.t.Helper()
	must(s.t, s.db.Reader(s.t.Context()).Get(&id, `SELECT id FROM transfers`))
	return id
}

// What a journey is to bring has no page, and is in none, before it is there.
func TestWhatAJourneyIsToBringHasNoPage(t *testing.T) {
	onCounter(t, func(t *testing.T, s *stand) {
		look := s.anne.get("/transferts/amos/nouveau?voir=1&u=amos-camera0&vers=val-dor&du=2026-11-22&de=12:00&a=16:00")
		s.anne.send(look.form("/transferts/amos/nouveau"))
		var slug string
		must(t, s.db.Reader(t.Context()).Get(&slug, `SELECT slug FROM resources WHERE awaited`))
		for _, who := range []*browser{s.zoe, s.anne} {
			for _, path := range []string{"/ressources/" + slug, "/ressources/" + slug + "/calendrier", "/reserver?r=" + slug} {
				where, _, _ := strings.Cut(path, "?")
				who.get(path).on(where, 404)
			}
			for _, path := range []string{"/lieux/val-dor", "/lieux/val-dor/calendrier"} {
				who.get(path).on(path, 200).lacks(slug)
			}
		}
	})
}
