package bulk

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"time"

	"imagepro/handler/caller"
	"imagepro/handler/fault"
	"imagepro/handler/imaging"
	"imagepro/handler/naming"
	"imagepro/handler/recipe"
)

// Service takes bulk edits and tells how they are going.
type Service struct {
	jobs      Jobs
	items     Items
	index     Index
	specs     Specs
	queue     Queue
	library   Library
	previews  Previews
	limits    imaging.Limits
	maxImages int
	maxOpen   MaxOpen
	now       func() time.Time
	newID     func() string
}

// MaxOpen is how many jobs may go on at once.
type MaxOpen struct{ Tenant, User int }

// ServiceOptions are what a Service needs.
type ServiceOptions struct {
	Jobs      Jobs
	Items     Items
	Index     Index
	Specs     Specs
	Queue     Queue
	Library   Library
	Previews  Previews
	Limits    imaging.Limits
	MaxImages int // most images of a list
	MaxOpen   MaxOpen
	Now       func() time.Time
	NewID     func() string // a fresh id: 1 to 64 lower-case letters and digits
}

// NewService returns a service.
func NewService(o ServiceOptions) *Service {
	return &Service{o.Jobs, o.Items, o.Index, o.Specs, o.Queue, o.Library, o.Previews, o.Limits, o.MaxImages, o.MaxOpen,
		o.Now, o.NewID}
}

// Request asks for a bulk edit.
type Request struct {
	Source Source
	Recipe json.RawMessage
	Save   Save
	DryRun bool // nothing is saved
	// Key makes a repeat of the request return the same job; empty for none. 1 to 128 characters.
	Key string

	parsed *recipe.Recipe // by Check
	kind   Kind           // Edit unless it is set
	of     *Job           // that it tries again, undoes or applies
	spec   *Spec          // what the recipe is called and has pinned, if that is known
}

// Submit records a job and asks the planner to start. A repeat with the same key returns the same job and
// asks again, which changes nothing if it has started; Conflict if the repeat asks for something else.
func (s *Service) Submit(ctx context.Context, who caller.Caller, r Request) (Job, error) {
	r, err := s.Check(r)
	if err == nil && r.Source.Job != nil {
		err = s.checkOver(ctx, who, r.Source.Job.Job, "/source/job/id")
	}
	if err == nil && r.Source.Since != "" {
		err = s.checkOver(ctx, who, r.Source.Since, "/source/since")
	}
	if err != nil {
		return Job{}, err
	}
	now := s.now().UTC()
	job := Job{
		Ref:       Ref{Tenant: who.Tenant, Job: s.newID()},
		User:      who.User,
		Kind:      cmp.Or(r.kind, Edit),
		State:     Planning,
		CreatedAt: now,
	}
	if r.of != nil {
		job.Of = r.of.Job
	}
	if r.DryRun {
		job.Kind = DryRun
	}
	if r.Key != "" {
		sum := sha256.Sum256([]byte(who.Tenant + "|" + who.User + "|" + r.Key))
		job.Job = "k" + hex.EncodeToString(sum[:12])
	}
	if err := s.checkOpen(ctx, job, r); err != nil {
		return Job{}, err
	}
	if err := s.keep(ctx, who, job, r); err != nil {
		return Job{}, err
	}
	if err := s.jobs.CreateJob(ctx, job); err != nil {
		return Job{}, err
	}
	if err := send(ctx, s.queue, PlanQueue, PlanMessage{Tenant: job.Tenant, Job: job.Job}, 0); err != nil {
		return Job{}, err
	}
	kept, err := s.jobs.Job(ctx, job.Ref)
	if err == nil && kept.Kind != job.Kind {
		err = usedKey()
	}
	return kept, err
}

func usedKey() error {
	return fault.New(fault.Conflict, "The idempotency key was used for another bulk edit.", nil).At("Idempotency-Key")
}

// checkOpen refuses a job more than may go on at once. One that is there already, by its key, is none more.
func (s *Service) checkOpen(ctx context.Context, job Job, r Request) error {
	open, err := s.index.CountOpen(ctx, job.Tenant, job.User)
	if err != nil || open.Tenant < s.maxOpen.Tenant && open.User < s.maxOpen.User {
		return err
	}
	if r.Key != "" {
		if _, err := s.jobs.Job(ctx, job.Ref); !fault.Is(err, fault.NotFound) {
			return err
		}
	}
	whose, limit := "You have", s.maxOpen.User
	if open.Tenant >= s.maxOpen.Tenant {
		whose, limit = "Your organization has", s.maxOpen.Tenant
	}
	return fault.Newf(fault.TooLarge,
		"%s %d bulk edits that are not over, the most at once. Wait for one, or cancel it.", whose,
		limit).Over(fault.LimitOpenBulkEdits)
}

// keep stores what the job does, before the job itself, so that no job is without it. A repeat with the same
// key must ask for the same.
func (s *Service) keep(ctx context.Context, who caller.Caller, job Job, r Request) error {
	spec := Spec{Recipe: r.Recipe, Save: r.Save}
	if r.spec != nil {
		spec.Called, spec.Pinned = r.spec.Called, r.spec.Pinned
	} else {
		var err error
		if spec.Pinned, err = s.pin(ctx, who, job, r); err != nil {
			return err
		}
		if strings.Contains(r.Save.Name, "{recipe}") {
			spec.Called = r.parsed.Name
		}
	}
	if err := s.specs.PutSpec(ctx, job, spec); err != nil {
		return err
	}
	if err := s.specs.PutSource(ctx, job, r.Source); err != nil {
		return err
	}
	if r.Key == "" {
		return nil
	}
	kept, err := s.specs.Spec(ctx, job)
	if err != nil {
		return err
	}
	source, err := s.specs.Source(ctx, job)
	if err != nil {
		return err
	}
	stored, err := recipe.Parse(kept.Recipe)
	if err != nil {
		return fault.New(fault.Internal, "The recipe of the bulk edit cannot be read.", err)
	}
	same := bytes.Equal(stored.Canonical(), spec.Recipe) && kept.Called == spec.Called && kept.Save == spec.Save &&
		reflect.DeepEqual(source, r.Source)
	if !same {
		return usedKey()
	}
	return nil
}

