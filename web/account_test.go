package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"canot/booking/membership"
	"canot/internal/database"
	"canot/internal/database/dbtest"
	"canot/internal/identity"
	"canot/inventory"
)

// again signs somebody who has an account in, in another browser.
func (w *town) again(email string) *browser {
	w.t.Helper()
	_, err := w.db.RunDue(w.t.Context(), w.post.Handlers()) // other letters first
	must(w.t, err)
	b := w.browser()
	page := b.post("/connexion", "email", email)
	b.post("/connexion/code", "flow", page.hidden("flow"), "code", w.code()).on("/compte", 200)
	return b
}

// ruler is somebody who may do everything, in a browser that has shown both factors.
func (w *town) ruler(email string) *browser {
	w.t.Helper()
	id := w.idOf(email)
	must(w.t, w.people.GrantRole(w.t.Context(), identity.System, id, identity.Grant{Role: identity.Administrator}, database.Key{}))
	w.people.Forget(id)
	var secret string
	must(w.t, w.db.In(w.t.Context(), func(tx *database.Tx) (err error) {
		secret, _, err = w.people.OpenSession(tx, id, "link", 2, "")
		return err
	}))
	b := w.browser()
	at, err := url.Parse(w.url)
	must(w.t, err)
	b.http.Jar.SetCookies(at, []*http.Cookie{{Name: "canot", Value: secret}})
	b.get("/compte").on("/compte", 200)
	return b
}

// idOf is somebody's id, by their address.
func (w *town) idOf(email string) string {
	w.t.Helper()
	var id string
	must(w.t, w.db.Reader(w.t.Context()).Get(&id, `SELECT id FROM members WHERE email = $1`, email))
	return id
}

// workshop gives the town a hub with a laser cutter that asks for a certification, and returns its id.
func (w *town) workshop() (hub string) {
	w.t.Helper()
	ctx, c := w.t.Context(), w.site.Catalog
	text := func(s string) *inventory.Text { return &inventory.Text{"fr": s} }
	slug := func(s string) *string { return &s }
	float := func(f float64) *float64 { return &f }
	_, err := c.CreateRegion(ctx, identity.System, inventory.NamedEdits{Slug: slug("nord"), Name: text("Nord")}, database.Key{})
	must(w.t, err)
	_, err = c.CreateOperator(ctx, identity.System, inventory.OperatorEdits{Slug: slug("coop"), LegalName: slug("Coop du Nord")}, database.Key{})
	must(w.t, err)
	_, err = c.CreateCategory(ctx, identity.System, inventory.NamedEdits{Slug: slug("laser-cutter"), Name: text("Découpe")}, database.Key{})
	must(w.t, err)
	h, err := c.CreateHub(ctx, identity.System, inventory.HubEdits{Slug: slug("amos"), Name: text("Hub d’Amos"), Region: slug("nord"), Operator: slug("coop"),
		Latitude: float(48.5), Longitude: float(-78.1), TimeZone: slug("America/Toronto"), Phone: slug("819 555-0101")}, database.Key{})
	must(w.t, err)
	_, err = w.site.Roster.CreateCertification(ctx, identity.System, membership.CertificationEdits{Slug: slug("laser"), Name: text("Découpe laser")}, database.Key{})
	must(w.t, err)
	kind := inventory.Machine
	_, err = c.CreateResource(ctx, identity.System, inventory.ResourceEdits{Hub: &h.ID, Category: slug("laser-cutter"), Kind: &kind, Name: text("Trotec <b>"),
		Policy: inventory.PolicyEdits{Certifications: &[]string{"laser"}}}, database.Key{})
	must(w.t, err)
	return h.ID
}

