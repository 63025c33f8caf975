package metadata

import (
	"bytes"
	"cmp"
	"slices"
	"sort"
)

// node is a field of a directory apart from a structure: with its value in some order of bytes, or with the directory
// that it points to.
type node struct {
	tag, kind uint16
	count     uint32
	value     []byte
	sub       []node
}

// textNode returns a field with a text.
func textNode(tag uint16, text string) node {
	value := append([]byte(text), 0)
	return node{tag: tag, kind: kindASCII, count: uint32(len(value)), value: value}
}

// bytesNode returns a field with bytes of a kind.
func bytesNode(tag, kind uint16, value []byte) node {
	return node{tag: tag, kind: kind, count: uint32(len(value)), value: value}
}

// unitOf returns how many bytes of a kind change their places between the orders.
func unitOf(kind uint16) int {
	switch sizeOf(kind) {
	case 2, 4:
		return int(sizeOf(kind))
	case 8:
		if kind == kindDouble {
			return 8
		}
		return 4 // two numbers
	}
	return 1
}

// copying takes fields out of a structure. It takes no more than a block may have, from no more than a few directories.
type copying struct {
	from        tiff
	order       byteOrder // of the values that come out
	bytes       int       // that may still be taken
	directories int
	lost        bool // whether something was left out
}

// copyFrom starts with all of what may be taken.
func copyFrom(t tiff, order byteOrder) *copying {
	return &copying{from: t, order: order, bytes: maxBlock, directories: 3} // EXIF, interoperability, GPS
}

// nodes returns fields and the directories that they point to. Maker notes are left out: they hold offsets into the
// structure.
func (c *copying) nodes(entries []entry) []node {
	var all []node
	for _, e := range entries {
		n := node{tag: e.tag, kind: e.kind, count: e.count}
		size := int(e.count) * int(sizeOf(e.kind))
		switch {
		case e.tag == tagMakerNote, size > c.bytes:
			c.lost = true
			continue
		case e.tag == tagExif || e.tag == tagGPS || e.tag == tagInterop:
			n.kind, n.count, n.sub = kindLong, 1, c.below(e)
			if len(n.sub) == 0 {
				continue
			}
		case size == 0:
			continue
		default:
			n.value = c.value(e, size)
		}
		c.bytes -= 12 + size
		all = append(all, n)
	}
	return all
}

// below returns the fields of the directory that an entry points to.
func (c *copying) below(pointer entry) []node {
	at, ok := c.from.number(pointer)
	entries, _, _, err := c.from.directory(at)
	if !ok || err != nil || c.directories == 0 {
		c.lost = true
		return nil
	}
	c.directories--
	return c.nodes(entries)
}

// value returns the value of an entry.
func (c *copying) value(e entry, size int) []byte {
	value := bytes.Clone(c.from.data[e.value.start : e.value.start+size])
	if unit := unitOf(e.kind); c.from.order != c.order {
		for at := 0; at+unit <= len(value); at += unit {
			slices.Reverse(value[at : at+unit])
		}
	}
	return value
}

// appendDirectory writes a directory after everything else: entries as they are and nodes. It returns where it is.
func (t *tiff) appendDirectory(raw [][]byte, nodes []node, next int) (at int) {
	order := t.order
	for i, n := range nodes {
		if n.sub != nil {
			nodes[i].value = order.AppendUint32(nil, uint32(t.appendDirectory(nil, n.sub, 0)))
		}
	}
	if len(t.data)%2 == 1 {
		t.data = append(t.data, 0)
	}
	at = len(t.data)
	start := at + 2 + 12*(len(raw)+len(nodes)) + 4
	var after []byte // the values that do not fit into their entries
	for _, n := range nodes {
		e := order.AppendUint16(nil, n.tag)
		e = order.AppendUint16(e, n.kind)
		e = order.AppendUint32(e, n.count)
		if len(n.value) <= 4 {
			e = append(e, append(bytes.Clone(n.value), 0, 0, 0, 0)[:4]...)
		} else {
			e = order.AppendUint32(e, uint32(start+len(after)))
			if after = append(after, n.value...); len(after)%2 == 1 {
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
	return at
}

// setFirst makes a directory the first one.
func (t *tiff) setFirst(at int) { t.order.PutUint32(t.data[4:], uint32(at)) }

// wipe clears parts of the structure that nothing else uses, and cuts them off where they end it.
func (t *tiff) wipe(gone, kept []span) {
	slices.SortFunc(kept, func(a, b span) int { return cmp.Compare(a.start, b.start) })
	ends := make([]int, len(kept)+1) // how far what starts before reaches
	for i, k := range kept {
		ends[i+1] = max(ends[i], k.end)
	}
	isUsed := func(g span) bool {
		before := sort.Search(len(kept), func(i int) bool { return kept[i].start >= g.end })
		return ends[before] > g.start
	}
	gone = slices.DeleteFunc(gone, isUsed)
	slices.SortFunc(gone, func(a, b span) int { return cmp.Compare(b.end, a.end) })
	for _, g := range gone {
		clear(t.data[g.start:g.end])
		if padding := len(t.data) - g.end; g.start >= ends[len(kept)] &&
			(padding == 0 || padding == 1 && t.data[g.end] == 0) {
			t.data = t.data[:g.start]
		}
	}
}
