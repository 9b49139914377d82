package identity

import (
	"context"
	"crypto/sha256"
	"fmt"
	"maps"
	"strings"
	"sync"
	"time"

	"canot/internal/database"
	"canot/internal/fault"
)

const (
	rememberFor  = 10 * time.Second
	rememberMost = 10_000
)

// Authenticate returns who speaks by a token, with their roles and its scopes. A token that is
// unknown, revoked, past its end, or of a closed or erased account is Unauthenticated, bad_token,
// and which of them is not said. It is one statement on the wire, and none for a token seen in the
// last 10 seconds.
func (d *Directory) Authenticate(ctx context.Context, token string) (Actor, error) {
	if len(token) != tokenLength || !strings.HasPrefix(token, tokenMark) {
		return Actor{}, badToken()
	}
	return d.recognize(token, badToken, func(hash string, now time.Time) (Actor, time.Time, error) {
		var rows []struct {
			TokenID   string     `db:"token_id"`
			Scopes    string     `db:"scopes"`
			ExpiresAt time.Time  `db:"expires_at"`
			RevokedAt *time.Time `db:"revoked_at"`
			holder
		}
		err := d.db.Reader(ctx).Select(&rows, `SELECT t.id AS token_id, t.scopes, t.expires_at, t.revoked_at, `+holderColumns+`
			FROM tokens t JOIN members m ON m.id = t.member_id LEFT JOIN grants g ON g.member_id = m.id
			WHERE t.hash = $1 ORDER BY g.role, g.hub_id, g.region_id`, hash)
		if err != nil || len(rows) == 0 {
			return Actor{}, time.Time{}, err
		}
		first := rows[0]
		if first.RevokedAt != nil || !now.Before(first.ExpiresAt) {
			return Actor{}, time.Time{}, nil
		}
		a := Actor{Scopes: strings.Fields(first.Scopes), TokenID: first.TokenID}
		for _, row := range rows {
			row.speaks(&a)
		}
		return a, first.ExpiresAt, nil
	})
}

// AuthenticateSession returns who speaks by a session, with their roles; somebody with roles who
// signed in with one factor has none, and LacksFactor. A session that is unknown, ended, not used
// for 14 days (12 hours by who has a role), past its end (90 days, 7 days), or of a closed or erased
// account is Unauthenticated, bad_session, and which of them is not said. It is one statement on the
// wire, and none for a session seen in the last 10 seconds; every 5 minutes one more notes the use.
func (d *Directory) AuthenticateSession(ctx context.Context, secret string) (Actor, error) {
	if len(secret) != sessionLength || !strings.HasPrefix(secret, sessionMark) {
		return Actor{}, badSession()
	}
	return d.recognize(secret, badSession, func(hash string, now time.Time) (Actor, time.Time, error) {
		var rows []struct {
			SessionID string     `db:"session_id"`
			Factors   int        `db:"factors"`
			CreatedAt time.Time  `db:"created_at"`
			SeenAt    time.Time  `db:"seen_at"`
			ExpiresAt time.Time  `db:"expires_at"`
			RevokedAt *time.Time `db:"revoked_at"`
			holder
		}
		err := d.db.Reader(ctx).Select(&rows, `SELECT s.id AS session_id, s.factors, s.created_at, s.seen_at, s.expires_at, s.revoked_at, `+holderColumns+`
			FROM sessions s JOIN members m ON m.id = s.member_id LEFT JOIN grants g ON g.member_id = m.id
			WHERE s.hash = $1 ORDER BY g.role, g.hub_id, g.region_id`, hash)
		if err != nil || len(rows) == 0 {
			return Actor{}, time.Time{}, err
		}
		first := rows[0]
		a := Actor{SessionID: first.SessionID}
		for _, row := range rows {
			row.speaks(&a)
		}
		staff := len(a.Grants) > 0
		s := sessionRow{CreatedAt: first.CreatedAt, SeenAt: first.SeenAt, ExpiresAt: first.ExpiresAt, RevokedAt: first.RevokedAt}
		if !s.live(now, staff) {
			return Actor{}, time.Time{}, nil
		}
		if now.Sub(s.SeenAt) >= touchEvery {
			if err := d.touch(ctx, a.SessionID); err != nil {
				return Actor{}, time.Time{}, err
			}
		}
		return a.withFactors(first.Factors), s.ends(staff), nil
	})
}

