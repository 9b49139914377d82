package booking

import (
	"context"
	"slices"
	"time"

	"canot/internal/database"
	"canot/internal/fault"
	"canot/internal/identity"
	"canot/inventory"
	"canot/inventory/hours"
)

// keepForWaiting marks what is out as taken, in facts without its booking, by those who wait for a unit that
// they lost and would get one of these at its return: an extension must not take it from them.
func keepForWaiting(r database.Reader, a ask, f *facts) error {
	if len(a.fixed) == 0 || !a.extends() {
		return nil
	}
	var ids []string
	for _, l := range a.lines {
		ids = append(ids, l.terms.Resource.ID)
	}
	var waiting []struct {
		ID         string    `db:"id"`
		ResourceID string    `db:"resource_id"`
		StartsAt   time.Time `db:"starts_at"`
		EndsAt     time.Time `db:"ends_at"`
		Units      int       `db:"without_unit"`
	}
	err := r.SelectIn(&waiting, `
		SELECT b.id, l.resource_id, b.starts_at, b.ends_at, l.without_unit FROM booking_lines l JOIN bookings b ON b.id = l.booking_id
		WHERE l.resource_id IN ($list) AND l.without_unit > 0 AND b.id <> $1 AND b.starts_at < $2 AND b.ends_at > $3
			AND b.status IN ('held', 'pending', 'confirmed', 'in_use')
		ORDER BY b.starts_at, b.id`, ids, a.old.ID, f.window.End, a.now)
	if err != nil {
		return err
	}
	for _, w := range waiting {
		t := f.terms[w.ResourceID]
		span := occupied(hours.Span{Start: w.StartsAt.UTC(), End: w.EndsAt.UTC()}, t.Resource.Policy)
		for range w.Units {
			a.keepOne(f, t, w.ID, span, w.EndsAt.UTC())
		}
	}
	return nil
}

// keepOne keeps one unit for a booking that waits: one that is on the shelf, which changes nothing, else one
// of those that are out, from the end of its clean-up on.
func (a ask) keepOne(f *facts, t *inventory.Terms, booking string, span hours.Span, ends time.Time) {
	ready := a.old.EndsAt
	if a.now.After(ready) {
		ready = a.now
	}
	later := hours.Span{Start: ready.Add(time.Duration(t.Resource.Policy.BufferAfter) * time.Minute), End: span.End}
	if span.Start.After(later.Start) {
		later.Start = span.Start
	}
	if span.Start.Before(a.now) {
		span.Start = a.now
	}
	for _, u := range t.Units {
		if _, free := gapAround(span, f.taken[u.ID], f.window, a.now); free && !a.fixed[u.ID] && !had(a.old, u.ID) {
			f.take(u.ID, taken{Span: span, booking: booking})
			return
		}
	}
	for _, u := range t.Units {
		if _, free := gapAround(later, f.taken[u.ID], f.window, a.now); free && a.fixed[u.ID] && later.Start.Before(ends) {
			f.take(u.ID, taken{Span: later, booking: booking})
			return
		}
	}
}

// What is proposed of ends.
const (
	mostExtends  = 4
	mostWalkIns  = 6
	soonWalkIns  = 4                  // of them, those that come first
	extendsAhead = 7 * 24 * time.Hour // how far ahead is looked
)

