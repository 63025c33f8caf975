package bulk_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"imagepro/handler/bulk"
	"imagepro/handler/caller"
	"imagepro/handler/dev/sandbox/graph"
	"imagepro/handler/fault"
	"imagepro/handler/imaging"
)

var red, blue = color.NRGBA{R: 255, A: 255}, color.NRGBA{B: 255, A: 255}

// plainPNG is a picture of one colour. All of a size have the same length, as long as they are small.
func plainPNG(t *testing.T, side int, c color.NRGBA) []byte {
	t.Helper()
	m := image.NewNRGBA(image.Rect(0, 0, side, side))
	draw.Draw(m, m.Rect, image.NewUniform(c), image.Point{}, draw.Src)
	var out bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.NoCompression}).Encode(&out, m); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// marking lays a picture of a library on the lower right corner.
func marking(drive, item string) json.RawMessage {
	return json.RawMessage(
		fmt.Sprintf(
			`{"version":1,"steps":[{"op":"watermark","image":{"drive":%q,"item":%q},"size":16}],`+
				`"output":{"quality":95}}`, drive, item))
}

// wantMarked checks that the newest version of each file has the colour in its corner.
func (k *kit) wantMarked(files []graph.Item, versions int, c color.NRGBA) {
	k.t.Helper()
	for _, file := range files {
		all := k.versions(file)
		m, _, err := image.Decode(bytes.NewReader(k.content(file, all[0].ID)))
		if err != nil {
			k.t.Fatal(err)
		}
		at := m.Bounds().Max.Sub(image.Pt(8, 8))
		got := color.NRGBAModel.Convert(m.At(at.X, at.Y)).(color.NRGBA)
		near := func(a, b uint8) bool { return max(a, b)-min(a, b) < 25 }
		if len(all) != versions || !near(got.R, c.R) || !near(got.G, c.G) || !near(got.B, c.B) {
			k.t.Errorf("%s has %d versions and %v in its corner, want %d and %v", file.Name, len(all), got, versions, c)
		}
	}
}

func TestAllImagesGetThePictureAsItWasWhenTheyWereSubmitted(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	logo, files, job := k.submitMarking(4)
	k.plan()
	for n := range 3 { // of the same length, of another one, and of the same again
		side := []int{16, 20, 16}[n]
		k.put("logos/logo.png", plainPNG(t, side, blue))
	}
	if done := k.drive(job.Ref); done.State != bulk.Done || done.Counts.Edited != len(files) {
		t.Errorf("the job is %s with %+v", done.State, done.Counts)
	}
	k.wantMarked(files, 2, red)
	if len(k.versions(logo)) != 4 {
		t.Errorf("the logo has %d versions", len(k.versions(logo)))
	}
}

func TestAPictureThatTheJobEditsItselfStaysAsItWasForTheOthers(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	logo := k.put("0 logo.png", plainPNG(t, 40, red))
	files := k.pictures(3)
	recipe := fmt.Sprintf(
		`{"version":1,"steps":[{"op":"filter","name":"invert"},{"op":"watermark","image":{"drive":%q,"item":%q},`+
			`"size":16}]}`, k.site.DriveID, logo.ID)
	job := k.submit(bulk.Request{Source: k.folder(), Recipe: json.RawMessage(recipe)})
	if done := k.drive(job.Ref); done.Counts.Edited != 4 {
		t.Errorf("counts %+v, want 4 edited", done.Counts)
	}
	k.wantMarked(append(files, logo), 2, red)
}

// submitMarking puts some pictures and a red logo into the library, and submits a job that lays the logo on the
// pictures.
func (k *kit) submitMarking(pictures int) (logo graph.Item, files []graph.Item, job bulk.Job) {
	k.t.Helper()
	logo = k.put("logos/logo.png", plainPNG(k.t, 16, red))
	source, files := k.folder(), k.pictures(pictures)
	source.Folder.Recursive = false
	return logo, files, k.submit(bulk.Request{Source: source, Recipe: marking(k.site.DriveID, logo.ID)})
}

