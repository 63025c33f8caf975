package bulk_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"imagepro/handler/bulk"
	"imagepro/handler/erasure"
)

type uncounted struct{}

func (uncounted) Take(context.Context, string, []erasure.Record) error { return nil }
func (uncounted) Gone(context.Context, string) error                   { return nil }

// own sees the open jobs of one user alone: other tests are at work in the same storage.
type own struct {
	bulk.Index
	user string
}

func (o own) EachOpen(ctx context.Context, yield func(bulk.OpenJob) bool) error {
	return o.Index.EachOpen(ctx, func(j bulk.OpenJob) bool { return j.User != o.user || yield(j) })
}

// keeping holds previews where they are: the sweep of one test is not to take those of the others.
type keeping struct{ bulk.Previews }

func (keeping) DropPreviews(context.Context, time.Time) error { return nil }

func (k *kit) sweep() bulk.Swept {
	k.t.Helper()
	done, err := k.sweepOrDie()
	if err != nil {
		k.t.Fatal(err)
	}
	return done
}

func (k *kit) sweepOrDie() (bulk.Swept, error) {
	return bulk.NewSweeper(bulk.SweeperOptions{
		Jobs:     crashingJobs{k.records, k.crash},
		Index:    crashingIndex{own{k.records, k.user.ID}, k.crash},
		Queue:    crashingQueue{k.queue, k.crash},
		Sessions: k.sessions,
		Previews: keeping{k.specs},
		MaxAge:   30 * 24 * time.Hour,
		Now:      k.now,
	}).Sweep(k.t.Context())
}

// lateKit is one whose clock is moved by hand.
func lateKit(t *testing.T) (*kit, func(time.Duration)) {
	k := newKitOf(t, newUser(t))
	now := time.Now()
	k.now = func() time.Time { return now }
	k.service = k.newService()
	return k, func(by time.Duration) { now = now.Add(by) }
}

func TestAJobWhoseMessagesAreLostIsHelpedOn(t *testing.T) {
	t.Parallel()
	for name, lose := range map[string]func(*kit, bulk.Job){
		"before it was planned": func(k *kit, _ bulk.Job) { k.queue.all() },
		"as its work began":     func(k *kit, _ bulk.Job) { k.plan(); k.queue.all() },
		"in the middle": func(k *kit, j bulk.Job) {
			k.deliverUntil(j.Ref, func(j bulk.Job) bool { return j.Counts.Edited == 5 })
			k.queue.all()
		},
		"after a save": func(k *kit, _ bulk.Job) {
			k.plan()
			k.crash.at("after Replace", 1)
			k.die()
			k.queue.all()
		},
		"after its last result": func(k *kit, _ bulk.Job) {
			k.crash.at("after FinishItem", 12)
			k.driveToDeath()
			k.queue.all()
		},
		"while it sent messages": func(k *kit, _ bulk.Job) {
			k.crash.at("after Send bulk-items", 3)
			k.die()
			k.queue.all()
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k, wait := lateKit(t)
			k.limits.Window = 4
			files := k.pictures(12)
			job := k.submit(bulk.Request{Source: k.folder()})
			lose(k, job)
			for step, want := range []bulk.Swept{{Open: 1}, {Open: 1}, {Open: 1, Helped: 1}} {
				if done := k.sweep(); done != want {
					t.Errorf("sweep %d: %+v, want %+v", step, done, want)
				}
				if step < 2 {
					wait(10 * time.Minute)
				}
			}
			if done := k.drive(job.Ref); done.State != bulk.Done || done.Counts.Edited != len(files) {
				t.Errorf("the job is %+v", done)
			}
			k.wantVersions(files, 2)
			if done := k.sweep(); done != (bulk.Swept{}) {
				t.Errorf("after its end: %+v", done)
			}
		})
	}
}

func TestASweepThatDiesIsMadeUpForByTheNext(t *testing.T) {
	t.Parallel()
	for _, call := range []string{"NoteOpen", "Send " + bulk.PlanQueue, "CloseJob"} {
		for _, when := range []string{"before ", "after "} {
			t.Run(when+call, func(t *testing.T) {
				t.Parallel()
				k, wait := lateKit(t)
				files := k.pictures(6)
				job := k.submit(bulk.Request{Source: k.folder()})
				if call == "CloseJob" { // by whoever ended the job, and then by the sweep
					k.crash.at(when+call, 2)
					k.drive(job.Ref)
				} else {
					k.plan()
					k.queue.all()
					k.crash.at(when+call, 1)
				}
				deaths := 0
				for range 5 {
					if _, err := k.sweepOrDie(); err != nil {
						if !errors.Is(err, errCrash) {
							t.Fatal(err)
						}
						deaths++
					}
					wait(16 * time.Minute)
				}
				if done := k.drive(job.Ref); done.State != bulk.Done || done.Counts.Edited != len(files) ||
					k.crash.struck == 0 {
					t.Errorf("after %d deaths the job is %+v", deaths, done)
				}
				if done := k.sweep(); done != (bulk.Swept{}) {
					t.Errorf("after its end: %+v", done)
				}
				k.wantVersions(files, 2)
			})
		}
	}
}

func TestNothingStaysRunningThoughTheQueueLosesMessages(t *testing.T) {
	t.Parallel()
	for seed := range uint64(6) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			k, wait := lateKit(t)
			k.limits.Window = 4
			files := k.pictures(20)
			random := rand.New(rand.NewPCG(seed, 1))
			k.queue.loses = func() bool { return random.IntN(3) == 0 } // the queue is locked
			job := k.submit(bulk.Request{Source: k.folder()})
			sweeps := 0
			for !k.drive(job.Ref).Final() && sweeps < 200 {
				k.sweep()
				sweeps++
				wait(15 * time.Minute)
			}
			done, err := k.records.Job(t.Context(), job.Ref)
			if err != nil || done.State != bulk.Done || done.Counts.Edited != len(files) {
				t.Errorf("after %d sweeps the job is %+v, %v", sweeps, done, err)
			}
			k.wantVersions(files, 2)
		})
	}
}

