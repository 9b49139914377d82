package api

import (
	"context"

	"canot/booking/membership"
	"canot/inventory"
	"canot/web/edge"
)

// pack is a carnet of prepaid minutes on the wire.
type pack struct {
	ID           string   `json:"id"`
	Member       string   `json:"member"`
	Organisation string   `json:"organisation"`
	Hub          string   `json:"hub" doc:"By id; empty for everywhere"`
	Kind         string   `json:"kind" doc:"Empty for every kind"`
	Category     string   `json:"category" doc:"By id; empty for every category"`
	Minutes      int64    `json:"minutes" doc:"When it was sold"`
	LeftMin      int64    `json:"left_min" doc:"The sum of its rows in the ledger"`
	Price        money    `json:"price"`
	ExpiresOn    string   `json:"expires_on" doc:"The last day of use; empty for none"`
	CreatedAt    Instant  `json:"created_at"`
	Warnings     []string `json:"warnings" nullable:"false" doc:"Codes of what the operator should look at"`
}

// balance is what a holder may still use, on the wire.
type balance struct {
	Hub      string            `json:"hub" doc:"Whose calendar counts, by id"`
	Tier     string            `json:"tier" doc:"In force today, by slug; empty for none"`
	TierName map[string]string `json:"tier_name"`
	Buckets  []minuteBucket    `json:"buckets" nullable:"false"`
	Packs    []pack            `json:"packs" nullable:"false"`
	Ledger   []ledgerLine      `json:"ledger" nullable:"false" doc:"A page of it, the latest first"`
	Next     *string           `json:"next_cursor" doc:"Give it as ?cursor= to get the next page of the ledger; null on the last one"`
}

// minuteBucket is what a tier includes in a present period.
type minuteBucket struct {
	Allowance   string `json:"allowance" doc:"By id"`
	Kind        string `json:"kind"`
	Category    string `json:"category" doc:"By id"`
	Period      string `json:"period" enum:"day,week,month"`
	StartsOn    string `json:"starts_on"`
	NextOn      string `json:"next_on" doc:"When the next period begins"`
	IncludedMin int64  `json:"included_min"`
	UsedMin     int64  `json:"used_min"`
	LeftMin     int64  `json:"left_min"`
}

// ledgerLine is one use or return.
type ledgerLine struct {
	At      Instant `json:"at"`
	Reason  string  `json:"reason" enum:"grant,use,return,correction,gift,damage,other"`
	Minutes int64   `json:"minutes" doc:"Negative when they were taken"`
	Pack    string  `json:"pack" doc:"By id"`
	Period  string  `json:"period" enum:",day,week,month"`
	Start   string  `json:"period_start"`
	Booking string  `json:"booking" doc:"By id"`
}

func wirePack(p membership.Pack) pack {
	return pack{p.ID, p.MemberID, p.OrganisationID, p.HubID, string(p.Kind), p.CategoryID, p.Minutes, p.Left, money{p.PriceCents, "CAD"}, p.ExpiresOn,
		instant(p.CreatedAt), orEmpty(p.Warnings())}
}

type balanceInput struct {
	Of
	Hub string `query:"hub" maxLength:"100" doc:"By id or slug; the membership's, else the home hub, when left out"`
	Paging
}

func (a *API) balanceRead(ctx context.Context, in *balanceInput) (*answer[balance], error) {
	h := in.holder(ctx)
	b, err := a.Roster.Balance(ctx, actor(ctx), membership.BalanceQuery{Holder: h, Hub: in.Hub, Limit: in.Limit, After: in.Cursor})
	if err == nil {
		err = a.viewed(ctx, "balance", h.MemberID)
	}
	if err != nil {
		return nil, err
	}
	out := balance{Hub: b.Hub, Tier: b.Tier.Slug, TierName: textOrEmpty(b.Tier.Name), Buckets: make([]minuteBucket, len(b.Buckets)),
		Packs: make([]pack, len(b.Packs)), Ledger: make([]ledgerLine, len(b.Lines))}
	for i, x := range b.Buckets {
		out.Buckets[i] = wireBucket(x)
	}
	for i, x := range b.Packs {
		out.Packs[i] = wirePack(x)
	}
	for i, x := range b.Lines {
		out.Ledger[i] = ledgerLine{instant(x.At), x.Reason, x.Minutes, x.PackID, x.Period, x.PeriodStart, x.BookingID}
	}
	if b.Next != "" {
		out.Next = &b.Next
	}
	return &answer[balance]{out}, nil
}

