package api

import (
	"context"
	"encoding/json"
	"math"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"imagepro/handler/bulk"
)

const bulkEdit = "/bulk-edits/{id}"

func (a *API) installBulkEdits() {
	submit := accepted(signedIn("submitBulkEdit", http.MethodPost, "/bulk-edits", "Starts a bulk edit"))
	submit.MaxBodyBytes = maxSubmitBytes
	submit.BodyReadTimeout = -1 // see bound
	// A repeat starts another, unless Idempotency-Key is the same.
	huma.Register(a.huma, submit, a.submitBulkEdit)
	huma.Register(a.huma, signedIn("bulkEdits", http.MethodGet, "/bulk-edits", "Lists the caller's bulk edits"),
		a.bulkEdits)
	huma.Register(a.huma, signedIn("bulkEdit", http.MethodGet, bulkEdit, "Shows how far a bulk edit is"), a.bulkEdit)
	huma.Register(a.huma,
		signedIn("bulkEditItems", http.MethodGet, bulkEdit+"/items", "Lists the images and their results"),
		a.bulkEditItems)
	huma.Register(a.huma,
		signedIn("bulkEditEvents", http.MethodGet, bulkEdit+"/events", "Tells how far a bulk edit is, as it goes on"),
		a.bulkEditEvents)
	huma.Register(a.huma,
		signedIn("bulkEditReport", http.MethodGet, bulkEdit+"/report", "Gives all images and their results as a file"),
		a.bulkEditReport)
	huma.Register(a.huma,
		signedIn("bulkEditPreviews", http.MethodGet, bulkEdit+"/previews", "Lists the previews of a dry run"),
		a.bulkEditPreviews)
	huma.Register(a.huma,
		signedIn("bulkEditPreview", http.MethodGet, bulkEdit+"/previews/{n}/{side}", "Gives a preview of a dry run"),
		a.bulkEditPreview)
	huma.Register(a.huma, signedIn("pauseBulkEdit", http.MethodPost, bulkEdit+"/pause", "Lets a bulk edit rest"),
		a.changeBulkEdit((*bulk.Service).Pause))
	// A repeat sends messages again, which changes nothing.
	huma.Register(a.huma, signedIn("resumeBulkEdit", http.MethodPost, bulkEdit+"/resume", "Lets a bulk edit go on"),
		a.resumeBulkEdit)
	huma.Register(a.huma,
		signedIn("cancelBulkEdit", http.MethodPost, bulkEdit+"/cancel", "Ends a bulk edit; what was edited stays"),
		a.changeBulkEdit((*bulk.Service).End))
	// A repeat goes on with the same undo.
	huma.Register(a.huma,
		accepted(
			signedIn("undoBulkEdit", http.MethodPost, bulkEdit+"/undo",
				"Gives the images of a bulk edit their contents back")), a.undoBulkEdit)
	apply := accepted(
		signedIn("applyBulkEdit", http.MethodPost, bulkEdit+"/apply", "Saves what a dry run would have saved"))
	// A repeat goes on with the same bulk edit.
	huma.Register(a.huma, apply, a.applyBulkEdit)
	// A repeat starts another, unless Idempotency-Key is the same.
	huma.Register(a.huma,
		accepted(
			signedIn("retryBulkEdit", http.MethodPost, bulkEdit+"/retry",
				"Tries the images of a bulk edit again that failed")), a.retryBulkEdit)
}

type submitInput struct {
	Key  string `header:"Idempotency-Key" maxLength:"128" doc:"A repeat with the same key returns the same bulk edit"`
	Body EditFields
}

// EditFields is what a client says of a bulk edit.
type EditFields struct {
	Source SourceFields    `json:"source" doc:"Which images: one of folder, images, properties and job"`
	Recipe json.RawMessage `json:"recipe" doc:"What to do to each image"`
	Save   SaveFields      `json:"save,omitempty"`
	DryRun bool            `json:"dryRun,omitempty" doc:"Saves nothing: tells what would become of the images, and keeps previews of some for a day"`
}

// SourceFields says which images.
type SourceFields struct {
	Folder     *FolderFields   `json:"folder,omitempty" doc:"Images of a folder"`
	Images     []ImageFields   `json:"images,omitempty" doc:"These images"`
	Properties *PropertyFields `json:"properties,omitempty" doc:"Images of which this is said"`
	Job        *JobFields      `json:"job,omitempty" doc:"Images of another bulk edit of the caller's that is over"`
	Since      string          `json:"since,omitempty" maxLength:"64" doc:"Id of an earlier bulk edit with the same recipe and way of saving: only images that are new or changed since"`
}

