package main

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/gin-gonic/gin"

	"canot/web"
	"canot/web/mail"
)

// Who looks at a page.
const (
	anybody = ""
	artist  = "member"      // signed in
	halfway = "coordinator" // by one step of two
	staff   = "staff"       // by both
	manager = "manager"     // by both
)

// A sitePage is one page of the site: its route as it is mounted in French, an address of it, and who may see it.
type sitePage struct {
	route   string // "" where no page is mounted
	address string // with names in braces, see addressIn; "" is the route itself
	form    string // the fields that are sent there, as a browser writes them; "" for a page that is opened
	before  string // where an empty form is sent first, to have the page
	who     string
	status  int    // 0 is 200
	has     string // what must be on the page, as a selector; several, with commas between
	whole   bool   // it is the file on a person: every table that knows of them is read, each once
	moving  int    // statements more that it takes to say whom something would move
	why     string // why nobody looks at it here: it only leads on, or is no page
}

// pagesOfTheSite are all of them. A page that is mounted and not named here fails a test.
var pagesOfTheSite = []sitePage{
	{route: "/"},
	{route: "/", who: artist},
	{route: "/lieux"},
	{route: "/lieux", address: "/lieux?de={hub}"},
	{route: "/lieux/:hub", address: "/lieux/{hub}"},
	{route: "/ressources"},
	{route: "/ressources", address: "/ressources?q=cam%C3%A9ras&jour={day}"},
	{route: "/ressources", address: "/ressources?q=xyzzy"}, // nothing is found
	{route: "/ressources", address: "/ressources?genre=space&page=2", who: artist},
	{route: "/ressources/:resource", address: "/ressources/{resource}"},
	{route: "/ressources/:resource", address: "/ressources/{resource}", who: artist},
	{route: "/ressources/:resource/calendrier", address: "/ressources/{resource}/calendrier"},
	{route: "/ressources/:resource/calendrier", address: "/ressources/{resource}/calendrier?vue=jour&jour={day}"},
	{route: "/lieux/:hub/calendrier", address: "/lieux/{hub}/calendrier"},
	{route: "/lieux/:hub/calendrier", address: "/lieux/{hub}/calendrier?vue=jour&jour={day}", who: artist},
	{route: "/categories/:category/calendrier", address: "/categories/{category}/calendrier"},
	{route: "/categories/:category/calendrier", address: "/categories/{category}/calendrier?vue=jour"},
	{route: "/conditions/:slug", address: "/conditions/{condition}"},
	{route: "/reserver", address: "/reserver?r={resource}"},
	{route: "/reserver", address: "/reserver?r={resource}&jour={day}&duree=90", who: artist},
	{route: "/reserver/ajouter", address: "/reserver/ajouter?r={resource}"},
	{route: "/reserver", address: "/reserver?r={resource}&r={elsewhere}", status: 422, has: ".cards a.button"}, // two hubs in a basket
	{route: "/reserver/verifier", address: "/reserver/verifier?r={resource}&debut={from}&fin={to}", has: "main a.button[href*='/connexion']"},
	{route: "/reserver/verifier", address: "/reserver/verifier?r={resource}&debut={from}&fin={to}", who: artist, has: bookButton},
	{route: "/reserver/verifier", address: "/reserver/verifier?r={resource}&debut={booked}&fin={end}", who: artist, has: ".instead form button"},
	{route: "/reserver/verifier", address: "/reserver/verifier?r={resource}&debut={booked}&fin={end}", has: ".instead a"},
	{route: "/reserver", form: "r={resource}&debut={booked}&fin={end}&titre=Essai&cle=once", who: artist, status: 409, has: "[role=alert],.instead form button,#titre[value='Essai']"},
	{route: "/reservations", who: artist},
	{route: "/reservations/:id", address: "/reservations/{booking}", who: artist},
	{route: "/reservations/:id", address: "/reservations/{booking}?fait=reservee", who: artist},
	{route: "/reservations/:id/changer", address: "/reservations/{booking}/changer", who: artist},
	{route: "/reservations/:id/annuler", address: "/reservations/{booking}/annuler", who: artist},
	{route: "/reservations/:id/changer", address: "/reservations/{booking}/changer", form: "debut={before}&fin={begun}&titre=Essai&version=1", who: artist, status: 409, has: "[role=alert]"},
	{route: "/reservations/:id/annuler", address: "/reservations/{booking}/annuler", form: "version=99&raison=Essai", who: artist, status: 412, has: "[role=alert]"},
	{route: "/reservations/:id", address: "/reservations/inconnue", who: artist, status: 404},
	{route: "/reservations/:id/agenda.ics", why: "a file"},
	{route: "/connexion"},
	{route: "/connexion", form: "email=personne", status: 400, has: "[role=alert],#email[aria-invalid]"},
	{route: "/connexion/mot-de-passe", form: "email=artiste@demo.example&password=essai", status: 401, has: "[role=alert]"},
	{route: "/connexion/code", address: "/connexion/code?flow=unknown&a=unknown", has: "#code"},
	{route: "/connexion/code", form: "flow=unknown&a=unknown&code=000000", status: 401, has: "[role=alert],#code"},
	{route: "/connexion/inscription", address: "/connexion/inscription?flow=unknown", status: 401, has: "a.button[href*='/connexion']"},
	{route: "/connexion/inscription", form: "flow=unknown&name=&birth_date={day}", status: 400, has: "[role=alert],[aria-invalid],#name,#consent"},
	{route: "/connexion/lien", address: "/connexion/lien?secret=unknown"},
	{route: "/connexion/verification", who: halfway},
	{route: "/connexion/verification", form: "code=000000", who: halfway, status: 422, has: "[role=alert]"},
	{route: "/connexion/verification/nouvelle", before: "/connexion/verification/nouvelle", who: artist, has: "svg.qr,#code"},
	{route: "/connexion/verification/confirmer", form: "code=1", before: "/connexion/verification/nouvelle", who: artist, status: 422, has: "[role=alert],svg.qr"},
	{route: "/connexion/verification/codes", form: "x=", who: staff, has: "main code,main li"},
	{route: "/connexion/oidc", why: "where a provider sends people back to, and leads on"},
	{route: "/confidentialite"},
	{route: "/compte", who: artist},
	{route: "/compte/profil", who: artist},
	{route: "/compte/profil", form: "version=1&name=&phone=0&hub=&language=fr", who: artist, status: 400, has: "[role=alert],#name[aria-invalid]"},
	{route: "/compte/appareils", who: artist},
	{route: "/compte/appareils", who: staff},
	{route: "/compte/acces", who: artist},
	{route: "/compte/acces", who: staff},
	{route: "/compte/acces/jetons", form: "label=Essai&scope=read&days=30", who: staff, has: "main code"},
	{route: "/compte/acces/jetons", form: "label=Essai&scope=read&days=31", who: staff, status: 400, has: "[role=alert]"},
	{route: "/compte/acces/agenda", form: "hub=", who: staff, has: "main a[href^='webcal:']"},
	{route: "/compte/donnees", who: artist, whole: true},
	{route: "/compte/donnees.json", why: "a file"},
	{route: "/compte/effacer", who: artist},
	{route: "/compte/effacer", form: "sure=no", who: artist, status: 400, has: "[role=alert]"},
	{route: "/hors-ligne"},
	{route: "/comptoir", why: "leads to the counter, where one has but one"},
	{route: "/comptoir/:hub", address: "/comptoir/{hub}", who: staff, has: "#scan #code,#tableau .tile,#tableau .row"},
	{route: "/comptoir/:hub", address: "/comptoir/{hub}?r={booking}", who: staff, has: "#panneau-titre"},
	{route: "/comptoir/:hub", address: "/comptoir/{hub}?u=XX-01", who: staff, has: "#panneau-titre"},
	{route: "/comptoir/:hub", address: "/comptoir/{hub}?code=INCONNU", who: staff, has: "#panneau-titre"},
	{route: "/comptoir/:hub/listes/:liste", address: "/comptoir/{hub}/listes/retours", who: staff},
	{route: "/comptoir/:hub/sans-reservation", address: "/comptoir/{hub}/sans-reservation", who: staff, has: "#nom,#quoi"},
	{route: "/comptoir/:hub/sans-reservation", address: "/comptoir/{hub}/sans-reservation", form: "nom=&telephone=819", who: staff, status: 400, has: "[role=alert],#nom,#telephone[value='819']"},
	{route: "/comptoir/hors-ligne", has: "#scan #code"},
	{route: "/comptoir/:hub/suspensions", address: "/comptoir/{hub}/suspensions", who: staff},
	{route: "/comptoir/:hub/suspensions", address: "/comptoir/{hub}/suspensions", who: manager, has: "#retards,#jours"},
	{route: "/comptoir/:hub/a-regler", address: "/comptoir/{hub}/a-regler", who: staff},
	{route: "/impressions/:hub", address: "/impressions/{hub}", who: staff, has: "main form button,main input[type=checkbox]"},
	{route: "/compte/carte", who: artist, has: "main form button"},
	{route: "/u/:code", address: "/u/{unit}", has: "main a.button[href*='/probleme']"},
	{route: "/u/:code", address: "/u/{resource}", who: artist, has: "main a.button[href*='/probleme']"},
	{route: "/u/:code", address: "/u/INCONNU", status: 404},
	{route: "/u/:code/probleme", address: "/u/{unit}/probleme", has: "#description,#contact"},
	{route: "/u/:code/probleme", address: "/u/{unit}/probleme", who: artist, has: "#description,#photo"},
	{route: "/u/:code/probleme", address: "/u/{unit}/probleme", form: "description=&contact=ici", status: 422, has: "[role=alert],#contact[value='ici']"},
	{route: "/entretien/:hub", address: "/entretien/{hub}", who: staff, has: ".tickets a"},
	{route: "/entretien/:hub", address: "/entretien/{hub}?etat=closed", who: staff, has: ".tabs a"},
	{route: "/entretien/:hub/nouveau", address: "/entretien/{hub}/nouveau", who: staff, has: "#u,#description"},
	{route: "/entretien/:hub/nouveau", address: "/entretien/{hub}/nouveau", form: "u=INCONNU&description=Essai", who: staff, status: 404, has: "[role=alert],#u[value='INCONNU']"},
	{route: "/entretien/:hub/billets/:ticket", address: "/entretien/{hub}/billets/{ticket}", who: staff, has: "#note,#photo"},
	{route: "/entretien/:hub/regles", address: "/entretien/{hub}/regles", who: manager, has: ".rule button,#ressource"},
	{route: "/entretien/:hub/regles", address: "/entretien/{hub}/regles", form: "nom=&jours=3&ressource={resource}", who: manager, status: 422, has: "[role=alert],#jours[value='3']"},
	{route: "/entretien/:hub/arrets", address: "/entretien/{hub}/arrets", who: staff, has: "#u,#du"},
	{route: "/entretien/:hub/arrets/apercu", address: "/entretien/{hub}/arrets/apercu?u={unit}", who: staff, has: "main form button"},
	{route: "/entretien/:hub/arrets/apercu", address: "/entretien/{hub}/arrets/apercu?u=INCONNU&raison=Essai", who: staff, status: 404, has: "[role=alert],#u[value='INCONNU']"},
	{route: "/transferts/:hub", address: "/transferts/{hub}", who: staff, has: ".transfers form button"},
	{route: "/transferts/:hub/nouveau", address: "/transferts/{hub}/nouveau", who: staff, has: "#vers option[value=amos]"},
	{route: "/transferts/:hub/nouveau", address: "/transferts/{hub}/nouveau?voir=1&u=INCONNU&vers=amos&du={day}&de=10:00&a=14:00", who: staff, status: 404, has: "[role=alert],#u[value='INCONNU']"},
	{route: "/inventaire/:hub", address: "/inventaire/{hub}", who: staff, has: "main table a"},
	{route: "/inventaire/:hub", address: "/inventaire/{hub}?q=studio&statut=in_service", who: manager},
	{route: "/inventaire/:hub/exemplaires/nouveau", address: "/inventaire/{hub}/exemplaires/nouveau", who: manager, has: "#ressource,#code"},
	{route: "/inventaire/:hub/exemplaires/nouveau", address: "/inventaire/{hub}/exemplaires/nouveau", form: "ressource=aucune&valeur=12&code=", who: manager, status: 422, has: "[role=alert],#valeur[value='12']"},
	{route: "/inventaire/:hub/exemplaires/:unit", address: "/inventaire/{hub}/exemplaires/{unit}", who: staff, has: ".story li"},
	{route: "/inventaire/:hub/exemplaires/:unit", address: "/inventaire/{hub}/exemplaires/{unit}", who: manager, has: "#photo,#document"},
	{route: "/inventaire/:hub/exemplaires/:unit/modifier", address: "/inventaire/{hub}/exemplaires/{unit}/modifier", who: manager, has: "#serie,#garantie"},
	{route: "/inventaire/:hub/exemplaires/:unit/composantes", address: "/inventaire/{hub}/exemplaires/{unit}/composantes", who: manager, has: "#nom-0"},
	{route: "/inventaire/:hub/exemplaires/:unit/perdu", address: "/inventaire/{hub}/exemplaires/{unit}/perdu", who: staff, has: "#raison"},
	{route: "/inventaire/:hub/exemplaires/:unit/retirer", address: "/inventaire/{hub}/exemplaires/{unit}/retirer", who: manager, has: "main button.danger", moving: 1},
	{route: "/inventaire/:hub/consommables", address: "/inventaire/{hub}/consommables", who: staff, has: "main table a"},
	{route: "/inventaire/:hub/consommables/nouveau", address: "/inventaire/{hub}/consommables/nouveau", who: manager, has: "#mesure"},
	{route: "/inventaire/:hub/consommables/:consumable", address: "/inventaire/{hub}/consommables/{consumable}", who: staff, has: "#quantite"},
	{route: "/inventaire/:hub/consommables/:consumable/modifier", address: "/inventaire/{hub}/consommables/{consumable}/modifier", who: manager, has: "#archive"},
	{route: "/inventaire/:hub/consommables/:consumable", address: "/inventaire/{hub}/consommables/{consumable}/mouvements", form: "genre=use&quantite=9999", who: staff, status: 422, has: "[role=alert],#quantite[value='9999']"},
	{route: "/inventaire/:hub/recensements", address: "/inventaire/{hub}/recensements", who: staff, has: "#tablette"},
	{route: "/inventaire/:hub/recensements/:take", address: "/inventaire/{hub}/recensements/{take}", who: staff, has: "#code,#fermer"},
	{route: "/inventaire/:hub/importer", address: "/inventaire/{hub}/importer", who: manager, has: "#fichier"},
	{address: "/nulle-part", status: 404},
	{route: "/conditions/:slug", address: "/conditions/nulle", status: 404},
	{route: "/sw.js", why: "a script"},
	{route: "/canot.webmanifest", why: "a file"},
	{route: "/compte/a-venir.json", why: "a file"},
	{route: "/robots.txt", why: "for machines"},
	{route: "/demo/courriels"},
	{route: "/demo/courriels/:number", address: "/demo/courriels/1"},
	{route: "/demo/courriels/:number/html", why: "a letter, shown in a frame of its page"},
	{route: "/demo/courriels/:number/reservation.ics", why: "a file"},

	{route: "/u/:code/arrivee", why: onlyForms},
	{route: "/entretien/:hub/billets/:ticket/photo", why: onlyForms},
	{route: "/entretien/:hub/regles/:rule", why: onlyForms},
	{route: "/entretien/:hub/regles/:rule/fait", why: onlyForms},
	{route: "/entretien/:hub/arrets/:outage/fin", why: onlyForms},
	{route: "/transferts/:hub/:transfer/depart", why: onlyForms},
	{route: "/transferts/:hub/:transfer/arrivee", why: onlyForms},
	{route: "/transferts/:hub/:transfer/annuler", why: onlyForms},
	{route: "/comptoir/:hub/copie.json", why: "for the script of a counter"},
	{route: "/impressions/:hub/etiquettes.pdf", why: "a file"},
	{route: "/impressions/:hub/codes.pdf", why: "a file"},
	{route: "/impressions/:hub/feuille.pdf", why: "a file"},
	{route: "/compte/carte.pdf", why: "a file"},
	{route: "/comptoir/:hub/direct", why: "a stream of events"},
	{route: "/comptoir/:hub/tableau", why: "a piece of /comptoir/:hub"},
	{route: "/comptoir/:hub/prets", why: onlyForms},
	{route: "/comptoir/:hub/retours", why: onlyForms},
	{route: "/comptoir/:hub/retours/:loan", why: onlyForms},
	{route: "/comptoir/:hub/arrivees", why: onlyForms},
	{route: "/comptoir/:hub/exemplaires", why: onlyForms},
	{route: "/comptoir/:hub/prolonger", why: onlyForms},
	{route: "/comptoir/:hub/demandes/:id", why: onlyForms},
	{route: "/reservations/:id/prolonger", why: onlyForms},
	{route: "/inventaire/:hub/exporter.csv", why: "a file"},
	{route: "/photos/:id", why: "a picture"},
	{route: "/documents/:id", why: "a file"},
	{route: "/inventaire/:hub/exemplaires/:unit/retrouve", why: onlyForms},
	{route: "/inventaire/:hub/exemplaires/:unit/compte", why: onlyForms},
	{route: "/inventaire/:hub/exemplaires/:unit/compteur", why: onlyForms},
	{route: "/inventaire/:hub/exemplaires/:unit/fichiers", why: onlyForms},
	{route: "/inventaire/:hub/exemplaires/:unit/fichiers/retirer", why: onlyForms},
	{route: "/inventaire/:hub/consommables/:consumable/mouvements", why: onlyForms},
	{route: "/inventaire/:hub/recensements/:take/codes", why: onlyForms},
	{route: "/inventaire/:hub/recensements/:take/oublier", why: onlyForms},
	{route: "/inventaire/:hub/recensements/:take/fermer", why: onlyForms},
	{route: "/connexion/mot-de-passe", why: onlyForms},
	{route: "/connexion/organisation", why: onlyForms},
	{route: "/connexion/sessions", why: onlyForms},
	{route: "/connexion/verification/confirmer", why: onlyForms},
	{route: "/connexion/verification/codes", why: onlyForms},
	{route: "/deconnexion", why: onlyForms},
	{route: "/compte/appareils/fermer", why: onlyForms},
	{route: "/compte/appareils/autres", why: onlyForms},
	{route: "/compte/acces/jetons", why: onlyForms},
	{route: "/compte/acces/jetons/revoquer", why: onlyForms},
	{route: "/compte/acces/agenda", why: onlyForms},
	{route: "/compte/acces/agenda/fermer", why: onlyForms},
	{route: "/demo/entrer", why: onlyForms},
}

