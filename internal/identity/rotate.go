package identity

import "canot/internal/database"

// EndSessionIn ends one session in the caller's transaction, because another takes its place. It
// asks for no right, an unknown session is passed over, and its caller calls Forget once the
// transaction has ended.
func (d *Directory) EndSessionIn(tx *database.Tx, id string) error {
	_, err := tx.Exec(`UPDATE sessions SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL`, id, tx.Now)
	return err
}

// Current returns by with the roles that it has now, for verbs elsewhere that may not go by what a
// request brought, which is up to 10 seconds old. A token or session that has ended is refused.
func Current(tx *database.Tx, by Actor) (Actor, error) { return current(tx, by) }
