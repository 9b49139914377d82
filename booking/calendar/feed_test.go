package calendar

import (
	"bytes"
	"context"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-ical"

	"canot/internal/fault"
)

var update = flag.Bool("update", false, "write the golden files anew")

var goldens = map[string]Query{
	"hub.ics":           {Scope: Hub, Key: "rouyn-noranda"},
	"hub_en.ics":        {Scope: Hub, Key: "rouyn-noranda", Lang: "en"},
	"hub_equipment.ics": {Scope: Hub, Key: "rouyn-noranda", Kind: "equipment"},
	"hub_laser.ics":     {Scope: Hub, Key: "rouyn-noranda", Category: "laser"},
	"hub_empty.ics":     {Scope: Hub, Key: "amos"},
	"resource.ics":      {Scope: Resource, Key: "rouyn-noranda-studio-medialab"},
	"region.ics":        {Scope: Region, Key: "abitibi-temiscamingue"},
	"region_empty.ics":  {Scope: Region, Key: "nunavik"},
	"network.ics":       {Scope: Network},
	"network_busy.ics":  {Scope: Network, Busy: true, Lang: "en"},
	"workshops.ics":     {Scope: Workshops},
}

func (n *network) read(q Query) string {
	n.t.Helper()
	var b bytes.Buffer
	must(n.t, n.Write(context.Background(), q, &b))
	return b.String()
}

func (n *network) stamp(q Query) Stamp {
	n.t.Helper()
	s, err := n.Stamp(context.Background(), q)
	must(n.t, err)
	return s
}

func TestFeedsAreAsTheyWere(t *testing.T) {
	eachNetwork(t, func(t *testing.T, n *network) {
		for file, q := range goldens {
			path := filepath.Join("testdata", file)
			got := n.read(q)
			if *update {
				must(t, os.WriteFile(path, []byte(got), 0o644))
			}
			want, err := os.ReadFile(path)
			must(t, err)
			if got != string(want) {
				t.Errorf("%s is another:\n%s", file, got)
			}
		}
	})
}

// Every line of a feed is one of these.
var allowed = regexp.MustCompile(`^(BEGIN|END|VERSION|PRODID|CALSCALE|NAME|X-WR-CALNAME|REFRESH-INTERVAL|X-PUBLISHED-TTL|` +
	`UID|DTSTAMP|LAST-MODIFIED|SEQUENCE|DTSTART|DTEND|STATUS|TRANSP|SUMMARY|LOCATION|TZID|TZOFFSETFROM|TZOFFSETTO|TZNAME)[:;]`)

func TestFeedsKeepTheRulesOfTheFormat(t *testing.T) {
	eachNetwork(t, func(t *testing.T, n *network) {
		for file, q := range goldens {
			body := n.read(q)
			for _, l := range mustBeLines(t, []byte(body)) {
				if !allowed.MatchString(l) {
					t.Errorf("%s has a line %q", file, l)
				}
			}
			cal, err := ical.NewDecoder(strings.NewReader(body)).Decode()
			must(t, err)
			if len(cal.Children) == 0 {
				t.Errorf("%s has nothing in it", file)
			}
			if err := ical.NewEncoder(&bytes.Buffer{}).Encode(cal); err != nil {
				t.Errorf("%s breaks a rule: %v", file, err)
			}
			seen := map[string]bool{}
			for _, e := range cal.Events() {
				uid := e.Props.Get("UID").Value
				starts, err := e.DateTimeStart(time.UTC)
				must(t, err)
				ends, err := e.DateTimeEnd(time.UTC)
				must(t, err)
				if seen[uid] || !starts.Before(ends) {
					t.Errorf("%s: %s twice, or ends before it starts", file, uid)
				}
				seen[uid] = true
			}
		}
	})
}

// events reads a feed back: what it says of each thing, by UID.
func (n *network) events(q Query) map[string]*ical.Component {
	n.t.Helper()
	cal, err := ical.NewDecoder(strings.NewReader(n.read(q))).Decode()
	must(n.t, err)
	all := map[string]*ical.Component{}
	for _, e := range cal.Events() {
		all[e.Props.Get("UID").Value] = e.Component
	}
	return all
}

func uidOf(kind, id string) string {
	e := newEncoder(nil)
	e.uid(kind, id)
	return strings.TrimSuffix(strings.TrimPrefix(string(e.buf), "UID:"), "\r\n")
}

// Invariant 10.
func TestInvariant10StatusesAreShownAsTheyStand(t *testing.T) {
	eachNetwork(t, func(t *testing.T, n *network) {
		got := n.events(Query{Scope: Hub, Key: "rouyn-noranda"})
		for id, want := range map[string]string{
			"boo01": "CONFIRMED", "boo02": "TENTATIVE", "boo03": "", "boo04": "", "boo05": "CONFIRMED", "boo06": "CONFIRMED", "boo07": "",
			"boo08": "CANCELLED", "boo09": "", "boo10": "", "boo11": "CANCELLED", "boo12": "CANCELLED", "boo13": "CANCELLED", "boo14": "", "boo15": "",
		} {
			status := ""
			if e := got[uidOf("booking", id)]; e != nil {
				status = e.Props.Get("STATUS").Value
			}
			if status != want {
				t.Errorf("%s is shown as %q, want %q", id, status, want)
			}
		}
	})
}

