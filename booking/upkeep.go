package booking

import (
	"context"
	"encoding/json"
	"errors"

	"canot/internal/database"
	"canot/internal/fault"
	"canot/internal/identity"
	"canot/inventory"
	"canot/inventory/upkeep"
)

// ofTicket refuses a ticket that is not of the unit, or that somebody has dealt with already.
func (o *outing) ofTicket(id string) error {
	if id == "" {
		return nil
	}
	var state string
	err := o.tx.Get(&state, `SELECT state FROM tickets WHERE id = $1 AND unit_id = $2`, id, o.unit.ID)
	if errors.Is(err, database.ErrNoRows) {
		return fault.New(fault.NotFound, "ticket_not_found", nil)
	}
	if err == nil && (upkeep.Ticket{State: state}).Closed() {
		return fault.New(fault.Refused, "ticket_closed", nil)
	}
	return err
}

// TicketOutages lists the maintenances that are for a ticket and have not ended, soonest first. It asks
// for no right: it is for who was shown the ticket.
func (b *Book) TicketOutages(ctx context.Context, ticketID string) ([]Maintenance, error) {
	return maintenancesOf(b.db.Reader(ctx), `m.ticket_id = $1 AND m.open AND (m.ends_at IS NULL OR m.ends_at > $2)`, ticketID, b.db.Now())
}

// A HubOutage is a maintenance with what it is about.
type HubOutage struct {
	Maintenance
	Code         string
	ResourceName inventory.Text
}

// mostOutages bounds the list of a hub's outages.
const mostOutages = 200

// Outages lists what is out of service at a hub (id), now and to come, soonest first, but for what is
// retired, to who hands out there. It is one statement.
func (b *Book) Outages(ctx context.Context, who identity.Actor, hub inventory.Hub) ([]HubOutage, error) {
	if err := staffOnly(who, identity.HandOut, hub.ID, hub.RegionID); err != nil {
		return nil, err
	}
	var rows []struct {
		maintenanceRow
		Code string         `db:"code"`
		Name inventory.Text `db:"resource_name"`
	}
	err := b.db.Reader(ctx).Select(&rows, `SELECT `+maintenanceColumns+`, u.code, r.name AS resource_name
		FROM maintenances m JOIN units u ON u.id = m.unit_id JOIN resources r ON r.id = u.resource_id
		WHERE u.current_hub_id = $1 AND m.open AND m.cause <> 'retired' AND (m.ends_at IS NULL OR m.ends_at > $2) ORDER BY m.starts_at, m.id LIMIT $3`, hub.ID, b.db.Now(), mostOutages)
	all := make([]HubOutage, len(rows))
	for i, row := range rows {
		all[i] = HubOutage{Maintenance: row.maintenance(), Code: row.Code, ResourceName: row.Name}
	}
	return all, err
}

// CloseTicket edits a ticket, as upkeep.Desk.Change does, and puts its unit back into service where it is
// out for that ticket, all in one commit.
func (b *Book) CloseTicket(ctx context.Context, who identity.Actor, id string, e upkeep.TicketEdits, key database.Key) (Maintenance, error) {
	missing := fault.New(fault.NotFound, "ticket_not_found", nil)
	var unit string
	err := b.db.Reader(ctx).Get(&unit, `SELECT unit_id FROM tickets WHERE id = $1 AND unit_id IS NOT NULL`, id)
	if errors.Is(err, database.ErrNoRows) {
		return Maintenance{}, missing
	} else if err != nil {
		return Maintenance{}, err
	}
	m, err := b.onUnit(ctx, who, identity.HandOut, unit, key, func(o *outing) error {
		if _, err := upkeep.Close(o.tx, who, id, e); err != nil {
			return err
		}
		all, err := o.maintenances(`m.unit_id = $1 AND m.ticket_id = $2 AND m.open AND (m.ends_at IS NULL OR m.ends_at > $3)`, o.unit.ID, id, o.tx.Now)
		if err != nil {
			return err
		}
		for _, m := range all {
			if err := o.end(m, o.tx.Now); err != nil {
				return err
			}
		}
		return o.keepOutWhileIncomplete()
	})
	if fault.Is(err, "unit_not_found") {
		err = missing
	}
	return m, err
}

// block takes a unit out of service for a service that is due, where its rule says so and nothing else
// has taken it out already. It is the job upkeep.block, and may run any number of times.
func (b *Book) block(ctx context.Context, raw json.RawMessage) error {
	var args upkeep.Block
	if err := json.Unmarshal(raw, &args); err != nil {
		return errors.New("the arguments of upkeep.block cannot be read")
	}
	_, err := persist(func() (Maintenance, error) {
		return b.onUnit(ctx, identity.System, identity.HandOut, args.Unit, database.Key{}, func(o *outing) error {
			if err := o.ofTicket(args.Ticket); err != nil {
				return err
			}
			return o.takeOutBetween(Maintenance{Cause: "preventive", MadeBy: identity.System.ID, TicketID: args.Ticket, Open: true})
		})
	})
	switch {
	case fault.KindOf(err) == fault.NotFound, fault.Is(err, "ticket_closed"):
		return nil // the unit is gone, or somebody was quicker
	case fault.KindOf(err) == fault.Refused:
		b.log.WarnContext(ctx, "a unit that is due for a service stays in service", "unit", args.Unit, "ticket", args.Ticket, "code", fault.Of(err).Code)
		return nil // it is on the road: its ticket stands on the list
	}
	return err
}

// HereNow is the booking of who asks that has a resource (id) now, or within half an hour: the one that
// they come for when they read the label on its door. There is none: nil.
func (b *Book) HereNow(ctx context.Context, who identity.Actor, resourceID string) (*Booking, error) {
	if !who.Known() {
		return nil, nil
	}
	now := b.db.Now()
	list, err := findBookings(b.db.Reader(ctx), selection{where: `WHERE b.member_id = $1 AND b.status IN ('confirmed', 'in_use') AND b.starts_at <= $3 AND b.ends_at > $4
		AND b.id IN (SELECT x.booking_id FROM booking_lines x WHERE x.resource_id = $2)`, order: "b.starts_at, b.id"}, who.ID, resourceID, now.Add(early), now)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return &list[0], nil
}
