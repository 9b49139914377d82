package stock

import (
	"context"
	"slices"

	"canot/internal/database"
	"canot/internal/fault"
	"canot/internal/identity"
)

// A Closing is what somebody makes of a stock-taking when they close it.
type Closing struct {
	IfVersion int64    // refuse as stale unless this is the version; 0 for any
	Shelve    []string // units (ids) that were scanned here and belong on another shelf, or on none: their place is here from now on
}

// Close ends a stock-taking: units that were scanned on this shelf stand here from now on, where that
// is asked for. Units of another hub stay where the book has them: they come by a transfer. What is
// missing is reported lost by the book's own verb, before this one. The counts stay in the log.
func (m *Room) Close(ctx context.Context, by identity.Actor, id string, c Closing, k database.Key) (Stocktake, error) {
	return once(ctx, m.db, k, func(tx *database.Tx) (Stocktake, error) {
		// The resources of what is scanned come before all else that is held, as everywhere.
		if err := lockScanned(tx, c.Shelve); err != nil {
			return Stocktake{}, err
		}
		t, err := openTake(tx, by, id)
		if err != nil {
			return Stocktake{}, err
		}
		if c.IfVersion != 0 && c.IfVersion != t.Version {
			return Stocktake{}, fault.New(fault.Stale, "stale", fault.Params{"version": t.Version})
		}
		tally, err := tallyOf(tx, t)
		if err != nil {
			return Stocktake{}, err
		}
		for _, i := range tally.Wrong {
			if i.State != OtherShelf || !slices.Contains(c.Shelve, i.UnitID) {
				continue
			}
			if err := shelve(tx, by, i.UnitID, t); err != nil {
				return Stocktake{}, err
			}
		}
		now := tx.Now
		t.ClosedAt, t.ClosedBy, t.Version = &now, by.ID, t.Version+1
		if _, err := tx.Exec(`UPDATE stocktakes SET closed_at = $2, closed_by = $3, version = $4 WHERE id = $1`, t.ID, now, by.ID, t.Version); err != nil {
			return Stocktake{}, err
		}
		return t, tx.Record(database.Change{By: by.ID, Action: "stocktake.close", Kind: "stocktake", Subject: t.ID,
			After: map[string]any{"hub": t.HubID, "found": len(tally.Found), "missing": len(tally.Missing), "wrong": len(tally.Wrong)}})
	})
}

// lockScanned locks the units that are to be shelved behind their resources.
func lockScanned(tx *database.Tx, units []string) error {
	var resources []string
	if err := tx.SelectIn(&resources, `SELECT DISTINCT resource_id FROM units WHERE id IN ($list) ORDER BY resource_id`, units); err != nil {
		return err
	}
	if err := tx.Lock("resources", resources...); err != nil {
		return err
	}
	return tx.Lock("units", units...)
}

// shelve writes that a unit stands on the shelf of a stock-taking.
func shelve(tx *database.Tx, by identity.Actor, unitID string, t Stocktake) error {
	if _, err := tx.Exec(`UPDATE units SET shelf = $2, version = version + 1 WHERE id = $1`, unitID, t.Shelf); err != nil {
		return err
	}
	return tx.Record(database.Change{By: by.ID, Action: "unit.shelve", Kind: "unit", Subject: unitID, After: map[string]any{"changed": []string{"shelf"}, "stocktake": t.ID}})
}
