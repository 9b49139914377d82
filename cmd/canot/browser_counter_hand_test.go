package main

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
)

// types types a text and Enter with so long between two keys, as far as the page can tell: when a key was
// pressed is said with it, so that a busy machine is no slow hand.
func (c *till) types(text string, between time.Duration) {
	c.t.Helper()
	at := max(c.typed, float64(time.Now().UnixMicro())/1e6) + 1
	c.do(chromedp.Func(func(ctx context.Context, tab *chromedp.Target) error {
		for _, key := range text + "\r" {
			at += between.Seconds()
			p := input.DispatchKeyEventParams{Type: "keyDown", Key: string(key), Text: string(key), UnmodifiedText: string(key), Timestamp: input.TimeSinceEpoch(at)}
			if key == '\r' {
				p.Key, p.Code, p.WindowsVirtualKeyCode = "Enter", "Enter", 13
			}
			if _, err := cdp.Call(ctx, tab, input.DispatchKeyEvent, p); err != nil {
				return err
			}
			p = input.DispatchKeyEventParams{Type: "keyUp", Key: p.Key, Code: p.Code, WindowsVirtualKeyCode: p.WindowsVirtualKeyCode, Timestamp: input.TimeSinceEpoch(at)}
			if _, err := cdp.Call(ctx, tab, input.DispatchKeyEvent, p); err != nil {
				return err
			}
		}
		return nil
	}))
	c.typed = at
}

const (
	asAScanner = 5 * time.Millisecond
	asAHand    = 150 * time.Millisecond
)

// A scanner that types into another field than its own scans all the same: that field gets back what it
// had, and no rule is set aside by the Enter at the end of a code. Escape closes what is open.
func TestAScannerInAnotherFieldScans(t *testing.T) {
	t.Parallel()
	d := newCounterDay(t, "LEC", 2, 4)
	c := d.open(desktop)
	c.allow("status 422")
	free, another := d.codes[2], d.codes[3]
	c.window.open("/comptoir/" + d.hub + "/sans-reservation")
	c.fill("#nom", "LEC Gilles")
	c.do(chromedp.Focus(chromedp.CSS("#nom")))
	c.types(free, asAScanner)
	taken := func(code string) {
		c.t.Helper()
		c.until(code+" is taken, beside who takes it", fmt.Sprintf(`document.querySelector('#sans [name="u"][value=%q]') && document.getElementById("nom").value === "LEC Gilles" && document.activeElement.id === "code"`, code))
	}
	taken(free)
	// A box is no field: the code goes on into the right one.
	evaluate[chromedp.Void](c.window, `document.querySelector('#sans [name="jusqua"]').focus(), undefined`)
	c.types(another, asAScanner)
	taken(another)
	// What a hand writes there stays there: Enter goes on to the next scan, and lends nothing.
	c.do(chromedp.Focus(chromedp.CSS("#telephone")))
	c.types("819 555", asAHand)
	c.until("the field for scans has the focus", `document.activeElement.id === "code" && document.getElementById("telephone").value === "819 555" && document.getElementById("code").value === ""`)
	c.press("\x1b")
	c.until("Escape closes it", `!document.querySelector("#panneau .panel")`)

	b, other := d.booked[0], d.booked[1]
	c.scan(b.Reference)
	c.until("the booking is open", `document.querySelector('#scan [name="r"][value="`+b.ID+`"]')`)
	c.scan(other.Code)
	c.until("it says whose it is", `document.querySelector('[data-act="swap"]')`)
	c.press("\x1b")
	c.until("Escape closes it", `!document.querySelector("#panneau .panel") && !document.querySelector('#scan [name="r"]')`)
	// After a refusal too.
	c.scan(b.Reference)
	c.until("the booking is open", `document.querySelector('#scan [name="r"][value="`+b.ID+`"]')`)
	c.enterKey()
	c.until("it is refused", `document.querySelector("#panneau .wrong")`)
	c.press("\x1b")
	c.until("Escape closes it", `!document.querySelector("#panneau .panel")`)

	// Who may set a rule aside is asked why; a scanner that types there has not been asked.
	c.comesAs("manager")
	c.window.open("/comptoir/" + d.hub + "?r=" + b.ID + "&code=" + other.Code)
	c.until("they may set it aside", `document.getElementById("raison")`)
	evaluate[chromedp.Void](c.window, `document.querySelector(".clash details").open = true, undefined`)
	c.fill("#raison", "Urgence")
	c.do(chromedp.Focus(chromedp.CSS("#raison")))
	c.types("Mar", asAHand)
	c.types(b.Code, asAScanner)
	c.until("what was scanned is ticked instead", `document.querySelector('#scan [name="u"][value="`+b.Code+`"]')`)
	if one, two := d.status(b), d.status(other); one != "confirmed" || two != "confirmed" {
		t.Errorf("a scanner set a rule aside: %s and %s", one, two)
	}
	d.sound()
}
