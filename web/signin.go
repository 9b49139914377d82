package web

import (
	"html/template"
	"net/http"
	"net/url"
	"strings"
	"time"

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
	s.form(r, "/connexion", signInShown, askForLink)
	s.form(r, "/connexion/mot-de-passe", signInShown, byPassword)
	s.on(r, "POST", "/connexion/organisation", toProvider)
	s.on(r, "GET", "/connexion/code", codePage)
	s.on(r, "POST", "/connexion/code", byCode)
	s.on(r, "GET", signin.LinkPath, linkPage)
	s.form(r, signin.LinkPath, func(p *page) error { return p.showLink(p.field("secret")) }, byLink)
	s.on(r, "GET", "/connexion/inscription", signUpPage)
	s.form(r, "/connexion/inscription", signUpShown, signUp)
	s.on(r, "POST", "/deconnexion", signOut)
	s.on(r, "POST", everywherePath, endSessions)
	s.leads(r, "/connexion", "/connexion/mot-de-passe", "/connexion/organisation", "/deconnexion", everywherePath)
	r.GET(signin.ReturnPath, func(c *gin.Context) { s.pageOf(c, edge.From(c.Request.Context()).Language).answer(fromProvider) })
}

// signInForm is the page where people say who they are.
type signInForm struct {
	frame
	Email    string
	Provider string // the name of the organisation's provider, "" without one
	Password bool   // the password is being tried: its part is open
	Demo     bool
	NoMail   bool
	Back     bool  // it leads back to a page that somebody wanted to open
	News     *told // what has just been done
}

// signInPage asks a visitor who they are. Who is signed in goes on.
func signInPage(p *page) error {
	p.keepBack()
	if p.v.Actor.Known() {
		return p.onward()
	}
	return p.signInAgain(http.StatusOK, signInForm{})
}

// The news that a page brings which another sends the browser to.
const (
	newsOut        = "sortie"
	newsEverywhere = "partout"
	newsErased     = "effacement"
	newsStep       = "etape"
)

// news is what has just been done, nil for nothing. Anybody may write the address: it says only
// what is so of a visitor.
func (p *page) news() *told {
	switch p.c.Query("fait") {
	case newsOut:
		return &told{Title: p.l.Say("page.sign.out_title", nil), Text: p.l.Say("page.sign.out_lead", nil)}
	case newsEverywhere:
		return &told{Title: p.l.Say("page.sign.everywhere_title", nil), Text: p.l.Say("page.sign.everywhere_lead", nil)}
	case newsErased:
		return &told{Title: p.l.Say("page.sign.erased_title", nil), Text: p.l.Say("page.sign.erased_lead", nil)}
	}
	return nil
}

// signInAgain shows the sign-in page with what was filled in.
func (p *page) signInAgain(status int, f signInForm) error {
	problem := f.Error
	if p.c.Request.Method != http.MethodGet {
		p.other = "/connexion"
	}
	f.frame = p.frame(p.l.Say("page.sign.title", nil))
	f.Error, f.Provider, f.Demo, f.NoMail = problem, p.Gate.OIDCName(), p.Kept != nil, p.NoMail
	f.Back = p.comeback().waits()
	f.News = p.news()
	return p.show(status, "sign_in", f)
}

// signInShown shows the sign-in page with the address that was typed.
func signInShown(p *page) error {
	return p.signInAgain(http.StatusOK, signInForm{Email: strings.TrimSpace(p.field("email")), Password: strings.HasSuffix(p.frenchPath(), "/mot-de-passe")})
}

// askForLink has a letter sent, and says the same whoever has the address.
func askForLink(p *page) error {
	email := strings.TrimSpace(p.field("email"))
	if p.NoMail {
		t := told{Title: p.l.Say("page.sign.no_mail_title", nil), Text: p.l.Say("page.sign.no_mail", nil)}
		return p.signInAgain(http.StatusServiceUnavailable, signInForm{Email: email, frame: frame{Error: &t}})
	}
	who := p.visitor()
	if p.comeback().waits() {
		who.Back = p.comeback().path // the letter may be opened in another browser, or by somebody else
	}
	flow, err := p.Gate.Ask(p.c.Request.Context(), who, email, p.l.Tag())
	if err != nil {
		t, status := p.explain(err)
		return p.signInAgain(status, signInForm{Email: email, frame: frame{Error: &t}})
	}
	p.v.KeepBrowser(flow.Browser)
	return p.to(codeAddress(flow.ID, seal(flow.Browser, email)))
}

