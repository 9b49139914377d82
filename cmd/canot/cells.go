package main

import (
	"bytes"
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"canot/internal/fault"
	"canot/internal/identity"
	"canot/inventory"
	"canot/inventory/hours"
	"canot/web/locale"
)

// isWorkbook reports whether a file is a spreadsheet as its program keeps it, and no text.
func isWorkbook(content []byte) bool {
	return bytes.HasPrefix(content, []byte("PK\x03\x04")) || bytes.HasPrefix(content, []byte("\xd0\xcf\x11\xe0"))
}

// excelZero is the day 0 of a spreadsheet's dates, which count the day 1900-02-29 too.
var excelZero = time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC)

// How people write days: the year first, or in French the day first.
var (
	yearFirst = regexp.MustCompile(`^(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})$`)
	dayFirst  = regexp.MustCompile(`^(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})$`)
	serial    = regexp.MustCompile(`^(\d{4,5})(?:[.,](\d+))?$`)
)

// plainDate writes a day as 2026-11-26; what is no day stays as it is, to be refused by its own name.
func plainDate(s string) string {
	var year, month, day string
	if m := yearFirst.FindStringSubmatch(s); m != nil {
		year, month, day = m[1], m[2], m[3]
	} else if m := dayFirst.FindStringSubmatch(s); m != nil {
		year, month, day = m[3], m[2], m[1]
	} else if at, ok := serialTime(s); ok {
		return at.Format(time.DateOnly)
	} else {
		return s
	}
	return fmt.Sprintf("%s-%02s-%02s", year, month, day)
}

// serialTime reads the number by which a spreadsheet keeps a day, and with a fraction a time of it, to
// the minute. Days are those from 1910 to 2119; smaller numbers are years.
func serialTime(s string) (time.Time, bool) {
	if !serial.MatchString(s) {
		return time.Time{}, false
	}
	days, err := strconv.ParseFloat(strings.Replace(s, ",", ".", 1), 64)
	if err != nil || days < 3654 || days > 80_000 {
		return time.Time{}, false
	}
	return excelZero.Add(time.Duration(math.Round(days*24*60)) * time.Minute), true
}

// wallClock is how people write a day and a time of the hub's own clocks.
var wallClock = regexp.MustCompile(`^(\S+?)(?:T|,?\s+(?:à\s+)?)(\d{1,2})(?:\s?[hH:]\s?(\d{2})?)(?::(\d{2}))?$`)

// plainTime writes a time of the hub's own clocks as 2026-11-26T14:00, or reports that it is none.
func plainTime(s string) (string, bool) {
	s = strings.Join(strings.Fields(strings.ReplaceAll(s, "\u00a0", " ")), " ")
	if at, ok := serialTime(s); ok {
		return at.Format("2006-01-02T15:04"), true
	}
	m := wallClock.FindStringSubmatch(s)
	if m == nil {
		return "", false
	}
	second := m[4]
	if second != "" {
		second = ":" + second
	}
	return fmt.Sprintf("%sT%02s:%02s%s", plainDate(m[1]), m[2], m[3], second), true
}

// when reads an instant: with its offset as RFC 3339 has it, or a wall-clock time of the hub. A time
// that the clocks jump over is refused.
func when(field, s string, zone *time.Location) (time.Time, error) {
	if s == "" {
		return time.Time{}, fault.Field(field, "required")
	}
	t, err := time.Parse(time.RFC3339, s)
	if local, ok := plainTime(s); err != nil && ok {
		if t, err = hours.Instant(local, zone); err == nil && !strings.HasPrefix(hours.Promise(t, zone), local) {
			return time.Time{}, fault.Field(field, "skipped_time")
		}
	}
	if err != nil {
		return time.Time{}, fault.Field(field, "bad_when")
	}
	if y := t.Year(); y < 1970 || y > 9998 {
		return time.Time{}, fault.Field(field, "absurd_date")
	}
	return t.UTC(), nil
}

// languageNames are the languages as people write them, folded.
var languageNames = map[string]string{"fr": "fr", "francais": "fr", "french": "fr", "en": "en", "anglais": "en", "english": "en"}

// plainLanguage is the tag of a language that people may write out; what is none stays as it is.
func plainLanguage(s string) string {
	if tag := languageNames[inventory.Fold(s)]; tag != "" {
		return tag
	}
	return s
}

// plainClientele is the name by which the network counts a clientele that people may write out.
func plainClientele(s string) string {
	key := inventory.Fold(s)
	for _, name := range identity.Clienteles {
		if name == "" {
			continue
		}
		for _, l := range locale.All() {
			if key == inventory.Fold(l.Say("clientele."+name, nil)) || key == inventory.Fold(name) {
				return name
			}
		}
	}
	return s
}

// plainSector is a sector as the network writes it.
func plainSector(s string) string { return strings.ToLower(strings.TrimSpace(s)) }

// private are the columns whose refused value a report does not repeat: it is kept, and sent around.
var private = []string{"name", "email", "phone", "birth_date", "member", "organisation", "title", "notes", "file", "line"}

// withValues adds to each flaw the value that was refused.
func withValues(flaws []fault.Violation, cells map[string]string) []fault.Violation {
	for i, v := range flaws {
		field, _ := v.Params["field"].(string)
		value := []rune(cells[field])
		if len(value) == 0 || slices.Contains(private, field) {
			continue
		}
		flaws[i].Params = maps.Clone(v.Params)
		flaws[i].Params["value"] = string(value[:min(len(value), 40)])
	}
	return flaws
}

// fieldNames are the names of columns for a sentence, in both languages.
func fieldNames(columns []string) inventory.Text {
	french := make([]string, len(columns))
	for i, column := range columns {
		french[i] = column
		for name, of := range columnNames {
			if of == column {
				french[i] = name
			}
		}
	}
	english := make([]string, len(columns))
	for i, column := range columns {
		english[i] = strings.ReplaceAll(column, "_", " ")
	}
	return inventory.Text{"fr": strings.Join(french, ", "), "en": strings.Join(english, ", ")}
}

// columnNames are the French names that sentences use for columns which frenchColumns may name twice.
var columnNames = map[string]string{
	"nom": "name", "langue": "language", "hub": "hub", "téléphone": "phone", "date de naissance": "birth_date", "clientèle": "clientele",
	"début": "starts_at", "fin": "ends_at", "titre": "title", "statut": "status", "organisme": "organisation", "personnes": "attendance",
}

// withColumn gives a flaw the name of its column in the language of the person.
func (w words) withColumn(v fault.Violation) fault.Violation {
	field, _ := v.Params["field"].(string)
	if field == "" {
		return v
	}
	params := maps.Clone(v.Params)
	params["field"] = fieldNames([]string{field}).In(w.Tag())
	v.Params = params
	return v
}

// aside is the line of a report that says something of a row beside what became of it.
func aside(row inventory.ReportLine, notes ...fault.Violation) inventory.ReportLine {
	return inventory.ReportLine{Line: row.Line, Key: row.Key, Outcome: inventory.Warning, Violations: notes}
}
