package metadata

import (
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
	var fields []node
	if artist != "" {
		fields = append(fields, textNode(tagArtist, artist))
	}
	if copyright != "" {
		fields = append(fields, textNode(tagCopyright, copyright))
	}
	if len(fields) == 0 {
		return nil
	}
	return buildTIFF(fields)
}

// exifText returns a text of the first directory; "" if there is none.
func exifText(exif []byte, tag uint16) string {
	t, entries := readFirst(exif)
	for _, e := range entries {
		if e.tag == tag && (e.kind == kindASCII || e.kind == kindUTF8) {
			end := min(e.value.end, e.value.start+int(e.count))
			return strings.TrimRight(string(t.data[e.value.start:end]), "\x00 ")
		}
	}
	return ""
}

// buildTIFF returns a structure of one directory.
func buildTIFF(fields []node) []byte {
	t := tiff{[]byte("II*\x00\x00\x00\x00\x00"), binary.LittleEndian}
	t.setFirst(t.appendDirectory(nil, fields, 0))
	return t.data
}
