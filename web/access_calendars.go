package web

import (
	"html/template"
	"net/http"
	"slices"
	"strings"

	"canot/internal/database"
	"canot/internal/fault"
	"canot/internal/identity"
	"canot/inventory"
)

const calendarsPath = accessPath + "/agenda"

// A calendarLine is the secret address of a calendar that somebody has.
type calendarLine struct {
	ID, HubID string
	Name      phrase
	Since     string
}

// calendars fills in which private calendars somebody has, and which they could have: their own, and
// of hubs whose bookings they may see.
func (f *accessForm) calendars(p *page, m identity.Member) error {
	list, err := p.Directory.CalendarAddresses(p.c.Request.Context(), p.v.Actor, m.ID)
	if err != nil {
		return err
	}
	var places []inventory.Place
	if p.v.Actor.Anywhere(identity.ViewBookings) || slices.ContainsFunc(list, func(a identity.CalendarAddress) bool { return a.HubID != "" }) {
		if places, err = p.Catalog.Places(p.c.Request.Context()); err != nil {
			return err
		}
	}
	f.OwnCalendar = true
	had := map[string]bool{}
	for _, a := range list {
		had[a.HubID] = true
		f.OwnCalendar = f.OwnCalendar && a.HubID != ""
		f.Calendars = append(f.Calendars, calendarLine{a.ID, a.HubID, p.calendarName(places, a.HubID), p.l.Day(a.CreatedAt)})
	}
	for _, h := range places {
		if !had[h.ID] && p.v.Actor.May(identity.ViewBookings, h.ID, h.RegionID) {
			f.Hubs = append(f.Hubs, choice{h.ID, h.Name.In(p.l.Tag())})
		}
	}
	return nil
}

func (p *page) calendarName(places []inventory.Place, hub string) phrase {
	for _, h := range places {
		if h.ID == hub {
			return p.phrase(h.Name)
		}
	}
	if hub != "" {
		return phrase{Text: p.l.Say("page.data.unnamed", nil)}
	}
	return phrase{Text: p.l.Say("page.nav.bookings", nil)}
}

// madeCalendar is the address of a private calendar that was just made. It is on no other page.
type madeCalendar struct {
	frame
	Name      phrase
	Address   string
	Subscribe template.URL
}

// renewCalendar makes the address of a calendar and shows it, this once; the one that there was is
// dead. A form counts once.
func renewCalendar(p *page) error {
	if err := p.signedIn(); err != nil {
		return err
	}
	ctx, a, hub := p.c.Request.Context(), p.v.Actor, p.field("hub")
	secret, made, err := p.Directory.RenewCalendarAddress(ctx, a, hub, p.onceKey("key", hub))
	if err != nil {
		t, status := p.explain(err)
		return p.accessAgain(status, usualToken(), &t)
	}
	return p.showCalendar(madeSecret{a.ID, secret, made.HubID})
}

// A madeSecret is the secret of a calendar, for the page that shows it, in both languages.
type madeSecret struct{ By, Secret, HubID string }

func (p *page) showCalendar(made madeSecret) error {
	var places []inventory.Place
	if made.HubID != "" {
		var err error
		if places, err = p.Catalog.Places(p.c.Request.Context()); err != nil {
			return err
		}
	}
	p.resend = p.sealed(made)
	f := madeCalendar{frame: p.frame(p.l.Say("page.access.calendar_made", nil)), Name: p.calendarName(places, made.HubID)}
	f.Address = p.origin() + "/calendars/private/" + made.Secret + ".ics"
	if p.l.Tag() != "fr" {
		f.Address += "?lang=" + p.l.Tag()
	}
	_, rest, _ := strings.Cut(f.Address, "://")
	f.Subscribe = template.URL("webcal://" + rest)
	return p.show(http.StatusOK, "calendar_made", f)
}

// calendarShown shows the address that was just made, or the page without it, and makes nothing.
func calendarShown(p *page) error {
	var made madeSecret
	if p.unsealed(&made) && made.By == p.v.Actor.ID {
		return p.showCalendar(made)
	}
	return p.accessAgain(http.StatusOK, usualToken(), nil)
}

// origin is the address of the site as this person reaches it.
func (p *page) origin() string {
	if p.PublicURL != "" {
		return strings.TrimSuffix(p.PublicURL, "/")
	}
	if p.c.Request.TLS != nil {
		return "https://" + p.c.Request.Host
	}
	return "http://" + p.c.Request.Host
}

// endCalendar kills the address of one of one's own calendars; one that is not there is dead already.
func endCalendar(p *page) error {
	if err := p.signedIn(); err != nil {
		return err
	}
	ctx, a, id := p.c.Request.Context(), p.v.Actor, p.field("calendar")
	list, err := p.Directory.CalendarAddresses(ctx, a, a.ID)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(list, func(c identity.CalendarAddress) bool { return c.ID == id }) {
		if err := p.Directory.EndCalendarAddress(ctx, a, id, database.Key{}); err != nil && !fault.Is(err, "calendar_not_found") {
			return err
		}
	}
	return p.to(accessPath + "?fait=" + newsEnded)
}
