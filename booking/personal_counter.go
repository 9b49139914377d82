package booking

import (
	"fmt"
	"time"

	"canot/internal/database"
	"canot/inventory/files"
	"canot/inventory/upkeep"
)

// A LoanTrace is what the book knows of one thing that a person had out.
type LoanTrace struct {
	Code         string     `json:"code"` // of the unit
	OutAt        time.Time  `json:"out_at"`
	DueAt        time.Time  `json:"due_at"`
	BackAt       *time.Time `json:"back_at"`
	LateMin      int        `json:"late_min,omitempty"` // minutes; 0 while it is out, and for what came back in time
	ConditionOut string     `json:"condition_out,omitempty"`
	ConditionIn  string     `json:"condition_in,omitempty"`
	Lacking      int        `json:"lacking,omitempty"` // how many of its parts were missing at the return
	Damaged      bool       `json:"damaged"`
	Signature    string     `json:"signature,omitempty"` // where the person may see what they signed
	Pictures     []string   `json:"pictures,omitempty"`  // and what was photographed

	bookingID string
}

// picturePath is where somebody who may sees a picture.
const picturePath = "/photos/"

// loanTraces lists all that a person ever had out.
func loanTraces(r database.Reader, memberID string) ([]LoanTrace, error) {
	loans, err := loansOf(r, `n.booking_id IN (SELECT id FROM bookings WHERE member_id = $1)`, memberID)
	if err != nil {
		return nil, fmt.Errorf("loans of a person: %w", err)
	}
	var kept []struct {
		ID   string `db:"id"`
		Loan string `db:"subject_id"`
	}
	err = r.Select(&kept, `SELECT f.id, f.subject_id FROM files f WHERE f.subject_kind = 'loan' AND f.kind = 'photo' AND f.subject_id IN (
		SELECT n.id FROM loans n JOIN bookings b ON b.id = n.booking_id WHERE b.member_id = $1) ORDER BY f.created_at, f.id`, memberID)
	if err != nil {
		return nil, fmt.Errorf("pictures of loans: %w", err)
	}
	pictures := map[string][]string{}
	for _, f := range kept {
		pictures[f.Loan] = append(pictures[f.Loan], picturePath+f.ID)
	}
	all := make([]LoanTrace, len(loans))
	for i, l := range loans {
		t := LoanTrace{Code: l.Code, OutAt: l.OutAt, DueAt: l.DueAt, BackAt: l.BackAt, ConditionOut: l.ConditionOut, ConditionIn: l.ConditionIn,
			Damaged: l.Damaged, Pictures: pictures[l.ID], bookingID: l.BookingID}
		if l.SignatureID != "" {
			t.Signature = picturePath + l.SignatureID
		}
		if l.BackAt != nil && l.BackAt.After(l.DueAt) {
			t.LateMin = int(l.BackAt.Sub(l.DueAt) / time.Minute)
		}
		for _, n := range l.Missing {
			t.Lacking += n
		}
		all[i] = t
	}
	return all, nil
}

// DeskWork is how much somebody did at counters: figures, for what they did is about others.
type DeskWork struct {
	HandedOut int `db:"handed_out" json:"handed_out"`
	TakenBack int `db:"taken_back" json:"taken_back"`
	Unsettled int `db:"unsettled" json:"unsettled"` // that stood on a list, or stand there
	Journeys  int `db:"journeys" json:"journeys"`   // that they planned
}

// AboutDesk is how much a person did at counters, as a DeskWork.
func AboutDesk(r database.Reader, memberID string) (any, error) {
	var w DeskWork
	err := r.Get(&w, `SELECT (SELECT count(*) FROM loans WHERE out_by = $1) AS handed_out, (SELECT count(*) FROM loans WHERE back_by = $1) AS taken_back,
		(SELECT count(*) FROM unsettled_acts WHERE by_id = $1) AS unsettled, (SELECT count(*) FROM transfers WHERE made_by = $1) AS journeys`, memberID)
	return w, err
}

// fromTheirReturns finds the tickets t of damages that were noted at returns of a person: after the
// return, and before the thing left again.
const fromTheirReturns = `t.kind = 'damage' AND EXISTS (
	SELECT 1 FROM loans n JOIN bookings b ON b.id = n.booking_id
	WHERE n.unit_id = t.unit_id AND b.member_id = $1 AND n.back_at <= t.created_at AND NOT EXISTS (
		SELECT 1 FROM loans z WHERE z.unit_id = n.unit_id AND z.out_at > n.out_at AND z.out_at < t.created_at))`

