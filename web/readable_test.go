package web

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"canot/internal/identity"
)

// What PostgreSQL takes for no text never reaches it, by whatever door.
func TestBytesThatAreNoTextAreRefusedOnEveryPage(t *testing.T) {
	onEach(t, func(t *testing.T, w *town) {
		for _, bad := range []string{"%00", "a%00b", "%ff", "%c3%28"} {
			for _, path := range []string{"/lieux/" + bad, "/ressources/" + bad, "/categories/" + bad + "/calendrier", "/conditions/" + bad, "/reservations/" + bad} {
				if v := w.browser().get(path); v.status != 404 && v.path != "/connexion" {
					t.Errorf("%s: %d", path, v.status)
				}
			}
			for _, path := range []string{"/ressources?q=", "/ressources?lieu=", "/ressources?categorie=", "/ressources?jour=", "/reserver?r=", "/lieux?de=", "/?", "/connexion?retour=", "/categories/x/calendrier?jour="} {
				if v := w.browser().get(path + bad); v.status != 400 {
					t.Errorf("%s%s: %d", path, bad, v.status)
				}
			}
			r, err := http.NewRequest("POST", w.url+"/connexion", strings.NewReader("email="+bad))
			must(t, err)
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			if v := w.browser().do(r); v.status != 400 {
				t.Errorf("the form with %s: %d", bad, v.status)
			}
		}
		if v := w.browser().get("/ressources?q=" + url.QueryEscape("éclairage 🎬")); v.status != 200 {
			t.Errorf("a text is refused: %d", v.status)
		}
	})
}

// TestWhatNobodySeesInATextIsTakenOut: a tab, a mark of byte order or of direction that came along when a
// title was pasted is no reason to refuse it, and what turns the text around it stays one.
func TestWhatNobodySeesInATextIsTakenOut(t *testing.T) {
	for typed, want := range map[string]string{
		"\ufeffRépétition\t\u200eduo\u200f\u200b": "Répétition duo", "é\tè\nà": "é\tè\nà", "\u202eabc": "\u202eabc", "👩\u200d🚀": "👩\u200d🚀", "a\x00b": "a\x00b", "\xff": "\xff",
	} {
		if got := cleaned(typed); got != want {
			t.Errorf("%q is read as %q", typed, got)
		}
	}
	onEach(t, func(t *testing.T, w *town) {
		v := w.browser().get("/ressources?q=" + url.QueryEscape("\ufeffcaméra\tson\u200e"))
		if got := v.one("input", "name", "q").has["value"]; got != "caméra son" {
			t.Errorf("searched for %q", got)
		}
		b := w.browser()
		b.person("Zoé\u200e\tTremblay\ufeff", "zoe@exemple.example")
		b.get("/compte").has("Zoé Tremblay")
	})
}

// TestASecretIsTakenAsItWasSent: who chose a password by the API with what nobody sees in it signs in
// on the page by that very one.
func TestASecretIsTakenAsItWasSent(t *testing.T) {
	onEach(t, func(t *testing.T, w *town) {
		const password = "mot\tde\u200bpasse\ufeff bien long"
		w.browser().person("Zoé", "zoe@exemple.example")
		who := identity.Actor{ID: w.idOf("zoe@exemple.example")}
		must(t, w.db.Reader(t.Context()).Get(&who.SessionID, `SELECT id FROM sessions`))
		must(t, w.site.Gate.SetPassword(t.Context(), who, "", password))
		b := w.browser()
		b.post("/connexion/mot-de-passe", "email", "zoe@exemple.example", "password", cleaned(password)).on("/connexion/mot-de-passe", 401)
		b.post("/connexion/mot-de-passe", "email", "\u200bzoe@exemple.example", "password", password).on("/compte", 200)
	})
	pages, err := pageFiles.ReadDir("pages")
	must(t, err)
	found := 0
	for _, file := range pages {
		text, err := pageFiles.ReadFile("pages/" + file.Name())
		must(t, err)
		for _, tag := range regexp.MustCompile(`<input[^>]*type="password"[^>]*>`).FindAllString(string(text), -1) {
			found++
			if name := regexp.MustCompile(` name="([^"]*)"`).FindStringSubmatch(tag); name == nil || !slices.Contains(asSent, name[1]) {
				t.Errorf("%s: %s is cleaned", file.Name(), tag)
			}
		}
	}
	if found == 0 {
		t.Error("no page asks for a password")
	}
}

// TestASlashTooManyLeadsToThePage: and never to another site.
func TestASlashTooManyLeadsToThePage(t *testing.T) {
	w := newTown(t, "sqlite", false)
	for path, want := range map[string]string{"/lieux/": "/lieux", "/en/ressources/?q=son": "/en/ressources?q=son", "/en/": "/en", "/nulle-part/": "/nulle-part"} {
		r := httptest.NewRequest("GET", path, nil)
		if got := withoutSlash(r); got != want {
			t.Errorf("%s leads to %q", path, got)
		}
	}
	for _, path := range []string{"/", "//", "//evil.example/", "///evil.example//", "/x//evil.example/", `/\evil.example/`, "/lieux"} {
		if got := withoutSlash(&http.Request{Method: "GET", URL: &url.URL{Path: path}}); got != "" {
			t.Errorf("%s leads to %q", path, got)
		}
	}
	r, err := http.NewRequest("GET", w.url+"/lieux/", nil)
	must(t, err)
	r.Header.Set("Accept", "text/html")
	w.browser().do(r).on("/lieux", 200)
}
