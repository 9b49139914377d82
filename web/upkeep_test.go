package web

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"canot/internal/database"
	"canot/internal/identity"
	"canot/inventory/upkeep"
)

// told is a ticket that Zoé made of a unit.
func (s *stand) told(unit, what string) upkeep.Ticket {
	s.t.Helper()
	t, err := s.site.Upkeep.Report(s.t.Context(), identity.Actor{ID: s.idOf("zoe@exemple.example")}, unit, upkeep.NewTicket{Description: what}, database.Key{})
	must(s.t, err)
	return t
}

func TestTicketsAreListedByState(t *testing.T) {
	onCounter(t, func(t *testing.T, s *stand) {
		empty := s.anne.get("/entretien/amos").has("Aucun billet ouvert")
		checkPage(t, "/entretien/amos", empty, "fr")
		one := s.told("amos-camera0", "<b>Bruit</b> étrange\u0301")
		v := s.anne.get("/entretien/amos").has("&lt;b&gt;Bruit", "amos-camera0", "Ouverts (1)", "Problème signalé")
		v.one("a", "href", "/entretien/amos/billets/"+one.ID)
		checkPage(t, "/en/entretien/amos", s.anne.get("/en/entretien/amos").has("Open (1)"), "en")
		if all := s.anne.get("/entretien/amos?etat=closed").elements("a", "href", "/entretien/amos/billets/"+one.ID); len(all) != 0 {
			t.Error("an open ticket is among the closed")
		}
		s.anne.get("/entretien/amos?etat=sold").on("/entretien/amos", 200) // an address that somebody typed
		for range 45 {
			s.told("amos-camera1", "encore")
		}
		more := s.anne.get("/entretien/amos").elements("a", "class", "way")
		next := s.anne.get(strings.ReplaceAll(more[0].has["href"], "&amp;", "&"))
		if n := len(next.elements("p", "class", "ticket-what")); n != 6 {
			t.Errorf("the second page lists %d tickets, want 6", n)
		}
		for _, b := range []*browser{s.zoe, s.works("luc@exemple.example", "val-dor", identity.Staff)} {
			b.get("/entretien/amos").on("/entretien/amos", 404)
			b.get("/entretien/amos/billets/"+one.ID).on("/entretien/amos/billets/"+one.ID, 404)
		}
		s.browser().get("/entretien/amos").on("/connexion", 200)
	})
}

func TestStaffWorkOnATicket(t *testing.T) {
	onCounter(t, func(t *testing.T, s *stand) {
		form := s.anne.get("/entretien/amos/nouveau").form("/entretien/amos/nouveau")
		s.anne.send(form, "u", "rien", "description", "Une roue saute.", "urgent", "1").has("Aucun exemplaire", "Une roue saute.", `checked`)
		form = s.anne.get("/entretien/amos/nouveau").form("/entretien/amos/nouveau")
		opened := s.anne.send(form, "u", "https://exemple.example/u/amos-camera0", "description", "Une roue saute.", "urgent", "1").has("Le billet est ouvert", "amos-camera0", "Urgent")
		checkPage(t, opened.path, opened, "fr")
		again := s.anne.send(form, "u", "https://exemple.example/u/amos-camera0", "description", "Une roue saute.", "urgent", "1")
		if again.path != opened.path {
			t.Errorf("the same form made %s and %s", opened.path, again.path)
		}
		work := opened.form(opened.path)
		me := s.idOf("anne@exemple.example")
		v := s.anne.send(work, "cout", "beaucoup", "note", "gardée").has("Écrivez un montant", "gardée")
		v = s.anne.send(v.form(opened.path), "etat", "in_progress", "note", "Je <i>regarde</i>.", "qui", me, "cout", "42,5").has("En cours", "Je &lt;i&gt;regarde&lt;/i&gt;.", "42,50\u00a0$", "Anne")
		s.anne.send(work, "note", "trop tard").on(opened.path, 412).has("a changé entre-temps")
		s.anne.send(v.form(opened.path), "note", "\u202eegassem").has("Il reste quelque chose")
		v = s.anne.get(opened.path)
		done := s.anne.send(v.form(opened.path), "etat", "done").has("Le billet est clos", "Réglé")
		if len(done.elements("input", "name", "etat")) != 0 {
			t.Error("a closed ticket offers another state")
		}
		checkPage(t, "/en"+opened.path, s.anne.get("/en"+opened.path).has("Done"), "en")
		s.anne.get(strings.Replace(opened.path, "amos", "val-dor", 1)).on(strings.Replace(opened.path, "amos", "val-dor", 1), 404)
	})
}

