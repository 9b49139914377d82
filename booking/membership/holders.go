package membership

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"time"

	"canot/internal/database"
	"canot/internal/fault"
	"canot/internal/identity"
	"canot/inventory/hours"
)

// sees reports whether by may know what a holder may book: the member, who acts for the
// organisation, and who may see persons or manage tiers at its home hub or at a hub where it
// has a membership that has begun: else who gives one for some later day would see everything.
func (r *Roster) sees(rd database.Reader, by identity.Actor, h Holder) (bool, error) {
	if !by.Known() {
		return false, nil
	}
	var own int
	var err error
	home := ""
	if h.OrganisationID != "" {
		err = rd.Get(&own, `SELECT COUNT(*) FROM organisation_members WHERE organisation_id = $1 AND member_id = $2`, h.OrganisationID, by.ID)
		if err == nil {
			err = rd.Get(&home, `SELECT COALESCE(hub_id, '') FROM organisations WHERE id = $1`, h.OrganisationID)
		}
	} else {
		if h.MemberID == by.ID {
			own = 1
		}
		err = rd.Get(&home, `SELECT COALESCE(home_hub_id, '') FROM members WHERE id = $1`, h.MemberID)
	}
	if errors.Is(err, database.ErrNoRows) {
		return false, nil
	}
	if err != nil || own > 0 {
		return own > 0, err
	}
	var hubs []string
	err = rd.Select(&hubs, `SELECT DISTINCT hub_id FROM memberships WHERE (member_id = $1 OR organisation_id = $2) AND starts_on <= $3 AND cancelled_at IS NULL`,
		h.onlyMember(), h.OrganisationID, hours.DateOf(r.db.Now(), time.UTC).String())
	if err != nil {
		return false, err
	}
	for _, hub := range append(hubs, home) {
		region, err := regionOf(rd, hub)
		if err != nil {
			return false, err
		}
		if seesPersons(by, hub, region) {
			return true, nil
		}
	}
	return false, nil
}

// notOwn refuses a verb that gives somebody something of worth when by is that somebody: another
// person of the team does it.
func (h Holder) notOwn(by identity.Actor, code string) error {
	if h.OrganisationID == "" && h.MemberID == by.ID {
		return refused("member", code, nil)
	}
	return nil
}

// onlyMember is the member's id, "" when the holder is an organisation.
func (h Holder) onlyMember() string {
	if h.OrganisationID != "" {
		return ""
	}
	return h.MemberID
}

func seesPersons(by identity.Actor, hub, region string) bool {
	return by.May(identity.ViewPersons, hub, region) || by.May(identity.ManageTiers, hub, region)
}

// seen asks that by may know about a holder; to all others there is no such holder.
func (r *Roster) seen(rd database.Reader, by identity.Actor, h Holder) error {
	if by.Known() && h.MemberID != "" && h.OrganisationID != "" {
		return h.one()
	}
	sees, err := r.sees(rd, by, h)
	switch {
	case err != nil:
		return err
	case sees:
		return nil
	case !by.Known():
		return identity.Denied(by)
	case h.OrganisationID != "":
		return notFound("organisation_not_found")
	}
	return notFound("member_not_found")
}

func (r *Roster) seesMembership(rd database.Reader, by identity.Actor, m Membership) bool {
	sees, err := r.sees(rd, by, Holder{m.MemberID, m.OrganisationID})
	return err == nil && sees
}

// idForm is what database.NewID gives.
var idForm = regexp.MustCompile(`^[0-9a-hjkmnp-tv-z]{16}$`)

// A MembershipQuery asks for the memberships of a holder, or of a hub.
type MembershipQuery struct {
	Holder
	Hub   string // id or slug; asked alone, by those who may see persons there
	Limit int    // 0 means 50
	After string // the cursor that the page before gave
}

// Memberships lists memberships in order of id, past ones too, and the cursor of the next
// page, "" at the end. Those of a holder are for the holder and for staff of their hubs;
// those of a hub ask for ViewPersons or ManageTiers there.
func (r *Roster) Memberships(ctx context.Context, by identity.Actor, q MembershipQuery) (list []Membership, next string, err error) {
	err = r.db.View(ctx, func(rd database.Reader) error {
		hub, err := hubOf(rd, q.Hub)
		if err != nil {
			return err
		}
		if q.MemberID == "" && q.OrganisationID == "" {
			region, err := regionOf(rd, hub)
			if err != nil {
				return err
			}
			if !seesPersons(by, hub, region) {
				return identity.Denied(by)
			}
		} else if err := r.seen(rd, by, q.Holder); err != nil {
			return err
		}
		if q.After != "" && !idForm.MatchString(q.After) {
			return fault.Field("cursor", "bad_cursor")
		}
		if q.Limit <= 0 {
			q.Limit = 50
		}
		err = rd.Select(&list, selectMemberships+`WHERE ($1 = '' OR s.member_id = $1) AND ($2 = '' OR s.organisation_id = $2)
			AND ($3 = '' OR s.hub_id = $3) AND s.id > $4 ORDER BY s.id LIMIT $5`, q.onlyMember(), q.OrganisationID, hub, q.After, q.Limit+1)
		if err != nil {
			return err
		}
		if len(list) > q.Limit {
			list = list[:q.Limit]
			next = list[q.Limit-1].ID
		}
		return withPauses(rd, list)
	})
	return slices.Clip(list), next, err
}

// Membership returns one membership to those who may see its holder, or persons at its hub;
// to all others it is not found.
func (r *Roster) Membership(ctx context.Context, by identity.Actor, id string) (Membership, error) {
	var m Membership
	err := r.db.View(ctx, func(rd database.Reader) (err error) {
		if m, err = findMembership(rd, id); err != nil {
			return err
		}
		region, err := regionOf(rd, m.HubID)
		if err != nil || seesPersons(by, m.HubID, region) {
			return err
		}
		if err := r.seen(rd, by, Holder{m.MemberID, m.OrganisationID}); err != nil {
			if fault.KindOf(err) == fault.NotFound {
				err = notFound("membership_not_found")
			}
			return err
		}
		return nil
	})
	return m, err
}
