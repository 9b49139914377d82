// Package web is the pages that people see: the start page, places with their hours and a map, the
// catalogue of what can be booked, calendars of one resource or of several side by side, booking
// and what one has booked, signing in, one's account and what is known of it, who answers for
// personal data, and in a demo whom to try it as and the mail that was not sent. What one has booked
// can be read offline, from what the worker in assets keeps.
//
// Every page is there in French, and in English under /en; it works without a script,
// under a policy that allows none inline. Forms are answered with a redirect, or with
// the page again and what is wrong with it. The package knows forms and words; it
// refuses to know rules, SQL and how a session is kept: signin.Gate and the other verbs
// are asked, as by the API.
//
// Start reading at Site.Mount.
package web

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/gin-gonic/gin"

	"canot/booking"
	"canot/booking/calendar"
	"canot/booking/membership"
	"canot/internal/database"
	"canot/internal/fault"
	"canot/internal/identity"
	"canot/internal/identity/privacy"
	"canot/internal/identity/signin"
	"canot/inventory"
	"canot/inventory/files"
	"canot/inventory/stock"
	"canot/inventory/upkeep"
	"canot/web/assets"
	"canot/web/edge"
	"canot/web/locale"
	"canot/web/mail"
)

// Deps is what the pages are made of. All must be given but the last four.
type Deps struct {
	DB        *database.DB
	Gate      *signin.Gate
	Directory *identity.Directory
	Catalog   *inventory.Catalog
	Roster    *membership.Roster
	Book      *booking.Book
	Feeds     *calendar.Feeds
	Privacy   *privacy.Office
	Stock     *stock.Room
	Files     *files.Store
	Upkeep    *upkeep.Desk
	PublicURL string     // the address that people use, "" when it is not known
	Kept      *mail.Kept // the mail that was not sent; a demo's
	Demo      *Demo      // whom to try the network as; a demo's
	NoMail    bool       // nothing can be sent
}

// A Site is the pages. It may be used by many goroutines.
type Site struct {
	Deps
	screens *screens      // that show a counter
	pieces  *pieces       // of them
	reports *edge.Limiter // of who tells of problems
	looks   *lately       // at persons, at counters
}

// New makes the Site.
func New(d Deps) *Site {
	return &Site{Deps: d, screens: newScreens(d.Book.Stamps), pieces: &pieces{}, reports: edge.NewLimiter(), looks: &lately{}}
}

// Mount puts the pages on a router whose requests have come through an edge.Door.
func (s *Site) Mount(r gin.IRouter) {
	r.GET("/robots.txt", func(c *gin.Context) {
		c.Header("Cache-Control", "public, max-age=86400")
		c.String(http.StatusOK, robots)
	})
	s.mountHome(r)
	s.mountHubs(r)
	s.mountCatalogue(r)
	s.mountBook(r)
	s.mountBookings(r)
	s.mountSignIn(r)
	s.mountSecond(r)
	s.mountAccount(r)
	s.mountPrivacy(r)
	s.mountOffline(r)
	s.mountCounter(r)
	s.mountLive(r)
	s.mountInventory(r)
	s.mountUpkeep(r)
	s.mountTransfers(r)
	s.mountPrint(r)
	if s.Demo != nil {
		s.mountDemo(r)
	}
	if s.Kept != nil {
		s.mountMails(r)
	}
}

//go:embed pages
var pageFiles embed.FS

// templates are the pages, one set for each language.
var templates = func() map[string]*template.Template {
	sets := map[string]*template.Template{}
	for _, l := range locale.All() {
		words := template.FuncMap{
			"say":    func(key string, params ...fault.Params) string { return sayWith(l, key, params) },
			"at":     func(path string) string { return addressOf(l, path) },
			"asset":  assets.Path,
			"icon":   icon,
			"qr":     squareCode,
			"bars":   barCode,
			"beside": townBeside,
		}
		sets[l.Tag()] = template.Must(template.New("").Funcs(words).ParseFS(pageFiles, "pages/*.html"))
	}
	return sets
}()

// icon is a small picture that says nothing by itself: words stand beside it. Its lines are in
// pages/icons.html.
func icon(name string) (template.HTML, error) {
	drawn, ok := icons[name]
	if !ok {
		return "", fmt.Errorf("no icon is called %s", name)
	}
	return drawn, nil
}

