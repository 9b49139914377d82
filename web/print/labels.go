package print

import (
	"io"

	"canot/internal/fault"
)

// MostLabels is how many labels are printed at once.
const MostLabels = 2000

// A Label is what stands on a unit: its code in squares, bars and letters, and what it is.
type Label struct {
	Code string
	Name string
	Hub  string
	URL  string // to which the QR code leads
}

// A PickUp is the code of a booking on what was made ready for it: who comes shows the same one.
type PickUp struct {
	Reference string
	Who       string
	When      string
	What      string
}

// Labels prints labels in their order, the first one at place first of its page, counted from 0: a
// sheet that was used in part is put in again. More than MostLabels are Malformed, too_many_items;
// none at all is Malformed, nothing_to_print.
func Labels(w io.Writer, d Document, f Format, first int, labels []Label) error {
	return stickers(w, d, f, first, len(labels), func(i int) sticker {
		l := labels[i]
		return sticker{square: l.URL, code: l.Code, lines: []string{l.Name}, foot: l.Hub}
	})
}

// PickUps prints the codes of bookings as Labels prints those of units.
func PickUps(w io.Writer, d Document, f Format, first int, list []PickUp) error {
	return stickers(w, d, f, first, len(list), func(i int) sticker {
		l := list[i]
		return sticker{square: l.Reference, code: l.Reference, lines: []string{joined(" · ", l.Who, l.When)}, foot: l.What, strong: true}
	})
}

func wrongLabels(code string, params fault.Params) error {
	return &fault.Error{Kind: fault.Malformed, Code: "malformed", Violations: []fault.Violation{{Code: code, Params: params}}}
}

// A sticker is one code with what is said of it.
type sticker struct {
	square string // of the QR code
	code   string // in letters and bars
	lines  []string
	foot   string
	strong bool // the lines matter as much as the code
}

func stickers(w io.Writer, d Document, f Format, first, count int, of func(int) sticker) error {
	if count > MostLabels {
		return wrongLabels("too_many_items", fault.Params{"field": "labels", "max": MostLabels})
	}
	if count == 0 {
		return wrongLabels("nothing_to_print", fault.Params{"field": "labels"})
	}
	p := newPaper(d, f.Width, f.Height)
	if f.Dot != 0 {
		p.dot = f.Dot
	}
	first = max(0, min(first, f.PerPage()-1))
	for i := range count {
		n := (first + i) % f.PerPage()
		if i == 0 || n == 0 {
			p.AddPage()
		}
		x, y := f.at(n)
		p.sticker(x+f.Inside, y+f.Inside, f.Label[0]-2*f.Inside, f.Label[1]-2*f.Inside, min(f.Inside, 3), of(i))
	}
	return p.write(w)
}

// sticker draws one label into a box around which so much stays white: the QR code at the left, the
// bars below, over the whole width, and the words beside. Bars that no scanner would read are left
// out, and the QR code has their room.
func (p *paper) sticker(x, y, width, height, white float64, s sticker) {
	barsHigh := min(12, max(5.5, height*0.24))
	if wide, _ := p.barsFit(s.code, width+2*white); wide == 0 {
		barsHigh = 0
	}
	upper := height
	if barsHigh > 0 {
		upper -= barsHigh + 1.2
		p.bars(x, y+height-barsHigh, white, width+2*white, barsHigh, s.code)
	}
	room := min(upper, width*0.45)
	side := p.square(x, y, room+white, s.square)
	if side > 0 {
		side += 1.6
	}
	p.words(x+side, y, width-side, max(side-1.6, min(upper, 16)), s)
}

// words draws the letters of a label: the code as large as it may be, and below what it is of.
func (p *paper) words(x, y, width, height float64, s sticker) {
	said := max(6.2, min(11, height*0.38)) // of the lines between the code and the foot
	small := said * 0.88
	rows := 1
	if height > 17 {
		rows = 2
	}
	if s.strong {
		said *= 1.1
	}
	below := float64(rows)*lineHeight(said) + lineHeight(small) + 0.3
	lines, size := p.big(s.code, width, height-below-0.8, height*1.1, 5)
	p.font(bold, size)
	for i, l := range lines {
		p.Text(x, y+0.74*size/points+float64(i)*lineHeight(size)*0.94, l) // capitals begin where the QR code does
	}
	at := y + height - below
	for _, l := range s.lines {
		weight := plain
		if s.strong {
			weight = bold
		}
		p.lines(x, at, width, rows, weight, said, l)
	}
	p.line(x, y+height-lineHeight(small), width, plain, small, s.foot)
}
