package booking

import (
	"context"
	"time"

	"canot/internal/database"
	"canot/internal/fault"
	"canot/internal/identity"
)

// A Trace is what the book knows of a person in one booking.
type Trace struct {
	Booking
	Waivers []Waiver    `json:"waivers"`
	Loans   []LoanTrace `json:"loans"`
}

// About is everything that the book knows of a person: their bookings, coming and past,
// what they had out, and the rules that were lifted for them.
func About(r database.Reader, memberID string) (any, error) {
	all, err := findBookings(r, selection{where: "WHERE b.member_id = $1", order: "b.starts_at, b.id"}, memberID)
	if err != nil {
		return nil, err
	}
	traces, at, ids := make([]Trace, len(all)), make(map[string]int, len(all)), make([]string, len(all))
	for i, x := range all {
		traces[i], at[x.ID], ids[i] = Trace{Booking: x, Waivers: []Waiver{}, Loans: []LoanTrace{}}, i, x.ID
	}
	var lifted []struct {
		BookingID string `db:"booking_id"`
		Waiver
	}
	err = r.SelectIn(&lifted, `SELECT booking_id, rule, reason, given_by, given_at FROM waivers
		WHERE booking_id IN ($list) ORDER BY given_at, id`, ids)
	if err != nil {
		return nil, err
	}
	for _, w := range lifted {
		t := &traces[at[w.BookingID]]
		t.Waivers = append(t.Waivers, w.Waiver)
	}
	lent, err := loanTraces(r, memberID)
	for _, l := range lent {
		t := &traces[at[l.bookingID]]
		t.Loans = append(t.Loans, l)
	}
	return traces, err
}

// Shown returns what somebody else may see of what About returned: the bookings at hubs
// where they may view those of others.
func Shown(by identity.Actor, about any) (any, bool) {
	all, known := about.([]Trace)
	seen := []Trace{}
	for _, t := range all {
		if by.May(identity.ViewBookings, t.HubID, t.regionID) {
			seen = append(seen, t)
		}
	}
	return seen, known
}

// Withdraw cancels the bookings of a person that have not ended, one commit each, before
// their account is erased. Those that are running, or things that are out, remain: they
// are for staff to end, and Forget refuses until they have.
func (b *Book) Withdraw(ctx context.Context, by identity.Actor, memberID string) error {
	var ids []struct {
		ID string `db:"id"`
	}
	err := b.db.Reader(ctx).Select(&ids, `SELECT id FROM bookings
		WHERE member_id = $1 AND status IN ('held', 'pending', 'confirmed') ORDER BY id`, memberID)
	if err != nil {
		return err
	}
	for _, row := range ids {
		_, err := b.Cancel(ctx, identity.System, row.ID, 0, "", database.Key{})
		if err != nil && !fault.Is(err, "rules") {
			return err
		}
	}
	return nil
}

// Forget removes what a person wrote from their bookings, which stay for the books. It is
// Refused, bookings_left, while one of them still stands.
func Forget(tx *database.Tx, memberID string) error {
	var left int
	err := tx.Get(&left, `SELECT count(*) FROM bookings WHERE member_id = $1 AND status IN ('held', 'pending', 'confirmed', 'in_use')`, memberID)
	if err != nil {
		return err
	}
	if left > 0 {
		return fault.New(fault.Refused, "bookings_left", fault.Params{"count": left})
	}
	if _, err := tx.Exec(`UPDATE waivers SET reason = '' WHERE booking_id IN (SELECT id FROM bookings WHERE member_id = $1)`, memberID); err != nil {
		return err
	}
	if _, err = tx.Exec(`UPDATE bookings SET title = '', notes = '', reason = '' WHERE member_id = $1`, memberID); err != nil {
		return err
	}
	return forgetCounter(tx, memberID)
}

// ForgetTexts removes what people wrote on bookings that ended before an instant, as the
// retention of personal data asks, and returns how many it cleaned.
func (b *Book) ForgetTexts(ctx context.Context, before time.Time) (int, error) {
	var cleaned int64
	err := b.db.In(ctx, func(tx *database.Tx) error {
		if _, err := tx.Exec(`UPDATE waivers SET reason = '' WHERE reason <> ''
			AND booking_id IN (SELECT id FROM bookings WHERE ends_at < $1)`, before); err != nil {
			return err
		}
		if err := forgetOldCounter(tx, before); err != nil {
			return err
		}
		var err error
		cleaned, err = tx.Exec(`UPDATE bookings SET title = '', notes = '', reason = ''
			WHERE ends_at < $1 AND (title <> '' OR notes <> '' OR reason <> '')`, before)
		return err
	})
	return int(cleaned), err
}
