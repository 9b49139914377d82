package web

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"canot/booking"
	"canot/internal/fault"
	"canot/internal/identity"
	"canot/inventory/upkeep"
)

func (s *Site) mountUpkeep(r gin.IRouter) {
	const hub = upkeepPath + "/:hub"
	s.on(r, "GET", hub, ticketsPage)
	s.on(r, "GET", hub+"/nouveau", newTicketPage)
	s.on(r, "POST", hub+"/nouveau", openTicket)
	s.on(r, "GET", hub+"/billets/:ticket", ticketPage)
	s.on(r, "POST", hub+"/billets/:ticket", changeTicket)
	s.on(r, "POST", hub+"/billets/:ticket/photo", addTicketPhoto)
	s.on(r, "GET", hub+"/billets/:ticket/photo", func(p *page) error {
		return p.to(upkeepPath + "/" + url.PathEscape(p.c.Param("hub")) + "/billets/" + url.PathEscape(p.c.Param("ticket")))
	})
	s.on(r, "GET", hub+"/regles", rulesPage)
	s.on(r, "POST", hub+"/regles", addRule)
	s.on(r, "POST", hub+"/regles/:rule", changeRule)
	s.on(r, "POST", hub+"/regles/:rule/fait", ruleDone)
	s.on(r, "GET", hub+"/arrets", outagesPage)
	s.on(r, "GET", hub+"/arrets/apercu", outagePreview)
	s.on(r, "POST", hub+"/arrets", planOutage)
	s.on(r, "POST", hub+"/arrets/:outage/fin", endOutage)
	// What only forms lead to, for who reads the address again.
	back := func(to string) handler {
		return func(p *page) error { return p.to(upkeepPath + "/" + url.PathEscape(p.c.Param("hub")) + to) }
	}
	s.on(r, "GET", hub+"/regles/:rule", back("/regles"))
	s.on(r, "GET", hub+"/regles/:rule/fait", back("/regles"))
	s.on(r, "GET", hub+"/arrets/:outage/fin", back("/arrets"))
	s.mountThings(r)
}

// upkeepFrame is what the pages of the upkeep have in common: the desk, and the way between them.
type upkeepFrame struct {
	frame
	Path  string // of the upkeep of this hub
	Parts []navigation
	News  string // what was just done
	Key   string // under which the form of the page counts once
	Table string // the address of what is listed as a file, "" for who may not take it out
}

// upkeepDesk makes the frame of a page, for who hands out at the hub of the address.
func (p *page) upkeepDesk(title string) (upkeepFrame, booking.Counter, error) {
	d, c, err := p.counterDesk()
	if err != nil {
		return upkeepFrame{}, c, err
	}
	f := upkeepFrame{frame: p.frame(title), Path: upkeepPath + "/" + d.Hub.Slug, Key: newKey()}
	f.Desk, f.Wide = &d, true
	here := p.c.Request.URL.Path
	for _, part := range []struct{ path, words string }{{"", "page.upkeep.tickets"}, {"/arrets", "page.upkeep.outages"}, {"/regles", "page.upkeep.rules"}} {
		at := addressOf(p.l, f.Path+part.path)
		f.Parts = append(f.Parts, navigation{Path: f.Path + part.path, Words: p.l.Say(part.words, nil), Here: here == at || part.path != "" && strings.HasPrefix(here, at+"/")})
	}
	if done := p.c.Query("fait"); upkeepNews[done] {
		f.News = p.l.Say("page.upkeep.done."+done, nil)
	}
	return f, c, nil
}

// upkeepNews are what an address may say that was just done.
var upkeepNews = map[string]bool{"billet": true, "note": true, "clos": true, "regle": true, "service": true, "arret": true, "retour": true, "incomplet": true, "photo": true}

// A ticketRow is a ticket in a list.
type ticketRow struct {
	Path, What, Thing, Code, State, Tone, Kind, When, Assignee string
	Urgent                                                     bool
}

type ticketsView struct {
	upkeepFrame
	Choices []navigation // by state
	List    []ticketRow
	More    string // the address of what comes behind, "" for nothing
	Empty   string
}

// ticketsPage lists the tickets of a hub.
func ticketsPage(p *page) error {
	f, c, err := p.upkeepDesk(p.l.Say("page.desk.upkeep", nil))
	if err != nil {
		return err
	}
	ctx, state := p.c.Request.Context(), p.c.Query("etat")
	list, next, err := p.Upkeep.Tickets(ctx, p.v.Actor, c.Hub.ID, state, 40, p.c.Query("apres"))
	if fault.KindOf(err) == fault.Malformed {
		return p.to(f.Path) // an address that somebody typed
	} else if err != nil {
		return err
	}
	counts, err := p.Upkeep.Counts(ctx, p.v.Actor, c.Hub.ID)
	if err != nil {
		return err
	}
	v := ticketsView{upkeepFrame: f, Empty: p.l.Say("page.upkeep.none", nil)}
	if state != upkeep.OpenOnes {
		v.Empty = p.l.Say("page.upkeep.none_such", nil)
	}
	for _, t := range list {
		v.List = append(v.List, p.ticketRow(t, f.Path, c.Zone))
	}
	v.Choices, v.Table = p.stateChoices(f.Path, state, counts), p.tablePath(*f.Desk, "tickets")
	if next != "" {
		v.More = f.Path + "?" + url.Values{"etat": {state}, "apres": {next}}.Encode()
	}
	return p.show(http.StatusOK, "upkeep_tickets", v)
}

