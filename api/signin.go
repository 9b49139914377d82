package api

import (
	"context"
	"encoding/json"
	"strings"

	"canot/internal/database"
	"canot/internal/fault"
	"canot/internal/identity/signin"
	"canot/web/edge"
	"canot/web/locale"
)

func (a *API) signInRoutes() {
	const tag = "Signing in"
	register(a, operation{id: "askForLink", call: "POST /sign-in", tag: tag, summary: "Ask for a link and a code by e-mail", status: 202,
		doc: "The answer is the same whether somebody has the address or not. The code counts in the browser that asked, known by a cookie that this answer sets."}, a.signInAsk)
	register(a, operation{id: "signInByCode", call: "POST /sign-in/code", tag: tag, summary: "Sign in by the code of a message",
		doc: "Five tries a request. A session begins in a cookie, and the one that the browser had ends; so does every way to sign in."}, a.signInCode)
	register(a, operation{id: "signInByLink", call: "POST /sign-in/link", tag: tag, summary: "Sign in by the link of a message"}, a.signInLink)
	register(a, operation{id: "signUp", call: "POST /sign-in/sign-up", tag: tag, summary: "Open an account, once the address is proved"}, a.signUp)
	register(a, operation{id: "signInByPassword", call: "POST /sign-in/password", tag: tag, summary: "Sign in by password"}, a.signInPassword)
	register(a, operation{id: "beginSignInByPasskey", call: "POST /sign-in/passkey/begin", tag: tag, summary: "Begin to sign in by passkey",
		doc: "The options go to `navigator.credentials.get`."}, a.signInPasskeyBegin)
	register(a, operation{id: "signInByPasskey", call: "POST /sign-in/passkey/finish", tag: tag, summary: "Sign in by passkey", doc: "Two factors at once."}, a.signInPasskey)
	register(a, operation{id: "beginSignInByProvider", call: "POST /sign-in/oidc", tag: tag, summary: "Begin to sign in by the provider of an organisation",
		doc: "OpenID Connect; the browser goes to the address that is given."}, a.signInProvider)
	register(a, operation{id: "proveSecondFactor", call: "POST /sign-in/second-factor", tag: tag, summary: "Give a second factor", scope: admin,
		doc: "A code of one's authenticator, or a recovery code. Roles are held by who has given two factors."}, a.signInFactor)
	register(a, operation{id: "signOut", call: "POST /sign-out", tag: tag, summary: "Sign out", status: 204, doc: "The session ends on the server."}, a.signOut)
}

// visitor is who stands at the gate by a request.
func visitor(ctx context.Context) signin.Visitor {
	v := edge.From(ctx)
	return signin.Visitor{Source: v.Source(), Browser: v.Browser, Device: v.Device, By: v.Actor}
}

// entry is what a proof opened, on the wire.
type entry struct {
	Status string `json:"status" enum:"signed_in,sign_up,done" doc:"signed_in: a session began, in a cookie. sign_up: the address is proved and new. done: what was asked for is done, in the session that there was"`
	Member string `json:"member,omitempty" doc:"Whose session it is, by id"`
	Flow   string `json:"flow,omitempty" doc:"To be finished by sign-up"`
	Email  string `json:"email,omitempty" doc:"Of the sign-up"`
	Needs  string `json:"needs,omitempty" enum:"second_factor" doc:"What the person must give before their roles count"`
	Done   string `json:"done,omitempty" enum:"email_verified,linked"`
}

// entered sets the cookies that an entry asks for, and puts it on the wire.
func (a *API) entered(ctx context.Context, e signin.Entry) (*answer[entry], error) {
	v, out := edge.From(ctx), entry{Status: "done", Member: e.MemberID, Done: e.Done}
	switch {
	case e.Session != "":
		v.KeepSession(e.Session)
		out.Status = "signed_in"
		who, err := a.Directory.AuthenticateSession(ctx, e.Session)
		if err != nil {
			return nil, err
		}
		if who.LacksFactor {
			out.Needs = "second_factor"
		}
	case e.SignUp != "":
		v.KeepBrowser(e.Browser)
		out.Status, out.Flow, out.Email = "sign_up", e.SignUp, e.Email
	}
	return &answer[entry]{out}, nil
}

