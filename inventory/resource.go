package inventory

import (
	"context"
	"strconv"

	"canot/internal/database"
	"canot/internal/fault"
	"canot/internal/identity"
)

type resourceRow struct {
	Resource
	Rules     Policy       `db:"policy"`
	Asks      requirements `db:"requirements"`
	Own       nameList     `db:"policy_own"`
	PhotoList photoList    `db:"photos"`
}

func (row resourceRow) resource() Resource {
	row.Policy, row.Photos = row.Rules, row.PhotoList
	row.Policy.Requirements, row.PolicyOwn = Requirements(row.Asks), row.Own
	return row.Resource
}

const selectResources = `SELECT ` + resourceColumns + resourceTables

const resourceTables = `
	FROM resources r JOIN hubs h ON h.id = r.hub_id JOIN categories c ON c.id = r.category_id `

const resourceColumns = `
	       r.id, r.slug, r.hub_id, h.slug AS hub_slug, r.kind, r.category_id, c.slug AS category_slug, r.name,
	       r.description, r.bring, r.notes, r.capacity, r.floor, r.accessibility, r.photos, r.requirements, r.policy_own,
	       r.price_cents_per_hour, r.archived, r.awaited, r.version, r.rules_version,
	       r.grain_min AS "policy.grain_min", r.shortest_min AS "policy.shortest_min",
	       r.longest_min AS "policy.longest_min", r.notice_min AS "policy.notice_min",
	       r.horizon_days AS "policy.horizon_days", r.buffer_before_min AS "policy.buffer_before_min",
	       r.buffer_after_min AS "policy.buffer_after_min", r.cancel_cutoff_min AS "policy.cancel_cutoff_min",
	       r.within AS "policy.within", r.approval AS "policy.approval", r.competing AS "policy.competing",
	       (SELECT COUNT(*) FROM units u WHERE u.resource_id = r.id AND u.status = 'in_service'
	           AND u.current_hub_id = r.hub_id) AS units_in_service`

// Resource returns the resource with that id or slug, archived or not. One that is awaited is NotFound
// for everybody.
func (c *Catalog) Resource(ctx context.Context, key string) (Resource, error) {
	return seenResource(c.db.Reader(ctx), key)
}

// seenResource is findResource but for what is awaited. Whatever is named from outside is found by it.
func seenResource(r database.Reader, key string) (Resource, error) {
	x, err := findResource(r, key)
	if err == nil && x.Awaited {
		return Resource{}, fault.New(fault.NotFound, "resource_not_found", nil)
	}
	return x, err
}

func findResource(r database.Reader, key string) (Resource, error) {
	list, err := resourcesWhere(r, `r.id = $1 OR r.slug = $1`, key)
	if err == nil && len(list) == 0 {
		err = fault.New(fault.NotFound, "resource_not_found", nil)
	}
	if err != nil {
		return Resource{}, err
	}
	return list[0], nil
}

// resourcesWhere reads resources with their tags in two statements, however many.
func resourcesWhere(r database.Reader, where string, args ...any) ([]Resource, error) {
	var rows []resourceRow
	if err := r.Select(&rows, selectResources+`WHERE `+where, args...); err != nil {
		return nil, err
	}
	return withTags(r, rows)
}

func withTags(r database.Reader, rows []resourceRow) ([]Resource, error) {
	list, ids := make([]Resource, len(rows)), make([]string, len(rows))
	for i, row := range rows {
		list[i], ids[i] = row.resource(), row.ID
	}
	tags, err := tagsOf(r, ids)
	for i := range list {
		if list[i].Tags = tags[list[i].ID]; list[i].Tags == nil {
			list[i].Tags = []string{}
		}
	}
	return list, err
}

