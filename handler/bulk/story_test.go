package bulk_test

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/gif"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"imagepro/handler/bulk"
	"imagepro/handler/caller"
	"imagepro/handler/dev/sandbox/graph"
	"imagepro/handler/dev/sandbox/trouble"
	"imagepro/handler/fault"
	"imagepro/handler/imaging"
)

func TestAFolderWithAllSortsOfFilesGivesEachItsResult(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	k.limits.MaxBytes = 2 << 20
	photo := k.put("Holiday/a photo.jpg", jpegPicture(t, 60, 40))
	deep := k.put("Holiday/Day 1/Bühne #2 (50%).png", pngPicture(t, 60, 40))
	small := k.put("small.png", pngPicture(t, 20, 10))
	letter := k.put("letter.docx", []byte("PK\x03\x04 not a picture"))
	lie := k.put("Holiday/no picture.jpg", []byte("just text"))
	torn := k.put("torn.jpg", jpegPicture(t, 400, 300)[:2000])
	phone := k.put("Holiday/IMG_0001.HEIC", []byte("\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic"))
	camera, err := os.ReadFile("../imaging/testdata/cases/raw/camera.dng")
	if err != nil {
		t.Fatal(err)
	}
	raw, hidden := k.put("Holiday/IMG_0003.dng", camera), k.put("Holiday/IMG_0004.tif", camera)
	large := k.put("large.tif", make([]byte, 3<<20))
	renamed := k.put("Holiday/IMG_0002.jpg", []byte("\x00\x00\x00\x18ftypmif1\x00\x00\x00\x00miafheic"))

	job := k.submit(bulk.Request{Source: k.folder(), Recipe: json.RawMessage(
		`{"version":1,"steps":[{"op":"resize","fit":"inside","width":30,"height":30,"withoutEnlargement":true}]}`)})
	done := k.drive(job.Ref)
	if done.State != bulk.Done || done.Passed != 4 {
		t.Errorf("the job is %s with %d passed, want done with 4", done.State, done.Passed)
	}
	want := map[string]struct {
		state  bulk.ItemState
		reason fault.Kind
		says   string
	}{
		"a photo.jpg":        {bulk.Edited, "", ""},
		"Bühne #2 (50%).png": {bulk.Edited, "", ""},
		"small.png":          {bulk.Unchanged, "", ""},
		"letter.docx":        {bulk.Skipped, fault.Unsupported, "no picture that Image Pro edits"},
		"no picture.jpg":     {bulk.Skipped, fault.Unsupported, ""},
		"torn.jpg":           {bulk.Broken, fault.Invalid, ""},
		"large.tif":          {bulk.Skipped, fault.TooLarge, "the limit is 2 MiB"},
		"IMG_0001.HEIC": {bulk.Skipped, fault.Unsupported,
			"HEIC pictures are not edited. Export the picture as JPEG"},
		"IMG_0003.dng": {bulk.Skipped, fault.Unsupported,
			"The file is camera raw (Adobe DNG); raw pictures are not edited."},
		"IMG_0004.tif": {bulk.Skipped, fault.Unsupported,
			"The file is camera raw (Adobe DNG); raw pictures are not edited."},
		"IMG_0002.jpg": {bulk.Skipped, fault.Unsupported, "HEIC pictures are not edited. Export the picture as JPEG"},
	}
	results := k.results(job.Ref)
	for name, want := range want {
		got := results[name]
		if got.State != want.state || got.Reason != string(want.reason) || !strings.Contains(got.Message, want.says) ||
			got.FinishedAt.IsZero() {
			t.Errorf("%s is %s (%s: %q), want %s (%s: %q)", name, got.State, got.Reason, got.Message, want.state,
				want.reason, want.says)
		}
	}
	if len(results) != len(want) {
		t.Errorf("%d results, want %d", len(results), len(want))
	}
	if got := results["a photo.jpg"]; got.Before.Width != 60 || got.Before.Height != 40 || got.After.Width != 30 ||
		got.After.Height != 20 ||
		got.After.Bytes == 0 || got.After.Format != "jpeg" {
		t.Errorf("a photo.jpg went from %+v to %+v", got.Before, got.After)
	}
	k.wantVersions(items(photo, deep), 2)
	k.wantVersions(items(small, letter, lie, torn, large, phone, renamed, raw, hidden), 1)
}

