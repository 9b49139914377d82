package booking

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"canot/booking/membership"
	"canot/internal/database"
	"canot/internal/fault"
	"canot/internal/identity"
	"canot/inventory"
)

// A Loan is one stretch in which a unit is out with a person, from the hand-over to the return.
type Loan struct {
	ID           string         `json:"id" db:"id"`
	BookingID    string         `json:"booking" db:"booking_id"`
	UnitID       string         `json:"unit" db:"unit_id"`
	Code         string         `json:"code" db:"code"` // of the unit
	ResourceName inventory.Text `json:"-" db:"resource_name"`
	OutAt        time.Time      `json:"out_at" db:"out_at"`
	OutBy        string         `json:"out_by" db:"out_by"`
	OutHubID     string         `json:"out_hub" db:"out_hub_id"`
	DueAt        time.Time      `json:"due_at" db:"due_at"`
	BackAt       *time.Time     `json:"back_at" db:"back_at"`
	BackBy       string         `json:"back_by,omitempty" db:"back_by"`
	BackHubID    string         `json:"back_hub,omitempty" db:"back_hub_id"` // "" while it is out, and for what never came back
	ConditionOut string         `json:"condition_out" db:"condition_out"`
	ConditionIn  string         `json:"condition_in" db:"condition_in"`
	Missing      map[string]int `json:"missing,omitempty" db:"-"` // at the return, by component
	Damaged      bool           `json:"damaged" db:"damaged"`
	Doubtful     bool           `json:"doubtful" db:"doubtful"`                // a device's clock told an impossible instant of it
	SignatureID  string         `json:"signature,omitempty" db:"signature_id"` // of the file, "" for none

	line int // of the booking
}

// A HandOut is what leaves the counter for a booking.
type HandOut struct {
	Booking   string            // id
	Units     []string          // ids or codes of what leaves now; none means all that the booking still waits for
	At        time.Time         // when it left, for what a device did without a line; zero for now
	Condition map[string]string // as noted at the hand-over, by unit id
	Signature []byte            // a PNG; nil for none
	OnPaper   bool              // it was signed on paper
	Unsigned  bool              // it left while a device had no line, and nobody could have it signed
	Override  string            // why a unit that is promised to somebody else leaves all the same; "" refuses it
	Swap      bool              // whoever a unit is promised to gets the one that this booking had, where that serves them
	Hub       string            // the counter, by id; "" for the booking's hub
	Doubtful  bool              // At was set right: the device's clock told an impossible instant
	IfVersion int64             // 0 for whatever it is now
}

// A Return is what comes back to a counter.
type Return struct {
	Unit      string         // id or code
	Loan      string         // the loan that is to end, by id; "" for whichever is open
	Hub       string         // where it came back, by id or slug, and whose consumables Uses are; "" for where it went out
	At        time.Time      // zero for now
	Condition string         // as noted
	Missing   map[string]int // of its components, by id; nil when they were not counted
	Damaged   bool           // it goes out of service, in the same commit
	Trouble   string         // what is wrong with it, for who mends it
	Uses      []Use          // consumables that were used up
	Doubtful  bool
}

// A Use is so much of a consumable, in its own measure.
type Use struct {
	Consumable string // id or code, of the hub where the unit came back
	Quantity   int64
}

// Returned is what a return came to.
type Returned struct {
	Loan        Loan         `json:"loan"`
	Booking     Booking      `json:"booking"`
	Already     bool         `json:"already"`               // it was back already: nothing was done
	Maintenance *Maintenance `json:"maintenance,omitempty"` // what opened with it
	TransferID  string       `json:"transfer,omitempty"`    // the journey home that it asks for
	Rehomed     []string     `json:"rehomed,omitempty"`     // bookings that were given an equal unit
	WithoutUnit []string     `json:"without_unit,omitempty"`
	Given       []string     `json:"given,omitempty"` // bookings that waited for a unit and got one
}

// A WalkIn is a person at the counter who has no booking.
type WalkIn struct {
	Hub       string              // id or slug
	Member    string              // id; "" with New
	New       *identity.NewMember // somebody who has no account: a name is enough
	Distinct  bool                // refuse New while somebody of this hub is called so: Taken, namesake
	Units     []string            // ids or codes of what they take; a resource, by id or slug, for any free unit of it
	Until     time.Time           // when it is due
	Title     string
	Signature []byte
	OnPaper   bool
	Waive     []Waiver
	Accepts   []membership.Acceptance // terms that the person accepts at the counter
	Override  string
}

