package membership

import (
	"context"
	"errors"
	"fmt"
	"time"

	"canot/internal/database"
	"canot/internal/fault"
	"canot/internal/identity"
	"canot/inventory"
	"canot/inventory/hours"
)

// A Membership is the tier of a member or of an organisation, from a day to a day of its
// hub's calendar.
type Membership struct {
	ID             string         `db:"id" json:"id"`
	MemberID       string         `db:"member_id" json:"member_id"`
	OrganisationID string         `db:"organisation_id" json:"organisation_id"`
	TierID         string         `db:"tier_id" json:"tier_id"`
	TierSlug       string         `db:"tier_slug" json:"tier_slug"` // filled by reads, as the next
	TierName       inventory.Text `db:"tier_name" json:"tier_name"`
	HubID          string         `db:"hub_id" json:"hub_id"`
	StartsOn       string         `db:"starts_on" json:"starts_on"`
	EndsOn         string         `db:"ends_on" json:"ends_on"` // the last day, "" for none
	Renews         bool           `db:"renews" json:"renews"`   // stays in force after its last day
	MadeBy         string         `db:"made_by" json:"made_by"`
	CreatedAt      time.Time      `db:"created_at" json:"created_at"`
	CancelledAt    *time.Time     `db:"cancelled_at" json:"cancelled_at"` // undone before its first day: it never counts
	Version        int64          `db:"version" json:"version"`
	Pauses         []Pause        `db:"-" json:"pauses"`
}

// A Pause is days on which a membership does not count, the last one included.
type Pause struct {
	ID      string `db:"id" json:"id"`
	FromOn  string `db:"from_on" json:"from_on"`
	UntilOn string `db:"until_on" json:"until_on"` // "" until it is resumed
}

// NewMembership is what is asked of a membership. Tier and Hub are ids or slugs. StartsOn
// "" is today; EndsOn nil is the end of the tier's first period, or never when it has none.
type NewMembership struct {
	Holder
	Tier, Hub string
	StartsOn  string
	EndsOn    *string
	Renews    bool
}

const selectMemberships = `SELECT s.id, COALESCE(s.member_id, '') AS member_id, COALESCE(s.organisation_id, '') AS organisation_id,
	s.tier_id, t.slug AS tier_slug, t.name AS tier_name, s.hub_id, s.starts_on, s.ends_on, s.renews, s.made_by, s.created_at, s.cancelled_at, s.version
	FROM memberships s JOIN tiers t ON t.id = s.tier_id `

func findMembership(r database.Reader, id string) (Membership, error) {
	var m Membership
	err := r.Get(&m, selectMemberships+`WHERE s.id = $1`, id)
	if errors.Is(err, database.ErrNoRows) {
		err = notFound("membership_not_found")
	}
	if err != nil {
		return m, err
	}
	list := []Membership{m}
	err = withPauses(r, list)
	return list[0], err
}

func withPauses(r database.Reader, list []Membership) error {
	var ids []string
	at := map[string]int{}
	for i, m := range list {
		ids, at[m.ID] = append(ids, m.ID), i
		list[i].Pauses = []Pause{} // none is a list of none, for who reads it as JSON
	}
	var rows []struct {
		Pause
		MembershipID string `db:"membership_id"`
	}
	err := r.SelectIn(&rows, `SELECT id, membership_id, from_on, until_on FROM membership_pauses WHERE membership_id IN ($list) ORDER BY from_on, id`, ids)
	for _, row := range rows {
		m := &list[at[row.MembershipID]]
		m.Pauses = append(m.Pauses, row.Pause)
	}
	return err
}

// StartMembership gives a member or an organisation a tier at a hub. It asks for
// ManageTiers there. Nobody gives one to themselves: Refused, own_membership. A second one of
// the same holder at the same hub and time is Refused, membership_overlaps.
func (r *Roster) StartMembership(ctx context.Context, by identity.Actor, n NewMembership, k database.Key) (Membership, error) {
	return r.changed(ctx, "start membership", k, func(tx *database.Tx) (string, error) {
		hub, err := hubOf(tx, n.Hub)
		if err == nil && hub == "" {
			err = fault.Field("hub", "required")
		}
		if err != nil {
			return "", err
		}
		if err := allow(tx, by, identity.ManageTiers, hub); err != nil {
			return "", err
		}
		if err := n.notOwn(by, "own_membership"); err != nil {
			return "", err
		}
		return start(tx, by, lookups{map[string]Tier{}, map[string][2]string{}}, n)
	})
}

// LoadMemberships starts many memberships in the caller's transaction, for the demo network
// and for imports, and returns their ids. It asks for no right: its caller has.
func (r *Roster) LoadMemberships(_ context.Context, tx *database.Tx, many []NewMembership) ([]string, error) {
	ids := make([]string, len(many))
	known := lookups{map[string]Tier{}, map[string][2]string{}}
	for i, n := range many {
		var err error
		if ids[i], err = start(tx, identity.System, known, n); err != nil {
			return nil, fmt.Errorf("load memberships: %w", err)
		}
	}
	return ids, nil
}

// changed runs a verb about one membership and reads it as it is then.
func (r *Roster) changed(ctx context.Context, what string, k database.Key, verb func(*database.Tx) (string, error)) (Membership, error) {
	id, err := r.once(ctx, k, verb)
	if err != nil {
		return Membership{}, fmt.Errorf("%s: %w", what, err)
	}
	return findMembership(r.db.Reader(ctx), id)
}

