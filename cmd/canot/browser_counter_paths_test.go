package main

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"

	"canot/internal/database"
)

// unit is the id of a unit.
func (d *counterDay) unit(code string) string {
	for id, c := range d.codeOf {
		if c == code {
			return id
		}
	}
	d.t.Fatalf("there is no %s", code)
	return ""
}

// signs draws on the pad, as a finger or a mouse does.
func (c *till) signs() {
	c.t.Helper()
	c.wait("it is drawn", func() bool {
		c.draws()
		return evaluate[bool](c.window, padIsDrawn)
	})
}

func (c *till) draws() {
	c.t.Helper()
	type place struct{ X, Y, Width, Height float64 }
	box := evaluate[place](c.window, `(() => {
		const pad = document.querySelector("canvas.pad");
		pad.scrollIntoView({ block: "center", behavior: "instant" });
		const { x, y, width, height } = pad.getBoundingClientRect();
		return { X: x, Y: y, Width: width, Height: height };
	})()`)
	if box.Width < 200 || box.Height < 60 {
		c.t.Fatalf("there is no room to sign: %+v", box)
	}
	c.do(chromedp.Func(func(ctx context.Context, tab *chromedp.Target) error {
		for i, at := range [][2]float64{{.1, .7}, {.3, .2}, {.4, .8}, {.6, .3}, {.9, .6}, {.9, .6}} {
			p := input.DispatchMouseEventParams{Type: "mouseMoved", X: box.X + at[0]*box.Width, Y: box.Y + at[1]*box.Height, Button: "left", Buttons: 1}
			switch i {
			case 0:
				p.Type, p.ClickCount = "mousePressed", 1
			case 5:
				p.Type, p.ClickCount, p.Buttons = "mouseReleased", 1, 0
			}
			if _, err := cdp.Call(ctx, tab, input.DispatchMouseEvent, p); err != nil {
				return err
			}
		}
		return nil
	}))
}

// padIsDrawn says whether the pad says that it was drawn on, and has ink.
const padIsDrawn = `(() => {
	const pad = document.querySelector("canvas.pad[data-drawn]:not([hidden])");
	if (!pad) return false;
	const sheet = new OffscreenCanvas(pad.width, pad.height).getContext("2d", { willReadFrequently: true });
	sheet.drawImage(pad, 0, 0);
	return sheet.getImageData(0, 0, pad.width, pad.height).data.some((v, i) => i % 4 === 0 && v < 100);
})()`

// Where a policy asks for it, who takes something signs on the screen.
func TestASignatureIsDrawnAndKept(t *testing.T) {
	t.Parallel()
	d := newCounterDay(t, "SIG", 1, 2, `, "signature": true`)
	c := d.open(phone)
	c.allow("status 422")
	b := d.booked[0]
	c.scan(b.Reference)
	c.until("there is room to sign", `document.querySelector("canvas.pad:not([hidden])")`)
	c.fits()
	c.accessible(runAxe)
	// One signs while the other scans: what is drawn stays.
	c.signs()
	c.do(chromedp.Focus(chromedp.CSS("#code")))
	ticked := `document.querySelector('#scan [name="u"][value="` + b.Code + `"]') && document.querySelector('#remise [name="u"]:checked')`
	c.scan(b.Code)
	c.until("the unit is ticked", ticked)
	c.until("what was drawn is still there", padIsDrawn)
	// It is wiped away, and the hand-over refused: nothing has left, and nothing that was scanned is lost.
	c.click("[data-effacer]")
	c.until("it is wiped away", `!document.querySelector("canvas.pad[data-drawn]")`)
	c.do(chromedp.Focus(chromedp.CSS("#code")))
	c.enterKey()
	c.until("it asks for a signature", `document.querySelector("#panneau .wrong") && document.querySelector("#panneau .wrong").innerText.toLowerCase().includes("sign")`)
	c.until("all else is as it was", ticked)
	if got := d.status(b); got != "confirmed" {
		t.Errorf("without a signature it is %s", got)
	}
	c.fits()
	c.accessible(runAxe)
	c.signs()
	c.do(chromedp.Focus(chromedp.CSS("#code")))
	c.enterKey()
	c.until("it is handed out", `!document.querySelector('#scan [name="r"]') && document.getElementById("dit").innerText.includes("`+b.Person+`")`)
	if l := d.loan(b); !l.Signed {
		t.Error("the signature is not kept")
	}
	c.until("it is shown beside what left", `document.querySelector("#panneau .signed img") && document.querySelector("#panneau .signed img").naturalWidth > 300`)
	c.fits()
	c.accessible(runAxe)
	d.sound()
}

