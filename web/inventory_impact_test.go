package web

import (
	"strings"
	"testing"

	"canot/booking"
	"canot/internal/database"
	"canot/internal/identity"
	"canot/inventory"
)

// Whoever would lose a unit by a count or by an edit of its components is shown before either is saved,
// and named behind it.
func TestWhomMissingPartsMoveIsShownFirst(t *testing.T) {
	onCounter(t, func(t *testing.T, s *stand) {
		u := s.aThing()
		thing, err := s.site.Catalog.Resource(t.Context(), u.ResourceID)
		must(t, err)
		kit, err := s.site.Catalog.SetComponents(t.Context(), identity.System, u.ID, inventory.ComponentEdits{Parts: []inventory.Component{
			{Name: inventory.Text{"fr": "Objectif"}, Quantity: 1}}}, database.Key{})
		must(t, err)
		at, lens := s.unitPage(u), "manque-"+kit.Components[0].ID
		b := s.books("zoe@exemple.example", thing.Slug, 2, 5)
		lacks := func() int {
			t.Helper()
			got, err := s.book.Booking(t.Context(), identity.System, b.ID)
			must(t, err)
			return got.Lines[0].WithoutUnit
		}
		s.rose.send(s.rose.get(at).form(at+"/compte"), lens, "1").on(at, 200).has("C’est compté") // nobody is moved
		edit := at + "/composantes"
		form := s.rose.get(edit).form(edit)
		look := s.rose.send(form, "requise-0", "1").on(edit, 200).has(b.Reference, "Resteront sans exemplaire", "Rien n’est enregistré encore")
		checkPage(t, edit, look, "fr")
		is, err := s.site.Catalog.Unit(t.Context(), u.ID)
		must(t, err)
		if is.Components[0].Required || lacks() != 0 {
			t.Fatalf("saved before it was shown: %+v", is)
		}
		s.rose.send(look.form(edit), "revoir", "1").on(edit, 200).has(`name="requise-0" value="1" checked`)
		saved := s.rose.send(look.form(edit)).on(at, 200).has("Les composantes sont à jour", "à reloger\u00a0: "+b.Reference)
		checkPage(t, at, saved, "fr")
		if lacks() != 1 {
			t.Fatal("shown and not saved")
		}
		_, err = s.book.Cancel(t.Context(), identity.System, b.ID, 0, "", database.Key{})
		must(t, err)
		s.rose.send(s.rose.get(at).form(at+"/compte"), lens, "0").on(at, 200)
		b = s.books("zoe@exemple.example", thing.Slug, 2, 5)
		count := at + "/compte"
		look = s.rose.send(s.rose.get(at).form(count), lens, "1").on(count, 200).has(b.Reference)
		checkPage(t, count, look, "fr")
		if lacks() != 0 {
			t.Fatal("a count moves whom nobody saw")
		}
		_, err = s.book.Cancel(t.Context(), identity.System, b.ID, 0, "", database.Key{})
		must(t, err)
		b = s.books("zoe@exemple.example", thing.Slug, 2, 5)
		again := s.rose.send(look.form(count)).on(count, 409).has("a changé depuis que vous avez regardé", b.Reference)
		s.rose.send(again.form(count)).on(at, 200).has("à reloger\u00a0: " + b.Reference)
		if lacks() != 1 {
			t.Fatal("a count that was confirmed is not saved")
		}
		v := s.rose.get(at + "?fait=compte&reloger=Appelez-nous&autre=" + b.Reference)
		if strings.Contains(v.body, "\u00a0: Appelez-nous") {
			t.Error("the page says what an address wants")
		}
	})
}

// What is wrong with a component is said by its name, beside its field.
func TestAWrongPartIsNamed(t *testing.T) {
	onCounter(t, func(t *testing.T, s *stand) {
		kit, _ := s.aKit()
		edit := s.unitPage(kit) + "/composantes"
		form := s.rose.get(edit).form(edit)
		v := s.rose.send(form, "nom-0", "", "quantite-1", "99999").has("le nombre doit être entre 1 et 1\u00a0000", `id="quantite-1-wrong"`, `value="99999"`, "quelque chose à corriger")
		checkPage(t, edit, v, "fr")
		if strings.Contains(v.body, "components.") || strings.Contains(v.body, "Règles non respectées") {
			t.Error("the page speaks as programs do")
		}
	})
}

// What was typed for a meter stays, open and beside what is wrong with it, and figures are written as they are read.
func TestAMeterThatCannotBeReadStaysTyped(t *testing.T) {
	onCounter(t, func(t *testing.T, s *stand) {
		u := s.aThing()
		at := s.unitPage(u)
		v := s.anne.send(s.anne.get(at).form(at+"/compteur"), "heures", "abc").has(`value="abc"`, "<details open>", `id="heures-wrong"`, "heures d’utilisation ne peuvent pas être lues")
		checkPage(t, at, v, "fr")
		for typed, want := range map[string]string{"12.5": "12,5", "13,25": "13,25"} {
			s.anne.send(s.anne.get(at).form(at+"/compteur"), "heures", typed).on(at, 200).has(`value="` + want + `"`)
		}
		s.anne.get("/en" + at).has(`value="1`)
	})
}

// The history of a unit says how long it was away, and when what was lost was found.
func TestAUnitsHistoryTellsTheEnd(t *testing.T) {
	onCounter(t, func(t *testing.T, s *stand) {
		u := s.aThing()
		_, err := s.book.TakeOutFor(t.Context(), identity.System, booking.Outage{Unit: u.ID, From: s.clock.Now(), Cause: "lost"}, database.Key{})
		must(t, err)
		at := s.unitPage(u)
		if v := s.anne.get(at); strings.Contains(v.body, "retrouvé\u00a0:") {
			t.Error("it is found before it is")
		}
		s.clock.Set(s.clock.Now().Add(8 * 60e9))
		s.anne.send(s.anne.get(at).form(at+"/retrouve")).on(at, 200).has("Déclaré perdu; retrouvé\u00a0: ")
	})
}
