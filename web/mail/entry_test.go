package mail

import (
	"bytes"
	"context"
	netmail "net/mail"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/emersion/go-ical"

	"canot/booking/calendar"
	"canot/internal/identity"
	"canot/inventory"
)

// calendarOf reads a calendar file as another program does, and asks for the one event in it.
func calendarOf(t *testing.T, file string) (*ical.Calendar, ical.Event) {
	t.Helper()
	for _, line := range strings.Split(strings.TrimSuffix(file, "\r\n"), "\r\n") {
		if len(line) > 75 || line == "" || !utf8.ValidString(line) || strings.ContainsAny(line, "\r\n\t") {
			t.Errorf("a bad line: %q", line)
		}
	}
	cal, err := ical.NewDecoder(strings.NewReader(file)).Decode()
	must(t, err)
	if len(cal.Children) != 1 || len(cal.Events()) != 1 {
		t.Fatalf("%d things in %s", len(cal.Children), file)
	}
	return cal, cal.Events()[0]
}

func prop(t *testing.T, c *ical.Component, name string) string {
	t.Helper()
	p := c.Props.Get(name)
	if p == nil {
		return ""
	}
	text, err := p.Text()
	if err != nil {
		return p.Value
	}
	return text
}

// A confirmation carries its booking twice: for programs that read the part beside the texts, and as a file.
func TestAConfirmationGoesIntoTheCalendar(t *testing.T) {
	onEach(t, func(t *testing.T, b *bench) {
		srv := serve(t, serverSettings{})
		b.post(srv)
		b.put(booked{id: "boo", member: "mem-zoe", status: "confirmed"})
		b.enqueue("notice", Notice{Booking: "boo", What: "booking.confirmed"})
		b.run()
		b.exec(`UPDATE bookings SET status = 'cancelled', sequence = 1, version = 2 WHERE id = 'boo'`)
		b.enqueue("notice", Notice{Booking: "boo", What: "booking.cancelled"})
		b.run()
		if len(srv.got) != 2 {
			t.Fatalf("%d messages", len(srv.got))
		}
		var uids []string
		for i, want := range []struct{ method, status, sequence string }{{"REQUEST", "CONFIRMED", "0"}, {"CANCEL", "CANCELLED", "1"}} {
			m, err := netmail.ReadMessage(strings.NewReader(srv.got[i]))
			must(t, err)
			parts := partsOf(t, m)
			file := parts["text/calendar; method="+want.method]
			if file == "" || file != parts[CalendarName] || parts["text/plain"] == "" || parts["text/html"] == "" || len(parts) != 4 {
				t.Fatalf("parts %q", parts)
			}
			cal, e := calendarOf(t, file)
			if prop(t, cal.Component, "METHOD") != want.method || prop(t, e.Component, "STATUS") != want.status || prop(t, e.Component, "SEQUENCE") != want.sequence {
				t.Errorf("%s", file)
			}
			if prop(t, e.Component, "ORGANIZER") != "mailto:canot@canot.example" || prop(t, e.Component, "ATTENDEE") != "mailto:zoe@exemple.example" {
				t.Errorf("whose: %s", file)
			}
			if prop(t, e.Component, "URL") != "https://canot.example/reservations/boo" || !strings.Contains(prop(t, e.Component, "LOCATION"), "12, rue Perreault Est") {
				t.Errorf("where: %s", file)
			}
			uids = append(uids, prop(t, e.Component, "UID"))
		}
		if uids[0] != uids[1] || uids[0] == "" {
			t.Errorf("UIDs %v", uids)
		}
	})
}

// spaced makes no-break spaces plain.
func spaced(s string) string { return strings.ReplaceAll(s, "\u00a0", " ") }

func TestStaffGetNoCalendarFile(t *testing.T) {
	b := newBench(t, "sqlite")
	b.put(booked{id: "boo", member: "mem-joe", status: "pending"})
	b.enqueue("notice", Notice{Booking: "boo", What: "booking.request"})
	for _, m := range b.run() {
		if has := m.Calendar != nil; has != (m.To == "joe@exemple.example") {
			t.Errorf("%s: %t", m.To, has)
		}
	}
}

// No text of a person can add a line, a property or an attendee, and none is longer than a calendar bears.
func TestHostileTextsStayTextsInTheCalendar(t *testing.T) {
	onEach(t, func(t *testing.T, b *bench) {
		evil := "<script>alert(1)</script>\r\nATTENDEE:mailto:victim@exemple.example\r\nEND:VEVENT \u202e\"; 🎥, \\n " + strings.Repeat("é", 5000)
		b.exec(`UPDATE members SET name = $1 WHERE id = 'mem-joe'`, evil)
		b.exec(`UPDATE hubs SET access = $1, address = $2 WHERE id = 'hub1'`, inventory.Text{"fr": evil, "en": evil}, evil)
		b.exec(`UPDATE resources SET name = $1, bring = $1 WHERE id = 'res1'`, inventory.Text{"fr": evil, "en": evil})
		b.put(booked{id: "boo", member: "mem-joe", status: "confirmed", title: evil, kit: true})
		b.enqueue("notice", Notice{Booking: "boo", What: "booking.confirmed"})
		m := b.run()[0]
		wellFormed(t, m.HTML)
		cal, e := calendarOf(t, string(m.Calendar.File))
		if len(cal.Props) != 4 || len(e.Props) != 13 || len(e.Props["ATTENDEE"]) != 1 || len(e.Children) != 0 {
			t.Errorf("%d and %d properties:\n%s", len(cal.Props), len(e.Props), m.Calendar.File)
		}
		if summary := prop(t, e.Component, "SUMMARY"); utf8.RuneCountInString(summary) > 400 || strings.Contains(summary, "\u202e") || !strings.Contains(summary, "<script>") {
			t.Errorf("summary %q", summary)
		}
		if len(m.Calendar.File) > 16<<10 || len(m.Text) > 16<<10 {
			t.Errorf("a file of %d octets, a text of %d", len(m.Calendar.File), len(m.Text))
		}
	})
}

