package bulk_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"imagepro/handler/bulk"
	"imagepro/handler/caller"
	"imagepro/handler/fault"
	"imagepro/handler/imaging"
)

func TestAPausedJobRestsUntilItsUserLetsItGoOn(t *testing.T) {
	t.Parallel()
	const images = 12
	for _, edited := range []int{-1, 0, 5, 11} { // -1: while it is planned
		t.Run(fmt.Sprintf("after %d images", edited), func(t *testing.T) {
			t.Parallel()
			k := newKitOf(t, newUser(t))
			k.limits.Window = 4
			files := k.pictures(images)
			job := k.submit(bulk.Request{Source: k.folder()})
			if edited >= 0 {
				k.deliverUntil(job.Ref, func(j bulk.Job) bool { return j.Place.End && j.Counts.Edited == edited })
			}
			for range 2 {
				if paused, err := k.service.Pause(t.Context(), k.who, job.Job); err != nil ||
					paused.State != bulk.Paused {
					t.Fatalf("Pause = %+v, %v", paused, err)
				}
			}
			if paused := k.drive(job.Ref); paused.State != bulk.Paused || paused.Counts.Edited != max(0, edited) {
				t.Errorf("while it rests the job is %+v", paused)
			}
			if err := k.service.Resume(t.Context(), k.who); err != nil || len(k.queue.all()) != 0 {
				t.Errorf("a visit let it go on, %v", err)
			}
			for range 2 {
				if on, err := k.service.GoOn(t.Context(), k.who, job.Job); err != nil || on.State == bulk.Paused {
					t.Fatalf("GoOn = %+v, %v", on, err)
				}
			}
			done := k.drive(job.Ref)
			if done.State != bulk.Done || done.Counts.Edited != images {
				t.Errorf("the job is %+v, want it done with %d edited", done, images)
			}
			k.wantVersions(files, 2)
			for name, change := range map[string]func() error{
				"pause":  func() error { _, err := k.service.Pause(t.Context(), k.who, job.Job); return err },
				"go on":  func() error { _, err := k.service.GoOn(t.Context(), k.who, job.Job); return err },
				"cancel": func() error { _, err := k.service.End(t.Context(), k.who, job.Job); return err },
			} {
				if err := change(); !fault.Is(err, fault.Conflict) {
					t.Errorf("%s after the end: %v, want a conflict", name, err)
				}
			}
		})
	}
}

func TestAJobThatWaitsForItsUserCanBePausedAndThenWaitsForTheirWord(t *testing.T) {
	t.Parallel()
	k := newKitOf(t, newUser(t))
	files := k.pictures(4)
	job := k.submit(bulk.Request{Source: k.folder()})
	k.plan()
	world.Entra.Revoke(k.user.Tenant, k.user.ID)
	if parked := k.drive(job.Ref); parked.State != bulk.Parked {
		t.Fatalf("the job is %s", parked.State)
	}
	if _, err := k.service.Pause(t.Context(), k.who, job.Job); err != nil {
		t.Fatal(err)
	}
	k.comeBack()
	if paused := k.drive(job.Ref); paused.State != bulk.Paused || paused.Reason != "" {
		t.Errorf("after the visit the job is %+v, want it paused", paused)
	}
	if _, err := k.service.GoOn(t.Context(), k.who, job.Job); err != nil {
		t.Fatal(err)
	}
	if done := k.drive(job.Ref); done.State != bulk.Done {
		t.Errorf("the job is %+v", done)
	}
	k.wantVersions(files, 2)
}

func TestGoOnWakesAJobThatWaitsForItsUser(t *testing.T) {
	t.Parallel()
	k := newKitOf(t, newUser(t))
	k.pictures(2)
	job := k.submit(bulk.Request{Source: k.folder()})
	world.Entra.Revoke(k.user.Tenant, k.user.ID)
	k.drive(job.Ref)
	k.library = k.newLibrary()
	if _, err := k.service.GoOn(t.Context(), k.who, job.Job); err != nil {
		t.Fatal(err)
	}
	if done := k.drive(job.Ref); done.State != bulk.Done {
		t.Errorf("the job is %+v", done)
	}
}

