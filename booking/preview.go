package booking

import (
	"context"
	"time"

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
	broken, err := b.judgeRequest(r, who, &req, a)
	if err != nil {
		return Preview{}, err
	}
	_, more := judge(a, f)
	p := Preview{Violations: append(broken, more...), Currency: a.lines[0].terms.Currency}
	p.OK = len(p.Violations) == 0
	if p.OK {
		p.PriceCents = price(a)
		return p, nil
	}
	if !req.Brief && curable(p.Violations) {
		p.Alternatives, err = b.alternatives(ctx, a)
	}
	return p, err
}

// price is what an ask costs before tax, in cents, each line rounded half up.
func price(a ask) int64 {
	var cents int64
	minutes := int64(a.span.Duration() / time.Minute)
	for _, l := range a.lines {
		cents += (l.terms.Resource.PricePerHour*int64(l.quantity)*minutes + 30) / 60
	}
	return cents
}
