package edge

import (
	"strconv"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"
)

// requests counts and times what was answered, by route pattern, so that the
// number of series stays that of the routes.
var requests = prometheus.NewHistogramVec(prometheus.HistogramOpts{
	Name:    "canot_http_request_duration_seconds",
	Help:    "How long requests took, by route, method and status.",
	Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5},
}, []string{"route", "method", "status"})

func init() { prometheus.MustRegister(requests) }

type stopwatch struct{ since time.Time }

func startWatch() stopwatch { return stopwatch{time.Now()} }

// stop observes the request and returns how long it took.
func (w stopwatch) stop(c *gin.Context) time.Duration {
	took := time.Since(w.since)
	requests.WithLabelValues(routeOf(c), method(c.Request.Method), strconv.Itoa(c.Writer.Status())).Observe(took.Seconds())
	return took
}

// method keeps invented methods from making new series.
func method(m string) string {
	switch m {
	case "GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS":
		return m
	}
	return "other"
}
