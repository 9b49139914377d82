package api

import (
	"context"

	"canot/booking/membership"
	"canot/web/edge"
)

// certification is «may use this sort of machine», on the wire.
type certification struct {
	ID           string            `json:"id"`
	Slug         string            `json:"slug"`
	Hub          string            `json:"hub" doc:"By id; empty for the network's, which every hub honours"`
	Name         map[string]string `json:"name"`
	Description  map[string]string `json:"description"`
	ValidMonths  int64             `json:"valid_months" doc:"How long one that is given counts; 0 for ever"`
	UnusedMonths int64             `json:"unused_months" doc:"It lapses after so long without use; 0 never"`
	Archived     bool              `json:"archived"`
	Version      int64             `json:"version"`
}

// certificate is one person's certification, on the wire.
type certificate struct {
	ID                string            `json:"id"`
	Member            string            `json:"member" doc:"By id"`
	Certification     string            `json:"certification" doc:"By slug"`
	CertificationName map[string]string `json:"certification_name"`
	Hub               string            `json:"hub" doc:"Where it was given, by id"`
	GivenBy           string            `json:"given_by" doc:"By id"`
	GivenAt           Instant           `json:"given_at"`
	FromOn            string            `json:"from_on"`
	UntilOn           string            `json:"until_on" doc:"The last day; empty for none"`
	RevokedAt         *Instant          `json:"revoked_at" nullable:"true"`
	Reason            string            `json:"reason" doc:"Why it was revoked"`
	Version           int64             `json:"version"`
}

// equivalence says which certification a hub accepts as which, on the wire.
type equivalence struct {
	ID        string   `json:"id"`
	Hub       string   `json:"hub" doc:"By id"`
	Accepted  string   `json:"accepted" doc:"By slug"`
	CountsAs  string   `json:"counts_as" doc:"By slug"`
	CreatedAt Instant  `json:"created_at"`
	EndedAt   *Instant `json:"ended_at" nullable:"true"`
}

func (a *API) certificationRoutes() {
	const tag = "Certifications"
	register(a, operation{id: "listCertifications", call: "GET /certifications", tag: tag, summary: "List certifications", scope: public}, a.certificationList)
	register(a, operation{id: "getCertification", call: "GET /certifications/{id}", tag: tag, summary: "Read a certification", scope: public}, a.certificationRead)
	register(a, operation{id: "createCertification", call: "POST /certifications", tag: tag, summary: "Add a certification", scope: admin, status: 201,
		doc: "Of a hub, or of the network when no hub is given."}, a.certificationCreate)
	register(a, operation{id: "updateCertification", call: "PATCH /certifications/{id}", tag: tag, summary: "Change a certification", scope: admin, fails: []int{412}}, a.certificationUpdate)
	register(a, operation{id: "listCertificates", call: "GET /members/{id}/certificates", tag: tag, summary: "List a member's certificates", scope: read,
		doc: "To the member and to staff. Those that ended or were revoked stay in the list."}, a.certificateList)
	register(a, operation{id: "giveCertificate", call: "POST /members/{id}/certificates", tag: tag, summary: "Certify a member", scope: staff, status: 201,
		doc: "By who may certify at the certification's hub, or, for one of the network, at the hub where it is given. Nobody certifies themselves."}, a.certificateGive)
	register(a, operation{id: "updateCertificate", call: "PATCH /certificates/{id}", tag: tag, summary: "Change the end of a certificate", scope: staff, fails: []int{412}}, a.certificateUpdate)
	register(a, operation{id: "revokeCertificate", call: "POST /certificates/{id}/revoke", tag: tag, summary: "Revoke a certificate", scope: staff,
		doc: "At once; it stays in the history. The member and staff are told of coming bookings that rest on it."}, a.certificateRevoke)
	register(a, operation{id: "listEquivalences", call: "GET /hubs/{id}/equivalences", tag: tag, summary: "List what a hub accepts of other hubs' certifications", scope: public}, a.equivalenceList)
	register(a, operation{id: "acceptEquivalence", call: "POST /hubs/{id}/equivalences", tag: tag, summary: "Accept a certification as another", scope: admin, status: 201,
		doc: "By who manages tiers at the receiving hub."}, a.equivalenceAccept)
	register(a, operation{id: "endEquivalence", call: "DELETE /equivalences/{id}", tag: tag, summary: "Stop accepting a certification as another", scope: admin}, a.equivalenceEnd)
	register(a, operation{id: "acceptTerms", call: "POST /conditions/{id}/acceptances", tag: "Policies", summary: "Accept terms", scope: book, status: 204,
		doc: "For oneself, the version that one has read. Accepting twice is the same as once."}, a.termsAccept)
}

