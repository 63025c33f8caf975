package library_test

import (
	"fmt"
	"strings"
	"testing"

	sandboxgraph "imagepro/handler/dev/sandbox/graph"
	"imagepro/handler/dev/sandbox/trouble"
	"imagepro/handler/fault"
	"imagepro/handler/library"
)

func (w *world) list(q library.Query) []library.Item {
	w.t.Helper()
	q.Folder, q.By = w.root(), library.ByName
	if q.Limit == 0 {
		q.Limit = 100
	}
	var all []library.Item
	for {
		page, _, err := w.service.List(w.t.Context(), w.adele, q)
		must(w.t, err)
		all = append(all, page.Entries...)
		if q.Cursor = page.Next; q.Cursor == "" {
			return all
		}
	}
}

func names(items []library.Item) string {
	var all []string
	for _, i := range items {
		all = append(all, i.Name)
	}
	return strings.Join(all, " ")
}

func TestSitesAreFoundByNameAndByAnyAddressInThem(t *testing.T) {
	t.Parallel()
	w := open(t)
	name := w.site.WebURL[strings.LastIndex(w.site.WebURL, "/")+1:]
	page, err := w.service.Sites(t.Context(), w.adele, " "+name+" ", "")
	if err != nil || len(page.Entries) != 1 || page.Entries[0].ID != w.site.ID ||
		page.Entries[0].Address != w.site.WebURL || page.Entries[0].Title == "" {
		t.Errorf("Sites = %+v, %v", page, err)
	}
	if all, err := w.service.Sites(t.Context(), w.adele, "", ""); err != nil || len(all.Entries) < 1 {
		t.Errorf("all sites = %+v, %v", all, err)
	}
	for _, address := range []string{w.site.WebURL, w.site.WebURL + "/",
		w.site.WebURL + "/Shared%20Documents/Forms/AllItems.aspx?id=x",
		strings.ToUpper(w.site.WebURL[:12]) + w.site.WebURL[12:]} {
		if site, err := w.service.SiteAt(t.Context(), w.adele, address); err != nil || site.ID != w.site.ID {
			t.Errorf("SiteAt(%s) = %+v, %v", address, site, err)
		}
	}
	drives, err := w.service.Drives(t.Context(), w.adele, w.site.ID, "")
	if err != nil || len(drives.Entries) != 1 || drives.Entries[0].ID != w.site.DriveID ||
		drives.Entries[0].Remaining <= 0 {
		t.Errorf("Drives = %+v, %v", drives, err)
	}
	for _, wrong := range []string{"", "x", "http://contoso.sharepoint.com/sites/x",
		"https://user@contoso.sharepoint.com/sites/x", "https://localhost/sites/x", "https://%zz"} {
		_, err := w.service.SiteAt(t.Context(), w.adele, wrong)
		if f := wantKind(t, "SiteAt "+wrong, err, fault.Invalid); f.Field != "url" {
			t.Errorf("the field is %q", f.Field)
		}
	}
	_, err = w.service.Sites(t.Context(), w.adele, strings.Repeat("x", 201), "")
	wantKind(t, "a long text", err, fault.Invalid)
}

func TestWhatMayNotBeSeenAndWhatIsNotThereAreToldApartAsSharePointDoes(t *testing.T) {
	t.Parallel()
	w := open(t)
	f := w.put("a.jpg", asJPEG(picture(20, 10, 1)))
	_, err := w.service.SiteAt(t.Context(), w.alex, w.site.WebURL)
	wantKind(t, "a site that a colleague may not open", err, fault.Forbidden)
	_, err = w.service.SiteAt(t.Context(), w.adele, w.site.WebURL+"x")
	wantKind(t, "a site that is not there", err, fault.NotFound)
	_, err = w.service.Item(t.Context(), w.alex, f.Ref)
	wantKind(t, "a file that a colleague may not see", err, fault.NotFound)
	_, err = w.service.Item(t.Context(), w.frida, f.Ref)
	wantKind(t, "a file of another tenant", err, fault.NotFound)
	_, _, err = w.service.List(t.Context(), w.frida,
		library.Query{Listing: library.Listing{Folder: w.root(), By: library.ByName, Limit: 10}})
	wantKind(t, "a library of another tenant", err, fault.NotFound)
	must(t, w.Graph.Allow(sandboxgraph.Permission{SiteID: w.site.ID, User: w.scene.Alex.ID, Level: sandboxgraph.Read}))
	if _, err := w.service.Item(t.Context(), w.alex, f.Ref); err != nil {
		t.Errorf("after it was shared: %v", err)
	}
	_, err = w.service.Edit(t.Context(), w.alex, f.Ref, f.Tag, flip, library.Save{})
	wantKind(t, "an edit by a reader", err, fault.Forbidden)
}

