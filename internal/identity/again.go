package identity

import (
	"context"

	"canot/internal/database"
)

// Again returns somebody who spoke before with the roles that they have now, for what lasts longer
// than a request. A token or a session that has ended since is Unauthenticated. It does not count as
// a use of the session: who only leaves a page open is not there.
func (d *Directory) Again(ctx context.Context, by Actor) (Actor, error) {
	now := Actor{}
	err := d.db.View(ctx, func(r database.Reader) (err error) {
		now, err = currentAt(r, d.db.Now(), by)
		return err
	})
	if err == nil && !now.Known() {
		err = badSession()
	}
	return now, err
}
