package inventory

import "canot/inventory/hours"

// Edits say what to write. A nil field stays as it is; when a thing is created, it
// takes its default. References (region, operator, hub, category) are ids or slugs.

// OperatorEdits are what may be written of an operator.
type OperatorEdits struct {
	IfVersion int64 // refuse as stale unless this is the version; 0 for any

	Slug, LegalName, Address, Email, Phone *string
	TaxNumbers                             *map[string]string
}

// NamedEdits are what may be written of a region or a category.
type NamedEdits struct {
	IfVersion int64 // refuse as stale unless this is the version; 0 for any

	Slug *string
	Name *Text
}

// HubEdits are what may be written of a hub. Its week is written by SetWeek.
type HubEdits struct {
	IfVersion int64 // refuse as stale unless this is the version; 0 for any

	Slug, Region, Operator    *string
	Name                      *Text
	Town, Province, Address   *string
	Latitude, Longitude       *float64
	TimeZone                  *string
	Languages                 *[]string
	Currency, TaxJurisdiction *string
	Phone, Email              *string
	Access                    *Text
	Wheelchair                *string
	Accessibility             *Text
	Photos                    *[]Photo
}

// ResourceEdits are what may be written of a resource. Its hub is given when it is
// created, and never changes.
type ResourceEdits struct {
	IfVersion int64 // refuse as stale unless this is the rules version, which bookings leave alone; 0 for any

	Slug, Hub, Category *string
	Kind                *Kind
	Name, Description   *Text
	Notes               *string
	Capacity            *int
	Floor               *string
	Accessibility       *Text
	Photos              *[]Photo
	Tags                *[]string
	PricePerHour        *int64
	Policy              PolicyEdits
	Archived            *bool
}

// PolicyEdits are what may be written of a policy.
type PolicyEdits struct {
	Grain, Shortest, Longest, Notice, Horizon *int
	BufferBefore, BufferAfter, CancelCutoff   *int
	Within                                    *Within
	Approval, Competing                       *bool
	Certifications                            *[]string // slugs
}

// UnitEdits are what may be written of a unit. Retiring one is the book's verb, for
// its bookings must be housed elsewhere in the same commit.
type UnitEdits struct {
	IfVersion int64 // refuse as stale unless this is the version; 0 for any

	Code, Serial, Condition *string
}

// ComponentEdits replace the components of a unit. One with an id stays the same
// component; one without is new; one that is not named goes.
type ComponentEdits struct {
	IfVersion int64 // of the unit

	Parts []Component
}

// WeekEdits replace the week of a hub, or of one resource of it. A resource whose
// week is empty follows its hub again.
type WeekEdits struct {
	IfVersion int64 // of the hub

	Hub, Resource string // id or slug; Resource "" for the hub's own week
	Week          hours.Week
}
