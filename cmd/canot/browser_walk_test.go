package main

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// From home to a confirmed booking are at most so many pages.
const pagesOfWalk = 4

// keysOfWalk is how many keys the walk may take, the word that is searched for included: who is
// slow takes 1.2 seconds a key, 72 seconds for all, and has 18 left of the 90 to look at four
// pages while they load. Keys are counted, and nothing is timed.
const keysOfWalk = 60

// A stroll is one way to walk from home to a booking.
type stroll struct {
	name, home, word string
	look             look
	keys             bool // by the keyboard alone
}

// searches are words that find different things, so that no two who walk at once want the same.
var searches = [2][4]string{{"salle", "studios", "cabine", "macro"}, {"videoconference", "projector", "editing", "coworking"}}

func strolls() (all []stroll) {
	for i, s := range []stroll{
		{name: "français sur un téléphone", home: "/", look: phone},
		{name: "English on a desktop", home: "/en", look: desktop},
	} {
		s.look.english = s.home == "/en"
		for _, keys := range []bool{false, true} {
			for _, noScript := range []bool{false, true} {
				one := s
				one.keys, one.look.noScript, one.word = keys, noScript, searches[i][len(all)%4]
				if keys {
					one.name += ", by keys"
				}
				if noScript {
					one.name += ", without script"
				}
				all = append(all, one)
			}
		}
	}
	return all
}

// TestAnArtistBooksFromHome walks as somebody who is signed in: search, a time, check, done.
func TestAnArtistBooksFromHome(t *testing.T) {
	in := demoWorld(t)
	for _, s := range strolls() {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			w := openWindow(t, in.URL, s.look)
			w.enter(in, in.member(t))
			w.open(s.home)
			start := w.pages()
			w.strokes = 0
			if s.keys {
				w.bookByKeys(s.word)
			} else {
				w.bookByHand(s.word)
			}
			if pages := w.pages() - start + 1; pages > pagesOfWalk {
				t.Errorf("%d pages", pages)
			}
			if s.keys {
				t.Logf("%d keys", w.strokes)
			}
			if w.strokes > keysOfWalk {
				t.Errorf("%d keys", w.strokes)
			}
			w.confirmed()
		})
	}
}

// pages is how many pages were shown so far.
func (w *window) pages() (count int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, a := range w.asked {
		if a.kind == "Document" && a.status == http.StatusOK {
			count++
		}
	}
	return count
}

// arrives waits until the window is on a page whose path ends so, and the page is whole.
func (w *window) arrives(path string) {
	w.t.Helper()
	ends := regexp.MustCompile("^(/en)?" + path + "$")
	w.wait("the page "+path, func() bool { return ends.MatchString(w.path()) })
	w.calm()
}

// click clicks on the first element that a selector names.
func (w *window) click(selector string) {
	w.t.Helper()
	w.do(chromedp.Click(chromedp.CSS(selector)))
}

// fill types into a field.
func (w *window) fill(selector, text string) {
	w.t.Helper()
	w.do(chromedp.Focus(chromedp.CSS(selector)), chromedp.KeyEvent(text))
}

const (
	searchField = "#q"
	aTime       = "#found .slots a"
	bookButton  = "#reserver button:not([type=button])"
	bookedPath  = "/reservations/[^/]+"
)

func (w *window) bookByHand(word string) {
	w.t.Helper()
	w.click(searchField)
	w.do(chromedp.KeyEvent(word))
	w.click("form[role=search] button")
	w.arrives("/ressources")
	w.click(aTime)
	w.arrives("/reserver/verifier")
	w.click(bookButton)
	w.arrives(bookedPath)
}

func (w *window) bookByKeys(word string) {
	w.t.Helper()
	w.pastHeader()
	w.tabTo("the search", fieldNamed("q"))
	w.press(word + kb.Enter)
	w.arrives("/ressources")
	w.pastHeader()
	w.tabTo("a time", linkTo("/reserver/verifier"))
	w.press(kb.Enter)
	w.arrives("/reserver/verifier")
	w.pastHeader()
	w.tabTo("the button that books", sends)
	w.press(kb.Enter)
	w.arrives(bookedPath)
}

// pastHeader takes the link that skips the head of the page, the first stop of every page.
func (w *window) pastHeader() {
	w.t.Helper()
	f := w.tabTo("the link to the content", func(focused) bool { return true })
	if f.Href != "#contenu" {
		w.t.Fatalf("at %s, the first stop is %+v", w.address(), f)
	}
	w.press(kb.Enter)
}

