package web

import (
	"crypto/rand"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"canot/internal/database"
	"canot/internal/fault"
	"canot/internal/identity"
)

const tokensPath = accessPath + "/jetons"

func (s *Site) mountAccess(r gin.IRouter) {
	s.on(r, "GET", accessPath, accessPage)
	s.form(r, tokensPath, tokenShown, makeToken)
	s.on(r, "POST", tokensPath+"/revoquer", revokeToken)
	s.form(r, calendarsPath, calendarShown, renewCalendar)
	s.on(r, "POST", calendarsPath+"/fermer", endCalendar)
	s.leads(r, accessPath, tokensPath, tokensPath+"/revoquer", calendarsPath, calendarsPath+"/fermer")
}

// accessForm is what speaks for somebody outside of their browsers: programs, and calendars.
type accessForm struct {
	frame
	News   *told
	Tokens []tokenLine
	Scopes []choice // what a new token may be allowed, the least first
	Ends   []choice // after how many days it may end
	New    newToken
	Key    string // of this form, so that a tap too many makes no second one

	Calendars   []calendarLine
	OwnCalendar bool     // their own has no address yet
	Hubs        []choice // whose calendars they may have too
}

// A tokenLine is one token that counts.
type tokenLine struct{ ID, Prefix, Label, May, Until string }

// A newToken is what somebody asks of a token.
type newToken struct{ Label, Scope, Days string }

// tokenDays are the lives of a token that one may choose.
var tokenDays = []string{"30", "90", "365"}

func accessPage(p *page) error {
	return p.accessAgain(http.StatusOK, usualToken(), nil)
}

func usualToken() newToken { return newToken{Scope: identity.ScopeRead, Days: tokenDays[1]} }

func (p *page) accessAgain(status int, asked newToken, t *told) error {
	m, err := p.myself()
	if err != nil {
		return err
	}
	tokens, err := p.Directory.Tokens(p.c.Request.Context(), p.v.Actor, m.ID)
	if err != nil {
		return err
	}
	if p.c.Request.Method != http.MethodGet {
		p.other = accessPath
	}
	f := accessForm{frame: p.frame(p.l.Say("page.access.title", nil)), New: asked, Key: rand.Text()}
	f.Error = t
	now := p.DB.Now()
	for _, k := range tokens {
		if k.RevokedAt == nil && now.Before(k.ExpiresAt) {
			f.Tokens = append(f.Tokens, p.tokenLine(k))
		}
	}
	for _, scope := range p.scopes() {
		f.Scopes = append(f.Scopes, choice{scope, p.l.Say("page.access.scope_"+scope, nil)})
	}
	for _, days := range tokenDays {
		f.Ends = append(f.Ends, choice{days, p.l.Say("page.access.days_"+days, nil)})
	}
	if err := f.calendars(p, m); err != nil {
		return err
	}
	switch p.c.Query("fait") {
	case newsRevoked:
		f.News = &told{Title: p.l.Say("page.access.revoked", nil)}
	case newsEnded:
		f.News = &told{Title: p.l.Say("page.access.calendar_ended", nil)}
	}
	return p.show(status, "access", f)
}

// scopes are those that somebody is offered: none beyond what their roles could use.
func (p *page) scopes() []string {
	all := []string{identity.ScopeRead, identity.ScopeBook, identity.ScopeStaff, identity.ScopeAdmin}
	if len(p.v.Actor.Grants) == 0 {
		return all[:2]
	}
	return all
}

func (p *page) tokenLine(k identity.Token) tokenLine {
	line := tokenLine{ID: k.ID, Prefix: k.Prefix, Label: k.Label, Until: p.l.Day(k.ExpiresAt)}
	if line.Label == "" {
		line.Label = p.l.Say("page.access.unnamed", nil)
	}
	for _, scope := range []string{identity.ScopeAdmin, identity.ScopeStaff, identity.ScopeBook, identity.ScopeRead} {
		if slices.Contains(k.Scopes, scope) { // each holds those before it
			line.May = p.l.Say("page.access.may_"+scope, nil)
			break
		}
	}
	return line
}

// shownToken is a token that was just made. Its secret is on no other page.
type shownToken struct {
	frame
	Secret string
	Token  tokenLine
}

// makeToken makes a token and shows it, this once. A form counts once: sent again, its token is
// there and its secret cannot be had.
func makeToken(p *page) error {
	if err := p.signedIn(); err != nil {
		return err
	}
	asked := p.tokenAsked()
	days, a := atoi(asked.Days), p.v.Actor
	req := identity.TokenRequest{Label: asked.Label, Scopes: []string{asked.Scope}, Lifetime: time.Duration(days) * 24 * time.Hour}
	req.Key = p.onceKey("key", asked.Label, asked.Scope, asked.Days)
	var err error
	if !slices.Contains(tokenDays, asked.Days) {
		err = fault.Field("lifetime", "bad_lifetime")
	} else if !slices.Contains(p.scopes(), asked.Scope) {
		err = fault.Field("scopes", "bad_scope") // it would hold nothing, and is not offered
	}
	var secret string
	var k identity.Token
	if err == nil {
		secret, k, err = p.Directory.IssueToken(p.c.Request.Context(), a, a.ID, req)
	}
	if err != nil {
		t, status := p.explain(err)
		return p.accessAgain(status, asked, &t)
	}
	return p.showToken(madeToken{a.ID, secret, k})
}

// A madeToken is a token with its secret, for the page that shows it, in both languages.
type madeToken struct {
	By, Secret string
	Token      identity.Token
}

func (p *page) showToken(made madeToken) error {
	p.resend = p.sealed(made)
	return p.show(http.StatusOK, "token", shownToken{p.frame(p.l.Say("page.access.made", nil)), made.Secret, p.tokenLine(made.Token)})
}

// tokenAsked is what a form asks of a token.
func (p *page) tokenAsked() newToken {
	return newToken{strings.TrimSpace(p.field("label")), p.field("scope"), p.field("days")}
}

// tokenShown shows the token that was just made, or the form as it was filled in, and makes nothing.
func tokenShown(p *page) error {
	var made madeToken
	if p.unsealed(&made) && made.By == p.v.Actor.ID {
		return p.showToken(made)
	}
	return p.accessAgain(http.StatusOK, p.tokenAsked(), nil)
}

// revokeToken ends one of one's own tokens, whatever the roles of who asks: this page is about
// oneself.
func revokeToken(p *page) error {
	if err := p.signedIn(); err != nil {
		return err
	}
	ctx, a, id := p.c.Request.Context(), p.v.Actor, p.field("token")
	tokens, err := p.Directory.Tokens(ctx, a, a.ID)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(tokens, func(k identity.Token) bool { return k.ID == id }) {
		if err := p.Directory.RevokeToken(ctx, a, id, database.Key{}); err != nil {
			return err
		}
	}
	return p.to(accessPath + "?fait=" + newsRevoked)
}
