package web

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"canot/booking"
	"canot/internal/database"
	"canot/internal/fault"
	"canot/internal/identity"
	"canot/inventory"
	"canot/inventory/hours"
	"canot/web/locale"
)

// territory gives the town the sixteen hubs of the demo, with some resources, and returns them.
func (w *town) territory() []inventory.Place {
	w.t.Helper()
	csv, err := os.ReadFile("../booking/demo/data/hubs.csv")
	must(w.t, err)
	w.csv("hubs", string(csv))
	w.csv("resources", `hub,kind,category,name_fr,name_en,units
val-dor,space,studio,Studio Nord,North Studio,1
val-dor,space,studio,Studio Sud,,1
val-dor,space,studio,Studio Est,,1
val-dor,space,studio,Studio Ouest,,1
val-dor,equipment,camera,Caméra,Camera,2
amos,machine,laser,Découpe,Cutter,1
`)
	places, err := w.site.Catalog.Places(w.t.Context())
	must(w.t, err)
	if len(places) != 16 {
		w.t.Fatalf("%d hubs", len(places))
	}
	return places
}

func (w *town) csv(kind, rows string) {
	w.t.Helper()
	report, err := w.site.Catalog.Import(w.t.Context(), identity.System, strings.NewReader(rows), inventory.ImportOptions{Kind: kind})
	must(w.t, err)
	if report.Refused > 0 {
		w.t.Fatalf("%s: %+v", kind, report.Lines)
	}
}

// hub adds a hub somewhere.
func (w *town) hub(e inventory.HubEdits) inventory.Hub {
	w.t.Helper()
	zone, region, operator := "America/Toronto", "baie-james", "hubs-bj"
	e.TimeZone, e.Region, e.Operator = &zone, &region, &operator
	h, err := w.site.Catalog.CreateHub(w.t.Context(), identity.System, e, database.Key{})
	if err != nil {
		w.t.Fatalf("%v %+v", err, fault.Of(err).Violations)
	}
	return h
}

var figure = regexp.MustCompile(`(?s)<figure class="map">.*</figure>`)

// within are the elements of a part of a page.
func (v view) within(part string) view {
	v.body = part
	return v
}

func TestTheListSaysWhatTheMapShows(t *testing.T) {
	onEach(t, func(t *testing.T, w *town) {
		places := w.territory()
		for _, prefix := range []string{"", "/en"} {
			v := w.browser().get(prefix+"/lieux").on(prefix+"/lieux", 200)
			checkPage(t, prefix+"/lieux", v, map[string]string{"": "fr", "/en": "en"}[prefix])
			drawing := figure.FindString(v.body)
			list := v.within(strings.Replace(v.body, drawing, "", 1))
			sheet := v.within(drawing)
			if sheet.one("svg", "", "").has["aria-hidden"] != "true" || len(sheet.elements("a", "", "")) != len(places) {
				t.Errorf("the map: %s", drawing)
			}
			for _, h := range places {
				at := prefix + "/lieux/" + h.Slug
				if dot := sheet.one("a", "href", at); dot.has["tabindex"] != "-1" || !strings.Contains(dot.text, h.Town) {
					t.Errorf("%s is %+v", at, dot)
				}
				list.one("a", "href", at)
				list.one("a", "href", prefix+"/lieux?de="+h.Slug)
				list.one("option", "value", h.Slug)
			}
		}
		v := w.browser().get("/lieux")
		var regions []string
		for _, e := range v.elements("h2", "", "") {
			regions = append(regions, e.text)
		}
		if want := []string{"Abitibi-Témiscamingue", "Baie-James", "Nord de l’Ontario"}; len(regions) != 3 || regions[0] != want[0] && regions[0] != "abitibi-temiscamingue" {
			t.Errorf("regions %q, want %q", regions, want)
		}
	})
}

// card is the item of a hub in the list.
func (v view) card(town string) string {
	v.t.Helper()
	for _, e := range v.elements("li", "", "") {
		if strings.Contains(e.text, town) {
			return e.text
		}
	}
	v.t.Fatalf("no item says %q:\n%s", town, v.body)
	return ""
}

