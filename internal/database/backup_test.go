package database_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"canot/internal/database"
	"canot/internal/database/dbtest"
	"canot/internal/fault"
	"canot/migrations"
)

func backup(t *testing.T, db *database.DB) []byte {
	t.Helper()
	var b bytes.Buffer
	must(t, db.Backup(t.Context(), &b))
	return b.Bytes()
}

// inhabited fills a data base with at least one row of what is awkward: a time at the end
// of time, a NULL, quotes, a large integer, accents, raised versions.
func inhabited(t *testing.T, db *database.DB) {
	t.Helper()
	network(t, db, 3)
	for i := range 5 {
		must(t, db.In(t.Context(), func(tx *database.Tx) error {
			return occupy(tx, fmt.Sprintf("o%d", i), "u000", noon.Add(time.Duration(i)*time.Hour), noon.Add(time.Duration(i+1)*time.Hour))
		}))
	}
	must(t, db.In(t.Context(), func(tx *database.Tx) error {
		if err := occupy(tx, "long", "u001", noon, database.Forever); err != nil {
			return err
		}
		if _, err := tx.Exec(`UPDATE resources SET name = $1, version = $2, approval = true`,
			`{"fr":"Le « studio » d'Ève \\ <b>"}`, int64(9007199254740993)); err != nil {
			return err
		}
		must(t, tx.Record(database.Change{By: "mem", Action: "x", Kind: "y", Subject: "z", Before: 1.5}))
		must(t, tx.Enqueue(database.Job{Kind: "later", Args: map[string]int{"n": 1}, At: noon}))
		return tx.Keep(database.Key{Caller: "mem", Key: "k", Hash: "h"}, []string{"answer"})
	}))
}

// lines are the rows of a backup, sorted, without its head.
func lines(t *testing.T, backup []byte) []string {
	t.Helper()
	zip, err := gzip.NewReader(bytes.NewReader(backup))
	must(t, err)
	text, err := io.ReadAll(zip)
	must(t, err)
	all := strings.Split(strings.TrimSpace(string(text)), "\n")[1:]
	slices.Sort(all)
	return all
}

func TestABackupOfEitherEngineFillsEither(t *testing.T) {
	for _, from := range dbtest.Engines {
		for _, to := range dbtest.Engines {
			t.Run(from+" to "+to, func(t *testing.T) {
				t.Parallel()
				source := dbtest.Open(t, from, database.Settings{})
				inhabited(t, source)
				taken := backup(t, source)
				target := dbtest.Open(t, to, database.Settings{})
				restored(t, target, taken)
				if got, want := lines(t, backup(t, target)), lines(t, taken); !slices.Equal(got, want) {
					t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
				}
				must(t, target.In(t.Context(), func(tx *database.Tx) error { // the log goes on where it was
					return tx.Record(database.Change{By: "mem", Action: "after", Kind: "y", Subject: "z"})
				}))
				if n := count(t, target, `SELECT COUNT(*) FROM changes WHERE seq > (SELECT MIN(seq) FROM changes)`); n != 1 {
					t.Errorf("%d changes after the first", n)
				}
			})
		}
	}
}

func TestABackupIsOneSnapshotWhileOthersWrite(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		network(t, db, 1)
		stop := make(chan struct{})
		var writers sync.WaitGroup
		var acknowledged sync.Map
		for w := range 4 {
			writers.Go(func() {
				for i := 0; ; i++ {
					select {
					case <-stop:
						return
					default:
					}
					id := fmt.Sprintf("w%d-%04d", w, i)
					err := db.In(context.Background(), func(tx *database.Tx) error {
						if err := addRegion(tx, id); err != nil {
							return err
						}
						return tx.Record(database.Change{By: "mem", Action: "add", Kind: "region", Subject: id})
					})
					if err != nil {
						t.Error(err)
						return
					}
					acknowledged.Store(id, true)
				}
			})
		}
		time.Sleep(50 * time.Millisecond)
		var before []string
		acknowledged.Range(func(id, _ any) bool { before = append(before, id.(string)); return true })
		taken := backup(t, db)
		close(stop)
		writers.Wait()

		target := dbtest.Open(t, "sqlite", database.Settings{})
		restored(t, target, taken)
		if n := count(t, target, `SELECT COUNT(*) FROM regions r WHERE id <> 'rg' AND NOT EXISTS
			(SELECT 1 FROM changes c WHERE c.subject_id = r.id)`); n != 0 {
			t.Errorf("%d rows without the change of the same commit", n)
		}
		for _, id := range before {
			if count(t, target, `SELECT COUNT(*) FROM regions WHERE id = $1`, id) != 1 {
				t.Errorf("%s was acknowledged before the backup began, and is not in it", id)
			}
		}
		if len(before) == 0 {
			t.Error("nothing was written before the backup")
		}
	})
}

