package edge

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/gin-gonic/gin"

	"canot/internal/fault"
)

// record writes the one log line of a request: the pattern of its route and
// never its path or query, which may hold identifiers and secrets.
func record(log *slog.Logger, c *gin.Context, v *Visit, took time.Duration) {
	status := c.Writer.Status()
	level := slog.LevelInfo
	switch {
	case status == http.StatusInternalServerError:
		level = slog.LevelError
	case status >= 500, status == http.StatusTooManyRequests:
		level = slog.LevelWarn
	}
	attrs := []slog.Attr{
		slog.String("method", c.Request.Method),
		slog.String("route", routeOf(c)),
		slog.Int("status", status),
		slog.Float64("ms", float64(took.Microseconds())/1000),
		slog.String("actor", v.Actor.ID),
		slog.String("request_id", v.ID),
	}
	if f := fault.Of(v.err); f != nil {
		attrs = append(attrs, slog.String("code", f.Code))
	}
	if v.err != nil && status >= 500 {
		attrs = append(attrs, slog.String("error", v.err.Error()))
	}
	log.LogAttrs(context.WithoutCancel(c.Request.Context()), level, "request", attrs...)
}

func routeOf(c *gin.Context) string {
	if route := c.FullPath(); route != "" {
		return route
	}
	return "none"
}

// errPanic is the cause of the problem that a panic becomes.
var errPanic = errors.New("panic")

// recovery turns a panic into a problem with status 500 and logs its stack.
// A connection that net/http wants aborted is left to it.
func recovery(log *slog.Logger) gin.HandlerFunc {
	return func(c *gin.Context) {
		defer func() {
			p := recover()
			if p == nil {
				return
			}
			if p == http.ErrAbortHandler {
				panic(p)
			}
			v := From(c.Request.Context())
			log.LogAttrs(context.WithoutCancel(c.Request.Context()), slog.LevelError, "panic",
				slog.String("request_id", v.ID), slog.String("route", routeOf(c)),
				slog.String("panic", fmt.Sprint(p)), slog.String("stack", string(debug.Stack())))
			if s, ok := c.Writer.(*squeezer); ok {
				s.forget()
			}
			if c.Writer.Written() {
				c.Abort() // too late for a problem: the client sees an answer cut short
				return
			}
			Fail(c, errPanic)
		}()
		c.Next()
	}
}
