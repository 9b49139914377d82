package edge

import (
	"net/http"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"canot/internal/fault"
)

// policy lets a page load its own style sheet, script and pictures, and nothing else.
const policy = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; worker-src 'self'; " +
	"manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// headers says to browsers what they may do with an answer. Whatever a
// handler knows better, it sets itself.
func headers(secure bool) gin.HandlerFunc {
	return func(c *gin.Context) {
		h := c.Writer.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
		if secure {
			h.Set("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
		}
		c.Next()
	}
}

// Private says that an answer is for its caller alone and is kept nowhere.
func Private(h http.Header) {
	h.Set("Cache-Control", "no-store")
	Vary(h, "Authorization", "Cookie")
}

// Public says that an answer is the same for everybody and may be kept, if it is asked for anew each time.
func Public(h http.Header) { h.Set("Cache-Control", "no-cache") }

// Vary adds request headers on which an answer depends, each once.
func Vary(h http.Header, names ...string) {
	var list []string
	for _, line := range h.Values("Vary") {
		for _, name := range strings.Split(line, ",") {
			list = append(list, strings.TrimSpace(name))
		}
	}
	for _, name := range names {
		if !slices.ContainsFunc(list, func(s string) bool { return strings.EqualFold(s, name) }) {
			list = append(list, name)
		}
	}
	h.Set("Vary", strings.Join(list, ", "))
}

// BodyLimit is how many bytes a request's body may have.
const BodyLimit = 1 << 20

// bodies cuts a body off at its limit: reading further fails with
// *http.MaxBytesError, which leaves as status 413. A body that is packed is refused
// unread: its limit would have to hold for what comes out.
func bodies(large map[string]int64) gin.HandlerFunc {
	return func(c *gin.Context) {
		limit := int64(BodyLimit)
		if more, ok := large[c.FullPath()]; ok {
			limit = more
		}
		if packed := c.GetHeader("Content-Encoding"); packed != "" && !strings.EqualFold(packed, "identity") {
			c.Header("Accept-Encoding", "identity")
			Fail(c, fault.New(fault.Media, "bad_content_encoding", nil))
			return
		}
		if c.Request.ContentLength > limit {
			Fail(c, &http.MaxBytesError{Limit: limit})
			return
		}
		if c.Request.Body != nil {
			c.Request.Body = http.MaxBytesReader(c.Writer, c.Request.Body, limit)
		}
		c.Next()
	}
}
