package inventory

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"canot/internal/database"
	"canot/internal/fault"
	"canot/internal/identity"
	"canot/inventory/hours"
)

// Opening is when a hub is open: its week, the weeks of resources that have their own,
// the dates that differ and the closures.
type Opening struct {
	HubID      string                `json:"hub"`
	TimeZone   string                `json:"time_zone"`
	Version    int64                 `json:"version"` // the hub's
	Week       hours.Week            `json:"week"`
	Resources  map[string]hours.Week `json:"resources"`  // by resource id, those with a week of their own
	Exceptions []Exception           `json:"exceptions"` // of the hub and of its resources, by date
	Closures   []Closure             `json:"closures"`   // of the hub and of its resources, by start
}

// maxClosure bounds how long one closure may last, and maxYear how far it may lie.
const (
	maxClosure = 5 * 366 * 24 * time.Hour
	minYear    = 2000
	maxYear    = 2200
)

// localForm is how wall-clock times are stored: text that sorts.
const localForm = "2006-01-02T15:04:05"

// Opening returns when the hub with that id or slug is open, past dates included.
func (c *Catalog) Opening(ctx context.Context, hubKey string) (Opening, error) {
	var o Opening
	err := c.db.View(ctx, func(r database.Reader) (err error) {
		o, err = openingOf(r, hubKey)
		return err
	})
	return o, err
}

func openingOf(r database.Reader, hubKey string) (Opening, error) {
	var h struct {
		ID       string `db:"id"`
		TimeZone string `db:"time_zone"`
		Version  int64  `db:"version"`
	}
	err := r.Get(&h, `SELECT id, time_zone, version FROM hubs WHERE id = $1 OR slug = $1`, hubKey)
	if errors.Is(err, database.ErrNoRows) {
		err = fault.New(fault.NotFound, "hub_not_found", nil)
	}
	if err != nil {
		return Opening{}, err
	}
	o := Opening{HubID: h.ID, TimeZone: h.TimeZone, Version: h.Version, Resources: map[string]hours.Week{}}
	weeks, err := weeksOf(r, []string{h.ID})
	if err != nil {
		return Opening{}, err
	}
	for owner, week := range weeks {
		if owner.ResourceID == "" {
			o.Week = week
		} else {
			o.Resources[owner.ResourceID] = week
		}
	}
	if o.Exceptions, err = exceptionsOf(r, []string{h.ID}); err != nil {
		return Opening{}, err
	}
	o.Closures, err = closuresOf(r, []string{h.ID})
	return o, err
}

// edit opens an edit of the hours of a hub, or of one resource of it: right, locks, ids.
// All that the hub governs is locked, for all of it changes with the hub's version.
func editOpening(tx *database.Tx, by identity.Actor, hubKey, resourceKey string) (hubID, resourceID string, err error) {
	p, err := governed(tx, by, hubKey)
	if err != nil {
		return "", "", err
	}
	if err := lockHubs(tx, p.ID); err != nil {
		return "", "", err
	}
	if resourceKey == "" {
		return p.ID, "", nil
	}
	err = tx.Get(&resourceID, `SELECT id FROM resources WHERE (id = $1 OR slug = $1) AND hub_id = $2 AND NOT awaited`, resourceKey, p.ID)
	if errors.Is(err, database.ErrNoRows) {
		err = fault.New(fault.NotFound, "resource_not_found", nil)
	}
	return p.ID, resourceID, err
}

// SetWeek replaces the week of a hub, or of one resource of it, and returns the hub's
// opening as it is then.
func (c *Catalog) SetWeek(ctx context.Context, by identity.Actor, e WeekEdits, k database.Key) (Opening, error) {
	return once(ctx, c.db, k, func(tx *database.Tx) (Opening, error) {
		hubID, resourceID, err := editOpening(tx, by, e.Hub, e.Resource)
		if err != nil {
			return Opening{}, err
		}
		var version int64
		if err := tx.Get(&version, `SELECT version FROM hubs WHERE id = $1`, hubID); err != nil {
			return Opening{}, err
		}
		if err := stale(e.IfVersion, version); err != nil {
			return Opening{}, err
		}
		if _, err := writeWeek(tx, by, hubID, resourceID, e.Week); err != nil {
			return Opening{}, err
		}
		return openingOf(tx, hubID)
	})
}

