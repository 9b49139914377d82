package signin_test

import (
	"testing"

	"canot/internal/identity"
	"canot/internal/identity/signin"
)

// A thief who made a token while they were in loses it with the rest.
func TestTokensEndWithTheWaysInThatMadeThem(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		by, _ := w.signIn(t, from("192.0.2.1"), w.mia.Email)
		for _, change := range []struct {
			name string
			do   func() error
		}{
			{"a password", func() error { return w.gate.SetPassword(t.Context(), by, "", goodPassword) }},
			{"another address", func() error {
				f, err := w.gate.ChangeEmail(t.Context(), by, as(by), "mia.b@exemple.example")
				if err != nil {
					return err
				}
				v := as(by)
				v.Browser = f.Browser
				_, err = w.gate.Enter(t.Context(), v, signin.Proof{Flow: f.ID, Code: w.mail(t)[0].Code})
				return err
			}},
			{"a reset", func() error { return w.gate.ResetFactors(t.Context(), identity.System, w.mia.ID, noKey) }},
		} {
			secret, _, err := w.people.IssueToken(t.Context(), identity.System, w.mia.ID, identity.TokenRequest{Scopes: []string{"book"}})
			wantCode(t, change.name, err, "")
			_, err = w.people.Authenticate(t.Context(), secret)
			wantCode(t, "before "+change.name, err, "")
			wantCode(t, change.name, change.do(), "")
			_, err = w.people.Authenticate(t.Context(), secret)
			wantCode(t, "after "+change.name, err, "bad_token")
		}
	})
}

// Nobody resets who holds a right there that they do not have themselves.
func TestAResetTakesEveryRightOfTheOther(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		g := identity.Grant{Role: identity.Manager, HubID: amos, Rights: "manage_members view_persons"}
		m := w.person(t, "Max", "max@exemple.example", g)
		max := identity.Actor{ID: m.ID, Grants: []identity.Grant{g}}
		other := w.person(t, "Sam", "sam@exemple.example", identity.Grant{Role: identity.Staff, HubID: amos, Rights: "see_money"})
		wantCode(t, "who sees money", w.gate.ResetFactors(t.Context(), max, other.ID, noKey), "not_allowed")
		wantCode(t, "a member", w.gate.ResetFactors(t.Context(), max, w.mia.ID, noKey), "")
	})
}
