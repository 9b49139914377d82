package api

import (
	"context"

	"canot/booking/membership"
	"canot/web/edge"
)

// tierMembership is the tier of a member or of an organisation, on the wire.
type tierMembership struct {
	ID           string            `json:"id"`
	Member       string            `json:"member" doc:"By id; empty when an organisation holds it"`
	Organisation string            `json:"organisation" doc:"By id; empty when a member holds it"`
	Tier         string            `json:"tier" doc:"By slug"`
	TierName     map[string]string `json:"tier_name"`
	Hub          string            `json:"hub" doc:"By id"`
	StartsOn     string            `json:"starts_on" doc:"A day of the hub's calendar"`
	EndsOn       string            `json:"ends_on" doc:"The last day; empty for none"`
	Renews       bool              `json:"renews" doc:"Stays in force after its last day"`
	Pauses       []pause           `json:"pauses" nullable:"false"`
	CreatedAt    Instant           `json:"created_at"`
	CancelledAt  *Instant          `json:"cancelled_at" nullable:"true" doc:"When it was undone before its first day: it never counts"`
	Version      int64             `json:"version"`
}

type pause struct {
	FromOn  string `json:"from_on"`
	UntilOn string `json:"until_on" doc:"The last day of the pause; empty until it is resumed"`
}

func (a *API) membershipRoutes() {
	const tag = "Memberships"
	register(a, operation{id: "listMemberships", call: "GET /memberships", tag: tag, summary: "List memberships", scope: read,
		doc: "One's own when no parameter is given; those of a member or an organisation, or of a hub, by right. Past ones too."}, a.membershipList)
	register(a, operation{id: "startMembership", call: "POST /memberships", tag: tag, summary: "Start a membership", scope: admin, status: 201}, a.membershipStart)
	register(a, operation{id: "getMembership", call: "GET /memberships/{id}", tag: tag, summary: "Read a membership", scope: read}, a.membershipRead)
	register(a, operation{id: "renewMembership", call: "POST /memberships/{id}/renew", tag: tag, summary: "Let a membership go on", scope: admin, fails: []int{412},
		doc: "One period of its tier more, or to the day that is given."}, a.membershipRenew)
	register(a, operation{id: "pauseMembership", call: "POST /memberships/{id}/pause", tag: tag, summary: "Pause a membership", scope: admin, fails: []int{412}}, a.membershipPause)
	register(a, operation{id: "resumeMembership", call: "POST /memberships/{id}/resume", tag: tag, summary: "Resume a membership", scope: admin, fails: []int{412}}, a.membershipResume)
	register(a, operation{id: "endMembership", call: "POST /memberships/{id}/end", tag: tag, summary: "End a membership", scope: admin, fails: []int{412},
		doc: "On a day, today when left out, which is its last; before its first day it is cancelled. Bookings that stand are left alone."}, a.membershipEnd)
	register(a, operation{id: "getBalance", call: "GET /balance", tag: tag, summary: "Read what may still be used", scope: read,
		doc: "Minutes that the tier includes in the present day, week and month, packs, and the ledger of uses and returns. One's own, or by right those of a member or an organisation."}, a.balanceRead)
	register(a, operation{id: "adjustBalance", call: "POST /balance/adjustments", tag: tag, summary: "Set included minutes right", scope: admin,
		doc: "Gives a member or an organisation minutes of what their tier includes in one day, week or month, or takes some. Answers what is left."}, a.balanceAdjust)
	register(a, operation{id: "listPacks", call: "GET /packs", tag: tag, summary: "List packs of hours", scope: read}, a.packList)
	register(a, operation{id: "sellPack", call: "POST /packs", tag: tag, summary: "Sell a pack of hours", scope: admin, status: 201,
		doc: "Packs do not expire unless a day is given; `warnings` then says what the operator should look at."}, a.packSell)
	register(a, operation{id: "adjustPack", call: "POST /packs/{id}/adjust", tag: tag, summary: "Add minutes to a pack, or take some", scope: admin}, a.packAdjust)
}

