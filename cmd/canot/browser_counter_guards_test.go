package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"testing"

	"github.com/chromedp/chromedp"
)

// A lent is what these tests read of a loan.
type lent struct {
	Unit     string
	Damaged  bool
	Missing  map[string]int
	Signed   bool
	Doubtful bool
}

// loan is the one loan of a booking.
func (d *counterDay) loan(b pickUp) lent {
	d.t.Helper()
	code, text, err := ask(d.t.Context(), d.token("administrator"), http.MethodGet, d.URL+"/api/v1/bookings/"+b.ID+"/loans", "")
	var all struct{ Items []lent }
	if err != nil || code != http.StatusOK || json.Unmarshal([]byte(text), &all) != nil || len(all.Items) != 1 {
		d.t.Fatalf("%d, %v\n%s", code, err, text)
	}
	return all.Items[0]
}

// online tells the page that there is a line.
func (c *till) online() {
	c.t.Helper()
	evaluate[chromedp.Void](c.window, `dispatchEvent(new Event("online")), undefined`)
}

// knows waits until the device knows how many units of this test are out.
func (c *till) knows(out int) {
	c.t.Helper()
	c.keeps(fmt.Sprintf("%d are known to be out", out), fmt.Sprintf(`dispatchEvent(new Event("online")), (await kept.copies())[0].copy.loans.filter((l) => %s.includes(l.booking)).length === %d`, list(c.day.booked), out))
}

// looks has the device look for the line twice over: once the second copy is there, all that followed
// from the first is over.
func (c *till) looks() {
	c.t.Helper()
	for range 2 {
		before := evaluate[float64](c.window, `kept.copies().then(([c]) => (c ? c.contact.device : 0))`, chromedp.EvalAwaitPromise)
		c.keeps("a newer copy", fmt.Sprintf(`dispatchEvent(new Event("online")), (await kept.copies()).some((c) => c.contact.device > %f)`, before))
	}
}

// What is told of a return while it is on its way, or after its answer was lost, is told all the same.
func TestWhatIsToldOfAReturnIsNeverLost(t *testing.T) {
	t.Parallel()
	d := newCounterDay(t, "DIT", 3, 3)
	c := d.open(phone)
	for _, b := range d.booked {
		c.handOut(b, b.Code)
	}
	c.knows(3)
	tick := func() {
		c.until("its state may be told", `document.getElementById("off-damaged")`)
		evaluate[chromedp.Void](c.window, `document.getElementById("off-damaged").click()`)
	}

	// While it is being sent.
	c.cut(true)
	c.takeBackCut(d.booked[0].Code)
	c.wire.hold("/retours")
	c.cut(false)
	c.online()
	c.keeps("it is on its way", `(await kept.acts())[0].sent`)
	tick()
	c.keeps("the damage is kept for itself", `(await kept.acts()).length === 2`)
	c.wire.letGo()
	c.back()
	if l := d.loan(d.booked[0]); !l.Damaged {
		t.Error("damage that was told while the return was being sent is lost")
	}

	// After it arrived and its answer did not.
	c.cut(true)
	c.takeBackCut(d.booked[1].Code)
	c.wire.breakAfter("/retours")
	c.cut(false)
	c.online()
	c.keeps("the line broke again", `(await kept.acts())[0].sent && document.body.classList.contains("cut")`)
	c.wait("the return arrived", func() bool { return d.status(d.booked[1]) == "completed" })
	tick()
	c.keeps("the damage is kept", `(await kept.acts()).some((a) => a.damaged)`)
	c.cut(false)
	c.back()
	if l := d.loan(d.booked[1]); !l.Damaged {
		t.Error("damage that was told after the answer was lost is lost")
	}

	// Should something else ever be sent under a key that the server knows, it is sent under its own.
	c.cut(true)
	c.takeBackCut(d.booked[2].Code)
	c.wire.breakAfter("/retours")
	c.cut(false)
	c.online()
	c.wait("the return arrived", func() bool { return d.status(d.booked[2]) == "completed" })
	c.keeps("the device is changed", `await kept.acts().then(async ([a]) => (await kept.change({ ...a, damaged: true }), true))`)
	c.allow("status 422")
	c.cut(false)
	c.back()
	if l := d.loan(d.booked[2]); !l.Damaged {
		t.Error("an act whose key was taken is lost")
	}
	d.sound()
}

