package api

import (
	"context"

	"canot/inventory"
	"canot/web/edge"
)

// policyLayer is what a category, a hub, or a category at a hub asks for, on the wire.
type policyLayer struct {
	Hub          *string               `json:"hub" doc:"Its id; null for the whole network"`
	HubSlug      string                `json:"hub_slug"`
	Category     *string               `json:"category" doc:"Its id; null for all categories"`
	CategorySlug string                `json:"category_slug"`
	Policy       inventory.PolicyEdits `json:"policy" doc:"The fields that it says"`
	Version      int64                 `json:"version" doc:"Its ETag, without the quotes; 1 when nobody has written it"`
}

// policyPart is one field of a policy and who says so.
type policyPart struct {
	Value any    `json:"value" doc:"As in the resource's policy; nothing asked for is 0, false or an empty list"`
	From  string `json:"from" enum:"kind,category,hub,hub_category,resource" doc:"Which layer says so, from the most general to the most specific"`
}

// resourcePolicy is the policy of a resource, and who says what, on the wire.
type resourcePolicy struct {
	Resource string                `json:"resource" doc:"Its id"`
	Slug     string                `json:"slug"`
	Policy   map[string]policyPart `json:"policy"`
	Version  int64                 `json:"version" doc:"The resource's ETag, without the quotes"`
}

func (a *API) policyRoutes() {
	const tag = "Policies"
	register(a, operation{id: "listPolicies", call: "GET /policies", tag: tag, summary: "List what categories and hubs ask for", scope: public,
		doc: "For each field of a policy the most specific layer that says it wins: the resource, then its category at its hub, its hub, its category in the whole network, and last the default of its kind."}, a.policyList)
	register(a, operation{id: "getHubPolicy", call: "GET /hubs/{id}/policy", tag: tag, summary: "Read what a hub asks for, perhaps for one category", scope: public}, a.hubPolicyRead)
	register(a, operation{id: "setHubPolicy", call: "PUT /hubs/{id}/policy", tag: tag, summary: "Set what a hub asks for, perhaps for one category", scope: admin, fails: []int{412},
		doc: "Fields that are left out are no longer said here. All resources of the hub that do not say otherwise follow at once."}, a.hubPolicySet)
	register(a, operation{id: "getCategoryPolicy", call: "GET /categories/{id}/policy", tag: tag, summary: "Read what a category asks for in the whole network", scope: public}, a.categoryPolicyRead)
	register(a, operation{id: "setCategoryPolicy", call: "PUT /categories/{id}/policy", tag: tag, summary: "Set what a category asks for in the whole network", scope: admin, fails: []int{412},
		doc: "Fields that are left out are no longer said here. Resources follow at once where nothing more specific says otherwise."}, a.categoryPolicySet)
	register(a, operation{id: "explainPolicy", call: "GET /resources/{id}/policy", tag: tag, summary: "Read the policy of a resource, and who says what", scope: public}, a.policyExplain)
}

func wireLayer(d inventory.PolicyDefaults) policyLayer {
	out := policyLayer{HubSlug: d.HubSlug, CategorySlug: d.CategorySlug, Policy: d.Policy, Version: d.Version}
	if d.HubID != "" {
		out.Hub = &d.HubID
	}
	if d.CategoryID != "" {
		out.Category = &d.CategoryID
	}
	return out
}

func taggedLayer(d inventory.PolicyDefaults) *tagged[policyLayer] {
	return &tagged[policyLayer]{Status: 200, ETag: edge.Tag(d.Version), Body: wireLayer(d)}
}

func (a *API) policyList(ctx context.Context, in *pageInput) (*answer[page[policyLayer]], error) {
	list, err := a.Catalog.AllPolicyDefaults(ctx)
	if err != nil {
		return nil, err
	}
	return paged(whole[inventory.PolicyDefaults]{"policies", func(d inventory.PolicyDefaults) string { return d.HubSlug + " " + d.CategorySlug }}, list, in.Paging, wireLayer)
}

type hubPolicyReadInput struct {
	Keyed
	Category string `query:"category" maxLength:"100" doc:"By id or slug; all categories when left out"`
	Conditional
}

func (a *API) hubPolicyRead(ctx context.Context, in *hubPolicyReadInput) (*tagged[policyLayer], error) {
	return a.layerRead(ctx, in.ID, in.Category, in.Conditional)
}

func (a *API) categoryPolicyRead(ctx context.Context, in *hubReadInput) (*tagged[policyLayer], error) {
	return a.layerRead(ctx, "", in.ID, in.Conditional)
}

func (a *API) layerRead(ctx context.Context, hub, category string, cond Conditional) (*tagged[policyLayer], error) {
	d, err := a.Catalog.PolicyDefaults(ctx, hub, category)
	if err != nil {
		return nil, err
	}
	out := taggedLayer(d)
	out.Status = cond.answer(out.ETag)
	return out, nil
}

// layerEdits is what may be written of a layer: all that it says.
type layerEdits struct {
	Policy policyFields `json:"policy"`
}

type hubPolicySetInput struct {
	Keyed
	Category string `query:"category" maxLength:"100" doc:"By id or slug; all categories when left out"`
	Once
	Matching
	Body layerEdits
}

func (a *API) hubPolicySet(ctx context.Context, in *hubPolicySetInput) (*tagged[policyLayer], error) {
	return a.layerSet(ctx, in.ID, in.Category, in.Matching, &in.Body)
}

type categoryPolicySetInput struct {
	Keyed
	Once
	Matching
	Body layerEdits
}

