package web

import (
	"html/template"
	"net/http"
	"net/url"
	"strings"

	"github.com/gin-gonic/gin"

	"canot/internal/database"
	"canot/internal/fault"
	"canot/internal/identity"
	"canot/internal/identity/signin"
	"canot/inventory"
	"canot/web/edge"
)

func (s *Site) mountSignIn(r gin.IRouter) {
	s.on(r, "GET", "/connexion", signInPage)
	s.on(r, "POST", "/connexion", askForLink)
	s.on(r, "POST", "/connexion/mot-de-passe", byPassword)
	s.on(r, "POST", "/connexion/organisation", toProvider)
	s.on(r, "GET", "/connexion/code", codePage)
	s.on(r, "POST", "/connexion/code", byCode)
	s.on(r, "GET", signin.LinkPath, linkPage)
	s.on(r, "POST", signin.LinkPath, byLink)
	s.on(r, "GET", "/connexion/inscription", signUpPage)
	s.on(r, "POST", "/connexion/inscription", signUp)
	s.on(r, "POST", "/deconnexion", signOut)
	r.GET(signin.ReturnPath, func(c *gin.Context) { s.pageOf(c, edge.From(c.Request.Context()).Language).answer(fromProvider) })
}

// signInForm is the page where people say who they are.
type signInForm struct {
	frame
	Email    string
	Provider string // the name of the organisation's provider, "" without one
	Password bool   // the password is being tried: its part is open
	Demo     bool
	Person   *whoPage
}

// whoPage is what one sees who is signed in already.
type whoPage struct {
	Name  string
	Lacks bool // their roles ask for a second step
}

func signInPage(p *page) error { return p.signInAgain(http.StatusOK, signInForm{}) }

// signInAgain shows the sign-in page with what was filled in.
func (p *page) signInAgain(status int, f signInForm) error {
	problem := f.Error
	f.frame = p.frame(p.l.Say("page.sign.title", nil))
	f.Error, f.Provider, f.Demo = problem, p.Gate.OIDCName(), p.Kept != nil
	if a := p.v.Actor; a.Known() {
		m, err := p.Directory.Member(p.c.Request.Context(), p.DB.Reader(p.c.Request.Context()), a.ID)
		if err != nil {
			return err
		}
		f.Person = &whoPage{m.Name, a.LacksFactor}
	}
	return p.show(status, "sign_in", f)
}

// askForLink has a letter sent, and says the same whoever has the address.
func askForLink(p *page) error {
	email := strings.TrimSpace(p.field("email"))
	flow, err := p.Gate.Ask(p.c.Request.Context(), p.visitor(), email, p.l.Tag())
	if err != nil {
		t, status := p.explain(err)
		return p.signInAgain(status, signInForm{Email: email, frame: frame{Error: &t}})
	}
	p.v.KeepBrowser(flow.Browser)
	return p.to("/connexion/code?flow=" + url.QueryEscape(flow.ID))
}

func byPassword(p *page) error {
	email := strings.TrimSpace(p.field("email"))
	entry, err := p.Gate.Password(p.c.Request.Context(), p.visitor(), email, p.field("password"))
	if err != nil {
		t, status := p.explain(err)
		return p.signInAgain(status, signInForm{Email: email, Password: true, frame: frame{Error: &t}})
	}
	return p.enter(entry)
}

// enter goes where a proof leads.
func (p *page) enter(e signin.Entry) error {
	switch {
	case e.Session != "":
		p.v.KeepSession(e.Session)
		return p.to("/connexion/verification")
	case e.SignUp != "":
		p.v.KeepBrowser(e.Browser)
		return p.to("/connexion/inscription?flow=" + url.QueryEscape(e.SignUp))
	}
	f := p.frame(p.l.Say("page.sign.done", nil))
	return p.show(http.StatusOK, "done", f)
}

// codeForm is where the code of a letter is typed.
type codeForm struct {
	frame
	Flow string
	Demo bool
}

func codePage(p *page) error { return p.codeAgain(http.StatusOK, p.c.Query("flow"), nil) }

func (p *page) codeAgain(status int, flow string, t *told) error {
	f := codeForm{frame: p.frame(p.l.Say("page.sign.code_title", nil)), Flow: flow, Demo: p.Kept != nil}
	f.Error = t
	return p.show(status, "code", f)
}

func byCode(p *page) error {
	flow := p.field("flow")
	entry, err := p.Gate.Enter(p.c.Request.Context(), p.visitor(), signin.Proof{Flow: flow, Code: p.field("code")})
	if err != nil {
		t, status := p.explain(err)
		return p.codeAgain(status, flow, &t)
	}
	return p.enter(entry)
}

