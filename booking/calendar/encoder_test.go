package calendar

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/emersion/go-ical"
	"pgregory.net/rapid"
)

// hostile generates texts that try to break out of their line.
func hostile() *rapid.Generator[string] {
	pieces := rapid.SampledFrom([]string{
		"\r\nATTENDEE:mailto:a@b.example", "\nBEGIN:VALARM", "\r", "\n ", "\t", "\x00", "\x1b[31m", "\x7f", "\u0085", "\u2028", "\u2029",
		`\n`, `\`, ";", ",", ":", `"`, "END:VEVENT", "é", "œ", "🎥", "e\u0301", "שלום", "\u202e", "\u2066", "\ufeff", "\xff", "\xe2\x80", "\xed\xa0\x80",
		" ", "  ", "Studio medialab", strings.Repeat("x", 74), strings.Repeat("é", 40),
	})
	return rapid.Custom(func(t *rapid.T) string {
		var b strings.Builder
		for range rapid.IntRange(0, 12).Draw(t, "pieces") {
			if rapid.Bool().Draw(t, "known") {
				b.WriteString(pieces.Draw(t, "piece"))
			} else {
				b.WriteString(rapid.String().Draw(t, "any"))
			}
		}
		return b.String()
	})
}

// readable is what a reader may find of a text, said in the plainest way.
func readable(s string) string {
	s = strings.ReplaceAll(s, "\r\n", "\n")
	var b strings.Builder
	for _, r := range s { // each byte that is not UTF-8 is a U+FFFD
		switch {
		case strings.ContainsRune("\n\r\t\v\f\u0085\u2028\u2029", r):
			b.WriteByte(' ')
		case r < 0x20, r >= 0x7f && r < 0xa0, strings.ContainsRune("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff", r):
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// A judge is a test or a property.
type judge interface {
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
	Fatal(args ...any)
}

// mustBeLines checks the bytes of a calendar without knowing what it says, and
// returns its unfolded lines.
func mustBeLines(t judge, data []byte) []string {
	if !bytes.HasSuffix(data, []byte("\r\n")) {
		t.Fatalf("the last line is not ended: %q", data[max(0, len(data)-40):])
	}
	var lines []string
	for i, l := range strings.Split(strings.TrimSuffix(string(data), "\r\n"), "\r\n") {
		if len(l) > 75 {
			t.Errorf("line %d has %d octets: %q", i, len(l), l)
		}
		if !utf8.ValidString(l) {
			t.Errorf("line %d is cut inside a character: %q", i, l)
		}
		if strings.ContainsFunc(l, func(r rune) bool { return r < ' ' || r == 0x7f }) {
			t.Errorf("line %d has a control character: %q", i, l)
		}
		switch {
		case l == "":
			t.Errorf("line %d is empty", i)
		case l[0] == ' ' && len(lines) > 0:
			lines[len(lines)-1] += l[1:]
		default:
			lines = append(lines, l)
		}
	}
	return lines
}

func TestNoTextCanAddALine(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		room, kit, hubName, reason := hostile().Draw(t, "room"), hostile().Draw(t, "kit"), hostile().Draw(t, "hub"), hostile().Draw(t, "reason")
		at := time.Date(2026, 11, 21, 14, 0, 0, 0, time.UTC)
		var out bytes.Buffer
		d := drawing{
			q: Query{Scope: Hub, Lang: "fr", Busy: true}, view: windowAt(at), words: languages["fr"], name: hubName,
			hubs:     map[string]*hub{"h": {place: hubName, zone: time.UTC, wanted: true}},
			things:   map[string]thing{"r": {name: room, wanted: true}, "k": {name: kit, wanted: true}},
			closures: []placeRow{{ID: "c", HubID: "h", Name: reasonJSON(reason), StartsLocal: "2026-12-24T12:00:00", EndsLocal: "2026-12-26T00:00:00"}},
			out:      newEncoder(&out),
		}
		must(t, d.draw([]bookedRow{
			{ID: "b", HubID: "h", Status: "confirmed", StartsAt: at, EndsAt: at.Add(time.Hour), ChangedAt: at, ResourceID: "r", Quantity: 1},
			{ID: "b", HubID: "h", Status: "confirmed", StartsAt: at, EndsAt: at.Add(time.Hour), ChangedAt: at, ResourceID: "k", Quantity: 2},
		}))
		lines := mustBeLines(t, out.Bytes())
		if len(lines) != 9+11+11 {
			t.Fatalf("%d lines:\n%s", len(lines), out.String())
		}
		cal, err := ical.NewDecoder(&out).Decode()
		must(t, err)
		events := cal.Events()
		says(t, cal.Component, "X-WR-CALNAME", readable(hubName))
		says(t, events[0].Component, "SUMMARY", readable(join("\u00a0: ", "Fermé", pick(reasonJSON(reason), "fr"))))
		says(t, events[1].Component, "SUMMARY", "Réservé\u00a0: "+readable(room)+", "+readable(kit)+" (2)")
		says(t, events[1].Component, "LOCATION", readable(hubName))
	})
}

func says(t judge, c *ical.Component, name, want string) {
	p := c.Props.Get(name)
	if p == nil {
		t.Fatalf("no %s", name)
	}
	got, err := p.Text()
	must(t, err)
	if got != want {
		t.Fatalf("%s reads %q, want %q", name, got, want)
	}
}

func must(t judge, err error) {
	if err != nil {
		t.Fatal(err)
	}
}

func TestTextFoldsBetweenCharactersAndUsesTheWholeLine(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"fits exactly", strings.Repeat("x", 73), "S:" + strings.Repeat("x", 73)},
		{"one more", strings.Repeat("x", 74), "S:" + strings.Repeat("x", 73) + "\r\n x"},
		{"second fold after 74", strings.Repeat("x", 73+74+1), "S:" + strings.Repeat("x", 73) + "\r\n " + strings.Repeat("x", 74) + "\r\n x"},
		{"not inside é", strings.Repeat("x", 72) + "é", "S:" + strings.Repeat("x", 72) + "\r\n é"},
		{"not inside four bytes", strings.Repeat("x", 70) + "🎥", "S:" + strings.Repeat("x", 70) + "\r\n 🎥"},
		{"not inside an escape", strings.Repeat("x", 72) + ",", "S:" + strings.Repeat("x", 72) + "\r\n \\,"},
		{"escapes", `a\b;c,d:e"f`, `S:a\\b\;c\,d:e"f`},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := newEncoder(io.Discard)
			e.property("S:", c.text)
			if got := strings.TrimSuffix(string(e.buf), "\r\n"); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestInstantsAreWrittenAsTheFormatSays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		at := time.Unix(rapid.Int64Range(-2e9, 2e11).Draw(t, "unix"), 0)
		if got, want := string(appendInstant(nil, at)), at.UTC().Format("20060102T150405Z"); got != want {
			t.Fatalf("got %s, want %s", got, want)
		}
	})
}

