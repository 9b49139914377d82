package booking

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"canot/internal/database"
	"canot/internal/fault"
	"canot/internal/identity"
	"canot/inventory"
	"canot/inventory/hours"
)

// Confirm turns a hold into a booking: confirmed, or pending where staff must approve.
// A hold that has lapsed is refused.
func (b *Book) Confirm(ctx context.Context, who identity.Actor, id string, ifVersion int64, key database.Key) (Booking, error) {
	return b.decide(ctx, who, decision{
		id: id, ifVersion: ifVersion, key: key, action: "booking.confirm", right: identity.BookForOthers,
		apply: func(s *step) error {
			if s.was.Status != Held || !s.was.LapsesAt.After(s.tx.Now) {
				return badStatus(s.was)
			}
			approval, competing, answerBy, err := b.approvalOf(ctx, s.tx, s.was)
			if err != nil {
				return err
			}
			s.is.Status, s.is.LapsesAt = Confirmed, nil
			if approval {
				s.is.Status, s.is.Competes, s.is.LapsesAt = Pending, competing, answerBy
			}
			s.notices = newsOf(s.is)
			if s.is.Competes {
				return s.free()
			}
			return s.holdUntil(s.is.LapsesAt)
		},
	})
}

// Approve confirms a request. Nobody approves their own. A request that competes
// takes its time now, through the same guard as any other booking, and is refused
// when the time has gone; those that can no longer be had because of it are declined in
// the same commit, and their members told what else there is. That the member is certified
// for the day of use is judged again.
func (b *Book) Approve(ctx context.Context, who identity.Actor, id string, ifVersion int64, key database.Key) (Booking, error) {
	return b.decide(ctx, who, decision{
		id: id, ifVersion: ifVersion, key: key, action: "booking.approve", right: identity.Approve, staffOnly: true,
		apply: func(s *step) error {
			if due, _ := s.was.due(); s.was.Status != Pending || !due.After(s.tx.Now) {
				return badStatus(s.was)
			}
			if err := b.judgeCertified(ctx, who, s); err != nil {
				return err
			}
			s.is.Status, s.is.LapsesAt = Confirmed, nil
			s.notices = append(s.notices, "booking.approve")
			if !s.was.Competes {
				return s.holdUntil(nil)
			}
			s.is.Competes = false
			if err := b.takeFor(ctx, s); err != nil {
				return err
			}
			return b.declineRivals(ctx, who, s)
		},
	})
}

// Decline refuses a request, for a reason that its member may read.
func (b *Book) Decline(ctx context.Context, who identity.Actor, id string, ifVersion int64, reason string, key database.Key) (Booking, error) {
	return b.decide(ctx, who, decision{
		id: id, ifVersion: ifVersion, key: key, action: "booking.decline", right: identity.Approve, staffOnly: true, reason: reason,
		apply: func(s *step) error {
			if s.was.Status != Pending {
				return badStatus(s.was)
			}
			s.is.Status, s.is.LapsesAt, s.is.Reason = Declined, nil, reason
			s.notices = append(s.notices, "booking.decline")
			if err := s.refund(who); err != nil {
				return err
			}
			return s.free()
		},
	})
}

// Cancel ends a booking and gives back what it holds. Cancelling twice is the same
// as once. Its member may until the policy's cut-off; staff of its hub may later.
func (b *Book) Cancel(ctx context.Context, who identity.Actor, id string, ifVersion int64, reason string, key database.Key) (Booking, error) {
	return b.decide(ctx, who, decision{
		id: id, ifVersion: ifVersion, key: key, action: "booking.cancel", right: identity.BookForOthers, reason: reason,
		done: func(was Booking) bool { return was.Status == Cancelled },
		apply: func(s *step) error {
			if !s.was.Status.Live() {
				return badStatus(s.was)
			}
			if s.was.Status == InUse {
				if out, err := openLoans(s.tx, s.was.ID); err != nil || out > 0 {
					return cmp.Or(err, error(&Refusal{Fault: refusalOf([]fault.Violation{{Code: "handed_out", Params: fault.Params{}}})}))
				}
			}
			own, err := b.owns(s.tx, who, s.was)
			if err != nil {
				return err
			}
			if own || !who.May(identity.BookForOthers, s.was.HubID, s.was.regionID) {
				if err := b.beforeCutoff(ctx, s); err != nil {
					return err
				}
			}
			switch {
			case own && s.was.Status != Held: // what was only held is in nobody's calendar
				s.notices = append(s.notices, "booking.cancelled")
			case !own && who.ID != identity.System.ID:
				s.notices = append(s.notices, "booking.cancelled_by_staff")
			}
			s.is.Status, s.is.LapsesAt, s.is.Reason = Cancelled, nil, reason
			if err := s.refund(who); err != nil {
				return err
			}
			return s.free()
		},
	})
}

