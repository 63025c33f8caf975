package explore

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"slices"
	"strings"
	"time"

	"golang.org/x/image/bmp"

	"imagepro/handler/bulk"
	"imagepro/handler/caller"
	"imagepro/handler/imaging"
	"imagepro/handler/recipe"
)

// The recipe of all jobs, and as another release of the program carries it out.
const (
	theRecipe   = `{"version":1,"steps":[{"op":"extend","right":1}]}`
	otherRecipe = `{"version":1,"steps":[{"op":"extend","right":1,"background":"#ffffff"}]}`
)

// request is what a user asks for.
type request struct {
	name string
	due  func(r *run) bool // nil: at any time
	do   func(ctx context.Context, r *run, service *bulk.Service) error
}

func (q request) isDue(r *run) bool { return q.due == nil || q.due(r) }

// scenario is what a user does, one after the other.
type scenario struct {
	name     string
	save     bulk.Save
	releases bool // two releases of the program are at work
	requests []request
	sessions int // how often the session dies at least, if there is time
}

var (
	leave  = bulk.Save{}
	again  = bulk.Save{OnChanged: bulk.EditAgain}
	copied = bulk.Save{Target: bulk.Copy}

	scenarios = []scenario{
		{"edit", leave, false, []request{submit(leave)}, 0},
		{"edit again", again, false, []request{submit(again)}, 0},
		{"copy", copied, false, []request{submit(copied)}, 0},
		{"two releases", leave, true, []request{submit(leave)}, 0},
		{"two releases, edit again", again, true, []request{submit(again)}, 0},
		{"cancel", leave, false, []request{submit(leave), cancel}, 0},
		{"cancel copies", copied, false, []request{submit(copied), cancel}, 0},
		{"cancel, undo", leave, false, []request{submit(leave), cancel, undo("undo")}, 0},
		{"cancel, undo, undo", again, false, []request{submit(again), cancel, undo("undo"), undo("undo again")}, 0},
		{"undo", leave, false, []request{submit(leave), undo("undo"), undo("undo again")}, 0},
		{"undo, edit again", again, false, []request{submit(again), undo("undo")}, 0},
		{"pause, go on", leave, false, []request{submit(leave), pause, goOn}, 0},
		{"pause, cancel, undo", leave, false, []request{submit(leave), pause, cancel, undo("undo")}, 0},
		{"cancel, retry", again, false, []request{submit(again), cancel, retry}, 0},
		{"retry", leave, false, []request{submit(leave), retry}, 0},
		{"since", again, false, []request{submit(again), since(again)}, 0},
		{"edit, and the session dies", leave, false, []request{submit(leave)}, 2},
		{"cancel, since", leave, false, []request{submit(leave), cancel, since(leave)}, 0},
	}
)

var who = caller.Away(tenant, user)

func submit(save bulk.Save) request {
	return request{"submit", nil, func(ctx context.Context, r *run, service *bulk.Service) error {
		return r.submit(ctx, service, bulk.Request{
			Source: everything(""),
			Recipe: json.RawMessage(theRecipe),
			Save:   save,
			Key:    "first",
		})
	}}
}

// since is a job of what has changed since the first.
func since(save bulk.Save) request {
	return request{"since", firstIsOver, func(ctx context.Context, r *run, service *bulk.Service) error {
		return r.submit(ctx, service, bulk.Request{
			Source: everything(r.jobs[0]),
			Recipe: json.RawMessage(theRecipe),
			Save:   save,
			Key:    "second",
		})
	}}
}

func everything(since string) bulk.Source {
	return bulk.Source{Folder: &bulk.FolderSource{Drive: drive, Item: folder}, Since: since}
}

func (r *run) submit(ctx context.Context, service *bulk.Service, request bulk.Request) error {
	job, err := service.Submit(ctx, who, request)
	r.submitted(job)
	return err
}

func (r *run) submitted(job bulk.Job) {
	if job.Job != "" && !slices.Contains(r.jobs, job.Job) {
		r.jobs = append(r.jobs, job.Job)
	}
}

func firstIsOver(r *run) bool {
	job, err := r.store.job(bulk.Ref{Tenant: tenant, Job: r.jobs[0]})
	return err == nil && job.Final()
}

func undo(name string) request {
	return request{name, allAreOver, func(ctx context.Context, r *run, service *bulk.Service) error {
		job, err := service.Undo(ctx, who, r.jobs[0])
		r.submitted(job)
		return err
	}}
}

func allAreOver(r *run) bool { return r.isOver() }

