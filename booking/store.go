package booking

import (
	"crypto/rand"
	"fmt"
	"sort"
	"time"

	"canot/internal/database"
	"canot/internal/fault"
	"canot/inventory"
	"canot/inventory/hours"
)

// bookingRow is a row of bookings, with what its hub adds for readers.
type bookingRow struct {
	ID           string         `db:"id"`
	Reference    string         `db:"reference"`
	HubID        string         `db:"hub_id"`
	HubSlug      string         `db:"hub_slug"`
	HubName      inventory.Text `db:"hub_name"`
	Town         string         `db:"town"`
	RegionID     string         `db:"region_id"`
	TimeZone     string         `db:"time_zone"`
	MemberID     string         `db:"member_id"`
	MadeBy       string         `db:"made_by"`
	Organisation *string        `db:"organisation_id"`
	Attendance   int            `db:"attendance"`
	Reason       string         `db:"reason"`
	Status       Status         `db:"status"`
	StartsAt     time.Time      `db:"starts_at"`
	EndsAt       time.Time      `db:"ends_at"`
	StartsLocal  string         `db:"starts_local"`
	EndsLocal    string         `db:"ends_local"`
	LapsesAt     *time.Time     `db:"lapses_at"`
	ArrivedAt    *time.Time     `db:"arrived_at"`
	Title        string         `db:"title"`
	Notes        string         `db:"notes"`
	Sector       string         `db:"sector"`
	Visibility   string         `db:"visibility"`
	Currency     string         `db:"currency"`
	PriceCents   *int64         `db:"price_cents"`
	Competes     bool           `db:"competes"`
	Shown        bool           `db:"shown"`
	Sequence     int64          `db:"sequence"`
	Version      int64          `db:"version"`
	CreatedAt    time.Time      `db:"created_at"`
	ChangedAt    time.Time      `db:"changed_at"`
}

const bookingColumns = factColumns + `, h.name AS hub_name, h.town, b.starts_local, b.ends_local, b.shown`

// factColumns are what a booking is, without how its hub is called, its promise in wall-clock time and
// whether it was in a feed.
const factColumns = `
	b.id, b.reference, b.hub_id, h.slug AS hub_slug, h.region_id, h.time_zone, h.currency, b.member_id, b.made_by, b.organisation_id, b.status,
	b.starts_at, b.ends_at, b.lapses_at, b.arrived_at, b.title, b.notes, b.sector, b.visibility, b.attendance, b.reason,
	b.price_cents, b.competes, b.sequence, b.version, b.created_at, b.changed_at`

func (r bookingRow) booking() Booking {
	b := Booking{
		ID: r.ID, Reference: r.Reference, HubID: r.HubID, HubSlug: r.HubSlug, HubName: r.HubName, Town: r.Town, TimeZone: r.TimeZone, Currency: r.Currency,
		MemberID: r.MemberID, MadeBy: r.MadeBy, Status: r.Status,
		StartsAt: r.StartsAt.UTC(), EndsAt: r.EndsAt.UTC(), Title: r.Title, Notes: r.Notes, Sector: r.Sector,
		Visibility: r.Visibility, Attendance: r.Attendance, Reason: r.Reason, PriceCents: r.PriceCents, Competes: r.Competes, Sequence: r.Sequence, Version: r.Version,
		CreatedAt: r.CreatedAt.UTC(), ChangedAt: r.ChangedAt.UTC(), regionID: r.RegionID, shown: r.Shown,
		startsLocal: r.StartsLocal, endsLocal: r.EndsLocal,
	}
	if r.Organisation != nil {
		b.Organisation = *r.Organisation
	}
	if r.LapsesAt != nil {
		t := r.LapsesAt.UTC()
		b.LapsesAt = &t
	}
	if r.ArrivedAt != nil {
		t := r.ArrivedAt.UTC()
		b.ArrivedAt = &t
	}
	return b
}

