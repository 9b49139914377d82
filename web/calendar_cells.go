package web

import (
	"time"

	"canot/booking"
	"canot/internal/fault"
	"canot/inventory"
	"canot/inventory/hours"
)

// What a stretch of a calendar is. Each has its words in the locale files.
const (
	stateFree   = "free"
	stateBusy   = "busy"
	stateClosed = "closed"
	statePast   = "past"
	stateSoon   = "soon"   // too soon: the resource asks for notice
	stateFar    = "far"    // farther ahead than one may book
	stateTier   = "tier"   // for other tiers than that of who reads
	stateNone   = "none"   // the clock does not show this hour on this day
	stateNoUnit = "nounit" // nothing is in service
)

// A calHour is an hour of a day on a clock, with its instants: a day on which the clocks change
// has 23 of them, or 25.
type calHour struct {
	hourKey
	hours.Span
}

// An hourKey names an hour of the clock; the second one of the same name comes after a change.
type hourKey struct {
	Minute hours.Minutes
	Again  bool
}

// before orders the hours of a day as they pass.
func (k hourKey) before(o hourKey) bool {
	if k.Minute != o.Minute {
		return k.Minute < o.Minute
	}
	return !k.Again && o.Again
}

// hoursOfDay are the hours of a day on the clock of a zone, by their instants.
func hoursOfDay(day hours.Date, zone *time.Location) []calHour {
	var all []calHour
	seen := map[hours.Minutes]bool{}
	end := hours.At(day.AddDays(1), 0, zone)
	for t := hours.At(day, 0, zone); t.Before(end); t = t.Add(time.Hour) {
		h := calHour{hourKey{Minute: hours.MinuteOf(t, zone)}, hours.Span{Start: t, End: t.Add(time.Hour)}}
		h.Again = seen[h.Minute]
		seen[h.Minute] = true
		if end.Before(h.End) {
			h.End = end
		}
		all = append(all, h)
	}
	return all
}

// A calTime is the time of one resource, as a calendar shows it.
type calTime struct {
	booking.Availability
	titles     []booking.Titled
	bookable   hours.Spans // when something may begin or go on, of what is free
	open       hours.Spans
	now        time.Time
	first      time.Time // what begins before is too soon
	last       time.Time // what ends after is too far ahead
	admitted   bool      // the tier of who reads may book it
	afterHours bool
}

// calTimeOf reads the time of a resource in a window.
func (p *page) calTimeOf(a booking.Availability, window hours.Span, now time.Time) (calTime, error) {
	t := a.Terms
	policy := t.Resource.Policy
	c := calTime{Availability: a, open: t.Hours.Open(window.Start, window.End, t.Zone), now: now, admitted: true}
	spans := make([]hours.Span, len(a.Free))
	for i, f := range a.Free {
		spans[i] = hours.Span{Start: f.StartsAt, End: f.EndsAt}
	}
	c.bookable = hours.Normalize(spans...)
	if policy.Within == inventory.EndsInside {
		c.bookable = c.bookable.Intersect(c.open)
	}
	reach, err := p.reachOf(t, now)
	if err != nil {
		return c, err
	}
	horizon := policy.Horizon
	if reach.Horizon > 0 && reach.Horizon < horizon {
		horizon = reach.Horizon
	}
	c.first = now.Add(time.Duration(policy.Notice) * time.Minute)
	c.last = hours.At(hours.DateOf(now, t.Zone).AddDays(horizon+1), 0, t.Zone)
	c.afterHours = opensTo(policy, reach.AfterHours)
	if n := len(policy.Tiers); n > 0 {
		c.admitted = false
		for _, tier := range policy.Tiers {
			c.admitted = c.admitted || tier == reach.Tier
		}
	}
	return c, nil
}

// opensTo reports whether what follows a policy may be booked outside opening hours, by who may come then
// or may not. What ends inside is handed out and comes back over the counter: then it is closed to all.
func opensTo(policy inventory.Policy, comesThen bool) bool {
	return comesThen && policy.Within != inventory.EndsInside || policy.Within == inventory.Any
}

