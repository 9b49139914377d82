package signin

import (
	"context"
	"errors"
	"fmt"

	"canot/internal/database"
)

// Kinds of ceremonies that hold no key: what waits while somebody signs in.
const (
	keptText = "kept"       // its id is a hash of the secret by which it is read
	wayBack  = "letter.way" // its id is that of a flow
)

const keptFor = signUpLifetime // an account may have to be opened first

// wayOf is the id of where a flow leads back to.
func wayOf(flowID string) string { return "way." + flowID }

// Keep keeps a text for an hour, to be read by a secret: what somebody typed before they had to sign
// in, sealed by who keeps it. It counts against its source: one text too many is TooMany.
func (g *Gate) Keep(ctx context.Context, v Visitor, secret, text string) error {
	err := g.db.In(ctx, func(tx *database.Tx) error {
		if err := count(tx, keptFrom.of(v.Source)); err != nil {
			return err
		}
		return begin(tx, hashOf("kept", secret), keptText, "", "", keptFor, text)
	})
	if err != nil {
		return fmt.Errorf("keep a text: %w", err)
	}
	return nil
}

// Kept is what Keep kept, "" when it is over or never was.
func (g *Gate) Kept(ctx context.Context, secret string) (text string, err error) {
	err = g.db.Reader(ctx).Get(&text, `SELECT data FROM ceremonies WHERE id = $1 AND kind = $2 AND expires_at > $3`,
		hashOf("kept", secret), keptText, g.db.Now())
	if errors.Is(err, database.ErrNoRows) {
		return "", nil
	}
	if err == nil {
		text, err = unquoted(text)
	}
	if err != nil {
		return "", fmt.Errorf("read what was kept: %w", err)
	}
	return text, nil
}

// takeBack takes where a flow leads back to, "" for nowhere.
func takeBack(tx *database.Tx, flowID string) (back string, err error) {
	_, err = endAnywhere(tx, wayOf(flowID), wayBack, &back)
	return back, err
}
