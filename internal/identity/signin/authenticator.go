package signin

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/totp"

	"canot/internal/database"
	"canot/internal/fault"
	"canot/internal/identity"
)

// What every authenticator on a telephone understands (RFC 6238).
const (
	stepLength    = 30 // seconds
	stepsAround   = 1  // a clock may be wrong by so many
	codeFigures   = otp.DigitsSix
	codeAlgorithm = otp.AlgorithmSHA1

	recoveryCodes  = 10
	recoveryLength = 10 // characters of five bits
)

// A NewAuthenticator is the secret that an authenticator shares with the server. It counts once a
// code of it has been given.
type NewAuthenticator struct {
	Secret string // in base 32, to type
	URL    string // otpauth://…, to scan
}

// BeginAuthenticator makes a secret for an authenticator of by's. It takes the place of one that was
// not confirmed; one that was must be removed first: Refused, authenticator_exists. It asks for a
// session that was opened just now (identity.FreshlyProved).
func (g *Gate) BeginAuthenticator(ctx context.Context, by identity.Actor) (NewAuthenticator, error) {
	var made NewAuthenticator
	err := g.db.In(ctx, func(tx *database.Tx) error {
		if err := g.asksOneself(tx, by, forWaysIn); err != nil {
			return err
		}
		who, err := memberOf(tx, by.ID)
		if err != nil {
			return err
		}
		if made, err = g.newAuthenticator(who); err != nil {
			return err
		}
		written, err := tx.Exec(`INSERT INTO authenticators (member_id, secret, last_step, created_at) VALUES ($1, $2, 0, $3)
			ON CONFLICT (member_id) DO UPDATE SET secret = $2, last_step = 0, created_at = $3
			WHERE authenticators.confirmed_at IS NULL`, by.ID, made.Secret, tx.Now)
		if err == nil && written == 0 {
			err = fault.New(fault.Refused, "authenticator_exists", nil)
		}
		return err
	})
	if err != nil {
		return NewAuthenticator{}, fmt.Errorf("begin authenticator: %w", err)
	}
	return made, nil
}

func (g *Gate) newAuthenticator(who person) (NewAuthenticator, error) {
	return g.authenticatorOf(who, nil)
}

// authenticatorOf is the authenticator of a secret, or of a new one when secret is empty.
func (g *Gate) authenticatorOf(who person, secret []byte) (NewAuthenticator, error) {
	key, err := totp.Generate(totp.GenerateOpts{
		Issuer: g.settings.Name, AccountName: firstOf(who.Email, who.Name, who.ID),
		Period: stepLength, SecretSize: 20, Secret: secret, Digits: codeFigures, Algorithm: codeAlgorithm, Rand: rand.Reader,
	})
	if err != nil {
		return NewAuthenticator{}, err
	}
	return NewAuthenticator{Secret: key.Secret(), URL: key.URL()}, nil
}

// ConfirmAuthenticator takes the first code of by's new authenticator and returns ten recovery
// codes, which cannot be had again. The session becomes one of two factors and gets a new secret;
// the old one ends at once. The member is told by mail. A wrong code is Refused, bad_factor; five
// within fifteen minutes are TooMany.
func (g *Gate) ConfirmAuthenticator(ctx context.Context, by identity.Actor, v Visitor, code string) (recovery []string, entry Entry, err error) {
	var refused error
	err = g.db.In(ctx, func(tx *database.Tx) error {
		recovery, entry, refused = nil, Entry{}, nil
		if err := g.asksOneself(tx, by, forSettings); err != nil {
			return err
		}
		if err := count(tx, factorsThere.of(by.ID, v.Source)); err != nil {
			return err
		}
		right, err := useStep(tx, by.ID, code, false)
		if err != nil {
			return err
		}
		if !right {
			refused = badFactor()
			return nil
		}
		if _, err := tx.Exec(`UPDATE authenticators SET confirmed_at = $2 WHERE member_id = $1`, by.ID, tx.Now); err != nil {
			return err
		}
		if recovery, err = newRecoveryCodes(tx, by.ID); err != nil {
			return err
		}
		if err := changed(tx, by.ID, by.ID, "authenticator.add", "factor_added"); err != nil {
			return err
		}
		if err := forgive(tx, factorsThere.of(by.ID, v.Source)); err != nil {
			return err
		}
		entry, err = g.open(tx, v, by.ID, "authenticator", 2)
		return err
	})
	g.forget(v, entry)
	if err = errors.Join(err, refused); err != nil {
		return nil, Entry{}, fmt.Errorf("confirm authenticator: %w", err)
	}
	return recovery, entry, nil
}

