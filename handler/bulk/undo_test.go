package bulk_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"imagepro/handler/bulk"
	"imagepro/handler/caller"
	"imagepro/handler/dev/sandbox/graph"
	"imagepro/handler/fault"
)

// edited is a job of some pictures that is done, and the pictures with the contents that they had.
func (k *kit) edited(n int) (bulk.Job, []graph.Item, [][]byte) {
	k.t.Helper()
	files := k.pictures(n)
	var contents [][]byte
	for _, file := range files {
		contents = append(contents, k.content(file, "1.0"))
	}
	job := k.submit(bulk.Request{Source: k.folder()})
	if done := k.drive(job.Ref); done.Counts.Edited != n {
		k.t.Fatalf("counts %+v", done.Counts)
	}
	return job, files, contents
}

func (k *kit) undo(job bulk.Job) bulk.Job {
	k.t.Helper()
	undo, err := k.service.Undo(k.t.Context(), k.who, job.Job)
	if err != nil {
		k.t.Fatal(err)
	}
	return undo
}

// wantOld checks that a file has its old content again, on top of an untouched history.
func (k *kit) wantOld(file graph.Item, content []byte) {
	k.t.Helper()
	versions := k.versions(file)
	if len(versions) != 3 {
		k.t.Errorf("%s has %d versions, want 3", file.Name, len(versions))
		return
	}
	newest, oldest := k.content(file, versions[0].ID), k.content(file, versions[2].ID)
	if string(newest) != string(content) || string(oldest) != string(content) ||
		string(k.content(file, versions[1].ID)) == string(content) {
		k.t.Errorf("%s: the newest of %d bytes, want the old one of %d with the edit between", file.Name, len(newest),
			len(content))
	}
}

func TestAnUndoGivesEveryImageItsContentBack(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	job, files, contents := k.edited(5)
	theirs := k.put(files[3].Name, jpegPicture(t, 90, 20))
	undo := k.undo(job)
	if again := k.undo(job); again.Job != undo.Job || undo.Kind != bulk.Undo || undo.Of != job.Job {
		t.Errorf("undone by %+v and %+v, want one", undo, again)
	}
	done := k.drive(undo.Ref)
	if done.State != bulk.Done || done.Counts.Edited != 4 || done.Counts.Conflict != 1 || done.Planned != 5 {
		t.Errorf("the undo is %+v", done)
	}
	for n, file := range files {
		if n == 3 {
			if versions := k.versions(theirs); len(versions) != 3 {
				t.Errorf("what somebody changed has %d versions, want 3", len(versions))
			}
			if got := k.results(undo.Ref)[file.Name]; got.State != bulk.Conflicted || got.Message == "" {
				t.Errorf("what somebody changed is %s: %q", got.State, got.Message)
			}
			continue
		}
		k.wantOld(file, contents[n])
	}
	if again := k.undo(job); again.Job != undo.Job {
		t.Error("an undo that left nothing to be done was followed by another")
	}
}

func TestADeathWhileUndoingRestoresEachImageOnce(t *testing.T) {
	t.Parallel()
	for _, point := range []string{
		"before RecordPortion", "after RecordPortion", "before Intend", "after Intend", "before Replace",
		"after Replace", "before FinishItem", "after FinishItem",
		"before Send bulk-items", "after Send bulk-items",
	} {
		t.Run(point, func(t *testing.T) {
			t.Parallel()
			k := newKit(t)
			job, files, contents := k.edited(3)
			undo := k.undo(job)
			k.undo(job) // a second message to plan
			k.crash.at(point, 1)
			if done := k.drive(undo.Ref); done.State != bulk.Done || done.Counts.Edited != 3 {
				t.Errorf("the undo is %+v", done)
			}
			for n, file := range files {
				k.wantOld(file, contents[n])
			}
		})
	}
}

func TestAChangeThatComesBetweenIsNotUndone(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	job, files, _ := k.edited(1)
	undo := k.undo(job)
	k.plan()
	k.crash.at("before Replace", 1)
	message := k.die() // with an intent
	theirs := jpegPicture(t, 77, 20)
	k.put(files[0].Name, theirs)
	if err := k.deliver(message); err != nil {
		t.Fatal(err)
	}
	if done := k.drive(undo.Ref); done.Counts.Conflict != 1 || done.Counts.Edited != 0 {
		t.Errorf("counts %+v, want a conflict: the old content lies below theirs only since before the edit",
			done.Counts)
	}
	if versions := k.versions(files[0]); len(versions) != 3 ||
		string(k.content(files[0], versions[0].ID)) != string(theirs) {
		t.Errorf("%d versions; theirs is not on top", len(versions))
	}
}

