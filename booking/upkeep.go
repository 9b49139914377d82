package booking

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

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

// A TicketUnit is the unit of a ticket as who works on it wants to know it.
type TicketUnit struct {
	Outages    []Maintenance // what keeps it out of service, now and to come, soonest first; TicketID is this ticket or ""
	Components []inventory.Component
	BookingID  string         // of a ticket that was opened at a return: what it came back from
	Reference  string         // of that booking
	Lacked     map[string]int // what was missing at that return, by component
	Condition  string         // as noted at that return
	Damaged    bool           // at that return
}

// Incomplete are the required components of which some are missing: while there are any, the unit cannot
// be booked.
func (u TicketUnit) Incomplete() []inventory.Component { return Incomplete(u.Components) }

// Incomplete are those components that are required and not all there.
func Incomplete(all []inventory.Component) []inventory.Component {
	var some []inventory.Component
	for _, c := range all {
		if c.Required && c.Missing > 0 {
			some = append(some, c)
		}
	}
	return some
}

// Lacks are the components of which some were missing at that return.
func (u TicketUnit) Lacks() []Lack {
	names := map[string]inventory.Text{}
	for _, c := range u.Components {
		names[c.ID] = c.Name
	}
	return lacksOf(u.Lacked, names)
}

// TicketUnit reads the unit of a ticket (id), nothing for a ticket that has none. It asks for no right: it
// is for who was shown the ticket. It is one statement.
func (b *Book) TicketUnit(ctx context.Context, ticketID string) (TicketUnit, error) {
	var rows []struct {
		What     string         `db:"what"`
		ID       string         `db:"id"`
		Name     inventory.Text `db:"name"`
		Word     string         `db:"word"`
		Quantity int            `db:"quantity"`
		Missing  int            `db:"missing"`
		Required bool           `db:"required"`
		From     time.Time      `db:"starts_at"`
		Until    *time.Time     `db:"ends_at"`
		Lacked   string         `db:"lacked"`
		Noted    string         `db:"noted"`
	}
	var u TicketUnit
	err := b.db.Reader(ctx).Select(&rows, `
		SELECT 'outage' AS what, m.id, '{}' AS name, m.cause AS word, 0 AS quantity, 0 AS missing, m.ticket_id IS NOT NULL AND m.ticket_id = t.id AS required, m.starts_at, m.ends_at, '' AS lacked, '' AS noted
		FROM tickets t JOIN maintenances m ON m.unit_id = t.unit_id
		WHERE t.id = $1 AND m.open AND m.cause <> 'retired' AND (m.ends_at IS NULL OR m.ends_at > $2)
		UNION ALL
		SELECT 'component', c.id, c.name, '', c.quantity, c.missing, c.required, t.created_at, t.closed_at, '', '' FROM tickets t JOIN components c ON c.unit_id = t.unit_id WHERE t.id = $1
		UNION ALL
		SELECT 'loan', b.id, '{}', b.reference, 0, 0, n.damaged, n.out_at, n.back_at, n.missing, n.condition_in FROM tickets t JOIN loans n ON n.unit_id = t.unit_id JOIN bookings b ON b.id = n.booking_id
		WHERE t.id = $1 AND t.kind = 'damage' AND n.back_at = (SELECT MAX(x.back_at) FROM loans x WHERE x.unit_id = t.unit_id AND x.back_at <= t.created_at)
		ORDER BY 1, 8, 2`, ticketID, b.db.Now())
	for _, x := range rows {
		switch x.What {
		case "outage":
			m := Maintenance{ID: x.ID, Cause: x.Word, StartsAt: x.From, EndsAt: x.Until}
			if x.Required {
				m.TicketID = ticketID
			}
			u.Outages = append(u.Outages, m)
		case "component":
			u.Components = append(u.Components, inventory.Component{ID: x.ID, Name: x.Name, Quantity: x.Quantity, Missing: x.Missing, Required: x.Required})
		default:
			u.BookingID, u.Reference, u.Condition, u.Damaged, u.Lacked = x.ID, x.Word, x.Noted, x.Required, nil
			if x.Lacked != "" {
				if err := json.Unmarshal([]byte(x.Lacked), &u.Lacked); err != nil {
					return u, fmt.Errorf("the last loan of the unit of ticket %s: %w", ticketID, err)
				}
			}
		}
	}
	return u, err
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
// out for that ticket, all in one commit. A unit of which a required component is missing stays out.
func (b *Book) CloseTicket(ctx context.Context, who identity.Actor, id string, e upkeep.TicketEdits, key database.Key) (Maintenance, error) {
	back := true
	return b.SettleTicket(ctx, who, id, e, &back, nil, key)
}

// SettleTicket is CloseTicket for who has counted the components too: missing is how many of each (by id)
// are missing, nil when nobody counted. back says whether the unit is in service again; nil ends only what a
// count ends, false nothing.
func (b *Book) SettleTicket(ctx context.Context, who identity.Actor, id string, e upkeep.TicketEdits, back *bool, counted map[string]int, key database.Key) (Maintenance, error) {
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
		if counted != nil {
			incomplete, err := inventory.CountComponents(ctx, o.tx, o.unit.ID, counted)
			if err != nil {
				return err
			}
			if !incomplete && (back == nil || *back) {
				if err := o.endOpen("incomplete"); err != nil {
					return err
				}
			}
		}
		if back == nil || !*back {
			return o.keepOutWhileIncomplete()
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
