package booking

import (
	"cmp"
	"context"
	"slices"
	"time"

	"canot/internal/database"
	"canot/internal/fault"
	"canot/internal/identity"
	"canot/inventory/hours"
)

// Bounds of one request.
const (
	maxTitle = 200              // characters
	maxNotes = 2000             // characters
	maxLines = 20               // different resources
	maxHold  = 30 * time.Minute // how long a hold may stand
	maxHolds = 3                // how many a member may have at once

	maxAttendance = 100_000
)

// Place books, or says why not: a *Refusal that lists every broken rule and what
// would be accepted instead, or a fault. When it returns a booking, the booking is
// on disk. With a key, a retry gets the first answer and has no second effect.
func (b *Book) Place(ctx context.Context, who identity.Actor, req Request, key database.Key) (Booking, error) {
	if err := need(who); err != nil {
		return Booking{}, err
	}
	return b.once(ctx, key, func() (Booking, error) { return b.place(ctx, who, req, key) })
}

func (b *Book) place(ctx context.Context, who identity.Actor, req Request, key database.Key) (Booking, error) {
	r := b.db.Reader(ctx)
	a, f, err := b.asked(ctx, r, req)
	if err != nil {
		return Booking{}, err
	}
	broken, err := b.judgeRequest(r, who, &req, &a)
	if err != nil {
		return Booking{}, err
	}
	if err := b.lapse(ctx, f, a.now); err != nil {
		return Booking{}, err
	}
	if a, err = b.withStanding(ctx, r, a); err != nil {
		return Booking{}, err
	}
	persons := judgePerson(who, &a)
	v, more := judge(a, f)
	if broken = slices.Concat(broken, persons, more); len(broken) > 0 {
		return Booking{}, b.refuse(ctx, a, broken, req.Brief)
	}
	var booked Booking
	err = b.db.In(ctx, func(tx *database.Tx) error {
		a := a
		a.now = tx.Now
		v, err := b.lockAndLook(ctx, tx, &a, f, v)
		if err != nil {
			return err
		}
		if err := b.limitHolds(tx, req); err != nil {
			return err
		}
		booked = newBooking(who, req, a, v)
		booked.given(v.units)
		cents := price(a, v)
		booked.PriceCents = &cents
		if err := insertNew(tx, booked, v.units); err != nil {
			return err
		}
		if err := spend(tx, who, booked, a, v); err != nil {
			return err
		}
		return tx.Keep(key, answer{Booking: &booked})
	})
	return booked, b.withAlternatives(ctx, a, err, req.Brief)
}

// lockAndLook takes the locks of an ask's resources, those of its old booking
// included, and of its holder. If nothing about them has changed since the facts and the
// standing were read, the verdict stands; otherwise it reads and judges again, under the
// locks.
func (b *Book) lockAndLook(ctx context.Context, tx *database.Tx, a *ask, f *facts, v verdict) (verdict, error) {
	locked, err := lockResources(tx, f.resourceIDs())
	if err != nil {
		return v, err
	}
	changed, err := b.lockHolder(ctx, tx, a)
	if err != nil || !changed && f.unchanged(locked) {
		return v, err
	}
	if p := a.standing; p != nil && a.organisation != "" && !p.Person().ActsFor && (a.old == nil || a.takesMore()) {
		return v, &Refusal{Fault: refusalOf([]fault.Violation{{Code: "unknown_organisation", Params: fault.Params{"field": "organisation"}}})}
	}
	f, err = b.factsOf(ctx, tx, f.resourceIDs(), a.span)
	if err != nil {
		return v, err
	}
	for i := range a.lines {
		a.lines[i].terms = f.terms[a.lines[i].terms.Resource.ID]
	}
	if len(f.lapsed(a.now)) > 0 {
		return v, errAgain
	}
	if a.old != nil {
		f = f.without(a.old.ID)
		if err := keepForWaiting(tx, *a, f); err != nil {
			return v, err
		}
	}
	v, broken := judge(*a, f)
	if len(broken) == 0 {
		return v, nil
	}
	if a.old != nil {
		if err := stillThe(tx, *a.old); err != nil {
			return v, err
		}
	}
	return v, &Refusal{Fault: refusalOf(broken)}
}

