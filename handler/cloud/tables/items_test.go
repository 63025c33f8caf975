package tables_test

import (
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"imagepro/handler/bulk"
	"imagepro/handler/cloud/tables"
	"imagepro/handler/dev/azurite"
	"imagepro/handler/erasure"
	"imagepro/handler/fault"
)

const large = 3 << 31 // bytes

func TestItemComesBackAsItWasWritten(t *testing.T) {
	t.Parallel()
	s, job := newJob(t, 0)
	ctx := t.Context()
	want := bulk.Item{
		Ref:     job.Ref,
		N:       0,
		Number:  7,
		User:    "u",
		Drive:   "b!D",
		File:    "F",
		Parent:  "P",
		Name:    `it's "ü" <&>.jpg`,
		Tag:     `"c:{1},2"`,
		Size:    large,
		State:   bulk.Waiting,
		Undoing: &bulk.Undoing{Old: "o+/=", Bytes: large, Left: "l+/=", Unsure: true},
	}
	_, err := s.RecordPortion(ctx, job, bulk.Portion{Items: []bulk.Item{want}})
	must(t, err)
	got, err := s.Item(ctx, job.Ref, 0)
	must(t, err)
	want.Version = got.Version
	if diff := cmp.Diff(want, got); diff != "" || got.Version == "" {
		t.Errorf("Item (-want +got):\n%s", diff)
	}

	before, after := bulk.Picture{Width: 1, Height: 2, Bytes: large, Format: "jpeg"}, bulk.Picture{
		Width:  3,
		Height: 4,
		Bytes:  5,
		Format: "png",
	}
	want.Intent = &bulk.Intent{
		Source:      "s+/=",
		Fingerprint: "f+/=",
		Name:        "n",
		Folder:      "D2",
		Before:      before,
		After:       after,
		Warnings:    []string{"w", "x"},
	}
	want, err = s.Intend(ctx, want)
	must(t, err)
	got, err = s.Item(ctx, job.Ref, 0)
	must(t, err)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Item after Intend (-want +got):\n%s", diff)
	}

	want.State, want.Reason, want.Message, want.FinishedAt = bulk.Edited, "r", "m", noon
	want.Before, want.After, want.Warnings, want.Saved = before, after, []string{"w"},
		&bulk.Saved{File: "F2", Tag: `"c:{1},3"`}
	_, err = s.FinishItem(ctx, want)
	must(t, err)
	got, err = s.Item(ctx, job.Ref, 0)
	must(t, err)
	want.FinishedAt, want.Version = stamp, got.Version
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Item after FinishItem (-want +got):\n%s", diff)
	}
}

func TestItemIsWrittenOnlyOverTheVersionThatWasRead(t *testing.T) {
	t.Parallel()
	s, job := newJob(t, 1)
	ctx := t.Context()
	old, err := s.Item(ctx, job.Ref, 0)
	must(t, err)
	now, err := s.Intend(ctx, old)
	must(t, err)
	old.State = bulk.Edited
	kept, err := s.Intend(ctx, old)
	wantKind(t, "Intend on an old version", err, fault.Conflict)
	if kept.Version != old.Version {
		t.Error("a lost write changes the version that the caller holds")
	}
	_, err = s.FinishItem(ctx, old)
	wantKind(t, "FinishItem on an old version", err, fault.Conflict)
	for _, number := range []int{0, 1} {
		_, err = s.FinishItem(ctx, bulk.Item{Ref: job.Ref, N: number, State: bulk.Edited})
		wantKind(t, "FinishItem on what was never read", err, fault.Conflict)
	}
	if job, err = s.Job(ctx, job.Ref); err != nil || job.Counts.Total() != 0 {
		t.Errorf("lost results are counted: %+v, %v", job.Counts, err)
	}

	now.State = bulk.Edited
	if n, err := s.FinishItem(ctx, now); err != nil || n != 1 {
		t.Errorf("FinishItem = %d, %v, want the first of its share", n, err)
	}
	_, err = s.FinishItem(ctx, now)
	wantKind(t, "a second FinishItem", err, fault.Conflict)
}

func TestErasedItemIsNotBroughtBack(t *testing.T) {
	t.Parallel()
	s, job := newJob(t, 1)
	ctx := t.Context()
	item, err := s.Item(ctx, job.Ref, 0)
	must(t, err)
	must(t, s.Erase(ctx, erasure.Scope{Tenant: job.Tenant}, true, uncounted))
	_, err = s.Intend(ctx, item)
	wantKind(t, "Intend", err, fault.Conflict)
	_, err = s.FinishItem(ctx, item)
	wantKind(t, "FinishItem", err, fault.NotFound)
	if left := stored(t, "ImageProBulkEdits", job.Tenant); len(left) != 0 {
		t.Errorf("brought back: %v", left)
	}
}

// finishAll is a worker: it finishes the images whose numbers come and returns how often
// FinishItem returned each number of each share. Losing a race is no failure.
func finishAll(t *testing.T, s *tables.Store, ref bulk.Ref, numbers <-chan int) map[string]int {
	returned := map[string]int{}
	for n := range numbers {
		item, err := s.Item(t.Context(), ref, n)
		if err != nil {
			t.Error(err)
			return returned
		}
		if item.State != bulk.Waiting {
			continue
		}
		done, err := s.FinishItem(t.Context(), resultOf(item))
		if err != nil {
			wantKind(t, "FinishItem", err, fault.Conflict)
			continue
		}
		returned[fmt.Sprintf("share %d: %d", n%bulk.Shares, done)]++
	}
	return returned
}

