package files

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"image/png"

	"golang.org/x/image/webp"
)

// Bounds of pictures.
const (
	mostSide    = 1600       // of what is kept, in pixels
	mostInk     = 800        // of a signature's side
	mostPixels  = 40_000_000 // of what is sent
	mostStrokes = 4_000_000  // of a signature that is sent: it is drawn on a pad, on the sharpest screen
	mostBreadth = 20_000     // of a side of it
	mostMemory  = 320 << 20  // bytes that it takes while it is open
	mostScans   = 64         // of a JPEG, which may have each drawn over all others
	quality     = 82
)

// photo draws a picture again, upright and small.
func photo(body []byte) (Prepared, error) {
	img, turn, err := open(body)
	if err != nil {
		return Prepared{}, err
	}
	small := upright(shrunk(img, mostSide), turn)
	var out bytes.Buffer
	if err := jpeg.Encode(&out, small, &jpeg.Options{Quality: quality}); err != nil {
		return Prepared{}, err
	}
	return Prepared{MediaType: "image/jpeg", Width: small.Bounds().Dx(), Height: small.Bounds().Dy(), body: out.Bytes()}, nil
}

// signature draws a signature again, black on white.
func signature(body []byte) (Prepared, error) {
	if !bytes.HasPrefix(body, pngStart) {
		return Prepared{}, refused("not_a_picture", nil)
	}
	if size, err := png.DecodeConfig(bytes.NewReader(body)); err == nil && int64(size.Width)*int64(size.Height) > mostStrokes {
		return Prepared{}, refused("too_many_pixels", map[string]any{"max_mpx": mostStrokes / 1_000_000})
	}
	img, _, err := open(body)
	if err != nil {
		return Prepared{}, err
	}
	small := shrunk(img, mostInk)
	ink := image.NewGray(small.Bounds())
	draw.Draw(ink, ink.Bounds(), small, image.Point{}, draw.Src)
	var out bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&out, ink); err != nil {
		return Prepared{}, err
	}
	return Prepared{MediaType: "image/png", Width: ink.Bounds().Dx(), Height: ink.Bounds().Dy(), body: out.Bytes()}, nil
}

var (
	jpegStart = []byte{0xff, 0xd8, 0xff}
	pngStart  = []byte("\x89PNG\r\n\x1a\n")
)

// open decodes a picture whose figures are within bounds, which are read first, and says how it is turned.
func open(body []byte) (image.Image, int, error) {
	var decode func([]byte) (image.Image, error)
	var size image.Config
	var err error
	weight := 4 // bytes that a pixel takes while the picture is open
	switch {
	case bytes.HasPrefix(body, jpegStart):
		size, err = jpeg.DecodeConfig(bytes.NewReader(body))
		decode = func(b []byte) (image.Image, error) { return jpeg.Decode(bytes.NewReader(b)) }
		if progressive(body) {
			weight = 15 // the coefficients of all colours are held until the last scan
		}
		if bytes.Count(body, []byte{0xff, 0xda}) > mostScans {
			return nil, 0, refused("not_a_picture", nil)
		}
	case bytes.HasPrefix(body, pngStart):
		size, err = png.DecodeConfig(bytes.NewReader(body))
		decode = func(b []byte) (image.Image, error) { return png.Decode(bytes.NewReader(b)) }
		if size.ColorModel == color.NRGBA64Model || size.ColorModel == color.RGBA64Model {
			weight = 8
		}
	case len(body) > 12 && string(body[:4]) == "RIFF" && string(body[8:12]) == "WEBP":
		if isAnimated(body) {
			return nil, 0, refused("animated", nil)
		}
		size, err = webp.DecodeConfig(bytes.NewReader(body))
		decode = func(b []byte) (image.Image, error) { return webp.Decode(bytes.NewReader(b)) }
		// The frame inside may say another size than the picture around it.
		w, h := webpFrame(body)
		size.Width, size.Height = max(size.Width, w), max(size.Height, h)
	default:
		return nil, 0, refused("not_a_picture", nil)
	}
	if err != nil || size.Width < 1 || size.Height < 1 {
		return nil, 0, refused("not_a_picture", nil)
	}
	if pixels := int64(size.Width) * int64(size.Height); size.Width > mostBreadth || size.Height > mostBreadth ||
		pixels > mostPixels || pixels*int64(weight) > mostMemory {
		return nil, 0, refused("too_many_pixels", map[string]any{"max_mpx": mostPixels / 1_000_000})
	}
	img, err := decode(body)
	if err != nil || img.Bounds().Empty() {
		return nil, 0, refused("not_a_picture", nil)
	}
	return img, turned(body), nil
}

