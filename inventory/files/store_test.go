package files

import (
	"context"
	"testing"

	"canot/internal/database"
	"canot/internal/database/dbtest"
	"canot/internal/fault"
	"canot/internal/identity"
)

// A thing has so many files and so many bytes of them, and no more; another thing has its own.
func TestAThingHasSoManyFiles(t *testing.T) {
	picture, err := Prepare(pngOf(t, quarters(20, 20)), Photo)
	if err != nil {
		t.Fatal(err)
	}
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			ctx := context.Background()
			db := dbtest.Open(t, engine, database.Settings{})
			keep := func(subject string) error {
				return db.In(ctx, func(tx *database.Tx) error {
					_, err := Insert(tx, identity.System, NewFile{Prepared: picture, SubjectKind: OfUnit, SubjectID: subject})
					return err
				})
			}
			full := func(subject string) {
				t.Helper()
				f := fault.Of(keep(subject))
				if f == nil || len(f.Violations) != 1 || f.Violations[0].Code != "too_many_files" {
					t.Errorf("%s takes more: %v", subject, f)
				}
			}
			for range mostFiles {
				if err := keep("camera"); err != nil {
					t.Fatal(err)
				}
			}
			full("camera")
			if err := keep("tripod"); err != nil {
				t.Fatal(err)
			}
			room := int64(mostBytes - len(picture.body))
			for _, x := range []struct {
				size int64
				ok   bool
			}{{room + 1, false}, {room, true}} {
				err := db.In(ctx, func(tx *database.Tx) error {
					_, err := tx.Exec(`UPDATE files SET size = $1 WHERE subject_id = 'tripod'`, x.size)
					return err
				})
				if err != nil {
					t.Fatal(err)
				}
				if !x.ok {
					full("tripod")
				} else if err := keep("tripod"); err != nil {
					t.Errorf("what fits to the byte: %v", err)
				}
			}
		})
	}
}
