package booking

import (
	"context"
	"encoding/json"
	"time"

	"canot/internal/database"
	"canot/inventory/hours"
)

const (
	remindJob = "booking.remind"
	// remindEvery is how often the network looks for people to remind.
	remindEvery = 10 * time.Minute
	// remindAhead is how far ahead a booking may begin of which somebody is reminded: from
	// nine o'clock to the last minute of the next day, and an hour for a change of clocks.
	remindAhead = 40 * time.Hour
	// remindFrom is the minute of the day before, on the hub's clock, from which people are reminded.
	remindFrom = 9 * 60
	// remindPiece is how many bookings one transaction looks at.
	remindPiece = 200
)

// RemindAt returns the instant from which its member is reminded of a booking: nine o'clock
// of the day before, on the clock of its hub.
func (b Booking) RemindAt() (time.Time, error) {
	return remindAt(b.StartsAt, b.TimeZone)
}

func remindAt(starts time.Time, timeZone string) (time.Time, error) {
	zone, err := hours.LoadZone(timeZone)
	if err != nil {
		return time.Time{}, err
	}
	return hours.At(hours.DateOf(starts, zone).AddDays(-1), remindFrom, zone), nil
}

// Begin makes the jobs that come again wait for their turn, unless they do already: the one that
// reminds people of their bookings, and the one that looks after what is late. What is lent incomplete is
// looked for once. It is called when a server starts.
func (b *Book) Begin(ctx context.Context) error {
	return b.db.In(ctx, func(tx *database.Tx) error {
		for _, job := range []string{remindJob, lateJob, incompleteJob} {
			if err := tx.EnqueueFirst(job); err != nil {
				return err
			}
		}
		return nil
	})
}

// remind has everybody reminded of what they booked for tomorrow, and comes again. It goes in
// pieces, so that no booking waits for it long; done twice, or by two at once, it reminds nobody twice.
func (b *Book) remind(ctx context.Context, _ json.RawMessage) error {
	for last := (remindable{StartsAt: b.db.Now()}); ; {
		var rows []remindable
		err := b.db.In(ctx, func(tx *database.Tx) (err error) {
			if rows, err = remindables(tx, last); err != nil {
				return err
			}
			for _, row := range rows {
				if err := row.remind(tx); err != nil {
					return err
				}
			}
			if len(rows) == remindPiece {
				return nil
			}
			return tx.EnqueueNext(remindJob, tx.Now.Truncate(remindEvery).Add(remindEvery))
		})
		if err != nil || len(rows) < remindPiece {
			return err
		}
		last = rows[len(rows)-1]
	}
}

// A remindable is a booking that begins soon and of which nobody was reminded yet.
type remindable struct {
	ID        string    `db:"id"`
	StartsAt  time.Time `db:"starts_at"`
	TimeZone  string    `db:"time_zone"`
	ChangedAt time.Time `db:"changed_at"`
}

// remindables are the next piece of them behind the last one.
func remindables(tx *database.Tx, last remindable) ([]remindable, error) {
	var rows []remindable
	err := tx.Select(&rows, `
		SELECT b.id, b.starts_at, h.time_zone, b.changed_at
		FROM bookings b
		JOIN hubs h ON h.id = b.hub_id
		LEFT JOIN reminders m ON m.booking_id = b.id AND m.starts_at = b.starts_at
		WHERE b.status = 'confirmed' AND m.booking_id IS NULL AND b.starts_at < $3
			AND (b.starts_at > $1 OR b.starts_at = $1 AND b.id > $2)
		ORDER BY b.starts_at, b.id LIMIT $4`, last.StartsAt, last.ID, tx.Now.Add(remindAhead), remindPiece)
	return rows, err
}

// remind has its member reminded, once it is time to. Whoever made, moved or got the booking
// since then has just read all about it, and is left in peace.
func (r remindable) remind(tx *database.Tx) error {
	from, err := remindAt(r.StartsAt, r.TimeZone)
	if err != nil || tx.Now.Before(from) || !r.ChangedAt.Before(from) {
		return err
	}
	n, err := tx.Exec(`INSERT INTO reminders (booking_id, starts_at, at) VALUES ($1, $2, $3) ON CONFLICT (booking_id, starts_at) DO NOTHING`, r.ID, r.StartsAt, tx.Now)
	if err != nil || n == 0 {
		return err
	}
	return tx.Enqueue(noticeJob(tx, r.ID, "booking.reminder"))
}

// pastReminders are the rows of reminders of bookings that are loaded: those that the network
// would have sent already, had it been there. Their people are not reminded of them all at once.
func pastReminders(all []Booking, now time.Time) ([][]any, error) {
	var rows [][]any
	for _, b := range all {
		if b.Status != Confirmed || !b.StartsAt.After(now) || b.StartsAt.After(now.Add(remindAhead)) {
			continue
		}
		from, err := b.RemindAt()
		if err != nil {
			return nil, err
		}
		if !from.After(now) {
			rows = append(rows, []any{b.ID, b.StartsAt, from})
		}
	}
	return rows, nil
}