// CreateResource makes a resource, without units, at the hub that the edits name. Its
// slug is made of the hub's and of its French name unless one is given. It asks for the
// right to manage the inventory of the hub.
func (c *Catalog) CreateResource(ctx context.Context, by identity.Actor, e ResourceEdits, k database.Key) (Resource, error) {
	return once(ctx, c.db, k, func(tx *database.Tx) (Resource, error) {
		if e.Hub == nil || *e.Hub == "" {
			var c check
			c.refuse("hub", "required", nil)
			return Resource{}, c.err()
		}
		p, err := governed(tx, by, *e.Hub)
		if err != nil {
			return Resource{}, err
		}
		if err := tx.Lock("hubs", p.ID); err != nil {
			return Resource{}, err
		}
		return insertResource(tx, by, p.ID, e)
	})
}

// insertResource is CreateResource as a step, with its hub locked.
func insertResource(tx *database.Tx, by identity.Actor, hubID string, e ResourceEdits) (Resource, error) {
	if e.Name != nil {
		waiting, err := resourcesWhere(tx, `r.hub_id = $1 AND r.name_key = $2 AND r.awaited`, hubID, Resource{Name: e.Name.clean()}.nameKey())
		if err != nil {
			return Resource{}, err
		}
		if len(waiting) > 0 {
			return takeOver(tx, by, waiting[0], e)
		}
	}
	x := Resource{ID: database.NewID(), HubID: hubID, Version: 1, RulesVersion: 1, Tags: []string{}}
	if err := tx.Get(&x.HubSlug, `SELECT slug FROM hubs WHERE id = $1`, hubID); err != nil {
		return Resource{}, err
	}
	if e.Slug == nil && e.Name != nil {
		slug, err := freeSlug(tx, x.HubSlug+"-"+slugOf(e.Name.In("fr")))
		if err != nil {
			return Resource{}, err
		}
		x.Slug = slug
	}
	var c check
	if err := e.apply(tx, &c, &x); err != nil {
		return Resource{}, err
	}
	search, err := x.search(tx)
	if err != nil {
		return Resource{}, err
	}
	rows, err := tx.Exec(`
		INSERT INTO resources (id, slug, hub_id, kind, category_id, name, name_key, description, notes, capacity,
		    floor, accessibility, photos, requirements, price_cents_per_hour, grain_min, shortest_min, longest_min,
		    notice_min, horizon_days, buffer_before_min, buffer_after_min, cancel_cutoff_min, within, approval,
		    competing, archived, policy_own, bring, search, version, rules_version)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22,
		    $23, $24, $25, $26, $27, $28, $29, $30, $31, $32)
		ON CONFLICT (slug) DO NOTHING`, append(x.values(), search, x.Version, x.RulesVersion)...)
	if err == nil && rows == 0 {
		err = slugTaken()
	}
	if err != nil {
		return Resource{}, err
	}
	if err := writeTags(tx, x.ID, x.Tags); err != nil {
		return Resource{}, err
	}
	if x, err = findResource(tx, x.ID); err != nil {
		return Resource{}, err
	}
	return x, record(tx, by, "resource.create", x.ID, nil, x)
}

// freeSlug returns the wanted slug, or the first free one of it with a number behind.
func freeSlug(r database.Reader, wanted string) (string, error) {
	if wanted = slugOf(wanted); wanted == "" {
		return "", nil
	}
	for n := 2; ; n++ {
		slug := wanted
		if n > 2 {
			tail := "-" + strconv.Itoa(n-1)
			slug = slug[:min(len(slug), maxSlug-len(tail))] + tail
		}
		var taken int
		if err := r.Get(&taken, `SELECT COUNT(*) FROM resources WHERE slug = $1`, slug); err != nil || taken == 0 {
			return slug, err
		}
	}
}

// UpdateResource edits a resource: its description, its policy, whether it is archived.
// It asks for the right to manage the inventory of its hub.
func (c *Catalog) UpdateResource(ctx context.Context, by identity.Actor, key string, e ResourceEdits, k database.Key) (Resource, error) {
	return once(ctx, c.db, k, func(tx *database.Tx) (Resource, error) {
		x, err := lockResource(tx, by, key)
		if err != nil {
			return Resource{}, err
		}
		x, _, err = editResource(tx, by, x.ID, e)
		return x, err
	})
}

