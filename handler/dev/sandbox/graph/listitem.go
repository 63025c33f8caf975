package graph

import (
	"fmt"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"
)

// column is a column of a library.
type column struct {
	name     string // internal name
	kind     string // text, note, number, boolean, choice, dateTime
	readOnly bool
	choices  []string
}

// libraryColumns are the columns that every library has and that matter to pictures. The rest of what
// SharePoint computes is in fieldsJSON.
func libraryColumns() []column {
	return []column{
		{name: "Title", kind: "text"},
		{name: "_ExtendedDescription", kind: "note"},
		{name: "ImageWidth", kind: "number", readOnly: true},
		{name: "ImageHeight", kind: "number", readOnly: true},
		{name: "FileLeafRef", kind: "text", readOnly: true},
		{name: "Created", kind: "dateTime", readOnly: true},
		{name: "Modified", kind: "dateTime", readOnly: true},
		{name: "MediaServiceImageTags", kind: "note", readOnly: true},
	}
}

// check refuses a value that the column cannot hold. null empties any column.
func (col column) check(value any) *failure {
	fits := value == nil
	switch v := value.(type) {
	case string:
		fits = col.kind == "text" && len(v) <= 255 || col.kind == "note" && len(v) <= 63999 || col.kind == "dateTime" ||
			col.kind == "choice" && slices.Contains(col.choices, v)
	case float64:
		fits = col.kind == "number"
	case bool:
		fits = col.kind == "boolean"
	}
	if col.readOnly {
		return errInvalid("Field '%s' is read-only", col.name)
	}
	if !fits {
		return errInvalid("The value of field '%s' is not valid", col.name)
	}
	return nil
}

// listTag is the eTag of an item as a list item: another spelling of the same counter.
func (it *item) listTag() string { return fmt.Sprintf(`"%s,%d"`, it.guid, it.etag) }

// routeList answers below a list, which is the same thing as a drive (row 15).
func (c *call) routeList(d *drive, rest []string) (answer, *failure) {
	if len(rest) == 0 {
		return c.locked(func() (answer, *failure) { return c.getList(d) })
	}
	switch {
	case rest[0] == "drive":
		return c.routeDrive(d, rest[1:])
	case rest[0] == "columns" && len(rest) == 1:
		return c.locked(func() (answer, *failure) { return c.listColumns(d) })
	case rest[0] == "items" && len(rest) == 1:
		return c.locked(func() (answer, *failure) { return c.listListItems(d) })
	case rest[0] == "items":
		return c.locked(func() (answer, *failure) { return c.routeListItem(d, rest[1], rest[2:]) })
	}
	return answer{}, errSegment(rest[0])
}

func (c *call) routeListItem(d *drive, id string, rest []string) (answer, *failure) {
	n, err := strconv.Atoi(id)
	it := d.rows[n]
	if err != nil || it == nil || !sees(c.who, it) {
		return answer{}, errNoItem()
	}
	t := target{d, it, it.parent, it.name}
	switch c.r.Method + " " + strings.Join(rest, "/") {
	case "GET ":
		return c.getListItem(t)
	case "GET fields":
		return c.getFields(t)
	case "PATCH fields":
		return c.patchFields(t)
	case "GET driveItem":
		return c.getItem(t)
	}
	return answer{}, errSegment(strings.Join(rest, "/"))
}

func (c *call) listJSON(d *drive) map[string]any {
	return map[string]any{
		"id": d.list, "name": d.folder, "displayName": d.name, "webUrl": d.webURL(), "description": "",
		"createdDateTime": stamp(d.created), "lastModifiedDateTime": stamp(d.created),
		"list": map[string]any{"contentTypesEnabled": false, "hidden": false, "template": "documentLibrary"},
	}
}

func (c *call) getList(d *drive) (answer, *failure) {
	if c.r.Method != http.MethodGet {
		return answer{}, errMethod()
	}
	if driveLevel(c.who, d) < Read {
		return answer{}, errDenied()
	}
	return ok(c.listJSON(d))
}

func (c *call) listLists(s *site) (answer, *failure) {
	if c.r.Method != http.MethodGet {
		return answer{}, errMethod()
	}
	var all []row
	for _, d := range s.drives {
		if driveLevel(c.who, d) >= Read {
			all = append(
				all, row{strings.ToLower(d.name), func() (map[string]any, *failure) { return c.listJSON(d), nil }})
		}
	}
	return c.page(c.context("lists"), all)
}

func (c *call) listColumns(d *drive) (answer, *failure) {
	if c.r.Method != http.MethodGet {
		return answer{}, errDenied() // making columns needs Sites.Manage.All
	}
	if driveLevel(c.who, d) < Read {
		return answer{}, errDenied()
	}
	all := []any{}
	for _, col := range d.columns {
		kind, detail := col.kind, map[string]any{}
		switch col.kind {
		case "note":
			kind, detail["allowMultipleLines"] = "text", true
		case "choice":
			detail["choices"] = col.choices
		}
		all = append(all, map[string]any{
			"id": c.newGUID(), "name": col.name, "displayName": col.name, "readOnly": col.readOnly, kind: detail,
		})
	}
	return ok(map[string]any{"@odata.context": c.context("columns"), "value": all})
}

func (c *call) listListItems(d *drive) (answer, *failure) {
	if c.r.Method != http.MethodGet {
		return answer{}, errMethod()
	}
	if driveLevel(c.who, d) < Read {
		return answer{}, errDenied()
	}
	if c.q.has("filter") || c.q.order != "" {
		return answer{}, fail(http.StatusBadRequest, "notSupported",
			"The column is not indexed and cannot be used to filter or to order.")
	}
	var all []row
	for _, it := range d.rows {
		if sees(c.who, it) {
			key := fmt.Sprintf("%010d", it.row)
			all = append(
				all, row{key, func() (map[string]any, *failure) { return c.listItemJSON(it, c.listExpands()), nil }})
		}
	}
	return c.page(c.context("listItems"), all)
}

