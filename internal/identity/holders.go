package identity

import (
	"cmp"
	"fmt"
	"slices"

	"canot/internal/database"
)

// WhoMay lists the members with an open account whose roles give them a right at that hub of that
// region, the nearest first: of the hub, of the region, of the network; within each in order of id.
// Hub and region are as in Actor.May. It asks for no right: it is for notices.
func (d *Directory) WhoMay(r database.Reader, right Right, hubID, regionID string) ([]Member, error) {
	list, err := holders(r, right, hubID, regionID)
	if err != nil {
		return nil, err
	}
	people := make([]Member, len(list))
	for i, h := range list {
		people[i] = h.Member
	}
	return people, nil
}

// Nearest lists those of WhoMay who are the nearest: the hub's own people; when there are none, the
// region's; when there are none either, the network's. A notice to them reaches somebody, and not
// everybody.
func (d *Directory) Nearest(r database.Reader, right Right, hubID, regionID string) ([]Member, error) {
	list, err := holders(r, right, hubID, regionID)
	if err != nil {
		return nil, err
	}
	var people []Member
	for _, h := range list {
		if h.distance == list[0].distance {
			people = append(people, h.Member)
		}
	}
	return people, nil
}

// A rightHolder is a member who has a right, and from how far.
type rightHolder struct {
	Member
	Role     string `db:"role"`
	HubID    string `db:"grant_hub"`
	RegionID string `db:"grant_region"`
	Rights   string `db:"rights"`

	distance int // 0 the hub, 1 the region, 2 the network
}

func holders(r database.Reader, right Right, hubID, regionID string) ([]rightHolder, error) {
	if !storable(hubID) || !storable(regionID) {
		return nil, nil
	}
	var rows []rightHolder
	err := r.Select(&rows, `SELECT `+personColumns+`, g.role, g.hub_id AS grant_hub, g.region_id AS grant_region, g.rights
		FROM grants g JOIN members m ON m.id = g.member_id
		WHERE m.active AND m.erased_at IS NULL AND (g.role = 'administrator' OR g.hub_id = $1 OR g.region_id = $2) ORDER BY m.id`, hubID, regionID)
	if err != nil {
		return nil, fmt.Errorf("read who may: %w", err)
	}
	rows = slices.DeleteFunc(rows, func(h rightHolder) bool {
		g := Grant{Role(h.Role), h.HubID, h.RegionID, Rights(h.Rights)}
		return !g.gives(right) || !g.reaches(hubID, regionID)
	})
	for i, h := range rows {
		switch Role(h.Role) {
		case Administrator:
			rows[i].distance = 2
		case Coordinator:
			rows[i].distance = 1
		}
	}
	slices.SortStableFunc(rows, func(a, b rightHolder) int {
		return cmp.Or(cmp.Compare(a.distance, b.distance), cmp.Compare(a.ID, b.ID))
	})
	seen := map[string]bool{}
	return slices.DeleteFunc(rows, func(h rightHolder) bool {
		again := seen[h.ID]
		seen[h.ID] = true
		return again
	}), nil
}
