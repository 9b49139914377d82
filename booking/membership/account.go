package membership

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"canot/internal/fault"
	"canot/internal/identity"
	"canot/inventory"
	"canot/inventory/hours"
)

// An Account is what a member has, for them to read: what they may use and what they lack.
type Account struct {
	Hub          AccountHub                // whose days, tiers and machines are told; the zero AccountHub when no hub is known
	Today        string                    // there
	Tier         TierName                  // in force today, the zero TierName for none
	Memberships  []AccountMembership       // those in force first, then those to come, then past ones, the latest first
	Buckets      []Bucket                  // of the present periods
	Packs        []AccountPack             // the newest first, used-up ones too
	Certificates []AccountCertificate      // those that count first, then the latest first
	Missing      []MissingCertificate      // what machines of the hub ask for and the member has not, in order of slug
	Categories   map[string]inventory.Text // names by id
}

// An AccountHub is a hub with whom to call there.
type AccountHub struct {
	ID, Slug     string
	Name         inventory.Text
	Town         string
	Phone, Email string // may be empty
	region, zone string
}

// An AccountMembership is a membership with where it stands today.
type AccountMembership struct {
	Tier             inventory.Text
	Hub              AccountHub
	StartsOn, EndsOn string // EndsOn "" for no end
	Renews           bool
	State            string // in_force, paused, to_come, past
	PausedUntil      string // the last day of the pause it is in, "" when that is not known
}

// An AccountPack is prepaid minutes with where they are good; a Hub without id is everywhere.
type AccountPack struct {
	Hub           AccountHub
	Kind          inventory.Kind
	CategoryID    string
	Minutes, Left int64
	ExpiresOn     string // "" for never
	Over          bool   // nothing is left, or its last day is past
}

// An AccountCertificate is one of the member's certificates.
type AccountCertificate struct {
	Name     inventory.Text
	FromOn   string // the first day on which it counts
	UntilOn  string // the last day on which it counts, "" for no end
	Unused   bool   // it ends then unless it is used before
	Revoked  bool
	Counts   bool // today
	slug, id string
	facts    certificateFacts
}

// A MissingCertificate is a certification that the member has not, with what asks for it.
type MissingCertificate struct {
	Names     []inventory.Text  // more than one when any of them is enough
	Resources []AccountResource // in order of slug
	slugs     string
}

// An AccountResource is a resource by name.
type AccountResource struct {
	Slug string
	Name inventory.Text
}

// Account returns what by has, and what they lack at their hub: the home hub that their
// account names, "" for none, else that of a membership in force. It is for the member
// alone, and asks for no right beyond being signed in. It is four statements, and one more
// when a tier was changed, however large the network; outside of a transaction, because each
// part is shown by itself.
func (r *Roster) Account(ctx context.Context, by identity.Actor, homeHub string) (Account, error) {
	if !by.Known() || by.ID == identity.System.ID {
		return Account{}, fault.New(fault.Unauthenticated, "sign_in", nil)
	}
	var s Standing
	rd, now := r.db.Reader(ctx), r.db.Now()
	a := Ask{MemberID: by.ID, Zone: time.UTC, Now: now, Span: hours.Span{Start: now, End: now}}
	if err := s.readHolder(rd, a); err != nil {
		return Account{}, fmt.Errorf("account: %w", err)
	}
	of := &accountReading{Account: Account{Categories: map[string]inventory.Text{}}, roster: r, rd: rd, who: by.ID, standing: &s, ask: a,
		hubs: map[string]AccountHub{}, certifications: map[string]inventory.Text{}, ids: map[string]string{}}
	if homeHub == "" {
		homeHub = s.usualHub(hours.DateOf(now, time.UTC))
	}
	for _, step := range []func() error{of.readCredits, of.readCertificates, func() error { return of.readPlaces(homeHub) }, of.tell} {
		if err := step(); err != nil {
			return Account{}, fmt.Errorf("account: %w", err)
		}
	}
	return of.Account, nil
}

// usualHub is the hub of a membership that stands on a day, "" without one.
func (s *Standing) usualHub(day hours.Date) string {
	hub := ""
	for _, m := range s.memberships {
		if m.standsOn(day) && (hub == "" || m.hub < hub) {
			hub = m.hub
		}
	}
	return hub
}

// tell works out what stands today, once all is read.
func (of *accountReading) tell() error {
	if of.Hub.zone != "" {
		zone, err := hours.LoadZone(of.Hub.zone)
		if err != nil {
			return err
		}
		of.ask.Zone = zone
	}
	day := hours.DateOf(of.ask.Now, of.ask.Zone)
	of.Today = day.String()
	of.tellMemberships(day)
	for i := range of.Packs {
		p := &of.Packs[i]
		p.Hub, p.Over = of.hubs[of.packHubs[i]], p.Left == 0 || !within(day, "", p.ExpiresOn)
	}
	of.tellCertificates(day)
	of.tellMissing()
	return of.tellBuckets(day)
}

