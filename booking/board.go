package booking

import (
	"context"
	"time"

	"canot/internal/identity"
	"canot/inventory"
)

// A Board is what a counter has before it today. It is for staff of the hub.
type Board struct {
	Hub       inventory.Hub
	Zone      *time.Location
	Now       time.Time
	Arrivals  []Visit // spaces, machines and guides: who comes, who is here
	Outgoing  []Visit // equipment that is to be handed out
	Returns   []OnLoan
	Late      []OnLoan
	Waiting   []Visit // requests to answer
	Homeless  []Visit // a line is without unit: «à reloger»
	Broken    []Trouble
	Journeys  []Transfer // on the way here, or to be sent
	Unsettled []UnsettledAct
	LowStock  []LowStock
}

// A Visit is a booking with who comes, and the codes of the units that it was given.
type Visit struct {
	Booking
	Person Person
	Codes  map[string]string // of its units, by id
	Out    map[string]bool   // the units that are out with them, by id
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

// Board reads what a counter has before it today. It takes at most six statements.
func (b *Book) Board(ctx context.Context, who identity.Actor, hubKey string) (Board, error) {
	return Board{}, notBuilt()
}

// Stamps returns, for hubs (ids), a text that changes whenever their boards may have. One statement.
func (b *Book) Stamps(ctx context.Context, hubs []string) (map[string]string, error) {
	return nil, notBuilt()
}

// Scanned is what a text that was scanned or typed at a counter means there.
type Scanned struct {
	Kind     string // unit, booking, person, several, nothing
	Text     string // as it was understood
	Unit     *ScannedUnit
	Booking  *Visit
	Person   *Person
	Bookings []Visit  // of the person: those that may begin or run at this hub now and today
	Several  []string // codes and references that end like that
}

// A ScannedUnit is a unit with what happens to it.
type ScannedUnit struct {
	inventory.Unit
	ResourceName inventory.Text
	Kind         inventory.Kind
	Status       string   // in_service, out_of_service, in_transit, lost, retired
	Loan         *OnLoan  // it is out with somebody
	Promised     *Visit   // whom it is promised to now or next, today
	Equal        []string // codes of equal units that are free until that booking ends
	Journey      *Transfer
}

// Scan says what a text means at a counter: a unit's code, a booking's reference, a person's card, or
// the last characters of one of them. What a scanner added or a keyboard's layout changed is forgiven.
func (b *Book) Scan(ctx context.Context, who identity.Actor, hubKey, text string) (Scanned, error) {
	return Scanned{}, notBuilt()
}