// asked turns a request into an ask, with the facts to judge it by.
func (b *Book) asked(ctx context.Context, r database.Reader, req Request) (ask, *facts, error) {
	a := ask{span: hours.Span{Start: second(req.StartsAt), End: second(req.EndsAt)}, now: b.db.Now()}
	if err := cmp.Or(meant("starts_at", &a.span.Start), meant("ends_at", &a.span.End)); err != nil {
		return a, nil, err
	}
	lines, err := b.mergeLines(r, req.Lines)
	if err != nil {
		return a, nil, err
	}
	ids := make([]string, len(lines))
	for i, l := range lines {
		ids[i] = l.Resource
	}
	f, err := b.factsOf(ctx, r, ids, a.span)
	if err != nil {
		return a, nil, err
	}
	for _, l := range lines {
		a.lines = append(a.lines, askLine{f.terms[l.Resource], l.Quantity})
	}
	return a, f, endless(a)
}

// mergeLines resolves the resources of lines and adds up those that are named twice.
func (b *Book) mergeLines(r database.Reader, wants []Want) ([]Want, error) {
	if len(wants) == 0 || len(wants) > maxLines {
		return nil, fault.Field("lines", "bad_lines")
	}
	keys := make([]string, len(wants))
	for i, w := range wants {
		if w.Quantity < 1 || w.Quantity > 1_000_000 {
			return nil, fault.Field("quantity", "bad_quantity")
		}
		keys[i] = w.Resource
	}
	ids, err := b.resolve(r, keys)
	if err != nil {
		return nil, err
	}
	var merged []Want
	for i, id := range ids {
		if at := slices.IndexFunc(merged, func(w Want) bool { return w.Resource == id }); at >= 0 {
			merged[at].Quantity += wants[i].Quantity
		} else {
			merged = append(merged, Want{id, wants[i].Quantity})
		}
	}
	return merged, nil
}

// judgeRequest applies the rules that need no facts about time: texts, who books
// for whom, holds, which rules are lifted. It fills the member of req, and what a says of
// persons.
func (b *Book) judgeRequest(r database.Reader, who identity.Actor, req *Request, a *ask) ([]fault.Violation, error) {
	broken := judgeTexts(&req.Title, &req.Notes, &req.Sector, &req.Visibility)
	if req.MemberID == "" {
		req.MemberID = who.ID
	}
	t := a.lines[0].terms
	if req.MemberID != who.ID {
		if who.ID == "" {
			return nil, fault.New(fault.Unauthenticated, "sign_in", nil)
		}
		if !who.May(identity.BookForOthers, t.Resource.HubID, t.RegionID) {
			return nil, identity.Denied(who)
		}
	}
	wished := Booking{MemberID: req.MemberID, Organisation: req.Organisation, HubID: t.Resource.HubID, regionID: t.RegionID}
	more, err := b.judgeWaivers(r, who, wished, req.Waive)
	if err != nil {
		return nil, err
	}
	broken = append(broken, more...)
	if req.Attendance < 0 || req.Attendance > maxAttendance {
		return nil, fault.Field("attendance", "bad_attendance")
	}
	req.Attendance = max(req.Attendance, 1)
	a.member, a.organisation, a.attendance, a.accepts = req.MemberID, req.Organisation, req.Attendance, req.Accepts
	a.waivers, a.waived = req.Waive, waivedSet(req.Waive)
	if req.Hold < 0 || req.Hold > maxHold {
		broken = append(broken, fault.Violation{Code: "hold_too_long", Params: fault.Params{"longest_min": int(maxHold / time.Minute)}})
	}
	more, err = judgeHolds(r, *req, a.now)
	return append(broken, more...), err
}

