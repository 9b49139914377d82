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

func TestALinkSignsInOnceFromAnywhere(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		_, letter := w.ask(t, from("192.0.2.1"), " MIA@Exemple.example ")
		if letter.MemberID != w.mia.ID || letter.New || letter.Language != "en" || letter.Email != w.mia.Email {
			t.Errorf("the letter is %+v", letter)
		}
		if !strings.HasPrefix(letter.Link, publicURL+"/en"+signin.LinkPath+"?") {
			t.Errorf("the link is %s", letter.Link)
		}
		elsewhere := from("198.51.100.9")
		e, err := w.gate.Enter(t.Context(), elsewhere, signin.Proof{Link: secretOf(letter)})
		if err != nil || e.MemberID != w.mia.ID {
			t.Fatalf("%+v %v", e, err)
		}
		who := w.who(t, e.Session)
		if who.ID != w.mia.ID || who.SessionID == "" {
			t.Errorf("the session is of %+v", who)
		}
		_, err = w.gate.Enter(t.Context(), elsewhere, signin.Proof{Link: secretOf(letter)})
		wantCode(t, "a second time", err, "bad_link")
		m, err := w.people.Member(t.Context(), w.db.Reader(t.Context()), w.mia.ID)
		if err != nil || !m.EmailVerified {
			t.Errorf("the address is not verified: %v", err)
		}
	})
}

func TestALinkIsUsedOnceByManyAtOnce(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		_, letter := w.ask(t, from("192.0.2.1"), w.mia.Email)
		var wg sync.WaitGroup
		var mu sync.Mutex
		in := 0
		for range 16 {
			wg.Go(func() {
				_, err := w.gate.Enter(t.Context(), from("192.0.2.1"), signin.Proof{Link: secretOf(letter)})
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					in++
				} else if !fault.Is(err, "bad_link") {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if in != 1 || w.count(t, `SELECT count(*) FROM sessions`) != 1 {
			t.Errorf("%d got in", in)
		}
	})
}

func TestALetterIsOver(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		v := from("192.0.2.1")
		f, letter := w.ask(t, v, w.mia.Email)
		v.Browser = f.Browser
		w.clock.Move(15 * time.Minute)
		_, err := w.gate.Enter(t.Context(), v, signin.Proof{Link: secretOf(letter)})
		wantCode(t, "the link", err, "bad_link")
		_, err = w.gate.Enter(t.Context(), v, signin.Proof{Flow: f.ID, Code: letter.Code})
		wantCode(t, "the code", err, "bad_code")
		_, err = w.gate.Secrets(t.Context(), f.ID)
		wantCode(t, "other secrets", err, "sign_in_not_found")
	})
}

func TestALetterSentAgainReplacesTheFirst(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		v := from("192.0.2.1")
		f, first := w.ask(t, v, w.mia.Email)
		second, err := w.gate.Secrets(t.Context(), f.ID)
		if err != nil {
			t.Fatal(err)
		}
		_, err = w.gate.Enter(t.Context(), v, signin.Proof{Link: secretOf(first)})
		wantCode(t, "the first link", err, "bad_link")
		_, err = w.gate.Enter(t.Context(), v, signin.Proof{Link: secretOf(second)})
		wantCode(t, "the second link", err, "")
		for _, column := range []string{"link_hash", "code_hash", "browser"} {
			if n := w.count(t, `SELECT count(*) FROM sign_ins WHERE `+column+` IN ($1, $2, $3)`, secretOf(second), second.Code, f.Browser); n != 0 {
				t.Errorf("a secret is kept in %s", column)
			}
		}
	})
}

