package booking

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"canot/internal/identity"
	"canot/inventory"
	"canot/inventory/hours"
)

// A Board is what a counter has before it today. It is for staff of the hub. Names and numbers of
// persons are there for who may see persons, "" for others; titles, notes and prices likewise.
type Board struct {
	Counter
	Arrivals  []Visit  // spaces, machines and guides: who comes today, who is here
	Outgoing  []Visit  // equipment that is to be handed out today
	Returns   []OnLoan // what is due until the end of today
	Late      []OnLoan // what was due, the longest first
	OutLater  int      // units that left from here and are due after today
	Waiting   []Visit  // requests to answer, those first that must be answered first
	Homeless  []Visit  // a line is without unit: «à reloger»
	Broken    []Trouble
	Journeys  []Transfer // on the way here or from here, or to be sent
	Unsettled []UnsettledAct
	LowStock  []LowStock
}

// A Visit is a booking with who comes, and the codes of the units that it was given.
type Visit struct {
	Booking
	Person Person
	Codes  map[string]string // of its units, by id
	Out    map[string]bool   // the units that are out with them, by id
	Back   map[string]bool   // the units that have come back, by id

	Components map[string][]inventory.Component // of its units, by id; by ScanAt alone

	SuspendedUntil time.Time // of who comes, at its hub; zero for not at all; by ScanAt alone

	loans []OnLoan // of the units that are out
}

// An OnLoan is a unit that is out, with who has it.
type OnLoan struct {
	Loan
	Reference string
	Person    Person
	Wanted    *time.Time // when the unit is promised to somebody else next
}

// A Person is who stands at a counter.
type Person struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Phone    string `json:"phone,omitempty"`
	Language string `json:"language,omitempty"`
}

// A Trouble is a unit that is out of service now, or a ticket that is open.
type Trouble struct {
	UnitID, Code  string
	ResourceName  inventory.Text
	Cause         string     // of its maintenance: repair, incomplete, lost, preventive; "" for a ticket alone
	Since         time.Time  // when it went out of service, or the ticket was written
	Until         *time.Time // when it is back, where that is known
	MaintenanceID string
	TicketID      string
	State, Kind   string // of the ticket
	Urgent        bool
}

// A LowStock is a consumable that runs out.
type LowStock struct {
	ID, Code, Measure string
	Name              inventory.Text
	Stock, Low        int64
}

// mostListed bounds each list of a board that no day bounds: requests, what is without unit,
// troubles, journeys, unsettled acts, consumables. Their own pages have them all.
const mostListed = 100

// Board reads what a counter has before it today, as Counter and BoardAt do: three statements.
func (b *Book) Board(ctx context.Context, who identity.Actor, hubKey string) (Board, error) {
	c, err := b.Counter(ctx, who, hubKey)
	if err != nil {
		return Board{}, err
	}
	return b.BoardAt(ctx, who, c)
}

// BoardAt reads what a counter that was found for who has before it. It is two statements, however
// much that is; what was committed between the two, and since the counter was found, has changed
// the counter's stamp.
func (b *Book) BoardAt(ctx context.Context, who identity.Actor, c Counter) (Board, error) {
	r := b.db.Reader(ctx)
	board, today := Board{Counter: c}, c.today()
	visits, err := findVisits(r, who, selectToday, c.Hub.ID, today.End)
	if err != nil {
		return Board{}, err
	}
	for _, v := range visits {
		board.visit(v, today)
	}
	board.sort()
	var rows []matter
	if err := r.Select(&rows, selectMatters, c.Hub.ID, c.Now, today.End); err != nil {
		return Board{}, fmt.Errorf("matters of a counter: %w", err)
	}
	persons := who.May(identity.ViewPersons, c.Hub.ID, c.Hub.RegionID)
	for _, row := range rows {
		board.matter(row, persons)
	}
	return board, nil
}

// stillStands are the statuses of bookings that still stand, in SQL. SQLite takes the index of those only
// where the very same words stand in a condition.
const stillStands = `IN ('held', 'pending', 'confirmed', 'in_use')`

