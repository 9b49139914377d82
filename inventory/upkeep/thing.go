package upkeep

import (
	"context"
	"fmt"
	"strings"

	"canot/internal/database"
	"canot/internal/fault"
	"canot/inventory"
)

// A Thing is what anybody may know of a unit, or of a resource, whose label they scanned: nothing of
// persons, and of tickets only that there is one.
type Thing struct {
	UnitID       string         `db:"unit_id"` // "" for a resource of several units
	Code         string         `db:"code"`    // of the unit, likewise
	Retired      bool           `db:"retired"`
	ResourceID   string         `db:"resource_id"`
	Slug         string         `db:"slug"` // of the resource
	Kind         inventory.Kind `db:"kind"`
	Name         inventory.Text `db:"name"`
	Description  inventory.Text `db:"description"`
	HubID        string         `db:"hub_id"` // where the unit is now
	HubSlug      string         `db:"hub_slug"`
	RegionID     string         `db:"region_id"`
	HubName      inventory.Text `db:"hub_name"`
	Town         string         `db:"town"`
	Phone        string         `db:"phone"` // of the hub, as the mail address
	Email        string         `db:"email"`
	TimeZone     string         `db:"time_zone"`
	OutOfService bool           `db:"out_of_service"` // now
	Reported     bool           `db:"reported"`       // somebody has told of a problem that is not dealt with yet
	PhotoID      string         `db:"photo_id"`       // the newest picture of the unit, "" for none
}

// thingColumns are of a unit u, or none, of a resource r at a hub h; $2 is now.
const thingColumns = `COALESCE(u.id, '') AS unit_id, COALESCE(u.code, '') AS code, r.archived OR COALESCE(u.status = 'retired', false) AS retired,
	r.id AS resource_id, r.slug, r.kind, r.name, r.description, h.id AS hub_id, h.slug AS hub_slug, h.region_id, h.name AS hub_name, h.town, h.phone, h.email, h.time_zone,
	EXISTS (SELECT 1 FROM maintenances m WHERE m.unit_id = u.id AND m.open AND m.starts_at <= $2 AND (m.ends_at IS NULL OR m.ends_at > $2)) AS out_of_service,
	EXISTS (SELECT 1 FROM tickets t WHERE (t.unit_id = u.id OR u.id IS NULL AND t.resource_id = r.id) AND t.closed_at IS NULL AND t.kind <> 'preventive') AS reported,
	COALESCE((SELECT f.id FROM files f WHERE f.subject_kind = 'unit' AND f.subject_id = u.id AND f.kind = 'photo' ORDER BY f.created_at DESC, f.id LIMIT 1), '') AS photo_id`

// Thing finds what a label names: a unit by its inventory code, or by its id where a program asks, or a resource by its slug, which stands
// for its one unit where it has but one. It is for everybody. What is not there is NotFound,
// unit_not_found.
func (d *Desk) Thing(ctx context.Context, label string) (Thing, error) {
	if !storable(label) {
		return Thing{}, fault.New(fault.NotFound, "unit_not_found", nil)
	}
	r, now := d.db.Reader(ctx), d.db.Now()
	var found []Thing
	err := r.Select(&found, `SELECT `+thingColumns+` FROM units u JOIN resources r ON r.id = u.resource_id JOIN hubs h ON h.id = u.current_hub_id WHERE u.code = $1 OR u.code = $3 OR u.id = $1
		ORDER BY CASE WHEN u.code = $1 THEN 0 ELSE 1 END`, label, now, strings.ToUpper(label))
	if err == nil && len(found) == 0 {
		err = r.Select(&found, `SELECT `+thingColumns+` FROM resources r JOIN hubs h ON h.id = r.hub_id
			LEFT JOIN units u ON u.id = (SELECT CASE WHEN COUNT(*) = 1 THEN MIN(x.id) END FROM units x WHERE x.resource_id = r.id AND x.status = 'in_service' AND x.current_hub_id = r.hub_id)
			WHERE (r.slug = $1 OR r.id = $1) AND NOT r.archived`, label, now)
	}
	if err == nil && len(found) == 0 {
		err = database.ErrNoRows
	}
	if err == database.ErrNoRows {
		return Thing{}, fault.New(fault.NotFound, "unit_not_found", nil)
	} else if err != nil {
		return Thing{}, fmt.Errorf("read thing: %w", err)
	}
	return found[0], nil
}
