package signin_test

import (
	"strconv"
	"testing"
	"time"

	"canot/internal/fault"
	"canot/internal/identity/signin"
)

func TestWhatWaitsForASignInIsReadByItsSecretForAnHour(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		v := from("192.0.2.1")
		if err := w.gate.Keep(t.Context(), v, "one", "sealed"); err != nil {
			t.Fatal(err)
		}
		kept := func(secret string) string {
			text, err := w.gate.Kept(t.Context(), secret)
			if err != nil {
				t.Fatal(err)
			}
			return text
		}
		if kept("one") != "sealed" || kept("two") != "" || kept("") != "" {
			t.Errorf("%q, %q and %q", kept("one"), kept("two"), kept(""))
		}
		for i := range 299 { // a class behind one address is let through
			if err := w.gate.Keep(t.Context(), v, strconv.Itoa(i), "x"); err != nil {
				t.Fatalf("%d: %v", i, err)
			}
		}
		if err := w.gate.Keep(t.Context(), v, "more", "x"); fault.KindOf(err) != fault.TooMany {
			t.Errorf("one source keeps as much as it likes: %v", err)
		}
		w.clock.Move(time.Hour)
		if kept("one") != "" {
			t.Error("it is kept for longer than an hour")
		}
	})
}

// TestALetterSaysWhereToComeBackTo, to who opens its link, once, and to nobody who asked for none.
func TestALetterSaysWhereToComeBackTo(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		asks := from("192.0.2.1")
		asks.Back = "/lieux?de=amos"
		_, letter := w.ask(t, asks, w.mia.Email)
		e, err := w.gate.Enter(t.Context(), from("198.51.100.9"), signin.Proof{Link: secretOf(letter)})
		if err != nil || e.Back != asks.Back {
			t.Errorf("back to %q: %v", e.Back, err)
		}
		_, letter = w.ask(t, from("192.0.2.1"), w.mia.Email)
		e, err = w.gate.Enter(t.Context(), from("198.51.100.9"), signin.Proof{Link: secretOf(letter)})
		if err != nil || e.Back != "" {
			t.Errorf("back to %q: %v", e.Back, err)
		}
	})
}
