package identity_test

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"canot/internal/database"
	"canot/internal/database/dbtest"
	"canot/internal/fault"
	"canot/internal/identity"
)

// U06: shown once, hashed at rest, scoped, revocable, with an end; a list shows a prefix only.
func TestATokenIsShownOnceAndKeptAsAHash(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		secret, token := w.token(t, w.staff.ID, "read", "staff", "read")
		if len(secret) != 49 || !strings.HasPrefix(secret, "canot_") || token.Prefix != secret[:12] {
			t.Errorf("secret of %d characters, prefix %q", len(secret), token.Prefix)
		}
		listed, err := w.dir.Tokens(t.Context(), w.staff, w.staff.ID)
		if err != nil || len(listed) != 1 {
			t.Fatalf("%v, %v", listed, err)
		}
		got := listed[0]
		if got.ID != token.ID || got.Prefix != token.Prefix || got.Label != "test" || !slices.Equal(got.Scopes, []string{"read", "staff"}) ||
			!got.ExpiresAt.Equal(w.clock.Now().Add(90*24*time.Hour)) || got.RevokedAt != nil {
			t.Errorf("listed %+v", got)
		}
		var hash string
		if err := w.db.Reader(t.Context()).Get(&hash, `SELECT hash FROM tokens WHERE id = $1`, token.ID); err != nil || len(hash) != 64 {
			t.Fatalf("hash of %d characters, %v", len(hash), err)
		}
		if n := w.count(t, `SELECT count(*) FROM tokens WHERE hash LIKE $1 OR prefix = $2 OR label LIKE $1 OR scopes LIKE $1`, "%"+secret[12:]+"%", secret); n != 0 {
			t.Error("the secret is at rest")
		}
		a, err := w.dir.Authenticate(t.Context(), secret)
		if err != nil || a.ID != w.staff.ID || a.TokenID != token.ID || a.Language != "fr" {
			t.Errorf("authenticated %+v, %v", a, err)
		}
		if !a.May(identity.Approve, amos, at) || a.May(identity.Approve, matagami, bj) || a.May(identity.ManageInventory, amos, at) {
			t.Errorf("rights of %+v", a)
		}
	})
}

func TestAuthenticateRefusesEveryBadTokenAlike(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		secret, token := w.token(t, w.member.ID, "book")
		expired, _, err := w.dir.IssueToken(t.Context(), identity.System, w.member.ID, identity.TokenRequest{Scopes: []string{"read"}, Lifetime: 5 * time.Second})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.dir.Authenticate(t.Context(), expired); err != nil {
			t.Errorf("before its end: %v", err)
		}
		w.clock.Move(5 * time.Second) // it is still remembered, and over
		closed := w.person(t, "Closed")
		ofClosed, _ := w.token(t, closed.ID, "book")
		if err := w.dir.SetActive(t.Context(), w.admin, closed.ID, false, noKey); err != nil {
			t.Fatal(err)
		}
		revoked, other := w.token(t, w.member.ID, "book")
		if err := w.dir.RevokeToken(t.Context(), w.member, other.ID, noKey); err != nil {
			t.Fatal(err)
		}
		for name, bad := range map[string]string{
			"nothing": "", "another": secret[:48] + "!", "capitals": strings.ToUpper(secret), "the prefix": token.Prefix, "longer": secret + "A", "not ours": "ghp_" + secret[4:],
			"SQL": "' OR 1=1 --", "a zero byte": secret[:48] + "\x00", "expired": expired, "of a closed account": ofClosed, "revoked": revoked,
		} {
			_, err := w.dir.Authenticate(t.Context(), bad)
			f := fault.Of(err)
			if f == nil || f.Kind != fault.Unauthenticated || f.Code != "bad_token" || f.Params != nil || f.Violations != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		if _, err := w.dir.Authenticate(t.Context(), secret); err != nil {
			t.Errorf("the good one: %v", err)
		}
	})
}

