package api

import (
	"context"

	"canot/internal/identity"
	"canot/inventory/upkeep"
	"canot/web/edge"
)

// ticketBody is a problem, a damage or a service that is due, on the wire.
type ticketBody struct {
	ID          string     `json:"id"`
	Hub         string     `json:"hub" doc:"By id"`
	Resource    string     `json:"resource" doc:"By id"`
	Unit        string     `json:"unit" doc:"By id; empty for the resource as a whole"`
	Code        string     `json:"code" doc:"Of the unit"`
	Rule        string     `json:"rule" doc:"Of what is preventive, by id"`
	Kind        string     `json:"kind" enum:"problem,damage,preventive"`
	State       string     `json:"state" enum:"new,in_progress,waiting,done,rejected"`
	Urgent      bool       `json:"urgent"`
	Description string     `json:"description"`
	ReportedBy  string     `json:"reported_by" doc:"By id; empty for a visitor or a rule"`
	Contact     string     `json:"contact" doc:"Where a visitor can be reached; empty for who may not see persons"`
	AssignedTo  string     `json:"assigned_to" doc:"By id; empty for nobody"`
	Cost        int64      `json:"cost_cents" doc:"All that it cost, before tax"`
	CreatedAt   Instant    `json:"created_at"`
	ChangedAt   Instant    `json:"changed_at"`
	ClosedAt    *Instant   `json:"closed_at" nullable:"true"`
	Version     int64      `json:"version" doc:"Its ETag, without the quotes"`
	UnitOut     bool       `json:"unit_out" doc:"Its unit is out of service for it now or later, also once it is closed: back_in_service, or the end of the maintenance, puts it back; false in lists"`
	Notes       []noteBody `json:"notes" doc:"The oldest first; empty in lists"`
}

// noteBody is one step in the life of a ticket.
type noteBody struct {
	At    Instant `json:"at"`
	By    string  `json:"by" doc:"By id"`
	State string  `json:"state" doc:"To which it came; empty when it did not change"`
	Body  string  `json:"body"`
}

func wireTicket(t upkeep.Ticket) ticketBody {
	out := ticketBody{ID: t.ID, Hub: t.HubID, Resource: t.ResourceID, Unit: t.UnitID, Code: t.Code, Rule: t.RuleID, Kind: t.Kind, State: t.State, Urgent: t.Urgent,
		Description: t.Description, ReportedBy: t.ReportedBy, Contact: t.Contact, AssignedTo: t.AssignedTo, Cost: t.CostCents,
		CreatedAt: instant(t.CreatedAt), ChangedAt: instant(t.ChangedAt), ClosedAt: instantOrNil(t.ClosedAt), Version: t.Version, Notes: []noteBody{}}
	for _, n := range t.Notes {
		out.Notes = append(out.Notes, noteBody{instant(n.At), n.ByID, n.State, n.Body})
	}
	return out
}

func (a *API) ticketRoutes() {
	const tag = "Upkeep"
	register(a, operation{id: "listTickets", call: "GET /hubs/{id}/tickets", tag: tag, summary: "List what is wrong at a hub, and what is due", scope: staff}, a.ticketList)
	register(a, operation{id: "reportProblem", call: "POST /units/{id}/tickets", tag: tag, summary: "Report a problem", scope: book, status: 201,
		doc: "With a unit, by id or code, or with a resource, by id or slug."}, a.ticketReport)
	register(a, operation{id: "setMeter", call: "PUT /units/{id}/meter", tag: tag, summary: "Set right for how long a unit was used", scope: staff,
		doc: "What is due by hours of use counts from there, and opens."}, a.meterSet)
	register(a, operation{id: "getTicket", call: "GET /tickets/{id}", tag: tag, summary: "Read a ticket, with its notes", scope: staff}, a.ticketRead)
	register(a, operation{id: "updateTicket", call: "PATCH /tickets/{id}", tag: tag, summary: "Change a ticket", scope: staff, fails: []int{412},
		doc: "`done` and `rejected` close it, for good. With `back_in_service` its unit is put back into service in the same commit, where it is out for that ticket; without, it stays as it is, and `unit_out` says so."}, a.ticketUpdate)
}

type ticketListInput struct {
	Keyed
	State string `query:"state" enum:"new,in_progress,waiting,done,rejected,closed" doc:"closed is done or rejected; those that are open when left out"`
	Paging
}

func (a *API) ticketList(ctx context.Context, in *ticketListInput) (*answer[page[ticketBody]], error) {
	list, next, err := a.Upkeep.Tickets(ctx, actor(ctx), in.ID, in.State, in.Limit, in.Cursor)
	if err != nil {
		return nil, err
	}
	return &answer[page[ticketBody]]{listed(list, next, wireTicket)}, nil
}

type ticketReportInput struct {
	ID string `path:"id" doc:"A unit, by id or code, or a resource, by id or slug"`
	Once
	Body struct {
		Description string `json:"description" minLength:"1" maxLength:"2000"`
		Urgent      bool   `json:"urgent,omitempty" doc:"It cannot be used, or is dangerous"`
	}
}

