package booking_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"canot/booking"
	"canot/internal/database"
	"canot/internal/fault"
)

// Every parallel history of Place, Change, Cancel and reads must be one that a single
// clerk with a paper book could have produced, each entry made at some moment between
// question and answer. The clerk is the model here: units, slots, who has them.
//
// CANOT_TEST_TORTURE multiplies how much is tried.

// An arena is a stretch of time of one resource, in slots, that no operation leaves:
// a history is in order when that of every arena is.
type arena struct {
	resource string
	units    int
	day      int           // the first one
	slots    int           // four a day
	length   time.Duration // of a slot's booking; with buffers, no two touch
}

var arenas = []arena{
	{"amos-studio", 1, 0, 4, 90 * time.Minute},
	{"amos-studio", 1, 1, 4, 90 * time.Minute},
	{"amos-desk", 3, 0, 4, 90 * time.Minute},
	{"amos-desk", 3, 1, 4, 90 * time.Minute},
	{"amos-camera", 2, 2, 4, 60 * time.Minute},
	{"rouyn-studio", 1, 0, 8, 90 * time.Minute}, // moves from one day to the next
	{"rouyn-desk", 3, 2, 8, 90 * time.Minute},
}

// span is the time from one slot to another, both included.
func (a arena) span(from, to int) (time.Time, time.Time) {
	start := func(slot int) time.Time { return at(a.day+slot/4, 9+2*(slot%4), 0) }
	return start(from), start(to).Add(a.length)
}

// An entry is one operation: what was asked, and of which booking.
type entry struct {
	arena    int
	verb     string // place, move, cancel, read, free
	from, to int
	quantity int
	id       string
	version  int64 // If-Match; 0 for whatever it is
}

// An outcome is what was answered: a code, or the booking as it then was.
type outcome struct {
	code    string // "" is done
	id      string
	version int64
	live    bool
	from    time.Time
	units   []string
	free    string // of the verb free: 1 for a slot in which a unit is
}

// A line of the clerk's book.
type written struct {
	id       string
	version  int64
	live     bool
	from, to int
	units    []string
}

// step is the clerk: whether the outcome is what the book says, and the book after it.
func step(book []written, e entry, o outcome) (bool, []written) {
	switch e.verb {
	case "place":
		if freeUnits(book, e, "") < e.quantity {
			return o.code == "taken", book
		}
		return o.code == "" && o.version == 1 && areFree(book, e, "", o.units),
			append(slices.Clone(book), written{o.id, 1, true, e.from, e.to, o.units})
	case "free":
		return o.free == freeSlots(book, e.arena), book
	}
	i := slices.IndexFunc(book, func(w written) bool { return w.id == e.id })
	if i < 0 {
		return false, book
	}
	was := book[i]
	if e.verb == "read" {
		from, _ := arenas[e.arena].span(was.from, was.from)
		return o.version == was.version && o.live == was.live && o.from.Equal(from) &&
			(!was.live || slices.Equal(o.units, was.units)), book
	}
	if e.version != 0 && e.version != was.version {
		return o.code == "stale", book
	}
	is := was
	is.version++
	switch {
	case e.verb == "cancel" && !was.live:
		return o.code == "" && o.version == was.version, book
	case e.verb == "cancel":
		is.live, is.units = false, nil
	case !was.live:
		return o.code == "bad_status", book
	case freeUnits(book, e, e.id) < e.quantity:
		return o.code == "taken", book
	default:
		if !areFree(book, e, e.id, o.units) {
			return false, book
		}
		is.from, is.to, is.units = e.from, e.to, o.units
	}
	after := slices.Clone(book)
	after[i] = is
	return o.code == "" && o.version == is.version, after
}

// takenUnits are those that the book gives to others for some of an entry's slots.
func takenUnits(book []written, e entry, but string) map[string]bool {
	taken := map[string]bool{}
	for _, w := range book {
		if w.live && w.id != but && w.from <= e.to && e.from <= w.to {
			for _, u := range w.units {
				taken[u] = true
			}
		}
	}
	return taken
}

func freeUnits(book []written, e entry, but string) int {
	return arenas[e.arena].units - len(takenUnits(book, e, but))
}

func areFree(book []written, e entry, but string, units []string) bool {
	taken := takenUnits(book, e, but)
	for i, u := range units {
		if taken[u] || slices.Contains(units[:i], u) {
			return false
		}
	}
	return len(units) == e.quantity
}

