package files

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"strings"
	"testing"

	"canot/internal/fault"
)

// quarters is a picture whose corners are red, green, blue and white, from left to right and down.
func quarters(w, h int) image.Image {
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			c := color.RGBA{255, 255, 255, 255}
			switch {
			case x < w/2 && y < h/2:
				c = color.RGBA{200, 0, 0, 255}
			case y < h/2:
				c = color.RGBA{0, 200, 0, 255}
			case x < w/2:
				c = color.RGBA{0, 0, 200, 255}
			}
			img.SetRGBA(x, y, c)
		}
	}
	return img
}

func pngOf(t testing.TB, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func jpegOf(t testing.TB, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// tiffOf is a note of a camera: how it was held, and where.
func tiffOf(turn uint16) []byte {
	note := []byte("MM\x00*\x00\x00\x00\x08\x00\x02")
	note = append(note, 0x01, 0x12, 0, 3, 0, 0, 0, 1, byte(turn>>8), byte(turn), 0, 0)
	note = append(note, 0x88, 0x25, 0, 4, 0, 0, 0, 1, 0, 0, 0, 99) // GPS
	return append(note, "48.2366,-79.0231 PHONE-OF-MARIE"...)
}

// noted is a JPEG with a note of its camera.
func noted(body []byte, turn uint16) []byte {
	note := append([]byte("Exif\x00\x00"), tiffOf(turn)...)
	head := []byte{0xff, 0xd8, 0xff, 0xe1, byte((len(note) + 2) >> 8), byte(len(note) + 2)}
	return append(append(head, note...), body[2:]...)
}

// chunk is one chunk of a PNG.
func chunk(name string, data []byte) []byte {
	out := binary.BigEndian.AppendUint32(nil, uint32(len(data)))
	out = append(append(out, name...), data...)
	return binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(out[4:]))
}

// sized is a PNG that says another size than it has.
func sized(body []byte, w, h uint32) []byte {
	head := append([]byte(nil), body[16:29]...)
	binary.BigEndian.PutUint32(head, w)
	binary.BigEndian.PutUint32(head[4:], h)
	return append(append(append([]byte(nil), pngStart...), chunk("IHDR", head)...), body[33:]...)
}

func riff(chunks ...[]byte) []byte {
	body := append([]byte("RIFF\x00\x00\x00\x00WEBP"), bytes.Join(chunks, nil)...)
	binary.LittleEndian.PutUint32(body[4:], uint32(len(body)-8))
	return body
}

func piece(name string, data []byte) []byte {
	out := binary.LittleEndian.AppendUint32([]byte(name), uint32(len(data)))
	if out = append(out, data...); len(data)%2 == 1 {
		out = append(out, 0)
	}
	return out
}

// dot is a WebP of one pixel.
func dot(t testing.TB) []byte {
	t.Helper()
	b, err := base64.StdEncoding.DecodeString("UklGRhoAAABXRUJQVlA4TA0AAAAvAAAAEAcQERGIiP4HAA==")
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func codeOf(err error) string {
	f := fault.Of(err)
	if f == nil {
		return ""
	}
	if len(f.Violations) > 0 {
		return f.Violations[0].Code
	}
	return f.Code
}

func TestAPictureIsDrawnAgainSmallAndUpright(t *testing.T) {
	want := [4]color.RGBA{{200, 0, 0, 255}, {0, 200, 0, 255}, {0, 0, 200, 255}, {255, 255, 255, 255}}
	// Where the four corners of what the camera kept are, once it is turned (TIFF 6.0).
	corners := map[uint16][4]int{1: {0, 1, 2, 3}, 2: {1, 0, 3, 2}, 3: {3, 2, 1, 0}, 4: {2, 3, 0, 1}, 5: {0, 2, 1, 3}, 6: {2, 0, 3, 1}, 7: {3, 1, 2, 0}, 8: {1, 3, 0, 2}}
	for turn, corner := range corners {
		p, err := Prepare(noted(jpegOf(t, quarters(4000, 1000)), turn), Photo)
		if err != nil {
			t.Fatal(err)
		}
		w, h := 1600, 400
		if turn > 4 {
			w, h = h, w
		}
		if p.Width != w || p.Height != h || p.MediaType != "image/jpeg" {
			t.Errorf("%d: %d × %d %s", turn, p.Width, p.Height, p.MediaType)
		}
		for _, trace := range []string{"Exif", "MARIE", "48.2366"} {
			if bytes.Contains(p.body, []byte(trace)) {
				t.Errorf("%d: %s is still in it", turn, trace)
			}
		}
		img, err := jpeg.Decode(bytes.NewReader(p.body))
		if err != nil {
			t.Fatal(err)
		}
		for i, at := range []image.Point{{w / 4, h / 4}, {3 * w / 4, h / 4}, {w / 4, 3 * h / 4}, {3 * w / 4, 3 * h / 4}} {
			r, g, b, _ := img.At(at.X, at.Y).RGBA()
			c := want[corner[i]]
			if near := func(a uint32, b uint8) bool { d := int(a>>8) - int(b); return d > -20 && d < 20 }; !near(r, c.R) || !near(g, c.G) || !near(b, c.B) {
				t.Errorf("turn %d, corner %d: %d %d %d, want %v", turn, i, r>>8, g>>8, b>>8, c)
			}
		}
	}
}

func TestEveryKindOfPictureIsRead(t *testing.T) {
	see := image.NewNRGBA(image.Rect(0, 0, 9, 5)) // nothing but glass: white is behind it
	turned := append(append(append([]byte(nil), pngStart...), chunk("IHDR", pngOf(t, see)[16:29])...), chunk("eXIf", tiffOf(6))...)
	for name, body := range map[string][]byte{
		"png": pngOf(t, see), "webp": dot(t), "jpeg": jpegOf(t, image.NewGray(image.Rect(0, 0, 1, 1))),
		"png that was turned": append(turned, pngOf(t, see)[33:]...), "larger by one": pngOf(t, quarters(1601, 1)), "1 pixel high": pngOf(t, quarters(20_000, 1)),
		"colours of a palette": pngOf(t, image.NewPaletted(image.Rect(0, 0, 3, 3), color.Palette{color.White, color.Black})),
		"16 bits":              pngOf(t, image.NewNRGBA64(image.Rect(0, 0, 3, 3))),
	} {
		p, err := Prepare(body, Photo)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		img, err := jpeg.Decode(bytes.NewReader(p.body))
		if err != nil || p.Width > mostSide || p.Height > mostSide || p.Width < 1 || p.Height < 1 {
			t.Errorf("%s: %d × %d, %v", name, p.Width, p.Height, err)
		}
		if name == "png" {
			if r, _, _, _ := img.At(4, 2).RGBA(); r>>8 < 250 {
				t.Errorf("what is behind glass is not white: %d", r>>8)
			}
		}
		if name == "png that was turned" && (p.Width != 5 || p.Height != 9) {
			t.Errorf("%s: %d × %d", name, p.Width, p.Height)
		}
	}
}

// TestWhatIsNoPictureIsRefused: with what each file is refused as, before anything large is opened.
func TestWhatIsNoPictureIsRefused(t *testing.T) {
	small := pngOf(t, quarters(8, 8))
	photo := jpegOf(t, quarters(64, 64))
	huge := append([]byte(nil), photo...)
	sof := bytes.Index(huge, []byte{0xff, 0xc0})
	copy(huge[sof+5:], []byte{0xff, 0xff, 0xff, 0xff})
	progress := append([]byte(nil), photo...)
	progress[sof+1] = 0xc2
	copy(progress[sof+5:], []byte{0x18, 0, 0x18, 0}) // 6144 × 6144
	scans := append(append([]byte(nil), photo[:len(photo)-2]...), bytes.Repeat([]byte{0xff, 0xda, 0, 8, 1, 1, 0, 0, 63, 0}, 100)...)
	frame := []byte{0, 0, 0, 0x9d, 1, 0x2a, 0xff, 0x3f, 0xff, 0x3f, 0, 0} // 16383 × 16383
	canvas := []byte{0, 0, 0, 0, 7, 0, 0, 7, 0, 0}                        // 8 × 8
	moving := append([]byte{2}, canvas[1:]...)
	for name, test := range map[string]struct {
		body []byte
		code string
	}{
		"nothing":                         {nil, "not_a_picture"},
		"svg with a script":               {[]byte(`<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`), "not_a_picture"},
		"a page":                          {[]byte("<!doctype html><script>alert(1)</script>"), "not_a_picture"},
		"gif":                             {[]byte("GIF89a\x01\x00\x01\x00\x00\x00\x00;"), "not_a_picture"},
		"its first bytes and a page":      {append([]byte{0xff, 0xd8, 0xff}, "<!doctype html>"...), "not_a_picture"},
		"cut short":                       {photo[:len(photo)/2], "not_a_picture"},
		"png cut short":                   {small[:len(small)-20], "not_a_picture"},
		"webp cut short":                  {dot(t)[:20], "not_a_picture"},
		"png that says it is huge":        {sized(small, 30_000, 30_000), "too_many_pixels"},
		"png that is very wide":           {sized(small, 1_000_000, 1), "too_many_pixels"},
		"png with a side beyond all":      {sized(small, 0xffffffff, 0xffffffff), "not_a_picture"},
		"jpeg that says it is huge":       {huge, "too_many_pixels"},
		"jpeg that is huge once opened":   {progress, "too_many_pixels"},
		"jpeg with endless scans":         {scans, "not_a_picture"},
		"webp that says it is huge":       {riff(piece("VP8 ", frame)), "too_many_pixels"},
		"webp with a huge frame inside":   {riff(piece("VP8X", canvas), piece("VP8 ", frame)), "too_many_pixels"},
		"webp that moves":                 {riff(piece("VP8X", moving), piece("ANIM", make([]byte, 6))), "animated"},
		"webp that moves and says not so": {riff(piece("VP8X", canvas), piece("ANMF", make([]byte, 32))), "animated"},
		"more than may be sent":           {make([]byte, MaxUpload+1), "too_large"},
	} {
		if _, err := Prepare(test.body, Photo); codeOf(err) != test.code {
			t.Errorf("%s: %v, want %s", name, err, test.code)
		}
	}
}

// TestWhatIsBehindAPictureIsGone: a file that is a picture and something else is a picture afterwards.
func TestWhatIsBehindAPictureIsGone(t *testing.T) {
	page := "<script>alert(1)</script>"
	for name, body := range map[string][]byte{
		"behind a jpeg": append(jpegOf(t, quarters(8, 8)), page...),
		"behind a png":  append(pngOf(t, quarters(8, 8)), page...),
		"in its note":   bytes.Replace(noted(jpegOf(t, quarters(8, 8)), 1), []byte("48.2366,-79.0231 PHONE-OF"), []byte(page), 1),
	} {
		p, err := Prepare(body, Photo)
		if err != nil || bytes.Contains(p.body, []byte("script")) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestASignatureIsASmallPicture(t *testing.T) {
	p, err := Prepare(pngOf(t, quarters(1600, 400)), Signature)
	if err != nil || p.MediaType != "image/png" || p.Width != 800 || p.Height != 200 {
		t.Fatalf("%+v %v", p, err)
	}
	if _, err := png.Decode(bytes.NewReader(p.body)); err != nil {
		t.Error(err)
	}
	if _, err := Prepare(jpegOf(t, quarters(8, 8)), Signature); codeOf(err) != "not_a_picture" {
		t.Error(err)
	}
	if _, err := Prepare(sized(pngOf(t, quarters(8, 8)), 6300, 6300), Signature); codeOf(err) != "too_many_pixels" {
		t.Errorf("a signature as large as a poster: %v", err)
	}
	if _, err := Prepare(make([]byte, mostSignature+1), Signature); codeOf(err) != "too_large" {
		t.Error(err)
	}
}

func TestADocumentIsWhatItHolds(t *testing.T) {
	for name, test := range map[string]struct{ body, media, code string }{
		"pdf":              {"%PDF-1.7\n…", "application/pdf", ""},
		"text":             {"Mode d’emploi\r\n\tà lire", "text/plain", ""},
		"a page is a text": {"<script>alert(1)</script>", "text/plain", ""},
		"empty":            {"", "", "bad_document"},
		"a program":        {"\x7fELF\x02", "", "bad_document"},
		"with a NUL":       {"abc\x00", "", "bad_document"},
		"latin-1":          {"caf\xe9", "", "bad_document"},
		"a picture":        {string(pngStart), "", "bad_document"},
		"too long":         {strings.Repeat("a", mostDocument+1), "", "too_large"},
	} {
		if p, err := Prepare([]byte(test.body), Document); codeOf(err) != test.code || p.MediaType != test.media {
			t.Errorf("%s: %q %v", name, p.MediaType, err)
		}
	}
}

func TestANameOfADocumentIsAName(t *testing.T) {
	for name, want := range map[string]string{
		"Mode d’emploi.pdf": "Mode d’emploi.pdf", "../../etc/passwd": "passwd.pdf", `C:\Windows\system32\cmd.exe`: "cmd.pdf", "": "document.pdf",
		"..": "document.pdf", "a\x00b\r\nSet-Cookie: x.pdf": "abSet-Cookie x.pdf", `x"; filename=y.html`: "x filename=y.pdf", "/": "document.pdf",
		"facture\u202efdp.exe": "facturefdp.pdf", strings.Repeat("é", 300) + ".pdf": strings.Repeat("é", 80) + ".pdf", "\xff\xfe": "document.pdf", ".htaccess": "document.pdf",
	} {
		if got := safeName(name, "application/pdf"); got != want {
			t.Errorf("%q is %q, want %q", name, got, want)
		}
	}
}

func TestFewWaitForAPicture(t *testing.T) {
	drawing <- struct{}{}
	for range cap(waiting) {
		waiting <- struct{}{}
	}
	_, err := Prepare(pngOf(t, quarters(2, 2)), Photo)
	if fault.KindOf(err) != fault.TooMany {
		t.Error(err)
	}
	for range cap(waiting) {
		<-waiting
	}
	<-drawing
	if _, err := Prepare(pngOf(t, quarters(2, 2)), Photo); err != nil {
		t.Error(err)
	}
}

// FuzzOrientation: whatever bytes a camera wrote, the answer is one of eight, and no more is read
// than is there.
func FuzzOrientation(f *testing.F) {
	f.Add(noted(jpegOf(f, quarters(8, 8)), 6))
	f.Add(append(append(append([]byte(nil), pngStart...), chunk("IHDR", make([]byte, 13))...), chunk("eXIf", tiffOf(8))...))
	f.Add(riff(piece("VP8X", make([]byte, 10)), piece("EXIF", tiffOf(3))))
	f.Add([]byte("II*\x00\xff\xff\xff\xff"))
	f.Add([]byte("II*\x00\x08\x00\x00\x00\xff\xff"))
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, turn := range []int{turned(body), orientation(body), turned(append([]byte("RIFF\x00\x00\x00\x00WEBP"), body...)), turned(append(append([]byte(nil), jpegStart...), body...)), turned(append(append([]byte(nil), pngStart...), body...))} {
			if turn < 1 || turn > 8 {
				t.Errorf("turned by %d", turn)
			}
		}
		progressive(body)
		isAnimated(append([]byte("RIFF\x00\x00\x00\x00WEBP"), body...))
		webpFrame(append([]byte("RIFF\x00\x00\x00\x00WEBP"), body...))
	})
}
