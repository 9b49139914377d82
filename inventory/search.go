package inventory

import (
	"context"

	"canot/internal/database"
	"canot/internal/fault"
)

// maxAmong bounds how many resources a query may name one by one.
const maxAmong = 200

// conditions adds what q asks for. The query names resources r, hubs h and categories c.
func (q ResourceQuery) conditions(f *filter) error {
	if q.Kind != "" {
		var c check
		c.oneOf("kind", q.Kind, string(Space), string(Machine), string(Equipment), string(Guide))
		if err := c.err(); err != nil {
			return err
		}
		f.where("r.kind = ?", q.Kind)
	}
	if q.Resource != "" {
		f.where("(r.id = ? OR r.slug = ?)", q.Resource, q.Resource)
	}
	if q.Hub != "" {
		f.where("(h.id = ? OR h.slug = ?)", q.Hub, q.Hub)
	}
	if q.Region != "" {
		f.where("h.region_id IN (SELECT g.id FROM regions g WHERE g.id = ? OR g.slug = ?)", q.Region, q.Region)
	}
	if q.Category != "" {
		f.where("(c.id = ? OR c.slug = ?)", q.Category, q.Category)
	}
	if q.Tag != "" {
		f.where("EXISTS (SELECT 1 FROM resource_tags t WHERE t.resource_id = r.id AND t.tag = ?)", q.Tag)
	}
	f.words("r.search || ' ' || h.search", q.Q)
	if len(q.Among) > maxAmong {
		return &fault.Error{Kind: fault.Malformed, Code: "malformed", Violations: []fault.Violation{
			{Code: "out_of_range", Params: fault.Params{"field": "among", "min": 0, "max": maxAmong}}}}
	}
	if len(q.Among) > 0 {
		f.where("r.id IN ($list)") // see read
	}
	if q.Archived {
		f.where("NOT r.awaited")
	} else { // what is awaited is archived
		f.where("NOT r.archived")
	}
	return nil
}

// read runs a statement that holds the conditions of q.
func (q ResourceQuery) read(r database.Reader, dest any, query string, args ...any) error {
	if len(q.Among) > 0 {
		return r.SelectIn(dest, query, q.Among, args...)
	}
	return r.Select(dest, query, args...)
}

// exist says which of the things that q names is not there, once nothing was found.
func (q ResourceQuery) exist(r database.Reader) error {
	var found struct {
		Resources  int `db:"resources"`
		Hubs       int `db:"hubs"`
		Regions    int `db:"regions"`
		Categories int `db:"categories"`
		Near       int `db:"near"`
	}
	if err := r.Get(&found, `
		SELECT (SELECT COUNT(*) FROM resources WHERE (id = $1 OR slug = $1) AND NOT awaited) AS resources,
		       (SELECT COUNT(*) FROM hubs WHERE id = $2 OR slug = $2) AS hubs,
		       (SELECT COUNT(*) FROM regions WHERE id = $3 OR slug = $3) AS regions,
		       (SELECT COUNT(*) FROM categories WHERE id = $4 OR slug = $4) AS categories,
		       (SELECT COUNT(*) FROM hubs WHERE id = $5 OR slug = $5) AS near`,
		q.Resource, q.Hub, q.Region, q.Category, q.Near); err != nil {
		return err
	}
	for _, x := range []struct {
		key   string
		found int
		code  string
	}{
		{q.Resource, found.Resources, "resource_not_found"},
		{q.Hub, found.Hubs, "hub_not_found"},
		{q.Region, found.Regions, "region_not_found"},
		{q.Category, found.Categories, "category_not_found"},
		{q.Near, found.Near, "hub_not_found"},
	} {
		if x.key != "" && x.found == 0 {
			return fault.New(fault.NotFound, x.code, nil)
		}
	}
	return nil
}

