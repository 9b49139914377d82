package web

import (
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"canot/internal/fault"
	"canot/inventory"
	"canot/inventory/hours"
)

// A weekLine is the usual hours of one day of the week.
type weekLine struct {
	Day, Hours string
	Today      bool
}

// A datedLine is a closure, or a date whose hours differ.
type datedLine struct {
	When, Hours string // Hours is "" for a closure
	Reason      phrase
	sort        string
}

// An offerGroup is what a hub offers of one kind.
type offerGroup struct {
	Kind   string
	Count  string
	Path   string // all of it
	Offers []offerLine
}

type offerLine struct {
	Path string
	Name phrase
}

// hubForm is the page of a hub.
type hubForm struct {
	frame
	Hub                      inventory.Hub
	Name, Access, Accessible phrase
	Town                     string
	Opening                  opening
	Zone                     string
	Week                     []weekLine
	Dated                    []datedLine
	Languages                string
	Offers                   []offerGroup
	Call, Locate             template.URL // addresses of telephones and of maps, which templates know not to be harmful
	OnMap                    string
	Feed                     feedLink
	Calendar, Catalogue      string
	From                     string // the list of hubs by distance from here
}

// offersListed is how many resources of each kind the page of a hub names.
const offersListed = 3

func hubPage(p *page) error {
	ctx := p.c.Request.Context()
	key := p.c.Param("hub")
	h, err := p.Catalog.Hub(ctx, key)
	if err != nil {
		return err
	}
	if h.Slug != key { // one page has one address
		return p.to(hubAddress(h.Slug))
	}
	zone, err := hours.LoadZone(h.TimeZone)
	if err != nil {
		return err
	}
	now := p.DB.Now()
	today := hours.DateOf(now, zone)
	changes, err := p.Catalog.OpeningChanges(ctx, []string{h.ID}, today.AddDays(-1), today.AddDays(changesAhead))
	if err != nil {
		return err
	}
	offers, err := p.Catalog.Offers(ctx, h.ID, offersListed)
	if err != nil {
		return err
	}
	name := p.phrase(h.Name)
	f := hubForm{frame: p.frame(name.Text), Hub: h, Name: name, Access: p.phrase(h.Access), Accessible: p.phrase(h.Accessibility),
		Town: townOf(h.Town, h.Province), Opening: p.opening(changes.Rules(h.ID, h.Week), now, zone), Zone: p.zoneWords(now.In(zone)),
		Week: p.week(h.Week, today), Dated: p.dated(changes, today, zone), Languages: p.languages(h.Languages), Offers: p.offers(h, offers),
		Calendar: hubAddress(h.Slug) + "/calendrier", Catalogue: "/ressources?lieu=" + url.QueryEscape(h.Slug), From: hubsPath + "?de=" + url.QueryEscape(h.Slug)}
	f.Wide, f.Summary = true, p.l.Say("page.hub.summary", fault.Params{"hub": name.Text, "town": f.Town})
	f.reach(h)
	f.Feed = p.feedLink("/calendars/hubs/"+url.PathEscape(h.Slug)+".ics", nil)
	f.Feed.Open = true
	return p.show(http.StatusOK, "hub", f)
}

// reach makes the links to the telephone and to maps. They are made of figures alone, so that
// nothing that somebody wrote becomes an address.
func (f *hubForm) reach(h inventory.Hub) {
	f.Call = telephone(h.Phone)
	lat, lng := strconv.FormatFloat(h.Latitude, 'f', -1, 64), strconv.FormatFloat(h.Longitude, 'f', -1, 64)
	f.Locate = template.URL("geo:" + lat + "," + lng)
	f.OnMap = "https://www.openstreetmap.org/?mlat=" + lat + "&mlon=" + lng + "#map=15/" + lat + "/" + lng
}

// week is the usual hours from Monday to Sunday.
func (p *page) week(w hours.Week, today hours.Date) []weekLine {
	lines := make([]weekLine, len(w))
	for i, spans := range w {
		monday := time.Date(2024, 1, 1+i, 0, 0, 0, 0, time.UTC) // any week that begins on a Monday
		lines[i] = weekLine{Day: p.weekday(monday), Hours: p.dayHours(spans), Today: monday.Weekday() == today.Weekday()}
	}
	return lines
}

