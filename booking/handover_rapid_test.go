package booking_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"canot/booking"
	"canot/internal/database"
	"canot/internal/database/dbtest"
	"canot/internal/fault"
	"canot/internal/identity"
	"canot/inventory"
)

// countersTried is how many sequences each engine is put through.
var countersTried = map[string]int{"sqlite": 25, "postgres": 10}

// A counterDay is a sequence of what happens at two counters to the four units of one resource, and
// where each unit must be after all of it.
type counterDay struct {
	*network
	rt       *rapid.T
	ctx      context.Context
	amos     string // slugs of the resource here and there
	units    []string
	battery  map[string]string
	bookings []string
	loans    []string
	journeys []string
	repairs  []string
	place    map[string]string // by code of the unit: a hub's slug, «out» or «road»
	done     map[string]int    // how often each verb did something, over all sequences
}

// Whatever happens at counters, in whatever order: no unit is promised twice, every line has what it
// was promised or stands on the list, every change is in the log, and every unit is in one place, the one where
// it was last seen.
func TestEveryUnitIsInOnePlaceWhateverHappens(t *testing.T) {
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			var n *network
			open := func() {
				clock := dbtest.NewClock(monday)
				n = newNetwork(t, dbtest.Open(t, engine, database.Settings{Clock: clock.Now}), clock)
				n.employ(n.anne)
				n.employ(n.boss)
				must(t, n.book.Begin(context.Background()))
			}
			open()
			tried, failed, done := 0, false, map[string]int{}
			rapid.Check(t, func(rt *rapid.T) {
				if tried++; tried > countersTried[engine] && !failed {
					return
				}
				defer func() { failed = failed || rt.Failed() }()
				if tried > 1 && (failed || engine == "sqlite") { // each its own; where that takes long, one after the other
					open()
				}
				d := newCounterDay(rt, n, tried)
				d.done = done
				for range rapid.IntRange(25, 60).Draw(rt, "steps") {
					verb := d.step()
					d.sound(verb)
				}
			})
			for _, verb := range []string{"place", "check out", "check in", "time"} { // what no draw can leave out
				if done[verb] == 0 {
					t.Errorf("never did anything: %s", verb)
				}
			}
			n.balanced()
		})
	}
}

func newCounterDay(rt *rapid.T, n *network, number int) *counterDay {
	d := &counterDay{network: n, rt: rt, ctx: context.Background(), battery: map[string]string{}, place: map[string]string{}}
	n.clock.Set(n.clock.Now().Truncate(24 * time.Hour).Add(28*24*time.Hour + 13*time.Hour))
	name := fmt.Sprintf("Caméra %d", number)
	for _, hub := range []string{"amos", "val-dor"} {
		slug := fmt.Sprintf("%s-cam-%d", hub, number)
		_, err := n.catalog.CreateResource(d.ctx, identity.System, inventory.ResourceEdits{
			Slug: &slug, Hub: &hub, Category: ptr("camera"), Kind: ptr(inventory.Equipment), Name: fr(name),
			Policy: inventory.PolicyEdits{Grain: ptr(60), Shortest: ptr(60), Longest: ptr(20160), BufferAfter: ptr(30), Within: ptr(inventory.Any), Approval: ptr(false)},
		}, database.Key{})
		must(n.t, err)
		units := 3
		if hub == "amos" {
			d.amos = slug
		} else {
			units = 1
		}
		for i := range units {
			code := fmt.Sprintf("%s-%d", slug, i)
			u, err := n.catalog.AddUnit(d.ctx, identity.System, slug, inventory.UnitEdits{Code: &code}, database.Key{})
			must(n.t, err)
			n.id[code] = u.ID
			d.units, d.place[code] = append(d.units, code), hub
			d.battery[code] = n.components(code)
		}
	}
	return d
}

func (d *counterDay) some(list []string, what string) string {
	if len(list) == 0 {
		return "none"
	}
	return list[rapid.IntRange(0, len(list)-1).Draw(d.rt, what)] // by place: ids differ from one run to the next
}

