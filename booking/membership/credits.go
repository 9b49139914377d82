package membership

import (
	"cmp"
	"slices"
	"time"

	"canot/internal/database"
	"canot/inventory"
	"canot/inventory/hours"
)

// packFacts is a pack with what is left of it, uses of the booking that is changed given back.
type packFacts struct {
	id       string
	hub      string // "" for everywhere
	kind     inventory.Kind
	category string
	expires  string // the last day on which it is good, "" for none
	left     int64
}

// goodFor reports whether a pack may be used at a hub, for a line, on a day.
func (p packFacts) goodFor(hub string, l AskLine, day hours.Date) bool {
	return p.left > 0 && (p.hub == "" || p.hub == hub) && (p.kind == "" || p.kind == l.Kind) &&
		(p.category == "" || p.category == l.CategoryID) && within(day, "", p.expires)
}

// upcomingFact is one line of a booking of the holder that has not ended.
type upcomingFact struct {
	booking  string
	kind     inventory.Kind
	category string
}

// readCredits reads what is spent, what is prepaid, and how many bookings are to come, in one
// statement, where an allowance or a pack asks for it.
func (s *Standing) readCredits(rd database.Reader, a Ask) error {
	limited := s.prepaid
	for _, list := range s.allowances {
		limited = limited || slices.ContainsFunc(list, func(w *allowance) bool { return w.limited() || w.upcoming != nil })
	}
	if a.MemberID == "" && a.OrganisationID == "" {
		return nil // who only looks has spent nothing
	}
	s.guarded = s.guarded || limited
	if !limited {
		return nil
	}
	var rows []creditFactRow
	err := rd.Select(&rows, selectCreditFacts, holderOf(a), a.OrganisationID, firstBucket(a), orNobody(a.BookingID), a.Now.Truncate(time.Second))
	slices.SortFunc(rows, soonestToExpire)
	s.spent = map[bucket]int64{}
	for _, row := range rows {
		switch row.Sort {
		case "spent":
			s.spent[bucket{row.ID, row.Period, row.Start}] = row.Minutes
		case "pack":
			s.packs = append(s.packs, packFacts{row.ID, row.HubID, row.Kind, row.CategoryID, row.ExpiresOn, row.Minutes})
		case "upcoming":
			s.upcoming = append(s.upcoming, upcomingFact{row.ID, row.Kind, row.CategoryID})
		}
	}
	return err
}

// firstBucket is where the ledger is read from: the month, or the week, in which the Ask or the
// present day lies, whichever is first. At another hub it may still be the day before.
func firstBucket(a Ask) string {
	day := hours.DateOf(a.Now, a.Zone)
	if asked := hours.DateOf(a.Span.Start, a.Zone); asked.Before(day) {
		day = asked
	}
	day = day.AddDays(-1)
	first := startOf(monthly, day)
	if week := startOf(weekly, day); week.Before(first) {
		first = week
	}
	return first.String()
}

// orNobody is an id that no row has, where none is meant.
func orNobody(id string) string {
	if id == "" {
		return "-"
	}
	return id
}

type creditFactRow struct {
	Sort       string         `db:"sort"` // spent, pack or upcoming
	ID         string         `db:"id"`   // of the allowance, the pack or the booking
	Period     string         `db:"period"`
	Start      string         `db:"period_start"`
	Minutes    int64          `db:"minutes"` // spent, or left of the pack
	HubID      string         `db:"hub_id"`
	Kind       inventory.Kind `db:"kind"`
	CategoryID string         `db:"category_id"`
	ExpiresOn  string         `db:"expires_on"`
	At         time.Time      `db:"at"`
}

// soonestToExpire is the order in which packs are used.
func soonestToExpire(x, y creditFactRow) int {
	last := func(r creditFactRow) string { return cmp.Or(r.ExpiresOn, "9999-12-31") }
	return cmp.Or(cmp.Compare(last(x), last(y)), x.At.Compare(y.At), cmp.Compare(x.ID, y.ID))
}

// The ledger is added up by bucket; a booking that is changed, $4, has spent nothing. What is
// upcoming is the holder's bookings that stand and have not ended, wherever they are: a
// member's own, $1, or an organisation's, $2.
const selectCreditFacts = `
	SELECT 'spent' AS sort, allowance_id AS id, period, period_start, -SUM(minutes) AS minutes, '' AS hub_id, '' AS kind, '' AS category_id,
		'' AS expires_on, MAX(at) AS at
	FROM ledger
	WHERE (member_id = $1 OR organisation_id = $2) AND period_start >= $3 AND allowance_id IS NOT NULL AND COALESCE(booking_id, '') <> $4
	GROUP BY allowance_id, period, period_start
	UNION ALL
	SELECT 'pack', p.id, '', '',
		COALESCE((SELECT SUM(l.minutes) FROM ledger l WHERE l.pack_id = p.id AND COALESCE(l.booking_id, '') <> $4), 0),
		p.hub_id, p.kind, p.category_id, p.expires_on, p.created_at
	FROM packs p WHERE p.member_id = $1 OR p.organisation_id = $2
	UNION ALL
	SELECT 'upcoming', b.id, '', '', 0, '', r.kind, r.category_id, '', b.created_at
	FROM bookings b JOIN booking_lines l ON l.booking_id = b.id JOIN resources r ON r.id = l.resource_id
	WHERE (b.member_id = $1 AND b.organisation_id IS NULL OR b.organisation_id = $2) AND b.ends_at > $5
		AND b.status IN ('held', 'pending', 'confirmed') AND (b.lapses_at IS NULL OR b.lapses_at > $5)`
