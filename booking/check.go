package booking

import (
	"context"
	"encoding/json"
	"fmt"

	"canot/internal/database"
)

// A Finding is one row at rest that breaks an invariant of docs/domain.md.
type Finding struct {
	Invariant int    `json:"invariant"`
	Code      string `json:"code"`
	Subject   string `json:"subject"` // the id of the row
	Detail    string `json:"detail"`
}

// findingRow is what every check selects: which row, and what is odd about it.
type findingRow struct {
	Subject string `db:"subject"`
	Detail  string `db:"detail"`
}

// checks are the invariants as SQL over the data at rest: each selects the rows that
// break it.
var checks = []struct {
	invariant int
	code      string
	query     string
}{
	{1, "overlap", `
		SELECT id AS subject, 'unit ' || unit_id AS detail FROM (
			SELECT id, unit_id, starts_at, lag(ends_at) OVER (PARTITION BY unit_id ORDER BY starts_at, ends_at) AS before
			FROM occupancies WHERE live) o
		WHERE before > starts_at`},
	{1, "wrong_home_hub", `
		SELECT o.id AS subject, 'unit ' || u.id AS detail FROM occupancies o JOIN units u ON u.id = o.unit_id
		WHERE o.home_hub_id <> u.home_hub_id`},
	{2, "line_short", `
		SELECT x.booking_id AS subject, 'line ' || CAST(x.line AS text) AS detail FROM (
			SELECT l.booking_id, l.line, l.quantity, l.without_unit, count(o.id) AS has, (
				SELECT count(*) FROM loans n WHERE n.booking_id = l.booking_id AND n.line = l.line AND n.back_at IS NOT NULL) AS back
			FROM booking_lines l JOIN bookings b ON b.id = l.booking_id
			LEFT JOIN occupancies o ON o.booking_id = l.booking_id AND o.line = l.line AND o.live AND o.ends_at >= b.ends_at
				AND (` + lentNow + ` > 0 OR ` + lentBefore + ` = 0) AND ` + lentInPart + ` = 0
			WHERE b.status IN ('held', 'confirmed', 'in_use') OR b.status = 'pending' AND NOT b.competes
			GROUP BY l.booking_id, l.line, l.quantity, l.without_unit) x
		WHERE has + without_unit > quantity OR has + without_unit + back < quantity`},
	{2, "occupies_without_right", `
		SELECT o.id AS subject, 'booking ' || b.id || ' ' || b.status AS detail
		FROM occupancies o JOIN bookings b ON b.id = o.booking_id
		WHERE o.live AND (b.status IN ('expired', 'declined', 'cancelled') OR b.status = 'pending' AND b.competes)`},
	{2, "without_line", `
		SELECT b.id AS subject, b.status AS detail FROM bookings b
		LEFT JOIN booking_lines l ON l.booking_id = b.id WHERE l.booking_id IS NULL`},
	{2, "wrong_unit", `
		SELECT o.id AS subject, 'booking ' || o.booking_id AS detail
		FROM occupancies o JOIN units u ON u.id = o.unit_id
		LEFT JOIN booking_lines l ON l.booking_id = o.booking_id AND l.line = o.line
		WHERE o.live AND o.booking_id IS NOT NULL AND (l.resource_id IS NULL OR l.resource_id <> u.resource_id AND
			(u.moved_at IS NULL OR o.ends_at > u.moved_at))`},
	{2, "two_hubs", `
		SELECT l.booking_id AS subject, r.slug AS detail
		FROM booking_lines l JOIN bookings b ON b.id = l.booking_id JOIN resources r ON r.id = l.resource_id
		WHERE r.hub_id <> b.hub_id`},
	{2, "hold_without_end", `
		SELECT id AS subject, status AS detail FROM bookings 
		WHERE status = 'held' AND lapses_at IS NULL OR status = 'confirmed' AND lapses_at IS NOT NULL`},
	{2, "maintenance_unkept", `
		SELECT m.id AS subject, 'unit ' || m.unit_id AS detail
		FROM maintenances m LEFT JOIN occupancies o ON o.maintenance_id = m.id AND o.live
		WHERE m.open AND o.id IS NULL`},
	{2, "loan_without_time", `
		SELECT n.id AS subject, 'unit ' || n.unit_id AS detail FROM loans n
		WHERE n.back_at IS NULL AND NOT EXISTS (
			SELECT 1 FROM occupancies o WHERE o.booking_id = n.booking_id AND o.line = n.line AND o.unit_id = n.unit_id AND o.live
				AND o.starts_at <= n.out_at AND o.ends_at >= n.due_at)`},
	{2, "loan_of_no_line", `
		SELECT n.id AS subject, 'booking ' || n.booking_id AS detail FROM loans n
		LEFT JOIN booking_lines l ON l.booking_id = n.booking_id AND l.line = n.line WHERE l.booking_id IS NULL`},
	{2, "loan_of_ended", `
		SELECT n.id AS subject, 'booking ' || b.id || ' ' || b.status AS detail
		FROM loans n JOIN bookings b ON b.id = n.booking_id WHERE n.back_at IS NULL AND b.status <> 'in_use'`},
	{2, "lent_twice", `
		SELECT id AS subject, 'unit ' || unit_id AS detail FROM (
			SELECT id, unit_id, out_at, lag(out_at) OVER w AS before, lag(back_at) OVER w AS back
			FROM loans WINDOW w AS (PARTITION BY unit_id ORDER BY out_at, CASE WHEN back_at IS NULL THEN 1 ELSE 0 END, back_at, id)) n
		WHERE before IS NOT NULL AND (back IS NULL OR back > out_at)`},
	{2, "two_places", `
		SELECT n.id AS subject, 'unit ' || n.unit_id AS detail FROM loans n JOIN units u ON u.id = n.unit_id
		WHERE n.back_at IS NULL AND (u.status <> 'in_service' OR EXISTS (
			SELECT 1 FROM transfers t WHERE t.unit_id = n.unit_id AND t.state = 'on_the_road'))`},
	{2, "away_unkept", `
		SELECT u.id AS subject, 'hub ' || u.current_hub_id AS detail FROM units u JOIN resources r ON r.id = u.resource_id
		WHERE u.current_hub_id <> r.hub_id AND u.status = 'in_service'
			AND NOT EXISTS (SELECT 1 FROM transfers t WHERE t.unit_id = u.id AND t.state IN ('planned', 'on_the_road'))
			AND NOT EXISTS (SELECT 1 FROM maintenances m WHERE m.unit_id = u.id AND m.open)`},
	{2, "incomplete_in_service", lentIncomplete},
	{8, "loan_unlogged", `
		SELECT n.id AS subject, 'unit ' || n.unit_id AS detail FROM loans n
		WHERE NOT EXISTS (SELECT 1 FROM changes c WHERE c.subject_id = n.id)`},
}