func freeSlots(book []written, arena int) string {
	free := make([]byte, arenas[arena].slots)
	for slot := range free {
		free[slot] = '0'
		if freeUnits(book, entry{arena: arena, from: slot, to: slot}, "") > 0 {
			free[slot] = '1'
		}
	}
	return string(free)
}

var paperBook = porcupine.Model{
	Partition: func(all []porcupine.Operation) [][]porcupine.Operation {
		parts := make([][]porcupine.Operation, len(arenas))
		for _, op := range all {
			a := op.Input.(entry).arena
			parts[a] = append(parts[a], op)
		}
		return parts
	},
	Init: func() any { return []written(nil) },
	Step: func(state, in, out any) (bool, any) {
		return step(state.([]written), in.(entry), out.(outcome))
	},
	Equal: func(a, b any) bool {
		// The order in which bookings were written does not matter.
		key := func(s any) string {
			book := slices.Clone(s.([]written))
			slices.SortFunc(book, func(a, b written) int {
				if a.id < b.id {
					return -1
				}
				return 1
			})
			return fmt.Sprint(book)
		}
		return len(a.([]written)) == len(b.([]written)) && key(a) == key(b)
	},
}

// torture is how many times more than usual is to be tried.
func torture() int {
	if n, err := strconv.Atoi(os.Getenv("CANOT_TEST_TORTURE")); err == nil && n > 0 {
		return n
	}
	return 1
}

// A crowd makes operations and keeps what they were and when.
type crowd struct {
	n     *network
	began time.Time

	mu      sync.Mutex
	history []porcupine.Operation
	known   [][]outcome // by arena: bookings as last heard of
	codes   map[string]int
}

func TestInvariant1And2EveryHistoryIsOneOfASingleClerk(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		for range torture() {
			c := &crowd{n: n, began: time.Now(), known: make([][]outcome, len(arenas)), codes: map[string]int{}}
			c.run(10, 60)
			c.judge(t)
			n.clean()
			c.tidy()
		}
	})
}

// run lets clients loose, each making operations one after the other.
func (c *crowd) run(clients, each int) {
	var all sync.WaitGroup
	for client := range clients {
		all.Go(func() {
			dice := rand.New(rand.NewPCG(uint64(client), uint64(c.began.UnixNano())))
			for range each {
				e := c.think(dice)
				called := time.Since(c.began)
				o := c.do(e)
				c.wrote(client, e, o, called)
			}
		})
	}
	all.Wait()
}

