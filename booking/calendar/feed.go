package calendar

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"canot/booking"
	"canot/inventory/hours"
)

// Write writes a feed in full, piece by piece, in at most two statements. Nothing
// is written before both have been answered, so that a reader never keeps a
// connection of the data base waiting and a failure there leaves w untouched.
//
// It returns what Stamp returns for a query that cannot be read or whose subject or
// category is not there, ErrUnavailable when the data base is away, or the error of w.
func (f *Feeds) Write(ctx context.Context, q Query, w io.Writer) error {
	q, err := q.clean()
	if err != nil {
		return err
	}
	view := windowAt(f.db.Now())
	d := drawing{q: q, view: view, words: languages[q.Lang], hubs: map[string]*hub{}, things: map[string]thing{}}
	var lines []bookedRow
	if q.Scope == Workshops { // nothing of it is in the data base yet, but for its category
		if _, err := f.sums(ctx, q); err != nil {
			return err
		}
	} else {
		rows, err := f.places(ctx, q, view)
		if err != nil {
			return err
		}
		if err := d.take(rows); err != nil {
			return err
		}
		if q.Busy {
			if lines, err = f.booked(ctx, q, view); err != nil {
				return err
			}
		}
	}
	d.out = newEncoder(w)
	return d.draw(lines)
}

// A hub as its events need it.
type hub struct {
	place  string // for LOCATION
	zone   *time.Location
	wanted bool // whether a resource of it passes the filters
}

// A thing is a resource as its events need it.
type thing struct {
	name   string
	wanted bool // passes the filters, and is the one asked for
}

// A drawing is one feed being written.
type drawing struct {
	q        Query
	view     window
	words    words
	name     string // of the calendar
	category string // its name, when asked for
	hubs     map[string]*hub
	things   map[string]thing
	closures []placeRow
	out      *encoder
	events   int
}

// take reads what the events speak of, in the order of the rows: the closures last.
func (d *drawing) take(rows []placeRow) error {
	found, category := d.q.Scope == Network, d.q.Category == ""
	for _, r := range rows {
		name := pick(r.Name, d.q.Lang)
		switch r.What {
		case aRegion:
			if d.q.Scope == Region {
				d.name, found = name, true
			}
		case aCategory:
			d.category, category = name, true
		case aHub:
			zone, err := hours.LoadZone(r.Zone)
			if err != nil {
				return fmt.Errorf("zone of hub %s: %w", r.ID, err)
			}
			d.hubs[r.ID] = &hub{place: join(", ", name, r.Town), zone: zone}
			if d.q.Scope == Hub || d.q.Scope == Resource {
				d.name = name
			}
			found = found || d.q.Scope == Hub
		case aResource:
			if d.q.Scope == Resource && r.Subject {
				d.name, found = join(" – ", name, d.name), true
			}
			wanted := (r.Subject || d.q.Scope != Resource) && (r.Asked || d.q.Category == "") && (d.q.Kind == r.Kind || d.q.Kind == "")
			d.things[r.ID] = thing{name: name, wanted: wanted}
			d.hubs[r.HubID].wanted = d.hubs[r.HubID].wanted || wanted
		case aClosure:
			d.closures = append(d.closures, r)
		}
	}
	if !found {
		return d.q.missing()
	}
	if !category {
		return noCategory()
	}
	return nil
}

// draw writes the calendar: its head, the closures, the bookings, its end.
func (d *drawing) draw(lines []bookedRow) error {
	d.head()
	for _, c := range d.closures {
		d.closure(c)
		if err := d.out.flush(false); err != nil {
			return fmt.Errorf("write a feed: %w", err)
		}
	}
	for len(lines) > 0 {
		n := 1
		for n < len(lines) && lines[n].ID == lines[0].ID {
			n++
		}
		d.booking(lines[:n])
		lines = lines[n:]
		if err := d.out.flush(false); err != nil {
			return fmt.Errorf("write a feed: %w", err)
		}
	}
	return d.close()
}

// close ends the calendar and writes what is left of it.
func (d *drawing) close() error {
	if d.events == 0 {
		// A calendar must have something in it (RFC 5545 3.4), and some readers
		// refuse one that has not. A zone that nothing uses is seen by nobody.
		d.out.line("BEGIN:VTIMEZONE\r\nTZID:Etc/UTC\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\n" +
			"TZOFFSETFROM:+0000\r\nTZOFFSETTO:+0000\r\nTZNAME:UTC\r\nEND:STANDARD\r\nEND:VTIMEZONE")
	}
	d.out.line("END:VCALENDAR")
	if err := d.out.flush(true); err != nil {
		return fmt.Errorf("write a feed: %w", err)
	}
	return nil
}

