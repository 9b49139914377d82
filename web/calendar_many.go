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
	"canot/inventory"
	"canot/inventory/hours"
)

// dash joins two times; a line breaks after it only where both have no room on one.
const dash = "\u2060–\u200b"

// hubCalendar is the calendar of what a hub has.
func hubCalendar(p *page) error {
	places, err := p.Catalog.Places(p.c.Request.Context())
	if err != nil {
		return err
	}
	at := slices.IndexFunc(places, func(h inventory.Place) bool { return h.Slug == p.c.Param("hub") })
	if at < 0 {
		return fault.New(fault.NotFound, "hub_not_found", nil)
	}
	h := places[at]
	zone, err := hours.LoadZone(h.TimeZone)
	if err != nil {
		return err
	}
	f := p.newCalendar(h.Name.In(p.l.Tag()), hubAddress(h.Slug)+"/calendrier", zone, byDay)
	f.Crumbs = []findLink{{hubAddress(h.Slug), f.Heading}}
	f.Feed = p.feedLink("/calendars/hubs/"+url.PathEscape(h.Slug)+".ics", nil)
	return f.many(p, booking.AvailabilityQuery{Hub: h.ID}, false)
}

// categoryCalendar is the calendar of all of one category, each on the clock of its hub.
func categoryCalendar(p *page) error {
	c, err := p.Catalog.Category(p.c.Request.Context(), p.c.Param("category"))
	if err != nil {
		return err
	}
	places, err := p.Catalog.Places(p.c.Request.Context())
	if err != nil {
		return err
	}
	f := p.newCalendar(c.Name.In(p.l.Tag()), "/categories/"+url.PathEscape(c.Slug)+"/calendrier", zoneAmong(places, "", p.DB.Now()), byDay)
	f.Crumbs = []findLink{{"/ressources", p.l.Say("page.catalogue.title", nil)}, {findAsk{Category: c.Slug}.address(), f.Heading}}
	f.Feed = p.feedLink("/calendars/network.ics", url.Values{"category": {c.Slug}})
	return f.many(p, booking.AvailabilityQuery{Category: c.ID}, true)
}

// many shows the calendar of several resources, one a row.
func (f *calendarView) many(p *page, q booking.AvailabilityQuery, towns bool) error {
	now := p.DB.Now()
	q.From, q.To = f.window(now)
	found, err := p.Book.Browse(p.c.Request.Context(), p.v.Actor, booking.BrowseQuery{AvailabilityQuery: q, Language: p.l.Tag(), Offset: (f.page - 1) * calendarRows, Limit: calendarRows})
	if err != nil && fault.KindOf(err) != fault.NotFound {
		return err
	}
	f.Total = found.Total
	pages := max(1, (found.Total+calendarRows-1)/calendarRows)
	if f.page > pages {
		return p.to(f.to(f.View, f.Day, pages))
	}
	f.skipToOpen(p, found.Items, now)
	f.turns(pages)
	f.RowHead = p.l.Say("page.calendar.resource", nil)
	days := f.days()
	var times []calTime
	for _, x := range found.Items {
		zone := x.Terms.Zone
		c, err := p.calTimeOf(x.Availability, hours.Span{Start: hours.At(days[0], 0, zone), End: hours.At(days[len(days)-1].AddDays(1), 0, zone)}, now)
		if err != nil {
			return err
		}
		times = append(times, c)
	}
	zones := make([]*time.Location, len(times))
	for i, c := range times {
		zones[i] = c.Terms.Zone
	}
	if err := f.title(p, times, windowOf(days, zones...)); err != nil {
		return err
	}
	columns := columnsOf(times, days)
	f.heads(p, columns, days)
	several := f.zones(p, times)
	for _, c := range times {
		r := c.Terms.Resource
		row := calRow{Path: resourceAddress(r.Slug), Name: p.phrase(r.Name)}
		if towns {
			row.More = inTown(c.Terms.HubName.In(p.l.Tag()), c.Terms.Town)
		}
		if several {
			row.More = strings.TrimPrefix(row.More+", "+p.clockWords(c.Terms.Zone, hours.At(f.shown, 12*60, c.Terms.Zone)), ", ")
		}
		if f.View == byDay {
			row.Cells = p.cells(c, f.shown, columns, nil)
			brief := p.weekCells(c, days)[0]
			row.Free, row.FreePath, row.Taken = brief.Words, brief.Path, p.takenWords(c, f.shown)
			if brief.State != stateFree {
				row.Free = ""
			}
		} else {
			row.Cells = p.weekCells(c, days)
		}
		f.Rows = append(f.Rows, p.finished(row))
	}
	f.legend(p)
	return p.show(http.StatusOK, "calendar", *f)
}

// skipToOpen goes on to the first day on which something is open from now on, where no day was
// asked for: in the evening nobody looks for the day that is over.
func (f *calendarView) skipToOpen(p *page, items []booking.Nearby, now time.Time) {
	if p.c.Query("jour") != "" || f.View != byDay {
		return
	}
	first := time.Time{}
	for _, x := range items {
		open := x.Terms.Hours.Open(now, now.Add(around), x.Terms.Zone)
		if len(open) > 0 && (first.IsZero() || open[0].Start.Before(first)) {
			first = open[0].Start
		}
	}
	if first.IsZero() {
		return
	}
	f.shown = hours.DateOf(first, f.zone)
	f.Day = f.shown.String()
	f.Switch = nil
	f.ways(p)
}

