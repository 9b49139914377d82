package web

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"canot/booking"
	"canot/internal/fault"
	"canot/internal/identity"
)

// mountInventory puts the pages on which a hub's staff keep what there is: units, consumables,
// stock-taking, files in and out.
func (s *Site) mountInventory(r gin.IRouter) {
	unit := inventoryPath + "/:hub/exemplaires/:unit"
	s.on(r, "GET", inventoryPath+"/:hub", unitsPage)
	s.on(r, "GET", inventoryPath+"/:hub/exemplaires/nouveau", unitForm)
	s.on(r, "POST", inventoryPath+"/:hub/exemplaires/nouveau", addUnit)
	s.on(r, "GET", unit, unitPage)
	s.on(r, "GET", unit+"/modifier", unitForm)
	s.on(r, "POST", unit+"/modifier", editUnit)
	s.on(r, "GET", unit+"/composantes", partsForm)
	s.on(r, "POST", unit+"/composantes", editParts)
	for _, way := range []string{"perdu", "retirer"} {
		s.on(r, "GET", unit+"/"+way, outForGood)
		s.on(r, "POST", unit+"/"+way, sendAway)
	}
	s.on(r, "POST", unit+"/retrouve", foundAgain)
	s.on(r, "POST", unit+"/compte", countParts)
	s.on(r, "POST", unit+"/compteur", setMeter)
	s.on(r, "POST", unit+"/fichiers", addFiles)
	s.on(r, "POST", unit+"/fichiers/retirer", removeFile)
	for _, formsOnly := range []string{"/retrouve", "/compte", "/compteur", "/fichiers", "/fichiers/retirer"} {
		s.on(r, "GET", unit+formsOnly, func(p *page) error { return p.to(p.unitPath()) })
	}
	s.on(r, "GET", "/photos/:id", showPicture)
	s.on(r, "GET", "/documents/:id", showDocument)
	s.mountStock(r)
	s.mountStocktakes(r)
	s.mountTables(r)
}

// unitsPerPage keeps the list within what a page may weigh.
const unitsPerPage = 40

// unitStates are what a unit can be, as one chooses among them.
var unitStates = []string{booking.UnitInService, "out", booking.UnitOutOfService, booking.UnitInTransit, booking.UnitLost, booking.UnitRetired}

// unitsView is the list of a hub's units.
type unitsView struct {
	frame
	Path                            string
	Q, Shelf, State, Resource, Name string // what the list is narrowed to; Name is the resource's
	Shelves, States                 []findChoice
	Units                           []unitLine
	Total                           int
	Widen                           string // the address without the resource
	Prev, Next                      string
	PageOf                          fault.Params
	Manage                          bool
	Table, Loans                    string // the addresses of the files, "" for who may not take them out
	Around                          []navigation
}

// A unitLine is a unit in the list.
type unitLine struct {
	Path, Code, Name, Same, Shelf, Where string
	State                                string
	Tag                                  string
}

// Count is how many were found, for its sentence.
func (f unitsView) Count() fault.Params { return fault.Params{"count": f.Total} }

// unitsPage lists the units of a hub.
func unitsPage(p *page) error {
	d, c, err := p.counterDesk()
	if err != nil {
		return err
	}
	f := unitsView{frame: p.frame(p.l.Say("page.inventory.title", nil)), Path: p.inventory(d)}
	f.Wide, f.Desk, f.Around = true, &d, p.inventoryAround(d, "")
	asked := func(name string) string { return clipped(strings.TrimSpace(p.c.Query(name)), mostAsked) }
	f.Q, f.Shelf, f.State, f.Resource = asked("q"), asked("tablette"), asked("statut"), asked("ressource")
	number := pageNumber(asked("page"))
	ctx := p.c.Request.Context()
	units, err := p.Book.UnitsAt(ctx, c, booking.UnitQuery{Q: f.Q, Shelf: f.Shelf, State: f.State, Resource: f.Resource, Limit: unitsPerPage, Offset: (number - 1) * unitsPerPage})
	if err != nil {
		return err
	}
	if len(units) == 0 && number > 1 {
		return p.to(f.address("page", ""))
	}
	shelves, err := p.Stock.Shelves(ctx, d.Hub.ID)
	if err != nil {
		return err
	}
	for _, s := range shelves {
		f.Shelves = append(f.Shelves, findChoice{s, s, s == f.Shelf})
	}
	for _, s := range unitStates {
		f.States = append(f.States, findChoice{s, p.l.Say("page.inventory.state."+s, nil), s == f.State})
	}
	for _, u := range units {
		f.Total = u.Total
		f.Units = append(f.Units, p.unitLine(d, f, u))
		if f.Resource != "" {
			f.Name = u.Name.In(p.l.Tag())
		}
	}
	f.Widen = f.address("ressource", "")
	pages := (f.Total + unitsPerPage - 1) / unitsPerPage
	f.PageOf = fault.Params{"page": number, "pages": pages}
	if number > 1 {
		f.Prev = f.address("page", strconv.Itoa(number-1))
	}
	if number < pages {
		f.Next = f.address("page", strconv.Itoa(number+1))
	}
	f.Manage = p.v.Actor.May(identity.ManageInventory, d.Hub.ID, d.Hub.RegionID)
	f.Table = p.tablePath(d, "units")
	if f.State == "out" {
		f.Loans = p.tablePath(d, booking.LoanTable)
	}
	return p.show(http.StatusOK, "inventory_units", f)
}

