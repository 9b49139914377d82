package booking

import (
	"context"
	"errors"
	"math"
	"slices"
	"sort"
	"time"

	"canot/booking/membership"
	"canot/internal/fault"
	"canot/inventory"
	"canot/inventory/hours"
)

// How far and how many alternatives are looked for.
const (
	reach         = 14 * 24 * time.Hour // before and after the wanted time
	timesEachWay  = 2
	mostResources = 3
	mostHubs      = 3
)

// alternatives finds what would be accepted instead of an ask that was refused: the
// nearest times before and after, equal resources in the same hub, and the same
// category at the nearest hubs. Each has been judged like a request of its own.
// Only the database being away makes it fail; an ask about something that is no
// longer there has none.
func (b *Book) alternatives(ctx context.Context, a ask) ([]Alternative, error) {
	wanted, ok := reasonable(a)
	if !ok {
		return nil, nil
	}
	r := b.db.Reader(ctx)
	window := hours.Span{Start: wanted.Start.Add(-reach), End: wanted.End.Add(reach)}
	if window.Start.Before(a.now.Add(-margin)) {
		window.Start = a.now.Add(-margin)
	}
	s, err := b.look(ctx, r, a.comparable(), window)
	if fault.KindOf(err) == fault.NotFound || errors.Is(err, errAgain) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	for _, l := range a.lines {
		if s.terms[l.terms.Resource.ID] == nil {
			return nil, nil
		}
	}
	f := &facts{terms: s.terms, taken: s.taken, window: s.span}
	if a.old != nil {
		f.giveBack(a.old)
	}
	w := search{a: a, f: f, wanted: wanted, standing: a.standing}
	if a.standing != nil && !a.anywhere {
		w.standing, w.read = nil, func() (*membership.Standing, error) {
			a.anywhere = true
			a, err := b.withStanding(ctx, r, a)
			return a.standing, err
		}
	}
	found := w.times(a.lines, timesEachWay, reach)
	found = append(found, w.resources(s)...)
	found = append(found, w.hubs(s)...)
	return found, w.failed
}

// AlternativesFor finds what could be booked instead of a booking that is no more, for the
// message that says so. It asks for no right: its caller writes to the booking's member.
func (b *Book) AlternativesFor(ctx context.Context, id string) ([]Alternative, error) {
	r := b.db.Reader(ctx)
	was, err := findBooking(r, id)
	if err != nil {
		return nil, err
	}
	f, err := b.factsOf(ctx, r, was.resourceIDs(), hours.Span{Start: was.StartsAt, End: was.EndsAt})
	if err != nil {
		return nil, err
	}
	a := askOf(was, f, b.db.Now())
	a.anywhere = true
	if a, err = b.withStanding(ctx, r, a); err != nil {
		return nil, err
	}
	a.old = nil
	return b.alternatives(ctx, a)
}

// comparable are the resources that might be had instead of those of an ask. A booking of one
// thing may go to another hub with the same category; any other stays where it is.
func (a ask) comparable() inventory.ResourceQuery {
	mine := a.lines[0].terms.Resource
	switch {
	case len(a.lines) > 1:
		return inventory.ResourceQuery{Hub: mine.HubID}
	case a.old != nil:
		return inventory.ResourceQuery{Hub: mine.HubID, Category: mine.CategoryID}
	}
	return inventory.ResourceQuery{Category: mine.CategoryID}
}

// giveBack takes a booking's own occupancies out of facts that do not say whose they
// are: on its own units, what overlaps it is its own.
func (f *facts) giveBack(old *Booking) {
	span := hours.Span{Start: old.StartsAt, End: old.EndsAt}
	for _, l := range old.Lines {
		for _, u := range l.Units {
			f.taken[u] = slices.DeleteFunc(slices.Clone(f.taken[u]), func(t taken) bool { return t.Overlaps(span) })
		}
	}
}

