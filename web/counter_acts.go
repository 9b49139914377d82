package web

import (
	"encoding/base64"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"

	"canot/booking"
	"canot/internal/database"
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
	if form.Get("sans") != "" {
		return x.scanForWalk(s, walkForm{Member: form.Get("pour"), Name: strings.TrimSpace(form.Get("nom"))})
	}
	switch {
	case s.Kind == "unit" && s.Unit.Loan != nil && whole(x.code, s):
		return x.takeBack(booking.Return{Unit: s.Unit.Code})
	case s.Kind == "unit" && x.leaves(s):
		x.units = append(slices.DeleteFunc(x.units, func(u string) bool { return u == s.Unit.Code }), s.Unit.Code)
		if x.open != "" {
			return x.to(x.address(x.open, x.units))
		}
		return x.to(x.address("", x.units, "code", s.Unit.Code))
	case s.Kind == "booking":
		return x.opened(s.Booking.ID)
	case s.Kind == "person" && len(s.Bookings) == 1:
		return x.opened(s.Bookings[0].ID)
	}
	return x.to(x.address(x.open, x.units, "code", x.code))
}

// opened opens a booking with what was scanned before it. A unit that cannot leave with it is not
// ticked; why not is said.
func (x *post) opened(id string) error {
	for i, unit := range x.units {
		s, err := x.see(unit, id)
		if err != nil {
			return err
		}
		if s.Open != nil && s.Kind == "unit" && !x.leaves(s) {
			return x.to(x.address(id, slices.Delete(slices.Clone(x.units), i, i+1), "code", unit))
		}
	}
	return x.to(x.address(id, x.units))
}

// whole reports whether a text is all of a unit's code, and not its end alone: a scanner gives all of it.
func whole(text string, s booking.Scanned) bool {
	return strings.EqualFold(strings.TrimSpace(text), s.Unit.Code) || strings.EqualFold(s.Text, s.Unit.Code)
}

// cardText is what stands on a person's card.
var cardText = regexp.MustCompile(`(?i)^M-[0-9A-Z]{8}$`)

// isCode reports whether a text that should be words of somebody's is a code, a reference or a card of
// this counter: a scanner wrote it, and nobody meant it.
func (x *post) isCode(text string) (bool, error) {
	if text == "" || strings.ContainsFunc(text, unicode.IsSpace) {
		return false, nil
	}
	if cardText.MatchString(text) {
		return true, nil
	}
	s, err := x.see(text, "")
	if err != nil {
		return false, err
	}
	switch s.Kind {
	case "unit":
		return whole(text, s), nil
	case "booking":
		return strings.EqualFold(s.Text, s.Booking.Reference) || strings.EqualFold(s.Text, strings.ReplaceAll(s.Booking.Reference, "-", "")), nil
	case "several":
		return slices.ContainsFunc(s.Several, func(code string) bool { return strings.EqualFold(code, s.Text) }), nil
	}
	return false, nil
}

// onlyWords is the refusal of words that are a code, nil for others.
func (x *post) onlyWords(field, text string) (*told, error) {
	is, err := x.isCode(text)
	if err != nil || !is {
		return nil, err
	}
	return &told{Title: x.l.Say("page.counter.refused", nil), List: []wrongField{{field, x.l.Say("page.counter.is_code", fault.Params{"text": text})}}}, nil
}

// leaves reports whether a unit that was scanned may be ticked: it is in service and here, and with a
// booking open it is its own, or an equal one that nobody else waits for.
func (x *post) leaves(s booking.Scanned) bool {
	u := s.Unit
	if u.Status != "in_service" || u.Loan != nil {
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
	wrong, err := x.onlyWords("raison", h.Override)
	if err != nil {
		return err
	}
	if wrong != nil {
		if n := len(x.units); n > 0 { // the last is the one that the reason was asked for
			x.code, x.units = x.units[n-1], x.units[:n-1]
		}
		return x.againWith(http.StatusUnprocessableEntity, wrong)
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
	unit := strings.TrimSpace(x.field("unite"))
	if x.field("sans") != "" {
		return x.backForWalk(unit, walkOf(x.c.Request.PostForm))
	}
	return x.takeBack(booking.Return{Unit: unit, Loan: x.field("pret")})
}

func (x *post) takeBack(r booking.Return) error {
	r.Hub = x.desk.Hub.ID
	back, err := x.Book.CheckIn(x.c.Request.Context(), x.v.Actor, r, x.onceKey("cle", "back", r.Unit))
	if err != nil {
		x.code = r.Unit
		if f := fault.Of(err); f != nil && slices.ContainsFunc(f.Violations, func(v fault.Violation) bool { return v.Code == "not_out" }) {
			if s, seen := x.see(x.code, x.open); seen == nil && s.Unit != nil && x.missed(s.Unit) {
				return x.to(x.address(x.open, x.units, "code", x.code)) // where it is says more, with what to do about it
			}
		}
		return x.again(err)
	}
	return x.to(x.address(x.open, x.units, "retour", back.Loan.Code))
}

// arrive begins a booking of a place, a machine or a guide. It takes no key: done again it is done already,
// and what was refused for being early must not stay refused.
func arrive(p *page) error {
	if p.asksJSON() {
		return p.carryOut(actArrive)
	}
	x, err := p.atCounter(p.c.Request.PostForm)
	if err != nil {
		return err
	}
	if _, err := x.Book.Arrive(x.c.Request.Context(), x.v.Actor, x.open, time.Time{}, database.Key{}); err != nil {
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
	if err != nil {
		return x.againWith(http.StatusBadRequest, p.noUntil(x.open))
	}
	if _, err = x.Book.Extend(x.c.Request.Context(), x.v.Actor, x.open, until, versionOf(x.field("version")), x.onceKey("cle", x.open, stamp(until))); err != nil {
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
		if wrong, err := x.onlyWords("raison-refus", reason); err != nil {
			return err
		} else if wrong != nil {
			return x.againWith(http.StatusUnprocessableEntity, wrong)
		}
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
