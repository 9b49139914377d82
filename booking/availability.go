package booking

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"sort"
	"time"

	"canot/booking/membership"
	"canot/internal/database"
	"canot/internal/fault"
	"canot/internal/identity"
	"canot/inventory"
	"canot/inventory/hours"
)

// maxDays bounds the window of one call for availability.
const maxDays = 92

// An AvailabilityQuery asks when things are free. Keys are ids or slugs; those that
// are empty do not narrow.
type AvailabilityQuery struct {
	Resource, Hub, Region, Kind, Category, Tag string
	Q                                          string   // words that must all be found, as inventory.ResourceQuery has them
	Among                                      []string // only these resources, by id: at most 200; none does not narrow
	From, To                                   time.Time
	Quantity                                   int  // at least this many units, each free for the whole of an interval; 0 means 1
	Opening                                    bool // opening hours are wanted too, which Browse gives unasked
}

// resources are what a query names.
func (q AvailabilityQuery) resources() inventory.ResourceQuery {
	return inventory.ResourceQuery{
		Resource: q.Resource, Hub: q.Hub, Region: q.Region, Kind: q.Kind, Category: q.Category,
		Tag: q.Tag, Q: q.Q, Among: q.Among,
	}
}

// Available returns the free time of every resource that the query names, with
// opening hours, closures, buffers, maintenance, notice and horizon applied. It is
// one statement when nothing was written to the units since they were last asked
// for, and two when something was, however many they are. Nothing is stored.
func (b *Book) Available(ctx context.Context, who identity.Actor, q AvailabilityQuery) ([]Availability, error) {
	window := hours.Span{Start: second(q.From), End: second(q.To)}
	if err := checkWindow(window, &q.Quantity); err != nil {
		return nil, err
	}
	r := b.db.Reader(ctx)
	seen, err := b.look(ctx, r, q.resources(), window)
	if err != nil {
		return nil, err
	}
	standing, err := b.roster.Reaching(ctx, who.ID)
	if err != nil {
		return nil, err
	}
	now := b.db.Now()
	reaches := reachesOf(standing, window)
	all := make([]Availability, 0, len(seen.order))
	for _, id := range seen.order {
		t := seen.terms[id]
		one := availabilityOf(t)
		one.Free = b.freeFor(reaches(t), t, seen, window, now, q.Quantity)
		if q.Opening {
			one.Open = t.Hours.Open(window.Start, window.End, t.Zone)
		}
		all = append(all, one)
	}
	return all, nil
}

// availabilityOf names a resource whose free time is to be said.
func availabilityOf(t *inventory.Terms) Availability {
	return Availability{ResourceID: t.Resource.ID, ResourceSlug: t.Resource.Slug, HubSlug: t.HubSlug, Terms: t}
}

// reachesOf tells how somebody may book each resource in a window, worked out once for
// each hub and category.
func reachesOf(s *membership.Standing, window hours.Span) func(*inventory.Terms) []membership.Reach {
	type place struct {
		hub, category string
		kind          inventory.Kind
	}
	known := map[place][]membership.Reach{}
	return func(t *inventory.Terms) []membership.Reach {
		x := t.Resource
		if s.Boundless() && len(x.Policy.Tiers) == 0 {
			return nil
		}
		at := place{x.HubID, x.CategoryID, x.Kind}
		reaches, ok := known[at]
		if !ok {
			reaches = s.Reaches(x.HubID, t.RegionID, x.Kind, x.CategoryID, hours.DateOf(window.Start, t.Zone), hours.DateOf(window.End, t.Zone))
			known[at] = reaches
		}
		return reaches
	}
}

// freeFor is the free time of one resource for somebody: as far ahead as their tier
// reaches on each day, and after hours where it opens the door. What begins under one
// tier and ends under another is shown under neither.
func (b *Book) freeFor(reaches []membership.Reach, t *inventory.Terms, seen *sight, window hours.Span, now time.Time, quantity int) []Free {
	tiers := t.Resource.Policy.Tiers
	if len(reaches) == 0 || len(reaches) == 1 && reaches[0].Horizon == 0 && !reaches[0].AfterHours && len(tiers) == 0 {
		return b.freeOf(t, seen, window, now, quantity)
	}
	free := []Free{}
	for i, r := range reaches {
		part := window
		if i > 0 {
			part.Start = hours.At(r.From, 0, t.Zone)
		}
		if i < len(reaches)-1 {
			part.End = hours.At(r.Until.AddDays(1), 0, t.Zone)
		}
		if r.Horizon > 0 {
			if last := latestWithin(r.Horizon, t.Zone, now); last.Before(part.End) {
				part.End = last
			}
		}
		if !part.End.After(part.Start) || len(tiers) > 0 && !slices.Contains(tiers, r.Tier) {
			continue
		}
		open := t
		if r.AfterHours && t.Resource.Policy.Within != inventory.Any {
			always := *t
			always.Resource.Policy.Within = inventory.Any
			open = &always
		}
		found := b.freeOf(open, seen, part, now, quantity)
		if r.AfterHours && t.Resource.Policy.Within == inventory.EndsInside {
			// What ends inside may lie over a closure, which who comes after hours may not.
			found = widest(found, b.freeOf(t, seen, part, now, quantity))
		}
		free = append(free, found...)
	}
	return free
}

