package web

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"canot/booking"
	"canot/internal/fault"
	"canot/internal/identity"
	"canot/inventory/stock"
)

// mountStocktakes puts the pages of stock-taking.
func (s *Site) mountStocktakes(r gin.IRouter) {
	at := inventoryPath + "/:hub/recensements"
	s.on(r, "GET", at, takesPage)
	s.on(r, "POST", at, beginTake)
	s.on(r, "GET", at+"/:take", takePage)
	s.on(r, "POST", at+"/:take/codes", scanTaken)
	s.on(r, "POST", at+"/:take/oublier", unscanTaken)
	s.on(r, "POST", at+"/:take/fermer", closeTake)
	for _, formsOnly := range []string{"/codes", "/oublier", "/fermer"} {
		s.on(r, "GET", at+"/:take"+formsOnly, func(p *page) error { return p.to(p.takePath()) })
	}
}

func (p *page) takePath() string {
	return inventoryPath + "/" + url.PathEscape(p.c.Param("hub")) + "/recensements/" + url.PathEscape(p.c.Param("take"))
}

// takesView is the list of a hub's stock-takings.
type takesView struct {
	frame
	Path    string
	Shelves []string
	Shelf   string
	Takes   []takeLine
	Key     string
	Around  []navigation
	Table   string // the address of all of them as a file, "" for who may not take it out
}

// A takeLine is one stock-taking in the list.
type takeLine struct {
	Path, Words, When, By, Count string
	Open                         bool
}

// takesPage lists the stock-takings of a hub, and begins one.
func takesPage(p *page) error { return p.showTakes(http.StatusOK, nil) }

func (p *page) showTakes(status int, wrong error) error {
	d, _, err := p.counterDesk()
	if err != nil {
		return err
	}
	ctx := p.c.Request.Context()
	all, err := p.Stock.Stocktakes(ctx, p.v.Actor, d.Hub.ID)
	if err != nil {
		return err
	}
	f := takesView{frame: p.frame(p.l.Say("page.take.title", nil)), Path: p.inventory(d) + "/recensements", Shelf: p.field("tablette"), Key: newKey(), Around: p.inventoryAround(d, "/recensements")}
	f.Wide, f.Desk, f.Table = true, &d, p.tablePath(d, "stocktakes")
	if f.Shelves, err = p.Stock.Shelves(ctx, d.Hub.ID); err != nil {
		return err
	}
	if wrong != nil {
		t, code := p.explain(wrong)
		f.Error, status = &t, code
	}
	names := p.v.Actor.May(identity.ViewPersons, d.Hub.ID, d.Hub.RegionID)
	for _, t := range all {
		l := takeLine{Path: f.Path + "/" + t.ID, Words: p.shelfWords(t.Shelf), When: p.stamp(t.StartedAt, d.Zone), Open: t.ClosedAt == nil,
			Count: p.l.Say("page.take.scanned", fault.Params{"count": t.Scanned})}
		if names {
			l.By = t.ByName
		}
		f.Takes = append(f.Takes, l)
	}
	return p.show(status, "take_list", f)
}

// shelfWords is which shelf is walked along.
func (p *page) shelfWords(shelf string) string {
	if shelf == "" {
		return p.l.Say("page.take.everything", nil)
	}
	return p.l.Say("page.take.shelf", fault.Params{"shelf": shelf})
}

// beginTake begins a stock-taking.
func beginTake(p *page) error {
	d, _, err := p.counterDesk()
	if err != nil {
		return err
	}
	t, err := p.Stock.Begin(p.c.Request.Context(), p.v.Actor, d.Hub.ID, p.field("tablette"), p.onceKey("cle", p.field("tablette")))
	if err != nil {
		return p.showTakes(0, err)
	}
	return p.to(p.inventory(d) + "/recensements/" + t.ID)
}

