package bulk_test

import (
	"bytes"
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
)

func TestADryRunTellsWhatWouldBecomeAndSavesNothing(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	paths, err := filepath.Glob("../../../shared/photos/*.jpg")
	if err != nil || len(paths) < 3 {
		t.Skipf("no photographs at ../../../shared/photos: %v", err)
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
	if done.State != bulk.Done || done.Kind != bulk.DryRun || done.Counts.Edited != 3 || done.Counts.Unchanged != 1 || done.Passed != 1 {
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
				t.Errorf("%s of %s: %d×%d, %v; want %d pixels and no metadata", side, s.Item.Name, shown.Width, shown.Height, err, long)
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
		job := k.submit(bulk.Request{Source: source, DryRun: true, Save: bulk.Save{Target: bulk.Copy, OnConflict: policy}})
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
		"a stranger's": preview(caller.Away(stranger.Tenant, stranger.ID), 0), "another tenant's": preview(caller.Caller{Tenant: "x", User: k.who.User}, 0),
	} {
		if !fault.Is(err, fault.NotFound) {
			t.Errorf("%s: %v, want not found", what, err)
		}
	}
	if err := preview(k.who, 0); err != nil {
		t.Error(err)
	}
	now = start.Add(25 * time.Hour)
	if samples, err := k.service.Samples(t.Context(), k.who, job.Job); err != nil || len(samples) != 0 || !fault.Is(preview(k.who, 0), fault.NotFound) {
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
	if err := k.specs.Erase(t.Context(), erasure.Scope{Tenant: k.user.Tenant, User: k.user.ID}, true, uncounted{}); err != nil {
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
	job := k.submit(bulk.Request{Source: k.folder(), DryRun: true, Key: "k"})
	k.drive(job.Ref)
	if _, err := k.service.Undo(t.Context(), k.who, job.Job); !fault.Is(err, fault.Conflict) {
		t.Errorf("undo: %v", err)
	}
	if _, err := k.service.Retry(t.Context(), k.who, job.Job, nil, ""); !fault.Is(err, fault.Conflict) {
		t.Errorf("retry: %v", err)
	}
	if _, err := k.service.Submit(t.Context(), k.who, bulk.Request{Source: k.folder(), Recipe: halve, Key: "k"}); !fault.Is(err, fault.Conflict) {
		t.Errorf("the key of the dry run for an edit: %v, want a conflict", err)
	}
}

func TestADeathInADryRunChangesNothing(t *testing.T) {
	t.Parallel()
	for _, point := range []string{"before FinishItem", "after FinishItem", "after RecordPortion", "after Send bulk-items"} {
		t.Run(fmt.Sprint("dying ", point), func(t *testing.T) {
			t.Parallel()
			k := newKit(t)
			files := k.pictures(3)
			job := k.submit(bulk.Request{Source: k.folder(), DryRun: true})
			k.crash.at(point, 1)
			if done := k.drive(job.Ref); done.State != bulk.Done || done.Counts.Edited != 3 {
				t.Errorf("the dry run is %+v", done)
			}
			k.wantVersions(files, 1)
		})
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
