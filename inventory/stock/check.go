package stock

import (
	"context"

	"canot/internal/database"
	"canot/inventory"
)

// checks are what must be true of stock at rest: each selects the rows that break it.
var checks = []struct{ code, query string }{
	{"stock_differs", `
		SELECT c.id AS subject, c.code AS detail FROM consumables c
		WHERE c.stock <> (SELECT COALESCE(SUM(m.delta), 0) FROM stock_moves m WHERE m.consumable_id = c.id)`},
	{"stock_below_zero", `
		SELECT m.id AS subject, 'consumable ' || m.consumable_id AS detail FROM stock_moves m WHERE m.stock_after < 0`},
	{"scan_of_another", `
		SELECT s.stocktake_id AS subject, s.code AS detail FROM stocktake_scans s JOIN stocktakes t ON t.id = s.stocktake_id
		WHERE s.at < t.started_at OR s.at > t.closed_at`},
	{"file_damaged", `
		SELECT f.id AS subject, f.subject_kind || ' ' || f.subject_id AS detail FROM files f WHERE length(f.body) <> (f.size + 2) / 3 * 4`},
}

// Check looks for stock that is not the sum of what changed it, for stock-takings that cannot have
// been so, and for files that are not whole. It only reads.
func (m *Room) Check(ctx context.Context) ([]inventory.Finding, error) {
	found := []inventory.Finding{}
	err := m.db.View(ctx, func(r database.Reader) error {
		found = found[:0]
		for _, c := range checks {
			var rows []struct {
				Subject string `db:"subject"`
				Detail  string `db:"detail"`
			}
			if err := r.Select(&rows, c.query); err != nil {
				return err
			}
			for _, row := range rows {
				found = append(found, inventory.Finding{Code: c.code, Subject: row.Subject, Detail: row.Detail})
			}
		}
		return nil
	})
	return found, err
}
