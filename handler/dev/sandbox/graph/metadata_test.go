package graph_test

import (
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"imagepro/handler/dev/sandbox/graph"
)

// Row 14.
func TestPatchRenamesMovesAndSetsTimes(t *testing.T) {
	t.Parallel()
	w := open(t)
	it := w.put("a.jpg", []byte("one"))
	w.put("taken.jpg", []byte("x"))
	folder, err := w.AddFolder(w.site.DriveID, "f/g", ada)
	if err != nil {
		t.Fatal(err)
	}
	r := w.ask(http.StatusOK, "PATCH", w.item(it), map[string]any{"name": "b.jpg"}, "If-Match", it.ETag)
	if r.text("name") != "b.jpg" || r.text("eTag") == it.ETag || r.text("cTag") != it.CTag || w.versions(it) != 1 {
		t.Errorf("rename: %s", r.raw)
	}
	w.ask(http.StatusPreconditionFailed, "PATCH", w.item(it), map[string]any{"name": "c.jpg"}, "If-Match", it.ETag)
	w.ask(http.StatusConflict, "PATCH", w.item(it), map[string]any{"name": "TAKEN.jpg"})
	w.ask(http.StatusOK, "PATCH", w.item(it), map[string]any{"name": "B.jpg"})
	w.ask(http.StatusBadRequest, "PATCH", w.item(it), map[string]any{"name": "a:b"})
	w.ask(http.StatusBadRequest, "PATCH", w.item(it), map[string]any{"description": "x"})
	w.ask(http.StatusBadRequest, "PATCH", w.item(it), map[string]any{"shoeSize": 1})
	w.ask(http.StatusOK, "PATCH", w.item(it), map[string]any{"parentReference": map[string]any{"id": folder.ID}})
	w.ask(http.StatusOK, "GET", w.drive+"/root:/f/g/b.jpg", nil)
	r = w.ask(http.StatusOK, "PATCH", w.item(it),
		map[string]any{"parentReference": map[string]any{"path": w.drive + "/root:/f"}, "name": "d.jpg"})
	if r.text("parentReference", "path") != w.drive+"/root:/f" {
		t.Errorf("move: %s", r.raw)
	}
	w.ask(http.StatusBadRequest, "PATCH", w.drive+"/root:/f",
		map[string]any{"parentReference": map[string]any{"id": folder.ID}})
	w.ask(http.StatusNotFound, "PATCH", w.item(it), map[string]any{"parentReference": map[string]any{"id": "01NONE"}})
	r = w.ask(http.StatusOK, "PATCH", w.item(it),
		map[string]any{"fileSystemInfo": map[string]any{"createdDateTime": "2001-02-03T04:05:06+01:00"}})
	if r.text("fileSystemInfo", "createdDateTime") != "2001-02-03T03:05:06Z" || w.versions(it) != 2 {
		t.Errorf("times: %s", r.raw)
	}
	if r := w.do(request{
		as:     asAda,
		method: "PATCH",
		url:    w.item(it),
		body:   `{"name":"x.jpg"}`,
	}); r.status != http.StatusUnsupportedMediaType {
		t.Errorf("no content type: %d", r.status)
	}
	if r := w.do(request{
		as:     asAda,
		method: "PATCH",
		url:    w.item(it),
		body:   `{`,
		header: map[string]string{"Content-Type": "application/json"},
	}); r.status != http.StatusBadRequest {
		t.Errorf("no JSON: %d", r.status)
	}
}

