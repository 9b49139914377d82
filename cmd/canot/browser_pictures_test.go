package main

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// A picture of the pages, as the README shows them.
type shot struct {
	name, address string
	who           string
	look          look
	whole         bool
}

var shots = []shot{
	{name: "accueil", address: "/", who: artist, look: look{width: 1180, height: 820}},
	{name: "accueil-telephone", address: "/", look: look{width: 390, height: 800}},
	{name: "lieux", address: "/lieux?de=" + worldHub, look: look{width: 1180, height: 900}},
	{name: "catalogue", address: "/ressources?categorie=" + worldCategory, who: artist, look: look{width: 1180, height: 820}},
	{name: "ressource", address: "/ressources/" + worldResource, who: artist, look: look{width: 1180, height: 900}},
	{name: "calendrier", address: "/ressources/" + worldResource + "/calendrier?jour={day}", who: artist, look: look{width: 1180, height: 820}},
	{name: "quand-telephone", address: "/reserver?r=" + worldResource + "&jour={day}", who: artist, look: look{width: 390, height: 800}},
	{name: "confirmation-telephone", address: "/reservations/{booking}?fait=reservee", who: artist, look: look{width: 390, height: 800}},
	{name: "reservation-sombre", address: "/reservations/{booking}", who: artist, look: look{width: 1180, height: 820, dark: true}},
	{name: "comptoir", address: "/comptoir/{hub}", who: staff, look: look{width: 1180, height: 900}},
	{name: "comptoir-telephone", address: "/comptoir/{hub}", who: staff, look: look{width: 390, height: 800}},
	{name: "english", address: "/en", who: artist, look: look{width: 1180, height: 820, english: true}},
}

// largestPicture keeps the repository small.
const largestPicture = 90_000

// TestPicturesOfTheMainPages takes them every time, so that they can always be taken, and writes
// them where CANOT_TEST_PICTURES says: `make screenshots`.
func TestPicturesOfTheMainPages(t *testing.T) {
	t.Parallel()
	in := demoWorld(t)
	folder := os.Getenv("CANOT_TEST_PICTURES")
	for _, s := range shots {
		t.Run(s.name, func(t *testing.T) {
			w := openWindow(t, in.URL, s.look)
			if s.who != anybody {
				w.enter(in, in.email(s.who))
			}
			page := sitePage{address: s.address}
			w.open(page.addressIn(in, "fr"))
			small := fewColours(t, w.picture(s.whole))
			if len(small) < 5_000 || len(small) > largestPicture {
				t.Errorf("%s is %d bytes", s.name, len(small))
			}
			if folder == "" {
				return
			}
			if err := os.WriteFile(filepath.Join(folder, s.name+".png"), small, 0o644); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// fewColours writes a picture anew with the 256 colours that it has most of: pages have few, and
// the shades between them are not missed.
func fewColours(t *testing.T, content []byte) []byte {
	t.Helper()
	picture, err := png.Decode(bytes.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	box := picture.Bounds()
	count := map[color.RGBA]int{}
	for y := box.Min.Y; y < box.Max.Y; y++ {
		for x := box.Min.X; x < box.Max.X; x++ {
			count[color.RGBAModel.Convert(picture.At(x, y)).(color.RGBA)]++
		}
	}
	colours := make([]color.RGBA, 0, len(count))
	for c := range count {
		colours = append(colours, c)
	}
	slices.SortFunc(colours, func(a, b color.RGBA) int {
		if count[a] != count[b] {
			return count[b] - count[a]
		}
		return strings.Compare(string([]byte{a.R, a.G, a.B}), string([]byte{b.R, b.G, b.B}))
	})
	var palette color.Palette
	for _, c := range colours[:min(len(colours), 256)] {
		palette = append(palette, c)
	}
	nearest := map[color.RGBA]uint8{}
	small := image.NewPaletted(box, palette)
	for y := box.Min.Y; y < box.Max.Y; y++ {
		for x := box.Min.X; x < box.Max.X; x++ {
			c := color.RGBAModel.Convert(picture.At(x, y)).(color.RGBA)
			i, known := nearest[c]
			if !known {
				i = uint8(palette.Index(c))
				nearest[c] = i
			}
			small.SetColorIndex(x, y, i)
		}
	}
	var out bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&out, small); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// TestAConfirmationIsPrinted: what matters is on the sheet, dark on light whatever the screen was,
// nothing is cut, and what only a screen can do is left out.
func TestAConfirmationIsPrinted(t *testing.T) {
	t.Parallel()
	in := demoWorld(t)
	w := openWindow(t, in.URL, look{width: 720, height: 960, dark: true, print: true}) // a letter sheet less its margins
	w.enter(in, in.email(artist))
	w.open("/reservations/" + in.booking + "?fait=reservee")
	w.fits()
	shown := func(selector string) bool {
		return evaluate[bool](w, `[...document.querySelectorAll("`+selector+`")].some(e => e.checkVisibility({visibilityProperty: true}))`)
	}
	for _, needed := range []string{"h1", ".ref", ".big", ".ticket", ".pick-up .code-qr", ".pick-up .person-number"} {
		if !shown(needed) {
			t.Errorf("%s is not printed", needed)
		}
	}
	for _, idle := range []string{".top nav", "footer a", "a.button"} {
		if shown(idle) {
			t.Errorf("%s is printed", idle)
		}
	}
	light := evaluate[bool](w, `(() => {
		const sum = c => c.match(/[\d.]+/g).slice(0, 3).reduce((a, b) => a + +b, 0), of = (e, p) => getComputedStyle(document.querySelector(e))[p];
		const paper = [of("html", "backgroundColor"), of("body", "backgroundColor")].filter(c => !/, 0\)$/.test(c));
		return sum(of("h1", "color")) < 200 && sum(of(".big", "color")) < 300 && paper.every(c => sum(c) > 600);
	})()`)
	if !light {
		t.Error("it is printed light on dark")
	}
	sheet, err := chromedp.Run(w.ctx, chromedp.PrintToPDF(chromedp.PDFMargin(0.5)))
	if err != nil {
		t.Fatal(err)
	}
	if to := os.Getenv("CANOT_KEEP_PDF"); to != "" { // to be looked at
		if err := os.WriteFile(to, sheet, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if pages := bytes.Count(sheet, []byte("/Type /Page\n")); pages != 1 {
		t.Errorf("%d sheets", pages)
	}
}
