package api

import (
	"context"
	"slices"

	"canot/internal/identity"
	"canot/inventory"
	"canot/web/edge"
)

// unit is one physical instance of a resource, on the wire. Who may not see the bookings of
// its hub gets what is on its label and no more.
type unit struct {
	ID         string      `json:"id"`
	Resource   string      `json:"resource" doc:"By id"`
	Code       string      `json:"code" doc:"On its label"`
	HomeHub    string      `json:"home_hub,omitempty" doc:"By id; it never changes. This and all that follows is for staff of the hub, and left out for others"`
	CurrentHub string      `json:"current_hub,omitempty" doc:"By id"`
	Serial     *string     `json:"serial,omitempty" nullable:"false"`
	Condition  *string     `json:"condition,omitempty" nullable:"false"`
	Status     string      `json:"status,omitempty" enum:"in_service,retired"`
	Shelf      *string     `json:"shelf,omitempty" nullable:"false" doc:"Where it stands in its hub"`
	ValueCents *int64      `json:"value_cents,omitempty" nullable:"false" doc:"What it cost, before tax"`
	Supplier   *string     `json:"supplier,omitempty" nullable:"false"`
	Purchased  *string     `json:"purchased_on,omitempty" nullable:"false" doc:"A date; empty when not known"`
	Warranty   *string     `json:"warranty_until,omitempty" nullable:"false" doc:"The last day of its warranty; empty without"`
	Notes      *string     `json:"notes,omitempty" nullable:"false"`
	Meter      *int64      `json:"meter_min,omitempty" nullable:"false" doc:"Minutes of use in all"`
	Components []component `json:"components,omitempty" nullable:"false" doc:"Of a kit; left out in lists"`
	Version    int64       `json:"version,omitempty"`
}

// component is a part of a kit.
type component struct {
	ID       string            `json:"id,omitempty" doc:"One with an id stays the same component; one without is new"`
	Name     map[string]string `json:"name"`
	Quantity int               `json:"quantity" minimum:"1" maximum:"10000"`
	Missing  int               `json:"missing,omitempty" minimum:"0" maximum:"10000"`
	Required bool              `json:"required,omitempty" doc:"While one is missing the unit is out of service"`
}

func (a *API) unitRoutes() {
	const tag = "Units"
	register(a, operation{id: "listUnits", call: "GET /resources/{id}/units", tag: tag, summary: "List the units of a resource", scope: read,
		doc: "Staff of its hub see all of each unit, the retired ones too; others see the codes of those in service."}, a.unitList)
	register(a, operation{id: "addUnit", call: "POST /resources/{id}/units", tag: tag, summary: "Add a unit to a resource", scope: admin, status: 201}, a.unitAdd)
	register(a, operation{id: "getUnit", call: "GET /units/{id}", tag: tag, summary: "Read a unit, with its components", scope: read}, a.unitRead)
	register(a, operation{id: "updateUnit", call: "PATCH /units/{id}", tag: tag, summary: "Change a unit", scope: admin, fails: []int{412}}, a.unitUpdate)
	register(a, operation{id: "setComponents", call: "PUT /units/{id}/components", tag: tag, summary: "Say what a kit is made of", scope: admin, fails: []int{412}}, a.componentsSet)
}

func wireUnit(u inventory.Unit) unit {
	out := unit{ID: u.ID, Resource: u.ResourceID, HomeHub: u.HomeHubID, CurrentHub: u.CurrentHubID, Code: u.Code,
		Serial: &u.Serial, Condition: &u.Condition, Status: u.Status, Version: u.Version, Shelf: &u.Shelf, ValueCents: &u.ValueCents,
		Supplier: &u.Supplier, Purchased: &u.PurchasedOn, Warranty: &u.WarrantyUntil, Notes: &u.Notes, Meter: &u.MeterMinutes}
	for _, c := range u.Components {
		out.Components = append(out.Components, component{ID: c.ID, Name: textOrEmpty(c.Name), Quantity: c.Quantity, Missing: c.Missing, Required: c.Required})
	}
	return out
}

// labelOf is a unit for who is not staff of its hub.
func labelOf(u inventory.Unit) unit { return unit{ID: u.ID, Resource: u.ResourceID, Code: u.Code} }

// tends reports whether the caller is staff of a unit's hub.
func (a *API) tends(ctx context.Context, u inventory.Unit) (bool, error) {
	if !actor(ctx).Anywhere(identity.ViewBookings) {
		return false, nil
	}
	h, err := a.Catalog.Hub(ctx, u.HomeHubID)
	return err == nil && actor(ctx).May(identity.ViewBookings, h.ID, h.RegionID), err
}

func taggedUnit(u inventory.Unit) *tagged[unit] {
	return &tagged[unit]{Status: 200, ETag: edge.Tag(u.Version), Body: wireUnit(u)}
}

