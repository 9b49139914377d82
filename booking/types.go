package booking

import (
	"time"

	"canot/booking/membership"
	"canot/internal/fault"
	"canot/inventory"
	"canot/inventory/hours"
)

// Status is where a booking stands.
type Status string

// The statuses of a booking. Held, Pending, Confirmed and InUse occupy their units,
// but for a pending booking that competes with others, which occupies nothing.
const (
	Held      Status = "held"
	Pending   Status = "pending"
	Confirmed Status = "confirmed"
	InUse     Status = "in_use"
	Completed Status = "completed"
	Expired   Status = "expired"
	Declined  Status = "declined"
	Cancelled Status = "cancelled"
	NoShow    Status = "no_show"
)

// Live reports whether a booking of status s still stands: it may be changed, approved, cancelled.
func (s Status) Live() bool {
	return s == Held || s == Pending || s == Confirmed || s == InUse
}

// A Line is one resource and a quantity in a booking, with the units it was given. What
// it says of the resource beside its slug is for readers: it is neither kept nor logged,
// and empty in an answer that was kept under an Idempotency-Key.
type Line struct {
	ResourceID   string   `json:"resource"`
	ResourceSlug string   `json:"resource_slug"`
	Quantity     int      `json:"quantity"`
	Units        []string `json:"units"`        // ids of the units it has; fewer than Quantity while it competes or is without unit
	WithoutUnit  int      `json:"without_unit"` // how many units were lost and wait for a person to settle it

	ResourceName inventory.Text `json:"-"`
	Kind         inventory.Kind `json:"-"`

	line int
}

// A Booking is a member's right to one or more units over one span, all or nothing.
type Booking struct {
	ID           string     `json:"id"`
	Reference    string     `json:"reference"` // short, for people: K7QM-3XPD
	HubID        string     `json:"hub"`
	HubSlug      string     `json:"hub_slug"`
	TimeZone     string     `json:"time_zone"`
	MemberID     string     `json:"member"`
	Organisation string     `json:"organisation,omitempty"` // id of the organisation whose booking it is, "" for the member's own
	MadeBy       string     `json:"made_by"`
	Status       Status     `json:"status"`
	StartsAt     time.Time  `json:"starts_at"`
	EndsAt       time.Time  `json:"ends_at"`
	LapsesAt     *time.Time `json:"lapses_at"`
	ArrivedAt    *time.Time `json:"arrived_at,omitempty"` // when its person came, of a space, a machine or a guide
	Lines        []Line     `json:"lines"`
	Title        string     `json:"title"`
	Notes        string     `json:"notes"`
	Sector       string     `json:"sector"`
	Visibility   string     `json:"visibility"`            // private or members
	Attendance   int        `json:"attendance"`            // persons who come
	Reason       string     `json:"reason"`                // why it was declined or cancelled, as its member may read it
	Currency     string     `json:"currency,omitempty"`    // of its hub
	PriceCents   *int64     `json:"price_cents,omitempty"` // before tax, in cents of the hub's currency, as it was told; nil where nothing was
	Competes     bool       `json:"competes"`
	Sequence     int64      `json:"sequence"`
	Version      int64      `json:"version"`
	CreatedAt    time.Time  `json:"created_at"`
	ChangedAt    time.Time  `json:"changed_at"`

	HubName inventory.Text `json:"-"` // this and the town are for readers, as the names of the lines are
	Town    string         `json:"-"` // of the hub

	regionID    string // of its hub, for rights
	startsLocal string // the promise in wall-clock time, as hours.Promise writes it
	endsLocal   string
	shown       bool // it has been in a feed
}

// A Want is one resource, by id or slug, and how many units of it.
type Want struct {
	Resource string
	Quantity int
}

// A Request asks for a booking.
type Request struct {
	Lines        []Want
	StartsAt     time.Time
	EndsAt       time.Time
	Title        string
	Notes        string
	Sector       string                  // "", savoir, affaires, culture
	Visibility   string                  // "" means private
	MemberID     string                  // "" means the actor
	Organisation string                  // id of the organisation whose booking it shall be, "" for the member's own
	Attendance   int                     // persons who come; 0 means 1
	Accepts      []membership.Acceptance // terms that are accepted with it
	Waive        []Waiver                // rules that the actor lifts for it, by right
	Hold         time.Duration           // above 0: held for so long, to be confirmed
	Brief        bool                    // a refusal needs no alternatives
}