func TestWhatWasSavedWithoutAResultIsUndoneToo(t *testing.T) {
	t.Parallel()
	for _, saved := range []bool{true, false} {
		t.Run(fmt.Sprint("saved ", saved), func(t *testing.T) {
			t.Parallel()
			k := newKit(t)
			now := time.Now()
			k.now = func() time.Time { return now }
			k.service = k.newService()
			files := k.pictures(1)
			content := k.content(files[0], "1.0")
			job := k.submit(bulk.Request{Source: k.folder()})
			k.plan()
			if saved {
				k.crash.at("after Replace", 1)
			} else {
				k.crash.at("before Replace", 1)
			}
			k.die()
			if _, err := k.service.End(t.Context(), k.who, job.Job); err != nil {
				t.Fatal(err)
			}
			undo := k.undo(job)
			if waits := k.planOnce(); waits != 1 { // somebody may be saving it still
				t.Errorf("%d messages were put back, want one", waits)
			}
			now = now.Add(time.Hour)
			done := k.drive(undo.Ref)
			if saved {
				if done.Counts.Edited != 1 {
					t.Errorf("counts %+v, want one restored", done.Counts)
				}
				k.wantOld(files[0], content)
			} else {
				if done.Counts.Unchanged != 1 {
					t.Errorf("counts %+v, want one unchanged", done.Counts)
				}
				k.wantVersions(files, 1)
			}
		})
	}
}

// planOnce delivers the next message and returns how many there are then.
func (k *kit) planOnce() int {
	k.t.Helper()
	k.plan()
	rest := k.queue.all()
	for _, message := range rest {
		k.queue.back(message)
	}
	return len(rest)
}

func TestAVersionThatIsGoneCannotComeBack(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	job, files, _ := k.edited(2)
	if err := world.Graph.TrimVersion(k.site.DriveID, files[0].ID, "1.0"); err != nil {
		t.Fatal(err)
	}
	undo := k.undo(job)
	if done := k.drive(undo.Ref); done.Counts.Edited != 1 || done.Counts.Failed != 1 {
		t.Errorf("counts %+v", done.Counts)
	}
	if got := k.results(undo.Ref)[files[0].Name]; got.Reason != string(fault.NotFound) ||
		!strings.Contains(got.Message, "version") {
		t.Errorf("the result is %s: %q", got.Reason, got.Message)
	}
	if again := k.undo(job); again.Job == undo.Job {
		t.Error("an undo with failures cannot be repeated")
	} else if done := k.drive(again.Ref); done.Counts.Unchanged != 1 || done.Counts.Failed != 1 {
		t.Errorf("the second undo: %+v", done.Counts)
	}
}

func TestWhatCannotBeUndoneSaysWhy(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	k.pictures(1)
	going := k.submit(bulk.Request{Source: k.folder()})
	refused := func(id, says string) {
		t.Helper()
		if _, err := k.service.Undo(t.Context(), k.who, id); !fault.Is(err, fault.Conflict) ||
			!strings.Contains(err.Error(), says) {
			t.Errorf("%v, want a conflict that says %q", err, says)
		}
	}
	refused(going.Job, "cancel it")
	k.drive(going.Ref)
	copies := k.submit(bulk.Request{Source: k.folder(), Save: bulk.Save{Target: bulk.Copy}})
	k.drive(copies.Ref)
	refused(copies.Job, "copies")
	undo := k.undo(going)
	k.drive(undo.Ref)
	refused(undo.Job, "Only a bulk edit")
	for _, stranger := range []caller.Caller{{Tenant: k.who.Tenant, User: newUser(t).ID},
		{Tenant: "another", User: k.who.User}} {
		if _, err := k.service.Undo(t.Context(), stranger, going.Job); !fault.Is(err, fault.NotFound) {
			t.Errorf("a stranger: %v", err)
		}
	}
}

func TestAnUndoWaitsForItsUserLikeAnyJob(t *testing.T) {
	t.Parallel()
	k := newKitOf(t, newUser(t))
	job, files, contents := k.edited(3)
	undo := k.undo(job)
	world.Entra.Revoke(k.user.Tenant, k.user.ID)
	if parked := k.drive(undo.Ref); parked.State != bulk.Parked {
		t.Fatalf("the undo is %s", parked.State)
	}
	k.comeBack()
	if done := k.drive(undo.Ref); done.State != bulk.Done || done.Counts.Edited != 3 {
		t.Errorf("the undo is %+v", done)
	}
	for n, file := range files {
		k.wantOld(file, contents[n])
	}
}