func TestAnimatedPicturesAreEditedAsTheRecipeSays(t *testing.T) {
	t.Parallel()
	for onAnimated, want := range map[string]struct {
		state  bulk.ItemState
		frames int
	}{"skip": {bulk.Skipped, 3}, "process": {bulk.Edited, 3}, "first": {bulk.Edited, 1}} {
		k := newKit(t)
		moving, still := k.put("moving.gif", gifPicture(t, 60, 40, 3)), k.put("still.gif", gifPicture(t, 60, 40, 1))
		job := k.submit(bulk.Request{Source: k.folder(), Recipe: json.RawMessage(
			`{"version":1,"input":{"onAnimated":"` + onAnimated + `"},"steps":[{"op":"resize","width":30}]}`)})
		if done := k.drive(job.Ref); done.State != bulk.Done {
			t.Errorf("%s: the job is %s", onAnimated, done.State)
		}
		results := k.results(job.Ref)
		if got := results["moving.gif"]; got.State != want.state || want.state == bulk.Skipped &&
			got.Message != "The picture is animated; only still pictures are edited." ||
			slices.Contains(got.Warnings, imaging.WarnFramesDropped) != (onAnimated == "first") {
			t.Errorf("%s: moving.gif is %s: %q, %q", onAnimated, got.State, got.Message, got.Warnings)
		}
		if got := results["still.gif"]; got.State != bulk.Edited || len(k.frames(still)) != 1 {
			t.Errorf("%s: still.gif is %s: %q", onAnimated, got.State, got.Message)
		}
		frames := k.frames(moving)
		if width := frames[0].Rect.Dx(); len(frames) != want.frames || want.state == bulk.Edited && width != 30 {
			t.Errorf("%s: moving.gif has %d frames, %d pixels wide", onAnimated, len(frames), width)
		}
	}
}

// frames returns the frames of a GIF file as it is now.
func (k *kit) frames(item graph.Item) []*image.Paletted {
	k.t.Helper()
	content, err := world.Graph.Content(k.site.DriveID, item.ID, "")
	if err != nil {
		k.t.Fatal(err)
	}
	defer func() { _ = content.Close() }()
	all, err := gif.DecodeAll(content)
	if err != nil {
		k.t.Fatal(err)
	}
	return all.Image
}

