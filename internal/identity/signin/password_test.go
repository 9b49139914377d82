package signin_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"canot/internal/fault"
	"canot/internal/identity"
	"canot/internal/identity/signin"
)

const goodPassword = "rivière bleue et trois canots"

// setPassword gives somebody a password, in a session of theirs.
func (w *town) setPassword(t *testing.T, email, password string) identity.Actor {
	t.Helper()
	by, _ := w.signIn(t, from("192.0.2.77"), email)
	if err := w.gate.SetPassword(t.Context(), by, "", password); err != nil {
		t.Fatal(err)
	}
	return by
}

func TestAPasswordSignsIn(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		mia := w.setPassword(t, w.mia.Email, goodPassword)
		if n := w.count(t, `SELECT count(*) FROM passwords WHERE hash LIKE '$argon2id$v=19$m=19456,t=2,p=1$%'`); n != 1 {
			t.Error("the password is not hashed as it should")
		}
		e, err := w.gate.Password(t.Context(), as(mia), "MIA@exemple.example", goodPassword)
		if err != nil || e.MemberID != w.mia.ID {
			t.Fatalf("%+v %v", e, err)
		}
		w.who(t, e.Session)
		if n := w.count(t, `SELECT count(*) FROM sessions WHERE revoked_at IS NULL`); n != 1 {
			t.Errorf("%d sessions: the one before must end", n)
		}
		// The same letters composed in another way.
		_, err = w.gate.Password(t.Context(), from("192.0.2.1"), w.mia.Email, strings.Replace(goodPassword, "è", "e\u0300", 1))
		wantCode(t, "composed otherwise", err, "")
	})
}

func TestGuessingPasswordsIsSlowedDownAndLocksNobodyOut(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		w.setPassword(t, w.mia.Email, goodPassword)
		guess := func(v signin.Visitor, email string) error {
			_, err := w.gate.Password(t.Context(), v, email, "wrong, and wrong again")
			return err
		}
		for _, email := range []string{w.mia.Email, "who@exemple.example"} {
			for range 10 {
				wantCode(t, "a guess", guess(from("192.0.2.1"), email), "bad_credentials")
			}
			err := guess(from("192.0.2.1"), email)
			wantCode(t, "one too many for "+email, err, "slow_down")
			if f := fault.Of(err); f.Kind != fault.TooMany || f.RetryAfter != 15*time.Minute {
				t.Errorf("%s: %+v", email, f)
			}
		}
		_, err := w.gate.Password(t.Context(), from("192.0.2.1"), w.mia.Email, goodPassword)
		wantCode(t, "the right one from the source of the guesses", err, "slow_down")
		_, err = w.gate.Password(t.Context(), from("198.51.100.9"), w.mia.Email, goodPassword)
		wantCode(t, "the owner, from elsewhere", err, "")
		w.signIn(t, from("192.0.2.1"), w.mia.Email) // and by a link from anywhere
	})
}

func TestGuessesAtOnceAreCountedEach(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		compared := signin.CountComparisons(w.gate)
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() { _, _ = w.gate.Password(t.Context(), from("192.0.2.1"), w.mia.Email, "wrong, and wrong again") })
		}
		wg.Wait()
		if *compared != 10 {
			t.Errorf("%d guesses were looked at", *compared)
		}
	})
}

func TestPasswordsOfOneSourceAreLimited(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		// The counts are written as they would stand after sixty guesses, which take seconds.
		v := from("192.0.2.1")
		_, err := w.gate.Password(t.Context(), v, "a@exemple.example", "wrong, and wrong again")
		wantCode(t, "a guess", err, "bad_credentials")
		if n := w.count(t, `SELECT count(*) FROM attempts`); n != 3 {
			t.Errorf("%d counts", n)
		}
		w.exec(t, `UPDATE attempts SET count = 60`)
		_, err = w.gate.Password(t.Context(), v, "b@exemple.example", "wrong, and wrong again")
		wantCode(t, "another address from the source", err, "slow_down")
		w.exec(t, `UPDATE attempts SET count = 1000`)
		_, err = w.gate.Password(t.Context(), from("198.51.100.9"), "a@exemple.example", "wrong, and wrong again")
		wantCode(t, "the address from all over", err, "slow_down")
		_, err = w.gate.Ask(t.Context(), from("198.51.100.9"), "a@exemple.example", "fr")
		wantCode(t, "a link for it", err, "")
	})
}

