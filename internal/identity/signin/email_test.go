package signin_test

import (
	"testing"

	"canot/internal/database"
	"canot/internal/identity/signin"
)

func TestANewAddressIsTheMembersOnceTheyProveIt(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		by, secret := w.signIn(t, from("192.0.2.1"), w.mia.Email)
		_, other := w.signIn(t, from("198.51.100.9"), w.mia.Email)
		f, err := w.gate.ChangeEmail(t.Context(), by, as(by), "mia.b@exemple.example")
		if err != nil {
			t.Fatal(err)
		}
		letter := w.mail(t)[0]
		if letter.Purpose != "verify" || letter.Email != "mia.b@exemple.example" || letter.MemberID != w.mia.ID || letter.Language != "en" {
			t.Errorf("the letter is %+v", letter)
		}
		_, err = w.gate.Enter(t.Context(), from("192.0.2.1"), signin.Proof{Link: secretOf(letter)})
		wantCode(t, "without a session", err, "sign_in")
		w.person(t, "Eve", "eve@exemple.example")
		eve, _ := w.signIn(t, from("198.51.100.9"), "eve@exemple.example")
		_, err = w.gate.Enter(t.Context(), as(eve), signin.Proof{Link: secretOf(letter)})
		wantCode(t, "in another's session", err, "bad_link")
		v := as(by)
		v.Browser = f.Browser
		e, err := w.gate.Enter(t.Context(), v, signin.Proof{Flow: f.ID, Code: letter.Code})
		if err != nil || e.Done != "email_verified" || e.Session != "" {
			t.Fatalf("%+v %v", e, err)
		}
		m, err := w.people.Member(t.Context(), w.db.Reader(t.Context()), w.mia.ID)
		if err != nil || m.Email != "mia.b@exemple.example" || !m.EmailVerified {
			t.Errorf("%+v %v", m, err)
		}
		w.who(t, secret)
		w.ended(t, "the other session", other)
		w.mail(t)
		if len(w.notices) != 1 || w.notices[0] != "email_changed" {
			t.Errorf("told: %q", w.notices)
		}
		if len(w.former) != 1 || w.former[0] != w.mia.Email {
			t.Errorf("the old address is %q", w.former)
		}
		_, err = w.gate.Enter(t.Context(), v, signin.Proof{Link: secretOf(letter)})
		wantCode(t, "the link after the code", err, "bad_link")
	})
}

func TestANewAddressTellsNotWhoHasIt(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		w.person(t, "Eve", "eve@exemple.example")
		by, _ := w.signIn(t, from("192.0.2.1"), w.mia.Email)
		f, err := w.gate.ChangeEmail(t.Context(), by, as(by), "eve@exemple.example")
		wantCode(t, "an address that somebody has", err, "")
		letter := w.mail(t)[0]
		v := as(by)
		v.Browser = f.Browser
		_, err = w.gate.Enter(t.Context(), v, signin.Proof{Flow: f.ID, Code: letter.Code})
		wantCode(t, "with the code of its mailbox", err, "email_taken")
		for range 4 {
			_, err = w.gate.ChangeEmail(t.Context(), by, as(by), database.NewID()+"@exemple.example")
			wantCode(t, "another", err, "")
		}
		_, err = w.gate.ChangeEmail(t.Context(), by, as(by), "x@exemple.example")
		wantCode(t, "one too many", err, "slow_down")
		if len(w.former) != 0 {
			t.Errorf("there is a former address: %q", w.former)
		}
	})
}

func TestAMembersWaysToSignInAreToldAndForgotten(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		p := withIDP(t, w)
		by, _, _ := w.withAuthenticator(t, w.mia.Email)
		wantCode(t, "link", w.linkTo(t, p, by, "7"), "")
		by, _ = w.withPasskey(t, by, newDevice())
		wantCode(t, "password", w.gate.SetPassword(t.Context(), by, "", goodPassword), "")
		var told signin.Known
		w.write(t, func(tx *database.Tx) error {
			known, err := signin.About(tx, w.mia.ID)
			if err != nil {
				return err
			}
			told = known.(signin.Known)
			return signin.Forget(tx, w.mia.ID)
		})
		if told.PasswordChangedAt == nil || told.AuthenticatorSince == nil || len(told.Passkeys) != 1 || len(told.Providers) != 1 ||
			told.UnusedRecoveryCodes != 10 || len(told.RequestsForLetters) != 1 {
			t.Errorf("told: %+v", told)
		}
		for _, table := range []string{"sign_ins", "passwords", "passkeys", "authenticators", "recovery_codes", "external_identities", "ceremonies"} {
			if n := w.count(t, `SELECT count(*) FROM `+table); n != 0 {
				t.Errorf("%s: %d rows are left", table, n)
			}
		}
	})
}

func TestOldRequestsAreForgotten(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		w.ask(t, from("192.0.2.1"), w.mia.Email)
		if _, err := w.gate.BeginPasskeySignIn(t.Context(), from("192.0.2.1")); err != nil {
			t.Fatal(err)
		}
		before := w.clock.Now().AddDate(0, 1, 0)
		if n, err := signin.Retain(t.Context(), w.db, w.clock.Now()); n != 0 || err != nil {
			t.Errorf("now: %d %v", n, err)
		}
		w.clock.Set(before)
		if n, err := signin.Retain(t.Context(), w.db, before); n != 6 || err != nil { // the request, the ceremony, four counts
			t.Errorf("a month later: %d %v", n, err)
		}
	})
}
