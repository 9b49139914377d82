package booking

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"canot/internal/database"
	"canot/internal/fault"
	"canot/internal/identity"
	"canot/inventory"
)

// unsettledRow is an unsettled act with all that doing it again takes.
type unsettledRow struct {
	UnsettledAct
	Args string `db:"args"`
}

// selectUnsettled reads acts a. Of a booking of another hub it says no more than that there is one.
const selectUnsettled = `
	SELECT a.id, a.hub_id, a.kind, a.args, a.at, a.received_at, a.by_id, COALESCE(y.name, '') AS by_name, a.code,
		COALESCE(a.unit_id, '') AS unit_id, COALESCE(u.code, '') AS unit_code, COALESCE(b.id, '') AS booking_id,
		COALESCE(b.reference, '') AS reference, COALESCE(m.name, '') AS person, COALESCE(m.id, '') AS person_id, a.doubtful
	FROM unsettled_acts a
	LEFT JOIN units u ON u.id = a.unit_id
	LEFT JOIN bookings b ON b.id = a.booking_id AND b.hub_id = a.hub_id
	LEFT JOIN members m ON m.id = b.member_id
	LEFT JOIN members y ON y.id = a.by_id
	WHERE a.settled_at IS NULL AND `

// Unsettled lists what waits for a person at a hub, in the order in which it was done, with what a return
// told of its unit. It asks for what Counter does, and takes three statements. Names are there for who may
// see persons.
func (b *Book) Unsettled(ctx context.Context, who identity.Actor, hubKey string) ([]UnsettledAct, error) {
	c, err := b.Counter(ctx, who, hubKey)
	if err != nil {
		return nil, err
	}
	var rows []unsettledRow
	if err := b.db.Reader(ctx).Select(&rows, selectUnsettled+`a.hub_id = $1 ORDER BY a.at, a.id`, c.Hub.ID); err != nil {
		return nil, fmt.Errorf("unsettled acts: %w", err)
	}
	names, err := partNames(b.db.Reader(ctx), `SELECT c.id, c.name FROM components c WHERE c.unit_id IN
		(SELECT a.unit_id FROM unsettled_acts a WHERE a.hub_id = $1 AND a.settled_at IS NULL AND a.unit_id IS NOT NULL)`, c.Hub.ID)
	if err != nil {
		return nil, err
	}
	persons := who.May(identity.ViewPersons, c.Hub.ID, c.Hub.RegionID)
	list := make([]UnsettledAct, len(rows))
	for i, row := range rows {
		a := row.UnsettledAct
		if act, err := row.act(); err == nil {
			a.UnitCode = cmp.Or(a.UnitCode, act.Unit)
			a.Damaged, a.Missing = act.Damaged, lacksOf(act.Missing, names)
		}
		if !persons {
			a.ByName, a.Person, a.PersonID = "", "", ""
		}
		list[i] = a
	}
	return list, nil
}

// lacksOf are the components of which some are missing, with their names.
func lacksOf(missing map[string]int, names map[string]inventory.Text) []Lack {
	var all []Lack
	some := lacking(missing)
	for _, id := range slices.Sorted(maps.Keys(some)) {
		all = append(all, Lack{id, names[id], some[id]})
	}
	return all
}

// act is what the device did.
func (row unsettledRow) act() (Act, error) {
	var a Act
	if err := json.Unmarshal([]byte(row.Args), &a); err != nil {
		return a, fmt.Errorf("unsettled act %s: %w", row.ID, err)
	}
	return a, nil
}

// deed is the act as it is done again.
func (row unsettledRow) deed() (deed, error) {
	a, err := row.act()
	return deed{Act: a, at: row.At.UTC(), doubtful: row.Doubtful, hub: row.HubID, unsigned: row.ReceivedAt.After(row.At.Add(clockSlack))}, err
}

// by is who does an unsettled act again: who did it, with the rights of who is there now. What the log
// and the loan say is true then, and nobody hands out to themself by way of another.
func (row unsettledRow) by(who identity.Actor) identity.Actor {
	who.ID = row.ByID
	return who
}

// mostTried bounds how many acts one act may settle by itself.
const mostTried = 50

// tryUnsettled tries the unsettled acts of a deed's unit and booking again, in the order in which
// they were done, until none succeeds any more: a return whose hand-over another device had not sent
// yet, say.
func (b *Book) tryUnsettled(ctx context.Context, who identity.Actor, c Counter, d deed) error {
	for range mostTried {
		var rows []unsettledRow
		err := b.db.Reader(ctx).Select(&rows, selectUnsettled+`(a.unit_id = (SELECT id FROM units WHERE id = $1 OR code = $1) OR a.booking_id = $2
			OR a.unit_id IN (SELECT k.unit_id FROM loans k WHERE k.booking_id = $2))
			ORDER BY a.at, a.id`, d.Unit, d.Booking)
		if err != nil {
			return fmt.Errorf("unsettled acts: %w", err)
		}
		progress := false
		for _, row := range rows {
			if row.HubID != c.Hub.ID {
				continue // of a counter where who is here may have no right
			}
			if progress, err = b.tryOne(ctx, who, row); err != nil {
				return err
			}
			if progress {
				break
			}
		}
		if !progress {
			return nil
		}
	}
	return nil
}

