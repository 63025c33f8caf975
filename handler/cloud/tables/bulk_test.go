package tables_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"imagepro/handler/bulk"
	"imagepro/handler/cloud/tables"
	"imagepro/handler/erasure"
	"imagepro/handler/fault"
)

// newJob records a job with as many images to edit.
func newJob(t *testing.T, images int) (*tables.Store, bulk.Job) {
	t.Helper()
	s, tenant := open(t)
	return s, addJob(t, s, bulk.Ref{Tenant: tenant, Job: "j"}, images)
}

func addJob(t *testing.T, s *tables.Store, ref bulk.Ref, images int) bulk.Job {
	t.Helper()
	must(t, s.CreateJob(t.Context(), bulk.Job{Ref: ref, User: "u", State: bulk.Planning}))
	job, err := s.Job(t.Context(), ref)
	must(t, err)
	for job.Planned < images {
		n := min(99, images-job.Planned)
		job, err = s.RecordPortion(t.Context(), job, bulk.Portion{Items: itemsFrom(job, n)})
		must(t, err)
	}
	return job
}

func itemsFrom(job bulk.Job, n int) []bulk.Item {
	var items []bulk.Item
	for i := range n {
		items = append(items, bulk.Item{
			Ref:   job.Ref,
			N:     job.Planned + i,
			File:  fmt.Sprint(job.Planned + i),
			State: bulk.Waiting,
		})
	}
	return items
}

func passedFrom(job bulk.Job, n int) []bulk.Item {
	var items []bulk.Item
	for i := range n {
		items = append(items, bulk.Item{
			Ref:    job.Ref,
			N:      job.Passed + i,
			Passed: true,
			File:   "passed",
			State:  bulk.Skipped,
		})
	}
	return items
}

func TestJobComesBackAsItWasWritten(t *testing.T) {
	t.Parallel()
	s, tenant := open(t)
	ctx := t.Context()
	want := bulk.Job{
		Ref:        bulk.Ref{Tenant: tenant, Job: "j"},
		User:       "u",
		State:      bulk.Failed,
		Reason:     "busy",
		Message:    `it's "ü" <&>`,
		CreatedAt:  noon,
		FinishedAt: noon,
		Place: bulk.Place{
			Folders: 3,
			Folder:  2,
			Cursor:  "https://x/?$skiptoken='a'&b",
			End:     true,
		},
		Planned: 100_000,
		Passed:  7,
		Sent:    8,
	}
	must(t, s.CreateJob(ctx, want))
	must(t, s.CreateJob(ctx, bulk.Job{Ref: want.Ref, User: "u", Message: "another"})) // is there already
	want.CreatedAt, want.FinishedAt = stamp, stamp
	got, err := s.Job(ctx, want.Ref)
	must(t, err)
	want.Version = got.Version
	if diff := cmp.Diff(want, got); diff != "" || got.Version == "" {
		t.Errorf("Job (-want +got):\n%s", diff)
	}

	want.State, want.Place.Cursor, want.FinishedAt = bulk.Running, "", want.FinishedAt.AddDate(1, 0, 0)
	want, err = s.UpdateJob(ctx, want)
	must(t, err)
	got, err = s.Job(ctx, want.Ref)
	must(t, err)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Job after UpdateJob (-want +got):\n%s", diff)
	}
}

func TestJobIsUpdatedOnlyOverTheVersionThatWasRead(t *testing.T) {
	t.Parallel()
	s, old := newJob(t, 0)
	ctx := t.Context()
	_, err := s.UpdateJob(ctx, old)
	must(t, err)
	kept, err := s.UpdateJob(ctx, old)
	wantKind(t, "UpdateJob of an old version", err, fault.Conflict)
	if kept.Version != old.Version {
		t.Error("a lost update changes the version that the caller holds")
	}
	_, err = s.RecordPortion(ctx, old, bulk.Portion{})
	wantKind(t, "RecordPortion on an old version", err, fault.Conflict)
	never := bulk.Job{Ref: bulk.Ref{Tenant: old.Tenant, Job: "never"}}
	_, err = s.UpdateJob(ctx, never)
	wantKind(t, "UpdateJob of what was never read", err, fault.Conflict)
	_, err = s.RecordPortion(ctx, never, bulk.Portion{})
	wantKind(t, "RecordPortion on what was never read", err, fault.Conflict)

	now, err := s.Job(ctx, old.Ref)
	must(t, err)
	must(t, s.Erase(ctx, erasure.Scope{Tenant: old.Tenant}, true, uncounted))
	_, err = s.UpdateJob(ctx, now)
	wantKind(t, "UpdateJob of an erased job", err, fault.Conflict)
	_, err = s.RecordPortion(ctx, now, bulk.Portion{Items: itemsFrom(now, 3)})
	wantKind(t, "RecordPortion on an erased job", err, fault.Conflict)
	if left := stored(t, "ImageProBulkEdits", old.Tenant); len(left) != 0 {
		t.Errorf("brought back: %v", left)
	}
}