func TestAnOutageIsShownBeforeItIsSaved(t *testing.T) {
	onCounter(t, func(t *testing.T, s *stand) {
		b := s.books("zoe@exemple.example", "amos-camera", 2, 5)
		one := s.told("amos-camera0", "cassée")
		ticket := s.anne.get("/entretien/amos/billets/" + one.ID)
		plan := s.anne.get(ticket.one("a", "class", "button quiet-button").has["href"]).has(`value="amos-camera0"`)
		checkPage(t, plan.path, plan, "fr")
		wrong := s.anne.get("/entretien/amos/arrets/apercu?" + url.Values{"u": {"amos-camera0"}, "du": {"2026-11-40"}, "raison": {"gardée"}}.Encode())
		wrong.on("/entretien/amos/arrets/apercu", 400).has("n’existe pas", "gardée")
		s.anne.get("/entretien/amos/arrets/apercu?u=AMOS-PRESSE0&au=2026-11-01").has("après") // ends before it begins
		look := s.anne.get("/entretien/amos/arrets/apercu?u=amos-camera0&billet="+one.ID).has(b.Reference, "Resteront sans exemplaire")
		checkPage(t, look.path, look, "fr")
		if list, err := s.book.Maintenances(t.Context(), identity.System, "amos"); err != nil || len(list) != 0 {
			t.Fatalf("looking at it did it: %+v %v", list, err)
		}
		saved := s.anne.send(look.form("/entretien/amos/arrets")).on("/entretien/amos/billets/"+one.ID, 200).has("L’arrêt est enregistré", "Hors service pour ce billet")
		got, err := s.book.Booking(t.Context(), identity.System, b.ID)
		must(t, err)
		if got.Lines[0].WithoutUnit != 1 {
			t.Errorf("the booking has %+v", got.Lines)
		}
		s.anne.get("/entretien/amos/arrets").has("amos-camera0", "Réparation", "/entretien/amos/billets/"+one.ID)
		unsaid := s.anne.send(saved.form(saved.path), "etat", "done", "service", "", "note", "Recollée.").on(saved.path, 400).has("Dites si l’exemplaire", "Recollée.")
		s.anne.send(unsaid.form(saved.path), "etat", "done", "service", "oui").has("Le billet est clos")
		if list, err := s.book.Maintenances(t.Context(), identity.System, "amos"); err != nil || len(list) != 0 {
			t.Errorf("it is still out: %+v %v", list, err)
		}
	})
}

func TestAnOutageIsCalledOff(t *testing.T) {
	onCounter(t, func(t *testing.T, s *stand) {
		look := s.anne.get("/entretien/amos/arrets/apercu?u=amos-presse0&du=2026-11-30&au=2026-12-01&motif=preventive").has("Aucune réservation")
		list := s.anne.send(look.form("/entretien/amos/arrets")).on("/entretien/amos/arrets", 200).has("L’arrêt est enregistré", "Entretien préventif", "30\u00a0novembre")
		checkPage(t, list.path, list, "fr")
		all, err := s.book.Maintenances(t.Context(), identity.System, "amos")
		must(t, err)
		if len(all) != 1 || all[0].EndsAt.Sub(all[0].StartsAt) != 48*time.Hour {
			t.Fatalf("planned: %+v", all)
		}
		s.zoe.send(list.form("/entretien/amos/arrets/"+all[0].ID+"/fin")).on("/entretien/amos/arrets/"+all[0].ID+"/fin", 404)
		s.anne.send(list.form("/entretien/amos/arrets/" + all[0].ID + "/fin")).has("Rien n’est hors service")
	})
}

func TestRulesSayWhatIsDue(t *testing.T) {
	onCounter(t, func(t *testing.T, s *stand) {
		staff := s.anne.get("/entretien/amos/regles").has("Aucune règle")
		if len(staff.elements("form", "action", "/entretien/amos/regles")) != 0 {
			t.Error("staff are offered to make rules")
		}
		v := s.rose.get("/entretien/amos/regles")
		checkPage(t, v.path, v, "fr")
		form := v.form("/entretien/amos/regles")
		v = s.rose.send(form, "nom", "Graisser", "ressource", "amos-presse").has("Donnez un nombre", "Graisser")
		v = s.rose.send(v.form("/entretien/amos/regles"), "nom", "Graisser", "ressource", "amos-presse", "heures", "-3").has("Il reste")
		made := s.rose.send(v.form("/entretien/amos/regles"), "nom", "Graisser <b>", "ressource", "amos-presse", "heures", "50", "jours", "90", "bloque", "1").has("La règle est enregistrée", "Graisser &lt;b&gt;", "50\u00a0h", "90", "amos-presse0", "Arrête l’exemplaire")
		checkPage(t, made.path, made, "fr")
		rules, err := s.site.Upkeep.Rules(t.Context(), identity.System, "amos")
		must(t, err)
		at := "/entretien/amos/regles/" + rules[0].ID
		must(t, s.db.In(t.Context(), func(tx *database.Tx) error {
			_, err := upkeep.AddUse(tx, identity.System, rules[0].Units[0].UnitID, 3000)
			return err
		}))
		due := s.anne.get("/entretien/amos/regles").has("À faire", "/entretien/amos/billets/")
		s.anne.send(due.form(at+"/fait")).has("Le compte repart", "encore 50\u00a0h")
		s.rose.send(s.rose.get("/entretien/amos/regles").form(at), "action", "arreter").has("En pause")
		s.anne.post(at, "version", "2", "nom", "x", "jours", "3").on(at, 403)
	})
}

func TestATicketsPageTakesFewStatements(t *testing.T) {
	onCounter(t, func(t *testing.T, s *stand) {
		one := s.told("amos-camera0", "x")
		for i := range 30 {
			s.told("amos-camera1", fmt.Sprint(i))
		}
		for _, path := range []string{"/entretien/amos", "/entretien/amos/billets/" + one.ID, "/entretien/amos/regles", "/entretien/amos/arrets", "/entretien/amos/nouveau", "/entretien/amos/arrets/apercu?u=amos-camera0",
			"/transferts/amos", "/transferts/amos/nouveau", "/u/amos-camera0", "/u/amos-studio", "/u/amos-camera0/probleme"} {
			s.rose.get(path) // what is remembered
			before := s.statements.Load()
			s.rose.get(path)
			if n := s.statements.Load() - before; n > 6 {
				t.Errorf("%s takes %d statements", path, n)
			}
		}
	})
}