// The file that is offered on a page names nobody.
func TestAFileToDownloadNamesNobody(t *testing.T) {
	b := newBench(t, "sqlite")
	b.put(booked{id: "boo", member: "mem-joe", status: "pending"})
	booked, err := b.Book.Booking(context.Background(), identity.System, "boo")
	must(t, err)
	hub, err := b.Catalog.Hub(context.Background(), "hub1")
	must(t, err)
	thing, err := b.Catalog.Resource(context.Background(), "res1")
	must(t, err)
	var file bytes.Buffer
	must(t, calendar.Event(&file, booked, EventWords(languageOf("en"), booked, hub, []inventory.Resource{thing}, "https://canot.example/en/reservations/boo")))
	cal, e := calendarOf(t, file.String())
	if prop(t, cal.Component, "METHOD") != "PUBLISH" || prop(t, e.Component, "STATUS") != "TENTATIVE" || strings.Contains(file.String(), "mailto") || strings.Contains(file.String(), "Diamond") {
		t.Error(file.String())
	}
	if !strings.Contains(prop(t, e.Component, "DESCRIPTION"), "\nWhat to bring: Your files on a USB stick") {
		t.Errorf("description %q", prop(t, e.Component, "DESCRIPTION"))
	}
}

// A reminder says what is true when it is written: not of a booking that was moved or begins already.
func TestAReminderSaysWhatIsTrue(t *testing.T) {
	for name, c := range map[string]struct {
		starts time.Time
		after  time.Duration
		want   string // in the subject; "" for no letter
	}{
		"tomorrow":               {inDays(1, 14), 0, "Tomorrow, 9:00 a.m."},
		"late, and it is today":  {inDays(1, 14), 20 * time.Hour, "Today, 9:00 a.m."},
		"late, and it has begun": {inDays(1, 14), 23*time.Hour + time.Minute, ""},
		"moved to another week":  {inDays(8, 14), 0, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, "sqlite")
			b.put(booked{id: "boo", member: "mem-joe", status: "confirmed", starts: c.starts})
			b.enqueue("notice", Notice{Booking: "boo", What: "booking.reminder"})
			b.clock.Move(c.after)
			all := b.run()
			if c.want == "" && len(all) != 0 || c.want != "" && (len(all) != 1 || !strings.HasPrefix(spaced(all[0].Subject), c.want)) {
				t.Errorf("%d letters: %+v", len(all), all)
			}
		})
	}
}

// A letter that was asked for before the booking was moved tells of where it is now, in its file too.
func TestALetterTellsOfTheBookingAsItIsNow(t *testing.T) {
	b := newBench(t, "sqlite")
	b.put(booked{id: "boo", member: "mem-joe", status: "confirmed"})
	b.enqueue("notice", Notice{Booking: "boo", What: "booking.confirmed"})
	b.exec(`UPDATE bookings SET starts_at = $1, ends_at = $2, sequence = 1 WHERE id = 'boo'`, inDays(5, 15), inDays(5, 17))
	m := b.run()[0]
	_, e := calendarOf(t, string(m.Calendar.File))
	if !strings.Contains(spaced(m.Text), "November 26, 2026, 10:00 a.m.") || prop(t, e.Component, "DTSTART") != "20261126T150000Z" || prop(t, e.Component, "SEQUENCE") != "1" {
		t.Errorf("%s\n%s", m.Text, m.Calendar.File)
	}
}

// Until when one may cancel is said as long as one may, and where there is a page to do it on.
func TestUntilWhenOneMayCancel(t *testing.T) {
	for name, c := range map[string]struct {
		starts time.Time
		url    string
		want   bool
	}{
		"in time":             {inDays(2, 14), "https://canot.example", true},
		"after the cut-off":   {inDays(1, 14), "https://canot.example", false},
		"a site without name": {inDays(2, 14), "", false},
	} {
		b := newBench(t, "sqlite")
		b.PublicURL = c.url
		b.put(booked{id: "boo", member: "mem-joe", status: "confirmed", starts: c.starts})
		b.enqueue("notice", Notice{Booking: "boo", What: "booking.confirmed"})
		text := spaced(b.run()[0].Text)
		if strings.Contains(text, "Until Sunday, November 22, 2026 at 9:00 a.m.") != c.want || strings.Contains(text, "Until ") != c.want || !strings.Contains(text, "rite to the team or call them as soon as you can") {
			t.Errorf("%s: %s", name, text)
		}
		if strings.Contains(text, "/reservations/") != (c.url != "") {
			t.Errorf("%s: links in %s", name, text)
		}
	}
}
