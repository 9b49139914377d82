package upkeep

import (
	"context"
	"errors"
	"fmt"
	"time"

	"canot/internal/database"
	"canot/internal/fault"
	"canot/internal/identity"
	"canot/inventory"
)

// A Rule says that the units of a resource are due for a service after so many minutes of use, or after
// so many days, whichever comes first. 0 is never.
type Rule struct {
	ID           string         `json:"id" db:"id"`
	ResourceID   string         `json:"resource" db:"resource_id"`
	Name         string         `json:"name" db:"name"`
	EveryUseMin  int64          `json:"every_use_min" db:"every_use_min"`
	EveryDays    int64          `json:"every_days" db:"every_days"`
	Note         string         `json:"note" db:"note"`     // what is to be done; its tickets say it
	Blocks       bool           `json:"blocks" db:"blocks"` // the unit is out of service until it is done
	Active       bool           `json:"active" db:"active"`
	CreatedAt    time.Time      `json:"created_at" db:"created_at"`
	Version      int64          `json:"version" db:"version"`
	ResourceName inventory.Text `json:"-" db:"resource_name"`   // filled by reads
	Units        []RuleUnit     `json:"units,omitempty" db:"-"` // in order of code; filled by Rules
}

// A RuleUnit is how far a unit is from its next service.
type RuleUnit struct {
	UnitID   string     `json:"unit"`
	Code     string     `json:"code"`
	DoneAt   time.Time  `json:"done_at"`   // when it was done last, or first counted
	MeterMin int64      `json:"meter_min"` // of the unit
	LeftMin  *int64     `json:"left_min"`  // minutes of use until it is due; nil where use does not count
	DueAt    *time.Time `json:"due_at"`    // nil where days do not count
	TicketID string     `json:"ticket"`    // the one that is open, "" for none
}

// RuleEdits say what to write of a rule. A nil field stays as it is, or takes its default.
type RuleEdits struct {
	IfVersion int64 // refuse as stale unless this is the version; 0 for any

	Name                   *string
	EveryUseMin, EveryDays *int64
	Note                   *string
	Blocks, Active         *bool
}

// Bounds of rules: a hundred years of use, ten years of days.
const (
	maxRuleName  = 200
	maxEveryDays = 3660
)

// Rules lists the rules of a hub's resources with how far each unit is, to who hands out there. It takes
// two statements.
func (d *Desk) Rules(ctx context.Context, by identity.Actor, hubKey string) ([]Rule, error) {
	hub, err := d.hubFor(ctx, by, identity.HandOut, hubKey)
	if err != nil {
		return nil, err
	}
	var rows []struct {
		Rule
		UnitID   string     `db:"unit_id"`
		Code     string     `db:"code"`
		MeterMin int64      `db:"meter_min"`
		DoneAt   *time.Time `db:"done_at"`
		DoneMin  int64      `db:"done_min"`
		TicketID string     `db:"ticket_id"`
	}
	err = d.db.Reader(ctx).Select(&rows, `SELECT p.id, p.resource_id, p.name, p.every_use_min, p.every_days, p.note, p.blocks, p.active, p.created_at, p.version,
			r.name AS resource_name, COALESCE(u.id, '') AS unit_id, COALESCE(u.code, '') AS code, COALESCE(u.meter_min, 0) AS meter_min,
			d.done_at, COALESCE(d.meter_min, u.meter_min, 0) AS done_min, COALESCE(t.id, '') AS ticket_id
		FROM preventive_rules p JOIN resources r ON r.id = p.resource_id
		LEFT JOIN units u ON u.resource_id = r.id AND u.status = 'in_service'
		LEFT JOIN preventive_done d ON d.unit_id = u.id AND d.rule_id = p.id
		LEFT JOIN tickets t ON t.unit_id = u.id AND t.rule_id = p.id AND t.closed_at IS NULL
		WHERE r.hub_id = $1 ORDER BY p.active DESC, p.created_at, p.id, u.code`, hub.ID)
	if err != nil {
		return nil, fmt.Errorf("list rules: %w", err)
	}
	var rules []Rule
	for _, row := range rows {
		if n := len(rules); n == 0 || rules[n-1].ID != row.ID {
			row.CreatedAt = row.CreatedAt.UTC()
			rules = append(rules, row.Rule)
		}
		if row.UnitID == "" {
			continue
		}
		at := d.db.Now()
		if row.DoneAt != nil {
			at = row.DoneAt.UTC()
		}
		u := RuleUnit{UnitID: row.UnitID, Code: row.Code, DoneAt: at, MeterMin: row.MeterMin, TicketID: row.TicketID}
		if row.EveryUseMin > 0 {
			left := max(0, row.DoneMin+row.EveryUseMin-row.MeterMin)
			u.LeftMin = &left
		}
		if row.EveryDays > 0 {
			due := at.AddDate(0, 0, int(row.EveryDays))
			u.DueAt = &due
		}
		rules[len(rules)-1].Units = append(rules[len(rules)-1].Units, u)
	}
	return rules, nil
}

