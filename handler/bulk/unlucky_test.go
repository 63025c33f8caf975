package bulk_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"imagepro/handler/bulk"
	"imagepro/handler/caller"
	"imagepro/handler/dev/sandbox/graph"
	"imagepro/handler/fault"
	"imagepro/handler/imaging"
)

// oddLibrary is the real library but for what a test changes.
type oddLibrary struct {
	bulk.Library
	children func(ctx context.Context, folder, cursor string) (bulk.Page, error)
	file     func(bulk.File) bulk.File
	read     func(ctx context.Context) error
	replace  func(f bulk.File, content []byte) (bulk.File, error)
	create   func(f bulk.File, name string, content []byte) (bulk.File, error)
}

func (o oddLibrary) Replace(ctx context.Context, who caller.Caller, f bulk.File, content []byte) (bulk.File, error) {
	if o.replace != nil {
		return o.replace(f, content)
	}
	return o.Library.Replace(ctx, who, f, content)
}

func (o oddLibrary) Create(
	ctx context.Context, who caller.Caller, f bulk.File, name string, content []byte,
) (bulk.File, error) {
	if o.create != nil {
		return o.create(f, name, content)
	}
	return o.Library.Create(ctx, who, f, name, content)
}

func (o oddLibrary) Children(ctx context.Context, who caller.Caller, drive, folder, cursor string) (bulk.Page, error) {
	if o.children != nil {
		return o.children(ctx, folder, cursor)
	}
	return o.Library.Children(ctx, who, drive, folder, cursor)
}

func (o oddLibrary) File(ctx context.Context, who caller.Caller, drive, item string) (bulk.File, error) {
	f, err := o.Library.File(ctx, who, drive, item)
	if o.file != nil {
		f = o.file(f)
	}
	return f, err
}

func (o oddLibrary) Read(ctx context.Context, who caller.Caller, f bulk.File, limit int64) ([]byte, error) {
	if o.read != nil {
		if err := o.read(ctx); err != nil {
			return nil, err
		}
	}
	return o.Library.Read(ctx, who, f, limit)
}

func (k *kit) oddPlanner(library bulk.Library) *bulk.Planner {
	return bulk.NewPlanner(bulk.PlannerOptions{
		Jobs:     k.records,
		Items:    k.records,
		Specs:    k.specs,
		Queue:    k.queue,
		Sessions: k.sessions,
		Index:    neighbours{k.records, &k.open},
		Library:  library,
		Limits:   k.limits,
		Now:      k.now,
	})
}

func (k *kit) oddWorker(items bulk.Items, library bulk.Library) *bulk.Worker {
	return bulk.NewWorker(bulk.WorkerOptions{
		Jobs:     k.records,
		Items:    items,
		Specs:    k.specs,
		Queue:    k.queue,
		Sessions: k.sessions,
		Index:    neighbours{k.records, &k.open},
		Library:  library,
		Limits:   imaging.DefaultLimits(),
		Window:   k.limits.Window,
		Room:     imaging.NewRoom(1),
		Now:      k.now,
	})
}

// workAll lets the workers do all that was sent.
func (k *kit) workAll() {
	for {
		message, ok := k.queue.take()
		if !ok {
			return
		}
		if k.deliver(message) != nil {
			k.queue.back(message)
		}
	}
}

func planOf(job bulk.Job) bulk.PlanMessage { return bulk.PlanMessage{Tenant: job.Tenant, Job: job.Job} }

func itemOf(job bulk.Job) bulk.ItemMessage { return bulk.ItemMessage{Tenant: job.Tenant, Job: job.Job} }

func TestAnImageThatTheListingRepeatsIsEditedOnce(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	files := k.pictures(100)
	job := k.submit(
		bulk.Request{Source: k.folder(),
			Recipe: json.RawMessage(`{"version":1,"steps":[{"op":"text","text":"again"}]}`)})
	k.queue.all()
	planner := k.oddPlanner(
		oddLibrary{Library: k.library, children: func(ctx context.Context, folder, cursor string) (bulk.Page, error) {
			k.workAll() // workers that are as fast as can be
			page, err := k.library.Children(ctx, k.who, k.site.DriveID, folder, cursor)
			if cursor != "" && err == nil {
				repeated, err := k.library.File(ctx, k.who, k.site.DriveID, files[0].ID)
				if err != nil {
					return page, err
				}
				page.Files = append(page.Files, repeated)
			}
			return page, err
		}})
	if err := planner.Plan(t.Context(), planOf(job)); err != nil {
		t.Fatal(err)
	}
	done := k.drive(job.Ref)
	if done.Planned != 100 || done.Counts.Edited != 100 || len(k.versions(files[0])) != 2 {
		t.Errorf("%d planned, %+v, %d versions of the repeated image", done.Planned, done.Counts,
			len(k.versions(files[0])))
	}
}

