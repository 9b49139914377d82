package booking_test

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"slices"
	"strconv"
	"testing"
	"time"

	"pgregory.net/rapid"

	"canot/booking"
	"canot/internal/database"
	"canot/internal/database/dbtest"
	"canot/internal/fault"
	"canot/internal/identity"
)

// countersTried is how many sequences each engine is put through, where nobody asks for another number (-rapid.checks).
var countersTried = map[string]int{"sqlite": 25, "postgres": 10}

func countersAsked(engine string) int {
	if asked := flag.Lookup("rapid.checks"); asked.Value.String() != asked.DefValue {
		n, _ := strconv.Atoi(asked.Value.String())
		return n
	}
	return countersTried[engine]
}

// Whatever happens at counters, in whatever order: no unit is promised twice, every line has what it
// was promised or stands on the list, every change is in the log, and every unit is in one place, the one where
// it was last seen. The scenes see to it that everything has happened; the draws go on from where they end.
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
			happened := map[string]int{}
			for i, play := range counterScenes {
				play(newCounterDay(n, 1000+i, happened, t.Fatalf))
			}
			for _, what := range everything {
				if happened[what] == 0 {
					t.Errorf("never happened: %s", what)
				}
			}
			drawn, tried, failed := map[string]int{}, 0, false
			rapid.Check(t, func(rt *rapid.T) {
				if tried++; tried > countersAsked(engine) && !failed {
					return
				}
				defer func() { failed = failed || rt.Failed() }()
				if failed || engine == "sqlite" { // each its own; where that takes long, one after the other
					open()
				}
				c := counterDraws{newCounterDay(n, tried, drawn, rt.Fatalf), rt}
				if i := rapid.IntRange(0, len(counterScenes)).Draw(rt, "scene"); i > 0 {
					counterScenes[i-1](c.counterDay)
				}
				for range rapid.IntRange(20, 55).Draw(rt, "steps") {
					c.sound(c.step())
				}
			})
			t.Logf("drawn %v", drawn)
			n.balanced()
		})
	}
}

// counterDraws draws what happens at the counters of a day.
type counterDraws struct {
	*counterDay
	rt *rapid.T
}

func (d counterDraws) some(list []string, what string) string {
	if len(list) == 0 {
		return "none"
	}
	return list[rapid.IntRange(0, len(list)-1).Draw(d.rt, what)] // by place: ids differ from one run to the next
}

func (d counterDraws) unit() string { return d.some(d.units, "unit") }

// likely draws mostly from those of the ids that a query finds, and sometimes any; mostly "" where it finds none.
func (d counterDraws) likely(ids []string, what, query string, args ...any) string {
	var fit []string
	must(d.t, d.db.Reader(d.ctx).SelectIn(&fit, query, ids, args...))
	if d.chance(8, "any "+what) {
		return d.some(ids, what)
	} else if len(fit) == 0 {
		return ""
	}
	return d.some(slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return !slices.Contains(fit, id) }), what)
}

// unitAt draws a unit, most often one that was last seen in a place; mostly "" where none was.
func (d counterDraws) unitAt(place string) string {
	fit := slices.DeleteFunc(slices.Clone(d.units), func(code string) bool { return d.last[code] != place })
	if d.chance(8, "any unit") {
		return d.unit()
	} else if len(fit) == 0 {
		return ""
	}
	return d.some(fit, "unit")
}
func (d counterDraws) chance(of int, what string) bool {
	return rapid.IntRange(1, of).Draw(d.rt, what) == 1
}
func (d counterDraws) hours(from, to int, what string) time.Duration {
	return time.Duration(rapid.IntRange(from, to).Draw(d.rt, what)) * time.Hour
}

func (d counterDraws) hub() string {
	return rapid.SampledFrom([]string{"amos", "val-dor"}).Draw(d.rt, "hub")
}

// errNothingYet says that there is nothing yet that a verb could be done to.
var errNothingYet = errors.New("nothing yet")

// instead is what is done where there is nothing for a verb yet.
var instead = map[string]string{"check out": "place", "check out before": "place", "swap": "place", "override": "place", "come": "place", "cancel": "place",
	"move": "place", "check in": "check out", "elsewhere": "check out", "damage": "check out", "missing": "check out", "extend": "check out", "inspect": "check in",
	"place": "put back", "put back": "time", "depart": "plan", "call off": "plan", "arrive": "depart"}

// step does one thing, and returns what.
func (d counterDraws) step() string {
	verbs := map[string]func(string) error{
		"place": d.places, "check out": d.checksOut, "check out before": d.checksOut, "swap": d.checksOut, "override": d.checksOut,
		"check in": d.checksIn, "elsewhere": d.checksIn, "damage": d.checksIn, "missing": d.checksIn, "inspect": d.inspects,
		"extend": d.changes, "cancel": d.changes, "move": d.changes, "take out": d.takesOut, "put back": d.putsBack, "lose": d.takesOut, "come": d.comes,
		"plan": d.plans, "depart": d.travels, "arrive": d.travels, "call off": d.travels, "walk in": d.walksIn, "time": d.waits,
	}
	often := []string{"check out", "check in", "extend", "place", "time", "swap", "walk in", "check out", "check in", "place", "time",
		"take out", "put back", "put back", "plan", "depart", "arrive", "elsewhere", "damage", "missing", "inspect", "cancel", "move", "lose", "override", "check out before", "call off", "come"}
	verb := rapid.SampledFrom(often).Draw(d.rt, "verb")
	err := verbs[verb](verb)
	for err == errNothingYet {
		verb = instead[verb]
		err = verbs[verb](verb)
	}
	switch fault.KindOf(err) {
	case "", fault.Refused, fault.Taken, fault.NotFound:
	default:
		d.fail("%s: %v", verb, err)
	}
	return verb
}

