package membership

import (
	"context"
	"fmt"

	"canot/internal/database"
)

// A Finding is one thing at rest that cannot be right.
type Finding struct {
	Code    string `json:"code"`
	Subject string `json:"subject"` // the id of the row
	Detail  string `json:"detail"`
}

// checks are what must hold of the rows, as SQL that selects those that break it.
var checks = []struct{ code, query string }{
	{"pack_below_zero", `
		SELECT pack_id AS subject, CAST(SUM(minutes) AS text) AS detail FROM ledger WHERE pack_id IS NOT NULL
		GROUP BY pack_id HAVING SUM(minutes) < 0`},
	{"pack_without_grant", `
		SELECT p.id AS subject, CAST(p.minutes AS text) AS detail FROM packs p
		WHERE p.minutes <> COALESCE((SELECT SUM(l.minutes) FROM ledger l WHERE l.pack_id = p.id AND l.reason = 'grant'), 0)`},
	{"gave_back_too_much", `
		SELECT booking_id AS subject, COALESCE(pack_id, allowance_id) || ' ' || period_start AS detail FROM ledger
		WHERE booking_id IS NOT NULL GROUP BY booking_id, pack_id, allowance_id, period, period_start HAVING SUM(minutes) > 0`},
	{"used_after_the_end", `
		SELECT l.booking_id AS subject, b.status AS detail FROM ledger l JOIN bookings b ON b.id = l.booking_id
		WHERE b.status IN ('expired', 'declined') OR b.status = 'cancelled' AND b.changed_at < b.starts_at GROUP BY l.booking_id, b.status HAVING SUM(l.minutes) <> 0`},
	{"wrong_holder", `
		SELECT l.id AS subject, 'booking ' || b.id AS detail FROM ledger l JOIN bookings b ON b.id = l.booking_id
		WHERE COALESCE(l.organisation_id, '') <> COALESCE(b.organisation_id, '')
			OR b.organisation_id IS NULL AND COALESCE(l.member_id, '') <> b.member_id`},
	{"wrong_pack", `
		SELECT l.id AS subject, 'pack ' || p.id AS detail FROM ledger l JOIN packs p ON p.id = l.pack_id
		WHERE COALESCE(l.organisation_id, '') <> COALESCE(p.organisation_id, '') OR COALESCE(l.member_id, '') <> COALESCE(p.member_id, '')`},
	{"membership_overlaps", `
		SELECT s.id AS subject, 'membership ' || o.id AS detail FROM memberships s
		JOIN memberships o ON o.hub_id = s.hub_id AND o.id <> s.id AND (o.member_id = s.member_id OR o.organisation_id = s.organisation_id)
			AND (o.starts_on > s.starts_on OR o.starts_on = s.starts_on AND o.id > s.id)
		WHERE s.cancelled_at IS NULL AND o.cancelled_at IS NULL AND (s.ends_on = '' OR s.renews OR s.ends_on >= o.starts_on)`},
}

// Check returns every row that cannot be right: balances below zero, rows of the ledger
// that do not add up, memberships that overlap. It reads one snapshot and writes nothing.
func (r *Roster) Check(ctx context.Context) ([]Finding, error) {
	found := []Finding{}
	err := r.db.View(ctx, func(rd database.Reader) error {
		found = found[:0]
		for _, c := range checks {
			var rows []struct {
				Subject string `db:"subject"`
				Detail  string `db:"detail"`
			}
			if err := rd.Select(&rows, c.query); err != nil {
				return fmt.Errorf("check %s: %w", c.code, err)
			}
			for _, row := range rows {
				found = append(found, Finding{c.code, row.Subject, row.Detail})
			}
		}
		return nil
	})
	return found, err
}