func (d *counterDay) unit() string { return d.some(d.units, "unit") }

// likely draws mostly from those of the ids that a query finds, and sometimes any.
func (d *counterDay) likely(ids []string, what, query string, args ...any) string {
	var fit []string
	must(d.t, d.db.Reader(d.ctx).SelectIn(&fit, query, ids, args...))
	if len(fit) == 0 || d.chance(8, "any "+what) {
		return d.some(ids, what)
	}
	return d.some(slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return !slices.Contains(fit, id) }), what)
}

// unitAt draws a unit, most often one that was last seen in a place.
func (d *counterDay) unitAt(place string) string {
	fit := slices.DeleteFunc(slices.Clone(d.units), func(code string) bool { return d.place[code] != place })
	if len(fit) == 0 || d.chance(8, "any unit") {
		return d.unit()
	}
	return d.some(fit, "unit")
}
func (d *counterDay) chance(of int, what string) bool {
	return rapid.IntRange(1, of).Draw(d.rt, what) == 1
}
func (d *counterDay) hours(from, to int, what string) time.Duration {
	return time.Duration(rapid.IntRange(from, to).Draw(d.rt, what)) * time.Hour
}

func (d *counterDay) hub() string {
	return rapid.SampledFrom([]string{"amos", "val-dor"}).Draw(d.rt, "hub")
}

// step does one thing, and returns what.
func (d *counterDay) step() string {
	verbs := map[string]func(string) error{
		"place": d.places, "check out": d.checksOut, "check out before": d.checksOut, "swap": d.checksOut, "override": d.checksOut,
		"check in": d.checksIn, "elsewhere": d.checksIn, "damage": d.checksIn, "missing": d.checksIn, "inspect": d.inspects,
		"extend": d.changes, "cancel": d.changes, "move": d.changes, "take out": d.takesOut, "put back": d.takesOut, "lose": d.takesOut,
		"plan": d.travels, "depart": d.travels, "arrive": d.travels, "call off": d.travels, "walk in": d.walksIn, "time": d.waits,
	}
	often := []string{"place", "place", "place", "check out", "check out", "check out", "check in", "check in", "time", "time", "swap", "walk in", "extend",
		"take out", "put back", "put back", "plan", "depart", "arrive", "elsewhere", "damage", "missing", "inspect", "cancel", "move", "lose", "override", "check out before", "call off"}
	verb := rapid.SampledFrom(often).Draw(d.rt, "verb")
	err := verbs[verb](verb)
	switch fault.KindOf(err) {
	case "":
		d.done[verb]++
	case fault.Refused, fault.Taken, fault.NotFound:
	default:
		d.rt.Fatalf("%s: %v", verb, err)
	}
	return verb
}

func (d *counterDay) places(string) error {
	from := d.clock.Now().Truncate(time.Hour).Add(d.hours(0, 12, "in"))
	r := want(d.amos, from, from.Add(d.hours(1, 30, "for")))
	r.Lines[0].Quantity = rapid.IntRange(1, 2).Draw(d.rt, "quantity")
	b, err := d.network.place([]identity.Actor{d.zoe, d.luc}[rapid.IntRange(0, 1).Draw(d.rt, "who")], r)
	if err == nil {
		d.bookings = append(d.bookings, b.ID)
	}
	return err
}

