package web

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"
	"golang.org/x/net/html"

	"canot/internal/database"
	"canot/internal/identity"
)

// An element is one of a page, by its attributes, with the text in it.
type element struct {
	has  map[string]string
	text string
}

// elements are those of a page that have a name and an attribute; "" asks for none.
func (v view) elements(name, attribute, value string) []element {
	v.t.Helper()
	doc, err := html.Parse(strings.NewReader(v.body))
	must(v.t, err)
	var found []element
	for n := range doc.Descendants() {
		if n.Type != html.ElementNode || n.Data != name {
			continue
		}
		e := element{has: map[string]string{}}
		for _, a := range n.Attr {
			e.has[a.Key] = a.Val
		}
		for in := range n.Descendants() {
			if in.Type == html.TextNode {
				e.text += in.Data
			}
		}
		e.text = strings.Join(strings.Fields(strings.ReplaceAll(e.text, "\u00a0", " ")), " ")
		if attribute == "" || e.has[attribute] == value {
			found = append(found, e)
		}
	}
	return found
}

// one is the only element of that kind.
func (v view) one(name, attribute, value string) element {
	v.t.Helper()
	all := v.elements(name, attribute, value)
	if len(all) != 1 {
		v.t.Fatalf("%s (%d) has %d <%s %s=%q>:\n%s", v.path, v.status, len(all), name, attribute, value, v.body)
	}
	return all[0]
}

// lacks asks that a page does not say something.
func (v view) lacks(texts ...string) view {
	v.t.Helper()
	for _, text := range texts {
		if strings.Contains(v.body, text) {
			v.t.Errorf("%s (%d) says %q:\n%s", v.path, v.status, text, v.body)
		}
	}
	return v
}

// fill proves a new address and returns the flow of its sign-up.
func (b *browser) fill(email string) string {
	b.w.t.Helper()
	b.post("/connexion", "email", email)
	return b.post("/connexion/lien", "secret", b.get(b.w.link()).hidden("secret")).on("/connexion/inscription", 200).hidden("flow")
}

func TestAWrongFieldIsSaidWhereItIs(t *testing.T) {
	w := newTown(t, "sqlite", false)
	b := w.browser()
	v := b.post("/connexion", "email", "zoe@").on("/connexion", 400)
	input := v.one("input", "id", "email")
	about := v.one("p", "id", "email-wrong")
	if input.has["aria-invalid"] != "true" || !strings.Contains(input.has["aria-describedby"], "email-wrong") || about.text != "Écrivez votre adresse au complet, comme nom@exemple.ca." {
		t.Errorf("%v %q", input.has, about.text)
	}
	if _, first := input.has["autofocus"]; !first {
		t.Error("the wrong field has not the cursor")
	}
	if title := v.one("title", "", "").text; !strings.HasPrefix(title, "Erreur : ") {
		t.Errorf("title %q", title)
	}
	b.send(v.form("/en/connexion")).on("/en/connexion", 200).has(`value="zoe@"`)

	flow := b.fill("zoe@exemple.example")
	for name, c := range map[string]struct {
		field, says string
		form        []string
	}{
		"no name":    {"name", "Écrivez votre nom.", []string{"consent", "yes"}},
		"no consent": {"consent", "Cochez la case pour donner votre accord.", []string{"name", "Zoé"}},
		"to come":    {"birth_date", "Cette date est à venir : vérifiez l’année.", []string{"name", "Zoé", "consent", "yes", "birth_date", "2062-04-01"}},
		"no date":    {"birth_date", "Cette date ne se lit pas : donnez l’année, le mois et le jour.", []string{"name", "Zoé", "consent", "yes", "birth_date", "avril"}},
	} {
		v := b.post("/connexion/inscription", append(c.form, "flow", flow)...)
		if got := v.one("p", "id", c.field+"-wrong").text; v.status != 400 || got != c.says {
			t.Errorf("%s: %d %q", name, v.status, got)
		}
		alert := v.one("div", "role", "alert").text
		if !strings.HasPrefix(alert, "Il reste quelque chose à corriger") || strings.Contains(alert, "«") {
			t.Errorf("%s: %q", name, alert)
		}
		if v.one("a", "href", "#"+c.field).text != c.says || v.one("input", "id", c.field).has["aria-invalid"] != "true" {
			t.Errorf("%s: not tied to its field", name)
		}
	}
	all := b.post("/connexion/inscription", "flow", flow, "birth_date", "2062-04-01", "hub", "").on("/connexion/inscription", 400)
	for field, says := range map[string]string{"name": "Écrivez votre nom.", "birth_date": "Cette date est à venir", "consent": "Cochez la case"} {
		if got := all.one("p", "id", field+"-wrong").text; !strings.HasPrefix(got, says) {
			t.Errorf("with all that is wrong, %s: %q", field, got)
		}
	}
	english := b.send(b.post("/connexion/inscription", "flow", flow, "name", "Zoé", "birth_date", "2062-04-01", "consent", "yes").form("/en/connexion/inscription")).
		on("/en/connexion/inscription", 200).has("Open my account", `value="Zoé"`, `value="2062-04-01"`)
	if _, ticked := english.one("input", "id", "consent").has["checked"]; !ticked {
		t.Error("the box is not ticked any more")
	}
}

