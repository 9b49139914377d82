package booking

import (
	"context"
	"errors"
	"strings"
	"time"

	"canot/internal/database"
	"canot/internal/fault"
	"canot/internal/identity"
	"canot/inventory"
)

// What a unit is, as staff read it: one of these, told in this order. Where it is (out with somebody,
// at another hub) is another thing.
const (
	UnitRetired      = "retired"
	UnitLost         = "lost"
	UnitInTransit    = "in_transit"
	UnitOutOfService = "out_of_service"
	UnitInService    = "in_service"
)

// unitState tells what a unit u is, in SQL; $1 is now.
const unitState = `
	CASE WHEN u.status = 'retired' THEN 'retired'
	     WHEN EXISTS (SELECT 1 FROM maintenances a WHERE a.unit_id = u.id AND a.open AND a.cause = 'lost' AND (a.ends_at IS NULL OR a.ends_at > $1)) THEN 'lost'
	     WHEN EXISTS (SELECT 1 FROM transfers a WHERE a.unit_id = u.id AND a.state = 'on_the_road') THEN 'in_transit'
	     WHEN EXISTS (SELECT 1 FROM maintenances a WHERE a.unit_id = u.id AND a.open AND a.starts_at <= $1 AND (a.ends_at IS NULL OR a.ends_at > $1)) THEN 'out_of_service'
	     ELSE 'in_service' END`

// A UnitQuery narrows a list of the units that belong to a hub or are there now.
type UnitQuery struct {
	Q        string // some letters of a code, of a serial number or of a name
	Shelf    string
	State    string // as above, or "out" for those that somebody has
	Resource string // by slug or id

	Limit, Offset int
}

// A ListedUnit is a unit in a list.
type ListedUnit struct {
	ID           string         `db:"id"`
	Code         string         `db:"code"`
	Shelf        string         `db:"shelf"`
	State        string         `db:"state"`
	Name         inventory.Text `db:"name"` // of its resource
	ResourceSlug string         `db:"slug"`
	HomeHubID    string         `db:"home_hub_id"`
	CurrentHubID string         `db:"current_hub_id"`
	HubName      inventory.Text `db:"hub_name"` // where it is
	DueAt        *time.Time     `db:"due_at"`   // when whoever has it must bring it back; nil when nobody has
	Total        int            `db:"total"`    // of all that the query finds
}

// UnitsAt lists units that belong to the hub of a counter or are there now, the retired ones last, in
// order of code. It is one statement.
func (b *Book) UnitsAt(ctx context.Context, at Counter, q UnitQuery) ([]ListedUnit, error) {
	like := func(s string) string {
		return "%" + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(s) + "%"
	}
	all := []ListedUnit{}
	err := b.db.Reader(ctx).Select(&all, `
		SELECT x.*, COUNT(*) OVER () AS total FROM (
			SELECT u.id, u.code, u.shelf, `+unitState+` AS state, r.name, r.slug, u.home_hub_id, u.current_hub_id, h.name AS hub_name,
			       (SELECT l.due_at FROM loans l WHERE l.unit_id = u.id AND l.back_at IS NULL) AS due_at
			FROM units u JOIN resources r ON r.id = u.resource_id JOIN hubs h ON h.id = u.current_hub_id
			WHERE (u.home_hub_id = $2 OR u.current_hub_id = $2) AND (u.shelf = $3 OR $3 = '') AND (r.id = $4 OR r.slug = $4 OR $4 = '')
			  AND ($5 = '%%' OR lower(u.code) LIKE $5 ESCAPE '\' OR lower(u.serial) LIKE $5 ESCAPE '\' OR r.name_key LIKE $6 ESCAPE '\')) x
		WHERE x.state = $7 OR $7 = '' OR $7 = 'out' AND x.due_at IS NOT NULL
		ORDER BY CASE WHEN x.state = 'retired' THEN 1 ELSE 0 END, x.code, x.id LIMIT $8 OFFSET $9`,
		at.Now, at.Hub.ID, q.Shelf, q.Resource, like(strings.ToLower(strings.TrimSpace(q.Q))), like(inventory.Fold(q.Q)), q.State, q.Limit, q.Offset)
	return all, err
}

// A UnitView is everything about one unit now.
type UnitView struct {
	inventory.Unit
	Name         inventory.Text `db:"name"` // of its resource
	ResourceSlug string         `db:"slug"`
	Kind         inventory.Kind `db:"kind"`
	Signs        string         `db:"state"`
	HomeName     inventory.Text `db:"home_name"`
	CurrentName  inventory.Text `db:"current_name"`
	CurrentSlug  string         `db:"current_slug"`

	LoanID    string         `db:"loan_id"` // of whoever has it, "" for nobody
	BookingID string         `db:"booking_id"`
	Reference string         `db:"reference"`
	Person    string         `db:"person"`
	PersonID  string         `db:"person_id"`
	ItsHub    string         `db:"booking_hub"` // of that booking
	ItsRegion string         `db:"booking_region"`
	DueAt     *time.Time     `db:"due_at"`
	ToName    inventory.Text `db:"to_name"` // of the hub that it is on its way to, or will be
	LeavesAt  *time.Time     `db:"leaves_at"`
	ArrivesAt *time.Time     `db:"arrives_at"`
	Journey   string         `db:"journey"` // planned, on_the_road, or ""

	Outages []UnitOutage
	Tickets []UnitTicket
}

