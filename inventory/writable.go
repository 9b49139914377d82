package inventory

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Unwritable reports whether a text that somebody gives may not be kept: it is not
// UTF-8, or holds a control character, one that turns the direction of the text around
// it, a separator of lines or paragraphs, or a byte order mark. Such a character is
// invisible, and makes a page, a calendar or a CSV file say something else than was
// written. Multiline allows line feeds and tabs.
//
// It is the one rule for every text of the network, in the inventory and in the book,
// so that what one of them takes the other shows unharmed.
func Unwritable(s string, multiline bool) bool {
	return !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool {
		switch {
		case r == '\n' || r == '\t':
			return !multiline
		case unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r):
			return true
		}
		return r == '\u2028' || r == '\u2029' || r == '\ufeff'
	})
}
