package booking

import (
	"slices"
	"time"

	"canot/booking/membership"
	"canot/internal/fault"
	"canot/inventory"
	"canot/inventory/hours"
)

// ask is a request in the book's own terms: who wants what, when, asked at which instant.
type ask struct {
	lines []askLine
	span  hours.Span // may be empty or reversed: judge says so
	now   time.Time

	member       string // whose booking it is, "" for a visitor who looks
	organisation string // that holds it, or ""
	attendance   int    // persons who come
	accepts      []membership.Acceptance
	waivers      []Waiver             // lifted with this ask
	waived       map[string]bool      // codes of rules that are lifted, now or before
	lifted       map[string]bool      // for a change: those that were lifted before
	own          bool                 // for a change: who asks does so for themself, or for an organisation of theirs
	standing     *membership.Standing // of the holder; nil when persons are not judged
	anywhere     bool                 // the standing is asked about other hubs and resources too
	keepsRules   bool                 // it is past, and kept the rules of its time

	fixed map[string]bool // units, by id, that it must be given: those that are out already, or on the counter
	here  bool            // it begins now: its person stands at the counter
	lent  *lent           // for a change: what of the booking is out, and what has come back

	old   *Booking       // the booking that is being changed, or nil
	moves func(ask) bool // for a change: whether judgeMove would let it be
}

type askLine struct {
	terms    *inventory.Terms
	quantity int
}

// A chosen unit, for a line.
type chosen struct {
	line int
	unit inventory.Unit
	span hours.Span // of the occupancy: the booking's with its buffers
}

// judge applies every rule of every line to an ask and returns all that are
// broken and not lifted. It is pure: the same facts and the same standing give the same
// verdict, so Preview cannot disagree with Place. When nothing is broken the verdict
// holds the units to give.
func judge(a ask, f *facts) (verdict, []fault.Violation) {
	if !a.span.End.After(a.span.Start) {
		return verdict{}, []fault.Violation{{Code: "ends_before_start", Params: fault.Params{"field": "ends_at"}}}
	}
	var v verdict
	var broken []fault.Violation
	v.Verdict, broken = judgeStanding(a)
	hub := a.lines[0].terms.Resource.HubID
	for _, l := range a.lines {
		if l.terms.Resource.HubID != hub {
			broken = append(broken, about(l, true, fault.Violation{Code: "one_hub", Params: fault.Params{}}))
		}
	}
	if a.old != nil && a.old.HubID != hub {
		broken = append(broken, about(a.lines[0], true, fault.Violation{Code: "one_hub", Params: fault.Params{}}))
	}
	for i, l := range a.lines {
		given, taken := chooseUnits(a, i, f)
		v.units = append(v.units, given...)
		var policy []fault.Violation
		if !a.keepsRules {
			policy = judgePolicy(a, l, v.Lines[i])
		}
		for _, x := range slices.Concat(policy, v.Lines[i].Violations, taken) {
			broken = append(broken, about(l, len(a.lines) > 1, x))
		}
	}
	broken = slices.DeleteFunc(broken, func(x fault.Violation) bool { return a.waived[x.Code] })
	if len(broken) > 0 {
		return verdict{}, broken
	}
	return v, nil
}

// about says which resource a violation is about: to programs always, and to people
// where the time is taken or where the request names several.
func about(l askLine, several bool, v fault.Violation) fault.Violation {
	if v.Params == nil {
		v.Params = fault.Params{}
	}
	v.Params["resource"] = l.terms.Resource.Slug
	if several || v.Code == "taken" {
		v.Params["resource_name"] = l.terms.Resource.Name
	}
	return v
}

