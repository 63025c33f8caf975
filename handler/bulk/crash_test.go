package bulk_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"imagepro/handler/bulk"
	"imagepro/handler/caller"
)

// The crashing stores do what they are asked and then may die: "before X" without having done it, "after X"
// with it done and the answer lost.

type crashingJobs struct {
	bulk.Jobs
	crash *crasher
}

func (c crashingJobs) UpdateJob(ctx context.Context, j bulk.Job) (bulk.Job, error) {
	return around(c.crash, "UpdateJob", func() (bulk.Job, error) { return c.Jobs.UpdateJob(ctx, j) })
}

func (c crashingJobs) CloseJob(ctx context.Context, j bulk.Job) error {
	_, err := around(c.crash, "CloseJob", func() (struct{}, error) { return struct{}{}, c.Jobs.CloseJob(ctx, j) })
	return err
}

func (c crashingJobs) RecordPortion(ctx context.Context, j bulk.Job, p bulk.Portion) (bulk.Job, error) {
	return around(c.crash, "RecordPortion", func() (bulk.Job, error) { return c.Jobs.RecordPortion(ctx, j, p) })
}

type crashingIndex struct {
	bulk.Index
	crash *crasher
}

func (c crashingIndex) NoteOpen(ctx context.Context, j bulk.OpenJob) error {
	_, err := around(c.crash, "NoteOpen", func() (struct{}, error) { return struct{}{}, c.Index.NoteOpen(ctx, j) })
	return err
}

type crashingItems struct {
	bulk.Items
	crash *crasher
}

func (c crashingItems) Intend(ctx context.Context, i bulk.Item) (bulk.Item, error) {
	return around(c.crash, "Intend", func() (bulk.Item, error) { return c.Items.Intend(ctx, i) })
}

func (c crashingItems) FinishItem(ctx context.Context, i bulk.Item) (int, error) {
	return around(c.crash, "FinishItem", func() (int, error) { return c.Items.FinishItem(ctx, i) })
}

type crashingPreviews struct {
	bulk.Previews
	crash *crasher
}

func (c crashingPreviews) PutPreview(ctx context.Context, j bulk.Job, n int, side bulk.Side, jpeg []byte) error {
	_, err := around(c.crash, "PutPreview", func() (struct{}, error) {
		return struct{}{}, c.Previews.PutPreview(ctx, j, n, side, jpeg)
	})
	return err
}

type crashingLibrary struct {
	bulk.Library
	crash *crasher
}

func (c crashingLibrary) Read(ctx context.Context, who caller.Caller, f bulk.File, limit int64) ([]byte, error) {
	return around(c.crash, "Read", func() ([]byte, error) { return c.Library.Read(ctx, who, f, limit) })
}

func (c crashingLibrary) Replace(
	ctx context.Context, who caller.Caller, f bulk.File, content []byte,
) (bulk.File, error) {
	return around(c.crash, "Replace", func() (bulk.File, error) { return c.Library.Replace(ctx, who, f, content) })
}

func (c crashingLibrary) Create(
	ctx context.Context, who caller.Caller, f bulk.File, name string, content []byte,
) (bulk.File, error) {
	return around(c.crash, "Create", func() (bulk.File, error) { return c.Library.Create(ctx, who, f, name, content) })
}

type crashingQueue struct {
	bulk.Queue
	crash *crasher
}

func (c crashingQueue) Send(ctx context.Context, queue string, body []byte, delay time.Duration) error {
	_, err := around(c.crash, "Send "+queue, func() (struct{}, error) {
		return struct{}{}, c.Queue.Send(ctx, queue, body, delay)
	})
	return err
}

func around[T any](c *crasher, call string, do func() (T, error)) (T, error) {
	var zero T
	if err := c.here("before " + call); err != nil {
		return zero, err
	}
	got, err := do()
	if err != nil {
		return got, err
	}
	if err := c.here("after " + call); err != nil {
		return zero, err
	}
	return got, nil
}