func (d *counterDay) checksOut(verb string) error {
	h := booking.HandOut{Booking: d.likely(d.bookings, "booking",
		`SELECT id FROM bookings WHERE id IN ($list) AND starts_at <= $1 AND ends_at > $2 AND status IN ('confirmed', 'in_use')`,
		d.clock.Now().Add(30*time.Minute), d.clock.Now())}
	if !d.chance(2, "all") || verb == "swap" || verb == "override" {
		h.Units = []string{d.unitAt("amos")}
		if d.chance(3, "two") {
			h.Units = append(h.Units, d.unit())
		}
	}
	h.Swap = verb == "swap"
	if verb == "override" {
		h.Override = "Tournage"
	}
	if verb == "check out before" {
		h.At = d.clock.Now().Add(-time.Duration(rapid.IntRange(1, 60).Draw(d.rt, "minutes ago")) * time.Minute)
	}
	_, err := d.book.CheckOut(d.ctx, d.boss, h, database.Key{})
	if err == nil {
		d.seenOut(h.Booking)
	}
	return err
}

// seenOut notes what is out of a booking.
func (d *counterDay) seenOut(id string) {
	loans, err := d.book.Loans(d.ctx, d.boss, id)
	must(d.t, err)
	for _, l := range loans {
		if !slices.Contains(d.loans, l.ID) {
			d.loans = append(d.loans, l.ID)
		}
		if l.BackAt == nil {
			d.place[l.Code] = "out"
		}
	}
}

func (d *counterDay) checksIn(verb string) error {
	back := booking.Return{Unit: d.unitAt("out"), Hub: "amos"}
	switch verb {
	case "elsewhere":
		back.Hub = d.hub()
	case "damage":
		back.Damaged = true
	case "missing":
		back.Missing = map[string]int{d.battery[back.Unit]: rapid.IntRange(0, 2).Draw(d.rt, "missing")}
	}
	if d.chance(4, "before") {
		back.At = d.clock.Now().Add(-time.Duration(rapid.IntRange(1, 300).Draw(d.rt, "minutes ago")) * time.Minute)
	}
	r, err := d.book.CheckIn(d.ctx, d.boss, back, database.Key{})
	if err == nil && !r.Already {
		d.place[back.Unit] = back.Hub
	}
	return err
}

func (d *counterDay) inspects(string) error {
	id := d.some(d.loans, "loan")
	found := booking.Return{Damaged: d.chance(2, "damaged")}
	if l, err := d.book.Loan(d.ctx, d.boss, id); err == nil && d.chance(2, "counted") {
		found.Missing = map[string]int{d.battery[l.Code]: rapid.IntRange(0, 2).Draw(d.rt, "missing")}
	}
	_, err := d.book.Inspect(d.ctx, d.boss, id, found, database.Key{})
	return err
}

func (d *counterDay) changes(verb string) error {
	id := d.likely(d.bookings, "booking", `SELECT id FROM bookings WHERE id IN ($list) AND status = $1`,
		map[string]string{"cancel": "confirmed", "move": "confirmed", "extend": "in_use"}[verb])
	switch verb {
	case "cancel":
		return d.cancel(d.boss, id)
	case "move":
		from := d.clock.Now().Truncate(time.Hour).Add(d.hours(0, 20, "in"))
		_, err := d.change(d.boss, id, booking.Edits{StartsAt: &from, EndsAt: ptr(from.Add(d.hours(1, 20, "for")))})
		return err
	}
	_, err := d.book.Extend(d.ctx, d.boss, id, d.clock.Now().Truncate(time.Hour).Add(d.hours(1, 20, "until")), 0, database.Key{})
	return err
}

func (d *counterDay) takesOut(verb string) error {
	unit := d.unit()
	if verb == "put back" {
		id := d.some(d.repairs, "maintenance")
		open, err := d.book.Maintenances(d.ctx, d.boss, "amos")
		must(d.t, err)
		for _, m := range open { // those that a return has opened, too
			if m.Cause != "retired" && slices.ContainsFunc(d.units, func(code string) bool { return d.id[code] == m.UnitID }) {
				id = m.ID
			}
		}
		_, err = d.book.EndMaintenance(d.ctx, d.boss, id, nil, database.Key{})
		return err
	}
	out := booking.Outage{Unit: unit, From: d.clock.Now().Add(d.hours(0, 30, "in"))}
	if verb == "lose" {
		out.Cause, out.From = "lost", d.clock.Now()
	} else if d.chance(2, "ends") {
		out.Until = ptr(out.From.Add(d.hours(1, 40, "for")))
	}
	m, err := d.book.TakeOutFor(d.ctx, d.boss, out, database.Key{})
	if err == nil {
		d.repairs = append(d.repairs, m.ID)
		if verb == "lose" && d.place[unit] == "out" { // it is with nobody any more, wherever it is
			d.place[unit] = d.hubOf(unit)
		}
	}
	return err
}

