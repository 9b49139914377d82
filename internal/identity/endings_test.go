package identity_test

import (
	"testing"

	"canot/internal/database"
	"canot/internal/identity"
)

// wantToken asks whether a token speaks.
func (w *town) wantToken(t *testing.T, what, secret, code string) {
	t.Helper()
	_, err := w.dir.Authenticate(t.Context(), secret)
	wantCode(t, what, err, code)
}

func TestTokensEndWithWhatTheyWereTrustedFor(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		closed, _ := w.token(t, w.member.ID, "book")
		w.wantToken(t, "open", closed, "")
		wantCode(t, "close", w.dir.SetActive(t.Context(), w.manager, w.member.ID, false, noKey), "")
		wantCode(t, "open again", w.dir.SetActive(t.Context(), w.manager, w.member.ID, true, noKey), "")
		w.wantToken(t, "of an account that was closed", closed, "bad_token")

		secret, _ := w.token(t, w.member.ID, "book")
		others, _ := w.token(t, w.staff.ID, "book")
		wantCode(t, "sign out", w.dir.EndSessions(t.Context(), w.member, w.member.ID, "", false, noKey), "")
		w.wantToken(t, "sessions alone", secret, "")
		wantCode(t, "sign out, by staff", w.dir.EndSessions(t.Context(), w.manager, w.member.ID, "", true, noKey), "")
		w.wantToken(t, "tokens too", secret, "bad_token")
		w.wantToken(t, "another's", others, "")
	})
}

func TestNobodyHasTooManyLiveTokens(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		secret := ""
		for range 50 {
			secret, _ = w.token(t, w.member.ID, "read")
		}
		issue := func(memberID string) error {
			_, _, err := w.dir.IssueToken(t.Context(), w.admin, memberID, identity.TokenRequest{Scopes: []string{"read"}})
			return err
		}
		wantCode(t, "one more", issue(w.member.ID), "too_many_tokens")
		wantCode(t, "another's", issue(w.staff.ID), "")
		a, err := w.dir.Authenticate(t.Context(), secret)
		wantCode(t, "who", err, "")
		wantCode(t, "revoke", w.dir.RevokeToken(t.Context(), w.member, a.TokenID, noKey), "")
		wantCode(t, "one for one", issue(w.member.ID), "")
	})
}

func TestMembersAreToldOfTokensAndRoles(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		m, err := w.dir.CreateMember(t.Context(), identity.System, identity.NewMember{Name: "Éloi", Email: "eloi@exemple.example", HomeHubID: amos})
		wantCode(t, "create", err, "")
		told := func(what string) int {
			return w.count(t, `SELECT count(*) FROM jobs WHERE kind = 'mail' AND args LIKE $1 AND args LIKE $2`, `%"`+what+`"%`, `%"`+m.ID+`"%`)
		}
		issue := func(by identity.Actor, id string) {
			t.Helper()
			_, _, err := w.dir.IssueToken(t.Context(), by, id, identity.TokenRequest{Scopes: []string{"read"}})
			wantCode(t, "issue", err, "")
		}
		g := identity.Grant{Role: identity.Staff, HubID: amos}
		issue(identity.System, m.ID)
		wantCode(t, "by a command", w.dir.GrantRole(t.Context(), identity.System, m.ID, g, noKey), "")
		if told("token_issued")+told("role_given") != 0 {
			t.Error("a command wrote")
		}
		issue(w.admin, m.ID)
		issue(w.member, w.member.ID) // who has no address
		g.Rights = "approve"
		for range 2 { // the second changes nothing
			wantCode(t, "other rights", w.dir.GrantRole(t.Context(), w.admin, m.ID, g, noKey), "")
		}
		wantCode(t, "another role", w.dir.GrantRole(t.Context(), w.admin, m.ID, identity.Grant{Role: identity.Manager, HubID: amos}, noKey), "")
		if told("token_issued") != 1 || told("role_given") != 2 || w.count(t, `SELECT count(*) FROM jobs WHERE kind = 'mail' AND args NOT LIKE '%account_created%'`) != 3 {
			t.Errorf("told of %d tokens and %d roles", told("token_issued"), told("role_given"))
		}
	})
}

// gains gives a member an authenticator that counts.
func (w *town) gains(t *testing.T, memberID string) {
	t.Helper()
	err := w.db.In(t.Context(), func(tx *database.Tx) error {
		_, err := tx.Exec(`INSERT INTO authenticators (member_id, secret, last_step, created_at, confirmed_at) VALUES ($1, 's', 0, $2, $2)`, memberID, tx.Now)
		return err
	})
	wantCode(t, "gain a factor", err, "")
}

func TestWhoHasTwoFactorsMakesTokensByBoth(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		issue := func(factors int) error {
			secret, _ := w.open(t, w.member.ID, factors)
			by, err := w.dir.AuthenticateSession(t.Context(), secret)
			wantCode(t, "sign in", err, "")
			_, _, err = w.dir.IssueToken(t.Context(), by, w.member.ID, identity.TokenRequest{Scopes: []string{"read"}})
			return err
		}
		wantCode(t, "who has one", issue(1), "")
		w.gains(t, w.member.ID)
		wantCode(t, "one of two", issue(1), "second_factor_needed")
		wantCode(t, "both", issue(2), "")
	})
}

func TestAChildsBirthDateTakesAParent(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		change := func(by identity.Actor, e identity.MemberEdits) error {
			_, err := w.dir.ChangeMember(t.Context(), by, w.member.ID, e, noKey)
			return err
		}
		child, yes := "2012-11-22", true // fourteen tomorrow
		wantCode(t, "alone", change(w.member, identity.MemberEdits{BirthDate: &child}), "parent_needed")
		wantCode(t, "a parent came", change(w.staff, identity.MemberEdits{GuardianConsent: &yes}), "")
		wantCode(t, "with a parent", change(w.member, identity.MemberEdits{BirthDate: &child}), "")
	})
}

func TestAReplayShowsWhatMayBeSeenNow(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		k := database.Key{Caller: w.manager.ID, Key: "k", Hash: "h"}
		n := identity.NewMember{Name: "Neuf", HomeHubID: amos, Key: k}
		m, err := w.dir.CreateMember(t.Context(), w.manager, n)
		wantCode(t, "create", err, "")
		again, err := w.dir.CreateMember(t.Context(), w.manager, n)
		wantCode(t, "again", err, "")
		if again.ID != m.ID {
			t.Errorf("%+v, then %+v", m, again)
		}
		there := matagami
		_, err = w.dir.ChangeMember(t.Context(), w.admin, m.ID, identity.MemberEdits{HomeHub: &there}, noKey)
		wantCode(t, "move", err, "")
		_, err = w.dir.CreateMember(t.Context(), w.manager, n)
		wantCode(t, "somebody of elsewhere", err, "member_not_found")
	})
}
