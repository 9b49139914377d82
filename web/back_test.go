package web

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"canot/internal/database"
	"canot/internal/identity"
)

// hostileBacks are addresses that lead, or might in some browser, to another site.
var hostileBacks = []string{
	"//evil.example", "///evil.example", "https://evil.example", "http:evil.example", "javascript:alert(1)", "evil.example", "\\\\evil.example",
	"/\\evil.example", "/\t/evil.example", "/\n/evil.example", "\t//evil.example", " //evil.example", "/ /evil.example", "/en//evil.example", "/%5cevil.example",
	"//user@evil.example", "/" + strings.Repeat("a", 1000), "/é", "", "?x", "data:text/html,x", "/\u202e", "/\x00", "/%zz",
}

func TestOnlyPagesOfThisSiteAreComeBackTo(t *testing.T) {
	for _, address := range hostileBacks {
		if got := backTo(address); got != "" {
			t.Errorf("%q leads to %q", address, got)
		}
	}
	for address, want := range map[string]string{
		"/":                       "/",
		"/compte":                 "/compte",
		"/en":                     "/",
		"/en/reservations?page=2": "/reservations?page=2",
		"/english":                "/english",
		"/reserver/verifier?r=studio*2&r=cam%C3%A9ra&debut=2026-11-24T19:00:00Z": "/reserver/verifier?r=studio*2&r=cam%C3%A9ra&debut=2026-11-24T19:00:00Z",
		"/x?u=//evil.example": "/x?u=//evil.example",
		"/x#y":                "/x",
	} {
		if got := backTo(address); got != want {
			t.Errorf("%q leads to %q, want %q", address, got, want)
		}
	}
}

// wantedPage is an address that somebody wanted to open, with a query.
const wantedPage = "/lieux?de=amos&page=2"

// lands asks that a view is the page that was wanted, with its query.
func (v view) lands(prefix string) {
	v.t.Helper()
	if v.path != prefix+"/lieux" {
		v.t.Errorf("landed on %s (%d)", v.path, v.status)
	}
}

func TestASignInLeadsBackToThePageThatWasWanted(t *testing.T) {
	onEach(t, func(t *testing.T, w *town) {
		from := "/connexion?retour=" + url.QueryEscape(wantedPage)
		b := w.browser()
		// A new person, by the link, through the opening of an account and what went wrong on the way.
		b.get(from).on("/connexion", 200).has("la page que vous vouliez ouvrir")
		b.post("/connexion", "email", "zoe@")
		flow := b.fill("zoe@exemple.example")
		b.post("/connexion/inscription", "flow", flow, "name", "Zoé").on("/connexion/inscription", 400)
		b.post("/connexion/inscription", "flow", flow, "name", "Zoé", "consent", "yes").lands("")
		b.get("/connexion").on("/compte", 200) // it is gone to once
		b.get(from).lands("")                  // who is signed in goes there at once
		b.get("/en" + from).lands("/en")

		// Somebody known, by a code that was wrong first, and who began anew.
		b = w.browser()
		b.get("/en" + from)
		b.post("/en/connexion", "email", "zoe@exemple.example")
		w.letter()
		b.get("/en/connexion")
		page := b.post("/en/connexion", "email", "zoe@exemple.example")
		code := w.code()
		wrong := map[bool]string{true: "000000", false: "000001"}[code != "000000"]
		b.post("/en/connexion/code", "flow", page.hidden("flow"), "code", wrong).on("/en/connexion/code", 401)
		b.post("/en/connexion/code", "flow", page.hidden("flow"), "code", code).lands("/en")

		// Whoever sends somebody a link of theirs does not lead them elsewhere.
		b = w.browser()
		for _, address := range hostileBacks {
			if !isText(address) {
				b.get("/connexion?retour="+url.QueryEscape(address)).on("/connexion", 400) // on any page
				continue
			}
			b.get("/connexion?retour="+url.QueryEscape(address)).on("/connexion", 200).lacks("la page que vous vouliez ouvrir")
		}
		// Nor does a cookie that somebody else has set.
		at, err := url.Parse(w.url)
		must(t, err)
		b.http.Jar.SetCookies(at, []*http.Cookie{{Name: "canot-r", Value: "Ly9ldmlsLmV4YW1wbGU"}}) // //evil.example
		page = b.post("/connexion", "email", "zoe@exemple.example")
		b.post("/connexion/code", "flow", page.hidden("flow"), "code", w.code()).on("/compte", 200)

		// A page that asks for a session is come back to by itself.
		b = w.browser()
		b.get(accessPath+"?x=1").on("/connexion", 200)
		v := b.post("/connexion", "email", "zoe@exemple.example")
		b.post("/connexion/code", "flow", v.hidden("flow"), "code", w.code()).on(accessPath, 200)
	})
}

