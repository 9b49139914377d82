package booking_test

import (
	"context"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"canot/booking"
	"canot/internal/database"
	"canot/internal/database/dbtest"
	"canot/internal/identity"
	"canot/inventory"
)

// list reads every page of a list.
func (n *network) list(who identity.Actor, q booking.Query) []booking.Booking {
	n.t.Helper()
	var all []booking.Booking
	for {
		page, next, err := n.book.Bookings(context.Background(), who, q)
		must(n.t, err)
		if q.Limit > 0 && len(page) > q.Limit {
			n.t.Fatalf("%d on a page of %d", len(page), q.Limit)
		}
		all = append(all, page...)
		if q.After = next; next == "" {
			return all
		}
	}
}

func idsOf(all []booking.Booking) (ids []string) {
	for _, b := range all {
		ids = append(ids, b.ID)
	}
	return ids
}

func TestBookingsAreListedInBothOrdersPageByPage(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		var made []string
		for hour := 9; hour < 16; hour++ {
			for _, lines := range [][]booking.Want{{{Resource: "amos-desk", Quantity: 2}}, basket("rouyn-desk"), basket("val-dor-desk", "val-dor-studio")} {
				if len(lines) == 2 && hour%2 == 0 {
					continue
				}
				b := n.mustPlace(n.zoe, booking.Request{Lines: lines, StartsAt: at(1, hour, 0), EndsAt: at(1, hour+1, 0)})
				made = append(made, b.ID)
			}
		}
		first := n.list(n.zoe, booking.Query{Mine: true, Limit: 200})
		if len(first) != len(made) || !slices.IsSortedFunc(first, func(a, b booking.Booking) int { return a.StartsAt.Compare(b.StartsAt) }) {
			t.Fatalf("%d of %d, or out of order", len(first), len(made))
		}
		backwards := slices.Clone(idsOf(first))
		slices.Reverse(backwards)
		for _, limit := range []int{1, 2, 3, 5, 200} {
			if got := idsOf(n.list(n.zoe, booking.Query{Mine: true, Limit: limit})); !slices.Equal(got, idsOf(first)) {
				t.Errorf("by %d: %v, want %v", limit, got, idsOf(first))
			}
			if got := idsOf(n.list(n.zoe, booking.Query{Mine: true, Newest: true, Limit: limit})); !slices.Equal(got, backwards) {
				t.Errorf("newest first by %d: %v, want %v", limit, got, backwards)
			}
		}
		for _, b := range n.list(n.zoe, booking.Query{Mine: true, Newest: true, Limit: 4}) {
			one := n.see(b.ID)
			if !reflect.DeepEqual(one, b) {
				t.Errorf("listed\n%+v, read\n%+v", b, one)
			}
			for _, l := range b.Lines {
				if len(l.Units) != l.Quantity {
					t.Errorf("%+v", l)
				}
			}
		}
		if got := n.list(n.luc, booking.Query{}); len(got) != 0 {
			t.Errorf("luc sees %d of zoé's", len(got))
		}
		if got := n.list(n.anne, booking.Query{Newest: true}); len(got) != 7 {
			t.Errorf("the staff of Amos sees %d, of 7 there", len(got))
		}
	})
}

func TestBookingsAreReadWithTheNamesOfWhatTheyAreOf(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		ctx := context.Background()
		_, err := n.catalog.UpdateHub(ctx, identity.System, "amos", inventory.HubEdits{Name: &inventory.Text{"fr": "Le Quai", "en": "The Dock"}, Town: ptr("Amos")}, database.Key{})
		must(t, err)
		key := database.Key{Caller: n.zoe.ID, Key: "once", Hash: "x"}
		placed, err := n.book.Place(ctx, n.zoe, booking.Request{Lines: basket("amos-studio", "amos-camera"), StartsAt: at(1, 10, 0), EndsAt: at(1, 11, 0)}, key)
		must(t, err)
		list := n.list(n.zoe, booking.Query{})
		for _, b := range []booking.Booking{placed, n.see(placed.ID), list[0]} {
			if b.HubName.In("en") != "The Dock" || b.Town != "Amos" || b.Lines[0].ResourceName.In("fr") != "studio" ||
				b.Lines[1].ResourceName.In("fr") != "camera" || b.Lines[0].Kind != inventory.Space || b.Lines[1].Kind != inventory.Equipment {
				t.Errorf("%v, %s, %+v", b.HubName, b.Town, b.Lines)
			}
		}
		again, err := n.book.Place(ctx, n.zoe, booking.Request{Lines: basket("amos-studio", "amos-camera"), StartsAt: at(1, 10, 0), EndsAt: at(1, 11, 0)}, key)
		must(t, err)
		if again.ID != placed.ID || again.HubName != nil {
			t.Errorf("what is kept under a key holds the hub's name: %+v", again)
		}
		said, err := json.Marshal(placed)
		must(t, err)
		var log []string
		must(t, n.db.Reader(ctx).Select(&log, `SELECT after FROM changes WHERE subject_id = $1`, placed.ID))
		for _, text := range append(log, string(said)) {
			if strings.Contains(text, "Dock") || strings.Contains(text, "resource_name") || strings.Contains(text, "ResourceName") {
				t.Errorf("names are in what is kept: %s", text)
			}
		}
	})
}

// A list is one statement, however long it is and whatever the bookings hold.
func TestAListOfBookingsIsOneStatement(t *testing.T) {
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			clock := dbtest.NewClock(monday)
			db, counter := dbtest.Statements(t, engine, database.Settings{Clock: clock.Now})
			n := newNetwork(t, db, clock)
			from := at(1, 0, 0)
			for hour := 9; hour < 16; hour++ {
				n.mustPlace(n.zoe, booking.Request{Lines: basket("amos-desk", "amos-camera"), StartsAt: at(1, hour, 0), EndsAt: at(1, hour, 0).Add(time.Hour)})
				for _, q := range []booking.Query{{Mine: true}, {Newest: true, From: &from}, {Hub: "amos", Limit: 2}} {
					if s := counter.Statements(func() {
						if _, _, err := n.book.Bookings(context.Background(), n.zoe, q); err != nil {
							t.Error(err)
						}
					}); len(s) != 1 {
						t.Errorf("%+v: %d statements:\n%s", q, len(s), strings.Join(s, "\n"))
					}
				}
				hour++ // the camera needs an hour after
			}
			one := counter.Statements(func() { n.see(n.list(n.zoe, booking.Query{Limit: 200})[0].ID) })
			if len(one) != 2 {
				t.Errorf("a list and one: %d statements", len(one))
			}
		})
	}
}
