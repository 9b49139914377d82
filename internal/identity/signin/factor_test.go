package signin_test

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"canot/internal/database"
	"canot/internal/identity"
	"canot/internal/identity/signin"
)

// withAuthenticator gives somebody an authenticator, in a session of theirs, and returns them in
// the session that follows, the secret, and the recovery codes.
func (w *town) withAuthenticator(t *testing.T, email string) (by identity.Actor, secret string, recovery []string) {
	t.Helper()
	first, session := w.signIn(t, from("192.0.2.77"), email)
	made, err := w.gate.BeginAuthenticator(t.Context(), first)
	if err != nil {
		t.Fatal(err)
	}
	recovery, e, err := w.gate.ConfirmAuthenticator(t.Context(), first, as(first), w.code(made.Secret))
	if err != nil {
		t.Fatal(err)
	}
	w.ended(t, "the session of one factor", session)
	return w.who(t, e.Session), made.Secret, recovery
}

// code is the code of an authenticator now. The clock goes on first: a code counts once.
func (w *town) code(secret string) string {
	w.clock.Move(30 * time.Second)
	return signin.CodeAt(secret, w.clock.Now().Unix())
}

func TestRolesWaitForASecondFactor(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		sam := w.person(t, "Sam", "sam@exemple.example", identity.Grant{Role: identity.Staff, HubID: amos})
		by, _ := w.signIn(t, from("192.0.2.1"), sam.Email)
		if !by.LacksFactor || by.May(identity.Approve, amos, at) {
			t.Fatalf("with one factor: %+v", by)
		}
		by, secret, recovery := w.withAuthenticator(t, sam.Email)
		if by.LacksFactor || !by.May(identity.Approve, amos, at) || len(recovery) != 10 {
			t.Fatalf("after setting one up: %+v", by)
		}
		one, session := w.signIn(t, from("192.0.2.1"), sam.Email)
		if !one.LacksFactor {
			t.Fatal("a new session has the roles with one factor")
		}
		e, err := w.gate.SecondFactor(t.Context(), one, as(one), w.code(secret))
		if err != nil {
			t.Fatal(err)
		}
		w.ended(t, "the session before the second factor", session)
		two := w.who(t, e.Session)
		if two.LacksFactor || !two.May(identity.Approve, amos, at) || two.SessionID == one.SessionID {
			t.Errorf("with two factors: %+v", two)
		}
		_, err = w.gate.SecondFactor(t.Context(), one, as(one), w.code(secret))
		wantCode(t, "by a session that has ended", err, "sign_in")
		f, err := w.gate.Factors(t.Context(), two)
		if err != nil || f != (signin.Factors{Authenticator: true, RecoveryCodes: 10, SessionOf: 2}) {
			t.Errorf("%+v %v", f, err)
		}
	})
}

func TestACodeOfAnAuthenticatorCountsOnce(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		_, secret, _ := w.withAuthenticator(t, w.mia.Email)
		by, _ := w.signIn(t, from("192.0.2.1"), w.mia.Email)
		code := w.code(secret)
		var wg sync.WaitGroup
		var mu sync.Mutex
		in := 0
		for range 4 {
			wg.Go(func() {
				if _, err := w.gate.SecondFactor(t.Context(), by, signin.Visitor{}, code); err == nil {
					mu.Lock()
					in++
					mu.Unlock()
				}
			})
		}
		wg.Wait()
		if in != 1 {
			t.Errorf("one code let %d in", in)
		}
		w.exec(t, `DELETE FROM attempts`)
		before := signin.CodeAt(secret, w.clock.Now().Unix()-30)
		_, err := w.gate.SecondFactor(t.Context(), by, signin.Visitor{}, before)
		wantCode(t, "the code before the one that was used", err, "bad_factor")
		_, err = w.gate.SecondFactor(t.Context(), by, signin.Visitor{}, signin.CodeAt(secret, w.clock.Now().Unix()+60))
		wantCode(t, "a code of a minute later", err, "bad_factor")
		next := signin.CodeAt(secret, w.clock.Now().Unix()+30)
		_, err = w.gate.SecondFactor(t.Context(), by, signin.Visitor{}, next[:3]+" "+next[3:])
		wantCode(t, "of a clock that is fast", err, "")
	})
}