func TestTheListSaysWhenEachHubIsOpenOnItsOwnClock(t *testing.T) {
	onEach(t, func(t *testing.T, w *town) {
		places := w.territory()
		says := func(address, town string, want ...string) {
			t.Helper()
			card := w.browser().get(address).card(town)
			for _, s := range want {
				if !strings.Contains(card, s) {
					t.Errorf("%s on %s: %q lacks %q", town, w.clock.Now(), card, s)
				}
			}
		}
		// Saturday, 10 in the morning.
		says("/lieux", "Rouyn-Noranda (QC)", "Ouvert – jusqu’à 17 h", "Accessible en fauteuil roulant")
		says("/lieux", "Amos (QC)", "Fermé – ouvre lundi à 9 h")
		says("/en/lieux", "La Sarre (QC)", "Open – until 6:00 p.m.", "Not wheelchair accessible")
		says("/lieux", "Grand Sudbury (ON)", "Ouvert – jusqu’à 22 h")
		w.clock.Set(now.Add(-2 * time.Hour))
		says("/lieux", "La Sarre (QC)", "ouvre à 10 h")
		w.clock.Set(now.Add(10 * time.Hour))
		says("/lieux", "Rouyn-Noranda (QC)", "ouvre demain à 10 h")
		// In July, Kenora's clocks and Atikokan's are an hour behind the others'.
		w.clock.Set(time.Date(2027, 7, 5, 13, 30, 0, 0, time.UTC))
		says("/lieux", "Atikokan (ON)", "ouvre à 10 h", "il y est 8 h 30")
		if card := w.browser().get("/lieux").card("Amos (QC)"); strings.Contains(card, "Heure") {
			t.Errorf("Amos names its zone: %q", card)
		}
		says("/lieux?de=atikokan", "Amos (QC)", "Heure avancée de l’Est", "il y est 9 h 30")
		if card := w.browser().get("/lieux?de=atikokan").card("Kenora (ON)"); strings.Contains(card, "Heure") {
			t.Errorf("Kenora names its zone: %q", card)
		}
		amos := places[slices.IndexFunc(places, func(h inventory.Place) bool { return h.Slug == "amos" })]
		_, err := w.site.Catalog.AddClosure(t.Context(), identity.System, inventory.Closure{HubID: amos.ID, StartsLocal: "2027-07-05T09:00", EndsLocal: "2027-09-30T00:00"}, database.Key{})
		must(t, err)
		says("/lieux", "Amos (QC)", "aucune ouverture prévue dans les 60 prochains jours")
	})
}

func TestDistancesAreThoseOfTheInventory(t *testing.T) {
	onEach(t, func(t *testing.T, w *town) {
		places := w.territory()
		v := w.browser().get("/lieux?de=val-dor").on("/lieux", 200)
		checkPage(t, "/lieux?de=val-dor", v, "fr")
		from := places[slices.IndexFunc(places, func(h inventory.Place) bool { return h.Slug == "val-dor" })]
		slices.SortFunc(places, func(a, b inventory.Place) int {
			return int(1000 * (inventory.Distance(from.Latitude, from.Longitude, a.Latitude, a.Longitude) - inventory.Distance(from.Latitude, from.Longitude, b.Latitude, b.Longitude)))
		})
		list := v.within(v.body[strings.Index(v.body, `<ul class="cards`):])
		cards := list.elements("li", "", "")
		if len(cards) != len(places) {
			t.Fatalf("%d hubs", len(cards))
		}
		for i, h := range places {
			want := strings.ReplaceAll(locale.French.Distance(inventory.Distance(from.Latitude, from.Longitude, h.Latitude, h.Longitude)), "\u00a0", " ")
			if h.Slug == "val-dor" {
				want = "ici"
			}
			if !strings.Contains(cards[i].text, h.Town+" ("+h.Province+") · "+want) {
				t.Errorf("%d: %q, want %s, %s", i, cards[i].text, h.Town, want)
			}
		}
		for _, e := range v.elements("option", "", "") {
			if _, chosen := e.has["selected"]; chosen != (e.has["value"] == "val-dor") {
				t.Errorf("%+v is chosen: %t", e.has, chosen)
			}
		}
		drawing := v.within(figure.FindString(v.body))
		if here := drawing.one("a", "class", "here"); here.has["href"] != "/lieux/val-dor" || len(drawing.elements("circle", "class", "ring")) != 3 {
			t.Errorf("on the map: %+v", here)
		}
		for _, nobody := range []string{"nowhere", `"><script>`, ""} {
			v := w.browser().get("/lieux?de="+nobody).on("/lieux", 200).lacks("<script>")
			if len(v.elements("h2", "", "")) != 3 {
				t.Errorf("from %q the hubs are not by region", nobody)
			}
		}
	})
}

