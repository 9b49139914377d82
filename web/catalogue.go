package web

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"canot/booking"
	"canot/internal/fault"
	"canot/inventory"
	"canot/inventory/hours"
)

// mountCatalogue puts the pages of what can be booked.
func (s *Site) mountCatalogue(r gin.IRouter) {
	s.on(r, "GET", "/ressources", cataloguePage)
	s.on(r, "GET", "/ressources/:resource", resourcePage)
	s.on(r, "GET", "/conditions/:slug", conditionPage)
	s.mountCalendars(r)
}

const (
	foundPerPage = 20
	lookAhead    = 14 // days in which the next free times are looked for
	longestLoan  = 7  // days after a chosen one in which what is taken away comes back
	farthestDay  = 400
	mostAsked    = 200 // characters of a search
)

// kinds are those of the network, in the order in which people choose.
var kinds = []inventory.Kind{inventory.Space, inventory.Machine, inventory.Equipment, inventory.Guide}

// catalogueView is the catalogue, and what was found in it.
type catalogueView struct {
	frame
	Ask        findAsk
	Ignored    []string // what of the address could not be used, in words
	Hubs       []findRegion
	Kinds      []findChoice
	Categories []findChoice
	Today      string // the first day that may be chosen
	Last       string
	Total      int
	Groups     []findGroup
	Chips      []findLink // what narrows and is no field of the form, with the address without it
	Instead    []findLink // what to try when nothing was found
	Narrow     bool       // what is folded away narrows
	Whole      *findLink  // with what is not free on the day, or without
	Prev, Next string
	PageOf     fault.Params
}

// findRegion is a region with its hubs, to choose from.
type findRegion struct {
	Name string
	Hubs []findChoice
}

type (
	findChoice struct {
		Value, Words string
		Chosen       bool
	}
	findLink struct{ Path, Words string }
)

// findGroup is what was found at one distance: here, or elsewhere.
type findGroup struct {
	Heading string
	Items   []findItem
}

// findItem is a resource in a list.
type findItem struct {
	Path, Name, Kind, KindName, Category string
	Hub, Town, HubPath, Far              string
	Needs                                []string
	Price                                string
	Times                                []findTime
	Label                                string // of the times, for who does not see beside what they stand
	Calendar                             string
}

// findTime is a free time that leads to the check step.
type findTime struct{ Path, Day, Time string }

// findAsk is what is looked for. Empty is anything.
type findAsk struct {
	Q, Near, Region, Kind, Category, Tag string
	Day                                  string // on the clock of the hub that is near
	Whole                                bool   // what is not free on the day, too
	Page                                 int    // from 1
}

// address is the catalogue with what is looked for.
func (a findAsk) address() string {
	q := url.Values{}
	for name, value := range map[string]string{"q": a.Q, "lieu": a.Near, "territoire": a.Region, "genre": a.Kind, "categorie": a.Category, "etiquette": a.Tag, "jour": a.Day} {
		if value != "" {
			q.Set(name, value)
		}
	}
	if a.Whole && a.Day != "" {
		q.Set("tous", "1")
	}
	if a.Page > 1 {
		q.Set("page", strconv.Itoa(a.Page))
	}
	if len(q) == 0 {
		return "/ressources"
	}
	return "/ressources?" + q.Encode()
}

// but is the same with something else.
func (a findAsk) but(change func(*findAsk)) findAsk {
	a.Page = 1
	change(&a)
	return a
}

