package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
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
