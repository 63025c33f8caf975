package bulk_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"imagepro/handler/bulk"
	"imagepro/handler/dev/sandbox/graph"
	"imagepro/handler/fault"
	"imagepro/handler/imaging"
)

// Each test walks an order of steps that a model of the protocol found to break a promise.

// twice leaves a mark each time that it is carried out, so that two times can be told from one.
var twice = json.RawMessage(`{"version":1,"steps":[{"op":"text","text":"again"}]}`)

// cancel ends the job as its user does.
func (k *kit) cancel(job bulk.Job) {
	k.t.Helper()
	if _, err := k.service.End(k.t.Context(), k.who, job.Job); err != nil {
		k.t.Fatal(err)
	}
}

// only returns the one image of a job.
func (k *kit) only(ref bulk.Ref) bulk.Item {
	k.t.Helper()
	item, err := k.records.Item(k.t.Context(), ref, 0)
	if err != nil {
		k.t.Fatal(err)
	}
	return item
}

func TestACancelAndAnUndoAtOnceLeaveNoImageEdited(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	files := k.pictures(1)
	job := k.submit(bulk.Request{Source: k.folder()})
	k.plan()
	var undo bulk.Job
	k.crash.first("before Intend", func() { // the worker has read the job and edited the picture
		k.cancel(job)
		undo = k.undo(job)
		k.plan() // finds an image that nobody has announced anything for
	})
	if done := k.drive(job.Ref); done.State != bulk.Cancelled || done.Counts.Edited != 0 {
		t.Errorf("the job is %s with %+v", done.State, done.Counts)
	}
	if done := k.drive(undo.Ref); done.State != bulk.Done {
		t.Errorf("the undo is %s with %+v", done.State, done.Counts)
	}
	k.wantVersions(files, 1)
	if item := k.only(job.Ref); item.State != bulk.Waiting || item.Intent != nil {
		t.Errorf("the image is %s with the intent %+v, which an undo would wait for", item.State, item.Intent)
	}
}

func TestAPauseThatComesBeforeTheSaveStopsIt(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	files := k.pictures(1)
	job := k.submit(bulk.Request{Source: k.folder()})
	k.plan()
	k.crash.first("before Intend", func() {
		if _, err := k.service.Pause(t.Context(), k.who, job.Job); err != nil {
			t.Fatal(err)
		}
	})
	if rests := k.drive(job.Ref); rests.State != bulk.Paused || rests.Counts.Total() != 0 {
		t.Errorf("the job is %s with %+v", rests.State, rests.Counts)
	}
	k.wantVersions(files, 1)
	if _, err := k.service.GoOn(t.Context(), k.who, job.Job); err != nil {
		t.Fatal(err)
	}
	if done := k.drive(job.Ref); done.State != bulk.Done || done.Counts.Edited != 1 {
		t.Errorf("the job is %s with %+v", done.State, done.Counts)
	}
	k.wantVersions(files, 2)
}

// refusals are what a service may say to the repeat of a save that it has made.
var refusals = []fault.Kind{fault.Locked, fault.Forbidden, fault.Full, fault.Invalid}

func TestARefusalOfASaveThatWasMadeIsNotBelieved(t *testing.T) {
	t.Parallel()
	for _, kind := range refusals {
		for _, target := range []bulk.SaveTarget{bulk.NewVersion, bulk.Copy} {
			t.Run(fmt.Sprint(kind, " ", target), func(t *testing.T) {
				t.Parallel()
				k := newKit(t)
				files := k.pictures(1)
				job := k.submit(bulk.Request{Source: k.folder(), Save: bulk.Save{Target: target}})
				k.plan()
				refuse := func(_ bulk.File, err error) (bulk.File, error) {
					if err != nil {
						t.Error(err)
					}
					return bulk.File{}, fault.New(kind, "Refused.", nil)
				}
				odd := oddLibrary{Library: k.library,
					replace: func(f bulk.File, content []byte) (bulk.File, error) {
						return refuse(k.library.Replace(t.Context(), k.who, f, content))
					},
					create: func(f bulk.File, name string, content []byte) (bulk.File, error) {
						return refuse(k.library.Create(t.Context(), k.who, f, name, content))
					},
				}
				k.queue.all()
				if err := k.oddWorker(k.records, odd).Work(t.Context(), itemOf(job)); err != nil {
					t.Fatal(err)
				}
				if done := k.drive(job.Ref); done.Counts.Edited != 1 {
					t.Errorf("counts %+v, want one edited", done.Counts)
				}
				if target == bulk.NewVersion {
					k.wantVersions(files, 2)
				} else if names := k.names(); len(names) != 2 {
					t.Errorf("the folder holds %q", names)
				}
			})
		}
	}
}