func TestAPageOfAHubSaysHowToGetInAndWhoToCall(t *testing.T) {
	onEach(t, func(t *testing.T, w *town) {
		w.territory()
		c, ctx := w.site.Catalog, t.Context()
		for _, x := range [][2]string{{"2026-12-24T00:00", "2027-01-03T00:00"}, {"2026-11-30T12:00", "2026-11-30T15:00"}, {"2027-02-01T00:00", "2027-02-02T00:00"}, {"2026-11-20T00:00", "2026-11-21T00:00"}} {
			_, err := c.AddClosure(ctx, identity.System, inventory.Closure{HubID: "val-dor", StartsLocal: x[0], EndsLocal: x[1], Reason: inventory.Text{"fr": "Congé"}}, database.Key{})
			must(t, err)
		}
		_, err := c.SetException(ctx, identity.System, inventory.Exception{HubID: "val-dor", Date: hours.Date{Year: 2026, Month: 12, Day: 2}, Spans: []hours.DaySpan{{Opens: 600, Closes: 750}}}, database.Key{})
		must(t, err)
		who, address := "Ève Roy", "vie@exemple.example"
		_, err = c.UpdateOperator(ctx, identity.System, "hubs-at", inventory.OperatorEdits{PrivacyName: &who, PrivacyEmail: &address}, database.Key{})
		must(t, err)
		v := w.browser().get("/lieux/val-dor").on("/lieux/val-dor", 200)
		checkPage(t, "/lieux/val-dor", v, "fr")
		v.has("Ève Roy", "mailto:vie@exemple.example", "mailto:accueil@val-dor.example", "Entrée principale", "français, anglais", "Ouvert")
		for href, text := range map[string]string{
			"tel:8195550111": "819-555-0111", "geo:48.0974,-77.7828": "Ouvrir dans votre application de cartes",
			"/lieux?de=val-dor": "Distances vers les autres lieux", "/lieux/val-dor/calendrier": "Le calendrier du lieu", "/ressources?lieu=val-dor": "Réserver ici",
			"/ressources?genre=space&lieu=val-dor": "4 espaces", "/ressources?genre=equipment&lieu=val-dor": "1 équipement à emprunter",
			"/ressources/val-dor-studio-est": "Studio Est", strings.Replace(w.url, "http", "webcal", 1) + "/calendars/hubs/val-dor.ics": "S’abonner dans mon agenda",
			w.url + "/calendars/hubs/val-dor.ics": w.url + "/calendars/hubs/val-dor.ics", // to copy
		} {
			if got := v.one("a", "href", href).text; got != text {
				t.Errorf("%s is called %q, want %q", href, got, text)
			}
		}
		v.lacks("Studio Sud") // the fourth
		if _, open := v.one("details", "id", "agenda").has["open"]; !open {
			t.Error("how to subscribe is folded away where links lead to it")
		}
		var week []string
		for _, e := range v.elements("tr", "", "") {
			week = append(week, e.text)
		}
		want := []string{"lundide 9 h à 20 h", "mardide 9 h à 20 h", "mercredide 9 h à 20 h", "jeudide 9 h à 20 h", "vendredide 9 h à 20 h", "samedi aujourd’huide 10 h à 16 h", "dimancheFermé"}
		if !slices.Equal(week, want) || v.one("tr", "aria-current", "date").text != want[5] {
			t.Errorf("the week is %q", week)
		}
		var coming []string
		for _, e := range v.within(v.body[strings.Index(v.body, "Fermetures et heures"):]).elements("li", "", "") {
			coming = append(coming, e.text)
		}
		want = []string{"lundi 30 novembre 2026, de 12 h à 15 hFermé – Congé", "mercredi 2 décembre 2026de 10 h à 12 h 30", "du jeudi 24 décembre 2026 au samedi 2 janvier 2027 inclusivementFermé – Congé"}
		if !slices.Equal(coming, want) {
			t.Errorf("coming is %q, want %q", coming, want)
		}
		v = w.browser().get("/en/lieux/val-dor").on("/en/lieux/val-dor", 200).has("4 spaces", "North Studio", "/calendars/hubs/val-dor.ics?lang=en")
		if v.one("a", "href", "/en/ressources/val-dor-camera").text != "Camera" || v.elements("span", "lang", "fr")[0].text != "Hub de Val-d'Or" {
			t.Errorf("in English:\n%s", v.body)
		}
		w.browser().get("/lieux/nulle-part").on("/lieux/nulle-part", 404)
		w.browser().get("/lieux/x%00y").on("/lieux/x\x00y", 404)
		h, err := c.Hub(ctx, "val-dor")
		must(t, err)
		w.browser().get("/en/lieux/"+h.ID).on("/en/lieux/val-dor", 200)
	})
}

