package identity

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"canot/internal/database"
	"canot/internal/fault"
)

// GrantRole gives a member a role; giving it twice is the same as once, and giving it with other
// rights replaces those that it had. Nobody gives a role or a right above their own: staff and
// managers are made by who may manage members at the hub, coordinators by who may in the whole
// region, administrators by administrators, each by somebody who has at least that role and every
// right of it there; anybody else is Forbidden. Replacing asks the same of what is replaced. A role
// or right that is none, or a hub or region that does not go with it, is Malformed; an unknown or
// erased member is NotFound. The member is told by mail. Repeated with its key it has no effect,
// though somebody took the role back since.
func (d *Directory) GrantRole(ctx context.Context, by Actor, memberID string, g Grant, k database.Key) error {
	return d.changeRole(ctx, memberID, k, func(tx *database.Tx) error {
		by, held, err := mayChangeRole(tx, by, memberID, g)
		if err != nil {
			return err
		}
		if held == nil {
			if err := errors.Join(insertGrant(tx, memberID, g), tellOfRole(tx, by, memberID)); err != nil {
				return err
			}
			return tx.Record(database.Change{By: by.ID, Action: "role.grant", Kind: "member", Subject: memberID, After: g})
		}
		if *held == g {
			return nil
		}
		if _, err := tx.Exec(`UPDATE grants SET rights = $5 WHERE member_id = $1 AND role = $2 AND hub_id = $3 AND region_id = $4`,
			memberID, string(g.Role), g.HubID, g.RegionID, string(g.Rights)); err != nil {
			return err
		}
		if err := tellOfRole(tx, by, memberID); err != nil {
			return err
		}
		return tx.Record(database.Change{By: by.ID, Action: "role.grant", Kind: "member", Subject: memberID, Before: *held, After: g})
	}, g)
}

// tellOfRole has a member told by mail that they have a role.
func tellOfRole(tx *database.Tx, by Actor, memberID string) error {
	p, err := living(tx, memberID)
	if err != nil {
		return err
	}
	return tell(tx, by, p, "role_given")
}

// RevokeRole takes a role from a member, with whatever rights it has; taking one that they do not
// have changes nothing. It asks for the right to give it. The network keeps an active
// administrator, whoever asks and however many at once: taking the last one's role is Refused with
// the code last_administrator. Repeated with its key it has no effect.
func (d *Directory) RevokeRole(ctx context.Context, by Actor, memberID string, g Grant, k database.Key) error {
	g.Rights = ""
	return d.changeRole(ctx, memberID, k, func(tx *database.Tx) error {
		by, held, err := mayChangeRole(tx, by, memberID, g)
		if err != nil || held == nil {
			return err
		}
		if g.Role == Administrator {
			if err := keepAnAdministrator(tx, memberID); err != nil {
				return err
			}
		}
		removed, err := tx.Exec(`DELETE FROM grants WHERE member_id = $1 AND role = $2 AND hub_id = $3 AND region_id = $4`,
			memberID, string(g.Role), g.HubID, g.RegionID)
		if err != nil || removed == 0 {
			return err
		}
		return tx.Record(database.Change{By: by.ID, Action: "role.revoke", Kind: "member", Subject: memberID, Before: *held})
	}, g)
}

// changeRole runs one change of a member's roles, and forgets what they were.
func (d *Directory) changeRole(ctx context.Context, memberID string, k database.Key, change func(*database.Tx) error, g Grant) error {
	if err := g.check(); err != nil {
		return err
	}
	_, err := database.OnceIn(ctx, d.db, k, func(tx *database.Tx) (string, error) { return memberID, change(tx) })
	d.Forget(memberID) // also when it failed: a commit whose answer was lost may have happened
	if err != nil {
		return fmt.Errorf("change role: %w", err)
	}
	return nil
}

// mayChangeRole asks that by may give g to that member, and what the member holds of it already,
// which it returns, nil for nothing. The member's row is held until the transaction ends, so that of
// two changes at once the second judges what the first left.
func mayChangeRole(tx *database.Tx, by Actor, memberID string, g Grant) (now Actor, held *Grant, err error) {
	if !storable(memberID) {
		return by, nil, memberNotFound()
	}
	if err := tx.Lock("members", memberID); err != nil {
		return by, nil, err
	}
	if by, err = current(tx, by); err != nil {
		return by, nil, err
	}
	if err := mayGive(tx, by, g); err != nil {
		return by, nil, err
	}
	if _, err := living(tx, memberID); err != nil {
		return by, nil, err
	}
	all, err := grantsOf(tx, memberID)
	if err != nil {
		return by, nil, err
	}
	for _, has := range all {
		if has.Role == g.Role && has.HubID == g.HubID && has.RegionID == g.RegionID {
			return by, &has, mayGive(tx, by, has)
		}
	}
	return by, nil, nil
}

func insertGrant(tx *database.Tx, memberID string, g Grant) error {
	_, err := tx.Exec(`INSERT INTO grants (id, member_id, role, hub_id, region_id, rights, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (member_id, role, hub_id, region_id) DO NOTHING`,
		database.NewID(), memberID, string(g.Role), g.HubID, g.RegionID, string(g.Rights), tx.Now)
	return err
}

// A NewGrant is a role for a member, by id.
type NewGrant struct {
	MemberID string
	Grant    Grant
}