// damagesOf are the ids of those tickets.
func damagesOf(r database.Reader, memberID string) (ids []string, err error) {
	err = r.Select(&ids, `SELECT t.id FROM tickets t WHERE t.unit_id IN (
		SELECT x.unit_id FROM loans x JOIN bookings y ON y.id = x.booking_id WHERE y.member_id = $1) AND `+fromTheirReturns+` ORDER BY t.id`, memberID)
	return ids, err
}

// Answers are the ids of what is about a person without naming them, and what kept answers may show the
// texts of: damages that were noted at their returns, and their card, which somebody may have scanned for a thing.
func Answers(r database.Reader, memberID string) ([]string, error) {
	ids, err := damagesOf(r, memberID)
	if err != nil {
		return nil, err
	}
	var card []string
	err = r.Select(&card, `SELECT card FROM members WHERE id = $1 AND card IS NOT NULL`, memberID)
	return append(ids, card...), err
}

// forgetCounter removes what a counter keeps of a person: what they signed, pictures and words about
// what they had out and how it came back, and what they wrote as staff. Times and figures remain.
func forgetCounter(tx *database.Tx, memberID string) error {
	tickets, err := damagesOf(tx, memberID)
	if err != nil {
		return err
	}
	if err := upkeep.Blank(tx, tickets); err != nil {
		return err
	}
	const theirs = `SELECT n.id FROM loans n JOIN bookings b ON b.id = n.booking_id WHERE b.member_id = $1`
	const acts = `booking_id IN (SELECT id FROM bookings WHERE member_id = $1)
		OR upper(args) LIKE (SELECT '%' || m.card || '%' FROM members m WHERE m.id = $1 AND m.card IS NOT NULL)`
	for _, text := range []string{
		`UPDATE maintenances SET reason = '' WHERE reason <> '' AND cause = 'lost' AND EXISTS (
			SELECT 1 FROM loans n JOIN bookings b ON b.id = n.booking_id
			WHERE n.unit_id = maintenances.unit_id AND b.member_id = $1 AND n.back_hub_id IS NULL AND n.back_at = maintenances.created_at)`,
		`UPDATE loans SET condition_out = '', condition_in = '', signature_id = NULL WHERE id IN (` + theirs + `)`,
		`UPDATE unsettled_acts SET note = '' WHERE settled_by = $1`,
		`UPDATE transfers SET note = '' WHERE made_by = $1`,
	} {
		if _, err := tx.Exec(text, memberID); err != nil {
			return fmt.Errorf("forget at the counter: %w", err)
		}
	}
	// What nobody has settled by now is about somebody who is gone: there is nothing left to do again.
	if _, err := tx.Exec(`UPDATE unsettled_acts SET settled_at = $2, settlement = 'dismissed' WHERE settled_at IS NULL AND (`+acts+`)`, memberID, tx.Now); err != nil {
		return err
	}
	if _, err := tx.Exec(`UPDATE unsettled_acts SET args = '{}', note = '' WHERE `+acts, memberID); err != nil {
		return err
	}
	return files.RemoveAll(tx, files.OfLoan, theirs, memberID)
}

// forgetOldCounter removes what a counter keeps in words and pictures of bookings that ended, and of
// journeys and acts that were over, before an instant.
func forgetOldCounter(tx *database.Tx, before time.Time) error {
	const old = `SELECT n.id FROM loans n JOIN bookings b ON b.id = n.booking_id WHERE b.ends_at < $1 AND n.back_at < $1`
	for _, text := range []string{
		`UPDATE loans SET condition_out = '', condition_in = '', signature_id = NULL
			WHERE (condition_out <> '' OR condition_in <> '' OR signature_id IS NOT NULL) AND id IN (` + old + `)`,
		`UPDATE transfers SET note = '' WHERE note <> '' AND state IN ('arrived', 'cancelled') AND changed_at < $1`,
		`UPDATE unsettled_acts SET args = '{}', note = '' WHERE settled_at < $1 AND (args <> '{}' OR note <> '')`,
	} {
		if _, err := tx.Exec(text, before); err != nil {
			return fmt.Errorf("forget at the counter: %w", err)
		}
	}
	return files.RemoveAll(tx, files.OfLoan, old, before)
}
