package metadata

import "slices"

// isPixelTag reports whether a tag is one of the tags of TIFF that say how the pixels of a picture are stored and what
// their colours are (TIFF 6.0 and its supplements), and their resolution, which baseline readers ask for. The profile
// of colours is a block.
func isPixelTag(tag uint16) bool {
	return slices.Contains([]uint16{
		256, 257, 258, 259, 262, 266, // sides, depth, compression, photometric interpretation, order of bits
		// strips, resolution, colours
		273, 277, 278, 279, 282, 283, 284, 290, 291, 292, 293, 296, 301, 317, 318, 319, 320,
		322, 323, 324, 325, // tiles
		332, 334, 336, 338, 339, 340, 341, 342, 347, 529, 530, 531, 532, // inks, formats, JPEG tables, YCbCr
	}, tag)
}

// bareTIFF returns a file of the first page with nothing but its pixels: their strips or tiles, one behind the other,
// and the fields that say how they are stored.
func bareTIFF(src []byte) ([]byte, error) {
	t, first, err := openTIFF(src)
	if err != nil {
		return nil, err
	}
	entries, _, damaged := t.readable(first)
	if slices.ContainsFunc(damaged, isPixelTag) {
		return nil, errTIFF
	}
	out := tiff{append([]byte{}, src[:8]...), t.order}
	var fields []node
	for _, e := range entries {
		switch e.tag {
		case 273, 279, 324, 325:
			continue // below
		}
		if !isPixelTag(e.tag) {
			continue
		}
		if size := int(e.count) * int(sizeOf(e.kind)); size > 0 {
			fields = append(fields, bytesOf(e, t.data[e.value.start:e.value.start+size]))
		}
	}
	for _, tags := range [][2]uint16{{273, 279}, {324, 325}} {
		places, ok := find(entries, tags[0])
		lengths, ok2 := find(entries, tags[1])
		if !ok || !ok2 {
			continue
		}
		starts, sizes := t.numbers(places), t.numbers(lengths)
		if len(starts) != len(sizes) || len(starts) == 0 {
			return nil, errTIFF
		}
		var at, size []byte
		for i := range starts {
			tooMuch := len(out.data)+sizes[i] > 2*len(src) // strips may lie on each other
			if starts[i] < 8 || starts[i]+sizes[i] > len(src) || tooMuch {
				return nil, errTIFF
			}
			at = t.order.AppendUint32(at, uint32(len(out.data)))
			size = t.order.AppendUint32(size, uint32(sizes[i]))
			out.data = append(out.data, src[starts[i]:starts[i]+sizes[i]]...)
			if len(out.data)%2 == 1 {
				out.data = append(out.data, 0)
			}
		}
		fields = append(fields, node{tag: tags[0], kind: kindLong, count: uint32(len(starts)), value: at},
			node{tag: tags[1], kind: kindLong, count: uint32(len(starts)), value: size})
	}
	out.setFirst(out.appendDirectory(nil, fields, 0))
	return out.data, nil
}

// bytesOf returns an entry as a field with its value as it stands.
func bytesOf(e entry, value []byte) node {
	return node{tag: e.tag, kind: e.kind, count: e.count, value: value}
}

// placeElsewhere reports whether a TIFF file tells a place outside of its blocks and of GeoTIFF.
func placeElsewhere(src []byte) bool {
	return placeBelow(src) || slices.ContainsFunc(othersTIFF(src), placeWithin)
}
