package booking

import (
	"time"

	"canot/internal/database"
)

// logged is what the log keeps of a booking: ids and figures, and no personal text.
type logged struct {
	Version  int64      `json:"version"`
	Status   Status     `json:"status"`
	StartsAt time.Time  `json:"starts_at"`
	EndsAt   time.Time  `json:"ends_at"`
	LapsesAt *time.Time `json:"lapses_at,omitempty"`
	Lines    []Line     `json:"lines"`
	Member   string     `json:"member"`
	Changed  []string   `json:"changed,omitempty"` // texts that changed, by name
}

func record(tx *database.Tx, by, action string, before, after *Booking) error {
	return tx.Record(changeOf(by, action, before, after))
}

func changeOf(by, action string, before, after *Booking) database.Change {
	c := database.Change{By: by, Action: action, Kind: "booking", Subject: after.ID}
	is := loggedOf(after)
	if before != nil {
		c.Before = loggedOf(before)
		for _, t := range []struct{ name, was, is string }{
			{"title", before.Title, after.Title}, {"notes", before.Notes, after.Notes},
			{"sector", before.Sector, after.Sector}, {"visibility", before.Visibility, after.Visibility},
		} {
			if t.was != t.is {
				is.Changed = append(is.Changed, t.name)
			}
		}
	}
	c.After = is
	return c
}

func loggedOf(b *Booking) logged {
	return logged{
		Version: b.Version, Status: b.Status, StartsAt: b.StartsAt, EndsAt: b.EndsAt,
		LapsesAt: b.LapsesAt, Lines: b.Lines, Member: b.MemberID,
	}
}
