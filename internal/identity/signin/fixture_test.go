package signin_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"canot/internal/database"
	"canot/internal/database/dbtest"
	"canot/internal/fault"
	"canot/internal/identity"
	"canot/internal/identity/signin"
)

var noKey database.Key

const (
	amos, matagami = "hub-amos", "hub-matagami"
	at, bj         = "region-at", "region-bj"
	publicURL      = "https://canot.example"
)

// A town is a network to sign in to, with a member, Mia, who has an address.
type town struct {
	db     *database.DB
	sql    *dbtest.Counter
	clock  *dbtest.Clock
	people *identity.Directory
	gate   *signin.Gate
	mia    identity.Member

	notices []string // of the letters about what changed
	former  []string // the addresses that were told of a change
}

// each runs f in a fresh town on each engine.
func each(t *testing.T, f func(t *testing.T, w *town)) {
	t.Helper()
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			clock := dbtest.NewClock(time.Date(2026, 11, 21, 14, 0, 10, 0, time.UTC))
			db, sql := dbtest.Statements(t, engine, database.Settings{Clock: clock.Now})
			f(t, newTown(t, db, sql, clock))
		})
	}
}

func newTown(t *testing.T, db *database.DB, sql *dbtest.Counter, clock *dbtest.Clock) *town {
	t.Helper()
	w := &town{db: db, sql: sql, clock: clock, people: identity.New(db)}
	w.gate = signin.New(db, w.people, signin.Settings{PublicURL: publicURL})
	w.write(t, func(tx *database.Tx) error {
		_, err := tx.Exec(`INSERT INTO operators (id, slug, legal_name) VALUES ('o', 'o', 'O')`)
		for hub, region := range map[string]string{amos: at, matagami: bj} {
			_, err1 := tx.Exec(`INSERT INTO regions (id, slug, name) VALUES ($1, $1, '{}')`, region)
			_, err2 := tx.Exec(`INSERT INTO hubs (id, slug, region_id, operator_id, name, latitude, longitude, time_zone)
				VALUES ($1, $1, $2, 'o', '{}', 48, -78, 'America/Toronto')`, hub, region)
			err = errors.Join(err, err1, err2)
		}
		return err
	})
	w.mia = w.person(t, "Mia", "mia@exemple.example")
	return w
}

func (w *town) write(t *testing.T, f func(tx *database.Tx) error) {
	t.Helper()
	if err := w.db.In(t.Context(), f); err != nil {
		t.Fatal(err)
	}
}

// person makes a member of Amos, with roles.
func (w *town) person(t *testing.T, name, email string, grants ...identity.Grant) identity.Member {
	t.Helper()
	m, err := w.people.CreateMember(t.Context(), identity.System, identity.NewMember{Name: name, Email: email, Language: "en", HomeHubID: amos})
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range grants {
		if err := w.people.GrantRole(t.Context(), identity.System, m.ID, g, noKey); err != nil {
			t.Fatal(err)
		}
	}
	return m
}

// close closes an account.
func (w *town) close(t *testing.T, id string) {
	t.Helper()
	if err := w.people.SetActive(t.Context(), identity.System, id, false, noKey); err != nil {
		t.Fatal(err)
	}
}

// mail does the jobs that send letters and returns those with secrets in them.
func (w *town) mail(t *testing.T) []signin.Letter {
	t.Helper()
	letters := []signin.Letter{}
	_, err := w.db.RunDue(t.Context(), map[string]database.Handler{"mail": func(ctx context.Context, args json.RawMessage) error {
		var job struct{ What, ID, To string }
		if err := json.Unmarshal(args, &job); err != nil {
			return err
		}
		if job.What == "account_created" { // of the making of the town
			return nil
		}
		if job.What != "sign_in" && job.What != "verify" {
			w.notices = append(w.notices, job.What)
			if job.What != "email_changed" {
				return nil
			}
			old, err := w.gate.FormerAddress(ctx, job.ID)
			if fault.KindOf(err) == fault.NotFound { // the change was undone
				return nil
			}
			w.former = append(w.former, old)
			return err
		}
		l, err := w.gate.Secrets(ctx, job.ID)
		if fault.KindOf(err) == fault.NotFound {
			return nil
		}
		letters = append(letters, l)
		return err
	}})
	if err != nil {
		t.Fatal(err)
	}
	return letters
}

// ask asks for a letter and returns it.
func (w *town) ask(t *testing.T, v signin.Visitor, email string) (signin.Flow, signin.Letter) {
	t.Helper()
	f, err := w.gate.Ask(t.Context(), v, email, "fr")
	if err != nil {
		t.Fatal(err)
	}
	letters := w.mail(t)
	if len(letters) != 1 {
		t.Fatalf("%d letters", len(letters))
	}
	return f, letters[0]
}

// secretOf is the secret in the link of a letter.
func secretOf(l signin.Letter) string {
	_, secret, _ := strings.Cut(l.Link, "?"+signin.LinkQuery+"=")
	return secret
}

// signIn signs a person in by a link and returns them with the secret of their session.
func (w *town) signIn(t *testing.T, v signin.Visitor, email string) (identity.Actor, string) {
	t.Helper()
	_, letter := w.ask(t, v, email)
	e, err := w.gate.Enter(t.Context(), v, signin.Proof{Link: secretOf(letter)})
	if err != nil {
		t.Fatal(err)
	}
	return w.who(t, e.Session), e.Session
}

// who is who speaks by a session.
func (w *town) who(t *testing.T, session string) identity.Actor {
	t.Helper()
	a, err := w.people.AuthenticateSession(t.Context(), session)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// ended asks that a session is refused.
func (w *town) ended(t *testing.T, what, session string) {
	t.Helper()
	_, err := w.people.AuthenticateSession(t.Context(), session)
	wantCode(t, what, err, "bad_session")
}

func (w *town) count(t *testing.T, query string, args ...any) int {
	t.Helper()
	var n int
	if err := w.db.Reader(t.Context()).Get(&n, query, args...); err != nil {
		t.Fatal(err)
	}
	return n
}

func wantCode(t *testing.T, what string, err error, code string) {
	t.Helper()
	if code == "" && err != nil || code != "" && !fault.Is(err, code) {
		t.Errorf("%s: %v, want %q", what, err, code)
	}
}

// from is a visitor without a cookie at an address.
func from(source string) signin.Visitor { return signin.Visitor{Source: source, Device: "Firefox"} }

// as is a visitor in whose browser by has a session.
func as(by identity.Actor) signin.Visitor { return signin.Visitor{Source: "192.0.2.1", By: by} }

func (w *town) exec(t *testing.T, query string, args ...any) {
	t.Helper()
	w.write(t, func(tx *database.Tx) error {
		_, err := tx.Exec(query, args...)
		return err
	})
}
