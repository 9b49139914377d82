package edge

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"canot/booking"
	"canot/internal/fault"
	"canot/web/locale"
)

// statuses is the only table from a kind of fault to an HTTP status.
var statuses = map[fault.Kind]int{
	fault.Malformed:       http.StatusBadRequest,
	fault.Unauthenticated: http.StatusUnauthorized,
	fault.Forbidden:       http.StatusForbidden,
	fault.NotFound:        http.StatusNotFound,
	fault.Method:          http.StatusMethodNotAllowed,
	fault.Taken:           http.StatusConflict,
	fault.Stale:           http.StatusPreconditionFailed,
	fault.TooLarge:        http.StatusRequestEntityTooLarge,
	fault.Media:           http.StatusUnsupportedMediaType,
	fault.Refused:         http.StatusUnprocessableEntity,
	fault.TooMany:         http.StatusTooManyRequests,
	fault.Unavailable:     http.StatusServiceUnavailable,
	fault.Internal:        http.StatusInternalServerError,
}

// A Problem is an error as it leaves: RFC 9457, in the caller's language.
type Problem struct {
	Type         string                `json:"type" doc:"Names the kind of problem; the same as code, as a URI"`
	Title        string                `json:"title" doc:"The kind of problem in a few words"`
	Status       int                   `json:"status"`
	Detail       string                `json:"detail" doc:"What is wrong and what would work"`
	Code         string                `json:"code" doc:"Stable, for programs"`
	RequestID    string                `json:"request_id,omitempty" doc:"With status 500: what to quote when asking for help"`
	Violations   []Violation           `json:"violations,omitempty" nullable:"false" doc:"Every field that cannot be read, or every rule that is not met"`
	Alternatives []booking.Alternative `json:"alternatives,omitempty" nullable:"false" doc:"What would be accepted instead"`
	Help         *booking.Help         `json:"help,omitempty" doc:"Whom to ask, where a person may lift a rule"`

	retryAfter time.Duration
	language   string
}

// A Violation is one broken rule or unreadable field, in words.
type Violation struct {
	Code    string         `json:"code" doc:"Stable, for programs"`
	Message string         `json:"message" doc:"For people, in the language asked for"`
	Params  map[string]any `json:"params" doc:"The figures of the message; empty when it has none"`

	WaivableBy []string `json:"waivable_by,omitempty" nullable:"false" doc:"The roles that may lift this rule for one booking; left out when nobody may"`
}

// Fail answers a request with the problem that err is, and ends its handling. A browser that
// opens a page gets it as a page, where Settings.Page makes them.
func Fail(c *gin.Context, err error) {
	if v := From(c.Request.Context()); v.page != nil && opensPage(c.Request) {
		show := v.page
		v.page = nil // what fails in it is a plain problem
		c.Abort()
		show(c, err)
		return
	}
	p := Explain(c.Request.Context(), err)
	h := c.Writer.Header()
	vary := h.Values("Vary")
	for name, values := range p.GetHeaders() {
		h[name] = values
	}
	Vary(h, vary...)
	h.Set("Content-Type", p.ContentType(""))
	h.Del("ETag")
	h.Del("Last-Modified")
	body, err := json.Marshal(p)
	if err != nil {
		body = []byte("{}") // only figures that no package can make would bring us here
	}
	c.Abort()
	c.Status(p.Status)
	_, _ = c.Writer.Write(append(body, '\n'))
}

// opensPage reports whether a browser asks for something to show: it names HTML itself, which
// programs do not, and not under the API.
func opensPage(r *http.Request) bool {
	return !strings.HasPrefix(r.URL.Path, "/api/") && strings.Contains(r.Header.Get("Accept"), "text/html")
}

// Explain turns an error into the problem that its caller sees, and keeps the
// error for the log line. Whatever is not a fault is our mistake: 500, with the
// request's id and nothing of the cause.
func Explain(ctx context.Context, err error) *Problem {
	v := From(ctx)
	v.err = err
	f, status := faultOf(ctx, err)
	params := maps.Clone(f.Params)
	if params == nil {
		params = fault.Params{}
	}
	params["request_id"] = v.ID
	var refusal *booking.Refusal
	if errors.As(err, &refusal) {
		params["alternatives"] = len(refusal.Alternatives) // the sentence promises them only when they are there
	}
	p := &Problem{
		Type: "urn:canot:problem:" + f.Code, Code: f.Code, Status: status,
		Title: say(v.Language, "problem.", f.Code, ".title", params), Detail: say(v.Language, "problem.", f.Code, "", params),
		Violations: Violations(v.Language, f.Violations), retryAfter: f.RetryAfter, language: v.Language.Tag(),
	}
	if status == http.StatusInternalServerError {
		p.RequestID = v.ID
	}
	if refusal != nil {
		p.Alternatives, p.Help = refusal.Alternatives, refusal.Help
		p.Detail += helpIn(v.Language, refusal.Help)
	}
	return p
}

