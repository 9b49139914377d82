// Package api is what machines read: the JSON API under /api/v1 with its
// OpenAPI document and its docs page, the calendars, health and metrics.
//
// It knows shapes on the wire: it reads requests strictly, calls one verb of a
// domain package, and writes the answer. It refuses to know rules, SQL, and how
// an error becomes a status. Start reading at New, then routes.
package api

import (
	"context"
	"log/slog"
	"maps"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"

	"canot/booking"
	"canot/booking/calendar"
	"canot/booking/membership"
	"canot/internal/database"
	"canot/internal/identity"
	"canot/internal/identity/privacy"
	"canot/internal/identity/signin"
	"canot/inventory"
	"canot/inventory/files"
	"canot/inventory/stock"
	"canot/inventory/upkeep"
	"canot/web/edge"
)

// Deps is what the API is made of. All but the last four must be given.
type Deps struct {
	Book           *booking.Book
	Catalog        *inventory.Catalog
	Directory      *identity.Directory
	Gate           *signin.Gate
	Roster         *membership.Roster
	Feeds          *calendar.Feeds
	Privacy        *privacy.Office
	Upkeep         *upkeep.Desk
	Stock          *stock.Room
	Files          *files.Store
	ProblemPage    func(*gin.Context, error) // shows a problem to browsers; may be nil
	Pages          func(gin.IRouter)         // mounts the pages that people see, behind the same door; may be nil
	LargePages     map[string]int64          // routes of pages whose bodies may be larger than others
	DB             *database.DB
	Log            *slog.Logger
	TakeReport     func(caller string) error // counts that somebody reports a problem, and slows them down; nil for nobody
	Limits         bool                      // whether callers are slowed down
	PublicURL      string                    // the address that people use, "" when it is not known
	TrustedProxies []string                  // whose X-Forwarded-For is believed; none by default
	Version        string                    // of the program
}

// API answers the routes. It may be used by many goroutines.
type API struct {
	Deps
	limiter *edge.Limiter
	door    *edge.Door
	engine  *gin.Engine
	huma    huma.API
	written writtenFree
}

// New returns the handler of everything that the server answers: the API, the
// calendars, health, and the start page. Its only error is a trusted proxy
// that cannot be read; like a mistake in the table of routes, it panics, for
// no server can run with it.
func New(d Deps) http.Handler {
	return edge.Front(build(d).engine)
}

// build wires the edge and the routes.
func build(d Deps) *API {
	a := &API{Deps: d}
	if d.Limits {
		a.limiter = edge.NewLimiter()
	}
	a.door = edge.NewDoor(d.Directory, a.limiter, d.PublicURL)
	engine, err := edge.New(edge.Settings{
		Log:            d.Log,
		Page:           d.ProblemPage,
		TrustedProxies: d.TrustedProxies,
		Secure:         strings.HasPrefix(d.PublicURL, "https://"),
		LargeBodies:    d.largeBodies(),
	})
	if err != nil {
		panic("trusted proxies: " + err.Error())
	}
	a.engine = engine
	a.huma = newHuma(engine, a)
	a.routes()
	a.mountHealth(engine)
	a.mountPages(engine)
	engine.NoRoute(edge.Handle(missing))
	feeds := engine.Group("", edge.Limit(a.limiter, edge.Reads))
	mountFeeds(feeds, d.Feeds)
	mountPrivateFeeds(feeds, d.Feeds, d.Directory, d.PublicURL)
	if d.Pages != nil {
		d.Pages(engine.Group("", a.door.Who(), edge.Limit(a.limiter, edge.Reads)))
	}
	return a
}

// largeBodies are the routes whose bodies may be larger than others.
func (d Deps) largeBodies() map[string]int64 {
	all := map[string]int64{prefix + "/import": importLimit}
	maps.Copy(all, uploads())
	maps.Copy(all, d.LargePages)
	return all
}

// routes registers every operation, by family.
func (a *API) routes() {
	a.indexRoutes()
	a.hubRoutes()
	a.resourceRoutes()
	a.availabilityRoutes()
	a.bookingRoutes()
	a.decisionRoutes()
	a.loanRoutes()
	a.counterRoutes()
	a.transferRoutes()
	a.ticketRoutes()
	a.ruleRoutes()
	a.stockRoutes()
	a.stocktakeRoutes()
	a.fileRoutes()
	a.suspensionRoutes()
	a.openingRoutes()
	a.unitRoutes()
	a.maintenanceRoutes()
	a.networkRoutes()
	a.policyRoutes()
	a.conditionRoutes()
	a.memberRoutes()
	a.tierRoutes()
	a.membershipRoutes()
	a.certificationRoutes()
	a.organisationRoutes()
	a.signInRoutes()
	a.accountRoutes()
	a.calendarRoutes()
	a.importRoutes()
	a.jobRoutes()
	a.privacyRoutes()
}

// actor returns who asks.
func actor(ctx context.Context) identity.Actor { return edge.From(ctx).Actor }
