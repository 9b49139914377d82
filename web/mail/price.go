package mail

import (
	"canot/booking"
	"canot/booking/membership"
	"canot/internal/fault"
	"canot/web/locale"
)

// PriceWords say what a booking costs before tax, and what it took of its holder's hours. They
// are "" where nobody was told a price.
func PriceWords(l locale.Language, b booking.Booking, currency string, uses []membership.Use) string {
	if b.PriceCents == nil {
		return ""
	}
	included, packs := membership.Totals(uses)
	price := l.Money(*b.PriceCents, currency)
	if *b.PriceCents > 0 {
		price = l.Say("mail.price.costs", fault.Params{"price": price})
	}
	params := fault.Params{"price": price, "included_min": included, "packs_min": packs}
	switch {
	case included > 0 && packs > 0:
		return l.Say("mail.price.both", params)
	case included > 0:
		return l.Say("mail.price.included", params)
	case packs > 0:
		return l.Say("mail.price.packs", params)
	case *b.PriceCents == 0:
		return l.Say("mail.price.free", nil)
	}
	return price
}

// price is what the booking costs, for the letters that say all of it.
func (w *writing) price() (string, error) {
	if w.b.PriceCents == nil {
		return "", nil
	}
	uses, err := membership.UsedBy(w.p.DB.Reader(w.ctx), w.b.ID)
	return PriceWords(w.l.language, w.b, w.hub.Currency, uses), err
}