func cataloguePage(p *page) error {
	ctx := p.c.Request.Context()
	places, err := p.Catalog.Places(ctx)
	if err != nil {
		return err
	}
	categories, err := p.Catalog.Categories(ctx)
	if err != nil {
		return err
	}
	f := catalogueView{frame: p.frame(p.l.Say("page.catalogue.title", nil))}
	f.Wide, f.Summary = true, p.l.Say("page.catalogue.summary", nil)
	zone := zoneAmong(places, p.c.Query("lieu"))
	today := hours.DateOf(p.DB.Now(), zone)
	f.Today, f.Last = today.String(), today.AddDays(farthestDay).String()
	f.Ask, f.Ignored = p.findAsk(places, categories, today)
	f.choices(p, places, categories)
	f.Narrow = f.Ask.Kind+f.Ask.Category != ""
	query := f.Ask.query(p, zone)
	found, err := p.Book.Browse(ctx, p.v.Actor, query)
	if err != nil {
		return err
	}
	if pages := max(1, (found.Total+foundPerPage-1)/foundPerPage); f.Ask.Page > pages {
		return p.to(f.Ask.but(func(a *findAsk) { a.Page = pages }).address())
	}
	f.Total = found.Total
	f.show(p, found, query.StartsBy, places, categories)
	return p.show(http.StatusOK, "catalogue", f)
}

// zoneAmong is the zone of a hub, else the one in which most hubs lie.
func zoneAmong(places []inventory.Place, hub string) *time.Location {
	count, best := map[string]int{}, ""
	for _, h := range places {
		if hub != "" && (h.Slug == hub || h.ID == hub) {
			best = h.TimeZone
			break
		}
		count[h.TimeZone]++
		if n := count[h.TimeZone]; n > count[best] || n == count[best] && h.TimeZone < best {
			best = h.TimeZone
		}
	}
	if zone, err := hours.LoadZone(best); err == nil {
		return zone
	}
	return time.UTC
}

// findAsk reads what is looked for out of the address. What cannot be used is left out, and
// said: an address that somebody typed or kept still finds something.
func (p *page) findAsk(places []inventory.Place, categories []inventory.Category, today hours.Date) (findAsk, []string) {
	asked := func(name string) string { return strings.TrimSpace(p.c.Query(name)) }
	a := findAsk{Q: clipped(asked("q"), mostAsked), Tag: clipped(strings.ToLower(asked("etiquette")), mostAsked), Whole: asked("tous") != "", Page: pageNumber(asked("page"))}
	var ignored []string
	use := func(to *string, name string, known func(string) string) {
		if value := asked(name); value != "" {
			if *to = known(value); *to == "" {
				ignored = append(ignored, p.l.Say("page.catalogue.ignored_"+name, nil))
			}
		}
	}
	use(&a.Near, "lieu", func(key string) string {
		if at := slices.IndexFunc(places, func(h inventory.Place) bool { return h.Slug == key || h.ID == key }); at >= 0 {
			return places[at].Slug
		}
		return ""
	})
	use(&a.Region, "territoire", func(key string) string {
		if at := slices.IndexFunc(places, func(h inventory.Place) bool { return h.RegionSlug == key || h.RegionID == key }); at >= 0 {
			return places[at].RegionSlug
		}
		return ""
	})
	use(&a.Kind, "genre", func(key string) string {
		if slices.Contains(kinds, inventory.Kind(key)) {
			return key
		}
		return ""
	})
	use(&a.Category, "categorie", func(key string) string {
		if at := slices.IndexFunc(categories, func(c inventory.Category) bool { return c.Slug == key || c.ID == key }); at >= 0 {
			return categories[at].Slug
		}
		return ""
	})
	use(&a.Day, "jour", func(text string) string {
		day, err := hours.ParseDate(text)
		if err != nil || day.Before(today) || today.AddDays(farthestDay).Before(day) {
			return ""
		}
		return day.String()
	})
	return a, ignored
}

// pageNumber reads the number of a page; what is none is the first.
func pageNumber(text string) int {
	if n, err := strconv.Atoi(text); err == nil && n > 0 && n <= 100_000 {
		return n
	}
	return 1
}

// clipped is as much of a text as is looked at.
func clipped(text string, most int) string {
	text = strings.ToValidUTF8(text, "")
	if all := []rune(text); len(all) > most {
		return string(all[:most])
	}
	return text
}

