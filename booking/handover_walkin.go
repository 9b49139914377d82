package booking

import (
	"context"
	"slices"
	"time"

	"canot/internal/database"
	"canot/internal/fault"
	"canot/internal/identity"
	"canot/inventory"
	"canot/inventory/hours"
)

// WalkIn books what a person at a counter takes, from now until it is due, and hands it out, in one
// commit, with the account of who has none (a name is enough). It asks for the rights to hand out
// and to book for others at the hub, and nobody does it for themself. The rules are those of any booking, but that it
// need be neither on the grain nor asked for ahead; what asks for approval asks for the right to give
// it. Who a unit is promised to keeps it, unless w says why not (Override); the same reason lifts whatever
// else may be lifted, by who has the right to.
func (b *Book) WalkIn(ctx context.Context, who identity.Actor, w WalkIn, key database.Key) (Booking, error) {
	if err := need(who); err != nil {
		return Booking{}, err
	}
	sign, err := b.signed(w.Signature)
	if err != nil {
		return Booking{}, err
	}
	if broken := append(judgeOverride(&w.Override), judgeTexts(&w.Title, nil, nil, nil)...); len(broken) > 0 {
		return Booking{}, &Refusal{Fault: refusalOf(broken)}
	}
	return b.once(ctx, key, func() (Booking, error) {
		hub, err := b.counterFor(ctx, who, w)
		if err != nil {
			return Booking{}, err
		}
		if err := b.distinct(ctx, who, hub, w); err != nil {
			return Booking{}, err
		}
		g := &handing{b: b, ctx: ctx, who: who, sign: sign, hub: hub.ID,
			h: HandOut{Override: w.Override, OnPaper: w.OnPaper}}
		var booked Booking
		err = b.db.In(ctx, func(tx *database.Tx) error {
			booked, err = g.walkIn(tx, hub, w)
			if err != nil {
				return err
			}
			return tx.Keep(key, answer{Booking: &booked})
		})
		return booked, b.endLapsed(ctx, err)
	})
}

// counterFor is the hub of a walk-in, for who may hand out and book for others there.
func (b *Book) counterFor(ctx context.Context, who identity.Actor, w WalkIn) (inventory.Hub, error) {
	hub, err := b.catalog.Hub(ctx, w.Hub)
	switch {
	case err != nil:
		return hub, err
	case !who.May(identity.HandOut, hub.ID, hub.RegionID) || !who.May(identity.BookForOthers, hub.ID, hub.RegionID):
		return hub, identity.Denied(who)
	case w.Member == who.ID:
		return hub, &Refusal{Fault: refusalOf([]fault.Violation{{Code: "own_request", Params: fault.Params{}}})}
	case w.Member == "" && w.New == nil:
		return hub, fault.Field("member", "required")
	case len(w.Units) == 0:
		return hub, fault.Field("units", "required")
	}
	return hub, nil
}

// distinct refuses a new account for somebody who is called as another is here, where that was asked. It
// is asked behind the answer that was kept, for who sends the same form again has made the first of that
// name; and before the transaction, for all names of a hub are read, and nobody should wait meanwhile: two
// who open the same account at the same moment are not told of each other.
func (b *Book) distinct(ctx context.Context, who identity.Actor, hub inventory.Hub, w WalkIn) error {
	if w.Member != "" || !w.Distinct || !who.May(identity.ViewPersons, hub.ID, hub.RegionID) {
		return nil
	}
	alike, err := b.people.Namesakes(ctx, who, hub.ID, w.New.Name)
	if err == nil && len(alike) > 0 {
		err = fault.New(fault.Taken, "namesake", nil)
	}
	return err
}

// A taking is what a walk-in takes: units that are on the counter, and resources of which any unit will do.
type taking struct {
	units []inventory.Unit
	wants []Want
}

