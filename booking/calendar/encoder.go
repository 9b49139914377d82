package calendar

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// width is how many octets a line may have, without its CRLF (RFC 5545 3.1).
const width = 75

// chunk is how much is gathered before it is written.
const chunk = 32 << 10

// An encoder appends content lines to a buffer and writes it piece by piece.
// Text goes in by text alone, which lets nothing through that could end a line;
// names of properties and everything else that is raw are constants of this package.
// The first failure of the writer is kept, and nothing is written after it.
type encoder struct {
	w    io.Writer
	buf  []byte
	col  int // octets of the current line so far
	fail error
}

func newEncoder(w io.Writer) *encoder {
	return &encoder{w: w, buf: make([]byte, 0, chunk+4<<10)}
}

// line appends whole lines that need no folding: constants, without the last CRLF.
func (e *encoder) line(s string) {
	e.buf = append(e.buf, s...)
	e.buf = append(e.buf, '\r', '\n')
}

// begin opens a line with its name and colon.
func (e *encoder) begin(name string) {
	e.buf = append(e.buf, name...)
	e.col = len(name)
}

// end closes the line.
func (e *encoder) end() { e.buf = append(e.buf, '\r', '\n') }

// property appends one line with one text.
func (e *encoder) property(name, text string) {
	e.begin(name)
	e.text(text)
	e.end()
}

// lines appends one property of several lines of text; nothing when there are none. The
// break between them is the only one that is written: those inside a text become spaces.
func (e *encoder) lines(name string, texts []string) {
	if len(texts) == 0 {
		return
	}
	e.begin(name)
	for i, text := range texts {
		if i > 0 {
			e.piece(`\n`)
		}
		e.text(text)
	}
	e.end()
}

// person appends one line with somebody's name and address. A name stands in quotes, which
// it can neither have inside nor escape (RFC 5545 3.2).
func (e *encoder) person(property string, p Person) {
	e.begin(property)
	if p.Name != "" {
		e.raw(`;CN="`)
		for _, r := range p.Name {
			char := string(r)
			switch {
			case r == '"':
				char = "'"
			case r < utf8.RuneSelf && ascii[r] == escape: // a quoted value has no escapes
			default:
				out, _ := special(nil, char)
				char = string(out)
			}
			e.piece(char)
		}
		e.raw(`"`)
	}
	e.raw(":" + p.mailto())
	e.end()
}

// raw appends constants and addresses, folded: only what an address may be made of gets
// through, the rest in percents.
func (e *encoder) raw(s string) {
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c <= ' ' || c >= 0x7f:
			e.piece("%" + strings.ToUpper(hex.EncodeToString([]byte{c})))
		default:
			e.piece(string(c))
		}
	}
}

// piece appends what must not be cut, behind a fold where the line is full.
func (e *encoder) piece(s string) {
	if e.col+len(s) > width {
		e.buf = append(e.buf, '\r', '\n', ' ')
		e.col = 1
	}
	e.buf = append(e.buf, s...)
	e.col += len(s)
}

// instant appends one line with a time in UTC.
func (e *encoder) instant(name string, t time.Time) {
	e.buf = append(e.buf, name...)
	e.buf = appendInstant(e.buf, t)
	e.end()
}

// number appends one line with a number.
func (e *encoder) number(name string, n int64) {
	e.buf = append(e.buf, name...)
	e.buf = strconv.AppendInt(e.buf, n, 10)
	e.end()
}

// uid appends the UID line of a thing: always the same for the same id, in every
// feed, and telling nothing of the id.
func (e *encoder) uid(kind, id string) {
	var seed [64]byte
	sum := sha256.Sum256(append(append(append(seed[:0], kind...), ':'), id...))
	e.buf = append(e.buf, "UID:"...)
	e.buf = hex.AppendEncode(e.buf, sum[:16])
	e.buf = append(e.buf, "@canot\r\n"...)
}

