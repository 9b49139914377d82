package booking

import (
	"context"
	"errors"
	"slices"

	"canot/booking/membership"
	"canot/internal/fault"
	"canot/internal/identity"
	"canot/inventory"
)

// Preview says what Place would answer, and writes nothing. Anybody may ask.
func (b *Book) Preview(ctx context.Context, who identity.Actor, req Request) (Preview, error) {
	return persist(func() (Preview, error) { return b.preview(ctx, who, req) })
}

func (b *Book) preview(ctx context.Context, who identity.Actor, req Request) (Preview, error) {
	r := b.db.Reader(ctx)
	a, f, err := b.asked(ctx, r, req)
	var refusal *Refusal
	if errors.As(err, &refusal) {
		return Preview{Violations: refusal.Fault.Violations, Terms: a.terms(), Currency: a.lines[0].terms.Currency}, nil
	}
	if err != nil {
		return Preview{}, err
	}
	broken, err := b.judgeRequest(r, who, &req, &a)
	if err != nil {
		return Preview{}, err
	}
	a.anywhere = !req.Brief // one reading for the ask and for what there is instead
	if a, err = b.withStanding(ctx, r, a); err != nil {
		return Preview{}, err
	}
	if err := b.conditionsExist(ctx, a.standing, req.Accepts); err != nil {
		return Preview{}, err
	}
	persons := judgePerson(who, &a)
	v, more := judge(a, f)
	p := Preview{Violations: sayWhoWaives(slices.Concat(broken, persons, more)), Currency: a.lines[0].terms.Currency, Terms: a.terms()}
	p.OK = len(p.Violations) == 0
	if p.OK {
		p.tellPrice(a, v)
		return p, nil
	}
	if len(broken)+len(persons) == 0 && !slices.ContainsFunc(more, func(v fault.Violation) bool { return v.Code != "terms_not_accepted" }) {
		a.waived = map[string]bool{"terms_not_accepted": true}
		v, _ = judge(a, f)
		p.tellPrice(a, v)
		return p, nil
	}
	if !req.Brief {
		p.Help = helpFor(a, p.Violations)
	}
	if !req.Brief && curable(p.Violations) {
		p.Alternatives, err = b.alternatives(ctx, a)
	}
	return p, err
}

// terms are those of each line.
func (a ask) terms() []*inventory.Terms {
	all := make([]*inventory.Terms, len(a.lines))
	for i, l := range a.lines {
		all[i] = l.terms
	}
	return all
}

// conditionsExist refuses terms that nobody published, as writing their acceptance would. The
// present ones were read with a standing.
func (b *Book) conditionsExist(ctx context.Context, s *membership.Standing, accepts []membership.Acceptance) error {
	for _, x := range accepts {
		if s.Presently(x) {
			continue
		}
		_, err := b.catalog.Condition(ctx, x.Condition, int64(x.Version))
		if fault.KindOf(err) == fault.NotFound {
			return &fault.Error{Kind: fault.Malformed, Code: "malformed", Violations: []fault.Violation{
				{Code: "unknown_condition", Params: fault.Params{"field": "accepts", "slug": clip(x.Condition)}}}}
		} else if err != nil {
			return err
		}
	}
	return nil
}

// price is what an ask costs before tax, in cents, each line rounded half up: the minutes
// that neither the holder's tier nor a pack includes, at the share of the price that the
// tier asks.
func price(a ask, v verdict) int64 {
	var cents int64
	for i := range a.lines {
		cents += priceOf(a, v, i)
	}
	return cents
}

func priceOf(a ask, v verdict, line int) int64 {
	tier := v.Lines[line]
	return Price(a.lines[line].terms.Resource.PricePerHour, tier.Charged, int64(tier.PricePercent))
}

// tellPrice says what an ask costs, and what it takes of the holder's hours.
func (p *Preview) tellPrice(a ask, v verdict) {
	p.PriceCents = price(a, v)
	for i := range a.lines {
		cents := priceOf(a, v, i)
		p.LineCents = append(p.LineCents, cents)
		p.Charged += v.Lines[i].Charged
		if cents > 0 {
			p.Paid += v.Lines[i].Charged
		}
	}
	if a.standing != nil {
		p.Takes = a.standing.Takings(v.Uses)
	}
}