func TestACancelReachesAWorkerThatRemembersTheJob(t *testing.T) {
	t.Parallel()
	k := newKitOf(t, newUser(t))
	files := k.pictures(6)
	job := k.submit(bulk.Request{Source: k.folder()})
	k.plan()
	worker := bulk.NewWorker(bulk.WorkerOptions{
		Jobs:     k.records,
		Items:    k.records,
		Specs:    k.specs,
		Queue:    k.queue,
		Sessions: k.sessions,
		Index:    neighbours{k.records, &k.open},
		Library:  k.library,
		Limits:   imaging.DefaultLimits(),
		Window:   k.limits.Window,
		Room:     imaging.NewRoom(1),
		Now:      k.now,
		JobLife:  50 * time.Millisecond,
	})
	work := func(n int) {
		t.Helper()
		if err := worker.Work(t.Context(), bulk.ItemMessage{Tenant: job.Tenant, Job: job.Job, N: n}); err != nil {
			t.Fatal(err)
		}
	}
	work(0)
	for range 2 {
		if ended, err := k.service.End(t.Context(), k.who, job.Job); err != nil || ended.State != bulk.Cancelled {
			t.Fatalf("End = %+v, %v", ended, err)
		}
	}
	time.Sleep(100 * time.Millisecond) // longer than the job is remembered
	for n := range files {
		work(n)
	}
	k.wantVersions(files[:1], 2)
	k.wantVersions(files[1:], 1)
	shown, err := k.service.Get(t.Context(), k.who, job.Job)
	if err != nil || shown.Counts.Edited != 1 || shown.Counts.Skipped != 5 {
		t.Errorf("the job is %+v, %v", shown, err)
	}
}

func TestJobsAreListedTheNewestFirst(t *testing.T) {
	t.Parallel()
	k := newKitOf(t, newUser(t))
	k.pictures(1)
	start, created := time.Now(), 0
	var want []string
	for range 5 {
		created++
		at := start.Add(time.Duration(created) * time.Hour)
		k.now = func() time.Time { return at }
		k.service = k.newService()
		want = append(want, k.submit(bulk.Request{Source: k.folder()}).Job)
	}
	slices.Reverse(want)
	if _, err := k.service.End(t.Context(), k.who, want[1]); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		open  bool
		limit int
		want  []string
	}{{false, 2, want}, {false, 5, want}, {false, 100, want}, {true, 3, slices.Delete(slices.Clone(want), 1, 2)}} {
		var got []string
		for cursor, pages := "", 0; pages == 0 || cursor != ""; pages++ {
			jobs, next, err := k.service.List(t.Context(), k.who, c.open, cursor, c.limit)
			if err != nil || len(jobs) > c.limit {
				t.Fatalf("%d jobs, %v", len(jobs), err)
			}
			for _, job := range jobs {
				got = append(got, job.Job)
			}
			cursor = next
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("open %v, %d at once: %v, want %v", c.open, c.limit, got, c.want)
		}
	}
	stranger := newUser(t)
	if jobs, _, err := k.service.List(t.Context(), caller.Away(stranger.Tenant, stranger.ID), false, "",
		10); err != nil || len(jobs) != 0 {
		t.Errorf("a stranger sees %v, %v", jobs, err)
	}
}

func TestNobodyElseControlsAJob(t *testing.T) {
	t.Parallel()
	k := newKitOf(t, newUser(t))
	k.pictures(1)
	job := k.submit(bulk.Request{Source: k.folder()})
	for _, stranger := range []caller.Caller{{Tenant: k.who.Tenant, User: newUser(t).ID},
		{Tenant: "another", User: k.who.User}} {
		for name, do := range map[string]func() error{
			"pause":  func() error { _, err := k.service.Pause(t.Context(), stranger, job.Job); return err },
			"go on":  func() error { _, err := k.service.GoOn(t.Context(), stranger, job.Job); return err },
			"cancel": func() error { _, err := k.service.End(t.Context(), stranger, job.Job); return err },
			"retry":  func() error { _, err := k.service.Retry(t.Context(), stranger, job.Job, nil, ""); return err },
			"report": func() error {
				return k.service.EachItem(t.Context(), stranger, job.Job, func(bulk.Item) error { return nil })
			},
			"source": func() error {
				_, err := k.service.Submit(t.Context(), stranger,
					bulk.Request{Recipe: halve, Source: bulk.Source{Job: &bulk.JobSource{Job: job.Job}}})
				return err
			},
		} {
			if err := do(); !fault.Is(err, fault.NotFound) {
				t.Errorf("%s by %v: %v, want not found", name, stranger, err)
			}
		}
	}
	if done := k.drive(job.Ref); done.State != bulk.Done {
		t.Errorf("the job is %s", done.State)
	}
}

