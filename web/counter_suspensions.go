package web

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"canot/booking/membership"
	"canot/internal/fault"
	"canot/internal/identity"
	"canot/inventory"
)

// suspensionsPath is where a counter says who borrows nothing for a while, behind its address.
const suspensionsPath = "/suspensions"

func (s *Site) mountSuspensions(r gin.IRouter) {
	s.on(r, "GET", counterPath+"/:hub"+suspensionsPath, func(p *page) error { return p.showSuspensions(http.StatusOK, nil) })
	s.on(r, "POST", counterPath+"/:hub"+suspensionsPath, changeSuspensions)
}

// suspensionsView is who is suspended at a hub, and the rule by which it comes.
type suspensionsView struct {
	frame
	Action, News, Key string
	List              []suspensionLine
	Lifts             bool
	Rule              *suspensionRule // nil for who may not change it
}

type suspensionLine struct{ ID, Who, Until, Why, Reason, Typed, Booking string }

// A suspensionRule is after how many late returns somebody is suspended, for how many days, as typed.
type suspensionRule struct{ After, Days, Version string }

func (p *page) showSuspensions(status int, wrong error) error {
	d, c, err := p.counterDesk()
	if err != nil {
		return err
	}
	ctx := p.c.Request.Context()
	all, err := p.Roster.SuspensionsAt(ctx, p.v.Actor, c.Hub)
	if err != nil {
		return err
	}
	may := func(right identity.Right) bool { return p.v.Actor.May(right, c.Hub.ID, c.Hub.RegionID) }
	f := suspensionsView{frame: p.frame(p.l.Say("page.suspensions.title", nil)), Action: d.Path + suspensionsPath, Key: newKey(), Lifts: may(identity.ManageMembers) || may(identity.Waive)}
	f.Desk, f.Wide = &d, true
	if wrong != nil {
		t, code := p.mend(wrong)
		f.Error, status = &t, code
	}
	switch p.c.Query("fait") {
	case "levee":
		f.News = p.l.Say("page.suspensions.lifted", nil)
	case "regle":
		f.News = p.l.Say("page.suspensions.ruled", nil)
	}
	for _, s := range all {
		l := suspensionLine{ID: s.ID, Who: s.Name, Until: p.l.DateTime(s.EndsAt.In(c.Zone)), Why: p.l.Say("page.suspensions.by_staff", nil), Reason: s.Reason}
		if s.Cause == membership.SuspendedLate {
			l.Why = p.l.Say("page.suspensions.late", nil)
		}
		if s.BookingID != "" {
			l.Booking = bookingAddress(s.BookingID)
		}
		if l.Who == "" {
			l.Who = p.l.Say("page.upkeep.somebody", nil)
		}
		if wrong != nil && p.field("suspension") == s.ID {
			l.Typed = p.field("raison")
		}
		f.List = append(f.List, l)
	}
	if may(identity.ManageInventory) {
		h, err := p.Catalog.Hub(ctx, c.Hub.ID)
		if err != nil {
			return err
		}
		f.Rule = &suspensionRule{strconv.Itoa(h.SuspendAfter), strconv.Itoa(h.SuspendDays), strconv.FormatInt(h.Version, 10)}
		if wrong != nil && p.field("faire") == "regle" {
			*f.Rule = suspensionRule{p.field("retards"), p.field("jours"), p.field("version")}
		}
	}
	return p.show(status, "counter_suspensions", f)
}

// changeSuspensions lifts a suspension, or changes the rule of the hub.
func changeSuspensions(p *page) error {
	d, c, err := p.counterDesk()
	if err != nil {
		return err
	}
	ctx, done := p.c.Request.Context(), "levee"
	if p.field("faire") == "regle" {
		done = "regle"
		e := inventory.HubEdits{IfVersion: versionOf(p.field("version"))}
		after, errAfter := strconv.Atoi(strings.TrimSpace(p.field("retards")))
		days, errDays := strconv.Atoi(strings.TrimSpace(p.field("jours")))
		e.SuspendAfter, e.SuspendDays = &after, &days
		if errAfter != nil {
			return p.showSuspensions(0, fault.Field("suspend_after", "bad_number"))
		} else if errDays != nil {
			return p.showSuspensions(0, fault.Field("suspend_days", "bad_number"))
		}
		_, err = p.Catalog.UpdateHub(ctx, p.v.Actor, c.Hub.ID, e, p.onceKey("cle", p.field("retards"), p.field("jours"), p.field("version")))
	} else {
		id, reason := p.field("suspension"), strings.TrimSpace(p.field("raison"))
		if reason == "" {
			return p.showSuspensions(0, fault.Field("reason", "required"))
		}
		_, err = p.Roster.LiftSuspension(ctx, p.v.Actor, id, reason, p.onceKey("cle", id, reason))
	}
	if err != nil && canMend(err) {
		return p.showSuspensions(0, err)
	} else if err != nil {
		return err
	}
	return p.to(d.Path + suspensionsPath + "?fait=" + done)
}