// Acts are sent by one page at a time, by whom they are of, and with instants that can be.
func TestWhoSendsActsAndWhen(t *testing.T) {
	t.Parallel()
	d := newCounterDay(t, "QUI", 3, 3)
	c := d.open(phone)
	for _, b := range d.booked[:2] {
		c.handOut(b, b.Code)
	}
	c.knows(2)

	// Another page of this device sends: this one does not.
	c.cut(true)
	c.takeBackCut(d.booked[0].Code)
	c.scan(d.booked[2].Reference)
	c.until("a booking is open", `[...document.querySelectorAll("#off-panel h3")].some((e) => e.innerText.includes("`+d.booked[2].Person+`"))`)
	c.keeps("another holds the lock", `await new Promise((done) => navigator.locks.request("canot-counter", () => (done(true), new Promise((free) => (globalThis.free = free)))))`)
	c.cut(false)
	c.looks()
	if n := c.waits(); n != 1 || d.status(d.booked[0]) != "in_use" {
		t.Errorf("two pages of a device send at once: %d acts are left", n)
	}
	evaluate[chromedp.Void](c.window, `free(), undefined`)
	c.press("\x1b") // nothing is open any more
	c.back()
	if got := d.status(d.booked[0]); got != "completed" {
		t.Errorf("after that it is %s", got)
	}

	// The device's clock is set five hours ahead: the return is flagged, and now.
	c.cut(true)
	c.keeps("the line is seen to be cut", `document.dispatchEvent(new CustomEvent("canot:cut")), document.body.classList.contains("cut")`)
	evaluate[chromedp.Void](c.window, `(() => { const real = Date.now; Date.now = () => real() + 5 * 3600e3 })()`)
	c.takeBackCut(d.booked[1].Code)
	c.cut(false)
	c.online()
	c.keeps("it is sent", `(await kept.acts()).length === 0`)
	c.keeps("the device knows", `(await kept.results()).some((r) => r.doubtful)`)
	if l := d.loan(d.booked[1]); !l.Doubtful {
		t.Error("an instant to come is believed")
	}

	// Its clock is right again, and was not at the last contact: it is not before that for all that. Then
	// somebody else signs in on the device: what was done before is not theirs, unless they say so.
	c.wire.hold("/copie.json")
	c.window.open("/comptoir/" + d.hub)
	c.ready()
	c.wait("the device asks", c.wire.isHolding)
	c.cut(true)
	c.handOutCut(d.booked[2], d.booked[2].Code)
	c.wire.letGo()
	c.cut(false)
	c.comesAs("manager")
	c.window.open("/comptoir/" + d.hub)
	c.until("they are asked", `document.querySelector("#off-wait .off-wrong + .bar button")`)
	c.looks()
	if n := c.waits(); n != 1 || d.status(d.booked[2]) != "confirmed" {
		t.Errorf("another's act was sent unasked: %d are left", n)
	}
	c.click("#off-wait .off-wrong + .bar button")
	c.keeps("all is sent", `(await kept.acts()).length === 0`)
	if got := d.status(d.booked[2]); got != "in_use" {
		t.Errorf("after that it is %s", got)
	}
	d.sound()
}

// An answer that was on its way when the line broke says nothing of the line now: the page stays, and what is
// scanned meanwhile stays open.
func TestAnOldAnswerDoesNotBringTheLineBack(t *testing.T) {
	t.Parallel()
	d := newCounterDay(t, "VIE", 1, 1)
	c := d.open(desktop)
	c.calm()
	before := evaluate[float64](c.window, `kept.copies().then(([c]) => c.contact.device)`, chromedp.EvalAwaitPromise)
	c.wire.holdAnswer("/copie.json")
	c.online()
	c.wait("the device asks", c.wire.isHolding)
	c.wire.fade()
	c.keeps("the line is seen to be cut", `document.dispatchEvent(new CustomEvent("canot:cut")), globalThis.stays = document.body.classList.contains("cut")`)
	c.wire.letGo()
	c.keeps("the answer is there", fmt.Sprintf(`(await kept.copies())[0].contact.device > %f`, before))
	c.handOutCut(d.booked[0], d.booked[0].Code)
	if !evaluate[bool](c.window, `!!globalThis.stays`) {
		t.Error("the page was left while the line was down")
	}
	c.cut(false)
	c.back()
	if got := d.status(d.booked[0]); got != "in_use" {
		t.Errorf("it is %s", got)
	}
	d.sound()
}
