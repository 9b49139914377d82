package inventory

import (
	"context"
	"slices"
	"strings"

	"canot/internal/database"
	"canot/internal/identity"
)

// A Tag is a word that resources carry, and how many carry it.
type Tag struct {
	Tag       string `db:"tag" json:"tag"`
	Resources int    `db:"resources" json:"resources"`
}

// Categories lists the taxonomy in order of slug.
func (c *Catalog) Categories(ctx context.Context) ([]Category, error) {
	return listNamed[Category](c.db.Reader(ctx), categoryTable)
}

// Category returns the category with that id or slug.
func (c *Catalog) Category(ctx context.Context, key string) (Category, error) {
	n, err := categoryTable.find(c.db.Reader(ctx), key)
	return Category(n), err
}

// CreateCategory makes a category. The taxonomy is shared by all hubs, so it asks for
// the right to manage the network.
func (c *Catalog) CreateCategory(ctx context.Context, by identity.Actor, e NamedEdits, k database.Key) (Category, error) {
	n, err := c.createNamed(ctx, by, categoryTable, e, k)
	return Category(n), err
}

// UpdateCategory edits a category. It asks for the right to manage the network.
func (c *Catalog) UpdateCategory(ctx context.Context, by identity.Actor, key string, e NamedEdits, k database.Key) (Category, error) {
	n, err := c.updateNamed(ctx, by, categoryTable, key, e, k)
	return Category(n), err
}

// Tags lists the tags of all resources that can be booked, in order of tag.
func (c *Catalog) Tags(ctx context.Context) ([]Tag, error) {
	var tags []Tag
	err := c.db.Reader(ctx).Select(&tags, `
		SELECT t.tag, COUNT(*) AS resources
		FROM resource_tags t JOIN resources r ON r.id = t.resource_id
		WHERE NOT r.archived GROUP BY t.tag ORDER BY t.tag`)
	return tags, err
}

// tagsOf returns the tags of the resources, by resource id, in order of tag.
func tagsOf(r database.Reader, resourceIDs []string) (map[string][]string, error) {
	var rows []struct {
		ResourceID string `db:"resource_id"`
		Tag        string `db:"tag"`
	}
	err := r.SelectIn(&rows, `SELECT resource_id, tag FROM resource_tags WHERE resource_id IN ($list) ORDER BY resource_id, tag`, resourceIDs)
	tags := map[string][]string{}
	for _, row := range rows {
		tags[row.ResourceID] = append(tags[row.ResourceID], row.Tag)
	}
	return tags, err
}

// writeTags replaces the tags of a resource.
func writeTags(tx *database.Tx, resourceID string, tags []string) error {
	if _, err := tx.Exec(`DELETE FROM resource_tags WHERE resource_id = $1`, resourceID); err != nil {
		return err
	}
	for _, t := range tags {
		if _, err := tx.Exec(`INSERT INTO resource_tags (resource_id, tag) VALUES ($1, $2)`, resourceID, t); err != nil {
			return err
		}
	}
	return nil
}

// cleanTags writes tags as they are compared: in lower case, each once, in order.
func cleanTags(tags []string) []string {
	out := make([]string, len(tags))
	for i, t := range tags {
		out[i] = strings.ToLower(t)
	}
	out = cleanList(out)
	slices.Sort(out)
	return out
}
