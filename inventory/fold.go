package inventory

import (
	"maps"
	"math"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Letters that no decomposition takes apart.
var foldedLetters = strings.NewReplacer("œ", "oe", "æ", "ae", "ß", "ss", "ø", "o", "ł", "l", "đ", "d", "ı", "i")

// Fold returns s as search compares it: case and accents removed, œ as oe, and all
// that is neither letter nor digit as one space between words.
func Fold(s string) string {
	var b strings.Builder
	space := false
	for _, r := range norm.NFKD.String(foldedLetters.Replace(strings.ToLower(s))) {
		switch {
		case unicode.Is(unicode.Mn, r):
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			if space && b.Len() > 0 {
				b.WriteByte(' ')
			}
			space = false
			b.WriteRune(unicode.ToLower(r))
		default:
			space = true
		}
	}
	return b.String()
}

// slugOf makes a slug out of a name: folded, in ASCII, dashes between words.
func slugOf(name string) string {
	var words []string
	for _, w := range strings.Fields(Fold(name)) {
		w = strings.Map(func(r rune) rune {
			if r < 128 {
				return r
			}
			return -1
		}, w)
		if w != "" {
			words = append(words, w)
		}
	}
	s := strings.Join(words, "-")
	if len(s) > maxSlug {
		s = strings.TrimRight(s[:maxSlug], "-")
	}
	return s
}

// foldAll folds texts in all their languages, and words, into one text for search.
func foldAll(texts []Text, words ...string) string {
	for _, t := range texts {
		for _, lang := range slices.Sorted(maps.Keys(t)) {
			words = append(words, t[lang])
		}
	}
	return Fold(strings.Join(words, " "))
}

// earthRadius is the mean radius, in kilometres.
const earthRadius = 6371.0088

// Distance returns the kilometres between two places on a great circle.
func Distance(lat1, lng1, lat2, lng2 float64) float64 {
	rad := func(deg float64) float64 { return deg * math.Pi / 180 }
	dLat, dLng := rad(lat2-lat1)/2, rad(lng2-lng1)/2
	h := math.Pow(math.Sin(dLat), 2) + math.Cos(rad(lat1))*math.Cos(rad(lat2))*math.Pow(math.Sin(dLng), 2)
	return 2 * earthRadius * math.Asin(math.Min(1, math.Sqrt(h)))
}
