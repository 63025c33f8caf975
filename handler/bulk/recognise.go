package bulk

import (
	"cmp"
	"context"
	"log/slog"
	"slices"
	"strings"
	"time"

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

// found is where a content that an intent announced has been written.
type found struct {
	saved   Saved
	content Announced
}

// fulfilled returns the item with the result that its intent announced and a save left.
func fulfilled(i Item, f found) Item {
	intent := *i.Intent
	intent.Fingerprint, intent.Name, intent.Folder = f.content.Fingerprint, f.content.Name, f.content.Folder
	intent.After, intent.Warnings, intent.Earlier = f.content.After, f.content.Warnings, nil
	i.State, i.Saved, i.Intent = Edited, &f.saved, &intent
	i.Reason, i.Message = "", ""
	i.Before, i.After, i.Warnings = intent.Before, intent.After, intent.Warnings
	return i
}

// lastResult is what can still be said of an image that was tried too often: it may have been saved, and only
// the record of it failed. Its faults are those of savedAfterAll.
func (w *Worker) lastResult(ctx context.Context, job Job, item Item) (Item, error) {
	saved, seen, err := w.savedAfterAll(ctx, job, item)
	if err == nil && saved != nil {
		return fulfilled(item, *saved), nil
	}
	item.State, item.Reason = Broken, string(fault.Internal)
	item.Message = "The image could not be edited; it was tried several times."
	if !seen {
		item.Message += notSeen
	}
	return item, err
}

// savedAfterAll finds out whether what the item's intent announced was saved, by whichever try; seen is false if that
// cannot be found out any more. Busy if it cannot be found out now, or if another delivery may be saving it; a fault
// that needs the user if only with their session it can be found out.
func (w *Worker) savedAfterAll(ctx context.Context, job Job, item Item) (saved *found, seen bool, err error) {
	if item.Intent == nil {
		return nil, true, nil
	}
	s, err := w.lookEverywhere(ctx, job, item)
	switch {
	case fault.Is(err, fault.Busy), err != nil && fault.From(err).Kind.NeedsUser():
		return nil, true, err
	case err != nil:
		slog.WarnContext(ctx, "image is given up unseen", "tenant", item.Tenant, "job", item.Job, "item", item.N,
			"error", err)
		return nil, false, nil
	case s.found == nil && item.Intent.mayBeAtWork(w.now()):
		return nil, true, fault.New(fault.Busy, "Another delivery of the message may be saving the image.", nil)
	}
	return s.found, true, nil
}

// finishSaved gives an image of a job that rests or has ended its result, if it was saved before: it may have been at
// work when the job stopped, and what the report says must be true. An image that was not saved stays as it is: if its
// turn comes, a message is sent again.
func (w *Worker) finishSaved(ctx context.Context, job Job, m ItemMessage, item Item, began time.Time) error {
	if item.State != Waiting || item.Intent == nil {
		return nil
	}
	saved, seen, err := w.savedAfterAll(ctx, job, item)
	switch {
	case err != nil && fault.From(err).Kind.NeedsUser():
		return fault.New(fault.Busy, "Whether the image was saved can be found out when its user is back.", err)
	case err != nil || seen && saved == nil:
		return err
	case saved != nil:
		item = fulfilled(item, *saved)
	default:
		item.State, item.Reason, item.Message = Broken, string(fault.Internal),
			"The bulk edit stopped while the image was at work."+notSeen
	}
	return w.finish(ctx, job, m, item, began)
}

// longestRun is how long a delivery that announced its content may still be at work: longer than any
// functionTimeout that this program is used with.
const longestRun = 10 * time.Minute

// mayBeAtWork reports whether the delivery that announced the content may still be saving it.
func (i Intent) mayBeAtWork(now time.Time) bool { return now.Sub(i.At) < longestRun }

// sight is what a look at an image's file has seen.
type sight struct {
	file  File   // as it is now
	found *found // what an intent announced, if it is there
	taken bool   // of a copy: a file that is not ours has its name
	same  bool   // of a new version: what it was to replace is there, though perhaps under another tag
}

// look returns the image's file as it is now, and where the content that its intent announced was written, if there
// is an intent and it was. A copy goes to the folder that the image was planned in, even if somebody moves the image
// between two tries.
func (w *Worker) look(ctx context.Context, job Job, item Item) (sight, error) {
	file, err := w.library.File(ctx, job.who(), item.Drive, item.File)
	file.Parent = item.Parent
	s := sight{file: file}
	switch {
	case err != nil || item.Intent == nil:
		return s, err
	case item.Intent.Name != "":
		s.found, s.taken, err = w.recogniseCopy(ctx, job, item)
	default:
		s.found, s.same, err = w.recognise(ctx, job, item, file)
	}
	return s, err
}

// lookEverywhere looks for a copy under other names, too.
func (w *Worker) lookEverywhere(ctx context.Context, job Job, item Item) (sight, error) {
	s, err := w.look(ctx, job, item)
	if err == nil && s.found == nil && item.Intent != nil && item.Intent.Name != "" {
		s.found, err = w.renamedCopy(ctx, job, item)
	}
	return s, err
}

// versionSlack is how far SharePoint's clock may be behind ours.
const versionSlack = 5 * time.Minute

// recognise returns where a content that the item's intent announced has been written in place, or nil: it is the
// file's content now, or that of a version since the job's start that somebody has replaced. same says that the file
// has the content that was to be replaced.
func (w *Worker) recognise(ctx context.Context, job Job, item Item, now File) (written *found, same bool, err error) {
	if now.Tag == item.Tag {
		return nil, true, nil
	}
	announced := item.Intent.all()
	if f, err := w.holding(ctx, job, announced, now); f != nil || err != nil {
		return f, false, err
	}
	source := []Announced{{Fingerprint: item.Intent.Source, After: Picture{Bytes: item.Intent.Before.Bytes}}}
	if f, err := w.holding(ctx, job, source, now); f != nil || err != nil {
		return nil, f != nil, err
	}
	written, err = w.recogniseVersion(ctx, job, item, now, announced)
	return written, false, err
}

// recogniseVersion is recognise for a content that somebody has replaced.
func (w *Worker) recogniseVersion(
	ctx context.Context, job Job, item Item, now File, announced []Announced,
) (*found, error) {
	versions, err := w.library.Versions(ctx, job.who(), now)
	if err != nil {
		return nil, err
	}
	for _, version := range versions[min(1, len(versions)):] { // the first is the content now
		ours := slices.ContainsFunc(announced, func(a Announced) bool { return a.After.Bytes == version.Size })
		if !ours && version.Size != item.Intent.Before.Bytes ||
			version.Modified.Before(job.CreatedAt.Add(-versionSlack)) {
			continue
		}
		content, err := w.library.ReadVersion(ctx, job.who(), now, version.ID, version.Size)
		if err != nil {
			return nil, err
		}
		fingerprint := w.library.Fingerprint(content)
		if n := indexOf(announced, fingerprint); n >= 0 {
			return &found{Saved{File: now.Item}, announced[n]}, nil
		}
		// what was to be replaced: what is older is not ours though it may be the same
		if fingerprint == item.Intent.Source {
			return nil, nil
		}
	}
	return nil, nil
}

func indexOf(announced []Announced, fingerprint string) int {
	return slices.IndexFunc(announced, func(a Announced) bool { return a.Fingerprint == fingerprint })
}

// recogniseCopy returns the copy that the item's intent announced, or nil; taken says that another file has its name.
func (w *Worker) recogniseCopy(ctx context.Context, job Job, item Item) (copied *found, taken bool, err error) {
	for n, a := range item.Intent.all() {
		folder := File{Drive: item.Drive, Parent: cmp.Or(a.Folder, item.Parent)}
		beside, err := w.library.Beside(ctx, job.who(), folder, a.Name)
		if fault.Is(err, fault.NotFound) {
			continue
		}
		if err != nil {
			return nil, false, err
		}
		if f, err := w.holding(ctx, job, []Announced{a}, beside); f != nil || err != nil {
			return f, false, err
		}
		if f, err := w.recogniseVersion(ctx, job, item, beside, []Announced{a}); f != nil || err != nil {
			return f, false, err // somebody has saved over the copy since
		}
		taken = taken || n == 0
	}
	return nil, taken, nil
}

// maxRenamedPages is how many pages of a folder are searched for a copy that has another name by now.
const maxRenamedPages = 60

// renamedCopy returns the copy that an earlier try made, if a person has given it another name before its result was
// recorded: a file of its folder with its content, changed since, that no other image of the job accounts for.
func (w *Worker) renamedCopy(ctx context.Context, job Job, item Item) (*found, error) {
	announced := item.Intent.all()
	folder := cmp.Or(item.Intent.Folder, item.Parent)
	var candidates []File
	cursor := ""
	for range maxRenamedPages {
		page, err := w.library.Children(ctx, job.who(), item.Drive, folder, cursor)
		if err != nil {
			return nil, err
		}
		for _, f := range page.Files {
			if !f.Folder && f.Item != item.File && indexOf(announced, f.Fingerprint) >= 0 &&
				!f.Modified.Before(item.Intent.At.Add(-versionSlack)) {
				candidates = append(candidates, f)
			}
		}
		if cursor = page.Next; cursor == "" {
			break
		}
	}
	for cursor = ""; len(candidates) > 0; {
		others, next, err := w.items.ItemsOf(ctx, job.Ref, cursor, itemPage)
		if err != nil {
			return nil, err
		}
		for _, other := range others {
			if other.N != item.N || other.Passed {
				candidates = slices.DeleteFunc(candidates, other.accountsFor)
			}
		}
		if cursor = next; cursor == "" {
			break
		}
	}
	if len(candidates) == 0 {
		return nil, nil
	}
	f := candidates[0]
	return &found{Saved{File: f.Item, Tag: f.Tag}, announced[indexOf(announced, f.Fingerprint)]}, nil
}

// accountsFor reports whether a file is the image, or the copy of it that was made or announced.
func (i Item) accountsFor(f File) bool {
	if i.File == f.Item || i.Saved != nil && i.Saved.File == f.Item {
		return true
	}
	return i.Intent != nil && slices.ContainsFunc(i.Intent.all(), func(a Announced) bool {
		return strings.EqualFold(a.Name, f.Name)
	})
}

// holding returns the file if its content is one of those that were announced, else nil. SharePoint works fingerprints
// out a little later at times, so one that differs is no proof: then the content itself is read.
func (w *Worker) holding(ctx context.Context, job Job, announced []Announced, f File) (*found, error) {
	if !slices.ContainsFunc(announced, func(a Announced) bool { return a.After.Bytes == f.Size }) {
		return nil, nil
	}
	n := indexOf(announced, f.Fingerprint)
	if n < 0 {
		f.Fingerprint = "" // not to be compared with by Read
		content, err := w.library.Read(ctx, job.who(), f, f.Size)
		if err != nil {
			return nil, err
		}
		n = indexOf(announced, w.library.Fingerprint(content))
	}
	if n < 0 {
		return nil, nil
	}
	return &found{Saved{File: f.Item, Tag: f.Tag}, announced[n]}, nil
}
