package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"canot/booking/demo"
	"canot/internal/database"
	"canot/internal/identity"
	"canot/web"
	"canot/web/locale"
	"canot/web/mail"
)

// A tryout is a demo as asked for, on its way to be served.
type tryout struct {
	cmd       *command
	addr      string
	folder    string
	temporary bool
	database  string
	options   demo.Options
	members   int
	limits    bool
	asJSON    bool
}

// runDemo starts a complete network: it takes up the one that is there, or
// grows one, says how to try it, and serves until ctx is done.
func runDemo(ctx context.Context, cmd *command) error {
	t := &tryout{cmd: cmd}
	set := cmd.flags()
	set.StringVar(&t.addr, "addr", "", "")
	set.StringVar(&t.folder, "data", "", "")
	set.StringVar(&t.database, "database", "", "")
	set.IntVar(&t.options.Scale, "scale", 1, "")
	set.Uint64Var(&t.options.Seed, "seed", 1, "")
	set.BoolVar(&t.options.Empty, "empty", false, "")
	set.IntVar(&t.members, "members", 0, "")
	noLimits := set.Bool("no-limits", false, "")
	set.BoolVar(&t.asJSON, "json", false, "")
	if _, err := cmd.parse(set, 0, 0); err != nil {
		return err
	}
	t.limits = !*noLimits
	if t.options.Scale < 1 || t.members < 0 || t.folder != "" && t.database != "" {
		return usageError(cmd.words.text("bad_arguments", cmd.name))
	}
	cfg, err := t.config()
	if err != nil {
		return err
	}
	// The port is taken first: nobody wants to wait for data and then hear that.
	listener, err := t.listen(cfg)
	if err != nil {
		return err
	}
	if err := t.place(); err != nil {
		return errors.Join(err, listener.Close())
	}
	if t.temporary {
		defer os.RemoveAll(t.folder)
	}
	return t.serve(ctx, cfg, listener)
}

// config takes the settings from the environment, as serve does, but for the
// data base, which the flags say, and quieter: the terminal is for the person.
func (t *tryout) config() (config, error) {
	env := []string{"CANOT_LOG_LEVEL=WARN", "CANOT_LOG_FORMAT=text", "CANOT_ADMIN_ADDR=off"}
	for _, pair := range t.cmd.env {
		if !strings.HasPrefix(pair, "CANOT_DATABASE_") {
			env = append(env, pair)
		}
	}
	cfg, err := loadConfig(env, t.cmd.words)
	cfg.Limits = cfg.Limits && t.limits
	return cfg, err
}

// listen opens the address that was asked for; the usual one may be taken, and
// then any free port does.
func (t *tryout) listen(cfg config) (net.Listener, error) {
	wanted := t.addr
	if wanted == "" {
		wanted = string(cfg.Addr)
	}
	listener, err := net.Listen("tcp", wanted)
	if err == nil || t.addr != "" || !errors.Is(err, syscall.EADDRINUSE) {
		return listener, err
	}
	host, _, _ := net.SplitHostPort(wanted)
	listener, err = net.Listen("tcp", net.JoinHostPort(host, "0"))
	if err == nil {
		t.cmd.errorf("demo_port_taken", wanted)
	}
	return listener, err
}

// place chooses where the data goes.
func (t *tryout) place() error {
	if t.database != "" {
		if err := checkAddress(t.database, "--database", t.cmd.words); err != nil {
			return err
		}
		return t.cmd.words.checkFile(t.database, true)
	}
	var err error
	if t.folder == "" {
		t.temporary = true
		if t.folder, err = os.MkdirTemp("", "canot-demo-"); err != nil {
			return err
		}
		t.cmd.errorf("demo_temporary", t.folder)
	} else {
		if t.folder, err = filepath.Abs(t.folder); err != nil {
			return err
		}
		if err := os.MkdirAll(t.folder, 0o700); err != nil {
			return err
		}
		t.cmd.errorf("demo_folder", t.folder)
	}
	t.database = database.SQLiteURL(filepath.ToSlash(filepath.Join(t.folder, "canot.db")))
	return nil
}

