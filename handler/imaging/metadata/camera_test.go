package metadata

import (
	"bytes"
	"encoding/binary"
)

// field is one field of a directory that a test builds; long values follow the directory.
type field struct {
	tag, kind uint16
	count     uint32
	value     []byte // as it stands in the file
}

// camera builds a TIFF structure like that of a camera: a main directory with texts, EXIF with a maker note
// and the sides, GPS, and a thumbnail at the end.
func camera(order binary.AppendByteOrder, thumbnail []byte) []byte {
	short := func(v uint16) []byte { return order.AppendUint16(nil, v) }
	long := func(v int) []byte { return order.AppendUint32(nil, uint32(v)) }
	text := func(s string) (uint32, []byte) { return uint32(len(s) + 1), append([]byte(s), 0) }
	n1, make1 := text("Camera Works")
	n2, artist := text("Ann Artist")
	n3, rights := text("(c) 2024 Ann Artist, all rights reserved")

	head := []byte("II*\x00")
	if order.String() == "BigEndian" {
		head = []byte("MM\x00*")
	}
	head = append(head, long(8)...)
	build := func(exifAt, gpsAt, nextAt, thumbAt int) (whole []byte, exif, gps, next, thumb int) {
		out := append([]byte(nil), head...)
		out = directory(out, order, nextAt, []field{
			{0x010F, 2, n1, make1}, {tagOrientation, 3, 1, short(6)}, {tagArtist, 2, n2, artist},
			{tagCopyright, 2, n3, rights}, {tagExif, 4, 1, long(exifAt)}, {tagGPS, 4, 1, long(gpsAt)},
		})
		exif = len(out)
		out = directory(out, order, 0, []field{
			{tagSubjectArea, 3, 4, bytes.Repeat(short(100), 4)}, {0x927C, 7, 21, []byte("maker note, untouched")},
			{tagPixelX, 4, 1, long(4000)}, {tagPixelY, 3, 1, short(3000)},
		})
		gps = len(out)
		out = directory(out, order, 0, []field{{2, 5, 3, bytes.Repeat(append(long(47), long(1)...), 3)}})
		next = len(out)
		out = directory(out, order, 0, []field{
			{0x0103, 3, 1, short(6)}, {tagThumbnail, 4, 1, long(thumbAt)},
			{tagThumbnailLength, 4, 1, long(len(thumbnail))},
		})
		thumb = len(out)
		return append(out, thumbnail...), exif, gps, next, thumb
	}
	_, exif, gps, next, thumb := build(0, 0, 1, 0)
	whole, _, _, _, _ := build(exif, gps, next, thumb)
	return whole
}

// directory appends a directory and its long values.
func directory(to []byte, order binary.AppendByteOrder, next int, fields []field) []byte {
	after := len(to) + 2 + 12*len(fields) + 4
	to = order.AppendUint16(to, uint16(len(fields)))
	var values []byte
	for _, f := range fields {
		to = order.AppendUint16(to, f.tag)
		to = order.AppendUint16(to, f.kind)
		to = order.AppendUint32(to, f.count)
		if len(f.value) <= 4 {
			to = append(to, append(bytes.Clone(f.value), 0, 0, 0, 0)[:4]...)
			continue
		}
		to = order.AppendUint32(to, uint32(after+len(values)))
		values = append(values, f.value...)
	}
	to = order.AppendUint32(to, uint32(next))
	return append(to, values...)
}

func orders() []binary.AppendByteOrder {
	return []binary.AppendByteOrder{binary.LittleEndian, binary.BigEndian}
}
