package signin

import (
	"context"
	"errors"
	"fmt"
	"time"

	"canot/internal/database"
	"canot/internal/fault"
	"canot/internal/identity"
)

// Factors is what a person has to prove who they are.
type Factors struct {
	Password      bool
	Authenticator bool
	RecoveryCodes int // that are not used yet
	Passkeys      int
	Provider      bool // linked with the provider of their organisation
	SessionOf     int  // factors of the session by which they speak; 0 for none
}

// Factors tells by what they have. It asks for a session or a token of their own.
func (g *Gate) Factors(ctx context.Context, by identity.Actor) (Factors, error) {
	r := g.db.Reader(ctx)
	if err := g.asksOneself(r, by, forReading); err != nil {
		return Factors{}, err
	}
	var row struct {
		Passwords      int `db:"passwords"`
		Authenticators int `db:"authenticators"`
		Codes          int `db:"codes"`
		Passkeys       int `db:"passkeys"`
		Providers      int `db:"providers"`
		Factors        int `db:"factors"`
	}
	err := r.Get(&row, `SELECT
		(SELECT count(*) FROM passwords WHERE member_id = $1) AS passwords,
		(SELECT count(*) FROM authenticators WHERE member_id = $1 AND confirmed_at IS NOT NULL) AS authenticators,
		(SELECT count(*) FROM recovery_codes WHERE member_id = $1 AND used_at IS NULL) AS codes,
		(SELECT count(*) FROM passkeys WHERE member_id = $1) AS passkeys,
		(SELECT count(*) FROM external_identities WHERE member_id = $1) AS providers,
		COALESCE((SELECT factors FROM sessions WHERE id = $2), 0) AS factors`, by.ID, by.SessionID)
	if err != nil {
		return Factors{}, fmt.Errorf("read factors: %w", err)
	}
	return Factors{row.Passwords > 0, row.Authenticators > 0, row.Codes, row.Passkeys, row.Providers > 0, row.Factors}, nil
}

// ResetFactors takes every proof but the mailbox away from a member who has lost theirs, or from whom
// somebody else has set one: the authenticator, the recovery codes, the passkeys, the password and the
// links with a provider. It signs them out everywhere; they are told by mail, and set up others when
// they sign in by a letter. It asks for ManageNetwork, or for a role above each of theirs where they hold it: managers of
// the hub for staff and members of the hub, coordinators of the region for managers. Somebody whom
// by may not manage is NotFound, member_not_found. Repeated with its key it has no effect.
func (g *Gate) ResetFactors(ctx context.Context, by identity.Actor, memberID string, k database.Key) error {
	type answer struct{ Fault *fault.Error }
	_, err := database.Once(ctx, g.db, k, func() (answer, error) {
		return answer{}, g.db.In(ctx, func(tx *database.Tx) error {
			if err := g.mayMend(ctx, tx, by, memberID); err != nil {
				return err
			}
			for _, table := range []string{"authenticators", "recovery_codes", "passkeys", "passwords", "external_identities", "ceremonies"} {
				if _, err := tx.Exec(`DELETE FROM `+table+` WHERE member_id = $1`, memberID); err != nil {
					return err
				}
			}
			if err := errors.Join(g.people.EndSessionsIn(tx, memberID, ""), g.people.EndTokensIn(tx, memberID)); err != nil {
				return err
			}
			if err := changed(tx, by.ID, memberID, "factors.reset", "factor_removed"); err != nil {
				return err
			}
			return tx.Keep(k, answer{})
		})
	}, nil)
	g.people.Forget(memberID)
	if err != nil {
		return fmt.Errorf("reset factors: %w", err)
	}
	return nil
}

// mayMend asks for what it takes to manage the member, every right of theirs with it, and for a role
// above each that they have. It locks the member: a role that is given meanwhile is seen.
func (g *Gate) mayMend(ctx context.Context, tx *database.Tx, by identity.Actor, memberID string) error {
	by, err := identity.Current(tx, by)
	if err != nil {
		return err
	}
	if !by.Known() || by.LacksFactor { // before anything is looked up, which would tell who is there
		return identity.Denied(by)
	}
	if by.ID == memberID && !by.May(identity.ManageNetwork, "", "") {
		return identity.Denied(by)
	}
	if _, err := g.people.Managed(tx, by, memberID); err != nil || by.May(identity.ManageNetwork, "", "") {
		return err
	}
	grants, err := g.people.Grants(ctx, tx, memberID)
	if err != nil {
		return err
	}
	for _, grant := range grants {
		above := false
		region, err := regionOf(tx, grant.HubID)
		if err != nil {
			return err
		}
		switch grant.Role {
		case identity.Staff:
			above = by.May(identity.ManageMembers, grant.HubID, region)
		case identity.Manager:
			above = by.May(identity.ManageMembers, "", region)
		}
		if !above {
			return identity.Denied(by)
		}
	}
	return nil
}

// regionOf only reads inventory's table, as identity does: a coordinator's right names the region.
func regionOf(r database.Reader, hubID string) (string, error) {
	if hubID == "" {
		return "", nil
	}
	var region string
	err := r.Get(&region, `SELECT region_id FROM hubs WHERE id = $1`, hubID)
	if errors.Is(err, database.ErrNoRows) {
		return "", nil
	}
	return region, err
}

// LoadedFactors are the factors of a member of the demo network, in clear.
type LoadedFactors struct {
	MemberID string
	NewAuthenticator
	RecoveryCodes []string
}