// hubOf is where a unit stands by its own row.
func (d *counterDay) hubOf(code string) string {
	u, err := d.catalog.Unit(d.ctx, code)
	must(d.t, err)
	for _, hub := range []string{"amos", "val-dor"} {
		if d.id[hub] == u.CurrentHubID {
			return hub
		}
	}
	return u.CurrentHubID
}

func (d *counterDay) travels(verb string) error {
	if verb == "plan" {
		leaves := d.clock.Now().Add(d.hours(0, 24, "in"))
		j, err := d.book.PlanTransfer(d.ctx, d.boss, booking.Journey{Unit: d.unit(), To: d.hub(), LeavesAt: leaves, ArrivesAt: leaves.Add(d.hours(1, 48, "for"))}, database.Key{})
		if err == nil {
			d.journeys = append(d.journeys, j.ID)
		}
		return err
	}
	for _, hub := range []string{"amos", "val-dor"} { // those home that a return has asked for, too
		all, err := d.book.Transfers(d.ctx, d.boss, hub)
		must(d.t, err)
		for _, j := range all {
			if !slices.Contains(d.journeys, j.ID) && slices.Contains(d.units, j.Code) {
				d.journeys = append(d.journeys, j.ID)
			}
		}
	}
	id := d.likely(d.journeys, "journey", `SELECT id FROM transfers WHERE id IN ($list) AND state = $1`,
		map[string]string{"depart": booking.JourneyPlanned, "arrive": booking.JourneyOnTheRoad, "call off": booking.JourneyPlanned}[verb])
	var j booking.Transfer
	var err error
	switch verb {
	case "depart":
		j, err = d.book.Depart(d.ctx, d.boss, id, database.Key{})
	case "arrive":
		j, err = d.book.ArriveTransfer(d.ctx, d.boss, id, database.Key{})
	default:
		j, err = d.book.CancelTransfer(d.ctx, d.boss, id, database.Key{})
	}
	if err != nil {
		return err
	}
	switch j.State {
	case booking.JourneyOnTheRoad:
		d.place[j.Code] = "road"
	case booking.JourneyArrived:
		d.place[j.Code] = d.hubOf(j.Code)
		if d.id[d.place[j.Code]] != j.ToHubID {
			d.rt.Fatalf("%s has arrived at %s, and is at %s", j.Code, j.ToHubID, d.place[j.Code])
		}
	case booking.JourneyCancelled:
		if d.place[j.Code] == "road" {
			d.place[j.Code] = d.hubOf(j.Code)
		}
	}
	return nil
}

func (d *counterDay) walksIn(string) error {
	b, err := d.book.WalkIn(d.ctx, d.boss, booking.WalkIn{Hub: "amos", Member: d.luc.ID, Units: []string{d.unit()},
		Until: d.clock.Now().Truncate(time.Hour).Add(d.hours(1, 20, "until"))}, database.Key{})
	if err == nil {
		d.bookings = append(d.bookings, b.ID)
		d.seenOut(b.ID)
	}
	return err
}

