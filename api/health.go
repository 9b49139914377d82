package api

import (
	"context"
	"net/http"
	"net/http/pprof"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"canot/internal/fault"
	"canot/web/edge"
)

// patience is how long readiness waits for the data base.
const patience = 2 * time.Second

// mountHealth puts the two questions that machines ask: is it alive, and may traffic come.
func (a *API) mountHealth(r gin.IRouter) {
	r.GET("/healthz", func(c *gin.Context) {
		c.Header("Cache-Control", "no-store")
		c.JSON(http.StatusOK, gin.H{"status": "ok", "version": a.Version})
	})
	r.GET("/readyz", edge.Handle(func(c *gin.Context) error {
		ctx, cancel := context.WithTimeout(c.Request.Context(), patience)
		defer cancel()
		if err := a.DB.Ready(ctx); err != nil {
			if f := fault.Of(err); f != nil && f.Kind == fault.Unavailable {
				return err
			}
			f := fault.New(fault.Unavailable, "database_away", nil)
			f.RetryAfter = patience
			return f.Because(err)
		}
		c.Header("Cache-Control", "no-store")
		c.JSON(http.StatusOK, gin.H{"status": "ready"})
		return nil
	}))
}

// Admin returns the handler of metrics and profiles. It asks for no token:
// serve it on an address that only operators reach.
func Admin() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.Handler())
	mux.HandleFunc("GET /debug/pprof/", pprof.Index)
	mux.HandleFunc("GET /debug/pprof/cmdline", pprof.Cmdline)
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	return mux
}
