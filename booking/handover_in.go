package booking

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"time"

	"canot/internal/database"
	"canot/internal/fault"
	"canot/internal/identity"
	"canot/inventory"
	"canot/inventory/hours"
	"canot/inventory/stock"
	"canot/inventory/upkeep"
)

// clockSkew is how much earlier than its hand-over a device may say that a unit came back: clocks differ.
const clockSkew = 2 * time.Minute

// CheckIn takes a unit back, whatever booking it is out with. Its occupancy ends now, with the
// clean-up that its policy asks for, so that the rest of its time is free in the same commit; the
// booking is completed when nothing of it is out or waits to be handed out. What is damaged, or lacks a required component, goes out
// of service, with a ticket, and its next bookings are housed elsewhere. What came back at another
// hub than that of its resource gets a planned journey home. A return that names its loan ends that one and
// no other, however often it is told of.
//
// It asks for the right to hand out where the unit came back. A unit that is back already
// is no error: nothing is written, unless the return tells of a damage that nobody has told before. A
// device may tell of a return of before: one that lies before a later hand-over is refused (moved_since).
func (b *Book) CheckIn(ctx context.Context, who identity.Actor, back Return, key database.Key) (Returned, error) {
	if err := need(who); err != nil {
		return Returned{}, err
	}
	if broken := judgeNotes(back.Condition, back.Trouble); len(broken) > 0 {
		return Returned{}, &Refusal{Fault: refusalOf(broken)}
	}
	a, err := b.onceAnswer(ctx, key, func() (answer, error) {
		got, err := b.checkIn(ctx, who, back, key)
		return answer{Returned: &got}, err
	})
	if err != nil {
		return Returned{}, err
	}
	return *a.Returned, nil
}

func (b *Book) checkIn(ctx context.Context, who identity.Actor, back Return, key database.Key) (Returned, error) {
	r := b.db.Reader(ctx)
	unit, err := unitBy(r, back.Unit)
	if err != nil {
		return Returned{}, b.hideUnit(who, err)
	}
	loans, err := loansOf(r, `n.id IN (SELECT x.id FROM loans x WHERE x.unit_id = $1 ORDER BY `+lastLoan+` LIMIT 1)`, unit.ID)
	if err == nil && back.Loan != "" && (len(loans) == 0 || loans[0].ID != back.Loan) { // it has been out with another since
		loans, err = loansOf(r, `n.id = $1 AND n.unit_id = $2`, back.Loan, unit.ID)
		if err == nil && len(loans) == 0 {
			err = fault.New(fault.NotFound, "loan_not_found", nil)
		}
	}
	if err != nil {
		return Returned{}, err
	}
	hubKey := back.Hub
	if hubKey == "" {
		hubKey = unit.CurrentHubID
		if len(loans) > 0 {
			hubKey = loans[0].OutHubID
		}
	}
	hub, err := b.catalog.Hub(ctx, hubKey)
	if err != nil {
		return Returned{}, err
	}
	if !who.May(identity.HandOut, hub.ID, hub.RegionID) {
		return Returned{}, notTheirs(who, hub)
	}
	if len(loans) == 0 || loans[0].BackAt != nil {
		return b.backAlready(ctx, who, hub, unit, loans, back, key)
	}
	was, err := findBooking(r, loans[0].BookingID)
	if err != nil {
		return Returned{}, err
	}
	in := &returning{b: b, ctx: ctx, who: who, hub: hub, unit: unit, loan: loans[0], back: back}
	_, err = b.carryOut(ctx, who, was, decision{key: key, action: "booking.check_in", apply: in.apply, after: in.after,
		answer: func(Booking) answer { return answer{Returned: &in.done} }})
	return in.done, err
}

// atCounterOf is a booking as it is told to who takes its unit back: of one of a hub whose bookings they may
// not see, no more than what was out and until when.
func atCounterOf(who identity.Actor, b Booking) Booking {
	if who.May(identity.ViewBookings, b.HubID, b.regionID) {
		return b
	}
	return Booking{ID: b.ID, Reference: b.Reference, HubID: b.HubID, HubSlug: b.HubSlug, HubName: b.HubName, Town: b.Town, TimeZone: b.TimeZone,
		Status: b.Status, StartsAt: b.StartsAt, EndsAt: b.EndsAt, Lines: b.Lines, Version: b.Version}
}

