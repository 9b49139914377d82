package booking_test

import (
	"context"
	"testing"
	"time"

	"canot/booking"
	"canot/internal/database"
)

// notices counts what people are to be told of a booking.
func (n *network) notices(bookingID string) (count int) {
	n.t.Helper()
	must(n.t, n.db.Reader(context.Background()).Get(&count, `SELECT count(*) FROM jobs WHERE kind = 'notice' AND args LIKE $1`, `%"`+bookingID+`"%`))
	return count
}

// Whoever has a booking is told when it is moved or cancelled, by themselves or by others; a new
// title is nobody's news, and a hold was in no calendar.
func TestPeopleAreToldWhatBecomesOfABooking(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		ctx, no := context.Background(), database.Key{}
		b := n.mustPlace(n.zoe, want("amos-desk", at(1, 9, 0), at(1, 10, 0)))
		title, from, to := "Atelier", at(1, 11, 0), at(1, 12, 0)
		_, err := n.book.Change(ctx, n.zoe, b.ID, booking.Edits{Title: &title}, no)
		must(t, err)
		if got := n.notices(b.ID); got != 1 {
			t.Errorf("%d notices after a new title", got)
		}
		_, err = n.book.Change(ctx, n.zoe, b.ID, booking.Edits{StartsAt: &from, EndsAt: &to}, no)
		must(t, err)
		n.told(b.ID, "booking.moved")
		lines := []booking.Want{{Resource: "amos-desk", Quantity: 2}}
		_, err = n.book.Change(ctx, n.anne, b.ID, booking.Edits{Lines: &lines}, no)
		must(t, err)
		n.told(b.ID, "booking.moved_by_staff")
		for range 2 {
			_, err = n.book.Cancel(ctx, n.zoe, b.ID, 0, "", no)
			must(t, err)
		}
		n.told(b.ID, "booking.cancelled")
		if got := n.notices(b.ID); got != 4 {
			t.Errorf("%d notices in all", got)
		}
		r := want("amos-desk", at(2, 9, 0), at(2, 10, 0))
		r.Hold = 10 * time.Minute
		held := n.mustPlace(n.zoe, r)
		_, err = n.book.Cancel(ctx, n.zoe, held.ID, 0, "", no)
		must(t, err)
		if got := n.notices(held.ID); got != 0 {
			t.Errorf("%d notices of a hold", got)
		}
	})
}
