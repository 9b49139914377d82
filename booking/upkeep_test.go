package booking_test

import (
	"context"
	"testing"
	"time"

	"canot/booking"
	"canot/internal/database"
	"canot/internal/fault"
	"canot/inventory/upkeep"
)

// ticket opens one on a unit.
func (n *network) ticket(unit string) upkeep.Ticket {
	n.t.Helper()
	t, err := upkeep.New(n.db, n.catalog).Report(context.Background(), n.anne, unit, upkeep.NewTicket{Description: "bruit"}, database.Key{})
	must(n.t, err)
	return t
}

func TestAUnitIsOutOfServiceForItsTicket(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		ctx := context.Background()
		one := n.ticket("amos-camera1")
		b := n.mustPlace(n.zoe, booking.Request{Lines: []booking.Want{{Resource: "amos-camera", Quantity: 2}}, StartsAt: at(1, 10, 0), EndsAt: at(1, 12, 0)})
		_, err := n.book.TakeOutFor(ctx, n.anne, booking.Outage{Unit: "amos-camera2", From: at(0, 8, 0), Ticket: one.ID}, database.Key{})
		if !fault.Is(err, "ticket_not_found") {
			t.Errorf("for the ticket of another unit: %v", err)
		}
		_, err = n.book.TakeOutFor(ctx, n.anne, booking.Outage{Unit: "amos-camera1", From: at(0, 8, 0), Cause: "retired"}, database.Key{})
		if fault.KindOf(err) != fault.Malformed {
			t.Errorf("for a cause that is not one's to give: %v", err)
		}
		m, err := n.book.TakeOutFor(ctx, n.anne, booking.Outage{Unit: "amos-camera1", From: at(0, 8, 0), Ticket: one.ID}, database.Key{})
		must(t, err)
		if m.TicketID != one.ID || len(m.WithoutUnit) != 1 || m.WithoutUnit[0] != b.ID {
			t.Errorf("taken out: %+v", m)
		}
		hub, err := n.catalog.Hub(ctx, "amos")
		must(t, err)
		list, err := n.book.Outages(ctx, n.anne, hub)
		must(t, err)
		if len(list) != 1 || list[0].Code != "amos-camera1" || list[0].TicketID != one.ID {
			t.Errorf("the hub's outages: %+v", list)
		}
		if _, err := n.book.Outages(ctx, n.zoe, hub); err == nil {
			t.Error("a member lists outages")
		}
		done := upkeep.Done
		_, err = n.book.CloseTicket(ctx, n.zoe, one.ID, upkeep.TicketEdits{State: &done}, database.Key{})
		if !fault.Is(err, "ticket_not_found") {
			t.Errorf("a member closes a ticket: %v", err)
		}
		stale := upkeep.TicketEdits{State: &done, IfVersion: 7}
		if _, err = n.book.CloseTicket(ctx, n.anne, one.ID, stale, database.Key{}); !fault.Is(err, "stale") {
			t.Errorf("another version: %v", err)
		}
		if left, err := n.book.TicketOutages(ctx, one.ID); err != nil || len(left) != 1 {
			t.Errorf("a refused closing put the unit back: %+v %v", left, err)
		}
		_, err = n.book.CloseTicket(ctx, n.anne, one.ID, upkeep.TicketEdits{State: &done}, database.Key{})
		must(t, err)
		if left, err := n.book.TicketOutages(ctx, one.ID); err != nil || len(left) != 0 {
			t.Errorf("after the ticket was closed: %+v %v", left, err)
		}
		if _, err := n.book.TakeOutFor(ctx, n.anne, booking.Outage{Unit: "amos-camera1", From: at(0, 8, 0), Ticket: one.ID}, database.Key{}); !fault.Is(err, "ticket_closed") {
			t.Errorf("for a closed ticket: %v", err)
		}
		n.mustPlace(n.luc, booking.Request{Lines: []booking.Want{{Resource: "amos-camera", Quantity: 2}}, StartsAt: at(2, 10, 0), EndsAt: at(2, 12, 0)})
		n.clean()
	})
}

