package main

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"canot/api"
	"canot/booking"
	"canot/booking/calendar"
	"canot/booking/membership"
	"canot/internal/database"
	"canot/internal/identity"
	"canot/internal/identity/privacy"
	"canot/inventory"
	"canot/inventory/hours"
)

// A bed is a network of one size on one engine, served on the loopback with everything on.
type bed struct {
	options
	engine string
	size   size
	url    string
	dir    string

	db     *database.DB
	people *identity.Directory
	book   *booking.Book
	server *http.Server
	addr   string

	statements recorder
	members    []string // ids
	tokens     []string
	units      []string // ids
	resources  []string // ids
	first      time.Time
	next       atomic.Int64 // the next slot that nobody has
	drop       func()
	steady     time.Time // since when no new connection is expected
}

const (
	clientsMost = 64
	hubs        = 10
	categories  = 10
	opens       = 8  // each day, so many hours after midnight
	hoursOpen   = 14 // and so many of an hour each
)

// A recorder keeps the statements on the wire while it is told to.
type recorder struct {
	mu   sync.Mutex
	on   bool
	list []string
}

func (r *recorder) observe(query string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.on {
		r.list = append(r.list, query)
	}
}

func (r *recorder) during(f func() error) ([]string, error) {
	r.mu.Lock()
	r.on, r.list = true, nil
	r.mu.Unlock()
	err := f()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.on = false
	return r.list, err
}

// newBed makes the data base, fills it, and serves it.
func newBed(ctx context.Context, o options, engine string, s size) (*bed, error) {
	b := &bed{options: o, engine: engine, size: s, drop: func() {}}
	var err error
	if b.dir, err = os.MkdirTemp("", "canot-bench-"); err != nil {
		return nil, err
	}
	if b.url, err = b.makeDatabase(ctx); err != nil {
		return nil, err
	}
	if err := b.open(ctx, b.url); err != nil {
		return nil, err
	}
	if err := b.db.Migrate(ctx); err != nil {
		return nil, err
	}
	if err := b.furnish(ctx); err != nil {
		return nil, err
	}
	if err := b.fill(ctx); err != nil {
		return nil, err
	}
	return b, b.serve()
}

// makeDatabase makes an empty data base and returns its URL.
func (b *bed) makeDatabase(ctx context.Context) (string, error) {
	if b.engine == "sqlite" {
		return "sqlite://" + filepath.Join(b.dir, "canot.db"), nil
	}
	u, err := url.Parse(b.postgres)
	if err != nil || b.postgres == "" {
		return "", fmt.Errorf("no PostgreSQL: say -postgres, or -only sqlite")
	}
	admin, err := sql.Open("postgres", b.postgres)
	if err != nil {
		return "", err
	}
	name := "canot_bench_" + strings.ToLower(database.NewID())
	if _, err := admin.ExecContext(ctx, "CREATE DATABASE "+name+" TEMPLATE template0"); err != nil {
		return "", err
	}
	b.drop = func() {
		_, _ = admin.Exec("DROP DATABASE IF EXISTS " + name + " WITH (FORCE)")
		_ = admin.Close()
	}
	u.Path = "/" + name
	return u.String(), nil
}

// open opens the data base with everything on it.
func (b *bed) open(ctx context.Context, url string) error {
	db, err := database.Open(ctx, database.Settings{URL: url, Observe: b.statements.observe})
	if err != nil {
		return err
	}
	b.db, b.people = db, identity.New(db)
	b.book = booking.New(db, inventory.New(db), identity.New(db), membership.New(db))
	return nil
}

// serve answers on the loopback as canot serve does.
func (b *bed) serve() error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	b.addr = listener.Addr().String()
	b.server = &http.Server{ReadHeaderTimeout: 5 * time.Second, Handler: api.New(api.Deps{
		DB: b.db, Catalog: inventory.New(b.db), Directory: b.people, Book: b.book, Feeds: calendar.New(b.db), Privacy: privacy.New(b.db, b.people),
		Log: slog.New(slog.NewJSONHandler(io.Discard, nil)), Version: "bench",
	})}
	go func() { _ = b.server.Serve(listener) }()
	return nil
}

func (b *bed) stop() {
	if b.server != nil {
		_ = b.server.Close()
	}
	if b.db != nil {
		_ = b.db.Close()
	}
}

func (b *bed) close() {
	b.stop()
	b.drop()
	_ = os.RemoveAll(b.dir)
}

