package booking

import (
	"slices"
	"time"

	"canot/internal/database"
	"canot/internal/fault"
	"canot/internal/identity"
	"canot/inventory"
	"canot/inventory/hours"
)

// give makes one unit one that leaves: it finds its place in the booking, makes room for it in
// time, and writes what the booking occupies of it.
func (g *handing) give(u inventory.Unit) error {
	if slices.ContainsFunc(g.loans, func(l Loan) bool { return l.UnitID == u.ID && l.BackAt == nil }) {
		return nil // out with this very booking
	}
	at := slices.IndexFunc(g.s.is.Lines, func(l Line) bool { return l.ResourceID == u.ResourceID })
	if at < 0 {
		g.no("wrong_unit", fault.Params{"unit": u.Code})
		return nil
	}
	l := &g.s.is.Lines[at]
	if l.Kind != inventory.Equipment {
		g.comes = true
		return nil
	}
	broken, err := unfit(g.s.tx, u, g.s.was.ID, g.hub, g.at)
	if err != nil || broken != nil {
		if broken != nil {
			g.broken = append(g.broken, *broken)
		}
		return err
	}
	if g.out(l.line) >= l.Quantity {
		g.no("all_out", fault.Params{"unit": u.Code})
		return nil
	}
	if mine := g.holdingOf(u.ID); mine != nil {
		return g.giveOwn(u, l, *mine, nil)
	}
	if later := g.later(u.ID); later != nil {
		return g.bringForward(u, l, *later)
	}
	return g.giveOther(u, l)
}

// giveOwn gives a unit that the booking has, from this instant on, which may be before its time.
// The clean-up after it was out with this very booking is over then.
func (g *handing) giveOwn(u inventory.Unit, l *Line, mine holding, donor *holding) error {
	for _, x := range g.held {
		if x.UnitID == u.ID && x.used() && x.EndsAt.After(g.at) {
			if err := endOne(g.s.tx, x.ID, x.StartsAt, g.at, true); err != nil {
				return err
			}
		}
	}
	due := g.s.was.EndsAt
	if mine.EndsAt.Before(due) {
		due = mine.EndsAt.UTC()
	}
	if g.at.Before(mine.StartsAt) {
		ok, err := g.makeRoom(u, hours.Span{Start: g.at, End: mine.StartsAt.UTC()}, donor)
		if err != nil || !ok {
			return err
		}
		if _, err := g.s.tx.Exec(`UPDATE occupancies SET starts_at = $2 WHERE id = $1`, mine.ID, g.at); err != nil {
			return err
		}
	}
	g.given = append(g.given, giving{unit: u, line: l.line, due: due})
	return nil
}

// bringForward gives a unit now that the booking was to have later, in place of the one that it has until
// then. Where it has none until then it gains one; where all that it has now are for good, the two change places.
func (g *handing) bringForward(u inventory.Unit, l *Line, later holding) error {
	var until, lasting *holding
	has := g.out(l.line)
	for _, x := range g.waiting(l.line) {
		if !slices.ContainsFunc(g.given, func(y giving) bool { return y.unit.ID == x.UnitID }) {
			has++
		}
		switch {
		case g.named[x.UnitID]:
		case x.lasts(g.s.was.EndsAt):
			lasting = &x
		case until == nil || x.EndsAt.Equal(later.StartsAt):
			until = &x
		}
	}
	switch {
	case until != nil && (until.EndsAt.Equal(later.StartsAt) || has >= l.Quantity):
		if err := g.giveUp(*until, l); err != nil {
			return err
		}
	case has < l.Quantity:
		until = nil
	case lasting != nil:
		g.gone[lasting.UnitID], until = true, lasting
		if _, err := g.s.tx.Exec(`UPDATE occupancies SET starts_at = $2 WHERE id = $1`, lasting.ID, later.StartsAt); err != nil {
			return err
		}
	default:
		g.no("all_out", fault.Params{"unit": u.Code})
		return nil
	}
	return g.giveOwn(u, l, later, until)
}

