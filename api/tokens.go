package api

import (
	"context"
	"time"

	"canot/internal/identity"
)

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
