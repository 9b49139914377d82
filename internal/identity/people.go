package identity

import (
	"context"
	"errors"
	"fmt"
	"regexp"

	"canot/internal/database"
	"canot/internal/fault"
)

// Member returns the person of that id, or a NotFound fault, member_not_found. It asks for no
// right: it is a step for verbs that have asked.
func (d *Directory) Member(ctx context.Context, r database.Reader, id string) (Member, error) {
	return personWhere(r, `m.id = $1`, id)
}

// MemberByEmail returns the person with that address, however it is capitalised. To who may not see
// persons at that person's home hub, and is not that person, it is not found.
func (d *Directory) MemberByEmail(ctx context.Context, by Actor, email string) (Member, error) {
	r := d.db.Reader(ctx)
	p, err := personWhere(r, `m.email_key = $1`, foldEmail(email))
	if err != nil {
		return Member{}, err
	}
	if err := visible(r, by, p); err != nil {
		return Member{}, err
	}
	return p, nil
}

// SeenMember returns the person of that id to themselves and to who may see persons (ViewPersons) at
// their home hub. To others, and when the person was erased, it is NotFound.
func (d *Directory) SeenMember(ctx context.Context, by Actor, id string) (Member, error) {
	r := d.db.Reader(ctx)
	p, err := living(r, id)
	if err != nil {
		return Member{}, err
	}
	if err := visible(r, by, p); err != nil {
		return Member{}, err
	}
	return p, nil
}

// visible asks that p is by, or that by may see persons at p's home hub.
func visible(r database.Reader, by Actor, p Member) error {
	if by.ID == p.ID {
		return nil
	}
	region, err := regionOf(r, p.HomeHubID)
	if err != nil {
		return err
	}
	if !by.May(ViewPersons, p.HomeHubID, region) {
		return memberNotFound()
	}
	return nil
}

// A MemberQuery asks for the people of a home hub, or of the network.
type MemberQuery struct {
	HubID string // "" for the whole network
	Limit int    // 0 means 50
	After string // the cursor that the page before gave
}

// idForm is what database.NewID gives.
var idForm = regexp.MustCompile(`^[0-9a-hjkmnp-tv-z]{16}$`)

// Members lists people in order of id, but for those erased, and the cursor of the next page, "" at
// the end. It asks for ViewPersons at the hub, or over the network. A cursor that no page gave is
// Malformed.
func (d *Directory) Members(ctx context.Context, by Actor, q MemberQuery) (people []Member, next string, err error) {
	r := d.db.Reader(ctx)
	region, err := regionOf(r, q.HubID)
	if err != nil {
		return nil, "", err
	}
	if !by.May(ViewPersons, q.HubID, region) {
		return nil, "", Denied(by)
	}
	if q.After != "" && !idForm.MatchString(q.After) {
		return nil, "", fault.Field("cursor", "bad_cursor")
	}
	if q.Limit <= 0 {
		q.Limit = 50
	}
	err = r.Select(&people, `SELECT `+personColumns+` FROM members m
		WHERE m.id > $1 AND m.erased_at IS NULL AND ($2 = '' OR m.home_hub_id = $2) ORDER BY m.id LIMIT $3`, q.After, q.HubID, q.Limit+1)
	if err != nil {
		return nil, "", fmt.Errorf("list members: %w", err)
	}
	if len(people) > q.Limit {
		people = people[:q.Limit]
		next = people[q.Limit-1].ID
	}
	return people, next, nil
}

// living returns the person of that id, or NotFound when they were erased.
func living(r database.Reader, id string) (Member, error) {
	p, err := personWhere(r, `m.id = $1`, id)
	if err == nil && p.ErasedAt != nil {
		return Member{}, memberNotFound()
	}
	return p, err
}

func memberNotFound() error { return fault.New(fault.NotFound, "member_not_found", nil) }

func personWhere(r database.Reader, condition, arg string) (Member, error) {
	if !storable(arg) {
		return Member{}, memberNotFound()
	}
	var p Member
	err := r.Get(&p, `SELECT `+personColumns+` FROM members m WHERE `+condition, arg)
	if errors.Is(err, database.ErrNoRows) {
		return Member{}, memberNotFound()
	}
	if err != nil {
		return Member{}, fmt.Errorf("read member: %w", err)
	}
	return p, nil
}

// regionOf reads the region of a hub, because a coordinator's right names the region. It only reads
// inventory's table; identity lies below that package and cannot ask it. No hub has no region.
func regionOf(r database.Reader, hubID string) (string, error) {
	if hubID == "" {
		return "", nil
	}
	if !storable(hubID) {
		return "", fault.Field("hub", "unknown_hub")
	}
	var region string
	err := r.Get(&region, `SELECT region_id FROM hubs WHERE id = $1`, hubID)
	if errors.Is(err, database.ErrNoRows) {
		return "", fault.Field("hub", "unknown_hub")
	}
	return region, err
}
