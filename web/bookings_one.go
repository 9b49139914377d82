package web

import (
	"bytes"
	"html/template"
	"net/http"
	"strings"
	"time"

	"canot/booking"
	"canot/booking/calendar"
	"canot/booking/membership"
	"canot/internal/fault"
	"canot/internal/identity"
	"canot/internal/identity/privacy"
	"canot/inventory"
	"canot/web/edge"
	"canot/web/mail"
)

// bookingView is the page of one booking, which is its confirmation too.
type bookingView struct {
	frame
	Done         bool // the title says that it is done
	Live         bool // it stands: one goes there, or has been
	NoMail       bool
	News         string
	Lines        []basketLine
	When         string
	Status       fault.Params
	Tag          string
	Lost, Held   bool
	Competes     bool
	Until        fault.Params // by when a request is answered; nil where nothing says so
	Reference    string
	Booked       booking.Booking
	Sector       string
	Hub          hubWords
	Bring        []bringNote
	CancelUntil  fault.Params
	CancelPassed bool
	Free         bool   // nothing is asked for it
	Price        string // before tax, with the hours it took; "" where nobody was told one
	Tax          bool   // something is to be paid
	Calendar     string
	Change       string
	Cancel       string
	Again        string
	Mine         bool
	Extend       *extendView // it runs, and its end may be moved
}

// hubWords are a hub as somebody who goes there needs it.
type hubWords struct{ Name, Path, Address, Town, Access, Phone, Email string }

// Call is the link to the telephone, "" for none.
func (h hubWords) Call() template.URL { return telephone(h.Phone) }

// oneBooking reads the booking of the address, for who may see it, and writes down who looked at
// somebody else's.
func (p *page) oneBooking() (booking.Booking, error) {
	ctx, who := p.c.Request.Context(), p.v.Actor
	if !who.Known() {
		return booking.Booking{}, fault.New(fault.Unauthenticated, "sign_in", nil)
	}
	id := p.c.Param("id")
	if !goodID(id) {
		return booking.Booking{}, fault.New(fault.NotFound, "booking_not_found", nil)
	}
	b, err := p.Book.Booking(ctx, who, id)
	if err == nil && !p.owns(b) {
		err = p.Privacy.Viewed(ctx, who, privacy.ViewedBooking, b.MemberID)
	}
	return b, err
}

// goodID reports whether a text can be an id at all.
func goodID(id string) bool {
	return len(id) <= 64 && !strings.ContainsFunc(id, func(r rune) bool { return r <= ' ' || r > '~' })
}

// owns reports whether a booking that who asks may see is their own, or of an organisation of theirs.
func (p *page) owns(b booking.Booking) bool {
	who := p.v.Actor
	return b.MemberID == who.ID || b.Organisation != "" && !who.Anywhere(identity.ViewBookings)
}

// termsOf are the terms of a booking's resources, those that are still to be had, in the order of its lines.
func (p *page) termsOf(b booking.Booking) ([]*inventory.Terms, error) {
	ctx := p.c.Request.Context()
	r := p.DB.Reader(ctx)
	var ids []string
	for _, l := range b.Lines {
		ids = append(ids, l.ResourceID)
	}
	units, err := p.Catalog.UnitVersions(r, inventory.ResourceQuery{Among: ids})
	if err != nil {
		return nil, err
	}
	wanted := map[string]int64{}
	for _, u := range units {
		wanted[u.ResourceID] = u.RulesVersion
	}
	terms, err := p.Catalog.Terms(ctx, r, wanted)
	if err != nil {
		return nil, err
	}
	var list []*inventory.Terms
	for _, id := range ids {
		if t := terms[id]; t != nil {
			list = append(list, t)
		}
	}
	return list, nil
}

// thingsOf are the resources of some terms.
func thingsOf(terms []*inventory.Terms) []inventory.Resource {
	var all []inventory.Resource
	for _, t := range terms {
		all = append(all, t.Resource)
	}
	return all
}

// bookingPage shows one booking.
func bookingPage(p *page) error {
	b, err := p.oneBooking()
	if err != nil {
		return err
	}
	return p.showBooking(http.StatusOK, b, nil)
}

// bookingAgain shows a booking as it is now, with what was not done and why.
func (p *page) bookingAgain(id string, status int, wrong *told) error {
	b, err := p.Book.Booking(p.c.Request.Context(), p.v.Actor, id)
	if err != nil {
		return err
	}
	p.other = bookingAddress(id)
	return p.showBooking(status, b, wrong)
}

func (p *page) showBooking(status int, b booking.Booking, wrong *told) error {
	hub, err := p.Catalog.Hub(p.c.Request.Context(), b.HubID)
	if err != nil {
		return err
	}
	terms, err := p.termsOf(b)
	if err != nil {
		return err
	}
	v := p.viewOf(b, hub, terms)
	if b.PriceCents != nil && v.Live {
		uses, err := membership.UsedBy(p.DB.Reader(p.c.Request.Context()), b.ID)
		if err != nil {
			return err
		}
		v.Price, v.Tax, v.Free = mail.PriceWords(p.l, b, hub.Currency, uses), *b.PriceCents > 0, false
	}
	v.Error = wrong
	return p.show(status, "bookings_one", v)
}