func TestAnAccountSaysWhatOneHasAndWhatIsMissing(t *testing.T) {
	onEach(t, func(t *testing.T, w *town) {
		hub := w.workshop()
		b := w.browser()
		b.person("Zoé <script>", "zoe@exemple.example")
		checkPage(t, "/compte", b.get("/compte").on("/compte", 200).has("Zoé &lt;script&gt;", "Vous n’avez pas de forfait", "Choisissez votre hub"), "fr")
		form := b.get(profilePath)
		b.post(profilePath, "version", form.hidden("version"), "name", "Zoé", "phone", "819 555-0199", "language", "fr", "hub", hub, "clientele", "artists").
			on("/compte", 200).has("C’est enregistré", "819 555-0199", "Hub d’Amos", "Artistes")
		v := b.get("/compte").has("Découpe laser", "Trotec &lt;b&gt;", "tel:8195550101")
		if got := v.one("a", "href", "/ressources/amos-trotec-b").text; got != "Trotec <b>" {
			t.Errorf("the machine is called %q", got)
		}

		ctx, zoe := t.Context(), membership.Holder{MemberID: w.idOf("zoe@exemple.example")}
		month := int64(600)
		slug, until := "createur", "2027-03-01"
		_, err := w.site.Roster.CreateTier(ctx, identity.System, membership.TierEdits{Slug: &slug, Name: &inventory.Text{"fr": "Créateur"},
			Allowances: &[]membership.Allowance{{CategorySlug: "laser-cutter", MonthMin: &month, PricePercent: 100}}}, database.Key{})
		must(t, err)
		_, err = w.site.Roster.StartMembership(ctx, identity.System, membership.NewMembership{Holder: zoe, Tier: slug, Hub: hub, EndsOn: &until}, database.Key{})
		must(t, err)
		a, err := w.site.Roster.Account(ctx, identity.Actor{ID: zoe.MemberID}, hub)
		must(t, err)
		_, err = w.site.Roster.AdjustAllowance(ctx, identity.System, membership.AllowanceAdjustment{Holder: zoe, AllowanceID: a.Buckets[0].AllowanceID, Period: "month", Minutes: -390, Reason: "other"}, database.Key{})
		must(t, err)
		_, err = w.site.Roster.SellPack(ctx, identity.System, membership.NewPack{Holder: zoe, Hub: hub, Minutes: 120}, database.Key{})
		must(t, err)
		_, err = w.site.Roster.GiveCertificate(ctx, identity.System, membership.NewCertificate{MemberID: zoe.MemberID, Certification: "laser", Hub: hub}, database.Key{})
		must(t, err)
		v = b.get("/compte").has("Créateur", "Il reste 3\u00a0h\u00a030 sur 10\u00a0h ce mois-ci", "il reste 2\u00a0h sur 2\u00a0h", "Du 21\u00a0novembre 2026 au 1er\u00a0mars 2027", "Il ne vous en manque aucune").
			lacks("Trotec")
		checkPage(t, "/compte", v, "fr")
		checkPage(t, "/en/compte", b.get("/en/compte").has("3\u00a0h 30\u00a0min left of 10\u00a0hours this month", `<span lang="fr">Découpe laser</span>`), "en")

		// Somebody else sees nothing of it.
		luc := w.browser()
		luc.person("Luc", "luc@exemple.example")
		luc.get("/compte").on("/compte", 200).lacks("Créateur", "Découpe laser", "Zoé")
		w.browser().get("/compte").on("/connexion", 200)
	})
}

func TestAFormOfOnesDetailsKeepsWhatWasTyped(t *testing.T) {
	w := newTown(t, "sqlite", false)
	b := w.browser()
	b.person("Zoé", "zoe@exemple.example")
	form := b.get(profilePath)
	checkPage(t, profilePath, form, "fr")
	version := form.hidden("version")
	v := b.post(profilePath, "version", version, "name", "", "phone", "555", "language", "fr").on(profilePath, 400).has(`value="555"`, "Écrivez votre nom")
	checkPage(t, profilePath, v, "fr")
	if v.one("input", "id", "name").has["aria-invalid"] != "true" {
		t.Error("the name is not pointed at")
	}
	// Of two browsers at once, the second is told.
	b.post(profilePath, "version", version, "name", "Zoé B.", "language", "fr").on("/compte", 200)
	b.post(profilePath, "version", version, "name", "Zoé C.", "language", "fr").on(profilePath, 412).has(`value="Zoé C."`)
	b.post(profilePath, "version", form.hidden("version"), "name", "Zoé", "hub", "nowhere", "language", "fr").has(`role="alert"`)
	// Another language is gone on in.
	b.post(profilePath, "name", "Zoé", "language", "en").on(profilePath, 412) // a form says what it was made from
	form = b.get(profilePath)
	b.post(profilePath, "version", form.hidden("version"), "name", "Zoé", "language", "en").on("/en/compte", 200).has("Saved")
	w.browser().post(profilePath, "name", "X").on(profilePath, 401)
}

