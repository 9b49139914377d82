package booking_test

import (
	"context"
	"testing"
	"time"

	"canot/booking"
	"canot/internal/database"
	"canot/internal/identity"
	"canot/inventory"
)

// What happened at one instant is told in the order in which one thing followed from another, and with
// when it ended.
func TestAUnitsStoryFollowsWhatFollowed(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		ctx := context.Background()
		b := n.mustPlace(n.zoe, cameras(1, at(0, 9, 0), at(0, 15, 0)))
		code := n.codeOf(b)
		u, err := n.catalog.SetComponents(ctx, identity.System, code, inventory.ComponentEdits{Parts: []inventory.Component{{Name: inventory.Text{"fr": "Pile"}, Quantity: 1, Required: true}}}, database.Key{})
		must(t, err)
		n.clock.Set(at(0, 9, 0))
		_, err = n.book.CheckOut(ctx, n.anne, booking.HandOut{Booking: b.ID}, database.Key{})
		must(t, err)
		n.clock.Set(at(0, 12, 0))
		_, err = n.book.CheckIn(ctx, n.anne, booking.Return{Unit: code, Hub: "amos", Missing: map[string]int{u.Components[0].ID: 1}}, database.Key{})
		must(t, err)
		c, err := n.book.Counter(ctx, n.anne, "amos")
		must(t, err)
		n.clock.Set(at(0, 12, 8))
		_, err = n.book.CountComponents(ctx, n.anne, code, map[string]int{u.Components[0].ID: 0}, nil, database.Key{})
		must(t, err)
		story, _, err := n.book.UnitStory(ctx, n.anne, c, n.id[code], 20, 0)
		must(t, err)
		told := ""
		for _, e := range story {
			if e.At.Equal(at(0, 12, 0)) {
				told += e.Kind + " "
			}
			if e.Kind == "outage" && (e.Until == nil || !e.Until.Equal(at(0, 12, 0).Add(8*time.Minute))) {
				t.Errorf("%+v", e)
			}
		}
		if told != "outage ticket ran back " {
			t.Errorf("at noon, the latest first: %q", told)
		}
	})
}

// A count that would take a unit from somebody whom nobody was shown changes nothing.
func TestACountMovesOnlyWhomSomebodySaw(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		ctx := context.Background()
		u, err := n.catalog.SetComponents(ctx, identity.System, "amos-camera1", inventory.ComponentEdits{Parts: []inventory.Component{{Name: inventory.Text{"fr": "Pile"}, Quantity: 1}}}, database.Key{})
		must(t, err)
		hit := n.mustPlace(n.zoe, booking.Request{Lines: []booking.Want{{Resource: "amos-camera", Quantity: 2}}, StartsAt: at(1, 10, 0), EndsAt: at(1, 12, 0)})
		missing, part := map[string]int{u.Components[0].ID: 1}, u.Components[0]
		_, err = n.book.CountComponents(ctx, n.anne, u.ID, missing, []string{}, database.Key{})
		must(t, err) // it is not required
		part.Required = true
		edit := inventory.ComponentEdits{Parts: []inventory.Component{part}, Foreseen: []string{}}
		_, err = n.catalog.SetComponents(ctx, n.boss, u.ID, edit, database.Key{})
		wantCodes(t, err, "impact_changed")
		now, err := n.catalog.Unit(ctx, u.ID)
		must(t, err)
		if now.Components[0].Required {
			t.Error("the edit was kept")
		}
		_, err = n.book.CountComponents(ctx, n.anne, u.ID, map[string]int{part.ID: 0}, nil, database.Key{})
		must(t, err)
		_, err = n.catalog.SetComponents(ctx, n.boss, u.ID, edit, database.Key{})
		must(t, err) // nothing is missing
		_, err = n.book.CountComponents(ctx, n.anne, u.ID, missing, []string{}, database.Key{})
		wantCodes(t, err, "impact_changed")
		_, err = n.book.CountComponents(ctx, n.anne, u.ID, missing, []string{hit.ID}, database.Key{})
		must(t, err)
		is, err := n.book.Booking(ctx, n.zoe, hit.ID)
		must(t, err)
		if is.Lines[0].WithoutUnit != 1 {
			t.Errorf("%+v", is.Lines)
		}
		n.clean()
	})
}
