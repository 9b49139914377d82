package booking

import (
	"cmp"
	"context"
	"slices"
	"time"

	"canot/booking/membership"
	"canot/internal/database"
	"canot/internal/fault"
	"canot/internal/identity"
)

// Change moves a booking to another time, gives it other lines, or changes what is
// written on it, all in one commit: when it refuses, the old booking stands. Its
// member may, and staff of its hub. Errors are a *Refusal, or a fault: NotFound,
// Stale when IfVersion is not its version.
//
// A booking that needed approval and is moved by somebody who could not approve
// it waits for approval again.
func (b *Book) Change(ctx context.Context, who identity.Actor, id string, e Edits, key database.Key) (Booking, error) {
	if err := need(who); err != nil {
		return Booking{}, err
	}
	return b.once(ctx, key, func() (Booking, error) {
		old, err := b.mine(b.db.Reader(ctx), who, id, identity.BookForOthers, e.IfVersion)
		if err != nil {
			return Booking{}, err
		}
		if !old.Status.Live() || old.lapsed(b.db.Now()) {
			return Booking{}, badStatus(old)
		}
		if e.nothing() {
			return old, b.db.In(ctx, func(tx *database.Tx) error { return tx.Keep(key, answer{Booking: &old}) })
		}
		if e.StartsAt == nil && e.EndsAt == nil && e.Lines == nil && e.Attendance == nil {
			return b.rewrite(ctx, who, old, e, key)
		}
		return b.move(ctx, who, old, e, key)
	})
}

// mine reads a booking that who may act upon: its member's own, or of a hub where
// they have the right. Anybody else is told that there is none.
func (b *Book) mine(r database.Reader, who identity.Actor, id string, right identity.Right, ifVersion int64) (Booking, error) {
	old, err := findBooking(r, id)
	if err != nil {
		return old, err
	}
	own, err := b.owns(r, who, old)
	if err != nil {
		return Booking{}, err
	}
	if !own && !who.May(right, old.HubID, old.regionID) {
		if who.ID != "" && who.May(identity.ViewBookings, old.HubID, old.regionID) {
			return old, identity.Denied(who)
		}
		return Booking{}, fault.New(fault.NotFound, "booking_not_found", nil)
	}
	if ifVersion != 0 && ifVersion != old.Version {
		return old, fault.New(fault.Stale, "stale", fault.Params{"version": old.Version})
	}
	return old, nil
}

// owns reports whether a booking is who's own: theirs, or of an organisation that they act for.
func (b *Book) owns(r database.Reader, who identity.Actor, x Booking) (bool, error) {
	if who.ID == "" || x.MemberID == who.ID || x.Organisation == "" || who.ID == identity.System.ID {
		return who.ID != "" && x.MemberID == who.ID, nil
	}
	return b.people.ActsFor(r, who.ID, x.Organisation)
}

// lapsed reports whether a hold, or a request that nobody answered in time, is over,
// whether or not its job has run.
func (b Booking) lapsed(now time.Time) bool {
	return (b.Status == Held || b.Status == Pending) && b.LapsesAt != nil && !b.LapsesAt.After(now)
}

func badStatus(b Booking) error {
	return &Refusal{Fault: refusalOf([]fault.Violation{{Code: "bad_status", Params: fault.Params{"status": string(b.Status)}}})}
}

// rewrite changes what is written on a booking. It takes no time, but the resources'
// versions rise all the same: they are the stamp of the calendars that show it.
func (b *Book) rewrite(ctx context.Context, who identity.Actor, old Booking, e Edits, key database.Key) (Booking, error) {
	if broken := judgeTexts(e.Title, e.Notes, e.Sector, e.Visibility); len(broken) > 0 {
		return Booking{}, &Refusal{Fault: refusalOf(broken)}
	}
	changed := old
	e.writeOn(&changed)
	err := b.db.In(ctx, func(tx *database.Tx) error {
		if _, err := lockResources(tx, old.resourceIDs()); err != nil {
			return err
		}
		changed.Version, changed.ChangedAt = old.Version+1, tx.Now
		n, err := tx.Exec(`
			UPDATE bookings SET title = $3, notes = $4, sector = $5, visibility = $6, version = version + 1, changed_at = $7
			WHERE id = $1 AND version = $2`,
			old.ID, old.Version, changed.Title, changed.Notes, changed.Sector, changed.Visibility, tx.Now)
		if err != nil {
			return err
		}
		if n == 0 {
			return errAgain
		}
		if err := membership.RecordAcceptances(tx, old.MemberID, who, old.ID, e.Accepts); err != nil {
			return err
		}
		if err := record(tx, who.ID, "booking.change", &old, &changed); err != nil {
			return err
		}
		return tx.Keep(key, answer{Booking: &changed})
	})
	return changed, err
}

