package database_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"canot/internal/database"
	"canot/internal/database/dbtest"
	"canot/internal/fault"
)

type answer struct {
	ID      string
	Refused string
}

var errForbidden = fault.New(fault.Forbidden, "not_allowed", nil)

// place makes one region per success, refuses the slug "taken", and forbids "secret".
func place(ctx context.Context, db *database.DB, k database.Key, slug string) (answer, error) {
	return database.Once(ctx, db, k, func() (answer, error) {
		a := answer{ID: database.NewID()}
		err := db.In(ctx, func(tx *database.Tx) error {
			if slug == "secret" {
				return errForbidden
			}
			if _, err := tx.Exec(`INSERT INTO regions (id, slug, name) VALUES ($1, $2, '')`, a.ID, slug); err != nil {
				if database.Constraint(err) == "regions_slug_unique" {
					return fault.New(fault.Taken, "conflict", nil)
				}
				return err
			}
			return tx.Keep(k, a)
		})
		return a, err
	}, func(err error) (answer, bool) {
		return answer{Refused: "conflict"}, fault.Is(err, "conflict")
	})
}

func kept(t *testing.T, db *database.DB) int {
	t.Helper()
	return count(t, db, `SELECT COUNT(*) FROM idempotency_keys`)
}

func TestTheSameRequestHasOneEffectAndOneAnswer(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		k := database.Key{Caller: "mem", Key: "k1", Hash: "h"}
		first, err := place(t.Context(), db, k, "a")
		must(t, err)
		again, err := place(t.Context(), db, k, "a")
		must(t, err)
		if again != first || regions(t, db) != 1 {
			t.Errorf("first %v, again %v, %d regions", first, again, regions(t, db))
		}
		other := k
		other.Hash = "other body"
		if _, err := place(t.Context(), db, other, "b"); !fault.Is(err, "idempotency_key_reused") || fault.KindOf(err) != fault.Refused {
			t.Errorf("other body: %v", err)
		}
		somebody := k
		somebody.Caller = "else"
		if a, err := place(t.Context(), db, somebody, "c"); err != nil || a == first {
			t.Errorf("the same key of somebody else: %v, %v", a, err)
		}
		if regions(t, db) != 2 || kept(t, db) != 2 {
			t.Errorf("%d regions, %d answers", regions(t, db), kept(t, db))
		}
	})
}

func TestWithoutAKeyNothingIsKept(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		_, err := place(t.Context(), db, database.Key{}, "a")
		must(t, err)
		if _, err := place(t.Context(), db, database.Key{}, "a"); !fault.Is(err, "conflict") {
			t.Errorf("again: %v", err)
		}
		if kept(t, db) != 0 {
			t.Errorf("%d answers", kept(t, db))
		}
	})
}

func TestARefusalIsKeptAndAProhibitionIsNot(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		_, err := place(t.Context(), db, database.Key{}, "a")
		must(t, err)
		k := database.Key{Caller: "mem", Key: "k1", Hash: "h"}
		if _, err := place(t.Context(), db, k, "a"); !fault.Is(err, "conflict") {
			t.Errorf("refused: %v", err)
		}
		must(t, db.In(t.Context(), func(tx *database.Tx) error { // the reason of the refusal goes away
			_, err := tx.Exec(`DELETE FROM regions`)
			return err
		}))
		if a, err := place(t.Context(), db, k, "a"); err != nil || a.Refused != "conflict" {
			t.Errorf("again: %v, %v; want the first refusal", a, err)
		}
		if regions(t, db) != 0 {
			t.Error("a replayed refusal had an effect")
		}
		secret := database.Key{Caller: "mem", Key: "k2", Hash: "h"}
		if _, err := place(t.Context(), db, secret, "secret"); !errors.Is(err, errForbidden) {
			t.Errorf("forbidden: %v", err)
		}
		if kept(t, db) != 1 {
			t.Errorf("%d answers, want the refusal's", kept(t, db))
		}
		if a, err := place(t.Context(), db, secret, "b"); err != nil || a.ID == "" {
			t.Errorf("once allowed: %v, %v", a, err)
		}
	})
}

func TestTwinsInFlightHaveOneEffect(t *testing.T) {
	slugs := map[string]func(round, twin int) string{
		"each would succeed":     func(round, twin int) string { return fmt.Sprintf("s%d-%d", round, twin) },
		"each refuses the other": func(round, _ int) string { return fmt.Sprintf("s%d", round) },
	}
	for name, slug := range slugs {
		t.Run(name, func(t *testing.T) {
			dbtest.Each(t, func(t *testing.T, db *database.DB) {
				for round := range 10 {
					k := database.Key{Caller: "mem", Key: fmt.Sprintf("k%d", round), Hash: "h"}
					answers := make([]answer, 8)
					var all sync.WaitGroup
					for i := range answers {
						all.Go(func() {
							a, err := place(context.Background(), db, k, slug(round, i))
							if err != nil {
								t.Errorf("twin %d: %v", i, err)
							}
							answers[i] = a
						})
					}
					all.Wait()
					for _, a := range answers {
						if a != answers[0] || a.ID == "" {
							t.Fatalf("answers differ: %v", answers)
						}
					}
				}
				if regions(t, db) != 10 || kept(t, db) != 10 {
					t.Errorf("%d effects, %d answers, want 10", regions(t, db), kept(t, db))
				}
			})
		})
	}
}

func TestOldAnswersArePurged(t *testing.T) {
	clock := dbtest.NewClock(noon)
	dbtest.EachWith(t, database.Settings{Clock: clock.Now}, func(t *testing.T, db *database.DB) {
		_, err := place(t.Context(), db, database.Key{Caller: "mem", Key: "k", Hash: "h"}, "a")
		must(t, err)
		must(t, db.PurgeAnswers(t.Context(), noon))
		if kept(t, db) != 1 {
			t.Error("an answer of that instant was purged")
		}
		must(t, db.PurgeAnswers(t.Context(), noon.Add(time.Second)))
		if kept(t, db) != 0 {
			t.Error("an older answer was not purged")
		}
	})
}

// Answers that an older Canot kept are still the answers.
func TestAnOlderAnswerIsTheAnswer(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		for key, answer := range map[string]string{"made": `{"ID":"x1","Fault":null}`, "refused": `{"ID":"","Fault":{"Kind":"refused","Code":"rules"}}`, "now": `{"value":"x1"}`} {
			must(t, db.In(t.Context(), func(tx *database.Tx) error {
				_, err := tx.Exec(`INSERT INTO idempotency_keys (caller, key, hash, answer, created_at) VALUES ('mem', $1, 'h', $2, $3)`, key, answer, tx.Now)
				return err
			}))
			id, err := database.OnceIn(t.Context(), db, database.Key{Caller: "mem", Key: key, Hash: "h"}, func(tx *database.Tx) (string, error) {
				return "", fault.New(fault.Refused, "late", nil)
			})
			switch {
			case key == "refused" && !fault.Is(err, "rules"):
				t.Errorf("a refusal is now %v", err)
			case key != "refused" && (err != nil || id != "x1"):
				t.Errorf("%s: %q, %v", key, id, err)
			}
		}
	})
}
