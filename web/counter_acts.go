package web

import (
	"encoding/base64"
	"net/http"
	"slices"
	"strings"
	"time"

	"canot/booking"
	"canot/internal/fault"
	"canot/internal/identity"
)

// scan does what a text that was scanned or typed asks for: it opens a booking or a person's, ticks
// a unit, takes a unit back that was out. An empty one hands out what is ticked.
func scan(p *page) error {
	form := p.c.Request.PostForm
	x, err := p.atCounter(form)
	if err != nil {
		return err
	}
	if x.code = numbered(strings.TrimSpace(x.code), form["choix"]); x.code == "" {
		return x.enter()
	}
	s, err := x.see(x.code, x.open)
	if err != nil {
		return err
	}
	walk := form.Get("sans") != ""
	switch {
	case s.Kind == "unit" && s.Unit.Loan != nil:
		return x.takeBack(booking.Return{Unit: s.Unit.Code})
	case s.Kind == "unit" && x.leaves(s):
		x.units = append(slices.DeleteFunc(x.units, func(u string) bool { return u == s.Unit.Code }), s.Unit.Code)
		if walk {
			return x.to(x.walkAddress(form.Get("pour")))
		}
		if x.open != "" {
			return x.to(x.address(x.open, x.units))
		}
		return x.to(x.address("", x.units, "code", s.Unit.Code))
	case s.Kind == "person" && walk:
		return x.to(x.walkAddress(s.Person.ID))
	case s.Kind == "booking":
		return x.to(x.address(s.Booking.ID, x.units))
	case s.Kind == "person" && len(s.Bookings) == 1:
		return x.to(x.address(s.Bookings[0].ID, x.units))
	}
	if walk {
		return x.walkAgain(walkForm{}, &told{Title: x.l.Say("page.counter.unknown", fault.Params{"text": x.code})}, http.StatusNotFound)
	}
	return x.to(x.address(x.open, x.units, "code", x.code))
}

// leaves reports whether a unit that was scanned may be ticked: it is in service, and with a booking
// open it is its own, or an equal one that nobody else waits for.
func (x *post) leaves(s booking.Scanned) bool {
	u := s.Unit
	if u.Status != "in_service" {
		return false
	}
	if s.Open == nil {
		return true
	}
	for _, id := range s.Open.Waits() {
		if id == u.ID {
			return true
		}
	}
	ours := slices.ContainsFunc(s.Open.Lines, func(l booking.Line) bool { return l.ResourceID == u.ResourceID })
	return ours && s.Open.Codes[u.ID] == "" && (u.Promised == nil || u.Promised.ID == s.Open.ID)
}

// enter is the one key after the scans: what is ticked leaves.
func (x *post) enter() error {
	if x.open == "" {
		return x.to(x.address("", x.units))
	}
	if len(x.units) == 0 {
		return x.scanFirst()
	}
	return x.handOut(booking.HandOut{Booking: x.open, Units: x.units})
}

// scanFirst says that nothing is ticked.
func (x *post) scanFirst() error {
	v := x.empty()
	s, err := x.see("", x.open)
	if err != nil {
		return err
	}
	if s.Open != nil {
		v.Kind, v.Visit = "booking", x.visit(*s.Open, true)
	}
	return x.show(http.StatusUnprocessableEntity, v, &told{Title: x.l.Say("page.counter.scan_first", nil)})
}

// handOut lets units of a booking leave.
func handOut(p *page) error {
	if p.asksJSON() {
		return p.carryOut(actCheckOut)
	}
	form := p.c.Request.PostForm
	x, err := p.atCounter(form)
	if err != nil {
		return err
	}
	h := booking.HandOut{Booking: x.open, Units: x.units, Override: strings.TrimSpace(form.Get("raison")), Swap: form.Get("echange") != "", OnPaper: form.Get("papier") != ""}
	h.Signature = signatureOf(form.Get("signature"))
	if form.Get("faire") == "tout" {
		h.Units = nil
	} else if len(h.Units) == 0 {
		return x.scanFirst()
	}
	return x.handOut(h)
}