// Edits change a booking. A nil field stays as it is.
type Edits struct {
	StartsAt, EndsAt *time.Time
	Lines            *[]Want
	Title, Notes     *string
	Sector           *string
	Visibility       *string
	Attendance       *int
	Accepts          []membership.Acceptance // terms that are accepted with the change
	Waive            []Waiver                // rules that the actor lifts for what the change takes more, by right
	IfVersion        int64                   // 0 means whatever it is now
	Brief            bool

	anywhere bool // the standing is read for other hubs too
}

// An Alternative is something that would be accepted instead.
type Alternative struct {
	Kind       string    `json:"kind"`     // time, resource or hub
	Resource   string    `json:"resource"` // slug
	Hub        string    `json:"hub"`      // slug
	StartsAt   time.Time `json:"starts_at"`
	EndsAt     time.Time `json:"ends_at"`
	DistanceKm float64   `json:"distance_km"`

	ResourceName inventory.Text `json:"-"` // this and what follows is for readers; empty in an answer that was kept
	HubName      inventory.Text `json:"-"`
	Town         string         `json:"-"`
	Zone         *time.Location `json:"-"` // of the hub
	PriceCents   int64          `json:"-"` // before tax, for who asked; of a change, what the same would cost as a new booking
	Currency     string         `json:"-"`
	TakesHours   bool           `json:"-"` // of the holder's memberships or packs
	Instead      string         `json:"-"` // the resource that it stands in for, by slug; "" for the same things at another time
}

// A Refusal says why a booking was not made or not changed: every broken rule,
// and what would be accepted instead. Its kind is Taken when the time is taken
// and that is all, Refused when a rule says no.
type Refusal struct {
	Fault        *fault.Error
	Alternatives []Alternative
	Help         *Help // whom to ask, where a person may lift a rule
}

// Help is whom to ask at a hub.
type Help struct {
	Hub   string         `json:"hub"` // slug
	Name  inventory.Text `json:"name"`
	Phone string         `json:"phone"`
	Email string         `json:"email"`
}

// Error returns the codes, for logs.
func (r *Refusal) Error() string { return r.Fault.Error() }

// Unwrap returns the fault.
func (r *Refusal) Unwrap() error { return r.Fault }

// A Preview is what Place would answer, with nothing written.
type Preview struct {
	OK           bool
	Violations   []fault.Violation
	Alternatives []Alternative
	Help         *Help
	PriceCents   int64   // before tax; also known where nothing but terms is left to accept
	LineCents    []int64 // of each line, in order; nil where the price is not known
	Currency     string
	Takes        []membership.Taking // what it would take of the holder's hours, where the price is known
	Charged      int64               // minutes times units that neither a tier nor a pack includes
	Paid         int64               // of these, those that cost something

	Terms []*inventory.Terms // of each line, in order; shared, never changed
}

// A Free interval: Quantity units are each free for the whole of it.
type Free struct {
	StartsAt time.Time `json:"starts_at"`
	EndsAt   time.Time `json:"ends_at"`
	Quantity int       `json:"quantity"`
}

// Availability is the free time of one resource.
type Availability struct {
	ResourceID, ResourceSlug, HubSlug string
	Free                              []Free

	Terms *inventory.Terms `json:"-"` // of the resource; shared, never changed
	Open  hours.Spans      `json:"-"` // its opening hours in the window with closures taken out, where they were asked for
}

// A Maintenance takes a unit out of service from StartsAt, perhaps until EndsAt.
type Maintenance struct {
	ID          string
	UnitID      string
	Cause       string // repair, incomplete, retired, lost, preventive
	StartsAt    time.Time
	EndsAt      *time.Time
	Reason      string
	Open        bool
	MadeBy      string
	CreatedAt   time.Time
	Version     int64
	TicketID    string   // the ticket that it is for, "" for none
	Rehomed     []string // ids of bookings that were given an equal unit
	WithoutUnit []string // ids of bookings left without one
}
