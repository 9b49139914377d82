package booking

import (
	"context"
	"encoding/json"
	"fmt"

	"canot/internal/database"
	"canot/internal/fault"
	"canot/internal/identity"
)

// followParts keeps a unit in service only while it has all that it needs, when what it is made of was
// edited: a part that is missing may be required from now on, or no longer. Whom that hits is re-homed
// in the same commit, and who waits for a unit gets what comes back. A unit that is out with somebody
// is judged when it comes back. It is refused as impact_changed where it would move a booking that was not
// foreseen, unless foreseen is nil. It is what the catalog calls under its locks.
func (b *Book) followParts(ctx context.Context, tx *database.Tx, by identity.Actor, unitID string, foreseen []string) error {
	unit, err := unitIn(tx, unitID)
	if err != nil {
		return err
	}
	var missing int
	if err := tx.Get(&missing, `SELECT count(*) FROM components WHERE unit_id = $1 AND required AND missing > 0`, unitID); err != nil {
		return err
	}
	o := &outing{b: b, ctx: ctx, tx: tx, who: by, unit: unit}
	was, err := o.open("incomplete")
	if err != nil || missing == 0 && was == nil {
		return err
	}
	if _, out, err := outUntil(tx, unitID); err != nil || missing > 0 && out {
		return err
	}
	// The catalog holds it already, as it does before it holds the unit: this raises its version, which
	// the screens see.
	if _, err := lockResources(tx, []string{unit.ResourceID}); err != nil {
		return err
	}
	if missing > 0 {
		if err = o.keepOutWhileIncomplete(); err == nil {
			err = onlyForeseen(foreseen, o.displaced)
		}
	} else if err = o.endOpen("incomplete"); err == nil {
		_, err = o.giveToWaiting()
	}
	if isRace(err) {
		err = fault.New(fault.Unavailable, "busy", nil).Because(err)
	}
	return err
}

const incompleteJob = "booking.incomplete"

// lentIncomplete finds the units that lack something required and that nothing keeps out of service for as
// long as nobody knows. Those that are out with somebody or on the road are judged when they come.
const lentIncomplete = `
	SELECT u.id AS subject, 'component ' || MIN(c.id) AS detail FROM units u JOIN components c ON c.unit_id = u.id AND c.required AND c.missing > 0
	WHERE u.status = 'in_service'
		AND NOT EXISTS (SELECT 1 FROM maintenances m WHERE m.unit_id = u.id AND m.open AND m.ends_at IS NULL)
		AND NOT EXISTS (SELECT 1 FROM loans n WHERE n.unit_id = u.id AND n.back_at IS NULL)
		AND NOT EXISTS (SELECT 1 FROM transfers t WHERE t.unit_id = u.id AND t.state = 'on_the_road')
	GROUP BY u.id`

// keepIncompleteOut takes every unit out of service that is in service without what it needs, as its
// component was made required before the book followed such edits. It comes once when a server starts,
// one transaction a unit, and has nothing to do from then on.
func (b *Book) keepIncompleteOut(ctx context.Context, _ json.RawMessage) error {
	var rows []findingRow
	if err := b.db.Reader(ctx).Select(&rows, lentIncomplete+` ORDER BY u.id`); err != nil {
		return fmt.Errorf("units that are lent incomplete: %w", err)
	}
	for _, row := range rows {
		_, err := b.onUnit(ctx, identity.System, identity.HandOut, row.Subject, database.Key{}, func(o *outing) error {
			return o.keepOutWhileIncomplete()
		})
		if kind := fault.KindOf(err); err != nil && kind != fault.Refused && kind != fault.Taken && kind != fault.NotFound { // it left meanwhile
			return fmt.Errorf("unit %s is lent incomplete: %w", row.Subject, err)
		}
	}
	return nil
}
