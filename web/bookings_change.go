package web

import (
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"canot/booking"
	"canot/internal/fault"
	"canot/inventory"
)

// changeView is where a booking is moved to another time, or what is written on it is changed.
type changeView struct {
	frame
	What, When, Where string
	Action, Back      string
	Version           int64
	To                string // the new time, in words, "" while it is being chosen
	ToFields          []hiddenField
	Pick              *picker
	Fixed             bool // its time has come: only what is written on it can change
	Form              *bookForm
	Alternatives      []alternative
	Others            string
	ToThings          string   // the other things that it would have, "" for the same
	Price             string   // what it will cost, where a change of time was judged
	Takes             string   // of the hours one has
	Needs             []string // what the change asks for
	Refused           bool     // the new time cannot be had
}

// changeForm is what is asked for of a booking, as it was typed.
type changeForm struct {
	bookForm
	version int64
	moves   bool // it names a time
	writes  bool // it says what is written on it
	lines   bool // it names other resources
}

// changePage shows the free times for a booking and what is written on it; with a time in the
// address, it asks whether to move it there.
func changePage(p *page) error {
	b, err := p.oneBooking()
	if err != nil {
		return err
	}
	typed, err := p.typedBefore(bookingAddress(b.ID) + "/changer")
	if err != nil {
		return err
	}
	if typed != nil {
		return p.changeAs(b, typed)
	}
	f := changeOf(b, p.c.Request.URL.Query())
	hand, from, to := p.byHand(zoneNamed(b.TimeZone))
	switch {
	case hand.asked && hand.Wrong != "":
		return p.change(http.StatusBadRequest, b, f, p.handTold(hand), nil)
	case hand.asked:
		return p.to(bookingAddress(b.ID) + "/changer?" + url.Values{"debut": {stamp(from)}, "fin": {stamp(to)}}.Encode())
	}
	return p.change(http.StatusOK, b, f, nil, nil)
}

// changeShown shows the page as it was filled in, and changes nothing.
func changeShown(p *page) error {
	if !p.v.Actor.Known() {
		return p.signInFirst(p.frenchPath(), fieldsOfForm(p.c.Request.PostForm))
	}
	b, err := p.oneBooking()
	if err != nil {
		return err
	}
	return p.changeAs(b, p.c.Request.PostForm)
}

// changeAs is the page with a form as it was filled in.
func (p *page) changeAs(b booking.Booking, q url.Values) error {
	f := changeOf(b, q)
	f.writes = q.Has("titre")
	var wrong *told
	if versionOf(q.Get("version")) != b.Version {
		wrong = p.staleWords()
	}
	return p.change(http.StatusOK, b, f, wrong, nil)
}

// changeOf reads what is asked of a booking, out of a form, or of an address, which names a time
// alone. What is left out stays as it is.
func changeOf(b booking.Booking, q url.Values) changeForm {
	from, to, moves := spanFrom(q.Get("debut"), q.Get("fin"))
	if !moves {
		from, to = b.StartsAt, b.EndsAt
	}
	wants := wantsOf(q)
	f := changeForm{bookForm: formOf(q, wants, from, to), moves: moves, lines: len(wants) > 0, writes: q.Has("titre")}
	if !f.lines {
		f.wants = wantsFor(b)
	}
	f.version = b.Version
	if !f.writes {
		f.Title, f.Notes, f.Sector, f.Visibility, f.Attendance = b.Title, b.Notes, b.Sector, b.Visibility, strconv.Itoa(b.Attendance)
	}
	f.Organisation = ""
	return f
}

