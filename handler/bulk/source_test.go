package bulk_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"imagepro/handler/bulk"
	"imagepro/handler/caller"
	"imagepro/handler/cloud/tables"
	"imagepro/handler/dev/sandbox/graph"
	"imagepro/handler/fault"
	"imagepro/handler/library"
)

// namesOf returns the names of a job's images that have one of the states, in order.
func (k *kit) namesOf(ref bulk.Ref, states ...bulk.ItemState) []string {
	k.t.Helper()
	var names []string
	for name, item := range k.results(ref) {
		if slices.Contains(states, item.State) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

func TestAFilterSelectsFilesOfAFolder(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	small, large := jpegPicture(t, 8, 8), jpegPicture(t, 200, 150)
	k.put("IMG_0001.JPG", small)
	k.put("img_0002.jpeg", large)
	k.put("logo.png", pngPicture(t, 50, 50))
	k.put("notes.txt", []byte("x"))
	k.put("2026/IMG_0003.jpg", small)
	k.put("2026/May/IMG_0004.jpg", small)
	all := []string{"IMG_0001.JPG", "IMG_0003.jpg", "IMG_0004.jpg", "img_0002.jpeg", "logo.png", "notes.txt"}
	later := time.Now().Add(time.Hour)
	for name, c := range map[string]struct {
		filter bulk.FolderFilter
		want   []string
	}{
		"nothing": {bulk.FolderFilter{}, all},
		"one level": {bulk.FolderFilter{Depth: 1},
			[]string{"IMG_0001.JPG", "IMG_0003.jpg", "img_0002.jpeg", "logo.png", "notes.txt"}},
		"names": {bulk.FolderFilter{Names: []string{"img_*.jp?g", "LOGO.*"}},
			[]string{"img_0002.jpeg", "logo.png"}},
		"types": {bulk.FolderFilter{Types: []string{"jpeg"}},
			[]string{"IMG_0001.JPG", "IMG_0003.jpg", "IMG_0004.jpg", "img_0002.jpeg"}},
		"large":          {bulk.FolderFilter{MinBytes: int64(len(large))}, []string{"img_0002.jpeg"}},
		"small":          {bulk.FolderFilter{MaxBytes: 10}, []string{"notes.txt"}},
		"changed since":  {bulk.FolderFilter{ChangedSince: later}, nil},
		"changed before": {bulk.FolderFilter{ChangedBefore: later}, all},
		"both at once": {bulk.FolderFilter{Depth: 1, Types: []string{"jpeg", "png"}, Names: []string{"*0*"}},
			[]string{"IMG_0001.JPG", "IMG_0003.jpg", "img_0002.jpeg"}},
		"a name with signs": {bulk.FolderFilter{Names: []string{"[in]*"}},
			[]string{"IMG_0001.JPG", "IMG_0003.jpg", "IMG_0004.jpg", "img_0002.jpeg", "notes.txt"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			source := k.folder()
			source.Folder.FolderFilter = c.filter
			job, err := k.service.Submit(t.Context(), k.who, bulk.Request{Source: source, Recipe: halve})
			if err != nil {
				t.Fatal(err)
			}
			if err := k.planner().Plan(t.Context(), planOf(job)); err != nil {
				t.Fatal(err)
			}
			planned, err := k.records.Job(t.Context(), job.Ref)
			if err != nil {
				t.Fatal(err)
			}
			if got := k.namesOf(job.Ref, bulk.Waiting, bulk.Skipped); !slices.Equal(got, c.want) {
				t.Errorf("planned %q, want %q", got, c.want)
			}
			looked := len(all)
			if c.filter.Depth == 1 {
				looked-- // the last one lies deeper
			}
			if planned.Planned+planned.Passed != len(c.want) || planned.Left != looked-len(c.want) {
				t.Errorf("%d planned, %d passed, %d left", planned.Planned, planned.Passed, planned.Left)
			}
		})
	}
}

func TestFiltersThatCannotBeMeantAreRefused(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	now := time.Now()
	for name, c := range map[string]struct {
		change func(*bulk.Source)
		field  string
	}{
		"a negative depth": {func(s *bulk.Source) { s.Folder.Depth = -1 }, "/source/folder/depth"},
		"a depth of one folder": {func(s *bulk.Source) {
			s.Folder.Depth, s.Folder.Recursive = 1, false
		}, "/source/folder/depth"},
		"no pattern": {func(s *bulk.Source) {
			s.Folder.Names = []string{"*.jpg", "[a"}
		}, "/source/folder/names/1"},
		"many patterns": {func(s *bulk.Source) {
			s.Folder.Names = make([]string, 21)
		}, "/source/folder/names"},
		"an unknown type": {func(s *bulk.Source) {
			s.Folder.Types = []string{"heic"}
		}, "/source/folder/types/0"},
		"more at least than most": {func(s *bulk.Source) {
			s.Folder.MinBytes, s.Folder.MaxBytes = 2, 1
		}, "/source/folder/maxBytes"},
		"before it was since": {func(s *bulk.Source) {
			s.Folder.ChangedSince, s.Folder.ChangedBefore = now, now
		}, "/source/folder/changedBefore"},
		"a folder without library": {func(s *bulk.Source) {
			*s = bulk.Source{Properties: &bulk.PropertyFilter{Folder: "f"}}
		}, "/source/properties/driveId"},
		"since with another job": {func(s *bulk.Source) {
			*s = bulk.Source{Job: &bulk.JobSource{Job: "j"}, Since: "j"}
		}, "/source/since"},
		"states that are results": {func(s *bulk.Source) {
			*s = bulk.Source{Job: &bulk.JobSource{Job: "j", States: []bulk.ItemState{bulk.Edited}}}
		}, "/source/job/states"},
	} {
		source := k.folder()
		c.change(&source)
		_, err := k.service.Submit(t.Context(), k.who, bulk.Request{Source: source, Recipe: halve})
		if f := fault.From(err); err == nil || f.Kind != fault.Invalid || f.Field != c.field {
			t.Errorf("%s: %v at %q, want invalid at %s", name, err, f.Field, c.field)
		}
	}
}

func TestOnlyWhatIsNewOrChangedSinceTheLastJobIsEdited(t *testing.T) {
	t.Parallel()
	for name, save := range map[string]bulk.Save{"versions": {}, "copies": {Target: bulk.Copy}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := newKit(t)
			files := k.pictures(4)
			k.put("small.jpg", jpegPicture(t, 30, 20)) // nothing to do
			run := func(since string) bulk.Job {
				source := k.folder()
				source.Since = since
				job := k.submit(bulk.Request{Source: source, Save: save})
				done := k.drive(job.Ref)
				if done.State != bulk.Done {
					t.Fatalf("the job is %+v", done)
				}
				return done
			}
			first := run("")
			want := 5 // small.jpg is copied as well
			if save.Target != bulk.Copy {
				want = 4
			}
			if first.Counts.Edited != want {
				t.Fatalf("the first: %+v", first.Counts)
			}
			k.put(files[1].Name, jpegPicture(t, 99, 70))
			k.put("new.jpg", jpegPicture(t, 98, 70))
			if save.Target == bulk.Copy { // their names are taken by the copies of before
				for _, name := range []string{"Photo 01-edited.jpg"} {
					if _, err := world.Graph.Remove(k.site.DriveID, name); err != nil {
						t.Fatal(err)
					}
				}
			}
			second := run(first.Job)
			if got := k.namesOf(second.Ref, bulk.Edited); !slices.Equal(got, []string{"Photo 01.jpg", "new.jpg"}) {
				t.Errorf("the second has edited %q, with %+v and %d passed", got, second.Counts, second.Passed)
			}
			for name, item := range k.results(second.Ref) {
				if item.State != bulk.Edited && item.Reason != string(fault.Processed) {
					t.Errorf("%s is %s for %q", name, item.State, item.Reason)
				}
			}
			if third := run(second.Job); third.Planned != 0 { // though it has seen three of them pass only
				t.Errorf("the third has planned %d: %v", third.Planned, slices.Collect(maps.Keys(k.results(third.Ref))))
			}
			other := k.submit(
				bulk.Request{Source: bulk.Source{Folder: k.folder().Folder, Since: first.Job}, Save: save,
					Recipe: marker})
			k.plan()
			if planned, err := k.records.Job(t.Context(), other.Ref); err != nil || planned.Planned < 6 {
				t.Errorf("with another recipe %d are planned, %v; want all", planned.Planned, err)
			}
		})
	}
}