// helpIn says whom to ask, where that is known.
func helpIn(l locale.Language, h *booking.Help) string {
	if h == nil {
		return ""
	}
	contact := strings.Join(slices.DeleteFunc([]string{h.Phone, h.Email}, func(s string) bool { return s == "" }), ", ")
	if contact == "" {
		return " " + l.Say("problem.help_on_site", fault.Params{"hub": h.Name})
	}
	return " " + l.Say("problem.help", fault.Params{"hub": h.Name, "contact": contact})
}

// faultOf finds the fault in an error, or what it amounts to.
func faultOf(ctx context.Context, err error) (*fault.Error, int) {
	f := fault.Of(err)
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		f = fault.New(fault.TooLarge, "too_large", fault.Params{"most": tooLarge.Limit})
	case f == nil && ctx.Err() != nil && (errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)):
		// The caller left or the time is up: nothing is wrong with us.
		f = fault.New(fault.Unavailable, "busy", nil)
	case f == nil:
		f = fault.New(fault.Internal, "internal", nil)
	}
	status, ok := statuses[f.Kind]
	if !ok || f.Kind == fault.Internal {
		return fault.New(fault.Internal, "internal", nil), http.StatusInternalServerError
	}
	if f.RetryAfter == 0 && (f.Kind == fault.Unavailable || f.Kind == fault.TooMany) {
		later := *f
		later.RetryAfter = 2 * time.Second
		f = &later
	}
	return f, status
}

// Violations puts broken rules into words.
func Violations(l locale.Language, list []fault.Violation) []Violation {
	out := make([]Violation, 0, len(list))
	for _, v := range list {
		message := say(l, "violation.", v.Code, "", v.Params)
		if name, ok := v.Params["resource_name"]; ok && v.Code != "taken" { // which names it itself
			message = l.Say("violation.about", fault.Params{"resource_name": name, "message": message})
		}
		out = append(out, Violation{Code: v.Code, Message: message, Params: figures(v.Params), WaivableBy: v.WaivableBy})
	}
	return out
}

// say finds the words of a code, or the general ones when a code has none.
func say(l locale.Language, family, code, part string, params fault.Params) string {
	if s := l.Say(family+code+part, params); s != "" {
		return s
	}
	return l.Say(family+"any"+part, fault.Params{"code": code})
}

// figures writes the figures of a violation for programs: all instants in UTC,
// also those that have been through JSON.
func figures(params fault.Params) map[string]any {
	out := make(map[string]any, len(params))
	for name, v := range params {
		if s, ok := v.(string); ok && locale.IsTime(name) {
			if t, err := time.Parse(time.RFC3339, s); err == nil {
				v = t
			}
		}
		if t, ok := v.(time.Time); ok {
			v = t.UTC().Format(time.RFC3339)
		}
		out[name] = v
	}
	return out
}

// Error returns the code: with GetStatus, GetHeaders and ContentType it lets a
// problem be returned as the error of an API operation.
func (p *Problem) Error() string { return p.Code }

// GetStatus returns the HTTP status.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType returns the media type of problems, whatever was negotiated.
func (p *Problem) ContentType(string) string { return "application/problem+json" }

// GetHeaders returns the headers that go with the problem.
func (p *Problem) GetHeaders() http.Header {
	h := http.Header{}
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Language", p.language)
	h.Set("Vary", "Accept-Language, Authorization, Cookie")
	if p.Status == http.StatusUnauthorized {
		challenge := `Bearer realm="canot"`
		if p.Code == "bad_token" {
			challenge += `, error="invalid_token"`
		}
		h.Set("WWW-Authenticate", challenge)
	}
	if p.retryAfter > 0 {
		seconds := int64((p.retryAfter + time.Second - 1) / time.Second)
		h.Set("Retry-After", strconv.FormatInt(seconds, 10))
	}
	return h
}
