package main

import (
	"strings"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// A focused is what has the focus, as a person who uses the keyboard sees it.
type focused struct {
	Tag, ID, Name, Type, Value, Text, Href string
	Ring                                   bool // something is drawn around it
	Seen                                   bool // it is on the screen, and nothing lies over it
	None                                   bool // nothing has the focus
}

// focusedNow describes what has the focus. A field that is drawn by its label is seen by it.
const focusedNow = `(() => {
	const e = document.activeElement;
	if (!e || e === document.body || e === document.documentElement) return {None: true};
	let drawn = e;
	const box = e.getBoundingClientRect();
	if (box.width < 3 || box.height < 3 || getComputedStyle(e).opacity === "0") drawn = (e.labels && e.labels[0]) || e;
	const style = getComputedStyle(drawn), r = drawn.getBoundingClientRect();
	const x = Math.min(Math.max(r.left + r.width / 2, 0), innerWidth - 1);
	const y = Math.min(Math.max(r.top + Math.min(r.height / 2, 12), 0), innerHeight - 1);
	const top = document.elementFromPoint(x, y);
	return {
		Tag: e.localName, ID: e.id, Name: e.name || "", Type: e.type || "", Value: e.value || "", Href: e.getAttribute("href") || "",
		Text: (e.getAttribute("aria-label") || e.innerText || (e.labels && e.labels[0] && e.labels[0].innerText) || "").trim(),
		Ring: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2,
		Seen: r.bottom > 0 && r.top < innerHeight && !!top && (top === drawn || drawn.contains(top) || top.contains(drawn)),
	};
})()`

// focus is what has the focus.
func (w *window) focus() focused {
	w.t.Helper()
	return evaluate[focused](w, focusedNow)
}

// press presses keys, one after the other, and counts them.
func (w *window) press(keys string) {
	w.t.Helper()
	w.strokes += len([]rune(keys))
	w.do(chromedp.KeyEvent(keys))
}

// farthest is how many stops a person is made to pass, at most, on the way to something.
const farthest = 60

// tabTo goes forward by Tab to the first stop that matches, and fails the test when a stop on
// the way cannot be seen to have the focus.
func (w *window) tabTo(what string, matches func(f focused) bool) focused {
	w.t.Helper()
	var passed []string
	var last focused
	for range farthest {
		w.press(kb.Tab)
		f := w.focus()
		if f.None {
			continue // past the end, where the browser's own controls would be
		}
		// Inside a field for a date the browser itself marks the day, the month or the year.
		if inside := f.Type == "date" && f.ID == last.ID; !f.Ring && !inside {
			w.t.Errorf("at %s, nothing shows that %s %q has the focus", w.address(), f.Tag, f.Text)
		}
		last = f
		w.wait("the focus on "+f.Tag+" "+f.Text+" to be seen", func() bool { return w.focus().Seen })
		if matches(f) {
			return f
		}
		passed = append(passed, f.Tag+" "+strings.ReplaceAll(f.Text, "\n", " "))
	}
	w.t.Fatalf("at %s, Tab does not lead to %s, but to\n%s", w.address(), what, strings.Join(passed, "\n"))
	return focused{}
}

// linkTo matches a link to an address that holds a part.
func linkTo(part string) func(focused) bool {
	return func(f focused) bool { return f.Tag == "a" && strings.Contains(f.Href, part) }
}

// fieldNamed matches a field of a form.
func fieldNamed(name string) func(focused) bool {
	return func(f focused) bool { return f.Name == name }
}

// sends matches the button that sends a form.
func sends(f focused) bool { return f.Tag == "button" && f.Type == "submit" }
