package booking

import (
	"context"
	"fmt"
	"time"

	"canot/internal/database"
	"canot/internal/fault"
	"canot/internal/identity"
	"canot/inventory"
	"canot/inventory/hours"
)

// A Counter is the counter of a hub, as somebody who may stand there finds it. Its Hub has no
// week: a counter is open whenever somebody stands at it.
type Counter struct {
	Hub   inventory.Hub
	Zone  *time.Location // of the hub
	Now   time.Time      // when it was read
	Stamp string         // changes whenever what the counter has before it may have
}

// Counter finds the counter of a hub, by id or slug, for who may hand out there. To who may see
// the hub's bookings and no more it is Forbidden, to anybody else NotFound. It is one statement.
func (b *Book) Counter(ctx context.Context, who identity.Actor, hubKey string) (Counter, error) {
	if !who.Known() {
		return Counter{}, fault.New(fault.Unauthenticated, "sign_in", nil)
	}
	now := b.db.Now()
	var rows []struct {
		inventory.Hub
		stamps
	}
	err := b.db.Reader(ctx).Select(&rows, `
		SELECT h.id, h.slug, h.region_id, h.operator_id, h.name, h.town, h.province, h.address, h.latitude, h.longitude,
			h.time_zone, h.currency, h.phone, h.email, h.version, `+stampColumns+`
		FROM hubs h WHERE h.id = $2 OR h.slug = $2`, now, hubKey)
	if err != nil {
		return Counter{}, fmt.Errorf("counter: %w", err)
	}
	if len(rows) == 0 {
		return Counter{}, fault.New(fault.NotFound, "hub_not_found", nil)
	}
	hub := rows[0].Hub
	if !who.May(identity.HandOut, hub.ID, hub.RegionID) {
		if who.May(identity.ViewBookings, hub.ID, hub.RegionID) || who.LacksFactor {
			return Counter{}, identity.Denied(who)
		}
		return Counter{}, fault.New(fault.NotFound, "hub_not_found", nil)
	}
	zone, err := hours.LoadZone(hub.TimeZone)
	if err != nil {
		return Counter{}, err
	}
	return Counter{Hub: hub, Zone: zone, Now: now, Stamp: rows[0].stamp(now, zone)}, nil
}

// today is the day of the counter, by the clock of its hub.
func (c Counter) today() hours.Span {
	day := hours.DateOf(c.Now, c.Zone)
	return hours.Span{Start: hours.At(day, 0, c.Zone), End: hours.At(day.AddDays(1), 0, c.Zone)}
}

// stamps are the versions of all that a board shows. Every verb about time raises the version of
// its resources; what takes no time raises its own. What ends leaves a sum, which changes it too.
type stamps struct {
	Resources   int64 `db:"resources_stamp"`
	Tickets     int64 `db:"tickets_stamp"`
	Transfers   int64 `db:"transfers_stamp"`
	Consumables int64 `db:"consumables_stamp"`
	Unsettled   int64 `db:"unsettled_stamp"`
	Late        int64 `db:"late_stamp"` // time alone makes a loan late

	Received *time.Time `db:"received_stamp"` // the last unsettled act
}

// stampColumns are the stamps of a hub h; $1 is now.
const stampColumns = `
	(SELECT CAST(COALESCE(SUM(r.version), 0) AS bigint) FROM resources r WHERE r.hub_id = h.id) AS resources_stamp,
	(SELECT CAST(COALESCE(SUM(t.version * 1000 + 1), 0) AS bigint) FROM tickets t WHERE t.hub_id = h.id AND t.state IN ('new', 'in_progress', 'waiting')) AS tickets_stamp,
	(SELECT CAST(COALESCE(SUM(j.version * 1000 + 1), 0) AS bigint) FROM transfers j WHERE (j.from_hub_id = h.id OR j.to_hub_id = h.id) AND j.state IN ('planned', 'on_the_road')) AS transfers_stamp,
	(SELECT CAST(COALESCE(SUM(c.version), 0) AS bigint) FROM consumables c WHERE c.hub_id = h.id) AS consumables_stamp,
	(SELECT count(*) FROM unsettled_acts a WHERE a.hub_id = h.id AND a.settled_at IS NULL) AS unsettled_stamp,
	(SELECT MAX(a.received_at) FROM unsettled_acts a WHERE a.hub_id = h.id AND a.settled_at IS NULL) AS received_stamp,
	(SELECT count(*) FROM loans k WHERE k.out_hub_id = h.id AND k.back_at IS NULL AND k.due_at <= $1) AS late_stamp`

