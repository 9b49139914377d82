package web

import (
	"bytes"
	"net/url"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"canot/booking"
	"canot/internal/database"
	"canot/internal/identity"
)

// cameras are the codes of those that Amos lends.
var cameras = []string{"amos-camera0", "amos-camera1"}

// printed is what a PDF says.
func (v view) printed() string {
	v.t.Helper()
	if v.status != 200 || v.header.Get("Content-Type") != "application/pdf" || v.header.Get("Cache-Control") != "no-store" || !strings.HasPrefix(v.header.Get("Content-Disposition"), "inline") {
		v.t.Fatalf("%s: %d, %v: %.300s", v.path, v.status, v.header, v.body)
	}
	cmd := exec.Command("pdftotext", "-layout", "-", "-")
	cmd.Stdin = bytes.NewReader([]byte(v.body))
	out, err := cmd.Output()
	must(v.t, err)
	return strings.ReplaceAll(string(out), "\u00a0", " ")
}

func wantPrinted(t *testing.T, text string, wants ...string) {
	t.Helper()
	for _, want := range wants {
		if !strings.Contains(text, want) {
			t.Errorf("the paper lacks %q:\n%s", want, text)
		}
	}
}

func TestStaffPrintLabels(t *testing.T) {
	onStreet(t, func(t *testing.T, w *town, zoe *browser) {
		codes := cameras
		anne := w.ruler("zoe@exemple.example")
		page := anne.get("/impressions/amos").on("/impressions/amos", 200).has(codes[0], "Le camera")
		checkPage(t, "/impressions/amos", page, "fr")
		checkPage(t, "/en/impressions/amos", anne.get("/en/impressions/amos").has("Le camera", codes[1]), "en")

		labels := "/impressions/amos/etiquettes.pdf?format=letter-5160&debut=4&quoi=choisis&u="
		text := anne.get(labels + codes[0]).printed()
		wantPrinted(t, text, "Le camera", codes[0])
		if strings.Contains(text, codes[1]) {
			t.Errorf("a label that was not chosen is printed:\n%s", text)
		}
		wantPrinted(t, anne.get("/impressions/amos/etiquettes.pdf?format=rouleau-62&quoi=choisis&codes="+url.QueryEscape(strings.ToUpper(codes[0])+"\r\n"+codes[1])).printed(), codes...)
		wantPrinted(t, anne.get("/en/impressions/amos/etiquettes.pdf?format=a4-3x8&quoi=tous&q=CAM%C3%89RA").printed(), codes...)

		for address, says := range map[string]string{
			labels + "PAS-UN-CODE": "PAS-UN-CODE",
			"/impressions/amos/etiquettes.pdf?format=letter-5160&quoi=choisis":                                            "rien à imprimer",
			"/impressions/amos/etiquettes.pdf?format=x&quoi=tous":                                                         "Format",
			"/impressions/amos/etiquettes.pdf?format=a4-3x8&quoi=tous&debut=25":                                           "24",
			"/impressions/amos/etiquettes.pdf?format=a4-3x8&quoi=tous&debut=-1":                                           "24",
			"/impressions/amos/etiquettes.pdf?format=a4-3x8&quoi=choisis&codes=" + strings.Repeat("x%0A", 2001):           "2\u00a0000",
			"/impressions/amos/etiquettes.pdf?format=rouleau-62&quoi=tous&debut=5":                                        "Un rouleau commence toujours à sa première étiquette",
			"/impressions/amos/feuille.pdf?jour=hier":                                                                     "date",
			"/impressions/amos/feuille.pdf?jour=1997-01-01":                                                               "date",
			"/impressions/amos/codes.pdf?format=a4-3x8&jour=2026-12-25":                                                   "rien à imprimer",
			"/impressions/amos/etiquettes.pdf?format=a4-3x8&quoi=tous&q=zzz&codes=" + url.QueryEscape("<script>alert(1)"): "rien à imprimer",
			"/impressions/amos/etiquettes.pdf?format=a4-3x8&quoi=choisis&codes=" + url.QueryEscape("\"><script>alert(1)"): "&lt;script&gt;",
		} {
			again := anne.get(address)
			if again.status != 400 || !strings.Contains(again.body, `role="alert"`) {
				t.Errorf("%.100s: %d", address, again.status)
			}
			again.has(says)
			checkPage(t, address, again, "fr")
		}
	})
}

func TestPapersAreForStaffOfTheHub(t *testing.T) {
	onStreet(t, func(t *testing.T, w *town, zoe *browser) {
		for _, paper := range []string{"", "/etiquettes.pdf?format=a4-3x8&quoi=tous", "/codes.pdf?format=a4-3x8", "/feuille.pdf"} {
			w.browser().get("/impressions/amos"+paper).on("/connexion", 200)
			if got := zoe.get("/impressions/amos" + paper); got.status != 404 {
				t.Errorf("%s answers a member %d", paper, got.status)
			}
		}
	})
}

