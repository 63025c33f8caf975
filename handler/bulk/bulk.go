// Package bulk edits many images with one recipe: it plans a job, edits each image exactly once though every
// message may come twice and the process may be killed at any moment, and tells how far it has come.
//
// It does not know Graph, tables or queues; it declares what it needs of them (Library, Jobs, Items, Index,
// Specs, Queue), and it leaves pixels to imaging.
//
// How one image is edited once: the planner records the image with the tag of its content. The worker edits
// it, records the fingerprint of what it is about to write (the intent), and replaces the content only if the
// tag still matches. A worker that finds an intent looks first whether the content with that fingerprint is
// already there: then the work is done and only its result is missing.
package bulk

import (
	"context"
	"encoding/json"
	"time"

	"imagepro/handler/caller"
	"imagepro/handler/recipe"
)

// Ref names a job.
type Ref struct {
	Tenant string // Entra tenant id
	Job    string // id, unique in the tenant
}

// JobState says how far a job is.
type JobState string

// The states of a job. Done, Failed and Cancelled are final.
const (
	Planning  JobState = "planning"         // looking for images
	Running   JobState = "running"          // every image is known; they are being edited
	Parked    JobState = "waitingForSignIn" // the user's session is dead; goes on at their next visit
	Paused    JobState = "paused"           // by its user; goes on when they say so
	Done      JobState = "done"             // every image has a result
	Failed    JobState = "failed"           // could not be planned to the end; Message says why
	Cancelled JobState = "cancelled"        // ended early; what was edited stays
)

// Kind says what a job does with its images.
type Kind string

// The kinds.
const (
	Edit   Kind = "edit"   // saves what the recipe makes of them
	DryRun Kind = "dryRun" // edits them and saves nothing
	Undo   Kind = "undo"   // gives them the content that they had before another job
)

// Job is a bulk edit.
type Job struct {
	Ref
	User string // object id of the user on whose behalf it works
	Kind Kind
	// id of the job that it undoes, whose failed images it tries again, or that tried it; mostly empty
	Of         string
	State      JobState
	Reason     string // kind of the fault that failed or parked it
	Message    string // a sentence for the user; with Failed, Parked and Cancelled
	CreatedAt  time.Time
	FinishedAt time.Time // zero until it is final
	// RunningAt is when the images began to be edited, or went on after a rest, and RunningFrom how many had a result
	// then.
	RunningAt   time.Time
	RunningFrom int

	Place   Place // how far the planning is
	Planned int   // images recorded, to be edited
	Passed  int   // files recorded as skipped by the planner
	Left    int   // files that the source's filter left out
	Sent    int   // images whose messages have been sent: those numbered below

	Counts  Counts // results so far; kept apart from the rest so that workers do not wait for each other
	Version string // changes with every write of all but Counts; opaque
}

// who is the user on whose behalf the job works, away.
func (j Job) who() caller.Caller { return caller.Away(j.Tenant, j.User) }

// Final reports whether nothing will change any more.
func (j Job) Final() bool { return j.State == Done || j.ended() }

// rests reports whether the job waits for its user: its messages are dropped, and sent again when it goes on.
func (j Job) rests() bool { return j.State == Parked || j.State == Paused }

// ended reports whether the job is over though images may have no result.
func (j Job) ended() bool { return j.State == Failed || j.State == Cancelled }

// Place is where the planner goes on.
type Place struct {
	Folders int    // folders recorded so far, the first included
	Folder  int    // number of the folder being listed
	Cursor  string // page of that folder, or the index in a list of images
	End     bool   // everything has been listed
}

// Counts are numbers of images by result, and what they weigh.
type Counts struct {
	Edited, Unchanged, Skipped, Conflict, Failed int
	BytesBefore, BytesAfter                      int64 // of edited images
}

// Total is the number of images with a result.
func (c Counts) Total() int { return c.Edited + c.Unchanged + c.Skipped + c.Conflict + c.Failed }

// Add adds the result of an item.
func (c *Counts) Add(i Item) {
	switch i.State {
	case Edited:
		c.Edited++
		c.BytesBefore += i.Before.Bytes
		c.BytesAfter += i.After.Bytes
	case Unchanged:
		c.Unchanged++
	case Skipped:
		c.Skipped++
	case Conflicted:
		c.Conflict++
	case Broken:
		c.Failed++
	}
}

