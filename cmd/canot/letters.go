package main

import (
	"cmp"
	"context"
	"net/url"
	"strings"
	"time"

	"canot/internal/database"
	"canot/internal/fault"
	"canot/internal/identity"
	"canot/internal/identity/signin"
	"canot/inventory/hours"
	"canot/web/mail"
)

// unnamedSender is who messages are from while nobody has said: in a demo.
const unnamedSender = "Canot <canot@localhost>"

// sender is how the configuration sends mail, nil when it says nothing of it.
func (c config) sender(w words) (mail.Sender, error) {
	if c.SMTPURL == "" {
		return nil, nil
	}
	s, err := mail.NewSMTP(string(c.SMTPURL), cmp.Or(string(c.MailFrom), unnamedSender))
	if err != nil {
		return nil, usageError(w.text("config_wrong", "CANOT_SMTP_URL", err.Error()))
	}
	// Without the address of the site a letter could hold no link.
	return s, w.lacking("CANOT_SMTP_URL", needed{"CANOT_MAIL_FROM", c.MailFrom == ""}, needed{"CANOT_PUBLIC_URL", c.PublicURL == ""})
}

// A needed setting is one without which another means nothing.
type needed struct {
	variable string
	missing  bool
}

// lacking refuses a setting that was given without those that it needs, by their names.
func (w words) lacking(given string, all ...needed) error {
	var said []string
	for _, n := range all {
		if n.missing {
			said = append(said, w.text("config_needs", n.variable, given))
		}
	}
	if len(said) == 0 {
		return nil
	}
	return usageError(strings.Join(said, "\n"))
}

// checkOIDC refuses settings of OpenID Connect that are not whole.
func (c config) checkOIDC(w words) error {
	all := []needed{{"CANOT_OIDC_ISSUER", c.OIDCIssuer == ""}, {"CANOT_OIDC_CLIENT_ID", c.OIDCClientID == ""}, {"CANOT_OIDC_CLIENT_SECRET", c.OIDCClientSecret == ""}}
	for _, one := range all {
		if !one.missing {
			return w.lacking(one.variable, append(all, needed{"CANOT_PUBLIC_URL", c.PublicURL == ""})...)
		}
	}
	if c.OIDCName != "" {
		return w.lacking("CANOT_OIDC_NAME", all...)
	}
	return nil
}

// oidcName is what people read of the provider: the name that was given, else its host.
func (c config) oidcName() string {
	u, err := url.Parse(string(c.OIDCIssuer))
	if c.OIDCName != "" || err != nil {
		return c.OIDCName
	}
	return u.Hostname()
}

// gateSettings say how people sign in.
func (c config) gateSettings() signin.Settings {
	s := signin.Settings{PublicURL: string(c.PublicURL)}
	if c.OIDCIssuer != "" {
		s.OIDC = &signin.OIDC{
			Issuer: string(c.OIDCIssuer), ClientID: c.OIDCClientID, ClientSecret: string(c.OIDCClientSecret), Name: c.oidcName(),
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
			n.post = n.newPost(string(c.PublicURL), string(c.MailFrom))
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

func (n *network) newPost(publicURL, from string) *mail.Post {
	return mail.New(mail.Deps{
		DB: n.db, Catalog: n.catalog, Book: n.book, People: n.directory, Send: n.send, Log: n.log, PublicURL: publicURL,
		From: cmp.Or(from, unnamedSender),
		Secrets: func(ctx context.Context, id string) (mail.SignIn, error) {
			l, err := n.gate.Secrets(ctx, id)
			return mail.SignIn{
				Email: l.Email, Language: l.Language, Link: l.Link, Code: l.Code, New: l.New, Verify: l.Purpose == "verify", ExpiresAt: l.ExpiresAt,
			}, err
		},
		FormerAddress:   n.gate.FormerAddress,
		AlternativesFor: n.book.AlternativesFor,
		Ending:          n.ending,
		LapseOf:         n.lapse,
		Revoked: func(ctx context.Context, id string) (mail.Revocation, error) {
			c, err := n.roster.Revoked(ctx, id)
			return mail.Revocation{MemberID: c.MemberID, Certification: c.CertificationName, Reason: c.Reason, Bookings: c.Bookings}, err
		},
		MatterOf: n.matterOf,
	})
}

// lapse is what a booking lacks on its day, as the message about that needs it.
func (n *network) lapse(ctx context.Context, bookingID string) (mail.Lapse, error) {
	name, until, err := n.roster.LapseOf(ctx, bookingID)
	l := mail.Lapse{Certification: name}
	if err != nil || until == "" {
		return l, err
	}
	day, err := hours.ParseDate(until)
	if err != nil {
		return l, err
	}
	l.LastDay = hours.At(day, 12*60, time.UTC)
	return l, nil
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
