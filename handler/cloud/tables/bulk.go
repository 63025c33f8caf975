package tables

import (
	"context"
	"fmt"
	"slices"

	"imagepro/handler/bulk"
	"imagepro/handler/fault"
)

// Table              PartitionKey  RowKey        one record for
// ImageProBulkEdits  <tid>_<job>   0             the job
//                                  1_<share>     each share of its counts (bulk.Shares)
//                                  2_<folder>    each folder still to be listed, after the first
//                                  3_<number>    each image to edit
//                                  4_<number>    each file that the planner passed
//
// All of a job lies in one partition, so that an image's result and its share of the counts, or a page of a
// folder and the job's place in it, change in one entity-group transaction. Numbers have eight digits.
//
// Queries: the job with its counts (RowKey lt '2'), an image by its number, images in their order.

var (
	_ bulk.Jobs  = (*Store)(nil)
	_ bulk.Items = (*Store)(nil)
)

const jobKey = "0"

func shareKey(share int) string      { return fmt.Sprintf("1_%02d", share) }
func folderKey(n int) string         { return fmt.Sprintf("2_%08d", n) }
func itemKey(n int) string           { return fmt.Sprintf("3_%08d", n) }
func passedKey(n int) string         { return fmt.Sprintf("4_%08d", n) }
func jobPartition(r bulk.Ref) string { return r.Tenant + "_" + r.Job }

type jobRow struct {
	keys
	User            string
	Kind            string
	Of              string
	State           string
	Reason          string
	Message         string
	CreatedAt       string
	FinishedAt      string
	RunningAt       string
	RunningFrom     int
	Folders         int
	Folder          int
	Cursor          string
	End             bool
	Planned, Passed int
	Left            int
	Sent            int
}

func rowOfJob(j bulk.Job) jobRow {
	return jobRow{
		keys:        keys{PartitionKey: jobPartition(j.Ref), RowKey: jobKey},
		User:        j.User,
		Kind:        string(j.Kind),
		Of:          j.Of,
		State:       string(j.State),
		Reason:      j.Reason,
		Message:     j.Message,
		CreatedAt:   formatTime(j.CreatedAt),
		FinishedAt:  formatTime(j.FinishedAt),
		RunningAt:   formatTime(j.RunningAt),
		RunningFrom: j.RunningFrom,
		Folders:     j.Place.Folders,
		Folder:      j.Place.Folder,
		Cursor:      j.Place.Cursor,
		End:         j.Place.End,
		Planned:     j.Planned,
		Passed:      j.Passed,
		Left:        j.Left,
		Sent:        j.Sent,
	}
}

func (r jobRow) job(ref bulk.Ref) bulk.Job {
	return bulk.Job{
		Ref:         ref,
		User:        r.User,
		Kind:        bulk.Kind(r.Kind),
		Of:          r.Of,
		State:       bulk.JobState(r.State),
		Reason:      r.Reason,
		Message:     r.Message,
		CreatedAt:   parseTime(r.CreatedAt),
		FinishedAt:  parseTime(r.FinishedAt),
		RunningAt:   parseTime(r.RunningAt),
		RunningFrom: r.RunningFrom,
		Place:       bulk.Place{Folders: r.Folders, Folder: r.Folder, Cursor: r.Cursor, End: r.End},
		Planned:     r.Planned,
		Passed:      r.Passed,
		Left:        r.Left,
		Sent:        r.Sent,
		Version:     r.ETag,
	}
}

// shareRow is a share of a job's counts. Bytes are text: a number over 2^31 would come back as another type.
type shareRow struct {
	keys
	Edited, Unchanged, Skipped, Conflict, Failed int
	BytesBefore                                  int64 `json:",string"`
	BytesAfter                                   int64 `json:",string"`
}

func rowOfShare(ref bulk.Ref, share int, c bulk.Counts) shareRow {
	return shareRow{
		keys:        keys{PartitionKey: jobPartition(ref), RowKey: shareKey(share)},
		Edited:      c.Edited,
		Unchanged:   c.Unchanged,
		Skipped:     c.Skipped,
		Conflict:    c.Conflict,
		Failed:      c.Failed,
		BytesBefore: c.BytesBefore,
		BytesAfter:  c.BytesAfter,
	}
}

