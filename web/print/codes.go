package print

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/boombuler/barcode/code128"
	"rsc.io/qr"
)

// The smallest marks of label printers, of 300 dots an inch and of 8 a millimetre, which are sold as 203 an
// inch, in millimetres. Bars and squares are whole dots wide, so that none comes out thinner than its
// neighbour; laser printers have dots of which those of 300 are multiples.
const (
	fineDot   = 25.4 / 300
	coarseDot = 0.125
)

// The least that a hand scanner and a telephone read, in millimetres.
const (
	thinnestBar    = 0.169
	smallestSquare = 0.249
)

// What must stay white around a code, in its own bars or squares.
const (
	quietBars    = 10
	quietSquares = 4
)

// square is a QR code: whether each square is black, by row.
type square [][]bool

// squareOf is the QR code of a text. It takes as much correction as costs no larger code, at least to
// lose a seventh of it.
func squareOf(text string) (square, error) {
	best, err := qr.Encode(text, qr.M)
	if err != nil {
		if best, err = qr.Encode(text, qr.L); err != nil {
			return nil, fmt.Errorf("QR code: %w", err)
		}
	}
	for _, level := range []qr.Level{qr.Q, qr.H} {
		if c, err := qr.Encode(text, level); err == nil && c.Size == best.Size {
			best = c
		}
	}
	s := make(square, best.Size)
	for y := range s {
		s[y] = make([]bool, best.Size)
		for x := range s[y] {
			s[y][x] = best.Black(x, y)
		}
	}
	return s, nil
}

// barsOf is the Code 128 of a text, as bars and gaps from the left; nil for what Code 128 cannot say.
func barsOf(text string) []bool {
	for _, r := range text {
		if r < ' ' || r > '~' {
			return nil
		}
	}
	code, err := code128.Encode(text)
	if err != nil {
		return nil
	}
	bars := make([]bool, code.Bounds().Dx())
	for x := range bars {
		r, _, _, _ := code.At(x, 0).RGBA()
		bars[x] = r == 0
	}
	return bars
}

// runs calls f with every stretch of black: where it begins and how long it is.
func runs(row []bool, f func(from, length int)) {
	for x := 0; x < len(row); x++ {
		from := x
		for x < len(row) && row[x] {
			x++
		}
		if x > from {
			f(from, x-from)
		}
	}
}

// square draws the QR code of a text at x, y, at most so large with the white to its right and below,
// and returns how large it came out without that white; 0 when it had no room.
func (p *paper) square(x, y, room float64, text string) float64 {
	s, err := squareOf(text)
	if err != nil {
		return 0
	}
	dots := math.Floor(room / (float64(len(s)+quietSquares) * p.dot))
	if dots*p.dot < smallestSquare {
		return 0
	}
	var b strings.Builder
	for row := range s {
		runs(s[row], func(from, length int) { rectangle(&b, from, row, length, 1) })
	}
	p.fill(x, y, dots*p.dot, dots*p.dot, b.String())
	return dots * p.dot * float64(len(s))
}

// barsFit reports how wide the Code 128 of a text comes out in a width that has its white on both
// sides, and how many dots a bar is wide; 0 when it has no room, or cannot be.
func (p *paper) barsFit(text string, width float64) (wide, dots float64) {
	bars := barsOf(text)
	if bars == nil {
		return 0, 0
	}
	dots = min(3, math.Floor(width/(float64(len(bars)+2*quietBars)*p.dot)))
	if dots*p.dot < thinnestBar {
		return 0, 0
	}
	return dots * p.dot * float64(len(bars)), dots
}

// bars draws the Code 128 of a text from x on, in a width that has its white on both sides and begins
// so far before x. It draws nothing where there is no room.
func (p *paper) bars(x, y, before, width, height float64, text string) {
	wide, dots := p.barsFit(text, width)
	if wide == 0 {
		return
	}
	var b strings.Builder
	runs(barsOf(text), func(from, length int) { rectangle(&b, from, 0, length, 1) })
	white := dots * p.dot * quietBars
	from := min(max(x, x-before+white), x-before+width-white-wide)
	p.fill(from, y, dots*p.dot, height, b.String())
}

func rectangle(b *strings.Builder, x, y, width, height int) {
	for _, n := range []int{x, y, width, height} {
		b.WriteString(strconv.Itoa(n))
		b.WriteByte(' ')
	}
	b.WriteString("re ")
}

// fill draws rectangles of whole units as one path: its units are so wide and high, and it begins at x,
// y, moved to where a dot begins.
func (p *paper) fill(x, y, width, height float64, path string) {
	if path == "" {
		return
	}
	_, high := p.GetPageSize()
	onDot := func(v float64) float64 { return math.Round(v/p.dot) * p.dot }
	p.RawWriteStr(fmt.Sprintf("q 0 g %.4f 0 0 %.4f %.4f %.4f cm %sf Q",
		width*points, -height*points, onDot(x)*points, (high-onDot(y))*points, path))
}

// SVG is the QR code of a text as a picture for a page: black on white whatever the page's colours are,
// for scanners want it so, with the white around it. It is hidden from who does not see: the text must
// stand beside it in letters. "" for a text that is too long.
func SVG(text string) string {
	s, err := squareOf(text)
	if err != nil {
		return ""
	}
	var path strings.Builder
	for row := range s {
		runs(s[row], func(from, length int) {
			fmt.Fprintf(&path, "M%d %dh%dv1h-%dz", from+quietSquares, row+quietSquares, length, length)
		})
	}
	side := len(s) + 2*quietSquares
	return picture("code-qr", side, side, path.String())
}

// BarsSVG is the Code 128 of a text as SVG is its QR code; "" for what Code 128 cannot say.
func BarsSVG(text string) string {
	bars := barsOf(text)
	if bars == nil {
		return ""
	}
	const high = 40
	var path strings.Builder
	runs(bars, func(from, length int) {
		fmt.Fprintf(&path, "M%d 4h%dv%dh-%dz", from+quietBars, length, high-8, length)
	})
	return picture("code-bars", len(bars)+2*quietBars, high, path.String())
}

func picture(class string, width, height int, path string) string {
	return fmt.Sprintf(`<svg class=%q viewBox="0 0 %d %d" width="%d" height="%d" aria-hidden="true" focusable="false" preserveAspectRatio="none" shape-rendering="crispEdges">`+
		`<path fill="#fff" d="M0 0h%dv%dh-%dz"/><path fill="#000" d="%s"/></svg>`, class, width, height, width*2, height*2, width, height, width, path)
}
