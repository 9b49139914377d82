package web

import (
	"strings"
	"testing"
	"time"

	"canot/booking"
	"canot/inventory/hours"
)

func TestAUnitIsLookedUpEditedLostAndFound(t *testing.T) {
	onCounter(t, func(t *testing.T, s *stand) {
		u := s.aThing()
		page := s.unitPage(u)
		s.anne.get(stockAtAmos+"?q="+strings.ToLower(u.Code)).on(stockAtAmos, 200).has(page, u.Code)
		s.anne.get(stockAtAmos + "?q=xyzzy").has("Aucun exemplaire ne correspond")
		for _, lang := range []string{"", "/en"} {
			s.page(lang+page, s.anne.get(lang+page).on(lang+page, 200), map[string]string{"": "fr", "/en": "en"}[lang])
		}
		if v := s.anne.get(page + "/modifier"); v.status != 403 {
			t.Errorf("staff may edit: %d", v.status)
		}
		form := s.rose.get(page + "/modifier").form(page + "/modifier")
		v := s.rose.send(form, "serie", "SN-1", "tablette", "A-9", "valeur", "12,345")
		if v.status != 400 || !strings.Contains(v.body, `value="A-9"`) {
			t.Errorf("%d", v.status)
		}
		s.rose.send(v.form(page+"/modifier"), "valeur", "1 250,50 $", "garantie", "2026-01-31").on(page, 200).has("SN-1", "A-9", "250,50", "terminée le 31\u00a0janvier 2026", "Fiche modifiée")
		if v := s.rose.send(form, "serie", "SN-2"); v.status != 412 {
			t.Errorf("an edit of another version: %d", v.status)
		}
		s.anne.get(stockAtAmos+"?tablette=A-9").has(u.Code, "1 exemplaire")
		ask := s.anne.get(page+"/perdu").on(page+"/perdu", 200).form(page + "/perdu")
		s.anne.send(ask, "raison", "Pas sur la tablette").on(page, 200).has("Déclaré perdu", "est retrouvé")
		s.anne.get(stockAtAmos + "?statut=lost").has(u.Code)
		s.anne.post(page+"/retrouve").on(page, 200).has("est retrouvé.", "En service")
		if v := s.anne.get(page + "/retirer"); v.status != 403 {
			t.Errorf("staff may retire: %d", v.status)
		}
		s.rose.send(s.rose.get(page+"/retirer").form(page+"/retirer")).on(page, 200).has("Retiré de l’inventaire")
	})
}

func TestAUnitsPageSaysWhoHasItAndWhatBefell(t *testing.T) {
	onCounter(t, func(t *testing.T, s *stand) {
		var slug string
		must(t, s.db.Reader(t.Context()).Get(&slug, `SELECT r.slug FROM resources r JOIN hubs h ON h.id = r.hub_id WHERE h.slug = 'amos' AND r.kind = 'equipment' ORDER BY r.slug LIMIT 1`))
		b := s.books("zoe@exemple.example", slug, 1, 3)
		_, err := s.book.CheckOut(t.Context(), s.staffOf("anne@exemple.example"), booking.HandOut{Booking: b.ID}, noKeyAtAll)
		must(t, err)
		unit, err := s.site.Catalog.Unit(t.Context(), s.codes(b)[0])
		must(t, err)
		s.anne.get(s.unitPage(unit)).has("Prêté à Zoé", "Remis au comptoir", b.Reference, "samedi 21\u00a0novembre, 10\u00a0h</span>")
		s.anne.get("/en" + s.unitPage(unit)).has("Saturday, November\u00a021, 10:00\u00a0a.m.")
		views := func() (n int) {
			t.Helper()
			must(t, s.db.Reader(t.Context()).Get(&n, `SELECT count(*) FROM personal_views WHERE member_id = $1 AND viewer_id = $2 AND what = 'booking'`, b.MemberID, s.idOf("anne@exemple.example")))
			return n
		}
		if n := views(); n != 1 {
			t.Errorf("the page, twice: %d views of whose loan it is", n)
		}
		s.clock.Move(time.Hour)
		s.anne.get(s.unitPage(unit))
		if n := views(); n != 2 {
			t.Errorf("an hour later: %d views", n)
		}
		s.anne.get(stockAtAmos + "?statut=out").has(unit.Code)
	})
}