// FolderFields is a folder, and which files of it.
type FolderFields struct {
	Drive         string     `json:"driveId" minLength:"1" maxLength:"256"`
	Item          string     `json:"itemId" minLength:"1" maxLength:"256" doc:"root is the library's own folder"`
	Recursive     bool       `json:"recursive,omitempty" doc:"Folders within it as well"`
	Depth         int        `json:"depth,omitempty" minimum:"0" maximum:"100" doc:"How many levels of them; 0, the default, is all"`
	Names         []string   `json:"names,omitempty" maxItems:"20" doc:"Patterns of which the name fits one, such as *.jpg or IMG_????.*, in any case"`
	Types         []string   `json:"types,omitempty" enum:"jpeg,png,gif,webp,tiff,bmp" maxItems:"6" doc:"By the endings of the names"`
	ChangedSince  *time.Time `json:"changedSince,omitempty"`
	ChangedBefore *time.Time `json:"changedBefore,omitempty"`
	MinBytes      int64      `json:"minBytes,omitempty" minimum:"0"`
	MaxBytes      int64      `json:"maxBytes,omitempty" minimum:"0"`
}

// ImageFields names an image.
type ImageFields struct {
	Drive string `json:"driveId" minLength:"1" maxLength:"256"`
	Item  string `json:"itemId" minLength:"1" maxLength:"256"`
}

// PropertyFields selects images by what is said of them, as GET /properties does.
type PropertyFields struct {
	Drive        string     `json:"driveId,omitempty" maxLength:"256"`
	Folder       string     `json:"folderId,omitempty" maxLength:"256" doc:"Without those in it; with driveId"`
	Tag          string     `json:"tag,omitempty" maxLength:"64"`
	MissingAlt   bool       `json:"missingAltText,omitempty"`
	ChangedSince *time.Time `json:"changedSince,omitempty"`
	ChangedBy    string     `json:"changedBy,omitempty" maxLength:"64" doc:"Object id of a user, or me"`
}

// JobFields is images of a bulk edit.
type JobFields struct {
	ID     string   `json:"id" minLength:"1" maxLength:"64"`
	States []string `json:"states,omitempty" enum:"failed,conflict,skipped" maxItems:"3" doc:"failed unless it is said"`
}

// SaveFields says how results are saved.
type SaveFields struct {
	Target     string `json:"target,omitempty" enum:"newVersion,copy" doc:"A new version of each image (the default), or a copy beside it"`
	Name       string `json:"name,omitempty" doc:"Name of copies without the ending; {name} stands for the image's. {name} alone needs a folder. Default {name}-edited"`
	Folder     string `json:"folderId,omitempty" maxLength:"256" doc:"Folder for copies, in the library of each image; that of the image unless it is said"`
	OnConflict string `json:"onConflict,omitempty" enum:"fail,skip" doc:"If a copy's name is taken; fail unless it is said"`
	KeepDates  bool   `json:"keepDates,omitempty" doc:"The time of the last change stays as it is"`
	OnChanged  string `json:"onChanged,omitempty" enum:"fail,editAgain" doc:"If somebody changes an image before its turn comes; fail unless it is said"`
}