func TestASignUpIsAskedForOnlyWhereItIsUnderWay(t *testing.T) {
	onEach(t, func(t *testing.T, w *town) {
		b := w.browser()
		flow := b.fill("zoe@exemple.example")
		b.get("/connexion/inscription?flow=" + flow).has("Votre adresse est confirmée")
		for _, other := range []*browser{b, w.browser()} {
			v := other.get("/connexion/inscription?flow=zzz").on("/connexion/inscription", 401).lacks("Votre adresse est confirmée")
			if got := v.one("a", "class", "button"); got.has["href"] != "/connexion" || got.text != "Recevoir un lien" {
				t.Errorf("it leads to %v", got)
			}
		}
		w.browser().get("/connexion/inscription?flow="+flow).on("/connexion/inscription", 401)
		b.post("/connexion/inscription", "flow", flow, "name", "Zoé", "consent", "yes").on("/compte", 200)
		b.get("/connexion/inscription?flow="+flow).on("/compte", 200)
	})
}

func TestALinkThatWasUsedLeadsToAnother(t *testing.T) {
	w := newTown(t, "sqlite", false)
	b := w.browser()
	b.person("Zoé", "zoe@exemple.example")
	secret := strings.Repeat("a", 43)
	v := w.browser().post("/connexion/lien", "secret", secret).on("/connexion/lien", 401).has("Demandez-en un autre")
	if got := v.one("a", "class", "button").has["href"]; got != "/connexion" {
		t.Errorf("it leads to %q", got)
	}
}

// TestALinkIsReadInTheOtherLanguage: its secret goes along in a form, and comes into no other address.
func TestALinkIsReadInTheOtherLanguage(t *testing.T) {
	w := newTown(t, "sqlite", false)
	b := w.browser()
	b.post("/connexion", "email", "zoe@exemple.example")
	page := b.get(w.link())
	secret := page.hidden("secret")
	for _, e := range page.elements("a", "", "") {
		if strings.Contains(e.has["href"], secret) {
			t.Errorf("the secret is in %s", e.has["href"])
		}
	}
	other := b.send(page.form("/en/connexion/lien")).on("/en/connexion/lien", 200).has("You are almost there")
	checkPage(t, "/en/connexion/lien", other, "en")
	b.post("/en/connexion/lien", "secret", other.hidden("secret")).on("/en/connexion/inscription", 200)
}

func TestWhoTapsTwiceGoesOn(t *testing.T) {
	onEach(t, func(t *testing.T, w *town) {
		b := w.browser()
		flow := b.fill("zoe@exemple.example")
		for range 2 {
			b.post("/connexion/inscription", "flow", flow, "name", "Zoé", "consent", "yes").on("/compte", 200).has("Mon compte", "Zoé")
		}
		b = w.browser()
		b.post("/connexion", "email", "zoe@exemple.example")
		secret := b.get(w.link()).hidden("secret")
		for range 2 {
			b.post("/connexion/lien", "secret", secret).on("/compte", 200).has("Zoé")
		}
		b = w.browser()
		page := b.post("/connexion", "email", "zoe@exemple.example")
		code := w.code()
		for range 2 {
			b.post("/connexion/code", "flow", page.hidden("flow"), "code", code).on("/compte", 200).has("Zoé")
		}
		w.clock.Move(time.Hour) // it was not this browser's tap any more
		b.post("/connexion/lien", "secret", secret).on("/connexion/lien", 401)
	})
}

