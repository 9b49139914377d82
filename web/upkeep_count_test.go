package web

import (
	"strings"
	"testing"

	"canot/booking"
	"canot/internal/database"
	"canot/internal/identity"
	"canot/inventory"
	"canot/inventory/stock"
)

// aKit is a unit with a required and another component, in that order, and its resource.
func (s *stand) aKit() (inventory.Unit, string) {
	s.t.Helper()
	u := s.aThing()
	kit, err := s.site.Catalog.SetComponents(s.t.Context(), identity.System, u.ID, inventory.ComponentEdits{Parts: []inventory.Component{
		{Name: inventory.Text{"fr": "Objectif"}, Quantity: 1, Required: true}, {Name: inventory.Text{"fr": "Étui"}, Quantity: 2}}}, database.Key{})
	must(s.t, err)
	if !kit.Components[0].Required {
		kit.Components[0], kit.Components[1] = kit.Components[1], kit.Components[0]
	}
	x, err := s.site.Catalog.Resource(s.t.Context(), u.ResourceID)
	must(s.t, err)
	return kit, x.Slug
}

func TestAKitComesBackIntoServiceWhenItIsCounted(t *testing.T) {
	onCounter(t, func(t *testing.T, s *stand) {
		kit, slug := s.aKit()
		lens := "manque-" + kit.Components[0].ID
		b := s.books("zoe@exemple.example", slug, 1, 3)
		anne := s.staffOf("anne@exemple.example")
		_, err := s.book.CheckOut(t.Context(), anne, booking.HandOut{Booking: b.ID, Units: []string{kit.Code}}, noKeyAtAll)
		must(t, err)
		_, err = s.book.CheckIn(t.Context(), anne, booking.Return{Unit: kit.Code, Hub: "amos", Missing: map[string]int{kit.Components[0].ID: 1}}, noKeyAtAll)
		must(t, err)
		page := s.unitPage(kit)
		outages := s.anne.get("/entretien/amos/arrets").on("/entretien/amos/arrets", 200)
		outages.one("a", "href", page+"#compter")
		s.anne.get("/comptoir/amos").one("a", "href", page+"#compter")
		var ticket string
		must(t, s.db.Reader(t.Context()).Get(&ticket, `SELECT id FROM tickets`))
		path := "/entretien/amos/billets/" + ticket
		v := s.anne.get(path).on(path, 200).has(b.Reference, "Manquait au retour", "Objectif (1)", "Il manque toujours")
		s.page(path, v, "fr")
		v = s.anne.send(v.form(path), lens, "9", "etat", "done", "service", "oui").on(path, 422)
		v.has(`value="9"`)
		v = s.anne.send(s.anne.get(path).form(path), "etat", "done", "service", "oui").on(path, 200).has("reste hors service. Il manque\u00a0: Objectif (1)")
		if strings.Contains(v.body, "Le billet est clos.") {
			t.Error("the page says that it is settled while the kit stays out")
		}
		unit := s.anne.get(page).on(page, 200)
		s.page(page, unit, "fr")
		s.anne.send(unit.form(page+"/compte"), lens, "x").on(page+"/compte", 400).has(`value="x"`)
		s.anne.send(unit.form(page+"/compte"), lens, "1").on(page, 200).has("reste hors service tant qu’il manque\u00a0: Objectif (1)")
		s.anne.send(s.anne.get(page).form(page+"/compte"), lens, "0").on(page, 200).has("on peut le réserver", "En service")
		for _, other := range []*browser{s.zoe, s.browser()} {
			if v := other.post(page+"/compte", lens, "1"); strings.Contains(v.body, "C’est compté") {
				t.Error("somebody else counts")
			}
		}
	})
}

func TestAKitIsCountedAsItsTicketIsSettled(t *testing.T) {
	onCounter(t, func(t *testing.T, s *stand) {
		kit, slug := s.aKit()
		lens := kit.Components[0].ID
		b := s.books("zoe@exemple.example", slug, 1, 3)
		anne := s.staffOf("anne@exemple.example")
		_, err := s.book.CheckOut(t.Context(), anne, booking.HandOut{Booking: b.ID, Units: []string{kit.Code}}, noKeyAtAll)
		must(t, err)
		_, err = s.book.CheckIn(t.Context(), anne, booking.Return{Unit: kit.Code, Hub: "amos", Missing: map[string]int{lens: 1}}, noKeyAtAll)
		must(t, err)
		var ticket string
		must(t, s.db.Reader(t.Context()).Get(&ticket, `SELECT id FROM tickets`))
		path := "/entretien/amos/billets/" + ticket
		s.anne.send(s.anne.get(path).form(path), "manque-"+lens, "0", "etat", "done", "service", "oui").on(path, 200).has("Le billet est clos.")
		s.anne.get(s.unitPage(kit)).has("En service")
	})
}

func TestAnOutageThatLeavesAKitIncompleteSaysSo(t *testing.T) {
	onCounter(t, func(t *testing.T, s *stand) {
		kit, _ := s.aKit()
		anne := s.staffOf("anne@exemple.example")
		m, err := s.book.TakeOutFor(t.Context(), anne, booking.Outage{Unit: kit.ID, From: now}, noKeyAtAll)
		must(t, err)
		_, err = s.book.CountComponents(t.Context(), anne, kit.ID, map[string]int{kit.Components[0].ID: 1}, nil, noKeyAtAll)
		must(t, err)
		s.anne.post("/entretien/amos/arrets/"+m.ID+"/fin").on("/entretien/amos/arrets", 200).has("reste hors service", "Compter les composantes")
	})
}

func TestALongListOfAStocktakeIsPaged(t *testing.T) {
	list := make([]stock.Item, 2*takenPerPage+12)
	for page, want := range map[int]int{1: takenPerPage, 2: takenPerPage, 3: 12, 4: 0} {
		on, more := takenOn(list, page)
		if len(on) != want || more["count"] != len(list)-want {
			t.Errorf("page %d has %d, and %v elsewhere", page, len(on), more)
		}
	}
	if on, more := takenOn(list[:takenPerPage], 1); len(on) != takenPerPage || more != nil {
		t.Errorf("%d, %v", len(on), more)
	}
}
