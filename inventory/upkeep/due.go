package upkeep

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"canot/internal/database"
	"canot/internal/fault"
	"canot/internal/identity"
)

const (
	// dueJob opens what is due by days, once a day.
	dueJob   = "upkeep.due"
	dueEvery = 24 * time.Hour
	// duePiece is how many services one transaction opens.
	duePiece = 200
	// BlockJob asks the book to take a unit out of service for a ticket whose rule says so. Its
	// arguments are a [Block].
	BlockJob = "upkeep.block"
)

// A Block is the arguments of a BlockJob.
type Block struct {
	Ticket string `json:"ticket"`
	Unit   string `json:"unit"`
}

// AddUse raises the meter of a unit by so many minutes of use, as a step of another verb, and opens the
// services that are due by it now; they are returned. Where a rule takes its units out of service, a
// BlockJob waits in the same commit, so that the verb has nothing more to do. Minutes below one do nothing.
func AddUse(tx *database.Tx, by identity.Actor, unitID string, minutes int64) (due []Ticket, err error) {
	if minutes <= 0 {
		return nil, nil
	}
	if err := begin(tx, `u.id = $2 AND p.every_use_min > 0`, unitID); err != nil {
		return nil, err
	}
	var meter int64
	err = tx.Get(&meter, `UPDATE units SET meter_min = meter_min + $2 WHERE id = $1 RETURNING meter_min`, unitID, minutes)
	if errors.Is(err, database.ErrNoRows) {
		return nil, fault.New(fault.NotFound, "unit_not_found", nil)
	} else if err != nil {
		return nil, err
	}
	if err := recordMeter(tx, by, "unit.use", unitID, meter-minutes, meter); err != nil {
		return nil, err
	}
	return openDueByUse(tx, by, unitID, meter)
}

// begin says of each unit and rule that meet for the first time that the service was done now: a rule
// that is new, a unit that is new, or that came from another hub. The condition narrows units u and
// rules p.
func begin(tx *database.Tx, condition string, args ...any) error {
	_, err := tx.Exec(`INSERT INTO preventive_done (unit_id, rule_id, done_at, meter_min)
		SELECT u.id, p.id, $1, u.meter_min FROM units u JOIN preventive_rules p ON p.resource_id = u.resource_id
		WHERE p.active AND u.status = 'in_service' AND `+condition+`
			AND NOT EXISTS (SELECT 1 FROM preventive_done d WHERE d.unit_id = u.id AND d.rule_id = p.id)
		ON CONFLICT DO NOTHING`, append([]any{tx.Now}, args...)...)
	return err
}

// recordMeter writes into the log that a unit was used (unit.use), or that somebody set its meter right
// (unit.meter).
func recordMeter(tx *database.Tx, by identity.Actor, action, unitID string, was, is int64) error {
	type figures struct {
		Meter int64 `json:"meter_min"`
	}
	return tx.Record(database.Change{By: by.ID, Action: action, Kind: "unit", Subject: unitID, Before: figures{was}, After: figures{is}})
}

// A dueRow is a rule that is due for a unit.
type dueRow struct {
	RuleID string `db:"rule_id"`
	UnitID string `db:"unit_id"`
	Note   string `db:"note"`
	Blocks bool   `db:"blocks"`
}

// openDueByUse opens what a unit's hours of use ask for.
func openDueByUse(tx *database.Tx, by identity.Actor, unitID string, meter int64) ([]Ticket, error) {
	var rows []dueRow
	err := tx.Select(&rows, `SELECT p.id AS rule_id, u.id AS unit_id, p.note, p.blocks
		FROM units u JOIN preventive_rules p ON p.resource_id = u.resource_id AND p.active AND p.every_use_min > 0
		JOIN preventive_done d ON d.unit_id = u.id AND d.rule_id = p.id
		WHERE u.id = $1 AND u.status = 'in_service' AND $2 >= d.meter_min + p.every_use_min
			AND NOT EXISTS (SELECT 1 FROM tickets t WHERE t.unit_id = u.id AND t.rule_id = p.id AND t.closed_at IS NULL)
		ORDER BY p.id`, unitID, meter)
	if err != nil {
		return nil, err
	}
	return openDue(tx, by, rows)
}

func openDue(tx *database.Tx, by identity.Actor, rows []dueRow) (opened []Ticket, err error) {
	for _, row := range rows {
		t, err := Open(tx, by, NewTicket{UnitID: row.UnitID, RuleID: row.RuleID, Kind: Preventive, Description: row.Note})
		if err != nil {
			return nil, err
		}
		if t.ID == "" {
			continue // a twin was first
		}
		t.Blocks = row.Blocks
		if t.Blocks {
			if err := tx.Enqueue(database.Job{Kind: BlockJob, At: tx.Now, Args: Block{Ticket: t.ID, Unit: row.UnitID}}); err != nil {
				return nil, err
			}
		}
		opened = append(opened, t)
	}
	return opened, nil
}