func (d *drawing) head() {
	name := d.name
	switch d.q.Scope {
	case Network:
		name = d.words.network
	case Workshops:
		name = d.words.workshops
	}
	name = join(" · ", name, d.words.kind(d.q.Kind), d.category)
	d.out.line("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Canot//Canot//" + strings.ToUpper(d.q.Lang) + "\r\nCALSCALE:GREGORIAN")
	d.out.property("NAME:", name)
	d.out.property("X-WR-CALNAME:", name)
	d.out.line("REFRESH-INTERVAL;VALUE=DURATION:PT1H\r\nX-PUBLISHED-TTL:PT1H")
}

// booking writes one event from all lines of one booking.
func (d *drawing) booking(lines []bookedRow) {
	wanted := false
	for _, l := range lines {
		wanted = wanted || d.things[l.ResourceID].wanted
	}
	b, at := lines[0], d.hubs[lines[0].HubID]
	if !wanted || at == nil { // narrowed away, or so new that the names do not have it yet
		return
	}
	d.events++
	e := d.out
	e.line("BEGIN:VEVENT")
	e.times(b)
	switch status := booking.Status(b.Status); {
	case status == booking.Pending && !b.Competes:
		e.line("STATUS:TENTATIVE")
	case status == booking.Confirmed, status == booking.InUse, status == booking.Completed:
		e.line("STATUS:CONFIRMED")
	default: // gone, or once shown and now a request that takes no time
		e.line("STATUS:CANCELLED\r\nTRANSP:TRANSPARENT")
	}
	e.begin("SUMMARY:")
	e.text(d.words.booked)
	before := d.words.colon
	for _, l := range lines {
		e.text(before)
		e.text(d.things[l.ResourceID].name)
		e.several(l.Quantity)
		before = ", "
	}
	e.end()
	e.property("LOCATION:", at.place)
	e.line("END:VEVENT")
}

// times appends what every event of a booking has: which it is, how it changed, and when.
func (e *encoder) times(b bookedRow) {
	e.uid("booking", b.ID)
	e.instant("DTSTAMP:", b.ChangedAt)
	e.instant("LAST-MODIFIED:", b.ChangedAt)
	e.number("SEQUENCE:", b.Sequence)
	e.instant("DTSTART:", b.StartsAt)
	e.instant("DTEND:", b.EndsAt)
}

// several appends how many, where it is more than one.
func (e *encoder) several(n int64) {
	if n > 1 {
		e.text(" (" + strconv.FormatInt(n, 10) + ")")
	}
}

// closure writes one event: days when it spans whole ones, so that calendars show
// it above the hours; instants else.
func (d *drawing) closure(c placeRow) {
	at, subject := d.hubs[c.HubID], ""
	if at == nil {
		return
	}
	if c.ResourceID == "" {
		if !at.wanted && (d.q.Kind != "" || d.q.Category != "") {
			return
		}
	} else {
		t := d.things[c.ResourceID]
		if !t.wanted {
			return
		}
		subject = t.name
	}
	starts, err1 := hours.Instant(c.StartsLocal, at.zone)
	ends, err2 := hours.Instant(c.EndsLocal, at.zone)
	// A closure that lies in an hour that the clocks skip has no length.
	if err1 != nil || err2 != nil || !starts.Before(ends) || !ends.After(d.view.from) || !starts.Before(d.view.to) {
		return
	}
	d.events++
	e := d.out
	e.line("BEGIN:VEVENT")
	e.uid("closure", c.ID)
	e.instant("DTSTAMP:", c.changed())
	e.instant("LAST-MODIFIED:", c.changed())
	e.line("SEQUENCE:0") // a closure is added and dropped, never changed
	first, day1 := wholeDay(c.StartsLocal)
	last, day2 := wholeDay(c.EndsLocal)
	if day1 && day2 {
		e.line("DTSTART;VALUE=DATE:" + first + "\r\nDTEND;VALUE=DATE:" + last)
	} else {
		e.instant("DTSTART:", starts)
		e.instant("DTEND:", ends)
	}
	e.line("STATUS:CONFIRMED")
	e.begin("SUMMARY:")
	e.text(d.words.closed)
	if why := join(" – ", subject, pick(c.Name, d.q.Lang)); why != "" {
		e.text(d.words.colon)
		e.text(why)
	}
	e.end()
	e.property("LOCATION:", at.place)
	e.line("END:VEVENT")
}

// wholeDay returns the date of a local midnight as 20061121.
func wholeDay(local string) (string, bool) {
	t, err := time.Parse("2006-01-02T15:04:05", local)
	if err != nil || t.Hour()+t.Minute()+t.Second() != 0 {
		return "", false
	}
	return string(appendDate(nil, t)), true
}

// join joins the texts that are not empty.
func join(sep string, texts ...string) string {
	var all []string
	for _, t := range texts {
		if t != "" {
			all = append(all, t)
		}
	}
	return strings.Join(all, sep)
}
