package booking

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"canot/internal/database"
	"canot/inventory/hours"
)

const (
	lateJob = "booking.late"
	// lateEvery is how often the network looks for what is late, but for the instants that it knows.
	lateEvery = 5 * time.Minute
	// latePiece is how many rows one look reads at once.
	latePiece = 200
	// lateGrace is how long after its due time a return still costs nobody their unit: whoever brings it
	// may stand in the line, and the next person behind them.
	lateGrace = 15 * time.Minute
)

// lateUntil returns until when a unit is held that was due and is still out at now: the further
// ahead the later it is.
func lateUntil(due, now time.Time) time.Time {
	switch late := now.Sub(due); {
	case late < 4*time.Hour:
		return now.Add(4 * time.Hour)
	case late < 7*24*time.Hour:
		return now.Add(48 * time.Hour)
	default:
		return now.Add(30 * 24 * time.Hour)
	}
}

// holdOn returns until when to hold a late unit that is held until some instant, and false when
// that is still enough: it is moved on once a quarter of it has passed, not at every look.
func holdOn(due, held, now time.Time) (until time.Time, ok bool) {
	if now.Before(due) {
		return held, false
	}
	until = lateUntil(due, now)
	return until, held.Sub(now) < until.Sub(now)*3/4
}

// late does what time itself asks of the counter, and comes again: it holds on to what is late,
// tells who has it and who waits, and gives the time of those who have not come to others. It goes
// in pieces, one transaction each, so that no counter waits for it; done twice, or by two at once,
// it does everything once. It comes again in five minutes, or at the instant before that at which a unit is
// due, a grace ends or a booking is given up, as far as it is known by now or is told by lookAt: who waits is
// told then, and what is free is free then. An instant that arises otherwise between two looks, by a booking that is
// made for the next minutes or while a look is under way, waits for the next: five minutes at most.
func (b *Book) late(ctx context.Context, _ json.RawMessage) error {
	var failed error
	began := b.db.Now() // what falls due while the parts are at work is none that they have seen
	next := began.Truncate(lateEvery).Add(lateEvery)
	for _, part := range []struct {
		name string
		do   func(context.Context) error
	}{
		{"hold late loans", b.holdLateLoans},
		{"hold late journeys", b.holdLateJourneys},
		{"end what nobody came for", func(ctx context.Context) error { return b.endNoShows(ctx, &next) }},
		{"remind of loans", b.remindLoans},
	} {
		if err := part.do(ctx); err != nil {
			b.log.ErrorContext(ctx, part.name, "error", err.Error())
			failed = err
		}
	}
	err := b.db.In(ctx, func(tx *database.Tx) error {
		if err := soonerDue(tx, began, &next); err != nil {
			return err
		}
		return tx.EnqueueNext(lateJob, next)
	})
	if err == nil && failed != nil && ctx.Err() != nil {
		err = failed
	}
	return err
}

// lookAt has late look at an instant at which a unit that is handed out is due, when its next turn comes after.
func lookAt(tx *database.Tx, due time.Time) error {
	if due.Sub(tx.Now) >= lateEvery {
		return nil // it will be known by then
	}
	return tx.Sooner(lateJob, laterOf(due, tx.Now))
}

// soonerDue sets next to when after some instant a unit is due, or the grace of one that is late ends, where
// that is sooner.
func soonerDue(tx *database.Tx, since time.Time, next *time.Time) error {
	for _, after := range []time.Duration{0, lateGrace} {
		var dues []time.Time
		err := tx.Select(&dues, `SELECT due_at FROM loans WHERE back_at IS NULL AND due_at > $1 AND due_at < $2 ORDER BY due_at LIMIT 1`,
			since.Add(-after), next.Add(-after))
		if err != nil {
			return err
		}
		for _, due := range dues {
			*next = due.UTC().Add(after)
		}
	}
	return nil
}

// each does something for every id of a list, and goes on with the others when it fails for one:
// one row that cannot be dealt with must not leave all behind it undone.
func (b *Book) each(ctx context.Context, what string, ids []string, do func(context.Context, string) error) error {
	for _, id := range ids {
		_, err := persist(func() (struct{}, error) { return struct{}{}, do(ctx, id) })
		if err == nil {
			continue
		}
		if ctx.Err() != nil {
			return err
		}
		b.log.ErrorContext(ctx, what, "id", id, "error", err.Error())
	}
	return nil
}

// errNothing ends a transaction that found nothing left to do, so that it leaves no trace: nobody
// reads anew because of it.
var errNothing = errors.New("nothing is left to do")

// A heldLoan is a loan that has not ended, with what it takes of its unit's time.
type heldLoan struct {
	ID         string    `db:"id"`
	BookingID  string    `db:"booking_id"`
	UnitID     string    `db:"unit_id"`
	ResourceID string    `db:"resource_id"`
	DueAt      time.Time `db:"due_at"`
	Occupancy  string    `db:"occupancy_id"`
	Held       time.Time `db:"held"`
}

