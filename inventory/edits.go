package inventory

import "canot/inventory/hours"

// Edits say what to write. A nil field stays as it is; when a thing is created, it
// takes its default. References (region, operator, hub, category) are ids or slugs.

// OperatorEdits are what may be written of an operator.
type OperatorEdits struct {
	IfVersion int64 // refuse as stale unless this is the version; 0 for any

	Slug, LegalName, Address, Email, Phone  *string
	TaxNumbers                              *map[string]string
	PrivacyName, PrivacyEmail, PrivacyPhone *string // of the person in charge of personal data
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
	SuspendAfter, SuspendDays *int
}

// ResourceEdits are what may be written of a resource. Its hub is given when it is
// created, and never changes.
type ResourceEdits struct {
	IfVersion int64 // refuse as stale unless this is the rules version, which bookings leave alone; 0 for any

	Slug, Hub, Category *string
	Kind                *Kind
	Name, Description   *Text
	Bring               *Text
	Notes               *string
	Capacity            *int
	Floor               *string
	Accessibility       *Text
	Photos              *[]Photo
	Tags                *[]string
	PricePerHour        *int64
	Policy              PolicyEdits
	Inherit             *[]string // JSON names of policy fields to give back to the layers, before Policy is written; "*" for all
	Archived            *bool

	// inFile says that the edits were read out of a spreadsheet, which may name
	// certifications before anybody has made them: they are told as warnings.
	inFile bool
}

// PolicyEdits are what may be written of a policy, and what a layer of policies says.
// As JSON they hold the given fields only, under the names that Policy has there.
type PolicyEdits struct {
	Grain            *int      `json:"grain_min,omitempty"`
	Shortest         *int      `json:"shortest_min,omitempty"`
	Longest          *int      `json:"longest_min,omitempty"`
	Notice           *int      `json:"notice_min,omitempty"`
	Horizon          *int      `json:"horizon_days,omitempty"`
	BufferBefore     *int      `json:"buffer_before_min,omitempty"`
	BufferAfter      *int      `json:"buffer_after_min,omitempty"`
	CancelCutoff     *int      `json:"cancel_cutoff_min,omitempty"`
	Within           *Within   `json:"within,omitempty"`
	Approval         *bool     `json:"approval,omitempty"`
	Competing        *bool     `json:"competing,omitempty"`
	Certifications   *[]string `json:"certifications,omitempty"` // slugs
	AnyCertification *bool     `json:"any_certification,omitempty"`
	Tiers            *[]string `json:"tiers,omitempty"`          // slugs
	ApprovalTiers    *[]string `json:"approval_tiers,omitempty"` // slugs
	ApprovalAbove    *int      `json:"approval_above_min,omitempty"`
	AnswerWithin     *int      `json:"answer_within_min,omitempty"`
	MinimumAge       *int      `json:"minimum_age,omitempty"`
	ConsentUnder     *int      `json:"consent_under,omitempty"`
	Attendance       *int      `json:"attendance,omitempty"`
	Conditions       *[]string `json:"conditions,omitempty"` // slugs
	NoShowAfter      *int      `json:"no_show_after_min,omitempty"`
	Signature        *bool     `json:"signature,omitempty"`
}

// PolicyDefaultEdits are what may be written of one layer of policies: of a category,
// of a hub, or of a category at a hub.
type PolicyDefaultEdits struct {
	IfVersion int64 // refuse as stale unless this is the version; 0 for any

	Clear  []string    // JSON names of fields that the layer no longer says; "*" for all
	Policy PolicyEdits // what it says from now on, written after Clear
}

// ConditionEdits are what may be written of terms of use. Slug and hub are given when
// they are made, and never change.
type ConditionEdits struct {
	IfVersion int64 // refuse as stale unless this is the published version; 0 for any

	Slug, Hub  *string // Hub is an id or slug; none or "" for terms of the whole network
	Name, Text *Text
}

// UnitEdits are what may be written of a unit. Retiring one is the book's verb, for
// its bookings must be housed elsewhere in the same commit.
type UnitEdits struct {
	IfVersion int64 // refuse as stale unless this is the version; 0 for any

	Code, Serial, Condition    *string
	Shelf, Supplier, Notes     *string
	PurchasedOn, WarrantyUntil *string // dates, as 2026-11-21; "" for none
	ValueCents                 *int64
}

// ComponentEdits replace the components of a unit. One with an id stays the same
// component; one without is new; one that is not named goes.
type ComponentEdits struct {
	IfVersion int64 // of the unit

	Parts []Component

	// The bookings (ids) that may lose the unit by it, as the book shows them beforehand; nil for any.
	Foreseen []string
}

// WeekEdits replace the week of a hub, or of one resource of it. A resource whose
// week is empty follows its hub again.
type WeekEdits struct {
	IfVersion int64 // of the hub

	Hub, Resource string // id or slug; Resource "" for the hub's own week
	Week          hours.Week
}