// at says what a stretch is, and which part of it is free.
func (c calTime) at(span hours.Span) (state string, free hours.Spans) {
	if free = c.bookable.Intersect(hours.Spans{span}); len(free) > 0 {
		return stateFree, free
	}
	open := c.open.Intersect(hours.Spans{span})
	switch {
	case !span.End.After(c.now):
		return statePast, nil
	case len(c.Terms.Units) == 0:
		return stateNoUnit, nil
	case len(open) == 0 && !c.afterHours || c.closure(span):
		return stateClosed, nil
	case len(open) > 0 && !open[len(open)-1].End.After(c.now):
		return statePast, nil
	case !c.admitted:
		return stateTier, nil
	case !span.Start.Before(c.last):
		return stateFar, nil
	case !span.End.After(c.first):
		return stateSoon, nil
	}
	return stateBusy, nil
}

// closure reports whether a closure shuts a whole stretch.
func (c calTime) closure(span hours.Span) bool {
	return c.Terms.Hours.Closed(span.Start, span.End, c.Terms.Zone).Covers(span)
}

// A calCell is one cell of a table, or several of the same sort side by side.
type calCell struct {
	State    string
	Title    string // of the booking that takes it
	Hour     string // the hour that begins, or the part of it that is free
	Words    string
	Taken    string // when, of a cell that is free for the rest
	Path     string // of what is free
	Same     bool   // another cell of the row, where the booking begins, leads there too
	From, To string // its instants, for drawing
	Width    int    // columns
}

// freeCell is a cell that leads to a booking: to one that begins in it, else to one that reaches
// into it, else to the next that begins in the same free time. Where the book has none of these,
// nobody can have the cell, though nobody else has it.
func (p *page) freeCell(c calTime, h calHour, free hours.Spans, several int) calCell {
	slug, zone := c.Terms.Resource.Slug, c.Terms.Zone
	cell := calCell{State: stateFree, Width: 1}
	leads := func(s booking.Slot) { cell.Path = checkAddress(justOne(slug), s.StartsAt, s.EndsAt) }
	if slot, ok := c.Beginning(h.Span); ok {
		end := h.End
		for _, f := range free {
			if !slot.StartsAt.Before(f.Start) && slot.StartsAt.Before(f.End) {
				end = f.End
			}
		}
		cell.Hour, cell.From, cell.To = p.l.ShortTime(slot.StartsAt.In(zone)), stamp(slot.StartsAt), stamp(end)
		switch {
		case several > 1:
			cell.Words = p.l.Say("page.calendar.free_units", fault.Params{"units": several})
		case end.Before(h.End):
			cell.Words = p.l.Say("page.calendar.free_until", fault.Params{"time": p.l.ShortTime(end.In(zone))})
		default:
			cell.Words = p.l.Say("page.calendar.free", nil)
		}
		leads(slot)
		return cell
	}
	if slot, ok := c.Reaching(h.Span); ok {
		cell.Hour, cell.From, cell.To = p.l.ShortTime(slot.StartsAt.In(zone)), stamp(free[0].Start), stamp(slot.EndsAt)
		cell.Words = p.l.Say("page.calendar.free_until", fault.Params{"time": p.l.ShortTime(slot.EndsAt.In(zone))})
		cell.Same = true
		leads(slot)
		return cell
	}
	for _, f := range c.bookable {
		if rest := (hours.Span{Start: h.End, End: f.End}); f.Contains(free[0]) && rest.End.After(rest.Start) {
			if slot, ok := c.Beginning(rest); ok && hours.DateOf(slot.StartsAt, zone) == hours.DateOf(h.Start, zone) {
				cell.Words = p.l.Say("page.calendar.free_from", fault.Params{"time": p.l.ShortTime(slot.StartsAt.In(zone))})
				cell.Same = true
				leads(slot)
				return cell
			}
		}
	}
	cell.State = stateBusy
	return cell
}

