package web

import (
	"html/template"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
	"golang.org/x/time/rate"

	"canot/booking"
	"canot/internal/database"
	"canot/internal/fault"
	"canot/internal/identity"
	"canot/inventory"
	"canot/inventory/files"
	"canot/inventory/hours"
	"canot/inventory/upkeep"
	"canot/web/edge"
)

// thingPath is what the label on a thing says, before its code.
const thingPath = "/u"

func (s *Site) mountThings(r gin.IRouter) {
	s.on(r, "GET", thingPath+"/:code", thingPage)
	s.on(r, "GET", thingPath+"/:code/probleme", problemPage)
	s.on(r, "POST", thingPath+"/:code/probleme", reportProblem)
	s.on(r, "GET", thingPath+"/:code/arrivee", func(p *page) error { return p.to(thingAddress(p.c.Param("code"))) })
	s.on(r, "POST", thingPath+"/:code/arrivee", arriveHere)
}

// reports is how often somebody may tell of a problem: a person who walks through a workshop and
// tells of a few, not a program.
var reports = edge.Class{Name: "reports", Rate: rate.Every(2 * time.Minute), Bursts: 6}

// TakeReport counts that somebody tells of a problem, by page or by program. When there have been too many
// it returns a fault of kind TooMany that says when to come back.
func (s *Site) TakeReport(caller string) error { return s.reports.Take(reports, caller) }

func thingAddress(code string) string { return thingPath + "/" + url.PathEscape(code) }

// A thingView is the page of a thing whose label was scanned. It says nothing of persons but of who asks.
type thingView struct {
	frame
	Path, Name, Kind, Code string
	Description            string
	Where, HubPath         string
	Phone, Email           string
	Photo, PhotoWords      string
	Book, Resource         string // addresses, "" for none
	Retired, Out, Reported bool
	News                   string
	Counter                string // of who hands out there
	Arrive                 *thingArrival
	SignIn                 string // the address that leads back here, for a place or a machine
	Key, Text, Contact     string
	Known                  bool
}

// Call is the link to the telephone of the hub, "" for none.
func (v thingView) Call() template.URL { return telephone(v.Phone) }

// A thingArrival is one's own booking of a place or a machine, now.
type thingArrival struct {
	When, Path, Booking string
	Here                bool // they have said that they are here
	Soon                bool // it begins later than now
}

// thingPage says what a thing is, how to book it and how to tell of a problem.
func thingPage(p *page) error { return p.thingAgain("thing", http.StatusOK, thingView{}, nil) }

// problemPage is the form by which a problem is told.
func problemPage(p *page) error {
	return p.thingAgain("thing_problem", http.StatusOK, thingView{}, nil)
}

// thing is what the address names.
func (p *page) thing() (upkeep.Thing, error) {
	t, err := p.Upkeep.Thing(p.c.Request.Context(), p.c.Param("code"))
	if fault.KindOf(err) == fault.NotFound {
		err = fault.New(fault.NotFound, "not_found", nil)
	}
	return t, err
}

func (p *page) thingAgain(name string, status int, v thingView, wrong *told) error {
	t, err := p.thing()
	if err != nil {
		return err
	}
	label := thingAddress(p.c.Param("code"))
	title := t.Name.In(p.l.Tag())
	if name == "thing_problem" {
		title = p.l.Say("page.thing.problem", nil)
		p.other = label + "/probleme"
	} else {
		p.other = label
	}
	v.frame = p.frame(title)
	v.Path, v.Name, v.Code, v.Retired, v.Out, v.Reported = label, t.Name.In(p.l.Tag()), t.Code, t.Retired, t.OutOfService, t.Reported
	v.Kind, v.Description = string(t.Kind), t.Description.In(p.l.Tag())
	v.Where, v.HubPath, v.Phone, v.Email = inTown(t.HubName.In(p.l.Tag()), t.Town), "/lieux/"+t.HubSlug, t.Phone, t.Email
	v.Key, v.Known = newKey(), p.v.Actor.Known()
	if t.PhotoID != "" {
		v.Photo, v.PhotoWords = "/photos/"+t.PhotoID, p.l.Say("page.thing.photo", fault.Params{"name": v.Name})
	}
	if !t.Retired {
		v.Resource = resourceAddress(t.Slug)
		v.Book = whenAddress([]booking.Want{{Resource: t.Slug, Quantity: 1}}, "")
	}
	if p.v.Actor.May(identity.HandOut, t.HubID, t.RegionID) && t.Code != "" {
		v.Counter = counterPath + "/" + t.HubSlug + "?" + url.Values{"code": {t.Code}}.Encode()
	}
	switch p.c.Query("fait") {
	case "signale":
		v.News = p.l.Say("page.thing.told", nil)
	case "arrivee":
		v.News = p.l.Say("page.thing.arrived", nil)
	}
	if err := p.arrivalAt(&v, t); err != nil {
		return err
	}
	v.Error = wrong
	return p.show(status, name, v)
}

