package booking

import (
	"context"
	"time"

	"canot/internal/database"
	"canot/internal/identity"
	"canot/inventory"
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
}

// An Impact is what taking a unit away would do, with nothing done: the bookings that would get an
// equal unit, and those that would be left without one.
type Impact struct {
	Rehomed     []Booking
	WithoutUnit []Booking
}

// PlanTransfer plans a journey. In the same commit every booking that it hits loses the unit, as
// invariant 2 says.
func (b *Book) PlanTransfer(ctx context.Context, who identity.Actor, j Journey, key database.Key) (Transfer, error) {
	return Transfer{}, notBuilt()
}

// Depart notes that the unit has left. Arrived notes that it has come; CancelTransfer calls it off.
func (b *Book) Depart(ctx context.Context, who identity.Actor, id string, key database.Key) (Transfer, error) {
	return Transfer{}, notBuilt()
}

// ArriveTransfer notes that the unit has come: it is at the hub, and may be booked there.
func (b *Book) ArriveTransfer(ctx context.Context, who identity.Actor, id string, key database.Key) (Transfer, error) {
	return Transfer{}, notBuilt()
}

// CancelTransfer calls off a journey that has not begun, or turns one back that has: the unit is where it left.
func (b *Book) CancelTransfer(ctx context.Context, who identity.Actor, id string, key database.Key) (Transfer, error) {
	return Transfer{}, notBuilt()
}

// Transfers lists the journeys from and to a hub that have not ended, and those that ended in the last week.
func (b *Book) Transfers(ctx context.Context, who identity.Actor, hubKey string) ([]Transfer, error) {
	return nil, notBuilt()
}

// OutingImpact says what TakeOut would do; JourneyImpact what PlanTransfer would.
func (b *Book) OutingImpact(ctx context.Context, who identity.Actor, unit string, from time.Time, until *time.Time) (Impact, error) {
	return Impact{}, notBuilt()
}

// JourneyImpact says what PlanTransfer would do.
func (b *Book) JourneyImpact(ctx context.Context, who identity.Actor, j Journey) (Impact, error) {
	return Impact{}, notBuilt()
}
