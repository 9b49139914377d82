package web

import (
	"cmp"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"canot/booking/membership"
	"canot/internal/database"
	"canot/internal/fault"
	"canot/internal/identity"
	"canot/inventory"
	"canot/web/locale"
)

const (
	accountPath = "/compte"
	profilePath = accountPath + "/profil"
	devicesPath = accountPath + "/appareils"
	accessPath  = accountPath + "/acces"
)

func (s *Site) mountAccount(r gin.IRouter) {
	s.on(r, "GET", accountPath, accountPage)
	s.on(r, "GET", profilePath, profilePage)
	s.form(r, profilePath, profileShown, changeProfile)
	s.mountDevices(r)
	s.mountAccess(r)
}

// myself is the account of who asks; a visitor is asked to sign in.
func (p *page) myself() (identity.Member, error) {
	if err := p.signedIn(); err != nil {
		return identity.Member{}, err
	}
	ctx := p.c.Request.Context()
	return p.Directory.Member(ctx, p.DB.Reader(ctx), p.v.Actor.ID)
}

// signedIn asks that a person asks.
func (p *page) signedIn() error {
	if a := p.v.Actor; !a.Known() || a.ID == identity.System.ID {
		return fault.New(fault.Unauthenticated, "sign_in", nil)
	}
	return nil
}

// accountForm is one's account, to read.
type accountForm struct {
	frame
	News      *told
	Person    identity.Member
	Language  otherLanguage // in which Canot speaks to them
	Clientele string
	Lacks     bool // their roles ask for a second step
	Account   membership.Account
	Now, Past []membershipLine // memberships that count or will, and past ones
	Hours     []hoursLine
	Packs     []hoursLine // prepaid
	UsedPacks []hoursLine
	Held      []certificateLine
	Ended     []certificateLine
	Missing   []missingLine
}

// HubName is the hub whose machines are told, for sentences.
func (f accountForm) HubName() fault.Params {
	return fault.Params{"hub": f.Account.Hub.Name.In(f.Lang)}
}

// Call is the link to the telephone of the hub, "" without one.
func (f accountForm) Call() template.URL { return telephone(f.Account.Hub.Phone) }

// telephone is the link to a telephone, "" for what is no number. It is made of figures alone, so
// that nothing that somebody wrote becomes an address.
func telephone(written string) template.URL {
	number, _, _ := strings.Cut(strings.ToLower(written), "p") // «poste 12» is for who answers
	figures := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r == '+' {
			return r
		}
		return -1
	}, number)
	if len(figures) < 7 {
		return ""
	}
	return template.URL("tel:" + figures)
}

// Hello is whom to greet.
func (f accountForm) Hello() fault.Params { return fault.Params{"name": f.Person.Name} }

// A missingLine is a certification that somebody has not, with some of what asks for it.
type missingLine struct {
	Names     []phrase
	Resources []resourceLink
	More      fault.Params // how many others ask for it, nil for none
}

// A resourceLink leads to a resource.
type resourceLink struct {
	Path string
	Name phrase
}

// mostAsking is how many resources are named below a certification.
const mostAsking = 6

// A membershipLine is a membership in words.
type membershipLine struct {
	Tier, Hub   phrase
	State, Text string
}

// An hoursLine is minutes of something that may still be used: of what, and how many by period
// or by pack.
type hoursLine struct {
	What  phrase
	Texts []string
}

// A certificateLine is a certification in words.
type certificateLine struct {
	Name phrase
	Text string
}

// The news of the account's pages.
const (
	newsProfile = "profil"
	newsDevice  = "appareil"
	newsOthers  = "autres"
	newsRevoked = "revoque"
	newsEnded   = "agenda"
)

