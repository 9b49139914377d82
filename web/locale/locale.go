// Package locale holds the words that people read, in every language that
// Canot speaks: one JSON file is one language.
//
// It turns a key and figures into a sentence, and dates, durations, distances
// and money into words. It refuses to know where a sentence is shown, what a
// code means to a program, and what time it is. Start reading at Language.Say.
package locale

import (
	"cmp"
	"embed"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"canot/internal/fault"
)

//go:embed fr.json en.json
var files embed.FS

// A Language is one of the languages of Canot. The zero Language is not
// usable: take French or English, or ask For. It never changes once made and
// may be used by several goroutines.
type Language struct{ *catalogue }

// The languages that Canot speaks. French is the one taken when none is asked for.
var (
	French  = Language{load("fr", frenchWords{})}
	English = Language{load("en", englishWords{})}
)

// All lists the languages, the default one first.
func All() []Language { return []Language{French, English} }

// A catalogue is one file, made ready for use.
type catalogue struct {
	tag       string
	words     words
	sentences map[string][]sentence
}

// A sentence is one way to say a key: the richest whose figures are all given is taken.
type sentence struct {
	parts []part   // literal and placeholder in turn
	names []string // the placeholders, in order
	given string   // a figure that must be there and not be zero, "" for none
	form  string   // one, other, or "" when it does not count anything
}

type part struct {
	text  string
	param string // "" for a literal
}

// Tag returns the language's tag, "fr" or "en", as in the lang attribute.
func (l Language) Tag() string { return l.tag }

// Has reports whether the language has words for key.
func (l Language) Has(key string) bool { return len(l.sentences[key]) > 0 }

// Say returns the sentence of key with its placeholders filled in.
//
// A key of the file may have variants, "key?name", which are taken when that
// figure is given and not zero; and plural forms, "key.one" and
// "key.other", chosen by the first whole number that the sentence names, or else by
// that of its variant: "key?name.one" may say it in a word. A
// figure whose name ends in _min is said as a duration, in _km as a distance, in _on as
// a day; times are said as date and time, in the zone that they carry.
// Two times written {opens..closes} are said as one stretch, and {..latest} as the last
// day before a midnight. A key without words gives "".
func (l Language) Say(key string, params fault.Params) string {
	for _, s := range l.sentences[key] {
		if l.fits(s, params) {
			return l.fill(s, params)
		}
	}
	return ""
}

// fits reports whether every figure of s is given and its plural form is the right one.
func (l Language) fits(s sentence, params fault.Params) bool {
	if n, ok := whole(params[s.given]); s.given != "" && (empty(params[s.given]) || ok && n == 0) {
		return false
	}
	for _, name := range s.names {
		if empty(params[name]) {
			return false
		}
	}
	if s.form == "" {
		return true
	}
	for _, name := range append(s.names[:len(s.names):len(s.names)], s.given) {
		if n, ok := whole(params[name]); ok && !strings.HasSuffix(name, "_min") {
			return l.words.plural(n) == s.form
		}
	}
	return s.form == "other"
}

func (l Language) fill(s sentence, params fault.Params) string {
	var b strings.Builder
	for _, p := range s.parts {
		if p.param == "" {
			text := p.text
			if strings.HasSuffix(b.String(), ".") {
				text = strings.TrimPrefix(text, ".") // "2:30 p.m." ends its sentence as well
			}
			b.WriteString(text)
			continue
		}
		if from, to, two := strings.Cut(p.param, ".."); two {
			b.WriteString(l.stretch(params[from], params[to]))
			continue
		}
		b.WriteString(l.figure(p.param, params[p.param]))
	}
	return b.String()
}

// stretch says from when until when; without a beginning, the last day on which something
// may end.
func (l Language) stretch(from, to any) string {
	end, ok := instant(to)
	if !ok {
		return fmt.Sprint(to)
	}
	start, ok := instant(from)
	midnight := end.Hour() == 0 && end.Minute() == 0
	if !ok && midnight {
		return l.Date(end.Add(-time.Minute))
	}
	if !ok {
		return l.DateTime(end)
	}
	return l.words.stretch(l.Date(start), l.Time(start), l.Date(end), l.Time(end), midnight && l.Date(end.Add(-time.Minute)) == l.Date(start))
}

// instant is a figure that is a time, also after it has been through JSON.
func instant(v any) (time.Time, bool) {
	switch v := v.(type) {
	case time.Time:
		return v, true
	case string:
		t, err := time.Parse(time.RFC3339, v)
		return t, err == nil
	}
	return time.Time{}, false
}

