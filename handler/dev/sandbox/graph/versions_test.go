package graph_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"imagepro/handler/dev/sandbox/graph"
)

// ids gives the ids of a collection's entries.
func (r reply) ids() []string {
	ids := []string{}
	list, _ := r.at("value").([]any)
	for _, e := range list {
		m, _ := e.(map[string]any)
		id, _ := m["id"].(string)
		ids = append(ids, id)
	}
	return ids
}

// Row 16.
func TestVersionsAreListedNewestFirstAndReadOneByOne(t *testing.T) {
	t.Parallel()
	w := open(t)
	it := w.put("a.jpg", []byte("one"))
	w.put("a.jpg", []byte("two!"))
	w.put("a.jpg", []byte("three"))
	at := w.item(it) + "/versions"
	r := w.ask(http.StatusOK, "GET", at, nil)
	if d := cmp.Diff([]string{"3.0", "2.0", "1.0"}, r.ids()); d != "" {
		t.Error(d)
	}
	if r.at("value", 1, "size") != 4.0 || r.text("value", 1, "lastModifiedBy", "user", "id") != ada {
		t.Errorf("%s", r.raw)
	}
	for id, want := range map[string]string{"1.0": "one", "2.0": "two!"} {
		w.ask(http.StatusOK, "GET", at+"/"+id, nil)
		location := w.ask(http.StatusFound, "GET", at+"/"+id+"/content", nil).header.Get("Location")
		if got := w.do(request{method: "GET", url: location}); string(got.raw) != want {
			t.Errorf("%s: %q", id, got.raw)
		}
	}
	if r := w.ask(http.StatusBadRequest, "GET", at+"/3.0/content", nil); !strings.Contains(r.text("error", "message"),
		"current version") {
		t.Errorf("%s", r.raw)
	}
	w.ask(http.StatusNotFound, "GET", at+"/9.0", nil)
	w.ask(http.StatusBadRequest, "GET", at+"?$orderby=id", nil)
	if r := w.ask(http.StatusOK, "GET", at+"?$top=2", nil); len(r.ids()) != 2 || r.text("@odata.nextLink") == "" {
		t.Errorf("%s", r.raw)
	}
}

func TestARestoredVersionIsANewVersion(t *testing.T) {
	t.Parallel()
	w := open(t)
	it := w.put("a.jpg", []byte("one"))
	w.put("a.jpg", []byte("two"))
	at := w.item(it) + "/versions"
	before := w.ask(http.StatusOK, "GET", w.item(it), nil)
	r := w.ask(http.StatusNoContent, "POST", at+"/1.0/restoreVersion", nil)
	if len(r.raw) > 0 {
		t.Errorf("a body: %s", r.raw)
	}
	after := w.ask(http.StatusOK, "GET", w.item(it), nil)
	if after.text("cTag") == before.text("cTag") {
		t.Error("the content changed but not its tag")
	}
	content, err := w.Content(w.site.DriveID, it.ID, "")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = content.Close() }()
	if data, _ := io.ReadAll(content); string(data) != "one" || w.versions(it) != 3 {
		t.Errorf("%q, %d versions", data, w.versions(it))
	}
	w.ask(http.StatusBadRequest, "POST", at+"/3.0/restoreVersion", nil)
	w.ask(http.StatusNotFound, "POST", at+"/7.0/restoreVersion", nil)
	w.ask(http.StatusBadRequest, "DELETE", at+"/3.0", nil)
	w.ask(http.StatusNoContent, "DELETE", at+"/2.0", nil)
	if r := w.ask(http.StatusOK, "GET", at, nil); cmp.Diff([]string{"3.0", "1.0"}, r.ids()) != "" {
		t.Errorf("%v", r.ids())
	}
}

