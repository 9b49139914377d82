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
		words := template.FuncMap{"say": func(key string) string { return l.Say(key, nil) }}
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

// mountPages puts the start page in both languages, the docs and what they need.
func (a *API) mountPages(r gin.IRouter) {
	r.GET("/", func(c *gin.Context) { a.start(c, locale.French) })
	r.GET("/en", func(c *gin.Context) { a.start(c, locale.English) })
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
	other := &otherLanguage{"/en", "en", "English"}
	if l.Tag() == "en" {
		other = &otherLanguage{"/", "fr", "Français"}
	}
	body, err := render(l, "start", struct {
		frame
		Calendar template.URL
	}{
		frame{Lang: l.Tag(), Title: l.Say("page.start.heading", nil), Style: stylePath, Home: home(l), Other: other},
		a.calendarLink(l),
	})
	show(c, l, body, err)
}

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
func show(c *gin.Context, l locale.Language, body []byte, err error) {
	if err != nil {
		edge.Fail(c, err)
		return
	}
	c.Header("Content-Language", l.Tag())
	edge.Public(c.Writer.Header())
	c.Data(http.StatusOK, "text/html; charset=utf-8", body)
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
