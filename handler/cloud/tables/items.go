package tables

import (
	"context"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"imagepro/handler/bulk"
	"imagepro/handler/fault"
)

// The records of images, 3_<number> and 4_<number>; see bulk.go. Further query: images to edit that have no
// result.

// itemRow is an image. The parts that no query asks for are one JSON text.
type itemRow struct {
	keys
	State string
	Facts string
}

// itemFacts is the stored form of what an item holds beside its key and state.
type itemFacts struct {
	Number     int          `json:"number,omitempty"`
	User       string       `json:"user"`
	Drive      string       `json:"drive"`
	File       string       `json:"file"`
	Parent     string       `json:"parent,omitempty"`
	Name       string       `json:"name"`
	Tag        string       `json:"tag"`
	Hash       string       `json:"hash,omitempty"`
	Size       int64        `json:"size"`
	Reason     string       `json:"reason,omitempty"`
	Message    string       `json:"message,omitempty"`
	Before     pictureFacts `json:"before,omitzero"`
	After      pictureFacts `json:"after,omitzero"`
	Warnings   []string     `json:"warnings,omitempty"`
	FinishedAt string       `json:"finishedAt,omitempty"`
	Tries      int          `json:"tries,omitempty"`
	Intent     *intentFacts `json:"intent,omitempty"`
	Saved      *savedFacts  `json:"saved,omitempty"`
	Undoing    *undoFacts   `json:"undoing,omitempty"`
}

type pictureFacts struct {
	Width  int    `json:"width"`
	Height int    `json:"height"`
	Bytes  int64  `json:"bytes"`
	Format string `json:"format"`
}

type intentFacts struct {
	At          string       `json:"at"`
	Source      string       `json:"source"`
	Fingerprint string       `json:"fingerprint"`
	Name        string       `json:"name,omitempty"`
	Folder      string       `json:"folder,omitempty"`
	Before      pictureFacts `json:"before"`
	After       pictureFacts `json:"after"`
	Warnings    []string     `json:"warnings,omitempty"`

	Earlier []announcedFacts `json:"earlier,omitempty"`
}

type announcedFacts struct {
	Fingerprint string       `json:"fingerprint"`
	Name        string       `json:"name,omitempty"`
	Folder      string       `json:"folder,omitempty"`
	After       pictureFacts `json:"after"`
	Warnings    []string     `json:"warnings,omitempty"`
}

type savedFacts struct {
	File string `json:"file"`
	Tag  string `json:"tag,omitempty"`
}

type undoFacts struct {
	Old    string `json:"old"`
	Bytes  int64  `json:"bytes"`
	Left   string `json:"left"`
	Unsure bool   `json:"unsure,omitempty"`
	Over   bool   `json:"over,omitempty"`
}

func rowOfItem(i bulk.Item) itemRow {
	key := itemKey(i.N)
	if i.Passed {
		key = passedKey(i.N)
	}
	facts := itemFacts{
		Number:     i.Number,
		User:       i.User,
		Drive:      i.Drive,
		File:       i.File,
		Parent:     i.Parent,
		Name:       i.Name,
		Tag:        i.Tag,
		Hash:       i.Hash,
		Size:       i.Size,
		Reason:     i.Reason,
		Message:    i.Message,
		Before:     pictureFacts(i.Before),
		After:      pictureFacts(i.After),
		Warnings:   i.Warnings,
		FinishedAt: formatTime(i.FinishedAt),
		Tries:      i.Tries,
	}
	if i.Intent != nil {
		facts.Intent = &intentFacts{
			At:          formatTime(i.Intent.At),
			Source:      i.Intent.Source,
			Fingerprint: i.Intent.Fingerprint,
			Name:        i.Intent.Name,
			Folder:      i.Intent.Folder,
			Before:      pictureFacts(i.Intent.Before),
			After:       pictureFacts(i.Intent.After),
			Warnings:    i.Intent.Warnings,
		}
		for _, a := range i.Intent.Earlier {
			facts.Intent.Earlier = append(facts.Intent.Earlier,
				announcedFacts{a.Fingerprint, a.Name, a.Folder, pictureFacts(a.After), a.Warnings})
		}
	}
	facts.Saved, facts.Undoing = (*savedFacts)(i.Saved), (*undoFacts)(i.Undoing)
	text, _ := marshal(facts) // such structs always marshal
	return itemRow{keys: keys{PartitionKey: jobPartition(i.Ref), RowKey: key}, State: string(i.State),
		Facts: string(text)}
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
		Ref:        ref,
		N:          n,
		Number:     facts.Number,
		Passed:     kind == "4",
		User:       facts.User,
		Drive:      facts.Drive,
		File:       facts.File,
		Parent:     facts.Parent,
		Name:       facts.Name,
		Tag:        facts.Tag,
		Hash:       facts.Hash,
		Size:       facts.Size,
		State:      bulk.ItemState(r.State),
		Reason:     facts.Reason,
		Message:    facts.Message,
		Before:     bulk.Picture(facts.Before),
		After:      bulk.Picture(facts.After),
		Warnings:   facts.Warnings,
		FinishedAt: parseTime(facts.FinishedAt),
		Tries:      facts.Tries,
		Version:    etag,
	}
	if i := facts.Intent; i != nil {
		item.Intent = &bulk.Intent{
			At:          parseTime(i.At),
			Source:      i.Source,
			Fingerprint: i.Fingerprint,
			Name:        i.Name,
			Folder:      i.Folder,
			Before:      bulk.Picture(i.Before),
			After:       bulk.Picture(i.After),
			Warnings:    i.Warnings,
		}
		for _, a := range i.Earlier {
			item.Intent.Earlier = append(item.Intent.Earlier, bulk.Announced{
				Fingerprint: a.Fingerprint,
				Name:        a.Name,
				Folder:      a.Folder,
				After:       bulk.Picture(a.After),
				Warnings:    a.Warnings,
			})
		}
	}
	item.Saved, item.Undoing = (*bulk.Saved)(facts.Saved), (*bulk.Undoing)(facts.Undoing)
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

