package web

import (
	"cmp"
	"net/http"
	"net/url"
	"strings"
	"time"

	"canot/booking"
	"canot/internal/fault"
	"canot/inventory/hours"
)

// An outageForm says what is to be out of service, from when until when, as it was typed.
type outageForm struct {
	Unit, FromDay, FromTime, ToDay, ToTime, Reason, Cause, Ticket string
}

// outageQuery are the fields of the form by their names.
func (f outageForm) query() url.Values {
	q := url.Values{}
	for name, value := range map[string]string{"u": f.Unit, "du": f.FromDay, "de": f.FromTime, "au": f.ToDay, "a": f.ToTime, "raison": f.Reason, "motif": f.Cause, "billet": f.Ticket} {
		if value != "" {
			q.Set(name, value)
		}
	}
	return q
}

// Fields are the form as it is sent on.
func (f outageForm) Fields() []hiddenField {
	return []hiddenField{{"u", f.Unit}, {"du", f.FromDay}, {"de", f.FromTime}, {"au", f.ToDay}, {"a", f.ToTime}, {"raison", f.Reason}, {"motif", f.Cause}, {"billet", f.Ticket}}
}

func outageFormOf(field func(string) string) outageForm {
	f := outageForm{Unit: scannedCode(field("u")), FromDay: field("du"), FromTime: field("de"), ToDay: field("au"), ToTime: field("a"),
		Reason: strings.TrimSpace(field("raison")), Cause: field("motif"), Ticket: field("billet")}
	if f.Cause != "preventive" {
		f.Cause = "repair"
	}
	return f
}

// outageAddress is where one plans an outage, with what is known of it.
func outageAddress(path string, f outageForm) string { return path + "/arrets?" + f.query().Encode() }

// times are from when until when, on the clock of the hub. No day is now, no end is not known yet, and a
// day without a time is the whole day. Field names what cannot be read, "" for nothing.
func (f outageForm) times(now time.Time, zone *time.Location) (from time.Time, until *time.Time, field string) {
	from = now
	if f.FromDay != "" {
		at, err := typedInstant(f.FromDay+"T"+cmp.Or(f.FromTime, "00:00"), zone)
		if err != nil {
			return from, nil, "du"
		}
		from = at
	} else if f.FromTime != "" {
		return from, nil, "du"
	}
	if from.Before(now) {
		from = now
	}
	if f.ToDay == "" && f.ToTime == "" {
		return from, nil, ""
	}
	day, clock := cmp.Or(f.ToDay, f.FromDay), f.ToTime
	if clock == "" { // through that day
		date, err := hours.ParseDate(day)
		if err != nil {
			return from, nil, "au"
		}
		end := hours.At(date.AddDays(1), 0, zone)
		if hours.Absurd(end) {
			return from, nil, "au"
		}
		return from, &end, ""
	}
	end, err := typedInstant(day+"T"+clock, zone)
	if err != nil {
		return from, nil, "au"
	}
	return from, &end, ""
}

type outageRow struct {
	Code, Thing, When, Cause, Reason string
	Now                              bool
	End, Ticket, Count               string // addresses
	Key                              string
}

// outagesView is what is out of service and what is planned, with the form of another one, or the
// preview of it.
type outagesView struct {
	upkeepFrame
	List    []outageRow
	Form    outageForm
	Preview *impactView
}

// An impactView is what a plan would do, before it is saved. Seen goes with the form: it says whom it
// would move as it was shown.
type impactView struct {
	Seen              string
	What, Thing, When string
	Moved             []impactLine
	Homeless          []impactLine
	Action            string
	Fields            []hiddenField
	Back              string
}

type impactLine struct{ Path, Reference, When string }

// seenField is the field of a form that says whom what it asks would move, as its page showed it.
const seenField = "vus"

// impactChanged is refused by the book when somebody else would be moved.
const impactChanged = "impact_changed"

// seenOf is whom an impact moves, for the form.
func seenOf(x booking.Impact) string { return strings.Join(x.Foreseen(), " ") }

// foreseen is whom the form may move, nil where its page showed nobody anything.
func (p *page) foreseen() []string {
	text, shown := p.c.GetPostForm(seenField)
	if !shown {
		return nil
	}
	return append([]string{}, strings.Fields(text)...)
}