// largePhoto writes a picture such as a phone takes, and a text, and returns where.
func largePhoto(t *testing.T) (photo, text string, size int64) {
	t.Helper()
	m := image.NewRGBA(image.Rect(0, 0, 4000, 3000))
	for i := 0; i < len(m.Pix); i += 4 {
		x, y := (i/4)%4000, i/16000
		h := uint32(x/3*7919+y/3*104729) * 2654435761
		c := color.RGBA{uint8(x >> 4), uint8(y >> 4), uint8(h >> 24), 255}
		m.Pix[i], m.Pix[i+1], m.Pix[i+2], m.Pix[i+3] = c.R, c.G, c.B, c.A
	}
	var out bytes.Buffer
	if err := jpeg.Encode(&out, m, &jpeg.Options{Quality: 90}); err != nil {
		t.Fatal(err)
	}
	photo, text = filepath.Join(t.TempDir(), "IMG_0001.jpg"), filepath.Join(t.TempDir(), "liste.txt")
	if err := os.WriteFile(photo, out.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(text, []byte(strings.Repeat("Ceci n’est pas une photo.\n", 40)), 0o600); err != nil {
		t.Fatal(err)
	}
	return photo, text, int64(out.Len())
}

// Pictures are taken as a unit leaves and as it comes back; what is no picture is refused, and all that was
// written beside it stays.
func TestPhotosAtTheCounter(t *testing.T) {
	t.Parallel()
	d := newCounterDay(t, "PHO", 1, 1)
	b := d.booked[0]
	d.api(http.MethodPut, "/units/"+b.Code+"/components", `{"components": [{"name": {"fr": "Batterie", "en": "Battery"}, "quantity": 4}]}`, 200)
	photo, text, size := largePhoto(t)
	c := d.open(phone)
	c.allow("status 422")
	c.handOut(b, b.Code)
	give := func(selector, file string) {
		c.t.Helper()
		evaluate[chromedp.Void](c.window, `document.querySelector('`+selector+`').closest("details").open = true, undefined`)
		c.do(chromedp.SetUploadFiles(chromedp.CSS(selector), []string{file}))
	}
	const leaving = `#panneau form[action*="/retours/"] [type="file"]`
	give(leaving, text)
	c.click(`#panneau form[action*="/retours/"] button`)
	c.until("it is refused", `document.querySelector("#panneau .wrong") && document.querySelector("#panneau .wrong").innerText.includes("JPEG")`)
	c.until("it can be given again", `document.querySelector('#panneau form[action*="/retours/"]').closest("details").open`)
	give(leaving, photo)
	c.click(`#panneau form[action*="/retours/"] button`)
	c.until("it is kept", `!document.querySelector("#panneau > .wrong") && document.getElementById("dit").innerText.trim() && !document.getElementById("dit").innerText.includes("`+b.Person+`")`)
	if sent := c.wire.heaviest(); sent > size/2 {
		t.Errorf("a photo of %d bytes was sent as %d", size, sent)
	}

	c.takeBack(b.Code)
	c.fits()
	c.accessible(runAxe)
	evaluate[chromedp.Void](c.window, `document.querySelector(".back details").open = true, document.querySelector('.back [name^="manque-"]').value = "1", document.getElementById("abime").checked = true, undefined`)
	c.fill("#probleme", "Le viseur est rayé")
	c.fill("#etat-vu", "Rayé")
	give("#photo", text)
	c.click(".back form .bar button")
	c.until("it is refused", `document.querySelector("#panneau .wrong") && document.querySelector("#panneau .wrong").innerText.includes("JPEG")`)
	c.until("all that was written is there", `document.querySelector('.back [name^="manque-"]').value === "1" && document.getElementById("abime").checked && document.getElementById("probleme").value === "Le viseur est rayé" &&
		document.getElementById("etat-vu").value === "Rayé" && document.querySelector(".back details").open`)
	if l := d.loan(b); l.Damaged || len(l.Missing) > 0 {
		t.Errorf("half of it was kept: %+v", l)
	}
	give("#photo", photo)
	c.click(".back form .bar button")
	c.until("it is noted", `!document.querySelector("#panneau > .wrong") && document.getElementById("dit").innerText.trim() && !document.querySelector(".back form")`)
	c.until("it does not go back to its shelf", `document.querySelector(".next .wrong") && !document.querySelector(".next .fine")`)
	if l := d.loan(b); !l.Damaged || len(l.Missing) != 1 {
		t.Errorf("of what was written is kept: %+v", l)
	}
	c.window.open("/inventaire/" + d.hub + "/exemplaires/" + d.unit(b.Code))
	c.until("both are shown where all of the unit is", `(() => { const all = [...document.querySelectorAll(".shots img")]; for (const i of all) i.loading = "eager"; return all.length === 2 && all.every((i) => i.complete && i.naturalWidth > 0 && i.naturalWidth <= 1600) })()`)
	c.fits()
	d.sound()
}

// Before a unit is taken out of service for some days it is said whom that moves; saving moves those.
func TestAPlannedOutageSaysWhomItMoves(t *testing.T) {
	t.Parallel()
	d := newCounterDay(t, "ARR", 0, 2)
	from := time.Now().UTC().Truncate(time.Hour).Add(26 * time.Hour)
	for slot, many := range []int{1, 2, 1} {
		for range many {
			i := len(d.booked) + 1
			person := fmt.Sprintf("ARR Personne %02d", i)
			member := d.api(http.MethodPost, "/members", fmt.Sprintf(`{"name": %q}`, person), 201)
			starts := from.Add(time.Duration(slot) * 4 * time.Hour)
			b := d.api(http.MethodPost, "/bookings", fmt.Sprintf(`{"resource": "essai-arr", "starts_at": %q, "ends_at": %q, "member": %q}`, starts.Format(time.RFC3339), starts.Add(2*time.Hour).Format(time.RFC3339), member.ID), 201)
			d.booked = append(d.booked, pickUp{b.ID, b.Reference, person, d.codeOf[b.Lines[0].Units[0]]})
		}
	}
	gone := d.booked[0].Code
	var moved, homeless, others []string
	for i, b := range d.booked {
		switch {
		case b.Code != gone:
			others = append(others, b.Reference)
		case i == 1 || i == 2: // both units are taken then
			homeless = append(homeless, b.Reference)
		default:
			moved = append(moved, b.Reference)
		}
	}
	c := d.open(desktop)
	c.window.open("/entretien/" + d.hub + "/arrets")
	c.fill("#u", gone)
	evaluate[chromedp.Void](c.window, fmt.Sprintf(`document.getElementById("au").value = %q, document.getElementById("raison").value = "Révision annuelle", undefined`, from.AddDate(0, 0, 3).Format(time.DateOnly)))
	c.click(`form[action$="/arrets/apercu"] button`)
	c.until("the preview", `location.pathname.endsWith("/apercu") && document.querySelector('form[action$="/arrets"] button')`)
	c.calm()
	c.fits()
	c.accessible(runAxe)
	shown := func(selector string) []string {
		return evaluate[[]string](c.window, `[...document.querySelectorAll("`+selector+` .ref")].map((e) => e.innerText)`)
	}
	for what, want := range map[string][]string{"main .wrong": homeless, "main .rows": moved} {
		if got := shown(what); !slices.Equal(slices.Sorted(slices.Values(got)), slices.Sorted(slices.Values(want))) {
			t.Errorf("%s names %q, and it is %q (not %q)", what, got, want, others)
		}
	}
	for _, b := range d.booked {
		if d.has(b) != b.Code {
			t.Errorf("%s was moved by looking at it", b.Reference)
		}
	}
	c.click(`form[action$="/arrets"] button`)
	c.until("it is planned", `location.search.includes("fait=arret") && document.body.innerText.includes("`+gone+`")`)
	for _, b := range d.booked {
		got := d.api(http.MethodGet, "/bookings/"+b.ID, "", 200)
		has := ""
		if len(got.Lines[0].Units) > 0 {
			has = d.codeOf[got.Lines[0].Units[0]]
		}
		switch {
		case slices.Contains(moved, b.Reference) && (has == gone || has == ""):
			t.Errorf("%s was to be moved and has %q", b.Reference, has)
		case slices.Contains(homeless, b.Reference) && has != "":
			t.Errorf("%s was to lose its unit and has %q", b.Reference, has)
		case slices.Contains(others, b.Reference) && has != b.Code:
			t.Errorf("%s was to stay and has %q", b.Reference, has)
		}
	}
	d.sound()
}

// in changes the data base below the network, for what only time can bring about.
func (d *counterDay) in(f func(tx *database.Tx) error) {
	d.t.Helper()
	db, err := database.Open(d.t.Context(), database.Settings{URL: "sqlite://" + filepath.Join(d.Data, "canot.db")})
	if err != nil {
		d.t.Fatal(err)
	}
	defer db.Close()
	if err := db.In(d.t.Context(), f); err != nil {
		d.t.Fatal(err)
	}
}

// Who has not come half an hour after the start loses the rest of the time, and the board says so at once.
func TestNobodyCame(t *testing.T) {
	t.Parallel()
	d := newCounterDay(t, "ABS", 1, 1, `, "no_show_after_min": 30`)
	b := d.booked[0]
	d.in(func(tx *database.Tx) error { // it began an hour ago
		began := tx.Now.Truncate(5 * time.Minute).Add(-time.Hour)
		if _, err := tx.Exec(`UPDATE bookings SET starts_at = $1, changed_at = $1 WHERE id = $2`, began, b.ID); err != nil {
			return err
		}
		_, err := tx.Exec(`UPDATE occupancies SET starts_at = $1 WHERE booking_id = $2`, began, b.ID)
		return err
	})
	c := d.open(phone)
	waits := `[...document.querySelectorAll("#tableau .row .who")].some((e) => e.innerText.includes("` + b.Person + `"))`
	c.until("they are waited for", waits)
	d.in(func(tx *database.Tx) error { // what looks for them every five minutes looks now
		_, err := tx.Exec(`UPDATE jobs SET run_at = $1 WHERE kind = 'booking.late' AND state = 'ready'`, tx.Now)
		return err
	})
	c.until("nobody waits for them any more", `!(`+waits+`) && document.getElementById("tableau").childElementCount`)
	if got := d.status(b); got != "no_show" {
		t.Errorf("it is %s", got)
	}
	// The rest of their time is somebody else's.
	c.scan(b.Code)
	c.until("the unit is free", `document.querySelector("#panneau .panel .unit") && !document.querySelector("#panneau .panel").innerText.includes("`+b.Person+`")`)
	d.sound()
}