// widest joins two lists of free intervals, leaving out those that lie within another.
func widest(x, y []Free) []Free {
	all := slices.Concat(x, y)
	slices.SortFunc(all, func(a, b Free) int { return cmp.Or(a.StartsAt.Compare(b.StartsAt), b.EndsAt.Compare(a.EndsAt)) })
	kept := all[:0]
	for _, f := range all {
		if n := len(kept); n == 0 || f.EndsAt.After(kept[n-1].EndsAt) {
			kept = append(kept, f)
		}
	}
	return kept
}

func checkWindow(w hours.Span, quantity *int) error {
	if *quantity == 0 {
		*quantity = 1
	}
	switch {
	case *quantity < 0 || *quantity > 1_000_000:
		return fault.Field("quantity", "bad_quantity")
	case !w.End.After(w.Start):
		return fault.Field("to", "ends_before_start")
	case w.End.Sub(w.Start) > maxDays*24*time.Hour+time.Hour:
		return &fault.Error{Kind: fault.Refused, Code: "rules", Violations: []fault.Violation{
			{Code: "window_too_long", Params: fault.Params{"field": "to", "most": maxDays}}}}
	}
	return nil
}

// A sight is what look found: some resources, their terms, and when their units are taken.
type sight struct {
	order []string // resource ids, by slug
	terms map[string]*inventory.Terms
	taken map[string][]taken
	span  hours.Span       // what taken is known for
	units map[string]int64 // by resource, the versions of its units added up: they only rise
	rules map[string]int64 // by resource, the version of its rules at which units were read
}

// look finds the resources that match q, and when their units are taken in a
// window, out of what is remembered as far as the units' versions allow.
func (b *Book) look(ctx context.Context, r database.Reader, q inventory.ResourceQuery, window hours.Span) (*sight, error) {
	s, units, err := b.find(ctx, r, q)
	if err != nil {
		return nil, err
	}
	if err := b.fill(r, s, units, window); err != nil {
		return nil, err
	}
	sort.Slice(s.order, func(i, j int) bool {
		return s.terms[s.order[i]].Resource.Slug < s.terms[s.order[j]].Resource.Slug
	})
	return s, nil
}

// find finds the resources that match q and their terms, in no order, and the versions of their units.
func (b *Book) find(ctx context.Context, r database.Reader, q inventory.ResourceQuery) (*sight, []inventory.UnitVersion, error) {
	units, err := b.catalog.UnitVersions(r, q)
	if err != nil {
		return nil, nil, err
	}
	rules := map[string]int64{}
	s := &sight{taken: make(map[string][]taken, len(units)), units: map[string]int64{}, rules: rules}
	for _, u := range units {
		if _, ok := rules[u.ResourceID]; !ok {
			s.order = append(s.order, u.ResourceID)
		}
		rules[u.ResourceID] = u.RulesVersion
	}
	s.terms, err = b.catalog.Terms(ctx, r, rules)
	return s, units, err
}

// fill adds when units are taken in a window.
func (b *Book) fill(r database.Reader, s *sight, units []inventory.UnitVersion, window hours.Span) error {
	s.span = withBuffers(window, s.terms)
	cold := map[string]int64{}
	for _, u := range units {
		if u.UnitID == nil {
			continue
		}
		s.units[u.ResourceID] += *u.UnitVersion
		if got, ok := b.spans.find(*u.UnitID, *u.UnitVersion, s.span); ok {
			s.taken[*u.UnitID] = got
		} else {
			cold[*u.UnitID] = *u.UnitVersion
		}
	}
	return b.warm(r, cold, s)
}

