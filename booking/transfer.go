package booking

import (
	"context"
	"time"

	"canot/internal/database"
	"canot/internal/fault"
	"canot/internal/identity"
	"canot/inventory"
)

// The states of a journey.
const (
	JourneyPlanned   = "planned"
	JourneyOnTheRoad = "on_the_road"
	JourneyArrived   = "arrived"
	JourneyCancelled = "cancelled"
)

// A Transfer is the journey of one unit from a hub to another. Its state is planned, on_the_road,
// arrived or cancelled. From its leaving to its arrival the unit cannot be booked; from then on it is
// booked as ToResource, at the hub where it came.
type Transfer struct {
	ID           string         `json:"id" db:"id"`
	UnitID       string         `json:"unit" db:"unit_id"`
	Code         string         `json:"code" db:"code"`
	ResourceName inventory.Text `json:"-" db:"resource_name"`
	FromHubID    string         `json:"from_hub" db:"from_hub_id"`
	FromHubName  inventory.Text `json:"-" db:"from_hub_name"`
	ToHubID      string         `json:"to_hub" db:"to_hub_id"`
	ToHubName    inventory.Text `json:"-" db:"to_hub_name"`
	ToResourceID string         `json:"to_resource" db:"to_resource_id"`
	State        string         `json:"state" db:"state"`
	LeavesAt     time.Time      `json:"leaves_at" db:"leaves_at"`
	ArrivesAt    time.Time      `json:"arrives_at" db:"arrives_at"`
	LeftAt       *time.Time     `json:"left_at" db:"left_at"`
	ArrivedAt    *time.Time     `json:"arrived_at" db:"arrived_at"`
	Note         string         `json:"note" db:"note"`
	MadeBy       string         `json:"made_by" db:"made_by"`
	CreatedAt    time.Time      `json:"created_at" db:"created_at"`
	ChangedAt    time.Time      `json:"changed_at" db:"changed_at"` // when it was planned, left, came, or was called off
	Version      int64          `json:"version" db:"version"`
	Rehomed      []string       `json:"rehomed,omitempty" db:"-"`
	WithoutUnit  []string       `json:"without_unit,omitempty" db:"-"`
}

// A Journey asks for a transfer.
type Journey struct {
	Unit       string // id or code
	To         string // hub, by id or slug
	ToResource string // as what it is booked there, by id or slug; "" for the equal resource there, made when there is none
	LeavesAt   time.Time
	ArrivesAt  time.Time
	Note       string
	Foreseen   []string // the bookings (ids) that it may move, as of an Outage; nil for any
}

// An Impact is what taking a unit away would do, with nothing done: the bookings that would get an
// equal unit, and those that would be left without one.
type Impact struct {
	Rehomed     []Booking
	WithoutUnit []Booking
}

// open reports whether a journey has not ended.
func (t Transfer) open() bool { return t.State == JourneyPlanned || t.State == JourneyOnTheRoad }

// PlanTransfer plans a journey. In the same commit every booking that it hits loses the unit, as
// invariant 2 says: for as long as the journey lasts when the unit comes home to its own resource,
// for good when it will be booked as another. It asks for the right to hand out where the unit is.
// Times that are past mean now. A unit that is out with somebody beyond the leaving, on a journey
// already, or out of service meanwhile, is Refused.
func (b *Book) PlanTransfer(ctx context.Context, who identity.Actor, j Journey, key database.Key) (Transfer, error) {
	if err := need(who); err != nil {
		return Transfer{}, err
	}
	if err := j.meant(); err != nil {
		return Transfer{}, err
	}
	return b.onJourney(ctx, key, func() (Transfer, error) {
		unit, err := b.movable(ctx, who, j.Unit)
		if err != nil {
			return Transfer{}, err
		}
		w, err := b.wayOf(ctx, unit, j)
		if err != nil {
			return Transfer{}, err
		}
		var t Transfer
		err = b.db.In(ctx, func(tx *database.Tx) error {
			if t, err = b.planned(ctx, tx, who, unit, w, j); err != nil {
				return err
			}
			return tx.Keep(key, answer{Transfer: &t})
		})
		return t, err
	})
}

// Depart notes that the unit has left: now, whenever it was planned to. It asks for the right to
// hand out where it leaves. Noting it twice is the same as once. A unit that is out with somebody
// is Refused.
func (b *Book) Depart(ctx context.Context, who identity.Actor, id string, key database.Key) (Transfer, error) {
	return b.travel(ctx, who, id, JourneyOnTheRoad, key, (*trip).depart)
}

// ArriveTransfer notes that the unit has come: it is at the hub, and may be booked there. It asks
// for the right to hand out there. Noting it twice is the same as once.
func (b *Book) ArriveTransfer(ctx context.Context, who identity.Actor, id string, key database.Key) (Transfer, error) {
	return b.travel(ctx, who, id, JourneyArrived, key, (*trip).arrive)
}

