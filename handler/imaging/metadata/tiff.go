package metadata

import (
	"encoding/binary"
	"errors"
)

// errTIFF says that a TIFF structure, which EXIF is, points outside of itself.
var errTIFF = errors.New("metadata: a TIFF structure is broken")

// tiff reads the directories of a TIFF structure (TIFF 6.0, section 2). Every access is checked.
type tiff struct {
	data  []byte
	order byteOrder
}

// byteOrder is one of the two orders of bytes, for reading and for appending.
type byteOrder interface {
	binary.ByteOrder
	binary.AppendByteOrder
}

// entry is one field of a directory.
type entry struct {
	tag, kind uint16
	count     uint32
	at        int // of the entry in the structure
	value     span
}

// span is a range of bytes in the structure.
type span struct {
	start, end int
}

func (s span) overlaps(t span) bool { return s.start < t.end && t.start < s.end }

// openTIFF returns the structure and the offset of its first directory.
func openTIFF(data []byte) (t tiff, first int, err error) {
	if len(data) < 8 {
		return tiff{}, 0, errTIFF
	}
	switch string(data[:4]) {
	case "II*\x00":
		t = tiff{data, binary.LittleEndian}
	case "MM\x00*":
		t = tiff{data, binary.BigEndian}
	default:
		return tiff{}, 0, errTIFF
	}
	return t, int(t.order.Uint32(data[4:])), nil
}

// openFirst opens a structure and reads its first directory: its entries, where it stands and where the next one does.
func openFirst(data []byte) (t tiff, entries []entry, where span, next int, err error) {
	t, first, err := openTIFF(data)
	if err == nil {
		entries, where, next, err = t.directory(first)
	}
	return t, entries, where, next, err
}

// directory reads the entries at an offset and the offset of the next directory, 0 if there is none.
func (t tiff) directory(at int) (entries []entry, where span, next int, err error) {
	if at < 8 || at+2 > len(t.data) {
		return nil, span{}, 0, errTIFF
	}
	n := int(t.order.Uint16(t.data[at:]))
	end := at + 2 + 12*n
	if n == 0 || end > len(t.data) {
		return nil, span{}, 0, errTIFF
	}
	entries = make([]entry, n)
	for i := range entries {
		if entries[i], err = t.entry(at + 2 + 12*i); err != nil {
			return nil, span{}, 0, err
		}
	}
	if end+4 > len(t.data) {
		return entries, span{at, end}, 0, nil // some writers leave the last pointer away
	}
	return entries, span{at, end + 4}, int(t.order.Uint32(t.data[end:])), nil
}

func (t tiff) entry(at int) (entry, error) {
	e := entry{
		tag:   t.order.Uint16(t.data[at:]),
		kind:  t.order.Uint16(t.data[at+2:]),
		count: t.order.Uint32(t.data[at+4:]),
		at:    at,
		value: span{at + 8, at + 12},
	}
	size := int64(e.count) * sizeOf(e.kind)
	if size <= 4 {
		return e, nil
	}
	start := int64(t.order.Uint32(t.data[at+8:]))
	if start+size > int64(len(t.data)) {
		return entry{}, errTIFF
	}
	e.value = span{int(start), int(start + size)}
	return e, nil
}

// sizeOf returns the bytes of one value of a kind; 0 for kinds that TIFF does not know.
func sizeOf(kind uint16) int64 {
	sizes := [...]int64{0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4}
	switch {
	case int(kind) < len(sizes):
		return sizes[kind]
	case kind == kindUTF8:
		return 1
	}
	return 0
}

// The kinds of values that are written here.
const (
	kindASCII     = 2
	kindShort     = 3
	kindLong      = 4
	kindByte      = 1
	kindUndefined = 7
	kindDouble    = 12
	kindUTF8      = 129 // a text (CIPA DC-008-2023)
	kindIFD       = 13  // a LONG that points to a directory (TIFF Technical Note 1)
)

// number returns the first value of a SHORT, LONG or IFD entry.
func (t tiff) number(e entry) (int, bool) {
	switch {
	case e.count == 0:
	case e.kind == kindShort:
		return int(t.order.Uint16(t.data[e.value.start:])), true
	case e.kind == kindLong, e.kind == kindIFD:
		return int(t.order.Uint32(t.data[e.value.start:])), true
	}
	return 0, false
}

// setNumber overwrites an entry with one number: SHORT if it was that or no number and the value fits, else
// LONG.
func (t tiff) setNumber(e entry, value int) {
	kind := uint16(kindShort)
	if e.kind == kindLong || value > 0xFFFF {
		kind = kindLong
	}
	t.order.PutUint16(t.data[e.at+2:], kind)
	t.order.PutUint32(t.data[e.at+4:], 1)
	t.order.PutUint32(t.data[e.at+8:], 0)
	if kind == kindShort {
		t.order.PutUint16(t.data[e.at+8:], uint16(value))
		return
	}
	t.order.PutUint32(t.data[e.at+8:], uint32(value))
}
