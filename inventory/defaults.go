package inventory

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	"canot/internal/database"
	"canot/internal/fault"
	"canot/internal/identity"
)

// PolicyDefaults are one layer of policies: what a category asks for in the whole
// network, or a hub, or a category at a hub. One that nobody has written says nothing,
// at version 1.
type PolicyDefaults struct {
	HubID        string      `json:"hub"` // "" for the whole network
	HubSlug      string      `json:"hub_slug"`
	CategoryID   string      `json:"category"` // "" for all categories
	CategorySlug string      `json:"category_slug"`
	Policy       PolicyEdits `json:"policy"` // the fields that it says
	Version      int64       `json:"version"`
}

const selectDefaults = `
	SELECT d.hub_id, COALESCE(h.slug, '') AS hub_slug, d.category_id, COALESCE(c.slug, '') AS category_slug, d.policy, d.version
	FROM policy_defaults d LEFT JOIN hubs h ON h.id = d.hub_id LEFT JOIN categories c ON c.id = d.category_id `

// AllPolicyDefaults lists every layer that somebody has written, in order of the slugs of
// category and hub, those of the whole network first.
func (c *Catalog) AllPolicyDefaults(ctx context.Context) ([]PolicyDefaults, error) {
	list, err := defaultsWhere(c.db.Reader(ctx), `true`)
	slices.SortFunc(list, func(a, b PolicyDefaults) int {
		return cmp.Or(strings.Compare(a.HubSlug, b.HubSlug), strings.Compare(a.CategorySlug, b.CategorySlug))
	})
	return list, err
}

// PolicyDefaults returns the layer of a category, of a hub, or of a category at a hub;
// each is an id or a slug, and "" leaves it out. At least one must be given.
func (c *Catalog) PolicyDefaults(ctx context.Context, hub, category string) (PolicyDefaults, error) {
	r := c.db.Reader(ctx)
	p, err := findPlace(r, hub, category)
	if err != nil {
		return PolicyDefaults{}, err
	}
	return defaultsAt(r, p)
}

func defaultsWhere(r database.Reader, where string, args ...any) ([]PolicyDefaults, error) {
	var rows []struct {
		HubID        string      `db:"hub_id"`
		HubSlug      string      `db:"hub_slug"`
		CategoryID   string      `db:"category_id"`
		CategorySlug string      `db:"category_slug"`
		Policy       storedEdits `db:"policy"`
		Version      int64       `db:"version"`
	}
	err := r.Select(&rows, selectDefaults+`WHERE `+where, args...)
	list := make([]PolicyDefaults, len(rows))
	for i, row := range rows {
		list[i] = PolicyDefaults{row.HubID, row.HubSlug, row.CategoryID, row.CategorySlug, PolicyEdits(row.Policy), row.Version}
	}
	return list, err
}

// defaultsPlace is a place with the slugs by which people know it.
type defaultsPlace struct {
	place
	regionID, hubSlug, categorySlug string
}

// findPlace finds the hub and the category that a layer is of.
func findPlace(r database.Reader, hub, category string) (p defaultsPlace, err error) {
	if hub == "" && category == "" {
		var c check
		c.refuse("hub", "required", nil)
		return p, c.err()
	}
	if hub != "" {
		h, err := findHub(r, hub)
		if err != nil {
			return p, err
		}
		p.HubID, p.regionID, p.hubSlug = h.ID, h.RegionID, h.Slug
	}
	if category != "" {
		n, err := categoryTable.find(r, category)
		if err != nil {
			return p, err
		}
		p.CategoryID, p.categorySlug = n.ID, n.Slug
	}
	return p, nil
}

func defaultsAt(r database.Reader, p defaultsPlace) (PolicyDefaults, error) {
	list, err := defaultsWhere(r, `d.hub_id = $1 AND d.category_id = $2`, p.HubID, p.CategoryID)
	if err != nil || len(list) > 0 {
		return append(list, PolicyDefaults{})[0], err
	}
	return PolicyDefaults{HubID: p.HubID, HubSlug: p.hubSlug, CategoryID: p.CategoryID, CategorySlug: p.categorySlug, Version: 1}, nil
}

