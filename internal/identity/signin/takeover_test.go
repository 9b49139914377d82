package signin_test

import (
	"slices"
	"testing"
	"time"

	"canot/internal/fault"
	"canot/internal/identity"
	"canot/internal/identity/signin"
)

// full is what somebody says of themselves at their sign-up.
var full = signin.NewPerson{Name: "Noé", Language: "fr", Consent: true, ConsentText: "Oui."}

func TestAnAddressThatLooksLikeAnotherOpensNoAccount(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		strauss := w.person(t, "Strauss", "strauss@exemple.example")
		v := from("192.0.2.1")
		_, letter := w.ask(t, v, "strauß@exemple.example")
		if !letter.New || letter.MemberID != "" {
			t.Fatalf("the letter to another mailbox is of the member: %+v", letter)
		}
		e, err := w.gate.Enter(t.Context(), v, signin.Proof{Link: secretOf(letter)})
		if err != nil || e.Session != "" || e.SignUp == "" {
			t.Errorf("another mailbox opens %+v %v", e, err)
		}
		for _, email := range []string{"\u017ftrauss@exemple.example", "stra\uff55ss@exemple.example", "m\u0130a@exemple.example", "o\ufb03ce@exemple.example"} {
			_, err := w.gate.Ask(t.Context(), v, email, "fr")
			if f := fault.Of(err); f == nil || len(f.Violations) != 1 || f.Violations[0].Code != "bad_email" {
				t.Errorf("%q: %v", email, err)
			}
		}
		// An account of before today's rule: its key holds it together with another mailbox.
		w.exec(t, `UPDATE members SET email = 'gro\u00df@exemple.example', email_key = 'gross@exemple.example', email_verified_at = NULL WHERE id = $1`, strauss.ID)
		_, letter = w.ask(t, v, "gross@exemple.example")
		if letter.MemberID != strauss.ID || letter.Email == "gross@exemple.example" {
			t.Errorf("the letter goes to %q", letter.Email)
		}
		_, err = w.gate.Enter(t.Context(), v, signin.Proof{Link: secretOf(letter)})
		wantCode(t, "a link to another spelling", err, "bad_link")
	})
}

func TestADomainIsOneInBothItsForms(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		m := w.person(t, "Élodie", "elodie@qu\u00e9bec.example")
		_, letter := w.ask(t, from("192.0.2.1"), "Elodie@XN--QUBEC-CSA.example")
		if letter.MemberID != m.ID || letter.Email != m.Email {
			t.Fatalf("%+v", letter)
		}
		e, err := w.gate.Enter(t.Context(), from("192.0.2.1"), signin.Proof{Link: secretOf(letter)})
		if err != nil || e.MemberID != m.ID {
			t.Errorf("%+v %v", e, err)
		}
	})
}

func TestAProvidersSignUpDoesNotMeetAnAccount(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		p, v := withIDP(t, w), from("192.0.2.1")
		e, err := w.byProvider(t, p, v, "666", "new@exemple.example", true)
		if err != nil {
			t.Fatal(err)
		}
		w.person(t, "Noé", "new@exemple.example")
		v.Browser = e.Browser
		for range 2 {
			e, err := w.gate.SignUp(t.Context(), v, e.SignUp, full)
			wantCode(t, "an address that somebody has by now", err, "oidc_email_known")
			if e.Session != "" {
				t.Error("a session began")
			}
		}
	})
}

func TestAStolenSessionKeepsNoWayIn(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		withIDP(t, w)
		by, _ := w.signIn(t, from("192.0.2.1"), w.mia.Email)
		w.clock.Move(16 * time.Minute)
		ctx := t.Context()
		_, passkey := w.gate.BeginPasskey(ctx, by, as(by))
		_, authenticator := w.gate.BeginAuthenticator(ctx, by)
		_, codes := w.gate.NewRecoveryCodes(ctx, by)
		_, _, link := w.gate.LinkOIDC(ctx, by, as(by))
		_, email := w.gate.ChangeEmail(ctx, by, as(by), "thief@exemple.example")
		for what, err := range map[string]error{
			"a passkey": passkey, "an authenticator": authenticator, "recovery codes": codes, "a link": link, "an address": email,
			"a password": w.gate.SetPassword(ctx, by, "", goodPassword),
		} {
			wantCode(t, what, err, "fresh_sign_in_needed")
		}
	})
}