// tryOne does an unsettled act again and reports whether that settled it.
func (b *Book) tryOne(ctx context.Context, who identity.Actor, row unsettledRow) (bool, error) {
	d, err := row.deed()
	if err != nil {
		return false, err
	}
	if _, err := b.deedDo(ctx, row.by(who), d, database.Key{}); err != nil {
		if _, against := contradiction(err); against {
			return false, nil
		}
		return false, err
	}
	return true, b.db.In(ctx, func(tx *database.Tx) error { return settleAct(tx, who, row.UnsettledAct, "by_itself", "") })
}

// settleAct takes an act from the list, if nobody has.
func settleAct(tx *database.Tx, who identity.Actor, a UnsettledAct, settlement, note string) error {
	n, err := tx.Exec(`UPDATE unsettled_acts SET settled_at = $2, settled_by = $3, settlement = $4, note = $5 WHERE id = $1 AND settled_at IS NULL`,
		a.ID, tx.Now, who.ID, settlement, note)
	if err != nil || n == 0 {
		return err
	}
	return tx.Record(database.Change{By: who.ID, Action: "act.settle", Kind: "act", Subject: a.ID, After: map[string]any{"hub": a.HubID, "settlement": settlement}})
}

// SettleAct settles an unsettled act, for who may hand out at its hub: it does it again, or dismisses
// it with a note, which says why it is not to be done. Done again, whoever a unit was promised to gets
// an equal one where that serves them; who may waive takes it from them otherwise, with the note as the
// reason, which is logged. What still contradicts leaves the act on the list, with State unsettled. One
// that is settled already is State already; one that there is not, NotFound.
func (b *Book) SettleAct(ctx context.Context, who identity.Actor, id string, again bool, note string, key database.Key) (Done, error) {
	if err := need(who); err != nil {
		return Done{}, err
	}
	if broken := judgeNotes(note); len(broken) > 0 {
		return Done{}, &Refusal{Fault: refusalOf(broken)}
	}
	if !again && note == "" {
		return Done{}, fault.Field("note", "required")
	}
	return database.Once(ctx, b.db, key, func() (Done, error) {
		row, c, err := b.unsettled(ctx, who, id)
		if err != nil {
			return Done{}, err
		}
		done := Done{State: actDone, ActID: id}
		switch {
		case row == nil:
			done.State = actAlready
		case !again:
			return done, b.db.In(ctx, func(tx *database.Tx) error {
				if err := settleAct(tx, who, row.UnsettledAct, "dismissed", note); err != nil {
					return err
				}
				return tx.Keep(key, done)
			})
		default:
			if done, err = b.settleAgain(ctx, who, c, *row, note); err != nil || done.State == actUnsettled {
				return done, err // not kept: what is in its way may go, and the same may be asked again
			}
		}
		return done, b.db.In(ctx, func(tx *database.Tx) error { return tx.Keep(key, done) })
	}, nil)
}

// settleAgain does an act again because a person says so.
func (b *Book) settleAgain(ctx context.Context, who identity.Actor, c Counter, row unsettledRow, note string) (Done, error) {
	d, err := row.deed()
	if err != nil {
		return Done{}, err
	}
	d.swap = true
	if who.May(identity.Waive, c.Hub.ID, c.Hub.RegionID) {
		d.override = note
	}
	_, err = b.deedDo(ctx, row.by(who), d, database.Key{})
	if code, against := contradiction(err); against {
		return Done{State: actUnsettled, Code: code, Doubtful: row.Doubtful, ActID: row.ID}, b.db.In(ctx, func(tx *database.Tx) error {
			_, err := tx.Exec(`UPDATE unsettled_acts SET code = $2 WHERE id = $1 AND settled_at IS NULL`, row.ID, code)
			return err
		})
	}
	if err != nil {
		return Done{}, err
	}
	if err := b.db.In(ctx, func(tx *database.Tx) error { return settleAct(tx, who, row.UnsettledAct, actDone, note) }); err != nil {
		return Done{}, err
	}
	return Done{State: actDone, ActID: row.ID}, b.tryUnsettled(ctx, who, c, d)
}

// unsettled finds an act for who may settle it, nil when it is settled already.
func (b *Book) unsettled(ctx context.Context, who identity.Actor, id string) (*unsettledRow, Counter, error) {
	r, missing := b.db.Reader(ctx), fault.New(fault.NotFound, "act_not_found", nil)
	var places []struct {
		HubID     string     `db:"hub_id"`
		SettledAt *time.Time `db:"settled_at"`
	}
	if err := r.Select(&places, `SELECT hub_id, settled_at FROM unsettled_acts WHERE id = $1`, id); err != nil {
		return nil, Counter{}, fmt.Errorf("unsettled act: %w", err)
	}
	if len(places) == 0 {
		return nil, Counter{}, missing
	}
	c, err := b.Counter(ctx, who, places[0].HubID)
	if fault.KindOf(err) == fault.NotFound || err != nil && !who.Anywhere(identity.ViewBookings) {
		err = missing
	}
	if err != nil || places[0].SettledAt != nil {
		return nil, c, err
	}
	var rows []unsettledRow
	if err := r.Select(&rows, selectUnsettled+`a.id = $1`, id); err != nil || len(rows) == 0 {
		return nil, c, err
	}
	return &rows[0], c, nil
}
