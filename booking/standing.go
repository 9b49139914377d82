package booking

import (
	"context"
	"slices"
	"strings"
	"time"

	"canot/booking/membership"
	"canot/internal/database"
	"canot/internal/fault"
	"canot/internal/identity"
	"canot/inventory"
)

// A verdict is what judge says of an ask that breaks no rule: the units it is given,
// and what the standing of its holder gives for it.
type verdict struct {
	membership.Verdict
	units []chosen
}

// withStanding returns a with what its holder may book.
func (b *Book) withStanding(ctx context.Context, r database.Reader, a ask) (ask, error) {
	s, err := b.roster.Standing(ctx, r, a.ofStanding())
	a.standing = s
	return a, err
}

// ofStanding is an ask as the roster sees it.
func (a ask) ofStanding() membership.Ask {
	t := a.lines[0].terms
	m := membership.Ask{
		MemberID: a.member, OrganisationID: a.organisation, HubID: t.Resource.HubID, RegionID: t.RegionID, Zone: t.Zone,
		Span: a.span, Now: a.now, Attendance: max(a.attendance, 1), Accepts: a.accepts, Waived: a.waived,
		Anywhere: a.anywhere,
	}
	if a.old != nil {
		m.BookingID = a.old.ID
		m.Extends = a.old.Status == InUse && a.span.Start.Equal(a.old.StartsAt) && m.Attendance <= max(a.old.Attendance, 1) && !a.otherThings()
	}
	for _, l := range a.lines {
		x := l.terms.Resource
		if x.Policy.Attendance == 0 && x.Kind == inventory.Space {
			x.Policy.Attendance = x.Capacity // 0 when that is not said either
		}
		m.Lines = append(m.Lines, membership.AskLine{
			ResourceID: x.ID, Kind: x.Kind, CategoryID: x.CategoryID, Quantity: l.quantity, Requirements: x.Policy.Requirements,
			Until: a.lent.until(x.ID), Free: x.PricePerHour == 0,
		})
	}
	return m
}

// judgeStanding says what the standing of an ask's holder gives for it, and which of its
// rules it breaks. Who only gives back what they have is refused nothing by them.
func judgeStanding(a ask) (membership.Verdict, []fault.Violation) {
	if a.standing == nil {
		return membership.Verdict{Lines: make([]membership.LineVerdict, len(a.lines))}, nil
	}
	v := a.standing.Judge(a.ofStanding())
	if a.old != nil && !a.takesMore() {
		v.Whole = nil
		for i := range v.Lines {
			v.Lines[i].Violations = nil
		}
	}
	return v, v.Whole
}

// takesMore reports whether a change of a booking takes time, units or room for persons
// that it did not have.
func (a ask) takesMore() bool {
	if a.span.Start.Before(a.old.StartsAt) || a.span.End.After(a.old.EndsAt) || a.attendance > a.old.Attendance {
		return true
	}
	return slices.ContainsFunc(a.lines, func(l askLine) bool {
		return !slices.ContainsFunc(a.old.Lines, func(was Line) bool {
			return was.ResourceID == l.terms.Resource.ID && was.Quantity >= l.quantity
		})
	})
}

// lockHolder takes the lock under which the minutes, the places and the certificates of
// an ask's holder are given out, where the verdict rests on them, and reads their standing
// again when it has changed. It reports whether it did.
func (b *Book) lockHolder(ctx context.Context, tx *database.Tx, a *ask) (changed bool, err error) {
	if a.standing == nil || !a.standing.Guarded() && a.organisation == "" {
		return false, nil
	}
	version, err := membership.LockHolder(tx, a.member, a.organisation)
	if err != nil || version == a.standing.Version() {
		return false, err
	}
	*a, err = b.withStanding(ctx, tx, *a)
	return true, err
}

// spend writes what a new booking takes of its holder's standing: minutes, the
// certificates that it rests on, the terms that were accepted, the rules that were lifted.
func spend(tx *database.Tx, who identity.Actor, b Booking, a ask, v verdict) error {
	if err := membership.Write(tx, who, b.MemberID, b.Organisation, b.ID, v.Uses); err != nil {
		return err
	}
	if err := writeCertificates(tx, b.ID, v.Certificates); err != nil {
		return err
	}
	if err := membership.RecordAcceptances(tx, b.MemberID, who, b.ID, a.accepts); err != nil {
		return err
	}
	return insertWaivers(tx, who, b, a.waivers)
}

// usesOfMove is what a changed booking takes of its holder's hours, and whether that is kept of
// what it took before. A membership that was paused or has ended meanwhile counts nothing: what
// is kept of the booking still is of the hours that it was made with.
func usesOfMove(used []membership.Use, b Booking, a ask, v verdict) (uses []membership.Use, kept bool) {
	if len(v.Uses) > 0 || len(used) == 0 || a.takesMore() {
		return v.Uses, false
	}
	return membership.Shrink(used, unitMinutes(*a.old), unitMinutes(b)), true
}