func TestARefusalIsBelievedOnlyWhenNoEarlierTryCanStillSave(t *testing.T) {
	t.Parallel()
	for _, lands := range []bool{true, false} {
		t.Run(fmt.Sprint("the earlier save lands: ", lands), func(t *testing.T) {
			t.Parallel()
			k, pass := lateKit(t)
			files := k.pictures(1)
			job := k.submit(bulk.Request{Source: k.folder()})
			k.plan()
			k.queue.all()
			var late func()
			onTheWay := oddLibrary{Library: k.library, replace: func(f bulk.File, content []byte) (bulk.File, error) {
				late = func() {
					if _, err := k.library.Replace(t.Context(), k.who, f, content); err != nil {
						t.Error(err)
					}
				}
				return bulk.File{}, errCrash
			}}
			if err := k.oddWorker(k.records, onTheWay).Work(t.Context(), itemOf(job)); err == nil {
				t.Fatal("the first try did not die")
			}
			announced := k.only(job.Ref).Intent.At
			pass(time.Minute)
			locked := oddLibrary{Library: k.library, replace: func(bulk.File, []byte) (bulk.File, error) {
				return bulk.File{}, fault.New(fault.Locked, "It is locked.", nil)
			}}
			if err := k.oddWorker(k.records, locked).Work(t.Context(), itemOf(job)); err != nil {
				t.Fatal(err)
			}
			if item := k.only(job.Ref); item.State != bulk.Waiting || !item.Intent.At.Equal(announced) ||
				len(k.queue.messages) != 1 {
				t.Fatalf("the image is %s, announced at %v; %d messages; want it put back", item.State, item.Intent.At,
					len(k.queue.messages))
			}
			if delay := k.queue.delays[len(k.queue.delays)-1]; delay < 8*time.Minute || delay > 10*time.Minute {
				t.Errorf("it is put back for %v, want what is left of ten minutes", delay)
			}
			if lands {
				late()
			}
			pass(10 * time.Minute)
			if err := k.oddWorker(k.records, locked).Work(t.Context(), itemOf(job)); err != nil {
				t.Fatal(err)
			}
			want, versions := bulk.Skipped, 1
			if lands {
				want, versions = bulk.Edited, 2
			}
			if item := k.only(job.Ref); item.State != want {
				t.Errorf("the image is %s (%s), want %s", item.State, item.Message, want)
			}
			k.wantVersions(files, versions)
		})
	}
}

