package membership

import (
	"sync"

	"canot/internal/database"
	"canot/inventory"
)

// An allowance is what a tier allows of a category, of a kind, or of everything. What is
// nil, it does not say. It is shared and never changed.
type allowance struct {
	id                        string
	kind                      inventory.Kind
	category                  string
	dayMin, weekMin, monthMin *int64
	charged                   bool // what goes beyond is charged, else it is refused
	horizon, longest          *int64
	upcoming                  *int64
	afterHours                bool
	percent                   int
}

func (w *allowance) limited() bool {
	return w.dayMin != nil || w.weekMin != nil || w.monthMin != nil
}

// An allowanceMemory remembers what tiers allow, the version that was read last of each.
// Its zero value is empty. It is safe for use by many goroutines.
type allowanceMemory struct {
	mu   sync.RWMutex
	last map[string]remembered
}

type remembered struct {
	version    int64
	allowances []*allowance
}

func (m *allowanceMemory) find(t *tierFacts) ([]*allowance, bool) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	kept, known := m.last[t.id]
	return kept.allowances, known && kept.version == t.version
}

// maxRemembered bounds the memory of tiers; networks have some dozens.
const maxRemembered = 1000

func (m *allowanceMemory) remember(t *tierFacts, list []*allowance) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.last == nil || len(m.last) >= maxRemembered {
		m.last = map[string]remembered{}
	}
	m.last[t.id] = remembered{t.version, list}
}

type allowanceRow struct {
	ID          string         `db:"id"`
	TierID      string         `db:"tier_id"`
	Kind        inventory.Kind `db:"kind"`
	CategoryID  string         `db:"category_id"`
	DayMin      *int64         `db:"day_min"`
	WeekMin     *int64         `db:"week_min"`
	MonthMin    *int64         `db:"month_min"`
	Beyond      string         `db:"beyond"`
	HorizonDays *int64         `db:"horizon_days"`
	LongestMin  *int64         `db:"longest_min"`
	Upcoming    *int64         `db:"upcoming"`
	AfterHours  bool           `db:"after_hours"`
	Percent     int            `db:"price_percent"`
	TierVersion int64          `db:"tier_version"`
}

// allowances returns what tiers allow, by tier. What is remembered of the version that was
// just read costs no statement; all others are read in one. A tier that was changed between
// the two readings is not remembered.
func (r *Roster) allowances(rd database.Reader, tiers []*tierFacts) (map[string][]*allowance, error) {
	found := map[string][]*allowance{}
	missing := map[string]*tierFacts{}
	var ids []string
	for _, t := range tiers {
		if list, known := r.remembered.find(t); known {
			found[t.id] = list
		} else if missing[t.id] == nil {
			missing[t.id] = t
			ids = append(ids, t.id)
		}
	}
	if len(ids) == 0 {
		return found, nil
	}
	var rows []allowanceRow
	stale := map[string]bool{}
	err := rd.SelectIn(&rows, `
		SELECT a.id, a.tier_id, a.kind, a.category_id, a.day_min, a.week_min, a.month_min, a.beyond, a.horizon_days, a.longest_min,
			a.upcoming, a.after_hours, a.price_percent, t.version AS tier_version
		FROM tier_allowances a JOIN tiers t ON t.id = a.tier_id
		WHERE NOT a.archived AND a.tier_id IN ($list) ORDER BY a.id`, ids)
	if err != nil {
		return nil, err
	}
	for _, row := range rows {
		found[row.TierID] = append(found[row.TierID], &allowance{
			id: row.ID, kind: row.Kind, category: row.CategoryID, dayMin: row.DayMin, weekMin: row.WeekMin, monthMin: row.MonthMin,
			charged: row.Beyond == "charged", horizon: row.HorizonDays, longest: row.LongestMin, upcoming: row.Upcoming,
			afterHours: row.AfterHours, percent: row.Percent,
		})
		stale[row.TierID] = row.TierVersion != missing[row.TierID].version
	}
	for id, t := range missing {
		// A tier that allows nothing in particular has no row that tells its version.
		if !stale[id] && len(found[id]) > 0 {
			r.remembered.remember(t, found[id])
		}
	}
	return found, nil
}
