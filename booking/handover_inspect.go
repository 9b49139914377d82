package booking

import (
	"context"
	"encoding/json"
	"slices"

	"canot/internal/database"
	"canot/internal/fault"
	"canot/internal/identity"
	"canot/inventory"
	"canot/inventory/files"
)

// Inspect notes what was found on a unit after its return: its condition, what is missing, a damage, what
// was used up. What follows is as at the return itself. It asks for the right to hand out where the unit left
// or came back, and is refused while the unit is out (still_out) and once it has left again (moved_since).
func (b *Book) Inspect(ctx context.Context, who identity.Actor, loan string, found Return, key database.Key) (Returned, error) {
	if err := need(who); err != nil {
		return Returned{}, err
	}
	if broken := judgeNotes(found.Condition, found.Trouble); len(broken) > 0 {
		return Returned{}, &Refusal{Fault: refusalOf(broken)}
	}
	a, err := b.onceAnswer(ctx, key, func() (answer, error) {
		l, err := b.loanFor(ctx, who, loan, identity.HandOut)
		if err != nil {
			return answer{}, err
		}
		was, err := findBooking(b.db.Reader(ctx), l.BookingID)
		if err != nil {
			return answer{}, err
		}
		hub, err := b.inspectedAt(ctx, who, l, found.Hub)
		if err != nil {
			return answer{}, err
		}
		got, err := b.inspect(ctx, who, hub, l, was, found, false, key)
		return answer{Returned: &got}, err
	})
	if err != nil {
		return Returned{}, err
	}
	return *a.Returned, nil
}

// inspectedAt is the hub at whose counter a unit is inspected, and whose stock is used up with it: the
// one that is named, where who inspects may hand out, else the one where the unit came back or that it
// left, whichever is theirs. Nobody uses up what stands on another's shelf.
func (b *Book) inspectedAt(ctx context.Context, who identity.Actor, l Loan, named string) (hub inventory.Hub, err error) {
	for _, key := range []string{named, l.BackHubID, l.OutHubID} {
		if key == "" {
			continue
		}
		if hub, err = b.catalog.Hub(ctx, key); err != nil || who.May(identity.HandOut, hub.ID, hub.RegionID) {
			return hub, err
		}
		if key == named {
			return hub, notTheirs(who, hub)
		}
	}
	return hub, notTheirs(who, hub)
}

// inspect writes what was found at a hub's counter, under the lock of the unit's resource.
func (b *Book) inspect(ctx context.Context, who identity.Actor, hub inventory.Hub, l Loan, was Booking, found Return, already bool, key database.Key) (Returned, error) {
	seen, err := unitIn(b.db.Reader(ctx), l.UnitID)
	if err != nil {
		return Returned{}, err
	}
	in := &returning{b: b, ctx: ctx, who: who, hub: hub, back: found}
	err = b.db.In(ctx, func(tx *database.Tx) error {
		in.done = Returned{Booking: atCounterOf(who, was), Already: already}
		if _, err := lockResources(tx, []string{seen.ResourceID}); err != nil {
			return err
		}
		if in.unit, err = unitIn(tx, l.UnitID); err != nil {
			return err
		}
		all, err := loansOf(tx, `n.unit_id = $1`, l.UnitID)
		if err != nil {
			return err
		}
		in.loan = all[slices.IndexFunc(all, func(x Loan) bool { return x.ID == l.ID })]
		switch {
		case in.unit.ResourceID != seen.ResourceID:
			return errAgain
		case slices.ContainsFunc(all, in.loan.before):
			return &Refusal{Fault: refusalOf([]fault.Violation{{Code: "moved_since", Params: fault.Params{"unit": l.Code}}})}
		case in.loan.BackAt == nil:
			return &Refusal{Fault: refusalOf([]fault.Violation{{Code: "still_out", Params: fault.Params{"unit": l.Code}}})}
		}
		if err := in.note(tx); err != nil {
			return err
		}
		return tx.Keep(key, answer{Returned: &in.done})
	})
	return in.done, err
}

// before reports whether the unit of a loan has left again since, with another.
func (l Loan) before(other Loan) bool {
	switch {
	case other.ID == l.ID || l.BackAt == nil:
		return false
	case other.BackAt == nil || !other.OutAt.Equal(l.OutAt):
		return other.BackAt == nil || other.OutAt.After(l.OutAt)
	}
	return other.BackAt.After(*l.BackAt)
}

// note writes what was found after a return.
func (in *returning) note(tx *database.Tx) error {
	incomplete, err := in.count(tx)
	if err != nil {
		return err
	}
	l := &in.loan
	in.back.Damaged = in.back.Damaged && !l.Damaged // told before: its ticket is open, and the unit out of service
	if in.back.Missing != nil {
		l.Missing = lacking(in.back.Missing)
	}
	l.Damaged = l.Damaged || in.back.Damaged
	if in.back.Condition != "" {
		l.ConditionIn = in.back.Condition
	}
	missing, err := json.Marshal(l.Missing)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(`UPDATE loans SET condition_in = $2, missing = $3, damaged = $4 WHERE id = $1`, l.ID, l.ConditionIn, string(missing), l.Damaged); err != nil {
		return err
	}
	if err := in.useUp(tx); err != nil {
		return err
	}
	in.done.Loan = *l
	o := &outing{b: in.b, ctx: in.ctx, tx: tx, who: in.who, unit: in.unit}
	if err := in.found(o, incomplete); err != nil {
		return err
	}
	if in.done.Given, err = o.giveToWaiting(); err != nil { // it may have become complete
		return err
	}
	return recordLoan(tx, in.who, "loan.inspect", *l, nil)
}

// Photograph keeps pictures of a loan's unit, as it was handed out (files.Out) or came back (files.In),
// for who may hand out where it left or came back.
func (b *Book) Photograph(ctx context.Context, who identity.Actor, loan, moment string, pictures []files.Prepared, key database.Key) error {
	if err := need(who); err != nil {
		return err
	}
	if moment != files.Out && moment != files.In {
		return fault.Field("moment", "bad_value")
	}
	_, err := b.onceAnswer(ctx, key, func() (answer, error) {
		l, err := b.loanFor(ctx, who, loan, identity.HandOut)
		if err != nil {
			return answer{}, err
		}
		return answer{}, b.db.In(ctx, func(tx *database.Tx) error {
			for _, p := range pictures {
				if _, err := files.Insert(tx, who, files.NewFile{Prepared: p, SubjectKind: files.OfLoan, SubjectID: l.ID, Moment: moment}); err != nil {
					return err
				}
			}
			err := tx.Record(database.Change{By: who.ID, Action: "loan.photograph", Kind: "loan", Subject: l.ID,
				After: map[string]any{"moment": moment, "pictures": len(pictures)}})
			if err != nil {
				return err
			}
			return tx.Keep(key, answer{})
		})
	})
	return err
}
