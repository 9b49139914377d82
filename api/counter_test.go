package api

import (
	"bytes"
	"strings"
	"testing"
)

// lending gives Amos cameras to lend, of which one lacks nothing, and returns the codes of two.
func (n *network) lending() (first, second string) {
	n.t.Helper()
	n.do("PUT", "/api/v1/hubs/amos/opening", "root", `{"week":"Mo-Su 00:00-24:00"}`).want(200)
	n.do("POST", "/api/v1/resources", "root", `{"slug":"camera","hub":"amos","category":"desk","kind":"equipment","name":{"fr":"Caméra"},"policy":{"notice_min":0,"grain_min":15,"shortest_min":15}}`).want(201)
	for _, code := range []string{"CAM-01", "CAM-02"} {
		n.do("POST", "/api/v1/resources/camera/units", "root", `{"code":"`+code+`"}`).want(201)
	}
	return "CAM-01", "CAM-02"
}

// TestAProgramStandsAtACounter hands out in parts, takes back, and repeats itself.
func TestAProgramStandsAtACounter(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		first, second := n.lending()
		id := n.do("POST", "/api/v1/bookings", "zoe", `{"resource":"camera","quantity":2,"starts_at":"2026-11-16T13:15:00Z","ends_at":"2026-11-16T15:00:00Z"}`).want(201).text("id")
		out := "/api/v1/bookings/" + id + "/check-out"
		n.do("POST", out, "anne", `{"units":["`+first+`"],"condition":{}}`, "Idempotency-Key", "one").want(200)
		n.do("POST", out, "anne", `{"units":["`+first+`"],"condition":{}}`, "Idempotency-Key", "one").want(200)
		loans := n.do("GET", "/api/v1/bookings/"+id+"/loans", "zoe", "").want(200).items()
		if len(loans) != 1 {
			t.Fatalf("%d loans after one unit was handed out twice under one key", len(loans))
		}
		n.do("POST", out, "anne", `{"units":["`+second+`"]}`).want(200)
		n.do("POST", out, "anne", `{"units":["NOBODY-HAS-IT"]}`).want(404)
		n.do("POST", out, "anne", `{"signature":"no base64!"}`).want(400)

		back := n.do("POST", "/api/v1/units/"+first+"/check-in", "anne", `{"hub":"amos","condition":"bonne"}`).want(200)
		if again := n.do("POST", "/api/v1/units/"+first+"/check-in", "anne", ""); again.want(200).json()["already"] != true || back.json()["already"] != false {
			t.Errorf("%s, then %s", back.body, again.body)
		}
		damaged := n.do("POST", "/api/v1/units/"+second+"/check-in", "anne", `{"damaged":true,"trouble":"écran fendu"}`).want(200)
		if _, opened := damaged.json()["maintenance"].(map[string]any); !opened {
			t.Errorf("a damage opened nothing: %s", damaged.body)
		}
		if b := n.do("GET", "/api/v1/bookings/"+id, "zoe", "").want(200); b.text("status") != "completed" {
			t.Errorf("the booking is %s once all is back", b.text("status"))
		}
		made := n.do("POST", "/api/v1/hubs/amos/walk-ins", "anne", `{"name":"Rose","units":["`+first+`"],"ends_at":"2026-11-16T15:00:00Z"}`).want(201)
		if made.text("status") != "in_use" || made.header.Get("Location") == "" {
			t.Errorf("%s", made.body)
		}
		n.do("POST", "/api/v1/hubs/amos/walk-ins", "anne", `{"units":["`+first+`"],"ends_at":"2026-11-16T15:00:00Z"}`).want(400)
		n.do("POST", "/api/v1/hubs/amos/walk-ins", "anne", `{"member":"x","name":"y","units":["`+first+`"],"ends_at":"2026-11-16T15:00:00Z"}`).want(400)
		board := n.do("GET", "/api/v1/hubs/amos/counter", "anne", "").want(200)
		if list, _ := board.json()["returns"].([]any); len(list) != 1 || !strings.Contains(string(board.body), first) {
			t.Errorf("the counter awaits %s", board.body)
		}
	})
}

