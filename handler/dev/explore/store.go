package explore

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"imagepro/handler/bulk"
	"imagepro/handler/fault"
)

// store keeps records in memory with the promises of Table Storage: single records with versions, transactions within a
// job, and no more. It keeps JSON, so that nobody shares what is stored.
type store struct {
	s       *scheduler
	version int
	rows    map[string]row
}

type row struct {
	version string
	content []byte
}

func newStore(s *scheduler) *store { return &store{s: s, rows: map[string]row{}} }

func notFound() error { return fault.New(fault.NotFound, "There is no such record.", nil) }
func conflict() error {
	return fault.New(fault.Conflict, "The record is another by now.", nil)
}

func (st *store) write(key string, value any) string {
	content, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	st.version++
	version := strconv.Itoa(st.version)
	st.rows[key] = row{version, content}
	return version
}

func read[T any](st *store, key string) (value T, version string, ok bool) {
	found, ok := st.rows[key]
	if ok {
		if err := json.Unmarshal(found.content, &value); err != nil {
			panic(err)
		}
	}
	return value, found.version, ok
}

// keys returns the keys with a prefix, sorted.
func (st *store) keys(prefix string) []string {
	var all []string
	for key := range st.rows {
		if strings.HasPrefix(key, prefix) {
			all = append(all, key)
		}
	}
	slices.Sort(all)
	return all
}

func jobKey(ref bulk.Ref) string           { return "job/" + ref.Job }
func shareKey(ref bulk.Ref, n int) string  { return fmt.Sprintf("share/%s/%d", ref.Job, n) }
func folderKey(ref bulk.Ref, n int) string { return fmt.Sprintf("folder/%s/%08d", ref.Job, n) }
func itemKey(ref bulk.Ref, n int) string   { return fmt.Sprintf("item/%s/3_%08d", ref.Job, n) }
func passedKey(ref bulk.Ref, n int) string { return fmt.Sprintf("item/%s/4_%08d", ref.Job, n) }
func openKey(job string) string            { return "open/" + job }
func indexKey(job string) string           { return "index/" + job }
func keyOf(i bulk.Item) string {
	if i.Passed {
		return passedKey(i.Ref, i.N)
	}
	return itemKey(i.Ref, i.N)
}

// change is a call that changes records: the client's own repeat of a change that was made meets its own version.
func change[T any](ctx context.Context, st *store, what string, apply func() (T, error)) (T, error) {
	turn := st.s.step(ctx, what, lost, refused, repeated)
	var none T
	if turn == refused {
		return none, away()
	}
	value, err := apply()
	if turn == repeated && err == nil {
		err = conflict()
	}
	if err := st.s.after(ctx, turn, err); err != nil {
		return none, err
	}
	return value, nil
}

// CreateJob records a job after its place in the index.
func (st *store) CreateJob(ctx context.Context, j bulk.Job) error {
	_, err := do(ctx, st.s, "index job "+j.Job, func() (string, error) {
		if _, _, there := read[bulk.Job](st, indexKey(j.Job)); there {
			if _, _, recorded := read[bulk.Job](st, jobKey(j.Ref)); recorded {
				return "", nil
			}
		}
		st.write(indexKey(j.Job), j)
		return st.write(openKey(j.Job), bulk.OpenJob{Job: bulk.Job{Ref: j.Ref, User: j.User, CreatedAt: j.CreatedAt}}),
			nil
	})
	if err != nil {
		return err
	}
	_, err = do(ctx, st.s, "create job "+j.Job, func() (string, error) {
		if _, _, there := read[bulk.Job](st, jobKey(j.Ref)); there {
			return "", nil
		}
		for n := range bulk.Shares {
			st.write(shareKey(j.Ref, n), bulk.Counts{})
		}
		return st.write(jobKey(j.Ref), j), nil
	})
	return err
}

func (st *store) job(ref bulk.Ref) (bulk.Job, error) {
	job, version, ok := read[bulk.Job](st, jobKey(ref))
	if !ok {
		return job, notFound()
	}
	job.Version, job.Counts = version, bulk.Counts{}
	for n := range bulk.Shares {
		counts, _, _ := read[bulk.Counts](st, shareKey(ref, n))
		job.Counts = job.Counts.Plus(counts)
	}
	return job, nil
}

func (st *store) Job(ctx context.Context, ref bulk.Ref) (bulk.Job, error) {
	return ask(ctx, st.s, "read job "+ref.Job, func() (bulk.Job, error) { return st.job(ref) })
}

// update replaces the version of a record.
func (st *store) update(key, version string, value any) (string, error) {
	if now, ok := st.rows[key]; !ok || now.version != version {
		return "", conflict()
	}
	return st.write(key, value), nil
}