// marker is a recipe that changes every picture.
var marker = []byte(`{"version":1,"steps":[{"op":"filter","name":"invert"}]}`)

func TestSinceIsAJobOfTheUsersThatIsOver(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	k.pictures(1)
	job := k.submit(bulk.Request{Source: k.folder()})
	since := bulk.Request{Source: k.folder(), Recipe: halve}
	since.Source.Since = job.Job
	if _, err := k.service.Submit(t.Context(), k.who, since); !fault.Is(err, fault.Conflict) ||
		fault.From(err).Field != "/source/since" {
		t.Errorf("while it goes on: %v", err)
	}
	stranger := newUser(t)
	if _, err := k.service.Submit(t.Context(), caller.Away(stranger.Tenant, stranger.ID), since); !fault.Is(err,
		fault.NotFound) {
		t.Errorf("a stranger: %v", err)
	}
}

func TestImagesAreSelectedByWhatIsSaidOfThem(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	files := k.pictures(3)
	hidden, err := world.Graph.AddSite(scene.Contoso.ID, fmt.Sprint("Hidden ", siteNumber.Add(1)), newUser(t).ID)
	if err != nil {
		t.Fatal(err)
	}
	tag := fmt.Sprint("tag", siteNumber.Add(1))
	describe := func(store *tables.Store, drive, item string, tags ...string) {
		t.Helper()
		if _, err := store.PutProperties(t.Context(),
			library.Properties{Tenant: k.user.Tenant, Ref: library.Ref{Drive: drive, Item: item},
				Tags: tags}); err != nil {
			t.Fatal(err)
		}
	}
	describe(k.records, k.site.DriveID, files[0].ID, tag)
	describe(k.records, k.site.DriveID, files[1].ID, "other")
	describe(k.records, k.site.DriveID, files[2].ID, "x", tag)
	describe(k.records, hidden.DriveID, "01HIDDEN", tag)
	job := k.submit(bulk.Request{Source: bulk.Source{Properties: &bulk.PropertyFilter{Tag: tag}}})
	done := k.drive(job.Ref)
	if got := k.namesOf(job.Ref, bulk.Edited); !slices.Equal(got, []string{"Photo 00.jpg", "Photo 02.jpg"}) ||
		done.Passed != 0 || done.Left != 1 {
		t.Errorf("edited %q, %d passed, %d left; want two, and no word of the hidden one", got, done.Passed, done.Left)
	}
}