// LoadFactors gives members an authenticator and recovery codes that count at once, in the caller's
// transaction, for the demo network. What they had is replaced. It asks for no right.
func (g *Gate) LoadFactors(tx *database.Tx, memberIDs []string) ([]LoadedFactors, error) {
	loaded := make([]LoadedFactors, 0, len(memberIDs))
	for _, id := range memberIDs {
		who, err := memberOf(tx, id)
		if err != nil {
			return nil, fmt.Errorf("load factors: %w", err)
		}
		made, err := g.newAuthenticator(who)
		if err != nil {
			return nil, fmt.Errorf("load factors: %w", err)
		}
		_, err = tx.Exec(`INSERT INTO authenticators (member_id, secret, last_step, created_at, confirmed_at) VALUES ($1, $2, 0, $3, $3)
			ON CONFLICT (member_id) DO UPDATE SET secret = $2, last_step = 0, created_at = $3, confirmed_at = $3`, id, made.Secret, tx.Now)
		if err != nil {
			return nil, fmt.Errorf("load factors: %w", err)
		}
		codes, err := newRecoveryCodes(tx, id)
		if err != nil {
			return nil, fmt.Errorf("load factors: %w", err)
		}
		loaded = append(loaded, LoadedFactors{id, made, codes})
	}
	return loaded, nil
}

// Known is what is known here of a person, for them to read. Secrets and hashes are left out.
type Known struct {
	PasswordChangedAt   *time.Time  `json:"password_changed_at,omitempty"`
	AuthenticatorSince  *time.Time  `json:"authenticator_since,omitempty"`
	UnusedRecoveryCodes int         `json:"unused_recovery_codes"`
	Passkeys            []KnownKey  `json:"passkeys"`
	Providers           []KnownLink `json:"providers"`
	RequestsForLetters  []KnownAsk  `json:"requests_for_letters"`
}

// A KnownKey is a passkey of a person.
type KnownKey struct {
	Label     string     `db:"label" json:"label"`
	CreatedAt time.Time  `db:"created_at" json:"created_at"`
	UsedAt    *time.Time `db:"used_at" json:"used_at,omitempty"`
}

// A KnownLink is an identity of a person at a provider.
type KnownLink struct {
	Issuer    string    `db:"issuer" json:"issuer"`
	Subject   string    `db:"subject" json:"subject"`
	CreatedAt time.Time `db:"created_at" json:"created_at"`
}

// A KnownAsk is a request for a letter to a person's address.
type KnownAsk struct {
	Email     string     `db:"email" json:"email"`
	CreatedAt time.Time  `db:"created_at" json:"created_at"`
	UsedAt    *time.Time `db:"used_at" json:"used_at,omitempty"`
}

// About returns what is known here of a member, a Known. It asks for no right.
func About(r database.Reader, memberID string) (any, error) {
	k := Known{Passkeys: []KnownKey{}, Providers: []KnownLink{}, RequestsForLetters: []KnownAsk{}}
	var row struct {
		Password      *time.Time `db:"password_at"`
		Authenticator *time.Time `db:"authenticator_at"`
		Codes         int        `db:"codes"`
	}
	err := errors.Join(
		r.Get(&row, `SELECT (SELECT changed_at FROM passwords WHERE member_id = $1) AS password_at,
			(SELECT confirmed_at FROM authenticators WHERE member_id = $1) AS authenticator_at,
			(SELECT count(*) FROM recovery_codes WHERE member_id = $1 AND used_at IS NULL) AS codes`, memberID),
		r.Select(&k.Passkeys, `SELECT label, created_at, used_at FROM passkeys WHERE member_id = $1 ORDER BY created_at, id`, memberID),
		r.Select(&k.Providers, `SELECT issuer, subject, created_at FROM external_identities WHERE member_id = $1 ORDER BY issuer, subject`, memberID),
		r.Select(&k.RequestsForLetters, `SELECT email, created_at, used_at FROM sign_ins
			WHERE member_id = $1 OR email_key = (SELECT email_key FROM members WHERE id = $1) ORDER BY created_at, id`, memberID),
	)
	if err != nil {
		return nil, fmt.Errorf("about a member's ways to sign in: %w", err)
	}
	k.PasswordChangedAt, k.AuthenticatorSince, k.UnusedRecoveryCodes = row.Password, row.Authenticator, row.Codes
	return k, nil
}

// Forget deletes what is known here of a member, in the caller's transaction. It is called while the
// member still has their address: requests for letters to it go as well. It asks for no right.
func Forget(tx *database.Tx, memberID string) error {
	_, err := tx.Exec(`DELETE FROM sign_ins WHERE member_id = $1 OR email_key = (SELECT email_key FROM members WHERE id = $1)`, memberID)
	if err != nil {
		return fmt.Errorf("forget requests for letters: %w", err)
	}
	for _, table := range []string{"passwords", "passkeys", "authenticators", "recovery_codes", "external_identities", "ceremonies"} {
		if _, err := tx.Exec(`DELETE FROM `+table+` WHERE member_id = $1`, memberID); err != nil {
			return fmt.Errorf("forget %s: %w", table, err)
		}
	}
	return nil
}

// Retain deletes requests for letters that ended before an instant, and ceremonies and counts of
// tries that are over. It returns how many rows went.
func Retain(ctx context.Context, db *database.DB, before time.Time) (int, error) {
	var gone int64
	err := db.In(ctx, func(tx *database.Tx) error {
		gone = 0
		for _, old := range []struct {
			query string
			at    time.Time
		}{
			{`DELETE FROM sign_ins WHERE expires_at < $1`, before},
			{`DELETE FROM ceremonies WHERE expires_at < $1`, tx.Now},
			{`DELETE FROM attempts WHERE ends_at < $1`, tx.Now},
		} {
			n, err := tx.Exec(old.query, old.at)
			if err != nil {
				return err
			}
			gone += n
		}
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("forget old sign-ins: %w", err)
	}
	return int(gone), nil
}
