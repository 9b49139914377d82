package api

import (
	"context"
	"strconv"

	"canot/inventory"
	"canot/web/edge"
)

// condition is one version of terms of use, on the wire.
type condition struct {
	ID          string            `json:"id"`
	Slug        string            `json:"slug"`
	Hub         *string           `json:"hub" doc:"Its id; null for terms of the whole network"`
	Name        map[string]string `json:"name"`
	Version     int64             `json:"version" doc:"Of this text"`
	Latest      int64             `json:"latest" doc:"The version that is asked for now"`
	Text        map[string]string `json:"text"`
	PublishedAt Instant           `json:"published_at"`
}

func (a *API) conditionRoutes() {
	const tag = "Terms of use"
	register(a, operation{id: "listConditions", call: "GET /conditions", tag: tag, summary: "List terms of use, in their latest version", scope: public},
		listAll(a.Catalog.Conditions, whole[inventory.Condition]{"conditions", func(x inventory.Condition) string { return x.Slug }}, wireCondition))
	register(a, operation{id: "getCondition", call: "GET /conditions/{id}", tag: tag, summary: "Read terms of use, the latest version or an older one", scope: public}, a.conditionRead)
	register(a, operation{id: "createCondition", call: "POST /conditions", tag: tag, summary: "Publish new terms of use", scope: admin, status: 201,
		doc: "A policy asks for them by their slug. For the whole network it takes the right to manage the network."}, a.conditionCreate)
	register(a, operation{id: "publishCondition", call: "POST /conditions/{id}/versions", tag: tag, summary: "Publish another version of terms of use", scope: admin, status: 201, fails: []int{412},
		doc: "A published text never changes. Who accepted an older one is asked again, with their next booking."}, a.conditionPublish)
}

func wireCondition(x inventory.Condition) condition {
	out := condition{ID: x.ID, Slug: x.Slug, Name: textOrEmpty(x.Name), Version: x.Version, Latest: x.Latest,
		Text: textOrEmpty(x.Text), PublishedAt: instant(x.PublishedAt)}
	if x.HubID != "" {
		out.Hub = &x.HubID
	}
	return out
}

type conditionReadInput struct {
	Keyed
	Version int64 `query:"version" minimum:"1" doc:"The latest when left out"`
	Conditional
}

func (a *API) conditionRead(ctx context.Context, in *conditionReadInput) (*tagged[condition], error) {
	x, err := a.Catalog.Condition(ctx, in.ID, in.Version)
	if err != nil {
		return nil, err
	}
	out := &tagged[condition]{ETag: versioned(x.Latest, x.Version), Body: wireCondition(x)}
	out.Status = in.answer(out.ETag)
	return out, nil
}

// conditionEdits is what may be written of terms of use.
type conditionEdits struct {
	Slug Edit[string]            `json:"slug,omitempty" doc:"Made from the name when left out; once made it stays"`
	Hub  Edit[string]            `json:"hub,omitempty" doc:"By id or slug, when they are made; the whole network when left out"`
	Name Edit[map[string]string] `json:"name,omitempty"`
	Text Edit[map[string]string] `json:"text,omitempty"`
}

type conditionCreateInput struct {
	Once
	Body conditionEdits
}

func (a *API) conditionCreate(ctx context.Context, in *conditionCreateInput) (*made[condition], error) {
	x, err := a.Catalog.CreateCondition(ctx, actor(ctx), inventory.ConditionEdits{Slug: in.Body.Slug.ptr(), Hub: in.Body.Hub.ptr(),
		Name: textPtr(in.Body.Name.ptr()), Text: textPtr(in.Body.Text.ptr())}, keyOf(ctx))
	if err != nil {
		return nil, err
	}
	return madeCondition(x), nil
}

// versionEdits is what may be written of another version of terms of use.
type versionEdits struct {
	Name Edit[map[string]string] `json:"name,omitempty"`
	Text Edit[map[string]string] `json:"text"`
}

type conditionPublishInput struct {
	Keyed
	Once
	Matching
	Body versionEdits
}

func (a *API) conditionPublish(ctx context.Context, in *conditionPublishInput) (*made[condition], error) {
	version, err := in.version(func() (int64, error) {
		x, err := a.Catalog.Condition(ctx, in.ID, 0)
		return x.Version, err
	})
	if err != nil {
		return nil, err
	}
	x, err := a.Catalog.PublishCondition(ctx, actor(ctx), in.ID, inventory.ConditionEdits{IfVersion: version,
		Name: textPtr(in.Body.Name.ptr()), Text: textPtr(in.Body.Text.ptr())}, keyOf(ctx))
	if err != nil {
		return nil, err
	}
	return madeCondition(x), nil
}

func madeCondition(x inventory.Condition) *made[condition] {
	return &made[condition]{Location: prefix + "/conditions/" + x.ID + "?version=" + strconv.FormatInt(x.Version, 10),
		ETag: edge.Tag(x.Latest), Body: wireCondition(x)}
}
