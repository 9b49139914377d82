// Package booking is the book of bookings: what happens to the network's stock,
// and when. It knows occupancies, availability, the rules of time, and every verb
// that takes time or gives it back; it alone writes the tables bookings,
// booking_lines, occupancies and maintenances.
//
// It refuses to know HTTP, languages, engines and what a thing is like: resources
// and their hours come from package inventory, as [inventory.Terms].
//
// Every way in, and every later change, goes the same way: facts are read, judge
// says which rules they break, units are chosen, and the rows are written in a
// transaction that locks the resources and finds the facts unchanged. Below that
// the data base itself refuses two live occupancies of one unit that overlap.
//
// Start reading at [Book.Place].
package booking

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"time"

	"canot/booking/membership"
	"canot/internal/database"
	"canot/internal/fault"
	"canot/internal/identity"
	"canot/inventory"
	"canot/inventory/upkeep"
)

// tries bounds how often a verb looks again after losing a race.
const tries = 10

// A Book is the book of bookings of one network. It may be used by many goroutines.
type Book struct {
	db      *database.DB
	catalog *inventory.Catalog
	people  *identity.Directory
	roster  *membership.Roster
	log     *slog.Logger
	spans   spanCache
	free    freeCache
	names   nameCache
	keys    sync.Map // resource slug or id → id; neither ever changes
}

// New makes the book of bookings on an open data base.
func New(db *database.DB, catalog *inventory.Catalog, people *identity.Directory, roster *membership.Roster) *Book {
	b := &Book{db: db, catalog: catalog, people: people, roster: roster, log: slog.New(slog.DiscardHandler)}
	catalog.WhenPartsChange(b.followParts)
	return b
}

// LogTo makes the book write what its jobs do to log. It is to be called before the book is used.
func (b *Book) LogTo(log *slog.Logger) { b.log = log }

// errAgain is returned from inside an attempt that lost a race and should look again.
var errAgain = errors.New("the facts have changed")

// answer is what is kept under an Idempotency-Key: a booking, a maintenance or a return, or why not.
type answer struct {
	Booking      *Booking      `json:"booking,omitempty"`
	Maintenance  *Maintenance  `json:"maintenance,omitempty"`
	Returned     *Returned     `json:"returned,omitempty"`
	Transfer     *Transfer     `json:"transfer,omitempty"`
	Fault        *fault.Error  `json:"fault,omitempty"`
	Alternatives []Alternative `json:"alternatives,omitempty"`
	Refusal      bool          `json:"refusal,omitempty"`
}

// err gives back the refusal that an answer holds, or nil.
func (a answer) err() error {
	switch {
	case a.Refusal:
		return &Refusal{Fault: a.Fault, Alternatives: a.Alternatives}
	case a.Fault != nil:
		return a.Fault
	}
	return nil
}

// keepRefusal says which failures are kept under an Idempotency-Key: those that
// tell of the state of the book (not found, taken, refused), and no others.
func keepRefusal(err error) (answer, bool) {
	f := fault.Of(err)
	if f == nil {
		return answer{}, false
	}
	switch f.Kind {
	case fault.NotFound, fault.Taken, fault.Refused:
	default:
		return answer{}, false
	}
	a := answer{Fault: f}
	var r *Refusal
	if errors.As(err, &r) {
		a.Refusal, a.Alternatives = true, r.Alternatives
	}
	return a, true
}

// once runs a verb that yields a booking under an Idempotency-Key, looking again
// when it loses a race.
func (b *Book) once(ctx context.Context, key database.Key, attempt func() (Booking, error)) (Booking, error) {
	a, err := b.onceAnswer(ctx, key, func() (answer, error) {
		got, err := attempt()
		return answer{Booking: &got}, err
	})
	if err != nil {
		return Booking{}, err
	}
	return *a.Booking, nil
}

func (b *Book) onceAnswer(ctx context.Context, key database.Key, attempt func() (answer, error)) (answer, error) {
	a, err := database.Once(ctx, b.db, key, func() (answer, error) {
		return persist(attempt)
	}, keepRefusal)
	if err == nil {
		err = a.err()
	}
	return a, err
}