// gifPicture returns a GIF of frames, each of one colour.
func gifPicture(t *testing.T, width, height, frames int) []byte {
	t.Helper()
	var g gif.GIF
	for i := range frames {
		m := image.NewPaletted(image.Rect(0, 0, width, height),
			color.Palette{color.NRGBA{R: uint8(80 * i), G: 200, A: 255}})
		g.Image, g.Delay = append(g.Image, m), append(g.Delay, 10)
	}
	var out bytes.Buffer
	if err := gif.EncodeAll(&out, &g); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestAFolderWithoutItsFoldersLeavesThemAlone(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	top := k.put("top.jpg", jpegPicture(t, 60, 40))
	below := k.put("below/below.jpg", jpegPicture(t, 60, 40))
	source := k.folder()
	source.Folder.Recursive = false
	job := k.submit(bulk.Request{Source: source})
	if done := k.drive(job.Ref); done.Counts.Edited != 1 || done.Planned != 1 {
		t.Errorf("%d planned, %+v", done.Planned, done.Counts)
	}
	k.wantVersions(items(top), 2)
	k.wantVersions(items(below), 1)
}

func TestAListOfImagesEditsThoseAndSaysWhatIsWrongWithTheOthers(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	files := k.pictures(40)
	folder, err := world.Graph.AddFolder(k.site.DriveID, "a folder", k.user.ID)
	if err != nil {
		t.Fatal(err)
	}
	source := bulk.Source{
		Images: []bulk.ImageRef{{Drive: k.site.DriveID, Item: folder.ID},
			{Drive: k.site.DriveID, Item: "01NOSUCHITEM"}}}
	for _, f := range files[:35] {
		source.Images = append(source.Images, bulk.ImageRef{Drive: k.site.DriveID, Item: f.ID})
	}
	job := k.submit(bulk.Request{Source: source})
	done := k.drive(job.Ref)
	if done.State != bulk.Done || done.Counts.Edited != 35 || done.Passed != 2 {
		t.Errorf("the job is %s: %d passed, %+v", done.State, done.Passed, done.Counts)
	}
	k.wantVersions(files[:35], 2)
	k.wantVersions(files[35:], 1)
}

func TestMoreThanOnePageOfAFolderIsPlannedOnce(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	picture := jpegPicture(t, 31, 20)
	for i := range 200 {
		k.put(fmt.Sprintf("%03d.jpg", i), picture)
	}
	k.crash.at("after RecordPortion", 2)
	job := k.submit(bulk.Request{Source: k.folder()})
	done := k.drive(job.Ref)
	if done.Planned != 200 || done.Counts.Edited != 200 || done.State != bulk.Done {
		t.Errorf("the job is %s: %d planned, %+v", done.State, done.Planned, done.Counts)
	}
}

func TestMessagesRunOnlyAWindowAheadOfTheWork(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	k.pictures(60)
	job := k.submit(bulk.Request{Source: k.folder()})
	most := 0
	for range 1000 {
		message, ok := k.queue.take()
		if !ok {
			break
		}
		if err := k.deliver(message); err != nil {
			t.Fatal(err)
		}
		now, err := k.records.Job(t.Context(), job.Ref)
		if err != nil {
			t.Fatal(err)
		}
		most = max(most, now.Sent-now.Counts.Total())
	}
	if most > 2*k.limits.Window || most < k.limits.Window {
		t.Errorf("%d messages were ahead of the work, want %d to %d", most, k.limits.Window, 2*k.limits.Window)
	}
	if done := k.drive(job.Ref); done.State != bulk.Done || done.Counts.Edited != 60 {
		t.Errorf("the job is %s with %+v", done.State, done.Counts)
	}
}

func TestAnImageThatSomebodyChangedMeanwhileIsLeftAlone(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	files := k.pictures(3)
	job := k.submit(bulk.Request{Source: k.folder()})
	k.plan()
	theirs := jpegPicture(t, 90, 90)
	k.put(files[1].Name, theirs)
	done := k.drive(job.Ref)
	if done.Counts.Edited != 2 || done.Counts.Conflict != 1 || done.State != bulk.Done {
		t.Errorf("the job is %s with %+v", done.State, done.Counts)
	}
	if got := k.results(job.Ref)[files[1].Name]; got.State != bulk.Conflicted || got.Reason != string(fault.Conflict) {
		t.Errorf("the changed image is %s (%s)", got.State, got.Reason)
	}
	if got := k.content(files[1], k.versions(files[1])[0].ID); string(got) != string(theirs) ||
		len(k.versions(files[1])) != 2 {
		t.Error("the other person's picture is not what is there")
	}
}

func TestAnImageThatSomebodyChangedAfterOurWriteCountsAsEdited(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	files := k.pictures(1)
	job := k.submit(bulk.Request{Source: k.folder()})
	k.plan()
	k.crash.at("after Replace", 1)
	work := k.die()
	theirs := jpegPicture(t, 90, 90)
	k.put(files[0].Name, theirs)
	k.queue.back(work)
	if done := k.drive(job.Ref); done.Counts.Edited != 1 {
		t.Errorf("counts %+v, want one edited", done.Counts)
	}
	versions := k.versions(files[0])
	if len(versions) != 3 || string(k.content(files[0], versions[0].ID)) != string(theirs) {
		t.Errorf("%d versions, want the original, ours and theirs on top", len(versions))
	}
}

func TestACopyWhoseNameIsTakenIsAConflict(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	files := k.pictures(1)
	job := k.submit(bulk.Request{Source: k.folder(), Save: bulk.Save{Target: bulk.Copy}})
	k.plan()
	taken := k.put("Photo 00-edited.jpg", []byte("theirs"))
	if done := k.drive(job.Ref); done.Counts.Conflict != 1 {
		t.Errorf("counts %+v, want one conflict", done.Counts)
	}
	k.wantVersions(append(files, taken), 1)
}

func TestACopyWhoseNameIsTakenIsSkippedIfThatIsThePolicy(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	files := k.pictures(2)
	job := k.submit(bulk.Request{Source: k.folder(), Save: bulk.Save{Target: bulk.Copy, OnConflict: bulk.Skip}})
	k.plan()
	taken := k.put("Photo 00-edited.jpg", []byte("theirs"))
	if done := k.drive(job.Ref); done.Counts.Skipped != 1 || done.Counts.Edited != 1 {
		t.Errorf("counts %+v, want one skipped and one edited", done.Counts)
	}
	if got := k.results(job.Ref)[files[0].Name]; got.Reason != string(fault.Conflict) ||
		!strings.Contains(got.Message, "Photo 00-edited.jpg already") {
		t.Errorf("the image is %s for %q: %q", got.State, got.Reason, got.Message)
	}
	k.wantVersions(append(files, taken), 1)
}

func TestCopiesGoToTheFolderOfTheJobUnderTheNamesOfTheirImages(t *testing.T) {
	t.Parallel()
	for _, point := range []string{"", "before Create", "after Create", "after Intend", "after FinishItem"} {
		t.Run("dying "+point, func(t *testing.T) {
			t.Parallel()
			k := newKit(t)
			files, source := k.pictures(3), k.folder()
			source.Folder.Recursive = false
			there, err := world.Graph.AddFolder(k.site.DriveID, "web", k.user.ID)
			if err != nil {
				t.Fatal(err)
			}
			taken := k.put("web/"+files[1].Name, []byte("theirs"))
			job := k.submit(
				bulk.Request{Source: source, Save: bulk.Save{Target: bulk.Copy, Name: "{name}", Folder: there.ID}})
			if point != "" {
				k.crash.at(point, 1)
			}
			if done := k.drive(job.Ref); done.Counts.Edited != 2 || done.Counts.Conflict != 1 {
				t.Errorf("counts %+v, want two edited and one conflict", done.Counts)
			}
			k.wantVersions(append(files, taken), 1)
			for _, file := range []graph.Item{files[0], files[2]} {
				result := k.results(job.Ref)[file.Name]
				made, err := world.Graph.Item(k.site.DriveID, result.Saved.File)
				if err != nil || made.Path != "web/"+file.Name {
					t.Errorf("the copy of %s is %+v, %v", file.Name, made, err)
				}
			}
		})
	}
}

func TestANewVersionInAnotherFormatIsSkipped(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	files := k.pictures(1)
	job := k.submit(
		bulk.Request{Source: k.folder(),
			Recipe: json.RawMessage(
				`{"version":1,"steps":[{"op":"flip","axis":"horizontal"}],"output":{"format":"png"}}`)})
	k.drive(job.Ref)
	if got := k.results(job.Ref)[files[0].Name]; got.State != bulk.Skipped ||
		!strings.Contains(got.Message, "Save copies instead") {
		t.Errorf("the image is %s: %q", got.State, got.Message)
	}
	k.wantVersions(files, 1)
}

func TestALockedImageIsSkippedAndTheOthersGoOn(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	files := k.pictures(3)
	if _, err := world.Graph.Lock(k.site.DriveID, files[0].ID, 1); err != nil {
		t.Fatal(err)
	}
	job := k.submit(bulk.Request{Source: k.folder()})
	done := k.drive(job.Ref)
	if got := k.results(job.Ref)[files[0].Name]; got.State != bulk.Skipped || got.Reason != string(fault.Locked) {
		t.Errorf("the locked image is %s (%s)", got.State, got.Reason)
	}
	if done.Counts.Edited != 2 || done.State != bulk.Done {
		t.Errorf("the job is %s with %+v", done.State, done.Counts)
	}
}

func TestABusyServicePutsTheMessageBackForAsLongAsItAsks(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	k.pictures(1)
	job := k.submit(bulk.Request{Source: k.folder()})
	k.plan()
	_, err := world.Trouble.Add(trouble.Rule{
		Service:    "graph",
		Path:       regexp.QuoteMeta(k.site.DriveID[2:]) + "/items/[^/]+$",
		Times:      1,
		Action:     trouble.Fail,
		Status:     429,
		RetryAfter: 90 * time.Second,
	})
	if err != nil {
		t.Fatal(err)
	}
	work, _ := k.queue.take()
	if err := k.deliver(work); err != nil {
		t.Fatalf("the delivery ended with %v, want nil: it is put back", err)
	}
	k.queue.mu.Lock()
	delay := k.queue.delays[len(k.queue.delays)-1]
	k.queue.mu.Unlock()
	if delay < 89*time.Second || delay > 91*time.Second {
		t.Errorf("put back for %v, want the 90 s that the service asked for", delay)
	}
	k.library = k.newLibrary() // as after the 90 s, which the client keeps
	if done := k.drive(job.Ref); done.Counts.Edited != 1 {
		t.Errorf("counts %+v, want one edited", done.Counts)
	}
}

func TestAFolderThatIsNotThereFailsTheJobInPlainWords(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	source := k.folder()
	source.Folder.Item = "01NOSUCHFOLDER"
	job := k.submit(bulk.Request{Source: source})
	done := k.drive(job.Ref)
	if done.State != bulk.Failed || done.Reason != string(fault.NotFound) || done.Message == "" ||
		done.FinishedAt.IsZero() {
		t.Errorf("the job is %s (%s: %q)", done.State, done.Reason, done.Message)
	}
}

func TestMoreImagesThanTheLimitFailTheJob(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	k.limits.MaxImages = 5
	files := k.pictures(6)
	job := k.submit(bulk.Request{Source: k.folder()})
	done := k.drive(job.Ref)
	if done.State != bulk.Failed || done.Reason != string(fault.TooLarge) ||
		!strings.Contains(done.Message, "more than 5 images") {
		t.Errorf("the job is %s (%s: %q)", done.State, done.Reason, done.Message)
	}
	k.wantVersions(files, 1)
}

func TestAJobLooksAtTwiceAsManyFilesAndFoldersAsItMayHaveImages(t *testing.T) {
	t.Parallel()
	for notes, want := range map[int]bulk.JobState{0: bulk.Done, 1: bulk.Failed} {
		k := newKit(t)
		k.limits.MaxImages = 5
		files := k.pictures(5)
		for n := range 5 {
			if _, err := world.Graph.AddFolder(k.site.DriveID, fmt.Sprintf("Folder %d", n), k.user.ID); err != nil {
				t.Fatal(err)
			}
		}
		for range notes {
			k.put("Notes.txt", []byte("no picture"))
		}
		done := k.drive(k.submit(bulk.Request{Source: k.folder()}).Ref)
		if done.State != want || want == bulk.Failed &&
			!strings.Contains(done.Message, "more than 10 files and folders") {
			t.Errorf("with %d notes the job is %s (%s: %q), want %s", notes, done.State, done.Reason, done.Message,
				want)
		}
		k.wantVersions(files, map[bulk.JobState]int{bulk.Done: 2, bulk.Failed: 1}[want])
	}
}

func TestGivingUpIsAFinalResult(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	k.pictures(2)
	job := k.submit(bulk.Request{Source: k.folder()})
	k.plan()
	k.queue.all()
	for n := range 2 {
		k.tire(job, n)
		for range 2 { // the poison message may come twice as well
			if err := k.worker().GiveUp(t.Context(),
				bulk.ItemMessage{Tenant: job.Tenant, Job: job.Job, N: n}); err != nil {
				t.Fatal(err)
			}
		}
	}
	done, err := k.records.Job(t.Context(), job.Ref)
	if err != nil || done.State != bulk.Done || done.Counts.Failed != 2 || len(k.queue.all()) != 0 {
		t.Errorf("the job is %s with %+v (%v)", done.State, done.Counts, err)
	}
}

func TestGivingAPlanUpTwiceFailsTheJob(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	k.pictures(1)
	done := k.submit(bulk.Request{Source: k.folder()})
	k.drive(done.Ref)
	job := k.submit(bulk.Request{Source: k.folder()})
	k.queue.all()
	for _, ref := range []bulk.Ref{done.Ref, job.Ref} {
		if err := k.planner().GiveUp(t.Context(), bulk.PlanMessage{Tenant: ref.Tenant, Job: ref.Job}); err != nil {
			t.Fatal(err)
		}
	}
	if now, _ := k.records.Job(t.Context(), done.Ref); now.State != bulk.Done {
		t.Errorf("a job that is done became %s", now.State)
	}
	all := k.queue.all()
	var second bulk.PlanMessage
	if len(all) != 1 || json.Unmarshal(all[0].body, &second) != nil || second.Job != job.Job {
		t.Fatalf("the messages are %v, want a second chance of the job that is not planned", all)
	}
	for range 2 {
		if err := k.planner().GiveUp(t.Context(), second); err != nil {
			t.Fatal(err)
		}
	}
	if failed, _ := k.records.Job(t.Context(), job.Ref); failed.State != bulk.Failed || failed.Message == "" {
		t.Errorf("a job that was given up is %s: %q", failed.State, failed.Message)
	}
}

func TestAnImageThatWasSavedCountsAsEditedThoughItWasGivenUp(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	files := k.pictures(1)
	job := k.submit(bulk.Request{Source: k.folder()})
	k.plan()
	k.crash.at("before FinishItem", 5)
	work, _ := k.queue.take()
	for range 5 { // as often as the host tries
		if err := k.deliver(work); !errors.Is(err, errCrash) {
			t.Fatalf("the delivery ended with %v, want the crash", err)
		}
	}
	if err := k.worker().GiveUp(t.Context(), bulk.ItemMessage{Tenant: job.Tenant, Job: job.Job}); err != nil {
		t.Fatal(err)
	}
	done, err := k.records.Job(t.Context(), job.Ref)
	if err != nil || done.State != bulk.Done || done.Counts.Edited != 1 {
		t.Errorf("the job is %s with %+v (%v), want one edited", done.State, done.Counts, err)
	}
	k.wantVersions(files, 2)
}

func TestMessagesOfAnErasedOrganizationAreDropped(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	gone := bulk.Ref{Tenant: "00000000-0000-4000-8000-00000000dead", Job: "gone"}
	for name, err := range map[string]error{
		"plan":         k.planner().Plan(t.Context(), bulk.PlanMessage{Tenant: gone.Tenant, Job: gone.Job}),
		"work":         k.worker().Work(t.Context(), bulk.ItemMessage{Tenant: gone.Tenant, Job: gone.Job}),
		"give up plan": k.planner().GiveUp(t.Context(), bulk.PlanMessage{Tenant: gone.Tenant, Job: gone.Job}),
		"give up work": k.worker().GiveUp(t.Context(), bulk.ItemMessage{Tenant: gone.Tenant, Job: gone.Job}),
		"nothing":      k.worker().Work(t.Context(), bulk.ItemMessage{}),
	} {
		if err != nil {
			t.Errorf("%s: %v, want nil", name, err)
		}
	}
}

func TestAJobIsShownToItsUserAlone(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	k.pictures(1)
	job := k.submit(bulk.Request{Source: k.folder()})
	for name, who := range map[string]caller.Caller{
		"a colleague":      caller.Away(k.user.Tenant, scene.Alex.ID),
		"another tenant":   caller.Away(scene.Frida.Tenant, scene.Frida.ID),
		"the same user id": caller.Away(scene.Frida.Tenant, k.user.ID),
	} {
		if _, err := k.service.Get(t.Context(), who, job.Job); !fault.Is(err, fault.NotFound) {
			t.Errorf("%s: Get gave %v, want NotFound", name, err)
		}
		if _, _, err := k.service.Items(t.Context(), who, job.Job, "", 10); !fault.Is(err, fault.NotFound) {
			t.Errorf("%s: Items gave %v, want NotFound", name, err)
		}
	}
	if _, err := k.service.Get(t.Context(), k.who, job.Job); err != nil {
		t.Errorf("its user: %v", err)
	}
}

func TestARepeatWithTheSameKeyIsTheSameJob(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	files := k.pictures(2)
	key := rand.Text()
	first := k.submit(bulk.Request{Source: k.folder(), Key: key})
	again := k.submit(bulk.Request{Source: k.folder(), Key: key})
	other := k.submit(bulk.Request{Source: k.folder(), Key: key + "!"})
	if first.Job != again.Job || first.Job == other.Job {
		t.Errorf("jobs %s, %s and %s", first.Job, again.Job, other.Job)
	}
	for name, change := range map[string]bulk.Request{
		"recipe": {Source: k.folder(), Key: key,
			Recipe: json.RawMessage(`{"version":1,"steps":[{"op":"flip","axis":"both"}]}`)},
		"source": {Source: bulk.Source{Images: []bulk.ImageRef{{Drive: "d", Item: "i"}}}, Key: key, Recipe: halve},
		"save":   {Source: k.folder(), Key: key, Recipe: halve, Save: bulk.Save{Target: bulk.Copy}},
	} {
		if _, err := k.service.Submit(t.Context(), k.who, change); !fault.Is(err, fault.Conflict) ||
			fault.From(err).Field != "Idempotency-Key" {
			t.Errorf("another %s under the same key: %v, want a conflict", name, err)
		}
	}
	k.drive(first.Ref)
	k.wantVersions(files, 2) // the second job finds that nothing is left to do
}

func TestAnAnswerThatIsLostOnTheWayIsNoConflict(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	files := k.pictures(2)
	job := k.submit(bulk.Request{Source: k.folder()})
	_, err := world.Trouble.Add(trouble.Rule{
		Service: "graph",
		Method:  "PUT",
		Path:    regexp.QuoteMeta(k.site.DriveID[2:]),
		Times:   1,
		Action:  trouble.Lose,
	})
	if err != nil {
		t.Fatal(err)
	}
	if done := k.drive(job.Ref); done.Counts.Edited != len(files) {
		t.Errorf("counts %+v, want %d edited", done.Counts, len(files))
	}
	k.wantVersions(files, 2)
}

func TestRequestsThatCannotBeMeantAreRefused(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	good := bulk.Request{Source: k.folder(), Recipe: halve}
	tests := []struct {
		name   string
		change func(*bulk.Request)
		field  string
		says   string
	}{
		{"no source", func(r *bulk.Request) { r.Source = bulk.Source{} }, "/source", "either a folder"},
		{"both sources", func(r *bulk.Request) {
			r.Source.Images = []bulk.ImageRef{{Drive: "d", Item: "i"}}
		}, "/source", "either a folder"},
		{"too many images", func(r *bulk.Request) {
			r.Source = bulk.Source{Images: make([]bulk.ImageRef, 1001)}
		}, "/source/images", "At most 1000 images"},
		{"no recipe", func(r *bulk.Request) { r.Recipe = nil }, "/recipe", ""},
		{"bad recipe", func(r *bulk.Request) {
			r.Recipe = json.RawMessage(`{"version":1,"steps":[{"op":"blur","sigma":101}]}`)
		}, "/recipe/steps/0/sigma", "100"},
		{"name without copy", func(r *bulk.Request) { r.Save.Name = "x {name}" }, "/save/name", "for copies only"},
		{"unknown target", func(r *bulk.Request) { r.Save.Target = "mail" }, "/save/target", "newVersion or copy"},
		{"copy over itself", func(r *bulk.Request) {
			r.Save = bulk.Save{Target: bulk.Copy, Name: "{name}"}
		}, "/save/name", "something more"},
		{"copy elsewhere", func(r *bulk.Request) {
			r.Save = bulk.Save{Target: bulk.Copy, Name: "../{name}"}
		}, "/save/name", "may not contain"},
		{"copy with a control character", func(r *bulk.Request) {
			r.Save = bulk.Save{Target: bulk.Copy, Name: "{name}\n"}
		}, "/save/name", "control characters"},
		{"copy with an unknown placeholder", func(r *bulk.Request) {
			r.Save = bulk.Save{Target: bulk.Copy, Name: "{name}-{exif}"}
		}, "/save/name", "not known"},
		{"copy with an unknown policy", func(r *bulk.Request) {
			r.Save = bulk.Save{Target: bulk.Copy, OnConflict: "rename"}
		}, "/save/onConflict", "fail or skip"},
		{"new version elsewhere", func(r *bulk.Request) {
			r.Save = bulk.Save{Folder: "f"}
		}, "/save/folderId", "copies only"},
		{"new version with a policy", func(r *bulk.Request) {
			r.Save = bulk.Save{OnConflict: bulk.Skip}
		}, "/save/onConflict", "copies only"},
		{"copy with a forbidden word", func(r *bulk.Request) {
			r.Save = bulk.Save{Target: bulk.Copy, Name: "{name}_VTI_"}
		}, "/save/name", "_vti_"},
		{"long copy", func(r *bulk.Request) {
			r.Save = bulk.Save{Target: bulk.Copy, Name: "{name}" + strings.Repeat("x", 100)}
		}, "/save/name", "at most 100"},
		{"long key", func(r *bulk.Request) { r.Key = strings.Repeat("x", 129) }, "Idempotency-Key", "at most 128"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			request := good
			test.change(&request)
			_, err := k.service.Submit(t.Context(), k.who, request)
			f := fault.From(err)
			if err == nil || f.Kind != fault.Invalid || f.Field != test.field ||
				!strings.Contains(f.Message, test.says) {
				t.Errorf("error %v at %q, want an invalid %q that says %q", err, f.Field, test.field, test.says)
			}
		})
	}
	if len(k.queue.all()) != 0 {
		t.Error("a refused request left a message")
	}
}

