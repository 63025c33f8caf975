package bulk

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/hashicorp/golang-lru/v2/expirable"

	"imagepro/handler/fault"
	"imagepro/handler/imaging"
	"imagepro/handler/naming"
	"imagepro/handler/recipe"
)

// Worker edits one image at a time for each message, and no more at once than it has room for.
type Worker struct {
	jobs    Jobs
	items   Items
	specs   Specs
	queue   Queue
	lot     lot
	library Library
	limits  imaging.Limits
	feeder  feeder
	room    imaging.Room
	now     func() time.Time
	meter   Meter

	suspects imaging.Room // for one image
	previews Previews
	pinned   *expirable.LRU[pinnedKey, []byte]
	running  *expirable.LRU[Ref, Job] // without their users and counts
	ready    *expirable.LRU[Ref, parsedSpec]
}

// WorkerOptions are what a Worker needs.
type WorkerOptions struct {
	Jobs     Jobs
	Items    Items
	Specs    Specs
	Queue    Queue
	Sessions Sessions
	Index    Index
	Library  Library
	Limits   imaging.Limits
	Window   int // PlanLimits.Window
	Room     imaging.Room
	Previews Previews
	Meter    Meter // nil: nothing is measured
	Now      func() time.Time
	// JobLife is how long a job that is at work is taken to be as it was read: so late a worker sees that it was
	// cancelled. SpecLife is how long what a job does, and the pictures that its recipe needs, are remembered.
	// 0 for not at all.
	JobLife, SpecLife time.Duration
}

// How many jobs a worker remembers at the most, and of how many it knows what they do: recipes may hold pictures.
const (
	runningCount = 256
	readyCount   = 16
)

// NewWorker returns a worker.
func NewWorker(o WorkerOptions) *Worker {
	w := &Worker{
		jobs: o.Jobs, items: o.Items, specs: o.Specs, queue: o.Queue, lot: lot{o.Jobs, o.Queue, o.Sessions}, library: o.Library,
		limits: o.Limits, feeder: feeder{o.Jobs, o.Index, o.Queue, o.Window}, room: o.Room, suspects: imaging.NewRoom(1), now: o.Now, meter: o.Meter, previews: o.Previews,
	}
	if o.SpecLife > 0 {
		w.pinned = expirable.NewLRU[pinnedKey, []byte](pinnedCount, nil, o.SpecLife)
		w.ready = expirable.NewLRU[Ref, parsedSpec](readyCount, nil, o.SpecLife)
	}
	if o.JobLife > 0 {
		w.running = expirable.NewLRU[Ref, Job](runningCount, nil, o.JobLife)
	}
	return w
}

// Work handles a message. nil means that the message is done with; any error that it should come again. A
// repeat for an image that has its result changes nothing.
func (w *Worker) Work(ctx context.Context, m ItemMessage) error {
	work := w.work
	if m.Suspect {
		work = w.alone
	}
	err := work(ctx, m)
	if !fault.Is(err, fault.Busy) || m.Waits >= maxWaits {
		return err
	}
	wait := waitOf(fault.From(err), m.Waits)
	slog.InfoContext(ctx, "image waits", "tenant", m.Tenant, "job", m.Job, "item", m.N, "wait", wait.String(), "error", err)
	m.Waits++
	m.Suspect = false // it came back in good order
	return putBack(ctx, w.queue, ItemQueue, m, wait)
}

func (w *Worker) work(ctx context.Context, m ItemMessage) error {
	began := w.now()
	job, item, err := w.find(ctx, m)
	if err != nil || job.ended() || job.rests() || job.Job == "" {
		return err // or over as a whole, or sent again when the job goes on, or erased
	}
	if item.State != Waiting {
		return w.goOn(ctx, job, m, 0)
	}
	item, err = w.edit(ctx, job, item)
	if err == nil {
		return w.finish(ctx, job, m, item, began)
	}
	f := fault.From(err)
	if f.Kind.NeedsUser() {
		return w.lot.park(ctx, job, f, began)
	}
	state := stateOf(f.Kind)
	var unseen *unseen
	switch {
	case state == "", f.Kind == fault.Busy && m.Waits < maxWaits:
		return err
	case errors.As(err, &unseen) && m.Waits < unseenWaits:
		return fault.New(fault.Busy, "It could not be seen whether the image was saved.", err)
	}
	item.State, item.Reason, item.Message = state, string(f.Kind), f.Message
	if unseen != nil {
		item.Message += notSeen
	}
	return w.finish(ctx, job, m, item, began)
}