// judgePolicy applies the policy and the hours of one line's resource, as far as the
// tier of the holder does not say otherwise: the stricter of the two counts, and a tier
// may open the door outside opening hours.
func judgePolicy(a ask, l askLine, tier membership.LineVerdict) []fault.Violation {
	var broken []fault.Violation
	no := func(code string, params fault.Params) {
		if params == nil {
			params = fault.Params{}
		}
		broken = append(broken, fault.Violation{Code: code, Params: params})
	}
	p, zone := l.terms.Resource.Policy, l.terms.Zone
	if l.terms.Resource.Archived {
		no("archived", nil)
	}
	sameStart := a.old != nil && a.old.StartsAt.Equal(a.span.Start)
	if !sameStart && !onGrain(a.span.Start, p.Grain, zone) {
		no("off_grain", fault.Params{"field": "starts_at", "grain_min": p.Grain})
	}
	if sameEnd := a.old != nil && a.old.EndsAt.Equal(a.span.End); !sameEnd && !onGrain(a.span.End, p.Grain, zone) {
		no("off_grain", fault.Params{"field": "ends_at", "grain_min": p.Grain})
	}
	length, more := a.span.Duration(), a.old == nil || a.takesMore()
	if length < time.Duration(p.Shortest)*time.Minute && !a.extends() {
		no("too_short", fault.Params{"shortest_min": p.Shortest})
	}
	if more && length > time.Duration(p.Longest)*time.Minute {
		no("too_long", fault.Params{"longest_min": p.Longest})
	}
	if first := earliest(p, zone, a.now); !sameStart && a.span.Start.Before(first) {
		code := "too_soon"
		if a.span.Start.Before(grainFloor(a.now, p.Grain, zone)) {
			code = "in_past"
		}
		no(code, fault.Params{"earliest": first.In(zone)})
	}
	if last := latest(p, zone, a.now); more && a.span.End.After(last) {
		no("too_far", fault.Params{"latest": last.In(zone), "horizon_days": p.Horizon})
	}
	if more {
		broken = append(broken, judgeTier(a, l, tier)...)
	}
	// Who keeps a part of what they have keeps it, though hours have changed; but what must
	// begin and end while the hub is open still must.
	if length <= longestLook && (more || p.Within == inventory.EndsInside) {
		broken = append(broken, judgeHours(a, l, tier.AfterHours)...)
	}
	return broken
}

// extends reports whether an ask does no more than end a running booking later.
func (a ask) extends() bool {
	return a.old != nil && a.old.Status == InUse && a.span.Start.Equal(a.old.StartsAt) && a.span.End.After(a.old.EndsAt)
}

// judgeTier applies how far ahead and how long the holder's tier lets them book, where
// that is stricter than the policy.
func judgeTier(a ask, l askLine, tier membership.LineVerdict) []fault.Violation {
	var broken []fault.Violation
	p, zone := l.terms.Resource.Policy, l.terms.Zone
	if tier.Longest > 0 && tier.Longest < p.Longest && a.span.Duration() > time.Duration(tier.Longest)*time.Minute {
		broken = append(broken, fault.Violation{Code: "tier_too_long", Params: fault.Params{
			"tier": tier.Tier.Slug, "tier_name": tier.Tier.Name, "longest_min": tier.Longest}})
	}
	if tier.Horizon > 0 && tier.Horizon < p.Horizon {
		if last := latestWithin(tier.Horizon, zone, a.now); a.span.End.After(last) {
			broken = append(broken, fault.Violation{Code: "tier_too_far", Params: fault.Params{
				"tier": tier.Tier.Slug, "tier_name": tier.Tier.Name, "latest": last.In(zone), "horizon_days": tier.Horizon}})
		}
	}
	return broken
}

// judgeHours says whether the span lies where the policy wants it in the opening
// hours. A closure that is hit is named; the weekly hours are named apart from it. Who has
// access after hours meets closures only.
func judgeHours(a ask, l askLine, afterHours bool) []fault.Violation {
	var broken []fault.Violation
	zone, within := l.terms.Zone, l.terms.Resource.Policy.Within
	if a.extends() { // what has begun is not judged again
		a.span.Start = a.old.EndsAt
		if within == inventory.EndsInside {
			a.span.Start = a.span.End.Add(-time.Second)
		}
	}
	from, to := a.span.Start.Add(-margin), a.span.End.Add(margin)
	open := l.terms.Hours.Open(from, to, zone)
	closed := l.terms.Hours.Closed(from, to, zone)
	if fits(a.span, within, open, closed) || afterHours && fits(a.span, inventory.Any, open, closed) {
		return nil
	}
	if afterHours && within == inventory.Inside {
		within = inventory.Any
	}
	for _, c := range l.terms.Closures {
		if shut, hit := hits(c, a.span, within, zone); hit {
			params := fault.Params{"starts": shut.Start.In(zone), "ends": shut.End.In(zone)}
			if len(c.Reason) > 0 {
				params["reason"] = c.Reason
			}
			broken = append(broken, fault.Violation{Code: "closure", Params: params})
		}
	}
	week := l.terms.Hours
	week.Closures = nil
	if fits(a.span, within, week.Open(from, to, zone), nil) {
		return broken
	}
	params := fault.Params{}
	code := "never_open"
	ahead := l.terms.Hours.Open(a.span.Start, a.span.Start.Add(longestLook), zone)
	if len(ahead) > 0 {
		code = "closed"
		if within == inventory.EndsInside {
			code = "ends_closed"
		}
		params["opens"] = ahead[0].Start.In(zone)
		params["closes"] = ahead[0].End.In(zone)
	}
	return append(broken, fault.Violation{Code: code, Params: params})
}

