package graph

import (
	"fmt"
	"net/http"
	"slices"
)

// version finds a version by its id, and its place.
func (it *item) version(id string) (*version, int) {
	at := slices.IndexFunc(it.versions, func(v *version) bool { return v.id() == id })
	if at < 0 {
		return nil, at
	}
	return it.versions[at], at
}

// seen gives the versions that the user sees, newest first.
func (c *call) seen(it *item) []*version {
	_, last := it.version(it.view(c.who.User).id())
	versions := slices.Clone(it.versions[:last+1])
	slices.Reverse(versions)
	return versions
}

func (c *call) versionJSON(t target, v *version) (map[string]any, *failure) {
	m := map[string]any{
		"id": v.id(), "lastModifiedDateTime": stamp(v.at), "size": v.blob.size,
		"lastModifiedBy": c.person(t.drive.site.tenant, v.by),
	}
	if containsFold(c.q.selects, "@microsoft.graph.downloadUrl") && v != t.item.view(c.who.User) {
		m["@microsoft.graph.downloadUrl"] = c.downloadURL(t.item, v)
	}
	known := []string{"@microsoft.graph.downloadUrl", "id", "lastModifiedDateTime", "lastModifiedBy", "size",
		"publication", "content"}
	return c.q.only(m, "driveItemVersion", known)
}

// listVersions answers GET versions (row 16): newest first, no other order.
func (c *call) listVersions(t target) (answer, *failure) {
	if t.item.isFolder {
		return answer{}, errInvalid("The requested item is not a file.")
	}
	if c.q.order != "" {
		return answer{}, fail(http.StatusBadRequest, "notSupported", "$orderby is not supported on versions.")
	}
	var rows []row
	for i, v := range c.seen(t.item) {
		rows = append(
			rows, row{fmt.Sprintf("%08d %s", i, v.id()), func() (map[string]any, *failure) {
				return c.versionJSON(t, v)
			}})
	}
	return c.page(c.context("drives('"+t.drive.id+"')/items('"+t.item.id+"')/versions"), rows)
}

// findVersion finds the version that the route names among those that the user sees.
func (c *call) findVersion(t target) (*version, *failure) {
	if t.item.isFolder {
		return nil, errInvalid("The requested item is not a file.")
	}
	for _, v := range c.seen(t.item) {
		if v.id() == c.args[0] {
			return v, nil
		}
	}
	return nil, errNoItem()
}

func (c *call) getVersion(t target) (answer, *failure) {
	v, f := c.findVersion(t)
	if f != nil {
		return answer{}, f
	}
	m, f := c.versionJSON(t, v)
	if f != nil {
		return answer{}, f
	}
	return ok(m)
}

// getVersionContent answers 302, except for the current version, whose content the service gives at the
// item alone (https://github.com/OneDrive/onedrive-api-docs/issues/1112).
func (c *call) getVersionContent(t target) (answer, *failure) {
	v, f := c.findVersion(t)
	if f != nil {
		return answer{}, f
	}
	if v == t.item.view(c.who.User) {
		return answer{}, errInvalid("You cannot get the content of the current version.")
	}
	a := answer{status: http.StatusFound}
	return a.with("Location", c.downloadURL(t.item, v)), nil
}

// restoreVersion makes an old content the newest version.
func (c *call) restoreVersion(t target) (answer, *failure) {
	v, f := c.findVersion(t)
	if f != nil {
		return answer{}, f
	}
	if f := c.checkWrite(t.item); f != nil {
		return answer{}, f
	}
	if v == t.item.current() {
		return answer{}, errInvalid("You cannot restore the current version.")
	}
	if t.drive.used+v.blob.size > t.drive.total {
		return answer{}, errFull()
	}
	c.write(t.item, v.blob, c.who.User)
	return empty(http.StatusNoContent)
}

// deleteVersion removes an old version for good.
func (c *call) deleteVersion(t target) (answer, *failure) {
	v, f := c.findVersion(t)
	if f != nil {
		return answer{}, f
	}
	if f := c.checkWrite(t.item); f != nil {
		return answer{}, f
	}
	if v == t.item.current() || t.item.out != nil {
		return answer{}, errInvalid("You cannot delete the current version.")
	}
	_, at := t.item.version(v.id())
	t.item.versions = slices.Delete(t.item.versions, at, at+1)
	t.drive.used -= v.blob.size
	return empty(http.StatusNoContent)
}