// SetMeter sets right for how many minutes a unit (id or code) was used in all, for who hands out where
// it is, and opens what is due by it.
func (d *Desk) SetMeter(ctx context.Context, by identity.Actor, unitKey string, minutes int64, k database.Key) (int64, error) {
	return database.OnceIn(ctx, d.db, k, func(tx *database.Tx) (int64, error) {
		unitID, err := unitFor(tx, by, unitKey)
		if err != nil {
			return 0, err
		}
		var c check
		c.between("meter", minutes, 0, maxMeter)
		if err := c.err(); err != nil {
			return 0, err
		}
		var was int64
		if err := tx.Get(&was, `SELECT meter_min FROM units WHERE id = $1`, unitID); err != nil {
			return 0, err
		}
		if was == minutes {
			return minutes, nil
		}
		if _, err := tx.Exec(`UPDATE units SET meter_min = $2 WHERE id = $1`, unitID, minutes); err != nil {
			return 0, err
		}
		// What was done at more hours than there were was done at these.
		if _, err := tx.Exec(`UPDATE preventive_done SET meter_min = $2 WHERE unit_id = $1 AND meter_min > $2`, unitID, minutes); err != nil {
			return 0, err
		}
		if err := recordMeter(tx, by, "unit.meter", unitID, was, minutes); err != nil {
			return 0, err
		}
		_, err = openDueByUse(tx, by, unitID, minutes)
		return minutes, err
	})
}

// maxMeter is a hundred years of use, in minutes.
const maxMeter = 100 * 366 * 24 * 60

// unitFor finds a unit (id or code) for who hands out where it is, and locks it behind its resource.
func unitFor(tx *database.Tx, by identity.Actor, key string) (string, error) {
	var u struct {
		ID         string `db:"id"`
		ResourceID string `db:"resource_id"`
	}
	missing := fault.New(fault.NotFound, "unit_not_found", nil)
	if !storable(key) {
		return "", missing
	}
	err := tx.Get(&u, `SELECT id, resource_id FROM units WHERE id = $1 OR code = $1`, key)
	if errors.Is(err, database.ErrNoRows) {
		return "", missing
	} else if err != nil {
		return "", err
	}
	hubID, regionID, err := placeOf(tx, u.ID)
	if err == nil {
		err = may(by, identity.HandOut, hubID, regionID, missing)
	}
	if err == nil {
		err = tx.Lock("resources", u.ResourceID)
	}
	if err == nil {
		err = tx.Lock("units", u.ID)
	}
	return u.ID, err
}

// Begin makes the daily look at what is due wait for its turn, unless it does already. It is called
// when a server starts.
func (d *Desk) Begin(ctx context.Context) error {
	return d.db.In(ctx, func(tx *database.Tx) error { return tx.EnqueueFirst(dueJob) })
}

// Handlers are the jobs of the upkeep.
func (d *Desk) Handlers() map[string]database.Handler {
	return map[string]database.Handler{dueJob: d.openDueByDays}
}

// openDueByDays opens what is due by days, in pieces, and comes again tomorrow. Done twice, or by two
// at once, it opens nothing twice.
func (d *Desk) openDueByDays(ctx context.Context, _ json.RawMessage) error {
	for {
		opened := 0
		err := d.db.In(ctx, func(tx *database.Tx) error {
			if err := begin(tx, `true`); err != nil {
				return err
			}
			rows, err := dueByDays(tx)
			if err != nil {
				return err
			}
			if opened = len(rows); opened > 0 {
				_, err := openDue(tx, identity.System, rows)
				return err
			}
			next := tx.Now.Truncate(dueEvery).Add(dueAt)
			if !next.After(tx.Now) {
				next = next.Add(dueEvery)
			}
			return tx.EnqueueNext(dueJob, next)
		})
		if err != nil || opened == 0 {
			return err
		}
	}
}

// dueAt is when in the day, in UTC, what is due is looked for: before anybody opens.
const dueAt = 9 * time.Hour

// dueByDays are the next piece of what is due by days; what is open already is not. They are told length
// by length, because data bases count days each in their own way.
func dueByDays(tx *database.Tx) ([]dueRow, error) {
	var lengths []int64
	if err := tx.Select(&lengths, `SELECT DISTINCT every_days FROM preventive_rules WHERE active AND every_days > 0 ORDER BY every_days`); err != nil {
		return nil, err
	}
	var rows []dueRow
	for _, days := range lengths {
		err := tx.Select(&rows, `SELECT p.id AS rule_id, u.id AS unit_id, p.note, p.blocks
			FROM preventive_rules p JOIN units u ON u.resource_id = p.resource_id AND u.status = 'in_service'
			JOIN preventive_done d ON d.unit_id = u.id AND d.rule_id = p.id
			WHERE p.active AND p.every_days = $1 AND d.done_at <= $2
				AND NOT EXISTS (SELECT 1 FROM tickets t WHERE t.unit_id = u.id AND t.rule_id = p.id AND t.closed_at IS NULL)
			ORDER BY p.id, u.id LIMIT $3`, days, tx.Now.AddDate(0, 0, -int(days)), duePiece)
		if err != nil || len(rows) > 0 {
			return rows, err
		}
	}
	return nil, nil
}