func TestACopyJobDoesNotTakeItsOwnCopiesForImages(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	k.pictures(100)
	job := k.submit(bulk.Request{Source: k.folder(), Save: bulk.Save{Target: bulk.Copy, Name: "web-{name}"}})
	k.queue.all()
	planner := k.oddPlanner(
		oddLibrary{Library: k.library, children: func(ctx context.Context, folder, cursor string) (bulk.Page, error) {
			k.workAll()
			return k.library.Children(ctx, k.who, k.site.DriveID, folder, cursor)
		}})
	if err := planner.Plan(t.Context(), planOf(job)); err != nil {
		t.Fatal(err)
	}
	done := k.drive(job.Ref)
	copies := 0
	for _, name := range k.names() {
		if strings.HasPrefix(name, "web-") {
			copies++
		}
	}
	if done.Planned != 100 || done.Counts.Edited != 100 || copies != 100 {
		t.Errorf("%d planned, %+v, %d copies, want 100 of each", done.Planned, done.Counts, copies)
	}
}

func TestACopyStaysBesideWhereTheImageWasPlanned(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	k.put("A/photo.jpg", jpegPicture(t, 60, 40))
	elsewhere, err := world.Graph.AddFolder(k.site.DriveID, "B", k.user.ID)
	if err != nil {
		t.Fatal(err)
	}
	job := k.submit(bulk.Request{Source: k.folder(), Save: bulk.Save{Target: bulk.Copy}})
	k.plan()
	k.crash.at("after Create", 1)
	k.die()
	moved := oddLibrary{Library: k.library, file: func(f bulk.File) bulk.File {
		f.Parent = elsewhere.ID
		return f
	}}
	if err := k.oddWorker(k.records, moved).Work(t.Context(), itemOf(job)); err != nil {
		t.Fatal(err)
	}
	for folder, want := range map[string]int{"A": 2, "B": 0} {
		items, err := world.Graph.Items(k.site.DriveID, folder)
		if err != nil || len(items) != want {
			t.Errorf("folder %s holds %d files (%v), want %d", folder, len(items), err, want)
		}
	}
}

func TestAFolderThatGoesAwayMeanwhileDoesNotEndTheJob(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	top := k.put("a.jpg", jpegPicture(t, 60, 40))
	k.put("Old/b.jpg", jpegPicture(t, 61, 40))
	last := k.put("Z/c.jpg", jpegPicture(t, 62, 40))
	job := k.submit(bulk.Request{Source: k.folder()})
	k.queue.all()
	gone := false
	planner := k.oddPlanner(
		oddLibrary{Library: k.library, children: func(ctx context.Context, folder, cursor string) (bulk.Page, error) {
			if folder != "root" && !gone {
				gone = true
				return bulk.Page{}, fault.New(fault.NotFound, "It is not there.", nil)
			}
			return k.library.Children(ctx, k.who, k.site.DriveID, folder, cursor)
		}})
	if err := planner.Plan(t.Context(), planOf(job)); err != nil {
		t.Fatal(err)
	}
	if done := k.drive(job.Ref); done.State != bulk.Done || done.Counts.Edited != 2 {
		t.Errorf("the job is %s (%q) with %+v", done.State, done.Message, done.Counts)
	}
	k.wantVersions(items(top, last), 2)
}

// busyItems is storage that is busy when a result is recorded.
type busyItems struct{ bulk.Items }

func (busyItems) FinishItem(context.Context, bulk.Item) (int, error) {
	return 0, fault.New(fault.Busy, "Storage is busy.", nil)
}

func TestBusyStorageIsNotCountedAsATry(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	files := k.pictures(1)
	job := k.submit(bulk.Request{Source: k.folder()})
	k.plan()
	k.queue.all()
	if err := k.oddWorker(busyItems{k.records}, k.library).Work(t.Context(), itemOf(job)); err != nil {
		t.Errorf("the message ended with %v, want it put back", err)
	}
	if done := k.drive(job.Ref); done.Counts.Edited != 1 {
		t.Errorf("counts %+v, want one edited", done.Counts)
	}
	k.wantVersions(files, 2)
}

