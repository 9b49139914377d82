package booking

import (
	"context"
	"time"

	"canot/internal/database"
	"canot/internal/fault"
	"canot/internal/identity"
	"canot/inventory"
)

// noShowLook is how long after its start a booking may still be found not to have been come for:
// longer than any policy waits, so that a network that stood still for a day catches up.
const noShowLook = 3 * 24 * time.Hour

// noShowAfter is how long after its start a booking of these resources is given up when nobody has
// come: the least that one of them says, 0 for never.
func noShowAfter(things []inventory.Resource) time.Duration {
	least := 0
	for _, x := range things {
		if n := x.Policy.NoShowAfter; n > 0 && (least == 0 || n < least) {
			least = n
		}
	}
	return time.Duration(least) * time.Minute
}

// givenUpAt is when a booking is given up that nobody came for, and false when it never is: it has
// begun, or no policy says so. Who was told something new about it since its start gets as long
// again from then on.
func (b Booking) givenUpAt(things []inventory.Resource) (time.Time, bool) {
	after := noShowAfter(things)
	if b.Status != Confirmed || after == 0 {
		return time.Time{}, false
	}
	from := b.StartsAt
	if b.ChangedAt.After(from) {
		from = b.ChangedAt
	}
	return from.Add(after), true
}

// An awaited is a booking that has begun on the clock, or is about to, and that nobody has come for, by one of its
// resources.
type awaited struct {
	ID           string    `db:"id"`
	StartsAt     time.Time `db:"starts_at"`
	ResourceID   string    `db:"resource_id"`
	RulesVersion int64     `db:"rules_version"`
}

// endNoShows gives the time of the bookings that nobody came for to others, and sets next to when another
// one will be given up, where that is sooner.
func (b *Book) endNoShows(ctx context.Context, next *time.Time) error {
	now, until := b.db.Now(), *next
	for last := (awaited{StartsAt: now.Add(-noShowLook)}); ; {
		var rows []awaited
		err := b.db.Reader(ctx).Select(&rows, `
			SELECT b.id, b.starts_at, l.resource_id, r.rules_version
			FROM (SELECT id, starts_at FROM bookings WHERE status = 'confirmed' AND starts_at < $5 AND ends_at > $1
				AND (starts_at > $2 OR starts_at = $2 AND id > $3) ORDER BY starts_at, id LIMIT $4) b
			JOIN booking_lines l ON l.booking_id = b.id
			JOIN resources r ON r.id = l.resource_id
			ORDER BY b.starts_at, b.id`, now, last.StartsAt, last.ID, latePiece, until)
		if err != nil || len(rows) == 0 {
			return err
		}
		ids, err := b.givenUp(ctx, rows, now, next)
		if err != nil {
			return err
		}
		if err := b.each(ctx, "end what nobody came for", ids, b.endNoShow); err != nil {
			return err
		}
		last = rows[len(rows)-1]
	}
}

// givenUp are those of some bookings, each once, that a policy may give up at now, as far as their
// start tells; next becomes the instant of the first of the others, where that is sooner.
func (b *Book) givenUp(ctx context.Context, rows []awaited, now time.Time, next *time.Time) ([]string, error) {
	wanted := map[string]int64{}
	for _, row := range rows {
		wanted[row.ResourceID] = row.RulesVersion
	}
	terms, err := b.catalog.Terms(ctx, b.db.Reader(ctx), wanted)
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, row := range rows {
		t := terms[row.ResourceID]
		if t == nil || len(ids) > 0 && ids[len(ids)-1] == row.ID {
			continue
		}
		after := noShowAfter([]inventory.Resource{t.Resource})
		switch at := row.StartsAt.Add(after).UTC(); {
		case after == 0:
		case !at.After(now):
			ids = append(ids, row.ID)
		case at.Before(*next):
			*next = at
		}
	}
	return ids, nil
}

// endNoShow ends a booking that nobody came for: its units are free from now on, and its hours stay
// spent, for it has kept others away. One that waits for a unit, or whose unit somebody else has not
// brought back, is none: its people could not have come.
func (b *Book) endNoShow(ctx context.Context, id string) error {
	was, err := findBooking(b.db.Reader(ctx), id)
	if fault.KindOf(err) == fault.NotFound {
		return nil
	} else if err != nil {
		return err
	}
	_, err = b.carryOut(ctx, identity.System, was, decision{action: "booking.no_show", apply: func(s *step) error {
		things, err := b.thingsOf(ctx, s)
		if err != nil {
			return err
		}
		at, ok := was.givenUpAt(things)
		if !ok || at.After(s.tx.Now) || !was.EndsAt.After(s.tx.Now) {
			return notGivenUp()
		}
		if kept, err := keptAway(s.tx, was); err != nil || kept {
			if err == nil {
				err = notGivenUp()
			}
			return err
		}
		s.is.Status = NoShow
		s.notices = append(s.notices, "booking.no_show")
		return s.freeFromNow()
	}})
	if fault.Is(err, notGivenUpCode) {
		return nil
	}
	return err
}

const notGivenUpCode = "not_given_up"

// notGivenUp ends the attempt to give up a booking; nobody is told.
func notGivenUp() error { return fault.New(fault.Refused, notGivenUpCode, nil) }

// thingsOf are the resources of a booking, as they are under the lock.
func (b *Book) thingsOf(ctx context.Context, s *step) ([]inventory.Resource, error) {
	terms, err := b.catalog.Terms(ctx, s.tx, s.rules)
	if err != nil {
		return nil, err
	}
	var things []inventory.Resource
	for _, l := range s.was.Lines {
		if t := terms[l.ResourceID]; t != nil {
			things = append(things, t.Resource)
		}
	}
	return things, nil
}

// keptAway reports whether a booking's people could not begin it: it waits for a unit, or one of its
// units is still out with somebody.
func keptAway(tx *database.Tx, was Booking) (bool, error) {
	var units []string
	for _, l := range was.Lines {
		if l.WithoutUnit > 0 {
			return true, nil
		}
		units = append(units, l.Units...)
	}
	if len(units) == 0 {
		return false, nil
	}
	var out []string
	err := tx.SelectIn(&out, `SELECT unit_id FROM loans WHERE unit_id IN ($list) AND back_at IS NULL`, units)
	return len(out) > 0, err
}

// freeFromNow gives back what a booking still holds, from now on.
func (s *step) freeFromNow() error {
	s.is.given(nil)
	if _, err := s.tx.Exec(`UPDATE occupancies SET live = false WHERE booking_id = $1 AND live AND starts_at >= $2`, s.was.ID, s.tx.Now); err != nil {
		return err
	}
	_, err := s.tx.Exec(`UPDATE occupancies SET ends_at = $2 WHERE booking_id = $1 AND live AND ends_at > $2`, s.was.ID, s.tx.Now)
	return err
}