// think makes up an operation.
func (c *crowd) think(dice *rand.Rand) entry {
	e := entry{arena: dice.IntN(len(arenas)), quantity: 1}
	a := arenas[e.arena]
	e.from = dice.IntN(a.slots)
	e.to = e.from
	if e.from%4 < 3 && dice.IntN(3) == 0 {
		e.to++
	}
	if a.units > 1 && dice.IntN(3) == 0 {
		e.quantity = 2
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	roll := dice.IntN(100)
	known := c.known[e.arena]
	switch {
	case roll < 30 || len(known) == 0:
		e.verb = "place"
		return e
	case roll < 38 && a.units == 1:
		// Not of a pool: what is remembered of one of its units and what is read of
		// another may be of two moments. Place decides.
		e.verb = "free"
		return e
	case roll < 68:
		e.verb = "move"
	case roll < 88:
		e.verb = "cancel"
	default:
		e.verb = "read"
	}
	// The newest are the likeliest to be alive, and to be meant by others as well.
	old := known[len(known)-1-min(dice.IntN(len(known)), dice.IntN(len(known)))]
	e.id = old.id
	if dice.IntN(2) == 0 {
		e.version = old.version
	}
	return e
}

// do carries an operation out.
func (c *crowd) do(e entry) outcome {
	a := arenas[e.arena]
	from, to := a.span(e.from, e.to)
	ctx, n, none := context.Background(), c.n, database.Key{}
	var b booking.Booking
	var err error
	switch e.verb {
	case "place":
		r := want(a.resource, from, to)
		r.Lines[0].Quantity, r.Brief = e.quantity, true
		b, err = n.book.Place(ctx, n.zoe, r, none)
	case "move":
		lines := []booking.Want{{Resource: a.resource, Quantity: e.quantity}}
		b, err = n.book.Change(ctx, n.zoe, e.id, booking.Edits{
			StartsAt: &from, EndsAt: &to, Lines: &lines, IfVersion: e.version, Brief: true}, none)
	case "cancel":
		b, err = n.book.Cancel(ctx, n.zoe, e.id, e.version, "", none)
	case "read":
		b, err = n.book.Booking(ctx, n.zoe, e.id)
	case "free":
		return c.free(a)
	}
	if err != nil {
		return outcome{code: codes(err)[0]}
	}
	return outcome{id: b.ID, version: b.Version, live: b.Status.Live(), from: b.StartsAt, units: b.Lines[0].Units}
}

// free asks for the free time of an arena, slot by slot.
func (c *crowd) free(a arena) outcome {
	from, _ := a.span(0, 0)
	_, to := a.span(a.slots-1, a.slots-1)
	got, err := c.n.book.Available(context.Background(), c.n.zoe, booking.AvailabilityQuery{
		Resource: a.resource, From: from.Add(-time.Hour), To: to.Add(2 * time.Hour)})
	if err != nil {
		return outcome{code: codes(err)[0]}
	}
	free := make([]byte, a.slots)
	for slot := range free {
		free[slot] = '0'
		start, end := a.span(slot, slot)
		for _, f := range got[0].Free {
			if !f.StartsAt.After(start) && !f.EndsAt.Before(end) {
				free[slot] = '1'
			}
		}
	}
	return outcome{free: string(free)}
}

func (c *crowd) wrote(client int, e entry, o outcome, called time.Duration) {
	returned := time.Since(c.began)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.codes[e.verb+" "+o.code]++
	if o.code == "busy" {
		return // lost too many races, and had no effect: there is nothing to order
	}
	c.history = append(c.history, porcupine.Operation{
		ClientId: client, Input: e, Output: o, Call: int64(called), Return: int64(returned)})
	if o.id == "" {
		return
	}
	known := c.known[e.arena]
	if i := slices.IndexFunc(known, func(k outcome) bool { return k.id == o.id }); i >= 0 {
		known[i] = o
	} else {
		c.known[e.arena] = append(known, o)
	}
}

// judge fails the test when no clerk could have written this history.
func (c *crowd) judge(t *testing.T) {
	t.Helper()
	t.Logf("%d operations in %v: %v", len(c.history), time.Since(c.began).Round(time.Millisecond), c.codes)
	if busy := c.codes["place busy"] + c.codes["move busy"] + c.codes["cancel busy"]; busy > len(c.history)/20 {
		t.Errorf("%d of %d operations gave up", busy, len(c.history))
	}
	if c.codes["place "] == 0 || c.codes["move "] == 0 || c.codes["cancel "] == 0 || c.codes["place taken"] == 0 {
		t.Errorf("the history shows too little: %v", c.codes)
	}
	for i, part := range paperBook.Partition(c.history) {
		model := paperBook
		model.Partition = nil
		got, info := porcupine.CheckOperationsVerbose(model, part, time.Minute)
		if got == porcupine.Ok {
			continue
		}
		t.Errorf("%s from day %d: %s; no single clerk could have answered these %d operations",
			arenas[i].resource, arenas[i].day, got, len(part))
		c.explain(t, info, part)
	}
}

// explain shows the first operation that fits nowhere, and those around it.
func (c *crowd) explain(t *testing.T, info porcupine.LinearizationInfo, part []porcupine.Operation) {
	t.Helper()
	var longest []porcupine.Operation
	for _, orders := range info.PartialLinearizationsOperations() {
		for _, order := range orders {
			if len(order) > len(longest) {
				longest = order
			}
		}
	}
	fits := map[int64]bool{}
	for _, op := range longest {
		fits[op.Call] = true
	}
	slices.SortFunc(part, func(a, b porcupine.Operation) int { return int(a.Return - b.Return) })
	odd := slices.IndexFunc(part, func(op porcupine.Operation) bool { return !fits[op.Call] })
	for i := max(0, odd-8); i < min(len(part), odd+5); i++ {
		mark := "   "
		if i == odd {
			mark = "→→ "
		}
		in, out := part[i].Input.(entry), part[i].Output.(outcome)
		t.Logf("%s%v–%v %s %s slots %d–%d ×%d if %d → %q %s version %d live %t units %v free %s", mark,
			time.Duration(part[i].Call), time.Duration(part[i].Return), in.verb, in.id, in.from, in.to, in.quantity, in.version,
			out.code, out.id, out.version, out.live, out.units, out.free)
	}
}

// tidy cancels what is left, for the next history to begin with an empty book.
func (c *crowd) tidy() {
	for _, known := range c.known {
		for _, o := range known {
			_, err := c.n.book.Cancel(context.Background(), c.n.zoe, o.id, 0, "", database.Key{})
			if err != nil && fault.KindOf(err) != fault.Refused {
				c.n.t.Errorf("tidy: %v", err)
			}
		}
	}
}