// TestALetterLeadsBackWhereverItIsOpened: the browser of a mail program has no cookie of the one that asked.
func TestALetterLeadsBackWhereverItIsOpened(t *testing.T) {
	onEach(t, func(t *testing.T, w *town) {
		b, phone := w.browser(), w.browser()
		b.get("/connexion?retour=" + url.QueryEscape(wantedPage))
		b.post("/connexion", "email", "zoe@exemple.example")
		flow := phone.post("/connexion/lien", "secret", phone.get(w.link()).hidden("secret")).on("/connexion/inscription", 200).hidden("flow")
		phone.post("/connexion/inscription", "flow", flow, "name", "Zoé", "consent", "yes").lands("")
		phone.get("/connexion").on("/compte", 200)

		b.get("/en/connexion?retour=" + url.QueryEscape(wantedPage))
		b.post("/en/connexion", "email", "zoe@exemple.example")
		tablet := w.browser()
		tablet.post("/connexion/lien", "secret", tablet.get(w.link()).hidden("secret")).lands("")

		b = w.browser() // who wanted no page comes to their account
		b.post("/connexion", "email", "zoe@exemple.example")
		tablet = w.browser()
		tablet.post("/connexion/lien", "secret", tablet.get(w.link()).hidden("secret")).on("/compte", 200)
	})
}

func TestThePageToComeBackToIsKeptForThisSiteAlone(t *testing.T) {
	w := newTown(t, "sqlite", false)
	v := w.browser().get("/connexion?retour=" + url.QueryEscape(wantedPage))
	kept := v.header.Get("Set-Cookie")
	for _, part := range []string{"canot-r=", "Path=/", "HttpOnly", "SameSite=Lax", "Max-Age=3600"} {
		if !strings.Contains(kept, part) {
			t.Errorf("the cookie %q lacks %s", kept, part)
		}
	}
	if strings.Contains(kept, "Domain") {
		t.Errorf("other hosts have it too: %q", kept)
	}
}

func TestWhoLeavesIsForgottenByTheBrowser(t *testing.T) {
	w := newTown(t, "sqlite", false)
	b := w.browser()
	b.person("Zoé", "zoe@exemple.example")
	b.http.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	for _, path := range []string{everywherePath, "/deconnexion"} {
		if got := b.post(path).header.Get("Clear-Site-Data"); got != `"cache", "storage"` {
			t.Errorf("%s: %q", path, got)
		}
	}
}

// signsIn signs somebody in by the code of a letter, in a browser that may have wanted a page.
func (b *browser) signsIn(email string) view {
	b.w.t.Helper()
	page := b.post("/connexion", "email", email)
	return b.post("/connexion/code", "flow", page.hidden("flow"), "code", b.w.code())
}

// pressForm is a form to book what has terms, as somebody has filled it in.
func pressForm(b *browser) filled {
	b.w.t.Helper()
	form := b.get(b.get("/reserver?r=amos-presse&jour=2026-11-24").slot("14 h")).form("/reserver")
	form.fields.Set("titre", "Titre secret")
	form.fields.Set("notes", "Notes secrètes")
	form.fields.Set("accepte", "prudence@1")
	return form
}

// lacksTyped asks that a page to book what has terms is there without what somebody else typed, and
// that no terms are ticked for whoever reads.
func (v view) lacksTyped() view {
	v.t.Helper()
	v.on("/reserver/verifier", 200).lacks("secret", "secrètes")
	if _, ticked := v.one("input", "name", "accepte").has["checked"]; ticked {
		v.t.Error("terms are ticked that nobody has read")
	}
	return v
}