const onlyForms = "leads on: only forms are sent there"

// addressIn is the address of a page in a language.
func (p sitePage) addressIn(w *world, language string) string {
	address := p.address
	if address == "" {
		address = p.route
	}
	address = w.fill(address)
	if language == "en" {
		address = "/en" + strings.TrimSuffix(address, "/")
	}
	return address
}

// formIn is what is sent to a page, "" for one that is opened.
func (p sitePage) formIn(w *world) string { return w.fill(p.form) }

// fill replaces names in braces by what they stand for.
func (w *world) fill(text string) string {
	at := func(t time.Time) string { return t.UTC().Format(time.RFC3339) }
	return strings.NewReplacer("{hub}", worldHub, "{resource}", worldResource, "{elsewhere}", worldElsewhere, "{category}", worldCategory,
		"{booking}", w.booking, "{unit}", worldUnit, "{consumable}", worldConsumable, "{take}", w.stocktake, "{ticket}", w.ticket, "{condition}", worldCondition, "{before}", at(w.booked.Add(-3*time.Hour)), "{begun}", at(w.booked.Add(-2*time.Hour)),
		"{booked}", at(w.booked), "{end}", at(w.booked.Add(time.Hour)), "{from}", at(w.from), "{to}", at(w.to), "{day}", w.from.UTC().Format(time.DateOnly)).Replace(text)
}

