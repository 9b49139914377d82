package signin

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
	"golang.org/x/sync/singleflight"

	"canot/internal/database"
	"canot/internal/fault"
	"canot/internal/identity"
)

// ReturnPath is the path of the page to which the provider sends people back.
const ReturnPath = "/connexion/oidc"

// providerPatience is how long the provider may take to answer.
const providerPatience = 10 * time.Second

// A provider is the provider of OpenID Connect, found when it is first needed: the server starts
// without it.
type provider struct {
	asking singleflight.Group // one question to the provider at a time
	found  atomic.Pointer[oidc.Provider]
}

// An exchange is what is remembered of a person sent to the provider.
type exchange struct {
	Nonce    string `json:"nonce"`
	Verifier string `json:"verifier"` // of PKCE
	LinkTo   string `json:"link_to,omitempty"`
}

// An outsider is who a provider says that somebody is.
type outsider struct {
	Issuer   string `json:"issuer"`
	Subject  string `json:"subject"`
	Email    string `json:"email"`
	Verified bool   `json:"email_verified"`
}

// OIDCName is the name of the provider that people may sign in by, "" when there is none.
func (g *Gate) OIDCName() string {
	if g.settings.OIDC == nil {
		return ""
	}
	return g.settings.OIDC.Name
}

// BeginOIDC begins a sign-in by the provider and returns the address to which the browser goes, and
// the secret that it must hold when it comes back. It is Refused, oidc_unavailable, without a
// provider, and Unavailable, oidc_away, when the provider does not answer.
func (g *Gate) BeginOIDC(ctx context.Context, v Visitor) (address, browser string, err error) {
	return g.beginOIDC(ctx, v, "")
}

// LinkOIDC begins to link by's account with who they are at the provider; FinishOIDC ends it, in a
// session of by's. It asks for a session that was opened just now (identity.FreshlyProved).
func (g *Gate) LinkOIDC(ctx context.Context, by identity.Actor, v Visitor) (address, browser string, err error) {
	if err := g.asksOneself(g.db.Reader(ctx), by, forWaysIn); err != nil {
		return "", "", err
	}
	return g.beginOIDC(ctx, v, by.ID)
}

func (g *Gate) beginOIDC(ctx context.Context, v Visitor, linkTo string) (address, browser string, err error) {
	if !g.hasProvider() {
		return "", "", fmt.Errorf("begin sign-in by provider: %w", noProvider())
	}
	// It is counted before the provider is asked, which may take long.
	if err := g.countFirst(ctx, ceremoniesFrom.of(v.Source)); err != nil {
		return "", "", fmt.Errorf("begin sign-in by provider: %w", err)
	}
	config, _, err := g.findProvider(ctx)
	if err != nil {
		return "", "", fmt.Errorf("begin sign-in by provider: %w", err)
	}
	state, x := newSecret(), exchange{Nonce: newSecret(), Verifier: oauth2.GenerateVerifier(), LinkTo: linkTo}
	browser = v.browser()
	err = g.db.In(ctx, func(tx *database.Tx) error {
		return begin(tx, hashOf("state", state), byProvider, "", browser, ceremonyLifetime, x)
	})
	if err != nil {
		return "", "", fmt.Errorf("begin sign-in by provider: %w", err)
	}
	return config.AuthCodeURL(state, oidc.Nonce(x.Nonce), oauth2.S256ChallengeOption(x.Verifier)), browser, nil
}

