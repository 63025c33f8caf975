package bulk_test

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"imagepro/handler/bulk"
	"imagepro/handler/caller"
	"imagepro/handler/erasure"
	"imagepro/handler/fault"
	"imagepro/handler/imaging"
)

// deliverUntil delivers messages until the condition holds or there is none.
func (k *kit) deliverUntil(ref bulk.Ref, holds func(bulk.Job) bool) {
	k.t.Helper()
	for {
		job, err := k.records.Job(k.t.Context(), ref)
		if err != nil {
			k.t.Fatal(err)
		}
		if holds(job) {
			return
		}
		message, ok := k.queue.take()
		if !ok {
			k.t.Fatalf("there is no message left; the job is %+v", job)
		}
		if err := k.deliver(message); err != nil {
			k.t.Fatal(err)
		}
	}
}

// comeBack is the user's next visit.
func (k *kit) comeBack() {
	k.t.Helper()
	k.library = k.newLibrary()
	if err := k.service.Resume(k.t.Context(), k.who); err != nil {
		k.t.Fatal(err)
	}
}

func TestAJobWhoseSessionDiesWaitsForItsUserAndGoesOn(t *testing.T) {
	t.Parallel()
	const images = 14
	for _, window := range []int{1, 2, 6} {
		for _, edited := range []int{-1, 0, 5, 6, 13} { // -1: while it is planned
			t.Run(fmt.Sprintf("window %d after %d images", window, edited), func(t *testing.T) {
				t.Parallel()
				k := newKitOf(t, newUser(t))
				k.limits.Window = window
				files := k.pictures(images)
				job := k.submit(bulk.Request{Source: k.folder()})
				if edited >= 0 {
					k.deliverUntil(job.Ref, func(j bulk.Job) bool { return j.Place.End && j.Counts.Edited == edited })
				}
				world.Entra.Revoke(k.user.Tenant, k.user.ID)
				parked := k.drive(job.Ref)
				if parked.State != bulk.Parked || parked.Reason != string(fault.SignIn) || parked.Message == "" ||
					!parked.FinishedAt.IsZero() {
					t.Fatalf("the job is %+v, want it parked", parked)
				}
				if parked.Counts.Total() != max(edited, 0) {
					t.Errorf("results: %+v, want %d edited and no other", parked.Counts, edited)
				}
				k.comeBack()
				done := k.drive(job.Ref)
				if done.State != bulk.Done || done.Counts.Edited != images || done.Reason != "" || done.Message != "" {
					t.Errorf("the job is %+v, want it done with %d edited", done, images)
				}
				k.wantVersions(files, 2)
			})
		}
	}
}

func TestAJobThatIsResumedWithoutASessionWaitsAgain(t *testing.T) {
	t.Parallel()
	k := newKitOf(t, newUser(t))
	files := k.pictures(3)
	job := k.submit(bulk.Request{Source: k.folder()})
	world.Entra.Revoke(k.user.Tenant, k.user.ID)
	k.drive(job.Ref)
	for range 2 {
		if err := k.service.Resume(t.Context(), k.who); err != nil {
			t.Fatal(err)
		}
		if again := k.drive(job.Ref); again.State != bulk.Parked {
			t.Fatalf("the job is %s, want it parked", again.State)
		}
	}
	k.comeBack()
	k.comeBack() // two visits at once
	if done := k.drive(job.Ref); done.State != bulk.Done || done.Counts.Edited != 3 {
		t.Errorf("the job is %+v", done)
	}
	k.wantVersions(files, 2)
	if err := k.service.Resume(t.Context(), k.who); err != nil || len(k.queue.all()) != 0 {
		t.Errorf("a visit after the end sent a message, %v", err)
	}
}

// signedOut fails every look at a file as a dead session does, after doing something.
type signedOut struct {
	bulk.Library
	meanwhile func()
}

func (s signedOut) File(context.Context, caller.Caller, string, string) (bulk.File, error) {
	s.meanwhile()
	return bulk.File{}, fault.New(fault.SignIn, "Your session has ended.", nil)
}

