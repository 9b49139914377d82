package booking

import (
	"cmp"
	"context"
	"slices"
	"time"

	"canot/internal/identity"
	"canot/inventory"
	"canot/inventory/hours"
)

// Sizes of a page of what Browse finds.
const (
	usualPage = 20
	mostFound = 50
)

// A BrowseQuery asks for a page of resources with their free time.
type BrowseQuery struct {
	AvailabilityQuery
	Near     string    // a hub, by id or slug: what is nearest to it first
	OnlyFree bool      // only what has free time in the window
	StartsBy time.Time // what OnlyFree leaves can be had for its usual length from before then, and the window only bounds it; zero asks for any free time
	Untimed  bool      // neither free time nor opening hours are wanted, whatever OnlyFree says
	Language string    // of the names by which is ordered; "" means fr
	Offset   int       // how many are passed over; below 0 means 0
	Limit    int       // at most 50; 0 means 20
}

// Found is a page of resources.
type Found struct {
	Total int // of all pages
	Items []Nearby
}

// Nearby is a resource with its free time, and how far it is.
type Nearby struct {
	Availability
	DistanceKm float64 // from the hub that is near; 0 when none was named
}

// Browse lists the resources that a query names, with their free time and opening hours in
// the window: the nearest first, else in order of name, and then of hub. Free time is worked
// out for the items of the page only, unless OnlyFree asks for that of all.
//
// It takes one statement when nothing was written to the units since they were last asked
// for and two when something was, however many there are, and one more when who asks was
// not seen in the last seconds. What does not exist is NotFound, the hub that is near
// included; a window that cannot be is refused as Available does.
func (b *Book) Browse(ctx context.Context, who identity.Actor, q BrowseQuery) (Found, error) {
	window := hours.Span{Start: second(q.From), End: second(q.To)}
	if err := checkWindow(window, &q.Quantity); err != nil {
		return Found{}, err
	}
	q.Offset = max(q.Offset, 0)
	if q.Limit <= 0 {
		q.Limit = usualPage
	}
	q.Limit = min(q.Limit, mostFound)
	r := b.db.Reader(ctx)
	named := q.resources()
	named.Near = q.Near
	seen, units, err := b.find(ctx, r, named)
	if err != nil {
		return Found{}, err
	}
	all := b.ordered(seen, units, q)
	if q.Untimed {
		return Found{Total: len(all), Items: pageOf(all, q)}, nil
	}
	found := Found{Total: len(all), Items: pageOf(all, q)}
	if q.OnlyFree {
		found.Items = all
	} else {
		units = only(units, found.Items)
	}
	if err := b.fill(r, seen, units, window); err != nil {
		return Found{}, err
	}
	if err := b.freeUp(ctx, who, seen, found.Items, window, q.Quantity); err != nil {
		return Found{}, err
	}
	if q.OnlyFree {
		all = slices.DeleteFunc(all, func(x Nearby) bool {
			return len(x.Free) == 0 || !q.StartsBy.IsZero() && len(x.Next(1, 1, q.StartsBy)) == 0
		})
		found = Found{Total: len(all), Items: pageOf(all, q)}
	}
	for i := range found.Items {
		x := &found.Items[i]
		x.Open = x.Terms.Hours.Open(window.Start, window.End, x.Terms.Zone)
	}
	return found, nil
}

// ordered puts what was seen in the order that is asked for.
func (b *Book) ordered(seen *sight, units []inventory.UnitVersion, q BrowseQuery) []Nearby {
	type keyed struct {
		name string
		Nearby
	}
	far := map[string]float64{} // by hub
	language := cmp.Or(q.Language, "fr")
	order := make([]keyed, len(seen.order))
	for i, id := range seen.order {
		t := seen.terms[id]
		km, known := far[t.Resource.HubID]
		if !known && len(units) > 0 && units[0].NearLatitude != nil {
			km = inventory.Distance(*units[0].NearLatitude, *units[0].NearLongitude, t.Latitude, t.Longitude)
			far[t.Resource.HubID] = km
		}
		order[i] = keyed{b.names.folded(t, language), Nearby{availabilityOf(t), km}}
	}
	slices.SortFunc(order, func(x, y keyed) int {
		return cmp.Or(cmp.Compare(x.DistanceKm, y.DistanceKm), cmp.Compare(x.name, y.name),
			cmp.Compare(x.HubSlug, y.HubSlug), cmp.Compare(x.ResourceSlug, y.ResourceSlug))
	})
	all := make([]Nearby, len(order))
	for i, x := range order {
		all[i] = x.Nearby
	}
	return all
}

// pageOf is the page of a list that is asked for.
func pageOf(all []Nearby, q BrowseQuery) []Nearby {
	from := min(q.Offset, len(all))
	return all[from:min(from+q.Limit, len(all))]
}

// only are the units of some resources.
func only(units []inventory.UnitVersion, of []Nearby) []inventory.UnitVersion {
	wanted := map[string]bool{}
	for _, x := range of {
		wanted[x.ResourceID] = true
	}
	var kept []inventory.UnitVersion
	for _, u := range units {
		if wanted[u.ResourceID] {
			kept = append(kept, u)
		}
	}
	return kept
}

// freeUp works out when some resources are free for somebody.
func (b *Book) freeUp(ctx context.Context, who identity.Actor, seen *sight, all []Nearby, window hours.Span, quantity int) error {
	standing, err := b.roster.Reaching(ctx, who.ID)
	if err != nil {
		return err
	}
	now, reaches := b.db.Now(), reachesOf(standing, window)
	for i := range all {
		x := &all[i]
		x.Free = b.freeFor(reaches(x.Terms), x.Terms, seen, window, now, quantity)
	}
	return nil
}