// A decision is a change of a booking's status.
type decision struct {
	id        string
	ifVersion int64
	key       database.Key
	action    string
	reason    string
	right     identity.Right          // what it takes for a booking that is not one's own
	staffOnly bool                    // one's own is not enough, and even refused
	done      func(was Booking) bool  // nothing is left to do: the booking is the answer
	apply     func(s *step) error     // checks the status, sets the new one, takes or gives back time
	after     func(s *step) error     // what follows once the booking is written
	answer    func(is Booking) answer // what is kept under the key; nil for the booking itself
}

// A step is a decision being carried out: what the booking was, and what it becomes.
type step struct {
	tx      *database.Tx
	was, is Booking
	rules   map[string]int64 // of its resources, the versions of their rules under the lock
	notices []string         // what people are to be told
	nothing bool             // there was nothing left to do: nothing is written
}

// holdUntil sets when what the booking occupies lapses by itself, nil for never.
func (s *step) holdUntil(lapses *time.Time) error {
	_, err := s.tx.Exec(`UPDATE occupancies SET lapses_at = $2 WHERE booking_id = $1 AND live`, s.was.ID, lapses)
	return err
}

// free gives back everything that the booking holds, and what it waits for.
func (s *step) free() error {
	waits := slices.ContainsFunc(s.was.Lines, func(l Line) bool { return l.WithoutUnit > 0 })
	s.is.given(nil)
	if waits {
		if _, err := s.tx.Exec(`UPDATE booking_lines SET without_unit = 0 WHERE booking_id = $1`, s.was.ID); err != nil {
			return err
		}
	}
	return endOccupancies(s.tx, s.was.ID)
}

// decide carries out a decision: read, check the right, lock the resources, apply,
// write, log; all or nothing, looking again when somebody else was faster.
func (b *Book) decide(ctx context.Context, who identity.Actor, d decision) (Booking, error) {
	if err := need(who); err != nil {
		return Booking{}, err
	}
	if broken := judgeNote("reason", &d.reason); len(broken) > 0 {
		return Booking{}, &Refusal{Fault: refusalOf(broken)}
	}
	return b.once(ctx, d.key, func() (Booking, error) {
		was, err := b.decidable(ctx, who, d)
		if err != nil {
			return Booking{}, err
		}
		if d.done != nil && d.done(was) {
			return was, b.db.In(ctx, func(tx *database.Tx) error { return tx.Keep(d.key, answer{Booking: &was}) })
		}
		is, err := b.carryOut(ctx, who, was, d)
		return is, b.endLapsed(ctx, err)
	})
}

// endLapsed ends the hold that an attempt met which had lapsed, and asks for another look.
func (b *Book) endLapsed(ctx context.Context, err error) error {
	var hold errLapsed
	if !errors.As(err, &hold) {
		return err
	}
	if err := b.Settle(ctx, hold.booking); err != nil {
		return err
	}
	return errAgain
}

// decidable reads the booking of a decision that who may make.
func (b *Book) decidable(ctx context.Context, who identity.Actor, d decision) (Booking, error) {
	was, err := b.mine(b.db.Reader(ctx), who, d.id, d.right, d.ifVersion)
	if err != nil || !d.staffOnly {
		return was, err
	}
	own, err := b.owns(b.db.Reader(ctx), who, was)
	if err != nil {
		return was, err
	}
	if own {
		return was, &Refusal{Fault: refusalOf([]fault.Violation{{Code: "own_request", Params: fault.Params{}}})}
	}
	return was, nil
}

func (b *Book) carryOut(ctx context.Context, who identity.Actor, was Booking, d decision) (Booking, error) {
	var is Booking
	err := b.db.In(ctx, func(tx *database.Tx) error {
		locked, err := lockResources(tx, was.resourceIDs())
		if err != nil {
			return err
		}
		s := &step{tx: tx, was: was, is: was, rules: map[string]int64{}}
		for id, v := range locked {
			s.rules[id] = v.RulesVersion
		}
		s.is.Lines = append([]Line(nil), was.Lines...)
		if err := d.apply(s); err != nil {
			if fault.Of(err) == nil {
				return err // nothing more can be asked of a transaction that failed
			}
			return cmp.Or(stillThe(tx, was), err) // refused for what it was, or for what it is no longer?
		}
		if s.nothing {
			is = was
			return tx.Keep(d.key, d.kept(is))
		}
		is = s.is
		is.Version, is.ChangedAt = was.Version+1, tx.Now
		is.shown = was.shown || is.announced()
		if feedSees(was, is) {
			is.Sequence++
		}
		if err := updateBooking(tx, is); err != nil {
			return err
		}
		if err := record(tx, who.ID, d.action, &was, &is); err != nil {
			return err
		}
		if err := enqueueDue(tx, is, s.notices...); err != nil {
			return err
		}
		if d.after != nil {
			s.is = is
			if err := d.after(s); err != nil {
				return err
			}
		}
		return tx.Keep(d.key, d.kept(is))
	})
	return is, err
}

