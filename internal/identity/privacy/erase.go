package privacy

import (
	"context"
	"errors"
	"fmt"

	"canot/internal/database"
	"canot/internal/fault"
	"canot/internal/identity"
)

// Erase takes a person out of the network: what is to come is cancelled, what they wrote is blanked,
// they have no name, address, token or session any more, and what must stay for the books stays under
// an id that says nothing. It cannot be undone. The person may ask, and who manages the network; to
// anybody else there is no such person. The last administrator stays: Refused, last_administrator; and
// who uses a space or has things out returns them first: Refused, bookings_left. Erasing twice is the
// same as once.
func (o *Office) Erase(ctx context.Context, by identity.Actor, memberID string, k database.Key) error {
	if err := o.erase(ctx, by, memberID, k); err != nil {
		return fmt.Errorf("erase: %w", err)
	}
	return nil
}

func (o *Office) erase(ctx context.Context, by identity.Actor, memberID string, k database.Key) error {
	// What ends, ends in commits of its own: nothing may end for an erasure that is refused. And nothing
	// may begin meanwhile, for the erasure to find at its end.
	if err := o.rehearse(ctx, by, memberID); err != nil {
		return err
	}
	closed, err := o.shut(ctx, by, memberID)
	if err != nil {
		return err
	}
	err = o.endAndErase(ctx, by, memberID, k)
	if closed && err != nil { // nobody is left shut out of an account that still exists
		err = errors.Join(err, o.db.In(context.WithoutCancel(ctx), func(tx *database.Tx) error { return identity.Unshut(tx, memberID) }))
	}
	o.people.Forget(memberID) // also when it failed: a commit whose answer was lost may have happened
	return err
}

// shut closes the account to whatever is new, in a commit of its own, and reports whether it was open.
// What would refuse the erasure is asked for again: it may have come since the rehearsal.
func (o *Office) shut(ctx context.Context, by identity.Actor, memberID string) (closed bool, err error) {
	err = o.db.In(ctx, func(tx *database.Tx) error {
		if err := o.mayErase(ctx, tx, by, memberID); err != nil {
			return err
		}
		if closed, err = identity.Shut(tx, memberID); err != nil {
			return err
		}
		return nothingRuns(tx, memberID)
	})
	o.people.Forget(memberID)
	return closed, err
}

// endAndErase ends what is to come, and then erases.
func (o *Office) endAndErase(ctx context.Context, by identity.Actor, memberID string, k database.Key) error {
	for _, p := range o.parts {
		if p.End == nil {
			continue
		}
		if err := p.End(ctx, by, memberID); err != nil {
			return fmt.Errorf("part %s: %w", p.Name, err)
		}
	}
	answers, err := o.answersAbout(ctx, memberID)
	if err != nil {
		return err
	}
	_, err = database.OnceIn(ctx, o.db, k, func(tx *database.Tx) (string, error) {
		if err := o.mayErase(ctx, tx, by, memberID); err != nil {
			return "", err
		}
		if err := o.wipe(tx, memberID, answers, false); err != nil {
			return "", err
		}
		return memberID, tx.Record(database.Change{By: by.ID, Action: "member.erase", Kind: "member", Subject: memberID})
	})
	return err
}

// errRehearsed rolls a rehearsal back.
var errRehearsed = errors.New("rehearsed")

// rehearse finds out whether an erasure would be refused: by rights, by a booking that is under way, or
// by a part. Parts that first end things are left out.
func (o *Office) rehearse(ctx context.Context, by identity.Actor, memberID string) error {
	err := o.db.In(ctx, func(tx *database.Tx) error {
		if err := o.mayErase(ctx, tx, by, memberID); err != nil {
			return err
		}
		if err := nothingRuns(tx, memberID); err != nil {
			return err
		}
		if err := o.wipe(tx, memberID, nil, true); err != nil {
			return err
		}
		return errRehearsed
	})
	if errors.Is(err, errRehearsed) {
		return nil
	}
	return err
}

// nothingRuns refuses while the person uses a space or has things out.
func nothingRuns(tx *database.Tx, memberID string) error {
	var running int
	if err := tx.Get(&running, `SELECT COUNT(*) FROM bookings WHERE member_id = $1 AND status = 'in_use'`, memberID); err != nil {
		return err
	}
	if running > 0 {
		return fault.New(fault.Refused, "bookings_left", fault.Params{"count": running})
	}
	return nil
}

// mayErase asks for the right, as it is now. Who signed in with one factor only, and has two or holds
// roles that ask for two, has to show the second: an account does not end by a password that leaked.
func (o *Office) mayErase(ctx context.Context, tx *database.Tx, by identity.Actor, memberID string) error {
	if !by.Known() || by.LacksFactor {
		return identity.Denied(by)
	}
	if err := o.people.FullyProved(tx, by); err != nil {
		return err
	}
	if by.ID != identity.System.ID && len(by.Grants) > 0 { // what a request brought may be some seconds old
		var err error
		if by.Grants, err = o.people.Grants(ctx, tx, by.ID); err != nil {
			return err
		}
	}
	if by.ID != memberID && !by.May(identity.ManageNetwork, "", "") {
		return fault.New(fault.NotFound, "member_not_found", nil)
	}
	_, err := o.people.Member(ctx, tx, memberID)
	return err
}

// wipe has every part forget the person, in the caller's transaction; a rehearsal leaves out those
// that end things first.
func (o *Office) wipe(tx *database.Tx, memberID string, answers []answerKey, rehearsal bool) error {
	for _, p := range append([]Part{own}, o.parts...) {
		if p.Erase == nil || rehearsal && p.End != nil {
			continue
		}
		if err := p.Erase(tx, memberID); err != nil {
			return fmt.Errorf("part %s: %w", p.Name, err)
		}
	}
	for _, a := range answers {
		if _, err := tx.Exec(`DELETE FROM idempotency_keys WHERE caller = $1 AND key = $2`, a.Caller, a.Key); err != nil {
			return err
		}
	}
	return nil
}

// An answerKey finds one kept answer.
type answerKey struct {
	Caller string `db:"caller"`
	Key    string `db:"key"`
}

// answersAbout finds the kept answers of others that name the person, perhaps beside the title of a
// booking that staff made for them, or that show what parts say was written about them. Answers that
// hold an id alone, with nothing beside it, stay, so that a repeated request still has one effect. It reads all of them, which takes a while and so is done before the
// transaction begins; what is kept meanwhile, the daily job finds.
func (o *Office) answersAbout(ctx context.Context, memberID string) (found []answerKey, err error) {
	if !plainID(memberID) {
		return nil, nil
	}
	err = o.db.View(ctx, func(r database.Reader) error {
		found = nil
		ids := []string{memberID}
		for _, p := range o.parts {
			if p.Answers == nil {
				continue
			}
			more, err := p.Answers(r, memberID)
			if err != nil {
				return fmt.Errorf("part %s: %w", p.Name, err)
			}
			ids = append(ids, more...)
		}
		for _, id := range ids {
			var some []answerKey
			if err := r.Select(&some, `SELECT caller, key FROM idempotency_keys WHERE answer LIKE $1 AND answer LIKE '%,%' AND answer NOT LIKE $2`, `%"`+id+`"%`, `{"ID":"`+id+`","Fault":null}`); err != nil {
				return err
			}
			found = append(found, some...)
		}
		return nil
	})
	return found, err
}

// forgetAnswersOf deletes what was answered to the person.
func forgetAnswersOf(tx *database.Tx, memberID string) error {
	_, err := tx.Exec(`DELETE FROM idempotency_keys WHERE caller = $1`, memberID)
	return err
}
