package web

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"canot/booking"
	"canot/internal/fault"
	"canot/inventory"
	"canot/inventory/files"
	"canot/inventory/upkeep"
)

// A ticketView is one ticket, with the form by which it is worked on.
type ticketView struct {
	upkeepFrame
	Action, Heading      string
	State, Tone, Kind    string
	Thing, Code          string
	UnitPath             string // in the inventory
	Description, Contact string
	Reporter, When       string
	Cost                 string // in words, "" for none
	Urgent               bool
	Closed               string // when, in words
	Notes                []ticketNote
	Photos               []string // their addresses
	Missing              string   // of the components, in words, "" for nothing
	Count                string   // where one counts them, "" for nowhere
	Lacked               string   // what was missing at the return for which the ticket was opened, in words
	Booking, Reference   string   // of that return
	Kit                  []partOf // to be counted with the ticket
	Others               []string // what else keeps the unit out of service
	Outage               string   // that the unit is out of service for this ticket, in words
	TakeOut              string   // the address by which it is taken out, "" when it is, or has no unit
	Form                 ticketForm
	States               []findChoice
	Assigned             []findChoice
}

type ticketNote struct{ When, Who, State, Body string }

// A ticketForm is what was typed about a ticket.
type ticketForm struct {
	State, Note, Cost, Assigned, Service, Version string
	Urgent                                        bool
}

// ticketPage shows one ticket.
func ticketPage(p *page) error { return p.ticketAgain(http.StatusOK, nil, nil) }

// ticketHere is the ticket of the address, of the hub of the address.
func (p *page) ticketHere(c booking.Counter) (upkeep.Ticket, error) {
	t, err := p.Upkeep.Ticket(p.c.Request.Context(), p.v.Actor, p.c.Param("ticket"))
	if err == nil && t.HubID != c.Hub.ID {
		err = fault.New(fault.NotFound, "ticket_not_found", nil)
	}
	return t, err
}

func (p *page) ticketAgain(status int, typed *ticketForm, wrong *told) error {
	ctx := p.c.Request.Context()
	f, c, err := p.upkeepDesk("")
	if err != nil {
		return err
	}
	t, err := p.ticketHere(c)
	if err != nil {
		return err
	}
	photos, err := p.Files.Of(ctx, files.OfTicket, t.ID)
	if err != nil {
		return err
	}
	unit, err := p.Book.TicketUnit(ctx, t.ID)
	if err != nil {
		return err
	}
	v := p.ticketView(f, t, c.Zone, c.Hub.Currency)
	for _, photo := range photos {
		v.Photos = append(v.Photos, "/photos/"+photo.ID)
	}
	v.unit(p, t, unit, c)
	if typed != nil {
		v.Form = *typed
	}
	p.ticketChoices(&v, t)
	v.Error = wrong
	return p.show(status, "upkeep_ticket", v)
}

// unit is what is known of the unit of a ticket: what keeps it out of service, what is missing of it.
func (v *ticketView) unit(p *page, t upkeep.Ticket, u booking.TicketUnit, c booking.Counter) {
	for _, m := range u.Outages {
		switch {
		case m.TicketID != "" && v.Outage == "":
			v.Outage = p.outageWords(m, c.Now, c.Zone)
		case m.TicketID == "" && !m.StartsAt.After(c.Now):
			v.Others = append(v.Others, p.l.Say("page.upkeep.cause."+m.Cause, nil)+", "+p.outageWords(m, c.Now, c.Zone))
		}
	}
	if v.Outage == "" && t.Code != "" && !t.Closed() {
		v.TakeOut = outageAddress(v.Path, outageForm{Unit: t.Code, Ticket: t.ID})
	}
	if v.Missing = p.lacking(u.Components); v.Missing != "" && v.UnitPath != "" {
		v.Count = v.UnitPath + countAnchor
	}
	if incomplete := u.Incomplete(); t.Closed() && p.c.Query("fait") == "clos" && len(incomplete) > 0 {
		v.News = p.l.Say("page.upkeep.done.clos_incomplet", fault.Params{"what": p.lacking(incomplete)})
	}
	if !t.Closed() {
		v.Kit = p.kit(u.Components)
	}
	was := slices.Clone(u.Components)
	for i, x := range was {
		was[i].Missing = u.Lacked[x.ID]
	}
	v.Lacked, v.Booking, v.Reference = p.lacking(was), bookingAddress(u.BookingID), u.Reference
}