func TestWhatPeopleWriteOfAHubIsShownAsText(t *testing.T) {
	onEach(t, func(t *testing.T, w *town) {
		w.territory()
		evil, long := `"><script>alert(1)</script>`, strings.Repeat("W", 150)
		text := func(s string) *inventory.Text { return &inventory.Text{"fr": s} }
		slug, lat, lng, phone, address := "mal", 49.0, -76.0, `javascript:alert(1)`, "1\n"+evil+"שלום 🛶"
		w.hub(inventory.HubEdits{Slug: &slug, Name: text(evil), Town: &long, Province: &evil, Latitude: &lat, Longitude: &lng, Phone: &phone, Address: &address, Access: text(evil), Accessibility: text(evil)})
		_, err := w.site.Catalog.AddClosure(t.Context(), identity.System, inventory.Closure{HubID: slug, StartsLocal: "2026-12-24T00:00", EndsLocal: "2027-01-03T00:00", Reason: inventory.Text{"fr": evil}}, database.Key{})
		must(t, err)
		for _, path := range []string{"/", "/lieux", "/lieux?de=mal", "/lieux/mal", "/en/lieux/mal"} {
			v := w.browser().get(path).lacks("<script>alert")
			checkPage(t, path, v, map[bool]string{true: "en", false: "fr"}[strings.HasPrefix(path, "/en")])
			if path == "/lieux/mal" && (v.one("h1", "", "").text != evil || len(v.elements("a", "href", "tel:1")) > 0) {
				t.Errorf("the page of the hub:\n%s", v.body)
			}
			for _, label := range v.within(figure.FindString(v.body)).elements("text", "", "") {
				if len([]rune(label.text)) > longestName {
					t.Errorf("the map says %q", label.text)
				}
			}
		}
	})
}

