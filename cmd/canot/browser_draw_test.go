package main

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// A cell is a free hour of the calendar, and where it is on the screen.
type cell struct {
	From, To string
	X, Y     float64
}

// freeRow marks three free cells that follow each other on one day as #c0, #c1 and #c2, and says where they are.
const freeRow = `(() => {
	for (const row of document.querySelectorAll("[data-draw] tr")) {
		const all = [...row.querySelectorAll("a[data-from]")];
		for (let i = 0; i + 2 < all.length; i++) if (all[i].dataset.to === all[i + 1].dataset.from && all[i + 1].dataset.to === all[i + 2].dataset.from) {
			all[i + 1].scrollIntoView({block: "center", inline: "center"});
			return all.slice(i, i + 3).map((c, n) => { c.id = "c" + n; const r = c.getBoundingClientRect(); return {From: c.dataset.from, To: c.dataset.to, X: r.x + r.width / 2, Y: r.y + r.height / 2}; });
		}
	}
	return [];
})()`

// freeHours opens the studio's calendar at three free hours in a row.
func (w *window) freeHours(in *world, english bool) []cell {
	w.t.Helper()
	page := sitePage{address: "/ressources/{resource}/calendrier?jour={day}"}
	w.open(page.addressIn(in, map[bool]string{false: "fr", true: "en"}[english]))
	cells := evaluate[[]cell](w, freeRow)
	if len(cells) != 3 {
		w.t.Fatalf("no three free hours:\n%s", w.reads())
	}
	return cells
}

// drawnContrast is the least contrast of text among the cells that are drawn, by WCAG.
const drawnContrast = `(() => {
	const channels = c => c.match(/[\d.]+/g).slice(0, 3).map(v => v / 255).map(v => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4);
	const light = c => channels(c).reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0);
	return Math.min(...[...document.querySelectorAll("[data-drawn][data-from]")].flatMap(a => [a, ...a.children]).map(e => {
		let under = e;
		while (/, 0\)$/.test(getComputedStyle(under).backgroundColor)) under = under.parentElement;
		const pair = [light(getComputedStyle(e).color), light(getComputedStyle(under).backgroundColor)].sort((x, y) => y - x);
		return (pair[0] + .05) / (pair[1] + .05);
	}));
})()`

// scheme has the window prefer dark pages, or light ones.
func (w *window) scheme(dark bool) {
	w.t.Helper()
	w.do(chromedp.Func(func(ctx context.Context, tab *chromedp.Target) error {
		_, err := cdp.Call(ctx, tab, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: map[bool]string{false: "light", true: "dark"}[dark]}}})
		return err
	}))
}

// leadsToCheck waits for the check step of a span.
func (w *window) leadsToCheck(from, to cell) {
	w.t.Helper()
	w.arrives("/reserver/verifier")
	at, err := url.Parse(w.address())
	if err != nil {
		w.t.Fatal(err)
	}
	if q := at.Query(); q.Get("debut") != from.From || q.Get("fin") != to.To || q.Get("r") != worldResource {
		w.t.Errorf("%s is not from %s to %s", at, from.From, to.To)
	}
}

// drawn waits until so many cells are marked, and the page has said from when to when.
func (w *window) drawn(cells int) {
	w.t.Helper()
	w.until(fmt.Sprintf("%d cells drawn and told", cells),
		fmt.Sprintf(`document.querySelectorAll("[data-drawn][data-from]").length === %d && (document.querySelector("#drawn[role=status]").textContent !== "") === %v`, cells, cells > 1))
}

