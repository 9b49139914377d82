package calendar

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"canot/booking"
	"canot/internal/database"
	"canot/internal/fault"
)

// A Private names the calendar of one person: of their own bookings, or of those of a hub as its
// staff see them. Whoever asks for it has asked whether its reader may: nothing here does.
//
// It shows titles, which public feeds never do, and of persons nothing: not of a hub either, for an
// address is read by programs and relays that nobody has signed in to.
type Private struct {
	AddressID string // the address that it is read by; each has its own stamps
	MemberID  string // whose bookings, when HubID is ""
	HubID     string // of which hub
	Lang      string // fr or en; "" means fr
	Pages     string // what stands before a booking's id in the address of its page, "" when that is not known
}

// A PrivateFeed is a private calendar, with what tells whether it has changed.
type PrivateFeed struct {
	Stamp

	feeds *Feeds
	p     Private
	name  string // of the calendar
}

// private is the scope of private feeds in what is remembered of stamps.
const private Scope = "private"

// privateSums is the one row that a private stamp is made of: versions only rise, and no booking
// is ever deleted, so that equal sums mean equal rows.
type privateSums struct {
	Name     string `db:"name"` // of the hub
	Bookings int64  `db:"bookings"`
	Versions int64  `db:"versions"`
	Hubs     int64  `db:"hubs"`
	Names    int64  `db:"names"` // versions of the resources that are named
}

// stampOwn adds up what a person has booked: $1 is the member, $2 the oldest end that a feed shows.
const stampOwn = `SELECT '' AS name, COUNT(*) AS bookings,
       CAST(COALESCE(SUM(b.version), 0) AS bigint) AS versions,
       CAST(COALESCE(SUM(h.version), 0) AS bigint) AS hubs,
       CAST(COALESCE((SELECT SUM(r.rules_version) FROM bookings o JOIN booking_lines l ON l.booking_id = o.id
           JOIN resources r ON r.id = l.resource_id WHERE o.member_id = $1 AND o.ends_at > $2), 0) AS bigint) AS names
  FROM bookings b JOIN hubs h ON h.id = b.hub_id
 WHERE b.member_id = $1 AND b.ends_at > $2`

// stampHub adds up what every booking at a hub raises: $1 is the hub.
const stampHub = `SELECT h.name, COUNT(r.id) AS bookings,
       CAST(COALESCE(SUM(r.version), 0) AS bigint) AS versions,
       CAST(h.version AS bigint) AS hubs,
       CAST(COALESCE(SUM(r.rules_version), 0) AS bigint) AS names
  FROM hubs h LEFT JOIN resources r ON r.hub_id = h.id
 WHERE h.id = $1
 GROUP BY h.id, h.name, h.version`

// Private returns a private calendar, in one statement. A hub that is not there is NotFound,
// hub_not_found; ErrUnavailable when the data base is away.
func (f *Feeds) Private(ctx context.Context, p Private) (*PrivateFeed, error) {
	if p.Lang != "en" {
		p.Lang = "fr"
	}
	now := f.db.Now()
	view := windowAt(now)
	query, args := stampOwn, []any{p.MemberID, view.oldest()}
	if p.HubID != "" {
		query, args = stampHub, []any{p.HubID}
	}
	var s privateSums
	err := f.db.Reader(ctx).Get(&s, query, args...)
	if errors.Is(err, database.ErrNoRows) {
		return nil, fault.New(fault.NotFound, "hub_not_found", nil)
	}
	if err != nil {
		return nil, fmt.Errorf("stamp a private feed: %w", err)
	}
	feed := &PrivateFeed{feeds: f, p: p, name: languages[p.Lang].mine}
	if p.HubID != "" {
		feed.name = join(" · ", pick(s.Name, p.Lang), languages[p.Lang].bookings)
	}
	etag := tagOf(layout, view.day.Unix(), private, p, s)
	feed.Stamp = f.first(Query{Scope: private, Key: p.AddressID, Lang: p.Lang}, etag, now)
	return feed, nil
}

