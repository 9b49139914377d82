package api

import (
	"compress/gzip"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"canot/booking/calendar"
	"canot/internal/fault"
	"canot/internal/identity"
	"canot/web/edge"
)

// privatePath stands before the secret in the address of a private calendar.
const privatePath = "/calendars/private/"

// mountPrivateFeeds puts the private calendars under r. What is secret in their addresses is the
// only proof that they ask for: like the public ones they need no session and set no cookie.
func mountPrivateFeeds(r gin.IRouter, feeds *calendar.Feeds, people *identity.Directory, publicURL string) {
	f := &privateFeeds{feeds: feeds, people: people}
	if publicURL != "" {
		f.site = strings.TrimSuffix(publicURL, "/")
	}
	handler := edge.Handle(f.feed)
	r.GET(privatePath+":secret", handler)
	r.HEAD(privatePath+":secret", handler)
}

// privateFeeds serve the private calendars. They may be used by many goroutines.
type privateFeeds struct {
	feeds  *calendar.Feeds
	people *identity.Directory
	site   string // the address that people use, "" when it is not known
}

// feed answers with one private calendar: who reads it is looked up each time, so that an address
// that has ended, or whose owner lost the right, is dead at once. Nothing of it is kept in memory.
func (f *privateFeeds) feed(c *gin.Context) error {
	c.Header("X-Robots-Tag", "noindex") // also of an address that is wrong; the edge sends no referrer anyway
	// Kept by its reader, to ask whether it has changed, and by no cache between.
	c.Header("Cache-Control", "private, no-cache")
	p, err := f.private(c)
	if err != nil {
		return err
	}
	feed, err := f.feeds.Private(c.Request.Context(), p)
	if err != nil {
		return err
	}
	if unchanged(c.Request, feed.Stamp) {
		notModified(c, feed.Stamp)
		return nil
	}
	encoding := ""
	if edge.AcceptsGzip(c.Request.Header.Get("Accept-Encoding")) {
		encoding = "gzip"
	}
	out := &feedWriter{c: c, start: func() { feedBody(c, feed.Stamp, encoding) }}
	switch {
	case c.Request.Method == http.MethodHead:
		out.start()
		c.Writer.WriteHeaderNow()
		return nil
	case encoding == "":
		return out.failure(feed.Write(c.Request.Context(), out))
	}
	zip, err := gzip.NewWriterLevel(out, gzip.BestSpeed)
	if err != nil {
		return err
	}
	if err := feed.Write(c.Request.Context(), zip); err != nil {
		return out.failure(err)
	}
	return out.failure(zip.Close())
}

// private reads which calendar an address asks for, and in which language: the one asked for, else
// that of the person. Whatever is wrong with the secret is said in the same way.
func (f *privateFeeds) private(c *gin.Context) (calendar.Private, error) {
	secret, isFeed := strings.CutSuffix(c.Param("secret"), ".ics")
	if !isFeed {
		return calendar.Private{}, fault.New(fault.NotFound, "calendar_not_found", nil)
	}
	reader, err := f.people.CalendarReader(c.Request.Context(), secret)
	if err != nil {
		return calendar.Private{}, err
	}
	p := calendar.Private{AddressID: reader.AddressID, MemberID: reader.Actor.ID, HubID: reader.HubID, Lang: reader.Actor.Language}
	if asked := c.Query("lang"); asked == "fr" || asked == "en" {
		p.Lang = asked
	}
	if f.site != "" {
		p.Pages = f.site + "/reservations/"
		if p.Lang == "en" {
			p.Pages = f.site + "/en/reservations/"
		}
	}
	return p, nil
}