// shrunk is the picture on white, with sides of at most so many pixels: each pixel is the mean of
// those that it stands for. It goes row by row, so that it takes little beside the picture itself.
func shrunk(img image.Image, most int) *image.RGBA {
	from := img.Bounds()
	w, h := from.Dx(), from.Dy()
	dw, dh := w, h
	if longest := max(w, h); longest > most {
		dw, dh = max(1, w*most/longest), max(1, h*most/longest)
	}
	out := image.NewRGBA(image.Rect(0, 0, dw, dh))
	row := image.NewRGBA(image.Rect(0, 0, w, 1))
	across, sums := spread{w, dw}, make([]float32, 3*dw)
	line := make([]float32, 3*dw)
	down := spread{h, dh}
	for y := range h {
		draw.Draw(row, row.Bounds(), image.White, image.Point{}, draw.Src)
		draw.Draw(row, row.Bounds(), img, image.Pt(from.Min.X, from.Min.Y+y), draw.Over)
		clear(line)
		for x := range w {
			r, g, b := float32(row.Pix[4*x]), float32(row.Pix[4*x+1]), float32(row.Pix[4*x+2])
			at, here, next := across.share(x)
			line[3*at] += r * here
			line[3*at+1] += g * here
			line[3*at+2] += b * here
			if next > 0 {
				line[3*at+3] += r * next
				line[3*at+4] += g * next
				line[3*at+5] += b * next
			}
		}
		at, here, next := down.share(y)
		for i, v := range line {
			sums[i] += v * here
		}
		if y == h-1 || down.at(y+1) > at {
			put(out, at, sums)
			for i, v := range line {
				sums[i] = v * next
			}
		}
	}
	return out
}

// put writes a row of means.
func put(out *image.RGBA, y int, means []float32) {
	for x := range out.Rect.Dx() {
		i := out.PixOffset(x, y)
		for c := range 3 {
			out.Pix[i+c] = uint8(min(255, means[3*x+c]+0.5))
		}
		out.Pix[i+3] = 255
	}
}

// A spread says how much of each of n pixels falls on which of fewer.
type spread struct{ n, m int }

// at is the first pixel on which the i-th falls.
func (s spread) at(i int) int { return i * s.m / s.n }

// share is where the i-th pixel falls, and its weight there and in the next one.
func (s spread) share(i int) (at int, here, next float32) {
	at = s.at(i)
	// In n-ths of a small pixel the large one covers [i*m, i*m+m), and ends may lie in the next.
	edge := (at + 1) * s.n
	if end := (i + 1) * s.m; end > edge {
		return at, float32(edge-i*s.m) / float32(s.n), float32(end-edge) / float32(s.n)
	}
	return at, float32(s.m) / float32(s.n), 0
}

// upright turns and mirrors a picture as a camera noted that it was held (1 to 8, TIFF 6.0 §Orientation).
func upright(img *image.RGBA, turn int) *image.RGBA {
	if turn < 2 || turn > 8 {
		return img
	}
	w, h := img.Rect.Dx(), img.Rect.Dy()
	size := image.Rect(0, 0, w, h)
	if turn > 4 {
		size = image.Rect(0, 0, h, w)
	}
	out := image.NewRGBA(size)
	for y := range size.Dy() {
		for x := range size.Dx() {
			sx, sy := x, y
			if turn > 4 {
				sx, sy = y, x
			}
			if turn == 2 || turn == 3 || turn == 7 || turn == 8 {
				sx = w - 1 - sx
			}
			if turn == 3 || turn == 4 || turn == 6 || turn == 7 {
				sy = h - 1 - sy
			}
			copy(out.Pix[out.PixOffset(x, y):][:4], img.Pix[img.PixOffset(sx, sy):][:4])
		}
	}
	return out
}

// isAnimated reports whether a WebP has frames in time.
func isAnimated(body []byte) bool {
	for id, data := range chunksOf(body, 12, binary.LittleEndian, true) {
		if id == "ANIM" || id == "ANMF" || id == "VP8X" && len(data) > 0 && data[0]&2 != 0 {
			return true
		}
	}
	return false
}

// webpFrame is the largest size that a frame of a WebP says (RFC 9649, §2.5 to §2.6).
func webpFrame(body []byte) (w, h int) {
	for id, data := range chunksOf(body, 12, binary.LittleEndian, true) {
		switch {
		case id == "VP8 " && len(data) >= 10:
			w, h = max(w, int(data[6])|int(data[7]&0x3f)<<8), max(h, int(data[8])|int(data[9]&0x3f)<<8)
		case id == "VP8L" && len(data) >= 5:
			bits := binary.LittleEndian.Uint32(data[1:5])
			w, h = max(w, int(bits&0x3fff)+1), max(h, int(bits>>14&0x3fff)+1)
		}
	}
	return w, h
}
