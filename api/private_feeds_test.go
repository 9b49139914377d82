package api

import (
	"compress/gzip"
	"context"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-ical"

	"canot/internal/database"
	"canot/internal/database/dbtest"
	"canot/internal/identity"
)

// subscribe makes the address of a private calendar through the API and returns its path.
func (n *network) subscribe(who, body string) string {
	n.t.Helper()
	address := n.do("POST", "/api/v1/me/calendars", who, body).want(201).text("address")
	path, ours := strings.CutPrefix(address, n.api.PublicURL)
	if !ours || !strings.HasPrefix(path, "/calendars/private/") || !strings.HasSuffix(path, ".ics") {
		n.t.Fatalf("address %q", address)
	}
	return path
}

// events reads a feed as another program does.
func events(t *testing.T, body []byte) []ical.Event {
	t.Helper()
	cal, err := ical.NewDecoder(strings.NewReader(string(body))).Decode()
	must(t, err)
	return cal.Events()
}

// A person reads their own bookings with their titles, and staff those of their hub; nobody's name is in either.
func TestAPrivateFeedShowsWhatItsOwnerMaySee(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		n.person("eva", "amos", identity.Grant{}, identity.ScopeAdmin)
		n.person("ines", "amos", identity.Grant{Role: identity.Staff, HubID: n.id["amos"]}, identity.ScopeAdmin)
		n.person("karl", "amos", identity.Grant{}, identity.ScopeAdmin)
		mine := strings.TrimSuffix(studio("09:00", "10:00"), "}") + `,"title":"Répétition <script>alert(1)</script>"}`
		first := n.do("POST", "/api/v1/bookings", "eva", mine).want(201)
		n.do("POST", "/api/v1/bookings", "karl", strings.TrimSuffix(studio("13:00", "14:00"), "}")+`,"title":"Secret de Karl","notes":"notes"}`).want(201)
		own, hub := n.subscribe("eva", `{}`), n.subscribe("ines", `{"hub":"amos"}`)
		got := events(t, n.do("GET", own, "", "").want(200).body)
		if len(got) != 1 {
			t.Fatalf("%d events", len(got))
		}
		summary, _ := got[0].Props.Get("SUMMARY").Text()
		description, _ := got[0].Props.Get("DESCRIPTION").Text()
		if !strings.HasSuffix(summary, " – Répétition <script>alert(1)</script>") || !strings.Contains(description, first.text("reference")) ||
			got[0].Props.Get("URL").Value != "https://canot.example/reservations/"+first.text("id") {
			t.Errorf("%q, %q, %v", summary, description, got[0].Props)
		}
		body := n.do("GET", hub+"?lang=en", "", "").want(200).body
		if got := events(t, body); len(got) != 2 || !strings.Contains(string(body), "Secret de Karl") || !strings.Contains(string(body), "/en/reservations/") {
			t.Errorf("%s", body)
		}
		for _, word := range []string{"eva", "karl", "notes", "@example", "ORGANIZER", "ATTENDEE", "METHOD"} {
			if strings.Contains(string(body), word) {
				t.Errorf("%s is in the feed of the hub", word)
			}
		}
		public := n.do("GET", "/calendars/hubs/amos.ics", "", "").want(200).body
		for _, e := range got {
			if !strings.Contains(string(public), e.Props.Get("UID").Value) {
				t.Error("the same booking has another UID in the public feed")
			}
		}
		must(t, n.api.Directory.RevokeRole(context.Background(), identity.System, n.id["ines"], identity.Grant{Role: identity.Staff, HubID: n.id["amos"]}, database.Key{}))
		n.do("GET", hub, "", "").want(404)
	})
}

