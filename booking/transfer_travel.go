package booking

import (
	"context"
	"slices"
	"time"

	"canot/internal/database"
	"canot/internal/fault"
	"canot/internal/identity"
	"canot/inventory"
	"canot/inventory/hours"
)

// A trip is a step of one unit's journey, under the locks of both its resources.
type trip struct {
	*outing
	row  transferRow
	stay string // the resource as which the unit is booked where it is, when it will not go home from there
}

// travel makes one step of a journey, all or nothing.
func (b *Book) travel(ctx context.Context, who identity.Actor, id, state string, key database.Key, step func(*trip) error) (Transfer, error) {
	if err := need(who); err != nil {
		return Transfer{}, err
	}
	return b.onJourney(ctx, key, func() (Transfer, error) {
		row, err := findTransfer(b.db.Reader(ctx), id)
		if err != nil {
			return Transfer{}, err
		}
		if err := mayTravel(who, row, state); err != nil {
			return Transfer{}, err
		}
		own, err := b.catalog.Resource(ctx, row.ResourceID)
		if err != nil {
			return Transfer{}, err
		}
		var is Transfer
		err = b.db.In(ctx, func(tx *database.Tx) error {
			stay, err := stayOf(tx, who, row, own, state)
			if err != nil {
				return err
			}
			if is, err = b.step(ctx, tx, who, row, stay, state, step); err != nil {
				return err
			}
			return tx.Keep(key, answer{Transfer: &is})
		})
		return is, err
	})
}

// mayTravel asks for the right that a step needs: at the end where it happens, or at either for
// calling it off.
func mayTravel(who identity.Actor, row transferRow, state string) error {
	from, to := who.May(identity.HandOut, row.FromHubID, row.FromRegion), who.May(identity.HandOut, row.ToHubID, row.ToRegion)
	switch {
	case state == JourneyOnTheRoad && from, state == JourneyArrived && to, state == JourneyCancelled && (from || to):
		return nil
	case row.may(identity.ViewBookings, who):
		return identity.Denied(who)
	}
	return journeyNotFound()
}

// step is travel in its transaction.
func (b *Book) step(ctx context.Context, tx *database.Tx, who identity.Actor, seen transferRow, stay, state string, step func(*trip) error) (Transfer, error) {
	if _, err := lockResources(tx, distinct(seen.ResourceID, seen.ToResourceID, stay)); err != nil {
		return Transfer{}, err
	}
	row, err := findTransfer(tx, seen.ID)
	if err == nil && row.ResourceID != seen.ResourceID {
		err = errAgain
	}
	if err != nil || row.State == state {
		return row.Transfer, err
	}
	if !row.open() {
		return row.Transfer, &Refusal{Fault: refusalOf([]fault.Violation{{Code: "journey_over", Params: fault.Params{"state": row.State}}})}
	}
	unit, err := unitIn(tx, row.UnitID)
	if err != nil {
		return row.Transfer, err
	}
	t := &trip{outing: &outing{b: b, ctx: ctx, tx: tx, who: who, unit: unit}, row: row, stay: stay}
	if err := step(t); err != nil {
		return row.Transfer, err
	}
	was := row.Transfer
	is, err := t.write(state)
	if err != nil {
		return is, err
	}
	return is, recordTransfer(tx, who, "transfer."+map[string]string{JourneyOnTheRoad: "depart", JourneyArrived: "arrive", JourneyCancelled: "cancel"}[state], &was, is)
}

// stayOf is the resource as which a unit will be booked that was to go home and does not: what is at
// a hub is booked there. "" for every other step.
func stayOf(tx *database.Tx, who identity.Actor, row transferRow, own inventory.Resource, state string) (string, error) {
	if state != JourneyCancelled || row.ToResourceID != row.ResourceID || own.HubID == row.FromHubID {
		return "", nil
	}
	host, err := inventory.HostResource(tx, who, own, row.FromHubID)
	return host.ID, err
}

// write writes the state that a step came to.
func (t *trip) write(state string) (Transfer, error) {
	r := &t.row.Transfer
	r.State, r.ChangedAt = state, t.tx.Now
	if r.LeftAt == nil && state != JourneyCancelled {
		r.LeftAt = &t.tx.Now
	}
	if state == JourneyArrived {
		r.ArrivedAt = &t.tx.Now
	}
	by := func(of string) string {
		if state == of {
			return t.who.ID
		}
		return ""
	}
	r.Version++
	_, err := t.tx.Exec(`
		UPDATE transfers SET state = $2, left_at = $3, arrived_at = $4, changed_at = $5, version = $6,
			left_by = CASE WHEN left_by = '' THEN $7 ELSE left_by END, arrived_by = $8 WHERE id = $1`,
		r.ID, r.State, r.LeftAt, r.ArrivedAt, r.ChangedAt, r.Version, by(JourneyOnTheRoad), by(JourneyArrived))
	return *r, err
}

