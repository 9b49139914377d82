package api

import (
	"context"

	"canot/internal/identity/privacy"
	"canot/web/edge"
)

// incident is one entry of an operator's register, on the wire. Days are 2026-11-22, empty for none.
type incident struct {
	ID                  string  `json:"id"`
	Operator            string  `json:"operator"`
	HappenedOn          string  `json:"happened_on"`
	DiscoveredOn        string  `json:"discovered_on"`
	Description         string  `json:"description"`
	PersonalData        string  `json:"personal_data" doc:"Which kinds of data"`
	Persons             int     `json:"persons" doc:"How many were concerned"`
	SeriousRisk         bool    `json:"serious_risk" doc:"Of serious injury: then the authority and the persons must be told"`
	AuthorityNotifiedOn string  `json:"authority_notified_on"`
	PersonsNotifiedOn   string  `json:"persons_notified_on"`
	Measures            string  `json:"measures"`
	ClosedOn            string  `json:"closed_on"`
	MadeBy              string  `json:"made_by"`
	CreatedAt           Instant `json:"created_at"`
	Version             int64   `json:"version"`
}

func wireIncident(x privacy.Incident) incident {
	return incident{x.ID, x.OperatorID, x.HappenedOn, x.DiscoveredOn, x.Description, x.PersonalData, x.Persons, x.SeriousRisk,
		x.AuthorityNotifiedOn, x.PersonsNotifiedOn, x.Measures, x.ClosedOn, x.MadeBy, instant(x.CreatedAt), x.Version}
}

// incidentEdits is what may be written of an incident.
type incidentEdits struct {
	HappenedOn          Edit[string] `json:"happened_on,omitempty" maxLength:"10"`
	DiscoveredOn        Edit[string] `json:"discovered_on,omitempty" maxLength:"10" doc:"Needed"`
	Description         Edit[string] `json:"description,omitempty" maxLength:"4000" doc:"Needed; names nobody"`
	PersonalData        Edit[string] `json:"personal_data,omitempty" maxLength:"4000"`
	Persons             Edit[int]    `json:"persons,omitempty"`
	SeriousRisk         Edit[bool]   `json:"serious_risk,omitempty"`
	AuthorityNotifiedOn Edit[string] `json:"authority_notified_on,omitempty" maxLength:"10"`
	PersonsNotifiedOn   Edit[string] `json:"persons_notified_on,omitempty" maxLength:"10"`
	Measures            Edit[string] `json:"measures,omitempty" maxLength:"4000"`
	ClosedOn            Edit[string] `json:"closed_on,omitempty" maxLength:"10"`
}

func (e *incidentEdits) edits(version int64) privacy.IncidentEdits {
	return privacy.IncidentEdits{
		IfVersion: version, HappenedOn: e.HappenedOn.ptr(), DiscoveredOn: e.DiscoveredOn.ptr(), Description: e.Description.ptr(),
		PersonalData: e.PersonalData.ptr(), Measures: e.Measures.ptr(), Persons: e.Persons.ptr(), SeriousRisk: e.SeriousRisk.ptr(),
		AuthorityNotifiedOn: e.AuthorityNotifiedOn.ptr(), PersonsNotifiedOn: e.PersonsNotifiedOn.ptr(), ClosedOn: e.ClosedOn.ptr(),
	}
}

type incidentListInput struct {
	Keyed
	Paging
}

// latestDay is a key for lists in order of day, the latest first.
func latestDay(day, id string) string {
	turned := []byte(day)
	for i, b := range turned {
		if b >= '0' && b <= '9' {
			turned[i] = '9' - b + '0'
		}
	}
	return string(turned) + " " + id
}

var incidents = whole[privacy.Incident]{"incidents", func(x privacy.Incident) string { return latestDay(x.DiscoveredOn, x.ID) }}

// operatorID finds the operator that a key names, by id or slug. Who may not see its register finds
// the same as for an operator that is none: privacy says so.
func (a *API) operatorID(ctx context.Context, key string) (string, error) {
	o, err := a.Catalog.Operator(ctx, key)
	return o.ID, err
}

func (a *API) incidentList(ctx context.Context, in *incidentListInput) (*answer[page[incident]], error) {
	id, err := a.operatorID(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	list, err := a.Privacy.Incidents(ctx, actor(ctx), id)
	if err != nil {
		return nil, err
	}
	return paged(incidents, list, in.Paging, wireIncident)
}

type incidentRecordInput struct {
	Keyed
	Once
	Body incidentEdits
}

func (a *API) incidentRecord(ctx context.Context, in *incidentRecordInput) (*made[incident], error) {
	id, err := a.operatorID(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	x, err := a.Privacy.RecordIncident(ctx, actor(ctx), id, in.Body.edits(0), keyOf(ctx))
	if err != nil {
		return nil, err
	}
	return &made[incident]{Location: prefix + "/incidents/" + x.ID, ETag: edge.Tag(x.Version), Body: wireIncident(x)}, nil
}

func (a *API) incidentRead(ctx context.Context, in *idInput) (*tagged[incident], error) {
	x, err := a.Privacy.Incident(ctx, actor(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	return taggedIncident(x), nil
}

type incidentChangeInput struct {
	ID string `path:"id"`
	Once
	Matching
	Body incidentEdits
}

func (a *API) incidentChange(ctx context.Context, in *incidentChangeInput) (*tagged[incident], error) {
	version, err := in.version(func() (int64, error) {
		x, err := a.Privacy.Incident(ctx, actor(ctx), in.ID)
		return x.Version, err
	})
	if err != nil {
		return nil, err
	}
	x, err := a.Privacy.ChangeIncident(ctx, actor(ctx), in.ID, in.Body.edits(version), keyOf(ctx))
	if err != nil {
		return nil, err
	}
	return taggedIncident(x), nil
}

func taggedIncident(x privacy.Incident) *tagged[incident] {
	return &tagged[incident]{Status: 200, ETag: edge.Tag(x.Version), Body: wireIncident(x)}
}
