package booking_test

import (
	"slices"
	"strings"
	"time"

	"pgregory.net/rapid"

	"canot/booking"
	"canot/inventory"
	"canot/inventory/hours"
)

// This file holds availability and rules against a model that knows one thing: a
// minute. It looks at each minute of two weeks, on the clock on the wall, and
// places each unit by hand. It shares no arithmetic with the packages it judges:
// from hours it takes the zone data and nothing else.

// A scene is one resource and all that decides when it may be booked.
type scene struct {
	zoneName   string
	now        time.Time
	hubWeek    [7][]stretch // from Monday; minutes of the day
	ownWeek    *[7][]stretch
	exceptions []exception
	closures   []closure
	policy     inventory.Policy
	units      [][]occupied // by unit
	from, to   time.Time    // of the availability asked for
	quantity   int
	seed       uint64 // of the spans that are tried
}

type (
	stretch   struct{ opens, closes int }
	exception struct {
		day   int // from today
		own   bool
		spans []stretch
	}
	closure struct {
		own          bool
		starts, ends int // wall-clock minutes from today's midnight
	}
	occupied struct {
		start, end int // minutes from now
		hold       int // 0: none; 1: lapsed; 2: lapses later
	}
)

// The zones of the territory, around the days on which clocks change somewhere.
var (
	zones = []string{"America/Toronto", "America/Halifax", "America/Atikokan", "America/Blanc-Sablon", "America/Winnipeg"}
	days  = []string{"2026-03-08", "2026-11-01", "2027-03-14", "2027-11-07", "2026-07-15"}
)

func scenes() *rapid.Generator[scene] {
	return rapid.Custom(func(t *rapid.T) scene {
		var s scene
		s.zoneName = rapid.SampledFrom(zones).Draw(t, "zone")
		day, err := time.Parse("2006-01-02", rapid.SampledFrom(days).Draw(t, "day"))
		if err != nil {
			panic(err)
		}
		// Some day around it, or the hours of the night itself.
		s.now = day.Add(time.Duration(rapid.OneOf(rapid.IntRange(-4*1440, 1440), rapid.IntRange(4*60, 12*60)).Draw(t, "now")) * time.Minute)
		drawHours(t, &s)
		drawNight(t, &s, day)
		drawPolicy(t, &s.policy)
		for range rapid.IntRange(1, 4).Draw(t, "units") {
			s.units = append(s.units, drawOccupied(t, s.policy.Grain))
		}
		s.from = s.now.Add(time.Duration(rapid.IntRange(-1440, 2*1440).Draw(t, "from")) * time.Minute)
		s.to = s.from.Add(time.Duration(rapid.IntRange(60, 6*1440).Draw(t, "length")) * time.Minute)
		s.quantity = rapid.IntRange(1, len(s.units)).Draw(t, "quantity")
		s.seed = rapid.Uint64().Draw(t, "seed")
		return s
	})
}

func drawHours(t *rapid.T, s *scene) {
	week := rapid.Custom(func(t *rapid.T) (w [7][]stretch) {
		if rapid.IntRange(0, 9).Draw(t, "always") == 0 {
			for d := range w {
				w[d] = []stretch{{0, 1440}}
			}
			return w
		}
		for d := range w {
			w[d] = drawDay(t)
		}
		return w
	})
	s.hubWeek = week.Draw(t, "week")
	if rapid.IntRange(0, 3).Draw(t, "own") == 0 {
		own := week.Draw(t, "own week")
		if len(slices.Concat(own[:]...)) > 0 { // no hours at all are no week of its own
			s.ownWeek = &own
		}
	}
	for range rapid.IntRange(0, 3).Draw(t, "exceptions") {
		e := exception{day: rapid.IntRange(-1, 6).Draw(t, "day"), own: rapid.Bool().Draw(t, "own"), spans: drawDay(t)}
		if !slices.ContainsFunc(s.exceptions, func(o exception) bool { return o.day == e.day && o.own == e.own }) {
			s.exceptions = append(s.exceptions, e)
		}
	}
	for range rapid.IntRange(0, 2).Draw(t, "closures") {
		starts := rapid.IntRange(-48, 7*48).Draw(t, "closes at") * 30
		length := rapid.SampledFrom([]int{30, 60, 120, 240, 1440, 2880}).Draw(t, "closed for")
		s.closures = append(s.closures, closure{rapid.Bool().Draw(t, "own"), starts, starts + length})
	}
}

