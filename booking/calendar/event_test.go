package calendar

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-ical"
	"pgregory.net/rapid"

	"canot/booking"
	"canot/internal/fault"
)

var aBooking = booking.Booking{
	ID: "boo01", Reference: "K7QM-3XPD", Status: booking.Confirmed, StartsAt: inDays(2, 14), EndsAt: inDays(2, 16), Sequence: 3, ChangedAt: inDays(0, 9),
}

var canotItself, zoe = Person{"Canot", "canot@exemple.example"}, Person{"Zoé Tremblay", "zoe@exemple.example"}

func TestAnEventSaysWhatItsBookingIs(t *testing.T) {
	for _, c := range []struct {
		name                  string
		status                booking.Status
		competes, mailed      bool
		method, shown, transp string
	}{
		{"confirmed, mailed", booking.Confirmed, false, true, "REQUEST", "CONFIRMED", ""},
		{"confirmed, to download", booking.Confirmed, false, false, "PUBLISH", "CONFIRMED", ""},
		{"a request", booking.Pending, false, true, "REQUEST", "TENTATIVE", ""},
		{"a request that competes", booking.Pending, true, true, "REQUEST", "TENTATIVE", "TRANSPARENT"},
		{"in use", booking.InUse, false, true, "REQUEST", "CONFIRMED", ""},
		{"over", booking.Completed, false, false, "PUBLISH", "CONFIRMED", ""},
		{"cancelled, mailed", booking.Cancelled, false, true, "CANCEL", "CANCELLED", "TRANSPARENT"},
		{"cancelled, to download", booking.Cancelled, false, false, "PUBLISH", "CANCELLED", "TRANSPARENT"},
		{"declined", booking.Declined, false, true, "CANCEL", "CANCELLED", "TRANSPARENT"},
		{"expired", booking.Expired, false, true, "CANCEL", "CANCELLED", "TRANSPARENT"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := aBooking
			b.Status, b.Competes = c.status, c.competes
			words := EventWords{Lang: "en", Summary: "Studio", Location: "Amos", Description: []string{"Reference: K7QM", "Bring: a card; a bag"}, URL: "https://canot.example/en/reservations/boo01"}
			if c.mailed {
				words.Organizer, words.Attendee = canotItself, zoe
			}
			var out bytes.Buffer
			must(t, Event(&out, b, words))
			mustBeLines(t, out.Bytes())
			var again bytes.Buffer
			must(t, Event(&again, b, words))
			if !bytes.Equal(out.Bytes(), again.Bytes()) {
				t.Error("the same booking has other bytes")
			}
			cal, err := ical.NewDecoder(&out).Decode()
			must(t, err)
			e := cal.Events()[0]
			for name, want := range map[string]string{
				"STATUS": c.shown, "TRANSP": c.transp, "SEQUENCE": "3", "DTSTAMP": "20261121T090000Z", "DTSTART": "20261123T140000Z", "DTEND": "20261123T160000Z",
				"SUMMARY": "Studio", "URL": "https://canot.example/en/reservations/boo01",
			} {
				if got := e.Props.Get(name); (got == nil) != (want == "") || got != nil && got.Value != want {
					t.Errorf("%s is %+v, want %q", name, got, want)
				}
			}
			says(t, e.Component, "DESCRIPTION", "Reference: K7QM\nBring: a card; a bag")
			if got := cal.Props.Get("METHOD").Value; got != c.method || words.Method(b) != c.method {
				t.Errorf("METHOD %s", got)
			}
			if named := e.Props.Get("ORGANIZER") != nil && e.Props.Get("ATTENDEE") != nil; named != c.mailed {
				t.Errorf("names somebody: %t", named)
			}
		})
	}
	held := aBooking
	held.Status = booking.Held
	if err := Event(&bytes.Buffer{}, held, EventWords{}); !fault.Is(err, "booking_not_found") {
		t.Errorf("held: %v", err)
	}
	if err := Event(broken{}, aBooking, EventWords{}); !errors.Is(err, errBroken) {
		t.Errorf("a writer that fails: %v", err)
	}
}

var errBroken = errors.New("broken")

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errBroken }

// A calendar that has the file and the feed must know them for one.
func TestAnEventHasTheUIDOfTheFeeds(t *testing.T) {
	eachNetwork(t, func(t *testing.T, n *network) {
		var feed, file bytes.Buffer
		must(t, n.Write(t.Context(), Query{Scope: Hub, Key: "rouyn-noranda"}, &feed))
		must(t, Event(&file, aBooking, EventWords{Summary: "Studio"}))
		cal, err := ical.NewDecoder(&file).Decode()
		must(t, err)
		if uid := cal.Events()[0].Props.Get("UID").Value; !strings.Contains(feed.String(), "UID:"+uid+"\r\n") {
			t.Errorf("UID %s is not in the feed", uid)
		}
	})
}

