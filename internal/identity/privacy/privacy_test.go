package privacy_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"canot/internal/database"
	"canot/internal/database/dbtest"
	"canot/internal/fault"
	"canot/internal/identity"
	"canot/internal/identity/privacy"
)

var (
	ctx   = context.Background()
	noKey database.Key
)

// A town is hubs amos (of operator o) and kenora (of operator p), with a person of each kind.
type town struct {
	t      testing.TB
	db     *database.DB
	clock  *dbtest.Clock
	people *identity.Directory
	office *privacy.Office

	admin, manager, elsewhere, staff, mia, tom identity.Actor
}

// accounts is what package identity knows of a person.
var accounts = privacy.Part{Name: "account", About: identity.About, Erase: identity.Forget}

// each runs f in a fresh town on each engine.
func each(t *testing.T, f func(t *testing.T, w *town)) {
	t.Helper()
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			clock := dbtest.NewClock(time.Date(2026, 11, 22, 14, 0, 0, 0, time.UTC))
			db := dbtest.Open(t, engine, database.Settings{Clock: clock.Now})
			people := identity.New(db)
			w := &town{t: t, db: db, clock: clock, people: people, office: privacy.New(db, people, accounts)}
			w.exec(`INSERT INTO regions (id, slug, name) VALUES ('north', 'north', '{}')`)
			for hub, operator := range map[string]string{"amos": "o", "kenora": "p"} {
				w.exec(`INSERT INTO operators (id, slug, legal_name) VALUES ($1, $1, 'O')`, operator)
				w.exec(`INSERT INTO hubs (id, slug, region_id, operator_id, name, latitude, longitude, time_zone)
					VALUES ($1, $1, 'north', $2, '{}', 48, -78, 'America/Toronto')`, hub, operator)
			}
			w.admin = w.person("Ada", identity.Grant{Role: identity.Administrator})
			w.manager = w.person("Max", identity.Grant{Role: identity.Manager, HubID: "amos"})
			w.elsewhere = w.person("Kim", identity.Grant{Role: identity.Manager, HubID: "kenora"})
			w.staff = w.person("Sam", identity.Grant{Role: identity.Staff, HubID: "amos"})
			w.mia, w.tom = w.person("Mia"), w.person("Tom")
			f(t, w)
		})
	}
}

// person makes a member of Amos with roles, as an actor without a token.
func (w *town) person(name string, grants ...identity.Grant) identity.Actor {
	w.t.Helper()
	m, err := w.people.CreateMember(ctx, identity.System, identity.NewMember{Name: name, Email: name + "@example.org", HomeHubID: "amos"})
	w.must(err)
	for _, g := range grants {
		w.must(w.people.GrantRole(ctx, identity.System, m.ID, g, noKey))
	}
	return identity.Actor{ID: m.ID, Language: "fr", Grants: grants}
}

func (w *town) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *town) exec(query string, args ...any) {
	w.t.Helper()
	w.must(w.db.In(ctx, func(tx *database.Tx) error { _, err := tx.Exec(query, args...); return err }))
}

func (w *town) count(query string, args ...any) (n int) {
	w.t.Helper()
	w.must(w.db.Reader(ctx).Get(&n, query, args...))
	return n
}

var errBroken = errors.New("broken")

func wantCode(t testing.TB, err error, code string) {
	t.Helper()
	if !fault.Is(err, code) {
		t.Errorf("%v, want %s", err, code)
	}
}