// drawNight sometimes makes the place open or close in the hour that clocks skip or
// show twice.
func drawNight(t *rapid.T, s *scene, day time.Time) {
	const dawn = 5 * time.Hour // the zones are four to six hours behind UTC
	ahead := int(day.Sub(s.now.Add(-dawn).Truncate(24*time.Hour)) / (24 * time.Hour))
	at := 15 * rapid.IntRange(3, 13).Draw(t, "night")
	length := 15 * rapid.IntRange(1, 40).Draw(t, "night for")
	switch rapid.IntRange(0, 3).Draw(t, "what") {
	case 0:
		s.closures = append(s.closures, closure{false, ahead*1440 + at, ahead*1440 + at + length})
	case 1:
		s.exceptions = append([]exception{{ahead, true, []stretch{{at, at + length}}}},
			slices.DeleteFunc(s.exceptions, func(e exception) bool { return e.day == ahead && e.own })...)
	}
}

// drawDay draws the spans of one day, in order, the last perhaps past midnight.
func drawDay(t *rapid.T) []stretch {
	var spans []stretch
	at := 0
	for range rapid.IntRange(0, 2).Draw(t, "spans") {
		opens := at + 15*rapid.IntRange(0, 40).Draw(t, "opens")
		closes := opens + 15*rapid.IntRange(1, 40).Draw(t, "open for")
		if opens >= 1440 || closes > 1800 {
			break
		}
		spans = append(spans, stretch{opens, closes})
		at = closes + 15
	}
	return spans
}

func drawPolicy(t *rapid.T, p *inventory.Policy) {
	p.Grain = rapid.SampledFrom([]int{5, 15, 20, 30, 60, 90, 120, 240}).Draw(t, "grain")
	p.Shortest = p.Grain * rapid.IntRange(1, 4).Draw(t, "shortest")
	p.Longest = p.Shortest * rapid.SampledFrom([]int{1, 2, 8, 50}).Draw(t, "longest")
	p.Notice = rapid.SampledFrom([]int{0, 0, 30, 60, 1440, 1515}).Draw(t, "notice")
	p.Horizon = rapid.IntRange(1, 6).Draw(t, "horizon")
	p.BufferBefore = rapid.SampledFrom([]int{0, 0, 10, 30, 90}).Draw(t, "before")
	p.BufferAfter = rapid.SampledFrom([]int{0, 0, 15, 30, 180}).Draw(t, "after")
	p.Within = rapid.SampledFrom([]inventory.Within{inventory.Inside, inventory.EndsInside, inventory.Any}).Draw(t, "within")
}

// drawOccupied draws what takes one unit: bookings with whatever buffers were in
// force when they were made, maintenance, holds.
func drawOccupied(t *rapid.T, grain int) []occupied {
	var all []occupied
	at := rapid.IntRange(-2*1440, 1440).Draw(t, "first")
	for range rapid.IntRange(0, 6).Draw(t, "taken") {
		o := occupied{start: at, end: at + grain*rapid.IntRange(1, 12).Draw(t, "length"), hold: max(0, rapid.IntRange(-6, 2).Draw(t, "hold"))}
		all = append(all, o)
		at = o.end + 5*rapid.IntRange(0, 200).Draw(t, "gap")
	}
	return all
}