func codeAddress(flow, sealed string) string {
	return "/connexion/code?" + url.Values{"flow": {flow}, "a": {sealed}}.Encode()
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
		p.comeByLetter(e.Back)
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
	Flow, Sealed string
	Sent         fault.Params // the address that was typed in this browser; nil when it is not known
	Demo         bool
	Spent        bool // the code counts no more
}

// codePage asks for the code of a letter. Without a request there is none to type.
func codePage(p *page) error {
	if p.c.Query("flow") == "" || p.NoMail {
		return p.to("/connexion")
	}
	return p.codeAgain(http.StatusOK, codeForm{Flow: p.c.Query("flow"), Sealed: p.c.Query("a")})
}

func (p *page) codeAgain(status int, f codeForm) error {
	t := f.Error
	p.other = codeAddress(f.Flow, f.Sealed)
	f.frame, f.Demo = p.frame(p.l.Say("page.sign.code_title", nil)), p.Kept != nil
	f.Error = t
	if email := unseal(p.v.Browser, f.Sealed); email != "" {
		f.Sent = fault.Params{"email": email}
	}
	return p.show(status, "code", f)
}

func byCode(p *page) error {
	f := codeForm{Flow: p.field("flow"), Sealed: p.field("a")}
	entry, err := p.Gate.Enter(p.c.Request.Context(), p.visitor(), signin.Proof{Flow: f.Flow, Code: p.field("code")})
	if err == nil {
		return p.enter(entry)
	}
	if in, twice := p.again(err, "bad_code"); in {
		return twice
	}
	t, status := p.explain(err)
	if fault.Is(err, "bad_code") {
		spent, err := p.Gate.CodeSpent(p.c.Request.Context(), p.visitor(), f.Flow)
		if err != nil {
			return err
		}
		if f.Spent = spent; spent {
			t = told{Title: p.l.Say("page.wrong.spent_title", nil), Text: p.l.Say("page.wrong.spent", nil)}
		}
	}
	f.Error = &t
	return p.codeAgain(status, f)
}

// again sends on who has come in by the very thing that is refused now: a button was tapped
// twice.
func (p *page) again(err error, code string) (bool, error) {
	if !fault.Is(err, code) {
		return false, nil
	}
	in, err := p.Gate.JustEntered(p.c.Request.Context(), p.v.Actor)
	if err != nil || !in {
		return err != nil, err
	}
	return true, p.to(secondPath)
}

// linkForm is the page that the link of a letter opens. Opening it uses nothing up: mail
// programs open links to look at them. The button does.
type linkForm struct {
	frame
	Secret string
	Whose  string // whose account it opens, masked; "" when the link does not count
}

func linkPage(p *page) error { return p.showLink(p.c.Query(signin.LinkQuery)) }

// showLink asks whether to go on. The way to the other language hands the secret on as the button
// does: it is in one address already, and comes into no other.
func (p *page) showLink(secret string) error {
	whose, err := p.Gate.Whose(p.c.Request.Context(), secret)
	if err != nil {
		return err
	}
	p.resend = []hiddenField{{onlyShow, "1"}, {"secret", secret}}
	return p.show(http.StatusOK, "link", linkForm{p.frame(p.l.Say("page.sign.link_title", nil)), secret, whose})
}

