package main

import (
	"context"
	"flag"
	"strings"
	"time"

	"canot/internal/database"
	"canot/internal/fault"
	"canot/internal/identity"
	"canot/internal/identity/signin"
)

// user makes and lists members, gives and takes roles, issues tokens, signs people out and takes
// lost factors away: what the first administrator needs before anybody can sign in, and the last
// resort when nobody can.
func user(ctx context.Context, cmd *command) error {
	verbs := map[string]func(context.Context, *command) error{
		"create": userCreate, "list": userList, "role": userRole, "token": userToken,
		"sign-out": userSignOut, "factor-reset": userFactorReset,
	}
	if len(cmd.args) == 0 {
		return usageError(cmd.words.text("bad_arguments", cmd.name))
	}
	do, ok := verbs[cmd.args[0]]
	if !ok {
		if oneOf(cmd.args[0], "-h", "-help", "--help") {
			cmd.printHelp(cmd.name)
			return flag.ErrHelp
		}
		return usageError(cmd.words.text("bad_arguments", cmd.name))
	}
	cmd.args = cmd.args[1:]
	return do(ctx, cmd)
}

// userCreate opens an account.
func userCreate(ctx context.Context, cmd *command) error {
	set := cmd.flags()
	at := cmd.databaseFlag(set)
	var person identity.NewMember
	set.StringVar(&person.Name, "name", "", "")
	set.StringVar(&person.Email, "email", "", "")
	set.StringVar(&person.Language, "language", "", "")
	set.StringVar(&person.Phone, "phone", "", "")
	set.StringVar(&person.BirthDate, "birth-date", "", "")
	set.StringVar(&person.Clientele, "clientele", "", "")
	unverified := set.Bool("unverified", false, "")
	hub := set.String("hub", "", "")
	asJSON := set.Bool("json", false, "")
	if _, err := cmd.parse(set, 0, 0); err != nil {
		return err
	}
	person.EmailVerified = person.Email != "" && !*unverified
	nw, err := cmd.open(ctx, *at, opening{create: true, migrate: true, ready: true})
	if err != nil {
		return err
	}
	defer nw.close()
	if person.HomeHubID, err = nw.hubID(ctx, *hub); err != nil {
		return err
	}
	m, err := nw.directory.CreateMember(ctx, identity.System, person)
	if err != nil {
		return err
	}
	if *asJSON {
		return cmd.printJSON(map[string]any{"id": m.ID, "email": m.Email})
	}
	cmd.printf("user_created", m.ID)
	return nil
}

// userRole gives a role, or takes it back.
func userRole(ctx context.Context, cmd *command) error {
	set := cmd.flags()
	at := cmd.databaseFlag(set)
	hub := set.String("hub", "", "")
	region := set.String("region", "", "")
	rights := set.String("rights", "", "")
	revoke := set.Bool("revoke", false, "")
	args, err := cmd.parse(set, 2, 2)
	if err != nil {
		return err
	}
	nw, err := cmd.open(ctx, *at, opening{migrate: true, ready: true})
	if err != nil {
		return err
	}
	defer nw.close()
	m, err := nw.member(ctx, cmd, args[0])
	if err != nil {
		return err
	}
	grant, err := nw.grant(ctx, args[1], *hub, *region, *rights)
	if err != nil {
		return err
	}
	do, said := nw.directory.GrantRole, "user_role"
	if *revoke {
		do, said = nw.directory.RevokeRole, "user_revoked"
	}
	if err := do(ctx, identity.System, m.ID, grant, database.Key{}); err != nil {
		return err
	}
	cmd.printf(said, args[0], args[1])
	return nil
}

