package bulk

import (
	"cmp"
	"context"
	"log/slog"
	"time"

	"imagepro/handler/caller"
	"imagepro/handler/fault"
)

// unseen wraps why a file that may hold our content could not be looked at. The look is put back for some
// minutes; then the result has to say that it is not known.
type unseen struct{ cause error }

func (u *unseen) Error() string { return "unseen: " + u.cause.Error() }
func (u *unseen) Unwrap() error { return u.cause }

const (
	unseenWaits = 8 // about eight minutes
	notSeen     = " Whether the image was saved before that could not be found out."
)

// lastResult is what can still be said of an image that was tried too often: it may have been saved, and only
// the record of it failed. Busy if that cannot be found out now, or if another delivery may be saving it;
// a fault that needs the user if only with their session it can be found out.
func (w *Worker) lastResult(ctx context.Context, job Job, item Item) (Item, error) {
	item.State, item.Reason = Broken, string(fault.Internal)
	item.Message = "The image could not be edited; it was tried several times."
	if item.Intent == nil {
		return item, nil
	}
	_, saved, err := w.look(ctx, job, item)
	switch {
	case fault.Is(err, fault.Busy), err != nil && fault.From(err).Kind.NeedsUser():
		return item, err
	case err != nil:
		slog.WarnContext(ctx, "image is given up unseen", "tenant", item.Tenant, "job", item.Job, "item", item.N, "error", err)
		item.Message += notSeen
	case saved != nil:
		item.Reason, item.Message = "", ""
		return fulfilled(item, *saved), nil
	case w.now().Sub(item.Intent.At) < longestRun:
		return item, fault.New(fault.Busy, "Another delivery of the message may be saving the image.", nil)
	}
	return item, nil
}

// longestRun is how long a delivery that announced its content may still be at work: longer than any
// functionTimeout that this program is used with.
const longestRun = 10 * time.Minute

// look returns the image's file as it is now, and where the content that its intent announced was written, if there
// is an intent and it was. A copy goes to the folder that the image was planned in, even if somebody moves the image
// between two tries.
func (w *Worker) look(ctx context.Context, job Job, item Item) (File, *Saved, error) {
	file, err := w.library.File(ctx, job.who(), item.Drive, item.File)
	file.Parent = item.Parent
	if err != nil || item.Intent == nil {
		return file, nil, err
	}
	saved, err := w.recognise(ctx, job, item, file)
	return file, saved, err
}

// versionSlack is how far SharePoint's clock may be behind ours.
const versionSlack = 5 * time.Minute

// recognise returns where the content that the item's intent announced has been written, or nil: it is the file's
// content now, or that of a version since the job's start that somebody has replaced.
func (w *Worker) recognise(ctx context.Context, job Job, item Item, now File) (*Saved, error) {
	who := job.who()
	if item.Intent.Name != "" {
		now.Parent = cmp.Or(item.Intent.Folder, now.Parent)
		beside, err := w.library.Beside(ctx, who, now, item.Intent.Name)
		if fault.Is(err, fault.NotFound) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		return w.holding(ctx, who, item, beside)
	}
	if now.Tag == item.Tag {
		return nil, nil
	}
	if saved, err := w.holding(ctx, who, item, now); saved != nil || err != nil {
		return saved, err
	}
	versions, err := w.library.Versions(ctx, who, now)
	if err != nil {
		return nil, err
	}
	for _, version := range versions[min(1, len(versions)):] { // the first is the content now
		replaced := version.Size == item.Intent.Before.Bytes
		if version.Size != item.Intent.After.Bytes && !replaced || version.Modified.Before(job.CreatedAt.Add(-versionSlack)) {
			continue
		}
		content, err := w.library.ReadVersion(ctx, who, now, version.ID, version.Size)
		if err != nil {
			return nil, err
		}
		switch w.library.Fingerprint(content) {
		case item.Intent.Fingerprint:
			return &Saved{File: now.Item}, nil
		case item.Intent.Source: // what was to be replaced: what is older is not ours though it may be the same
			return nil, nil
		}
	}
	return nil, nil
}

// holding returns the file if its content is the announced one, else nil. SharePoint works fingerprints out a little
// later at times, so one that differs is no proof: then the content itself is read.
func (w *Worker) holding(ctx context.Context, who caller.Caller, item Item, f File) (*Saved, error) {
	if f.Size != item.Intent.After.Bytes {
		return nil, nil
	}
	saved := &Saved{File: f.Item, Tag: f.Tag}
	if f.Fingerprint == item.Intent.Fingerprint {
		return saved, nil
	}
	f.Fingerprint = "" // not to be compared with by Read
	content, err := w.library.Read(ctx, who, f, f.Size)
	if err != nil || w.library.Fingerprint(content) != item.Intent.Fingerprint {
		return nil, err
	}
	return saved, nil
}
