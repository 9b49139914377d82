package upkeep

import (
	"context"

	"canot/internal/database"
	"canot/internal/identity"
	"canot/inventory/files"
)

// AddPhoto keeps a picture with a ticket, for who hands out at its hub.
func (d *Desk) AddPhoto(ctx context.Context, by identity.Actor, id string, photo files.Prepared, k database.Key) (files.File, error) {
	return database.OnceIn(ctx, d.db, k, func(tx *database.Tx) (files.File, error) {
		t, err := ticketFor(tx, by, id)
		if err != nil {
			return files.File{}, err
		}
		f, err := files.Insert(tx, by, files.NewFile{Prepared: photo, SubjectKind: files.OfTicket, SubjectID: t.ID})
		if err != nil {
			return files.File{}, err
		}
		return f, tx.Record(database.Change{By: by.ID, Action: "ticket.photo", Kind: "ticket", Subject: t.ID, After: map[string]string{"file": f.ID}})
	})
}
