package main

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// The day of a counter: twelve hand-overs, one of them with a swap, a damaged return and somebody without
// a booking. A hand-over is two scans and one key, a return is one scan, and no mouse is touched for them.
func TestADayAtTheCounter(t *testing.T) {
	t.Parallel()
	d := newCounterDay(t, "JRN", 13, 16)
	c := d.open(desktop)
	for _, b := range d.booked[:11] {
		c.handOut(b, b.Code)
		if got := d.status(b); got != "in_use" {
			t.Fatalf("%s is %s after its hand-over", b.Person, got)
		}
	}
	// The twelfth wants the unit that the thirteenth was promised: they change with each other.
	b, other := d.booked[11], d.booked[12]
	c.scan(b.Reference)
	c.until("the booking is open", `document.querySelector('#scan [name="r"][value="`+b.ID+`"]')`)
	c.scan(other.Code)
	c.until("it says whose it is", `document.querySelector('[data-act="swap"]') && document.getElementById("panneau").innerText.includes("`+other.Person+`")`)
	c.click(`[data-act="swap"] button`)
	c.until("it is handed out", `document.getElementById("dit").innerText.includes("`+b.Person+`")`)
	if had, gave := d.has(b), d.has(other); had != other.Code || gave != b.Code {
		t.Errorf("after the swap they have %s and %s", had, gave)
	}
	if got := d.status(b); got != "in_use" {
		t.Errorf("the swapped booking is %s", got)
	}
	c.handOut(other, b.Code)

	for _, b := range d.booked[:10] {
		c.takeBack(b.Code)
	}
	if got := d.status(d.booked[0]); got != "completed" {
		t.Errorf("a booking whose unit is back is %s", got)
	}
	// The eleventh's comes back damaged, which is noted beside it.
	damaged := d.booked[10].Code
	c.takeBack(damaged)
	c.click("#abime")
	c.click(`.back form .bar button`)
	c.until("it is noted", `document.getElementById("dit").innerText.trim() !== "" && !document.querySelector(".back form")`)
	c.open("/comptoir/" + d.hub + "?code=" + damaged)
	c.until("it is out of service", `document.querySelector("#panneau .tag.no") && document.getElementById("panneau").innerText.includes("`+damaged+`")`)
	// Somebody comes without a booking and takes what nobody is promised.
	free := d.codes[len(d.codes)-1]
	c.open("/comptoir/" + d.hub + "/sans-reservation")
	c.scan(free)
	c.until("what they take", `document.querySelector('#sans [name="u"][value="`+free+`"]')`)
	c.fill("#nom", "JRN Quelqu’un")
	c.click(`#sans [name="faire"][value="preter"]`)
	c.until("it is lent", `document.getElementById("dit").innerText.trim() && document.getElementById("panneau").innerText.includes("JRN Quelqu’un")`)
	c.takeBack(free)
	d.sound()
}

