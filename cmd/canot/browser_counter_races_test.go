package main

import (
	"fmt"
	"testing"

	"github.com/chromedp/chromedp"
)

// beside opens another tab of the same device, with the cookies and the stores of the first.
func (c *till) beside() *till {
	c.t.Helper()
	other := &till{window: c.window.beside(desktop), day: c.day, wire: c.wire}
	other.allow("did not load") // once the line is cut
	return other
}

// Two tabs of one device have the same things to send: each is sent once.
func TestTwoTabsSendEachActOnce(t *testing.T) {
	t.Parallel()
	d := newCounterDay(t, "ONG", 4, 4)
	one := d.open(desktop)
	two := one.beside()
	two.window.open("/comptoir/" + d.hub)
	two.ready()
	for _, b := range d.booked[:2] {
		one.handOut(b, b.Code)
	}
	one.knows(2)
	one.cut(true)
	one.takeBackCut(d.booked[0].Code)
	two.handOutCut(d.booked[2], d.booked[2].Code)
	one.handOutCut(d.booked[3], d.booked[3].Code)
	two.takeBackCut(d.booked[1].Code)
	one.until("this tab tells of the other's acts", `document.querySelectorAll("#off-wait .off-acts li").length === 4`)
	// Both look for the line at the same moment.
	one.cut(false)
	one.online()
	two.online()
	for _, c := range []*till{one, two} {
		c.back()
	}
	for i, want := range []string{"completed", "completed", "in_use", "in_use"} {
		if got := d.status(d.booked[i]); got != want {
			t.Errorf("booking %d is %s, not %s", i, got, want)
		}
	}
	if got := one.became(); got != "done,done,done,done" {
		t.Errorf("they became %s", got)
	}
	d.sound()
}

// An answer that was given before somebody signed out and comes after it is nobody's: nothing of it stays.
func TestAnAnswerAfterSigningOutIsNotKept(t *testing.T) {
	t.Parallel()
	d := newCounterDay(t, "LEN", 1, 1)
	one := d.open(desktop)
	// Another tab of the device has asked for the copy, and waits.
	two := one.beside()
	two.window.open("/comptoir/" + d.hub)
	two.ready()
	one.window.open("/compte")
	// Nothing else of the second tab tells it that its session has ended.
	evaluate[chromedp.Void](two.window, `Object.defineProperty(document, "hidden", { configurable: true, value: true }), document.dispatchEvent(new Event("visibilitychange")),
		globalThis.came = 0, globalThis.json = Response.prototype.json, Response.prototype.json = function () { return json.call(this).finally(() => setTimeout(() => came++)) }, undefined`)
	two.wire.holdAnswer("/copie.json")
	two.online()
	two.wait("the copy is asked for", two.wire.isHolding)
	evaluate[chromedp.Void](one.window, `document.querySelector('form[action="/deconnexion"]').requestSubmit()`)
	one.until("nobody is in", `location.pathname === "/connexion"`)
	one.calm()
	one.keeps("nothing is kept", `!(await indexedDB.databases()).some((d) => d.name === "canot-counter")`)
	two.wire.letGo()
	two.until("the answer is there", `came > 0`)
	two.keeps("it is dealt with", `await kept.copies(), document.getElementById("sans-ligne")`)
	if n := evaluate[int](two.window, `kept.copies().then((all) => all.length)`, chromedp.EvalAwaitPromise); n != 0 {
		t.Error("a copy came back after signing out")
	}
}

// So it is with the list of what a person has booked, which the worker keeps.
func TestAListAfterSigningOutIsNotKept(t *testing.T) {
	t.Parallel()
	d := newCounterDay(t, "LIS", 1, 1)
	c := d.open(desktop)
	c.wire.holdAnswer("/compte/a-venir.json")
	c.window.open("/reservations") // after which the worker asks for the list
	c.wait("the list is asked for", c.wire.isHolding)
	evaluate[chromedp.Void](c.window, `fetch("/deconnexion", { method: "POST" }).then(() => (globalThis.out = true)), undefined`)
	c.until("the device is signed out", `globalThis.out`)
	c.wire.letGo()
	// The worker takes what comes in turn: once it has fetched something more, the list was dealt with.
	c.keeps("the list is dealt with", `await fetch("/compte/a-venir.json").then((r) => r.status === 204)`)
	c.keeps("the list is not kept", `!(await caches.match("/compte/a-venir.json"))`)
	c.window.open("/connexion")
	c.bare()
}