// find reads the job and the image of a message. The job is empty if it was erased meanwhile.
func (w *Worker) find(ctx context.Context, m ItemMessage) (Job, Item, error) {
	ref := Ref{Tenant: m.Tenant, Job: m.Job}
	job, err := w.job(ctx, ref)
	if fault.Is(err, fault.NotFound) {
		return Job{}, Item{}, nil
	}
	if err != nil {
		return Job{}, Item{}, err
	}
	item, err := w.items.Item(ctx, ref, m.N)
	if fault.Is(err, fault.NotFound) {
		slog.WarnContext(ctx, "message names no image", "tenant", m.Tenant, "job", m.Job, "item", m.N)
		return Job{}, Item{}, nil
	}
	job.User = item.User
	return job, item, err
}

// job reads a job, or remembers it: without its user, whose id is in no memory, and without counts, which are never old.
// One that is not at work any more is always read, since what it drops is lost for a job that has just gone on.
func (w *Worker) job(ctx context.Context, ref Ref) (Job, error) {
	if w.running != nil {
		if job, ok := w.running.Get(ref); ok {
			return job, nil
		}
	}
	job, err := w.jobs.Job(ctx, ref)
	if err != nil || w.running == nil || job.State != Running {
		return job, err
	}
	job.User, job.Counts = "", Counts{}
	w.running.Add(ref, job)
	return job, nil
}

// stateOf returns the result that a kind of fault gives an image; empty if it should be tried again.
func stateOf(kind fault.Kind) ItemState {
	switch kind {
	case fault.Unsupported, fault.TooLarge, fault.Locked:
		return Skipped
	case fault.Conflict:
		return Conflicted
	case fault.Internal, fault.Misconfigured:
		return ""
	default:
		return Broken
	}
}

// GiveUp gives an image whose message was tried too often its final result. If that cannot be told yet, or if the image did not
// have all its turns, since another picture may have killed the process each time, its message comes again.
func (w *Worker) GiveUp(ctx context.Context, m ItemMessage) error {
	began := w.now()
	job, item, err := w.find(ctx, m)
	if err != nil || job.rests() || job.Job == "" {
		return err
	}
	if item.State != Waiting {
		return w.goOn(ctx, job, m, 0)
	}
	item, err = w.lastResult(ctx, job, item)
	switch {
	case err != nil && fault.From(err).Kind.NeedsUser():
		return w.lot.park(ctx, job, fault.From(err), began)
	case fault.Is(err, fault.Busy), err == nil && item.State == Broken && item.Tries < loneTries:
		m.Suspect, m.Waits = true, 0
		return send(ctx, w.queue, ItemQueue, m, turnAfter) // by then it may be known
	case err != nil:
		return err
	}
	return w.finish(ctx, job, m, item, began)
}

// finish records the result of work that began then. If another delivery of the message was faster, that one's result stands.
func (w *Worker) finish(ctx context.Context, job Job, m ItemMessage, item Item, began time.Time) error {
	item.FinishedAt = w.now().UTC()
	done, err := w.items.FinishItem(ctx, item)
	if fault.Is(err, fault.Conflict) {
		return fault.New(fault.Internal, "Two deliveries of a message met.", err) // come again and look
	}
	if err != nil {
		return err
	}
	took := w.now().Sub(began)
	slog.InfoContext(ctx, "image is "+string(item.State), "tenant", item.Tenant, "job", item.Job, "item", item.N, "reason", item.Reason, "ms", took.Milliseconds())
	if w.meter != nil {
		w.meter.Image(ctx, string(job.Kind), string(item.State), item.Reason, took, item.Size)
	}
	return w.goOn(ctx, job, m, done)
}