// Row 18.
func TestACheckedOutFileIsSomebodysDraft(t *testing.T) {
	t.Parallel()
	w := open(t)
	if err := w.Allow(graph.Permission{SiteID: w.site.ID, User: bob, Level: graph.Write}); err != nil {
		t.Fatal(err)
	}
	it := w.put("a.jpg", []byte("one"))
	w.ask(http.StatusNoContent, "POST", w.item(it)+"/checkout", nil)
	w.ask(http.StatusOK, "PUT", w.item(it)+"/content", "draft")
	w.ask(http.StatusOK, "PUT", w.item(it)+"/content", "draft 2")
	if r := w.ask(http.StatusOK, "GET", w.item(it), nil); r.at("size") != 7.0 ||
		r.text("publication", "level") != "checkout" {
		t.Errorf("%s", r.raw)
	}
	if r := w.askAs(asBob, http.StatusOK, "GET", w.item(it), nil); r.at("size") != 3.0 || r.text("cTag") != it.CTag {
		t.Errorf("Bob sees the draft: %s", r.raw)
	}
	for _, c := range []struct {
		method, path, body string
	}{{"PUT", "/content", "x"}, {"POST", "/checkout", ""}, {"POST", "/checkin", ""}, {"DELETE", "", ""},
		{"POST", "/createUploadSession", ""}} {
		w.askAs(asBob, http.StatusLocked, c.method, w.item(it)+c.path, c.body)
	}
	w.askAs(asBob, http.StatusLocked, "PATCH", w.item(it)+"/listItem/fields", map[string]any{"Title": "x"})
	w.ask(http.StatusNoContent, "POST", w.item(it)+"/checkin", map[string]any{"comment": "better"})
	if r := w.askAs(asBob, http.StatusOK, "GET", w.item(it), nil); r.at("size") != 7.0 {
		t.Errorf("Bob does not see what was checked in: %s", r.raw)
	}
	if w.versions(it) != 2 {
		t.Errorf("%d versions", w.versions(it))
	}
	w.ask(http.StatusBadRequest, "POST", w.item(it)+"/checkin", nil)
	w.askAs(asBob, http.StatusNoContent, "POST", w.item(it)+"/checkout", nil)
	w.askAs(asBob, http.StatusOK, "PUT", w.item(it)+"/content", "Bob's")
	w.askAs(asBob, http.StatusNoContent, "POST", w.item(it)+"/discardCheckout", nil)
	if r := w.askAs(asBob, http.StatusOK, "GET", w.item(it), nil); r.at("size") != 7.0 || w.versions(it) != 2 {
		t.Errorf("%s", r.raw)
	}
}

func TestALibraryCanDemandCheckout(t *testing.T) {
	t.Parallel()
	w := open(t)
	if err := w.Allow(graph.Permission{SiteID: w.site.ID, User: bob, Level: graph.Write}); err != nil {
		t.Fatal(err)
	}
	if err := w.SetLibrary(w.site.DriveID, graph.Library{MustCheckOut: true}); err != nil {
		t.Fatal(err)
	}
	r := w.ask(http.StatusCreated, "PUT", w.drive+"/root:/a.jpg:/content", "new")
	at := w.drive + "/items/" + r.text("id")
	w.ask(http.StatusOK, "GET", at, nil)
	w.askAs(asBob, http.StatusNotFound, "GET", at, nil)
	if r := w.askAs(asBob, http.StatusOK, "GET", w.drive+"/root/children", nil); len(r.names()) != 0 {
		t.Errorf("Bob sees %v", r.names())
	}
	w.ask(http.StatusNoContent, "POST", at+"/checkin", nil)
	w.askAs(asBob, http.StatusOK, "GET", at, nil)
}

func TestALockedFileAnswers423InAnyOfItsShapes(t *testing.T) {
	t.Parallel()
	w := open(t)
	it := w.put("f/a.jpg", []byte("one"))
	for shape, code := range []string{"notAllowed", "resourceLocked", "accessDenied"} {
		if _, err := w.Lock(w.site.DriveID, it.ID, shape); err != nil {
			t.Fatal(err)
		}
		r := w.ask(http.StatusLocked, "PUT", w.item(it)+"/content", "x")
		if r.text("error", "code") != code {
			t.Errorf("shape %d: %s", shape, r.raw)
		}
		w.ask(http.StatusLocked, "PATCH", w.item(it), map[string]any{"name": "b.jpg"})
		w.ask(http.StatusLocked, "DELETE", w.drive+"/root:/f", nil)
		w.ask(http.StatusOK, "GET", w.item(it), nil)
	}
	if _, err := w.Unlock(w.site.DriveID, it.ID); err != nil {
		t.Fatal(err)
	}
	w.ask(http.StatusOK, "PUT", w.item(it)+"/content", "x")
}

func TestMinorVersionsCountBehindTheDot(t *testing.T) {
	t.Parallel()
	w := open(t)
	if err := w.SetLibrary(w.site.DriveID, graph.Library{Minor: true}); err != nil {
		t.Fatal(err)
	}
	it := w.put("a.jpg", []byte("one"))
	w.put("a.jpg", []byte("two"))
	w.ask(http.StatusNoContent, "POST", w.item(it)+"/checkout", nil)
	w.ask(http.StatusOK, "PUT", w.item(it)+"/content", "three")
	w.ask(http.StatusNoContent, "POST", w.item(it)+"/checkin", map[string]any{"checkInAs": "published"})
	if r := w.ask(http.StatusOK, "GET", w.item(it)+"/versions", nil); cmp.Diff([]string{"1.0", "0.2", "0.1"},
		r.ids()) != "" {
		t.Errorf("%v", r.ids())
	}
}
