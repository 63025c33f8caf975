package bulk

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"imagepro/handler/caller"
	"imagepro/handler/fault"
)

// Pause lets a job rest until its user lets it go on: no further image is begun, and those that are being edited at
// this moment are saved. Conflict if it is over.
func (s *Service) Pause(ctx context.Context, who caller.Caller, id string) (Job, error) {
	for {
		job, err := s.Get(ctx, who, id)
		switch {
		case err != nil || job.State == Paused:
			return job, err
		case job.Final():
			return job, over()
		}
		job.State, job.Reason, job.Message = Paused, "", ""
		if _, err := s.jobs.UpdateJob(ctx, job); !fault.Is(err, fault.Conflict) {
			return job, err
		}
	}
}

// GoOn lets a job that rests go on. For one that is at work it sends the messages again that may have been lost, which
// changes nothing else. Conflict if it is over.
func (s *Service) GoOn(ctx context.Context, who caller.Caller, id string) (Job, error) {
	job, err := s.Get(ctx, who, id)
	if err != nil {
		return job, err
	}
	if job.Final() {
		return job, over()
	}
	if _, err := wake(ctx, s.jobs, job, Paused, s.now); err != nil {
		return job, err
	}
	if err := askToResume(ctx, s.queue, job); err != nil { // which also wakes one that was parked
		return job, err
	}
	return s.Get(ctx, who, id)
}

// End cancels a job: no further image is begun, and what was edited stays. A repeat changes nothing; Conflict if it
// came to its end otherwise.
func (s *Service) End(ctx context.Context, who caller.Caller, id string) (Job, error) {
	job, err := s.Get(ctx, who, id)
	if err == nil {
		err = s.cancel(ctx, job)
	}
	if err == nil {
		job, err = s.Get(ctx, who, id)
	}
	if err == nil && job.State != Cancelled {
		err = over()
	}
	return job, err
}

func over() error { return fault.New(fault.Conflict, "The bulk edit is over already.", nil) }

// Progress is how fast a job is.
type Progress struct {
	PerMinute float64   // images with a result, since the work began or went on
	End       time.Time // when all will have one at this rate; zero if that cannot be told
}

// Progress tells how fast the job is at the time now; nothing while nothing is being edited.
func (j Job) Progress(now time.Time) Progress {
	done, took := j.Counts.Total()-j.RunningFrom, now.Sub(j.RunningAt)
	if j.State != Running || done <= 0 || took <= 0 {
		return Progress{}
	}
	each := took / time.Duration(done)
	rest := time.Duration(max(0, j.Planned-j.Counts.Total()))
	return Progress{PerMinute: float64(done) / took.Minutes(), End: now.Add(rest * each).UTC()}
}

// listParallel is how many jobs of a list are read at once.
const listParallel = 8