func (st *store) UpdateJob(ctx context.Context, j bulk.Job) (bulk.Job, error) {
	return change(ctx, st, fmt.Sprintf("update job %s: %s, %d sent", j.Job, j.State, j.Sent), func() (bulk.Job, error) {
		version, err := st.update(jobKey(j.Ref), j.Version, j)
		j.Version = version
		return j, err
	})
}

func (st *store) RecordPortion(ctx context.Context, j bulk.Job, p bulk.Portion) (bulk.Job, error) {
	_, err := change(ctx, st, fmt.Sprintf("record %d images of %s", len(p.Items), j.Job), func() (string, error) {
		next := j
		next.Place, next.Planned, next.Passed, next.Left = p.Next, j.Planned+len(p.Items), j.Passed+len(p.Passed),
			j.Left+p.Left
		all := slices.Concat(p.Items, p.Passed)
		if slices.ContainsFunc(all, func(i bulk.Item) bool { _, there := st.rows[keyOf(i)]; return there }) {
			return "", conflict()
		}
		if _, err := st.update(jobKey(j.Ref), j.Version, next); err != nil {
			return "", err
		}
		for _, item := range all {
			st.write(keyOf(item), item)
		}
		for i, folder := range p.Folders {
			st.write(folderKey(j.Ref, p.Next.Folders-len(p.Folders)+i), folder)
		}
		return "", nil
	})
	if err != nil {
		return j, err
	}
	return st.Job(ctx, j.Ref)
}

func (st *store) PlannedFolder(ctx context.Context, ref bulk.Ref, n int) (bulk.FolderRef, error) {
	return ask(ctx, st.s, "read folder", func() (bulk.FolderRef, error) {
		folder, _, ok := read[bulk.FolderRef](st, folderKey(ref, n))
		if !ok {
			return folder, notFound()
		}
		return folder, nil
	})
}

func (st *store) CloseJob(ctx context.Context, j bulk.Job) error {
	_, err := do(ctx, st.s, "close job "+j.Job, func() (string, error) {
		open, there := st.rows[openKey(j.Job)]
		if there && j.State == "" && open.version != j.Version {
			return "", conflict()
		}
		delete(st.rows, openKey(j.Job))
		return "", nil
	})
	return err
}

func (st *store) open(tenant string) []bulk.OpenJob {
	var all []bulk.OpenJob
	for _, key := range st.keys("open/") {
		open, version, _ := read[bulk.OpenJob](st, key)
		open.Version = version
		if open.Tenant == tenant {
			all = append(all, open)
		}
	}
	return all
}

func (st *store) JobsOf(ctx context.Context, tenant, user string) ([]bulk.Job, error) {
	return ask(ctx, st.s, "list jobs", func() ([]bulk.Job, error) {
		var all []bulk.Job
		for _, key := range st.keys("index/") {
			if job, _, _ := read[bulk.Job](st, key); job.Tenant == tenant && job.User == user {
				all = append(all, job)
			}
		}
		return all, nil
	})
}

func (st *store) EachOpen(ctx context.Context, yield func(bulk.OpenJob) bool) error {
	all, err := ask(ctx, st.s, "list open jobs", func() ([]bulk.OpenJob, error) { return st.open(tenant), nil })
	for _, open := range all {
		if !yield(open) {
			break
		}
	}
	return err
}

func (st *store) NoteOpen(ctx context.Context, j bulk.OpenJob) error {
	_, err := change(ctx, st, "note open job", func() (string, error) {
		return st.update(openKey(j.Ref.Job), j.Version, j)
	})
	return err
}

func (st *store) CountOpen(ctx context.Context, tenant, user string) (bulk.OpenCount, error) {
	return ask(ctx, st.s, "count open jobs", func() (bulk.OpenCount, error) {
		var count bulk.OpenCount
		for _, open := range st.open(tenant) {
			count.Tenant++
			if open.User == user {
				count.User++
			}
			if !open.Rests {
				count.AtWork++
			}
		}
		return count, nil
	})
}

func (st *store) OpenJobs(ctx context.Context, tenant, _ string) ([]bulk.Job, error) {
	return ask(ctx, st.s, "read open jobs", func() ([]bulk.Job, error) {
		var all []bulk.Job
		for _, open := range st.open(tenant) {
			job, err := st.job(open.Ref)
			if err != nil {
				job = open.Job
			}
			all = append(all, job)
		}
		return all, nil
	})
}

func (st *store) item(key string) (bulk.Item, error) {
	item, version, ok := read[bulk.Item](st, key)
	if !ok {
		return item, notFound()
	}
	item.Version = version
	return item, nil
}

