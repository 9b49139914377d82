package signin_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"testing"
	"time"

	"canot/internal/database"
	"canot/internal/fault"
	"canot/internal/identity/signin"
)

// addresses are of a member, of nobody, and of somebody whose account is closed.
func addresses(t *testing.T, w *town) map[string]string {
	t.Helper()
	old := w.person(t, "Old", "old@exemple.example")
	w.close(t, old.ID)
	return map[string]string{"known": w.mia.Email, "unknown": "who@exemple.example", "closed": old.Email}
}

func TestAskingForALetterTellsNothing(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		var before []string
		for name, email := range addresses(t, w) {
			var err error
			jobs := w.count(t, `SELECT count(*) FROM jobs`)
			statements := w.sql.Statements(func() { _, err = w.gate.Ask(t.Context(), from("192.0.2.1"), email, "fr") })
			wantCode(t, name, err, "")
			if w.count(t, `SELECT count(*) FROM jobs`) != jobs+1 {
				t.Errorf("%s: not one job", name)
			}
			if before != nil && !slices.Equal(statements, before) {
				t.Errorf("%s takes other statements:\n%q\n%q", name, statements, before)
			}
			before = statements
		}
		if letters := w.mail(t); len(letters) != 2 {
			t.Errorf("%d letters: nobody writes to a closed account, and to all others", len(letters))
		}
	})
}

func TestLettersAreLimitedAlikeForEverybody(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		for name, email := range addresses(t, w) {
			for range 5 {
				_, err := w.gate.Ask(t.Context(), from("192.0.2.1"), email, "fr")
				wantCode(t, name, err, "")
			}
			_, err := w.gate.Ask(t.Context(), from("192.0.2.1"), email, "fr")
			wantCode(t, name+", one too many", err, "slow_down")
			_, err = w.gate.Ask(t.Context(), from("198.51.100.9"), email, "fr")
			wantCode(t, name+", from elsewhere", err, "")
		}
		if n := w.count(t, `SELECT count(*) FROM attempts WHERE bucket LIKE '%exemple%' OR bucket LIKE '%192%'`); n != 0 {
			t.Error("what is counted is kept in clear")
		}
	})
}

func TestASourceWritesToFewStrangers(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		sent := 0
		for ; sent < 100; sent++ {
			_, err := w.gate.Ask(t.Context(), from("192.0.2.1"), database.NewID()+"@exemple.example", "fr")
			if fault.Is(err, "slow_down") {
				break
			}
			wantCode(t, "ask", err, "")
		}
		if sent != 60 {
			t.Errorf("%d letters to strangers", sent)
		}
	})
}

func TestAPasswordTellsNothing(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		all := addresses(t, w)
		has := w.person(t, "Has", "has@exemple.example")
		w.setPassword(t, has.Email, goodPassword)
		all["with a password"] = has.Email
		gone := w.person(t, "Gone", "gone@exemple.example")
		w.setPassword(t, gone.Email, goodPassword)
		w.close(t, gone.ID)
		all["closed, with the right password"] = gone.Email
		compared := signin.CountComparisons(w.gate)
		var before []string
		for name, email := range all {
			password := "another one altogether"
			if email == gone.Email {
				password = goodPassword
			}
			var err error
			*compared = 0
			statements := w.sql.Statements(func() { _, err = w.gate.Password(t.Context(), from("203.0.113.5"), email, password) })
			f := fault.Of(err)
			if f == nil || f.Code != "bad_credentials" || f.Kind != fault.Unauthenticated || len(f.Params) != 0 || errors.Unwrap(f) != nil {
				t.Errorf("%s: %v", name, err)
			}
			if *compared != 1 {
				t.Errorf("%s: %d comparisons", name, *compared)
			}
			if before != nil && !slices.Equal(statements, before) {
				t.Errorf("%s takes other statements:\n%q\n%q", name, statements, before)
			}
			before = statements
		}
	})
}

// Somebody waits for the letter at a screen: it goes before what was due already.
func TestALetterGoesBeforeWhatNobodyWaitsFor(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		var order []string
		note := func(what string) database.Handler {
			return func(context.Context, json.RawMessage) error { order = append(order, what); return nil }
		}
		w.write(t, func(tx *database.Tx) error {
			return tx.Enqueue(slices.Repeat([]database.Job{{Kind: "notice", At: tx.Now.Add(-time.Minute)}}, 40)...)
		})
		_, err := w.gate.Ask(t.Context(), from("192.0.2.1"), w.mia.Email, "fr")
		wantCode(t, "ask", err, "")
		_, err = w.db.RunDue(t.Context(), map[string]database.Handler{"mail": note("letter"), "notice": note("notice")})
		wantCode(t, "run", err, "")
		if len(order) < 41 || order[0] != "letter" {
			t.Errorf("the order was %q", order)
		}
	})
}