func wireCertification(c membership.Certification) certification {
	return certification{c.ID, c.Slug, c.HubID, textOrEmpty(c.Name), textOrEmpty(c.Description), c.ValidMonths, c.UnusedMonths, c.Archived, c.Version}
}

func taggedCertification(c membership.Certification) *tagged[certification] {
	return &tagged[certification]{Status: 200, ETag: edge.Tag(c.Version), Body: wireCertification(c)}
}

func wireCertificate(c membership.Certificate) certificate {
	return certificate{c.ID, c.MemberID, c.CertificationSlug, textOrEmpty(c.CertificationName), c.HubID, c.GivenBy, instant(c.GivenAt), c.FromOn, c.UntilOn,
		instantOrNil(c.RevokedAt), c.Reason, c.Version}
}

func wireEquivalence(e membership.Equivalence) equivalence {
	return equivalence{e.ID, e.HubID, e.AcceptedSlug, e.CountsAsSlug, instant(e.CreatedAt), instantOrNil(e.EndedAt)}
}

var certifications = whole[membership.Certification]{"certifications", func(c membership.Certification) string { return c.Slug }}

func (a *API) certificationList(ctx context.Context, in *archivedListInput) (*answer[page[certification]], error) {
	list, err := a.Roster.Certifications(ctx, in.Archived)
	if err != nil {
		return nil, err
	}
	return paged(certifications, list, in.Paging, wireCertification)
}