// Row 15.
func TestFieldsAreReadAndWrittenOnAllThreePaths(t *testing.T) {
	t.Parallel()
	w := open(t)
	if err := w.SetLibrary(w.site.DriveID,
		graph.Library{
			Columns: []graph.Column{{Name: "Rating", Kind: "number"},
				{Name: "Season", Kind: "choice", Choices: []string{"Summer", "Winter"}}}}); err != nil {
		t.Fatal(err)
	}
	it := w.put("a.jpg", picture(t, 30, 20))
	row := strconv.Itoa(it.ListItemID)
	for i, at := range []string{
		w.item(it) + "/listItem/fields",
		"/sites/" + w.site.ID + "/lists/" + w.site.ListID + "/items/" + row + "/fields",
		w.drive + "/list/items/" + row + "/fields",
	} {
		before := w.ask(http.StatusOK, "GET", w.item(it), nil)
		r := w.ask(http.StatusOK, "PATCH", at, map[string]any{
			"Title":                "Title " + row,
			"_ExtendedDescription": "alt",
			"Rating":               float64(i),
			"Season":               "Winter",
		})
		if r.text("Title") != "Title "+row || r.at("Rating") != float64(i) {
			t.Errorf("%s: %s", at, r.raw)
		}
		got := w.ask(http.StatusOK, "GET", at, nil)
		if got.text("_ExtendedDescription") != "alt" || got.text("FileLeafRef") != "a.jpg" ||
			got.at("ImageWidth") != 30.0 || got.text("AuthorLookupId") == "" {
			t.Errorf("%s: %s", at, got.raw)
		}
		after := w.ask(http.StatusOK, "GET", w.item(it), nil)
		if after.text("eTag") == before.text("eTag") || after.text("cTag") != before.text("cTag") ||
			w.versions(it) != i+2 {
			t.Errorf("tags %s %s, %d versions", after.text("eTag"), after.text("cTag"), w.versions(it))
		}
		tag := got.text("@odata.etag")
		w.ask(http.StatusPreconditionFailed, "PATCH", at, map[string]any{"Title": "x"}, "If-Match", before.text("eTag"))
		for body, status := range map[string]int{"ImageWidth": 400, "Nonsense": 400} {
			w.ask(status, "PATCH", at, map[string]any{body: 1.0}, "If-Match", tag)
		}
		w.ask(http.StatusBadRequest, "PATCH", at, map[string]any{"Title": 1.0})
		w.ask(http.StatusBadRequest, "PATCH", at, map[string]any{"Season": "Spring"})
		if r := w.ask(http.StatusOK, "GET", at+"?$select=Title,Rating", nil); r.at("FileLeafRef") != nil ||
			r.text("Title") == "" {
			t.Errorf("select: %s", r.raw)
		}
	}
	r := w.ask(http.StatusOK, "PATCH", w.item(it)+"/listItem/fields", map[string]any{"Rating": nil}, "If-Match", "*")
	if _, there := r.json["Rating"]; there {
		t.Errorf("an emptied column is left out: %s", r.raw)
	}
}

func TestAListItemShowsFieldsOnlyIfTheyAreExpanded(t *testing.T) {
	t.Parallel()
	w := open(t)
	it := w.put("a.jpg", []byte("x"))
	row := strconv.Itoa(it.ListItemID)
	for _, at := range []string{w.item(it) + "/listItem", "/sites/" + w.site.ID + "/lists/Documents/items/" + row,
		w.drive + "/list/items/" + row} {
		r := w.ask(http.StatusOK, "GET", at, nil)
		if r.text("id") != row || r.at("fields") != nil {
			t.Errorf("%s: %s", at, r.raw)
		}
		if r := w.ask(http.StatusOK, "GET", at+"?$expand=fields", nil); r.text("fields", "FileLeafRef") != "a.jpg" {
			t.Errorf("%s: %s", at, r.raw)
		}
		if r := w.ask(http.StatusOK, "GET", at+"?expand=fields($select=Modified)", nil); r.text("fields",
			"FileLeafRef") != "" || r.text("fields", "Modified") == "" {
			t.Errorf("%s: %s", at, r.raw)
		}
	}
	if r := w.ask(http.StatusOK, "GET", w.drive+"/list/items/"+row+"/driveItem", nil); r.text("id") != it.ID {
		t.Errorf("driveItem: %s", r.raw)
	}
	if r := w.ask(http.StatusOK, "GET", "/sites/"+w.site.ID+"/lists", nil); r.text("value", 0, "id") != w.site.ListID {
		t.Errorf("lists: %s", r.raw)
	}
	if r := w.ask(http.StatusOK, "GET", w.drive+"/list/items?$expand=fields", nil); r.text("value", 0, "fields",
		"FileLeafRef") != "a.jpg" {
		t.Errorf("items: %s", r.raw)
	}
	if r := w.ask(http.StatusOK, "GET", w.drive+"/list/columns", nil); len(r.names()) < 5 {
		t.Errorf("columns: %s", r.raw)
	}
	w.ask(http.StatusNotFound, "GET", w.drive+"/list/items/999", nil)
	w.ask(http.StatusForbidden, "POST", w.drive+"/list/columns", map[string]any{"name": "x", "text": map[string]any{}})
}

