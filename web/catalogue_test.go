package web

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"canot/booking"
	"canot/booking/membership"
	"canot/internal/database"
	"canot/internal/identity"
	"canot/inventory"
	"canot/inventory/hours"
)

func ref[T any](v T) *T { return &v }

// A market is a network with something of every sort to find.
type market struct {
	*town
	amos, halifax inventory.Hub
}

// newMarket gives a town two hubs: Amos, open on weekdays, with a studio, desks, a camera and a
// laser cutter, and Halifax, always open and on another clock, with a studio.
func newMarket(w *town) market {
	w.t.Helper()
	ctx, c, by := w.t.Context(), w.site.Catalog, identity.System
	for _, slug := range []string{"nord", "est"} {
		_, err := c.CreateRegion(ctx, by, inventory.NamedEdits{Slug: &slug, Name: &inventory.Text{"fr": "Le " + slug, "en": "The " + slug}}, database.Key{})
		must(w.t, err)
	}
	_, err := c.CreateOperator(ctx, by, inventory.OperatorEdits{Slug: ref("coop"), LegalName: ref("Coop")}, database.Key{})
	must(w.t, err)
	for slug, name := range map[string]string{"studio": "Studio", "desk": "Bureau", "camera": "Caméra", "laser-cutter": "Découpe laser"} {
		_, err := c.CreateCategory(ctx, by, inventory.NamedEdits{Slug: &slug, Name: &inventory.Text{"fr": name}}, database.Key{})
		must(w.t, err)
	}
	m := market{town: w}
	m.amos = m.hub("amos", "nord", "America/Toronto", 48.57, -78.12, "Mo-Fr 09:00-17:00")
	m.halifax = m.hub("halifax", "est", "America/Halifax", 44.65, -63.57, "24/7")
	_, err = w.site.Roster.CreateCertification(ctx, by, membership.CertificationEdits{Slug: ref("laser"), Name: &inventory.Text{"fr": "Habilitation laser"}}, database.Key{})
	must(w.t, err)
	_, err = c.CreateCondition(ctx, by, inventory.ConditionEdits{Slug: ref("charte"), Name: &inventory.Text{"fr": "Charte"}, Text: &inventory.Text{"fr": "Soyez <b>prudents</b>."}}, database.Key{})
	must(w.t, err)
	m.resource("amos", "studio", inventory.Space, "Grand studio", 1, inventory.ResourceEdits{Capacity: ref(8), PricePerHour: ref(int64(1250)), Tags: ref([]string{"son", "<i>"}),
		Policy: inventory.PolicyEdits{Grain: ref(30), Shortest: ref(60), Longest: ref(480), Horizon: ref(365)}})
	m.resource("amos", "desk", inventory.Space, "Bureaux", 3, inventory.ResourceEdits{Policy: inventory.PolicyEdits{Grain: ref(30), Shortest: ref(30), Longest: ref(480), Horizon: ref(30)}})
	m.resource("amos", "camera", inventory.Equipment, "Caméra de reportage", 1, inventory.ResourceEdits{Bring: &inventory.Text{"fr": "Deux cartes SD"},
		Policy: inventory.PolicyEdits{Grain: ref(30), Shortest: ref(1440), Longest: ref(7 * 1440), Within: ref(inventory.EndsInside)}})
	m.resource("amos", "laser-cutter", inventory.Machine, "Trotec", 1, inventory.ResourceEdits{Policy: inventory.PolicyEdits{Certifications: ref([]string{"laser"}), Conditions: ref([]string{"charte"})}})
	m.resource("halifax", "studio", inventory.Space, "Studio de l’Est", 1, inventory.ResourceEdits{Policy: inventory.PolicyEdits{Grain: ref(30), Shortest: ref(60), Longest: ref(480), Horizon: ref(365)}})
	return m
}

