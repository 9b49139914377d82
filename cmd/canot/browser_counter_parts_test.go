package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"rsc.io/qr"

	"canot/web/assets"
)

// smallCopy is a counter as a device keeps it: Zoé's two cameras from nine to noon, of which C-2 is out,
// and Luc's room at ten; C-3 is promised to Luc's second booking.
const smallCopy = `{hub: "amos", zone: "America/Toronto", at: "2026-11-22T14:00:00Z",
	units: [{id: "u1", code: "CAM-001", resource: "cam", name: "Caméra"}, {id: "u2", code: "CAM-002", resource: "cam", name: "Caméra"},
		{id: "u3", code: "CAM-003", resource: "cam", name: "Caméra"}, {id: "u4", code: "MIC-001", resource: "mic", name: "Micro"}],
	bookings: [
		{id: "b1", reference: "K7QM-3XPD", person: "Zoé", card: "M-ABCDEFGH", status: "in_use", starts_at: "2026-11-22T14:00:00Z", ends_at: "2026-11-22T17:00:00Z",
			lines: [{resource: "cam", name: "Caméra", kind: "equipment", quantity: 2, units: ["u1", "u2"]}]},
		{id: "b2", reference: "W2XY-9ZZZ", person: "Luc", card: "M-12345678", status: "confirmed", starts_at: "2026-11-22T15:00:00Z", ends_at: "2026-11-22T16:00:00Z",
			lines: [{resource: "room", name: "Salle", kind: "space", quantity: 1, units: ["s1"]}]},
		{id: "b3", reference: "H4HH-0000", person: "Luc", card: "M-12345678", status: "confirmed", starts_at: "2026-11-22T16:30:00Z", ends_at: "2026-11-22T18:00:00Z",
			lines: [{resource: "cam", name: "Caméra", kind: "equipment", quantity: 1, units: ["u3"]}]}],
	loans: [{unit: "u2", booking: "b1", person: "Zoé", due_at: "2026-11-22T17:00:00Z"}]}`

// What a counter knows without a line is worked out by the script alone.
func TestACounterWithoutALineKnowsWhatItsCopySays(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/counter.js" {
			w.Header().Set("Content-Type", "text/javascript")
			w.Write(assets.Body("counter.js"))
			return
		}
		fmt.Fprint(w, `<!doctype html><title>x</title><script src="/counter.js"></script>`)
	}))
	defer server.Close()
	w := openWindow(t, server.URL, phone)
	w.allow("favicon")
	w.open("/")
	const nine, ten = `Date.parse("2026-11-22T14:00:00Z")`, `Date.parse("2026-11-22T15:00:00Z")`
	evaluate[chromedp.Void](w, `globalThis.copy = `+smallCopy+`; globalThis.now = (...acts) => world.of(copy, acts);
		globalThis.odd = world.of({units: [["o1", "AM TEST 201"], ["o2", "201"], ["o3", "ÉTABLI=7"], ["o4", "7"]].map(([id, code]) => ({id, code, resource: "cam"}))}, []); undefined`)
	for ask, want := range map[string]string{
		// A scanner's address, an address through a keyboard in French, a code in small letters, blanks.
		`world.read("https://canot.example/u/CAM-002")`:                "CAM-002",
		`world.read("httpsÉ;;canot.exampleéuéCAM-002 ")`:               "CAM-002",
		`world.read("https://canot.example/u/CAM-002?x=1")`:            "CAM-002",
		`world.read("https://canot.example/u/CAM-002#haut")`:           "CAM-002",
		`world.read("https:ééCANOT.exampleéuéCAM-002Éx")`:              "CAM-002",
		`world.read(" k7qm-3xpd\n")`:                                   "K7QM-3XPD",
		`world.read("--")`:                                             "",
		`world.find(now(), "cam-002").unit.id`:                         "u2",
		`world.find(now(), "k7qm3xpd").booking.id`:                     "b1",
		`world.find(now(), "3XPD").booking.id`:                         "b1",
		`world.find(now(), "M-12345678").bookings.map((b) => b.id)+""`: "b2,b3",
		`world.find(now(), "001").kind`:                                "several",
		`world.find(now(), "002").unit.id`:                             "u2",
		`world.find(now(), "01").kind`:                                 "nothing",
		`world.find(now(), "").kind`:                                   "nothing",
		// A label names the whole of its code, whatever a keyboard makes of it, and no piece of it.
		`world.find(odd, "https://canot.example/u/AM%20TEST%20201").unit.id`: "o1",
		`world.find(odd, "https:éécanot.exampleéuéAM%20TEST%20201").unit.id`: "o1",
		`world.find(odd, "HTTPSÉÉÉCANOT.EXAMPLEÉUÉAM¨20TEST¨20201").unit.id`: "o1",
		`world.find(odd, "am test 201").unit.id`:                             "o1",
		`world.find(odd, "https://canot.example/u/201").unit.id`:             "o2",
		`world.find(odd, "https://canot.example/u/AM%20TEST%20202").kind`:    "nothing",
		`world.find(odd, "https://canot.example/u/01").kind`:                 "nothing",
		`world.find(odd, "https://canot.example/u/%C3%89TABLI=7").unit.id`:   "o3",
		`world.find(odd, "https://canot.example/u/100%").kind`:               "nothing",
		// Half an hour early at most, and not once it is over.
		`world.may(copy.bookings[1], ` + ten + ` - 1800000)+""`:                              "true",
		`world.may(copy.bookings[1], ` + ten + ` - 1801000)+""`:                              "false",
		`world.may(copy.bookings[1], ` + ten + ` + 3600000)+""`:                              "false",
		`world.fits(now(), copy.bookings[0], [], copy.units[0])+""`:                          "true",
		`world.fits(now(), copy.bookings[0], ["u1"], copy.units[2])+""`:                      "false",
		`world.fits(now(), copy.bookings[0], [], copy.units[3])+""`:                          "false",
		`world.rows(now(), copy.bookings[0], []).map((r) => r.code + r.state)+""`:            "CAM-002out,CAM-001waiting",
		`world.rows(now(), copy.bookings[0], ["u3"]).map((r) => r.code + r.state)+""`:        "CAM-002out,CAM-003ticked",
		`world.promised(now(), copy.units[2], copy.bookings[0], ` + nine + `).id`:            "b3",
		`(world.promised(now(), copy.units[0], copy.bookings[0], ` + nine + `) || {}).id+""`: "undefined",
		// Acts that wait have happened, as far as the device goes; the copy itself is as it was.
		`[...now({kind: "check_out", booking: "b1", unit: "u1"}).loans.keys()].sort()+""`:                               "u1,u2",
		`now({kind: "check_in", unit: "CAM-002"}).loans.size+""`:                                                        "0",
		`now({kind: "check_in", unit: "u2"}).bookings.get("b1").status`:                                                 "completed",
		`now({kind: "check_out", booking: "b1", unit: "u1"}, {kind: "check_in", unit: "u2"}).bookings.get("b1").status`: "in_use",
		`now({kind: "arrive", booking: "b2"}).bookings.get("b2").status`:                                                "in_use",
		`now({kind: "check_in", unit: "XYZ"}).loans.size + copy.bookings[0].status`:                                     "1in_use",
		`world.of(world.after(copy, {kind: "check_in", unit: "u2"}), []).loans.size+""`:                                 "0",
		// Seven minutes after a contact at 1000 s by the server and 400 s by the device; then with a clock
		// that was set back, which the running page knows; then after a start without that.
		`world.instant({server: 1000000, device: 400000}, 820000, 420000)+""`:    "1420000",
		`world.instant({server: 1000000, device: 400000}, 100000, 420000)+""`:    "1420000",
		`world.instant({server: 1000000, device: 400000}, 100000, undefined)+""`: "700000",
	} {
		if got := evaluate[string](w, ask); got != want {
			t.Errorf("%s is %q, want %q", ask, got, want)
		}
	}
}

