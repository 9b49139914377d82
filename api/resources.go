package api

import (
	"context"

	"canot/inventory"
	"canot/web/edge"
)

// resource is what can be booked, on the wire.
type resource struct {
	ID             string            `json:"id"`
	Slug           string            `json:"slug"`
	Hub            string            `json:"hub" doc:"The id of its hub"`
	HubSlug        string            `json:"hub_slug"`
	Kind           string            `json:"kind" enum:"space,machine,equipment,guide"`
	Category       string            `json:"category" doc:"The id of its category"`
	CategorySlug   string            `json:"category_slug"`
	Name           map[string]string `json:"name"`
	Description    map[string]string `json:"description"`
	Bring          map[string]string `json:"bring" doc:"What a person should bring or know before they come"`
	Capacity       int               `json:"capacity" doc:"Persons; 0 when it is not said"`
	Floor          string            `json:"floor"`
	Accessibility  map[string]string `json:"accessibility"`
	Photos         []photo           `json:"photos"`
	Tags           []string          `json:"tags"`
	PricePerHour   money             `json:"price_per_hour" doc:"Before tax"`
	Policy         inventory.Policy  `json:"policy" doc:"What it asks of a booking; minutes are elapsed minutes"`
	UnitsInService int               `json:"units_in_service"`
	Archived       bool              `json:"archived"`
	Version        int64             `json:"version" doc:"Its ETag, without the quotes; bookings leave it alone"`
}

func (a *API) resourceRoutes() {
	register(a, operation{id: "listResources", call: "GET /resources", tag: "Resources", summary: "List what can be booked", scope: public}, a.resourceList)
	register(a, operation{id: "getResource", call: "GET /resources/{id}", tag: "Resources", summary: "Read a resource, with its policy", scope: public}, a.resourceRead)
	register(a, operation{id: "createResource", call: "POST /resources", tag: "Resources", summary: "Add a resource to a hub", scope: admin, status: 201}, a.resourceCreate)
	register(a, operation{id: "updateResource", call: "PATCH /resources/{id}", tag: "Resources", summary: "Change a resource or its policy, or archive it", scope: admin, fails: []int{412}}, a.resourceUpdate)
}

type resourceListInput struct {
	Hub      string `query:"hub" maxLength:"100" doc:"By id or slug"`
	Region   string `query:"region" maxLength:"100" doc:"By id or slug"`
	Kind     string `query:"kind" enum:"space,machine,equipment,guide"`
	Category string `query:"category" maxLength:"100" doc:"By id or slug"`
	Tag      string `query:"tag" maxLength:"100"`
	Q        string `query:"q" maxLength:"200" doc:"Words, which must all be found; accents and case do not matter"`
	Paging
}

func (a *API) resourceList(ctx context.Context, in *resourceListInput) (*answer[page[resource]], error) {
	list, next, err := a.Catalog.Resources(ctx, inventory.ResourceQuery{
		Hub: in.Hub, Region: in.Region, Kind: in.Kind, Category: in.Category, Tag: in.Tag, Q: in.Q, Limit: in.Limit, After: in.Cursor,
	})
	if err != nil {
		return nil, err
	}
	return &answer[page[resource]]{listed(list, next, wireResource)}, nil
}

type resourceReadInput struct {
	Keyed
	Conditional
}

