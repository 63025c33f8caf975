package bulk_test

import (
	"crypto/rand"
	"strings"
	"testing"

	"imagepro/handler/bulk"
	"imagepro/handler/caller"
	"imagepro/handler/fault"
	"imagepro/handler/imaging"
)

// ahead drives a job and returns the most messages of images that were waiting at once.
func (k *kit) ahead(job bulk.Job, each func()) int {
	k.t.Helper()
	most := 0
	for range 1000 {
		waiting := 0
		for _, m := range k.queue.all() {
			if m.queue == bulk.ItemQueue {
				waiting++
			}
			k.queue.back(m)
		}
		most = max(most, waiting)
		message, ok := k.queue.take()
		if !ok {
			break
		}
		each()
		if err := k.deliver(message); err != nil {
			k.t.Fatal(err)
		}
	}
	if done := k.drive(job.Ref); done.State != bulk.Done {
		k.t.Errorf("the job is %s: %+v", done.State, done)
	}
	return most
}

func TestATenantsJobsShareItsWindow(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ window, others, most int }{
		{16, 0, 16}, {16, 1, 8}, {16, 3, 4}, {16, 50, 4}, {1, 0, 1}, {1, 3, 1}, {3, 1, 1}, {7, 0, 7},
	} {
		k := newKit(t)
		k.limits.Window = c.window
		k.open.Store(int64(c.others))
		k.pictures(20)
		if most := k.ahead(k.submit(bulk.Request{Source: k.folder()}), func() {}); most > c.most || most < min(c.most, 20)-c.window/4 {
			t.Errorf("a window of %d with %d other jobs: %d messages ahead, want about %d", c.window, c.others, most, c.most)
		}
	}
}

func TestAJobGoesOnWhateverItsShareBecomes(t *testing.T) {
	t.Parallel()
	for _, window := range []int{1, 2, 5, 8, 13} {
		k := newKit(t)
		k.limits.Window = window
		k.pictures(30)
		others := []int64{0, 9, 1, 100, 0, 3}
		step := 0
		k.ahead(k.submit(bulk.Request{Source: k.folder()}), func() {
			k.open.Store(others[step%len(others)])
			step++
		})
	}
}

func TestOnlySoManyJobsGoOnAtOnce(t *testing.T) {
	t.Parallel()
	k := newKitOf(t, newUser(t))
	k.pictures(1)
	service := bulk.NewService(bulk.ServiceOptions{
		Jobs: k.records, Items: k.records, Index: k.records, Specs: k.specs, Queue: k.queue, MaxImages: 10, Now: k.now, Library: k.library,
		Limits: imaging.DefaultLimits(), MaxOpen: bulk.MaxOpen{Tenant: 100_000, User: 2}, NewID: func() string { return strings.ToLower(rand.Text()) },
	})
	request := bulk.Request{Source: k.folder(), Recipe: halve, Key: "first"}
	first, err := service.Submit(t.Context(), k.who, request)
	if err != nil {
		t.Fatal(err)
	}
	other := request
	other.Key = ""
	if _, err := service.Submit(t.Context(), k.who, other); err != nil {
		t.Fatal(err)
	}
	_, err = service.Submit(t.Context(), k.who, other)
	if f := fault.From(err); err == nil || f.Kind != fault.TooLarge || f.Limit != fault.LimitOpenBulkEdits || !strings.Contains(f.Message, "2 bulk edits") {
		t.Errorf("one too many: %v", err)
	}
	if again, err := service.Submit(t.Context(), k.who, request); err != nil || again.Job != first.Job {
		t.Errorf("a repeat of one that is there: %v", err)
	}
	neighbour := newUser(t)
	if _, err := service.Submit(t.Context(), caller.Away(neighbour.Tenant, neighbour.ID), other); err != nil {
		t.Errorf("another user: %v", err)
	}
	if _, err := service.End(t.Context(), k.who, first.Job); err != nil {
		t.Fatal(err)
	}
	if _, err := service.Submit(t.Context(), k.who, other); err != nil {
		t.Errorf("after one has ended: %v", err)
	}
}
