package identity

import (
	"errors"
	"time"

	"canot/internal/database"
	"canot/internal/fault"
)

// current returns by with the roles that it has now: what a request brought may be some seconds
// old, too old to give roles by. A token or a session that has ended since is refused like any
// other; who signed in with one factor only still has no role.
func current(tx *database.Tx, by Actor) (Actor, error) { return currentAt(tx, tx.Now, by) }

// currentAt is current for who only reads.
func currentAt(r database.Reader, now time.Time, by Actor) (Actor, error) {
	if !by.Known() || by.isSystem() {
		return by, nil
	}
	if by.TokenID != "" {
		if err := stands(r, now, by.TokenID); err != nil {
			return Actor{}, err
		}
	}
	p, err := personWhere(r, `m.id = $1`, by.ID)
	if fault.Is(err, "member_not_found") || err == nil && !p.Active {
		return Actor{}, nil
	}
	if err != nil {
		return Actor{}, err
	}
	if by.Grants, err = grantsOf(r, by.ID); err != nil || by.SessionID == "" {
		return by, err
	}
	return underSession(r, now, by)
}

// stands asks that a token is neither revoked nor over.
func stands(r database.Reader, now time.Time, tokenID string) error {
	var live int
	err := r.Get(&live, `SELECT count(*) FROM tokens WHERE id = $1 AND revoked_at IS NULL AND expires_at > $2`, tokenID, now)
	if err == nil && live == 0 {
		err = badToken()
	}
	return err
}

// underSession asks that by's session stands, and takes its roles away if it has one factor only.
func underSession(r database.Reader, now time.Time, by Actor) (Actor, error) {
	var s sessionRow
	err := r.Get(&s, `SELECT `+sessionColumns+` FROM sessions s WHERE s.id = $1 AND s.member_id = $2`, by.SessionID, by.ID)
	if errors.Is(err, database.ErrNoRows) || err == nil && !s.live(now, len(by.Grants) > 0) {
		return Actor{}, badSession()
	}
	if err != nil {
		return Actor{}, err
	}
	return by.withFactors(s.Factors), nil
}

// withFactors returns a as somebody who signed in with so many factors: roles ask for two.
func (a Actor) withFactors(factors int) Actor {
	a.LacksFactor = factors < 2 && len(a.Grants) > 0
	if a.LacksFactor {
		a.Grants = nil
	}
	return a
}
