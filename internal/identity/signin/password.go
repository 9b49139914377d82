package signin

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/alexedwards/argon2id"
	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"

	"canot/internal/database"
	"canot/internal/fault"
	"canot/internal/identity"
)

const (
	shortestPassword = 8
	longestPassword  = 128
)

// workPerPassword is what OWASP's Password Storage Cheat Sheet asks of argon2id at least: 19 MiB,
// two passes, one lane.
var workPerPassword = &argon2id.Params{Memory: 19 * 1024, Iterations: 2, Parallelism: 1, SaltLength: 16, KeyLength: 32}

// hashes makes and compares hashes of passwords, few at once: each takes memory and a fifth of a
// second, and a crowd of them must not take the server.
type hashes struct {
	slots   chan struct{}
	waiting chan struct{}
	compare func(password, hash string) (bool, error)
	nobodys string // the hash of a password that nobody has
}

func newHashes() *hashes {
	// A salt and a key that were drawn are a hash as good as any, of a password that nobody knows.
	w := workPerPassword
	nobodys := fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, w.Memory, w.Iterations, w.Parallelism,
		base64.RawStdEncoding.EncodeToString(random(w.SaltLength)), base64.RawStdEncoding.EncodeToString(random(w.KeyLength)))
	return &hashes{
		slots: make(chan struct{}, 2), waiting: make(chan struct{}, 64),
		compare: argon2id.ComparePasswordAndHash, nobodys: nobodys,
	}
}

// with runs f when there is a slot. When too many wait already, or the caller leaves, it is
// Unavailable, busy.
func (h *hashes) with(ctx context.Context, f func() error) error {
	busy := fault.New(fault.Unavailable, "busy", nil)
	select {
	case h.waiting <- struct{}{}:
		defer func() { <-h.waiting }()
	default:
		return busy
	}
	select {
	case h.slots <- struct{}{}:
		defer func() { <-h.slots }()
	case <-ctx.Done():
		return busy.Because(ctx.Err())
	}
	return f()
}

// match reports whether password has the hash; "" is nobody's, costs the same, and never matches.
func (h *hashes) match(ctx context.Context, password, hash string) (matches bool, err error) {
	known := hash != ""
	if !known {
		hash = h.nobodys
	}
	err = h.with(ctx, func() (err error) {
		matches, err = h.compare(norm.NFC.String(password), hash)
		return err
	})
	return matches && known, err
}

func (h *hashes) make(ctx context.Context, password string) (hash string, err error) {
	err = h.with(ctx, func() (err error) {
		hash, err = argon2id.CreateHash(norm.NFC.String(password), workPerPassword)
		return err
	})
	return hash, err
}

// Password signs in who knows the password of an address. Whatever is wrong, an address that nobody
// has, one without a password, a closed account, another password, the answer is Unauthenticated,
// bad_credentials, after the same work. Too many wrong ones, for an address from a source, from a
// source, or for an address at all, are TooMany; a link still lets its owner in.
func (g *Gate) Password(ctx context.Context, v Visitor, email, password string) (Entry, error) {
	_, key, err := identity.Address("email", email)
	if err != nil {
		return Entry{}, err
	}
	here, source, all := passwordsThere.of(key, v.Source), passwordsFrom.of(v.Source), passwordsOf.of(key)
	if err := g.countFirst(ctx, source, here, all); err != nil {
		return Entry{}, fmt.Errorf("password: %w", err)
	}
	var who struct {
		ID     string `db:"id"`
		Active bool   `db:"active"`
		Hash   string `db:"hash"`
	}
	err = g.db.Reader(ctx).Get(&who, `SELECT m.id, m.active, COALESCE(p.hash, '') AS hash
		FROM members m LEFT JOIN passwords p ON p.member_id = m.id WHERE m.email_key = $1`, key)
	if err != nil && !errors.Is(err, database.ErrNoRows) {
		return Entry{}, fmt.Errorf("password: %w", err)
	}
	if len(password) > 4*longestPassword {
		password, who.Hash = "", ""
	}
	matches, err := g.hashes.match(ctx, password, who.Hash)
	if err != nil {
		return Entry{}, fmt.Errorf("password: %w", err)
	}
	if !matches || !who.Active {
		return Entry{}, badCredentials()
	}
	var entry Entry
	err = g.db.In(ctx, func(tx *database.Tx) error {
		// It may have been changed while we compared.
		var still int
		if err := tx.Get(&still, `SELECT count(*) FROM passwords WHERE member_id = $1 AND hash = $2`, who.ID, who.Hash); err != nil {
			return err
		}
		if still == 0 {
			return badCredentials()
		}
		if err := forgive(tx, here); err != nil {
			return err
		}
		if err := uncount(tx, source, all); err != nil {
			return err
		}
		entry, err = g.open(tx, v, who.ID, "password", 1)
		return err
	})
	g.forget(v, entry)
	if fault.Is(err, "member_inactive") {
		err = badCredentials()
	}
	if err != nil {
		return Entry{}, fmt.Errorf("password: %w", err)
	}
	return entry, nil
}

func badCredentials() error { return fault.New(fault.Unauthenticated, "bad_credentials", nil) }