// giveOther gives a unit that the booking was not given: instead of one that it has and that is
// not asked for, else for one that it lost or that has come back.
func (g *handing) giveOther(u inventory.Unit, l *Line) error {
	after := time.Duration(g.terms[l.ResourceID].Resource.Policy.BufferAfter) * time.Minute
	span, due := hours.Span{Start: g.at, End: g.s.was.EndsAt.Add(after)}, g.s.was.EndsAt
	var donor *holding
	for _, x := range g.waiting(l.line) {
		if !g.named[x.UnitID] {
			donor = &x
			break
		}
	}
	switch {
	case donor != nil:
		span.End = donor.EndsAt.UTC()
		if span.End.Before(due) {
			due = span.End
		}
		if err := g.giveUp(*donor, l); err != nil {
			return err
		}
	case l.WithoutUnit > 0:
		l.WithoutUnit--
		if _, err := g.s.tx.Exec(`UPDATE booking_lines SET without_unit = without_unit - 1 WHERE booking_id = $1 AND line = $2`, g.s.was.ID, l.line); err != nil {
			return err
		}
	case slices.ContainsFunc(g.loans, func(n Loan) bool { return n.line == l.line }):
		// One that has come back makes room for another.
	default:
		g.no("all_out", fault.Params{"unit": u.Code})
		return nil
	}
	if err := endLive(g.s.tx, u.ID, g.s.was.ID, g.at); err != nil {
		return err
	}
	ok, err := g.makeRoom(u, span, donor)
	if err != nil || !ok {
		return err
	}
	l.Units = append(l.Units, u.ID)
	slices.Sort(l.Units)
	l.Units = slices.Compact(l.Units)
	g.given = append(g.given, giving{unit: u, line: l.line, due: due})
	return insertOccupancies(g.s.tx, g.s.is, []chosen{{line: l.line, unit: u, span: span}})
}

// giveUp ends what the booking occupies of a unit that stays on the shelf.
func (g *handing) giveUp(x holding, l *Line) error {
	g.gone[x.UnitID] = true
	l.Units = slices.DeleteFunc(l.Units, func(id string) bool { return id == x.UnitID })
	return endOne(g.s.tx, x.ID, x.StartsAt, g.at, false)
}

// endOne ends an occupancy at an instant. What never was ends altogether; what was stays in the
// books: live where keep says so, as the past of a unit that was really used.
func endOne(tx *database.Tx, id string, starts, at time.Time, keep bool) error {
	if !at.After(starts) {
		_, err := tx.Exec(`UPDATE occupancies SET live = false WHERE id = $1`, id)
		return err
	}
	_, err := tx.Exec(`UPDATE occupancies SET live = $3, ends_at = $2 WHERE id = $1 AND ends_at > $2`, id, at, keep)
	return err
}

// endLive ends at an instant what a booking occupies of a unit, keeping its past.
func endLive(tx *database.Tx, unitID, bookingID string, at time.Time) error {
	all, err := holdings(tx, bookingID)
	for _, x := range all {
		if err == nil && x.UnitID == unitID && x.EndsAt.After(at) {
			err = endOne(tx, x.ID, x.StartsAt, at, true)
		}
	}
	return err
}

// unfit says why a unit cannot leave a counter at an instant, whoever it is promised to, or nil.
// A device may tell of an instant in the past: what the unit has been through since then stands.
func unfit(r database.Reader, u inventory.Unit, bookingID, hub string, at time.Time) (*fault.Violation, error) {
	if u.Status != inventory.InService {
		return &fault.Violation{Code: "out_of_service", Params: fault.Params{"unit": u.Code}}, nil
	}
	if u.CurrentHubID != hub {
		return &fault.Violation{Code: "unit_away", Params: fault.Params{"unit": u.Code}}, nil
	}
	var with []struct {
		Reference string     `db:"reference"`
		BackAt    *time.Time `db:"back_at"`
		OutAt     time.Time  `db:"out_at"`
	}
	err := r.Select(&with, `SELECT b.reference, x.back_at, x.out_at FROM loans x JOIN bookings b ON b.id = x.booking_id
		WHERE x.unit_id = $1 AND (x.back_at IS NULL OR x.back_at > $2 OR x.out_at > $2) ORDER BY `+lastLoan, u.ID, at)
	if err != nil || len(with) == 0 {
		return nil, err
	}
	if with[0].BackAt == nil {
		return &fault.Violation{Code: "unit_out", Params: fault.Params{"unit": u.Code, "reference": with[0].Reference}}, nil
	}
	return &fault.Violation{Code: "moved_since", Params: fault.Params{"unit": u.Code}}, nil
}

