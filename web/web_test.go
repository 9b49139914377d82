package web

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/pquerna/otp/totp"
	"golang.org/x/net/html"

	"canot/booking"
	"canot/booking/calendar"
	"canot/booking/membership"
	"canot/internal/database"
	"canot/internal/database/dbtest"
	"canot/internal/identity"
	"canot/internal/identity/privacy"
	"canot/internal/identity/signin"
	"canot/inventory"
	"canot/inventory/files"
	"canot/inventory/stock"
	"canot/inventory/upkeep"
	"canot/web/assets"
	"canot/web/edge"
	"canot/web/mail"
)

var now = time.Date(2026, 11, 21, 15, 0, 0, 0, time.UTC)

// A town is a server with the pages, and the mail that it sends.
type town struct {
	t      *testing.T
	db     *database.DB
	people *identity.Directory
	book   *booking.Book
	kept   *mail.Kept
	site   *Site
	post   *mail.Post
	clock  *dbtest.Clock
	url    string

	statements atomic.Int64 // sent to the data base, with BEGIN and COMMIT
}

func newTown(t *testing.T, engine string, demo bool) *town {
	t.Helper()
	return newTownWith(t, engine, demo, func(*town) {})
}

// newTownWith is newTown with what is done to the site before its pages are mounted.
func newTownWith(t *testing.T, engine string, demo bool, before func(w *town)) *town {
	t.Helper()
	w := &town{t: t, kept: &mail.Kept{}, clock: dbtest.NewClock(now)}
	w.db = dbtest.Open(t, engine, database.Settings{Clock: w.clock.Now, Observe: func(string) { w.statements.Add(1) }})
	catalog := inventory.New(w.db)
	w.people = identity.New(w.db)
	handler, err := edge.New(edge.Settings{Log: slog.New(slog.DiscardHandler), LargeBodies: LargeBodies(), Page: func(c *gin.Context, err error) { w.site.Problem(c, err) }})
	must(t, err)
	server := httptest.NewServer(edge.Front(handler))
	t.Cleanup(server.Close)
	w.url = server.URL
	gate := signin.New(w.db, w.people, signin.Settings{PublicURL: w.url})
	roster := membership.New(w.db)
	w.book = booking.New(w.db, catalog, w.people, roster)
	deps := Deps{DB: w.db, Gate: gate, Directory: w.people, Catalog: catalog, Roster: roster, Book: w.book, Feeds: calendar.New(w.db), Stock: stock.New(w.db, catalog), Files: files.New(w.db), Upkeep: upkeep.New(w.db, catalog), PublicURL: w.url, Privacy: privacy.New(w.db, w.people, privacy.Part{Name: "account", About: identity.About, Erase: identity.Forget})}
	if demo {
		deps.Kept = w.kept
	}
	w.site = New(deps)
	before(w)
	assets.Mount(handler)
	w.site.Mount(handler.Group("", edge.NewDoor(w.people, nil, w.url).Who()))
	w.post = mail.New(mail.Deps{
		DB: w.db, Catalog: catalog, Book: w.book, People: w.people, Send: w.kept,
		Log: slog.New(slog.DiscardHandler), PublicURL: w.url,
		Secrets: func(ctx context.Context, id string) (mail.SignIn, error) {
			l, err := gate.Secrets(ctx, id)
			return mail.SignIn{Email: l.Email, Language: l.Language, Link: l.Link, Code: l.Code, New: l.New, ExpiresAt: l.ExpiresAt}, err
		},
	})
	return w
}

func onEach(t *testing.T, f func(t *testing.T, w *town)) {
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			f(t, newTown(t, engine, true))
		})
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// letter sends what waits and returns the latest message.
func (w *town) letter() mail.KeptMessage {
	w.t.Helper()
	_, err := w.db.RunDue(w.t.Context(), w.post.Handlers())
	must(w.t, err)
	all := w.kept.Messages()
	if len(all) == 0 {
		w.t.Fatal("no mail")
	}
	return all[0]
}

var (
	inLetter = regexp.MustCompile(`https?://\S+/connexion/lien\?\S+`)
	codeLine = regexp.MustCompile(`(?m)^    \d{6}$`)
)

func (w *town) link() string { return w.found(inLetter) }

func (w *town) code() string { return strings.TrimSpace(w.found(codeLine)) }

