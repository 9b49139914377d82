package identity

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"canot/internal/database"
	"canot/internal/fault"
)

const (
	tokenMark    = "canot_" // by which people and secret scanners know one
	tokenLength  = len(tokenMark) + 43
	prefixLength = 12

	usualLifetime   = 90 * 24 * time.Hour
	longestLifetime = 366 * 24 * time.Hour

	// mostTokens is how many tokens of one member may be live at once.
	mostTokens = 50
)

// A Token is how a program speaks for a member. Its secret was shown once and is not kept.
type Token struct {
	ID        string
	MemberID  string
	Prefix    string // the start of the secret, by which a person knows it again
	Label     string
	Scopes    []string
	CreatedAt time.Time
	ExpiresAt time.Time
	RevokedAt *time.Time // nil while it stands
}

// A TokenRequest asks for a token.
type TokenRequest struct {
	Label    string        // what it is for, at most 80 characters
	Scopes   []string      // read, book, staff, admin: at least one
	Lifetime time.Duration // 0 means 90 days; at most 366 days

	Key database.Key // an Idempotency-Key, for IssueToken alone; the zero Key keeps nothing
}

// IssueToken makes a token for a member and returns its secret, which cannot be had again. One
// makes tokens for oneself; who may manage the network makes them for anybody. Who speaks by a
// token makes others only when it carries the admin scope; who signed in with one factor makes those
// of read and book only, and none when they hold a role or have a second factor
// (second_factor_needed), so that no token does what its maker could not. A request that cannot be
// read is Malformed; a closed account gets none: Refused, member_inactive; and nobody has more than 50
// live ones: Refused, too_many_tokens. The member is told by mail. Repeated with its key it makes no
// second token and cannot give the secret of the first: Taken, token_already_issued, with the token's
// id.
func (d *Directory) IssueToken(ctx context.Context, by Actor, memberID string, req TokenRequest) (secret string, issued Token, err error) {
	req, err = req.checked()
	if err != nil {
		return "", Token{}, err
	}
	id, err := database.OnceIn(ctx, d.db, req.Key, func(tx *database.Tx) (string, error) {
		if err := tx.Lock("members", memberID); err != nil { // two at once are counted one after the other
			return "", err
		}
		by, err := current(tx, by)
		if err != nil {
			return "", err
		}
		if by.ID != memberID && !by.May(ManageNetwork, "", "") || !by.Holds(ScopeAdmin) {
			return "", Denied(by)
		}
		if err := errors.Join(d.FullyProved(tx, by), enoughFactors(tx, by, req.Scopes)); err != nil {
			return "", err
		}
		p, err := living(tx, memberID)
		if err != nil {
			return "", err
		}
		if !p.Active {
			return "", fault.New(fault.Refused, "member_inactive", nil)
		}
		if err := roomForToken(tx, memberID); err != nil {
			return "", err
		}
		if secret, issued, err = insertToken(tx, by, memberID, req); err != nil {
			return "", err
		}
		return issued.ID, tell(tx, by, p, "token_issued")
	})
	if err == nil && id != issued.ID { // what was just made was undone: another had been made before
		err = fault.New(fault.Taken, "token_already_issued", fault.Params{"token": id})
	}
	if err != nil {
		return "", Token{}, fmt.Errorf("issue token: %w", err)
	}
	return secret, issued, nil
}

// roomForToken refuses a member more live tokens than anybody needs.
func roomForToken(tx *database.Tx, memberID string) error {
	var live int
	err := tx.Get(&live, `SELECT count(*) FROM tokens WHERE member_id = $1 AND revoked_at IS NULL AND expires_at > $2`, memberID, tx.Now)
	if err == nil && live >= mostTokens {
		err = fault.New(fault.Refused, "too_many_tokens", fault.Params{"most": mostTokens})
	}
	return err
}