// NoteTry records how often the item was tried by itself.
func (s *Store) NoteTry(ctx context.Context, i bulk.Item) error {
	_, err := s.Intend(ctx, i)
	return err
}

// Intend records the item's intent, with all that it holds.
func (s *Store) Intend(ctx context.Context, i bulk.Item) (bulk.Item, error) {
	if err := checkKeys(i.Tenant, i.Job); err != nil {
		return i, err
	}
	etag, err := s.update(ctx, bulkTable, i.Version, rowOfItem(i))
	if err == nil {
		i.Version = etag
	}
	return i, err
}

// share is a share of a job's counts as this process left it, so that the next worker need not read it.
type share struct {
	sync.Mutex // held by whoever writes: those of one process do not meet in the table
	etag       string
	counts     bulk.Counts
}

// sharesKept is how many shares are remembered: those of 128 jobs.
const sharesKept = 128 * bulk.Shares

// shareOf returns the share that counts an image. Two that ask at the same time for one that is not remembered may get
// two: then they may meet.
func (s *Store) shareOf(i bulk.Item) *share {
	key := jobPartition(i.Ref) + shareKey(i.N%bulk.Shares)
	if known, ok := s.shares.Get(key); ok {
		return known
	}
	fresh := new(share)
	if known, ok, _ := s.shares.PeekOrAdd(key, fresh); ok {
		return known
	}
	return fresh
}

// FinishItem records the result and the share that counts it in one transaction. Workers of one share may
// meet; whoever loses reads the share again. Conflict means that the item itself was changed.
func (s *Store) FinishItem(ctx context.Context, i bulk.Item) (int, error) {
	if err := checkKeys(i.Tenant, i.Job); err != nil {
		return 0, err
	}
	share := s.shareOf(i)
	share.Lock()
	defer share.Unlock()
	for {
		done, err := s.tryFinish(ctx, i, share)
		if !fault.Is(err, fault.Conflict) {
			return done, err
		}
		now, readErr := s.Item(ctx, i.Ref, i.N)
		switch {
		case fault.Is(readErr, fault.NotFound):
			return 0, goneIsConflict(readErr)
		case readErr != nil:
			return 0, readErr
		case now.Version != i.Version:
			return 0, err
		}
	}
}

func (s *Store) tryFinish(ctx context.Context, i bulk.Item, share *share) (int, error) {
	etag, counts := share.etag, share.counts
	share.etag = "" // not known until the service has answered
	if etag == "" {
		var row shareRow
		var err error
		if etag, err = s.get(ctx, bulkTable, jobPartition(i.Ref), shareKey(i.N%bulk.Shares), &row); err != nil {
			return 0, err
		}
		counts = row.counts()
	}
	counts.Add(i)
	var t transaction
	t.update(i.Version, rowOfItem(i))
	t.update(etag, rowOfShare(i.Ref, i.N%bulk.Shares, counts))
	etags, err := s.submitTagged(ctx, bulkTable, t)
	if err == nil && etags != nil {
		share.etag, share.counts = etags[1], counts
	}
	return counts.Total(), err
}

// Unfinished returns the numbers of images without a result.
func (s *Store) Unfinished(ctx context.Context, ref bulk.Ref, below int) ([]int, error) {
	if err := checkKeys(ref.Tenant, ref.Job); err != nil {
		return nil, err
	}
	filter := fmt.Sprintf("%s and State eq '%s'", between(jobPartition(ref), "3_", itemKey(below)), bulk.Waiting)
	var numbers []int
	err := s.list(ctx, bulkTable, query{filter: filter, columns: []string{"RowKey"}}, func(
		entity []byte,
	) (bool, error) {
		var row keys
		if err := decode(entity, &row); err != nil {
			return false, err
		}
		n, err := strconv.Atoi(strings.TrimPrefix(row.RowKey, "3_"))
		numbers = append(numbers, n)
		return true, err
	})
	return numbers, err
}

// cursorPattern is that of the row keys of images.
var cursorPattern = regexp.MustCompile(`^[34]_\d{8}$`)

// ItemsOf returns a page of a job's images. The cursor is the row key that the page before ended with.
func (s *Store) ItemsOf(ctx context.Context, ref bulk.Ref, cursor string, limit int) ([]bulk.Item, string, error) {
	if err := checkKeys(ref.Tenant, ref.Job); err != nil {
		return nil, "", err
	}
	after := "3"
	if cursor != "" {
		if !cursorPattern.MatchString(cursor) {
			return nil, "", noCursor()
		}
		after = cursor
	}
	read := func(entity []byte) (bulk.Item, error) {
		var row itemRow
		if err := decode(entity, &row); err != nil {
			return bulk.Item{}, err
		}
		return row.item(ref, row.ETag)
	}
	return page(ctx, s, slice{bulkTable, jobPartition(ref), after, "5"}, limit, read, func(i bulk.Item) string {
		return rowOfItem(i).RowKey
	})
}
