package main

import (
	"context"

	"canot/internal/database"
	"canot/internal/fault"
	"canot/internal/identity"
	"canot/internal/identity/signin"
	"canot/inventory/hours"
	"canot/web/mail"
)

// sender is how the configuration sends mail, nil when it says nothing of it.
func (c config) sender(w words) (mail.Sender, error) {
	if c.SMTPURL == "" {
		return nil, nil
	}
	if c.MailFrom == "" {
		return nil, usageError(w.text("config_wrong", "CANOT_MAIL_FROM", `""`))
	}
	s, err := mail.NewSMTP(string(c.SMTPURL), string(c.MailFrom))
	if err != nil {
		return nil, usageError(w.text("config_wrong", "CANOT_SMTP_URL", err.Error()))
	}
	return s, nil
}

// gateSettings say how people sign in.
func (c config) gateSettings() signin.Settings {
	s := signin.Settings{PublicURL: string(c.PublicURL)}
	if c.OIDCIssuer != "" {
		s.OIDC = &signin.OIDC{
			Issuer: string(c.OIDCIssuer), ClientID: c.OIDCClientID, ClientSecret: string(c.OIDCClientSecret), Name: c.OIDCName,
		}
	}
	return s
}

// equip gives the network what needs to know the address by which people reach it. Only
// the first call counts.
func (n *network) equip(c config) {
	n.equipped.Do(func() {
		n.gate = signin.New(n.db, n.directory, c.gateSettings())
		if n.send == nil && n.kept != nil {
			n.send = n.kept
		}
		if n.send != nil {
			n.post = n.newPost(string(c.PublicURL))
		}
	})
}

// letterJobs are the jobs that write to people, none while there is no way to send: they
// then wait in the data base.
func (n *network) letterJobs() map[string]database.Handler {
	if n.post == nil {
		n.log.Warn("no mail: CANOT_SMTP_URL is not set; messages wait, and nobody can sign in by a link")
		return nil
	}
	return n.post.Handlers()
}

func (n *network) newPost(publicURL string) *mail.Post {
	return mail.New(mail.Deps{
		DB: n.db, Catalog: n.catalog, Book: n.book, People: n.directory, Send: n.send, Log: n.log, PublicURL: publicURL,
		Secrets: func(ctx context.Context, id string) (mail.SignIn, error) {
			l, err := n.gate.Secrets(ctx, id)
			return mail.SignIn{
				Email: l.Email, Language: l.Language, Link: l.Link, Code: l.Code, New: l.New, Verify: l.Purpose == "verify", ExpiresAt: l.ExpiresAt,
			}, err
		},
		FormerAddress:   n.gate.FormerAddress,
		AlternativesFor: n.book.AlternativesFor,
		Ending:          n.ending,
	})
}

// ending is a membership as the message about its end needs it. One that goes on is NotFound.
func (n *network) ending(ctx context.Context, id string) (mail.Ending, error) {
	m, err := n.roster.Membership(ctx, identity.System, id)
	if err != nil {
		return mail.Ending{}, err
	}
	if m.EndsOn == "" || m.Renews {
		return mail.Ending{}, fault.New(fault.NotFound, "membership_not_found", nil)
	}
	hub, err := n.catalog.Hub(ctx, m.HubID)
	if err != nil {
		return mail.Ending{}, err
	}
	zone, err := hours.LoadZone(hub.TimeZone)
	if err != nil {
		return mail.Ending{}, err
	}
	day, err := hours.ParseDate(m.EndsOn)
	if err != nil {
		return mail.Ending{}, err
	}
	e := mail.Ending{MemberID: m.MemberID, Tier: m.TierName, HubID: m.HubID, EndsOn: hours.At(day, 12*60, zone)}
	if m.OrganisationID != "" {
		o, err := n.directory.Organisation(ctx, identity.System, m.OrganisationID)
		if err != nil {
			return mail.Ending{}, err
		}
		e.Name, e.Email = o.Name, o.Email
	}
	return e, nil
}