func TestPortionOf99IsRecordedWithItsPlace(t *testing.T) {
	t.Parallel()
	s, job := newJob(t, 0)
	ctx := t.Context()
	folders := []bulk.FolderRef{{ImageRef: bulk.ImageRef{Drive: "b!D'1", Item: "F/1"}, Depth: 1},
		{ImageRef: bulk.ImageRef{Drive: "d2", Item: "ü"}, Depth: 7}}
	next := bulk.Place{Folders: 3, Folder: 0, Cursor: "c"}
	portion := bulk.Portion{
		Items:   itemsFrom(job, 90),
		Passed:  passedFrom(job, 7),
		Left:    5,
		Folders: folders,
		Next:    next,
	}
	done, err := s.RecordPortion(ctx, job, portion)
	must(t, err)
	want := job
	want.Place, want.Planned, want.Passed, want.Left, want.Version = next, 90, 7, 5, done.Version
	if diff := cmp.Diff(want, done); diff != "" || done.Version == job.Version {
		t.Errorf("RecordPortion (-want +got):\n%s", diff)
	}
	for n, folder := range folders {
		got, err := s.PlannedFolder(ctx, job.Ref, n+1) // the first folder has no record
		if err != nil || got != folder {
			t.Errorf("PlannedFolder(%d) = %v, %v, want %v", n+1, got, err, folder)
		}
	}
	_, err = s.PlannedFolder(ctx, job.Ref, 3)
	wantKind(t, "PlannedFolder(3)", err, fault.NotFound)
	if item, err := s.Item(ctx, job.Ref, 89); err != nil || item.File != "89" {
		t.Errorf("Item(89) = %+v, %v", item, err)
	}
	_, err = s.Item(ctx, job.Ref, 90)
	wantKind(t, "Item(90)", err, fault.NotFound)
}

func TestPortionIsRecordedWholeOrNotAtAll(t *testing.T) {
	t.Parallel()
	s, job := newJob(t, 2)
	ctx := t.Context()
	before := len(stored(t, "ImageProBulkEdits", job.Tenant))
	overlapping := itemsFrom(bulk.Job{Ref: job.Ref, Planned: 1}, 5) // number 1 is there already
	kept, err := s.RecordPortion(ctx, job, bulk.Portion{Items: overlapping, Passed: passedFrom(job, 5)})
	wantKind(t, "a portion of which one record is there", err, fault.Conflict)
	if diff := cmp.Diff(job, kept); diff != "" {
		t.Errorf("a lost portion changes the job that the caller holds:\n%s", diff)
	}
	_, err = s.RecordPortion(ctx, job, bulk.Portion{Items: itemsFrom(job, 50), Passed: passedFrom(job, 50)})
	wantKind(t, "a portion of 100", err, fault.Internal)
	now, err := s.Job(ctx, job.Ref)
	must(t, err)
	if diff := cmp.Diff(job, now); diff != "" {
		t.Errorf("the job moved (-before +after):\n%s", diff)
	}
	if after := len(stored(t, "ImageProBulkEdits", job.Tenant)); after != before {
		t.Errorf("%d records, want the %d from before", after, before)
	}
}

func TestTwoPlannersRecordEachPageOnce(t *testing.T) {
	t.Parallel()
	s, job := newJob(t, 0)
	const pages, perPage = 6, 20
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			for mine := job; mine.Place.Folder < pages; {
				portion := bulk.Portion{Items: itemsFrom(mine, perPage),
					Next: bulk.Place{Folder: mine.Place.Folder + 1}}
				next, err := s.RecordPortion(t.Context(), mine, portion)
				if fault.Is(err, fault.Conflict) {
					next, err = s.Job(t.Context(), mine.Ref)
				}
				if err != nil {
					t.Error(err)
					return
				}
				mine = next
			}
		})
	}
	wg.Wait()
	got, err := s.Job(t.Context(), job.Ref)
	must(t, err)
	items, _, err := s.ItemsOf(t.Context(), job.Ref, "", 1000)
	must(t, err)
	if got.Planned != pages*perPage || len(items) != pages*perPage || got.Place.Folder != pages {
		t.Errorf("planned %d, recorded %d in %d pages, want %d in %d", got.Planned, len(items), got.Place.Folder,
			pages*perPage, pages)
	}
}

func TestJobThatIsNotThereIsNotFound(t *testing.T) {
	t.Parallel()
	s, job := newJob(t, 1)
	for _, ref := range []bulk.Ref{{Tenant: job.Tenant, Job: "jj"}, {Tenant: job.Tenant + "x", Job: "j"},
		{Tenant: job.Tenant, Job: "j-"}} {
		_, err := s.Job(t.Context(), ref)
		wantKind(t, fmt.Sprint("Job ", ref), err, fault.NotFound)
	}
}

func TestLongTextsFitARecord(t *testing.T) {
	t.Parallel()
	s, job := newJob(t, 0)
	item := bulk.Item{
		Ref:    job.Ref,
		Name:   strings.Repeat("ü", 400),
		Parent: strings.Repeat("p", 200),
		State:  bulk.Waiting,
	}
	for range 20 {
		item.Warnings = append(item.Warnings, strings.Repeat("'<", 200))
	}
	job, err := s.RecordPortion(t.Context(), job,
		bulk.Portion{Items: []bulk.Item{item}, Next: bulk.Place{Cursor: strings.Repeat("c", 8000)}})
	must(t, err)
	got, err := s.Item(t.Context(), job.Ref, 0)
	must(t, err)
	item.Version = got.Version
	if diff := cmp.Diff(item, got); diff != "" || len(job.Place.Cursor) != 8000 {
		t.Errorf("Item (-want +got):\n%s", diff)
	}
}