// lineRow is a line of a booking and one of its units, or none.
type lineRow struct {
	BookingID   string         `db:"booking_id"`
	Line        int            `db:"line"`
	ResourceID  string         `db:"resource_id"`
	Slug        string         `db:"slug"`
	Name        inventory.Text `db:"resource_name"`
	Kind        inventory.Kind `db:"kind"`
	Quantity    int            `db:"quantity"`
	WithoutUnit int            `db:"without_unit"`
	UnitID      *string        `db:"unit_id"`
}

const lineColumns = `l.booking_id, ` + partColumns

// partColumns are a line and its unit beside their booking.
const partColumns = `l.line, l.resource_id, r.slug, r.name AS resource_name, r.kind, l.quantity, l.without_unit, o.unit_id`

// findBooking reads a booking with its lines and units.
func findBooking(r database.Reader, id string) (Booking, error) {
	all, err := findBookings(r, selection{where: "WHERE b.id = $1", order: "b.id"}, id)
	if err == nil && len(all) == 0 {
		err = fault.New(fault.NotFound, "booking_not_found", nil)
	}
	if err != nil {
		return Booking{}, err
	}
	return all[0], nil
}

// A selection says which bookings to read, in SQL about bookings b and hubs h.
type selection struct {
	where string // "" for all
	order string // ends with the id
	limit int    // of bookings; 0 for all
}

// findBookings reads bookings with their lines and units. It is one statement, so that
// nobody sees a booking of one version with the units of another.
func findBookings(r database.Reader, s selection, args ...any) ([]Booking, error) {
	from := "bookings b JOIN hubs h ON h.id = b.hub_id"
	if s.limit > 0 {
		from = fmt.Sprintf(`(SELECT b.id FROM %s %s ORDER BY %s LIMIT %d) p
		JOIN bookings b ON b.id = p.id JOIN hubs h ON h.id = b.hub_id`, from, s.where, s.order, s.limit)
		s.where = ""
	}
	var rows []struct {
		bookingRow
		lineRow
	}
	err := r.Select(&rows, `
		SELECT `+bookingColumns+`, `+lineColumns+`
		FROM `+from+`
		JOIN booking_lines l ON l.booking_id = b.id
		JOIN resources r ON r.id = l.resource_id
		LEFT JOIN occupancies o ON o.booking_id = b.id AND o.line = l.line AND o.live
		`+s.where+`
		ORDER BY `+s.order+`, l.line, o.unit_id`, args...)
	if err != nil {
		return nil, err
	}
	all := []Booking{}
	for _, row := range rows {
		if n := len(all); n == 0 || all[n-1].ID != row.ID {
			all = append(all, row.booking())
		}
		all[len(all)-1].addLine(row.lineRow)
	}
	return all, nil
}

// addLine adds a row of a line: the line itself when it is its first row, and the unit.
func (b *Booking) addLine(row lineRow) {
	if len(b.Lines) == 0 || b.Lines[len(b.Lines)-1].line != row.Line {
		b.Lines = append(b.Lines, Line{
			ResourceID: row.ResourceID, ResourceSlug: row.Slug, ResourceName: row.Name, Kind: row.Kind, Quantity: row.Quantity,
			WithoutUnit: row.WithoutUnit, Units: []string{}, line: row.Line,
		})
	}
	if l := &b.Lines[len(b.Lines)-1]; row.UnitID != nil {
		l.Units = append(l.Units, *row.UnitID)
	}
}

const (
	insertIntoBookings = `INSERT INTO bookings (id, reference, hub_id, member_id, made_by, status, starts_at, ends_at,
		starts_local, ends_local, lapses_at, title, notes, sector, visibility, competes, shown, sequence, version,
		created_at, changed_at, organisation_id, attendance, reason, price_cents, arrived_at) VALUES `
	insertIntoLines         = `INSERT INTO booking_lines (booking_id, line, resource_id, quantity, without_unit) VALUES `
	insertBookedOccupancies = `INSERT INTO occupancies (id, home_hub_id, unit_id, reason, booking_id, line, starts_at, ends_at, lapses_at, live) VALUES `
)

