package bulk

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"log/slog"
	"slices"
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
		jobs:     o.Jobs,
		items:    o.Items,
		specs:    o.Specs,
		queue:    o.Queue,
		lot:      lot{o.Jobs, o.Queue, o.Sessions},
		library:  o.Library,
		limits:   o.Limits,
		feeder:   feeder{o.Jobs, o.Index, o.Queue, o.Window},
		room:     o.Room,
		suspects: imaging.NewRoom(1),
		now:      o.Now,
		meter:    o.Meter,
		previews: o.Previews,
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
	slog.InfoContext(ctx, "image waits", "tenant", m.Tenant, "job", m.Job, "item", m.N, "wait", wait.String(), "error",
		err)
	m.Waits++
	m.Suspect = false // it came back in good order
	return putBack(ctx, w.queue, ItemQueue, m, wait)
}

func (w *Worker) work(ctx context.Context, m ItemMessage) error {
	began := w.now()
	job, item, err := w.find(ctx, m)
	switch {
	case err != nil || job.Job == "":
		return err // or erased
	case job.ended() || job.rests():
		return w.finishSaved(ctx, job, m, item, began)
	case item.State != Waiting:
		return w.goOn(ctx, job, m, 0)
	}
	item, err = w.edit(ctx, job, item)
	if err == nil {
		return w.finish(ctx, job, m, item, began)
	}
	if errors.Is(err, errStopped) {
		return nil
	}
	f := fault.From(err)
	if f.Kind.NeedsUser() {
		err := w.lot.park(ctx, job, f, began)
		if err == nil && item.Intent != nil {
			err = fault.New(fault.Busy, "Whether the image was saved can be found out when its user is back.", f)
		}
		return err
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
	if unseen != nil || f.Kind == fault.Busy && item.Intent != nil { // its save may not have been answered
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

// job reads a job, or remembers it: without its user, whose id is in no memory, and without counts, which are never
// old. One that is not at work any more is always read, since what it drops is lost for a job that has just gone on.
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

// GiveUp gives an image whose message was tried too often its final result. If that cannot be told yet, or if the image
// did not have all its turns, since another picture may have killed the process each time, its message comes again.
func (w *Worker) GiveUp(ctx context.Context, m ItemMessage) error {
	began := w.now()
	job, item, err := w.find(ctx, m)
	switch {
	case err != nil || job.Job == "":
		return err
	case job.ended() || job.rests():
		err = w.finishSaved(ctx, job, m, item, began)
		if fault.Is(err, fault.Busy) {
			return w.sendAgain(ctx, m)
		}
		return err
	case item.State != Waiting:
		return w.goOn(ctx, job, m, 0)
	}
	item, err = w.lastResult(ctx, job, item)
	switch {
	case err != nil && fault.From(err).Kind.NeedsUser():
		return w.lot.park(ctx, job, fault.From(err), began)
	case fault.Is(err, fault.Busy), err == nil && item.State == Broken && item.Tries < loneTries:
		return w.sendAgain(ctx, m)
	case err != nil:
		return err
	}
	return w.finish(ctx, job, m, item, began)
}

// sendAgain sends a message that was given up once more: by its next turn it may be known what became of the image.
func (w *Worker) sendAgain(ctx context.Context, m ItemMessage) error {
	m.Suspect, m.Waits = true, 0
	return send(ctx, w.queue, ItemQueue, m, turnAfter)
}

// finish records the result of work that began then. If another delivery of the message was faster, that one's result
// stands.
func (w *Worker) finish(ctx context.Context, job Job, m ItemMessage, item Item, began time.Time) error {
	item.FinishedAt = w.now().UTC()
	done, err := w.items.FinishItem(ctx, item)
	if fault.Is(err, fault.Conflict) {
		return met(err) // come again and look
	}
	if err != nil {
		return err
	}
	took := w.now().Sub(began)
	slog.InfoContext(ctx, "image is "+string(item.State), "tenant", item.Tenant, "job", item.Job, "item", item.N,
		"reason", item.Reason, "ms", took.Milliseconds())
	if w.meter != nil {
		w.meter.Image(ctx, string(job.Kind), string(item.State), item.Reason, took, item.Size)
	}
	return w.goOn(ctx, job, m, done)
}

// goOn does what follows a result: more messages are sent if this one says so, and the last image of a share looks
// whether the job is done. share is how many of the share have a result, or 0 if that is not known. A repeat does it
// again, so that nothing is lost with a process that dies here.
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

// met says that two deliveries of a message were at work on one image, and this one lost. That is nobody's failure: it
// is put back, and finds what the other has left.
func met(err error) error { return fault.New(fault.Busy, "Two deliveries of a message met.", err) }

// errStopped says that the job rests or has ended, or is gone, and that nothing of the image was saved.
var errStopped = errors.New("bulk: the job is not at work any more")

// edit does the work on one image and returns the item with its result.
func (w *Worker) edit(ctx context.Context, job Job, item Item) (Item, error) {
	spec, err := w.spec(ctx, job)
	if err != nil {
		return item, err
	}
	now, err := w.lookEverywhere(ctx, job, item)
	switch {
	case err != nil && item.Intent != nil:
		return item, &unseen{err}
	case err != nil:
		return item, err
	case now.found != nil:
		return fulfilled(item, *now.found), nil
	}
	file := now.file
	if file.Tag != item.Tag && item.Hash != "" && file.Fingerprint == item.Hash {
		item.Tag = file.Tag // it is the same content: SharePoint moves tags now and then
	}
	if file.Tag != item.Tag && job.Kind == Edit && spec.save.OnChanged != EditAgain {
		return item, changed()
	}
	earlier := item.Intent
	if file.Tag != item.Tag {
		earlier = nil // its upload names a tag that is gone
	}
	content, done, err := w.content(ctx, job, spec, file, &item)
	if err != nil || done {
		return item, err
	}
	if item, err = w.intend(ctx, item); err != nil {
		return item, err
	}
	if err := w.checkAtWork(ctx, item, earlier); err != nil {
		return item, err
	}
	return w.save(ctx, job, spec, file, item, earlier, content)
}

func (w *Worker) intend(ctx context.Context, item Item) (Item, error) {
	item, err := w.items.Intend(ctx, item)
	if fault.Is(err, fault.Conflict) {
		err = met(err)
	}
	return item, err
}

// checkAtWork reads the job once more, now that the intent is there, and returns errStopped unless it is at work, or
// Busy if an earlier try may still save the image. An undo, or whatever else follows the end of a job, takes an image
// without an intent for one that was not touched: so whoever has written one asks after that whether the end has come
// before it.
func (w *Worker) checkAtWork(ctx context.Context, item Item, earlier *Intent) error {
	job, err := w.jobs.Job(ctx, item.Ref)
	if err != nil && !fault.Is(err, fault.NotFound) {
		return err
	}
	if err == nil && !job.ended() && !job.rests() {
		return nil
	}
	if w.running != nil {
		w.running.Remove(item.Ref)
	}
	if err != nil {
		return errStopped
	}
	if earlier != nil && !earlier.mayBeAtWork(w.now()) {
		earlier = nil
	}
	item.Intent = earlier // without one nothing of the image can be saved any more, and nobody need wait for that
	if _, err := w.items.Intend(ctx, item); err != nil {
		slog.InfoContext(ctx, "an intent stays", "tenant", item.Tenant, "job", item.Job, "item", item.N, "error", err)
	}
	if earlier != nil {
		return fault.New(fault.Busy, "An earlier try may still be saving the image.", nil)
	}
	return errStopped
}

// content returns what is to be saved, and puts the intent into the item. It returns true, and the item's result, if
// there is nothing to save.
func (w *Worker) content(ctx context.Context, job Job, spec parsedSpec, file File, item *Item) ([]byte, bool, error) {
	if job.Kind == Undo {
		return w.old(ctx, job, file, item)
	}
	// Of what was announced for the content before nothing can come any more: its upload names that one's tag.
	if file.Tag != item.Tag {
		item.Tag, item.Hash, item.Size, item.Name, item.Intent = file.Tag, file.Fingerprint, file.Size, file.Name, nil
	}
	return w.prepare(ctx, job, spec, file, item)
}

func changed() *fault.Fault {
	return fault.New(fault.Conflict,
		"Somebody changed the image after the bulk edit was planned. It was left as it is.", nil)
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
	fingerprint := w.library.Fingerprint(source)
	if i := item.Intent; i != nil && i.Source != fingerprint {
		return nil, false, fault.New(fault.Busy,
			"The content of the image is another than its tag says: it is just being saved.", nil)
	}
	result, err := w.editPicture(ctx, source, spec, imaging.Options{
		Limits: w.limits,
		Name:   file.Name,
		Time:   job.CreatedAt,
		Images: images,
	})
	item.Before = pictureOf(result.Before)
	if err == nil && !result.Verified {
		err = fault.New(fault.Internal, "The result was not verified, so it was not saved.", nil)
	}
	if err != nil {
		return nil, false, err
	}
	if spec.save.Target == NewVersion && result.Format != result.Before.Format {
		return nil, false, fault.Newf(fault.Unsupported,
			"The recipe turns %s into %s, which does not suit the file's name. Save copies instead.",
			result.Before.Format, result.Format)
	}
	unchanged := result.Unchanged || bytes.Equal(result.Data, source) // other contents may have the same fingerprint
	if result.IsLeft() || unchanged && spec.save.Target != Copy {
		item.State = Unchanged
		item.After = item.Before
		item.Warnings = result.Warnings
		return nil, true, nil
	}
	intent := Intent{
		At:          w.now().UTC(),
		Source:      fingerprint,
		Fingerprint: w.library.Fingerprint(result.Data),
		Before:      item.Before,
		After: Picture{
			Width:  result.Width,
			Height: result.Height,
			Bytes:  int64(len(result.Data)),
			Format: string(result.Format),
		},
		Warnings: result.Warnings,
	}
	if spec.save.Target == Copy {
		facts := naming.Facts{
			Name:   file.Name,
			Width:  result.Width,
			Height: result.Height,
			Time:   job.CreatedAt,
			Recipe: spec.called,
			Hash:   spec.recipe.Hash(),
			Number: cmp.Or(item.Number, item.N+1),
		}
		if naming.AsksFile(spec.save.Name) {
			about, _ := imaging.Describe(source, w.limits) // what can be read of it
			facts.Taken, facts.Title, facts.Creator = about.Day(), about.Title, about.Creator
		}
		// the same at every try, unless the image is renamed
		intent.Name = naming.Of(spec.save.Name, facts, result.Format.Ending())
		intent.Folder = spec.save.Folder
	}
	item.Intent = intent.after(item.Intent)
	if job.Kind == DryRun {
		*item, err = w.rehearse(ctx, job, spec, file, *item, source, result.Data)
		return nil, true, err
	}
	return result.Data, false, nil
}

// editPicture applies the recipe when there is room. The time in options is the job's and not the present one,
// and the pictures are those that were pinned, so that every try makes the same bytes.
func (w *Worker) editPicture(
	ctx context.Context, source []byte, spec parsedSpec, o imaging.Options,
) (imaging.Result, error) {
	result, err := w.room.Edit(ctx, source, spec.recipe, o)
	if err != nil && ctx.Err() != nil {
		err = fault.New(fault.Busy, "The time was up before the image was done.", err)
	}
	return result, err
}

func pictureOf(i imaging.Info) Picture {
	return Picture{Width: i.Width, Height: i.Height, Bytes: int64(i.Bytes), Format: string(i.Format)}
}

// save writes the content. A refusal may be the answer to a repeat of what an earlier request, or an earlier try, has
// done, so it is looked at before it is believed. earlier is what an earlier try has announced for the same content;
// nil for nothing.
func (w *Worker) save(
	ctx context.Context, job Job, spec parsedSpec, file File, item Item, earlier *Intent, content []byte,
) (Item, error) {
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
		item = fulfilled(item, found{Saved{File: written.Item, Tag: written.Tag}, item.Intent.all()[0]})
		if written.Overwrote {
			item.Warnings = append(slices.Clone(item.Warnings), OverwroteChange)
		}
		return item, nil
	}
	f := fault.From(err)
	if f.Kind == fault.Busy || f.Kind.NeedsUser() || stateOf(f.Kind) == "" {
		return item, err // the next try looks
	}
	now, lookErr := w.look(ctx, job, item)
	switch {
	case lookErr != nil:
		return item, &unseen{lookErr}
	case now.found != nil:
		return fulfilled(item, *now.found), nil
	case f.Kind != fault.Conflict:
		return w.refused(ctx, item, earlier, err)
	case now.same:
		return item, fault.New(fault.Busy, "SharePoint refused the new version though nothing had changed.", err)
	case spec.save.Target == NewVersion && spec.save.OnChanged == EditAgain:
		return item, fault.New(fault.Busy, "Somebody has changed the image again.", err)
	case spec.save.Target == Copy && !now.taken: // an upload session of an earlier try holds it until it expires
		return item, fault.New(fault.Busy, "SharePoint says that the name is taken, and has no file of that name.", err)
	case spec.save.OnConflict == Skip:
		item.State, item.Reason = Skipped, string(fault.Conflict)
		item.Message = "There is a file named " + item.Intent.Name + " already. Nothing was saved."
		return item, nil
	}
	return item, err
}

// refused returns a refusal, or Busy while a save of an earlier try may still be carried out. Every request of this try
// was answered, so nothing of it can come any more, and the record says again what the earlier one has announced, and
// when.
func (w *Worker) refused(ctx context.Context, item Item, earlier *Intent, refusal error) (Item, error) {
	if earlier == nil || !earlier.mayBeAtWork(w.now()) {
		return item, refusal
	}
	item.Intent = earlier
	item, err := w.intend(ctx, item)
	if err != nil {
		return item, err
	}
	busy := fault.New(fault.Busy, "An earlier try may still be saving the image.", refusal)
	busy.RetryAfter = longestRun - w.now().Sub(earlier.At)
	return item, busy
}
