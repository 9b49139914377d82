package membership

import (
	"cmp"
	"slices"
	"time"

	"canot/internal/database"
	"canot/inventory"
	"canot/inventory/hours"
)

// conditionFacts is the present version of some terms, and whether the member accepted it.
type conditionFacts struct {
	name     inventory.Text
	version  int
	accepted bool
}

// readRequired reads what the requirements of the lines ask for, and nothing when they ask
// for nothing.
func (s *Standing) readRequired(rd database.Reader, a Ask) error {
	var slugs []string
	for _, l := range a.Lines {
		q := l.Requirements
		s.guarded = s.guarded || len(q.Certifications) > 0 // somebody may revoke one meanwhile
		slugs = slices.Concat(slugs, q.Tiers, q.Certifications, q.Conditions)
	}
	return s.readFulfilled(rd, a, slugs)
}

func unique(list []string) []string {
	list = slices.Clone(list)
	slices.Sort(list)
	return slices.Compact(list)
}

// A fulfilledRow is a certificate of the member, a booking that rests on one, some terms, or
// a name.
type fulfilledRow struct {
	Sort     string         `db:"sort"` // use, certificate, condition, certification or tier
	Slug     string         `db:"slug"`
	Name     inventory.Text `db:"name"`
	ID       string         `db:"id"` // of the certificate
	HubID    string         `db:"hub_id"`
	From     string         `db:"from_on"`
	Until    string         `db:"until_on"`
	Figure   int            `db:"figure"` // months without use of a certificate, the version of terms
	Accepted int            `db:"accepted"`
	Given    *time.Time     `db:"given_at"`
	StartsAt *time.Time     `db:"starts_at"`
	EndsAt   *time.Time     `db:"ends_at"`
}

// A certificate counts for the certification that it is of, where that is the network's or
// the hub's own, and for one whose equivalence the hub has accepted. $2 is the booking that
// is changed, whose own use does not count; $3 is 1 where any terms may be asked about.
const selectFulfilled = `
	SELECT 'use' AS sort, '' AS slug, '{}' AS name, k.id, '' AS hub_id, k.from_on, k.until_on, n.unused_months AS figure, 0 AS accepted,
		k.given_at, b.starts_at, b.ends_at
	FROM certificates k JOIN certifications n ON n.id = k.certification_id AND n.unused_months > 0
	JOIN booking_certificates u ON u.certificate_id = k.id JOIN bookings b ON b.id = u.booking_id
	WHERE k.member_id = $1 AND k.revoked_at IS NULL AND b.status IN ('pending', 'confirmed', 'in_use', 'completed') AND b.id <> $2
	UNION ALL
	SELECT 'certificate', n.slug, '{}', k.id, n.hub_id, k.from_on, k.until_on, n.unused_months, 0, k.given_at, NULL, NULL
	FROM certificates k JOIN certifications n ON n.id = k.certification_id
	WHERE k.member_id = $1 AND k.revoked_at IS NULL
	UNION ALL
	SELECT 'certificate', n.slug, '{}', k.id, e.hub_id, k.from_on, k.until_on, c.unused_months, 0, k.given_at, NULL, NULL
	FROM certificates k JOIN certifications c ON c.id = k.certification_id
	JOIN equivalences e ON e.accepted_id = c.id AND e.ended_at IS NULL JOIN certifications n ON n.id = e.counts_as_id
	WHERE k.member_id = $1 AND k.revoked_at IS NULL
	UNION ALL
	SELECT 'condition', c.slug, c.name, '', '', '', '', t.version,
		(SELECT COUNT(*) FROM acceptances x WHERE x.member_id = $1 AND x.condition_id = c.id AND x.version = t.version), NULL, NULL, NULL
	FROM conditions c JOIN condition_texts t ON t.condition_id = c.id
		AND t.version = (SELECT MAX(n.version) FROM condition_texts n WHERE n.condition_id = c.id)
	WHERE $3 = 1 OR c.slug IN ($list)
	UNION ALL
	SELECT 'certification', n.slug, n.name, '', '', '', '', 0, 0, NULL, NULL, NULL FROM certifications n WHERE n.slug IN ($list)
	UNION ALL
	SELECT 'tier', t.slug, t.name, '', '', '', '', 0, 0, NULL, NULL, NULL FROM tiers t WHERE t.slug IN ($list)`

// readFulfilled reads, in one statement, the member's certificates, wherever they count, and
// what is to be known of the certifications, terms and tiers of these slugs. Where the Ask is
// for Anywhere, it reads all terms.
func (s *Standing) readFulfilled(rd database.Reader, a Ask, slugs []string) error {
	any := 0
	if a.Anywhere {
		any, slugs = 1, append(slugs, "") // a list has at least one
	}
	var rows []fulfilledRow
	if err := rd.SelectIn(&rows, selectFulfilled, unique(slugs), a.MemberID, orNobody(a.BookingID), any); err != nil {
		return err
	}
	// In a fixed order, so that of two that last equally long the same one is always taken.
	slices.SortFunc(rows, func(x, y fulfilledRow) int { return cmp.Or(cmp.Compare(x.Slug, y.Slug), cmp.Compare(x.ID, y.ID)) })
	s.certificates, s.conditions = map[string][]certificateFacts{}, map[string]conditionFacts{}
	s.certificationNames, s.tierNames = map[string]inventory.Text{}, map[string]inventory.Text{}
	uses := map[string][]hours.Span{}
	for _, row := range rows {
		if row.Sort == "use" {
			uses[row.ID] = append(uses[row.ID], hours.Span{Start: *row.StartsAt, End: *row.EndsAt})
		}
	}
	for _, row := range rows {
		switch row.Sort {
		case "certificate":
			s.certificates[row.Slug] = append(s.certificates[row.Slug], certificateFacts{id: row.ID, hub: row.HubID,
				from: row.From, until: row.Until, givenAt: *row.Given, unusedMonths: row.Figure, uses: uses[row.ID]})
		case "condition":
			s.conditions[row.Slug] = conditionFacts{row.Name, row.Figure, row.Accepted > 0}
		case "certification":
			s.certificationNames[row.Slug] = row.Name
		case "tier":
			s.tierNames[row.Slug] = row.Name
		}
	}
	return nil
}

// usesOf reads the bookings that rest on certificates and were not called off, less one.
func usesOf(rd database.Reader, certificates []string, less string) (map[string][]hours.Span, error) {
	var rows []struct {
		CertificateID string    `db:"certificate_id"`
		StartsAt      time.Time `db:"starts_at"`
		EndsAt        time.Time `db:"ends_at"`
	}
	err := rd.SelectIn(&rows, `
		SELECT u.certificate_id, b.starts_at, b.ends_at FROM booking_certificates u JOIN bookings b ON b.id = u.booking_id
		WHERE u.certificate_id IN ($list) AND b.status IN ('pending', 'confirmed', 'in_use', 'completed') AND b.id <> $1`,
		certificates, orNobody(less))
	uses := map[string][]hours.Span{}
	for _, row := range rows {
		uses[row.CertificateID] = append(uses[row.CertificateID], hours.Span{Start: row.StartsAt, End: row.EndsAt})
	}
	return uses, err
}
