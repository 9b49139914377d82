package demo

import (
	"context"
	"fmt"

	"canot/internal/database"
	"canot/internal/identity"
)

// How many members go into one commit.
const membersAtOnce = 500

// members opens the accounts: the invented people, a team at each hub, a
// coordinator in each region, and those that the network is tried with.
func (g *grower) members(ctx context.Context) error {
	invented := people(membersPerScale*g.Scale, g.rng)
	list := make([]identity.NewMember, len(invented))
	for i, p := range invented {
		list[i] = identity.NewMember{Name: p.name, Email: p.email, Language: p.language, HomeHubID: g.hubID[p.hub]}
	}
	g.atHome = map[string][]string{}
	for done := 0; done < len(list); {
		g.Progress("members", done, len(list))
		piece := list[done:min(done+membersAtOnce, len(list))]
		made, err := load(ctx, g.Network, piece)
		if err != nil {
			return err
		}
		for _, m := range made {
			g.atHome[m.HomeHubID] = append(g.atHome[m.HomeHubID], m.ID)
			g.everyone = append(g.everyone, m.ID)
		}
		done += len(piece)
	}
	return g.teams(ctx)
}

// load opens accounts in one commit. The demo's people have shown that their addresses are theirs.
func load(ctx context.Context, n Network, list []identity.NewMember) (made []identity.Member, err error) {
	for i := range list {
		list[i].EmailVerified = true
	}
	err = n.DB.In(ctx, func(tx *database.Tx) error {
		made, err = n.Directory.LoadMembers(ctx, tx, list)
		return err
	})
	return made, err
}

// A post is a person with a role.
type post struct {
	person identity.NewMember
	grant  identity.Grant
}

// teams opens the accounts of those who have a role, and the artist's.
func (g *grower) teams(ctx context.Context) error {
	main, region := g.hubID[mainHub], ""
	posts := []post{
		{person: identity.NewMember{Name: "Maïka T.", Email: artistEmail, HomeHubID: g.hubID[artistHub]}},
		{identity.NewMember{Name: "Luc B.", Email: staffEmail, HomeHubID: main}, identity.Grant{Role: identity.Staff, HubID: main}},
		{identity.NewMember{Name: "Chantal R.", Email: managerEmail, HomeHubID: main}, identity.Grant{Role: identity.Manager, HubID: main}},
	}
	regions := map[string]bool{}
	for _, h := range g.hubs {
		if h.ID == main {
			region = h.RegionID
		}
		regions[h.RegionID] = true
		manager := identity.NewMember{Name: "Direction, " + h.Town, Email: "direction@" + h.Slug + ".example", HomeHubID: h.ID}
		counter := identity.NewMember{Name: "Comptoir, " + h.Town, Email: "comptoir@" + h.Slug + ".example", HomeHubID: h.ID}
		posts = append(posts,
			post{manager, identity.Grant{Role: identity.Manager, HubID: h.ID}},
			post{counter, identity.Grant{Role: identity.Staff, HubID: h.ID}})
	}
	posts = append(posts, post{
		identity.NewMember{Name: "Hélène G.", Email: coordinatorEmail, HomeHubID: main},
		identity.Grant{Role: identity.Coordinator, RegionID: region},
	})
	made, err := appoint(ctx, g.Network, posts)
	if err != nil {
		return err
	}
	g.artist = made[0].ID
	g.team = []string{made[1].ID, made[2].ID, made[len(made)-1].ID}
	return nil
}

// appoint opens the accounts of posts and gives them their roles, in one commit.
func appoint(ctx context.Context, n Network, posts []post) (made []identity.Member, err error) {
	list := make([]identity.NewMember, len(posts))
	for i, p := range posts {
		list[i] = p.person
		list[i].EmailVerified = true
	}
	err = n.DB.In(ctx, func(tx *database.Tx) error {
		if made, err = n.Directory.LoadMembers(ctx, tx, list); err != nil {
			return err
		}
		var grants []identity.NewGrant
		for i, p := range posts {
			if p.grant.Role != "" {
				grants = append(grants, identity.NewGrant{MemberID: made[i].ID, Grant: p.grant})
			}
		}
		return n.Directory.LoadGrants(ctx, tx, grants)
	})
	return made, err
}

// administrator opens the account that marks the network as complete.
func (g *grower) administrator(ctx context.Context) error {
	_, err := appoint(ctx, g.Network, []post{{
		identity.NewMember{Name: "Administration", Email: administratorEmail},
		identity.Grant{Role: identity.Administrator},
	}})
	return err
}

// An Account is one that the network can be tried with, and a token for it.
type Account struct {
	Role  string `json:"role"`
	Email string `json:"email"`
	Hub   string `json:"hub"` // slug of the home hub, "" for none
	Token string `json:"token"`
}

// Accounts gives a new token to each account that the network is tried with,
// and to so many plain members more; members are invented when there are too
// few. Tokens given before go on working until they expire.
func (n Network) Accounts(ctx context.Context, members int) ([]Account, error) {
	var list []Account
	var ids []string
	for _, a := range []Account{
		{Role: string(identity.Administrator), Email: administratorEmail},
		{Role: string(identity.Coordinator), Email: coordinatorEmail, Hub: mainHub},
		{Role: string(identity.Manager), Email: managerEmail, Hub: mainHub},
		{Role: string(identity.Staff), Email: staffEmail, Hub: mainHub},
		{Role: string(identity.PlainMember), Email: artistEmail, Hub: artistHub},
	} {
		m, err := n.Directory.MemberByEmail(ctx, identity.System, a.Email)
		if isNotFound(err) {
			continue // an empty network has an administrator only
		}
		if err != nil {
			return nil, fmt.Errorf("demo: %w", err)
		}
		list, ids = append(list, a), append(ids, m.ID)
	}
	more, err := n.plain(ctx, members)
	if err != nil {
		return nil, fmt.Errorf("demo: %w", err)
	}
	for _, m := range more {
		list = append(list, Account{Role: string(identity.PlainMember), Email: m.Email, Hub: m.hub})
		ids = append(ids, m.ID)
	}
	secrets, err := n.tokens(ctx, ids)
	if err != nil {
		return nil, fmt.Errorf("demo: %w", err)
	}
	for i := range list {
		list[i].Token = secrets[i]
	}
	return list, nil
}

// tokens issues one for each member, some hundreds in a commit.
func (n Network) tokens(ctx context.Context, ids []string) ([]string, error) {
	request := identity.TokenRequest{Label: "demo", Scopes: []string{identity.ScopeRead, identity.ScopeBook, identity.ScopeStaff, identity.ScopeAdmin}}
	var secrets []string
	for len(ids) > 0 {
		piece := ids[:min(len(ids), membersAtOnce)]
		var made []string
		err := n.DB.In(ctx, func(tx *database.Tx) (err error) {
			made, err = n.Directory.LoadTokens(ctx, tx, piece, request)
			return err
		})
		if err != nil {
			return nil, err
		}
		secrets, ids = append(secrets, made...), ids[len(piece):]
	}
	return secrets, nil
}