// hits returns the instants of a closure, and whether it stands in the way of a span.
func hits(c inventory.Closure, span hours.Span, within inventory.Within, zone *time.Location) (hours.Span, bool) {
	starts, err := hours.Instant(c.StartsLocal, zone)
	ends, err2 := hours.Instant(c.EndsLocal, zone)
	shut := hours.Span{Start: starts, End: ends}
	if err != nil || err2 != nil || !ends.After(starts) {
		return shut, false
	}
	if within == inventory.EndsInside {
		return shut, covers(shut, span.Start) || reaches(shut, span.End)
	}
	return shut, shut.Overlaps(span)
}

// fits reports whether span lies in the opening hours as within asks.
func fits(span hours.Span, within inventory.Within, open, closed hours.Spans) bool {
	switch within {
	case inventory.Inside:
		return open.Covers(span)
	case inventory.EndsInside:
		starts, ends := false, false
		for _, o := range open {
			starts = starts || covers(o, span.Start)
			ends = ends || reaches(o, span.End)
		}
		return starts && ends
	default:
		for _, c := range closed {
			if c.Overlaps(span) {
				return false
			}
		}
		return true
	}
}

// covers reports whether t is an instant of s, at which something can begin.
func covers(s hours.Span, t time.Time) bool { return !t.Before(s.Start) && t.Before(s.End) }

// reaches reports whether something that lies in s can end at t.
func reaches(s hours.Span, t time.Time) bool { return t.After(s.Start) && !t.After(s.End) }

// onGrain reports whether t is a multiple of grain minutes after midnight on the
// clock on the wall.
func onGrain(t time.Time, grain int, zone *time.Location) bool {
	l := t.In(zone)
	return l.Second() == 0 && l.Nanosecond() == 0 && (l.Hour()*60+l.Minute())%grain == 0
}

// grainFloor returns the last instant at or before t that is on the grain.
func grainFloor(t time.Time, grain int, zone *time.Location) time.Time {
	l := t.In(zone)
	over := time.Duration((l.Hour()*60+l.Minute())%grain)*time.Minute +
		time.Duration(l.Second())*time.Second + time.Duration(l.Nanosecond())
	floor := t.Add(-over)
	// A clock change between the two moves the floor by as much as the clock moved.
	_, at := l.Zone()
	_, then := floor.In(zone).Zone()
	return floor.Add(time.Duration(at-then) * time.Second).UTC()
}

// earliest is when a booking that is made now may start: after the notice, or, where
// none is asked, with the slot that is running, so that a free desk can be used at once.
func earliest(p inventory.Policy, zone *time.Location, now time.Time) time.Time {
	if p.Notice == 0 {
		return grainFloor(now, p.Grain, zone)
	}
	return now.Add(time.Duration(p.Notice) * time.Minute)
}

// latest is when a booking that is made now must have ended: the midnight after
// the horizon's last day, at the hub.
func latest(p inventory.Policy, zone *time.Location, now time.Time) time.Time {
	return latestWithin(p.Horizon, zone, now)
}

// latestWithin is the midnight after the last of some days ahead, at the hub.
func latestWithin(days int, zone *time.Location, now time.Time) time.Time {
	return hours.At(hours.DateOf(now, zone).AddDays(days+1), 0, zone)
}
