package api

import (
	"context"
	"encoding/json"

	"canot/internal/database"
	"canot/internal/identity"
	"canot/internal/identity/signin"
	"canot/web/edge"
)

func (a *API) accountRoutes() {
	const tag = "Account"
	register(a, operation{id: "getAccount", call: "GET /account", tag: tag, summary: "Who am I, and what is missing", scope: read}, a.accountRead)
	register(a, operation{id: "listSessions", call: "GET /account/sessions", tag: tag, summary: "List the browsers where one is signed in", scope: read}, a.sessionList)
	register(a, operation{id: "endSession", call: "DELETE /account/sessions/{id}", tag: tag, summary: "Sign one browser out", scope: admin, status: 204}, a.sessionEnd)
	register(a, operation{id: "endSessions", call: "DELETE /account/sessions", tag: tag, summary: "Sign out everywhere", scope: admin, status: 204}, a.sessionsEnd)
	register(a, operation{id: "setPassword", call: "PUT /account/password", tag: tag, summary: "Set or change one's password", scope: admin, status: 204,
		doc: "8 to 128 characters of any kind. All other sessions end. This and what follows asks for a session, and for both factors of who has two."}, a.passwordSet)
	register(a, operation{id: "removePassword", call: "POST /account/password/remove", tag: tag, summary: "Do without a password", scope: admin, status: 204}, a.passwordRemove)
	register(a, operation{id: "listPasskeys", call: "GET /account/passkeys", tag: tag, summary: "List one's passkeys", scope: read}, a.passkeyList)
	register(a, operation{id: "beginPasskey", call: "POST /account/passkeys/begin", tag: tag, summary: "Begin to make a passkey", scope: admin,
		doc: "The options go to `navigator.credentials.create`."}, a.passkeyBegin)
	register(a, operation{id: "addPasskey", call: "POST /account/passkeys", tag: tag, summary: "Keep a passkey", scope: admin, status: 201,
		doc: "The session becomes one of two factors, in a new cookie."}, a.passkeyAdd)
	register(a, operation{id: "removePasskey", call: "DELETE /account/passkeys/{id}", tag: tag, summary: "Remove a passkey", scope: admin, status: 204}, a.passkeyRemove)
	register(a, operation{id: "beginAuthenticator", call: "POST /account/authenticator", tag: tag, summary: "Begin to set up an authenticator", scope: admin,
		doc: "Codes of six figures by time (TOTP). It counts once it is confirmed."}, a.authenticatorBegin)
	register(a, operation{id: "confirmAuthenticator", call: "POST /account/authenticator/confirm", tag: tag, summary: "Confirm one's authenticator by its first code", scope: admin,
		doc: "The recovery codes are shown once. The session becomes one of two factors, in a new cookie."}, a.authenticatorConfirm)
	register(a, operation{id: "removeAuthenticator", call: "DELETE /account/authenticator", tag: tag, summary: "Remove one's authenticator and recovery codes", scope: admin, status: 204}, a.authenticatorRemove)
	register(a, operation{id: "renewRecoveryCodes", call: "POST /account/recovery-codes", tag: tag, summary: "Replace one's recovery codes", scope: admin, doc: "Shown once."}, a.recoveryRenew)
	register(a, operation{id: "changeEmail", call: "POST /account/email", tag: tag, summary: "Change one's address", scope: admin, status: 202,
		doc: "A message goes to the new address. Its link, or its code, given to the operations that sign in by them while one is signed in, makes the address one's own."}, a.emailChange)
	register(a, operation{id: "linkProvider", call: "POST /account/oidc", tag: tag, summary: "Link one's account with the provider of one's organisation", scope: admin}, a.providerLink)
	register(a, operation{id: "unlinkProvider", call: "DELETE /account/oidc", tag: tag, summary: "Undo the link with the provider", scope: admin, status: 204}, a.providerUnlink)
	register(a, operation{id: "resetFactors", call: "POST /members/{id}/factors/reset", tag: "Members", summary: "Take away the second factors of somebody who lost them", scope: admin, status: 204,
		doc: "Their password and their link with a provider go as well. They are signed out everywhere and told. It takes a role above each of theirs."}, a.factorsReset)
	register(a, operation{id: "restoreEmail", call: "POST /members/{id}/email/restore", tag: "Members", summary: "Give somebody the address back that was taken from them", scope: admin, status: 204,
		doc: "The one from before its last change within thirty days; done again, the one before that. They are signed out everywhere, and their tokens end. It takes a role above each of theirs."}, a.emailRestore)
}

// account is who one is, on the wire.
type account struct {
	Member        member   `json:"member"`
	Session       string   `json:"session,omitempty" doc:"By which one speaks, by id"`
	Factors       int      `json:"factors" enum:"0,1,2" doc:"How many factors the session was opened by; 0 for a token"`
	Password      bool     `json:"password"`
	Passkeys      int      `json:"passkeys"`
	Authenticator bool     `json:"authenticator"`
	RecoveryCodes int      `json:"recovery_codes" doc:"How many are left"`
	Provider      bool     `json:"provider" doc:"Linked with the provider of one's organisation"`
	Needs         []string `json:"needs" doc:"What is missing: second_factor, second_factor_setup, email_verification"`
}