func TestErasedPeopleAreNobodyAndCannotComeBack(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		secret, _, err := w.people.IssueToken(ctx, w.mia, w.mia.ID, identity.TokenRequest{Scopes: []string{identity.ScopeBook}})
		w.must(err)
		var session string
		w.must(w.db.In(ctx, func(tx *database.Tx) (err error) {
			session, _, err = w.people.OpenSession(tx, w.mia.ID, "link", 1, "a browser")
			return err
		}))
		_, err = w.people.Authenticate(ctx, secret) // so that it is remembered
		w.must(err)
		_, err = w.people.AuthenticateSession(ctx, session)
		w.must(err)
		w.must(w.office.Erase(ctx, w.mia, w.mia.ID, noKey))
		_, err = w.people.Authenticate(ctx, secret)
		wantCode(t, err, "bad_token")
		_, err = w.people.AuthenticateSession(ctx, session)
		wantCode(t, err, "bad_session")
		if n := w.count(`SELECT COUNT(*) FROM members WHERE id = $1 AND name = '' AND email_key IS NULL AND erased_at IS NOT NULL AND NOT active`, w.mia.ID); n != 1 {
			t.Error("the account is not blank")
		}
		w.must(w.office.Erase(ctx, w.admin, w.mia.ID, noKey)) // twice is as once
	})
}

func TestWhoMayErase(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		for _, by := range []identity.Actor{w.manager, w.staff, w.tom} {
			wantCode(t, w.office.Erase(ctx, by, w.mia.ID, noKey), "member_not_found")
		}
		wantCode(t, w.office.Erase(ctx, identity.Actor{}, w.mia.ID, noKey), "sign_in")
		wantCode(t, w.office.Erase(ctx, w.admin, "nobody", noKey), "member_not_found")
		half := w.admin
		half.Grants, half.LacksFactor = nil, true
		wantCode(t, w.office.Erase(ctx, half, half.ID, noKey), "second_factor_needed")
		wantCode(t, w.office.Erase(ctx, w.admin, w.admin.ID, noKey), "last_administrator")
		if n := w.count(`SELECT COUNT(*) FROM members WHERE erased_at IS NOT NULL`); n != 0 {
			t.Errorf("%d erased", n)
		}
		second := w.person("Eve", identity.Grant{Role: identity.Administrator})
		w.must(w.people.RevokeRole(ctx, identity.System, second.ID, identity.Grant{Role: identity.Administrator}, noKey))
		wantCode(t, w.office.Erase(ctx, second, w.mia.ID, noKey), "member_not_found") // a right taken away a moment ago
		w.must(w.office.Erase(ctx, w.admin, w.mia.ID, noKey))
	})
}

func TestAnErasureIsWholeOrNotAtAll(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		broken := privacy.Part{Name: "broken", Erase: func(*database.Tx, string) error { return errors.New("no") }}
		office := privacy.New(w.db, w.people, accounts, broken)
		if office.Erase(ctx, w.mia, w.mia.ID, noKey) == nil {
			t.Error("a part failed and nobody was told")
		}
		if n := w.count(`SELECT COUNT(*) FROM members WHERE erased_at IS NOT NULL`) + w.count(`SELECT COUNT(*) FROM changes WHERE action = 'member.erase'`); n != 0 {
			t.Error("half an erasure")
		}
	})
}

func TestNothingEndsForAnErasureThatIsRefused(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		var ended []string
		ends := privacy.Part{Name: "ends", End: func(_ context.Context, _ identity.Actor, id string) error { ended = append(ended, id); return nil }}
		office := privacy.New(w.db, w.people, ends, accounts)
		wantCode(t, office.Erase(ctx, w.admin, w.admin.ID, noKey), "last_administrator")
		wantCode(t, office.Erase(ctx, w.tom, w.mia.ID, noKey), "member_not_found")
		w.exec(`INSERT INTO bookings (id, reference, hub_id, member_id, made_by, status, starts_at, ends_at, starts_local, ends_local, created_at, changed_at)
			VALUES ('b', 'b', 'amos', $1, $1, 'in_use', $2, $3, '', '', $2, $2)`, w.mia.ID, w.db.Now(), w.db.Now().Add(time.Hour))
		wantCode(t, office.Erase(ctx, w.mia, w.mia.ID, noKey), "bookings_left")
		if len(ended) > 0 {
			t.Errorf("%v ended", ended)
		}
		w.must(office.Erase(ctx, w.tom, w.tom.ID, noKey))
		if len(ended) != 1 {
			t.Errorf("%v ended", ended)
		}
	})
}