// edits are what a form changes.
func (f changeForm) edits(b booking.Booking) booking.Edits {
	e := booking.Edits{IfVersion: f.version, Accepts: f.request().Accepts}
	if f.moves && !f.from.Equal(b.StartsAt) {
		e.StartsAt = &f.from
	}
	if f.moves && !f.to.Equal(b.EndsAt) {
		e.EndsAt = &f.to
	}
	if f.lines && !slices.Equal(f.wants, wantsFor(b)) {
		e.Lines = &f.wants
	}
	if !f.writes {
		return e
	}
	set := func(to **string, is, was string) {
		if is != was {
			*to = &is
		}
	}
	set(&e.Title, f.Title, b.Title)
	set(&e.Notes, f.Notes, b.Notes)
	set(&e.Sector, f.Sector, b.Sector)
	if f.Visibility != "" {
		set(&e.Visibility, f.Visibility, b.Visibility)
	}
	if n := f.attendance(); f.Attendance != "" && n != b.Attendance {
		e.Attendance = &n
	}
	return e
}

// change shows the page, with what was refused and why. A time that was chosen is judged first.
func (p *page) change(status int, b booking.Booking, f changeForm, wrong *told, refused *booking.Refusal) error {
	path := bookingAddress(b.ID)
	if !b.Status.Live() || !p.DB.Now().Before(b.EndsAt) {
		return p.overAlready(b)
	}
	zone := zoneNamed(b.TimeZone)
	v := changeView{
		frame: p.frame(p.l.Say("page.bookings.change_title", nil)),
		What:  p.bookedWords(b), When: p.spanWords(b.StartsAt, b.EndsAt, zone), Where: inTown(b.HubName.In(p.l.Tag()), b.Town),
		Action: path + "/changer", Back: path, Version: b.Version, Others: path + "/changer", Fixed: b.Status == booking.InUse,
	}
	v.Error = wrong
	var terms []*inventory.Terms
	var err error
	if f.moves && refused == nil {
		terms, refused, err = p.judged(&v, b, f)
	} else {
		terms, err = p.pick(&v, b, f, zone)
	}
	if err != nil {
		return err
	}
	if refused != nil {
		p.instead(&v, b, f, refused)
	}
	if f.moves {
		v.To = p.spanWords(f.from, f.to, zone)
		v.ToFields = []hiddenField{{"debut", stamp(f.from)}, {"fin", stamp(f.to)}}
		if f.lines {
			v.ToFields = append(v.ToFields, hiddenBasket(f.wants)...)
		}
	}
	v.ToFields = append(v.ToFields, hiddenField{"version", strconv.FormatInt(b.Version, 10)}, hiddenField{"cle", newKey()}, hiddenField{authorField, p.personMark()})
	if err := p.writing(&f, terms, refused); err != nil {
		return err
	}
	f.frame = v.frame
	v.Form = &f.bookForm
	return p.show(status, "bookings_change", v)
}

// overAlready shows a booking that can no longer be changed. Who had sent a change is told so.
func (p *page) overAlready(b booking.Booking) error {
	if p.c.Request.Method == http.MethodGet {
		return p.to(bookingAddress(b.ID))
	}
	t := told{Title: p.l.Say("page.bookings.not_changed", nil), Text: p.l.Say("page.bookings.over", nil)}
	if b.Status == booking.Cancelled {
		t.Text = p.l.Say("page.bookings.cancelled_before", nil)
	}
	p.resend = nil
	return p.bookingAgain(b.ID, http.StatusConflict, &t)
}

// judged says of a new time what booking it would: what it costs, or why it cannot be had. The refusal
// is nil where it can, but for terms to be accepted.
func (p *page) judged(v *changeView, b booking.Booking, f changeForm) ([]*inventory.Terms, *booking.Refusal, error) {
	look, err := p.Book.PreviewChange(p.c.Request.Context(), p.v.Actor, b, f.edits(b))
	if fault.KindOf(err) == fault.Malformed {
		if v.Error == nil {
			t, _ := p.explain(err)
			v.Error = &t
		}
		terms, err := p.termsOf(b)
		return terms, nil, err
	}
	if err != nil {
		return nil, nil, err
	}
	if f.lines && len(look.Terms) > 0 {
		v.ToThings = p.namesOf(look.Terms)
	}
	refusal := &booking.Refusal{Fault: &fault.Error{Violations: look.Violations}, Alternatives: look.Alternatives}
	if _, person, rest := sortBroken(look.Violations); len(person)+len(rest) > 0 {
		v.Refused = true
		t := told{Title: p.l.Say("page.book.refused", nil)}
		if v.Error != nil {
			t = *v.Error
		}
		t.List = p.reasons(append(person, rest...))
		v.Error = &t
		return look.Terms, refusal, nil
	}
	p.movePrice(v, b, look)
	if look.Again {
		v.Needs = append(v.Needs, p.l.Say("page.book.approval", nil))
	}
	return look.Terms, refusal, nil
}

