package api

import (
	"context"
	"time"

	"canot/booking"
	"canot/inventory"
	"canot/inventory/hours"
)

// opening is when a hub is open, on the wire.
type opening struct {
	Hub        string            `json:"hub" doc:"Its id"`
	TimeZone   string            `json:"time_zone"`
	Week       string            `json:"week" doc:"On the hub's clock, as in OpenStreetMap" example:"Mo-Fr 09:00-12:00,13:00-17:00; Sa 10:00-16:00"`
	Resources  map[string]string `json:"resources" doc:"The weeks of resources that have one of their own, by id"`
	Exceptions []exception       `json:"exceptions"`
	Closures   []closure         `json:"closures"`
	Version    int64             `json:"version"`
}

// exception is one day whose hours differ from the week.
type exception struct {
	Date     string            `json:"date" format:"date"`
	Resource *string           `json:"resource" doc:"The resource whose hours differ, by id; null for the hub"`
	Hours    string            `json:"hours" doc:"Empty when it is closed all day" example:"09:00-12:00"`
	Reason   map[string]string `json:"reason"`
}

func (a *API) openingRoutes() {
	const tag = "Opening hours"
	register(a, operation{id: "getOpening", call: "GET /hubs/{id}/opening", tag: tag, summary: "Read hours, exceptions and closures", scope: public}, a.openingRead)
	register(a, operation{id: "setWeek", call: "PUT /hubs/{id}/opening", tag: tag, summary: "Set the week of a hub, or of one of its resources", scope: admin, fails: []int{412}}, a.weekSet)
	register(a, operation{id: "setException", call: "PUT /hubs/{id}/exceptions/{date}", tag: tag, summary: "Set the hours of one day", scope: admin}, a.exceptionSet)
	register(a, operation{id: "dropException", call: "DELETE /hubs/{id}/exceptions/{date}", tag: tag, summary: "Give a day its usual hours back", scope: admin, status: 204}, a.exceptionDrop)
	register(a, operation{id: "addClosure", call: "POST /hubs/{id}/closures", tag: tag, summary: "Close a hub, or a resource, for a time", scope: admin, status: 201,
		doc: "Nothing is cancelled: bookings that are already there are listed by `GET /hubs/{id}/outside`."}, a.closureAdd)
	register(a, operation{id: "dropClosure", call: "DELETE /closures/{id}", tag: tag, summary: "Take a closure back", scope: admin, status: 204}, a.closureDrop)
	register(a, operation{id: "listOutside", call: "GET /hubs/{id}/outside", tag: tag, summary: "List bookings to come that today's hours would refuse", scope: staff}, a.outsideList)
}

