package mail

import (
	"context"
	"time"

	"canot/internal/fault"
	"canot/inventory/hours"
	"canot/web/locale"
)

// signInNews are the messages that hold a link and a code; the job's ID is that of the request.
var signInNews = map[string]bool{"sign_in": true, "verify": true}

// accountNews are the messages about an account; the job's ID is the member's, but for a changed
// address, where it is that of the change and To is the member's.
var accountNews = map[string]bool{
	"account_created": true, "password_changed": true, "factor_added": true, "factor_removed": true, "factor_tried": true,
	"passkey_added": true, "email_changed": true, "token_issued": true, "role_given": true,
}

// signIn writes the link and the code that somebody asked for. It writes to the address
// that was given, whether or not anybody has an account with it: what follows is theirs
// who read mail there.
func (p *Post) signIn(ctx context.Context, job Job) (*letter, error) {
	if p.Secrets == nil {
		return nil, nil
	}
	s, err := p.Secrets(ctx, job.ID)
	if err != nil {
		return nil, err
	}
	word := "sign_in"
	switch {
	case s.Verify:
		word = "verify"
	case s.New:
		word = "sign_up"
	}
	l := &letter{to: s.Email, language: languageOf(s.Language), secret: true}
	left := int(s.ExpiresAt.Sub(p.DB.Now()).Round(time.Minute) / time.Minute)
	params := fault.Params{"left_min": max(left, 1)}
	l.Subject = l.say(word+".subject", nil)
	l.Hello = l.say("hello_unnamed", nil)
	l.Lead = l.paragraphs(params, word+".lead")
	if s.Link != "" {
		l.Action = &action{l.say(word+".action", nil), s.Link}
	}
	if s.Code != "" {
		l.Code = &fact{Label: l.say("code", nil), Value: s.Code}
		if l.Action == nil {
			l.Code.Label = l.say("code_alone", nil)
		}
	}
	l.After = l.paragraphs(params, "secrets_end", word+".ignore", "secrets_hush")
	l.Why = l.say(word+".why", nil)
	return l, nil
}

// account writes news about somebody's account.
func (p *Post) account(ctx context.Context, job Job) (*letter, error) {
	id := job.ID
	if job.What == "email_changed" {
		id = job.To
	}
	m, err := p.person(ctx, id)
	if err != nil {
		return nil, err
	}
	l := &letter{to: m.Email, language: languageOf(m.Language)}
	if job.What == "email_changed" {
		if p.FormerAddress == nil {
			return nil, nil
		}
		if l.to, err = p.FormerAddress(ctx, job.ID); err != nil || l.to == m.Email {
			return nil, err
		}
	}
	l.Subject = l.say(job.What+".subject", nil)
	l.Hello = l.say("hello", fault.Params{"name": oneLine(m.Name)})
	l.Lead = l.paragraphs(nil, job.What+".lead", job.What+".more")
	if address := p.address(l.language, "/connexion"); address != "" {
		l.Action = &action{l.say("account.action", nil), address}
	}
	if job.What != "account_created" && job.What != "role_given" { // somebody else did these
		l.After = l.paragraphs(nil, "not_you")
		if job.What == "email_changed" { // who has lost the address cannot sign in by it
			l.Action, l.After = nil, l.paragraphs(nil, "not_you_ask")
		}
	}
	p.contact(ctx, l, m.HomeHubID)
	l.Why = l.say("account.why", nil)
	if job.What == "account_created" {
		l.Why = l.say("account_created.why", nil)
	}
	return l, nil
}

// ending tells a holder that their membership ends soon.
func (p *Post) ending(ctx context.Context, job Job) (*letter, error) {
	if p.Ending == nil {
		return nil, nil
	}
	e, err := p.Ending(ctx, job.ID)
	if err != nil {
		return nil, err
	}
	hub, err := p.Catalog.Hub(ctx, e.HubID)
	if err != nil {
		return nil, err
	}
	l := &letter{to: e.Email, language: locale.French}
	name := e.Name
	if e.MemberID != "" {
		m, err := p.person(ctx, e.MemberID)
		if err != nil {
			return nil, err
		}
		l.to, l.language, name = m.Email, languageOf(m.Language), m.Name
	}
	zone, err := hours.LoadZone(hub.TimeZone)
	if err != nil {
		return nil, err
	}
	if over := e.EndsOn.In(zone).AddDate(0, 0, 1); !p.DB.Now().Before(over) {
		return nil, nil
	}
	params := fault.Params{
		"tier": oneLine(e.Tier.In(l.Lang())), "hub": oneLine(hub.Name.In(l.Lang())), "day": l.language.Date(e.EndsOn.In(zone)),
	}
	l.Subject = l.say("membership_ends.subject", params)
	l.Hello = l.say("hello", fault.Params{"name": oneLine(name)})
	l.Lead = l.paragraphs(params, "membership_ends.lead", "membership_ends.more")
	p.contact(ctx, l, hub.ID)
	l.Why = l.say("membership_ends.why", params)
	return l, nil
}

// contact says in a letter how to reach a hub, and where an answer goes; nothing when it is not known.
func (p *Post) contact(ctx context.Context, l *letter, hubID string) {
	if hubID == "" {
		return
	}
	hub, err := p.Catalog.Hub(ctx, hubID)
	if err != nil {
		return // a letter is worth more than its last line
	}
	email, phone := oneLine(hub.Email), oneLine(hub.Phone)
	l.Contact = l.say("contact", fault.Params{"hub": oneLine(hub.Name.In(l.Lang())), "email": email, "phone": phone})
	l.reach = []fact{{Value: email, URL: mailTo(email)}, {Value: phone, URL: telTo(phone)}}
	l.replyTo = email
}

// address is a page of the site in a language, "" while the site does not know its own.
func (p *Post) address(language locale.Language, path string) string {
	if p.PublicURL == "" {
		return ""
	}
	if language.Tag() == locale.English.Tag() {
		path = "/en" + path
	}
	return p.PublicURL + path
}