// found is what matches in the newest letter that has it.
func (w *town) found(what *regexp.Regexp) string {
	w.t.Helper()
	w.letter()
	for _, m := range w.kept.Messages() {
		if got := what.FindString(m.Text); got != "" {
			return got
		}
	}
	w.t.Fatalf("no letter has %v", what)
	return ""
}

// A browser keeps cookies and follows redirects.
type browser struct {
	w    *town
	http *http.Client
}

func (w *town) browser() *browser {
	jar, err := cookiejar.New(nil)
	must(w.t, err)
	return &browser{w, &http.Client{Jar: jar}}
}

// A view is a page as a browser has it.
type view struct {
	t      *testing.T
	status int
	path   string
	header http.Header
	body   string
}

func (b *browser) do(r *http.Request) view {
	b.w.t.Helper()
	answer, err := b.http.Do(r)
	must(b.w.t, err)
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	must(b.w.t, err)
	return view{b.w.t, answer.StatusCode, answer.Request.URL.Path, answer.Header, string(body)}
}

func (b *browser) get(address string) view {
	b.w.t.Helper()
	if !strings.HasPrefix(address, "http") {
		address = b.w.url + address
	}
	r, err := http.NewRequest("GET", address, nil)
	must(b.w.t, err)
	return b.do(r)
}

