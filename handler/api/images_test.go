package api_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"imagepro/handler/caller"
	"imagepro/handler/fault"
	"imagepro/handler/imaging"
	"imagepro/handler/library"
	"imagepro/handler/secret"
)

// sharePoint holds one file, and notes what it was asked for.
type sharePoint struct {
	library.SharePoint // what no test calls
	item               library.Item
	content            []byte
	old                []byte
	fail               error // of a stream, after its first half
	listing            library.Listing
	cursor             string
	opened             []library.Span
	drawer             drawer
	columns            []string // that were written
}

// drawer keeps the properties of the one file.
type drawer struct {
	kept   *library.Properties
	filter library.Filter
	writes int
}

func (d *drawer) Properties(context.Context, string, library.Ref) (library.Properties, error) {
	if d.kept == nil {
		return library.Properties{}, notThere()
	}
	return *d.kept, nil
}

func (d *drawer) PutProperties(_ context.Context, p library.Properties) (library.Properties, error) {
	d.writes++
	p.Version = fmt.Sprint("v", d.writes)
	d.kept = &p
	return p, nil
}

func (d *drawer) ListProperties(
	_ context.Context, _ string, f library.Filter, cursor string, _ int,
) ([]library.Properties, string, error) {
	d.filter = f
	if cursor != "" || d.kept == nil {
		return nil, "", nil
	}
	return []library.Properties{*d.kept}, "key", nil
}

func (s *sharePoint) Visible(
	_ context.Context, _ caller.Caller, refs []library.Ref,
) (map[library.Ref]library.Item, error) {
	return map[library.Ref]library.Item{refs[0]: s.item}, nil
}

func (s *sharePoint) SetColumns(_ context.Context, _ caller.Caller, _ library.Ref, c library.Columns) error {
	for _, one := range []*string{c.Title, c.Description} {
		if one != nil {
			s.columns = append(s.columns, *one)
		}
	}
	return nil
}

func newSharePoint() *sharePoint {
	var content bytes.Buffer
	_ = jpeg.Encode(&content, image.NewGray(image.Rect(0, 0, 30, 20)), nil)
	return &sharePoint{
		content: content.Bytes(), old: []byte("old content"),
		item: library.Item{
			Ref:        library.Ref{Drive: "d", Item: "i"},
			Name:       `sün "set".jpg`,
			MIME:       "image/jpeg",
			Size:       int64(content.Len()),
			Tag:        `"c:{X},1"`,
			Parent:     "p",
			ModifiedAt: now,
			ModifiedBy: library.Person{ID: "secret-id", Name: "Bela"},
			Width:      30,
			Height:     20,
			Source:     secret.New("https://x/tempauth"),
		},
	}
}

func (s *sharePoint) Item(_ context.Context, _ caller.Caller, ref library.Ref) (library.Item, error) {
	if ref != s.item.Ref {
		return library.Item{}, notThere()
	}
	return s.item, nil
}

func (s *sharePoint) Open(
	_ context.Context, _ caller.Caller, _ library.Item, part library.Span,
) (io.ReadCloser, error) {
	s.opened = append(s.opened, part)
	return s.part(s.content, part), nil
}

func (s *sharePoint) OpenVersion(
	_ context.Context, _ caller.Caller, _ library.Ref, _ library.Version, part library.Span,
) (io.ReadCloser, error) {
	return s.part(s.old, part), nil
}

func (s *sharePoint) part(content []byte, part library.Span) io.ReadCloser {
	content = content[part.From : part.From+part.Length]
	if s.fail != nil {
		return io.NopCloser(io.MultiReader(bytes.NewReader(content[:len(content)/2]), breaking{s.fail}))
	}
	return io.NopCloser(bytes.NewReader(content))
}

type breaking struct{ err error }

func (f breaking) Read([]byte) (int, error) { return 0, f.err }

func (s *sharePoint) Hash(library.Content) (string, error) { return "hash", nil }