func TestAuthenticateIsOneStatementAndThenNone(t *testing.T) {
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			clock := dbtest.NewClock(time.Date(2026, 11, 21, 14, 0, 0, 0, time.UTC))
			db, counter := dbtest.Statements(t, engine, database.Settings{Clock: clock.Now})
			w := newTown(t, db, clock)
			secret, _ := w.token(t, w.manager.ID, "admin")
			ask := func() {
				if a, err := w.dir.Authenticate(t.Context(), secret); err != nil || len(a.Grants) != 1 {
					t.Errorf("%+v, %v", a, err)
				}
			}
			if s := counter.Statements(ask); len(s) != 1 {
				t.Errorf("first: %q", s)
			}
			clock.Move(9 * time.Second)
			if s := counter.Statements(ask); len(s) != 0 {
				t.Errorf("remembered: %q", s)
			}
			clock.Move(time.Second)
			if s := counter.Statements(ask); len(s) != 1 {
				t.Errorf("after 10 seconds: %q", s)
			}
			if s := counter.Statements(func() { _, _ = w.dir.Authenticate(t.Context(), "canot_short") }); len(s) != 0 {
				t.Errorf("what cannot be a token is asked of the data base: %q", s)
			}
		})
	}
}

// A06: at once in this process, within 10 seconds in another.
func TestRightsEndWithTheirCause(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		other := identity.New(w.db) // as another server would
		endings := map[string]struct {
			end  func(memberID, tokenID string) error
			dead bool
		}{
			"role": {func(m, _ string) error {
				return w.dir.RevokeRole(t.Context(), w.admin, m, identity.Grant{Role: identity.Staff, HubID: amos}, noKey)
			}, false},
			"closed": {func(m, _ string) error { return w.dir.SetActive(t.Context(), w.admin, m, false, noKey) }, true},
			"token":  {func(_, token string) error { return w.dir.RevokeToken(t.Context(), w.admin, token, noKey) }, true},
		}
		for name, ending := range endings {
			person := w.person(t, "Sam", identity.Grant{Role: identity.Staff, HubID: amos})
			secret, token := w.token(t, person.ID, "staff")
			over := func(d *identity.Directory) bool {
				a, err := d.Authenticate(t.Context(), secret)
				if ending.dead {
					return fault.Is(err, "bad_token")
				}
				return err == nil && !a.May(identity.Approve, amos, at)
			}
			if over(w.dir) || over(other) {
				t.Fatalf("%s: over before it ended", name)
			}
			if err := ending.end(person.ID, token.ID); err != nil {
				t.Fatal(err)
			}
			if !over(w.dir) {
				t.Errorf("%s: not at once", name)
			}
			w.clock.Move(10 * time.Second)
			if !over(other) {
				t.Errorf("%s: not within 10 seconds elsewhere", name)
			}
		}
	})
}

func TestRevocationIsNotForgottenByARequestUnderWay(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		for range 20 {
			secret, token := w.token(t, w.member.ID, "book")
			var all sync.WaitGroup
			for range 4 {
				all.Go(func() { _, _ = w.dir.Authenticate(t.Context(), secret) })
			}
			if err := w.dir.RevokeToken(t.Context(), w.member, token.ID, noKey); err != nil {
				t.Fatal(err)
			}
			all.Wait()
			if _, err := w.dir.Authenticate(t.Context(), secret); !fault.Is(err, "bad_token") {
				t.Fatalf("remembered after its end: %v", err)
			}
		}
	})
}

