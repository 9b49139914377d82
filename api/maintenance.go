package api

import (
	"context"

	"canot/booking"
	"canot/web/edge"
)

// maintenanceBody is a unit out of service, on the wire.
type maintenanceBody struct {
	ID          string   `json:"id"`
	Unit        string   `json:"unit" doc:"By id"`
	Cause       string   `json:"cause" enum:"repair,incomplete,retired,lost,preventive"`
	StartsAt    Instant  `json:"starts_at"`
	EndsAt      *Instant `json:"ends_at" nullable:"true" doc:"null while nobody knows"`
	Reason      string   `json:"reason"`
	Open        bool     `json:"open"`
	MadeBy      string   `json:"made_by"`
	CreatedAt   Instant  `json:"created_at"`
	Version     int64    `json:"version"`
	Rehomed     []string `json:"rehomed" doc:"Bookings that were given an equal unit"`
	WithoutUnit []string `json:"without_unit" doc:"Bookings that are left without one"`
}

func wireMaintenance(m booking.Maintenance) maintenanceBody {
	return maintenanceBody{
		ID: m.ID, Unit: m.UnitID, Cause: m.Cause, StartsAt: instant(m.StartsAt), EndsAt: instantOrNil(m.EndsAt), Reason: m.Reason,
		Open: m.Open, MadeBy: m.MadeBy, CreatedAt: instant(m.CreatedAt), Version: m.Version,
		Rehomed: orEmpty(m.Rehomed), WithoutUnit: orEmpty(m.WithoutUnit),
	}
}

func (a *API) maintenanceRoutes() {
	const tag = "Maintenance"
	register(a, operation{id: "listMaintenances", call: "GET /hubs/{id}/maintenances", tag: tag, summary: "List what is out of service at a hub", scope: staff}, a.maintenanceList)
	register(a, operation{id: "takeOut", call: "POST /units/{id}/maintenances", tag: tag, summary: "Take a unit out of service", scope: staff, status: 201,
		doc: "Bookings that it hits get an equal unit in the same commit, or are left without unit and listed."}, a.takeOut)
	register(a, operation{id: "endMaintenance", call: "POST /maintenances/{id}/end", tag: tag, summary: "Put a unit back into service", scope: staff}, a.maintenanceEnd)
	register(a, operation{id: "retireUnit", call: "POST /units/{id}/retire", tag: tag, summary: "Retire a unit for good", scope: admin}, a.unitRetire)
	register(a, operation{id: "countComponents", call: "POST /units/{id}/count", tag: tag, summary: "Count the components of a kit", scope: staff,
		doc: "While a required one is missing, the unit is out of service."}, a.componentsCount)
}

type maintenanceListInput struct {
	Keyed
	Paging
}

var maintenances = whole[booking.Maintenance]{"maintenances", func(m booking.Maintenance) string { return soonest(m.StartsAt, m.ID) }}

func (a *API) maintenanceList(ctx context.Context, in *maintenanceListInput) (*answer[page[maintenanceBody]], error) {
	list, err := a.Book.Maintenances(ctx, actor(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	return paged(maintenances, list, in.Paging, wireMaintenance)
}

type takeOutInput struct {
	ID string `path:"id" doc:"The unit, by id or code"`
	Once
	Body struct {
		StartsAt Instant `json:"starts_at"`
		EndsAt   Instant `json:"ends_at,omitempty" doc:"Left out while nobody knows"`
		Reason   string  `json:"reason,omitempty" maxLength:"1000"`
		Cause    string  `json:"cause,omitempty" enum:"repair,lost,preventive" doc:"repair when left out"`
		Ticket   string  `json:"ticket,omitempty" maxLength:"100" doc:"The ticket of the unit that it is for, by id"`
	}
}

func (a *API) takeOut(ctx context.Context, in *takeOutInput) (*made[maintenanceBody], error) {
	m, err := a.Book.TakeOutFor(ctx, actor(ctx), booking.Outage{Unit: in.ID, From: in.Body.StartsAt.t, Until: in.Body.EndsAt.ptr(),
		Reason: in.Body.Reason, Cause: in.Body.Cause, Ticket: in.Body.Ticket}, keyOf(ctx))
	if err != nil {
		return nil, err
	}
	return &made[maintenanceBody]{Location: prefix + "/maintenances/" + m.ID, ETag: edge.Tag(m.Version), Body: wireMaintenance(m)}, nil
}

type maintenanceEndInput struct {
	ID string `path:"id"`
	Once
	Body *struct {
		At Instant `json:"at,omitempty" doc:"Now when left out"`
	}
}

func (a *API) maintenanceEnd(ctx context.Context, in *maintenanceEndInput) (*answer[maintenanceBody], error) {
	var at Instant
	if in.Body != nil {
		at = in.Body.At
	}
	m, err := a.Book.EndMaintenance(ctx, actor(ctx), in.ID, at.ptr(), keyOf(ctx))
	if err != nil {
		return nil, err
	}
	return &answer[maintenanceBody]{wireMaintenance(m)}, nil
}

type unitRetireInput struct {
	ID string `path:"id" doc:"Its id, or its code"`
	Once
	Body *nothing
}

func (a *API) unitRetire(ctx context.Context, in *unitRetireInput) (*answer[maintenanceBody], error) {
	m, err := a.Book.Retire(ctx, actor(ctx), in.ID, nil, keyOf(ctx))
	if err != nil {
		return nil, err
	}
	return &answer[maintenanceBody]{wireMaintenance(m)}, nil
}

type componentsCountInput struct {
	ID string `path:"id" doc:"The unit, by id or code"`
	Once
	Body struct {
		Missing map[string]int `json:"missing" doc:"How many are missing, by component; 0 for one that is found again"`
	}
}

// counted is what a count led to.
type counted struct {
	Maintenance *maintenanceBody `json:"maintenance,omitempty" doc:"The one that began or ended; left out when nothing changed"`
}

func (a *API) componentsCount(ctx context.Context, in *componentsCountInput) (*answer[counted], error) {
	m, err := a.Book.CountComponents(ctx, actor(ctx), in.ID, in.Body.Missing, nil, keyOf(ctx))
	if err != nil {
		return nil, err
	}
	if m.ID == "" {
		return &answer[counted]{}, nil
	}
	wire := wireMaintenance(m)
	return &answer[counted]{counted{&wire}}, nil
}
