package web

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"net/textproto"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"canot/internal/database"
	"canot/internal/identity"
	"canot/inventory"
	"canot/inventory/files"
)

// A sent is a file as a browser sends it.
type sent struct {
	field, name, media string
	body               []byte
}

// upload sends a form with files.
func (b *browser) upload(path string, all ...sent) view {
	b.w.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for _, f := range all {
		head := textproto.MIMEHeader{}
		if f.name == "" && f.media == "" { // a plain field
			must(b.w.t, form.WriteField(f.field, string(f.body)))
			continue
		}
		head.Set("Content-Disposition", `form-data; name="`+f.field+`"; filename="`+strings.NewReplacer(`"`, "%22", "\r", "%0D", "\n", "%0A").Replace(f.name)+`"`)
		head.Set("Content-Type", f.media)
		part, err := form.CreatePart(head)
		must(b.w.t, err)
		_, err = part.Write(f.body)
		must(b.w.t, err)
	}
	must(b.w.t, form.Close())
	r, err := http.NewRequest("POST", b.w.url+path, &body)
	must(b.w.t, err)
	r.Header.Set("Content-Type", form.FormDataContentType())
	r.Header.Set("Origin", b.w.url)
	return b.do(r)
}

func drawn(w, h int) image.Image {
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for i := range img.Pix {
		img.Pix[i] = 0xff
	}
	img.SetRGBA(0, 0, color.RGBA{1, 2, 3, 255})
	return img
}

func aJPEG(t *testing.T, w, h int) []byte {
	t.Helper()
	var b bytes.Buffer
	must(t, jpeg.Encode(&b, drawn(w, h), nil))
	return b.Bytes()
}

func aPNG(t *testing.T, w, h int) []byte {
	t.Helper()
	var b bytes.Buffer
	must(t, png.Encode(&b, drawn(w, h)))
	return b.Bytes()
}

// bombPNG is a small file that says that it is a picture of 50 000 by 50 000.
func bombPNG(t *testing.T) []byte {
	b := bytes.Clone(aPNG(t, 8, 8))
	binary.BigEndian.PutUint32(b[16:], 50_000)
	binary.BigEndian.PutUint32(b[20:], 50_000)
	binary.BigEndian.PutUint32(b[29:], crc32.ChecksumIEEE(b[12:29]))
	return b
}

// firstUnit is a unit of a hub, by its page.
func (s *stand) firstUnit(resource string) inventory.Unit {
	s.t.Helper()
	all, err := s.site.Catalog.Units(s.t.Context(), resource)
	must(s.t, err)
	return all[0]
}

const stockAtAmos = "/inventaire/amos"

func (s *stand) unitPage(u inventory.Unit) string { return stockAtAmos + "/exemplaires/" + u.ID }

// aThing is some unit at Amos.
func (s *stand) aThing() inventory.Unit {
	s.t.Helper()
	var slug string
	must(s.t, s.db.Reader(s.t.Context()).Get(&slug, `SELECT r.slug FROM resources r JOIN hubs h ON h.id = r.hub_id WHERE h.slug = 'amos' AND r.kind = 'equipment' ORDER BY r.slug LIMIT 1`))
	return s.firstUnit(slug)
}