// Resources lists what can be booked, in order of slug, and the cursor of the next page,
// "" at the end. A resource, hub, region or category that does not exist is NotFound; a
// kind that does not is Malformed.
func (c *Catalog) Resources(ctx context.Context, q ResourceQuery) ([]Resource, string, error) {
	p, err := pageOf(q.Limit, q.After)
	if err != nil {
		return nil, "", err
	}
	var f filter
	if err := q.conditions(&f); err != nil {
		return nil, "", err
	}
	f.where("r.slug > ?", p.after)
	limit := f.value(p.limit + 1)
	r := c.db.Reader(ctx)
	var rows []resourceRow
	err = q.read(r, &rows, selectResources+`WHERE `+f.String()+" ORDER BY r.slug LIMIT "+limit, f.args...)
	if err == nil && len(rows) == 0 && q.After == "" {
		err = q.exist(r)
	}
	if err != nil {
		return nil, "", err
	}
	list, err := withTags(r, rows)
	if err != nil {
		return nil, "", err
	}
	list, next := cut(p, list, func(x Resource) string { return x.Slug })
	return list, next, nil
}

// UnitVersion is one unit of a resource, with the two versions on which everything that
// may be remembered of its time depends.
type UnitVersion struct {
	ResourceID   string  `db:"resource_id"`
	RulesVersion int64   `db:"rules_version"`
	UnitID       *string `db:"unit_id"` // nil for a resource that has no unit
	UnitVersion  *int64  `db:"unit_version"`

	NearLatitude  *float64 `db:"near_latitude"` // of the hub that the query names as near; nil when it names none
	NearLongitude *float64 `db:"near_longitude"`
}

// UnitVersions resolves q to the units in service, at their resource's hub, of every
// resource that is not archived, in order of resource and code, in one statement. A
// resource without such units has one row, with no unit. The paging of q is not looked at.
// Keys that do not exist are NotFound, which costs a second statement when nothing is found.
func (c *Catalog) UnitVersions(r database.Reader, q ResourceQuery) ([]UnitVersion, error) {
	var f filter
	q.Archived = false
	if err := q.conditions(&f); err != nil {
		return nil, err
	}
	near := ""
	if q.Near != "" {
		key := f.value(q.Near) // the same on every row, so that no statement more is needed
		of := " FROM hubs n WHERE n.id = " + key + " OR n.slug = " + key + ")"
		near = ", (SELECT n.latitude" + of + " AS near_latitude, (SELECT n.longitude" + of + " AS near_longitude"
	}
	list := []UnitVersion{}
	err := q.read(r, &list, `
		SELECT r.id AS resource_id, r.rules_version, u.id AS unit_id, u.version AS unit_version`+near+`
		FROM resources r
		JOIN hubs h ON h.id = r.hub_id
		JOIN categories c ON c.id = r.category_id
		LEFT JOIN units u ON u.resource_id = r.id AND u.status = 'in_service' AND u.current_hub_id = r.hub_id
		WHERE `+f.String()+` ORDER BY r.id, u.code`, f.args...)
	if err == nil && (len(list) == 0 || q.Near != "" && list[0].NearLatitude == nil) {
		err = q.exist(r)
	}
	return list, err
}

// ResourceIDs returns the id of every resource that is named, by the name that was given,
// an id or a slug, in one statement. Names that are nobody's are left out, and what is awaited:
// it is told of by none of its names until its unit comes.
func (c *Catalog) ResourceIDs(r database.Reader, keys []string) (map[string]string, error) {
	var rows []struct {
		Key string `db:"key"`
		ID  string `db:"id"`
	}
	err := r.SelectIn(&rows, `
		SELECT k.key, k.id FROM (
			SELECT id, id AS key FROM resources WHERE NOT awaited UNION ALL SELECT id, slug AS key FROM resources WHERE NOT awaited) k
		WHERE k.key IN ($list)`, keys)
	ids := make(map[string]string, len(rows))
	for _, row := range rows {
		ids[row.Key] = row.ID
	}
	return ids, err
}

// Names returns the names of hubs, regions and resources by their ids, in one statement. Ids
// that are nobody's are left out.
func (c *Catalog) Names(ctx context.Context, ids []string) (map[string]Text, error) {
	var rows []struct {
		ID   string `db:"id"`
		Name Text   `db:"name"`
	}
	err := c.db.Reader(ctx).SelectIn(&rows, `
		SELECT k.id, k.name FROM (
			SELECT id, name FROM hubs UNION ALL SELECT id, name FROM regions UNION ALL SELECT id, name FROM resources) k
		WHERE k.id IN ($list)`, ids)
	names := make(map[string]Text, len(rows))
	for _, row := range rows {
		names[row.ID] = row.Name
	}
	return names, err
}