func (st *store) Item(ctx context.Context, ref bulk.Ref, n int) (bulk.Item, error) {
	return ask(ctx, st.s, fmt.Sprintf("read image %d of %s", n, ref.Job), func() (bulk.Item, error) {
		return st.item(itemKey(ref, n))
	})
}

func (st *store) NoteTry(ctx context.Context, i bulk.Item) error {
	_, err := change(ctx, st, fmt.Sprintf("note try %d of image %d", i.Tries, i.N), func() (string, error) {
		return st.update(keyOf(i), i.Version, i)
	})
	return err
}

func (st *store) Intend(ctx context.Context, i bulk.Item) (bulk.Item, error) {
	what := "none"
	if i.Intent != nil {
		what = i.Intent.Fingerprint
	}
	return change(ctx, st, fmt.Sprintf("write intent of image %d of %s: %s", i.N, i.Job, what),
		func() (bulk.Item, error) {
			version, err := st.update(keyOf(i), i.Version, i)
			i.Version = version
			return i, err
		})
}

// FinishItem writes the result and the share that counts it in one transaction.
func (st *store) FinishItem(ctx context.Context, i bulk.Item) (int, error) {
	return change(ctx, st, fmt.Sprintf("finish image %d of %s: %s %s", i.N, i.Job, i.State, i.Reason),
		func() (int, error) {
			if _, err := st.update(keyOf(i), i.Version, i); err != nil {
				return 0, err
			}
			key := shareKey(i.Ref, i.N%bulk.Shares)
			counts, _, _ := read[bulk.Counts](st, key)
			counts.Add(i)
			st.write(key, counts)
			return counts.Total(), nil
		})
}

func (st *store) ItemsOf(ctx context.Context, ref bulk.Ref, cursor string, limit int) ([]bulk.Item, string, error) {
	type page struct {
		items []bulk.Item
		next  string
	}
	found, err := ask(ctx, st.s, "list images of "+ref.Job, func() (page, error) {
		var p page
		for _, key := range st.keys("item/" + ref.Job + "/") {
			if key <= cursor {
				continue
			}
			if len(p.items) == limit {
				p.next = keyOf(p.items[limit-1])
				break
			}
			item, err := st.item(key)
			if err != nil {
				return p, err
			}
			p.items = append(p.items, item)
		}
		return p, nil
	})
	return found.items, found.next, err
}

func (st *store) Unfinished(ctx context.Context, ref bulk.Ref, below int) ([]int, error) {
	return ask(ctx, st.s, "list unfinished images of "+ref.Job, func() ([]int, error) {
		var all []int
		for n := range below {
			if item, err := st.item(itemKey(ref, n)); err == nil && item.State == bulk.Waiting {
				all = append(all, n)
			}
		}
		return all, nil
	})
}

func (st *store) PutSpec(ctx context.Context, j bulk.Job, spec bulk.Spec) error {
	return st.putOnce(ctx, "spec/"+j.Job, spec)
}

func (st *store) PutSource(ctx context.Context, j bulk.Job, source bulk.Source) error {
	return st.putOnce(ctx, "source/"+j.Job, source)
}

func (st *store) putOnce(ctx context.Context, key string, value any) error {
	_, err := do(ctx, st.s, "put "+key, func() (string, error) {
		if _, there := st.rows[key]; there {
			return "", nil
		}
		return st.write(key, value), nil
	})
	return err
}

func (st *store) Spec(ctx context.Context, j bulk.Job) (bulk.Spec, error) {
	return ask(ctx, st.s, "read spec/"+j.Job, func() (bulk.Spec, error) {
		spec, _, ok := read[bulk.Spec](st, "spec/"+j.Job)
		if !ok {
			return spec, notFound()
		}
		return spec, nil
	})
}

func (st *store) Source(ctx context.Context, j bulk.Job) (bulk.Source, error) {
	return ask(ctx, st.s, "read source/"+j.Job, func() (bulk.Source, error) {
		source, _, ok := read[bulk.Source](st, "source/"+j.Job)
		if !ok {
			return source, notFound()
		}
		return source, nil
	})
}

// Find is for jobs that choose their images by what is said of them; there are none here.
func (st *store) Find(context.Context, string, bulk.PropertyFilter, string, int) ([]bulk.ImageRef, string, error) {
	return nil, "", notFound()
}

// Previews are not kept.
func (st *store) PutPreview(context.Context, bulk.Job, int, bulk.Side, []byte) error { return nil }
func (st *store) Preview(context.Context, bulk.Job, int, bulk.Side) ([]byte, error) {
	return nil, notFound()
}
func (st *store) DeletePreviews(context.Context, bulk.Job, int) error { return nil }
func (st *store) DropPreviews(context.Context, time.Time) error       { return nil }
