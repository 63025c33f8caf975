package bulk_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"image/jpeg"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"imagepro/handler/bulk"
	"imagepro/handler/caller"
	"imagepro/handler/dev/sandbox/graph"
	"imagepro/handler/erasure"
	"imagepro/handler/fault"
	"imagepro/handler/imaging"
	"imagepro/handler/org"
)

func TestADryRunTellsWhatWouldBecomeAndSavesNothing(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	paths, err := filepath.Glob("../imaging/testdata/photos/*.jpg")
	if err != nil || len(paths) < 3 {
		t.Fatalf("%d photographs, %v", len(paths), err)
	}
	var files []graph.Item
	for _, path := range paths[:3] {
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, k.put(filepath.Base(path), content))
	}
	k.put("done.jpg", jpegPicture(t, 30, 20))
	k.put("notes.txt", []byte("x"))
	job := k.submit(bulk.Request{Source: k.folder(), DryRun: true})
	k.crash.at("after FinishItem", 2)
	done := k.drive(job.Ref)
	if done.State != bulk.Done || done.Kind != bulk.DryRun || done.Counts.Edited != 3 || done.Counts.Unchanged != 1 ||
		done.Passed != 1 {
		t.Errorf("the dry run is %+v", done)
	}
	if done.Counts.BytesAfter == 0 || done.Counts.BytesAfter > done.Counts.BytesBefore/100 {
		t.Errorf("%d bytes would become %d", done.Counts.BytesBefore, done.Counts.BytesAfter)
	}
	k.wantVersions(files, 1)
	samples, err := k.service.Samples(t.Context(), k.who, job.Job)
	if err != nil || len(samples) != 3 {
		t.Fatalf("%d samples, %v", len(samples), err)
	}
	for _, s := range samples {
		for side, long := range map[bulk.Side]int{bulk.Before: 512, bulk.After: 30} {
			content, err := k.service.Preview(t.Context(), k.who, job.Job, s.Item.N, side)
			if err != nil {
				t.Fatal(err)
			}
			shown, err := jpeg.DecodeConfig(bytes.NewReader(content))
			if err != nil || max(shown.Width, shown.Height) != long || bytes.Contains(content, []byte("Exif")) {
				t.Errorf("%s of %s: %d×%d, %v; want %d pixels and no metadata", side, s.Item.Name, shown.Width,
					shown.Height, err, long)
			}
		}
	}
}

func TestADryRunOfCopiesTellsWhichNamesAreTaken(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	k.pictures(3)
	k.put("Photo 01-edited.jpg", []byte("theirs"))
	for policy, want := range map[bulk.OnConflict]bulk.Counts{
		bulk.Fail: {Edited: 2, Conflict: 1}, bulk.Skip: {Edited: 2, Skipped: 1},
	} {
		source := k.folder()
		source.Folder.Names = []string{"photo ??.jpg"}
		job := k.submit(
			bulk.Request{Source: source, DryRun: true, Save: bulk.Save{Target: bulk.Copy, OnConflict: policy}})
		got := k.drive(job.Ref).Counts
		got.BytesBefore, got.BytesAfter = 0, 0
		if got != want {
			t.Errorf("%s: %+v, want %+v", policy, got, want)
		}
	}
	if names := k.names(); len(names) != 4 {
		t.Errorf("the files are %q", names)
	}
}

func TestPreviewsAreOfAFewImagesAndOfTheirUserAndOfADay(t *testing.T) {
	t.Parallel()
	k := newKitOf(t, newUser(t))
	start := time.Now()
	now := start
	k.now = func() time.Time { return now }
	k.service = k.newService()
	k.pictures(20)
	job := k.submit(bulk.Request{Source: k.folder(), DryRun: true})
	k.drive(job.Ref)
	samples, err := k.service.Samples(t.Context(), k.who, job.Job)
	var numbers []int
	for _, s := range samples {
		numbers = append(numbers, s.Item.N)
	}
	if want := []int{0, 2, 5, 7, 10, 12, 15, 17}; err != nil || !slices.Equal(numbers, want) {
		t.Errorf("samples %v, %v; want %v", numbers, err, want)
	}
	preview := func(who caller.Caller, n int) error {
		_, err := k.service.Preview(t.Context(), who, job.Job, n, bulk.After)
		return err
	}
	stranger := newUser(t)
	for what, err := range map[string]error{
		"one without a preview": preview(k.who, 1), "one that is not there": preview(k.who, 99),
		"a stranger's":     preview(caller.Away(stranger.Tenant, stranger.ID), 0),
		"another tenant's": preview(caller.Caller{Tenant: "x", User: k.who.User}, 0),
	} {
		if !fault.Is(err, fault.NotFound) {
			t.Errorf("%s: %v, want not found", what, err)
		}
	}
	if err := preview(k.who, 0); err != nil {
		t.Error(err)
	}
	now = start.Add(25 * time.Hour)
	if samples, err := k.service.Samples(t.Context(), k.who, job.Job); err != nil || len(samples) != 0 ||
		!fault.Is(preview(k.who, 0), fault.NotFound) {
		t.Errorf("after a day: %d samples, %v", len(samples), err)
	}
	edit := k.submit(bulk.Request{Source: k.folder()})
	if _, err := k.service.Samples(t.Context(), k.who, edit.Job); !fault.Is(err, fault.NotFound) {
		t.Errorf("previews of an edit: %v", err)
	}
}