// TestWhatWasTypedGoesWithNoLetter: a letter may be opened by somebody else, whose address was typed by
// mistake, or on purpose.
func TestWhatWasTypedGoesWithNoLetter(t *testing.T) {
	onStreet(t, func(t *testing.T, w *town, zoe *browser) {
		w.browser().person("Paul", "paul@exemple.example")
		form := pressForm(zoe)
		zoe.post("/deconnexion")
		zoe.send(form).on("/connexion", 200)
		zoe.post("/connexion", "email", "paul@exemple.example").on("/connexion/code", 200)

		// Of what the server keeps, none opens what was typed.
		at, err := url.Parse(w.url)
		must(t, err)
		secret := ""
		for _, c := range zoe.http.Jar.Cookies(at) {
			if text, _ := base64.RawURLEncoding.DecodeString(c.Value); strings.HasSuffix(c.Name, "canot-r") {
				secret = strings.Fields(string(text))[1]
			}
		}
		var rows []string
		must(t, w.db.Reader(t.Context()).Select(&rows, `SELECT id || data FROM ceremonies`))
		if all := strings.Join(rows, " "); len(rows) != 2 || len(secret) < 40 || strings.Contains(all, secret) || strings.Contains(all, "Titre") {
			t.Errorf("the secret %q of the cookie is among %.600q", secret, rows)
		}
		paul := w.browser()
		paul.post("/connexion/lien", "secret", paul.get(w.link()).hidden("secret")).lacksTyped()

		// In the same browser it is there by a letter too; the terms are agreed to again.
		zoe.post("/connexion", "email", "zoe@exemple.example")
		back := zoe.post("/connexion/lien", "secret", zoe.get(w.link()).hidden("secret")).on("/reserver/verifier", 200)
		if got := back.form("/reserver").fields; got.Get("titre") != "Titre secret" || got.Get("notes") != "Notes secrètes" || got.Has("accepte") {
			t.Errorf("the form holds %v", got)
		}
		// Under the key that it had: it may have counted, unheard.
		if got := back.form("/reserver").fields.Get("cle"); got != form.fields.Get("cle") {
			t.Errorf("the key was %s and is %s", form.fields.Get("cle"), got)
		}
	})
}

// TestWhatWasTypedIsForWhoTypedIt, and not for who signs in next in that browser.
func TestWhatWasTypedIsForWhoTypedIt(t *testing.T) {
	onStreet(t, func(t *testing.T, w *town, zoe *browser) {
		w.browser().person("Paul", "paul@exemple.example")
		form := pressForm(zoe)
		read := "/reserver/verifier?" + checkAddress(wantsOf(form.fields), on24(14), on24(15))[len("/reserver/verifier?"):]
		zoe.post("/deconnexion")
		zoe.send(form).on("/connexion", 200)
		zoe.signsIn("paul@exemple.example").lacksTyped()
		zoe.get(read).lacksTyped()
		must(t, w.people.EndSessions(t.Context(), identity.System, w.idOf("paul@exemple.example"), "", true, database.Key{}))
		zoe.signsIn("zoe@exemple.example")
		zoe.get(read).lacksTyped() // it is gone

		// Who came back to it and is signed out leaves nothing either.
		form = pressForm(zoe)
		zoe.post("/deconnexion")
		zoe.send(form)
		zoe.signsIn("zoe@exemple.example").has("Titre secret", "Notes secrètes")
		must(t, w.people.EndSessions(t.Context(), identity.System, w.idOf("zoe@exemple.example"), "", true, database.Key{}))
		zoe.signsIn("paul@exemple.example")
		zoe.get(read).lacksTyped()

		// A form that does not say whom it was made for is not kept.
		zoe.post("/deconnexion")
		form.fields.Del(authorField)
		zoe.send(form).on("/connexion", 200)
		zoe.signsIn("zoe@exemple.example").lacksTyped()
	})
}

// TestWhatIsTypedOnAChangeWaitsToo: for who typed it alone.
func TestWhatIsTypedOnAChangeWaitsToo(t *testing.T) {
	onStreet(t, func(t *testing.T, w *town, zoe *browser) {
		booked := zoe.send(zoe.get(zoe.get(studioOn24).slot("14 h")).form("/reserver")).has("C’est réservé")
		form := zoe.get(booked.path + "/changer").form(booked.path + "/changer")
		zoe.post("/deconnexion")
		zoe.send(form, "titre", "Titre secret").on("/connexion", 200)
		zoe.signsIn("zoe@exemple.example").on(booked.path+"/changer", 200).has("Titre secret")
	})
}
