package locale

import (
	"strconv"
	"strings"
)

// For returns the language that an Accept-Language header prefers among those
// that Canot speaks: French when the header is empty, unreadable, or asks for none of them.
func For(acceptLanguage string) Language {
	best, bestQuality := French, 0.0
	if len(acceptLanguage) > 1000 {
		return best // nobody speaks that many languages
	}
	for _, item := range strings.Split(acceptLanguage, ",") {
		tag, params, _ := strings.Cut(strings.TrimSpace(item), ";")
		quality := qualityOf(params)
		l, known := Named(tag)
		if !known && strings.TrimSpace(tag) == "*" {
			l, known = French, true
		}
		if known && quality > bestQuality {
			best, bestQuality = l, quality
		}
	}
	return best
}

// Named returns the language of a tag such as "fr", "en-CA" or "FR_ca", and
// whether Canot speaks it.
func Named(tag string) (Language, bool) {
	primary := strings.ToLower(strings.TrimSpace(tag))
	if i := strings.IndexAny(primary, "-_"); i >= 0 {
		primary = primary[:i]
	}
	for _, l := range All() {
		if l.tag == primary {
			return l, true
		}
	}
	return French, false
}

// qualityOf reads the q of one item, 1 when it says none and 0 when it cannot be read.
func qualityOf(params string) float64 {
	params = strings.TrimSpace(params)
	if params == "" {
		return 1
	}
	value, ok := strings.CutPrefix(strings.ToLower(params), "q=")
	if !ok {
		return 1
	}
	q, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
	if err != nil || q < 0 || q > 1 {
		return 0
	}
	return q
}
