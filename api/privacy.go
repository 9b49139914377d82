package api

import (
	"context"

	"canot/internal/identity/privacy"
	"canot/web/edge"
)

func (a *API) privacyRoutes() {
	const tag = "Privacy"
	register(a, operation{id: "getOwnPersonalData", call: "GET /account/personal-data", tag: tag, scope: admin,
		summary: "Take out everything that is known of oneself"}, a.ownDossier)
	register(a, operation{id: "getPersonalData", call: "GET /members/{id}/personal-data", tag: tag, scope: admin,
		summary: "Take out everything that is known of a person", doc: "For the person. Who manages members and takes data out at their home hub, and could give every role that they have, receives what is theirs to see; the person sees it in the list of views."}, a.dossierRead)
	register(a, operation{id: "eraseAccount", call: "DELETE /account", tag: tag, scope: admin, status: 204,
		summary: "Erase one's own account", doc: "What is to come is cancelled, and nothing personal is left. It cannot be undone, so `confirm=erase` must say that it is meant. The last administrator stays."}, a.accountErase)
	register(a, operation{id: "eraseMember", call: "DELETE /members/{id}", tag: tag, scope: admin, status: 204,
		summary: "Erase a person", doc: "As the person would themselves; for who manages the network. It cannot be undone."}, a.memberErase)
	register(a, operation{id: "listConsents", call: "GET /members/{id}/consents", tag: tag, scope: read,
		summary: "List what a person consented to", doc: "With the words that they read, and when. Withdrawn ones stay in the list."}, a.consentList)
	register(a, operation{id: "giveConsent", call: "POST /members/{id}/consents", tag: tag, scope: book, status: 201,
		summary: "Consent", doc: "In the words of the `text` that is answered, in the language asked for. By the person, or written down by staff of their home hub; who has an e-mail agrees to the account and to photos by themselves."}, a.consentGive)
	register(a, operation{id: "withdrawConsent", call: "DELETE /consents/{id}", tag: tag, scope: book,
		summary: "Withdraw a consent"}, a.consentWithdraw)
	register(a, operation{id: "listViews", call: "GET /members/{id}/views", tag: tag, scope: read,
		summary: "List who looked at a person's data", doc: "The latest first."}, a.viewList)
	register(a, operation{id: "listIncidents", call: "GET /operators/{id}/incidents", tag: tag, scope: admin,
		summary: "Read the register of confidentiality incidents", doc: "Of an operator, the latest discovery first; for who manages members at one of its hubs."}, a.incidentList)
	register(a, operation{id: "recordIncident", call: "POST /operators/{id}/incidents", tag: tag, scope: admin, status: 201,
		summary: "Record a confidentiality incident", doc: "Name nobody in its texts: the register is kept for years."}, a.incidentRecord)
	register(a, operation{id: "getIncident", call: "GET /incidents/{id}", tag: tag, scope: admin, summary: "Read an incident"}, a.incidentRead)
	register(a, operation{id: "changeIncident", call: "PATCH /incidents/{id}", tag: tag, scope: admin, fails: []int{412},
		summary: "Complete an incident"}, a.incidentChange)
	register(a, operation{id: "listRetention", call: "GET /retention", tag: tag, scope: public,
		summary: "Read how long personal data is kept"}, a.retentionList)
	register(a, operation{id: "setRetention", call: "PUT /retention/{id}", tag: tag, scope: admin,
		summary: "Say how long a kind of personal data is kept"}, a.retentionSet)
}

// dossier is everything that is known of a person, on the wire.
type dossier struct {
	Member  string    `json:"member"`
	TakenAt Instant   `json:"taken_at"`
	Parts   []section `json:"parts" nullable:"false"`
}

type section struct {
	Name  string `json:"name" example:"bookings"`
	About any    `json:"about" doc:"What this part of the program knows, as it keeps it"`
}

func (a *API) ownDossier(ctx context.Context, _ *struct{}) (*answer[dossier], error) {
	return a.dossierOf(ctx, actor(ctx).ID)
}

func (a *API) dossierRead(ctx context.Context, in *idInput) (*answer[dossier], error) {
	return a.dossierOf(ctx, in.ID)
}

func (a *API) dossierOf(ctx context.Context, id string) (*answer[dossier], error) {
	d, err := a.Privacy.Export(ctx, actor(ctx), id)
	if err != nil {
		return nil, err
	}
	out := dossier{Member: d.MemberID, TakenAt: instant(d.TakenAt), Parts: make([]section, len(d.Parts))}
	for i, p := range d.Parts {
		out.Parts[i] = section{p.Name, p.About}
	}
	return &answer[dossier]{out}, nil
}

type accountEraseInput struct {
	Once
	Confirm string `query:"confirm" enum:"erase" required:"true" doc:"That it is meant"`
}

func (a *API) accountErase(ctx context.Context, _ *accountEraseInput) (*struct{}, error) {
	return &struct{}{}, a.Privacy.Erase(ctx, actor(ctx), actor(ctx).ID, keyOf(ctx))
}