func TestAnImageThatWasSavedAsItsJobEndedIsReportedSo(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(k *kit, job bulk.Job, pass func(time.Duration)){
		"cancelled": func(k *kit, job bulk.Job, _ func(time.Duration)) { k.cancel(job) },
		"paused, and cancelled": func(k *kit, job bulk.Job, _ func(time.Duration)) {
			if _, err := k.service.Pause(t.Context(), k.who, job.Job); err != nil {
				t.Error(err)
			}
			if message, ok := k.queue.take(); !ok || k.deliver(message) != nil {
				t.Error("the message of the image that was at work is lost")
			}
			k.cancel(job)
		},
		"too old": func(k *kit, _ bulk.Job, pass func(time.Duration)) {
			pass(31 * 24 * time.Hour)
			if done := k.sweep(); done.Ended != 1 {
				t.Errorf("the sweep has done %+v", done)
			}
		},
	} {
		for _, saved := range []bool{true, false} {
			t.Run(fmt.Sprint(name, ", saved ", saved), func(t *testing.T) {
				t.Parallel()
				k, pass := lateKit(t)
				files := k.pictures(1)
				job := k.submit(bulk.Request{Source: k.folder()})
				k.plan()
				point, versions := "before Replace", 1
				if saved {
					point, versions = "after Replace", 2
				}
				k.crash.at(point, 1)
				k.queue.back(k.die())
				end(k, job, pass)
				k.drive(job.Ref)
				pass(11 * time.Minute)
				k.drive(job.Ref)
				shown, err := k.service.Get(t.Context(), k.who, job.Job)
				if err != nil {
					t.Fatal(err)
				}
				if shown.State != bulk.Cancelled || shown.Counts.Edited != versions-1 ||
					shown.Counts.Skipped != 2-versions {
					t.Errorf("the job is %s with %+v", shown.State, shown.Counts)
				}
				items, _, err := k.service.Items(t.Context(), k.who, job.Job, "", 10)
				if want := map[bool]bulk.ItemState{true: bulk.Edited, false: bulk.Skipped}[saved]; err != nil ||
					items[0].State != want {
					t.Errorf("the report says %s, %v; want %s", items[0].State, err, want)
				}
				k.wantVersions(files, versions)
				if left := k.queue.all(); len(left) != 0 {
					t.Errorf("%d messages are left", len(left))
				}
			})
		}
	}
}

// repeating lists a file of the first page once more on every later one, as SharePoint does with one that is renamed or
// moved meanwhile.
func (k *kit) repeating(file graph.Item) oddLibrary {
	return oddLibrary{Library: k.library, children: func(
		ctx context.Context, folder, cursor string,
	) (bulk.Page, error) {
		page, err := k.library.Children(ctx, k.who, k.site.DriveID, folder, cursor)
		if err == nil && (cursor != "" || folder != "root") {
			repeated, err := k.library.File(ctx, k.who, k.site.DriveID, file.ID)
			if err != nil {
				return page, err
			}
			page.Files = append(page.Files, repeated)
		}
		return page, err
	}}
}

func TestAFileThatIsListedTwiceGetsTheRecipeOnce(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		images int
		folder bool
		dies   string
	}{
		"on two pages":                          {images: 100},
		"in two folders":                        {images: 3, folder: true},
		"by two planners":                       {images: 100, dies: "after RecordPortion"},
		"by two planners, the page not written": {images: 100, dies: "before RecordPortion"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := newKit(t)
			files := k.pictures(c.images)
			images := c.images
			if c.folder {
				k.put("Later/x.jpg", jpegPicture(t, 50, 40))
				images++
			}
			job := k.submit(bulk.Request{Source: k.folder(), Recipe: twice, Save: bulk.Save{OnChanged: bulk.EditAgain}})
			message, _ := k.queue.take()
			planner := bulk.NewPlanner(bulk.PlannerOptions{
				Jobs:     crashingJobs{k.records, k.crash},
				Items:    k.records,
				Specs:    k.specs,
				Queue:    k.queue,
				Sessions: k.sessions,
				Index:    neighbours{k.records, &k.open},
				Library:  k.repeating(files[0]),
				Limits:   k.limits,
				Now:      k.now,
			})
			if c.dies != "" {
				k.crash.at(c.dies, 1)
				if err := planner.Plan(t.Context(), planOf(job)); err == nil {
					t.Fatal("the planner did not die")
				}
			}
			if err := planner.Plan(t.Context(), planOf(job)); err != nil {
				t.Fatal(err, string(message.body))
			}
			done := k.drive(job.Ref)
			if done.Planned != images || done.Counts.Edited != images || len(k.versions(files[0])) != 2 {
				t.Errorf("%d planned, %+v, %d versions of the repeated image", done.Planned, done.Counts,
					len(k.versions(files[0])))
			}
		})
	}
}