// nothing reports whether e leaves everything as it is.
func (e Edits) nothing() bool {
	return e.StartsAt == nil && e.EndsAt == nil && e.Lines == nil && e.Attendance == nil && len(e.Accepts) == 0 &&
		e.Title == nil && e.Notes == nil && e.Sector == nil && e.Visibility == nil
}

func (e Edits) writeOn(b *Booking) {
	set := func(to *string, from *string) {
		if from != nil {
			*to = *from
		}
	}
	set(&b.Title, e.Title)
	set(&b.Notes, e.Notes)
	set(&b.Sector, e.Sector)
	set(&b.Visibility, e.Visibility)
}

// move takes the new time and gives back the old, in one commit.
func (b *Book) move(ctx context.Context, who identity.Actor, old Booking, e Edits, key database.Key) (Booking, error) {
	a, all, lifted, err := b.askedMove(ctx, who, old, e)
	if err != nil {
		return Booking{}, err
	}
	if err := b.lapse(ctx, all.without(old.ID), a.now); err != nil {
		return Booking{}, err
	}
	a.moves = func(other ask) bool { return len(judgeMove(who, other, all)) == 0 }
	free := all.without(old.ID)
	if err := keepForWaiting(b.db.Reader(ctx), a, free); err != nil {
		return Booking{}, err
	}
	broken, v := judgeChange(who, a, e, lifted, all, free)
	if len(broken) > 0 {
		if err := stillThe(b.db.Reader(ctx), old); err != nil {
			return Booking{}, err
		}
		return Booking{}, b.refuse(ctx, a, broken, e.Brief)
	}
	var moved Booking
	err = b.db.In(ctx, func(tx *database.Tx) error {
		a := a
		a.now = tx.Now
		v, err := b.lockAndLook(ctx, tx, &a, all, v)
		if err != nil {
			return err
		}
		moved = movedBooking(who, old, e, a, v)
		moved.given(v.units)
		used, err := membership.UsedBy(tx, old.ID)
		if err != nil {
			return err
		}
		uses, kept := usesOfMove(used, moved, a, v)
		moved.PriceCents = priceOfMove(moved, a, v, kept)
		if a.lent != nil {
			err = extend(tx, old, &moved, v.units, newsOfMove(a.own, old, moved)...)
		} else {
			err = writeMove(tx, old, moved, v.units, newsOfMove(a.own, old, moved)...)
		}
		if err != nil {
			return err
		}
		if err := respend(tx, who, moved, a, v, used, uses); err != nil {
			return err
		}
		if err := record(tx, who.ID, "booking.move", &old, &moved); err != nil {
			return err
		}
		return tx.Keep(key, answer{Booking: &moved})
	})
	return moved, b.withAlternatives(ctx, a, err, e.Brief)
}

// stillThe asks for another look when old is no longer what the booking is. The facts
// were read after it: without this, a booking cancelled in between would be refused a
// time that was free for as long as it stood.
func stillThe(r database.Reader, old Booking) error {
	var version int64
	err := r.Get(&version, `SELECT version FROM bookings WHERE id = $1`, old.ID)
	if err == nil && version != old.Version {
		err = errAgain
	}
	return err
}

