// Package metadata reads what picture files say about their pictures besides the pixels (EXIF, XMP, IPTC, colour
// profiles), brings it up to date after an edit and writes it into other files, byte by byte: what is not
// changed stays exactly as the camera wrote it.
//
// It does not know pixels and trusts no length, offset or count that a file names.
package metadata

import (
	"bytes"
	"cmp"
	"slices"

	"imagepro/handler/imaging/container"
)

// The EXIF tags that are read or changed here (CIPA DC-008).
const (
	tagImageWidth       = 0x0100
	tagImageLength      = 0x0101
	tagImageDescription = 0x010E
	tagStripOffsets     = 0x0111
	tagOrientation      = 0x0112
	tagStripByteCounts  = 0x0117
	tagArtist           = 0x013B
	tagThumbnail        = 0x0201
	tagThumbnailLength  = 0x0202
	tagCopyright        = 0x8298
	tagXPTitle          = 0x9C9B // and the next, of Windows
	tagXPAuthor         = 0x9C9D
	tagXPKeywords       = 0x9C9E
	tagExif             = 0x8769
	tagSubjectArea      = 0x9214
	tagSubjectLocation  = 0xA214
	tagRelatedWidth     = 0x1001 // of the interoperability directory, as the next
	tagRelatedLength    = 0x1002
	tagMakerNote        = 0x927C
	tagGPS              = 0x8825
	tagPixelX           = 0xA002
	tagPixelY           = 0xA003
	tagColorSpace       = 0xA001 // 1 is sRGB
	tagInterop          = 0xA005
)

