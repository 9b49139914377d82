package inventory

import (
	"fmt"
	"maps"
	"math"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"canot/internal/fault"
	"canot/inventory/hours"
)

// Bounds of what is written, in characters or in number.
const (
	maxName      = 200
	maxText      = 5000
	maxSlug      = 80
	maxTags      = 30
	maxTag       = 50
	maxPhotos    = 20
	maxLanguages = 12
	maxURL       = 500
)

// A check collects what is wrong with something that is about to be written, so that
// one answer names every field. Unreadable values make it Malformed; values that can
// be read but that a rule forbids make it Refused.
type check struct {
	malformed  bool
	violations []fault.Violation
}

// unreadable notes a field whose value cannot be read.
func (c *check) unreadable(field, code string) {
	c.malformed = true
	c.refuse(field, code, nil)
}

// refuse notes a field whose value a rule forbids. Params may be nil.
func (c *check) refuse(field, code string, params fault.Params) {
	p := fault.Params{"field": field}
	for k, v := range params {
		p[k] = v
	}
	c.violations = append(c.violations, fault.Violation{Code: code, Params: p})
}

// err returns the fault that names all that was noted, or nil.
func (c *check) err() error {
	if len(c.violations) == 0 {
		return nil
	}
	if c.malformed {
		return &fault.Error{Kind: fault.Malformed, Code: "malformed", Violations: c.violations}
	}
	return &fault.Error{Kind: fault.Refused, Code: "rules", Violations: c.violations}
}

// has reports whether something was noted of the field.
func (c *check) has(field string) bool {
	return slices.ContainsFunc(c.violations, func(v fault.Violation) bool { return v.Params["field"] == field })
}

// line checks a text of one line.
func (c *check) line(field, s string, most int) {
	c.text(field, s, most, false)
}

// required checks a text of one line that must be there.
func (c *check) required(field, s string, most int) {
	if s == "" {
		c.refuse(field, "required", nil)
		return
	}
	c.line(field, s, most)
}

func (c *check) text(field, s string, most int, lines bool) {
	if Unwritable(s, lines) {
		c.unreadable(field, "bad_text")
		return
	}
	if utf8.RuneCountInString(s) > most {
		c.refuse(field, "text_too_long", fault.Params{"max": most})
	}
}

// texts checks a text in several languages.
func (c *check) texts(field string, t Text, most int, lines bool) {
	if len(t) > maxLanguages {
		c.refuse(field, "too_many_items", fault.Params{"max": maxLanguages})
		return
	}
	for _, lang := range slices.Sorted(maps.Keys(t)) {
		if !languageTag.MatchString(lang) {
			c.unreadable(field, "bad_language")
			continue
		}
		c.text(field+"."+lang, t[lang], most, lines)
	}
}

// name checks a name: one line, in at least one language.
func (c *check) name(field string, t Text) {
	if t.In("fr") == "" {
		c.refuse(field, "required", nil)
	}
	c.texts(field, t, maxName, false)
}

var (
	currencyCode     = regexp.MustCompile(`^[A-Z]{3}$`)
	jurisdictionCode = regexp.MustCompile(`^[A-Z]{2}(-[A-Z0-9]{1,3})?$`)
)

var slugForm = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

func (c *check) slug(s string) {
	if len(s) > maxSlug {
		c.refuse("slug", "text_too_long", fault.Params{"max": maxSlug})
	} else if !slugForm.MatchString(s) {
		c.unreadable("slug", "bad_slug")
	}
}

// sameSlug refuses another slug for what has one: it is an address that people keep, and
// calendars that they subscribed to would fall silent.
func (c *check) sameSlug(wanted *string, slug string) {
	if wanted != nil && *wanted != slug {
		c.refuse("slug", "slug_fixed", nil)
	}
}

func (c *check) between(field string, n, least, most int) {
	if n < least || n > most {
		c.refuse(field, "out_of_range", fault.Params{"min": least, "max": most})
	}
}

func (c *check) degrees(field string, n float64, most int) {
	if math.IsNaN(n) || math.IsInf(n, 0) {
		c.unreadable(field, "bad_number")
	} else if math.Abs(n) > float64(most) {
		c.refuse(field, "out_of_range", fault.Params{"min": -most, "max": most})
	}
}

// oneOf checks a word of a closed set.
func (c *check) oneOf(field, s string, words ...string) {
	if !slices.Contains(words, s) {
		c.unreadable(field, "bad_value")
		c.violations[len(c.violations)-1].Params["allowed"] = strings.Join(words, ", ")
	}
}

// zone checks the name of a zone, which must be a place's. EST, EST5EDT and Etc/GMT+5 are
// clocks that no lawmaker keeps: a hub there would miss the next change of the rules.
func (c *check) zone(name string) {
	area, _, isPlace := strings.Cut(name, "/")
	if _, err := hours.LoadZone(name); err != nil {
		c.unreadable("time_zone", "unknown_zone")
	} else if !isPlace || area == "Etc" || area == "SystemV" {
		c.refuse("time_zone", "zone_of_no_place", nil)
	}
}

// date checks a day, or none.
func (c *check) date(field, s string) {
	if s == "" {
		return
	}
	if _, err := hours.ParseDate(s); err != nil {
		c.unreadable(field, "bad_date")
	}
}

func (c *check) email(field, s string) {
	c.line(field, s, maxName)
	if local, host, ok := strings.Cut(s, "@"); s != "" && (!ok || local == "" || host == "" || strings.ContainsAny(s, " <>,;\"") || strings.Contains(host, "@")) {
		c.unreadable(field, "bad_email")
	}
}

func (c *check) languages(list []string) {
	if len(list) == 0 {
		c.refuse("languages", "required", nil)
	}
	if len(list) > maxLanguages {
		c.refuse("languages", "too_many_items", fault.Params{"max": maxLanguages})
	}
	for _, lang := range list {
		if !languageTag.MatchString(lang) {
			c.unreadable("languages", "bad_language")
			return
		}
	}
}

// photos accepts pictures of this server (a path) and of others (https).
func (c *check) photos(list []Photo) {
	if len(list) > maxPhotos {
		c.refuse("photos", "too_many_items", fault.Params{"max": maxPhotos})
		return
	}
	for i, p := range list {
		field := fmt.Sprintf("photos.%d", i)
		u, err := url.Parse(p.URL)
		local := err == nil && u.Scheme == "" && u.Host == "" && strings.HasPrefix(p.URL, "/")
		if err != nil || len(p.URL) > maxURL || !local && (u.Scheme != "https" || u.Host == "") {
			c.unreadable(field+".url", "bad_url")
		}
		c.texts(field+".alt", p.Alt, maxName, false)
	}
}

func (c *check) tags(list []string) {
	if len(list) > maxTags {
		c.refuse("tags", "too_many_items", fault.Params{"max": maxTags})
		return
	}
	for _, t := range list {
		c.line("tags", t, maxTag)
		if strings.ContainsAny(t, ",;") {
			c.unreadable("tags", "bad_text")
		}
	}
}
