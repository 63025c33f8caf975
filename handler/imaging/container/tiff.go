package container

import (
	"encoding/binary"
	"io"
	"strings"
)

// TIFF is a TIFF file whose directories are read wherever they stand (TIFF 6.0, section 2). It reads no more of the
// file than it is asked for, and takes what is there of a directory that is damaged.
type TIFF struct {
	file  io.ReaderAt
	size  int64
	order binary.ByteOrder
	First int64 // offset of the first directory
}

// Field is an entry of a directory.
type Field struct {
	Tag, Kind uint16
	Count     uint32
	value     [4]byte // or where it stands
}

// Directory is a list of fields about one picture.
type Directory struct {
	Fields []Field
	Next   int64 // offset of the next directory; 0 for none
}

// maxFields is how many fields of a directory are read; files in use have less than 200.
const maxFields = 4096

// OpenTIFF reads the header of a file of a size in bytes. The header may be one of TIFF's relatives, which cameras
// write: only the order of bytes in its first two counts.
func OpenTIFF(file io.ReaderAt, size int64) (*TIFF, error) {
	var head [8]byte
	if _, err := file.ReadAt(head[:], 0); err != nil {
		return nil, ErrTruncated
	}
	t := &TIFF{file: file, size: size}
	switch string(head[:2]) {
	case "II":
		t.order = binary.LittleEndian
	case "MM":
		t.order = binary.BigEndian
	default:
		return nil, ErrMalformed
	}
	t.First = int64(t.order.Uint32(head[4:]))
	return t, nil
}

// Directory reads the directory at an offset, as far as the file goes. The error is ErrTruncated if there is nothing of
// it.
func (t *TIFF) Directory(at int64) (Directory, error) {
	var count [2]byte
	if at < 8 || at+2 > t.size {
		return Directory{}, ErrTruncated
	}
	if _, err := t.file.ReadAt(count[:], at); err != nil {
		return Directory{}, ErrTruncated
	}
	n := min(int64(t.order.Uint16(count[:])), maxFields, (t.size-at-2)/12)
	if n == 0 {
		return Directory{}, ErrTruncated
	}
	raw := make([]byte, min(12*n+4, t.size-at-2))
	if _, err := t.file.ReadAt(raw, at+2); err != nil {
		return Directory{}, ErrTruncated
	}
	d := Directory{Fields: make([]Field, n)}
	for i := range d.Fields {
		e := raw[12*i:]
		d.Fields[i] = Field{
			Tag:   t.order.Uint16(e),
			Kind:  t.order.Uint16(e[2:]),
			Count: t.order.Uint32(e[4:]),
			value: [4]byte(e[8:12]),
		}
	}
	if int64(len(raw)) == 12*n+4 {
		d.Next = int64(t.order.Uint32(raw[12*n:]))
	}
	return d, nil
}

// Field returns the field with a tag.
func (d Directory) Field(tag uint16) (Field, bool) {
	for _, f := range d.Fields {
		if f.Tag == tag {
			return f, true
		}
	}
	return Field{}, false
}

// Numbers returns up to so many values of a field of whole numbers; none if it has another kind or lies outside of the
// file.
func (t *TIFF) Numbers(f Field, most int) []uint32 {
	size := map[uint16]int64{1: 1, 3: 2, 4: 4, 13: 4}[f.Kind] // BYTE, SHORT, LONG, IFD
	raw := t.value(f, size, most)
	if raw == nil {
		return nil
	}
	all := make([]uint32, int64(len(raw))/size)
	for i := range all {
		switch at := raw[int64(i)*size:]; size {
		case 1:
			all[i] = uint32(at[0])
		case 2:
			all[i] = uint32(t.order.Uint16(at))
		default:
			all[i] = t.order.Uint32(at)
		}
	}
	return all
}

// IsWhole reports whether all that the fields of a directory hold lies in the file, as far as their kinds are known.
func (t *TIFF) IsWhole(d Directory) bool {
	sizes := [...]int64{1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}
	for _, f := range d.Fields {
		if int(f.Kind) >= len(sizes) {
			continue
		}
		length := int64(f.Count) * sizes[f.Kind]
		if length > 4 && int64(t.order.Uint32(f.value[:]))+length > t.size {
			return false
		}
	}
	return true
}

// Number returns the first number of a tag, or a default.
func (t *TIFF) Number(d Directory, tag uint16, otherwise uint32) uint32 {
	if f, ok := d.Field(tag); ok {
		if all := t.Numbers(f, 1); len(all) > 0 {
			return all[0]
		}
	}
	return otherwise
}

// Text returns up to so many bytes of the text of a tag.
func (t *TIFF) Text(d Directory, tag uint16, most int) string {
	f, ok := d.Field(tag)
	if !ok || f.Kind != 2 {
		return ""
	}
	text, _, _ := strings.Cut(string(t.value(f, 1, most)), "\x00")
	return strings.TrimSpace(text)
}

// value returns the bytes of up to so many values, nil if there are none.
func (t *TIFF) value(f Field, size int64, most int) []byte {
	length := size * min(int64(f.Count), int64(most))
	if length <= 0 {
		return nil
	}
	if size*int64(f.Count) <= 4 {
		return f.value[:length]
	}
	at := int64(t.order.Uint32(f.value[:]))
	return t.Bytes(at, length)
}

// Bytes returns so many bytes from an offset on, nil if they are not all in the file.
func (t *TIFF) Bytes(at, length int64) []byte {
	if at < 0 || at+length > t.size {
		return nil
	}
	raw := make([]byte, length)
	if _, err := t.file.ReadAt(raw, at); err != nil {
		return nil
	}
	return raw
}
