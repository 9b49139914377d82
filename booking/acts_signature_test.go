package booking_test

import (
	"context"
	"strings"
	"testing"

	"canot/booking"
	"canot/internal/database"
	"canot/inventory"
)

// TestNothingThatNobodySignedIsNotedAsSigned has a policy ask for a signature: what left without a line is
// noted as unsigned, and what leaves with one waits for who signs.
func TestNothingThatNobodySignedIsNotedAsSigned(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		n.policy("amos-camera", inventory.PolicyEdits{Signature: ptr(true)})
		away := n.mustPlace(n.zoe, want("amos-camera", at(0, 9, 0), at(0, 15, 0)))
		here := n.mustPlace(n.luc, want("amos-camera", at(0, 9, 0), at(0, 15, 0)))
		n.clock.Set(at(0, 12, 0))
		if done := n.act(booking.Act{Kind: "check_out", Booking: away.ID, At: at(0, 11, 0), Contact: at(0, 9, 0)}, "away"); done.State != "done" {
			t.Errorf("without a line: %+v", done)
		}
		var log []string
		must(t, n.db.Reader(context.Background()).Select(&log, `SELECT after FROM changes WHERE action = 'loan.out'`))
		if len(log) != 1 || !strings.Contains(log[0], `"unsigned":true`) || !strings.Contains(log[0], `"on_paper":false`) {
			t.Errorf("the log: %v", log)
		}
		done := n.act(booking.Act{Kind: "check_out", Booking: here.ID, At: at(0, 12, 0), Contact: at(0, 11, 59)}, "here")
		if done.State != "unsettled" || done.Code != "signature_needed" || len(n.loans(here)) != 0 {
			t.Errorf("with a line: %+v", done)
		}
		// It does not leave by way of the list either.
		if again, err := n.book.SettleAct(context.Background(), n.anne, done.ActID, true, "", database.Key{}); err != nil || again.State != "unsettled" {
			t.Errorf("done again: %+v %v", again, err)
		}
		n.clean()
	})
}
