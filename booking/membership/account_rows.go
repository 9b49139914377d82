package membership

import (
	"cmp"
	"encoding/json"
	"slices"
	"time"

	"canot/internal/database"
	"canot/inventory"
	"canot/inventory/hours"
)

// An accountReading is an Account as it grows.
type accountReading struct {
	Account
	roster   *Roster
	rd       database.Reader
	who      string
	standing *Standing
	ask      Ask

	hubs           map[string]AccountHub
	packHubs       []string                  // by the order of Packs
	certifications map[string]inventory.Text // names by slug
	ids            map[string]string         // of certifications, by slug
	accepted       [][2]string               // ids of certifications: the first counts as the second
	asking         []asking
}

// An asking is a resource of the hub that asks for certifications.
type asking struct {
	AccountResource
	asks inventory.Requirements
}

type creditRow struct {
	ID         string         `db:"id"`
	Period     string         `db:"period"`
	Start      string         `db:"period_start"`
	Minutes    int64          `db:"minutes"`
	HubID      string         `db:"hub_id"`
	Kind       inventory.Kind `db:"kind"`
	CategoryID string         `db:"category_id"`
	Whole      int64          `db:"whole"` // minutes of a pack when it was sold, 0 for what a tier includes
	ExpiresOn  string         `db:"expires_on"`
	At         time.Time      `db:"at"`
}

// readCredits reads what is spent of the present periods, and the packs, in one statement.
func (of *accountReading) readCredits() error {
	day := hours.DateOf(of.ask.Now, time.UTC).AddDays(-1) // it may still be yesterday at the hub
	first := startOf(monthly, day)
	if week := startOf(weekly, day); week.Before(first) {
		first = week
	}
	var rows []creditRow
	err := of.rd.Select(&rows, `
		SELECT allowance_id AS id, period, period_start, -SUM(minutes) AS minutes, '' AS hub_id, '' AS kind, '' AS category_id,
			0 AS whole, '' AS expires_on, MAX(at) AS at
		FROM ledger WHERE member_id = $1 AND period_start >= $2 AND allowance_id IS NOT NULL
		GROUP BY allowance_id, period, period_start
		UNION ALL
		SELECT p.id, '', '', COALESCE((SELECT SUM(l.minutes) FROM ledger l WHERE l.pack_id = p.id), 0), p.hub_id, p.kind, p.category_id,
			p.minutes, p.expires_on, p.created_at
		FROM packs p WHERE p.member_id = $1`, of.who, first.String())
	slices.SortFunc(rows, func(a, b creditRow) int { return cmp.Or(b.At.Compare(a.At), cmp.Compare(a.ID, b.ID)) })
	of.standing.spent = map[bucket]int64{}
	for _, row := range rows {
		if row.Whole == 0 {
			of.standing.spent[bucket{row.ID, row.Period, row.Start}] = row.Minutes
			continue
		}
		of.packHubs = append(of.packHubs, row.HubID)
		of.Packs = append(of.Packs, AccountPack{Kind: row.Kind, CategoryID: row.CategoryID, Minutes: row.Whole, Left: max(0, row.Minutes), ExpiresOn: row.ExpiresOn})
	}
	return err
}

type ownCertificateRow struct {
	ID        string         `db:"id"`
	OfID      string         `db:"certification_id"`
	Slug      string         `db:"slug"`
	Name      inventory.Text `db:"name"`
	Unused    int            `db:"unused_months"`
	GivenAt   time.Time      `db:"given_at"`
	FromOn    string         `db:"from_on"`
	UntilOn   string         `db:"until_on"`
	RevokedAt *time.Time     `db:"revoked_at"`
	UsedAt    *time.Time     `db:"used_at"`
}