// lockResource asks for the right, and locks a resource behind its hub. What it returns
// was read under the locks.
func lockResource(tx *database.Tx, by identity.Actor, key string) (Resource, error) {
	x, err := seenResource(tx, key)
	if err != nil {
		return Resource{}, err
	}
	if _, err := governed(tx, by, x.HubID); err != nil {
		return Resource{}, err
	}
	if err := tx.Lock("hubs", x.HubID); err != nil {
		return Resource{}, err
	}
	if err := tx.Lock("resources", x.ID); err != nil {
		return Resource{}, err
	}
	return findResource(tx, x.ID)
}

// editResource is UpdateResource as a step, under its locks. It says whether anything changed.
func editResource(tx *database.Tx, by identity.Actor, id string, e ResourceEdits) (Resource, bool, error) {
	was, err := findResource(tx, id)
	if err != nil {
		return Resource{}, false, err
	}
	if err := stale(e.IfVersion, was.RulesVersion); err != nil {
		return Resource{}, false, err
	}
	x := was
	var c check
	c.sameSlug(e.Slug, was.Slug)
	if err := e.apply(tx, &c, &x); err != nil {
		return Resource{}, false, err
	}
	if same(was, x) {
		return was, false, nil
	}
	if err := updateResource(tx, x); err != nil {
		return Resource{}, false, err
	}
	if was.Awaited && !x.Archived { // its unit has come
		if _, err := tx.Exec(`UPDATE resources SET awaited = false WHERE id = $1`, x.ID); err != nil {
			return Resource{}, false, err
		}
	}
	if err := bumpRules(tx, x.ID); err != nil {
		return Resource{}, false, err
	}
	if x, err = findResource(tx, x.ID); err != nil {
		return Resource{}, false, err
	}
	return x, true, record(tx, by, "resource.update", x.ID, was, x)
}

func updateResource(tx *database.Tx, x Resource) error {
	search, err := x.search(tx)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(`
		UPDATE resources SET slug = $2, hub_id = $3, kind = $4, category_id = $5, name = $6, name_key = $7,
		    description = $8, notes = $9, capacity = $10, floor = $11, accessibility = $12, photos = $13,
		    requirements = $14, price_cents_per_hour = $15, grain_min = $16, shortest_min = $17,
		    longest_min = $18, notice_min = $19, horizon_days = $20, buffer_before_min = $21,
		    buffer_after_min = $22, cancel_cutoff_min = $23, within = $24, approval = $25, competing = $26,
		    archived = $27, policy_own = $28, bring = $29, search = $30
		WHERE id = $1`, append(x.values(), search)...); err != nil {
		return err
	}
	return writeTags(tx, x.ID, x.Tags)
}

// apply makes the edits, finds what they refer to, and checks the whole.
func (e ResourceEdits) apply(r database.Reader, c *check, x *Resource) error {
	e.write(x)
	if e.Category != nil && *e.Category != "" {
		id, err := reference(r, c, "categories", "category", "unknown_category", *e.Category)
		if err != nil {
			return err
		}
		x.CategoryID = id
	}
	was := x.Policy.Requirements
	above, err := layersOver(r, x.HubID, x.CategoryID)
	if err != nil {
		return err
	}
	x.govern(above, e.inherited(c), e.Policy)
	x.check(c)
	if err := e.Policy.clean().refer(r, c, was, !e.inFile); err != nil {
		return err
	}
	var twins []bool
	if err := r.Select(&twins, `SELECT awaited FROM resources WHERE hub_id = $1 AND name_key = $2 AND id <> $3`,
		x.HubID, x.nameKey(), x.ID); err != nil {
		return err
	}
	switch {
	case len(twins) > 0 && twins[0]:
		c.refuse("name", "name_awaited", nil)
	case len(twins) > 0:
		c.refuse("name", "name_taken", nil)
	}
	return c.err()
}

// inherited returns the fields that are given back to the layers, and notes those that
// are no fields.
func (e ResourceEdits) inherited(c *check) []string {
	if e.Inherit == nil {
		return nil
	}
	fieldNames(c, "inherit", *e.Inherit)
	return *e.Inherit
}

