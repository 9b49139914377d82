package web

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"canot/booking"
	"canot/internal/fault"
	"canot/inventory"
	"canot/inventory/hours"
	"canot/web/assets"
	"canot/web/edge"
)

const (
	offlinePath  = "/hors-ligne"
	workerPath   = "/sw.js"
	manifestPath = "/canot.webmanifest"
	upcomingPath = accountPath + "/a-venir.json"
)

func (s *Site) mountOffline(r gin.IRouter) {
	s.on(r, "GET", offlinePath, offlinePage)
	s.on(r, "GET", upcomingPath, upcomingFile)
	s.on(r, "GET", manifestPath, manifestFile)
	r.GET(workerPath, func(c *gin.Context) {
		edge.Public(c.Writer.Header())
		c.Data(http.StatusOK, "text/javascript; charset=utf-8", worker)
	})
}

//go:embed assets/worker.js
var workerSource string

// worker is the service worker with the addresses of what it keeps. It changes whenever one of
// them does, by which browsers know to take the new one.
var worker = func() []byte {
	sum := sha256.Sum256([]byte(workerSource))
	var b strings.Builder
	for line := range strings.Lines(workerSource) {
		if !strings.HasPrefix(strings.TrimSpace(line), "//") { // remarks are for who reads the source
			b.WriteString(line)
		}
	}
	css, js, deskStyle, deskScript := assets.Path("canot.css"), assets.Path("canot.js"), assets.Path("counter.css"), assets.Path("counter.js")
	return []byte(strings.NewReplacer("{sum}", hex.EncodeToString(sum[:4])+css+js+deskStyle+deskScript, "{css}", css, "{js}", js,
		"{counter.css}", deskStyle, "{counter.js}", deskScript).Replace(b.String()))
}()

// sessionHeader tells the worker in a browser for whose session an answer is, so that it keeps
// nobody's list for anybody else.
const sessionHeader = "Canot-Session"

// sessionMark names the session that asks by something that changes with it and from which
// nothing of it can be found again; "-" for nobody.
func (p *page) sessionMark() string {
	id := p.v.Actor.SessionID
	if id == "" {
		return "-"
	}
	sum := sha256.Sum256([]byte("canot offline " + id))
	return base64.RawURLEncoding.EncodeToString(sum[:12])
}

// offlinePage is what the worker shows when the line is down. It is the same for everybody: the
// script fills in what was kept.
func offlinePage(p *page) error {
	f := p.frame(p.l.Say("page.offline.title", nil))
	f.Nav, f.Known = nil, false // nothing of it could be opened
	return p.show(http.StatusOK, "offline", f)
}

// upcoming is what the worker keeps of somebody: their next bookings, in words.
type upcoming struct {
	Lang     string            `json:"lang"`
	Seen     string            `json:"seen"`
	Bookings []upcomingBooking `json:"bookings"`
}

type upcomingBooking struct {
	What      string `json:"what"`
	When      string `json:"when"`
	Where     string `json:"where"`
	Reference string `json:"reference"`
	Status    string `json:"status,omitempty"` // when it is not simply confirmed
	Access    string `json:"access,omitempty"` // how to get in
	Phone     string `json:"phone,omitempty"`
	Call      string `json:"call,omitempty"` // the link to it
}

// mostUpcoming is how many bookings are kept for when the line is down, and mostText how many
// characters of one text of them.
const (
	mostUpcoming = 20
	mostText     = 400
)

