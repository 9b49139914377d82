package booking

import (
	"context"
	"slices"
	"strings"
	"time"

	"canot/booking/membership"
	"canot/internal/database"
	"canot/internal/identity"
	"canot/inventory"
	"canot/inventory/hours"
)

// A Waiting is a request that waits for somebody's approval.
type Waiting struct {
	Booking
	Rivals []string // ids of the other requests that want some of the same time
}

// Approvals lists the requests that who may approve, those that must be answered soonest
// first: at one hub, by id or slug, or everywhere. next is the cursor of the next page.
func (b *Book) Approvals(ctx context.Context, who identity.Actor, hub string, limit int, after string) (list []Waiting, next string, err error) {
	if !who.Anywhere(identity.Approve) {
		return nil, "", identity.Denied(who)
	}
	if limit <= 0 || limit > 200 {
		limit = 50
	}
	var w where
	w.and("b.status = 'pending'")
	approvable(&w, who)
	if hub != "" {
		w.and("(h.id = ? OR h.slug = ?)", hub, hub)
	}
	const answerBy = "COALESCE(b.lapses_at, b.starts_at)"
	if after != "" {
		at, id, err := readCursor(after)
		if err != nil {
			return nil, "", err
		}
		w.and("("+answerBy+" > ? OR "+answerBy+" = ? AND b.id > ?)", at, at, id)
	}
	err = b.db.View(ctx, func(r database.Reader) error {
		all, err := findBookings(r, selection{w.text(), answerBy + ", b.id", limit + 1}, w.args...)
		if err != nil {
			return err
		}
		if len(all) > limit {
			all = all[:limit]
			last := all[limit-1]
			by := last.StartsAt
			if last.LapsesAt != nil {
				by = *last.LapsesAt
			}
			next = writeCursor(by, last.ID)
		}
		list, err = withRivals(r, all)
		return err
	})
	return list, next, err
}

// approvable puts the hubs and regions where who may approve into the WHERE.
func approvable(w *where, who identity.Actor) {
	if who.May(identity.Approve, "", "") {
		return
	}
	var seen []string
	var args []any
	for _, g := range who.Grants {
		switch {
		case !who.May(identity.Approve, g.HubID, g.RegionID):
		case g.HubID != "":
			seen, args = append(seen, "b.hub_id = ?"), append(args, g.HubID)
		case g.RegionID != "":
			seen, args = append(seen, "h.region_id = ?"), append(args, g.RegionID)
		}
	}
	w.and("("+strings.Join(seen, " OR ")+")", args...)
}

// A rivalry is two requests that compete for one resource.
type rivalry struct {
	ID            string    `db:"id"`
	Rival         string    `db:"rival"`
	StartsAt      time.Time `db:"starts_at"`
	EndsAt        time.Time `db:"ends_at"`
	RivalStartsAt time.Time `db:"rival_starts_at"`
	RivalEndsAt   time.Time `db:"rival_ends_at"`
	BufferBefore  int       `db:"buffer_before_min"`
	BufferAfter   int       `db:"buffer_after_min"`
}

// collide reports whether the two would overlap, buffers included.
func (x rivalry) collide() bool {
	p := inventory.Policy{BufferBefore: x.BufferBefore, BufferAfter: x.BufferAfter}
	return occupied(hours.Span{Start: x.StartsAt, End: x.EndsAt}, p).Overlaps(occupied(hours.Span{Start: x.RivalStartsAt, End: x.RivalEndsAt}, p))
}

// withRivals finds for each request the others that want some of the same time.
func withRivals(r database.Reader, all []Booking) ([]Waiting, error) {
	ids := make([]string, len(all))
	for i, x := range all {
		ids[i] = x.ID
	}
	var rows []rivalry
	err := r.SelectIn(&rows, `
		SELECT b.id, o.id AS rival, b.starts_at, b.ends_at, o.starts_at AS rival_starts_at, o.ends_at AS rival_ends_at,
			r.buffer_before_min, r.buffer_after_min
		FROM bookings b
		JOIN booking_lines l ON l.booking_id = b.id
		JOIN resources r ON r.id = l.resource_id
		JOIN booking_lines k ON k.resource_id = l.resource_id AND k.booking_id <> l.booking_id
		JOIN bookings o ON o.id = k.booking_id AND o.status = 'pending' AND o.competes
		WHERE b.competes AND b.id IN ($list) ORDER BY b.id, o.id`, ids)
	list := make([]Waiting, len(all))
	for i, x := range all {
		list[i] = Waiting{Booking: x, Rivals: []string{}}
		for _, row := range rows {
			if row.ID == x.ID && row.collide() && !slices.Contains(list[i].Rivals, row.Rival) {
				list[i].Rivals = append(list[i].Rivals, row.Rival)
			}
		}
	}
	return list, err
}

// declineRivals declines the requests that competed for the time that s has just taken
// and that nothing is left for, in the same commit. Those that still can be had wait on.
func (b *Book) declineRivals(ctx context.Context, who identity.Actor, s *step) error {
	mine := s.was.resourceIDs()
	var ids []struct {
		ID string `db:"id"`
	}
	// Buffers reach beyond what is booked: the margin is wider than any.
	err := s.tx.SelectIn(&ids, `
		SELECT DISTINCT b.id FROM bookings b JOIN booking_lines l ON l.booking_id = b.id
		WHERE l.resource_id IN ($list) AND b.status = 'pending' AND b.competes AND b.id <> $1 AND b.starts_at < $2 AND b.ends_at > $3
		ORDER BY b.id`, mine, s.was.ID, s.was.EndsAt.Add(margin), s.was.StartsAt.Add(-margin))
	if err != nil {
		return err
	}
	for _, row := range ids {
		rival, err := findBooking(s.tx, row.ID)
		if err != nil {
			return err
		}
		left, err := b.leftFor(ctx, s.tx, rival, mine)
		if err != nil {
			return err
		}
		if left {
			continue
		}
		if err := declineRival(s.tx, who, rival); err != nil {
			return err
		}
	}
	return nil
}

// leftFor reports whether the lines of a request that want one of these resources can
// still be had.
func (b *Book) leftFor(ctx context.Context, tx *database.Tx, was Booking, resources []string) (bool, error) {
	f, err := b.factsOf(ctx, tx, was.resourceIDs(), hours.Span{Start: was.StartsAt, End: was.EndsAt})
	if err != nil {
		return false, err
	}
	a := askOf(was, f, tx.Now)
	for i, l := range a.lines {
		if !slices.Contains(resources, l.terms.Resource.ID) {
			continue
		}
		if _, missing := chooseUnits(a, i, f); len(missing) > 0 {
			return false, nil
		}
	}
	return true, nil
}

func declineRival(tx *database.Tx, who identity.Actor, was Booking) error {
	is := was
	is.Status, is.LapsesAt = Declined, nil
	is.Version, is.ChangedAt = was.Version+1, tx.Now
	if err := updateBooking(tx, is); err != nil {
		return err
	}
	if err := record(tx, who.ID, "booking.rival", &was, &is); err != nil {
		return err
	}
	if err := membership.GiveBack(tx, who, was.ID, nil); err != nil {
		return err
	}
	return tx.Enqueue(noticeJob(tx, was.ID, "booking.rival"))
}
