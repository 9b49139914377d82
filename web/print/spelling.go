package print

import (
	"fmt"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// arabic are the letters of Arabic and Persian as French and English spell them, roughly: it is
// enough to tell two names apart and to say them aloud. Vowels that are not written stay so.
var arabic = map[rune]string{
	'ء': "’", 'آ': "â", 'أ': "a", 'ؤ': "ou’", 'إ': "i", 'ئ': "i’", 'ا': "ā", 'ب': "b", 'ة': "a", 'ت': "t", 'ث': "th", 'ج': "j", 'ح': "ḥ", 'خ': "kh",
	'د': "d", 'ذ': "dh", 'ر': "r", 'ز': "z", 'س': "s", 'ش': "ch", 'ص': "ṣ", 'ض': "ḍ", 'ط': "ṭ", 'ظ': "ẓ", 'ع': "‘", 'غ': "gh", 'ف': "f", 'ق': "q",
	'ك': "k", 'ل': "l", 'م': "m", 'ن': "n", 'ه': "h", 'و': "w", 'ى': "à", 'ي': "y", 'پ': "p", 'چ': "tch", 'ژ': "zh", 'ک': "k", 'گ': "g", 'ی': "y",
	'َ': "a", 'ُ': "u", 'ِ': "i", 'ً': "an", 'ٌ': "un", 'ٍ': "in", '،': ",", '؛': ";", '؟': "?",
}

// spelledAs is a letter in others that the font has, "" when there are none, and a box for what spells
// nothing.
func spelledAs(r rune) string {
	if s, known := arabic[r]; known {
		return s
	}
	if plainer := norm.NFKC.String(string(r)); plainer != string(r) && isDrawable(plainer) {
		return plainer
	}
	if !unicode.IsLetter(r) && !unicode.IsNumber(r) && !unicode.IsMark(r) {
		return string(unknown)
	}
	return ""
}

func isDrawable(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return !drawable()[r] })
}

// numberOf names a letter by its number, and those after the first of several with no more than that.
func numberOf(r rune, follows bool) string {
	if follows {
		return fmt.Sprintf("+%04X", r)
	}
	return fmt.Sprintf(" U+%04X", r)
}