// upcomingFile is somebody's next bookings, for the worker. It is for sessions alone, and kept by
// nobody else.
func upcomingFile(p *page) error {
	edge.Private(p.c.Writer.Header())
	p.c.Header(sessionHeader, p.sessionMark())
	p.c.Header(personHeader, p.personMark())
	if err := p.signedIn(); err != nil || p.v.Actor.SessionID == "" {
		p.c.Status(http.StatusNoContent) // no fault: nobody is signed in
		p.c.Writer.WriteHeaderNow()
		return nil
	}
	ctx, now := p.c.Request.Context(), p.DB.Now()
	list, _, err := p.Book.Bookings(ctx, p.v.Actor, booking.Query{Mine: true, From: &now, Limit: 3 * mostUpcoming})
	if err != nil {
		return err
	}
	hubs, err := p.hubs()
	if err != nil {
		return err
	}
	at := map[string]inventory.Hub{}
	for _, h := range hubs {
		at[h.ID] = h
	}
	seen := now
	out := upcoming{Lang: p.l.Tag(), Bookings: []upcomingBooking{}}
	for _, b := range list {
		switch b.Status {
		case booking.Held, booking.Pending, booking.Confirmed, booking.InUse:
		default:
			continue
		}
		zone, err := hours.LoadZone(b.TimeZone)
		if err != nil {
			return err
		}
		if len(out.Bookings) == 0 {
			seen = now.In(zone)
		}
		if out.Bookings = append(out.Bookings, p.upcomingBooking(b, at[b.HubID], zone)); len(out.Bookings) == mostUpcoming {
			break
		}
	}
	out.Seen = p.l.Say("page.offline.seen", fault.Params{"seen": p.l.DateTime(seen)})
	body, err := json.Marshal(out)
	if err != nil {
		return err
	}
	p.c.Data(http.StatusOK, "application/json", body)
	return nil
}

func (p *page) upcomingBooking(b booking.Booking, h inventory.Hub, zone *time.Location) upcomingBooking {
	tag := p.l.Tag()
	var what, where []string
	for _, l := range b.Lines {
		name := l.ResourceName.In(tag)
		if l.Quantity > 1 {
			name = p.l.Say("page.offline.several", fault.Params{"what": name, "count": l.Quantity})
		}
		what = append(what, name)
	}
	for _, part := range []string{h.Name.In(tag), h.Address, h.Town} {
		if part != "" && !strings.Contains(strings.Join(where, ", "), part) {
			where = append(where, part)
		}
	}
	u := upcomingBooking{What: short(strings.Join(what, ", ")), Where: short(strings.Join(where, ", ")), Reference: b.Reference,
		When:   p.l.Say("page.offline.when", fault.Params{"from": b.StartsAt.In(zone), "to": b.EndsAt.In(zone)}),
		Access: short(h.Access.In(tag)), Phone: h.Phone, Call: string(telephone(h.Phone))}
	if b.Status != booking.Confirmed {
		u.Status = p.l.Say("status."+string(b.Status), nil)
	}
	return u
}

// short cuts a text that somebody wrote at length.
func short(text string) string {
	if runes := []rune(text); len(runes) > mostText {
		return string(runes[:mostText]) + "…"
	}
	return text
}

// manifestFile says to a browser how Canot is put among the programs of a device.
func manifestFile(p *page) error {
	type icon struct {
		Src     string `json:"src"`
		Sizes   string `json:"sizes"`
		Type    string `json:"type"`
		Purpose string `json:"purpose,omitempty"`
	}
	body, err := json.Marshal(struct {
		ID          string `json:"id"`
		Name        string `json:"name"`
		Description string `json:"description"`
		Lang        string `json:"lang"`
		StartURL    string `json:"start_url"`
		Scope       string `json:"scope"`
		Display     string `json:"display"`
		Background  string `json:"background_color"`
		Theme       string `json:"theme_color"`
		Icons       []icon `json:"icons"`
	}{"/", "Canot", p.l.Say("page.app.description", nil), p.l.Tag(), home(p.l), "/", "standalone", "#faf8f3", "#073c4d", []icon{
		{assets.Path("icon-192.png"), "192x192", "image/png", ""},
		{assets.Path("icon-512.png"), "512x512", "image/png", ""},
		{assets.Path("icon-maskable.png"), "512x512", "image/png", "maskable"},
	}})
	if err != nil {
		return err
	}
	edge.Public(p.c.Writer.Header())
	p.c.Data(http.StatusOK, "application/manifest+json", body)
	return nil
}