func TestAnOldFailureDoesNotParkAJobThatItsUserHasResumed(t *testing.T) {
	t.Parallel()
	k := newKitOf(t, newUser(t))
	files := k.pictures(4)
	job := k.submit(bulk.Request{Source: k.folder()})
	k.plan()
	message, _ := k.queue.take()
	var item bulk.ItemMessage
	if err := json.Unmarshal(message.body, &item); err != nil {
		t.Fatal(err)
	}
	late := bulk.NewWorker(bulk.WorkerOptions{
		Jobs:     k.records,
		Items:    k.records,
		Specs:    k.specs,
		Queue:    k.queue,
		Sessions: k.sessions,
		Index:    neighbours{k.records, &k.open},
		Window:   8,
		Room:     imaging.NewRoom(1),
		Now:      k.now,
		// another delivery parks the job, and its user comes back, in the meantime
		Library: signedOut{k.library, func() {
			now, err := k.records.Job(t.Context(), job.Ref)
			if err != nil {
				t.Fatal(err)
			}
			now.State, now.Reason = bulk.Parked, string(fault.SignIn)
			if _, err := k.records.UpdateJob(t.Context(), now); err != nil {
				t.Fatal(err)
			}
			if err := k.planner().Plan(t.Context(),
				bulk.PlanMessage{Tenant: job.Tenant, Job: job.Job, Resume: true}); err != nil {
				t.Fatal(err)
			}
		}},
	})
	if err := late.Work(t.Context(), item); err != nil {
		t.Fatal(err)
	}
	if now, _ := k.records.Job(t.Context(), job.Ref); now.State != bulk.Running {
		t.Errorf("the job is %s, want it running", now.State)
	}
	if done := k.drive(job.Ref); done.State != bulk.Done || done.Counts.Edited != len(files) {
		t.Errorf("the job is %+v", done)
	}
	k.wantVersions(files, 2)
}

// returning does something after each refusal that only the user can mend.
type returning struct {
	bulk.Library
	refused func()
}

func (r returning) File(ctx context.Context, who caller.Caller, drive, item string) (bulk.File, error) {
	f, err := r.Library.File(ctx, who, drive, item)
	if err != nil && fault.From(err).Kind.NeedsUser() {
		r.refused()
	}
	return f, err
}

func TestAJobIsNotLeftToAUserWhoCameBackBeforeItWasParked(t *testing.T) {
	t.Parallel()
	k := newKitOf(t, newUser(t))
	files := k.pictures(4)
	job := k.submit(bulk.Request{Source: k.folder()})
	k.plan()
	message, _ := k.queue.take()
	var item bulk.ItemMessage
	if err := json.Unmarshal(message.body, &item); err != nil {
		t.Fatal(err)
	}
	world.Entra.Revoke(k.user.Tenant, k.user.ID)
	refusals := 0
	late := bulk.NewWorker(bulk.WorkerOptions{
		Jobs:     k.records,
		Items:    k.records,
		Specs:    k.specs,
		Queue:    k.queue,
		Sessions: k.sessions,
		Index:    neighbours{k.records, &k.open},
		Window:   8,
		Room:     imaging.NewRoom(1),
		Now:      k.now,
		Library: returning{k.library, func() { // the session is parked by now, the job is not
			refusals++
			k.comeBack()
		}},
	})
	if err := late.Work(t.Context(), item); err != nil {
		t.Fatal(err)
	}
	if done := k.drive(job.Ref); done.State != bulk.Done || done.Counts.Edited != len(files) || refusals != 1 {
		t.Errorf("after %d refusals the job is %+v", refusals, done)
	}
	k.wantVersions(files, 2)
}

