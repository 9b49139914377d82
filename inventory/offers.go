package inventory

import "context"

// An Offer is one resource as the page of its hub names it.
type Offer struct {
	Slug   string `db:"slug"`
	Kind   Kind   `db:"kind"`
	Name   Text   `db:"name"`
	OfKind int    `db:"of_kind"` // how many of its kind the hub offers, this one among them
}

// Offers returns what a hub, by id, offers: at most each resources of every kind, first one of
// every category, in order of slug, and each with how many of its kind there are. Archived ones
// are left out. It is one statement.
func (c *Catalog) Offers(ctx context.Context, hubID string, each int) ([]Offer, error) {
	var list []Offer
	err := c.db.Reader(ctx).Select(&list, `
		SELECT slug, kind, name, of_kind
		FROM (SELECT slug, kind, name, COUNT(*) OVER (PARTITION BY kind) AS of_kind,
		             ROW_NUMBER() OVER (PARTITION BY kind ORDER BY turn, slug) AS place
		      FROM (SELECT slug, kind, name, ROW_NUMBER() OVER (PARTITION BY kind, category_id ORDER BY slug) AS turn
		            FROM resources WHERE hub_id = $1 AND NOT archived) turns) offered
		WHERE place <= $2 ORDER BY kind, place`, hubID, each)
	return list, err
}

// A CategoryCount is a category, and how many resources are in it.
type CategoryCount struct {
	Slug      string `db:"slug"`
	Name      Text   `db:"name"`
	Resources int    `db:"resources"`
}

// LargestCategories returns the categories that have the most resources, the largest first, at
// most so many. Archived resources do not count. It is one statement.
func (c *Catalog) LargestCategories(ctx context.Context, most int) ([]CategoryCount, error) {
	var list []CategoryCount
	err := c.db.Reader(ctx).Select(&list, `
		SELECT c.slug, c.name, COUNT(*) AS resources
		FROM categories c JOIN resources r ON r.category_id = c.id
		WHERE NOT r.archived GROUP BY c.id, c.slug, c.name ORDER BY resources DESC, c.slug LIMIT $1`, most)
	return list, err
}