func TestTokensAreTheirOwners(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		_, token := w.token(t, w.member.ID, "book")
		for name, by := range map[string]identity.Actor{"visitor": {}, "staff": w.staff, "manager": w.manager, "coordinator": w.coordinator} {
			_, err := w.dir.Tokens(t.Context(), by, w.member.ID)
			wantCode(t, name+" lists", err, "member_not_found")
			wantCode(t, name+" revokes", w.dir.RevokeToken(t.Context(), by, token.ID, noKey), "token_not_found")
			_, _, err = w.dir.IssueToken(t.Context(), by, w.member.ID, identity.TokenRequest{Scopes: []string{"read"}})
			if kind := fault.KindOf(err); kind != fault.Forbidden && kind != fault.Unauthenticated {
				t.Errorf("%s issues: %v", name, err)
			}
			// Least of all for somebody above them.
			_, _, err = w.dir.IssueToken(t.Context(), by, w.admin.ID, identity.TokenRequest{Scopes: []string{"admin"}})
			if kind := fault.KindOf(err); kind != fault.Forbidden && kind != fault.Unauthenticated {
				t.Errorf("%s issues for the administrator: %v", name, err)
			}
		}
		_, err := w.dir.Tokens(t.Context(), w.admin, w.member.ID)
		wantCode(t, "administrator lists", err, "")
		_, _, err = w.dir.IssueToken(t.Context(), w.member, w.member.ID, identity.TokenRequest{Scopes: []string{"book"}})
		wantCode(t, "the owner issues", err, "")
		for range 2 {
			wantCode(t, "the owner revokes", w.dir.RevokeToken(t.Context(), w.member, token.ID, noKey), "")
		}
		wantCode(t, "an unknown one", w.dir.RevokeToken(t.Context(), w.admin, "nothing", noKey), "token_not_found")
	})
}

func TestATokenMakesNoStrongerToken(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		secret, own := w.token(t, w.admin.ID, "staff")
		_, another := w.token(t, w.admin.ID, "admin")
		by, err := w.dir.Authenticate(t.Context(), secret)
		if err != nil {
			t.Fatal(err)
		}
		for _, scope := range []string{"read", "staff", "admin"} {
			_, _, err = w.dir.IssueToken(t.Context(), by, w.admin.ID, identity.TokenRequest{Scopes: []string{scope}})
			wantCode(t, "issue "+scope, err, "not_allowed")
		}
		wantCode(t, "revoke another", w.dir.RevokeToken(t.Context(), by, another.ID, noKey), "token_not_found")
		wantCode(t, "revoke itself", w.dir.RevokeToken(t.Context(), by, own.ID, noKey), "")
	})
}

func TestIssueTokenRefusesWhatCannotBe(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		for name, req := range map[string]identity.TokenRequest{
			"no scope": {}, "unknown scope": {Scopes: []string{"read", "root"}}, "two in one": {Scopes: []string{"read admin"}}, "empty scope": {Scopes: []string{""}},
			"long label": {Scopes: []string{"read"}, Label: strings.Repeat("x", 81)}, "label of two lines": {Scopes: []string{"read"}, Label: "a\nb"},
			"over before it begins": {Scopes: []string{"read"}, Lifetime: -time.Hour}, "for ever": {Scopes: []string{"read"}, Lifetime: 10 * 366 * 24 * time.Hour}, "a blink": {Scopes: []string{"read"}, Lifetime: 1},
		} {
			if _, _, err := w.dir.IssueToken(t.Context(), w.admin, w.admin.ID, req); fault.KindOf(err) != fault.Malformed {
				t.Errorf("%s: %v", name, err)
			}
		}
		closed := w.person(t, "Closed")
		if err := w.dir.SetActive(t.Context(), w.admin, closed.ID, false, noKey); err != nil {
			t.Fatal(err)
		}
		_, _, err := w.dir.IssueToken(t.Context(), w.admin, closed.ID, identity.TokenRequest{Scopes: []string{"read"}})
		wantCode(t, "a closed account", err, "member_inactive")
		_, _, err = w.dir.IssueToken(t.Context(), w.admin, "nobody", identity.TokenRequest{Scopes: []string{"read"}})
		wantCode(t, "an unknown member", err, "member_not_found")
		if n := w.count(t, `SELECT count(*) FROM tokens`); n != 0 {
			t.Errorf("%d tokens", n)
		}
	})
}