func TestBadUploadsAreRefusedWithWhatIsWrong(t *testing.T) {
	onCounter(t, func(t *testing.T, s *stand) {
		u := s.aThing()
		path := s.unitPage(u) + "/fichiers"
		half := aJPEG(t, 64, 64)
		moving, err := base64.StdEncoding.DecodeString("UklGRkAAAABXRUJQVlA4WAoAAAACAAAABwAABwAAQU5JTQYAAAD/////AAA=")
		must(t, err)
		many := make([]sent, 7)
		for i := range many {
			many[i] = sent{"photo", "p" + strconv.Itoa(i) + ".jpg", "image/jpeg", aJPEG(t, 8, 8)}
		}
		for name, test := range map[string]struct {
			status int
			said   string
			all    []sent
		}{
			"svg with a script":       {422, "pas une photo lisible", []sent{{"photo", "x.svg", "image/svg+xml", []byte(`<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`)}}},
			"a page called photo.jpg": {422, "pas une photo lisible", []sent{{"photo", "photo.jpg", "image/jpeg", []byte("<!doctype html><script>alert(1)</script>")}}},
			"a bomb":                  {422, "trop grande", []sent{{"photo", "photo.png", "image/png", bombPNG(t)}}},
			"cut short":               {422, "pas une photo lisible", []sent{{"photo", "photo.jpg", "image/jpeg", half[:len(half)/2]}}},
			"an animated webp":        {422, "animée", []sent{{"photo", "photo.webp", "image/webp", moving}}},
			"a program as a document": {422, "ni un PDF ni un texte", []sent{{"document", "a.pdf", "application/pdf", []byte("\x7fELF\x02\x01")}}},
			"seven at once":           {422, "trop de fichiers", many},
			"nothing":                 {422, "Choisissez d’abord un fichier", []sent{{"other", "", "text/plain", nil}}},
			"a field that is no text": {400, "", []sent{{"photo", "p.jpg", "image/jpeg", aJPEG(t, 8, 8)}}},
		} {
			if name == "a field that is no text" {
				r, err := http.NewRequest("POST", s.url+path, strings.NewReader("--x\r\nContent-Disposition: form-data; name=\"cle\"\r\n\r\na\x00b\r\n--x--\r\n"))
				must(t, err)
				r.Header.Set("Content-Type", "multipart/form-data; boundary=x")
				r.Header.Set("Origin", s.url)
				if v := s.anne.do(r); v.status != test.status {
					t.Errorf("%s: %d", name, v.status)
				}
				continue
			}
			v := s.anne.upload(path, test.all...)
			if v.status != test.status || !strings.Contains(v.body, test.said) || len(v.elements("div", "role", "alert")) == 0 {
				t.Errorf("%s: %d, want %d and %q:\n%s", name, v.status, test.status, test.said, v.body)
			}
		}
		var kept int
		must(t, s.db.Reader(t.Context()).Get(&kept, `SELECT COUNT(*) FROM files`))
		if kept != 0 {
			t.Errorf("%d files were kept", kept)
		}
	})
}

// TestAHugeUploadIsNotReadToItsEnd: neither one that says how long it is, nor one that does not.
func TestAHugeUploadIsNotReadToItsEnd(t *testing.T) {
	onCounter(t, func(t *testing.T, s *stand) {
		at, err := url.Parse(s.url)
		must(t, err)
		var cookies []string
		for _, c := range s.anne.http.Jar.Cookies(at) {
			cookies = append(cookies, c.Name+"="+c.Value)
		}
		for name, head := range map[string]string{"said": "Content-Length: 104857600\r\n", "not said": "Transfer-Encoding: chunked\r\n"} {
			line, err := net.Dial("tcp", at.Host)
			must(t, err)
			defer line.Close()
			fmt.Fprintf(line, "POST %s HTTP/1.1\r\nHost: %s\r\nOrigin: %s\r\nCookie: %s\r\nContent-Type: multipart/form-data; boundary=x\r\n%s\r\n",
				s.unitPage(s.aThing())+"/fichiers", at.Host, s.url, strings.Join(cookies, "; "), head)
			start := "--x\r\nContent-Disposition: form-data; name=\"photo\"; filename=\"a.jpg\"\r\n\r\n"
			piece := bytes.Repeat([]byte("a"), 1<<20)
			if name == "not said" {
				fmt.Fprintf(line, "%x\r\n%s\r\n", len(start), start)
			} else {
				fmt.Fprint(line, start)
			}
			wrote := 0
			for range 100 {
				if name == "not said" {
					_, err = fmt.Fprintf(line, "%x\r\n%s\r\n", len(piece), piece)
				} else {
					_, err = line.Write(piece)
				}
				if err != nil {
					break
				}
				wrote++
			}
			answer, _ := io.ReadAll(line)
			if wrote == 100 || len(answer) > 0 && !bytes.HasPrefix(answer, []byte("HTTP/1.1 413")) {
				t.Errorf("%s: %d of 100 pieces were taken, answer %.40q", name, wrote, answer)
			}
		}
	})
}

