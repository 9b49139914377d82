package api

import (
	"net/http"
	"strings"
	"testing"

	"canot/web/edge"
)

func frontOf(a *API) http.Handler { return edge.Front(a.engine) }

func TestBookingFromSearchToCancellation(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		found := n.do("GET", "/api/v1/resources?hub=amos&category=studio", "", "").want(200).items()
		if len(found) != 1 || found[0].(map[string]any)["units_in_service"] != 1.0 {
			t.Fatalf("found %v", found)
		}
		free := n.do("GET", "/api/v1/availability?resource=amos-studio&from=2026-11-17T00:00:00Z&to=2026-11-18T05:00:00Z", "", "").want(200)
		if !strings.Contains(string(free.body), `"free":[{"starts_at":"2026-11-17T14:00:00Z","ends_at":"2026-11-17T22:00:00Z","quantity":1}]`) {
			t.Errorf("Tuesday's hours are not free: %s", free.body)
		}
		made := n.do("POST", "/api/v1/bookings", "zoe", studio("10:00", "12:00")).want(201)
		id := made.text("id")
		if made.header.Get("Location") != "/api/v1/bookings/"+id || made.header.Get("ETag") != `"1"` {
			t.Errorf("headers %v", made.header)
		}
		if made.text("status") != "confirmed" || made.text("starts_at") != "2026-11-17T15:00:00Z" || made.text("hub_slug") != "amos" {
			t.Errorf("booked %s", made.body)
		}
		refused := n.do("POST", "/api/v1/bookings", "luc", studio("10:00", "12:00"), "Accept-Language", "en").want(409)
		if refused.text("code") != "conflict" || len(refused.json()["alternatives"].([]any)) == 0 {
			t.Errorf("refused with %s", refused.body)
		}
		brief := n.do("POST", "/api/v1/bookings", "luc", studio("10:00", "12:00"), "Prefer", "return=minimal").want(409)
		if brief.json()["alternatives"] != nil || brief.header.Get("Preference-Applied") != "return=minimal" {
			t.Errorf("a brief refusal: %v %s", brief.header, brief.body)
		}
		moved := n.do("PATCH", "/api/v1/bookings/"+id, "zoe", `{"starts_at":"2026-11-17T13:00:00-05:00","ends_at":"2026-11-17T15:00:00-05:00"}`, "If-Match", `"1"`).want(200)
		if moved.header.Get("ETag") != `"2"` || moved.text("starts_at") != "2026-11-17T18:00:00Z" {
			t.Errorf("moved to %s", moved.body)
		}
		n.do("POST", "/api/v1/bookings/"+id+"/cancel", "zoe", `{"reason":"neige"}`).want(200)
		again := n.do("POST", "/api/v1/bookings/"+id+"/cancel", "zoe", "").want(200)
		if again.text("status") != "cancelled" {
			t.Errorf("cancelled twice: %s", again.body)
		}
	})
}

func TestOthersBookingsAreNotThere(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		id := n.do("POST", "/api/v1/bookings", "zoe", studio("10:00", "12:00")).want(201).text("id")
		path := "/api/v1/bookings/" + id
		for _, who := range []string{"luc", "marc"} {
			n.do("GET", path, who, "").want(404)
			n.do("PATCH", path, who, `{"title":"à moi"}`).want(404)
			n.do("POST", path+"/cancel", who, `{}`).want(404)
			if len(n.do("GET", "/api/v1/bookings", who, "").want(200).items()) != 0 {
				t.Errorf("%s sees another's booking in the list", who)
			}
		}
		n.do("GET", path, "", "").want(401)
		n.do("GET", path, "anne", "").want(200)
		if n := len(n.do("GET", "/api/v1/bookings?hub=amos", "anne", "").want(200).items()); n != 1 {
			t.Errorf("staff see %d bookings", n)
		}
		n.do("GET", path, "reader", "").want(200)
		n.do("PATCH", path, "reader", `{"title":"x"}`).want(403)
		n.do("POST", path+"/approve", "zoe", "").want(403)
	})
}

func TestIfMatchIsComparedStrongly(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		id := n.do("POST", "/api/v1/bookings", "zoe", studio("10:00", "12:00")).want(201).text("id")
		path := "/api/v1/bookings/" + id
		for _, c := range []struct {
			match  string
			status int
		}{
			{`"7"`, 412}, {`W/"1"`, 412}, {`"1x"`, 412}, {`"01"`, 412}, {`"7", W/"1"`, 412}, {`nonsense`, 400}, {`"1`, 400},
			{`"1"`, 200}, {`"2"`, 200}, {`*`, 200}, {`"9", "4"`, 200}, {`"9", "4"`, 412},
		} {
			n.do("PATCH", path, "zoe", `{"title":"`+strings.ReplaceAll(c.match, `"`, `'`)+string(rune('a'+c.status%7))+`"}`, "If-Match", c.match).want(c.status)
		}
		read := n.do("GET", path, "zoe", "").want(200)
		if read.header.Get("Cache-Control") != "no-store" || !strings.Contains(read.header.Get("Vary"), "Authorization") {
			t.Errorf("a private read may be kept: %v", read.header)
		}
		n.do("GET", path, "zoe", "", "If-None-Match", read.header.Get("ETag")).want(304)
		n.do("GET", path, "zoe", "", "If-None-Match", "W/"+read.header.Get("ETag")).want(304)
		n.do("GET", path, "zoe", "", "If-None-Match", `"1"`).want(200)
	})
}

