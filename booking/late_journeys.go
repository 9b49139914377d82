package booking

import (
	"context"
	"errors"
	"time"

	"canot/internal/database"
	"canot/internal/identity"
	"canot/inventory/hours"
)

// awayUntil returns until when the unit of a journey home is held that is held until some instant,
// and false when that is still enough: as late loans are once it should have come, and for as long
// as the journey takes once it should have left and has not.
func (t Transfer) awayUntil(held, now time.Time) (until time.Time, ok bool) {
	until = t.ArrivesAt
	if !now.Before(t.ArrivesAt) {
		until = lateUntil(t.ArrivesAt, now)
	}
	if t.State == JourneyPlanned && t.LeavesAt.Before(now) {
		if at := now.Add(t.ArrivesAt.Sub(t.LeavesAt)); at.After(until) {
			until = at
		}
	}
	return until, held.Before(until) && held.Sub(now) < until.Sub(now)*3/4
}

// holdLateJourneys holds on to every unit that should be home already, or should have left. A unit
// that will be booked as another resource is held until it has come anyway.
func (b *Book) holdLateJourneys(ctx context.Context) error {
	rows, err := transfersOf(b.db.Reader(ctx), `WHERE t.state IN ('planned', 'on_the_road') AND t.to_resource_id = u.resource_id
		AND t.leaves_at <= $1 ORDER BY t.id`, b.db.Now())
	if err != nil {
		return err
	}
	var ids []string
	for _, row := range rows {
		held, err := heldFor(b.db.Reader(ctx), row.Transfer)
		if err != nil {
			return err
		}
		if _, ok := row.awayUntil(held, b.db.Now()); ok {
			ids = append(ids, row.ID)
		}
	}
	return b.each(ctx, "hold a late journey", ids, b.holdLateJourney)
}

// heldFor is until when the unit of a journey is taken for it.
func heldFor(r database.Reader, t Transfer) (time.Time, error) {
	var ends []time.Time
	err := r.Select(&ends, `SELECT ends_at FROM occupancies WHERE transfer_id = $1 AND live ORDER BY ends_at DESC LIMIT 1`, t.ID)
	if err != nil || len(ends) == 0 {
		return t.LeavesAt.UTC(), err
	}
	return ends[0].UTC(), nil
}

// holdLateJourney prolongs what a journey home takes of its unit's time, and re-homes what that hits.
func (b *Book) holdLateJourney(ctx context.Context, id string) error {
	seen, err := findTransfer(b.db.Reader(ctx), id)
	if err != nil {
		return err
	}
	return b.underLock(ctx, seen.ResourceID, seen.UnitID, func(o *outing) error {
		row, err := findTransfer(o.tx, id)
		if err != nil {
			return err
		}
		if !row.open() || row.ToResourceID != row.ResourceID {
			return errNothing
		}
		held, err := heldFor(o.tx, row.Transfer)
		if err != nil {
			return err
		}
		until, ok := row.awayUntil(held, o.tx.Now)
		if !ok {
			return errNothing
		}
		gaps, err := o.besides(hours.Span{Start: held, End: until}, true)
		if err == nil && len(gaps) == 0 {
			err = errNothing // it is out of service for as long
		}
		if err != nil {
			return err
		}
		if _, _, err := o.cover(row.Transfer, hours.Span{Start: held, End: until}); err != nil {
			return err
		}
		return o.tx.Record(database.Change{By: o.who.ID, Action: "transfer.hold", Kind: "transfer", Subject: id,
			Before: map[string]any{"unit": row.UnitID, "held_until": held}, After: map[string]any{"unit": row.UnitID, "held_until": until.UTC()}})
	})
}

// underLock does something about one unit in a transaction of the network's own, under the lock of
// its resource.
func (b *Book) underLock(ctx context.Context, resourceID, unitID string, f func(*outing) error) error {
	err := b.db.In(ctx, func(tx *database.Tx) error {
		if _, err := lockResources(tx, []string{resourceID}); err != nil {
			return err
		}
		unit, err := unitIn(tx, unitID)
		if err != nil {
			return err
		}
		if unit.ResourceID != resourceID {
			return errAgain
		}
		return f(&outing{b: b, ctx: ctx, tx: tx, who: identity.System, unit: unit})
	})
	if errors.Is(err, errNothing) {
		return nil
	}
	return err
}
