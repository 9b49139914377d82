package booking

import (
	"context"

	"canot/internal/database"
	"canot/internal/fault"
	"canot/internal/identity"
)

// followParts keeps a unit in service only while it has all that it needs, when what it is made of was
// edited: a part that is missing may be required from now on, or no longer. Whom that hits is re-homed
// in the same commit, and who waits for a unit gets what comes back. A unit that is out with somebody
// is judged when it comes back. It is what the catalog calls under its locks.
func (b *Book) followParts(ctx context.Context, tx *database.Tx, by identity.Actor, unitID string) error {
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
	if _, err := lockResources(tx, []string{unit.ResourceID}); err != nil { // the screens see it
		return err
	}
	if missing > 0 {
		err = o.keepOutWhileIncomplete()
	} else if err = o.endOpen("incomplete"); err == nil {
		_, err = o.giveToWaiting()
	}
	if isRace(err) {
		err = fault.New(fault.Unavailable, "busy", nil).Because(err)
	}
	return err
}
