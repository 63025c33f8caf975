package graph_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"imagepro/handler/dev/sandbox/graph"
)

// pages reads a collection to its end and returns the names and how many pages there were.
func (w *world) pages(url string) (names []string, pages int) {
	w.t.Helper()
	for next := url; next != ""; pages++ {
		r := w.ask(http.StatusOK, "GET", next, nil)
		names = append(names, r.names()...)
		if next = r.text("@odata.nextLink"); next != "" && !strings.HasPrefix(next, w.base) {
			w.t.Fatalf("nextLink %s", next)
		}
	}
	return names, pages
}

// Row 5.
func TestChildrenComeInPagesOfTheSizeAskedFor(t *testing.T) {
	t.Parallel()
	w := open(t)
	var want []string
	for i := range 25 {
		name := fmt.Sprintf("p%02d.txt", i)
		w.put("f/"+name, []byte(name))
		want = append(want, name)
	}
	for query, count := range map[string]int{
		"$top=10":             3,
		"top=10":              3,
		"$top=25":             1,
		"":                    1,
		"$top=1&$select=name": 25,
	} {
		got, pages := w.pages(w.drive + "/root:/f:/children?" + query)
		if d := cmp.Diff(want, got); d != "" || pages != count {
			t.Errorf("%s: %d pages: %s", query, pages, d)
		}
	}
	r := w.ask(http.StatusOK, "GET", w.drive+"/root:/f:/children?$top=3&$select=name&$orderby=name%20desc", nil)
	if d := cmp.Diff([]string{"p24.txt", "p23.txt", "p22.txt"}, r.names()); d != "" {
		t.Error(d)
	}
	if !strings.Contains(r.text("@odata.nextLink"), "$skiptoken=") ||
		strings.Contains(r.text("@odata.nextLink"), "p22") {
		t.Errorf("nextLink %s", r.text("@odata.nextLink"))
	}
	r = w.ask(http.StatusOK, "GET", r.text("@odata.nextLink"), nil)
	if r.names()[0] != "p21.txt" {
		t.Errorf("second page %v", r.names())
	}
	w.ask(http.StatusBadRequest, "GET", w.drive+"/root:/f:/children?$skiptoken=forged", nil)
}

func TestAPageHoldsTwoHundredUnlessAskedOtherwise(t *testing.T) {
	t.Parallel()
	w := open(t)
	for i := range 205 {
		if _, err := w.AddFolder(w.site.DriveID, fmt.Sprint("d", i), ada); err != nil {
			t.Fatal(err)
		}
	}
	if r := w.ask(http.StatusOK, "GET", w.drive+"/root/children", nil); len(r.names()) != 200 ||
		r.text("@odata.nextLink") == "" {
		t.Errorf("%d entries", len(r.names()))
	}
	if r := w.ask(http.StatusOK, "GET", w.drive+"/root/children?$top=1000", nil); len(r.names()) != 205 ||
		r.at("@odata.nextLink") != nil {
		t.Errorf("%d entries", len(r.names()))
	}
}

func TestAnEmptyFolderIsAnEmptyList(t *testing.T) {
	t.Parallel()
	w := open(t)
	r := w.ask(http.StatusOK, "GET", w.drive+"/root/children", nil)
	if !strings.Contains(string(r.raw), `"value":[]`) || strings.Contains(string(r.raw), "nextLink") {
		t.Errorf("%s", r.raw)
	}
}