func TestKeptAnswersThatShowTheErasedGoAndOthersStay(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		keep := func(caller, key string, answer any) {
			w.must(w.db.In(ctx, func(tx *database.Tx) error { return tx.Keep(database.Key{Caller: caller, Key: key, Hash: "h"}, answer) }))
		}
		type booking struct {
			Member string `json:"member"`
			Title  string `json:"title"`
		}
		keep(w.mia.ID, "own", booking{Title: "secret"})
		keep(w.staff.ID, "for her", map[string]any{"Booking": booking{w.mia.ID, "secret"}})
		keep(w.staff.ID, "for another", booking{w.tom.ID, "other"})
		keep(w.admin.ID, "made her", map[string]string{"ID": w.mia.ID})
		k := database.Key{Caller: w.admin.ID, Key: "erase", Hash: "e"}
		w.must(w.office.Erase(ctx, w.admin, w.mia.ID, k))
		w.must(w.office.Erase(ctx, w.admin, w.mia.ID, k))
		if n := w.count(`SELECT COUNT(*) FROM idempotency_keys WHERE answer LIKE '%secret%'`); n != 0 {
			t.Errorf("%d answers still show her", n)
		}
		if n := w.count(`SELECT COUNT(*) FROM idempotency_keys WHERE key IN ('for another', 'made her', 'erase')`); n != 3 {
			t.Errorf("%d of 3 answers stay", n)
		}
		if n := w.count(`SELECT COUNT(*) FROM changes WHERE action = 'member.erase'`); n != 1 {
			t.Errorf("erased %d times", n)
		}
		keep(w.staff.ID, "at the same moment", booking{w.mia.ID, "secret"})
		w.must(w.office.Retain(ctx))
		if n := w.count(`SELECT COUNT(*) FROM idempotency_keys WHERE answer LIKE '%secret%'`); n != 0 {
			t.Error("what slipped in beside the erasure stays")
		}
	})
}

func TestTheDossierIsForThePersonAndLeavesATrace(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		for _, by := range []identity.Actor{w.staff, w.tom, w.elsewhere} {
			_, err := w.office.Export(ctx, by, w.mia.ID)
			wantCode(t, err, "member_not_found")
		}
		d, err := w.office.Export(ctx, w.mia, w.mia.ID)
		w.must(err)
		if len(d.Parts) != 2 || d.Parts[0].Name != "account" || d.Parts[1].Name != "privacy" {
			t.Errorf("%+v", d)
		}
		if _, err = w.office.Export(ctx, w.manager, w.mia.ID); err != nil {
			t.Fatal(err)
		}
		views, next, err := w.office.Views(ctx, w.mia, w.mia.ID, 10, "")
		w.must(err)
		if len(views) != 1 || next != "" || views[0].ViewerName != "Max" || views[0].What != privacy.ViewedDossier {
			t.Errorf("%+v", views)
		}
		_, _, err = w.office.Views(ctx, w.tom, w.mia.ID, 10, "")
		wantCode(t, err, "member_not_found")
	})
}

func TestViewsArePagedTheLatestFirst(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		inRequest := database.WithRequestID(ctx, "req-1")
		for range 5 {
			w.must(w.office.Viewed(inRequest, w.staff, privacy.ViewedList, w.mia.ID, w.tom.ID, w.staff.ID, "", w.tom.ID))
			w.clock.Move(time.Minute)
		}
		w.must(w.office.Viewed(ctx, identity.System, privacy.ViewedList, w.mia.ID))
		if n := w.count(`SELECT COUNT(*) FROM personal_views WHERE request_id = 'req-1'`); n != 10 {
			t.Errorf("%d views, want 10: five of two others", n)
		}
		var seen []time.Time
		for after := ""; ; {
			list, next, err := w.office.Views(ctx, w.mia, w.mia.ID, 2, after)
			w.must(err)
			for _, v := range list {
				seen = append(seen, v.At)
			}
			if after = next; after == "" {
				break
			}
		}
		if len(seen) != 5 || !seen[0].After(seen[4]) {
			t.Errorf("%v", seen)
		}
		_, _, err := w.office.Views(ctx, w.mia, w.mia.ID, 2, "x")
		wantCode(t, err, "malformed")
	})
}

