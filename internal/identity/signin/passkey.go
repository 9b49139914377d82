package signin

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"canot/internal/database"
	"canot/internal/fault"
	"canot/internal/identity"
)

const (
	mostPasskeys = 20 // of one member
	longestLabel = 80 // characters
)

// newPasskeys is the library for the server's own address; nil when it has none, or one by number,
// to which browsers bind no passkey.
func newPasskeys(s Settings) *webauthn.WebAuthn {
	u, err := url.Parse(s.PublicURL)
	if err != nil || u.Hostname() == "" || net.ParseIP(u.Hostname()) != nil {
		return nil
	}
	w, err := webauthn.New(&webauthn.Config{
		RPID: u.Hostname(), RPDisplayName: s.Name, RPOrigins: []string{u.Scheme + "://" + u.Host},
		AuthenticatorSelection: protocol.AuthenticatorSelection{
			ResidentKey: protocol.ResidentKeyRequirementRequired, UserVerification: protocol.VerificationRequired,
		},
		AttestationPreference: protocol.PreferNoAttestation,
	})
	if err != nil {
		return nil
	}
	return w
}

func noPasskeys() error { return fault.New(fault.Refused, "passkeys_unavailable", nil) }
func badPasskey() error { return fault.New(fault.Unauthenticated, "bad_passkey", nil) }

// A Passkey is a key of a member's, in one of their devices.
type Passkey struct {
	ID        string     `db:"id"`
	Label     string     `db:"label"` // what the member calls it
	CreatedAt time.Time  `db:"created_at"`
	UsedAt    *time.Time `db:"used_at"` // nil when it was never used to sign in
}

// keyholder is a member as the library wants to see them. The handle in the device is the member's
// id: random, and nothing else of them.
type keyholder struct {
	person
	credentials []webauthn.Credential
}

func (k keyholder) WebAuthnID() []byte                         { return []byte(k.ID) }
func (k keyholder) WebAuthnName() string                       { return firstOf(k.Email, k.Name) }
func (k keyholder) WebAuthnDisplayName() string                { return k.Name }
func (k keyholder) WebAuthnCredentials() []webauthn.Credential { return k.credentials }

func firstOf(texts ...string) string {
	for _, s := range texts {
		if s != "" {
			return s
		}
	}
	return ""
}

// readKeyholder reads a member with their passkeys.
func readKeyholder(r database.Reader, memberID string) (keyholder, error) {
	who, err := memberOf(r, memberID)
	if err != nil {
		return keyholder{}, err
	}
	var rows []struct {
		Data string `db:"data"`
	}
	if err := r.Select(&rows, `SELECT data FROM passkeys WHERE member_id = $1 ORDER BY id`, memberID); err != nil {
		return keyholder{}, err
	}
	k := keyholder{who, make([]webauthn.Credential, len(rows))}
	for i, row := range rows {
		if err := json.Unmarshal([]byte(row.Data), &k.credentials[i]); err != nil {
			return keyholder{}, err
		}
	}
	return k, nil
}

// BeginPasskey begins to make a passkey for by: Options go to navigator.credentials.create. It asks
// for a session that was opened just now (identity.FreshlyProved). Without a public address by name
// there are no passkeys: Refused, passkeys_unavailable.
func (g *Gate) BeginPasskey(ctx context.Context, by identity.Actor, v Visitor) (Ceremony, error) {
	if g.passkeys == nil {
		return Ceremony{}, noPasskeys()
	}
	var c Ceremony
	err := g.db.In(ctx, func(tx *database.Tx) error {
		if err := g.asksOneself(tx, by, forWaysIn); err != nil {
			return err
		}
		who, err := readKeyholder(tx, by.ID)
		if err != nil {
			return err
		}
		if len(who.credentials) >= mostPasskeys {
			return fault.New(fault.Refused, "too_many_passkeys", fault.Params{"most": mostPasskeys})
		}
		options, data, err := g.passkeys.BeginRegistration(who,
			webauthn.WithExclusions(webauthn.Credentials(who.credentials).CredentialDescriptors()))
		if err != nil {
			return fmt.Errorf("%w", err)
		}
		c, err = beginKey(tx, v, addsPasskey, by.ID, options, data)
		return err
	})
	if err != nil {
		return Ceremony{}, fmt.Errorf("begin passkey: %w", err)
	}
	return c, nil
}