func (m market) hub(slug, region, zone string, lat, lng float64, week string) inventory.Hub {
	m.t.Helper()
	name := strings.ToUpper(slug[:1]) + slug[1:]
	h, err := m.site.Catalog.CreateHub(m.t.Context(), identity.System, inventory.HubEdits{Slug: &slug, Region: &region, Operator: ref("coop"), Name: &inventory.Text{"fr": "Hub " + slug},
		Town: &name, Latitude: &lat, Longitude: &lng, TimeZone: &zone, Phone: ref("819 555-0101"), Wheelchair: ref("yes")}, database.Key{})
	must(m.t, err)
	open, err := hours.ParseWeek(week)
	must(m.t, err)
	_, err = m.site.Catalog.SetWeek(m.t.Context(), identity.System, inventory.WeekEdits{Hub: slug, Week: open}, database.Key{})
	must(m.t, err)
	return h
}

func (m market) resource(hub, category string, kind inventory.Kind, name string, units int, e inventory.ResourceEdits) inventory.Resource {
	m.t.Helper()
	e.Hub, e.Category, e.Kind, e.Name = &hub, &category, &kind, &inventory.Text{"fr": name}
	r, err := m.site.Catalog.CreateResource(m.t.Context(), identity.System, e, database.Key{})
	must(m.t, err)
	for range units {
		_, err := m.site.Catalog.AddUnit(m.t.Context(), identity.System, r.ID, inventory.UnitEdits{}, database.Key{})
		must(m.t, err)
	}
	return r
}

// books makes a booking for whoever has an address, between two times of a clock.
func (m market) books(email, resource, zone, from, to string) {
	m.t.Helper()
	in, err := hours.LoadZone(zone)
	must(m.t, err)
	starts, err := hours.Instant(from, in)
	must(m.t, err)
	ends, err := hours.Instant(to, in)
	must(m.t, err)
	_, err = m.book.Place(m.t.Context(), identity.Actor{ID: m.idOf(email), Scopes: []string{identity.ScopeBook}}, booking.Request{Lines: []booking.Want{{Resource: resource, Quantity: 1}}, StartsAt: starts, EndsAt: ends}, database.Key{})
	must(m.t, err)
}

// slotOf reads the times out of a link to the check step.
func slotOf(t *testing.T, address string) (resource string, from, to time.Time) {
	t.Helper()
	u, err := url.Parse(address)
	must(t, err)
	if !strings.HasSuffix(u.Path, "/reserver/verifier") {
		t.Fatalf("%s is not the check step", address)
	}
	from, err = time.Parse(time.RFC3339, u.Query().Get("debut"))
	must(t, err)
	to, err = time.Parse(time.RFC3339, u.Query().Get("fin"))
	must(t, err)
	return u.Query().Get("r"), from, to
}

// checks are the links of a page to the check step.
func (v view) checks() []string {
	var all []string
	for _, a := range v.elements("a", "", "") {
		if strings.Contains(a.has["href"], "/reserver/verifier") {
			all = append(all, a.has["href"])
		}
	}
	return all
}

// TestWhatTheCatalogueProposesCanBeBooked: every time that a page offers is one that the book
// accepts, as far as time goes.
func TestWhatTheCatalogueProposesCanBeBooked(t *testing.T) {
	onEach(t, func(t *testing.T, w *town) {
		m := newMarket(w)
		w.browser().person("Zoé", "zoe@exemple.example")
		m.books("zoe@exemple.example", "amos-grand-studio", "America/Toronto", "2026-11-23T09:00", "2026-11-23T12:30")
		b := w.browser()
		seen := map[string]bool{}
		for _, path := range []string{"/ressources", "/ressources?lieu=amos&jour=2026-11-23", "/ressources?jour=2026-11-27&tous=1", "/ressources/amos-grand-studio", "/ressources/amos-camera-de-reportage",
			"/ressources/amos-grand-studio/calendrier", "/lieux/amos/calendrier", "/categories/studio/calendrier?jour=2026-11-23"} {
			v := b.get(path)
			checkPage(t, path, v, "fr")
			ends := map[string]time.Time{}
			for _, href := range v.checks() {
				r, from, to := slotOf(t, href)
				if seen[r] = true; from.Before(ends[r]) && !strings.Contains(path, "calendrier") {
					t.Errorf("%s offers %s twice at %s", path, r, from)
				}
				ends[r] = to
				p, err := w.book.Preview(t.Context(), identity.Actor{}, booking.Request{Lines: justOne(r), StartsAt: from, EndsAt: to, Brief: true})
				must(t, err)
				for _, x := range p.Violations {
					if !slices.Contains([]string{"certification_missing", "terms_not_accepted"}, x.Code) {
						t.Errorf("%s offers %s from %s to %s: %s", path, r, from, to, x.Code)
					}
				}
			}
		}
		if len(seen) != 5 {
			t.Errorf("only %v are offered", seen)
		}
	})
}

