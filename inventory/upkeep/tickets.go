package upkeep

import (
	"context"
	"fmt"
	"slices"
	"time"

	"canot/internal/database"
	"canot/internal/fault"
	"canot/internal/identity"
)

// Lists of tickets.
const (
	OpenOnes   = ""       // all that nobody has dealt with yet
	ClosedOnes = "closed" // done or rejected
)

// Tickets lists the tickets of a hub (id or slug) to who hands out there: those in a state, or
// OpenOnes, or ClosedOnes. What is urgent comes first, then what is newest. A list is at most limit
// long (1 to 200; 0 means 50); the text that it returns is the cursor of the next, "" at the end.
func (d *Desk) Tickets(ctx context.Context, by identity.Actor, hubKey, state string, limit int, after string) ([]Ticket, string, error) {
	hub, err := d.hubFor(ctx, by, identity.HandOut, hubKey)
	if err != nil {
		return nil, "", err
	}
	if state != OpenOnes && state != ClosedOnes && !slices.Contains(States(), state) {
		return nil, "", fault.Field("state", "bad_value")
	}
	if limit <= 0 || limit > 200 {
		limit = 50
	}
	where := `WHERE t.hub_id = $1 AND ($2 = '' AND t.closed_at IS NULL OR $2 = 'closed' AND t.closed_at IS NOT NULL OR t.state = $2)`
	joins, args := ticketJoins, []any{hub.ID, state, limit + 1}
	if after != "" {
		if !storable(after) {
			return nil, "", fault.Field("cursor", "bad_cursor")
		}
		joins += `JOIN tickets c ON c.id = $4 `
		where += ` AND (c.urgent AND NOT t.urgent OR t.urgent = c.urgent AND (t.created_at < c.created_at OR t.created_at = c.created_at AND t.id < c.id))`
		args = append(args, after)
	}
	var list []Ticket
	err = d.db.Reader(ctx).Select(&list, `SELECT `+ticketColumns+joins+where+` ORDER BY t.urgent DESC, t.created_at DESC, t.id DESC LIMIT $3`, args...)
	if err != nil {
		return nil, "", fmt.Errorf("list tickets: %w", err)
	}
	next := ""
	if len(list) > limit {
		list, next = list[:limit], list[limit-1].ID
	}
	for i := range list {
		list[i] = list[i].inUTC().seenBy(by)
	}
	return list, next, nil
}

// TicketsSince lists the tickets of a hub that are not closed, and those that were closed at since or
// later, the oldest first, to who may take the hub's data out and hands out there. It is one statement
// after the hub.
func (d *Desk) TicketsSince(ctx context.Context, by identity.Actor, hubKey string, since time.Time) ([]Ticket, error) {
	hub, err := d.hubFor(ctx, by, identity.HandOut, hubKey)
	if err == nil {
		err = may(by, identity.Export, hub.ID, hub.RegionID, identity.Denied(by))
	}
	if err != nil {
		return nil, err
	}
	var list []Ticket
	err = d.db.Reader(ctx).Select(&list, `SELECT `+ticketColumns+ticketJoins+`WHERE t.hub_id = $1 AND (t.closed_at IS NULL OR t.closed_at >= $2)
		ORDER BY t.created_at, t.id`, hub.ID, since.UTC())
	for i := range list {
		list[i] = list[i].inUTC().seenBy(by)
	}
	return list, err
}

// Counts says how many tickets of a hub are in each state, to who hands out there.
func (d *Desk) Counts(ctx context.Context, by identity.Actor, hubKey string) (map[string]int, error) {
	if !storable(hubKey) {
		return nil, fault.New(fault.NotFound, "hub_not_found", nil)
	}
	var rows []struct {
		place
		State string `db:"state"`
		N     int    `db:"n"`
	}
	err := d.db.Reader(ctx).Select(&rows, `SELECT h.id, h.region_id, COALESCE(t.state, '') AS state, COUNT(t.id) AS n
		FROM hubs h LEFT JOIN tickets t ON t.hub_id = h.id WHERE h.id = $1 OR h.slug = $1 GROUP BY h.id, h.region_id, t.state`, hubKey)
	if err == nil && len(rows) == 0 {
		err = fault.New(fault.NotFound, "hub_not_found", nil)
	} else if err == nil && !by.May(identity.HandOut, rows[0].ID, rows[0].RegionID) {
		err = identity.Denied(by)
	}
	if err != nil {
		return nil, err
	}
	counts := map[string]int{}
	for _, row := range rows {
		counts[row.State] += row.N
	}
	delete(counts, "")
	return counts, nil
}