func (a *API) accountRead(ctx context.Context, _ *struct{}) (*answer[account], error) {
	who := actor(ctx)
	f, err := a.Gate.Factors(ctx, who)
	if err != nil {
		return nil, err
	}
	m, err := a.Directory.Member(ctx, a.DB.Reader(ctx), who.ID)
	if err != nil {
		return nil, err
	}
	wired, err := a.wireMember(ctx, m)
	if err != nil {
		return nil, err
	}
	out := account{Member: wired, Session: who.SessionID, Factors: f.SessionOf, Password: f.Password, Passkeys: f.Passkeys,
		Authenticator: f.Authenticator, RecoveryCodes: f.RecoveryCodes, Provider: f.Provider, Needs: []string{}}
	if who.LacksFactor && (f.Authenticator || f.Passkeys > 0) {
		out.Needs = append(out.Needs, "second_factor")
	} else if who.LacksFactor {
		out.Needs = append(out.Needs, "second_factor_setup")
	}
	if m.Email != "" && !m.EmailVerified {
		out.Needs = append(out.Needs, "email_verification")
	}
	return &answer[account]{out}, nil
}

// session is a browser where one is signed in, on the wire.
type session struct {
	ID        string  `json:"id"`
	Method    string  `json:"method" doc:"How one signed in"`
	Factors   int     `json:"factors" enum:"1,2"`
	Device    string  `json:"device" doc:"What the browser says that it is"`
	Current   bool    `json:"current" doc:"It is this one"`
	CreatedAt Instant `json:"created_at"`
	SeenAt    Instant `json:"seen_at"`
	ExpiresAt Instant `json:"expires_at" doc:"At the latest"`
}

type sessionListInput struct{ Paging }

var sessions = whole[identity.Session]{"sessions", func(s identity.Session) string { return latest(s.SeenAt, s.ID) }}

func (a *API) sessionList(ctx context.Context, in *sessionListInput) (*answer[page[session]], error) {
	list, err := a.Directory.Sessions(ctx, actor(ctx))
	if err != nil {
		return nil, err
	}
	return paged(sessions, list, in.Paging, func(s identity.Session) session {
		return session{s.ID, s.Method, s.Factors, s.Device, s.Current, instant(s.CreatedAt), instant(s.SeenAt), instant(s.ExpiresAt)}
	})
}

func (a *API) sessionEnd(ctx context.Context, in *idInput) (*struct{}, error) {
	who := actor(ctx)
	if err := a.Directory.EndSession(ctx, who, in.ID, database.Key{}); err != nil {
		return nil, err
	}
	if in.ID == who.SessionID {
		edge.From(ctx).EndSession()
	}
	return &struct{}{}, nil
}

type sessionsEndInput struct {
	Keep   bool `query:"keep_this" doc:"Stay signed in here"`
	Tokens bool `query:"tokens" doc:"One's API tokens too"`
}

func (a *API) sessionsEnd(ctx context.Context, in *sessionsEndInput) (*struct{}, error) {
	who, except := actor(ctx), ""
	if in.Keep {
		except = who.SessionID
	}
	if err := a.Directory.EndSessions(ctx, who, who.ID, except, in.Tokens, database.Key{}); err != nil {
		return nil, err
	}
	if who.SessionID != "" && !in.Keep {
		edge.From(ctx).EndSession()
	}
	return &struct{}{}, nil
}

type passwordSetInput struct {
	Body struct {
		Old      string `json:"old_password,omitempty" maxLength:"512" doc:"When there is one, unless one has signed in within 15 minutes by a letter, a passkey or a provider"`
		Password string `json:"password" minLength:"1" maxLength:"512"`
	}
}

func (a *API) passwordSet(ctx context.Context, in *passwordSetInput) (*struct{}, error) {
	return &struct{}{}, a.Gate.SetPassword(ctx, actor(ctx), in.Body.Old, in.Body.Password)
}

type passwordRemoveInput struct {
	Body struct {
		Old string `json:"old_password,omitempty" maxLength:"512" doc:"Unless one has signed in within 15 minutes by a letter, a passkey or a provider"`
	}
}

func (a *API) passwordRemove(ctx context.Context, in *passwordRemoveInput) (*struct{}, error) {
	return &struct{}{}, a.Gate.RemovePassword(ctx, actor(ctx), in.Body.Old)
}

// passkey is a key in one of a person's devices, on the wire.
type passkey struct {
	ID        string   `json:"id"`
	Label     string   `json:"label"`
	CreatedAt Instant  `json:"created_at"`
	UsedAt    *Instant `json:"used_at" nullable:"true"`
}

func wirePasskey(k signin.Passkey) passkey {
	return passkey{k.ID, k.Label, instant(k.CreatedAt), instantOrNil(k.UsedAt)}
}