// writeWeek is SetWeek as a step, under its locks. It says whether anything changed.
func writeWeek(tx *database.Tx, by identity.Actor, hubID, resourceID string, week hours.Week) (bool, error) {
	week, err := sortedWeek(week)
	if err != nil {
		return false, err
	}
	weeks, err := weeksOf(tx, []string{hubID})
	if err != nil {
		return false, err
	}
	was := weeks[weekOwner{hubID, resourceID}]
	if was.String() == week.String() {
		return false, nil
	}
	if _, err := tx.Exec(`DELETE FROM opening_hours WHERE hub_id = $1 AND resource_id = $2`, hubID, resourceID); err != nil {
		return false, err
	}
	for day, spans := range week {
		for _, s := range spans {
			if _, err := tx.Exec(`INSERT INTO opening_hours (hub_id, resource_id, weekday, opens, closes) VALUES ($1, $2, $3, $4, $5)`,
				hubID, resourceID, day, int(s.Opens), int(s.Closes)); err != nil {
				return false, err
			}
		}
	}
	if err := raiseHub(tx, hubID); err != nil {
		return false, err
	}
	return true, record(tx, by, "hub.week", hubID,
		map[string]any{"resource": resourceID, "hours": was.String()},
		map[string]any{"resource": resourceID, "hours": week.String()})
}

func sortedWeek(week hours.Week) (hours.Week, error) {
	var c check
	for day, spans := range week {
		sorted, err := hours.SortDay(spans)
		if err != nil || len(spans) > maxSpans {
			c.unreadable("hours", "bad_hours")
			break
		}
		week[day] = sorted
	}
	return week, c.err()
}

// maxSpans bounds the stretches of one day.
const maxSpans = 12

// SetException says that a date differs from its week; one for the same date is
// replaced. HubID and ResourceID are ids or slugs.
func (c *Catalog) SetException(ctx context.Context, by identity.Actor, e Exception, k database.Key) (Exception, error) {
	return once(ctx, c.db, k, func(tx *database.Tx) (Exception, error) {
		hubID, resourceID, err := editOpening(tx, by, e.HubID, e.ResourceID)
		if err != nil {
			return Exception{}, err
		}
		x := Exception{HubID: hubID, ResourceID: resourceID, Date: e.Date, Spans: e.Spans, Reason: e.Reason.clean()}
		if err := x.check(); err != nil {
			return Exception{}, err
		}
		spans, err := json.Marshal(x.Spans)
		if err != nil {
			return Exception{}, err
		}
		if _, err := tx.Exec(`
			INSERT INTO opening_exceptions (hub_id, resource_id, date, spans, reason) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (hub_id, resource_id, date) DO UPDATE SET spans = excluded.spans, reason = excluded.reason`,
			hubID, resourceID, x.Date.String(), string(spans), x.Reason); err != nil {
			return Exception{}, err
		}
		if err := raiseHub(tx, hubID); err != nil {
			return Exception{}, err
		}
		return x, record(tx, by, "hub.exception", hubID, nil, map[string]any{
			"resource": resourceID, "date": x.Date.String(), "hours": hours.FormatDay(x.Spans)})
	})
}

// check puts the spans in order and notes what is wrong.
func (e *Exception) check() error {
	var c check
	if d, err := hours.ParseDate(e.Date.String()); err != nil || d.Year < minYear || d.Year > maxYear {
		c.unreadable("date", "bad_date")
	}
	sorted, err := hours.SortDay(e.Spans)
	if err != nil || len(sorted) > maxSpans {
		c.unreadable("spans", "bad_hours")
	}
	if e.Spans = sorted; sorted == nil {
		e.Spans = []hours.DaySpan{}
	}
	c.texts("reason", e.Reason, maxText, true)
	return c.err()
}