// judgePerson says whether the member may book at all, and for that organisation. Who
// books for themself has shown that their address is theirs; staff answer for others. Of an
// organisation that is not theirs to book for, nothing is judged, for nothing may be told.
func judgePerson(who identity.Actor, a *ask) []fault.Violation {
	if a.member == "" {
		if a.organisation == "" {
			return nil
		}
		a.standing = nil
		return []fault.Violation{{Code: "unknown_organisation", Params: fault.Params{"field": "organisation"}}}
	}
	var broken []fault.Violation
	p := a.standing.Person()
	switch {
	case !p.Active:
		broken = append(broken, fault.Violation{Code: "unknown_member", Params: fault.Params{"field": "member"}})
	case a.member == who.ID && p.Unverified:
		broken = append(broken, fault.Violation{Code: "email_unverified", Params: fault.Params{}})
	}
	if a.organisation != "" && !p.ActsFor {
		broken = append(broken, fault.Violation{Code: "unknown_organisation", Params: fault.Params{"field": "organisation"}})
		a.standing = nil
	}
	return broken
}

// limitHolds refuses more holds at once than a member may have, under a lock, so
// that parallel requests cannot share the last one.
func (b *Book) limitHolds(tx *database.Tx, req Request) error {
	if req.Hold == 0 {
		return nil
	}
	if err := tx.Lock("members", req.MemberID); err != nil {
		return err
	}
	broken, err := judgeHolds(tx, req, tx.Now)
	if err == nil && len(broken) > 0 {
		err = &Refusal{Fault: refusalOf(broken)}
	}
	return err
}

// judgeHolds counts the holds that a member has already, when another is asked for.
func judgeHolds(r database.Reader, req Request, now time.Time) ([]fault.Violation, error) {
	if req.Hold == 0 {
		return nil, nil
	}
	var holds int
	err := r.Get(&holds, `SELECT count(*) FROM bookings WHERE member_id = $1 AND status = 'held' AND lapses_at > $2 AND ends_at > $2`,
		req.MemberID, now)
	if err != nil || holds < maxHolds {
		return nil, err
	}
	return []fault.Violation{{Code: "too_many_holds", Params: fault.Params{"most": maxHolds}}}, nil
}

// lapse ends the holds among the facts that have lapsed but not yet been ended, and
// asks for another look when there were any.
func (b *Book) lapse(ctx context.Context, f *facts, now time.Time) error {
	ids := f.lapsed(now)
	for _, id := range ids {
		if err := b.Settle(ctx, id); err != nil {
			return err
		}
	}
	if len(ids) > 0 {
		return errAgain
	}
	return nil
}

// newBooking makes the booking that an accepted ask becomes.
func newBooking(who identity.Actor, req Request, a ask, v verdict) Booking {
	t := a.lines[0].terms
	booked := Booking{
		ID: database.NewID(), Reference: newReference(),
		HubID: t.Resource.HubID, HubSlug: t.HubSlug, HubName: t.HubName, Town: t.Town,
		TimeZone: t.Zone.String(), Currency: t.Currency, regionID: t.RegionID,
		MemberID: req.MemberID, Organisation: req.Organisation, MadeBy: who.ID, Status: Confirmed,
		StartsAt: a.span.Start, EndsAt: a.span.End,
		Title: req.Title, Notes: req.Notes, Sector: req.Sector, Visibility: req.Visibility,
		Attendance: max(req.Attendance, 1), Version: 1,
		CreatedAt: a.now, ChangedAt: a.now,
	}
	for i, l := range a.lines {
		booked.Lines = append(booked.Lines, Line{
			ResourceID: l.terms.Resource.ID, ResourceSlug: l.terms.Resource.Slug,
			ResourceName: l.terms.Resource.Name, Kind: l.terms.Resource.Kind,
			Quantity: l.quantity, Units: []string{}, line: i,
		})
	}
	if approval, competing := asksApproval(a, v); approval {
		booked.Status, booked.Competes = Pending, competing
		booked.LapsesAt = a.answerBy()
	}
	if req.Hold > 0 {
		lapses := a.now.Add(req.Hold)
		booked.Status, booked.Competes, booked.LapsesAt = Held, false, &lapses
	}
	booked.promise(t.Zone, true, true)
	booked.shown = booked.announced()
	return booked
}

