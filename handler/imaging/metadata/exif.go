// Package metadata reads what picture files say about their pictures besides the pixels (EXIF, XMP, IPTC, colour
// profiles), brings it up to date after an edit and writes it into other files, byte by byte: what is not
// changed stays exactly as the camera wrote it.
//
// It does not know pixels and trusts no length, offset or count that a file names.
package metadata

import (
	"bytes"

	"imagepro/handler/imaging/container"
)

// The EXIF tags that are read or changed here (CIPA DC-008).
const (
	tagImageWidth      = 0x0100
	tagImageLength     = 0x0101
	tagStripOffsets    = 0x0111
	tagOrientation     = 0x0112
	tagStripByteCounts = 0x0117
	tagArtist          = 0x013B
	tagThumbnail       = 0x0201
	tagThumbnailLength = 0x0202
	tagCopyright       = 0x8298
	tagExif            = 0x8769
	tagGPS             = 0x8825
	tagPixelX          = 0xA002
	tagPixelY          = 0xA003
	tagInterop         = 0xA005
)

// Orientation returns the Orientation tag of a TIFF structure, from 1 to 8; 1 if there is none, if it is out
// of range or if the structure is broken.
func Orientation(exif []byte) int {
	t, first, err := openTIFF(exif)
	if err != nil {
		return 1
	}
	entries, _, _, err := t.directory(first)
	if err != nil {
		return 1
	}
	for _, e := range entries {
		if n, ok := t.number(e); ok && e.tag == tagOrientation && n >= 1 && n <= 8 {
			return n
		}
	}
	return 1
}

// TrimExif returns the TIFF structure of an EXIF block: some writers put the JPEG prefix before it elsewhere
// too.
func TrimExif(data []byte) []byte {
	return bytes.TrimPrefix(data, []byte(exifPrefix))
}

// exifPrefix starts an EXIF segment in JPEG.
const exifPrefix = "Exif\x00\x00"

// FindJPEGExif returns the TIFF structure of the first EXIF segment before the pixels; nil if there is none.
func FindJPEGExif(src []byte) []byte {
	for s, err := range container.JPEG(src) {
		if err != nil || s.Marker == container.SOS {
			return nil
		}
		if s.Marker == container.APP1 && bytes.HasPrefix(s.Data, []byte(exifPrefix)) {
			return s.Data[len(exifPrefix):]
		}
	}
	return nil
}
