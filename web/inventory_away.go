package web

import (
	"net/http"
	"strings"

	"canot/booking"
	"canot/internal/database"
	"canot/internal/fault"
)

// awayView asks whether a unit is lost, or leaves for ever, and says whom that moves.
type awayView struct {
	frame
	Action, Back, Code, Name string
	Retire                   bool
	Reason, Key              string
	Moved, Left              []unitMovedLine
	Quiet                    bool   // nobody is moved
	Seen                     string // whom it moves, as it is shown
}

// A unitMovedLine is a booking that would get another unit, or none.
type unitMovedLine struct{ Path, Words string }

// retires reports whether the address is that of retiring, not of losing.
func (p *page) retires() bool { return strings.HasSuffix(p.c.FullPath(), "/retirer") }

// outForGood shows what reporting the unit lost, or retiring it, would do.
func outForGood(p *page) error { return p.showAway(http.StatusOK, nil) }

func (p *page) showAway(status int, wrong error) error {
	d, c, err := p.counterDesk()
	if p.retires() && err == nil {
		d, c, err = p.manages()
	}
	if err != nil {
		return err
	}
	u, err := p.unitOf(c)
	if err != nil {
		return err
	}
	f := awayView{Action: p.inventory(d) + "/exemplaires/" + u.ID + "/" + map[bool]string{true: "retirer", false: "perdu"}[p.retires()],
		Back: p.inventory(d) + "/exemplaires/" + u.ID, Code: u.Code, Name: u.Name.In(p.l.Tag()), Retire: p.retires(), Reason: p.field("raison"), Key: newKey()}
	f.frame = p.frame(p.l.Say(map[bool]string{true: "page.inventory.retire_title", false: "page.inventory.lost_title"}[f.Retire], fault.Params{"code": u.Code}))
	f.Desk = &d
	impact, err := p.Book.OutingImpact(p.c.Request.Context(), p.v.Actor, u.ID, c.Now, nil)
	if err != nil {
		return err
	}
	for _, b := range impact.Rehomed {
		f.Moved = append(f.Moved, p.unitMovedLine(d, b))
	}
	for _, b := range impact.WithoutUnit {
		f.Left = append(f.Left, p.unitMovedLine(d, b))
	}
	f.Seen = seenOf(impact)
	f.Quiet = len(f.Moved)+len(f.Left) == 0
	if wrong != nil {
		t, code := p.explain(wrong)
		f.Error, status = &t, code
	}
	return p.show(status, "inventory_away", f)
}

func (p *page) unitMovedLine(d desk, b booking.Booking) unitMovedLine {
	return unitMovedLine{"/reservations/" + b.ID, p.l.Say("page.inventory.moved", fault.Params{"reference": b.Reference, "when": p.l.DateTime(b.StartsAt.In(d.Zone))})}
}

// sendAway reports the unit lost, or retires it.
func sendAway(p *page) error {
	d, c, err := p.counterDesk()
	if p.retires() && err == nil {
		d, c, err = p.manages()
	}
	if err != nil {
		return err
	}
	u, err := p.unitOf(c)
	if err != nil {
		return err
	}
	ctx, done := p.c.Request.Context(), "perdu"
	key := p.onceKey("cle", u.ID, p.field("raison"))
	if p.retires() {
		done = "retire"
		_, err = p.Book.Retire(ctx, p.v.Actor, u.ID, p.foreseen(), key)
	} else {
		_, err = p.Book.TakeOutFor(ctx, p.v.Actor, booking.Outage{Unit: u.ID, From: c.Now, Cause: "lost", Reason: p.field("raison"), Foreseen: p.foreseen()}, key)
	}
	if err != nil {
		return p.showAway(0, err)
	}
	return p.to(p.inventory(d) + "/exemplaires/" + u.ID + "?fait=" + done)
}

// foundAgain ends that the unit of the address is lost.
func foundAgain(p *page) error {
	d, c, err := p.counterDesk()
	if err != nil {
		return err
	}
	u, err := p.unitOf(c)
	if err != nil {
		return err
	}
	if err := p.find(u); err != nil {
		return p.showUnit(0, err)
	}
	return p.to(p.inventory(d) + "/exemplaires/" + u.ID + "?fait=retrouve")
}

// find ends every outage of a unit that was lost.
func (p *page) find(u booking.UnitView) error {
	for _, o := range u.Outages {
		if o.Cause != "lost" {
			continue
		}
		_, err := p.Book.EndMaintenance(p.c.Request.Context(), p.v.Actor, o.ID, nil, database.Key{})
		if err != nil && fault.KindOf(err) != fault.Refused {
			return err
		}
	}
	return nil
}
