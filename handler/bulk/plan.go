package bulk

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"time"

	"imagepro/handler/caller"
	"imagepro/handler/fault"
	"imagepro/handler/imaging"
)

// Planner finds the images of a job, records them, and then sends the first of their messages; see feeder.
//
// It sends nothing before everything is listed: SharePoint's pages may repeat what changes meanwhile, and the
// job's own new versions and copies must not be taken for further images.
type Planner struct {
	jobs    Jobs
	items   Items
	specs   Specs
	queue   Queue
	lot     lot
	feeder  feeder
	library Library
	about   Described
	limits  PlanLimits
	now     func() time.Time
}

// PlanLimits bound a job.
type PlanLimits struct {
	Window    int   // images of a tenant that are sent ahead, 1 or more
	MaxImages int   // most images of a job; it looks at twice as many files and folders for them
	MaxBytes  int64 // largest file to edit
}

// PlannerOptions are what a Planner needs.
type PlannerOptions struct {
	Jobs     Jobs
	Items    Items
	Specs    Specs
	Queue    Queue
	Sessions Sessions
	Index    Index
	Library  Library
	About    Described
	Limits   PlanLimits
	Now      func() time.Time
}

// NewPlanner returns a planner.
func NewPlanner(o PlannerOptions) *Planner {
	return &Planner{
		jobs:    o.Jobs,
		items:   o.Items,
		specs:   o.Specs,
		queue:   o.Queue,
		lot:     lot{o.Jobs, o.Queue, o.Sessions},
		feeder:  feeder{o.Jobs, o.Index, o.Queue, o.Limits.Window},
		library: o.Library,
		about:   o.About,
		limits:  o.Limits,
		now:     o.Now,
	}
}

// leaveTime is how long before its deadline the planner stops, after one page at least, and sends itself a
// message to go on.
const leaveTime = 30 * time.Second

// Plan handles a message. nil means that the message is done with; any error that it should come again.
// A repeat of a message finds what the first one recorded and goes on from there.
func (p *Planner) Plan(ctx context.Context, m PlanMessage) error {
	began := p.now()
	job, err := p.jobs.Job(ctx, Ref{Tenant: m.Tenant, Job: m.Job})
	switch {
	case fault.Is(err, fault.NotFound): // erased meanwhile
		return nil
	case err == nil && (job.Final() || job.rests() && !(m.Resume && job.State == Parked)):
		return nil
	case err == nil && m.Resume:
		job, err = p.resume(ctx, job, m)
	case err == nil:
		job, err = p.plan(ctx, job, m)
	}
	if f := fault.From(err); err != nil && f.Kind.NeedsUser() {
		err = p.lot.park(ctx, job, f, began)
	}
	return p.verdict(ctx, m, job, err)
}

// verdict says what becomes of the message: it is put back while a service is busy, it comes again through the
// host after a failure of our own, and anything else ends the job, if that is still as this delivery left it.
func (p *Planner) verdict(ctx context.Context, m PlanMessage, job Job, err error) error {
	if err == nil {
		return nil
	}
	f := fault.From(err)
	if job.Job == "" && f.Kind != fault.Busy {
		return err // it could not be read
	}
	switch f.Kind {
	case fault.Busy:
	case fault.Internal, fault.Misconfigured, fault.Conflict:
		return err
	default:
		if err = p.fail(ctx, job, f); !fault.Is(err, fault.Conflict) {
			return err
		}
		// by another delivery, which may have fared better
		f = fault.New(fault.Busy, "The bulk edit has moved on.", err)
	}
	if m.Waits >= maxWaits {
		return p.fail(ctx, job, f)
	}
	wait := waitOf(f, m.Waits)
	m.Waits++
	return putBack(ctx, p.queue, PlanQueue, m, wait)
}

