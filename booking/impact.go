package booking

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"canot/internal/database"
	"canot/internal/fault"
	"canot/internal/identity"
	"canot/inventory"
	"canot/inventory/hours"
)

// OutingImpact says what TakeOut would do now: whose bookings would get an equal unit, and whose would
// be left without. It asks for the right that TakeOut asks for, and writes nothing. It takes three
// statements, however many bookings there are.
func (b *Book) OutingImpact(ctx context.Context, who identity.Actor, unit string, from time.Time, until *time.Time) (Impact, error) {
	now := b.db.Now()
	if err := cmp.Or(meant("starts_at", &from), meant("ends_at", until)); err != nil {
		return Impact{}, err
	}
	x, err := b.leaving(ctx, who, unit, "", now, now)
	if err != nil {
		return Impact{}, err
	}
	lost := hours.Span{Start: laterOf(second(from), now), End: database.Forever}
	if until != nil {
		lost.End = second(*until)
	}
	if !lost.End.After(lost.Start) {
		return Impact{}, &Refusal{Fault: refusalOf([]fault.Violation{{Code: "ends_before_start", Params: fault.Params{"field": "ends_at"}}})}
	}
	return b.impact(ctx, x.Unit, lost, now)
}

// JourneyImpact says what PlanTransfer would do now, as OutingImpact does of TakeOut. As what the unit
// would be booked at the other end is not asked: nothing is made there.
func (b *Book) JourneyImpact(ctx context.Context, who identity.Actor, j Journey) (Impact, error) {
	now := b.db.Now()
	if err := j.meant(); err != nil {
		return Impact{}, err
	}
	t := newJourney(inventory.Unit{}, way{}, j, now)
	x, err := b.leaving(ctx, who, j.Unit, j.To, t.LeavesAt, now)
	if err != nil {
		return Impact{}, err
	}
	t.ToHubID = *x.ToHubID
	if x.ResourceHubID == t.ToHubID {
		t.ToResourceID = x.ResourceID
	}
	switch err := judgeJourney(x.Unit, t); {
	case err != nil:
		return Impact{}, err
	case !x.Kind.Moves():
		return Impact{}, notMovable()
	case x.Out > 0:
		return Impact{}, isOut(x.Unit)
	case x.Journeys > 0:
		return Impact{}, onJourney(x.Unit)
	}
	return b.impact(ctx, x.Unit, t.span(x.Unit), now)
}

// A leaving is a unit that may be taken away, with what stands against it.
type leaving struct {
	inventory.Unit
	Region        string         `db:"region"`
	HomeRegion    string         `db:"home_region"`
	Kind          inventory.Kind `db:"kind"`
	ResourceHubID string         `db:"resource_hub_id"`
	ToHubID       *string        `db:"to_hub_id"`
	Out           int            `db:"out_then"` // it is out with somebody then
	Journeys      int            `db:"journeys"`
}

// leaving reads, in one statement, a unit that who may take away at an instant: to a hub, or "" for
// out of service, which its home hub may do too.
func (b *Book) leaving(ctx context.Context, who identity.Actor, unit, to string, at, now time.Time) (leaving, error) {
	if err := need(who); err != nil {
		return leaving{}, err
	}
	var x leaving
	err := b.db.Reader(ctx).Get(&x, `
		SELECT u.id, u.resource_id, u.home_hub_id, u.current_hub_id, u.code, u.status, u.version, h.region_id AS region, g.region_id AS home_region,
			r.kind, r.hub_id AS resource_hub_id, (SELECT z.id FROM hubs z WHERE z.id = $2 OR z.slug = $2) AS to_hub_id,
			(SELECT count(*) FROM loans l WHERE l.unit_id = u.id AND l.back_at IS NULL AND (l.due_at > $3 OR l.due_at < $4)) AS out_then,
			(SELECT count(*) FROM transfers t WHERE t.unit_id = u.id AND t.state IN ('planned', 'on_the_road')) AS journeys
		FROM units u
		JOIN resources r ON r.id = u.resource_id
		JOIN hubs h ON h.id = u.current_hub_id
		JOIN hubs g ON g.id = u.home_hub_id
		WHERE u.id = $1 OR u.code = $1`, unit, to, at, now)
	if errors.Is(err, database.ErrNoRows) {
		err = fault.New(fault.NotFound, "unit_not_found", nil)
	}
	if err != nil {
		return x, err
	}
	if !who.May(identity.HandOut, x.CurrentHubID, x.Region) && (to != "" || !who.May(identity.HandOut, x.HomeHubID, x.HomeRegion)) {
		return x, notTheirs(who, inventory.Hub{ID: x.CurrentHubID, RegionID: x.Region})
	}
	if to != "" && x.ToHubID == nil {
		return x, fault.New(fault.NotFound, "hub_not_found", nil)
	}
	return x, nil
}

