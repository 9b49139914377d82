package web

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/gin-gonic/gin"

	"canot/internal/fault"
	"canot/inventory"
	"canot/inventory/hours"
)

// hubsPath is the map and the list of all hubs.
const hubsPath = "/lieux"

func (s *Site) mountHubs(r gin.IRouter) {
	s.on(r, "GET", hubsPath, hubsPage)
	s.on(r, "GET", hubsPath+"/:hub", hubPage)
}

// hubAddress is the page of a hub, by its slug.
func hubAddress(slug string) string { return hubsPath + "/" + url.PathEscape(slug) }

// phrase is a text of the network, with its language where that is not the page's.
type phrase struct{ Text, Lang string }

// phrase returns a text in the language of the page, or in another that there is.
func (p *page) phrase(t inventory.Text) phrase {
	s := phrase{Text: t.In(p.l.Tag())}
	if s.Text == t[p.l.Tag()] {
		return s
	}
	for tag, text := range t {
		if text == s.Text && (s.Lang == "" || tag < s.Lang) {
			s.Lang = tag
		}
	}
	return s
}

// A hubGroup is the hubs of one region, or all, which has no name.
type hubGroup struct {
	Name phrase
	Hubs []hubLine
}

// A hubLine is one hub in the list.
type hubLine struct {
	Slug, Path, From string // From is this list by distance from here
	Name             phrase
	Town             string
	Chosen           bool
	Km               float64 // from the chosen one
	Distance         string  // the same in words, "" where none is chosen
	Opening          opening
	Zone             string // its time, where the clocks show another; "" otherwise
	Wheelchair       string
}

// hubsForm is the page of all hubs.
type hubsForm struct {
	frame
	Groups []hubGroup // in the list
	From   hubChoice
	Sorted string // above the list when it is by distance
	Map    *townMap
}

// A hubChoice is a field in which one hub is chosen, by its slug, or none.
type hubChoice struct {
	ID, None string // the field, and the words for no hub
	Chosen   string
	Groups   []hubGroup
}

func hubsPage(p *page) error {
	ctx := p.c.Request.Context()
	places, err := p.Catalog.Places(ctx)
	if err != nil {
		return err
	}
	lines, err := p.hubLines(places, p.c.Query("de"))
	if err != nil {
		return err
	}
	f := hubsForm{frame: p.frame(p.l.Say("page.hubs.title", nil)), Groups: p.byRegion(places, lines)}
	f.From = hubChoice{ID: "de", None: p.l.Say("page.hubs.from_none", nil), Groups: f.Groups}
	f.Wide, f.Summary = true, p.l.Say("page.hubs.summary", nil)
	if i := slices.IndexFunc(lines, func(h hubLine) bool { return h.Chosen }); i >= 0 {
		f.From.Chosen = lines[i].Slug
		f.Sorted = p.l.Say("page.hubs.sorted", fault.Params{"town": cmp.Or(places[i].Town, lines[i].Name.Text)})
		near := slices.Clone(lines)
		slices.SortStableFunc(near, func(a, b hubLine) int { return cmp.Compare(a.Km, b.Km) })
		f.Groups = []hubGroup{{Hubs: near}}
	}
	f.Map = mapOf(p.l, places, f.From.Chosen)
	return p.show(http.StatusOK, "hubs", f)
}

// byRegion groups lines, which are in the order of places, by the regions of these.
func (p *page) byRegion(places []inventory.Place, lines []hubLine) []hubGroup {
	var groups []hubGroup
	region := ""
	for i, h := range places {
		if len(groups) == 0 || h.RegionID != region {
			region = h.RegionID
			groups = append(groups, hubGroup{Name: p.phrase(h.RegionName)})
		}
		last := &groups[len(groups)-1]
		last.Hubs = append(last.Hubs, lines[i])
	}
	return groups
}

// hubLines says of every place what the list says, in the same order. From is the slug of the
// one to measure from; of one that is not there nothing is measured.
func (p *page) hubLines(places []inventory.Place, from string) ([]hubLine, error) {
	now := p.DB.Now()
	rules, err := p.openingOf(places, now)
	if err != nil {
		return nil, err
	}
	zones, err := zonesOf(places)
	if err != nil {
		return nil, err
	}
	usual := usualZone(zones, now)
	var chosen *inventory.Place
	if i := slices.IndexFunc(places, func(h inventory.Place) bool { return h.Slug == from }); i >= 0 {
		chosen, usual = &places[i], zones[i]
	}
	lines := make([]hubLine, len(places))
	for i, h := range places {
		l := hubLine{Slug: h.Slug, Path: hubAddress(h.Slug), From: hubsPath + "?de=" + url.QueryEscape(h.Slug), Name: p.phrase(h.Name),
			Town: townOf(h.Town, h.Province), Opening: p.opening(rules[i], now, zones[i]), Wheelchair: h.Wheelchair}
		if chosen != nil {
			l.Km = inventory.Distance(chosen.Latitude, chosen.Longitude, h.Latitude, h.Longitude)
			l.Distance = p.l.Distance(l.Km)
			if l.Chosen = h.Slug == from; l.Chosen {
				l.Distance = p.l.Say("page.hubs.here", nil)
			}
		}
		if !sameClock(zones[i], usual, now) {
			l.Zone = p.zoneWords(now.In(zones[i]))
		}
		lines[i] = l
	}
	return lines, nil
}

// zonesOf are the zones of places, in the same order.
func zonesOf(places []inventory.Place) (zones []*time.Location, err error) {
	zones = make([]*time.Location, len(places))
	for i, h := range places {
		if zones[i], err = hours.LoadZone(h.TimeZone); err != nil {
			return nil, err
		}
	}
	return zones, nil
}

// townOf is a town with its province, «Hearst (ON)».
func townOf(town, province string) string {
	if town == "" || province == "" {
		return town + province
	}
	return town + " (" + province + ")"
}

// openingOf returns when the places are open, from yesterday on, in three statements.
func (p *page) openingOf(places []inventory.Place, now time.Time) ([]hours.Rules, error) {
	ids := make([]string, len(places))
	for i, h := range places {
		ids[i] = h.ID
	}
	weeks, err := p.Catalog.Weeks(p.c.Request.Context(), ids)
	if err != nil {
		return nil, err
	}
	today := hours.DateOf(now, time.UTC)
	changes, err := p.Catalog.OpeningChanges(p.c.Request.Context(), ids, today.AddDays(-2), today.AddDays(changesAhead+2))
	if err != nil {
		return nil, err
	}
	rules := make([]hours.Rules, len(places))
	for i, id := range ids {
		rules[i] = changes.Rules(id, weeks[id])
	}
	return rules, nil
}