func (s *sharePoint) Put(_ context.Context, _ caller.Caller, i library.Item, c library.Content) (library.Item, error) {
	if i.Tag != s.item.Tag {
		return library.Item{}, fault.New(fault.Conflict, "Changed.", nil)
	}
	s.content, _ = io.ReadAll(io.NewSectionReader(c, 0, c.Size))
	s.item.Tag, s.item.Size = `"c:{X},2"`, c.Size
	return s.item, nil
}

func (s *sharePoint) Add(
	_ context.Context, _ caller.Caller, folder library.Ref, name string, c library.Content,
) (library.Item, error) {
	return library.Item{
		Ref:    library.Ref{Drive: folder.Drive, Item: "new"},
		Parent: folder.Item,
		Name:   name,
		Tag:    "t",
		Size:   c.Size,
	}, nil
}

func (s *sharePoint) History(context.Context, caller.Caller, library.Ref) ([]library.Version, error) {
	return []library.Version{
		{
			ID:         "2.0",
			Size:       int64(len(s.content)),
			Current:    true,
			ModifiedAt: now,
			ModifiedBy: library.Person{ID: "secret-id", Name: "Bela"},
		},
		{ID: "1.0", Size: int64(len(s.old)), ModifiedAt: now.Add(-time.Hour)},
	}, nil
}

func (s *sharePoint) MayWrite(context.Context, caller.Caller, library.Ref) error { return nil }

func (s *sharePoint) List(
	_ context.Context, _ caller.Caller, l library.Listing,
) (library.Page[library.Item], library.SortKey, error) {
	s.listing = l
	entry := s.item
	entry.Thumbnails = []library.Thumbnail{{Size: "small", Width: 9, Height: 6, Address: "https://x/small"}}
	return library.Page[library.Item]{
		Entries: []library.Item{{
			Ref:      library.Ref{Drive: "d", Item: "f"},
			Name:     "folder",
			Folder:   true,
			Children: 3,
		}, entry}, Next: "https://graph/next?page=2"}, l.By, nil
}

func (s *sharePoint) Changes(
	_ context.Context, _ caller.Caller, _, cursor string,
) (library.Page[library.Item], string, error) {
	s.cursor = cursor
	return library.Page[library.Item]{
		Entries: []library.Item{{Ref: library.Ref{Drive: "d", Item: "x"}, Deleted: true}}}, "https://graph/later", nil
}

func (s *sharePoint) Sites(
	_ context.Context, _ caller.Caller, search, cursor string,
) (library.Page[library.Site], error) {
	s.cursor = cursor
	return library.Page[library.Site]{
		Entries: []library.Site{{
			ID:        "h,1,2",
			Title:     search,
			Address:   "https://h/sites/x",
			CreatedAt: now,
		}}, Next: "https://graph/sites?2"}, nil
}

func (s *sharePoint) SiteAt(_ context.Context, _ caller.Caller, host, path string) (library.Site, error) {
	return library.Site{ID: "h,1,2", Title: host + "|" + path}, nil
}

func (s *sharePoint) Drives(context.Context, caller.Caller, string, string) (library.Page[library.Drive], error) {
	return library.Page[library.Drive]{
		Entries: []library.Drive{{ID: "d", Name: "Documents", Remaining: 5}, {ID: "e", Remaining: -1}}}, nil
}

// withPictures gives the world a library of one picture.
func withPictures(s *sharePoint) func(*world) {
	return func(w *world) {
		w.pictures = library.NewService(library.ServiceOptions{
			SharePoint: s,
			Properties: &s.drawer,
			Limits:     imaging.DefaultLimits(),
			Room:       imaging.NewRoom(1),
			Now:        func() time.Time { return now },
		})
	}
}

const picturePath = "/api/images/d/i"

// tag is the ETag of the picture.
var tag = `"` + "ImM6e1h9LDEi" + `"`

