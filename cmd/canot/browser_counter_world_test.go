package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// counterWorld is where the tests of the counter hand things out; they share its hub, and each has
// resources, units and bookings of its own.
var counterWorld = sharedWorld{args: []string{"--members", "24"}}

// A counterDay is what stands on the counter for one test.
type counterDay struct {
	*world
	t      *testing.T
	hub    string
	codes  []string // of the units, in order; those that no booking was given come last
	booked []pickUp
	codeOf map[string]string // of units, by id
}

// A pickUp is a booking of one unit that begins now.
type pickUp struct{ ID, Reference, Person, Code string }

// newCounterDay makes a resource with units, and bookings of one unit each that may be handed out now;
// name tells this test's things from others', and more is said of the policy.
func newCounterDay(t *testing.T, name string, bookings, units int, more ...string) *counterDay {
	t.Helper()
	d := &counterDay{world: counterWorld.get(t), t: t, codeOf: map[string]string{}}
	for _, a := range d.Accounts {
		if a.Role == staff {
			d.hub = a.Hub
		}
	}
	slug := "essai-" + strings.ToLower(name)
	d.api(http.MethodPost, "/resources", fmt.Sprintf(`{"slug": %q, "hub": %q, "category": %q, "kind": "equipment", "name": {"fr": "Trousse %s", "en": "Kit %s"},
		"policy": {"within": "any", "notice_min": 0, "grain_min": 5, "shortest_min": 5, "longest_min": 1440, "buffer_before_min": 0, "buffer_after_min": 0%s}}`, slug, d.hub, worldCategory, name, name, strings.Join(more, "")), 201)
	for i := range units {
		code := fmt.Sprintf("%s-%03d", name, i+1)
		made := d.api(http.MethodPost, "/resources/"+slug+"/units", `{"code": "`+code+`"}`, 201)
		d.codeOf[made.ID] = code
		d.codes = append(d.codes, code)
	}
	starts := time.Now().UTC().Truncate(5 * time.Minute).Add(5 * time.Minute)
	for i := range bookings {
		person := fmt.Sprintf("%s Personne %02d", name, i+1)
		member := d.api(http.MethodPost, "/members", fmt.Sprintf(`{"name": %q}`, person), 201)
		b := d.api(http.MethodPost, "/bookings", fmt.Sprintf(`{"resource": %q, "starts_at": %q, "ends_at": %q, "member": %q}`,
			slug, starts.Format(time.RFC3339), starts.Add(3*time.Hour).Format(time.RFC3339), member.ID), 201)
		d.booked = append(d.booked, pickUp{b.ID, b.Reference, person, d.codeOf[b.Lines[0].Units[0]]})
	}
	return d
}

// said is what these tests read of an answer of the API.
type said struct {
	ID, Reference, Status string
	Lines                 []struct{ Units []string }
}

// api asks the API as the administrator.
func (d *counterDay) api(method, path, body string, want int) said {
	d.t.Helper()
	code, text, err := ask(d.t.Context(), d.token("administrator"), method, d.URL+"/api/v1"+path, body)
	if err != nil || code != want {
		d.t.Fatalf("%s %s: %d, %v\n%s", method, path, code, err, text)
	}
	var s said
	if err := json.Unmarshal([]byte(text), &s); err != nil {
		d.t.Fatal(err)
	}
	return s
}

// status is where a booking is now.
func (d *counterDay) status(b pickUp) string {
	d.t.Helper()
	return d.api(http.MethodGet, "/bookings/"+b.ID, "", 200).Status
}

// has is the code of the unit that a booking has now.
func (d *counterDay) has(b pickUp) string {
	d.t.Helper()
	return d.codeOf[d.api(http.MethodGet, "/bookings/"+b.ID, "", 200).Lines[0].Units[0]]
}

// sound runs `canot check` on the data as they are now.
func (d *counterDay) sound() {
	d.t.Helper()
	must(d.t, nil, "check", "--database", "sqlite://"+filepath.Join(d.Data, "canot.db"))
}

// A till is a device at the counter, with a line of its own.
type till struct {
	*window
	day   *counterDay
	wire  *wire
	scans int
	typed float64 // when the last key was, for what was typed at a pace of its own
}

// open opens the counter on a device of its own, and waits until it keeps what it needs without a line.
func (d *counterDay) open(l look) *till {
	d.t.Helper()
	line := newWire(d.t, d.URL)
	c := &till{window: openWindow(d.t, line.URL, l), day: d, wire: line}
	c.allow("did not load") // once the line is cut
	c.comes()
	c.window.open("/comptoir/" + d.hub)
	c.ready()
	return c
}

// comes signs somebody of the staff in on the device, in a session that no other has.
func (c *till) comes() {
	c.t.Helper()
	c.comesAs(staff)
}

func (c *till) comesAs(role string) {
	c.t.Helper()
	answer, body := c.day.ask(c.t, http.MethodPost, "/demo/entrer", url.Values{"email": {c.day.email(role)}}.Encode(), nil)
	if answer.StatusCode != http.StatusSeeOther || len(answer.Cookies()) == 0 {
		c.t.Fatalf("%d\n%s", answer.StatusCode, body)
	}
	c.carry(c.day.URL, answer.Cookies())
}