func TestADeathAtAnyPointLeavesOneNewVersionAndOneResult(t *testing.T) {
	t.Parallel()
	var points []string
	for _, call := range []string{"RecordPortion", "UpdateJob", "Intend", "FinishItem", "Read", "Replace",
		"Send " + bulk.ItemQueue} {
		points = append(points, "before "+call, "after "+call)
	}
	for _, point := range points {
		for _, times := range []int{1, 3, 20} {
			t.Run(fmt.Sprintf("%s %d times", point, times), func(t *testing.T) {
				t.Parallel()
				k := newKit(t)
				files := k.pictures(20)
				job := k.submit(bulk.Request{Source: k.folder()})
				k.crash.at(point, times)
				done := k.drive(job.Ref)
				if done.State != bulk.Done || done.Counts.Edited != len(files) || done.Counts.Total() != len(files) {
					t.Errorf("the job is %s with %+v, want done with %d edited", done.State, done.Counts, len(files))
				}
				if k.crash.struck == 0 {
					t.Errorf("the process never died at %q", point)
				}
				k.wantVersions(files, 2)
			})
		}
	}
}

func TestADeathWhileCopyingLeavesOneCopy(t *testing.T) {
	t.Parallel()
	for _, point := range []string{"before Create", "after Create", "after Intend", "after FinishItem"} {
		t.Run(point, func(t *testing.T) {
			t.Parallel()
			k := newKit(t)
			files := k.pictures(5)
			job := k.submit(bulk.Request{
				Source: k.folder(), Recipe: json.RawMessage(
					`{"version":1,"name":"my small","steps":[{"op":"flip","axis":"both"}]}`),
				Save: bulk.Save{Target: bulk.Copy, Name: "{counter:3} {name} {recipe}", OnConflict: bulk.Skip},
			})
			k.crash.at(point, 3)
			done := k.drive(job.Ref)
			if done.State != bulk.Done || done.Counts.Edited != len(files) {
				t.Errorf("the job is %s with %+v, want done with %d edited", done.State, done.Counts, len(files))
			}
			k.wantVersions(files, 1)
			copies := 0
			for _, name := range k.names() {
				if strings.HasSuffix(name, " my small.jpg") {
					copies++
				}
			}
			for n, file := range files {
				want := fmt.Sprintf("%03d %s my small.jpg", n+1, strings.TrimSuffix(file.Name, ".jpg"))
				if !slices.Contains(k.names(), want) {
					t.Errorf("there is no %s", want)
				}
			}
			if copies != len(files) {
				t.Errorf("%d copies, want %d: %q", copies, len(files), k.names())
			}
		})
	}
}

// deliverTwice delivers every message twice at once, until there are none.
func (k *kit) deliverTwice() {
	for range 200 {
		messages := k.queue.all()
		if len(messages) == 0 {
			break
		}
		var running sync.WaitGroup
		for _, m := range messages {
			for range 2 {
				running.Go(func() {
					if k.deliver(m) != nil {
						k.queue.back(m)
					}
				})
			}
		}
		running.Wait()
	}
}

func TestEveryMessageTwiceAtOnceChangesNothing(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	files := k.pictures(24)
	job := k.submit(bulk.Request{Source: k.folder()})
	k.deliverTwice()
	done := k.drive(job.Ref)
	if done.State != bulk.Done || done.Counts.Edited != len(files) || done.Counts.Total() != len(files) {
		t.Errorf("the job is %s with %+v, want done with %d edited", done.State, done.Counts, len(files))
	}
	k.wantVersions(files, 2)
}

// names are those of the files in the library's own folder.
func (k *kit) names() []string {
	k.t.Helper()
	items, err := world.Graph.Items(k.site.DriveID, "")
	if err != nil {
		k.t.Fatal(err)
	}
	var names []string
	for _, item := range items {
		names = append(names, item.Name)
	}
	return names
}
