package calendar

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// What a placeRow is, in the order in which they come.
const (
	aRegion   = "1"
	aCategory = "2"
	aHub      = "3"
	aResource = "4"
	aClosure  = "5"
)

// A placeRow is one of the things that the events of a feed speak of. They all come
// in one statement, because a feed may cost two.
type placeRow struct {
	What        string     `db:"what"`
	ID          string     `db:"id"`
	HubID       string     `db:"hub_id"`
	ResourceID  string     `db:"resource_id"` // of a closure; "" for the whole hub
	Subject     bool       `db:"subject"`     // the key of the query names it
	Asked       bool       `db:"asked"`       // the resource is of the category that the query names
	Name        string     `db:"name"`        // of a closure: its reason
	Town        string     `db:"town"`
	Zone        string     `db:"zone"`
	Kind        string     `db:"kind"`
	StartsLocal string     `db:"starts_local"`
	EndsLocal   string     `db:"ends_local"`
	ChangedAt   *time.Time `db:"changed_at"`
}

// changed is when a closure last changed; rows that are not closures have no such instant.
func (r placeRow) changed() time.Time {
	if r.ChangedAt == nil {
		return time.Time{}
	}
	return *r.ChangedAt
}

// A bookedRow is one line of a booking. No column of it says who or why.
type bookedRow struct {
	ID         string    `db:"id"`
	HubID      string    `db:"hub_id"`
	Status     string    `db:"status"`
	StartsAt   time.Time `db:"starts_at"`
	EndsAt     time.Time `db:"ends_at"`
	Competes   bool      `db:"competes"`
	Sequence   int64     `db:"sequence"`
	ChangedAt  time.Time `db:"changed_at"`
	ResourceID string    `db:"resource_id"`
	Quantity   int64     `db:"quantity"`
}

// day is how dates sort in local times.
const day = "2006-01-02"

func (f *Feeds) places(ctx context.Context, q Query, w window) ([]placeRow, error) {
	// A day more on both sides: zones are apart by less.
	from, to := w.from.AddDate(0, 0, -1).Format(day), w.to.AddDate(0, 0, 1).Format(day)
	var rows []placeRow
	err := f.db.Reader(ctx).Select(&rows, placeQueries[q.Scope], q.Key, q.Category, from, to)
	if err != nil {
		return nil, fmt.Errorf("read the places of a feed: %w", err)
	}
	return rows, nil
}

func (f *Feeds) booked(ctx context.Context, q Query, w window) ([]bookedRow, error) {
	var rows []bookedRow
	// What was cancelled stands for its thirty days even when its time is over.
	err := f.db.Reader(ctx).Select(&rows, bookedQueries[q.Scope], q.Key, w.from, w.to, w.gone, w.oldest())
	if err != nil {
		return nil, fmt.Errorf("read the bookings of a feed: %w", err)
	}
	return rows, nil
}

// The closures come first: they give the time column its type on SQLite.
// $1 is the key, $2 the category, $3 and $4 the local dates of the window.
const places = `WITH governed AS (SELECT h.id FROM hubs h WHERE [where])
SELECT '5' AS what, c.id, c.hub_id, c.resource_id, false AS subject, false AS asked, c.reason AS name,
       '' AS town, '' AS zone, '' AS kind, c.starts_local, c.ends_local, c.changed_at
  FROM closures c
 WHERE c.hub_id IN (SELECT id FROM governed) AND c.ends_local >= $3 AND c.starts_local < $4
UNION ALL
SELECT '4', r.id, r.hub_id, '', r.slug = $1 OR r.id = $1, k.slug = $2 OR k.id = $2, r.name, '', '', r.kind, '', '', NULL
  FROM resources r JOIN categories k ON k.id = r.category_id
 WHERE r.hub_id IN (SELECT id FROM governed) AND NOT r.awaited
UNION ALL
SELECT '3', h.id, h.id, '', h.slug = $1 OR h.id = $1, false, h.name, h.town, h.time_zone, '', '', '', NULL
  FROM hubs h
 WHERE h.id IN (SELECT id FROM governed)
UNION ALL
SELECT '2', k.id, '', '', false, true, k.name, '', '', '', '', '', NULL
  FROM categories k
 WHERE k.slug = $2 OR k.id = $2
UNION ALL
SELECT '1', g.id, '', '', true, false, g.name, '', '', '', '', '', NULL
  FROM regions g
 WHERE g.slug = $1 OR g.id = $1
 ORDER BY what, starts_local, id`

// $1 is the key; $2 and $3 the window, $4 the oldest change of a cancelled booking
// that is shown, $5 the oldest end of one.
const booked = `SELECT b.id, b.hub_id, b.status, b.starts_at, b.ends_at, b.competes, b.sequence, b.changed_at, l.resource_id, l.quantity
  FROM bookings b JOIN booking_lines l ON l.booking_id = b.id
 WHERE [where] AND b.ends_at > $5 AND b.starts_at < $3
   AND ((b.status IN ('confirmed', 'in_use', 'completed') AND b.ends_at > $2)
     OR (b.status = 'pending' AND NOT b.competes AND b.ends_at > $2)
     OR (b.shown AND b.status = 'pending' AND b.competes AND b.ends_at > $2)
     OR (b.shown AND b.status IN ('cancelled', 'declined', 'expired', 'no_show') AND b.changed_at >= $4))
 ORDER BY b.starts_at, b.id, l.line`

// bookedWhere says which bookings a feed shows, by scope. $1 is the key.
var bookedWhere = map[Scope]string{
	Hub:      `b.hub_id IN (SELECT h.id FROM hubs h WHERE h.slug = $1 OR h.id = $1)`,
	Resource: `b.id IN (SELECT o.booking_id FROM booking_lines o WHERE o.resource_id IN (SELECT r.id FROM resources r WHERE (r.slug = $1 OR r.id = $1) AND NOT r.awaited))`,
	Region:   `b.hub_id IN (SELECT h.id FROM hubs h WHERE h.region_id IN (SELECT g.id FROM regions g WHERE g.slug = $1 OR g.id = $1))`,
	Network:  `$1 = ''`,
}

// The texts are made once; nothing that a caller sends is ever in them.
var (
	placeQueries  = made(places, "[where]", governed)
	bookedQueries = made(booked, "[where]", bookedWhere)
)

func made(text, gap string, where map[Scope]string) map[Scope]string {
	m := map[Scope]string{}
	for scope, w := range where {
		m[scope] = strings.ReplaceAll(text, gap, "("+w+")")
	}
	return m
}