func TestASpanIsDrawnWithAMouse(t *testing.T) {
	t.Parallel()
	in := demoWorld(t)
	w := openWindow(t, in.URL, desktop)
	c := w.freeHours(in, false)
	mouse := func(typ input.DispatchMouseEventType, at cell) {
		w.do(chromedp.MouseEvent(typ, at.X, at.Y, chromedp.Button(string(input.MouseButtonLeft)), chromedp.ClickCount(1)))
	}
	mouse(input.DispatchMouseEventTypeMousePressed, c[0])
	mouse(input.DispatchMouseEventTypeMouseMoved, c[1])
	w.drawn(2)
	mouse(input.DispatchMouseEventTypeMouseMoved, c[2])
	w.drawn(3)
	for _, dark := range []bool{false, true} { // the cell under the mouse is as easy to read as the others
		w.scheme(dark)
		if worst := evaluate[float64](w, drawnContrast); worst < 4.5 {
			t.Errorf("a span that is being drawn has a contrast of %.2f, dark %v", worst, dark)
		}
	}
	if words := evaluate[string](w, `document.querySelector("#drawn").textContent`); strings.Contains(words, "Entrée") {
		t.Errorf("with a mouse it says %q", words)
	}
	mouse(input.DispatchMouseEventTypeMouseReleased, c[2])
	w.leadsToCheck(c[0], c[2])
	// Drawn backwards it is the same span, and a plain click is a link.
	c = w.freeHours(in, true)
	mouse(input.DispatchMouseEventTypeMousePressed, c[2])
	mouse(input.DispatchMouseEventTypeMouseMoved, c[1])
	mouse(input.DispatchMouseEventTypeMouseReleased, c[1])
	w.leadsToCheck(c[1], c[2])
	c = w.freeHours(in, false)
	mouse(input.DispatchMouseEventTypeMousePressed, c[1])
	mouse(input.DispatchMouseEventTypeMouseReleased, c[1])
	w.wait("the page of the hour", func() bool { return w.path() == "/reserver/verifier" || w.path() == "/reserver" })
	w.calm()
}

func TestASpanIsDrawnWithAFinger(t *testing.T) {
	t.Parallel()
	in := demoWorld(t)
	w := openWindow(t, in.URL, look{width: 820, height: 1180})
	w.do(chromedp.Func(func(ctx context.Context, tab *chromedp.Target) error {
		_, err := cdp.Call(ctx, tab, emulation.SetTouchEmulationEnabled, emulation.SetTouchEmulationEnabledParams{Enabled: true})
		return err
	}))
	c := w.freeHours(in, false)
	finger := func(typ input.DispatchTouchEventType, at ...cell) {
		w.t.Helper()
		points := []*input.TouchPoint{}
		for _, a := range at {
			points = append(points, &input.TouchPoint{X: a.X, Y: a.Y})
		}
		w.do(chromedp.Func(func(ctx context.Context, tab *chromedp.Target) error {
			_, err := cdp.Call(ctx, tab, input.DispatchTouchEvent, input.DispatchTouchEventParams{Type: typ, TouchPoints: points})
			return err
		}))
	}
	finger(input.DispatchTouchEventTypeTouchStart, c[0])
	for _, part := range []float64{.3, .6, 1} { // a finger slides
		finger(input.DispatchTouchEventTypeTouchMove, cell{X: c[0].X + part*(c[1].X-c[0].X), Y: c[0].Y})
	}
	w.drawn(2)
	finger(input.DispatchTouchEventTypeTouchMove, c[2])
	w.drawn(3)
	finger(input.DispatchTouchEventTypeTouchEnd)
	w.leadsToCheck(c[0], c[2])
}

func TestASpanIsDrawnByKeyboard(t *testing.T) {
	t.Parallel()
	in := demoWorld(t)
	w := openWindow(t, in.URL, look{width: 1280, height: 900, english: true})
	c := w.freeHours(in, true)
	stop := func(id string) {
		w.t.Helper()
		stops := evaluate[[]string](w, `[...document.querySelectorAll("[data-draw] a[data-from]")].filter(c => c.tabIndex >= 0).map(c => c.id)`)
		if len(stops) != 1 || id != "" && stops[0] != id {
			t.Errorf("the tab key stops at %q, not at %q alone", stops, id)
		}
	}
	shift := func(key string) {
		w.t.Helper()
		w.do(chromedp.KeyEvent(key, chromedp.KeyModifiers(chromedp.ModifierShift)))
	}
	stop("")
	evaluate[chromedp.Void](w, `document.querySelector("#c0").focus()`)
	w.press(kb.ArrowRight)
	stop("c1")
	if f := w.focus(); f.ID != "c1" || !f.Ring || !f.Seen {
		t.Errorf("the arrow leads to %+v", f)
	}
	shift(kb.ArrowRight)
	w.drawn(2)
	stop("c2")
	w.press(kb.Escape)
	w.drawn(0)
	w.press(kb.ArrowLeft)
	shift(kb.ArrowLeft)
	w.drawn(2)
	w.press(kb.Enter)
	w.leadsToCheck(c[0], c[1])
}