func TestTheCodePageNamesTheAddressToItsBrowserAlone(t *testing.T) {
	w := newTown(t, "sqlite", false)
	b := w.browser()
	r, err := http.NewRequest("POST", w.url+"/connexion", strings.NewReader("email=zoe%40exemple.example"))
	must(t, err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	b.http.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	address := b.do(r).header.Get("Location")
	b.http.CheckRedirect = nil
	if strings.Contains(address, "zoe") || !strings.Contains(address, "flow=") {
		t.Errorf("the address of the page is %q", address)
	}
	b.get(address).has("Si l’adresse zoe@exemple.example est bonne")
	w.browser().get(address).lacks("zoe@").has("Si l’adresse est bonne")
	b.get("/connexion/code").on("/connexion", 200)

	flow := b.get(address).hidden("flow")
	right, wrong := w.code(), "000000"
	if right == wrong {
		wrong = "000001"
	}
	for range 4 {
		b.post("/connexion/code", "flow", flow, "code", wrong).on("/connexion/code", 401).lacks("Trop d’essais")
	}
	v := b.post("/connexion/code", "flow", flow, "code", wrong).on("/connexion/code", 401).has("Trop d’essais", "Demandez un nouveau lien.")
	if n := len(v.elements("input", "name", "code")); n != 0 {
		t.Error("a code is asked for that does not count")
	}
}

func TestAServerWithoutMailSaysSo(t *testing.T) {
	w := newTown(t, "sqlite", false)
	w.site.NoMail = true
	b := w.browser()
	const says = "aucun lien ne peut partir"
	if n := len(b.get("/connexion").has(says).elements("form", "action", "/connexion")); n != 0 {
		t.Error("a link is offered")
	}
	b.post("/connexion", "email", "zoe@exemple.example").on("/connexion", 503).has(says).lacks("vient de partir")
	var asked int
	must(t, w.db.Reader(t.Context()).Get(&asked, `SELECT count(*) FROM sign_ins`))
	if asked != 0 {
		t.Errorf("%d requests for letters that nothing sends", asked)
	}
}

func TestAnAddressOfAFormLeadsToTheAccount(t *testing.T) {
	w := newTown(t, "sqlite", false)
	for _, path := range []string{"/deconnexion", "/connexion/mot-de-passe", "/connexion/organisation", "/connexion/sessions", secondPath + "/confirmer", secondPath + "/codes"} {
		w.browser().get(path).on("/connexion", 200)
		w.browser().get("/en"+path).on("/en/connexion", 200)
	}
}

func TestBrowsersGetPagesWhenSomethingIsWrong(t *testing.T) {
	w := newTown(t, "sqlite", false)
	for _, c := range []struct {
		method, path, origin, accept string
		status                       int
		page                         string // its language, "" for no page
	}{
		{"POST", "/confidentialite", "", "text/html", 405, "fr"},
		{"POST", "/en/confidentialite", "", "text/html", 405, "en"},
		{"GET", "/rien", "", "text/html", 404, "fr"},
		{"POST", "/connexion", "https://evil.example", "text/html", 403, "fr"},
		{"POST", "/connexion", "https://evil.example", "application/json", 403, ""},
		{"GET", "/api/v1/rien", "", "text/html", 404, ""},
		{"GET", "/rien", "", "", 404, ""},
	} {
		r, err := http.NewRequest(c.method, w.url+c.path, nil)
		must(t, err)
		r.Header.Set("Accept", c.accept)
		if c.origin != "" {
			r.Header.Set("Origin", c.origin)
			r.Header.Set("Sec-Fetch-Site", "cross-site")
		}
		v := w.browser().do(r)
		isPage := strings.HasPrefix(v.header.Get("Content-Type"), "text/html")
		if v.status != c.status || isPage != (c.page != "") {
			t.Errorf("%s %s: %d %s", c.method, c.path, v.status, v.header.Get("Content-Type"))
		} else if isPage {
			checkPage(t, c.path, v, c.page)
			v.lacks("Allow")
		}
	}
}

// staff is a browser in which an administrator is about to set up their second step.
func (w *town) staff() *browser {
	w.t.Helper()
	w.browser().person("Anne", "anne@exemple.example")
	var id string
	must(w.t, w.db.Reader(w.t.Context()).Get(&id, `SELECT id FROM members`))
	must(w.t, w.people.GrantRole(w.t.Context(), identity.System, id, identity.Grant{Role: identity.Administrator}, database.Key{}))
	w.people.Forget(id)
	b := w.browser()
	page := b.post("/connexion", "email", "anne@exemple.example")
	b.post("/connexion/code", "flow", page.hidden("flow"), "code", w.code()).on(secondPath, 200)
	return b
}

var shownSecret = regexp.MustCompile(`<code>([A-Z2-7 ]+)</code>`)

func secretOf(v view) string {
	v.t.Helper()
	m := shownSecret.FindStringSubmatch(v.body)
	if m == nil {
		v.t.Fatalf("%s shows no key:\n%s", v.path, v.body)
	}
	return strings.ReplaceAll(m[1], " ", "")
}

func TestAWrongCodeLosesNothing(t *testing.T) {
	onEach(t, func(t *testing.T, w *town) {
		b := w.staff()
		secret := secretOf(b.post(newSecondPath).on(newSecondPath, 200))
		v := b.post(secondPath+"/confirmer", "code", "12").has("<svg class=\"qr\"", "vérifiez l’heure de votre téléphone")
		if again := secretOf(v); again != secret {
			t.Errorf("the key was %s and is %s", secret, again)
		}
		if again := secretOf(b.get("/en" + newSecondPath)); again != secret {
			t.Errorf("in English the key is %s", again)
		}
		code, err := totp.GenerateCode(secret, w.clock.Now())
		must(t, err)
		first := b.post(secondPath+"/confirmer", "code", code).has("Je les ai notés")
		// The page of the codes, loaded again.
		b.post(secondPath+"/confirmer", "code", code).on(devicesPath, 200).has("La deuxième étape est en place", "Faire de nouveaux codes")
		others := b.post(secondPath+"/codes").on(secondPath+"/codes", 200)
		if n := strings.Count(others.body, "<li><code>"); n != 10 || others.body == first.body {
			t.Errorf("%d other codes", n)
		}
		b.get(newSecondPath).on("/compte", 200)
	})
}

func TestAllSessionsCloseAtOnce(t *testing.T) {
	onEach(t, func(t *testing.T, w *town) {
		phone, library := w.browser(), w.browser()
		phone.person("Zoé", "zoe@exemple.example")
		page := library.post("/connexion", "email", "zoe@exemple.example")
		library.post("/connexion/code", "flow", page.hidden("flow"), "code", w.code()).on("/compte", 200)
		library.get(devicesPath).has("Fermer toutes mes sessions")
		phone.post("/connexion/sessions").on("/connexion", 200).has("Toutes vos sessions sont fermées", "Recevoir un lien")
		for name, b := range map[string]*browser{"this browser": phone, "the other": library} {
			if v := b.get("/compte/donnees"); v.path != "/connexion" {
				t.Errorf("%s still reads %s", name, v.path)
			}
		}
		w.browser().post("/connexion/sessions").on("/connexion", 200)
	})
}

func TestAnAccountIsErasedInTwoSteps(t *testing.T) {
	onEach(t, func(t *testing.T, w *town) {
		b := w.browser()
		b.person("Zoé", "zoe@exemple.example")
		if got := b.get("/compte/donnees").one("a", "href", erasePath).text; got != "Faire effacer mon compte" {
			t.Errorf("it says %q", got)
		}
		checkPage(t, erasePath, b.get(erasePath).has("Ce qui reste, sans votre nom"), "fr")
		v := b.post(erasePath).on(erasePath, 400)
		if v.one("input", "id", "sure").has["aria-invalid"] != "true" {
			t.Error("the box is not pointed at")
		}
		b.get("/compte/donnees").has("zoe@exemple.example") // nothing happened yet
		b.post(erasePath, "sure", "yes").on("/connexion", 200).has("Votre compte est effacé")
		b.get("/compte/donnees").on("/connexion", 200)
		var left int
		must(t, w.db.Reader(t.Context()).Get(&left, `SELECT count(*) FROM members WHERE email <> ''`))
		if left != 0 {
			t.Error("the address is still there")
		}
		w.browser().post(erasePath, "sure", "yes").on("/connexion", 200)
	})
}

func TestWhoIsAskedWhileNobodyIsNamed(t *testing.T) {
	w := newTown(t, "sqlite", false)
	must(t, w.db.In(t.Context(), func(tx *database.Tx) error {
		for _, s := range []string{
			`INSERT INTO operators (id, slug, legal_name, email) VALUES ('op1', 'op1', 'Fab', 'siege@fab.example')`,
			`INSERT INTO regions (id, slug, name) VALUES ('r1', 'r1', '{"fr":"Nord"}')`,
			`INSERT INTO hubs (id, slug, region_id, operator_id, name, town, time_zone, latitude, longitude, phone, email)
				VALUES ('h1', 'h1', 'r1', 'op1', '{"fr":"Hub du Nord"}', 'Amos', 'America/Toronto', 48.5, -78.1, '819 555-0101', 'nord@fab.example')`,
		} {
			if _, err := tx.Exec(s); err != nil {
				return err
			}
		}
		return nil
	}))
	w.browser().get("/confidentialite").has("Aucune personne n’est encore nommée", "Hub du Nord", "mailto:nord@fab.example", "819 555-0101").lacks("Écrivez-lui", "siege@")
	w.browser().get("/en/confidentialite").has("Nobody is named yet").lacks("Write to them")
}