func byLink(p *page) error {
	entry, err := p.Gate.Enter(p.c.Request.Context(), p.visitor(), signin.Proof{Link: p.field("secret")})
	if fault.Is(err, "sign_in") { // a new address is confirmed in the session of whose it is
		t := told{Title: p.l.Say("page.sign.verify_title", nil), Text: p.l.Say("page.sign.verify_text", nil)}
		p.resend, p.other = nil, "/connexion"
		f := problemForm{frame: p.frame(t.Title)}
		f.Error = &t
		return p.show(http.StatusUnauthorized, "problem", f)
	}
	if in, twice := p.again(err, "bad_link"); in {
		return twice
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

// signUpPage asks who somebody is, whose address is proved. Who has come in meanwhile goes on.
func signUpPage(p *page) error { return p.signUpFor(p.c.Query("flow"), signin.NewPerson{}) }

func signUpShown(p *page) error { return p.signUpFor(p.field("flow"), p.newPerson()) }

func (p *page) signUpFor(flow string, person signin.NewPerson) error {
	under, err := p.Gate.SigningUp(p.c.Request.Context(), p.visitor(), flow)
	switch {
	case err != nil:
		return err
	case under:
		return p.signUpAgain(http.StatusOK, flow, person, nil)
	case p.v.Actor.Known():
		return p.onward()
	}
	return fault.New(fault.Unauthenticated, "bad_sign_up", nil)
}

func (p *page) signUpAgain(status int, flow string, person signin.NewPerson, t *told) error {
	p.other = "/connexion/inscription?flow=" + url.QueryEscape(flow)
	f := signUpForm{frame: p.frame(p.l.Say("page.sign.up_title", nil)), Flow: flow, Person: person}
	f.Error = t
	var err error
	if f.Hubs, err = p.hubs(); err != nil {
		return err
	}
	for _, c := range identity.Clienteles {
		f.Clienteles = append(f.Clienteles, choice{c, p.l.Say("clientele."+c, nil)})
	}
	return p.show(status, "sign_up", f)
}

// signUp opens the account of who has proved an address. A form holds what a person says of
// themselves and nothing else: no role, no tier.
func signUp(p *page) error {
	flow, person := p.field("flow"), p.newPerson()
	var entry signin.Entry
	err := p.toCome("birth_date", person.BirthDate)
	if err != nil { // with all else that is wrong
		if more := fault.Of(p.Gate.Readable(person)); more != nil {
			more.Violations = append(more.Violations, fault.Of(err).Violations...)
			err = more
		}
	} else {
		entry, err = p.Gate.SignUp(p.c.Request.Context(), p.visitor(), flow, person)
	}
	if in, twice := p.again(err, "bad_sign_up"); in {
		return twice
	}
	if err != nil {
		t, status := p.explain(err)
		return p.signUpAgain(status, flow, person, &t)
	}
	return p.enter(entry)
}

// newPerson is what a sign-up says of somebody.
func (p *page) newPerson() signin.NewPerson {
	return signin.NewPerson{
		Name: strings.TrimSpace(p.field("name")), Language: p.l.Tag(), HomeHubID: p.field("hub"), BirthDate: p.field("birth_date"),
		Clientele: p.field("clientele"), Consent: p.field("consent") == "yes",
		ConsentText: p.l.Say("page.sign.consent_text", nil),
	}
}

// toCome refuses a day that no clock has reached yet: the year is mistyped.
func (p *page) toCome(field, day string) error {
	t, err := time.Parse(time.DateOnly, day)
	if err == nil && t.After(p.DB.Now().Add(14*time.Hour)) {
		return fault.Field(field, "in_future")
	}
	return nil
}

// signOut ends the session and forgets it in the browser. Without a session it is done already.
func signOut(p *page) error {
	if a := p.v.Actor; a.SessionID != "" {
		if err := p.Directory.EndSession(p.c.Request.Context(), a, a.SessionID, database.Key{}); err != nil {
			return err
		}
	}
	p.leave()
	return p.to("/connexion?fait=" + newsOut)
}

// endSessions signs somebody out of every browser and program, this one included: the letters about their
// account tell them to, when they do not recognise what was done.
func endSessions(p *page) error {
	a := p.v.Actor
	if !a.Known() {
		return p.to("/connexion")
	}
	if err := p.Directory.EndSessions(p.c.Request.Context(), a, a.ID, "", true, database.Key{}); err != nil {
		return err
	}
	p.leave()
	return p.to("/connexion?fait=" + newsEverywhere)
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
