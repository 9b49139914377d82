package booking_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"canot/booking"
	"canot/internal/database"
	"canot/internal/database/dbtest"
	"canot/inventory"
)

// TestInvariant8EveryChangeIsInTheLog walks a booking through its life and wants each
// step logged, in order, with who and what it became, and nothing personal.
func TestInvariant8EveryChangeIsInTheLog(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		ctx := context.Background()
		n.add("amos", "printer", inventory.Machine, 1, inventory.PolicyEdits{
			Grain: ptr(30), Shortest: ptr(30), Longest: ptr(240), Approval: ptr(true), Within: ptr(inventory.Inside)})
		r := want("amos-printer", at(1, 10, 0), at(1, 11, 0))
		r.Title, r.Notes = "Secret de Zoé", "Appeler Zoé"
		b := n.mustPlace(n.zoe, r)
		_, err := n.book.Approve(ctx, n.anne, b.ID, 0, database.Key{})
		must(t, err)
		_, err = n.change(n.zoe, b.ID, booking.Edits{Title: ptr("Autre secret")})
		must(t, err)
		_, err = n.change(n.anne, b.ID, to(at(1, 13, 0), at(1, 14, 0)))
		must(t, err)
		n.takeOut("amos-printer1", at(1, 9, 0), nil)
		_, err = n.book.Cancel(ctx, n.zoe, b.ID, 0, "Zoé est malade", database.Key{})
		must(t, err)
		var log []struct {
			Actor  string `db:"actor_id"`
			Action string `db:"action"`
			Before string `db:"before"`
			After  string `db:"after"`
		}
		must(t, n.db.Reader(ctx).Select(&log, `SELECT actor_id, action, before, after FROM changes WHERE subject_id = $1 ORDER BY seq`, b.ID))
		steps := []struct{ action, actor string }{
			{"booking.place", n.zoe.ID}, {"booking.approve", n.anne.ID}, {"booking.change", n.zoe.ID},
			{"booking.move", n.anne.ID}, {"booking.lose_unit", n.anne.ID}, {"booking.cancel", n.zoe.ID},
		}
		if len(log) != len(steps) {
			t.Fatalf("logged %+v", log)
		}
		for i, s := range steps {
			row := log[i]
			if row.Action != s.action || row.Actor != s.actor || i > 0 && row.Before == "null" || row.After == "null" {
				t.Errorf("step %d is %+v, want %+v", i, row, s)
			}
			if text := row.Before + row.After; strings.Contains(text, "ecret") || strings.Contains(text, "Zoé") || strings.Contains(text, "malade") {
				t.Errorf("the log repeats what a person wrote: %s", text)
			}
		}
		n.clean()
	})
}

// TestTwoServersOnOneDataBaseAgree: what one remembers of a unit's time is as old as
// the unit's version, whoever writes.
func TestTwoServersOnOneDataBaseAgree(t *testing.T) {
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			ctx := context.Background()
			clock := dbtest.NewClock(monday)
			settings := database.Settings{URL: dbtest.URL(t, engine), Clock: clock.Now}
			one := newNetwork(t, dbtest.Reopen(t, settings), clock)
			db := dbtest.Reopen(t, settings)
			catalog := inventory.New(db)
			other := newBook(db, catalog)
			free := func(b *booking.Book) []booking.Free {
				all, err := b.Available(ctx, one.zoe, booking.AvailabilityQuery{Resource: "amos-studio", From: at(1, 0, 0), To: at(2, 0, 0)})
				must(t, err)
				return all[0].Free
			}
			for range 2 { // the second answer is a remembered one
				if f := free(one.book); len(f) != 1 {
					t.Fatalf("free: %+v", f)
				}
			}
			placed, err := other.Place(ctx, one.luc, want("amos-studio", at(1, 11, 0), at(1, 13, 0)), database.Key{})
			must(t, err)
			if f := free(one.book); len(f) != 2 {
				t.Fatalf("one server remembers what another has changed: %+v", f)
			}
			_, err = other.Cancel(ctx, one.luc, placed.ID, 0, "", database.Key{})
			must(t, err)
			_, err = catalog.AddClosure(ctx, one.boss, inventory.Closure{
				HubID: "amos", StartsLocal: "2026-11-17T12:00:00", EndsLocal: "2026-11-17T13:00:00"}, database.Key{})
			must(t, err)
			f := free(one.book)
			if len(f) != 2 || !f[0].EndsAt.Equal(at(1, 12, 0)) {
				t.Fatalf("one server remembers hours that another has changed: %+v", f)
			}
			clock.Move(time.Hour)
		})
	}
}
