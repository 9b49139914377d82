package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// mark marks the page and a piece of it, to tell whether they are still those.
func (w *window) mark(piece string) {
	w.t.Helper()
	evaluate[chromedp.Void](w, fmt.Sprintf(`window.same = document.querySelector(%q).same = true`, piece))
}

// replaced waits until a piece was replaced on the same page, and all is told: to who looks, to who
// listens, to who goes on by keyboard, and to who wants to read it in the other language.
func (w *window) replaced(piece, part, focus string) {
	w.t.Helper()
	w.until("another "+piece, fmt.Sprintf(`document.querySelector(%q) && !document.querySelector(%[1]q).same`, piece))
	w.until("no piece that waits", `!document.querySelector("[aria-busy]")`)
	if !evaluate[bool](w, "!!window.same") {
		w.t.Fatalf("%s is a page of its own", w.address())
	}
	if !strings.Contains(w.address(), part) {
		w.t.Errorf("the address is %s, without %s", w.address(), part)
	}
	if f := w.focus(); f.ID != focus {
		w.t.Errorf("%s: the focus is on %+v, not on %s", w.address(), f, focus)
	}
	if other := evaluate[string](w, `document.querySelector(".top [hreflang]").getAttribute("href")`); !strings.Contains(other, part) {
		w.t.Errorf("the other language is at %s, without %s", other, part)
	}
	if said := evaluate[bool](w, fmt.Sprintf(`document.querySelector("#said[role=status]").textContent.trim() === document.querySelector(%q).querySelector("[data-say]").textContent.trim()`, piece)); !said {
		w.t.Errorf("%s: it is not said:\n%s", w.address(), w.reads())
	}
}

// byItself waits until the browser has gone to a page by itself.
func (w *window) byItself(part string) {
	w.t.Helper()
	w.until("a page of its own", `!window.same && document.readyState === "complete"`)
	w.calm()
	if !strings.Contains(w.address(), part) {
		w.t.Errorf("the address is %s, without %s", w.address(), part)
	}
}

// brokenFetches are ways in which a piece does not come.
var brokenFetches = []string{
	`window.fetch = () => Promise.reject(new TypeError("the line is down"))`,
	`window.fetch = async () => new Response("no", {status: 503})`,
	`window.fetch = async () => new Response("<p>another page</p>")`,
}

func TestTheCatalogueFollowsWhatIsChosen(t *testing.T) {
	t.Parallel()
	in := demoWorld(t)
	w := openWindow(t, in.URL, desktop)
	choose := func() {
		w.t.Helper()
		w.open("/ressources")
		w.mark("#found")
		w.do(chromedp.Focus(chromedp.CSS("#lieu")))
	}
	choose()
	w.press(kb.ArrowDown)
	w.replaced("#found", "lieu=", "lieu")
	for _, broken := range brokenFetches {
		choose()
		evaluate[chromedp.Void](w, broken)
		w.press(kb.ArrowDown)
		w.byItself("lieu=")
	}
}

func TestTheTimesFollowTheDayAndTheLength(t *testing.T) {
	t.Parallel()
	in := demoWorld(t)
	w := openWindow(t, in.URL, look{english: true})
	page := sitePage{address: "/reserver?r={resource}&jour={day}"}
	w.open(page.addressIn(in, "en"))
	another := func(links string) (id string) {
		w.t.Helper()
		id = evaluate[string](w, fmt.Sprintf(`(document.querySelector(%q) || {}).id || ""`, links))
		if id == "" {
			t.Fatalf("no %s:\n%s", links, w.reads())
		}
		w.mark("#choix")
		w.do(chromedp.Focus(chromedp.CSS("#" + id)))
		return id
	}
	day := another(".days a[data-live]:not([aria-current])")
	w.press(kb.Enter)
	w.replaced("#choix", "jour=", day)
	length := another("#choix .chips a[data-live]:not([aria-current])")
	w.press(kb.Enter)
	w.replaced("#choix", "duree=", length)
	for _, broken := range brokenFetches {
		another(".days a[data-live]:not([aria-current])")
		evaluate[chromedp.Void](w, broken)
		w.press(kb.Enter)
		w.byItself("jour=")
	}
}