// takingOf finds what a walk-in takes.
func (b *Book) takingOf(r database.Reader, keys []string) (taking, error) {
	var t taking
	add := func(resource string) {
		if at := slices.IndexFunc(t.wants, func(w Want) bool { return w.Resource == resource }); at >= 0 {
			t.wants[at].Quantity++
		} else {
			t.wants = append(t.wants, Want{resource, 1})
		}
	}
	for _, key := range keys {
		u, err := unitBy(r, key)
		if err == nil {
			if !slices.ContainsFunc(t.units, func(x inventory.Unit) bool { return x.ID == u.ID }) {
				t.units = append(t.units, u)
				add(u.ResourceID)
			}
			continue
		}
		if !fault.Is(err, "unit_not_found") {
			return t, err
		}
		ids, other := b.resolve(r, []string{key})
		if fault.Is(other, "resource_not_found") {
			return t, err // it was to be a unit's code
		} else if other != nil {
			return t, other
		}
		add(ids[0])
	}
	if len(t.wants) > maxLines {
		return t, fault.Field("lines", "bad_lines")
	}
	return t, nil
}

func (w taking) resourceIDs() []string {
	ids := make([]string, len(w.wants))
	for i, x := range w.wants {
		ids[i] = x.Resource
	}
	slices.Sort(ids)
	return ids
}

// walkIn is WalkIn inside its transaction: locks, person, room for what is on the counter, judgement, writes.
func (g *handing) walkIn(tx *database.Tx, hub inventory.Hub, w WalkIn) (Booking, error) {
	*g = handing{b: g.b, ctx: g.ctx, who: g.who, sign: g.sign, hub: g.hub, h: g.h, at: tx.Now}
	take, err := g.b.takingOf(tx, w.Units)
	if err != nil {
		return Booking{}, err
	}
	if _, err := lockResources(tx, take.resourceIDs()); err != nil {
		return Booking{}, err
	}
	req := Request{Lines: take.wants, StartsAt: tx.Now.Truncate(time.Minute), EndsAt: second(w.Until), Title: w.Title,
		Visibility: "private", MemberID: w.Member, Attendance: 1, Accepts: w.Accepts, Waive: w.Waive}
	if req.MemberID == "" {
		if req.MemberID, err = g.openAccount(tx, hub, w); err != nil {
			return Booking{}, err
		}
	}
	a, f, err := g.b.asked(g.ctx, tx, req)
	if err != nil {
		return Booking{}, err
	}
	if lapsed := f.lapsed(tx.Now); len(lapsed) > 0 {
		return Booking{}, errLapsed{lapsed[0]}
	}
	g.terms, g.zone = f.terms, a.lines[0].terms.Zone
	a.now, a.here, a.fixed = tx.Now, true, map[string]bool{}
	g.s = &step{tx: tx, was: Booking{HubID: hub.ID, regionID: hub.RegionID, EndsAt: req.EndsAt}}
	if err := g.takeUp(take, a, hub); err != nil {
		return Booking{}, err
	}
	if f, err = g.b.factsOf(g.ctx, tx, take.resourceIDs(), a.span); err != nil {
		return Booking{}, err
	}
	return g.bookNow(req, a, f)
}

// openAccount opens the account of somebody who has none, at the hub where they stand unless said otherwise.
func (g *handing) openAccount(tx *database.Tx, hub inventory.Hub, w WalkIn) (string, error) {
	n := *w.New
	if n.HomeHubID == "" {
		n.HomeHubID = hub.ID
	}
	p, err := g.b.people.OpenFor(tx, g.who, n)
	return p.ID, err
}

// takeUp makes room for each unit that is on the counter.
func (g *handing) takeUp(take taking, a ask, hub inventory.Hub) error {
	for _, l := range a.lines {
		if l.terms.Resource.HubID != hub.ID {
			g.no("wrong_unit", fault.Params{"unit": l.terms.Resource.Name.In("fr")})
		}
	}
	for _, u := range take.units {
		broken, err := unfit(g.s.tx, u, "", g.hub, g.at)
		if err != nil {
			return err
		}
		if broken != nil {
			g.broken = append(g.broken, *broken)
			continue
		}
		after := time.Duration(g.terms[u.ResourceID].Resource.Policy.BufferAfter) * time.Minute
		if _, err := g.makeRoom(u, hours.Span{Start: g.at, End: a.span.End.Add(after)}, nil); err != nil {
			return err
		}
		a.fixed[u.ID] = true
	}
	if len(g.broken) > 0 {
		return &Refusal{Fault: refusalOf(g.broken)}
	}
	return nil
}