func (b *browser) post(path string, fields ...string) view {
	b.w.t.Helper()
	form := url.Values{}
	for i := 0; i < len(fields); i += 2 {
		form.Set(fields[i], fields[i+1])
	}
	r, err := http.NewRequest("POST", b.w.url+path, strings.NewReader(form.Encode()))
	must(b.w.t, err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", b.w.url)
	return b.do(r)
}

func (v view) has(texts ...string) view {
	v.t.Helper()
	for _, text := range texts {
		if !strings.Contains(v.body, text) {
			v.t.Errorf("%s (%d) lacks %q:\n%s", v.path, v.status, text, v.body)
		}
	}
	return v
}

func (v view) on(path string, status int) view {
	v.t.Helper()
	if v.path != path || v.status != status {
		v.t.Fatalf("on %s with %d, want %s with %d:\n%s", v.path, v.status, path, status, v.body)
	}
	return v
}

// hidden is the value of a hidden field.
func (v view) hidden(name string) string {
	m := regexp.MustCompile(`name="` + name + `" value="([^"]*)"`).FindStringSubmatch(v.body)
	if m == nil {
		v.t.Fatalf("%s has no field %s:\n%s", v.path, name, v.body)
	}
	return html.UnescapeString(m[1])
}

// person opens an account and signs in to it.
func (b *browser) person(name, email string) {
	b.w.t.Helper()
	b.post("/connexion", "email", email)
	page := b.get(b.w.link())
	up := b.post("/connexion/lien", "secret", page.hidden("secret")).on("/connexion/inscription", 200)
	b.post("/connexion/inscription", "flow", up.hidden("flow"), "name", name, "consent", "yes").on("/compte", 200)
}

func TestANewPersonOpensAnAccountByTheLink(t *testing.T) {
	onEach(t, func(t *testing.T, w *town) {
		b := w.browser()
		b.post("/connexion", "email", " zoe@exemple.example ").on("/connexion/code", 200)
		link := w.link()
		for range 2 { // mail programs open links to look at them
			b.get(link).on("/connexion/lien", 200).has("Continuer", "z…@exemple.example")
		}
		up := b.post("/connexion/lien", "secret", b.get(link).hidden("secret")).on("/connexion/inscription", 200)
		flow := up.hidden("flow")
		b.post("/connexion/inscription", "flow", flow, "name", "Zoé").has(`role="alert"`, `value="Zoé"`)
		b.post("/connexion/inscription", "flow", flow, "name", "Zoé", "birth_date", "2020-01-01", "consent", "yes").has(`role="alert"`)
		b.post("/connexion/inscription", "flow", flow, "name", "Zoé <i>", "consent", "yes",
			"role", "administrator", "tier", "professionnel", "member_id", "x", "factors", "2").on("/compte", 200).has("Zoé &lt;i&gt;", "Se déconnecter")
		var grants, memberships int
		r := w.db.Reader(t.Context())
		must(t, r.Get(&grants, `SELECT count(*) FROM grants`))
		must(t, r.Get(&memberships, `SELECT count(*) FROM memberships`))
		var text string
		must(t, r.Get(&text, `SELECT text FROM consents`))
		if grants+memberships != 0 || !strings.HasPrefix(text, "J’accepte") {
			t.Errorf("%d roles, %d memberships, consent %q", grants, memberships, text)
		}
		stranger := w.browser()
		for _, secret := range []string{"x", strings.Split(link, "=")[1]} { // the link counts once
			stranger.post("/connexion/lien", "secret", secret).on("/connexion/lien", 401)
		}
	})
}

func TestSomebodyKnownComesBackByTheCode(t *testing.T) {
	onEach(t, func(t *testing.T, w *town) {
		w.browser().person("Zoé", "zoe@exemple.example")
		b := w.browser()
		page := b.post("/en/connexion", "email", "zoe@exemple.example").on("/en/connexion/code", 200)
		code := w.code()
		wrong := map[bool]string{true: "000000", false: "000001"}[code != "000000"]
		b.post("/en/connexion/code", "flow", page.hidden("flow"), "code", wrong).on("/en/connexion/code", 401).has(`role="alert"`)
		w.browser().post("/connexion/code", "flow", page.hidden("flow"), "code", code).on("/connexion/code", 401) // another browser
		b.post("/en/connexion/code", "flow", page.hidden("flow"), "code", code[:3]+" "+code[3:]).on("/en/compte", 200).has("Zoé", "Sign out")
		at, err := url.Parse(w.url)
		must(t, err)
		stolen := w.browser()
		stolen.http.Jar.SetCookies(at, b.http.Jar.Cookies(at))
		stolen.get("/compte/donnees").on("/compte/donnees", 200)
		b.post("/en/deconnexion").has("You have left")
		stolen.get("/compte/donnees").on("/connexion", 200) // the session ended on the server too
		b.get("/compte/donnees").on("/connexion", 200).has("Recevoir un lien")
	})
}

// TestTheSameIsSaidOfEveryAddress: the answers to an address that somebody has and to one
// that nobody has differ in nothing but the flow.
func TestTheSameIsSaidOfEveryAddress(t *testing.T) {
	w := newTown(t, "sqlite", false)
	w.browser().person("Zoé", "zoe@exemple.example")
	flow := regexp.MustCompile(`name="(flow|a)" value="[^"]*"|a=[\w-]+&amp;flow=[a-z0-9]+`)
	var said []string
	for _, email := range []string{"zoe@exemple.example", "nobody@exemple.example"} {
		v := w.browser().post("/connexion", "email", email)
		said = append(said, strings.ReplaceAll(flow.ReplaceAllString(v.body, ""), email, ""))
		p := w.browser().post("/connexion/mot-de-passe", "email", email, "password", "un mot de passe")
		said = append(said, strings.ReplaceAll(p.body, email, ""))
	}
	if said[0] != said[2] || said[1] != said[3] {
		t.Errorf("the pages differ:\n%s\n%s", said[1], said[3])
	}
}

func TestOtherSitesCannotActForAnybody(t *testing.T) {
	w := newTown(t, "sqlite", false)
	b := w.browser()
	b.person("Zoé", "zoe@exemple.example")
	for _, path := range []string{"/deconnexion", "/en/deconnexion", "/connexion", "/connexion/lien"} {
		r, err := http.NewRequest("POST", w.url+path, strings.NewReader("email=a@b.example"))
		must(t, err)
		r.Header.Set("Content-Type", "text/plain")
		r.Header.Set("Origin", "https://evil.example")
		r.Header.Set("Sec-Fetch-Site", "cross-site")
		if got := b.do(r); got.status != 403 {
			t.Errorf("%s: %d", path, got.status)
		}
	}
	b.get("/compte/donnees").on("/compte/donnees", 200)
}

func TestASecondStepIsSetUpAndAskedFor(t *testing.T) {
	onEach(t, func(t *testing.T, w *town) {
		b := w.browser()
		b.person("Anne", "anne@exemple.example")
		var id string
		must(t, w.db.Reader(t.Context()).Get(&id, `SELECT id FROM members`))
		must(t, w.people.GrantRole(t.Context(), identity.System, id, identity.Grant{Role: identity.Administrator}, database.Key{}))
		w.people.Forget(id)
		b = w.browser()
		page := b.post("/connexion", "email", "anne@exemple.example")
		b.post("/connexion/code", "flow", page.hidden("flow"), "code", w.code()).on(secondPath, 200).has("La mettre en place")
		made := b.post(secondPath+"/nouvelle").has("<svg", "otpauth://")
		secret := strings.ReplaceAll(regexp.MustCompile(`<code>([A-Z2-7 ]+)</code>`).FindStringSubmatch(made.body)[1], " ", "")
		b.post(secondPath+"/confirmer", "code", "12").has(`role="alert"`)
		code, err := totp.GenerateCode(secret, w.clock.Now())
		must(t, err)
		codes := b.post(secondPath+"/confirmer", "code", code).on(secondPath+"/confirmer", 200).has("codes de secours")
		if n := strings.Count(codes.body, "<li><code>"); n != 10 {
			t.Errorf("%d recovery codes", n)
		}
		recovery := regexp.MustCompile(`<li><code>([^<]+)`).FindStringSubmatch(codes.body)[1]
		b.post("/deconnexion")
		b = w.browser()
		w.clock.Move(time.Minute)
		page = b.post("/connexion", "email", "anne@exemple.example")
		b.post("/connexion/code", "flow", page.hidden("flow"), "code", w.code()).on(secondPath, 200).has("code de secours")
		b.post(secondPath, "code", "000000").has(`role="alert"`)
		b.post(secondPath, "code", recovery).on("/compte", 200).has("Anne")
		b.get(secondPath).on("/compte", 200)
	})
}

func TestPagesKeepTheirPromises(t *testing.T) {
	w := newTown(t, "sqlite", true)
	in := w.browser()
	in.person("Zoé", "zoe@exemple.example")
	number := w.kept.Messages()[0].Number
	for _, path := range []string{"/connexion", "/connexion/code", "/connexion/lien?s=x", "/connexion/inscription?flow=x", "/confidentialite", "/compte/donnees", mailsPath, mailsPath + "/" + string(rune('0'+number)), mailsPath + "/999"} {
		for _, prefix := range []string{"", "/en"} {
			for name, b := range map[string]*browser{"a visitor": w.browser(), "a member": in} {
				v := b.get(prefix + path)
				if v.header.Get("Cache-Control") != "no-store" || strings.Contains(v.header.Get("Content-Security-Policy"), "unsafe") || v.header.Get("X-Frame-Options") != "DENY" {
					t.Errorf("%s for %s: headers %v", prefix+path, name, v.header)
				}
				checkPage(t, prefix+path, v, map[string]string{"": "fr", "/en": "en"}[prefix])
			}
		}
	}
}

// checkPage asks of a page what people who read it in other ways need.
func checkPage(t *testing.T, path string, v view, lang string) {
	t.Helper()
	doc, err := html.Parse(strings.NewReader(v.body))
	must(t, err)
	labels, needs, headings := map[string]bool{}, []string{}, 0
	for n := range doc.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		has := map[string]string{}
		for _, a := range n.Attr {
			has[a.Key] = a.Val
			if strings.HasPrefix(a.Key, "on") || a.Key == "style" || strings.HasPrefix(a.Val, "javascript:") {
				t.Errorf("%s: %s has %s", path, n.Data, a.Key)
			}
		}
		switch n.Data {
		case "html":
			if has["lang"] != lang {
				t.Errorf("%s is in %q", path, has["lang"])
			}
		case "h1":
			headings++
		case "style":
			t.Errorf("%s has <%s>", path, n.Data)
		case "script":
			if has["src"] != assets.Path("canot.js") && has["src"] != assets.Path("counter.js") || n.FirstChild != nil {
				t.Errorf("%s has a script of its own: %v", path, has)
			}
		case "label":
			labels[has["for"]] = true
		case "input", "select":
			if has["type"] != "hidden" {
				needs = append(needs, has["id"])
			}
		case "form":
			if m := has["method"]; m != "post" && m != "get" && m != "" || !strings.HasPrefix(has["action"], "/") {
				t.Errorf("%s: a form to %q", path, has["action"])
			}
		case "iframe":
			if has["title"] == "" || !strings.Contains(has["sandbox"], "allow-popups") || strings.Contains(has["sandbox"], "script") || strings.Contains(has["sandbox"], "same-origin") {
				t.Errorf("%s: frame %v", path, has)
			}
		}
	}
	for _, id := range needs {
		if !labels[id] {
			t.Errorf("%s: the field %q has no label", path, id)
		}
	}
	if headings != 1 || strings.Contains(v.body, "<title> –") || strings.Contains(v.body, `<p></p>`) {
		t.Errorf("%s: %d headings:\n%s", path, headings, v.body)
	}
}

