package membership

import (
	"errors"
	"fmt"
	"slices"

	"canot/internal/database"
	"canot/internal/fault"
	"canot/internal/identity"
)

// Why a row of the ledger is there, besides AdjustReasons.
const (
	reasonGrant  = "grant"
	reasonUse    = "use"
	reasonReturn = "return"
)

// LockHolder raises the standing of a booking's holder, and so makes every other booking
// of theirs wait for this transaction. It returns what Standing.Version was before. It
// comes after the locks of resources and units, and before those of bookings. Somebody who
// does not exist is NotFound.
func LockHolder(tx *database.Tx, memberID, organisationID string) (version int64, err error) {
	version, err = raise(tx, "members", memberID)
	if err != nil || organisationID == "" {
		return version, err
	}
	theirs, err := raise(tx, "organisations", organisationID)
	return version + theirs, err
}

// raise adds 1 to a standing and returns what it was. table is a constant of this package.
func raise(tx *database.Tx, table, id string) (was int64, err error) {
	err = tx.Get(&was, `UPDATE `+table+` SET standing = standing + 1 WHERE id = $1 RETURNING standing - 1`, id)
	if errors.Is(err, database.ErrNoRows) {
		code := "member_not_found"
		if table == "organisations" {
			code = "organisation_not_found"
		}
		err = fault.New(fault.NotFound, code, nil)
	}
	return was, err
}

// raiseHolder raises the standing of a member, or of an organisation.
func raiseHolder(tx *database.Tx, h Holder) error {
	table, id := "members", h.MemberID
	if h.OrganisationID != "" {
		table, id = "organisations", h.OrganisationID
	}
	_, err := raise(tx, table, id)
	return err
}

// Write notes in the ledger what a booking takes: for each use a row of so many minutes
// less, of the organisation's when it holds the booking, else of the member's. It is a step
// for verbs that hold the lock of LockHolder and judged under it.
func Write(tx *database.Tx, by identity.Actor, memberID, organisationID, bookingID string, uses []Use) error {
	rows := make([]entry, len(uses))
	for i, u := range uses {
		rows[i] = entry{u.bucket(), Holder{memberID, organisationID}, bookingID, -u.Minutes, reasonUse}
	}
	return enter(tx, by, rows)
}

// GiveBack returns to the ledger what a booking took, less what it keeps; of a bucket it
// never gives back more than was taken. Done twice, it gives back once.
func GiveBack(tx *database.Tx, by identity.Actor, bookingID string, keep []Use) error {
	used, err := usedBy(tx, bookingID)
	if err != nil {
		return err
	}
	var rows []entry
	for _, u := range used {
		kept := int64(0)
		for _, k := range keep {
			if k.bucket() == u.bucket() {
				kept += k.Minutes
			}
		}
		if back := u.Minutes - max(0, kept); back > 0 {
			rows = append(rows, entry{u.bucket(), u.holder, bookingID, back, reasonReturn})
		}
	}
	return enter(tx, by, rows)
}

// UsedBy returns what a booking has taken and not given back, by bucket, in the order of
// Verdict.Uses.
func UsedBy(r database.Reader, bookingID string) ([]Use, error) {
	used, err := usedBy(r, bookingID)
	var uses []Use
	for _, u := range used {
		uses = append(uses, u.Use)
	}
	slices.SortFunc(uses, compareUses)
	return uses, err
}

// Shrink returns what is kept of uses when a booking is cut from so many minutes to fewer:
// of each bucket as much less, rounded down. Who takes no more never takes anew, whatever
// their tier or packs say by then.
func Shrink(used []Use, wasMinutes, isMinutes int64) []Use {
	var kept []Use
	for _, u := range used {
		if isMinutes < wasMinutes {
			u.Minutes = u.Minutes * max(0, isMinutes) / wasMinutes
		}
		if u.Minutes > 0 {
			kept = append(kept, u)
		}
	}
	return kept
}

// bucket returns u without its minutes.
func (u Use) bucket() Use {
	u.Minutes = 0
	return u
}

