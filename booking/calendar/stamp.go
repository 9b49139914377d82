package calendar

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"canot/internal/database"
	"canot/inventory/hours"
)

// A Stamp tells whether a feed has changed: as long as it is the same, so is the feed.
type Stamp struct {
	ETag         string    // weak, with its quotes: W/"…"
	LastModified time.Time // UTC, whole seconds; zero for the second in which it cannot be told
}

// layout is raised whenever the bytes written for the same rows change, so that
// every subscriber reads the feed again.
const layout = 1

// sums is the one row of the stamp. Versions only rise, and hubs and resources are
// never deleted, so that equal sums mean equal rows. Closures raise their hub.
type sums struct {
	Subjects   int64 `db:"subjects"` // how many hubs, resources or regions have the key: 0 or 1
	Own        int64 `db:"own"`      // version of the resource or region itself
	Hubs       int64 `db:"hubs"`
	HubTotal   int64 `db:"hub_total"`
	Resources  int64 `db:"resources"`
	Bookings   int64 `db:"bookings"`   // versions that every booking raises
	Rules      int64 `db:"rules"`      // versions that only staff raise: names, closures
	Categories int64 `db:"categories"` // version of the category; 0 when there is none
}

// Stamp returns the stamp of a feed, in one statement.
//
// It adds up the versions of the resources and hubs that the feed is about: the
// very rows that a booking locks and raises anyway, so that feeds cost a booking
// nothing. Taken before Write, it can only be older than what is written, and the
// next look finds the difference.
//
// LastModified is when this process first saw the feed as it is now: what changed
// leaves no common time behind, and a time that is too late costs a reader one
// more fetch, no more.
//
// It returns a Malformed fault for a query that cannot be read, a NotFound one
// when its subject or its category is not there, ErrUnavailable when the data base is away.
func (f *Feeds) Stamp(ctx context.Context, q Query) (Stamp, error) {
	q, err := q.clean()
	if err != nil {
		return Stamp{}, err
	}
	s, err := f.sums(ctx, q)
	if err != nil {
		return Stamp{}, err
	}
	now := f.db.Now()
	return f.first(q, s.etag(q, windowAt(now)), now), nil
}

func (f *Feeds) sums(ctx context.Context, q Query) (sums, error) {
	var s sums
	if q.Scope == Workshops && q.Category == "" {
		return s, nil
	}
	err := f.db.Reader(ctx).Get(&s, stampQueries[q.Scope], q.Key, q.Category)
	if errors.Is(err, database.ErrNoRows) {
		return s, q.missing()
	}
	if err != nil {
		return s, fmt.Errorf("stamp a feed: %w", err)
	}
	if s.Subjects == 0 {
		return s, q.missing()
	}
	if q.Category != "" && s.Categories == 0 {
		return s, noCategory()
	}
	return s, nil
}

// etag hashes everything that the bytes of the feed depend on.
func (s sums) etag(q Query, w window) string {
	switch {
	case q.Scope == Workshops: // nothing of the network is in it yet
		s, w = sums{}, window{}
	case q.Scope == Resource: // bookings of its neighbours do not concern it
		s.Bookings = 0
	case !q.Busy: // no booking is in it
		s.Bookings = 0
	}
	zones, _ := hours.ZoneData()
	return tagOf(layout, zones, w.day.Unix(), q, s)
}

// tagOf hashes what the bytes of a feed depend on.
func tagOf(parts ...any) string {
	h := sha256.New()
	for _, part := range parts {
		fmt.Fprintf(h, "%#v ", part) // quoted: no text can pass for two
	}
	return `W/"` + hex.EncodeToString(h.Sum(nil)[:12]) + `"`
}

// many bounds how many feeds are remembered. There are a few for each hub and
// resource; forgetting them costs their readers one fetch.
const many = 20_000

// first returns the stamp with the time when its tag was first seen.
func (f *Feeds) first(q Query, etag string, now time.Time) Stamp {
	f.mu.Lock()
	defer f.mu.Unlock()
	now = now.UTC().Truncate(time.Second)
	s, known := f.seen[q]
	if !known || s.ETag != etag {
		at := now
		if known && !at.After(s.LastModified) {
			// Two states within one second must not share their time.
			at = s.LastModified.Add(time.Second)
		}
		if len(f.seen) >= many {
			clear(f.seen)
		}
		s = Stamp{ETag: etag, LastModified: at}
		f.seen[q] = s
	}
	if s.LastModified.After(now) { // HTTP forbids to name a time to come
		s.LastModified = time.Time{}
	}
	return s
}

// governed are the hubs that a feed is about, by scope. $1 is the key.
var governed = map[Scope]string{
	Hub:       `h.slug = $1 OR h.id = $1`,
	Resource:  `h.id IN (SELECT r.hub_id FROM resources r WHERE (r.slug = $1 OR r.id = $1) AND NOT r.awaited)`,
	Region:    `h.region_id IN (SELECT g.id FROM regions g WHERE g.slug = $1 OR g.id = $1)`,
	Network:   `$1 = ''`,
	Workshops: `$1 = ''`,
}

// subjects count the rows that have the key, and their versions, by scope.
var subjects = map[Scope][2]string{
	Hub:       {`(SELECT COUNT(*) FROM governed)`, `0`},
	Resource:  {`(SELECT COUNT(*) FROM resources s WHERE (s.slug = $1 OR s.id = $1) AND NOT s.awaited)`, `(SELECT SUM(s.version) FROM resources s WHERE (s.slug = $1 OR s.id = $1) AND NOT s.awaited)`},
	Region:    {`(SELECT COUNT(*) FROM regions s WHERE s.slug = $1 OR s.id = $1)`, `(SELECT SUM(s.version) FROM regions s WHERE s.slug = $1 OR s.id = $1)`},
	Network:   {`1`, `0`},
	Workshops: {`1`, `0`},
}

// stampQueries are made once, from the texts above; $2 is the category.
var stampQueries = func() map[Scope]string {
	made := map[Scope]string{}
	for scope, where := range governed {
		made[scope] = `WITH governed AS (SELECT h.id, h.version FROM hubs h WHERE ` + where + `)
SELECT CAST(` + subjects[scope][0] + ` AS bigint) AS subjects,
       CAST(COALESCE(` + subjects[scope][1] + `, 0) AS bigint) AS own,
       (SELECT COUNT(*) FROM governed) AS hubs,
       CAST(COALESCE((SELECT SUM(version) FROM governed), 0) AS bigint) AS hub_total,
       COUNT(*) AS resources,
       CAST(COALESCE(SUM(r.version), 0) AS bigint) AS bookings,
       CAST(COALESCE(SUM(r.rules_version), 0) AS bigint) AS rules,
       CAST(COALESCE((SELECT SUM(k.version) FROM categories k WHERE k.slug = $2 OR k.id = $2), 0) AS bigint) AS categories
FROM resources r WHERE r.hub_id IN (SELECT id FROM governed)`
	}
	return made
}()
