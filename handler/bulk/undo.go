package bulk

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"imagepro/handler/caller"
	"imagepro/handler/fault"
)

// Undoing is what an item of an undo gives back.
type Undoing struct {
	Old    string // fingerprint of the content before the edit
	Bytes  int64  // length of that
	Left   string // fingerprint of what the edit has written
	Unsure bool   // it is not known whether it has
	Over   bool   // it was written over somebody else's save; see File.Overwrote
}

// maxUndos is how often a job can be undone again, for the sake of images that failed.
const maxUndos = 100

// internalKey is the key of a job that no client can name: headers hold no such character.
func internalKey(text string) string { return "\x00" + text }

// Undo starts a job that gives every image of another the content that it had before, as a version of its own. Images
// that somebody has changed since are left, as conflicts. A repeat returns the same job; after one that has left images
// without a version before theirs it starts another, for those.
func (s *Service) Undo(ctx context.Context, who caller.Caller, id string) (Job, error) {
	job, err := s.Get(ctx, who, id)
	if err != nil {
		return Job{}, err
	}
	cannot := func(says string) (Job, error) { return Job{}, fault.New(fault.Conflict, says, nil) }
	switch {
	case job.Kind != Edit:
		return cannot("Only a bulk edit that saves can be undone.")
	case !job.Final():
		return cannot("The bulk edit goes on; cancel it before you undo it.")
	}
	spec, err := s.specs.Spec(ctx, job)
	switch {
	case err != nil:
		return Job{}, err
	case spec.Save.Target != NewVersion:
		return cannot("The bulk edit has made copies: its images are as they were, and its report names the copies.")
	}
	r := Request{
		Source: Source{Job: &JobSource{Job: id, States: []ItemState{Edited}}},
		Recipe: json.RawMessage(`{"version":1,"steps":[]}`),
		kind:   Undo,
		of:     &job,
		spec:   &Spec{},
	}
	for n := range maxUndos {
		r.Key = internalKey(fmt.Sprintf("undo %s %d", id, n))
		undo, err := s.Submit(ctx, who, r)
		if err != nil || !undo.Final() || undo.State == Done && undo.Counts.Failed == 0 {
			return undo, err
		}
	}
	return cannot("The bulk edit was undone too often.")
}

// undoPage records the next images of the job that is undone. It asks SharePoint nothing: the worker sees what has
// become of them.
func (p *Planner) undoPage(ctx context.Context, job Job, source *JobSource) (Portion, error) {
	items, next, err := p.items.ItemsOf(ctx, Ref{Tenant: job.Tenant, Job: source.Job}, job.Place.Cursor, undoPortion)
	if err != nil {
		return Portion{}, err
	}
	var portion Portion
	for _, item := range items {
		intent := item.Intent
		if item.Passed || intent == nil || item.State != Edited && item.State != Waiting && item.State != Broken {
			continue // nothing was written
		}
		if err := p.waitForSave(item); err != nil {
			return Portion{}, err
		}
		undone := Item{
			Ref:    job.Ref,
			N:      job.Planned + len(portion.Items),
			User:   job.User,
			Drive:  item.Drive,
			File:   item.File,
			Parent: item.Parent,
			Name:   item.Name,
			Size:   intent.After.Bytes,
			State:  Waiting,
			Undoing: &Undoing{
				Old:    intent.Source,
				Bytes:  intent.Before.Bytes,
				Left:   intent.Fingerprint,
				Unsure: item.State != Edited,
				Over:   slices.Contains(item.Warnings, OverwroteChange),
			},
		}
		if item.Saved != nil {
			undone.Tag = item.Saved.Tag
		}
		portion.Items = append(portion.Items, undone)
	}
	portion.Next = Place{Cursor: next, End: next == ""}
	return portion, nil
}

// waitForSave fails with Busy while an image of a job that has ended may still be being saved.
func (p *Planner) waitForSave(item Item) error {
	if item.State == Waiting && item.Intent != nil && item.Intent.mayBeAtWork(p.now()) {
		return fault.New(fault.Busy, "An image of the bulk edit may be being saved at this moment.", nil)
	}
	return nil
}

// undoPortion is how many images are recorded at once.
const undoPortion = 90

// old returns the content that the image had before the edit, and puts the intent into the item. It returns true, and
// the item's result, if there is nothing to save.
func (w *Worker) old(ctx context.Context, job Job, file File, item *Item) ([]byte, bool, error) {
	u := item.Undoing
	// the edit could not see its tag, or SharePoint has moved it
	if file.Fingerprint != "" && file.Fingerprint == u.Left {
		item.Tag = file.Tag
	}
	switch {
	case u.Over:
		return nil, false, fault.New(fault.Conflict,
			"Somebody saved the image at the same moment as the bulk edit. Their content is an earlier version.", nil)
	case file.Fingerprint == u.Old, file.Tag != item.Tag && u.Unsure:
		item.State = Unchanged
		return nil, true, nil
	case file.Tag != item.Tag:
		return nil, false, fault.New(fault.Conflict,
			"Somebody changed the image after the bulk edit. It was left as it is.", nil)
	}
	versions, err := w.library.Versions(ctx, job.who(), file)
	if err != nil {
		return nil, false, err
	}
	for _, version := range versions[min(1, len(versions)):] { // the first is the content now
		if version.Size != u.Bytes {
			continue
		}
		content, err := w.library.ReadVersion(ctx, job.who(), file, version.ID, u.Bytes)
		if err != nil {
			return nil, false, err
		}
		if w.library.Fingerprint(content) == u.Old {
			item.Intent = &Intent{
				At:          w.now().UTC(),
				Source:      u.Left,
				Fingerprint: u.Old,
				Before:      Picture{Bytes: file.Size},
				After:       Picture{Bytes: u.Bytes},
			}
			return content, false, nil
		}
	}
	return nil, false, fault.New(fault.NotFound,
		"SharePoint does not keep the version before the bulk edit any more. The image was left as it is.", nil)
}
