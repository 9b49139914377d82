package web

import (
	"strings"
	"time"

	"canot/internal/fault"
	"canot/inventory/hours"
)

// changesAhead is how many days ahead one looks for when a hub opens, and for closures.
const changesAhead = 60

// An opening is whether a hub is open, and until when or when again, in words.
type opening struct {
	Open          bool
	State, Detail string
}

// opening says whether a hub is open and until when, or when it opens next, on its own clock.
func (p *page) opening(rules hours.Rules, now time.Time, zone *time.Location) opening {
	closed := opening{State: p.l.Say("page.hubs.closed", nil)}
	spans := rules.Open(now, now.AddDate(0, 0, changesAhead), zone)
	if len(spans) == 0 {
		closed.Detail = p.l.Say("page.hubs.closed_long", fault.Params{"days": changesAhead})
		return closed
	}
	if spans[0].Start.After(now) {
		closed.Detail = p.opensAt(now, spans[0].Start.In(zone), zone)
		return closed
	}
	open := opening{Open: true, State: p.l.Say("page.hubs.open", nil)}
	if end := spans[0].End; end.Sub(now) <= 24*time.Hour {
		open.Detail = p.l.Say("page.hubs.open_until", fault.Params{"hour": p.clock(hours.MinuteOf(end, zone))})
	}
	return open
}

// opensAt says when a hub opens next.
func (p *page) opensAt(now, at time.Time, zone *time.Location) string {
	params := fault.Params{"hour": p.l.Time(at), "weekday": p.weekday(at), "date": p.l.Date(at)}
	switch days := daysBetween(hours.DateOf(now, zone), hours.DateOf(at, zone)); {
	case days == 0:
		return p.l.Say("page.hubs.opens_today", params)
	case days == 1:
		return p.l.Say("page.hubs.opens_tomorrow", params)
	case days < 7:
		return p.l.Say("page.hubs.opens_weekday", params)
	}
	return p.l.Say("page.hubs.opens_date", params)
}

func daysBetween(from, to hours.Date) int {
	days := 0
	for ; from.Before(to); days++ {
		from = from.AddDays(1)
	}
	return days
}

// weekday is the name of the day of an instant, in the zone that it carries.
func (p *page) weekday(t time.Time) string {
	name, _, _ := strings.Cut(p.l.Date(t), " ")
	return strings.TrimSuffix(name, ",")
}

// clock says a time of the day; the midnight that ends a day has a name.
func (p *page) clock(m hours.Minutes) string {
	if m%1440 == 0 {
		return p.l.Say("page.hubs.midnight", nil)
	}
	return p.l.Time(time.Date(2000, 1, 1, 0, int(m), 0, 0, time.UTC))
}

// dayHours says the hours of a day, «de 9 h à 12 h et de 13 h à 16 h 30».
func (p *page) dayHours(spans []hours.DaySpan) string {
	if len(spans) == 0 {
		return p.l.Say("page.hub.closed", nil)
	}
	var list []string
	for _, s := range spans {
		list = append(list, p.l.Say("page.hub.span", fault.Params{"from": p.clock(s.Opens), "to": p.clock(s.Closes)}))
	}
	return strings.Join(list, p.l.Say("page.hub.and", nil))
}

// sameClock reports whether the clocks of two zones show the same now.
func sameClock(a, b *time.Location, now time.Time) bool {
	_, here := now.In(a).Zone()
	_, there := now.In(b).Zone()
	return here == there
}

// usualZone is a zone whose time most hubs have now, nil for no hub.
func usualZone(zones []*time.Location, now time.Time) (usual *time.Location) {
	count, most := map[int]int{}, 0
	for _, z := range zones {
		_, offset := now.In(z).Zone()
		if count[offset]++; count[offset] > most {
			most, usual = count[offset], z
		}
	}
	return usual
}

// zoneWords names the time that a place has, and says what its clocks show.
func (p *page) zoneWords(t time.Time) string {
	name := t.Location().String()
	abbreviation, _ := t.Zone()
	summer := fault.Params{}
	if strings.HasSuffix(abbreviation, "DT") {
		summer["summer"] = 1
	}
	switch strings.TrimSuffix(strings.TrimSuffix(abbreviation, "ST"), "DT") {
	case "E":
		name = p.l.Say("page.zone.eastern", summer)
	case "C":
		name = p.l.Say("page.zone.central", summer)
	case "A":
		name = p.l.Say("page.zone.atlantic", summer)
	case "N":
		name = p.l.Say("page.zone.newfoundland", summer)
	case "M":
		name = p.l.Say("page.zone.mountain", summer)
	case "P":
		name = p.l.Say("page.zone.pacific", summer)
	}
	return p.l.Say("page.zone.now", fault.Params{"zone": name, "hour": p.l.Time(t)})
}