// selectToday finds the bookings of a counter: at hub $1 until $2, those that wait for an answer,
// those that are without unit, and those of whose units one left from here and is due until then.
// One that is in use, and all of whose units are out for longer, asks for nothing today: in a hub that
// lends by the week, those are as many as all others.
var selectToday = fmt.Sprintf(`
	SELECT id FROM (SELECT t.id FROM bookings t
		WHERE t.hub_id = $1 AND t.status %[2]s AND t.status = 'confirmed' AND t.starts_at < $2) begun
	UNION
	SELECT id FROM (SELECT t.id FROM bookings t JOIN occupancies o ON o.booking_id = t.id AND o.live
		LEFT JOIN loans z ON z.booking_id = t.id AND z.unit_id = o.unit_id AND z.back_at IS NULL
		WHERE t.hub_id = $1 AND t.status %[2]s AND t.status = 'in_use' AND t.starts_at < $2 AND (z.id IS NULL OR z.due_at < $2)) used
	UNION
	SELECT id FROM (SELECT w.id FROM bookings w WHERE w.hub_id = $1 AND w.status %[2]s AND w.status = 'pending' ORDER BY w.starts_at LIMIT %[1]d) asked
	UNION
	SELECT id FROM (SELECT lost.id FROM resources x JOIN booking_lines y ON y.resource_id = x.id AND y.without_unit > 0
		JOIN bookings lost ON lost.id = y.booking_id AND lost.status %[2]s
		WHERE x.hub_id = $1 ORDER BY lost.starts_at LIMIT %[1]d) homeless
	UNION
	SELECT f.booking_id FROM loans f WHERE f.out_hub_id = $1 AND f.back_at IS NULL AND f.due_at < $2`, mostListed, stillStands)

// visit puts a booking where the counter looks for it; it may be in several places.
func (x *Board) visit(v Visit, today hours.Span) {
	for _, l := range v.loans {
		switch {
		case l.DueAt.Before(x.Now):
			x.Late = append(x.Late, l)
		case l.DueAt.Before(today.End):
			x.Returns = append(x.Returns, l)
		}
	}
	if v.HubID != x.Hub.ID {
		return // it went out from here, and is another hub's booking
	}
	comes := v.Status == Confirmed && v.StartsAt.Before(today.End) && v.EndsAt.After(x.Now)
	switch {
	case v.Status == Pending && !v.lapsed(x.Now):
		x.Waiting = append(x.Waiting, v)
	case v.Status.Live() && v.without():
		x.Homeless = append(x.Homeless, v)
	}
	if v.here() && (comes || v.Status == InUse) {
		x.Arrivals = append(x.Arrivals, v)
	}
	if (comes || v.Status == InUse && v.EndsAt.After(x.Now)) && len(v.Waits()) > 0 {
		x.Outgoing = append(x.Outgoing, v)
	}
}

// sort puts each list in the order in which a counter deals with it. Bookings come in order of start.
func (x *Board) sort() {
	due := func(a, b OnLoan) int { return cmp.Or(a.DueAt.Compare(b.DueAt), cmp.Compare(a.Code, b.Code)) }
	slices.SortFunc(x.Returns, due)
	slices.SortFunc(x.Late, due)
	slices.SortStableFunc(x.Waiting, func(a, b Visit) int { return a.answerBy().Compare(b.answerBy()) })
}

// answerBy is when a request lapses that nobody has answered.
func (v Visit) answerBy() time.Time {
	if v.LapsesAt != nil {
		return *v.LapsesAt
	}
	return v.StartsAt
}