type memberEraseInput struct {
	ID string `path:"id"`
	Once
}

func (a *API) memberErase(ctx context.Context, in *memberEraseInput) (*struct{}, error) {
	return &struct{}{}, a.Privacy.Erase(ctx, actor(ctx), in.ID, keyOf(ctx))
}

// consent is what a person agreed to, on the wire.
type consent struct {
	ID          string   `json:"id"`
	Purpose     string   `json:"purpose" enum:"account,newsletter,statistics,photos"`
	Language    string   `json:"language" enum:"fr,en"`
	Text        string   `json:"text" doc:"What the person read"`
	At          Instant  `json:"at"`
	By          string   `json:"by" doc:"The person, or who wrote it down for them"`
	WithdrawnAt *Instant `json:"withdrawn_at" nullable:"true"`
}

func wireConsent(c privacy.Consent) consent {
	return consent{c.ID, c.Purpose, c.Language, c.Text, instant(c.At), c.By, instantOrNil(c.WithdrawnAt)}
}

type consentListInput struct {
	ID string `path:"id"`
	Paging
}

var consents = whole[privacy.Consent]{"consents", func(c privacy.Consent) string { return latest(c.At, c.ID) }}

func (a *API) consentList(ctx context.Context, in *consentListInput) (*answer[page[consent]], error) {
	list, err := a.Privacy.Consents(ctx, actor(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	if err := a.Privacy.Viewed(ctx, actor(ctx), privacy.ViewedRecord, in.ID); err != nil {
		return nil, err
	}
	return paged(consents, list, in.Paging, wireConsent)
}

type consentGiveInput struct {
	ID string `path:"id"`
	Once
	Body struct {
		Purpose string `json:"purpose" enum:"account,newsletter,statistics,photos"`
	}
}

func (a *API) consentGive(ctx context.Context, in *consentGiveInput) (*answer[consent], error) {
	v := edge.From(ctx)
	edge.Vary(v.Header, "Accept-Language")
	text := v.Language.Say("consent."+in.Body.Purpose, nil)
	c, err := a.Privacy.Give(ctx, actor(ctx), in.ID, in.Body.Purpose, v.Language.Tag(), text, keyOf(ctx))
	if err != nil {
		return nil, err
	}
	return &answer[consent]{wireConsent(c)}, nil
}

func (a *API) consentWithdraw(ctx context.Context, in *droppedInput) (*answer[consent], error) {
	c, err := a.Privacy.Withdraw(ctx, actor(ctx), in.ID, keyOf(ctx))
	if err != nil {
		return nil, err
	}
	return &answer[consent]{wireConsent(c)}, nil
}

// view says who looked at a person's data, on the wire.
type view struct {
	At         Instant `json:"at"`
	Viewer     string  `json:"viewer"`
	ViewerName string  `json:"viewer_name" doc:"Empty of somebody who has left"`
	What       string  `json:"what" enum:"account,list,dossier,record,memberships,certificates,balance,booking"`
}

type viewListInput struct {
	ID string `path:"id"`
	Paging
}

func (a *API) viewList(ctx context.Context, in *viewListInput) (*answer[page[view]], error) {
	list, next, err := a.Privacy.Views(ctx, actor(ctx), in.ID, in.Limit, in.Cursor)
	if err != nil {
		return nil, err
	}
	return &answer[page[view]]{listed(list, next, func(x privacy.View) view {
		return view{instant(x.At), x.ViewerID, x.ViewerName, x.What}
	})}, nil
}

// retained is how long one kind of personal data is kept.
type retained struct {
	Kind    string `json:"kind" enum:"signin,sessions,views,inactive_members,booking_texts"`
	Months  int    `json:"months"`
	Default int    `json:"default" doc:"When nobody said otherwise"`
}

var retentions = whole[privacy.Period]{"retention", func(p privacy.Period) string { return p.Kind }}

func (a *API) retentionList(ctx context.Context, in *pageInput) (*answer[page[retained]], error) {
	list, err := a.Privacy.RetentionPeriods(ctx)
	if err != nil {
		return nil, err
	}
	return paged(retentions, list, in.Paging, wirePeriod)
}

func wirePeriod(p privacy.Period) retained { return retained{p.Kind, p.Months, p.Default} }

type retentionSetInput struct {
	ID string `path:"id" doc:"The kind"`
	Once
	Body struct {
		Months int `json:"months" minimum:"1" maximum:"120"`
	}
}

func (a *API) retentionSet(ctx context.Context, in *retentionSetInput) (*answer[retained], error) {
	if err := a.Privacy.SetRetention(ctx, actor(ctx), in.ID, in.Body.Months, keyOf(ctx)); err != nil {
		return nil, err
	}
	list, err := a.Privacy.RetentionPeriods(ctx)
	if err != nil {
		return nil, err
	}
	for _, p := range list {
		if p.Kind == in.ID {
			return &answer[retained]{wirePeriod(p)}, nil
		}
	}
	return nil, field("id", "bad_value")
}