func (a *API) certificationRead(ctx context.Context, in *hubReadInput) (*tagged[certification], error) {
	c, err := a.Roster.Certification(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	out := taggedCertification(c)
	out.Status = in.answer(out.ETag)
	return out, nil
}

// CertificationEdits is what may be written of a certification. It is exported because huma leaves
// out embedded structs that are not.
type CertificationEdits struct {
	Name         Edit[map[string]string] `json:"name,omitempty"`
	Description  Edit[map[string]string] `json:"description,omitempty"`
	ValidMonths  Edit[int64]             `json:"valid_months,omitempty"`
	UnusedMonths Edit[int64]             `json:"unused_months,omitempty"`
	Archived     Edit[bool]              `json:"archived,omitempty"`
}

func (e *CertificationEdits) edits(version int64) membership.CertificationEdits {
	return membership.CertificationEdits{IfVersion: version, Name: textPtr(e.Name.ptr()), Description: textPtr(e.Description.ptr()),
		ValidMonths: e.ValidMonths.ptr(), UnusedMonths: e.UnusedMonths.ptr(), Archived: e.Archived.ptr()}
}

type certificationCreateInput struct {
	Once
	Body struct {
		Slug string `json:"slug" minLength:"1" maxLength:"80" doc:"How policies name it; it never changes"`
		Hub  string `json:"hub,omitempty" maxLength:"100" doc:"By id or slug; the network's when left out"`
		CertificationEdits
	}
}

func (a *API) certificationCreate(ctx context.Context, in *certificationCreateInput) (*made[certification], error) {
	e := in.Body.edits(0)
	e.Slug, e.Hub = &in.Body.Slug, &in.Body.Hub
	c, err := a.Roster.CreateCertification(ctx, actor(ctx), e, keyOf(ctx))
	if err != nil {
		return nil, err
	}
	return &made[certification]{Location: prefix + "/certifications/" + c.ID, ETag: edge.Tag(c.Version), Body: wireCertification(c)}, nil
}

type certificationUpdateInput struct {
	Keyed
	Once
	Matching
	Body CertificationEdits
}

func (a *API) certificationUpdate(ctx context.Context, in *certificationUpdateInput) (*tagged[certification], error) {
	version, err := in.version(func() (int64, error) {
		c, err := a.Roster.Certification(ctx, in.ID)
		return c.Version, err
	})
	if err != nil {
		return nil, err
	}
	c, err := a.Roster.ChangeCertification(ctx, actor(ctx), in.ID, in.Body.edits(version), keyOf(ctx))
	if err != nil {
		return nil, err
	}
	return taggedCertification(c), nil
}

type certificateListInput struct {
	ID string `path:"id"`
	Paging
}

var certificates = whole[membership.Certificate]{"certificates", func(c membership.Certificate) string { return latest(c.GivenAt, c.ID) }}

func (a *API) certificateList(ctx context.Context, in *certificateListInput) (*answer[page[certificate]], error) {
	list, err := a.Roster.Certificates(ctx, actor(ctx), in.ID)
	if err == nil {
		err = a.viewed(ctx, "certificates", in.ID)
	}
	if err != nil {
		return nil, err
	}
	return paged(certificates, list, in.Paging, wireCertificate)
}

type certificateGiveInput struct {
	ID string `path:"id"`
	Once
	Body struct {
		Certification string       `json:"certification" minLength:"1" maxLength:"100" doc:"By id or slug"`
		Hub           string       `json:"hub,omitempty" maxLength:"100" doc:"Where it is given, by id or slug"`
		FromOn        string       `json:"from_on,omitempty" maxLength:"10" doc:"A day; today when left out"`
		UntilOn       Edit[string] `json:"until_on,omitempty" doc:"The last day; empty for none, as the certification says when left out"`
	}
}

func (a *API) certificateGive(ctx context.Context, in *certificateGiveInput) (*made[certificate], error) {
	c, err := a.Roster.GiveCertificate(ctx, actor(ctx), membership.NewCertificate{MemberID: in.ID, Certification: in.Body.Certification, Hub: in.Body.Hub,
		FromOn: in.Body.FromOn, UntilOn: in.Body.UntilOn.ptr()}, keyOf(ctx))
	if err != nil {
		return nil, err
	}
	return &made[certificate]{Location: prefix + "/members/" + in.ID + "/certificates", ETag: edge.Tag(c.Version), Body: wireCertificate(c)}, nil
}

type certificateUpdateInput struct {
	ID string `path:"id"`
	Once
	Matching
	Body struct {
		UntilOn string `json:"until_on" maxLength:"10" doc:"The last day; empty for none"`
	}
}

func (a *API) certificateUpdate(ctx context.Context, in *certificateUpdateInput) (*answer[certificate], error) {
	cond, err := edge.IfMatch(in.IfMatch)
	if err != nil {
		return nil, err
	}
	version, err := cond.Version(func() (int64, error) { return 0, nil })
	if err != nil {
		return nil, err
	}
	c, err := a.Roster.ChangeCertificateEnd(ctx, actor(ctx), in.ID, in.Body.UntilOn, version, keyOf(ctx))
	if err != nil {
		return nil, err
	}
	return &answer[certificate]{wireCertificate(c)}, nil
}

type certificateRevokeInput struct {
	ID string `path:"id"`
	Once
	Body struct {
		Reason string `json:"reason" minLength:"1" maxLength:"500" doc:"For the member and the staff"`
	}
}

func (a *API) certificateRevoke(ctx context.Context, in *certificateRevokeInput) (*answer[certificate], error) {
	c, err := a.Roster.RevokeCertificate(ctx, actor(ctx), in.ID, in.Body.Reason, keyOf(ctx))
	if err != nil {
		return nil, err
	}
	return &answer[certificate]{wireCertificate(c)}, nil
}

type equivalenceListInput struct {
	Keyed
	Paging
}

var equivalences = whole[membership.Equivalence]{"equivalences", func(e membership.Equivalence) string {
	return e.AcceptedSlug + " " + e.CountsAsSlug + " " + e.ID
}}

func (a *API) equivalenceList(ctx context.Context, in *equivalenceListInput) (*answer[page[equivalence]], error) {
	h, err := a.Catalog.Hub(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	list, err := a.Roster.Equivalences(ctx, h.ID)
	if err != nil {
		return nil, err
	}
	return paged(equivalences, list, in.Paging, wireEquivalence)
}

type equivalenceAcceptInput struct {
	Keyed
	Once
	Body struct {
		Accepted string `json:"accepted" minLength:"1" maxLength:"100" doc:"A certification, by id or slug"`
		CountsAs string `json:"counts_as" minLength:"1" maxLength:"100" doc:"One of the hub or of the network, by id or slug"`
	}
}

func (a *API) equivalenceAccept(ctx context.Context, in *equivalenceAcceptInput) (*made[equivalence], error) {
	h, err := a.Catalog.Hub(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	e, err := a.Roster.AcceptEquivalence(ctx, actor(ctx), h.ID, in.Body.Accepted, in.Body.CountsAs, keyOf(ctx))
	if err != nil {
		return nil, err
	}
	return &made[equivalence]{Location: prefix + "/hubs/" + h.Slug + "/equivalences", ETag: edge.Tag(1), Body: wireEquivalence(e)}, nil
}

func (a *API) equivalenceEnd(ctx context.Context, in *droppedInput) (*answer[equivalence], error) {
	e, err := a.Roster.EndEquivalence(ctx, actor(ctx), in.ID, keyOf(ctx))
	if err != nil {
		return nil, err
	}
	return &answer[equivalence]{wireEquivalence(e)}, nil
}

type termsAcceptInput struct {
	Keyed
	Once
	Body struct {
		Version int `json:"version" minimum:"1" maximum:"1000000" doc:"Which one was read"`
	}
}

func (a *API) termsAccept(ctx context.Context, in *termsAcceptInput) (*struct{}, error) {
	return &struct{}{}, a.Roster.Accept(ctx, actor(ctx), membership.Acceptance{Condition: in.ID, Version: in.Body.Version}, keyOf(ctx))
}
