package booking

import (
	"context"
	"slices"
	"strings"
	"time"

	"canot/internal/database"
	"canot/internal/fault"
	"canot/internal/identity"
	"canot/inventory"
)

// A Waiver lifts one named rule for one booking. There is none for the whole of a
// booking's rules, and none for anybody's every booking.
type Waiver struct {
	Rule    string    `db:"rule" json:"rule"`     // the code of a violation
	Reason  string    `db:"reason" json:"reason"` // why, for those who look later; never empty
	GivenBy string    `db:"given_by" json:"given_by"`
	GivenAt time.Time `db:"given_at" json:"given_at"`
}

const maxReason = 500 // characters

// waivable are the rules that a person may lift for one booking. What is not here stands
// for everybody: what is taken, what the law or the safety of a room asks, what the member
// alone can do.
var waivable = map[string]bool{
	"off_grain": true, "too_short": true, "too_long": true, "too_soon": true, "too_far": true,
	"closed": true, "ends_closed": true, "never_open": true, "closure": true,
	"tier_not_admitted": true, "tier_too_far": true, "tier_too_long": true, "too_many_upcoming": true, "quota_spent": true,
	"certification_missing": true, "certification_lapses": true, "too_young": true, "age_unknown": true,
	"cutoff_passed": true, "suspended": true,
}

// Waivable lists the codes of the rules that may be lifted, in order.
func Waivable() []string {
	var codes []string
	for code := range waivable {
		codes = append(codes, code)
	}
	slices.Sort(codes)
	return codes
}

// waivedBy are the roles that may lift a rule; single rights may add persons to them.
var waivedBy = identity.RolesWith(identity.Waive)

// sayWhoWaives notes on each broken rule who may lift it.
func sayWhoWaives(broken []fault.Violation) []fault.Violation {
	for i, v := range broken {
		if waivable[v.Code] {
			broken[i].WaivableBy = waivedBy
		}
	}
	return broken
}

// judgeWaivers says whether who may lift these rules for a booking, which need not be made
// yet: not for their own, nor for that of an organisation that they act for. It returns a Forbidden fault for who has no such right, and violations for the rest.
func (b *Book) judgeWaivers(r database.Reader, who identity.Actor, x Booking, wanted []Waiver) ([]fault.Violation, error) {
	if len(wanted) == 0 {
		return nil, nil
	}
	if !who.May(identity.Waive, x.HubID, x.regionID) {
		return nil, identity.Denied(who)
	}
	own, err := b.owns(r, who, x)
	if err != nil {
		return nil, err
	}
	var broken []fault.Violation
	no := func(code string, params fault.Params) {
		params["field"] = "waive"
		broken = append(broken, fault.Violation{Code: code, Params: params})
	}
	if own {
		no("own_waiver", fault.Params{})
	}
	for i := range wanted {
		w := &wanted[i]
		w.Reason = strings.TrimSpace(w.Reason)
		switch {
		case !waivable[w.Rule]:
			no("not_waivable", fault.Params{"rule": clip(w.Rule)})
		case w.Reason == "":
			no("reason_required", fault.Params{"rule": w.Rule})
		case len([]rune(w.Reason)) > maxReason:
			no("too_long_text", fault.Params{"most": maxReason})
		case inventory.Unwritable(w.Reason, false):
			no("bad_text", fault.Params{})
		}
	}
	return broken, nil
}

// waivedSet are the codes that waivers lift.
func waivedSet(all []Waiver) map[string]bool {
	set := make(map[string]bool, len(all))
	for _, w := range all {
		set[w.Rule] = true
	}
	return set
}

// insertWaivers writes what was lifted for a booking, and who lifted it, in the log too.
func insertWaivers(tx *database.Tx, who identity.Actor, b Booking, all []Waiver) error {
	var rows [][]any
	var changes []database.Change
	for i, w := range all {
		if slices.ContainsFunc(all[:i], func(o Waiver) bool { return o.Rule == w.Rule }) {
			continue
		}
		id := database.NewID()
		rows = append(rows, []any{id, b.ID, w.Rule, w.Reason, who.ID, tx.Now})
		changes = append(changes, database.Change{By: who.ID, Action: "booking.waive", Kind: "waiver", Subject: id,
			After: map[string]string{"booking": b.ID, "rule": w.Rule}})
	}
	if len(rows) == 0 {
		return nil
	}
	if err := tx.Insert(`INSERT INTO waivers (id, booking_id, rule, reason, given_by, given_at) VALUES `, rows...); err != nil {
		return err
	}
	return tx.Record(changes...)
}

// waivedFor reads what was lifted for a booking.
func waivedFor(r database.Reader, bookingID string) ([]Waiver, map[string]bool, error) {
	all := []Waiver{}
	err := r.Select(&all, `SELECT rule, reason, given_by, given_at FROM waivers WHERE booking_id = $1 ORDER BY given_at, id`, bookingID)
	return all, waivedSet(all), err
}

// Waivers lists the rules that were lifted for a booking, to its member, to staff, and to who may
// lift rules at its hub.
func (b *Book) Waivers(ctx context.Context, who identity.Actor, id string) ([]Waiver, error) {
	r := b.db.Reader(ctx)
	_, err := b.mine(r, who, id, identity.ViewBookings, 0)
	if fault.Is(err, "booking_not_found") {
		_, err = b.mine(r, who, id, identity.Waive, 0)
	}
	if err != nil {
		return nil, err
	}
	all, _, err := waivedFor(b.db.Reader(ctx), id)
	return all, err
}

// Waive lifts one rule for a booking that is there already, for its approval, its next
// move, its hand-over. It asks for the right to waive at its hub; nobody lifts a rule for
// themself. Lifting it twice is the same as once. It is Refused for a rule that nobody may
// lift, and without a reason.
func (b *Book) Waive(ctx context.Context, who identity.Actor, id string, w Waiver, key database.Key) (Booking, error) {
	if err := need(who); err != nil {
		return Booking{}, err
	}
	return b.once(ctx, key, func() (Booking, error) {
		was, err := b.mine(b.db.Reader(ctx), who, id, identity.Waive, 0)
		if err != nil {
			return Booking{}, err
		}
		wanted := []Waiver{w}
		broken, err := b.judgeWaivers(b.db.Reader(ctx), who, was, wanted)
		if err != nil {
			return Booking{}, err
		}
		if !was.Status.Live() {
			return Booking{}, badStatus(was)
		}
		if len(broken) > 0 {
			return Booking{}, &Refusal{Fault: refusalOf(broken)}
		}
		err = b.db.In(ctx, func(tx *database.Tx) error {
			if err := tx.Lock("bookings", was.ID); err != nil {
				return err
			}
			_, lifted, err := waivedFor(tx, was.ID)
			if err == nil && !lifted[w.Rule] {
				err = insertWaivers(tx, who, was, wanted)
			}
			if err != nil {
				return err
			}
			return tx.Keep(key, answer{Booking: &was})
		})
		return was, err
	})
}
