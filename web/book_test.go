package web

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"canot/booking"
	"canot/internal/database"
	"canot/internal/identity"
	"canot/inventory"
	"canot/inventory/hours"
)

// street gives the town two hubs that are open every day from 9 to 21, with things to book.
func (w *town) street() {
	w.t.Helper()
	ctx, c, sys, no := w.t.Context(), w.site.Catalog, identity.System, database.Key{}
	_, err := c.CreateRegion(ctx, sys, inventory.NamedEdits{Slug: to("nord"), Name: words("Nord")}, no)
	must(w.t, err)
	_, err = c.CreateOperator(ctx, sys, inventory.OperatorEdits{Slug: to("coop"), LegalName: to("Coop")}, no)
	must(w.t, err)
	_, err = c.CreateCondition(ctx, sys, inventory.ConditionEdits{Slug: to("prudence"), Name: words("Prudence <b>"), Text: words("Gardez les mains loin.")}, no)
	must(w.t, err)
	for _, name := range []string{"studio", "camera", "coach", "salle", "presse"} {
		_, err = c.CreateCategory(ctx, sys, inventory.NamedEdits{Slug: to(name), Name: words(name)}, no)
		must(w.t, err)
	}
	for slug, at := range map[string][2]float64{"amos": {48.57, -78.12}, "val-dor": {48.10, -77.78}} {
		_, err = c.CreateHub(ctx, sys, inventory.HubEdits{Slug: &slug, Name: words("Hub " + slug), Town: to(strings.ToUpper(slug)), Region: to("nord"), Operator: to("coop"),
			Latitude: &at[0], Longitude: &at[1], TimeZone: to("America/Toronto"), Phone: to("819 555-0101"), Email: to(slug + "@exemple.example"), Access: words("Par la porte bleue.")}, no)
		must(w.t, err)
		week, err := hours.ParseWeek("Mo-Su 09:00-21:00")
		must(w.t, err)
		_, err = c.SetWeek(ctx, sys, inventory.WeekEdits{Hub: slug, Week: week}, no)
		must(w.t, err)
		w.thing(slug, "studio", inventory.Space, 1, 1250, inventory.PolicyEdits{Grain: to(30), Shortest: to(60), Longest: to(480), Attendance: to(8), CancelCutoff: to(1440)})
	}
	w.thing("amos", "camera", inventory.Equipment, 2, 0, inventory.PolicyEdits{Grain: to(60), Shortest: to(60), Longest: to(20160), Within: to(inventory.EndsInside)})
	w.thing("amos", "coach", inventory.Guide, 1, 0, inventory.PolicyEdits{Grain: to(60), Shortest: to(60), Longest: to(120)})
	w.thing("amos", "salle", inventory.Space, 1, 0, inventory.PolicyEdits{Grain: to(60), Shortest: to(60), Longest: to(240), Approval: to(true)})
	w.thing("amos", "presse", inventory.Machine, 1, 0, inventory.PolicyEdits{Grain: to(60), Shortest: to(60), Longest: to(240), Conditions: &[]string{"prudence"}})
}

func to[T any](v T) *T { return &v }

func words(s string) *inventory.Text { return &inventory.Text{"fr": s} }

func (w *town) thing(hub, category string, kind inventory.Kind, units int, price int64, p inventory.PolicyEdits) {
	w.t.Helper()
	slug := hub + "-" + category
	_, err := w.site.Catalog.CreateResource(w.t.Context(), identity.System, inventory.ResourceEdits{Slug: &slug, Hub: &hub, Category: &category, Kind: &kind,
		Name: words("Le " + category), Bring: words("Des souliers propres pour " + category + "."), PricePerHour: &price, Policy: p}, database.Key{})
	must(w.t, err)
	for i := range units {
		code := slug + strconv.Itoa(i)
		u, err := w.site.Catalog.AddUnit(w.t.Context(), identity.System, slug, inventory.UnitEdits{Code: &code}, database.Key{})
		must(w.t, err)
		// Codes that there were before new ones are folded stay as they are.
		must(w.t, w.db.In(w.t.Context(), func(tx *database.Tx) error {
			_, err := tx.Exec(`UPDATE units SET code = $2 WHERE id = $1`, u.ID, code)
			return err
		}))
	}
}