func with(method, path, body string, header ...string) request {
	r := request{method: method, path: path, body: body, header: map[string]string{"Content-Type": "application/json"}}
	for i := 0; i+1 < len(header); i += 2 {
		r.header[header[i]] = header[i+1]
	}
	return r
}

func TestAContentComesWholeOrInPart(t *testing.T) {
	t.Parallel()
	s := newSharePoint()
	w := newWorld(withPictures(s))
	size := len(s.content)
	for name, c := range map[string]struct {
		header       []string
		status       int
		from, length int
	}{
		"whole":                  {nil, 200, 0, size},
		"first bytes":            {[]string{"Range", "bytes=0-9"}, 206, 0, 10},
		"to the end":             {[]string{"Range", "bytes=5-"}, 206, 5, size - 5},
		"beyond the end":         {[]string{"Range", "bytes=5-999999"}, 206, 5, size - 5},
		"last bytes":             {[]string{"Range", "bytes=-7"}, 206, size - 7, 7},
		"more than all":          {[]string{"Range", "bytes=-999999"}, 206, 0, size},
		"behind the end":         {[]string{"Range", fmt.Sprintf("bytes=%d-", size)}, 416, 0, 0},
		"the last none":          {[]string{"Range", "bytes=-0"}, 416, 0, 0},
		"two ranges":             {[]string{"Range", "bytes=0-1,3-4"}, 200, 0, size},
		"another unit":           {[]string{"Range", "lines=0-1"}, 200, 0, size},
		"nonsense":               {[]string{"Range", "bytes=x-y"}, 200, 0, size},
		"backwards":              {[]string{"Range", "bytes=9-3"}, 200, 0, size},
		"nothing":                {[]string{"Range", "bytes="}, 200, 0, size},
		"if it still stands":     {[]string{"Range", "bytes=0-9", "If-Range", tag}, 206, 0, 10},
		"if another stood":       {[]string{"Range", "bytes=0-9", "If-Range", `"x"`}, 200, 0, size},
		"if another is known":    {[]string{"If-None-Match", `"x"`}, 200, 0, size},
		"if it is known":         {[]string{"If-None-Match", tag}, 304, 0, 0},
		"if it is one of known":  {[]string{"If-None-Match", `"x", W/` + tag}, 304, 0, 0},
		"if anything is known":   {[]string{"If-None-Match", "*"}, 304, 0, 0},
		"a part, if it is known": {[]string{"If-None-Match", tag, "Range", "bytes=0-9"}, 304, 0, 0},
	} {
		a := w.serve(t.Context(), with("GET", picturePath+"/content", "", c.header...), name)
		if a.status != c.status {
			t.Errorf("%s: %d %.200s", name, a.status, a.text)
			continue
		}
		if c.status == 416 {
			if got := a.header.Get("Content-Range"); got != fmt.Sprintf("bytes */%d", size) ||
				!strings.Contains(a.text, "urn:image-pro:problem:invalid") {
				t.Errorf("%s: Content-Range %q, %s", name, got, a.text)
			}
			continue
		}
		want := string(s.content[c.from : c.from+c.length])
		if c.status == 304 {
			want = ""
		}
		if a.text != want {
			t.Errorf("%s: %d bytes, want %d", name, len(a.text), len(want))
		}
		if c.status == 206 &&
			a.header.Get("Content-Range") != fmt.Sprintf("bytes %d-%d/%d", c.from, c.from+c.length-1, size) {
			t.Errorf("%s: Content-Range %q", name, a.header.Get("Content-Range"))
		}
		for header, value := range map[string]string{
			"ETag": tag, "Cache-Control": "private, no-cache", "X-Content-Type-Options": "nosniff",
			"Accept-Ranges": "bytes",
			"Content-Type":  "image/jpeg", "Content-Security-Policy": "default-src 'none'; sandbox",
			"Content-Disposition": "inline; filename*=utf-8''s%C3%BCn%20%22set%22.jpg",
		} {
			if got := a.header.Get(header); got != value {
				t.Errorf("%s: %s %q, want %q", name, header, got, value)
			}
		}
	}
}

