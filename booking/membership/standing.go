package membership

import (
	"context"
	"time"

	"canot/internal/database"
	"canot/inventory"
	"canot/inventory/hours"
)

// A Standing is everything about one holder that judging an Ask needs, as it was at one
// moment. It is not changed once read, and may be shared.
type Standing struct {
	person      Person
	version     int64
	guarded     bool
	born        *hours.Date // nil when not known
	consented   bool        // a parent has
	memberships []memberFacts
	visitors    []*tierFacts
	prepaid     bool                    // the holder has packs
	allowances  map[string][]*allowance // by tier
	spent       map[bucket]int64
	packs       []packFacts // the soonest to expire first
	upcoming    []upcomingFact
	suspensions []suspensionFact
	conditions  map[string]conditionFacts

	certificates       map[string][]certificateFacts // by the slug for which they count
	certificationNames map[string]inventory.Text
	tierNames          map[string]inventory.Text
}

// tierFacts is a tier without what it allows.
type tierFacts struct {
	id, slug              string
	name                  inventory.Text
	version               int64
	hub, reach            string
	validFrom, validUntil string
}

// memberFacts is a membership with its tier and pauses.
type memberFacts struct {
	id, hub, region string
	from, until     string
	renews          bool
	pauses          [][2]string
	tier            *tierFacts
}

// standsOn reports whether the membership is in force on a day of the calendar.
func (m *memberFacts) standsOn(day hours.Date) bool {
	until := m.until
	if m.renews {
		until = ""
	}
	if !within(day, m.from, until) || !within(day, m.tier.validFrom, m.tier.validUntil) {
		return false
	}
	for _, p := range m.pauses {
		if within(day, p[0], p[1]) {
			return false
		}
	}
	return true
}

// honoured reports whether a hub honours the membership, as its tier says.
func (m *memberFacts) honoured(hub, region string) bool {
	switch m.tier.reach {
	case "network":
		return true
	case "region":
		return m.region == region
	}
	return m.hub == hub
}

// nearness is 0 for a membership of the hub itself, 1 of its region, 2 of another.
func (m *memberFacts) nearness(hub, region string) int {
	switch {
	case m.hub == hub:
		return 0
	case m.region == region:
		return 1
	}
	return 2
}

// outlasts reports whether m ends after o, and for equals decides by id, so that the
// same one is always taken.
func (m *memberFacts) outlasts(o *memberFacts) bool {
	end := func(f *memberFacts) string {
		if f.renews || f.until == "" {
			return "9999-12-31"
		}
		return f.until
	}
	if end(m) != end(o) {
		return end(m) > end(o)
	}
	return m.id < o.id
}

// Standing reads what judging a needs: one statement for the member, their memberships
// and the visitor tiers, one for what these limit, and one for what the lines require; none
// of the two where nothing is. One more is for the tiers that were changed. For an Ask that
// says Anywhere, both are made, and the Standing may be asked about any hub and any lines.
// r should be a View or a Tx, so that all of it is of one moment. A member who does not exist has the
// standing of a visitor, and Version 0.
func (r *Roster) Standing(_ context.Context, rd database.Reader, a Ask) (*Standing, error) {
	s := &Standing{}
	if err := s.readHolder(rd, a); err != nil {
		return nil, err
	}
	if err := r.readAllowances(rd, s, a); err != nil {
		return nil, err
	}
	if err := s.readCredits(rd, a); err != nil {
		return nil, err
	}
	if err := s.readRequired(rd, a); err != nil {
		return nil, err
	}
	return s, nil
}

// Guarded reports whether a verdict rests on what a parallel request could spend or
// end, so that the booking must lock its holder and look again.
func (s *Standing) Guarded() bool { return s.guarded }

// Version is the standing that was read, of the member and of the organisation together:
// LockHolder returns another one when something has changed since.
func (s *Standing) Version() int64 { return s.version }

// A Person is what the book asks of the member of an Ask before any rule.
type Person struct {
	Active     bool // has an account that is open
	Unverified bool // has an address that they have not shown to be theirs
	ActsFor    bool // may act for the organisation of the Ask
}

// Person returns whom the Ask is for; the zero Person when there is no such member.
func (s *Standing) Person() Person { return s.person }

type holderRow struct {
	Active       *bool      `db:"active"`
	HasEmail     bool       `db:"has_email"`
	Verified     bool       `db:"verified"`
	Delegate     *string    `db:"delegate"`
	Standing     *int64     `db:"standing"`
	Organisation *int64     `db:"organisation"`
	BirthDate    *string    `db:"birth_date"`
	ConsentAt    *time.Time `db:"guardian_consent_at"`
	Packs        int64      `db:"packs"`

	TierID       *string         `db:"tier_id"`
	Slug         *string         `db:"slug"`
	Name         *inventory.Text `db:"name"`
	TierVersion  *int64          `db:"tier_version"`
	TierHub      *string         `db:"tier_hub"`
	Reach        *string         `db:"reach"`
	ValidFrom    *string         `db:"valid_from"`
	ValidUntil   *string         `db:"valid_until"`
	MembershipID *string         `db:"membership_id"`
	Hub          *string         `db:"hub"`
	Region       *string         `db:"region"`
	StartsOn     *string         `db:"starts_on"`
	EndsOn       *string         `db:"ends_on"`
	Renews       *bool           `db:"renews"`
	PauseFrom    *string         `db:"pause_from"`
	PauseUntil   *string         `db:"pause_until"`

	SuspendedHub   *string    `db:"suspended_hub"`
	SuspendedUntil *time.Time `db:"suspended_until"`
}

