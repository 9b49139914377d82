package web

import (
	"time"

	"canot/inventory"
	"canot/inventory/hours"
)

// A calTitle is the title of a booking, on a calendar: never who booked.
type calTitle struct {
	When, Title string
	Path        string // of the resource, where there are several
	Name        phrase
}

// title reads the titles of the bookings on a calendar that who reads may see, and gives them to
// the times of their resources. Who is not signed in sees none.
func (f *calendarView) title(p *page, times []calTime, window hours.Span) error {
	of := make([]*inventory.Terms, len(times))
	at := map[string]int{}
	for i, c := range times {
		of[i], at[c.Terms.Resource.ID] = c.Terms, i
	}
	list, more, err := p.Book.Titles(p.c.Request.Context(), p.v.Actor, of, window.Start, window.End)
	if err != nil {
		return err
	}
	f.MoreTitles = more
	for _, b := range list {
		c := &times[at[b.ResourceID]]
		c.titles = append(c.titles, b)
		line := calTitle{When: p.spanWords(b.StartsAt, b.EndsAt, c.Terms.Zone), Title: b.Title}
		if f.Draw == "" {
			line.Path, line.Name = resourceAddress(c.Terms.Resource.Slug), p.phrase(c.Terms.Resource.Name)
		}
		f.Titles = append(f.Titles, line)
	}
	return nil
}

// titled is the title of the booking that takes all of a stretch, "" for none: of the rest of one that
// it takes in part somebody else may have part, whose booking is not shown. The list beside the
// calendar has every title with its own hours.
func (c calTime) titled(span hours.Span) string {
	if len(c.Terms.Units) != 1 {
		return ""
	}
	for _, b := range c.titles {
		if (hours.Span{Start: b.StartsAt, End: b.EndsAt}).Contains(span) {
			return b.Title
		}
	}
	return ""
}

// windowOf is all that a calendar shows of some resources, each on its own clock.
func windowOf(days []hours.Date, zones ...*time.Location) hours.Span {
	var all hours.Span
	for _, zone := range zones {
		from, to := hours.At(days[0], 0, zone), hours.At(days[len(days)-1].AddDays(1), 0, zone)
		if all.Start.IsZero() || from.Before(all.Start) {
			all.Start = from
		}
		if to.After(all.End) {
			all.End = to
		}
	}
	return all
}