func TestTheCatalogueIsNearestFirst(t *testing.T) {
	onEach(t, func(t *testing.T, w *town) {
		newMarket(w)
		b := w.browser()
		v := b.get("/ressources?lieu=amos").has("Ici, à Amos", "Ailleurs, du plus près au plus loin", "5 résultats", "12,50\u00a0$ l’heure", "Gratuit", "Habilitation demandée", "1\u00a0191\u00a0km")
		if strings.Index(v.body, "Studio de l’Est") < strings.Index(v.body, "Trotec") {
			t.Error("what is far comes before what is here")
		}
		if on := v.one("option", "value", "amos"); on.has["selected"] != "" && on.text == "" {
			t.Errorf("%v", on)
		}
		b.get("/en/ressources?lieu=amos").has("Here, in Amos", "5 results", "$12.50 an hour", "Mon\u00a023", `href="/ressources?lieu=amos"`)
		b.get("/ressources?q=CAMERAS").has("1 résultat<", "Caméra de reportage").lacks("Trotec")
		b.get("/ressources?genre=machine&categorie=laser-cutter").has("1 résultat<", "Trotec", "<details class=\"refine\" open>")
		b.get("/ressources?territoire=est").has("1 résultat<", "Le est").lacks("Trotec")
		b.get("/ressources?etiquette=%3Ci%3E").has("1 résultat<", "Grand studio", "&lt;i&gt;")
	})
}

func TestWithADayTheCatalogueShowsWhatIsFree(t *testing.T) {
	onEach(t, func(t *testing.T, w *town) {
		m := newMarket(w)
		w.browser().person("Zoé", "zoe@exemple.example")
		b := w.browser()
		b.get("/ressources?jour=2026-11-24").has("5 résultats", "Caméra de reportage")
		m.books("zoe@exemple.example", "amos-grand-studio", "America/Toronto", "2026-11-24T09:00", "2026-11-24T17:00")
		v := b.get("/ressources?lieu=amos&jour=2026-11-24").has("4 résultats", "Voir aussi ce qui n’est pas libre ce jour-là").lacks("Grand studio")
		b.get("/ressources?tous=1&jour=2026-11-24").has("5 résultats", "Grand studio", "Voir seulement ce qui est libre")
		for _, href := range v.checks() {
			if _, from, _ := slotOf(t, href); from.Before(time.Date(2026, 11, 24, 5, 0, 0, 0, time.UTC)) || !from.Before(time.Date(2026, 11, 25, 5, 0, 0, 0, time.UTC)) {
				t.Errorf("%s is on another day", href)
			}
		}
		b.get("/ressources?lieu=amos&jour=2026-11-28").has("1 résultat<", "Studio de l’Est") // a Saturday
		b.get("/ressources?categorie=desk&jour=2026-11-28").has("Aucun résultat", "N’importe quel jour", "Toutes les catégories", `href="/ressources?categorie=desk"`)
	})
}

