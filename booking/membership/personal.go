package membership

import (
	"time"

	"canot/internal/database"
	"canot/internal/identity"
	"canot/inventory/hours"
)

// Personal is all that the roster knows of one person.
type Personal struct {
	Memberships  []Membership  `json:"memberships"`
	Packs        []Pack        `json:"packs"`
	Ledger       []LedgerLine  `json:"ledger"`
	Certificates []Certificate `json:"certificates"`
	Acceptances  []Accepted    `json:"acceptances"`
}

// Accepted is one version of some terms that a person accepted.
type Accepted struct {
	Condition string    `db:"condition" json:"condition"`
	Version   int       `db:"version" json:"version"`
	At        time.Time `db:"at" json:"at"`
	BookingID string    `db:"booking_id" json:"booking,omitempty"`
}

// About returns all that the roster knows of a person, as a *Personal. It asks for no
// right: its caller has.
func About(r database.Reader, memberID string) (any, error) {
	p := &Personal{Memberships: []Membership{}, Packs: []Pack{}, Ledger: []LedgerLine{}, Certificates: []Certificate{}, Acceptances: []Accepted{}}
	h := Holder{MemberID: memberID}
	if err := r.Select(&p.Memberships, selectMemberships+`WHERE s.member_id = $1 ORDER BY s.starts_on, s.id`, memberID); err != nil {
		return nil, err
	}
	if err := withPauses(r, p.Memberships); err != nil {
		return nil, err
	}
	if err := packsOf(r, h, &p.Packs); err != nil {
		return nil, err
	}
	if err := ledgerOf(r, h, "", 1_000_000, &p.Ledger); err != nil {
		return nil, err
	}
	if err := r.Select(&p.Certificates, selectCertificateRows+`WHERE k.member_id = $1 ORDER BY k.given_at, k.id`, memberID); err != nil {
		return nil, err
	}
	err := r.Select(&p.Acceptances, `SELECT c.slug AS condition, a.version, a.at, a.booking_id FROM acceptances a
		JOIN conditions c ON c.id = a.condition_id WHERE a.member_id = $1 ORDER BY a.at, c.slug`, memberID)
	return p, err
}

// Forget takes out what the roster holds of a person's own words, and ends what they have:
// memberships end today, or never begin, reasons for which a certificate was revoked are blanked. What
// remains are ids, days and minutes, for the books. It is a step of erasing a person.
func Forget(tx *database.Tx, memberID string) error {
	day := hours.DateOf(tx.Now, time.UTC).String()
	_, err := tx.Exec(`UPDATE memberships SET cancelled_at = $3, version = version + 1
		WHERE member_id = $1 AND cancelled_at IS NULL AND starts_on > $2`, memberID, day, tx.Now)
	if err != nil {
		return err
	}
	_, err = tx.Exec(`UPDATE memberships SET renews = $3, version = version + 1, ends_on = $2
		WHERE member_id = $1 AND cancelled_at IS NULL AND (renews OR ends_on = '' OR ends_on > $2)`, memberID, day, false)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(`UPDATE certificates SET reason = '', version = version + 1 WHERE member_id = $1 AND reason <> ''`, memberID); err != nil {
		return err
	}
	return tx.Record(database.Change{By: identity.System.ID, Action: "membership.forget", Kind: "member", Subject: memberID})
}