// C01: every wrong address is answered alike, no line of the log has one, and no cache between keeps the right one.
func TestAPrivateAddressIsASecret(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		n.person("eva", "amos", identity.Grant{}, identity.ScopeAdmin)
		n.log.Reset()
		old := n.subscribe("eva", `{}`)
		path := n.subscribe("eva", `{}`)
		secret := strings.TrimSuffix(strings.TrimPrefix(path, privatePath), ".ics")
		good := n.do("GET", path, "", "").want(200)
		for name, want := range map[string]string{
			"Content-Type": "text/calendar; charset=utf-8", "Cache-Control": "private, no-cache", "X-Robots-Tag": "noindex", "Referrer-Policy": "no-referrer",
			"Set-Cookie": "", "X-Content-Type-Options": "nosniff",
		} {
			if have := good.header.Get(name); have != want {
				t.Errorf("%s is %q", name, have)
			}
		}
		var first string
		for _, wrong := range []string{
			old, strings.TrimSuffix(path, ".ics"), privatePath + "x.ics", privatePath + ".ics", path[:len(path)-5] + ".ics", privatePath + strings.Repeat("A", 43) + ".ics",
			privatePath + secret[:42] + "%00.ics", privatePath + secret[:42] + "%FF.ics", privatePath + strings.ToUpper(secret) + ".ics",
		} {
			got := n.do("GET", wrong, "", "", "Accept-Language", "fr").want(404)
			if first == "" {
				first = string(got.body)
			}
			if string(got.body) != first || got.header.Get("Referrer-Policy") != "no-referrer" || got.header.Get("X-Robots-Tag") != "noindex" || got.header.Get("ETag") != "" {
				t.Errorf("%s: %s %v", wrong, got.body, got.header)
			}
		}
		n.do("HEAD", path, "", "").want(200)
		for _, word := range []string{secret, secret[:20], strings.TrimSuffix(strings.TrimPrefix(old, privatePath), ".ics")} {
			if strings.Contains(n.log.String(), word) {
				t.Errorf("the log holds an address:\n%s", n.log.String())
			}
		}
	})
}

// 304 in two statements and 200 in three, whatever is booked, and each change is seen.
func TestAPrivateFeedIsCheapToAskAgain(t *testing.T) {
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			n, counter := newCounted(t, engine)
			n.person("eva", "amos", identity.Grant{}, identity.ScopeAdmin)
			n.person("ines", "amos", identity.Grant{Role: identity.Staff, HubID: n.id["amos"]}, identity.ScopeAdmin)
			made := n.do("POST", "/api/v1/bookings", "eva", studio("09:00", "10:00")).want(201)
			n.do("POST", "/api/v1/bookings", "eva", studio("11:00", "12:00")).want(201)
			for name, path := range map[string]string{"own": n.subscribe("eva", `{}`), "hub": n.subscribe("ines", `{"hub":"amos"}`)} {
				n.clock.Move(time.Minute)
				var whole *answered
				if s := counter.Statements(func() { whole = n.do("GET", path, "", "").want(200) }); len(s) > 3 {
					t.Errorf("%s: %d statements:\n%s", name, len(s), shortened(s))
				}
				tag, since := whole.header.Get("ETag"), whole.header.Get("Last-Modified")
				if s := counter.Statements(func() { n.do("GET", path, "", "", "If-None-Match", tag).want(304) }); len(s) > 2 {
					t.Errorf("%s, not modified: %d statements:\n%s", name, len(s), shortened(s))
				}
				n.do("GET", path, "", "", "If-Modified-Since", since).want(304)
				head := n.do("HEAD", path, "", "").want(200)
				if len(head.body) != 0 || head.header.Get("ETag") != tag {
					t.Errorf("%s: HEAD gives %v", name, head.header)
				}
				packed := n.do("GET", path, "", "", "Accept-Encoding", "gzip").want(200)
				zip, err := gzip.NewReader(strings.NewReader(string(packed.body)))
				must(t, err)
				if plain, err := io.ReadAll(zip); err != nil || string(plain) != string(whole.body) {
					t.Errorf("%s: packed differs: %v", name, err)
				}
				n.do("PATCH", "/api/v1/bookings/"+made.text("id"), "eva", `{"title":"`+name+`"}`).want(200)
				changed := n.do("GET", path, "", "", "If-None-Match", tag).want(200)
				if changed.header.Get("ETag") == tag || !strings.Contains(string(changed.body), " – "+name) {
					t.Errorf("%s: a new title is not told", name)
				}
				n.clock.Move(time.Minute)
				n.do("PATCH", "/api/v1/resources/amos-studio", "root", `{"name":{"fr":"Studio `+name+`"}}`).want(200)
				if got := n.do("GET", path, "", "", "If-None-Match", changed.header.Get("ETag")).want(200); !strings.Contains(string(got.body), "Studio "+name) {
					t.Errorf("%s: a new name is not told", name)
				}
			}
		})
	}
}
