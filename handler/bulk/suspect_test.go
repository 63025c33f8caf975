package bulk_test

import (
	"context"
	"encoding/json"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"imagepro/handler/bulk"
	"imagepro/handler/caller"
	"imagepro/handler/imaging"
)

// tire notes at an image that it had all its turns.
func (k *kit) tire(job bulk.Job, n int) {
	k.t.Helper()
	item, err := k.records.Item(k.t.Context(), job.Ref, n)
	if err != nil {
		k.t.Fatal(err)
	}
	item.Tries = 3
	if err := k.records.NoteTry(k.t.Context(), item); err != nil {
		k.t.Fatal(err)
	}
}

// mortal is a process that dies of some pictures, with all that it has at work: from then on nothing of it takes
// effect.
type mortal struct {
	bulk.Items
	bulk.Queue
	bulk.Library
	deadly map[string]bool // files
	dead   atomic.Bool
	die    context.CancelFunc
}

func (m *mortal) gone() error {
	if m.dead.Load() {
		return errCrash
	}
	return nil
}

func (m *mortal) NoteTry(ctx context.Context, i bulk.Item) error {
	if m.gone() != nil {
		return errCrash
	}
	return m.Items.NoteTry(ctx, i)
}

func (m *mortal) Intend(ctx context.Context, i bulk.Item) (bulk.Item, error) {
	if m.gone() != nil {
		return i, errCrash
	}
	return m.Items.Intend(ctx, i)
}

func (m *mortal) FinishItem(ctx context.Context, i bulk.Item) (int, error) {
	if m.gone() != nil {
		return 0, errCrash
	}
	return m.Items.FinishItem(ctx, i)
}

func (m *mortal) Send(ctx context.Context, queue string, body []byte, delay time.Duration) error {
	if m.gone() != nil {
		return errCrash
	}
	return m.Queue.Send(ctx, queue, body, delay)
}

// Read dies of a deadly picture.
func (m *mortal) Read(ctx context.Context, who caller.Caller, f bulk.File, limit int64) ([]byte, error) {
	if m.deadly[f.Item] {
		m.dead.Store(true)
		m.die()
	}
	if m.gone() != nil {
		return nil, errCrash
	}
	return m.Library.Read(ctx, who, f, limit)
}

func TestPicturesThatKillTheProcessTakeNoOthersWithThem(t *testing.T) {
	t.Parallel()
	for _, deadly := range [][]int{{0}, {5}, {1, 2}, {0, 1, 2, 3, 4, 5, 6, 7}} {
		k := newKit(t)
		files := k.pictures(14)
		kills := map[string]bool{}
		for _, n := range deadly {
			kills[files[n].ID] = true
		}
		job := k.submit(bulk.Request{Source: k.folder()})
		k.plan()
		type delivered struct {
			message
			times int
		}
		var waiting []delivered
		deaths := 0
		for range 300 {
			for _, m := range k.queue.all() {
				waiting = append(waiting, delivered{m, 0})
			}
			if len(waiting) == 0 {
				break
			}
			batch := waiting[:min(6, len(waiting))] // as many as the host has at work
			waiting = waiting[len(batch):]
			ctx, cancel := context.WithCancel(t.Context())
			process := &mortal{Items: k.records, Queue: k.queue, Library: k.library, deadly: kills, die: cancel}
			worker := bulk.NewWorker(bulk.WorkerOptions{
				Jobs:     k.records,
				Items:    process,
				Specs:    k.specs,
				Queue:    process,
				Sessions: k.sessions,
				Index:    neighbours{k.records, &k.open},
				Library:  process,
				Limits:   imaging.DefaultLimits(),
				Window:   k.limits.Window,
				Room:     imaging.NewRoom(2),
				Previews: k.specs,
				Now:      k.now,
			})
			var running sync.WaitGroup
			failed := make([]bool, len(batch))
			for i := range batch {
				batch[i].times++
				running.Go(func() {
					var item bulk.ItemMessage
					if err := json.Unmarshal(batch[i].body, &item); err != nil {
						t.Error(err)
					}
					if batch[i].times > 5 { // what the host calls poison
						failed[i] = worker.GiveUp(ctx, item) != nil
						return
					}
					failed[i] = worker.Deliver(ctx, item, batch[i].times) != nil
				})
			}
			running.Wait()
			cancel()
			if process.dead.Load() {
				deaths++
			}
			for i := range batch {
				if failed[i] {
					waiting = append(waiting, batch[i])
				}
			}
		}
		done, err := k.records.Job(t.Context(), job.Ref)
		if err != nil || done.State != bulk.Done || done.Counts.Failed != len(deadly) ||
			done.Counts.Edited != len(files)-len(deadly) {
			t.Errorf("%d deadly pictures: the job is %s with %+v, %v", len(deadly), done.State, done.Counts, err)
		}
		if most := 4 * len(deadly); deaths > most {
			t.Errorf("%d deadly pictures: the process died %d times, want at most %d", len(deadly), deaths, most)
		}
		for name, item := range k.results(job.Ref) {
			if kills[item.File] != (item.State == bulk.Broken) || item.State == bulk.Broken && item.Message == "" {
				t.Errorf("%s is %s: %q", name, item.State, item.Message)
			}
		}
	}
}

func TestABusyServiceIsNoTryOfASuspect(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	k.pictures(1)
	job := k.submit(bulk.Request{Source: k.folder()})
	k.plan()
	k.queue.all()
	busy := k.oddWorker(busyItems{k.records}, k.library)
	m, times := itemOf(job), 2
	for range 6 {
		if err := busy.Deliver(t.Context(), m, times); err != nil {
			t.Fatal(err)
		}
		left, _ := k.queue.take()
		m, times = bulk.ItemMessage{}, 1
		if err := json.Unmarshal(left.body, &m); err != nil {
			t.Fatal(err)
		}
	}
	if err := k.worker().Deliver(t.Context(), m, 1); err != nil {
		t.Fatal(err)
	}
	if done := k.drive(job.Ref); done.Counts.Edited != 1 {
		t.Errorf("the job is %+v", done)
	}
}