// icons are drawn once: a page has dozens.
var icons = func() map[string]template.HTML {
	all := map[string]template.HTML{}
	for _, t := range template.Must(template.ParseFS(pageFiles, "pages/icons.html")).Templates() {
		name, isIcon := strings.CutPrefix(t.Name(), "icon-")
		if !isIcon {
			continue
		}
		var b strings.Builder
		b.WriteString(`<svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">`)
		if err := t.Execute(&b, nil); err != nil {
			panic(err)
		}
		all[name] = template.HTML(b.String() + `</svg>`)
	}
	return all
}()

func sayWith(l locale.Language, key string, params []fault.Params) string {
	all := fault.Params{}
	for _, p := range params {
		maps.Copy(all, p)
	}
	return l.Say(key, all)
}

// addressOf is the address of a page in a language, from its French one.
func addressOf(l locale.Language, path string) string {
	if l.Tag() != locale.English.Tag() {
		return path
	}
	return "/en" + strings.TrimSuffix(path, "/")
}

// home is the start page in a language.
func home(l locale.Language) string {
	if l.Tag() == locale.English.Tag() {
		return "/en"
	}
	return "/"
}

// A page is one request for a page, in the language of its address.
type page struct {
	*Site
	c *gin.Context
	l locale.Language
	v *edge.Visit

	other    string        // the French address to read in the other language; "" for the page's own
	resend   []hiddenField // of a page that answers a form: what the other language is asked with; nil for a link
	resendTo string        // the French address of that form; "" for the page's own
}

// A handler answers a request, or says what went wrong.
type handler func(p *page) error

// leads are addresses to which only forms lead: who opens one, by going back or by a kept
// address, is brought to the page of these forms.
func (s *Site) leads(r gin.IRouter, to string, paths ...string) {
	for _, path := range paths {
		s.on(r, "GET", path, func(p *page) error { return p.to(to) })
	}
}

