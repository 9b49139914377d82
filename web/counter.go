package web

import (
	"cmp"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"canot/booking"
	"canot/internal/fault"
	"canot/internal/identity"
)

func (s *Site) mountCounter(r gin.IRouter) {
	s.on(r, "GET", counterPath, countersPage)
	s.on(r, "GET", counterPath+"/:hub", counterPage)
	s.on(r, "POST", counterPath+"/:hub", scan)
	s.on(r, "GET", counterPath+"/:hub/listes/:liste", boardListPage)
	s.on(r, "POST", counterPath+"/:hub/prets", handOut)
	s.on(r, "POST", counterPath+"/:hub/retours", takeBack)
	s.on(r, "POST", counterPath+"/:hub/retours/:loan", inspect)
	s.on(r, "POST", counterPath+"/:hub/arrivees", arrive)
	s.on(r, "POST", counterPath+"/:hub/exemplaires", hasCome)
	s.on(r, "POST", counterPath+"/:hub/prolonger", extendHere)
	s.on(r, "POST", counterPath+"/:hub/demandes/:id", answerRequest)
	s.on(r, "GET", counterPath+"/:hub/sans-reservation", walkInPage)
	s.on(r, "POST", counterPath+"/:hub/sans-reservation", walkIn)
	for _, forms := range []string{"prets", "retours", "arrivees", "exemplaires", "prolonger", "demandes/:id"} {
		s.on(r, "GET", counterPath+"/:hub/"+forms, func(p *page) error { return p.to(counterPath + "/" + url.PathEscape(p.c.Param("hub"))) })
	}
	s.on(r, "GET", counterPath+"/:hub/retours/:loan", returnAgain)
	s.mountSuspensions(r)
	s.mountOfflineCounter(r)
}

// countersView is the choice of a counter.
type countersView struct {
	frame
	Hubs []findLink
}

// countersPage leads to the counter, or has one chosen where somebody may stand at several.
func countersPage(p *page) error {
	who := p.v.Actor
	if !who.Anywhere(identity.HandOut) {
		return identity.Denied(who)
	}
	places, err := p.Catalog.Places(p.c.Request.Context())
	if err != nil {
		return err
	}
	v := countersView{frame: p.frame(p.l.Say("page.desk.counter", nil))}
	for _, h := range places {
		if who.May(identity.HandOut, h.ID, h.RegionID) {
			v.Hubs = append(v.Hubs, findLink{Path: counterPath + "/" + h.Slug, Words: inTown(h.Name.In(p.l.Tag()), h.Town)})
		}
	}
	if len(v.Hubs) == 1 {
		return p.to(v.Hubs[0].Path)
	}
	return p.show(http.StatusOK, "counter_hubs", v)
}

// A post is one counter as it was asked for: whose it is, and what is open on it.
type post struct {
	*page
	desk    desk
	counter booking.Counter
	clock   deskClock
	open    string   // the booking that things are handed out for, "" for none
	units   []string // codes that were scanned for it, or before it is known who takes them
	code    string   // what was scanned
}

// mostScanned bounds how many codes an address carries.
const mostScanned = 40

// longestCode is how many characters are read of what was scanned or typed: no label or card says more.
const longestCode = 200

// codeIn is what of a text is read as a code.
func codeIn(text string) string {
	text = strings.TrimSpace(text)
	if all := []rune(text); len(all) > longestCode {
		text = string(all[:longestCode])
	}
	return text
}

// atCounter is the counter of the address for who may stand there, with what the fields say is open.
func (p *page) atCounter(q url.Values) (*post, error) {
	d, c, err := p.counterDesk()
	if err != nil {
		return nil, err
	}
	x := &post{page: p, desk: d, counter: c, clock: deskClock{p.l, c.Zone, c.Now}, open: cmp.Or(q.Get("r"), q.Get("booking")), code: codeIn(q.Get("code"))}
	if !goodID(x.open) {
		x.open = ""
	}
	for _, u := range q["u"] {
		if u != "" && len(u) <= 64 && len(x.units) < mostScanned && !slices.Contains(x.units, u) {
			x.units = append(x.units, u)
		}
	}
	return x, nil
}

// address is the counter with a booking open, codes scanned and more.
func (x *post) address(open string, units []string, more ...string) string {
	q := url.Values{}
	if open != "" {
		q.Set("r", open)
	}
	if len(units) > 0 {
		q["u"] = units
	}
	for i := 0; i+1 < len(more); i += 2 {
		q.Set(more[i], more[i+1])
	}
	if len(q) == 0 {
		return x.desk.Path
	}
	return x.desk.Path + "?" + q.Encode()
}

// may reports whether who is at the counter holds a right there.
func (x *post) may(r identity.Right) bool {
	return x.v.Actor.May(r, x.desk.Hub.ID, x.desk.Hub.RegionID)
}

// see asks the book what was scanned, beside the booking that is open, and writes down whom that shows.
func (x *post) see(text, open string) (booking.Scanned, error) {
	s, err := x.Book.ScanAt(x.c.Request.Context(), x.v.Actor, x.counter, text, open)
	if err == nil {
		err = x.sawOf(s)
	}
	return s, err
}

// counterView is a counter: a field, what it has open, and the board.
type counterView struct {
	frame
	Day     string
	Path    string
	Key     string
	Contact string
	Stamp   string
	Offline offlineCounter
	Panel   panelView
	Piece   template.HTML // the board; "" while something is open, so that there is one thing to do
}

// counterPage shows a counter.
func counterPage(p *page) error {
	x, err := p.atCounter(p.c.Request.URL.Query())
	if err != nil {
		return err
	}
	panel, err := x.panel()
	if err != nil {
		return err
	}
	return x.show(http.StatusOK, panel, nil)
}

// show sends the counter with a panel, and what went wrong.
func (x *post) show(status int, panel panelView, wrong *told) error {
	if x.c.Request.Method != http.MethodGet || len(x.c.Query("code")) > len(x.code)+longestCode { // no longer than it was read
		x.other = x.address(x.open, x.units)
	}
	title := "page.counter.title"
	if panel.Kind == "walk" {
		title = "page.counter.walk_title"
	}
	f := x.frame(x.l.Say(title, fault.Params{"hub": x.desk.Name}))
	f.Wide, f.Desk, f.Error = true, &x.desk, wrong
	panel.Error = wrong
	v := counterView{frame: f, Day: x.l.Date(x.counter.Now.In(x.counter.Zone)), Path: x.desk.Path, Key: newKey(),
		Contact: x.contactStamp(), Stamp: x.counter.Stamp, Offline: x.offline(x.desk), Panel: panel}
	if panel.Kind == "" {
		var err error
		if v.Piece, err = x.boardPiece(x.desk, x.counter); err != nil {
			return err
		}
	}
	x.camera()
	return x.page.show(status, "counter", v)
}

// boardListView is one list of a board alone.
type boardListView struct {
	frame
	Path  string
	Board boardView
}

// boardListPage shows all of one list of the board.
func boardListPage(p *page) error {
	d, c, err := p.counterDesk()
	if err != nil {
		return err
	}
	b, err := p.Book.BoardAt(p.c.Request.Context(), p.v.Actor, c)
	if err != nil {
		return err
	}
	id := p.c.Param("liste")
	title := p.l.Say("page.counter.list."+id, nil)
	if title == "" {
		return fault.New(fault.NotFound, "not_found", nil)
	}
	f := p.frame(title)
	f.Wide, f.Desk = true, &d
	return p.show(http.StatusOK, "counter_list", boardListView{f, d.Path, listOf(p.l, d, b, p.boardRights(d), id, pageNumber(p.c.Query("page")))})
}