// lookAgain says why a page shows once more whom a form would move.
func (p *page) lookAgain() *told {
	return &told{Title: p.l.Say("page.wrong.title", nil), List: []wrongField{{"", p.l.Say("page.upkeep.impact_changed", nil)}}}
}

// asked is a field of the form, or of the address of a page that was only looked at.
func (p *page) asked(name string) string {
	if p.c.Request.Method == http.MethodPost {
		return p.field(name)
	}
	return p.c.Query(name)
}

// typedInstant is hours.Instant for what people type: years that nobody means cannot be read.
func typedInstant(text string, zone *time.Location) (time.Time, error) {
	at, err := hours.Instant(text, zone)
	if err == nil && hours.Absurd(at) {
		err = fault.Field("date", "absurd_date")
	}
	return at, err
}

// impactLines are bookings that lose a unit.
func (p *page) impactLines(list []booking.Booking, zone *time.Location) []impactLine {
	var lines []impactLine
	for _, b := range list {
		lines = append(lines, impactLine{bookingAddress(b.ID), b.Reference, p.spanWords(b.StartsAt, b.EndsAt, zone)})
	}
	return lines
}

// outagesPage lists outages, with the form of another one.
func outagesPage(p *page) error { return p.outagesAgain(http.StatusOK, outageFormOf(p.c.Query), nil) }

func (p *page) outagesAgain(status int, form outageForm, wrong *told) error {
	f, c, err := p.upkeepDesk(p.l.Say("page.upkeep.outages", nil))
	if err != nil {
		return err
	}
	list, err := p.Book.Outages(p.c.Request.Context(), p.v.Actor, c.Hub)
	if err != nil {
		return err
	}
	v := outagesView{upkeepFrame: f, Form: form}
	for _, m := range list {
		line := outageRow{Code: m.Code, Thing: m.ResourceName.In(p.l.Tag()), When: p.outageWords(m.Maintenance, c.Now, c.Zone), Cause: p.l.Say("page.upkeep.cause."+m.Cause, nil),
			Reason: m.Reason, Now: !m.StartsAt.After(c.Now), Key: newKey()}
		if m.Cause != "incomplete" { // that one ends when the components are back
			line.End = f.Path + "/arrets/" + m.ID + "/fin"
		} else {
			line.Count = inventoryPath + "/" + c.Hub.Slug + "/exemplaires/" + m.UnitID + countAnchor
		}
		if m.TicketID != "" {
			line.Ticket = f.Path + "/billets/" + m.TicketID
		}
		v.List = append(v.List, line)
	}
	v.Error, v.Table = wrong, p.tablePath(*f.Desk, booking.OutageTable)
	return p.show(status, "upkeep_outages", v)
}

// outageWords say since when or from when a unit is out of service, and until when.
func (p *page) outageWords(m booking.Maintenance, now time.Time, zone *time.Location) string {
	params := fault.Params{"starts": m.StartsAt.In(zone)}
	switch {
	case m.EndsAt != nil:
		return p.spanWords(m.StartsAt, *m.EndsAt, zone)
	case m.ID == "" && !m.StartsAt.After(now): // not saved yet
		return p.l.Say("page.upkeep.out_now", nil)
	case m.StartsAt.After(now):
		return p.l.Say("page.upkeep.out_from", params)
	}
	return p.l.Say("page.upkeep.out_since", params)
}

// outagePreview shows what an outage would block and whom it would move, before it is saved.
func outagePreview(p *page) error { return p.showOutage(http.StatusOK, nil) }