func TestTheEndOfTheTimeIsNotCountedAsATry(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	k.pictures(1)
	job := k.submit(bulk.Request{Source: k.folder()})
	k.plan()
	k.queue.all()
	ctx, cancel := context.WithCancel(t.Context())
	stalled := oddLibrary{Library: k.library, read: func(ctx context.Context) error {
		cancel() // stands for the deadline
		<-ctx.Done()
		return fault.New(fault.Busy, "SharePoint did not answer in time.", ctx.Err())
	}}
	if err := k.oddWorker(k.records, stalled).Work(ctx, itemOf(job)); err != nil {
		t.Errorf("the message ended with %v, want it put back", err)
	}
	if done := k.drive(job.Ref); done.Counts.Edited != 1 {
		t.Errorf("counts %+v, want one edited", done.Counts)
	}
}

func TestAnImageThatIsGivenUpAsksForMoreMessages(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	k.limits.Window = 4
	files := k.pictures(12)
	job := k.submit(bulk.Request{Source: k.folder()})
	k.plan()
	var asking message
	var item bulk.ItemMessage
	for !item.More {
		asking, _ = k.queue.take()
		if err := json.Unmarshal(asking.body, &item); err != nil {
			t.Fatal(err)
		}
		if !item.More {
			k.queue.back(asking)
		}
	}
	k.crash.at("before UpdateJob", 5) // as often as the host tries
	for range 5 {
		if err := k.deliver(asking); !errors.Is(err, errCrash) {
			t.Fatalf("the delivery ended with %v, want the crash", err)
		}
	}
	if err := k.worker().GiveUp(t.Context(), item); err != nil {
		t.Fatal(err)
	}
	if done := k.drive(job.Ref); done.State != bulk.Done || done.Counts.Edited != len(files) {
		t.Errorf("the job is %s (%q) with %+v", done.State, done.Message, done.Counts)
	}
}

func TestAnImageThatIsNamedTwiceIsEditedOnce(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	files := k.pictures(2)
	var refs []bulk.ImageRef
	for _, n := range []int{0, 1, 0, 0} {
		refs = append(refs, bulk.ImageRef{Drive: k.site.DriveID, Item: files[n].ID})
	}
	asked := slices.Clone(refs)
	job := k.submit(bulk.Request{Source: bulk.Source{Images: refs}})
	if done := k.drive(job.Ref); done.Planned != 2 || done.Counts.Edited != 2 {
		t.Errorf("%d planned, %+v", done.Planned, done.Counts)
	}
	if !slices.Equal(refs, asked) {
		t.Error("the caller's list was changed")
	}
	k.wantVersions(files, 2)
}

func TestAKeyWorksWithEverySignInARecipe(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	request := bulk.Request{Source: k.folder(), Key: rand.Text(),
		Recipe: json.RawMessage(`{"version":1,"steps":[{"op":"text","text":"Tom & Jerry <3 \u2028 \"x\""}]}`)}
	first := k.submit(request)
	if again := k.submit(request); again.Job != first.Job {
		t.Errorf("jobs %s and %s, want one", first.Job, again.Job)
	}
}

func TestAVersionFromBeforeTheJobIsNotItsWork(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	original := jpegPicture(t, 60, 40)
	file := k.put("a.jpg", original)
	first := k.submit(bulk.Request{Source: k.folder()})
	k.drive(first.Ref) // the same bytes as the second job will make
	k.put("a.jpg", original)

	later := time.Now().Add(time.Hour)
	k.now = func() time.Time { return later }
	k.service = k.newService()
	second := k.submit(bulk.Request{Source: k.folder()})
	k.plan()
	k.crash.at("after Intend", 1)
	work := k.die()
	k.put("a.jpg", jpegPicture(t, 90, 90)) // somebody else
	k.queue.back(work)
	if done := k.drive(second.Ref); done.Counts.Conflict != 1 {
		t.Errorf("counts %+v, want one conflict", done.Counts)
	}
	if versions := k.versions(file); len(versions) != 4 {
		t.Errorf("%d versions, want 4", len(versions))
	}
}

func TestAnImageThatCannotBeLookedAtIsNotCalledUnsaved(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	files := k.pictures(1)
	job := k.submit(bulk.Request{Source: k.folder()})
	k.plan()
	k.crash.at("after Replace", 1)
	work := k.die()
	k.queue.back(work)
	if err := world.Graph.Allow(graph.Permission{
		DriveID: k.site.DriveID,
		ItemID:  files[0].ID,
		User:    k.user.ID,
		Level:   graph.None,
	}); err != nil {
		t.Fatal(err)
	}
	done := k.drive(job.Ref) // looks some times
	got := k.results(job.Ref)[files[0].Name]
	if done.Counts.Failed != 1 ||
		!strings.Contains(got.Message, "Whether the image was saved before that could not be found out.") {
		t.Errorf("the image is %s: %q", got.State, got.Message)
	}
	k.wantVersions(files, 2)
}