// DropException lets the date of e follow its week again. One that is not there is
// NotFound.
func (c *Catalog) DropException(ctx context.Context, by identity.Actor, e Exception, k database.Key) error {
	_, err := once(ctx, c.db, k, func(tx *database.Tx) (struct{}, error) {
		hubID, resourceID, err := editOpening(tx, by, e.HubID, e.ResourceID)
		if err != nil {
			return struct{}{}, err
		}
		rows, err := tx.Exec(`DELETE FROM opening_exceptions WHERE hub_id = $1 AND resource_id = $2 AND date = $3`,
			hubID, resourceID, e.Date.String())
		if err == nil && rows == 0 {
			err = fault.New(fault.NotFound, "exception_not_found", nil)
		}
		if err != nil {
			return struct{}{}, err
		}
		if err := raiseHub(tx, hubID); err != nil {
			return struct{}{}, err
		}
		return struct{}{}, record(tx, by, "hub.exception_drop", hubID, nil,
			map[string]any{"resource": resourceID, "date": e.Date.String()})
	})
	return err
}

// AddClosure shuts a hub, or one resource of it, between two wall-clock times. HubID and
// ResourceID are ids or slugs; times are 2026-12-24T12:00, with or without seconds, and
// carry no offset.
func (c *Catalog) AddClosure(ctx context.Context, by identity.Actor, x Closure, k database.Key) (Closure, error) {
	return once(ctx, c.db, k, func(tx *database.Tx) (Closure, error) {
		hubID, resourceID, err := editOpening(tx, by, x.HubID, x.ResourceID)
		if err != nil {
			return Closure{}, err
		}
		n := Closure{ID: database.NewID(), HubID: hubID, ResourceID: resourceID, StartsLocal: x.StartsLocal,
			EndsLocal: x.EndsLocal, Reason: x.Reason.clean(), ChangedAt: tx.Now}
		zone, err := zoneOf(tx, hubID)
		if err != nil {
			return Closure{}, err
		}
		if err := n.check(zone); err != nil {
			return Closure{}, err
		}
		if _, err := tx.Exec(`
			INSERT INTO closures (id, hub_id, resource_id, starts_local, ends_local, reason, changed_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7)`,
			n.ID, n.HubID, n.ResourceID, n.StartsLocal, n.EndsLocal, n.Reason, n.ChangedAt); err != nil {
			return Closure{}, err
		}
		if err := raiseHub(tx, hubID); err != nil {
			return Closure{}, err
		}
		return n, record(tx, by, "closure.create", n.ID, nil, n)
	})
}

// zoneOf returns the zone of a hub.
func zoneOf(r database.Reader, hubID string) (*time.Location, error) {
	var name string
	if err := r.Get(&name, `SELECT time_zone FROM hubs WHERE id = $1`, hubID); err != nil {
		return nil, err
	}
	return hours.LoadZone(name)
}

// check puts the times in the form that sorts, and notes what is wrong. They are compared
// as instants: of two times in an hour that the clocks skip, the later one may come first.
func (x *Closure) check(zone *time.Location) error {
	var c check
	starts, okStart := x.local(&c, "starts_at", &x.StartsLocal, zone)
	ends, okEnd := x.local(&c, "ends_at", &x.EndsLocal, zone)
	if okStart && okEnd {
		if !starts.Before(ends) {
			c.refuse("ends_at", "ends_before_start", nil)
		} else if ends.Sub(starts) > maxClosure {
			c.refuse("ends_at", "closure_too_long", fault.Params{"max_days": int(maxClosure / (24 * time.Hour))})
		}
	}
	c.texts("reason", x.Reason, maxText, true)
	return c.err()
}

