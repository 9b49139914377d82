package booking

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"canot/internal/database"
	"canot/internal/fault"
	"canot/internal/identity"
	"canot/inventory"
	"canot/inventory/files"
	"canot/inventory/hours"
)

// early is how long before its start a booking's things may be handed out.
const early = 30 * time.Minute

// MayBegin is from when on things of a booking may be handed out, or its person let in.
func (b Booking) MayBegin() time.Time { return b.StartsAt.Add(-early) }

// CheckOut hands out what a booking waits for, or the units that are named: all of it, a part, or
// what was left before. A unit of the same resource that the booking was not given takes the place
// of one that it was, and is taken from nobody, unless h says so (Swap, Override). Of a space, a machine or a guide
// it notes that its person has come.
//
// It asks for the right to hand out at the booking's hub, and nobody does it for themself. That the
// member is certified for today is judged again; who holds the right to waive may have
// lifted it. A booking whose time has not come or is over is refused; one that came back early may be handed out
// again while its time lasts. Units that are out with this very booking are passed over: when there is
// nothing else, nothing is written. Every broken rule is a violation of the *Refusal.
func (b *Book) CheckOut(ctx context.Context, who identity.Actor, h HandOut, key database.Key) (Booking, error) {
	sign, err := b.signed(h.Signature)
	if err != nil {
		return Booking{}, err
	}
	notes := slices.Collect(maps.Values(h.Condition))
	if broken := append(judgeNotes(notes...), judgeOverride(&h.Override)...); len(broken) > 0 {
		return Booking{}, &Refusal{Fault: refusalOf(broken)}
	}
	return b.decide(ctx, who, decision{
		id: h.Booking, ifVersion: h.IfVersion, key: key, action: "booking.check_out", right: identity.HandOut, staffOnly: true,
		apply: func(s *step) error {
			at := instant(s.tx, h.At)
			if err := mayBegin(s, at); err != nil {
				return err
			}
			if err := b.judgeCertified(ctx, who, s); err != nil {
				return err
			}
			g := &handing{b: b, ctx: ctx, who: who, s: s, h: h, at: at, sign: sign}
			if err := g.read(); err != nil {
				return err
			}
			return g.handOut()
		},
	})
}

// signed makes a signature ready to be kept; nil for none.
func (b *Book) signed(png []byte) (*files.Prepared, error) {
	if len(png) == 0 {
		return nil, nil
	}
	p, err := files.Prepare(png, files.Signature)
	return &p, err
}

// judgeOverride applies the rules of why somebody is robbed.
func judgeOverride(reason *string) []fault.Violation {
	*reason = strings.TrimSpace(*reason)
	switch {
	case len([]rune(*reason)) > maxReason:
		return []fault.Violation{{Code: "too_long_text", Params: fault.Params{"field": "override", "most": maxReason}}}
	case inventory.Unwritable(*reason, false):
		return []fault.Violation{{Code: "bad_text", Params: fault.Params{"field": "override"}}}
	}
	return nil
}

// mayBegin refuses a booking that cannot begin, or go on, at an instant.
func mayBegin(s *step, at time.Time) error {
	switch s.was.Status {
	case Confirmed, InUse, Completed: // what has come back, or was thought over while a device had no line, may go out again
	default:
		return badStatus(s.was)
	}
	if !at.Before(s.was.EndsAt) {
		return badStatus(s.was)
	}
	if from := s.was.MayBegin(); at.Before(from) {
		zone, err := hours.LoadZone(s.was.TimeZone)
		if err != nil {
			return err
		}
		return &Refusal{Fault: refusalOf([]fault.Violation{{Code: "not_yet", Params: fault.Params{"earliest": from.In(zone)}}})}
	}
	return nil
}

