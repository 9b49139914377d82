package web

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"canot/booking"
	"canot/internal/fault"
	"canot/internal/identity"
	"canot/internal/identity/privacy"
	"canot/inventory/files"
	"canot/inventory/hours"
)

// storyLength is how many events of a unit's history one page tells.
const storyLength = 40

// unitView is everything about one unit.
type unitView struct {
	frame
	Path, Back, Code, Name  string
	State, Tag, News        string
	Moved                   []string // who lost it by what was just done
	Where                   []string // where it is, in sentences
	Booking                 string   // of whoever has it
	Facts                   []unitFact
	Notes                   string
	Parts                   []partOf
	Photos, Loans, Papers   []unitFileLine
	Outages                 []unitOutageLine
	Tickets                 []unitTicketLine
	Report                  string
	Story                   []storyLine
	Newer, Older            string
	Manage, Lost, Gone      bool
	Key                     string
	Labels, Transfer, Photo string
	Hours                   string // on its meter, as a field has it
}

type (
	unitFact       struct{ Label, Value string }
	unitFileLine   struct{ ID, Path, Name, Note, Alt string }
	unitOutageLine struct{ Words, Path string }
	unitTicketLine struct{ Path, Words, Text, When string }
	storyLine      struct{ When, Words, Path, Link string }
)

// unitPage shows one unit, with its history.
func unitPage(p *page) error { return p.showUnit(http.StatusOK, nil) }

// showUnit shows the unit of the address, with what went wrong with a form of its page.
func (p *page) showUnit(status int, wrong error) error {
	d, c, err := p.counterDesk()
	if err != nil {
		return err
	}
	u, err := p.unitOf(c)
	if err != nil {
		return err
	}
	ctx := p.c.Request.Context()
	number := pageNumber(p.c.Query("page"))
	story, more, err := p.Book.UnitStory(ctx, p.v.Actor, c, u.ID, storyLength, (number-1)*storyLength)
	if err != nil {
		return err
	}
	kept, err := p.Files.OfUnit(ctx, u.ID)
	if err != nil {
		return err
	}
	if err := p.sawBorrowers(u, story); err != nil {
		return err
	}
	f := unitView{frame: p.frame(u.Code + " – " + u.Name.In(p.l.Tag())), Path: p.inventory(d) + "/exemplaires/" + u.ID, Back: p.inventory(d), Code: u.Code,
		Name: u.Name.In(p.l.Tag()), State: p.l.Say("page.inventory.state."+u.Signs, nil), Tag: stateTag(u.Signs), Notes: u.Notes,
		Manage: p.v.Actor.May(identity.ManageInventory, d.Hub.ID, d.Hub.RegionID), Lost: u.Signs == booking.UnitLost, Gone: u.Signs == booking.UnitRetired,
		Key: newKey(), Report: "/u/" + url.PathEscape(u.Code) + "/probleme", Transfer: transfersPath + "/" + d.Hub.Slug + "/nouveau?unite=" + u.ID,
		Labels: printPath + "/" + d.Hub.Slug + "?u=" + u.ID}
	f.Wide, f.Desk = true, &d
	if done := p.c.Query("fait"); done == "compte" && len(u.Components) > 0 {
		f.News = p.countNews(u)
	} else if p.l.Has("page.inventory.done." + done) {
		f.News = p.l.Say("page.inventory.done."+done, nil)
	}
	if f.News != "" {
		f.Moved = p.movedNews()
	}
	if wrong != nil {
		t, code := p.explain(wrong)
		f.Error, status = &t, code
	}
	f.Where = p.whereIs(d, c, u)
	if u.BookingID != "" {
		f.Booking = d.Path + "?r=" + u.BookingID
	}
	f.facts(p, d, c, u)
	f.parts(p, d, u)
	f.files(p, d, kept)
	for _, e := range story {
		f.Story = append(f.Story, p.storyLine(d, e))
	}
	if number > 1 {
		f.Newer = f.Path + "?page=" + strconv.Itoa(number-1)
	}
	if more {
		f.Older = f.Path + "?page=" + strconv.Itoa(number+1)
	}
	return p.show(status, "inventory_unit", f)
}

