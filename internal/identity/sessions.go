package identity

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"time"

	"canot/internal/database"
	"canot/internal/fault"
)

const (
	sessionMark   = "canots_"
	sessionLength = len(sessionMark) + 43

	// A session ends when it was not used for so long, and at its end in any case. Who has a role is
	// asked to sign in again sooner: what they may do is worth more to a thief.
	idleMember  = 14 * 24 * time.Hour
	idleStaff   = 12 * time.Hour
	totalMember = 90 * 24 * time.Hour
	totalStaff  = 7 * 24 * time.Hour

	// touchEvery is how old the note of a session's last use may get before it is written again.
	touchEvery = 5 * time.Minute

	longestDevice = 80
	longestMethod = 20
)

// A Session is one browser in which a member is signed in. Its secret is in that browser only.
type Session struct {
	ID        string
	MemberID  string
	Method    string // how they signed in: link, code, password, passkey, oidc…
	Factors   int    // 1 or 2
	Device    string // what the browser says that it is, in few words
	CreatedAt time.Time
	SeenAt    time.Time // of the last use, up to 5 minutes early
	ExpiresAt time.Time // it ends then, sooner when it is not used
	Current   bool      // it is the one by which the caller speaks
}

const sessionColumns = `s.id, s.member_id, s.method, s.factors, s.device, s.created_at, s.seen_at, s.expires_at, s.revoked_at`

type sessionRow struct {
	ID        string     `db:"id"`
	MemberID  string     `db:"member_id"`
	Method    string     `db:"method"`
	Factors   int        `db:"factors"`
	Device    string     `db:"device"`
	CreatedAt time.Time  `db:"created_at"`
	SeenAt    time.Time  `db:"seen_at"`
	ExpiresAt time.Time  `db:"expires_at"`
	RevokedAt *time.Time `db:"revoked_at"`
}

// ends returns when the session ends if it is not used again, for a member who has a role or none.
func (s sessionRow) ends(staff bool) time.Time {
	end := s.total(staff)
	idle := idleMember
	if staff {
		idle = idleStaff
	}
	if unused := s.SeenAt.Add(idle); unused.Before(end) {
		end = unused
	}
	return end
}

// total returns when the session ends however much it is used.
func (s sessionRow) total(staff bool) time.Time {
	if end := s.CreatedAt.Add(totalStaff); staff && end.Before(s.ExpiresAt) {
		return end
	}
	return s.ExpiresAt
}

func (s sessionRow) live(now time.Time, staff bool) bool {
	return s.RevokedAt == nil && now.Before(s.ends(staff))
}

// OpenSession signs a member in, in the caller's transaction, and returns the session's secret, 256
// random bits of which only a hash is kept. It asks for nothing: its caller has seen factors proofs
// of who they are, 1 or 2, by method; device is cut to 80 characters. A closed or erased account is
// Refused, member_inactive; an unknown one NotFound.
func (d *Directory) OpenSession(tx *database.Tx, memberID, method string, factors int, device string) (secret string, s Session, err error) {
	if _, err := living(tx, memberID); err != nil {
		return "", Session{}, err
	}
	// It also holds the row: an account that is being closed meanwhile gets no session.
	open, err := tx.Exec(`UPDATE members SET seen_at = $2 WHERE id = $1 AND active AND erased_at IS NULL`, memberID, tx.Now)
	if err != nil {
		return "", Session{}, fmt.Errorf("open session: %w", err)
	}
	if open == 0 {
		return "", Session{}, fault.New(fault.Refused, "member_inactive", nil)
	}
	var random [32]byte
	if _, err := rand.Read(random[:]); err != nil {
		return "", Session{}, fmt.Errorf("open session: %w", err)
	}
	secret = sessionMark + base64.RawURLEncoding.EncodeToString(random[:])
	s = Session{
		ID: database.NewID(), MemberID: memberID, Method: cut(method, longestMethod), Factors: factors, Device: cut(device, longestDevice),
		CreatedAt: tx.Now, SeenAt: tx.Now, ExpiresAt: tx.Now.Add(totalMember), Current: true,
	}
	_, err = tx.Exec(`INSERT INTO sessions (id, member_id, hash, method, factors, device, created_at, seen_at, expires_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $7, $8)`,
		s.ID, s.MemberID, hexHash(sha256.Sum256([]byte(secret))), s.Method, s.Factors, s.Device, s.CreatedAt, s.ExpiresAt)
	if err == nil {
		err = tx.Record(database.Change{
			By: memberID, Action: "session.open", Kind: "session", Subject: s.ID,
			After: map[string]any{"member": memberID, "method": s.Method, "factors": s.Factors},
		})
	}
	if err != nil {
		return "", Session{}, fmt.Errorf("open session: %w", err)
	}
	return secret, s, nil
}

// cut makes a text of a machine storable and short.
func cut(s string, longest int) string {
	var kept []rune
	for _, c := range s {
		if !unwritable(c) && len(kept) < longest {
			kept = append(kept, c)
		}
	}
	return string(kept)
}

