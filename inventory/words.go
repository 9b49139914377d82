package inventory

import (
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// Bounds of what one search may cost.
const (
	maxSearchWords  = 8
	maxSearchText   = 500 // bytes of it that are looked at
	formsOfAWord    = 3   // as it was written, and at most two more
	leastInflection = 4   // letters of a word that is looked for in its other number too
)

// words asks for every word of q in a text, as it was written wherever it stands, or in
// its other number where a word ends. Folding leaves letters and digits only, so that no
// % or _ of a person can reach a pattern.
//
// Words of several forms come first and have all the same number of patterns, so that only
// few statements differ in their text, which is what connections remember them by.
func (f *filter) words(text, q string) {
	var one, several []string
	for _, w := range searchWords(q) {
		if forms := inflected(w); len(forms) == 0 {
			one = append(one, w)
		} else {
			several = append(several, w)
		}
	}
	text = "(" + text + " || ' ')"
	for _, w := range several {
		patterns := []any{"%" + w + "%"}
		for _, form := range inflected(w) {
			patterns = append(patterns, "%"+form+" %")
		}
		for len(patterns) < formsOfAWord {
			patterns = append(patterns, patterns[len(patterns)-1])
		}
		f.where("("+text+" LIKE ? OR "+text+" LIKE ? OR "+text+" LIKE ?)", patterns...)
	}
	for _, w := range one {
		f.where(text+" LIKE ?", "%"+w+"%")
	}
}

// What an apostrophe takes off a word: the article before it in French, the possessive
// after it in English. Neither says what is looked for.
var (
	elided     = regexp.MustCompile(`(?i)(^|[^\pL\pN])(?:qu|[cdjlmnst])['’ʼ]`)
	possessive = regexp.MustCompile(`(?i)['’ʼ]s($|[^\pL\pN])`)
)

// searchWords are the words that q looks for, folded.
func searchWords(q string) []string {
	if len(q) > maxSearchText {
		q = strings.ToValidUTF8(q[:maxSearchText], "")
	}
	q = possessive.ReplaceAllString(elided.ReplaceAllString(q, "$1"), "$1")
	words := strings.Fields(Fold(q))
	return words[:min(len(words), maxSearchWords)]
}

// inflected returns the forms of a folded word in its other number, French and English,
// as far as the word itself is no part of them: a text that has "cameras" is found by
// "camera" as it stands. What is no plural gives a word that nobody writes, or one that
// is near enough for a search.
func inflected(word string) []string {
	if utf8.RuneCountInString(word) < leastInflection {
		return nil
	}
	var forms []string
	swap := func(end, by string) bool {
		stem, has := strings.CutSuffix(word, end)
		if form := stem + by; has && utf8.RuneCountInString(form) >= leastInflection-1 && !slices.Contains(forms, form) {
			forms = append(forms, form)
		}
		return has
	}
	switch {
	case strings.HasSuffix(word, "ss"): // press, wireless
	case swap("ies", "y"): // batteries: battery, batterie
		swap("s", "")
	case swap("es", "e"): // boxes: box; images: image
		swap("es", "")
	case swap("s", ""):
	case swap("eaux", "eau"), swap("yaux", "yau"): // tableaux, tuyaux
	case swap("aux", "al"): // journaux, travaux
		swap("aux", "ail")
	case swap("x", ""): // bijoux
	case swap("al", "aux"), swap("ail", "aux"):
	case swap("y", "ies"):
	}
	return forms
}