// withBuffers widens a window by the longest buffers, to whole hours.
func withBuffers(w hours.Span, terms map[string]*inventory.Terms) hours.Span {
	before, after := 0, 0
	for _, t := range terms {
		before, after = max(before, t.Resource.Policy.BufferBefore), max(after, t.Resource.Policy.BufferAfter)
	}
	return hours.Span{
		Start: w.Start.Add(-time.Duration(before) * time.Minute).Truncate(time.Hour),
		End:   w.End.Add(time.Duration(after)*time.Minute + time.Hour - time.Second).Truncate(time.Hour),
	}
}

// takenRow is an occupancy, as far as free time depends on it.
type takenRow struct {
	UnitID   string     `db:"unit_id"`
	StartsAt time.Time  `db:"starts_at"`
	EndsAt   time.Time  `db:"ends_at"`
	LapsesAt *time.Time `db:"lapses_at"`
}

// selectTaken reads what touches a window, as selectFacts does, for many units.
const selectTaken = `
	SELECT o.unit_id, o.starts_at, o.ends_at, o.lapses_at
	FROM occupancies o
	WHERE o.unit_id IN ($list) AND o.live AND o.starts_at > $1 AND o.starts_at < $2
	UNION ALL
	SELECT o.unit_id, o.starts_at, o.ends_at, o.lapses_at
	FROM units u JOIN occupancies o ON o.id = (
		SELECT p.id FROM occupancies p
		WHERE p.unit_id = u.id AND p.live AND p.starts_at <= $1 ORDER BY p.starts_at DESC LIMIT 1)
	WHERE u.id IN ($list) AND o.ends_at > $1`

// warm reads when units are taken and remembers it under the versions that were read
// a moment before. If a unit has changed in between, the versions say so at the next
// look, for they only rise.
func (b *Book) warm(r database.Reader, cold map[string]int64, s *sight) error {
	if len(cold) == 0 {
		return nil
	}
	rows := make([]takenRow, 0, 16*len(cold))
	if err := r.SelectIn(&rows, selectTaken, slices.Sorted(maps.Keys(cold)), s.span.Start, s.span.End); err != nil {
		return err
	}
	for _, row := range rows {
		t := taken{Span: hours.Span{Start: row.StartsAt, End: row.EndsAt}}
		if row.LapsesAt != nil {
			t.lapses = *row.LapsesAt
		}
		s.taken[row.UnitID] = append(s.taken[row.UnitID], t)
	}
	for unit, version := range cold {
		all := s.taken[unit]
		slices.SortFunc(all, func(x, y taken) int { return x.Start.Compare(y.Start) })
		b.spans.keep(unit, version, s.span, all)
	}
	return nil
}

// freeOf returns the free intervals of one resource, as they were worked out before
// when nothing has changed since. A hold that may lapse changes them without a trace,
// so what depends on one is not remembered.
func (b *Book) freeOf(t *inventory.Terms, s *sight, window hours.Span, now time.Time, quantity int) []Free {
	bounds := boundsOf(t, window, now)
	key := freeKey{s.rules[t.Resource.ID], s.units[t.Resource.ID], bounds, quantity, t.Resource.Policy.Within}
	if free, ok := b.free.find(t.Resource.ID, key); ok {
		return free
	}
	free := workOutFree(t, s.taken, bounds, now, quantity)
	if !slices.ContainsFunc(t.Units, func(u inventory.Unit) bool {
		return slices.ContainsFunc(s.taken[u.ID], func(x taken) bool { return !x.lapses.IsZero() })
	}) {
		b.free.keep(t.Resource.ID, key, free)
	}
	return free
}

// boundsOf cuts a window to what notice and horizon leave of it now.
func boundsOf(t *inventory.Terms, window hours.Span, now time.Time) hours.Span {
	if first := earliest(t.Resource.Policy, t.Zone, now); first.After(window.Start) {
		window.Start = first
	}
	if last := latest(t.Resource.Policy, t.Zone, now); last.Before(window.End) {
		window.End = last
	}
	return window
}