func bookingValues(b Booking) []any {
	return []any{
		b.ID, b.Reference, b.HubID, b.MemberID, b.MadeBy, string(b.Status), b.StartsAt, b.EndsAt,
		b.startsLocal, b.endsLocal, b.LapsesAt, b.Title, b.Notes, b.Sector,
		b.Visibility, b.Competes, b.shown, b.Sequence, b.Version, b.CreatedAt, b.ChangedAt,
		orNil(b.Organisation), b.Attendance, b.Reason, b.PriceCents, b.ArrivedAt,
	}
}

// orNil is a reference that may be to nothing.
func orNil(id string) any {
	if id == "" {
		return nil
	}
	return id
}

func insertBooking(tx *database.Tx, b Booking) error {
	return tx.Insert(insertIntoBookings, bookingValues(b))
}

func lineValues(b Booking) [][]any {
	var rows [][]any
	for i, l := range b.Lines {
		rows = append(rows, []any{b.ID, i, l.ResourceID, l.Quantity, l.WithoutUnit})
	}
	return rows
}

func insertLines(tx *database.Tx, b Booking) error {
	return tx.Insert(insertIntoLines, lineValues(b)...)
}

func occupancyValues(b Booking, units []chosen) [][]any {
	var rows [][]any
	for _, c := range units {
		rows = append(rows, []any{database.NewID(), c.unit.HomeHubID, c.unit.ID, "booking", b.ID, c.line, c.span.Start, c.span.End, b.LapsesAt, true})
	}
	return rows
}

func insertOccupancies(tx *database.Tx, b Booking, units []chosen) error {
	return tx.Insert(insertBookedOccupancies, occupancyValues(b, units)...)
}

// endOccupancies gives back everything that a booking holds.
func endOccupancies(tx *database.Tx, bookingID string) error {
	_, err := tx.Exec(`UPDATE occupancies SET live = false WHERE booking_id = $1 AND live`, bookingID)
	return err
}

// promise notes the wall-clock times that a booking keeps when the rules of its zone
// change. It is for an instant that was just chosen: one that only stands keeps the
// promise that it was made with.
func (b *Booking) promise(zone *time.Location, starts, ends bool) {
	if starts {
		b.startsLocal = hours.Promise(b.StartsAt, zone)
	}
	if ends {
		b.endsLocal = hours.Promise(b.EndsAt, zone)
	}
}

// updateBooking writes what may change of a booking, if it is still at the version
// that was read; otherwise somebody else came first.
func updateBooking(tx *database.Tx, b Booking) error {
	n, err := tx.Exec(`
		UPDATE bookings SET status = $3, starts_at = $4, ends_at = $5, starts_local = $6, ends_local = $7, lapses_at = $8,
			title = $9, notes = $10, sector = $11, visibility = $12, competes = $13, shown = $14, sequence = $15,
			version = version + 1, changed_at = $16, attendance = $17, reason = $18, price_cents = $19, arrived_at = $20
		WHERE id = $1 AND version = $2`,
		b.ID, b.Version-1, string(b.Status), b.StartsAt, b.EndsAt, b.startsLocal, b.endsLocal,
		b.LapsesAt, b.Title, b.Notes, b.Sector, b.Visibility, b.Competes, b.shown, b.Sequence, b.ChangedAt, b.Attendance, b.Reason, b.PriceCents, b.ArrivedAt)
	if err == nil && n == 0 {
		err = errAgain
	}
	return err
}

// newReference makes a short reference for people: eight letters and digits that
// cannot be taken for one another.
func newReference() string {
	const letters = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
	var raw [8]byte
	_, _ = rand.Read(raw[:]) // crypto/rand never fails
	for i, c := range raw {
		raw[i] = letters[int(c)%len(letters)]
	}
	return string(raw[:4]) + "-" + string(raw[4:])
}

// resourceIDs are the resources of a booking, each once, in order.
func (b Booking) resourceIDs() []string {
	seen := map[string]bool{}
	var ids []string
	for _, l := range b.Lines {
		if !seen[l.ResourceID] {
			seen[l.ResourceID] = true
			ids = append(ids, l.ResourceID)
		}
	}
	sort.Strings(ids)
	return ids
}