// grant makes a role of what was typed: places by slug or identifier, rights with commas between.
func (n *network) grant(ctx context.Context, role, hub, region, rights string) (g identity.Grant, err error) {
	g.Role = identity.Role(role)
	if g.HubID, err = n.hubID(ctx, hub); err != nil {
		return g, err
	}
	if region != "" {
		r, err := n.catalog.Region(ctx, region)
		if err != nil {
			return g, err
		}
		g.RegionID = r.ID
	}
	var list []identity.Right
	for _, name := range strings.FieldsFunc(rights, func(r rune) bool { return r == ',' || r == ' ' }) {
		list = append(list, identity.Right(name))
	}
	g.Rights, err = identity.RightsOf(list)
	return g, err
}

// userSignOut ends every session of a person.
func userSignOut(ctx context.Context, cmd *command) error {
	return cmd.forMember(ctx, "user_signed_out", func(nw *network, id string) error {
		return nw.directory.EndSessions(ctx, identity.System, id, "", true, database.Key{})
	})
}

// userFactorReset takes the second factors of a person away, who has lost them.
func userFactorReset(ctx context.Context, cmd *command) error {
	return cmd.forMember(ctx, "user_factors_reset", func(nw *network, id string) error {
		return signin.New(nw.db, nw.directory, signin.Settings{}).ResetFactors(ctx, identity.System, id, database.Key{})
	})
}

// forMember does something to one person and says that it is done.
func (c *command) forMember(ctx context.Context, said string, do func(nw *network, id string) error) error {
	set := c.flags()
	at := c.databaseFlag(set)
	args, err := c.parse(set, 1, 1)
	if err != nil {
		return err
	}
	nw, err := c.open(ctx, *at, opening{migrate: true, ready: true})
	if err != nil {
		return err
	}
	defer nw.close()
	m, err := nw.member(ctx, c, args[0])
	if err != nil {
		return err
	}
	if err := do(nw, m.ID); err != nil {
		return err
	}
	c.printf(said, args[0])
	return nil
}

// userToken issues a token and shows it, once.
func userToken(ctx context.Context, cmd *command) error {
	set := cmd.flags()
	at := cmd.databaseFlag(set)
	label := set.String("label", "canot user token", "")
	scopes := set.String("scopes", "read,book", "")
	days := set.Int("days", 90, "")
	asJSON := set.Bool("json", false, "")
	args, err := cmd.parse(set, 1, 1)
	if err != nil {
		return err
	}
	nw, err := cmd.open(ctx, *at, opening{migrate: true, ready: true})
	if err != nil {
		return err
	}
	defer nw.close()
	m, err := nw.member(ctx, cmd, args[0])
	if err != nil {
		return err
	}
	secret, token, err := nw.directory.IssueToken(ctx, identity.System, m.ID, identity.TokenRequest{
		Label: *label, Scopes: strings.Split(*scopes, ","), Lifetime: time.Duration(*days) * 24 * time.Hour,
	})
	if err != nil {
		return err
	}
	if *asJSON {
		return cmd.printJSON(map[string]any{"token": secret, "prefix": token.Prefix, "scopes": token.Scopes, "expires_at": token.ExpiresAt.UTC()})
	}
	// The sentence goes beside the token, so that TOKEN=$(canot user token …) works.
	cmd.errorf("user_token", token.ExpiresAt.UTC().Format(time.DateOnly))
	cmd.printf("plain", secret)
	return nil
}

// member finds a person by address or identifier.
func (n *network) member(ctx context.Context, cmd *command, key string) (identity.Member, error) {
	m, err := n.directory.MemberByEmail(ctx, identity.System, key)
	if fault.KindOf(err) == fault.NotFound {
		m, err = n.directory.Member(ctx, n.db.Reader(ctx), key)
	}
	if fault.KindOf(err) == fault.NotFound {
		return m, usageError(cmd.words.text("user_unknown", key))
	}
	return m, err
}

// hubID finds a hub by slug or identifier; "" is no hub.
func (n *network) hubID(ctx context.Context, key string) (string, error) {
	if key == "" {
		return "", nil
	}
	hub, err := n.catalog.Hub(ctx, key)
	return hub.ID, err
}
