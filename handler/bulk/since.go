package bulk

import (
	"bytes"
	"context"

	"imagepro/handler/fault"
	"imagepro/handler/recipe"
)

// seen is what an earlier job of the same sort has left: the contents of files that need not be edited again, and the
// files that it made.
type seen struct{ contents, made hashSet }

// add notes what became of an image. One without a result may be saved nevertheless: its job ended, or its process
// died, before the result was recorded.
func (s *seen) add(i Item) {
	if i.Intent != nil && (i.State == Waiting || i.State == Broken) {
		for _, a := range i.Intent.all() {
			if a.Name == "" {
				s.addContent(i, "", a.Fingerprint)
			} else {
				s.made.add(i.Drive, "hash", a.Fingerprint)
			}
		}
	}
	edited := i.State == Edited && i.Saved != nil // a dry run saves nothing
	processed := edited || i.State == Unchanged || i.State == Skipped &&
		(!i.Passed || i.Reason == string(fault.Processed))
	switch {
	case !processed:
	case edited && i.Intent != nil && i.Intent.Name == "":
		s.addContent(i, i.Saved.Tag, i.Intent.Fingerprint)
		s.addContent(i, i.Tag, "") // what was replaced: a list that still says so is older than the edit
	default: // it was left as it was: for a copy, or because nothing was to be done
		s.addContent(i, i.Tag, i.Hash)
		if i.Saved != nil && i.Saved.File != i.File {
			s.made.add(i.Drive, i.Saved.File)
		}
	}
}

// addContent notes a content of an image, by its tag and by its fingerprint: SharePoint moves tags now and then though
// the content stays. Either may not be known.
func (s *seen) addContent(i Item, tag, fingerprint string) {
	if tag != "" {
		s.contents.add(i.Drive, i.File, "tag", tag)
	}
	if fingerprint != "" {
		s.contents.add(i.Drive, i.File, "hash", fingerprint)
	}
}

// why returns the reason for which a file is passed, or nil.
func (s *seen) why(f File) *fault.Fault {
	if s == nil {
		return nil
	}
	if s.contents.has(f.Drive, f.Item, "tag", f.Tag) || f.Fingerprint != "" &&
		s.contents.has(f.Drive, f.Item, "hash", f.Fingerprint) {
		return fault.New(fault.Processed, "It is as the bulk edit before has left it.", nil)
	}
	if s.made.has(f.Drive, f.Item) || f.Fingerprint != "" && s.made.has(f.Drive, "hash", f.Fingerprint) {
		return fault.New(fault.Processed, "The bulk edit before has made it.", nil)
	}
	return nil
}

// since reads what the job that the source names has left; nil if it names none, if that one is gone, or if it did
// something else. Busy while an image of that job may be being saved.
func (p *Planner) since(ctx context.Context, job Job, source Source) (*seen, error) {
	if source.Since == "" {
		return nil, nil
	}
	earlier, err := p.jobs.Job(ctx, Ref{Tenant: job.Tenant, Job: source.Since})
	if fault.Is(err, fault.NotFound) || err == nil && earlier.User != job.User {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	same, err := p.sameWork(ctx, job, earlier)
	if err != nil || !same {
		return nil, err
	}
	s := &seen{newHashSet(), newHashSet()}
	for cursor := ""; ; {
		items, next, err := p.items.ItemsOf(ctx, earlier.Ref, cursor, itemPage)
		if err != nil {
			return nil, err
		}
		for _, item := range items {
			if err := p.waitForSave(item); err != nil {
				return nil, err
			}
			s.add(item)
		}
		if next == "" {
			return s, nil
		}
		cursor = next
	}
}

// sameWork reports whether two jobs do the same to an image, or would.
func (p *Planner) sameWork(ctx context.Context, a, b Job) (bool, error) {
	one, err := p.specs.Spec(ctx, a)
	if err != nil {
		return false, err
	}
	other, err := p.specs.Spec(ctx, b)
	if fault.Is(err, fault.NotFound) {
		return false, nil
	}
	if err != nil || a.Kind == Undo || b.Kind == Undo || one.Save != other.Save {
		return false, err
	}
	first, err := recipe.Parse(one.Recipe)
	if err != nil {
		return false, err
	}
	second, err := recipe.Parse(other.Recipe)
	return err == nil && bytes.Equal(first.Canonical(), second.Canonical()), err
}