// beginKey writes a ceremony of the library's down. Its end is by the data base's clock.
func beginKey(tx *database.Tx, v Visitor, kind, memberID string, options any, data *webauthn.SessionData) (Ceremony, error) {
	c := Ceremony{ID: database.NewID(), Browser: v.browser()}
	var err error
	if c.Options, err = json.Marshal(options); err != nil {
		return Ceremony{}, err
	}
	data.Expires = time.Time{}
	return c, begin(tx, c.ID, kind, memberID, c.Browser, ceremonyLifetime, data)
}

// FinishPasskey keeps the passkey that navigator.credentials.create answered with, under a label of
// at most 80 characters. The session becomes one of two factors and gets a new secret; the old one
// ends at once. The member is told by mail. What does not fit the ceremony is Unauthenticated,
// bad_passkey.
func (g *Gate) FinishPasskey(ctx context.Context, by identity.Actor, v Visitor, ceremony string, response []byte, label string) (Passkey, Entry, error) {
	if g.passkeys == nil {
		return Passkey{}, Entry{}, noPasskeys()
	}
	switch {
	case !utf8.ValidString(label) || strings.ContainsFunc(label, unicode.IsControl):
		return Passkey{}, Entry{}, fault.Field("label", "bad_characters")
	case utf8.RuneCountInString(label) > longestLabel:
		return Passkey{}, Entry{}, &fault.Error{Kind: fault.Malformed, Code: "malformed",
			Violations: []fault.Violation{{Code: "text_too_long", Params: fault.Params{"field": "label", "max": longestLabel}}}}
	}
	var key Passkey
	var entry Entry
	err := g.db.In(ctx, func(tx *database.Tx) error {
		if err := g.asksOneself(tx, by, forSettings); err != nil {
			return err
		}
		var data webauthn.SessionData
		found, err := end(tx, ceremony, addsPasskey, by.ID, v.Browser, &data)
		if err != nil {
			return err
		}
		if !found {
			return badPasskey()
		}
		who, err := readKeyholder(tx, by.ID)
		if err != nil {
			return err
		}
		parsed, err := protocol.ParseCredentialCreationResponseBytes(response)
		if err != nil {
			return badPasskey()
		}
		credential, err := g.passkeys.CreateCredential(who, data, parsed)
		if err != nil {
			return badPasskey()
		}
		if key, err = insertPasskey(tx, by.ID, credential, label); err != nil {
			return err
		}
		entry, err = g.open(tx, v, by.ID, "passkey", 2)
		return err
	})
	g.forget(v, entry)
	if err != nil {
		return Passkey{}, Entry{}, fmt.Errorf("finish passkey: %w", err)
	}
	return key, entry, nil
}

func insertPasskey(tx *database.Tx, memberID string, credential *webauthn.Credential, label string) (Passkey, error) {
	data, err := json.Marshal(credential)
	if err != nil {
		return Passkey{}, err
	}
	key := Passkey{ID: database.NewID(), Label: label, CreatedAt: tx.Now}
	written, err := tx.Exec(`INSERT INTO passkeys (id, member_id, credential, data, label, created_at) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (credential) DO NOTHING`, key.ID, memberID, credentialKey(credential.ID), string(data), label, tx.Now)
	if err != nil {
		return Passkey{}, err
	}
	if written == 0 {
		return Passkey{}, badPasskey()
	}
	err = tx.Record(database.Change{By: memberID, Action: "passkey.add", Kind: "member", Subject: memberID, After: map[string]any{"passkey": key.ID}})
	if err != nil {
		return Passkey{}, err
	}
	return key, notify(tx, "passkey_added", memberID)
}

func credentialKey(id []byte) string { return base64.RawURLEncoding.EncodeToString(id) }

// BeginPasskeySignIn begins a sign-in with whichever passkey the visitor's device offers: Options
// go to navigator.credentials.get. Too many from one source are TooMany.
func (g *Gate) BeginPasskeySignIn(ctx context.Context, v Visitor) (Ceremony, error) {
	if g.passkeys == nil {
		return Ceremony{}, noPasskeys()
	}
	options, data, err := g.passkeys.BeginDiscoverableLogin(webauthn.WithUserVerification(protocol.VerificationRequired))
	if err != nil {
		return Ceremony{}, fmt.Errorf("begin sign-in by passkey: %w", err)
	}
	var c Ceremony
	err = g.db.In(ctx, func(tx *database.Tx) error {
		if err := count(tx, ceremoniesFrom.of(v.Source)); err != nil {
			return err
		}
		c, err = beginKey(tx, v, byPasskey, "", options, data)
		return err
	})
	if err != nil {
		return Ceremony{}, fmt.Errorf("begin sign-in by passkey: %w", err)
	}
	return c, nil
}