func TestLettersThatCannotBeDrawnAreNeverBurntIn(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	for _, dry := range []bool{false, true} {
		_, err := k.service.Submit(t.Context(), k.who, bulk.Request{
			Source: k.folder(), Recipe: json.RawMessage(`{"version":1,"steps":[{"op":"text","text":"© 你好 {year}"}]}`),
			DryRun: dry,
		})
		f := fault.From(err)
		if err == nil || f.Kind != fault.Unsupported || f.Field != "/recipe/steps/0/text" ||
			!strings.HasSuffix(f.Message, ": 你 好") {
			t.Errorf("dry run %v: %v at %q", dry, err, f.Field)
		}
	}
	files := items(k.put("Strand.jpg", jpegPicture(t, 60, 40)), k.put("海.jpg", jpegPicture(t, 61, 40)))
	job := k.submit(
		bulk.Request{Source: k.folder(),
			Recipe: json.RawMessage(`{"version":1,"steps":[{"op":"text","text":"{name}","size":8}]}`)})
	if done := k.drive(job.Ref); done.Counts.Edited != 1 || done.Counts.Skipped != 1 {
		t.Errorf("counts %+v", done.Counts)
	}
	if got := k.results(job.Ref)["海.jpg"]; got.State != bulk.Skipped || got.Reason != string(fault.Unsupported) ||
		!strings.HasSuffix(got.Message, ": 海") {
		t.Errorf("the image is %s (%s): %s", got.State, got.Reason, got.Message)
	}
	if len(k.versions(files[0])) != 2 || len(k.versions(files[1])) != 1 {
		t.Errorf("%d and %d versions", len(k.versions(files[0])), len(k.versions(files[1])))
	}
}

