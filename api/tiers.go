package api

import (
	"context"

	"canot/booking/membership"
	"canot/inventory"
	"canot/web/edge"
)

// tier is a kind of membership on the wire.
type tier struct {
	ID          string            `json:"id"`
	Slug        string            `json:"slug"`
	Hub         string            `json:"hub" doc:"By id; empty for a tier of the network"`
	Name        map[string]string `json:"name"`
	Description map[string]string `json:"description"`
	Price       money             `json:"price" doc:"Before tax, for a period"`
	Period      string            `json:"period" enum:"none,month,year"`
	ValidFrom   string            `json:"valid_from" doc:"First day on which it counts; empty for no first day"`
	ValidUntil  string            `json:"valid_until" doc:"Last day on which it counts; empty for no last day"`
	Reach       string            `json:"reach" enum:"hub,region,network" doc:"Which hubs honour it: the membership's own, its region's, or all"`
	Visitor     bool              `json:"visitor" doc:"Of persons without a membership"`
	Archived    bool              `json:"archived"`
	Allowances  []allowance       `json:"allowances" nullable:"false"`
	Version     int64             `json:"version"`
}

// allowance is what a tier allows of a category, else of a kind, else of everything.
type allowance struct {
	Kind         string `json:"kind" enum:",space,machine,equipment,guide" doc:"Empty for every kind, or when a category is given"`
	Category     string `json:"category" doc:"By slug; empty for the whole kind"`
	DayMin       *int64 `json:"day_min" doc:"Minutes included a day; null does not limit"`
	WeekMin      *int64 `json:"week_min" doc:"Minutes included a week, from Monday to Sunday"`
	MonthMin     *int64 `json:"month_min" doc:"Minutes included a month"`
	Beyond       string `json:"beyond" enum:"refused,charged" doc:"What happens to minutes beyond them, after packs"`
	HorizonDays  *int64 `json:"horizon_days" doc:"How far ahead one books"`
	LongestMin   *int64 `json:"longest_min" doc:"The longest booking"`
	Upcoming     *int64 `json:"upcoming" doc:"How many bookings that have not ended, at once"`
	AfterHours   bool   `json:"after_hours" doc:"Outside opening hours too, though not in a closure"`
	PricePercent int64  `json:"price_percent" doc:"Of the resource's price, for minutes that are charged"`
}

// allowanceEdits is an allowance as it is written: what is left out does not limit.
type allowanceEdits struct {
	Kind         string      `json:"kind,omitempty" enum:",space,machine,equipment,guide"`
	Category     string      `json:"category,omitempty" maxLength:"100" doc:"By id or slug"`
	DayMin       Edit[int64] `json:"day_min,omitempty"`
	WeekMin      Edit[int64] `json:"week_min,omitempty"`
	MonthMin     Edit[int64] `json:"month_min,omitempty"`
	Beyond       string      `json:"beyond,omitempty" enum:"refused,charged" doc:"refused when left out"`
	HorizonDays  Edit[int64] `json:"horizon_days,omitempty"`
	LongestMin   Edit[int64] `json:"longest_min,omitempty"`
	Upcoming     Edit[int64] `json:"upcoming,omitempty"`
	AfterHours   bool        `json:"after_hours,omitempty"`
	PricePercent Edit[int64] `json:"price_percent,omitempty" doc:"100 when left out"`
}

func (a *API) tierRoutes() {
	const tag = "Memberships"
	register(a, operation{id: "listTiers", call: "GET /tiers", tag: tag, summary: "List tiers", scope: public}, a.tierList)
	register(a, operation{id: "getTier", call: "GET /tiers/{id}", tag: tag, summary: "Read a tier", scope: public}, a.tierRead)
	register(a, operation{id: "createTier", call: "POST /tiers", tag: tag, summary: "Add a tier", scope: admin, status: 201,
		doc: "Of a hub, or of the network when no hub is given."}, a.tierCreate)
	register(a, operation{id: "updateTier", call: "PATCH /tiers/{id}", tag: tag, summary: "Change a tier", scope: admin, fails: []int{412},
		doc: "For everybody who has it, from their next booking on. `allowances`, when given, replaces them all; one for a kind or category that had one goes on counting what was used."}, a.tierUpdate)
}

func wireTier(t membership.Tier) tier {
	out := tier{ID: t.ID, Slug: t.Slug, Hub: t.HubID, Name: textOrEmpty(t.Name), Description: textOrEmpty(t.Description),
		Price: money{t.PriceCents, t.Currency}, Period: t.Period, ValidFrom: t.ValidFrom, ValidUntil: t.ValidUntil, Reach: t.Reach,
		Visitor: t.Visitor, Archived: t.Archived, Allowances: make([]allowance, len(t.Allowances)), Version: t.Version}
	for i, w := range t.Allowances {
		out.Allowances[i] = allowance{string(w.Kind), w.CategorySlug, w.DayMin, w.WeekMin, w.MonthMin, w.Beyond, w.HorizonDays, w.LongestMin,
			w.Upcoming, w.AfterHours, w.PricePercent}
	}
	return out
}