// The line breaks in the middle of the day, at two devices at once, and comes back.
func TestTheLineBreaksAtTwoCountersAtOnce(t *testing.T) {
	t.Parallel()
	d := newCounterDay(t, "COU", 12, 14)
	kit := d.booked[2]
	d.api(http.MethodPut, "/units/"+kit.Code+"/components", `{"components": [{"name": {"fr": "Câble", "en": "Cable"}, "quantity": 3}]}`, 200)
	one, two := d.open(desktop), d.open(phone)
	for _, b := range d.booked[:2] {
		one.handOut(b, b.Code)
	}
	two.handOut(d.booked[2], d.booked[2].Code)
	for _, c := range []*till{one, two} { // what each has of the other before the line breaks
		c.window.open("/comptoir/" + d.hub)
		c.ready()
		c.knows(3)
		c.cut(true)
	}
	for _, b := range d.booked[3:6] {
		one.handOutCut(b, b.Code)
	}
	one.takeBackCut(d.booked[0].Code)
	for _, b := range d.booked[6:8] {
		two.handOutCut(b, b.Code)
	}
	// The same unit is taken back at both, which is no contradiction; and the unit of the ninth leaves for
	// two persons, which is one.
	two.takeBackCut(d.booked[0].Code)
	// One comes back damaged here, another without two of its cables there.
	one.takeBackCut(d.booked[1].Code)
	one.click("#off-damaged")
	one.keeps("the damage is kept", `(await kept.acts()).some((a) => a.damaged)`)
	two.takeBackCut(kit.Code)
	evaluate[chromedp.Void](two.window, `(() => { const n = document.querySelector('.off-condition input[type="number"]'); n.value = "2"; n.dispatchEvent(new Event("input")) })()`)
	two.keeps("what is missing is kept", `(await kept.acts()).some((a) => a.missing && Object.values(a.missing)[0] === 2)`)
	one.handOutCut(d.booked[8], d.booked[8].Code)
	two.handOutCut(d.booked[9], d.booked[8].Code)
	// The browser is started anew without a line, and goes on.
	two.do(chromedp.Reload())
	two.keeps("what was done is still there", `(await kept.acts()).length === 5 && document.getElementById("off-wait").innerText.includes("(5)")`)
	two.handOutCut(d.booked[10], d.booked[10].Code)
	two.fits()
	two.accessible(runAxe)

	first, second := one.acts(), two.acts()
	one.wire.lose("/prets") // the first is carried out, and its answer gets lost
	one.cut(false)
	one.back()
	two.cut(false)
	two.back()
	two.until("it leads to what is to be settled", `document.querySelector('#off-results a[href$="/a-regler"]')`)
	// Carried out once, and so told, though its answer was lost: sent again it had the key it had before.
	if got := one.became(); strings.Contains(got, "already") {
		t.Errorf("what was sent again was done twice: %s", got)
	}
	same(t, d, one, two)
	if l := d.loan(d.booked[1]); !l.Damaged || len(l.Missing) > 0 {
		t.Errorf("what came back damaged: %+v", l)
	}
	if l := d.loan(kit); l.Damaged || len(l.Missing) != 1 {
		t.Errorf("what came back in part: %+v", l)
	}
	for _, b := range append(slices.Clone(d.booked[3:8]), d.booked[8], d.booked[10]) {
		if got := d.status(b); got != "in_use" {
			t.Errorf("%s is %s", b.Person, got)
		}
	}
	if got := d.status(d.booked[0]); got != "completed" {
		t.Errorf("what two took back is %s", got)
	}
	if got := d.status(d.booked[9]); got != "confirmed" {
		t.Errorf("whoever was given a unit that was gone is %s", got)
	}
	// All of it once more, each under its key: the answers are the same, and nothing moves.
	before := one.state()
	one.replay(first)
	two.replay(second)
	if after := one.state(); after != before {
		t.Errorf("after a replay:\n%s\nwas\n%s", after, before)
	}
	one.window.open("/comptoir/" + d.hub + "/a-regler")
	if n := evaluate[int](one.window, `[...document.querySelectorAll(".unsettled > li")].filter((e) => e.innerText.includes("`+d.booked[8].Code+`")).length`); n != 1 {
		t.Errorf("%d acts are to be settled:\n%s", n, one.reads())
	}
	one.fits()
	one.accessible(runAxe)
	d.sound()
}

// Who signs out with something to send is asked first; afterwards the device holds nothing.
func TestSigningOutAsksBeforeActsAreLost(t *testing.T) {
	t.Parallel()
	d := newCounterDay(t, "SOR", 2, 3)
	c := d.open(phone)
	c.cut(true)
	c.handOutCut(d.booked[0], d.booked[0].Code)
	c.takeBackCut(d.booked[0].Code)
	// The line is back but the server takes nothing yet: signing out would lose both.
	c.wire.refuse("/comptoir/", http.StatusServiceUnavailable)
	c.allow("status 503")
	c.cut(false)
	c.window.open("/compte")
	evaluate[chromedp.Void](c.window, `document.querySelector('form[action="/deconnexion"]').requestSubmit()`)
	c.until("it warns", `location.search.includes("quitter") && document.querySelector("h1").innerText.includes("2 gestes")`)
	c.until("they are named", `document.getElementById("off-wait").innerText.includes("`+d.booked[0].Code+`")`)
	c.fits()
	c.accessible(runAxe)
	if answer := evaluate[int](c.window, `fetch("/compte").then((r) => r.redirected ? 0 : r.status)`, chromedp.EvalAwaitPromise); answer != 200 {
		t.Errorf("somebody is signed out unasked: %d", answer)
	}
	c.wire.refuse("", 0)
	c.click("#off-bar button")
	c.until("they were sent, then it is left", `location.pathname === "/connexion"`)
	if got := d.status(d.booked[0]); got != "completed" {
		t.Errorf("the booking is %s", got)
	}
	c.bare()
	// With nothing to send nobody is asked.
	c.comes()
	c.window.open("/comptoir/" + d.hub)
	c.ready()
	c.window.open("/compte")
	evaluate[chromedp.Void](c.window, `document.querySelector('form[action="/deconnexion"]').requestSubmit()`)
	c.until("nobody is in", `location.pathname === "/connexion"`)
	c.bare()
}

// bare waits until the device holds nothing of the counter, and nothing of anybody.
func (c *till) bare() {
	c.t.Helper()
	c.keeps("no data base is left", `!(await indexedDB.databases()).some((d) => d.name === "canot-counter")`)
	c.keeps("nobody's name is kept", `(await Promise.all((await caches.keys()).map(async (name) => Promise.all((await (await caches.open(name)).matchAll()).map((r) => r.text())))))
		.flat().every((text) => !text.includes("Personne 0") && !text.includes('"reference"'))`)
}