func wireMembership(m membership.Membership) tierMembership {
	out := tierMembership{ID: m.ID, Member: m.MemberID, Organisation: m.OrganisationID, Tier: m.TierSlug, TierName: textOrEmpty(m.TierName), Hub: m.HubID,
		StartsOn: m.StartsOn, EndsOn: m.EndsOn, Renews: m.Renews, Pauses: make([]pause, len(m.Pauses)), CreatedAt: instant(m.CreatedAt),
		CancelledAt: instantOrNil(m.CancelledAt), Version: m.Version}
	for i, p := range m.Pauses {
		out.Pauses[i] = pause{p.FromOn, p.UntilOn}
	}
	return out
}

func taggedMembership(m membership.Membership) *tagged[tierMembership] {
	return &tagged[tierMembership]{Status: 200, ETag: edge.Tag(m.Version), Body: wireMembership(m)}
}

// Of names whose things are asked for.
type Of struct {
	Member       string `query:"member" maxLength:"100" doc:"By id; oneself when neither is given"`
	Organisation string `query:"organisation" maxLength:"100" doc:"By id"`
}

// holder is who is meant: the organisation, the member, or who asks.
func (o Of) holder(ctx context.Context) membership.Holder {
	if o.Member == "" && o.Organisation == "" {
		o.Member = actor(ctx).ID
	}
	return membership.Holder{MemberID: o.Member, OrganisationID: o.Organisation}
}

// viewed writes down that somebody looked at what others hold.
func (a *API) viewed(ctx context.Context, what string, members ...string) error {
	ids := members[:0:0]
	for _, id := range members {
		if id != "" {
			ids = append(ids, id)
		}
	}
	return a.Privacy.Viewed(ctx, actor(ctx), what, ids...)
}

type membershipListInput struct {
	Of
	Hub string `query:"hub" maxLength:"100" doc:"By id or slug"`
	Paging
}

func (a *API) membershipList(ctx context.Context, in *membershipListInput) (*answer[page[tierMembership]], error) {
	q := membership.MembershipQuery{Hub: in.Hub, Limit: in.Limit, After: in.Cursor}
	if in.Hub == "" || in.Member != "" || in.Organisation != "" {
		q.Holder = in.holder(ctx)
	}
	list, next, err := a.Roster.Memberships(ctx, actor(ctx), q)
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, m := range list {
		ids = append(ids, m.MemberID)
	}
	if err := a.viewed(ctx, "memberships", ids...); err != nil {
		return nil, err
	}
	return &answer[page[tierMembership]]{listed(list, next, wireMembership)}, nil
}

func (a *API) membershipRead(ctx context.Context, in *idInput) (*tagged[tierMembership], error) {
	m, err := a.Roster.Membership(ctx, actor(ctx), in.ID)
	if err == nil {
		err = a.viewed(ctx, "memberships", m.MemberID)
	}
	if err != nil {
		return nil, err
	}
	return taggedMembership(m), nil
}

type membershipStartInput struct {
	Once
	Body struct {
		Member       string       `json:"member,omitempty" maxLength:"100" doc:"By id; this or an organisation"`
		Organisation string       `json:"organisation,omitempty" maxLength:"100" doc:"By id"`
		Tier         string       `json:"tier" minLength:"1" maxLength:"100" doc:"By id or slug"`
		Hub          string       `json:"hub" minLength:"1" maxLength:"100" doc:"By id or slug"`
		StartsOn     string       `json:"starts_on,omitempty" maxLength:"10" doc:"A day; today when left out"`
		EndsOn       Edit[string] `json:"ends_on,omitempty" doc:"The last day; empty for none, one period of the tier when left out"`
		Renews       bool         `json:"renews,omitempty"`
	}
}