func TestWhatFailedIsTriedAgainUnderItsNumber(t *testing.T) {
	t.Parallel()
	k := newKitOf(t, newUser(t))
	files := k.pictures(4)
	taken := k.put("3 Photo 02.jpg", []byte("theirs"))
	source := bulk.Source{}
	for _, file := range files {
		source.Images = append(source.Images, bulk.ImageRef{Drive: k.site.DriveID, Item: file.ID})
	}
	first := k.submit(bulk.Request{Source: source, Save: bulk.Save{Target: bulk.Copy, Name: "{counter:1} {name}"}})
	if _, err := k.service.Retry(t.Context(), k.who, first.Job, nil, ""); !fault.Is(err, fault.Conflict) {
		t.Errorf("a retry of what goes on: %v, want a conflict", err)
	}
	if done := k.drive(first.Ref); done.Counts.Edited != 3 || done.Counts.Conflict != 1 {
		t.Fatalf("counts %+v", done.Counts)
	}
	nothing, err := k.service.Retry(t.Context(), k.who, first.Job, nil, "")
	if err != nil {
		t.Fatal(err)
	}
	if done := k.drive(nothing.Ref); done.State != bulk.Done || done.Planned+done.Passed != 0 { // none has failed
		t.Errorf("the job is %+v", done)
	}
	if _, err := world.Graph.Remove(k.site.DriveID, taken.ID); err != nil {
		t.Fatal(err)
	}
	var again bulk.Job
	for range 2 { // with the same key
		if again, err = k.service.Retry(t.Context(), k.who, first.Job, []bulk.ItemState{bulk.Conflicted},
			"key"); err != nil {
			t.Fatal(err)
		}
	}
	if done := k.drive(again.Ref); done.Of != first.Job || done.Counts.Edited != 1 || done.Planned != 1 {
		t.Errorf("the job is %+v, want one edited", done)
	}
	if !slices.Contains(k.names(), "3 Photo 02.jpg") || len(k.names()) != 8 {
		t.Errorf("the files are %q", k.names())
	}
}

func TestARetryLeavesWhatTheFirstTryHasSavedAfterAll(t *testing.T) {
	t.Parallel()
	k := newKitOf(t, newUser(t))
	files := k.pictures(2)
	job := k.submit(bulk.Request{Source: k.folder()})
	k.plan()
	k.drive(job.Ref)
	item, err := k.records.Item(t.Context(), job.Ref, 0)
	if err != nil {
		t.Fatal(err)
	}
	item.State, item.Reason = bulk.Broken, string(fault.Internal) // as one that was given up unseen
	if _, err := k.records.FinishItem(t.Context(), item); err != nil {
		t.Fatal(err)
	}
	again, err := k.service.Retry(t.Context(), k.who, job.Job, nil, "")
	if err != nil {
		t.Fatal(err)
	}
	if done := k.drive(again.Ref); done.Passed != 1 || done.Planned != 0 {
		t.Errorf("the job is %+v, want the image passed", done)
	}
	k.wantVersions(files, 2)
}

func TestProgressTellsTheRateSinceTheWorkBegan(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	job := bulk.Job{
		State:       bulk.Running,
		Planned:     100,
		RunningAt:   start,
		RunningFrom: 20,
		Counts:      bulk.Counts{Edited: 35, Failed: 5},
	}
	if got, want := job.Progress(start.Add(2*time.Minute)),
		(bulk.Progress{PerMinute: 10, End: start.Add(8 * time.Minute)}); got != want {
		t.Errorf("Progress = %+v, want %+v", got, want)
	}
	for name, change := range map[string]func(*bulk.Job){
		"paused": func(j *bulk.Job) { j.State = bulk.Paused }, "nothing done": func(j *bulk.Job) {
			j.RunningFrom = 40
		}, "no time": func(
			j *bulk.Job,
		) {
			j.RunningAt = start.Add(3 * time.Minute)
		},
	} {
		other := job
		change(&other)
		if got := other.Progress(start.Add(2 * time.Minute)); got != (bulk.Progress{}) {
			t.Errorf("%s: %+v, want nothing", name, got)
		}
	}
}