func (x *Closure) local(c *check, field string, s *string, zone *time.Location) (time.Time, bool) {
	for _, form := range []string{localForm, "2006-01-02T15:04"} {
		t, err := time.Parse(form, *s)
		if err == nil && t.Year() >= minYear && t.Year() <= maxYear && t.Nanosecond() == 0 {
			*s = t.Format(localForm)
			at, err := hours.Instant(*s, zone)
			return at, err == nil
		}
	}
	c.unreadable(field, "bad_time")
	return time.Time{}, false
}

// DropClosure opens again what the closure shut. One that is not there is NotFound.
func (c *Catalog) DropClosure(ctx context.Context, by identity.Actor, id string, k database.Key) error {
	_, err := once(ctx, c.db, k, func(tx *database.Tx) (struct{}, error) {
		var x Closure
		err := tx.Get(&x, selectClosures+`WHERE id = $1`, id)
		if errors.Is(err, database.ErrNoRows) {
			err = fault.New(fault.NotFound, "closure_not_found", nil)
		}
		if err != nil {
			return struct{}{}, err
		}
		if _, _, err := editOpening(tx, by, x.HubID, ""); err != nil {
			return struct{}{}, err
		}
		rows, err := tx.Exec(`DELETE FROM closures WHERE id = $1`, id)
		if err == nil && rows == 0 {
			err = fault.New(fault.NotFound, "closure_not_found", nil)
		}
		if err != nil {
			return struct{}{}, err
		}
		if err := raiseHub(tx, x.HubID); err != nil {
			return struct{}{}, err
		}
		return struct{}{}, record(tx, by, "closure.drop", x.ID, nil, x)
	})
	return err
}

const selectClosures = `SELECT id, hub_id, resource_id, starts_local, ends_local, reason, changed_at FROM closures `

// ClosuresOf lists the closures of the hubs and of their resources that touch the
// wall-clock stretch from and to, 2026-12-24T00:00:00, in order of start. It is one
// statement. An empty to means without end.
func (c *Catalog) ClosuresOf(r database.Reader, hubIDs []string, from, to string) ([]Closure, error) {
	if to == "" {
		to = "9999"
	}
	closures := []Closure{}
	err := r.SelectIn(&closures, selectClosures+`
		WHERE ends_local > $1 AND starts_local < $2 AND hub_id IN ($list) ORDER BY starts_local, id`, hubIDs, from, to)
	return closures, err
}

func closuresOf(r database.Reader, hubIDs []string) ([]Closure, error) {
	closures := []Closure{}
	err := r.SelectIn(&closures, selectClosures+`WHERE hub_id IN ($list) ORDER BY starts_local, id`, hubIDs)
	return closures, err
}

func exceptionsOf(r database.Reader, hubIDs []string) ([]Exception, error) {
	return exceptionsBetween(r, hubIDs, "", "9999")
}

// exceptionsBetween lists the dates that differ from one day to another, both included, by date.
func exceptionsBetween(r database.Reader, hubIDs []string, from, to string) ([]Exception, error) {
	var rows []struct {
		HubID      string `db:"hub_id"`
		ResourceID string `db:"resource_id"`
		Date       string `db:"date"`
		Spans      string `db:"spans"`
		Reason     Text   `db:"reason"`
	}
	err := r.SelectIn(&rows, `
		SELECT hub_id, resource_id, date, spans, reason FROM opening_exceptions
		WHERE date >= $1 AND date <= $2 AND hub_id IN ($list) ORDER BY hub_id, date, resource_id`, hubIDs, from, to)
	if err != nil {
		return nil, err
	}
	list := make([]Exception, len(rows))
	for i, row := range rows {
		list[i] = Exception{HubID: row.HubID, ResourceID: row.ResourceID, Reason: row.Reason}
		if list[i].Date, err = hours.ParseDate(row.Date); err != nil {
			return nil, err
		}
		if err := json.Unmarshal([]byte(row.Spans), &list[i].Spans); err != nil {
			return nil, err
		}
	}
	slices.SortStableFunc(list, func(a, b Exception) int { return strings.Compare(a.Date.String(), b.Date.String()) })
	return list, nil
}
