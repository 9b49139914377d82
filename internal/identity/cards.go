package identity

import (
	"context"
	"crypto/rand"
	"fmt"

	"canot/internal/database"
	"canot/internal/fault"
)

// Card makes the number that a person shows at a counter, printed or on a telephone, and returns it;
// who has one keeps it. It is for the person themselves, in a browser or by a token with the book
// scope, and for who books for others (BookForOthers) and sees persons (ViewPersons) at their home hub:
// somebody without e-mail gets theirs there. To others the member is NotFound. Only active accounts
// have one.
func (d *Directory) Card(ctx context.Context, by Actor, memberID string, k database.Key) (string, error) {
	return d.card(ctx, by, memberID, false, k)
}

// RenewCard makes a new number; the one that there was is worth nothing from then on. Its rights are
// those of Card. Repeated with its key it returns the number that the person has now.
func (d *Directory) RenewCard(ctx context.Context, by Actor, memberID string, k database.Key) (string, error) {
	return d.card(ctx, by, memberID, true, k)
}

func (d *Directory) card(ctx context.Context, by Actor, memberID string, renew bool, k database.Key) (string, error) {
	if !storable(memberID) {
		return "", memberNotFound()
	}
	_, err := database.OnceIn(ctx, d.db, k, func(tx *database.Tx) (string, error) {
		if err := tx.Lock("members", memberID); err != nil { // two at once make one
			return "", err
		}
		by, err := current(tx, by)
		if err != nil {
			return "", err
		}
		p, err := cardholder(tx, by, memberID)
		if err != nil || p.Card != "" && !renew {
			return memberID, err
		}
		_, err = tx.Exec(`UPDATE members SET card = $2, version = version + 1 WHERE id = $1`, memberID, newCard())
		if err == nil {
			err = tx.Record(database.Change{By: by.ID, Action: "member.card", Kind: "member", Subject: memberID, After: map[string]any{"renewed": p.Card != ""}})
		}
		return memberID, err
	})
	if err != nil {
		return "", fmt.Errorf("card: %w", err)
	}
	p, err := cardholder(d.db.Reader(ctx), by, memberID)
	return p.Card, err
}

// cardholder is the person whose card by may have.
func cardholder(r database.Reader, by Actor, memberID string) (Member, error) {
	p, err := living(r, memberID)
	if err != nil {
		return Member{}, err
	}
	if err := visible(r, by, p); err != nil {
		return Member{}, err
	}
	region, err := regionOf(r, p.HomeHubID)
	if err != nil {
		return Member{}, err
	}
	switch {
	case by.ID == p.ID && !by.Holds(ScopeBook), by.ID != p.ID && !by.May(BookForOthers, p.HomeHubID, region):
		return Member{}, Denied(by)
	case !p.Active:
		return Member{}, fault.New(fault.Refused, "member_inactive", nil)
	}
	return p, nil
}

// newCard makes the number of a card: 40 random bits in letters and digits that cannot be taken for
// one another (Crockford's base 32). It is no secret that opens anything: staff see who shows it.
func newCard() string {
	const letters = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
	var raw [8]byte
	_, _ = rand.Read(raw[:]) // crypto/rand never fails
	for i, c := range raw {
		raw[i] = letters[int(c)%len(letters)]
	}
	return "M-" + string(raw[:])
}
