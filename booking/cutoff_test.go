package booking

import (
	"testing"
	"time"

	"canot/inventory"
)

func TestTheStrictestPolicySaysUntilWhenABookingIsGivenBack(t *testing.T) {
	starts := time.Date(2026, 11, 24, 19, 0, 0, 0, time.UTC)
	things := []inventory.Resource{{}, {Policy: inventory.Policy{CancelCutoff: 120}}, {Policy: inventory.Policy{CancelCutoff: 60}}}
	last := starts.Add(-2 * time.Hour)
	for _, x := range []struct {
		status Status
		until  time.Time
		now    time.Time
		late   bool
	}{
		{Confirmed, last, last.Add(-time.Second), false},
		{Confirmed, last, last, true},
		{Pending, starts, last, false},
		{Pending, starts, starts, false}, // it lapses, it is not refused
		{Held, starts, last, false},
		{InUse, last, last.Add(-time.Hour), true},
	} {
		b := Booking{Status: x.status, StartsAt: starts}
		if got := b.CancelUntil(things); !got.Equal(x.until) {
			t.Errorf("%s: until %v", x.status, got)
		}
		if got := b.CancelTooLate(things, x.now); got != x.late {
			t.Errorf("%s at %v: too late %v", x.status, x.now, got)
		}
	}
	if got := CancelUntil(starts, nil); !got.Equal(starts) {
		t.Errorf("what has no cut-off is given back until %v", got)
	}
}