func (p *page) showOutage(status int, again *told) error {
	f, c, err := p.upkeepDesk(p.l.Say("page.upkeep.preview", nil))
	if err != nil {
		return err
	}
	form := outageFormOf(p.asked)
	from, until, wrong := p.outageTimes(form, c)
	if wrong != nil {
		return p.outagesAgain(http.StatusBadRequest, form, wrong)
	}
	unit, err := p.namedUnit(form.Unit)
	if err != nil {
		return p.outageRefused(form, err)
	}
	impact, err := p.Book.OutingImpact(p.c.Request.Context(), p.v.Actor, unit.UnitID, from, until)
	if err != nil {
		return p.outageRefused(form, err)
	}
	f.Error = again
	m := booking.Maintenance{StartsAt: from, EndsAt: until}
	v := outagesView{upkeepFrame: f, Form: form, Preview: &impactView{
		Seen: seenOf(impact), What: unit.Code, Thing: unit.Name.In(p.l.Tag()), When: p.outageWords(m, c.Now, c.Zone), Moved: p.impactLines(impact.Rehomed, c.Zone), Homeless: p.impactLines(impact.WithoutUnit, c.Zone),
		Action: f.Path + "/arrets", Fields: form.Fields(), Back: outageAddress(f.Path, form)}}
	return p.show(status, "upkeep_preview", v)
}

// outageTimes reads the times of a form, or says what is wrong with them.
func (p *page) outageTimes(form outageForm, c booking.Counter) (time.Time, *time.Time, *told) {
	from, until, field := form.times(c.Now, c.Zone)
	list := []wrongField{}
	if form.Unit == "" {
		list = append(list, wrongField{"u", p.l.Say("page.upkeep.no_unit", nil)})
	}
	if field != "" {
		list = append(list, wrongField{field, p.l.Say("page.upkeep.bad_time", nil)})
	} else if until != nil && !until.After(from) {
		list = append(list, wrongField{"au", p.l.Say("violation.ends_before_start", nil)})
	}
	if len(list) == 0 {
		return from, until, nil
	}
	return from, until, &told{Title: p.l.Say("page.wrong.title", nil), List: list}
}

// planOutage takes a unit out of service.
func planOutage(p *page) error {
	_, c, err := p.counterDesk()
	if err != nil {
		return err
	}
	form := outageFormOf(p.field)
	from, until, wrong := p.outageTimes(form, c)
	if wrong != nil {
		return p.outagesAgain(http.StatusBadRequest, form, wrong)
	}
	unit, err := p.namedUnit(form.Unit)
	if err != nil {
		return p.outageRefused(form, err)
	}
	o := booking.Outage{Unit: unit.UnitID, From: from, Until: until, Reason: form.Reason, Cause: form.Cause, Ticket: form.Ticket, Foreseen: p.foreseen()}
	_, err = p.Book.TakeOutFor(p.c.Request.Context(), p.v.Actor, o, p.onceKey("cle", form.query().Encode()))
	if hasViolation(err, impactChanged) {
		return p.showOutage(http.StatusConflict, p.lookAgain())
	}
	if err != nil {
		return p.outageRefused(form, err)
	}
	if form.Ticket != "" {
		return p.to(upkeepPath + "/" + c.Hub.Slug + "/billets/" + url.PathEscape(form.Ticket) + "?fait=arret")
	}
	return p.to(upkeepPath + "/" + c.Hub.Slug + "/arrets?fait=arret")
}

// outageRefused shows the form again where what was typed can be mended.
func (p *page) outageRefused(form outageForm, err error) error {
	if fault.Is(err, "unit_not_found") {
		return p.outagesAgain(http.StatusNotFound, form, &told{Title: p.l.Say("page.wrong.title", nil), List: []wrongField{{"u", p.l.Say("page.upkeep.no_unit", nil)}}})
	}
	if canMend(err) {
		t, status := p.mend(err)
		return p.outagesAgain(status, form, &t)
	}
	return err
}

// endOutage puts a unit back into service now, or calls off what was planned.
func endOutage(p *page) error {
	_, c, err := p.counterDesk()
	if err != nil {
		return err
	}
	id := p.c.Param("outage")
	m, err := p.Book.EndMaintenance(p.c.Request.Context(), p.v.Actor, id, nil, p.onceKey("cle", id))
	if err != nil && !fault.Is(err, "rules") { // ended meanwhile: the list says so
		return err
	}
	if err == nil {
		u, err := p.Catalog.Unit(p.c.Request.Context(), m.UnitID)
		if err != nil {
			return err
		}
		if len(booking.Incomplete(u.Components)) > 0 {
			return p.to(upkeepPath + "/" + c.Hub.Slug + "/arrets?fait=incomplet")
		}
	}
	return p.to(upkeepPath + "/" + c.Hub.Slug + "/arrets?fait=retour")
}
