package identity_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"canot/internal/database"
	"canot/internal/fault"
	"canot/internal/identity"
)

// open signs somebody in.
func (w *town) open(t *testing.T, memberID string, factors int) (string, identity.Session) {
	t.Helper()
	var secret string
	var s identity.Session
	err := w.db.In(t.Context(), func(tx *database.Tx) (err error) {
		secret, s, err = w.dir.OpenSession(tx, memberID, "link", factors, "Firefox, Linux")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return secret, s
}

func (w *town) wantSession(t *testing.T, what, secret, code string) identity.Actor {
	t.Helper()
	a, err := w.dir.AuthenticateSession(t.Context(), secret)
	wantCode(t, what, err, code)
	if f := fault.Of(err); f != nil && (f.Kind != fault.Unauthenticated || f.Params != nil || f.Violations != nil) {
		t.Errorf("%s says more than that: %+v", what, f)
	}
	return a
}

// U04: 256 random bits, of which the data base has a hash only.
func TestASessionsSecretIsInTheBrowserOnly(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		secret, s := w.open(t, w.member.ID, 1)
		other, _ := w.open(t, w.member.ID, 1)
		if len(secret) != 50 || !strings.HasPrefix(secret, "canots_") || secret == other {
			t.Errorf("a secret of %d characters", len(secret))
		}
		var row struct {
			Hash   string `db:"hash"`
			Device string `db:"device"`
		}
		if err := w.db.Reader(t.Context()).Get(&row, `SELECT hash, device FROM sessions WHERE id = $1`, s.ID); err != nil || len(row.Hash) != 64 || row.Device != "Firefox, Linux" {
			t.Fatalf("%+v, %v", row, err)
		}
		like := "%" + secret[7:] + "%"
		if n := w.count(t, `SELECT count(*) FROM sessions WHERE hash LIKE $1 OR id LIKE $1 OR device LIKE $1`, like) +
			w.count(t, `SELECT count(*) FROM changes WHERE before LIKE $1 OR after LIKE $1 OR subject_id LIKE $1`, like); n != 0 {
			t.Error("the secret is at rest")
		}
		a := w.wantSession(t, "open", secret, "")
		if a.ID != w.member.ID || a.SessionID != s.ID || a.TokenID != "" || a.Language != "fr" || a.LacksFactor || !a.Holds(identity.ScopeAdmin) {
			t.Errorf("speaks as %+v", a)
		}
		for name, bad := range map[string]string{
			"nothing": "", "its hash": row.Hash, "longer": secret + "A", "another": secret[:49] + "!", "a token's mark": "canot_" + secret[7:], "its id": s.ID, "a zero byte": secret[:49] + "\x00",
		} {
			w.wantSession(t, name, bad, "bad_session")
		}
		if _, err := w.dir.Authenticate(t.Context(), secret); !fault.Is(err, "bad_token") {
			t.Errorf("a session's secret as a token: %v", err)
		}
	})
}

func TestASessionEndsWhenItIsNotUsed(t *testing.T) {
	for _, test := range []struct {
		name  string
		staff bool
		idle  time.Duration
	}{{"member", false, 14 * 24 * time.Hour}, {"staff", true, 12 * time.Hour}} {
		t.Run(test.name, func(t *testing.T) {
			each(t, func(t *testing.T, w *town) {
				who := w.member
				if test.staff {
					who = w.staff
				}
				used, _ := w.open(t, who.ID, 2)
				unused, _ := w.open(t, who.ID, 2)
				w.clock.Move(test.idle - time.Second)
				w.wantSession(t, "a second before", used, "")
				w.clock.Move(time.Second)
				w.wantSession(t, "used a second ago", used, "")
				w.wantSession(t, "unused", unused, "bad_session")
				w.clock.Move(test.idle - 2*time.Second)
				w.wantSession(t, "a second before, again", used, "")
				w.clock.Move(test.idle)
				w.wantSession(t, "long unused", used, "bad_session")
				w.wantSession(t, "and ever after", used, "bad_session")
			})
		})
	}
}