// $3 is the member when the booking is their own, "" when an organisation holds it. A suspension is
// the member's, whoever holds it; its row has no tier.
const selectHolder = `
	SELECT m.active, m.email_key IS NOT NULL AS has_email, m.email_verified_at IS NOT NULL AS verified, d.member_id AS delegate,
		m.standing, o.standing AS organisation, m.birth_date, m.guardian_consent_at,
		(SELECT COUNT(*) FROM packs k WHERE k.member_id = $3 OR k.organisation_id = $2) AS packs,
		t.tier_id, t.slug, t.name, t.tier_version, t.tier_hub, t.reach, t.valid_from, t.valid_until,
		t.membership_id, t.hub, t.region, t.starts_on, t.ends_on, t.renews, t.pause_from, t.pause_until,
		t.suspended_hub, t.suspended_until
	FROM (SELECT 1 AS one) x
	LEFT JOIN members m ON m.id = $1
	LEFT JOIN organisations o ON o.id = $2
	LEFT JOIN organisation_members d ON d.organisation_id = o.id AND d.member_id = m.id AND o.active
	LEFT JOIN (
		SELECT t.id AS tier_id, t.slug, t.name, t.version AS tier_version, t.hub_id AS tier_hub, t.reach, t.valid_from, t.valid_until,
			s.id AS membership_id, s.hub_id AS hub, h.region_id AS region, s.starts_on, s.ends_on, s.renews,
			p.from_on AS pause_from, p.until_on AS pause_until, NULL AS suspended_hub, NULL AS suspended_until
		FROM memberships s
		JOIN tiers t ON t.id = s.tier_id
		JOIN hubs h ON h.id = s.hub_id
		LEFT JOIN membership_pauses p ON p.membership_id = s.id
		WHERE (s.member_id = $3 OR s.organisation_id = $2) AND s.cancelled_at IS NULL
		UNION ALL
		SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, u.hub_id, u.ends_at
		FROM suspensions u WHERE u.member_id = $1 AND u.lifted_at IS NULL AND u.ends_at > $4
		UNION ALL
		SELECT t.id, t.slug, t.name, t.version, t.hub_id, t.reach, t.valid_from, t.valid_until,
			NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
		FROM tiers t WHERE t.visitor AND NOT t.archived
	) t ON 1 = 1`

// holderOf returns the member whose minutes an Ask takes, "" when an organisation's are taken.
func holderOf(a Ask) string {
	if a.OrganisationID != "" {
		return ""
	}
	return a.MemberID
}

func (s *Standing) readHolder(rd database.Reader, a Ask) error {
	var rows []holderRow
	if err := rd.Select(&rows, selectHolder, a.MemberID, a.OrganisationID, holderOf(a), a.Now); err != nil {
		return err
	}
	first := rows[0]
	s.version = or(first.Standing, 0) + or(first.Organisation, 0)
	s.person = Person{Active: or(first.Active, false), Unverified: first.HasEmail && !first.Verified, ActsFor: first.Delegate != nil}
	s.consented = first.ConsentAt != nil
	s.prepaid = first.Packs > 0
	if born, known := dateOf(or(first.BirthDate, "")); known {
		s.born = &born
	}
	tiers := map[string]*tierFacts{}
	at := map[string]int{}
	for _, row := range rows {
		if row.SuspendedHub != nil {
			s.suspensions = append(s.suspensions, suspensionFact{*row.SuspendedHub, row.SuspendedUntil.UTC()})
		}
		if row.TierID == nil {
			continue
		}
		tier := tiers[*row.TierID]
		if tier == nil {
			tier = &tierFacts{id: *row.TierID, slug: *row.Slug, name: *row.Name, version: *row.TierVersion,
				hub: *row.TierHub, reach: *row.Reach, validFrom: *row.ValidFrom, validUntil: *row.ValidUntil}
			tiers[tier.id] = tier
		}
		if row.MembershipID == nil {
			s.visitors = append(s.visitors, tier)
			continue
		}
		i, known := at[*row.MembershipID]
		if !known {
			i = len(s.memberships)
			at[*row.MembershipID] = i
			s.memberships = append(s.memberships, memberFacts{id: *row.MembershipID, hub: *row.Hub, region: *row.Region,
				from: *row.StartsOn, until: *row.EndsOn, renews: *row.Renews, tier: tier})
		}
		if row.PauseFrom != nil {
			s.memberships[i].pauses = append(s.memberships[i].pauses, [2]string{*row.PauseFrom, or(row.PauseUntil, "")})
		}
	}
	return nil
}

// candidates are the tiers that may count for an Ask, on its day or on a later one.
func (s *Standing) candidates(a Ask) []*tierFacts {
	today := hours.DateOf(a.Now, a.Zone).String()
	if day := hours.DateOf(a.Span.Start, a.Zone).String(); day < today {
		today = day
	}
	var all []*tierFacts
	for _, m := range s.memberships {
		if a.Anywhere || m.honoured(a.HubID, a.RegionID) && (m.renews || m.until == "" || m.until >= today) {
			all = append(all, m.tier)
			s.guarded = true // somebody may end or pause it meanwhile
		}
	}
	for _, t := range s.visitors {
		if a.Anywhere || t.hub == "" || t.hub == a.HubID {
			all = append(all, t)
		}
	}
	return all
}

func (r *Roster) readAllowances(rd database.Reader, s *Standing, a Ask) error {
	var err error
	s.allowances, err = r.allowances(rd, s.candidates(a))
	return err
}