// goOn does what follows a result: more messages are sent if this one says so, and the last image of a share looks whether
// the job is done. share is how many of the share have a result, or 0 if that is not known. A repeat does it again, so that
// nothing is lost with a process that dies here.
func (w *Worker) goOn(ctx context.Context, job Job, m ItemMessage, share int) error {
	if m.More {
		if err := w.feeder.more(ctx, job.Ref, m.N+1); err != nil {
			return err
		}
	}
	if job.Place.End && share > 0 && share < shareOf(job.Planned, m.N%Shares) {
		return nil
	}
	return settle(ctx, w.jobs, job.Ref, w.now)
}

// shareOf returns how many of the numbers below planned belong to a share.
func shareOf(planned, share int) int { return (planned - share + Shares - 1) / Shares }

// edit does the work on one image and returns the item with its result.
func (w *Worker) edit(ctx context.Context, job Job, item Item) (Item, error) {
	spec, err := w.spec(ctx, job)
	if err != nil {
		return item, err
	}
	file, saved, err := w.look(ctx, job, item)
	switch {
	case err != nil && item.Intent != nil:
		return item, &unseen{err}
	case err != nil:
		return item, err
	case saved != nil:
		return fulfilled(item, *saved), nil
	case file.Tag != item.Tag && job.Kind == Edit && spec.save.OnChanged != EditAgain:
		return item, changed()
	}
	content, done, err := w.content(ctx, job, spec, file, &item)
	if err != nil || done {
		return item, err
	}
	if item, err = w.items.Intend(ctx, item); err != nil {
		if fault.Is(err, fault.Conflict) {
			err = fault.New(fault.Internal, "Two deliveries of a message met.", err)
		}
		return item, err
	}
	return w.save(ctx, job, spec, file, item, content)
}

// content returns what is to be saved, and puts the intent into the item. It returns true, and the item's result, if
// there is nothing to save.
func (w *Worker) content(ctx context.Context, job Job, spec parsedSpec, file File, item *Item) ([]byte, bool, error) {
	if job.Kind == Undo {
		return w.old(ctx, job, file, item)
	}
	// Of what was announced for the content before nothing can come any more: its upload names that one's tag.
	if file.Tag != item.Tag {
		item.Tag, item.Size, item.Name, item.Intent = file.Tag, file.Size, file.Name, nil
	}
	return w.prepare(ctx, job, spec, file, item)
}

func changed() *fault.Fault {
	return fault.New(fault.Conflict, "Somebody changed the image after the bulk edit was planned. It was left as it is.", nil)
}

func (w *Worker) spec(ctx context.Context, job Job) (parsedSpec, error) {
	if w.ready == nil {
		return w.readSpec(ctx, job)
	}
	if spec, ok := w.ready.Get(job.Ref); ok {
		return spec, nil
	}
	spec, err := w.readSpec(ctx, job)
	if err == nil {
		w.ready.Add(job.Ref, spec)
	}
	return spec, err
}

func (w *Worker) readSpec(ctx context.Context, job Job) (parsedSpec, error) {
	spec, err := w.specs.Spec(ctx, job)
	if err != nil {
		return parsedSpec{}, err
	}
	parsed, err := recipe.Parse(spec.Recipe)
	if err != nil {
		return parsedSpec{}, fault.New(fault.Internal, "The recipe of the bulk edit cannot be read.", err)
	}
	return parsedSpec{recipe: parsed, called: spec.Called, save: spec.Save, pinned: spec.Pinned}, nil
}

