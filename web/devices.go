package web

import (
	"net/http"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"canot/internal/database"
	"canot/internal/fault"
	"canot/internal/identity"
	"canot/internal/identity/signin"
)

const everywherePath = "/connexion/sessions"

func (s *Site) mountDevices(r gin.IRouter) {
	s.on(r, "GET", devicesPath, devicesPage)
	s.on(r, "POST", devicesPath+"/fermer", endDevice)
	s.on(r, "POST", devicesPath+"/autres", endOthers)
	s.leads(r, devicesPath, devicesPath+"/fermer", devicesPath+"/autres")
}

// devicesForm is where somebody is signed in, and what protects their account.
type devicesForm struct {
	frame
	News    *told
	Devices []deviceLine
	Has     signin.Factors
	Second  bool         // their account has a second step, or passkeys, which are two at once
	Lacks   bool         // their roles ask for a second step
	Codes   fault.Params // how many recovery codes are left, of who may make others; nil of who may not
}

// A deviceLine is one browser.
type deviceLine struct {
	ID, Name, How, Since, Seen string
	Current                    bool
}

func devicesPage(p *page) error { return p.devicesAgain(http.StatusOK, nil) }

func (p *page) devicesAgain(status int, t *told) error {
	ctx, a := p.c.Request.Context(), p.v.Actor
	m, err := p.myself()
	if err != nil {
		return err
	}
	sessions, err := p.Directory.Sessions(ctx, a)
	if err != nil {
		return err
	}
	zone, err := p.homeZone(m.HomeHubID)
	if err != nil {
		return err
	}
	if status != http.StatusOK {
		p.other = devicesPath
	}
	f := devicesForm{frame: p.frame(p.l.Say("page.devices.title", nil)), Lacks: a.LacksFactor}
	f.Error = t
	if a.SessionID != "" {
		if f.Has, err = p.Gate.Factors(ctx, a); err != nil {
			return err
		}
		f.Second = f.Has.Authenticator || f.Has.Passkeys > 0
		if f.Has.Authenticator && f.Has.SessionOf >= 2 {
			f.Codes = fault.Params{"count": f.Has.RecoveryCodes}
		}
	}
	for _, s := range sessions {
		f.Devices = append(f.Devices, p.deviceLine(s, zone))
	}
	switch p.c.Query("fait") {
	case newsStep:
		if f.Codes != nil { // anybody may write the address: it says only what is so
			f.News = &told{Title: p.l.Say("page.second.in_place", nil), Text: p.l.Say("page.second.in_place_lead", nil)}
		}
	case newsDevice:
		f.News = &told{Title: p.l.Say("page.devices.ended", nil)}
	case newsOthers:
		f.News = &told{Title: p.l.Say("page.devices.others_ended", nil)}
	}
	return p.show(status, "devices", f)
}

func (p *page) deviceLine(s identity.Session, zone *time.Location) deviceLine {
	d := deviceLine{ID: s.ID, Name: s.Device, Current: s.Current,
		Since: p.l.Day(s.CreatedAt.In(zone)), Seen: p.l.DateTime(s.SeenAt.In(zone).Truncate(time.Minute))}
	if d.Name == "" {
		d.Name = p.l.Say("page.devices.unknown", nil)
	}
	if d.How = p.l.Say("dossier.method."+s.Method, nil); d.How == "" {
		d.How = p.l.Say("page.data.unnamed", nil)
	}
	return d
}

// endDevice signs one of one's own browsers out. Somebody else's is as if it were not there,
// whatever the roles of who asks: this page is about oneself.
func endDevice(p *page) error {
	if err := p.signedIn(); err != nil {
		return err
	}
	ctx, a, id := p.c.Request.Context(), p.v.Actor, p.field("session")
	sessions, err := p.Directory.Sessions(ctx, a)
	if err != nil {
		return err
	}
	for _, s := range sessions {
		if s.ID != id {
			continue
		}
		if err := p.Directory.EndSession(ctx, a, id, database.Key{}); err != nil {
			return err
		}
		if s.Current {
			p.leave()
			return p.to("/connexion?fait=" + newsOut)
		}
	}
	// One that is not there any more is ended, too.
	return p.to(devicesPath + "?fait=" + newsDevice)
}

// endOthers signs somebody out of every browser but this one; their programs go on.
func endOthers(p *page) error {
	if err := p.signedIn(); err != nil {
		return err
	}
	a := p.v.Actor
	if err := p.Directory.EndSessions(p.c.Request.Context(), a, a.ID, a.SessionID, false, database.Key{}); err != nil {
		return err
	}
	return p.to(devicesPath + "?fait=" + newsOthers)
}

func atoi(s string) int64 {
	n, _ := strconv.ParseInt(s, 10, 64) // 0 for what is no number: any version
	return n
}
