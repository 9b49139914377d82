package signin_test

import (
	"strings"
	"testing"

	"canot/internal/fault"
	"canot/internal/identity"
	"canot/internal/identity/signin"
)

func TestTextsThatNoDataBaseTakesAreRefusedLikeOthers(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		ctx := t.Context()
		by, _ := w.signIn(t, from("192.0.2.1"), w.mia.Email)
		for _, bad := range []string{"\x00", "\xff\xfe", "x\x00y", strings.Repeat("x", 100_000), "' OR 1=1 --", ""} {
			v := as(by)
			v.Browser, v.Device, v.Source = bad, bad, bad
			full := signin.NewPerson{Name: "N", Language: "fr", Consent: true, ConsentText: "Oui."}
			_, err := w.gate.Ask(ctx, v, bad, bad)
			wantCode(t, "ask", err, "malformed")
			if bad != "" {
				_, err = w.gate.Enter(ctx, v, signin.Proof{Link: bad})
				wantCode(t, "link", err, "bad_link")
			}
			_, err = w.gate.Enter(ctx, v, signin.Proof{Flow: bad, Code: bad})
			wantCode(t, "code", err, "bad_code")
			_, err = w.gate.SignUp(ctx, v, bad, full)
			wantCode(t, "sign up", err, "bad_sign_up")
			_, err = w.gate.Password(ctx, v, w.mia.Email, bad)
			wantCode(t, "password", err, "bad_credentials")
			_, err = w.gate.FinishPasskeySignIn(ctx, v, bad, []byte(bad))
			wantCode(t, "passkey", err, "bad_passkey")
			_, err = w.gate.SecondFactor(ctx, by, v, bad)
			wantCode(t, "second factor", err, "bad_factor")
			w.exec(t, `DELETE FROM attempts`)
			if err := w.gate.SetPassword(ctx, by, bad, bad); err != nil && fault.KindOf(err) != fault.Refused {
				t.Errorf("set password: %v", err)
			}
			wantCode(t, "remove passkey", w.gate.RemovePasskey(ctx, by, bad), "passkey_not_found")
			_, err = w.gate.ChangeEmail(ctx, by, v, bad)
			wantCode(t, "change address", err, "malformed")
			wantCode(t, "reset", w.gate.ResetFactors(ctx, identity.System, bad, noKey), "member_not_found")
			if f, err := w.gate.Ask(ctx, v, w.mia.Email, bad); err != nil || f.Browser == bad {
				t.Errorf("ask with a browser that is none: %v", err)
			}
			if _, _, err = w.gate.FinishPasskey(ctx, by, v, bad, []byte(bad), bad); err == nil || fault.KindOf(err) == fault.Internal {
				t.Errorf("a new passkey: %v", err)
			}
		}
	})
}