// plan goes through the source, page by page, and starts the work when it is at its end. It returns the job as
// it was read or written last.
func (p *Planner) plan(ctx context.Context, job Job, m PlanMessage) (Job, error) {
	source, err := p.specs.Source(ctx, job)
	if err != nil {
		return job, err
	}
	before, err := p.since(ctx, job, source)
	if err != nil {
		return job, err
	}
	var known *recordedFiles // nil: to be read
	for first := true; !job.Place.End; first = false {
		if deadline, ok := ctx.Deadline(); ok && !first && time.Until(deadline) < leaveTime {
			return job, send(ctx, p.queue, PlanQueue, PlanMessage{Tenant: m.Tenant, Job: m.Job}, 0)
		}
		if known == nil {
			if known, err = p.recorded(ctx, job); err != nil {
				return job, err
			}
		}
		portion, err := p.page(ctx, job, source, before)
		if err != nil {
			return job, err
		}
		known.leaveOut(job, &portion)
		if err := p.checkSize(job, portion); err != nil {
			return job, err
		}
		planned, passed := job.Planned+len(portion.Items), job.Passed+len(portion.Passed)
		var recorded bool
		if job, recorded, err = p.record(ctx, job, portion); err != nil || job.Final() || job.rests() {
			return job, err
		}
		if !recorded || job.Planned != planned || job.Passed != passed {
			known = nil // another planner has recorded what it found
		}
	}
	if err := p.feeder.feed(ctx, job, 0); err != nil {
		return job, err
	}
	return job, settle(ctx, p.jobs, job.Ref, p.now)
}

func (p *Planner) checkSize(job Job, portion Portion) error {
	if job.Planned+len(portion.Items) > p.limits.MaxImages {
		return fault.Newf(fault.TooLarge,
			"There are more than %d images, the most of one bulk edit. Choose a smaller folder.", p.limits.MaxImages).
			Over(fault.LimitImages)
	}
	seen := job.Planned + job.Passed + job.Left + len(portion.Items) + len(portion.Passed) + portion.Left +
		portion.Next.Folders
	if most := 2 * p.limits.MaxImages; seen > most+1 { // the first folder is free
		return fault.Newf(fault.TooLarge,
			"There are more than %d files and folders, the most that one bulk edit looks at. Choose a smaller folder.",
			most).
			Over(fault.LimitImages)
	}
	return nil
}

// page lists the next files of the source and sorts them.
func (p *Planner) page(ctx context.Context, job Job, source Source, before *seen) (Portion, error) {
	switch {
	case job.Kind == Undo:
		return p.undoPage(ctx, job, source.Job)
	case source.Job != nil:
		return p.jobPage(ctx, job, source.Job)
	case source.Properties != nil:
		return p.propertyPage(ctx, job, *source.Properties, before)
	case source.Folder == nil:
		return p.listPage(ctx, job, source.Images, before)
	}
	return p.folderPage(ctx, job, *source.Folder, before)
}

// folderPage lists the next files of a folder, or of one in it.
func (p *Planner) folderPage(ctx context.Context, job Job, source FolderSource, before *seen) (Portion, error) {
	folder := FolderRef{ImageRef: ImageRef{Drive: source.Drive, Item: source.Item}}
	next := job.Place
	if next.Folders == 0 {
		next.Folders = 1 // the first folder is the source itself and has no record
	}
	if next.Folder > 0 {
		var err error
		if folder, err = p.jobs.PlannedFolder(ctx, job.Ref, next.Folder); err != nil {
			return Portion{}, err
		}
	}
	page, err := p.library.Children(ctx, caller.Away(job.Tenant, job.User), folder.Drive, folder.Item, next.Cursor)
	if err != nil && next.Folder > 0 && slices.Contains(ofOneImage, fault.From(err).Kind) {
		slog.InfoContext(ctx, "a folder is passed", "tenant", job.Tenant, "job", job.Job, "error", err)
		page, err = Page{}, nil // deleted or closed since its parent was listed
	}
	if err != nil {
		return Portion{}, err
	}
	var portion Portion
	for _, f := range page.Files {
		switch {
		case f.Folder && source.descends(folder.Depth):
			portion.Folders = append(portion.Folders,
				FolderRef{ImageRef{Drive: f.Drive, Item: f.Item}, folder.Depth + 1})
		case f.Folder:
		case !source.takes(f):
			portion.Left++
		default:
			p.sort(job, f, before, &portion)
		}
	}
	next.Folders += len(portion.Folders)
	next.Cursor = page.Next
	if page.Next == "" {
		next.Folder++
		next.End = next.Folder >= next.Folders
	}
	portion.Next = next
	return portion, nil
}

