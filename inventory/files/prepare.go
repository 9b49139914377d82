package files

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"path"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"canot/internal/fault"
)

// MaxUpload is how many bytes a file may have that is sent.
const MaxUpload = 12 << 20

// Bounds of each kind of file, in bytes.
const (
	mostDocument  = 10 << 20
	mostSignature = 512 << 10
)

// A Prepared file has passed every check and may be kept. It is made by Prepare.
type Prepared struct {
	Kind          string
	MediaType     string // image/jpeg, image/png, application/pdf, text/plain
	Width, Height int    // of a picture, in pixels

	body []byte
	sum  string
}

// Prepare makes a file ready to be kept: a Photo is turned upright, drawn again as JPEG with at most
// 1600 pixels a side, and nothing else of it is left; a Signature is a small PNG; a Document is a PDF
// or a plain text, by what it holds and not by its name. It takes no connection to the data base, may
// take a second, and must run before the transaction that keeps the file.
//
// What cannot be kept is TooLarge (too_large) or Refused: not_a_picture, animated, too_many_pixels,
// bad_document. While too many pictures wait to be drawn it is TooMany (slow_down).
func Prepare(body []byte, kind string) (Prepared, error) {
	most := map[string]int{Photo: MaxUpload, Document: mostDocument, Signature: mostSignature}[kind]
	if len(body) > most {
		return Prepared{}, fault.New(fault.TooLarge, "too_large", fault.Params{"max_bytes": most})
	}
	var p Prepared
	var err error
	switch kind {
	case Photo:
		p, err = inTurn(func() (Prepared, error) { return photo(body) })
	case Signature:
		p, err = inTurn(func() (Prepared, error) { return signature(body) })
	default:
		p, err = document(body)
	}
	if err != nil {
		return Prepared{}, err
	}
	sum := sha256.Sum256(p.body)
	p.Kind, p.sum = kind, hex.EncodeToString(sum[:])
	return p, nil
}

// One picture is drawn at a time, for a large one takes hundreds of megabytes while it is open; the
// others wait, and more than a few do not even that.
var (
	drawing = make(chan struct{}, 1)
	waiting = make(chan struct{}, 12)
)

func inTurn(draw func() (Prepared, error)) (Prepared, error) {
	select {
	case waiting <- struct{}{}:
	default:
		f := fault.New(fault.TooMany, "slow_down", nil)
		f.RetryAfter = 10 * time.Second
		return Prepared{}, f
	}
	defer func() { <-waiting }()
	drawing <- struct{}{}
	defer func() { <-drawing }()
	return draw()
}

// document tells a PDF and a plain text by what they hold. Whatever else a PDF holds, it is only
// ever handed out to be kept, never shown.
func document(body []byte) (Prepared, error) {
	switch {
	case bytes.HasPrefix(body, []byte("%PDF-")):
		return Prepared{MediaType: "application/pdf", body: body}, nil
	case len(body) > 0 && isPlain(body):
		return Prepared{MediaType: "text/plain", body: body}, nil
	}
	return Prepared{}, refused("bad_document", nil)
}

func isPlain(body []byte) bool {
	if !utf8.Valid(body) {
		return false
	}
	return bytes.IndexFunc(body, func(r rune) bool {
		return r < ' ' && r != '\n' && r != '\r' && r != '\t' && r != '\f' || r == 0x7f
	}) < 0
}

// mostName is how many characters the name of a document has, without its extension.
const mostName = 80

// safeName is a name under which any system may keep a document: no folder, nothing that a shell, a
// header or a file system reads as more than a name, and the extension of what it is.
func safeName(name, mediaType string) string {
	name = path.Base(strings.ReplaceAll(strings.ToValidUTF8(name, ""), `\`, "/"))
	name = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || !unicode.IsGraphic(r) || strings.ContainsRune(`"*/:<>?|%;`, r) {
			return -1
		}
		return r
	}, name)
	extension := map[string]string{"application/pdf": ".pdf", "text/plain": ".txt"}[mediaType]
	name = strings.TrimSuffix(name, path.Ext(name))
	if all := []rune(name); len(all) > mostName {
		name = string(all[:mostName])
	}
	if name = strings.Trim(name, ". -_~"); name == "" {
		name = "document"
	}
	return name + extension
}

// refused says why a file was not taken, in the name of the field that it came by.
func refused(code string, params fault.Params) error {
	p := fault.Params{"field": "file"}
	for k, v := range params {
		p[k] = v
	}
	return &fault.Error{Kind: fault.Refused, Code: "rules", Violations: []fault.Violation{{Code: code, Params: p}}}
}

// Sum is the SHA-256 of what would be kept, in hexadecimal digits.
func (p Prepared) Sum() string { return p.sum }
