package booking

import (
	"sort"
	"time"

	"canot/internal/fault"
	"canot/inventory"
	"canot/inventory/hours"
)

// occupied is the span that a booking takes of a unit: its own and its buffers.
func occupied(span hours.Span, p inventory.Policy) hours.Span {
	return hours.Span{
		Start: span.Start.Add(-time.Duration(p.BufferBefore) * time.Minute),
		End:   span.End.Add(time.Duration(p.BufferAfter) * time.Minute),
	}
}

// chooseUnits gives line i of an ask its units, or says how many are missing.
// What is out, or on the counter, must be given; a unit that the booking has already is given again; then those whose free time
// around the span is shortest, so that free time stays in large pieces.
func chooseUnits(a ask, i int, f *facts) ([]chosen, []fault.Violation) {
	l := a.lines[i]
	span := occupied(a.span, l.terms.Resource.Policy)
	type candidate struct {
		unit inventory.Unit
		span hours.Span
		rank int
		gap  time.Duration
	}
	var free []candidate
	quantity := l.quantity - a.lent.settled(l.terms.Resource.ID)
	for _, u := range l.terms.Units {
		span := span
		gap, ok := gapAround(span, f.taken[u.ID], f.window, a.now)
		if !ok && (a.begun() || a.here) && span.End.After(a.now) {
			// What has begun needs a unit for what is left of it only: it may have come
			// to its unit on the way, when it lost another.
			span.Start = a.now
			if a.fixed[u.ID] && a.old != nil && a.old.EndsAt.Before(a.now) {
				span.Start = a.old.EndsAt // late, it has been out ever since, whoever it was promised to meanwhile
			}
			gap, ok = gapAround(span, f.taken[u.ID], f.window, a.now)
		}
		if a.fixed[u.ID] && !ok {
			return nil, []fault.Violation{{Code: "extension_taken", Params: fault.Params{
				"unit": u.Code, "from": nextTaken(f.taken[u.ID], span).In(l.terms.Zone)}}}
		}
		if ok && !a.lent.returned(u.ID) {
			free = append(free, candidate{u, span, a.rank(u.ID), gap})
		}
	}
	if len(free) < quantity {
		if l.quantity > len(l.terms.Units) {
			return nil, []fault.Violation{{Code: "too_many", Params: fault.Params{
				"wanted": l.quantity, "units": len(l.terms.Units)}}}
		}
		return nil, []fault.Violation{{Code: "taken", Params: fault.Params{
			"wanted": l.quantity, "free": len(free)}}}
	}
	sort.SliceStable(free, func(i, j int) bool {
		if free[i].rank != free[j].rank {
			return free[i].rank < free[j].rank
		}
		return free[i].gap < free[j].gap
	})
	given := make([]chosen, max(quantity, 0))
	for n := range given {
		given[n] = chosen{line: i, unit: free[n].unit, span: free[n].span}
	}
	return given, nil
}

// rank orders the units that a line may be given: what it must be, what the booking has, the rest.
func (a ask) rank(unit string) int {
	switch {
	case a.fixed[unit]:
		return 0
	case a.old != nil && had(a.old, unit):
		return 1
	}
	return 2
}

// nextTaken is when the first thing begins that takes a unit in a span.
func nextTaken(all []taken, span hours.Span) time.Time {
	for _, t := range all {
		if t.Overlaps(span) {
			return t.Start
		}
	}
	return span.End
}

// begun reports whether an ask is about a booking that is running.
func (a ask) begun() bool {
	return a.old != nil && !a.now.Before(a.old.StartsAt) && a.span.Start.Equal(a.old.StartsAt)
}

// gapAround returns the length of the free time of a unit in which span lies,
// and whether it is free at all.
func gapAround(span hours.Span, all []taken, window hours.Span, now time.Time) (time.Duration, bool) {
	gap := window
	for _, t := range all {
		switch {
		case !t.at(now):
		case t.Overlaps(span):
			return 0, false
		case !t.End.After(span.Start):
			if t.End.After(gap.Start) {
				gap.Start = t.End
			}
		case t.Start.Before(gap.End):
			gap.End = t.Start
		}
	}
	return gap.End.Sub(gap.Start), true
}

func had(b *Booking, unit string) bool {
	for _, l := range b.Lines {
		for _, u := range l.Units {
			if u == unit {
				return true
			}
		}
	}
	return false
}