// LoadGrants gives many roles in the caller's transaction, for the demo network and for restoring
// order by hand. It asks for no right: its caller has. A role already held stays.
func (d *Directory) LoadGrants(ctx context.Context, tx *database.Tx, many []NewGrant) error {
	for _, n := range many {
		if err := errors.Join(ctx.Err(), n.Grant.check()); err != nil {
			return err
		}
		if err := insertGrant(tx, n.MemberID, n.Grant); err != nil {
			return fmt.Errorf("load grants: %w", err)
		}
		err := tx.Record(database.Change{By: System.ID, Action: "role.grant", Kind: "member", Subject: n.MemberID, After: n.Grant})
		if err != nil {
			return fmt.Errorf("load grants: %w", err)
		}
	}
	return nil
}

// Grants returns the roles of a member, none for who has none. It asks for no right: it is a step
// for verbs that have asked.
func (d *Directory) Grants(ctx context.Context, r database.Reader, memberID string) ([]Grant, error) {
	return grantsOf(r, memberID)
}

// check asks that a role comes with its place, and with rights that can be had there: what is over
// the network is its administrators' alone, who have all rights.
func (g Grant) check() error {
	if err := g.placed(); err != nil {
		return err
	}
	set, err := RightsOf(g.Rights.List())
	if err != nil || set != g.Rights || set != "" && (g.Role == Administrator || set.Has(ManageNetwork)) {
		return fault.Field("rights", "bad_right")
	}
	return nil
}

// placed asks that a role comes with the place that it is a role over, and with no other.
func (g Grant) placed() error {
	switch g.Role {
	case Staff, Manager:
		if g.HubID == "" || g.RegionID != "" {
			return fault.Field("hub", "required")
		}
	case Coordinator:
		if g.RegionID == "" || g.HubID != "" {
			return fault.Field("region", "required")
		}
	case Administrator:
		if g.HubID != "" || g.RegionID != "" {
			return fault.Field("role", "bad_role")
		}
	default:
		return fault.Field("role", "bad_role")
	}
	return nil
}

// mayGive asks that by may give and take g, and that its hub or region exists: by manages members
// there (administrators: the network), has a role there that is not below g's, and every right that
// g gives.
func mayGive(r database.Reader, by Actor, g Grant) error {
	region, err := placeOf(r, g)
	if err != nil {
		return err
	}
	asked := ManageMembers
	if g.Role == Administrator {
		asked = ManageNetwork
	}
	if !by.May(asked, g.HubID, region) || !by.isSystem() && !slices.ContainsFunc(by.Grants, func(own Grant) bool {
		return own.Role.atLeast(g.Role) && own.reaches(g.HubID, region)
	}) {
		return Denied(by)
	}
	for right := range neededBy {
		if g.gives(right) && !by.May(right, g.HubID, region) {
			return Denied(by)
		}
	}
	return nil
}

// placeOf returns the region in which g is a role, and asks that its hub or region exists.
func placeOf(r database.Reader, g Grant) (region string, err error) {
	if g.Role != Coordinator {
		return regionOf(r, g.HubID)
	}
	err = database.ErrNoRows
	if storable(g.RegionID) {
		err = r.Get(&region, `SELECT id FROM regions WHERE id = $1`, g.RegionID)
	}
	if errors.Is(err, database.ErrNoRows) {
		return "", fault.Field("region", "unknown_region")
	}
	return region, err
}

// keepAnAdministrator refuses unless somebody else is an active administrator. Each who asks first
// locks every administrator's row, in order, by writing it as it is: of two who remove each other
// the second waits for the first, and then counts what is left.
func keepAnAdministrator(tx *database.Tx, without string) error {
	var ids []string
	if err := tx.Select(&ids, `SELECT id FROM grants WHERE role = 'administrator' ORDER BY id`); err != nil {
		return err
	}
	slices.Sort(ids)
	for _, id := range ids {
		if _, err := tx.Exec(`UPDATE grants SET role = role WHERE id = $1`, id); err != nil {
			return err
		}
	}
	var held, others int
	if err := tx.Get(&held, `SELECT count(*) FROM grants WHERE role = 'administrator' AND member_id = $1`, without); err != nil {
		return err
	}
	err := tx.Get(&others, `SELECT count(*) FROM grants g JOIN members m ON m.id = g.member_id
		WHERE g.role = 'administrator' AND m.active AND m.id <> $1`, without)
	if err != nil {
		return err
	}
	if held > 0 && others == 0 {
		return fault.New(fault.Refused, "last_administrator", nil)
	}
	return nil
}

func grantsOf(r database.Reader, memberID string) ([]Grant, error) {
	var rows []struct {
		Role     string `db:"role"`
		HubID    string `db:"hub_id"`
		RegionID string `db:"region_id"`
		Rights   string `db:"rights"`
	}
	err := r.Select(&rows, `SELECT role, hub_id, region_id, rights FROM grants WHERE member_id = $1 ORDER BY role, hub_id, region_id`, memberID)
	if err != nil {
		return nil, fmt.Errorf("read roles: %w", err)
	}
	grants := make([]Grant, len(rows))
	for i, row := range rows {
		grants[i] = Grant{Role(row.Role), row.HubID, row.RegionID, Rights(row.Rights)}
	}
	return grants, nil
}
