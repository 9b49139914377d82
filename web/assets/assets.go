// Package assets is the files that a browser fetches beside the pages: one style sheet, one
// script, the icons. They are embedded in the program. Each has an address that holds its
// sum, so that a browser keeps it for ever and asks again only for another one; each is
// packed once, when the program starts.
//
// The style sheet and the script are kept in parts, one for each family of pages, that are
// joined in order of their names. Start reading at Path.
package assets

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"net/http"
	"path"
	"regexp"
	"strings"

	"github.com/gin-gonic/gin"

	"canot/internal/fault"
	"canot/web/edge"
)

//go:embed css js counter vendor icons docs.css counter.css
var source embed.FS

// An asset is one file as it is served.
type asset struct {
	path, kind   string
	body, packed []byte // packed is nil where it would be no smaller
}

// byName and byPath find the files.
var byName, byPath = func() (map[string]asset, map[string]asset) {
	names, paths := map[string]asset{}, map[string]asset{}
	keep := func(name string, body []byte) {
		a := newAsset(name, body)
		names[name], paths[a.path] = a, a
	}
	keep("canot.css", joined("css"))
	keep("canot.js", withoutRemarks(joined("js")))
	keep("counter.js", withoutRemarks(joined("counter")))
	keep("counter.css", read("counter.css"))
	keep("jsqr.js", read("vendor/jsqr.js"))
	keep("docs.css", read("docs.css"))
	for _, f := range list("icons") {
		keep(f, read("icons/"+f))
	}
	return names, paths
}()

// folder is where all addresses begin.
const folder = "/s/"

// Path returns the address of a file: canot.css, canot.js, counter.css and counter.js of the
// pages of staff, jsqr.js
// with which it reads a QR where the browser cannot, docs.css, or an icon by its name.
// A name that is none's is a mistake of the build, and panics.
func Path(name string) string {
	a, ok := byName[name]
	if !ok {
		panic("assets: no file is called " + name)
	}
	return a.path
}

// Body returns what a file holds, for tests and for what is put into a page.
func Body(name string) []byte { return byName[name].body }

// Mount serves the files on a router.
func Mount(r gin.IRouter) {
	r.GET(folder+":file", edge.Handle(func(c *gin.Context) error {
		a, ok := byPath[folder+c.Param("file")]
		if !ok {
			return fault.New(fault.NotFound, "not_found", nil)
		}
		c.Header("Cache-Control", "public, max-age=31536000, immutable")
		edge.Vary(c.Writer.Header(), "Accept-Encoding")
		body := a.body
		if a.packed != nil && edge.AcceptsGzip(c.GetHeader("Accept-Encoding")) {
			c.Header("Content-Encoding", "gzip")
			body = a.packed
		}
		c.Data(http.StatusOK, a.kind, body)
		return nil
	}))
}

func newAsset(name string, body []byte) asset {
	sum := sha256.Sum256(body)
	ext := path.Ext(name)
	a := asset{path: folder + strings.TrimSuffix(name, ext) + "." + hex.EncodeToString(sum[:6]) + ext, kind: kinds[ext], body: body}
	if a.kind == "" {
		panic("assets: no type is known of " + name)
	}
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err == nil {
		_, err = w.Write(body)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		panic(err)
	}
	if b.Len() < len(body) {
		a.packed = b.Bytes()
	}
	return a
}

// kinds are the types of the files, by the end of their names.
var kinds = map[string]string{
	".css": "text/css; charset=utf-8",
	".js":  "text/javascript; charset=utf-8",
	".svg": "image/svg+xml",
	".png": "image/png",
}

func read(name string) []byte {
	b, err := source.ReadFile(name)
	if err != nil {
		panic(err)
	}
	return b
}

func list(dir string) []string {
	entries, err := fs.ReadDir(source, dir)
	if err != nil {
		panic(err)
	}
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = e.Name()
	}
	return names
}

// joined is the parts of a folder, in order of their names.
func joined(dir string) []byte {
	var b bytes.Buffer
	for _, f := range list(dir) {
		b.Write(read(dir + "/" + f))
		b.WriteByte('\n')
	}
	return b.Bytes()
}

// remark is a line of a script that only says why. They are for who reads the source; on a
// slow line they would be a fifth of the script.
var remark = regexp.MustCompile(`(?m)^\s*//.*\n`)

func withoutRemarks(script []byte) []byte { return remark.ReplaceAll(script, nil) }