func TestTheSheetOfADayAndItsPickUpCodes(t *testing.T) {
	onStreet(t, func(t *testing.T, w *town, zoe *browser) {
		codes := cameras
		ctx := t.Context()
		id := w.idOf("zoe@exemple.example")
		b, err := w.book.Place(ctx, identity.Actor{ID: id}, booking.Request{Lines: []booking.Want{{Resource: "amos-camera", Quantity: 2}}, StartsAt: on24(10), EndsAt: on24(16)}, database.Key{})
		must(t, err)
		anne := w.ruler("zoe@exemple.example")
		text := anne.get("/impressions/amos/feuille.pdf?jour=2026-11-24&papier=a4").printed()
		wantPrinted(t, text, "Mardi 24 novembre 2026", "À remettre", "10 h – 16 h", "Zoé", b.Reference, "2 × Le camera", codes[0], "Sans réservation", "Page 1 de 1")
		if strings.Contains(anne.get("/impressions/amos/feuille.pdf?jour=2026-11-25").printed(), b.Reference) {
			t.Error("the sheet of another day has the booking")
		}
		wantPrinted(t, anne.get("/en/impressions/amos/feuille.pdf?jour=2026-11-24").printed(), "Tuesday, November 24, 2026", "To hand out", "2 × Le camera")

		pickUps := "/impressions/amos/codes.pdf?format=letter-5163&jour=2026-11-24"
		text = anne.get(pickUps).printed()
		wantPrinted(t, text, b.Reference, "Z.", "10 h", "2 × Le camera")
		if strings.Contains(text, "Zoé") {
			t.Error("a name is on the shelf that nobody asked for")
		}
		wantPrinted(t, anne.get(pickUps+"&noms=1").printed(), "Zoé")
	})
}

var aCard = regexp.MustCompile(`M-[0-9A-HJKMNP-TV-Z]{8}`)

func TestAPersonHasACardAndRenewsIt(t *testing.T) {
	onStreet(t, func(t *testing.T, w *town, zoe *browser) {
		none := zoe.get("/compte/carte").on("/compte/carte", 200).has("Obtenir ma carte")
		checkPage(t, "/compte/carte", none, "fr")
		zoe.get("/compte/carte.pdf").on("/compte/carte", 200)
		page := zoe.send(none.form("/compte/carte")).on("/compte/carte", 200)
		checkPage(t, "/compte/carte with one", page, "fr")
		first := aCard.FindString(page.body)
		m, err := w.people.SeenMember(t.Context(), identity.System, w.idOf("zoe@exemple.example"))
		if err == nil && m.Card != first || first == "" || strings.Count(page.body, "<svg class=\"code-") != 2 {
			t.Errorf("the page shows %q: %v", first, err)
		}
		wantPrinted(t, zoe.get("/compte/carte.pdf?papier=a4").printed(), first, "Zoé", "pointillés")
		form := page.form("/compte/carte")
		second := aCard.FindString(zoe.send(form).on("/compte/carte", 200).has("nouvelle carte").body)
		if again := aCard.FindString(zoe.send(form).body); second == "" || second == first || again != second {
			t.Errorf("renewed from %q to %q, and by a second tap to %q", first, second, again)
		}
		w.browser().get("/compte/carte").on("/connexion", 200)
		w.browser().get("/compte/carte.pdf").on("/connexion", 200)
	})
}

func TestInitials(t *testing.T) {
	for name, want := range map[string]string{"Marie-Ève Gagnon-Lafrenière": "M.-È. G.-L.", "Zoé": "Z.", "": "", "  élodie  ": "É.", "-": "", "李 明": "李. 明."} {
		if got := initials(name); got != want {
			t.Errorf("%q is %q, want %q", name, got, want)
		}
	}
}

// TestPapersTakeFewStatements: as for every page.
func TestPapersTakeFewStatements(t *testing.T) {
	w := newTown(t, "sqlite", true)
	w.street()
	w.browser().person("Zoé", "zoe@exemple.example")
	anne := w.ruler("zoe@exemple.example")
	for _, path := range []string{"/impressions/amos", "/impressions/amos/etiquettes.pdf?format=a4-3x8&quoi=tous", "/impressions/amos/feuille.pdf", "/compte/carte"} {
		anne.get(path)
		w.clock.Move(time.Second)
		before := w.statements.Load()
		if got := anne.get(path); got.status != 200 {
			t.Fatalf("%s: %d", path, got.status)
		}
		if n := w.statements.Load() - before; n > 6 {
			t.Errorf("%s takes %d statements, want at most 6", path, n)
		}
	}
}
