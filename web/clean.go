package web

import (
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"
)

// What comes along when a text is pasted, cannot be seen, and stands for nothing: marks of direction
// and of byte order, spaces and joiners without a width, and NUL. What turns the direction of a
// text around it is no such thing, and is refused by who keeps the text.
const (
	unseen     = "\ufeff\u200e\u200f\u061c\u200b\u2060"
	unseenEnds = "\u200c\u200d" // within a word they are part of some scripts, and of pictures
)

// cleaned is a text without what nobody who wrote it can see, and could take out. In a text of one
// line a tab is a space.
func cleaned(s string) string {
	if !utf8.ValidString(s) {
		return s
	}
	s = strings.Map(func(r rune) rune {
		if strings.ContainsRune(unseen, r) {
			return -1
		}
		return r
	}, s)
	if !strings.ContainsAny(s, "\r\n") {
		s = strings.ReplaceAll(s, "\t", " ")
	}
	return strings.Trim(s, unseenEnds)
}

// asSent are the fields of secrets, which are taken as they are: who chose a password with a tab in
// it has that one. Codes are cleaned as other texts: they are of figures and letters alone.
var asSent = []string{"password", "secret", sealedField}

// clean cleans what a form says, or a query, and reports whether anything had to be.
func clean(values url.Values) (changed bool) {
	for name, texts := range values {
		if slices.Contains(asSent, name) {
			continue
		}
		for i, s := range texts {
			if c := cleaned(s); c != s {
				texts[i], changed = c, true
			}
		}
	}
	return changed
}