// Plus returns the sum.
func (c Counts) Plus(d Counts) Counts {
	return Counts{
		c.Edited + d.Edited, c.Unchanged + d.Unchanged, c.Skipped + d.Skipped, c.Conflict + d.Conflict,
		c.Failed + d.Failed, c.BytesBefore + d.BytesBefore, c.BytesAfter + d.BytesAfter,
	}
}

// ItemState says what became of an image.
type ItemState string

// The states of an item. All but Waiting are final.
const (
	Waiting   ItemState = "waiting"
	Edited    ItemState = "edited"    // saved; in a dry run: would be saved
	Unchanged ItemState = "unchanged" // the recipe changes nothing in this image; nothing was saved
	// no image that this program edits, over a limit, locked, done before, or left as Save says
	Skipped    ItemState = "skipped"
	Conflicted ItemState = "conflict" // changed by somebody else since it was planned; nothing was saved
	Broken     ItemState = "failed"   // Message says why; nothing was saved unless it says that this is not known
)

// Item is one image of a job.
type Item struct {
	Ref
	N      int    // number among the images to edit, from 0; among the passed ones if Passed
	Number int    // of the image in names of copies, from 1; 0 stands for N + 1
	Passed bool   // recorded as skipped by the planner
	User   string // the job's
	Drive  string
	File   string // item id in the drive
	Parent string
	Name   string
	Tag    string // of the content when it was planned
	Hash   string // fingerprint of that content; empty if the library had not worked it out yet
	Size   int64  // bytes, when it was planned

	State      ItemState
	Reason     string // kind of the fault, unless it was edited
	Message    string // a sentence for the user, unless it was edited
	Before     Picture
	After      Picture
	Warnings   []string
	FinishedAt time.Time

	Tries   int      // as a suspect, by itself; see suspect.go
	Intent  *Intent  // what a worker was about to write; of a dry run what an edit would write, with the result
	Saved   *Saved   // where the result is, once it was edited
	Undoing *Undoing // of a job that undoes another
	Version string
}

// OverwroteChange is the warning of a result that was saved over somebody else's; see File.Overwrote.
const OverwroteChange = "overwroteChange"

// Saved is what an edit left in the library.
type Saved struct {
	File string // item id of the file that got the content: the image itself, or its copy
	Tag  string // of that content; empty if somebody had changed it again before it was seen
}

// Picture is what is known of an image's content.
type Picture struct {
	Width, Height int // pixels, upright
	Bytes         int64
	Format        string
}

// Intent is recorded before content is written, so that the next try recognises its own work.
type Intent struct {
	At            time.Time
	Source        string // fingerprint of the content that was edited
	Fingerprint   string // of the content to write
	Name          string // of the file to create; empty for a new version in place
	Folder        string // for that file; empty for that of the image
	Before, After Picture
	Warnings      []string
	// Earlier is what was announced before for the same source, if it was something else: two releases of the program
	// may make other bytes of it, and the save of either may still come.
	Earlier []Announced
}

// Announced is a content that an intent says will be written.
type Announced struct {
	Fingerprint  string
	Name, Folder string // as those of Intent
	After        Picture
	Warnings     []string
}

// all is everything that was announced for the source, the latest first.
func (i Intent) all() []Announced {
	return append([]Announced{{i.Fingerprint, i.Name, i.Folder, i.After, i.Warnings}}, i.Earlier...)
}

// after returns the intent with what an earlier one has announced, if that is something else. The earlier one may be
// nil.
func (i Intent) after(earlier *Intent) *Intent {
	if earlier == nil {
		return &i
	}
	for _, one := range earlier.all() {
		if one.Fingerprint != i.Fingerprint || one.Name != i.Name || one.Folder != i.Folder {
			i.Earlier = append(i.Earlier, one)
		}
	}
	i.Earlier = i.Earlier[:min(len(i.Earlier), maxEarlier)]
	return &i
}

// maxEarlier bounds what a record holds. Two releases run at once, as a rule, for minutes.
const maxEarlier = 8

// Source says which images. Exactly one of Folder, Images, Properties and Job is set.
type Source struct {
	Folder     *FolderSource
	Images     []ImageRef
	Properties *PropertyFilter
	Job        *JobSource
	// Since is the id of an earlier job of the user's: images that are as that one left them are passed, if it did the
	// same.
	Since string
}