func TestASessionEndsHoweverMuchItIsUsed(t *testing.T) {
	for _, test := range []struct {
		name        string
		staff       bool
		total, step time.Duration
	}{{"member", false, 90 * 24 * time.Hour, 10 * 24 * time.Hour}, {"staff", true, 7 * 24 * time.Hour, 10 * time.Hour}} {
		t.Run(test.name, func(t *testing.T) {
			each(t, func(t *testing.T, w *town) {
				who := w.member
				if test.staff {
					who = w.staff
				}
				secret, _ := w.open(t, who.ID, 2)
				for left := test.total - time.Second; left > 0; left -= test.step {
					w.clock.Move(min(left, test.step))
					w.wantSession(t, "before the end", secret, "")
				}
				w.clock.Move(time.Second)
				w.wantSession(t, "at the end", secret, "bad_session")
			})
		})
	}
}

func TestTheUseOfASessionIsNotedEveryFiveMinutes(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		secret, _ := w.open(t, w.member.ID, 1)
		began := w.clock.Now()
		seen := func() time.Time {
			list, err := w.dir.Sessions(t.Context(), w.member)
			if err != nil || len(list) != 1 {
				t.Fatalf("%v, %v", list, err)
			}
			return list[0].SeenAt
		}
		w.clock.Move(5*time.Minute - time.Second)
		w.wantSession(t, "soon", secret, "")
		if !seen().Equal(began) {
			t.Error("noted too soon")
		}
		w.clock.Move(time.Minute)
		w.wantSession(t, "later", secret, "")
		if !seen().Equal(w.clock.Now()) {
			t.Errorf("seen at %v, not at %v", seen(), w.clock.Now())
		}
	})
}

func TestAnEndedSessionIsRefusedAtOnce(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		secret, s := w.open(t, w.member.ID, 1)
		kept, second := w.open(t, w.member.ID, 1)
		third, _ := w.open(t, w.member.ID, 1)
		foreign, other := w.open(t, w.staff.ID, 2)
		for _, each := range []string{secret, kept, third, foreign} {
			w.wantSession(t, "open", each, "")
		}
		byToken := identity.Actor{ID: w.member.ID, TokenID: w.tokenID(t, w.member.ID), Scopes: []string{"book"}}
		wantCode(t, "by a token that cannot", w.dir.EndSession(t.Context(), byToken, s.ID, noKey), "session_not_found")
		wantCode(t, "another's", w.dir.EndSession(t.Context(), w.member, other.ID, noKey), "session_not_found")
		wantCode(t, "another's, by a manager", w.dir.EndSession(t.Context(), w.manager, other.ID, noKey), "session_not_found")
		wantCode(t, "unknown", w.dir.EndSession(t.Context(), w.member, "nothing", noKey), "session_not_found")
		wantCode(t, "unstorable", w.dir.EndSession(t.Context(), w.member, "\x00", noKey), "session_not_found")
		wantCode(t, "by a visitor", w.dir.EndSession(t.Context(), identity.Actor{}, s.ID, noKey), "session_not_found")
		for range 2 {
			wantCode(t, "own", w.dir.EndSession(t.Context(), w.member, s.ID, noKey), "")
		}
		w.wantSession(t, "ended", secret, "bad_session")
		w.wantSession(t, "another's", foreign, "")
		wantCode(t, "elsewhere", w.dir.EndSessions(t.Context(), w.member, w.member.ID, second.ID, false, noKey), "")
		w.wantSession(t, "all but one", kept, "")
		w.wantSession(t, "elsewhere", third, "bad_session")
		list, err := w.dir.Sessions(t.Context(), identity.Actor{ID: w.member.ID, SessionID: second.ID})
		if err != nil || len(list) != 1 || list[0].ID != second.ID || !list[0].Current || list[0].Factors != 1 || list[0].Method != "link" {
			t.Errorf("listed %+v, %v", list, err)
		}
		wantCode(t, "the network's administrator ends one", w.dir.EndSession(t.Context(), w.admin, other.ID, noKey), "")
		w.wantSession(t, "ended by the administrator", foreign, "bad_session")
		_, err = w.dir.Sessions(t.Context(), identity.Actor{})
		wantCode(t, "a visitor's", err, "sign_in")
	})
}