// timeNames are the figures that are times. After a figure has been through
// JSON it is a text, so only its name tells that it is a time.
var timeNames = []string{"earliest", "latest", "starts", "ends", "until", "opens", "closes"}

// IsTime reports whether a figure of this name is a time.
func IsTime(name string) bool { return slices.Contains(timeNames, name) }

// figure says one value.
func (l Language) figure(name string, v any) string {
	switch v := v.(type) {
	case time.Time:
		return l.DateTime(v)
	case string:
		if IsTime(name) {
			if t, err := time.Parse(time.RFC3339, v); err == nil {
				return l.DateTime(t)
			}
		}
		if strings.HasSuffix(name, "_on") {
			if t, err := time.Parse(time.DateOnly, v); err == nil {
				return l.Date(t)
			}
		}
		for _, family := range []string{"status", "expected", "period"} {
			if name == family && l.Has(family+"."+v) {
				return l.Say(family+"."+v, nil)
			}
		}
		return v
	case float64:
		if strings.HasSuffix(name, "_km") {
			return l.Distance(v)
		}
	}
	if n, ok := whole(v); ok {
		if strings.HasSuffix(name, "_min") {
			return l.Duration(time.Duration(n) * time.Minute)
		}
		return l.Number(n)
	}
	if t := l.text(v); t != "" {
		return t
	}
	if m := reflect.ValueOf(v); m.Kind() == reflect.String {
		return l.figure(name, m.String()) // a text by another type's name
	}
	return fmt.Sprint(v)
}

// text picks this language, or any other, from a text kept in several languages.
func (l Language) text(v any) string {
	m := reflect.ValueOf(v)
	if m.Kind() != reflect.Map || m.Type().Key().Kind() != reflect.String {
		return ""
	}
	first := ""
	for _, tag := range []string{l.tag, French.tag, English.tag} {
		e := m.MapIndex(reflect.ValueOf(tag).Convert(m.Type().Key()))
		if !e.IsValid() {
			continue
		}
		if s := fmt.Sprint(e.Interface()); s != "" && first == "" {
			first = s
		}
	}
	return first
}

// empty reports whether a figure says nothing, so that the sentence which names it does not fit.
func empty(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case string:
		return v == ""
	case time.Time:
		return v.IsZero()
	}
	m := reflect.ValueOf(v)
	return m.Kind() == reflect.Map && m.Len() == 0
}

// whole returns v as a whole number. JSON turns all numbers into float64.
func whole(v any) (int64, bool) {
	switch n := v.(type) {
	case int:
		return int64(n), true
	case int64:
		return n, true
	case int32:
		return int64(n), true
	case float64:
		return int64(n), n == float64(int64(n))
	case json.Number:
		i, err := n.Int64()
		return i, err == nil
	}
	return 0, false
}

// load reads one language; a file that cannot be read is a mistake of the build.
func load(tag string, w words) *catalogue {
	raw, err := files.ReadFile(tag + ".json")
	if err != nil {
		panic(err)
	}
	var lines map[string]string
	if err := json.Unmarshal(raw, &lines); err != nil {
		panic(fmt.Sprintf("locale %s: %v", tag, err))
	}
	c := &catalogue{tag: tag, words: w, sentences: map[string][]sentence{}}
	for key, text := range lines {
		base, given, form := splitKey(key)
		s := parse(text)
		s.given, s.form = given, form
		c.sentences[base] = append(c.sentences[base], s)
	}
	for _, list := range c.sentences {
		slices.SortFunc(list, func(a, b sentence) int {
			return cmp.Or(cmp.Compare(len(b.names), len(a.names)), strings.Compare(b.given, a.given))
		})
	}
	return c
}

// splitKey takes the variant and the plural form off a key of the file.
func splitKey(key string) (base, given, form string) {
	for _, f := range []string{"one", "other"} {
		if rest, ok := strings.CutSuffix(key, "."+f); ok {
			key, form = rest, f
			break
		}
	}
	base, given, _ = strings.Cut(key, "?")
	return base, given, form
}

// parse splits a text at its {placeholders}.
func parse(text string) sentence {
	var s sentence
	for text != "" {
		before, rest, found := strings.Cut(text, "{")
		if before != "" {
			s.parts = append(s.parts, part{text: before})
		}
		if !found {
			break
		}
		name, after, closed := strings.Cut(rest, "}")
		if !closed {
			panic("locale: a placeholder is not closed: " + strconv.Quote(text))
		}
		s.parts = append(s.parts, part{param: name})
		for _, name := range strings.Split(name, "..") {
			if name != "" && !slices.Contains(s.names, name) {
				s.names = append(s.names, name)
			}
		}
		text = after
	}
	return s
}