func (p *page) viewOf(b booking.Booking, hub inventory.Hub, terms []*inventory.Terms) bookingView {
	zone, now := zoneNamed(b.TimeZone), p.DB.Now()
	v := bookingView{NoMail: p.NoMail, Booked: b, Reference: b.Reference, Status: fault.Params{"status": string(b.Status)}, Tag: tagOf(b.Status), Lost: lost(b), Held: b.Status == booking.Held, Competes: b.Competes}
	v.Live = b.Status.Live() || b.Status == booking.Completed
	title := p.bookedWords(b)
	if v.Done = p.c.Query("fait") == "reservee" && (b.Status == booking.Confirmed || b.Status == booking.InUse || b.Status == booking.Pending); v.Done {
		title = p.l.Say("page.bookings.done", nil)
		if b.Status == booking.Pending {
			title = p.l.Say("page.bookings.sent", nil)
		}
	}
	if p.c.Query("fait") == "changee" && b.Version > 1 && b.Status.Live() {
		v.News = p.l.Say("page.bookings.changed", nil)
	}
	if p.c.Query("fait") == "prolongee" && b.Status == booking.InUse {
		v.News = p.l.Say("page.bookings.extended", fault.Params{"until": b.EndsAt.In(zone)})
	}
	if p.c.Query("fait") == "annulee" && b.Status == booking.Cancelled {
		v.News = p.cancelledWords(b)
	}
	v.frame = p.frame(title)
	v.When = p.spanWords(b.StartsAt, b.EndsAt, zone)
	v.Free = len(terms) == len(b.Lines)
	for _, l := range b.Lines {
		v.Lines = append(v.Lines, basketLine{Name: lineName(p, l), Path: "/ressources/" + l.ResourceSlug, Icon: string(l.Kind), Quantity: l.Quantity})
	}
	for _, t := range terms {
		v.Free = v.Free && t.Resource.PricePerHour == 0
		if text := t.Resource.Bring.In(p.l.Tag()); v.Live && text != "" {
			v.Bring = append(v.Bring, bringNote{t.Resource.Name.In(p.l.Tag()), text})
		}
	}
	v.Sector = p.sectorWords(b.Sector)
	v.Hub = hubWords{hub.Name.In(p.l.Tag()), "/lieux/" + hub.Slug, hub.Address, hub.Town, hub.Access.In(p.l.Tag()), hub.Phone, hub.Email}
	if b.Status == booking.Pending && b.LapsesAt != nil {
		v.Until = fault.Params{"until": b.LapsesAt.In(zone)}
	}
	p.actions(&v, b, terms, zone, now)
	return v
}

// cancelledWords say that a booking was just cancelled, and what follows from it.
func (p *page) cancelledWords(b booking.Booking) string {
	said := p.l.Say("page.bookings.cancelled", nil)
	if p.owns(b) && !p.NoMail {
		said += " " + p.l.Say("page.bookings.cancelled_mail", nil)
	}
	return said
}

// actions are what can be done with a booking by who looks at it.
func (p *page) actions(v *bookingView, b booking.Booking, terms []*inventory.Terms, zone *time.Location, now time.Time) {
	path := bookingAddress(b.ID)
	v.Mine = p.owns(b)
	if v.Live && b.Status != booking.Held {
		v.Calendar = path + "/agenda.ics"
	}
	if !v.Mine && !p.v.Actor.May(identity.BookForOthers, b.HubID, "") {
		return
	}
	if !b.Status.Live() || !now.Before(b.EndsAt) {
		v.Again = againAddress(b, zone, now)
		return
	}
	things := thingsOf(terms)
	v.CancelUntil = fault.Params{"until": b.CancelUntil(things).In(zone)}
	v.CancelPassed = v.Mine && b.CancelTooLate(things, now)
	if b.Status == booking.InUse {
		e := p.extendOf(b, zone, now)
		v.Extend = &e
	}
	v.Change = path + "/changer"
	if !v.CancelPassed {
		v.Cancel = path + "/annuler"
	}
}

// bookingCalendar is one booking as a file that calendars take in.
func bookingCalendar(p *page) error {
	b, err := p.oneBooking()
	if err != nil {
		return err
	}
	hub, err := p.Catalog.Hub(p.c.Request.Context(), b.HubID)
	if err != nil {
		return err
	}
	terms, err := p.termsOf(b)
	if err != nil {
		return err
	}
	address := ""
	if p.PublicURL != "" {
		address = strings.TrimSuffix(p.PublicURL, "/") + addressOf(p.l, bookingAddress(b.ID))
	}
	words := mail.EventWords(p.l, b, hub, thingsOf(terms), address) // the same as in the message
	var file bytes.Buffer
	if err := calendar.Event(&file, b, words); err != nil {
		return err
	}
	edge.Private(p.c.Writer.Header())
	p.c.Header("Content-Disposition", `attachment; filename="canot-`+b.Reference+`.ics"`)
	p.c.Data(http.StatusOK, "text/calendar; charset=utf-8", file.Bytes())
	return nil
}
