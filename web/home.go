package web

import (
	"net/http"
	"net/url"
	"slices"

	"github.com/gin-gonic/gin"

	"canot/booking"
	"canot/internal/fault"
	"canot/inventory"
	"canot/inventory/hours"
)

func (s *Site) mountHome(r gin.IRouter) {
	s.on(r, "GET", "/", homePage)
}

// homeForm is the page on which everything begins.
type homeForm struct {
	frame
	Groups     []hubGroup
	Where      hubChoice
	Map        *townMap
	Categories []categoryLink
	Next       []nextBooking
	TodayWords string // which day it is, in words
	FromDay    string // the same as forms write it
	Demo       *Demo
	Keeps      bool // who reads may keep a counter, or is nobody yet
}

type categoryLink struct {
	Path string
	Name phrase
}

// A nextBooking is one of one's own that is still to come.
type nextBooking struct {
	Path, When, Town string
	Status           string // in words, "" where there is nothing to say
	What             []phrase
}

// What the page shows at most.
const (
	nextShown       = 3
	categoriesShown = 8
)

func homePage(p *page) error {
	ctx := p.c.Request.Context()
	places, err := p.Catalog.Places(ctx)
	if err != nil {
		return err
	}
	categories, err := p.Catalog.LargestCategories(ctx, categoriesShown)
	if err != nil {
		return err
	}
	f := homeForm{frame: p.frame(p.l.Say("page.home.title", nil)), Demo: p.Demo}
	f.Keeps = !f.Known || slices.ContainsFunc(f.Nav, func(n navigation) bool { return n.Path == counterPath })
	f.Summary, f.Wide = p.l.Say("page.home.summary", nil), true
	lines := make([]hubLine, len(places))
	for i, h := range places {
		lines[i] = hubLine{Slug: h.Slug, Path: hubAddress(h.Slug), Name: p.phrase(h.Name), Town: h.Town}
	}
	f.Groups, f.Map = p.byRegion(places, lines), mapOf(p.l, places, "")
	f.Where = hubChoice{ID: "lieu", None: p.l.Say("page.home.anywhere", nil), Groups: f.Groups}
	for _, c := range categories {
		f.Categories = append(f.Categories, categoryLink{"/ressources?categorie=" + url.QueryEscape(c.Slug), p.phrase(c.Name)})
	}
	if err := f.begin(p, places); err != nil {
		return err
	}
	if f.Known {
		if f.Next, err = p.next(); err != nil {
			return err
		}
	}
	return p.show(http.StatusOK, "home", f)
}

// begin says which day it is where most of the hubs are.
func (f *homeForm) begin(p *page, places []inventory.Place) error {
	now := p.DB.Now()
	today := now
	if len(places) > 0 {
		zones, err := zonesOf(places)
		if err != nil {
			return err
		}
		today = now.In(usualZone(zones, now))
	}
	f.TodayWords, f.FromDay = p.l.Say("page.home.today", fault.Params{"date": p.l.Date(today)}), hours.DateOf(today, today.Location()).String()
	return nil
}

// next is one's own bookings that have not ended, the first ones.
func (p *page) next() ([]nextBooking, error) {
	now := p.DB.Now()
	list, _, err := p.Book.Bookings(p.c.Request.Context(), p.v.Actor, booking.Query{Mine: true, From: &now, Limit: 20})
	if err != nil {
		return nil, err
	}
	var next []nextBooking
	for _, b := range list {
		if !b.Status.Live() || len(next) == nextShown {
			continue
		}
		zone, err := hours.LoadZone(b.TimeZone)
		if err != nil {
			return nil, err
		}
		n := nextBooking{Path: bookingAddress(b.ID), Town: b.Town,
			When: p.l.Say("page.hub.stretch", fault.Params{"opens": b.StartsAt.In(zone), "closes": b.EndsAt.In(zone)})}
		if b.Status != booking.Confirmed {
			n.Status = p.l.Say("status."+string(b.Status), nil)
		}
		for _, l := range b.Lines {
			n.What = append(n.What, p.phrase(l.ResourceName))
		}
		next = append(next, n)
	}
	return next, nil
}