// movePrice says what a move costs, against what the booking costs now.
func (p *page) movePrice(v *changeView, b booking.Booking, look booking.MovePreview) {
	if len(look.Takes) > 0 {
		v.Takes = p.takesWords(look.Takes, b.Organisation != "")
	}
	if look.Price == nil {
		return
	}
	price := fault.Params{"price": p.l.Money(*look.Price, look.Currency)}
	if b.PriceCents != nil {
		price["was"] = p.l.Money(*b.PriceCents, look.Currency)
	}
	switch now := *look.Price; {
	case b.PriceCents != nil && now == *b.PriceCents && now > 0:
		v.Price = p.l.Say("page.bookings.price_same", price)
	case b.PriceCents != nil && now != *b.PriceCents:
		v.Price = p.l.Say("page.bookings.price_new", price)
	case now > 0:
		v.Price = p.l.Say("page.book.costs", price)
	}
}

// namesOf names some resources.
func (p *page) namesOf(terms []*inventory.Terms) string {
	var names []string
	for _, t := range terms {
		names = append(names, t.Resource.Name.In(p.l.Tag()))
	}
	return strings.Join(names, ", ")
}

// pick finds the free times for a booking, while none is chosen.
func (p *page) pick(v *changeView, b booking.Booking, f changeForm, zone *time.Location) ([]*inventory.Terms, error) {
	if f.moves || v.Fixed || p.c.Request.Method != http.MethodGet {
		return p.termsOf(b)
	}
	q := p.c.Request.URL.Query()
	c := timeChosen{day: q.Get("jour"), length: q.Get("duree"), all: q.Get("toutes") != ""}
	if c.length == "" {
		c.length = lengthOfBooking(b, zone)
	}
	if c.day == "" {
		c.day = b.StartsAt.In(zone).Format(time.DateOnly)
	}
	s, err := p.slotsOf(f.wants, c, &b)
	if err != nil {
		return nil, err
	}
	at := v.Action
	k := p.pickerOf(s, c, pickerPages{
		when: func(day, length string) string {
			return at + "?" + url.Values{"jour": {day}, "duree": {length}}.Encode()
		},
		check: func(from, to time.Time) string {
			return at + "?" + url.Values{"debut": {stamp(from)}, "fin": {stamp(to)}}.Encode()
		},
		action: at,
	})
	k.Town = b.Town
	k.Hand, _, _ = p.byHand(zone)
	v.Pick = &k
	return s.Terms, nil
}

// writing fills the form of what is written on a booking.
func (p *page) writing(f *changeForm, terms []*inventory.Terms, refused *booking.Refusal) error {
	var asked []fault.Violation
	if refused != nil {
		asked, _, _ = sortBroken(refused.Fault.Violations)
	}
	p.fillAttendance(&f.bookForm, terms)
	f.Sectors = p.sectors(f.Sector)
	f.Open = true
	return p.termsBoxes(&f.bookForm, asked)
}