// CancelTransfer calls off a journey that has not begun, or turns one back that has: the unit is
// where it left, and what it was taken from there is given to who waits for it. It asks for the
// right to hand out at either end.
func (b *Book) CancelTransfer(ctx context.Context, who identity.Actor, id string, key database.Key) (Transfer, error) {
	return b.travel(ctx, who, id, JourneyCancelled, key, (*trip).cancel)
}

// Transfer returns one journey to staff of either end.
func (b *Book) Transfer(ctx context.Context, who identity.Actor, id string) (Transfer, error) {
	row, err := findTransfer(b.db.Reader(ctx), id)
	if err == nil && !row.may(identity.ViewBookings, who) {
		err = journeyNotFound()
	}
	return row.Transfer, err
}

// Transfers lists the journeys from and to a hub (id or slug) that have not ended, and those that
// ended in the last week, to its staff: first those on the road, then those to come, each by arrival.
// It is one statement after the hub.
func (b *Book) Transfers(ctx context.Context, who identity.Actor, hubKey string) ([]Transfer, error) {
	hub, err := b.catalog.Hub(ctx, hubKey)
	if err != nil {
		return nil, err
	}
	if err := staffOnly(who, identity.ViewBookings, hub.ID, hub.RegionID); err != nil {
		return nil, err
	}
	rows, err := transfersOf(b.db.Reader(ctx), `
		WHERE (t.from_hub_id = $1 OR t.to_hub_id = $1) AND (t.state IN ('planned', 'on_the_road') OR t.changed_at > $2)
		ORDER BY CASE t.state WHEN 'on_the_road' THEN 0 WHEN 'planned' THEN 1 ELSE 2 END, t.arrives_at, t.id`,
		hub.ID, b.db.Now().Add(-transfersKept))
	all := make([]Transfer, len(rows))
	for i, row := range rows {
		all[i] = row.Transfer
	}
	return all, err
}

// transfersKept is for how long a journey that has ended stays on the lists of its hubs.
const transfersKept = 7 * 24 * time.Hour

// A transferRow is a journey with the regions of its ends, for rights.
type transferRow struct {
	Transfer
	FromRegion string `db:"from_region"`
	ToRegion   string `db:"to_region"`
	ResourceID string `db:"resource_id"` // of the unit, now
}

// may reports whether somebody has a right at either end.
func (row transferRow) may(right identity.Right, who identity.Actor) bool {
	return who.May(right, row.FromHubID, row.FromRegion) || who.May(right, row.ToHubID, row.ToRegion)
}

const selectTransfers = `
	SELECT t.id, t.unit_id, u.code, r.name AS resource_name, t.from_hub_id, f.name AS from_hub_name, t.to_hub_id, h.name AS to_hub_name,
		t.to_resource_id, t.state, t.leaves_at, t.arrives_at, t.left_at, t.arrived_at, t.note, t.made_by, t.created_at, t.changed_at, t.version,
		f.region_id AS from_region, h.region_id AS to_region, u.resource_id
	FROM transfers t
	JOIN units u ON u.id = t.unit_id
	JOIN resources r ON r.id = u.resource_id
	JOIN hubs f ON f.id = t.from_hub_id
	JOIN hubs h ON h.id = t.to_hub_id `

func transfersOf(r database.Reader, where string, args ...any) ([]transferRow, error) {
	var rows []transferRow
	err := r.Select(&rows, selectTransfers+where, args...)
	return rows, err
}

func findTransfer(r database.Reader, id string) (transferRow, error) {
	rows, err := transfersOf(r, `WHERE t.id = $1`, id)
	if err == nil && len(rows) == 0 {
		err = journeyNotFound()
	}
	if err != nil {
		return transferRow{}, err
	}
	return rows[0], nil
}

func journeyNotFound() error { return fault.New(fault.NotFound, "transfer_not_found", nil) }

// onJourney runs a verb about a journey under an Idempotency-Key.
func (b *Book) onJourney(ctx context.Context, key database.Key, attempt func() (Transfer, error)) (Transfer, error) {
	a, err := b.onceAnswer(ctx, key, func() (answer, error) {
		t, err := attempt()
		return answer{Transfer: &t}, err
	})
	if err != nil {
		return Transfer{}, err
	}
	return *a.Transfer, nil
}

// movable finds a unit that who may send away from where it is.
func (b *Book) movable(ctx context.Context, who identity.Actor, key string) (inventory.Unit, error) {
	unit, err := b.catalog.Unit(ctx, key)
	if err != nil {
		return inventory.Unit{}, err
	}
	hub, err := b.catalog.Hub(ctx, unit.CurrentHubID)
	if err == nil && !who.May(identity.HandOut, hub.ID, hub.RegionID) {
		err = notTheirs(who, hub)
	}
	return unit, err
}