func TestATicketOfAReturnSaysWhatWasFound(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		ctx := context.Background()
		b := n.mustPlace(n.zoe, want("amos-camera", at(0, 9, 0), at(0, 15, 0)))
		code := n.codeOf(b)
		pile := n.components(code)
		n.clock.Set(at(0, 9, 0))
		n.mustHandOut(b)
		n.clock.Set(at(0, 12, 0))
		r, err := n.book.CheckIn(ctx, n.anne, booking.Return{Unit: code, Condition: "rayé", Trouble: "bague", Missing: map[string]int{pile: 2}, Damaged: true}, database.Key{})
		must(t, err)
		u, err := n.book.TicketUnit(ctx, r.Maintenance.TicketID)
		must(t, err)
		if lacks := u.Lacks(); u.Condition != "rayé" || !u.Damaged || len(u.Outages) != 1 || len(lacks) != 1 || lacks[0].Count != 2 || lacks[0].Name.In("fr") != "pile" {
			t.Errorf("%+v %+v", u, lacks)
		}
	})
}

func TestALostUnitEndsItsRepair(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		ctx := context.Background()
		n.takeOut("amos-camera1", at(0, 8, 0), nil)
		m, err := n.book.TakeOutFor(ctx, n.anne, booking.Outage{Unit: "amos-camera1", From: n.db.Now(), Cause: "lost"}, database.Key{})
		must(t, err)
		open, err := n.book.Maintenances(ctx, n.anne, "amos")
		must(t, err)
		if len(open) != 1 || open[0].Cause != "lost" {
			t.Errorf("open: %+v", open)
		}
		_, err = n.book.EndMaintenance(ctx, n.anne, m.ID, nil, database.Key{})
		must(t, err)
		n.clean()
	})
}

func TestAServiceThatIsDueTakesItsUnitOut(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		ctx := context.Background()
		desk := upkeep.New(n.db, n.catalog)
		every := int64(60)
		_, err := desk.AddRule(ctx, n.boss, "amos-studio", upkeep.RuleEdits{Name: ptr("Lampe"), EveryUseMin: &every, Blocks: ptr(true)}, database.Key{})
		must(t, err)
		b := n.mustPlace(n.zoe, want("amos-studio", at(1, 10, 0), at(1, 12, 0)))
		var due []upkeep.Ticket
		must(t, n.db.In(ctx, func(tx *database.Tx) (err error) {
			due, err = upkeep.AddUse(tx, n.anne, n.id["amos-studio1"], 60)
			return err
		}))
		if len(due) != 1 {
			t.Fatalf("due: %+v", due)
		}
		for range 2 { // a job may run twice
			_, err := n.db.RunDue(ctx, n.book.Handlers())
			must(t, err)
		}
		out, err := n.book.TicketOutages(ctx, due[0].ID)
		must(t, err)
		if len(out) != 1 || out[0].Cause != "preventive" || out[0].EndsAt != nil {
			t.Errorf("out of service: %+v", out)
		}
		got, err := n.book.Booking(ctx, n.zoe, b.ID)
		must(t, err)
		if got.Lines[0].WithoutUnit != 1 {
			t.Errorf("the booking still has it: %+v", got.Lines)
		}
		done := upkeep.Done
		_, err = n.book.CloseTicket(ctx, n.anne, due[0].ID, upkeep.TicketEdits{State: &done}, database.Key{})
		must(t, err)
		n.mustPlace(n.luc, want("amos-studio", at(2, 10, 0), at(2, 12, 0)))
		n.clean()
	})
}

func TestOnesOwnBookingIsFoundAtTheDoor(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		ctx := context.Background()
		b := n.mustPlace(n.zoe, want("amos-studio", at(0, 10, 0), at(0, 12, 0)))
		here := func(now time.Time) *booking.Booking {
			n.clock.Set(now)
			got, err := n.book.HereNow(ctx, n.zoe, n.id["amos-studio"])
			must(t, err)
			return got
		}
		if here(at(0, 9, 29)) != nil {
			t.Error("found too early")
		}
		if got := here(at(0, 9, 30)); got == nil || got.ID != b.ID {
			t.Errorf("half an hour before: %+v", got)
		}
		if got, err := n.book.HereNow(ctx, n.luc, n.id["amos-studio"]); err != nil || got != nil {
			t.Errorf("somebody else's was found: %+v %v", got, err)
		}
		if got, err := n.book.HereNow(ctx, n.zoe, n.id["amos-desk"]); err != nil || got != nil {
			t.Errorf("at another door: %+v %v", got, err)
		}
		if here(at(0, 12, 0)) != nil {
			t.Error("found when it was over")
		}
	})
}
