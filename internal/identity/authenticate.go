package identity

import (
	"context"
	"crypto/sha256"
	"fmt"
	"maps"
	"strings"
	"sync"
	"time"

	"canot/internal/fault"
)

const (
	rememberFor  = 10 * time.Second
	rememberMost = 10_000
)

// Authenticate returns who speaks by a token, with their roles and its scopes. A token that is
// unknown, revoked, past its end, or of a closed account is Unauthenticated, bad_token, and which
// of them is not said. It is one statement on the wire, and none for a token seen in the last 10
// seconds.
func (d *Directory) Authenticate(ctx context.Context, token string) (Actor, error) {
	if len(token) != tokenLength || !strings.HasPrefix(token, tokenMark) {
		return Actor{}, badToken()
	}
	now := d.db.Now()
	hash := sha256.Sum256([]byte(token))
	if a, known := d.remembered.recall(hash, now); known {
		return a, nil
	}
	generation := d.remembered.generation()
	var rows []struct {
		TokenID   string     `db:"token_id"`
		Scopes    string     `db:"scopes"`
		ExpiresAt time.Time  `db:"expires_at"`
		RevokedAt *time.Time `db:"revoked_at"`
		MemberID  string     `db:"member_id"`
		Language  string     `db:"language"`
		Active    bool       `db:"active"`
		Role      string     `db:"role"`
		HubID     string     `db:"hub_id"`
		RegionID  string     `db:"region_id"`
	}
	err := d.db.Reader(ctx).Select(&rows, `SELECT t.id AS token_id, t.scopes, t.expires_at, t.revoked_at,
			m.id AS member_id, m.language, m.active,
			COALESCE(g.role, '') AS role, COALESCE(g.hub_id, '') AS hub_id, COALESCE(g.region_id, '') AS region_id
		FROM tokens t JOIN members m ON m.id = t.member_id LEFT JOIN grants g ON g.member_id = m.id
		WHERE t.hash = $1 ORDER BY g.role, g.hub_id, g.region_id`, hexHash(hash))
	if err != nil {
		return Actor{}, fmt.Errorf("authenticate: %w", err)
	}
	if len(rows) == 0 {
		return Actor{}, badToken()
	}
	first := rows[0]
	if first.RevokedAt != nil || !first.Active || !now.Before(first.ExpiresAt) {
		return Actor{}, badToken()
	}
	a := Actor{ID: first.MemberID, Language: first.Language, Scopes: strings.Fields(first.Scopes), TokenID: first.TokenID}
	for _, row := range rows {
		if row.Role != "" {
			a.Grants = append(a.Grants, Grant{Role(row.Role), row.HubID, row.RegionID})
		}
	}
	d.remembered.keep(hash, a, now, first.ExpiresAt, generation)
	return a, nil
}

func badToken() error { return fault.New(fault.Unauthenticated, "bad_token", nil) }

// A memory holds for some seconds who speaks by which token, by the token's hash. It is bounded,
// for tokens come from outside.
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
