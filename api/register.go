package api

import (
	"context"
	"net/http"
	"reflect"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"
	"github.com/gin-gonic/gin"

	"canot/internal/fault"
	"canot/internal/identity"
	"canot/web/edge"
	"canot/web/locale"
)

// prefix is where the API lives.
const prefix = "/api/v1"

// patienceWithBodies is how long a body may take to arrive: lines are slow in
// part of the territory, and a connection is held as long.
const patienceWithBodies = 30 * time.Second

// An operation is one route of the API.
type operation struct {
	id      string // unique, for client generators
	call    string // "GET /hubs/{id}"
	tag     string // family, for the docs page
	summary string // in the imperative, without a full stop
	doc     string // more, when there is more to say

	scope  string     // what a token must carry; "" when nobody needs to sign in
	class  edge.Class // how often one may come; Reads or Writes by the method when left out
	status int        // of success; 200 when left out
	fails  []int      // further statuses than those that every route may give

	answer reflect.Type // of the body, for one that is written by hand
}

// newHuma makes the huma API on the engine: own decoder, own documents, no routes of its own.
func newHuma(engine *gin.Engine, a *API) huma.API {
	config := huma.DefaultConfig("Canot", "1")
	config.OpenAPIPath, config.DocsPath, config.SchemasPath = "", "", ""
	config.CreateHooks = nil // no $schema field and no Link header
	config.RejectUnknownQueryParameters = true
	config.Info.Description = locale.English.Say("page.docs.about", nil)
	format := huma.Format{Marshal: huma.DefaultJSONFormat.Marshal, Unmarshal: decode}
	config.Formats = map[string]huma.Format{"application/json": format, "json": format}
	config.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"token":   {Type: "http", Scheme: "bearer", Description: "An API token: `Authorization: Bearer canot_…`"},
		"session": {Type: "apiKey", In: "cookie", Name: "__Host-canot", Description: "A session in a browser, which signing in sets. On plain HTTP the cookie is called `canot`"},
	}
	return huma.NewAPI(config, &adapter{engine: engine, api: a})
}

// An adapter puts huma's operations on gin, each behind who asks and how often.
type adapter struct {
	engine *gin.Engine
	api    *API
}

// Handle is called by huma for every operation.
func (h *adapter) Handle(op *huma.Operation, handler func(huma.Context)) {
	path := strings.NewReplacer("{", ":", "}", "").Replace(op.Path)
	meta := op.Metadata["operation"].(operation)
	h.engine.Handle(op.Method, path,
		h.api.door.Who(),
		edge.Limit(h.api.limiter, meta.class),
		edge.Handle(func(c *gin.Context) error { return admit(c, meta) }),
		edge.Handle(takeKey),
		func(c *gin.Context) { handler(humagin.NewContext(op, c)) })
}

// ServeHTTP serves the engine.
func (h *adapter) ServeHTTP(w http.ResponseWriter, r *http.Request) { h.engine.ServeHTTP(w, r) }

// admit refuses who may not use a route at all, and parameters that no route
// can read, before anything else is looked at.
func admit(c *gin.Context, op operation) error {
	if op.scope != "" {
		who := actor(c.Request.Context())
		if !who.Known() {
			return fault.New(fault.Unauthenticated, "sign_in", nil)
		}
		if !who.Holds(op.scope) {
			return identity.Denied(who)
		}
	}
	for _, p := range c.Params {
		if !readable(p.Value) {
			return fault.New(fault.NotFound, "not_found", nil)
		}
	}
	var broken []fault.Violation
	for name, values := range c.Request.URL.Query() {
		field := fault.Params{"field": clip(name)}
		switch {
		case len(values) > 1:
			broken = append(broken, fault.Violation{Code: "repeated_parameter", Params: field})
		case !readable(name) || !readable(values[0]):
			broken = append(broken, fault.Violation{Code: "bad_text", Params: field})
		}
	}
	if broken != nil {
		return malformed(broken...)
	}
	return nil
}

// register puts one operation on the API. Its errors leave by the edge's table.
func register[I, O any](a *API, op operation, f func(context.Context, *I) (*O, error)) {
	method, path, _ := strings.Cut(op.call, " ")
	if op.class.Name == "" {
		op.class = edge.Writes
		if method == http.MethodGet {
			op.class = edge.Reads
		}
	}
	if op.status == 0 {
		op.status = http.StatusOK
	}
	h := huma.Operation{
		OperationID: op.id, Method: method, Path: strings.TrimSuffix(prefix+path, "/"), Tags: []string{op.tag},
		Summary: op.summary, Description: op.doc, DefaultStatus: op.status,
		Responses: a.responses(op, method), Metadata: map[string]any{"operation": op},
		MaxBodyBytes: -1, BodyReadTimeout: patienceWithBodies, // how long a body is, the edge bounds
	}
	if op.scope != "" {
		h.Security = []map[string][]string{{"token": {}}, {"session": {}}}
	} else {
		h.Security = []map[string][]string{{}, {"token": {}}, {"session": {}}}
	}
	huma.Register(a.huma, h, func(ctx context.Context, in *I) (*O, error) {
		header := edge.From(ctx).Header
		if op.scope == "" && method == http.MethodGet {
			edge.Public(header)
		} else {
			edge.Private(header)
		}
		out, err := f(ctx, in)
		if err != nil {
			header.Del("Cache-Control") // the problem brings its own
			header.Del("Vary")
			return nil, edge.Explain(ctx, err)
		}
		return out, nil
	})
}

// responses documents the problems that an operation may answer with.
func (a *API) responses(op operation, method string) map[string]*huma.Response {
	codes := append([]int{http.StatusBadRequest, http.StatusUnauthorized, http.StatusTooManyRequests, http.StatusServiceUnavailable, http.StatusInternalServerError}, op.fails...)
	if op.scope != "" {
		codes = append(codes, http.StatusForbidden)
	}
	if strings.Contains(op.call, "{") {
		codes = append(codes, http.StatusNotFound)
	}
	if method != http.MethodGet {
		codes = append(codes, http.StatusUnprocessableEntity, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType)
	}
	schemas := a.huma.OpenAPI().Components.Schemas
	out := problems(schemas, codes)
	if op.answer != nil {
		schema := schemas.Schema(op.answer, true, op.id)
		out[statusText(op.status)] = &huma.Response{Content: map[string]*huma.MediaType{"application/json": {Schema: schema}}}
	}
	return out
}

// scopes, named where routes are listed.
const (
	public = ""
	read   = identity.ScopeRead
	book   = identity.ScopeBook
	staff  = identity.ScopeStaff
	admin  = identity.ScopeAdmin
)