// sawBorrowers writes down whose names the page of a unit shows: of who has it, and of who had it.
func (p *page) sawBorrowers(u booking.UnitView, story []booking.UnitEvent) error {
	var seen []string
	if u.Person != "" {
		seen = append(seen, u.PersonID)
	}
	for _, e := range story {
		if e.Person != "" && !slices.Contains(seen, e.PersonID) {
			seen = append(seen, e.PersonID)
		}
	}
	return p.looked(privacy.ViewedBooking, seen...)
}

// unitOf reads the unit of the address.
func (p *page) unitOf(c booking.Counter) (booking.UnitView, error) {
	key := p.c.Param("unit")
	if len(key) > 100 {
		return booking.UnitView{}, fault.New(fault.NotFound, "unit_not_found", nil)
	}
	return p.Book.UnitAt(p.c.Request.Context(), p.v.Actor, c, key)
}

// whereIs says where a unit is, in sentences.
func (p *page) whereIs(d desk, c booking.Counter, u booking.UnitView) []string {
	var said []string
	say := func(key string, params fault.Params) {
		said = append(said, p.l.Say("page.inventory.where."+key, params))
	}
	when := func(t *time.Time) string { return p.l.DateTime(t.In(d.Zone)) }
	switch {
	case u.DueAt != nil && u.Person != "":
		say("with", fault.Params{"who": u.Person, "when": when(u.DueAt)})
	case u.DueAt != nil:
		say("out", fault.Params{"when": when(u.DueAt)})
	case u.Journey == "on_the_road":
		say("road", fault.Params{"hub": u.ToName.In(p.l.Tag()), "when": when(u.ArrivesAt)})
	case u.Signs == booking.UnitLost || u.Signs == booking.UnitRetired:
		say("last", fault.Params{"hub": u.CurrentName.In(p.l.Tag())})
	case u.Shelf != "":
		say("shelf", fault.Params{"hub": u.CurrentName.In(p.l.Tag()), "shelf": u.Shelf})
	default:
		say("hub", fault.Params{"hub": u.CurrentName.In(p.l.Tag())})
	}
	if u.DueAt != nil && u.DueAt.Before(c.Now) {
		say("late", nil)
	}
	if u.Journey == "planned" {
		say("leaves", fault.Params{"hub": u.ToName.In(p.l.Tag()), "when": when(u.LeavesAt)})
	}
	if u.HomeHubID != u.CurrentHubID {
		say("home", fault.Params{"hub": u.HomeName.In(p.l.Tag())})
	}
	return said
}

// facts are what is known of the unit itself.
func (f *unitView) facts(p *page, d desk, c booking.Counter, u booking.UnitView) {
	add := func(key, value string) {
		if value != "" {
			f.Facts = append(f.Facts, unitFact{p.l.Say("page.inventory.fact."+key, nil), value})
		}
	}
	add("shelf", u.Shelf)
	add("serial", u.Serial)
	add("condition", u.Condition)
	f.Hours = p.meterHours(u.MeterMinutes)
	if u.MeterMinutes > 0 {
		add("meter", p.l.Duration(time.Duration(u.MeterMinutes)*time.Minute))
	}
	if u.ValueCents > 0 {
		add("value", p.l.Money(u.ValueCents, d.Hub.Currency))
	}
	add("supplier", u.Supplier)
	add("purchased", p.writtenDay(u.PurchasedOn))
	if day, err := hours.ParseDate(u.WarrantyUntil); err == nil {
		key := "page.inventory.warranty_yes"
		if day.Before(hours.DateOf(c.Now, d.Zone)) {
			key = "page.inventory.warranty_over"
		}
		add("warranty", p.l.Say(key, fault.Params{"day": p.writtenDay(u.WarrantyUntil)}))
	}
}

// stamp says an instant of a list: «vendredi 20 novembre, 9 h 30», with its year where that is not this one.
func (p *page) stamp(at time.Time, zone *time.Location) string {
	at = at.In(zone)
	if at.Year() != p.DB.Now().In(zone).Year() {
		return p.l.DateTime(at)
	}
	return strings.TrimRight(strings.TrimSuffix(p.l.Date(at), strconv.Itoa(at.Year())), ", \u00a0") + ", " + p.l.Time(at)
}

// until says an instant that another of a list comes to: its time alone on the same day.
func (p *page) until(from, to time.Time, zone *time.Location) string {
	if hours.DateOf(from, zone) == hours.DateOf(to, zone) {
		return p.l.Time(to.In(zone))
	}
	return p.stamp(to, zone)
}