// oldest is the oldest end of a booking of which a feed may still say something.
func (w window) oldest() time.Time { return w.from.AddDate(0, 0, -30) }

// A privateRow is one line of a booking with its title.
type privateRow struct {
	bookedRow
	Reference string `db:"reference"`
	Title     string `db:"title"`
	Resource  string `db:"resource"`
	Hub       string `db:"hub"`
	Address   string `db:"address"`
	Town      string `db:"town"`
}

// privateRows are read by the member or the hub $1; $2 and $3 are the window, $4 the oldest change of
// what has gone and $5 the oldest end of it. A request that competes takes no time, but is its
// person's, and its hub's, all the same.
const privateRows = `SELECT b.id, b.hub_id, b.status, b.starts_at, b.ends_at, b.competes, b.sequence, b.changed_at, l.resource_id, l.quantity,
       b.reference, b.title, r.name AS resource, h.name AS hub, h.address, h.town
  FROM bookings b JOIN booking_lines l ON l.booking_id = b.id
  JOIN resources r ON r.id = l.resource_id JOIN hubs h ON h.id = b.hub_id
 WHERE [whose] = $1 AND b.ends_at > $5 AND b.starts_at < $3
   AND ((b.status IN ('confirmed', 'in_use', 'completed', 'pending') AND b.ends_at > $2)
     OR ((b.shown OR b.competes) AND b.status IN ('cancelled', 'declined', 'expired', 'no_show') AND b.changed_at >= $4))
 ORDER BY b.starts_at, b.id, l.line`

var privateQueries = made(privateRows, "[whose]", map[Scope]string{Hub: "b.hub_id", private: "b.member_id"})

// Write writes the calendar in full, piece by piece, after one statement. Nothing is written before
// it was answered. It returns ErrUnavailable when the data base is away, or the error of w.
func (p *PrivateFeed) Write(ctx context.Context, w io.Writer) error {
	view := windowAt(p.feeds.db.Now())
	query, key := privateQueries[private], p.p.MemberID
	if p.p.HubID != "" {
		query, key = privateQueries[Hub], p.p.HubID
	}
	var lines []privateRow
	err := p.feeds.db.Reader(ctx).Select(&lines, query, key, view.from, view.to, view.gone, view.oldest())
	if err != nil {
		return fmt.Errorf("read the bookings of a private feed: %w", err)
	}
	d := drawing{q: Query{Scope: private, Lang: p.p.Lang}, words: languages[p.p.Lang], name: p.name, out: newEncoder(w)}
	d.head()
	for len(lines) > 0 {
		n := 1
		for n < len(lines) && lines[n].ID == lines[0].ID {
			n++
		}
		d.private(lines[:n], p.p.Pages)
		lines = lines[n:]
		if err := d.out.flush(false); err != nil {
			return fmt.Errorf("write a private feed: %w", err)
		}
	}
	return d.close()
}

// private writes one event from all lines of one booking, with its title.
func (d *drawing) private(lines []privateRow, pages string) {
	b, e := lines[0], d.out
	d.events++
	e.line("BEGIN:VEVENT")
	e.times(b.bookedRow)
	e.line(statusOf(booking.Status(b.Status), b.Competes))
	e.begin("SUMMARY:")
	for i, l := range lines {
		if i > 0 {
			e.text(", ")
		}
		e.text(pick(l.Resource, d.q.Lang))
		e.several(l.Quantity)
	}
	if b.Title != "" {
		e.text(" – ")
		e.text(b.Title)
	}
	e.end()
	e.property("LOCATION:", join(", ", pick(b.Hub, d.q.Lang), b.Address, b.Town))
	e.property("DESCRIPTION:", d.words.reference+d.words.colon+b.Reference)
	if pages != "" {
		e.begin("URL:")
		e.raw(pages + b.ID)
		e.end()
	}
	e.line("END:VEVENT")
}