func taggedTier(t membership.Tier) *tagged[tier] {
	return &tagged[tier]{Status: 200, ETag: edge.Tag(t.Version), Body: wireTier(t)}
}

type archivedListInput struct {
	Archived bool `query:"archived" doc:"Archived ones too"`
	Paging
}

var tiers = whole[membership.Tier]{"tiers", func(t membership.Tier) string { return t.Slug }}

func (a *API) tierList(ctx context.Context, in *archivedListInput) (*answer[page[tier]], error) {
	list, err := a.Roster.Tiers(ctx, in.Archived)
	if err != nil {
		return nil, err
	}
	return paged(tiers, list, in.Paging, wireTier)
}

func (a *API) tierRead(ctx context.Context, in *hubReadInput) (*tagged[tier], error) {
	t, err := a.Roster.Tier(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	out := taggedTier(t)
	out.Status = in.answer(out.ETag)
	return out, nil
}

// TierEdits is what may be written of a tier. It is exported because huma leaves out embedded
// structs that are not.
type TierEdits struct {
	Name        Edit[map[string]string] `json:"name,omitempty"`
	Description Edit[map[string]string] `json:"description,omitempty"`
	PriceCents  Edit[int64]             `json:"price_cents,omitempty"`
	Period      Edit[string]            `json:"period,omitempty" enum:"none,month,year"`
	ValidFrom   Edit[string]            `json:"valid_from,omitempty" doc:"A day, or empty"`
	ValidUntil  Edit[string]            `json:"valid_until,omitempty" doc:"A day, or empty"`
	Reach       Edit[string]            `json:"reach,omitempty"`
	Visitor     Edit[bool]              `json:"visitor,omitempty"`
	Archived    Edit[bool]              `json:"archived,omitempty"`
	Allowances  Edit[[]allowanceEdits]  `json:"allowances,omitempty"`
}

func (e *TierEdits) edits(version int64) membership.TierEdits {
	out := membership.TierEdits{IfVersion: version, Name: textPtr(e.Name.ptr()), Description: textPtr(e.Description.ptr()), PriceCents: e.PriceCents.ptr(),
		Period: e.Period.ptr(), ValidFrom: e.ValidFrom.ptr(), ValidUntil: e.ValidUntil.ptr(), Reach: e.Reach.ptr(), Visitor: e.Visitor.ptr(), Archived: e.Archived.ptr()}
	if given := e.Allowances.ptr(); given != nil {
		list := make([]membership.Allowance, len(*given))
		for i, w := range *given {
			percent := int64(100)
			if p := w.PricePercent.ptr(); p != nil {
				percent = *p
			}
			list[i] = membership.Allowance{Kind: inventory.Kind(w.Kind), CategorySlug: w.Category, DayMin: w.DayMin.ptr(), WeekMin: w.WeekMin.ptr(),
				MonthMin: w.MonthMin.ptr(), Beyond: w.Beyond, HorizonDays: w.HorizonDays.ptr(), LongestMin: w.LongestMin.ptr(),
				Upcoming: w.Upcoming.ptr(), AfterHours: w.AfterHours, PricePercent: percent}
		}
		out.Allowances = &list
	}
	return out
}

type tierCreateInput struct {
	Once
	Body struct {
		Slug string `json:"slug" minLength:"1" maxLength:"80" doc:"How policies name it; it never changes"`
		Hub  string `json:"hub,omitempty" maxLength:"100" doc:"By id or slug; the network's when left out"`
		TierEdits
	}
}

func (a *API) tierCreate(ctx context.Context, in *tierCreateInput) (*made[tier], error) {
	e := in.Body.edits(0)
	e.Slug, e.Hub = &in.Body.Slug, &in.Body.Hub
	t, err := a.Roster.CreateTier(ctx, actor(ctx), e, keyOf(ctx))
	if err != nil {
		return nil, err
	}
	return &made[tier]{Location: prefix + "/tiers/" + t.ID, ETag: edge.Tag(t.Version), Body: wireTier(t)}, nil
}

type tierUpdateInput struct {
	Keyed
	Once
	Matching
	Body TierEdits
}

func (a *API) tierUpdate(ctx context.Context, in *tierUpdateInput) (*tagged[tier], error) {
	version, err := in.version(func() (int64, error) {
		t, err := a.Roster.Tier(ctx, in.ID)
		return t.Version, err
	})
	if err != nil {
		return nil, err
	}
	t, err := a.Roster.ChangeTier(ctx, actor(ctx), in.ID, in.Body.edits(version), keyOf(ctx))
	if err != nil {
		return nil, err
	}
	return taggedTier(t), nil
}