// What is scanned while the line is being found to be down goes on without it, in the order it was scanned.
func TestScansWhileTheLineBreaksKeepTheirOrder(t *testing.T) {
	t.Parallel()
	d := newCounterDay(t, "ORD", 1, 1)
	c := d.open(desktop)
	b := d.booked[0]
	// The first scan alone finds the line broken: it is there again for the second.
	evaluate[chromedp.Void](c.window, fmt.Sprintf(`globalThis.line = fetch, globalThis.fetch = () => ((globalThis.fetch = line), Promise.reject(new TypeError("no line")));
		for (const code of [%q, %q]) document.getElementById("code").value = code, document.getElementById("scan").requestSubmit()`, b.Reference, b.Code))
	c.until("both are open", fmt.Sprintf(`document.querySelector("#off-panel .is-ticked") && document.getElementById("off-panel").innerText.includes(%q)`, b.Person))
	evaluate[chromedp.Void](c.window, `globalThis.scanned = performance.now(), undefined`)
	c.enterKey()
	c.back()
	if got := d.status(b); got != "in_use" {
		t.Errorf("it is %s", got)
	}
	d.sound()
}

// A board that was asked for earlier and comes later is an older one: it does not take the place of the newer.
func TestAnOlderBoardDoesNotReplaceANewer(t *testing.T) {
	t.Parallel()
	d := newCounterDay(t, "ANC", 2, 2)
	c := d.open(desktop)
	// The stamp of the first board that is asked for from now on is told once it has been dealt with.
	evaluate[chromedp.Void](c.window, `(() => {
		const real = fetch;
		let first = true;
		globalThis.old = "";
		globalThis.fetch = async (to, how) => {
			const it = first && String(to).endsWith("/tableau");
			if (it) first = false;
			const answer = await real(to, how);
			if (!it) return answer;
			const read = answer.text.bind(answer);
			answer.text = () => read().finally(() => setTimeout(() => (globalThis.old = answer.headers.get("Canot-Stamp"))));
			return answer;
		};
	})()`)
	c.wire.holdAnswer("/tableau")
	stamp := evaluate[string](c.window, `document.getElementById("tableau").dataset.stamp`)
	d.api("POST", "/bookings/"+d.booked[0].ID+"/cancel", `{}`, 200)
	c.wait("a board is asked for", c.wire.isHolding)
	d.api("POST", "/bookings/"+d.booked[1].ID+"/cancel", `{}`, 200)
	c.until("a newer one is shown", fmt.Sprintf(`document.getElementById("tableau").dataset.stamp !== %q`, stamp))
	c.wire.letGo()
	c.until("the older one came", `old`)
	if evaluate[bool](c.window, `document.getElementById("tableau").dataset.stamp === old`) {
		t.Error("an older board took the place of a newer")
	}
}

// What was being written when the line broke is there again when it is back.
func TestWhatWasWrittenWhenTheLineBrokeIsThereAgain(t *testing.T) {
	t.Parallel()
	d := newCounterDay(t, "ECR", 1, 1)
	c := d.open(phone)
	b := d.booked[0]
	c.handOut(b, b.Code)
	c.takeBack(b.Code)
	evaluate[chromedp.Void](c.window, `document.querySelector(".back details").open = true, undefined`)
	c.fill("#probleme", "La courroie est usée")
	c.cut(true)
	c.online()
	c.until("the line is seen to be cut", `document.body.classList.contains("cut") && document.getElementById("panneau").hidden`)
	c.cut(false)
	c.online()
	c.until("it is there again", `!document.body.classList.contains("cut") && !document.getElementById("panneau").hidden && document.getElementById("probleme").value === "La courroie est usée"`)
	c.click(".back form .bar button")
	c.until("it is noted", `document.getElementById("dit").innerText.trim() && !document.querySelector(".back form")`)
	d.sound()
}