// loanRow is a row of loans, with what readers want of its unit.
type loanRow struct {
	Loan
	Line    int    `db:"line"`
	Lacking string `db:"missing"`
}

const selectLoans = `
	SELECT n.id, n.booking_id, n.line, n.unit_id, u.code, r.name AS resource_name, n.out_at, n.out_by, n.out_hub_id, n.due_at,
		n.back_at, n.back_by, COALESCE(n.back_hub_id, '') AS back_hub_id, n.condition_out, n.condition_in, n.missing, n.damaged,
		n.doubtful, COALESCE(n.signature_id, '') AS signature_id
	FROM loans n JOIN units u ON u.id = n.unit_id
	JOIN booking_lines k ON k.booking_id = n.booking_id AND k.line = n.line JOIN resources r ON r.id = k.resource_id
	WHERE `

// lastLoan puts the loans x of one unit in order, the last one first. Several may have left in one second:
// the one that is out is the last of them, and of the others the one that came back last.
const lastLoan = `CASE WHEN x.back_at IS NULL THEN 0 ELSE 1 END, x.out_at DESC, x.back_at DESC, x.id DESC`

// loansOf reads loans n of units u, in order of hand-over.
func loansOf(r database.Reader, condition string, args ...any) ([]Loan, error) {
	var rows []loanRow
	if err := r.Select(&rows, selectLoans+condition+` ORDER BY n.out_at, n.id`, args...); err != nil {
		return nil, err
	}
	all := make([]Loan, len(rows))
	for i, row := range rows {
		l := row.Loan
		l.line, l.OutAt, l.DueAt = row.Line, l.OutAt.UTC(), l.DueAt.UTC()
		if l.BackAt != nil {
			back := l.BackAt.UTC()
			l.BackAt = &back
		}
		if row.Lacking != "" && row.Lacking != "{}" {
			if err := json.Unmarshal([]byte(row.Lacking), &l.Missing); err != nil {
				return nil, fmt.Errorf("loan %s: %w", l.ID, err)
			}
		}
		all[i] = l
	}
	return all, nil
}

// Loans lists the loans of a booking, in order of hand-over, to its member and to staff of its hub.
func (b *Book) Loans(ctx context.Context, who identity.Actor, bookingID string) ([]Loan, error) {
	r := b.db.Reader(ctx)
	if _, err := b.mine(r, who, bookingID, identity.ViewBookings, 0); err != nil {
		return nil, err
	}
	return loansOf(r, `n.booking_id = $1`, bookingID)
}

// Loan returns one loan, to staff of where it went out or came back; to anybody else there is none.
func (b *Book) Loan(ctx context.Context, who identity.Actor, id string) (Loan, error) {
	return b.loanFor(ctx, who, id, identity.ViewBookings)
}

// loanFor finds a loan for who has a right where it went out or where it came back.
func (b *Book) loanFor(ctx context.Context, who identity.Actor, id string, right identity.Right) (Loan, error) {
	all, err := loansOf(b.db.Reader(ctx), `n.id = $1`, id)
	if err != nil {
		return Loan{}, err
	}
	seen := false
	for _, l := range all {
		for _, key := range []string{l.OutHubID, l.BackHubID} {
			if key == "" {
				continue
			}
			hub, err := b.catalog.Hub(ctx, key)
			if err != nil {
				return Loan{}, err
			}
			if who.May(right, hub.ID, hub.RegionID) {
				return l, nil
			}
			seen = seen || who.May(identity.ViewBookings, hub.ID, hub.RegionID)
		}
	}
	if seen {
		return Loan{}, identity.Denied(who)
	}
	return Loan{}, fault.New(fault.NotFound, "loan_not_found", nil)
}

// recordLoan writes into the log what became of a loan: ids and figures.
func recordLoan(tx *database.Tx, by identity.Actor, action string, l Loan, more map[string]any) error {
	return tx.Record(loanChange(by, action, l, more))
}

func loanChange(by identity.Actor, action string, l Loan, more map[string]any) database.Change {
	after := map[string]any{"booking": l.BookingID, "unit": l.UnitID, "out_at": l.OutAt, "due_at": l.DueAt, "doubtful": l.Doubtful}
	if l.BackAt != nil {
		after["back_at"], after["back_hub"], after["damaged"], after["missing"] = *l.BackAt, l.BackHubID, l.Damaged, l.Missing
	}
	for name, x := range more {
		after[name] = x
	}
	return database.Change{By: by.ID, Action: action, Kind: "loan", Subject: l.ID, After: after}
}

