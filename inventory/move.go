package inventory

import (
	"context"
	"errors"

	"canot/internal/database"
	"canot/internal/fault"
	"canot/internal/identity"
)

// Moves reports whether things of the kind can travel from hub to hub.
func (k Kind) Moves() bool { return k == Equipment || k == Machine }

// HostResource returns the resource as which a unit of x is booked at another hub (by id): the equal
// one, which has the same French name and category, or a copy of x that is made there, which nobody
// sees until MoveUnit brings the unit: a journey that is planned, or called off, offers nothing. It is a step
// of the book's verb, which has asked for the right, and comes before the locks of resources: the
// hub is locked here when something must be made. A resource of that name that is something else,
// or is archived, is Refused.
func HostResource(tx *database.Tx, by identity.Actor, x Resource, hubID string) (Resource, error) {
	there, err := equalAt(tx, x, hubID)
	if err == nil || fault.KindOf(err) != fault.NotFound {
		return there, err
	}
	if err := tx.Lock("hubs", hubID); err != nil {
		return Resource{}, err
	}
	there, err = equalAt(tx, x, hubID) // somebody else may have made it meanwhile
	if err == nil || fault.KindOf(err) != fault.NotFound {
		return there, err
	}
	own, hidden := x.own(), true
	there, err = insertResource(tx, by, hubID, ResourceEdits{
		Category: &x.CategoryID, Kind: &x.Kind, Name: &x.Name, Description: &x.Description, Bring: &x.Bring, Notes: &x.Notes,
		Capacity: &x.Capacity, Accessibility: &x.Accessibility, Photos: &x.Photos, Tags: &x.Tags, PricePerHour: &x.PricePerHour,
		Archived: &hidden, Policy: own, inFile: true, // what x asks of persons is asked there too, though its certifications may be gone by now
	})
	if err == nil {
		there.Awaited = true
		_, err = tx.Exec(`UPDATE resources SET awaited = true WHERE id = $1`, there.ID)
	}
	return there, err
}

// Host is Resource for who plans a journey: it finds what is awaited too, for a journey may say by name as
// what its unit is to be booked.
func (c *Catalog) Host(ctx context.Context, key string) (Resource, error) {
	return findResource(c.db.Reader(ctx), key)
}

// takeOver makes a resource out of the one that is awaited under its name: nobody sees that one, so
// nobody can be asked to edit it, and the journeys that bring its units find what was made. The edits
// say everything about it, as of a new one. Of another kind it is Refused, as what is on its way could not
// be booked as it. The hub is locked.
func takeOver(tx *database.Tx, by identity.Actor, was Resource, e ResourceEdits) (Resource, error) {
	x := Resource{ID: was.ID, HubID: was.HubID, HubSlug: was.HubSlug, Slug: was.Slug, Tags: []string{}}
	if err := tx.Lock("resources", x.ID); err != nil {
		return Resource{}, err
	}
	var c check
	if e.Kind != nil && *e.Kind != was.Kind {
		c.refuse("name", "name_awaited", nil)
	}
	if err := e.apply(tx, &c, &x); err != nil {
		return Resource{}, err
	}
	if err := slugFree(tx, "resources", x.ID, x.Slug); err != nil {
		return Resource{}, err
	}
	if err := updateResource(tx, x); err != nil {
		return Resource{}, err
	}
	if _, err := tx.Exec(`UPDATE resources SET awaited = false WHERE id = $1`, x.ID); err != nil {
		return Resource{}, err
	}
	if err := bumpRules(tx, x.ID); err != nil {
		return Resource{}, err
	}
	x, err := findResource(tx, x.ID)
	if err != nil {
		return Resource{}, err
	}
	return x, record(tx, by, "resource.create", x.ID, was, x)
}

// equalAt finds the resource of a hub that is equal to x.
func equalAt(r database.Reader, x Resource, hubID string) (Resource, error) {
	list, err := resourcesWhere(r, `r.hub_id = $1 AND r.name_key = $2`, hubID, x.nameKey())
	if err != nil {
		return Resource{}, err
	}
	if len(list) == 0 {
		return Resource{}, fault.New(fault.NotFound, "resource_not_found", nil)
	}
	var c check
	switch there := list[0]; {
	case there.Kind != x.Kind || there.CategoryID != x.CategoryID:
		c.refuse("to_resource", "not_equal", fault.Params{"resource": there.Slug})
	case there.Archived && !there.Awaited:
		c.refuse("to_resource", "archived", nil)
	}
	return list[0], c.err()
}

// EqualAt finds the resource as which a unit of x would be booked at another hub (by id), NotFound
// when HostResource would make one.
func (c *Catalog) EqualAt(ctx context.Context, x Resource, hubID string) (Resource, error) {
	return equalAt(c.db.Reader(ctx), x, hubID)
}

// MoveUnit writes where a unit is from now on, and as what it is booked: a hub and a resource by id,
// as a step of the book's verb, which has asked for the right and holds the locks of both resources.
// Both resources' versions rise. Its home hub stays what it is. A resource that was made for it is
// offered from now on.
func MoveUnit(tx *database.Tx, by identity.Actor, unitID, hubID, resourceID string) (Unit, error) {
	was, err := findUnit(tx, unitID)
	if err != nil {
		return Unit{}, err
	}
	u := was
	u.CurrentHubID, u.ResourceID = hubID, resourceID
	if u.CurrentHubID == was.CurrentHubID && u.ResourceID == was.ResourceID {
		return was, nil
	}
	if u.ResourceID != was.ResourceID {
		var count int
		if err := tx.Get(&count, `SELECT COUNT(*) FROM units WHERE resource_id = $1`, resourceID); err != nil {
			return Unit{}, err
		}
		var c check
		if count >= maxUnits {
			c.refuse("to_resource", "too_many_items", fault.Params{"max": maxUnits})
		}
		if err := c.err(); err != nil {
			return Unit{}, err
		}
	}
	err = tx.Get(&u.Version, `
		UPDATE units SET current_hub_id = $2, resource_id = $3, moved_at = CASE WHEN resource_id = $3 THEN moved_at ELSE $4 END,
			version = version + 1 WHERE id = $1 RETURNING version`, u.ID, u.CurrentHubID, u.ResourceID, tx.Now)
	if errors.Is(err, database.ErrNoRows) {
		err = fault.New(fault.NotFound, "unit_not_found", nil)
	}
	if err != nil {
		return Unit{}, err
	}
	both := []string{was.ResourceID}
	if u.ResourceID != was.ResourceID {
		both = append(both, u.ResourceID)
	}
	if err := bumpRules(tx, both...); err != nil {
		return Unit{}, err
	}
	if err := offerAwaited(tx, by, u.ResourceID); err != nil {
		return Unit{}, err
	}
	return u, record(tx, by, "unit.move", u.ID, was, u)
}

// offerAwaited has people see a resource that waited for the unit that has come.
func offerAwaited(tx *database.Tx, by identity.Actor, resourceID string) error {
	var awaited bool
	if err := tx.Get(&awaited, `SELECT awaited FROM resources WHERE id = $1`, resourceID); err != nil || !awaited {
		return err
	}
	shown := false
	_, _, err := editResource(tx, by, resourceID, ResourceEdits{Archived: &shown, inFile: true})
	return err
}