// takenIn says when what takes part of an hour begins in it, or until when it goes on, or "" where
// nothing of the hour that may be had is taken.
func (p *page) takenIn(c calTime, h calHour) string {
	span := h.Span
	if c.first.After(span.Start) {
		span.Start = c.first
	}
	if c.last.Before(span.End) {
		span.End = c.last
	}
	if !span.End.After(span.Start) {
		return ""
	}
	may := hours.Spans{span}
	if !c.afterHours {
		may = c.open.Intersect(may)
	}
	taken := may.Minus(c.Terms.Hours.Closed(span.Start, span.End, c.Terms.Zone)).Minus(c.bookable)
	if len(taken) == 0 {
		return ""
	}
	if first := taken[0]; first.Start.After(h.Start) {
		return p.l.Say("page.calendar.taken_from", fault.Params{"time": p.l.ShortTime(first.Start.In(c.Terms.Zone))})
	}
	return p.l.Say("page.calendar.taken_until", fault.Params{"time": p.l.ShortTime(taken[0].End.In(c.Terms.Zone))})
}

// cells are a row of a day's table: one for each column, and those of the same sort that lead
// nowhere together. counts is how many units are free in an hour, where that is known.
func (p *page) cells(c calTime, day hours.Date, columns []hourKey, counts map[time.Time]int) []calCell {
	byKey := map[hourKey]calHour{}
	for _, h := range hoursOfDay(day, c.Terms.Zone) {
		byKey[h.hourKey] = h
	}
	var row []calCell
	for _, key := range columns {
		cell := calCell{State: stateNone, Width: 1}
		if h, shown := byKey[key]; shown {
			state, free := c.at(h.Span)
			cell.State = state
			if state == stateFree {
				cell = p.freeCell(c, h, free, counts[h.Start])
				cell.Taken = p.takenIn(c, h)
			}
			if cell.State == stateBusy {
				cell.Title = c.titled(h.Span)
			}
		}
		if n := len(row); n > 0 && cell.State != stateFree && row[n-1].State == cell.State && row[n-1].Title == cell.Title {
			row[n-1].Width++
			continue
		}
		if cell.Words == "" {
			cell.Words = p.l.Say("page.calendar.state_"+cell.State, nil)
		}
		row = append(row, cell)
	}
	begun := map[string]bool{}
	for _, cell := range row {
		begun[cell.Path] = begun[cell.Path] || !cell.Same
	}
	for i, cell := range row {
		row[i].Same = cell.Same && begun[cell.Path]
		begun[cell.Path] = true // of two that only reach there, one stays
	}
	return row
}

// columnsOf are the hours in which any of some resources is open or free on any of some days,
// from the first to the last: the night is not shown where nothing happens in it.
func columnsOf(times []calTime, days []hours.Date) []hourKey {
	used, all := map[hourKey]bool{}, map[hourKey]bool{}
	for _, c := range times {
		for _, day := range days {
			for _, h := range hoursOfDay(day, c.Terms.Zone) {
				all[h.hourKey] = true
				span := hours.Spans{h.Span}
				if len(c.open.Intersect(span)) > 0 || len(c.bookable.Intersect(span)) > 0 {
					used[h.hourKey] = true
				}
			}
		}
	}
	if len(used) == 0 {
		for m := hours.Minutes(9 * 60); m < 17*60; m += 60 {
			used[hourKey{Minute: m}] = true
		}
	}
	var first, last hourKey
	begun := false
	for k := range used {
		if !begun || k.before(first) {
			first = k
		}
		if !begun || last.before(k) {
			last = k
		}
		begun = true
	}
	var columns []hourKey
	for m := first.Minute; m <= last.Minute; m++ {
		for _, k := range []hourKey{{m, false}, {m, true}} {
			if (all[k] || used[k]) && !k.before(first) && !last.before(k) {
				columns = append(columns, k)
			}
		}
	}
	return columns
}

// hourWords names a column.
func (p *page) hourWords(k hourKey) string {
	words := p.l.ShortTime(time.Date(2000, 1, 1, 0, int(k.Minute), 0, 0, time.UTC))
	if k.Again {
		return p.l.Say("page.calendar.again", fault.Params{"time": words})
	}
	return words
}
