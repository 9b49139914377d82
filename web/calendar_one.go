package web

import (
	"net/http"
	"net/url"
	"time"

	"canot/booking"
	"canot/internal/fault"
	"canot/inventory/hours"
)

// resourceCalendar is the calendar of one resource: its days are the rows.
func resourceCalendar(p *page) error {
	now := p.DB.Now()
	seen, err := p.calSeen(now)
	if err != nil {
		return err
	}
	t := seen.Terms
	r, zone := t.Resource, t.Zone
	f := p.newCalendar(r.Name.In(p.l.Tag()), resourceAddress(r.Slug)+"/calendrier", zone, byWeek)
	f.Crumbs = []findLink{{hubAddress(t.HubSlug), t.HubName.In(p.l.Tag())}, {resourceAddress(r.Slug), f.Heading}}
	f.Feed = p.feedLink("/calendars/resources/"+url.PathEscape(r.Slug)+".ics", nil)
	f.RowHead = p.l.Say("page.calendar.day", nil)
	days := f.days()
	window := hours.Span{Start: hours.At(days[0], 0, zone), End: hours.At(days[len(days)-1].AddDays(1), 0, zone)}
	c, err := p.calTimeOf(seen, window, now)
	if err != nil {
		return err
	}
	counts, err := p.countsOf(c, window)
	if err != nil {
		return err
	}
	f.Draw = "/reserver/verifier?" + queryOf(justOne(r.Slug)).Encode()
	times := []calTime{c}
	if err := f.title(p, times, window); err != nil {
		return err
	}
	c = times[0]
	columns := columnsOf(times, days)
	for _, k := range columns {
		f.Columns = append(f.Columns, calColumn{Words: p.hourWords(k)})
	}
	for _, day := range days {
		noon := hours.At(day, 12*60, zone).In(zone)
		f.Rows = append(f.Rows, p.finished(calRow{Name: phrase{Text: p.l.ShortDate(noon)}, Current: day == f.today, Cells: p.cells(c, day, columns, counts)}))
	}
	f.Clock = zone.String()
	blank := fault.Params{"from": "{from}", "to": "{to}"} // the script fills in the times
	f.Drawn, f.Keys = p.l.Say("page.calendar.drawn", blank), p.l.Say("page.calendar.drawn_keys", blank)
	f.legend(p)
	return p.show(http.StatusOK, "calendar", f)
}

// calSeen is the free time of the resource of the address, around the days that it asks for:
// on which clock these are is not known before. What is archived has none.
func (p *page) calSeen(now time.Time) (booking.Availability, error) {
	ctx, slug := p.c.Request.Context(), p.c.Param("resource")
	today := hours.DateOf(now, time.UTC)
	day := today
	if asked, err := hours.ParseDate(p.c.Query("jour")); err == nil && !asked.Before(today.AddDays(-farthestDay)) && !today.AddDays(farthestDay).Before(asked) {
		day = asked
	}
	from, to := hours.At(day.AddDays(-8), 0, time.UTC).Add(-around), hours.At(day.AddDays(8), 0, time.UTC).Add(around)
	from, to = fromNow(from, to, now)
	seen, err := p.Book.Available(ctx, p.v.Actor, booking.AvailabilityQuery{Resource: slug, From: from, To: to})
	if err == nil && len(seen) > 0 {
		return seen[0], nil
	}
	if err != nil && fault.KindOf(err) != fault.NotFound {
		return booking.Availability{}, err
	}
	s, err := p.Book.Slots(ctx, p.v.Actor, booking.SlotQuery{Lines: justOne(slug), From: now, To: now.Add(time.Second)})
	if err != nil {
		return booking.Availability{}, err
	}
	return booking.Availability{Terms: s.Terms[0]}, nil
}

// fromNow leaves out of a window what is past, in which nothing is free.
func fromNow(from, to, now time.Time) (time.Time, time.Time) {
	if past := now.Add(-24 * time.Hour); from.Before(past) {
		from = past
	}
	if !to.After(from) {
		to = from.Add(time.Hour)
	}
	return from, to
}

// countsOf is how many units of a resource are free in each hour that is shown, by its start:
// nothing for a resource of one unit, or one that is not booked by the hour.
func (p *page) countsOf(c calTime, window hours.Span) (map[time.Time]int, error) {
	policy := c.Terms.Resource.Policy
	if len(c.Terms.Units) < 2 || c.Terms.Resource.Archived || policy.Shortest > 60 || policy.Longest < 60 || 60%policy.Grain != 0 || !window.End.After(c.now) {
		return nil, nil
	}
	s, err := p.Book.Slots(p.c.Request.Context(), p.v.Actor, booking.SlotQuery{Lines: justOne(c.Terms.Resource.Slug), From: window.Start, To: window.End, Length: time.Hour})
	if err != nil {
		return nil, err
	}
	counts := make(map[time.Time]int, len(s.Free))
	for _, slot := range s.Free {
		counts[slot.StartsAt] = slot.Quantity
	}
	return counts, nil
}
