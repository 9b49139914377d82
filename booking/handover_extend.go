package booking

import (
	"context"
	"maps"
	"slices"
	"time"

	"canot/internal/database"
	"canot/internal/identity"
)

// Extend moves the end of a booking that runs, on the very units that are out: it is refused
// (extension_taken) when one of them is promised to somebody else by then. Its member may, online too, while
// it runs; staff also once it is late. All rules are judged as for any other change.
func (b *Book) Extend(ctx context.Context, who identity.Actor, id string, until time.Time, ifVersion int64, key database.Key) (Booking, error) {
	if err := need(who); err != nil {
		return Booking{}, err
	}
	return b.once(ctx, key, func() (Booking, error) {
		old, err := b.mine(b.db.Reader(ctx), who, id, identity.BookForOthers, ifVersion)
		if err != nil {
			return Booking{}, err
		}
		if old.Status != InUse {
			return Booking{}, badStatus(old)
		}
		return b.move(ctx, who, old, Edits{EndsAt: &until, IfVersion: ifVersion, Brief: true}, key)
	})
}

// lent is what of a booking has been handed out.
type lent struct {
	back map[string]bool // units that have come back, by id
	done map[string]int  // how many of each resource wait for nothing more: they came back, or were lost to it
	dues map[string][]time.Time
}

// until is when each unit of a resource that came back, and that no other has replaced, was due: its hours are
// counted until then, however long the others are kept.
func (x *lent) until(resource string) []time.Time {
	if x == nil {
		return nil
	}
	return x.dues[resource]
}

// settle notes until when what came back of a line counts: the latest that were due, for as many as have no
// unit and wait for none.
func (x *lent) settle(l Line, loans []Loan) {
	last := map[string]time.Time{}
	for _, n := range loans {
		if n.line == l.line && n.BackAt != nil && x.back[n.UnitID] {
			last[n.UnitID] = n.DueAt
		}
	}
	dues := slices.SortedFunc(maps.Values(last), func(a, b time.Time) int { return b.Compare(a) })
	x.dues[l.ResourceID] = dues[:min(len(dues), max(0, x.done[l.ResourceID]-l.WithoutUnit))]
}

// settled is how many units of a resource a change of the booking has nothing to give any more.
func (x *lent) settled(resource string) int {
	if x == nil {
		return 0
	}
	return x.done[resource]
}

// returned reports whether a unit has come back from the booking.
func (x *lent) returned(unit string) bool { return x != nil && x.back[unit] }

// withLoans notes what of a running booking is out, and must stay the same.
func (a *ask) withLoans(r database.Reader, old Booking) error {
	if old.Status != InUse {
		return nil
	}
	loans, err := loansOf(r, `n.booking_id = $1`, old.ID)
	if err != nil || len(loans) == 0 {
		return err
	}
	held, err := holdings(r, old.ID)
	if err != nil {
		return err
	}
	a.lent, a.fixed = &lent{back: map[string]bool{}, done: map[string]int{}, dues: map[string][]time.Time{}}, map[string]bool{}
	for _, l := range loans {
		a.lent.back[l.UnitID] = true
	}
	for _, l := range old.Lines { // what the line still has, is out or waits; the rest is settled
		a.lent.done[l.ResourceID] = l.Quantity
		for _, x := range held {
			if x.Line != l.line || x.used() || !x.lasts(old.EndsAt) {
				continue
			}
			a.lent.done[l.ResourceID]--
			a.lent.back[x.UnitID] = false
			if x.Out > 0 {
				a.fixed[x.UnitID] = true
			}
		}
		a.lent.settle(l, loans)
	}
	return nil
}

// extend writes another end of a booking of which things are out: what is out keeps its unit, what has come
// back its past, and what still waits on the shelf may change.
func extend(tx *database.Tx, old Booking, moved *Booking, units []chosen, news ...string) error {
	held, err := holdings(tx, old.ID)
	if err != nil {
		return err
	}
	moved.Lines = slices.Clone(old.Lines)
	var fresh []chosen
	kept := map[string]bool{}
	for _, c := range units {
		at := slices.IndexFunc(held, func(h holding) bool {
			return h.UnitID == c.unit.ID && h.Line == c.line && !h.used() && h.lasts(old.EndsAt) && !c.span.Start.After(h.EndsAt)
		})
		if at < 0 {
			fresh = append(fresh, c)
			continue
		}
		kept[held[at].ID] = true
		query, args := `UPDATE occupancies SET ends_at = $2 WHERE id = $1`, []any{held[at].ID, c.span.End}
		if !c.span.End.After(held[at].StartsAt) { // it was to begin later: another unit has the booking until then
			query, args = `UPDATE occupancies SET live = false WHERE id = $1`, args[:1]
		}
		if _, err := tx.Exec(query, args...); err != nil {
			return err
		}
	}
	for _, h := range held {
		if kept[h.ID] || h.used() || h.Out > 0 || !h.EndsAt.After(tx.Now) {
			continue
		}
		if err := endOne(tx, h.ID, h.StartsAt, tx.Now, false); err != nil {
			return err
		}
		for i, l := range moved.Lines {
			moved.Lines[i].Units = slices.DeleteFunc(slices.Clone(l.Units), func(id string) bool { return l.line == h.Line && id == h.UnitID })
		}
	}
	for _, c := range fresh {
		if l := &moved.Lines[c.line]; !slices.Contains(l.Units, c.unit.ID) {
			l.Units = append(l.Units, c.unit.ID)
		}
	}
	if err := updateBooking(tx, *moved); err != nil {
		return err
	}
	if err := insertOccupancies(tx, *moved, fresh); err != nil {
		return err
	}
	// What was due before the end, because another unit has the booking from then on, stays so.
	if _, err := tx.Exec(`UPDATE loans SET due_at = $2 WHERE booking_id = $1 AND back_at IS NULL AND (due_at >= $3 OR due_at > $2)`,
		old.ID, moved.EndsAt, old.EndsAt); err != nil {
		return err
	}
	if err := lookAt(tx, moved.EndsAt); err != nil {
		return err
	}
	return enqueueDue(tx, *moved, news...)
}
