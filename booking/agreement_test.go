package booking_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"pgregory.net/rapid"

	"canot/booking"
	"canot/internal/database"
	"canot/internal/database/dbtest"
	"canot/internal/identity"
	"canot/inventory"
	"canot/inventory/hours"
)

// A stage is an open data base on which scenes are played, one beside the other.
type stage struct {
	db    *database.DB
	clock *dbtest.Clock
	book  *booking.Book
}

func newStage(t *testing.T, engine string) *stage {
	clock := dbtest.NewClock(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	db := dbtest.Open(t, engine, database.Settings{Clock: clock.Now})
	s := &stage{db: db, clock: clock, book: newBook(db, inventory.New(db))}
	err := db.In(context.Background(), func(tx *database.Tx) error {
		return execAll(tx,
			row{`INSERT INTO operators (id, slug, legal_name) VALUES ('op', 'op', 'Exploitant')`, nil},
			row{`INSERT INTO regions (id, slug, name) VALUES ('re', 're', '{}')`, nil},
			row{`INSERT INTO categories (id, slug, name) VALUES ('cat', 'cat', '{}')`, nil},
			row{`INSERT INTO members (id, name, created_at) VALUES ('mem', 'Personne', $1)`, []any{tx.Now}})
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

type row struct {
	query string
	args  []any
}

func execAll(tx *database.Tx, rows ...row) error {
	for _, r := range rows {
		if _, err := tx.Exec(r.query, r.args...); err != nil {
			return fmt.Errorf("%s: %w", r.query, err)
		}
	}
	return nil
}

// build writes a scene and returns the id of its resource.
func (s *stage) build(f *film) (string, error) {
	s.clock.Set(f.now)
	hub, res := database.NewID(), database.NewID()
	rows := []row{
		{`INSERT INTO hubs (id, slug, region_id, operator_id, name, latitude, longitude, time_zone) VALUES ($1, $1, 're', 'op', '{}', 48, -79, $2)`,
			[]any{hub, f.zoneName}},
		{`INSERT INTO resources (id, slug, hub_id, kind, category_id, name, name_key, grain_min, shortest_min, longest_min, notice_min, horizon_days, buffer_before_min, buffer_after_min, within)
			VALUES ($1, $1, $2, 'space', 'cat', '{}', $1, $3, $4, $5, $6, $7, $8, $9, $10)`,
			[]any{res, hub, f.policy.Grain, f.policy.Shortest, f.policy.Longest, f.policy.Notice, f.policy.Horizon, f.policy.BufferBefore, f.policy.BufferAfter, string(f.policy.Within)}},
	}
	rows = append(rows, weekRows(hub, "", f.hubWeek)...)
	if f.ownWeek != nil {
		rows = append(rows, weekRows(hub, res, *f.ownWeek)...)
	}
	today := f.midnight(f.now)
	owner := map[bool]string{true: res}
	for _, e := range f.exceptions {
		spans := []hours.DaySpan{}
		for _, x := range e.spans {
			spans = append(spans, hours.DaySpan{Opens: hours.Minutes(x.opens), Closes: hours.Minutes(x.closes)})
		}
		text, err := json.Marshal(spans)
		if err != nil {
			return "", err
		}
		rows = append(rows, row{`INSERT INTO opening_exceptions (hub_id, resource_id, date, spans) VALUES ($1, $2, $3, $4)`,
			[]any{hub, owner[e.own], f.dateOf(today + e.day*1440), string(text)}})
	}
	for _, c := range f.closures {
		rows = append(rows, row{`INSERT INTO closures (id, hub_id, resource_id, starts_local, ends_local, changed_at) VALUES ($1, $2, $3, $4, $5, $6)`,
			[]any{database.NewID(), hub, owner[c.own], localText(today + c.starts), localText(today + c.ends), f.now}})
	}
	for _, u := range f.units {
		rows = append(rows, unitRows(f, hub, res, u)...)
	}
	return res, s.db.In(context.Background(), func(tx *database.Tx) error { return execAll(tx, rows...) })
}

func localText(wall int) string {
	return time.Unix(int64(wall)*60, 0).UTC().Format("2006-01-02T15:04:05")
}

func weekRows(hub, resource string, week [7][]stretch) []row {
	var rows []row
	for day, spans := range week {
		for _, x := range spans {
			rows = append(rows, row{`INSERT INTO opening_hours (hub_id, resource_id, weekday, opens, closes) VALUES ($1, $2, $3, $4, $5)`,
				[]any{hub, resource, day, x.opens, x.closes}})
		}
	}
	return rows
}

// unitRows write a unit and what takes it: holds as bookings, the rest as maintenance
// and as bookings in turns.
func unitRows(f *film, hub, res string, taken []occupied) []row {
	unit := database.NewID()
	rows := []row{{`INSERT INTO units (id, resource_id, home_hub_id, current_hub_id, code) VALUES ($1, $2, $3, $3, $1)`, []any{unit, res, hub}}}
	for i, o := range taken {
		id := database.NewID()
		start, end := f.now.Add(time.Duration(o.start)*time.Minute), f.now.Add(time.Duration(o.end)*time.Minute)
		if i%2 == 1 && o.hold == 0 {
			rows = append(rows,
				row{`INSERT INTO maintenances (id, unit_id, cause, starts_at, ends_at, made_by, created_at) VALUES ($1, $2, 'repair', $3, $4, 'mem', $3)`,
					[]any{id, unit, start, end}},
				row{`INSERT INTO occupancies (id, home_hub_id, unit_id, reason, maintenance_id, starts_at, ends_at, live) VALUES ($1, $2, $3, 'maintenance', $4, $5, $6, true)`,
					[]any{database.NewID(), hub, unit, id, start, end}})
			continue
		}
		status, lapses := "confirmed", (*time.Time)(nil)
		if o.hold > 0 {
			at := f.now.Add(time.Duration(o.hold-1) * time.Minute) // a hold lapses at its instant, not after it
			status, lapses = "held", &at
		}
		rows = append(rows,
			row{`INSERT INTO bookings (id, reference, hub_id, member_id, made_by, status, starts_at, ends_at, starts_local, ends_local, lapses_at, created_at, changed_at)
				VALUES ($1, $1, $2, 'mem', 'mem', $3, $4, $5, '', '', $6, $4, $4)`, []any{id, hub, status, start, end, lapses}},
			row{`INSERT INTO booking_lines (booking_id, line, resource_id, quantity) VALUES ($1, 0, $2, 1)`, []any{id, res}},
			row{`INSERT INTO occupancies (id, home_hub_id, unit_id, reason, booking_id, line, starts_at, ends_at, lapses_at, live) VALUES ($1, $2, $3, 'booking', $4, 0, $5, $6, $7, true)`,
				[]any{database.NewID(), hub, unit, id, start, end, lapses}})
	}
	return rows
}

// A watcher is a test or a property.
type watcher interface {
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

// play holds the book against the model in one scene.
func (s *stage) play(t watcher, sc scene) {
	f := shoot(t, sc)
	res, err := s.build(f)
	if err != nil {
		t.Fatal(err)
	}
	all, err := s.book.Available(context.Background(), identity.Actor{},
		booking.AvailabilityQuery{Resource: res, From: f.from, To: f.to, Quantity: f.quantity})
	if err != nil {
		t.Fatal(err)
	}
	if len(all) != 1 {
		t.Fatalf("%d resources answer", len(all))
	}
	want := f.available()
	if got, want := f.say(all[0].Free), f.say(want); got != want {
		t.Fatalf("%s\navailable are\n%swant\n%s", f.tell(), got, want)
	}
	draw := rand.New(rand.NewPCG(f.seed, 1))
	for _, free := range want {
		for range 2 {
			if i, j, ok := f.within(draw, free); ok {
				if why := f.why(i, j, f.quantity); why != "" {
					t.Fatalf("%s\nthe model refuses %s in %s for %s", f.tell(), f.span(i, j), f.say([]booking.Free{free}), why)
				}
				s.try(t, f, res, i, j, f.quantity)
			}
		}
	}
	for range 12 {
		i, j := f.anywhere(draw, want)
		s.try(t, f, res, i, j, 1+draw.IntN(len(f.units)+1))
	}
}

// try asks for a preview and holds the verdict against the model's.
func (s *stage) try(t watcher, f *film, res string, i, j, quantity int) {
	got, err := s.book.Preview(context.Background(), identity.Actor{ID: "mem"}, booking.Request{
		Lines: []booking.Want{{Resource: res, Quantity: quantity}}, StartsAt: f.at(i), EndsAt: f.at(j), Brief: true})
	if err != nil {
		t.Fatal(err)
	}
	if why := f.why(i, j, quantity); got.OK != (why == "") {
		t.Fatalf("%s\n%d × %s: accepted is %v for %v; the model says %q", f.tell(), quantity, f.span(i, j), got.OK, got.Violations, why)
	}
}

// within draws a span inside a free interval that respects the policy, if there is one.
func (f *film) within(draw *rand.Rand, free booking.Free) (int, int, bool) {
	lo, hi := f.index(free.StartsAt), f.index(free.EndsAt)
	onGrain := func(i int) bool { return f.wall[i]%1440%f.policy.Grain == 0 }
	ends := f.policy.Within == inventory.EndsInside
	for range 200 {
		i := lo + draw.IntN(hi-lo)*draw.IntN(2) // the very beginning, or anywhere
		for i < hi && !onGrain(i) {
			i++
		}
		longest := min(hi, i+f.policy.Longest)
		if longest-i < f.policy.Shortest {
			continue
		}
		j := longest // the very end, or anywhere
		if draw.IntN(2) == 0 {
			j = i + f.policy.Shortest + draw.IntN(longest-i-f.policy.Shortest+1)
		}
		for j > i && !onGrain(j) {
			j--
		}
		if j-i >= f.policy.Shortest && (!ends || f.open[i] && f.open[j-1]) {
			return i, j, true
		}
	}
	return 0, 0, false
}

// anywhere draws a span that may be refused: near the edges of what is free, on the
// grain or beside it, long or short.
func (f *film) anywhere(draw *rand.Rand, free []booking.Free) (int, int) {
	now, p := f.index(f.now), f.policy
	edges := []int{now, f.earliest(), f.latest(), now + draw.IntN(7*1440)}
	for _, x := range free {
		edges = append(edges, f.index(x.StartsAt), f.index(x.EndsAt))
	}
	for i := now; i < now+5*1440; i++ {
		if f.open[i] != f.open[i-1] {
			edges = append(edges, i)
		}
	}
	i := edges[draw.IntN(len(edges))] + p.Grain*(draw.IntN(7)-3)
	if draw.IntN(8) > 0 {
		for f.wall[i]%1440%p.Grain != 0 {
			i++
		}
	}
	length := []int{p.Shortest, p.Longest, p.Shortest + p.Grain, p.Shortest + draw.IntN(p.Longest-p.Shortest+1)}[draw.IntN(4)]
	j := min(i+length, filmed-1)
	if end := edges[draw.IntN(len(edges))]; end > i && draw.IntN(2) == 0 {
		j = end
	}
	if draw.IntN(8) > 0 {
		for j > i+1 && f.wall[j]%1440%p.Grain != 0 {
			j--
		}
	}
	return i, max(j, i+1)
}

func (f *film) span(i, j int) string {
	const form = "Mon 2006-01-02 15:04 MST"
	return f.at(i).In(f.zone).Format(form) + " to " + f.at(j).In(f.zone).Format(form)
}

func (f *film) say(free []booking.Free) string {
	s := ""
	for _, x := range free {
		s += fmt.Sprintf("  %s, %d\n", f.span(f.index(x.StartsAt), f.index(x.EndsAt)), x.Quantity)
		if !f.at(f.index(x.StartsAt)).Equal(x.StartsAt) || !f.at(f.index(x.EndsAt)).Equal(x.EndsAt) {
			s += "  (not whole minutes)\n"
		}
	}
	return s
}

// tell describes a scene, for a failure.
func (f *film) tell() string {
	today := f.midnight(f.now)
	s := fmt.Sprintf("%s, now %s, policy %+v\nasked from %s, quantity %d\nweek %v", f.zoneName, f.now.In(f.zone).Format("Mon 2006-01-02 15:04 MST"),
		f.policy, f.span(f.index(f.from), f.index(f.to)), f.quantity, f.hubWeek)
	if f.ownWeek != nil {
		s += fmt.Sprintf("\nown week %v", *f.ownWeek)
	}
	for _, e := range f.exceptions {
		s += fmt.Sprintf("\nexception %s own=%v %v", f.dateOf(today+e.day*1440), e.own, e.spans)
	}
	for _, c := range f.closures {
		s += fmt.Sprintf("\nclosure %s to %s own=%v", localText(today+c.starts), localText(today+c.ends), c.own)
	}
	for i, u := range f.units {
		for _, o := range u {
			s += fmt.Sprintf("\nunit %d taken %s hold=%d", i, f.span(f.index(f.now)+o.start, f.index(f.now)+o.end), o.hold)
		}
	}
	return s
}

func TestAvailabilityAndRulesAgreeWithAMinuteByMinuteModel(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		s := newStage(t, "sqlite")
		rapid.Check(t, func(t *rapid.T) { s.play(t, scenes().Draw(t, "scene")) })
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		s := newStage(t, "postgres")
		for seed := range 25 {
			s.play(t, scenes().Example(seed))
		}
	})
}

func TestTheRunningSlotAgreesWithTheModelWhenClocksChange(t *testing.T) {
	s := newStage(t, "sqlite")
	for _, hour := range []time.Time{
		time.Date(2026, 3, 8, 6, 0, 0, 0, time.UTC), time.Date(2026, 3, 8, 7, 0, 0, 0, time.UTC), time.Date(2026, 3, 8, 8, 0, 0, 0, time.UTC),
		time.Date(2026, 11, 1, 5, 0, 0, 0, time.UTC), time.Date(2026, 11, 1, 6, 0, 0, 0, time.UTC), time.Date(2026, 11, 1, 7, 0, 0, 0, time.UTC),
	} {
		for _, minute := range []int{0, 15, 29, 30, 59} {
			for _, grain := range []int{15, 30, 60, 90, 120, 240, 1440} {
				now := hour.Add(time.Duration(minute) * time.Minute)
				s.play(t, scene{
					zoneName: "America/Toronto", now: now, units: [][]occupied{nil}, quantity: 1,
					from: now.Add(-30 * time.Hour), to: now.Add(30 * time.Hour),
					policy: inventory.Policy{Grain: grain, Shortest: grain, Longest: 2 * grain, Horizon: 3, Within: inventory.Any},
				})
			}
		}
	}
}

func TestOpeningAndClosingAtNightAgreesWithTheModelWhenClocksChange(t *testing.T) {
	s := newStage(t, "sqlite")
	for _, zone := range zones {
		for _, day := range []time.Time{
			time.Date(2026, 3, 8, 0, 0, 0, 0, time.UTC), time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC), time.Date(2027, 3, 14, 0, 0, 0, 0, time.UTC),
		} {
			for at := 45; at <= 195; at += 15 {
				sc := scene{
					zoneName: zone, now: day.Add(-12 * time.Hour), units: [][]occupied{nil}, quantity: 1, seed: uint64(at),
					from: day.Add(-6 * time.Hour), to: day.Add(30 * time.Hour),
					policy: inventory.Policy{Grain: 15, Shortest: 15, Longest: 120, Horizon: 3},
				}
				sc.policy.Within, sc.closures = inventory.Any, []closure{{false, 1440 + at, 1440 + at + 45}}
				s.play(t, sc)
				sc.policy.Within, sc.closures = inventory.Inside, nil
				sc.exceptions = []exception{{1, false, []stretch{{0, at}, {at + 45, 720}}}}
				s.play(t, sc)
			}
		}
	}
}