const selectHeldLoans = `
	SELECT l.id, l.booking_id, l.unit_id, u.resource_id, l.due_at, o.id AS occupancy_id, o.ends_at AS held
	FROM loans l
	JOIN units u ON u.id = l.unit_id
	JOIN occupancies o ON o.unit_id = l.unit_id AND o.booking_id = l.booking_id AND o.live AND o.starts_at <= l.out_at AND o.ends_at > l.out_at
	WHERE l.back_at IS NULL AND `

// holdLateLoans holds on to every unit that is out beyond its due time.
func (b *Book) holdLateLoans(ctx context.Context) error {
	for last := (heldLoan{}); ; {
		now := b.db.Now()
		var rows []heldLoan
		err := b.db.Reader(ctx).Select(&rows, selectHeldLoans+`l.due_at <= $1 AND (l.due_at > $2 OR l.due_at = $2 AND l.id > $3)
			ORDER BY l.due_at, l.id LIMIT $4`, now, last.DueAt, last.ID, latePiece)
		if err != nil {
			return err
		}
		var ids []string
		for _, row := range rows {
			if _, ok := holdOn(row.DueAt, row.Held, now); ok {
				ids = append(ids, row.ID)
			}
		}
		if err := b.each(ctx, "hold a late loan", ids, b.holdLateLoan); err != nil || len(rows) < latePiece {
			return err
		}
		last = rows[len(rows)-1]
	}
}

// holdLateLoan prolongs what a late loan takes of its unit's time, and re-homes what that hits.
func (b *Book) holdLateLoan(ctx context.Context, id string) error {
	var seen heldLoan
	err := b.db.Reader(ctx).Get(&seen, selectHeldLoans+`l.id = $1`, id)
	if err == database.ErrNoRows {
		return nil // it is back
	} else if err != nil {
		return err
	}
	return b.underLock(ctx, seen.ResourceID, seen.UnitID, func(o *outing) error {
		var l heldLoan
		err := o.tx.Get(&l, selectHeldLoans+`l.id = $1`, id)
		if err == database.ErrNoRows {
			return errNothing
		} else if err != nil {
			return err
		}
		until, ok := holdOn(l.DueAt, l.Held, o.tx.Now)
		if !ok {
			return errNothing
		}
		return o.hold(l, until)
	})
}

// hold prolongs what a late loan takes until an instant. While the grace lasts it only takes what
// is free, and gives those who are to begin meanwhile an equal unit where there is one: they must not
// wait for a return that may not come, where they need not. Then it re-homes all bookings in the way, and
// puts off what was planned for the unit.
func (o *outing) hold(l heldLoan, until time.Time) error {
	next, err := o.next(l.Held.UTC(), until)
	if err != nil {
		return err
	}
	if !next.IsZero() && o.tx.Now.Sub(l.DueAt) < lateGrace {
		if until, err = o.spare(l, until); err != nil {
			return err
		}
	} else if !next.IsZero() {
		if err := o.makeRoom(l, until); err != nil {
			return err
		}
	}
	if !until.After(l.Held) {
		return errNothing
	}
	if _, err := o.tx.Exec(`UPDATE occupancies SET ends_at = $2 WHERE id = $1`, l.Occupancy, until); err != nil {
		return err
	}
	return o.tx.Record(database.Change{By: o.who.ID, Action: "loan.hold", Kind: "loan", Subject: l.ID,
		Before: map[string]any{"unit": l.UnitID, "held_until": l.Held.UTC()}, After: map[string]any{"unit": l.UnitID, "held_until": until.UTC()}})
}

// spare re-homes those who are to begin within the grace of a late loan, one after the other as long as
// an equal unit is free for each, and returns until when the late one can be held then.
func (o *outing) spare(l heldLoan, until time.Time) (time.Time, error) {
	var soon []victim
	err := o.tx.Select(&soon, `SELECT id, booking_id, starts_at, ends_at FROM occupancies
		WHERE unit_id = $1 AND live AND starts_at >= $2 AND starts_at < $3 ORDER BY starts_at`, o.unit.ID, l.Held, l.DueAt.Add(lateGrace))
	if err != nil {
		return until, err
	}
	if len(soon) > 0 {
		f, err := o.facts(soon)
		if err != nil {
			return until, err
		}
		end := l.Held.UTC()
		for _, v := range soon {
			span := hours.Span{Start: v.StartsAt.UTC(), End: v.EndsAt.UTC()}
			f.take(o.unit.ID, taken{Span: span})
			unit, ok := bestUnit(f, o.unit.ResourceID, span)
			if !ok || v.BookingID == nil {
				break
			}
			f.take(unit.ID, taken{Span: span, booking: *v.BookingID})
			end = span.End
		}
		if end.After(l.Held) {
			if _, _, err := o.rehome(hours.Span{Start: l.Held.UTC(), End: end}); err != nil {
				return until, err
			}
		}
	}
	next, err := o.next(l.Held.UTC(), until)
	if err == nil && !next.IsZero() {
		until = next
	}
	return until, err
}

