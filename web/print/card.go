package print

import "io"

// A Card is what a person shows at a counter.
type Card struct {
	Number  string // in squares, bars and letters
	Name    string
	Network string   // whose card it is
	Say     string   // on the card: what it is for
	Steps   []string // beside it: what to do with the sheet
}

// cardSize is that of a bank card.
var cardSize = [2]float64{85.6, 54}

// PersonCard prints a card on a page, with marks to cut it out by.
func PersonCard(w io.Writer, d Document, on Paper, c Card) error {
	p := newPaper(d, on.Width, on.Height)
	p.AddPage()
	x, y := (on.Width-cardSize[0])/2, 30.0
	p.SetLineWidth(0.2)
	p.SetDrawColor(120, 120, 120)
	p.SetDashPattern([]float64{1.2, 1.2}, 0)
	p.RoundedRect(x, y, cardSize[0], cardSize[1], 3, "1234", "D")
	p.SetDashPattern(nil, 0)
	p.card(x+5, y+5, cardSize[0]-10, cardSize[1]-10, c)
	at := y + cardSize[1] + 10
	for _, step := range c.Steps {
		n := p.lines(30, at, on.Width-60, 4, plain, 11, step)
		at += float64(n)*lineHeight(11) + 2.5
	}
	return p.write(w)
}

func (p *paper) card(x, y, width, height float64, c Card) {
	const high, white = 10, 5
	side := p.square(x, y, height-high, c.Number)
	left := x + side + 4
	wide := x + width - left
	p.line(left, y-0.6, wide, plain, 9, c.Network)
	size := p.nameSize(c.Name, wide)
	n := p.lines(left, y+5, wide, 2, bold, size, c.Name)
	p.lines(left, y+5+float64(n)*lineHeight(size)+1.2, wide, 3, plain, 8.5, c.Say)
	p.bars(x, y+height-high, white, width+2*white, high, c.Number)
	barsWide, _ := p.barsFit(c.Number, width+2*white)
	beside := width - barsWide - 4
	lines, large := p.big(c.Number, beside, high, 18, 8)
	top := y + height - high/2 - ascent(large)/2 - float64(len(lines)-1)*lineHeight(large)/2
	for i, l := range lines { // a wide number has two
		p.lineRight(x+width, top+float64(i)*lineHeight(large), beside, bold, large, l)
	}
}

// nameSize is the largest size in which a name fits into two lines, within reason.
func (p *paper) nameSize(name string, width float64) float64 {
	for size := 14.0; size > 9; size-- {
		p.font(bold, size)
		if lines := p.broken(name, width, 3); len(lines) < 3 {
			return size
		}
	}
	return 9
}
