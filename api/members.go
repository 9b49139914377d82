package api

import (
	"context"

	"canot/internal/fault"
	"canot/internal/identity"
	"canot/internal/identity/privacy"
	"canot/web/edge"
)

// member is a person with an account, on the wire: to themselves and to who may see persons at their home hub.
type member struct {
	ID                string   `json:"id"`
	Name              string   `json:"name"`
	Email             string   `json:"email" doc:"Empty for a person who has none: staff book for them"`
	EmailVerified     bool     `json:"email_verified"`
	Phone             string   `json:"phone"`
	BirthDate         string   `json:"birth_date" doc:"Empty when it is not known" example:"2004-11-21"`
	Clientele         string   `json:"clientele" doc:"Empty when it is not known" enum:",artists,culture_tourism,technocreatives_emerging,technocreatives_established,students_researchers,organisations,public"`
	Language          string   `json:"language" enum:"fr,en"`
	HomeHub           string   `json:"home_hub" doc:"By id; empty for none"`
	Active            bool     `json:"active"`
	GuardianConsentAt *Instant `json:"guardian_consent_at" nullable:"true" doc:"When who has parental authority agreed, as staff have seen"`
	Roles             []role   `json:"roles"`
	CreatedAt         Instant  `json:"created_at"`
	Version           int64    `json:"version"`
}

// role is a member's standing over a hub, a region, or the network.
type role struct {
	Role   string   `json:"role" enum:"staff,manager,coordinator,administrator"`
	Hub    string   `json:"hub,omitempty" maxLength:"100" doc:"Of staff and managers, by id or slug"`
	Region string   `json:"region,omitempty" maxLength:"100" doc:"Of coordinators, by id or slug"`
	Rights []string `json:"rights,omitempty" maxItems:"20" enum:"approve,book_for_others,certify,export,hand_out,manage_inventory,manage_members,manage_network,manage_tiers,see_money,view_bookings,view_persons,waive" doc:"These rights there, and no others; those of the role when left out"`
}

func (a *API) memberRoutes() {
	const tag = "Members"
	register(a, operation{id: "getMe", call: "GET /me", tag: tag, summary: "Read one's own profile", scope: read}, a.meRead)
	register(a, operation{id: "changeMe", call: "PATCH /me", tag: tag, summary: "Change one's own profile", scope: admin, fails: []int{412}, doc: "The birth date once only; `guardian_consent` never. An address is changed by proving the new one."}, a.meChange)
	register(a, operation{id: "listMembers", call: "GET /members", tag: tag, summary: "List members", scope: staff, doc: "Of a home hub, or of the network, by right."}, a.memberList)
	register(a, operation{id: "createMember", call: "POST /members", tag: tag, summary: "Add a member", scope: staff, status: 201,
		doc: "Staff add persons who have no e-mail, at their hub, to book for them; with an address it takes the right to manage members. Sent again with its Idempotency-Key, it answers with the same member as they are then: what a person is called is kept in one place only."}, a.memberCreate)
	register(a, operation{id: "getMember", call: "GET /members/{id}", tag: tag, summary: "Read a member", scope: read, doc: "Oneself, or by right. The person sees who looked."}, a.memberRead)
	register(a, operation{id: "changeMember", call: "PATCH /members/{id}", tag: tag, summary: "Change a member", scope: staff, fails: []int{412},
		doc: "By who manages members at their home hub, and could give every role that they have. Staff change persons without an e-mail, and note the consent of who has parental authority. Sent again with its Idempotency-Key, it answers with the member as they are then."}, a.memberChange)
	register(a, operation{id: "closeMember", call: "POST /members/{id}/close", tag: tag, summary: "Close an account", scope: admin, doc: "Its sessions, tokens and calendar addresses end, and do not come back when it is opened again. The last administrator stays."}, a.memberClose)
	register(a, operation{id: "reopenMember", call: "POST /members/{id}/reopen", tag: tag, summary: "Open a closed account again", scope: admin}, a.memberReopen)
	register(a, operation{id: "signMemberOut", call: "DELETE /members/{id}/sessions", tag: tag, summary: "Sign a member out everywhere", scope: admin, status: 204}, a.memberSignOut)
	register(a, operation{id: "grantRole", call: "POST /members/{id}/roles", tag: tag, summary: "Give a role", scope: admin, doc: "Nobody gives a role or a right above their own. Giving it twice is the same as once, and with other rights replaces them. Sent again with its Idempotency-Key, it answers with the member as they are then."}, a.roleGrant)
	register(a, operation{id: "revokeRole", call: "DELETE /members/{id}/roles", tag: tag, summary: "Take a role back", scope: admin, doc: "The last administrator stays. Sent again with its Idempotency-Key, it answers with the member as they are then."}, a.roleRevoke)
	register(a, operation{id: "listTokens", call: "GET /members/{id}/tokens", tag: tag, summary: "List API tokens", scope: read}, a.tokenList)
	register(a, operation{id: "issueToken", call: "POST /members/{id}/tokens", tag: tag, summary: "Make an API token", scope: admin, status: 201, fails: []int{409},
		doc: "The secret is shown once and kept nowhere; its owner is told by mail. At most 50 live at once. Sent again with its Idempotency-Key, the request makes no second token and cannot show the first again: 409 `token_already_issued`, with the id of the token, to be revoked if its secret was lost."}, a.tokenIssue)
	register(a, operation{id: "revokeToken", call: "DELETE /tokens/{id}", tag: tag, summary: "Revoke an API token", scope: book, status: 204}, a.tokenRevoke)
}