// A handing is a hand-over being carried out, under the locks of its booking's resources.
type handing struct {
	b    *Book
	ctx  context.Context
	who  identity.Actor
	s    *step
	h    HandOut
	at   time.Time
	sign *files.Prepared

	terms  map[string]*inventory.Terms
	zone   *time.Location
	hub    string          // the counter
	loans  []Loan          // of the booking, before
	held   []holding       // what the booking occupies
	named  map[string]bool // ids of the units that are handed over
	gone   map[string]bool // units that the booking has given up for others
	given  []giving
	robs   []robbery
	comes  bool // its person takes a place
	broken []fault.Violation
}

// A giving is one unit that leaves.
type giving struct {
	unit inventory.Unit
	line int
	due  time.Time
}

// read reads what the hand-over rests on.
func (g *handing) read() (err error) {
	if g.terms, err = g.b.catalog.Terms(g.ctx, g.s.tx, g.s.rules); err != nil {
		return err
	}
	if g.zone, err = hours.LoadZone(g.s.was.TimeZone); err != nil {
		return err
	}
	g.hub, g.named, g.gone = g.s.was.HubID, map[string]bool{}, map[string]bool{}
	if g.h.Hub != "" {
		hub, err := g.b.catalog.Hub(g.ctx, g.h.Hub)
		if err != nil {
			return err
		}
		g.hub = hub.ID
	}
	if g.loans, err = loansOf(g.s.tx, `n.booking_id = $1`, g.s.was.ID); err != nil {
		return err
	}
	g.held, err = holdings(g.s.tx, g.s.was.ID)
	return err
}

// handOut carries out the whole hand-over.
func (g *handing) handOut() error {
	units, err := g.wanted()
	if err != nil {
		return err
	}
	for _, u := range units {
		if err := g.give(u); err != nil {
			return err
		}
	}
	g.h.Unsigned = g.h.Unsigned && g.unsigned()
	if len(g.broken) == 0 && !g.h.Unsigned && g.unsigned() {
		g.no("signature_needed", fault.Params{"field": "signature"})
	}
	if len(g.broken) > 0 {
		return &Refusal{Fault: refusalOf(g.broken)}
	}
	g.comes = g.comes || len(g.given) > 0 && slices.ContainsFunc(g.s.was.Lines, func(l Line) bool { return l.Kind != inventory.Equipment })
	if g.comes && g.s.was.ArrivedAt == nil {
		g.s.is.ArrivedAt = &g.at
	} else if len(g.given) == 0 {
		g.s.nothing = true
		return nil
	}
	g.s.is.Status = InUse
	return g.write()
}

func (g *handing) no(code string, params fault.Params) {
	g.broken = append(g.broken, fault.Violation{Code: code, Params: params})
}

// wanted are the units that are to leave, those that the booking has first: whoever comes
// from elsewhere takes the place of one that nobody asked for.
func (g *handing) wanted() ([]inventory.Unit, error) {
	var mine, others []inventory.Unit
	keys := g.h.Units
	if len(keys) == 0 {
		if slices.ContainsFunc(g.s.was.Lines, func(l Line) bool { return l.WithoutUnit > 0 }) {
			return nil, &Refusal{Fault: refusalOf([]fault.Violation{{Code: "unit_missing", Params: fault.Params{}}})}
		}
		for _, l := range g.s.was.Lines {
			if l.Kind != inventory.Equipment {
				g.comes = true
				continue
			}
			for _, x := range g.waiting(l.line) {
				keys = append(keys, x.UnitID)
			}
		}
		if len(keys) == 0 && (!g.comes || g.s.was.ArrivedAt != nil || g.s.was.Status != Confirmed) {
			return nil, badStatus(g.s.was)
		}
	}
	for _, key := range keys {
		u, err := unitBy(g.s.tx, key)
		if err != nil {
			return nil, err
		}
		if g.named[u.ID] {
			continue
		}
		g.named[u.ID] = true
		if g.holdingOf(u.ID) != nil {
			mine = append(mine, u)
		} else {
			others = append(others, u)
		}
	}
	return append(mine, others...), nil
}