// TestWrongAddressesStillFindSomething: what of an address cannot be used is left out, and said.
func TestWrongAddressesStillFindSomething(t *testing.T) {
	onEach(t, func(t *testing.T, w *town) {
		newMarket(w)
		b := w.browser()
		for query, said := range map[string]string{
			"lieu=atlantide": "Le lieu demandé", "territoire=x": "Le territoire demandé", "genre=<script>": "Le genre demandé", "categorie=x": "La catégorie demandée",
			"jour=2026-02-30": "Cette date", "jour=2020-01-01": "Cette date", "jour=9999-12-31": "Cette date",
		} {
			b.get("/ressources?"+strings.ReplaceAll(query, "<script>", "%3Cscript%3E")).on("/ressources", 200).has(said, "5 résultats")
		}
		b.get("/ressources?page=-3").has("5 résultats")
		b.get("/ressources?page=9").on("/ressources", 200).has("5 résultats", "Grand studio")
		b.get("/ressources?q="+strings.Repeat("m", 5000)).has("Aucun résultat", "Sans les mots cherchés")
		b.get("/ressources/rien").on("/ressources/rien", 404)
		b.get("/en/conditions/rien").on("/en/conditions/rien", 404)
	})
}

func TestTheCatalogueHasPages(t *testing.T) {
	onEach(t, func(t *testing.T, w *town) {
		m := newMarket(w)
		for i := range 38 {
			m.resource("halifax", "desk", inventory.Space, fmt.Sprintf("Table %02d", i), 1, inventory.ResourceEdits{})
		}
		b := w.browser()
		v := b.get("/ressources?lieu=amos").has("43 résultats", "Page 1 sur 3")
		next := v.one("a", "rel", "next").has["href"]
		if next != "/ressources?lieu=amos&page=2" {
			t.Fatalf("next is %q", next)
		}
		v = b.get(next).has("Page 2 sur 3")
		if prev := v.one("a", "rel", "prev").has["href"]; prev != "/ressources?lieu=amos" {
			t.Errorf("previous is %q", prev)
		}
		if last := b.get("/ressources?lieu=amos&page=3"); len(last.elements("h3", "", "")) != 3 || len(last.elements("a", "rel", "next")) != 0 {
			t.Errorf("the last page has %d", len(last.elements("h3", "", "")))
		}
	})
}

func TestAResourceSaysWhatItNeeds(t *testing.T) {
	onEach(t, func(t *testing.T, w *town) {
		newMarket(w)
		b := w.browser()
		v := b.get("/ressources/amos-trotec").on("/ressources/amos-trotec", 200).has("Habilitation laser", "Connectez-vous pour voir", "819 555-0101", "/conditions/charte", "Gratuit", "Choisir une autre heure", "/reserver?r=amos-trotec", "webcal://", "Accessible en fauteuil roulant")
		checkPage(t, "/ressources/amos-trotec", v, "fr")
		b.person("Zoé", "zoe@exemple.example")
		b.get("/ressources/amos-trotec").has("Vous ne l’avez pas encore")
		_, err := w.site.Roster.GiveCertificate(t.Context(), identity.System, membership.NewCertificate{MemberID: w.idOf("zoe@exemple.example"), Certification: "laser", Hub: "amos", UntilOn: ref("2027-05-31")}, database.Key{})
		must(t, err)
		b.get("/ressources/amos-trotec").has("Vous l’avez, jusqu’au lundi 31\u00a0mai 2027.")
		b.get("/en/ressources/amos-trotec").has("You have it, until Monday, May\u00a031, 2027.", "Trotec")
		_, err = w.site.Catalog.UpdateResource(t.Context(), identity.System, "amos-trotec", inventory.ResourceEdits{Archived: ref(true)}, database.Key{})
		must(t, err)
		v = b.get("/ressources/amos-trotec").on("/ressources/amos-trotec", 200).has("Ceci ne se réserve plus").lacks("Choisir une autre heure")
		if len(v.checks()) > 0 {
			t.Error("what is archived is offered")
		}
		b.get("/ressources/amos-trotec/calendrier").on("/ressources/amos-trotec/calendrier", 200)
		b.get("/conditions/charte").has("Soyez &lt;b&gt;prudents&lt;/b&gt;.", "Version 1")
		b.get("/en/conditions/charte").has(`lang="fr"`)
		b.get("/ressources/amos-camera-de-reportage").has("Deux cartes SD", "De 1\u00a0jour à 7\u00a0jours")
		b.get("/ressources/amos-grand-studio").has("12,50\u00a0$ l’heure", "8 personnes", "Studio de l’Est", "1\u00a0191\u00a0km", "/ressources?categorie=studio&amp;lieu=amos")
	})
}