// furnish makes hubs, resources of one unit each, and members with a token each.
func (b *bed) furnish(ctx context.Context) error {
	catalog, sys, no := inventory.New(b.db), identity.System, database.Key{}
	slug := "bench"
	name := &inventory.Text{"fr": slug}
	if _, err := catalog.CreateRegion(ctx, sys, inventory.NamedEdits{Slug: &slug, Name: name}, no); err != nil {
		return err
	}
	if _, err := catalog.CreateOperator(ctx, sys, inventory.OperatorEdits{Slug: &slug, LegalName: &slug}, no); err != nil {
		return err
	}
	for i := range categories {
		category := "category-" + strconv.Itoa(i)
		if _, err := catalog.CreateCategory(ctx, sys, inventory.NamedEdits{Slug: &category, Name: &inventory.Text{"fr": category}}, no); err != nil {
			return err
		}
	}
	week, err := hours.ParseWeek("Mo-Su 08:00-22:00")
	if err != nil {
		return err
	}
	for i := range hubs {
		hub, zone, lat, lng := "hub-"+strconv.Itoa(i), "America/Toronto", 46+float64(i)/4, -79.0
		if _, err := catalog.CreateHub(ctx, sys, inventory.HubEdits{Slug: &hub, Name: &inventory.Text{"fr": hub},
			Region: &slug, Operator: &slug, TimeZone: &zone, Latitude: &lat, Longitude: &lng}, no); err != nil {
			return err
		}
		if _, err := catalog.SetWeek(ctx, sys, inventory.WeekEdits{Hub: hub, Week: week}, no); err != nil {
			return err
		}
	}
	for i := range b.size.units {
		if err := b.addResource(ctx, catalog, i); err != nil {
			return err
		}
	}
	for i := range clientsMost {
		m, err := b.people.CreateMember(ctx, sys, identity.NewMember{Name: "Membre " + strconv.Itoa(i), Language: "fr"})
		if err != nil {
			return err
		}
		token, _, err := b.people.IssueToken(ctx, sys, m.ID, identity.TokenRequest{Label: "bench", Scopes: []string{"read", "book"}})
		if err != nil {
			return err
		}
		b.members, b.tokens = append(b.members, m.ID), append(b.tokens, token)
	}
	return nil
}

func (b *bed) addResource(ctx context.Context, catalog *inventory.Catalog, i int) error {
	hub, category, slug := "hub-"+strconv.Itoa(i%hubs), "category-"+strconv.Itoa(i/hubs%categories), "space-"+strconv.Itoa(i)
	kind, within, half, longest, horizon := inventory.Space, inventory.Inside, 30, 8*60, 730
	r, err := catalog.CreateResource(ctx, identity.System, inventory.ResourceEdits{
		Slug: &slug, Hub: &hub, Category: &category, Kind: &kind, Name: &inventory.Text{"fr": slug},
		Policy: inventory.PolicyEdits{Grain: &half, Shortest: &half, Longest: &longest, Horizon: &horizon, Within: &within},
	}, database.Key{})
	if err != nil {
		return err
	}
	u, err := catalog.AddUnit(ctx, identity.System, slug, inventory.UnitEdits{Code: &slug}, database.Key{})
	if err != nil {
		return err
	}
	b.resources, b.units = append(b.resources, r.ID), append(b.units, u.ID)
	return nil
}

// slot is the n-th hour that a unit may be booked for, unit by unit and day by day from
// the day that is so many days from now.
func (b *bed) slot(n, days int) (unit int, from, to time.Time) {
	unit = n % b.size.units
	n /= b.size.units
	zone, _ := hours.LoadZone("America/Toronto")
	day := hours.DateOf(b.first, zone).AddDays(days + n/hoursOpen)
	from = hours.At(day, hours.Minutes(60*(opens+n%hoursOpen)), zone)
	return unit, from, from.Add(time.Hour)
}

// ahead is how many days from now the slots begin that the measurements book.
const ahead = 30

// fill books every second hour, up to a fortnight from now, and as far back as it takes.
func (b *bed) fill(ctx context.Context) error {
	b.first = b.db.Now()
	each := b.size.bookings / b.size.units
	back := each/(hoursOpen/2) - 14
	var all []booking.Past
	for n := range each * b.size.units {
		// Each day's second hours first, so that every unit has the same load.
		unit, nth := n%b.size.units, n/b.size.units
		slot := (nth/(hoursOpen/2)*hoursOpen+nth%(hoursOpen/2)*2)*b.size.units + unit
		_, from, to := b.slot(slot, -back)
		all = append(all, booking.Past{
			Request: booking.Request{
				Lines: []booking.Want{{Resource: b.resources[unit], Quantity: 1}}, StartsAt: from, EndsAt: to,
				MemberID: b.members[n%len(b.members)], Title: "Répétition",
			},
			MadeAt: from.Add(-24 * time.Hour),
		})
	}
	results, err := b.book.Load(ctx, all, func(done int) {
		if done%100_000 == 0 {
			slog.Info("filled", "bookings", done)
		}
	})
	if err != nil {
		return err
	}
	for i, r := range results {
		if r != nil {
			return fmt.Errorf("booking %d of the filling was refused: %w", i, r)
		}
	}
	if b.engine == "postgres" {
		plain, err := sql.Open("postgres", b.url)
		if err != nil {
			return err
		}
		defer plain.Close()
		_, err = plain.ExecContext(ctx, "VACUUM ANALYZE")
		return err
	}
	return nil
}