// confirmed checks that the window shows a booking that was made just now, and that it is there.
func (w *window) confirmed() {
	w.t.Helper()
	if !strings.Contains(w.address(), "fait=reservee") || evaluate[int](w, `document.querySelectorAll("h1").length`) != 1 {
		w.t.Fatalf("%s does not confirm:\n%s", w.address(), w.reads())
	}
	reference := evaluate[string](w, `document.querySelector(".ref").innerText`)
	calendar := evaluate[string](w, `document.querySelector("a[href$='agenda.ics']").getAttribute("href")`)
	if reference == "" || calendar == "" {
		w.t.Errorf("no reference or no calendar file:\n%s", w.reads())
	}
	english := strings.HasPrefix(w.path(), "/en")
	w.open(map[bool]string{false: "/reservations", true: "/en/reservations"}[english])
	if links := evaluate[int](w, `document.querySelectorAll("main h3 a[href*='/reservations/']").length`); links == 0 {
		w.t.Errorf("the booking is not among mine:\n%s", w.reads())
	}
}

// TestWhoIsRefusedIsOfferedSomethingElse: two people look at the same time; the second is told on
// the same page, keeps what they have typed, and takes another time by one button.
func TestWhoIsRefusedIsOfferedSomethingElse(t *testing.T) {
	t.Parallel()
	in := demoWorld(t)
	first, second := openWindow(t, in.URL, phone), openWindow(t, in.URL, phone)
	first.enter(in, in.member(t))
	second.enter(in, in.member(t))
	first.open("/ressources/rouyn-noranda-salle-de-reunion") // there is one of it
	first.click("main .slots a")
	first.arrives("/reserver/verifier")
	second.open(first.address())
	first.click(bookButton)
	first.arrives(bookedPath)

	second.allow("status 409")
	second.allow("status 422")
	second.fill("#titre", "Répétition <b>")
	second.click(bookButton)
	second.until("a refusal", `document.querySelector("[role=alert]") && document.querySelector(".instead form")`)
	if title := evaluate[string](second, `document.querySelector("#titre").value`); title != "Répétition <b>" {
		t.Errorf("the title is %q now", title)
	}
	second.forEverybody()
	second.click(".instead form button")
	second.arrives(bookedPath)
	if text := evaluate[string](second, "document.body.innerText"); !strings.Contains(text, "Répétition <b>") {
		t.Errorf("the title is gone:\n%s", text)
	}
	second.confirmed()
}

// forEverybody looks at a page that only a walk leads to as the other pages are looked at.
func (w *window) forEverybody() {
	w.t.Helper()
	w.see(look{width: 320, height: 640, still: true})
	w.fits()
	w.touchable()
	w.accessible(runAxe)
	w.see(look{width: 320, height: 640, dark: true})
	w.accessible(contrastOnly)
	w.see(phone)
}

// TestSeveralThingsAreBookedTogether takes the basket that the demo offers: a room and what goes
// with it, for one span.
func TestSeveralThingsAreBookedTogether(t *testing.T) {
	t.Parallel()
	in := demoWorld(t)
	for name, l := range map[string]look{"with script": desktop, "without": {width: 1280, height: 900, noScript: true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := openWindow(t, in.URL, l)
			w.enter(in, in.email(artist))
			w.open("/")
			w.click("a[href^='/reserver?r=']")
			w.arrives("/reserver")
			things := evaluate[int](w, `document.querySelectorAll(".basket > li").length`)
			if things < 2 {
				t.Fatalf("a basket of %d:\n%s", things, w.reads())
			}
			if evaluate[int](w, `document.querySelectorAll(".slots a").length`) == 0 {
				w.click(".days a")
				w.until("times of another day", `document.querySelector(".slots a")`)
			}
			w.click(".slots a")
			w.arrives("/reserver/verifier")
			w.click(bookButton)
			w.arrives(bookedPath)
			if got := evaluate[int](w, `document.querySelectorAll(".ticket .rows li").length`); got != things {
				t.Errorf("%d of %d are booked:\n%s", got, things, w.reads())
			}
			w.confirmed()
		})
	}
}

// TestWhoIsNotSignedInComesBackToWhatTheyChose begins as a visitor, signs in by the code of the
// letter, and is at the check step again.
func TestWhoIsNotSignedInComesBackToWhatTheyChose(t *testing.T) {
	t.Parallel()
	in := demoWorld(t)
	email := in.member(t)
	look := desktop
	look.english = true
	w := openWindow(t, in.URL, look)
	w.open("/en/ressources?q=room&lieu=temiscaming")
	w.click(aTime)
	w.arrives("/reserver/verifier")
	chosen := w.address()
	w.click("main a[href*='/connexion']")
	w.arrives("/connexion")
	w.fill("#email", email)
	w.press(kb.Enter)
	w.arrives("/connexion/code")
	w.forEverybody()
	w.fill("#code", in.codeFor(t, email))
	w.press(kb.Enter)
	w.arrives("/reserver/verifier")
	was, _ := url.Parse(chosen)
	is, _ := url.Parse(w.address())
	for _, name := range []string{"r", "debut", "fin"} {
		if was.Query().Get(name) != is.Query().Get(name) {
			t.Errorf("%s was chosen, and it is %s now", chosen, w.address())
		}
	}
	w.click(bookButton)
	w.arrives(bookedPath)
	w.confirmed()
}
