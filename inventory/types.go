package inventory

import (
	"time"

	"canot/inventory/hours"
)

// Text is one text in several languages, by language tag: {"fr": "…", "en": "…"}.
// It is stored as JSON text. The zero Text is empty.
type Text map[string]string

// An Operator is the legal person behind one or more hubs.
type Operator struct {
	ID         string            `db:"id" json:"id"`
	Slug       string            `db:"slug" json:"slug"`
	LegalName  string            `db:"legal_name" json:"legal_name"`
	Address    string            `db:"address" json:"address"`
	Email      string            `db:"email" json:"email"`
	Phone      string            `db:"phone" json:"phone"`
	TaxNumbers map[string]string `db:"-" json:"tax_numbers"`
	Privacy    PrivacyContact    `db:"privacy" json:"privacy"`
	Version    int64             `db:"version" json:"version"`
}

// A PrivacyContact is the person in charge of personal data at an operator, whom the law
// wants named in public. All fields are empty until the operator has named somebody.
type PrivacyContact struct {
	Name  string `db:"name" json:"name"`
	Email string `db:"email" json:"email"`
	Phone string `db:"phone" json:"phone"`
}

// A Region is a group of hubs with its own coordinator.
type Region struct {
	ID      string `db:"id" json:"id"`
	Slug    string `db:"slug" json:"slug"`
	Name    Text   `db:"name" json:"name"`
	Version int64  `db:"version" json:"version"`
}

// A Hub is a physical place of one operator.
type Hub struct {
	ID              string     `db:"id" json:"id"`
	Slug            string     `db:"slug" json:"slug"`
	RegionID        string     `db:"region_id" json:"region"`
	RegionSlug      string     `db:"region_slug" json:"region_slug"` // filled by reads
	OperatorID      string     `db:"operator_id" json:"operator"`
	OperatorSlug    string     `db:"operator_slug" json:"operator_slug"` // filled by reads
	Name            Text       `db:"name" json:"name"`
	Town            string     `db:"town" json:"town"`
	Province        string     `db:"province" json:"province"`
	Address         string     `db:"address" json:"address"`
	Latitude        float64    `db:"latitude" json:"latitude"`
	Longitude       float64    `db:"longitude" json:"longitude"`
	TimeZone        string     `db:"time_zone" json:"time_zone"` // IANA name
	Languages       []string   `db:"-" json:"languages"`
	Currency        string     `db:"currency" json:"currency"`
	TaxJurisdiction string     `db:"tax_jurisdiction" json:"tax_jurisdiction"` // CA-QC, CA-ON, …
	Phone           string     `db:"phone" json:"phone"`
	Email           string     `db:"email" json:"email"`
	Access          Text       `db:"access" json:"access"`         // how to get in
	Wheelchair      string     `db:"wheelchair" json:"wheelchair"` // yes, no, limited, unknown
	Accessibility   Text       `db:"accessibility" json:"accessibility"`
	Photos          []Photo    `db:"-" json:"photos"`
	SuspendAfter    int        `db:"suspend_after" json:"suspend_after"` // late returns within ninety days after which a person borrows nothing here for a while; 0 for never
	SuspendDays     int        `db:"suspend_days" json:"suspend_days"`   // how many days that is
	Version         int64      `db:"version" json:"version"`
	Week            hours.Week `db:"-" json:"week"`

	OperatorName    string         `db:"operator_name" json:"operator_name"`       // filled by reads
	OperatorVersion int64          `db:"operator_version" json:"operator_version"` // filled by reads
	Privacy         PrivacyContact `db:"privacy" json:"privacy"`                   // of its operator; filled by reads
}

// A Photo is a picture with a text for those who do not see it.
type Photo struct {
	URL string `json:"url"`
	Alt Text   `json:"alt"`
}

// A Category is one heading of the taxonomy that all hubs share.
type Category struct {
	ID      string `db:"id" json:"id"`
	Slug    string `db:"slug" json:"slug"`
	Name    Text   `db:"name" json:"name"`
	Version int64  `db:"version" json:"version"`
}

// Kind says what sort of thing a resource is.
type Kind string

// The four kinds of resources.
const (
	Space     Kind = "space"
	Machine   Kind = "machine"
	Equipment Kind = "equipment"
	Guide     Kind = "guide"
)

