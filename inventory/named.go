package inventory

import (
	"context"
	"errors"

	"canot/internal/database"
	"canot/internal/fault"
	"canot/internal/identity"
)

// named is what a region and a category have in common: a slug, a name, and a table of
// the same shape.
type named struct {
	ID      string `db:"id" json:"id"`
	Slug    string `db:"slug" json:"slug"`
	Name    Text   `db:"name" json:"name"`
	Version int64  `db:"version" json:"version"`
}

// A namedTable is where such things are kept. Its words are constants of this package,
// never of a caller.
type namedTable struct{ table, kind, missing string }

var (
	regionTable   = namedTable{"regions", "region", "region_not_found"}
	categoryTable = namedTable{"categories", "category", "category_not_found"}
)

// Regions lists all regions in order of slug.
func (c *Catalog) Regions(ctx context.Context) ([]Region, error) {
	return listNamed[Region](c.db.Reader(ctx), regionTable)
}

// Region returns the region with that id or slug.
func (c *Catalog) Region(ctx context.Context, key string) (Region, error) {
	n, err := regionTable.find(c.db.Reader(ctx), key)
	return Region(n), err
}

// CreateRegion makes a region. It asks for the right to manage the network.
func (c *Catalog) CreateRegion(ctx context.Context, by identity.Actor, e NamedEdits, k database.Key) (Region, error) {
	n, err := c.createNamed(ctx, by, regionTable, e, k)
	return Region(n), err
}

// UpdateRegion edits a region. It asks for the right to manage the network.
func (c *Catalog) UpdateRegion(ctx context.Context, by identity.Actor, key string, e NamedEdits, k database.Key) (Region, error) {
	n, err := c.updateNamed(ctx, by, regionTable, key, e, k)
	return Region(n), err
}

func listNamed[T any](r database.Reader, t namedTable) ([]T, error) {
	var list []T
	err := r.Select(&list, `SELECT id, slug, name, version FROM `+t.table+` ORDER BY slug`)
	return list, err
}

func (c *Catalog) createNamed(ctx context.Context, by identity.Actor, t namedTable, e NamedEdits, k database.Key) (named, error) {
	if err := may(by, identity.ManageNetwork, "", ""); err != nil {
		return named{}, err
	}
	return once(ctx, c.db, k, func(tx *database.Tx) (named, error) {
		return t.insert(tx, by, e)
	})
}

func (c *Catalog) updateNamed(ctx context.Context, by identity.Actor, t namedTable, key string, e NamedEdits, k database.Key) (named, error) {
	if err := may(by, identity.ManageNetwork, "", ""); err != nil {
		return named{}, err
	}
	return once(ctx, c.db, k, func(tx *database.Tx) (named, error) {
		n, err := t.find(tx, key)
		if err != nil {
			return named{}, err
		}
		if err := stale(e.IfVersion, n.Version); err != nil {
			return named{}, err
		}
		return t.update(tx, by, n, e)
	})
}

// insert makes a row, with a slug from the name when none is given.
func (t namedTable) insert(tx *database.Tx, by identity.Actor, e NamedEdits) (named, error) {
	n := named{ID: database.NewID(), Version: 1}
	if e.Name != nil {
		n.Slug = slugOf(e.Name.In("fr"))
	}
	e.apply(&n)
	if err := n.check(); err != nil {
		return named{}, err
	}
	rows, err := tx.Exec(`INSERT INTO `+t.table+` (id, slug, name, version) VALUES ($1, $2, $3, $4) ON CONFLICT (slug) DO NOTHING`,
		n.ID, n.Slug, n.Name, n.Version)
	if err == nil && rows == 0 {
		err = slugTaken()
	}
	if err != nil {
		return named{}, err
	}
	return n, record(tx, by, t.kind+".create", n.ID, nil, n)
}

// update writes the edits, and nothing when they change nothing. The version in the
// statement is the lock: who comes second finds no row.
func (t namedTable) update(tx *database.Tx, by identity.Actor, was named, e NamedEdits) (named, error) {
	n := was
	e.apply(&n)
	var c check
	c.sameSlug(e.Slug, was.Slug)
	c.name("name", n.Name)
	if err := c.err(); err != nil {
		return named{}, err
	}
	if same(was, n) {
		return was, nil
	}
	n.Version++
	rows, err := tx.Exec(`UPDATE `+t.table+` SET name = $2, version = $3 WHERE id = $1 AND version = $4`,
		n.ID, n.Name, n.Version, was.Version)
	if err == nil && rows == 0 {
		err = fault.New(fault.Stale, "stale", nil)
	}
	if err != nil {
		return named{}, err
	}
	if t == categoryTable {
		if err := searchCategory(tx, n.ID); err != nil {
			return named{}, err
		}
	}
	return n, record(tx, by, t.kind+".update", n.ID, was, n)
}

func (t namedTable) find(r database.Reader, key string) (named, error) {
	var n named
	err := r.Get(&n, `SELECT id, slug, name, version FROM `+t.table+` WHERE id = $1 OR slug = $1`, key)
	if errors.Is(err, database.ErrNoRows) {
		err = fault.New(fault.NotFound, t.missing, nil)
	}
	return n, err
}

func (e NamedEdits) apply(n *named) {
	set(&n.Slug, e.Slug)
	if e.Name != nil {
		n.Name = e.Name.clean()
	}
}

func (n named) check() error {
	var c check
	c.slug(n.Slug)
	c.name("name", n.Name)
	return c.err()
}

func slugTaken() error {
	var c check
	c.refuse("slug", "slug_taken", nil)
	return c.err()
}

// slugFree refuses a slug that another row of the table has.
func slugFree(r database.Reader, table, id, slug string) error {
	var others int
	if err := r.Get(&others, `SELECT COUNT(*) FROM `+table+` WHERE slug = $1 AND id <> $2`, slug, id); err != nil {
		return err
	}
	if others > 0 {
		return slugTaken()
	}
	return nil
}

// reference finds the id of a row by id or slug, and refuses in the name of the field
// when there is none.
func reference(r database.Reader, c *check, table, field, code, key string) (string, error) {
	var id string
	err := r.Get(&id, `SELECT id FROM `+table+` WHERE id = $1 OR slug = $1`, key)
	if errors.Is(err, database.ErrNoRows) {
		c.refuse(field, code, nil)
		return "", nil
	}
	return id, err
}
