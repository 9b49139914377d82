package api

import (
	"bytes"
	"compress/gzip"
	"container/list"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"github.com/gin-gonic/gin"

	"canot/booking/calendar"
	"canot/internal/fault"
	"canot/web/edge"
)

// mountFeeds puts the public calendars under r. They need no session and set no
// cookie; r must not wrap them in anything that does, or they stop being cacheable.
func mountFeeds(r gin.IRouter, feeds *calendar.Feeds) {
	f := &feedRoutes{feeds: feeds, bodies: newBodies(16 << 20)}
	for path, scope := range map[string]calendar.Scope{
		"/calendars/hubs/:file":      calendar.Hub,
		"/calendars/resources/:file": calendar.Resource,
		"/calendars/regions/:file":   calendar.Region,
		"/calendars/network.ics":     calendar.Network,
		"/calendars/workshops.ics":   calendar.Workshops,
	} {
		handler := edge.Handle(f.feed(scope))
		r.GET(path, handler)
		r.HEAD(path, handler)
	}
}

// feedRoutes serve the public calendars. They may be used by many goroutines.
type feedRoutes struct {
	feeds  *calendar.Feeds
	bodies *bodies
}

// feed answers for one scope: 304 at the price of one statement when the reader
// has what there is, else the whole feed.
func (f *feedRoutes) feed(scope calendar.Scope) func(*gin.Context) error {
	return func(c *gin.Context) error {
		q, err := feedQuery(c, scope)
		if err != nil {
			return err
		}
		stamp, err := f.feeds.Stamp(c.Request.Context(), q)
		if err != nil {
			return err
		}
		if unchanged(c.Request, stamp) {
			notModified(c, stamp)
			return nil
		}
		if edge.AcceptsGzip(c.Request.Header.Get("Accept-Encoding")) {
			return f.packed(c, q, stamp)
		}
		return f.plain(c, q, stamp)
	}
}

// plain answers with the feed as it is.
func (f *feedRoutes) plain(c *gin.Context, q calendar.Query, stamp calendar.Stamp) error {
	out := &feedWriter{c: c, start: func() { feedBody(c, stamp, "") }}
	if c.Request.Method == http.MethodHead {
		out.start()
		c.Writer.WriteHeaderNow()
		return nil
	}
	return out.failure(f.feeds.Write(c.Request.Context(), q, out))
}

// packed answers with the feed in gzip, from memory when it was packed before:
// packing costs more than all the rest.
func (f *feedRoutes) packed(c *gin.Context, q calendar.Query, stamp calendar.Stamp) error {
	if body := f.bodies.get(stamp.ETag); body != nil {
		feedBody(c, stamp, "gzip")
		c.Header("Content-Length", strconv.Itoa(len(body)))
		c.Writer.WriteHeaderNow()
		if c.Request.Method != http.MethodHead {
			_, _ = c.Writer.Write(body) // an error means that the reader has left
		}
		return nil
	}
	out := &feedWriter{c: c, start: func() { feedBody(c, stamp, "gzip") }}
	if c.Request.Method == http.MethodHead {
		out.start()
		c.Writer.WriteHeaderNow()
		return nil
	}
	kept := &keeper{most: f.bodies.most / 8}
	// The fastest level: every booking makes the feed of its hub cold.
	zip, err := gzip.NewWriterLevel(io.MultiWriter(out, kept), gzip.BestSpeed)
	if err != nil {
		return err
	}
	if err := f.feeds.Write(c.Request.Context(), q, zip); err != nil {
		return out.failure(err)
	}
	if err := zip.Close(); err != nil {
		return out.failure(err)
	}
	f.bodies.put(stamp.ETag, kept)
	return nil
}

// feedQuery reads what the address asks for. Parameters that it does not know are
// let be: calendar programs and their relays add their own.
func feedQuery(c *gin.Context, scope calendar.Scope) (calendar.Query, error) {
	q := calendar.Query{Scope: scope}
	if file := c.Param("file"); file != "" {
		key, isFeed := strings.CutSuffix(file, ".ics")
		if !isFeed || key == "" {
			return q, fault.New(fault.NotFound, "not_found", nil)
		}
		q.Key = key
	}
	var busy string
	asked := c.Request.URL.Query()
	for _, p := range []struct {
		name string
		to   *string
	}{{"kind", &q.Kind}, {"category", &q.Category}, {"lang", &q.Lang}, {"busy", &busy}} {
		if len(asked[p.name]) > 1 {
			return q, fault.Field(p.name, "repeated_parameter")
		}
		*p.to = asked.Get(p.name)
	}
	switch busy {
	case "", "0", "false":
	case "1", "true":
		q.Busy = true
	default:
		wrong := fault.Field("busy", "bad_choice")
		wrong.Violations[0].Params["choices"] = "0, 1"
		return q, wrong
	}
	return q, nil
}