// FinishOIDC takes what the provider sent the browser back with. Who they are is the issuer and the
// subject, never the address: somebody known is signed in, with one factor. Somebody new, whose
// address the provider has verified and nobody has, goes on to SignUp. An address that an account
// has is Refused, oidc_email_known: its owner signs in and links the two; one that is not verified
// is Refused, oidc_email_unverified. For LinkOIDC the two are linked, or Refused,
// oidc_linked_elsewhere. What does not fit the beginning is Unauthenticated, bad_oidc.
func (g *Gate) FinishOIDC(ctx context.Context, v Visitor, state, code string) (Entry, error) {
	if !g.hasProvider() {
		return Entry{}, fmt.Errorf("sign in by provider: %w", noProvider())
	}
	var x exchange
	var found bool
	err := g.db.In(ctx, func(tx *database.Tx) (err error) {
		x = exchange{}
		found, err = end(tx, hashOf("state", state), byProvider, "", v.Browser, &x)
		return err
	})
	if err == nil && !found {
		err = badOIDC()
	}
	if err != nil {
		return Entry{}, fmt.Errorf("sign in by provider: %w", err)
	}
	config, verifier, err := g.findProvider(ctx)
	if err != nil {
		return Entry{}, fmt.Errorf("sign in by provider: %w", err)
	}
	who, err := askProvider(ctx, config, verifier, x, code)
	if err != nil {
		return Entry{}, fmt.Errorf("sign in by provider: %w", err)
	}
	var entry Entry
	err = g.db.In(ctx, func(tx *database.Tx) (err error) {
		if x.LinkTo != "" {
			entry, err = g.linkOutsider(tx, v, x.LinkTo, who)
		} else {
			entry, err = g.admitOutsider(tx, v, who)
		}
		return err
	})
	g.forget(v, entry)
	if fault.Is(err, "member_inactive") {
		err = badOIDC()
	}
	if err != nil {
		return Entry{}, fmt.Errorf("sign in by provider: %w", err)
	}
	return entry, nil
}

// askProvider exchanges the code for a token, and checks the token: signature, issuer, audience,
// time and nonce.
func askProvider(ctx context.Context, config *oauth2.Config, verifier *oidc.IDTokenVerifier, x exchange, code string) (outsider, error) {
	ctx, cancel := context.WithTimeout(ctx, providerPatience)
	defer cancel()
	token, err := config.Exchange(ctx, code, oauth2.VerifierOption(x.Verifier))
	if err != nil {
		return outsider{}, badOIDC()
	}
	raw, _ := token.Extra("id_token").(string)
	proof, err := verifier.Verify(ctx, raw)
	if err != nil || proof.Nonce == "" || !same(proof.Nonce, x.Nonce) || proof.Subject == "" {
		return outsider{}, badOIDC()
	}
	var claims struct {
		Email    string `json:"email"`
		Verified bool   `json:"email_verified"`
	}
	if err := proof.Claims(&claims); err != nil {
		return outsider{}, badOIDC()
	}
	return outsider{proof.Issuer, proof.Subject, claims.Email, claims.Verified}, nil
}

// admitOutsider signs in whom an identity at the provider belongs to, or lets somebody new sign up.
func (g *Gate) admitOutsider(tx *database.Tx, v Visitor, o outsider) (Entry, error) {
	owner, err := ownerOf(tx, o)
	if err != nil {
		return Entry{}, err
	}
	if owner != "" {
		return g.open(tx, v, owner, "oidc", 1)
	}
	address, key, err := identity.Address("email", o.Email)
	if err != nil || !o.Verified {
		return Entry{}, fault.New(fault.Refused, "oidc_email_unverified", nil)
	}
	known, err := holder(tx, key)
	if err != nil {
		return Entry{}, err
	}
	if known.ID != "" {
		return Entry{}, fault.New(fault.Refused, "oidc_email_known", nil)
	}
	flow, browser := database.NewID(), v.browser()
	_, err = tx.Exec(`INSERT INTO sign_ins (id, purpose, email, email_key, language, browser, created_at, expires_at, proved_at)
		VALUES ($1, 'sign_in', $2, $3, 'fr', $4, $5, $6, $5)`,
		flow, address, key, hashOf("browser", browser), tx.Now, tx.Now.Add(signUpLifetime))
	if err != nil {
		return Entry{}, err
	}
	if err := begin(tx, flow, pendingSignUp, "", browser, signUpLifetime, o); err != nil {
		return Entry{}, err
	}
	return Entry{SignUp: flow, Email: address, Browser: browser}, nil
}

func ownerOf(r database.Reader, o outsider) (memberID string, err error) {
	err = r.Get(&memberID, `SELECT member_id FROM external_identities WHERE issuer = $1 AND subject = $2`, o.Issuer, o.Subject)
	if errors.Is(err, database.ErrNoRows) {
		return "", nil
	}
	return memberID, err
}