// SetPolicyDefaults writes what a layer of policies says: of a category, of a hub, or of
// a category at a hub, as PolicyDefaults finds it. Every resource that it governs gets
// its policy anew in the same commit, under its lock, and its versions rise, even where
// something more specific says otherwise. It asks for the right to manage the inventory
// of the hub, or the network when no hub is given.
//
// What would leave a resource with a policy that contradicts itself is Refused, and the
// violations name the resources.
func (c *Catalog) SetPolicyDefaults(ctx context.Context, by identity.Actor, hub, category string, e PolicyDefaultEdits, k database.Key) (PolicyDefaults, error) {
	for tries := 1; ; tries++ {
		d, err := once(ctx, c.db, k, func(tx *database.Tx) (PolicyDefaults, error) {
			return setDefaults(tx, by, hub, category, e)
		})
		if !errors.Is(err, errNewHub) || tries == mostTries {
			return d, err
		}
	}
}

// mostTries bounds how often an edit begins again because a hub was made meanwhile.
const mostTries = 5

func setDefaults(tx *database.Tx, by identity.Actor, hub, category string, e PolicyDefaultEdits) (PolicyDefaults, error) {
	p, err := findPlace(tx, hub, category)
	if err != nil {
		return PolicyDefaults{}, err
	}
	right := identity.ManageInventory
	if p.HubID == "" {
		right = identity.ManageNetwork
	}
	if err := may(by, right, p.HubID, p.regionID); err != nil {
		return PolicyDefaults{}, err
	}
	governed, err := lockGoverned(tx, p.place)
	if err != nil {
		return PolicyDefaults{}, err
	}
	return writeDefaults(tx, by, p, governed, e)
}

// lockGoverned locks what a layer governs, behind its hubs, and returns the ids of the
// resources. Making a resource and giving it another category lock its hub, so that none
// slips in; with a layer of the network those are all hubs, and making one waits for them.
func lockGoverned(tx *database.Tx, p place) ([]string, error) {
	if p.HubID == "" {
		if err := lockNetwork(tx); err != nil {
			return nil, err
		}
	} else if err := tx.Lock("hubs", p.HubID); err != nil {
		return nil, err
	}
	ids, err := governedBy(tx, p)
	if err != nil {
		return nil, err
	}
	return ids, tx.Lock("resources", ids...)
}

// lockNetwork locks all hubs there are, so that none is made meanwhile. Who makes one
// locks all others, so that with the first of them locked the list is whole.
func lockNetwork(tx *database.Tx) error {
	var first, all []string
	if err := tx.Select(&first, `SELECT id FROM hubs ORDER BY id LIMIT 1`); err != nil || len(first) == 0 {
		return err
	}
	if err := tx.Lock("hubs", first...); err != nil {
		return err
	}
	if err := tx.Select(&all, `SELECT id FROM hubs ORDER BY id`); err != nil {
		return err
	}
	if all[0] != first[0] {
		return errNewHub
	}
	return tx.Lock("hubs", all[1:]...)
}

// errNewHub ends an attempt before which a hub was made that comes first.
var errNewHub = fault.New(fault.Unavailable, "busy", nil)

// governedBy returns the ids of the resources under a layer, archived ones too.
func governedBy(r database.Reader, p place) ([]string, error) {
	var ids []string
	err := r.Select(&ids, `
		SELECT id FROM resources WHERE (hub_id = $1 OR $1 = '') AND (category_id = $2 OR $2 = '') ORDER BY id`, p.HubID, p.CategoryID)
	return ids, err
}