// SetPassword gives by a password, or another one. The old one is asked for, unless by has just
// proved who they are in another way (identity.FreshlyProved); a first one always takes that. It
// has 8 to 128 characters of any kind, is not among the common ones, and does not hold the
// address: what is wrong is told together, Refused, weak_password. A wrong old one is Refused,
// bad_old_password; without an old one by is Forbidden, fresh_sign_in_needed. All other sessions
// and all tokens end, and the member is told by mail. It asks for a session, and for both factors of who has two.
func (g *Gate) SetPassword(ctx context.Context, by identity.Actor, old, password string) error {
	before, who, err := g.presentPassword(ctx, by, old)
	if err != nil {
		return fmt.Errorf("set password: %w", err)
	}
	if err := strongEnough(password, who); err != nil {
		return fmt.Errorf("set password: %w", err)
	}
	hash, err := g.hashes.make(ctx, password)
	if err != nil {
		return fmt.Errorf("set password: %w", err)
	}
	return g.changePassword(ctx, by, before, func(tx *database.Tx) (int64, error) {
		if before == "" {
			return tx.Exec(`INSERT INTO passwords (member_id, hash, changed_at) VALUES ($1, $2, $3) ON CONFLICT (member_id) DO NOTHING`, by.ID, hash, tx.Now)
		}
		return tx.Exec(`UPDATE passwords SET hash = $2, changed_at = $3 WHERE member_id = $1 AND hash = $4`, by.ID, hash, tx.Now, before)
	})
}

// RemovePassword leaves by without a password; the other ways in remain. It asks for what SetPassword
// asks. Without a password it changes nothing.
func (g *Gate) RemovePassword(ctx context.Context, by identity.Actor, old string) error {
	before, _, err := g.presentPassword(ctx, by, old)
	if err != nil {
		return fmt.Errorf("remove password: %w", err)
	}
	if before == "" {
		return nil
	}
	return g.changePassword(ctx, by, before, func(tx *database.Tx) (int64, error) {
		return tx.Exec(`DELETE FROM passwords WHERE member_id = $1 AND hash = $2`, by.ID, before)
	})
}

// presentPassword asks that by may change their password, and knows the old one or has just proved
// who they are: who has stolen a session cannot set a password, and who has set one by a stolen
// password cannot keep its owner from taking it away. It returns the hash, "" when they have none.
func (g *Gate) presentPassword(ctx context.Context, by identity.Actor, old string) (hash string, who person, err error) {
	var stale error // why the session alone is not enough
	err = g.db.In(ctx, func(tx *database.Tx) error {
		if err := g.asksOneself(tx, by, forSettings); err != nil {
			return err
		}
		stale = g.asksOneself(tx, by, forWaysIn)
		if stale != nil && !fault.Is(stale, "fresh_sign_in_needed") {
			return stale
		}
		if err := count(tx, passwordsAsked.of(by.ID)); err != nil {
			return err
		}
		hash = ""
		err := tx.Get(&hash, `SELECT hash FROM passwords WHERE member_id = $1`, by.ID)
		if err != nil && !errors.Is(err, database.ErrNoRows) {
			return err
		}
		who, err = memberOf(tx, by.ID)
		return err
	})
	if err == nil && hash == "" {
		err = stale
	}
	if err != nil || hash == "" || stale == nil && old == "" {
		return hash, who, err
	}
	matches, err := g.hashes.match(ctx, old, hash)
	if err == nil && !matches {
		err = fault.New(fault.Refused, "bad_old_password", nil)
	}
	return hash, who, err
}

// changePassword writes a change of by's password, if it is still what it was, and ends their other
// sessions.
func (g *Gate) changePassword(ctx context.Context, by identity.Actor, before string, write func(*database.Tx) (int64, error)) error {
	err := g.db.In(ctx, func(tx *database.Tx) error {
		if err := g.asksOneself(tx, by, forSettings); err != nil {
			return err
		}
		written, err := write(tx)
		if err != nil {
			return err
		}
		if written == 0 {
			return fault.New(fault.Stale, "stale", nil)
		}
		if err := forgive(tx, passwordsAsked.of(by.ID)); err != nil {
			return err
		}
		if err := errors.Join(g.people.EndSessionsIn(tx, by.ID, by.SessionID), g.people.EndTokensIn(tx, by.ID)); err != nil {
			return err
		}
		err = tx.Record(database.Change{By: by.ID, Action: "password.change", Kind: "member", Subject: by.ID, Before: map[string]any{"set": before != ""}})
		if err != nil {
			return err
		}
		return notify(tx, "password_changed", by.ID)
	})
	g.people.Forget(by.ID)
	if err != nil {
		return fmt.Errorf("change password: %w", err)
	}
	return nil
}

// strongEnough judges a new password by the OWASP ASVS 5.0, 6.2: length and what is guessed first,
// and nothing about kinds of characters.
func strongEnough(password string, who person) error {
	var wrong []fault.Violation
	refuse := func(code string, params fault.Params) {
		wrong = append(wrong, fault.Violation{Code: code, Params: params})
	}
	length := utf8.RuneCountInString(norm.NFC.String(password))
	switch {
	case !utf8.ValidString(password):
		refuse("bad_characters", fault.Params{"field": "password"})
	case length < shortestPassword:
		refuse("password_too_short", fault.Params{"least": shortestPassword})
	case length > longestPassword:
		refuse("password_too_long", fault.Params{"most": longestPassword})
	case isCommon(password):
		refuse("password_common", nil)
	}
	local, _, _ := strings.Cut(strings.ToLower(who.Email), "@")
	if len(local) >= 4 && strings.Contains(strings.ToLower(password), local) {
		refuse("password_holds_address", nil)
	}
	if len(wrong) > 0 {
		return &fault.Error{Kind: fault.Refused, Code: "weak_password", Violations: wrong}
	}
	return nil
}
