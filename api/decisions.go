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
