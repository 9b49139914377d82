package demo

import (
	"math"
	"math/rand/v2"
	"sort"
	"time"

	"canot/inventory"
	"canot/inventory/hours"
)

// The bookings lie in ten weeks, five behind today and five before it.
const daysEachWay = 35

// A visit is one booking as planned, before the book has it.
type visit struct {
	resource inventory.Resource
	span     hours.Span
	made     time.Time
	title    string
	sector   string
	shared   bool // its title may be seen by members
}

// A stock is one resource with its open time and what is planned on its units.
type stock struct {
	terms    *inventory.Terms
	category string
	open     hours.Spans
	taken    [][]hours.Span // by unit, in no order
}

// newStock works out when the resource is open between from and to.
func newStock(t *inventory.Terms, category string, from, to time.Time) *stock {
	return &stock{terms: t, category: category, open: t.Hours.Open(from, to, t.Zone), taken: make([][]hours.Span, len(t.Units))}
}

// take plans a span on a unit that is free for it, buffers included, and
// reports whether there is one.
func (s *stock) take(span hours.Span) bool {
	p := s.terms.Resource.Policy
	whole := hours.Span{
		Start: span.Start.Add(-time.Duration(p.BufferBefore) * time.Minute),
		End:   span.End.Add(time.Duration(p.BufferAfter) * time.Minute),
	}
	for i, taken := range s.taken {
		if !overlaps(taken, whole) {
			s.taken[i] = append(taken, whole)
			return true
		}
	}
	return false
}

// keepFree leaves a span to whoever tries the network out.
func (s *stock) keepFree(span hours.Span) {
	for i := range s.taken {
		s.taken[i] = append(s.taken[i], span)
	}
}

// overlaps reports whether the span meets one of the list.
func overlaps(list []hours.Span, span hours.Span) bool {
	for _, other := range list {
		if other.Overlaps(span) {
			return true
		}
	}
	return false
}

// weight is how often a resource is wanted, beside the others.
func (s *stock) weight() float64 {
	each := map[inventory.Kind]float64{inventory.Space: 1.0, inventory.Machine: 1.3, inventory.Equipment: 0.5, inventory.Guide: 0.9}
	return each[s.terms.Resource.Kind] * math.Sqrt(float64(len(s.terms.Units))) * math.Sqrt(1+float64(len(s.open)))
}

// How lively a weekday is, Monday first. Equipment leaves before the weekend.
var (
	byWeekday   = [7]float64{0.55, 0.95, 1.05, 1.1, 1.0, 0.95, 0.6}
	lentWeekday = [7]float64{0.4, 0.6, 0.8, 1.3, 2.2, 0.7, 0.3}
)

// byHour is how lively an hour of the day is: quiet mornings, full evenings.
func byHour(hour int) float64 {
	switch {
	case hour < 9:
		return 0.4
	case hour < 12:
		return 0.9
	case hour < 13:
		return 0.5
	case hour < 17:
		return 1.0
	case hour < 21:
		return 1.9
	}
	return 0.7
}

// A planner draws visits. The same seed and day give the same visits.
type planner struct {
	rng    *rand.Rand
	now    time.Time
	stocks []*stock
	upTo   []float64 // running sum of weights
	titles titles
}

// newPlanner plans over stocks, which must come in a fixed order.
func newPlanner(rng *rand.Rand, now time.Time, stocks []*stock) *planner {
	p := &planner{rng: rng, now: now, stocks: stocks, titles: lists("data/titles.txt", "|")}
	total := 0.0
	for _, s := range stocks {
		if len(s.open) > 0 && len(s.taken) > 0 {
			total += s.weight()
		}
		p.upTo = append(p.upTo, total)
	}
	return p
}

// plan draws n visits, fewer when the network is full.
func (p *planner) plan(n int) []visit {
	if len(p.upTo) == 0 || p.upTo[len(p.upTo)-1] == 0 {
		return nil
	}
	visits := make([]visit, 0, n)
	for tries := 0; len(visits) < n && tries < 40*n; tries++ {
		s := p.stocks[sort.SearchFloat64s(p.upTo, p.rng.Float64()*p.upTo[len(p.upTo)-1])]
		if v, ok := p.draw(s, p.day()); ok {
			visits = append(visits, v)
		}
	}
	// In order of start, whoever gives units out one by one never runs short of
	// them, whichever it chooses: what is planned here fits in the book too.
	sort.SliceStable(visits, func(i, j int) bool { return visits[i].span.Start.Before(visits[j].span.Start) })
	return visits
}