// hideUnit tells who stands at no counter nothing of what units there are.
func (b *Book) hideUnit(who identity.Actor, err error) error {
	if fault.KindOf(err) == fault.NotFound && !who.Anywhere(identity.HandOut) {
		return fault.New(fault.NotFound, "unit_not_found", nil)
	}
	return err
}

// backAlready answers a return at a hub of what is not out.
func (b *Book) backAlready(ctx context.Context, who identity.Actor, hub inventory.Hub, unit inventory.Unit, loans []Loan, back Return, key database.Key) (Returned, error) {
	notOut := &Refusal{Fault: refusalOf([]fault.Violation{{Code: "not_out", Params: fault.Params{"unit": unit.Code}}})}
	if len(loans) == 0 {
		return Returned{}, notOut
	}
	last := loans[0]
	if at := second(back.At); !at.IsZero() && last.BackAt.Before(at) {
		// Its hand-over may be waiting on another device: where somebody was to have it then, that is likely.
		var promised int
		err := b.db.Reader(ctx).Get(&promised, `SELECT count(*) FROM occupancies o JOIN bookings b ON b.id = o.booking_id
			WHERE o.unit_id = $1 AND o.live AND o.starts_at <= $2 AND o.ends_at > $2 AND o.booking_id <> $3
				AND b.status IN ('confirmed', 'in_use')`, unit.ID, at, last.BookingID)
		if err != nil {
			return Returned{}, err
		}
		if promised > 0 {
			return Returned{}, notOut
		}
	}
	was, err := findBooking(b.db.Reader(ctx), last.BookingID)
	if err != nil {
		return Returned{}, err
	}
	if back.tells(last) {
		return b.inspect(ctx, who, hub, last, was, back, true, key)
	}
	done := Returned{Loan: last, Booking: atCounterOf(who, was), Already: true}
	return done, b.db.In(ctx, func(tx *database.Tx) error { return tx.Keep(key, answer{Returned: &done}) })
}

// tells reports whether a return says something bad that the loan does not say yet.
func (back Return) tells(l Loan) bool {
	if back.Damaged && !l.Damaged {
		return true
	}
	for id, n := range back.Missing {
		if n > l.Missing[id] {
			return true
		}
	}
	return false
}

// A returning is a return being carried out, under the locks of its booking's resources.
type returning struct {
	b    *Book
	ctx  context.Context
	who  identity.Actor
	hub  inventory.Hub // where it came back
	unit inventory.Unit
	loan Loan
	back Return
	done Returned

	worse bool // more is missing than when it left
}

func (in *returning) apply(s *step) error {
	in.done = Returned{}
	unit, err := unitIn(s.tx, in.unit.ID)
	if err != nil {
		return err
	}
	in.unit = unit
	at := instant(s.tx, in.back.At)
	if at.Before(in.loan.OutAt) {
		if at.Before(in.loan.OutAt.Add(-clockSkew)) {
			return &Refusal{Fault: refusalOf([]fault.Violation{{Code: "moved_since", Params: fault.Params{"unit": unit.Code}}})}
		}
		at = in.loan.OutAt
	}
	incomplete, err := in.count(s.tx)
	if err != nil {
		return err
	}
	if err := in.endTime(s, at, incomplete); err != nil {
		return err
	}
	if err := in.close(s.tx, at); err != nil {
		return err
	}
	o := &outing{b: in.b, ctx: in.ctx, tx: s.tx, who: in.who, unit: in.unit}
	if err := in.found(o, incomplete); err != nil {
		return err
	}
	if err := in.comeTo(o); err != nil {
		return err
	}
	if err := recordLoan(s.tx, in.who, "loan.in", in.loan, nil); err != nil {
		return err
	}
	return in.complete(s)
}

// after does what follows once the booking is written: lateness is counted, and who waits for a unit,
// perhaps this very booking, gets what is free now.
func (in *returning) after(s *step) (err error) {
	given, err := in.b.afterReturn(in.ctx, s.tx, in.who, in.unit, s.is, in.loan)
	if err != nil {
		return err
	}
	in.done.Given = given
	is, err := findBooking(s.tx, s.is.ID)
	in.done.Booking = atCounterOf(in.who, is)
	return err
}

