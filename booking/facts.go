package booking

import (
	"context"
	"maps"
	"slices"
	"sort"
	"time"

	"canot/internal/database"
	"canot/internal/fault"
	"canot/inventory"
	"canot/inventory/hours"
)

// A taken is a live occupancy of a unit, as far as judging needs it.
type taken struct {
	hours.Span
	lapses  time.Time // of a hold; zero when it does not lapse
	booking string    // "" for maintenance
}

// at reports whether t still occupies its unit at now: a hold that has lapsed is
// free to the second, even before the job that ends it has run.
func (t taken) at(now time.Time) bool { return t.lapses.IsZero() || t.lapses.After(now) }

// facts are everything that a judgement about some resources rests on, read in
// one statement: a snapshot.
type facts struct {
	terms    map[string]*inventory.Terms
	versions map[string]versions
	taken    map[string][]taken // by unit, in order of time, in the window
	window   hours.Span
}

type factRow struct {
	ResourceID   string     `db:"resource_id"`
	Version      int64      `db:"version"`
	RulesVersion int64      `db:"rules_version"`
	UnitID       *string    `db:"unit_id"`
	StartsAt     *time.Time `db:"starts_at"`
	EndsAt       *time.Time `db:"ends_at"`
	LapsesAt     *time.Time `db:"lapses_at"`
	BookingID    *string    `db:"booking_id"`
}

// margin is added on both sides of a window, so that buffers and the neighbours
// that decide which unit fits best are seen.
const margin = 26 * time.Hour

// longestLook bounds the window that facts are read for: longer than any policy allows.
const longestLook = 100 * 24 * time.Hour

// Live occupancies of one unit never overlap. So those that touch a window are the
// last one that starts at or before its beginning, and all that start inside it: one
// short range of the index (unit, start), however long bookings may be. The first
// half finds the last one before, and tells of units that have none; the second the
// rest. One statement is one snapshot.
const selectFacts = `
	SELECT r.id AS resource_id, r.version, r.rules_version, u.id AS unit_id,
		o.starts_at, o.ends_at, o.lapses_at, o.booking_id
	FROM resources r
	LEFT JOIN units u ON u.resource_id = r.id AND u.status = 'in_service'
	LEFT JOIN occupancies o ON o.id = (
		SELECT p.id FROM occupancies p
		WHERE p.unit_id = u.id AND p.live AND p.starts_at <= $1 ORDER BY p.starts_at DESC LIMIT 1)
	WHERE r.id IN ($list)
	UNION ALL
	SELECT r.id, r.version, r.rules_version, u.id, o.starts_at, o.ends_at, o.lapses_at, o.booking_id
	FROM resources r
	JOIN units u ON u.resource_id = r.id AND u.status = 'in_service'
	JOIN occupancies o ON o.unit_id = u.id AND o.live AND o.starts_at > $1 AND o.starts_at < $2
	WHERE r.id IN ($list)`

// factsOf reads the facts about resources around the span of a request. Every id must
// exist. A span that no policy allows is refused whatever is taken, so next to
// nothing is read for it.
func (b *Book) factsOf(ctx context.Context, r database.Reader, ids []string, span hours.Span) (*facts, error) {
	if !span.End.After(span.Start) || span.End.Sub(span.Start) > longestLook {
		span.End = span.Start
	}
	return b.factsBetween(ctx, r, ids, span)
}

// factsBetween reads the facts about resources for a span of any length.
func (b *Book) factsBetween(ctx context.Context, r database.Reader, ids []string, span hours.Span) (*facts, error) {
	f := &facts{
		terms:    map[string]*inventory.Terms{},
		versions: map[string]versions{},
		taken:    map[string][]taken{},
		window:   hours.Span{Start: span.Start.Add(-margin), End: span.End.Add(margin)},
	}
	if f.window.End.After(database.Forever) {
		f.window.End = database.Forever // no text sorts behind it
	}
	if f.window.End.After(database.Forever) { // the years after 9999 are not in order with those before
		f.window.End = database.Forever
	}
	var rows []factRow
	if err := r.SelectIn(&rows, selectFacts, ids, f.window.Start, f.window.End); err != nil {
		return nil, err
	}
	wanted := map[string]int64{}
	for _, row := range rows {
		f.versions[row.ResourceID] = versions{row.ResourceID, row.Version, row.RulesVersion}
		wanted[row.ResourceID] = row.RulesVersion
		if row.StartsAt != nil {
			f.taken[*row.UnitID] = append(f.taken[*row.UnitID], takenOf(row))
		}
	}
	for _, t := range f.taken {
		sort.Slice(t, func(i, j int) bool { return t[i].Start.Before(t[j].Start) })
	}
	terms, err := b.catalog.Terms(ctx, r, wanted)
	if err != nil {
		return nil, err
	}
	for id, v := range wanted {
		t := terms[id]
		if t == nil {
			return nil, fault.New(fault.NotFound, "resource_not_found", nil)
		}
		if t.RulesVersion != v {
			return nil, errAgain
		}
		f.terms[id] = t
	}
	return f, nil
}

func takenOf(row factRow) taken {
	t := taken{Span: hours.Span{Start: row.StartsAt.UTC(), End: row.EndsAt.UTC()}}
	if row.LapsesAt != nil {
		t.lapses = row.LapsesAt.UTC()
	}
	if row.BookingID != nil {
		t.booking = *row.BookingID
	}
	return t
}

// without returns the facts as they would be if booking id held nothing.
func (f *facts) without(id string) *facts {
	c := *f
	c.taken = make(map[string][]taken, len(f.taken))
	for unit, all := range f.taken {
		kept := make([]taken, 0, len(all))
		for _, t := range all {
			if t.booking != id {
				kept = append(kept, t)
			}
		}
		c.taken[unit] = kept
	}
	return &c
}

// lapsed returns the bookings whose hold on a unit has lapsed at now, but which
// still stand in the way of the data base's own guard.
func (f *facts) lapsed(now time.Time) []string {
	var ids []string
	seen := map[string]bool{}
	for _, all := range f.taken {
		for _, t := range all {
			if !t.at(now) && !seen[t.booking] {
				seen[t.booking] = true
				ids = append(ids, t.booking)
			}
		}
	}
	sort.Strings(ids)
	return ids
}

// unchanged reports whether the versions found under the lock are those that the
// facts were read at.
func (f *facts) unchanged(locked map[string]versions) bool {
	for id, v := range f.versions {
		if locked[id] != v {
			return false
		}
	}
	return len(f.versions) == len(locked)
}

// take marks a unit as taken, in memory.
func (f *facts) take(unit string, t taken) {
	all := f.taken[unit]
	i := sort.Search(len(all), func(i int) bool { return all[i].Start.After(t.Start) })
	all = append(all, taken{})
	copy(all[i+1:], all[i:])
	all[i] = t
	f.taken[unit] = all
}

// resourceIDs are the resources that the facts are about, in order.
func (f *facts) resourceIDs() []string {
	return slices.Sorted(maps.Keys(f.versions))
}