// withoutSlash is the address that is meant by one with a slash too many at its end, as people type
// it, or "". It is never one of another site.
func withoutSlash(r *http.Request) string {
	path := strings.TrimRight(r.URL.Path, "/")
	if r.Method != http.MethodGet || path == "" || path == r.URL.Path || strings.Contains(path, "//") || strings.Contains(path, `\`) {
		return ""
	}
	return (&url.URL{Path: path, RawQuery: r.URL.RawQuery}).String()
}

// Problem answers a browser with a page that says what went wrong, where no page has begun.
func (s *Site) Problem(c *gin.Context, err error) {
	l := locale.French // as at every address that is not below /en
	if path := c.Request.URL.Path; path == "/en" || strings.HasPrefix(path, "/en/") {
		l = locale.English
	}
	if to := withoutSlash(c.Request); to != "" && fault.Is(err, "not_found") {
		c.Redirect(http.StatusPermanentRedirect, to)
		return
	}
	p := s.pageOf(c, l)
	p.other = "/" // what is not here is not there either
	p.problem(err)
}

// nowhere says that a page has none in the other language.
const nowhere = "-"

// on puts a page in both languages.
func (s *Site) on(r gin.IRouter, method, path string, h handler) {
	for _, l := range locale.All() {
		r.Handle(method, addressOf(l, path), func(c *gin.Context) { s.pageOf(c, l).answer(h) })
	}
}

// pageOf is a request for a page in a language.
func (s *Site) pageOf(c *gin.Context, l locale.Language) *page {
	p := &page{Site: s, c: c, l: l, v: edge.From(c.Request.Context())}
	p.v.Language = l
	return p
}

func (p *page) answer(h handler) {
	err := p.readable()
	if err == nil {
		err = h(p)
	}
	if err != nil {
		p.problem(err)
	}
}

// readable cleans, for all pages at once, what forms and queries say, and refuses what no browser
// sends: an address with a NUL, or with bytes that are no text. PostgreSQL would not take them as a key.
// A form that may hold files is read later, by openForm, which asks again.
func (p *page) readable() error {
	for _, param := range p.c.Params {
		if !isText(param.Value) {
			return fault.New(fault.NotFound, "not_found", nil)
		}
	}
	// What is wrong with a form as a whole its handler finds: an unread field is an empty one.
	r := p.c.Request
	if r.Form == nil { // a query that is cleaned is read again
		if q, err := url.ParseQuery(r.URL.RawQuery); err == nil && clean(q) {
			address := *r.URL
			address.RawQuery = q.Encode()
			r.URL = &address
		}
		_ = r.ParseForm()
	}
	clean(r.PostForm)
	clean(r.Form)
	for name, values := range r.Form {
		for _, text := range append(values, name) {
			if !isText(text) {
				return fault.Field(strings.ToValidUTF8(strings.ReplaceAll(name, "\x00", ""), ""), "bad_text")
			}
		}
	}
	return nil
}

func isText(s string) bool { return utf8.ValidString(s) && !strings.ContainsRune(s, 0) }

// A frame is what every page shows around its content.
type frame struct {
	Lang, Title, Home string
	Summary           string // what the page is, for search engines; may be ""
	Wide              bool   // the page has tables that need room
	Nav               []navigation
	Other             *otherLanguage
	Desk              *desk // of a page for a hub's staff, which has the counter's style and script; nil elsewhere
	Known             bool  // somebody is signed in
	Error             *told
}

// A navigation is a link to a part of the site; Here says that the page is in it.
type navigation struct {
	Path, Words string
	Here        bool
}

// navigation is the links that every page has.
func (p *page) navigation() []navigation {
	way := []navigation{{Path: "/ressources", Words: p.l.Say("page.nav.resources", nil)}, {Path: "/lieux", Words: p.l.Say("page.nav.hubs", nil)}}
	if len(p.v.Actor.Grants) > 0 && p.v.Actor.May(identity.HandOut, p.v.Actor.Grants[0].HubID, p.v.Actor.Grants[0].RegionID) {
		way = append(way, navigation{Path: counterPath, Words: p.l.Say("page.desk.counter", nil)})
	}
	if p.v.Actor.Known() {
		way = append(way, navigation{Path: "/reservations", Words: p.l.Say("page.nav.bookings", nil)}, navigation{Path: "/compte", Words: p.l.Say("page.account", nil)})
	} else {
		way = append(way, navigation{Path: "/connexion", Words: p.l.Say("page.sign.enter", nil)})
	}
	here := p.c.Request.URL.Path
	for i, n := range way {
		at := addressOf(p.l, n.Path)
		way[i].Here = here == at || strings.HasPrefix(here, at+"/")
	}
	return way
}

// told is what went wrong, in words.
type told struct {
	Title, Text string
	List        []wrongField
}

// A wrongField is what is wrong, with the field of the form that it is about, "" for none.
type wrongField struct{ Field, Text string }

// Wrong is what is wrong with a field of the form, "" for nothing.
func (f frame) Wrong(field string) string {
	if f.Error != nil {
		for _, w := range f.Error.List {
			if w.Field == field {
				return w.Text
			}
		}
	}
	return ""
}

// About ties a field to its hints and to what is wrong with it; the first wrong one has the
// cursor.
func (f frame) About(field string, hints ...string) template.HTMLAttr {
	attr := ""
	if f.Wrong(field) != "" {
		attr = ` aria-invalid="true"`
		if f.Error.List[0].Field == field {
			attr += " autofocus"
		}
		hints = append([]string{field + "-wrong"}, hints...)
	}
	if len(hints) > 0 {
		attr += ` aria-describedby="` + strings.Join(hints, " ") + `"`
	}
	return template.HTMLAttr(strings.TrimSpace(attr))
}

func (p *page) frame(title string) frame {
	f := frame{Lang: p.l.Tag(), Title: title, Home: home(p.l), Nav: p.navigation(), Known: p.v.Actor.Known()}
	f.Other = p.inOther()
	return f
}

// frenchPath is the path of the page that is asked for, in French.
func (p *page) frenchPath() string {
	path := p.c.Request.URL.EscapedPath()
	if p.l.Tag() == locale.English.Tag() {
		path = "/" + strings.TrimPrefix(strings.TrimPrefix(path, "/en"), "/")
	}
	return path
}

// show sends a page. Pages are for who asked alone, and are kept nowhere.
func (p *page) show(status int, name string, data any) error {
	var b bytes.Buffer
	if err := templates[p.l.Tag()].ExecuteTemplate(&b, name, data); err != nil {
		return err
	}
	edge.Private(p.c.Writer.Header())
	p.c.Header("Content-Language", p.l.Tag())
	p.c.Header(sessionHeader, p.sessionMark())
	p.c.Header(personHeader, p.personMark())
	p.c.Data(status, "text/html; charset=utf-8", b.Bytes())
	return nil
}

// to sends the browser to another page of the site.
func (p *page) to(path string) error {
	edge.Private(p.c.Writer.Header())
	p.c.Redirect(http.StatusSeeOther, addressOf(p.l, path))
	return nil
}

// field is what a form says, without the spaces around it.
func (p *page) field(name string) string { return p.c.PostForm(name) }

// visitor is who stands at the gate.
func (p *page) visitor() signin.Visitor {
	return signin.Visitor{Source: p.v.Source(), Browser: p.v.Browser, Device: p.v.Device, By: p.v.Actor}
}
