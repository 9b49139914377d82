package membership

import (
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
	var tiers, certifications, conditions []string
	for _, l := range a.Lines {
		tiers = append(tiers, l.Requirements.Tiers...)
		certifications = append(certifications, l.Requirements.Certifications...)
		conditions = append(conditions, l.Requirements.Conditions...)
	}
	var err error
	if s.tierNames, err = namesOf(rd, `SELECT slug, name FROM tiers WHERE slug IN ($list)`, tiers); err != nil {
		return err
	}
	if len(certifications) > 0 {
		s.guarded = true // somebody may revoke one meanwhile
		if err := s.readCertificates(rd, a, unique(certifications)); err != nil {
			return err
		}
	}
	if len(conditions) > 0 {
		return s.readConditions(rd, a.MemberID, unique(conditions))
	}
	return nil
}

func unique(list []string) []string {
	list = slices.Clone(list)
	slices.Sort(list)
	return slices.Compact(list)
}

func namesOf(rd database.Reader, query string, slugs []string) (map[string]inventory.Text, error) {
	var rows []struct {
		Slug string         `db:"slug"`
		Name inventory.Text `db:"name"`
	}
	err := rd.SelectIn(&rows, query, unique(slugs))
	names := map[string]inventory.Text{}
	for _, row := range rows {
		names[row.Slug] = row.Name
	}
	return names, err
}

type certificateFactRow struct {
	Slug   string         `db:"slug"`
	Name   inventory.Text `db:"name"`
	ID     *string        `db:"id"`
	From   *string        `db:"from_on"`
	Until  *string        `db:"until_on"`
	Given  *time.Time     `db:"given_at"`
	Unused *int           `db:"unused_months"`
}

// A certificate counts for the certification that it is of, where that is the network's or
// the hub's own, and for one whose equivalence the hub has accepted.
const selectCertificates = `
	SELECT n.slug, n.name, k.id, k.from_on, k.until_on, k.given_at, h.unused_months
	FROM certifications n
	LEFT JOIN certificates k ON k.member_id = $1 AND k.revoked_at IS NULL AND (
		k.certification_id = n.id AND (n.hub_id = '' OR n.hub_id = $2)
		OR k.certification_id IN (SELECT e.accepted_id FROM equivalences e
			WHERE e.counts_as_id = n.id AND e.hub_id = $2 AND e.ended_at IS NULL))
	LEFT JOIN certifications h ON h.id = k.certification_id
	WHERE n.slug IN ($list) ORDER BY n.slug, k.id`

func (s *Standing) readCertificates(rd database.Reader, a Ask, slugs []string) error {
	var rows []certificateFactRow
	if err := rd.SelectIn(&rows, selectCertificates, slugs, a.MemberID, a.HubID); err != nil {
		return err
	}
	s.certificates, s.certificationNames = map[string][]certificateFacts{}, map[string]inventory.Text{}
	var idle []string
	for _, row := range rows {
		s.certificationNames[row.Slug] = row.Name
		if row.ID != nil && *row.Unused > 0 {
			idle = append(idle, *row.ID)
		}
	}
	uses, err := usesOf(rd, unique(idle), a.BookingID)
	if err != nil {
		return err
	}
	for _, row := range rows {
		if row.ID == nil {
			continue
		}
		s.certificates[row.Slug] = append(s.certificates[row.Slug], certificateFacts{
			id: *row.ID, from: *row.From, until: *row.Until, givenOn: hours.DateOf(*row.Given, a.Zone),
			unusedMonths: *row.Unused, uses: uses[*row.ID],
		})
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

func (s *Standing) readConditions(rd database.Reader, memberID string, slugs []string) error {
	var rows []struct {
		Slug     string         `db:"slug"`
		Name     inventory.Text `db:"name"`
		Version  int            `db:"version"`
		Accepted int            `db:"accepted"`
	}
	err := rd.SelectIn(&rows, `
		SELECT c.slug, c.name, t.version,
			(SELECT COUNT(*) FROM acceptances x WHERE x.member_id = $1 AND x.condition_id = c.id AND x.version = t.version) AS accepted
		FROM conditions c JOIN condition_texts t ON t.condition_id = c.id
			AND t.version = (SELECT MAX(n.version) FROM condition_texts n WHERE n.condition_id = c.id)
		WHERE c.slug IN ($list)`, slugs, memberID)
	s.conditions = map[string]conditionFacts{}
	for _, row := range rows {
		s.conditions[row.Slug] = conditionFacts{row.Name, row.Version, row.Accepted > 0}
	}
	return err
}