// count counts the components, where somebody has, and notes whether more are missing than before.
func (in *returning) count(tx *database.Tx) (incomplete bool, err error) {
	in.worse = false
	if in.back.Missing == nil { // nobody counted: what was missing is missing, and may be required by now
		var missing int
		err := tx.Get(&missing, `SELECT count(*) FROM components WHERE unit_id = $1 AND required AND missing > 0`, in.unit.ID)
		return missing > 0, err
	}
	var before []struct {
		ID      string `db:"id"`
		Missing int    `db:"missing"`
	}
	if err := tx.Select(&before, `SELECT id, missing FROM components WHERE unit_id = $1`, in.unit.ID); err != nil {
		return false, err
	}
	for _, c := range before {
		in.worse = in.worse || in.back.Missing[c.ID] > c.Missing
	}
	return inventory.CountComponents(in.ctx, tx, in.unit.ID, in.back.Missing)
}

// endTime ends what the booking takes of the unit: with its clean-up, but never later than it did
// before, and at once where something else takes the unit from now on.
func (in *returning) endTime(s *step, at time.Time, incomplete bool) error {
	end := at
	if !incomplete && !in.back.Damaged && in.isHome(s) {
		terms, err := in.b.catalog.Terms(in.ctx, s.tx, s.rules)
		if err != nil {
			return err
		}
		if t := terms[in.unit.ResourceID]; t != nil {
			end = at.Add(time.Duration(t.Resource.Policy.BufferAfter) * time.Minute)
		}
	}
	return endLive(s.tx, in.unit.ID, s.was.ID, end)
}

// isHome reports whether the unit came back where it is booked.
func (in *returning) isHome(s *step) bool { return s.was.HubID == in.hub.ID }

// close closes the loan, raises the unit's meter and takes what was used up off the shelf.
func (in *returning) close(tx *database.Tx, at time.Time) error {
	l := &in.loan
	l.BackAt, l.BackBy, l.BackHubID, l.ConditionIn = &at, in.who.ID, in.hub.ID, in.back.Condition
	l.Damaged, l.Missing, l.Doubtful = in.back.Damaged, lacking(in.back.Missing), l.Doubtful || in.back.Doubtful
	missing, err := json.Marshal(l.Missing)
	if err != nil {
		return err
	}
	n, err := tx.Exec(`UPDATE loans SET back_at = $2, back_by = $3, back_hub_id = $4, condition_in = $5, missing = $6, damaged = $7, doubtful = $8
		WHERE id = $1 AND back_at IS NULL`, l.ID, at, l.BackBy, l.BackHubID, l.ConditionIn, string(missing), l.Damaged, l.Doubtful)
	if err == nil && n == 0 {
		err = errAgain
	}
	if err != nil {
		return err
	}
	if err := in.useUp(tx); err != nil {
		return err
	}
	in.done.Loan = *l
	_, err = upkeep.AddUse(tx, in.who, l.UnitID, int64(at.Sub(l.OutAt)/time.Minute))
	return err
}

// useUp takes what was used up off the shelf of the hub whose counter says so, in order of id: stock.Use locks each, and two returns that
// name the same things in another order must not wait for each other.
func (in *returning) useUp(tx *database.Tx) error {
	var keys []string
	for _, u := range in.back.Uses {
		keys = append(keys, u.Consumable)
	}
	var known []struct {
		ID   string `db:"id"`
		Code string `db:"code"`
	}
	if err := tx.SelectIn(&known, `SELECT id, code FROM consumables WHERE id IN ($list) OR code IN ($list)`, keys); err != nil {
		return err
	}
	uses := slices.Clone(in.back.Uses)
	for _, c := range known {
		for i := range uses {
			if uses[i].Consumable == c.Code {
				uses[i].Consumable = c.ID
			}
		}
	}
	slices.SortStableFunc(uses, func(a, b Use) int { return cmp.Compare(a.Consumable, b.Consumable) })
	for _, u := range uses {
		if err := stock.Use(tx, in.who, in.hub.ID, u.Consumable, u.Quantity, in.loan.BookingID, in.loan.UnitID); err != nil {
			return err
		}
	}
	return nil
}

