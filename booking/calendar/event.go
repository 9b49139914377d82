package calendar

import (
	"fmt"
	"io"
	netmail "net/mail"
	"net/url"
	"strings"

	"canot/booking"
	"canot/internal/fault"
)

// EventWords are what one booking's calendar file says beside the booking: words that
// people read, in their language, and who writes to whom. All texts are plain, whoever
// wrote them: none can add a line, a property or a person to the file.
type EventWords struct {
	Lang        string   // fr or en; "" means fr
	Summary     string   // one line: what is booked
	Location    string   // one line: the place, with its address
	Description []string // lines: how to get there, what to bring, the reference
	URL         string   // the booking's page, whole; "" while the site does not know its own address

	// In a message, who sends it and whose booking it is. In a file to download both stay
	// empty: a calendar that finds them there offers to answer, or writes to people.
	Organizer, Attendee Person
}

// A Person is somebody as a calendar file names them.
type Person struct{ Name, Address string }

// known reports whether p has one address that can be written to.
func (p Person) known() bool {
	a, err := netmail.ParseAddress(p.Address)
	return err == nil && a.Address == p.Address
}

// mailto is the address of p as a link.
func (p Person) mailto() string {
	return "mailto:" + strings.ReplaceAll(url.PathEscape(p.Address), "%40", "@")
}

// addressed reports whether the file goes from one person to another.
func (w EventWords) addressed() bool { return w.Organizer.known() && w.Attendee.known() }

// Method is what the file of a booking asks of a calendar (RFC 5546): in a message REQUEST, to
// enter it or to change the entry, or CANCEL, to strike it out; PUBLISH in a file to download.
func (w EventWords) Method(b booking.Booking) string {
	switch {
	case !w.addressed():
		return "PUBLISH"
	case b.Status.Live(), b.Status == booking.Completed:
		return "REQUEST"
	}
	return "CANCEL"
}

// Event writes one booking as a calendar file (RFC 5545): with an Organizer and an Attendee
// what a message carries, without them a file to download. Its UID is that of the booking in every feed, so that a
// calendar that has both knows them for one; its bytes are the same for as long as the booking is.
//
// It asks nothing of the data base. A held booking is in no calendar yet: NotFound,
// booking_not_found. Any other error is that of w.
func Event(w io.Writer, b booking.Booking, words EventWords) error {
	if b.Status == booking.Held {
		return fault.New(fault.NotFound, "booking_not_found", nil)
	}
	tag := "FR"
	if words.Lang == "en" {
		tag = "EN"
	}
	e := newEncoder(w)
	e.line("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Canot//Canot//" + tag + "\r\nCALSCALE:GREGORIAN\r\nMETHOD:" + words.Method(b))
	e.line("BEGIN:VEVENT")
	e.times(bookedRow{ID: b.ID, StartsAt: b.StartsAt, EndsAt: b.EndsAt, Sequence: b.Sequence, ChangedAt: b.ChangedAt})
	e.line(statusOf(b.Status, b.Competes))
	e.property("SUMMARY:", words.Summary)
	if words.Location != "" {
		e.property("LOCATION:", words.Location)
	}
	e.lines("DESCRIPTION:", words.Description)
	if words.URL != "" {
		e.begin("URL:")
		e.raw(words.URL)
		e.end()
	}
	if words.addressed() {
		e.person("ORGANIZER", words.Organizer)
		e.person("ATTENDEE;PARTSTAT=ACCEPTED;RSVP=FALSE", words.Attendee)
	}
	e.line("END:VEVENT\r\nEND:VCALENDAR")
	if err := e.flush(true); err != nil {
		return fmt.Errorf("write an event: %w", err)
	}
	return nil
}

// statusOf is the STATUS of a booking for the person whose it is. A request that takes no
// time yet leaves the person's hour free.
func statusOf(status booking.Status, competes bool) string {
	switch status {
	case booking.Pending:
		if competes {
			return "STATUS:TENTATIVE\r\nTRANSP:TRANSPARENT"
		}
		return "STATUS:TENTATIVE"
	case booking.Confirmed, booking.InUse, booking.Completed:
		return "STATUS:CONFIRMED"
	}
	return "STATUS:CANCELLED\r\nTRANSP:TRANSPARENT"
}
