package inventory

import "canot/internal/fault"

// Bounds of a policy.
const (
	dayMinutes   = 1440
	maxLongest   = 92 * dayMinutes // what availability can show at once
	maxHorizon   = 730
	maxLeadTimes = 366 * dayMinutes
)

// defaultPolicy is what a new resource of the kind asks for until somebody says
// otherwise: things that are lent leave for days, the rest is used in opening hours.
func defaultPolicy(kind Kind) Policy {
	if kind == Equipment {
		return Policy{Grain: 60, Shortest: 240, Longest: 14 * dayMinutes, Horizon: 180, Within: EndsInside}
	}
	return Policy{Grain: 30, Shortest: 30, Longest: 480, Horizon: 180, Within: Inside}
}

// set writes *value where dest points, when there is a value.
func set[T any](dest *T, value *T) {
	if value != nil {
		*dest = *value
	}
}

// check notes what no booking could ever satisfy, and what no clock could show.
func (p Policy) check(c *check) {
	p.bounds(c)
	p.fits(c)
}

// bounds notes fields that are out of range, each for itself.
func (p Policy) bounds(c *check) {
	c.between("policy.grain_min", p.Grain, 1, dayMinutes)
	c.between("policy.shortest_min", p.Shortest, 1, maxLongest)
	c.between("policy.longest_min", p.Longest, 1, maxLongest)
	c.between("policy.notice_min", p.Notice, 0, maxLeadTimes)
	c.between("policy.horizon_days", p.Horizon, 1, maxHorizon)
	c.between("policy.buffer_before_min", p.BufferBefore, 0, dayMinutes)
	c.between("policy.buffer_after_min", p.BufferAfter, 0, dayMinutes)
	c.between("policy.cancel_cutoff_min", p.CancelCutoff, 0, maxLeadTimes)
	c.oneOf("policy.within", string(p.Within), string(Inside), string(EndsInside), string(Any))
	if p.Grain >= 1 && p.Grain <= dayMinutes && dayMinutes%p.Grain != 0 && p.Grain%60 != 0 {
		c.refuse("policy.grain_min", "bad_grain", nil)
	}
	p.Requirements.bounds(c)
}

// fits notes fields that contradict one another.
func (p Policy) fits(c *check) {
	if p.Shortest > p.Longest {
		c.refuse("policy.longest_min", "longest_below_shortest", fault.Params{"shortest_min": p.Shortest})
	}
	if p.Competing && !p.Approval {
		c.refuse("policy.competing", "competing_needs_approval", nil)
	}
	if c.has("policy.grain_min") || p.Grain < 1 {
		return
	}
	if p.Shortest%p.Grain != 0 {
		c.refuse("policy.shortest_min", "not_on_grain", fault.Params{"grain_min": p.Grain})
	}
	if p.Longest%p.Grain != 0 {
		c.refuse("policy.longest_min", "not_on_grain", fault.Params{"grain_min": p.Grain})
	}
}