func (a *API) resourceRead(ctx context.Context, in *resourceReadInput) (*tagged[resource], error) {
	r, err := a.Catalog.Resource(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	out := taggedResource(r)
	out.Status = in.answer(out.ETag)
	return out, nil
}

func taggedResource(r inventory.Resource) *tagged[resource] {
	return &tagged[resource]{Status: 200, ETag: edge.Tag(r.RulesVersion), Body: wireResource(r)}
}

func wireResource(r inventory.Resource) resource {
	return resource{
		ID: r.ID, Slug: r.Slug, Hub: r.HubID, HubSlug: r.HubSlug, Kind: string(r.Kind), Category: r.CategoryID, CategorySlug: r.CategorySlug, Name: textOrEmpty(r.Name),
		Description: textOrEmpty(r.Description), Bring: textOrEmpty(r.Bring), Capacity: r.Capacity, Floor: r.Floor, Accessibility: textOrEmpty(r.Accessibility),
		Photos: wirePhotos(r.Photos), Tags: orEmpty(r.Tags),
		PricePerHour: money{r.PricePerHour, "CAD"}, Policy: r.Policy, UnitsInService: r.UnitsInService,
		Archived: r.Archived, Version: r.RulesVersion,
	}
}

// resourceEdits is what may be written of a resource. Its hub is given when it is made and stays.
type resourceEdits struct {
	Slug          Edit[string]            `json:"slug,omitempty" doc:"Made from the hub and the name when left out; once made it stays, for calendars are subscribed to it"`
	Hub           Edit[string]            `json:"hub,omitempty" doc:"By id or slug; only when it is made"`
	Kind          Edit[string]            `json:"kind,omitempty" enum:"space,machine,equipment,guide"`
	Category      Edit[string]            `json:"category,omitempty" doc:"By id or slug"`
	Name          Edit[map[string]string] `json:"name,omitempty"`
	Description   Edit[map[string]string] `json:"description,omitempty"`
	Bring         Edit[map[string]string] `json:"bring,omitempty" doc:"What a person should bring or know before they come"`
	Notes         Edit[string]            `json:"notes,omitempty" doc:"For staff"`
	Capacity      Edit[int]               `json:"capacity,omitempty" minimum:"0" maximum:"100000"`
	Floor         Edit[string]            `json:"floor,omitempty"`
	Accessibility Edit[map[string]string] `json:"accessibility,omitempty"`
	Photos        Edit[[]photo]           `json:"photos,omitempty" maxItems:"20"`
	Tags          Edit[[]string]          `json:"tags,omitempty" maxItems:"50"`
	PricePerHour  Edit[money]             `json:"price_per_hour,omitempty"`
	Policy        policyFields            `json:"policy,omitempty"`
	Inherit       Edit[[]string]          `json:"inherit,omitempty" maxItems:"50" doc:"Fields of the policy that the resource no longer says itself, so that they follow its category and hub again; * for all"`
	Archived      Edit[bool]              `json:"archived,omitempty"`
}

func (e *resourceEdits) edits(version int64) (inventory.ResourceEdits, error) {
	out := inventory.ResourceEdits{
		IfVersion: version, Slug: e.Slug.ptr(), Hub: e.Hub.ptr(), Category: e.Category.ptr(), Kind: (*inventory.Kind)(e.Kind.ptr()),
		Name: textPtr(e.Name.ptr()), Description: textPtr(e.Description.ptr()), Bring: textPtr(e.Bring.ptr()), Notes: e.Notes.ptr(), Capacity: e.Capacity.ptr(),
		Floor: e.Floor.ptr(), Accessibility: textPtr(e.Accessibility.ptr()), Photos: photosPtr(e.Photos.ptr()), Tags: e.Tags.ptr(),
		Policy: e.Policy.edits(), Inherit: e.Inherit.ptr(), Archived: e.Archived.ptr(),
	}
	if price := e.PricePerHour.ptr(); price != nil {
		if price.Currency != "CAD" {
			return out, field("price_per_hour.currency", "bad_currency")
		}
		out.PricePerHour = &price.Amount
	}
	return out, nil
}

type resourceCreateInput struct {
	Once
	Body resourceEdits
}

func (a *API) resourceCreate(ctx context.Context, in *resourceCreateInput) (*made[resource], error) {
	edits, err := in.Body.edits(0)
	if err != nil {
		return nil, err
	}
	r, err := a.Catalog.CreateResource(ctx, actor(ctx), edits, keyOf(ctx))
	if err != nil {
		return nil, err
	}
	out := taggedResource(r)
	return &made[resource]{Location: prefix + "/resources/" + r.ID, ETag: out.ETag, Body: out.Body}, nil
}

type resourceUpdateInput struct {
	Keyed
	Once
	Matching
	Body resourceEdits
}

func (a *API) resourceUpdate(ctx context.Context, in *resourceUpdateInput) (*tagged[resource], error) {
	version, err := in.version(func() (int64, error) {
		r, err := a.Catalog.Resource(ctx, in.ID)
		return r.Version, err
	})
	if err != nil {
		return nil, err
	}
	edits, err := in.Body.edits(version)
	if err != nil {
		return nil, err
	}
	r, err := a.Catalog.UpdateResource(ctx, actor(ctx), in.ID, edits, keyOf(ctx))
	if err != nil {
		return nil, err
	}
	return taggedResource(r), nil
}