// TestFilesAreWhatTheirBytesSay: a picture comes back as one, and nothing else passes for one.
func TestFilesAreWhatTheirBytesSay(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		unit, _ := n.lending()
		to := "/api/v1/units/" + unit + "/files"
		kept := n.do("POST", to, "anne", aPicture, "Content-Type", "image/png").want(201)
		got := n.do("GET", "/api/v1/files/"+kept.text("id"), "anne", "").want(200)
		if got.header.Get("Content-Type") != "image/jpeg" || got.header.Get("X-Content-Type-Options") != "nosniff" || !bytes.HasPrefix(got.body, []byte("\xff\xd8")) {
			t.Errorf("%v", got.header)
		}
		n.do("GET", "/api/v1/files/"+kept.text("id"), "zoe", "").want(200) // what a thing looks like is for everybody
		doc := n.do("POST", to+"?name=..%5C..%5Cnotice.html", "anne", "Mode d’emploi\n", "Content-Type", "text/plain").want(201)
		read := n.do("GET", "/api/v1/files/"+doc.text("id"), "anne", "").want(200)
		if d := read.header.Get("Content-Disposition"); !strings.HasPrefix(d, "attachment") || strings.Contains(d, "..") || strings.Contains(d, `\`) {
			t.Errorf("a document is handed over as %q", d)
		}
		for name, c := range map[string]struct {
			body, media string
			status      int
		}{
			"a drawing with a script": {`<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`, "image/png", 422},
			"a page as a text":        {"<html>\x00", "text/plain", 422},
			"a page":                  {"<html>", "text/html", 415},
			"nothing":                 {"", "image/png", 400},
			"half a picture":          {aPicture[:40], "image/png", 422},
			"too much":                {strings.Repeat("x", 13<<20), "image/png", 413},
		} {
			r := n.do("POST", to, "anne", c.body, "Content-Type", c.media)
			if r.status != c.status {
				t.Errorf("%s is answered %d, want %d: %s", name, r.status, c.status, r.body)
				continue
			}
			tidy(t, r)
		}
	})
}

// TestWhatAJourneyIsToBringIsKnownToNobody asks for a resource that is awaited by all of its names.
func TestWhatAJourneyIsToBringIsKnownToNobody(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		unit, _ := n.lending()
		planned := n.do("POST", "/api/v1/transfers", "root", `{"unit":"`+unit+`","to":"rouyn","leaves_at":"2026-11-17T13:00:00Z","arrives_at":"2026-11-17T20:00:00Z"}`).want(201)
		id, slug := planned.text("to_resource"), "rouyn-camera"
		span := `"starts_at":"2026-11-18T15:00:00Z","ends_at":"2026-11-18T16:00:00Z"`
		asked := func(status int) {
			t.Helper()
			for _, who := range []string{"", "zoe", "anne", "root"} {
				for _, key := range []string{id, slug} {
					for _, path := range []string{"/api/v1/resources/" + key, "/api/v1/resources/" + key + "/policy", "/api/v1/resources/" + key + "/units",
						"/api/v1/availability?resource=" + key + "&from=2026-11-18T15:00:00Z&to=2026-11-18T16:00:00Z", "/calendars/resources/" + key + ".ics"} {
						if who == "" && strings.HasSuffix(path, "/units") {
							continue
						}
						if got := n.do("GET", path, who, ""); got.status != status {
							t.Errorf("%s is told %d at %s: %s", who, got.status, path, got.body)
						}
					}
					if who != "" {
						n.do("POST", "/api/v1/bookings/preview", who, `{"resource":"`+key+`",`+span+`}`).want(status)
					}
				}
			}
		}
		asked(404)
		for _, call := range []struct{ method, path, body string }{
			{"POST", "/api/v1/bookings", `{"resource":"` + slug + `",` + span + `}`},
			{"PATCH", "/api/v1/resources/" + slug, `{"archived":false}`},
			{"POST", "/api/v1/resources/" + slug + "/units", `{"code":"X-1"}`},
		} {
			n.do(call.method, call.path, "root", call.body).want(404)
		}
		n.do("POST", "/api/v1/transfers/"+planned.text("id")+"/depart", "root", "").want(200)
		asked(404)
		n.do("POST", "/api/v1/transfers/"+planned.text("id")+"/arrive", "root", "").want(200)
		asked(200)
	})
}