// waits lets time pass; the jobs that it brings may come late.
func (d *counterDay) waits(string) error {
	d.clock.Move(time.Duration(rapid.IntRange(1, 900).Draw(d.rt, "minutes")) * time.Minute)
	if d.chance(4, "late jobs") {
		return nil
	}
	d.until(d.clock.Now())
	d.until(d.clock.Now())
	// Now that the jobs have come, whatever is out keeps its unit, but for the quarter of an hour in which nobody is moved.
	var lost []string
	must(d.t, d.db.Reader(d.ctx).SelectIn(&lost, `
		SELECT n.id FROM loans n JOIN units u ON u.id = n.unit_id WHERE u.code IN ($list) AND n.back_at IS NULL AND (n.due_at > $1 OR n.due_at <= $2) AND NOT EXISTS (
			SELECT 1 FROM occupancies o WHERE o.unit_id = n.unit_id AND (o.booking_id = n.booking_id OR o.booking_id IS NULL) AND o.live AND o.starts_at <= $1 AND o.ends_at > $1)`,
		d.units, d.clock.Now(), d.clock.Now().Add(-15*time.Minute)))
	if len(lost) > 0 {
		d.rt.Fatalf("out, and promised to nobody: %v%s", lost, d.table(lost[0]))
	}
	return nil
}

// table tells what takes the unit of a loan, or a booking has, for who looks for the reason of a failure.
func (d *counterDay) table(id string) (text string) {
	var rows []struct {
		StartsAt time.Time `db:"starts_at"`
		EndsAt   time.Time `db:"ends_at"`
		Reason   string    `db:"reason"`
		Code     string    `db:"code"`
		Mine     bool      `db:"mine"`
		OutAt    time.Time `db:"out_at"`
		DueAt    time.Time `db:"due_at"`
		Live     bool      `db:"live"`
	}
	must(d.t, d.db.Reader(d.ctx).Select(&rows, `SELECT u.code, o.starts_at, o.ends_at, o.reason, COALESCE(o.booking_id, '') = n.booking_id AS mine, n.out_at, n.due_at, o.live
		FROM loans n JOIN occupancies o ON o.unit_id = n.unit_id OR o.booking_id = n.booking_id JOIN units u ON u.id = o.unit_id
		WHERE n.id = $1 OR n.booking_id = $1 ORDER BY n.id, u.code, o.starts_at`, id))
	for _, r := range rows {
		text += fmt.Sprintf("\nnow %s, out %s, due %s: %s %s mine %v live %v from %s to %s", d.clock.Now().Format(time.DateTime), r.OutAt.Format(time.DateTime),
			r.DueAt.Format(time.DateTime), r.Code, r.Reason, r.Mine, r.Live, r.StartsAt.Format(time.DateTime), r.EndsAt.Format(time.DateTime))
	}
	return text
}

// sound fails unless the data at rest is sound and every unit is where it was last seen.
func (d *counterDay) sound(verb string) {
	found, err := d.book.Check(d.ctx)
	must(d.t, err)
	if len(found) > 0 {
		d.rt.Fatalf("after %s, canot check: %+v%s", verb, found, d.table(found[0].Subject))
	}
	var rows []struct {
		Code string `db:"code"`
		Hub  string `db:"hub"`
		Out  int    `db:"out_now"`
		Road int    `db:"road"`
	}
	must(d.t, d.db.Reader(d.ctx).SelectIn(&rows, `
		SELECT u.code, h.slug AS hub,
			(SELECT count(*) FROM loans n WHERE n.unit_id = u.id AND n.back_at IS NULL) AS out_now,
			(SELECT count(*) FROM transfers t WHERE t.unit_id = u.id AND t.state = 'on_the_road') AS road
		FROM units u JOIN hubs h ON h.id = u.current_hub_id WHERE u.code IN ($list)`, d.units))
	for _, u := range rows {
		is := u.Hub
		switch {
		case u.Out+u.Road > 1:
			d.rt.Fatalf("after %s, %s is in two places: %+v", verb, u.Code, u)
		case u.Out > 0:
			is = "out"
		case u.Road > 0:
			is = "road"
		}
		if is != d.place[u.Code] {
			d.rt.Fatalf("after %s, %s is at %s and was last seen at %s: %+v", verb, u.Code, is, d.place[u.Code], u)
		}
	}
}