// TestLoansGoOutByThePage: whoever is named in the file can read that somebody took it out, each time.
func TestLoansGoOutByThePage(t *testing.T) {
	onCounter(t, func(t *testing.T, s *stand) {
		b := s.books("zoe@exemple.example", "amos-camera", 1, 3)
		_, err := s.book.CheckOut(t.Context(), s.staffOf("anne@exemple.example"), booking.HandOut{Booking: b.ID}, noKeyAtAll)
		must(t, err)
		file := stockAtAmos + "/exporter.csv?quoi=loans"
		s.rose.get(stockAtAmos + "?statut=out").has(`href="` + file + `"`)
		for range 2 {
			v := s.rose.get(file).has(b.Reference, "Zoé", s.codes(b)[0])
			if v.header.Get("Cache-Control") != "no-store" && v.header.Get("Cache-Control") != "private, no-store" {
				t.Errorf("kept as %q", v.header.Get("Cache-Control"))
			}
		}
		var n int
		must(t, s.db.Reader(t.Context()).Get(&n, `SELECT count(*) FROM personal_views WHERE member_id = $1 AND viewer_id = $2 AND what = 'list'`, b.MemberID, s.idOf("rose@exemple.example")))
		if n != 2 {
			t.Errorf("%d views of two downloads", n)
		}
		for who, x := range map[string]*browser{"staff": s.anne, "a member": s.zoe} {
			if v := x.get(file); v.status != 403 && v.status != 404 || strings.Contains(v.body, b.Reference) {
				t.Errorf("%s: %d", who, v.status)
			}
		}
		s.anne.get(stockAtAmos + "?statut=out").lacks("exporter.csv")
		for _, page := range []string{"/transferts/amos", "/entretien/amos", "/entretien/amos/arrets", "/entretien/amos/regles", stockAtAmos + "/recensements", stockAtAmos + "/consommables"} {
			s.rose.get(page).has("exporter.csv?quoi=")
			s.anne.get(page).lacks("exporter.csv")
		}
	})
}

func TestComponentsAreSaid(t *testing.T) {
	onCounter(t, func(t *testing.T, s *stand) {
		page := s.unitPage(s.aThing())
		form := s.rose.get(page + "/composantes").form(page + "/composantes")
		s.rose.send(form, "nom-0", "Câble", "en-0", "Cable", "quantite-0", "2", "requise-0", "1", "nom-1", "Étui <b>").on(page, 200).has("Câble", "Étui &lt;b&gt;", "Indispensable")
		form = s.rose.get(page + "/composantes").form(page + "/composantes")
		if v := s.rose.send(form, "quantite-0", "beaucoup"); v.status != 400 || !strings.Contains(v.body, "beaucoup") {
			t.Errorf("%d", v.status)
		}
		s.rose.send(form, "nom-0", "", "nom-1", "").on(page, 200).has("complet tel quel")
	})
}

func TestAConsumableIsMadeMovedAndRunsOut(t *testing.T) {
	onCounter(t, func(t *testing.T, s *stand) {
		at := stockAtAmos + "/consommables"
		form := s.rose.get(at + "/nouveau").form(at + "/nouveau")
		v := s.rose.send(form, "nom", "Papier", "code", "PAP", "mesure", "feuille", "seuil", "10").on0(t, at+"/")
		move := func(kind, n string) view {
			return s.anne.send(s.anne.get(v.path).form(v.path+"/mouvements"), "genre", kind, "quantite", n)
		}
		move("delivery", "20").on(v.path, 200).has("20", "Livraison")
		if w := move("use", "21"); w.status != 422 || !strings.Contains(w.body, `value="21"`) {
			t.Errorf("%d", w.status)
		}
		move("use", "11").on(v.path, 200).has("Stock bas")
		s.anne.get(at).has("Papier", "Stock bas")
		if w := s.zoe.get(v.path); w.status != 404 {
			t.Errorf("a member reads %d", w.status)
		}
	})
}

// TestStockIsTakenWithAScannerAlone: the field has the cursor on every page, and Enter is all.
func TestStockIsTakenWithAScannerAlone(t *testing.T) {
	onCounter(t, func(t *testing.T, s *stand) {
		at := stockAtAmos + "/recensements"
		u := s.aThing()
		v := s.anne.send(s.anne.get(at).form(at)).on0(t, at+"/")
		path := v.path
		for _, code := range []string{strings.ToLower(u.Code), "ZZ-9", u.Code} {
			if _, focused := v.one("input", "id", "code").has["autofocus"]; !focused {
				t.Fatal("the field has not the cursor")
			}
			v = s.anne.send(v.form(path+"/codes"), "code", code).on(path, 200)
		}
		v.has("à sa place", "ZZ-9")
		other := s.rose.get(path).on(path, 200) // somebody else looks on
		other.has(u.Code)
		var missing string
		for _, e := range v.elements("input", "name", "perdu") {
			missing = e.has["value"]
		}
		s.anne.send(v.form(path+"/fermer"), "perdu", missing).on(path, 200).has("Fermé")
		var lost int
		must(t, s.db.Reader(t.Context()).Get(&lost, `SELECT COUNT(*) FROM maintenances WHERE cause = 'lost' AND open`))
		if lost != 1 {
			t.Errorf("%d are lost", lost)
		}
	})
}

