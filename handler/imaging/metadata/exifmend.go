package metadata

import (
	"bytes"
	"slices"
)

// mended returns a structure without the parts of it that cannot be read, so that they do not cost the rest: fields
// whose values lie outside, or on a directory, and pointers to directories that are not there, are empty or lie on
// another one. The rest stays at its place. lost says whether something was left out that held anything. The source is
// not changed; where nothing is damaged it is returned itself. The error says that the first directory cannot be read
// at all.
func mended(exif []byte) (_ []byte, lost bool, err error) {
	t, first, err := openTIFF(exif)
	if err != nil {
		return nil, false, err
	}
	m := mending{tiff: t}
	if !m.directory(first, 0) {
		return nil, false, errTIFF
	}
	m.values()
	if m.changed { // directories may have become empty
		m.found = nil
		m.directory(first, 0)
		if m.order.Uint16(m.data[first:]) == 0 {
			return nil, m.lost, nil
		}
	}
	return m.data, m.lost, nil
}

// mending is a structure that is mended. It is copied before the first change.
type mending struct {
	tiff
	changed, lost bool
	found         []span // directories
}

// maxMended is how many directories of a structure are looked at: the first, EXIF, interoperability and GPS.
const maxMended = 4

// own makes the structure one that may be changed.
func (m *mending) own() {
	if !m.changed {
		m.data, m.changed = bytes.Clone(m.data), true
	}
}

// below are the tags of the directories below the first directory, and below that of EXIF.
var below = [...][]uint16{{tagExif, tagGPS}, {tagInterop}, nil}

// directory mends the directory at an offset, on a level of those that point to each other, and those below it. It
// reports whether there is one.
func (m *mending) directory(at, level int) bool {
	entries, where, damaged := m.readable(at)
	if len(entries) == 0 || len(m.found) == maxMended || where.overlaps(span{0, 8}) ||
		slices.ContainsFunc(m.found, where.overlaps) {
		m.lost = m.lost || len(damaged) > 0
		return false
	}
	if len(damaged) > 0 {
		m.rewrite(at, entries, where)
		m.lost = true
		entries, where, _ = m.readable(at)
	}
	m.found = append(m.found, where)
	for _, e := range slices.Backward(entries) { // what follows a field moves when it goes
		if !slices.Contains(below[level], e.tag) {
			continue
		}
		next := level + 1
		if e.tag == tagGPS {
			next = len(below) - 1
		}
		to, ok := m.number(e)
		if !ok || !m.directory(to, next) {
			m.lost = m.lost || !ok || m.holds(to)
			m.drop(at, e.at)
		}
	}
	return true
}

// holds reports whether a directory that cannot be read may hold anything.
func (m *mending) holds(at int) bool {
	return at < 8 || at+2 > len(m.data) || m.order.Uint16(m.data[at:]) != 0
}

// drop takes the field at an offset out of a directory.
func (m *mending) drop(directory, field int) {
	m.own()
	entries, where, _ := m.readable(directory)
	for _, e := range entries {
		if e.at == field {
			m.remove(e, where)
			for i, found := range m.found {
				if found.start == where.start {
					m.found[i].end -= 12
				}
			}
			return
		}
	}
}

// values takes out fields whose values lie on the head of the structure or on a directory: to change that would change
// them.
func (m *mending) values() {
	for _, where := range slices.Clone(m.found) {
		entries, _, _ := m.readable(where.start)
		for _, e := range slices.Backward(entries) {
			outside := e.value != span{e.at + 8, e.at + 12}
			if outside && (e.value.overlaps(span{0, 8}) || slices.ContainsFunc(m.found, e.value.overlaps)) {
				m.lost = true
				m.drop(where.start, e.at)
			}
		}
	}
}

// rewrite leaves a directory with the fields that can be read. What was behind it stays where it was.
func (m *mending) rewrite(at int, entries []entry, where span) {
	m.own()
	next := uint32(0)
	if n := int(m.order.Uint16(m.data[at:])); at+2+12*n+4 <= len(m.data) {
		next = m.order.Uint32(m.data[at+2+12*n:])
	}
	raw := m.raw(entries)
	m.order.PutUint16(m.data[at:], uint16(len(raw)))
	end := at + 2
	for _, field := range raw {
		end += copy(m.data[end:], field)
	}
	clear(m.data[end:where.end])
	if end+4 <= len(m.data) {
		m.order.PutUint32(m.data[end:], next)
	}
}

// readable returns the fields of a directory that can be read, and the tags of those that cannot; 0 stands for fields
// that are not there. Of a directory that names more fields than the structure has room for, those count that rise.
// What has more kinds of values that are not known than others is no directory.
func (t tiff) readable(at int) (entries []entry, where span, damaged []uint16) {
	if at < 8 || at+2 > len(t.data) {
		return nil, span{}, nil
	}
	n, last := int(t.order.Uint16(t.data[at:])), -1
	fit := (len(t.data) - at - 2) / 12
	if n > fit {
		damaged = []uint16{0}
	}
	end, odd := at+2, 0
	for range min(n, fit) {
		e, err := t.entry(end)
		tag, kind := t.order.Uint16(t.data[end:]), t.order.Uint16(t.data[end+2:])
		if n > fit && (sizeOf(kind) == 0 || int(tag) <= last) {
			break
		}
		switch {
		case sizeOf(kind) == 0:
			odd++
			damaged = append(damaged, tag)
		case err != nil:
			damaged = append(damaged, tag)
		default:
			entries = append(entries, e)
		}
		last, end = int(tag), end+12
	}
	if 2*odd > n {
		return nil, span{}, []uint16{0}
	}
	return entries, span{at, min(end+4, len(t.data))}, damaged
}

// next returns the offset of the directory after the one at an offset, 0 if there is none.
func (t tiff) next(at int) int {
	if at < 8 || at+2 > len(t.data) {
		return 0
	}
	end := at + 2 + 12*int(t.order.Uint16(t.data[at:]))
	if end+4 > len(t.data) {
		return 0
	}
	return int(t.order.Uint32(t.data[end:]))
}

// readFirst returns what can be read of the first directory of a structure.
func readFirst(exif []byte) (tiff, []entry) {
	t, first, err := openTIFF(exif)
	if err != nil {
		return tiff{}, nil
	}
	entries, _, _ := t.readable(first)
	return t, entries
}