func TestConsentsKeepTheirWordsAndTheirEnd(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		c, err := w.office.Give(ctx, w.mia, w.mia.ID, "newsletter", "fr", "Je veux des nouvelles.", noKey)
		w.must(err)
		again, err := w.office.Give(ctx, w.mia, w.mia.ID, "newsletter", "fr", "Je veux des nouvelles.", noKey)
		w.must(err)
		if again.ID != c.ID || c.Text != "Je veux des nouvelles." || !c.At.Equal(w.db.Now()) || c.By != w.mia.ID {
			t.Errorf("%+v %+v", c, again)
		}
		_, err = w.office.Give(ctx, w.tom, w.mia.ID, "newsletter", "fr", "x", noKey)
		wantCode(t, err, "member_not_found")
		_, err = w.office.Give(ctx, w.mia, w.mia.ID, "selling", "fr", "x", noKey)
		wantCode(t, err, "malformed")
		_, err = w.office.Withdraw(ctx, w.tom, c.ID, noKey)
		wantCode(t, err, "consent_not_found")
		w.clock.Move(time.Hour)
		c, err = w.office.Withdraw(ctx, w.staff, c.ID, noKey)
		w.must(err)
		if c.WithdrawnAt == nil || !c.WithdrawnAt.Equal(w.db.Now()) {
			t.Errorf("%+v", c)
		}
		account, err := w.office.Give(ctx, w.mia, w.mia.ID, privacy.PurposeAccount, "fr", "Oui.", noKey)
		w.must(err)
		_, err = w.office.Withdraw(ctx, w.mia, account.ID, noKey)
		wantCode(t, err, "consent_needed_for_account")
		list, err := w.office.Consents(ctx, w.manager, w.mia.ID)
		w.must(err)
		if len(list) != 2 {
			t.Errorf("%+v", list)
		}
	})
}

func TestTheRegisterOfIncidentsIsForItsOperator(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		text := func(s string) *string { return &s }
		e := privacy.IncidentEdits{DiscoveredOn: text("2026-11-20"), Description: text("Une liste affichée au comptoir.")}
		for _, by := range []identity.Actor{w.staff, w.elsewhere, w.mia} {
			_, err := w.office.RecordIncident(ctx, by, "o", e, noKey)
			wantCode(t, err, "operator_not_found")
		}
		in, err := w.office.RecordIncident(ctx, w.manager, "o", e, noKey)
		w.must(err)
		_, err = w.office.Incident(ctx, w.elsewhere, in.ID)
		wantCode(t, err, "incident_not_found")
		_, err = w.office.ChangeIncident(ctx, w.elsewhere, in.ID, privacy.IncidentEdits{ClosedOn: text("2026-11-22")}, noKey)
		wantCode(t, err, "incident_not_found")
		is, err := w.office.ChangeIncident(ctx, w.admin, in.ID, privacy.IncidentEdits{IfVersion: in.Version, ClosedOn: text("2026-11-22")}, noKey)
		w.must(err)
		if is.ClosedOn != "2026-11-22" || is.Description != in.Description || is.Version != 2 {
			t.Errorf("%+v", is)
		}
		_, err = w.office.ChangeIncident(ctx, w.admin, in.ID, privacy.IncidentEdits{IfVersion: 1, ClosedOn: text("")}, noKey)
		wantCode(t, err, "stale")
		_, err = w.office.RecordIncident(ctx, w.manager, "o", privacy.IncidentEdits{HappenedOn: text("hier")}, noKey)
		if f := fault.Of(err); f == nil || len(f.Violations) != 3 {
			t.Errorf("%v: not everything that is wrong was told", err)
		}
		list, err := w.office.Incidents(ctx, w.manager, "o")
		w.must(err)
		if len(list) != 1 {
			t.Errorf("%+v", list)
		}
		if n := w.count(`SELECT COUNT(*) FROM changes WHERE before LIKE '%comptoir%' OR after LIKE '%comptoir%'`); n != 0 {
			t.Error("the log holds the text")
		}
	})
}
