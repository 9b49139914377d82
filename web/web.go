// Package web is the pages that people see: signing in, what is known of them, who
// answers for personal data, and in a demo the mail that was not sent.
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
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"html/template"
	"maps"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"canot/internal/database"
	"canot/internal/fault"
	"canot/internal/identity"
	"canot/internal/identity/privacy"
	"canot/internal/identity/signin"
	"canot/inventory"
	"canot/web/edge"
	"canot/web/locale"
	"canot/web/mail"
)

// Deps is what the pages are made of. All must be given but Kept, which only a demo has.
type Deps struct {
	DB        *database.DB
	Gate      *signin.Gate
	Directory *identity.Directory
	Catalog   *inventory.Catalog
	Privacy   *privacy.Office
	Kept      *mail.Kept
}

// A Site is the pages. It may be used by many goroutines.
type Site struct{ Deps }

// New makes the Site.
func New(d Deps) *Site { return &Site{d} }

// Mount puts the pages on a router whose requests have come through an edge.Door.
func (s *Site) Mount(r gin.IRouter) {
	r.GET(stylePath, func(c *gin.Context) {
		c.Header("Cache-Control", "public, max-age=31536000, immutable")
		c.Data(http.StatusOK, "text/css; charset=utf-8", styleSheet)
	})
	s.mountSignIn(r)
	s.mountSecond(r)
	s.mountPrivacy(r)
	if s.Kept != nil {
		s.mountMails(r)
	}
}

//go:embed pages
var pageFiles embed.FS

// stylePath is the address of the style sheet. It holds the sheet's sum, so that browsers
// may keep it for ever.
var styleSheet, stylePath = func() ([]byte, string) {
	css, err := pageFiles.ReadFile("pages/style.css")
	if err != nil {
		panic(err)
	}
	sum := sha256.Sum256(css)
	return css, "/s/pages." + hex.EncodeToString(sum[:6]) + ".css"
}()

// templates are the pages, one set for each language.
var templates = func() map[string]*template.Template {
	sets := map[string]*template.Template{}
	for _, l := range locale.All() {
		words := template.FuncMap{
			"say": func(key string, params ...fault.Params) string { return sayWith(l, key, params) },
			"at":  func(path string) string { return addressOf(l, path) },
		}
		sets[l.Tag()] = template.Must(template.New("").Funcs(words).ParseFS(pageFiles, "pages/*.html"))
	}
	return sets
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
	if l.Tag() == locale.English.Tag() {
		return "/en" + path
	}
	return path
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
}

// A handler answers a request, or says what went wrong.
type handler func(p *page) error

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
	if err := h(p); err != nil {
		p.problem(err)
	}
}

// A frame is what every page shows around its content.
type frame struct {
	Lang, Title, Style, Home string
	Other                    *otherLanguage
	Known                    bool // somebody is signed in
	Error                    *told
}

// otherLanguage is the link to the same page in the other language.
type otherLanguage struct{ Href, Lang, Name string }

// told is what went wrong, in words.
type told struct {
	Title, Text string
	List        []string
}

func (p *page) frame(title string) frame {
	f := frame{Lang: p.l.Tag(), Title: title, Style: stylePath, Home: home(p.l), Known: p.v.Actor.Known()}
	// Only what was read can be read again in the other language: the answer to a form cannot.
	if p.c.Request.Method != http.MethodGet {
		return f
	}
	address := p.c.Request.URL.EscapedPath()
	if p.l.Tag() == locale.English.Tag() {
		f.Other = &otherLanguage{strings.TrimPrefix(address, "/en"), "fr", "Français"}
	} else {
		f.Other = &otherLanguage{addressOf(locale.English, address), "en", "English"}
	}
	if q := p.c.Request.URL.RawQuery; q != "" {
		f.Other.Href += "?" + q
	}
	return f
}

// show sends a page. Pages are for who asked alone, and are kept nowhere.
func (p *page) show(status int, name string, data any) error {
	var b bytes.Buffer
	if err := templates[p.l.Tag()].ExecuteTemplate(&b, name, data); err != nil {
		return err
	}
	edge.Private(p.c.Writer.Header())
	p.c.Header("Content-Language", p.l.Tag())
	p.c.Data(status, "text/html; charset=utf-8", b.Bytes())
	return nil
}

// to sends the browser to another page of the site.
func (p *page) to(path string) error {
	edge.Private(p.c.Writer.Header())
	p.c.Redirect(http.StatusSeeOther, addressOf(p.l, path))
	return nil
}

// problem answers with a page that says what went wrong. Who is not signed in, and would
// have to be, is sent to do that.
func (p *page) problem(err error) {
	if fault.Is(err, "sign_in") && p.c.Request.Method == http.MethodGet {
		_ = p.to("/connexion")
		return
	}
	t, status := p.explain(err)
	f := p.frame(t.Title)
	f.Error = &t
	if shown := p.show(status, "problem", f); shown != nil {
		edge.Fail(p.c, shown)
	}
}

// explain puts an error into words, for a page.
func (p *page) explain(err error) (told, int) {
	e := edge.Explain(p.c.Request.Context(), err)
	t := told{Title: e.Title, Text: e.Detail}
	if f := fault.Of(err); f != nil {
		for _, v := range f.Violations {
			params := maps.Clone(v.Params)
			if field, ok := params["field"].(string); ok && p.l.Has("form."+field) {
				params["field"] = p.l.Say("form."+field, nil)
			}
			for _, said := range edge.Violations(p.l, []fault.Violation{{Code: v.Code, Params: params}}) {
				t.List = append(t.List, said.Message)
			}
		}
	}
	for name, values := range e.GetHeaders() {
		if name == "Retry-After" {
			p.c.Writer.Header()[name] = values
		}
	}
	if fault.Is(err, "sign_in") {
		t.Text = p.l.Say("page.sign.needed", nil)
	}
	return t, e.Status
}

// field is what a form says, without the spaces around it.
func (p *page) field(name string) string { return p.c.PostForm(name) }

// visitor is who stands at the gate.
func (p *page) visitor() signin.Visitor {
	return signin.Visitor{Source: p.v.Source(), Browser: p.v.Browser, Device: p.v.Device, By: p.v.Actor}
}
