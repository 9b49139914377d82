package api

import (
	"context"

	"canot/booking"
	"canot/internal/database"
	"canot/internal/identity"
	"canot/web/edge"
)

// transferBody is the journey of a unit from a hub to another.
type transferBody struct {
	ID          string   `json:"id"`
	Unit        string   `json:"unit" doc:"By id"`
	Code        string   `json:"code" doc:"Of the unit"`
	FromHub     string   `json:"from_hub" doc:"By id"`
	ToHub       string   `json:"to_hub" doc:"By id"`
	ToResource  string   `json:"to_resource" doc:"As what it is booked there, by id"`
	State       string   `json:"state" enum:"planned,on_the_road,arrived,cancelled"`
	LeavesAt    Instant  `json:"leaves_at"`
	ArrivesAt   Instant  `json:"arrives_at"`
	LeftAt      *Instant `json:"left_at" nullable:"true"`
	ArrivedAt   *Instant `json:"arrived_at" nullable:"true"`
	Note        string   `json:"note"`
	MadeBy      string   `json:"made_by" doc:"By id"`
	Version     int64    `json:"version"`
	Rehomed     []string `json:"rehomed" doc:"Bookings that were given an equal unit"`
	WithoutUnit []string `json:"without_unit" doc:"Bookings that are left without one"`
}

func wireTransfer(t booking.Transfer) transferBody {
	return transferBody{ID: t.ID, Unit: t.UnitID, Code: t.Code, FromHub: t.FromHubID, ToHub: t.ToHubID, ToResource: t.ToResourceID, State: t.State,
		LeavesAt: instant(t.LeavesAt), ArrivesAt: instant(t.ArrivesAt), LeftAt: instantOrNil(t.LeftAt), ArrivedAt: instantOrNil(t.ArrivedAt),
		Note: t.Note, MadeBy: t.MadeBy, Version: t.Version, Rehomed: orEmpty(t.Rehomed), WithoutUnit: orEmpty(t.WithoutUnit)}
}

func (a *API) transferRoutes() {
	const tag = "Transfers"
	register(a, operation{id: "listTransfers", call: "GET /hubs/{id}/transfers", tag: tag, summary: "List the journeys from and to a hub", scope: staff,
		doc: "Those that have not ended, and those that ended in the last week."}, a.transferList)
	register(a, operation{id: "planTransfer", call: "POST /transfers", tag: tag, summary: "Plan the journey of a unit to another hub", scope: staff, status: 201, fails: []int{404, 409},
		doc: "From its leaving on the unit cannot be booked here; from its arrival on it is booked there. Bookings that it hits get an equal unit in the same commit, or are left without and listed."}, a.transferPlan)
	register(a, operation{id: "previewTransfer", call: "POST /transfers/preview", tag: tag, summary: "See whom a journey would move", scope: staff, fails: []int{404},
		doc: "The same body; nothing is written."}, a.transferPreview)
	register(a, operation{id: "getTransfer", call: "GET /transfers/{id}", tag: tag, summary: "Read a journey", scope: staff}, a.transferRead)
	register(a, operation{id: "departTransfer", call: "POST /transfers/{id}/depart", tag: tag, summary: "Note that the unit has left", scope: staff}, a.journey(a.Book.Depart))
	register(a, operation{id: "arriveTransfer", call: "POST /transfers/{id}/arrive", tag: tag, summary: "Note that the unit has come", scope: staff}, a.journey(a.Book.ArriveTransfer))
	register(a, operation{id: "cancelTransfer", call: "POST /transfers/{id}/cancel", tag: tag, summary: "Call a journey off, or turn it back", scope: staff}, a.journey(a.Book.CancelTransfer))
}

type transferListInput struct {
	Keyed
	Paging
}

var transfers = whole[booking.Transfer]{"transfers", func(t booking.Transfer) string { return soonest(t.LeavesAt, t.ID) }}

func (a *API) transferList(ctx context.Context, in *transferListInput) (*answer[page[transferBody]], error) {
	list, err := a.Book.Transfers(ctx, actor(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	return paged(transfers, list, in.Paging, wireTransfer)
}

// plannedJourney asks for a transfer.
type plannedJourney struct {
	Unit       string  `json:"unit" minLength:"1" maxLength:"100" doc:"By id or code"`
	To         string  `json:"to" minLength:"1" maxLength:"100" doc:"Hub, by id or slug"`
	ToResource string  `json:"to_resource,omitempty" maxLength:"100" doc:"As what it is booked there, by id or slug; the equal resource there when left out, which is made when there is none"`
	LeavesAt   Instant `json:"leaves_at"`
	ArrivesAt  Instant `json:"arrives_at"`
	Note       string  `json:"note,omitempty" maxLength:"1000"`
}

func (j plannedJourney) journey() booking.Journey {
	return booking.Journey{Unit: j.Unit, To: j.To, ToResource: j.ToResource, LeavesAt: j.LeavesAt.t, ArrivesAt: j.ArrivesAt.t, Note: j.Note}
}

type transferPlanInput struct {
	Once
	Body plannedJourney
}

func (a *API) transferPlan(ctx context.Context, in *transferPlanInput) (*made[transferBody], error) {
	t, err := a.Book.PlanTransfer(ctx, actor(ctx), in.Body.journey(), keyOf(ctx))
	if err != nil {
		return nil, err
	}
	return &made[transferBody]{Location: prefix + "/transfers/" + t.ID, ETag: edge.Tag(t.Version), Body: wireTransfer(t)}, nil
}

// impact is what taking a unit away would do.
type impact struct {
	Rehomed     []bookingBody `json:"rehomed" doc:"Bookings that would get an equal unit"`
	WithoutUnit []bookingBody `json:"without_unit" doc:"Bookings that would be left without one"`
}

type transferPreviewInput struct{ Body plannedJourney }

func (a *API) transferPreview(ctx context.Context, in *transferPreviewInput) (*answer[impact], error) {
	x, err := a.Book.JourneyImpact(ctx, actor(ctx), in.Body.journey())
	if err == nil {
		err = a.viewedBookings(ctx, append(x.Rehomed, x.WithoutUnit...)...)
	}
	if err != nil {
		return nil, err
	}
	return &answer[impact]{impact{each(x.Rehomed, wireBooking), each(x.WithoutUnit, wireBooking)}}, nil
}

type transferInput struct {
	ID string `path:"id"`
}

func (a *API) transferRead(ctx context.Context, in *transferInput) (*answer[transferBody], error) {
	t, err := a.Book.Transfer(ctx, actor(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	return &answer[transferBody]{wireTransfer(t)}, nil
}

type journeyInput struct {
	ID string `path:"id"`
	Once
	Body *nothing
}

// journey serves a verb that moves a journey on.
func (a *API) journey(verb func(context.Context, identity.Actor, string, database.Key) (booking.Transfer, error)) func(context.Context, *journeyInput) (*answer[transferBody], error) {
	return func(ctx context.Context, in *journeyInput) (*answer[transferBody], error) {
		t, err := verb(ctx, actor(ctx), in.ID, keyOf(ctx))
		if err != nil {
			return nil, err
		}
		return &answer[transferBody]{wireTransfer(t)}, nil
	}
}