type passkeyListInput struct{ Paging }

var passkeys = whole[signin.Passkey]{"passkeys", func(k signin.Passkey) string { return soonest(k.CreatedAt, k.ID) }}

func (a *API) passkeyList(ctx context.Context, in *passkeyListInput) (*answer[page[passkey]], error) {
	list, err := a.Gate.Passkeys(ctx, actor(ctx))
	if err != nil {
		return nil, err
	}
	return paged(passkeys, list, in.Paging, wirePasskey)
}

func (a *API) passkeyBegin(ctx context.Context, _ *struct{}) (*answer[ceremony], error) {
	c, err := a.Gate.BeginPasskey(ctx, actor(ctx), visitor(ctx))
	return begun(ctx, c, err)
}

type passkeyAddInput struct {
	Body struct {
		Ceremony string         `json:"ceremony" minLength:"1" maxLength:"40"`
		Response map[string]any `json:"response" doc:"What navigator.credentials.create gave, as JSON"`
		Label    string         `json:"label,omitempty" maxLength:"80" doc:"What one calls it"`
	}
}

func (a *API) passkeyAdd(ctx context.Context, in *passkeyAddInput) (*answer[passkey], error) {
	response, err := json.Marshal(in.Body.Response)
	if err != nil {
		return nil, err
	}
	k, e, err := a.Gate.FinishPasskey(ctx, actor(ctx), visitor(ctx), in.Body.Ceremony, response, in.Body.Label)
	if err != nil {
		return nil, err
	}
	edge.From(ctx).KeepSession(e.Session)
	return &answer[passkey]{wirePasskey(k)}, nil
}

func (a *API) passkeyRemove(ctx context.Context, in *idInput) (*struct{}, error) {
	return &struct{}{}, a.Gate.RemovePasskey(ctx, actor(ctx), in.ID)
}

// newAuthenticator is the secret of an authenticator, this once.
type newAuthenticator struct {
	Secret string `json:"secret" doc:"To type"`
	URL    string `json:"url" doc:"otpauth://…, to scan"`
}

func (a *API) authenticatorBegin(ctx context.Context, _ *struct{}) (*answer[newAuthenticator], error) {
	made, err := a.Gate.BeginAuthenticator(ctx, actor(ctx))
	if err != nil {
		return nil, err
	}
	return &answer[newAuthenticator]{newAuthenticator{made.Secret, made.URL}}, nil
}

// recovery is a person's recovery codes, this once.
type recovery struct {
	Codes []string `json:"recovery_codes" doc:"Each counts once, when the authenticator is lost"`
}

func (a *API) authenticatorConfirm(ctx context.Context, in *signInFactorInput) (*answer[recovery], error) {
	codes, e, err := a.Gate.ConfirmAuthenticator(ctx, actor(ctx), visitor(ctx), in.Body.Code)
	if err != nil {
		return nil, err
	}
	edge.From(ctx).KeepSession(e.Session)
	return &answer[recovery]{recovery{codes}}, nil
}

func (a *API) authenticatorRemove(ctx context.Context, _ *struct{}) (*struct{}, error) {
	return &struct{}{}, a.Gate.RemoveAuthenticator(ctx, actor(ctx))
}

func (a *API) recoveryRenew(ctx context.Context, _ *struct{}) (*answer[recovery], error) {
	codes, err := a.Gate.NewRecoveryCodes(ctx, actor(ctx))
	if err != nil {
		return nil, err
	}
	return &answer[recovery]{recovery{codes}}, nil
}

type emailChangeInput struct {
	Body struct {
		Email string `json:"email" minLength:"1" maxLength:"254"`
	}
}

func (a *API) emailChange(ctx context.Context, in *emailChangeInput) (*answer[flow], error) {
	f, err := a.Gate.ChangeEmail(ctx, actor(ctx), visitor(ctx), in.Body.Email)
	return asked(ctx, f, err)
}

func (a *API) providerLink(ctx context.Context, _ *struct{}) (*answer[elsewhere], error) {
	address, browser, err := a.Gate.LinkOIDC(ctx, actor(ctx), visitor(ctx))
	return sentOn(ctx, address, browser, err)
}

func (a *API) providerUnlink(ctx context.Context, _ *struct{}) (*struct{}, error) {
	return &struct{}{}, a.Gate.UnlinkOIDC(ctx, actor(ctx))
}

type memberOnceInput struct {
	ID string `path:"id"`
	Once
}

func (a *API) factorsReset(ctx context.Context, in *memberOnceInput) (*struct{}, error) {
	return &struct{}{}, a.Gate.ResetFactors(ctx, actor(ctx), in.ID, keyOf(ctx))
}

func (a *API) emailRestore(ctx context.Context, in *memberOnceInput) (*struct{}, error) {
	return &struct{}{}, a.Gate.RestoreEmail(ctx, actor(ctx), in.ID, keyOf(ctx))
}