// resultOf gives an image one of the results, by its number.
func resultOf(i bulk.Item) bulk.Item {
	states := []bulk.ItemState{bulk.Edited, bulk.Unchanged, bulk.Skipped, bulk.Conflicted, bulk.Broken, bulk.Edited}
	i.State, i.Before.Bytes, i.After.Bytes = states[i.N%len(states)], large, large/2
	return i
}

func TestWorkersOfTwoProcessesCountEachResultOnceThoughEachMessageComesTwice(t *testing.T) {
	t.Parallel()
	const images, workers = 48, 8
	s, job := newJob(t, images)
	stores := []*tables.Store{s, openAt(t, storage)}
	var want bulk.Counts
	numbers := make(chan int, 2*images)
	for i := range images {
		n := i%(images/bulk.Shares)*bulk.Shares + i/(images/bulk.Shares) // share by share, so that the workers meet
		numbers <- n
		numbers <- n
		want.Add(resultOf(bulk.Item{N: n}))
	}
	close(numbers)
	results := make(chan map[string]int)
	for worker := range workers {
		go func() { results <- finishAll(t, stores[worker%len(stores)], job.Ref, numbers) }()
	}
	returned := map[string]int{}
	for range workers {
		for key, times := range <-results {
			returned[key] += times
		}
	}
	got, err := s.Job(t.Context(), job.Ref)
	must(t, err)
	if diff := cmp.Diff(want, got.Counts); diff != "" {
		t.Errorf("counts (-want +got):\n%s", diff)
	}
	for share := range bulk.Shares {
		for done := 1; done <= images/bulk.Shares; done++ {
			if key := fmt.Sprintf("share %d: %d", share, done); returned[key] != 1 {
				t.Errorf("%s was returned %d times, want once", key, returned[key])
			}
		}
	}
}

func TestAShareIsReadOnceByTheProcessThatWritesIt(t *testing.T) {
	t.Parallel()
	s, job := newJob(t, 3*bulk.Shares)
	var requests atomic.Int64
	behind, stop, err := azurite.Behind(storage, "Table", func(
		service http.Handler, w http.ResponseWriter, r *http.Request,
	) {
		requests.Add(1)
		service.ServeHTTP(w, r)
	})
	must(t, err)
	t.Cleanup(stop)
	one, other := openAt(t, behind), openAt(t, behind)
	for _, step := range []struct {
		by       *tables.Store
		n        int
		requests int64
	}{
		{one, 0, 2},                 // reads the share and writes
		{one, bulk.Shares, 1},       // knows it
		{other, 2 * bulk.Shares, 2}, // is another process
	} {
		item, err := s.Item(t.Context(), job.Ref, step.n)
		must(t, err)
		before := requests.Load()
		if done, err := step.by.FinishItem(t.Context(), resultOf(item)); err != nil || done != step.n/bulk.Shares+1 {
			t.Errorf("image %d: %d, %v", step.n, done, err)
		}
		if got := requests.Load() - before; got != step.requests {
			t.Errorf("image %d: %d requests, want %d", step.n, got, step.requests)
		}
	}
}

func TestItemsComeInPagesInTheirOrder(t *testing.T) {
	t.Parallel()
	s, job := newJob(t, 1010)
	ctx := t.Context()
	job, err := s.RecordPortion(ctx, job,
		bulk.Portion{Passed: passedFrom(job, 5), Folders: []bulk.FolderRef{{}}, Next: bulk.Place{Folders: 2}})
	must(t, err)
	addJob(t, s, bulk.Ref{Tenant: job.Tenant, Job: job.Job + "0"}, 1) // a neighbour
	for _, limit := range []int{350, 1000, 1005, 1015, 5000} {
		seen, pages := 0, 0
		for cursor := ""; pages == 0 || cursor != ""; pages++ {
			page, next, err := s.ItemsOf(ctx, job.Ref, cursor, limit)
			must(t, err)
			if len(page) > limit || next != "" && len(page) < limit {
				t.Errorf("limit %d: a page of %d with cursor %q", limit, len(page), next)
			}
			for _, item := range page {
				if wantPassed := seen >= 1010; item.Passed != wantPassed || item.N != seen%1010 ||
					item.Ref != job.Ref || item.Version == "" {
					t.Fatalf("limit %d: item %d is %+v", limit, seen, item)
				}
				seen++
			}
			cursor = next
		}
		if want := (1015 + limit - 1) / limit; seen != 1015 || pages != want {
			t.Errorf("limit %d: %d items in %d pages, want 1015 in %d", limit, seen, pages, want)
		}
	}
}

func TestForgedCursorIsRefused(t *testing.T) {
	t.Parallel()
	s, job := newJob(t, 1)
	forged := []string{
		"0", "2_00000000", "5_00000000", "3_", "3_0", "3_0000000a", "3_000000000", "3_00000000' or PartitionKey ne '",
		"3_00000000\n", "%00", "3_0000000 ",
	}
	for _, cursor := range forged {
		_, _, err := s.ItemsOf(t.Context(), job.Ref, cursor, 1)
		wantKind(t, fmt.Sprintf("cursor %q", cursor), err, fault.Invalid)
	}
	for _, limit := range []int{0, -1} {
		_, _, err := s.ItemsOf(t.Context(), job.Ref, "", limit)
		wantKind(t, fmt.Sprintf("limit %d", limit), err, fault.Invalid)
	}
	if items, next, err := s.ItemsOf(t.Context(), job.Ref, "4_99999999", 1); err != nil || len(items) != 0 ||
		next != "" {
		t.Errorf("a cursor behind the end = %v, %q, %v, want nothing", items, next, err)
	}
}
