package graph

import (
	"maps"
	"mime"
	"path"
	"slices"
	"strings"
)

// itemMembers are the members of a driveItem that $select may name
// (https://learn.microsoft.com/graph/api/resources/driveitem).
var itemMembers = []string{
	"@microsoft.graph.downloadUrl", "audio", "bundle", "cTag", "children", "content", "createdBy",
	"createdByUser", "createdDateTime", "deleted", "description", "eTag", "file", "fileSystemInfo", "folder",
	"id", "image", "lastModifiedBy", "lastModifiedByUser", "lastModifiedDateTime", "listItem", "location",
	"malware", "name", "package", "parentReference", "pendingOperations", "permissions", "photo",
	"publication", "remoteItem", "root", "searchResult", "shared", "sharepointIds", "size", "specialFolder",
	"thumbnails", "versions", "video", "webDavUrl", "webUrl",
}

// context gives the @odata.context of an answer.
func (g *Graph) context(of string) string { return g.options.BaseURL + "/v1.0/$metadata#" + of }

// itemContext gives the context of one item of a drive.
func (g *Graph) itemContext(d *drive) string {
	return g.context("drives('" + strings.ReplaceAll(d.id, "!", "%21") + "')/items/$entity")
}

// person gives an identitySet for a user; an application if the id is empty.
func (g *Graph) person(tenant, user string) map[string]any {
	if user == "" {
		return map[string]any{
			"application": map[string]any{"id": "00000000-0000-0000-0000-000000000000",
				"displayName": "Sandbox application"}}
	}
	who := map[string]any{"id": user}
	if u, err := g.options.Directory.User(tenant, user); err == nil {
		who["displayName"] = u.Name
		if u.Mail != "" {
			who["email"] = u.Mail
		}
	}
	return map[string]any{"user": who, "application": nil, "device": nil}
}

// mimeType derives the type of a file from its name alone, as SharePoint does.
func mimeType(name string) string {
	ext := strings.ToLower(path.Ext(name))
	known := map[string]string{
		".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".jfif": "image/jpeg", ".png": "image/png", ".gif": "image/gif",
		".webp": "image/webp", ".bmp": "image/bmp", ".tif": "image/tiff", ".tiff": "image/tiff",
		".heic": "image/heic", ".avif": "image/avif", ".svg": "image/svg+xml",
		".dng": "image/dng", ".nef": "image/nef", ".cr2": "image/cr2", ".arw": "image/arw",
		".txt": "text/plain", ".pdf": "application/pdf", ".zip": "application/x-zip-compressed",
		".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
	}
	if t, ok := known[ext]; ok {
		return t
	}
	if t, _, err := mime.ParseMediaType(mime.TypeByExtension(ext)); err == nil {
		return t
	}
	return "application/octet-stream"
}

// itemJSON renders an item for the caller, reduced to $select and with what $expand asks for. mu is held.
func (c *call) itemJSON(it *item) (map[string]any, *failure) {
	m := c.fullItem(it)
	if len(c.q.selects) == 0 || len(c.q.selects) > 0 &&
		containsFold(c.q.selects, "@microsoft.graph.downloadUrl", "content.downloadUrl") {
		if v := it.view(c.who.User); v != nil {
			m["@microsoft.graph.downloadUrl"] = c.downloadURL(it, nil)
		}
	}
	for name := range c.q.expands {
		if f := c.expand(m, it, name); f != nil {
			return nil, f
		}
	}
	return c.q.only(m, "driveItem", itemMembers)
}

func containsFold(list []string, names ...string) bool {
	for _, have := range list {
		for _, n := range names {
			if strings.EqualFold(have, n) {
				return true
			}
		}
	}
	return false
}

// expand adds one expanded member.
func (c *call) expand(m map[string]any, it *item, name string) *failure {
	switch name {
	case "thumbnails":
		m[name] = []any{}
		if set := c.thumbnailSet(it, nil); set != nil {
			m[name] = []any{set}
		}
	case "listItem":
		if it.parent == nil {
			return nil
		}
		m[name] = c.listItemJSON(it, splitList(c.q.inner(name, "expand")))
	case "children":
		if !it.isFolder {
			return nil
		}
		all := []any{}
		for _, name := range slices.Sorted(maps.Keys(it.children)) {
			if child := it.children[name]; sees(c.who, child) {
				all = append(all, c.fullItem(child))
			}
		}
		m[name] = all
	default:
		return errProperty(name, "driveItem")
	}
	return nil
}

// fullItem renders all default members of an item except its pre-authenticated URL.
func (c *call) fullItem(it *item) map[string]any {
	tenant := it.drive.site.tenant
	m := map[string]any{
		"@odata.etag": it.eTag(), "eTag": it.eTag(), "id": it.id, "name": it.name, "webUrl": it.webURL(),
		"size": it.size(c.who.User), "createdDateTime": stamp(it.created), "lastModifiedDateTime": stamp(it.modified),
		"createdBy": c.person(tenant, it.createdBy), "lastModifiedBy": c.person(tenant, it.modifiedBy),
		"parentReference": parentReference(it),
		"fileSystemInfo": map[string]any{"createdDateTime": stamp(it.fsCreated),
			"lastModifiedDateTime": stamp(it.fsModified)},
	}
	if it.parent == nil {
		m["root"], m["name"] = map[string]any{}, "root"
	}
	if it.isFolder {
		count := 0
		for _, child := range it.children {
			if sees(c.who, child) {
				count++
			}
		}
		m["folder"] = map[string]any{"childCount": count}
		return m
	}
	c.addFile(m, it, it.view(c.who.User))
	return m
}

// addFile adds what only files have.
func (c *call) addFile(m map[string]any, it *item, v *version) {
	kind := mimeType(it.name)
	m["cTag"] = it.cTag(v)
	m["file"] = map[string]any{"mimeType": kind, "hashes": map[string]any{"quickXorHash": v.blob.quick}}
	if v != it.current() {
		m["lastModifiedDateTime"], m["lastModifiedBy"] = stamp(v.at), c.person(it.drive.site.tenant, v.by)
	}
	if it.malware != "" {
		m["malware"] = map[string]any{"description": it.malware}
	}
	if it.out != nil {
		who := c.person(it.drive.site.tenant, it.out.by)
		m["publication"] = map[string]any{"level": "checkout", "versionId": v.id(), "checkedOutBy": who}
	}
	if !strings.HasPrefix(kind, "image/") {
		return
	}
	picture := map[string]any{}
	if f := v.blob.facts; it.promoted && f.format != "" {
		picture["width"], picture["height"] = f.width, f.height
		if len(f.photo) > 0 {
			m["photo"] = f.photo
		}
	}
	m["image"] = picture
}

func parentReference(it *item) map[string]any {
	ref := map[string]any{"driveId": it.drive.id, "driveType": "documentLibrary"}
	if it.parent == nil {
		return ref
	}
	ref["id"], ref["name"], ref["siteId"] = it.parent.id, it.parent.name, it.drive.site.id()
	ref["path"] = "/drives/" + it.drive.id + "/root:"
	if p := it.parent.path(); p != "" {
		ref["path"] = "/drives/" + it.drive.id + "/root:/" + p
	}
	return ref
}