// TestAPriceIsThatOfWhoReads: a tier pays its share of the price.
func TestAPriceIsThatOfWhoReads(t *testing.T) {
	onEach(t, func(t *testing.T, w *town) {
		newMarket(w)
		b := w.browser()
		b.person("Zoé", "zoe@exemple.example")
		for slug, percent := range map[string]int64{"moitie": 50, "inclus": 0} {
			_, err := w.site.Roster.CreateTier(t.Context(), identity.System, membership.TierEdits{Slug: &slug, Name: &inventory.Text{"fr": slug},
				Allowances: &[]membership.Allowance{{PricePercent: percent}}}, database.Key{})
			must(t, err)
		}
		b.get("/ressources/amos-grand-studio").has("<strong>12,50\u00a0$ l’heure</strong>")
		_, err := w.site.Roster.StartMembership(t.Context(), identity.System, membership.NewMembership{Holder: membership.Holder{MemberID: w.idOf("zoe@exemple.example")}, Tier: "moitie", Hub: "amos"}, database.Key{})
		must(t, err)
		b.get("/ressources/amos-grand-studio").has("6,25\u00a0$ l’heure avec votre forfait (prix courant\u00a0: 12,50\u00a0$ l’heure)")
		b.get("/ressources?q=grand").has("6,25\u00a0$ l’heure avec votre forfait (prix courant\u00a0: 12,50\u00a0$ l’heure)")
		// What is lent by the day is paid by the day.
		_, err = w.site.Catalog.UpdateResource(t.Context(), identity.System, "amos-camera-de-reportage", inventory.ResourceEdits{PricePerHour: ref(int64(100))}, database.Key{})
		must(t, err)
		b.get("/ressources/amos-camera-de-reportage").has("<strong>12,00\u00a0$ pour 1\u00a0jour avec votre forfait (prix courant\u00a0: 24,00\u00a0$ pour 1\u00a0jour)</strong>", "0,50\u00a0$ l’heure")
		w.browser().get("/en/ressources?q=camera").has("<p>$24.00 for 1\u00a0day</p>")
	})
}

// TestWordsOfOneLanguageSaySo: on a page of the other one they are marked, and none are said twice.
func TestWordsOfOneLanguageSaySo(t *testing.T) {
	onEach(t, func(t *testing.T, w *town) {
		m := newMarket(w)
		m.resource("amos", "studio", inventory.Space, "Chambre noire", 1, inventory.ResourceEdits{Description: &inventory.Text{"fr": "Un agrandisseur. Prévoir du papier.", "en": "An enlarger."}, Notes: ref("Prévoir du papier.")})
		m.resource("amos", "studio", inventory.Space, "Grenier", 1, inventory.ResourceEdits{Description: &inventory.Text{"fr": "Sous le toit."}, Notes: ref("Il y fait chaud.")})
		b := w.browser()
		b.get("/en/ressources/amos-grenier").has(`<h1><span lang="fr">Grenier</span></h1>`, `<p class="written note" lang="fr">Il y fait chaud.</p>`)
		b.get("/ressources/amos-grenier").has(`<p class="written note">Il y fait chaud.</p>`, "<h1>Grenier</h1>")
		b.get("/en/ressources").has(`<span lang="fr">Grenier</span>`)
		b.get("/en/lieux/amos/calendrier").has(`<span lang="fr">Grenier</span>`)
		if v := b.get("/ressources/amos-chambre-noire"); strings.Count(v.body, "Prévoir du papier.</p>") != 1 {
			t.Error("the same is said twice")
		}
	})
}

