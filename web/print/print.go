// Package print makes what a hub prints: labels for units and pick-up codes, on sheets of stickers or
// by a roll printer, the sheet of a day, and a person's card. All are PDF, and its codes are drawn as
// rectangles, sharp at any size.
//
// Whatever it is given comes out: a letter that the font lacks is spelled in others or named by its number,
// so that two names never look the same, and text that does not fit is shortened, never drawn beyond its place. It refuses to know whose names those are and who may
// print them, and it has no words of its own: what stands on paper is given, in the reader's language.
//
// Start reading at Labels.
package print

import (
	"io"
	"strings"
	"time"

	"codeberg.org/go-pdf/fpdf"
)

// A Document is what all papers say of themselves.
type Document struct {
	Title    string
	Language string    // of its words, as a tag
	At       time.Time // when it was made, in the zone of its readers
}

// The weights of the one face that is printed with.
const (
	plain = ""
	bold  = "B"
)

// points are in a millimetre.
const points = 72 / 25.4

// A paper is a document that is being drawn. Lengths are millimetres from the top left; sizes of type
// are points.
type paper struct {
	*fpdf.Fpdf
	dot float64 // of the printer
}

// newPaper begins a document of pages that are so wide and so high.
func newPaper(d Document, width, height float64) *paper {
	p := &paper{fpdf.NewCustom(&fpdf.InitType{UnitStr: "mm", Size: fpdf.SizeType{Wd: width, Ht: height}}), fineDot}
	p.SetMargins(0, 0, 0)
	p.SetAutoPageBreak(false, 0)
	p.SetCompression(true)
	p.SetCatalogSort(true) // the same data is the same file
	p.SetCreationDate(d.At)
	p.SetModificationDate(d.At)
	p.SetTitle(legible(d.Title), true)
	p.SetCreator("Canot", true)
	p.SetLang(d.Language)
	p.AddUTF8FontFromBytes(face, plain, regularFace())
	p.AddUTF8FontFromBytes(face, bold, boldFace())
	return p
}

// write ends the document.
func (p *paper) write(w io.Writer) error { return p.Output(w) }

// font chooses the weight and size of what is drawn next.
func (p *paper) font(weight string, size float64) { p.SetFont(face, weight, size) }

// lineHeight is how far below one another two lines of a size stand.
func lineHeight(size float64) float64 { return size * 1.18 / points }

// ascent is how far above its line a capital reaches, with a little for its accent.
func ascent(size float64) float64 { return size * 0.86 / points }

// line draws one line of text whose top left is at x, y. What does not fit into width is left out.
func (p *paper) line(x, y, width float64, weight string, size float64, text string) {
	p.font(weight, size)
	if text = p.shortened(text, width); text != "" {
		p.Text(x, y+ascent(size), text)
	}
}

// lineRight is line that ends at x.
func (p *paper) lineRight(x, y, width float64, weight string, size float64, text string) {
	p.font(weight, size)
	if text = p.shortened(text, width); text != "" {
		p.Text(x-p.GetStringWidth(text), y+ascent(size), text)
	}
}

// lines draws text in at most so many lines and returns how many there were.
func (p *paper) lines(x, y, width float64, most int, weight string, size float64, text string) int {
	p.font(weight, size)
	broken := p.broken(text, width, most)
	for i, l := range broken {
		p.Text(x, y+ascent(size)+float64(i)*lineHeight(size), l)
	}
	return len(broken)
}

// joined puts what is there side by side.
func joined(between string, parts ...string) string {
	var all []string
	for _, s := range parts {
		if s != "" {
			all = append(all, s)
		}
	}
	return strings.Join(all, between)
}
