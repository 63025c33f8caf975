package tables

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/data/aztables"

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
	State           string
	Reason          string
	Message         string
	CreatedAt       string
	FinishedAt      string
	Folders         int
	Folder          int
	Cursor          string
	End             bool
	Planned, Passed int
	Sent, Target    int
}

func rowOfJob(j bulk.Job) jobRow {
	return jobRow{
		keys: keys{PartitionKey: jobPartition(j.Ref), RowKey: jobKey},
		User: j.User, State: string(j.State), Reason: j.Reason, Message: j.Message,
		CreatedAt: formatTime(j.CreatedAt), FinishedAt: formatTime(j.FinishedAt),
		Folders: j.Place.Folders, Folder: j.Place.Folder, Cursor: j.Place.Cursor, End: j.Place.End,
		Planned: j.Planned, Passed: j.Passed, Sent: j.Sent, Target: j.Target,
	}
}

func (r jobRow) job(ref bulk.Ref) bulk.Job {
	return bulk.Job{
		Ref: ref, User: r.User, State: bulk.JobState(r.State), Reason: r.Reason, Message: r.Message,
		CreatedAt: parseTime(r.CreatedAt), FinishedAt: parseTime(r.FinishedAt),
		Place:   bulk.Place{Folders: r.Folders, Folder: r.Folder, Cursor: r.Cursor, End: r.End},
		Planned: r.Planned, Passed: r.Passed, Sent: r.Sent, Target: r.Target, Version: r.ETag,
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
		keys:   keys{PartitionKey: jobPartition(ref), RowKey: shareKey(share)},
		Edited: c.Edited, Unchanged: c.Unchanged, Skipped: c.Skipped, Conflict: c.Conflict, Failed: c.Failed,
		BytesBefore: c.BytesBefore, BytesAfter: c.BytesAfter,
	}
}

func (r shareRow) counts() bulk.Counts {
	return bulk.Counts{
		Edited: r.Edited, Unchanged: r.Unchanged, Skipped: r.Skipped, Conflict: r.Conflict, Failed: r.Failed,
		BytesBefore: r.BytesBefore, BytesAfter: r.BytesAfter,
	}
}

// CreateJob records a job with its shares.
func (s *Store) CreateJob(ctx context.Context, j bulk.Job) error {
	if err := checkKeys(j.Tenant, j.Job); err != nil {
		return err
	}
	rows := []any{rowOfJob(j)}
	for share := range bulk.Shares {
		rows = append(rows, rowOfShare(j.Ref, share, bulk.Counts{}))
	}
	actions, err := adds(rows...)
	if err != nil {
		return err
	}
	if err := s.submit(ctx, bulkTable, actions); !fault.Is(err, fault.Conflict) {
		return err
	}
	return nil
}

func adds(rows ...any) ([]aztables.TransactionAction, error) {
	var actions []aztables.TransactionAction
	for _, row := range rows {
		action, err := add(row)
		if err != nil {
			return nil, err
		}
		actions = append(actions, action)
	}
	return actions, nil
}