func wireBucket(b membership.Bucket) minuteBucket {
	return minuteBucket{b.AllowanceID, string(b.Kind), b.CategoryID, b.Period, b.StartsOn, b.NextOn, b.Included, b.Used, b.Left}
}

type balanceAdjustInput struct {
	Once
	Body struct {
		Member       string `json:"member,omitempty" maxLength:"100" doc:"By id; this or an organisation"`
		Organisation string `json:"organisation,omitempty" maxLength:"100" doc:"By id"`
		Allowance    string `json:"allowance" minLength:"1" maxLength:"100" doc:"By id, as the balance names it"`
		Period       string `json:"period" enum:"day,week,month"`
		On           string `json:"on,omitempty" maxLength:"10" doc:"A day of the period; today when left out"`
		Minutes      int64  `json:"minutes" minimum:"-527040" maximum:"527040" doc:"Negative to take some"`
		Reason       string `json:"reason" enum:"correction,gift,damage,other"`
	}
}

func (a *API) balanceAdjust(ctx context.Context, in *balanceAdjustInput) (*answer[minuteBucket], error) {
	b := in.Body
	bucket, err := a.Roster.AdjustAllowance(ctx, actor(ctx), membership.AllowanceAdjustment{
		Holder:      membership.Holder{MemberID: b.Member, OrganisationID: b.Organisation},
		AllowanceID: b.Allowance, Period: b.Period, On: b.On, Minutes: b.Minutes, Reason: b.Reason}, keyOf(ctx))
	if err != nil {
		return nil, err
	}
	return &answer[minuteBucket]{wireBucket(bucket)}, nil
}

type packListInput struct {
	Of
	Paging
}

var packs = whole[membership.Pack]{"packs", func(p membership.Pack) string { return latest(p.CreatedAt, p.ID) }}

func (a *API) packList(ctx context.Context, in *packListInput) (*answer[page[pack]], error) {
	h := in.holder(ctx)
	list, err := a.Roster.Packs(ctx, actor(ctx), h)
	if err == nil {
		err = a.viewed(ctx, "balance", h.MemberID)
	}
	if err != nil {
		return nil, err
	}
	return paged(packs, list, in.Paging, wirePack)
}

type packSellInput struct {
	Once
	Body struct {
		Member       string `json:"member,omitempty" maxLength:"100" doc:"By id; this or an organisation"`
		Organisation string `json:"organisation,omitempty" maxLength:"100" doc:"By id"`
		Hub          string `json:"hub,omitempty" maxLength:"100" doc:"By id or slug; everywhere when left out"`
		Kind         string `json:"kind,omitempty" enum:"space,machine,equipment,guide"`
		Category     string `json:"category,omitempty" maxLength:"100" doc:"By id or slug"`
		Minutes      int64  `json:"minutes" minimum:"1" maximum:"527040"`
		PriceCents   int64  `json:"price_cents,omitempty" minimum:"0" maximum:"100000000"`
		ExpiresOn    string `json:"expires_on,omitempty" maxLength:"10" doc:"The last day of use"`
	}
}

func (a *API) packSell(ctx context.Context, in *packSellInput) (*made[pack], error) {
	b := in.Body
	p, err := a.Roster.SellPack(ctx, actor(ctx), membership.NewPack{Holder: membership.Holder{MemberID: b.Member, OrganisationID: b.Organisation},
		Hub: b.Hub, Kind: inventory.Kind(b.Kind), Category: b.Category, Minutes: b.Minutes, PriceCents: b.PriceCents, ExpiresOn: b.ExpiresOn}, keyOf(ctx))
	if err != nil {
		return nil, err
	}
	return &made[pack]{Location: prefix + "/packs", ETag: edge.Tag(1), Body: wirePack(p)}, nil
}

type packAdjustInput struct {
	ID string `path:"id"`
	Once
	Body struct {
		Minutes int64  `json:"minutes" minimum:"-527040" maximum:"527040" doc:"Negative to take some"`
		Reason  string `json:"reason" enum:"correction,gift,damage,other"`
	}
}

func (a *API) packAdjust(ctx context.Context, in *packAdjustInput) (*answer[pack], error) {
	p, err := a.Roster.AdjustPack(ctx, actor(ctx), in.ID, in.Body.Minutes, in.Body.Reason, keyOf(ctx))
	if err != nil {
		return nil, err
	}
	return &answer[pack]{wirePack(p)}, nil
}