// Orientation returns the Orientation tag of a TIFF structure, from 1 to 8; 1 if there is none, or if it is out of
// range. It counts even if what stands beside it is broken.
func Orientation(exif []byte) int {
	t, entries := readFirst(exif)
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

// updateExif returns a structure that was mended with another orientation and other sides, and without its thumbnail.
// Everything else stays at its place: maker notes hold offsets into the structure. lost says whether a maker's notes
// went.
func updateExif(exif []byte, c Change) (_ []byte, lost bool, err error) {
	if len(exif) == 0 {
		return nil, false, nil
	}
	t, main, where, next, err := openFirst(bytes.Clone(exif))
	if err != nil {
		return nil, false, err
	}
	used, err := t.usage(main)
	if err != nil {
		return nil, false, err
	}
	used.directories = append(used.directories, where)
	if used.isTangled() { // before anything is wiped
		return nil, false, errTIFF
	}
	for _, e := range main {
		if e.tag == tagExif {
			went, err := t.updateSub(e, c)
			if err != nil {
				return nil, false, err
			}
			lost = lost || went
		}
	}
	t.update(main, c)
	if next != 0 {
		t.order.PutUint32(t.data[where.end-4:], 0)
	}
	if next != 0 && next < len(t.data) { // else it is cut off: there is no thumbnail any more
		t.data = t.dropThumbnail(next, append(append(used.directories, used.values...), span{0, 8}))
	}
	t.takeOut(where.start, tagOldThumbnail)
	if c.Hidden {
		t.takeOut(where.start, tagSubIFDs)
		if err := t.clearUnused(); err != nil {
			return nil, false, err
		}
	}
	if c.DropGPS {
		exif, went, err := dropPlace(t.data)
		return exif, lost || went, err
	}
	return t.data, lost, nil
}

// clearUnused wipes whatever no directory knows of: previews that a maker's notes point at.
func (t tiff) clearUnused() error {
	_, main, where, _, err := openFirst(t.data)
	if err != nil {
		return err
	}
	used, err := t.used(main)
	if err != nil {
		return err
	}
	used = append(used, where)
	slices.SortFunc(used, func(a, b span) int { return cmp.Compare(a.start, b.start) })
	at := 0
	for _, u := range append(used, span{len(t.data), len(t.data)}) {
		if u.start > at {
			clear(t.data[at:min(u.start, len(t.data))])
		}
		at = max(at, u.end)
	}
	return nil
}

// usage is what the directories of a structure use.
type usage struct {
	directories, values []span
}

// isTangled reports whether a directory lies on another one or on values, so that changing it would change
// those, or a value on the head of the structure.
func (u usage) isTangled() bool {
	head := span{0, 8}
	if slices.ContainsFunc(u.values, head.overlaps) || slices.ContainsFunc(u.directories, head.overlaps) {
		return true
	}
	for i, d := range u.directories {
		for _, other := range append(u.values[:len(u.values):len(u.values)], u.directories[i+1:]...) {
			if d.overlaps(other) {
				return true
			}
		}
	}
	return false
}

// update sets the tags of a directory that an edit changes.
func (t tiff) update(entries []entry, c Change) {
	for _, e := range entries {
		switch e.tag {
		case tagOrientation:
			t.setNumber(e, c.orientation())
		case tagImageWidth, tagPixelX, tagRelatedWidth:
			t.setNumber(e, c.Width)
		case tagImageLength, tagPixelY, tagRelatedLength:
			t.setNumber(e, c.Height)
		case tagColorSpace:
			if c.SRGB {
				t.setNumber(e, 1)
			}
		}
	}
}

// updateSub updates the directory that an entry points to, and its own sub-directory. It reports whether a maker's
// notes went.
func (t tiff) updateSub(pointer entry, c Change) (went bool, err error) {
	entries, err := t.follow(pointer, &usage{})
	if err != nil {
		return false, err
	}
	at, _ := t.number(pointer)
	for _, e := range entries {
		if e.tag == tagInterop {
			interop, err := t.follow(e, &usage{})
			if err != nil {
				return false, err
			}
			t.update(interop, c)
			if c.SRGB {
				t.setInterop(interop)
			}
		}
	}
	width, known := t.numberOf(entries, tagPixelX)
	stale := c.Moved || c.Hidden || known && width != c.Width
	t.update(entries, c)
	if stale {
		t.takeOut(at, tagSubjectArea)
		t.takeOut(at, tagSubjectLocation)
	}
	if c.Hidden {
		_, went = find(entries, tagMakerNote)
		t.takeOut(at, tagMakerNote)
	}
	return went, nil
}

// numberOf returns the number of a tag.
func (t tiff) numberOf(entries []entry, tag uint16) (int, bool) {
	e, ok := find(entries, tag)
	if !ok {
		return 0, false
	}
	return t.number(e)
}

// takeOut wipes the values of a tag in a directory and takes its entries out, unless there is no other.
func (t tiff) takeOut(directory int, tag uint16) {
	for {
		entries, where, _, err := t.directory(directory)
		if err != nil {
			return
		}
		e, ok := find(entries, tag)
		if !ok {
			return
		}
		clear(t.data[e.value.start:e.value.end])
		if len(entries) == 1 {
			return
		}
		t.remove(e, where)
	}
}

// remove takes an entry out of its directory. What follows moves up within it.
func (t tiff) remove(e entry, where span) {
	copy(t.data[e.at:where.end], t.data[e.at+12:where.end])
	clear(t.data[where.end-12 : where.end])
	t.order.PutUint16(t.data[where.start:], t.order.Uint16(t.data[where.start:])-1)
}

// setInterop says that the colours are those of sRGB where it said that they are those of Adobe RGB (DCF 2.0).
func (t tiff) setInterop(entries []entry) {
	const tagIndex = 1
	if e, ok := find(entries, tagIndex); ok && e.kind == kindASCII && e.count == 4 &&
		string(t.data[e.value.start:e.value.start+3]) == "R03" {
		copy(t.data[e.value.start:], "R98")
	}
}

// follow reads the directory that an entry points to and adds what it uses.
func (t tiff) follow(pointer entry, used *usage) ([]entry, error) {
	const most = 4 // main, EXIF, GPS, interoperability
	at, ok := t.number(pointer)
	if !ok || len(used.directories) == most {
		return nil, errTIFF
	}
	entries, where, _, err := t.directory(at)
	if err != nil {
		return nil, err
	}
	used.directories = append(used.directories, where)
	used.values = append(used.values, values(entries)...)
	return entries, nil
}

// values returns the ranges of values that stand outside of their entries.
func values(entries []entry) []span {
	var used []span
	for _, e := range entries {
		if e.value != (span{e.at + 8, e.at + 12}) {
			used = append(used, e.value)
		}
	}
	return used
}

// dropThumbnail wipes the directory of the thumbnail, its values and the thumbnail itself, and cuts them off
// where they end the structure. What other directories use is not touched.
func (t tiff) dropThumbnail(at int, used []span) []byte {
	entries, where, _ := t.readable(at)
	gone := append([]span{where}, values(entries)...)
	gone = append(gone, t.thumbnail(entries)...)
	end := 0
	for _, u := range used {
		end = max(end, u.end)
	}
	cut := len(t.data)
	for _, g := range gone {
		if slices.ContainsFunc(used, g.overlaps) {
			continue
		}
		clear(t.data[g.start:g.end])
		if g.start >= end && g.end == len(t.data) {
			cut = min(cut, g.start)
		}
	}
	return t.data[:cut]
}

// thumbnail returns where the thumbnail's bytes are.
func (t tiff) thumbnail(entries []entry) []span {
	var starts, lengths [2]int // compressed, strip
	for _, e := range entries {
		n, ok := t.number(e)
		if !ok || e.count != 1 {
			continue
		}
		switch e.tag {
		case tagThumbnail:
			starts[0] = n
		case tagThumbnailLength:
			lengths[0] = n
		case tagStripOffsets:
			starts[1] = n
		case tagStripByteCounts:
			lengths[1] = n
		}
	}
	var all []span
	for i := range starts {
		if starts[i] > 0 && lengths[i] > 0 {
			// A thumbnail that is cut off is wiped as far as it goes.
			all = append(all, span{min(starts[i], len(t.data)), min(starts[i]+lengths[i], len(t.data))})
		}
	}
	return all
}
