package booking

import (
	"context"
	"slices"
	"time"

	"canot/internal/database"
	"canot/internal/fault"
	"canot/internal/identity"
	"canot/inventory"
)

// Arrive begins a booking of a space, a machine or a guide: its person is there. Its member may say so,
// who stands at the door, and staff who hand out; of a booking with nothing but equipment it is refused, for
// that is handed out. Arriving twice is the same as once. It is judged as a hand-over is: from half an hour
// before the start to the end, certified for today.
func (b *Book) Arrive(ctx context.Context, who identity.Actor, id string, at time.Time, key database.Key) (Booking, error) {
	return b.decide(ctx, who, decision{
		id: id, key: key, action: "booking.arrive", right: identity.HandOut,
		done: func(was Booking) bool { return was.ArrivedAt != nil },
		apply: func(s *step) error {
			at := instant(s.tx, at)
			if !who.May(identity.HandOut, s.was.HubID, s.was.regionID) {
				at = s.tx.Now // who stands at the door says that they are there, not that they were
			}
			if !slices.ContainsFunc(s.was.Lines, func(l Line) bool { return l.Kind != inventory.Equipment }) {
				return &Refusal{Fault: refusalOf([]fault.Violation{{Code: "nothing_to_arrive_at", Params: fault.Params{}}})}
			}
			if err := mayBegin(s, at); err != nil {
				return err
			}
			lost := func(l Line) bool { return l.Kind != inventory.Equipment && l.WithoutUnit > 0 }
			if slices.ContainsFunc(s.was.Lines, lost) {
				return &Refusal{Fault: refusalOf([]fault.Violation{{Code: "unit_missing", Params: fault.Params{}}})}
			}
			if err := b.judgeCertified(ctx, who, s); err != nil {
				return err
			}
			s.is.ArrivedAt = &at
			if s.was.Status == Confirmed {
				s.is.Status = InUse
			}
			return nil
		},
	})
}
