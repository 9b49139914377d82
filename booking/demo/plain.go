package demo

import (
	"context"
	"fmt"
	"sort"
	"strings"

	"canot/internal/fault"
	"canot/internal/identity"
	"canot/inventory"
)

// inventedDomain is the end of the addresses of invented members.
const inventedDomain = "@membre.example"

// A neighbour is a plain member with the slug of their home hub.
type neighbour struct {
	identity.Member
	hub string
}

// plain finds so many invented members, in order of address, and invents the
// rest when there are too few.
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
			if m.Active && strings.HasSuffix(m.Email, inventedDomain) {
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
			list[i] = identity.NewMember{Name: fmt.Sprintf("Membre %d", number), Email: fmt.Sprintf("membre.%d%s", number, inventedDomain)}
		}
		made, err := load(ctx, n, list)
		if err != nil {
			return nil, err
		}
		found = append(found, made...)
	}
	return found, nil
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
