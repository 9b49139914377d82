package identity

import (
	"context"

	"canot/internal/database"
	"canot/internal/fault"
)

// done is what is kept under an Idempotency-Key of what a verb did: the id of what it made or
// changed, and no personal text, or why it refused.
type done struct {
	ID    string
	Fault *fault.Error
}

func keepRefusal(err error) (done, bool) {
	f := fault.Of(err)
	keepable := f != nil && (f.Kind == fault.Refused || f.Kind == fault.NotFound)
	return done{Fault: f}, keepable
}

// once runs a verb in a transaction and keeps the id that it gives under k in the same commit. When
// the same request was answered before, it undoes what the verb did and returns the first id, or
// the first refusal.
func (d *Directory) once(ctx context.Context, k database.Key, verb func(*database.Tx) (string, error)) (string, error) {
	got, err := database.Once(ctx, d.db, k, func() (done, error) {
		var got done
		err := d.db.In(ctx, func(tx *database.Tx) error {
			id, err := verb(tx)
			if err != nil {
				return err
			}
			got = done{ID: id}
			return tx.Keep(k, got)
		})
		return got, err
	}, keepRefusal)
	if err == nil && got.Fault != nil {
		err = got.Fault
	}
	return got.ID, err
}