func TestOneKeyOneEffect(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		first := n.do("POST", "/api/v1/bookings", "zoe", studio("10:00", "12:00"), "Idempotency-Key", "k1").want(201)
		again := n.do("POST", "/api/v1/bookings", "zoe", studio("10:00", "12:00"), "Idempotency-Key", "k1").want(201)
		if first.text("id") != again.text("id") || first.header.Get("Location") != again.header.Get("Location") {
			t.Errorf("two bookings under one key: %s %s", first.body, again.body)
		}
		if code := n.do("POST", "/api/v1/bookings", "zoe", studio("13:00", "14:00"), "Idempotency-Key", "k1").want(422).text("code"); code != "idempotency_key_reused" {
			t.Errorf("another body under the key: %s", code)
		}
		refused := n.do("POST", "/api/v1/bookings", "luc", studio("10:00", "12:00"), "Idempotency-Key", "k1", "Accept-Language", "fr").want(409)
		n.do("POST", "/api/v1/bookings/"+first.text("id")+"/cancel", "zoe", "").want(200)
		replay := n.do("POST", "/api/v1/bookings", "luc", studio("10:00", "12:00"), "Idempotency-Key", "k1", "Accept-Language", "en").want(409)
		if refused.text("code") != replay.text("code") || refused.text("detail") == replay.text("detail") {
			t.Errorf("the refusal is not replayed in the language asked for: %s %s", refused.body, replay.body)
		}
		for _, key := range []string{"", strings.Repeat("x", 256), "é", "a\tb"} {
			r := n.do("POST", "/api/v1/bookings", "zoe", studio("15:00", "16:00"), "Idempotency-Key", key).want(400)
			if got := r.violations(); len(got) != 1 || got[0] != "bad_key Idempotency-Key" {
				t.Errorf("key %q: %v", key, got)
			}
		}
	})
}

func TestAKeyIsReplayedThoughItsConditionIsStale(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		id := n.do("POST", "/api/v1/bookings", "zoe", studio("10:00", "12:00")).want(201).text("id")
		for range 2 {
			n.do("PATCH", "/api/v1/bookings/"+id, "zoe", `{"title":"Essai"}`, "If-Match", `"1"`, "Idempotency-Key", "p1").want(200)
		}
	})
}

func TestPreviewSaysWhatBookingWould(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		ok := n.do("POST", "/api/v1/bookings/preview", "", studio("10:00", "12:00")).want(200).json()
		if ok["ok"] != true || ok["price"].(map[string]any)["currency"] != "CAD" {
			t.Errorf("preview %v", ok)
		}
		no := n.do("POST", "/api/v1/bookings/preview", "zoe", `{"resource":"amos-studio","organisation":"x","starts_at":"2026-11-17T20:10:00-05:00","ends_at":"2026-11-17T20:20:00-05:00"}`, "Accept-Language", "en-CA").want(200)
		for _, code := range []string{"off_grain", "too_short", "closed", "unknown_organisation"} {
			if !strings.Contains(string(no.body), `"`+code+`"`) {
				t.Errorf("preview does not say %s: %s", code, no.body)
			}
		}
		if strings.Contains(string(no.body), "0001-01-01") || !strings.Contains(string(no.body), "It is closed at that time. Next opening hours: Wednesday, November") {
			t.Errorf("preview says %s", no.body)
		}
	})
}

func TestUnknownOrganisationIsRefused(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		body := strings.Replace(studio("10:00", "12:00"), "{", `{"organisation":"cegep",`, 1)
		r := n.do("POST", "/api/v1/bookings", "zoe", body).want(422)
		if got := r.violations(); len(got) != 1 || got[0] != "unknown_organisation organisation" {
			t.Errorf("violations %v", got)
		}
	})
}

// TestWhatIsReadCanBeWrittenUnderItsETag: the ETag that a read gave is good for a
// write until somebody else writes; bookings in between leave it alone.
func TestWhatIsReadCanBeWrittenUnderItsETag(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		for _, c := range []struct{ path, body string }{
			{"/api/v1/hubs/amos", `{"town":"Amos-Est"}`},
			{"/api/v1/resources/amos-studio", `{"floor":"2"}`},
		} {
			tag := n.do("GET", c.path, "", "").want(200).header.Get("ETag")
			n.do("POST", "/api/v1/bookings/preview", "zoe", studio("10:00", "12:00")).want(200)
			n.do("POST", "/api/v1/bookings", "zoe", studio("10:00", "12:00"))
			n.do("PATCH", c.path, "root", c.body, "If-Match", tag).want(200)
			n.do("PATCH", c.path, "root", strings.Replace(c.body, `":"`, `":"x`, 1), "If-Match", tag).want(412)
		}
	})
}