// request returns what was asked for; me is the caller's id.
func (f EditFields) request(me string) bulk.Request {
	r := bulk.Request{Recipe: f.Recipe, DryRun: f.DryRun, Save: bulk.Save{
		Target:     bulk.SaveTarget(f.Save.Target),
		Name:       f.Save.Name,
		Folder:     f.Save.Folder,
		OnConflict: bulk.OnConflict(f.Save.OnConflict),
		OnChanged:  bulk.OnChanged(f.Save.OnChanged),
		KeepDates:  f.Save.KeepDates,
	}}
	r.Source.Since = f.Source.Since
	if folder := f.Source.Folder; folder != nil {
		r.Source.Folder = &bulk.FolderSource{
			Drive:     folder.Drive,
			Item:      folder.Item,
			Recursive: folder.Recursive,
			FolderFilter: bulk.FolderFilter{
				Depth:         folder.Depth,
				Names:         folder.Names,
				Types:         folder.Types,
				ChangedSince:  timeOf(folder.ChangedSince),
				ChangedBefore: timeOf(folder.ChangedBefore),
				MinBytes:      folder.MinBytes,
				MaxBytes:      folder.MaxBytes,
			},
		}
	}
	for _, image := range f.Source.Images {
		r.Source.Images = append(r.Source.Images, bulk.ImageRef(image))
	}
	if p := f.Source.Properties; p != nil {
		r.Source.Properties = &bulk.PropertyFilter{
			Drive:        p.Drive,
			Folder:       p.Folder,
			Tag:          p.Tag,
			MissingAlt:   p.MissingAlt,
			ChangedSince: timeOf(p.ChangedSince),
			ChangedBy:    p.ChangedBy,
		}
		if p.ChangedBy == "me" {
			r.Source.Properties.ChangedBy = me
		}
	}
	if job := f.Source.Job; job != nil {
		r.Source.Job = &bulk.JobSource{Job: job.ID, States: statesOf(job.States)}
	}
	return r
}

// timeOf is the zero time for none, else in UTC and without what storage does not keep.
func timeOf(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.UTC().Truncate(time.Millisecond)
}

type jobOutput struct {
	Location string `header:"Location" doc:"Of the bulk edit, when it was accepted"`
	Body     jobBody
}

// jobBody is a bulk edit as it is sent.
type jobBody struct {
	ID         string        `json:"id"`
	Kind       string        `json:"kind" enum:"edit,dryRun,undo"`
	Of         string        `json:"of,omitempty" doc:"Bulk edit that it undoes, tries again or applies"`
	State      string        `json:"state" enum:"planning,running,paused,waitingForSignIn,done,failed,cancelled"`
	Problem    *itemReason   `json:"problem,omitempty" doc:"Why it failed as a whole, or why it waits"`
	CreatedAt  time.Time     `json:"createdAt"`
	FinishedAt *time.Time    `json:"finishedAt,omitempty"`
	Counts     countsBody    `json:"counts"`
	Progress   *progressBody `json:"progress,omitempty" doc:"While images are being edited, as soon as one is done"`
}

type progressBody struct {
	PerMinute float64   `json:"imagesPerMinute" doc:"Since it began, or went on after a rest"`
	End       time.Time `json:"estimatedEnd" doc:"At this rate"`
}

type countsBody struct {
	Planned     int   `json:"planned" doc:"Images and other files found so far"`
	Left        int   `json:"left,omitempty" doc:"Files that the source's filter left out"`
	Waiting     int   `json:"waiting"`
	Edited      int   `json:"edited"`
	Unchanged   int   `json:"unchanged" doc:"The recipe changes nothing in them"`
	Skipped     int   `json:"skipped" doc:"No images that can be edited, over a limit, or left since the copy's name is taken"`
	Conflict    int   `json:"conflict" doc:"Changed by somebody else meanwhile"`
	Failed      int   `json:"failed"`
	BytesBefore int64 `json:"bytesBefore" doc:"Of edited images"`
	BytesAfter  int64 `json:"bytesAfter" doc:"Of edited images"`
}

type itemReason struct {
	Kind   string `json:"kind"`
	Detail string `json:"detail"`
}

func (a *API) submitBulkEdit(ctx context.Context, in *submitInput) (*jobOutput, error) {
	who := callerOf(ctx)
	if _, err := a.visit(ctx); err != nil { // leaves the session that the work will use
		return nil, failed(ctx, err)
	}
	request := in.Body.request(who.User)
	request.Key = in.Key
	return a.submitted(ctx, func() (bulk.Job, error) { return a.options.Bulk.Submit(ctx, who, request) })
}

// submitted answers with a bulk edit that was started.
func (a *API) submitted(ctx context.Context, start func() (bulk.Job, error)) (*jobOutput, error) {
	job, err := start()
	if err != nil {
		return nil, failed(ctx, err)
	}
	out := a.jobAnswer(job)
	out.Location = Prefix + "/bulk-edits/" + job.Job
	return out, nil
}

func (a *API) bulkEdit(ctx context.Context, in *RecordID) (*jobOutput, error) {
	job, err := a.options.Bulk.Get(ctx, callerOf(ctx), in.ID)
	if err != nil {
		return nil, failed(ctx, err)
	}
	return a.jobAnswer(job), nil
}