type signInAskInput struct {
	Body struct {
		Email    string `json:"email" minLength:"1" maxLength:"254"`
		Language string `json:"language,omitempty" enum:"fr,en" doc:"Of the message, to somebody new; that of the request when left out"`
	}
}

// flow is a request for a message, under way.
type flow struct {
	Flow      string  `json:"flow" doc:"To be given with the code"`
	ExpiresAt Instant `json:"expires_at"`
}

func (a *API) signInAsk(ctx context.Context, in *signInAskInput) (*answer[flow], error) {
	language := in.Body.Language
	if language == "" {
		language = languageOf(edge.From(ctx).Language)
	}
	f, err := a.Gate.Ask(ctx, visitor(ctx), in.Body.Email, language)
	return asked(ctx, f, err)
}

// languageOf is a language as members have it.
func languageOf(l locale.Language) string {
	if strings.HasPrefix(l.Tag(), "en") {
		return "en"
	}
	return "fr"
}

// asked has the browser keep what the code is bound to.
func asked(ctx context.Context, f signin.Flow, err error) (*answer[flow], error) {
	if err != nil {
		return nil, err
	}
	edge.From(ctx).KeepBrowser(f.Browser)
	return &answer[flow]{flow{f.ID, instant(f.ExpiresAt)}}, nil
}

type signInCodeInput struct {
	Body struct {
		Flow string `json:"flow" minLength:"1" maxLength:"40"`
		Code string `json:"code" minLength:"1" maxLength:"20"`
	}
}

func (a *API) signInCode(ctx context.Context, in *signInCodeInput) (*answer[entry], error) {
	return a.enter(ctx, signin.Proof{Flow: in.Body.Flow, Code: in.Body.Code})
}

type signInLinkInput struct {
	Body struct {
		Link string `json:"link" minLength:"1" maxLength:"100" doc:"The secret of the link, its parameter s"`
	}
}

func (a *API) signInLink(ctx context.Context, in *signInLinkInput) (*answer[entry], error) {
	return a.enter(ctx, signin.Proof{Link: in.Body.Link})
}

func (a *API) enter(ctx context.Context, p signin.Proof) (*answer[entry], error) {
	e, err := a.Gate.Enter(ctx, visitor(ctx), p)
	if err != nil {
		return nil, err
	}
	return a.entered(ctx, e)
}

type signUpInput struct {
	Body struct {
		Flow      string `json:"flow" minLength:"1" maxLength:"40"`
		Name      string `json:"name" minLength:"1" maxLength:"120"`
		Language  string `json:"language,omitempty" enum:"fr,en"`
		HomeHub   string `json:"home_hub,omitempty" maxLength:"100" doc:"By id or slug"`
		BirthDate string `json:"birth_date,omitempty" maxLength:"10" example:"1990-05-17" doc:"Only if one wants to: some machines ask for an age"`
		Clientele string `json:"clientele,omitempty" maxLength:"40"`
		Consent   bool   `json:"consent" doc:"That one agrees to the text of the sign-up; without, there is no account"`
	}
}

func (a *API) signUp(ctx context.Context, in *signUpInput) (*answer[entry], error) {
	hubID, err := a.hubID(ctx, in.Body.HomeHub)
	if err != nil {
		return nil, err
	}
	language := edge.From(ctx).Language
	if in.Body.Language == "" {
		in.Body.Language = languageOf(language)
	}
	e, err := a.Gate.SignUp(ctx, visitor(ctx), in.Body.Flow, signin.NewPerson{
		Name: in.Body.Name, Language: in.Body.Language, HomeHubID: hubID, BirthDate: in.Body.BirthDate, Clientele: in.Body.Clientele,
		Consent: in.Body.Consent, ConsentText: language.Say("page.sign.consent_text", nil),
	})
	if err != nil {
		return nil, err
	}
	return a.entered(ctx, e)
}