func TestOnesDataAreForOneselfAlone(t *testing.T) {
	onEach(t, func(t *testing.T, w *town) {
		zoe, luc := w.browser(), w.browser()
		zoe.person("Zoé <script>", "zoe@exemple.example")
		luc.person("Luc", "luc@exemple.example")
		v := zoe.get("/compte/donnees").on("/compte/donnees", 200).has("Zoé &lt;script&gt;", "zoe@exemple.example", "samedi 21\u00a0novembre 2026", "J’accepte")
		if strings.Contains(v.body, "luc@") {
			t.Error("Zoé reads of Luc")
		}
		file := zoe.get("/en/compte/donnees.json")
		if !strings.HasPrefix(file.header.Get("Content-Disposition"), "attachment") || file.header.Get("X-Content-Type-Options") != "nosniff" || !strings.Contains(file.body, `"zoe@exemple.example"`) {
			t.Errorf("%v %s", file.header, file.body)
		}
		w.browser().get("/compte/donnees.json").on("/connexion", 200)
	})
}

func TestMailOfADemoIsShownHarmless(t *testing.T) {
	w := newTown(t, "sqlite", true)
	w.workshop() // times are those of the hubs
	must(t, w.kept.Send(t.Context(), mail.Message{ID: "1", To: "zoe@exemple.example", Subject: "<b>Bonjour</b>", Text: "<i>", HTML: "<script>alert(1)</script>", At: now}))
	b := w.browser()
	b.get(mailsPath).on(mailsPath, 200).has("&lt;b&gt;Bonjour", "zoe@exemple.example", "samedi 21\u00a0novembre 2026, 10\u00a0h")
	b.get("/en"+mailsPath+"/1").has("&lt;i&gt;", "10:00\u00a0a.m.")
	frame := b.get(mailsPath + "/1/html")
	policy := frame.header.Get("Content-Security-Policy")
	if !strings.Contains(policy, "sandbox") || strings.Contains(policy, "allow-scripts") || strings.Contains(policy, "allow-same-origin") || !strings.Contains(policy, "default-src 'none'") {
		t.Errorf("policy %q", policy)
	}
	b.get(mailsPath+"/nonsense").on(mailsPath+"/nonsense", 404)
	quiet := newTown(t, "sqlite", false)
	if got := quiet.browser().get(mailsPath); got.status != 404 {
		t.Errorf("a server that sends its mail shows it: %d", got.status)
	}
}