// signatureOf is the picture that a form carries, nil for none.
func signatureOf(text string) []byte {
	_, data, ok := strings.Cut(text, "data:image/png;base64,")
	if !ok {
		return nil
	}
	picture, err := base64.StdEncoding.DecodeString(data)
	if err != nil {
		return nil
	}
	return picture
}

func (x *post) handOut(h booking.HandOut) error {
	h.Hub, h.IfVersion = x.desk.Hub.ID, versionOf(x.field("version"))
	key := x.onceKey("cle", append([]string{h.Booking, h.Override, x.field("echange"), x.field("papier"), x.field("signature"), x.field("faire")}, h.Units...)...)
	if _, err := x.Book.CheckOut(x.c.Request.Context(), x.v.Actor, h, key); err != nil {
		if f := fault.Of(err); f != nil && f.Code == "unit_promised" {
			x.code, _ = f.Params["unit"].(string)
			x.units = slices.DeleteFunc(x.units, func(u string) bool { return u == x.code })
		}
		return x.again(err)
	}
	return x.to(x.address("", nil, "vu", h.Booking, "fait", "remis"))
}

// takeBack takes a unit back.
func takeBack(p *page) error {
	if p.asksJSON() {
		return p.carryOut(actCheckIn)
	}
	x, err := p.atCounter(p.c.Request.PostForm)
	if err != nil {
		return err
	}
	return x.takeBack(booking.Return{Unit: strings.TrimSpace(x.field("unite"))})
}

func (x *post) takeBack(r booking.Return) error {
	r.Hub = x.desk.Hub.ID
	back, err := x.Book.CheckIn(x.c.Request.Context(), x.v.Actor, r, x.onceKey("cle", "back", r.Unit))
	if err != nil {
		x.code = r.Unit
		return x.again(err)
	}
	return x.to(x.address(x.open, x.units, "retour", back.Loan.Code))
}

// arrive begins a booking of a place, a machine or a guide.
func arrive(p *page) error {
	if p.asksJSON() {
		return p.carryOut(actArrive)
	}
	x, err := p.atCounter(p.c.Request.PostForm)
	if err != nil {
		return err
	}
	if _, err := x.Book.Arrive(x.c.Request.Context(), x.v.Actor, x.open, time.Time{}, x.onceKey("cle", x.open)); err != nil {
		return x.again(err)
	}
	return x.to(x.address("", nil, "fait", "arrivee"))
}

// extendHere moves the end of a booking that runs.
func extendHere(p *page) error {
	x, err := p.atCounter(p.c.Request.PostForm)
	if err != nil {
		return err
	}
	until, err := p.untilOf(x.counter.Zone)
	if err == nil {
		_, err = x.Book.Extend(x.c.Request.Context(), x.v.Actor, x.open, until, versionOf(x.field("version")), x.onceKey("cle", x.open, stamp(until)))
	}
	if err != nil {
		return x.again(err)
	}
	return x.to(x.address("", nil, "vu", x.open, "fait", "prolonge"))
}

// answerRequest approves a request or declines it.
func answerRequest(p *page) error {
	x, err := p.atCounter(p.c.Request.PostForm)
	if err != nil {
		return err
	}
	if !x.may(identity.Approve) {
		return identity.Denied(x.v.Actor)
	}
	ctx, id, version := x.c.Request.Context(), x.c.Param("id"), versionOf(x.field("version"))
	if !goodID(id) {
		return fault.New(fault.NotFound, "booking_not_found", nil)
	}
	x.open = id
	done, reason := "approuve", strings.TrimSpace(x.field("raison"))
	if x.field("faire") == "refuser" {
		done = "refuse"
		_, err = x.Book.Decline(ctx, x.v.Actor, id, version, reason, x.onceKey("cle", id, done, reason))
	} else {
		_, err = x.Book.Approve(ctx, x.v.Actor, id, version, x.onceKey("cle", id, done))
	}
	if err != nil {
		return x.again(err)
	}
	return x.to(x.address("", nil, "fait", done))
}