func TestAnOrphanedIntentIsFoundToBeFulfilled(t *testing.T) {
	t.Parallel()
	k, wait := lateKit(t)
	files := k.pictures(4)
	job := k.submit(bulk.Request{Source: k.folder()})
	k.plan()
	k.crash.at("after Replace", 1)
	k.die() // and its message is lost
	k.drive(job.Ref)
	for range 3 {
		k.sweep()
		wait(16 * time.Minute)
	}
	if done := k.drive(job.Ref); done.State != bulk.Done || done.Counts.Edited != len(files) {
		t.Errorf("the job is %+v", done)
	}
	k.wantVersions(files, 2)
}

// driveToDeath delivers messages until the process dies.
func (k *kit) driveToDeath() {
	k.t.Helper()
	for range 1000 {
		message, ok := k.queue.take()
		if !ok {
			k.t.Fatal("the process did not die")
		}
		if err := k.deliver(message); err != nil {
			return
		}
	}
}

func TestAJobThatMovesOrRestsIsLetAlone(t *testing.T) {
	t.Parallel()
	k, wait := lateKit(t)
	k.pictures(6)
	job := k.submit(bulk.Request{Source: k.folder()})
	for n := range 4 { // something changes between any two sweeps
		if done := k.sweep(); done != (bulk.Swept{Open: 1}) {
			t.Errorf("sweep %d: %+v", n, done)
		}
		wait(time.Hour)
		k.deliverUntil(job.Ref, func(j bulk.Job) bool { return j.Counts.Edited == n+1 })
	}
	if _, err := k.service.Pause(t.Context(), k.who, job.Job); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if done := k.sweep(); done != (bulk.Swept{Open: 1}) {
			t.Errorf("while it rests: %+v", done)
		}
		wait(time.Hour)
	}
	if open := k.openJob(job); !open.Rests {
		t.Error("it takes a part of the window though it rests")
	}
	if _, err := k.service.GoOn(t.Context(), k.who, job.Job); err != nil {
		t.Fatal(err)
	}
	if k.sweep(); k.openJob(job).Rests {
		t.Error("it takes no part of the window though it goes on")
	}
}

// openJob is what the sweeper noted of a job.
func (k *kit) openJob(job bulk.Job) bulk.OpenJob {
	k.t.Helper()
	var found bulk.OpenJob
	err := k.records.EachOpen(k.t.Context(), func(open bulk.OpenJob) bool {
		if open.Ref == job.Ref {
			found = open
		}
		return true
	})
	if err != nil {
		k.t.Fatal(err)
	}
	return found
}

func TestAJobThatStaysStillIsHelpedOnLessAndLessOften(t *testing.T) {
	t.Parallel()
	k, wait := lateKit(t)
	k.pictures(2)
	k.submit(bulk.Request{Source: k.folder()})
	helped := 0
	for range 24 * 4 { // a day
		helped += k.sweep().Helped
		k.queue.all()
		wait(15 * time.Minute)
	}
	if helped < 3 || helped > 8 {
		t.Errorf("helped %d times in a day", helped)
	}
}

func TestASweepClosesWhatIsOverAndEndsWhatIsTooOld(t *testing.T) {
	t.Parallel()
	k, wait := lateKit(t)
	files := k.pictures(2)
	over := k.submit(bulk.Request{Source: k.folder()})
	k.drive(over.Ref)
	if err := k.records.NoteOpen(t.Context(), bulk.OpenJob{Job: over}); err == nil {
		t.Error("a closed job was noted")
	}
	old := k.submit(bulk.Request{Source: k.folder()})
	k.queue.all()
	if _, err := k.service.Pause(t.Context(), k.who, old.Job); err != nil {
		t.Fatal(err)
	}
	wait(30*24*time.Hour + time.Minute)
	if done := k.sweep(); done != (bulk.Swept{Open: 1, Ended: 1}) {
		t.Errorf("%+v, want one ended", done)
	}
	ended, err := k.service.Get(t.Context(), k.who, old.Job)
	if err != nil || ended.State != bulk.Cancelled || !strings.Contains(ended.Message, "30 days") {
		t.Errorf("the old one is %+v, %v", ended, err)
	}
	k.wantVersions(files, 2) // by the first one
}

// dropping notes the times before which previews were to go, and keeps them.
type dropping struct {
	bulk.Previews
	before []time.Time
}

func (d *dropping) DropPreviews(_ context.Context, before time.Time) error {
	d.before = append(d.before, before)
	return nil
}

func TestASweepLetsGoOfPreviewsOfYesterday(t *testing.T) {
	t.Parallel()
	k := newKitOf(t, newUser(t))
	now := time.Now()
	previews := &dropping{Previews: k.specs}
	_, err := bulk.NewSweeper(bulk.SweeperOptions{
		Jobs:     k.records,
		Index:    own{k.records, k.user.ID},
		Queue:    k.queue,
		Previews: previews,
		MaxAge:   time.Hour,
		Now: func() time.Time {
			return now
		},
	}).Sweep(t.Context())
	if err != nil || len(previews.before) != 1 || !previews.before[0].Equal(now.Add(-24*time.Hour)) {
		t.Errorf("dropped before %v, %v; want once, a day ago", previews.before, err)
	}
}