// wantNothingLeft drives a job that has nothing left to do, since the one before has saved the file once.
func (k *kit) wantNothingLeft(job bulk.Job, file graph.Item) {
	k.t.Helper()
	if done := k.drive(job.Ref); done.State != bulk.Done || done.Planned != 0 {
		k.t.Errorf("the job is %s with %d planned, %+v", done.State, done.Planned, done.Counts)
	}
	if versions := k.versions(file); len(versions) != 2 {
		k.t.Errorf("%d versions, want 2: the recipe once", len(versions))
	}
}

func TestARetryRightAfterACancelDoesNotEditASaveThatIsUnderWay(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	files := k.pictures(1)
	job := k.submit(bulk.Request{Source: k.folder(), Recipe: twice, Save: bulk.Save{OnChanged: bulk.EditAgain}})
	k.plan()
	var retry bulk.Job
	k.crash.first("before Replace", func() { // the intent is there, and the job was at work then
		k.cancel(job)
		var err error
		if retry, err = k.service.Retry(t.Context(), k.who, job.Job, []bulk.ItemState{bulk.Skipped}, ""); err != nil {
			t.Fatal(err)
		}
		k.plan()
	})
	k.drive(job.Ref)
	k.wantNothingLeft(retry, files[0])
}

func TestTheNextEditCountsASaveWhoseResultWasNeverRecorded(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	files := k.pictures(1)
	request := bulk.Request{Source: k.folder(), Recipe: twice}
	job := k.submit(request)
	k.plan()
	var next bulk.Job
	k.crash.first("after Replace", func() { // its result is not recorded yet
		k.cancel(job)
		request.Source.Since = job.Job
		next = k.submit(request)
		k.plan()
		if now, err := k.records.Job(t.Context(), next.Ref); err != nil || now.State != bulk.Planning ||
			now.Planned != 0 {
			t.Errorf("while the save may be under way: %s with %d planned, %v", now.State, now.Planned, err)
		}
	})
	k.drive(job.Ref)
	k.wantNothingLeft(next, files[0])
}

func TestAListThatIsOlderThanTheEditBeforeEditsNothingTwice(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	files := k.pictures(1)
	request := bulk.Request{Source: k.folder(), Recipe: twice, Save: bulk.Save{OnChanged: bulk.EditAgain}}
	job := k.submit(request)
	old, err := k.library.Children(t.Context(), k.who, k.site.DriveID, "root", "")
	if err != nil || len(old.Files) != 1 {
		t.Fatal(old.Files, err)
	}
	old.Files[0].Fingerprint = "" // which comes later at times
	k.drive(job.Ref)
	request.Source.Since = job.Job
	next := k.submit(request)
	late := k.oddPlanner(
		oddLibrary{Library: k.library, children: func(context.Context, string, string) (bulk.Page, error) {
			return old, nil
		}})
	if err := late.Plan(t.Context(), planOf(next)); err != nil {
		t.Fatal(err)
	}
	k.wantNothingLeft(next, files[0])
}

func TestASaveOverSomebodyElsesIsToldAndNotUndone(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	files := k.pictures(1)
	job := k.submit(bulk.Request{Source: k.folder()})
	k.plan()
	k.queue.all()
	over := oddLibrary{Library: k.library, replace: func(f bulk.File, content []byte) (bulk.File, error) {
		k.put(files[0].Name, jpegPicture(t, 99, 9)) // after the last look of an upload session
		now, err := k.library.File(t.Context(), k.who, f.Drive, f.Item)
		if err != nil {
			t.Fatal(err)
		}
		written, err := k.library.Replace(t.Context(), k.who, now, content)
		written.Overwrote = true
		return written, err
	}}
	if err := k.oddWorker(k.records, over).Work(t.Context(), itemOf(job)); err != nil {
		t.Fatal(err)
	}
	if item := k.only(job.Ref); item.State != bulk.Edited || !slices.Contains(item.Warnings, "overwroteChange") {
		t.Errorf("the image is %s with the warnings %q", item.State, item.Warnings)
	}
	undo := k.undo(job)
	if done := k.drive(undo.Ref); done.Counts.Conflict != 1 || len(k.versions(files[0])) != 3 {
		t.Errorf("the undo is %+v, %d versions: theirs would lie below two", done.Counts, len(k.versions(files[0])))
	}
}