// writtenDay says a day that was written as 2006-01-02, as it stands where it is none.
func (p *page) writtenDay(text string) string {
	day, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return text
	}
	return p.l.Day(day)
}

// parts are the components, the outages and the open tickets.
func (f *unitView) parts(p *page, d desk, u booking.UnitView) {
	f.Parts = p.kit(u.Components)
	for _, o := range u.Outages {
		params := fault.Params{"from": p.l.DateTime(o.From.In(d.Zone))}
		key := "open"
		if o.Until != nil {
			params["to"], key = p.l.DateTime(o.Until.In(d.Zone)), "until"
		}
		f.Outages = append(f.Outages, unitOutageLine{p.l.Say("page.inventory.cause."+o.Cause, nil) + " " + p.l.Say("page.inventory.outage_"+key, params), upkeepPath + "/" + d.Hub.Slug + "/arrets"})
	}
	for _, t := range u.Tickets {
		f.Tickets = append(f.Tickets, unitTicketLine{upkeepPath + "/" + d.Hub.Slug + "/billets/" + t.ID, p.l.Say("page.inventory.ticket."+t.Kind, nil), clipped(t.Description, 140), p.l.ShortDate(t.At.In(d.Zone))})
	}
}

// files are the pictures and the documents.
func (f *unitView) files(p *page, d desk, kept []files.File) {
	for _, x := range kept {
		day := p.l.Day(x.CreatedAt.In(d.Zone))
		switch {
		case x.Kind == files.Document:
			f.Papers = append(f.Papers, unitFileLine{ID: x.ID, Path: "/documents/" + x.ID, Name: x.Name, Note: p.l.Say("page.inventory.paper", fault.Params{"kb": (x.Size + 1023) / 1024, "day": day})})
		case x.SubjectKind == files.OfLoan:
			note := p.l.Say("page.inventory.loan_"+x.Moment, fault.Params{"day": day})
			f.Loans = append(f.Loans, unitFileLine{ID: x.ID, Path: "/photos/" + x.ID, Note: note, Alt: note})
		default:
			f.Photos = append(f.Photos, unitFileLine{ID: x.ID, Path: "/photos/" + x.ID, Alt: p.l.Say("page.inventory.photo_alt", fault.Params{"code": f.Code, "day": day}), Note: day})
		}
	}
}

// storyLine tells one event of a unit's history.
func (p *page) storyLine(d desk, e booking.UnitEvent) storyLine {
	l := storyLine{When: p.stamp(e.At, d.Zone)}
	key := "page.inventory.story." + e.Kind
	params := fault.Params{"who": e.By, "person": e.Person, "place": e.Place, "word": e.Word, "meter": p.l.Duration(time.Duration(e.Meter) * time.Minute)}
	switch e.Kind {
	case "back":
		if e.Damaged {
			key += "_damaged"
		}
	case "outage", "ticket":
		key += "_" + e.Word
	case "changed":
		var names []string
		for _, field := range e.Fields {
			if field != "version" {
				names = append(names, p.l.Say("page.inventory.field."+field, nil))
			}
		}
		params["fields"] = strings.Join(names, ", ")
	}
	if !p.l.Has(key) {
		key = "page.inventory.story.else"
	}
	l.Words = p.l.Say(key, params)
	if e.Kind == "outage" && e.Until != nil && e.Word != "retired" {
		ended := "page.inventory.story_until"
		if e.Word == "lost" {
			ended = "page.inventory.story_found"
		}
		l.Words += p.l.Say(ended, fault.Params{"when": p.until(e.At, *e.Until, d.Zone)})
	}
	if e.Person != "" {
		l.Words += " " + p.l.Say("page.inventory.story_person", params)
	}
	if e.By != "" && e.By != e.Person {
		l.Words += " " + p.l.Say("page.inventory.story_by", params)
	}
	switch {
	case e.Reference != "":
		l.Link, l.Path = e.Reference, "/reservations/"+e.BookingID
	case e.TicketID != "":
		l.Link, l.Path = p.l.Say("page.inventory.story_ticket", nil), upkeepPath+"/"+d.Hub.Slug+"/billets/"+e.TicketID
	}
	return l
}