// instead says what a booking could become instead of what was refused.
func (p *page) instead(v *changeView, b booking.Booking, f changeForm, refused *booking.Refusal) {
	for _, a := range refused.Alternatives {
		if a.Instead == "" && !f.lines && a.StartsAt.Equal(b.StartsAt) && a.EndsAt.Equal(b.EndsAt) {
			continue // it is there already
		}
		other := f
		other.from, other.to, other.Key = a.StartsAt, a.EndsAt, newKey()
		out := alternative{What: p.alternativeWords(a), When: p.spanWords(a.StartsAt, a.EndsAt, zoneNamed(b.TimeZone))}
		out.Fields = []hiddenField{{"debut", stamp(a.StartsAt)}, {"fin", stamp(a.EndsAt)}, {"version", strconv.FormatInt(b.Version, 10)}, {"cle", other.Key}, {authorField, p.personMark()}}
		if a.Instead != "" {
			wants := slices.Clone(f.wants)
			for i, w := range wants {
				if w.Resource == a.Instead {
					wants[i].Resource = a.Resource
				}
			}
			out.Fields = append(out.Fields, hiddenBasket(wants)...)
			out.Check = true // what it costs and asks for is seen first
			out.Fields = append(out.Fields, hiddenField{onlyShow, "1"})
		}
		if f.writes {
			for _, name := range typedFields {
				if name != "organisme" {
					out.Fields = append(out.Fields, hiddenField{name, f.text(name)})
				}
			}
		}
		for _, text := range f.accepts {
			out.Fields = append(out.Fields, hiddenField{"accepte", text})
		}
		v.Alternatives = append(v.Alternatives, out)
	}
}

// changeBooking moves a booking, or changes what is written on it. Refused, the old one stands.
func changeBooking(p *page) error {
	who := p.v.Actor
	path := bookingAddress(p.c.Param("id"))
	if !who.Known() {
		return p.signInFirst(path+"/changer", fieldsOfForm(p.c.Request.PostForm))
	}
	b, err := p.oneBooking()
	if err != nil {
		return err
	}
	q := p.c.Request.PostForm
	f := changeOf(b, q)
	f.version = versionOf(q.Get("version"))
	e := f.edits(b)
	if f.version != b.Version {
		// What differs from the booking as it is now is not what was changed on the form: only
		// the book says whether this is the same form again.
		e = f.edits(booking.Booking{Visibility: b.Visibility})
	}
	_, err = p.Book.Change(p.c.Request.Context(), who, b.ID, e, p.onceKey("cle", b.ID, q.Encode()))
	var refused *booking.Refusal
	switch kind := fault.KindOf(err); {
	case err == nil:
		p.sent()
		return p.to(path + "?fait=changee")
	case kind == fault.Stale, fault.Is(err, "idempotency_key_reused") && b.Version > f.version+1:
		return p.change(http.StatusPreconditionFailed, b, f, p.staleWords(), nil)
	case fault.Is(err, "idempotency_key_reused"):
		// It was refused, or done, with something else on it: nobody else has changed the booking.
		return p.change(http.StatusConflict, b, f, &told{Title: p.l.Say("page.book.reused_title", nil), Text: p.l.Say("page.bookings.reused", nil)}, nil)
	case errors.As(err, &refused):
		t, status := p.explain(err)
		t.Title, t.Text = p.l.Say("page.bookings.not_changed", nil), ""
		t.List = p.reasons(refused.Fault.Violations)
		return p.change(status, b, f, &t, refused)
	case kind == fault.Malformed:
		t, status := p.explain(err)
		t.Title, t.Text = p.l.Say("page.bookings.not_changed", nil), ""
		return p.change(status, b, f, &t, nil)
	case kind == fault.Unavailable || kind == fault.TooMany:
		return p.retry(err, path+"/changer", fieldsOfForm(q))
	}
	return err
}

// fieldsOfForm are all fields of a form as they were sent.
func fieldsOfForm(q url.Values) []hiddenField {
	var all []hiddenField
	for _, name := range slices.Sorted(maps.Keys(q)) {
		for _, value := range q[name] {
			all = append(all, hiddenField{name, value})
		}
	}
	return all
}
