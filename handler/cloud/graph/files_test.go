package graph_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"imagepro/handler/bulk"
	"imagepro/handler/caller"
	"imagepro/handler/dev/sandbox"
	"imagepro/handler/dev/sandbox/directory"
	sandboxgraph "imagepro/handler/dev/sandbox/graph"
	"imagepro/handler/fault"
	"imagepro/handler/org"
)

// The sentences of the faults.
const (
	notThere     = "It is not there, or you may not see it."
	mayNot       = "You may not do this in this library."
	changed      = "The file was changed meanwhile."
	justChanging = "The file is just being changed. Try again in a moment."
	nameTaken    = "A file with this name is there already."
	isLocked     = "The file is checked out or locked by somebody."
	noSpace      = "The library has no space left."
	isBusy       = "SharePoint is busy."
	isAway       = "SharePoint cannot be reached."
	cannotRead   = "The file could not be read to its end."
	elsewhere    = "SharePoint named a next page elsewhere."
	oddAnswer    = "SharePoint did not answer as expected."
	untrusted    = "SharePoint named an address for the file that Image Pro does not trust."
	notSigned    = "SharePoint did not accept your sign-in. Open Image Pro again to go on."
	badName      = `A file's name must not be empty and must not contain " * : < > ? / \ |.`
)

func TestProfileIsWhatTheDirectorySays(t *testing.T) {
	t.Parallel()
	w := open(t)
	for _, user := range []directory.User{w.scene.Adele, w.scene.Alex, w.scene.Frida} {
		got, err := w.client.Profile(t.Context(), w.caller(user))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(org.Profile{
			Name:   user.Name,
			UPN:    user.UPN,
			Mail:   user.Mail,
			Locale: user.Locale,
		}, got); diff != "" {
			t.Error(diff)
		}
	}
}