func (a *API) categoryPolicySet(ctx context.Context, in *categoryPolicySetInput) (*tagged[policyLayer], error) {
	return a.layerSet(ctx, "", in.ID, in.Matching, &in.Body)
}

func (a *API) layerSet(ctx context.Context, hub, category string, m Matching, body *layerEdits) (*tagged[policyLayer], error) {
	version, err := m.version(func() (int64, error) {
		d, err := a.Catalog.PolicyDefaults(ctx, hub, category)
		return d.Version, err
	})
	if err != nil {
		return nil, err
	}
	d, err := a.Catalog.SetPolicyDefaults(ctx, actor(ctx), hub, category, inventory.PolicyDefaultEdits{
		IfVersion: version, Clear: inventory.PolicyFields(), Policy: body.Policy.edits()}, keyOf(ctx))
	if err != nil {
		return nil, err
	}
	return taggedLayer(d), nil
}

func (a *API) policyExplain(ctx context.Context, in *hubReadInput) (*tagged[resourcePolicy], error) {
	o, err := a.Catalog.PolicyOf(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	out := &tagged[resourcePolicy]{ETag: edge.Tag(o.Resource.RulesVersion), Body: resourcePolicy{
		Resource: o.Resource.ID, Slug: o.Resource.Slug, Policy: map[string]policyPart{}, Version: o.Resource.RulesVersion}}
	for name, part := range o.Parts {
		out.Body.Policy[name] = policyPart(part)
	}
	out.Status = in.answer(out.ETag)
	return out, nil
}

// policyFields is what may be written of a policy.
type policyFields struct {
	Grain            Edit[int]      `json:"grain_min,omitempty" doc:"Starts and ends are multiples of it, from midnight on the hub's clock"`
	Shortest         Edit[int]      `json:"shortest_min,omitempty"`
	Longest          Edit[int]      `json:"longest_min,omitempty"`
	Notice           Edit[int]      `json:"notice_min,omitempty"`
	Horizon          Edit[int]      `json:"horizon_days,omitempty"`
	BufferBefore     Edit[int]      `json:"buffer_before_min,omitempty"`
	BufferAfter      Edit[int]      `json:"buffer_after_min,omitempty"`
	CancelCutoff     Edit[int]      `json:"cancel_cutoff_min,omitempty"`
	Within           Edit[string]   `json:"within,omitempty" enum:"inside,ends_inside,any"`
	Approval         Edit[bool]     `json:"approval,omitempty" doc:"Staff approve every booking"`
	Competing        Edit[bool]     `json:"competing,omitempty" doc:"Requests that await approval take no time"`
	Certifications   Edit[[]string] `json:"certifications,omitempty" maxItems:"20" doc:"Slugs of the certifications that one must hold on the day of use"`
	AnyCertification Edit[bool]     `json:"any_certification,omitempty" doc:"One of them is enough"`
	Tiers            Edit[[]string] `json:"tiers,omitempty" maxItems:"20" doc:"Slugs of the tiers admitted; an empty list admits all"`
	ApprovalTiers    Edit[[]string] `json:"approval_tiers,omitempty" maxItems:"20" doc:"Slugs of the tiers whose holders need approval"`
	ApprovalAbove    Edit[int]      `json:"approval_above_min,omitempty" doc:"A longer booking needs approval; 0 for none"`
	AnswerWithin     Edit[int]      `json:"answer_within_min,omitempty" doc:"A request that nobody answers in so long lapses; 0 at its start only"`
	MinimumAge       Edit[int]      `json:"minimum_age,omitempty" doc:"In years, on the day of use; 0 for none"`
	ConsentUnder     Edit[int]      `json:"consent_under,omitempty" doc:"A parent must consent for who is younger; 0 means 14, and less cannot be said"`
	Attendance       Edit[int]      `json:"attendance,omitempty" doc:"Most persons at once; 0 for no limit"`
	Conditions       Edit[[]string] `json:"conditions,omitempty" maxItems:"20" doc:"Slugs of the terms of use that must be accepted"`
	NoShowAfter      Edit[int]      `json:"no_show_after_min,omitempty" doc:"Who has not come so long after the start loses the rest of the time; 0 for never"`
	Signature        Edit[bool]     `json:"signature,omitempty" doc:"Handed out against a signature"`
}

func (e *policyFields) edits() inventory.PolicyEdits {
	return inventory.PolicyEdits{
		Grain: e.Grain.ptr(), Shortest: e.Shortest.ptr(), Longest: e.Longest.ptr(), Notice: e.Notice.ptr(), Horizon: e.Horizon.ptr(),
		BufferBefore: e.BufferBefore.ptr(), BufferAfter: e.BufferAfter.ptr(), CancelCutoff: e.CancelCutoff.ptr(),
		Within: (*inventory.Within)(e.Within.ptr()), Approval: e.Approval.ptr(), Competing: e.Competing.ptr(),
		Certifications: e.Certifications.ptr(), AnyCertification: e.AnyCertification.ptr(), Tiers: e.Tiers.ptr(),
		ApprovalTiers: e.ApprovalTiers.ptr(), ApprovalAbove: e.ApprovalAbove.ptr(), AnswerWithin: e.AnswerWithin.ptr(),
		MinimumAge: e.MinimumAge.ptr(), ConsentUnder: e.ConsentUnder.ptr(), Attendance: e.Attendance.ptr(), Conditions: e.Conditions.ptr(),
		NoShowAfter: e.NoShowAfter.ptr(), Signature: e.Signature.ptr(),
	}
}
