package web

import (
	"html/template"
	"net/http"

	"canot/booking"
	"canot/internal/fault"
)

// cancelView asks once whether a booking shall be cancelled.
type cancelView struct {
	frame
	What, When, Where string
	Until             fault.Params // until when it is possible
	Pending           bool         // it is a request
	Passed            bool
	Phone, Email      string // of the hub, for who comes too late
	Action, Back      string
	Version           int64
	Key, Reason       string
}

// Call is the link to the telephone of the hub, "" for none.
func (v cancelView) Call() template.URL { return telephone(v.Phone) }

// cancelPage asks whether to cancel.
func cancelPage(p *page) error { return p.cancelAgain(http.StatusOK, "", nil) }

func (p *page) cancelAgain(status int, reason string, wrong *told) error {
	b, err := p.oneBooking()
	if err != nil {
		return err
	}
	if !b.Status.Live() || !p.DB.Now().Before(b.EndsAt) {
		return p.to(bookingAddress(b.ID))
	}
	terms, err := p.termsOf(b)
	if err != nil {
		return err
	}
	zone := zoneNamed(b.TimeZone)
	path := bookingAddress(b.ID)
	v := cancelView{
		frame: p.frame(p.l.Say("page.bookings.cancel_title", nil)),
		What:  p.bookedWords(b), When: p.spanWords(b.StartsAt, b.EndsAt, zone), Where: inTown(b.HubName.In(p.l.Tag()), b.Town),
		Pending: b.Status == booking.Pending, Action: path + "/annuler", Back: path, Version: b.Version, Key: newKey(), Reason: reason,
	}
	things := thingsOf(terms)
	v.Until = fault.Params{"until": b.CancelUntil(things).In(zone)}
	v.Passed = p.owns(b) && b.CancelTooLate(things, p.DB.Now())
	if v.Passed {
		hub, err := p.Catalog.Hub(p.c.Request.Context(), b.HubID)
		if err != nil {
			return err
		}
		v.Phone, v.Email = hub.Phone, hub.Email
	}
	v.Error = wrong
	return p.show(status, "bookings_cancel", v)
}

// cancelBooking cancels. Twice is the same as once.
func cancelBooking(p *page) error {
	who := p.v.Actor
	if !who.Known() {
		return p.to(signInAddress(bookingAddress(p.c.Param("id")) + "/annuler"))
	}
	id, reason := p.c.Param("id"), p.field("raison")
	if !goodID(id) {
		return fault.New(fault.NotFound, "booking_not_found", nil)
	}
	version := versionOf(p.field("version"))
	key := p.onceKey("cle", id, reason, p.field("version"))
	_, err := p.Book.Cancel(p.c.Request.Context(), who, id, version, reason, key)
	switch kind := fault.KindOf(err); {
	case err == nil:
		return p.to(bookingAddress(id) + "?fait=annulee")
	case kind == fault.Stale:
		return p.cancelAgain(http.StatusPreconditionFailed, reason, p.staleWords())
	case kind == fault.Taken || kind == fault.Refused:
		t, status := p.explain(err)
		t.Title, t.Text = p.l.Say("page.bookings.not_cancelled", nil), ""
		return p.cancelAgain(status, reason, &t)
	case kind == fault.Unavailable || kind == fault.TooMany:
		return p.retry(err, bookingAddress(id)+"/annuler", []hiddenField{{"raison", reason}, {"version", p.field("version")}, {"cle", p.field("cle")}})
	}
	return err
}

// staleWords say that somebody changed a booking meanwhile.
func (p *page) staleWords() *told {
	return &told{Title: p.l.Say("page.bookings.stale_title", nil), Text: p.l.Say("page.bookings.stale", nil)}
}