// reasonable brings the wanted span onto the grain and between shortest and longest,
// so that a request that was too short or off the grain is offered something near.
// It reports false when the span is too far from anything that can be booked.
func reasonable(a ask) (hours.Span, bool) {
	grain, shortest, longest := 1, 0, math.MaxInt
	for _, l := range a.lines {
		p := l.terms.Resource.Policy
		grain = commonGrain(grain, p.Grain)
		shortest, longest = max(shortest, p.Shortest), min(longest, p.Longest)
	}
	for _, tier := range a.verdictAlone().Lines {
		if tier.Longest > 0 {
			longest = min(longest, tier.Longest)
		}
	}
	step := time.Duration(grain) * time.Minute
	length := a.span.Duration()
	length = min(max(length, time.Duration(shortest)*time.Minute), time.Duration(longest)*time.Minute)
	length = (length + step - 1) / step * step
	if length > time.Duration(longest)*time.Minute {
		length -= step
	}
	start := grainFloor(a.span.Start, grain, a.lines[0].terms.Zone)
	far := a.now.AddDate(0, 0, 800)
	if start.After(far) {
		return hours.Span{}, false
	}
	if start.Before(a.now.Add(-24 * time.Hour)) {
		start = grainFloor(a.now, grain, a.lines[0].terms.Zone)
	}
	return hours.Span{Start: start, End: start.Add(length)}, length > 0
}

// commonGrain is the smallest grain on which both a and b lie.
func commonGrain(a, b int) int {
	x, y := a, b
	for y != 0 {
		x, y = y, x%y
	}
	return a / x * b
}

// A search looks for what would be accepted instead of an ask.
type search struct {
	a      ask
	f      *facts
	wanted hours.Span

	standing *membership.Standing                 // of the holder, for anywhere; nil until it is read
	read     func() (*membership.Standing, error) // nil where there is nothing to read
	failed   error

	last struct { // what the last that was accepted costs its holder
		cents int64
		hours bool
	}
}

// accepted reports whether a booking of these lines at this time would be.
func (w *search) accepted(lines []askLine, span hours.Span) bool {
	a := w.a
	a.lines, a.span = lines, span
	if a.moves != nil && !a.moves(a) {
		return false
	}
	// First without the person, for that needs nothing more to be read.
	a.standing = nil
	v, broken := judge(a, w.f)
	if len(broken) > 0 || w.a.standing == nil {
		w.tell(a, v)
		return len(broken) == 0
	}
	if w.standing == nil && w.failed == nil {
		w.standing, w.failed = w.read()
	}
	a.standing = w.standing
	if v, broken = judge(a, w.f); w.failed != nil || len(broken) > 0 {
		return false
	}
	w.tell(a, v)
	return true
}

// tell remembers what an accepted ask costs.
func (w *search) tell(a ask, v verdict) {
	if len(v.Lines) == len(a.lines) {
		w.last.cents, w.last.hours = price(a, v), len(v.Uses) > 0
	}
}

// alternative is one that was accepted just now, with what it costs.
func (w *search) alternative(kind string, t *inventory.Terms, span hours.Span) Alternative {
	alt := alternative(kind, t, span)
	alt.PriceCents, alt.Currency, alt.TakesHours = w.last.cents, t.Currency, w.last.hours
	return alt
}

// times finds the nearest times at which all lines would be accepted, up to each on
// either side. It steps over the grain within what is free, so that only few
// candidates are judged.
func (w *search) times(lines []askLine, each int, within time.Duration) []Alternative {
	grain := 1
	for _, l := range lines {
		grain = commonGrain(grain, l.terms.Resource.Policy.Grain)
	}
	length := w.wanted.Duration()
	free := w.free(lines, within)
	zone := lines[0].terms.Zone
	start := grainFloor(w.wanted.Start, grain, zone)
	var found []Alternative
	for _, way := range []int{-1, 1} {
		n := 0
		first := 0
		if way < 0 {
			first = 1
		}
		for k := first; n < each; k++ {
			at, ok := stepOnGrain(start, way*k*grain, zone)
			if at.Sub(start).Abs() > within {
				break
			}
			span := hours.Span{Start: at, End: at.Add(length)}
			if !ok || !anyContains(free, span) || span == w.a.span || !w.accepted(lines, span) {
				continue
			}
			found = append(found, w.alternative("time", lines[0].terms, span))
			n++
		}
	}
	sort.SliceStable(found, func(i, j int) bool {
		return found[i].StartsAt.Sub(w.wanted.Start).Abs() < found[j].StartsAt.Sub(w.wanted.Start).Abs()
	})
	return found
}

// stepOnGrain goes some minutes of wall-clock time from start, and reports whether
// that time exists there.
func stepOnGrain(start time.Time, minutes int, zone *time.Location) (time.Time, bool) {
	at := start.Add(time.Duration(minutes) * time.Minute)
	_, was := start.In(zone).Zone()
	_, is := at.In(zone).Zone()
	at = at.Add(time.Duration(was-is) * time.Second)
	_, now := at.In(zone).Zone()
	return at, now == is
}