// write makes the edits of all that is a resource's own business: not of its category,
// and not of its policy.
func (e ResourceEdits) write(x *Resource) {
	set(&x.Slug, e.Slug)
	set(&x.Kind, e.Kind)
	if e.Name != nil {
		x.Name = e.Name.clean()
	}
	if e.Description != nil {
		x.Description = e.Description.clean()
	}
	if e.Bring != nil {
		x.Bring = e.Bring.clean()
	}
	setText(&x.Notes, e.Notes)
	set(&x.Capacity, e.Capacity)
	setText(&x.Floor, e.Floor)
	if e.Accessibility != nil {
		x.Accessibility = e.Accessibility.clean()
	}
	if e.Photos != nil {
		x.Photos = cleanPhotos(*e.Photos)
	}
	if e.Tags != nil {
		x.Tags = cleanTags(*e.Tags)
	}
	set(&x.PricePerHour, e.PricePerHour)
	set(&x.Archived, e.Archived)
}

// Bounds of a resource's figures.
const (
	maxCapacity = 100_000
	maxPrice    = 100_000_00 // cents per hour
)

func (x Resource) check(c *check) {
	c.slug(x.Slug)
	c.oneOf("kind", string(x.Kind), string(Space), string(Machine), string(Equipment), string(Guide))
	c.name("name", x.Name)
	c.texts("description", x.Description, maxText, true)
	c.texts("bring", x.Bring, maxText, true)
	c.text("notes", x.Notes, maxText, true)
	c.between("capacity", x.Capacity, 0, maxCapacity)
	c.line("floor", x.Floor, maxTag)
	c.texts("accessibility", x.Accessibility, maxText, true)
	c.photos(x.Photos)
	c.tags(x.Tags)
	if x.PricePerHour < 0 || x.PricePerHour > maxPrice {
		c.refuse("price_cents_per_hour", "out_of_range", fault.Params{"min": 0, "max": maxPrice})
	}
	x.Policy.check(c)
	if x.CategoryID == "" && !c.has("category") {
		c.refuse("category", "required", nil)
	}
}

// nameKey is what no two resources of a hub share, and what an import knows them by.
func (x Resource) nameKey() string { return Fold(x.Name.In("fr")) }

func (x Resource) values() []any {
	p := x.Policy
	return []any{x.ID, x.Slug, x.HubID, string(x.Kind), x.CategoryID, x.Name, x.nameKey(), x.Description, x.Notes, x.Capacity,
		x.Floor, x.Accessibility, photoList(x.Photos), requirements(p.Requirements), x.PricePerHour, p.Grain, p.Shortest,
		p.Longest, p.Notice, p.Horizon, p.BufferBefore, p.BufferAfter, p.CancelCutoff, string(p.Within), p.Approval,
		p.Competing, x.Archived, nameList(x.PolicyOwn), x.Bring}
}

// search returns the text in which a resource is looked for; its category's names are in
// it, so that the shared taxonomy finds what a hub calls otherwise.
func (x Resource) search(r database.Reader) (string, error) {
	var category Text
	if err := r.Get(&category, `SELECT name FROM categories WHERE id = $1`, x.CategoryID); err != nil {
		return "", err
	}
	return foldAll([]Text{x.Name, x.Description, category}, append([]string{x.Notes, x.Floor}, x.Tags...)...), nil
}

// searchCategory makes the resources of a category found by its new names.
func searchCategory(tx *database.Tx, categoryID string) error {
	list, err := resourcesWhere(tx, `r.category_id = $1 ORDER BY r.id`, categoryID)
	if err != nil {
		return err
	}
	ids := make([]string, len(list))
	for i, x := range list {
		ids[i] = x.ID
	}
	if err := tx.Lock("resources", ids...); err != nil {
		return err
	}
	for _, x := range list {
		search, err := x.search(tx)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(`UPDATE resources SET search = $2 WHERE id = $1`, x.ID, search); err != nil {
			return err
		}
	}
	return nil
}