// name is what a test of the page is called.
func (p sitePage) name() string {
	name := p.address
	if name == "" {
		name = p.route
	}
	name = strings.ReplaceAll(strings.TrimPrefix(name, "/"), "/", "_")
	if name == "" {
		name = "home"
	}
	if p.form != "" {
		name += " sent " + p.form
	}
	if p.who != anybody {
		name += " as " + p.who
	}
	return name
}

// TestEveryPageOfTheSiteIsLookedAt compares the list with what is mounted, so that no page can
// be forgotten by the tests that go through it.
func TestEveryPageOfTheSiteIsLookedAt(t *testing.T) {
	gin.SetMode(gin.ReleaseMode)
	router := gin.New()
	web.New(web.Deps{Kept: &mail.Kept{}, Demo: &web.Demo{}}).Mount(router)
	mounted := map[string]bool{}
	for _, r := range router.Routes() {
		if r.Method == http.MethodGet {
			mounted[r.Path] = true
		}
	}
	for path := range mounted {
		french := path
		if path == "/en" || strings.HasPrefix(path, "/en/") {
			french = "/" + strings.TrimPrefix(strings.TrimPrefix(path, "/en"), "/")
			if !mounted[french] {
				t.Errorf("%s is there in English only", path)
			}
		}
		if !slices.ContainsFunc(pagesOfTheSite, func(p sitePage) bool { return p.route == french }) {
			t.Errorf("%s is mounted, but not in pagesOfTheSite", path)
		}
	}
	for _, p := range pagesOfTheSite {
		if p.route == "" {
			continue
		}
		if !mounted[p.route] {
			t.Errorf("%s is in pagesOfTheSite, but not mounted", p.route)
		}
		english := "/en" + strings.TrimSuffix(p.route, "/")
		if p.why == "" && !mounted[english] {
			t.Errorf("%s is not there in English", p.route)
		}
	}
}