// next is when the first occupancy of the unit begins that touches a span; zero when none does.
func (o *outing) next(from, to time.Time) (time.Time, error) {
	var starts []time.Time
	err := o.tx.Select(&starts, `SELECT starts_at FROM occupancies WHERE unit_id = $1 AND live AND starts_at >= $2 AND starts_at < $3
		ORDER BY starts_at LIMIT 1`, o.unit.ID, from, to)
	if err != nil || len(starts) == 0 {
		return time.Time{}, err
	}
	return starts[0].UTC(), nil
}

// makeRoom re-homes what stands between a late loan and an instant, and puts off what was planned
// for the unit meanwhile.
func (o *outing) makeRoom(l heldLoan, until time.Time) error {
	var planned []plan
	err := o.tx.Select(&planned, `
		SELECT id, maintenance_id, transfer_id, starts_at, ends_at FROM occupancies
		WHERE unit_id = $1 AND live AND reason <> 'booking' AND starts_at >= $2 AND starts_at < $3 ORDER BY starts_at`, o.unit.ID, l.Held, until)
	if err != nil {
		return err
	}
	after := until
	for _, p := range planned {
		if after, err = o.putOff(p, after); err != nil {
			return err
		}
	}
	_, _, err = o.rehome(hours.Span{Start: l.Held.UTC(), End: until})
	return err
}

// A plan is a maintenance or a journey that takes a unit's time.
type plan struct {
	ID            string    `db:"id"` // of the occupancy
	MaintenanceID *string   `db:"maintenance_id"`
	TransferID    *string   `db:"transfer_id"`
	StartsAt      time.Time `db:"starts_at"`
	EndsAt        time.Time `db:"ends_at"`
}

// putOff lets what was planned for a unit begin later, because the unit is not there: it keeps its end
// where that is later still, else its length, behind whatever else is planned then. What should be over
// by now has not been, and is called off. It returns its new end.
func (o *outing) putOff(p plan, to time.Time) (end time.Time, err error) {
	if !p.EndsAt.After(o.tx.Now) {
		return to, o.callOff(p)
	}
	for end = p.EndsAt.UTC(); !end.After(to); {
		end = to.Add(p.EndsAt.Sub(p.StartsAt))
		var others []time.Time
		err := o.tx.Select(&others, `SELECT ends_at FROM occupancies
			WHERE unit_id = $1 AND live AND reason <> 'booking' AND id <> $2 AND starts_at < $3 AND ends_at > $4 ORDER BY ends_at DESC LIMIT 1`,
			o.unit.ID, p.ID, end, to)
		if err != nil {
			return to, err
		}
		if len(others) == 0 {
			if _, _, err := o.rehome(hours.Span{Start: to, End: end}); err != nil {
				return to, err
			}
			break
		}
		if !others[0].Before(database.Forever) {
			return to, o.callOff(p) // the unit will be out of service anyway
		}
		to, end = others[0].UTC(), to
	}
	if _, err := o.tx.Exec(`UPDATE occupancies SET starts_at = $2, ends_at = $3 WHERE id = $1`, p.ID, to, end); err != nil {
		return to, err
	}
	return end, o.moved(p, to, end)
}

// callOff ends what was planned for a unit and has not been. A journey keeps its row: it is still to be made.
func (o *outing) callOff(p plan) error {
	if _, err := o.tx.Exec(`UPDATE occupancies SET live = false WHERE id = $1`, p.ID); err != nil || p.MaintenanceID == nil {
		return err
	}
	all, err := o.maintenances(`m.id = $1`, *p.MaintenanceID)
	if err != nil || len(all) == 0 {
		return err
	}
	was := all[0]
	is := was
	is.Open, is.Version = false, was.Version+1
	if _, err := o.tx.Exec(`UPDATE maintenances SET open = false, version = $2 WHERE id = $1`, is.ID, is.Version); err != nil {
		return err
	}
	return o.record("maintenance.call_off", &was, is)
}

// moved writes the new times of what was put off, into its row and the log.
func (o *outing) moved(p plan, from, end time.Time) error {
	if p.TransferID != nil {
		row, err := findTransfer(o.tx, *p.TransferID)
		if err != nil {
			return err
		}
		was := row.Transfer
		is := was
		is.LeavesAt, is.ArrivesAt, is.Version = from, from.Add(was.ArrivesAt.Sub(was.LeavesAt)), was.Version+1
		if _, err = o.tx.Exec(`UPDATE transfers SET leaves_at = $2, arrives_at = $3, version = $4 WHERE id = $1`, is.ID, is.LeavesAt, is.ArrivesAt, is.Version); err != nil {
			return err
		}
		return recordTransfer(o.tx, o.who, "transfer.put_off", &was, is)
	}
	all, err := o.maintenances(`m.id = $1`, *p.MaintenanceID)
	if err != nil || len(all) == 0 {
		return err
	}
	was := all[0]
	is := was
	is.StartsAt, is.Version = from, was.Version+1
	if is.EndsAt != nil {
		is.EndsAt = &end
	}
	_, err = o.tx.Exec(`UPDATE maintenances SET starts_at = $2, ends_at = $3, version = $4 WHERE id = $1`, is.ID, is.StartsAt, is.EndsAt, is.Version)
	if err != nil {
		return err
	}
	return o.record("maintenance.put_off", &was, is)
}
