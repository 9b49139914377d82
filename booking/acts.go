package booking

import (
	"context"
	"encoding/json"
	"time"

	"canot/internal/database"
	"canot/internal/fault"
	"canot/internal/identity"
	"canot/inventory"
)

// An Act is what a device did at a counter while the line was down, or does now. Kind is check_out,
// check_in or arrive.
type Act struct {
	Kind    string         `json:"kind"`
	Booking string         `json:"booking,omitempty"` // id
	Unit    string         `json:"unit,omitempty"`    // id or code; of a check-out "" for all that waits
	Missing map[string]int `json:"missing,omitempty"`
	Damaged bool           `json:"damaged,omitempty"`
	At      time.Time      `json:"at"` // by the clock of the device; zero for now

	Contact time.Time `json:"-"` // when the device last had contact with the server before, by the server's clock; zero when it is not known
}

// The kinds of acts.
const (
	actCheckOut = "check_out"
	actCheckIn  = "check_in"
	actArrive   = "arrive"
)

// A Done is what became of an Act. State is done, already (there was nothing left to do) or unsettled
// (it contradicts what happened meanwhile: it stands on a list until a person settles it).
type Done struct {
	State    string `json:"state"`
	Code     string `json:"code,omitempty"` // why it is unsettled
	Doubtful bool   `json:"doubtful,omitempty"`
	ActID    string `json:"act,omitempty"` // of what is unsettled
}

// The states of a Done.
const (
	actDone      = "done"
	actAlready   = "already"
	actUnsettled = "unsettled"
)

// An UnsettledAct waits for a person. Whose booking it is about is said of bookings of its hub only.
type UnsettledAct struct {
	ID         string    `json:"id" db:"id"`
	HubID      string    `json:"hub" db:"hub_id"`
	Kind       string    `json:"kind" db:"kind"`
	At         time.Time `json:"at" db:"at"`
	ReceivedAt time.Time `json:"received_at" db:"received_at"`
	ByID       string    `json:"by" db:"by_id"`
	ByName     string    `json:"-" db:"by_name"`
	Code       string    `json:"code" db:"code"` // what stands against it
	UnitID     string    `json:"unit,omitempty" db:"unit_id"`
	UnitCode   string    `json:"unit_code,omitempty" db:"unit_code"` // what was scanned, where there is no such unit
	BookingID  string    `json:"booking,omitempty" db:"booking_id"`
	Reference  string    `json:"reference,omitempty" db:"reference"`
	Person     string    `json:"-" db:"person"` // whose booking it is
	PersonID   string    `json:"-" db:"person_id"`
	Doubtful   bool      `json:"doubtful" db:"doubtful"`

	// What a return told of the unit; filled by Unsettled.
	Damaged bool   `json:"damaged" db:"-"`
	Missing []Lack `json:"missing,omitempty" db:"-"` // in order of component
}

// A Lack is so many of a component that were missing.
type Lack struct {
	Component string         `json:"component"` // id
	Name      inventory.Text `json:"-"`         // nil for one that is none any more
	Count     int            `json:"count"`
}

// clockSlack is how far a device's clock may be off before an instant that it tells is impossible.
const clockSlack = 2 * time.Minute

// noClock is before any act of a device whose clock was ever set: one that lost its power begins at 1970, or
// at what its maker chose.
var noClock = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

// instant is when an act can have been done, and whether its device told an instant that it cannot, or
// that nothing vouches for: before the device was last in contact with the server, to come, or of a
// while ago without a contact that is known.
func (a Act) instant(now time.Time) (at time.Time, doubtful bool) {
	at, contact := second(a.At), second(a.Contact)
	switch {
	case at.IsZero():
		return now, false
	case at.After(now):
		return now, at.After(now.Add(clockSlack))
	case contact.IsZero() && at.Before(noClock):
		return now, true
	case contact.IsZero():
		return at, at.Before(now.Add(-clockSlack)) // what we did not say cannot vouch for what is long past
	case at.Before(contact.Add(-clockSlack)):
		return contact, true
	}
	return at, false
}