// The camera's picture of a QR ends in the field, read by the reader that is fetched for it.
func TestTheCameraReadsACode(t *testing.T) {
	t.Parallel()
	in := demoWorld(t)
	answer, _ := in.get(t, "/comptoir/hors-ligne", nil)
	if p := answer.Header.Get("Permissions-Policy"); !strings.Contains(p, "camera=(self)") {
		t.Errorf("the page of a counter may not use the camera: %s", p)
	}
	if answer, _ := in.get(t, "/lieux", nil); !strings.Contains(answer.Header.Get("Permissions-Policy"), "camera=()") {
		t.Error("other pages may use the camera")
	}
	w := openWindow(t, in.URL, phone)
	w.allow("did not load") // what is asked of hubs that this device knows nothing of
	w.open("/comptoir/hors-ligne")
	code, err := qr.Encode("https://canot.example/u/CAM-007", qr.M)
	if err != nil {
		t.Fatal(err)
	}
	var dark strings.Builder
	for y := range code.Size {
		for x := range code.Size {
			if code.Black(x, y) {
				fmt.Fprintf(&dark, "[%d,%d],", x, y)
			}
		}
	}
	if evaluate[bool](w, `"BarcodeDetector" in window`) {
		t.Log("this browser reads codes by itself")
	}
	// A camera that sees a card with the code on it, and counts who looks through it.
	evaluate[chromedp.Void](w, `(() => {
		Object.defineProperty(document, "hidden", { configurable: true, value: false }); // other tests' windows may lie over this one
		const c = document.createElement("canvas"), p = c.getContext("2d");
		[c.width, c.height] = [640, 480];
		const draw = () => { p.fillStyle = "#fff"; p.fillRect(0, 0, 640, 480); p.fillStyle = "#000"; for (const [x, y] of [`+dark.String()+`]) p.fillRect(200 + x * 8, 80 + y * 8, 8, 8); };
		draw();
		globalThis.looking = setInterval(draw, 40);
		navigator.mediaDevices.getUserMedia = async () => (globalThis.stream = c.captureStream(20));
		document.getElementById("camera").click();
	})()`)
	w.until("the code is read, and means what a scanner's would", `document.getElementById("off-panel").innerText.includes("CAM-007")`)
	if evaluate[int](w, `document.getElementById("camera-view").hidden ? 0 : 1`) != 1 {
		t.Error("what the camera sees is not shown")
	}
	evaluate[chromedp.Void](w, `Object.defineProperty(document, "hidden", { value: true }), document.dispatchEvent(new Event("visibilitychange"))`)
	w.until("the camera is closed", `stream.getTracks().every((t) => t.readyState === "ended") && document.getElementById("camera-view").hidden`)
}