// An occupant is what takes a unit in some time, as far as a counter needs to know.
type occupant struct {
	ID            string     `db:"id"`
	UnitID        string     `db:"unit_id"`
	BookingID     *string    `db:"booking_id"`
	Line          *int       `db:"line"`
	MaintenanceID *string    `db:"maintenance_id"`
	StartsAt      time.Time  `db:"starts_at"`
	EndsAt        time.Time  `db:"ends_at"`
	LapsesAt      *time.Time `db:"lapses_at"`
	Reference     *string    `db:"reference"`
	Status        *Status    `db:"status"`
	BookingEnds   *time.Time `db:"booking_ends"`
	Out           int        `db:"out_now"`
	Back          int        `db:"back"`
}

// over reports whether a booking has no more use for a unit: only its clean-up is left.
func (x occupant) over(at time.Time) bool {
	return x.Out == 0 && (x.Back > 0 || !x.Status.Live() || !x.BookingEnds.After(at))
}

const selectOccupants = `
	SELECT o.id, o.unit_id, o.booking_id, o.line, o.maintenance_id, o.starts_at, o.ends_at, o.lapses_at, b.reference, b.status, b.ends_at AS booking_ends,
		` + lentNow + ` AS out_now, ` + lentBefore + ` AS back
	FROM occupancies o LEFT JOIN bookings b ON b.id = o.booking_id
	WHERE o.unit_id IN ($list) AND o.live AND o.starts_at < $2 AND o.ends_at > $3 AND (o.booking_id IS NULL OR o.booking_id <> $1)
	ORDER BY o.starts_at`

// occupants are what takes a unit in a span, one booking left out.
func occupants(r database.Reader, unitID, but string, span hours.Span) (all []occupant, err error) {
	err = r.SelectIn(&all, selectOccupants, []string{unitID}, but, span.End, span.Start)
	return all, err
}

// makeRoom makes a unit free for a span of the booking, or says in g.broken why it cannot. Clean-up
// after others ends when the unit leaves. Who it is promised to gets the booking's own unit in its
// place where that is asked for, or is robbed by right and with a reason.
func (g *handing) makeRoom(u inventory.Unit, span hours.Span, donor *holding) (ok bool, err error) {
	all, err := occupants(g.s.tx, u.ID, g.s.was.ID, span)
	if err != nil {
		return false, err
	}
	promised, broken, err := clearUp(g.s.tx, u, all, g.at)
	if err != nil || broken != nil {
		if broken != nil {
			g.broken = append(g.broken, *broken)
		}
		return false, err
	}
	if len(promised) == 0 {
		return true, nil
	}
	first := promised[0]
	params := fault.Params{"unit": u.Code, "reference": *first.Reference, "from": first.StartsAt.In(g.zone)}
	switch {
	case g.h.Swap:
		ok, err := g.swap(u, promised, donor)
		if err == nil && !ok {
			g.no("swap_impossible", params)
		}
		return ok, err
	case g.h.Override != "":
		return true, g.override(u, span)
	}
	g.no("unit_promised", params)
	return false, nil
}

// clearUp ends what is over of what takes a unit, and returns the bookings that it is promised to, or
// why nobody can have it.
func clearUp(tx *database.Tx, u inventory.Unit, all []occupant, at time.Time) (promised []occupant, broken *fault.Violation, err error) {
	for _, x := range all {
		switch {
		case x.MaintenanceID != nil:
			return nil, &fault.Violation{Code: "out_of_service", Params: fault.Params{"unit": u.Code}}, nil
		case x.BookingID == nil:
			return nil, &fault.Violation{Code: "unit_away", Params: fault.Params{"unit": u.Code}}, nil
		case x.LapsesAt != nil && !x.LapsesAt.After(tx.Now):
			return nil, nil, errLapsed{*x.BookingID}
		case x.over(at):
			if err := endOne(tx, x.ID, x.StartsAt, at, true); err != nil {
				return nil, nil, err
			}
		default:
			promised = append(promised, x)
		}
	}
	return promised, nil, nil
}