func TestOurOwnResultUnderTheOldTagIsNotEditedAgain(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	files := k.pictures(1)
	job := k.submit(bulk.Request{Source: k.folder(), Recipe: twice})
	k.plan()
	planned := k.only(job.Ref)
	k.crash.at("after Replace", 1)
	k.die()
	// what SharePoint says of a file may be older than its content
	stale := oddLibrary{Library: k.library, file: func(f bulk.File) bulk.File {
		f.Tag, f.Size, f.Fingerprint = planned.Tag, planned.Size, ""
		return f
	}}
	if err := k.oddWorker(k.records, stale).Work(t.Context(), itemOf(job)); err != nil {
		t.Fatal(err)
	}
	if item := k.only(job.Ref); item.State != bulk.Waiting || len(k.queue.messages) != 1 {
		t.Errorf("the image is %s (%s); %d messages; want it put back", item.State, item.Message, len(k.queue.messages))
	}
	if done := k.drive(job.Ref); done.Counts.Edited != 1 {
		t.Errorf("counts %+v", done.Counts)
	}
	if versions := k.versions(files[0]); len(versions) != 2 {
		t.Errorf("%d versions, want 2: the recipe once", len(versions))
	}
}

// otherRelease makes other bytes of the same recipe.
type otherRelease struct{ bulk.Specs }

func (o otherRelease) Spec(ctx context.Context, j bulk.Job) (bulk.Spec, error) {
	spec, err := o.Specs.Spec(ctx, j)
	if err != nil {
		return spec, err
	}
	var all map[string]any
	if err := json.Unmarshal(spec.Recipe, &all); err != nil {
		return spec, err
	}
	all["output"] = map[string]any{"quality": 33}
	spec.Recipe, err = json.Marshal(all)
	return spec, err
}

func TestTwoReleasesAtOnceKnowEachOthersWork(t *testing.T) {
	t.Parallel()
	for _, target := range []bulk.SaveTarget{bulk.NewVersion, bulk.Copy} {
		t.Run(string(target), func(t *testing.T) {
			t.Parallel()
			k := newKit(t)
			files := k.pictures(1)
			job := k.submit(bulk.Request{Source: k.folder(), Save: bulk.Save{Target: target}})
			k.plan()
			k.queue.all()
			var lands func()
			onTheWay := oddLibrary{Library: k.library,
				replace: func(f bulk.File, content []byte) (bulk.File, error) {
					lands = func() { _, _ = k.library.Replace(t.Context(), k.who, f, content) }
					return bulk.File{}, errCrash
				},
				create: func(f bulk.File, name string, content []byte) (bulk.File, error) {
					lands = func() { _, _ = k.library.Create(t.Context(), k.who, f, name, content) }
					return bulk.File{}, errCrash
				},
			}
			if err := k.oddWorker(k.records, onTheWay).Work(t.Context(), itemOf(job)); err == nil {
				t.Fatal("the first release did not die")
			}
			first := k.only(job.Ref).Intent
			k.crash.first("before Replace", lands)
			k.crash.first("before Create", lands)
			newer := bulk.NewWorker(bulk.WorkerOptions{
				Jobs:     k.records,
				Items:    k.records,
				Specs:    otherRelease{k.specs},
				Queue:    k.queue,
				Sessions: k.sessions,
				Index:    neighbours{k.records, &k.open},
				Library:  crashingLibrary{k.library, k.crash},
				Limits:   imaging.DefaultLimits(),
				Window:   8,
				Room:     imaging.NewRoom(1),
				Now:      k.now,
			})
			if err := newer.Work(t.Context(), itemOf(job)); err != nil {
				t.Fatal(err)
			}
			item := k.only(job.Ref)
			if item.State != bulk.Edited || item.Intent.Fingerprint != first.Fingerprint || item.After != first.After {
				t.Errorf("the image is %s (%s) with %+v, want the first release's %+v", item.State, item.Message,
					item.Intent, first)
			}
			if done := k.drive(job.Ref); done.State != bulk.Done || done.Counts.Edited != 1 {
				t.Errorf("the job is %s with %+v", done.State, done.Counts)
			}
			if versions := k.versions(files[0]); target == bulk.NewVersion && len(versions) != 2 {
				t.Errorf("%d versions", len(versions))
			}
		})
	}
}

