package api

import (
	"context"

	"canot/internal/identity"
	"canot/internal/identity/privacy"
	"canot/web/edge"
)

// organisation is a body for which its delegates book, on the wire: to them and to who may see persons at its hub.
type organisation struct {
	ID        string  `json:"id"`
	Name      string  `json:"name"`
	Sector    string  `json:"sector" enum:"savoir,affaires,culture"`
	Clientele string  `json:"clientele" doc:"Empty when it is not known" enum:",artists,culture_tourism,technocreatives_emerging,technocreatives_established,students_researchers,organisations,public"`
	Email     string  `json:"email"`
	Phone     string  `json:"phone"`
	Hub       string  `json:"hub" doc:"Whose staff know it, by id; empty for the network's"`
	Active    bool    `json:"active" doc:"Nobody books for one that is not"`
	CreatedAt Instant `json:"created_at"`
	Version   int64   `json:"version"`
}

// delegate is a member who acts for an organisation.
type delegate struct {
	Member  string  `json:"member" doc:"By id"`
	Name    string  `json:"name"`
	Manages bool    `json:"manages" doc:"Names other delegates"`
	Since   Instant `json:"since"`
}

func (a *API) organisationRoutes() {
	const tag = "Organisations"
	register(a, operation{id: "listOrganisations", call: "GET /organisations", tag: tag, summary: "List organisations", scope: read,
		doc: "`mine=true` for those that one may act for; else those of a hub, or of the network, by right."}, a.organisationList)
	register(a, operation{id: "createOrganisation", call: "POST /organisations", tag: tag, summary: "Register an organisation", scope: admin, status: 201,
		doc: "By who manages members at its hub. Sent again with its Idempotency-Key, it answers with the same organisation as it is then."}, a.organisationCreate)
	register(a, operation{id: "getOrganisation", call: "GET /organisations/{id}", tag: tag, summary: "Read an organisation", scope: read}, a.organisationRead)
	register(a, operation{id: "changeOrganisation", call: "PATCH /organisations/{id}", tag: tag, summary: "Change an organisation", scope: admin, fails: []int{412}}, a.organisationChange)
	register(a, operation{id: "listDelegates", call: "GET /organisations/{id}/delegates", tag: tag, summary: "List who acts for an organisation", scope: read}, a.delegateList)
	register(a, operation{id: "addDelegate", call: "POST /organisations/{id}/delegates", tag: tag, summary: "Let a member act for an organisation", scope: admin, status: 204,
		doc: "By who manages members at its hub, and by its delegates who manage. Adding one again changes whether they manage."}, a.delegateAdd)
	register(a, operation{id: "removeDelegate", call: "DELETE /organisations/{id}/delegates", tag: tag, summary: "End that a member acts for an organisation", scope: admin, status: 204,
		doc: "By who may add one, or by the member."}, a.delegateRemove)
}

func taggedOrganisation(o identity.Organisation) *tagged[organisation] {
	return &tagged[organisation]{Status: 200, ETag: edge.Tag(o.Version), Body: wireOrganisation(o)}
}

func wireOrganisation(o identity.Organisation) organisation {
	return organisation{o.ID, o.Name, o.Sector, o.Clientele, o.Email, o.Phone, o.HubID, o.Active, instant(o.CreatedAt), o.Version}
}

type organisationListInput struct {
	Mine bool   `query:"mine" doc:"Those that one may act for"`
	Hub  string `query:"hub" maxLength:"100" doc:"By id or slug; the whole network when left out"`
	Paging
}

func (a *API) organisationList(ctx context.Context, in *organisationListInput) (*answer[page[organisation]], error) {
	hubID, err := a.hubID(ctx, in.Hub)
	if err != nil {
		return nil, err
	}
	list, next, err := a.Directory.Organisations(ctx, actor(ctx), identity.OrganisationQuery{Mine: in.Mine, HubID: hubID, Limit: in.Limit, After: in.Cursor})
	if err != nil {
		return nil, err
	}
	return &answer[page[organisation]]{listed(list, next, wireOrganisation)}, nil
}

type organisationReadInput struct {
	ID string `path:"id"`
	Conditional
}

