package booking

import (
	"context"
	"slices"
	"time"

	"canot/internal/database"
	"canot/internal/fault"
	"canot/internal/identity"
	"canot/inventory"
	"canot/inventory/upkeep"
)

// due returns the instant at which time itself asks something of a booking: a hold
// lapses, a request that nobody answered ends when its policy says or at its start, a
// booking is over.
func (b Booking) due() (time.Time, bool) {
	switch b.Status {
	case Held:
		return *b.LapsesAt, true
	case Pending:
		if b.LapsesAt != nil && b.LapsesAt.Before(b.StartsAt) {
			return *b.LapsesAt, true
		}
		if b.ChangedAt.Before(b.StartsAt) {
			return b.StartsAt, true
		}
		return b.EndsAt, true // asked for in the slot that is running
	case Confirmed, InUse:
		return b.EndsAt, true
	}
	return time.Time{}, false
}

// Settle does what is due for a booking, and nothing when nothing is: a hold that
// has lapsed and a request that nobody answered before its start expire, a booking
// that is over is completed, unless something of it is still out. It is the job booking.due, and may run any number of times.
func (b *Book) Settle(ctx context.Context, id string) error {
	for try := 1; ; try++ {
		was, err := findBooking(b.db.Reader(ctx), id)
		if fault.KindOf(err) == fault.NotFound {
			return nil
		} else if err != nil {
			return err
		}
		due, ok := was.due()
		if !ok || due.After(b.db.Now()) {
			return nil
		}
		_, err = b.carryOut(ctx, identity.System, was, settlement(was))
		if !isRace(err) || try == tries {
			return err
		}
	}
}

// meterMachines raises the meters of the machines of a booking that is over, by how long it had them: from
// when its person came, where that is known. It is for before the log tells of it.
func meterMachines(tx *database.Tx, who identity.Actor, was Booking) error {
	if !slices.ContainsFunc(was.Lines, func(l Line) bool { return l.Kind == inventory.Machine }) {
		return nil
	}
	var over int // how often it was completed before: what came back may go out once more
	err := tx.Get(&over, `SELECT count(*) FROM changes WHERE subject_kind = 'booking' AND subject_id = $1 AND after LIKE '%"status":"completed"%'`, was.ID)
	if err != nil || over > 0 {
		return err
	}
	from := was.StartsAt
	if was.ArrivedAt != nil && was.ArrivedAt.After(from) {
		from = *was.ArrivedAt
	}
	for _, l := range was.Lines {
		if l.Kind != inventory.Machine {
			continue
		}
		for _, unit := range l.Units {
			if _, err := upkeep.AddUse(tx, who, unit, int64(was.EndsAt.Sub(from)/time.Minute)); err != nil {
				return err
			}
		}
	}
	return nil
}

func settlement(was Booking) decision {
	if was.Status == Confirmed || was.Status == InUse {
		return decision{action: "booking.complete", apply: func(s *step) error {
			if out, err := openLoans(s.tx, s.was.ID); err != nil || out > 0 {
				s.nothing = true // it is over when the last of its things is back
				return err
			}
			s.is.Status = Completed
			return meterMachines(s.tx, identity.System, s.was)
		}}
	}
	return decision{action: "booking.expire", apply: func(s *step) error {
		if s.was.Status == Pending {
			s.notices = append(s.notices, "booking.lapse")
		}
		s.is.Status = Expired
		if err := s.refund(identity.System); err != nil {
			return err
		}
		return s.free()
	}}
}
