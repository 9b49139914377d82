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
	Suspensions  []Suspended   `json:"suspensions"`
}

// Accepted is one version of some terms that a person accepted.
type Accepted struct {
	Condition string    `db:"condition" json:"condition"`
	Version   int       `db:"version" json:"version"`
	At        time.Time `db:"at" json:"at"`
	BookingID string    `db:"booking_id" json:"booking,omitempty"`
}

// Suspended is a time in which a person could borrow nothing at a hub.
type Suspended struct {
	HubID    string     `db:"hub_id" json:"hub"`
	Cause    string     `db:"cause" json:"cause"`
	StartsAt time.Time  `db:"starts_at" json:"starts_at"`
	EndsAt   time.Time  `db:"ends_at" json:"ends_at"`
	Reason   string     `db:"reason" json:"reason"`
	LiftedAt *time.Time `db:"lifted_at" json:"lifted_at"`
}

// About returns all that the roster knows of a person, as a *Personal. It asks for no
// right: its caller has.
func About(r database.Reader, memberID string) (any, error) {
	p := &Personal{Memberships: []Membership{}, Packs: []Pack{}, Ledger: []LedgerLine{}, Certificates: []Certificate{}, Acceptances: []Accepted{}, Suspensions: []Suspended{}}
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
	if err := r.Select(&p.Suspensions, `SELECT hub_id, cause, starts_at, ends_at, reason, lifted_at FROM suspensions WHERE member_id = $1 ORDER BY starts_at, id`, memberID); err != nil {
		return nil, err
	}
	err := r.Select(&p.Acceptances, `SELECT c.slug AS condition, a.version, a.at, a.booking_id FROM acceptances a
		JOIN conditions c ON c.id = a.condition_id WHERE a.member_id = $1 ORDER BY a.at, c.slug`, memberID)
	return p, err
}

// Forget takes out what the roster holds of a person's own words, and ends what they have:
// memberships end today, or never begin, reasons for which a certificate was revoked or they could not borrow are blanked. What
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
	if _, err := tx.Exec(`UPDATE suspensions SET reason = '' WHERE member_id = $1`, memberID); err != nil {
		return err
	}
	if _, err := tx.Exec(`UPDATE certificates SET reason = '', version = version + 1 WHERE member_id = $1 AND reason <> ''`, memberID); err != nil {
		return err
	}
	return tx.Record(database.Change{By: identity.System.ID, Action: "membership.forget", Kind: "member", Subject: memberID})
}