func TestGuessingSecondFactorsIsSlowedDown(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		_, secret, recovery := w.withAuthenticator(t, w.mia.Email)
		by, _ := w.signIn(t, from("192.0.2.1"), w.mia.Email)
		thief, _ := w.signIn(t, from("198.51.100.9"), w.mia.Email)
		elsewhere := as(thief)
		elsewhere.Source = "198.51.100.9"
		guess := func(form string) {
			for range 5 {
				_, err := w.gate.SecondFactor(t.Context(), thief, elsewhere, form)
				wantCode(t, "a guess", err, "bad_factor")
			}
		}
		w.mail(t)
		guess(wrongCode(w.code(secret)))
		_, err := w.gate.SecondFactor(t.Context(), thief, elsewhere, w.code(secret))
		wantCode(t, "the right one, after five", err, "slow_down")
		guess("abcde-fghjk")
		_, err = w.gate.SecondFactor(t.Context(), thief, elsewhere, recovery[0])
		wantCode(t, "a recovery code, after five", err, "slow_down")
		w.mail(t)
		if n := len(w.notices); n == 0 || w.notices[n-1] != "factor_tried" || slices.Index(w.notices, "factor_tried") != n-1 {
			t.Errorf("told: %q", w.notices)
		}
		_, err = w.gate.SecondFactor(t.Context(), by, as(by), w.code(secret))
		wantCode(t, "its owner meanwhile", err, "")
		w.clock.Move(15 * time.Minute)
		_, err = w.gate.SecondFactor(t.Context(), thief, elsewhere, w.code(secret))
		wantCode(t, "later", err, "")
	})
}

// wrongCode is a code of six figures that is not right.
func wrongCode(right string) string {
	return string('0'+(right[0]-'0'+5)%10) + right[1:]
}

// TestSecondFactorsFromEverywhereAreLimited: the counts are written as they would stand after fifty
// guesses from many places.
func TestSecondFactorsFromEverywhereAreLimited(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		_, secret, recovery := w.withAuthenticator(t, w.mia.Email)
		by, _ := w.signIn(t, from("192.0.2.1"), w.mia.Email)
		w.exec(t, `DELETE FROM attempts`)
		_, err := w.gate.SecondFactor(t.Context(), by, as(by), wrongCode(w.code(secret)))
		wantCode(t, "a guess", err, "bad_factor")
		w.exec(t, `UPDATE attempts SET count = 50`)
		away := as(by)
		away.Source = "198.51.100.9"
		_, err = w.gate.SecondFactor(t.Context(), by, away, w.code(secret))
		wantCode(t, "from elsewhere", err, "slow_down")
		_, err = w.gate.SecondFactor(t.Context(), by, away, recovery[0])
		wantCode(t, "a recovery code", err, "")
	})
}

func TestARecoveryCodeCountsOnce(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		_, _, recovery := w.withAuthenticator(t, w.mia.Email)
		for _, code := range recovery {
			if n := w.count(t, `SELECT count(*) FROM recovery_codes WHERE hash LIKE $1`, "%"+code[:5]+"%"); n > 1 {
				t.Error("a recovery code is kept in clear")
			}
		}
		by, _ := w.signIn(t, from("192.0.2.1"), w.mia.Email)
		e, err := w.gate.SecondFactor(t.Context(), by, as(by), " "+strings.ToUpper(strings.ReplaceAll(recovery[3], "-", " ")))
		if err != nil {
			t.Fatal(err)
		}
		two := w.who(t, e.Session)
		_, err = w.gate.SecondFactor(t.Context(), two, as(two), recovery[3])
		wantCode(t, "again", err, "bad_factor")
		renewed, err := w.gate.NewRecoveryCodes(t.Context(), two)
		if err != nil || len(renewed) != 10 {
			t.Fatal(err)
		}
		_, err = w.gate.SecondFactor(t.Context(), two, as(two), recovery[4])
		wantCode(t, "one of the codes before", err, "bad_factor")
		_, err = w.gate.SecondFactor(t.Context(), two, as(two), renewed[0])
		wantCode(t, "one of the new", err, "")
		w.person(t, "Eve", "eve@exemple.example")
		eve, _ := w.signIn(t, from("198.51.100.9"), "eve@exemple.example")
		_, err = w.gate.SecondFactor(t.Context(), eve, as(eve), renewed[1])
		wantCode(t, "by somebody else", err, "bad_factor")
	})
}

func TestOneFactorDoesNotTakeTheOtherAway(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		two, secret, _ := w.withAuthenticator(t, w.mia.Email)
		one, _ := w.signIn(t, from("198.51.100.9"), w.mia.Email) // who reads Mia's mail
		w.refusesSettings(t, one, "second_factor_needed")
		_, err := w.gate.BeginAuthenticator(t.Context(), two)
		wantCode(t, "a second authenticator", err, "authenticator_exists")
		w.mail(t)
		w.notices = nil
		wantCode(t, "remove", w.gate.RemoveAuthenticator(t.Context(), two), "")
		wantCode(t, "remove again", w.gate.RemoveAuthenticator(t.Context(), two), "")
		w.mail(t)
		if len(w.notices) != 1 || w.notices[0] != "factor_removed" {
			t.Errorf("told: %q", w.notices)
		}
		_, err = w.gate.SecondFactor(t.Context(), two, as(two), w.code(secret))
		wantCode(t, "a code of what was removed", err, "bad_factor")
		_, err = w.gate.NewRecoveryCodes(t.Context(), two)
		wantCode(t, "recovery codes of nothing", err, "no_authenticator")
	})
}