func (w *town) tokenID(t *testing.T, memberID string) string {
	_, token := w.token(t, memberID, "book")
	return token.ID
}

func TestWhoMaySignSomebodyElseOut(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		for _, test := range []struct {
			name string
			by   identity.Actor
			who  string
			want string
		}{
			{"member", w.member, w.staff.ID, "member_not_found"},
			{"staff", w.staff, w.member.ID, "not_allowed"},
			{"manager", w.manager, w.staff.ID, ""},
			{"manager of who is above", w.manager, w.admin.ID, "not_allowed"},
			{"coordinator", w.coordinator, w.manager.ID, ""},
			{"administrator", w.admin, w.coordinator.ID, ""},
			{"nobody", w.admin, "nobody", "member_not_found"},
		} {
			secret := ""
			if test.who != "nobody" {
				secret, _ = w.open(t, test.who, 2)
				w.wantSession(t, test.name, secret, "")
			}
			wantCode(t, test.name, w.dir.EndSessions(t.Context(), test.by, test.who, "", false, noKey), test.want)
			if secret != "" {
				after := ""
				if test.want == "" {
					after = "bad_session"
				}
				w.wantSession(t, test.name+", after", secret, after)
			}
		}
	})
}

// A06: what a person may no longer do ends what speaks for them.
func TestAClosedOrErasedAccountHasNoSession(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		closed := w.person(t, "Closed")
		erased := w.person(t, "Erased")
		ofClosed, _ := w.open(t, closed.ID, 1)
		ofErased, _ := w.open(t, erased.ID, 1)
		token, _ := w.token(t, erased.ID, "book")
		w.wantSession(t, "before", ofClosed, "")
		w.wantSession(t, "before", ofErased, "")
		wantCode(t, "close", w.dir.SetActive(t.Context(), w.manager, closed.ID, false, noKey), "")
		w.erase(t, erased.ID, "")
		w.wantSession(t, "closed", ofClosed, "bad_session")
		w.wantSession(t, "erased", ofErased, "bad_session")
		if _, err := w.dir.Authenticate(t.Context(), token); !fault.Is(err, "bad_token") {
			t.Errorf("a token of who was erased: %v", err)
		}
		for id, code := range map[string]string{closed.ID: "member_inactive", erased.ID: "member_not_found", "nobody": "member_not_found"} {
			err := w.db.In(t.Context(), func(tx *database.Tx) error {
				_, _, err := w.dir.OpenSession(tx, id, "link", 1, "")
				return err
			})
			wantCode(t, "a new session of "+id, err, code)
		}
		wantCode(t, "open again", w.dir.SetActive(t.Context(), w.manager, closed.ID, true, noKey), "")
		w.wantSession(t, "opened again", ofClosed, "bad_session")
		wantCode(t, "open who was erased", w.dir.SetActive(t.Context(), w.admin, erased.ID, true, noKey), "member_not_found")
	})
}