// address is the list with one thing that narrows it changed.
func (f unitsView) address(name, value string) string {
	q := url.Values{}
	for n, v := range map[string]string{"q": f.Q, "tablette": f.Shelf, "statut": f.State, "ressource": f.Resource, name: value} {
		if v != "" {
			q.Set(n, v)
		}
	}
	if len(q) == 0 {
		return f.Path
	}
	return f.Path + "?" + q.Encode()
}

func (p *page) unitLine(d desk, f unitsView, u booking.ListedUnit) unitLine {
	l := unitLine{Path: p.inventory(d) + "/exemplaires/" + u.ID, Code: u.Code, Name: u.Name.In(p.l.Tag()), Shelf: u.Shelf,
		State: p.l.Say("page.inventory.state."+u.State, nil), Tag: stateTag(u.State)}
	if f.Resource == "" {
		l.Same = f.address("ressource", u.ResourceSlug)
	}
	switch {
	case u.DueAt != nil:
		l.Where = p.l.Say("page.inventory.out_until", fault.Params{"date": p.l.ShortDate(u.DueAt.In(d.Zone)), "hour": p.l.Time(u.DueAt.In(d.Zone))})
	case u.CurrentHubID != d.Hub.ID:
		l.Where = u.HubName.In(p.l.Tag())
	case u.HomeHubID != d.Hub.ID:
		l.Where = p.l.Say("page.inventory.guest", nil)
	}
	return l
}

// stateTag is how a state looks.
func stateTag(state string) string {
	switch state {
	case booking.UnitInService:
		return "free"
	case booking.UnitLost, booking.UnitOutOfService:
		return "no"
	}
	return ""
}

// inventory is the address of a hub's inventory.
func (p *page) inventory(d desk) string { return inventoryPath + "/" + d.Hub.Slug }

// unitPath is the address of the unit in this one.
func (p *page) unitPath() string {
	return inventoryPath + "/" + url.PathEscape(p.c.Param("hub")) + "/exemplaires/" + url.PathEscape(p.c.Param("unit"))
}

// inventoryAround are the ways between the pages of an inventory.
func (p *page) inventoryAround(d desk, here string) []navigation {
	var all []navigation
	add := func(path, words string) {
		all = append(all, navigation{Path: p.inventory(d) + path, Words: p.l.Say(words, nil), Here: path == here})
	}
	add("", "page.inventory.units")
	add("/consommables", "page.stock.title")
	add("/recensements", "page.take.title")
	if p.v.Actor.May(identity.ManageInventory, d.Hub.ID, d.Hub.RegionID) || p.v.Actor.May(identity.Export, d.Hub.ID, d.Hub.RegionID) {
		add("/importer", "page.tables.title")
	}
	return all
}

// manages lets in who may manage the inventory of the hub in the address.
func (p *page) manages() (desk, booking.Counter, error) {
	d, c, err := p.counterDesk()
	if err == nil && !p.v.Actor.May(identity.ManageInventory, d.Hub.ID, d.Hub.RegionID) {
		err = identity.Denied(p.v.Actor)
	}
	return d, c, err
}