// SecondFactor takes a code of by's authenticator, or one of their recovery codes, and makes the
// session one of two factors: it gets a new secret, and the old one ends at once. A code counts
// once. A wrong one is Refused, bad_factor; five within fifteen minutes from one source, and fifty a
// day, are TooMany, codes and recovery codes each for themselves. The fifth wrong one within a day is
// told to the member by mail: somebody has their first factor. It asks for a session.
func (g *Gate) SecondFactor(ctx context.Context, by identity.Actor, v Visitor, code string) (Entry, error) {
	if by.SessionID == "" {
		return Entry{}, g.asksOneself(g.db.Reader(ctx), by, forSettings)
	}
	here, all := factorsThere.of(by.ID, v.Source), factorsOf.of(by.ID)
	if len(unspaced(code)) != codeFigures.Length() { // a recovery code, which stays a way in while others guess
		here, all = recoveriesThere.of(by.ID, v.Source), recoveriesOf.of(by.ID)
	}
	var entry Entry
	var refused error
	err := g.db.In(ctx, func(tx *database.Tx) error {
		entry, refused = Entry{}, nil
		if err := count(tx, here, all); err != nil {
			return err
		}
		if err := standing(tx, by); err != nil {
			return err
		}
		method, err := useFactor(tx, by.ID, code)
		if err != nil {
			return err
		}
		if method == "" {
			refused = badFactor()
			return warn(tx, by.ID)
		}
		if err := forgive(tx, here); err != nil {
			return err
		}
		if err := uncount(tx, all); err != nil {
			return err
		}
		entry, err = g.open(tx, v, by.ID, method, 2)
		return err
	})
	g.forget(v, entry)
	if err = errors.Join(err, refused); err != nil {
		return Entry{}, fmt.Errorf("second factor: %w", err)
	}
	return entry, nil
}

// warn tells a member once a day that somebody gives wrong second factors in their name.
func warn(tx *database.Tx, memberID string) error {
	wrong, err := tally(tx, wrongFactors.of(memberID))
	if err != nil || wrong[0].Count != wrong[0].most {
		return err
	}
	return notify(tx, "factor_tried", memberID)
}

// standing asks that the session by which by speaks has not ended meanwhile.
func standing(tx *database.Tx, by identity.Actor) error {
	var live int
	err := tx.Get(&live, `SELECT count(*) FROM sessions WHERE id = $1 AND member_id = $2 AND revoked_at IS NULL`, by.SessionID, by.ID)
	if err == nil && live == 0 {
		err = fault.New(fault.Unauthenticated, "sign_in", nil)
	}
	return err
}

// useFactor uses a code up, and tells what it was of, "" for none.
func useFactor(tx *database.Tx, memberID, code string) (method string, err error) {
	if right, err := useStep(tx, memberID, code, true); err != nil || right {
		return "authenticator", err
	}
	used, err := tx.Exec(`UPDATE recovery_codes SET used_at = $3 WHERE member_id = $1 AND hash = $2 AND used_at IS NULL`,
		memberID, recoveryHash(memberID, code), tx.Now)
	if err != nil || used == 0 {
		return "", err
	}
	return "recovery code", nil
}

// useStep finds the step of time of which code is the code, and uses it up with those before it. It
// reports false when there is none that was not used.
func useStep(tx *database.Tx, memberID, code string, confirmed bool) (bool, error) {
	var row struct {
		Secret      string     `db:"secret"`
		ConfirmedAt *time.Time `db:"confirmed_at"`
	}
	err := tx.Get(&row, `SELECT secret, confirmed_at FROM authenticators WHERE member_id = $1`, memberID)
	if errors.Is(err, database.ErrNoRows) || err == nil && confirmed != (row.ConfirmedAt != nil) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	given, found := unspaced(code), int64(0)
	for around := int64(-stepsAround); around <= stepsAround; around++ {
		step := tx.Now.Unix()/stepLength + around
		right, err := codeAt(row.Secret, step)
		if err != nil {
			return false, err
		}
		if same(right, given) {
			found = step
		}
	}
	if found == 0 {
		return false, nil
	}
	used, err := tx.Exec(`UPDATE authenticators SET last_step = $2 WHERE member_id = $1 AND last_step < $2 AND secret = $3`,
		memberID, found, row.Secret)
	return used == 1, err
}

func unspaced(code string) string { return strings.ReplaceAll(strings.TrimSpace(code), " ", "") }

func codeAt(secret string, step int64) (string, error) {
	return totp.GenerateCodeCustom(secret, time.Unix(step*stepLength, 0), totp.ValidateOpts{
		Period: stepLength, Digits: codeFigures, Algorithm: codeAlgorithm,
	})
}