// prepare reads and edits the picture; see content.
func (w *Worker) prepare(ctx context.Context, job Job, spec parsedSpec, file File, item *Item) ([]byte, bool, error) {
	images, err := w.images(ctx, job, spec.pinned)
	if err != nil {
		return nil, false, err
	}
	source, err := w.library.Read(ctx, job.who(), file, int64(w.limits.Bytes))
	if err != nil {
		return nil, false, err
	}
	result, err := w.editPicture(ctx, source, spec, imaging.Options{Limits: w.limits, Name: file.Name, Time: job.CreatedAt, Images: images})
	item.Before = pictureOf(result.Before)
	if err == nil && !result.Verified {
		err = fault.New(fault.Internal, "The result was not verified, so it was not saved.", nil)
	}
	if err != nil {
		return nil, false, err
	}
	if spec.save.Target == NewVersion && result.Format != result.Before.Format {
		return nil, false, fault.Newf(fault.Unsupported,
			"The recipe turns %s into %s, which does not suit the file's name. Save copies instead.", result.Before.Format, result.Format)
	}
	unchanged := result.Unchanged || bytes.Equal(result.Data, source) // other contents may have the same fingerprint
	if result.IsLeft() || unchanged && spec.save.Target != Copy {
		item.State = Unchanged
		item.After = item.Before
		item.Warnings = result.Warnings
		return nil, true, nil
	}
	item.Intent = &Intent{
		At:          w.now().UTC(),
		Source:      w.library.Fingerprint(source),
		Fingerprint: w.library.Fingerprint(result.Data),
		Before:      item.Before,
		After:       Picture{Width: result.Width, Height: result.Height, Bytes: int64(len(result.Data)), Format: string(result.Format)},
		Warnings:    result.Warnings,
	}
	if spec.save.Target == Copy {
		facts := naming.Facts{
			Name: file.Name, Width: result.Width, Height: result.Height, Time: job.CreatedAt,
			Recipe: spec.called, Hash: spec.recipe.Hash(), Number: cmp.Or(item.Number, item.N+1),
		}
		if naming.AsksFile(spec.save.Name) {
			about, _ := imaging.Describe(source, w.limits) // what can be read of it
			facts.Taken, facts.Title, facts.Creator = about.Day(), about.Title, about.Creator
		}
		item.Intent.Name = naming.Of(spec.save.Name, facts, result.Format.Ending()) // the same at every try, unless the image is renamed
		item.Intent.Folder = spec.save.Folder
	}
	if job.Kind == DryRun {
		*item, err = w.rehearse(ctx, job, spec, file, *item, source, result.Data)
		return nil, true, err
	}
	return result.Data, false, nil
}

// editPicture applies the recipe when there is room. The time in options is the job's and not the present one,
// and the pictures are those that were pinned, so that every try makes the same bytes.
func (w *Worker) editPicture(ctx context.Context, source []byte, spec parsedSpec, o imaging.Options) (imaging.Result, error) {
	result, err := w.room.Edit(ctx, source, spec.recipe, o)
	if err != nil && ctx.Err() != nil {
		err = fault.New(fault.Busy, "The time was up before the image was done.", err)
	}
	return result, err
}

func pictureOf(i imaging.Info) Picture {
	return Picture{Width: i.Width, Height: i.Height, Bytes: int64(i.Bytes), Format: string(i.Format)}
}

// save writes the content. A conflict may be the work of an earlier try whose answer was lost, so it is
// looked at before it is believed.
func (w *Worker) save(ctx context.Context, job Job, spec parsedSpec, file File, item Item, content []byte) (Item, error) {
	var err error
	var written File
	who := job.who()
	file.KeepDate = spec.save.KeepDates
	if spec.save.Target == Copy {
		file.Parent = cmp.Or(item.Intent.Folder, file.Parent)
		written, err = w.library.Create(ctx, who, file, item.Intent.Name, content)
	} else {
		written, err = w.library.Replace(ctx, who, file, content)
	}
	if err == nil {
		return fulfilled(item, Saved{File: written.Item, Tag: written.Tag}), nil
	}
	if !fault.Is(err, fault.Conflict) {
		return item, err
	}
	now, saved, lookErr := w.look(ctx, job, item)
	switch {
	case lookErr != nil:
		return item, &unseen{lookErr}
	case saved != nil:
		return fulfilled(item, *saved), nil
	case spec.save.Target == NewVersion && now.Tag == item.Tag:
		return item, fault.New(fault.Busy, "SharePoint refused the new version though nothing had changed.", err)
	case spec.save.Target == NewVersion && spec.save.OnChanged == EditAgain:
		return item, fault.New(fault.Busy, "Somebody has changed the image again.", err)
	case spec.save.OnConflict == Skip:
		item.State, item.Reason = Skipped, string(fault.Conflict)
		item.Message = "There is a file named " + item.Intent.Name + " already. Nothing was saved."
		return item, nil
	}
	return item, err
}

// fulfilled returns the item with the result that its intent announced and a save left.
func fulfilled(i Item, saved Saved) Item {
	i.State, i.Saved = Edited, &saved
	i.Before, i.After, i.Warnings = i.Intent.Before, i.Intent.After, i.Intent.Warnings
	return i
}
