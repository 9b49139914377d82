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
	"canot/web/assets"
	"canot/web/edge"
	"canot/web/locale"
)

//go:embed pages
var pageFiles embed.FS

// templates are the pages, one set for each language.
var templates = func() map[string]*template.Template {
	sets := map[string]*template.Template{}
	for _, l := range locale.All() {
		words := template.FuncMap{"say": func(key string) string { return l.Say(key, nil) }, "prose": prose, "asset": assets.Path}
		sets[l.Tag()] = template.Must(template.New("").Funcs(words).ParseFS(pageFiles, "pages/*.html"))
	}
	return sets
}()

// A frame is what every page shows around its content.
type frame struct {
	Lang, Title, Home string
	Other             *otherLanguage
}

// otherLanguage is the link to the same page in the other language.
type otherLanguage struct{ Href, Lang, Name string }

func frameOf(l locale.Language, title string) frame {
	return frame{Lang: l.Tag(), Title: title, Home: home(l)}
}

// otherThan is the link to a page in the language that it is not in.
func otherThan(l locale.Language, address func(tag string) string) *otherLanguage {
	if l.Tag() == locale.English.Tag() {
		return &otherLanguage{address("fr"), "fr", "Français"}
	}
	return &otherLanguage{address("en"), "en", "English"}
}

// mountPages puts the docs, what they need, and what the pages of people need beside them.
func (a *API) mountPages(r gin.IRouter) {
	r.GET("/en/", func(c *gin.Context) {
		edge.Public(c.Writer.Header())
		c.Redirect(http.StatusMovedPermanently, "/en")
	})
	assets.Mount(r)
	r.GET(prefix+"/openapi.json", a.document())
	r.GET(prefix+"/docs", a.docs())
}

func home(l locale.Language) string {
	if l.Tag() == locale.English.Tag() {
		return "/en"
	}
	return "/"
}

// missing answers at addresses where nothing is: people get a page, programs a problem.
func missing(c *gin.Context) error {
	if path := c.Request.URL.Path; !under("/api", path) && !under("/calendars", path) {
		edge.Vary(c.Writer.Header(), "Accept", "Accept-Language")
	}
	return fault.New(fault.NotFound, "not_found", nil)
}

// under reports whether a path is a folder or something in it.
func under(folder, path string) bool { return path == folder || strings.HasPrefix(path, folder+"/") }

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