// flush writes what is gathered when it is a whole piece, or in any case when all is true.
func (e *encoder) flush(all bool) error {
	if e.fail == nil && len(e.buf) > 0 && (all || len(e.buf) >= chunk) {
		_, e.fail = e.w.Write(e.buf)
		e.buf = e.buf[:0]
	}
	return e.fail
}

// What text does with each ASCII byte.
const (
	keep   = iota
	escape // goes out behind a backslash
	blank  // becomes a space
	drop
)

var ascii = func() (t [utf8.RuneSelf]byte) {
	for c := range t {
		switch {
		case c == '\\' || c == ';' || c == ',':
			t[c] = escape
		case c == '\n' || c == '\r' || c == '\t' || c == '\v' || c == '\f':
			t[c] = blank
		case c < ' ' || c == 0x7f:
			t[c] = drop
		}
	}
	return t
}()

// text appends s to the current line as TEXT: escaped, folded between characters,
// on one line. Line breaks become spaces, because some readers refuse them in a
// SUMMARY even when escaped; control characters go, and so do the marks that would
// turn the direction of what follows. Bytes that are not UTF-8 become U+FFFD.
func (e *encoder) text(s string) {
	buf, col := e.buf, e.col
	for i := 0; i < len(s); {
		// Plain stretches are most of any text: find as much as fits and copy it at once.
		j, most := i, min(len(s), i+width-col)
		for j < most && s[j] < utf8.RuneSelf && ascii[s[j]] == keep {
			j++
		}
		if j > i {
			buf = append(buf, s[i:j]...)
			col += j - i
			i = j
			continue
		}
		var char [utf8.UTFMax]byte
		out, size := special(char[:0], s[i:])
		i += size
		if len(out) == 0 {
			continue
		}
		if col+len(out) > width {
			buf = append(buf, '\r', '\n', ' ')
			col = 1
		}
		buf = append(buf, out...)
		col += len(out)
	}
	e.buf, e.col = buf, col
}

// special appends what becomes of the first character of s, perhaps nothing, and
// returns how many bytes of s it was.
func special(out []byte, s string) ([]byte, int) {
	if c := s[0]; c < utf8.RuneSelf {
		switch ascii[c] {
		case keep:
			return append(out, c), 1
		case escape:
			return append(out, '\\', c), 1
		case blank:
			if c == '\r' && len(s) > 1 && s[1] == '\n' {
				return append(out, ' '), 2
			}
			return append(out, ' '), 1
		}
		return out, 1
	}
	r, size := utf8.DecodeRuneInString(s)
	switch {
	case r == '\u0085' || r == '\u2028' || r == '\u2029': // other line breaks
		return append(out, ' '), size
	case r < 0xa0, // C1 controls
		r >= '\u202a' && r <= '\u202e', // embeddings and overrides
		r >= '\u2066' && r <= '\u2069', // isolates
		r == '\ufeff':                  // byte order mark
		return out, size
	}
	return utf8.AppendRune(out, r), size
}

// appendInstant appends t as 20061121T140000Z.
func appendInstant(b []byte, t time.Time) []byte {
	t = t.UTC()
	h, m, s := t.Clock()
	b = append(appendDate(b, t), 'T')
	b = append(b, digits[2*h], digits[2*h+1], digits[2*m], digits[2*m+1], digits[2*s], digits[2*s+1])
	return append(b, 'Z')
}

// appendDate appends the date of t as 20061121. Years of the calendar have four digits.
func appendDate(b []byte, t time.Time) []byte {
	y, m, d := t.Date()
	c, y := y/100%100, y%100
	return append(b, digits[2*c], digits[2*c+1], digits[2*y], digits[2*y+1],
		digits[2*int(m)], digits[2*int(m)+1], digits[2*d], digits[2*d+1])
}

const digits = "00010203040506070809" + "10111213141516171819" + "20212223242526272829" + "30313233343536373839" +
	"40414243444546474849" + "50515253545556575859" + "60616263646566676869" + "70717273747576777879" +
	"80818283848586878889" + "90919293949596979899"