// TestWhatHappenedGoesOutByTheTime: two years back unless somebody asks for more; the file is called so.
func TestWhatHappenedGoesOutByTheTime(t *testing.T) {
	onCounter(t, func(t *testing.T, s *stand) {
		at, file := stockAtAmos+"/importer", stockAtAmos+"/exporter.csv?quoi=loans"
		b := s.books("zoe@exemple.example", "amos-camera", 1, 3)
		_, err := s.book.CheckOut(t.Context(), s.staffOf("anne@exemple.example"), booking.HandOut{Booking: b.ID}, noKeyAtAll)
		must(t, err)
		_, err = s.book.CheckIn(t.Context(), s.staffOf("anne@exemple.example"), booking.Return{Unit: s.codes(b)[0]}, noKeyAtAll)
		must(t, err)
		zone, err := hours.LoadZone("America/Toronto")
		must(t, err)
		today := hours.DateOf(s.clock.Now(), zone)
		usual, tomorrow := today.AddDays(-2*365).String(), today.AddDays(1).String()
		v := s.rose.get(at).has(`value="`+usual+`"`, "quoi=loans&amp;depuis="+usual)
		checkPage(t, at, v, "fr")
		s.rose.get(at + "?depuis=" + tomorrow).has("quoi=loans&amp;depuis=" + tomorrow)
		for path, want := range map[string]bool{file: true, file + "&depuis=" + usual: true, file + "&depuis=" + tomorrow: false} {
			v := s.rose.get(path)
			day := usual
			if !want {
				day = tomorrow
			}
			if strings.Contains(v.body, b.Reference) != want || !strings.Contains(v.header.Get("Content-Disposition"), "amos-loans-depuis-"+day+".csv") {
				t.Errorf("%s: %s\n%s", path, v.header.Get("Content-Disposition"), v.body)
			}
		}
		if v := s.rose.get(stockAtAmos + "/exporter.csv?quoi=units"); strings.Contains(v.header.Get("Content-Disposition"), "depuis") {
			t.Errorf("what there is has no time: %s", v.header.Get("Content-Disposition"))
		}
		for _, path := range []string{at, file} {
			sep := map[bool]string{true: "&", false: "?"}[strings.Contains(path, "?")]
			if v := s.rose.get(path + sep + "depuis=hier"); v.status != 400 {
				t.Errorf("%s: %d", path, v.status)
			}
		}
	})
}

func TestTablesGoInAndOutByThePage(t *testing.T) {
	onCounter(t, func(t *testing.T, s *stand) {
		at := stockAtAmos + "/importer"
		out := s.rose.get(stockAtAmos + "/exporter.csv?quoi=units")
		if out.status != 200 || !strings.HasPrefix(out.header.Get("Content-Disposition"), "attachment") || !strings.HasPrefix(out.body, "\ufeffresource,code,") || strings.Contains(out.body, "val-dor") {
			t.Fatalf("%d %s", out.status, out.body)
		}
		same := s.rose.upload(at, sent{"fichier", "u.csv", "text/csv", []byte(out.body)}).on(at, 400) // no kind
		same.has(`role="alert"`)
		kind := func(k string) sent { return sent{field: "genre", body: []byte(k)} }
		s.rose.upload(at, kind("units"), sent{"fichier", "u.csv", "text/csv", []byte(out.body)}).on(at, 200).has("Modifiées\u00a0: 0", "Refusées\u00a0: 0")
		s.rose.upload(at, kind("units"), sent{field: "essai", body: []byte("1")}, sent{"fichier", "u.csv", "text/csv", []byte("resource,code,status\nnulle,X-1,\n")}).on(at, 200).has("ferait", "Refusées\u00a0: 1", "X-1")
		s.rose.upload(at, kind("units"), sent{"fichier", "u.xlsx", "text/csv", []byte("PK\x03\x04")}).on(at, 400).has("Excel")
		for _, what := range []string{"components", "consumables", "moves", "tickets", "resources", "rules", "transfers", "outages", "stocktakes"} {
			if v := s.rose.get(stockAtAmos + "/exporter.csv?quoi=" + what); v.status != 200 || v.header.Get("Content-Type") != "text/csv; charset=utf-8" {
				t.Errorf("%s: %d", what, v.status)
			}
		}
		rules := "resource,name,every_days\namos-studio,Vérifier les prises,30\n"
		s.rose.upload(at, kind("rules"), sent{"fichier", "r.csv", "text/csv", []byte(rules)}).on(at, 200).has("Ajoutées\u00a0: 1")
		s.rose.get(stockAtAmos + "/exporter.csv?quoi=rules").has("amos-studio,Vérifier les prises,0,30,,no,yes")
		if v := s.rose.get(stockAtAmos + "/exporter.csv?quoi=stocktakes&recensement=a%20b"); v.status != 404 {
			t.Errorf("a stock-taking that cannot be: %d", v.status)
		}
		if v := s.anne.get(stockAtAmos + "/exporter.csv?quoi=units"); v.status != 403 {
			t.Errorf("staff take it out: %d", v.status)
		}
		if v := s.anne.upload(at, kind("units"), sent{"fichier", "u.csv", "text/csv", []byte(out.body)}); v.status != 403 {
			t.Errorf("staff put it in: %d", v.status)
		}
	})
}