// reported is a ticket as who reported it gets it: that it is there.
type reported struct {
	ID        string  `json:"id"`
	State     string  `json:"state"`
	CreatedAt Instant `json:"created_at"`
}

// reportAgain slows down who reports many problems, together with the page for it, but for the staff of the place.
func (a *API) reportAgain(ctx context.Context, key string) error {
	if a.TakeReport == nil || !a.Limits {
		return nil
	}
	t, err := a.Upkeep.Thing(ctx, key)
	if err != nil || actor(ctx).May(identity.HandOut, t.HubID, t.RegionID) {
		return err
	}
	return a.TakeReport(edge.From(ctx).Caller())
}

func (a *API) ticketReport(ctx context.Context, in *ticketReportInput) (*made[reported], error) {
	if err := a.reportAgain(ctx, in.ID); err != nil {
		return nil, err
	}
	t, err := a.Upkeep.Report(ctx, actor(ctx), in.ID, upkeep.NewTicket{Description: in.Body.Description, Urgent: in.Body.Urgent}, keyOf(ctx))
	if err != nil {
		return nil, err
	}
	return &made[reported]{Location: prefix + "/tickets/" + t.ID, ETag: edge.Tag(t.Version), Body: reported{t.ID, t.State, instant(t.CreatedAt)}}, nil
}

type ticketInput struct {
	ID string `path:"id"`
}

func (a *API) ticketRead(ctx context.Context, in *ticketInput) (*tagged[ticketBody], error) {
	t, err := a.Upkeep.Ticket(ctx, actor(ctx), in.ID)
	return a.taggedTicket(ctx, t, err)
}

// taggedTicket is a ticket that was read or changed, with whether its unit is out for it.
func (a *API) taggedTicket(ctx context.Context, t upkeep.Ticket, err error) (*tagged[ticketBody], error) {
	if err != nil {
		return nil, err
	}
	out := &tagged[ticketBody]{Status: 200, ETag: edge.Tag(t.Version), Body: wireTicket(t)}
	if t.UnitID != "" {
		outages, err := a.Book.TicketOutages(ctx, t.ID)
		if err != nil {
			return nil, err
		}
		out.Body.UnitOut = len(outages) > 0
	}
	return out, nil
}

// ticketEdits is what may be written of a ticket.
type ticketEdits struct {
	State         Edit[string] `json:"state,omitempty" enum:"new,in_progress,waiting,done,rejected"`
	Urgent        Edit[bool]   `json:"urgent,omitempty"`
	Description   Edit[string] `json:"description,omitempty" maxLength:"2000"`
	AssignedTo    Edit[string] `json:"assigned_to,omitempty" maxLength:"100" doc:"A member who hands out at its hub, by id; empty for nobody"`
	Cost          Edit[int64]  `json:"cost_cents,omitempty" minimum:"0"`
	Note          string       `json:"note,omitempty" maxLength:"2000" doc:"What was found or done"`
	BackInService bool         `json:"back_in_service,omitempty"`
}

type ticketUpdateInput struct {
	ID string `path:"id"`
	Once
	Matching
	Body ticketEdits
}

func (a *API) ticketUpdate(ctx context.Context, in *ticketUpdateInput) (*tagged[ticketBody], error) {
	version, err := in.version(func() (int64, error) {
		t, err := a.Upkeep.Ticket(ctx, actor(ctx), in.ID)
		return t.Version, err
	})
	if err != nil {
		return nil, err
	}
	x := in.Body
	e := upkeep.TicketEdits{IfVersion: version, State: x.State.ptr(), Urgent: x.Urgent.ptr(), Description: x.Description.ptr(),
		AssignedTo: x.AssignedTo.ptr(), CostCents: x.Cost.ptr(), Note: x.Note}
	if !x.BackInService {
		t, err := a.Upkeep.Change(ctx, actor(ctx), in.ID, e, keyOf(ctx))
		return a.taggedTicket(ctx, t, err)
	}
	if _, err := a.Book.CloseTicket(ctx, actor(ctx), in.ID, e, keyOf(ctx)); err != nil {
		return nil, err
	}
	t, err := a.Upkeep.Ticket(ctx, actor(ctx), in.ID)
	return a.taggedTicket(ctx, t, err)
}

type meterInput struct {
	ID string `path:"id" doc:"The unit, by id or code"`
	Once
	Body meter
}

// meter is for how long a unit was used.
type meter struct {
	Minutes int64 `json:"minutes" minimum:"0" maximum:"52704000" doc:"Of use in all"`
}

func (a *API) meterSet(ctx context.Context, in *meterInput) (*answer[meter], error) {
	minutes, err := a.Upkeep.SetMeter(ctx, actor(ctx), in.ID, in.Body.Minutes, keyOf(ctx))
	if err != nil {
		return nil, err
	}
	return &answer[meter]{meter{minutes}}, nil
}
