package main

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// keptList is what the worker keeps of somebody's bookings, "" for nothing.
func (w *window) keptList() string {
	return evaluate[string](w, `caches.match("/compte/a-venir.json").then((kept) => kept ? kept.text() : "")`, chromedp.EvalAwaitPromise)
}

// enterTrial presses the button by which a demo is entered as somebody, and waits until the worker
// keeps what they have booked and nothing of before.
func (w *window) enterTrial(email, before string) string {
	w.t.Helper()
	w.open("/")
	pages := w.pages()
	evaluate[chromedp.Void](w, `document.querySelector('form[action="/demo/entrer"] [value="`+email+`"]').form.requestSubmit()`)
	w.wait("the answer", func() bool { return w.pages() > pages }) // somebody else may be in already
	w.until("somebody is in", `document.querySelector('nav [href="/compte"]')`)
	w.calm()
	w.open("/reservations")
	w.until("the worker is there", `navigator.serviceWorker.controller`)
	w.open("/reservations")
	kept := ""
	w.wait("the list is kept", func() bool { kept = w.keptList(); return kept != "" && kept != before })
	return kept
}

func TestComingBookingsAreReadWhenTheLineIsDown(t *testing.T) {
	t.Parallel()
	r, d := startDemo(t)
	w := openWindow(t, d.URL, phone)
	w.allow("did not load")
	email := map[string]string{}
	for _, a := range d.Accounts {
		email[a.Role] = a.Email
	}
	artist := w.enterTrial(email["member"], "")
	if !strings.Contains(artist, `"reference":"`) {
		t.Fatalf("the artist has nothing booked: %s", artist)
	}
	// Somebody else on the same device never finds it.
	staff := w.enterTrial(email["staff"], artist)
	for _, part := range strings.Split(artist, `"reference":"`)[1:] {
		if reference, _, _ := strings.Cut(part, `"`); strings.Contains(staff, reference) {
			t.Errorf("the list of the staff has %s of the artist's", reference)
		}
	}
	// Who leaves takes it along.
	w.open("/compte")
	evaluate[chromedp.Void](w, `document.querySelector('form[action="/deconnexion"]').requestSubmit()`)
	w.until("nobody is in", `location.pathname === "/connexion"`)
	w.wait("the list is gone", func() bool { return w.keptList() == "" })

	w.enterTrial(email["member"], "")
	r.end(t)
	w.open("/en/compte")
	w.until("it says so in English", `document.documentElement.lang === "en" && document.querySelector("h1").textContent.includes("offline")`)
	w.open("/lieux")
	w.until("the list is shown", `document.querySelectorAll("#kept li").length > 0`)
	w.fits()
	w.accessible(runAxe)
	said := w.reads()
	reference, _, _ := strings.Cut(strings.SplitN(artist, `"reference":"`, 2)[1], `"`)
	for _, part := range []string{"La ligne est coupée", "Vos prochaines réservations", "Vues le ", reference} {
		if !strings.Contains(said, part) {
			t.Errorf("the page lacks %q:\n%s", part, said)
		}
	}
}