// A UnitOutage is a stretch in which a unit is or will be out of service.
type UnitOutage struct {
	ID, Cause string
	From      time.Time
	Until     *time.Time
}

// A UnitTicket is a ticket of a unit that is not closed.
type UnitTicket struct {
	ID, State, Kind, Description string
	At                           time.Time
}

// UnitAt reads everything about a unit (id or code) that belongs to the hub of a counter or is there
// now; any other is not found. Who has it is told to who may see persons at the hub of their booking, and
// which booking that is to who may see those. It is two statements.
func (b *Book) UnitAt(ctx context.Context, who identity.Actor, at Counter, key string) (UnitView, error) {
	r := b.db.Reader(ctx)
	var u UnitView
	err := r.Get(&u, `
		SELECT u.id, u.resource_id, u.home_hub_id, u.current_hub_id, u.code, u.serial, u.condition, u.status, u.version, u.shelf, u.value_cents,
		       u.supplier, u.purchased_on, u.warranty_until, u.notes, u.meter_min, `+unitState+` AS state, r.name, r.slug, r.kind,
		       home.name AS home_name, here.name AS current_name, here.slug AS current_slug,
		       l.due_at, COALESCE(l.id, '') AS loan_id, COALESCE(k.id, '') AS booking_id, COALESCE(k.reference, '') AS reference, COALESCE(p.name, '') AS person, COALESCE(p.id, '') AS person_id,
		       COALESCE(g.id, '') AS booking_hub, COALESCE(g.region_id, '') AS booking_region, COALESCE(there.name, '{}') AS to_name, j.leaves_at, j.arrives_at, COALESCE(j.state, '') AS journey
		FROM units u JOIN resources r ON r.id = u.resource_id JOIN hubs home ON home.id = u.home_hub_id JOIN hubs here ON here.id = u.current_hub_id
		LEFT JOIN loans l ON l.unit_id = u.id AND l.back_at IS NULL
		LEFT JOIN bookings k ON k.id = l.booking_id LEFT JOIN members p ON p.id = k.member_id LEFT JOIN hubs g ON g.id = k.hub_id
		LEFT JOIN transfers j ON j.unit_id = u.id AND j.state IN ('planned', 'on_the_road') LEFT JOIN hubs there ON there.id = j.to_hub_id
		WHERE (u.id = $2 OR u.code = $2) AND (u.home_hub_id = $3 OR u.current_hub_id = $3)`, at.Now, key, at.Hub.ID)
	if errors.Is(err, database.ErrNoRows) {
		return u, fault.New(fault.NotFound, "unit_not_found", nil)
	}
	if err != nil {
		return u, err
	}
	if !who.May(identity.ViewPersons, u.ItsHub, u.ItsRegion) {
		u.Person, u.PersonID = "", ""
	}
	if u.ItsHub != at.Hub.ID && !who.May(identity.ViewBookings, u.ItsHub, u.ItsRegion) {
		u.BookingID, u.Reference = "", ""
	}
	return u, u.readParts(r, at.Now)
}

// readParts reads what a unit has several of: components, outages, tickets.
func (u *UnitView) readParts(r database.Reader, now time.Time) error {
	var rows []struct {
		What     string         `db:"what"`
		ID       string         `db:"id"`
		Name     inventory.Text `db:"name"`
		Word     string         `db:"word"`
		Kind     string         `db:"kind"`
		Text     string         `db:"text"`
		Quantity int            `db:"quantity"`
		Missing  int            `db:"missing"`
		Required bool           `db:"required"`
		From     *time.Time     `db:"starts_at"`
		Until    *time.Time     `db:"ends_at"`
	}
	err := r.Select(&rows, `
		SELECT 'outage' AS what, id, '{}' AS name, cause AS word, '' AS kind, '' AS text, 0 AS quantity, 0 AS missing, false AS required, starts_at, ends_at
		FROM maintenances WHERE unit_id = $1 AND open AND cause <> 'retired' AND (ends_at IS NULL OR ends_at > $2)
		UNION ALL
		SELECT 'ticket', id, '{}', state, kind, description, 0, 0, urgent, created_at, closed_at FROM tickets WHERE unit_id = $1 AND closed_at IS NULL
		UNION ALL
		SELECT 'component', id, name, '', '', '', quantity, missing, required, $2, $2 FROM components WHERE unit_id = $1
		ORDER BY 1, 10, 2`, u.ID, now)
	if err != nil {
		return err
	}
	u.Components = []inventory.Component{}
	for _, x := range rows {
		switch x.What {
		case "outage":
			u.Outages = append(u.Outages, UnitOutage{x.ID, x.Word, *x.From, x.Until})
		case "ticket":
			u.Tickets = append(u.Tickets, UnitTicket{x.ID, x.Word, x.Kind, x.Text, *x.From})
		default:
			u.Components = append(u.Components, inventory.Component{ID: x.ID, UnitID: u.ID, Name: x.Name, Quantity: x.Quantity, Missing: x.Missing, Required: x.Required})
		}
	}
	return nil
}