// A Holder is a member or an organisation.
type Holder struct {
	MemberID       string
	OrganisationID string // when it is set, the member does not count
}

// one asks that a member or an organisation is named, and not both.
func (h Holder) one() error {
	switch {
	case h.MemberID != "" && h.OrganisationID != "":
		return fault.Field("member", "either_member_or_organisation")
	case h.MemberID == "" && h.OrganisationID == "":
		return fault.Field("member", "required")
	}
	return nil
}

// member returns the member's id for a column that is null for organisations.
func (h Holder) member() *string {
	if h.OrganisationID != "" {
		return nil
	}
	return orNull(h.MemberID)
}

func orNull(id string) *string {
	if id == "" {
		return nil
	}
	return &id
}

type usedRow struct {
	Use
	holder Holder
}

func usedBy(r database.Reader, bookingID string) ([]usedRow, error) {
	var rows []struct {
		MemberID       string `db:"member_id"`
		OrganisationID string `db:"organisation_id"`
		PackID         string `db:"pack_id"`
		AllowanceID    string `db:"allowance_id"`
		Period         string `db:"period"`
		PeriodStart    string `db:"period_start"`
		Minutes        int64  `db:"minutes"`
	}
	err := r.Select(&rows, `
		SELECT COALESCE(member_id, '') AS member_id, COALESCE(organisation_id, '') AS organisation_id,
			COALESCE(pack_id, '') AS pack_id, COALESCE(allowance_id, '') AS allowance_id, period, period_start, -SUM(minutes) AS minutes
		FROM ledger WHERE booking_id = $1
		GROUP BY member_id, organisation_id, pack_id, allowance_id, period, period_start
		HAVING SUM(minutes) <> 0`, bookingID)
	used := make([]usedRow, len(rows))
	for i, row := range rows {
		used[i] = usedRow{Use{row.PackID, row.AllowanceID, row.Period, row.PeriodStart, row.Minutes}, Holder{row.MemberID, row.OrganisationID}}
	}
	return used, err
}

// An entry is one row of the ledger that is about to be written.
type entry struct {
	bucket  Use
	holder  Holder
	booking string
	minutes int64
	reason  string
}

func enter(tx *database.Tx, by identity.Actor, entries []entry) error {
	rows := make([][]any, len(entries))
	for i, e := range entries {
		rows[i] = []any{database.NewID(), tx.Now, by.ID, e.holder.member(), orNull(e.holder.OrganisationID), orNull(e.bucket.PackID),
			orNull(e.bucket.AllowanceID), e.bucket.Period, e.bucket.PeriodStart, orNull(e.booking), e.minutes, e.reason}
	}
	err := tx.Insert(`INSERT INTO ledger (id, at, by_id, member_id, organisation_id, pack_id, allowance_id, period, period_start, booking_id, minutes, reason) VALUES `, rows...)
	if err != nil {
		return fmt.Errorf("write ledger: %w", err)
	}
	return nil
}

// RecordAcceptances keeps which version of which terms a person accepted, when, and for
// which booking; bookingID may be "". What was accepted before stays as it was. Terms or a
// version that do not exist are Malformed.
func RecordAcceptances(tx *database.Tx, memberID string, by identity.Actor, bookingID string, accepts []Acceptance) error {
	for _, a := range accepts {
		var id string
		err := tx.Get(&id, `SELECT c.id FROM conditions c JOIN condition_texts t ON t.condition_id = c.id
			WHERE (c.slug = $1 OR c.id = $1) AND t.version = $2`, a.Condition, a.Version)
		if errors.Is(err, database.ErrNoRows) {
			return unknown("accepts", "unknown_condition", a.Condition)
		}
		if err != nil {
			return err
		}
		_, err = tx.Exec(`INSERT INTO acceptances (member_id, condition_id, version, at, by_id, booking_id)
			VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (member_id, condition_id, version) DO NOTHING`,
			memberID, id, a.Version, tx.Now, by.ID, bookingID)
		if err != nil {
			return err
		}
	}
	return nil
}