func TestPoisonOfAPlanEndsNoJobThatAnotherMessageHasPlanned(t *testing.T) {
	t.Parallel()
	for name, revoke := range map[string]bool{"running": false, "parked": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := newKitOf(t, newUser(t))
			files := k.pictures(4)
			job := k.submit(bulk.Request{Source: k.folder()})
			if revoke {
				world.Entra.Revoke(k.user.Tenant, k.user.ID)
			}
			k.plan()
			if err := k.planner().GiveUp(t.Context(), bulk.PlanMessage{Tenant: job.Tenant, Job: job.Job}); err != nil {
				t.Fatal(err)
			}
			if now, err := k.records.Job(t.Context(), job.Ref); err != nil || now.Final() {
				t.Fatalf("the job is %+v, %v", now, err)
			}
			if revoke {
				k.comeBack()
			}
			if done := k.drive(job.Ref); done.State != bulk.Done || done.Counts.Edited != len(files) {
				t.Errorf("the job is %+v", done)
			}
			k.wantVersions(files, 2)
		})
	}
}

func TestPoisonOfAParkedJobGivesNoImageUp(t *testing.T) {
	t.Parallel()
	for _, point := range []string{"before Intend", "after Intend", "after Replace"} {
		t.Run(point, func(t *testing.T) {
			t.Parallel()
			k := newKitOf(t, newUser(t))
			files := k.pictures(1)
			job := k.submit(bulk.Request{Source: k.folder()})
			k.plan()
			k.crash.at(point, 1)
			message := k.die()
			var item bulk.ItemMessage
			if err := json.Unmarshal(message.body, &item); err != nil {
				t.Fatal(err)
			}
			world.Entra.Revoke(k.user.Tenant, k.user.ID)
			if point == "before Intend" { // nothing tells yet that the session is dead
				if err := k.deliver(message); err != nil {
					t.Fatal(err)
				}
			}
			for range 2 {
				if err := k.worker().GiveUp(t.Context(), item); err != nil {
					t.Fatal(err)
				}
			}
			if now := k.drive(job.Ref); now.State != bulk.Parked || now.Counts.Total() != 0 {
				t.Fatalf("the job is %+v, want it parked without a result", now)
			}
			k.comeBack()
			if done := k.drive(job.Ref); done.State != bulk.Done || done.Counts.Edited != 1 {
				t.Errorf("the job is %+v", done)
			}
			k.wantVersions(files, 2)
		})
	}
}

func TestADeathWhileAJobIsResumedLosesNoImage(t *testing.T) {
	t.Parallel()
	for _, point := range []string{"before UpdateJob", "after UpdateJob", "before Send bulk-items",
		"after Send bulk-items"} {
		t.Run(point, func(t *testing.T) {
			t.Parallel()
			k := newKitOf(t, newUser(t))
			files := k.pictures(20)
			job := k.submit(bulk.Request{Source: k.folder()})
			k.deliverUntil(job.Ref, func(j bulk.Job) bool { return j.Counts.Edited == 5 })
			world.Entra.Revoke(k.user.Tenant, k.user.ID)
			k.drive(job.Ref)
			k.crash.at(point, 3)
			k.comeBack()
			done := k.drive(job.Ref)
			if done.State != bulk.Done || done.Counts.Edited != 20 || k.crash.struck == 0 {
				t.Errorf("died %d times, the job is %+v", k.crash.struck, done)
			}
			k.wantVersions(files, 2)
		})
	}
}

