package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// tool reads one of the tools that .ci/tools keeps in .cache.
func tool(t *testing.T, path string) string {
	t.Helper()
	full, err := filepath.Abs(filepath.Join("..", "..", ".cache", path))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(full); err != nil {
		t.Fatalf("%s is missing: run .ci/tools (make test does)", path)
	}
	return full
}

var axeSource struct {
	sync.Once
	text string
	err  error
}

// A barrier is a rule of accessibility that a page breaks, and where.
type barrier struct {
	ID, Help string
	Nodes    []string
}

// runAxe runs the rules of WCAG 2.2, A and AA.
const runAxe = `axe.run(document, {
	runOnly: {type: "tag", values: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]},
	rules: {"target-size": {enabled: true}},
	resultTypes: ["violations"],
}).then(r => r.violations.map(v => ({ID: v.id, Help: v.help, Nodes: v.nodes.map(n => n.html.slice(0, 300) + " — " + n.failureSummary)})))`

// contrastOnly is what a change of colours alone can break.
const contrastOnly = `axe.run(document, {runOnly: {type: "rule", values: ["color-contrast", "link-in-text-block"]}, resultTypes: ["violations"]})
	.then(r => r.violations.map(v => ({ID: v.id, Help: v.help, Nodes: v.nodes.map(n => n.html.slice(0, 300) + " — " + n.failureSummary)})))`

// barriers asks axe-core about the page that is there.
func (w *window) barriers(run string) []barrier {
	w.t.Helper()
	axeSource.Do(func() {
		b, err := os.ReadFile(tool(w.t, "axe-core-4.14.1/axe.min.js"))
		axeSource.text, axeSource.err = string(b), err
	})
	if axeSource.err != nil {
		w.t.Fatal(axeSource.err)
	}
	if !evaluate[bool](w, "!!window.axe") {
		evaluate[chromedp.Void](w, axeSource.text)
	}
	return evaluate[[]barrier](w, run, chromedp.EvalAwaitPromise)
}

// accessible fails the test for each barrier on the page.
func (w *window) accessible(run string) {
	w.t.Helper()
	for _, b := range w.barriers(run) {
		w.t.Errorf("%s: %s (%s)\n\t%s", w.address(), b.Help, b.ID, strings.ReplaceAll(strings.Join(b.Nodes, "\n"), "\n", "\n\t"))
	}
}

// tooWide names what makes the page scroll sideways, or is cut where nobody can scroll to it.
const tooWide = `(() => {
	const wide = [], page = document.scrollingElement, shown = document.documentElement.clientWidth; // a phone zooms out to what is too wide
	const name = e => e.localName + (e.id ? "#" + e.id : "") + (e.className && e.className.baseVal === undefined ? "." + e.className : "");
	const scrolls = e => { for (; e && e !== document.body; e = e.parentElement) { const o = getComputedStyle(e).overflowX; if (o === "auto" || o === "scroll") return true; } return false; };
	if (page.scrollWidth > shown) {
		wide.push("the page is " + page.scrollWidth + " wide on " + shown);
		for (const e of document.body.querySelectorAll("*")) {
			if (e.getBoundingClientRect().right > shown + 1 && !scrolls(e.parentElement)) wide.push(name(e));
		}
	}
	for (const e of document.body.querySelectorAll("*")) {
		const s = getComputedStyle(e), box = e.getBoundingClientRect();
		if ((s.overflowX === "hidden" || s.overflowX === "clip") && box.width > 3 && e.scrollWidth > e.clientWidth + 1 && e.clientWidth > 0 && e.innerText) wide.push("cut: " + name(e));
	}
	return wide.slice(0, 12);
})()`

// fits fails the test if the page scrolls sideways, or cuts words off.
func (w *window) fits() {
	w.t.Helper()
	if wide := evaluate[[]string](w, tooWide); len(wide) > 0 {
		w.t.Errorf("%s does not fit: %s", w.address(), strings.Join(wide, "; "))
	}
}

// tooSmall names what can be touched and is smaller than 24 pixels, but for links in a sentence,
// and for boxes whose label is large enough and does the same.
const tooSmall = `(() => {
	const small = [];
	for (const e of document.querySelectorAll("a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex='0'], [role=button]")) {
		if (!e.checkVisibility({visibilityProperty: true, opacityProperty: true})) continue;
		const inSentence = e.localName === "a" && getComputedStyle(e).display === "inline" && [...e.parentNode.childNodes].some(n => n !== e && n.nodeType === 3 && /[\p{L}]/u.test(n.data));
		if (inSentence || e.closest("svg")) continue;
		let boxes = [...e.getClientRects()];
		if (e.labels) for (const l of e.labels) boxes.push(l.getBoundingClientRect());
		if (boxes.length && !boxes.some(b => b.width >= 24 && b.height >= 24) && !boxes.some(b => b.width < 3)) {
			small.push(e.outerHTML.slice(0, 120) + " " + boxes.map(b => Math.round(b.width) + "×" + Math.round(b.height)).join(", "));
		}
	}
	return small;
})()`

