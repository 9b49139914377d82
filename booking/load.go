package booking

import (
	"cmp"
	"context"
	"slices"
	"time"

	"canot/internal/database"
	"canot/internal/fault"
	"canot/internal/identity"
	"canot/inventory"
	"canot/inventory/hours"
)

// A Past is a booking made at a given time: one from before Canot, or of a demo.
type Past struct {
	Request
	MadeAt time.Time // by its clock the rules are judged
	MadeBy string    // "" means the member
	Status Status    // "" means what Place would have given it, settled up to now
	Reason string    // not kept; for the caller's own report

	OutAt  time.Time // of its equipment; zero for its start where it is in use, and for never where it is not
	BackAt time.Time // of what is not in use any more; zero for its end

	Reference string // one that Canot gave it before; "" for a new one
	Kept      bool   // it was kept by the rules of its time: only what is taken is judged
}

// loadAtOnce is how many bookings Load writes in one commit.
const loadAtOnce = 1000

// Load writes many bookings, in pieces of one commit each, and reports for each of
// them nil, or why it was refused. The rules are judged by each booking's own
// MadeAt; what is taken is judged, and guarded, as for any other. It needs no right:
// its callers are commands.
func (b *Book) Load(ctx context.Context, all []Past, progress func(done int)) ([]error, error) {
	results := make([]error, len(all))
	for from := 0; from < len(all); from += loadAtOnce {
		piece := all[from:min(from+loadAtOnce, len(all))]
		_, err := persist(func() (struct{}, error) {
			return struct{}{}, b.db.In(ctx, func(tx *database.Tx) error {
				clear(results[from : from+len(piece)])
				return b.loadPiece(ctx, tx, piece, results[from:from+len(piece)])
			})
		})
		if err != nil {
			return results, err
		}
		if progress != nil {
			progress(from + len(piece))
		}
	}
	return results, nil
}

func (b *Book) loadPiece(ctx context.Context, tx *database.Tx, piece []Past, results []error) error {
	f, asks, err := b.factsOfPiece(ctx, tx, piece, results)
	if err != nil {
		return err
	}
	var w loading
	for i, p := range piece {
		if results[i] != nil {
			continue
		}
		a := asks[i]
		broken := judgeTexts(&p.Title, &p.Notes, &p.Sector, &p.Visibility)
		p.Attendance = max(p.Attendance, 1)
		a.keepsRules = p.Kept
		v, more := judge(a, f)
		if broken = append(broken, more...); len(broken) > 0 {
			results[i] = &Refusal{Fault: refusalOf(broken)}
			continue
		}
		made := identity.Actor{ID: cmp.Or(p.MadeBy, p.MemberID)}
		booked := newBooking(made, p.Request, a, v)
		booked.Reference = cmp.Or(p.Reference, booked.Reference)
		booked.Status = statusAt(booked, p.Status, tx.Now)
		switch {
		case booked.Status == Held && booked.LapsesAt == nil:
			results[i] = badStatus(booked)
			continue
		case booked.Status != Held && booked.Status != Pending:
			booked.LapsesAt = nil
		}
		if booked.Status != Pending {
			booked.Competes = false
		}
		booked.shown = booked.announced() || booked.Status == Cancelled || booked.Status == Declined
		if booked.Status.Live() || booked.Status == Completed {
			if results[i] = holdLate(booked, v.units, f, tx.Now); results[i] != nil {
				continue
			}
			booked.given(v.units)
			if !booked.Competes {
				w.occupy(booked, v.units, f)
				w.lend(&booked, p, v.units)
			}
		}
		w.bookings = append(w.bookings, booked)
	}
	return w.write(tx)
}

// statusAt is the status that a booking made in the past has now.
func statusAt(b Booking, wanted Status, now time.Time) Status {
	if wanted != "" {
		return wanted
	}
	if due, ok := b.due(); !ok || due.After(now) {
		return b.Status
	}
	if b.Status == Confirmed {
		return Completed
	}
	return Expired
}

