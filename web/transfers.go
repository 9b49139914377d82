package web

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"canot/booking"
	"canot/internal/database"
	"canot/internal/fault"
	"canot/internal/identity"
	"canot/inventory"
)

func (s *Site) mountTransfers(r gin.IRouter) {
	const hub = transfersPath + "/:hub"
	s.on(r, "GET", hub, transfersPage)
	s.on(r, "GET", hub+"/nouveau", newTransferPage)
	s.on(r, "POST", hub+"/nouveau", planTransfer)
	s.on(r, "POST", hub+"/:transfer/depart", departTransfer)
	s.on(r, "POST", hub+"/:transfer/arrivee", arriveTransfer)
	s.on(r, "POST", hub+"/:transfer/annuler", cancelTransfer)
	for _, step := range []string{"depart", "arrivee", "annuler"} {
		s.on(r, "GET", hub+"/:transfer/"+step, func(p *page) error { return p.to(transfersPath + "/" + url.PathEscape(p.c.Param("hub"))) })
	}
}

// transferNews are what an address may say that was just done.
var transferNews = map[string]bool{"prevu": true, "depart": true, "arrivee": true, "annulation": true}

// A transferLine is a journey in a list, with what can be done with it here.
type transferLine struct {
	ID, Code, Thing, Where, Km, When, Note, State, Tone, Key string
	Path                                                     string // of its acts
	Depart, Arrive, Cancel, Late                             bool
}

type transfersView struct {
	frame
	Path, News             string
	Coming, ToSend, OnRoad []transferLine
	Ended                  []transferLine
	Empty                  bool
	Table                  string // the address of all of them as a file, "" for who may not take it out
}

// transfersDesk makes the frame of a page of transfers, for who hands out at the hub of the address.
func (p *page) transfersDesk(title string) (frame, booking.Counter, error) {
	d, c, err := p.counterDesk()
	if err != nil {
		return frame{}, c, err
	}
	f := p.frame(title)
	f.Desk, f.Wide = &d, true
	return f, c, nil
}

// transfersPage lists the journeys from and to a hub.
func transfersPage(p *page) error { return p.transfersAgain(http.StatusOK, nil) }

func (p *page) transfersAgain(status int, wrong *told) error {
	f, c, err := p.transfersDesk(p.l.Say("page.desk.transfers", nil))
	if err != nil {
		return err
	}
	list, err := p.Book.Transfers(p.c.Request.Context(), p.v.Actor, c.Hub.ID)
	if err != nil {
		return err
	}
	v := transfersView{frame: f, Path: transfersPath + "/" + c.Hub.Slug, Empty: len(list) == 0}
	if done := p.c.Query("fait"); transferNews[done] {
		v.News = p.l.Say("page.transfers.done."+done, nil)
	}
	places, err := p.placesByID()
	if err != nil {
		return err
	}
	for _, t := range list {
		line := p.transferLine(t, v.Path, c, places)
		switch {
		case t.State == booking.JourneyArrived || t.State == booking.JourneyCancelled:
			if len(v.Ended) < mostEnded {
				v.Ended = append(v.Ended, line)
			}
		case t.ToHubID == c.Hub.ID:
			v.Coming = append(v.Coming, line)
		case t.State == booking.JourneyPlanned:
			v.ToSend = append(v.ToSend, line)
		default:
			v.OnRoad = append(v.OnRoad, line)
		}
	}
	v.Error, v.Table = wrong, p.tablePath(*f.Desk, booking.JourneyTable)
	return p.show(status, "transfers", v)
}

// mostEnded is how many journeys that have ended a page lists.
const mostEnded = 10

func (p *page) placesByID() (map[string]inventory.Place, error) {
	list, err := p.Catalog.Places(p.c.Request.Context())
	if err != nil {
		return nil, err
	}
	places := make(map[string]inventory.Place, len(list))
	for _, x := range list {
		places[x.ID] = x
	}
	return places, nil
}

func (p *page) transferLine(t booking.Transfer, path string, c booking.Counter, places map[string]inventory.Place) transferLine {
	from, to := places[t.FromHubID], places[t.ToHubID]
	line := transferLine{ID: t.ID, Code: t.Code, Thing: t.ResourceName.In(p.l.Tag()), Note: t.Note, Key: newKey(), Path: path + "/" + t.ID,
		State: p.l.Say("page.transfers.state."+t.State, nil), Km: p.l.Distance(inventory.Distance(from.Latitude, from.Longitude, to.Latitude, to.Longitude))}
	here := t.ToHubID == c.Hub.ID
	other, key := to, "page.transfers.to"
	if here {
		other, key = from, "page.transfers.from"
	}
	line.Where = p.l.Say(key, fault.Params{"hub": inTown(other.Name.In(p.l.Tag()), other.Town)})
	switch t.State {
	case booking.JourneyPlanned:
		line.When = p.spanWords(t.LeavesAt, t.ArrivesAt, c.Zone)
		// One that is to leave as soon as it is made is late only when it should have arrived.
		line.Depart, line.Cancel, line.Late = !here, true, t.LeavesAt.Before(c.Now) && t.LeavesAt.After(t.CreatedAt) || t.ArrivesAt.Before(c.Now)
	case booking.JourneyOnTheRoad:
		line.When, line.Tone = p.l.Say("page.transfers.expected", fault.Params{"arrives": t.ArrivesAt.In(c.Zone)}), "free"
		line.Arrive, line.Cancel, line.Late = here, !here, t.ArrivesAt.Before(c.Now)
	default:
		at := t.ChangedAt
		if t.ArrivedAt != nil {
			at = *t.ArrivedAt
		}
		line.When = p.l.DateTime(at.In(c.Zone))
	}
	if line.Late {
		line.Tone = "no"
	}
	return line
}

