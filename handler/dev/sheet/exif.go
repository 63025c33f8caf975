package sheet

import (
	"bytes"
	"encoding/binary"
)

// orientation returns the EXIF orientation of a JPEG file, 1 to 8. It is 1 where the file says none, or
// nothing that makes sense.
func orientation(file []byte) int {
	tiff, ok := exif(file)
	if !ok || len(tiff) < 8 {
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
	return search(tiff, order)
}

// exif returns the TIFF structure within the APP1 segment of a JPEG file.
func exif(file []byte) ([]byte, bool) {
	if !bytes.HasPrefix(file, []byte{0xff, 0xd8}) {
		return nil, false
	}
	const startOfScan, app1 = 0xda, 0xe1
	for rest := file[2:]; len(rest) >= 4 && rest[0] == 0xff && rest[1] != startOfScan; {
		size := int(binary.BigEndian.Uint16(rest[2:])) // counts itself, not the marker
		if size < 2 || 2+size > len(rest) {
			return nil, false
		}
		if tiff, ok := bytes.CutPrefix(rest[4:2+size], []byte("Exif\x00\x00")); ok && rest[1] == app1 {
			return tiff, true
		}
		rest = rest[2+size:]
	}
	return nil, false
}

// search looks for the orientation among the entries of the first directory.
func search(tiff []byte, order binary.ByteOrder) int {
	const entrySize, tag, short = 12, 0x0112, 3
	start := int64(order.Uint32(tiff[4:]))
	if start+2 > int64(len(tiff)) {
		return 1
	}
	entries := tiff[start+2:]
	for range order.Uint16(tiff[start:]) {
		if len(entries) < entrySize {
			return 1
		}
		if order.Uint16(entries) == tag && order.Uint16(entries[2:]) == short {
			if v := order.Uint16(entries[8:]); v >= 1 && v <= 8 {
				return int(v)
			}
			return 1
		}
		entries = entries[entrySize:]
	}
	return 1
}