// query is what the book is asked.
func (a findAsk) query(p *page, zone *time.Location) booking.BrowseQuery {
	q := booking.BrowseQuery{Near: a.Near, Language: p.l.Tag(), Offset: (a.Page - 1) * foundPerPage, Limit: foundPerPage, OnlyFree: a.Day != "" && !a.Whole}
	q.Region, q.Kind, q.Category, q.Tag, q.Q = a.Region, a.Kind, a.Category, a.Tag, a.Q
	q.From = p.DB.Now()
	q.To = q.From.AddDate(0, 0, lookAhead)
	if day, err := hours.ParseDate(a.Day); err == nil {
		// What leaves the hub comes back on another day: the window is longer than the day.
		q.From, q.StartsBy = hours.At(day, 0, zone), hours.At(day.AddDays(1), 0, zone)
		q.To = q.StartsBy.AddDate(0, 0, longestLoan)
	}
	return q
}

// choices fills the form.
func (f *catalogueView) choices(p *page, places []inventory.Place, categories []inventory.Category) {
	for _, h := range places {
		region := h.RegionName.In(p.l.Tag())
		if n := len(f.Hubs); n == 0 || f.Hubs[n-1].Name != region {
			f.Hubs = append(f.Hubs, findRegion{Name: region})
		}
		g := &f.Hubs[len(f.Hubs)-1]
		g.Hubs = append(g.Hubs, findChoice{h.Slug, placeName(p, h.Name.In(p.l.Tag()), h.Town), h.Slug == f.Ask.Near})
		if h.RegionSlug == f.Ask.Region && len(f.Chips) == 0 {
			f.Chips = append(f.Chips, findLink{f.Ask.but(func(a *findAsk) { a.Region = "" }).address(), region})
		}
	}
	if f.Ask.Tag != "" {
		f.Chips = append(f.Chips, findLink{f.Ask.but(func(a *findAsk) { a.Tag = "" }).address(), f.Ask.Tag})
	}
	for _, k := range kinds {
		f.Kinds = append(f.Kinds, findChoice{string(k), p.l.Say("page.kinds."+string(k), nil), string(k) == f.Ask.Kind})
	}
	for _, c := range categories {
		f.Categories = append(f.Categories, findChoice{c.Slug, c.Name.In(p.l.Tag()), c.Slug == f.Ask.Category})
	}
	slices.SortStableFunc(f.Categories, func(a, b findChoice) int { return cmp.Compare(inventory.Fold(a.Words), inventory.Fold(b.Words)) })
}

// placeName is a hub with its town, where the name does not say it already.
func placeName(p *page, name, town string) string {
	if town = townBeside(name, town); town == "" {
		return name
	}
	return p.l.Say("page.catalogue.hub_town", fault.Params{"hub": name, "town": town})
}

// townBeside is a hub's town, or "" where the hub's name says it.
func townBeside(name, town string) string {
	if strings.Contains(inventory.Fold(name), inventory.Fold(town)) {
		return ""
	}
	return town
}

// show puts what was found on the page.
func (f *catalogueView) show(p *page, found booking.Found, startsBy time.Time, places []inventory.Place, categories []inventory.Category) {
	names := map[string]string{}
	for _, c := range categories {
		names[c.Slug] = c.Name.In(p.l.Tag())
	}
	here, elsewhere := findGroup{}, findGroup{}
	if at := slices.IndexFunc(places, func(h inventory.Place) bool { return h.Slug == f.Ask.Near }); at >= 0 && f.Ask.Near != "" {
		here.Heading = p.l.Say("page.catalogue.here", fault.Params{"town": cmp.Or(places[at].Town, places[at].Name.In(p.l.Tag()))})
		elsewhere.Heading = p.l.Say("page.catalogue.elsewhere", nil)
	}
	for _, x := range found.Items {
		item := p.findItem(x, names[x.Terms.Resource.CategorySlug], f.Ask.Day, startsBy)
		if f.Ask.Near != "" && x.HubSlug == f.Ask.Near {
			here.Items = append(here.Items, item)
			continue
		}
		if f.Ask.Near != "" {
			item.Far = p.l.Distance(x.DistanceKm)
		}
		elsewhere.Items = append(elsewhere.Items, item)
	}
	for _, g := range []findGroup{here, elsewhere} {
		if len(g.Items) > 0 {
			f.Groups = append(f.Groups, g)
		}
	}
	pages := (found.Total + foundPerPage - 1) / foundPerPage
	f.PageOf = fault.Params{"page": f.Ask.Page, "pages": pages}
	if f.Ask.Page > 1 {
		f.Prev = f.turn(-1)
	}
	if f.Ask.Page < pages {
		f.Next = f.turn(1)
	}
	if f.Ask.Day != "" {
		key := map[bool]string{false: "page.catalogue.whole", true: "page.catalogue.only_free"}[f.Ask.Whole]
		f.Whole = &findLink{f.Ask.but(func(a *findAsk) { a.Whole = !a.Whole }).address(), p.l.Say(key, nil)}
	}
	if found.Total == 0 {
		f.suggest(p)
	}
}

