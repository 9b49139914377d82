package booking

import (
	"context"
	"slices"
	"time"

	"canot/booking/membership"
	"canot/internal/database"
	"canot/internal/identity"
	"canot/inventory"
	"canot/inventory/hours"
)

// givenAtOnce bounds how many bookings that wait for a unit one return is offered to.
const givenAtOnce = 50

// giveToWaiting gives the bookings that lost a unit of the same resource one that is free now, those
// that begin soonest first, and tells their members. It returns their ids. The lock of the resource
// is held.
func (o *outing) giveToWaiting() (given []string, err error) {
	var waiting []string
	err = o.tx.Select(&waiting, `
		SELECT b.id FROM bookings b
		WHERE b.id IN (SELECT l.booking_id FROM booking_lines l WHERE l.resource_id = $1 AND l.without_unit > 0)
			AND b.ends_at > $2 AND b.status IN ('held', 'pending', 'confirmed', 'in_use')
		ORDER BY b.starts_at, b.id LIMIT $3`, o.unit.ResourceID, o.tx.Now, givenAtOnce)
	if err != nil {
		return nil, err
	}
	for _, id := range waiting {
		was, err := findBooking(o.tx, id)
		if err != nil {
			return given, err
		}
		got, err := o.giveTo(was)
		if err != nil {
			return given, err
		}
		if got {
			given = append(given, was.ID)
		}
	}
	return given, nil
}

// giveTo gives a booking what it waits for of the unit's resource, as far as units are free.
func (o *outing) giveTo(was Booking) (bool, error) {
	span := hours.Span{Start: was.StartsAt, End: was.EndsAt}
	f, err := o.b.factsBetween(o.ctx, o.tx, []string{o.unit.ResourceID}, span)
	if err != nil {
		return false, err
	}
	span = occupied(span, f.terms[o.unit.ResourceID].Resource.Policy)
	if span.Start.Before(o.tx.Now) && was.StartsAt.Before(o.tx.Now) {
		span.Start = o.tx.Now // what has begun needs a unit for what is left of it only
	}
	is := was
	is.Lines = slices.Clone(was.Lines)
	var units []chosen
	for i := range is.Lines {
		l := &is.Lines[i]
		if l.ResourceID != o.unit.ResourceID {
			continue
		}
		l.Units = slices.Clone(l.Units)
		for l.WithoutUnit > 0 {
			unit, from, ok := o.freeFor(f, span, was.EndsAt)
			if !ok {
				break
			}
			f.take(unit.ID, taken{Span: from, booking: was.ID})
			units = append(units, chosen{line: l.line, unit: unit, span: from})
			l.Units = append(l.Units, unit.ID)
			l.WithoutUnit--
		}
	}
	if len(units) == 0 {
		return false, nil
	}
	for _, l := range is.Lines {
		if _, err := o.tx.Exec(`UPDATE booking_lines SET without_unit = $3 WHERE booking_id = $1 AND line = $2`, was.ID, l.line, l.WithoutUnit); err != nil {
			return false, err
		}
	}
	if err := insertOccupancies(o.tx, was, units); err != nil {
		return false, err
	}
	is.Version, is.ChangedAt = was.Version+1, o.tx.Now
	return true, o.tellOf(was, is, "booking.find_unit")
}

// freeFor is a unit of the resource that is free for a span, else the unit itself from the end of its
// clean-up on, where the booking still has some of its time then.
func (o *outing) freeFor(f *facts, span hours.Span, ends time.Time) (inventory.Unit, hours.Span, bool) {
	if unit, ok := bestUnit(f, o.unit.ResourceID, span); ok {
		return unit, span, true
	}
	at := slices.IndexFunc(f.terms[o.unit.ResourceID].Units, func(u inventory.Unit) bool { return u.ID == o.unit.ID })
	if at < 0 {
		return inventory.Unit{}, span, false
	}
	ready := o.tx.Now.Add(time.Duration(f.terms[o.unit.ResourceID].Resource.Policy.BufferAfter) * time.Minute)
	for _, t := range f.taken[o.unit.ID] {
		if !t.Start.After(span.Start) && t.End.After(span.Start) && !t.End.After(ready) {
			span.Start = t.End
		}
	}
	_, free := gapAround(span, f.taken[o.unit.ID], f.window, never)
	return f.terms[o.unit.ResourceID].Units[at], span, free && span.Start.Before(ends)
}

// afterReturn does what follows from a return that has just been written, in its transaction: a
// late one is counted, and who waits for a unit of the resource gets what is free now. It returns
// the bookings that were given one. The lock of the unit's resource is held, the loan is closed and
// its occupancy ended.
func (b *Book) afterReturn(ctx context.Context, tx *database.Tx, who identity.Actor, unit inventory.Unit, was Booking, loan Loan) (given []string, err error) {
	o := &outing{b: b, ctx: ctx, tx: tx, who: who, unit: unit}
	if given, err = o.giveToWaiting(); err != nil {
		return given, err
	}
	return given, b.countLate(ctx, tx, was, loan)
}

// Late returns: what counts as one, and for how long it does.
const (
	lateFrom  = time.Hour
	lateCount = 90 * 24 * time.Hour
)