// touchable fails the test if anything is too small to touch.
func (w *window) touchable() {
	w.t.Helper()
	for _, small := range evaluate[[]string](w, tooSmall) {
		w.t.Errorf("%s: too small to touch: %s", w.address(), small)
	}
}

// unseenStops names the stops of the Tab key which nobody can see to have the focus: with less than two
// pixels drawn around them, of a colour that is hardly another than what is behind, or off the screen or under something
// else. The key was pressed before, so that the browser shows where the focus is.
const unseenStops = `(() => {
	const found = [], seen = e => e.checkVisibility({visibilityProperty: true}) && e.getClientRects().length;
	const numbers = c => (c.match(/[\d.]+/g) || []).map(Number);
	const light = c => { const [r, g, b] = numbers(c).map(v => { v /= 255; return v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4; }); return .2126 * r + .7152 * g + .0722 * b; };
	const behind = e => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor, n = numbers(c); if (n.length < 4 || n[3] > .9) return c; } return matchMedia("(prefers-color-scheme: dark)").matches ? "rgb(18,18,18)" : "rgb(255,255,255)"; };
	const stops = [...document.querySelectorAll("a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex]")].filter(e => e.tabIndex >= 0 && !e.disabled && seen(e));
	for (const e of stops.slice(0, 250)) {
		e.focus();
		if (document.activeElement !== e) { found.push("takes no focus: " + e.outerHTML.slice(0, 120)); continue; }
		let drawn = e;
		const own = e.getBoundingClientRect();
		if (own.width < 3 || own.height < 3 || getComputedStyle(e).opacity === "0") drawn = (e.labels && e.labels[0]) || e;
		const s = getComputedStyle(drawn);
		if (s.outlineStyle === "none" || parseFloat(s.outlineWidth) < 2) { found.push("no ring: " + e.outerHTML.slice(0, 120)); continue; }
		const [a, b] = [light(s.outlineColor), light(behind(parseFloat(s.outlineOffset) < 0 ? drawn : drawn.parentElement))].sort((x, y) => y - x);
		if ((a + .05) / (b + .05) < 3) found.push("a pale ring, " + s.outlineColor + ": " + e.outerHTML.slice(0, 120));
		const boxes = [...drawn.getClientRects()], on = boxes.some(r => {
			const x = Math.min(Math.max(r.left + r.width / 2, 0), innerWidth - 1), y = Math.min(Math.max(r.top + Math.min(r.height / 2, 12), 0), innerHeight - 1);
			const top = document.elementFromPoint(x, y);
			return r.bottom > 0 && r.top < innerHeight && top && (top === drawn || drawn.contains(top) || top.contains(drawn));
		});
		if (!on) found.push("not seen: " + e.outerHTML.slice(0, 120));
	}
	scrollTo(0, 0);
	return found.slice(0, 10);
})()`

// stopsAreSeen takes the focus to every stop of the page, and fails the test for each where that cannot be seen.
func (w *window) stopsAreSeen() {
	w.t.Helper()
	w.press("\t")
	for _, stop := range evaluate[[]string](w, unseenStops) {
		w.t.Errorf("%s: the focus: %s", w.address(), stop)
	}
}

// moving names what still moves for those who asked for no motion.
const moving = `(() => {
	const slow = s => s.split(",").some(d => parseFloat(d) * (d.includes("ms") ? 1 : 1000) > 10);
	const found = [];
	for (const e of document.querySelectorAll("*")) for (const pseudo of [null, "::before", "::after"]) {
		const s = getComputedStyle(e, pseudo);
		if (slow(s.transitionDuration) || (s.animationName !== "none" && slow(s.animationDuration))) found.push(e.localName + "." + e.className + (pseudo || ""));
	}
	if (getComputedStyle(document.documentElement).scrollBehavior === "smooth") found.push("smooth scrolling");
	return [...new Set(found)].slice(0, 10);
})()`

// picture is the page as it is seen, from its top; all of it, or what the window shows.
func (w *window) picture(whole bool) []byte {
	w.t.Helper()
	type size struct{ Width, Height float64 }
	s := evaluate[size](w, `({Width: document.documentElement.clientWidth, Height: innerHeight})`)
	if whole {
		s = evaluate[size](w, `({Width: document.documentElement.clientWidth, Height: document.documentElement.scrollHeight})`)
	}
	shot, err := chromedp.Run(w.ctx, func(ctx context.Context, tab *chromedp.Target) (page.CaptureScreenshotResult, error) {
		return cdp.Call(ctx, tab, page.CaptureScreenshot, page.CaptureScreenshotParams{
			Format: page.CaptureScreenshotFormatPng, CaptureBeyondViewport: new(true), Clip: &page.Viewport{Width: s.Width, Height: s.Height, Scale: 1},
		})
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return shot.Data
}