// atCounter are the rules that who stands at a counter need not keep: they came when they came.
var atCounter = map[string]bool{"off_grain": true, "too_soon": true, "in_past": true}

// judged applies every rule to a walk-in, and takes the lock of its holder.
func (g *handing) judged(req *Request, a *ask, f *facts) (verdict, []fault.Violation, error) {
	broken, err := g.b.judgeRequest(g.s.tx, g.who, req, a)
	if err != nil {
		return verdict{}, nil, err
	}
	if *a, err = g.b.withStanding(g.ctx, g.s.tx, *a); err != nil {
		return verdict{}, nil, err
	}
	if _, err := g.b.lockHolder(g.ctx, g.s.tx, a); err != nil {
		return verdict{}, nil, err
	}
	for code := range atCounter {
		a.waived[code] = true
	}
	persons := judgePerson(g.who, a)
	v, more := judge(*a, f)
	return v, slices.Concat(broken, persons, more), nil
}

// liftAll lifts every rule that is broken and may be lifted, for the reason that was given for the walk-in,
// where who asks has the right to. It reports whether there is one.
func (g *handing) liftAll(req *Request, a ask, broken []fault.Violation) bool {
	t := a.lines[0].terms
	if g.h.Override == "" || !g.who.May(identity.Waive, t.Resource.HubID, t.RegionID) {
		return false
	}
	n := len(req.Waive)
	req.Waive = slices.Clone(req.Waive)
	for _, v := range broken {
		if waivable[v.Code] && !slices.ContainsFunc(req.Waive, func(w Waiver) bool { return w.Rule == v.Code }) {
			req.Waive = append(req.Waive, Waiver{Rule: v.Code, Reason: g.h.Override})
		}
	}
	return len(req.Waive) > n
}

// bookNow judges the booking of a walk-in, and writes it as one that has begun.
func (g *handing) bookNow(req Request, a ask, f *facts) (Booking, error) {
	tx := g.s.tx
	v, broken, err := g.judged(&req, &a, f)
	if err == nil && g.liftAll(&req, a, broken) {
		v, broken, err = g.judged(&req, &a, f)
	}
	if err != nil {
		return Booking{}, err
	}
	if len(broken) > 0 {
		return Booking{}, &Refusal{Fault: refusalOf(broken), Help: helpFor(a, broken)}
	}
	t := a.lines[0].terms
	if approval, _ := asksApproval(a, v); approval && !g.who.May(identity.Approve, t.Resource.HubID, t.RegionID) {
		return Booking{}, &Refusal{Fault: refusalOf([]fault.Violation{{Code: "approval_needed", Params: fault.Params{}}})}
	}
	booked := newBooking(g.who, req, a, v)
	booked.Status, booked.Competes, booked.LapsesAt = InUse, false, nil
	booked.shown = booked.announced()
	booked.given(v.units)
	if slices.ContainsFunc(booked.Lines, func(l Line) bool { return l.Kind != inventory.Equipment }) {
		booked.ArrivedAt = &a.now
	}
	cents := price(a, v)
	booked.PriceCents = &cents
	g.s.was, g.s.is = booked, booked
	for _, c := range v.units {
		if booked.Lines[c.line].Kind == inventory.Equipment {
			g.given = append(g.given, giving{unit: c.unit, line: c.line, due: booked.EndsAt})
		}
	}
	if g.unsigned() {
		return Booking{}, &Refusal{Fault: refusalOf([]fault.Violation{{Code: "signature_needed", Params: fault.Params{"field": "signature"}}})}
	}
	if err := insertNew(tx, booked, v.units); err != nil {
		return Booking{}, err
	}
	if err := spend(tx, g.who, booked, a, v); err != nil {
		return Booking{}, err
	}
	return booked, g.write()
}