func (a *API) membershipStart(ctx context.Context, in *membershipStartInput) (*made[tierMembership], error) {
	b := in.Body
	m, err := a.Roster.StartMembership(ctx, actor(ctx), membership.NewMembership{
		Holder: membership.Holder{MemberID: b.Member, OrganisationID: b.Organisation},
		Tier:   b.Tier, Hub: b.Hub, StartsOn: b.StartsOn, EndsOn: b.EndsOn.ptr(), Renews: b.Renews,
	}, keyOf(ctx))
	if err != nil {
		return nil, err
	}
	return &made[tierMembership]{Location: prefix + "/memberships/" + m.ID, ETag: edge.Tag(m.Version), Body: wireMembership(m)}, nil
}

// MembershipInput is the address of a membership that is changed. It is exported because huma leaves
// out embedded structs that are not.
type MembershipInput struct {
	ID string `path:"id"`
	Once
	Matching
}

func (a *API) membershipVersion(ctx context.Context, in MembershipInput) (int64, error) {
	return in.version(func() (int64, error) {
		m, err := a.Roster.Membership(ctx, actor(ctx), in.ID)
		return m.Version, err
	})
}

type membershipRenewInput struct {
	MembershipInput
	Body struct {
		EndsOn Edit[string] `json:"ends_on,omitempty" doc:"The last day; empty for none"`
		Renews Edit[bool]   `json:"renews,omitempty"`
	}
}

func (a *API) membershipRenew(ctx context.Context, in *membershipRenewInput) (*tagged[tierMembership], error) {
	version, err := a.membershipVersion(ctx, in.MembershipInput)
	if err != nil {
		return nil, err
	}
	m, err := a.Roster.RenewMembership(ctx, actor(ctx), in.ID,
		membership.Renewal{IfVersion: version, EndsOn: in.Body.EndsOn.ptr(), Renews: in.Body.Renews.ptr()}, keyOf(ctx))
	if err != nil {
		return nil, err
	}
	return taggedMembership(m), nil
}

type membershipPauseInput struct {
	MembershipInput
	Body struct {
		FromOn  string `json:"from_on,omitempty" maxLength:"10" doc:"A day; today when left out"`
		UntilOn string `json:"until_on,omitempty" maxLength:"10" doc:"The last day of the pause; until it is resumed when left out"`
	}
}

func (a *API) membershipPause(ctx context.Context, in *membershipPauseInput) (*tagged[tierMembership], error) {
	version, err := a.membershipVersion(ctx, in.MembershipInput)
	if err != nil {
		return nil, err
	}
	m, err := a.Roster.PauseMembership(ctx, actor(ctx), in.ID, membership.Pause{FromOn: in.Body.FromOn, UntilOn: in.Body.UntilOn}, version, keyOf(ctx))
	if err != nil {
		return nil, err
	}
	return taggedMembership(m), nil
}

type membershipDayInput struct {
	MembershipInput
	Body struct {
		On string `json:"on,omitempty" maxLength:"10" doc:"A day; today when left out"`
	}
}

func (a *API) membershipResume(ctx context.Context, in *membershipDayInput) (*tagged[tierMembership], error) {
	version, err := a.membershipVersion(ctx, in.MembershipInput)
	if err != nil {
		return nil, err
	}
	m, err := a.Roster.ResumeMembership(ctx, actor(ctx), in.ID, in.Body.On, version, keyOf(ctx))
	if err != nil {
		return nil, err
	}
	return taggedMembership(m), nil
}

func (a *API) membershipEnd(ctx context.Context, in *membershipDayInput) (*tagged[tierMembership], error) {
	version, err := a.membershipVersion(ctx, in.MembershipInput)
	if err != nil {
		return nil, err
	}
	m, err := a.Roster.EndMembership(ctx, actor(ctx), in.ID, in.Body.On, version, keyOf(ctx))
	if err != nil {
		return nil, err
	}
	return taggedMembership(m), nil
}