// Within says where in the opening hours a booking may lie.
type Within string

// The ways in which a booking may lie in opening hours.
const (
	Inside     Within = "inside"      // wholly inside one stretch of opening hours
	EndsInside Within = "ends_inside" // start and end inside, nights and closed days between are free
	Any        Within = "any"         // whenever nothing is closed by a closure
)

// A Policy is what a resource asks of a booking. Minutes are elapsed minutes.
type Policy struct {
	Grain        int    `db:"grain_min" json:"grain_min"`                 // starts and ends are multiples of it, counted from midnight on the hub's clock
	Shortest     int    `db:"shortest_min" json:"shortest_min"`           // a booking lasts at least this
	Longest      int    `db:"longest_min" json:"longest_min"`             // and at most this
	Notice       int    `db:"notice_min" json:"notice_min"`               // it starts at least this long after it is made
	Horizon      int    `db:"horizon_days" json:"horizon_days"`           // it ends at most this many days ahead, to the end of that day
	BufferBefore int    `db:"buffer_before_min" json:"buffer_before_min"` // set-up time that is taken with it
	BufferAfter  int    `db:"buffer_after_min" json:"buffer_after_min"`   // clean-up time that is taken with it
	CancelCutoff int    `db:"cancel_cutoff_min" json:"cancel_cutoff_min"` // its member may cancel until this long before its start
	Within       Within `db:"within" json:"within"`
	Approval     bool   `db:"approval" json:"approval"`   // staff must approve
	Competing    bool   `db:"competing" json:"competing"` // requests that await approval take no time

	Requirements
}

// Requirements are what a policy asks of persons. The zero Requirements ask for nothing.
type Requirements struct {
	Certifications   []string `json:"certifications,omitempty"`     // slugs of certifications that one must hold
	AnyCertification bool     `json:"any_certification,omitempty"`  // one of them is enough
	Tiers            []string `json:"tiers,omitempty"`              // slugs of the tiers admitted; none means all
	ApprovalTiers    []string `json:"approval_tiers,omitempty"`     // slugs of the tiers whose holders need approval
	ApprovalAbove    int      `json:"approval_above_min,omitempty"` // a booking longer than this needs approval; 0 for none
	AnswerWithin     int      `json:"answer_within_min,omitempty"`  // a request that is not answered in so long lapses; 0 at its start only
	MinimumAge       int      `json:"minimum_age,omitempty"`        // in years, on the day of use; 0 for none
	ConsentUnder     int      `json:"consent_under,omitempty"`      // a parent must consent for who is younger; 0 means 14
	Attendance       int      `json:"attendance,omitempty"`         // most persons at once; 0 for no limit
	Conditions       []string `json:"conditions,omitempty"`         // slugs of the terms that must be accepted
	NoShowAfter      int      `json:"no_show_after_min,omitempty"`  // who has not come so long after the start loses the rest; 0 for never
	Signature        bool     `json:"signature,omitempty"`          // it is handed out against a signature
}

// A Resource is what a person books, at one hub.
type Resource struct {
	ID             string   `db:"id" json:"id"`
	Slug           string   `db:"slug" json:"slug"`
	HubID          string   `db:"hub_id" json:"hub"`
	HubSlug        string   `db:"hub_slug" json:"hub_slug"` // filled by reads
	Kind           Kind     `db:"kind" json:"kind"`
	CategoryID     string   `db:"category_id" json:"category"`
	CategorySlug   string   `db:"category_slug" json:"category_slug"` // filled by reads
	Name           Text     `db:"name" json:"name"`
	Description    Text     `db:"description" json:"description"`
	Bring          Text     `db:"bring" json:"bring"` // what a person should bring or know before they come
	Notes          string   `db:"notes" json:"notes"`
	Capacity       int      `db:"capacity" json:"capacity"` // persons; 0 means not said
	Floor          string   `db:"floor" json:"floor"`
	Accessibility  Text     `db:"accessibility" json:"accessibility"`
	Photos         []Photo  `db:"-" json:"photos"`
	Tags           []string `db:"-" json:"tags"`
	PricePerHour   int64    `db:"price_cents_per_hour" json:"price_cents_per_hour"` // cents before tax
	Policy         Policy   `db:"-" json:"policy"`                                  // as it holds, whoever says so
	PolicyOwn      []string `db:"-" json:"policy_own"`                              // JSON names of what the resource says itself, in order; "*" for all
	Archived       bool     `db:"archived" json:"archived"`
	Awaited        bool     `db:"awaited" json:"awaited,omitempty"` // archived, and made for a unit that is to come by a journey: nobody sees it until then
	Version        int64    `db:"version" json:"version"`
	RulesVersion   int64    `db:"rules_version" json:"rules_version"`
	UnitsInService int      `db:"units_in_service" json:"units_in_service"` // filled by reads: in service and at this hub
}