func TestAProfileMayLackAllButTheUser(t *testing.T) {
	t.Parallel()
	client := alone(t, &canned{}, func(r *http.Request) *http.Response {
		return answered(r, http.StatusOK,
			`{"displayName":null,"mail":null,"preferredLanguage":null,"userPrincipalName":"u@example"}`)
	})
	got, err := client.Profile(t.Context(), caller.Away("t", "u"))
	if want := (org.Profile{UPN: "u@example"}); err != nil || got != want {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
}

// pages reads a folder to its end.
func (w *world) pages(folder string) (names []string, sizes []int) {
	w.t.Helper()
	for cursor := ""; ; {
		page, err := w.client.Children(w.t.Context(), w.who, w.site.DriveID, folder, cursor)
		if err != nil {
			w.t.Fatal(err)
		}
		sizes = append(sizes, len(page.Files))
		for _, f := range page.Files {
			names = append(names, f.Name)
		}
		if cursor = page.Next; cursor == "" {
			return names, sizes
		}
	}
}

func TestChildrenComeInPagesOfNinety(t *testing.T) {
	t.Parallel()
	w := open(t)
	var want []string
	for i := range 200 {
		name := fmt.Sprintf("geheim %03d.jpg", i)
		want = append(want, name)
		if _, err := w.Graph.PutFile(w.site.DriveID, "folder/"+name, strings.NewReader(name),
			w.scene.Adele.ID); err != nil {
			t.Fatal(err)
		}
	}
	folder, err := w.Graph.Item(w.site.DriveID, "folder")
	if err != nil {
		t.Fatal(err)
	}
	names, sizes := w.pages(folder.ID)
	if diff := cmp.Diff(want, names); diff != "" {
		t.Error(diff)
	}
	if !slices.Equal(sizes, []int{90, 90, 20}) {
		t.Errorf("pages of %v", sizes)
	}
	if names, _ := w.pages("root"); !slices.Equal(names, []string{"folder"}) {
		t.Errorf("the root holds %v", names)
	}
}

func TestAChildHasAllThatIsKnownOfIt(t *testing.T) {
	t.Parallel()
	w := open(t)
	f := w.put("folder/geheim.jpg", []byte("content"))
	item, err := w.Graph.Item(w.site.DriveID, "folder/geheim.jpg")
	if err != nil {
		t.Fatal(err)
	}
	folder, err := w.Graph.Item(w.site.DriveID, "folder")
	if err != nil {
		t.Fatal(err)
	}
	want := bulk.File{
		Drive:       w.site.DriveID,
		Item:        item.ID,
		Parent:      folder.ID,
		Name:        "geheim.jpg",
		MIME:        "image/jpeg",
		Size:        7,
		Modified:    item.Modified.UTC().Truncate(time.Second),
		Tag:         item.CTag,
		Fingerprint: item.QuickXor,
	}
	if diff := cmp.Diff(want, f, secrets); diff != "" {
		t.Error(diff)
	}
	page, err := w.client.Children(t.Context(), w.who, w.site.DriveID, folder.ID, "")
	if err != nil || len(page.Files) != 1 {
		t.Fatalf("%+v, %v", page, err)
	}
	if diff := cmp.Diff(want, page.Files[0], secrets); diff != "" {
		t.Error(diff)
	}
	page, err = w.client.Children(t.Context(), w.who, w.site.DriveID, "root", "")
	if err != nil || len(page.Files) != 1 || !page.Files[0].Folder || page.Files[0].Item != folder.ID ||
		page.Files[0].MIME != "" {
		t.Errorf("the folder came as %+v, %v", page, err)
	}
}

func TestNotebooksAndShortcutsAreNoFiles(t *testing.T) {
	t.Parallel()
	odd := []string{
		`{"id":"1","name":"a notebook","package":{"type":"oneNote"}}`,
		`{"id":"2","name":"a shortcut","folder":{},"remoteItem":{"id":"9"}}`,
		`{"name":"no id","file":{}}`,
	}
	client := alone(t, &canned{}, func(r *http.Request) *http.Response {
		if strings.HasSuffix(r.URL.Path, "/children") {
			return answered(r, http.StatusOK,
				`{"value":[`+strings.Join(append(odd, `{"id":"3","name":"a file","file":{}}`), ",")+`]}`)
		}
		return answered(r, http.StatusOK, odd[0])
	})
	page, err := client.Children(t.Context(), caller.Away("t", "u"), "d", "root", "")
	if err != nil || len(page.Files) != 1 || page.Files[0].Item != "3" || page.Next != "" {
		t.Errorf("got %+v, %v, want the file alone", page, err)
	}
	_, err = client.File(t.Context(), caller.Away("t", "u"), "d", "1")
	wantFault(t, err, fault.Unsupported, "This is a shortcut or a notebook, not a file of this library.")
}

func TestANextPageElsewhereIsNotAskedFor(t *testing.T) {
	t.Parallel()
	for _, next := range []string{
		"https://evil.example/v1.0/drives/d/items/f/children", "http://graph.example/v1.0/drives/d/items/f/children",
		"https://graph.example.evil.example/v1.0/drives/d", "https://graph.example@evil.example/v1.0/drives/d",
		"https://graph.example/v1.0/me/drive/root/children", "https://graph.example/beta/drives/d", "//evil.example",
		"next",
	} {
		asked := 0
		client := alone(t, &canned{}, func(r *http.Request) *http.Response {
			asked++
			return answered(r, http.StatusOK, `{"value":[{"id":"1.0"}],"@odata.nextLink":"`+next+`"}`)
		})
		who := caller.Away("t", "u")
		page, err := client.Children(t.Context(), who, "d", "root", "")
		if err != nil {
			t.Fatal(err)
		}
		_, err = client.Children(t.Context(), who, "d", "root", page.Next)
		wantFault(t, err, fault.Internal, elsewhere)
		_, err = client.Versions(t.Context(), who, bulk.File{Drive: "d", Item: "i"})
		wantFault(t, err, fault.Internal, elsewhere)
		if asked != 2 {
			t.Errorf("%s: asked %d times", next, asked)
		}
	}
}

// names are as odd as a library allows.
var names = []string{
	"geheim mit Leerzeichen.jpg", "geheim#1.jpg", "geheim 100%.jpg", "geheim%20.jpg", "geheim Äöüß.jpg", "geheim's.jpg",
	"geheim & co + mehr=1.jpg",
	"geheim {a}.jpg", "geheim;,$!@.jpg", "geheim (1) [2].jpg", "geheim~`^.jpg", "geheim 日本.jpg", "geheim.tar.gz",
	".geheim", "geheim%2F.jpg",
}

func TestFilesAreFoundAndMadeBesideOthersWhateverTheirNames(t *testing.T) {
	t.Parallel()
	w := open(t)
	origin := w.put("a folder #1/geheim.jpg", []byte("origin"))
	for _, name := range names {
		_, err := w.client.Beside(t.Context(), w.who, origin, name)
		wantFault(t, err, fault.NotFound, notThere)
		made, err := w.client.Create(t.Context(), w.who, origin, name, []byte(name))
		if err != nil || made.Name != name || made.Parent != origin.Parent ||
			made.Fingerprint != w.client.Fingerprint([]byte(name)) {
			t.Errorf("%s: made %+v, %v", name, made, err)
			continue
		}
		found, err := w.client.Beside(t.Context(), w.who, origin, name)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if diff := cmp.Diff(bare(made), bare(found), secrets); diff != "" {
			t.Errorf("%s: made and found differ:\n%s", name, diff)
		}
		_, err = w.client.Create(t.Context(), w.who, origin, name, []byte("other"))
		wantFault(t, err, fault.Conflict, nameTaken)
		if w.versions(made.Item) != 1 || string(w.content(made.Item)) != name {
			t.Errorf("%s was overwritten", name)
		}
	}
}

func TestNamesThatWouldAddressSomethingElseAreRefused(t *testing.T) {
	t.Parallel()
	client := alone(t, &canned{}, func(r *http.Request) *http.Response {
		t.Errorf("%s %s was sent", r.Method, r.URL)
		return answered(r, http.StatusOK, "{}")
	})
	for _, name := range []string{"", ".", "..", "geheim/a.jpg", `geheim\a.jpg`, "geheim.jpg:/content", "geheim:",
		"geheim?.jpg", "geheim*", `geheim"`, "<geheim>", "geheim|"} {
		f := bulk.File{Drive: "d", Item: "i", Parent: "p"}
		_, err := client.Beside(t.Context(), caller.Away("t", "u"), f, name)
		wantFault(t, err, fault.Invalid, badName)
		_, err = client.Create(t.Context(), caller.Away("t", "u"), f, name, nil)
		wantFault(t, err, fault.Invalid, badName)
	}
}

func TestVersionsComeNewestFirstAndAllOfThem(t *testing.T) {
	t.Parallel()
	w := unkind(t, sandbox.Options{Kind: true})
	u := sandboxgraph.Unkindness{ShortPage: 0.7}
	f := w.put("geheim.jpg", []byte("0"))
	const count = 250 // more than a page
	for i := range count - 1 {
		w.put("geheim.jpg", []byte(strings.Repeat("x", i+2)))
	}
	w.Graph.SetUnkindness(u)
	versions, err := w.client.Versions(t.Context(), w.who, f)
	if err != nil || len(versions) != count {
		t.Fatalf("%d versions, %v, want %d", len(versions), err, count)
	}
	for i, v := range versions {
		if n := count - i; v.ID != fmt.Sprint(n)+".0" || v.Size != int64(n) || v.Modified.IsZero() ||
			v.Modified.Location().String() != "UTC" {
			t.Fatalf("version %d is %+v", i, v)
		}
	}
	old, err := w.client.ReadVersion(t.Context(), w.who, f, versions[3].ID, 1000)
	if err != nil || len(old) != count-3 {
		t.Errorf("the fourth newest has %d bytes, %v", len(old), err)
	}
	_, err = w.client.ReadVersion(t.Context(), w.who, f, versions[3].ID, 10)
	wantFault(t, err, fault.TooLarge, "The file is larger than 0 MiB.")
	_, err = w.client.ReadVersion(t.Context(), w.who, f, "9999.0", 10)
	wantFault(t, err, fault.NotFound, notThere)
	_, err = w.client.ReadVersion(t.Context(), w.who, f, "../../geheim", 10)
	wantFault(t, err, fault.Invalid, "An id cannot be . or ..")
}

func TestStrangersSeeNothing(t *testing.T) {
	t.Parallel()
	w := open(t)
	f := w.put("folder/geheim.jpg", []byte("content"))
	for name, who := range map[string]caller.Caller{"a colleague": w.caller(w.scene.Alex),
		"another tenant": w.caller(w.scene.Frida)} {
		t.Run(name, func(t *testing.T) {
			ctx := t.Context()
			_, err := w.client.File(ctx, who, f.Drive, f.Item)
			wantGone(t, err)
			_, err = w.client.Children(ctx, who, f.Drive, "root", "")
			wantGone(t, err)
			_, err = w.client.Children(ctx, who, f.Drive, f.Parent, "")
			wantGone(t, err)
			_, err = w.client.Beside(ctx, who, f, f.Name)
			wantGone(t, err)
			_, err = w.client.Versions(ctx, who, f)
			wantGone(t, err)
			_, err = w.client.Read(ctx, who, f, 100)
			wantGone(t, err)
			_, err = w.client.ReadVersion(ctx, who, f, "1.0", 100)
			wantGone(t, err)
			_, err = w.client.Replace(ctx, who, f, []byte("theirs"))
			wantGone(t, err)
			_, err = w.client.Create(ctx, who, f, "geheim2.jpg", []byte("theirs"))
			wantGone(t, err)
		})
	}
	if w.versions(f.Item) != 1 {
		t.Error("somebody wrote")
	}
}

// wantGone accepts both ways in which SharePoint says that something is not the caller's.
func wantGone(t *testing.T, err error) {
	t.Helper()
	if fault.Is(err, fault.Forbidden) {
		wantFault(t, err, fault.Forbidden, mayNot)
		return
	}
	wantFault(t, err, fault.NotFound, notThere)
}

func TestAReaderMayReadAndNotWrite(t *testing.T) {
	t.Parallel()
	w := open(t)
	f := w.put("geheim.jpg", []byte("content"))
	if err := w.Graph.Allow(
		sandboxgraph.Permission{SiteID: w.site.ID, User: w.scene.Alex.ID, Level: sandboxgraph.Read}); err != nil {
		t.Fatal(err)
	}
	alex := w.caller(w.scene.Alex)
	if content, err := w.client.Read(t.Context(), alex, f, 100); err != nil || string(content) != "content" {
		t.Errorf("read %q, %v", content, err)
	}
	_, err := w.client.Replace(t.Context(), alex, f, []byte("theirs"))
	wantFault(t, err, fault.Forbidden, mayNot)
	_, err = w.client.Create(t.Context(), alex, f, "geheim2.jpg", []byte("theirs"))
	wantFault(t, err, fault.Forbidden, mayNot)
}

func TestWhatIsNotThereIsNotFound(t *testing.T) {
	t.Parallel()
	w := open(t)
	f := w.put("geheim.jpg", []byte("content"))
	if _, err := w.Graph.Remove(f.Drive, f.Item); err != nil {
		t.Fatal(err)
	}
	_, err := w.client.File(t.Context(), w.who, f.Drive, f.Item)
	wantFault(t, err, fault.NotFound, notThere)
	_, err = w.client.Read(t.Context(), w.who, f, 100)
	wantFault(t, err, fault.NotFound, notThere)
	_, err = w.client.Replace(t.Context(), w.who, f, []byte("new"))
	wantFault(t, err, fault.NotFound, notThere)
	_, err = w.client.File(t.Context(), w.who, "b!nothing", "nothing")
	wantFault(t, err, fault.NotFound, notThere)
}