// lacking are the components of which some are missing.
func lacking(missing map[string]int) map[string]int {
	all := map[string]int{}
	for id, n := range missing {
		if n > 0 {
			all[id] = n
		}
	}
	return all
}

// found does what follows from what was found on the unit: a ticket for who mends it, and the unit
// out of service where it can be lent no more, wherever nothing else keeps it so already.
func (in *returning) found(o *outing, incomplete bool) error {
	if in.back.Missing != nil && !incomplete {
		if err := o.endOpen("incomplete"); err != nil {
			return err
		}
		o.done = Maintenance{}
	}
	var t upkeep.Ticket
	var err error
	if in.back.Damaged || in.worse {
		t, err = upkeep.Open(o.tx, in.who, upkeep.NewTicket{UnitID: in.unit.ID, Kind: upkeep.Damage, Description: cmp.Or(in.back.Trouble, in.back.Condition), ReportedBy: in.who.ID})
		if err != nil {
			return err
		}
	}
	if in.back.Damaged {
		if err := o.endOpen("incomplete"); err != nil { // as in TakeOut: a repair is the more that is known
			return err
		}
		err = in.out(o, Maintenance{Cause: "repair", Reason: in.back.Trouble, MadeBy: in.who.ID, TicketID: t.ID, Open: true})
	}
	if err != nil || !incomplete {
		return err
	}
	return in.out(o, Maintenance{Cause: "incomplete", MadeBy: in.who.ID, TicketID: t.ID, Open: true})
}

// out takes the unit out of service from now on wherever no maintenance does yet.
func (in *returning) out(o *outing, m Maintenance) error {
	gaps, err := o.besides(hours.Span{Start: o.tx.Now, End: database.Forever}, false)
	if err != nil {
		return err
	}
	for _, gap := range gaps {
		m.StartsAt, m.EndsAt = gap.Start, nil
		if gap.End.Before(database.Forever) {
			m.EndsAt = &gap.End
		}
		if err := o.takeOut(m); err != nil {
			return err
		}
		if in.done.Maintenance == nil {
			first := o.done
			in.done.Maintenance = &first
		}
		in.done.Rehomed = append(in.done.Rehomed, o.done.Rehomed...)
		in.done.WithoutUnit = append(in.done.WithoutUnit, o.done.WithoutUnit...)
	}
	return nil
}

// comeTo puts the unit where it came back. From another hub than that of its resource it is to go home.
func (in *returning) comeTo(o *outing) error {
	var resourceHub string
	if err := o.tx.Get(&resourceHub, `SELECT hub_id FROM resources WHERE id = $1`, in.unit.ResourceID); err != nil {
		return err
	}
	if resourceHub == in.hub.ID && in.unit.CurrentHubID == in.hub.ID {
		return nil
	}
	t, err := in.b.sendHome(in.ctx, o.tx, in.who, in.unit, in.hub.ID)
	in.done.TransferID = t.ID
	in.done.Rehomed = append(in.done.Rehomed, t.Rehomed...)
	in.done.WithoutUnit = append(in.done.WithoutUnit, t.WithoutUnit...)
	return err
}

// complete ends the booking when it has nothing left.
func (in *returning) complete(s *step) error {
	left, err := somethingLeft(s.tx, s.was)
	if err != nil || left {
		return err
	}
	s.is.Status = Completed
	return meterMachines(s.tx, in.who, s.was)
}

// somethingLeft reports whether something of a running booking is out, or could still go out.
func somethingLeft(tx *database.Tx, was Booking) (bool, error) {
	out, err := openLoans(tx, was.ID)
	if err != nil || out > 0 || !tx.Now.Before(was.EndsAt) {
		return out > 0, err
	}
	if slices.ContainsFunc(was.Lines, func(l Line) bool { return l.WithoutUnit > 0 }) {
		return true, nil
	}
	all, err := holdings(tx, was.ID)
	return slices.ContainsFunc(all, func(x holding) bool { return !x.used() && x.lasts(was.EndsAt) }), err
}