// dated is the closures and the dates that differ, from today on, in order.
func (p *page) dated(x inventory.OpeningChanges, today hours.Date, zone *time.Location) []datedLine {
	var lines []datedLine
	for _, s := range x.Closures {
		from, err := hours.Instant(s.StartsLocal, zone)
		if err != nil {
			continue
		}
		to, err := hours.Instant(s.EndsLocal, zone)
		if err != nil || hours.DateOf(to.Add(-time.Second), zone).Before(today) {
			continue
		}
		lines = append(lines, datedLine{When: p.closedFrom(from.In(zone), to.In(zone)), Reason: p.phrase(s.Reason), sort: s.StartsLocal})
	}
	for _, e := range x.Exceptions {
		if e.Date.Before(today) {
			continue
		}
		noon := hours.At(e.Date, 12*60, zone).In(zone)
		lines = append(lines, datedLine{When: p.l.Date(noon), Hours: p.dayHours(e.Spans), Reason: p.phrase(e.Reason), sort: e.Date.String()})
	}
	slices.SortStableFunc(lines, func(a, b datedLine) int { return strings.Compare(a.sort, b.sort) })
	return lines
}

// closedFrom says a closure: whole days by their dates, and others with their times.
func (p *page) closedFrom(from, to time.Time) string {
	midnight := func(t time.Time) bool { return t.Hour() == 0 && t.Minute() == 0 }
	if !midnight(from) || !midnight(to) {
		return p.l.Say("page.hub.stretch", fault.Params{"opens": from, "closes": to})
	}
	last := to.Add(-time.Minute)
	if p.l.Date(from) == p.l.Date(last) {
		return p.l.Date(from)
	}
	return p.l.Say("page.hub.days", fault.Params{"first": p.l.Date(from), "last": p.l.Date(last)})
}

// offers groups what a hub offers by kind, rooms first.
func (p *page) offers(h inventory.Hub, list []inventory.Offer) []offerGroup {
	var groups []offerGroup
	for _, kind := range []inventory.Kind{inventory.Space, inventory.Machine, inventory.Equipment, inventory.Guide} {
		g := offerGroup{Kind: string(kind), Path: "/ressources?" + url.Values{"lieu": {h.Slug}, "genre": {string(kind)}}.Encode()}
		count := 0
		for _, o := range list {
			if o.Kind == kind {
				count = o.OfKind
				g.Offers = append(g.Offers, offerLine{"/ressources/" + url.PathEscape(o.Slug), p.phrase(o.Name)})
			}
		}
		if g.Count = p.counted(kind, count); count > 0 {
			groups = append(groups, g)
		}
	}
	return groups
}

// counted says how many resources of a kind there are.
func (p *page) counted(kind inventory.Kind, n int) string {
	params := fault.Params{"count": n}
	switch kind {
	case inventory.Space:
		return p.l.Say("page.hub.spaces", params)
	case inventory.Machine:
		return p.l.Say("page.hub.machines", params)
	case inventory.Equipment:
		return p.l.Say("page.hub.equipment", params)
	}
	return p.l.Say("page.hub.guides", params)
}

// languages names the languages in which a hub receives people.
func (p *page) languages(tags []string) string {
	names := make([]string, len(tags))
	for i, tag := range tags {
		names[i] = tag
		switch tag {
		case "fr":
			names[i] = p.l.Say("page.language.french", nil)
		case "en":
			names[i] = p.l.Say("page.language.english", nil)
		case "alq":
			names[i] = p.l.Say("page.language.algonquin", nil)
		case "cr":
			names[i] = p.l.Say("page.language.cree", nil)
		case "oj":
			names[i] = p.l.Say("page.language.ojibwe", nil)
		case "atj":
			names[i] = p.l.Say("page.language.atikamekw", nil)
		case "iu":
			names[i] = p.l.Say("page.language.inuktitut", nil)
		}
	}
	return strings.Join(names, ", ")
}
