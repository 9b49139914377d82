package main

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"canot/api"
	"canot/booking"
	"canot/booking/calendar"
	"canot/internal/database"
	"canot/internal/fault"
	"canot/internal/identity"
	"canot/inventory"
)

// A network is the open data base with everything that works on it.
type network struct {
	db        *database.DB
	catalog   *inventory.Catalog
	directory *identity.Directory
	book      *booking.Book
	feeds     *calendar.Feeds
	log       *slog.Logger
}

// errStopped says that the program was told to stop before it had begun.
var errStopped = errors.New("stopped")

// opening says how open treats the data base.
type opening struct {
	url     string
	conns   int
	create  bool          // make a SQLite file that is not there, for who opens by command.open
	migrate bool          // bring the schema up to date first
	ready   bool          // refuse a schema that is not up to date
	wait    time.Duration // how long a data base that is away is waited for
	waiting func(error)   // told once, when the wait begins; may be nil
	log     *slog.Logger
}

// open opens the data base, waits for it, migrates it when asked to, and puts
// the verbs on it. The caller closes the network.
func open(ctx context.Context, o opening) (*network, error) {
	db, err := reach(ctx, o)
	if err != nil {
		return nil, err
	}
	if o.migrate {
		err = db.Migrate(ctx)
	} else if o.ready {
		err = db.Ready(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return assemble(db, o.log), nil
}

// reach opens the data base, and again while it is away and the wait lasts: a
// server that starts together with its data base is often a little faster.
func reach(ctx context.Context, o opening) (*database.DB, error) {
	patience, cancel := context.WithTimeout(ctx, o.wait)
	defer cancel()
	for pause, first := 250*time.Millisecond, true; ; first = false {
		db, err := database.Open(ctx, database.Settings{URL: o.url, MaxConns: o.conns})
		if err == nil {
			if err = db.Ping(ctx); err == nil {
				return db, nil
			}
			err = errors.Join(err, db.Close())
		}
		if fault.KindOf(err) != fault.Unavailable || o.wait <= 0 {
			return nil, err
		}
		if first && o.waiting != nil {
			o.waiting(err)
		}
		select {
		case <-patience.Done():
			if ctx.Err() != nil {
				return nil, errStopped
			}
			return nil, err
		case <-time.After(pause):
			pause = min(2*pause, 2*time.Second)
		}
	}
}

// assemble puts the verbs on an open data base.
func assemble(db *database.DB, log *slog.Logger) *network {
	catalog := inventory.New(db)
	return &network{
		db: db, log: log,
		catalog:   catalog,
		directory: identity.New(db),
		book:      booking.New(db, catalog),
		feeds:     calendar.New(db),
	}
}

// close closes the data base.
func (n *network) close() error { return n.db.Close() }

// handler is what the server answers with.
func (n *network) handler(c config) http.Handler {
	return api.New(api.Deps{
		DB: n.db, Catalog: n.catalog, Directory: n.directory, Book: n.book, Feeds: n.feeds, Log: n.log,
		PublicURL: string(c.PublicURL), Limits: c.Limits, TrustedProxies: c.Proxies, Version: build().Version,
	})
}

// work runs the jobs, and forgets old answers, until ctx is done.
func (n *network) work(ctx context.Context) error {
	purged := make(chan struct{})
	go func() { defer close(purged); n.purge(ctx) }()
	// Nothing may still ask the data base when it is closed after this.
	defer func() { <-purged }()
	return database.NewWorker(n.db, n.log, n.book.Handlers()).Run(ctx)
}

// Answers to writes are promised for 30 days; a few more cost nothing.
const (
	answersKept = 35 * 24 * time.Hour
	purgeEvery  = 6 * time.Hour
)

// purge forgets kept answers that are older than promised, until ctx is done.
func (n *network) purge(ctx context.Context) {
	for {
		if err := n.db.PurgeAnswers(ctx, n.db.Now().Add(-answersKept)); err != nil && ctx.Err() == nil {
			n.log.Warn("purge of kept answers", "error", err.Error())
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(purgeEvery):
		}
	}
}