// A matter is a row of what a counter deals with beside bookings; part says which columns are what.
type matter struct {
	Part       string         `db:"part"` // trouble, journey, unsettled, low, later
	ID         string         `db:"id"`
	UnitID     *string        `db:"unit_id"`
	Code       *string        `db:"code"`
	Name       *string        `db:"resource_name"` // of a resource in its languages, or of a consumable
	State      string         `db:"state"`
	Kind       string         `db:"kind"`
	At         time.Time      `db:"at"`
	Until      *time.Time     `db:"until"`
	Other      *string        `db:"other"` // the ticket of a trouble, the resource of a journey, the booking of an act
	Flag       bool           `db:"flag"`
	FromHub    *string        `db:"from_hub_id"`
	FromName   inventory.Text `db:"from_hub_name"`
	ToHub      *string        `db:"to_hub_id"`
	ToName     inventory.Text `db:"to_hub_name"`
	Moved      *time.Time     `db:"moved_at"`
	By         string         `db:"by_id"`
	ByName     *string        `db:"by_name"`
	Text       *string        `db:"note"`
	Reference  *string        `db:"reference"`
	PersonName *string        `db:"person"`
	Stock      int64          `db:"stock"`
	Low        int64          `db:"low"`
}

// selectMatters reads all matters of hub $1 at $2, on a day that ends at $3. The first part gives the columns their types.
// A retired unit is not broken: it is no longer there. One that is out of service for a ticket is one
// trouble, not two.
var selectMatters = fmt.Sprintf(`
	SELECT 'journey' AS part, j.id, j.unit_id, u.code, r.name AS resource_name, j.state, '' AS kind, j.leaves_at AS at, j.arrives_at AS until,
		j.to_resource_id AS other, false AS flag, j.from_hub_id, f.name AS from_hub_name, j.to_hub_id, t.name AS to_hub_name, j.left_at AS moved_at,
		j.made_by AS by_id, '' AS by_name, j.note, '' AS reference, '' AS person, j.version AS stock, 0 AS low
	FROM (SELECT * FROM transfers q WHERE (q.from_hub_id = $1 OR q.to_hub_id = $1) AND q.state IN ('planned', 'on_the_road') ORDER BY q.leaves_at, q.id LIMIT %[1]d) j
	JOIN units u ON u.id = j.unit_id JOIN resources r ON r.id = u.resource_id
	JOIN hubs f ON f.id = j.from_hub_id JOIN hubs t ON t.id = j.to_hub_id
	UNION ALL
	SELECT 'trouble', m.id, u.id, u.code, r.name, m.cause, COALESCE(t.kind, ''), m.starts_at, m.ends_at,
		m.ticket_id, COALESCE(t.urgent, false), NULL, NULL, NULL, NULL, NULL, m.made_by, '', COALESCE(t.state, ''), '', '', 0, 0
	FROM (SELECT q.* FROM maintenances q JOIN units x ON x.id = q.unit_id
		WHERE x.current_hub_id = $1 AND x.status = 'in_service' AND q.open AND q.starts_at <= $2 AND (q.ends_at IS NULL OR q.ends_at > $2)
		ORDER BY q.starts_at DESC, q.id LIMIT %[1]d) m
	JOIN units u ON u.id = m.unit_id JOIN resources r ON r.id = u.resource_id
	LEFT JOIN tickets t ON t.id = m.ticket_id AND t.closed_at IS NULL
	UNION ALL
	SELECT 'trouble', '', t.unit_id, u.code, r.name, '', t.kind, t.created_at, NULL,
		t.id, t.urgent, NULL, NULL, NULL, NULL, NULL, t.reported_by, '', t.state, '', '', 0, 0
	FROM (SELECT * FROM tickets q WHERE q.hub_id = $1 AND q.state IN ('new', 'in_progress', 'waiting')
			AND NOT EXISTS (SELECT 1 FROM maintenances m WHERE m.ticket_id = q.id AND m.open AND m.starts_at <= $2 AND (m.ends_at IS NULL OR m.ends_at > $2))
		ORDER BY q.created_at DESC, q.id LIMIT %[1]d) t
	JOIN resources r ON r.id = t.resource_id LEFT JOIN units u ON u.id = t.unit_id
	UNION ALL
	SELECT 'unsettled', a.id, a.unit_id, u.code, r.name, a.code, a.kind, a.at, a.received_at,
		a.booking_id, a.doubtful, a.hub_id, NULL, NULL, NULL, NULL, a.by_id, y.name, a.note, b.reference, m.name, 0, 0
	FROM (SELECT * FROM unsettled_acts q WHERE q.hub_id = $1 AND q.settled_at IS NULL ORDER BY q.at, q.id LIMIT %[1]d) a
	LEFT JOIN units u ON u.id = a.unit_id LEFT JOIN resources r ON r.id = u.resource_id
	LEFT JOIN bookings b ON b.id = a.booking_id AND b.hub_id = a.hub_id LEFT JOIN members m ON m.id = b.member_id LEFT JOIN members y ON y.id = a.by_id
	UNION ALL
	SELECT 'low', c.id, NULL, c.code, c.name, '', c.measure, $2, NULL, NULL, false, NULL, NULL, NULL, NULL, NULL, '', '', '', '', '', c.stock, c.low
	FROM (SELECT * FROM consumables q WHERE q.hub_id = $1 AND NOT q.archived AND q.low > 0 AND q.stock <= q.low ORDER BY q.code LIMIT %[1]d) c
	UNION ALL
	SELECT 'later', '', NULL, '', '', '', '', $2, NULL, NULL, false, NULL, NULL, NULL, NULL, NULL, '', '', '', '', '', count(*), 0
	FROM loans z WHERE z.out_hub_id = $1 AND z.back_at IS NULL AND z.due_at >= $3
	ORDER BY at, id`, mostListed)