func TestOneEndsOnesOwnSessionsAndNobodyElses(t *testing.T) {
	onEach(t, func(t *testing.T, w *town) {
		zoe, luc := w.browser(), w.browser()
		zoe.person("Zoé", "zoe@exemple.example")
		luc.person("Luc", "luc@exemple.example")
		phone := w.again("zoe@exemple.example")
		v := zoe.get(devicesPath).on(devicesPath, 200)
		checkPage(t, devicesPath, v, "fr")
		if n := len(v.elements("input", "name", "session")); n != 1 {
			t.Fatalf("%d sessions to end:\n%s", n, v.body)
		}
		other := v.hidden("session")
		luc.post(devicesPath+"/fermer", "session", other).on(devicesPath, 200)
		phone.get("/compte").on("/compte", 200)
		// Not even by somebody who may manage the network: this page is about oneself.
		w.ruler("luc@exemple.example").post(devicesPath+"/fermer", "session", other).on(devicesPath, 200)
		phone.get("/compte").on("/compte", 200)

		zoe.post(devicesPath+"/fermer", "session", other).on(devicesPath, 200).has("n’est plus dans votre compte")
		phone.get("/compte").on("/connexion", 200)
		tablet := w.again("zoe@exemple.example")
		zoe.post(devicesPath+"/autres").on(devicesPath, 200)
		tablet.get("/compte").on("/connexion", 200)
		zoe.get("/compte").on("/compte", 200)
		w.browser().post(devicesPath+"/autres").on(devicesPath+"/autres", 401)
		w.browser().post(devicesPath+"/fermer", "session", other).on(devicesPath+"/fermer", 401)
	})
}

func TestATokenIsShownOnce(t *testing.T) {
	onEach(t, func(t *testing.T, w *town) {
		zoe := w.browser()
		zoe.person("Zoé", "zoe@exemple.example")
		w.browser().person("Luc", "luc@exemple.example")
		form := zoe.get(accessPath).on(accessPath, 200).lacks(`value="staff"`, `value="admin"`)
		checkPage(t, accessPath, form, "fr")
		fields := []string{"key", form.hidden("key"), "label", "Affichage <i>", "scope", "read", "days", "30"}
		v := zoe.post(tokensPath, fields...).on(tokensPath, 200).has("il ne sera plus jamais montré", "Affichage &lt;i&gt;")
		checkPage(t, tokensPath, v, "fr")
		secret := v.one("code", "", "").text
		a, err := w.people.Authenticate(t.Context(), secret)
		if err != nil || a.ID != w.idOf("zoe@exemple.example") || a.Holds(identity.ScopeBook) {
			t.Errorf("it speaks for %v, %v", a, err)
		}
		zoe.post(tokensPath, fields...).lacks(secret).has(`role="alert"`) // tapped twice: no second one
		list := zoe.get(accessPath).lacks(secret).has(secret[:12])
		if n := len(list.elements("input", "name", "token")); n != 1 {
			t.Errorf("%d tokens", n)
		}
		zoe.post(tokensPath, "label", "Tout", "scope", "admin", "days", "30").has(`role="alert"`, `value="Tout"`).lacks(`class="secret"`)
		zoe.post(tokensPath, "label", "Tout", "scope", "read", "days", "9999").on(tokensPath, 400).has(`role="alert"`)
		// Nor is it had by who has shown two factors: the page offers what a role could use.
		var whole string
		must(t, w.db.In(t.Context(), func(tx *database.Tx) (err error) {
			whole, _, err = w.people.OpenSession(tx, w.idOf("zoe@exemple.example"), "passkey", 2, "")
			return err
		}))
		at, err := url.Parse(w.url)
		must(t, err)
		both := w.browser()
		both.http.Jar.SetCookies(at, []*http.Cookie{{Name: "canot", Value: whole}})
		both.get(accessPath).on(accessPath, 200)
		both.post(tokensPath, "label", "Tout", "scope", "admin", "days", "30").on(tokensPath, 400).has(`role="alert"`)

		id := list.hidden("token")
		w.ruler("luc@exemple.example").post(tokensPath+"/revoquer", "token", id)
		if _, err := w.people.Authenticate(t.Context(), secret); err != nil {
			t.Errorf("somebody else ended it: %v", err)
		}
		zoe.post(tokensPath+"/revoquer", "token", id).on(accessPath, 200).has("ne vaut plus").lacks(secret[:12])
		if _, err := w.people.Authenticate(t.Context(), secret); err == nil {
			t.Error("it still counts")
		}
		w.browser().post(tokensPath, fields...).on(tokensPath, 401)
	})
}

