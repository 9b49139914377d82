package upkeep

import (
	"context"

	"canot/internal/database"
	"canot/internal/identity"
)

// Rule returns one rule without its units, to who hands out at its hub. To others it is NotFound.
func (d *Desk) Rule(ctx context.Context, by identity.Actor, id string) (Rule, error) {
	return ruleFor(d.db.Reader(ctx), by, id, identity.HandOut)
}

// ruleFor finds a rule for who has a right at its hub. To who may see no bookings there, there is none.
func ruleFor(r database.Reader, by identity.Actor, id string, right identity.Right) (Rule, error) {
	p, err := findRule(r, id)
	if err != nil {
		return Rule{}, err
	}
	var at place
	if err := r.Get(&at, `SELECT h.id, h.region_id FROM resources r JOIN hubs h ON h.id = r.hub_id WHERE r.id = $1`, p.ResourceID); err != nil {
		return Rule{}, err
	}
	switch {
	case by.May(right, at.ID, at.RegionID):
		return p, nil
	case by.May(identity.ViewBookings, at.ID, at.RegionID):
		return Rule{}, identity.Denied(by)
	}
	return Rule{}, ruleNotFound()
}
