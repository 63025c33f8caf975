package bulk

import (
	"bytes"
	"context"
	"hash/maphash"

	"imagepro/handler/fault"
	"imagepro/handler/recipe"
)

// seen is what an earlier job of the same sort has left: the contents of files that need not be edited again, and the
// files that it made. It holds hashes, so that 100,000 images take a few megabytes.
type seen struct {
	seed     maphash.Seed
	contents map[uint64]struct{}
	made     map[uint64]struct{}
}

func (s *seen) hash(parts ...string) uint64 {
	var h maphash.Hash
	h.SetSeed(s.seed)
	for _, part := range parts {
		_, _ = h.WriteString(part)
		_ = h.WriteByte(0)
	}
	return h.Sum64()
}

// add notes what became of an image.
func (s *seen) add(i Item) {
	edited := i.State == Edited && i.Saved != nil // a dry run saves nothing
	processed := edited || i.State == Unchanged || i.State == Skipped && (!i.Passed || i.Reason == string(fault.Processed))
	switch {
	case !processed:
	case edited && i.Intent != nil && i.Intent.Name == "":
		if i.Saved.Tag != "" {
			s.contents[s.hash(i.Drive, i.File, i.Saved.Tag)] = struct{}{}
		}
	default: // it was left as it was: for a copy, or because nothing was to be done
		s.contents[s.hash(i.Drive, i.File, i.Tag)] = struct{}{}
		if i.Saved != nil && i.Saved.File != i.File {
			s.made[s.hash(i.Drive, i.Saved.File)] = struct{}{}
		}
	}
}

// why returns the reason for which a file is passed, or nil.
func (s *seen) why(f File) *fault.Fault {
	if s == nil {
		return nil
	}
	if _, ok := s.contents[s.hash(f.Drive, f.Item, f.Tag)]; ok {
		return fault.New(fault.Processed, "It is as the bulk edit before has left it.", nil)
	}
	if _, ok := s.made[s.hash(f.Drive, f.Item)]; ok {
		return fault.New(fault.Processed, "The bulk edit before has made it.", nil)
	}
	return nil
}

// since reads what the job that the source names has left; nil if it names none, if that one is gone, or if it did
// something else.
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
	s := &seen{maphash.MakeSeed(), map[uint64]struct{}{}, map[uint64]struct{}{}}
	for cursor := ""; ; {
		items, next, err := p.items.ItemsOf(ctx, earlier.Ref, cursor, itemPage)
		if err != nil {
			return nil, err
		}
		for _, item := range items {
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