// unitBy reads a unit by id or code, as it is in r.
func unitBy(r database.Reader, key string) (inventory.Unit, error) {
	var u inventory.Unit
	err := r.Get(&u, `
		SELECT id, resource_id, home_hub_id, current_hub_id, code, serial, condition, status, version
		FROM units WHERE id = $1 OR code = $1`, key)
	if errors.Is(err, database.ErrNoRows) {
		err = fault.New(fault.NotFound, "unit_not_found", fault.Params{"unit": clip(key)})
	}
	return u, err
}

// instant is when something happened that is told now: then, or now when that is not said.
func instant(tx *database.Tx, at time.Time) time.Time {
	if at = second(at); at.IsZero() || at.After(tx.Now) {
		return tx.Now
	}
	return at
}

// judgeNotes applies the rules of what is noted at a counter.
func judgeNotes(notes ...string) []fault.Violation {
	var broken []fault.Violation
	for _, text := range notes {
		switch {
		case utf8.RuneCountInString(text) > maxNotes:
			broken = append(broken, fault.Violation{Code: "too_long_text", Params: fault.Params{"most": maxNotes}})
		case inventory.Unwritable(strings.ReplaceAll(text, "\r\n", "\n"), true):
			broken = append(broken, fault.Violation{Code: "bad_text", Params: fault.Params{"field": "condition"}})
		}
	}
	return broken
}

// lentNow and lentBefore count, of an occupancy o of a booking, the loans that were handed out of it: those
// that last, and those that have ended. An occupancy of which a loan has ended, and none lasts, is used: nothing is left
// of it but its past and its clean-up. The same booking may be given the same unit anew.
const (
	lentNow    = `(SELECT count(*) FROM loans n WHERE n.booking_id = o.booking_id AND n.unit_id = o.unit_id AND n.back_at IS NULL AND n.out_at >= o.starts_at AND n.out_at < o.ends_at)`
	lentBefore = `(SELECT count(*) FROM loans n WHERE n.booking_id = o.booking_id AND n.unit_id = o.unit_id AND n.back_at IS NOT NULL AND n.out_at >= o.starts_at AND n.out_at < o.ends_at)`
)

// lentInPart counts, of an occupancy o of a booking b, what is out of it and due before the booking's end: another
// unit has the booking from then on, or none. Late, it may be held for longer than the booking lasts, and is none of
// its units all the same.
const lentInPart = `(SELECT count(*) FROM loans n WHERE n.booking_id = o.booking_id AND n.unit_id = o.unit_id AND n.back_at IS NULL AND n.out_at >= o.starts_at AND n.out_at < o.ends_at AND n.due_at < b.ends_at)`

// A holding is what a booking occupies of one unit.
type holding struct {
	ID       string    `db:"id"`
	UnitID   string    `db:"unit_id"`
	Line     int       `db:"line"`
	StartsAt time.Time `db:"starts_at"`
	EndsAt   time.Time `db:"ends_at"`
	Out      int       `db:"out_now"`
	Back     int       `db:"back"`
	InPart   int       `db:"in_part"`
}

// lasts reports whether the booking has the unit until its end, or until later.
func (x holding) lasts(end time.Time) bool { return x.InPart == 0 && !x.EndsAt.Before(end) }

// used reports whether the unit has come back from it.
func (x holding) used() bool { return x.Back > 0 && x.Out == 0 }

// holdings reads what a booking occupies, in order of time.
func holdings(r database.Reader, bookingID string) (all []holding, err error) {
	err = r.Select(&all, `SELECT o.id, o.unit_id, o.line, o.starts_at, o.ends_at, `+lentNow+` AS out_now, `+lentBefore+` AS back, `+lentInPart+` AS in_part
		FROM occupancies o JOIN bookings b ON b.id = o.booking_id WHERE o.booking_id = $1 AND o.live ORDER BY o.starts_at, o.id`, bookingID)
	return all, err
}

// openLoans counts what is out of a booking.
func openLoans(r database.Reader, bookingID string) (out int, err error) {
	err = r.Get(&out, `SELECT count(*) FROM loans WHERE booking_id = $1 AND back_at IS NULL`, bookingID)
	return out, err
}
