package api

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"html/template"
	"net/http"
	"strings"
	"sync"

	"github.com/gin-gonic/gin"

	"canot/internal/fault"
	"canot/web/edge"
	"canot/web/locale"
)

//go:embed pages
var pageFiles embed.FS

// stylePath is the address of the style sheet. It holds the sheet's sum, so
// that browsers may keep it for ever.
var styleSheet, stylePath = func() ([]byte, string) {
	css, err := pageFiles.ReadFile("pages/style.css")
	if err != nil {
		panic(err)
	}
	sum := sha256.Sum256(css)
	return css, "/s/canot." + hex.EncodeToString(sum[:6]) + ".css"
}()

// templates are the pages, one set for each language.
var templates = func() map[string]*template.Template {
	sets := map[string]*template.Template{}
	for _, l := range locale.All() {
		words := template.FuncMap{"say": func(key string) string { return l.Say(key, nil) }, "prose": prose}
		sets[l.Tag()] = template.Must(template.New("").Funcs(words).ParseFS(pageFiles, "pages/*.html"))
	}
	return sets
}()

// A frame is what every page shows around its content.
type frame struct {
	Lang, Title, Style, Home string
	Other                    *otherLanguage
}

// otherLanguage is the link to the same page in the other language.
type otherLanguage struct{ Href, Lang, Name string }

func frameOf(l locale.Language, title string) frame {
	return frame{Lang: l.Tag(), Title: title, Style: stylePath, Home: home(l)}
}

// otherThan is the link to a page in the language that it is not in.
func otherThan(l locale.Language, address func(tag string) string) *otherLanguage {
	if l.Tag() == locale.English.Tag() {
		return &otherLanguage{address("fr"), "fr", "Français"}
	}
	return &otherLanguage{address("en"), "en", "English"}
}

// mountPages puts the start page in both languages, the docs and what they need.
func (a *API) mountPages(r gin.IRouter) {
	r.GET("/", func(c *gin.Context) { a.start(c, locale.French) })
	r.GET("/en", func(c *gin.Context) { a.start(c, locale.English) })
	r.GET("/en/", func(c *gin.Context) { c.Redirect(http.StatusMovedPermanently, "/en") })
	r.GET(stylePath, func(c *gin.Context) {
		c.Header("Cache-Control", "public, max-age=31536000, immutable")
		c.Data(http.StatusOK, "text/css; charset=utf-8", styleSheet)
	})
	r.GET(prefix+"/openapi.json", a.document())
	r.GET(prefix+"/docs", a.docs())
}

func home(l locale.Language) string {
	if l.Tag() == locale.English.Tag() {
		return "/en"
	}
	return "/"
}

func (a *API) start(c *gin.Context, l locale.Language) {
	f := frameOf(l, l.Say("page.start.heading", nil))
	f.Other = otherThan(l, func(tag string) string {
		other, _ := locale.Named(tag)
		return home(other)
	})
	body, err := render(l, "start", struct {
		frame
		Calendar template.URL
	}{f, a.calendarLink(l)})
	show(c, http.StatusOK, l, body, err)
}

// missing answers at addresses where nothing is: people get a page, programs a problem.
func missing(c *gin.Context) error {
	path := c.Request.URL.Path
	machine := under("/api", path) || under("/calendars", path)
	if !machine {
		edge.Vary(c.Writer.Header(), "Accept", "Accept-Language")
	}
	if machine || c.Request.Method != http.MethodGet || !strings.Contains(c.GetHeader("Accept"), "text/html") {
		return fault.New(fault.NotFound, "not_found", nil)
	}
	l := edge.From(c.Request.Context()).Language
	if under("/en", path) {
		l = locale.English
	}
	body, err := render(l, "missing", frameOf(l, l.Say("problem.not_found.title", nil)))
	show(c, http.StatusNotFound, l, body, err)
	return nil
}

// under reports whether a path is a folder or something in it.
func under(folder, path string) bool { return path == folder || strings.HasPrefix(path, folder+"/") }

// calendarLink is an address that calendar programs subscribe to when it is
// opened. It needs the configured host: one taken from the request could be
// anybody's. Without it, the link is to the file.
func (a *API) calendarLink(l locale.Language) template.URL {
	path := "/calendars/network.ics?lang=" + l.Tag()
	if rest, ok := cutScheme(a.PublicURL); ok {
		return template.URL("webcal://" + strings.TrimSuffix(rest, "/") + path)
	}
	return template.URL(path)
}

func cutScheme(address string) (string, bool) {
	for _, scheme := range []string{"https://", "http://"} {
		if len(address) > len(scheme) && address[:len(scheme)] == scheme {
			return address[len(scheme):], true
		}
	}
	return "", false
}

// render makes a page whole, before any of it is sent.
func render(l locale.Language, name string, data any) ([]byte, error) {
	var b bytes.Buffer
	err := templates[l.Tag()].ExecuteTemplate(&b, name, data)
	return b.Bytes(), err
}

// show sends a page that was rendered.
func show(c *gin.Context, status int, l locale.Language, body []byte, err error) {
	if err != nil {
		edge.Fail(c, err)
		return
	}
	c.Header("Content-Language", l.Tag())
	edge.Public(c.Writer.Header())
	c.Data(status, "text/html; charset=utf-8", body)
}

// document serves the OpenAPI document, made once when it is first asked for:
// by then all routes are there.
func (a *API) document() gin.HandlerFunc {
	made := sync.OnceValues(func() ([]byte, error) { return json.Marshal(a.huma.OpenAPI()) })
	return edge.Handle(func(c *gin.Context) error {
		body, err := made()
		if err != nil {
			return err
		}
		sum := sha256.Sum256(body)
		etag := `"` + hex.EncodeToString(sum[:8]) + `"`
		c.Header("ETag", etag)
		edge.Public(c.Writer.Header())
		if edge.NoneMatch(c.GetHeader("If-None-Match"), etag) {
			c.Status(http.StatusNotModified)
			return nil
		}
		c.Data(http.StatusOK, "application/json", body)
		return nil
	})
}