// onStreet runs a test on both engines, with somebody signed in.
func onStreet(t *testing.T, f func(t *testing.T, w *town, zoe *browser)) {
	onEach(t, func(t *testing.T, w *town) {
		w.street()
		zoe := w.browser()
		zoe.person("Zoé", "zoe@exemple.example")
		f(t, w, zoe)
	})
}

// A filled form is one as a browser would send it.
type filled struct {
	action string
	fields url.Values
}

// forms are the forms of a page that are sent to an address.
func (v view) forms(action string) []filled {
	v.t.Helper()
	doc, err := html.Parse(strings.NewReader(v.body))
	must(v.t, err)
	var all []filled
	for n := range doc.Descendants() {
		if n.Type == html.ElementNode && n.Data == "form" && attribute(n, "method") == "post" && attribute(n, "action") == action {
			f := filled{action, url.Values{}}
			for in := range n.Descendants() {
				f.take(in)
			}
			all = append(all, f)
		}
	}
	return all
}

// form is the first form of a page that is sent to an address.
func (v view) form(action string) filled {
	v.t.Helper()
	all := v.forms(action)
	if len(all) == 0 {
		v.t.Fatalf("%s (%d) has no form to %s:\n%s", v.path, v.status, action, v.body)
	}
	return all[0]
}

func (f filled) take(n *html.Node) {
	name, value := attribute(n, "name"), attribute(n, "value")
	switch {
	case n.Type != html.ElementNode || name == "":
	case n.Data == "input" && attribute(n, "type") == "checkbox":
		if has(n, "checked") {
			f.fields.Add(name, value)
		}
	case n.Data == "input":
		f.fields.Add(name, value)
	case n.Data == "textarea":
		text := ""
		if n.FirstChild != nil {
			text = n.FirstChild.Data
		}
		f.fields.Add(name, text)
	case n.Data == "select":
		picked := ""
		for o := range n.Descendants() {
			if o.Data == "option" && has(o, "selected") {
				picked = attribute(o, "value")
			}
		}
		f.fields.Add(name, picked)
	}
}

func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func has(n *html.Node, name string) bool {
	return slices.ContainsFunc(n.Attr, func(a html.Attribute) bool { return a.Key == name })
}

