package metadata

import (
	"bytes"
	"encoding/binary"
	"strings"
)

// rights returns a new EXIF structure that has the artist and the copyright and nothing else: those of EXIF,
// or else those of IPTC. It is nil if there are none.
func rights(b Blocks) []byte {
	artist, copyright := exifText(b.Exif, tagArtist), exifText(b.Exif, tagCopyright)
	if artist == "" {
		artist = iptcText(b.IPTC, dataSetByline)
	}
	if copyright == "" {
		copyright = iptcText(b.IPTC, dataSetCopyright)
	}
	var fields []textField
	if artist != "" {
		fields = append(fields, textField{tagArtist, artist})
	}
	if copyright != "" {
		fields = append(fields, textField{tagCopyright, copyright})
	}
	if len(fields) == 0 {
		return nil
	}
	return buildTIFF(fields)
}

// exifText returns a text of the first directory; "" if there is none.
func exifText(exif []byte, tag uint16) string {
	t, first, err := openTIFF(exif)
	if err != nil {
		return ""
	}
	entries, _, _, err := t.directory(first)
	if err != nil {
		return ""
	}
	for _, e := range entries {
		if e.tag == tag && e.kind == kindASCII {
			end := min(e.value.end, e.value.start+int(e.count))
			return strings.TrimRight(string(t.data[e.value.start:end]), "\x00 ")
		}
	}
	return ""
}

// textField is an ASCII field of a directory; fields are in the order of their tags.
type textField struct {
	tag  uint16
	text string
}

// buildTIFF returns a structure of one directory.
func buildTIFF(fields []textField) []byte {
	order := binary.LittleEndian
	to := order.AppendUint16([]byte("II*\x00\x08\x00\x00\x00"), uint16(len(fields)))
	texts := len(to) + 12*len(fields) + 4 // where values that do not fit into their entries start
	var after bytes.Buffer
	for _, f := range fields {
		value := append([]byte(f.text), 0)
		to = order.AppendUint16(to, f.tag)
		to = order.AppendUint16(to, kindASCII)
		to = order.AppendUint32(to, uint32(len(value)))
		if len(value) <= 4 {
			to = append(to, append(value, 0, 0, 0)[:4]...)
			continue
		}
		to = order.AppendUint32(to, uint32(texts+after.Len()))
		after.Write(value)
		if after.Len()%2 == 1 {
			after.WriteByte(0)
		}
	}
	to = order.AppendUint32(to, 0) // no next directory
	return append(to, after.Bytes()...)
}
