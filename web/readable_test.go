package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
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
