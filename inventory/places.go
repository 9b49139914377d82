package inventory

import (
	"cmp"
	"context"
	"slices"
)

// A Place is where a hub is, and as much of it as a map and a list of all hubs show.
type Place struct {
	ID         string   `db:"id"`
	Slug       string   `db:"slug"`
	Name       Text     `db:"name"`
	Town       string   `db:"town"`
	Province   string   `db:"province"`
	RegionID   string   `db:"region_id"`
	RegionSlug string   `db:"region_slug"`
	RegionName Text     `db:"region_name"`
	Latitude   float64  `db:"latitude"` // degrees north
	Longitude  float64  `db:"longitude"`
	TimeZone   string   `db:"time_zone"` // IANA name
	Wheelchair string   `db:"wheelchair"`
	Languages  []string `db:"-"`
}

// Places lists every hub of the network, in order of the names of its region and of
// itself as one reads them in French. It is one statement, and never paged: a network has
// tens of hubs.
func (c *Catalog) Places(ctx context.Context) ([]Place, error) {
	var rows []struct {
		Place
		LanguageList stringList `db:"languages"`
	}
	err := c.db.Reader(ctx).Select(&rows, `
		SELECT h.id, h.slug, h.name, h.town, h.province, h.region_id, g.slug AS region_slug, g.name AS region_name,
		       h.latitude, h.longitude, h.time_zone, h.wheelchair, h.languages
		FROM hubs h JOIN regions g ON g.id = h.region_id`)
	if err != nil {
		return nil, err
	}
	type keyed struct {
		region, name string
		Place
	}
	order := make([]keyed, len(rows))
	for i, row := range rows {
		row.Languages = row.LanguageList
		order[i] = keyed{Fold(row.RegionName.In("fr")), Fold(row.Name.In("fr")), row.Place}
	}
	slices.SortFunc(order, func(a, b keyed) int {
		return cmp.Or(cmp.Compare(a.region, b.region), cmp.Compare(a.RegionSlug, b.RegionSlug),
			cmp.Compare(a.name, b.name), cmp.Compare(a.Slug, b.Slug))
	})
	places := make([]Place, len(order))
	for i, k := range order {
		places[i] = k.Place
	}
	return places, nil
}