// A film is a scene minute by minute. Minute i begins i minutes after the start.
type film struct {
	scene
	zone   *time.Location
	start  time.Time
	wall   []int // what the clock shows at each minute: minutes since 1970 on itself
	open   []bool
	closed []bool
	taken  [][]bool // by unit
}

const filmed = 24 * 1440 // enough for what is asked, buffers and horizon

func shoot(t interface{ Fatal(...any) }, s scene) *film {
	zone, err := hours.LoadZone(s.zoneName)
	if err != nil {
		t.Fatal(err)
	}
	f := &film{scene: s, zone: zone, start: s.now.Add(-8 * 24 * time.Hour)}
	f.wall, f.open, f.closed = make([]int, filmed), make([]bool, filmed), make([]bool, filmed)
	for i := range f.wall {
		f.wall[i] = wallMinutes(f.at(i).In(zone))
	}
	f.shootHours()
	for _, unit := range s.units {
		taken := make([]bool, filmed)
		for _, o := range unit {
			if o.hold != 1 { // a hold that has lapsed takes nothing
				mark(taken, f.index(s.now)+o.start, f.index(s.now)+o.end)
			}
		}
		f.taken = append(f.taken, taken)
	}
	return f
}

func wallMinutes(local time.Time) int {
	asUTC := time.Date(local.Year(), local.Month(), local.Day(), local.Hour(), local.Minute(), 0, 0, time.UTC)
	return int(asUTC.Unix() / 60)
}

func mark(minutes []bool, from, to int) {
	for i := max(0, from); i < min(to, len(minutes)); i++ {
		minutes[i] = true
	}
}

func (f *film) at(i int) time.Time       { return f.start.Add(time.Duration(i) * time.Minute) }
func (f *film) index(t time.Time) int    { return int(t.Sub(f.start) / time.Minute) }
func (f *film) midnight(t time.Time) int { w := wallMinutes(t.In(f.zone)); return w - w%1440 }
func (f *film) dateOf(midnight int) string {
	return time.Unix(int64(midnight)*60, 0).UTC().Format("2006-01-02")
}

// find returns the minute at which the clock first shows wall. A time that it
// skips is as much later as it skips.
func (f *film) find(wall int) int {
	for i, w := range f.wall {
		if w == wall {
			return i
		}
	}
	for i := 1; i < filmed; i++ {
		if f.wall[i-1] < wall && wall < f.wall[i] {
			return i + wall - (f.wall[i-1] + 1)
		}
	}
	if wall < f.wall[0] {
		return 0
	}
	return filmed
}

func (f *film) shootHours() {
	today := f.midnight(f.now)
	for d := -7; d < 14; d++ {
		for _, s := range f.spansOf(d, today+d*1440) {
			mark(f.open, f.find(today+d*1440+s.opens), f.find(today+d*1440+s.closes))
		}
	}
	for _, c := range f.closures {
		mark(f.closed, f.find(today+c.starts), f.find(today+c.ends))
	}
	for i := range f.open {
		f.open[i] = f.open[i] && !f.closed[i]
	}
}

// spansOf says which spans rule a day: the resource's exception, the hub's, the
// resource's week, the hub's week.
func (f *film) spansOf(day, midnight int) []stretch {
	for _, own := range []bool{true, false} {
		for _, e := range f.exceptions {
			if e.day == day && e.own == own {
				return e.spans
			}
		}
	}
	weekday := (midnight/1440 + 3) % 7 // 1970-01-01 was a Thursday
	if f.ownWeek != nil {
		return f.ownWeek[weekday]
	}
	return f.hubWeek[weekday]
}

// earliest is the first minute at which a booking may start. Without notice that is
// the last grain that the clock has shown; one that it skipped is as much later as it
// skipped.
func (f *film) earliest() int {
	now := f.index(f.now)
	if f.policy.Notice > 0 {
		return now + f.policy.Notice
	}
	floor := f.wall[now] - f.wall[now]%1440%f.policy.Grain
	for i := now; f.wall[i] >= floor-60; i-- { // a clock that was set back shows what it has shown
		if f.wall[i] == floor {
			return i
		}
	}
	return f.find(floor)
}

