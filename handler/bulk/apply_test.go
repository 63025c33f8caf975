package bulk_test

import (
	"maps"
	"slices"
	"testing"

	"imagepro/handler/bulk"
	"imagepro/handler/fault"
)

func TestADryRunIsAppliedAsItWasTried(t *testing.T) {
	t.Parallel()
	for name, save := range map[string]bulk.Save{"versions": {}, "changed ones again": {OnChanged: bulk.EditAgain}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := newKit(t)
			files := k.pictures(5)
			k.put("done.jpg", jpegPicture(t, 30, 20))
			dry := k.submit(bulk.Request{Source: k.folder(), DryRun: true, Save: save})
			if tried := k.drive(dry.Ref); tried.Counts.Edited != 5 || tried.Counts.Unchanged != 1 {
				t.Fatalf("the dry run is %+v", tried)
			}
			late := k.put("late.jpg", jpegPicture(t, 98, 70)) // nobody has tried it
			k.put(files[1].Name, jpegPicture(t, 97, 71))      // somebody changed it
			k.put(files[2].Name, k.content(files[2], ""))     // saved again as it was
			one := bulk.Source{Images: []bulk.ImageRef{{Drive: k.site.DriveID, Item: files[3].ID}}}
			k.drive(k.submit(bulk.Request{Source: one}).Ref) // the same edit, by another way

			var ids []string
			for range 2 {
				job, err := k.service.Apply(t.Context(), k.who, dry.Job)
				if err != nil || job.Kind != bulk.Edit || job.Of != dry.Job {
					t.Fatalf("Apply = %+v, %v", job, err)
				}
				ids = append(ids, job.Job)
			}
			if ids[0] != ids[1] {
				t.Errorf("applied twice it is two bulk edits, %q", ids)
			}
			done := k.drive(bulk.Ref{Tenant: k.who.Tenant, Job: ids[0]})
			states := map[string]bulk.ItemState{}
			for name, item := range k.results(done.Ref) {
				states[name] = item.State
			}
			changed := bulk.Conflicted
			if save.OnChanged == bulk.EditAgain {
				changed = bulk.Edited
			}
			want := map[string]bulk.ItemState{
				files[0].Name: bulk.Edited, files[1].Name: changed, files[2].Name: bulk.Edited,
				files[3].Name: bulk.Skipped,
				files[4].Name: bulk.Edited,
			}
			if done.State != bulk.Done || !maps.Equal(states, want) {
				t.Errorf("the job is %s with %v, want %v", done.State, states, want)
			}
			k.wantVersions(files[:1], 2)
			k.wantVersions(files[3:], 2)
			if n := len(k.versions(late)); n != 1 {
				t.Errorf("a picture that was not tried has %d versions", n)
			}
		})
	}
}

func TestCopiesOfADryRunHaveTheNamesThatItTold(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	k.pictures(2)
	save := bulk.Save{Target: bulk.Copy, Name: "{counter:1} {name}"}
	dry := k.submit(bulk.Request{Source: k.folder(), DryRun: true, Save: save})
	k.drive(dry.Ref)
	var told []string
	for _, item := range k.results(dry.Ref) {
		told = append(told, item.Intent.Name)
	}
	k.put("A first one.jpg", jpegPicture(t, 98, 70)) // which would be number 1
	job, err := k.service.Apply(t.Context(), k.who, dry.Job)
	if err != nil {
		t.Fatal(err)
	}
	if done := k.drive(job.Ref); done.Counts.Edited != 2 {
		t.Fatalf("the job is %+v", done)
	}
	slices.Sort(told)
	want := append(slices.Clone(told), "A first one.jpg", "Photo 00.jpg", "Photo 01.jpg")
	names := k.names()
	slices.Sort(names)
	if slices.Sort(want); !slices.Equal(names, want) {
		t.Errorf("the files are %q, want %q", names, want)
	}
}

func TestOnlyAFinishedDryRunIsApplied(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	files := k.pictures(2)
	edit := k.submit(bulk.Request{Source: k.folder(), Save: bulk.Save{Target: bulk.Copy}})
	k.drive(edit.Ref)
	running := k.submit(bulk.Request{Source: k.folder(), DryRun: true})
	for name, id := range map[string]string{"an edit": edit.Job, "a dry run that goes on": running.Job} {
		if _, err := k.service.Apply(t.Context(), k.who, id); !fault.Is(err, fault.Conflict) {
			t.Errorf("%s: %v, want a conflict", name, err)
		}
	}
	if _, err := k.service.End(t.Context(), k.who, running.Job); err != nil {
		t.Fatal(err)
	}
	if _, err := k.service.Apply(t.Context(), k.who, running.Job); !fault.Is(err, fault.Conflict) {
		t.Errorf("a cancelled dry run: %v, want a conflict", err)
	}
	stranger := k.who
	stranger.User = "somebody else"
	if _, err := k.service.Apply(t.Context(), stranger, running.Job); !fault.Is(err, fault.NotFound) {
		t.Errorf("somebody else's dry run: %v, want not found", err)
	}
	again := bulk.Source{Job: &bulk.JobSource{Job: edit.Job, States: []bulk.ItemState{bulk.Edited}}}
	_, err := k.service.Submit(t.Context(), k.who, bulk.Request{Source: again, Recipe: halve})
	if !fault.Is(err, fault.Invalid) {
		t.Errorf("edited images of a bulk edit once more: %v, want invalid", err)
	}
	k.wantVersions(files, 1)
}