// TestPagesOfAnAccountAreFewStatements counts what each page asks the data base, with a session
// that is not remembered.
func TestPagesOfAnAccountAreFewStatements(t *testing.T) {
	for _, engine := range dbtest.Engines {
		w := newTown(t, engine, false)
		hub := w.workshop()
		b := w.browser()
		b.person("Zoé", "zoe@exemple.example")
		b.post(profilePath, "name", "Zoé", "hub", hub, "language", "fr")
		for _, path := range []string{"/compte", profilePath, devicesPath, accessPath, upcomingPath, offlinePath} {
			b.get(path) // what may be remembered is, but for the session
			w.people.Forget(w.idOf("zoe@exemple.example"))
			before := w.statements.Load()
			b.get(path)
			if n := w.statements.Load() - before; n > 6 {
				t.Errorf("%s on %s: %d statements", path, engine, n)
			}
		}
	}
}

func TestAPageOfAnAccountWithoutASessionLeadsBackToIt(t *testing.T) {
	w := newTown(t, "sqlite", true)
	w.browser().person("Zoé", "zoe@exemple.example")
	for _, path := range []string{"/compte", profilePath, devicesPath, accessPath, erasePath} {
		b := w.browser()
		w.clock.Move(20 * time.Minute) // so many letters at once would be slowed
		b.get(path).on("/connexion", 200).has("la page que vous vouliez ouvrir")
		page := b.post("/connexion", "email", "zoe@exemple.example")
		if got := b.post("/connexion/code", "flow", page.hidden("flow"), "code", w.code()); got.path != path {
			t.Errorf("%s leads to %s", path, got.path)
		}
	}
	if strings.Contains(w.browser().get("/connexion").body, "la page que vous vouliez ouvrir") {
		t.Error("a page is promised that nobody asked for")
	}
}

func TestTheAddressOfACalendarIsShownOnce(t *testing.T) {
	onEach(t, func(t *testing.T, w *town) {
		hub := w.workshop()
		zoe := w.browser()
		zoe.person("Zoé", "zoe@exemple.example")
		w.browser().person("Luc", "luc@exemple.example")
		form := zoe.get(accessPath).has("Mettre mes réservations dans mon agenda").lacks("L’agenda d’un hub")
		key := form.hidden("key")
		v := zoe.post(calendarsPath, "key", key).on(calendarsPath, 200)
		checkPage(t, calendarsPath, v, "fr")
		address := v.one("code", "", "").text
		secret := strings.TrimSuffix(strings.TrimPrefix(address, w.url+"/calendars/private/"), ".ics")
		v.has(strings.Replace(address, "http://", "webcal://", 1))
		reader, err := w.people.CalendarReader(t.Context(), secret)
		if err != nil || reader.Actor.ID != w.idOf("zoe@exemple.example") || reader.HubID != "" {
			t.Fatalf("%q is read by %+v, %v", secret, reader, err)
		}
		zoe.post(calendarsPath, "key", key).has(`role="alert"`).lacks(secret) // tapped twice
		list := zoe.get(accessPath).has("Faire une autre adresse").lacks(secret)
		checkPage(t, accessPath, list, "fr")
		zoe.post(calendarsPath, "hub", hub).lacks("/calendars/private/") // no right there

		id := list.hidden("calendar")
		w.ruler("luc@exemple.example").post(calendarsPath+"/fermer", "calendar", id).on(accessPath, 200)
		if _, err := w.people.CalendarReader(t.Context(), secret); err != nil {
			t.Errorf("somebody else closed it: %v", err)
		}
		zoe.post(calendarsPath, "hub", "").on(calendarsPath, 200).lacks(secret)
		if _, err := w.people.CalendarReader(t.Context(), secret); err == nil {
			t.Error("the old address still counts")
		}
		zoe.post(calendarsPath+"/fermer", "calendar", zoe.get(accessPath).hidden("calendar")).on(accessPath, 200).has("ne vaut plus", "Mettre mes réservations dans mon agenda")
		w.browser().post(calendarsPath).on(calendarsPath, 401)
	})
}

// A session of two steps, as a demo opens them, does not say that the account has a second step.
func TestTheSecondStepIsOfTheAccount(t *testing.T) {
	w := newTown(t, "sqlite", false)
	w.browser().person("Zoé", "zoe@exemple.example")
	b := w.ruler("zoe@exemple.example")
	b.get(devicesPath).on(devicesPath, 200).has("La mettre en place").lacks("La deuxième étape est en place")
}
