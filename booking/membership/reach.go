package membership

import (
	"context"
	"slices"
	"sync"
	"time"

	"canot/inventory"
	"canot/inventory/hours"
)

// A Reach is how a holder may book things of one category, when the use begins in a
// stretch of days.
type Reach struct {
	From, Until hours.Date // the first and the last day
	Tier        string     // slug of the tier in force, "" for none
	Horizon     int        // days ahead that the tier allows, 0 when it does not say
	Longest     int        // minutes that the tier allows at once, 0 when it does not say
	AfterHours  bool       // the tier opens the door outside opening hours

	PricePercent int // of the resource's price, for the minutes that are charged
}

// Reaches returns how the holder may book things of a kind and category at a hub from one
// day to another, in order, without gaps. Neighbours differ. It is pure, and needs no more
// of the standing than Reaching reads.
func (s *Standing) Reaches(hubID, regionID string, kind inventory.Kind, category string, from, to hours.Date) []Reach {
	turns := []string{from.String()}
	turn := func(day string, after int) {
		if d, known := dateOf(day); known {
			turns = append(turns, d.AddDays(after).String())
		}
	}
	for _, m := range s.memberships {
		turn(m.from, 0)
		turn(m.until, 1)
		for _, p := range m.pauses {
			turn(p[0], 0)
			turn(p[1], 1)
		}
		turn(m.tier.validFrom, 0)
		turn(m.tier.validUntil, 1)
	}
	for _, t := range s.visitors {
		turn(t.validFrom, 0)
		turn(t.validUntil, 1)
	}
	slices.Sort(turns)
	turns = slices.Compact(turns)
	var all []Reach
	for _, text := range turns {
		if text < from.String() || text > to.String() {
			continue
		}
		day, _ := dateOf(text)
		j := judging{Standing: s, force: s.inForce(Ask{HubID: hubID, RegionID: regionID}, day)}
		r := Reach{From: day, Until: to, PricePercent: 100}
		if j.force != nil {
			r.Tier = j.force.slug
		}
		if w := j.allowanceFor(kind, category); w != nil {
			r.Horizon, r.Longest, r.AfterHours = int(or(w.horizon, 0)), int(or(w.longest, 0)), w.afterHours
			r.PricePercent = w.percent
		}
		if n := len(all); n > 0 {
			if last := &all[n-1]; last.Tier == r.Tier && last.Horizon == r.Horizon && last.AfterHours == r.AfterHours {
				continue
			}
			all[n-1].Until = day.AddDays(-1)
		}
		all = append(all, r)
	}
	return all
}

// Boundless reports whether no tier says anything of the holder: Reaches is one stretch
// without a bound, everywhere.
func (s *Standing) Boundless() bool { return len(s.memberships) == 0 && len(s.visitors) == 0 }

// Reaching returns the standing of a member, "" for a visitor, as far as Reaches needs it:
// in one statement, or two when tiers were changed, and none when it was read in the last
// 10 seconds and nothing was changed through this Roster since. Another server's change is
// seen after so long.
func (r *Roster) Reaching(ctx context.Context, memberID string) (*Standing, error) {
	now := r.db.Now()
	if s := r.reaching.find(memberID, now); s != nil {
		return s, nil
	}
	generation := r.reaching.current()
	s := &Standing{}
	rd := r.db.Reader(ctx)
	if err := s.readHolder(rd, Ask{MemberID: memberID}); err != nil {
		return nil, err
	}
	tiers := slices.Clone(s.visitors)
	for _, m := range s.memberships {
		tiers = append(tiers, m.tier)
	}
	var err error
	if s.allowances, err = r.allowances(rd, tiers); err != nil {
		return nil, err
	}
	r.reaching.keep(memberID, s, now, generation)
	return s, nil
}

const (
	reachingFor  = 10 * time.Second
	reachingMost = 10_000
)

// A reachMemory remembers for some seconds who may reach how far. Its zero value is empty.
// It is safe for use by many goroutines.
type reachMemory struct {
	mu         sync.Mutex
	members    map[string]reachEntry
	generation int // rises with every forget: what was read before is not kept after
}

type reachEntry struct {
	standing *Standing
	at       time.Time
}

func (m *reachMemory) find(member string, now time.Time) *Standing {
	m.mu.Lock()
	defer m.mu.Unlock()
	e, known := m.members[member]
	if !known || now.Before(e.at) || now.Sub(e.at) >= reachingFor {
		return nil
	}
	return e.standing
}

func (m *reachMemory) current() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.generation
}

func (m *reachMemory) keep(member string, s *Standing, now time.Time, generation int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.generation != generation {
		return
	}
	if m.members == nil || len(m.members) >= reachingMost {
		m.members = map[string]reachEntry{}
	}
	m.members[member] = reachEntry{s, now}
}

func (m *reachMemory) forget() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.generation++
	clear(m.members)
}
