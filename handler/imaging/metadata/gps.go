package metadata

import "bytes"

// HasGPS reports whether EXIF or XMP tell where a picture was taken.
func (b Blocks) HasGPS() bool {
	return hasGPS(b.Exif) || bytes.Contains(b.XMP, []byte("exif:GPS"))
}

func hasGPS(exif []byte) bool {
	_, entries, _, _, err := openFirst(exif)
	_, found := find(entries, tagGPS)
	return err == nil && found
}

func find(entries []entry, tag uint16) (entry, bool) {
	for _, e := range entries {
		if e.tag == tag {
			return e, true
		}
	}
	return entry{}, false
}

// dropGPS wipes the directory of the place in a structure that updateExif returned, and takes its entry out. Everything
// else stays at its place. Maker notes are not looked into.
func dropGPS(exif []byte) ([]byte, error) {
	t, first, err := openTIFF(exif)
	if err != nil {
		return nil, err
	}
	for {
		main, where, _, err := t.directory(first)
		if err != nil {
			return nil, err
		}
		pointer, ok := find(main, tagGPS)
		if !ok {
			return exif, nil
		}
		at, ok := t.number(pointer)
		if !ok {
			return nil, errTIFF
		}
		entries, place, _, err := t.directory(at)
		if err != nil {
			return nil, err
		}
		for _, gone := range append(values(entries), place) {
			clear(t.data[gone.start:gone.end])
		}
		if len(main) == 1 {
			return nil, nil // there was nothing else
		}
		t.remove(pointer, where)
	}
}

// dropPlace takes the place out of an XMP packet.
func dropPlace(packet []byte) []byte { return dropProperty(packet, `exif:GPS\w+`) }
