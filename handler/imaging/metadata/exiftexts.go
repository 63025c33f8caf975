package metadata

import (
	"bytes"
	"slices"
)

// setExif returns the structure with the texts of its first directory set. The directory is written anew at the end,
// and what it was is wiped; everything else stays at its place: maker notes hold offsets into the structure.
func setExif(exif []byte, fields Fields) ([]byte, error) {
	texts, gone := exifTexts(fields)
	if len(texts)+len(gone) == 0 {
		return exif, nil
	}
	if len(exif) == 0 {
		if len(texts) == 0 {
			return nil, nil
		}
		return buildTIFF(texts), nil
	}
	t, main, where, next, err := openFirst(bytes.Clone(exif))
	if err != nil {
		return nil, err
	}
	leaving := slices.Clone(main)
	leaving = slices.DeleteFunc(leaving, func(e entry) bool { return !slices.Contains(gone, e.tag) })
	if t.says(leaving, texts) {
		return exif, nil
	}
	main = slices.DeleteFunc(main, func(e entry) bool { return slices.Contains(gone, e.tag) })
	if len(main)+len(texts) == 0 {
		return nil, nil
	}
	raw := t.raw(main)
	kept, err := t.used(main)
	if err != nil {
		return nil, err
	}
	t.wipe(append(values(leaving), where), kept)
	t.setFirst(t.appendDirectory(raw, texts, next))
	return t.data, nil
}

// says reports whether entries are the texts.
func (t tiff) says(entries []entry, texts []node) bool {
	return len(entries) == len(texts) && !slices.ContainsFunc(texts, func(n node) bool {
		e, ok := find(entries, n.tag)
		return !ok || e.kind != n.kind || e.count != n.count || !bytes.HasPrefix(t.data[e.value.start:], n.value)
	})
}

// raw returns entries as they stand in the structure.
func (t tiff) raw(entries []entry) [][]byte {
	raw := make([][]byte, len(entries))
	for i, e := range entries {
		raw[i] = bytes.Clone(t.data[e.at : e.at+12])
	}
	return raw
}

// exifTexts returns the texts that EXIF has a place for, and the tags that go: those of the texts and what would say
// something else.
func exifTexts(fields Fields) (texts []node, gone []uint16) {
	for _, at := range places() {
		values, set := fields[at.field]
		if !set {
			continue
		}
		gone = append(gone, at.stale...)
		if at.exif == 0 {
			continue
		}
		gone = append(gone, at.exif)
		if len(values) > 0 {
			texts = append(texts, textNode(at.exif, values[0]))
		}
	}
	return texts, gone
}

// used returns what the structure uses: its head, the first directory's values and the directories below it.
func (t *tiff) used(main []entry) ([]span, error) {
	used, err := t.usage(main)
	return append(append(used.directories, used.values...), span{0, 8}), err
}

// usage returns what the first directory's entries and the directories below it use.
func (t *tiff) usage(main []entry) (usage, error) {
	used := usage{values: values(main)}
	for _, e := range main {
		if e.tag != tagExif && e.tag != tagGPS {
			continue
		}
		sub, err := t.follow(e, &used)
		if err != nil {
			return usage{}, err
		}
		if e.tag != tagExif {
			continue
		}
		for _, i := range sub {
			if i.tag == tagInterop {
				if _, err := t.follow(i, &used); err != nil {
					return usage{}, err
				}
			}
		}
	}
	return used, nil
}
