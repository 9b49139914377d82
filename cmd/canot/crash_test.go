package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"canot/internal/database"
	"canot/internal/database/dbtest"
	"canot/internal/identity"
	"canot/inventory"
)

// The true binary is killed while clients book, move and cancel, and started again. What
// a client was told must then hold, to the letter; what it was refused must have left
// nothing; and what it was not told yet is asked again with the same key.
//
// CANOT_TEST_KILLS is how often, for each engine.
func kills() int {
	if n, err := strconv.Atoi(os.Getenv("CANOT_TEST_KILLS")); err == nil && n > 0 {
		return n
	}
	return 10
}

func TestInvariants1To4HoldWhenTheServerIsKilled(t *testing.T) {
	binary := buildBinary(t)
	for _, engine := range engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			c := newCrash(t, binary, dbtest.URL(t, engine))
			for round := range kills() {
				c.round(round, nil)
			}
			c.conclude(kills())
		})
	}
}

func TestInvariants1To4HoldWhenPostgreSQLIsKilled(t *testing.T) {
	binary := buildBinary(t)
	cluster := startOwnCluster(t)
	c := newCrash(t, binary, cluster.fresh())
	for round := range max(2, kills()/4) {
		c.round(round, cluster)
	}
	c.conclude(max(2, kills()/4))
}

// buildBinary builds the program as it is shipped, but for the stripping.
func buildBinary(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "canot")
	build := exec.Command("go", "build", "-tags=nomsgpack", "-o", path, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return path
}

// A crash is a server that keeps being killed, and the clients who use it.
type crash struct {
	t       *testing.T
	binary  string
	url     string
	clients []*client
	dice    *rand.Rand
	healthy []time.Duration // from start to the first answer
}

// newCrash makes a network of a contended studio, a pool of desks, and a room for each
// client alone.
func newCrash(t *testing.T, binary, url string) *crash {
	t.Helper()
	const many = 8
	c := &crash{t: t, binary: binary, url: url, dice: rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 1))}
	db, err := database.Open(t.Context(), database.Settings{URL: url})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	catalog, people := inventory.New(db), identity.New(db)
	resources := map[string]int{"studio": 1, "desks": 3}
	for i := range many {
		resources["room-"+strconv.Itoa(i)] = 1
	}
	if err := smallHub(t.Context(), catalog, resources); err != nil {
		t.Fatal(err)
	}
	for i := range many {
		m, err := people.CreateMember(t.Context(), identity.System, identity.NewMember{Name: "M", Language: "fr"})
		if err != nil {
			t.Fatal(err)
		}
		token, _, err := people.IssueToken(t.Context(), identity.System, m.ID, identity.TokenRequest{
			Label: "crash", Scopes: []string{"read", "book"}, Lifetime: 24 * time.Hour})
		if err != nil {
			t.Fatal(err)
		}
		c.clients = append(c.clients, newClient(i, token))
	}
	return c
}

// smallHub makes a hub that never closes, with resources of so many units each.
func smallHub(ctx context.Context, catalog *inventory.Catalog, resources map[string]int) error {
	sys, no, slug := identity.System, database.Key{}, "here"
	name := &inventory.Text{"fr": slug}
	if _, err := catalog.CreateRegion(ctx, sys, inventory.NamedEdits{Slug: &slug, Name: name}, no); err != nil {
		return err
	}
	if _, err := catalog.CreateOperator(ctx, sys, inventory.OperatorEdits{Slug: &slug, LegalName: &slug}, no); err != nil {
		return err
	}
	if _, err := catalog.CreateCategory(ctx, sys, inventory.NamedEdits{Slug: &slug, Name: name}, no); err != nil {
		return err
	}
	zone, lat, lng := "America/Toronto", 48.5, -78.1
	if _, err := catalog.CreateHub(ctx, sys, inventory.HubEdits{
		Slug: &slug, Name: name, Region: &slug, Operator: &slug, TimeZone: &zone, Latitude: &lat, Longitude: &lng}, no); err != nil {
		return err
	}
	for resource, units := range resources {
		kind, any, half, longest := inventory.Space, inventory.Any, 30, 24*60
		_, err := catalog.CreateResource(ctx, sys, inventory.ResourceEdits{Slug: &resource, Hub: &slug, Category: &slug, Kind: &kind, Name: &inventory.Text{"fr": resource},
			Policy: inventory.PolicyEdits{Grain: &half, Shortest: &half, Longest: &longest, Within: &any}}, no)
		if err != nil {
			return err
		}
		for i := range units {
			code := resource + "-" + strconv.Itoa(i)
			if _, err := catalog.AddUnit(ctx, sys, resource, inventory.UnitEdits{Code: &code}, no); err != nil {
				return err
			}
		}
	}
	return nil
}

// round starts the server, lets each client check what it was told, lets them work, and
// kills the server, or with a cluster now and then its data base, in the middle of it.
func (c *crash) round(n int, cluster *ownCluster) {
	s := c.start()
	c.all(func(cl *client) error { return cl.verify(c.t.Context(), s.url) })
	if c.t.Failed() {
		s.kill()
		c.t.FailNow()
	}
	working, stop := context.WithCancel(c.t.Context())
	var load sync.WaitGroup
	for _, cl := range c.clients {
		load.Go(func() {
			if err := cl.work(working, s.url); err != nil {
				c.t.Error(err)
			}
		})
	}
	time.Sleep(time.Duration(c.dice.IntN(int(400 * time.Millisecond))))
	if cluster != nil && n%2 == 0 {
		cluster.crash()
		time.Sleep(time.Duration(c.dice.IntN(int(100 * time.Millisecond))))
		cluster.start()
	}
	s.kill()
	stop()
	load.Wait()
	if c.t.Failed() {
		c.t.FailNow()
	}
}

