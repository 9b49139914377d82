// Package edge is what every request passes through, and how an error leaves.
//
// It knows HTTP: request ids, log lines, recovery, security headers, limits,
// who asks, in which language, and the one table from a kind of fault to a
// status. It refuses to know what a request is about. Start reading at New;
// problem.go is the table.
package edge

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"log/slog"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"canot/internal/database"
	"canot/internal/fault"
	"canot/internal/identity"
	"canot/web/locale"
)

// Settings say how the edge behaves. Log must be given.
type Settings struct {
	Log            *slog.Logger
	TrustedProxies []string         // addresses or networks whose X-Forwarded-For is believed; none by default
	Secure         bool             // the public address is https: browsers are told to stay there
	LargeBodies    map[string]int64 // routes whose bodies may be larger than BodyLimit

	Page func(c *gin.Context, err error) // shows a problem as a page, to browsers; nil: nobody gets pages
}

// A Visit is what the edge knows about one request. It belongs to the request's goroutine.
type Visit struct {
	ID       string // the request's id, made here
	Actor    identity.Actor
	Language locale.Language
	Address  string      // the client's, as far as trusted proxies tell
	Header   http.Header // of the answer
	Browser  string      // the secret by which the browser is known while it signs in, "" for none; set by a Door
	Return   string      // what KeepReturn kept, to be checked again, "" for none; set by a Door
	Device   string      // what the browser says that it is, in two words; set by a Door

	page func(c *gin.Context, err error)
	door *Door // through which it came, nil for none
	err  error // what went wrong, for the log line
}

type visitKey struct{}

// From returns the visit of a request's context. Outside a request it is an
// anonymous visit in French.
func From(ctx context.Context) *Visit {
	if v, ok := ctx.Value(visitKey{}).(*Visit); ok {
		return v
	}
	return &Visit{Language: locale.French, Header: http.Header{}}
}

// New returns an engine through which every request is identified, logged,
// bounded and answered with the headers that browsers need. Who asks and how
// often is for each route to ask: Who, Limit. Routes that were
// not found, and methods that a route does not know, are problems too.
// Errors: an address among the trusted proxies that cannot be read.
func New(s Settings) (*gin.Engine, error) {
	gin.SetMode(gin.ReleaseMode)
	engine := gin.New()
	engine.RedirectTrailingSlash = false
	engine.RedirectFixedPath = false
	engine.HandleMethodNotAllowed = true
	if err := engine.SetTrustedProxies(s.TrustedProxies); err != nil {
		return nil, err
	}
	engine.Use(visit(s), headers(s.Secure), squeeze, recovery(s.Log), bodies(s.LargeBodies))
	engine.NoRoute(Handle(func(*gin.Context) error {
		return fault.New(fault.NotFound, "not_found", nil)
	}))
	engine.NoMethod(Handle(func(c *gin.Context) error {
		allowHead(c.Writer.Header())
		return fault.New(fault.Method, "bad_method", nil)
	}))
	return engine, nil
}

// Front returns the handler that stands before the engine: HEAD is served
// wherever GET is, and an encoded slash never stands for a slash.
func Front(engine http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		encoded := strings.ToLower(r.URL.EscapedPath())
		if strings.Contains(encoded, "%2f") || strings.Contains(encoded, "%5c") {
			r = r.Clone(r.Context())
			r.URL.Path, r.URL.RawPath = "/ /", "" // no route has a space
		}
		if r.Method == http.MethodHead {
			r = r.WithContext(r.Context())
			r.Method = http.MethodGet
			w = headWriter{w}
		}
		engine.ServeHTTP(w, r)
	})
}

// A headWriter sends the headers of an answer and leaves its body out.
type headWriter struct{ http.ResponseWriter }

func (w headWriter) Write(b []byte) (int, error) { return len(b), nil }

// Unwrap gives http.ResponseController the writer below.
func (w headWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// Handle turns a handler that may fail into one for gin: its error leaves as a problem.
func Handle(f func(*gin.Context) error) gin.HandlerFunc {
	return func(c *gin.Context) {
		if err := f(c); err != nil {
			Fail(c, err)
		}
	}
}

// visit opens the visit and, when the request is done, writes its one log record.
func visit(s Settings) gin.HandlerFunc {
	return func(c *gin.Context) {
		watch := startWatch()
		v := &Visit{
			ID:       newRequestID(),
			Language: locale.For(c.GetHeader("Accept-Language")),
			Address:  c.ClientIP(),
			Header:   c.Writer.Header(),
			page:     s.Page,
		}
		ctx := database.WithRequestID(context.WithValue(c.Request.Context(), visitKey{}, v), v.ID)
		c.Request = c.Request.WithContext(ctx)
		c.Header("X-Request-Id", v.ID)
		c.Next()
		record(s.Log, c, v, watch.stop(c))
	}
}

// newRequestID makes an id of 16 characters. Ids from outside are not taken
// over: they would let a caller forge lines of the log.
func newRequestID() string {
	var b [10]byte
	rand.Read(b[:]) // never fails: since Go 1.24 it ends the program instead
	return strings.ToLower(base32.StdEncoding.EncodeToString(b[:]))
}

func allowHead(h http.Header) {
	allowed := h.Get("Allow")
	if strings.Contains(allowed, http.MethodGet) && !strings.Contains(allowed, http.MethodHead) {
		h.Set("Allow", allowed+", "+http.MethodHead)
	}
}