// listPortion is how many images of a list are looked up for one portion.
const listPortion = 30

// listPage looks up the next images of a list. One that is gone or may not be seen is passed with the reason.
func (p *Planner) listPage(ctx context.Context, job Job, images []ImageRef, before *seen) (Portion, error) {
	start, _ := strconv.Atoi(job.Place.Cursor) // empty is 0; we wrote it
	end := min(start+listPortion, len(images))
	var portion Portion
	for _, image := range images[start:end] {
		f, err := p.lookUp(ctx, job, image, &portion)
		if err != nil {
			return Portion{}, err
		}
		if f != nil {
			p.sort(job, *f, before, &portion)
		}
	}
	portion.Next = Place{Cursor: strconv.Itoa(end), End: end == len(images)}
	return portion, nil
}

// propertyPage looks up the next images of which something is said. Those that the user may not see are not of the job:
// it would tell that there are some.
func (p *Planner) propertyPage(ctx context.Context, job Job, filter PropertyFilter, before *seen) (Portion, error) {
	images, cursor, err := p.about.Find(ctx, job.Tenant, filter, job.Place.Cursor, listPortion)
	if err != nil {
		return Portion{}, err
	}
	var portion Portion
	for _, image := range images {
		f, err := p.library.File(ctx, job.who(), image.Drive, image.Item)
		switch {
		case err == nil && !f.Folder:
			p.sort(job, f, before, &portion)
		case err == nil, slices.Contains(ofOneImage, fault.From(err).Kind):
			portion.Left++
		default:
			return Portion{}, err
		}
	}
	portion.Next = Place{Cursor: cursor, End: cursor == ""}
	return portion, nil
}

// lookUp returns the file of an image; nil if it was passed since it is none or cannot be had.
func (p *Planner) lookUp(ctx context.Context, job Job, image ImageRef, into *Portion) (*File, error) {
	f, err := p.library.File(ctx, job.who(), image.Drive, image.Item)
	switch {
	case err == nil && f.Folder:
		p.pass(job, f, fault.Newf(fault.Unsupported, "This is a folder."), into)
	case err == nil:
		return &f, nil
	case slices.Contains(ofOneImage, fault.From(err).Kind):
		p.pass(job, File{Drive: image.Drive, Item: image.Item}, fault.From(err), into)
	default:
		return nil, err
	}
	return nil, nil
}

// ofOneImage are the kinds of faults that concern one image and not the job.
var ofOneImage = []fault.Kind{fault.NotFound, fault.Forbidden, fault.Invalid, fault.Unsupported, fault.Locked}

// sort puts a file with those to edit, or with the passed ones if that is plain from the listing.
func (p *Planner) sort(job Job, f File, before *seen, into *Portion) {
	why := imaging.RefusedByName(f.Name)
	if why == nil {
		why = before.why(f)
	}
	switch {
	case why != nil:
		p.pass(job, f, why, into)
	case f.Size > p.limits.MaxBytes:
		p.pass(
			job, f, fault.Newf(fault.TooLarge, "The file has %d MiB; the limit is %d MiB.", f.Size>>20,
				p.limits.MaxBytes>>20).Over(fault.LimitFileBytes), into)
	default:
		into.Items = append(into.Items, itemOf(job, f, job.Planned+len(into.Items)))
	}
}