// readCertificates reads every certificate of the member, with its last use.
func (of *accountReading) readCertificates() error {
	var rows []ownCertificateRow
	err := of.rd.Select(&rows, `
		SELECT k.id, k.certification_id, n.slug, n.name, n.unused_months, k.given_at, k.from_on, k.until_on, k.revoked_at,
			(SELECT MAX(b.ends_at) FROM booking_certificates u JOIN bookings b ON b.id = u.booking_id
				WHERE u.certificate_id = k.id AND b.starts_at < $2 AND b.status IN ('pending', 'confirmed', 'in_use', 'completed')) AS used_at
		FROM certificates k JOIN certifications n ON n.id = k.certification_id
		WHERE k.member_id = $1 ORDER BY k.given_at DESC, n.slug, k.id`, of.who, of.ask.Now)
	for _, row := range rows {
		c := AccountCertificate{Name: row.Name, Revoked: row.RevokedAt != nil, slug: row.Slug, id: row.OfID,
			facts: certificateFacts{id: row.ID, from: row.FromOn, until: row.UntilOn, givenAt: row.GivenAt, unusedMonths: row.Unused}}
		if row.UsedAt != nil {
			c.facts.uses = []hours.Span{{End: *row.UsedAt}}
		}
		of.Certificates = append(of.Certificates, c)
	}
	return err
}

type placeRow struct {
	Sort string `db:"sort"` // hub, resource, certification, category or equivalence
	ID   string `db:"id"`
	Slug string `db:"slug"`
	Name string `db:"name"`
	Asks string `db:"asks"`
	A    string `db:"a"`
	B    string `db:"b"`
	C    string `db:"c"`
	D    string `db:"d"`
	E    string `db:"e"`
}

// readPlaces reads the hubs that are named, and what the resources of one ask for. It is one
// statement over inventory's tables, though inventory has a verb for each, because each verb would be
// a statement: a page of an account is written from six. Requirements that name no certification are
// left out by those that read them, asking; the LIKE only spares the reading of most resources,
// whichever way the JSON is spelt.
func (of *accountReading) readPlaces(home string) error {
	named := append([]string{home}, of.packHubs...)
	for _, m := range of.standing.memberships {
		named = append(named, m.hub)
	}
	var rows []placeRow
	err := of.rd.SelectIn(&rows, `
		SELECT 'hub' AS sort, h.id, h.slug, h.name, '' AS asks, h.region_id AS a, h.time_zone AS b, h.town AS c, h.phone AS d, h.email AS e
		FROM hubs h WHERE h.id IN ($list)
		UNION ALL SELECT 'resource', x.id, x.slug, x.name, x.requirements, '', '', '', '', ''
		FROM resources x WHERE x.hub_id = $1 AND NOT x.archived AND x.requirements LIKE '%"certifications"%'
		UNION ALL SELECT 'certification', n.id, n.slug, n.name, '', '', '', '', '', '' FROM certifications n WHERE n.hub_id = '' OR n.hub_id = $1
		UNION ALL SELECT 'category', c.id, c.slug, c.name, '', '', '', '', '', '' FROM categories c
		UNION ALL SELECT 'equivalence', e.id, '', '', '', e.accepted_id, e.counts_as_id, '', '', ''
		FROM equivalences e WHERE e.hub_id = $1 AND e.ended_at IS NULL`, unique(named), home)
	if err != nil {
		return err
	}
	slices.SortFunc(rows, func(a, b placeRow) int { return cmp.Or(cmp.Compare(a.Slug, b.Slug), cmp.Compare(a.ID, b.ID)) })
	for _, row := range rows {
		if err := of.place(row); err != nil {
			return err
		}
	}
	of.Hub = of.hubs[home]
	return nil
}

func (of *accountReading) place(row placeRow) error {
	name := inventory.Text{}
	if row.Name != "" {
		if err := json.Unmarshal([]byte(row.Name), &name); err != nil {
			return err
		}
	}
	switch row.Sort {
	case "hub":
		of.hubs[row.ID] = AccountHub{ID: row.ID, Slug: row.Slug, Name: name, region: row.A, zone: row.B, Town: row.C, Phone: row.D, Email: row.E}
	case "certification":
		of.certifications[row.Slug], of.ids[row.Slug] = name, row.ID
	case "category":
		of.Categories[row.ID] = name
	case "equivalence":
		of.accepted = append(of.accepted, [2]string{row.A, row.B})
	case "resource":
		x := asking{AccountResource: AccountResource{row.Slug, name}}
		if err := json.Unmarshal([]byte(row.Asks), &x.asks); err != nil {
			return err
		}
		of.asking = append(of.asking, x)
	}
	return nil
}
