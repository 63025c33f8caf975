package metadata

import (
	"bytes"
	"encoding/binary"
	"slices"
)

// The tags of a TIFF file's first directory that say something about the picture besides how its pixels are stored:
// those that EXIF has in its first directory too, and blocks of their own.
func aboutPicture() []uint16 {
	return []uint16{
		tagImageDescription, 0x010F, 0x0110, // make, model
		tagOrientation, 0x0131, 0x0132, tagArtist, 0x013C, // software, date, computer
		0x4746, 0x4749, // rating
		tagCopyright, tagExif, tagGPS, tagXPTitle, tagXPTitle + 1, tagXPAuthor, tagXPKeywords, tagXPKeywords + 1,
	}
}

// isAbout reports whether an entry of a TIFF file's first directory is metadata.
func (e entry) isAbout() bool {
	return e.isExif() || slices.Contains([]uint16{tagXMP, tagIPTC, tagICC, tagImageResources}, e.tag)
}

// isExif reports whether EXIF has an entry of a TIFF file in its first directory too.
func (e entry) isExif() bool { return slices.Contains(aboutPicture(), e.tag) }

// readTIFF takes the metadata of the first page.
func readTIFF(src []byte) Blocks {
	var b Blocks
	t, first, err := openTIFF(src)
	if err != nil {
		return b
	}
	entries, _, damaged := t.readable(first)
	b.Lost = len(damaged) > 0
	var iim, resources []byte
	for _, e := range entries {
		b.geo = b.geo || slices.Contains(geoTags(), e.tag)
		b.Credential = b.Credential || e.tag == tagCredential
		value := t.data[e.value.start:min(e.value.end, e.value.start+int(e.count)*int(sizeOf(e.kind)))]
		switch e.tag {
		case tagXMP:
			b.XMP = value
		case tagICC:
			b.ICC = value
		case tagIPTC:
			iim = unpadded(value)
		case tagImageResources:
			resources = value
		}
	}
	if len(iim)+len(resources) <= maxBlock {
		b.IPTC = joined(iim, resources)
	} else {
		b.Lost = true
	}
	b.Exif = b.exifOf(t, entries)
	return b
}

// exifOf returns what EXIF has of a TIFF file's entries, as a structure of its own.
func (b *Blocks) exifOf(t tiff, entries []entry) []byte {
	entries = slices.DeleteFunc(entries, func(e entry) bool { return !e.isExif() })
	c := copyFrom(t, binary.LittleEndian)
	nodes := c.nodes(entries)
	b.Lost = b.Lost || c.lost
	if len(nodes) == 0 {
		return nil
	}
	return buildTIFF(nodes)
}

// unpadded returns IPTC-IIM of a TIFF file, where it stands in words, which some programs store in the other order.
func unpadded(iim []byte) []byte {
	if len(iim) >= 4 && iim[0] != 0x1C && iim[3] == 0x1C {
		iim = bytes.Clone(iim)
		for at := 0; at+4 <= len(iim); at += 4 {
			slices.Reverse(iim[at : at+4])
		}
	}
	sets, err := dataSets(iim)
	if err != nil {
		return iim // to be found broken
	}
	return appendDataSets(sets)
}

// joined returns image resources with IPTC-IIM as the first of them, instead of their own.
func joined(iim, block []byte) []byte {
	if len(iim) == 0 {
		return block
	}
	out := newResource(resourceIPTC, iim)
	for r, err := range resources(block) {
		if err != nil {
			return append(out, block...) // to be found broken
		}
		if r.id != resourceIPTC {
			out = appendResource(out, r.raw)
		}
	}
	return out
}

// parted takes image resources apart again. The digest of IPTC goes: in a TIFF file it would be that of the padded
// words.
func parted(block []byte) (iim, others []byte) {
	for r, err := range resources(block) {
		switch {
		case err != nil:
			return nil, nil
		case r.id == resourceIPTC:
			iim = r.data
		case r.id != resourceDigest:
			others = appendResource(others, r.raw)
		}
	}
	return iim, others
}

// WriteTIFF returns a file of one page with these blocks instead of its own, and without fields of further tags. The
// pixels stay where they are. The error says that the file's structure does not allow it; lost that something has no
// place. Parts are ignored.
func WriteTIFF(file []byte, b Blocks, gone ...uint16) (out []byte, lost bool, err error) {
	t, first, err := openTIFF(bytes.Clone(file))
	if err != nil {
		return nil, false, err
	}
	main, where, damaged := t.readable(first)
	if len(main) == 0 || t.next(first) != 0 || slices.ContainsFunc(damaged, isPixelTag) {
		return nil, false, errTIFF
	}
	leaves := func(e entry) bool { return e.isAbout() || slices.Contains(gone, e.tag) }
	leaving := slices.DeleteFunc(slices.Clone(main), func(e entry) bool { return !leaves(e) })
	main = slices.DeleteFunc(main, leaves)
	used, err := t.usage(leaving)
	if err != nil { // what cannot be read cannot be wiped
		used = usage{values: values(leaving)}
	}
	old := append(used.directories, used.values...)
	raw := t.raw(main)
	old = slices.DeleteFunc(old, func(s span) bool { return s.start == 0 }) // the header
	t.wipe(append(old, where), slices.Concat(values(main), t.pixels(main), []span{{0, 8}}))
	nodes, lost := b.nodes(t.order)
	t.setFirst(t.appendDirectory(raw, nodes, 0))
	return t.data, lost || len(damaged) > 0, nil
}

// nodes returns the blocks as fields of a TIFF file.
func (b Blocks) nodes(order byteOrder) (all []node, lost bool) {
	if t, entries, _, _, err := openFirst(b.Exif); err == nil {
		c := copyFrom(t, order)
		all = c.nodes(slices.DeleteFunc(entries, func(e entry) bool { return !e.isExif() }))
		lost = c.lost
	}
	put := func(tag, kind uint16, block []byte) {
		if len(block) > 0 {
			all = append(all, bytesNode(tag, kind, block))
		}
	}
	iim, others := parted(b.IPTC)
	put(tagXMP, kindByte, b.XMP)
	if len(iim) > 0 { // in words, as programs expect it, whose bytes stand as they are
		iim = append(bytes.Clone(iim), make([]byte, -len(iim)&3)...)
		all = append(all, node{tag: tagIPTC, kind: kindLong, count: uint32(len(iim) / 4), value: iim})
	}
	put(tagImageResources, kindByte, others)
	put(tagICC, kindUndefined, b.ICC)
	return all, lost
}

// pixels returns where the strips or tiles of a page are.
func (t tiff) pixels(entries []entry) []span {
	var all []span
	for _, tags := range [][2]uint16{{tagStripOffsets, tagStripByteCounts}, {0x0144, 0x0145}} {
		at, ok := find(entries, tags[0])
		lengths, ok2 := find(entries, tags[1])
		if !ok || !ok2 {
			continue
		}
		starts, sizes := t.numbers(at), t.numbers(lengths)
		for i := range min(len(starts), len(sizes)) {
			all = append(all, span{starts[i], starts[i] + sizes[i]})
		}
	}
	return all
}

// numbers returns the values of a SHORT or LONG entry.
func (t tiff) numbers(e entry) []int {
	var all []int
	for at := e.value.start; at < e.value.end; {
		switch e.kind {
		case kindShort:
			all = append(all, int(t.order.Uint16(t.data[at:])))
		case kindLong, kindIFD:
			all = append(all, int(t.order.Uint32(t.data[at:])))
		default:
			return nil
		}
		at += int(sizeOf(e.kind))
	}
	return all
}
