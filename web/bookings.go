package web

import (
	"net/http"
	"net/url"
	"time"

	"github.com/gin-gonic/gin"

	"canot/booking"
	"canot/internal/fault"
	"canot/inventory/hours"
)

func (s *Site) mountBookings(r gin.IRouter) {
	s.on(r, "GET", "/reservations", bookingsPage)
	s.on(r, "GET", "/reservations/:id", bookingPage)
	s.on(r, "GET", "/reservations/:id/agenda.ics", bookingCalendar)
	s.on(r, "GET", "/reservations/:id/changer", changePage)
	s.form(r, "/reservations/:id/changer", changeShown, changeBooking)
	s.on(r, "GET", "/reservations/:id/prolonger", func(p *page) error { return p.to(bookingAddress(p.c.Param("id"))) })
	s.form(r, "/reservations/:id/prolonger", bookingPage, extendBooking)
	s.on(r, "GET", "/reservations/:id/annuler", cancelPage)
	s.form(r, "/reservations/:id/annuler", func(p *page) error { return p.cancelAgain(http.StatusOK, p.field("raison"), nil) }, cancelBooking)
}

// How many bookings a list has before it goes on on another page.
const (
	comingShown = 30
	pastShown   = 10
)

// bookingsView is one's own bookings.
type bookingsView struct {
	frame
	Coming, Waiting, Past []bookingCard
	MoreComing, MorePast  string
	Empty                 bool // nothing at all
	Later                 bool // this is a further page of a list
}

// A bookingCard is one booking in a list.
type bookingCard struct {
	What, When, Where, Title string
	Icon                     string
	Status                   fault.Params
	Tag                      string // how the status looks: free, no, or ""
	Lost                     bool   // it waits for another unit
	Path                     string
	Change, Cancel, Again    string // "" where it cannot be
}

// bookingsPage lists one's own bookings: to come, waiting for an answer, and past.
func bookingsPage(p *page) error {
	ctx, now := p.c.Request.Context(), p.DB.Now()
	v := bookingsView{frame: p.frame(p.l.Say("page.nav.bookings", nil))}
	after, past := p.c.Query("suite"), p.c.Query("passees")
	v.Later = after+past != ""
	if past == "" {
		list, next, err := p.Book.Bookings(ctx, p.v.Actor, booking.Query{Mine: true, From: &now, Limit: comingShown, After: after})
		if err != nil {
			return err
		}
		for _, b := range list {
			p.sortCard(&v, b, now)
		}
		if next != "" {
			v.MoreComing = "/reservations?suite=" + url.QueryEscape(next)
		}
	}
	if after == "" {
		list, next, err := p.Book.Bookings(ctx, p.v.Actor, booking.Query{Mine: true, To: &now, Newest: true, Limit: pastShown, After: past})
		if err != nil {
			return err
		}
		for _, b := range list {
			if !b.EndsAt.After(now) {
				v.Past = append(v.Past, p.cardOf(b, now))
			}
		}
		if next != "" {
			v.MorePast = "/reservations?passees=" + url.QueryEscape(next)
		}
	}
	v.Empty = len(v.Coming)+len(v.Waiting)+len(v.Past) == 0
	return p.show(http.StatusOK, "bookings_all", v)
}

// sortCard puts a booking that is not over where it belongs.
func (p *page) sortCard(v *bookingsView, b booking.Booking, now time.Time) {
	card := p.cardOf(b, now)
	switch {
	case b.Status == booking.Pending || b.Status == booking.Held:
		v.Waiting = append(v.Waiting, card)
	case b.Status.Live():
		v.Coming = append(v.Coming, card)
	default:
		v.Past = append(v.Past, card)
	}
}

// cardOf says what a booking is in a few words.
func (p *page) cardOf(b booking.Booking, now time.Time) bookingCard {
	zone := zoneNamed(b.TimeZone)
	c := bookingCard{
		What: p.bookedWords(b), When: p.spanWords(b.StartsAt, b.EndsAt, zone), Where: inTown(b.HubName.In(p.l.Tag()), b.Town), Title: b.Title,
		Status: fault.Params{"status": string(b.Status)}, Tag: tagOf(b.Status), Lost: lost(b), Path: bookingAddress(b.ID),
	}
	if len(b.Lines) > 0 {
		c.Icon = string(b.Lines[0].Kind)
	}
	if b.Status.Live() && now.Before(b.EndsAt) {
		c.Change, c.Cancel = c.Path+"/changer", c.Path+"/annuler"
	} else {
		c.Again = againAddress(b, zone, now)
	}
	return c
}

// bookedWords name what is booked.
func (p *page) bookedWords(b booking.Booking) string {
	out := ""
	for i, l := range b.Lines {
		if i > 0 {
			out += ", "
		}
		if out += lineName(p, l); l.Quantity > 1 {
			out += " " + p.l.Say("page.book.times", fault.Params{"quantity": l.Quantity})
		}
	}
	return out
}

// lineName is the name of a line's resource.
func lineName(p *page, l booking.Line) string {
	if name := l.ResourceName.In(p.l.Tag()); name != "" {
		return name
	}
	return l.ResourceSlug
}

// tagOf is how a status looks.
func tagOf(s booking.Status) string {
	switch s {
	case booking.Confirmed, booking.InUse:
		return "free"
	case booking.Cancelled, booking.Declined, booking.Expired, booking.NoShow:
		return "no"
	}
	return ""
}

// lost reports whether a booking that stands lost something to repair.
func lost(b booking.Booking) bool {
	for _, l := range b.Lines {
		if b.Status.Live() && l.WithoutUnit > 0 {
			return true
		}
	}
	return false
}

// wantsFor are the lines of a booking as a basket.
func wantsFor(b booking.Booking) []booking.Want {
	var wants []booking.Want
	for _, l := range b.Lines {
		wants = append(wants, booking.Want{Resource: l.ResourceSlug, Quantity: l.Quantity})
	}
	return wants
}

// againAddress is where the same is booked again: for as long, on the next such day of the week,
// at the same time.
func againAddress(b booking.Booking, zone *time.Location, now time.Time) string {
	was, day := hours.DateOf(b.StartsAt, zone), hours.DateOf(now, zone).AddDays(1)
	for day.Weekday() != was.Weekday() {
		day = day.AddDays(1)
	}
	address := whenWith(wantsFor(b), day.String(), lengthOfBooking(b, zone))
	return address + "&heure=" + url.QueryEscape(b.StartsAt.In(zone).Format("15:04"))
}

// lengthOfBooking is how long a booking is, as addresses have it: in days where it ends at the
// time of day at which it begins.
func lengthOfBooking(b booking.Booking, zone *time.Location) string {
	from, to := b.StartsAt.In(zone), b.EndsAt.In(zone)
	if days := int(hours.At(hours.DateOf(to, zone), 0, time.UTC).Sub(hours.At(hours.DateOf(from, zone), 0, time.UTC)) / (24 * time.Hour)); days > 0 && from.Format("15:04") == to.Format("15:04") {
		return lengthText(0, days)
	}
	return lengthText(b.EndsAt.Sub(b.StartsAt), 0)
}
