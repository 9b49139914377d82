package booking

import (
	"context"
	"slices"

	"canot/booking/membership"
	"canot/internal/fault"
	"canot/internal/identity"
)

// Preview says what Place would answer, and writes nothing. Anybody may ask.
func (b *Book) Preview(ctx context.Context, who identity.Actor, req Request) (Preview, error) {
	return persist(func() (Preview, error) { return b.preview(ctx, who, req) })
}

func (b *Book) preview(ctx context.Context, who identity.Actor, req Request) (Preview, error) {
	r := b.db.Reader(ctx)
	a, f, err := b.asked(ctx, r, req)
	if err != nil {
		return Preview{}, err
	}
	broken, err := b.judgeRequest(r, who, &req, &a)
	if err != nil {
		return Preview{}, err
	}
	if err := b.conditionsExist(ctx, req.Accepts); err != nil {
		return Preview{}, err
	}
	if a, err = b.withStanding(ctx, r, a); err != nil {
		return Preview{}, err
	}
	persons := judgePerson(who, &a)
	v, more := judge(a, f)
	p := Preview{Violations: sayWhoWaives(slices.Concat(broken, persons, more)), Currency: a.lines[0].terms.Currency}
	for _, l := range a.lines {
		p.Terms = append(p.Terms, l.terms)
	}
	p.OK = len(p.Violations) == 0
	if p.OK {
		p.PriceCents = price(a, v)
		return p, nil
	}
	if len(broken)+len(persons) == 0 && !slices.ContainsFunc(more, func(v fault.Violation) bool { return v.Code != "terms_not_accepted" }) {
		a.waived = map[string]bool{"terms_not_accepted": true}
		v, _ = judge(a, f)
		p.PriceCents = price(a, v)
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

// conditionsExist refuses terms that nobody published, as writing their acceptance would.
func (b *Book) conditionsExist(ctx context.Context, accepts []membership.Acceptance) error {
	for _, x := range accepts {
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
	for i, l := range a.lines {
		tier := v.Lines[i]
		cents += (l.terms.Resource.PricePerHour*tier.Charged*int64(tier.PricePercent) + 3000) / 6000
	}
	return cents
}