func TestWhoAnswersForPersonalDataIsPublic(t *testing.T) {
	w := newTown(t, "sqlite", false)
	must(t, w.db.In(t.Context(), func(tx *database.Tx) error {
		_, err := tx.Exec(`INSERT INTO operators (id, slug, legal_name, email, privacy_name, privacy_email, privacy_phone) VALUES
			('op1', 'op1', 'Atelier du Nord', 'info@nord.example', 'Rose Lavoie', 'vie-privee@nord.example', '819 555-0199'),
			('op2', 'op2', 'Fab <b>', 'info@fab.example', '', '', '')`)
		return err
	}))
	w.browser().get("/confidentialite").on("/confidentialite", 200).has("Rose Lavoie", "mailto:vie-privee@nord.example", "Fab &lt;b&gt;", "mailto:info@fab.example", "24\u00a0mois", "36\u00a0mois")
	w.browser().get("/en/confidentialite").has("24\u00a0months")
}

// What is not there is said in the language of its address, whatever the browser would rather, with
// ways to go on.
func TestAMissingPageLeadsOn(t *testing.T) {
	w := newTown(t, "sqlite", false)
	for _, c := range []struct{ path, lang, accepts, search, places, other string }{
		{"/nulle-part", "fr", "en", "/ressources", "/lieux", "/en"},
		{"/en/nowhere", "en", "fr", "/en/ressources", "/en/lieux", "/"},
	} {
		r, err := http.NewRequest("GET", w.url+c.path, nil)
		must(t, err)
		r.Header.Set("Accept", "text/html")
		r.Header.Set("Accept-Language", c.accepts)
		v := w.browser().do(r).on(c.path, 404)
		checkPage(t, c.path, v, c.lang)
		v.one("form", "action", c.search)
		v.one("input", "name", "q")
		v.one("a", "hreflang", map[string]string{"fr": "en", "en": "fr"}[c.lang])
		if got := v.elements("a", "href", c.other); len(got) == 0 {
			t.Errorf("%s: nothing leads to %s", c.path, c.other)
		}
		if got := v.elements("a", "href", c.places); len(got) != 2 { // above, and below the search
			t.Errorf("%s: %d ways to the places", c.path, len(got))
		}
	}
}