func TestAnImageThatCanBeLookedAtAgainIsEdited(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	files := k.pictures(1)
	job := k.submit(bulk.Request{Source: k.folder()})
	k.plan()
	k.crash.at("after Replace", 1)
	k.die()
	hidden := graph.Permission{DriveID: k.site.DriveID, ItemID: files[0].ID, User: k.user.ID, Level: graph.None}
	if err := world.Graph.Allow(hidden); err != nil {
		t.Fatal(err)
	}
	if err := k.worker().Work(t.Context(), itemOf(job)); err != nil {
		t.Fatalf("the look ended with %v, want it put back", err)
	}
	hidden.Level = graph.Write
	if err := world.Graph.Allow(hidden); err != nil {
		t.Fatal(err)
	}
	if done := k.drive(job.Ref); done.Counts.Edited != 1 {
		t.Errorf("counts %+v, want one edited", done.Counts)
	}
	k.wantVersions(files, 2)
}

func TestNobodyGivesUpAnImageThatAnotherDeliveryMayBeSaving(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	files := k.pictures(1)
	job := k.submit(bulk.Request{Source: k.folder()})
	k.plan()
	k.crash.at("after Intend", 1)
	k.die()
	k.queue.all()
	if err := k.worker().GiveUp(t.Context(), itemOf(job)); err != nil {
		t.Fatal(err)
	}
	if got := k.results(job.Ref)[files[0].Name]; got.State != bulk.Waiting || len(k.queue.all()) != 1 {
		t.Errorf("the image is %s, want it waiting, and its message to come again", got.State)
	}
	later := time.Now().Add(11 * time.Minute)
	k.now = func() time.Time { return later }
	k.tire(job, 0)
	if err := k.worker().GiveUp(t.Context(), itemOf(job)); err != nil {
		t.Fatal(err)
	}
	if got := k.results(job.Ref)[files[0].Name]; got.State != bulk.Broken {
		t.Errorf("the image is %s", got.State)
	}
	k.wantVersions(files, 1)
}

func TestAFailedJobLeavesNoImageWaiting(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	k.limits.MaxImages = 95
	k.pictures(100)
	job := k.submit(bulk.Request{Source: k.folder()})
	k.drive(job.Ref)
	shown, err := k.service.Get(t.Context(), k.who, job.Job)
	if err != nil || shown.State != bulk.Failed || shown.Planned != 90 || shown.Counts.Skipped != 90 {
		t.Errorf("%v: %s, %d planned, %+v", err, shown.State, shown.Planned, shown.Counts)
	}
	items, _, err := k.service.Items(t.Context(), k.who, job.Job, "", 100)
	if err != nil || len(items) != 90 {
		t.Fatalf("%d items, %v", len(items), err)
	}
	for _, item := range items {
		if item.State != bulk.Skipped || item.Reason != string(fault.TooLarge) || item.Message == "" ||
			item.FinishedAt.IsZero() {
			t.Fatalf("%s is %s (%s: %q)", item.Name, item.State, item.Reason, item.Message)
		}
	}
}

func TestAShortDeadlinePlansAPageEachTime(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	k.pictures(100)
	job := k.submit(bulk.Request{Source: k.folder()})
	k.queue.all()
	for n := range 2 {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		err := k.planner().Plan(ctx, planOf(job))
		cancel()
		if err != nil {
			t.Fatal(err)
		}
		now, err := k.records.Job(t.Context(), job.Ref)
		if want := []int{90, 100}[n]; err != nil || now.Planned != want {
			t.Fatalf("%d planned after message %d (%v), want %d", now.Planned, n+1, err, want)
		}
	}
}

func TestARepeatOfAnImageThatAsksSendsNothingAgain(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	k.pictures(40)
	job := k.submit(bulk.Request{Source: k.folder()})
	k.drive(job.Ref)
	for n := range 40 {
		m := itemOf(job)
		m.N, m.More = n, true
		if err := k.worker().Work(t.Context(), m); err != nil {
			t.Fatal(err)
		}
	}
	for _, left := range k.queue.all() {
		t.Errorf("a repeat left %s on %s", left.body, left.queue)
	}
}