func TestAFolderIsListedAsItIsAskedFor(t *testing.T) {
	t.Parallel()
	w := open(t)
	for n, name := range []string{"b.jpg", "A.png", "notes.txt", "c.gif"} {
		w.put(name, append(asJPEG(picture(20, 10, uint8(n))), make([]byte, 100*n)...))
	}
	w.put("folder/inside.jpg", asJPEG(picture(20, 10, 9)))
	for name, c := range map[string]struct {
		query library.Query
		want  string
	}{
		"pictures and folders": {library.Query{}, "A.png b.jpg c.gif folder"},
		"all files":            {library.Query{All: true}, "A.png b.jpg c.gif folder notes.txt"},
		"part of a name":       {library.Query{Name: "A"}, "A.png"},
		"two a page": {library.Query{Listing: library.Listing{Limit: 2}, All: true},
			"A.png b.jpg c.gif folder notes.txt"},
		"downwards": {library.Query{Listing: library.Listing{Descending: true}}, "folder c.gif b.jpg A.png"},
	} {
		if got := names(w.list(c.query)); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
	for _, i := range w.list(library.Query{Listing: library.Listing{Thumbnails: true}}) {
		switch {
		case i.Folder && (i.Children != 1 || i.Tag != "" || i.Width != 0):
			t.Errorf("the folder is %+v", i)
		case !i.Folder && (len(i.Thumbnails) != 3 || i.Width != 20 || i.Height != 10 || i.Tag == "" ||
			i.ModifiedBy.Name != "Adele Vance"):
			t.Errorf("%s is %+v", i.Name, i)
		}
	}
	_, _, err := w.service.List(t.Context(), w.adele, library.Query{Name: strings.Repeat("x", 201)})
	wantKind(t, "a long part of a name", err, fault.Invalid)
}

// SharePoint sorts by name alone.
func TestAFolderIsSortedByWhatSharePointDoesNotSortBy(t *testing.T) {
	t.Parallel()
	w := open(t)
	// each larger than the one before; b as large as d
	for n, name := range []string{"c.jpg", "a.jpg", "e.jpg", "b.jpg", "d.jpg"} {
		w.put(name, append(asJPEG(picture(20, 10, 1)), make([]byte, 100*min(n, 3))...))
	}
	for name, c := range map[string]struct {
		by         library.SortKey
		descending bool
		limit      int
		want       string
	}{
		"by size":            {library.BySize, false, 10, "c.jpg a.jpg e.jpg"},
		"by size, by pages":  {library.BySize, false, 1, "c.jpg a.jpg e.jpg"},
		"by size, downwards": {library.BySize, true, 2, "e.jpg a.jpg c.jpg"},
		"by the last change": {library.ByModified, false, 3, ""},
		"by creation, down":  {library.ByCreated, true, 2, ""},
	} {
		var got []library.Item
		listing := library.Listing{
			Folder:     w.root(),
			By:         c.by,
			Descending: c.descending,
			Limit:      c.limit,
			Thumbnails: true,
		}
		for {
			page, by, err := w.service.List(t.Context(), w.adele, library.Query{Listing: listing})
			if err != nil || by != c.by || len(page.Entries) > c.limit {
				t.Fatalf("%s: %d entries by %s, %v", name, len(page.Entries), by, err)
			}
			got = append(got, page.Entries...)
			if listing.Cursor = page.Next; page.Next == "" {
				break
			}
		}
		if len(got) != 5 || len(got[0].Thumbnails) == 0 {
			t.Errorf("%s: %s", name, names(got))
		}
		if order := strings.ReplaceAll(strings.ReplaceAll(names(got)+" ", "b.jpg ", ""), "d.jpg ", ""); c.want != "" &&
			strings.TrimSpace(order) != c.want {
			t.Errorf("%s: %s, want %s", name, order, c.want)
		}
		for n := 1; n < len(got); n++ {
			before, after := got[n-1], got[n]
			if c.descending {
				before, after = after, before
			}
			if c.by == library.ByModified && before.ModifiedAt.After(after.ModifiedAt) || c.by == library.ByCreated &&
				before.CreatedAt.After(after.CreatedAt) {
				t.Errorf("%s: %s is out of order", name, got[n].Name)
			}
		}
	}
}

func TestAFolderThatIsTooLargeToSortIsListedByName(t *testing.T) {
	t.Parallel()
	w := open(t)
	for n := range 5001 {
		if _, err := w.Graph.PutFile(w.site.DriveID, fmt.Sprintf("%04d.jpg", 5000-n), strings.NewReader("x"),
			w.scene.Adele.ID); err != nil {
			t.Fatal(err)
		}
	}
	listing := library.Listing{Folder: w.root(), By: library.BySize, Descending: true, Limit: 500}
	for page := range 2 {
		got, by, err := w.service.List(t.Context(), w.adele, library.Query{Listing: listing})
		if want := fmt.Sprintf("%04d.jpg", 500*page); err != nil || by != library.ByName || len(got.Entries) != 500 ||
			got.Entries[0].Name != want {
			t.Fatalf("page %d: %d entries by %s, %v", page, len(got.Entries), by, err)
		}
		listing.Cursor = got.Next
	}
}

func TestALibraryThatSortsByNothingIsSortedHere(t *testing.T) {
	t.Parallel()
	w := openAlone(t)
	for _, name := range []string{"a.jpg", "c.jpg", "b.jpg"} {
		w.put(name, asJPEG(picture(20, 10, 1)))
	}
	w.trouble(trouble.Rule{
		Service: "graph",
		Method:  "GET",
		Path:    "/children",
		Action:  trouble.Fail,
		Status:  400,
		Code:    "invalidRequest",
	})
	got, by, err := w.service.List(t.Context(), w.adele,
		library.Query{Listing: library.Listing{Folder: w.root(), By: library.ByName, Descending: true, Limit: 2}})
	if err != nil || by != library.ByName || names(got.Entries) != "c.jpg b.jpg" || got.Next == "" {
		t.Errorf("%s by %s, %v", names(got.Entries), by, err)
	}
}

func TestAListThatIsSortedHereSkipsAndRepeatsNothingOfWhatStays(t *testing.T) {
	t.Parallel()
	w := open(t)
	for n, name := range []string{"a.jpg", "b.jpg", "c.jpg", "d.jpg"} {
		w.put(name, append(asJPEG(picture(20, 10, 1)), make([]byte, 100*n)...))
	}
	listing := library.Listing{Folder: w.root(), By: library.BySize, Limit: 2}
	first, _, err := w.service.List(t.Context(), w.adele, library.Query{Listing: listing})
	must(t, err)
	w.put("smallest.jpg", asJPEG(picture(2, 1, 1)))
	listing.Cursor = first.Next
	second, _, err := w.service.List(t.Context(), w.adele, library.Query{Listing: listing})
	if err != nil || names(first.Entries) != "a.jpg b.jpg" || names(second.Entries) != "c.jpg d.jpg" ||
		second.Next != "" {
		t.Errorf("%s, then %s and %q, %v", names(first.Entries), names(second.Entries), second.Next, err)
	}
	listing.Cursor = "after nonsense"
	_, _, err = w.service.List(t.Context(), w.adele, library.Query{Listing: listing})
	wantKind(t, "a cursor of another kind", err, fault.Invalid)
}

// SharePoint measures pictures seconds after they came, and some never.
func TestSidesAreReadFromTheContentWhereSharePointDoesNotKnowThem(t *testing.T) {
	t.Parallel()
	w := openAlone(t)
	u := w.Graph.Unkindness()
	u.PromoteMax = 1 << 60 // never
	w.Graph.SetUnkindness(u)
	for n := range 12 {
		w.put(fmt.Sprintf("%02d.jpg", n), asJPEG(picture(40+n, 30, uint8(n))))
	}
	w.put("broken.jpg", []byte("no picture"))
	toGraph, toSharePoint := w.since(func() {
		for n, i := range w.list(library.Query{}) {
			if want := 40 + n; i.Name != "broken.jpg" && (i.Width != want || i.Height != 30) {
				t.Errorf("%s is %d × %d, want %d × 30", i.Name, i.Width, i.Height, want)
			}
		}
	})
	if len(toGraph) != 1 || len(toSharePoint) != 13 {
		t.Errorf("%d calls of Graph and %d of SharePoint, want 1 and 13", len(toGraph), len(toSharePoint))
	}
}

func TestChangesAreListedOnceAndFromWhereTheyWere(t *testing.T) {
	t.Parallel()
	w := open(t)
	first := w.put("a.jpg", asJPEG(picture(20, 10, 1)))
	w.put("notes.txt", []byte("text"))
	all := func(cursor string) (items []library.Item, later string) {
		for later == "" {
			page, end, err := w.service.Changes(t.Context(), w.adele, w.site.DriveID, cursor, false)
			must(t, err)
			items, cursor, later = append(items, page.Entries...), page.Next, end
		}
		return items, later
	}
	items, later := all("")
	if names(items) != "root a.jpg" {
		t.Errorf("everything: %s", names(items))
	}
	if items, _ := all("latest"); len(items) != 0 {
		t.Errorf("from now on: %s", names(items))
	}
	w.put("b.png", asPNG(picture(20, 10, 1)))
	if _, err := w.Graph.Remove(w.site.DriveID, first.Ref.Item); err != nil {
		t.Fatal(err)
	}
	items, later = all(later)
	var gone int
	for _, i := range items {
		if i.Deleted && i.Ref == first.Ref {
			gone++
		}
	}
	if gone != 1 || !strings.Contains(names(items), "b.png") {
		t.Errorf("the changes are %+v", items)
	}
	must(t, w.Graph.ExpireDelta(w.site.DriveID))
	_, _, err := w.service.Changes(t.Context(), w.adele, w.site.DriveID, later, false)
	wantKind(t, "a cursor that is too old", err, fault.Stale)
}