func (a *API) organisationRead(ctx context.Context, in *organisationReadInput) (*tagged[organisation], error) {
	o, err := a.Directory.Organisation(ctx, actor(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	out := taggedOrganisation(o)
	out.Status = in.answer(out.ETag)
	return out, nil
}

// organisationEdits is what may be written of an organisation.
type organisationEdits struct {
	Name      Edit[string] `json:"name,omitempty" doc:"At most 120 characters; no two have the same"`
	Sector    Edit[string] `json:"sector,omitempty" doc:"savoir, affaires or culture"`
	Clientele Edit[string] `json:"clientele,omitempty" doc:"As in the answer"`
	Email     Edit[string] `json:"email,omitempty"`
	Phone     Edit[string] `json:"phone,omitempty" doc:"At most 40 characters"`
	Hub       Edit[string] `json:"hub,omitempty" doc:"By id or slug; empty for the network's"`
	Active    Edit[bool]   `json:"active,omitempty" doc:"Nobody books for one that is not"`
}

func (a *API) organisationEdits(ctx context.Context, b *organisationEdits, version int64) (identity.OrganisationEdits, error) {
	e := identity.OrganisationEdits{
		IfVersion: version, Name: b.Name.ptr(), Sector: b.Sector.ptr(), Clientele: b.Clientele.ptr(), Email: b.Email.ptr(), Phone: b.Phone.ptr(),
		HubID: b.Hub.ptr(), Active: b.Active.ptr(),
	}
	if e.HubID == nil {
		return e, nil
	}
	hubID, err := a.hubID(ctx, *e.HubID)
	e.HubID = &hubID
	return e, err
}

type organisationCreateInput struct {
	Once
	Body organisationEdits
}

func (a *API) organisationCreate(ctx context.Context, in *organisationCreateInput) (*made[organisation], error) {
	e, err := a.organisationEdits(ctx, &in.Body, 0)
	if err != nil {
		return nil, err
	}
	o, err := a.Directory.CreateOrganisation(ctx, actor(ctx), e, keyOf(ctx))
	if err != nil {
		return nil, err
	}
	return &made[organisation]{Location: prefix + "/organisations/" + o.ID, ETag: edge.Tag(o.Version), Body: wireOrganisation(o)}, nil
}

type organisationChangeInput struct {
	ID string `path:"id"`
	Once
	Matching
	Body organisationEdits
}

func (a *API) organisationChange(ctx context.Context, in *organisationChangeInput) (*tagged[organisation], error) {
	version, err := in.version(func() (int64, error) {
		o, err := a.Directory.Organisation(ctx, actor(ctx), in.ID)
		return o.Version, err
	})
	if err != nil {
		return nil, err
	}
	e, err := a.organisationEdits(ctx, &in.Body, version)
	if err != nil {
		return nil, err
	}
	o, err := a.Directory.ChangeOrganisation(ctx, actor(ctx), in.ID, e, keyOf(ctx))
	if err != nil {
		return nil, err
	}
	return taggedOrganisation(o), nil
}

type delegateListInput struct {
	ID string `path:"id"`
	Paging
}

var delegates = whole[identity.Delegate]{"delegates", func(d identity.Delegate) string { return soonest(d.Since, d.MemberID) }}

func (a *API) delegateList(ctx context.Context, in *delegateListInput) (*answer[page[delegate]], error) {
	list, err := a.Directory.Delegates(ctx, actor(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	ids := make([]string, len(list))
	for i, d := range list {
		ids[i] = d.MemberID
	}
	if err := a.Privacy.Viewed(ctx, actor(ctx), privacy.ViewedList, ids...); err != nil {
		return nil, err
	}
	return paged(delegates, list, in.Paging, func(d identity.Delegate) delegate {
		return delegate{d.MemberID, d.Name, d.Manages, instant(d.Since)}
	})
}

type delegateAddInput struct {
	ID string `path:"id"`
	Once
	Body struct {
		Member  string `json:"member" minLength:"1" maxLength:"100" doc:"By id"`
		Manages bool   `json:"manages,omitempty" doc:"Names other delegates"`
	}
}

func (a *API) delegateAdd(ctx context.Context, in *delegateAddInput) (*struct{}, error) {
	return &struct{}{}, a.Directory.AddDelegate(ctx, actor(ctx), in.ID, in.Body.Member, in.Body.Manages, keyOf(ctx))
}

type delegateRemoveInput struct {
	ID string `path:"id"`
	Once
	Member string `query:"member" required:"true" minLength:"1" maxLength:"100" doc:"By id"`
}

func (a *API) delegateRemove(ctx context.Context, in *delegateRemoveInput) (*struct{}, error) {
	return &struct{}{}, a.Directory.RemoveDelegate(ctx, actor(ctx), in.ID, in.Member, keyOf(ctx))
}
