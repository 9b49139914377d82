package booking

import (
	"context"
	"slices"
	"time"

	"canot/booking/membership"
	"canot/internal/database"
	"canot/internal/fault"
	"canot/internal/identity"
	"canot/inventory"
	"canot/inventory/hours"
)

// leastStep is the finest step at which slots are offered, in minutes, however fine the
// grain: a list of every fifth minute is read by nobody.
const leastStep = 15

// usualLength is how long a slot is when nobody says, where the policies allow it.
const usualLength = time.Hour

// A SlotQuery asks when a basket could be had: all its lines at once, at one hub.
type SlotQuery struct {
	Lines    []Want        // at most 20
	From, To time.Time     // slots begin in [From, To), at most 92 days
	Length   time.Duration // elapsed; 0 with Days 0 means the usual length
	Days     int           // above 0: so many days later at the same time of the hub's clock, instead of Length
	Moving   *Booking      // a booking that is to be moved, whose own time is free for that; nil for none
}

// Slots are the times at which a basket could be had.
//
// The usual length is an hour, as far as the policies allow it; it is a day for equipment
// that leaves the hub. Step is the grain that all lines share, and never finer than a
// quarter of an hour: of a finer grain, the multiples that divide the hour.
type Slots struct {
	Terms []*inventory.Terms // of each line, in the order of the query; shared, never changed
	Hub   string             // slug
	Zone  *time.Location     // of the hub

	Step, Shortest, Longest time.Duration // what all lines allow together, the tier of who asks counted; nothing fits when Shortest is above Longest
	Length                  time.Duration // as used; 0 when Days is above 0
	Days                    int           // as used
	Free                    []Slot        // in order of start
}

// A Slot is a time at which a basket could be had.
type Slot struct {
	StartsAt, EndsAt time.Time
	Quantity         int // how many times over
}

// Slots finds the free times of a basket for somebody who would book for themself. Every
// slot passes the rules of time that Place applies: what is taken, opening hours, closures,
// grain, lengths, notice and horizon, of the policies and of the holder's tier. What
// Place asks of persons beside it is not judged: it is no matter of time, and Preview
// says it. Nothing is free of what is archived.
//
// It is one statement when nothing was written to the units since they were last asked
// for and two when something was, whatever the size of the basket and of the network; and
// one more when who asks was not seen in the last seconds. Errors are NotFound for an
// unknown resource, Malformed for a query that cannot be, and the *Refusal of Place for
// lines of several hubs.
func (b *Book) Slots(ctx context.Context, who identity.Actor, q SlotQuery) (Slots, error) {
	window := hours.Span{Start: second(q.From), End: second(q.To)}
	one := 1
	if err := checkWindow(window, &one); err != nil {
		return Slots{}, err
	}
	if q.Length < 0 || q.Days < 0 {
		return Slots{}, fault.Field("length", "ends_before_start")
	}
	r := b.db.Reader(ctx)
	seen, units, lines, err := b.basket(ctx, r, q.Lines)
	if err != nil {
		return Slots{}, err
	}
	standing, err := b.roster.Reaching(ctx, who.ID)
	if err != nil {
		return Slots{}, err
	}
	reaches := reachesOf(standing, window)
	for i := range lines {
		lines[i].reaches = reaches(lines[i].terms)
	}
	s, err := b.measured(r, q, lines)
	if err != nil {
		return Slots{}, err
	}
	now := b.db.Now()
	window = startsOf(window, lines, now)
	if !s.possible(window, lines) {
		return s, nil
	}
	whole := hours.Span{Start: window.Start, End: s.after(window.End).Add(time.Hour)} // a change of clocks may lengthen the last
	if err := b.fill(r, seen, units, whole); err != nil {
		return Slots{}, err
	}
	if q.Moving != nil {
		f := facts{taken: seen.taken}
		f.giveBack(q.Moving)
	}
	for i := range lines {
		lines[i].open(seen, whole, now)
	}
	for _, start := range starts(window, int(s.Step/time.Minute), s.Zone) {
		span := hours.Span{Start: start, End: s.after(start)}
		if n := quantityOf(lines, span); n > 0 {
			s.Free = append(s.Free, Slot{StartsAt: span.Start, EndsAt: span.End, Quantity: n})
		}
	}
	return s, nil
}