func TestTheFailureOfAWriterIsTold(t *testing.T) {
	gone := errors.New("gone")
	d := load(3000)
	d.out = newEncoder(failingWriter{gone})
	if err := d.draw(d.lines); !errors.Is(err, gone) {
		t.Errorf("got %v", err)
	}
}

type failingWriter struct{ err error }

func (w failingWriter) Write([]byte) (int, error) { return 0, w.err }

// loaded is a drawing with bookings, without a data base.
type loaded struct {
	drawing
	lines []bookedRow
}

func load(n int) *loaded {
	at := time.Date(2026, 11, 21, 14, 0, 0, 0, time.UTC)
	l := &loaded{drawing: drawing{
		q: Query{Scope: Hub, Lang: "fr", Busy: true}, view: windowAt(at), words: languages["fr"], name: "Hub de Rouyn-Noranda",
		hubs: map[string]*hub{"h": {place: "Hub de Rouyn-Noranda, Rouyn-Noranda", zone: time.UTC, wanted: true}},
		things: map[string]thing{
			"studio": {name: "Studio d’enregistrement et de postproduction, salle 2", wanted: true},
			"kit":    {name: "Trousse caméra", wanted: true},
		},
	}}
	for i := range n {
		b := bookedRow{ID: fmt.Sprintf("%016x", i), HubID: "h", Status: "confirmed", StartsAt: at, EndsAt: at.Add(time.Hour), ChangedAt: at, ResourceID: "studio", Quantity: 1}
		l.lines = append(l.lines, b)
		if i%10 == 0 {
			b.ResourceID, b.Quantity = "kit", 2
			l.lines = append(l.lines, b)
		}
	}
	return l
}

const benchmarked = 10_000

func BenchmarkFeed(b *testing.B) {
	l := load(benchmarked)
	b.ReportAllocs()
	for b.Loop() {
		l.out = newEncoder(io.Discard)
		must(b, l.draw(l.lines))
	}
}

// BenchmarkPlainAppend writes the same events by escaped and folded byte append,
// and is what BenchmarkFeed is held against.
func BenchmarkPlainAppend(b *testing.B) {
	l := load(benchmarked)
	buf := make([]byte, 0, 8<<20)
	b.ReportAllocs()
	for b.Loop() {
		buf = buf[:0]
		for _, r := range l.lines {
			for _, line := range [...]string{"BEGIN:VEVENT", "UID:0123456789abcdef0123456789abcdef@canot"} {
				buf = appendFolded(buf, line)
			}
			for _, t := range [...]time.Time{r.ChangedAt, r.ChangedAt, r.StartsAt, r.EndsAt} {
				buf = t.AppendFormat(append(buf, "DTSTART:"...), "20060102T150405Z")
				buf = append(buf, '\r', '\n')
			}
			buf = appendFolded(buf, "SEQUENCE:0")
			buf = appendFolded(buf, "STATUS:CONFIRMED")
			buf = appendFolded(buf, "SUMMARY:Réservé : "+l.things[r.ResourceID].name)
			buf = appendFolded(buf, "LOCATION:"+l.hubs[r.HubID].place)
			buf = appendFolded(buf, "END:VEVENT")
		}
	}
}

func appendFolded(buf []byte, line string) []byte {
	col := 0
	for i := 0; i < len(line); i++ {
		if col >= 73 && utf8.RuneStart(line[i]) {
			buf = append(buf, '\r', '\n', ' ')
			col = 1
		}
		switch line[i] {
		case ',', ';', '\\':
			buf = append(buf, '\\')
			col++
		}
		buf = append(buf, line[i])
		col++
	}
	return append(buf, '\r', '\n')
}
