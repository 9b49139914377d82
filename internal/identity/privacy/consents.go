package privacy

import (
	"context"
	"fmt"
	"strings"
	"time"

	"canot/internal/database"
	"canot/internal/fault"
	"canot/internal/identity"
)

// PurposeAccount is what everybody consents to who opens an account. It is not withdrawn by itself:
// who no longer wants it has their account erased.
const PurposeAccount = "account"

// PurposePhotos is to be seen on pictures of the place.
const PurposePhotos = "photos"

// Purposes are what a person may be asked to consent to, each for itself.
var Purposes = []string{PurposeAccount, "newsletter", "statistics", PurposePhotos}

// A Consent is what a person agreed to, in the words that they read.
type Consent struct {
	ID          string     `db:"id" json:"id"`
	MemberID    string     `db:"member_id" json:"-"`
	Purpose     string     `db:"purpose" json:"purpose"`
	Language    string     `db:"language" json:"language"`
	Text        string     `db:"text" json:"text"`
	At          time.Time  `db:"at" json:"at"`
	By          string     `db:"by_id" json:"by"` // the person, or who wrote it down for them
	WithdrawnAt *time.Time `db:"withdrawn_at" json:"withdrawn_at"`
}

// Agree writes a consent down in the caller's transaction. It asks for no right: it is a step for
// verbs that have asked. text is what the person read, in that language. A consent to the same words
// that still stands stays as it is.
func Agree(tx *database.Tx, memberID, by, purpose, language, text string) (id string, err error) {
	standing, err := consentsWhere(tx, `member_id = $1 AND purpose = $2 AND withdrawn_at IS NULL ORDER BY at DESC, id DESC`, memberID, purpose)
	if err != nil {
		return "", err
	}
	if len(standing) > 0 && standing[0].Text == text && standing[0].Language == language {
		return standing[0].ID, nil
	}
	id = database.NewID()
	_, err = tx.Exec(`INSERT INTO consents (id, member_id, purpose, language, text, at, by_id) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		id, memberID, purpose, language, text, tx.Now, by)
	if err != nil {
		return "", err
	}
	return id, tx.Record(database.Change{By: by, Action: "consent.give", Kind: "consent", Subject: id,
		After: map[string]any{"member": memberID, "purpose": purpose, "language": language}})
}

// Give keeps the consent of a person, with its date and the text that they read. The person gives it,
// or staff who may book for others at their home hub, and could give every role that the person has,
// write down what was said; but who has an address says by themselves that they agree to the account or
// to photos: Refused, consent_is_personal. text is the program's own, never the caller's. An unknown
// purpose is Malformed.
func (o *Office) Give(ctx context.Context, by identity.Actor, memberID, purpose, language, text string, k database.Key) (Consent, error) {
	if !isPurpose(purpose) {
		return Consent{}, badPurpose()
	}
	id, err := database.OnceIn(ctx, o.db, k, func(tx *database.Tx) (string, error) {
		m, err := o.reach(ctx, tx, by, memberID, identity.BookForOthers)
		if err != nil {
			return "", err
		}
		if by.ID != memberID && by.ID != identity.System.ID && !m.Assisted() && (purpose == PurposeAccount || purpose == PurposePhotos) {
			return "", fault.New(fault.Refused, "consent_is_personal", nil)
		}
		return Agree(tx, memberID, by.ID, purpose, language, text)
	})
	if err != nil {
		return Consent{}, fmt.Errorf("give consent: %w", err)
	}
	return oneConsent(o.db.Reader(ctx), id)
}

// Withdraw ends a consent; it is kept, with the day on which it ended. Withdrawing twice is the same
// as once. It asks for the right of Give; to others the consent is NotFound, consent_not_found. That
// to the account itself stands as long as the account: Refused, consent_needed_for_account.
func (o *Office) Withdraw(ctx context.Context, by identity.Actor, consentID string, k database.Key) (Consent, error) {
	_, err := database.OnceIn(ctx, o.db, k, func(tx *database.Tx) (string, error) {
		c, err := oneConsent(tx, consentID)
		if err != nil {
			return "", err
		}
		if _, err := o.reach(ctx, tx, by, c.MemberID, identity.BookForOthers); err != nil {
			if fault.KindOf(err) == fault.NotFound {
				err = consentNotFound()
			}
			return "", err
		}
		if c.Purpose == PurposeAccount {
			return "", fault.New(fault.Refused, "consent_needed_for_account", nil)
		}
		ended, err := tx.Exec(`UPDATE consents SET withdrawn_at = $2 WHERE id = $1 AND withdrawn_at IS NULL`, consentID, tx.Now)
		if err != nil || ended == 0 {
			return consentID, err
		}
		return consentID, tx.Record(database.Change{By: by.ID, Action: "consent.withdraw", Kind: "consent", Subject: consentID,
			After: map[string]any{"member": c.MemberID, "purpose": c.Purpose}})
	})
	if err != nil {
		return Consent{}, fmt.Errorf("withdraw consent: %w", err)
	}
	return oneConsent(o.db.Reader(ctx), consentID)
}

// Consents lists what a person consented to, and when they withdrew it, the latest first: for the
// person, and for who manages members at their home hub and could give every role that they have.
func (o *Office) Consents(ctx context.Context, by identity.Actor, memberID string) ([]Consent, error) {
	r := o.db.Reader(ctx)
	if _, err := o.reach(ctx, r, by, memberID, identity.ManageMembers); err != nil {
		return nil, err
	}
	return consentsWhere(r, `member_id = $1 ORDER BY at DESC, id DESC`, memberID)
}

func consentNotFound() error { return fault.New(fault.NotFound, "consent_not_found", nil) }

func oneConsent(r database.Reader, id string) (Consent, error) {
	if !plainID(id) {
		return Consent{}, consentNotFound()
	}
	list, err := consentsWhere(r, `id = $1`, id)
	if err == nil && len(list) == 0 {
		err = consentNotFound()
	}
	if err != nil {
		return Consent{}, err
	}
	return list[0], nil
}

func consentsWhere(r database.Reader, rest string, args ...any) ([]Consent, error) {
	list := []Consent{}
	err := r.Select(&list, `SELECT id, member_id, purpose, language, text, at, by_id, withdrawn_at FROM consents WHERE `+rest, args...)
	for i, c := range list {
		list[i].At = c.At.UTC()
	}
	return list, err
}

func isPurpose(s string) bool {
	for _, p := range Purposes {
		if s == p {
			return true
		}
	}
	return false
}

func badPurpose() error {
	return &fault.Error{Kind: fault.Malformed, Code: "malformed", Violations: []fault.Violation{{
		Code: "bad_choice", Params: fault.Params{"field": "purpose", "allowed": strings.Join(Purposes, ", ")}}}}
}