// listExpands gives the names that $expand of a list item names.
func (c *call) listExpands() []string {
	var names []string
	for name := range c.q.expands {
		names = append(names, name+"("+c.q.expands[name]+")")
	}
	return names
}

func (c *call) getListItem(t target) (answer, *failure) {
	if t.item.parent == nil {
		return answer{}, errNoItem()
	}
	m := c.listItemJSON(t.item, c.listExpands())
	m["@odata.context"] = c.context("listItems/$entity")
	return ok(m)
}

// listItemJSON renders an item as a list item; fields only if they are expanded.
func (c *call) listItemJSON(it *item, expand []string) map[string]any {
	s := it.drive.site
	m := map[string]any{
		"@odata.etag": it.listTag(), "eTag": it.listTag(), "id": strconv.Itoa(it.row), "webUrl": it.webURL(),
		"createdDateTime": stamp(it.created), "lastModifiedDateTime": stamp(it.modified),
		"createdBy": c.person(s.tenant, it.createdBy), "lastModifiedBy": c.person(s.tenant, it.modifiedBy),
		"parentReference": map[string]any{"id": it.parent.guid, "siteId": s.id()},
		"contentType": map[string]any{"id": contentType(it) + "00A0B1",
			"name": map[bool]string{true: "Folder", false: "Document"}[it.isFolder]},
	}
	for _, name := range expand {
		name, options, _ := strings.Cut(name, "(")
		if name == "fields" {
			_, wanted, _ := strings.Cut(strings.TrimSuffix(options, ")"), "=")
			m["fields@odata.context"] = c.context("fields/$entity")
			m["fields"] = selectFields(c.fieldsJSON(it), splitList(wanted))
		}
	}
	return m
}

func contentType(it *item) string {
	if it.isFolder {
		return "0x0120"
	}
	return "0x0101"
}

// selectFields keeps the named columns. SharePoint leaves out columns that do not exist.
func selectFields(fields map[string]any, names []string) map[string]any {
	if len(names) == 0 {
		return fields
	}
	kept := map[string]any{"@odata.etag": fields["@odata.etag"]}
	for _, n := range names {
		if v, ok := fields[n]; ok {
			kept[n] = v
		}
	}
	return kept
}

// fieldsJSON renders the columns of an item: only those that hold something.
func (c *call) fieldsJSON(it *item) map[string]any {
	m := map[string]any{
		"@odata.etag": it.listTag(), "id": strconv.Itoa(it.row), "FileLeafRef": it.name,
		"LinkFilename": it.name, "LinkFilenameNoMenu": it.name, "Created": stamp(it.created),
		"Modified":       stamp(it.modified),
		"AuthorLookupId": it.drive.lookupID(it.createdBy), "EditorLookupId": it.drive.lookupID(it.modifiedBy),
		"ContentType": "Folder", "ItemChildCount": "0", "FolderChildCount": "0", "_ComplianceFlags": "",
		"_ComplianceTag": "", "_ComplianceTagUserId": "", "_ComplianceTagWrittenTime": "", "Edit": "",
	}
	if v := it.view(c.who.User); v != nil {
		m["ContentType"], m["FileSizeDisplay"], m["_UIVersionString"] = "Document", strconv.FormatInt(v.blob.size, 10),
			v.id()
		m["DocIcon"] = strings.TrimPrefix(strings.ToLower(path.Ext(it.name)), ".")
		if v.comment != "" {
			m["_CheckinComment"] = v.comment
		}
		if f := v.blob.facts; it.promoted && f.format != "" {
			m["ImageWidth"], m["ImageHeight"] = f.width, f.height
		}
	}
	for name, value := range it.fields {
		m[name] = value
	}
	return m
}

// lookupID gives the number of a user in the site's user list.
func (d *drive) lookupID(user string) string {
	sum := 0
	for _, r := range user {
		sum = (sum*31 + int(r)) % 900
	}
	return strconv.Itoa(6 + sum)
}

func (c *call) getFields(t target) (answer, *failure) {
	if t.item.parent == nil {
		return answer{}, errNoItem()
	}
	m := selectFields(c.fieldsJSON(t.item), c.q.selects)
	m["@odata.context"] = c.context("fields/$entity")
	return ok(m)
}

// patchFields answers PATCH fields: all columns or none. It makes a version, even if nothing changes.
func (c *call) patchFields(t target) (answer, *failure) {
	var body map[string]any
	if f := c.parse(&body); f != nil {
		return answer{}, f
	}
	if t.item.parent == nil {
		return answer{}, errNoItem()
	}
	if tag := c.r.Header.Get("If-Match"); tag == t.item.listTag() {
		c.r.Header.Del("If-Match")
	}
	if f := c.checkWrite(t.item); f != nil {
		return answer{}, f
	}
	for name, value := range body {
		at := slices.IndexFunc(t.drive.columns, func(col column) bool { return col.name == name })
		if at < 0 {
			return answer{}, errInvalid("Field '%s' is not recognized", name)
		}
		if f := t.drive.columns[at].check(value); f != nil {
			return answer{}, f
		}
	}
	for name, value := range body {
		if value == nil || value == "" {
			delete(t.item.fields, name)
			continue
		}
		t.item.fields[name] = value
	}
	c.addMetaVersion(t.item, c.who.User)
	return c.getFields(t)
}
