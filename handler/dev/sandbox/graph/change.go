package graph

import (
	"maps"
	"strings"
	"time"
)

// The changes of the tree. All are called with mu held and after all checks.

// second is the resolution of SharePoint's times.
func (g *Graph) second() time.Time { return g.now().UTC().Truncate(time.Second) }

// touched records that something about an item changed: the eTag moves and delta reports it.
func (g *Graph) touched(it *item, by string) {
	it.etag++
	it.modified, it.modifiedBy = g.second(), by
	g.noted(it)
}

// noted makes delta report an item.
func (g *Graph) noted(it *item) {
	it.drive.seq++
	it.seq = it.drive.seq
	it.changed = g.now()
}

// add makes a folder or an empty shell of a file that write must fill.
func (g *Graph) add(parent *item, name string, isFolder bool, by string) *item {
	d := parent.drive
	d.lastRow++
	now := g.second()
	it := &item{
		drive:      d,
		parent:     parent,
		id:         g.newItemID(),
		guid:       g.newGUID(),
		name:       name,
		isFolder:   isFolder,
		row:        d.lastRow,
		etag:       1,
		ctag:       1,
		created:    now,
		createdBy:  by,
		modified:   now,
		modifiedBy: by,
		fsCreated:  now,
		fsModified: now,
		fields:     map[string]any{},
		access:     map[string]Level{},
		indexed:    g.now().Add(g.upTo(g.unkind.IndexMax)),
	}
	if isFolder {
		it.children = map[string]*item{}
	}
	parent.children[strings.ToLower(name)] = it
	d.items[it.id], d.rows[it.row] = it, it
	g.noted(it)
	return it
}

// write gives a file a content and thereby a new version.
func (g *Graph) write(it *item, content blob, by string) {
	first := len(it.versions) == 0
	if it.drive.mustCheckOut && it.out == nil {
		it.out = &checkout{by: by, base: len(it.versions) - 1}
	}
	it.ctag++
	if !first {
		g.touched(it, by)
	}
	g.addVersion(it, content, by, it.ctag)
	it.fsModified, it.written = g.second(), g.now()
	it.promoted, it.malware = false, ""
	it.thumbsAt = g.now().Add(g.upTo(g.unkind.ThumbnailsMax))
	g.promoteLater(it)
}

// promoteLater lets the picture's properties appear after a while, as SharePoint's property promotion does.
func (g *Graph) promoteLater(it *item) {
	v := it.current()
	g.later(g.upTo(g.unkind.PromoteMax), func() {
		if it.deleted || it.current() != v {
			return
		}
		it.promoted = true
		if g.unkind.PromoteETag && v.blob.facts.format != "" {
			it.etag++
			g.noted(it)
		}
	})
}

// addVersion appends a version. While a file is checked out there is one draft, which is replaced.
func (g *Graph) addVersion(it *item, content blob, by string, ctag int) {
	v := &version{major: 1, ctag: ctag, blob: content, at: g.second(), by: by}
	if it.drive.minor {
		v.major, v.minor = 0, 1
	}
	if n := len(it.versions); n > 0 {
		last := it.versions[n-1]
		if it.drive.minor {
			v.major, v.minor = last.major, last.minor+1
		} else {
			v.major, v.minor = last.major+1, 0
		}
		if it.out != nil && it.out.base < n-1 {
			v.major, v.minor = last.major, last.minor
			it.versions = it.versions[:n-1]
			it.drive.used -= last.blob.size
		}
	}
	it.versions = append(it.versions, v)
	it.drive.used += content.size
}

// addMetaVersion makes the version that a change of properties makes: the same content, the same cTag.
func (g *Graph) addMetaVersion(it *item, by string) {
	g.touched(it, by)
	if it.isFolder {
		return
	}
	v := it.current()
	g.addVersion(it, v.blob, by, v.ctag)
	if !it.promoted {
		g.promoteLater(it)
	}
}

// move renames an item or takes it to another folder of its drive, or both.
func (g *Graph) move(it, parent *item, name, by string) {
	delete(it.parent.children, strings.ToLower(it.name))
	it.parent, it.name = parent, name
	parent.children[strings.ToLower(name)] = it
	g.touched(it, by)
}

// remove puts an item and all below it into the recycle bin.
func (g *Graph) remove(it *item) {
	for _, c := range maps.Clone(it.children) {
		g.remove(c)
	}
	delete(it.parent.children, strings.ToLower(it.name))
	delete(it.drive.rows, it.row)
	it.deleted = true
	for _, v := range it.versions {
		it.drive.recycled += v.blob.size
	}
	g.noted(it)
}

// copyTo makes a copy of an item, with the last content of each file and none of their versions.
func (g *Graph) copyTo(it, parent *item, name, by string) *item {
	c := g.add(parent, name, it.isFolder, by)
	c.fields = maps.Clone(it.fields)
	if !it.isFolder {
		v := it.view(by)
		if v == nil {
			v = it.current()
		}
		g.write(c, v.blob, by)
		c.malware = it.malware
		return c
	}
	for _, child := range it.children {
		if !child.hidden(by) {
			g.copyTo(child, c, child.name, by)
		}
	}
	return c
}
