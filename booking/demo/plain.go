package demo

import (
	"context"
	"fmt"
	"sort"
	"strings"

	"canot/booking/membership"
	"canot/internal/database"
	"canot/internal/fault"
	"canot/internal/identity"
	"canot/inventory"
)

// What the addresses of invented members end with: of those who live in the network, and of
// those who are asked for to put it under load.
const (
	inventedDomain = "@membre.example"
	loadDomain     = "@essai.example"
)

// loadTier limits nothing: it is for members who put the network under load, and exists
// only where there are any.
const loadTier = "essais-de-charge"

// A neighbour is a plain member with the slug of their home hub.
type neighbour struct {
	identity.Member
	hub string
}

// plain finds so many members to put the network under load with, in order of address, and
// invents those that are missing. They may book everything, as often as they like.
func (n Network) plain(ctx context.Context, wanted int) ([]neighbour, error) {
	if wanted <= 0 {
		return nil, nil
	}
	slugs, err := n.hubSlugs(ctx)
	if err != nil {
		return nil, err
	}
	var found []identity.Member
	for after := ""; ; {
		page, next, err := n.Directory.Members(ctx, identity.System, identity.MemberQuery{Limit: 200, After: after})
		if err != nil {
			return nil, err
		}
		for _, m := range page {
			if m.Active && strings.HasSuffix(m.Email, loadDomain) {
				found = append(found, m)
			}
		}
		if after = next; after == "" {
			break
		}
	}
	sort.Slice(found, func(i, j int) bool { return found[i].Email < found[j].Email })
	if found, err = n.invent(ctx, found, wanted); err != nil {
		return nil, err
	}
	list := make([]neighbour, min(wanted, len(found)))
	for i := range list {
		list[i] = neighbour{found[i], slugs[found[i].HomeHubID]}
	}
	return list, nil
}

// invent adds members without a home until there are as many as wanted.
func (n Network) invent(ctx context.Context, found []identity.Member, wanted int) ([]identity.Member, error) {
	for len(found) < wanted {
		list := make([]identity.NewMember, min(wanted-len(found), membersAtOnce))
		for i := range list {
			number := len(found) + i + 1
			list[i] = identity.NewMember{Name: fmt.Sprintf("Essai %d", number), Email: fmt.Sprintf("essai.%05d%s", number, loadDomain), EmailVerified: true}
		}
		made, err := load(ctx, n, list)
		if err != nil {
			return nil, err
		}
		if err := n.license(ctx, made); err != nil {
			return nil, err
		}
		found = append(found, made...)
	}
	return found, nil
}

// license gives members a tier without limits and every certification. An empty network has
// neither hubs nor tiers, and limits nobody.
func (n Network) license(ctx context.Context, people []identity.Member) error {
	if _, err := n.Catalog.Hub(ctx, mainHub); isNotFound(err) {
		return nil
	} else if err != nil {
		return err
	}
	if err := n.openLoadTier(ctx); err != nil {
		return err
	}
	known, err := n.Roster.Certifications(ctx, false)
	if err != nil {
		return err
	}
	since := n.DB.Now().AddDate(0, 0, -1).Format("2006-01-02")
	var m []membership.NewMembership
	var c []membership.NewCertificate
	for _, p := range people {
		m = append(m, membership.NewMembership{Holder: membership.Holder{MemberID: p.ID}, Tier: loadTier, Hub: mainHub, StartsOn: since, EndsOn: new(string)})
		for _, k := range known {
			c = append(c, membership.NewCertificate{MemberID: p.ID, Certification: k.Slug, Hub: mainHub, FromOn: since})
		}
	}
	return n.DB.In(ctx, func(tx *database.Tx) error {
		if _, err := n.Roster.LoadMemberships(ctx, tx, m); err != nil {
			return err
		}
		_, err := n.Roster.LoadCertificates(ctx, tx, c)
		return err
	})
}

func (n Network) openLoadTier(ctx context.Context) error {
	_, err := n.Roster.Tier(ctx, loadTier)
	if !isNotFound(err) {
		return err
	}
	slug := loadTier
	name := text("Essais de charge", "Load tests")
	about := text("Sans limite, pour mesurer une démonstration.", "Without limits, to measure a demo.")
	return n.DB.In(ctx, func(tx *database.Tx) error {
		_, err := n.Roster.LoadTiers(ctx, tx, []membership.TierEdits{{Slug: &slug, Name: &name, Description: &about}})
		return err
	})
}

// hubSlugs gives the slug of each hub by its id.
func (n Network) hubSlugs(ctx context.Context) (map[string]string, error) {
	slugs := map[string]string{}
	for after := ""; ; {
		page, next, err := n.Catalog.Hubs(ctx, inventory.HubQuery{Limit: 200, After: after})
		if err != nil {
			return nil, err
		}
		for _, h := range page {
			slugs[h.ID] = h.Slug
		}
		if after = next; after == "" {
			return slugs, nil
		}
	}
}

// isNotFound reports whether err says that something is not there.
func isNotFound(err error) bool { return fault.KindOf(err) == fault.NotFound }