// back has the device look for the line, and waits until nothing is left to send and the counter is as it
// is with one.
func (c *till) back() {
	c.t.Helper()
	evaluate[chromedp.Void](c.window, `dispatchEvent(new Event("online")), undefined`)
	c.keeps("all is sent", `(await kept.acts()).length === 0`)
	c.until("the board is back", `document.querySelector("#tableau") && !document.querySelector("#tableau").hidden && !document.body.classList.contains("cut")`)
	c.calm()
}

// acts are what the device has to send, as it posts them.
func (c *till) acts() []string {
	c.t.Helper()
	return evaluate[[]string](c.window, `kept.acts().then((all) => all.map((a) => JSON.stringify([a.hub + { check_out: "/prets", check_in: "/retours", arrive: "/arrivees" }[a.kind], new URLSearchParams({
		cle: a.key, instant: new Date(a.at).toISOString(), contact: a.contact, ...(a.booking && { booking: a.booking }), [a.kind === "check_out" ? "u" : "unite"]: a.unit, ...(a.damaged && { abime: "1" }),
		...Object.fromEntries(Object.entries(a.missing || {}).map(([id, n]) => ["manque-" + id, n])) }).toString()])))`, chromedp.EvalAwaitPromise)
}

// became is what became of what the device sent, in order.
func (c *till) became() string {
	c.t.Helper()
	return evaluate[string](c.window, `kept.results().then((all) => all.map((r) => r.state)+"")`, chromedp.EvalAwaitPromise)
}

// replay posts acts as the device did.
func (c *till) replay(acts []string) {
	c.t.Helper()
	if len(acts) < 4 {
		c.t.Fatalf("only %d acts", len(acts))
	}
	for _, act := range acts {
		got := evaluate[string](c.window, `(async ([to, body]) => { const r = await fetch("/comptoir/" + to, { method: "POST", headers: { Accept: "application/json", "Content-Type": "application/x-www-form-urlencoded" }, body }); return r.status + (await r.text()) })(`+act+`)`, chromedp.EvalAwaitPromise)
		if !strings.HasPrefix(got, `200{"state":"`) {
			c.t.Errorf("%s again: %s", act, got)
		}
	}
}

// state is what the device would keep of this test's bookings and units now, from the server.
func (c *till) state() string {
	c.t.Helper()
	return evaluate[string](c.window, `fetch("/comptoir/`+c.day.hub+`/copie.json").then((r) => r.json()).then(({ copy }) => JSON.stringify([
		copy.bookings.filter((b) => b.person.startsWith("`+strings.Split(c.day.codes[0], "-")[0]+` ")).map(({ id, status, lines }) => [id, status, lines]).sort(),
		copy.loans.filter((l) => `+list(c.day.booked)+`.includes(l.booking)).map(({ unit, booking }) => [unit, booking]).sort()]))`, chromedp.EvalAwaitPromise)
}

// same fails the test unless two devices have the same state, and keep it.
func same(t *testing.T, d *counterDay, one, two *till) {
	t.Helper()
	if a, b := one.state(), two.state(); a != b || !strings.Contains(a, d.booked[3].ID) {
		t.Errorf("they differ:\n%s\n%s", a, b)
	}
	own := `(async () => { const { copy } = (await kept.copies())[0]; return JSON.stringify(copy.loans.filter((l) => ` + list(d.booked) + `.includes(l.booking)).map(({ unit, booking }) => [unit, booking]).sort()) })()`
	var kept []string
	for _, c := range []*till{one, two} {
		// What is wrong with what came back, as the counter shows it.
		var shown string
		for _, b := range d.booked[1:3] {
			c.window.open("/comptoir/" + d.hub + "?code=" + b.Code)
			c.until("what is wrong with "+b.Code, `document.querySelector("#panneau .tag.no")`)
			shown += evaluate[string](c.window, `[...document.querySelectorAll("#panneau .tag.no, #panneau .parts")].map((e) => e.innerText).join("; ")`)
		}
		c.window.open("/comptoir/" + d.hub)
		c.ready()
		c.looks()
		kept = append(kept, shown+evaluate[string](c.window, own, chromedp.EvalAwaitPromise))
	}
	if kept[0] != kept[1] {
		t.Errorf("they keep:\n%s\n%s", kept[0], kept[1])
	}
}

// list is the ids of bookings, for a script.
func list(booked []pickUp) string {
	var ids []string
	for _, b := range booked {
		ids = append(ids, fmt.Sprintf("%q", b.ID))
	}
	return "[" + strings.Join(ids, ",") + "]"
}