func accountPage(p *page) error {
	m, err := p.myself()
	if err != nil {
		return err
	}
	account, err := p.Roster.Account(p.c.Request.Context(), p.v.Actor, m.HomeHubID)
	if err != nil {
		return err
	}
	f := accountForm{frame: p.frame(p.l.Say("page.account", nil)), Person: m, Lacks: p.v.Actor.LacksFactor, Account: account, Language: languageOf(m.Language)}
	f.Wide = true
	if m.Clientele != "" {
		f.Clientele = p.l.Say("clientele."+m.Clientele, nil)
	}
	if p.c.Query("fait") == newsProfile {
		f.News = &told{Title: p.l.Say("page.profile.changed", nil)}
	}
	for _, m := range account.Memberships {
		if line := p.membershipLine(m); m.State == "past" {
			f.Past = append(f.Past, line)
		} else {
			f.Now = append(f.Now, line)
		}
	}
	for _, b := range account.Buckets {
		f.Hours = withLine(f.Hours, hoursLine{p.hoursOf(b.Kind, b.CategoryID, account), []string{p.l.Say("page.hours.left_"+b.Period,
			fault.Params{"left_min": b.Left, "included_min": b.Included, "next_on": b.NextOn})}})
	}
	for _, k := range account.Packs {
		line := p.packLine(k, account)
		if k.Over {
			f.UsedPacks = append(f.UsedPacks, line)
		} else {
			f.Packs = append(f.Packs, line)
		}
	}
	for _, c := range account.Certificates {
		line := certificateLine{p.phrase(c.Name), p.certificateText(c, account.Today)}
		if c.Counts || !c.Revoked && c.FromOn > account.Today {
			f.Held = append(f.Held, line)
		} else {
			f.Ended = append(f.Ended, line)
		}
	}
	for _, m := range account.Missing {
		f.Missing = append(f.Missing, p.missingLine(m))
	}
	return p.show(http.StatusOK, "account", f)
}

func (p *page) missingLine(m membership.MissingCertificate) missingLine {
	var line missingLine
	for _, n := range m.Names {
		line.Names = append(line.Names, p.phrase(n))
	}
	if more := len(m.Resources) - mostAsking; more > 0 {
		m.Resources, line.More = m.Resources[:mostAsking], fault.Params{"count": more}
	}
	for _, x := range m.Resources {
		line.Resources = append(line.Resources, resourceLink{"/ressources/" + url.PathEscape(x.Slug), p.phrase(x.Name)})
	}
	return line
}

func (p *page) membershipLine(m membership.AccountMembership) membershipLine {
	line := membershipLine{Tier: p.phrase(m.Tier), Hub: p.phrase(m.Hub.Name), State: m.State}
	figures := fault.Params{"first": p.day(m.StartsOn), "last": p.day(m.EndsOn)}
	switch {
	case m.State == "paused":
		figures = fault.Params{"last": p.day(m.PausedUntil)}
	case m.State == "in_force" && m.Renews:
		figures = fault.Params{"first": p.day(m.StartsOn), "renews": 1} // its last day is when it begins anew
	}
	line.Text = p.l.Say("page.tier.state_"+m.State, figures)
	return line
}

// day is a day of a calendar in words, "" for none.
func (p *page) day(on string) string {
	t, err := time.Parse(time.DateOnly, on)
	if err != nil {
		return ""
	}
	return p.l.Day(t)
}

// withLine adds a line to the one before where both are of the same thing.
func withLine(all []hoursLine, line hoursLine) []hoursLine {
	if n := len(all); n > 0 && all[n-1].What == line.What {
		all[n-1].Texts = append(all[n-1].Texts, line.Texts...)
		return all
	}
	return append(all, line)
}

// hoursOf says for what some hours are: a category, a kind, or everything.
func (p *page) hoursOf(kind inventory.Kind, category string, a membership.Account) phrase {
	if name, known := a.Categories[category]; known {
		return p.phrase(name)
	}
	if kind == "" {
		return phrase{Text: p.l.Say("page.hours.everything", nil)}
	}
	return phrase{Text: p.l.Say("page.hours.kind_"+string(kind), nil)}
}

func (p *page) packLine(k membership.AccountPack, a membership.Account) hoursLine {
	where := p.l.Say("page.hours.anywhere", nil)
	if k.Hub.ID != "" {
		where = k.Hub.Name.In(p.l.Tag())
	}
	more := strings.TrimSpace(where + ". " + p.l.Say("page.hours.until", fault.Params{"last": p.day(k.ExpiresOn)}))
	left := p.l.Say("page.hours.pack", fault.Params{"left_min": k.Left, "sold_min": k.Minutes})
	return hoursLine{p.hoursOf(k.Kind, k.CategoryID, a), []string{left + " " + more}}
}