// tell has a member told by mail of what was done to their account, unless a command did it, or they
// have no address.
func tell(tx *database.Tx, by Actor, p Member, what string) error {
	if by.isSystem() || p.Assisted() {
		return nil
	}
	return tx.Enqueue(database.Job{Kind: "mail", Args: map[string]string{"what": what, "id": p.ID}, At: tx.Now})
}

// enoughFactors refuses a token that could do, now or with a role to come, what a session of one
// factor cannot.
func enoughFactors(tx *database.Tx, by Actor, scopes []string) error {
	if by.SessionID == "" {
		return nil
	}
	var factors int
	if err := tx.Get(&factors, `SELECT factors FROM sessions WHERE id = $1`, by.SessionID); err != nil {
		return fmt.Errorf("issue token: %w", err)
	}
	if factors < 2 && (by.LacksFactor || slices.Contains(scopes, ScopeStaff) || slices.Contains(scopes, ScopeAdmin)) {
		return fault.New(fault.Forbidden, "second_factor_needed", nil)
	}
	return nil
}

// LoadTokens makes a token for each of many members in the caller's transaction and returns the
// secrets in their order, for the demo network. It asks for no right: its caller has.
func (d *Directory) LoadTokens(ctx context.Context, tx *database.Tx, memberIDs []string, req TokenRequest) ([]string, error) {
	req, err := req.checked()
	if err != nil {
		return nil, err
	}
	secrets := make([]string, len(memberIDs))
	for i, id := range memberIDs {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if secrets[i], _, err = insertToken(tx, System, id, req); err != nil {
			return nil, fmt.Errorf("load tokens: %w", err)
		}
	}
	return secrets, nil
}

func (req TokenRequest) checked() (TokenRequest, error) {
	var f form
	req.Label = f.text("label", req.Label, longestLabel)
	held := slices.Clone(req.Scopes)
	slices.SortFunc(held, func(a, b string) int { return slices.Index(scopes, a) - slices.Index(scopes, b) })
	req.Scopes = slices.Compact(held)
	f.required("scopes", strings.Join(req.Scopes, " "))
	if slices.ContainsFunc(req.Scopes, func(s string) bool { return !slices.Contains(scopes, s) }) {
		f.refuse("scopes", "bad_scope")
	}
	if req.Lifetime == 0 {
		req.Lifetime = usualLifetime
	}
	if req.Lifetime < time.Second || req.Lifetime > longestLifetime {
		f.refuse("lifetime", "bad_lifetime")
	}
	return req, f.fault()
}

