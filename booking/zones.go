package booking

import (
	"context"
	"slices"
	"time"

	"canot/internal/database"
	"canot/internal/identity"
	"canot/inventory"
	"canot/inventory/hours"
)

// A Shift is a future booking whose instants no longer are the wall-clock times
// that it promises, because the rules of its zone have changed (invariant 7).
type Shift struct {
	Booking   string    `json:"booking"`
	Reference string    `json:"reference"`
	Hub       string    `json:"hub"`
	TimeZone  string    `json:"time_zone"`
	Promised  string    `json:"promised"` // the start, as promised
	StartsAt  time.Time `json:"starts_at"`
	EndsAt    time.Time `json:"ends_at"`
	ShouldBe  time.Time `json:"should_start_at"`
	ShouldEnd time.Time `json:"should_end_at"`
	Collision bool      `json:"collision"` // set right, it would overlap another booking: a person must settle it
	SetRight  bool      `json:"set_right"`
}

// Shifted finds the bookings that are still to end and whose instants are not their
// promised local time any more.
func (b *Book) Shifted(ctx context.Context) ([]Shift, error) {
	var rows []bookingRow
	err := b.db.Reader(ctx).Select(&rows, `
		SELECT `+bookingColumns+` FROM bookings b JOIN hubs h ON h.id = b.hub_id
		WHERE b.status IN ('held', 'pending', 'confirmed', 'in_use') AND b.ends_at > $1
		ORDER BY b.starts_at, b.id`, b.db.Now())
	if err != nil {
		return nil, err
	}
	var all []Shift
	for _, r := range rows {
		zone, err := hours.LoadZone(r.TimeZone)
		if err != nil {
			return nil, err
		}
		starts, err := hours.Instant(r.StartsLocal, zone)
		if err != nil {
			return nil, err
		}
		ends, err := hours.Instant(r.EndsLocal, zone)
		if err != nil {
			return nil, err
		}
		if starts.Equal(r.StartsAt) && ends.Equal(r.EndsAt) {
			continue
		}
		all = append(all, Shift{
			Booking: r.ID, Reference: r.Reference, Hub: r.HubSlug, TimeZone: r.TimeZone, Promised: r.StartsLocal,
			StartsAt: r.StartsAt.UTC(), EndsAt: r.EndsAt.UTC(), ShouldBe: starts, ShouldEnd: ends,
		})
	}
	return all, nil
}

// SetRight gives every shifted booking the instants that it promised, each in a
// commit of its own: those that move later from the last to the first, the others
// from the first to the last, so that neighbours that move together never meet on
// the way. One that would overlap something stays as it is and is reported as a
// collision. Each member gets a notice.
func (b *Book) SetRight(ctx context.Context) ([]Shift, error) {
	var lapsed []string
	if err := b.db.Reader(ctx).Select(&lapsed, `SELECT id FROM bookings WHERE status = 'held' AND lapses_at <= $1`, b.db.Now()); err != nil {
		return nil, err
	}
	for _, id := range lapsed {
		if err := b.Settle(ctx, id); err != nil {
			return nil, err
		}
	}
	all, err := b.Shifted(ctx)
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(all, func(x, y Shift) int {
		xLater, yLater := x.ShouldBe.After(x.StartsAt), y.ShouldBe.After(y.StartsAt)
		switch {
		case xLater != yLater && xLater:
			return -1
		case xLater != yLater:
			return 1
		case xLater:
			return y.StartsAt.Compare(x.StartsAt)
		default:
			return x.StartsAt.Compare(y.StartsAt)
		}
	})
	for i := range all {
		err := b.setRight(ctx, &all[i])
		switch database.Constraint(err) {
		case "occupancies_no_overlap", "bookings_span_check", "occupancies_span_check":
			all[i].Collision = true
			continue
		}
		if err != nil {
			return all, err
		}
	}
	return all, nil
}

func (b *Book) setRight(ctx context.Context, s *Shift) error {
	for try := 1; ; try++ {
		was, err := findBooking(b.db.Reader(ctx), s.Booking)
		if err != nil {
			return err
		}
		if !was.Status.Live() || !was.StartsAt.Equal(s.StartsAt) || !was.EndsAt.Equal(s.EndsAt) {
			return nil // somebody changed it meanwhile, by the new rules
		}
		err = b.shift(ctx, was, s)
		if err == nil {
			s.SetRight = true
		}
		if err != errAgain || try == tries {
			return err
		}
	}
}

