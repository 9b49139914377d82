package edge

import (
	"bytes"
	"compress/gzip"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"github.com/gin-gonic/gin"
)

// worthwhile is how many bytes an answer must have before it is compressed:
// below it fits one packet either way.
const worthwhile = 1400

var compressors = sync.Pool{New: func() any {
	w, err := gzip.NewWriterLevel(nil, gzip.BestSpeed)
	if err != nil {
		panic(err)
	}
	return w
}}

// squeeze compresses JSON, HTML and the like for clients that take gzip.
func squeeze(c *gin.Context) {
	if !AcceptsGzip(c.GetHeader("Accept-Encoding")) {
		plain := &squeezer{ResponseWriter: c.Writer, off: true}
		c.Writer = plain
		c.Next()
		plain.mark()
		return
	}
	s := &squeezer{ResponseWriter: c.Writer}
	c.Writer = s
	c.Next()
	s.close()
}

// A squeezer holds the first bytes of an answer back until it is known
// whether compressing it is worthwhile.
type squeezer struct {
	gin.ResponseWriter
	off    bool // decided: as it is
	held   bytes.Buffer
	packer *gzip.Writer
}

// Write holds, compresses or passes on.
func (s *squeezer) Write(b []byte) (int, error) {
	switch {
	case s.packer != nil:
		return s.packer.Write(b)
	case s.off:
		s.mark()
		return s.ResponseWriter.Write(b)
	case !s.suitable():
		s.off = true
		return s.ResponseWriter.Write(b)
	}
	if s.held.Len()+len(b) < worthwhile {
		return s.held.Write(b)
	}
	s.start()
	return s.packer.Write(b)
}

// WriteString is Write.
func (s *squeezer) WriteString(text string) (int, error) { return s.Write([]byte(text)) }

// Written reports whether an answer has begun, held back or not.
func (s *squeezer) Written() bool { return s.held.Len() > 0 || s.ResponseWriter.Written() }

// Flush sends what there is.
func (s *squeezer) Flush() {
	if s.packer != nil {
		_ = s.packer.Flush()
	} else {
		s.release()
	}
	s.ResponseWriter.Flush()
}

// Unwrap gives http.ResponseController the writer below.
func (s *squeezer) Unwrap() http.ResponseWriter { return s.ResponseWriter }

// suitable reports whether the answer is of a type that shrinks and is not
// compressed or in part already.
func (s *squeezer) suitable() bool {
	h := s.Header()
	return shrinks(h.Get("Content-Type")) && h.Get("Content-Encoding") == "" && h.Get("Content-Range") == "" &&
		s.Status() != http.StatusNoContent && s.Status() != http.StatusNotModified
}

// mark tells caches that the answer would be another for a client that takes gzip.
func (s *squeezer) mark() {
	if !s.ResponseWriter.Written() && shrinks(s.Header().Get("Content-Type")) {
		Vary(s.Header(), "Accept-Encoding")
	}
}

func (s *squeezer) start() {
	h := s.Header()
	h.Set("Content-Encoding", "gzip")
	h.Del("Content-Length")
	Vary(h, "Accept-Encoding")
	s.packer = compressors.Get().(*gzip.Writer)
	s.packer.Reset(s.ResponseWriter)
	_, _ = s.packer.Write(s.held.Bytes())
	s.held.Reset()
}

// release sends what was held back as it is.
func (s *squeezer) release() {
	s.off = true
	if s.held.Len() > 0 {
		s.mark()
		_, _ = s.ResponseWriter.Write(s.held.Bytes())
		s.held.Reset()
	}
}

// forget drops what was held back, so that a problem can take its place.
func (s *squeezer) forget() { s.held.Reset() }

func (s *squeezer) close() {
	if s.packer == nil {
		s.release()
		return
	}
	_ = s.packer.Close()
	s.packer.Reset(nil)
	compressors.Put(s.packer)
	s.packer = nil
	s.off = true
}

func shrinks(contentType string) bool {
	kind, _, _ := strings.Cut(contentType, ";")
	switch strings.TrimSpace(kind) {
	case "application/json", "application/problem+json", "application/vnd.oai.openapi+json", "text/html", "text/css", "text/csv", "text/javascript", "application/manifest+json":
		return true
	}
	return false
}

// AcceptsGzip reads an Accept-Encoding header (RFC 9110 12.5.3): whether gzip is named, or
// whatever is not named is welcome, and it is not refused.
func AcceptsGzip(header string) bool {
	any := false
	for part := range strings.SplitSeq(header, ",") {
		coding, weight, _ := strings.Cut(part, ";")
		wanted := true
		if q, ok := strings.CutPrefix(strings.ReplaceAll(strings.ToLower(weight), " ", ""), "q="); ok {
			n, err := strconv.ParseFloat(q, 64)
			wanted = err == nil && n > 0
		}
		switch strings.ToLower(strings.TrimSpace(coding)) {
		case "gzip", "x-gzip":
			return wanted
		case "*":
			any = wanted
		}
	}
	return any
}