func TestTheOwnerTakesAwayAPasswordThatTheyDidNotSet(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		w.setPassword(t, w.mia.Email, "a password of the thief")
		entry, err := w.gate.Password(t.Context(), from("198.51.100.9"), w.mia.Email, "a password of the thief")
		if err != nil {
			t.Fatal(err)
		}
		thief := w.who(t, entry.Session)
		wantCode(t, "by a password alone", w.gate.RemovePassword(t.Context(), thief, ""), "bad_old_password")
		_, err = w.gate.BeginPasskey(t.Context(), thief, as(thief))
		wantCode(t, "a passkey, by a password alone", err, "fresh_sign_in_needed")
		mia, _ := w.signIn(t, from("192.0.2.1"), w.mia.Email)
		wantCode(t, "by a letter", w.gate.RemovePassword(t.Context(), mia, ""), "")
		w.ended(t, "the session of the thief", entry.Session)
		_, err = w.gate.Password(t.Context(), from("198.51.100.9"), w.mia.Email, "a password of the thief")
		wantCode(t, "the password", err, "bad_credentials")
	})
}

func TestAResetTakesWhatAThiefHasSet(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		p := withIDP(t, w)
		by := w.setPassword(t, w.mia.Email, goodPassword)
		wantCode(t, "link", w.linkTo(t, p, by, "666"), "")
		if err := w.gate.ResetFactors(t.Context(), identity.System, w.mia.ID, noKey); err != nil {
			t.Fatal(err)
		}
		_, err := w.gate.Password(t.Context(), from("192.0.2.1"), w.mia.Email, goodPassword)
		wantCode(t, "the password", err, "bad_credentials")
		_, err = w.byProvider(t, p, from("192.0.2.1"), "666", w.mia.Email, true)
		wantCode(t, "the provider", err, "oidc_email_known")
	})
}

func TestStaffKeepTheirLastFactor(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		sam := w.person(t, "Sam", "sam@exemple.example", identity.Grant{Role: identity.Staff, HubID: amos})
		by, _, _ := w.withAuthenticator(t, sam.Email)
		wantCode(t, "the only one", w.gate.RemoveAuthenticator(t.Context(), by), "last_factor")
		if n := w.count(t, `SELECT count(*) FROM authenticators`) + w.count(t, `SELECT count(*) FROM recovery_codes`); n != 11 {
			t.Errorf("%d are left", n)
		}
		by, key := w.withPasskey(t, by, newDevice())
		wantCode(t, "one of two", w.gate.RemoveAuthenticator(t.Context(), by), "")
		wantCode(t, "the other", w.gate.RemovePasskey(t.Context(), by, key.ID), "last_factor")
	})
}

func TestNobodyKeepsAnotherFromALetter(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		_, letter := w.ask(t, from("192.0.2.1"), w.mia.Email)
		w.exec(t, `UPDATE attempts SET count = 20`)
		w.exec(t, `DELETE FROM attempts WHERE ends_at < $1`, w.clock.Now().Add(time.Hour)) // all but that of the address
		sent := 0
		for range 8 {
			v := from("198.51.100.9")
			v.Source = letter.Code + string(rune('a'+sent)) // from everywhere
			_, err := w.gate.Ask(t.Context(), v, w.mia.Email, "fr")
			wantCode(t, "one too many", err, "")
			sent += len(w.mail(t))
			w.clock.Move(time.Minute)
		}
		if sent != 2 {
			t.Errorf("%d letters in eight minutes", sent)
		}
	})
}

func TestRightPasswordsDoNotCount(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		w.setPassword(t, w.mia.Email, goodPassword)
		w.exec(t, `DELETE FROM attempts`)
		for range 2 {
			if _, err := w.gate.Password(t.Context(), from("192.0.2.1"), w.mia.Email, goodPassword); err != nil {
				t.Fatal(err)
			}
		}
		if n := w.count(t, `SELECT COALESCE(sum(count), 0) FROM attempts`); n != 0 {
			t.Errorf("%d count", n)
		}
	})
}

func TestAfterManyWrongCodesTheLinkRemains(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		for flow := range 6 {
			f, letter := w.ask(t, from([]string{"192.0.2.1", "192.0.2.2"}[flow%2]), w.mia.Email)
			for range 5 {
				_, err := w.gate.Enter(t.Context(), signin.Visitor{Browser: f.Browser}, signin.Proof{Flow: f.ID, Code: wrongCode(letter.Code)})
				wantCode(t, "a guess", err, "bad_code")
			}
		}
		f, letter := w.ask(t, from("192.0.2.3"), w.mia.Email)
		_, err := w.gate.Enter(t.Context(), signin.Visitor{Browser: f.Browser}, signin.Proof{Flow: f.ID, Code: letter.Code})
		wantCode(t, "the right code", err, "bad_code")
		_, err = w.gate.Enter(t.Context(), from("192.0.2.3"), signin.Proof{Link: secretOf(letter)})
		wantCode(t, "the link", err, "")
	})
}

