package bulk

import (
	"context"

	"golang.org/x/sync/errgroup"

	"imagepro/handler/fault"
)

// feeder sends the messages of a job's images a bounded number ahead of the work, so that a large job does not stand
// before a small one.
type feeder struct {
	jobs   Jobs
	index  Index
	queue  Queue
	window int // images of a tenant that are sent ahead, 1 or more
}

// shareOfWindow is how many images of one job may be in flight beside so many jobs that are at work, itself included:
// equal parts of the window, and a quarter of it at least. The queue gives out what came first, so jobs and tenants
// with equal numbers in it take turns.
func shareOfWindow(window, jobs int) int { return max(1, window/4, window/max(1, jobs)) }

// more does what the result of an image asks for whose message says so: so many images have a result, or nearly.
func (f feeder) more(ctx context.Context, ref Ref, after int) error {
	job, err := f.jobs.Job(ctx, ref)
	if err != nil || job.Final() || job.rests() {
		return err // or sent again when the job goes on
	}
	return f.feed(ctx, job, after)
}

// feed sends the messages of recorded images up to the job's share after so many, and records that. If the process dies
// in between, or another does the same, some are sent twice, which changes nothing.
//
// Of what is sent at once the last image asks for more, and so does every one half a share before. It never stalls: the
// last image of all that were sent asks for a share after itself, whatever the share is by then. The others are there
// so that half a share is in flight meanwhile; what they ask for is left to the last one if it is less than that.
func (f feeder) feed(ctx context.Context, job Job, after int) error {
	open, err := f.index.CountOpen(ctx, job.Tenant, job.User)
	if err != nil {
		return err
	}
	share := shareOfWindow(f.window, open.AtWork)
	for {
		target := after + share
		upTo := min(target, job.Planned)
		if upTo <= job.Sent || after < job.Sent && target-job.Sent < share/2 {
			return nil
		}
		var next []ItemMessage
		for n := job.Sent; n < upTo; n++ {
			asks := (upTo-n-1)%((share+1)/2) == 0
			next = append(next, ItemMessage{Tenant: job.Tenant, Job: job.Job, N: n, More: asks})
		}
		if err := f.send(ctx, next); err != nil {
			return err
		}
		job.Sent = upTo
		_, err := f.jobs.UpdateJob(ctx, job)
		if !fault.Is(err, fault.Conflict) {
			return err
		}
		if job, err = f.jobs.Job(ctx, job.Ref); err != nil || job.Final() || job.rests() {
			return err
		}
	}
}

// again sends the messages of images that have no result once more, and more than those only if none of them is the
// last that was sent: that one asks, but what it asked for while the job rested was dropped.
func (f feeder) again(ctx context.Context, job Job, unfinished []int) error {
	asked := false
	var lost []ItemMessage
	for _, n := range unfinished {
		last := n == job.Sent-1
		asked = asked || last
		lost = append(lost, ItemMessage{Tenant: job.Tenant, Job: job.Job, N: n, More: last})
	}
	if err := f.send(ctx, lost); err != nil || asked {
		return err
	}
	return f.feed(ctx, job, job.Sent)
}

// sendParallel is how many messages are on the way at once.
const sendParallel = 8

func (f feeder) send(ctx context.Context, messages []ItemMessage) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(sendParallel)
	for _, m := range messages {
		group.Go(func() error { return send(ctx, f.queue, ItemQueue, m, 0) })
	}
	return group.Wait()
}
