package identity

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"canot/internal/database"
	"canot/internal/fault"
)

// GrantRole gives a member a role; giving it twice is the same as once. Nobody gives a role above
// their own: staff and managers are made by who may manage members at the hub, coordinators by who
// may in the whole region, administrators by administrators; anybody else is Forbidden. A role that
// is none, or a hub or region that does not go with it, is Malformed; an unknown member is
// NotFound. Repeated with its key it has no effect, though somebody took the role back since.
func (d *Directory) GrantRole(ctx context.Context, by Actor, memberID string, g Grant, k database.Key) error {
	return d.changeRole(ctx, by, memberID, g, k, func(tx *database.Tx, by Actor) error {
		written, err := tx.Exec(`INSERT INTO grants (id, member_id, role, hub_id, region_id, created_at)
			VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (member_id, role, hub_id, region_id) DO NOTHING`,
			database.NewID(), memberID, string(g.Role), g.HubID, g.RegionID, tx.Now)
		if err != nil || written == 0 {
			return err
		}
		return tx.Record(database.Change{By: by.ID, Action: "role.grant", Kind: "member", Subject: memberID, After: g})
	})
}

// RevokeRole takes a role from a member; taking one that they do not have changes nothing. It asks
// for the right to give it. The network keeps an active administrator, whoever asks and however
// many at once: taking the last one's role is Refused with the code last_administrator. Repeated
// with its key it has no effect.
func (d *Directory) RevokeRole(ctx context.Context, by Actor, memberID string, g Grant, k database.Key) error {
	return d.changeRole(ctx, by, memberID, g, k, func(tx *database.Tx, by Actor) error {
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
		return tx.Record(database.Change{By: by.ID, Action: "role.revoke", Kind: "member", Subject: memberID, Before: g})
	})
}

func (d *Directory) changeRole(ctx context.Context, by Actor, memberID string, g Grant, k database.Key, change func(*database.Tx, Actor) error) error {
	if err := g.check(); err != nil {
		return err
	}
	_, err := d.once(ctx, k, func(tx *database.Tx) (string, error) {
		by, err := current(tx, by)
		if err != nil {
			return "", err
		}
		if err := mayGive(tx, by, g); err != nil {
			return "", err
		}
		if _, err := personWhere(tx, `m.id = $1`, memberID); err != nil {
			return "", err
		}
		return memberID, change(tx, by)
	})
	// Also when it failed: a commit whose answer was lost may have happened.
	d.remembered.forget(func(a Actor) bool { return a.ID == memberID })
	if err != nil {
		return fmt.Errorf("change role: %w", err)
	}
	return nil
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
		_, err := tx.Exec(`INSERT INTO grants (id, member_id, role, hub_id, region_id, created_at)
			VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (member_id, role, hub_id, region_id) DO NOTHING`,
			database.NewID(), n.MemberID, string(n.Grant.Role), n.Grant.HubID, n.Grant.RegionID, tx.Now)
		if err != nil {
			return fmt.Errorf("load grants: %w", err)
		}
		err = tx.Record(database.Change{By: System.ID, Action: "role.grant", Kind: "member", Subject: n.MemberID, After: n.Grant})
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

// check asks that a role comes with the place that it is a role over, and with no other.
func (g Grant) check() error {
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

// mayGive asks that by may give and take g, and that its hub or region exists.
func mayGive(r database.Reader, by Actor, g Grant) error {
	allowed := false
	switch g.Role {
	case Administrator:
		allowed = by.May(ManageNetwork, "", "")
	case Coordinator:
		var known string
		err := database.ErrNoRows
		if storable(g.RegionID) {
			err = r.Get(&known, `SELECT id FROM regions WHERE id = $1`, g.RegionID)
		}
		if errors.Is(err, database.ErrNoRows) {
			return fault.Field("region", "unknown_region")
		}
		if err != nil {
			return err
		}
		allowed = by.May(ManageMembers, "", g.RegionID)
	default:
		region, err := regionOf(r, g.HubID)
		if err != nil {
			return err
		}
		allowed = by.May(ManageMembers, g.HubID, region)
	}
	if !allowed {
		return notAllowed(by)
	}
	return nil
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

// current returns by with the roles that it has now: what a request brought may be some seconds
// old, too old to give roles by. A token that has ended since is refused like any other.
func current(tx *database.Tx, by Actor) (Actor, error) {
	if !by.Known() || by.isSystem() {
		return by, nil
	}
	if by.TokenID != "" {
		if err := stands(tx, by.TokenID); err != nil {
			return Actor{}, err
		}
	}
	p, err := personWhere(tx, `m.id = $1`, by.ID)
	if fault.Is(err, "member_not_found") || err == nil && !p.Active {
		return Actor{}, nil
	}
	if err != nil {
		return Actor{}, err
	}
	by.Grants, err = grantsOf(tx, by.ID)
	return by, err
}

// stands asks that a token is neither revoked nor over.
func stands(tx *database.Tx, tokenID string) error {
	var live int
	err := tx.Get(&live, `SELECT count(*) FROM tokens WHERE id = $1 AND revoked_at IS NULL AND expires_at > $2`, tokenID, tx.Now)
	if err == nil && live == 0 {
		err = badToken()
	}
	return err
}

func grantsOf(r database.Reader, memberID string) ([]Grant, error) {
	var rows []struct {
		Role     string `db:"role"`
		HubID    string `db:"hub_id"`
		RegionID string `db:"region_id"`
	}
	err := r.Select(&rows, `SELECT role, hub_id, region_id FROM grants WHERE member_id = $1 ORDER BY role, hub_id, region_id`, memberID)
	if err != nil {
		return nil, fmt.Errorf("read roles: %w", err)
	}
	grants := make([]Grant, len(rows))
	for i, row := range rows {
		grants[i] = Grant{Role(row.Role), row.HubID, row.RegionID}
	}
	return grants, nil
}