func TestALinkTellsWhoseItIs(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		_, letter := w.ask(t, from("192.0.2.1"), w.mia.Email)
		if whose, err := w.gate.Whose(t.Context(), secretOf(letter)); whose != "m…@exemple.example" || err != nil {
			t.Errorf("%q %v", whose, err)
		}
		if _, err := w.gate.Enter(t.Context(), from("192.0.2.1"), signin.Proof{Link: secretOf(letter)}); err != nil {
			t.Fatal(err)
		}
		for _, link := range []string{secretOf(letter), "", "\x00"} {
			if whose, err := w.gate.Whose(t.Context(), link); whose != "" || err != nil {
				t.Errorf("%q: %q %v", link, whose, err)
			}
		}
	})
}

// moveTo gives a member another address, in a session of theirs.
func (w *town) moveTo(t *testing.T, by identity.Actor, email string) {
	t.Helper()
	f, err := w.gate.ChangeEmail(t.Context(), by, as(by), email)
	if err != nil {
		t.Fatal(err)
	}
	letters := w.mail(t)
	v := as(by)
	v.Browser = f.Browser
	if _, err := w.gate.Enter(t.Context(), v, signin.Proof{Flow: f.ID, Code: letters[len(letters)-1].Code}); err != nil {
		t.Fatal(err)
	}
}

// TestTheWarningGoesToTheAddressThatWasTaken also when the next change is quicker than the letter.
func TestTheWarningGoesToTheAddressThatWasTaken(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		by, _ := w.signIn(t, from("192.0.2.1"), w.mia.Email)
		var proofs []signin.Proof
		for _, email := range []string{"b@exemple.example", "c@exemple.example"} {
			if _, err := w.gate.ChangeEmail(t.Context(), by, as(by), email); err != nil {
				t.Fatal(err)
			}
			proofs = append(proofs, signin.Proof{Link: secretOf(w.mail(t)[0])})
		}
		for _, proof := range proofs {
			if _, err := w.gate.Enter(t.Context(), as(by), proof); err != nil {
				t.Fatal(err)
			}
			w.clock.Move(time.Second)
		}
		w.mail(t)
		if len(w.former) != 2 || !slices.Contains(w.former, w.mia.Email) || !slices.Contains(w.former, "b@exemple.example") {
			t.Errorf("told: %q", w.former)
		}
	})
}

func TestStaffGiveAnAddressBack(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		manager := w.person(t, "Max", "max@exemple.example", identity.Grant{Role: identity.Manager, HubID: amos})
		max := identity.Actor{ID: manager.ID, Grants: []identity.Grant{{Role: identity.Manager, HubID: amos}}}
		restore := func(by identity.Actor) error { return w.gate.RestoreEmail(t.Context(), by, w.mia.ID, noKey) }
		wantCode(t, "before any change", restore(max), "no_former_address")
		thief, session := w.signIn(t, from("192.0.2.1"), w.mia.Email)
		w.moveTo(t, thief, "b@exemple.example")
		w.clock.Move(time.Minute)
		w.moveTo(t, thief, "c@exemple.example")
		if _, _, err := w.people.IssueToken(t.Context(), identity.System, w.mia.ID, identity.TokenRequest{Label: "x", Scopes: []string{"read"}}); err != nil {
			t.Fatal(err)
		}
		wantCode(t, "by a visitor", restore(identity.Actor{}), "sign_in")
		wantCode(t, "by oneself", restore(thief), "not_allowed")
		stranger := w.person(t, "Stan", "stan@exemple.example", identity.Grant{Role: identity.Manager, HubID: matagami})
		wantCode(t, "by who may not see them", restore(identity.Actor{ID: stranger.ID, Grants: []identity.Grant{{Role: identity.Manager, HubID: matagami}}}), "member_not_found")
		for _, want := range []string{"b@exemple.example", w.mia.Email} {
			wantCode(t, want, restore(max), "")
			m, err := w.people.Member(t.Context(), w.db.Reader(t.Context()), w.mia.ID)
			if err != nil || m.Email != want || !m.EmailVerified {
				t.Errorf("%q %v, want %q", m.Email, err, want)
			}
		}
		wantCode(t, "once more", restore(max), "no_former_address")
		w.ended(t, "the session of the thief", session)
		if n := w.count(t, `SELECT count(*) FROM tokens WHERE revoked_at IS NULL`); n != 0 {
			t.Errorf("%d tokens", n)
		}
		mia, _ := w.signIn(t, from("192.0.2.1"), w.mia.Email)
		w.moveTo(t, mia, "d@exemple.example")
		w.clock.Move(31 * 24 * time.Hour)
		wantCode(t, "a month later", restore(max), "no_former_address")
	})
}