func (r shareRow) counts() bulk.Counts {
	return bulk.Counts{
		Edited:      r.Edited,
		Unchanged:   r.Unchanged,
		Skipped:     r.Skipped,
		Conflict:    r.Conflict,
		Failed:      r.Failed,
		BytesBefore: r.BytesBefore,
		BytesAfter:  r.BytesAfter,
	}
}

// CreateJob records a job with its shares, after its place in the index.
func (s *Store) CreateJob(ctx context.Context, j bulk.Job) error {
	if err := s.addToIndex(ctx, j); err != nil {
		return err
	}
	var t transaction
	t.create(rowOfJob(j))
	for share := range bulk.Shares {
		t.create(rowOfShare(j.Ref, share, bulk.Counts{}))
	}
	if err := s.submit(ctx, bulkTable, t); !fault.Is(err, fault.Conflict) {
		return err
	}
	return nil
}

// Job returns a job with its counts, in one request.
func (s *Store) Job(ctx context.Context, ref bulk.Ref) (bulk.Job, error) {
	if err := checkKeys(ref.Tenant, ref.Job); err != nil {
		return bulk.Job{}, err
	}
	var job bulk.Job
	var counts bulk.Counts
	err := s.list(ctx, bulkTable, query{filter: between(jobPartition(ref), "", "2")}, func(
		entity []byte,
	) (bool, error) {
		var key keys
		if err := decode(entity, &key); err != nil {
			return false, err
		}
		if key.RowKey == jobKey {
			var row jobRow
			err := decode(entity, &row)
			job = row.job(ref)
			return true, err
		}
		var row shareRow
		err := decode(entity, &row)
		counts = counts.Plus(row.counts())
		return true, err
	})
	if err != nil {
		return bulk.Job{}, err
	}
	if job.Version == "" {
		return bulk.Job{}, fault.New(fault.NotFound, "There is no such bulk edit.", nil)
	}
	job.Counts = counts
	return job, nil
}

// UpdateJob replaces the version of a job that was read.
func (s *Store) UpdateJob(ctx context.Context, j bulk.Job) (bulk.Job, error) {
	if err := checkKeys(j.Tenant, j.Job); err != nil {
		return j, err
	}
	etag, err := s.update(ctx, bulkTable, j.Version, rowOfJob(j))
	if err == nil {
		j.Version = etag
	}
	return j, err
}

// RecordPortion records a page and the job's next place in one transaction.
func (s *Store) RecordPortion(ctx context.Context, j bulk.Job, p bulk.Portion) (bulk.Job, error) {
	if err := checkKeys(j.Tenant, j.Job); err != nil {
		return j, err
	}
	if n := len(p.Items) + len(p.Passed) + len(p.Folders); n >= maxTransaction {
		return j, fault.New(fault.Internal, "A page has too many files.",
			fmt.Errorf("tables: %d records in a portion", n))
	}
	next := j
	next.Place = p.Next
	next.Planned += len(p.Items)
	next.Passed += len(p.Passed)
	next.Left += p.Left
	var t transaction
	t.update(j.Version, rowOfJob(next))
	for _, item := range slices.Concat(p.Items, p.Passed) {
		t.create(rowOfItem(item))
	}
	for i, folder := range p.Folders {
		t.create(rowOfFolder(j.Ref, p.Next.Folders-len(p.Folders)+i, folder))
	}
	if err := s.submit(ctx, bulkTable, t); err != nil {
		return j, err
	}
	return s.Job(ctx, j.Ref)
}

type folderRow struct {
	keys
	Drive, Item string
	Depth       int
}

func rowOfFolder(ref bulk.Ref, n int, folder bulk.FolderRef) folderRow {
	return folderRow{keys{PartitionKey: jobPartition(ref), RowKey: folderKey(n)}, folder.Drive, folder.Item,
		folder.Depth}
}

// PlannedFolder returns the folder with the number.
func (s *Store) PlannedFolder(ctx context.Context, ref bulk.Ref, n int) (bulk.FolderRef, error) {
	if err := checkKeys(ref.Tenant, ref.Job); err != nil {
		return bulk.FolderRef{}, err
	}
	var row folderRow
	_, err := s.get(ctx, bulkTable, jobPartition(ref), folderKey(n), &row)
	return bulk.FolderRef{ImageRef: bulk.ImageRef{Drive: row.Drive, Item: row.Item}, Depth: row.Depth}, err
}