// day draws how many days from today a visit begins: the weeks to come are
// emptier the farther they are.
func (p *planner) day() int {
	for {
		day := p.rng.IntN(2*daysEachWay) - daysEachWay
		if day <= 7 || p.rng.Float64() < 1-0.65*float64(day-7)/float64(daysEachWay-7) {
			return day
		}
	}
}

// draw tries one visit of s that begins so many days from today. It gives none
// when the day is quiet, the door closed, or every unit taken.
func (p *planner) draw(s *stock, day int) (visit, bool) {
	zone, policy := s.terms.Zone, s.terms.Resource.Policy
	date := hours.DateOf(p.now, zone).AddDays(day)
	weekday := (int(date.Weekday()) + 6) % 7
	lively := byWeekday[weekday]
	if s.terms.Resource.Kind == inventory.Equipment {
		lively = lentWeekday[weekday]
	}
	if p.rng.Float64()*2.2 > lively {
		return visit{}, false
	}
	minute := p.rng.IntN(24*60/policy.Grain) * policy.Grain
	if p.rng.Float64()*1.9 > byHour(minute/60) {
		return visit{}, false
	}
	start := hours.At(date, hours.Minutes(minute), zone)
	door, open := s.open.At(start)
	if !open {
		return visit{}, false
	}
	end, ok := p.end(s, start, door)
	if !ok || !s.fits(start, end) || !s.take(hours.Span{Start: start, End: end}) {
		return visit{}, false
	}
	return p.visit(s, hours.Span{Start: start, End: end}), true
}

// end draws when a visit that begins at start is over.
func (p *planner) end(s *stock, start time.Time, door hours.Span) (time.Time, bool) {
	r, policy, zone := s.terms.Resource, s.terms.Resource.Policy, s.terms.Zone
	if r.Kind == inventory.Equipment {
		// Lent on a Friday it is back on a Monday; else for a day or a few.
		nights := 1 + p.rng.IntN(4)
		back := hours.DateOf(start, zone).AddDays(nights)
		minute := p.rng.IntN(24*60/policy.Grain) * policy.Grain
		end := hours.At(back, hours.Minutes(minute), zone)
		return end, s.openUntil(end)
	}
	length := p.length(r)
	end := start.Add(time.Duration(length) * time.Minute)
	if policy.Within == inventory.EndsInside {
		return end, s.openUntil(end)
	}
	return end, !end.After(door.End)
}

// length draws minutes, on the grain and within the policy.
func (p *planner) length(r inventory.Resource) int {
	usual := 60 + p.rng.IntN(3)*60
	switch {
	case r.Kind == inventory.Guide:
		usual = 30 + p.rng.IntN(3)*30
	case r.Kind == inventory.Machine && r.Policy.Within == inventory.EndsInside:
		usual = 60 * (1 + p.rng.IntN(14))
	case r.Kind == inventory.Space && r.Policy.Longest >= 600:
		usual = 60 * (2 + p.rng.IntN(5))
	}
	usual = min(max(usual, r.Policy.Shortest), r.Policy.Longest)
	return usual - usual%r.Policy.Grain
}

// openUntil reports whether somebody is there to take a thing back at the
// instant: just before it, for the closing time is the last moment.
func (s *stock) openUntil(end time.Time) bool {
	_, open := s.open.At(end.Add(-time.Second))
	return open
}

// fits reports whether the policy takes the length, and the end is on the grain
// after a change of clocks too.
func (s *stock) fits(start, end time.Time) bool {
	policy := s.terms.Resource.Policy
	length := int(end.Sub(start) / time.Minute)
	return length >= policy.Shortest && length <= policy.Longest && int(hours.MinuteOf(end, s.terms.Zone))%policy.Grain == 0
}

// visit adds what a planned span needs to be a booking.
func (p *planner) visit(s *stock, span hours.Span) visit {
	lead := time.Duration(1+p.rng.ExpFloat64()*90)*time.Hour + time.Duration(p.rng.IntN(3600))*time.Second
	lead = max(lead, time.Duration(s.terms.Resource.Policy.Notice)*time.Minute)
	lead = min(lead, 60*24*time.Hour, time.Duration(s.terms.Resource.Policy.Horizon-1)*24*time.Hour)
	made := span.Start.Add(-lead)
	if !made.Before(p.now) {
		made = p.now.Add(-time.Duration(60+p.rng.IntN(5*24*3600)) * time.Second)
	}
	sectors := []string{"", "", "culture", "culture", "culture", "savoir", "affaires"}
	return visit{
		resource: s.terms.Resource, span: span, made: made.UTC().Truncate(time.Second),
		title: p.titles.of(s.terms.Resource, s.category, p.rng), sector: sectors[p.rng.IntN(len(sectors))],
		shared: p.rng.IntN(5) == 0,
	}
}
