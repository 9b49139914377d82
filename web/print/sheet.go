package print

import (
	"io"
	"math"
)

// A Paper is what a page is printed on.
type Paper struct {
	ID            string
	Width, Height float64
}

// The papers, upright; the sheet of a day lies across.
var (
	Letter = Paper{"letter", 8.5 * inch, 11 * inch}
	A4     = Paper{"a4", 210, 297}
)

// A Day is what a counter needs to work through a day by hand.
type Day struct {
	Hub   string
	Title string // which day
	Note  string // below: when it was printed, and what to do with it
	Parts []Part
	Page  func(n, of int) string // says which page this is
}

// A Part is a table of a Day. It has as many lines to write on as Blank says.
type Part struct {
	Title   string
	None    string // what is said when there is no row and nothing to write on
	Columns []Column
	Rows    [][]string
	Blank   int
}

// A Column is one of a Part: how much of the width it has, in shares of the whole, and what stands in it.
type Column struct {
	Head  string
	Share float64
	Kind  ColumnKind
}

// A ColumnKind is what stands in a column.
type ColumnKind int

// The kinds of columns: words, words that one looks for, a box to tick, and a line to write on.
const (
	Words ColumnKind = iota
	Strong
	Tick
	Write
)

// Measures of the sheet of a day.
const (
	edge      = 12.0
	rowSize   = 9.0
	headSize  = 8.0
	rowLines  = 3
	rowAbout  = 1.6 // above and below the words of a row
	rowLeast  = 9.0 // high enough to write in
	tickSide  = 4.4
	partAbove = 5.0
	footAt    = 8.0
)

// DaySheet prints the sheet of a day, across the paper.
func DaySheet(w io.Writer, d Document, on Paper, day Day) error {
	pages := 0
	for { // how many pages there are is known when they are drawn
		s := &sheet{paper: newPaper(d, on.Height, on.Width), day: day, of: pages}
		s.draw()
		if s.PageNo() == pages || pages != 0 {
			return s.write(w)
		}
		pages = s.PageNo()
	}
}

type sheet struct {
	*paper
	day Day
	of  int
	y   float64
}

func (s *sheet) wide() float64 { w, _ := s.GetPageSize(); return w - 2*edge }

func (s *sheet) bottom() float64 { _, h := s.GetPageSize(); return h - edge - 2 }

func (s *sheet) draw() {
	s.page()
	for _, part := range s.day.Parts {
		s.part(part)
	}
}

// page begins a page, with what it is of at its head and foot.
func (s *sheet) page() {
	s.AddPage()
	_, h := s.GetPageSize()
	s.line(edge, edge-3, s.wide()*0.62, bold, 15, s.day.Title)
	s.lineRight(edge+s.wide(), edge-2, s.wide()*0.36, plain, 11, s.day.Hub)
	s.line(edge, h-footAt, s.wide()*0.8, plain, 7.5, s.day.Note)
	if s.day.Page != nil {
		s.lineRight(edge+s.wide(), h-footAt, s.wide()*0.18, plain, 7.5, s.day.Page(s.PageNo(), max(s.of, s.PageNo())))
	}
	s.y = edge + 6
}

// part draws a table; one that begins leaves room for its head and a row.
func (s *sheet) part(p Part) {
	head := lineHeight(11) + 1.2
	if s.y+partAbove+head+7+rowLeast > s.bottom() {
		s.page()
	}
	s.y += partAbove
	s.line(edge, s.y, s.wide(), bold, 11, p.Title)
	s.y += head
	if len(p.Rows) == 0 && p.Blank == 0 {
		s.line(edge, s.y, s.wide(), plain, rowSize, p.None)
		s.y += lineHeight(rowSize) + 1
		return
	}
	at := s.columns(p)
	s.heads(p, at)
	for _, row := range p.Rows {
		s.row(p, at, row)
	}
	for range p.Blank {
		s.row(p, at, nil)
	}
}

// columns is where the columns of a part begin, and where the last one ends.
func (s *sheet) columns(p Part) []float64 {
	whole := 0.0
	for _, c := range p.Columns {
		whole += c.Share
	}
	at := []float64{edge}
	for _, c := range p.Columns {
		at = append(at, at[len(at)-1]+c.Share/whole*s.wide())
	}
	return at
}

func (s *sheet) heads(p Part, at []float64) {
	high := lineHeight(headSize) + 1.8
	s.SetFillColor(232, 232, 232)
	s.Rect(edge, s.y, s.wide(), high, "F")
	for i, c := range p.Columns {
		s.line(at[i]+1, s.y+0.9, at[i+1]-at[i]-1.4, bold, headSize, c.Head)
	}
	s.y += high
}

// row draws one row, as high as its words are; nil is one to write on.
func (s *sheet) row(p Part, at []float64, cells []string) {
	lines := 1
	broken := make([][]string, len(p.Columns))
	for i, c := range p.Columns {
		if i < len(cells) && (c.Kind == Words || c.Kind == Strong) {
			s.font(weightOf(c), rowSize)
			broken[i] = s.broken(cells[i], at[i+1]-at[i]-2, rowLines)
			lines = max(lines, len(broken[i]))
		}
	}
	high := math.Max(rowLeast, float64(lines)*lineHeight(rowSize)+2*rowAbout)
	if s.y+high > s.bottom() {
		s.page()
		s.heads(p, at)
	}
	for i, c := range p.Columns {
		switch {
		case c.Kind == Tick:
			s.SetLineWidth(0.35)
			s.Rect(at[i]+(at[i+1]-at[i]-tickSide)/2, s.y+(high-tickSide)/2, tickSide, tickSide, "D")
		case c.Kind == Write || cells == nil:
			s.SetLineWidth(0.15)
			s.Line(at[i]+1, s.y+high-2, at[i+1]-1.5, s.y+high-2)
		default:
			s.font(weightOf(c), rowSize)
			for n, l := range broken[i] {
				s.Text(at[i]+1, s.y+rowAbout+ascent(rowSize)+float64(n)*lineHeight(rowSize), l)
			}
		}
	}
	s.y += high
	s.SetLineWidth(0.2)
	s.SetDrawColor(150, 150, 150)
	s.Line(edge, s.y, edge+s.wide(), s.y)
	s.SetDrawColor(0, 0, 0)
}

func weightOf(c Column) string {
	if c.Kind == Strong {
		return bold
	}
	return plain
}