// CarryOut does what a device did at the counter of a hub, with its own instant, once under its key:
// sent again it answers the same and has no second effect. It asks for the right to hand out at the
// hub. What the state of the book contradicts is kept as unsettled, never lost and never an error;
// errors are those after which the device is to send it again, or somebody else is to sign in. An
// instant that cannot be is moved to the nearest that can, and the loan says so. A signature that a
// policy asks for is missing from what left while the line was down, and the log says so; of what leaves
// now it is asked for, as CheckOut does. Once an act is done, the unsettled acts of its unit and booking
// are tried again: those that only came too early settle by themselves.
func (b *Book) CarryOut(ctx context.Context, who identity.Actor, hubKey string, act Act, key database.Key) (Done, error) {
	c, err := b.Counter(ctx, who, hubKey)
	if err != nil {
		return Done{}, err
	}
	if err := need(who); err != nil {
		return Done{}, err
	}
	if err := act.check(); err != nil {
		return Done{}, err
	}
	at, doubtful := act.instant(c.Now)
	// Who has a line now can have it signed now; what left without one has left, and the log says so.
	d := deed{Act: act, at: at, doubtful: doubtful, hub: c.Hub.ID, unsigned: at.Before(c.Now.Add(-clockSlack))}
	return database.Once(ctx, b.db, key, func() (Done, error) {
		already, err := b.deedDo(ctx, who, d, within(key, "act"))
		done := Done{State: actDone, Doubtful: doubtful}
		if already {
			done.State = actAlready
		}
		if code, against := contradiction(err); against {
			done = Done{State: actUnsettled, Code: code, Doubtful: doubtful, ActID: database.NewID()}
			return done, b.db.In(ctx, func(tx *database.Tx) error {
				if err := tx.Keep(key, done); err != nil {
					return err
				}
				return keepUnsettled(tx, who, d, done)
			})
		}
		if err != nil {
			return Done{}, err
		}
		if err := b.tryUnsettled(ctx, who, c, d); err != nil {
			return Done{}, err
		}
		return done, b.db.In(ctx, func(tx *database.Tx) error { return tx.Keep(key, done) })
	}, nil)
}

// check refuses what no device of ours sends.
func (a Act) check() error {
	switch {
	case a.Kind != actCheckOut && a.Kind != actCheckIn && a.Kind != actArrive:
		return fault.Field("kind", "bad_value")
	case a.Kind == actCheckIn && a.Unit == "":
		return fault.Field("unit", "required")
	case a.Kind != actCheckIn && a.Booking == "":
		return fault.Field("booking", "required")
	}
	return nil
}

// within is the key of a part of what is done under a key.
func within(key database.Key, part string) database.Key {
	if key != (database.Key{}) {
		key.Key += "#" + part
	}
	return key
}

// A deed is an act as it is carried out.
type deed struct {
	Act
	at       time.Time
	doubtful bool
	hub      string // id
	unsigned bool   // it left without a signature that a policy asks for
	swap     bool   // whoever the unit was promised to gets another, where that serves them
	override string // why it left all the same
}

// deedDo does a deed, and reports whether there was nothing left to do.
func (b *Book) deedDo(ctx context.Context, who identity.Actor, d deed, key database.Key) (already bool, err error) {
	switch d.Kind {
	case actCheckIn:
		back, err := b.CheckIn(ctx, who, Return{Unit: d.Unit, Hub: d.hub, At: d.at, Missing: d.Missing, Damaged: d.Damaged, Doubtful: d.doubtful}, key)
		return back.Already && !d.Damaged && len(lacking(d.Missing)) == 0, err // what it tells was written
	case actArrive:
		was, err := b.Booking(ctx, who, d.Booking)
		if err != nil {
			return false, err
		}
		_, err = b.Arrive(ctx, who, d.Booking, d.at, key)
		return was.ArrivedAt != nil, err
	}
	was, err := b.Booking(ctx, who, d.Booking)
	if err != nil {
		return false, err
	}
	out := HandOut{Booking: d.Booking, At: d.at, Hub: d.hub, Doubtful: d.doubtful, Unsigned: d.unsigned, Swap: d.swap, Override: d.override}
	if d.Unit != "" {
		out.Units = []string{d.Unit}
	}
	is, err := b.CheckOut(ctx, who, out, key)
	return err == nil && is.Version == was.Version, err
}

// contradiction reports whether err says that the state of the book stands against an act, and the
// first rule that does: then sending it again would be of no use.
func contradiction(err error) (code string, against bool) {
	f := fault.Of(err)
	if f == nil {
		return "", false
	}
	switch f.Kind {
	case fault.NotFound, fault.Taken, fault.Refused, fault.Forbidden, fault.Stale:
	default:
		return "", false
	}
	if f.Code == "idempotency_key_reused" {
		return "", false // the device would take the answer for its own
	}
	if len(f.Violations) > 0 {
		return f.Violations[0].Code, true
	}
	return f.Code, true
}

// keepUnsettled writes an act onto the list of its hub. What it names and is not there stays in its args.
func keepUnsettled(tx *database.Tx, who identity.Actor, d deed, done Done) error {
	args, err := json.Marshal(Act{Kind: d.Kind, Booking: clip(d.Booking), Unit: clip(d.Unit), Missing: d.Missing, Damaged: d.Damaged, At: d.at})
	if err != nil {
		return err
	}
	_, err = tx.Exec(`INSERT INTO unsettled_acts (id, hub_id, kind, args, at, received_at, by_id, code, unit_id, booking_id, doubtful)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, (SELECT id FROM units WHERE id = $9 OR code = $9), (SELECT id FROM bookings WHERE id = $10), $11)`,
		done.ActID, d.hub, d.Kind, string(args), d.at, tx.Now, who.ID, done.Code, d.Unit, d.Booking, d.doubtful)
	if err != nil {
		return err
	}
	return tx.Record(database.Change{By: who.ID, Action: "act.unsettled", Kind: "act", Subject: done.ActID,
		After: map[string]any{"hub": d.hub, "kind": d.Kind, "at": d.at, "code": done.Code, "doubtful": d.doubtful}})
}