func insertToken(tx *database.Tx, by Actor, memberID string, req TokenRequest) (string, Token, error) {
	var random [32]byte
	if _, err := rand.Read(random[:]); err != nil {
		return "", Token{}, err
	}
	secret := tokenMark + base64.RawURLEncoding.EncodeToString(random[:])
	t := Token{
		ID: database.NewID(), MemberID: memberID, Prefix: secret[:prefixLength], Label: req.Label, Scopes: req.Scopes,
		CreatedAt: tx.Now, ExpiresAt: tx.Now.Add(req.Lifetime).Truncate(time.Second),
	}
	_, err := tx.Exec(`INSERT INTO tokens (id, member_id, hash, prefix, label, scopes, created_at, expires_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		t.ID, memberID, hexHash(sha256.Sum256([]byte(secret))), t.Prefix, t.Label, strings.Join(t.Scopes, " "), t.CreatedAt, t.ExpiresAt)
	if err != nil {
		return "", Token{}, err
	}
	err = tx.Record(database.Change{
		By: by.ID, Action: "token.issue", Kind: "token", Subject: t.ID,
		After: map[string]any{"member": memberID, "scopes": t.Scopes, "expires_at": t.ExpiresAt},
	})
	return secret, t, err
}

func hexHash(sum [sha256.Size]byte) string { return hex.EncodeToString(sum[:]) }

// RevokeToken ends a token; ending it twice is the same as once. One ends one's own, and who may
// manage the network anybody's; to others, and to who speaks by another token without the admin
// scope, it is NotFound, token_not_found. It ends at once in this process, and within 10 seconds in
// others. k may be the zero Key.
func (d *Directory) RevokeToken(ctx context.Context, by Actor, tokenID string, k database.Key) error {
	if !storable(tokenID) {
		return tokenNotFound()
	}
	_, err := database.OnceIn(ctx, d.db, k, func(tx *database.Tx) (string, error) { return tokenID, endToken(tx, by, tokenID) })
	// Also when it failed: a commit whose answer was lost may have happened.
	d.remembered.forget(func(a Actor) bool { return a.TokenID == tokenID })
	if err != nil {
		return fmt.Errorf("revoke token: %w", err)
	}
	return nil
}

// endToken is RevokeToken in its transaction.
func endToken(tx *database.Tx, by Actor, tokenID string) error {
	by, err := current(tx, by)
	if err != nil {
		return err
	}
	var owner string
	err = tx.Get(&owner, `SELECT member_id FROM tokens WHERE id = $1`, tokenID)
	if errors.Is(err, database.ErrNoRows) {
		return tokenNotFound()
	}
	if err != nil {
		return err
	}
	mine := by.ID == owner && (by.TokenID == tokenID || by.Holds(ScopeAdmin))
	if !mine && !by.May(ManageNetwork, "", "") {
		return tokenNotFound()
	}
	ended, err := tx.Exec(`UPDATE tokens SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL`, tokenID, tx.Now)
	if err != nil || ended == 0 {
		return err
	}
	return tx.Record(database.Change{
		By: by.ID, Action: "token.revoke", Kind: "token", Subject: tokenID, After: map[string]any{"member": owner},
	})
}

// EndTokensIn ends every token and every calendar address of a member, in the caller's transaction:
// what is no longer trusted, or closed, is not trusted by its programs either. It asks for no right, and its caller calls Forget
// once the transaction has ended.
func (d *Directory) EndTokensIn(tx *database.Tx, memberID string) error {
	_, err := tx.Exec(`UPDATE tokens SET revoked_at = $2 WHERE member_id = $1 AND revoked_at IS NULL`, memberID, tx.Now)
	if err == nil {
		_, err = tx.Exec(`DELETE FROM calendar_addresses WHERE member_id = $1`, memberID)
	}
	if err != nil {
		return fmt.Errorf("end tokens: %w", err)
	}
	return nil
}

func tokenNotFound() error { return fault.New(fault.NotFound, "token_not_found", nil) }

// Tokens lists a member's tokens, the newest first, with no more of the secret than its prefix. One
// sees one's own, and who may manage the network anybody's; to others the member is NotFound.
func (d *Directory) Tokens(ctx context.Context, by Actor, memberID string) ([]Token, error) {
	if by.ID == "" || by.ID != memberID && !by.May(ManageNetwork, "", "") {
		return nil, memberNotFound()
	}
	if by.ID != memberID {
		if _, err := living(d.db.Reader(ctx), memberID); err != nil {
			return nil, err
		}
	}
	var rows []struct {
		ID        string     `db:"id"`
		Prefix    string     `db:"prefix"`
		Label     string     `db:"label"`
		Scopes    string     `db:"scopes"`
		CreatedAt time.Time  `db:"created_at"`
		ExpiresAt time.Time  `db:"expires_at"`
		RevokedAt *time.Time `db:"revoked_at"`
	}
	err := d.db.Reader(ctx).Select(&rows, `SELECT id, prefix, label, scopes, created_at, expires_at, revoked_at
		FROM tokens WHERE member_id = $1 ORDER BY created_at DESC, id`, memberID)
	if err != nil {
		return nil, fmt.Errorf("list tokens: %w", err)
	}
	tokens := make([]Token, len(rows))
	for i, row := range rows {
		tokens[i] = Token{
			ID: row.ID, MemberID: memberID, Prefix: row.Prefix, Label: row.Label, Scopes: strings.Fields(row.Scopes),
			CreatedAt: row.CreatedAt.UTC(), ExpiresAt: row.ExpiresAt.UTC(), RevokedAt: row.RevokedAt,
		}
	}
	return tokens, nil
}