func TestADeathBetweenTwoPicturesOfTheSameNameMakesOneVersion(t *testing.T) {
	t.Parallel()
	for _, point := range []string{"after Intend", "before Replace", "after Replace", "before FinishItem"} {
		t.Run(point, func(t *testing.T) {
			t.Parallel()
			k := newKit(t)
			_, files, job := k.submitMarking(1)
			k.plan()
			k.crash.at(point, 1)
			work := k.die()
			announced := k.results(job.Ref)[files[0].Name].Intent
			k.put("logos/logo.png", plainPNG(t, 16, blue))
			k.queue.back(work)
			if done := k.drive(job.Ref); done.Counts.Edited != 1 {
				t.Errorf("counts %+v, want one edited", done.Counts)
			}
			k.wantMarked(files, 2, red)
			now := k.content(files[0], k.versions(files[0])[0].ID)
			if announced == nil || announced.Fingerprint != k.library.Fingerprint(now) {
				t.Error("what was announced before the death is not what is there")
			}
		})
	}
}

func TestImagesWhosePictureIsGoneAreLeftAsTheyAre(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	logo, files, job := k.submitMarking(2)
	if _, err := world.Graph.Remove(k.site.DriveID, logo.ID); err != nil {
		t.Fatal(err)
	}
	if done := k.drive(job.Ref); done.State != bulk.Done || done.Counts.Failed != 2 {
		t.Errorf("the job is %s with %+v", done.State, done.Counts)
	}
	for name, got := range k.results(job.Ref) {
		if got.Reason != string(fault.NotFound) ||
			!strings.HasPrefix(got.Message, "A picture that the recipe needs cannot be used.") {
			t.Errorf("%s: %s: %q", name, got.Reason, got.Message)
		}
	}
	k.wantVersions(files, 1)
}

// oneVersion is the real library, as if of every file but one version were kept.
type oneVersion struct{ bulk.Library }

func (o oneVersion) Versions(context.Context, caller.Caller, bulk.File) ([]bulk.Version, error) {
	return nil, nil
}

func TestAPictureOfWhichNoVersionIsLeftSaysSo(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	_, files, job := k.submitMarking(1)
	k.plan()
	k.put("logos/logo.png", plainPNG(t, 16, blue))
	if err := k.oddWorker(k.records, oneVersion{k.library}).Work(t.Context(), itemOf(job)); err != nil {
		t.Fatal(err)
	}
	if got := k.results(job.Ref)[files[0].Name]; got.State != bulk.Broken ||
		!strings.Contains(got.Message, "no version of it is as it was") {
		t.Errorf("%s: %q", got.State, got.Message)
	}
	k.wantVersions(files, 1)
}

func TestAPictureThatCannotBeUsedIsRefusedWhenItIsSubmitted(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	// foreign is a logo in a site of somebody else's.
	foreign := func(tenant, owner string) (drive, item string) {
		site, err := world.Graph.AddSite(tenant, fmt.Sprint("of others ", siteNumber.Add(1)), owner)
		if err != nil {
			t.Fatal(err)
		}
		file, err := world.Graph.PutFile(site.DriveID, "logo.png", bytes.NewReader(plainPNG(t, 8, red)), owner)
		if err != nil {
			t.Fatal(err)
		}
		return site.DriveID, file.ID
	}
	var wide bytes.Buffer
	if err := png.Encode(&wide, image.NewGray(image.Rect(0, 0, 4000, 3000))); err != nil {
		t.Fatal(err)
	}
	own := func(name string, content []byte) (drive, item string) { return k.site.DriveID, k.put(name, content).ID }
	for name, c := range map[string]struct {
		at   func() (drive, item string)
		kind string
		says string
	}{
		"a colleague's": {func() (string, string) {
			return foreign(scene.Contoso.ID, scene.Alex.ID)
		}, "not_found forbidden", ""},
		"of another tenant": {func() (string, string) {
			return foreign(scene.Frida.Tenant, scene.Frida.ID)
		}, "not_found forbidden", ""},
		"not there": {func() (string, string) {
			return k.site.DriveID, "01NOTTHERE"
		}, "not_found", "It is not there"},
		"a folder": {func() (string, string) {
			return k.site.DriveID, "root"
		}, "unsupported", "This is a folder"},
		"a text": {func() (string, string) {
			return own("notes.txt", []byte("text"))
		}, "unsupported", "The file is no picture"},
		"too many bytes": {func() (string, string) {
			return own("large.png", make([]byte, 10_000_001))
		}, "too_large", "10000001 bytes; at most 10000000"},
		"too many pixels": {func() (string, string) {
			return own("wide.png", wide.Bytes())
		}, "too_large", "at most 10 million"},
	} {
		drive, item := c.at()
		_, err := k.service.Submit(t.Context(), k.who, bulk.Request{Source: k.folder(), Recipe: marking(drive, item)})
		f := fault.From(err)
		if f == nil || !strings.Contains(c.kind, string(f.Kind)) || !strings.Contains(f.Message, c.says) ||
			f.Field != "/recipe/steps/0/image" {
			t.Errorf("%s: %v, want one of %s with %q", name, err, c.kind, c.says)
		}
	}
	if len(k.queue.all()) != 0 {
		t.Error("a refused request left a message")
	}
}