// asksApproval reports whether staff must approve an ask, for what is asked or for who
// asks, and whether it takes no time until they do.
func asksApproval(a ask, v verdict) (approval, competing bool) {
	approval = v.NeedsApproval
	for _, l := range a.lines {
		p := l.terms.Resource.Policy
		approval = approval || p.Approval
		competing = competing || p.Competing
	}
	return approval, approval && competing
}

// answerBy is when a request that nobody has answered lapses before its start, by the
// shortest of its policies; nil where none says.
func (a ask) answerBy() *time.Time {
	within := 0
	for _, l := range a.lines {
		if w := l.terms.Resource.Policy.AnswerWithin; w > 0 && (within == 0 || w < within) {
			within = w
		}
	}
	by := a.now.Add(time.Duration(within) * time.Minute)
	if within == 0 || !by.Before(a.span.Start) {
		return nil
	}
	return &by
}

// shownAs is what feeds say of the status of a booking, or "" when they do not show
// it: a hold, and a request that takes no time until it is approved.
func (b Booking) shownAs() string {
	switch b.Status {
	case Held:
		return ""
	case Pending:
		if b.Competes {
			return ""
		}
		return "TENTATIVE"
	case Confirmed, InUse, Completed:
		return "CONFIRMED"
	default:
		return "CANCELLED"
	}
}

// announced reports whether feeds show a booking as one that stands.
func (b Booking) announced() bool {
	as := b.shownAs()
	return as == "TENTATIVE" || as == "CONFIRMED"
}

// given writes the chosen units into the lines.
func (b *Booking) given(units []chosen) {
	for i := range b.Lines {
		b.Lines[i].Units, b.Lines[i].WithoutUnit = []string{}, 0
	}
	if b.Competes {
		return
	}
	for _, c := range units {
		b.Lines[c.line].Units = append(b.Lines[c.line].Units, c.unit.ID)
	}
	for i := range b.Lines {
		slices.Sort(b.Lines[i].Units)
	}
}

// insertNew writes a new booking with its lines, what it occupies, its row in the
// log, and the job that will look after it.
func insertNew(tx *database.Tx, b Booking, units []chosen) error {
	if err := insertBooking(tx, b); err != nil {
		return err
	}
	if err := insertLines(tx, b); err != nil {
		return err
	}
	if !b.Competes {
		if err := insertOccupancies(tx, b, units); err != nil {
			return err
		}
	}
	if err := record(tx, b.MadeBy, "booking.place", nil, &b); err != nil {
		return err
	}
	return enqueueDue(tx, b, newsOf(b)...)
}

// newsOf is what people are told of a booking that has just come to its status.
func newsOf(b Booking) []string {
	switch b.Status {
	case Pending:
		return []string{"booking.request"}
	case Confirmed:
		return []string{"booking.confirmed"}
	}
	return nil
}

// newsOfMove is what people are told of a booking that was moved: what it has become, else
// that its time or its things are others, and whether that was their own doing.
func newsOfMove(own bool, old, moved Booking) []string {
	switch {
	case moved.Status != old.Status:
		return newsOf(moved)
	case moved.Status == Held || !feedSees(old, moved):
		return nil
	case own:
		return []string{"booking.moved"}
	}
	return []string{"booking.moved_by_staff"}
}

// enqueueDue leaves the job that does what time asks of a booking, and the notices that
// tell people of it.
func enqueueDue(tx *database.Tx, b Booking, notices ...string) error {
	var jobs []database.Job
	if due, ok := b.due(); ok {
		jobs = append(jobs, dueJob(b, due))
	}
	for _, what := range notices {
		jobs = append(jobs, noticeJob(tx, b.ID, what))
	}
	if len(jobs) == 0 {
		return nil
	}
	return tx.Enqueue(jobs...)
}

// noticeJob is a message to people about a booking, told as soon as it is committed.
func noticeJob(tx *database.Tx, bookingID, what string) database.Job {
	return database.Job{Kind: "notice", Args: bookingJob{Booking: bookingID, What: what}, At: tx.Now}
}

func dueJob(b Booking, due time.Time) database.Job {
	return database.Job{Kind: "booking.due", Args: bookingJob{Booking: b.ID}, At: due}
}