// lookups remember what was looked up for one transaction, so that many cost little more
// than one.
type lookups struct {
	tiers  map[string]Tier
	places map[string][2]string // hub's id and zone
}

func (l lookups) tier(r database.Reader, key string) (Tier, error) {
	t, known := l.tiers[key]
	if known {
		return t, nil
	}
	t, err := findTier(r, key)
	if err == nil {
		l.tiers[key] = t
	}
	return t, err
}

func (l lookups) place(r database.Reader, key string) (hub, zoneName string, err error) {
	p, known := l.places[key]
	if known {
		return p[0], p[1], nil
	}
	hub, zoneName, err = placeOf(r, key)
	if err == nil {
		l.places[key] = [2]string{hub, zoneName}
	}
	return hub, zoneName, err
}

func start(tx *database.Tx, by identity.Actor, known lookups, n NewMembership) (string, error) {
	if err := n.one(); err != nil {
		return "", err
	}
	hub, zoneName, err := known.place(tx, n.Hub)
	if err != nil {
		return "", err
	}
	t, err := known.tier(tx, n.Tier)
	if fault.Is(err, "tier_not_found") || err == nil && (t.Archived || t.HubID != "" && t.HubID != hub) {
		return "", unknown("tier", "unknown_tier", n.Tier)
	}
	if err != nil {
		return "", err
	}
	m := Membership{ID: database.NewID(), MemberID: n.MemberID, OrganisationID: n.OrganisationID, TierID: t.ID, HubID: hub,
		StartsOn: n.StartsOn, Renews: n.Renews, MadeBy: by.ID, CreatedAt: tx.Now, Version: 1}
	if m.StartsOn == "" {
		day, err := today(tx, zoneName)
		if err != nil {
			return "", err
		}
		m.StartsOn = day.String()
	}
	if n.EndsOn != nil {
		m.EndsOn = *n.EndsOn
	} else if from, ok := dateOf(m.StartsOn); ok {
		m.EndsOn = periodEnd(t.Period, from, from)
	}
	if err := m.check(); err != nil {
		return "", err
	}
	// The lock of the holder comes first: of two that overlap, the second sees the first.
	if err := raiseHolder(tx, n.Holder); err != nil {
		return "", err
	}
	if err := m.alone(tx); err != nil {
		return "", err
	}
	_, err = tx.Exec(`INSERT INTO memberships (id, member_id, organisation_id, tier_id, hub_id, starts_on, ends_on, renews, made_by, created_at, version)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`, m.ID, n.member(), orNull(n.OrganisationID), m.TierID, m.HubID,
		m.StartsOn, m.EndsOn, m.Renews, m.MadeBy, m.CreatedAt, m.Version)
	if err != nil {
		return "", err
	}
	return m.ID, tx.Record(database.Change{By: by.ID, Action: "membership.start", Kind: "membership", Subject: m.ID, After: m.figures()})
}

// periodEnd returns the last day of the period of a tier in which a day lies, "" for a tier
// without one. Periods count from the first day of the membership, so that one from the
// 31st goes on to the 30th of a month, or to the day before its last where it is shorter.
func periodEnd(period string, first, day hours.Date) string {
	months := map[string]int{"month": 1, "year": 12}[period]
	if months == 0 {
		return ""
	}
	n := ((day.Year-first.Year)*12 + int(day.Month-first.Month)) / months
	end := addMonths(first, n*months).AddDays(-1)
	for end.Before(day) {
		n++
		end = addMonths(first, n*months).AddDays(-1)
	}
	return end.String()
}

// The days that a membership may begin and end on.
const (
	earliestDay = "2000-01-01"
	latestDay   = "2199-12-31"
)

func (m Membership) check() error {
	var f form
	f.usualDay("starts_on", m.StartsOn)
	f.usualDay("ends_on", m.EndsOn)
	if len(f.violations) == 0 && m.EndsOn != "" && m.EndsOn < m.StartsOn {
		f.no("ends_on", "ends_before_start", nil)
	}
	return f.err()
}

// alone refuses a membership that overlaps another of its holder at its hub.
func (m Membership) alone(r database.Reader) error {
	var from string
	err := r.Get(&from, `SELECT starts_on FROM memberships
		WHERE (member_id = $1 OR organisation_id = $2) AND hub_id = $3 AND id <> $4 AND cancelled_at IS NULL
			AND (ends_on = '' OR renews OR ends_on >= $5) AND ($6 = '' OR starts_on <= $6) ORDER BY starts_on LIMIT 1`,
		m.MemberID, m.OrganisationID, m.HubID, m.ID, m.StartsOn, m.lastDay())
	if errors.Is(err, database.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	return refused("starts_on", "membership_overlaps", fault.Params{"from_on": from})
}

// lastDay is the last day on which it is in force, "" for none.
func (m Membership) lastDay() string {
	if m.Renews {
		return ""
	}
	return m.EndsOn
}

// figures is what the log keeps of a membership.
func (m Membership) figures() map[string]any {
	return map[string]any{"member": m.MemberID, "organisation": m.OrganisationID, "tier": m.TierID, "hub": m.HubID,
		"starts_on": m.StartsOn, "ends_on": m.EndsOn, "renews": m.Renews, "cancelled": m.CancelledAt != nil, "version": m.Version}
}