// C04: no text of a person can add a line, a property, a parameter or an attendee.
func TestNoTextCanAddALineToAnEvent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		name, summary, place := hostile().Draw(t, "name"), hostile().Draw(t, "summary"), hostile().Draw(t, "place")
		description := rapid.SliceOfN(hostile(), 1, 4).Draw(t, "description")
		page := "https://canot.example/" + hostile().Draw(t, "page")
		var out bytes.Buffer
		must(t, Event(&out, aBooking, EventWords{Summary: summary, Location: "x" + place, Description: description, URL: page, Organizer: canotItself, Attendee: Person{name, zoe.Address}}))
		lines := mustBeLines(t, out.Bytes())
		if len(lines) != 5+15+1 {
			t.Fatalf("%d lines:\n%s", len(lines), out.String())
		}
		cal, err := ical.NewDecoder(&out).Decode()
		must(t, err)
		e := cal.Events()[0]
		says(t, e.Component, "SUMMARY", readable(summary))
		says(t, e.Component, "LOCATION", "x"+readable(place))
		for i := range description {
			description[i] = readable(description[i])
		}
		says(t, e.Component, "DESCRIPTION", strings.Join(description, "\n"))
		who := e.Props.Get("ATTENDEE")
		if who.Value != "mailto:"+zoe.Address || len(e.Props["ATTENDEE"]) != 1 || len(who.Params) > 3 {
			t.Fatalf("%+v", who)
		}
	})
}

func TestAnAddressThatIsNoneNamesNobody(t *testing.T) {
	for _, address := range []string{"", "zoe", "a@b.example\r\nATTENDEE:mailto:c@d.example", "a@b.example, c@d.example", "Zoé <zoe@exemple.example>"} {
		words := EventWords{Summary: "Studio", Organizer: canotItself, Attendee: Person{"Zoé", address}}
		var out bytes.Buffer
		must(t, Event(&out, aBooking, words))
		if strings.Contains(out.String(), "ATTENDEE") || strings.Contains(out.String(), "ORGANIZER") || words.Method(aBooking) != "PUBLISH" {
			t.Errorf("%q: %s", address, out.String())
		}
	}
}

// private writes a private feed and reads it back.
func (n *network) private(p Private) (string, []ical.Event) {
	n.t.Helper()
	feed, err := n.Private(n.t.Context(), p)
	must(n.t, err)
	var out bytes.Buffer
	must(n.t, feed.Write(n.t.Context(), &out))
	mustBeLines(n.t, out.Bytes())
	body := out.String()
	cal, err := ical.NewDecoder(&out).Decode()
	must(n.t, err)
	return body, cal.Events()
}

func TestAPrivateFeedHasWhatItsOwnerBooked(t *testing.T) {
	eachNetwork(t, func(t *testing.T, n *network) {
		n.exec(`INSERT INTO members (id, name, created_at) VALUES ('mem2', 'Autre', $1)`, today)
		n.exec(`UPDATE bookings SET member_id = 'mem2', title = $1 WHERE id = 'boo14'`, "\r\nATTENDEE:mailto:a@b.example <script>")
		_, all := n.private(Private{AddressID: "a1", MemberID: "mem1", Lang: "fr", Pages: "https://canot.example/reservations/"})
		var got []string
		for _, e := range all {
			got = append(got, e.Props.Get("STATUS").Value)
		}
		// Held, never shown, too old and too far are not there; a request that competes is.
		if want := "CANCELLED CONFIRMED CONFIRMED CONFIRMED TENTATIVE TENTATIVE CANCELLED CANCELLED CANCELLED"; strings.Join(got, " ") != want {
			t.Errorf("shown %v", got)
		}
		body, all := n.private(Private{AddressID: "a2", MemberID: "mem2"})
		if len(all) != 1 || strings.Contains(body, "Autre") || strings.Contains(body, "\r\nATTENDEE") || strings.Contains(body, "URL:") {
			t.Errorf("%s", body)
		}
		says(t, all[0].Component, "SUMMARY", "Desk (3) –  ATTENDEE:mailto:a@b.example <script>")
		body, all = n.private(Private{AddressID: "a3", MemberID: "mem2", HubID: "hub1", Lang: "en"})
		if len(all) != 9 || strings.Contains(body, "Autre") || strings.Contains(body, marker+" Tremblay") || !strings.Contains(body, "NAME:Rouyn-Noranda Hub · bookings") {
			t.Errorf("%d events: %s", len(all), body)
		}
		if _, all = n.private(Private{AddressID: "a4", MemberID: "nobody"}); len(all) != 0 {
			t.Errorf("%d events of nobody", len(all))
		}
		if _, err := n.Private(t.Context(), Private{HubID: "nowhere"}); !fault.Is(err, "hub_not_found") {
			t.Errorf("no hub: %v", err)
		}
	})
}

// What is booked and cancelled changes the stamp, and a day that passes; nothing else does.
func TestAPrivateStampTellsEveryChange(t *testing.T) {
	eachNetwork(t, func(t *testing.T, n *network) {
		stamp := func() string {
			feed, err := n.Private(t.Context(), Private{AddressID: "a1", MemberID: "mem1"})
			must(t, err)
			return feed.ETag
		}
		last := stamp()
		for what, change := range map[string]func(){
			"a change": func() { n.exec(`UPDATE bookings SET version = version + 1 WHERE id = 'boo01'`) },
			"a booking": func() {
				n.book(fixture{"boo99", "hub1", "confirmed", inDays(9, 14), inDays(0, 9), true, false, 0, map[string]int{"res1": 1}})
			},
			"a name":      func() { n.exec(`UPDATE resources SET rules_version = rules_version + 1 WHERE id = 'res2'`) },
			"the hub":     func() { n.exec(`UPDATE hubs SET version = version + 1 WHERE id = 'hub1'`) },
			"another day": func() { n.clock.Move(24 * time.Hour) },
		} {
			if stamp() != last {
				t.Error("the stamp changes by itself")
			}
			change()
			now := stamp()
			if now == last {
				t.Errorf("%s does not change the stamp", what)
			}
			last = now
		}
	})
}
