package web

import (
	"net/http"
	"strings"
	"time"

	"canot/booking"
	"canot/internal/fault"
	"canot/inventory/hours"
)

// extendOf is to when a booking that runs may be moved on: hours for one of hours, days for one of days.
func (p *page) extendOf(b booking.Booking, zone *time.Location, now time.Time) extendView {
	e := extendView{ID: b.ID, Key: newKey(), Version: b.Version, Action: bookingAddress(b.ID) + "/prolonger"}
	clock := deskClock{p.l, zone, now}
	ends, err := p.Book.ExtendEnds(p.c.Request.Context(), p.v.Actor, b.ID)
	e.None = err == nil && len(ends) == 0 // another time can still be written
	for _, until := range ends {
		e.Choices = append(e.Choices, option{ID: stamp(until), Words: clock.at(until)})
	}
	if e.Open = strings.HasSuffix(p.c.Request.URL.Path, "/prolonger"); e.Open {
		e.Other = p.field("autre")
		if _, err := p.untilOf(zone); err != nil {
			e.Wrong = p.l.Say("page.counter.extend_when", nil)
		}
	}
	e.Min = b.EndsAt.In(zone).Format("2006-01-02T15:04")
	return e
}

// untilOf is the time that a form asks for: one of those offered, or one on the hub's clock.
func (p *page) untilOf(zone *time.Location) (time.Time, error) {
	if text := p.field("autre"); text != "" {
		at, err := time.Parse("2006-01-02T15:04", text)
		if err != nil || hours.Absurd(at) {
			return at, fault.Field("until", "bad_time")
		}
		return hours.At(hours.DateOf(at, time.UTC), hours.Minutes(at.Hour()*60+at.Minute()), zone).UTC(), nil
	}
	at, err := time.Parse(time.RFC3339, p.field("jusqua"))
	if err != nil || hours.Absurd(at) {
		return at, fault.Field("until", "bad_time")
	}
	return at.UTC(), nil
}

// noUntil says that of an extension no time could be read.
func (p *page) noUntil(booking string) *told {
	return &told{Title: p.l.Say("page.bookings.not_extended", nil), List: []wrongField{{"autre-" + booking, p.l.Say("page.counter.extend_when", nil)}}}
}

// extendBooking moves the end of one's own booking, while it runs and nobody waits for what it has.
func extendBooking(p *page) error {
	b, err := p.oneBooking()
	if err != nil {
		return err
	}
	path := bookingAddress(b.ID)
	until, err := p.untilOf(zoneNamed(b.TimeZone))
	if err != nil {
		return p.bookingAgain(b.ID, http.StatusBadRequest, p.noUntil(b.ID))
	}
	_, err = p.Book.Extend(p.c.Request.Context(), p.v.Actor, b.ID, until, versionOf(p.field("version")), p.onceKey("cle", b.ID, stamp(until)))
	switch f := fault.Of(err); {
	case err == nil:
		return p.to(path + "?fait=prolongee")
	case f == nil || f.Kind == fault.Internal || f.Kind == fault.NotFound:
		return err
	case f.Kind == fault.Stale:
		return p.bookingAgain(b.ID, http.StatusPreconditionFailed, p.staleWords())
	default:
		t, status := p.explain(err)
		t.Title = p.l.Say("page.bookings.not_extended", nil)
		if len(f.Violations) > 0 {
			t.Text, t.List = "", p.reasons(f.Violations)
		}
		return p.bookingAgain(b.ID, status, &t)
	}
}