// kept is the answer that is kept under the key of a decision.
func (d decision) kept(is Booking) answer {
	if d.answer != nil {
		return d.answer(is)
	}
	return answer{Booking: &is}
}

// approvalOf reports whether staff must approve a booking, whether it competes until they
// do, and by when they must answer.
func (b *Book) approvalOf(ctx context.Context, tx *database.Tx, was Booking) (approval, competing bool, by *time.Time, err error) {
	f, err := b.factsOf(ctx, tx, was.resourceIDs(), hours.Span{Start: was.StartsAt, End: was.EndsAt})
	if err != nil {
		return false, false, nil, err
	}
	a, err := b.withStanding(ctx, tx, askOf(was, f, tx.Now))
	if err != nil {
		return false, false, nil, err
	}
	if was.Organisation != "" && !a.standing.Person().ActsFor {
		return false, false, nil, &Refusal{Fault: refusalOf([]fault.Violation{{Code: "unknown_organisation", Params: fault.Params{"field": "organisation"}}})}
	}
	approval, competing = asksApproval(a, a.verdictAlone())
	return approval, competing, a.answerBy(), nil
}

// askOf is the ask that a booking stands for.
func askOf(was Booking, f *facts, now time.Time) ask {
	a := ask{span: hours.Span{Start: was.StartsAt, End: was.EndsAt}, now: now, old: &was,
		member: was.MemberID, organisation: was.Organisation, attendance: was.Attendance}
	for _, l := range was.Lines {
		a.lines = append(a.lines, askLine{f.terms[l.ResourceID], l.Quantity})
	}
	return a
}

// takeFor gives a booking that occupies nothing its units, or refuses. What may have
// changed since it was asked for is judged again; its notice and its length are not.
func (b *Book) takeFor(ctx context.Context, s *step) error {
	f, err := b.factsOf(ctx, s.tx, s.was.resourceIDs(), hours.Span{Start: s.was.StartsAt, End: s.was.EndsAt})
	if err != nil {
		return err
	}
	if len(f.lapsed(s.tx.Now)) > 0 {
		return errAgain
	}
	a, err := b.withStanding(ctx, s.tx, askOf(s.was, f, s.tx.Now))
	if err != nil {
		return err
	}
	if _, a.waived, err = waivedFor(s.tx, s.was.ID); err != nil {
		return err
	}
	tiers := a.verdictAlone().Lines
	var units []chosen
	var broken []fault.Violation
	for i, l := range a.lines {
		given, missing := chooseUnits(a, i, f)
		units = append(units, given...)
		if l.terms.Resource.Archived {
			missing = append(missing, fault.Violation{Code: "archived", Params: fault.Params{}})
		}
		for _, v := range append(judgeHours(a, l, tiers[i].AfterHours), missing...) {
			broken = append(broken, about(l, len(a.lines) > 1, v))
		}
	}
	broken = slices.DeleteFunc(broken, func(v fault.Violation) bool { return a.waived[v.Code] })
	if len(broken) > 0 {
		return &Refusal{Fault: refusalOf(broken)}
	}
	s.is.given(units)
	return insertOccupancies(s.tx, s.is, units)
}

// beforeCutoff refuses a member who cancels later than the strictest policy allows.
func (b *Book) beforeCutoff(ctx context.Context, s *step) error {
	f, err := b.factsOf(ctx, s.tx, s.was.resourceIDs(), hours.Span{Start: s.was.StartsAt, End: s.was.EndsAt})
	if err != nil {
		return err
	}
	if s.was.Status == InUse {
		return &Refusal{Fault: refusalOf([]fault.Violation{{Code: "handed_out", Params: fault.Params{}}})}
	}
	things := resourcesOf(s.was, f)
	if !s.was.CancelTooLate(things, s.tx.Now) {
		return nil
	}
	if _, lifted, err := waivedFor(s.tx, s.was.ID); err != nil || lifted["cutoff_passed"] {
		return err
	}
	return &Refusal{Fault: refusalOf([]fault.Violation{{Code: "cutoff_passed", Params: fault.Params{"until": s.was.CancelUntil(things).In(zoneOf(s.was, f))}}})}
}

// zoneOf is the zone of a booking's hub, as facts have it.
func zoneOf(was Booking, f *facts) *time.Location { return f.terms[was.Lines[0].ResourceID].Zone }

// resourcesOf are the resources of a booking, as facts have them.
func resourcesOf(was Booking, f *facts) []inventory.Resource {
	var all []inventory.Resource
	for _, l := range was.Lines {
		all = append(all, f.terms[l.ResourceID].Resource)
	}
	return all
}
