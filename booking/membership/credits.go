package membership

import (
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

// readCredits reads what is spent, what is prepaid, and how many bookings are to come,
// where an allowance or a pack asks for it.
func (s *Standing) readCredits(rd database.Reader, a Ask) error {
	limited, bounded := false, false
	for _, list := range s.allowances {
		for _, w := range list {
			limited = limited || w.limited()
			bounded = bounded || w.upcoming != nil
		}
	}
	if a.MemberID == "" && a.OrganisationID == "" {
		return nil // who only looks has spent nothing
	}
	if limited {
		if err := s.readSpent(rd, a); err != nil {
			return err
		}
	}
	if s.prepaid {
		if err := s.readPacks(rd, a); err != nil {
			return err
		}
	}
	if bounded {
		if err := s.readUpcoming(rd, a); err != nil {
			return err
		}
	}
	s.guarded = s.guarded || limited || s.prepaid || bounded
	return nil
}

type spentRow struct {
	AllowanceID string `db:"allowance_id"`
	Period      string `db:"period"`
	PeriodStart string `db:"period_start"`
	Minutes     int64  `db:"minutes"`
}

// readSpent adds up the ledger by bucket, from the month in which the Ask, or the present
// day, lies; a booking that is changed has spent nothing.
func (s *Standing) readSpent(rd database.Reader, a Ask) error {
	day := hours.DateOf(a.Now, a.Zone)
	if asked := hours.DateOf(a.Span.Start, a.Zone); asked.Before(day) {
		day = asked
	}
	first := startOf(monthly, day)
	if week := startOf(weekly, day); week.Before(first) {
		first = week
	}
	var rows []spentRow
	err := rd.Select(&rows, `
		SELECT allowance_id, period, period_start, -SUM(minutes) AS minutes FROM ledger
		WHERE (member_id = $1 OR organisation_id = $2) AND period_start >= $3 AND allowance_id IS NOT NULL
			AND COALESCE(booking_id, '') <> $4
		GROUP BY allowance_id, period, period_start`,
		holderOf(a), a.OrganisationID, first.String(), orNobody(a.BookingID))
	s.spent = map[bucket]int64{}
	for _, row := range rows {
		s.spent[bucket{row.AllowanceID, row.Period, row.PeriodStart}] = row.Minutes
	}
	return err
}

// orNobody is an id that no row has, where none is meant.
func orNobody(id string) string {
	if id == "" {
		return "-"
	}
	return id
}

type packRow struct {
	ID         string         `db:"id"`
	HubID      string         `db:"hub_id"`
	Kind       inventory.Kind `db:"kind"`
	CategoryID string         `db:"category_id"`
	ExpiresOn  string         `db:"expires_on"`
	Balance    int64          `db:"balance"`
}

func (s *Standing) readPacks(rd database.Reader, a Ask) error {
	var rows []packRow
	err := rd.Select(&rows, `
		SELECT p.id, p.hub_id, p.kind, p.category_id, p.expires_on,
			COALESCE((SELECT SUM(l.minutes) FROM ledger l WHERE l.pack_id = p.id AND COALESCE(l.booking_id, '') <> $3), 0) AS balance
		FROM packs p WHERE p.member_id = $1 OR p.organisation_id = $2
		ORDER BY CASE WHEN p.expires_on = '' THEN '9999-12-31' ELSE p.expires_on END, p.created_at, p.id`,
		holderOf(a), a.OrganisationID, orNobody(a.BookingID))
	for _, row := range rows {
		s.packs = append(s.packs, packFacts{row.ID, row.HubID, row.Kind, row.CategoryID, row.ExpiresOn, row.Balance})
	}
	return err
}

type upcomingRow struct {
	ID         string         `db:"id"`
	Kind       inventory.Kind `db:"kind"`
	CategoryID string         `db:"category_id"`
}

// readUpcoming reads the holder's bookings that stand and have not ended, wherever they are.
func (s *Standing) readUpcoming(rd database.Reader, a Ask) error {
	who, id := `b.member_id = $1 AND b.organisation_id IS NULL`, a.MemberID
	if a.OrganisationID != "" {
		who, id = `b.organisation_id = $1`, a.OrganisationID
	}
	var rows []upcomingRow
	err := rd.Select(&rows, `
		SELECT b.id, r.kind, r.category_id FROM bookings b
		JOIN booking_lines l ON l.booking_id = b.id
		JOIN resources r ON r.id = l.resource_id
		WHERE `+who+` AND b.ends_at > $2 AND b.status IN ('held', 'pending', 'confirmed')
			AND (b.lapses_at IS NULL OR b.lapses_at > $2)`, id, a.Now.Truncate(time.Second))
	for _, row := range rows {
		s.upcoming = append(s.upcoming, upcomingFact{row.ID, row.Kind, row.CategoryID})
	}
	return err
}
