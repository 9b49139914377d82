package booking

import (
	"context"
	"time"

	"canot/internal/database"
	"canot/inventory/hours"
)

// What people are told of a loan, by the name of the message.
const (
	newsDueTomorrow = "booking.due_tomorrow"
	newsLate        = "booking.late"          // the first time
	newsLateAgain   = "booking.late_again"    // every day after that
	newsOverdue     = "booking.overdue.staff" // once, to staff
)

const (
	// mostLateReminders bounds how often a person is reminded of one thing that they have not brought back.
	mostLateReminders = 10
	// remindLoanAt is the minute of the day, on the hub's clock, at which people are reminded of loans.
	remindLoanAt = 9 * 60
	// overdueAfter is how late a loan is when staff are told of it.
	overdueAfter = 24 * time.Hour
	// reminderStale is how old a reminder may be to be sent still, by a network that stood still.
	reminderStale = 24 * time.Hour
)

// A loanNews is a message about a loan and when it is due.
type loanNews struct {
	at   time.Time
	what string
}

// loanNewsOf are the messages about a loan in order of time, until somebody brings it back: the day
// before it is due where it lasts longer than a day, an hour after that, and then every morning; and
// one for staff.
func loanNewsOf(out, due time.Time, zone *time.Location) []loanNews {
	var all []loanNews
	day := hours.DateOf(due, zone)
	if due.Sub(out) > 24*time.Hour {
		all = append(all, loanNews{hours.At(day.AddDays(-1), remindLoanAt, zone), newsDueTomorrow})
	}
	first := due.Add(time.Hour)
	all = append(all, loanNews{first, newsLate})
	told := false
	for n := 1; n < mostLateReminders; day = day.AddDays(1) {
		at := hours.At(day, remindLoanAt, zone)
		if at.Sub(first) < 8*time.Hour { // told tonight is told enough for the morning
			continue
		}
		if !told && at.After(due.Add(overdueAfter)) {
			told = true
			all = append(all, loanNews{due.Add(overdueAfter), newsOverdue})
		}
		all = append(all, loanNews{at, newsLateAgain})
		n++
	}
	return all
}

// dueNews are the messages about a loan that are to be sent at now, when the last was sent at an
// instant: of those for its member the latest only, for a network that stood still.
func dueNews(out, due, last, now time.Time, zone *time.Location) (what []string) {
	member := ""
	for _, n := range loanNewsOf(out, due, zone) {
		switch {
		case !n.at.After(last) || n.at.After(now):
		case n.what == newsOverdue:
			what = append(what, n.what)
		case now.Sub(n.at) < reminderStale && (n.what != newsDueTomorrow || now.Before(due)):
			member = n.what
		}
	}
	if member != "" {
		what = append([]string{member}, what...)
	}
	return what
}

// A remindableLoan is a loan that has not ended and that is due soon, or was.
type remindableLoan struct {
	ID         string     `db:"id"`
	BookingID  string     `db:"booking_id"`
	OutAt      time.Time  `db:"out_at"`
	DueAt      time.Time  `db:"due_at"`
	RemindedAt *time.Time `db:"reminded_at"`
	TimeZone   string     `db:"time_zone"`
}

// news are the messages about it that are to be sent at now.
func (l remindableLoan) news(now time.Time) ([]string, error) {
	zone, err := hours.LoadZone(l.TimeZone)
	if err != nil {
		return nil, err
	}
	last := l.OutAt
	if l.RemindedAt != nil && l.RemindedAt.After(last) {
		last = *l.RemindedAt
	}
	return dueNews(l.OutAt, l.DueAt, last, now, zone), nil
}

const selectRemindableLoans = `
	SELECT l.id, l.booking_id, l.out_at, l.due_at, l.reminded_at, h.time_zone
	FROM loans l
	JOIN bookings b ON b.id = l.booking_id
	JOIN hubs h ON h.id = b.hub_id
	WHERE l.back_at IS NULL AND `

// remindLoans has everybody reminded of what they are to bring back, and staff told of what is long
// overdue. One message speaks of all the things of a booking.
func (b *Book) remindLoans(ctx context.Context) error {
	for last := (remindableLoan{}); ; {
		now := b.db.Now()
		var rows []remindableLoan
		err := b.db.Reader(ctx).Select(&rows, selectRemindableLoans+`l.due_at < $1 AND (l.due_at > $2 OR l.due_at = $2 AND l.id > $3)
			ORDER BY l.due_at, l.id LIMIT $4`, now.Add(remindAhead), last.DueAt, last.ID, latePiece)
		if err != nil {
			return err
		}
		var ids []string
		seen := map[string]bool{}
		for _, row := range rows {
			news, err := row.news(now)
			if err != nil {
				return err
			}
			if len(news) > 0 && !seen[row.BookingID] {
				seen[row.BookingID] = true
				ids = append(ids, row.BookingID)
			}
		}
		if err := b.each(ctx, "remind of a loan", ids, b.remindLoansOf); err != nil || len(rows) < latePiece {
			return err
		}
		last = rows[len(rows)-1]
	}
}

// remindLoansOf sends what is due about the loans of one booking, and notes on each of them that it
// was sent: whoever looks again sends nothing.
func (b *Book) remindLoansOf(ctx context.Context, bookingID string) error {
	return b.db.In(ctx, func(tx *database.Tx) error {
		if err := tx.Lock("bookings", bookingID); err != nil {
			return err
		}
		var rows []remindableLoan
		if err := tx.Select(&rows, selectRemindableLoans+`l.booking_id = $1 ORDER BY l.due_at, l.id`, bookingID); err != nil {
			return err
		}
		sent := map[string]bool{}
		for _, row := range rows {
			news, err := row.news(tx.Now)
			if err != nil {
				return err
			}
			late := 0
			for _, what := range news {
				if what == newsLate || what == newsLateAgain {
					late = 1
				}
				if sent[what] {
					continue
				}
				sent[what] = true
				if err := tx.Enqueue(noticeJob(tx, bookingID, what)); err != nil {
					return err
				}
			}
			if len(news) == 0 {
				continue
			}
			if _, err := tx.Exec(`UPDATE loans SET reminded_at = $2, reminders = reminders + $3 WHERE id = $1`, row.ID, tx.Now, late); err != nil {
				return err
			}
		}
		return nil
	})
}