func TestWhatMayHoldScriptsIsNotShown(t *testing.T) {
	t.Parallel()
	for mediaType, want := range map[string][2]string{
		"image/svg+xml": {"image/svg+xml", "attachment"}, "text/html": {"application/octet-stream", "attachment"},
		"": {"application/octet-stream", "attachment"}, "image/png": {"image/png", "inline"},
	} {
		s := newSharePoint()
		s.item.MIME, s.item.Name = mediaType, "a\r\nSet-Cookie: x"
		a := newWorld(withPictures(s)).serve(t.Context(), with("GET", picturePath+"/content", ""), mediaType)
		if got := a.header.Get("Content-Type"); got != want[0] ||
			!strings.HasPrefix(a.header.Get("Content-Disposition"), want[1]) || a.header.Get("Set-Cookie") != "" ||
			strings.ContainsAny(a.header.Get("Content-Disposition"), "\r\n") {
			t.Errorf("%q comes as %q, %q", mediaType, got, a.header.Get("Content-Disposition"))
		}
	}
	a := newWorld(withPictures(newSharePoint())).serve(t.Context(),
		with("GET", picturePath+"/content?download=true", ""), "download")
	if !strings.HasPrefix(a.header.Get("Content-Disposition"), "attachment") {
		t.Errorf("a download comes as %q", a.header.Get("Content-Disposition"))
	}
}

// fetchBroken asks for a content of which only the first bytes, about half of it, can be had.
func fetchBroken(t *testing.T, had int, invocation string) (*http.Response, int, error) {
	t.Helper()
	s := newSharePoint()
	s.fail, s.content = errors.New("it broke"), make([]byte, 2*had+1)
	s.item.Size = int64(len(s.content))
	server := httptest.NewServer(newWorld(withPictures(s)).api)
	t.Cleanup(server.Close)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+picturePath+"/content", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer anna")
	request.Header.Set("X-Azure-Functions-InvocationId", invocation)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatalf("there is no answer, so that the host would ask again: %v", err)
	}
	defer response.Body.Close()
	got, err := io.ReadAll(response.Body)
	return response, len(got), err
}

func TestAnAnswerThatBreaksOffIsNotTakenForTheWhole(t *testing.T) {
	t.Parallel()
	for _, had := range []int{1, 100, 1 << 19} {
		invocation := fmt.Sprintf("broken-off-%d", had)
		if response, got, err := fetchBroken(t, had, invocation); err == nil || got > had ||
			response.StatusCode != http.StatusOK {
			t.Errorf("%d of %d bytes came, status %d, %v", got, had, response.StatusCode, err)
		}
		if lines := log.of(invocation); !strings.Contains(lines, "an answer broke off") ||
			strings.Contains(lines, "panic") {
			t.Errorf("the log says %s", lines)
		}
	}
}

func TestAnAnswerThatBreaksOffBeforeItBeganIsAProblem(t *testing.T) {
	t.Parallel()
	response, _, err := fetchBroken(t, 0, "never-begun")
	if err != nil || response.StatusCode != http.StatusInternalServerError ||
		response.Header.Get("Content-Type") != "application/problem+json" ||
		response.Header.Get("Content-Disposition") != "" || response.Header.Get("ETag") != "" {
		t.Errorf("status %d, %v, %v", response.StatusCode, response.Header, err)
	}
}