// Sessions lists the sessions that by has open, the last used first. Who speaks by a token sees
// them as well; a visitor is asked to sign in.
func (d *Directory) Sessions(ctx context.Context, by Actor) ([]Session, error) {
	if !by.Known() {
		return nil, Denied(by)
	}
	r := d.db.Reader(ctx)
	var rows []sessionRow
	err := r.Select(&rows, `SELECT `+sessionColumns+` FROM sessions s WHERE s.member_id = $1 AND s.revoked_at IS NULL
		ORDER BY s.seen_at DESC, s.id`, by.ID)
	if err != nil {
		return nil, fmt.Errorf("list sessions: %w", err)
	}
	roles, err := grantsOf(r, by.ID)
	if err != nil {
		return nil, err
	}
	now, staff := d.db.Now(), len(roles) > 0
	rows = slices.DeleteFunc(rows, func(s sessionRow) bool { return !s.live(now, staff) })
	list := make([]Session, len(rows))
	for i, s := range rows {
		list[i] = Session{s.ID, s.MemberID, s.Method, s.Factors, s.Device, s.CreatedAt, s.SeenAt, s.total(staff), s.ID == by.SessionID}
	}
	return list, nil
}

// EndSession signs one browser out; ending it twice is the same as once. One ends one's own, and who
// may manage the network anybody's; to others, and to who speaks by a token without the admin scope,
// it is NotFound, session_not_found. It ends at once in this process, and within 10 seconds in
// others. k may be the zero Key.
func (d *Directory) EndSession(ctx context.Context, by Actor, id string, k database.Key) error {
	if !storable(id) {
		return sessionNotFound()
	}
	_, err := database.OnceIn(ctx, d.db, k, func(tx *database.Tx) (string, error) { return id, endSession(tx, by, id) })
	d.remembered.forget(func(a Actor) bool { return a.SessionID == id }) // also when it failed
	if err != nil {
		return fmt.Errorf("end session: %w", err)
	}
	return nil
}

func endSession(tx *database.Tx, by Actor, id string) error {
	by, err := current(tx, by)
	if err != nil {
		return err
	}
	var owner string
	err = tx.Get(&owner, `SELECT member_id FROM sessions WHERE id = $1`, id)
	if errors.Is(err, database.ErrNoRows) || err == nil && (by.ID != owner || !by.Holds(ScopeAdmin)) && !by.May(ManageNetwork, "", "") {
		return sessionNotFound()
	}
	if err != nil {
		return err
	}
	ended, err := tx.Exec(`UPDATE sessions SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL`, id, tx.Now)
	if err != nil || ended == 0 {
		return err
	}
	return tx.Record(database.Change{
		By: by.ID, Action: "session.end", Kind: "session", Subject: id, After: map[string]any{"member": owner},
	})
}

// EndSessions signs a member out everywhere, but for the session exceptID, which may be ""; with
// tokens, their programs too. One does it for oneself; for others it asks for what closing their
// account does (SetActive), and somebody whom by may not see is NotFound. k may be the zero Key.
func (d *Directory) EndSessions(ctx context.Context, by Actor, memberID, exceptID string, tokens bool, k database.Key) error {
	_, err := database.OnceIn(ctx, d.db, k, func(tx *database.Tx) (string, error) {
		by, err := current(tx, by)
		if err != nil {
			return "", err
		}
		if by.ID != memberID || !by.Holds(ScopeAdmin) {
			if _, err := managed(tx, by, memberID); err != nil {
				return "", err
			}
		}
		if err := d.EndSessionsIn(tx, memberID, exceptID); err != nil {
			return "", err
		}
		if tokens {
			if err := d.EndTokensIn(tx, memberID); err != nil {
				return "", err
			}
		}
		return memberID, tx.Record(database.Change{
			By: by.ID, Action: "member.sign_out", Kind: "member", Subject: memberID, After: map[string]any{"tokens": tokens},
		})
	})
	d.Forget(memberID) // also when it failed
	if err != nil {
		return fmt.Errorf("end sessions: %w", err)
	}
	return nil
}

// EndSessionsIn is EndSessions in the caller's transaction. It asks for no right, and its caller
// calls Forget once the transaction has ended.
func (d *Directory) EndSessionsIn(tx *database.Tx, memberID, exceptID string) error {
	_, err := tx.Exec(`UPDATE sessions SET revoked_at = $3 WHERE member_id = $1 AND id <> $2 AND revoked_at IS NULL`, memberID, exceptID, tx.Now)
	return err
}

// Forget drops what this process remembers of who speaks for a member, by token or by session: it
// is read anew for the next request. Call it when a transaction that ended sessions or changed roles
// is over, also when it failed, for a commit whose answer was lost may have happened.
func (d *Directory) Forget(memberID string) {
	d.remembered.forget(func(a Actor) bool { return a.ID == memberID })
}

func sessionNotFound() error { return fault.New(fault.NotFound, "session_not_found", nil) }
func badSession() error      { return fault.New(fault.Unauthenticated, "bad_session", nil) }