// touch notes that a session is used.
func (d *Directory) touch(ctx context.Context, id string) error {
	return d.db.In(ctx, func(tx *database.Tx) error {
		_, err := tx.Exec(`UPDATE sessions SET seen_at = $2 WHERE id = $1 AND seen_at < $2 AND revoked_at IS NULL`, id, tx.Now)
		return err
	})
}

// holderColumns are the columns of a holder, of members m and their grants g, if any.
const holderColumns = `m.id AS member_id, m.language, m.active, m.erased_at, COALESCE(g.role, '') AS role,
	COALESCE(g.hub_id, '') AS hub_id, COALESCE(g.region_id, '') AS region_id, COALESCE(g.rights, '') AS rights`

// A holder is the member to whom a secret belongs, with one of their roles or none.
type holder struct {
	MemberID string     `db:"member_id"`
	Language string     `db:"language"`
	Active   bool       `db:"active"`
	ErasedAt *time.Time `db:"erased_at"`
	Role     string     `db:"role"`
	HubID    string     `db:"hub_id"`
	RegionID string     `db:"region_id"`
	Rights   string     `db:"rights"`
}

// speaks makes a the holder, if the account is open, and adds the role.
func (h holder) speaks(a *Actor) {
	if !h.Active || h.ErasedAt != nil {
		return
	}
	a.ID, a.Language = h.MemberID, h.Language
	if h.Role != "" {
		a.Grants = append(a.Grants, Grant{Role(h.Role), h.HubID, h.RegionID, Rights(h.Rights)})
	}
}

// recognize returns whom this process remembers by a secret, or else whom read finds by the secret's
// hash, good until an instant. Nobody found is bad.
func (d *Directory) recognize(secret string, bad func() error, read func(hash string, now time.Time) (Actor, time.Time, error)) (Actor, error) {
	now := d.db.Now()
	hash := sha256.Sum256([]byte(secret))
	if a, known := d.remembered.recall(hash, now); known {
		return a, nil
	}
	generation := d.remembered.generation()
	a, until, err := read(hexHash(hash), now)
	if err != nil {
		return Actor{}, fmt.Errorf("authenticate: %w", err)
	}
	if !a.Known() {
		return Actor{}, bad()
	}
	d.remembered.keep(hash, a, now, until, generation)
	return a, nil
}

func badToken() error { return fault.New(fault.Unauthenticated, "bad_token", nil) }

// A memory holds for some seconds who speaks by which token or session, by the hash of its secret. It
// is bounded, for secrets come from outside.
type memory struct {
	mu        sync.Mutex
	actors    map[[sha256.Size]byte]seen
	forgotten int // rises with every forget
}

type seen struct {
	actor       Actor
	from, until time.Time
}

func newMemory() *memory { return &memory{actors: map[[sha256.Size]byte]seen{}} }

func (m *memory) recall(hash [sha256.Size]byte, now time.Time) (Actor, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s, known := m.actors[hash]
	if !known || !now.Before(s.until) || now.Before(s.from) {
		return Actor{}, false
	}
	return s.actor, true
}

// generation is read before the data base is: what was read before a forget must not be kept after
// it.
func (m *memory) generation() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.forgotten
}

func (m *memory) keep(hash [sha256.Size]byte, a Actor, now, expires time.Time, generation int) {
	until := now.Add(rememberFor)
	if expires.Before(until) {
		until = expires
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.forgotten != generation {
		return
	}
	if len(m.actors) >= rememberMost {
		maps.DeleteFunc(m.actors, func(_ [sha256.Size]byte, s seen) bool { return !now.Before(s.until) })
	}
	if len(m.actors) >= rememberMost {
		clear(m.actors)
	}
	m.actors[hash] = seen{a, now, until}
}

func (m *memory) forget(whom func(Actor) bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.forgotten++
	maps.DeleteFunc(m.actors, func(_ [sha256.Size]byte, s seen) bool { return whom(s.actor) })
}
