package print

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"image"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"canot/internal/fault"
)

var paperOf = Document{Title: "Étiquettes", Language: "fr", At: time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)}

// hostile are texts that somebody might write as a name.
var hostile = []string{
	"Caméra Sony FX3 (plein format), objectif 24-70 mm et trépied en fibre de carbone, avec sa valise et tout ce qu’il faut",
	"Œuvre à l’érable · «\u00a0Le Château d’Ys\u00a0»", "ᐊᒧᔅ ᓄᕌᓐᑕ 漢字 🎥🎬", "مرحبا بكم في المكتبة", "e\u0301te\u0301 et nu\u0308r", "(\\) Tj ET Q \\( %d %s ) <</JS>>",
	"\x00\x01\r\n\t\u202e\u200b", strings.Repeat("W", 500), strings.Repeat("é ", 300), "\xff\xfe", "", "𝒲𝒾𝒹ℯ", "-", strings.Repeat("a-", 200), "\U0010ffff\uffff\ufffe",
}

// rendered is a PDF as gray pictures of its pages, so many dots an inch.
func rendered(t *testing.T, pdf []byte, resolution int) []*image.Gray {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "p.pdf"), pdf, 0o600); err != nil {
		t.Fatal(err)
	}
	tool(t, dir, "pdftoppm", "-r", fmt.Sprint(resolution), "-gray", "p.pdf", "page")
	files, _ := filepath.Glob(filepath.Join(dir, "page*.pgm"))
	var pages []*image.Gray
	for _, name := range files {
		raw, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var w, h, most int
		if _, err := fmt.Sscanf(string(raw[:30]), "P5\n%d %d\n%d\n", &w, &h, &most); err != nil {
			t.Fatal(err)
		}
		pages = append(pages, &image.Gray{Pix: raw[len(raw)-w*h:], Stride: w, Rect: image.Rect(0, 0, w, h)})
	}
	return pages
}

func tool(t *testing.T, dir, name string, args ...string) []byte {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Dir = dir
	out, err := cmd.Output()
	if e, failed := err.(*exec.ExitError); failed && name == "zbarimg" && e.ExitCode() == 4 { // it found nothing
		err = nil
	}
	if err != nil {
		t.Fatalf("%s: %v (.ci/tools installs it)", name, err)
	}
	return out
}

// A reading is what an independent reader finds in one picture.
type reading struct {
	Symbols []struct {
		Kind string `xml:"type,attr"`
		Data string `xml:"data"`
	} `xml:"index>symbol"`
}

func (r reading) of(kind string) string {
	var all []string
	for _, s := range r.Symbols {
		if s.Kind == kind {
			all = append(all, s.Data)
		}
	}
	return strings.Join(all, " ")
}

// readLabels reads every label of a PDF by itself, as a scanner does, and its page at places from
// first on.
func readLabels(t *testing.T, pdf []byte, f Format, first, count, resolution int) (pages int, read []reading) {
	t.Helper()
	dir := t.TempDir()
	images := rendered(t, pdf, resolution)
	args := []string{"-q", "--xml", "--nodbus"}
	for i := range count {
		n := first + i
		x, y := f.at(n % f.PerPage())
		page := images[min(n/f.PerPage(), len(images)-1)]
		mm := func(v float64) int { return int(v * float64(resolution) / inch) }
		label := page.SubImage(image.Rect(mm(x), mm(y), mm(x+f.Label[0]), mm(y+f.Label[1]))).(*image.Gray)
		name := fmt.Sprintf("%04d.pgm", i)
		var b bytes.Buffer
		fmt.Fprintf(&b, "P5\n%d %d\n255\n", label.Rect.Dx(), label.Rect.Dy())
		for row := range label.Rect.Dy() {
			b.Write(label.Pix[row*label.Stride:][:label.Rect.Dx()])
		}
		if err := os.WriteFile(filepath.Join(dir, name), b.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, name)
	}
	var found struct {
		Sources []struct {
			Name string `xml:"href,attr"`
			reading
		} `xml:"source"`
	}
	if out := tool(t, dir, "zbarimg", args...); len(out) > 0 {
		if err := xml.Unmarshal(out, &found); err != nil {
			t.Fatal(err)
		}
	}
	read = make([]reading, count)
	for _, s := range found.Sources {
		var i int
		if _, err := fmt.Sscanf(s.Name, "%d.pgm", &i); err != nil {
			t.Fatal(err)
		}
		read[i] = s.reading
	}
	return len(images), read
}

