package inventory

import (
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// In returns the text for a person who reads lang: in that language, else in its base
// language, else in French, else in English, else in the first language there is.
// It returns "" for an empty Text.
func (t Text) In(lang string) string {
	base, _, _ := strings.Cut(lang, "-")
	for _, l := range []string{lang, base, "fr", "en"} {
		if s := t[l]; s != "" {
			return s
		}
	}
	for _, l := range slices.Sorted(maps.Keys(t)) {
		if t[l] != "" {
			return t[l]
		}
	}
	return ""
}

// With returns a copy of t that says s in lang; an empty s takes the language out.
func (t Text) With(lang, s string) Text {
	c := Text{}
	maps.Copy(c, t)
	if s == "" {
		delete(c, lang)
	} else {
		c[lang] = s
	}
	return c
}

// Value returns the text as JSON, for the data base.
func (t Text) Value() (driver.Value, error) {
	return encode(t, len(t) == 0, "{}")
}

// Scan reads the JSON that Value wrote.
func (t *Text) Scan(src any) error {
	if s, ok := src.(string); ok {
		if plain, ok := plainText(s); ok {
			*t = plain
			return nil
		}
	}
	*t = Text{}
	return decode(src, t)
}

// plainText reads an object of texts in which nothing is escaped, as nearly all are, and reports
// whether it could: a list of a thousand names spends more on a decoder that knows all of JSON than on
// reading them.
func plainText(s string) (Text, bool) {
	s, ok := strings.CutPrefix(s, "{")
	if !ok || strings.ContainsRune(s, '\\') || !utf8.ValidString(s) {
		return nil, false
	}
	t := Text{}
	if s == "}" {
		return t, true
	}
	for {
		name, rest, ok := plainString(s)
		if !ok || !strings.HasPrefix(rest, ":") {
			return nil, false
		}
		value, rest, ok := plainString(rest[1:])
		if !ok {
			return nil, false
		}
		t[name] = value
		switch {
		case rest == "}":
			return t, true
		case !strings.HasPrefix(rest, ","):
			return nil, false
		}
		s = rest[1:]
	}
}

// plainString reads a text in quotes, in which nothing is escaped, from the front of s.
func plainString(s string) (text, rest string, ok bool) {
	if s, ok = strings.CutPrefix(s, `"`); !ok {
		return "", "", false
	}
	text, rest, ok = strings.Cut(s, `"`)
	return text, rest, ok && strings.IndexFunc(text, func(c rune) bool { return c < ' ' }) < 0
}

// stringList is a list of strings, kept as JSON text.
type stringList []string

func (l stringList) Value() (driver.Value, error) { return encode(l, len(l) == 0, "[]") }

func (l *stringList) Scan(src any) error {
	*l = stringList{}
	return decode(src, l)
}

// photoList is a list of photos, kept as JSON text.
type photoList []Photo

func (l photoList) Value() (driver.Value, error) { return encode(l, len(l) == 0, "[]") }

func (l *photoList) Scan(src any) error {
	*l = photoList{}
	return decode(src, l)
}

// stringMap is texts by name, kept as JSON text.
type stringMap map[string]string

func (m stringMap) Value() (driver.Value, error) { return encode(m, len(m) == 0, "{}") }

func (m *stringMap) Scan(src any) error {
	*m = stringMap{}
	return decode(src, m)
}

// requirements are kept as JSON text.
type requirements Requirements

func (q requirements) Value() (driver.Value, error) { return encode(Requirements(q), false, "{}") }

func (q *requirements) Scan(src any) error {
	*q = requirements{}
	return decode(src, (*Requirements)(q))
}

// storedEdits are what a layer of policies says, kept as JSON text.
type storedEdits PolicyEdits

func (e storedEdits) Value() (driver.Value, error) { return encode(PolicyEdits(e), false, "{}") }

func (e *storedEdits) Scan(src any) error {
	*e = storedEdits{}
	return decode(src, (*PolicyEdits)(e))
}

// nameList is a list of names of fields, kept as words with spaces between them.
type nameList []string

func (l nameList) Value() (driver.Value, error) { return strings.Join(l, " "), nil }

func (l *nameList) Scan(src any) error {
	switch s := src.(type) {
	case string:
		*l = strings.Fields(s)
	case []byte:
		*l = strings.Fields(string(s))
	default:
		return fmt.Errorf("scan %T: neither string nor bytes", src)
	}
	return nil
}

func encode(v any, empty bool, zero string) (driver.Value, error) {
	if empty {
		return zero, nil
	}
	b, err := json.Marshal(v)
	return string(b), err
}

func decode(src, dest any) error {
	switch s := src.(type) {
	case nil:
		return nil
	case string:
		return json.Unmarshal([]byte(s), dest)
	case []byte:
		return json.Unmarshal(s, dest)
	default:
		return fmt.Errorf("scan %T: neither string nor bytes", src)
	}
}

// A language tag: a language, perhaps with a script or a country.
var languageTag = regexp.MustCompile(`^[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,2}$`)

// clean trims every text of t, makes line ends plain, and leaves out what is empty.
func (t Text) clean() Text {
	c := Text{}
	for lang, s := range t {
		if s = cleanText(s); s != "" {
			c[lang] = s
		}
	}
	return c
}

func cleanText(s string) string {
	return strings.TrimSpace(strings.ReplaceAll(s, "\r\n", "\n"))
}

func cleanList(list []string) []string {
	out := make([]string, 0, len(list))
	for _, s := range list {
		if s = cleanText(s); s != "" && !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}
