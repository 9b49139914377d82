package booking

import (
	"context"
	"time"

	"canot/internal/database"
	"canot/internal/fault"
	"canot/internal/identity"
	"canot/inventory"
)

// A Loan is one stretch in which a unit is out with a person, from the hand-over to the return.
type Loan struct {
	ID           string         `json:"id"`
	BookingID    string         `json:"booking"`
	UnitID       string         `json:"unit"`
	Code         string         `json:"code"` // of the unit
	ResourceName inventory.Text `json:"-"`
	OutAt        time.Time      `json:"out_at"`
	OutBy        string         `json:"out_by"`
	OutHubID     string         `json:"out_hub"`
	DueAt        time.Time      `json:"due_at"`
	BackAt       *time.Time     `json:"back_at"`
	BackBy       string         `json:"back_by,omitempty"`
	BackHubID    string         `json:"back_hub,omitempty"`
	ConditionOut string         `json:"condition_out"`
	ConditionIn  string         `json:"condition_in"`
	Missing      map[string]int `json:"missing,omitempty"` // at the return, by component
	Damaged      bool           `json:"damaged"`
	Doubtful     bool           `json:"doubtful"` // a device's clock told an impossible instant of it
}

// A HandOut is what leaves the counter for a booking.
type HandOut struct {
	Booking   string            // id
	Units     []string          // ids or codes of what leaves now; none means all that the booking still waits for
	At        time.Time         // when it left, for what a device did without a line; zero for now
	Condition map[string]string // as noted at the hand-over, by unit id
	Signature []byte            // a PNG; nil for none
	Override  string            // why a unit that is promised to somebody else leaves all the same; "" refuses it
	Swap      bool              // whoever a unit is promised to gets the one that this booking had, where that serves them
	Hub       string            // the counter, by id; "" for the booking's hub
	Doubtful  bool              // At was set right: the device's clock told an impossible instant
	IfVersion int64             // 0 for whatever it is now
}

// A Return is what comes back to a counter.
type Return struct {
	Unit      string         // id or code
	Hub       string         // where it came back, by id or slug; "" for where it went out
	At        time.Time      // zero for now
	Condition string         // as noted
	Missing   map[string]int // of its components, by id; nil when they were not counted
	Damaged   bool           // it goes out of service, in the same commit
	Trouble   string         // what is wrong with it, for who mends it
	Uses      []Use          // consumables that were used up
	Doubtful  bool
}

// A Use is so much of a consumable, in its own measure.
type Use struct {
	Consumable string
	Quantity   int64
}

// Returned is what a return came to.
type Returned struct {
	Loan        Loan         `json:"loan"`
	Booking     Booking      `json:"booking"`
	Already     bool         `json:"already"`               // it was back already: nothing was done
	Maintenance *Maintenance `json:"maintenance,omitempty"` // what opened with it
	TransferID  string       `json:"transfer,omitempty"`    // the journey home that it asks for
	Rehomed     []string     `json:"rehomed,omitempty"`     // bookings that were given an equal unit
	WithoutUnit []string     `json:"without_unit,omitempty"`
}

// A WalkIn is a person at the counter who has no booking.
type WalkIn struct {
	Hub       string              // id or slug
	Member    string              // id; "" with New
	New       *identity.NewMember // somebody who has no account: a name is enough
	Units     []string            // ids or codes of what they take
	Until     time.Time           // when it is due
	Title     string
	Signature []byte
	Waive     []Waiver
	Override  string
}

func notBuilt() error { return fault.New(fault.Refused, "not_built", nil) }

// CheckIn takes a unit back.
func (b *Book) CheckIn(ctx context.Context, who identity.Actor, back Return, key database.Key) (Returned, error) {
	return Returned{}, notBuilt()
}

// Inspect notes what was found on a unit after its return.
func (b *Book) Inspect(ctx context.Context, who identity.Actor, loan string, found Return, key database.Key) (Returned, error) {
	return Returned{}, notBuilt()
}

// Arrive begins a booking of a space, a machine or a guide.
func (b *Book) Arrive(ctx context.Context, who identity.Actor, id string, at time.Time, key database.Key) (Booking, error) {
	return Booking{}, notBuilt()
}

// WalkInLoan makes a booking that begins now and hands out its units, in one commit.
func (b *Book) WalkIn(ctx context.Context, who identity.Actor, w WalkIn, key database.Key) (Booking, error) {
	return Booking{}, notBuilt()
}

// Extend moves the end of a booking that runs, on the units that are out, if nobody waits for them.
func (b *Book) Extend(ctx context.Context, who identity.Actor, id string, until time.Time, ifVersion int64, key database.Key) (Booking, error) {
	return Booking{}, notBuilt()
}

// Loans lists the loans of a booking, in order of hand-over.
func (b *Book) Loans(ctx context.Context, who identity.Actor, bookingID string) ([]Loan, error) {
	return nil, notBuilt()
}

// Loan returns one loan, to staff of where it went out or came back.
func (b *Book) Loan(ctx context.Context, who identity.Actor, id string) (Loan, error) {
	return Loan{}, notBuilt()
}