// OfUnit lists the tickets of a unit (id), the newest first, to who hands out where the unit is.
func (d *Desk) OfUnit(ctx context.Context, by identity.Actor, unitID string) ([]Ticket, error) {
	r := d.db.Reader(ctx)
	hubID, regionID, err := placeOf(r, unitID)
	if err != nil {
		return nil, err
	}
	if err := may(by, identity.HandOut, hubID, regionID, fault.New(fault.NotFound, "unit_not_found", nil)); err != nil {
		return nil, err
	}
	list := []Ticket{}
	err = r.Select(&list, `SELECT `+ticketColumns+ticketJoins+`WHERE t.unit_id = $1 ORDER BY t.created_at DESC, t.id DESC LIMIT 200`, unitID)
	for i := range list {
		list[i] = list[i].inUTC().seenBy(by)
	}
	return list, err
}

// placeOf is the hub where a unit is, and its region.
func placeOf(r database.Reader, unitID string) (hubID, regionID string, err error) {
	var at struct {
		HubID    string `db:"hub_id"`
		RegionID string `db:"region_id"`
	}
	if !storable(unitID) {
		return "", "", fault.New(fault.NotFound, "unit_not_found", nil)
	}
	err = r.Get(&at, `SELECT h.id AS hub_id, h.region_id FROM units u JOIN hubs h ON h.id = u.current_hub_id WHERE u.id = $1`, unitID)
	if err == database.ErrNoRows {
		err = fault.New(fault.NotFound, "unit_not_found", nil)
	}
	return at.HubID, at.RegionID, err
}

// Ticket returns one ticket with its notes, to who hands out at its hub.
func (d *Desk) Ticket(ctx context.Context, by identity.Actor, id string) (Ticket, error) {
	r := d.db.Reader(ctx)
	t, err := ticketFor(r, by, id)
	if err != nil {
		return Ticket{}, err
	}
	err = r.Select(&t.Notes, `SELECT n.at, n.by_id, n.state, n.body, COALESCE(m.name, '') AS name
		FROM ticket_notes n LEFT JOIN members m ON m.id = n.by_id WHERE n.ticket_id = $1 ORDER BY n.at, n.id`, id)
	for i := range t.Notes {
		t.Notes[i].At = t.Notes[i].At.UTC()
	}
	return t.seenBy(by), err
}

// ticketFor reads a ticket for who hands out at its hub.
func ticketFor(r database.Reader, by identity.Actor, id string) (Ticket, error) {
	t, err := findTicket(r, id)
	if err == nil {
		err = may(by, identity.HandOut, t.HubID, t.RegionID, ticketNotFound())
	}
	if err != nil {
		return Ticket{}, err
	}
	return t, nil
}

// seenBy is a ticket without persons for who may not see them there.
func (t Ticket) seenBy(by identity.Actor) Ticket {
	if by.May(identity.ViewPersons, t.HubID, t.RegionID) {
		return t
	}
	t.ReportedBy, t.ReporterName, t.Contact, t.AssigneeName = "", "", "", ""
	t.Notes = slices.Clone(t.Notes)
	for i := range t.Notes {
		t.Notes[i].ByID, t.Notes[i].Name = "", ""
	}
	return t
}

// A place is a hub, as far as rights need it.
type place struct {
	ID       string `db:"id"`
	RegionID string `db:"region_id"`
}

// hubFor is a hub (id or slug) for who has a right there.
func (d *Desk) hubFor(ctx context.Context, by identity.Actor, right identity.Right, key string) (place, error) {
	var hub place
	missing := fault.New(fault.NotFound, "hub_not_found", nil)
	if !storable(key) {
		return hub, missing
	}
	err := d.db.Reader(ctx).Get(&hub, `SELECT id, region_id FROM hubs WHERE id = $1 OR slug = $1`, key)
	if err == database.ErrNoRows {
		return hub, missing
	}
	if err == nil && !by.May(right, hub.ID, hub.RegionID) {
		err = identity.Denied(by)
	}
	return hub, err
}