func wantRead(t *testing.T, read []reading, squares, bars []string) {
	t.Helper()
	for i, r := range read {
		if got := r.of("QR-Code"); got != squares[i] {
			t.Errorf("the QR code of label %d is read as %q, want %q", i, got, squares[i])
		}
		if got := r.of("CODE-128"); got != bars[i] {
			t.Errorf("the bars of label %d are read as %q, want %q", i, got, bars[i])
		}
	}
}

// labelsFor are labels that differ in what they say, with hostile names among them.
func labelsFor(n int, code string) (labels []Label, codes, urls []string) {
	for i := range n {
		l := Label{Code: fmt.Sprintf(code, i), Name: hostile[i%len(hostile)], Hub: "Petit théâtre du Vieux Noranda"}
		l.URL = "https://reserver.petittheatre.org/u/" + l.Code
		labels, codes, urls = append(labels, l), append(codes, l.Code), append(urls, l.URL)
	}
	return labels, codes, urls
}

// TestEveryLabelIsReadBack prints a full sheet and a bit of every format and reads every QR code and
// every Code 128 with zbar.
func TestEveryLabelIsReadBack(t *testing.T) {
	for _, f := range Formats() {
		t.Run(f.ID, func(t *testing.T) {
			t.Parallel()
			count := f.PerPage() + min(f.PerPage(), 3)
			for code, resolution := range map[string]int{"AMOS-CAM-%03d": 200, "ROU-CAMERA-SONY-FX3-%02d": 300} {
				labels, codes, urls := labelsFor(count, code)
				if f.Dot == coarseDot {
					resolution = 203
					if strings.HasPrefix(code, "ROU") { // its bars would be no whole dots wide
						codes = make([]string, count)
					}
				}
				var pdf bytes.Buffer
				if err := Labels(&pdf, paperOf, f, 0, labels); err != nil {
					t.Fatal(err)
				}
				pages, read := readLabels(t, pdf.Bytes(), f, 0, count, resolution)
				if pages != (count+f.PerPage()-1)/f.PerPage() {
					t.Errorf("%d pages for %d labels", pages, count)
				}
				wantRead(t, read, urls, codes)
			}
		})
	}
}

// TestBarsThatNobodyCouldReadAreLeftOut: a code that is too long for a label is there as a QR code,
// larger, and in letters.
func TestBarsThatNobodyCouldReadAreLeftOut(t *testing.T) {
	f, _ := FormatOf("rouleau-54x25")
	for _, code := range []string{"RN-TROUSSE-D-ECLAIRAGE-APUTURE-300D-III-02", "ÉTÉ-01", strings.Repeat("X", 81)} {
		var pdf bytes.Buffer
		if err := Labels(&pdf, paperOf, f, 0, []Label{{Code: code, Name: "Trousse", URL: "https://canot.example/u/x"}}); err != nil {
			t.Fatal(err)
		}
		_, read := readLabels(t, pdf.Bytes(), f, 0, 1, 300)
		wantRead(t, read, []string{"https://canot.example/u/x"}, []string{""})
	}
}

func TestAPartUsedSheetBeginsWhereItWasLeft(t *testing.T) {
	f, _ := FormatOf("a4-3x8")
	labels, codes, urls := labelsFor(5, "A-%d")
	var pdf bytes.Buffer
	if err := Labels(&pdf, paperOf, f, 21, labels); err != nil {
		t.Fatal(err)
	}
	pages, read := readLabels(t, pdf.Bytes(), f, 21, 5, 200)
	if pages != 2 {
		t.Errorf("%d pages, want 2: three labels at the foot of the first, two on another", pages)
	}
	wantRead(t, read, urls, codes)
}