type signInPasswordInput struct {
	Body struct {
		Email    string `json:"email" minLength:"1" maxLength:"254"`
		Password string `json:"password" minLength:"1" maxLength:"512"`
	}
}

func (a *API) signInPassword(ctx context.Context, in *signInPasswordInput) (*answer[entry], error) {
	e, err := a.Gate.Password(ctx, visitor(ctx), in.Body.Email, in.Body.Password)
	if err != nil {
		return nil, err
	}
	return a.entered(ctx, e)
}

// ceremony is an exchange with an authenticator that has begun, on the wire.
type ceremony struct {
	Ceremony string          `json:"ceremony" doc:"To be given at the end"`
	Options  json.RawMessage `json:"options" doc:"For the browser’s navigator.credentials"`
}

// begun has the browser keep what the ceremony is bound to.
func begun(ctx context.Context, c signin.Ceremony, err error) (*answer[ceremony], error) {
	if err != nil {
		return nil, err
	}
	edge.From(ctx).KeepBrowser(c.Browser)
	return &answer[ceremony]{ceremony{c.ID, c.Options}}, nil
}

func (a *API) signInPasskeyBegin(ctx context.Context, _ *struct{}) (*answer[ceremony], error) {
	c, err := a.Gate.BeginPasskeySignIn(ctx, visitor(ctx))
	return begun(ctx, c, err)
}

type signInPasskeyInput struct {
	Body struct {
		Ceremony string         `json:"ceremony" minLength:"1" maxLength:"40"`
		Response map[string]any `json:"response" doc:"What navigator.credentials.get gave, as JSON"`
	}
}

func (a *API) signInPasskey(ctx context.Context, in *signInPasskeyInput) (*answer[entry], error) {
	response, err := json.Marshal(in.Body.Response)
	if err != nil {
		return nil, err
	}
	e, err := a.Gate.FinishPasskeySignIn(ctx, visitor(ctx), in.Body.Ceremony, response)
	if err != nil {
		return nil, err
	}
	return a.entered(ctx, e)
}

// elsewhere is where the browser goes next.
type elsewhere struct {
	Address string `json:"address" doc:"Where the browser goes next"`
}

func (a *API) signInProvider(ctx context.Context, _ *struct{}) (*answer[elsewhere], error) {
	address, browser, err := a.Gate.BeginOIDC(ctx, visitor(ctx))
	return sentOn(ctx, address, browser, err)
}

func sentOn(ctx context.Context, address, browser string, err error) (*answer[elsewhere], error) {
	if err != nil {
		return nil, err
	}
	edge.From(ctx).KeepBrowser(browser)
	return &answer[elsewhere]{elsewhere{address}}, nil
}

type signInFactorInput struct {
	Body struct {
		Code string `json:"code" minLength:"1" maxLength:"40"`
	}
}

func (a *API) signInFactor(ctx context.Context, in *signInFactorInput) (*answer[entry], error) {
	e, err := a.Gate.SecondFactor(ctx, actor(ctx), visitor(ctx), in.Body.Code)
	if err != nil {
		return nil, err
	}
	return a.entered(ctx, e)
}

func (a *API) signOut(ctx context.Context, _ *struct{}) (*struct{}, error) {
	who := actor(ctx)
	if who.TokenID != "" {
		return nil, fault.New(fault.Forbidden, "session_needed", nil)
	}
	edge.From(ctx).EndSession()
	if who.SessionID == "" {
		return &struct{}{}, nil
	}
	return &struct{}{}, a.Directory.EndSession(ctx, who, who.SessionID, database.Key{})
}
