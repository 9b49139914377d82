package membership

import (
	"errors"
	"fmt"

	"canot/internal/database"
	"canot/internal/fault"
	"canot/inventory"
)

// writeAllowances replaces the allowances of a tier; nil leaves them. One for a kind or a
// category that had one, now or before, keeps its id, and so what was counted under it.
func writeAllowances(tx *database.Tx, t Tier, list *[]Allowance) error {
	if list == nil {
		return nil
	}
	checked, err := checkAllowances(tx, *list)
	if err != nil {
		return err
	}
	var known []Allowance
	if err := tx.Select(&known, `SELECT id, kind, category_id FROM tier_allowances WHERE tier_id = $1 ORDER BY id`, t.ID); err != nil {
		return err
	}
	if _, err := tx.Exec(`UPDATE tier_allowances SET archived = $2 WHERE tier_id = $1`, t.ID, true); err != nil {
		return err
	}
	for _, a := range checked {
		for _, k := range known {
			if k.Kind == a.Kind && k.CategoryID == a.CategoryID {
				a.ID = k.ID
			}
		}
		if err := writeAllowance(tx, t.ID, a); err != nil {
			return err
		}
	}
	return nil
}

func writeAllowance(tx *database.Tx, tierID string, a Allowance) error {
	query := `UPDATE tier_allowances SET kind = $3, category_id = $4, day_min = $5, week_min = $6, month_min = $7, beyond = $8, horizon_days = $9,
		longest_min = $10, upcoming = $11, after_hours = $12, price_percent = $13, archived = $14 WHERE id = $1 AND tier_id = $2`
	if a.ID == "" {
		a.ID = database.NewID()
		query = `INSERT INTO tier_allowances (id, tier_id, kind, category_id, day_min, week_min, month_min, beyond, horizon_days,
			longest_min, upcoming, after_hours, price_percent, archived) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`
	}
	_, err := tx.Exec(query, a.ID, tierID, string(a.Kind), a.CategoryID, a.DayMin, a.WeekMin, a.MonthMin, a.Beyond, a.HorizonDays,
		a.LongestMin, a.Upcoming, a.AfterHours, a.PricePercent, false)
	return err
}

// checkAllowances returns the allowances with the ids of their categories. Beyond "" is
// refused. Ids that came with them do not count.
func checkAllowances(r database.Reader, list []Allowance) ([]Allowance, error) {
	var f form
	checked := make([]Allowance, len(list))
	seen := map[[2]string]bool{}
	for i, a := range list {
		at := fmt.Sprintf("allowances.%d", i)
		a.ID = ""
		if a.Kind != "" {
			f.oneOf(at+".kind", string(a.Kind), string(inventory.Space), string(inventory.Machine), string(inventory.Equipment), string(inventory.Guide))
		}
		if a.CategoryID == "" {
			a.CategoryID = a.CategorySlug
		}
		if a.CategoryID != "" {
			a.Kind = "" // the category says it all
			err := r.Get(&a.CategoryID, `SELECT id FROM categories WHERE id = $1 OR slug = $1`, a.CategoryID)
			if errors.Is(err, database.ErrNoRows) {
				f.no(at+".category", "unknown_category", nil)
			} else if err != nil {
				return nil, err
			}
		}
		if a.Beyond == "" {
			a.Beyond = "refused"
		}
		f.oneOf(at+".beyond", a.Beyond, "refused", "charged")
		f.between(at+".day_min", a.DayMin, 0, mostMinutes) // of several units, perhaps
		f.between(at+".week_min", a.WeekMin, 0, mostMinutes)
		f.between(at+".month_min", a.MonthMin, 0, mostMinutes)
		f.between(at+".horizon_days", a.HorizonDays, 1, 730)
		f.between(at+".longest_min", a.LongestMin, 1, mostMinutes)
		f.between(at+".upcoming", a.Upcoming, 0, 1000)
		f.between(at+".price_percent", &a.PricePercent, 0, 1000)
		if key := [2]string{string(a.Kind), a.CategoryID}; seen[key] {
			f.violations = append(f.violations, fault.Violation{Code: "allowance_twice", Params: fault.Params{"field": at}})
		} else {
			seen[key] = true
		}
		checked[i] = a
	}
	return checked, f.err()
}
