package booking

import (
	"context"
	"time"

	"canot/internal/database"
	"canot/internal/identity"
)

// An Act is what a device did at a counter while the line was down, or does now. Kind is check_out,
// check_in or arrive.
type Act struct {
	Kind    string         `json:"kind"`
	Booking string         `json:"booking,omitempty"` // id
	Unit    string         `json:"unit,omitempty"`    // id or code
	Missing map[string]int `json:"missing,omitempty"`
	Damaged bool           `json:"damaged,omitempty"`
	At      time.Time      `json:"at"` // by the clock of the device

	Contact time.Time `json:"-"` // when the device last had contact with the server before, by the server's clock
}

// A Done is what became of an Act. State is done, already (there was nothing left to do) or unsettled
// (it contradicts what happened meanwhile: it stands on a list until a person settles it).
type Done struct {
	State    string `json:"state"`
	Code     string `json:"code,omitempty"` // why it is unsettled
	Doubtful bool   `json:"doubtful,omitempty"`
	ActID    string `json:"act,omitempty"` // of what is unsettled
}

// An UnsettledAct waits for a person.
type UnsettledAct struct {
	ID         string    `json:"id" db:"id"`
	HubID      string    `json:"hub" db:"hub_id"`
	Kind       string    `json:"kind" db:"kind"`
	At         time.Time `json:"at" db:"at"`
	ReceivedAt time.Time `json:"received_at" db:"received_at"`
	ByID       string    `json:"by" db:"by_id"`
	ByName     string    `json:"-" db:"by_name"`
	Code       string    `json:"code" db:"code"` // what stands against it
	UnitID     string    `json:"unit,omitempty" db:"unit_id"`
	UnitCode   string    `json:"unit_code,omitempty" db:"unit_code"`
	BookingID  string    `json:"booking,omitempty" db:"booking_id"`
	Reference  string    `json:"reference,omitempty" db:"reference"`
	Person     string    `json:"-" db:"person"` // whose booking it is
	Doubtful   bool      `json:"doubtful" db:"doubtful"`
}

// CarryOut does what a device did, with its own instant, once under its key. What the state of the
// book contradicts is kept as unsettled, never lost and never an error.
func (b *Book) CarryOut(ctx context.Context, who identity.Actor, hubKey string, act Act, key database.Key) (Done, error) {
	return Done{}, notBuilt()
}

// Unsettled lists what waits for a person at a hub, in the order in which it was done.
func (b *Book) Unsettled(ctx context.Context, who identity.Actor, hubKey string) ([]UnsettledAct, error) {
	return nil, notBuilt()
}

// SettleAct does an unsettled act after all (again), or dismisses it with a note.
func (b *Book) SettleAct(ctx context.Context, who identity.Actor, id string, again bool, note string, key database.Key) (Done, error) {
	return Done{}, notBuilt()
}

// A CounterCopy is what a device keeps of a counter for when the line is down: today's and tomorrow's
// bookings, what is out, and the codes of the hub's units. It holds as little of persons as a hand-over needs: a name.
type CounterCopy struct {
	Hub      string        `json:"hub"`
	Zone     string        `json:"zone"`
	At       time.Time     `json:"at"`
	Bookings []CopyBooking `json:"bookings"`
	Loans    []CopyLoan    `json:"loans"`
	Units    []CopyUnit    `json:"units"`
}

// A CopyBooking is a booking in a CounterCopy.
type CopyBooking struct {
	ID        string     `json:"id"`
	Reference string     `json:"reference"`
	Person    string     `json:"person"`
	Card      string     `json:"card,omitempty"`
	Status    Status     `json:"status"`
	StartsAt  time.Time  `json:"starts_at"`
	EndsAt    time.Time  `json:"ends_at"`
	Version   int64      `json:"version"`
	Lines     []CopyLine `json:"lines"`
}

// A CopyLine is a line of a CopyBooking: units by id.
type CopyLine struct {
	Resource string   `json:"resource"` // id
	Name     string   `json:"name"`     // in the language asked for
	Kind     string   `json:"kind"`
	Quantity int      `json:"quantity"`
	Units    []string `json:"units"`
}

// A CopyLoan is a unit that is out.
type CopyLoan struct {
	Unit    string    `json:"unit"` // id
	Booking string    `json:"booking"`
	Person  string    `json:"person"`
	DueAt   time.Time `json:"due_at"`
}

// A CopyUnit is a unit of the hub that is in service.
type CopyUnit struct {
	ID         string   `json:"id"`
	Code       string   `json:"code"`
	Resource   string   `json:"resource"`
	Name       string   `json:"name"`
	Components []string `json:"components,omitempty"` // their names
}

// CounterCopy reads what a device keeps of a counter, in a language.
func (b *Book) CounterCopy(ctx context.Context, who identity.Actor, hubKey, language string) (CounterCopy, error) {
	return CounterCopy{}, notBuilt()
}
