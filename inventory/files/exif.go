package files

import (
	"bytes"
	"encoding/binary"
	"iter"
)

// turned is how a picture is to be turned, 1 for not at all, out of what its camera noted: in the
// APP1 of a JPEG, the eXIf of a PNG, the EXIF of a WebP. What cannot be read is 1.
func turned(body []byte) int {
	switch {
	case bytes.HasPrefix(body, jpegStart):
		for marker, data := range segmentsOf(body) {
			if note, ok := bytes.CutPrefix(data, []byte("Exif\x00\x00")); ok && marker == 0xe1 {
				return orientation(note)
			}
		}
	case bytes.HasPrefix(body, pngStart):
		for id, data := range chunksOf(body, len(pngStart), binary.BigEndian, false) {
			if id == "eXIf" {
				return orientation(data)
			}
		}
	default:
		for id, data := range chunksOf(body, 12, binary.LittleEndian, true) {
			if id == "EXIF" {
				return orientation(bytes.TrimPrefix(data, []byte("Exif\x00\x00")))
			}
		}
	}
	return 1
}

// orientation reads the one figure that is wanted out of the first folder of a TIFF (TIFF 6.0 §2):
// tag 0x112, one short, 1 to 8. It is 1 for whatever is not there or makes no sense.
func orientation(tiff []byte) int {
	if len(tiff) < 8 {
		return 1
	}
	var order binary.ByteOrder
	switch string(tiff[:4]) {
	case "II*\x00":
		order = binary.LittleEndian
	case "MM\x00*":
		order = binary.BigEndian
	default:
		return 1
	}
	at := int64(order.Uint32(tiff[4:8]))
	if at+2 > int64(len(tiff)) {
		return 1
	}
	entries := tiff[at+2:]
	for range order.Uint16(tiff[at : at+2]) {
		if len(entries) < 12 {
			return 1
		}
		if order.Uint16(entries) == 0x112 && order.Uint16(entries[2:]) == 3 {
			if turn := int(order.Uint16(entries[8:])); turn >= 1 && turn <= 8 {
				return turn
			}
			return 1
		}
		entries = entries[12:]
	}
	return 1
}

// progressive reports whether a JPEG is drawn in several scans that refine each other.
func progressive(body []byte) bool {
	for marker := range segmentsOf(body) {
		if marker == 0xc2 {
			return true
		}
	}
	return false
}

// segmentsOf gives the marker and the data of each segment of a JPEG before its picture begins
// (ITU-T T.81, annex B).
func segmentsOf(body []byte) iter.Seq2[byte, []byte] {
	return func(yield func(byte, []byte) bool) {
		for at := 2; at+4 <= len(body) && body[at] == 0xff; {
			marker := body[at+1]
			if marker == 0xff { // it may be filled up
				at++
				continue
			}
			if marker == 0xda || marker == 0xd9 {
				return
			}
			length := int(binary.BigEndian.Uint16(body[at+2:]))
			if length < 2 || at+2+length > len(body) || !yield(marker, body[at+4:at+2+length]) {
				return
			}
			at += 2 + length
		}
	}
}

// chunksOf gives the name and the data of each chunk of a PNG or of a RIFF, from a place on. Those
// of a RIFF (name before length, padded to two bytes) come when riff is true; those of a PNG have
// the length first and a check sum behind.
func chunksOf(body []byte, at int, order binary.ByteOrder, riff bool) iter.Seq2[string, []byte] {
	return func(yield func(string, []byte) bool) {
		for at := int64(at); at+8 <= int64(len(body)); {
			name, length := string(body[at+4:at+8]), int64(order.Uint32(body[at:]))
			if riff {
				name, length = string(body[at:at+4]), int64(order.Uint32(body[at+4:]))
			}
			from := at + 8
			if from+length > int64(len(body)) || !yield(name, body[from:from+length]) {
				return
			}
			if at = from + length; riff {
				at += length & 1
			} else {
				at += 4
			}
		}
	}
}