func TestWhatIsKeptIsShownSafely(t *testing.T) {
	onCounter(t, func(t *testing.T, s *stand) {
		u := s.aThing()
		noted := append(aJPEG(t, 3000, 1000), "<script>alert('polyglot')</script>"...)
		pdf := []byte("%PDF-1.7\n<script>alert(1)</script>")
		v := s.anne.upload(s.unitPage(u)+"/fichiers", sent{"photo", "../../" + strings.Repeat("x", 500) + ".jpg", "text/html", noted}, sent{"document", `..\..\é"; filename="x.html`, "text/html", pdf}).on(s.unitPage(u), 200)
		v.has("C’est ajouté")
		if v := s.anne.upload(s.unitPage(u)+"/fichiers", sent{"photo", "x\x00.jpg", "image/jpeg", noted}); v.status != 400 {
			t.Errorf("a name with a NUL: %d", v.status)
		}
		kept, err := s.site.Files.Of(t.Context(), files.OfUnit, u.ID)
		must(t, err)
		if len(kept) != 2 {
			t.Fatalf("%+v", kept)
		}
		luc := s.works("luc@exemple.example", "val-dor", identity.Staff)
		for _, f := range kept {
			way := map[string]string{files.Photo: "/photos/", files.Document: "/documents/"}[f.Kind] + f.ID
			got := s.anne.get(way).on(way, 200)
			h := got.header
			if h.Get("X-Content-Type-Options") != "nosniff" || !strings.Contains(h.Get("Content-Security-Policy"), "sandbox") || !strings.Contains(h.Get("Cache-Control"), "no-store") {
				t.Errorf("%s: %v", f.Kind, h)
			}
			switch f.Kind {
			case files.Photo:
				if strings.Contains(got.body, "script") || h.Get("Content-Type") != "image/jpeg" || f.Width != 1600 {
					t.Errorf("%s %d", h.Get("Content-Type"), f.Width)
				}
			default:
				if h.Get("Content-Type") != "application/pdf" || !strings.HasPrefix(h.Get("Content-Disposition"), "attachment;") || strings.Contains(h.Get("Content-Disposition"), "html") || strings.Contains(f.Name, `\`) {
					t.Errorf("%s %s", h.Get("Content-Type"), h.Get("Content-Disposition"))
				}
			}
			s.anne.get(map[string]string{files.Photo: "/documents/", files.Document: "/photos/"}[f.Kind] + f.ID).has("Introuvable")
			// The other address does not hand it out, and nobody else gets it, but what a thing looks like.
			if f.Kind == files.Photo {
				if got := s.browser().get(way); got.status != 200 || got.header.Get("Content-Type") != "image/jpeg" {
					t.Errorf("anybody gets %s: %d", way, got.status)
				}
				continue
			}
			if got := s.zoe.get(way); got.status != 404 {
				t.Errorf("a member gets %s: %d", way, got.status)
			}
			if got := luc.get(way); got.status != 404 {
				t.Errorf("staff of another hub get %s: %d", way, got.status)
			}
			if got := s.browser().get(way); got.path != "/connexion" {
				t.Errorf("anybody gets %s: %d", way, got.status)
			}
		}
		s.rose.post(s.unitPage(u)+"/fichiers/retirer", "fichier", kept[0].ID).on(s.unitPage(u), 200)
		if left, _ := s.site.Files.Of(t.Context(), files.OfUnit, u.ID); len(left) != 1 {
			t.Errorf("%d left", len(left))
		}
		if got := s.anne.post(s.unitPage(u)+"/fichiers/retirer", "fichier", kept[1].ID); got.status != 403 {
			t.Errorf("staff may remove: %d", got.status)
		}
	})
}

func TestASubjectHasSoManyFilesAndNoMore(t *testing.T) {
	onCounter(t, func(t *testing.T, s *stand) {
		u := s.aThing()
		ready, err := files.Prepare(aJPEG(t, 8, 8), files.Photo)
		must(t, err)
		must(t, s.db.In(t.Context(), func(tx *database.Tx) error {
			for range 29 {
				if _, err := files.Insert(tx, identity.System, files.NewFile{Prepared: ready, SubjectKind: files.OfUnit, SubjectID: u.ID}); err != nil {
					return err
				}
			}
			return nil
		}))
		two := []sent{{"photo", "a.jpg", "image/jpeg", aJPEG(t, 8, 8)}, {"photo", "b.jpg", "image/jpeg", aJPEG(t, 9, 9)}}
		if v := s.anne.upload(s.unitPage(u)+"/fichiers", two...); v.status != 422 || !strings.Contains(v.body, "trop de fichiers ici") {
			t.Errorf("%d", v.status)
		}
		s.anne.upload(s.unitPage(u)+"/fichiers", two[0]).on(s.unitPage(u), 200)
	})
}

// on0 is on for a page of which only the beginning of the address is known.
func (v view) on0(t *testing.T, begins string) view {
	t.Helper()
	if v.status != 200 || !strings.HasPrefix(v.path, begins) {
		t.Fatalf("on %s with %d, want %s…:\n%s", v.path, v.status, begins, v.body)
	}
	return v
}

var noKeyAtAll database.Key

// staffOf is somebody as an actor, with their roles.
func (s *stand) staffOf(email string) identity.Actor {
	s.t.Helper()
	h, err := s.site.Catalog.Hub(s.t.Context(), "amos")
	must(s.t, err)
	return identity.Actor{ID: s.idOf(email), Grants: []identity.Grant{{Role: identity.Staff, HubID: h.ID}}}
}
