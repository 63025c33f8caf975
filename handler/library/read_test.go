package library_test

import (
	"bytes"
	"image"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	sandboxgraph "imagepro/handler/dev/sandbox/graph"
	"imagepro/handler/dev/sandbox/trouble"
	"imagepro/handler/fault"
	"imagepro/handler/library"
)

// read reads a part of a file as the service serves it.
func (w *world) read(i library.Item, part library.Span) ([]byte, error) {
	stream, err := w.service.Open(w.t.Context(), w.adele, i, part)
	if err != nil {
		return nil, err
	}
	defer func() { _ = stream.Close() }()
	return io.ReadAll(stream)
}

func (w *world) trouble(rule trouble.Rule) {
	w.t.Helper()
	if _, err := w.Trouble.Add(rule); err != nil {
		w.t.Fatal(err)
	}
}

func TestAPartOfAContentIsReadWithoutAskingGraphAgain(t *testing.T) {
	t.Parallel()
	w := open(t)
	content := asTIFF(picture(300, 200, 1))
	i := w.put("a.tiff", content)
	for _, wholeAlways := range []float64{0, 1} { // now and then SharePoint sends everything
		if wholeAlways > 0 {
			w = unkind(t)
			i = w.put("a.tiff", content)
			w.Graph.SetUnkindness(sandboxgraph.Unkindness{WholeRange: wholeAlways})
		}
		for _, part := range []library.Span{{0, i.Size}, {0, 1}, {100, 50}, {i.Size - 1, 1}, {70_000, 100_000},
			{5, 0}} {
			toGraph, _ := w.since(func() {
				got, err := w.read(i, part)
				if err != nil || !bytes.Equal(got, content[part.From:part.From+part.Length]) {
					t.Errorf("%+v: %d bytes, %v", part, len(got), err)
				}
			})
			if len(toGraph) != 0 {
				t.Errorf("%+v: Graph was asked %d times", part, len(toGraph))
			}
		}
	}
}

func TestAStreamThatBreaksOffGoesOn(t *testing.T) {
	t.Parallel()
	w := unkind(t)
	w.Graph.SetUnkindness(sandboxgraph.Unkindness{})
	content := asTIFF(picture(1000, 500, 1)) // 2 MB
	i := w.put("a.tiff", content)
	w.trouble(trouble.Rule{
		Service: "sharepoint",
		Method:  "GET",
		Path:    "download",
		Action:  trouble.Truncate,
		Bytes:   700_000,
		Times:   2,
	})
	w.trouble(trouble.Rule{
		Service: "sharepoint",
		Method:  "GET",
		Path:    "download",
		Action:  trouble.Fail,
		Status:  401,
		Skip:    2,
	})
	if got, err := w.read(i, library.Span{Length: i.Size}); err != nil || !bytes.Equal(got, content) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	w.trouble(trouble.Rule{
		Service: "sharepoint",
		Method:  "GET",
		Path:    "download",
		Action:  trouble.Truncate,
		Bytes:   10_000,
		Times:   -1,
	})
	_, err := w.read(i, library.Span{Length: i.Size})
	wantKind(t, "a stream that always breaks", err, fault.Busy)
}

func TestAStreamOfAFileThatWasChangedMeanwhileFails(t *testing.T) {
	t.Parallel()
	w := unkind(t)
	w.Graph.SetUnkindness(sandboxgraph.Unkindness{})
	i := w.put("a.tiff", asTIFF(picture(1000, 500, 1)))
	w.trouble(trouble.Rule{
		Service: "sharepoint",
		Method:  "GET",
		Path:    "download",
		Action:  trouble.Truncate,
		Bytes:   700_000,
	})
	stream, err := w.service.Open(t.Context(), w.adele, i, library.Span{Length: i.Size})
	must(t, err)
	defer func() { _ = stream.Close() }()
	_, err = io.ReadFull(stream, make([]byte, 100_000))
	must(t, err)
	w.put("a.tiff", asTIFF(picture(1000, 500, 2)))
	_, err = io.ReadAll(stream)
	wantKind(t, "the rest", err, fault.Conflict)
}