// ready waits until the device keeps the copy and the page.
func (c *till) ready() {
	c.t.Helper()
	c.until("the field has the focus", `document.activeElement && document.activeElement.id === "code"`)
	c.keeps("the copy is kept", `(await kept.copies()).length === 1`)
	c.keeps("the worker is there", `navigator.serviceWorker.controller`)
	c.keeps("the page is kept", `await caches.match("/comptoir/hors-ligne")`)
}

// keeps waits until something that the device has to be asked for is true.
func (c *till) keeps(what, expression string) {
	c.t.Helper()
	c.wait(what, func() bool {
		holds, err := chromedp.Run(c.ctx, chromedp.Evaluate[bool]("(async () => !!("+expression+"))()", chromedp.EvalAwaitPromise))
		return err == nil && holds
	})
}

// click touches what is named once it is there to be touched. That it is and the touch are one step, so
// that nothing moves in between.
func (c *till) click(selector string) {
	c.t.Helper()
	c.until(selector+" can be touched", fmt.Sprintf(`(() => {
		const e = document.querySelector(%q);
		if (!e || !e.checkVisibility({ visibilityProperty: true })) return false;
		e.scrollIntoView({ block: "center", behavior: "instant" });
		const { left, top, width, height } = e.getBoundingClientRect(), hit = document.elementFromPoint(left + width / 2, top + height / 2);
		if (!hit || !e.contains(hit)) return false;
		e.click();
		return true;
	})()`, selector))
}

// scan is a scanner: it types a code where the focus is, and presses Enter at its end. Of what a person
// does it is one scan, and no key.
func (c *till) scan(code string) {
	c.t.Helper()
	c.scans++
	c.do(chromedp.KeyEvent(code + "\r"))
	evaluate[chromedp.Void](c.window, `globalThis.scanned = performance.now(), undefined`)
}

// enterKey presses Enter as a person does, who takes a moment after the scan: an Enter right after another is
// a scanner's second line end.
func (c *till) enterKey() {
	c.t.Helper()
	c.until("a moment later", `!(performance.now() - globalThis.scanned < 320)`)
	c.press("\r")
}

// cut breaks the line, and joins it again. What the page learns of it, it learns from what it asks.
func (c *till) cut(broken bool) { c.wire.set(broken) }

// handOut hands a unit out for a booking with the line there: two scans and one key.
func (c *till) handOut(b pickUp, code string) {
	c.t.Helper()
	scans, strokes := c.scans, c.strokes
	c.scan(b.Reference)
	c.until("the booking is open", `document.querySelector('#scan [name="r"][value="`+b.ID+`"]') && document.activeElement.id === "code"`)
	c.scan(code)
	c.until("the unit is ticked", `document.querySelector('#scan [name="u"][value="`+code+`"]') && document.activeElement.id === "code"`)
	c.enterKey()
	c.until("it is handed out", `!document.querySelector('#scan [name="r"]') && document.getElementById("dit").innerText.includes("`+b.Person+`") && document.activeElement.id === "code"`)
	if c.scans-scans != 2 || c.strokes-strokes != 1 {
		c.t.Errorf("a hand-over took %d scans and %d keys", c.scans-scans, c.strokes-strokes)
	}
}

// takeBack takes a unit back with the line there: one scan.
func (c *till) takeBack(code string) {
	c.t.Helper()
	scans, strokes := c.scans, c.strokes
	c.scan(code)
	c.until("it is back", `document.querySelector("#panneau .back .unit") && document.querySelector("#panneau .back .unit").innerText === "`+code+`" && document.activeElement.id === "code"`)
	if c.scans-scans != 1 || c.strokes != strokes {
		c.t.Errorf("a return took %d scans and %d keys", c.scans-scans, c.strokes-strokes)
	}
}

// waits is how many acts the device still has to send.
func (c *till) waits() int {
	c.t.Helper()
	return evaluate[int](c.window, `kept.acts().then((a) => a.length)`, chromedp.EvalAwaitPromise)
}

// handOutCut is handOut without a line: the same two scans and one key.
func (c *till) handOutCut(b pickUp, code string) {
	c.t.Helper()
	before := c.waits()
	c.scan(b.Reference)
	c.until("the booking is open", `[...document.querySelectorAll("#off-panel h3")].some((e) => e.innerText.includes("`+b.Person+`")) && document.activeElement.id === "code"`)
	c.scan(code)
	c.until("the unit is ticked", `document.querySelector("#off-panel .is-ticked") && document.querySelector("#off-panel .is-ticked").innerText.includes("`+code+`")`)
	c.enterKey()
	c.keeps("it is kept", fmt.Sprintf(`(await kept.acts()).length === %d && document.getElementById("off-panel").innerText.includes(%q)`, before+1, b.Person))
}

// takeBackCut is takeBack without a line: one scan.
func (c *till) takeBackCut(code string) {
	c.t.Helper()
	before := c.waits()
	c.scan(code)
	c.keeps("it is kept", fmt.Sprintf(`(await kept.acts()).length === %d && document.getElementById("off-panel").innerText.includes(%q)`, before+1, code))
}
