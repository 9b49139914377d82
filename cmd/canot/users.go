package main

import (
	"cmp"
	"context"
	"strings"

	"canot/internal/identity"
)

// listedUser is one account of canot user list.
type listedUser struct {
	ID       string           `json:"id"`
	Name     string           `json:"name"`
	Email    string           `json:"email"`
	Verified bool             `json:"email_verified"`
	Hub      string           `json:"hub"` // slug, "" for none
	Active   bool             `json:"active"`
	Roles    []identity.Grant `json:"roles"` // hubs and regions by slug
}

// userList lists accounts with their roles, all of them or those of one home hub.
func userList(ctx context.Context, cmd *command) error {
	set := cmd.flags()
	at := cmd.databaseFlag(set)
	hub := set.String("hub", "", "")
	roles := set.Bool("roles", false, "")
	asJSON := set.Bool("json", false, "")
	if _, err := cmd.parse(set, 0, 0); err != nil {
		return err
	}
	nw, err := cmd.open(ctx, *at, opening{ready: true})
	if err != nil {
		return err
	}
	defer nw.close()
	list, err := nw.users(ctx, *hub, *roles)
	if err != nil {
		return err
	}
	if *asJSON {
		return cmd.printJSON(list)
	}
	for _, u := range list {
		cmd.printf("user_listed", u.ID, cmp.Or(u.Email, "-"), u.Name, rolesText(u.Roles))
	}
	return nil
}

// users reads accounts in order of identifier.
func (n *network) users(ctx context.Context, hub string, rolesOnly bool) ([]listedUser, error) {
	hubID, err := n.hubID(ctx, hub)
	if err != nil {
		return nil, err
	}
	slugs := slugBook{ctx, n, map[string]string{"": ""}}
	list := []listedUser{}
	for after := ""; ; {
		page, next, err := n.directory.Members(ctx, identity.System, identity.MemberQuery{HubID: hubID, Limit: 200, After: after})
		if err != nil {
			return nil, err
		}
		for _, m := range page {
			grants, err := n.directory.Grants(ctx, n.db.Reader(ctx), m.ID)
			if err != nil {
				return nil, err
			}
			if rolesOnly && len(grants) == 0 {
				continue
			}
			hubSlug, err := slugs.hub(m.HomeHubID)
			for i := range grants {
				if err == nil {
					grants[i], err = slugs.place(grants[i])
				}
			}
			if err != nil {
				return nil, err
			}
			list = append(list, listedUser{m.ID, m.Name, m.Email, m.EmailVerified, hubSlug, m.Active, grants})
		}
		if after = next; after == "" {
			return list, nil
		}
	}
}

// A slugBook turns identifiers of places into slugs, asking for each once.
type slugBook struct {
	ctx   context.Context
	n     *network
	known map[string]string
}

func (b slugBook) hub(id string) (string, error) {
	return b.slug(id, func() (string, error) {
		h, err := b.n.catalog.Hub(b.ctx, id)
		return h.Slug, err
	})
}

// place returns a role whose hub or region is a slug.
func (b slugBook) place(g identity.Grant) (identity.Grant, error) {
	hub, err := b.hub(g.HubID)
	if err != nil {
		return g, err
	}
	region := g.RegionID
	g.HubID = hub
	g.RegionID, err = b.slug(region, func() (string, error) {
		r, err := b.n.catalog.Region(b.ctx, region)
		return r.Slug, err
	})
	return g, err
}

func (b slugBook) slug(id string, ask func() (string, error)) (string, error) {
	if slug, known := b.known[id]; known {
		return slug, nil
	}
	slug, err := ask()
	if err == nil {
		b.known[id] = slug
	}
	return slug, err
}

// rolesText writes roles in a word each: staff@amos, staff@amos:approve,waive.
func rolesText(grants []identity.Grant) string {
	words := make([]string, len(grants))
	for i, g := range grants {
		words[i] = string(g.Role)
		if place := g.HubID + g.RegionID; place != "" {
			words[i] += "@" + place
		}
		if g.Rights != "" {
			words[i] += ":" + strings.ReplaceAll(string(g.Rights), " ", ",")
		}
	}
	return strings.Join(words, " ")
}