func TestACancelledJobEndsAndKeepsWhatItEdited(t *testing.T) {
	t.Parallel()
	user := newUser(t)
	k := newKitOf(t, user)
	files := k.pictures(10)
	job := k.submit(bulk.Request{Source: k.folder()})
	k.deliverUntil(job.Ref, func(j bulk.Job) bool { return j.Counts.Edited == 3 })
	other := k.submit(bulk.Request{Source: k.folder()})
	if open, err := k.service.Open(t.Context(), user.Tenant, user.ID); err != nil || !open {
		t.Errorf("Open = %v, %v, want that there is work", open, err)
	}
	for range 2 {
		if err := k.service.Cancel(t.Context(), erasure.Scope{Tenant: user.Tenant, User: user.ID},
			k.now().Add(time.Second)); err != nil {
			t.Fatal(err)
		}
	}
	k.drive(job.Ref)
	for _, ref := range []bulk.Ref{job.Ref, other.Ref} {
		shown, err := k.service.Get(t.Context(), k.who, ref.Job)
		if err != nil || shown.State != bulk.Cancelled || shown.FinishedAt.IsZero() || shown.Message == "" {
			t.Errorf("the job is %+v, %v", shown, err)
		}
		if ref == job.Ref && (shown.Counts.Edited != 3 || shown.Counts.Skipped != 7) {
			t.Errorf("the counts are %+v", shown.Counts)
		}
	}
	edited := 0
	for _, file := range files {
		edited += len(k.versions(file)) - 1
	}
	if edited != 3 {
		t.Errorf("%d images were edited, want 3", edited)
	}
	if open, err := k.service.Open(t.Context(), user.Tenant, user.ID); err != nil || open {
		t.Errorf("Open = %v, %v, want no work", open, err)
	}
	if err := k.service.Resume(t.Context(), k.who); err != nil || len(k.queue.all()) != 0 {
		t.Errorf("a visit resumed a cancelled job, %v", err)
	}
}

func TestALateJobIsNotCancelled(t *testing.T) {
	t.Parallel()
	user := newUser(t)
	k := newKitOf(t, user)
	k.pictures(1)
	job := k.submit(bulk.Request{Source: k.folder()})
	if err := k.service.Cancel(t.Context(), erasure.Scope{Tenant: user.Tenant, User: user.ID},
		job.CreatedAt); err != nil {
		t.Fatal(err)
	}
	if done := k.drive(job.Ref); done.State != bulk.Done {
		t.Errorf("the job is %+v", done)
	}
}

func TestAVisitClosesWhatWasLeftOpenInTheIndex(t *testing.T) {
	t.Parallel()
	user := newUser(t)
	k := newKitOf(t, user)
	left := bulk.Job{
		Ref:       bulk.Ref{Tenant: user.Tenant, Job: "leftopen"},
		User:      user.ID,
		State:     bulk.Done,
		CreatedAt: k.now(),
	}
	if err := k.records.CreateJob(t.Context(), left); err != nil { // as if the process had died before it closed it
		t.Fatal(err)
	}
	if err := k.service.Resume(t.Context(), k.who); err != nil || len(k.queue.all()) != 0 {
		t.Errorf("Resume = %v, sent %d messages", err, len(k.queue.all()))
	}
	if open, err := k.records.OpenJobs(t.Context(), user.Tenant, user.ID); err != nil || len(open) != 0 {
		t.Errorf("open: %v, %v", open, err)
	}
}

func TestAJobThatWasLeftOpenInTheIndexIsClosedWhenItIsLookedFor(t *testing.T) {
	t.Parallel()
	user := newUser(t)
	k := newKitOf(t, user)
	job := k.submit(
		bulk.Request{Source: bulk.Source{Folder: &bulk.FolderSource{Drive: k.site.DriveID, Item: "01NOSUCH"}}})
	k.drive(job.Ref)
	if open, err := k.records.OpenJobs(t.Context(), user.Tenant, user.ID); err != nil || len(open) != 0 {
		t.Errorf("open after it failed: %v, %v", open, err)
	}
	final, err := k.records.Job(t.Context(), job.Ref)
	if err != nil {
		t.Fatal(err)
	}
	left := bulk.Job{
		Ref:       bulk.Ref{Tenant: user.Tenant, Job: "left"},
		User:      user.ID,
		State:     bulk.Done,
		CreatedAt: k.now(),
	}
	if err := k.records.CreateJob(t.Context(), left); err != nil { // as if the process had died before it closed it
		t.Fatal(err)
	}
	for range 2 {
		if open, err := k.service.Open(t.Context(), user.Tenant, user.ID); err != nil || open {
			t.Errorf("Open = %v, %v, want no work", open, err)
		}
	}
	if open, err := k.records.OpenJobs(t.Context(), user.Tenant, user.ID); err != nil || len(open) != 0 ||
		final.State != bulk.Failed {
		t.Errorf("open: %v, %v; the job is %s", open, err, final.State)
	}
}