// serve opens the data base, grows what is missing, and serves.
func (t *tryout) serve(ctx context.Context, cfg config, listener net.Listener) error {
	log := cfg.logger(t.cmd.stderr)
	nw, err := open(ctx, opening{url: t.database, migrate: true, ready: true, wait: 10 * time.Second, log: log})
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	defer nw.close()
	cfg.PublicURL = webAddress("http://" + listener.Addr().String())
	if err := cfg.checkOIDC(t.cmd.words); err != nil {
		return errors.Join(err, listener.Close(), nw.close())
	}
	nw.kept = &mail.Kept{} // a demo writes to nobody
	nw.equip(cfg)
	accounts, err := t.grow(ctx, nw)
	if err != nil {
		err = errors.Join(err, listener.Close())
		if ctx.Err() != nil {
			return errStopped
		}
		return err
	}
	if nw.tryout, err = nw.trial(ctx, accounts); err != nil {
		return errors.Join(err, listener.Close())
	}
	return nw.runOn(ctx, listener, cfg, log, func(net.Addr) { t.ready(ctx, nw, log, string(cfg.PublicURL), accounts) })
}

// grow takes up the network that is there, or grows one in a bare data base.
func (t *tryout) grow(ctx context.Context, nw *network) ([]tryAccount, error) {
	d := nw.demo()
	state, err := d.State(ctx)
	if err != nil {
		return nil, err
	}
	switch state {
	case demo.Foreign:
		return nil, usageError(t.cmd.words.text("demo_not_empty"))
	case demo.Grown:
		t.cmd.errorf("demo_reused")
	default:
		progress := newBar(t.cmd.stderr, t.options.Scale > 1)
		t.options.Progress = func(stage string, done, total int) { progress.set(t.cmd.words.text("demo_"+stage), done, total) }
		err := d.Seed(ctx, t.options)
		progress.end()
		if err != nil {
			return nil, err
		}
	}
	accounts, err := d.Accounts(ctx, t.members)
	if err != nil {
		return nil, err
	}
	return nw.withFactors(ctx, accounts)
}

// A tryAccount is an account to try the network with, and the second factor that its role
// asks for at the sign-in page.
type tryAccount struct {
	demo.Account
	TOTPSecret    string   `json:"totp_secret,omitempty"`    // for an authenticator
	RecoveryCodes []string `json:"recovery_codes,omitempty"` // each works once
}

// withFactors gives a second factor to the accounts that hold a role; what they had before
// is replaced.
func (n *network) withFactors(ctx context.Context, accounts []demo.Account) ([]tryAccount, error) {
	all := make([]tryAccount, len(accounts))
	at := map[string]int{}
	var ids []string
	for i, a := range accounts {
		all[i].Account = a
		if a.Role == string(identity.PlainMember) {
			continue
		}
		m, err := n.directory.MemberByEmail(ctx, identity.System, a.Email)
		if err != nil {
			return nil, err
		}
		at[m.ID] = i
		ids = append(ids, m.ID)
	}
	return all, n.db.In(ctx, func(tx *database.Tx) error {
		loaded, err := n.gate.LoadFactors(tx, ids)
		for _, f := range loaded {
			all[at[f.MemberID]].TOTPSecret, all[at[f.MemberID]].RecoveryCodes = f.Secret, f.RecoveryCodes
		}
		return err
	})
}

// demo is the network as the demo sees it.
func (n *network) demo() demo.Network {
	return demo.Network{DB: n.db, Catalog: n.catalog, Directory: n.directory, Roster: n.roster, Book: n.book}
}

// demoJSON is the line for scripts.
type demoJSON struct {
	URL      string       `json:"url"`
	Data     string       `json:"data"` // the folder, or the data base's address without its password
	Accounts []tryAccount `json:"accounts"`
}

// ready says that the network can be tried, to a script or to a person.
func (t *tryout) ready(ctx context.Context, nw *network, log *slog.Logger, url string, accounts []tryAccount) {
	if t.asJSON {
		where := t.folder
		if where == "" {
			where = withoutPassword(t.database)
		}
		if err := t.cmd.printJSON(demoJSON{url, where, accounts}); err != nil {
			log.Error("standard output", "error", err.Error())
		}
		return
	}
	t.cmd.printf("demo_ready", t.cmd.startPage(url), url)
	t.cmd.printAccounts(accounts)
	walk, found, err := nw.demo().Walk(ctx)
	if err != nil {
		log.Warn("walk", "error", err.Error())
	}
	if found {
		t.cmd.printWalk(url, accounts, walk)
	}
	t.cmd.printf("demo_mail", url)
	t.cmd.printf("demo_stop")
}

// startPage is where people begin, in the language of whoever tries the network.
func (c *command) startPage(url string) string {
	if c.words.Tag() == locale.English.Tag() {
		return url + "/en"
	}
	return url
}

// triedRoles are the roles that a person is told of, in the order in which they are tried.
var triedRoles = []identity.Role{identity.PlainMember, identity.Staff, identity.Manager}