// List returns at most limit of the caller's jobs after the cursor (empty: from the start), the newest first, and the
// cursor to go on with, empty at the end. With open only those that are not final.
func (s *Service) List(
	ctx context.Context, who caller.Caller, open bool, cursor string, limit int,
) ([]Job, string, error) {
	find := s.index.JobsOf
	if open {
		find = s.index.OpenJobs
	}
	all, err := find(ctx, who.Tenant, who.User)
	if err != nil {
		return nil, "", err
	}
	slices.SortFunc(all, func(a, b Job) int { return strings.Compare(place(b), place(a)) })
	start, _ := slices.BinarySearchFunc(all, cursor, func(j Job, cursor string) int {
		if cursor == "" || place(j) < cursor {
			return 1
		}
		return -1
	})
	part := all[start:min(start+limit, len(all))]
	next := ""
	if start+limit < len(all) {
		next = place(part[len(part)-1])
	}
	group, reading := errgroup.WithContext(ctx)
	group.SetLimit(listParallel)
	for i := range part {
		group.Go(func() error {
			job, err := s.Get(reading, who, part[i].Job)
			if fault.Is(err, fault.NotFound) { // it stands in the index alone
				part[i].State, err = "", nil
			} else if err == nil {
				part[i] = job
			}
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, "", err
	}
	return slices.DeleteFunc(part, func(j Job) bool { return j.State == "" || open && j.Final() }), next, nil
}

// place is where a job stands in a list: times are of a fixed width, so that they compare as text.
func place(j Job) string { return j.CreatedAt.UTC().Format("2006-01-02T15:04:05.000Z") + " " + j.Job }

// EachItem calls yield with all images of a job, in the order of Items, until it returns an error.
func (s *Service) EachItem(ctx context.Context, who caller.Caller, id string, yield func(Item) error) error {
	for cursor := ""; ; {
		items, next, err := s.Items(ctx, who, id, cursor, itemPage)
		if err != nil {
			return err
		}
		for _, item := range items {
			if err := yield(item); err != nil {
				return err
			}
		}
		if next == "" {
			return nil
		}
		cursor = next
	}
}

// itemPage is how many images are read at once.
const itemPage = 500

// JobSource is images of another job of the same user.
type JobSource struct {
	Job    string
	States []ItemState // of those that are taken; Broken unless it is set
}

// Retry starts a job that does the same as one that is over, with those of its images that have one of the states.
func (s *Service) Retry(
	ctx context.Context, who caller.Caller, id string, states []ItemState, key string,
) (Job, error) {
	job, err := s.Get(ctx, who, id)
	switch {
	case err != nil:
		return Job{}, err
	case job.Kind != Edit:
		return Job{}, fault.New(fault.Conflict, "Only bulk edits that save can be tried again.", nil)
	}
	spec, err := s.specs.Spec(ctx, job)
	if err != nil {
		return Job{}, err
	}
	r := Request{
		Source: Source{Job: &JobSource{Job: id, States: states}},
		Recipe: spec.Recipe,
		Save:   spec.Save,
		Key:    key,
		of:     &job,
		spec:   &spec,
	}
	return s.Submit(ctx, who, r)
}

// Apply starts a job that saves what a dry run would have saved: with its recipe, the pictures that it has pinned and
// its way of saving, over the images that it would have edited and no others. One that was changed since is met as any
// that is changed after the planning. A repeat returns the same job. Conflict if the job is no dry run, or has not come
// to its end.
func (s *Service) Apply(ctx context.Context, who caller.Caller, id string) (Job, error) {
	job, err := s.Get(ctx, who, id)
	switch {
	case err != nil:
		return Job{}, err
	case job.Kind != DryRun:
		return Job{}, fault.New(fault.Conflict, "Only a dry run can be applied.", nil)
	case job.State != Done:
		return Job{}, fault.New(fault.Conflict, "The dry run has not come to its end.", nil)
	}
	spec, err := s.specs.Spec(ctx, job)
	if err != nil {
		return Job{}, err
	}
	return s.Submit(ctx, who, Request{
		Source: Source{Job: &JobSource{Job: id, States: []ItemState{Edited}}},
		Recipe: spec.Recipe,
		Save:   spec.Save,
		Key:    internalKey("apply " + id),
		of:     &job,
		spec:   &spec,
	})
}

// checkOver refuses a job, named at a field, that is somebody else's or that is not over.
func (s *Service) checkOver(ctx context.Context, who caller.Caller, id, field string) error {
	job, err := s.Get(ctx, who, id)
	if err != nil {
		return fault.From(err).At(field)
	}
	if !job.Final() {
		return fault.New(fault.Conflict, "That bulk edit goes on; wait until it is over.", nil).At(field)
	}
	return nil
}

// withStates returns the source with its default, or an Invalid fault.
func (s JobSource) withStates() (*JobSource, error) {
	if len(s.States) == 0 {
		s.States = []ItemState{Broken}
	}
	s.States = slices.Compact(slices.Sorted(slices.Values(s.States)))
	for _, state := range s.States {
		if !slices.Contains([]ItemState{Broken, Conflicted, Skipped}, state) {
			return nil, fault.New(fault.Invalid, "The states are failed, conflict and skipped.",
				nil).At("/source/job/states")
		}
	}
	return &s, nil
}

// jobPage looks up the next images of another job. What that job may have saved after all is passed.
func (p *Planner) jobPage(ctx context.Context, job Job, source *JobSource) (Portion, error) {
	items, next, err := p.items.ItemsOf(ctx, Ref{Tenant: job.Tenant, Job: source.Job}, job.Place.Cursor, listPortion)
	if err != nil {
		return Portion{}, err
	}
	var portion Portion
	for _, item := range items {
		state := item.State
		if state == Waiting { // the job ended before its turn came
			state = Skipped
		}
		if !slices.Contains(source.States, state) {
			continue
		}
		if err := p.waitForSave(item); err != nil {
			return Portion{}, err
		}
		f, err := p.lookUp(ctx, job, ImageRef{Drive: item.Drive, Item: item.File}, &portion)
		if err != nil {
			return Portion{}, err
		}
		if f == nil {
			continue
		}
		i := item.Intent
		if i != nil && i.Name == "" && indexOf(i.all(), f.Fingerprint) >= 0 {
			p.pass(job, *f, fault.New(fault.Processed, "This image was edited like that already.", nil), &portion)
			continue
		}
		// by a dry run, which has tried another content
		if item.State == Edited && (i == nil || f.Fingerprint != i.Source) {
			f.Tag, f.Fingerprint = item.Tag, item.Hash // so that the worker finds it changed
		}
		known := len(portion.Items)
		p.sort(job, *f, nil, &portion)
		if len(portion.Items) > known {
			portion.Items[known].Number = cmp.Or(item.Number, item.N+1)
		}
	}
	portion.Next = Place{Cursor: next, End: next == ""}
	return portion, nil
}