// showsTime is how often a board is made anew when nothing happens: it says who is awaited and what
// is about to begin.
const showsTime = 5 * time.Minute

// stamp is one text of them all, with the day and the hour as far as a board shows them.
func (s stamps) stamp(now time.Time, zone *time.Location) string {
	var received int64
	if s.Received != nil {
		received = s.Received.Unix()
	}
	return fmt.Sprintf("%x-%x-%x-%x-%x-%x-%x-%x-%s", s.Resources, s.Tickets, s.Transfers, s.Consumables, s.Unsettled, received, s.Late,
		now.Unix()/int64(showsTime/time.Second), hours.DateOf(now, zone))
}

// Stamps returns, for hubs (ids), a text that changes whenever their boards may have. It is one
// statement, and asks for no right: it tells nothing.
func (b *Book) Stamps(ctx context.Context, hubs []string) (map[string]string, error) {
	now := b.db.Now()
	var rows []struct {
		ID       string `db:"id"`
		TimeZone string `db:"time_zone"`
		stamps
	}
	if err := b.db.Reader(ctx).SelectIn(&rows, `SELECT h.id, h.time_zone, `+stampColumns+` FROM hubs h WHERE h.id IN ($list)`, hubs, now); err != nil {
		return nil, fmt.Errorf("stamps of counters: %w", err)
	}
	all := make(map[string]string, len(rows))
	for _, row := range rows {
		zone, err := hours.LoadZone(row.TimeZone)
		if err != nil {
			return nil, err
		}
		all[row.ID] = row.stamp(now, zone)
	}
	return all, nil
}

// visitRow is a unit of a line of a booking, with who comes and what is out of it.
type visitRow struct {
	bookingRow
	lineRow
	PersonName     string     `db:"person_name"`
	PersonPhone    string     `db:"person_phone"`
	PersonLanguage string     `db:"person_language"`
	UnitCode       *string    `db:"unit_code"`
	LoanID         *string    `db:"loan_id"`
	OutAt          *time.Time `db:"out_at"`
	OutBy          *string    `db:"out_by"`
	OutHubID       *string    `db:"out_hub_id"`
	DueAt          *time.Time `db:"due_at"`
	BackAt         *time.Time `db:"back_at"`
	ConditionOut   *string    `db:"condition_out"`
	Doubtful       *bool      `db:"doubtful"`
	Wanted         *time.Time `db:"wanted"`
}

// selectVisits reads bookings p.id with all that a counter asks of them, and no column more. A unit is wanted again when
// the next booking has it; what comes before is the one that it is out for.
const selectVisits = `
	SELECT ` + factColumns + `, ` + partColumns + `, m.name AS person_name, m.phone AS person_phone, m.language AS person_language,
		u.code AS unit_code, k.id AS loan_id, k.out_at, k.out_by, k.out_hub_id, k.due_at, k.back_at, k.condition_out, k.doubtful,
		CASE WHEN k.id IS NOT NULL AND k.back_at IS NULL THEN (
			SELECT n.starts_at FROM occupancies n
			WHERE n.unit_id = o.unit_id AND n.live AND n.starts_at > o.starts_at AND n.booking_id IS NOT NULL
			ORDER BY n.starts_at LIMIT 1) END AS wanted
	FROM (%s) p
	JOIN bookings b ON b.id = p.id
	JOIN hubs h ON h.id = b.hub_id
	JOIN members m ON m.id = b.member_id
	JOIN booking_lines l ON l.booking_id = b.id
	JOIN resources r ON r.id = l.resource_id
	LEFT JOIN occupancies o ON o.booking_id = b.id AND o.line = l.line AND o.live
	LEFT JOIN units u ON u.id = o.unit_id
	LEFT JOIN loans k ON k.booking_id = b.id AND k.unit_id = o.unit_id
	ORDER BY b.starts_at, b.id, l.line, u.code, k.out_at`