// A row that says otherwise than the account is no way in: the account decides.
func TestTheAccountDecidesOverItsSessions(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		for name, query := range map[string]string{
			"closed": `UPDATE members SET active = false WHERE id = $1`,
			"erased": `UPDATE members SET erased_at = created_at WHERE id = $1`,
		} {
			who := w.person(t, name)
			session, _ := w.open(t, who.ID, 2)
			token, _ := w.token(t, who.ID, "book")
			err := w.db.In(t.Context(), func(tx *database.Tx) error {
				_, err := tx.Exec(query, who.ID)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			w.wantSession(t, name, session, "bad_session")
			if _, err := w.dir.Authenticate(t.Context(), token); !fault.Is(err, "bad_token") {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

func (w *town) erase(t *testing.T, memberID, code string) {
	t.Helper()
	err := w.db.In(t.Context(), func(tx *database.Tx) error { return identity.Forget(tx, memberID) })
	w.dir.Forget(memberID)
	wantCode(t, "erase", err, code)
}

// U08: a role asks for two factors; with one there is no role, whichever verb is asked.
func TestOneFactorGivesNoRole(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		one, _ := w.open(t, w.manager.ID, 1)
		two, _ := w.open(t, w.manager.ID, 2)
		half, whole := w.wantSession(t, "one factor", one, ""), w.wantSession(t, "two factors", two, "")
		if !half.LacksFactor || half.Grants != nil || half.May(identity.ViewBookings, amos, at) || half.Anywhere(identity.Approve) {
			t.Errorf("one factor: %+v", half)
		}
		if whole.LacksFactor || !slices.Equal(whole.Grants, w.manager.Grants) {
			t.Errorf("two factors: %+v", whole)
		}
		wantCode(t, "denied", identity.Denied(half), "second_factor_needed")
		staff := identity.Grant{Role: identity.Staff, HubID: amos}
		wantCode(t, "gives a role", w.dir.GrantRole(t.Context(), half, w.member.ID, staff, noKey), "second_factor_needed")
		_, err := w.dir.CreateMember(t.Context(), half, identity.NewMember{Name: "A", HomeHubID: amos})
		wantCode(t, "opens an account", err, "second_factor_needed")
		pretends := half
		pretends.Grants, pretends.LacksFactor = w.manager.Grants, false
		wantCode(t, "with roles of before", w.dir.GrantRole(t.Context(), pretends, w.member.ID, staff, noKey), "second_factor_needed")
		_, _, err = w.dir.IssueToken(t.Context(), half, w.manager.ID, identity.TokenRequest{Scopes: []string{"read"}})
		wantCode(t, "makes a token", err, "second_factor_needed")
		wantCode(t, "two factors give it", w.dir.GrantRole(t.Context(), whole, w.member.ID, staff, noKey), "")
		if _, _, err := w.dir.IssueToken(t.Context(), whole, w.manager.ID, identity.TokenRequest{Scopes: []string{"admin"}}); err != nil {
			t.Errorf("makes a token with two: %v", err)
		}
	})
}

func TestAMemberWhoIsGivenARoleNeedsASecondFactorAtOnce(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		secret, _ := w.open(t, w.member.ID, 1)
		member := w.wantSession(t, "before", secret, "")
		for scope, code := range map[string]string{"book": "", "staff": "second_factor_needed", "admin": "second_factor_needed"} {
			_, _, err := w.dir.IssueToken(t.Context(), member, w.member.ID, identity.TokenRequest{Scopes: []string{scope}})
			wantCode(t, "a token of scope "+scope, err, code)
		}
		wantCode(t, "promote", w.dir.GrantRole(t.Context(), w.manager, w.member.ID, identity.Grant{Role: identity.Staff, HubID: amos}, noKey), "")
		if a := w.wantSession(t, "after", secret, ""); !a.LacksFactor || a.Grants != nil {
			t.Errorf("%+v", a)
		}
		w.clock.Move(13 * time.Hour)
		w.wantSession(t, "and ends as soon as staff's", secret, "bad_session")
	})
}

func TestAnEndedSessionChangesNothingWhateverWasRemembered(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		secret, s := w.open(t, w.manager.ID, 2)
		stolen := w.wantSession(t, "open", secret, "")
		wantCode(t, "sign out", w.dir.EndSession(t.Context(), w.manager, s.ID, noKey), "")
		err := w.dir.GrantRole(t.Context(), stolen, w.member.ID, identity.Grant{Role: identity.Staff, HubID: amos}, noKey)
		wantCode(t, "gives a role", err, "bad_session")
		_, err = w.dir.CreateMember(t.Context(), stolen, identity.NewMember{Name: "A", HomeHubID: amos})
		wantCode(t, "opens an account", err, "bad_session")
	})
}