// Job returns a job with its counts, in one request.
func (s *Store) Job(ctx context.Context, ref bulk.Ref) (bulk.Job, error) {
	if err := checkKeys(ref.Tenant, ref.Job); err != nil {
		return bulk.Job{}, err
	}
	var job bulk.Job
	var counts bulk.Counts
	err := s.list(ctx, bulkTable, query{filter: between(jobPartition(ref), jobKey, "2")}, func(entity []byte) (bool, error) {
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
	var err error
	j.Version, err = s.put(ctx, bulkTable, j.Version, rowOfJob(j))
	return j, err
}

// RecordPortion records a page and the job's next place in one transaction.
func (s *Store) RecordPortion(ctx context.Context, j bulk.Job, p bulk.Portion) (bulk.Job, error) {
	partition := jobPartition(j.Ref)
	var rows []any
	for _, item := range p.Items {
		rows = append(rows, rowOfItem(item))
	}
	for _, item := range p.Passed {
		rows = append(rows, rowOfItem(item))
	}
	for i, folder := range p.Folders {
		n := p.Next.Folders - len(p.Folders) + i
		rows = append(rows, folderRow{keys{PartitionKey: partition, RowKey: folderKey(n)}, folder.Drive, folder.Item})
	}
	actions, err := adds(rows...)
	if err != nil {
		return j, err
	}
	version := j.Version
	j.Place = p.Next
	j.Planned += len(p.Items)
	j.Passed += len(p.Passed)
	action, err := replace(version, rowOfJob(j))
	if err != nil {
		return j, err
	}
	if err := s.submit(ctx, bulkTable, append(actions, action)); err != nil {
		return j, err
	}
	return s.Job(ctx, j.Ref)
}

type folderRow struct {
	keys
	Drive, Item string
}

// PlannedFolder returns the folder with the number.
func (s *Store) PlannedFolder(ctx context.Context, ref bulk.Ref, n int) (bulk.ImageRef, error) {
	var row folderRow
	_, err := s.get(ctx, bulkTable, jobPartition(ref), folderKey(n), &row)
	return bulk.ImageRef{Drive: row.Drive, Item: row.Item}, err
}

// itemRow is an image. The parts that no query asks for are one JSON text.
type itemRow struct {
	keys
	State string
	Facts string
}

// itemFacts is the stored form of what an item holds beside its key and state.
type itemFacts struct {
	Drive      string       `json:"drive"`
	File       string       `json:"file"`
	Parent     string       `json:"parent,omitempty"`
	Name       string       `json:"name"`
	Tag        string       `json:"tag"`
	Size       int64        `json:"size"`
	Reason     string       `json:"reason,omitempty"`
	Message    string       `json:"message,omitempty"`
	Before     pictureFacts `json:"before,omitzero"`
	After      pictureFacts `json:"after,omitzero"`
	Warnings   []string     `json:"warnings,omitempty"`
	FinishedAt string       `json:"finishedAt,omitempty"`
	Intent     *intentFacts `json:"intent,omitempty"`
}

type pictureFacts struct {
	Width  int    `json:"width"`
	Height int    `json:"height"`
	Bytes  int64  `json:"bytes"`
	Format string `json:"format"`
}

type intentFacts struct {
	Fingerprint string       `json:"fingerprint"`
	Name        string       `json:"name,omitempty"`
	Before      pictureFacts `json:"before"`
	After       pictureFacts `json:"after"`
	Warnings    []string     `json:"warnings,omitempty"`
}

func rowOfItem(i bulk.Item) itemRow {
	key := itemKey(i.N)
	if i.Passed {
		key = passedKey(i.N)
	}
	facts := itemFacts{
		Drive: i.Drive, File: i.File, Parent: i.Parent, Name: i.Name, Tag: i.Tag, Size: i.Size, Reason: i.Reason, Message: i.Message,
		Before: pictureFacts(i.Before), After: pictureFacts(i.After), Warnings: i.Warnings, FinishedAt: formatTime(i.FinishedAt),
	}
	if i.Intent != nil {
		facts.Intent = &intentFacts{
			i.Intent.Fingerprint, i.Intent.Name, pictureFacts(i.Intent.Before), pictureFacts(i.Intent.After), i.Intent.Warnings,
		}
	}
	text, _ := json.Marshal(facts) // such structs always marshal
	return itemRow{keys: keys{PartitionKey: jobPartition(i.Ref), RowKey: key}, State: string(i.State), Facts: string(text)}
}

func (r itemRow) item(ref bulk.Ref, etag string) (bulk.Item, error) {
	var facts itemFacts
	if err := decode([]byte(r.Facts), &facts); err != nil {
		return bulk.Item{}, err
	}
	kind, number, _ := strings.Cut(r.RowKey, "_")
	n, err := strconv.Atoi(number)
	if err != nil {
		return bulk.Item{}, fault.New(fault.Internal, "A record cannot be read.", err)
	}
	item := bulk.Item{
		Ref: ref, N: n, Passed: kind == "4", Drive: facts.Drive, File: facts.File, Parent: facts.Parent, Name: facts.Name,
		Tag: facts.Tag, Size: facts.Size, State: bulk.ItemState(r.State), Reason: facts.Reason, Message: facts.Message,
		Before: bulk.Picture(facts.Before), After: bulk.Picture(facts.After), Warnings: facts.Warnings,
		FinishedAt: parseTime(facts.FinishedAt), Version: etag,
	}
	if i := facts.Intent; i != nil {
		item.Intent = &bulk.Intent{
			Fingerprint: i.Fingerprint, Name: i.Name, Before: bulk.Picture(i.Before), After: bulk.Picture(i.After), Warnings: i.Warnings,
		}
	}
	return item, nil
}

// Item returns an image to edit by its number.
func (s *Store) Item(ctx context.Context, ref bulk.Ref, n int) (bulk.Item, error) {
	if err := checkKeys(ref.Tenant, ref.Job); err != nil {
		return bulk.Item{}, err
	}
	var row itemRow
	etag, err := s.get(ctx, bulkTable, jobPartition(ref), itemKey(n), &row)
	if err != nil {
		return bulk.Item{}, err
	}
	return row.item(ref, etag)
}

// Intend records the item's intent.
func (s *Store) Intend(ctx context.Context, i bulk.Item) (bulk.Item, error) {
	var err error
	i.Version, err = s.put(ctx, bulkTable, i.Version, rowOfItem(i))
	return i, err
}

// FinishItem records the result and the share that counts it in one transaction. Workers of one share may
// meet; whoever loses reads the share again. Conflict means that the item itself was changed.
func (s *Store) FinishItem(ctx context.Context, i bulk.Item) (int, error) {
	itemAction, err := replace(i.Version, rowOfItem(i))
	if err != nil {
		return 0, err
	}
	share := i.N % bulk.Shares
	for {
		var row shareRow
		etag, err := s.get(ctx, bulkTable, jobPartition(i.Ref), shareKey(share), &row)
		if err != nil {
			return 0, err
		}
		counts := row.counts()
		counts.Add(i)
		shareAction, err := replace(etag, rowOfShare(i.Ref, share, counts))
		if err != nil {
			return 0, err
		}
		err = s.submit(ctx, bulkTable, []aztables.TransactionAction{itemAction, shareAction})
		if err == nil {
			return counts.Total(), nil
		}
		if !fault.Is(err, fault.Conflict) {
			return 0, err
		}
		now, readErr := s.Item(ctx, i.Ref, i.N)
		if readErr != nil {
			return 0, readErr
		}
		if now.Version != i.Version {
			return 0, err
		}
	}
}

// ItemsOf returns a page of a job's images. The cursor is the row key that the page before ended with.
func (s *Store) ItemsOf(ctx context.Context, ref bulk.Ref, cursor string, limit int) ([]bulk.Item, string, error) {
	if err := checkKeys(ref.Tenant, ref.Job); err != nil {
		return nil, "", err
	}
	from := "3"
	if cursor != "" {
		if !strings.HasPrefix(cursor, "3_") && !strings.HasPrefix(cursor, "4_") || checkKeys(cursor) != nil {
			return nil, "", fault.New(fault.Invalid, "This is no cursor that Image Pro gave.", nil).At("cursor")
		}
		from = cursor + "~"
	}
	var items []bulk.Item
	next := ""
	err := s.list(ctx, bulkTable, query{filter: between(jobPartition(ref), from, "5"), top: int32(limit + 1)}, func(entity []byte) (bool, error) {
		if len(items) == limit {
			last := items[limit-1]
			next = rowOfItem(last).RowKey
			return false, nil
		}
		var row itemRow
		if err := decode(entity, &row); err != nil {
			return false, err
		}
		item, err := row.item(ref, row.ETag)
		items = append(items, item)
		return true, err
	})
	return items, next, err
}