// A journeyForm is a transfer as it was typed.
type journeyForm struct{ Unit, To, FromDay, FromTime, ToDay, ToTime, Note string }

func journeyFormOf(field func(string) string) journeyForm {
	return journeyForm{Unit: scannedCode(field("u")), To: field("vers"), FromDay: field("du"), FromTime: field("de"), ToDay: field("au"), ToTime: field("a"), Note: strings.TrimSpace(field("note"))}
}

// Fields are the form as it is sent on.
func (f journeyForm) Fields() []hiddenField {
	return []hiddenField{{"u", f.Unit}, {"vers", f.To}, {"du", f.FromDay}, {"de", f.FromTime}, {"au", f.ToDay}, {"a", f.ToTime}, {"note", f.Note}}
}

func (f journeyForm) query() url.Values {
	q := url.Values{}
	for _, x := range f.Fields() {
		if x.Value != "" {
			q.Set(x.Name, x.Value)
		}
	}
	return q
}

// journey reads the form. What is wrong with it has the names of its fields.
func (p *page) journey(f journeyForm, c booking.Counter) (booking.Journey, []wrongField) {
	var wrong []wrongField
	if f.Unit == "" {
		wrong = append(wrong, wrongField{"u", p.l.Say("page.upkeep.no_unit", nil)})
	}
	if f.To == "" {
		wrong = append(wrong, wrongField{"vers", p.l.Say("page.transfers.no_hub", nil)})
	}
	leaves, err := typedInstant(f.FromDay+"T"+f.FromTime, c.Zone)
	if err != nil {
		wrong = append(wrong, wrongField{"du", p.l.Say("page.upkeep.bad_time", nil)})
	}
	if f.ToDay == "" && f.ToTime == "" {
		return booking.Journey{}, append(wrong, wrongField{"au", p.l.Say("page.transfers.no_arrival", nil)})
	}
	arrives, late := typedInstant(cmp.Or(f.ToDay, f.FromDay)+"T"+f.ToTime, c.Zone)
	if late != nil {
		wrong = append(wrong, wrongField{"au", p.l.Say("page.upkeep.bad_time", nil)})
	} else if err == nil && !arrives.After(leaves) {
		wrong = append(wrong, wrongField{"au", p.l.Say("violation.ends_before_start", nil)})
	}
	return booking.Journey{Unit: f.Unit, To: f.To, LeavesAt: leaves, ArrivesAt: arrives, Note: f.Note}, wrong
}

type newTransferView struct {
	frame
	Path, Key string
	Form      journeyForm
	Hubs      []findChoice
	Preview   *impactView
}

// newTransferPage is the form of a journey; filled in, it shows what that would do before it is saved.
func newTransferPage(p *page) error {
	if p.c.Query("voir") == "" {
		return p.newTransferAgain(http.StatusOK, journeyFormOf(p.c.Query), nil)
	}
	return p.showJourney(http.StatusOK, nil)
}

// showJourney shows what a journey would do, with why it is shown once more.
func (p *page) showJourney(status int, again *told) error {
	f := journeyFormOf(p.asked)
	fr, c, err := p.transfersDesk(p.l.Say("page.upkeep.preview", nil))
	if err != nil {
		return err
	}
	j, wrong := p.journey(f, c)
	if len(wrong) > 0 {
		return p.newTransferAgain(http.StatusBadRequest, f, &told{Title: p.l.Say("page.wrong.title", nil), List: wrong})
	}
	unit, err := p.namedUnit(f.Unit)
	if err != nil {
		return p.journeyRefused(f, err)
	}
	j.Unit = unit.UnitID
	impact, err := p.Book.JourneyImpact(p.c.Request.Context(), p.v.Actor, j)
	if err != nil {
		return p.journeyRefused(f, err)
	}
	path := transfersPath + "/" + c.Hub.Slug
	fr.Error = again
	v := newTransferView{frame: fr, Path: path, Key: newKey(), Form: f, Preview: &impactView{Seen: seenOf(impact), What: unit.Code, Thing: unit.Name.In(p.l.Tag()), When: p.spanWords(j.LeavesAt, j.ArrivesAt, c.Zone),
		Moved: p.impactLines(impact.Rehomed, c.Zone), Homeless: p.impactLines(impact.WithoutUnit, c.Zone), Action: path + "/nouveau", Fields: f.Fields(),
		Back: path + "/nouveau?" + f.query().Encode()}}
	return p.show(status, "transfers_preview", v)
}