func TestMalwareAndExpiredAddressesAreToldApart(t *testing.T) {
	t.Parallel()
	w := open(t)
	i := w.put("a.jpg", asJPEG(picture(20, 10, 1)))
	_, err := w.Graph.MarkMalware(i.Drive, i.Ref.Item, "EICAR")
	must(t, err)
	_, err = w.read(i, library.Span{Length: i.Size})
	if f := wantKind(t, "malware", err, fault.Forbidden); !strings.Contains(f.Message, "malware") {
		t.Errorf("it says %q", f.Message)
	}
}

func TestThumbnailsComeFromSharePointOrAreMadeHere(t *testing.T) {
	t.Parallel()
	w := unkind(t)
	w.Graph.SetUnkindness(sandboxgraph.Unkindness{})
	theirs := w.put("a.jpg", asJPEG(picture(400, 300, 1)))
	w.Graph.SetUnkindness(sandboxgraph.Unkindness{ThumbnailsMax: 1 << 60})
	ours := w.put("b.jpg", asJPEG(picture(400, 300, 1)))
	for _, i := range []library.Item{theirs, ours} {
		for size, side := range map[string]int{"small": 96, "medium": 176, "large": 400} {
			data, err := w.service.Thumbnail(t.Context(), w.adele, i.Ref, size)
			must(t, err)
			m, format, err := image.Decode(bytes.NewReader(data))
			if err != nil || format != "jpeg" || m.Bounds().Dx() != side {
				t.Errorf("%s of %s: %s %v, %v", size, i.Name, format, m.Bounds(), err)
			}
		}
	}
	moving := w.put("c.gif", asMovingGIF(picture(200, 100, 1), picture(200, 100, 9)))
	data, err := w.service.Thumbnail(t.Context(), w.adele, moving.Ref, "small")
	must(t, err)
	if m, format, err := image.Decode(bytes.NewReader(data)); err != nil || format != "jpeg" || m.Bounds().Dx() != 96 {
		t.Errorf("of an animation: %s, %v", format, err)
	}
	_, err = w.service.Thumbnail(t.Context(), w.alex, ours.Ref, "small")
	wantKind(t, "a thumbnail for a colleague", err, fault.NotFound)
	_, err = w.service.Thumbnail(t.Context(), w.adele, w.put("notes.txt", []byte("text")).Ref, "small")
	wantKind(t, "a thumbnail of a text", err, fault.Unsupported)
}

func TestAPictureTellsAboutItself(t *testing.T) {
	t.Parallel()
	w := open(t)
	i := w.put("a.gif", asGIF(picture(40, 30, 1)))
	got, about, err := w.service.About(t.Context(), w.adele, i.Ref)
	if err != nil || about.Width != 40 || about.Format != "gif" || about.Animated || about.Frames != 1 ||
		got.Ref != i.Ref {
		t.Errorf("%+v, %v", about, err)
	}
	_, _, err = w.service.About(t.Context(), w.adele, w.put("fake.jpg", []byte("text")).Ref)
	wantKind(t, "no picture", err, fault.Unsupported)
}