// latest is the minute at which the last booking must have ended.
func (f *film) latest() int { return f.find(f.midnight(f.now) + (f.policy.Horizon+1)*1440) }

// free reports whether a unit is free for a booking from minute i to j, buffers included.
func (f *film) free(unit, i, j int) bool {
	return !slices.Contains(f.taken[unit][max(0, i-f.policy.BufferBefore):min(filmed, j+f.policy.BufferAfter)], true)
}

// place finds units that are free for a booking, one after the other.
func (f *film) place(i, j int) []int {
	var placed []int
	for u := range f.taken {
		if f.free(u, i, j) {
			placed = append(placed, u)
		}
	}
	return placed
}

// why returns what a booking from minute i to j is refused for, or "".
func (f *film) why(i, j, quantity int) string {
	var broken []string
	no := func(is bool, why string) {
		if is {
			broken = append(broken, why)
		}
	}
	p := f.policy
	no(f.wall[i]%1440%p.Grain != 0 || f.wall[j]%1440%p.Grain != 0, "grain")
	no(j-i < p.Shortest, "short")
	no(j-i > p.Longest, "long")
	no(i < f.earliest(), "soon")
	no(j > f.latest(), "far")
	switch p.Within {
	case inventory.Inside:
		no(slices.Contains(f.open[i:j], false), "hours")
	case inventory.EndsInside:
		no(!f.open[i] || !f.open[j-1], "hours")
	case inventory.Any:
		no(slices.Contains(f.closed[i:j], true), "closure")
	}
	no(len(f.place(i, j)) < quantity, "taken")
	return strings.Join(broken, ", ")
}

// available lists what availability must answer, by trying every start.
func (f *film) available() []booking.Free {
	lo, hi := max(f.index(f.from), f.earliest()), min(f.index(f.to), f.latest())
	may := make([]bool, filmed)
	for i := max(0, lo); i < min(hi, filmed); i++ {
		may[i] = f.policy.Within == inventory.EndsInside || !f.closed[i] && (f.policy.Within == inventory.Any || f.open[i])
	}
	reach := make([]int, len(f.taken)) // until when each unit is free from i on
	var found [][2]int
	for i := hi - 1; i >= lo && i >= 0; i-- {
		var ends []int
		for u := range f.taken {
			switch {
			case !may[i] || !f.free(u, i, i+1):
				reach[u] = 0
			case reach[u] == 0:
				reach[u] = i + 1
			}
			if reach[u] > 0 {
				ends = append(ends, reach[u])
			}
		}
		slices.Sort(ends)
		if n := len(ends) - f.quantity; n >= 0 {
			found = append(found, f.trim(i, ends[n]))
		}
	}
	return f.largest(found)
}

// trim cuts a stretch to what can be its first start and its last end.
func (f *film) trim(i, j int) [2]int {
	if f.policy.Within == inventory.EndsInside {
		for i < j && !f.open[i] {
			i++
		}
		for i < j && !f.open[j-1] {
			j--
		}
	}
	return [2]int{i, j}
}

// largest keeps the stretches that lie in no other and are long enough.
func (f *film) largest(found [][2]int) []booking.Free {
	var free []booking.Free
	slices.SortFunc(found, func(a, b [2]int) int {
		if a[0] != b[0] {
			return a[0] - b[0]
		}
		return b[1] - a[1]
	})
	last := -1
	for _, s := range found {
		if s[1] <= last || s[1] <= s[0] {
			continue
		}
		last = s[1]
		if s[1]-s[0] >= f.policy.Shortest {
			free = append(free, booking.Free{StartsAt: f.at(s[0]), EndsAt: f.at(s[1]), Quantity: len(f.place(s[0], s[1]))})
		}
	}
	return free
}
