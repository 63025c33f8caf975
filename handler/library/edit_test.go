package library_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	"image/color/palette"
	"image/draw"
	"image/gif"
	"io"
	"strings"
	"sync"
	"testing"

	sandboxgraph "imagepro/handler/dev/sandbox/graph"
	"imagepro/handler/dev/sandbox/trouble"
	"imagepro/handler/fault"
	"imagepro/handler/imaging"
	"imagepro/handler/library"
	"imagepro/handler/recipe"
)

var (
	flip  = json.RawMessage(`{"version":1,"steps":[{"op":"flip","axis":"horizontal"}]}`)
	small = json.RawMessage(`{"version":1,"steps":[{"op":"resize","width":10}]}`)
)

func TestAnEditIsANewVersionOfWhatWasRead(t *testing.T) {
	t.Parallel()
	w := open(t)
	i := w.put("a.jpg", asJPEG(picture(40, 30, 1)))
	var edited library.Edited
	toGraph, _ := w.since(func() {
		var err error
		edited, err = w.service.Edit(t.Context(), w.adele, i.Ref, i.Tag, small, library.Save{})
		must(t, err)
	})
	info, err := imaging.Inspect(w.content(i.Ref), imaging.Limits{})
	if err != nil || info.Width != 10 || w.versions(i.Ref) != 2 || len(toGraph) != 2 {
		t.Errorf("stored: %+v, %v, %d versions, %d calls of Graph", info, err, w.versions(i.Ref), len(toGraph))
	}
	now := w.item(i.Ref)
	if edited.Item.Tag != now.Tag || now.Tag == i.Tag || edited.Before.Width != 40 || edited.After.Width != 10 ||
		edited.Item.Width != 10 ||
		edited.After.Bytes != now.Size || len(edited.Recipe) != 64 {
		t.Errorf("edited: %+v, now %+v", edited, now)
	}
	_, err = w.service.Edit(t.Context(), w.adele, i.Ref, i.Tag, flip, library.Save{})
	f := wantKind(t, "an edit of what was", err, fault.Stale)
	if f.Latest == nil || f.Latest.Version != now.Tag || f.Latest.By != "Adele Vance" || f.Latest.Bytes != now.Size ||
		f.Latest.At.IsZero() {
		t.Errorf("the latest is %+v", f.Latest)
	}
	nothing, err := w.service.Edit(t.Context(), w.adele, i.Ref, now.Tag, json.RawMessage(`{"version":1,"steps":[]}`),
		library.Save{})
	if err != nil || !nothing.Unchanged || w.versions(i.Ref) != 2 || nothing.Item.Tag != now.Tag {
		t.Errorf("a recipe of nothing: %+v, %v, %d versions", nothing, err, w.versions(i.Ref))
	}
}