func (a *API) jobAnswer(j bulk.Job) *jobOutput {
	return &jobOutput{Body: jobBodyOf(j, a.options.Now())}
}

func jobBodyOf(j bulk.Job, now time.Time) jobBody {
	c := j.Counts
	body := jobBody{
		ID:        j.Job,
		Kind:      string(j.Kind),
		Of:        j.Of,
		State:     string(j.State),
		CreatedAt: j.CreatedAt,
		Counts: countsBody{
			Planned:     j.Planned + j.Passed,
			Left:        j.Left,
			Waiting:     max(0, j.Planned-c.Total()),
			Edited:      c.Edited,
			Unchanged:   c.Unchanged,
			Skipped:     c.Skipped + j.Passed,
			Conflict:    c.Conflict,
			Failed:      c.Failed,
			BytesBefore: c.BytesBefore,
			BytesAfter:  c.BytesAfter,
		},
	}
	if !j.FinishedAt.IsZero() {
		body.FinishedAt = &j.FinishedAt
	}
	if j.Reason != "" {
		body.Problem = &itemReason{j.Reason, j.Message}
	}
	if p := j.Progress(now); p.PerMinute > 0 {
		body.Progress = &progressBody{PerMinute: math.Round(p.PerMinute*10) / 10, End: p.End.Truncate(time.Second)}
	}
	return body
}

type itemsInput struct {
	ID string `path:"id" maxLength:"64"`
	Page
}

type itemsOutput struct {
	Body struct {
		Items []itemBody `json:"items"`
		Next  string     `json:"next,omitempty" doc:"Cursor of the next page"`
	}
}

type itemBody struct {
	Drive      string       `json:"driveId"`
	Item       string       `json:"itemId"`
	Name       string       `json:"name"`
	State      string       `json:"state" enum:"waiting,edited,unchanged,skipped,conflict,failed"`
	Reason     *itemReason  `json:"reason,omitempty" doc:"Why it was not edited"`
	Before     *pictureBody `json:"before,omitempty"`
	After      *pictureBody `json:"after,omitempty"`
	Warnings   []string     `json:"warnings,omitempty"`
	Copy       string       `json:"copyName,omitempty" doc:"Name of the copy; in a dry run the one that it would have"`
	Result     string       `json:"resultItemId,omitempty" doc:"File with the result: the image itself or its copy"`
	FinishedAt *time.Time   `json:"finishedAt,omitempty"`
}

type pictureBody struct {
	Width  int    `json:"width"`
	Height int    `json:"height"`
	Bytes  int64  `json:"bytes"`
	Format string `json:"format"`
}

func (a *API) bulkEditItems(ctx context.Context, in *itemsInput) (*itemsOutput, error) {
	who := callerOf(ctx)
	cursor, err := a.openCursor(in.Cursor, who.Tenant, who.User, "bulk-edits", in.ID)
	if err != nil {
		return nil, failed(ctx, err)
	}
	items, next, err := a.options.Bulk.Items(ctx, who, in.ID, cursor, in.Limit)
	if err != nil {
		return nil, failed(ctx, err)
	}
	out := &itemsOutput{}
	out.Body.Items, out.Body.Next = []itemBody{}, a.sealCursor(next, who.Tenant, who.User, "bulk-edits", in.ID)
	for _, item := range items {
		out.Body.Items = append(out.Body.Items, itemAnswer(item))
	}
	return out, nil
}

func itemAnswer(i bulk.Item) itemBody {
	body := itemBody{
		Drive:    i.Drive,
		Item:     i.File,
		Name:     i.Name,
		State:    string(i.State),
		Warnings: i.Warnings,
		Before:   pictureAnswer(i.Before),
		After:    pictureAnswer(i.After),
	}
	if i.Reason != "" {
		body.Reason = &itemReason{i.Reason, i.Message}
	}
	if i.State == bulk.Edited && i.Intent != nil {
		body.Copy = i.Intent.Name
	}
	if i.Saved != nil {
		body.Result = i.Saved.File
	}
	if !i.FinishedAt.IsZero() {
		body.FinishedAt = &i.FinishedAt
	}
	return body
}

func pictureAnswer(p bulk.Picture) *pictureBody {
	if p == (bulk.Picture{}) {
		return nil
	}
	return &pictureBody{p.Width, p.Height, p.Bytes, p.Format}
}
