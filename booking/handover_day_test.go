package booking_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"canot/booking"
	"canot/internal/database"
	"canot/internal/identity"
	"canot/inventory"
)

// everything is what must have happened, and not only have been tried, in a test of whatever can happen at counters.
var everything = []string{"check out", "check in", "arrival", "extension", "damage", "missing part", "return elsewhere", "late return", "swap", "override",
	"walk-in", "lost", "found", "no-show", "transfer planned", "transfer left", "transfer arrived"}

// A counterDay is a sequence of what happens at two counters to the four units of one resource, and
// where each unit must be after all of it.
type counterDay struct {
	*network
	ctx        context.Context
	fail       func(format string, args ...any)
	amos, room string // slugs of the equipment and of the space at Amos
	units      []string
	battery    map[string]string
	bookings   []string
	lent       []string
	sent       []string
	repairs    []string
	last       map[string]string // by code of the unit: a hub's slug, «out» or «road»
	moved      map[string]bool   // loans that were late and for which somebody was moved
	seq        int64             // of the log, up to which it was read
	happened   map[string]int
}

// newCounterDay makes new things at the two hubs, four weeks after whatever was before.
func newCounterDay(n *network, number int, happened map[string]int, fail func(string, ...any)) *counterDay {
	d := &counterDay{network: n, ctx: context.Background(), fail: fail, battery: map[string]string{}, last: map[string]string{}, moved: map[string]bool{}, happened: happened}
	n.clock.Set(n.clock.Now().Truncate(24 * time.Hour).Add(28*24*time.Hour + 13*time.Hour))
	policy := inventory.PolicyEdits{Grain: ptr(60), Shortest: ptr(60), Longest: ptr(20160), BufferAfter: ptr(30), NoShowAfter: ptr(240),
		Within: ptr(inventory.Any), Approval: ptr(false)}
	create := func(slug, hub, category, name string, kind inventory.Kind, units int) {
		_, err := n.catalog.CreateResource(d.ctx, identity.System, inventory.ResourceEdits{Slug: &slug, Hub: &hub, Category: &category, Kind: &kind,
			Name: fr(fmt.Sprintf("%s %d", name, number)), Policy: policy}, database.Key{})
		must(n.t, err)
		for i := range units {
			code := strings.ToUpper(fmt.Sprintf("%s-%d", slug, i))
			u, err := n.catalog.AddUnit(d.ctx, identity.System, slug, inventory.UnitEdits{Code: &code}, database.Key{})
			must(n.t, err)
			n.id[code] = u.ID
			if kind == inventory.Equipment {
				d.units, d.last[code] = append(d.units, code), hub
				d.battery[code] = n.components(code)
			}
		}
	}
	d.amos, d.room = fmt.Sprintf("amos-cam%d", number), fmt.Sprintf("amos-room%d", number)
	create(d.amos, "amos", "camera", "Caméra", inventory.Equipment, 3)
	create(fmt.Sprintf("val-dor-cam%d", number), "val-dor", "camera", "Caméra", inventory.Equipment, 1)
	create(d.room, "amos", "studio", "Salle", inventory.Space, 1)
	must(n.t, n.db.Reader(d.ctx).Get(&d.seq, `SELECT max(seq) FROM changes`))
	return d
}

// hour is the hour that runs.
func (d *counterDay) hour() time.Time { return d.clock.Now().Truncate(time.Hour) }

func (d *counterDay) place(who identity.Actor, r booking.Request) (booking.Booking, error) {
	b, err := d.network.place(who, r)
	if err == nil {
		d.bookings = append(d.bookings, b.ID)
	}
	return b, err
}

func (d *counterDay) checkOut(h booking.HandOut) error {
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
		if !slices.Contains(d.lent, l.ID) {
			d.lent = append(d.lent, l.ID)
			d.happened["check out"]++
		}
		if l.BackAt == nil {
			d.last[l.Code] = "out"
		}
	}
}

