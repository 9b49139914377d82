package api

import (
	"context"
	"time"

	"canot/internal/fault"
	"canot/internal/identity"
)

// member is a person with an account, on the wire: to themselves and to who manages members at their hub.
type member struct {
	ID        string  `json:"id"`
	Name      string  `json:"name"`
	Email     string  `json:"email"`
	Language  string  `json:"language" enum:"fr,en"`
	HomeHub   string  `json:"home_hub" doc:"By id; empty for none"`
	Active    bool    `json:"active"`
	Roles     []role  `json:"roles"`
	CreatedAt Instant `json:"created_at"`
}

// role is a member's standing over a hub, a region, or the network.
type role struct {
	Role   string `json:"role" enum:"staff,manager,coordinator,administrator"`
	Hub    string `json:"hub,omitempty" maxLength:"100" doc:"Of staff and managers, by id or slug"`
	Region string `json:"region,omitempty" maxLength:"100" doc:"Of coordinators, by id or slug"`
}

// token is an API token without its secret.
type token struct {
	ID        string   `json:"id"`
	Prefix    string   `json:"prefix" doc:"How the secret begins, to know it again"`
	Label     string   `json:"label"`
	Scopes    []string `json:"scopes"`
	CreatedAt Instant  `json:"created_at"`
	ExpiresAt Instant  `json:"expires_at"`
	RevokedAt *Instant `json:"revoked_at" nullable:"true"`
}

func (a *API) memberRoutes() {
	const tag = "Members"
	register(a, operation{id: "getMe", call: "GET /me", tag: tag, summary: "Read one's own profile", scope: read}, a.meRead)
	register(a, operation{id: "listMembers", call: "GET /members", tag: tag, summary: "List members", scope: admin, doc: "Of a home hub, or of the network, by right."}, a.memberList)
	register(a, operation{id: "createMember", call: "POST /members", tag: tag, summary: "Add a member", scope: admin, status: 201,
		doc: "Sent again with its Idempotency-Key, it answers with the same member as they are then: what a person is called is kept in one place only."}, a.memberCreate)
	register(a, operation{id: "getMember", call: "GET /members/{id}", tag: tag, summary: "Read a member", scope: read}, a.memberRead)
	register(a, operation{id: "grantRole", call: "POST /members/{id}/roles", tag: tag, summary: "Give a role", scope: admin, doc: "Nobody gives a role above their own. Giving it twice is the same as once. Sent again with its Idempotency-Key, it answers with the member as they are then."}, a.roleGrant)
	register(a, operation{id: "revokeRole", call: "DELETE /members/{id}/roles", tag: tag, summary: "Take a role back", scope: admin, doc: "The last administrator stays. Sent again with its Idempotency-Key, it answers with the member as they are then."}, a.roleRevoke)
	register(a, operation{id: "listTokens", call: "GET /members/{id}/tokens", tag: tag, summary: "List API tokens", scope: read}, a.tokenList)
	register(a, operation{id: "issueToken", call: "POST /members/{id}/tokens", tag: tag, summary: "Make an API token", scope: admin, status: 201, fails: []int{409},
		doc: "The secret is shown once and kept nowhere. Sent again with its Idempotency-Key, the request makes no second token and cannot show the first again: 409 `token_already_issued`, with the id of the token, to be revoked if its secret was lost."}, a.tokenIssue)
	register(a, operation{id: "revokeToken", call: "DELETE /tokens/{id}", tag: tag, summary: "Revoke an API token", scope: book, status: 204}, a.tokenRevoke)
}

func (a *API) wireMember(ctx context.Context, m identity.Member) (member, error) {
	grants, err := a.Directory.Grants(ctx, a.DB.Reader(ctx), m.ID)
	if err != nil {
		return member{}, err
	}
	out := member{ID: m.ID, Name: m.Name, Email: m.Email, Language: m.Language, HomeHub: m.HomeHubID,
		Active: m.Active, Roles: make([]role, len(grants)), CreatedAt: instant(m.CreatedAt)}
	for i, g := range grants {
		out.Roles[i] = role{string(g.Role), g.HubID, g.RegionID}
	}
	return out, nil
}

func (a *API) meRead(ctx context.Context, _ *struct{}) (*answer[member], error) {
	m, err := a.Directory.Member(ctx, a.DB.Reader(ctx), actor(ctx).ID)
	if err != nil {
		return nil, err
	}
	out, err := a.wireMember(ctx, m)
	return &answer[member]{out}, err
}

// memberOf finds a member whom the caller may see; anybody else is not found.
func (a *API) memberOf(ctx context.Context, id string) (identity.Member, error) {
	m, err := a.Directory.Member(ctx, a.DB.Reader(ctx), id)
	if err != nil || m.ID == actor(ctx).ID {
		return m, err
	}
	region := ""
	if m.HomeHubID != "" {
		h, err := a.Catalog.Hub(ctx, m.HomeHubID)
		if err != nil {
			return identity.Member{}, err
		}
		region = h.RegionID
	}
	if !actor(ctx).May(identity.ManageMembers, m.HomeHubID, region) {
		return identity.Member{}, fault.New(fault.NotFound, "member_not_found", nil)
	}
	return m, nil
}

