package upkeep

import (
	"context"
	"errors"

	"canot/internal/database"
	"canot/internal/fault"
	"canot/internal/identity"
)

// TicketEdits say what to write of a ticket. A nil field stays as it is.
type TicketEdits struct {
	IfVersion int64 // refuse as stale unless this is the version; 0 for any

	State       *string
	Urgent      *bool
	Description *string // what was written is set right; the log says that it was
	AssignedTo  *string // a member, by id, who hands out at its hub; "" for nobody
	CostCents   *int64  // all that it cost, before tax
	Note        string  // what was found or done; "" for nothing
}

// Change edits a ticket, for who hands out at its hub. What is done or rejected is closed; closing what
// was preventive begins its time and its hours of use anew when it is done. A closed ticket takes notes
// and a cost, but no other state: ticket_closed.
func (d *Desk) Change(ctx context.Context, by identity.Actor, id string, e TicketEdits, k database.Key) (Ticket, error) {
	return database.OnceIn(ctx, d.db, k, func(tx *database.Tx) (Ticket, error) { return Close(tx, by, id, e) })
}

// Close is Change as a step of another verb, in its transaction and under its locks.
func Close(tx *database.Tx, by identity.Actor, id string, e TicketEdits) (Ticket, error) {
	was, err := ticketFor(tx, by, id)
	if err != nil {
		return Ticket{}, err
	}
	if e.IfVersion != 0 && e.IfVersion != was.Version {
		return Ticket{}, fault.New(fault.Stale, "stale", fault.Params{"version": was.Version})
	}
	is := was
	e.write(&is)
	if err := e.check(was, is); err != nil {
		return Ticket{}, err
	}
	if is.AssignedTo != "" && is.AssignedTo != was.AssignedTo {
		if err := handsOut(tx, is.AssignedTo, is.HubID, is.RegionID); err != nil {
			return Ticket{}, err
		}
	}
	if is.alike(was) && e.Note == "" {
		return was.seenBy(by), nil
	}
	is.ChangedAt, is.Version = tx.Now, was.Version+1
	if is.Closed() && was.ClosedAt == nil {
		is.ClosedAt = &tx.Now
	}
	return is.seenBy(by), writeTicket(tx, by, was, is, e.Note)
}

func (e TicketEdits) write(t *Ticket) {
	if e.State != nil {
		t.State = *e.State
	}
	if e.Urgent != nil {
		t.Urgent = *e.Urgent
	}
	if e.Description != nil {
		t.Description = *e.Description
	}
	if e.AssignedTo != nil {
		t.AssignedTo = *e.AssignedTo
	}
	if e.CostCents != nil {
		t.CostCents = *e.CostCents
	}
}

// alike reports whether an edit changed nothing.
func (t Ticket) alike(o Ticket) bool {
	return t.State == o.State && t.Urgent == o.Urgent && t.Description == o.Description && t.AssignedTo == o.AssignedTo && t.CostCents == o.CostCents
}

func (e TicketEdits) check(was, is Ticket) error {
	var c check
	known := false
	for _, s := range States() {
		known = known || s == is.State
	}
	if !known {
		c.malformed = true
		c.refuse("state", "bad_value", nil)
	} else if was.Closed() && is.State != was.State {
		c.refuse("state", "ticket_closed", nil)
	}
	if was.Kind == Problem && is.Description == "" && was.Description != "" {
		c.refuse("description", "required", nil)
	}
	c.text("description", is.Description, maxDescription, true)
	c.text("note", e.Note, maxDescription, true)
	c.between("cost_cents", is.CostCents, 0, maxCost)
	return c.err()
}

// handsOut refuses to give a ticket to somebody who does not hand out at its hub.
func handsOut(r database.Reader, memberID, hubID, regionID string) error {
	var grants []struct {
		Role     string `db:"role"`
		HubID    string `db:"hub_id"`
		RegionID string `db:"region_id"`
		Rights   string `db:"rights"`
	}
	err := r.Select(&grants, `SELECT g.role, g.hub_id, g.region_id, g.rights FROM grants g JOIN members m ON m.id = g.member_id
		WHERE m.id = $1 AND m.active AND m.erased_at IS NULL`, memberID)
	if err != nil {
		return err
	}
	them := identity.Actor{ID: memberID}
	for _, g := range grants {
		them.Grants = append(them.Grants, identity.Grant{Role: identity.Role(g.Role), HubID: g.HubID, RegionID: g.RegionID, Rights: identity.Rights(g.Rights)})
	}
	if them.May(identity.HandOut, hubID, regionID) {
		return nil
	}
	var c check
	c.refuse("assigned_to", "not_staff", nil)
	return c.err()
}

var errMoved = fault.New(fault.Stale, "stale", nil)

// writeTicket writes what a ticket became, its note and the log, and, where a service was done, when.
func writeTicket(tx *database.Tx, by identity.Actor, was, is Ticket, note string) error {
	n, err := tx.Exec(`UPDATE tickets SET state = $3, urgent = $4, description = $5, assigned_to = $6, cost_cents = $7, changed_at = $8, closed_at = $9, version = version + 1
		WHERE id = $1 AND version = $2`,
		is.ID, was.Version, is.State, is.Urgent, is.Description, is.AssignedTo, is.CostCents, is.ChangedAt, is.ClosedAt)
	if err == nil && n == 0 {
		err = errMoved
	}
	if err != nil {
		return err
	}
	if note != "" || is.State != was.State {
		_, err = tx.Exec(`INSERT INTO ticket_notes (id, ticket_id, at, by_id, state, body) VALUES ($1, $2, $3, $4, $5, $6)`,
			database.NewID(), is.ID, tx.Now, by.ID, is.State, note)
		if err != nil {
			return err
		}
	}
	if is.State == Done && was.State != Done && is.RuleID != "" && is.UnitID != "" {
		if err := done(tx, is.UnitID, is.RuleID); err != nil {
			return err
		}
	}
	return record(tx, by, "ticket.change", &was, is)
}

// done begins the time and the hours of use of a rule anew for a unit.
func done(tx *database.Tx, unitID, ruleID string) error {
	var meter int64
	err := tx.Get(&meter, `SELECT meter_min FROM units WHERE id = $1`, unitID)
	if errors.Is(err, database.ErrNoRows) {
		return fault.New(fault.NotFound, "unit_not_found", nil)
	} else if err != nil {
		return err
	}
	_, err = tx.Exec(`INSERT INTO preventive_done (unit_id, rule_id, done_at, meter_min) VALUES ($1, $2, $3, $4)
		ON CONFLICT (unit_id, rule_id) DO UPDATE SET done_at = excluded.done_at, meter_min = excluded.meter_min`, unitID, ruleID, tx.Now, meter)
	return err
}