// factsOfPiece locks the resources of a piece and reads the facts about all of them
// at once.
func (b *Book) factsOfPiece(ctx context.Context, tx *database.Tx, piece []Past, results []error) (*facts, []ask, error) {
	asks := make([]ask, len(piece))
	merged := make([][]Want, len(piece))
	var ids []string
	var span hours.Span
	for i, p := range piece {
		lines, err := b.mergeLines(tx, p.Lines)
		if fault.Of(err) != nil {
			results[i] = err
			continue
		} else if err != nil {
			return nil, nil, err
		}
		merged[i] = lines
		asks[i] = ask{span: hours.Span{Start: second(p.StartsAt), End: second(p.EndsAt)}, now: second(p.MadeAt)}
		for _, l := range lines {
			ids = append(ids, l.Resource)
		}
		if span.Start.IsZero() || asks[i].span.Start.Before(span.Start) {
			span.Start = asks[i].span.Start
		}
		if asks[i].span.End.After(span.End) {
			span.End = asks[i].span.End
		}
	}
	slices.Sort(ids)
	ids = slices.Compact(ids)
	if len(ids) == 0 {
		return &facts{}, asks, nil
	}
	if _, err := lockResources(tx, ids); err != nil {
		return nil, nil, err
	}
	f, err := b.factsBetween(ctx, tx, ids, span)
	if err != nil {
		return nil, nil, err
	}
	for _, all := range f.taken {
		for i := range all {
			all[i].lapses = never // a hold that nobody has ended stands in the data base's way
		}
	}
	for i, lines := range merged {
		for _, l := range lines {
			asks[i].lines = append(asks[i].lines, askLine{f.terms[l.Resource], l.Quantity})
		}
	}
	return f, asks, nil
}

// loading collects the rows of one commit.
type loading struct {
	bookings    []Booking
	occupancies [][]any
	loans       [][]any
	lent        []database.Change
}

// holdLate lets a booking that should be over and is not hold its things as long as the job of late
// things would hold them, or refuses it where somebody else has them by now.
func holdLate(b Booking, units []chosen, f *facts, now time.Time) error {
	if b.Status != InUse || b.EndsAt.After(now) {
		return nil
	}
	for i := range units {
		units[i].span.End = lateUntil(b.EndsAt, now)
		if _, free := gapAround(units[i].span, f.taken[units[i].unit.ID], f.window, now); !free {
			return &Refusal{Fault: refusalOf([]fault.Violation{{Code: "taken", Params: fault.Params{"wanted": len(units), "free": i}}})}
		}
	}
	return nil
}

func (w *loading) occupy(b Booking, units []chosen, f *facts) {
	for _, c := range units {
		f.take(c.unit.ID, taken{Span: c.span, booking: b.ID})
	}
	w.occupancies = append(w.occupancies, occupancyValues(b, units)...)
}

// lend writes down who has, or had, the things of a past booking, and that its person came.
func (w *loading) lend(b *Booking, p Past, units []chosen) {
	out := second(p.OutAt)
	switch {
	case b.Status == InUse && out.IsZero():
		out = b.StartsAt
	case b.Status != InUse && (b.Status != Completed || out.IsZero()):
		return
	}
	for _, c := range units {
		if b.Lines[c.line].Kind != inventory.Equipment {
			b.ArrivedAt = &out
			continue
		}
		l := Loan{ID: database.NewID(), BookingID: b.ID, UnitID: c.unit.ID, OutAt: out, DueAt: b.EndsAt}
		var hub any
		by := ""
		if b.Status == Completed {
			back := b.EndsAt
			if !p.BackAt.IsZero() {
				back = second(p.BackAt)
			}
			if back.Before(out) {
				back = out
			}
			l.BackAt, l.BackHubID, hub, by = &back, b.HubID, b.HubID, identity.System.ID
		}
		w.loans = append(w.loans, []any{l.ID, b.ID, c.line, c.unit.ID, out, identity.System.ID, b.HubID, b.EndsAt, l.BackAt, by, hub})
		w.lent = append(w.lent, loanChange(identity.System, "loan.load", l, nil))
	}
}

func (w *loading) write(tx *database.Tx) error {
	var bookings, lines [][]any
	var changes []database.Change
	var jobs []database.Job
	for _, b := range w.bookings {
		bookings = append(bookings, bookingValues(b))
		lines = append(lines, lineValues(b)...)
		changes = append(changes, changeOf(b.MadeBy, "booking.load", nil, &b))
		if due, ok := b.due(); ok {
			jobs = append(jobs, dueJob(b, due))
		}
	}
	if err := tx.Insert(insertIntoBookings, bookings...); err != nil {
		return err
	}
	if err := tx.Insert(insertIntoLines, lines...); err != nil {
		return err
	}
	if err := tx.Insert(insertBookedOccupancies, w.occupancies...); err != nil {
		return err
	}
	if err := tx.Insert(`INSERT INTO loans (id, booking_id, line, unit_id, out_at, out_by, out_hub_id, due_at, back_at, back_by, back_hub_id) VALUES `, w.loans...); err != nil {
		return err
	}
	if err := tx.Record(slices.Concat(changes, w.lent)...); err != nil {
		return err
	}
	reminded, err := pastReminders(w.bookings, tx.Now)
	if err != nil {
		return err
	}
	if err := tx.Insert(`INSERT INTO reminders (booking_id, starts_at, at) VALUES `, reminded...); err != nil {
		return err
	}
	return tx.Enqueue(jobs...)
}