// persist makes an attempt again when it lost a race, a few times.
func persist[T any](attempt func() (T, error)) (T, error) {
	for try := 1; ; try++ {
		got, err := attempt()
		if !isRace(err) {
			return got, err
		}
		if try == tries {
			return got, fault.New(fault.Unavailable, "busy", nil).Because(err)
		}
	}
}

// isRace reports whether err means that another transaction came first and that
// looking again will tell what is left.
func isRace(err error) bool {
	if errors.Is(err, errAgain) {
		return true
	}
	switch database.Constraint(err) {
	case "occupancies_no_overlap", "bookings_reference_unique":
		return true
	}
	return false
}

// need refuses an actor who is not signed in, or whose token may only read.
func need(who identity.Actor) error {
	if who.ID == "" {
		return fault.New(fault.Unauthenticated, "sign_in", nil)
	}
	if !who.Holds(identity.ScopeBook) {
		return identity.Denied(who)
	}
	return nil
}

// resolve turns keys (ids or slugs) of resources into ids. An unknown key is a
// NotFound fault that names it.
func (b *Book) resolve(r database.Reader, keys []string) ([]string, error) {
	ids := make([]string, len(keys))
	var unknown []string
	for i, k := range keys {
		if id, ok := b.keys.Load(k); ok {
			ids[i] = id.(string)
		} else {
			unknown = append(unknown, k)
		}
	}
	if len(unknown) == 0 {
		return ids, nil
	}
	known, err := b.catalog.ResourceIDs(r, unknown)
	if err != nil {
		return nil, err
	}
	for key, id := range known {
		b.keys.Store(key, id)
	}
	for i, k := range keys {
		id, ok := b.keys.Load(k)
		if !ok {
			return nil, fault.New(fault.NotFound, "resource_not_found", fault.Params{"resource": clip(k)})
		}
		ids[i] = id.(string)
	}
	return ids, nil
}

// clip shortens a key from outside before it is said back.
func clip(s string) string {
	s = strings.ToValidUTF8(s, "")
	if r := []rune(s); len(r) > 60 {
		return string(r[:60])
	}
	return s
}

// lockResources takes the lock under which the time of resources is given out, by
// raising their versions, and returns the versions as they were before. Ids are
// taken in order, so that two baskets never wait for each other.
func lockResources(tx *database.Tx, ids []string) (map[string]versions, error) {
	if len(ids) > 1 {
		if err := tx.Lock("resources", ids...); err != nil {
			return nil, err
		}
	}
	var rows []versions
	err := tx.SelectIn(&rows, `
		UPDATE resources SET version = version + 1 WHERE id IN ($list)
		RETURNING id, version, rules_version`, ids)
	if err != nil {
		return nil, err
	}
	before := make(map[string]versions, len(rows))
	for _, v := range rows {
		v.Version--
		before[v.ID] = v
	}
	return before, nil
}

// versions say whether anything about a resource has changed since it was read.
type versions struct {
	ID           string `db:"id"`
	Version      int64  `db:"version"`
	RulesVersion int64  `db:"rules_version"`
}

// bookingJob are the arguments of the job booking.due and of notices.
type bookingJob struct {
	Booking string `json:"booking"`
	What    string `json:"what,omitempty"`
}

// Handlers are the jobs that the book does by itself.
func (b *Book) Handlers() map[string]database.Handler {
	return map[string]database.Handler{
		"booking.due": func(ctx context.Context, raw json.RawMessage) error {
			var args bookingJob
			if err := json.Unmarshal(raw, &args); err != nil {
				return err
			}
			return b.Settle(ctx, args.Booking)
		},
		remindJob:       b.remind,
		lateJob:         b.late,
		incompleteJob:   b.keepIncompleteOut,
		upkeep.BlockJob: b.block,
	}
}

// second cuts t to the second, in UTC: what the book keeps and compares.
func second(t time.Time) time.Time { return t.UTC().Truncate(time.Second) }