func (a *API) openingRead(ctx context.Context, in *hubReadInput) (*tagged[opening], error) {
	o, err := a.Catalog.Opening(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	out, err := taggedOpening(o)
	if err != nil {
		return nil, err
	}
	out.Status = in.answer(out.ETag)
	return out, nil
}

func taggedOpening(o inventory.Opening) (*tagged[opening], error) {
	zone, err := hours.LoadZone(o.TimeZone)
	if err != nil {
		return nil, err
	}
	out := opening{
		Hub: o.HubID, TimeZone: o.TimeZone, Week: o.Week.String(), Resources: map[string]string{},
		Exceptions: make([]exception, len(o.Exceptions)), Closures: make([]closure, len(o.Closures)), Version: o.Version,
	}
	for id, week := range o.Resources {
		out.Resources[id] = week.String()
	}
	for i, x := range o.Exceptions {
		out.Exceptions[i] = wireException(x)
	}
	for i, x := range o.Closures {
		if out.Closures[i], err = wireClosure(x, zone); err != nil {
			return nil, err
		}
	}
	// What is past leaves the lists without an edit, hence their length in the ETag.
	etag := versioned(o.Version, int64(len(o.Exceptions)*1000+len(o.Closures)))
	return &tagged[opening]{Status: 200, ETag: etag, Body: out}, nil
}

func wireException(x inventory.Exception) exception {
	out := exception{Date: x.Date.String(), Hours: hours.FormatDay(x.Spans), Reason: textOrEmpty(x.Reason)}
	if x.ResourceID != "" {
		out.Resource = &x.ResourceID
	}
	return out
}

type weekInput struct {
	Keyed
	Once
	Matching
	Body struct {
		Week     string `json:"week" maxLength:"1000" doc:"As in OpenStreetMap; empty is closed, or for a resource: like its hub" example:"Mo-Fr 09:00-17:00; Sa 10:00-16:00"`
		Resource string `json:"resource,omitempty" maxLength:"100" doc:"By id or slug; the hub's own week when left out"`
	}
}

func (a *API) weekSet(ctx context.Context, in *weekInput) (*tagged[opening], error) {
	version, err := in.version(a.hubVersion(ctx, in.ID))
	if err != nil {
		return nil, err
	}
	week, err := hours.ParseWeek(in.Body.Week)
	if err != nil {
		return nil, field("week", "bad_hours")
	}
	o, err := a.Catalog.SetWeek(ctx, actor(ctx), inventory.WeekEdits{IfVersion: version, Hub: in.ID, Resource: in.Body.Resource, Week: week}, keyOf(ctx))
	if err != nil {
		return nil, err
	}
	return taggedOpening(o)
}

// Dated is the address of one day of a hub.
type Dated struct {
	ID   string `path:"id" doc:"The hub, by id or slug"`
	Date string `path:"date" format:"date" example:"2026-12-24"`
}

func (d Dated) day() (hours.Date, error) {
	date, err := hours.ParseDate(d.Date)
	if err != nil {
		return date, field("date", "bad_date")
	}
	if date.Year < hours.FirstYear || date.Year > hours.LastYear {
		return date, field("date", "absurd_date")
	}
	return date, nil
}

type exceptionSetInput struct {
	Dated
	Once
	Body struct {
		Hours    string            `json:"hours" maxLength:"200" doc:"Empty is closed all day" example:"09:00-12:00,13:00-16:00"`
		Resource string            `json:"resource,omitempty" maxLength:"100" doc:"By id or slug; the hub when left out"`
		Reason   map[string]string `json:"reason,omitempty"`
	}
}

func (a *API) exceptionSet(ctx context.Context, in *exceptionSetInput) (*answer[exception], error) {
	date, err := in.day()
	if err != nil {
		return nil, err
	}
	spans, err := hours.ParseDay(in.Body.Hours)
	if err != nil {
		return nil, field("hours", "bad_hours")
	}
	x, err := a.Catalog.SetException(ctx, actor(ctx), inventory.Exception{
		HubID: in.ID, ResourceID: in.Body.Resource, Date: date, Spans: spans, Reason: in.Body.Reason,
	}, keyOf(ctx))
	if err != nil {
		return nil, err
	}
	return &answer[exception]{wireException(x)}, nil
}

type exceptionDropInput struct {
	Dated
	Once
	Resource string `query:"resource" maxLength:"100" doc:"By id or slug; the hub when left out"`
}

func (a *API) exceptionDrop(ctx context.Context, in *exceptionDropInput) (*struct{}, error) {
	date, err := in.day()
	if err != nil {
		return nil, err
	}
	return &struct{}{}, a.Catalog.DropException(ctx, actor(ctx), inventory.Exception{HubID: in.ID, ResourceID: in.Resource, Date: date}, keyOf(ctx))
}

type closureAddInput struct {
	Keyed
	Once
	Body struct {
		StartsLocal string            `json:"starts_local" maxLength:"30" doc:"On the hub's clock, without offset" example:"2026-12-24T12:00"`
		EndsLocal   string            `json:"ends_local" maxLength:"30" example:"2027-01-03T09:00"`
		Resource    string            `json:"resource,omitempty" maxLength:"100" doc:"By id or slug; the whole hub when left out"`
		Reason      map[string]string `json:"reason,omitempty" doc:"Shown to everybody"`
	}
}

func (a *API) closureAdd(ctx context.Context, in *closureAddInput) (*made[closure], error) {
	h, err := a.hubOf(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	starts, ok := localTime(in.Body.StartsLocal)
	if !ok {
		return nil, field("starts_local", "bad_local_time")
	}
	ends, ok := localTime(in.Body.EndsLocal)
	if !ok {
		return nil, field("ends_local", "bad_local_time")
	}
	x, err := a.Catalog.AddClosure(ctx, actor(ctx), inventory.Closure{
		HubID: in.ID, ResourceID: in.Body.Resource, StartsLocal: starts, EndsLocal: ends, Reason: in.Body.Reason,
	}, keyOf(ctx))
	if err != nil {
		return nil, err
	}
	zone, err := hours.LoadZone(h.TimeZone)
	if err != nil {
		return nil, err
	}
	c, err := wireClosure(x, zone)
	if err != nil {
		return nil, err
	}
	return &made[closure]{Location: prefix + "/hubs/" + h.ID + "/opening", Body: c}, nil
}

// localTime reads a time on a hub's clock, with or without seconds.
func localTime(s string) (string, bool) {
	for _, layout := range []string{localLayout, "2006-01-02T15:04"} {
		if t, err := time.Parse(layout, s); err == nil && t.Year() >= hours.FirstYear && t.Year() <= hours.LastYear {
			return t.Format(localLayout), true
		}
	}
	return "", false
}

type droppedInput struct {
	ID string `path:"id"`
	Once
}

func (a *API) closureDrop(ctx context.Context, in *droppedInput) (*struct{}, error) {
	return &struct{}{}, a.Catalog.DropClosure(ctx, actor(ctx), in.ID, keyOf(ctx))
}

type outsideInput struct {
	Keyed
	Paging
}

var outside = whole[booking.Booking]{"outside", func(b booking.Booking) string { return soonest(b.StartsAt, b.ID) }}

func (a *API) outsideList(ctx context.Context, in *outsideInput) (*answer[page[bookingBody]], error) {
	list, err := a.Book.Outside(ctx, actor(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	return paged(outside, list, in.Paging, wireBooking)
}
