package api

import (
	"context"

	"canot/inventory/upkeep"
	"canot/web/edge"
)

// ruleBody asks for a service after so much use or so many days, on the wire.
type ruleBody struct {
	ID        string     `json:"id"`
	Resource  string     `json:"resource" doc:"By id"`
	Name      string     `json:"name"`
	EveryUse  int64      `json:"every_use_min" doc:"Minutes of use; 0 where use does not count"`
	EveryDays int64      `json:"every_days" doc:"0 where days do not count"`
	Note      string     `json:"note" doc:"What is to be done"`
	Blocks    bool       `json:"blocks" doc:"The unit is out of service until it is done"`
	Active    bool       `json:"active"`
	Version   int64      `json:"version" doc:"Its ETag, without the quotes"`
	Units     []unitRule `json:"units" doc:"In order of code; empty but in lists"`
}

// unitRule is when a service is due for one unit.
type unitRule struct {
	Unit   string   `json:"unit" doc:"By id"`
	Code   string   `json:"code"`
	DoneAt Instant  `json:"done_at" doc:"When it was done last, or first counted"`
	Meter  int64    `json:"meter_min" doc:"Minutes of use of the unit in all"`
	Left   *int64   `json:"left_min" nullable:"true" doc:"Minutes of use until it is due"`
	DueAt  *Instant `json:"due_at" nullable:"true"`
	Ticket string   `json:"ticket" doc:"The one that is open, by id; empty for none"`
}

func wireRule(r upkeep.Rule) ruleBody {
	out := ruleBody{ID: r.ID, Resource: r.ResourceID, Name: r.Name, EveryUse: r.EveryUseMin, EveryDays: r.EveryDays, Note: r.Note,
		Blocks: r.Blocks, Active: r.Active, Version: r.Version, Units: []unitRule{}}
	for _, u := range r.Units {
		out.Units = append(out.Units, unitRule{u.UnitID, u.Code, instant(u.DoneAt), u.MeterMin, u.LeftMin, instantOrNil(u.DueAt), u.TicketID})
	}
	return out
}

func (a *API) ruleRoutes() {
	const tag = "Upkeep"
	register(a, operation{id: "listPreventiveRules", call: "GET /hubs/{id}/preventive-rules", tag: tag, summary: "List what is due at a hub by use or by time", scope: staff}, a.ruleList)
	register(a, operation{id: "addPreventiveRule", call: "POST /resources/{id}/preventive-rules", tag: tag, summary: "Ask for a service after so much use or so many days", scope: admin, status: 201,
		doc: "What is due opens a ticket by itself."}, a.ruleAdd)
	register(a, operation{id: "getPreventiveRule", call: "GET /preventive-rules/{id}", tag: tag, summary: "Read a preventive rule", scope: staff}, a.ruleRead)
	register(a, operation{id: "updatePreventiveRule", call: "PATCH /preventive-rules/{id}", tag: tag, summary: "Change a preventive rule", scope: admin, fails: []int{412}}, a.ruleUpdate)
	register(a, operation{id: "serviceDone", call: "POST /preventive-rules/{id}/done", tag: tag, summary: "Say that a unit had its service", scope: staff, status: 204}, a.ruleDone)
}

type ruleListInput struct {
	Keyed
	Paging
}

var rules = whole[upkeep.Rule]{"preventive-rules", func(r upkeep.Rule) string { return r.ResourceID + " " + r.ID }}

func (a *API) ruleList(ctx context.Context, in *ruleListInput) (*answer[page[ruleBody]], error) {
	list, err := a.Upkeep.Rules(ctx, actor(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	return paged(rules, list, in.Paging, wireRule)
}

// ruleEdits is what may be written of a preventive rule.
type ruleEdits struct {
	Name      Edit[string] `json:"name,omitempty" maxLength:"200"`
	EveryUse  Edit[int64]  `json:"every_use_min,omitempty" minimum:"0" doc:"Minutes of use; 0 where use does not count"`
	EveryDays Edit[int64]  `json:"every_days,omitempty" minimum:"0" doc:"0 where days do not count"`
	Note      Edit[string] `json:"note,omitempty" maxLength:"2000" doc:"What is to be done"`
	Blocks    Edit[bool]   `json:"blocks,omitempty" doc:"The unit is out of service until it is done"`
	Active    Edit[bool]   `json:"active,omitempty"`
}

func (e *ruleEdits) edits(version int64) upkeep.RuleEdits {
	return upkeep.RuleEdits{IfVersion: version, Name: e.Name.ptr(), EveryUseMin: e.EveryUse.ptr(), EveryDays: e.EveryDays.ptr(),
		Note: e.Note.ptr(), Blocks: e.Blocks.ptr(), Active: e.Active.ptr()}
}

type ruleAddInput struct {
	Keyed
	Once
	Body ruleEdits
}

func (a *API) ruleAdd(ctx context.Context, in *ruleAddInput) (*made[ruleBody], error) {
	r, err := a.Upkeep.AddRule(ctx, actor(ctx), in.ID, in.Body.edits(0), keyOf(ctx))
	if err != nil {
		return nil, err
	}
	return &made[ruleBody]{Location: prefix + "/preventive-rules/" + r.ID, ETag: edge.Tag(r.Version), Body: wireRule(r)}, nil
}

type ruleInput struct {
	ID string `path:"id"`
}

func (a *API) ruleRead(ctx context.Context, in *ruleInput) (*tagged[ruleBody], error) {
	return taggedRule(a.Upkeep.Rule(ctx, actor(ctx), in.ID))
}

func taggedRule(r upkeep.Rule, err error) (*tagged[ruleBody], error) {
	if err != nil {
		return nil, err
	}
	return &tagged[ruleBody]{Status: 200, ETag: edge.Tag(r.Version), Body: wireRule(r)}, nil
}

type ruleUpdateInput struct {
	ID string `path:"id"`
	Once
	Matching
	Body ruleEdits
}

func (a *API) ruleUpdate(ctx context.Context, in *ruleUpdateInput) (*tagged[ruleBody], error) {
	version, err := in.version(func() (int64, error) {
		r, err := a.Upkeep.Rule(ctx, actor(ctx), in.ID)
		return r.Version, err
	})
	if err != nil {
		return nil, err
	}
	return taggedRule(a.Upkeep.ChangeRule(ctx, actor(ctx), in.ID, in.Body.edits(version), keyOf(ctx)))
}

type ruleDoneInput struct {
	ID string `path:"id"`
	Once
	Body struct {
		Unit string `json:"unit" minLength:"1" maxLength:"100" doc:"By id or code"`
	}
}

func (a *API) ruleDone(ctx context.Context, in *ruleDoneInput) (*struct{}, error) {
	return &struct{}{}, a.Upkeep.MarkDone(ctx, actor(ctx), in.ID, in.Body.Unit, keyOf(ctx))
}
