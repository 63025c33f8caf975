package graph

import (
	"net/http"
	"strings"
	"time"
)

// getItem answers GET of one item (row 6); if-none-match with its eTag or cTag gives 304.
func (c *call) getItem(t target) (answer, *failure) {
	if c.unchanged(t.item) {
		return empty(http.StatusNotModified)
	}
	m, f := c.itemJSON(t.item)
	if f != nil {
		return answer{}, f
	}
	m["@odata.context"] = c.itemContext(t.drive)
	return ok(m)
}

// unchanged evaluates If-None-Match. mu is held.
func (c *call) unchanged(it *item) bool {
	tag := c.r.Header.Get("If-None-Match")
	return tag != "" && c.hasTag(it, tag)
}

// hasTag reports whether a tag is the item's eTag or the cTag that the user sees.
func (c *call) hasTag(it *item, tag string) bool {
	if tag == "*" || tag == it.eTag() {
		return true
	}
	v := it.view(c.who.User)
	return v != nil && tag == it.cTag(v)
}

// checkWrite refuses a change that the user may not make, or not now: 403, 423, 412 by If-Match. mu is held.
func (c *call) checkWrite(it *item) *failure {
	if itemLevel(c.who, it) < Write {
		return errDenied()
	}
	if f := c.checkFree(it); f != nil {
		return f
	}
	return c.checkMatch(it, c.r.Header.Get("If-Match"))
}

// checkFree refuses a change of a file that is locked or checked out by somebody else.
func (c *call) checkFree(it *item) *failure {
	if it.locked > 0 {
		return lockedShape(it.locked - 1)
	}
	if it.out != nil && it.out.by != c.who.User {
		return c.errLocked()
	}
	return nil
}

func (c *call) checkMatch(it *item, tag string) *failure {
	if tag == "" || c.hasTag(it, tag) {
		return nil
	}
	return c.errChanged()
}

// listChildren answers GET children (row 5).
func (c *call) listChildren(t target) (answer, *failure) {
	if !t.item.isFolder {
		return answer{}, errInvalid("The requested item is not a folder.")
	}
	if c.unchanged(t.item) {
		return empty(http.StatusNotModified)
	}
	if c.q.has("filter") || c.q.has("skip") {
		return answer{}, fail(http.StatusBadRequest, "notSupported",
			"$filter and $skip are not supported on this collection.")
	}
	order := strings.ToLower(c.q.order)
	if order == "" {
		order = "name"
	}
	key, known := childKeys[order]
	if !known {
		return answer{}, errInvalid("The field '%s' can't be used in orderby.", c.q.order)
	}
	var rows []row
	for _, child := range t.item.children {
		if !sees(c.who, child) {
			continue
		}
		rows = append(rows, row{
			key(child) + "\x00" + child.id,
			func() (map[string]any, *failure) { return c.itemJSON(child) },
		})
	}
	return c.page(c.context("drives('"+strings.ReplaceAll(t.drive.id, "!", "%21")+"')/items('"+t.item.id+"')/children"),
		rows)
}

// childKeys are the members that SharePoint orders children by (https://learn.microsoft.com/graph/query-parameters,
// https://github.com/OneDrive/onedrive-api-docs/issues/696).
var childKeys = map[string]func(it *item) string{
	"name":   func(it *item) string { return strings.ToLower(it.name) },
	"weburl": func(it *item) string { return strings.ToLower(it.webURL()) },
}

// newFolder is the body of POST children.
type newFolder struct {
	Name     string         `json:"name"`
	Folder   map[string]any `json:"folder"`
	Conflict string         `json:"@microsoft.graph.conflictBehavior"`
}

// makeFolder answers POST children.
func (c *call) makeFolder(t target) (answer, *failure) {
	var body newFolder
	if f := c.parse(&body); f != nil {
		return answer{}, f
	}
	if !t.item.isFolder || body.Folder == nil {
		return answer{}, errInvalid("Cannot create an item without a folder facet here.")
	}
	if itemLevel(c.who, t.item) < Write {
		return answer{}, errDenied()
	}
	on, f := parseBehaviour(body.Conflict, onConflictFail)
	if f != nil {
		return answer{}, f
	}
	if f := checkName(body.Name, true); f != nil {
		return answer{}, f
	}
	if t.item.child(body.Name) != nil {
		if on != onConflictRename {
			return answer{}, errExists()
		}
		body.Name = freeName(t.item, body.Name)
	}
	if f := checkPlace(t.item, body.Name); f != nil {
		return answer{}, f
	}
	return c.answerItem(http.StatusCreated, c.add(t.item, body.Name, true, c.who.User))
}

// answerItem answers a change with the item as it is now.
func (c *call) answerItem(status int, it *item) (answer, *failure) {
	c.q.selects, c.q.expands = nil, nil
	m, f := c.itemJSON(it)
	if f != nil {
		return answer{}, f
	}
	m["@odata.context"] = c.itemContext(it.drive)
	return answer{status: status, body: m}, nil
}

// times are the members of fileSystemInfo that a client may set.
type times struct {
	Created      *time.Time `json:"createdDateTime"`
	LastModified *time.Time `json:"lastModifiedDateTime"`
	LastAccessed *time.Time `json:"lastAccessedDateTime"`
}

func (t *times) apply(it *item) {
	if t == nil {
		return
	}
	if t.Created != nil {
		it.fsCreated = t.Created.UTC()
	}
	if t.LastModified != nil {
		it.fsModified = t.LastModified.UTC()
	}
}

// deleteItem answers DELETE (row 19): the item goes to the recycle bin. Any If-Match fails, as clients have
// seen it fail.
func (c *call) deleteItem(t target) (answer, *failure) {
	if t.item.parent == nil {
		return answer{}, errInvalid("The root cannot be deleted.")
	}
	if c.r.Header.Get("If-Match") != "" {
		return answer{}, c.errChanged()
	}
	if itemLevel(c.who, t.item) < Write {
		return answer{}, errDenied()
	}
	if f := c.checkTree(t.item); f != nil {
		return answer{}, f
	}
	c.remove(t.item)
	return empty(http.StatusNoContent)
}

// checkTree refuses a change of a folder while a file below it is locked.
func (c *call) checkTree(it *item) *failure {
	if f := c.checkFree(it); f != nil {
		return f
	}
	for _, child := range it.children {
		if f := c.checkTree(child); f != nil {
			return f
		}
	}
	return nil
}