type idInput struct {
	ID string `path:"id"`
}

func (a *API) memberRead(ctx context.Context, in *idInput) (*answer[member], error) {
	m, err := a.memberOf(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	out, err := a.wireMember(ctx, m)
	return &answer[member]{out}, err
}

type memberListInput struct {
	Hub string `query:"hub" maxLength:"100" doc:"Their home hub, by id or slug; the whole network when left out"`
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
	list, next, err := a.Directory.Members(ctx, actor(ctx), identity.MemberQuery{HubID: hubID, Limit: in.Limit, After: in.Cursor})
	if err != nil {
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
		Name     string `json:"name" minLength:"1" maxLength:"120"`
		Email    string `json:"email,omitempty" maxLength:"254"`
		Language string `json:"language,omitempty" enum:"fr,en"`
		HomeHub  string `json:"home_hub,omitempty" maxLength:"100" doc:"By id or slug"`
	}
}

func (a *API) memberCreate(ctx context.Context, in *memberCreateInput) (*made[member], error) {
	hubID, err := a.hubID(ctx, in.Body.HomeHub)
	if err != nil {
		return nil, err
	}
	m, err := a.Directory.CreateMember(ctx, actor(ctx), identity.NewMember{
		Name: in.Body.Name, Email: in.Body.Email, Language: in.Body.Language, HomeHubID: hubID, Key: keyOf(ctx),
	})
	if err != nil {
		return nil, err
	}
	out, err := a.wireMember(ctx, m)
	return &made[member]{Location: prefix + "/members/" + m.ID, Body: out}, err
}

func (a *API) grant(ctx context.Context, r role) (identity.Grant, error) {
	hubID, err := a.hubID(ctx, r.Hub)
	if err != nil {
		return identity.Grant{}, err
	}
	regionID, err := a.regionID(ctx, r.Region)
	return identity.Grant{Role: identity.Role(r.Role), HubID: hubID, RegionID: regionID}, err
}

type roleGrantInput struct {
	ID string `path:"id"`
	Once
	Body role
}

func (a *API) roleGrant(ctx context.Context, in *roleGrantInput) (*answer[member], error) {
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

func (a *API) roleRevoke(ctx context.Context, in *roleRevokeInput) (*answer[member], error) {
	g, err := a.grant(ctx, role{in.Role, in.Hub, in.Region})
	if err != nil {
		return nil, err
	}
	if err := a.Directory.RevokeRole(ctx, actor(ctx), in.ID, g, keyOf(ctx)); err != nil {
		return nil, err
	}
	return a.changedMember(ctx, in.ID)
}

// changedMember shows a member whose roles the caller has just been allowed to change.
func (a *API) changedMember(ctx context.Context, id string) (*answer[member], error) {
	m, err := a.Directory.Member(ctx, a.DB.Reader(ctx), id)
	if err != nil {
		return nil, err
	}
	out, err := a.wireMember(ctx, m)
	if _, hidden := a.memberOf(ctx, id); hidden != nil {
		// A right over the role's hub is none over the person's data at another.
		out.Name, out.Email = "", ""
	}
	return &answer[member]{out}, err
}

func wireToken(t identity.Token) token {
	return token{t.ID, t.Prefix, t.Label, orEmpty(t.Scopes), instant(t.CreatedAt), instant(t.ExpiresAt), instantOrNil(t.RevokedAt)}
}

type tokenListInput struct {
	ID string `path:"id"`
	Paging
}

var tokens = whole[identity.Token]{"tokens", func(t identity.Token) string { return latest(t.CreatedAt, t.ID) }}

func (a *API) tokenList(ctx context.Context, in *tokenListInput) (*answer[page[token]], error) {
	list, err := a.Directory.Tokens(ctx, actor(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	return paged(tokens, list, in.Paging, wireToken)
}

type tokenIssueInput struct {
	ID string `path:"id"`
	Once
	Body struct {
		Label  string   `json:"label,omitempty" maxLength:"80" doc:"What it is for"`
		Scopes []string `json:"scopes" minItems:"1" maxItems:"4" enum:"read,book,staff,admin" doc:"Each holds those before it"`
		Days   int      `json:"days,omitempty" minimum:"1" maximum:"366" doc:"How long it lives; 90 when left out"`
	}
}

// issuedToken is a token with its secret, this once.
type issuedToken struct {
	Secret string `json:"secret" doc:"Shown once"`
	Token  token  `json:"token"`
}

func (a *API) tokenIssue(ctx context.Context, in *tokenIssueInput) (*answer[issuedToken], error) {
	secret, t, err := a.Directory.IssueToken(ctx, actor(ctx), in.ID, identity.TokenRequest{
		Label: in.Body.Label, Scopes: in.Body.Scopes, Lifetime: time.Duration(in.Body.Days) * 24 * time.Hour, Key: keyOf(ctx),
	})
	if err != nil {
		return nil, err
	}
	return &answer[issuedToken]{issuedToken{secret, wireToken(t)}}, nil
}

func (a *API) tokenRevoke(ctx context.Context, in *droppedInput) (*struct{}, error) {
	return &struct{}{}, a.Directory.RevokeToken(ctx, actor(ctx), in.ID, keyOf(ctx))
}