// linkOutsider links an identity at the provider with a member, in a session of theirs.
func (g *Gate) linkOutsider(tx *database.Tx, v Visitor, memberID string, o outsider) (Entry, error) {
	if v.By.ID != memberID {
		return Entry{}, badOIDC()
	}
	if err := g.asksOneself(tx, v.By, forSettings); err != nil {
		return Entry{}, err
	}
	done := Entry{MemberID: memberID, Done: "linked"}
	owner, err := ownerOf(tx, o)
	if err != nil || owner == memberID {
		return done, err
	}
	if owner != "" {
		return Entry{}, fault.New(fault.Refused, "oidc_linked_elsewhere", nil)
	}
	return done, attach(tx, o, memberID)
}

func attach(tx *database.Tx, o outsider, memberID string) error {
	written, err := tx.Exec(`INSERT INTO external_identities (issuer, subject, member_id, created_at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (issuer, subject) DO NOTHING`, o.Issuer, o.Subject, memberID, tx.Now)
	if err != nil {
		return err
	}
	if written == 0 {
		return fault.New(fault.Refused, "oidc_linked_elsewhere", nil)
	}
	return changed(tx, memberID, memberID, "provider.link", "factor_added")
}

// cameByProvider reports whether a sign-up began at the provider, and not by a letter.
func cameByProvider(r database.Reader, flowID string) (bool, error) {
	var began int
	err := r.Get(&began, `SELECT count(*) FROM ceremonies WHERE id = $1 AND kind = $2`, flowID, pendingSignUp)
	return began > 0, err
}

// attachPending links the new account of a sign-up that began at the provider.
func attachPending(tx *database.Tx, flowID, memberID string) error {
	var text outsider
	found, err := endAnywhere(tx, flowID, pendingSignUp, &text)
	if err != nil || !found {
		return err
	}
	return attach(tx, text, memberID)
}

// UnlinkOIDC takes by's links with the provider away. The member is told by mail. It asks for a
// session, and for both factors of who has two.
func (g *Gate) UnlinkOIDC(ctx context.Context, by identity.Actor) error {
	err := g.db.In(ctx, func(tx *database.Tx) error {
		if err := g.asksOneself(tx, by, forSettings); err != nil {
			return err
		}
		removed, err := tx.Exec(`DELETE FROM external_identities WHERE member_id = $1`, by.ID)
		if err != nil || removed == 0 {
			return err
		}
		return changed(tx, by.ID, by.ID, "provider.unlink", "factor_removed")
	})
	if err != nil {
		return fmt.Errorf("unlink provider: %w", err)
	}
	return nil
}

func (g *Gate) hasProvider() bool { return g.settings.OIDC != nil && g.settings.PublicURL != "" }

func noProvider() error { return fault.New(fault.Refused, "oidc_unavailable", nil) }

// findProvider asks the provider once what its addresses and keys are. Who comes meanwhile waits for
// the same answer, and for no longer than they want to.
func (g *Gate) findProvider(ctx context.Context) (*oauth2.Config, *oidc.IDTokenVerifier, error) {
	s := g.settings.OIDC
	found := g.provider.found.Load()
	if found == nil {
		asked := g.provider.asking.DoChan("", func() (any, error) {
			// Not for one visitor alone: that they leave is nothing to the others.
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), providerPatience)
			defer cancel()
			return oidc.NewProvider(ctx, s.Issuer)
		})
		away := fault.New(fault.Unavailable, "oidc_away", nil)
		select {
		case <-ctx.Done():
			return nil, nil, away.Because(ctx.Err())
		case answer := <-asked:
			if answer.Err != nil {
				return nil, nil, away.Because(answer.Err)
			}
			found = answer.Val.(*oidc.Provider)
			g.provider.found.Store(found)
		}
	}
	config := &oauth2.Config{
		ClientID: s.ClientID, ClientSecret: s.ClientSecret, Endpoint: found.Endpoint(),
		RedirectURL: strings.TrimSuffix(g.settings.PublicURL, "/") + ReturnPath, Scopes: []string{oidc.ScopeOpenID, "email"},
	}
	return config, found.Verifier(&oidc.Config{ClientID: s.ClientID, Now: g.db.Now}), nil
}

func badOIDC() error { return fault.New(fault.Unauthenticated, "bad_oidc", nil) }