func TestErasingAUserReachesTheirPreviews(t *testing.T) {
	t.Parallel()
	k := newKitOf(t, newUser(t))
	k.pictures(1)
	job := k.submit(bulk.Request{Source: k.folder(), DryRun: true})
	k.drive(job.Ref)
	if _, err := k.specs.Preview(t.Context(), job, 0, bulk.Before); err != nil {
		t.Fatal(err)
	}
	if err := k.specs.Erase(t.Context(), erasure.Scope{Tenant: k.user.Tenant, User: k.user.ID}, true,
		uncounted{}); err != nil {
		t.Fatal(err)
	}
	if _, err := k.specs.Preview(t.Context(), job, 0, bulk.Before); !fault.Is(err, fault.NotFound) {
		t.Errorf("afterwards: %v, want it gone", err)
	}
}

func TestADryRunIsNeitherUndoneNorTheSameAsAnEdit(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	k.pictures(1)
	key := rand.Text()
	job := k.submit(bulk.Request{Source: k.folder(), DryRun: true, Key: key})
	k.drive(job.Ref)
	if _, err := k.service.Undo(t.Context(), k.who, job.Job); !fault.Is(err, fault.Conflict) {
		t.Errorf("undo: %v", err)
	}
	if _, err := k.service.Retry(t.Context(), k.who, job.Job, nil, ""); !fault.Is(err, fault.Conflict) {
		t.Errorf("retry: %v", err)
	}
	if _, err := k.service.Submit(t.Context(), k.who,
		bulk.Request{Source: k.folder(), Recipe: halve, Key: key}); !fault.Is(err, fault.Conflict) {
		t.Errorf("the key of the dry run for an edit: %v, want a conflict", err)
	}
}

func TestADeathInADryRunChangesNothing(t *testing.T) {
	t.Parallel()
	for _, point := range []string{"before PutPreview", "after PutPreview", "before FinishItem", "after FinishItem",
		"after RecordPortion", "after Send bulk-items"} {
		t.Run(fmt.Sprint("dying ", point), func(t *testing.T) {
			t.Parallel()
			k := newKit(t)
			files := k.pictures(3)
			job := k.submit(bulk.Request{Source: k.folder(), DryRun: true})
			k.crash.at(point, 1)
			if done := k.drive(job.Ref); done.State != bulk.Done || done.Counts.Edited != 3 ||
				done.Counts.Total() != 3 {
				t.Errorf("the dry run is %+v", done)
			}
			if k.crash.struck == 0 {
				t.Errorf("the process never died")
			}
			k.wantPreviews(job, 3)
			k.wantVersions(files, 1)
		})
	}
}

// wantPreviews checks that so many images have both previews.
func (k *kit) wantPreviews(job bulk.Job, want int) {
	k.t.Helper()
	samples, err := k.service.Samples(k.t.Context(), k.who, job.Job)
	if err != nil || len(samples) != want {
		k.t.Errorf("%d samples, %v; want %d", len(samples), err, want)
	}
	for _, s := range samples {
		for _, side := range []bulk.Side{bulk.Before, bulk.After} {
			if _, err := k.service.Preview(k.t.Context(), k.who, job.Job, s.Item.N, side); err != nil {
				k.t.Errorf("%s of %s: %v", side, s.Item.Name, err)
			}
		}
	}
}

func TestEveryMessageOfADryRunTwiceAtOnceCountsOnce(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	files := k.pictures(12)
	job := k.submit(bulk.Request{Source: k.folder(), DryRun: true})
	k.deliverTwice()
	if done := k.drive(job.Ref); done.State != bulk.Done || done.Counts.Edited != len(files) ||
		done.Counts.Total() != len(files) {
		t.Errorf("the dry run is %+v", done)
	}
	k.wantPreviews(job, 8)
	k.wantVersions(files, 1)
}

// interrupted keeps previews after something else has happened.
type interrupted struct {
	bulk.Previews
	by func()
}