// arrivalAt finds one's own booking of a place or a machine, for who stands at its door.
func (p *page) arrivalAt(v *thingView, t upkeep.Thing) error {
	if t.Kind != inventory.Space && t.Kind != inventory.Machine || t.Retired {
		return nil
	}
	if !p.v.Actor.Known() {
		v.SignIn = p.signInFor()
		return nil
	}
	b, err := p.Book.HereNow(p.c.Request.Context(), p.v.Actor, t.ResourceID)
	if err != nil || b == nil {
		return err
	}
	zone, err := hours.LoadZone(b.TimeZone)
	if err != nil {
		return err
	}
	v.Arrive = &thingArrival{When: p.spanWords(b.StartsAt, b.EndsAt, zone), Path: bookingAddress(b.ID), Booking: b.ID,
		Here: b.Status == booking.InUse, Soon: b.StartsAt.After(p.DB.Now())}
	return nil
}

// reportProblem takes what somebody saw. A program that fills in every field it finds is thanked, and
// nothing is kept.
func reportProblem(p *page) error {
	code := p.c.Param("code")
	if _, err := p.thing(); err != nil {
		return err
	}
	if err := p.TakeReport(p.v.Caller()); err != nil { // before anything large is read
		return err
	}
	if err := p.openForm(); err != nil {
		return err
	}
	v := thingView{Text: strings.TrimSpace(p.field("description")), Contact: strings.TrimSpace(p.field("contact"))}
	done := thingAddress(code) + "?fait=signale"
	if p.field("site_web") != "" {
		return p.to(done)
	}
	n := upkeep.NewTicket{Description: v.Text, Contact: v.Contact}
	var err error
	if p.v.Actor.Known() { // a stranger keeps no pictures here
		n.Photos, err = p.prepared("photo", files.Photo)
	}
	if err == nil {
		key := p.onceKey("cle", code, v.Text, v.Contact)
		if key.Key != "" { // who goes back and writes something else tells of something else
			key.Key += " " + key.Hash[:16]
		}
		_, err = p.Upkeep.Report(p.c.Request.Context(), p.v.Actor, code, n, key)
	}
	switch {
	case err == nil:
		return p.to(done)
	case fault.KindOf(err) == fault.NotFound:
		return fault.New(fault.NotFound, "not_found", nil)
	case canMend(err):
		t, status := p.mend(err)
		for i, w := range t.List {
			if w.Field == "description" && v.Text == "" {
				t.List[i].Text = p.l.Say("page.thing.what_needed", nil)
			}
		}
		return p.thingAgain("thing_problem", status, v, &t)
	}
	return err
}

// arriveHere says that somebody has come for their own booking of the place or the machine whose
// label they scanned.
func arriveHere(p *page) error {
	ctx, code := p.c.Request.Context(), p.c.Param("code")
	if !p.v.Actor.Known() {
		return p.to(signInAddress(addressOf(p.l, thingAddress(code))))
	}
	t, err := p.thing()
	if err != nil {
		return err
	}
	b, err := p.Book.HereNow(ctx, p.v.Actor, t.ResourceID)
	if err != nil {
		return err
	}
	if b == nil || t.Kind != inventory.Space && t.Kind != inventory.Machine {
		return p.thingAgain("thing", http.StatusNotFound, thingView{}, &told{Title: p.l.Say("page.thing.no_booking", nil)})
	}
	if b.Status == booking.Confirmed {
		_, err = p.Book.Arrive(ctx, p.v.Actor, b.ID, time.Time{}, database.Key{}) // as at the counter
	}
	if err != nil && canMend(err) {
		t, status := p.mend(err)
		return p.thingAgain("thing", status, thingView{}, &t)
	} else if err != nil {
		return err
	}
	return p.to(thingAddress(code) + "?fait=arrivee")
}