func (p *page) newTransferAgain(status int, form journeyForm, wrong *told) error {
	f, c, err := p.transfersDesk(p.l.Say("page.transfers.new", nil))
	if err != nil {
		return err
	}
	places, err := p.Catalog.Places(p.c.Request.Context())
	if err != nil {
		return err
	}
	v := newTransferView{frame: f, Path: transfersPath + "/" + c.Hub.Slug, Key: newKey(), Form: form}
	far := map[string]float64{}
	for _, x := range places {
		if x.ID == c.Hub.ID {
			continue
		}
		far[x.Slug] = inventory.Distance(c.Hub.Latitude, c.Hub.Longitude, x.Latitude, x.Longitude)
		words := p.l.Say("page.transfers.hub_far", fault.Params{"hub": inTown(x.Name.In(p.l.Tag()), x.Town), "far": p.l.Distance(far[x.Slug])})
		v.Hubs = append(v.Hubs, findChoice{x.Slug, words, x.Slug == form.To || x.ID == form.To})
	}
	slices.SortStableFunc(v.Hubs, func(a, b findChoice) int { return cmp.Compare(far[a.Value], far[b.Value]) })
	if form.FromDay == "" {
		v.Form.FromDay, v.Form.FromTime = c.Now.In(c.Zone).Format(time.DateOnly), c.Now.In(c.Zone).Add(time.Hour).Truncate(time.Hour).Format("15:04")
	}
	v.Error = wrong
	return p.show(status, "transfers_new", v)
}

// planTransfer plans a journey.
func planTransfer(p *page) error {
	_, c, err := p.transfersDesk("")
	if err != nil {
		return err
	}
	f := journeyFormOf(p.field)
	j, wrong := p.journey(f, c)
	if len(wrong) > 0 {
		return p.newTransferAgain(http.StatusBadRequest, f, &told{Title: p.l.Say("page.wrong.title", nil), List: wrong})
	}
	unit, err := p.namedUnit(f.Unit)
	if err != nil {
		return p.journeyRefused(f, err)
	}
	j.Unit, j.Foreseen = unit.UnitID, p.foreseen()
	_, err = p.Book.PlanTransfer(p.c.Request.Context(), p.v.Actor, j, p.onceKey("cle", f.query().Encode()))
	if hasViolation(err, impactChanged) {
		return p.showJourney(http.StatusConflict, p.lookAgain())
	}
	if err != nil {
		return p.journeyRefused(f, err)
	}
	return p.to(transfersPath + "/" + c.Hub.Slug + "?fait=prevu")
}

// journeyRefused shows the form again where what was typed can be mended.
func (p *page) journeyRefused(f journeyForm, err error) error {
	title := p.l.Say("page.wrong.title", nil)
	switch {
	case fault.Is(err, "unit_not_found"):
		return p.newTransferAgain(http.StatusNotFound, f, &told{Title: title, List: []wrongField{{"u", p.l.Say("page.upkeep.no_unit", nil)}}})
	case fault.Is(err, "hub_not_found"):
		return p.newTransferAgain(http.StatusNotFound, f, &told{Title: title, List: []wrongField{{"vers", p.l.Say("page.transfers.no_hub", nil)}}})
	case canMend(err):
		t, status := p.mend(err)
		return p.newTransferAgain(status, f, &t)
	}
	return err
}

func departTransfer(p *page) error {
	return p.stepTransfer("depart", func(id string, key database.Key) error {
		_, err := p.Book.Depart(p.c.Request.Context(), p.v.Actor, id, key)
		return err
	})
}

func arriveTransfer(p *page) error {
	return p.stepTransfer("arrivee", func(id string, key database.Key) error {
		_, err := p.Book.ArriveTransfer(p.c.Request.Context(), p.v.Actor, id, key)
		return err
	})
}

func cancelTransfer(p *page) error {
	return p.stepTransfer("annulation", func(id string, key database.Key) error {
		_, err := p.Book.CancelTransfer(p.c.Request.Context(), p.v.Actor, id, key)
		return err
	})
}

// stepTransfer carries a journey on. What stands against it is said on the list.
func (p *page) stepTransfer(done string, step func(id string, key database.Key) error) error {
	if !p.v.Actor.Anywhere(identity.HandOut) {
		return identity.Denied(p.v.Actor)
	}
	id := p.c.Param("transfer")
	err := step(id, p.onceKey("cle", id))
	if err != nil && canMend(err) {
		t, status := p.mend(err)
		return p.transfersAgain(status, &t)
	} else if err != nil {
		return err
	}
	return p.to(transfersPath + "/" + url.PathEscape(p.c.Param("hub")) + "?fait=" + done)
}