func TestAPictureIsReplacedByTheBodyAsItIs(t *testing.T) {
	t.Parallel()
	s := newSharePoint()
	w := newWorld(withPictures(s))
	var next bytes.Buffer
	_ = jpeg.Encode(&next, image.NewGray(image.Rect(0, 0, 50, 40)), nil)
	put := func(header ...string) answer {
		return w.call(
			t, with("PUT", picturePath+"/content", next.String(),
				append([]string{"Content-Type", "image/jpeg"}, header...)...))
	}
	if a := put(); a.status != 428 {
		t.Errorf("without a version: %d %s", a.status, a.text)
	}
	if a := put("If-Match", "*"); a.status != 422 {
		t.Errorf("over any version: %d %s", a.status, a.text)
	}
	a := put("If-Match", tag)
	if a.status != 200 || a.body["width"] != 50.0 || a.header.Get("ETag") != a.body["etag"] ||
		a.header.Get("ETag") == tag || !bytes.Equal(s.content, next.Bytes()) {
		t.Errorf("%d %s", a.status, a.text)
	}
	a = put("If-Match", tag)
	latest, _ := a.body["latest"].(map[string]any)
	if kind, _ := a.problem(); a.status != 412 || kind != "stale" || latest["modifiedBy"] != "Bela" ||
		latest["etag"] == nil || latest["etag"] == tag || latest["modifiedAt"] != "2026-03-01T12:00:00Z" {
		t.Errorf("over what was: %d %s", a.status, a.text)
	}
	if a := w.call(
		t, with("PUT", picturePath+"/content", "<svg/>", "Content-Type", "image/png", "If-Match",
			`"ImM6e1h9LDIi"`)); a.status != 415 {
		t.Errorf("no picture: %d %s", a.status, a.text)
	}
}

func TestEditsAndPreviewsAnswerWhatBecameOfThePicture(t *testing.T) {
	t.Parallel()
	s := newSharePoint()
	w := newWorld(withPictures(s))
	const flip = `"recipe":{"version":1,"steps":[{"op":"resize","width":10}]}`
	a := w.serve(t.Context(), with("POST", picturePath+"/preview", `{`+flip+`,"size":16}`), "preview")
	if m, format, err := image.Decode(strings.NewReader(a.text)); err != nil || format != "jpeg" ||
		m.Bounds().Dx() != 10 || a.header.Get("Content-Type") != "image/jpeg" {
		t.Errorf("%d: %s, %v", a.status, format, err)
	}
	plan := w.call(t, with("POST", picturePath+"/preview?explain=true", `{`+flip+`}`))
	before, _ := plan.body["before"].(map[string]any)
	passes, _ := plan.body["passes"].([]any)
	if plan.status != 200 || plan.header.Get("Content-Type") != "application/json" || plan.body["how"] != "recoded" ||
		before["format"] != "jpeg" || len(passes) == 0 || plan.body["pixelsTouched"] == 0.0 {
		t.Errorf("the plan: %d %s", plan.status, plan.text)
	}
	made := w.call(
		t, with("POST", picturePath+"/edits",
			`{`+flip+`,"save":{"target":"copy","name":"{name} small","folderId":"f"}}`, "If-Match", tag))
	item, _ := made.body["item"].(map[string]any)
	if made.status != 201 || made.header.Get("Location") != "/api/images/d/new" ||
		item["name"] != `sün "set" small.jpg` || item["parentId"] != "f" {
		t.Errorf("a copy: %d %s", made.status, made.text)
	}
	edited := w.call(t, with("POST", picturePath+"/edits", `{`+flip+`}`, "If-Match", tag))
	after, _ := edited.body["after"].(map[string]any)
	if edited.status != 200 || edited.header.Get("Location") != "" || after["width"] != 10.0 ||
		edited.header.Get("ETag") != `"ImM6e1h9LDIi"` {
		t.Errorf("a new version: %d %s", edited.status, edited.text)
	}
	for body, field := range map[string]string{
		`{}`: "/recipe", `{"recipe":{"version":2}}`: "/recipe/version",
		`{` + flip + `,"save":{"target":"print"}}`:                 "/save/target",
		`{` + flip + `,"save":{"name":"x"}}`:                       "/save/name",
		`{` + flip + `,"save":{"target":"copy","onConflict":"x"}}`: "/save/onConflict",
		`{` + flip + `,"size":9}`:                                  "/size",
	} {
		a := w.call(t, with("POST", picturePath+"/edits", body, "If-Match", tag))
		if kind, at := a.problem(); kind != "invalid" || at != field {
			t.Errorf("%s: %d %s, want invalid at %s", body, a.status, a.text, field)
		}
	}
}