func TestACodeCountsInTheBrowserThatAskedForFiveTries(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		v := from("192.0.2.1")
		f, letter := w.ask(t, v, w.mia.Email)
		right := signin.Proof{Flow: f.ID, Code: letter.Code[:3] + " " + letter.Code[3:]}
		_, err := w.gate.Enter(t.Context(), v, right)
		wantCode(t, "without the cookie", err, "bad_code")
		v.Browser = strings.Repeat("A", 43)
		_, err = w.gate.Enter(t.Context(), v, right)
		wantCode(t, "in another browser", err, "bad_code")
		v.Browser = f.Browser
		wrong := "000000"
		if letter.Code == wrong {
			wrong = "000001"
		}
		for range 4 {
			_, err = w.gate.Enter(t.Context(), v, signin.Proof{Flow: f.ID, Code: wrong})
			wantCode(t, "a wrong code", err, "bad_code")
		}
		e, err := w.gate.Enter(t.Context(), v, right)
		if err != nil || e.Session == "" {
			t.Fatalf("the fifth try, right: %v", err)
		}
		_, err = w.gate.Enter(t.Context(), v, right)
		wantCode(t, "the same code again", err, "bad_code")

		f, letter = w.ask(t, v, w.mia.Email)
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() {
				_, err := w.gate.Enter(t.Context(), v, signin.Proof{Flow: f.ID, Code: "999 999 9"})
				wantCode(t, "many wrong codes at once", err, "bad_code")
			})
		}
		wg.Wait()
		_, err = w.gate.Enter(t.Context(), v, signin.Proof{Flow: f.ID, Code: letter.Code})
		wantCode(t, "the right one after five", err, "bad_code")
		_, err = w.gate.Enter(t.Context(), v, signin.Proof{Link: secretOf(letter)})
		wantCode(t, "the owner, by the link", err, "")
	})
}

func TestCodesAreSlowedDownBySource(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		v := from("192.0.2.1")
		for range 60 {
			_, err := w.gate.Enter(t.Context(), v, signin.Proof{Flow: "0000000000000000", Code: "123456"})
			wantCode(t, "a guess", err, "bad_code")
		}
		_, err := w.gate.Enter(t.Context(), v, signin.Proof{Flow: "0000000000000000", Code: "123456"})
		wantCode(t, "one too many", err, "slow_down")
		if f := fault.Of(err); f.Kind != fault.TooMany || f.RetryAfter <= 0 || f.RetryAfter > 15*time.Minute {
			t.Errorf("it says %+v", f)
		}
		_, err = w.gate.Enter(t.Context(), from("198.51.100.9"), signin.Proof{Flow: "0000000000000000", Code: "123456"})
		wantCode(t, "another source", err, "bad_code")
		w.clock.Move(15 * time.Minute)
		_, err = w.gate.Enter(t.Context(), v, signin.Proof{Flow: "0000000000000000", Code: "123456"})
		wantCode(t, "later", err, "bad_code")
	})
}

func TestASessionSetBeforeSignInEnds(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		w.person(t, "Eve", "eve@exemple.example")
		eve, planted := w.signIn(t, from("198.51.100.9"), "eve@exemple.example")
		// Eve puts her session into Mia's browser, and Mia signs in there.
		mia, _ := w.signIn(t, as(eve), w.mia.Email)
		w.ended(t, "the session that was planted", planted)
		_, second := w.signIn(t, as(mia), w.mia.Email)
		if again := w.who(t, second); again.SessionID == mia.SessionID {
			t.Error("signing in again keeps the session")
		}
		_, err := w.gate.Enter(t.Context(), as(mia), signin.Proof{Link: "x"})
		wantCode(t, "a proof that fails", err, "bad_link")
		w.who(t, second)
	})
}