// send sends a form, with some fields filled in.
func (b *browser) send(f filled, fill ...string) view {
	b.w.t.Helper()
	sent := url.Values{}
	for name, values := range f.fields {
		sent[name] = slices.Clone(values)
	}
	for i := 0; i < len(fill); i += 2 {
		sent.Set(fill[i], fill[i+1])
	}
	r, err := http.NewRequest("POST", b.w.url+f.action, strings.NewReader(sent.Encode()))
	must(b.w.t, err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", b.w.url)
	return b.do(r)
}

// links are the addresses of a page that contain a text, in order.
func (v view) links(part string) []string {
	var all []string
	for _, e := range v.elements("a", "", "") {
		if strings.Contains(e.has["href"], part) {
			all = append(all, e.has["href"])
		}
	}
	return all
}

// slot is the address of a free time of a page, by its words.
func (v view) slot(words string) string {
	v.t.Helper()
	for _, e := range v.elements("a", "", "") {
		if e.text == words && strings.Contains(e.has["href"], "debut=") {
			return e.has["href"]
		}
	}
	v.t.Fatalf("%s has no time %q:\n%s", v.path, words, v.body)
	return ""
}

// booked are all bookings, in order.
func (w *town) booked() []booking.Booking {
	w.t.Helper()
	list, _, err := w.book.Bookings(w.t.Context(), identity.System, booking.Query{})
	must(w.t, err)
	return list
}

// taken books something for somebody else.
func (w *town) taken(resource string, from, until time.Time) booking.Booking {
	w.t.Helper()
	m, err := w.people.CreateMember(w.t.Context(), identity.System, identity.NewMember{Name: "Luc", Language: "fr"})
	must(w.t, err)
	b, err := w.book.Place(w.t.Context(), identity.Actor{ID: m.ID}, booking.Request{Lines: []booking.Want{{Resource: resource, Quantity: 1}}, StartsAt: from, EndsAt: until}, database.Key{})
	must(w.t, err)
	return b
}

// on24 is a time of Tuesday 24 November 2026 in Amos.
func on24(hour int) time.Time { return time.Date(2026, 11, 24, hour+5, 0, 0, 0, time.UTC) }

const studioOn24 = "/reserver?r=amos-studio&jour=2026-11-24"

func TestSomebodyBooksWithoutAScript(t *testing.T) {
	onStreet(t, func(t *testing.T, w *town, zoe *browser) {
		when := zoe.get("/reserver?r=amos-studio").on("/reserver", 200)
		checkPage(t, "/reserver", when, "fr")
		if n := len(when.elements("a", "aria-current", "date")); n != 1 {
			t.Errorf("%d days are chosen", n)
		}
		long := zoe.get(when.links("duree=120")[0])
		day := zoe.get(long.one("a", "id", "j2026-11-24").has["href"]).has("mardi 24\u00a0novembre 2026", "Heure locale\u00a0: AMOS", "Matin", "Soir")
		if when.one("li", "aria-current", "step").text != "2. Quand" {
			t.Error("the steps do not say where one is")
		}
		check := zoe.get(day.slot("14 h")).on("/reserver/verifier", 200).has("Le studio", "de 14\u00a0h à 16\u00a0h", "25,00\u00a0$", "avant taxes", "Des souliers propres", "Hub amos", "jusqu’au lundi 23\u00a0novembre 2026, 14\u00a0h.")
		checkPage(t, "/reserver/verifier", check, "fr")
		form := check.form("/reserver")
		done := zoe.send(form, "titre", "Répétition", "personnes", "3", "notes", "Deux vélos\r\nsous la pluie", "secteur", "culture")
		b := w.booked()[0]
		if done.path != "/reservations/"+b.ID || done.status != 200 || b.Title != "Répétition" || b.Attendance != 3 || b.Sector != "culture" || !b.StartsAt.Equal(on24(14)) || !b.EndsAt.Equal(on24(16)) {
			t.Fatalf("%s %d %+v", done.path, done.status, b)
		}
		done.has(b.Reference, "Par la porte bleue.", "Des souliers propres", "Deux vélos", "819 555-0101", "agenda.ics")
		if done.one("h1", "", "").text != "C’est réservé" {
			t.Error(done.one("h1", "", "").text)
		}
		checkPage(t, "/reservations/:id", done, "fr")
		zoe.send(form, "titre", "Répétition", "personnes", "3", "notes", "Deux vélos\r\nsous la pluie", "secteur", "culture").on("/reservations/"+b.ID, 200)
		if n := len(w.booked()); n != 1 {
			t.Errorf("a second tap made %d bookings", n)
		}
		yours := zoe.send(form, "titre", "Autre chose", "notes", "Trois vélos").on("/reserver", 409).has("c’est la vôtre", `value="Autre chose"`, "Trois vélos").lacks("n’est pas libre")
		checkPage(t, "/reserver again", yours, "fr")
		zoe.send(yours.form("/en/reservations/"+b.ID+"/changer")).on("/en/reservations/"+b.ID+"/changer", 200).has(`value="Autre chose"`, "Trois vélos")
		zoe.send(yours.form("/reservations/"+b.ID+"/changer")).on("/reservations/"+b.ID, 200).has("Autre chose")
		if n := len(w.booked()); n != 1 {
			t.Errorf("%d bookings", n)
		}
		file := zoe.get("/reservations/" + b.ID + "/agenda.ics")
		if file.header.Get("Content-Type") != "text/calendar; charset=utf-8" || !strings.Contains(file.body, "METHOD:PUBLISH") || !strings.Contains(file.body, "DTSTART:20261124T190000Z") {
			t.Errorf("%v %s", file.header, file.body)
		}
	})
}

func TestARefusalKeepsAllThatWasTypedAndOffersWhatCanBeBooked(t *testing.T) {
	onStreet(t, func(t *testing.T, w *town, zoe *browser) {
		form := zoe.get(zoe.get(studioOn24).slot("14 h")).form("/reserver")
		w.taken("amos-studio", on24(13), on24(15))
		refused := zoe.send(form, "titre", "<script>alert(1)</script>", "personnes", "4", "notes", "Rue\r\n<b>", "visibilite", "members").on("/reserver", 409).has("n’est pas libre à ce moment-là")
		checkPage(t, "/reserver refused", refused, "fr")
		refused.lacks("<script>alert", "<b>\n")
		kept := refused.forms("/reserver")
		own := kept[len(kept)-1]
		for name, want := range map[string]string{"titre": "<script>alert(1)</script>", "personnes": "4", "notes": "Rue\r\n<b>", "visibilite": "members"} {
			if got := strings.ReplaceAll(own.fields.Get(name), "\n", "\r\n"); strings.ReplaceAll(got, "\r\r", "\r") != want {
				t.Errorf("%s is now %q", name, got)
			}
		}
		if own.fields.Get("cle") == form.fields.Get("cle") {
			t.Error("the next try goes under the key of the refused one")
		}
		if len(kept) < 4 {
			t.Fatalf("%d forms:\n%s", len(kept), refused.body)
		}
		var far filled
		for _, f := range kept {
			if f.fields.Get("r") == "val-dor-studio" {
				far = f
			}
		}
		if far.action == "" {
			t.Fatalf("nothing at the other hub:\n%s", refused.body)
		}
		refused.has("Hub val-dor", "km de là")
		for _, e := range refused.elements("button", "class", "choose") {
			if !strings.Contains(e.text, "12,50 $ avant taxes") {
				t.Errorf("%q says no price", e.text)
			}
		}
		zoe.send(far).has("C’est réservé", "&lt;script&gt;alert(1)")
		b := w.booked()[1]
		if b.HubSlug != "val-dor" || b.Title != "<script>alert(1)</script>" || b.Attendance != 4 || b.Visibility != "members" {
			t.Errorf("%+v", b)
		}
	})
}

func TestABasketIsBookedWholeOrNotAtAll(t *testing.T) {
	onStreet(t, func(t *testing.T, w *town, zoe *browser) {
		basket := "/reserver?r=amos-studio&r=amos-camera*2&r=amos-coach&jour=2026-11-24"
		when := zoe.get(basket).has("×\u00a02", "Un de moins", "Retirer")
		check := zoe.get(when.slot("10 h")).has("Le studio", "Le camera", "Le coach")
		w.taken("amos-coach", on24(10), on24(11))
		refused := zoe.send(check.form("/reserver")).on("/reserver", 409).has("Le coach\u00a0» n’est pas libre")
		if n := len(w.booked()); n != 1 {
			t.Fatalf("%d bookings", n)
		}
		zoe.send(refused.forms("/reserver")[0]).has("C’est réservé", "Le studio", "Le camera", "Le coach")
		if !slices.ContainsFunc(w.booked(), func(b booking.Booking) bool { return len(b.Lines) == 3 && b.Lines[1].Quantity == 2 }) {
			t.Errorf("%+v", w.booked())
		}
		add := zoe.get(when.links("/reserver/ajouter")[0]).on("/reserver/ajouter", 200).has("Déjà choisi", "Le salle").lacks("Hub val-dor")
		checkPage(t, "/reserver/ajouter", add, "fr")
		more := zoe.get(add.links("r=amos-salle")[0]).on("/reserver", 200).has("Le salle", "Le coach")
		if got := more.one("h2", "class", "day").text; got != "mardi 24 novembre 2026" {
			t.Errorf("the day is now %q", got)
		}
		if fewer := zoe.get(when.links("r=amos-camera&")[0]); strings.Contains(fewer.body, "×") {
			t.Error("one fewer is still two")
		}
		for _, path := range []string{"/reserver?r=amos-studio&r=val-dor-studio", "/reserver/verifier?r=amos-studio&r=val-dor-studio&debut=2026-11-24T15:00:00Z&fin=2026-11-24T16:00:00Z"} {
			two := zoe.get(path).has("C’est à deux endroits", "Hub amos", "Hub val-dor")
			checkPage(t, path, two, "fr")
			zoe.get(two.links("/reserver?r=val-dor-studio")[0]).on("/reserver", 200).has("Le studio").lacks("Hub amos")
		}
		zoe.get("/reserver").on("/ressources", 200)
		zoe.get("/reserver?r=rien-de-tel").on("/reserver", 404)
		zoe.get("/reserver/verifier?r=amos-studio").on("/reserver", 200)
	})
}

func TestTheWhenPageLeadsToFreeTimes(t *testing.T) {
	onStreet(t, func(t *testing.T, w *town, zoe *browser) {
		w.taken("amos-coach", on24(9), on24(11))
		for from := 11; from < 21; from += 2 {
			w.taken("amos-coach", on24(from), on24(from+2))
		}
		full := zoe.get("/reserver?r=amos-coach&jour=2026-11-24").has("Rien de libre ce jour-là", "Les prochains jours où c’est libre")
		if next := full.one("a", "id", "n2026-11-25"); next.text != "mercredi 25 novembre 2026" {
			t.Error(next.text)
		}
		if got := full.elements("a", "id", "j2026-11-24"); len(got) != 0 {
			t.Error("a day without free times has a link")
		}
		hand := "/reserver?r=amos-studio&du=2026-11-24&de=10:30&au=&a=12:00"
		zoe.get(hand).on("/reserver/verifier", 200).has("de 10\u00a0h\u00a030 à 12\u00a0h")
		zoe.get("/reserver?r=amos-studio&du=2026-11-24&de=midi&a=13:00").on("/reserver", 400).has("Donnez un jour et une heure")
		for _, reversed := range []string{"/reserver?r=amos-studio&du=2026-11-24&de=12:00&a=10:00", "/reserver/verifier?r=amos-studio&debut=2026-11-24T17:00:00Z&fin=2026-11-24T15:00:00Z"} {
			back := zoe.get(reversed).on("/reserver", 400).has("La fin doit venir après le début.").lacks("de 12\u00a0h à 10\u00a0h")
			if end := back.one("input", "id", "a").has; end["aria-invalid"] != "true" || end["value"] != "10:00" || back.one("input", "id", "de").has["value"] != "12:00" {
				t.Errorf("%s: the form holds %v", reversed, end)
			}
			checkPage(t, reversed, back, "fr")
		}
		days := zoe.get("/reserver?r=amos-camera&jour=2026-11-24&duree=2j").has("Retour à la même heure, le jeudi 26\u00a0novembre 2026.")
		zoe.get(days.slot("10 h")).has("du mardi 24\u00a0novembre 2026, 10\u00a0h au jeudi 26\u00a0novembre 2026, 10\u00a0h", "Gratuit")
		for _, path := range []string{"jour=hier", "jour=9999-12-31", "duree=x", "duree=999999999j", "jour=1970-01-01", "duree=-5"} {
			if v := zoe.get("/reserver?r=amos-studio&" + path); v.status != 200 {
				t.Errorf("%s: %d", path, v.status)
			}
		}
		again := zoe.get("/reserver?r=amos-studio&jour=2026-11-24&heure=15:30").has("À la même heure que la dernière fois")
		if len(again.links("fin=2026-11-24T21%3A30")) != 2 {
			t.Error("the hour that would suit is not offered")
		}
	})
}

func TestWhoIsNotSignedInSeesAllAndComesBack(t *testing.T) {
	onEach(t, func(t *testing.T, w *town) {
		w.street()
		b := w.browser()
		check := b.get(b.get("/reserver?r=amos-studio&jour=2026-11-24").slot("14 h")).on("/reserver/verifier", 200).has("12,50\u00a0$", "prix sans forfait", "Se connecter pour réserver")
		if len(check.forms("/reserver")) != 0 {
			t.Error("a visitor has a form to book")
		}
		b.get(check.links("/connexion?retour=")[0])
		b.post("/connexion", "email", "zoe@exemple.example")
		up := b.post("/connexion/lien", "secret", b.get(w.link()).hidden("secret")).on("/connexion/inscription", 200)
		back := b.post("/connexion/inscription", "flow", up.hidden("flow"), "name", "Zoé", "consent", "yes").on("/reserver/verifier", 200).has("de 14\u00a0h à 15\u00a0h")
		form := back.form("/reserver")

		b.post("/deconnexion")
		notes := strings.Repeat("é", 1900)
		b.http.CheckRedirect = func(r *http.Request, _ []*http.Request) error {
			if at := r.URL.String(); strings.Contains(at, "titre") || strings.Contains(at, "Atelier") || strings.Contains(at, "notes") {
				t.Errorf("what was typed is in an address: %s", at)
			}
			return nil
		}
		b.send(form, "titre", "Atelier", "notes", notes).on("/connexion", 200).has("la page que vous vouliez ouvrir")
		if len(w.booked()) != 0 {
			t.Fatal("somebody who is not known has booked")
		}
		kept, err := url.Parse(w.url)
		must(t, err)
		for _, c := range b.http.Jar.Cookies(kept) {
			if text, _ := base64.RawURLEncoding.DecodeString(c.Value); len(c.Value) > 1000 || strings.Contains(string(text), "Atelier") {
				t.Errorf("what was typed is in the cookie %s", c.Name)
			}
		}
		var rows []string
		must(t, w.db.Reader(t.Context()).Select(&rows, `SELECT data FROM ceremonies`))
		if len(rows) == 0 || strings.Contains(strings.Join(rows, ""), "Atelier") {
			t.Errorf("it is kept as %.100q", rows)
		}
		b.post("/connexion", "email", "zoe@exemple.example")
		again := b.post("/connexion/lien", "secret", b.get(w.link()).hidden("secret")).on("/reserver/verifier", 200)
		for range 2 { // it is still there when the page is read again
			if got := again.last("/reserver").fields; got.Get("titre") != "Atelier" || got.Get("notes") != notes {
				t.Errorf("the form holds %.200v", got)
			}
			again = b.get("/reserver/verifier?" + checkAddress(wantsOf(form.fields), on24(14), on24(15))[len("/reserver/verifier?"):])
		}
		b.get("/connexion").on("/compte", 200) // it is gone to once
		r, err := http.NewRequest("POST", w.url+"/reserver", strings.NewReader(form.fields.Encode()))
		must(t, err)
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Origin", "https://evil.example")
		r.Header.Set("Sec-Fetch-Site", "cross-site")
		if got := b.do(r); got.status != 403 || len(w.booked()) != 0 {
			t.Errorf("another site booked: %d", got.status)
		}
	})
}

func TestTermsAreAcceptedInTheFormAndRequestsAreSaid(t *testing.T) {
	onStreet(t, func(t *testing.T, w *town, zoe *browser) {
		check := zoe.get(zoe.get("/reserver?r=amos-presse&jour=2026-11-24").slot("14 h")).has("Prudence &lt;b&gt;", "Gardez les mains loin.", "Gratuit").lacks("Ce n’est pas possible")
		form := check.form("/reserver")
		wrong := zoe.send(form, "titre", "Cartes").on("/reserver", 422).has("cochez la case", `value="Cartes"`)
		if wrong.one("input", "name", "accepte").has["aria-invalid"] != "true" {
			t.Error("the box is not marked")
		}
		zoe.send(wrong.form("/reserver"), "accepte", "prudence@1").has("C’est réservé")
		zoe.get(zoe.get("/reserver?r=amos-presse&jour=2026-11-24").slot("16 h")).lacks("Prudence")

		ask := zoe.get(zoe.get("/reserver?r=amos-salle&jour=2026-11-24").slot("10 h")).has("doit accepter votre demande")
		sent := zoe.send(ask.form("/reserver")).has("Votre demande est envoyée", "en attente").lacks("C’est réservé<")
		zoe.get("/en" + sent.path + "?fait=reservee").has("Your request is sent")
		zoe.get("/reservations").has("En attente d’une réponse", "À venir", "Le salle", "Le presse")
	})
}

// TestNothingIsLostWhileTheServiceIsAway: the form comes back as it was, under the same key.
func TestNothingIsLostWhileTheServiceIsAway(t *testing.T) {
	onStreet(t, func(t *testing.T, w *town, zoe *browser) {
		form := zoe.get(zoe.get(studioOn24).slot("14 h")).form("/reserver")
		must(t, w.db.Close())
		away := zoe.send(form, "titre", "Répétition", "notes", "Deux vélos")
		if away.status < 500 {
			t.Fatalf("%d", away.status)
		}
		again := away.has("Le service ne répond pas").form("/reserver")
		for _, name := range []string{"cle", "r", "debut", "fin"} {
			if again.fields.Get(name) != form.fields.Get(name) {
				t.Errorf("%s is now %q", name, again.fields.Get(name))
			}
		}
		if again.fields.Get("titre") != "Répétition" || again.fields.Get("notes") != "Deux vélos" {
			t.Errorf("%v", again.fields)
		}
		// The way to the other language has the same key.
		if other := away.form("/en/reserver").fields; other.Get("cle") != form.fields.Get("cle") || other.Get("montrer") == "" || other.Get("notes") != "Deux vélos" {
			t.Errorf("in English it would be %v", other)
		}
	})
}

// TestAFormThatMayHaveCountedIsReadInTheOtherLanguageUnderItsKey: of a thing of several units another would
// be booked.
func TestAFormThatMayHaveCountedIsReadInTheOtherLanguageUnderItsKey(t *testing.T) {
	onStreet(t, func(t *testing.T, w *town, zoe *browser) {
		form := zoe.get(zoe.get("/reserver?r=amos-camera&jour=2026-11-24").slot("14 h")).form("/reserver")
		zoe.send(form, "titre", "Tournage").has("C’est réservé")
		form.fields.Set("titre", "Tournage")
		fields := fieldsOfForm(form.fields)
		english := zoe.post("/en/reserver", append(flat(fields), onlyShow, "1")...).on("/en/reserver", 200)
		zoe.send(english.form("/en/reserver"))
		if n := len(w.booked()); n != 1 {
			t.Errorf("it was booked %d times", n)
		}
		// A form that was only looked at has a key of its own.
		fields = slices.DeleteFunc(fields, func(f hiddenField) bool { return f.Name == "cle" })
		if got := zoe.post("/reserver", append(flat(fields), onlyShow, "1")...).form("/reserver").fields.Get("cle"); !goodKey(got) || got == form.fields.Get("cle") {
			t.Errorf("the key is %q", got)
		}
	})
}

// flat are fields as names and values in turn.
func flat(fields []hiddenField) []string {
	var all []string
	for _, f := range fields {
		all = append(all, f.Name, f.Value)
	}
	return all
}