func TestAnAuthenticatorThatIsNotConfirmedCountsForNothing(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		by, session := w.signIn(t, from("192.0.2.1"), w.mia.Email)
		first, err := w.gate.BeginAuthenticator(t.Context(), by)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(first.URL, "otpauth://totp/Canot:mia@exemple.example?") {
			t.Errorf("the address to scan is %s", first.URL)
		}
		second, err := w.gate.BeginAuthenticator(t.Context(), by)
		if err != nil {
			t.Fatal(err)
		}
		_, err = w.gate.SecondFactor(t.Context(), by, as(by), w.code(second.Secret))
		wantCode(t, "as a second factor", err, "bad_factor")
		_, _, err = w.gate.ConfirmAuthenticator(t.Context(), by, as(by), w.code(first.Secret))
		wantCode(t, "the secret before", err, "bad_factor")
		w.who(t, session)
		_, _, err = w.gate.ConfirmAuthenticator(t.Context(), by, as(by), w.code(second.Secret))
		wantCode(t, "the secret", err, "")
		w.mail(t)
		if len(w.notices) != 1 || w.notices[0] != "factor_added" {
			t.Errorf("told: %q", w.notices)
		}
	})
}

func TestFactorsAreResetByWhoStandsAbove(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		grant := map[string]identity.Grant{
			"staff": {Role: identity.Staff, HubID: amos}, "manager": {Role: identity.Manager, HubID: amos}, "stranger": {Role: identity.Manager, HubID: matagami},
			"coordinator": {Role: identity.Coordinator, RegionID: at}, "administrator": {Role: identity.Administrator},
		}
		who := map[string]identity.Actor{"member": {ID: w.mia.ID}, "visitor": {}}
		for name, g := range grant {
			m := w.person(t, name, name+"@exemple.example", g)
			who[name] = identity.Actor{ID: m.ID, Grants: []identity.Grant{g}}
		}
		may := map[string]string{
			"member": "", "staff": "", "manager": "member staff", "stranger": "", "coordinator": "member staff manager",
			"administrator": "member staff manager stranger coordinator administrator", "visitor": "",
		}
		for name, by := range who {
			for whom, target := range who {
				if whom == "visitor" {
					continue
				}
				err := w.gate.ResetFactors(t.Context(), by, target.ID, noKey)
				allowed := strings.Contains(" "+may[name]+" ", " "+whom+" ")
				if allowed != (err == nil) {
					t.Errorf("%s resets %s: %v", name, whom, err)
				}
			}
		}
		wantCode(t, "of nobody", w.gate.ResetFactors(t.Context(), who["administrator"], "0000000000000000", noKey), "member_not_found")
	})
}

func TestAResetTakesAllFactorsAndSessions(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		by, secret, _ := w.withAuthenticator(t, w.mia.Email)
		key := database.Key{Caller: "system", Key: "k", Hash: "h"}
		for range 2 {
			if err := w.gate.ResetFactors(t.Context(), identity.System, w.mia.ID, key); err != nil {
				t.Fatal(err)
			}
		}
		if n := w.count(t, `SELECT count(*) FROM sessions WHERE revoked_at IS NULL`); n != 0 {
			t.Errorf("%d sessions", n)
		}
		w.refusesSettings(t, by, "sign_in")
		by, _ = w.signIn(t, from("192.0.2.1"), w.mia.Email)
		_, err := w.gate.SecondFactor(t.Context(), by, as(by), w.code(secret))
		wantCode(t, "what was reset", err, "bad_factor")
		if len(w.notices) != 2 { // added, removed
			t.Errorf("told: %q", w.notices)
		}
	})
}

func TestTheDemosFactorsCountAtOnce(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		var loaded []signin.LoadedFactors
		w.write(t, func(tx *database.Tx) (err error) {
			loaded, err = w.gate.LoadFactors(tx, []string{w.mia.ID})
			return err
		})
		by, _ := w.signIn(t, from("192.0.2.1"), w.mia.Email)
		_, err := w.gate.SecondFactor(t.Context(), by, as(by), w.code(loaded[0].Secret))
		wantCode(t, "a code", err, "")
		by, _ = w.signIn(t, from("192.0.2.1"), w.mia.Email)
		_, err = w.gate.SecondFactor(t.Context(), by, as(by), loaded[0].RecoveryCodes[9])
		wantCode(t, "a recovery code", err, "")
	})
}