func TestPicturesOfPhonesAreShownAsFilesAndRefusedWithTheReason(t *testing.T) {
	t.Parallel()
	w := open(t)
	content := []byte("\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic")
	i := w.put("IMG_0001.HEIC", content)
	if listed := w.list(library.Query{}); len(listed) != 1 || listed[0].Ref != i.Ref ||
		listed[0].MIME != "image/heic" || listed[0].Width != 0 {
		t.Errorf("listed as %+v", listed)
	}
	if got, err := w.read(i, library.Span{Length: i.Size}); err != nil || !bytes.Equal(got, content) {
		t.Errorf("the content is %q, %v", got, err)
	}
	_, _, about := w.service.About(t.Context(), w.adele, i.Ref)
	_, preview := w.service.Preview(t.Context(), w.adele, i.Ref, flip, 40)
	_, edit := w.service.Edit(t.Context(), w.adele, i.Ref, i.Tag, flip, library.Save{Target: library.Copy})
	_, thumbnail := w.service.Thumbnail(t.Context(), w.adele, i.Ref, "small")
	_, put := w.service.Replace(t.Context(), w.adele, i.Ref, i.Tag, "image/heic", i.Size, bytes.NewReader(content))
	for what, err := range map[string]error{
		"about":         about,
		"preview":       preview,
		"edit":          edit,
		"thumbnail":     thumbnail,
		"a new content": put,
	} {
		wantKind(t, what, err, fault.Unsupported)
		if f := fault.From(err); f == nil || !strings.HasPrefix(f.Message, "HEIC pictures are not edited. ") {
			t.Errorf("%s: %v", what, err)
		}
	}
	if w.versions(i.Ref) != 1 {
		t.Error("something was saved")
	}
}

// Camera raw is told by its content, whatever its name and so SharePoint's type say. Nothing replaces it.
func TestCameraRawIsShownAsFilesAndRefusedWithTheReason(t *testing.T) {
	t.Parallel()
	w := open(t)
	content, err := os.ReadFile("../imaging/testdata/cases/raw/camera.dng")
	must(t, err)
	for name, mime := range map[string]string{"IMG_0001.DNG": "image/dng", "IMG_0002.tif": "image/tiff",
		"IMG_0003.jpg": "image/jpeg"} {
		i := w.put(name, content)
		if i.MIME != mime {
			t.Errorf("%s: %+v", name, i)
		}
		_, _, about := w.service.About(t.Context(), w.adele, i.Ref)
		_, preview := w.service.Preview(t.Context(), w.adele, i.Ref, flip, 40)
		_, explain := w.service.Explain(t.Context(), w.adele, i.Ref, flip)
		_, edit := w.service.Edit(t.Context(), w.adele, i.Ref, i.Tag, flip, library.Save{})
		_, copied := w.service.Edit(t.Context(), w.adele, i.Ref, i.Tag, flip, library.Save{Target: library.Copy})
		_, put := w.service.Replace(t.Context(), w.adele, i.Ref, i.Tag, mime, i.Size, bytes.NewReader(content))
		errs := map[string]error{
			"about": about, "preview": preview, "explain": explain, "edit": edit, "edit to a copy": copied,
			"a raw content": put,
		}
		for kind, next := range map[string][]byte{"image/tiff": asTIFF(picture(9, 9, 1)),
			"image/jpeg": asJPEG(picture(9, 9, 1))} {
			if kind == mime {
				_, errs["over it"] = w.replace(i, kind, next)
			}
		}
		if mime == "image/jpeg" {
			source := w.put("3.jpg", asJPEG(picture(9, 9, 2)))
			_, errs["a copy over it"] = w.service.Edit(t.Context(), w.adele, source.Ref, source.Tag, flip,
				library.Save{Target: library.Copy, Name: "IMG_000{name}", OnConflict: library.Replace})
		}
		for what, err := range errs {
			f := fault.From(err)
			if err == nil || f.Kind != fault.Unsupported ||
				!strings.HasPrefix(f.Message, "The file is camera raw (Adobe DNG); raw pictures are not edited.") {
				t.Errorf("%s: %s: %v", name, what, err)
			}
		}
		if w.versions(i.Ref) != 1 || !bytes.Equal(w.content(i.Ref), content) {
			t.Errorf("%s: something was saved", name)
		}
	}
	fake := w.put("text.jpg", []byte("no picture at all"))
	if _, err := w.replace(fake, "image/jpeg", asJPEG(picture(9, 9, 1))); err != nil {
		t.Errorf("over what is no picture: %v", err)
	}
}

