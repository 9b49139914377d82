package print

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"io"
	"sync"

	"golang.org/x/image/font/sfnt"
)

// face is what everything is printed with: Noto Sans and the syllabics of Noto Sans Canadian Aboriginal
// in one font (see NOTICE and fonts/OFL.txt), so that a name in Cree, Anishinaabemowin or Inuktitut reads
// as its owner writes it. Of it a document carries only the letters that it shows.
const face = "Noto"

var (
	//go:embed fonts/regular.ttf.gz
	regularPacked []byte
	//go:embed fonts/bold.ttf.gz
	boldPacked []byte

	regularFace = sync.OnceValue(func() []byte { return unpacked(regularPacked) })
	boldFace    = sync.OnceValue(func() []byte { return unpacked(boldPacked) })
)

func unpacked(packed []byte) []byte {
	r, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		panic(err) // it is part of the program
	}
	whole, err := io.ReadAll(r)
	if err != nil {
		panic(err)
	}
	return whole
}

// drawable are the letters that both weights have.
var drawable = sync.OnceValue(func() map[rune]bool {
	all := map[rune]bool{}
	for i, face := range [][]byte{regularFace(), boldFace()} {
		font, err := sfnt.Parse(face)
		if err != nil {
			panic(err)
		}
		var b sfnt.Buffer
		for r := rune(' '); r < 0x10000; r++ {
			glyph, err := font.GlyphIndex(&b, r)
			has := err == nil && glyph != 0
			if i == 0 && has {
				all[r] = true
			} else if !has {
				delete(all, r)
			}
		}
	}
	return all
})
