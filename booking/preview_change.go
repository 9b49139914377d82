package booking

import (
	"context"
	"slices"

	"canot/internal/fault"
	"canot/internal/identity"
)

// A MovePreview is what a booking would become by a change.
type MovePreview struct {
	Preview
	Price *int64 // before tax, in cents; nil where the price is not known, or the change is refused
	Again bool   // it would wait for approval again
}

// PreviewChange says what Change would answer for a booking as it was read, and writes nothing. The
// caller has asked that who may change it. Its prices are those of the change: what the booking
// keeps costs no more than before.
func (b *Book) PreviewChange(ctx context.Context, who identity.Actor, old Booking, e Edits) (MovePreview, error) {
	e.anywhere = !e.Brief // one reading for the change and for what there is instead
	return persist(func() (MovePreview, error) { return b.previewChange(ctx, who, old, e) })
}

func (b *Book) previewChange(ctx context.Context, who identity.Actor, old Booking, e Edits) (MovePreview, error) {
	var p MovePreview
	r := b.db.Reader(ctx)
	a, all, lifted, err := b.askedMove(ctx, who, old, e)
	if err != nil {
		return p, err
	}
	free := all.without(old.ID)
	if err := keepForWaiting(r, a, free); err != nil {
		return p, err
	}
	a.moves = func(other ask) bool { return len(judgeMove(who, other, all)) == 0 }
	broken, v := judgeChange(who, a, e, lifted, all, free)
	p.Violations, p.Currency, p.Terms = sayWhoWaives(broken), a.lines[0].terms.Currency, a.terms()
	p.OK = len(broken) == 0
	if !p.OK && !slices.ContainsFunc(broken, func(v fault.Violation) bool { return v.Code != "terms_not_accepted" }) {
		a.waived = map[string]bool{"terms_not_accepted": true}
		_, v = judgeChange(who, a, e, nil, all, free)
	} else if !p.OK {
		if e.Brief {
			return p, nil
		}
		p.Help = helpFor(a, broken)
		if curable(broken) {
			p.Alternatives, err = b.alternatives(ctx, a)
		}
		return p, err
	}
	p.tellMove(who, e, a, v)
	return p, nil
}

// judgeChange is what Change judges, in its order.
func judgeChange(who identity.Actor, a ask, e Edits, lifted []fault.Violation, all, free *facts) ([]fault.Violation, verdict) {
	broken := append(judgeTexts(e.Title, e.Notes, e.Sector, e.Visibility), lifted...)
	broken = append(broken, judgeMove(who, a, all)...)
	if a.takesMore() {
		broken = append(broken, judgePerson(who, &a)...)
	}
	v, more := judge(a, free)
	return append(broken, more...), v
}

// tellMove says what a change would cost, and what it takes of the holder's hours. What a change that
// only gives back costs depends on hours that the booking keeps, which are not read for this: it is told
// where it is the same with them and without.
func (p *MovePreview) tellMove(who identity.Actor, e Edits, a ask, v verdict) {
	moved := movedBooking(who, *a.old, e, a, v)
	p.Price = priceOfMove(moved, a, v, false)
	if len(v.Uses) == 0 && !a.takesMore() {
		if kept := priceOfMove(moved, a, v, true); kept == nil || *kept != *p.Price {
			p.Price = nil
		}
	}
	p.Again = moved.Status == Pending && a.old.Status == Confirmed
	if a.standing != nil {
		p.Takes = a.standing.Takings(v.Uses)
	}
}