// FolderSource is a folder of a drive.
type FolderSource struct {
	Drive     string
	Item      string // "root" is the drive's own folder
	Recursive bool
	FolderFilter
}

// FolderRef is a folder to visit.
type FolderRef struct {
	ImageRef
	Depth int // below the first, which has 0
}

// ImageRef names one image.
type ImageRef struct {
	Drive string
	Item  string
}

// SaveTarget says where results go.
type SaveTarget string

// The targets.
const (
	NewVersion SaveTarget = "newVersion" // the file gets a new version
	Copy       SaveTarget = "copy"       // a new file beside it
)

// Save says how results are saved.
type Save struct {
	Target SaveTarget
	// Name is the pattern of a copy's name; see naming.
	Name string
	// Folder is the id of a folder for copies, in the library of each image; empty for that of the image.
	Folder string
	// OnConflict is what to do if a copy's name is taken; Fail unless it is set.
	OnConflict OnConflict
	// OnChanged is what to do with an image that somebody has changed since it was planned; LeaveIt unless it is set.
	OnChanged OnChanged
	// KeepDates leaves the time of the last change as it is.
	KeepDates bool
}

// OnChanged is what to do with an image that was changed since it was planned.
type OnChanged string

// The policies.
const (
	LeaveIt   OnChanged = "fail"      // the image is Conflicted
	EditAgain OnChanged = "editAgain" // it is edited as it is by then
)

// OnConflict is what to do if a name is taken.
type OnConflict string

// The policies. There is no other name to go to: it would be another one at every try.
const (
	Fail OnConflict = "fail" // the image is Conflicted
	Skip OnConflict = "skip" // the image is Skipped
)

// Spec is what a job does. It never changes.
type Spec struct {
	Recipe json.RawMessage // canonical
	Called string          // name of the recipe, if those of copies have it: the canonical form has none
	Save   Save
	Pinned []Pinned // the pictures of libraries that the recipe needs
}

// Portion is what the planner found in one page.
type Portion struct {
	Items   []Item      // to edit, numbered from Job.Planned
	Passed  []Item      // skipped, numbered from Job.Passed
	Left    int         // left out by the filter
	Folders []FolderRef // to visit, numbered from Job.Place.Folders
	Next    Place
}

// Jobs keeps jobs. Its faults: NotFound, Conflict (the version is not the one that was read), Busy.
type Jobs interface {
	// CreateJob records a job and indexes it as open; it is no fault if it is there already.
	CreateJob(ctx context.Context, j Job) error
	// Job returns a job with its counts.
	Job(ctx context.Context, ref Ref) (Job, error)
	// UpdateJob replaces the version that was read, all but Counts, and returns the new one.
	UpdateJob(ctx context.Context, j Job) (Job, error)
	// RecordPortion records what a page held and moves the job on to p.Next, all or nothing. At most 99 records.
	RecordPortion(ctx context.Context, j Job, p Portion) (Job, error)
	// PlannedFolder returns the folder with the number.
	PlannedFolder(ctx context.Context, ref Ref, n int) (FolderRef, error)
	// CloseJob notes in the index that a job is final. One without a State, as OpenJobs and EachOpen return it, is
	// closed only if its place in the index is still the one that was read; Conflict if not.
	CloseJob(ctx context.Context, j Job) error
}

// Index finds jobs.
type Index interface {
	// JobsOf returns what the index says of all jobs of a user, in no order: ids and when they were created.
	JobsOf(ctx context.Context, tenant, user string) ([]Job, error)
	// EachOpen calls yield with every job of all tenants that was not closed, until it returns false.
	EachOpen(ctx context.Context, yield func(OpenJob) bool) error
	// NoteOpen keeps what the sweeper saw of a job, unless it was closed or noted by another meanwhile: Conflict.
	NoteOpen(ctx context.Context, j OpenJob) error
	// CountOpen counts the jobs of a tenant, and of a user in it, that were not closed.
	CountOpen(ctx context.Context, tenant, user string) (OpenCount, error)
	// OpenJobs returns the jobs of a user, or of all users of the tenant if user is empty, that were not closed.
	// One whose record is not there (yet, or any more) comes without a State, and with the Version of its place in the
	// index.
	OpenJobs(ctx context.Context, tenant, user string) ([]Job, error)
}