func TestVersionsAreListedReadComparedAndRestored(t *testing.T) {
	t.Parallel()
	w := open(t)
	contents := [][]byte{asJPEG(picture(40, 30, 1)), asJPEG(picture(50, 30, 2)), asJPEG(picture(60, 30, 3))}
	var i library.Item
	for _, content := range contents {
		i = w.put("a.jpg", content)
	}
	ctx := t.Context()
	now, history, err := w.service.History(ctx, w.adele, i.Ref)
	if err != nil || len(history) != 3 || now.Tag != i.Tag {
		t.Fatalf("%+v, %v", history, err)
	}
	for n, v := range history {
		if v.Width != 60-10*n || v.Height != 30 || v.Current != (n == 0) || v.ModifiedBy.Name != "Adele Vance" ||
			time.Since(v.ModifiedAt) > time.Minute || v.Size != int64(len(contents[2-n])) {
			t.Errorf("version %d is %+v", n, v)
		}
		file, version, err := w.service.Version(ctx, w.adele, i.Ref, v.ID)
		must(t, err)
		stream, err := w.service.OpenVersion(ctx, w.adele, file, version, library.Span{Length: version.Size})
		must(t, err)
		got, err := io.ReadAll(stream)
		_ = stream.Close()
		if err != nil || !bytes.Equal(got, contents[2-n]) {
			t.Errorf("the content of version %s: %d bytes, %v", v.ID, len(got), err)
		}
		thumbnail, err := w.service.VersionThumbnail(ctx, w.adele, i.Ref, v.ID, "large")
		must(t, err)
		if m, format, err := image.Decode(bytes.NewReader(thumbnail)); err != nil || format != "jpeg" ||
			m.Bounds().Dx() != v.Width {
			t.Errorf("the thumbnail of version %s: %s %v, %v", v.ID, format, m, err)
		}
	}
	_, both, err := w.service.Compare(ctx, w.adele, i.Ref, "", "")
	if err != nil || both[0].ID != history[1].ID || both[1].ID != history[0].ID || both[0].Width != 50 ||
		both[1].Width != 60 {
		t.Errorf("Compare = %+v, %v", both, err)
	}
	_, both, err = w.service.Compare(ctx, w.adele, i.Ref, history[2].ID, history[1].ID)
	if err != nil || both[0].ID != history[2].ID || both[1].ID != history[1].ID {
		t.Errorf("Compare = %+v, %v", both, err)
	}
	_, err = w.service.Restore(ctx, w.adele, i.Ref, "stale", history[2].ID)
	wantKind(t, "over what was not read", err, fault.Stale)
	_, err = w.service.Restore(ctx, w.adele, i.Ref, i.Tag, history[0].ID)
	wantKind(t, "the present version", err, fault.Invalid)
	restored, err := w.service.Restore(ctx, w.adele, i.Ref, i.Tag, history[2].ID)
	if err != nil || !bytes.Equal(w.content(i.Ref), contents[0]) || w.versions(i.Ref) != 4 || restored.Tag == i.Tag {
		t.Errorf("Restore = %+v, %v", restored, err)
	}
	for _, wrong := range []string{"9.0", "", "../x"} {
		_, _, err = w.service.Version(ctx, w.adele, i.Ref, wrong)
		wantKind(t, "version "+wrong, err, fault.NotFound)
		_, err = w.service.Restore(ctx, w.adele, i.Ref, restored.Tag, wrong)
		wantKind(t, "restoring "+wrong, err, fault.NotFound)
	}
	_, _, err = w.service.Compare(ctx, w.adele, w.put("b.jpg", contents[0]).Ref, "", "")
	wantKind(t, "comparing the only version", err, fault.NotFound)
	_, _, err = w.service.History(ctx, w.alex, i.Ref)
	wantKind(t, "the history for a colleague", err, fault.NotFound)
}