func (d *counterDay) checkIn(back booking.Return) error {
	r, err := d.book.CheckIn(d.ctx, d.boss, back, database.Key{})
	if err != nil || r.Already {
		return err
	}
	d.last[back.Unit] = back.Hub
	for what, so := range map[string]bool{
		"check in":         true,
		"damage":           r.Loan.Damaged && r.Maintenance != nil && r.Maintenance.Cause == "repair",
		"missing part":     len(r.Loan.Missing) > 0 && r.Maintenance != nil && r.Maintenance.Cause == "incomplete",
		"return elsewhere": r.TransferID != "",
		"late return":      r.Loan.BackAt.After(r.Loan.DueAt) && d.moved[r.Loan.ID],
	} {
		if so {
			d.happened[what]++
		}
	}
	return nil
}

func (d *counterDay) arrive(id string) error {
	_, err := d.book.Arrive(d.ctx, d.boss, id, time.Time{}, database.Key{})
	return err
}

func (d *counterDay) extend(id string, until time.Time) error {
	var before []time.Time
	must(d.t, d.db.Reader(d.ctx).Select(&before, `SELECT due_at FROM loans WHERE booking_id = $1 AND back_at IS NULL`, id))
	is, err := d.book.Extend(d.ctx, d.boss, id, until, 0, database.Key{})
	if err == nil && len(before) > 0 && is.EndsAt.After(before[0]) {
		d.happened["extension"]++
	}
	return err
}

func (d *counterDay) walkIn(unit string, until time.Time) error {
	b, err := d.book.WalkIn(d.ctx, d.boss, booking.WalkIn{Hub: "amos", Member: d.luc.ID, Units: []string{unit}, Until: until}, database.Key{})
	if err == nil {
		d.bookings = append(d.bookings, b.ID)
		d.seenOut(b.ID)
		d.happened["walk-in"]++
	}
	return err
}

func (d *counterDay) takeOut(out booking.Outage) error {
	m, err := d.book.TakeOutFor(d.ctx, d.boss, out, database.Key{})
	if err != nil {
		return err
	}
	d.repairs = append(d.repairs, m.ID)
	if out.Cause == "lost" {
		d.happened["lost"]++
		if d.last[out.Unit] == "out" { // it is with nobody any more, wherever it is
			d.last[out.Unit] = d.hubOf(out.Unit)
		}
	}
	return nil
}

// outages are what keeps units out of service, whoever has asked for it.
func (d *counterDay) outages() (ids []string) {
	for _, hub := range []string{"amos", "val-dor"} {
		open, err := d.book.Maintenances(d.ctx, d.boss, hub)
		must(d.t, err)
		for _, m := range open {
			if m.Cause != "retired" && slices.ContainsFunc(d.units, func(code string) bool { return d.id[code] == m.UnitID }) {
				ids = append(ids, m.ID)
			}
		}
	}
	return ids
}

func (d *counterDay) putBack(id string) error {
	m, err := d.book.EndMaintenance(d.ctx, d.boss, id, nil, database.Key{})
	if err == nil && m.Cause == "lost" {
		d.happened["found"]++
	}
	return err
}

func (d *counterDay) send(unit, hub string, leaves, arrives time.Time) error {
	_, err := d.book.PlanTransfer(d.ctx, d.boss, journey(unit, hub, leaves, arrives), database.Key{})
	return err
}

// journeys are those of the day's units, in the order in which they were first seen.
func (d *counterDay) journeys() []string {
	for _, hub := range []string{"amos", "val-dor"} {
		all, err := d.book.Transfers(d.ctx, d.boss, hub)
		must(d.t, err)
		for _, j := range all {
			if !slices.Contains(d.sent, j.ID) && slices.Contains(d.units, j.Code) {
				d.sent = append(d.sent, j.ID)
			}
		}
	}
	return d.sent
}