// A Unit is one physical instance of a resource.
type Unit struct {
	ID           string      `db:"id" json:"id"`
	ResourceID   string      `db:"resource_id" json:"resource"`
	HomeHubID    string      `db:"home_hub_id" json:"home_hub"`
	CurrentHubID string      `db:"current_hub_id" json:"current_hub"`
	Code         string      `db:"code" json:"code"`
	Serial       string      `db:"serial" json:"serial"`
	Condition    string      `db:"condition" json:"condition"`
	Status       string      `db:"status" json:"status"` // in_service, retired
	Version      int64       `db:"version" json:"version"`
	Components   []Component `db:"-" json:"components,omitempty"` // filled by Unit, not by lists

	Shelf         string `db:"shelf" json:"shelf"`                   // where it stands in its hub
	ValueCents    int64  `db:"value_cents" json:"value_cents"`       // what it cost, before tax
	Supplier      string `db:"supplier" json:"supplier"`             // who sold it
	PurchasedOn   string `db:"purchased_on" json:"purchased_on"`     // a date; "" when not known
	WarrantyUntil string `db:"warranty_until" json:"warranty_until"` // the last day of its warranty; "" without
	Notes         string `db:"notes" json:"notes"`                   // for staff
	MeterMinutes  int64  `db:"meter_min" json:"meter_min"`           // how long it was used in all; written by AddUse of upkeep
}

// A Component is a part of a unit that is a kit.
type Component struct {
	ID       string `db:"id" json:"id"`
	UnitID   string `db:"unit_id" json:"unit"`
	Name     Text   `db:"name" json:"name"`
	Quantity int    `db:"quantity" json:"quantity"`
	Missing  int    `db:"missing" json:"missing"`
	Required bool   `db:"required" json:"required"`
}

// A Closure shuts a hub, or one resource of it, between two wall-clock times.
type Closure struct {
	ID          string    `db:"id" json:"id"`
	HubID       string    `db:"hub_id" json:"hub"`
	ResourceID  string    `db:"resource_id" json:"resource"`   // "" for the whole hub
	StartsLocal string    `db:"starts_local" json:"starts_at"` // 2026-12-24T12:00:00
	EndsLocal   string    `db:"ends_local" json:"ends_at"`
	Reason      Text      `db:"reason" json:"reason"`
	ChangedAt   time.Time `db:"changed_at" json:"changed_at"`
}

// An Exception is one day whose hours differ from the week. No spans means closed.
type Exception struct {
	HubID      string          `json:"hub"`
	ResourceID string          `json:"resource"` // "" for the hub
	Date       hours.Date      `json:"date"`
	Spans      []hours.DaySpan `json:"spans"`
	Reason     Text            `json:"reason"`
}

// Terms is everything about a resource that judging a booking needs and that
// changes slowly: remembered in the process, and kept honest by RulesVersion.
// It is shared between goroutines and never changed.
type Terms struct {
	Resource     Resource
	HubSlug      string
	HubName      Text
	Town         string // of the hub, as the three that follow
	Phone        string
	Email        string
	Wheelchair   string // yes, no, limited, unknown
	RegionID     string
	Currency     string
	Zone         *time.Location
	Latitude     float64
	Longitude    float64
	Hours        hours.Rules // precedence applied: the resource's exception for a date, else the hub's, else the resource's week, else the hub's; closures of both
	Units        []Unit      // in service, at the resource's hub, in order of code
	Closures     []Closure   // those of Hours, with their reasons
	RulesVersion int64
}