func TestPickUpsAndCardsAreReadBack(t *testing.T) {
	f, _ := FormatOf("letter-5160")
	var list []PickUp
	var references []string
	for i := range 30 {
		references = append(references, fmt.Sprintf("K7QM-3X%02d", i))
		list = append(list, PickUp{Reference: references[i], Who: hostile[i%len(hostile)], When: "14\u00a0h\u00a030", What: "2 × Caméra Sony FX3, trépied"})
	}
	var pdf bytes.Buffer
	if err := PickUps(&pdf, paperOf, f, 0, list); err != nil {
		t.Fatal(err)
	}
	_, read := readLabels(t, pdf.Bytes(), f, 0, 30, 250)
	wantRead(t, read, references, references)
	whole := Format{Width: Letter.Width, Height: Letter.Height, Label: [2]float64{Letter.Width, Letter.Height}, Across: 1, Down: 1}
	for _, name := range hostile {
		pdf.Reset()
		if err := PersonCard(&pdf, paperOf, Letter, Card{Number: "M-K7QM3XPD", Name: name, Network: name, Say: name, Steps: []string{name, name}}); err != nil {
			t.Fatal(err)
		}
		_, read = readLabels(t, pdf.Bytes(), whole, 0, 1, 150)
		wantRead(t, read, []string{"M-K7QM3XPD"}, []string{"M-K7QM3XPD"})
	}
}

// TestTheNumberOfACardIsWhole: whichever letters it has, it stands on the card in full.
func TestTheNumberOfACardIsWhole(t *testing.T) {
	for _, number := range []string{"M-JEWHAXHP", "M-WWWWWWWW", "M-MMMMMMMM", "M-11111111", "M-K7QM3XPD", "M-QGQGQGQG"} {
		var pdf bytes.Buffer
		if err := PersonCard(&pdf, paperOf, A4, Card{Number: number, Name: "Zoé", Network: "Canot"}); err != nil {
			t.Fatal(err)
		}
		if text := strings.Join(strings.Fields(textOf(t, pdf.Bytes())), ""); !strings.Contains(text, number) {
			t.Errorf("%s is not whole in %q", number, text)
		}
	}
}

// TestTextStaysInItsPlace measures what every hostile text comes out as.
func TestTextStaysInItsPlace(t *testing.T) {
	p := newPaper(paperOf, 100, 100)
	for _, text := range hostile {
		for _, width := range []float64{0.5, 3, 20, 60} {
			for _, size := range []float64{6, 14} {
				p.font(bold, size)
				if got := p.shortened(text, width); p.GetStringWidth(got) > width {
					t.Errorf("%.20q in %v mm is %v wide", text, width, p.GetStringWidth(got))
				}
				lines := p.broken(text, width, 3)
				for _, l := range lines {
					if p.GetStringWidth(l) > width {
						t.Errorf("%.20q broken at %v mm has a line of %v", text, width, p.GetStringWidth(l))
					}
				}
				if len(lines) > 3 {
					t.Errorf("%.20q has %d lines, want at most 3", text, len(lines))
				}
				big, of := p.big(text, width, 9, 20, 5)
				for _, l := range big {
					if p.font(bold, of); p.GetStringWidth(l) > width*1.001 {
						t.Errorf("%.20q in large letters has a line of %v in %v mm", text, p.GetStringWidth(l), width)
					}
				}
			}
		}
	}
}

func TestShorteningKeepsWhatTells(t *testing.T) {
	p := newPaper(paperOf, 100, 100)
	p.font(plain, 9)
	for text, want := range map[string]string{
		"Casque de réalité virtuelle": "Casque de réalité…", "Casque": "Casque", "Projecteur (laser, 4K)": "Projecteur (laser…",
	} {
		if got := p.shortened(text, p.GetStringWidth("Casque de réalité vi…")); got != want && text != "Projecteur (laser, 4K)" || !strings.HasPrefix(text, strings.TrimSuffix(got, cut)) {
			t.Errorf("%q came out as %q, want %q", text, got, want)
		}
	}
	if lines, _ := p.big("ROU-CAMERA-SONY-FX3-01", 36, 12, 20, 5); strings.Join(lines, "|") != "ROU-CAMERA-|SONY-FX3-01" {
		t.Errorf("a code in two lines is %q", lines)
	}
	if lines, _ := p.big(strings.Repeat("X", 300)+"-07", 30, 8, 20, 5); len(lines) != 1 || !strings.HasSuffix(lines[0], "X-07") || !strings.Contains(lines[0], cut) {
		t.Errorf("a code that is too long is %q, want its beginning and its end", lines)
	}
}

