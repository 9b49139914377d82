package identity_test

import (
	"testing"
	"time"

	"canot/internal/database"
	"canot/internal/identity"
)

func TestWhoHasTwoFactorsProvesBoth(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		_, first := w.open(t, w.member.ID, 1)
		_, both := w.open(t, w.member.ID, 2)
		one := identity.Actor{ID: w.member.ID, SessionID: first.ID}
		two := identity.Actor{ID: w.member.ID, SessionID: both.ID}
		token := identity.Actor{ID: w.member.ID, TokenID: "t"}
		proved := func(what string, a identity.Actor, fully, freshly string) {
			t.Helper()
			r := w.db.Reader(t.Context())
			wantCode(t, what+", fully", w.dir.FullyProved(r, a), fully)
			wantCode(t, what+", freshly", w.dir.FreshlyProved(r, a), freshly)
		}
		proved("one of one", one, "", "")
		w.exec(t, `INSERT INTO authenticators (member_id, secret, created_at) VALUES ($1, 's', $2)`, w.member.ID, w.db.Now())
		proved("with an authenticator that is not confirmed", one, "", "")
		w.exec(t, `UPDATE authenticators SET confirmed_at = $1`, w.db.Now())
		proved("one of two", one, "second_factor_needed", "second_factor_needed")
		proved("two of two", two, "", "")
		proved("a token", token, "", "session_needed")
		proved("a visitor", identity.Actor{}, "sign_in", "sign_in")
		proved("the system", identity.System, "", "session_needed")
		proved("in another's session", identity.Actor{ID: w.admin.ID, SessionID: both.ID}, "sign_in", "sign_in")
		w.exec(t, `DELETE FROM authenticators`)
		w.exec(t, `INSERT INTO passkeys (id, member_id, credential, data, created_at) VALUES ('k', $1, 'c', '{}', $2)`, w.member.ID, w.db.Now())
		proved("one, with a passkey", one, "second_factor_needed", "second_factor_needed")
		w.clock.Move(15*time.Minute + time.Second)
		proved("two, later", two, "", "fresh_sign_in_needed")
		w.exec(t, `UPDATE sessions SET created_at = $1, method = 'password'`, w.db.Now())
		proved("by a password", two, "", "fresh_sign_in_needed")
		w.exec(t, `UPDATE sessions SET revoked_at = $1`, w.db.Now())
		proved("in a session that has ended", two, "sign_in", "sign_in")
	})
}

func TestAnAddressIsKeyedByItsMailbox(t *testing.T) {
	for text, want := range map[string]string{
		" Zoe@Exemple.EXAMPLE ": "zoe@exemple.example", "\u00c9lo\u00efse@exemple.example": "\u00e9lo\u00efse@exemple.example",
		"e\u0301@exemple.example": "\u00e9@exemple.example", "stra\u00dfe@exemple.example": "stra\u00dfe@exemple.example",
		"a@qu\u00e9bec.example": "a@xn--qubec-csa.example", "a@XN--qubec-csa.example": "a@xn--qubec-csa.example", "a@b_c.example": "a@b_c.example",
	} {
		if _, key, err := identity.Address("email", text); key != want || err != nil {
			t.Errorf("%q: %q %v, want %q", text, key, err, want)
		}
	}
	for _, text := range []string{"\ufb01@exemple.example", "\uff41@exemple.example", "\u017f@exemple.example", "\u0130@exemple.example", "a@exem\uff50le.example", "a@-\u00e9.example"} {
		if _, _, err := identity.Address("email", text); err == nil {
			t.Errorf("%q is taken", text)
		}
	}
}

func (w *town) exec(t *testing.T, query string, args ...any) {
	t.Helper()
	err := w.db.In(t.Context(), func(tx *database.Tx) error {
		_, err := tx.Exec(query, args...)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