// firstOf returns the first account of a role.
func firstOf(accounts []tryAccount, role identity.Role) (tryAccount, bool) {
	at := slices.IndexFunc(accounts, func(a tryAccount) bool { return a.Role == string(role) })
	if at < 0 {
		return tryAccount{}, false
	}
	return accounts[at], true
}

// printAccounts prints the three accounts to try, each with what its sign-in asks for, and
// names the others.
func (c *command) printAccounts(accounts []tryAccount) {
	var told []string
	for _, role := range triedRoles {
		a, found := firstOf(accounts, role)
		if !found {
			continue
		}
		told = append(told, a.Email)
		c.printf("demo_account", c.words.text("role_"+a.Role), a.Email, a.Hub, a.Token)
		if len(a.RecoveryCodes) > 0 {
			c.printf("demo_factor", a.RecoveryCodes[0])
		}
	}
	var others []string
	for _, a := range accounts {
		if !slices.Contains(told, a.Email) {
			others = append(others, a.Email)
		}
	}
	if len(others) > mostOthers {
		others = append(others[:mostOthers], "…")
	}
	if len(others) > 0 {
		c.printf("demo_others", strings.Join(others, ", "))
	}
}

// mostOthers is how many other accounts are named; --json has them all.
const mostOthers = 4

// basketToo is what the home page of a demo offers together with the studio of the walk.
var basketToo = []string{"rouyn-noranda-trousse-camera-plein-format", "rouyn-noranda-accompagnement-numerique"}

// trial is whom and with what the pages let a person try the network.
func (n *network) trial(ctx context.Context, accounts []tryAccount) (*web.Demo, error) {
	d := &web.Demo{Enter: n.enterTrial}
	for _, role := range triedRoles {
		a, found := firstOf(accounts, role)
		if !found {
			continue
		}
		m, err := n.directory.MemberByEmail(ctx, identity.System, a.Email)
		if err != nil {
			return nil, err
		}
		hub, err := n.catalog.Hub(ctx, a.Hub)
		if err != nil {
			return nil, err
		}
		d.Accounts = append(d.Accounts, web.DemoAccount{Role: a.Role, Name: m.Name, Email: a.Email, Town: hub.Town})
	}
	walk, found, err := n.demo().Walk(ctx)
	if err != nil || !found {
		return d, err
	}
	d.Try = web.DemoTry{Category: "medialab", Resource: walk.Resource, Hub: walk.Hub}
	d.Try.Basket = []string{walk.Resource}
	for _, slug := range basketToo {
		if _, err := n.catalog.Resource(ctx, slug); err != nil {
			d.Try.Basket = nil // without all of it there is none to try
			break
		}
		d.Try.Basket = append(d.Try.Basket, slug)
	}
	return d, nil
}

// enterTrial opens a session of a person of the demo, of two steps: what their role asks for is
// there at once.
func (n *network) enterTrial(ctx context.Context, email, device string) (secret string, err error) {
	m, err := n.directory.MemberByEmail(ctx, identity.System, email)
	if err != nil {
		return "", err
	}
	err = n.db.In(ctx, func(tx *database.Tx) (err error) {
		secret, _, err = n.directory.OpenSession(tx, m.ID, "demo", 2, device)
		return err
	})
	n.directory.Forget(m.ID)
	return secret, err
}

// printWalk prints commands that find, show, book and follow a studio.
func (c *command) printWalk(url string, accounts []tryAccount, w demo.Walk) {
	artist, _ := firstOf(accounts, identity.PlainMember)
	token := artist.Token
	from, to := w.StartsAt.UTC().Format(time.RFC3339), w.EndsAt.UTC().Format(time.RFC3339)
	c.printf("demo_try")
	for _, line := range [][2]string{
		{"demo_find", fmt.Sprintf("curl '%s/api/v1/resources?kind=space&category=medialab'", url)},
		{"demo_free", fmt.Sprintf("curl '%s/api/v1/availability?resource=%s&from=%s&to=%s'", url, w.Resource,
			w.StartsAt.Add(-6*time.Hour).UTC().Format(time.RFC3339), w.StartsAt.Add(18*time.Hour).UTC().Format(time.RFC3339))},
		{"demo_book", fmt.Sprintf("curl %s/api/v1/bookings -H 'Authorization: Bearer %s' -H 'Content-Type: application/json' \\\n"+
			`    -d '{"resource": "%s", "starts_at": "%s", "ends_at": "%s"}'`, url, token, w.Resource, from, to)},
		{"demo_calendar", fmt.Sprintf("curl %s/calendars/hubs/%s.ics", url, w.Hub)},
	} {
		c.printf("plain", "  "+c.words.text(line[0])+"\n  "+line[1]+"\n")
	}
}
