package web

import (
	"time"

	"canot/internal/fault"
	"canot/internal/identity"
	"canot/inventory"
	"canot/inventory/hours"
)

// A desk is what the pages of a hub's staff have in common: whose counter it is, and the way to
// its other pages.
type desk struct {
	Hub  inventory.Hub
	Name string // of the hub, in the language of the page
	Path string // of its counter
	Zone *time.Location
	Tabs []navigation
}

// The parts of a desk, by the beginning of their addresses; each is followed by the hub's slug.
const (
	counterPath   = "/comptoir"
	inventoryPath = "/inventaire"
	upkeepPath    = "/entretien"
	transfersPath = "/transferts"
	printPath     = "/impressions"
)

// deskOf is the desk of the hub in the address, for who holds a right there. To anybody else there
// is no such page.
func (p *page) deskOf(right identity.Right) (desk, error) {
	if !p.v.Actor.Known() {
		return desk{}, fault.New(fault.Unauthenticated, "sign_in", nil)
	}
	hub, err := p.Catalog.Hub(p.c.Request.Context(), p.c.Param("hub"))
	if err != nil {
		return desk{}, err
	}
	if !p.v.Actor.May(right, hub.ID, hub.RegionID) {
		if p.v.Actor.May(identity.ViewBookings, hub.ID, hub.RegionID) {
			return desk{}, identity.Denied(p.v.Actor)
		}
		return desk{}, fault.New(fault.NotFound, "not_found", nil)
	}
	zone, err := hours.LoadZone(hub.TimeZone)
	if err != nil {
		return desk{}, err
	}
	return p.deskAt(hub, zone), nil
}

// deskAt is the desk of a hub where who asks was let in.
func (p *page) deskAt(hub inventory.Hub, zone *time.Location) desk {
	d := desk{Hub: hub, Name: hub.Name.In(p.l.Tag()), Path: counterPath + "/" + hub.Slug, Zone: zone}
	here := p.c.Request.URL.Path
	for _, t := range []struct{ path, words string }{
		{counterPath, "page.desk.counter"}, {inventoryPath, "page.desk.inventory"}, {upkeepPath, "page.desk.upkeep"},
		{transfersPath, "page.desk.transfers"}, {printPath, "page.desk.print"},
	} {
		path := t.path + "/" + hub.Slug
		at := addressOf(p.l, path)
		d.Tabs = append(d.Tabs, navigation{Path: path, Words: p.l.Say(t.words, nil), Here: here == at || len(here) > len(at) && here[:len(at)+1] == at+"/"})
	}
	return d
}