// turns are the pages of rows.
func (f *calendarView) turns(pages int) {
	if f.page > 1 {
		f.PagePrev = f.to(f.View, f.Day, f.page-1)
	}
	if f.page < pages {
		f.PageNext = f.to(f.View, f.Day, f.page+1)
	}
	f.PageOf = fault.Params{"page": f.page, "pages": pages}
}

// heads are the columns of the table of several resources.
func (f *calendarView) heads(p *page, columns []hourKey, days []hours.Date) {
	if f.View == byDay {
		for _, k := range columns {
			f.Columns = append(f.Columns, calColumn{Words: p.hourWords(k)})
		}
		return
	}
	for _, day := range days {
		f.Columns = append(f.Columns, calColumn{p.l.ShortDate(hours.At(day, 12*60, f.zone).In(f.zone)), day == f.today})
	}
}

// zones reports whether the clocks of the rows differ, and names the one of all where it is not
// the one of the page.
func (f *calendarView) zones(p *page, times []calTime) (several bool) {
	for _, day := range f.days() {
		for _, c := range times {
			several = several || !hours.At(day, 12*60, c.Terms.Zone).Equal(hours.At(day, 12*60, times[0].Terms.Zone))
		}
	}
	if several {
		f.Zone = p.l.Say("page.calendar.zones", nil)
	}
	return several
}

// clockWords names the clock of a zone at an instant: «UTC−5».
func (p *page) clockWords(zone *time.Location, at time.Time) string {
	_, offset := at.In(zone).Zone()
	words := "UTC" + map[bool]string{true: "−", false: "+"}[offset < 0] + strconv.Itoa(max(offset, -offset)/3600)
	if minutes := max(offset, -offset) / 60 % 60; minutes > 0 {
		words += ":" + strconv.Itoa(100 + minutes)[1:]
	}
	return words
}

// weekCells are a row of a week's table: what is free on each day, in words.
func (p *page) weekCells(c calTime, days []hours.Date) []calCell {
	var row []calCell
	zone := c.Terms.Zone
	for _, day := range days {
		span := hours.Span{Start: hours.At(day, 0, zone), End: hours.At(day.AddDays(1), 0, zone)}
		state, free := c.at(span)
		cell := calCell{State: state, Width: 1, Hour: p.l.ShortDate(hours.At(day, 12*60, zone).In(zone))}
		if state != stateFree {
			cell.Words = p.l.Say("page.calendar.state_"+state, nil)
			row = append(row, cell)
			continue
		}
		if free = c.offered(free); len(free) == 0 {
			cell.State, cell.Words = stateBusy, p.l.Say("page.calendar.state_busy", nil)
			row = append(row, cell)
			continue
		}
		cell.Words = p.l.Say("page.calendar.free_spans", fault.Params{"spans": "\n" + p.spansWords(free, zone)})
		cell.Path = whenAddress(justOne(c.Terms.Resource.Slug), day.String())
		row = append(row, cell)
	}
	return row
}

// offered is what of some free spans of a day can be had, from where a booking may begin in each
// to where one may end.
func (c calTime) offered(free hours.Spans) hours.Spans {
	var all hours.Spans
	for _, s := range free {
		begins, early := c.Beginning(s)
		reaches, late := c.Reaching(s)
		if early {
			s.Start = begins.StartsAt
		}
		if late && reaches.EndsAt.After(s.Start) {
			s.End = reaches.EndsAt
		}
		if early || late {
			all = append(all, s)
		}
	}
	return all
}

// takenWords says when a resource is taken on a day, as far as it is still to come, or "".
func (p *page) takenWords(c calTime, day hours.Date) string {
	zone := c.Terms.Zone
	span := hours.Span{Start: hours.At(day, 0, zone), End: hours.At(day.AddDays(1), 0, zone)}
	if c.first.After(span.Start) {
		span.Start = c.first
	}
	if c.last.Before(span.End) {
		span.End = c.last
	}
	if !c.admitted || len(c.Terms.Units) == 0 || !span.End.After(span.Start) {
		return ""
	}
	taken := c.open.Intersect(hours.Spans{span}).Minus(c.bookable)
	if len(taken) == 0 {
		return ""
	}
	return p.l.Say("page.calendar.taken_spans", fault.Params{"spans": p.spansWords(taken, zone)})
}

// spansWords says some spans of a day, each on a line of its own.
func (p *page) spansWords(spans hours.Spans, zone *time.Location) string {
	words := make([]string, len(spans))
	for i, s := range spans {
		words[i] = p.l.ShortTime(s.Start.In(zone)) + dash + p.endWords(s.End.In(zone))
	}
	return strings.Join(words, ",\n")
}

// endWords is the time at which something ends; the midnight that ends its day is 24 h.
func (p *page) endWords(t time.Time) string {
	if t.Hour() == 0 && t.Minute() == 0 {
		return p.l.Say("page.calendar.midnight", nil)
	}
	return p.l.ShortTime(t)
}