// waiting are the units of a line that the booking has at this instant and that have not left.
func (g *handing) waiting(line int) []holding {
	var all []holding
	for _, x := range g.held {
		if x.Line == line && g.now(x) && x.Out+x.Back == 0 && !g.gone[x.UnitID] {
			all = append(all, x)
		}
	}
	return all
}

// now reports whether a holding is one for this instant: some of a booking's come later, when
// another unit is taken out of service on the way.
func (g *handing) now(x holding) bool {
	from := g.s.was.StartsAt
	if g.at.After(from) {
		from = g.at
	}
	return !x.StartsAt.After(from) && x.EndsAt.After(from)
}

// holdingOf is what the booking has of a unit at this instant, or nil.
func (g *handing) holdingOf(unit string) *holding {
	for i, x := range g.held {
		if x.UnitID == unit && g.now(x) && !x.used() && !g.gone[unit] {
			return &g.held[i]
		}
	}
	return nil
}

// later is the first that the booking is to have of a unit after this instant, or nil.
func (g *handing) later(unit string) *holding {
	for i, x := range g.held {
		if x.UnitID == unit && x.StartsAt.After(g.at) && !g.now(x) && !g.gone[unit] {
			return &g.held[i]
		}
	}
	return nil
}

// out counts the units of a line that are out, with those that leave now.
func (g *handing) out(line int) int {
	n := 0
	for _, l := range g.loans {
		if l.line == line && l.BackAt == nil {
			n++
		}
	}
	for _, x := range g.given {
		if x.line == line {
			n++
		}
	}
	return n
}

// unsigned reports whether a policy asks for a signature that nobody gave.
func (g *handing) unsigned() bool {
	return g.sign == nil && !g.h.OnPaper && slices.ContainsFunc(g.given, func(x giving) bool {
		return g.terms[g.lineOf(x.line).ResourceID].Resource.Policy.Signature
	})
}

// lineOf is a line of what the booking becomes, by its number.
func (g *handing) lineOf(line int) *Line {
	at := slices.IndexFunc(g.s.is.Lines, func(l Line) bool { return l.line == line })
	return &g.s.is.Lines[at]
}

// write writes the loans, and what the log keeps of them.
func (g *handing) write() error {
	if len(g.given) == 0 {
		return nil
	}
	for _, x := range g.robs {
		if err := g.explain(x); err != nil {
			return err
		}
	}
	ids := make([]string, len(g.given))
	for i := range ids {
		ids[i] = database.NewID()
	}
	signature := ""
	if g.sign != nil {
		f, err := files.Insert(g.s.tx, g.who, files.NewFile{Prepared: *g.sign, SubjectKind: files.OfLoan, SubjectID: ids[0], Moment: files.Out})
		if err != nil {
			return err
		}
		signature = f.ID
	}
	var rows [][]any
	first := g.given[0].due
	for i, x := range g.given {
		if x.due.Before(first) {
			first = x.due
		}
		condition := g.h.Condition[x.unit.ID]
		rows = append(rows, []any{ids[i], g.s.was.ID, x.line, x.unit.ID, g.at, g.who.ID, g.hub, x.due, condition, orNil(signature), g.h.Doubtful})
		l := Loan{ID: ids[i], BookingID: g.s.was.ID, UnitID: x.unit.ID, OutAt: g.at, DueAt: x.due, Doubtful: g.h.Doubtful}
		if err := recordLoan(g.s.tx, g.who, "loan.out", l, map[string]any{"hub": g.hub, "signed": g.sign != nil, "on_paper": g.h.OnPaper, "unsigned": g.h.Unsigned}); err != nil {
			return err
		}
	}
	if err := lookAt(g.s.tx, first); err != nil {
		return err
	}
	return g.s.tx.Insert(`INSERT INTO loans (id, booking_id, line, unit_id, out_at, out_by, out_hub_id, due_at, condition_out, signature_id, doubtful) VALUES `, rows...)
}