func (d counterDraws) places(string) error {
	in := d.hours(0, 12, "in")
	r := want(d.amos, d.hour().Add(in), d.hour().Add(in+d.hours(1, 30, "for")))
	r.Lines[0].Quantity = rapid.IntRange(1, 2).Draw(d.rt, "quantity")
	if d.chance(4, "room") {
		r.Lines = append(r.Lines, booking.Want{Resource: d.room, Quantity: 1})
	}
	_, err := d.place([]identity.Actor{d.zoe, d.luc}[rapid.IntRange(0, 1).Draw(d.rt, "who")], r)
	if fault.KindOf(err) == fault.Taken {
		return errNothingYet
	}
	return err
}

// comes has the person of a booking come for its room.
func (d counterDraws) comes(string) error {
	id := d.likely(d.bookings, "booking", `SELECT b.id FROM bookings b JOIN booking_lines l ON l.booking_id = b.id JOIN resources r ON r.id = l.resource_id
		WHERE b.id IN ($list) AND b.starts_at <= $1 AND b.ends_at > $2 AND b.status IN ('confirmed', 'in_use') AND r.kind = 'space'`,
		d.clock.Now().Add(30*time.Minute), d.clock.Now())
	if id == "" {
		return errNothingYet
	}
	return d.arrive(id)
}

func (d counterDraws) checksOut(verb string) error {
	h := booking.HandOut{Booking: d.likely(d.bookings, "booking",
		`SELECT id FROM bookings WHERE id IN ($list) AND starts_at <= $1 AND ends_at > $2 AND status IN ('confirmed', 'in_use')`,
		d.clock.Now().Add(30*time.Minute), d.clock.Now())}
	if h.Booking == "" {
		return errNothingYet
	}
	if !d.chance(2, "all") || verb == "swap" || verb == "override" {
		h.Units = []string{cmp.Or(d.unitAt("amos"), d.unit())}
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
	return d.checkOut(h)
}

func (d counterDraws) checksIn(verb string) error {
	back := booking.Return{Unit: d.unitAt("out"), Hub: "amos"}
	if back.Unit == "" {
		return errNothingYet
	}
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
	return d.checkIn(back)
}

func (d counterDraws) inspects(string) error {
	if len(d.lent) == 0 {
		return errNothingYet
	}
	id := d.some(d.lent, "loan")
	found := booking.Return{Damaged: d.chance(2, "damaged")}
	if l, err := d.book.Loan(d.ctx, d.boss, id); err == nil && d.chance(2, "counted") {
		found.Missing = map[string]int{d.battery[l.Code]: rapid.IntRange(0, 2).Draw(d.rt, "missing")}
	}
	_, err := d.book.Inspect(d.ctx, d.boss, id, found, database.Key{})
	return err
}

func (d counterDraws) changes(verb string) error {
	id := d.likely(d.bookings, "booking", `SELECT id FROM bookings WHERE id IN ($list) AND status = $1`,
		map[string]string{"cancel": "confirmed", "move": "confirmed", "extend": "in_use"}[verb])
	if id == "" {
		return errNothingYet
	}
	switch verb {
	case "cancel":
		return d.cancel(d.boss, id)
	case "move":
		from := d.hour().Add(d.hours(0, 20, "in"))
		_, err := d.change(d.boss, id, booking.Edits{StartsAt: &from, EndsAt: ptr(from.Add(d.hours(1, 20, "for")))})
		return err
	}
	return d.extend(id, d.hour().Add(d.hours(1, 20, "until")))
}

func (d counterDraws) takesOut(verb string) error {
	unit, now := d.unit(), d.clock.Now()
	if verb == "lose" {
		return d.takeOut(booking.Outage{Unit: unit, From: now, Cause: "lost"})
	}
	out := booking.Outage{Unit: unit, From: now.Add(d.hours(0, 30, "in"))}
	if d.chance(2, "ends") {
		out.Until = ptr(out.From.Add(d.hours(1, 40, "for")))
	}
	return d.takeOut(out)
}

func (d counterDraws) putsBack(string) error {
	open := d.outages()
	if d.chance(8, "any maintenance") {
		open = d.repairs
	} else if len(open) == 0 {
		return errNothingYet
	}
	return d.putBack(d.some(open, "maintenance"))
}

func (d counterDraws) plans(string) error {
	leaves := d.clock.Now().Add(d.hours(0, 24, "in"))
	return d.send(d.unit(), d.hub(), leaves, leaves.Add(d.hours(1, 48, "for")))
}

// travels makes a step of a journey, of those home that a return has asked for, too.
func (d counterDraws) travels(verb string) error {
	id := d.likely(d.journeys(), "journey", `SELECT id FROM transfers WHERE id IN ($list) AND state = $1`,
		map[string]string{"depart": booking.JourneyPlanned, "arrive": booking.JourneyOnTheRoad, "call off": booking.JourneyPlanned}[verb])
	switch {
	case id == "":
		return errNothingYet
	case verb == "depart":
		return d.travel(d.book.Depart, id)
	case verb == "arrive":
		return d.travel(d.book.ArriveTransfer, id)
	}
	return d.travel(d.book.CancelTransfer, id)
}

func (d counterDraws) walksIn(string) error {
	return d.walkIn(d.unit(), d.hour().Add(d.hours(1, 20, "until")))
}

// waits lets time pass; the jobs that it brings may come late.
func (d counterDraws) waits(string) error {
	after := time.Duration(rapid.IntRange(1, 900).Draw(d.rt, "minutes")) * time.Minute
	if d.chance(4, "late jobs") {
		d.clock.Move(after)
	} else {
		d.wait(after)
	}
	return nil
}
