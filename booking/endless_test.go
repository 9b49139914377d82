package booking_test

import (
	"context"
	"errors"
	"testing"

	"canot/booking"
)

// A thousand years are refused for their length alone: nobody looks at each of their days.
func TestASpanThatNoPolicyCouldAllowIsNotLookedThrough(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		far := at(2, 10, 0).AddDate(1000, 0, 0)
		endless := want("amos-desk", at(2, 10, 0), far)
		onlyTooLong := func(err error) {
			t.Helper()
			var r *booking.Refusal
			if !errors.As(err, &r) || len(r.Fault.Violations) != 1 || r.Fault.Violations[0].Code != "too_long" {
				t.Errorf("%v", err)
			}
		}
		p, err := n.book.Preview(context.Background(), n.zoe, endless)
		if err != nil || p.OK || len(p.Violations) != 1 || p.Violations[0].Code != "too_long" || len(p.Terms) != 1 {
			t.Errorf("%+v %v", p, err)
		}
		_, err = n.place(n.zoe, endless)
		onlyTooLong(err)
		b := n.mustPlace(n.zoe, want("amos-desk", at(2, 10, 0), at(2, 11, 0)))
		_, err = n.change(n.zoe, b.ID, booking.Edits{EndsAt: &far})
		onlyTooLong(err)
	})
}
