package web

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"canot/internal/database"
	"canot/internal/identity"
)

// trial makes the town a demo in which Zoé and nobody else may be tried.
func (w *town) trial() {
	w.site.Demo = &Demo{
		Accounts: []DemoAccount{{Role: "member", Name: "Zoé <b>", Email: "zoe@exemple.example", Town: "Amos"}},
		Try:      DemoTry{Category: "medialab", Resource: "amos-studio", Hub: "amos", Basket: []string{"amos-studio", "amos-camera"}},
		Enter: func(ctx context.Context, email, device string) (secret string, err error) {
			err = w.db.In(ctx, func(tx *database.Tx) (err error) {
				secret, _, err = w.people.OpenSession(tx, w.idOf(email), "demo", 2, device)
				return err
			})
			return secret, err
		},
	}
}

func TestADemoIsEnteredAtOneTap(t *testing.T) {
	w := newTownWith(t, "sqlite", true, (*town).trial)
	w.browser().person("Zoé", "zoe@exemple.example")
	w.browser().person("Luc", "luc@exemple.example")
	must(t, w.people.GrantRole(t.Context(), identity.System, w.idOf("zoe@exemple.example"), identity.Grant{Role: identity.Administrator}, database.Key{}))

	b := w.browser()
	v := b.get("/").on("/", 200).has("Zoé &lt;b&gt;", "Entrer comme artiste")
	for _, way := range []string{"/ressources?categorie=medialab", "/ressources/amos-studio", "/reserver?r=amos-studio&r=amos-camera", "/reservations", "/demo/courriels", "/lieux/amos#agenda", "/api/v1/docs?lang=fr"} {
		if len(v.elements("a", "href", way)) == 0 {
			t.Errorf("nothing leads to %s", way)
		}
	}
	checkPage(t, "/", v, "fr")
	b.post(demoEnterPath, "email", v.hidden("email")).on("/", 200)
	// Their role asks for a second step: it is done.
	b.get("/compte").on("/compte", 200).lacks("deuxième étape demande")
	b.get(secondPath).on("/compte", 200)
	for _, email := range []string{"luc@exemple.example", "", "nobody@exemple.example"} {
		b.post(demoEnterPath, "email", email).on(demoEnterPath, 404)
	}
	b.get(demoEnterPath).on("/", 200)

	r, err := http.NewRequest("POST", w.url+demoEnterPath, strings.NewReader("email=zoe%40exemple.example"))
	must(t, err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", "https://evil.example")
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	if got := w.browser().do(r); got.status != 403 {
		t.Errorf("another site signs people in: %d", got.status)
	}
}

func TestOutsideOfADemoNobodyIsLetIn(t *testing.T) {
	w := newTown(t, "sqlite", false)
	w.browser().person("Zoé", "zoe@exemple.example")
	b := w.browser()
	b.post(demoEnterPath, "email", "zoe@exemple.example").on(demoEnterPath, 404)
	b.get("/compte").on("/connexion", 200)
	b.get("/").lacks("Entrer comme", "/demo/")
}