// TestADayOfAnotherMonthSaysWhich: «mar. 1er» alone is of this month.
func TestADayOfAnotherMonthSaysWhich(t *testing.T) {
	onEach(t, func(t *testing.T, w *town) {
		newMarket(w)
		w.clock.Move(9 * 24 * time.Hour) // Monday, the 30th
		w.browser().get("/ressources?categorie=studio&lieu=amos").has("lun.\u00a030<", "mar.\u00a01er\u00a0déc.<")
	})
}

// TestHostileWordsAreShownAsText: names and tags are words, whatever they hold.
func TestHostileWordsAreShownAsText(t *testing.T) {
	onEach(t, func(t *testing.T, w *town) {
		m := newMarket(w)
		long := strings.Repeat("M", 190)
		r := m.resource("amos", "studio", inventory.Space, "<script>alert(1)</script> \u05d0\u05d1 🛶", 1, inventory.ResourceEdits{
			Description: &inventory.Text{"fr": "<img src=x onerror=alert(1)>\r\n" + strings.Repeat("W", 3000)}, Tags: ref([]string{`"><svg onload=alert(1)>`}), Notes: ref("</p><script>"), Floor: ref("'><b>")})
		m.resource("amos", "studio", inventory.Space, long, 1, inventory.ResourceEdits{})
		b := w.browser()
		for _, path := range []string{"/ressources", "/ressources/" + r.Slug, "/ressources/" + r.Slug + "/calendrier", "/lieux/amos/calendrier", "/categories/studio/calendrier?vue=semaine"} {
			v := b.get(path).on(path[:len(path)-len(queryOfPath(path))], 200).has("&lt;script&gt;alert(1)")
			checkPage(t, path, v, "fr")
			if n := len(v.elements("svg", "onload", "alert(1)")) + len(v.elements("img", "", "")); n > 0 {
				t.Errorf("%s holds what a name brought", path)
			}
		}
	})
}

// queryOfPath is the query of an address, with its question mark.
func queryOfPath(path string) string {
	if i := strings.IndexByte(path, '?'); i >= 0 {
		return path[i:]
	}
	return ""
}

// TestPagesOfTheCatalogueTakeFewStatements: at most six, whoever asks, and as many for a larger network.
func TestPagesOfTheCatalogueTakeFewStatements(t *testing.T) {
	onEach(t, func(t *testing.T, w *town) {
		m := newMarket(w)
		b := w.browser()
		b.person("Zoé", "zoe@exemple.example")
		paths := []string{"/ressources", "/ressources?lieu=amos&jour=2026-11-24", "/ressources/amos-trotec", "/ressources/amos-grand-studio", "/ressources/amos-bureaux/calendrier",
			"/lieux/amos/calendrier", "/categories/studio/calendrier?vue=semaine", "/conditions/charte"}
		count := func() map[string]int64 {
			n := map[string]int64{}
			for _, path := range paths {
				b.get(path)                                                                                               // learns the terms
				m.clock.Move(11 * time.Second)                                                                            // who asks is looked up again, though not noted as seen
				m.books("zoe@exemple.example", "amos-bureaux", "America/Toronto", "2026-11-25T09:00", "2026-11-25T09:30") // a unit is cold
				before := w.statements.Load()
				b.get(path)
				n[path] = w.statements.Load() - before
				m.cancelAll()
			}
			return n
		}
		small := count()
		for i := range 30 {
			m.resource("halifax", "studio", inventory.Space, fmt.Sprintf("Table %02d", i), 1, inventory.ResourceEdits{})
		}
		large := count()
		for _, path := range paths {
			if small[path] > 6 || large[path] != small[path] {
				t.Errorf("%s takes %d statements, and %d in a larger network", path, small[path], large[path])
			}
		}
	})
}

// cancelAll calls off every booking.
func (m market) cancelAll() {
	m.t.Helper()
	var ids []string
	must(m.t, m.db.Reader(m.t.Context()).Select(&ids, `SELECT id FROM bookings WHERE status = 'confirmed'`))
	for _, id := range ids {
		_, err := m.book.Cancel(m.t.Context(), identity.System, id, 0, "", database.Key{})
		must(m.t, err)
	}
}