func TestFilesKeepTheirDatesIfTheJobSaysSo(t *testing.T) {
	t.Parallel()
	for _, point := range []string{"", "before Replace", "after Replace", "before Create", "after Create",
		"after FinishItem"} {
		for name, save := range map[string]bulk.Save{"versions": {KeepDates: true},
			"copies": {Target: bulk.Copy, KeepDates: true}} {
			t.Run(name+" dying "+point, func(t *testing.T) {
				t.Parallel()
				k := newKit(t)
				files := k.pictures(2)
				var dates []time.Time
				for _, file := range files {
					f, err := k.library.File(t.Context(), k.who, k.site.DriveID, file.ID)
					if err != nil || f.Dated.IsZero() {
						t.Fatal(f, err)
					}
					dates = append(dates, f.Dated)
				}
				// the library's clock shows another second by then
				time.Sleep(time.Until(dates[1].Add(1100 * time.Millisecond)))
				job := k.submit(bulk.Request{Source: k.folder(), Save: save})
				if point != "" {
					k.crash.at(point, 1)
				}
				if done := k.drive(job.Ref); done.Counts.Edited != 2 {
					t.Fatalf("counts %+v", done.Counts)
				}
				for n, file := range files {
					f, err := k.library.File(t.Context(), k.who, k.site.DriveID,
						k.results(job.Ref)[file.Name].Saved.File)
					if err != nil || !f.Dated.Equal(dates[n]) {
						t.Errorf("%s is dated %v, %v; want %v", f.Name, f.Dated, err, dates[n])
					}
				}
				if save.Target != bulk.Copy {
					k.wantVersions(files, 2)
				}
			})
		}
	}
}