// workOutFree computes the maximal intervals within bounds in which at least quantity
// units of a resource are each free throughout.
func workOutFree(t *inventory.Terms, taken map[string][]taken, bounds hours.Span, now time.Time, quantity int) []Free {
	free := []Free{}
	p := t.Resource.Policy
	if !bounds.End.After(bounds.Start) || quantity > len(t.Units) {
		return free
	}
	var open, closed hours.Spans
	if p.Within == inventory.Any {
		closed = t.Hours.Closed(bounds.Start, bounds.End, t.Zone)
	} else {
		open = t.Hours.Open(bounds.Start.Add(-margin), bounds.End.Add(margin), t.Zone)
	}
	shortest := time.Duration(p.Shortest) * time.Minute
	var all []hours.Span
	for _, u := range t.Units {
		for _, gap := range gaps(taken[u.ID], bounds, p, now) {
			switch p.Within {
			case inventory.Inside:
				all = appendInside(all, gap, open, shortest)
			case inventory.EndsInside:
				if span, ok := snap(gap, open); ok && span.Duration() >= shortest {
					all = append(all, span)
				}
			default:
				for _, span := range (hours.Spans{gap}).Minus(closed) {
					if span.Duration() >= shortest {
						all = append(all, span)
					}
				}
			}
		}
	}
	// What several units share may be shorter than what each of them has.
	return slices.DeleteFunc(maximal(all, quantity), func(f Free) bool { return f.EndsAt.Sub(f.StartsAt) < shortest })
}

// gaps returns the stretches within bounds in which a unit could be given to a
// booking: between what is taken, less the buffers that the booking would bring.
func gaps(all []taken, bounds hours.Span, p inventory.Policy, now time.Time) []hours.Span {
	before := time.Duration(p.BufferBefore) * time.Minute
	after := time.Duration(p.BufferAfter) * time.Minute
	var free []hours.Span
	start := bounds.Start
	for _, t := range all {
		if !t.at(now) {
			continue
		}
		if end := t.Start.Add(-after); end.After(start) {
			if end.After(bounds.End) {
				end = bounds.End
			}
			if end.After(start) {
				free = append(free, hours.Span{Start: start, End: end})
			}
		}
		if next := t.End.Add(before); next.After(start) {
			start = next
		}
	}
	if bounds.End.After(start) {
		free = append(free, hours.Span{Start: start, End: bounds.End})
	}
	return free
}

// appendInside adds the parts of a gap that lie in one stretch of opening hours.
func appendInside(all []hours.Span, gap hours.Span, open hours.Spans, shortest time.Duration) []hours.Span {
	i := sort.Search(len(open), func(i int) bool { return open[i].End.After(gap.Start) })
	for ; i < len(open) && open[i].Start.Before(gap.End); i++ {
		if span, ok := open[i].Intersect(gap); ok && span.Duration() >= shortest {
			all = append(all, span)
		}
	}
	return all
}

// snap cuts a gap to what lies between its first and its last open moment.
func snap(gap hours.Span, open hours.Spans) (hours.Span, bool) {
	i := sort.Search(len(open), func(i int) bool { return open[i].End.After(gap.Start) })
	j := sort.Search(len(open), func(j int) bool { return !open[j].Start.Before(gap.End) }) - 1
	if i > j || i == len(open) {
		return hours.Span{}, false
	}
	if open[i].Start.After(gap.Start) {
		gap.Start = open[i].Start
	}
	if open[j].End.Before(gap.End) {
		gap.End = open[j].End
	}
	return gap, gap.End.After(gap.Start)
}

// maximal returns the maximal intervals that at least quantity of the given spans
// (each the free time of one unit) contain, and how many do. They may overlap: one
// unit free in the morning and another from ten make two intervals for one unit.
//
// Such an interval begins where some span begins and ends where some span ends. For
// each beginning, the quantity-th latest end among the spans that are free then is
// as far as it can reach; it counts when no earlier beginning reached as far.
func maximal(all []hours.Span, quantity int) []Free {
	sort.Slice(all, func(i, j int) bool { return all[i].Start.Before(all[j].Start) })
	free := []Free{}
	var ends []time.Time // of the spans that are free at the beginning, latest first
	var reached time.Time
	for i := 0; i < len(all); {
		start := all[i].Start
		kept := ends[:0]
		for _, e := range ends {
			if e.After(start) {
				kept = append(kept, e)
			}
		}
		ends = kept
		for ; i < len(all) && all[i].Start.Equal(start); i++ {
			e := all[i].End
			at := sort.Search(len(ends), func(k int) bool { return ends[k].Before(e) })
			ends = append(ends, time.Time{})
			copy(ends[at+1:], ends[at:])
			ends[at] = e
		}
		if len(ends) < quantity || !ends[quantity-1].After(reached) {
			continue
		}
		reached = ends[quantity-1]
		n := quantity
		for n < len(ends) && !ends[n].Before(reached) {
			n++
		}
		free = append(free, Free{StartsAt: start, EndsAt: reached, Quantity: n})
	}
	return free
}