func (a *API) wireMember(ctx context.Context, m identity.Member) (member, error) {
	grants, err := a.Directory.Grants(ctx, a.DB.Reader(ctx), m.ID)
	if err != nil {
		return member{}, err
	}
	out := member{
		ID: m.ID, Name: m.Name, Email: m.Email, EmailVerified: m.EmailVerified, Phone: m.Phone, BirthDate: m.BirthDate, Clientele: m.Clientele,
		Language: m.Language, HomeHub: m.HomeHubID, Active: m.Active, GuardianConsentAt: instantOrNil(m.GuardianConsentAt),
		Roles: make([]role, len(grants)), CreatedAt: instant(m.CreatedAt), Version: m.Version,
	}
	for i, g := range grants {
		out.Roles[i] = role{string(g.Role), g.HubID, g.RegionID, rightNames(g.Rights)}
	}
	return out, nil
}

func (a *API) taggedMember(ctx context.Context, m identity.Member) (*tagged[member], error) {
	out, err := a.wireMember(ctx, m)
	return &tagged[member]{Status: 200, ETag: edge.Tag(m.Version), Body: out}, err
}

func rightNames(set identity.Rights) []string {
	var names []string
	for _, r := range set.List() {
		names = append(names, string(r))
	}
	return names
}

func (a *API) meRead(ctx context.Context, _ *struct{}) (*tagged[member], error) {
	m, err := a.Directory.Member(ctx, a.DB.Reader(ctx), actor(ctx).ID)
	if err != nil {
		return nil, err
	}
	return a.taggedMember(ctx, m)
}

type idInput struct {
	ID string `path:"id"`
}

func (a *API) memberRead(ctx context.Context, in *idInput) (*tagged[member], error) {
	m, err := a.Directory.SeenMember(ctx, actor(ctx), in.ID)
	if err == nil {
		err = a.Privacy.Viewed(ctx, actor(ctx), privacy.ViewedAccount, m.ID)
	}
	if err != nil {
		return nil, err
	}
	return a.taggedMember(ctx, m)
}

type memberListInput struct {
	Hub   string `query:"hub" maxLength:"100" doc:"Their home hub, by id or slug; the whole network when left out"`
	Email string `query:"email" maxLength:"254" doc:"Only who has this address, if you may see them"`
	Paging
}

// listedMember is a member in a list, without their roles.
type listedMember struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Email    string `json:"email"`
	Language string `json:"language"`
	HomeHub  string `json:"home_hub"`
	Active   bool   `json:"active"`
}

func (a *API) memberList(ctx context.Context, in *memberListInput) (*answer[page[listedMember]], error) {
	hubID, err := a.hubID(ctx, in.Hub)
	if err != nil {
		return nil, err
	}
	if in.Email != "" {
		return a.memberByEmail(ctx, in.Email)
	}
	list, next, err := a.Directory.Members(ctx, actor(ctx), identity.MemberQuery{HubID: hubID, Limit: in.Limit, After: in.Cursor})
	if err != nil {
		return nil, err
	}
	return a.listedMembers(ctx, list, next)
}

// memberByEmail answers alike when nobody has an address and when the caller may not see who has.
func (a *API) memberByEmail(ctx context.Context, email string) (*answer[page[listedMember]], error) {
	m, err := a.Directory.MemberByEmail(ctx, actor(ctx), email)
	if fault.KindOf(err) == fault.NotFound {
		return a.listedMembers(ctx, nil, "")
	}
	if err != nil {
		return nil, err
	}
	return a.listedMembers(ctx, []identity.Member{m}, "")
}