// Get returns a job of the caller's, with its counts. Somebody else's is NotFound.
func (s *Service) Get(ctx context.Context, who caller.Caller, id string) (Job, error) {
	job, err := s.jobs.Job(ctx, Ref{Tenant: who.Tenant, Job: id})
	if err != nil {
		return Job{}, err
	}
	if job.User != who.User {
		return Job{}, fault.New(fault.NotFound, "There is no such bulk edit.", nil)
	}
	if job.ended() {
		job.Counts.Skipped += max(0, job.Planned-job.Counts.Total()) // those whose turn will not come
	}
	return job, nil
}

// Items returns a page of a job's images with their results; see Items.ItemsOf.
func (s *Service) Items(ctx context.Context, who caller.Caller, id, cursor string, limit int) ([]Item, string, error) {
	job, err := s.Get(ctx, who, id)
	if err != nil {
		return nil, "", err
	}
	items, next, err := s.items.ItemsOf(ctx, job.Ref, cursor, limit)
	for i := range items {
		if job.ended() && items[i].State == Waiting {
			items[i].State, items[i].Reason, items[i].FinishedAt = Skipped, job.Reason, job.FinishedAt
			items[i].Message = "The bulk edit ended before it was this image's turn."
		}
	}
	return items, next, err
}

// Check returns the request with its defaults filled in; its faults name the field.
func (s *Service) Check(r Request) (Request, error) {
	var err error
	if r.Source, err = s.checkedSource(r); err != nil {
		return r, err
	}
	if len(r.Key) > 128 {
		return r, fault.Newf(fault.Invalid, "The idempotency key has at most 128 characters.").At("Idempotency-Key")
	}
	parsed, err := recipe.Parse(r.Recipe)
	if err == nil {
		err = imaging.CheckLetters(parsed)
	}
	if err != nil {
		f := fault.From(err)
		return r, f.At("/recipe" + f.Field)
	}
	r.Recipe, r.parsed = parsed.Canonical(), parsed
	r.Save, err = checked(r.Save)
	return r, err
}

// checked fills in defaults; its faults name the field.
func checked(save Save) (Save, error) {
	wrong := func(field, says string) (Save, error) {
		return save, fault.New(fault.Invalid, says, nil).At("/save/" + field)
	}
	save.OnChanged = cmp.Or(save.OnChanged, LeaveIt)
	if save.OnChanged != LeaveIt && save.OnChanged != EditAgain {
		return wrong("onChanged", "onChanged is fail or editAgain.")
	}
	switch save.Target {
	case "", NewVersion:
		switch {
		case save.Name != "":
			return wrong("name", "A name is for copies only; a new version keeps its name.")
		case save.OnConflict != "":
			return wrong("onConflict", "A conflict of names is met by copies only.")
		case save.Folder != "":
			return wrong("folderId", "A folder is for copies only; a new version keeps its place.")
		}
		save.Target = NewVersion
		return save, nil
	case Copy:
	default:
		return wrong("target", "The target is newVersion or copy.")
	}
	save.Name, save.OnConflict = cmp.Or(save.Name, naming.Default), cmp.Or(save.OnConflict, Fail)
	if save.OnConflict != Fail && save.OnConflict != Skip {
		return wrong("onConflict", "onConflict is fail or skip in a bulk edit.")
	}
	return save, naming.Check(save.Name, "/save/name", naming.Allowed{Counter: true, Same: save.Folder != ""})
}

// takesEdited reports whether the source is what another job has edited, or would have.
func (r Request) takesEdited() bool { return r.kind == Undo || r.of != nil && r.of.Kind == DryRun }

func (s *Service) checkedSource(r Request) (Source, error) {
	source := r.Source
	kinds := 0
	for _, given := range []bool{source.Folder != nil, len(source.Images) > 0, source.Properties != nil,
		source.Job != nil} {
		if given {
			kinds++
		}
	}
	switch {
	case kinds != 1:
		return source, fault.Newf(fault.Invalid,
			"Give either a folder, a list of at least one image, a filter of properties, or another bulk edit.").At(
			"/source")
	case source.Since != "" && source.Job != nil:
		return source, fault.Newf(fault.Invalid,
			"Images of another bulk edit are taken as they are; since does not go with them.").At("/source/since")
	case len(source.Images) > s.maxImages:
		return source, fault.Newf(fault.Invalid, "At most %d images in one bulk edit; these are %d.", s.maxImages,
			len(source.Images)).At("/source/images")
	}
	source.Images = withoutRepeats(source.Images)
	switch {
	case source.Job != nil && !r.takesEdited():
		var err error
		source.Job, err = source.Job.withStates()
		return source, err
	case source.Properties != nil:
		return source, checkProperties(*source.Properties)
	case source.Folder != nil:
		return source, checkFolder(*source.Folder)
	}
	return source, nil
}

// withoutRepeats keeps the first of each image: the second would meet the first one's new version.
func withoutRepeats(images []ImageRef) []ImageRef {
	seen := make(map[ImageRef]bool, len(images))
	return slices.DeleteFunc(slices.Clone(images), func(image ImageRef) bool {
		repeated := seen[image]
		seen[image] = true
		return repeated
	})
}