// matter puts a row on its list. Names of persons are there for who may see persons.
func (x *Board) matter(row matter, persons bool) {
	switch row.Part {
	case "trouble":
		x.Broken = append(x.Broken, Trouble{UnitID: said(row.UnitID), Code: said(row.Code), ResourceName: textOf(row.Name), Cause: row.State, Since: row.At, Until: row.Until,
			MaintenanceID: row.ID, TicketID: said(row.Other), State: said(row.Text), Kind: row.Kind, Urgent: row.Flag})
	case "journey":
		x.Journeys = append(x.Journeys, Transfer{ID: row.ID, UnitID: said(row.UnitID), Code: said(row.Code), ResourceName: textOf(row.Name), FromHubID: said(row.FromHub),
			FromHubName: row.FromName, ToHubID: said(row.ToHub), ToHubName: row.ToName, ToResourceID: said(row.Other), State: row.State,
			LeavesAt: row.At, ArrivesAt: *row.Until, LeftAt: row.Moved, Note: said(row.Text), MadeBy: row.By, Version: row.Stock})
	case "unsettled":
		x.Unsettled = append(x.Unsettled, row.unsettled(persons))
	case "later":
		x.OutLater = int(row.Stock)
	case "low":
		x.LowStock = append(x.LowStock, LowStock{ID: row.ID, Code: said(row.Code), Measure: row.Kind, Name: textOf(row.Name), Stock: row.Stock, Low: row.Low})
	}
}

// unsettled is the act of a row.
func (row matter) unsettled(persons bool) UnsettledAct {
	a := UnsettledAct{ID: row.ID, HubID: said(row.FromHub), Kind: row.Kind, At: row.At, ReceivedAt: *row.Until, ByID: row.By, Code: row.State,
		UnitID: said(row.UnitID), UnitCode: said(row.Code), BookingID: said(row.Other), Reference: said(row.Reference), Doubtful: row.Flag}
	if persons {
		a.ByName, a.Person = said(row.ByName), said(row.PersonName)
	}
	return a
}

// said is a text that may not be there.
func said(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// textOf reads a text in several languages, or takes one that is in French only.
func textOf(s *string) inventory.Text {
	var t inventory.Text
	if s == nil {
		return inventory.Text{}
	}
	if err := t.Scan(*s); err != nil {
		return inventory.Text{"fr": *s}
	}
	return t
}