// takeView is one stock-taking.
type takeView struct {
	frame
	Path, Back, Key, Version string
	Said, SaidTag            string // what the last scan was
	Typed                    string
	Open                     bool
	Found, Missing           []takenLine
	Wrong                    []takenLine
	FoundCount               fault.Params
	MissingCount, WrongCount fault.Params
	MoreFound, MoreWrong     fault.Params // how many are not on this page, nil for none
	MoreMissing              fault.Params
	Prev, Next               string
	PageOf                   fault.Params
	Table                    string // the address of its lines as a file, "" for who may not take it out
}

// A takenLine is a unit or a code in a stock-taking.
type takenLine struct {
	ID, Code, Name, Why, Path string
	Box                       string // the field that corrects it at the end, "" for none
}

// takenPerPage bounds each of the three lists on one page, so that it stays light.
const takenPerPage = 50

// takenOn is what of a list is on a page, and how many are on others, nil for none.
func takenOn(list []stock.Item, page int) ([]stock.Item, fault.Params) {
	from := min((page-1)*takenPerPage, len(list))
	on := list[from:min(from+takenPerPage, len(list))]
	if len(on) == len(list) {
		return on, nil
	}
	return on, fault.Params{"count": len(list) - len(on)}
}

// takePage shows one stock-taking with its field.
func takePage(p *page) error { return p.showTake(http.StatusOK, nil) }

func (p *page) showTake(status int, wrong error) error {
	d, _, err := p.counterDesk()
	if err != nil {
		return err
	}
	t, tally, err := p.Stock.Stocktake(p.c.Request.Context(), p.v.Actor, p.c.Param("take"))
	if err == nil && t.HubID != d.Hub.ID {
		err = fault.New(fault.NotFound, "stocktake_not_found", nil)
	}
	if err != nil {
		return err
	}
	f := takeView{frame: p.frame(p.shelfWords(t.Shelf)), Back: p.inventory(d) + "/recensements", Key: newKey(), Version: strconv.FormatInt(t.Version, 10), Open: t.ClosedAt == nil,
		FoundCount: fault.Params{"count": len(tally.Found)}, MissingCount: fault.Params{"count": len(tally.Missing)}, WrongCount: fault.Params{"count": len(tally.Wrong)}}
	f.Path = f.Back + "/" + t.ID
	f.Wide, f.Desk = true, &d
	if f.Table = p.tablePath(d, "stocktakes"); f.Table != "" {
		f.Table += "&recensement=" + t.ID
	}
	if wrong != nil {
		e, code := p.explain(wrong)
		f.Error, status, f.Typed = &e, code, p.field("code")
	}
	for _, x := range slices.Concat(tally.Found, tally.Wrong) {
		if x.Code == clipped(p.c.Query("vu"), 100) {
			f.said(p, x)
		}
	}
	pages := max(1, (max(len(tally.Found), len(tally.Wrong), len(tally.Missing))+takenPerPage-1)/takenPerPage)
	number := min(pageNumber(p.c.Query("page")), pages)
	f.PageOf = fault.Params{"page": number, "pages": pages}
	if number > 1 {
		f.Prev = f.Path + "?page=" + strconv.Itoa(number-1)
	}
	if number < pages {
		f.Next = f.Path + "?page=" + strconv.Itoa(number+1)
	}
	var found, strayed, gone []stock.Item
	found, f.MoreFound = takenOn(tally.Found, number)
	strayed, f.MoreWrong = takenOn(tally.Wrong, number)
	gone, f.MoreMissing = takenOn(tally.Missing, number)
	for _, x := range found {
		f.Found = append(f.Found, p.takenLine(d, x))
	}
	for _, x := range strayed {
		l := p.takenLine(d, x)
		if x.State == stock.OtherShelf {
			l.Box = "ranger"
		}
		f.Wrong = append(f.Wrong, l)
	}
	for _, x := range gone {
		l := p.takenLine(d, x)
		l.Box = "perdu"
		f.Missing = append(f.Missing, l)
	}
	return p.show(status, "take_one", f)
}

