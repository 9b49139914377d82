package booking

import (
	"time"

	"canot/inventory"
)

// CancelUntil is the instant until which a member may give back by themself what they booked, by
// the strictest policy of its resources. It is a pure function, in UTC.
func CancelUntil(startsAt time.Time, resources []inventory.Resource) time.Time {
	cutoff := 0
	for _, r := range resources {
		cutoff = max(cutoff, r.Policy.CancelCutoff)
	}
	return startsAt.Add(-time.Duration(cutoff) * time.Minute).UTC()
}

// CancelUntil is CancelUntil for a booking of these resources: a hold, or a request that nobody
// has answered, can be taken back until it would begin.
func (b Booking) CancelUntil(resources []inventory.Resource) time.Time {
	if b.Status == Pending || b.Status == Held {
		resources = nil
	}
	return CancelUntil(b.StartsAt, resources)
}

// CancelTooLate reports whether its member may no longer give a booking back by themself: what
// was handed out must come back first, and what is confirmed has a last moment.
func (b Booking) CancelTooLate(resources []inventory.Resource, now time.Time) bool {
	return b.Status == InUse || b.Status == Confirmed && !now.Before(b.CancelUntil(resources))
}