func TestSettingAPassword(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		here, secret := w.signIn(t, from("192.0.2.1"), w.mia.Email)
		_, other := w.signIn(t, from("198.51.100.9"), w.mia.Email)
		for password, code := range map[string]string{
			"court": "password_too_short", strings.Repeat("long", 33): "password_too_long", "Password2026!": "password_common",
			"motdepasse": "password_common", "Bonjour123!": "password_common", "!!Soleil2026": "password_common", "abcdefghij": "password_common", "aaaaaaaabb": "password_common", "12345678": "password_common",
		} {
			err := w.gate.SetPassword(t.Context(), here, "", password)
			if f := fault.Of(err); f == nil || f.Code != "weak_password" || len(f.Violations) != 1 || f.Violations[0].Code != code {
				t.Errorf("%q: %+v", password, f)
			}
		}
		w.who(t, other)
		wantCode(t, "a good one", w.gate.SetPassword(t.Context(), here, "", "le chat de mia@exemple"), "")
		w.ended(t, "the other session", other)
		w.who(t, secret)
		w.clock.Move(16 * time.Minute)
		for _, old := range []string{"", "le chien de mia@exemple"} {
			err := w.gate.SetPassword(t.Context(), here, old, goodPassword)
			wantCode(t, "later, without the old one", err, "bad_old_password")
		}
		err := w.gate.SetPassword(t.Context(), here, "", "le chat")
		wantCode(t, "later, without the old one", err, "bad_old_password")
		err = w.gate.SetPassword(t.Context(), here, "le chat de mia@exemple", goodPassword)
		wantCode(t, "with the old one", err, "")
		_, err = w.gate.Password(t.Context(), from("192.0.2.1"), w.mia.Email, "le chat de mia@exemple")
		wantCode(t, "the old one", err, "bad_credentials")
		w.mail(t)
		if len(w.notices) != 2 || w.notices[0] != "password_changed" {
			t.Errorf("told: %q", w.notices)
		}
		err = w.gate.RemovePassword(t.Context(), here, goodPassword)
		wantCode(t, "remove", err, "")
		_, err = w.gate.Password(t.Context(), from("192.0.2.1"), w.mia.Email, goodPassword)
		wantCode(t, "a password that was removed", err, "bad_credentials")
		long := w.person(t, "Long", "longname@exemple.example")
		by, _ := w.signIn(t, from("192.0.2.1"), long.Email)
		err = w.gate.SetPassword(t.Context(), by, "", "xx LongName xx")
		if f := fault.Of(err); f == nil || len(f.Violations) != 1 || f.Violations[0].Code != "password_holds_address" {
			t.Errorf("a password with the address in it: %v", err)
		}
	})
}

func TestTheOldPasswordIsNotGuessedInAStolenSession(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		by := w.setPassword(t, w.mia.Email, goodPassword)
		w.exec(t, `DELETE FROM attempts`)
		for range 10 {
			wantCode(t, "a guess", w.gate.RemovePassword(t.Context(), by, "wrong, and wrong again"), "bad_old_password")
		}
		wantCode(t, "one too many", w.gate.SetPassword(t.Context(), by, goodPassword, "another good password"), "slow_down")
	})
}

func TestOnlyASessionChangesHowOneSignsIn(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		secret, _, err := w.people.IssueToken(t.Context(), identity.System, w.mia.ID, identity.TokenRequest{Scopes: []string{"admin"}})
		if err != nil {
			t.Fatal(err)
		}
		token, err := w.people.Authenticate(t.Context(), secret)
		if err != nil {
			t.Fatal(err)
		}
		ended, _ := w.signIn(t, from("192.0.2.1"), w.mia.Email)
		if err := w.people.EndSession(t.Context(), ended, ended.SessionID, noKey); err != nil {
			t.Fatal(err)
		}
		for code, by := range map[string]identity.Actor{"session_needed": token, "sign_in": {}} {
			w.refusesSettings(t, by, code)
		}
		w.refusesSettings(t, ended, "sign_in")
		w.refusesSettings(t, identity.System, "sign_in")
		if _, err := w.gate.Factors(t.Context(), token); err != nil {
			t.Errorf("reading by a token: %v", err)
		}
	})
}

// refusesSettings asks that every change of how by signs in is refused.
func (w *town) refusesSettings(t *testing.T, by identity.Actor, code string) {
	t.Helper()
	ctx, v := t.Context(), as(by)
	_, err := w.gate.BeginPasskey(ctx, by, v)
	wantCode(t, "begin passkey", err, code)
	_, _, err = w.gate.FinishPasskey(ctx, by, v, "x", []byte("{}"), "")
	wantCode(t, "finish passkey", err, code)
	wantCode(t, "remove passkey", w.gate.RemovePasskey(ctx, by, "x"), code)
	_, err = w.gate.BeginAuthenticator(ctx, by)
	wantCode(t, "begin authenticator", err, code)
	_, _, err = w.gate.ConfirmAuthenticator(ctx, by, v, "123456")
	wantCode(t, "confirm authenticator", err, code)
	wantCode(t, "remove authenticator", w.gate.RemoveAuthenticator(ctx, by), code)
	_, err = w.gate.NewRecoveryCodes(ctx, by)
	wantCode(t, "recovery codes", err, code)
	wantCode(t, "set password", w.gate.SetPassword(ctx, by, "", goodPassword), code)
	wantCode(t, "remove password", w.gate.RemovePassword(ctx, by, goodPassword), code)
	_, err = w.gate.ChangeEmail(ctx, by, v, "other@exemple.example")
	wantCode(t, "change address", err, code)
	_, _, err = w.gate.LinkOIDC(ctx, by, v)
	wantCode(t, "link", err, code)
	wantCode(t, "unlink", w.gate.UnlinkOIDC(ctx, by), code)
}