func (d *counterDay) travel(step func(context.Context, identity.Actor, string, database.Key) (booking.Transfer, error), id string) error {
	was, err := d.book.Transfer(d.ctx, d.boss, id)
	if err != nil {
		return err
	}
	j, err := step(d.ctx, d.boss, id, database.Key{})
	if err != nil || j.State == was.State { // done before: the unit may have gone anywhere since
		return err
	}
	switch j.State {
	case booking.JourneyOnTheRoad:
		d.last[j.Code] = "road"
	case booking.JourneyArrived:
		d.last[j.Code] = d.hubOf(j.Code)
		if d.id[d.last[j.Code]] != j.ToHubID {
			d.fail("%s has arrived at %s, and is at %s", j.Code, j.ToHubID, d.last[j.Code])
		}
	case booking.JourneyCancelled:
		if d.last[j.Code] == "road" {
			d.last[j.Code] = d.hubOf(j.Code)
		}
	}
	return nil
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

// wait lets time pass, with the jobs that it brings.
func (d *counterDay) wait(after time.Duration) {
	d.clock.Move(after)
	d.until(d.clock.Now())
	d.until(d.clock.Now())
	// Now that the jobs have come, whatever is out keeps its unit, but for the quarter of an hour in which nobody is moved.
	var lost []string
	must(d.t, d.db.Reader(d.ctx).SelectIn(&lost, `
		SELECT n.id FROM loans n JOIN units u ON u.id = n.unit_id WHERE u.code IN ($list) AND n.back_at IS NULL AND (n.due_at > $1 OR n.due_at <= $2) AND NOT EXISTS (
			SELECT 1 FROM occupancies o WHERE o.unit_id = n.unit_id AND (o.booking_id = n.booking_id OR o.booking_id IS NULL) AND o.live AND o.starts_at <= $1 AND o.ends_at > $1)`,
		d.units, d.clock.Now(), d.clock.Now().Add(-15*time.Minute)))
	if len(lost) > 0 {
		d.fail("out, and promised to nobody: %v%s", lost, d.table(lost[0]))
	}
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

// inLog are what only the log tells of.
var inLog = map[string]string{"booking.swap": "swap", "booking.override": "override", "booking.no_show": "no-show", "booking.arrive": "arrival",
	"transfer.plan": "transfer planned", "transfer.depart": "transfer left", "transfer.arrive": "transfer arrived"}

// read notes what the log tells of that has happened since it was last read.
func (d *counterDay) read() {
	var rows []struct {
		Seq     int64  `db:"seq"`
		Action  string `db:"action"`
		Subject string `db:"subject_id"`
	}
	must(d.t, d.db.Reader(d.ctx).Select(&rows, `SELECT seq, action, subject_id FROM changes WHERE seq > $1 ORDER BY seq`, d.seq))
	moves := false
	for _, row := range rows {
		if what := inLog[row.Action]; what != "" {
			d.happened[what]++
		}
		if row.Action == "loan.hold" && moves { // of one commit: whom it moved, then that it is held for longer
			d.moved[row.Subject] = true
		}
		moves = row.Action == "booking.rehome" || row.Action == "booking.lose_unit"
		d.seq = row.Seq
	}
}

// sound fails unless the data at rest is sound and every unit is where it was last seen.
func (d *counterDay) sound(verb string) {
	d.read()
	found, err := d.book.Check(d.ctx)
	must(d.t, err)
	if len(found) > 0 {
		d.fail("after %s, canot check: %+v%s", verb, found, d.table(found[0].Subject))
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
			d.fail("after %s, %s is in two places: %+v", verb, u.Code, u)
		case u.Out > 0:
			is = "out"
		case u.Road > 0:
			is = "road"
		}
		if is != d.last[u.Code] {
			d.fail("after %s, %s is at %s and was last seen at %s: %+v", verb, u.Code, is, d.last[u.Code], u)
		}
	}
}
