package booking

import (
	"slices"
	"time"

	"canot/internal/fault"
	"canot/inventory"
	"canot/inventory/hours"
)

// victim is an occupancy that a unit loses.
type victim struct {
	ID            string     `db:"id"`
	BookingID     *string    `db:"booking_id"`
	Line          *int       `db:"line"`
	MaintenanceID *string    `db:"maintenance_id"`
	TransferID    *string    `db:"transfer_id"`
	StartsAt      time.Time  `db:"starts_at"`
	EndsAt        time.Time  `db:"ends_at"`
	LapsesAt      *time.Time `db:"lapses_at"`
	Out           int        `db:"out_now"` // the booking has the unit out with it
	Back          int        `db:"back"`    // it had, and has brought it back
}

// rehome ends the unit's occupancies that touch lost, and gives each booking an
// equal unit for it where one is free.
func (o *outing) rehome(lost hours.Span) (rehomed, without []string, err error) {
	var victims []victim
	err = o.tx.Select(&victims, `
		SELECT o.id, o.booking_id, o.line, o.maintenance_id, o.transfer_id, o.starts_at, o.ends_at, o.lapses_at,
			`+lentNow+` AS out_now, `+lentBefore+` AS back
		FROM occupancies o WHERE o.unit_id = $1 AND o.live AND o.starts_at < $2 AND o.ends_at > $3 ORDER BY o.starts_at`,
		o.unit.ID, lost.End, lost.Start)
	if err != nil || len(victims) == 0 {
		return nil, nil, err
	}
	f, err := o.facts(victims)
	if err != nil {
		return nil, nil, err
	}
	f.take(o.unit.ID, taken{Span: lost})
	for _, v := range victims {
		if v.TransferID != nil {
			if err := o.yield(v, lost); err != nil {
				return nil, nil, err
			}
			continue
		}
		if v.MaintenanceID != nil {
			return nil, nil, &Refusal{Fault: refusalOf([]fault.Violation{{Code: "already_out", Params: fault.Params{}}})}
		}
		if v.Out > 0 {
			return nil, nil, isOut(o.unit)
		}
		if over, err := o.isOver(v, lost); err != nil {
			return nil, nil, err
		} else if over {
			continue
		}
		got, err := o.rehomeOne(f, v, lost)
		if err != nil {
			return nil, nil, err
		}
		if got {
			rehomed = append(rehomed, *v.BookingID)
		} else {
			without = append(without, *v.BookingID)
		}
	}
	return rehomed, without, nil
}

// isOver cuts an occupancy of which only the clean-up after its booking, or after its return, is
// lost, or whose booking is past: nobody needs another unit for that.
func (o *outing) isOver(v victim, lost hours.Span) (bool, error) {
	if v.Back == 0 {
		was, err := findBooking(o.tx, *v.BookingID)
		if err != nil || lost.Start.Before(was.EndsAt) && was.Status.Live() {
			return false, err
		}
	}
	return true, endOne(o.tx, v.ID, v.StartsAt, lost.Start, true)
}

// facts reads the facts about the unit's resource for as long as the victims last.
func (o *outing) facts(victims []victim) (*facts, error) {
	span := hours.Span{Start: victims[0].StartsAt, End: victims[len(victims)-1].EndsAt}
	return o.b.factsBetween(o.ctx, o.tx, []string{o.unit.ResourceID}, span)
}

// rehomeOne ends one occupancy and finds it another unit. What has begun keeps its
// past on the unit that it had.
func (o *outing) rehomeOne(f *facts, v victim, lost hours.Span) (bool, error) {
	was, err := findBooking(o.tx, *v.BookingID)
	if err != nil {
		return false, err
	}
	span := hours.Span{Start: v.StartsAt.UTC(), End: v.EndsAt.UTC()}
	keeps := false
	if !span.Start.After(o.tx.Now) && span.Start.Before(lost.Start) {
		keeps = lost.Start.After(o.tx.Now) // until then nobody else may have it
		if _, err := o.tx.Exec(`UPDATE occupancies SET live = $3, ends_at = $2 WHERE id = $1`, v.ID, lost.Start, keeps); err != nil {
			return false, err
		}
		span.Start = lost.Start
	} else if _, err := o.tx.Exec(`UPDATE occupancies SET live = false WHERE id = $1`, v.ID); err != nil {
		return false, err
	}
	at := slices.IndexFunc(was.Lines, func(l Line) bool { return l.line == *v.Line })
	is := was
	is.Lines = slices.Clone(was.Lines)
	l := &is.Lines[at]
	l.Units = slices.DeleteFunc(slices.Clone(l.Units), func(u string) bool { return u == o.unit.ID && !keeps })
	unit, ok := bestUnit(f, o.unit.ResourceID, span)
	action := "booking.rehome"
	if ok {
		l.Units = append(l.Units, unit.ID)
		f.take(unit.ID, taken{Span: span, booking: was.ID})
		err = insertOccupancies(o.tx, was, []chosen{{line: l.line, unit: unit, span: span}})
	} else {
		action = "booking.lose_unit"
	}
	if !ok && !v.EndsAt.Before(was.EndsAt) {
		l.WithoutUnit++
		_, err = o.tx.Exec(`UPDATE booking_lines SET without_unit = without_unit + 1 WHERE booking_id = $1 AND line = $2`, was.ID, l.line)
	}
	if err != nil {
		return ok, err
	}
	is.Version, is.ChangedAt = was.Version+1, o.tx.Now
	if err := o.tellOf(was, is, action); err != nil {
		return ok, err
	}
	return ok, nil
}

// tellOf writes that a booking's units have changed, in its row and in the log, and
// leaves a notice for its member and, where a person must settle it, for staff.
func (o *outing) tellOf(was, is Booking, action string) error {
	if err := o.changed(&is, was, action); err != nil {
		return err
	}
	return o.tx.Enqueue(noticeJob(o.tx, was.ID, action))
}

// changed writes that a booking's units have changed, in its row and in the log.
func (o *outing) changed(is *Booking, was Booking, action string) error {
	n, err := o.tx.Exec(`UPDATE bookings SET version = version + 1, changed_at = $3 WHERE id = $1 AND version = $2`, was.ID, was.Version, o.tx.Now)
	if err == nil && n == 0 {
		err = errAgain
	}
	if err != nil {
		return err
	}
	is.Version, is.ChangedAt = was.Version+1, o.tx.Now
	return record(o.tx, o.who.ID, action, &was, is)
}

// never is an instant at which no hold has lapsed: a hold that nobody has ended yet
// still stands in the way of the data base's guard.
var never time.Time

// bestUnit is the unit of a resource that is free for an occupancy and whose free
// time around it is shortest.
func bestUnit(f *facts, resource string, span hours.Span) (inventory.Unit, bool) {
	var best inventory.Unit
	var least time.Duration
	found := false
	for _, u := range f.terms[resource].Units {
		gap, ok := gapAround(span, f.taken[u.ID], f.window, never)
		if ok && (!found || gap < least) {
			best, least, found = u, gap, true
		}
	}
	return best, found
}