// ExtendEnds proposes ends that Extend would accept of a booking that runs, in order, to who may extend it:
// the first four on the grain, or, where that is finer than people plan, those of sensibleEnds; none where
// there is none.
func (b *Book) ExtendEnds(ctx context.Context, who identity.Actor, id string) ([]time.Time, error) {
	if err := need(who); err != nil {
		return nil, err
	}
	r := b.db.Reader(ctx)
	old, err := b.mine(r, who, id, identity.BookForOthers, 0)
	if err != nil || old.Status != InUse {
		return nil, err
	}
	from := laterOf(old.EndsAt, b.db.Now())
	until := from.Add(extendsAhead)
	a, all, _, err := b.askedMove(ctx, who, old, Edits{EndsAt: &until})
	if fault.KindOf(err) == fault.Refused {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	free := all.without(old.ID)
	if err := keepForWaiting(r, a, free); err != nil {
		return nil, err
	}
	rules := func(a ask) []fault.Violation {
		broken := judgeMove(who, a, all)
		if len(broken) == 0 {
			broken = judgePerson(who, &a)
		}
		if len(broken) == 0 {
			_, broken = judge(a, free)
		}
		return broken
	}
	if a.grain() < finestStep {
		return a.sensibleEnds(from, rules), nil
	}
	return a.ends(from, until, a.grain(), mostExtends, rules), nil
}

// finestStep is how many minutes apart ends are proposed at least.
const finestStep = 15

// sensibleEnds are the ends that people ask for, as far as they break no rule: a quarter of an hour after an
// instant, half an hour, one hour and two, the last hour of that day, and the same time of the next day.
func (a ask) sensibleEnds(from time.Time, judge func(ask) []fault.Violation) []time.Time {
	zone, grain := a.lines[0].terms.Zone, a.grain()
	steps := func(least int) int { return (least + grain - 1) / grain * grain }
	var found []time.Time
	near := a.ends(from, from.Add(3*time.Hour), steps(finestStep), 12, judge)
	for _, minutes := range []int{finestStep, 30, 60, 120} {
		least := from.Add(time.Duration(minutes) * time.Minute)
		if i := slices.IndexFunc(near, func(end time.Time) bool { return !end.Before(least) }); i >= 0 {
			found = append(found, near[i])
		}
	}
	midnight := hours.At(hours.DateOf(from, zone).AddDays(1), 0, zone)
	if today := a.ends(from, midnight.Add(-time.Minute), steps(60), 24, judge); len(today) > 0 {
		if last := today[len(today)-1]; !last.After(midnight) {
			found = append(found, last)
		}
	}
	clock := a.old.EndsAt.In(zone)
	a.span.End = hours.At(hours.DateOf(from, zone).AddDays(1), hours.Minutes(clock.Hour()*60+clock.Minute()), zone)
	if len(judge(a)) == 0 {
		found = append(found, a.span.End)
	}
	slices.SortFunc(found, time.Time.Compare)
	return slices.CompactFunc(found, time.Time.Equal)
}

// grain is the coarsest grain of an ask's resources, in minutes.
func (a ask) grain() int {
	grain := 1
	for _, l := range a.lines {
		grain = max(grain, l.terms.Resource.Policy.Grain)
	}
	return grain
}

// ofTime are the rules that a later end may keep where an earlier one breaks them.
var ofTime = map[string]bool{"off_grain": true, "too_short": true, "closed": true, "ends_closed": true, "closure": true, "in_past": true, "ends_before_start": true}

// ends looks for ends of an ask that break no rule, at steps of so many minutes on the clock of the hub, until
// there are enough or no later one can do.
func (a ask) ends(from, until time.Time, step, most int, judge func(ask) []fault.Violation) (found []time.Time) {
	zone := a.lines[0].terms.Zone
	for at := grainFloor(from, step, zone); len(found) < most && !at.After(until); {
		at = grainFloor(at.Add(time.Duration(step)*time.Minute), step, zone)
		a.span.End = at
		broken := judge(a)
		if len(broken) == 0 {
			found = append(found, at)
		} else if slices.ContainsFunc(broken, func(v fault.Violation) bool { return !ofTime[v.Code] }) {
			break
		}
	}
	return found
}

// WalkInEnds proposes ends that WalkIn would accept now for units at a hub (ids or codes, or resources for any
// free unit of them), whoever takes them: the first ones, then the last of today and of tomorrow, at most six,
// in order. It asks for what WalkIn asks for; what cannot leave has none. While the hub is shut (reported so)
// nothing leaves unless that is lifted: the ends then lie in its hours, and keep every other rule.
func (b *Book) WalkInEnds(ctx context.Context, who identity.Actor, hubKey string, units []string) (ends []time.Time, shut bool, err error) {
	if err := need(who); err != nil {
		return nil, false, err
	}
	hub, err := b.counterFor(ctx, who, WalkIn{Hub: hubKey, Member: "anybody", Units: units})
	if err != nil {
		return nil, false, err
	}
	r, now := b.db.Reader(ctx), b.db.Now()
	take, err := b.takingOf(r, units)
	if err != nil {
		return nil, false, err
	}
	from := now.Truncate(time.Minute)
	a, f, err := b.asked(ctx, r, Request{Lines: take.wants, StartsAt: from, EndsAt: from.Add(extendsAhead)})
	if err != nil {
		return nil, false, err
	}
	a.now, a.here, a.fixed, a.waived = now, true, map[string]bool{}, map[string]bool{"too_soon": true, "in_past": true}
	if ok, err := a.onCounter(r, take, f, hub); err != nil || !ok {
		return nil, false, err
	}
	startOffGrain := func(v fault.Violation) bool { return v.Code == "off_grain" && v.Params["field"] == "starts_at" }
	rules := func(a ask) []fault.Violation {
		_, broken := judge(a, f)
		return slices.DeleteFunc(broken, startOffGrain)
	}
	if ends = a.walkInEnds(rules); len(ends) > 0 || a.inHours(func(open hours.Span) bool { return covers(open, now) }) {
		return ends, false, nil
	}
	for _, code := range []string{"closed", "ends_closed", "closure"} {
		a.waived[code] = true
	}
	return a.walkInEnds(func(a ask) []fault.Violation {
		broken := rules(a)
		if len(broken) == 0 && !a.inHours(func(open hours.Span) bool { return reaches(open, a.span.End) }) {
			broken = []fault.Violation{{Code: "ends_closed"}}
		}
		return broken
	}), true, nil
}

// inHours reports whether each resource of an ask has hours, around now and its end, of which is says so.
func (a ask) inHours(is func(hours.Span) bool) bool {
	for _, l := range a.lines {
		if !slices.ContainsFunc(l.terms.Hours.Open(a.now.Add(-margin), a.span.End.Add(margin), l.terms.Zone), is) {
			return false
		}
	}
	return true
}

// walkInEnds are the ends of an ask from now on that break no rule: the first ones, then the last of today and
// of tomorrow.
func (a ask) walkInEnds(rules func(ask) []fault.Violation) []time.Time {
	now, zone := a.now, a.lines[0].terms.Zone
	day := hours.DateOf(now, zone)
	midnight, next := hours.At(day.AddDays(1), 0, zone), hours.At(day.AddDays(2), 0, zone)
	step := max(a.grain(), 30)
	all := a.ends(now, next, step, 100, rules)
	found := all[:min(len(all), soonWalkIns)]
	for _, limit := range []time.Time{midnight, next} {
		for i := len(all) - 1; i >= len(found); i-- {
			if !all[i].After(limit) {
				found = append(slices.Clone(found), all[i])
				break
			}
		}
	}
	slices.SortFunc(found, time.Time.Compare)
	return slices.CompactFunc(found, time.Time.Equal)
}

// onCounter fixes the units that are on the counter, in facts without what is left of others' clean-up, and
// reports whether all may leave there.
func (a ask) onCounter(r database.Reader, take taking, f *facts, hub inventory.Hub) (bool, error) {
	for _, l := range a.lines {
		if l.terms.Resource.HubID != hub.ID {
			return false, nil
		}
	}
	var ids []string
	for _, u := range take.units {
		if broken, err := unfit(r, u, "", hub.ID, a.now); err != nil || broken != nil {
			return false, err
		}
		a.fixed[u.ID] = true
		ids = append(ids, u.ID)
	}
	var now []occupant
	if err := r.SelectIn(&now, selectOccupants, ids, "", a.now.Add(time.Second), a.now); err != nil {
		return false, err
	}
	for _, x := range now {
		if x.BookingID != nil && x.over(a.now) {
			f.taken[x.UnitID] = slices.DeleteFunc(f.taken[x.UnitID], func(t taken) bool { return t.booking == *x.BookingID && covers(t.Span, a.now) })
		}
	}
	return true, nil
}
