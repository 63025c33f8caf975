package photos

import (
	"encoding/binary"
	"errors"
	"time"
)

// The tags that are written and the types of their values (TIFF 6.0, section 2; EXIF 2.32, section 4.6).
const (
	tagMake             = 0x010f
	tagModel            = 0x0110
	tagOrientation      = 0x0112
	tagXResolution      = 0x011a
	tagYResolution      = 0x011b
	tagResolutionUnit   = 0x0128
	tagSoftware         = 0x0131
	tagDateTime         = 0x0132
	tagArtist           = 0x013b
	tagYCbCrPositioning = 0x0213
	tagCopyright        = 0x8298
	tagExifIFD          = 0x8769
	tagISO              = 0x8827
	tagExifVersion      = 0x9000
	tagDateTimeOriginal = 0x9003
	tagComponents       = 0x9101
	tagFlashpixVersion  = 0xa000
	tagColorSpace       = 0xa001
	tagPixelXDimension  = 0xa002
	tagPixelYDimension  = 0xa003

	typeASCII     = 2
	typeShort     = 3
	typeLong      = 4
	typeRational  = 5
	typeUndefined = 7
)

// properties is what a camera says about a picture. Width and height are those of the stored pixels.
type properties struct {
	orientation         int
	width, height       int
	iso                 int
	make, model, artist string
	copyright           string
	taken               time.Time
	order               binary.AppendByteOrder
	orderMark           string // II or MM, which goes with order
}

// field is one entry of an image file directory; the value is in the file's byte order already.
type field struct {
	tag, kind uint16
	count     uint32
	value     []byte
}

// segment returns the APP1 segment of a JPEG file that holds the properties, with its marker.
func (p properties) segment() ([]byte, error) {
	tiff := p.tiff()
	const header = "Exif\x00\x00"
	length := 2 + len(header) + len(tiff)
	if length > 0xffff {
		return nil, errors.New("the properties of a picture do not fit into one segment")
	}
	out := []byte{0xff, 0xe1, byte(length >> 8), byte(length)}
	return append(append(out, header...), tiff...), nil
}

// tiff lays the properties out as a TIFF file: header, first directory, EXIF directory.
func (p properties) tiff() []byte {
	const headerSize = 8
	date := p.taken.Format("2006:01:02 15:04:05")
	exif := []field{
		p.short(tagISO, p.iso),
		{tagExifVersion, typeUndefined, 4, []byte("0232")},
		p.text(tagDateTimeOriginal, date),
		{tagComponents, typeUndefined, 4, []byte{1, 2, 3, 0}}, // Y, Cb, Cr
		{tagFlashpixVersion, typeUndefined, 4, []byte("0100")},
		p.short(tagColorSpace, 1), // sRGB
		p.long(tagPixelXDimension, p.width),
		p.long(tagPixelYDimension, p.height),
	}
	main := func(exifAt int) []field {
		return []field{
			p.text(tagMake, p.make),
			p.text(tagModel, p.model),
			p.short(tagOrientation, p.orientation),
			p.rational(tagXResolution, 72),
			p.rational(tagYResolution, 72),
			p.short(tagResolutionUnit, 2), // inches
			p.text(tagSoftware, "Image Pro demo"),
			p.text(tagDateTime, date),
			p.text(tagArtist, p.artist),
			p.short(tagYCbCrPositioning, 1), // centred, as the encoder does it
			p.text(tagCopyright, p.copyright),
			p.long(tagExifIFD, exifAt),
		}
	}
	// The first directory has the same length wherever the second one lies.
	exifAt := headerSize + len(p.directory(main(0), headerSize))
	order := []byte(p.orderMark)
	out := p.order.AppendUint32(p.order.AppendUint16(order, 42), headerSize)
	out = append(out, p.directory(main(exifAt), headerSize)...)
	return append(out, p.directory(exif, exifAt)...)
}

// directory lays out the fields, which are sorted by tag, and behind them the values of more than four
// bytes. It starts at the offset at.
func (p properties) directory(fields []field, at int) []byte {
	const entrySize = 12
	out := p.order.AppendUint16(nil, uint16(len(fields)))
	valuesAt := at + 2 + len(fields)*entrySize + 4
	var values []byte
	for _, f := range fields {
		out = p.order.AppendUint16(out, f.tag)
		out = p.order.AppendUint16(out, f.kind)
		out = p.order.AppendUint32(out, f.count)
		if len(f.value) <= 4 {
			out = append(append(out, f.value...), make([]byte, 4-len(f.value))...)
			continue
		}
		out = p.order.AppendUint32(out, uint32(valuesAt+len(values)))
		values = append(values, f.value...)
		if len(values)%2 == 1 { // values begin at even offsets
			values = append(values, 0)
		}
	}
	out = p.order.AppendUint32(out, 0) // no directory follows
	return append(out, values...)
}

func (p properties) text(tag uint16, s string) field {
	return field{tag, typeASCII, uint32(len(s) + 1), append([]byte(s), 0)}
}

func (p properties) short(tag uint16, v int) field {
	return field{tag, typeShort, 1, p.order.AppendUint16(nil, uint16(v))}
}

func (p properties) long(tag uint16, v int) field {
	return field{tag, typeLong, 1, p.order.AppendUint32(nil, uint32(v))}
}

func (p properties) rational(tag uint16, v int) field {
	return field{tag, typeRational, 1, p.order.AppendUint32(p.order.AppendUint32(nil, uint32(v)), 1)}
}