// AddRule makes a rule for the units of a resource (id or slug), for who manages the inventory of its
// hub. It counts from now, for all of them.
func (d *Desk) AddRule(ctx context.Context, by identity.Actor, resourceKey string, e RuleEdits, k database.Key) (Rule, error) {
	return database.OnceIn(ctx, d.db, k, func(tx *database.Tx) (Rule, error) {
		of, err := resourceFor(tx, by, resourceKey)
		if err != nil {
			return Rule{}, err
		}
		return insertRule(tx, by, of, e)
	})
}

// insertRule makes a rule for a resource that is held.
func insertRule(tx *database.Tx, by identity.Actor, of resource, e RuleEdits) (Rule, error) {
	p := Rule{ID: database.NewID(), ResourceID: of.ID, ResourceName: of.Name, Active: true, CreatedAt: tx.Now, Version: 1}
	e.write(&p)
	if err := p.check(); err != nil {
		return Rule{}, err
	}
	_, err := tx.Exec(`INSERT INTO preventive_rules (id, resource_id, name, every_use_min, every_days, note, blocks, active, created_at, version)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 1)`, p.ID, p.ResourceID, p.Name, p.EveryUseMin, p.EveryDays, p.Note, p.Blocks, p.Active, p.CreatedAt)
	if err != nil {
		return Rule{}, err
	}
	if err := begin(tx, `p.id = $2`, p.ID); err != nil {
		return Rule{}, err
	}
	return p, recordRule(tx, by, "rule.create", nil, p)
}

// ChangeRule edits a rule, for who manages the inventory of its hub.
func (d *Desk) ChangeRule(ctx context.Context, by identity.Actor, id string, e RuleEdits, k database.Key) (Rule, error) {
	return database.OnceIn(ctx, d.db, k, func(tx *database.Tx) (Rule, error) {
		was, err := ruleFor(tx, by, id, identity.ManageInventory)
		if err != nil {
			return Rule{}, err
		}
		if _, err := resourceFor(tx, by, was.ResourceID); err != nil {
			if fault.KindOf(err) == fault.NotFound {
				err = ruleNotFound()
			}
			return Rule{}, err
		}
		if was, err = findRule(tx, id); err != nil { // under the lock
			return Rule{}, err
		}
		if e.IfVersion != 0 && e.IfVersion != was.Version {
			return Rule{}, fault.New(fault.Stale, "stale", fault.Params{"version": was.Version})
		}
		return editRule(tx, by, was, e)
	})
}

// editRule edits a rule of a resource that is held.
func editRule(tx *database.Tx, by identity.Actor, was Rule, e RuleEdits) (Rule, error) {
	is := was
	e.write(&is)
	if err := is.check(); err != nil {
		return Rule{}, err
	}
	is.Version++
	_, err := tx.Exec(`UPDATE preventive_rules SET name = $2, every_use_min = $3, every_days = $4, note = $5, blocks = $6, active = $7, version = $8 WHERE id = $1`,
		is.ID, is.Name, is.EveryUseMin, is.EveryDays, is.Note, is.Blocks, is.Active, is.Version)
	if err != nil {
		return Rule{}, err
	}
	return is, recordRule(tx, by, "rule.change", &was, is)
}

// MarkDone says that the service of a rule was done on a unit (id or code) now, for who hands out where
// it is: its time and its hours begin anew, and the ticket that is open for it is done.
func (d *Desk) MarkDone(ctx context.Context, by identity.Actor, ruleID, unitKey string, k database.Key) error {
	_, err := database.OnceIn(ctx, d.db, k, func(tx *database.Tx) (struct{}, error) {
		var nothing struct{}
		p, err := ruleFor(tx, by, ruleID, identity.HandOut)
		if err != nil {
			return nothing, err
		}
		unitID, err := unitFor(tx, by, unitKey)
		if err != nil {
			return nothing, err
		}
		var at string
		err = tx.Get(&at, `SELECT id FROM units WHERE id = $1 AND resource_id = $2`, unitID, p.ResourceID)
		if errors.Is(err, database.ErrNoRows) {
			return nothing, fault.New(fault.NotFound, "unit_not_found", nil)
		} else if err != nil {
			return nothing, err
		}
		var open []string
		if err := tx.Select(&open, `SELECT id FROM tickets WHERE unit_id = $1 AND rule_id = $2 AND closed_at IS NULL`, unitID, ruleID); err != nil {
			return nothing, err
		}
		state := Done
		for _, id := range open {
			if _, err := Close(tx, by, id, TicketEdits{State: &state}); err != nil {
				return nothing, err
			}
		}
		if err := done(tx, unitID, ruleID); err != nil {
			return nothing, err
		}
		return nothing, tx.Record(database.Change{By: by.ID, Action: "rule.done", Kind: "rule", Subject: ruleID, After: map[string]string{"unit": unitID}})
	})
	return err
}

