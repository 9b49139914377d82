package membership

import (
	"time"

	"canot/internal/fault"
	"canot/inventory"
	"canot/inventory/hours"
)

// An Ask is what a booking asks of its holder.
type Ask struct {
	MemberID       string // "" for a visitor who looks
	OrganisationID string // when it holds the booking: then tier, minutes and packs are its own; certificates, age and terms stay the member's
	BookingID      string // the booking that is being changed: what it used counts as given back, and it is not counted as upcoming; "" for a new one
	HubID          string
	RegionID       string
	Zone           *time.Location // the hub's: its days, weeks and months count
	Span           hours.Span
	Now            time.Time
	Attendance     int          // persons, 0 counts as 1
	Accepts        []Acceptance // the terms that the request accepts now
	Waived         map[string]bool
	Extends        bool // a booking that runs is to end later, and nothing else: how many are to come is no question
	Anywhere       bool // a Standing read for it is asked about other hubs and other resources too
	Lines          []AskLine
}

// An AskLine is one resource of an Ask, and how many units of it.
type AskLine struct {
	ResourceID   string
	Kind         inventory.Kind
	CategoryID   string
	Quantity     int
	Until        []time.Time // of the units, those that count until an instant only: they have come back
	Free         bool        // costs nothing: no prepaid minutes are taken where they would only spare a price
	Requirements inventory.Requirements
}

// An Acceptance says that a person accepts one version of some terms.
type Acceptance struct {
	Condition string `json:"condition"` // its slug
	Version   int    `json:"version"`
}

// A Verdict is what the standing of a holder says of an Ask.
type Verdict struct {
	Whole         []fault.Violation // about the booking, whatever its resources
	Lines         []LineVerdict     // by the lines of the Ask
	Uses          []Use             // what it takes of allowances and packs: to be written when it is placed
	Certificates  []string          // ids of the certificates that it rests on
	NeedsApproval bool              // because of the holder's tier, or of its length
}

// A LineVerdict is what the standing of a holder says of one line. Minutes are minutes
// of the span times the quantity.
type LineVerdict struct {
	Violations   []fault.Violation
	Horizon      int  // days ahead that the tier allows, 0 when it does not say; the book judges it
	Longest      int  // minutes that the tier allows, 0 when it does not say; the book judges it
	AfterHours   bool // the tier opens the door outside opening hours, though not in a closure
	PricePercent int  // of the resource's price, for the minutes that are charged
	Included     int64
	FromPacks    int64
	Charged      int64
	Tier         TierName // the zero TierName when no tier is in force
}

// A TierName says which tier, to programs and to people.
type TierName struct {
	Slug string         `json:"slug"`
	Name inventory.Text `json:"name"`
}

// A Use is minutes that a booking takes of one bucket: a pack, or an allowance in one
// period of the hub's calendar. It may be compared with ==.
type Use struct {
	PackID      string `json:"pack,omitempty"`
	AllowanceID string `json:"allowance,omitempty"`
	Period      string `json:"period,omitempty"`       // day, week or month; "" for a pack
	PeriodStart string `json:"period_start,omitempty"` // its first day, 2026-11-16
	Minutes     int64  `json:"minutes"`                // more than 0
}
