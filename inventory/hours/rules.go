package hours

import (
	"time"

	"canot/internal/fault"
)

// A LocalSpan is a stretch between two wall-clock times without offset, 2026-12-24T12:00:00.
type LocalSpan struct{ Starts, Ends string }

// Check refuses with the code bad_time a span whose times cannot be read or carry an offset, and
// with ends_before_start one that is empty.
func (s LocalSpan) Check() error {
	starts, _, startCarries, err := parseLocal(s.Starts)
	if err != nil {
		return err
	}
	ends, _, endCarries, err := parseLocal(s.Ends)
	if err != nil {
		return err
	}
	if startCarries || endCarries {
		return fault.New(fault.Malformed, "bad_time", nil)
	}
	if ends <= starts {
		return fault.New(fault.Malformed, "ends_before_start", nil)
	}
	return nil
}

// Rules say when a place is open: the hours of its week, the dates that differ, and the closures
// that shut it whatever the hours say. The zero Rules are never open. Rules are read by several
// goroutines at once and not changed.
type Rules struct {
	Week       Week
	Exceptions map[Date][]DaySpan // no spans: closed all day
	Closures   []LocalSpan        // those that Check refuses close nothing
}

// Open returns the opening hours less the closures between two instants, by the wall clock of zone.
// A span past midnight belongs to the date on which it opens, so that an exception for the next
// date leaves it alone.
func (r Rules) Open(from, to time.Time, zone *time.Location) Spans {
	if !from.Before(to) {
		return nil
	}
	c := &clock{zone: zone}
	open := r.hoursBetween(from, to, c)
	if len(open) == 0 || len(r.Closures) == 0 {
		return open
	}
	closed := r.closedBetween(from, to, c)
	if len(closed) == 0 {
		return open
	}
	return open.Minus(closed)
}

// Closed returns the closures between two instants, by the wall clock of zone.
func (r Rules) Closed(from, to time.Time, zone *time.Location) Spans {
	if !from.Before(to) {
		return nil
	}
	return r.closedBetween(from, to, &clock{zone: zone})
}

const dayLong = 24 * 3600

func (r Rules) hoursBetween(from, to time.Time, c *clock) Spans {
	window := Span{from.UTC(), to.UTC()}
	// What opened the day before may run until midnight, and a zone that skips a day moves that by
	// one more.
	first := DateOf(from, c.zone).midnight().Unix() - 2*dayLong
	last := DateOf(to, c.zone).midnight().Unix() + dayLong
	open := make(Spans, 0, (last-first)/dayLong*r.spansADay())
	inOrder := true
	for midnight := first; midnight <= last; midnight += dayLong {
		for _, s := range r.on(midnight) {
			span := Span{
				time.Unix(c.instant(midnight+int64(s.Opens)*60), 0).UTC(),
				time.Unix(c.instant(midnight+int64(s.Closes)*60), 0).UTC(),
			}
			// A span that opens in skipped time may close before it opens: then it is skipped too.
			if !span.Start.Before(span.End) {
				continue
			}
			span, any := span.Intersect(window)
			if !any {
				continue
			}
			inOrder = inOrder && (len(open) == 0 || !span.Start.Before(open[len(open)-1].Start))
			if inOrder {
				open = open.join(span)
			} else {
				open = append(open, span)
			}
		}
	}
	if !inOrder {
		return Normalize(open...)
	}
	if len(open) == 0 {
		return nil
	}
	return open
}

// spansADay is a guess for how much room the answer needs.
func (r Rules) spansADay() int64 {
	most := 0
	for _, day := range r.Week {
		most = max(most, len(day))
	}
	return int64(most)
}

// on returns the hours of the day that starts at midnight, in seconds since 1970 on the wall clock.
func (r Rules) on(midnight int64) []DaySpan {
	if len(r.Exceptions) > 0 {
		if spans, differs := r.Exceptions[dateOf(time.Unix(midnight, 0).UTC())]; differs {
			return spans
		}
	}
	// 1970-01-01 was a Thursday.
	return r.Week[((midnight/dayLong+3)%7+7)%7]
}

func (r Rules) closedBetween(from, to time.Time, c *clock) Spans {
	if len(r.Closures) == 0 {
		return nil
	}
	window := Span{from.UTC(), to.UTC()}
	// Years of past closures are passed over by their dates, without reading them.
	first, last := DateOf(from, c.zone).AddDays(-2).String(), DateOf(to, c.zone).AddDays(2).String()
	var closed []Span
	for _, l := range r.Closures {
		if l.Ends < first || l.Starts > last && l.Starts[:min(len(l.Starts), len(last))] > last {
			continue
		}
		if l.Check() != nil {
			continue
		}
		starts, _, _, _ := parseLocal(l.Starts)
		ends, _, _, _ := parseLocal(l.Ends)
		span := Span{time.Unix(c.instant(starts), 0).UTC(), time.Unix(c.instant(ends), 0).UTC()}
		if shared, any := span.Intersect(window); any {
			closed = append(closed, shared)
		}
	}
	return Normalize(closed...)
}