// errLapsed asks for a hold that has lapsed to be ended first: it still stands in the data base's way.
type errLapsed struct{ booking string }

func (e errLapsed) Error() string { return "a hold has lapsed: " + e.booking }

// swap gives each booking that a unit is promised to the one that this booking had, if that is free for all of them.
func (g *handing) swap(u inventory.Unit, promised []occupant, donor *holding) (bool, error) {
	if donor == nil {
		return false, nil
	}
	for _, x := range promised {
		others, err := occupants(g.s.tx, donor.UnitID, *x.BookingID, hours.Span{Start: laterOf(x.StartsAt, g.at), End: x.EndsAt})
		if err != nil {
			return false, err
		}
		for _, y := range others {
			if y.BookingID == nil || !y.over(g.at) {
				return false, nil
			}
			if err := endOne(g.s.tx, y.ID, y.StartsAt, laterOf(x.StartsAt, g.at), true); err != nil { // its clean-up
				return false, err
			}
		}
	}
	o := g.outing(u)
	spare, err := unitBy(g.s.tx, donor.UnitID)
	if err != nil {
		return false, err
	}
	for _, x := range promised {
		was, err := findBooking(g.s.tx, *x.BookingID)
		if err != nil {
			return false, err
		}
		if err := endOne(g.s.tx, x.ID, x.StartsAt, g.at, false); err != nil {
			return false, err
		}
		span := hours.Span{Start: laterOf(x.StartsAt, g.at), End: x.EndsAt.UTC()}
		if err := insertOccupancies(g.s.tx, was, []chosen{{line: *x.Line, unit: spare, span: span}}); err != nil {
			return false, err
		}
		is := was
		is.Lines = slices.Clone(was.Lines)
		for i, l := range is.Lines {
			if l.line == *x.Line {
				is.Lines[i].Units = append(slices.DeleteFunc(slices.Clone(l.Units), func(id string) bool { return id == u.ID }), spare.ID)
			}
		}
		if err := o.changed(&is, was, "booking.swap"); err != nil {
			return false, err
		}
	}
	return true, nil
}

func laterOf(a, b time.Time) time.Time {
	if a.After(b) {
		return a.UTC()
	}
	return b.UTC()
}

// override takes a unit from whoever it is promised to, as invariant 2 says, and writes why.
func (g *handing) override(u inventory.Unit, span hours.Span) error {
	if !g.who.May(identity.Waive, g.s.was.HubID, g.s.was.regionID) {
		return identity.Denied(g.who)
	}
	rehomed, without, err := g.outing(u).rehome(span)
	if err != nil {
		return err
	}
	g.robs = append(g.robs, robbery{unit: u.ID, rehomed: rehomed, without: without})
	return nil
}

// A robbery is a unit that was taken from those whom it was promised to.
type robbery struct {
	unit             string
	rehomed, without []string
}

// explain writes why somebody was robbed, beside the rules that were lifted for the booking.
func (g *handing) explain(x robbery) error {
	id := database.NewID()
	err := g.s.tx.Insert(`INSERT INTO waivers (id, booking_id, rule, reason, given_by, given_at) VALUES `,
		[]any{id, g.s.was.ID, "unit_promised", g.h.Override, g.who.ID, g.s.tx.Now})
	if err != nil {
		return err
	}
	return g.s.tx.Record(database.Change{By: g.who.ID, Action: "booking.override", Kind: "waiver", Subject: id,
		After: map[string]any{"booking": g.s.was.ID, "rule": "unit_promised", "unit": x.unit, "rehomed": x.rehomed, "without_unit": x.without}})
}

// outing is the unit as one whose bookings are housed elsewhere.
func (g *handing) outing(u inventory.Unit) *outing {
	return &outing{b: g.b, ctx: g.ctx, tx: g.s.tx, who: g.who, unit: u}
}