func (i interrupted) PutPreview(ctx context.Context, j bulk.Job, n int, side bulk.Side, jpeg []byte) error {
	if side == bulk.After {
		i.by()
	}
	return i.Previews.PutPreview(ctx, j, n, side, jpeg)
}

func TestPreviewsThatComeAfterAnErasureAreTakenBack(t *testing.T) {
	t.Parallel()
	k := newKitOf(t, newUser(t))
	k.pictures(1)
	job := k.submit(bulk.Request{Source: k.folder(), DryRun: true})
	k.plan()
	worker := k.rehearsing(imaging.DefaultLimits(), interrupted{k.specs, func() {
		for _, eraser := range []org.Eraser{k.records, k.specs} {
			if err := eraser.Erase(t.Context(), erasure.Scope{Tenant: k.user.Tenant, User: k.user.ID}, true,
				uncounted{}); err != nil {
				t.Error(err)
			}
		}
	}})
	if err := worker.Work(t.Context(), itemOf(job)); err == nil {
		t.Error("the message is done with though its job is gone")
	}
	if err := worker.Work(t.Context(), itemOf(job)); err != nil {
		t.Errorf("the repeat: %v, want it dropped", err)
	}
	for _, side := range []bulk.Side{bulk.Before, bulk.After} {
		if _, err := k.specs.Preview(t.Context(), job, 0, side); !fault.Is(err, fault.NotFound) {
			t.Errorf("%s: %v, want it gone", side, err)
		}
	}
}

// rehearsing is a worker with limits and previews of its own.
func (k *kit) rehearsing(limits imaging.Limits, previews bulk.Previews) *bulk.Worker {
	return bulk.NewWorker(bulk.WorkerOptions{
		Jobs:     k.records,
		Items:    k.records,
		Specs:    k.specs,
		Queue:    k.queue,
		Sessions: k.sessions,
		Library:  k.library,
		Limits:   limits,
		Window:   k.limits.Window,
		Room:     imaging.NewRoom(1),
		Previews: previews,
		Now:      k.now,
	})
}

func TestAResultThatIsTooLargeToBeEditedAgainIsStillShown(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	k.put("small.png", pngPicture(t, 60, 40))
	job := k.submit(
		bulk.Request{Source: k.folder(), DryRun: true,
			Recipe: json.RawMessage(`{"version":1,"steps":[{"op":"resize","width":120}]}`)})
	k.plan()
	limits := imaging.DefaultLimits()
	limits.Pixels, limits.Side = 60*40, 60
	if err := k.rehearsing(limits, k.specs).Work(t.Context(), itemOf(job)); err != nil {
		t.Fatal(err)
	}
	if got := k.results(job.Ref)["small.png"]; got.State != bulk.Edited || got.After.Width != 120 {
		t.Errorf("the image is %s (%q), %+v", got.State, got.Message, got.After)
	}
	k.wantPreviews(job, 1)
}

func TestADryRunOfCopiesTellsTheirNames(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	k.pictures(1)
	job := k.submit(
		bulk.Request{Source: k.folder(), DryRun: true, Save: bulk.Save{Target: bulk.Copy, Name: "{name} {width}"}})
	k.drive(job.Ref)
	if got := k.results(job.Ref)["Photo 00.jpg"]; got.Intent == nil || got.Intent.Name != "Photo 00 30.jpg" ||
		got.Saved != nil {
		t.Errorf("the image is %+v", got)
	}
}

func TestOnlyWhatAnEditHasLeftCountsSinceADryRun(t *testing.T) {
	t.Parallel()
	for name, save := range map[string]bulk.Save{"versions": {}, "copies": {Target: bulk.Copy}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := newKit(t)
			files := k.pictures(2)
			run := func(since string, dry bool) bulk.Job {
				source := k.folder()
				source.Since = since
				job := k.submit(bulk.Request{Source: source, Recipe: marker, Save: save, DryRun: dry})
				return k.drive(job.Ref)
			}
			if first := run(run("", true).Job, true); first.Counts.Edited != len(files) {
				t.Errorf("a dry run since a dry run: %+v", first.Counts)
			}
			edit := run(run("", true).Job, false)
			if edit.Counts.Edited != len(files) {
				t.Fatalf("an edit since a dry run: %+v", edit.Counts)
			}
			k.put("new.jpg", jpegPicture(t, 98, 70))
			dry := run(edit.Job, true)
			if got := k.namesOf(dry.Ref, bulk.Edited); !slices.Equal(got, []string{"new.jpg"}) {
				t.Errorf("a dry run since an edit would edit %q", got)
			}
			last := run(dry.Job, false)
			if got := k.namesOf(last.Ref, bulk.Edited); !slices.Equal(got, []string{"new.jpg"}) {
				t.Errorf("an edit since that dry run has edited %q", got)
			}
		})
	}
}
