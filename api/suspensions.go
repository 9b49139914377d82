package api

import (
	"context"

	"canot/booking/membership"
)

// suspensionBody says that a person borrows and books nothing at a hub for a while.
type suspensionBody struct {
	ID       string   `json:"id"`
	Member   string   `json:"member" doc:"By id"`
	Hub      string   `json:"hub" doc:"By id"`
	Cause    string   `json:"cause" enum:"late,staff" doc:"They came back late too often, or staff said so"`
	Booking  string   `json:"booking" doc:"Whose late return was one too many, by id; empty for staff's word"`
	StartsAt Instant  `json:"starts_at"`
	EndsAt   Instant  `json:"ends_at"`
	Reason   string   `json:"reason" doc:"As the member may read it"`
	MadeBy   string   `json:"made_by" doc:"By id"`
	LiftedAt *Instant `json:"lifted_at" nullable:"true"`
}

func wireSuspension(s membership.Suspension) suspensionBody {
	return suspensionBody{ID: s.ID, Member: s.MemberID, Hub: s.HubID, Cause: s.Cause, Booking: s.BookingID, StartsAt: instant(s.StartsAt), EndsAt: instant(s.EndsAt),
		Reason: s.Reason, MadeBy: s.MadeBy, LiftedAt: instantOrNil(s.LiftedAt)}
}

func (a *API) suspensionRoutes() {
	const tag = "Members"
	register(a, operation{id: "listSuspensions", call: "GET /members/{id}/suspensions", tag: tag, summary: "List when a person borrows nothing", scope: read}, a.suspensionList)
	register(a, operation{id: "suspendMember", call: "POST /members/{id}/suspensions", tag: tag, summary: "Suspend a person at a hub", scope: staff, status: 201}, a.suspend)
	register(a, operation{id: "liftSuspension", call: "POST /suspensions/{id}/lift", tag: tag, summary: "End a suspension at once", scope: staff,
		doc: "Lifting it twice is the same as once. Nobody lifts their own."}, a.suspensionLift)
	register(a, operation{id: "makeCard", call: "POST /members/{id}/card", tag: tag, summary: "Have a person's card", scope: book,
		doc: "The number that they show at a counter: it is made when they have none. One has one's own; staff have that of who they book for."}, a.cardMake)
	register(a, operation{id: "renewCard", call: "POST /members/{id}/card/renew", tag: tag, summary: "Make another card, for one that is lost", scope: book,
		doc: "The old one is worth nothing from then on."}, a.cardRenew)
}

type suspensionListInput struct {
	ID string `path:"id" doc:"The member"`
	Paging
}

var suspensions = whole[membership.Suspension]{"suspensions", func(s membership.Suspension) string { return latest(s.StartsAt, s.ID) }}

func (a *API) suspensionList(ctx context.Context, in *suspensionListInput) (*answer[page[suspensionBody]], error) {
	list, err := a.Roster.Suspensions(ctx, actor(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	return paged(suspensions, list, in.Paging, wireSuspension)
}

type suspendInput struct {
	ID string `path:"id" doc:"The member"`
	Once
	Body struct {
		Hub    string  `json:"hub" minLength:"1" maxLength:"100" doc:"By id or slug"`
		Until  Instant `json:"until"`
		Reason string  `json:"reason" minLength:"1" maxLength:"500" doc:"The member may read it"`
	}
}

func (a *API) suspend(ctx context.Context, in *suspendInput) (*made[suspensionBody], error) {
	s, err := a.Roster.SuspendMember(ctx, actor(ctx), membership.NewSuspension{MemberID: in.ID, HubID: in.Body.Hub, Until: in.Body.Until.t, Reason: in.Body.Reason}, keyOf(ctx))
	if err != nil {
		return nil, err
	}
	return &made[suspensionBody]{Location: prefix + "/members/" + s.MemberID + "/suspensions", Body: wireSuspension(s)}, nil
}

type suspensionLiftInput struct {
	ID string `path:"id"`
	Once
	Body *reasonBody
}

func (a *API) suspensionLift(ctx context.Context, in *suspensionLiftInput) (*answer[suspensionBody], error) {
	reason := ""
	if in.Body != nil {
		reason = in.Body.Reason
	}
	s, err := a.Roster.LiftSuspension(ctx, actor(ctx), in.ID, reason, keyOf(ctx))
	if err != nil {
		return nil, err
	}
	return &answer[suspensionBody]{wireSuspension(s)}, nil
}

// cardBody is what a person shows at a counter.
type cardBody struct {
	Card string `json:"card" doc:"Its QR code and its bar code say the same" example:"M-K7QM3XPD"`
}

type cardInput struct {
	ID string `path:"id" doc:"The member"`
	Once
	Body *nothing
}

func (a *API) cardMake(ctx context.Context, in *cardInput) (*answer[cardBody], error) {
	return answerCard(a.Directory.Card(ctx, actor(ctx), in.ID, keyOf(ctx)))
}

func (a *API) cardRenew(ctx context.Context, in *cardInput) (*answer[cardBody], error) {
	return answerCard(a.Directory.RenewCard(ctx, actor(ctx), in.ID, keyOf(ctx)))
}

func answerCard(number string, err error) (*answer[cardBody], error) {
	if err != nil {
		return nil, err
	}
	return &answer[cardBody]{cardBody{number}}, nil
}
