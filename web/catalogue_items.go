package web

import (
	"net/url"
	"slices"
	"time"

	"canot/booking"
	"canot/booking/membership"
	"canot/internal/fault"
	"canot/inventory"
	"canot/inventory/hours"
)

// findItem is one resource as lists show it, with its times of a day, all before an
// instant, or its next ones where day is "".
func (p *page) findItem(x booking.Nearby, category, day string, startsBy time.Time) (findItem, error) {
	r := x.Terms.Resource
	i := findItem{
		Path: resourceAddress(r.Slug), Name: p.phrase(r.Name), Kind: string(r.Kind), KindName: p.l.Say("page.kind."+string(r.Kind), nil), Category: category,
		Hub: p.phrase(x.Terms.HubName), HubPath: hubAddress(x.HubSlug),
		Needs: p.needs(r), Calendar: resourceAddress(r.Slug) + "/calendrier",
	}
	i.Town = townBeside(i.Hub.Text, x.Terms.Town)
	if i.Category == i.KindName {
		i.Category = ""
	}
	if day != "" {
		i.Calendar += "?vue=jour&jour=" + day
	}
	perDay := 2
	if day != "" {
		perDay = 3
	}
	slots := x.Next(3, perDay, startsBy)
	if day != "" { // where the clock is another, the day is not quite the same
		slots = slices.DeleteFunc(slots, func(s booking.Slot) bool { return hours.DateOf(s.StartsAt, x.Terms.Zone).String() != day })
	}
	for _, s := range slots {
		t := p.findTime(r.Slug, s, x.Terms.Zone)
		if t.Day = p.dayAhead(s.StartsAt.In(x.Terms.Zone)); day != "" {
			t.Day = ""
		}
		i.Times = append(i.Times, t)
	}
	offered := booking.Slot{}
	if len(slots) > 0 {
		offered = slots[0]
		i.Label = p.l.Say("page.catalogue.free_for", fault.Params{"length_min": lengthIn(offered, x.Terms.Zone)})
	}
	reach, err := p.reachOf(x.Terms, p.DB.Now())
	i.Price = p.priceWords(x.Terms, reach, offered)
	return i, err
}

// dayAhead says a day of the weeks that are at hand, with its month where that is not this one.
func (p *page) dayAhead(t time.Time) string {
	if t.Month() != p.DB.Now().In(t.Location()).Month() {
		return p.l.ShortDate(t)
	}
	return p.l.ShortDay(t)
}

// lengthIn is how long a slot is in minutes, whole days as the clock counts them.
func lengthIn(s booking.Slot, zone *time.Location) int {
	from, to := s.StartsAt.In(zone), s.EndsAt.In(zone)
	_, before := from.Zone()
	_, after := to.Zone()
	if wall := s.EndsAt.Sub(s.StartsAt) + time.Duration(after-before)*time.Second; wall >= 24*time.Hour {
		return int(wall / time.Minute)
	}
	return int(s.EndsAt.Sub(s.StartsAt) / time.Minute)
}

// findTime is a free time of one resource, in words.
func (p *page) findTime(slug string, s booking.Slot, zone *time.Location) findTime {
	starts := s.StartsAt.In(zone)
	return findTime{checkAddress(justOne(slug), s.StartsAt, s.EndsAt), p.l.ShortDate(starts), p.l.ShortTime(starts)}
}

// justOne is a basket of one resource.
func justOne(slug string) []booking.Want { return []booking.Want{{Resource: slug, Quantity: 1}} }

// resourceAddress is the page of a resource.
func resourceAddress(slug string) string { return "/ressources/" + url.PathEscape(slug) }

// categoryAddress is the calendar of a category.
func categoryAddress(slug string) string {
	return "/categories/" + url.PathEscape(slug) + "/calendrier"
}

// hourly is what an hour costs, in words.
func (p *page) hourly(cents int64, currency string) string {
	if cents == 0 {
		return p.l.Say("page.catalogue.free_of_charge", nil)
	}
	return p.l.Say("page.catalogue.hourly", fault.Params{"price": p.l.Money(cents, currency)})
}

// priceWords is what a slot of a resource costs who reads, before tax, or an hour of it where
// that is how long the slot is, or there is none.
func (p *page) priceWords(t *inventory.Terms, reach membership.Reach, s booking.Slot) string {
	minutes := int64(s.EndsAt.Sub(s.StartsAt) / time.Minute)
	if minutes == 0 {
		minutes = 60
	}
	words := func(percent int) string {
		cents := booking.Price(t.Resource.PricePerHour, minutes, int64(percent))
		if cents == 0 || minutes == 60 {
			return p.hourly(cents, t.Currency)
		}
		return p.l.Say("page.catalogue.for_length", fault.Params{"price": p.l.Money(cents, t.Currency), "length_min": lengthIn(s, t.Zone)})
	}
	regular := words(100)
	switch {
	case t.Resource.PricePerHour == 0 || !p.v.Actor.Known() || reach.Tier == "" || reach.PricePercent == 100:
		return regular
	case reach.PricePercent == 0:
		return p.l.Say("page.resource.price_included", fault.Params{"regular": regular})
	}
	return p.l.Say("page.resource.price_yours", fault.Params{"price": words(reach.PricePercent), "regular": regular})
}

// needs says in a few words what a resource asks of who books it.
func (p *page) needs(r inventory.Resource) []string {
	var list []string
	q := r.Policy.Requirements
	add := func(asked bool, key string, params fault.Params) {
		if asked {
			list = append(list, p.l.Say(key, params))
		}
	}
	add(len(q.Certifications) > 0, "page.needs.certification", nil)
	add(r.Policy.Approval, "page.needs.approval", nil)
	add(len(q.Tiers) > 0, "page.needs.tier", nil)
	add(q.MinimumAge > 0, "page.needs.age", fault.Params{"years": q.MinimumAge})
	return list
}