func TestSelectAndExpandShapeChildren(t *testing.T) {
	t.Parallel()
	w := open(t)
	w.put("a.jpg", picture(t, 40, 20))
	r := w.ask(http.StatusOK, "GET", w.drive+"/root/children?select=id,name,size", nil)
	entry, _ := r.at("value", 0).(map[string]any)
	keys := []string{}
	for k := range entry {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	if d := cmp.Diff([]string{"@odata.etag", "id", "name", "size"}, keys); d != "" {
		t.Error(d)
	}
	r = w.ask(http.StatusOK, "GET", w.drive+"/root/children?$select=id,@microsoft.graph.downloadUrl", nil)
	if r.text("value", 0, "@microsoft.graph.downloadUrl") == "" {
		t.Errorf("no downloadUrl: %s", r.raw)
	}
	r = w.ask(http.StatusOK, "GET",
		w.drive+"/root/children?$expand=thumbnails,"+
			"listItem($expand=fields($select=FileLeafRef,ImageWidth))&$select=name", nil)
	if r.at("value", 0, "thumbnails", 0, "small", "width") != 40.0 ||
		r.text("value", 0, "listItem", "fields", "FileLeafRef") != "a.jpg" {
		t.Errorf("%s", r.raw)
	}
	if r.at("value", 0, "listItem", "fields", "ImageWidth") != 40.0 ||
		r.at("value", 0, "listItem", "fields", "Modified") != nil {
		t.Errorf("fields %v", r.at("value", 0, "listItem", "fields"))
	}
	w.ask(http.StatusBadRequest, "GET", w.drive+"/root/children?$filter=name%20eq%20'a'", nil)
	w.ask(http.StatusBadRequest, "GET", w.drive+"/root/children?$skip=1", nil)
	for _, member := range []string{"size", "lastModifiedDateTime", "createdDateTime", "shoeSize"} {
		w.ask(http.StatusBadRequest, "GET", w.drive+"/root/children?$orderby="+member, nil)
	}
	w.ask(http.StatusOK, "GET", w.drive+"/root/children?$orderby=webUrl", nil)
	etag := w.ask(http.StatusOK, "GET", w.drive+"/root", nil).text("eTag")
	w.ask(http.StatusNotModified, "GET", w.drive+"/root/children", nil, "If-None-Match", etag)
}

func TestPagingMissesAndRepeatsWhatMovesMeanwhile(t *testing.T) {
	t.Parallel()
	w := open(t)
	for _, n := range []string{"b", "c", "d", "e"} {
		w.put(n, []byte(n))
	}
	first := w.ask(http.StatusOK, "GET", w.drive+"/root/children?$top=2", nil)
	w.put("a", []byte("new"))
	if _, err := w.Rename(w.site.DriveID, "b", "z", ada); err != nil {
		t.Fatal(err)
	}
	rest, _ := w.pages(first.text("@odata.nextLink"))
	if d := cmp.Diff([]string{"d", "e", "z"}, rest); d != "" {
		t.Errorf("a is missed and b comes again as z: %s", d)
	}
}

func TestUnkindPagesAreShortOrEmptyAndCompleteInTheEnd(t *testing.T) {
	t.Parallel()
	w := open(t)
	for i := range 60 {
		w.put(fmt.Sprintf("p%02d", i), []byte("x"))
	}
	w.SetUnkindness(graph.Unkindness{ShortPage: 1})
	got, pages := w.pages(w.drive + "/root/children?$top=20")
	if len(got) != 60 || !slices.IsSorted(got) || pages <= 3 {
		t.Errorf("%d entries in %d pages", len(got), pages)
	}
}

func TestPagingWhileOthersWriteNeverFails(t *testing.T) {
	t.Parallel()
	w := open(t)
	w.SetUnkindness(graph.Unkindness{ShortPage: 0.5, PromoteMax: time.Millisecond, PromoteETag: true})
	for i := range 50 {
		w.put(fmt.Sprintf("keep%02d", i), []byte("x"))
	}
	stop := make(chan struct{})
	var writers sync.WaitGroup
	for n := range 3 {
		writers.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				name := fmt.Sprintf("busy%d-%d", n, i%10)
				if _, err := w.PutFile(w.site.DriveID, name, strings.NewReader("y"), ada); err != nil {
					t.Error(err)
				}
				if i%3 == 0 {
					_, _ = w.Remove(w.site.DriveID, name)
				}
			}
		})
	}
	for range 10 {
		names, _ := w.pages(w.drive + "/root/children?$top=7&$select=name")
		kept := 0
		for _, n := range names {
			if strings.HasPrefix(n, "keep") {
				kept++
			}
		}
		if kept != 50 {
			t.Errorf("%d of the 50 files that nobody touches", kept)
		}
	}
	close(stop)
	writers.Wait()
}

func TestFoldersAreMade(t *testing.T) {
	t.Parallel()
	w := open(t)
	folder := map[string]any{"name": "New", "folder": map[string]any{}}
	r := w.ask(http.StatusCreated, "POST", w.drive+"/root/children", folder)
	if r.at("folder", "childCount") != 0.0 || r.at("cTag") != nil {
		t.Errorf("%s", r.raw)
	}
	w.ask(http.StatusConflict, "POST", w.drive+"/root/children", folder)
	folder["@microsoft.graph.conflictBehavior"] = "rename"
	if r := w.ask(http.StatusCreated, "POST", w.drive+"/root/children", folder); r.text("name") != "New 1" {
		t.Errorf("name %s", r.text("name"))
	}
}

func TestNamesThatSharePointRefusesAreRefused(t *testing.T) {
	t.Parallel()
	w := open(t)
	for _, name := range []string{`a"b`, "a*b", "a<b", "a>b", "a?b", `a\b`, "a|b", " a", "a ", "a.", "CON", "com1",
		"desktop.ini", "~$a.docx", "a_vti_b", ".lock", strings.Repeat("n", 256)} {
		r := w.ask(http.StatusBadRequest, "PUT", w.drive+"/root:/"+escape(name)+":/content", "x")
		if r.text("error", "code") != "invalidRequest" {
			t.Errorf("%q: %s", name, r.raw)
		}
		w.ask(http.StatusBadRequest, "POST", w.drive+"/root/children",
			map[string]any{"name": name, "folder": map[string]any{}})
	}
	w.ask(http.StatusBadRequest, "POST", w.drive+"/root/children",
		map[string]any{"name": "~a", "folder": map[string]any{}})
	for _, name := range []string{"a#b%.jpg", "~a.jpg", "ümläut ☃.jpg", "it's.jpg", "a+b&c=d;e,f.jpg", ".hidden",
		"con.jpg", strings.Repeat("n", 255)} {
		r := w.ask(http.StatusCreated, "PUT", w.drive+"/root:/"+escape(name)+":/content", "x")
		if r.text("name") != name {
			t.Errorf("%q became %q", name, r.text("name"))
		}
	}
	deep := w.drive + "/root:"
	if _, err := w.AddFolder(w.site.DriveID, strings.Repeat("d", 180)+"/"+strings.Repeat("e", 180), ada); err != nil {
		t.Fatal(err)
	}
	deep += "/" + strings.Repeat("d", 180) + "/" + strings.Repeat("e", 180)
	w.ask(http.StatusBadRequest, "PUT", deep+"/"+strings.Repeat("f", 30)+":/content", "x")
	w.ask(http.StatusCreated, "PUT", deep+"/f:/content", "x")
}
