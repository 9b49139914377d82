package print

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// unknown stands for a sign that the font lacks and that spells nothing, such as a picture: who reads it
// sees that something is missing.
const unknown = '□'

// cut ends a text that was shortened.
const cut = "…"

// alike are letters that the font lacks and that another may stand for.
var alike = map[rune]string{
	'\u202f': "\u00a0", '\u2009': "\u00a0", '\u2007': "\u00a0", '\u2011': "-", '\u2010': "-", 'ʼ': "’", '☐': "□",
	'\u00ad': "", '\u200b': "", '\u200c': "", '\u200d': "", '\ufeff': "", '\u2060': "", '\ufe0f': "",
}

// legible is a text as it can be drawn on one line: composed letters, no sign that is none, one space
// where there was any. A letter that the font lacks is spelled in others where it can be, and named by
// its number where it cannot, so that two names that differ come out differently; another sign that it
// lacks is a box. A sign that only joins or turns others is nothing to be seen.
func legible(s string) string {
	var b strings.Builder
	named := false // the last letter was named by its number, and marks on it matter
	for _, r := range norm.NFC.String(strings.ToValidUTF8(s, "□")) {
		instead, has := alike[r]
		was := named
		named = false
		switch {
		case has:
			b.WriteString(instead)
			named = was && instead == ""
		case r == '\u00a0':
			b.WriteRune(r)
		case unicode.IsSpace(r) || unicode.Is(unicode.Cc, r):
			b.WriteByte(' ')
		case unicode.Is(unicode.Cf, r):
			named = was
		case drawable()[r]:
			if was && unicode.IsLetter(r) {
				b.WriteByte(' ')
			}
			b.WriteRune(r)
		case unicode.IsMark(r) && !was && arabic[r] == "": // a mark on what does not take it
		default:
			spelled := spelledAs(r)
			if named = spelled == ""; named {
				spelled = numberOf(r, was)
			}
			b.WriteString(spelled)
		}
	}
	return strings.Join(strings.FieldsFunc(b.String(), func(r rune) bool { return r == ' ' }), " ")
}

// shortened is a text that fits into a width in the font that is chosen: it loses its end, at a word
// where one is near.
func (p *paper) shortened(text string, width float64) string {
	text = legible(text)
	if p.GetStringWidth(text) <= width {
		return text
	}
	return p.shorn(text, width, cut)
}

// shorn is as much of a text as fits with what ends it, "" when nothing does.
func (p *paper) shorn(text string, width float64, end string) string {
	letters := []rune(text)
	n := p.fitting(letters, width-p.GetStringWidth(end))
	if n == 0 {
		return ""
	}
	kept := string(letters[:n])
	if space := strings.LastIndexAny(kept, " -/"); space > 0 && n < len(letters) && len([]rune(kept[space:])) <= 1+n/4 {
		kept = kept[:space]
	}
	return strings.TrimRightFunc(kept, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsNumber(r) && r != unknown }) + end
}

// fitting is how many letters fit into a width.
func (p *paper) fitting(letters []rune, width float64) int {
	low, high := 0, len(letters)
	for low < high { // the widest that fits lies in [low, high]
		middle := (low + high + 1) / 2
		if p.GetStringWidth(string(letters[:middle])) <= width {
			low = middle
		} else {
			high = middle - 1
		}
	}
	return low
}

// broken is a text in at most so many lines that each fit into a width. A word that fills more than a
// line is broken where it must be; the last line is shortened.
func (p *paper) broken(text string, width float64, most int) []string {
	rest := legible(text)
	var lines []string
	for rest != "" && len(lines) < most {
		if p.GetStringWidth(rest) <= width {
			return append(lines, rest)
		}
		if len(lines) == most-1 {
			if last := p.shorn(rest, width, cut); last != "" {
				lines = append(lines, last)
			}
			break
		}
		letters := []rune(rest)
		n := p.fitting(letters, width)
		if n == 0 {
			break
		}
		n = wordEnd(letters, n)
		lines = append(lines, strings.TrimRight(string(letters[:n]), " "))
		rest = strings.TrimLeft(string(letters[n:]), " ")
	}
	return lines
}

// wordEnd is where a line of at most n letters ends: after the last space, after a hyphen where that
// fills the line much better, in the midst of a word when there is neither.
func wordEnd(letters []rune, n int) int {
	if n < len(letters) && letters[n] == ' ' {
		return n
	}
	hyphen := 0
	for i := n; i > 1; i-- {
		switch c := letters[i-1]; {
		case c == ' ' && (hyphen == 0 || i > n/2):
			return i
		case hyphen == 0 && (c == '-' || c == '/'):
			hyphen = i
		}
	}
	if hyphen > 0 {
		return hyphen
	}
	return n
}

// big is a code in letters as large as a box allows, in at most three lines broken at its hyphens, and
// their size. It is never shortened at its end, which tells one unit from the next: what is too long
// loses its middle.
func (p *paper) big(code string, width, height, largest, smallest float64) ([]string, float64) {
	code = legible(code)
	p.font(bold, 10)
	var best []string
	size, evenest := 0.0, 0.0
	for _, lines := range breaks(code) {
		widest := 0.0
		for _, l := range lines {
			widest = max(widest, p.GetStringWidth(l))
		}
		fits := min(largest, height/(float64(len(lines))*lineHeight(1)))
		if widest > 0 {
			fits = min(fits, 9.99*width/widest) // a hair less: what fits to the last digit is cut by a rounding
		}
		worth := fits > size*1.08 // a line more must be worth it
		if len(lines) == len(best) {
			worth = fits > size || fits == size && widest < evenest // and lines of one length are read at a glance
		}
		if worth {
			best, size, evenest = lines, fits, widest
		}
	}
	if size >= smallest {
		return best, size
	}
	p.font(bold, smallest)
	return []string{p.withoutMiddle(code, width)}, smallest
}

// withoutMiddle is a text that fits, with its beginning and its end.
func (p *paper) withoutMiddle(text string, width float64) string {
	letters := []rune(text)
	for keep := len(letters); keep > 0; keep-- {
		short := string(letters)
		if keep < len(letters) {
			head := keep / 3
			short = string(letters[:head]) + cut + string(letters[len(letters)-(keep-head):])
		}
		if p.GetStringWidth(short) <= width {
			return short
		}
	}
	return ""
}

// breaks are the ways to write a code in one, two or three lines, broken after hyphens.
func breaks(code string) [][]string {
	ways := [][]string{{code}}
	var at []int
	for i, r := range code {
		if (r == '-' || r == ' ' || r == '/') && i > 0 && i < len(code)-1 {
			at = append(at, i+1)
		}
	}
	at = at[max(0, len(at)-12):] // an end that nobody meant is no reason to try for ever
	for i, a := range at {
		ways = append(ways, []string{code[:a], code[a:]})
		for _, b := range at[i+1:] {
			ways = append(ways, []string{code[:a], code[a:b], code[b:]})
		}
	}
	return ways
}
