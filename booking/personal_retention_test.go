package booking_test

import (
	"context"
	"testing"
	"time"

	"canot/booking"
	"canot/internal/database"
	"canot/inventory/files"
)

// words counts the rows of a table that still say something.
func (n *network) words(table, column, where string, args ...any) (count int) {
	n.t.Helper()
	must(n.t, n.db.Reader(context.Background()).Get(&count, `SELECT count(*) FROM `+table+` WHERE `+column+` AND `+where, args...))
	return count
}

// lend has Zoé take a camera from an hour to another, with everything that a counter may write of it, and
// bring it back where back says so.
func (n *network) lend(from, to time.Time, back bool) booking.Booking {
	n.t.Helper()
	ctx, no := context.Background(), database.Key{}
	r := cameras(1, from, to)
	r.Title, r.Notes = "Tournage", "Avec un trépied"
	b := n.mustPlace(n.zoe, r)
	n.clock.Set(from)
	unit := b.Lines[0].Units[0]
	_, err := n.book.CheckOut(ctx, n.anne, booking.HandOut{Booking: b.ID, Signature: signature(n.t), Condition: map[string]string{unit: "comme neuve"}}, no)
	must(n.t, err)
	picture, err := files.Prepare(signature(n.t), files.Photo)
	must(n.t, err)
	must(n.t, n.book.Photograph(ctx, n.anne, n.loans(b)[0].ID, files.Out, []files.Prepared{picture}, no))
	n.mustExec(`INSERT INTO waivers (id, booking_id, rule, reason, given_by, given_at) VALUES ($1, $2, 'too_short', 'un deuil', $3, $4)`, database.NewID(), b.ID, n.boss.ID, n.clock.Now())
	if back {
		n.clock.Set(to)
		_, err = n.book.CheckIn(ctx, n.anne, booking.Return{Unit: unit, Condition: "éraflée"}, no)
		must(n.t, err)
	}
	return n.see(b.ID)
}

// What people wrote, signed and were photographed with at a counter is removed once it is so old that
// nobody needs it; what is not that old, or not over, stays whole.
func TestRetentionRemovesWhatCountersWrote(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		ctx := context.Background()
		old := n.lend(at(0, 9, 0), at(0, 11, 0), true)
		out := n.lend(at(0, 13, 0), at(0, 15, 0), false)
		journeyOf := func(unit, state string, changed time.Time) string {
			id := database.NewID()
			n.mustExec(`INSERT INTO transfers (id, unit_id, from_hub_id, to_hub_id, to_resource_id, state, leaves_at, arrives_at, note, made_by, created_at, changed_at)
				VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'chez Luc', $9, $10, $11)`, id, n.id[unit], n.id["val-dor"], n.id["rouyn"], n.id["rouyn-camera"], state,
				at(0, 9, 0), at(0, 10, 0), n.anne.ID, at(0, 8, 0), changed)
			return id
		}
		journeys := map[string]int{journeyOf("val-dor-camera1", "arrived", at(0, 10, 0)): 0, journeyOf("val-dor-camera1", "cancelled", at(0, 10, 0)): 0,
			journeyOf("val-dor-camera1", "arrived", at(3, 10, 0)): 1, journeyOf("val-dor-camera1", "planned", at(0, 10, 0)): 1}
		actOf := func(settled any) string {
			id := database.NewID()
			n.mustExec(`INSERT INTO unsettled_acts (id, hub_id, kind, args, at, received_at, by_id, code, settled_at, note)
				VALUES ($1, $2, 'check_in', '{"unit":"x"}', $3, $3, $4, 'not_out', $5, 'c’était Luc')`, id, n.id["amos"], at(0, 9, 0), n.anne.ID, settled)
			return id
		}
		acts := map[string]int{actOf(at(0, 12, 0)): 0, actOf(at(3, 12, 0)): 1, actOf(nil): 1}
		n.begin()
		n.until(at(2, 8, 0)) // what is still out is held
		recent := n.lend(at(2, 9, 0), at(2, 11, 0), true)

		cleaned, err := n.book.ForgetTexts(ctx, at(1, 0, 0))
		must(t, err)
		if cleaned != 2 {
			t.Errorf("%d bookings were cleaned, two ended before", cleaned)
		}
		for _, x := range []struct {
			what                   string
			b                      booking.Booking
			texts, loan, out, kept int
		}{{"ended long ago", old, 0, 0, 0, 0}, {"still out", out, 0, 1, 1, 2}, {"recent", recent, 1, 1, 1, 2}} {
			id := x.b.ID
			if got := n.words("bookings", "title <> '' AND notes <> ''", "id = $1", id); got != x.texts {
				t.Errorf("%s: title and notes: %d", x.what, got)
			}
			if got := n.words("waivers", "reason <> ''", "booking_id = $1", id); got != x.texts {
				t.Errorf("%s: reasons: %d", x.what, got)
			}
			if got := n.words("loans", "signature_id IS NOT NULL", "booking_id = $1", id); got != x.loan {
				t.Errorf("%s: signed: %d", x.what, got)
			}
			if got := n.words("loans", "condition_out <> ''", "booking_id = $1", id); got != x.out {
				t.Errorf("%s: condition: %d", x.what, got)
			}
			if got := n.words("files", "subject_kind = 'loan'", "subject_id IN (SELECT id FROM loans WHERE booking_id = $1)", id); got != x.kept {
				t.Errorf("%s: pictures: %d", x.what, got)
			}
		}
		if got := n.words("loans", "condition_in <> ''", "booking_id IN ($1, $2)", old.ID, recent.ID); got != 1 {
			t.Errorf("%d returns have words, want that of the recent one", got)
		}
		for id, want := range journeys {
			if got := n.words("transfers", "note <> ''", "id = $1", id); got != want {
				t.Errorf("a journey keeps %d notes, want %d", got, want)
			}
		}
		for id, want := range acts {
			if got := n.words("unsettled_acts", "(note <> '' OR args <> '{}')", "id = $1", id); got != want {
				t.Errorf("an act keeps %d, want %d", got, want)
			}
		}
		again, err := n.book.ForgetTexts(ctx, at(1, 0, 0))
		must(t, err)
		if again != 0 {
			t.Errorf("cleaned again: %d", again)
		}
	})
}