// Invariant 10.
func TestInvariant10CancelledStaysThirtyDaysThenGoes(t *testing.T) {
	eachNetwork(t, func(t *testing.T, n *network) {
		q := Query{Scope: Hub, Key: "rouyn-noranda"}
		uid := uidOf("booking", "boo01")
		before := n.stamp(q)
		n.exec(`UPDATE bookings SET status = 'cancelled', sequence = sequence + 1, changed_at = $1 WHERE id = 'boo01'`, today)
		n.touch("res1")
		if n.stamp(q).ETag == before.ETag {
			t.Error("a cancellation leaves the stamp as it was")
		}
		for day := range 31 {
			n.clock.Set(today.AddDate(0, 0, day))
			e := n.events(q)[uid]
			if e == nil || e.Props.Get("STATUS").Value != "CANCELLED" || e.Props.Get("SEQUENCE").Value != "1" {
				t.Fatalf("after %d days it is shown as %v", day, e)
			}
		}
		n.clock.Set(today.AddDate(0, 0, 31))
		if n.events(q)[uid] != nil {
			t.Error("after 31 days it is still shown")
		}
	})
}

// Invariant 10.
func TestInvariant10OneBookingIsTheSameInEveryFeed(t *testing.T) {
	eachNetwork(t, func(t *testing.T, n *network) {
		uid := uidOf("booking", "boo01")
		if uid != "fd341992c7271bb6e203a2497c76548e@canot" { // for ever
			t.Errorf("its UID is %s", uid)
		}
		var first string
		for _, q := range []Query{
			{Scope: Hub, Key: "rouyn-noranda"}, {Scope: Hub, Key: "hub1"}, {Scope: Hub, Key: "rouyn-noranda", Kind: "equipment"},
			{Scope: Resource, Key: "rouyn-noranda-studio-medialab"}, {Scope: Resource, Key: "rouyn-noranda-trousse-camera"},
			{Scope: Region, Key: "abitibi-temiscamingue", Busy: true}, {Scope: Network, Busy: true}, {Scope: Network, Busy: true, Category: "cat2"},
		} {
			e := n.events(q)[uid]
			if e == nil {
				t.Errorf("%+v does not show it", q)
				continue
			}
			var said []string
			for name, props := range e.Props {
				said = append(said, name+"="+props[0].Value)
			}
			slices.Sort(said)
			if got := strings.Join(said, "\n"); first == "" {
				first = got
			} else if got != first {
				t.Errorf("%+v says\n%s\nothers say\n%s", q, got, first)
			}
		}
	})
}

// Invariant 9.
func TestInvariant9NothingPersonalIsInAPublicFeed(t *testing.T) {
	eachNetwork(t, func(t *testing.T, n *network) {
		for _, lang := range []string{"fr", "en"} {
			for file, q := range goldens {
				q.Lang = lang
				plain := strings.ReplaceAll(n.read(q), "\r\n ", "")
				for _, secret := range []string{marker, "mem1", "Tremblay", "boo0", "boo1", "clo1", "res1", "hub1"} {
					if strings.Contains(plain, secret) {
						t.Errorf("%s (%s) says %q", file, lang, secret)
					}
				}
			}
		}
	})
}

func TestAFeedKeepsItsBytesUntilSomethingChanges(t *testing.T) {
	eachNetwork(t, func(t *testing.T, n *network) {
		q := Query{Scope: Hub, Key: "rouyn-noranda"}
		was, stamp := n.read(q), n.stamp(q)
		n.clock.Set(today.Add(3 * time.Hour))
		if n.read(q) != was || n.stamp(q) != stamp {
			t.Error("another reading gives another feed")
		}
		n.clock.Set(today.AddDate(0, 0, 1))
		if later := n.stamp(q); later.ETag == stamp.ETag || !later.LastModified.After(stamp.LastModified) {
			t.Error("the window moves and the stamp does not")
		}
	})
}

