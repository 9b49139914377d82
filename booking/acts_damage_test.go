package booking_test

import (
	"testing"

	"canot/booking"
)

// Damage that is told after the unit came back is written all the same; where it can belong to nobody's
// loan any more it is kept for a person.
func TestDamageToldAfterTheReturnIsKept(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		b := n.mustPlace(n.zoe, want("amos-camera", at(0, 9, 0), at(0, 12, 0)))
		code := n.codeOf(b)
		n.clock.Set(at(0, 11, 0))
		n.act(booking.Act{Kind: "check_out", Booking: b.ID, Unit: code, At: at(0, 9, 5), Contact: at(0, 9, 0)}, "k1")
		back := booking.Act{Kind: "check_in", Unit: code, At: at(0, 10, 0), Contact: at(0, 9, 0)}
		n.act(back, "k2")
		back.Damaged = true
		for range 2 {
			if done := n.act(back, "k3"); done.State != "done" {
				t.Errorf("the damage alone: %+v", done)
			}
		}
		if l := n.loans(b); len(l) != 1 || !l[0].Damaged || !l[0].BackAt.Equal(at(0, 10, 0)) {
			t.Errorf("the loan: %+v", l)
		}
		var tickets int
		must(t, n.db.Reader(t.Context()).Get(&tickets, `SELECT count(*) FROM tickets WHERE unit_id = (SELECT id FROM units WHERE code = $1)`, code))
		if tickets != 1 {
			t.Errorf("%d tickets", tickets)
		}
	})
}