func TestAnAccountIsOpenedByWhoProvedTheAddress(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		v := from("192.0.2.1")
		_, letter := w.ask(t, v, "new@exemple.example")
		if !letter.New || letter.MemberID != "" || letter.Language != "fr" {
			t.Errorf("the letter is %+v", letter)
		}
		e, err := w.gate.Enter(t.Context(), v, signin.Proof{Link: secretOf(letter)})
		if err != nil || e.SignUp == "" || e.Session != "" || e.Email != "new@exemple.example" {
			t.Fatalf("%+v %v", e, err)
		}
		_, err = w.gate.Enter(t.Context(), v, signin.Proof{Link: secretOf(letter)})
		wantCode(t, "the link again", err, "bad_link")
		n := signin.NewPerson{Name: "Noé", Language: "fr", HomeHubID: amos, Consent: true, ConsentText: "Oui."}
		_, err = w.gate.SignUp(t.Context(), v, e.SignUp, n)
		wantCode(t, "in another browser", err, "bad_sign_up")
		v.Browser = e.Browser
		n.Consent = false
		_, err = w.gate.SignUp(t.Context(), v, e.SignUp, n)
		if f := fault.Of(err); f == nil || f.Violations[0].Code != "consent_required" {
			t.Errorf("without consent: %v", err)
		}
		n.Consent = true
		for born, code := range map[string]string{"2012-11-22": "parent_needed", "2012-31-01": "malformed"} {
			n.BirthDate = born
			_, err = w.gate.SignUp(t.Context(), v, e.SignUp, n)
			wantCode(t, "born "+born, err, code)
		}
		n.BirthDate = "2012-11-21"
		e2, err := w.gate.SignUp(t.Context(), v, e.SignUp, n)
		if err != nil {
			t.Fatal(err)
		}
		m, err := w.people.Member(t.Context(), w.db.Reader(t.Context()), w.who(t, e2.Session).ID)
		if err != nil || m.Email != "new@exemple.example" || !m.EmailVerified || m.Name != "Noé" || m.BirthDate != n.BirthDate {
			t.Errorf("the account is %+v %v", m, err)
		}
		if w.count(t, `SELECT count(*) FROM consents WHERE member_id = $1 AND text = 'Oui.' AND purpose = 'account' AND language = 'fr'`, m.ID) != 1 {
			t.Error("the consent is not kept")
		}
		_, err = w.gate.SignUp(t.Context(), v, e.SignUp, n)
		wantCode(t, "twice", err, "bad_sign_up")
	})
}

func TestASignUpIsNotFinishedWithoutProof(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		v := from("192.0.2.1")
		f, letter := w.ask(t, v, "new@exemple.example")
		v.Browser = f.Browser
		n := signin.NewPerson{Name: "Noé", Language: "fr", Consent: true, ConsentText: "Oui."}
		_, err := w.gate.SignUp(t.Context(), v, f.ID, n)
		wantCode(t, "before the proof", err, "bad_sign_up")
		e, err := w.gate.Enter(t.Context(), v, signin.Proof{Flow: f.ID, Code: letter.Code})
		if err != nil {
			t.Fatal(err)
		}
		w.clock.Move(time.Hour)
		v.Browser = e.Browser
		_, err = w.gate.SignUp(t.Context(), v, e.SignUp, n)
		wantCode(t, "an hour later", err, "bad_sign_up")
	})
}

func TestASignUpOfSomebodyWhoHasAnAccountByNowSignsIn(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		v := from("192.0.2.1")
		_, letter := w.ask(t, v, "new@exemple.example")
		e, err := w.gate.Enter(t.Context(), v, signin.Proof{Link: secretOf(letter)})
		if err != nil {
			t.Fatal(err)
		}
		m := w.person(t, "Noé", "new@exemple.example")
		v.Browser = e.Browser
		e, err = w.gate.SignUp(t.Context(), v, e.SignUp, signin.NewPerson{Name: "Autre", Language: "fr", Consent: true, ConsentText: "Oui."})
		if err != nil || e.MemberID != m.ID {
			t.Errorf("%+v %v", e, err)
		}
	})
}

func TestALinkOfAnAccountThatWasClosedMeanwhile(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		v := from("192.0.2.1")
		_, letter := w.ask(t, v, w.mia.Email)
		w.close(t, w.mia.ID)
		_, err := w.gate.Enter(t.Context(), v, signin.Proof{Link: secretOf(letter)})
		wantCode(t, "the link", err, "bad_link")
	})
}

func TestAnAddressOfAServerThatDoesNotKnowItsOwn(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		w.gate = signin.New(w.db, w.people, signin.Settings{})
		_, letter := w.ask(t, from("192.0.2.1"), w.mia.Email)
		if letter.Link != "" || len(letter.Code) != 6 {
			t.Errorf("the letter is %+v", letter)
		}
		_, err := w.gate.BeginPasskeySignIn(t.Context(), from("192.0.2.1"))
		wantCode(t, "a passkey", err, "passkeys_unavailable")
		_, _, err = w.gate.BeginOIDC(t.Context(), from("192.0.2.1"))
		wantCode(t, "a provider", err, "oidc_unavailable")
		_, err = w.gate.BeginPasskey(t.Context(), identity.Actor{}, from("192.0.2.1"))
		wantCode(t, "a new passkey", err, "passkeys_unavailable")
	})
}