func (of *accountReading) tellMemberships(day hours.Date) {
	for _, m := range of.standing.memberships {
		until := m.until
		if m.renews {
			until = "" // its last day is when it begins anew
		}
		x := AccountMembership{Tier: m.tier.name, Hub: of.hubs[m.hub], StartsOn: m.from, EndsOn: m.until, Renews: m.renews, State: "in_force"}
		switch {
		case day.String() < m.from:
			x.State = "to_come"
		case !within(day, m.from, until) || !within(day, m.tier.validFrom, m.tier.validUntil):
			x.State = "past"
		default:
			for _, p := range m.pauses {
				if within(day, p[0], p[1]) {
					x.State, x.PausedUntil = "paused", p[1]
				}
			}
		}
		of.Memberships = append(of.Memberships, x)
	}
	rank := map[string]int{"in_force": 0, "paused": 0, "to_come": 1, "past": 2}
	slices.SortStableFunc(of.Memberships, func(a, b AccountMembership) int {
		return cmp.Or(cmp.Compare(rank[a.State], rank[b.State]), cmp.Compare(b.StartsOn, a.StartsOn))
	})
}

func (of *accountReading) tellCertificates(day hours.Date) {
	for i := range of.Certificates {
		c := &of.Certificates[i]
		c.FromOn = c.facts.from
		c.UntilOn, c.Unused = c.facts.lastDay(of.ask.Now, of.ask.Zone)
		c.Counts = !c.Revoked && within(day, c.facts.from, c.UntilOn)
	}
	slices.SortStableFunc(of.Certificates, func(a, b AccountCertificate) int {
		switch {
		case a.Counts == b.Counts:
			return 0
		case a.Counts:
			return -1
		}
		return 1
	})
}

// holds reports whether a certificate of the member counts for a certification today, by
// itself or because the hub takes it for that one.
func (of *accountReading) holds(slug string) bool {
	wanted := of.ids[slug]
	return slices.ContainsFunc(of.Certificates, func(c AccountCertificate) bool {
		return c.Counts && (c.id == wanted || slices.Contains(of.accepted, [2]string{c.id, wanted}))
	})
}

// tellMissing groups the resources by the certification that the member lacks for them.
func (of *accountReading) tellMissing() {
	at := map[string]int{}
	for _, x := range of.asking {
		lacking := slices.DeleteFunc(unique(x.asks.Certifications), of.holds)
		groups := make([][]string, 0, len(lacking))
		if x.asks.AnyCertification {
			if len(lacking) == len(unique(x.asks.Certifications)) && len(lacking) > 0 {
				groups = [][]string{lacking}
			}
		} else {
			for _, slug := range lacking {
				groups = append(groups, []string{slug})
			}
		}
		for _, g := range groups {
			key := fmt.Sprint(g)
			if _, known := at[key]; !known {
				at[key] = len(of.Missing)
				of.Missing = append(of.Missing, MissingCertificate{Names: of.named(g), slugs: key})
			}
			m := &of.Missing[at[key]]
			m.Resources = append(m.Resources, x.AccountResource)
		}
	}
	slices.SortFunc(of.Missing, func(a, b MissingCertificate) int { return cmp.Compare(a.slugs, b.slugs) })
}

// named are the names of certifications; one that is no more, or another hub's, has its slug.
func (of *accountReading) named(slugs []string) []inventory.Text {
	names := make([]inventory.Text, len(slugs))
	for i, slug := range slugs {
		if names[i] = of.certifications[slug]; len(names[i]) == 0 {
			names[i] = inventory.Text{"fr": slug}
		}
	}
	return names
}

func (of *accountReading) tellBuckets(day hours.Date) error {
	if of.Hub.ID == "" {
		return nil
	}
	of.ask.HubID, of.ask.RegionID = of.Hub.ID, of.Hub.region
	t := of.standing.inForce(of.ask, day)
	if t == nil {
		return nil
	}
	of.Tier = TierName{t.slug, t.name}
	allowed, err := of.roster.allowances(of.rd, []*tierFacts{t})
	if err != nil {
		return err
	}
	for _, w := range allowed[t.id] {
		for _, l := range w.limits() {
			start := startOf(l.period, day)
			of.Buckets = append(of.Buckets, newBucket(w, l, start, of.standing.spent[bucket{w.id, l.period, start.String()}]))
		}
	}
	return nil
}