// priceOfMove is what a changed booking costs before tax: what Place would ask, but never more
// than before where it takes no more, and its share of that where its hours are kept.
func priceOfMove(b Booking, a ask, v verdict, kept bool) *int64 {
	cents, was := price(a, v), a.old.PriceCents
	switch {
	case kept && was == nil:
		return nil
	case kept:
		cents = *was
		if before, now := unitMinutes(*a.old), unitMinutes(b); now < before {
			cents = (*was*now + before/2) / before
		}
	case was != nil && !a.takesMore():
		cents = min(cents, *was)
	}
	return &cents
}

// respend writes what a change of a booking takes more or less than it used.
func respend(tx *database.Tx, who identity.Actor, b Booking, a ask, v verdict, used, uses []membership.Use) error {
	if !sameUses(used, uses) {
		if err := membership.GiveBack(tx, who, b.ID, nil); err != nil {
			return err
		}
		if err := membership.Write(tx, who, b.MemberID, b.Organisation, b.ID, uses); err != nil {
			return err
		}
	}
	if a.takesMore() {
		if _, err := tx.Exec(`DELETE FROM waivers WHERE booking_id = $1 AND rule <> 'unit_promised'`, b.ID); err != nil {
			return err
		}
		if err := insertWaivers(tx, who, b, a.waivers); err != nil {
			return err
		}
	}
	if a.takesMore() || len(v.Certificates) > 0 {
		if _, err := tx.Exec(`DELETE FROM booking_certificates WHERE booking_id = $1`, b.ID); err != nil {
			return err
		}
		if err := writeCertificates(tx, b.ID, v.Certificates); err != nil {
			return err
		}
	}
	return membership.RecordAcceptances(tx, b.MemberID, who, b.ID, a.accepts)
}

// unitMinutes are the minutes of a booking times the units it asks for.
func unitMinutes(b Booking) int64 {
	units := 0
	for _, l := range b.Lines {
		units += l.Quantity
	}
	return int64(b.EndsAt.Sub(b.StartsAt)/time.Minute) * int64(units)
}

func sameUses(x, y []membership.Use) bool {
	order := func(u, v membership.Use) int {
		return strings.Compare(u.PackID+u.AllowanceID+u.Period+u.PeriodStart, v.PackID+v.AllowanceID+v.Period+v.PeriodStart)
	}
	x, y = slices.Clone(x), slices.Clone(y)
	slices.SortFunc(x, order)
	slices.SortFunc(y, order)
	return slices.Equal(x, y)
}

func writeCertificates(tx *database.Tx, bookingID string, ids []string) error {
	var rows [][]any
	for _, id := range ids {
		rows = append(rows, []any{bookingID, id})
	}
	return tx.Insert(`INSERT INTO booking_certificates (booking_id, certificate_id) VALUES `, rows...)
}

// refund gives back the minutes of a booking that ends before it began. What has begun
// has kept others away, and gives nothing back.
func (s *step) refund(who identity.Actor) error {
	if s.was.Status == InUse || s.was.Status == Confirmed && !s.tx.Now.Before(s.was.StartsAt) {
		return nil
	}
	return membership.GiveBack(s.tx, who, s.was.ID, nil)
}

// judgeCertified refuses a booking whose member is not certified for it on its day, or is suspended
// at its hub: asked again when it is approved, and when things are handed out.
func (b *Book) judgeCertified(ctx context.Context, who identity.Actor, s *step) error {
	terms, err := b.catalog.Terms(ctx, s.tx, s.rules)
	if err != nil {
		return err
	}
	asks := false
	for _, l := range s.was.Lines {
		t := terms[l.ResourceID]
		if t == nil {
			return fault.New(fault.NotFound, "resource_not_found", nil)
		}
		asks = asks || len(t.Resource.Policy.Certifications) > 0
	}
	if !asks {
		until, err := membership.SuspendedAt(s.tx, s.was.MemberID, s.was.HubID, s.tx.Now)
		if err != nil || until.IsZero() {
			return err
		}
	}
	a := askOf(s.was, &facts{terms: terms}, s.tx.Now)
	if _, a.waived, err = waivedFor(s.tx, s.was.ID); err != nil {
		return err
	}
	if a, err = b.withStanding(ctx, s.tx, a); err != nil {
		return err
	}
	v := a.standing.Judge(a.ofStanding())
	broken := slices.DeleteFunc(slices.Clone(v.Whole), func(x fault.Violation) bool { return x.Code != "suspended" })
	for i, l := range v.Lines {
		for _, x := range l.Violations {
			if strings.HasPrefix(x.Code, "certification_") && !a.waived[x.Code] {
				broken = append(broken, about(a.lines[i], len(a.lines) > 1, x))
			}
		}
	}
	if len(broken) > 0 {
		return &Refusal{Fault: refusalOf(broken)}
	}
	if _, err := s.tx.Exec(`DELETE FROM booking_certificates WHERE booking_id = $1`, s.was.ID); err != nil {
		return err
	}
	return writeCertificates(s.tx, s.was.ID, v.Certificates)
}
