package api

import (
	"context"

	"canot/booking"
	"canot/internal/database"
	"canot/internal/identity"
)

func (a *API) decisionRoutes() {
	const tag = "Bookings"
	register(a, operation{id: "confirmBooking", call: "POST /bookings/{id}/confirm", tag: tag, summary: "Confirm a hold", scope: book, fails: []int{409, 412}},
		a.decision(a.Book.Confirm))
	register(a, operation{id: "approveBooking", call: "POST /bookings/{id}/approve", tag: tag, summary: "Approve a request", scope: staff, fails: []int{409, 412},
		doc: "For staff of the hub, and never for the person whose request it is."}, a.decision(a.Book.Approve))
	register(a, operation{id: "declineBooking", call: "POST /bookings/{id}/decline", tag: tag, summary: "Decline a request", scope: staff, fails: []int{412}},
		a.reasonedDecision(a.Book.Decline))
	register(a, operation{id: "cancelBooking", call: "POST /bookings/{id}/cancel", tag: tag, summary: "Cancel a booking", scope: book, fails: []int{412},
		doc: "Cancelling twice is the same as once."}, a.reasonedDecision(a.Book.Cancel))
	register(a, operation{id: "listApprovals", call: "GET /approvals", tag: tag, summary: "List the requests to answer", scope: staff,
		doc: "Those that one may approve, the one that lapses first at the top, each with the requests that want some of the same time."}, a.approvalList)
	register(a, operation{id: "listWaivers", call: "GET /bookings/{id}/waivers", tag: tag, summary: "List the rules lifted for a booking", scope: read}, a.waiverList)
	register(a, operation{id: "addWaiver", call: "POST /bookings/{id}/waivers", tag: tag, summary: "Lift one rule for one booking", scope: staff,
		doc: "By right, with a reason, and never for oneself. It is logged."}, a.waiverAdd)
}

// waiting is a request in the queue of those who may approve it.
type waiting struct {
	Booking  bookingBody `json:"booking"`
	AnswerBy Instant     `json:"answer_by" doc:"After this it lapses by itself"`
	Rivals   []string    `json:"rivals" doc:"Ids of the other requests that want some of the same time"`
}

type approvalListInput struct {
	Hub string `query:"hub" maxLength:"100" doc:"By id or slug"`
	Paging
}

func (a *API) approvalList(ctx context.Context, in *approvalListInput) (*answer[page[waiting]], error) {
	list, next, err := a.Book.Approvals(ctx, actor(ctx), in.Hub, in.Limit, in.Cursor)
	if err == nil {
		err = a.viewedBookings(ctx, requested(list)...)
	}
	if err != nil {
		return nil, err
	}
	return &answer[page[waiting]]{listed(list, next, func(w booking.Waiting) waiting {
		by := w.StartsAt
		if w.LapsesAt != nil {
			by = *w.LapsesAt
		}
		return waiting{Booking: wireBooking(w.Booking), AnswerBy: instant(by), Rivals: w.Rivals}
	})}, nil
}

// requested are the bookings of requests.
func requested(list []booking.Waiting) []booking.Booking {
	all := make([]booking.Booking, len(list))
	for i, w := range list {
		all[i] = w.Booking
	}
	return all
}

// waiver is one rule that was lifted for one booking.
type waiver struct {
	Rule    string  `json:"rule" doc:"The code of a violation" example:"quota_spent"`
	Reason  string  `json:"reason"`
	GivenBy string  `json:"given_by" doc:"By id"`
	GivenAt Instant `json:"given_at"`
}

// newWaiver asks for a rule to be lifted.
type newWaiver struct {
	Rule   string `json:"rule" minLength:"1" maxLength:"60" doc:"The code of a violation" example:"quota_spent"`
	Reason string `json:"reason" minLength:"1" maxLength:"500" doc:"Why, for those who look later"`
}

type waiverListInput struct {
	ID string `path:"id"`
}

// waivers is the list of the rules lifted for a booking.
type waivers struct {
	Items []waiver `json:"items"`
}

func (a *API) waiverList(ctx context.Context, in *waiverListInput) (*answer[waivers], error) {
	list, err := a.Book.Waivers(ctx, actor(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	out := waivers{Items: []waiver{}}
	for _, w := range list {
		out.Items = append(out.Items, waiver{Rule: w.Rule, Reason: w.Reason, GivenBy: w.GivenBy, GivenAt: instant(w.GivenAt)})
	}
	return &answer[waivers]{out}, nil
}

type waiverAddInput struct {
	ID string `path:"id"`
	Once
	Body newWaiver
}

func (a *API) waiverAdd(ctx context.Context, in *waiverAddInput) (*answer[waivers], error) {
	w := booking.Waiver{Rule: in.Body.Rule, Reason: in.Body.Reason}
	if _, err := a.Book.Waive(ctx, actor(ctx), in.ID, w, keyOf(ctx)); err != nil {
		return nil, err
	}
	return a.waiverList(ctx, &waiverListInput{in.ID})
}

// nothing is the body of a call that needs none.
type nothing struct{}

type decisionInput struct {
	ID string `path:"id"`
	Once
	Matching
	Body *nothing
}

// reasonBody is why.
type reasonBody struct {
	Reason string `json:"reason,omitempty" maxLength:"1000" doc:"Its member may read it"`
}

type reasonedInput struct {
	ID string `path:"id"`
	Once
	Matching
	Body *reasonBody
}

// decision serves a verb that changes the status of a booking.
func (a *API) decision(verb func(context.Context, identity.Actor, string, int64, database.Key) (booking.Booking, error)) func(context.Context, *decisionInput) (*tagged[bookingBody], error) {
	return func(ctx context.Context, in *decisionInput) (*tagged[bookingBody], error) {
		version, err := in.version(a.bookingVersion(ctx, in.ID))
		if err != nil {
			return nil, err
		}
		b, err := verb(ctx, actor(ctx), in.ID, version, keyOf(ctx))
		if err != nil {
			return nil, err
		}
		return taggedBooking(b), nil
	}
}

// reasonedDecision serves a verb that also takes a reason.
func (a *API) reasonedDecision(verb func(context.Context, identity.Actor, string, int64, string, database.Key) (booking.Booking, error)) func(context.Context, *reasonedInput) (*tagged[bookingBody], error) {
	return func(ctx context.Context, in *reasonedInput) (*tagged[bookingBody], error) {
		version, err := in.version(a.bookingVersion(ctx, in.ID))
		if err != nil {
			return nil, err
		}
		reason := ""
		if in.Body != nil {
			reason = in.Body.Reason
		}
		b, err := verb(ctx, actor(ctx), in.ID, version, reason, keyOf(ctx))
		if err != nil {
			return nil, err
		}
		return taggedBooking(b), nil
	}
}
