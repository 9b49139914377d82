package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
)

// badPage breaks everything that the tests of pages look for.
const badPage = `<!doctype html><html lang="fr"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>x</title>
<link rel="stylesheet" href="/bad.css"><script src="/bad.js" defer></script></head><body><h1>Mal</h1>
<p class="pale">Presque rien ne se lit ici.</p><img src="/boat.svg"><p style="color:red">En ligne.</p>
<a href="/good" class="bare">Sans contour</a> <button class="tiny">x</button>
<div class="wide">Beaucoup trop large</div><div class="cut">Un mot bien trop long pour sa case</div><div class="moves">Bouge</div>
<img alt="ailleurs" src="http://127.0.0.9:9/elsewhere.png"></body></html>`

const badStyle = `.pale{color:#999;background:#aaa}.bare:focus{outline:none}.tiny{width:9px;height:9px;padding:0;border:0}
.wide{width:900px}.cut{width:60px;overflow:hidden;white-space:nowrap}.moves{transition:all 3s}
@media (prefers-color-scheme: dark){h1{color:#222;background:#111}}`

// The checks of pages find what they are for; a check that finds nothing would prove nothing.
func TestTheChecksOfPagesFindWhatIsWrong(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/bad":
			w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' http://127.0.0.9:9")
			w.Header().Set("Content-Type", "text/html")
			fmt.Fprint(w, badPage)
		case "/bad.css":
			w.Header().Set("Content-Type", "text/css")
			fmt.Fprint(w, badStyle)
		case "/bad.js":
			w.Header().Set("Content-Type", "text/javascript")
			fmt.Fprint(w, `console.error("plainte"); fetch("/missing").then(() => { throw new Error("oups") })`)
		default:
			http.NotFound(w, r)
		}
	}))
	defer server.Close()
	w := openWindow(t, server.URL, look{width: 320, height: 640, still: true})
	defer func() { w.wrong = nil }() // before the window is judged
	w.open("/bad")
	w.until("the script's end", "document.readyState === 'complete'")
	w.wait("the exception", func() bool { return w.complains("oups") })
	for _, part := range []string{"status 404", "plainte", "asks somebody else: http://127.0.0.9:9/", "style"} {
		if !w.complains(part) {
			t.Errorf("the browser does not complain of %q: %q", part, w.wrong)
		}
	}
	var ids []string
	for _, b := range w.barriers(runAxe) {
		ids = append(ids, b.ID)
	}
	for _, id := range []string{"color-contrast", "image-alt"} {
		if !slices.Contains(ids, id) {
			t.Errorf("axe-core finds %v, and no %s", ids, id)
		}
	}
	wide := strings.Join(evaluate[[]string](w, tooWide), " ")
	for _, part := range []string{"the page is", "div.wide", "cut: div.cut"} {
		if !strings.Contains(wide, part) {
			t.Errorf("no %q among what is too wide: %s", part, wide)
		}
	}
	if small := evaluate[[]string](w, tooSmall); len(small) != 2 || !strings.Contains(small[0]+small[1], "tiny") {
		t.Errorf("too small: %q", small)
	}
	if moves := evaluate[[]string](w, moving); !slices.Contains(moves, "div.moves") {
		t.Errorf("moving: %q", moves)
	}
	w.press("\t")
	if f := w.focus(); f.Href != "/good" || f.Ring || !f.Seen {
		t.Errorf("the link has the focus without a ring: %+v", f)
	}
	if unseen := strings.Join(evaluate[[]string](w, unseenStops), " "); !strings.Contains(unseen, "no ring: <a href=\"/good\"") {
		t.Errorf("of the stops, unseen are: %s", unseen)
	}
	w.see(look{width: 320, height: 640, dark: true})
	if found := fmt.Sprint(w.barriers(contrastOnly)); !strings.Contains(found, "<h1>") {
		t.Errorf("in the dark: %s", found)
	}
}

// Without a script nothing of it runs, and all that is asked of the page still works.
func TestAWindowWithoutScriptRunsNone(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `<!doctype html><title>before</title><p>x</p><script>document.title = "after"</script>`)
	}))
	defer server.Close()
	for script, title := range map[bool]string{false: "after", true: "before"} {
		w := openWindow(t, server.URL, look{noScript: script})
		w.allow("favicon")
		w.open("/")
		if got := evaluate[string](w, "document.title"); got != title {
			t.Errorf("without script %v: %q", script, got)
		}
	}
}

// complains says whether the browser has complained of something.
func (w *window) complains(part string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.ContainsFunc(w.wrong, func(c string) bool { return strings.Contains(c, part) })
}