func TestFoldersChangesAndSitesComeInPagesOfTheirOwner(t *testing.T) {
	t.Parallel()
	s := newSharePoint()
	w := newWorld(withPictures(s))
	a := w.call(
		t, with("GET", "/api/drives/d/items?sort=size&descending=true&thumbnails=true&limit=7&folder=f&kind=all", ""))
	items := a.body["items"].([]any)
	want := library.Listing{
		Folder:     library.Ref{Drive: "d", Item: "f"},
		By:         library.BySize,
		Descending: true,
		Limit:      7,
		Thumbnails: true,
	}
	if len(items) != 2 || s.listing != want {
		t.Errorf("%s; asked for %+v", a.text, s.listing)
	}
	picture, _ := json.Marshal(items[1])
	for _, part := range []string{`"name":"sün \"set\".jpg"`, `"width":30`, `"modifiedBy":"Bela"`,
		`"etag":"\"ImM6e1h9LDEi\""`, `"url":"https://x/small"`} {
		if !strings.Contains(string(picture), part) {
			t.Errorf("the picture lacks %s: %s", part, picture)
		}
	}
	if strings.Contains(a.text, "tempauth") || strings.Contains(a.text, "secret-id") {
		t.Errorf("it tells what it should not: %s", a.text)
	}
	next := a.body["next"].(string)
	query := "sort=size&descending=true&thumbnails=true&folder=f&cursor=" + next
	if a := w.call(t, with("GET", "/api/drives/d/items?"+query, "")); a.status != 200 ||
		s.listing.Cursor != "https://graph/next?page=2" {
		t.Errorf("the next page: %d, cursor %q", a.status, s.listing.Cursor)
	}
	for what, r := range map[string]request{
		"another user's":    {method: "GET", path: "/api/drives/d/items?" + query, token: "Bearer bela"},
		"another library's": with("GET", "/api/drives/e/items?"+query, ""),
		"another order's":   with("GET", "/api/drives/d/items?folder=f&cursor="+next, ""),
		"another list's":    with("GET", "/api/drives/d/changes?cursor="+next, ""),
	} {
		if a := w.call(t, r); a.status != 422 {
			t.Errorf("a cursor of %s: %d %s", what, a.status, a.text)
		}
	}
	changes := w.call(t, with("GET", "/api/drives/d/changes?since=now", ""))
	if s.cursor != "latest" || !strings.Contains(changes.text, `"deleted":true`) || changes.body["next"] != nil {
		t.Errorf("%s from %q", changes.text, s.cursor)
	}
	w.call(t, with("GET", "/api/drives/d/changes?cursor="+changes.body["later"].(string), ""))
	if s.cursor != "https://graph/later" {
		t.Errorf("the cursor is %q", s.cursor)
	}
	sites := w.call(t, with("GET", "/api/sites?search=fair", ""))
	w.call(t, with("GET", "/api/sites?search=fair&cursor="+sites.body["next"].(string), ""))
	if s.cursor != "https://graph/sites?2" || !strings.Contains(sites.text, `"title":"fair"`) {
		t.Errorf("%s, cursor %q", sites.text, s.cursor)
	}
	if a := w.call(t, with("GET", "/api/sites?url=https://H.sharepoint.com/sites/a/b/c", "")); !strings.Contains(a.text,
		`"title":"h.sharepoint.com|sites/a"`) {
		t.Errorf("%s", a.text)
	}
	if a := w.call(t, with("GET", "/api/sites?url=https://h.x/sites/a&search=x", "")); a.status != 422 {
		t.Errorf("both: %d", a.status)
	}
	if a := w.call(
		t, with("GET", "/api/sites/h,1,2/drives",
			"")); a.text != `{"drives":[{"driveId":"d","name":"Documents","webUrl":"","remainingBytes":5},`+
		`{"driveId":"e","name":"","webUrl":""}]}`+"\n" {
		t.Errorf("%s", a.text)
	}
}