func (e RuleEdits) write(p *Rule) {
	if e.Name != nil {
		p.Name = *e.Name
	}
	if e.EveryUseMin != nil {
		p.EveryUseMin = *e.EveryUseMin
	}
	if e.EveryDays != nil {
		p.EveryDays = *e.EveryDays
	}
	if e.Note != nil {
		p.Note = *e.Note
	}
	if e.Blocks != nil {
		p.Blocks = *e.Blocks
	}
	if e.Active != nil {
		p.Active = *e.Active
	}
}

func (p Rule) check() error {
	var c check
	if p.Name == "" {
		c.refuse("rule_name", "required", nil)
	}
	c.text("rule_name", p.Name, maxRuleName, false)
	c.text("note", p.Note, maxDescription, true)
	c.between("every_use_min", p.EveryUseMin, 0, maxMeter)
	c.between("every_days", p.EveryDays, 0, maxEveryDays)
	if p.EveryUseMin == 0 && p.EveryDays == 0 {
		c.refuse("every_days", "every_needed", nil)
	}
	return c.err()
}

func findRule(r database.Reader, id string) (Rule, error) {
	var p Rule
	if !storable(id) {
		return p, ruleNotFound()
	}
	err := r.Get(&p, `SELECT p.id, p.resource_id, p.name, p.every_use_min, p.every_days, p.note, p.blocks, p.active, p.created_at, p.version, r.name AS resource_name
		FROM preventive_rules p JOIN resources r ON r.id = p.resource_id WHERE p.id = $1`, id)
	if errors.Is(err, database.ErrNoRows) {
		err = ruleNotFound()
	}
	return p, err
}

func ruleNotFound() error { return fault.New(fault.NotFound, "rule_not_found", nil) }

// resourceFor finds and locks a resource (id or slug) for who manages the inventory of its hub.
func resourceFor(tx *database.Tx, by identity.Actor, key string) (resource, error) {
	var of resource
	missing := fault.New(fault.NotFound, "resource_not_found", nil)
	if !storable(key) {
		return of, missing
	}
	err := tx.Get(&of, `SELECT r.id, r.hub_id, h.region_id, r.name FROM resources r JOIN hubs h ON h.id = r.hub_id WHERE (r.id = $1 OR r.slug = $1) AND NOT r.awaited`, key)
	if errors.Is(err, database.ErrNoRows) {
		return of, missing
	}
	if err == nil && !by.May(identity.ManageInventory, of.HubID, of.RegionID) {
		err = identity.Denied(by)
	}
	if err == nil {
		err = tx.Lock("resources", of.ID)
	}
	return of, err
}

// A resource is as much of one as a rule needs.
type resource struct {
	ID       string         `db:"id"`
	HubID    string         `db:"hub_id"`
	RegionID string         `db:"region_id"`
	Name     inventory.Text `db:"name"`
}

func recordRule(tx *database.Tx, by identity.Actor, action string, was *Rule, is Rule) error {
	type figures struct {
		Resource    string   `json:"resource"`
		EveryUseMin int64    `json:"every_use_min"`
		EveryDays   int64    `json:"every_days"`
		Blocks      bool     `json:"blocks"`
		Active      bool     `json:"active"`
		Changed     []string `json:"changed,omitempty"`
	}
	of := func(p Rule) figures {
		return figures{p.ResourceID, p.EveryUseMin, p.EveryDays, p.Blocks, p.Active, nil}
	}
	after := of(is)
	c := database.Change{By: by.ID, Action: action, Kind: "rule", Subject: is.ID}
	if was != nil {
		c.Before = of(*was)
		if was.Name != is.Name {
			after.Changed = append(after.Changed, "name")
		}
		if was.Note != is.Note {
			after.Changed = append(after.Changed, "note")
		}
	}
	c.After = after
	return tx.Record(c)
}