func (p *page) certificateText(c membership.AccountCertificate, today string) string {
	figures := fault.Params{"first": p.day(c.FromOn), "last": p.day(c.UntilOn)}
	switch {
	case c.Revoked:
		return p.l.Say("page.held.revoked", nil)
	case !c.Counts && c.FromOn > today:
		return p.l.Say("page.held.to_come", figures)
	case !c.Counts:
		return p.l.Say("page.held.ended", figures)
	case c.Unused:
		return p.l.Say("page.held.unused", figures)
	}
	return p.l.Say("page.held.good", figures)
}

// profileForm changes what is known of a person.
type profileForm struct {
	frame
	Edits      profile
	Version    int64
	Email      string
	Hubs       []inventory.Place
	Languages  []otherLanguage
	Clienteles []choice
}

// A profile is what somebody says of themselves.
type profile struct{ Name, Phone, Language, HomeHub, Clientele string }

func profilePage(p *page) error {
	m, err := p.myself()
	if err != nil {
		return err
	}
	return p.profileAgain(http.StatusOK, profile{m.Name, m.Phone, m.Language, m.HomeHubID, m.Clientele}, m.Version, m.Email, nil)
}

func (p *page) profileAgain(status int, edits profile, version int64, email string, t *told) error {
	f := profileForm{frame: p.frame(p.l.Say("page.profile.title", nil)), Edits: edits, Version: version, Email: email}
	f.Error = t
	var err error
	if f.Hubs, err = p.Catalog.Places(p.c.Request.Context()); err != nil {
		return err
	}
	for _, l := range locale.All() {
		f.Languages = append(f.Languages, languageOf(l.Tag()))
	}
	for _, c := range identity.Clienteles {
		f.Clienteles = append(f.Clienteles, choice{c, p.l.Say("clientele."+c, nil)})
	}
	return p.show(status, "profile", f)
}

// languageOf is a language by its own name.
func languageOf(tag string) otherLanguage {
	if tag == locale.English.Tag() {
		return otherLanguage{Lang: tag, Name: "English"}
	}
	return otherLanguage{Lang: locale.French.Tag(), Name: "Français"}
}

// profileTyped is what somebody said of themselves.
func (p *page) profileTyped() profile {
	return profile{strings.TrimSpace(p.field("name")), strings.TrimSpace(p.field("phone")), p.field("language"), p.field("hub"), p.field("clientele")}
}

// profileShown shows the form as it was filled in, and changes nothing.
func profileShown(p *page) error {
	m, err := p.myself()
	if err != nil {
		return err
	}
	return p.profileAgain(http.StatusOK, p.profileTyped(), m.Version, m.Email, nil)
}

// changeProfile writes what somebody says of themselves, and goes on in the language that they
// have chosen. Who changed it elsewhere meanwhile is told: the form says again what they typed.
func changeProfile(p *page) error {
	m, err := p.myself()
	if err != nil {
		return err
	}
	e := p.profileTyped()
	_, err = p.Directory.ChangeMember(p.c.Request.Context(), p.v.Actor, m.ID, identity.MemberEdits{
		IfVersion: versionOf(p.field("version")), Name: &e.Name, Phone: &e.Phone, Language: &e.Language, HomeHub: &e.HomeHub, Clientele: &e.Clientele,
	}, database.Key{})
	if err != nil {
		t, status := p.explain(err)
		return p.profileAgain(status, e, m.Version, m.Email, &t)
	}
	for _, l := range locale.All() {
		if l.Tag() == e.Language {
			p.l = l
		}
	}
	return p.to(accountPath + "?fait=" + newsProfile)
}

// homeZone is the time of somebody's home hub; without one, the time that most hubs have now.
func (p *page) homeZone(hub string) (*time.Location, error) {
	zone, _, err := p.homeTime(hub)
	return zone, err
}

// homeTime is the time of homeZone, with the name of the hub or the town of one whose time it is.
func (p *page) homeTime(hub string) (*time.Location, string, error) {
	places, err := p.Catalog.Places(p.c.Request.Context())
	if err != nil {
		return nil, "", err
	}
	zones, err := zonesOf(places)
	if err != nil {
		return nil, "", err
	}
	for i, place := range places {
		if place.ID == hub {
			return zones[i], place.Name.In(p.l.Tag()), nil
		}
	}
	usual := usualZone(zones, p.DB.Now())
	if usual == nil {
		return time.UTC, "UTC", nil
	}
	at := places[slices.Index(zones, usual)]
	return usual, cmp.Or(at.Town, at.Name.In(p.l.Tag())), nil
}