// basket finds the resources of some lines, each resource once, and refuses those of several hubs.
func (b *Book) basket(ctx context.Context, r database.Reader, wants []Want) (*sight, []inventory.UnitVersion, []slotLine, error) {
	merged, err := b.mergeLines(r, wants)
	if err != nil {
		return nil, nil, nil, err
	}
	ids, missing := make([]string, len(merged)), map[string]int64{}
	for i, w := range merged {
		ids[i] = w.Resource
	}
	seen, units, err := b.find(ctx, r, inventory.ResourceQuery{Among: ids})
	if err != nil {
		return nil, nil, nil, err
	}
	for _, id := range ids {
		if seen.terms[id] == nil {
			missing[id] = 0 // archived: whatever its terms are now
		}
	}
	archived, err := b.catalog.Terms(ctx, r, missing)
	if err != nil {
		return nil, nil, nil, err
	}
	lines := make([]slotLine, len(merged))
	var broken []fault.Violation
	for i, w := range merged {
		t := seen.terms[w.Resource]
		if t == nil {
			t = archived[w.Resource]
		}
		if t == nil {
			return nil, nil, nil, fault.New(fault.NotFound, "resource_not_found", nil)
		}
		lines[i] = slotLine{terms: t, quantity: w.Quantity}
		if t.Resource.HubID != lines[0].terms.Resource.HubID {
			broken = append(broken, about(askLine{t, w.Quantity}, true, fault.Violation{Code: "one_hub", Params: fault.Params{}}))
		}
	}
	if len(broken) > 0 {
		return nil, nil, nil, &Refusal{Fault: refusalOf(broken)}
	}
	return seen, units, lines, nil
}

// measured says what all lines allow together, and how long the slots will be.
func (b *Book) measured(r database.Reader, q SlotQuery, lines []slotLine) (Slots, error) {
	t := lines[0].terms
	s := Slots{Hub: t.HubSlug, Zone: t.Zone, Length: q.Length.Truncate(time.Second), Days: q.Days, Free: []Slot{}}
	keys := make([]string, len(q.Lines))
	for i, w := range q.Lines {
		keys[i] = w.Resource
	}
	ids, err := b.resolve(r, keys)
	if err != nil {
		return s, err
	}
	for _, id := range ids {
		at := slices.IndexFunc(lines, func(l slotLine) bool { return l.terms.Resource.ID == id })
		s.Terms = append(s.Terms, lines[at].terms)
	}
	s.measure(lines)
	return s, nil
}

// measure works out what all lines allow together, and the usual length where none is asked
// for: a day of what leaves the hub, else an hour.
func (s *Slots) measure(lines []slotLine) {
	grain, shortest, longest, lent := 1, 0, 0, true
	for i, l := range lines {
		x := l.terms.Resource
		grain = commonGrain(grain, x.Policy.Grain)
		shortest = max(shortest, x.Policy.Shortest)
		if most := l.longest(); i == 0 || most < longest {
			longest = most
		}
		lent = lent && x.Kind == inventory.Equipment && x.Policy.Within == inventory.EndsInside
	}
	grain = min(grain, 24*60) // midnight is on every grain
	minutes := func(n int) time.Duration { return time.Duration(n) * time.Minute }
	up := func(n int) int { return (n + grain - 1) / grain * grain }
	s.Step, s.Shortest, s.Longest = minutes(stepOf(grain)), minutes(up(shortest)), minutes(longest/grain*grain)
	switch day := 24 * time.Hour; {
	case s.Days > 0:
		s.Length = 0
	case s.Length > 0:
	case lent && s.Shortest <= day && day <= s.Longest:
		s.Days = 1
	default:
		s.Length = min(max(minutes(up(int(usualLength/time.Minute))), s.Shortest), max(s.Longest, s.Shortest))
	}
}

// stepOf is the step at which slots of a grain are offered.
func stepOf(grain int) int {
	for _, whole := range []int{60, 24 * 60} {
		for step := grain; step <= whole; step += grain {
			if step >= leastStep && whole%step == 0 {
				return step
			}
		}
	}
	return grain
}

// after is when a slot ends that begins at start.
func (s *Slots) after(start time.Time) time.Time {
	if s.Days > 0 {
		return hours.At(hours.DateOf(start, s.Zone).AddDays(s.Days), hours.MinuteOf(start, s.Zone), s.Zone)
	}
	return start.Add(s.Length)
}

// possible reports whether anything could be free at all, so that no more need be read.
func (s *Slots) possible(window hours.Span, lines []slotLine) bool {
	if !window.End.After(window.Start) || s.Length > longestLook || s.Days > maxDays+1 {
		return false
	}
	return !slices.ContainsFunc(lines, func(l slotLine) bool {
		return l.terms.Resource.Archived || l.quantity > len(l.terms.Units)
	})
}

// startsOf cuts a window to when a booking of all lines may begin: after the notice, and
// before the horizon.
func startsOf(window hours.Span, lines []slotLine, now time.Time) hours.Span {
	for i := range lines {
		l := &lines[i]
		p, zone := l.terms.Resource.Policy, l.terms.Zone
		l.last = latest(p, zone, now)
		if first := earliest(p, zone, now); first.After(window.Start) {
			window.Start = first
		}
		if l.last.Before(window.End) {
			window.End = l.last
		}
	}
	return window
}

