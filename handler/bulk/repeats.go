package bulk

import (
	"context"
	"hash/maphash"
)

// hashSet is a set of lists of texts, of which it holds hashes: 100,000 take a few megabytes.
type hashSet struct {
	seed maphash.Seed
	all  map[uint64]struct{}
}

func newHashSet() hashSet { return hashSet{maphash.MakeSeed(), map[uint64]struct{}{}} }

func (s hashSet) hash(parts []string) uint64 {
	var h maphash.Hash
	h.SetSeed(s.seed)
	for _, part := range parts {
		_, _ = h.WriteString(part)
		_ = h.WriteByte(0)
	}
	return h.Sum64()
}

func (s hashSet) add(parts ...string) { s.all[s.hash(parts)] = struct{}{} }

func (s hashSet) has(parts ...string) bool {
	_, ok := s.all[s.hash(parts)]
	return ok
}

// recordedFiles are the files that a job has a record of. SharePoint lists a file twice that is renamed, or moved to a
// folder still to come, while its pages are read.
type recordedFiles struct{ hashSet }

// recorded reads which files the job has a record of already.
func (p *Planner) recorded(ctx context.Context, job Job) (*recordedFiles, error) {
	r := &recordedFiles{newHashSet()}
	if job.Planned+job.Passed == 0 {
		return r, nil
	}
	for cursor := ""; ; {
		items, next, err := p.items.ItemsOf(ctx, job.Ref, cursor, itemPage)
		if err != nil {
			return nil, err
		}
		for _, item := range items {
			r.add(item.Drive, item.File)
		}
		if next == "" {
			return r, nil
		}
		cursor = next
	}
}

// leaveOut takes the files out of a portion that have a record, and numbers the rest anew. The portion is recorded only
// on the version of the job that was read, so that no other planner records one of them meanwhile.
func (r *recordedFiles) leaveOut(job Job, portion *Portion) {
	fresh := func(items []Item, first int) []Item {
		kept := items[:0]
		for _, item := range items {
			if r.has(item.Drive, item.File) {
				continue
			}
			r.add(item.Drive, item.File)
			item.N = first + len(kept)
			kept = append(kept, item)
		}
		return kept
	}
	portion.Items = fresh(portion.Items, job.Planned)
	portion.Passed = fresh(portion.Passed, job.Passed)
}