func (c *crash) all(f func(*client) error) {
	var all sync.WaitGroup
	for _, cl := range c.clients {
		all.Go(func() {
			if err := f(cl); err != nil {
				c.t.Error(err)
			}
		})
	}
	all.Wait()
}

// conclude checks a last time, and lets canot check look at the data at rest.
func (c *crash) conclude(kills int) {
	s := c.start()
	c.all(func(cl *client) error { return cl.verify(c.t.Context(), s.url) })
	s.kill()
	out, err := exec.Command(c.binary, "check", "--database", c.url).CombinedOutput()
	if err != nil {
		c.t.Errorf("canot check: %v\n%s", err, out)
	}
	total := map[string]int{}
	for _, cl := range c.clients {
		for what, n := range cl.counts {
			total[what] += n
		}
	}
	c.t.Logf("%d kills, healthy again after %v: %v", kills, c.healthy, total)
	expected := []string{"POST 201", "PATCH 200", "cancel 200", "asked again", "replayed"}
	if total["POST 201"] >= 100 { // of fewer, on a busy machine, perhaps none met another
		expected = append(expected, "POST 409")
	}
	for _, what := range expected {
		if total[what] == 0 {
			c.t.Errorf("nothing of %q happened", what)
		}
	}
}

// A served is a running server.
type served struct {
	t    *testing.T
	cmd  *exec.Cmd
	url  string
	said *log
	dead chan struct{}
}

// start starts the binary and waits until it listens.
func (c *crash) start() *served {
	c.t.Helper()
	began := time.Now()
	s := &served{t: c.t, said: &log{}, dead: make(chan struct{})}
	s.cmd = exec.Command(c.binary, "serve")
	s.cmd.Env = []string{"CANOT_DATABASE_URL=" + c.url, "CANOT_ADDR=127.0.0.1:0", "CANOT_ADMIN_ADDR=off", "CANOT_RATE_LIMITS=false", "LANG=en_CA.UTF-8"}
	out, err := s.cmd.StderrPipe()
	if err != nil {
		c.t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(s.kill)
	listening := make(chan string, 1)
	go func() {
		defer close(s.dead)
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			record := struct{ Msg, Addr string }{}
			if json.Unmarshal(lines.Bytes(), &record) == nil && record.Msg == "listening" {
				listening <- record.Addr
			}
			if !strings.Contains(lines.Text(), `"level":"INFO"`) {
				_, _ = s.said.Write(append(lines.Bytes(), '\n'))
			}
		}
		_ = s.cmd.Wait()
	}()
	select {
	case addr := <-listening:
		s.url = "http://" + addr
	case <-s.dead:
		c.t.Fatalf("the server ended: %s", s.said.String())
	case <-time.After(time.Minute):
		c.t.Fatalf("the server does not start: %s", s.said.String())
	}
	c.healthy = append(c.healthy, time.Since(began).Round(time.Millisecond))
	return s
}

// kill ends the server as a power cut would, and waits until it is gone.
func (s *served) kill() {
	_ = s.cmd.Process.Signal(syscall.SIGKILL)
	<-s.dead
}

// An ownCluster is a PostgreSQL server that only this test uses, and may kill.
type ownCluster struct {
	t    *testing.T
	dir  string
	env  []string
	root string
	url  string
}

func startOwnCluster(t *testing.T) *ownCluster {
	t.Helper()
	// A short path: a socket's has 107 bytes. The server's owner must reach it.
	dir, err := os.MkdirTemp("", "canot-kill-")
	if err != nil {
		t.Fatal(err)
	}
	c := &ownCluster{t: t, dir: dir, env: append(os.Environ(), "CANOT_TEST_POSTGRES_DIR="+dir), root: filepath.Join("..", "..")}
	t.Cleanup(func() {
		_, _ = c.script("stop")
		_ = os.RemoveAll(dir)
	})
	c.start()
	return c
}

func (c *ownCluster) script(args ...string) (string, error) {
	cmd := exec.Command(filepath.Join(c.root, ".ci", "postgres"), args...)
	cmd.Env = c.env
	out, err := cmd.Output()
	return strings.TrimSpace(string(out)), err
}

// start starts the cluster. One that was killed may need a moment until the last of its
// processes has noticed.
func (c *ownCluster) start() {
	c.t.Helper()
	var err error
	for range 30 {
		var out string
		if out, err = c.script(); err == nil {
			c.url = out[strings.LastIndex(out, "\n")+1:]
			return
		}
		time.Sleep(200 * time.Millisecond)
	}
	logged, _ := os.ReadFile(filepath.Join(c.dir, "log"))
	c.t.Fatalf("the cluster does not start: %v\n%s", err, logged[max(0, len(logged)-2000):])
}

// fresh makes an empty data base and returns its URL.
func (c *ownCluster) fresh() string {
	c.t.Helper()
	u, err := url.Parse(c.url)
	if err != nil {
		c.t.Fatal(err)
	}
	// Nothing but the program itself opens the data base that is to be killed under it.
	return u.String()
}

// crash kills the postmaster. Its children end by themselves when they notice.
func (c *ownCluster) crash() {
	c.t.Helper()
	text, err := os.ReadFile(filepath.Join(c.dir, "data", "postmaster.pid"))
	if err != nil {
		c.t.Fatal(err)
	}
	first, _, _ := strings.Cut(string(text), "\n")
	pid, err := strconv.Atoi(first)
	if err != nil || pid <= 1 {
		c.t.Fatalf("postmaster.pid: %q", first)
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		c.t.Fatal(fmt.Errorf("kill the postmaster: %w", err))
	}
}
