package booking

import (
	"time"

	"canot/inventory"
	"canot/inventory/hours"
)

// Next proposes the first times at which a resource could be had for its usual length, out
// of the free time that a holds: in order, no two of which overlap, at most most of them and
// perDay on a day of the hub's clock, all before an instant when one is given. They pass the
// rules that Slots applies, but that a tier may allow less at once, and that after hours it
// may open the door to more.
func (a Availability) Next(most, perDay int, before time.Time) []Slot {
	l := a.loan()
	var found []Slot
	var day hours.Date
	onDay := 0
nextInterval:
	for _, f := range a.Free {
		for from := f.StartsAt; from.Before(f.EndsAt); from = from.Add(24 * time.Hour) {
			piece := hours.Span{Start: from, End: from.Add(24 * time.Hour)}
			if f.EndsAt.Before(piece.End) {
				piece.End = f.EndsAt
			}
			for _, start := range starts(piece, int(l.usual.Step/time.Minute), l.zone) {
				if !before.IsZero() && !start.Before(before) {
					continue nextInterval
				}
				if n := len(found); n > 0 && start.Before(found[n-1].EndsAt) {
					continue
				}
				span := hours.Span{Start: start, End: l.usual.after(start)}
				if !l.fits(f, span) {
					continue
				}
				if on := hours.DateOf(start, l.zone); on != day {
					day, onDay = on, 0
				}
				if onDay++; onDay > perDay {
					continue
				}
				if found = append(found, Slot{span.Start, span.End, f.Quantity}); len(found) == most {
					return found
				}
			}
		}
	}
	return found
}

// From proposes a time that begins at an instant within the free time that a holds: for the
// usual length, else for as long as it lasts. It reports whether there is one.
func (a Availability) From(start time.Time) (Slot, bool) {
	l := a.loan()
	if !onGrain(start, l.policy.Grain, l.zone) {
		return Slot{}, false
	}
	var around []Free // several, where other units are free for longer
	for _, f := range a.Free {
		if !covers(hours.Span{Start: f.StartsAt, End: f.EndsAt}, start) {
			continue
		}
		if span := (hours.Span{Start: start, End: l.usual.after(start)}); l.fits(f, span) {
			return Slot{span.Start, span.End, f.Quantity}, true
		}
		around = append(around, f)
	}
	shortest, usual := start.Add(time.Duration(l.policy.Shortest)*time.Minute), l.usual.after(start)
	for _, f := range around {
		for _, end := range []time.Time{grainFloor(f.EndsAt, l.policy.Grain, l.zone), shortest} {
			span := hours.Span{Start: start, End: end}
			if !end.Before(shortest) && end.Before(usual) && onGrain(end, l.policy.Grain, l.zone) && l.fits(f, span) {
				return Slot{span.Start, span.End, f.Quantity}, true
			}
		}
	}
	return Slot{}, false
}

// A loan is what proposing times of one resource needs of its policy.
type loan struct {
	policy inventory.Policy
	zone   *time.Location
	usual  Slots // its length, and the step at which it is offered
	terms  *inventory.Terms
}

func (a Availability) loan() loan {
	p := a.Terms.Resource.Policy
	l := loan{policy: p, zone: a.Terms.Zone, terms: a.Terms}
	l.usual.Zone = l.zone
	l.usual.measure([]slotLine{{terms: a.Terms, quantity: 1}})
	return l
}

// fits reports whether a span lies in free time, and begins and ends where the policy wants it.
func (l loan) fits(f Free, span hours.Span) bool {
	if span.Start.Before(f.StartsAt) || span.End.After(f.EndsAt) || span.Duration() > time.Duration(l.policy.Longest)*time.Minute ||
		!onGrain(span.End, l.policy.Grain, l.zone) { // a change of clocks may take the end off it
		return false
	}
	if l.policy.Within != inventory.EndsInside {
		return true
	}
	return fits(span, l.policy.Within, l.terms.Hours.Open(span.Start.Add(-margin), span.End.Add(margin), l.zone), nil)
}