// writeDefaults is SetPolicyDefaults as a step, under its locks.
func writeDefaults(tx *database.Tx, by identity.Actor, p defaultsPlace, governed []string, e PolicyDefaultEdits) (PolicyDefaults, error) {
	was, err := defaultsAt(tx, p)
	if err != nil {
		return PolicyDefaults{}, err
	}
	if err := stale(e.IfVersion, was.Version); err != nil {
		return PolicyDefaults{}, err
	}
	is := was
	is.Policy = e.Policy.clean().over(was.Policy.without(e.Clear))
	if err := e.check(tx, was, is); err != nil {
		return PolicyDefaults{}, err
	}
	if same(was, is) {
		return was, nil
	}
	is.Version++
	rows, err := tx.Exec(`
		INSERT INTO policy_defaults (hub_id, category_id, policy, version) VALUES ($1, $2, $3, $4)
		ON CONFLICT (hub_id, category_id) DO UPDATE SET policy = excluded.policy, version = excluded.version
		WHERE policy_defaults.version = $5`, is.HubID, is.CategoryID, storedEdits(is.Policy), is.Version, was.Version)
	if err == nil && rows == 0 {
		err = fault.New(fault.Stale, "stale", nil)
	}
	if err != nil {
		return PolicyDefaults{}, err
	}
	if err := governAnew(tx, governed); err != nil {
		return PolicyDefaults{}, err
	}
	subject := p.HubID
	if subject == "" {
		subject = p.CategoryID
	}
	return is, record(tx, by, "policy.defaults", subject, was, is)
}

// check notes fields that are wrong whatever the resource.
func (e PolicyDefaultEdits) check(r database.Reader, was, is PolicyDefaults) error {
	var c check
	fieldNames(&c, "clear", e.Clear)
	is.Policy.apply(defaultPolicy(Space)).bounds(&c)
	if err := e.Policy.clean().refer(r, &c, was.Policy.apply(Policy{}).Requirements, true); err != nil {
		return err
	}
	return c.err()
}

// fieldNames notes names that are no field of a policy.
func fieldNames(c *check, field string, names []string) {
	for _, name := range names {
		if name != allFields && !slices.Contains(PolicyFields(), name) {
			c.oneOf(field, name, PolicyFields()...)
			return
		}
	}
}

// mostNamed bounds the violations of one refusal that names resources.
const mostNamed = 20

// governAnew writes the policies of resources as the layers now make them, and raises
// their versions. The caller holds their locks.
func governAnew(tx *database.Tx, ids []string) error {
	l, err := layersWhere(tx, ``)
	if err != nil {
		return err
	}
	var rows []resourceRow
	if err := tx.SelectIn(&rows, selectResources+`WHERE r.id IN ($list) ORDER BY r.slug`, ids); err != nil {
		return err
	}
	var broken check
	for _, row := range rows {
		x := row.resource()
		was := x.Policy
		x.govern(l, nil, PolicyEdits{})
		x.contradicts(&broken)
		if len(broken.violations) >= mostNamed {
			break
		}
		if len(broken.violations) > 0 || same(was, x.Policy) {
			continue
		}
		if err := writePolicy(tx, x); err != nil {
			return err
		}
	}
	if err := broken.err(); err != nil {
		return err
	}
	return bumpRules(tx, ids...)
}

// contradicts notes what in the policy of a resource contradicts itself, in its name.
func (x Resource) contradicts(c *check) {
	var own check
	x.Policy.fits(&own)
	for _, v := range own.violations {
		v.Params["resource"], v.Params["resource_name"] = x.Slug, x.Name
		c.violations = append(c.violations, v)
	}
}

func writePolicy(tx *database.Tx, x Resource) error {
	p := x.Policy
	_, err := tx.Exec(`
		UPDATE resources SET requirements = $2, grain_min = $3, shortest_min = $4, longest_min = $5, notice_min = $6,
		    horizon_days = $7, buffer_before_min = $8, buffer_after_min = $9, cancel_cutoff_min = $10, within = $11,
		    approval = $12, competing = $13
		WHERE id = $1`, x.ID, requirements(p.Requirements), p.Grain, p.Shortest, p.Longest, p.Notice, p.Horizon,
		p.BufferBefore, p.BufferAfter, p.CancelCutoff, string(p.Within), p.Approval, p.Competing)
	return err
}