func TestARepeatKeepsThePicturesOfTheFirstTime(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	logo := k.put("logos/logo.png", plainPNG(t, 16, red))
	files := k.pictures(1)
	request := bulk.Request{
		Source: bulk.Source{Images: []bulk.ImageRef{{Drive: k.site.DriveID, Item: files[0].ID}}},
		Recipe: marking(k.site.DriveID, logo.ID), Key: "once",
	}
	first := k.submit(request)
	k.put("logos/logo.png", plainPNG(t, 16, blue))
	if again := k.submit(request); again.Ref != first.Ref {
		t.Errorf("the repeat is %v, want %v", again.Ref, first.Ref)
	}
	if _, err := world.Graph.Remove(k.site.DriveID, logo.ID); err != nil {
		t.Fatal(err)
	}
	if again := k.submit(request); again.Ref != first.Ref {
		t.Errorf("the repeat without the logo is %v, want %v", again.Ref, first.Ref)
	}
	spec, err := k.specs.Spec(t.Context(), first)
	if err != nil || len(spec.Pinned) != 1 || spec.Pinned[0].Bytes != int64(len(plainPNG(t, 16, red))) ||
		len(spec.Pinned[0].SHA256) != 64 {
		t.Errorf("pinned: %+v, %v", spec.Pinned, err)
	}
}

// counting counts what is read of one file.
type counting struct {
	bulk.Library
	item  string
	reads *atomic.Int64
}

func (c counting) Read(ctx context.Context, who caller.Caller, f bulk.File, limit int64) ([]byte, error) {
	if f.Item == c.item {
		c.reads.Add(1)
	}
	return c.Library.Read(ctx, who, f, limit)
}

func TestAWorkerReadsAPictureOfAJobOnce(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	logo := k.put("logos/logo.png", plainPNG(t, 16, red))
	source, files := k.folder(), k.pictures(5)
	source.Folder.Recursive = false
	var reads atomic.Int64
	worker := bulk.NewWorker(bulk.WorkerOptions{
		Jobs:     k.records,
		Items:    k.records,
		Specs:    k.specs,
		Queue:    k.queue,
		Sessions: k.sessions,
		Index:    neighbours{k.records, &k.open},
		Library:  counting{k.library, logo.ID, &reads},
		Limits:   imaging.DefaultLimits(),
		Window:   k.limits.Window,
		Room:     imaging.NewRoom(1),
		Now:      k.now,
		SpecLife: time.Minute,
	})
	for range 2 {
		job := k.submit(bulk.Request{Source: source, Recipe: marking(k.site.DriveID, logo.ID)})
		k.plan()
		for _, m := range k.queue.all() {
			var item bulk.ItemMessage
			if err := json.Unmarshal(m.body, &item); err != nil {
				t.Fatal(err)
			}
			if err := worker.Work(t.Context(), item); err != nil {
				t.Fatal(err)
			}
		}
		if done := k.drive(job.Ref); done.Counts.Edited+done.Counts.Unchanged != len(files) {
			t.Errorf("counts %+v", done.Counts)
		}
	}
	if got := reads.Load(); got != 2 {
		t.Errorf("the logo was read %d times for two jobs, want 2", got)
	}
}