// findVisits reads the bookings whose ids a query gives, each once, in order of start, as far as who
// may know of them: names and numbers of persons, titles and notes, prices. It is one statement.
func findVisits(r database.Reader, who identity.Actor, ids string, args ...any) ([]Visit, error) {
	var rows []visitRow
	if err := r.Select(&rows, fmt.Sprintf(selectVisits, ids), args...); err != nil {
		return nil, fmt.Errorf("visits: %w", err)
	}
	return visitsOf(rows, who), nil
}

// visitsOf gathers the rows of each booking.
func visitsOf(rows []visitRow, who identity.Actor) []Visit {
	all := make([]Visit, 0, len(rows)) // as many rows as bookings, mostly
	for _, row := range rows {
		if n := len(all); n == 0 || all[n-1].ID != row.ID {
			all = append(all, row.visit(who))
		}
		all[len(all)-1].add(row)
	}
	return all
}

// visit is the booking of a row without its lines.
func (row visitRow) visit(who identity.Actor) Visit {
	v := Visit{Booking: row.booking(), Codes: map[string]string{}, Out: map[string]bool{}, Back: map[string]bool{}, Components: map[string][]inventory.Component{}}
	v.Person.ID = v.MemberID
	if who.May(identity.ViewPersons, v.HubID, v.regionID) {
		v.Person = Person{ID: v.MemberID, Name: row.PersonName, Phone: row.PersonPhone, Language: row.PersonLanguage}
	}
	if !who.May(identity.ViewBookings, v.HubID, v.regionID) {
		v.Title, v.Notes, v.Reason = "", "", ""
	}
	if !who.May(identity.SeeMoney, v.HubID, v.regionID) {
		v.PriceCents = nil
	}
	return v
}

// add puts the unit of a row into the visit, and its loan: of several in one booking the last says
// where the unit is.
func (v *Visit) add(row visitRow) {
	if row.UnitID == nil {
		v.addLine(row.lineRow)
		return
	}
	unit := *row.UnitID
	if _, known := v.Codes[unit]; !known {
		v.addLine(row.lineRow)
		v.Codes[unit] = *row.UnitCode
	}
	if row.LoanID == nil {
		return
	}
	v.Out[unit], v.Back[unit] = row.BackAt == nil, row.BackAt != nil
	if row.BackAt != nil {
		return
	}
	v.loans = append(v.loans, OnLoan{
		Loan: Loan{ID: *row.LoanID, BookingID: v.ID, UnitID: unit, Code: *row.UnitCode, ResourceName: row.Name, OutAt: row.OutAt.UTC(), OutBy: *row.OutBy,
			OutHubID: *row.OutHubID, DueAt: row.DueAt.UTC(), ConditionOut: *row.ConditionOut, Doubtful: *row.Doubtful},
		Reference: v.Reference, Person: v.Person, Wanted: row.Wanted,
	})
}

// Waits are the units that the booking has and that have not left yet: equipment that is to be handed out.
func (v Visit) Waits() []string {
	var units []string
	for _, l := range v.Lines {
		if l.Kind != inventory.Equipment {
			continue
		}
		for _, unit := range l.Units {
			if !v.Out[unit] && !v.Back[unit] {
				units = append(units, unit)
			}
		}
	}
	return units
}

// here reports whether a line of the visit is of a kind that is used here, rather than handed out.
func (v Visit) here() bool {
	for _, l := range v.Lines {
		if l.Kind != inventory.Equipment {
			return true
		}
	}
	return false
}

// without reports whether a line of the visit has lost a unit.
func (v Visit) without() bool {
	for _, l := range v.Lines {
		if l.WithoutUnit > 0 {
			return true
		}
	}
	return false
}