// turn is the address of a page before or after this one.
func (f *catalogueView) turn(by int) string {
	a := f.Ask
	a.Page += by
	return a.address()
}

// suggest says what to try when nothing was found, what narrows most first.
func (f *catalogueView) suggest(p *page) {
	try := func(used bool, key string, change func(*findAsk)) {
		if used {
			f.Instead = append(f.Instead, findLink{f.Ask.but(change).address(), p.l.Say("page.catalogue.try_"+key, nil)})
		}
	}
	try(f.Ask.Day != "", "day", func(a *findAsk) { a.Day = "" })
	try(f.Ask.Category != "", "category", func(a *findAsk) { a.Category = "" })
	try(f.Ask.Kind != "", "kind", func(a *findAsk) { a.Kind = "" })
	try(f.Ask.Region != "", "region", func(a *findAsk) { a.Region = "" })
	try(f.Ask.Tag != "", "tag", func(a *findAsk) { a.Tag = "" })
	try(f.Ask.Q != "", "words", func(a *findAsk) { a.Q = "" })
	if len(f.Instead) != 1 {
		try(true, "all", func(a *findAsk) { *a = findAsk{} })
	}
}

// findItem is one resource as lists show it, with its times of a day, all before an
// instant, or its next ones where day is "".
func (p *page) findItem(x booking.Nearby, category, day string, startsBy time.Time) findItem {
	r, lang := x.Terms.Resource, p.l.Tag()
	i := findItem{
		Path: resourceAddress(r.Slug), Name: r.Name.In(lang), Kind: string(r.Kind), KindName: p.l.Say("page.kind."+string(r.Kind), nil), Category: category,
		Hub: x.Terms.HubName.In(lang), Town: x.Terms.Town, HubPath: hubAddress(x.HubSlug),
		Needs: p.needs(r), Price: p.hourly(r.PricePerHour, x.Terms.Currency), Calendar: resourceAddress(r.Slug) + "/calendrier",
	}
	i.Town = townBeside(i.Hub, i.Town)
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
		if t.Day = p.l.ShortDay(s.StartsAt.In(x.Terms.Zone)); day != "" {
			t.Day = ""
		}
		i.Times = append(i.Times, t)
	}
	if len(slots) > 0 {
		i.Label = p.l.Say("page.catalogue.free_for", fault.Params{"length_min": lengthIn(slots[0], x.Terms.Zone)})
	}
	return i
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
	return findTime{checkAddress(justOne(slug), s.StartsAt, s.EndsAt), p.l.ShortDate(starts), p.l.Time(starts)}
}

// justOne is a basket of one resource.
func justOne(slug string) []booking.Want { return []booking.Want{{Resource: slug, Quantity: 1}} }

// resourceAddress is the page of a resource.
func resourceAddress(slug string) string { return "/ressources/" + url.PathEscape(slug) }

// hourly is what an hour costs, in words.
func (p *page) hourly(cents int64, currency string) string {
	if cents == 0 {
		return p.l.Say("page.catalogue.free_of_charge", nil)
	}
	return p.l.Say("page.catalogue.hourly", fault.Params{"price": p.l.Money(cents, currency)})
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

// Count is how many were found, for its sentence.
func (f catalogueView) Count() fault.Params { return fault.Params{"count": f.Total} }