func TestVersionsNameTheirAddresses(t *testing.T) {
	t.Parallel()
	s := newSharePoint()
	w := newWorld(withPictures(s))
	a := w.call(t, with("GET", picturePath+"/versions", ""))
	versions := a.body["versions"].([]any)
	if first := versions[0].(map[string]any); len(versions) != 2 || a.header.Get("ETag") != tag ||
		first["current"] != true || first["modifiedBy"] != "Bela" || first["width"] != 30.0 {
		t.Errorf("%s", a.text)
	}
	old := versions[1].(map[string]any)
	content := w.serve(t.Context(), with("GET", old["content"].(string), ""), "old")
	if content.status != 200 || content.text != "old content" || content.header.Get("ETag") == tag {
		t.Errorf("%d %s", content.status, content.text)
	}
	if again := w.serve(t.Context(),
		with("GET", old["content"].(string), "", "If-None-Match", content.header.Get("ETag")),
		"again"); again.status != 304 {
		t.Errorf("once more: %d", again.status)
	}
	compared := w.call(t, with("GET", picturePath+"/comparison", ""))
	if before := compared.body["before"].(map[string]any); before["id"] != "1.0" ||
		compared.body["after"].(map[string]any)["id"] != "2.0" {
		t.Errorf("%s", compared.text)
	}
	restored := w.call(t, with("POST", picturePath+"/versions/1.0/restore", "", "If-Match", tag))
	if restored.status != 200 || string(s.content) != "old content" || restored.header.Get("ETag") == tag {
		t.Errorf("%d %s", restored.status, restored.text)
	}
	for _, r := range []request{with("POST", picturePath+"/versions/1.0/restore", ""),
		with("POST", picturePath+"/versions/1.0/restore", "", "If-Match", tag)} {
		if a := w.call(t, r); a.status != 428 && a.status != 412 {
			t.Errorf("%d %s", a.status, a.text)
		}
	}
}

func TestAClientThatHangsUpIsNoDefect(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(newWorld(withPictures(newSharePoint())).api)
	defer server.Close()
	connection, err := net.Dial("tcp", strings.TrimPrefix(server.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	fmt.Fprintf(connection,
		"PUT %s/content HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer anna\r\nIf-Match: %s\r\nContent-Type: "+
			"image/jpeg\r\n"+
			"Content-Length: 1000\r\nX-Azure-Functions-InvocationId: hung-up\r\n\r\nabc", picturePath, tag)
	_ = connection.(*net.TCPConn).CloseWrite()
	response, err := http.ReadResponse(bufio.NewReader(connection), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if lines := log.of("hung-up"); response.StatusCode != 503 || strings.Contains(lines, `"level":"ERROR"`) {
		t.Errorf("%d\n%s", response.StatusCode, lines)
	}
}

func TestNothingIsNotedOfAUserWhoIsErased(t *testing.T) {
	t.Parallel()
	s := newSharePoint()
	w := newWorld(withPictures(s), func(w *world) { w.erasing = true })
	for _, r := range []request{
		with("POST", picturePath+"/edits", `{"recipe":{"version":1,"steps":[]}}`, "If-Match", tag),
		with("PATCH", picturePath+"/properties", `{"title":"x"}`, "If-Match", `"bm9uZQ"`),
	} {
		if a := w.call(t, r); a.status != 503 || s.drawer.writes != 0 {
			t.Errorf("%s: %d %s", r.path, a.status, a.text)
		}
	}
}