func TestTwoDeliveriesThatDisturbEachOtherFailNoImage(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	files := k.pictures(1)
	job := k.submit(bulk.Request{Source: k.folder()})
	k.plan()
	k.queue.all()
	m, times := itemOf(job), 2
	for range 5 { // as often as the host gives a message out
		k.crash.first("before Intend", func() { // the other delivery has its turn noted
			item := k.only(job.Ref)
			item.Tries++
			if err := k.records.NoteTry(t.Context(), item); err != nil {
				t.Error(err)
			}
		})
		if err := k.worker().Deliver(t.Context(), m, times); err != nil {
			times++ // the host brings it again
			continue
		}
		if back, ok := k.queue.take(); ok {
			m, times = bulk.ItemMessage{}, 1
			if err := json.Unmarshal(back.body, &m); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := k.worker().Deliver(t.Context(), m, times); err != nil {
		t.Fatal(err)
	}
	if done := k.drive(job.Ref); done.Counts.Edited != 1 || done.Counts.Failed != 0 {
		t.Errorf("counts %+v, want one edited: %s", done.Counts, k.only(job.Ref).Message)
	}
	k.wantVersions(files, 2)
}

func TestAJobWhoseParkingDiedGoesOnAfterTheNextSweep(t *testing.T) {
	t.Parallel()
	for _, back := range []bool{true, false} {
		t.Run(fmt.Sprint("the user is back: ", back), func(t *testing.T) {
			t.Parallel()
			k := newKitOf(t, newUser(t))
			files := k.pictures(3)
			job := k.submit(bulk.Request{Source: k.folder()})
			k.plan()
			world.Entra.Revoke(k.user.Tenant, k.user.ID)
			k.crash.first("before UpdateJob", func() {
				if back { // they find nothing to resume: the job is not parked yet
					k.comeBack()
				}
			})
			k.crash.at("after UpdateJob", 1)
			k.die()
			k.queue.all()
			if now, _ := k.records.Job(t.Context(), job.Ref); now.State != bulk.Parked {
				t.Fatalf("the job is %s", now.State)
			}
			swept := k.sweep()
			done := k.drive(job.Ref)
			if !back {
				if swept.Helped != 0 || done.State != bulk.Parked {
					t.Errorf("the sweep has done %+v, the job is %s", swept, done.State)
				}
				return
			}
			if swept.Helped != 1 || done.State != bulk.Done || done.Counts.Edited != len(files) {
				t.Errorf("the sweep has done %+v, the job is %s with %+v", swept, done.State, done.Counts)
			}
			k.wantVersions(files, 2)
		})
	}
}

func TestAnOldFailureToPlanEndsNoJobThatHasMovedOn(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	files := k.pictures(4)
	job := k.submit(bulk.Request{Source: k.folder()})
	k.queue.all()
	late := k.oddPlanner(
		oddLibrary{Library: k.library, children: func(context.Context, string, string) (bulk.Page, error) {
			if err := k.planner().Plan(t.Context(), planOf(job)); err != nil { // another delivery is luckier
				t.Fatal(err)
			}
			return bulk.Page{}, fault.New(fault.Forbidden, "You may not see this folder.", nil)
		}})
	if err := late.Plan(t.Context(), planOf(job)); err != nil {
		t.Fatal(err)
	}
	if done := k.drive(job.Ref); done.State != bulk.Done || done.Counts.Edited != len(files) {
		t.Errorf("the job is %s (%s) with %+v", done.State, done.Message, done.Counts)
	}
}

func TestACopyThatIsRenamedBeforeItsResultIsRecordedIsNotMadeAgain(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	picture := jpegPicture(t, 60, 40)
	for _, name := range []string{"a.jpg", "twin.jpg"} { // the twin's copy has the same content
		k.put(name, picture)
	}
	job := k.submit(bulk.Request{Source: k.folder(), Save: bulk.Save{Target: bulk.Copy, Name: "web-{name}"}})
	k.plan()
	k.crash.at("after Create", 1)
	died := k.die()
	made := k.names()[slices.IndexFunc(k.names(), func(name string) bool { return strings.HasPrefix(name, "web-") })]
	if _, err := world.Graph.Rename(k.site.DriveID, made, "my favourite.jpg", k.user.ID); err != nil {
		t.Fatal(err)
	}
	for { // the twin's copy is made meanwhile
		message, ok := k.queue.take()
		if !ok {
			break
		}
		if err := k.deliver(message); err != nil {
			t.Fatal(err)
		}
	}
	k.queue.back(died)
	done := k.drive(job.Ref)
	names := k.names()
	slices.Sort(names)
	other := map[string]string{"web-a.jpg": "web-twin.jpg", "web-twin.jpg": "web-a.jpg"}[made]
	if want := []string{"a.jpg", "my favourite.jpg", "twin.jpg", other}; done.Counts.Edited != 2 ||
		!slices.Equal(names, want) {
		t.Errorf("counts %+v, the folder holds %q, want %q", done.Counts, names, want)
	}
	results := k.results(job.Ref)
	if a, twin := results["a.jpg"].Saved, results["twin.jpg"].Saved; a == nil || twin == nil || a.File == twin.File {
		t.Errorf("the copies are %+v and %+v", a, twin)
	}
}

func TestACopyThatSomebodySavesOverBeforeItsResultIsRecordedIsKnown(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	k.put("a.jpg", jpegPicture(t, 60, 40))
	job := k.submit(bulk.Request{Source: k.folder(), Save: bulk.Save{Target: bulk.Copy, Name: "web-{name}"}})
	k.plan()
	k.crash.at("after Create", 1)
	died := k.die()
	k.put("web-a.jpg", jpegPicture(t, 99, 70))
	k.queue.back(died)
	done := k.drive(job.Ref)
	if item := k.only(job.Ref); item.State != bulk.Edited || done.State != bulk.Done {
		t.Errorf("the job is %s, the image %s: %s", done.State, item.State, item.Message)
	}
}

func TestATwinsCopyIsNotTakenForAnImagesOwn(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	picture := jpegPicture(t, 60, 40)
	for _, name := range []string{"a.jpg", "twin.jpg"} {
		k.put(name, picture)
	}
	job := k.submit(bulk.Request{Source: k.folder(), Save: bulk.Save{Target: bulk.Copy, Name: "web-{name}"}})
	k.plan()
	k.crash.at("before Create", 1) // with an intent, and no copy
	k.queue.back(k.die())
	done := k.drive(job.Ref)
	if names := k.names(); done.Counts.Edited != 2 || len(names) != 4 {
		t.Errorf("counts %+v, the folder holds %q", done.Counts, names)
	}
}

func TestANameThatAnOpenUploadHoldsIsNoConflict(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	k.pictures(1)
	job := k.submit(bulk.Request{Source: k.folder(), Save: bulk.Save{Target: bulk.Copy, OnConflict: bulk.Skip}})
	k.plan()
	k.queue.all()
	held := oddLibrary{Library: k.library, create: func(bulk.File, string, []byte) (bulk.File, error) {
		return bulk.File{}, fault.New(fault.Conflict, "The name is taken.", nil)
	}}
	if err := k.oddWorker(k.records, held).Work(t.Context(), itemOf(job)); err != nil {
		t.Fatal(err)
	}
	if item := k.only(job.Ref); item.State != bulk.Waiting || len(k.queue.messages) != 1 {
		t.Fatalf("the image is %s (%s); %d messages; want it put back", item.State, item.Message, len(k.queue.messages))
	}
	if done := k.drive(job.Ref); done.Counts.Edited != 1 || len(k.names()) != 2 {
		t.Errorf("counts %+v, the folder holds %q", done.Counts, k.names())
	}
}

// moved is a library whose tags have moved though the contents are the same. A write names the tag as it was told.
func (k *kit) moved() oddLibrary {
	return oddLibrary{Library: k.library,
		file: func(f bulk.File) bulk.File {
			f.Tag += " moved"
			return f
		},
		replace: func(f bulk.File, content []byte) (bulk.File, error) {
			tag, ok := strings.CutSuffix(f.Tag, " moved")
			if !ok {
				return bulk.File{}, fault.New(fault.Conflict, "The file was changed meanwhile.", nil)
			}
			f.Tag = tag
			return k.library.Replace(k.t.Context(), k.who, f, content)
		},
	}
}

func TestATagThatMovesWithoutTheContentIsNoChange(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	files := k.pictures(1)
	content := k.content(files[0], "1.0")
	job := k.submit(bulk.Request{Source: k.folder()})
	k.plan()
	k.queue.all()
	if err := k.oddWorker(k.records, k.moved()).Work(t.Context(), itemOf(job)); err != nil {
		t.Fatal(err)
	}
	if item := k.only(job.Ref); item.State != bulk.Edited {
		t.Fatalf("the image is %s: %s", item.State, item.Message)
	}

	again := k.submit(bulk.Request{Source: bulk.Source{Folder: k.folder().Folder, Since: job.Job}})
	k.queue.all()
	planner := bulk.NewPlanner(bulk.PlannerOptions{
		Jobs:     k.records,
		Items:    k.records,
		Specs:    k.specs,
		Queue:    k.queue,
		Sessions: k.sessions,
		Index:    neighbours{k.records, &k.open},
		Limits:   k.limits,
		Now:      k.now,
		Library: oddLibrary{Library: k.library, children: func(
			ctx context.Context, folder, cursor string,
		) (bulk.Page, error) {
			page, err := k.library.Children(ctx, k.who, k.site.DriveID, folder, cursor)
			for n := range page.Files {
				page.Files[n].Tag += " moved"
			}
			return page, err
		}},
	})
	if err := planner.Plan(t.Context(), planOf(again)); err != nil {
		t.Fatal(err)
	}
	if done := k.drive(again.Ref); done.Planned != 0 || done.Passed != 1 {
		t.Errorf("%d planned, %d passed: a schedule would edit its own results for ever", done.Planned, done.Passed)
	}

	undo := k.undo(job)
	k.plan()
	k.queue.all()
	if err := k.oddWorker(k.records, k.moved()).Work(t.Context(), itemOf(undo)); err != nil {
		t.Fatal(err)
	}
	if done := k.drive(undo.Ref); done.Counts.Edited != 1 {
		t.Errorf("the undo is %+v: %s", done.Counts, k.only(undo.Ref).Message)
	}
	k.wantOld(files[0], content)
}

func TestATagThatMovesRightBeforeASaveIsNoChange(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	files := k.pictures(1)
	content := k.content(files[0], "1.0")
	moving := func() oddLibrary { // once it was looked at
		library, looks := k.moved(), 0
		move := library.file
		library.file = func(f bulk.File) bulk.File {
			if looks++; looks > 1 {
				f = move(f)
			}
			return f
		}
		return library
	}
	job := k.submit(bulk.Request{Source: k.folder()})
	for _, ref := range []func() bulk.Job{func() bulk.Job { return job }, func() bulk.Job { return k.undo(job) }} {
		job := ref()
		k.plan()
		k.queue.all()
		if err := k.oddWorker(k.records, moving()).Work(t.Context(), itemOf(job)); err != nil {
			t.Fatal(err)
		}
		if item := k.only(job.Ref); item.State != bulk.Waiting || len(k.queue.messages) != 1 {
			t.Errorf("%s: the image is %s (%s); %d messages; want it put back", job.Kind, item.State, item.Message,
				len(k.queue.messages))
		}
		if done := k.drive(job.Ref); done.Counts.Edited != 1 {
			t.Errorf("%s: counts %+v: %s", job.Kind, done.Counts, k.only(job.Ref).Message)
		}
	}
	k.wantOld(files[0], content)
}