// starts returns the instants in a window at which the clocks of a zone show a multiple
// of step minutes after midnight, in order: both where they show it twice, and none where
// they skip it.
func starts(window hours.Span, step int, zone *time.Location) []time.Time {
	const day = 24 * 60 * 60
	var all []time.Time
	for at := window.Start; at.Before(window.End); {
		local := at.In(zone)
		_, offset := local.Zone()
		_, until := local.ZoneBounds()
		if until.IsZero() || until.After(window.End) {
			until = window.End
		} else if !until.After(at) {
			until = at.Add(time.Hour) // past its tables, a zone's bounds may lie behind
		}
		from, to := at.Unix(), until.Unix()
		for midnight := (from+int64(offset))/day*day - int64(offset); midnight < to; midnight += day {
			for minute := 0; minute < 24*60; minute += step {
				if t := midnight + int64(minute)*60; t >= from && t < to {
					all = append(all, time.Unix(t, 0).UTC())
				}
			}
		}
		at = until
	}
	return all
}

// A slotLine is a line of a basket, while slots are looked for.
type slotLine struct {
	terms    *inventory.Terms
	quantity int
	reaches  []membership.Reach // of who asks; none when no tier says anything
	last     time.Time          // by when a booking must have ended, as the policy says
	lasts    []time.Time        // and as each of reaches says, where it does

	opened, closed hours.Spans
	gaps           [][]hours.Span // when each unit could be given, in order
	passed         []int          // how many gaps of each unit ended before the slot that was last asked for
}

// longest is how many minutes the policy and the tier allow, the tier that allows most
// where several follow each other.
func (l *slotLine) longest() int {
	most, policy := 0, l.terms.Resource.Policy.Longest
	for _, r := range l.reaches {
		if r.Longest == 0 {
			return policy
		}
		most = max(most, r.Longest)
	}
	if len(l.reaches) == 0 {
		return policy
	}
	return min(most, policy)
}

// open works out when a line's hub is open and its units are free.
func (l *slotLine) open(seen *sight, whole hours.Span, now time.Time) {
	t := l.terms
	l.lasts = make([]time.Time, len(l.reaches))
	for i, r := range l.reaches {
		l.lasts[i] = latestWithin(r.Horizon, t.Zone, now)
	}
	l.opened = t.Hours.Open(whole.Start.Add(-margin), whole.End.Add(margin), t.Zone)
	l.closed = t.Hours.Closed(whole.Start.Add(-margin), whole.End.Add(margin), t.Zone)
	l.gaps, l.passed = make([][]hours.Span, len(t.Units)), make([]int, len(t.Units))
	for i, u := range t.Units {
		l.gaps[i] = gaps(seen.taken[u.ID], whole, t.Resource.Policy, now)
	}
}

// quantityOf is how many times all lines could be had in a span. The spans of one search
// must come in order of start.
func quantityOf(lines []slotLine, span hours.Span) int {
	for i := range lines {
		if !lines[i].allows(span) {
			return 0
		}
	}
	most := 0
	for i := range lines {
		n := lines[i].free(span) / lines[i].quantity
		if n == 0 {
			return 0
		}
		if i == 0 || n < most {
			most = n
		}
	}
	return most
}

// allows reports whether the rules of time of judgePolicy let a line be booked for a span
// that begins on the grain and not too soon.
func (l *slotLine) allows(span hours.Span) bool {
	p, zone, length := l.terms.Resource.Policy, l.terms.Zone, span.Duration()
	if length < time.Duration(p.Shortest)*time.Minute || length > time.Duration(p.Longest)*time.Minute ||
		!onGrain(span.End, p.Grain, zone) || span.End.After(l.last) {
		return false
	}
	tier, last := l.reachOn(hours.DateOf(span.Start, zone))
	if tier.Longest > 0 && length > time.Duration(tier.Longest)*time.Minute || tier.Horizon > 0 && span.End.After(last) {
		return false
	}
	return fits(span, p.Within, l.opened, l.closed) || tier.AfterHours && fits(span, inventory.Any, l.opened, l.closed)
}

// reachOn is how who asks may book on a day, and by when that must have ended.
func (l *slotLine) reachOn(day hours.Date) (membership.Reach, time.Time) {
	for i, r := range l.reaches {
		if !r.Until.Before(day) {
			return r, l.lasts[i]
		}
	}
	return membership.Reach{}, time.Time{}
}

// free counts the units that could be given for a span.
func (l *slotLine) free(span hours.Span) int {
	n := 0
	for i, all := range l.gaps {
		at := l.passed[i]
		for at < len(all) && !all[at].End.After(span.Start) {
			at++
		}
		l.passed[i] = at
		if at < len(all) && all[at].Contains(span) {
			n++
		}
	}
	return n
}