func TestTheStampChangesWithWhatTheFeedShows(t *testing.T) {
	hub, studio := Query{Scope: Hub, Key: "rouyn-noranda"}, Query{Scope: Resource, Key: "rouyn-noranda-studio-medialab"}
	kit, kenora := Query{Scope: Resource, Key: "rouyn-noranda-trousse-camera"}, Query{Scope: Hub, Key: "kenora"}
	region, network0, busy := Query{Scope: Region, Key: "abitibi-temiscamingue"}, Query{Scope: Network}, Query{Scope: Network, Busy: true}
	all := []Query{hub, studio, kit, kenora, region, network0, busy}
	for _, c := range []struct {
		name, sql string
		changed   []Query
	}{
		{"a booking", `UPDATE resources SET version = version + 1 WHERE id = 'res1'`, []Query{hub, studio, busy}},
		{"a closure or a name", `UPDATE resources SET version = version + 1, rules_version = rules_version + 1 WHERE id = 'res1'`, []Query{hub, studio, kit, region, network0, busy}},
		{"a hub", `UPDATE hubs SET version = version + 1 WHERE id = 'hub1'`, []Query{hub, studio, kit, region, network0, busy}},
		{"a hub where nothing can be booked", `UPDATE hubs SET version = version + 1 WHERE id = 'hub3'`, []Query{region, network0, busy}},
		{"the region's name", `UPDATE regions SET version = version + 1 WHERE id = 're1'`, []Query{region}},
	} {
		t.Run(c.name, func(t *testing.T) {
			eachNetwork(t, func(t *testing.T, n *network) {
				before := map[Query]string{}
				for _, q := range all {
					before[q] = n.stamp(q).ETag
				}
				n.exec(c.sql)
				for _, q := range all {
					if got, want := n.stamp(q).ETag != before[q], slices.Contains(c.changed, q); got != want {
						t.Errorf("%+v changed: %v, want %v", q, got, want)
					}
				}
			})
		})
	}
}

func TestEveryFeedHasItsOwnStamp(t *testing.T) {
	eachNetwork(t, func(t *testing.T, n *network) {
		tags := map[string]string{}
		for file, q := range goldens {
			tag := n.stamp(q).ETag
			if other := tags[tag]; other != "" {
				t.Errorf("%s and %s share %s", file, other, tag)
			}
			tags[tag] = file
		}
	})
}

func TestTwoStatesWithinOneSecondDoNotShareTheirTime(t *testing.T) {
	eachNetwork(t, func(t *testing.T, n *network) {
		q := Query{Scope: Hub, Key: "rouyn-noranda"}
		first := n.stamp(q)
		n.touch("res1")
		if s := n.stamp(q); !s.LastModified.IsZero() {
			t.Errorf("within the same second it was changed at %v", s.LastModified)
		}
		n.clock.Set(today.Add(time.Second))
		if s := n.stamp(q); !s.LastModified.Equal(first.LastModified.Add(time.Second)) {
			t.Errorf("a second later it was changed at %v", s.LastModified)
		}
	})
}

func TestAFeedCostsThreeStatementsAndItsStampOne(t *testing.T) {
	eachNetwork(t, func(t *testing.T, n *network) {
		for file, q := range goldens {
			n.statements.Store(0)
			n.stamp(q)
			if got := n.statements.Load(); got > 1 {
				t.Errorf("the stamp of %s costs %d", file, got)
			}
			n.statements.Store(0)
			n.read(q)
			if got := n.statements.Load(); got > 2 {
				t.Errorf("writing %s costs %d", file, got)
			}
		}
	})
}

func TestAQueryThatCannotBeAnsweredSaysWhy(t *testing.T) {
	for _, c := range []struct {
		name string
		q    Query
		kind fault.Kind
		code string // of the fault, or of its violation
	}{
		{"no such hub", Query{Scope: Hub, Key: "nulle-part"}, fault.NotFound, "hub_not_found"},
		{"no such resource", Query{Scope: Resource, Key: "rien"}, fault.NotFound, "resource_not_found"},
		{"no such region", Query{Scope: Region, Key: "ailleurs"}, fault.NotFound, "region_not_found"},
		{"a hub is no resource", Query{Scope: Resource, Key: "rouyn-noranda"}, fault.NotFound, "resource_not_found"},
		{"a key that no data base takes", Query{Scope: Hub, Key: "a\x00b"}, fault.NotFound, "hub_not_found"},
		{"a key that is no text", Query{Scope: Hub, Key: "a\xff"}, fault.NotFound, "hub_not_found"},
		{"a key like a pattern", Query{Scope: Hub, Key: "%' OR '1'='1"}, fault.NotFound, "hub_not_found"},
		{"no such kind", Query{Scope: Network, Kind: "thing"}, fault.Malformed, "bad_choice"},
		{"no such category", Query{Scope: Network, Category: "rien"}, fault.NotFound, "category_not_found"},
		{"no such category of workshops", Query{Scope: Workshops, Category: "rien"}, fault.NotFound, "category_not_found"},
		{"a category that no data base takes", Query{Scope: Network, Category: "\x00"}, fault.NotFound, "category_not_found"},
		{"no such language", Query{Scope: Network, Lang: "de"}, fault.Malformed, "bad_choice"},
	} {
		t.Run(c.name, func(t *testing.T) {
			eachNetwork(t, func(t *testing.T, n *network) {
				_, err := n.Stamp(context.Background(), c.q)
				f := fault.Of(err)
				if f == nil || f.Kind != c.kind {
					t.Fatalf("got %v", err)
				}
				code := f.Code
				if len(f.Violations) > 0 {
					code = f.Violations[0].Code
				}
				if code != c.code {
					t.Errorf("got %s", code)
				}
				if c.kind == fault.NotFound {
					var b bytes.Buffer
					if err := n.Write(context.Background(), c.q, &b); fault.KindOf(err) != fault.NotFound || b.Len() > 0 {
						t.Errorf("Write: %v and %d bytes", err, b.Len())
					}
				}
			})
		})
	}
}
