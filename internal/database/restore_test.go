package database_test

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"canot/internal/database"
	"canot/internal/database/dbtest"
)

// What was under way in browsers when the backup was taken is over; programs go on.
func TestARestoreSignsEverybodyOut(t *testing.T) {
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			source := dbtest.Open(t, engine, database.Settings{})
			network(t, source, 1)
			must(t, source.In(t.Context(), func(tx *database.Tx) error {
				for _, query := range []string{
					`INSERT INTO sessions (id, member_id, hash, method, factors, created_at, seen_at, expires_at) VALUES ('s', 'mem', 'h', 'link', 1, $1, $1, $1)`,
					`INSERT INTO sign_ins (id, purpose, email, email_key, language, browser, created_at, expires_at) VALUES ('i', 'sign_in', 'a@b.example', 'a@b.example', 'fr', '', $1, $1)`,
					`INSERT INTO ceremonies (id, kind, browser, data, expires_at) VALUES ('c', 'oidc', '', '', $1)`,
					`INSERT INTO tokens (id, member_id, hash, prefix, scopes, created_at, expires_at) VALUES ('t', 'mem', 'h', '', 'read', $1, $1)`,
				} {
					if _, err := tx.Exec(query, tx.Now); err != nil {
						return fmt.Errorf("%s: %w", query, err)
					}
				}
				return nil
			}))
			before := source.Now().Truncate(time.Second)
			taken := backup(t, source)
			target := dbtest.Open(t, engine, database.Settings{})
			at, err := target.Restore(t.Context(), bytes.NewReader(taken))
			must(t, err)
			if at.Before(before) || at.After(source.Now()) {
				t.Errorf("taken at %v, not after %v", at, before)
			}
			for table, want := range map[string]int{"sessions": 0, "sign_ins": 0, "ceremonies": 0, "tokens": 1} {
				if n := count(t, target, `SELECT COUNT(*) FROM `+table); n != want {
					t.Errorf("%d %s, want %d", n, table, want)
				}
			}
		})
	}
}

// What is erased does not stay readable in the pages of the file.
func TestSQLiteOverwritesWhatItDeletes(t *testing.T) {
	db := dbtest.Open(t, "sqlite", database.Settings{})
	must(t, db.In(t.Context(), func(tx *database.Tx) error {
		var mode int
		if err := tx.Get(&mode, `PRAGMA secure_delete`); err != nil || mode != 2 { // FAST
			t.Errorf("secure_delete is %d, %v", mode, err)
		}
		return nil
	}))
}