// wasLate reports whether a loan came back so late that it counts.
func wasLate(due, back time.Time) bool { return back.Sub(due) > lateFrom }

// countLate suspends the member of a booking whose loan has just come back, when it was late and
// the hub's rule says that it was once too often. A booking counts once, however many of its things
// are late; what counted towards a suspension does not count again.
func (b *Book) countLate(ctx context.Context, tx *database.Tx, was Booking, loan Loan) error {
	if loan.Doubtful || loan.BackAt == nil || !wasLate(loan.DueAt, *loan.BackAt) {
		return nil
	}
	var rule struct {
		After int64 `db:"suspend_after"`
		Days  int64 `db:"suspend_days"`
	}
	err := tx.Get(&rule, `SELECT suspend_after, suspend_days FROM hubs WHERE id = $1`, was.HubID)
	if err != nil || rule.After == 0 {
		return err
	}
	late, err := lateBookings(tx, was.MemberID, was.HubID)
	if err != nil || int64(late) < rule.After {
		return err
	}
	_, err = membership.Suspend(tx, identity.System, membership.NewSuspension{
		MemberID: was.MemberID, HubID: was.HubID, Cause: membership.SuspendedLate, BookingID: was.ID,
		Until: tx.Now.Add(time.Duration(rule.Days) * 24 * time.Hour)})
	return err
}

// lateBookings counts the bookings of a member at a hub that came back late lately, since the last
// suspension for it.
func lateBookings(tx *database.Tx, memberID, hubID string) (int, error) {
	var last []time.Time
	err := tx.Select(&last, `SELECT starts_at FROM suspensions WHERE member_id = $1 AND hub_id = $2 AND cause = 'late' ORDER BY starts_at DESC LIMIT 1`, memberID, hubID)
	if err != nil {
		return 0, err
	}
	since := tx.Now.Add(-lateCount)
	if len(last) > 0 && last[0].After(since) {
		since = last[0].UTC()
	}
	var rows []struct {
		BookingID string    `db:"booking_id"`
		DueAt     time.Time `db:"due_at"`
		BackAt    time.Time `db:"back_at"`
	}
	err = tx.Select(&rows, `
		SELECT l.booking_id, l.due_at, l.back_at FROM loans l JOIN bookings b ON b.id = l.booking_id
		WHERE b.member_id = $1 AND b.hub_id = $2 AND NOT l.doubtful AND l.back_at > l.due_at AND b.ends_at > $3
		ORDER BY l.back_at`, memberID, hubID, tx.Now.Add(-2*lateCount))
	first := map[string]time.Time{} // when each booking's first late thing came back
	for _, row := range rows {
		if at, seen := first[row.BookingID]; wasLate(row.DueAt, row.BackAt) && (!seen || row.BackAt.Before(at)) {
			first[row.BookingID] = row.BackAt
		}
	}
	n := 0
	for _, at := range first {
		if at.After(since) {
			n++
		}
	}
	return n, err
}

// sendHome writes that a unit came back at another hub than the one of its resource, and plans its
// journey home; what it was promised for meanwhile is re-homed. Where it came back to its own hub,
// no journey is left to make, and the Transfer is the zero one. The lock of its resource is held.
func (b *Book) sendHome(ctx context.Context, tx *database.Tx, who identity.Actor, unit inventory.Unit, hubID string) (Transfer, error) {
	moved, err := inventory.MoveUnit(tx, who, unit.ID, hubID, unit.ResourceID)
	if err != nil {
		return Transfer{}, err
	}
	o := &outing{b: b, ctx: ctx, tx: tx, who: who, unit: moved}
	if err := o.endJourneys(hubID); err != nil {
		return Transfer{}, err
	}
	var home string
	if err := tx.Get(&home, `SELECT hub_id FROM resources WHERE id = $1`, unit.ResourceID); err != nil || home == hubID {
		return Transfer{}, err
	}
	return o.plan(Transfer{UnitID: unit.ID, FromHubID: hubID, ToHubID: home, ToResourceID: unit.ResourceID,
		LeavesAt: tx.Now, ArrivesAt: tx.Now.Add(homeWithin)})
}

// homeWithin is how long a journey home may take until somebody says otherwise.
const homeWithin = 7 * 24 * time.Hour

// endJourneys ends the journeys of a unit that has come to a hub by another way: those to that hub
// have arrived, others will not be made.
func (o *outing) endJourneys(hubID string) error {
	rows, err := transfersOf(o.tx, `WHERE t.unit_id = $1 AND t.state IN ('planned', 'on_the_road')`, o.unit.ID)
	if err != nil {
		return err
	}
	for _, row := range rows {
		if err := endJourneyTime(o.tx, row.ID); err != nil {
			return err
		}
		state, action := JourneyCancelled, "transfer.cancel"
		if row.ToHubID == hubID && row.ToResourceID == o.unit.ResourceID {
			state, action = JourneyArrived, "transfer.arrive"
		}
		was := row.Transfer
		is, err := (&trip{outing: o, row: row}).write(state)
		if err != nil {
			return err
		}
		if err := recordTransfer(o.tx, o.who, action, &was, is); err != nil {
			return err
		}
	}
	return nil
}