// NewRecoveryCodes replaces by's recovery codes by ten others and returns them, this once. The member
// is told by mail. It asks for a session of both factors that was opened just now, and for an
// authenticator: Refused, no_authenticator.
func (g *Gate) NewRecoveryCodes(ctx context.Context, by identity.Actor) ([]string, error) {
	var codes []string
	err := g.db.In(ctx, func(tx *database.Tx) error {
		if err := g.asksOneself(tx, by, forWaysIn); err != nil {
			return err
		}
		var confirmed int
		err := tx.Get(&confirmed, `SELECT count(*) FROM authenticators WHERE member_id = $1 AND confirmed_at IS NOT NULL`, by.ID)
		if err != nil {
			return err
		}
		if confirmed == 0 {
			return fault.New(fault.Refused, "no_authenticator", nil)
		}
		if codes, err = newRecoveryCodes(tx, by.ID); err != nil {
			return err
		}
		return changed(tx, by.ID, by.ID, "recovery_codes.renew", "factor_added")
	})
	if err != nil {
		return nil, fmt.Errorf("new recovery codes: %w", err)
	}
	return codes, nil
}

// newRecoveryCodes replaces a member's recovery codes.
func newRecoveryCodes(tx *database.Tx, memberID string) ([]string, error) {
	if _, err := tx.Exec(`DELETE FROM recovery_codes WHERE member_id = $1`, memberID); err != nil {
		return nil, err
	}
	codes, rows := make([]string, recoveryCodes), make([][]any, recoveryCodes)
	for i := range codes {
		// The identifiers of the data base are random, of figures and letters that are not mistaken
		// for one another.
		drawn := database.NewID()[:recoveryLength]
		codes[i] = drawn[:recoveryLength/2] + "-" + drawn[recoveryLength/2:]
		rows[i] = []any{memberID, recoveryHash(memberID, codes[i]), tx.Now}
	}
	return codes, tx.Insert(`INSERT INTO recovery_codes (member_id, hash, created_at) VALUES `, rows...)
}

// recoveryHash is what is kept of a recovery code, however it is typed.
func recoveryHash(memberID, code string) string {
	typed := strings.Map(func(r rune) rune {
		if r == '-' || r == ' ' {
			return -1
		}
		return r
	}, strings.ToLower(code))
	return hashOf("recovery "+memberID, typed)
}

// RemoveAuthenticator takes by's authenticator and recovery codes away; without one it changes
// nothing. The member is told by mail. It asks for a session of both factors; who has a role keeps
// their last second factor: Refused, last_factor.
func (g *Gate) RemoveAuthenticator(ctx context.Context, by identity.Actor) error {
	err := g.db.In(ctx, func(tx *database.Tx) error {
		if err := g.asksOneself(tx, by, forSettings); err != nil {
			return err
		}
		if err := tx.Lock("members", by.ID); err != nil { // two removals at once leave one factor
			return err
		}
		var confirmed bool
		err := tx.Get(&confirmed, `DELETE FROM authenticators WHERE member_id = $1 RETURNING confirmed_at IS NOT NULL`, by.ID)
		if errors.Is(err, database.ErrNoRows) {
			return nil
		}
		if err == nil && confirmed {
			err = keepsFactor(tx, by.ID)
		}
		if err != nil {
			return err
		}
		if _, err := tx.Exec(`DELETE FROM recovery_codes WHERE member_id = $1`, by.ID); err != nil {
			return err
		}
		return changed(tx, by.ID, by.ID, "authenticator.remove", "factor_removed")
	})
	if err != nil {
		return fmt.Errorf("remove authenticator: %w", err)
	}
	return nil
}

// keepsFactor asks that who has a role still has a second factor, after one was taken away: else
// whoever reads their mail could set up one of their own.
func keepsFactor(tx *database.Tx, memberID string) error {
	var row struct {
		Roles   int64 `db:"roles"`
		Factors int64 `db:"factors"`
	}
	err := tx.Get(&row, `SELECT (SELECT count(*) FROM grants WHERE member_id = $1) AS roles,
		(SELECT count(*) FROM passkeys WHERE member_id = $1) +
		(SELECT count(*) FROM authenticators WHERE member_id = $1 AND confirmed_at IS NOT NULL) AS factors`, memberID)
	if err == nil && row.Roles > 0 && row.Factors == 0 {
		err = fault.New(fault.Refused, "last_factor", nil)
	}
	return err
}

// changed logs a change of a member's factors and has them told.
func changed(tx *database.Tx, by, memberID, action, notice string) error {
	if err := tx.Record(database.Change{By: by, Action: action, Kind: "member", Subject: memberID}); err != nil {
		return err
	}
	return notify(tx, notice, memberID)
}

func badFactor() error { return fault.New(fault.Refused, "bad_factor", nil) }