// askedMove is the ask that a booking becomes, with the facts about its new
// resources and its old ones, which are locked together, and what is wrong with the
// rules that are to be lifted for it. What was lifted before was lifted for the booking as
// it was: it does not count for a change that takes more.
func (b *Book) askedMove(ctx context.Context, who identity.Actor, old Booking, e Edits) (ask, *facts, []fault.Violation, error) {
	r := b.db.Reader(ctx)
	a := ask{now: b.db.Now(), old: &old, member: old.MemberID, organisation: old.Organisation, attendance: old.Attendance, accepts: e.Accepts, anywhere: e.anywhere}
	if e.Attendance != nil {
		if a.attendance = *e.Attendance; a.attendance < 1 || a.attendance > maxAttendance {
			return a, nil, nil, fault.Field("attendance", "bad_attendance")
		}
	}
	a.span.Start, a.span.End = old.StartsAt, old.EndsAt
	if e.StartsAt != nil {
		a.span.Start = second(*e.StartsAt)
	}
	if e.EndsAt != nil {
		a.span.End = second(*e.EndsAt)
	}
	if err := cmp.Or(meant("starts_at", e.StartsAt), meant("ends_at", e.EndsAt)); err != nil {
		return a, nil, nil, err
	}
	if err := a.withLoans(r, old); err != nil {
		return a, nil, nil, err
	}
	var wants []Want
	for _, l := range old.Lines {
		wants = append(wants, Want{l.ResourceID, l.Quantity})
	}
	if e.Lines != nil {
		wants = *e.Lines
	}
	lines, err := b.mergeLines(r, wants)
	if err != nil {
		return a, nil, nil, err
	}
	ids := old.resourceIDs()
	for _, l := range lines {
		ids = append(ids, l.Resource)
	}
	f, err := b.factsOf(ctx, r, ids, a.span)
	if err != nil {
		return a, nil, nil, err
	}
	for _, l := range lines {
		a.lines = append(a.lines, askLine{f.terms[l.Resource], l.Quantity})
	}
	if err := endless(a); err != nil {
		return a, nil, nil, err
	}
	// What was lifted counts for what the booking keeps, and for giving back too late.
	if !a.takesMore() || old.CancelTooLate(resourcesOf(old, f), a.now) {
		if _, a.waived, err = waivedFor(r, old.ID); err != nil {
			return a, nil, nil, err
		}
	}
	wrong, err := b.judgeWaivers(r, who, old, e.Waive)
	if err != nil {
		return a, nil, nil, err
	}
	if a.own, err = b.owns(r, who, old); err != nil {
		return a, nil, nil, err
	}
	a.lifted = a.waived
	if a.takesMore() {
		a.waivers, a.waived = e.Waive, waivedSet(e.Waive)
	}
	a, err = b.withStanding(ctx, r, a)
	return a, f, wrong, err
}

// judgeMove applies the rules that only a change of time can break.
func judgeMove(who identity.Actor, a ask, f *facts) []fault.Violation {
	zone := a.lines[0].terms.Zone
	late := len(a.fixed) > 0 && !a.own && who.May(identity.BookForOthers, a.old.HubID, a.old.regionID)
	if !a.now.Before(a.old.EndsAt) && !late {
		return []fault.Violation{{Code: "already_ended", Params: fault.Params{"ends": a.old.EndsAt.In(zone)}}}
	}
	if a.old.Status == InUse && (!a.span.Start.Equal(a.old.StartsAt) || a.otherThings()) {
		return []fault.Violation{{Code: "handed_out", Params: fault.Params{}}}
	}
	again := a.asksAgain(who, a.verdictAlone())
	if !a.now.Before(a.old.StartsAt) && (again || !a.span.Start.Equal(a.old.StartsAt)) {
		return []fault.Violation{{Code: "already_started", Params: fault.Params{"starts": a.old.StartsAt.In(zone)}}}
	}
	if a.span.End.After(a.span.Start) && !a.span.End.After(a.now) {
		return []fault.Violation{{Code: "in_past", Params: fault.Params{"field": "ends_at", "earliest": a.now.In(zone)}}}
	}
	// A move must not be a way around the cut-off for cancelling: after it, a member
	// gives back nothing that was promised before the booking begins.
	if a.now.Before(a.old.StartsAt) && (again || a.givesBack()) && !a.lifted["cutoff_passed"] && (a.own || !who.May(identity.BookForOthers, a.old.HubID, a.old.regionID)) {
		if things := resourcesOf(*a.old, f); a.old.Status == Confirmed && a.old.CancelTooLate(things, a.now) {
			return []fault.Violation{{Code: "cutoff_passed", Params: fault.Params{"until": a.old.CancelUntil(things).In(zone)}}}
		}
	}
	return nil
}

// otherThings reports whether a move takes other resources than the booking has, or more or
// fewer of them.
func (a ask) otherThings() bool {
	if len(a.lines) != len(a.old.Lines) {
		return true
	}
	return slices.ContainsFunc(a.lines, func(l askLine) bool {
		return !slices.ContainsFunc(a.old.Lines, func(was Line) bool {
			return was.ResourceID == l.terms.Resource.ID && was.Quantity == l.quantity
		})
	})
}