// bookedAhead is how far ahead a booking may end: two years to its start, and its length.
const bookedAhead = (730 + 100) * 24 * time.Hour

// impact is what losing a unit's time would do, in two statements. It decides as rehome does, of which
// it is the part that writes nothing.
func (b *Book) impact(ctx context.Context, unit inventory.Unit, lost hours.Span, now time.Time) (Impact, error) {
	look := lost
	if last := now.Add(bookedAhead); look.End.After(last) {
		look.End = laterOf(last, look.Start)
	}
	f, err := persist(func() (*facts, error) {
		return b.factsBetween(ctx, b.db.Reader(ctx), []string{unit.ResourceID}, look)
	})
	if err != nil {
		return Impact{}, err
	}
	seen := Impact{Rehomed: []Booking{}, WithoutUnit: []Booking{}}
	var victims []taken
	for _, t := range f.taken[unit.ID] {
		if t.booking != "" && t.Overlaps(lost) {
			victims = append(victims, t)
		}
	}
	list, err := findBookings(b.db.Reader(ctx), selection{where: `WHERE b.id IN (SELECT x.booking_id FROM occupancies x
		WHERE x.unit_id = $1 AND x.live AND x.reason = 'booking' AND x.starts_at < $2 AND x.ends_at > $3)`, order: "b.id"}, unit.ID, lost.End, lost.Start)
	if err != nil {
		return seen, err
	}
	bookings := make(map[string]Booking, len(list))
	for _, x := range list {
		bookings[x.ID] = x
	}
	f.take(unit.ID, taken{Span: lost})
	for _, v := range victims {
		was, there := bookings[v.booking]
		if !there || !lost.Start.Before(was.EndsAt) {
			continue // only its clean-up is lost
		}
		span := v.Span
		if !span.Start.After(now) && span.Start.Before(lost.Start) {
			span.Start = lost.Start
		}
		if other, ok := bestUnit(f, unit.ResourceID, span); ok {
			f.take(other.ID, taken{Span: span, booking: was.ID})
			seen.Rehomed = append(seen.Rehomed, was)
		} else {
			seen.WithoutUnit = append(seen.WithoutUnit, was)
		}
	}
	return seen, nil
}

// Foreseen are the bookings (ids) of an impact, for Outage.Foreseen and Journey.Foreseen.
func (x Impact) Foreseen() []string { return append(idsOf(x.Rehomed), idsOf(x.WithoutUnit)...) }

func idsOf(list []Booking) []string {
	ids := make([]string, len(list))
	for i, b := range list {
		ids[i] = b.ID
	}
	return ids
}

// onlyForeseen refuses what would move a booking that nobody was shown. What was foreseen is nil when
// nobody asked.
func onlyForeseen(foreseen []string, moved ...[]string) error {
	if foreseen == nil {
		return nil
	}
	for _, id := range slices.Concat(moved...) {
		if !slices.Contains(foreseen, id) {
			return &Refusal{Fault: refusalOf([]fault.Violation{{Code: "impact_changed", Params: fault.Params{}}})}
		}
	}
	return nil
}