func TestOfTwoEditsAtOnceOneIsStale(t *testing.T) {
	t.Parallel()
	w := open(t)
	i := w.put("a.jpg", asJPEG(picture(40, 30, 1)))
	var mu sync.Mutex
	var good, stale int
	var wg sync.WaitGroup
	for n := range 6 {
		wg.Go(func() {
			recipe := json.RawMessage(`{"version":1,"steps":[{"op":"resize","width":` + string(rune('1'+n)) + `1}]}`)
			_, err := w.service.Edit(t.Context(), w.adele, i.Ref, i.Tag, recipe, library.Save{})
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil:
				good++
			case fault.Is(err, fault.Stale) && fault.From(err).Latest != nil:
				stale++
			default:
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if good != 1 || stale != 5 || w.versions(i.Ref) != 2 {
		t.Errorf("%d were good and %d stale; %d versions", good, stale, w.versions(i.Ref))
	}
}

func TestCopiesMeetTakenNamesAsTheirPolicySays(t *testing.T) {
	t.Parallel()
	w := open(t)
	i := w.put("a.jpg", asJPEG(picture(40, 30, 1)))
	taken := w.put("a-edited.jpg", asJPEG(picture(30, 20, 2)))
	folder := w.put("sub/x.jpg", asJPEG(picture(30, 20, 3))).Parent
	copyTo := func(save library.Save) (library.Edited, error) {
		save.Target = library.Copy
		return w.service.Edit(t.Context(), w.adele, i.Ref, i.Tag, small, save)
	}
	_, err := copyTo(library.Save{})
	if f := wantKind(t, "fail", err, fault.Conflict); f.Field != "/save/name" {
		t.Errorf("the field is %q", f.Field)
	}
	renamed, err := copyTo(library.Save{OnConflict: library.Rename})
	if err != nil || renamed.Item.Name != "a-edited 1.jpg" || renamed.Item.Ref == i.Ref {
		t.Errorf("rename: %+v, %v", renamed.Item, err)
	}
	replaced, err := copyTo(library.Save{OnConflict: library.Replace})
	if err != nil || replaced.Item.Ref != taken.Ref || w.versions(taken.Ref) != 2 {
		t.Errorf("replace: %+v, %v", replaced.Item, err)
	}
	before := w.versions(taken.Ref)
	left, err := copyTo(library.Save{OnConflict: library.Skip})
	if err != nil || left.Item.Ref != i.Ref || left.Item.Width != 40 || left.Unchanged ||
		w.versions(taken.Ref) != before ||
		!fault.Is(left.Left, fault.Conflict) || !strings.Contains(left.Left.Message, "a-edited.jpg") {
		t.Errorf("skip: %+v, %v", left, err)
	}
	elsewhere, err := copyTo(library.Save{Folder: folder, Name: "{name} web"})
	if err != nil || elsewhere.Item.Parent != folder || elsewhere.Item.Name != "a web.jpg" {
		t.Errorf("into a folder: %+v, %v", elsewhere.Item, err)
	}
	full, err := copyTo(
		library.Save{Folder: folder, OnConflict: library.Skip, Name: "{name} {width}x{height} {recipe} {hash8}"})
	if want := fmt.Sprintf("a %dx%d edited %s.jpg", full.After.Width, full.After.Height, full.Recipe[:8]); err != nil ||
		full.Item.Name != want || full.Left != nil {
		t.Errorf("with what is known of it: %+v, %v, want %s", full.Item, err, want)
	}
	fresh, err := copyTo(library.Save{OnConflict: library.Replace, Name: "new {name}"})
	if err != nil || fresh.Item.Name != "new a.jpg" {
		t.Errorf("replace of nothing: %+v, %v", fresh.Item, err)
	}
	png, err := w.service.Edit(t.Context(), w.adele, i.Ref, i.Tag,
		json.RawMessage(`{"version":1,"steps":[],"output":{"format":"png"}}`), library.Save{Target: library.Copy})
	if err != nil || png.Item.Name != "a-edited.png" {
		t.Errorf("another format: %+v, %v", png.Item, err)
	}
	if got := names(w.list(library.Query{})); got != "a-edited 1.jpg a-edited.jpg a-edited.png a.jpg new a.jpg sub" ||
		w.versions(i.Ref) != 1 {
		t.Errorf("there are %s; the picture has %d versions", got, w.versions(i.Ref))
	}
	_, err = copyTo(library.Save{Folder: "01NOTTHERE"})
	wantKind(t, "a folder that is not there", err, fault.NotFound)
	_, err = copyTo(library.Save{Name: "{name}" + strings.Repeat("x", 94), Folder: deep(w)})
	if f := wantKind(t, "a path that is too long", err, fault.Invalid); !strings.Contains(f.Message, "400 characters") {
		t.Errorf("it says %q", f.Message)
	}
	long := w.put(strings.Repeat("n", 180)+".jpg", asJPEG(picture(40, 30, 1)))
	_, err = w.service.Edit(t.Context(), w.adele, long.Ref, long.Tag, small,
		library.Save{Target: library.Copy, Name: "{name}" + strings.Repeat("x", 94)})
	if f := wantKind(t, "a name that is too long", err,
		fault.Invalid); f.Message != "SharePoint does not take this name." {
		t.Errorf("it says %q", f.Message)
	}
}

// deep is a folder whose path leaves no room for long names.
func deep(w *world) string {
	return w.put(strings.Repeat(strings.Repeat("d", 100)+"/", 3)+"x.jpg", asJPEG(picture(10, 10, 1))).Parent
}

func TestWrongEditsAreRefusedBeforeAnythingIsRead(t *testing.T) {
	t.Parallel()
	w := open(t)
	i := w.put("a.jpg", asJPEG(picture(40, 30, 1)))
	for field, c := range map[string]struct {
		recipe string
		save   library.Save
	}{
		"/recipe/steps/0/op":     {`{"version":1,"steps":[{"op":"explode"}]}`, library.Save{}},
		"/recipe":                {`[]`, library.Save{}},
		"/save/target":           {string(flip), library.Save{Target: "paper"}},
		"/save/name counted new": {string(flip), library.Save{Target: library.Copy, Name: "{name} {counter}"}},
		"/save/name":             {string(flip), library.Save{Target: library.Copy, Name: "x"}},
		"/save/folderId":         {string(flip), library.Save{Folder: "f"}},
		"/save/onConflict":       {string(flip), library.Save{Target: library.Copy, OnConflict: "pray"}},
		"/save/onConflict new":   {string(flip), library.Save{OnConflict: library.Rename}},
		"/save/name new":         {string(flip), library.Save{Name: "{name}-x"}},
	} {
		toGraph, _ := w.since(func() {
			_, err := w.service.Edit(t.Context(), w.adele, i.Ref, i.Tag, json.RawMessage(c.recipe), c.save)
			if f := wantKind(t, field, err, fault.Invalid); f.Field != strings.Fields(field)[0] {
				t.Errorf("%s: at %q", field, f.Field)
			}
		})
		if len(toGraph) != 0 {
			t.Errorf("%s: Graph was asked", field)
		}
	}
	_, err := w.service.Edit(t.Context(), w.adele, i.Ref, i.Tag,
		json.RawMessage(`{"version":1,"steps":[],"output":{"format":"png"}}`), library.Save{})
	wantKind(t, "another format in place", err, fault.Unsupported)
	text := w.put("notes.txt", []byte("text"))
	_, err = w.service.Edit(t.Context(), w.adele, text.Ref, text.Tag, flip, library.Save{})
	wantKind(t, "no picture", err, fault.Unsupported)
	_, err = w.service.Edit(t.Context(), w.adele, w.root(), "", flip, library.Save{})
	wantKind(t, "a folder", err, fault.Unsupported)
	fake := w.put("fake.jpg", []byte("no picture at all"))
	_, err = w.service.Edit(t.Context(), w.adele, fake.Ref, fake.Tag, flip, library.Save{})
	wantKind(t, "no picture by its content", err, fault.Unsupported)
}

func TestEachStateOfAFileHasItsAnswerAndNothingIsHalfWritten(t *testing.T) {
	t.Parallel()
	w := open(t)
	for name, c := range map[string]struct {
		prepare func(i library.Item) error
		kind    fault.Kind
	}{
		"locked": {func(i library.Item) error {
			_, err := w.Graph.Lock(i.Drive, i.Ref.Item, 1)
			return err
		}, fault.Locked},
		"checked out": {func(i library.Item) error {
			_, err := w.Graph.CheckOut(i.Drive, i.Ref.Item, w.scene.Alex.ID)
			return err
		}, fault.Locked},
		"malware": {func(i library.Item) error {
			_, err := w.Graph.MarkMalware(i.Drive, i.Ref.Item, "EICAR")
			return err
		}, fault.Forbidden},
		"gone": {func(i library.Item) error {
			_, err := w.Graph.Remove(i.Drive, i.Ref.Item)
			return err
		}, fault.NotFound},
	} {
		i := w.put(name+".jpg", asJPEG(picture(40, 30, 1)))
		must(t, c.prepare(i))
		_, err := w.service.Edit(t.Context(), w.adele, i.Ref, i.Tag, flip, library.Save{})
		wantKind(t, name, err, c.kind)
		if w.versions(i.Ref) != 1 {
			t.Errorf("%s: %d versions", name, w.versions(i.Ref))
		}
	}
}

func TestAFullLibrarySaysSo(t *testing.T) {
	t.Parallel()
	w := open(t)
	i := w.put("a.jpg", asJPEG(picture(200, 150, 1)))
	must(t, w.Graph.SetLibrary(w.site.DriveID, sandboxgraph.Library{Quota: i.Size + 100}))
	_, err := w.service.Edit(t.Context(), w.adele, i.Ref, i.Tag, flip, library.Save{})
	wantKind(t, "no space", err, fault.Full)
	if w.versions(i.Ref) != 1 {
		t.Errorf("%d versions", w.versions(i.Ref))
	}
}

func TestAPreviewSavesNothing(t *testing.T) {
	t.Parallel()
	w := open(t)
	i := w.put("a.jpg", asJPEG(picture(400, 300, 1)))
	toGraph, _ := w.since(func() {
		p, err := w.service.Preview(t.Context(), w.adele, i.Ref, flip, 100)
		must(t, err)
		m, format, err := image.Decode(bytes.NewReader(p.Data))
		if err != nil || format != "jpeg" || p.MIME != "image/jpeg" || m.Bounds().Dx() != 100 ||
			m.Bounds().Dy() != 75 || p.Width != 100 {
			t.Errorf("the preview is %s %v, %v", format, m.Bounds(), err)
		}
		// Red falls from left to right once it is flipped.
		left, _, _, _ := m.At(2, 30).RGBA()
		right, _, _, _ := m.At(97, 30).RGBA()
		if left < right {
			t.Error("the recipe was not carried out")
		}
	})
	if len(toGraph) != 1 || w.versions(i.Ref) != 1 {
		t.Errorf("%d calls of Graph, %d versions", len(toGraph), w.versions(i.Ref))
	}
	for name, file := range map[string][]byte{"b.tiff": asTIFF(picture(50, 40, 1)), "c.png": asPNG(picture(50, 40, 1)),
		"d.gif": asGIF(picture(50, 40, 1))} {
		p, err := w.service.Preview(t.Context(), w.adele, w.put(name, file).Ref, small, 200)
		must(t, err)
		if m, _, err := image.Decode(bytes.NewReader(p.Data)); err != nil || m.Bounds().Dx() != 10 {
			t.Errorf("%s: %v, %v", name, m, err)
		}
		if p.MIME == "image/tiff" {
			t.Errorf("browsers show no %s", p.MIME)
		}
	}
	toGraph, _ = w.since(func() {
		e, err := w.service.Explain(t.Context(), w.adele, i.Ref, small)
		must(t, err)
		if e.How != imaging.Recoded || e.Before.Width != 400 || e.Width != 10 || len(e.Passes) == 0 {
			t.Errorf("explained as %+v", e)
		}
	})
	if len(toGraph) != 1 || w.versions(i.Ref) != 1 {
		t.Errorf("%d calls of Graph to explain, %d versions", len(toGraph), w.versions(i.Ref))
	}
	_, err := w.service.Explain(t.Context(), w.adele, i.Ref, []byte(`{"version":1,"steps":[{}]}`))
	wantKind(t, "a step without an op", err, fault.Invalid)
	for _, side := range []int{0, 15, 2049} {
		_, err := w.service.Preview(t.Context(), w.adele, i.Ref, flip, side)
		wantKind(t, "a side of "+string(rune(side)), err, fault.Invalid)
	}
}

func (w *world) replace(i library.Item, declared string, content []byte) (library.Item, error) {
	return w.service.Replace(w.t.Context(), w.adele, i.Ref, i.Tag, declared, int64(len(content)),
		bytes.NewReader(content))
}

func TestAnimatedPicturesAreEditedAsTheRecipeSays(t *testing.T) {
	t.Parallel()
	w := open(t)
	recipe := func(onAnimated string) json.RawMessage {
		return json.RawMessage(`{"version":1,"input":{"onAnimated":"` + onAnimated +
			`"},"steps":[{"op":"resize","width":20}]}`)
	}
	frames := func(file []byte) int {
		g, err := gif.DecodeAll(bytes.NewReader(file))
		must(t, err)
		if g.Config.Width > 40 {
			t.Errorf("%d pixels wide", g.Config.Width)
		}
		return len(g.Image)
	}
	for onAnimated, left := range map[string]int{"skip": 0, "process": 2, "first": 1} {
		i := w.put(onAnimated+".gif", asMovingGIF(picture(40, 30, 1), picture(40, 30, 9)))
		p, err := w.service.Preview(t.Context(), w.adele, i.Ref, recipe(onAnimated), 100)
		if left == 0 {
			wantKind(t, "a preview", err, fault.Unsupported)
			_, err = w.service.Edit(t.Context(), w.adele, i.Ref, i.Tag, recipe(onAnimated), library.Save{})
			wantKind(t, "an edit", err, fault.Unsupported)
			continue
		}
		must(t, err)
		edited, err := w.service.Edit(t.Context(), w.adele, i.Ref, i.Tag, recipe(onAnimated), library.Save{})
		must(t, err)
		if p.MIME != "image/gif" || frames(p.Data) != left || frames(w.content(i.Ref)) != left ||
			edited.After.Format != imaging.GIF || edited.After.Width != 20 {
			t.Errorf("%s: the preview is %s of %d frames, the edit %+v", onAnimated, p.MIME, frames(p.Data), edited)
		}
	}
}

// asMovingGIF returns a GIF of pictures of the same size, in few colours.
func asMovingGIF(all ...image.Image) []byte {
	var g gif.GIF
	for _, m := range all {
		p := image.NewPaletted(m.Bounds(), palette.WebSafe)
		draw.Draw(p, p.Rect, m, image.Point{}, draw.Src)
		g.Image, g.Delay = append(g.Image, p), append(g.Delay, 10)
	}
	var to bytes.Buffer
	_ = gif.EncodeAll(&to, &g)
	return to.Bytes()
}

func TestAPictureOfTheEditorIsCheckedBeforeAByteReachesSharePoint(t *testing.T) {
	t.Parallel()
	w := open(t)
	i := w.put("a.jpg", asJPEG(picture(40, 30, 1)))
	next := asJPEG(picture(60, 50, 2))
	for name, c := range map[string]struct {
		declared string
		content  []byte
		kind     fault.Kind
	}{
		"of another type than declared": {"image/png", next, fault.Unsupported},
		"of another type than its name": {"image/png", asPNG(picture(60, 50, 2)), fault.Unsupported},
		"no picture":                    {"image/jpeg", []byte("<svg/>"), fault.Unsupported},
		"nothing":                       {"image/jpeg", nil, fault.Invalid},
		"cut off":                       {"image/jpeg", next[:100], fault.Invalid},
		"without a type":                {"", next, fault.Unsupported},
	} {
		toGraph, _ := w.since(func() {
			_, err := w.replace(i, c.declared, c.content)
			wantKind(t, name, err, c.kind)
		})
		if len(toGraph) != 1 { // that told what is there
			t.Errorf("%s: %d calls of Graph", name, len(toGraph))
		}
	}
	_, err := w.service.Replace(t.Context(), w.adele, i.Ref, i.Tag, "image/jpeg", 51_000_000, bytes.NewReader(next))
	wantKind(t, "announced too large", err, fault.TooLarge)
	_, err = w.service.Replace(t.Context(), w.adele, i.Ref, i.Tag, "image/jpeg", -1,
		io.LimitReader(endless{}, 60_000_000))
	wantKind(t, "too large without saying so", err, fault.TooLarge)
	_, err = w.service.Replace(t.Context(), w.adele, i.Ref, i.Tag, "image/jpeg", int64(len(next)+1),
		bytes.NewReader(next))
	wantKind(t, "shorter than announced", err, fault.Invalid)

	saved, err := w.replace(i, "image/jpg; charset=x", next)
	if err != nil || saved.Width != 60 || !bytes.Equal(w.content(i.Ref), next) || w.versions(i.Ref) != 2 ||
		saved.Tag == i.Tag {
		t.Errorf("saved: %+v, %v", saved, err)
	}
	_, err = w.replace(i, "image/jpeg", asJPEG(picture(60, 50, 3)))
	wantKind(t, "over what was", err, fault.Stale)
	same, err := w.replace(saved, "image/jpeg", next)
	if err != nil || w.versions(i.Ref) != 2 || same.Tag != saved.Tag {
		t.Errorf("the same content made %d versions, %v", w.versions(i.Ref), err)
	}
}

func TestAPictureThatCannotBeDecodedToItsEndReplacesNothing(t *testing.T) {
	t.Parallel()
	w := open(t)
	still, other := picture(300, 200, 1), picture(300, 200, 2)
	as := func(format string) []byte {
		r, err := recipe.Parse([]byte(`{"version":1,"output":{"format":"` + format + `"}}`))
		must(t, err)
		result, err := imaging.Edit(t.Context(), asPNG(still), r, imaging.Options{})
		must(t, err)
		return result.Data
	}
	for name, content := range map[string][]byte{
		"image/jpeg": asJPEG(still),
		"image/png":  asPNG(still),
		"image/gif":  asMovingGIF(still, other),
		"image/webp": as("webp"),
		"image/tiff": as("tiff"),
		"image/bmp":  as("bmp"),
	} {
		before := w.put("a."+strings.TrimPrefix(name, "image/"), content)
		for _, percent := range []int{30, 60, 95} {
			_, err := w.replace(before, name, content[:len(content)*percent/100])
			wantKind(t, fmt.Sprintf("%s cut off at %d %%", name, percent), err, fault.Invalid)
		}
		if w.versions(before.Ref) != 1 || !bytes.Equal(w.content(before.Ref), content) {
			t.Errorf("%s: the picture was replaced", name)
		}
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

// A large picture goes by an upload session, whatever happens on the way.
func TestALargePictureArrivesThoughPartsOfItBreakOff(t *testing.T) {
	t.Parallel()
	w := unkind(t)
	i := w.put("large.tiff", asTIFF(picture(100, 100, 1)))
	large := asTIFF(picture(3000, 2700, 2)) // 32 MB: four parts
	for _, rule := range []trouble.Rule{
		{Service: "sharepoint", Method: "PUT", Path: "uploadSession", Action: trouble.Fail, Status: 503, Times: 2},
		{Service: "sharepoint", Method: "PUT", Path: "uploadSession", Action: trouble.Break, Skip: 3},
		{Service: "sharepoint", Method: "PUT", Path: "uploadSession", Action: trouble.Lose, Skip: 4, Times: 3},
	} {
		if _, err := w.Trouble.Add(rule); err != nil {
			t.Fatal(err)
		}
	}
	saved, err := w.replace(i, "image/tiff", large)
	if err != nil || !bytes.Equal(w.content(i.Ref), large) || w.versions(i.Ref) != 2 || saved.Width != 3000 {
		t.Fatalf("saved: %+v, %v, %d versions", saved, err, w.versions(i.Ref))
	}
}

func TestNothingIsSavedThatSavesTooLittle(t *testing.T) {
	t.Parallel()
	w := open(t)
	i := w.put("a.jpg", asJPEG(picture(200, 150, 1)))
	recipe := json.RawMessage(`{"version":1,"steps":[{"op":"noise"}],"output":{"minSavingsPercent":50}}`)
	for _, save := range []library.Save{{}, {Target: library.Copy, Name: "{name}-small"}} {
		edited, err := w.service.Edit(t.Context(), w.adele, i.Ref, i.Tag, recipe, save)
		must(t, err)
		if !edited.Unchanged || edited.Item.Ref != i.Ref || len(edited.Warnings) != 1 || w.versions(i.Ref) != 1 {
			t.Errorf("%q: %+v, %d versions", save.Target, edited, w.versions(i.Ref))
		}
	}
}