// Check verifies the invariants on the data at rest, in one snapshot, and returns
// every row that breaks one. It only reads.
func (b *Book) Check(ctx context.Context) ([]Finding, error) {
	found := []Finding{}
	err := b.db.View(ctx, func(r database.Reader) error {
		found = found[:0]
		for _, c := range checks {
			var rows []findingRow
			if err := r.Select(&rows, c.query); err != nil {
				return fmt.Errorf("check %s: %w", c.code, err)
			}
			for _, row := range rows {
				found = append(found, Finding{c.invariant, c.code, row.Subject, row.Detail})
			}
		}
		for _, more := range []func(database.Reader) ([]Finding, error){checkLog, checkAnswers} {
			f, err := more(r)
			if err != nil {
				return err
			}
			found = append(found, f...)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	shifted, err := b.Shifted(ctx)
	for _, s := range shifted {
		found = append(found, Finding{7, "zone_moved", s.Booking,
			fmt.Sprintf("%s, promised %s, is %s", s.TimeZone, s.Promised, s.StartsAt.Format("2006-01-02T15:04:05Z"))})
	}
	return found, err
}

// page is how many rows a check in Go reads at once.
const page = 5000

// checkLog holds every booking against its last row in the log (invariant 8): both
// must tell of the same version and status.
func checkLog(r database.Reader) ([]Finding, error) {
	var found []Finding
	for after := ""; ; {
		var rows []struct {
			ID      string  `db:"id"`
			Version int64   `db:"version"`
			Status  Status  `db:"status"`
			After   *string `db:"after"`
		}
		err := r.Select(&rows, fmt.Sprintf(`
			SELECT b.id, b.version, b.status, (
				SELECT c.after FROM changes c WHERE c.subject_id = b.id ORDER BY c.seq DESC LIMIT 1) AS after
			FROM bookings b WHERE b.id > $1 ORDER BY b.id LIMIT %d`, page), after)
		if err != nil {
			return nil, err
		}
		for _, row := range rows {
			var last logged
			switch {
			case row.After == nil:
				found = append(found, Finding{8, "not_logged", row.ID, string(row.Status)})
			case json.Unmarshal([]byte(*row.After), &last) != nil || last.Version != row.Version || last.Status != row.Status:
				found = append(found, Finding{8, "log_differs", row.ID,
					fmt.Sprintf("version %d %s, logged %d %s", row.Version, row.Status, last.Version, last.Status)})
			}
			after = row.ID
		}
		if len(rows) < page {
			return found, nil
		}
	}
}

// checkAnswers holds every kept answer against the book (invariants 3 and 4): the
// booking that it tells of is there.
func checkAnswers(r database.Reader) ([]Finding, error) {
	var found []Finding
	for caller, key := "", ""; ; {
		var rows []struct {
			Caller string `db:"caller"`
			Key    string `db:"key"`
			Answer string `db:"answer"`
		}
		err := r.Select(&rows, fmt.Sprintf(`
			SELECT caller, key, answer FROM idempotency_keys
			WHERE caller > $1 OR caller = $1 AND key > $2 ORDER BY caller, key LIMIT %d`, page), caller, key)
		if err != nil {
			return nil, err
		}
		var ids []string
		for _, row := range rows {
			var a answer
			if json.Unmarshal([]byte(row.Answer), &a) == nil && a.Booking != nil {
				ids = append(ids, a.Booking.ID)
			}
			caller, key = row.Caller, row.Key
		}
		lost, err := absent(r, ids)
		if err != nil {
			return nil, err
		}
		for _, id := range lost {
			found = append(found, Finding{3, "answered_but_lost", id, "idempotency key"})
		}
		if len(rows) < page {
			return found, nil
		}
	}
}

// absent returns those of the ids that no booking has.
func absent(r database.Reader, ids []string) ([]string, error) {
	var there []struct {
		ID string `db:"id"`
	}
	if err := r.SelectIn(&there, `SELECT id FROM bookings WHERE id IN ($list)`, ids); err != nil {
		return nil, err
	}
	known := make(map[string]bool, len(there))
	for _, t := range there {
		known[t.ID] = true
	}
	var lost []string
	for _, id := range ids {
		if !known[id] {
			lost = append(lost, id)
		}
	}
	return lost, nil
}