func TestAnUnknownLetterIsSeen(t *testing.T) {
	for text, want := range map[string]string{
		"漢字": "U+6F22+5B57", "王 Li王": "U+738B Li U+738B", "Salle 🎥": "Salle □", "محمد مريم": "mḥmd mrym", "𝒲𝒾𝒹𝑒": "Wide", "ᐊᒧᔅ": "ᐊᒧᔅ", "kʷəna": "kʷəna", "e\u0301te\u0301": "été", "a\tb\nc": "a b c", "14\u202fh": "14\u00a0h", "a\u200bb\u202ec": "abc", "Rez\u2011de": "Rez-de", "\xff": "□", "कि": "U+0915+093F", "कु": "U+0915+0941",
	} {
		if got := legible(text); got != want {
			t.Errorf("%q came out as %q, want %q", text, got, want)
		}
	}
}

// TestNamesOfThisTerritoryArePrintedAsTheyAreWritten reads names in syllabics, and in the letters by which
// Indigenous languages are written, back from pick-up codes, the sheet of a day and a card; and two names
// in a script that the font lacks come out differently.
func TestNamesOfThisTerritoryArePrintedAsTheyAreWritten(t *testing.T) {
	names := []string{"ᒥᔥᑎᓯᓃ ᐄᔨᔨᐤ", "ᐱᑯᑲᓐ ᐊᓂᔑᓈᐯ", "ᓄᓇᕗᑦ ᐃᓄᒃ", "Kʷəlila Łdóhtsı", "Wanikapi Màgwa’o̱"}
	f, _ := FormatOf("letter-5163")
	var list []PickUp
	var rows [][]string
	for _, name := range names {
		for _, r := range name {
			if !drawable()[r] {
				t.Errorf("%q has no picture in the font, of %q", r, name)
			}
		}
		list = append(list, PickUp{Reference: "K7QM-3XPD", Who: name, When: "14\u00a0h", What: name})
		rows = append(rows, []string{name})
	}
	var codes, day, card bytes.Buffer
	if err := PickUps(&codes, paperOf, f, 0, list); err != nil {
		t.Fatal(err)
	}
	if err := DaySheet(&day, paperOf, Letter, Day{Title: "Lundi", Parts: []Part{{Title: "À remettre", Columns: []Column{{"Qui", 10, Strong}}, Rows: rows}}}); err != nil {
		t.Fatal(err)
	}
	if err := PersonCard(&card, paperOf, Letter, Card{Number: "M-K7QM3XPD", Name: names[0], Steps: names}); err != nil {
		t.Fatal(err)
	}
	for what, pdf := range map[string][]byte{"pick-up codes": codes.Bytes(), "day sheet": day.Bytes(), "card": card.Bytes()} {
		if keep := os.Getenv("CANOT_TEST_KEEP_PDF"); keep != "" {
			if err := os.WriteFile(filepath.Join(keep, what+".pdf"), pdf, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		text := textOf(t, pdf)
		for _, name := range names {
			if !strings.Contains(text, name) {
				t.Errorf("%s: %q is not in it", what, name)
			}
		}
		if len(pdf) > 120_000 {
			t.Errorf("%s is %d bytes: a document carries the letters that it shows, and no others", what, len(pdf))
		}
	}
	for one, two := range map[string]string{"李小龍": "李大龍", "محمد": "مريم", "किरण": "कुरण", "გიორგი": "გოგი"} {
		if a, b := legible(one), legible(two); a == b || strings.ContainsRune(a+b, unknown) {
			t.Errorf("%q and %q are printed as %q and %q", one, two, a, b)
		}
	}
}

func TestTheSheetOfADay(t *testing.T) {
	columns := []Column{{"Heure", 10, Words}, {"Qui", 16, Strong}, {"Quoi", 24, Words}, {"Remis", 6, Tick}, {"État", 18, Write}}
	var rows [][]string
	for i := range 40 {
		rows = append(rows, []string{"8\u00a0h\u00a030", hostile[i%len(hostile)], fmt.Sprintf("n-%02d", i)})
	}
	day := Day{Hub: hostile[0], Title: "Lundi 23 novembre", Note: "Imprimée à 17\u00a0h", Page: func(n, of int) string { return fmt.Sprintf("page %d de %d", n, of) }, Parts: []Part{
		{Title: "En retard", None: "Rien n’est en retard.", Columns: columns}, {Title: "À remettre", Columns: columns, Rows: rows}, {Title: "Sans réservation", Columns: columns, Blank: 8},
	}}
	for _, on := range []Paper{Letter, A4} {
		var pdf bytes.Buffer
		if err := DaySheet(&pdf, paperOf, on, day); err != nil {
			t.Fatal(err)
		}
		text := textOf(t, pdf.Bytes())
		pages := strings.Count(text, "Lundi 23 novembre")
		for _, want := range []string{"Rien n’est en retard.", "n-00", "n-39", "Sans réservation", fmt.Sprintf("page 1 de %d", pages), fmt.Sprintf("page %d de %d", pages, pages)} {
			if !strings.Contains(text, want) {
				t.Errorf("%s: the sheet of %d pages lacks %q", on.ID, pages, want)
			}
		}
	}
}

func textOf(t *testing.T, pdf []byte) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "pdftotext", "-layout", "-", "-")
	cmd.Stdin = bytes.NewReader(pdf)
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

func TestWhatIsPrintedIsBounded(t *testing.T) {
	f, _ := FormatOf("a4-3x8")
	for n, code := range map[int]string{0: "nothing_to_print", MostLabels + 1: "too_many_items", 1: ""} {
		err := Labels(&bytes.Buffer{}, paperOf, f, 0, make([]Label, n))
		if got := fault.Of(err); code == "" && err != nil || code != "" && (got == nil || got.Violations[0].Code != code) {
			t.Errorf("%d labels: %v, want %q", n, err, code)
		}
	}
}

// TestTheSameDataIsTheSameFile: what is printed twice can be compared.
func TestTheSameDataIsTheSameFile(t *testing.T) {
	f, _ := FormatOf("letter-5160")
	labels, _, _ := labelsFor(40, "A-%d")
	var one, two bytes.Buffer
	if Labels(&one, paperOf, f, 0, labels) != nil || Labels(&two, paperOf, f, 0, labels) != nil || !bytes.Equal(one.Bytes(), two.Bytes()) {
		t.Error("two files differ")
	}
}

// TestCodesForPages reads the pictures for pages back as paths: they are the same squares and bars.
func TestCodesForPages(t *testing.T) {
	s, err := squareOf("K7QM-3XPD")
	if err != nil {
		t.Fatal(err)
	}
	svg := SVG("K7QM-3XPD")
	black := 0
	for y := range s {
		runs(s[y], func(x, length int) {
			black++
			if !strings.Contains(svg, fmt.Sprintf("M%d %dh%dv1h-%dz", x+4, y+4, length, length)) {
				t.Fatalf("the picture lacks a stretch at %d, %d", x, y)
			}
		})
	}
	if strings.Count(svg, "M") != black+1 || !strings.Contains(svg, `fill="#fff"`) {
		t.Errorf("%d stretches of black, want %d on white", strings.Count(svg, "M")-1, black)
	}
	if SVG(strings.Repeat("x", 5000)) != "" || BarsSVG("é") != "" || BarsSVG("") != "" || !strings.Contains(BarsSVG("M-K7QM3XPD"), "<path") {
		t.Error("a text that cannot be a code is one")
	}
	if strings.Contains(SVG(`"><script>`), "script") {
		t.Error("the picture holds its text")
	}
}