func TestAnImageThatIsChangedMeanwhileIsEditedAgainIfThatIsThePolicy(t *testing.T) {
	t.Parallel()
	for _, point := range []string{"", "before Intend", "after Intend", "before Replace", "after Replace",
		"before FinishItem", "after FinishItem"} {
		t.Run("dying "+point, func(t *testing.T) {
			t.Parallel()
			k := newKit(t)
			files := k.pictures(2)
			job := k.submit(bulk.Request{Source: k.folder(), Save: bulk.Save{OnChanged: bulk.EditAgain}})
			k.plan()
			theirs := k.put(files[0].Name, jpegPicture(t, 120, 30))
			if point != "" {
				k.crash.at(point, 1)
			}
			if done := k.drive(job.Ref); done.Counts.Edited != 2 {
				t.Errorf("counts %+v", done.Counts)
			}
			k.wantVersions([]graph.Item{theirs}, 3) // the first, theirs, ours of theirs
			k.wantVersions(files[1:], 2)
			if got := k.results(job.Ref)[files[0].Name]; got.Before.Width != 120 || got.After.Width != 30 {
				t.Errorf("edited from %+v to %+v, want theirs", got.Before, got.After)
			}
		})
	}
}

func TestAChangeBetweenReadingAndWritingIsNotOverwritten(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	files := k.pictures(1)
	job := k.submit(bulk.Request{Source: k.folder(), Save: bulk.Save{OnChanged: bulk.EditAgain}})
	k.plan()
	k.crash.at("before Replace", 1)
	k.die() // with an intent for the first content
	theirs := jpegPicture(t, 120, 30)
	k.put(files[0].Name, theirs)
	message := bulk.ItemMessage{Tenant: job.Tenant, Job: job.Job}
	for range 2 { // both deliveries
		if err := k.worker().Work(t.Context(), message); err != nil {
			t.Fatal(err)
		}
	}
	if done := k.drive(job.Ref); done.Counts.Edited != 1 {
		t.Errorf("counts %+v", done.Counts)
	}
	versions := k.versions(files[0])
	if len(versions) != 3 || string(k.content(files[0], versions[1].ID)) != string(theirs) {
		t.Errorf("%d versions; theirs is not under ours", len(versions))
	}
}