// said tells what the last scan was.
func (f *takeView) said(p *page, x stock.Item) {
	f.SaidTag = "news"
	if x.State != stock.Found {
		f.SaidTag = "wrong"
	}
	f.Said = p.l.Say("page.take.said", fault.Params{"code": x.Code, "what": x.Name.In(p.l.Tag()), "state": p.whyTaken(x)})
	if x.State == stock.Unknown {
		f.Said = p.l.Say("page.take.said_unknown", fault.Params{"code": x.Code})
	}
	if x.State == stock.OfStock {
		f.Said = p.l.Say("page.take.said_stock", fault.Params{"code": x.Code, "what": x.Name.In(p.l.Tag())})
	}
}

func (p *page) takenLine(d desk, x stock.Item) takenLine {
	l := takenLine{ID: x.UnitID, Code: x.Code, Name: x.Name.In(p.l.Tag()), Why: p.whyTaken(x)}
	if x.UnitID != "" && (x.HubID == d.Hub.ID || x.Home == d.Hub.ID) {
		l.Path = p.inventory(d) + "/exemplaires/" + x.UnitID
	}
	return l
}

// whyTaken says what a unit is to the walk.
func (p *page) whyTaken(x stock.Item) string {
	params := fault.Params{"hub": x.Hub.In(p.l.Tag()), "shelf": x.Shelf}
	if x.State == stock.OtherShelf && x.Shelf == "" {
		return p.l.Say("page.take.state.no_shelf", nil)
	}
	return p.l.Say("page.take.state."+x.State, params)
}

// scanTaken notes a code that was scanned or typed.
func scanTaken(p *page) error {
	if _, _, err := p.counterDesk(); err != nil {
		return err
	}
	done, err := p.Stock.Scan(p.c.Request.Context(), p.v.Actor, p.c.Param("take"), p.field("code"), p.onceKey("cle", p.c.Param("take"), p.field("code")))
	if err != nil {
		return p.showTake(0, err)
	}
	return p.to(p.takePath() + "?vu=" + url.QueryEscape(done.Item.Code))
}

// unscanTaken takes a code back.
func unscanTaken(p *page) error {
	if _, _, err := p.counterDesk(); err != nil {
		return err
	}
	if err := p.Stock.Unscan(p.c.Request.Context(), p.v.Actor, p.c.Param("take"), p.field("code"), p.onceKey("cle", p.c.Param("take"), p.field("code"))); err != nil {
		return p.showTake(0, err)
	}
	return p.to(p.takePath())
}

// closeTake ends the stock-taking of the address: what is ticked as lost is reported lost, what is
// ticked as standing here stands here.
func closeTake(p *page) error {
	d, c, err := p.counterDesk()
	if err != nil {
		return err
	}
	ctx, id := p.c.Request.Context(), p.c.Param("take")
	t, tally, err := p.Stock.Stocktake(ctx, p.v.Actor, id)
	if err == nil && t.HubID != d.Hub.ID {
		err = fault.New(fault.NotFound, "stocktake_not_found", nil)
	}
	if err != nil {
		return err
	}
	lost := map[string]bool{}
	for _, unit := range p.c.PostFormArray("perdu") {
		lost[unit] = true
	}
	version, _ := strconv.ParseInt(p.field("version"), 10, 64)
	for _, x := range tally.Missing {
		if !lost[x.UnitID] || t.ClosedAt != nil {
			continue
		}
		if err := p.reportLost(c.Now, x.UnitID); err != nil {
			return p.showTake(0, err)
		}
	}
	if _, err := p.Stock.Close(ctx, p.v.Actor, id, stock.Closing{IfVersion: version, Shelve: p.c.PostFormArray("ranger")}, p.onceKey("cle", id)); err != nil {
		return p.showTake(0, err)
	}
	return p.to(p.takePath())
}

// reportLost reports a unit lost that was not on its shelf. One that somebody reported a moment ago
// is lost already.
func (p *page) reportLost(now time.Time, unit string) error {
	key := p.onceKey("cle", unit)
	if key.Key != "" {
		key.Key += " " + unit // the same form reports several
	}
	_, err := p.Book.TakeOutFor(p.c.Request.Context(), p.v.Actor, booking.Outage{Unit: unit, From: now, Cause: "lost", Reason: p.l.Say("page.take.lost_reason", nil)}, key)
	if fault.KindOf(err) == fault.Taken {
		return nil
	}
	return err
}
