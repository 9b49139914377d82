package booking

import (
	"context"
	"fmt"
	"strings"
	"time"

	"canot/internal/identity"
	"canot/inventory"
)

// MostTitles is how many titles Titles gives.
const MostTitles = 60

// A Titled is the title of a booking of a resource, and when that is. It says nothing of who booked.
type Titled struct {
	ResourceID       string
	StartsAt, EndsAt time.Time
	Title            string // as a person wrote it: text, never markup
}

// titledRow is a Titled as it is read.
type titledRow struct {
	ID         string    `db:"id"`
	ResourceID string    `db:"resource_id"`
	StartsAt   time.Time `db:"starts_at"`
	EndsAt     time.Time `db:"ends_at"`
	Title      string    `db:"title"`
}

// Titles are those of the bookings of some resources that take time in [from, to), as far as
// somebody may see them, by start: of bookings that whoever booked shows to members, to anybody
// who is signed in; of all bookings of a hub, to staff who may see them; and of one's own. To
// nobody who is not signed in it shows any. Of what is past it gives none. more reports that
// there are others beyond the first MostTitles. It is one statement, or none where nothing can be seen.
func (b *Book) Titles(ctx context.Context, who identity.Actor, of []*inventory.Terms, from, to time.Time) (list []Titled, more bool, err error) {
	now := b.db.Now()
	if from.Before(now) {
		from = now
	}
	if who.ID == "" || len(of) == 0 || !to.After(from) {
		return nil, false, nil
	}
	var args []any
	put := func(v any) string {
		args = append(args, v)
		return fmt.Sprintf("$%d", len(args))
	}
	var hubs, resources, staffed []string
	known := map[string]bool{}
	for _, t := range of {
		r := t.Resource
		resources = append(resources, put(r.ID))
		if known[r.HubID] {
			continue
		}
		known[r.HubID] = true
		hubs = append(hubs, put(r.HubID))
		if who.May(identity.ViewBookings, r.HubID, t.RegionID) {
			staffed = append(staffed, hubs[len(hubs)-1])
		}
	}
	seen := "b.visibility = 'members' OR b.member_id = " + put(who.ID)
	if len(staffed) > 0 {
		seen += " OR b.hub_id IN (" + strings.Join(staffed, ", ") + ")"
	}
	var rows []titledRow
	err = b.db.Reader(ctx).Select(&rows, `
		SELECT DISTINCT b.id, l.resource_id, b.starts_at, b.ends_at, b.title
		FROM bookings b JOIN booking_lines l ON l.booking_id = b.id
		WHERE b.hub_id IN (`+strings.Join(hubs, ", ")+`) AND l.resource_id IN (`+strings.Join(resources, ", ")+`)
			AND b.ends_at > `+put(second(from))+` AND b.starts_at < `+put(second(to))+` AND b.title <> ''
			AND (b.status IN ('confirmed', 'in_use') OR b.status = 'pending' AND NOT b.competes)
			AND (`+seen+`)
		ORDER BY b.starts_at, b.id, l.resource_id LIMIT `+fmt.Sprint(MostTitles+1), args...)
	if err != nil {
		return nil, false, fmt.Errorf("read titles: %w", err)
	}
	if more = len(rows) > MostTitles; more {
		rows = rows[:MostTitles]
	}
	for _, r := range rows {
		list = append(list, Titled{r.ResourceID, r.StartsAt.UTC(), r.EndsAt.UTC(), r.Title})
	}
	return list, more, nil
}