func (p *page) ticketView(f upkeepFrame, t upkeep.Ticket, zone *time.Location, currency string) ticketView {
	v := ticketView{
		upkeepFrame: f, Action: f.Path + "/billets/" + t.ID, Heading: p.ticketWhat(t), State: p.l.Say("page.upkeep.state."+t.State, nil), Tone: ticketTone(t),
		Kind: p.l.Say("page.upkeep.kind."+t.Kind, nil), Thing: t.ResourceName.In(p.l.Tag()), Code: t.Code, Description: t.Description, Contact: t.Contact,
		Reporter: t.ReporterName, When: p.l.DateTime(t.CreatedAt.In(zone)), Urgent: t.Urgent,
		Form: ticketForm{State: t.State, Cost: amountText(t.CostCents), Urgent: t.Urgent, Version: strconv.FormatInt(t.Version, 10)},
	}
	v.frame.Title = v.Heading
	if t.UnitID != "" {
		v.UnitPath = inventoryPath + "/" + f.Desk.Hub.Slug + "/exemplaires/" + t.UnitID
	}
	if t.CostCents > 0 {
		v.Cost = p.l.Money(t.CostCents, currency)
	}
	if t.ClosedAt != nil {
		v.Closed = p.l.DateTime(t.ClosedAt.In(zone))
	}
	if strings.TrimSpace(t.Description) == v.Heading {
		v.Description = "" // the heading says it all
	}
	for _, n := range t.Notes {
		v.Notes = append(v.Notes, ticketNote{p.l.DateTime(n.At.In(zone)), n.Name, p.l.Say("page.upkeep.state."+n.State, nil), n.Body})
	}
	return v
}

// ticketChoices are what a ticket may come to, and who may look after it.
func (p *page) ticketChoices(v *ticketView, t upkeep.Ticket) {
	for _, s := range upkeep.States() {
		if !t.Closed() && (s != upkeep.Fresh || t.State == upkeep.Fresh) {
			v.States = append(v.States, findChoice{s, p.l.Say("page.upkeep.state."+s, nil), s == v.Form.State})
		}
	}
	v.Assigned = append(v.Assigned, findChoice{"", p.l.Say("page.upkeep.nobody", nil), t.AssignedTo == ""})
	if t.AssignedTo != "" && t.AssignedTo != p.v.Actor.ID {
		name := t.AssigneeName
		if name == "" {
			name = p.l.Say("page.upkeep.somebody", nil)
		}
		v.Assigned = append(v.Assigned, findChoice{t.AssignedTo, name, true})
	}
	v.Assigned = append(v.Assigned, findChoice{p.v.Actor.ID, p.l.Say("page.upkeep.me", nil), t.AssignedTo == p.v.Actor.ID})
	for i := range v.Assigned {
		if v.Form.Assigned != "" {
			v.Assigned[i].Chosen = v.Assigned[i].Value == v.Form.Assigned
		}
	}
}