func TestHomeLeadsToEverything(t *testing.T) {
	onEach(t, func(t *testing.T, w *town) {
		places := w.territory()
		for _, prefix := range []string{"", "/en"} {
			at := map[string]string{"": "/", "/en": "/en"}[prefix]
			v := w.browser().get(at).on(at, 200)
			checkPage(t, at, v, map[string]string{"": "fr", "/en": "en"}[prefix])
			if f := v.one("form", "role", "search"); f.has["action"] != prefix+"/ressources" {
				t.Errorf("the search goes to %+v", f)
			}
			for _, field := range []string{"q", "jour"} {
				v.one("input", "name", field)
			}
			v.one("select", "name", "lieu")
			if n := len(v.elements("optgroup", "", "")); n != 3 {
				t.Errorf("%d regions to choose from", n)
			}
			for _, h := range places {
				v.one("option", "value", h.Slug)
				v.within(strings.Replace(v.body, figure.FindString(v.body), "", 1)).one("a", "href", prefix+"/lieux/"+h.Slug)
			}
			var categories []string
			for _, e := range v.elements("a", "class", "chip") {
				categories = append(categories, e.has["href"])
			}
			if want := []string{prefix + "/ressources?categorie=studio", prefix + "/ressources?categorie=camera", prefix + "/ressources?categorie=laser"}; !slices.Equal(categories, want) {
				t.Errorf("categories %q, want %q", categories, want)
			}
			if len(v.elements("a", "href", prefix+"/lieux")) < 2 { // of the navigation, and of the map
				t.Errorf("%s does not lead to the map", at)
			}
		}
		w.browser().get("/").has("samedi 21\u00a0novembre 2026", "Ce qu’on peut faire sans compte").lacks("Vos prochaines")
	})
}

func TestHomeShowsOnesNextBookings(t *testing.T) {
	onEach(t, func(t *testing.T, w *town) {
		w.territory()
		zoe, luc := w.browser(), w.browser()
		zoe.person("Zoé", "zoe@exemple.example")
		luc.person("Luc", "luc@exemple.example")
		zoe.get("/").has("Vous n’avez rien à venir").lacks("Ce qu’on peut faire sans compte")
		var made []booking.Booking
		for day := range 5 {
			from := time.Date(2026, 11, 23+day, 15, 0, 0, 0, time.UTC) // 10 in the morning
			b, err := w.book.Place(t.Context(), identity.Actor{ID: w.idOf("zoe@exemple.example"), Scopes: []string{identity.ScopeBook}}, booking.Request{
				Lines: []booking.Want{{Resource: "val-dor-studio-nord", Quantity: 1}}, StartsAt: from, EndsAt: from.Add(time.Hour)}, database.Key{})
			must(t, err)
			made = append(made, b)
		}
		_, err := w.book.Cancel(t.Context(), identity.Actor{ID: w.idOf("zoe@exemple.example"), Scopes: []string{identity.ScopeBook}}, made[1].ID, 0, "", database.Key{})
		must(t, err)
		v := zoe.get("/").has("lundi 23\u00a0novembre 2026, de 10\u00a0h à 11\u00a0h", "Studio Nord", "Val-d&#39;Or")
		for i, shown := range []bool{true, false, true, true, false} {
			if got := len(v.elements("a", "href", bookingAddress(made[i].ID))); got != map[bool]int{true: 1}[shown] {
				t.Errorf("booking %d is there %d times", i, got)
			}
		}
		luc.get("/").lacks("Studio Nord")
		zoe.get("/en").has("Monday, November\u00a023, 2026", "North Studio")
	})
}

func TestThePagesOfPlacesAreLight(t *testing.T) {
	onEach(t, func(t *testing.T, w *town) {
		w.territory()
		member := w.browser()
		member.person("Zoé", "zoe@exemple.example")
		for name, b := range map[string]*browser{"a visitor": w.browser(), "a member": member} {
			for _, path := range []string{"/", "/en", "/lieux", "/lieux?de=val-dor", "/lieux/val-dor"} {
				before := w.statements.Load()
				v := b.get(path)
				if sent := w.statements.Load() - before; v.status != 200 || sent > 6 {
					t.Errorf("%s asks for %s with %d statements, %d", name, path, sent, v.status)
				}
				if size := packed(t, []byte(figure.FindString(v.body))); size > 6*1024 {
					t.Errorf("the map of %s has %d bytes", path, size)
				}
				if size := packed(t, []byte(v.body)); size > 14*1024 {
					t.Errorf("%s has %d bytes", path, size)
				}
			}
		}
	})
}
