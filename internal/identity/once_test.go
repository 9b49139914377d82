package identity_test

import (
	"testing"
	"time"

	"canot/internal/database"
	"canot/internal/fault"
	"canot/internal/identity"
)

// keyed is a key of the administrator's for one request.
func keyed(name string) database.Key { return database.Key{Caller: "ada", Key: name, Hash: name} }

func TestRolesWithAKeyChangeOnce(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		g := identity.Grant{Role: identity.Staff, HubID: amos}
		held := func() int {
			return w.count(t, `SELECT count(*) FROM grants WHERE member_id = $1`, w.member.ID)
		}
		for range 2 {
			wantCode(t, "give", w.dir.GrantRole(t.Context(), w.admin, w.member.ID, g, keyed("give")), "")
		}
		wantCode(t, "take", w.dir.RevokeRole(t.Context(), w.admin, w.member.ID, g, keyed("take")), "")
		wantCode(t, "give, again", w.dir.GrantRole(t.Context(), w.admin, w.member.ID, g, keyed("give")), "")
		if held() != 0 {
			t.Error("a repeated request gave back what was taken since")
		}
		wantCode(t, "give, anew", w.dir.GrantRole(t.Context(), w.admin, w.member.ID, g, keyed("anew")), "")
		wantCode(t, "take, again", w.dir.RevokeRole(t.Context(), w.admin, w.member.ID, g, keyed("take")), "")
		if held() != 1 {
			t.Error("a repeated request took what was given since")
		}
		other := keyed("give")
		other.Hash = "another"
		wantCode(t, "another request", w.dir.RevokeRole(t.Context(), w.admin, w.member.ID, g, other), "idempotency_key_reused")
		for range 2 {
			wantCode(t, "the last", w.dir.RevokeRole(t.Context(), w.admin, w.admin.ID, identity.Grant{Role: identity.Administrator}, keyed("last")), "last_administrator")
		}
		w.person(t, "Second", identity.Grant{Role: identity.Administrator})
		wantCode(t, "the same answer", w.dir.RevokeRole(t.Context(), w.admin, w.admin.ID, identity.Grant{Role: identity.Administrator}, keyed("last")), "last_administrator")
	})
}

func TestATokenIsIssuedOnceUnderAKey(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		req := identity.TokenRequest{Scopes: []string{"read"}, Key: keyed("k")}
		secret, token, err := w.dir.IssueToken(t.Context(), w.member, w.member.ID, req)
		if err != nil {
			t.Fatal(err)
		}
		again, _, err := w.dir.IssueToken(t.Context(), w.member, w.member.ID, req)
		wantCode(t, "again", err, "token_already_issued")
		if again != "" || fault.KindOf(err) != fault.Taken || fault.Of(err).Params["token"] != token.ID {
			t.Errorf("again: %+v", fault.Of(err))
		}
		req.Key.Hash = "another"
		_, _, err = w.dir.IssueToken(t.Context(), w.member, w.member.ID, req)
		wantCode(t, "another request", err, "idempotency_key_reused")
		if n := w.count(t, `SELECT count(*) FROM tokens`); n != 1 {
			t.Errorf("%d tokens", n)
		}
		if n := w.count(t, `SELECT count(*) FROM idempotency_keys WHERE answer LIKE $1`, "%"+secret[12:]+"%"); n != 0 {
			t.Error("the secret is kept under the key")
		}
		for range 2 {
			wantCode(t, "revoke", w.dir.RevokeToken(t.Context(), w.member, token.ID, keyed("revoke")), "")
		}
	})
}

func TestATokenThatHasEndedDoesNothing(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		revoked, token := w.token(t, w.admin.ID, "admin")
		by, err := w.dir.Authenticate(t.Context(), revoked)
		if err != nil {
			t.Fatal(err)
		}
		// Another server has not forgotten it yet, and hands on who it remembers.
		wantCode(t, "revoke", w.dir.RevokeToken(t.Context(), w.admin, token.ID, noKey), "")
		_, _, err = w.dir.IssueToken(t.Context(), by, w.admin.ID, identity.TokenRequest{Scopes: []string{"admin"}})
		wantCode(t, "issue by a revoked one", err, "bad_token")
		wantCode(t, "give by a revoked one", w.dir.GrantRole(t.Context(), by, w.member.ID, identity.Grant{Role: identity.Administrator}, noKey), "bad_token")
		brief, _, err := w.dir.IssueToken(t.Context(), identity.System, w.admin.ID, identity.TokenRequest{Scopes: []string{"admin"}, Lifetime: time.Minute})
		if err != nil {
			t.Fatal(err)
		}
		if by, err = w.dir.Authenticate(t.Context(), brief); err != nil {
			t.Fatal(err)
		}
		w.clock.Move(time.Minute)
		_, _, err = w.dir.IssueToken(t.Context(), by, w.admin.ID, identity.TokenRequest{Scopes: []string{"admin"}})
		wantCode(t, "issue by one that is over", err, "bad_token")
	})
}

func TestACursorOfMembersIsOneThatAPageGave(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		for _, cursor := range []string{"abc", "YW1vcw", "0123456789abcdefg", "0123456789abcdeu", "' OR 1=1 --"} {
			_, _, err := w.dir.Members(t.Context(), w.admin, identity.MemberQuery{After: cursor})
			if f := fault.Of(err); f == nil || f.Kind != fault.Malformed || f.Violations[0].Code != "bad_cursor" {
				t.Errorf("%q: %v", cursor, err)
			}
		}
	})
}

func TestNamesThatTurnTheTextAroundThemAreRefused(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		for _, name := range []string{"a\u200fb", "a\u061cb", "a\u202eb", "a\u2069b", "a\u2028b", "a\ufeffb", "a\x07b"} {
			_, err := w.dir.CreateMember(t.Context(), identity.System, identity.NewMember{Name: name})
			if f := fault.Of(err); f == nil || f.Violations[0].Code != "bad_characters" {
				t.Errorf("%q: %v", name, err)
			}
		}
	})
}