// stateChoices lead to the tickets of each state, with how many there are.
func (p *page) stateChoices(path, state string, counts map[string]int) []navigation {
	open, closed := counts[upkeep.Fresh]+counts[upkeep.InProgress]+counts[upkeep.Waiting], counts[upkeep.Done]+counts[upkeep.Rejected]
	var all []navigation
	for _, x := range []struct {
		state string
		n     int
	}{{upkeep.OpenOnes, open}, {upkeep.Fresh, counts[upkeep.Fresh]}, {upkeep.InProgress, counts[upkeep.InProgress]}, {upkeep.Waiting, counts[upkeep.Waiting]}, {upkeep.ClosedOnes, closed}} {
		words, to := "open", path
		if x.state != "" {
			words, to = x.state, path+"?etat="+x.state
		}
		all = append(all, navigation{Path: to, Words: p.l.Say("page.upkeep.list."+words, fault.Params{"count": p.l.Number(int64(x.n))}), Here: state == x.state})
	}
	return all
}

// ticketTone is how a state looks.
func ticketTone(t upkeep.Ticket) string {
	switch {
	case t.State == upkeep.Done:
		return "free"
	case t.State == upkeep.Fresh && t.Urgent:
		return "no"
	}
	return ""
}

func (p *page) ticketRow(t upkeep.Ticket, path string, zone *time.Location) ticketRow {
	return ticketRow{
		Path: path + "/billets/" + t.ID, What: p.ticketWhat(t), Thing: t.ResourceName.In(p.l.Tag()), Code: t.Code, State: p.l.Say("page.upkeep.state."+t.State, nil),
		Tone: ticketTone(t), Kind: p.l.Say("page.upkeep.kind."+t.Kind, nil), When: p.l.ShortDate(t.CreatedAt.In(zone)), Assignee: t.AssigneeName, Urgent: t.Urgent,
	}
}

// ticketWhat is a ticket in a few words: its rule, the beginning of what was written, or its sort.
func (p *page) ticketWhat(t upkeep.Ticket) string {
	if t.RuleName != "" {
		return t.RuleName
	}
	text, _, _ := strings.Cut(strings.TrimSpace(t.Description), "\n")
	if letters := []rune(text); len(letters) > 90 {
		text = strings.TrimSpace(string(letters[:88])) + "…"
	}
	if text == "" {
		return p.l.Say("page.upkeep.kind."+t.Kind, nil)
	}
	return text
}

// A newTicketView is the form of a ticket that staff open.
type newTicketView struct {
	upkeepFrame
	Unit, Description string
	Urgent            bool
}

// newTicketPage asks what is wrong with which unit.
func newTicketPage(p *page) error {
	return p.newTicketAgain(http.StatusOK, newTicketView{Unit: p.c.Query("u")}, nil)
}

func (p *page) newTicketAgain(status int, v newTicketView, wrong *told) error {
	f, _, err := p.upkeepDesk(p.l.Say("page.upkeep.new", nil))
	if err != nil {
		return err
	}
	v.upkeepFrame = f
	v.Error = wrong
	return p.show(status, "upkeep_new", v)
}

// openTicket opens a ticket that staff describe.
func openTicket(p *page) error {
	_, c, err := p.counterDesk()
	if err != nil {
		return err
	}
	v := newTicketView{Unit: scannedCode(p.field("u")), Description: strings.TrimSpace(p.field("description")), Urgent: p.field("urgent") != ""}
	key := p.onceKey("cle", c.Hub.ID, v.Unit, v.Description, p.field("urgent"))
	t, err := p.Upkeep.Report(p.c.Request.Context(), p.v.Actor, v.Unit, upkeep.NewTicket{Description: v.Description, Urgent: v.Urgent}, key)
	switch {
	case err == nil && t.HubID != c.Hub.ID && !p.v.Actor.May(identity.HandOut, t.HubID, ""):
		return p.to(upkeepPath + "/" + c.Hub.Slug + "?fait=billet") // of another hub, whose staff have it now
	case err == nil:
		return p.to(upkeepPath + "/" + c.Hub.Slug + "/billets/" + t.ID + "?fait=billet")
	case fault.Is(err, "unit_not_found"):
		return p.newTicketAgain(http.StatusNotFound, v, &told{Title: p.l.Say("page.wrong.title", nil),
			List: []wrongField{{"u", p.l.Say("page.upkeep.no_unit", nil)}}})
	case canMend(err):
		t, status := p.mend(err)
		return p.newTicketAgain(status, v, &t)
	}
	return err
}

// canMend reports whether a refusal is about what was typed, so that the form comes again.
func canMend(err error) bool {
	switch fault.KindOf(err) {
	case fault.Malformed, fault.Refused, fault.Taken, fault.Stale:
		return true
	}
	return false
}

// mend puts a refusal about what was typed into words.
func (p *page) mend(err error) (told, int) {
	t, status := p.explain(err)
	if len(t.List) > 0 {
		t.Title, t.Text = p.l.Say("page.wrong.title", nil), ""
	}
	return t, status
}

// scannedCode is a code as a scanner or a hand gave it: the end of the address that a label holds.
func scannedCode(text string) string {
	text = strings.TrimSpace(text)
	if at := strings.LastIndexAny(text, "/\\"); at >= 0 {
		text = text[at+1:]
	}
	return text
}

// namedUnit is the unit that a form names, whatever the size of its letters.
func (p *page) namedUnit(code string) (upkeep.Thing, error) {
	t, err := p.Upkeep.Thing(p.c.Request.Context(), code)
	if err == nil && t.UnitID == "" {
		err = fault.New(fault.NotFound, "unit_not_found", nil)
	}
	return t, err
}
