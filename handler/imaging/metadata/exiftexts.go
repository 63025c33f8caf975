package metadata

import (
	"bytes"
	"cmp"
	"slices"
)

// setExif returns the structure with the texts of its first directory set. The directory is written anew at the end, and
// what it was is wiped; everything else stays at its place: maker notes hold offsets into the structure.
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
	t, first, err := openTIFF(bytes.Clone(exif))
	if err != nil {
		return nil, err
	}
	main, where, next, err := t.directory(first)
	if err != nil {
		return nil, err
	}
	leaving := slices.Clone(main)
	leaving = slices.DeleteFunc(leaving, func(e entry) bool { return !slices.Contains(gone, e.tag) })
	main = slices.DeleteFunc(main, func(e entry) bool { return slices.Contains(gone, e.tag) })
	if len(main)+len(texts) == 0 {
		return nil, nil
	}
	if len(leaving)+len(texts) == 0 {
		return exif, nil
	}
	raw := make([][]byte, len(main))
	for i, e := range main {
		raw[i] = bytes.Clone(t.data[e.at : e.at+12])
	}
	if err := t.wipe(main, append(values(leaving), where)); err != nil {
		return nil, err
	}
	t.appendDirectory(raw, texts, next)
	return t.data, nil
}

// exifTexts returns the texts that EXIF has a place for, and the tags that go: those of the texts and what would say
// something else.
func exifTexts(fields Fields) (texts []textField, gone []uint16) {
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
			texts = append(texts, textField{at.exif, values[0]})
		}
	}
	slices.SortFunc(texts, func(a, b textField) int { return cmp.Compare(a.tag, b.tag) })
	return texts, gone
}

// wipe clears parts of the structure that nothing else uses, and cuts them off where they end it. The entries of the first
// directory that stay say what is used.
func (t *tiff) wipe(main []entry, gone []span) error {
	used := usage{values: append(values(main), span{0, 8})}
	for _, e := range main {
		if e.tag != tagExif && e.tag != tagGPS {
			continue
		}
		sub, err := t.follow(e, &used)
		if err != nil {
			return err
		}
		if i, ok := find(sub, tagInterop); ok && e.tag == tagExif {
			if _, err := t.follow(i, &used); err != nil {
				return err
			}
		}
	}
	kept := append(used.directories, used.values...)
	end := 0
	for _, u := range kept {
		end = max(end, u.end)
	}
	gone = slices.DeleteFunc(gone, func(g span) bool { return slices.ContainsFunc(kept, g.overlaps) })
	slices.SortFunc(gone, func(a, b span) int { return cmp.Compare(b.end, a.end) })
	for _, g := range gone {
		clear(t.data[g.start:g.end])
		if padding := len(t.data) - g.end; g.start >= end && (padding == 0 || padding == 1 && t.data[g.end] == 0) {
			t.data = t.data[:g.start]
		}
	}
	return nil
}

// appendDirectory writes a first directory after everything else: entries as they are and texts.
func (t *tiff) appendDirectory(raw [][]byte, texts []textField, next int) {
	order := t.order
	if len(t.data)%2 == 1 {
		t.data = append(t.data, 0)
	}
	at := len(t.data)
	var after []byte // the texts that do not fit into their entries
	start := at + 2 + 12*(len(raw)+len(texts)) + 4
	for _, f := range texts {
		value := append([]byte(f.text), 0)
		e := order.AppendUint16(nil, f.tag)
		e = order.AppendUint16(e, kindASCII)
		e = order.AppendUint32(e, uint32(len(value)))
		if len(value) <= 4 {
			e = append(e, append(value, 0, 0, 0)[:4]...)
		} else {
			e = order.AppendUint32(e, uint32(start+len(after)))
			if after = append(after, value...); len(after)%2 == 1 {
				after = append(after, 0)
			}
		}
		raw = append(raw, e)
	}
	slices.SortStableFunc(raw, func(a, b []byte) int { return cmp.Compare(order.Uint16(a), order.Uint16(b)) })
	t.data = order.AppendUint16(t.data, uint16(len(raw)))
	t.data = append(t.data, bytes.Join(raw, nil)...)
	t.data = order.AppendUint32(t.data, uint32(next))
	t.data = append(t.data, after...)
	order.PutUint32(t.data[4:], uint32(at))
}
