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
	Calendar   string     // of the category that is looked for, "" without one
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
	Name, Hub                      phrase
	Path, Kind, KindName, Category string
	Town, HubPath, Far             string
	Needs                          []string
	Price                          string
	Times                          []findTime
	Label                          string // of the times, for who does not see beside what they stand
	Calendar                       string
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
	zone := zoneAmong(places, p.c.Query("lieu"), p.DB.Now())
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
	if f.Ask.Category != "" {
		f.Calendar = categoryAddress(f.Ask.Category)
	}
	if err := f.show(p, found, query.StartsBy, places, categories); err != nil {
		return err
	}
	return p.show(http.StatusOK, "catalogue", f)
}

// zoneAmong is the zone of a hub, else one whose time most hubs have now.
func zoneAmong(places []inventory.Place, hub string, now time.Time) *time.Location {
	var zones []*time.Location
	for _, h := range places {
		zone, err := hours.LoadZone(h.TimeZone)
		if err != nil {
			continue
		}
		if hub != "" && (h.Slug == hub || h.ID == hub) {
			return zone
		}
		zones = append(zones, zone)
	}
	if usual := usualZone(zones, now); usual != nil {
		return usual
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
		g.Hubs = append(g.Hubs, findChoice{h.Slug, inTown(h.Name.In(p.l.Tag()), h.Town), h.Slug == f.Ask.Near})
		if h.RegionSlug == f.Ask.Region && len(f.Chips) == 0 {
			f.Chips = append(f.Chips, findLink{f.Ask.but(func(a *findAsk) { a.Region = "" }).address(), region})
		}
	}
	if f.Ask.Tag != "" {
		f.Chips = append(f.Chips, findLink{f.Ask.but(func(a *findAsk) { a.Tag = "" }).address(), p.tag(f.Ask.Tag)})
	}
	for _, k := range kinds {
		f.Kinds = append(f.Kinds, findChoice{string(k), p.l.Say("page.kinds."+string(k), nil), string(k) == f.Ask.Kind})
	}
	for _, c := range categories {
		f.Categories = append(f.Categories, findChoice{c.Slug, c.Name.In(p.l.Tag()), c.Slug == f.Ask.Category})
	}
	slices.SortStableFunc(f.Categories, func(a, b findChoice) int { return cmp.Compare(inventory.Fold(a.Words), inventory.Fold(b.Words)) })
}

// townBeside is a hub's town, or "" where the hub's name says it.
func townBeside(name, town string) string {
	if strings.Contains(inventory.Fold(name), inventory.Fold(town)) {
		return ""
	}
	return town
}

// show puts what was found on the page.
func (f *catalogueView) show(p *page, found booking.Found, startsBy time.Time, places []inventory.Place, categories []inventory.Category) error {
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
		item, err := p.findItem(x, names[x.Terms.Resource.CategorySlug], f.Ask.Day, startsBy)
		if err != nil {
			return err
		}
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
	return nil
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

// Count is how many were found, for its sentence.
func (f catalogueView) Count() fault.Params { return fault.Params{"count": f.Total} }