func (b *Book) shift(ctx context.Context, was Booking, s *Shift) error {
	zone, err := hours.LoadZone(s.TimeZone)
	if err != nil {
		return err
	}
	return b.db.In(ctx, func(tx *database.Tx) error {
		if _, err := lockResources(tx, was.resourceIDs()); err != nil {
			return err
		}
		is := was
		is.StartsAt, is.EndsAt = s.ShouldBe, s.ShouldEnd
		is.promise(zone, true, true)
		is.Version, is.ChangedAt, is.Sequence = was.Version+1, tx.Now, was.Sequence+1
		if err := updateBooking(tx, is); err != nil {
			return err
		}
		if err := shiftOccupancies(tx, was, is); err != nil {
			return err
		}
		if err := shiftLoans(tx, was, is); err != nil {
			return err
		}
		if err := record(tx, identity.System.ID, "booking.set_right", &was, &is); err != nil {
			return err
		}
		if err := enqueueDue(tx, is); err != nil {
			return err
		}
		return tx.Enqueue(database.Job{Kind: "notice", Args: bookingJob{Booking: is.ID, What: "booking.set_right"}, At: tx.Now})
	})
}

// shiftOccupancies moves what a booking occupies by as much as the booking moves,
// buffers and all.
func shiftOccupancies(tx *database.Tx, was, is Booking) error {
	var rows []struct {
		ID       string    `db:"id"`
		StartsAt time.Time `db:"starts_at"`
		EndsAt   time.Time `db:"ends_at"`
	}
	if err := tx.Select(&rows, `SELECT id, starts_at, ends_at FROM occupancies WHERE booking_id = $1 AND live ORDER BY id`, was.ID); err != nil {
		return err
	}
	for _, o := range rows {
		_, err := tx.Exec(`UPDATE occupancies SET starts_at = $2, ends_at = $3 WHERE id = $1`, o.ID,
			o.StartsAt.Add(is.StartsAt.Sub(was.StartsAt)), o.EndsAt.Add(is.EndsAt.Sub(was.EndsAt)))
		if err != nil {
			return err
		}
	}
	return nil
}

// shiftLoans moves when what is out of a booking is due by as much as its end moves.
func shiftLoans(tx *database.Tx, was, is Booking) error {
	out, err := loansOf(tx, `n.booking_id = $1 AND n.back_at IS NULL`, was.ID)
	for _, l := range out {
		if err == nil {
			_, err = tx.Exec(`UPDATE loans SET due_at = $2 WHERE id = $1`, l.ID, l.DueAt.Add(is.EndsAt.Sub(was.EndsAt)))
		}
	}
	return err
}

// Outside lists the future bookings of a hub (id or slug), for its staff, that the
// hub's hours and closures of today would refuse: what a new closure or new hours
// have hit. Nothing is cancelled for it; a person settles each.
func (b *Book) Outside(ctx context.Context, who identity.Actor, hubKey string) ([]Booking, error) {
	hub, err := b.catalog.Hub(ctx, hubKey)
	if err != nil {
		return nil, err
	}
	if err := staffOnly(who, identity.ViewBookings, hub.ID, hub.RegionID); err != nil {
		return nil, err
	}
	var all []Booking
	var terms map[string]*inventory.Terms
	err = b.db.View(ctx, func(r database.Reader) error {
		all, err = findBookings(r, selection{
			where: "WHERE b.hub_id = $1 AND b.ends_at > $2 AND b.status IN ('held', 'pending', 'confirmed', 'in_use')",
			order: "b.starts_at, b.id",
		}, hub.ID, b.db.Now())
		if err != nil {
			return err
		}
		wanted := map[string]int64{}
		for _, x := range all {
			for _, id := range x.resourceIDs() {
				wanted[id] = 0
			}
		}
		terms, err = b.catalog.Terms(ctx, r, wanted)
		return err
	})
	if err != nil {
		return nil, err
	}
	out := []Booking{}
	for _, x := range all {
		a := askOf(x, &facts{terms: terms}, b.db.Now())
		outside := func(l askLine, afterHours bool) bool { return len(judgeHours(a, l, afterHours)) > 0 }
		if !slices.ContainsFunc(a.lines, func(l askLine) bool { return outside(l, false) }) {
			continue
		}
		if a, err = b.withStanding(ctx, b.db.Reader(ctx), a); err != nil {
			return nil, err
		}
		for i, tier := range a.verdictAlone().Lines {
			if outside(a.lines[i], tier.AfterHours) {
				out = append(out, x)
				break
			}
		}
	}
	return out, nil
}