// FinishPasskeySignIn signs in whose passkey answered: with two factors, for the device is one, and
// what unlocked it the other. Whatever is wrong is Unauthenticated, bad_passkey; also a key whose
// count of uses fell, which has a copy somewhere.
func (g *Gate) FinishPasskeySignIn(ctx context.Context, v Visitor, ceremony string, response []byte) (Entry, error) {
	if g.passkeys == nil {
		return Entry{}, noPasskeys()
	}
	var entry Entry
	var refused error // told after the commit: a ceremony that failed is over
	err := g.db.In(ctx, func(tx *database.Tx) error {
		entry, refused = Entry{}, nil
		var data webauthn.SessionData
		found, err := end(tx, ceremony, byPasskey, "", v.Browser, &data)
		if err != nil {
			return err
		}
		if !found {
			refused = badPasskey()
			return nil
		}
		memberID, err := g.useKey(tx, data, response)
		if fault.Is(err, "bad_passkey") {
			refused = err
			return nil
		}
		if err != nil {
			return err
		}
		entry, err = g.open(tx, v, memberID, "passkey", 2)
		return err
	})
	g.forget(v, entry)
	if fault.Is(err, "member_inactive") {
		err = badPasskey()
	}
	if err = errors.Join(err, refused); err != nil {
		return Entry{}, fmt.Errorf("sign in by passkey: %w", err)
	}
	return entry, nil
}

// useKey checks what a device answered and notes the use of its key.
func (g *Gate) useKey(tx *database.Tx, data webauthn.SessionData, response []byte) (memberID string, err error) {
	parsed, err := protocol.ParseCredentialRequestResponseBytes(response)
	if err != nil {
		return "", badPasskey()
	}
	handle := string(parsed.Response.UserHandle)
	if !storable(handle) {
		return "", badPasskey()
	}
	who, err := readKeyholder(tx, handle)
	if err != nil {
		return "", err
	}
	if who.ID == "" || !who.Active {
		return "", badPasskey()
	}
	find := func([]byte, []byte) (webauthn.User, error) { return who, nil }
	_, credential, err := g.passkeys.ValidatePasskeyLogin(find, data, parsed)
	if err != nil || credential.Authenticator.CloneWarning {
		return "", badPasskey()
	}
	kept, err := json.Marshal(credential)
	if err != nil {
		return "", err
	}
	_, err = tx.Exec(`UPDATE passkeys SET data = $3, used_at = $4 WHERE member_id = $1 AND credential = $2`,
		who.ID, credentialKey(credential.ID), string(kept), tx.Now)
	return who.ID, err
}

// Passkeys lists the passkeys of by, the oldest first.
func (g *Gate) Passkeys(ctx context.Context, by identity.Actor) ([]Passkey, error) {
	r := g.db.Reader(ctx)
	if err := g.asksOneself(r, by, forReading); err != nil {
		return nil, err
	}
	keys := []Passkey{}
	err := r.Select(&keys, `SELECT id, label, created_at, used_at FROM passkeys WHERE member_id = $1 ORDER BY created_at, id`, by.ID)
	if err != nil {
		return nil, fmt.Errorf("list passkeys: %w", err)
	}
	return keys, nil
}

// RemovePasskey takes one of by's own passkeys away; any other is NotFound, passkey_not_found. The
// member is told by mail. It asks for a session of both factors; who has a role keeps their last
// second factor: Refused, last_factor.
func (g *Gate) RemovePasskey(ctx context.Context, by identity.Actor, id string) error {
	err := g.db.In(ctx, func(tx *database.Tx) error {
		if err := g.asksOneself(tx, by, forSettings); err != nil {
			return err
		}
		if !storable(id) {
			return fault.New(fault.NotFound, "passkey_not_found", nil)
		}
		if err := tx.Lock("members", by.ID); err != nil { // two removals at once leave one factor
			return err
		}
		removed, err := tx.Exec(`DELETE FROM passkeys WHERE id = $1 AND member_id = $2`, id, by.ID)
		if err != nil {
			return err
		}
		if removed == 0 {
			return fault.New(fault.NotFound, "passkey_not_found", nil)
		}
		if err := keepsFactor(tx, by.ID); err != nil {
			return err
		}
		err = tx.Record(database.Change{By: by.ID, Action: "passkey.remove", Kind: "member", Subject: by.ID, Before: map[string]any{"passkey": id}})
		if err != nil {
			return err
		}
		return notify(tx, "factor_removed", by.ID)
	})
	if err != nil {
		return fmt.Errorf("remove passkey: %w", err)
	}
	return nil
}