// OpenCount is how many jobs of a tenant were not closed.
type OpenCount struct {
	Tenant int // of all its users
	User   int // of the user
	AtWork int // of all its users, without those that the sweeper found at rest
}

// Items keeps the images of jobs. Its faults are those of Jobs.
type Items interface {
	// Item returns an image to edit by its number.
	Item(ctx context.Context, ref Ref, n int) (Item, error)
	// NoteTry records the item's Tries on the version that was read.
	NoteTry(ctx context.Context, i Item) error
	// Intend records the item's intent on the version that was read, and returns the new version.
	Intend(ctx context.Context, i Item) (Item, error)
	// FinishItem records the result and adds it to the job's counts, both or neither. It returns how many
	// images of the item's share (those with the same number modulo Shares) have a result.
	FinishItem(ctx context.Context, i Item) (int, error)
	// ItemsOf returns at most limit items of a job after the cursor (empty: from the start), those to edit by
	// number and then those that the planner passed, and the cursor to go on with, empty at the end.
	ItemsOf(ctx context.Context, ref Ref, cursor string, limit int) ([]Item, string, error)
	// Unfinished returns the numbers, below the given one, of images to edit that have no result.
	Unfinished(ctx context.Context, ref Ref, below int) ([]int, error)
}

// Described finds images by what is said of them.
type Described interface {
	// Find returns at most limit images of a tenant after the cursor (empty: from the start), and the cursor to go on
	// with, empty at the end. There may be few, or none, though more follow.
	Find(ctx context.Context, tenant string, f PropertyFilter, cursor string, limit int) ([]ImageRef, string, error)
}

// Shares is the number of records among which a job's counts are spread, so that workers rarely meet.
const Shares = 8

// Specs keeps what jobs do, each among the things of the job's user.
type Specs interface {
	// PutSpec keeps a job's spec. If there is one already, that one stays as it is.
	PutSpec(ctx context.Context, j Job, s Spec) error
	// Spec returns what PutSpec kept, or NotFound.
	Spec(ctx context.Context, j Job) (Spec, error)
	// PutSource and Source do the same with the job's source.
	PutSource(ctx context.Context, j Job, s Source) error
	Source(ctx context.Context, j Job) (Source, error)
}

// Sessions tells whether users have been here.
type Sessions interface {
	// LeftSince reports whether the user has left a session that can be used, or one was renewed, since the time.
	LeftSince(ctx context.Context, tenant, user string, since time.Time) (bool, error)
}

// Queue sends messages to the functions.
type Queue interface {
	// Send puts a message of at most 48 KiB on a queue, visible after the delay (0 to 7 days).
	Send(ctx context.Context, queue string, message []byte, delay time.Duration) error
}

// Meter measures.
type Meter interface {
	// Image tells of an image that has its result: the kind of its job, what became of it and why, how long the worker
	// took, and its bytes before, 0 if they are not known.
	Image(ctx context.Context, kind, state, reason string, took time.Duration, bytes int64)
}

// The queues, as the function.json files name them.
const (
	PlanQueue = "bulk-plan"
	ItemQueue = "bulk-items"
)

// PlanMessage asks the planner to go on with a job.
type PlanMessage struct {
	Tenant string `json:"tenant"`
	Job    string `json:"job"`
	// Resume asks to go on with a job that was parked, since its user is here again, or that was paused.
	Resume bool `json:"resume,omitempty"`
	// Again says that it was tried too often once, and that this is its second chance.
	Again bool `json:"again,omitempty"`
	// Waits counts how often the message was put back because a service was busy.
	Waits int `json:"waits,omitempty"`
}

// ItemMessage asks the worker to edit one image.
type ItemMessage struct {
	Tenant string `json:"tenant"`
	Job    string `json:"job"`
	N      int    `json:"n"`
	// More says that the image's result asks for the messages of further ones.
	More  bool `json:"more,omitempty"`
	Waits int  `json:"waits,omitempty"`
	// Suspect says that the message came again: the image may have killed the process.
	Suspect bool `json:"suspect,omitempty"`
}

// parsedSpec is a spec that is ready for work. It is not changed.
type parsedSpec struct {
	recipe *recipe.Recipe
	called string
	save   Save
	pinned []Pinned
}