type unitKeyed struct {
	ID string `path:"id" doc:"Its id, or its code"`
}

type unitListInput struct {
	Keyed
	Paging
}

var units = whole[inventory.Unit]{"units", func(u inventory.Unit) string { return u.Code }}

func (a *API) unitList(ctx context.Context, in *unitListInput) (*answer[page[unit]], error) {
	list, err := a.Catalog.Units(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return paged(units, list, in.Paging, labelOf)
	}
	full, err := a.tends(ctx, list[0]) // all have one home
	if err != nil {
		return nil, err
	}
	if full {
		return paged(units, list, in.Paging, wireUnit)
	}
	list = slices.DeleteFunc(list, func(u inventory.Unit) bool { return u.Status != inventory.InService })
	return paged(units, list, in.Paging, labelOf)
}

func (a *API) unitRead(ctx context.Context, in *unitKeyed) (*tagged[unit], error) {
	u, err := a.Catalog.Unit(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	full, err := a.tends(ctx, u)
	if err != nil {
		return nil, err
	}
	out := taggedUnit(u)
	if !full {
		out.Body = labelOf(u)
	}
	return out, nil
}

// unitEdits is what may be written of a unit.
type unitEdits struct {
	Code      Edit[string] `json:"code,omitempty" doc:"Made from the resource when left out"`
	Serial    Edit[string] `json:"serial,omitempty"`
	Condition Edit[string] `json:"condition,omitempty"`

	Shelf      Edit[string] `json:"shelf,omitempty"`
	ValueCents Edit[int64]  `json:"value_cents,omitempty" minimum:"0"`
	Supplier   Edit[string] `json:"supplier,omitempty"`
	Purchased  Edit[string] `json:"purchased_on,omitempty" doc:"A date, or empty"`
	Warranty   Edit[string] `json:"warranty_until,omitempty" doc:"A date, or empty"`
	Notes      Edit[string] `json:"notes,omitempty"`
}

func (e *unitEdits) edits(version int64) inventory.UnitEdits {
	return inventory.UnitEdits{IfVersion: version, Code: e.Code.ptr(), Serial: e.Serial.ptr(), Condition: e.Condition.ptr(),
		Shelf: e.Shelf.ptr(), ValueCents: e.ValueCents.ptr(), Supplier: e.Supplier.ptr(), PurchasedOn: e.Purchased.ptr(),
		WarrantyUntil: e.Warranty.ptr(), Notes: e.Notes.ptr()}
}

type unitAddInput struct {
	Keyed
	Once
	Body unitEdits
}

func (a *API) unitAdd(ctx context.Context, in *unitAddInput) (*made[unit], error) {
	u, err := a.Catalog.AddUnit(ctx, actor(ctx), in.ID, in.Body.edits(0), keyOf(ctx))
	if err != nil {
		return nil, err
	}
	return &made[unit]{Location: prefix + "/units/" + u.ID, ETag: edge.Tag(u.Version), Body: wireUnit(u)}, nil
}

type unitUpdateInput struct {
	ID string `path:"id" doc:"Its id, or its code"`
	Once
	Matching
	Body unitEdits
}

func (a *API) unitUpdate(ctx context.Context, in *unitUpdateInput) (*tagged[unit], error) {
	version, err := in.version(a.unitVersion(ctx, in.ID))
	if err != nil {
		return nil, err
	}
	u, err := a.Catalog.UpdateUnit(ctx, actor(ctx), in.ID, in.Body.edits(version), keyOf(ctx))
	if err != nil {
		return nil, err
	}
	return taggedUnit(u), nil
}

func (a *API) unitVersion(ctx context.Context, key string) func() (int64, error) {
	return func() (int64, error) {
		u, err := a.Catalog.Unit(ctx, key)
		return u.Version, err
	}
}

type componentsInput struct {
	ID string `path:"id" doc:"The unit, by id or code"`
	Once
	Matching
	Body struct {
		Components []component `json:"components" maxItems:"100"`
	}
}

func (a *API) componentsSet(ctx context.Context, in *componentsInput) (*tagged[unit], error) {
	version, err := in.version(a.unitVersion(ctx, in.ID))
	if err != nil {
		return nil, err
	}
	parts := make([]inventory.Component, len(in.Body.Components))
	for i, c := range in.Body.Components {
		parts[i] = inventory.Component{ID: c.ID, Name: c.Name, Quantity: c.Quantity, Missing: c.Missing, Required: c.Required}
	}
	u, err := a.Catalog.SetComponents(ctx, actor(ctx), in.ID, inventory.ComponentEdits{IfVersion: version, Parts: parts}, keyOf(ctx))
	if err != nil {
		return nil, err
	}
	return taggedUnit(u), nil
}