// changeTicket works on a ticket. One that is closed while its unit is out for it says whether that is
// back in service.
func changeTicket(p *page) error {
	ctx := p.c.Request.Context()
	_, c, err := p.counterDesk()
	if err != nil {
		return err
	}
	t, err := p.ticketHere(c)
	if err != nil {
		return err
	}
	f := ticketForm{State: p.field("etat"), Note: strings.TrimSpace(p.field("note")), Cost: strings.TrimSpace(p.field("cout")), Assigned: p.field("qui"),
		Service: p.field("service"), Version: p.field("version"), Urgent: p.field("urgent") != ""}
	e := upkeep.TicketEdits{IfVersion: versionOf(f.Version), Note: f.Note, AssignedTo: &f.Assigned, Urgent: &f.Urgent}
	if f.State != "" {
		e.State = &f.State
	}
	cents, ok := amountOf(f.Cost)
	if !ok {
		return p.ticketAgain(http.StatusBadRequest, &f, &told{Title: p.l.Say("page.wrong.title", nil), List: []wrongField{{"cout", p.l.Say("page.upkeep.bad_cost", nil)}}})
	}
	e.CostCents = &cents
	counted, typed, err := p.partsCounted()
	if err != nil {
		t, status := p.mend(err)
		return p.ticketAgain(status, &f, &t)
	}
	key := p.onceKey("cle", append(typed, t.ID, f.State, f.Note, f.Cost, f.Assigned, f.Service, p.field("urgent"), f.Version)...)
	closing := f.State == upkeep.Done || f.State == upkeep.Rejected
	unit, err := p.Book.TicketUnit(ctx, t.ID)
	if err != nil {
		return err
	}
	out := slices.ContainsFunc(unit.Outages, func(m booking.Maintenance) bool { return m.TicketID != "" })
	if closing && !t.Closed() && out && f.Service == "" {
		return p.ticketAgain(http.StatusBadRequest, &f, &told{Title: p.l.Say("page.wrong.title", nil), List: []wrongField{{"service", p.l.Say("page.upkeep.back_needed", nil)}}})
	}
	var back *bool // is the unit in service again
	if yes := f.Service == "oui"; yes && out || f.Service == "non" {
		back = &yes
	}
	if !slices.ContainsFunc(unit.Components, func(x inventory.Component) bool { n, asked := counted[x.ID]; return asked && n != x.Missing }) {
		counted = nil // as it was
	}
	if counted != nil || back != nil && *back {
		_, err = p.Book.SettleTicket(ctx, p.v.Actor, t.ID, e, back, counted, key)
	} else {
		_, err = p.Upkeep.Change(ctx, p.v.Actor, t.ID, e, key)
	}
	switch {
	case err == nil && closing && !t.Closed():
		return p.to(upkeepPath + "/" + c.Hub.Slug + "/billets/" + t.ID + "?fait=clos")
	case err == nil:
		return p.to(upkeepPath + "/" + c.Hub.Slug + "/billets/" + t.ID + "?fait=note")
	case fault.KindOf(err) == fault.Stale:
		return p.ticketAgain(http.StatusPreconditionFailed, nil, &told{Title: p.l.Say("page.upkeep.stale_title", nil), Text: p.l.Say("page.upkeep.stale", nil)})
	case canMend(err):
		t, status := p.mend(err)
		return p.ticketAgain(status, &f, &t)
	}
	return err
}

// addTicketPhoto keeps pictures with a ticket.
func addTicketPhoto(p *page) error {
	_, c, err := p.counterDesk() // before anything large is read
	if err != nil {
		return err
	}
	if err := p.openForm(); err != nil {
		return err
	}
	t, err := p.ticketHere(c)
	if err != nil {
		return err
	}
	all, err := p.prepared("photo", files.Photo)
	for i, photo := range all {
		if err == nil {
			key := p.onceKey("cle", t.ID, strconv.Itoa(i))
			if key.Key != "" {
				key.Key += " " + strconv.Itoa(i)
			}
			_, err = p.Upkeep.AddPhoto(p.c.Request.Context(), p.v.Actor, t.ID, photo.Prepared, key)
		}
	}
	if err != nil && canMend(err) {
		t, status := p.mend(err)
		return p.ticketAgain(status, nil, &t)
	} else if err != nil {
		return err
	}
	return p.to(upkeepPath + "/" + c.Hub.Slug + "/billets/" + t.ID + "?fait=photo")
}

// amountOf reads an amount of money as somebody types it: 42,50 or 42.5. Nothing is nothing.
func amountOf(text string) (cents int64, ok bool) {
	text = strings.NewReplacer("$", "", " ", "", "\u00a0", "", "\u202f", "", ",", ".").Replace(text)
	if text == "" {
		return 0, true
	}
	whole, part, _ := strings.Cut(text, ".")
	if len(whole) > 9 || len(part) > 2 || whole == "" {
		return 0, false
	}
	for len(part) < 2 {
		part += "0"
	}
	cents, err := strconv.ParseInt(whole+part, 10, 64)
	return cents, err == nil && cents >= 0 && whole[0] != '+'
}

// amountText is an amount as amountOf reads it.
func amountText(cents int64) string {
	if cents == 0 {
		return ""
	}
	return strconv.FormatInt(cents/100, 10) + "," + strconv.FormatInt(cents%100+100, 10)[1:]
}