func (p *Planner) pass(job Job, f File, why *fault.Fault, into *Portion) {
	item := itemOf(job, f, job.Passed+len(into.Passed))
	item.Passed = true
	item.State = Skipped
	item.Reason, item.Message = string(why.Kind), why.Message
	item.FinishedAt = p.now().UTC()
	into.Passed = append(into.Passed, item)
}

func itemOf(job Job, f File, n int) Item {
	return Item{
		Ref:    job.Ref,
		N:      n,
		User:   job.User,
		Drive:  f.Drive,
		File:   f.Item,
		Parent: f.Parent,
		Name:   f.Name,
		Tag:    f.Tag,
		Size:   f.Size,
		State:  Waiting,
		Hash:   f.Fingerprint,
	}
}

// record writes a portion. If another message moved the job meanwhile, it returns the job as that one left it, and
// false.
func (p *Planner) record(ctx context.Context, job Job, portion Portion) (Job, bool, error) {
	done, err := p.jobs.RecordPortion(ctx, job, portion)
	if !fault.Is(err, fault.Conflict) {
		return done, err == nil, err
	}
	now, err := p.jobs.Job(ctx, job.Ref)
	if err == nil && now.Place == job.Place && !now.Final() {
		return now, false, fault.New(fault.Busy, "The bulk edit is being planned by two at once.", nil)
	}
	return now, false, err
}

// GiveUp ends a job whose message was tried too often while the job was planned, after a second chance: a picture may
// have killed the process each time. One whose job another message has planned is tried again instead: the images wait.
func (p *Planner) GiveUp(ctx context.Context, m PlanMessage) error {
	job, err := p.jobs.Job(ctx, Ref{Tenant: m.Tenant, Job: m.Job})
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if m.Resume || job.Place.End || job.rests() {
		return p.Plan(ctx, m)
	}
	if !m.Again {
		m.Again, m.Waits = true, 0
		return send(ctx, p.queue, PlanQueue, m, turnAfter)
	}
	return p.fail(ctx, job,
		fault.Newf(fault.Internal, "The bulk edit could not be planned; it was tried several times."))
}

// fail ends a job that could not be planned. Conflict if it is not as it was read any more.
func (p *Planner) fail(ctx context.Context, job Job, why *fault.Fault) error {
	if job.Final() {
		return nil
	}
	job.State, job.FinishedAt = Failed, p.now().UTC()
	job.Reason, job.Message = string(why.Kind), why.Message
	err := conclude(ctx, p.jobs, job)
	if err == nil {
		slog.WarnContext(ctx, "bulk edit failed", "tenant", job.Tenant, "job", job.Job, "error", why)
	}
	return err
}

// settle moves a job on when its planning is at its end or its last image has a result. Whoever does the
// last step calls it after that step is recorded, so the last of them sees all of it.
func settle(ctx context.Context, jobs Jobs, ref Ref, now func() time.Time) error {
	for {
		job, err := jobs.Job(ctx, ref)
		if err != nil || job.Final() || job.rests() || !job.Place.End {
			return err
		}
		next := Running
		if job.Counts.Total() >= job.Planned {
			next = Done
		}
		if job.State == next {
			return nil
		}
		job.State = next
		if next == Running {
			job.RunningAt, job.RunningFrom = now().UTC(), job.Counts.Total()
		}
		if next == Done {
			job.FinishedAt = now().UTC()
			err = conclude(ctx, jobs, job)
		} else {
			_, err = jobs.UpdateJob(ctx, job)
		}
		if fault.Is(err, fault.Conflict) {
			continue
		}
		if err != nil {
			return fmt.Errorf("settling job %s: %w", ref.Job, err)
		}
		slog.InfoContext(ctx, "bulk edit is "+string(next), "tenant", ref.Tenant, "job", ref.Job)
		return nil
	}
}