// listedMembers answers with a page of members, and writes down that they were looked at.
func (a *API) listedMembers(ctx context.Context, list []identity.Member, next string) (*answer[page[listedMember]], error) {
	ids := make([]string, len(list))
	for i, m := range list {
		ids[i] = m.ID
	}
	if err := a.Privacy.Viewed(ctx, actor(ctx), privacy.ViewedList, ids...); err != nil {
		return nil, err
	}
	return &answer[page[listedMember]]{listed(list, next, func(m identity.Member) listedMember {
		return listedMember{m.ID, m.Name, m.Email, m.Language, m.HomeHubID, m.Active}
	})}, nil
}

// hubID and regionID turn a key that may be a slug, or empty, into an id.
func (a *API) hubID(ctx context.Context, key string) (string, error) {
	if key == "" {
		return "", nil
	}
	h, err := a.Catalog.Hub(ctx, key)
	return h.ID, err
}

func (a *API) regionID(ctx context.Context, key string) (string, error) {
	if key == "" {
		return "", nil
	}
	r, err := a.Catalog.Region(ctx, key)
	return r.ID, err
}

type memberCreateInput struct {
	Once
	Body struct {
		Name            string `json:"name" minLength:"1" maxLength:"120"`
		Email           string `json:"email,omitempty" maxLength:"254" doc:"Left out for a person who has none"`
		Language        string `json:"language,omitempty" enum:"fr,en"`
		HomeHub         string `json:"home_hub,omitempty" maxLength:"100" doc:"By id or slug"`
		Phone           string `json:"phone,omitempty" maxLength:"40"`
		BirthDate       string `json:"birth_date,omitempty" maxLength:"10" example:"2004-11-21"`
		Clientele       string `json:"clientele,omitempty" enum:"artists,culture_tourism,technocreatives_emerging,technocreatives_established,students_researchers,organisations,public"`
		GuardianConsent bool   `json:"guardian_consent,omitempty" doc:"Who has parental authority agrees, and you have seen it"`
	}
}

func (a *API) memberCreate(ctx context.Context, in *memberCreateInput) (*made[member], error) {
	b := &in.Body
	hubID, err := a.hubID(ctx, b.HomeHub)
	if err != nil {
		return nil, err
	}
	m, err := a.Directory.CreateMember(ctx, actor(ctx), identity.NewMember{
		Name: b.Name, Email: b.Email, Language: b.Language, HomeHubID: hubID, Phone: b.Phone, BirthDate: b.BirthDate, Clientele: b.Clientele,
		GuardianConsent: b.GuardianConsent, Key: keyOf(ctx),
	})
	if err != nil {
		return nil, err
	}
	if err := a.Privacy.Viewed(ctx, actor(ctx), privacy.ViewedAccount, m.ID); err != nil {
		return nil, err
	}
	out, err := a.wireMember(ctx, m)
	if err != nil {
		return nil, err
	}
	return &made[member]{Location: prefix + "/members/" + m.ID, ETag: edge.Tag(m.Version), Body: out}, nil
}

// memberEdits is what may be written of a member.
type memberEdits struct {
	Name            Edit[string] `json:"name,omitempty" doc:"At most 120 characters"`
	Language        Edit[string] `json:"language,omitempty" doc:"fr or en"`
	HomeHub         Edit[string] `json:"home_hub,omitempty" doc:"By id or slug; empty for none"`
	Phone           Edit[string] `json:"phone,omitempty" doc:"At most 40 characters"`
	BirthDate       Edit[string] `json:"birth_date,omitempty" doc:"Such as 2004-11-21"`
	Clientele       Edit[string] `json:"clientele,omitempty" doc:"As in the answer"`
	GuardianConsent Edit[bool]   `json:"guardian_consent,omitempty" doc:"Who has parental authority agrees, and you have seen it; or no longer does"`
}

type memberChangeInput struct {
	ID string `path:"id"`
	Once
	Matching
	Body memberEdits
}

type meChangeInput struct {
	Once
	Matching
	Body memberEdits
}

func (a *API) memberChange(ctx context.Context, in *memberChangeInput) (*tagged[member], error) {
	return a.changeMember(ctx, in.ID, in.Matching, &in.Body)
}

func (a *API) meChange(ctx context.Context, in *meChangeInput) (*tagged[member], error) {
	return a.changeMember(ctx, actor(ctx).ID, in.Matching, &in.Body)
}

