package main

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"net/http"
	"sync"
	"time"

	"canot/api"
	"canot/booking"
	"canot/booking/calendar"
	"canot/booking/membership"
	"canot/internal/database"
	"canot/internal/fault"
	"canot/internal/identity"
	"canot/internal/identity/privacy"
	"canot/internal/identity/signin"
	"canot/inventory"
	"canot/inventory/files"
	"canot/inventory/stock"
	"canot/inventory/upkeep"
	"canot/web"
	"canot/web/mail"
)

// A network is the open data base with everything that works on it.
type network struct {
	db        *database.DB
	catalog   *inventory.Catalog
	directory *identity.Directory
	roster    *membership.Roster
	book      *booking.Book
	stock     *stock.Room
	files     *files.Store
	upkeep    *upkeep.Desk
	feeds     *calendar.Feeds
	privacy   *privacy.Office
	log       *slog.Logger

	equipped sync.Once // see equip
	gate     *signin.Gate
	send     mail.Sender // nil when there is no way to send mail
	kept     *mail.Kept  // the mail of a demo, nil elsewhere
	tryout   *web.Demo   // whom a demo may be tried as, nil elsewhere
	post     *mail.Post  // nil without send
	site     *web.Site   // what handler made last, nil before
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
	catalog, directory := inventory.New(db), identity.New(db)
	roster := membership.New(db)
	book, desk := booking.New(db, catalog, directory, roster), upkeep.New(db, catalog)
	return &network{
		db: db, log: log,
		catalog:   catalog,
		directory: directory,
		roster:    roster,
		book:      book,
		stock:     stock.New(db, catalog),
		files:     files.New(db),
		upkeep:    desk,
		feeds:     calendar.New(db),
		privacy:   privacy.New(db, directory, personalParts(db, book, desk)...),
	}
}

// personalParts is what each package knows of a person, in the order in which it is erased: bookings
// first, which end and lock resources; the account last, by whose address the others may still look.
func personalParts(db *database.DB, book *booking.Book, desk *upkeep.Desk) []privacy.Part {
	return []privacy.Part{
		{Name: "bookings", About: booking.About, Shown: booking.Shown, End: book.Withdraw, Erase: booking.Forget, Answers: booking.Answers, Retain: func(ctx context.Context, before func(string) time.Time) (int, error) {
			return book.ForgetTexts(ctx, before("booking_texts"))
		}},
		{Name: "desk", About: booking.AboutDesk, Shown: privacy.Hidden},
		{Name: "stock", About: stock.About, Shown: privacy.Hidden, Erase: stock.Forget},
		{Name: "memberships", About: membership.About, Erase: membership.Forget},
		{Name: "upkeep", About: upkeep.About, Shown: privacy.Hidden, Erase: upkeep.Forget, Retain: func(ctx context.Context, before func(string) time.Time) (int, error) {
			return desk.ForgetTexts(ctx, before("booking_texts"))
		}},
		{Name: "sign_in", About: signin.About, Shown: privacy.Hidden, Erase: signin.Forget, Retain: func(ctx context.Context, before func(string) time.Time) (int, error) {
			return signin.Retain(ctx, db, before("signin"))
		}},
		{Name: "account", About: identity.About, Shown: identity.Shown, Erase: identity.Forget},
	}
}

// close closes the data base.
func (n *network) close() error { return n.db.Close() }

// handler is what the server answers with.
func (n *network) handler(c config) http.Handler {
	n.equip(c)
	n.site = web.New(web.Deps{
		DB:   n.db,
		Gate: n.gate, Directory: n.directory, Catalog: n.catalog, Roster: n.roster, Book: n.book, Feeds: n.feeds, Privacy: n.privacy,
		Stock: n.stock, Files: n.files, Upkeep: n.upkeep,
		PublicURL: string(c.PublicURL), Kept: n.kept, Demo: n.tryout, NoMail: n.send == nil,
	})
	return api.New(api.Deps{
		Gate:  n.gate,
		Pages: n.site.Mount, ProblemPage: n.site.Problem, LargePages: web.LargeBodies(),
		DB: n.db, Catalog: n.catalog, Directory: n.directory, Roster: n.roster, Book: n.book, Feeds: n.feeds, Privacy: n.privacy, Log: n.log,
		Upkeep: n.upkeep, Stock: n.stock, Files: n.files, TakeReport: n.site.TakeReport, PublicURL: string(c.PublicURL), Limits: c.Limits, TrustedProxies: c.Proxies, Version: build().Version,
	})
}

// work runs the jobs, and forgets old answers, until ctx is done.
func (n *network) work(ctx context.Context) error {
	purged := make(chan struct{})
	go func() { defer close(purged); n.purge(ctx) }()
	// Nothing may still ask the data base when it is closed after this.
	defer func() { <-purged }()
	if err := n.privacy.Start(ctx); err != nil && ctx.Err() == nil {
		n.log.Warn("the daily job on personal data waits for the next start", "error", err.Error())
	}
	if err := n.roster.Begin(ctx); err != nil && ctx.Err() == nil {
		n.log.Warn("the daily job on memberships waits for the next start", "error", err.Error())
	}
	if err := n.book.Begin(ctx); err != nil && ctx.Err() == nil {
		n.log.Warn("reminders wait for the next start", "error", err.Error())
	}
	if err := n.upkeep.Begin(ctx); err != nil && ctx.Err() == nil {
		n.log.Warn("what is due by days waits for the next start", "error", err.Error())
	}
	handlers := n.book.Handlers()
	maps.Copy(handlers, n.privacy.Handlers())
	maps.Copy(handlers, n.roster.Handlers())
	maps.Copy(handlers, n.upkeep.Handlers())
	maps.Copy(handlers, n.letterJobs())
	return database.NewWorker(n.db, n.log, handlers).Run(ctx)
}

// Answers to writes are promised for 30 days; a few more cost nothing.
const (
	answersKept = 35 * 24 * time.Hour
	lettersKept = 7 * 24 * time.Hour // where no mail is configured, they wait for it so long
	purgeEvery  = 6 * time.Hour
)

// purge forgets kept answers that are older than promised, until ctx is done.
func (n *network) purge(ctx context.Context) {
	for {
		if err := n.db.PurgeAnswers(ctx, n.db.Now().Add(-answersKept)); err != nil && ctx.Err() == nil {
			n.log.Warn("purge of kept answers", "error", err.Error())
		}
		if err := n.db.DropJobs(ctx, n.db.Now().Add(-lettersKept), "mail", "notice"); err != nil && ctx.Err() == nil {
			n.log.Warn("purge of messages that were not sent", "error", err.Error())
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(purgeEvery):
		}
	}
}
