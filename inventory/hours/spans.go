// Package hours is the arithmetic of opening time: spans of instants, weekly hours, dated
// exceptions, closures, and the way from a wall clock to an instant and back, in any zone, across
// every change of its clocks.
//
// It knows dates, minutes of a day and the zone data that it carries. It refuses to know what a hub
// or a booking is, what time it is now, and where the hours are stored; it reads nothing but zone
// data. It never uses the zone data built into Go, which may be older than the law.
//
// Everything here is a value or a pure function and may be used by several goroutines at once.
// Start reading at Rules.Open, then At and LoadZone.
package hours

import (
	"slices"
	"sort"
	"time"
)

// A Span is a stretch of time, from Start up to and not including End. It is never empty: whoever
// makes one sees to it that Start is before End.
type Span struct{ Start, End time.Time }

// Overlaps reports whether s and o share an instant. Spans that only touch do not overlap.
func (s Span) Overlaps(o Span) bool {
	return s.Start.Before(o.End) && o.Start.Before(s.End)
}

// Contains reports whether all of o lies in s.
func (s Span) Contains(o Span) bool {
	return !o.Start.Before(s.Start) && !o.End.After(s.End)
}

// Duration returns how long s lasts, in elapsed time.
func (s Span) Duration() time.Duration { return s.End.Sub(s.Start) }

// Intersect returns what s and o share, and whether that is anything at all.
func (s Span) Intersect(o Span) (Span, bool) {
	if !s.Overlaps(o) {
		return Span{}, false
	}
	if o.Start.After(s.Start) {
		s.Start = o.Start
	}
	if o.End.Before(s.End) {
		s.End = o.End
	}
	return s, true
}

// Spans are in order of time, share no instant and do not touch. Nil is no time at all. The
// functions of this package return such Spans and expect them; Normalize makes them of any spans.
type Spans []Span

// Normalize returns the instants that lie in any of spans. Empty and inverted spans hold none. The
// argument is not changed.
func Normalize(spans ...Span) Spans {
	sorted := make(Spans, 0, len(spans))
	for _, s := range spans {
		if s.Start.Before(s.End) {
			sorted = append(sorted, s)
		}
	}
	slices.SortFunc(sorted, func(a, b Span) int { return a.Start.Compare(b.Start) })
	merged := sorted[:0]
	for _, s := range sorted {
		merged = merged.join(s)
	}
	if len(merged) == 0 {
		return nil
	}
	return merged
}

// join appends a span that starts no earlier than the last one, merging it where it touches.
func (s Spans) join(next Span) Spans {
	if n := len(s); n > 0 && !s[n-1].End.Before(next.Start) {
		if s[n-1].End.Before(next.End) {
			s[n-1].End = next.End
		}
		return s
	}
	return append(s, next)
}

// Union returns the instants that lie in s or in o.
func (s Spans) Union(o Spans) Spans {
	switch {
	case len(s) == 0:
		return slices.Clone(o)
	case len(o) == 0:
		return slices.Clone(s)
	}
	return Normalize(append(slices.Clone(s), o...)...)
}

// Minus returns the instants that lie in s and not in o.
func (s Spans) Minus(o Spans) Spans {
	if len(o) == 0 {
		return slices.Clone(s)
	}
	if len(s) == 0 {
		return nil
	}
	left := make(Spans, 0, len(s)+len(o))
	next := 0
	for _, whole := range s {
		for next < len(o) && !o[next].End.After(whole.Start) {
			next++
		}
		from := whole.Start
		for i := next; i < len(o) && o[i].Start.Before(whole.End); i++ {
			if from.Before(o[i].Start) {
				left = append(left, Span{from, o[i].Start})
			}
			from = o[i].End
		}
		if from.Before(whole.End) {
			left = append(left, Span{from, whole.End})
		}
	}
	if len(left) == 0 {
		return nil
	}
	return left
}

// Intersect returns the instants that lie in both s and o.
func (s Spans) Intersect(o Spans) Spans {
	var shared Spans
	for i, j := 0, 0; i < len(s) && j < len(o); {
		if both, any := s[i].Intersect(o[j]); any {
			shared = append(shared, both)
		}
		if s[i].End.Before(o[j].End) {
			i++
		} else {
			j++
		}
	}
	return shared
}

// Covers reports whether all of span lies in one of s.
func (s Spans) Covers(span Span) bool {
	around, found := s.At(span.Start)
	return found && !span.End.After(around.End)
}

// At returns the one of s in which t lies, and whether there is one.
func (s Spans) At(t time.Time) (Span, bool) {
	i := sort.Search(len(s), func(i int) bool { return s[i].End.After(t) })
	if i < len(s) && !s[i].Start.After(t) {
		return s[i], true
	}
	return Span{}, false
}

// Duration returns how long s lasts in all, in elapsed time.
func (s Spans) Duration() time.Duration {
	var sum time.Duration
	for _, one := range s {
		sum += one.Duration()
	}
	return sum
}