var (
	cancel = request{"cancel", nil, func(ctx context.Context, r *run, service *bulk.Service) error {
		_, err := service.End(ctx, who, r.jobs[0])
		return err
	}}
	pause = request{"pause", nil, func(ctx context.Context, r *run, service *bulk.Service) error {
		_, err := service.Pause(ctx, who, r.jobs[0])
		return err
	}}
	goOn = request{"go on", nil, func(ctx context.Context, r *run, service *bulk.Service) error {
		_, err := service.GoOn(ctx, who, r.jobs[0])
		return err
	}}
	retry = request{"retry", firstIsOver, func(ctx context.Context, r *run, service *bulk.Service) error {
		states := []bulk.ItemState{bulk.Broken, bulk.Conflicted, bulk.Skipped}
		job, err := service.Retry(ctx, who, r.jobs[0], states, "retry")
		r.submitted(job)
		return err
	}}
	comeBack = request{"come back", nil, func(ctx context.Context, r *run, service *bulk.Service) error {
		r.library.signedIn, r.library.left = true, time.Now()
		return service.Resume(ctx, who)
	}}
)

// picture is a small picture that is like no other.
func picture(n int) []byte {
	m := image.NewNRGBA(image.Rect(0, 0, 2, 2))
	for i := range 4 {
		m.SetNRGBA(i%2, i/2, color.NRGBA{uint8(n), uint8(n >> 8), uint8(i * 40), 255})
	}
	var file bytes.Buffer
	if err := bmp.Encode(&file, m); err != nil {
		panic(err)
	}
	return file.Bytes()
}

// outcomes are the hashes of what the releases' recipes make of a content.
func (r *run) outcomes(data []byte) []string {
	key := hash(data)
	if known, ok := r.results[key]; ok {
		return known
	}
	var all []string
	for _, document := range []string{theRecipe, otherRecipe} {
		parsed, err := recipe.Parse([]byte(document))
		if err != nil {
			panic(err)
		}
		result, err := imaging.Edit(context.Background(), data, parsed, imaging.Options{})
		if err != nil {
			panic(err)
		}
		all = append(all, hash(result.Data))
	}
	r.results[key] = all
	return all
}

// landed checks a save of a job at the moment when it is carried out.
func (r *run) landed(f *file, next, below *content) {
	r.s.note("saved: %s in %s", hash(next.data), f.id)
	job, err := r.store.job(bulk.Ref{Tenant: tenant, Job: next.job})
	if err != nil {
		r.s.problem("a job saves that is not there")
		return
	}
	switch {
	case job.Kind == bulk.DryRun:
		r.s.problem("a dry run saves")
	case job.Kind == bulk.Undo:
		r.landedUndo(job, f, next, below)
	case below == nil:
		r.landedCopy(next)
	default:
		r.landedEdit(f, next, below)
	}
}

func (r *run) landedUndo(job bulk.Job, f *file, next, below *content) {
	switch {
	case below.job != job.Of && !r.announced(job.Of, f.id, below):
		r.s.problem("an undo replaces what the job has not saved, in %s", f.id)
	case !bytes.Equal(next.data, f.versions[1].data):
		r.s.problem("an undo gives %s back another content than there was", f.id)
	}
}

// announced reports whether a job was about to save the content, which another job of the same recipe has saved.
func (r *run) announced(job, file string, c *content) bool {
	item := r.itemOf(job, file)
	return c.job != "" && item != nil && item.Intent != nil && item.Intent.Fingerprint == hash(c.data)
}

func (r *run) landedCopy(next *content) {
	source := r.library.byID(next.source)
	from := slices.ContainsFunc(source.versions, func(c *content) bool {
		return slices.Contains(r.outcomes(c.data), hash(next.data))
	})
	if !from {
		r.s.problem("a copy is not of its image")
	}
	for _, other := range r.library.files {
		if c := other.first(); c.job == next.job && c.source == next.source {
			r.s.problem("%s is copied twice", next.source)
		}
	}
}

func (r *run) landedEdit(f *file, next, below *content) {
	if !slices.Contains(r.outcomes(below.data), hash(next.data)) {
		r.s.problem("%s gets what was not made of its content", f.id)
	}
	if r.isEdited(below) {
		r.s.problem("%s gets the recipe twice", f.id)
	}
	if item := r.itemOf(next.job, f.id); r.scenario.save.OnChanged != bulk.EditAgain && item != nil &&
		item.Hash != "" && item.Hash != hash(below.data) {
		r.s.problem("%s was changed after it was planned, and is edited", f.id)
	}
}

// isEdited reports whether the content is what an edit has saved.
func (r *run) isEdited(c *content) bool {
	if c.job == "" {
		return false
	}
	job, err := r.store.job(bulk.Ref{Tenant: tenant, Job: c.job})
	return err == nil && job.Kind == bulk.Edit
}