// isHere refuses while the unit is out with somebody.
func (t *trip) isHere() error {
	_, out, err := outUntil(t.tx, t.unit.ID)
	if err == nil && out {
		err = isOut(t.unit)
	}
	return err
}

// depart takes the unit's time from now on, when it leaves before it was planned to.
func (t *trip) depart() error {
	if err := t.isHere(); err != nil {
		return err
	}
	var err error
	if t.tx.Now.Before(t.row.LeavesAt) {
		t.row.Rehomed, t.row.WithoutUnit, err = t.cover(t.row.Transfer, hours.Span{Start: t.tx.Now, End: t.row.LeavesAt})
	}
	return err
}

// arrive ends what the journey takes of the unit's time, and puts the unit where it has come. From
// the same commit on it is booked there, first by who waits for one.
func (t *trip) arrive() error {
	if err := t.isHere(); err != nil {
		return err
	}
	if err := t.giveTimeBack(); err != nil {
		return err
	}
	var err error
	if t.unit.ResourceID != t.row.ToResourceID { // it came before it was planned to leave
		if t.row.Rehomed, t.row.WithoutUnit, err = t.clear(hours.Span{Start: t.tx.Now, End: database.Forever}); err != nil {
			return err
		}
	}
	if t.unit, err = inventory.MoveUnit(t.tx, t.who, t.unit.ID, t.row.ToHubID, t.row.ToResourceID); err != nil {
		return err
	}
	if _, err := t.giveToWaiting(); err != nil {
		return err
	}
	return t.tx.Enqueue(newsJob(t.tx, "transfer.arrived", t.row.ID))
}

// cancel gives the time of the journey back. A unit that will not go home loses what it was promised
// for there, and is booked where it is.
func (t *trip) cancel() error {
	if err := t.giveTimeBack(); err != nil {
		return err
	}
	var err error
	if t.stay != "" {
		if err := t.isHere(); err != nil {
			return err
		}
		if t.row.Rehomed, t.row.WithoutUnit, err = t.clear(hours.Span{Start: t.tx.Now, End: database.Forever}); err != nil {
			return err
		}
		if t.unit, err = inventory.MoveUnit(t.tx, t.who, t.unit.ID, t.row.FromHubID, t.stay); err != nil {
			return err
		}
	}
	_, err = t.giveToWaiting()
	return err
}

// giveTimeBack ends what the journey still takes of the unit's time.
func (t *trip) giveTimeBack() error {
	return endJourneyTime(t.tx, t.row.ID)
}

func endJourneyTime(tx *database.Tx, transferID string) error {
	_, err := tx.Exec(`UPDATE occupancies SET live = false WHERE transfer_id = $1 AND live AND starts_at >= $2`, transferID, tx.Now)
	if err == nil {
		_, err = tx.Exec(`UPDATE occupancies SET ends_at = $2 WHERE transfer_id = $1 AND live AND ends_at > $2`, transferID, tx.Now)
	}
	return err
}

// recordTransfer writes a step of a journey into the log: ids and times, and no text.
func recordTransfer(tx *database.Tx, who identity.Actor, action string, was *Transfer, is Transfer) error {
	type figures struct {
		Unit      string    `json:"unit"`
		From      string    `json:"from_hub"`
		To        string    `json:"to_hub"`
		Resource  string    `json:"to_resource"`
		State     string    `json:"state"`
		LeavesAt  time.Time `json:"leaves_at"`
		ArrivesAt time.Time `json:"arrives_at"`
	}
	of := func(t Transfer) figures {
		return figures{t.UnitID, t.FromHubID, t.ToHubID, t.ToResourceID, t.State, t.LeavesAt.UTC(), t.ArrivesAt.UTC()}
	}
	c := database.Change{By: who.ID, Action: action, Kind: "transfer", Subject: is.ID, After: of(is)}
	if was != nil {
		c.Before = of(*was)
	}
	return tx.Record(c)
}

// unitIn reads a unit without its components.
func unitIn(r database.Reader, id string) (inventory.Unit, error) {
	var u inventory.Unit
	err := r.Get(&u, `SELECT id, resource_id, home_hub_id, current_hub_id, code, status, version FROM units WHERE id = $1`, id)
	if err == database.ErrNoRows {
		err = fault.New(fault.NotFound, "unit_not_found", nil)
	}
	return u, err
}

// distinct are ids in order, each once; "" is none.
func distinct(ids ...string) []string {
	slices.Sort(ids)
	return slices.DeleteFunc(slices.Compact(ids), func(id string) bool { return id == "" })
}

// newsJob has people told of something that is not a booking: what is the name of the message, id
// what it is about.
func newsJob(tx *database.Tx, what, id string) database.Job {
	return database.Job{Kind: "notice", Args: map[string]string{"what": what, "id": id}, At: tx.Now}
}