// notModified answers that the reader has the feed as it is.
func notModified(c *gin.Context, stamp calendar.Stamp) {
	feedHead(c, stamp)
	c.Status(http.StatusNotModified)
	c.Writer.WriteHeaderNow()
}

// feedHead sets what a 304 and a 200 have in common. A cache may keep what is public.
func feedHead(c *gin.Context, stamp calendar.Stamp) {
	c.Header("ETag", stamp.ETag)
	if !stamp.LastModified.IsZero() {
		c.Header("Last-Modified", stamp.LastModified.Format(http.TimeFormat))
	}
	if c.Writer.Header().Get("Cache-Control") == "" {
		c.Header("Cache-Control", "public, max-age=300")
	}
	edge.Vary(c.Writer.Header(), "Accept-Encoding")
	c.Header("X-Robots-Tag", "noindex")
	c.Header("X-Content-Type-Options", "nosniff")
}

func feedBody(c *gin.Context, stamp calendar.Stamp, encoding string) {
	feedHead(c, stamp)
	c.Header("Content-Type", "text/calendar; charset=utf-8")
	if encoding != "" {
		c.Header("Content-Encoding", encoding)
	}
	c.Status(http.StatusOK)
}

// unchanged reports whether the reader has the feed as it is (RFC 9110 13.1).
// Where both are sent, If-None-Match alone counts.
func unchanged(r *http.Request, stamp calendar.Stamp) bool {
	if tags := r.Header.Values("If-None-Match"); len(tags) > 0 {
		mine := strings.TrimPrefix(stamp.ETag, "W/")
		for _, tag := range strings.Split(strings.Join(tags, ","), ",") {
			tag = strings.TrimSpace(tag)
			if tag == "*" || strings.TrimPrefix(tag, "W/") == mine {
				return true
			}
		}
		return false
	}
	since, err := http.ParseTime(r.Header.Get("If-Modified-Since"))
	return err == nil && !stamp.LastModified.IsZero() && !stamp.LastModified.After(since)
}

// A feedWriter sends the head with the first byte, so that a failure before it can
// still leave as a problem document.
type feedWriter struct {
	c       *gin.Context
	start   func()
	started bool
}

// Write sends p, behind the head.
func (w *feedWriter) Write(p []byte) (int, error) {
	if !w.started {
		w.started = true
		w.start()
	}
	return w.c.Writer.Write(p)
}

// failure is what to say of err: once a byte is out, it can only mean that the
// reader has left, since the data base has been read before, and nobody is there
// to be told.
func (w *feedWriter) failure(err error) error {
	if w.started {
		return nil
	}
	return err
}

// A keeper gathers a body as long as it is small enough to be remembered.
type keeper struct {
	most int
	over bool
	body bytes.Buffer
}

// Write never fails.
func (k *keeper) Write(p []byte) (int, error) {
	if k.over = k.over || k.body.Len()+len(p) > k.most; k.over {
		k.body.Reset()
		return len(p), nil
	}
	return k.body.Write(p)
}

// bodies remembers packed feeds by their tag, the latest used, up to a number of
// bytes. A tag that has passed never comes back, so nothing here can be out of date.
type bodies struct {
	most int

	mu    sync.Mutex
	size  int
	order list.List // of packedBody; the latest used in front
	byTag map[string]*list.Element
}

type packedBody struct {
	tag  string
	body []byte
}

func newBodies(most int) *bodies {
	return &bodies{most: most, byTag: map[string]*list.Element{}}
}

func (b *bodies) get(tag string) []byte {
	b.mu.Lock()
	defer b.mu.Unlock()
	e := b.byTag[tag]
	if e == nil {
		return nil
	}
	b.order.MoveToFront(e)
	return e.Value.(packedBody).body
}

func (b *bodies) put(tag string, k *keeper) {
	if k.over {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.byTag[tag] != nil { // two readers came at once
		return
	}
	p := packedBody{tag: tag, body: bytes.Clone(k.body.Bytes())}
	b.byTag[tag] = b.order.PushFront(p)
	for b.size += len(p.body); b.size > b.most; {
		last := b.order.Back()
		old := b.order.Remove(last).(packedBody)
		delete(b.byTag, old.tag)
		b.size -= len(old.body)
	}
}
