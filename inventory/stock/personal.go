package stock

import "canot/internal/database"

// A Trace is how much a person did in the store, in figures.
type Trace struct {
	Moves      int `db:"moves" json:"moves"`           // of stock
	Stocktakes int `db:"stocktakes" json:"stocktakes"` // that they began
}

// About is how much a person did in the store, as a Trace.
func About(r database.Reader, memberID string) (any, error) {
	var t Trace
	err := r.Get(&t, `SELECT (SELECT count(*) FROM stock_moves WHERE by_id = $1) AS moves, (SELECT count(*) FROM stocktakes WHERE started_by = $1) AS stocktakes`, memberID)
	return t, err
}

// Forget removes what a person wrote in the store, or what was written of what they used up, and their
// card where somebody took it for the code of a thing. It comes before the card itself is forgotten.
func Forget(tx *database.Tx, memberID string) error {
	for _, text := range []string{
		`UPDATE stock_moves SET note = '' WHERE note <> '' AND (by_id = $1 OR booking_id IN (SELECT id FROM bookings WHERE member_id = $1))`,
		`DELETE FROM stocktake_scans WHERE unit_id IS NULL AND code = (SELECT card FROM members WHERE id = $1)`,
	} {
		if _, err := tx.Exec(text, memberID); err != nil {
			return err
		}
	}
	return nil
}