// TestEveryPageIsForEverybody looks at each page in both languages, as narrow as a phone and as
// a page enlarged four times, and on a desktop: axe-core finds no barrier of WCAG 2.2 A and AA,
// nothing scrolls sideways or is cut, everything is large enough to touch, and nothing moves for
// those who asked for that. In French, what no word changes as well: no barrier in the dark, and
// every stop of the Tab key is seen to have the focus.
func TestEveryPageIsForEverybody(t *testing.T) {
	in := demoWorld(t)
	for _, who := range []string{anybody, artist, manager, staff} {
		for _, language := range []string{"fr", "en"} {
			t.Run(strings.TrimSpace(language+" "+who), func(t *testing.T) {
				t.Parallel()
				w := openWindow(t, in.URL, phone)
				if who != anybody {
					w.enter(in, in.email(who))
				}
				for _, p := range pagesOfTheSite {
					if p.who == who && p.why == "" {
						t.Run(p.name(), func(t *testing.T) { w.lookAt(t, in, p, language) })
					}
				}
			})
		}
	}
}

// lookAt goes to a page and looks at it in every way, for a test of its own.
func (w *window) lookAt(t *testing.T, in *world, p sitePage, language string) {
	outer, expected := w.t, len(w.allowed)
	w.t = t
	defer func() { w.t, w.allowed = outer, w.allowed[:expected] }()
	if p.status != 0 {
		w.allow(fmt.Sprintf("status %d from ", p.status))
	}
	narrow := look{width: 320, height: 640, still: true, english: language == "en"} // 1280 at 400 %
	wide := look{width: 1280, height: 900, still: true, english: narrow.english}
	dark := wide
	dark.dark = true
	w.see(narrow)
	w.reach(in, p, language)
	if got := evaluate[string](w, "document.documentElement.lang"); got != language {
		t.Errorf("%s is in %q", w.address(), got)
	}
	for selector := range strings.SplitSeq(p.has, ",") {
		if selector != "" && !evaluate[bool](w, fmt.Sprintf("!!document.querySelector(%q)", selector)) {
			t.Errorf("%s has no %s:\n%s", w.address(), selector, w.reads())
		}
	}
	w.fits()
	w.touchable()
	w.accessible(runAxe)
	if moves := evaluate[[]string](w, moving); len(moves) > 0 {
		t.Errorf("%s moves: %v", w.address(), moves)
	}
	w.see(wide)
	w.fits()
	if language == "fr" {
		w.stopsAreSeen()
		w.see(dark)
		w.accessible(runAxe)
		w.stopsAreSeen()
	}
	w.judge()
}

// reach goes to a page: by its address, or by sending the form that leads there.
func (w *window) reach(in *world, p sitePage, language string) {
	w.t.Helper()
	if p.form == "" && p.before == "" {
		w.open(p.addressIn(in, language))
		return
	}
	w.open(map[string]string{"fr": "/confidentialite", "en": "/en/confidentialite"}[language])
	if p.before != "" {
		w.send(p.before, "")
	}
	if p.form == "" {
		w.open(p.addressIn(in, language))
		return
	}
	w.send(p.addressIn(in, language), p.formIn(in))
}

// send sends a form to an address of the site, from the page that is there, and waits for the page that answers.
func (w *window) send(address, fields string) {
	w.t.Helper()
	evaluate[chromedp.Void](w, fmt.Sprintf(`(() => {
		const form = Object.assign(document.createElement("form"), {method: "post", action: %q});
		for (const [name, value] of new URLSearchParams(%q)) form.append(Object.assign(document.createElement("input"), {type: "hidden", name, value}));
		document.body.append(form);
		window.left = true;
		form.submit();
	})()`, address, fields))
	w.until("the answer to "+address, `!window.left`)
	w.calm()
}
