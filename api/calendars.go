package api

import (
	"context"
	"strings"

	"canot/internal/identity"
)

// calendarAddress is the secret address of a private calendar, without the secret.
type calendarAddress struct {
	ID        string  `json:"id"`
	Hub       string  `json:"hub" doc:"The id of the hub whose bookings it shows; empty for one's own"`
	CreatedAt Instant `json:"created_at"`
}

func wireCalendarAddress(c identity.CalendarAddress) calendarAddress {
	return calendarAddress{c.ID, c.HubID, instant(c.CreatedAt)}
}

func (a *API) calendarRoutes() {
	const tag = "Account"
	register(a, operation{id: "listCalendars", call: "GET /members/{id}/calendars", tag: tag, summary: "List the addresses of private calendars", scope: read}, a.calendarList)
	register(a, operation{id: "renewCalendar", call: "POST /me/calendars", tag: tag, summary: "Make or renew the address of a private calendar", scope: admin, status: 201, fails: []int{404, 409},
		doc: "Of one's own bookings, or of those of a hub that one may view. The address is shown once; one that there was before is dead at once. Sent again with its Idempotency-Key, the request makes no second address and cannot show the first again: 409 `calendar_already_made`."}, a.calendarRenew)
	register(a, operation{id: "endCalendar", call: "DELETE /calendars/{id}", tag: tag, summary: "End the address of a private calendar", scope: admin, status: 204}, a.calendarEnd)
}

type calendarListInput struct {
	ID string `path:"id"`
	Paging
}

var calendars = whole[identity.CalendarAddress]{"calendars", func(c identity.CalendarAddress) string { return c.HubID + " " + c.ID }}

func (a *API) calendarList(ctx context.Context, in *calendarListInput) (*answer[page[calendarAddress]], error) {
	list, err := a.Directory.CalendarAddresses(ctx, actor(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	return paged(calendars, list, in.Paging, wireCalendarAddress)
}

type calendarRenewInput struct {
	Once
	Body struct {
		Hub string `json:"hub,omitempty" maxLength:"100" doc:"By id or slug; one's own bookings when left out"`
	}
}

// issuedCalendar is an address with its secret, this once.
type issuedCalendar struct {
	Address  string          `json:"address" doc:"Shown once. Subscribe to it; whoever has it can read the calendar"`
	Calendar calendarAddress `json:"calendar"`
}

func (a *API) calendarRenew(ctx context.Context, in *calendarRenewInput) (*answer[issuedCalendar], error) {
	hubID := ""
	if in.Body.Hub != "" {
		hub, err := a.Catalog.Hub(ctx, in.Body.Hub)
		if err != nil {
			return nil, err
		}
		hubID = hub.ID
	}
	secret, c, err := a.Directory.RenewCalendarAddress(ctx, actor(ctx), hubID, keyOf(ctx))
	if err != nil {
		return nil, err
	}
	return &answer[issuedCalendar]{issuedCalendar{strings.TrimSuffix(a.PublicURL, "/") + privatePath + secret + ".ics", wireCalendarAddress(c)}}, nil
}

func (a *API) calendarEnd(ctx context.Context, in *droppedInput) (*struct{}, error) {
	return &struct{}{}, a.Directory.EndCalendarAddress(ctx, actor(ctx), in.ID, keyOf(ctx))
}