// Row 19.
func TestDeletedItemsAreGoneButKeepTheirSpace(t *testing.T) {
	t.Parallel()
	w := open(t)
	it := w.put("f/a.jpg", []byte("12345"))
	w.ask(http.StatusPreconditionFailed, "DELETE", w.item(it), nil, "If-Match", it.ETag)
	r := w.ask(http.StatusNoContent, "DELETE", w.drive+"/root:/f", nil)
	if len(r.raw) > 0 {
		t.Errorf("a body: %s", r.raw)
	}
	w.ask(http.StatusNotFound, "GET", w.item(it), nil)
	w.ask(http.StatusNotFound, "DELETE", w.item(it), nil)
	w.ask(http.StatusNotFound, "PUT", w.item(it)+"/content", "x")
	if q := w.ask(http.StatusOK, "GET", w.drive, nil); q.at("quota", "deleted") != 5.0 || q.at("quota", "used") != 5.0 {
		t.Errorf("quota %v", q.at("quota"))
	}
	w.ask(http.StatusBadRequest, "DELETE", w.drive+"/root", nil)
}

// Row 13.
func TestACopyIsWatchedAtItsMonitor(t *testing.T) {
	t.Parallel()
	w := open(t)
	w.SetUnkindness(graph.Unkindness{CopyMax: time.Minute})
	it := w.put("f/a.jpg", []byte("one"))
	w.put("f/g/b.jpg", []byte("two"))
	if _, err := w.AddFolder(w.site.DriveID, "to", ada); err != nil {
		t.Fatal(err)
	}
	to, err := w.Item(w.site.DriveID, "to")
	if err != nil {
		t.Fatal(err)
	}
	copyTo := func(from, name, query string) string {
		t.Helper()
		r := w.ask(http.StatusAccepted, "POST", from+"/copy"+query,
			map[string]any{"parentReference": map[string]any{"driveId": w.site.DriveID, "id": to.ID}, "name": name},
			"Prefer", "respond-async")
		return r.header.Get("Location")
	}
	at := copyTo(w.item(it), "c.jpg", "")
	r := w.do(request{method: "GET", url: at})
	if r.status != http.StatusAccepted || r.text("status") != "notStarted" {
		t.Errorf("at first: %d %s", r.status, r.raw)
	}
	w.clock.pass(time.Minute)
	r = w.do(request{method: "GET", url: at})
	if r.status != http.StatusOK || r.text("status") != "completed" || r.at("percentageComplete") != 100.0 {
		t.Errorf("at last: %d %s", r.status, r.raw)
	}
	if c := w.ask(http.StatusOK, "GET", w.drive+"/items/"+r.text("resourceId"), nil); c.text("name") != "c.jpg" ||
		c.at("size") != 3.0 {
		t.Errorf("the copy: %s", c.raw)
	}
	for query, want := range map[string]string{"": "failed", "?@microsoft.graph.conflictBehavior=rename": "completed",
		"?@microsoft.graph.conflictBehavior=replace": "completed"} {
		at := copyTo(w.item(it), "c.jpg", query)
		w.clock.pass(time.Minute)
		if r := w.do(request{method: "GET", url: at}); r.text("status") != want {
			t.Errorf("%s: %s", query, r.raw)
		}
	}
	at = copyTo(w.drive+"/root:/f:", "whole", "")
	w.SetUnkindness(graph.Unkindness{OtherShape: 1})
	w.clock.pass(time.Minute)
	if r := w.do(request{method: "GET", url: at}); r.status != http.StatusSeeOther || r.header.Get("Location") == "" {
		t.Errorf("the other shape: %d", r.status)
	}
	w.ask(http.StatusOK, "GET", w.drive+"/root:/to/whole/g/b.jpg", nil)
	names, _ := w.pages(w.drive + "/root:/to:/children")
	if d := cmp.Diff([]string{"c 1.jpg", "c.jpg", "whole"}, names); d != "" {
		t.Error(d)
	}
	w.ask(http.StatusNotFound, "POST", w.item(it)+"/copy",
		map[string]any{"parentReference": map[string]any{"driveId": "b!none"}})
	if r := w.do(request{method: "GET", url: w.point + "/_api/v2.0/monitor/none"}); r.status != http.StatusNotFound {
		t.Errorf("no monitor: %d", r.status)
	}
}