// free are the intervals in which every line has its quantity free.
func (w *search) free(lines []askLine, within time.Duration) []hours.Span {
	window := hours.Span{Start: w.wanted.Start.Add(-within), End: w.wanted.End.Add(within)}
	var common []hours.Span
	for i, l := range lines {
		var spans []hours.Span
		for _, f := range workOutFree(l.terms, w.f.taken, boundsOf(l.terms, window, w.a.now), w.a.now, l.quantity) {
			spans = append(spans, hours.Span{Start: f.StartsAt, End: f.EndsAt})
		}
		if i == 0 {
			common = spans
			continue
		}
		var both []hours.Span
		for _, x := range common {
			for _, y := range spans {
				if z, ok := x.Intersect(y); ok {
					both = append(both, z)
				}
			}
		}
		common = both
	}
	return common
}

func anyContains(free []hours.Span, span hours.Span) bool {
	for _, f := range free {
		if f.Contains(span) {
			return true
		}
	}
	return false
}

// resources finds equal resources in the same hub at the wanted time: of the same
// category and kind, for the one line that cannot be had.
func (w *search) resources(s *sight) []Alternative {
	at, ok := w.failing()
	if !ok {
		return nil
	}
	var found []Alternative
	mine := w.a.lines[at].terms.Resource
	for _, id := range s.order {
		t := s.terms[id]
		if len(found) == mostResources {
			break
		}
		if id == mine.ID || t.Resource.HubID != mine.HubID || t.Resource.CategoryID != mine.CategoryID || t.Resource.Kind != mine.Kind {
			continue
		}
		if lines := w.instead(at, t); w.accepted(lines, w.wanted) {
			alt := w.alternative("resource", t, w.wanted)
			alt.Instead = mine.Slug
			found = append(found, alt)
		}
	}
	return found
}

// hubs finds the same category at the nearest hubs: at the wanted time where it can
// be had then, else at the nearest time within a week. A booking is at one hub, so
// only a booking of one line can go to another.
func (w *search) hubs(s *sight) []Alternative {
	if len(w.a.lines) != 1 || w.a.old != nil {
		return nil
	}
	mine := w.a.lines[0].terms
	type place struct {
		terms *inventory.Terms
		km    float64
	}
	var near []place
	for _, id := range s.order {
		t := s.terms[id]
		if t.Resource.HubID == mine.Resource.HubID || t.Resource.CategoryID != mine.Resource.CategoryID || t.Resource.Kind != mine.Resource.Kind {
			continue
		}
		near = append(near, place{t, inventory.Distance(mine.Latitude, mine.Longitude, t.Latitude, t.Longitude)})
	}
	sort.SliceStable(near, func(i, j int) bool { return near[i].km < near[j].km })
	var found []Alternative
	used := map[string]bool{}
	for _, p := range near {
		if len(found) == mostHubs {
			break
		}
		if used[p.terms.Resource.HubID] {
			continue
		}
		lines := w.instead(0, p.terms)
		var alt Alternative
		if w.accepted(lines, w.wanted) {
			alt = w.alternative("hub", p.terms, w.wanted)
		} else if times := w.times(lines, 1, reach/2); len(times) > 0 {
			alt = times[0]
			alt.Kind = "hub"
		} else {
			continue
		}
		alt.DistanceKm, alt.Instead = math.Round(p.km), mine.Resource.Slug
		used[p.terms.Resource.HubID] = true
		found = append(found, alt)
	}
	return found
}

// failing is the line that would have to be replaced for the wanted time to be
// accepted, when it is only one.
func (w *search) failing() (int, bool) {
	at, n := 0, 0
	a := w.a
	a.span = w.wanted
	for i, l := range a.lines {
		_, missing := chooseUnits(a, i, w.f)
		if len(missing) > 0 || len(judgePolicy(a, l, membership.LineVerdict{})) > 0 {
			at = i
			n++
		}
	}
	return at, n == 1
}

// instead are the lines with another resource in place of one.
func (w *search) instead(at int, t *inventory.Terms) []askLine {
	lines := append([]askLine(nil), w.a.lines...)
	lines[at].terms = t
	return lines
}

func alternative(kind string, t *inventory.Terms, span hours.Span) Alternative {
	return Alternative{Kind: kind, Resource: t.Resource.Slug, Hub: t.HubSlug, StartsAt: span.Start, EndsAt: span.End,
		ResourceName: t.Resource.Name, HubName: t.HubName, Town: t.Town, Zone: t.Zone}
}
