package web

import (
	"strings"

	"canot/booking"
	"canot/booking/membership"
	"canot/internal/fault"
)

// priceView is what a basket at a time costs, and what it takes of the hours one has.
type priceView struct {
	Free  bool   // it costs nothing and takes nothing
	Text  string // before tax
	Lines []string
	Takes string
	ToPay string // how long, where hours are taken too
	Tax   bool   // something is to be paid
}

// priceOf says what a Preview says of the price, thing by thing where there are several.
func (p *page) priceOf(look booking.Preview, form bookForm) *priceView {
	v := &priceView{Free: look.PriceCents == 0, Tax: look.PriceCents > 0, Text: p.l.Money(look.PriceCents, look.Currency)}
	if v.Tax {
		v.Text = p.l.Say("page.book.costs", fault.Params{"price": v.Text})
		for i, cents := range look.LineCents {
			if len(look.LineCents) > 1 {
				v.Lines = append(v.Lines, p.l.Say("page.book.line_price", fault.Params{
					"resource": look.Terms[i].Resource.Name.In(p.l.Tag()), "price": p.l.Money(cents, look.Currency)}))
			}
		}
	}
	if !p.v.Actor.Known() || len(look.Takes) == 0 {
		return v
	}
	v.Free = false
	v.Takes = p.takesWords(look.Takes, form.Organisation != "")
	if v.Tax {
		v.ToPay = p.l.Say("page.book.to_pay", fault.Params{"charged_min": look.Paid})
	}
	return v
}

// takesWords say what a booking would take of what one has, and what would be left.
func (p *page) takesWords(takes []membership.Taking, theirs bool) string {
	var parts []string
	for _, x := range takes {
		key, of := "page.book.take_included", "tier"
		if x.Packs > 0 {
			key, of = "page.book.take_prepaid", "pack"
		}
		if x.Packs > 1 {
			of = "packs"
		}
		if theirs {
			of = "their_" + of
		}
		params := fault.Params{"taken_min": x.Minutes, "of": p.l.Say("page.book.of_"+of, nil), "left_min": x.Left}
		if x.Period != "" {
			params["period"] = x.Period
		}
		parts = append(parts, p.l.Say(key, params))
	}
	last := len(parts) - 1
	what := parts[last]
	if last > 0 {
		what = p.l.Say("page.book.takes_both", fault.Params{"first": strings.Join(parts[:last], ", "), "then": what})
	}
	return p.l.Say("page.book.takes", fault.Params{"what": what})
}