// givesBack reports whether a move leaves some of the old time or of the old units.
func (a ask) givesBack() bool {
	if a.span.Start.After(a.old.StartsAt) || a.span.End.Before(a.old.EndsAt) {
		return true
	}
	for _, was := range a.old.Lines {
		at := slices.IndexFunc(a.lines, func(l askLine) bool { return l.terms.Resource.ID == was.ResourceID })
		if at < 0 || a.lines[at].quantity < was.Quantity {
			return true
		}
	}
	return false
}

// asksAgain reports whether a move makes a confirmed booking wait for approval: it
// takes what nobody approved, by somebody who could not approve it.
func (a ask) asksAgain(who identity.Actor, v verdict) bool {
	approval, _ := asksApproval(a, v)
	if a.old.Status != Confirmed || !approval || a.old.MemberID != who.ID && who.May(identity.Approve, a.old.HubID, a.old.regionID) {
		return false
	}
	return a.takesMore()
}

// verdictAlone is what the standing of the holder says of an ask, without the time.
func (a ask) verdictAlone() verdict {
	v, _ := judgeStanding(a)
	return verdict{Verdict: v}
}

// movedBooking is the old booking with its new time, lines and texts.
func movedBooking(who identity.Actor, old Booking, e Edits, a ask, v verdict) Booking {
	moved := old
	e.writeOn(&moved)
	moved.StartsAt, moved.EndsAt = a.span.Start, a.span.End
	moved.promise(a.lines[0].terms.Zone, !moved.StartsAt.Equal(old.StartsAt), !moved.EndsAt.Equal(old.EndsAt))
	moved.Lines = nil
	for i, l := range a.lines {
		moved.Lines = append(moved.Lines, Line{
			ResourceID: l.terms.Resource.ID, ResourceSlug: l.terms.Resource.Slug,
			ResourceName: l.terms.Resource.Name, Kind: l.terms.Resource.Kind, Quantity: l.quantity, line: i,
		})
	}
	moved.Attendance = a.attendance
	approval, competing := asksApproval(a, v)
	switch {
	case a.asksAgain(who, v):
		// What was confirmed does not lapse before its start because nobody answered.
		moved.Status, moved.LapsesAt = Pending, nil
	case old.Status == Pending && !approval:
		moved.Status, moved.LapsesAt = Confirmed, nil
	case old.Status == Pending && old.LapsesAt != nil && a.takesMore():
		moved.LapsesAt = a.answerBy()
	case old.Status == Pending && old.LapsesAt != nil && !old.LapsesAt.Before(moved.StartsAt):
		moved.LapsesAt = nil
	}
	moved.Competes = moved.Status == Pending && competing
	moved.shown = old.shown || moved.announced()
	moved.Version, moved.ChangedAt = old.Version+1, a.now
	if feedSees(old, moved) {
		moved.Sequence++
	}
	return moved
}

// feedSees reports whether a change is one that raises SEQUENCE (RFC 5545,
// 3.8.7.4): of start, end, place or the status that feeds show.
func feedSees(was, is Booking) bool {
	if !was.StartsAt.Equal(is.StartsAt) || !was.EndsAt.Equal(is.EndsAt) || len(was.Lines) != len(is.Lines) {
		return true
	}
	for i := range was.Lines {
		if was.Lines[i].ResourceID != is.Lines[i].ResourceID || was.Lines[i].Quantity != is.Lines[i].Quantity {
			return true
		}
	}
	return was.shownAs() != is.shownAs()
}

// writeMove writes a moved booking: its row first, which fails when somebody else
// was faster, then what it gives back and what it takes.
func writeMove(tx *database.Tx, old, moved Booking, units []chosen, news ...string) error {
	if err := updateBooking(tx, moved); err != nil {
		return err
	}
	if err := endOccupancies(tx, old.ID); err != nil {
		return err
	}
	if _, err := tx.Exec(`DELETE FROM booking_lines WHERE booking_id = $1`, old.ID); err != nil {
		return err
	}
	if err := insertLines(tx, moved); err != nil {
		return err
	}
	if !moved.Competes {
		if err := insertOccupancies(tx, moved, units); err != nil {
			return err
		}
	}
	return enqueueDue(tx, moved, news...)
}
