package signin

import (
	"encoding/json"
	"errors"
	"time"

	"canot/internal/database"
)

const ceremonyLifetime = 10 * time.Minute

// What a ceremony is of.
const (
	addsPasskey   = "passkey.add"
	byPasskey     = "passkey.sign_in"
	byProvider    = "oidc"
	pendingSignUp = "oidc.sign_up" // its id is that of the flow
)

// A Ceremony is an exchange under way between this server and something that holds a key: an
// authenticator, or a provider. It ends once, in the browser where it began, within ten minutes.
type Ceremony struct {
	ID      string
	Browser string          // what the browser must hold to end it
	Options json.RawMessage // what the browser's credentials API is given
}

// begin writes a ceremony down, with what must be known when it ends.
func begin(tx *database.Tx, id, kind, memberID, browser string, lifetime time.Duration, data any) error {
	text, err := json.Marshal(data)
	if err != nil {
		return err
	}
	_, err = tx.Exec(`INSERT INTO ceremonies (id, kind, member_id, browser, data, expires_at) VALUES ($1, $2, $3, $4, $5, $6)`,
		id, kind, orNull(memberID), hashOf("browser", browser), string(text), tx.Now.Add(lifetime))
	return err
}

// end takes a ceremony away and reads what was written at its beginning. It reports false when
// there is none of that kind, for that member, in that browser, or it is over.
func end(tx *database.Tx, id, kind, memberID, browser string, data any) (bool, error) {
	if !storable(id) {
		return false, nil
	}
	var text string
	err := tx.Get(&text, `DELETE FROM ceremonies
		WHERE id = $1 AND kind = $2 AND COALESCE(member_id, '') = $3 AND browser = $4 AND expires_at > $5
		RETURNING data`, id, kind, memberID, hashOf("browser", browser), tx.Now)
	if errors.Is(err, database.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return true, json.Unmarshal([]byte(text), data)
}

// endAnywhere is end for a ceremony that goes with a flow, which has been asked for the browser.
func endAnywhere(tx *database.Tx, id, kind string, data any) (bool, error) {
	var text string
	err := tx.Get(&text, `DELETE FROM ceremonies WHERE id = $1 AND kind = $2 AND expires_at > $3 RETURNING data`, id, kind, tx.Now)
	if errors.Is(err, database.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return true, json.Unmarshal([]byte(text), data)
}

// unquoted is a text as begin writes it.
func unquoted(data string) (text string, err error) {
	err = json.Unmarshal([]byte(data), &text)
	return text, err
}