func TestRestoreRefusesWhatIsDamaged(t *testing.T) {
	source := dbtest.Open(t, "sqlite", database.Settings{})
	inhabited(t, source)
	whole := backup(t, source)
	plain := func(change func(string) string) []byte {
		zip, err := gzip.NewReader(bytes.NewReader(whole))
		must(t, err)
		text, err := io.ReadAll(zip)
		must(t, err)
		var b bytes.Buffer
		w := gzip.NewWriter(&b)
		_, err = io.WriteString(w, change(string(text)))
		must(t, err)
		must(t, w.Close())
		return b.Bytes()
	}
	garbled := bytes.Clone(whole)
	garbled[len(garbled)/2] ^= 0x20
	replaced := func(old, new string) []byte {
		return plain(func(s string) string {
			if !strings.Contains(s, old) {
				t.Fatalf("no %q in the backup", old)
			}
			return strings.Replace(s, old, new, 1)
		})
	}
	cases := map[string]struct {
		file []byte
		code string
	}{
		"empty":           {nil, "backup_damaged"},
		"no gzip":         {[]byte("id,name\n1,2\n"), "backup_damaged"},
		"cut":             {whole[:len(whole)*2/3], "backup_damaged"},
		"cut at the end":  {whole[:len(whole)-3], "backup_damaged"},
		"garbled":         {garbled, "backup_damaged"},
		"without its end": {plain(func(s string) string { return s[:strings.LastIndex(s, `{"end"`)] }), "backup_damaged"},
		"a row too few": {plain(func(s string) string {
			i := strings.Index(s, `["u002"`)
			return s[:i] + s[i+strings.Index(s[i:], "\n")+1:]
		}), "backup_damaged"},
		"unknown column":  {replaced(`"legal_name"`, `"illegal_name"`), "backup_damaged"},
		"unknown table":   {replaced(`"table":"hubs"`, `"table":"jobs"`), "backup_damaged"},
		"wrong value":     {replaced(`48.25`, `"north"`), "backup_damaged"},
		"overlap":         {replaced(`"2026-11-21T13:00:00Z","2026-11-21T14:00:00Z",null,true`, `"2026-11-21T12:30:00Z","2026-11-21T14:00:00Z",null,true`), "backup_damaged"},
		"other format":    {replaced(`canot-backup/1`, `canot-backup/9`), "backup_damaged"},
		"other schema":    {replaced(fmt.Sprintf(`"schema":%d,`, migrations.Latest()), `"schema":99,`), "backup_of_other_schema"},
		"not JSON at all": {plain(func(string) string { return "hello" }), "backup_damaged"},
	}
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		for name, c := range cases {
			_, err := db.Restore(t.Context(), bytes.NewReader(c.file))
			if !fault.Is(err, c.code) {
				t.Errorf("%s: %v", name, err)
			}
			if n := regions(t, db) + count(t, db, `SELECT COUNT(*) FROM changes`); n != 0 {
				t.Errorf("%s left %d rows", name, n)
			}
		}
		restored(t, db, whole)
		if _, err := db.Restore(t.Context(), bytes.NewReader(whole)); !fault.Is(err, "not_empty") {
			t.Errorf("a second restore: %v", err)
		}
	})
}

func TestABackupIsInBatches(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		must(t, db.In(t.Context(), func(tx *database.Tx) error {
			for i := range 1203 {
				if err := addRegion(tx, fmt.Sprintf("r%04d", i)); err != nil {
					return err
				}
			}
			return nil
		}))
		target, counter := observed(t, "sqlite")
		inserts := 0
		taken := backup(t, db)
		for _, s := range counter.Statements(func() { restored(t, target, taken) }) {
			if strings.HasPrefix(s, "INSERT") {
				inserts++
				// SQLite takes more, and takes ever longer for each.
				if n := strings.Count(s, "$"); n > 500 {
					t.Errorf("%d values in one statement", n)
				}
			}
		}
		if inserts > 20 || regions(t, target) != 1203 {
			t.Errorf("%d inserts, %d rows", inserts, regions(t, target))
		}
	})
}

// restored fills db from a backup, and asks that it says when the backup was taken.
func restored(t *testing.T, db *database.DB, taken []byte) {
	t.Helper()
	at, err := db.Restore(t.Context(), bytes.NewReader(taken))
	must(t, err)
	if at.IsZero() || at.After(db.Now()) {
		t.Errorf("taken at %v", at)
	}
}
