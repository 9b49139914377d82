package booking

import (
	"time"

	"canot/inventory/hours"
)

// Beginning proposes the first time that begins in a stretch of a calendar, at the step at
// which Slots offers them. It reports whether there is one.
func (a Availability) Beginning(in hours.Span) (Slot, bool) {
	l := a.loan()
	for _, start := range starts(in, int(l.usual.Step/time.Minute), l.zone) {
		if slot, ok := a.From(start); ok {
			return slot, true
		}
	}
	return Slot{}, false
}

// Reaching proposes the shortest time that ends in a stretch of a calendar, or as late in it
// as the grain lets it. It reports whether there is one; where there is not, and none begins
// in it either, nobody can have the stretch though nobody else has it.
func (a Availability) Reaching(in hours.Span) (Slot, bool) {
	l := a.loan()
	grain := l.policy.Grain
	shortest := time.Duration(max(l.policy.Shortest, grain)) * time.Minute
	for _, f := range a.Free {
		if !f.StartsAt.Before(in.End) || !f.EndsAt.After(in.Start) {
			continue
		}
		end := in.End
		if f.EndsAt.Before(end) {
			end = f.EndsAt
		}
		end = grainFloor(end, grain, l.zone)
		start := grainFloor(end.Add(-shortest), grain, l.zone)
		if end.After(in.Start) && onGrain(start, grain, l.zone) && l.fits(f, hours.Span{Start: start, End: end}) {
			return Slot{start, end, f.Quantity}, true
		}
	}
	return Slot{}, false
}

// Price is what some minutes of something cost in cents, at its price for an hour and the
// part of it in percent that a tier pays: what a booking charges, to half a cent.
func Price(hourly, minutes, percent int64) int64 {
	return (hourly*minutes*percent + 3000) / 6000
}