func (a *API) changeMember(ctx context.Context, id string, ifMatch Matching, b *memberEdits) (*tagged[member], error) {
	version, err := ifMatch.version(func() (int64, error) {
		m, err := a.Directory.SeenMember(ctx, actor(ctx), id)
		return m.Version, err
	})
	if err != nil {
		return nil, err
	}
	e := identity.MemberEdits{
		IfVersion: version, Name: b.Name.ptr(), Language: b.Language.ptr(), HomeHub: b.HomeHub.ptr(), Phone: b.Phone.ptr(),
		BirthDate: b.BirthDate.ptr(), Clientele: b.Clientele.ptr(), GuardianConsent: b.GuardianConsent.ptr(),
	}
	if e.HomeHub != nil {
		if *e.HomeHub, err = a.hubID(ctx, *e.HomeHub); err != nil {
			return nil, err
		}
	}
	if _, err := a.Directory.ChangeMember(ctx, actor(ctx), id, e, keyOf(ctx)); err != nil {
		return nil, err
	}
	return a.changedMember(ctx, id)
}

func (a *API) memberClose(ctx context.Context, in *droppedInput) (*tagged[member], error) {
	return a.setActive(ctx, in.ID, false)
}

func (a *API) memberReopen(ctx context.Context, in *droppedInput) (*tagged[member], error) {
	return a.setActive(ctx, in.ID, true)
}

func (a *API) setActive(ctx context.Context, id string, active bool) (*tagged[member], error) {
	if err := a.Directory.SetActive(ctx, actor(ctx), id, active, keyOf(ctx)); err != nil {
		return nil, err
	}
	return a.changedMember(ctx, id)
}

type memberSignOutInput struct {
	ID string `path:"id"`
	Once
	Tokens bool `query:"tokens" default:"true" doc:"Their API tokens too"`
}

func (a *API) memberSignOut(ctx context.Context, in *memberSignOutInput) (*struct{}, error) {
	return &struct{}{}, a.Directory.EndSessions(ctx, actor(ctx), in.ID, "", in.Tokens, keyOf(ctx))
}

func (a *API) grant(ctx context.Context, r role) (identity.Grant, error) {
	hubID, err := a.hubID(ctx, r.Hub)
	if err != nil {
		return identity.Grant{}, err
	}
	regionID, err := a.regionID(ctx, r.Region)
	if err != nil {
		return identity.Grant{}, err
	}
	list := make([]identity.Right, len(r.Rights))
	for i, name := range r.Rights {
		list[i] = identity.Right(name)
	}
	set, err := identity.RightsOf(list)
	return identity.Grant{Role: identity.Role(r.Role), HubID: hubID, RegionID: regionID, Rights: set}, err
}

type roleGrantInput struct {
	ID string `path:"id"`
	Once
	Body role
}

func (a *API) roleGrant(ctx context.Context, in *roleGrantInput) (*tagged[member], error) {
	g, err := a.grant(ctx, in.Body)
	if err != nil {
		return nil, err
	}
	if err := a.Directory.GrantRole(ctx, actor(ctx), in.ID, g, keyOf(ctx)); err != nil {
		return nil, err
	}
	return a.changedMember(ctx, in.ID)
}

type roleRevokeInput struct {
	ID string `path:"id"`
	Once
	Role   string `query:"role" enum:"staff,manager,coordinator,administrator" required:"true"`
	Hub    string `query:"hub" maxLength:"100"`
	Region string `query:"region" maxLength:"100"`
}

func (a *API) roleRevoke(ctx context.Context, in *roleRevokeInput) (*tagged[member], error) {
	g, err := a.grant(ctx, role{Role: in.Role, Hub: in.Hub, Region: in.Region})
	if err != nil {
		return nil, err
	}
	if err := a.Directory.RevokeRole(ctx, actor(ctx), in.ID, g, keyOf(ctx)); err != nil {
		return nil, err
	}
	return a.changedMember(ctx, in.ID)
}

// changedMember shows a member whom the caller has just been allowed to change, and writes down that
// they were looked at.
func (a *API) changedMember(ctx context.Context, id string) (*tagged[member], error) {
	m, err := a.Directory.Member(ctx, a.DB.Reader(ctx), id)
	if err != nil {
		return nil, err
	}
	out, err := a.taggedMember(ctx, m)
	if err != nil {
		return nil, err
	}
	if _, hidden := a.Directory.SeenMember(ctx, actor(ctx), id); hidden != nil {
		// A right over the role's hub is none over the person's data at another.
		b := out.Body
		out.Body = member{ID: b.ID, Language: b.Language, Active: b.Active, Roles: b.Roles, CreatedAt: b.CreatedAt, Version: b.Version}
		return out, nil
	}
	return out, a.Privacy.Viewed(ctx, actor(ctx), privacy.ViewedAccount, id)
}