func (r *run) items(job string) []bulk.Item {
	var all []bulk.Item
	for _, key := range r.store.keys("item/" + job + "/") {
		item, _ := r.store.item(key)
		all = append(all, item)
	}
	return all
}

func (r *run) itemOf(job, file string) *bulk.Item {
	for _, item := range r.items(job) {
		if item.File == file && !item.Passed {
			return &item
		}
	}
	return nil
}

// check checks what all came to.
func (r *run) check() {
	for _, job := range r.all() {
		r.checkCounts(job)
		for _, item := range r.items(job.Job) {
			if !item.Passed {
				r.checkItem(job, item)
			}
		}
		if job.Kind == bulk.Undo && job.State == bulk.Done {
			r.checkUndone(job)
		}
	}
}

func (r *run) checkCounts(job bulk.Job) {
	var counts bulk.Counts
	files, planned := map[string]bool{}, 0
	for _, item := range r.items(job.Job) {
		if files[item.File] {
			r.s.problem("%s is twice in job %s", item.File, job.Job)
		}
		files[item.File] = true
		if item.Passed {
			continue
		}
		planned++
		counts.Add(item)
		if item.State == bulk.Waiting && job.State == bulk.Done {
			r.s.problem("job %s is done, and image %d has no result", job.Job, item.N)
		}
	}
	if counts != job.Counts || planned != job.Planned {
		r.s.problem("job %s counts %+v of %d, and its images say %+v of %d", job.Job, job.Counts, job.Planned, counts,
			planned)
	}
	if r.renamed || job.State != bulk.Done || job.Of != "" || job.Job != r.jobs[0] {
		return
	}
	for _, f := range r.library.files {
		if f.first().job == "" && !files[f.id] {
			r.s.problem("%s is not in job %s", f.id, job.Job)
		}
	}
}

// checkItem compares what is said of an image with what was saved.
func (r *run) checkItem(job bulk.Job, item bulk.Item) {
	saves, same := 0, 0
	for _, f := range r.library.files {
		for _, c := range f.versions {
			switch ofImage := f.id == item.File || c.source == item.File; {
			case ofImage && c.job == job.Job:
				saves++
			case ofImage && c.job != "" && item.Intent != nil && hash(c.data) == item.Intent.Fingerprint:
				same++ // another job has saved the same: nobody can tell whose it is, and the image is as it is said
			}
		}
	}
	unknown := strings.Contains(item.Message, "could not be found out")
	switch said := item.State == bulk.Edited; {
	case said && saves+same == 0:
		r.s.problem("image %d of %s is edited, it says, and nothing was saved", item.N, job.Job)
	case item.State == bulk.Conflicted && job.Kind == bulk.Edit && job.Job == r.jobs[0] && !r.wasChanged(item):
		r.s.problem("image %d of %s is a conflict, and nobody has changed it", item.N, job.Job)
	case !said && saves > 0 && !unknown && !r.wasUndone(job, item):
		r.s.problem("image %d of %s was saved, and it says %s: %s", item.N, job.Job, item.State, item.Message)
	}
}

// wasChanged reports whether anybody but the job has saved or named a file of an image, or another file has its copy's
// name.
func (r *run) wasChanged(item bulk.Item) bool {
	if r.renamed || r.scenario.save.Target == bulk.Copy {
		return true
	}
	versions := r.library.byID(item.File).versions
	return slices.ContainsFunc(versions[:len(versions)-1], func(c *content) bool { return c.job != item.Job })
}

// wasUndone reports whether an undo has given an image back what it had. Then nobody can tell an edit from none.
func (r *run) wasUndone(job bulk.Job, item bulk.Item) bool {
	return slices.ContainsFunc(r.library.byID(item.File).versions, func(c *content) bool {
		undo, err := r.store.job(bulk.Ref{Tenant: tenant, Job: c.job})
		return err == nil && undo.Kind == bulk.Undo && undo.Of == job.Job
	})
}

// checkUndone checks that nothing is left of the job that was undone but what the undo tells of.
func (r *run) checkUndone(undone bulk.Job) {
	for _, f := range r.library.files {
		if f.versions[0].job != undone.Of {
			continue
		}
		item := r.itemOf(undone.Job, f.id)
		if item == nil || item.State != bulk.Conflicted && item.State != bulk.Broken && item.State != bulk.Skipped {
			r.s.problem("%s is edited though job %s was undone, and that does not say so: %s", f.id, undone.Of,
				fmt.Sprint(item))
		}
	}
}