// linkForm is the page that the link of a letter opens. Opening it uses nothing up: mail
// programs open links to look at them. The button does.
type linkForm struct {
	frame
	Secret string
}

func linkPage(p *page) error {
	f := linkForm{p.frame(p.l.Say("page.sign.link_title", nil)), p.c.Query(signin.LinkQuery)}
	f.Other = nil // its address is a secret
	return p.show(http.StatusOK, "link", f)
}

func byLink(p *page) error {
	entry, err := p.Gate.Enter(p.c.Request.Context(), p.visitor(), signin.Proof{Link: p.field("secret")})
	if fault.Is(err, "sign_in") { // a new address is confirmed in the session of whose it is
		t := told{Title: p.l.Say("page.sign.verify_title", nil), Text: p.l.Say("page.sign.verify_text", nil)}
		f := p.frame(t.Title)
		f.Error = &t
		return p.show(http.StatusUnauthorized, "problem", f)
	}
	if err != nil {
		return err
	}
	return p.enter(entry)
}

// signUpForm opens an account, once an address is proved.
type signUpForm struct {
	frame
	Flow       string
	Person     signin.NewPerson
	Hubs       []inventory.Hub
	Clienteles []choice
}

// A choice is one of a list, in words.
type choice struct{ Value, Words string }

func signUpPage(p *page) error {
	return p.signUpAgain(http.StatusOK, p.c.Query("flow"), signin.NewPerson{}, nil)
}

func (p *page) signUpAgain(status int, flow string, person signin.NewPerson, t *told) error {
	f := signUpForm{frame: p.frame(p.l.Say("page.sign.up_title", nil)), Flow: flow, Person: person}
	f.Error = t
	for q := (inventory.HubQuery{Limit: 200}); ; {
		hubs, next, err := p.Catalog.Hubs(p.c.Request.Context(), q)
		if err != nil {
			return err
		}
		f.Hubs = append(f.Hubs, hubs...)
		if next == "" {
			break
		}
		q.After = next
	}
	for _, c := range identity.Clienteles {
		f.Clienteles = append(f.Clienteles, choice{c, p.l.Say("clientele."+c, nil)})
	}
	return p.show(status, "sign_up", f)
}

// signUp opens the account of who has proved an address. A form holds what a person says of
// themselves and nothing else: no role, no tier.
func signUp(p *page) error {
	flow := p.field("flow")
	person := signin.NewPerson{
		Name: strings.TrimSpace(p.field("name")), Language: p.l.Tag(), HomeHubID: p.field("hub"), BirthDate: p.field("birth_date"),
		Clientele: p.field("clientele"), Consent: p.field("consent") == "yes",
		ConsentText: p.l.Say("page.sign.consent_text", nil),
	}
	entry, err := p.Gate.SignUp(p.c.Request.Context(), p.visitor(), flow, person)
	if err != nil {
		t, status := p.explain(err)
		return p.signUpAgain(status, flow, person, &t)
	}
	return p.enter(entry)
}

// signOut ends the session and forgets it in the browser. Without a session it is done already.
func signOut(p *page) error {
	if a := p.v.Actor; a.SessionID != "" {
		if err := p.Directory.EndSession(p.c.Request.Context(), a, a.SessionID, database.Key{}); err != nil {
			return err
		}
	}
	p.v.EndSession()
	p.v.Actor = identity.Actor{}
	return p.show(http.StatusOK, "signed_out", p.frame(p.l.Say("page.sign.out_title", nil)))
}

// awayPage leads to the provider of an organisation. The way there is a link on a page: a
// form may not be answered with a redirect to another site.
type awayPage struct {
	frame
	Provider string
	Address  template.URL
}

func toProvider(p *page) error {
	address, browser, err := p.Gate.BeginOIDC(p.c.Request.Context(), p.visitor())
	if err != nil {
		return err
	}
	p.v.KeepBrowser(browser)
	name := p.Gate.OIDCName()
	return p.show(http.StatusOK, "away", awayPage{p.frame(p.l.Say("page.sign.away_title", fault.Params{"provider": name})), name, template.URL(address)})
}

// fromProvider takes back who comes from the provider. Its address is one for every language:
// that of the browser is taken.
func fromProvider(p *page) error {
	entry, err := p.Gate.FinishOIDC(p.c.Request.Context(), p.visitor(), p.c.Query("state"), p.c.Query("code"))
	if err != nil {
		return err
	}
	return p.enter(entry)
}
