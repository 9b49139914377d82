package membership

import (
	"cmp"
	"slices"

	"canot/internal/fault"
	"canot/inventory/hours"
)

// A bucket is the minutes of one allowance in one period.
type bucket struct{ allowance, period, start string }

// limits are the periods that an allowance bounds, and by how many minutes.
func (w *allowance) limits() []limit {
	var all []limit
	for _, l := range []limit{{daily, w.dayMin}, {weekly, w.weekMin}, {monthly, w.monthMin}} {
		if l.most != nil {
			all = append(all, l)
		}
	}
	return all
}

type limit struct {
	period string
	most   *int64
}

// spend takes the minutes of a line from what the tier includes, then from packs; what
// remains is charged, or refused where the tier says so. A minute that is included must
// fit in every period that the allowance bounds.
func (j *judging) spend(l AskLine, w *allowance) {
	var limits []limit
	if w != nil {
		limits = w.limits()
	}
	wanted := map[bucket]int64{}
	had := map[bucket]int64{} // used before this line
	rest := int64(0)
	for _, part := range j.ask.stretches(l) {
		minutes := part.minutes
		fit := int64(0)
		if len(limits) > 0 {
			fit = minutes
		}
		for _, m := range limits {
			b := bucket{w.id, m.period, startOf(m.period, part.day).String()}
			if _, seen := had[b]; !seen {
				had[b] = j.spent[b] + j.used[b]
			}
			wanted[b] += minutes
			fit = min(fit, max(0, *m.most-j.spent[b]-j.used[b]))
		}
		for _, m := range limits {
			b := bucket{w.id, m.period, startOf(m.period, part.day).String()}
			j.used[b] += fit
			j.take(Use{AllowanceID: w.id, Period: m.period, PeriodStart: b.start}, fit)
		}
		j.line.Included += fit
		rest += minutes - fit
	}
	refused := len(limits) > 0 && !w.charged
	fromPacks := int64(0)
	if refused || !l.Free && j.line.PricePercent > 0 {
		fromPacks = j.fromPacks(l, rest)
		rest -= fromPacks
	}
	j.line.FromPacks, j.line.Charged = fromPacks, rest
	if refused && rest > 0 {
		j.overspent(overdraft{limits, wanted, had, fromPacks, rest, l.Quantity})
	}
}

// stretches are the minutes that a line asks for, of all its units, by the days of the hub's calendar.
func (a Ask) stretches(l AskLine) []stretch {
	parts := stretches(a.Span, a.Zone)
	for i := range parts {
		parts[i].minutes *= int64(l.Quantity)
	}
	for _, until := range l.Until {
		if until.Before(a.Span.Start) {
			until = a.Span.Start
		}
		for _, after := range stretches(hours.Span{Start: until, End: a.Span.End}, a.Zone) {
			if at := slices.IndexFunc(parts, func(p stretch) bool { return p.day == after.day }); at >= 0 {
				parts[at].minutes = max(0, parts[at].minutes-after.minutes)
			}
		}
	}
	return parts
}

// An overdraft is what a line wants of an allowance that has too little left.
type overdraft struct {
	limits         []limit
	wanted, had    map[bucket]int64 // by this line, and used before it
	packs, missing int64
	quantity       int
}

// overspent tells of each period that has too little left, by its first. A booking for
// which there would be too little in any other period too is told that alone.
func (j *judging) overspent(o overdraft) {
	next := ""
	var broken []fault.Params
	never := false
	for _, m := range o.limits {
		var short []bucket
		beyond := int64(0) // what no period of the kind has room for
		for b, minutes := range o.wanted {
			if b.period == m.period && minutes > max(0, *m.most-o.had[b]) {
				short = append(short, b)
				beyond += max(0, minutes-*m.most)
			}
		}
		if len(short) == 0 {
			continue
		}
		for _, b := range short {
			start, _ := dateOf(b.start)
			next = max(next, nextStart(m.period, start).String())
		}
		first := slices.MinFunc(short, func(a, b bucket) int { return cmp.Compare(a.start, b.start) })
		params := fault.Params{"period": m.period, "starts_on": first.start, "included_min": *m.most, "used_min": max(0, o.had[first]),
			"left_min": max(0, *m.most-o.had[first]), "wanted_min": o.wanted[first], "packs_min": o.packs, "missing_min": o.missing}
		if beyond > o.packs && *m.most > 0 {
			params["never_min"] = beyond
			never = true
		}
		if o.quantity > 1 && *m.most > 0 && (*m.most > o.had[first] || beyond > o.packs) {
			params["quantity"], params["each_min"] = o.quantity, o.wanted[first]/int64(o.quantity)
		}
		broken = append(broken, params)
	}
	for _, params := range broken {
		if _, cannot := params["never_min"]; cannot != never {
			continue
		}
		if !never {
			params["next_on"] = next // by then, all of them have begun anew
		}
		j.no("quota_spent", j.withTier(params))
	}
}

// fromPacks takes up to so many minutes from the packs that are good for a line on the day
// of use: the soonest to expire first, then the oldest.
func (j *judging) fromPacks(l AskLine, minutes int64) int64 {
	taken := int64(0)
	for _, p := range j.packs {
		if minutes == taken {
			break
		}
		if !p.goodFor(j.ask.HubID, l, j.day) {
			continue
		}
		use := Use{PackID: p.id}
		if n := min(minutes-taken, p.left-j.taken[use]); n > 0 {
			j.take(use, n)
			taken += n
		}
	}
	return taken
}

func (j *judging) take(u Use, minutes int64) {
	if minutes > 0 {
		j.taken[u] += minutes
	}
}

// uses lists what was taken, in a fixed order.
func (j *judging) uses() []Use {
	var all []Use
	for u, minutes := range j.taken {
		u.Minutes = minutes
		all = append(all, u)
	}
	slices.SortFunc(all, compareUses)
	return all
}

func compareUses(a, b Use) int {
	return cmp.Or(cmp.Compare(a.PackID, b.PackID), cmp.Compare(a.AllowanceID, b.AllowanceID),
		cmp.Compare(a.Period, b.Period), cmp.Compare(a.PeriodStart, b.PeriodStart), cmp.Compare(a.Minutes, b.Minutes))
}
