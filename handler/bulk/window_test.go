package bulk

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"testing"
	"time"

	"imagepro/handler/fault"
)

// crew is a queue, first in first out, and workers that edit what it gives out and end in any order. Time goes by in
// images.
type crew struct {
	Jobs
	Index
	mu      sync.Mutex // the feeder sends several messages at once
	t       *testing.T
	random  *rand.Rand
	feeder  feeder
	jobs    map[Ref]*Job
	queue   []ItemMessage
	at      []ItemMessage // being edited
	workers int
	next    int // workers of which any may be the next to end
	edited  map[ItemMessage]int
	asks    int
}

func newCrew(t *testing.T, window, workers int, seed uint64) *crew {
	c := &crew{
		t:       t,
		random:  rand.New(rand.NewPCG(seed, 1)),
		jobs:    map[Ref]*Job{},
		workers: workers,
		next:    workers,
		edited:  map[ItemMessage]int{},
	}
	c.feeder = feeder{c, c, c, window}
	return c
}

func (c *crew) Job(_ context.Context, ref Ref) (Job, error) { return *c.jobs[ref], nil }

func (c *crew) UpdateJob(_ context.Context, j Job) (Job, error) {
	now := c.jobs[j.Ref]
	if now.Version != j.Version {
		return j, fault.New(fault.Conflict, "It has moved on.", nil)
	}
	j.Counts, j.Version = now.Counts, now.Version+"+"
	*now = j
	return j, nil
}

func (c *crew) CountOpen(_ context.Context, tenant, _ string) (OpenCount, error) {
	var count OpenCount
	for ref, job := range c.jobs {
		if ref.Tenant == tenant && !job.Final() {
			count.AtWork++
		}
	}
	return count, nil
}

// Send takes a message of an image.
func (c *crew) Send(_ context.Context, _ string, body []byte, _ time.Duration) error {
	var m ItemMessage
	if err := json.Unmarshal(body, &m); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.queue = append(c.queue, m)
	return nil
}

// begin starts a job of so many images.
func (c *crew) begin(tenant string, images int) *Job {
	c.t.Helper()
	ref := Ref{Tenant: tenant, Job: strconv.Itoa(len(c.jobs))}
	c.jobs[ref] = &Job{Ref: ref, State: Running, Planned: images, Place: Place{End: true}}
	if err := c.feeder.feed(c.t.Context(), *c.jobs[ref], 0); err != nil {
		c.t.Fatal(err)
	}
	return c.jobs[ref]
}

// edit lets one image be edited. It reports whether there was any.
func (c *crew) edit() bool {
	c.t.Helper()
	n := min(c.workers-len(c.at), len(c.queue))
	c.at, c.queue = append(c.at, c.queue[:n]...), c.queue[n:]
	if len(c.at) == 0 {
		return false
	}
	i := c.random.IntN(min(c.next, len(c.at)))
	m := c.at[i]
	c.at = append(c.at[:i], c.at[i+1:]...)
	job := c.jobs[Ref{Tenant: m.Tenant, Job: m.Job}]
	job.Counts.Edited++
	if job.Counts.Edited == job.Planned {
		job.State = Done
	}
	asks := m.More
	m.More = false
	if c.edited[m]++; c.edited[m] > 1 {
		c.t.Errorf("image %d of job %s was sent twice", m.N, m.Job)
	}
	if asks {
		c.asks++
		if err := c.feeder.more(c.t.Context(), job.Ref, m.N+1); err != nil {
			c.t.Fatal(err)
		}
	}
	return true
}

func TestWhateverJobsComeAndGoNoneStallsAndNoneTakesMoreThanItsShare(t *testing.T) {
	t.Parallel()
	for seed := range uint64(200) {
		random := rand.New(rand.NewPCG(seed, 2))
		window := 1 + random.IntN(40)
		c := newCrew(t, window, 1+random.IntN(12), seed)
		left := 1 + random.IntN(12) // jobs to come
		for {
			for left > 0 && random.IntN(20) == 0 {
				c.begin(fmt.Sprint("tenant ", random.IntN(3)), random.IntN(200)+1)
				left--
			}
			if !c.edit() && left == 0 {
				break
			}
			for ref, job := range c.jobs {
				// Images end in any order, so those of a job that lag behind may be so many more.
				if most := window + (window+1)/2 + c.workers + sendParallel; job.Sent-job.Counts.Edited > most {
					t.Fatalf("seed %d: %d images of job %s are in flight, window %d", seed, job.Sent-job.Counts.Edited,
						ref.Job, window)
				}
			}
		}
		for ref, job := range c.jobs {
			if job.State != Done {
				t.Errorf("seed %d, window %d: job %s stalls at %d of %d, %d sent", seed, window, ref.Job,
					job.Counts.Edited, job.Planned, job.Sent)
			}
		}
	}
}

func TestJobsAndTenantsTakeTurns(t *testing.T) {
	t.Parallel()
	const window = 24
	for seed := range uint64(20) {
		c := newCrew(t, window, 6, seed)
		var all []*Job
		for _, tenant := range []string{"a", "a", "b", "b"} {
			all = append(all, c.begin(tenant, 3000))
		}
		for all[0].Counts.Edited < 2000 && c.edit() {
		}
		for _, job := range all[1:] {
			if n := job.Counts.Edited; n < 1800 || n > 2200 {
				t.Errorf("seed %d: %d images of job %s beside 2000 of the first", seed, n, job.Job)
			}
		}
	}
}

func TestASmallJobWaitsForAWindowAndItsTurnsOnly(t *testing.T) {
	t.Parallel()
	const window, workers, small = 24, 6, 20
	for _, tenant := range []string{"the same", "another"} {
		for seed := range uint64(50) {
			c := newCrew(t, window, workers, seed)
			c.next = 2 // pictures of about the same size
			c.begin("the same", 10_000)
			for range 500 + int(seed) {
				c.edit()
			}
			job, took := c.begin(tenant, small), 0
			for job.State != Done && c.edit() {
				took++
			}
			if took > window+2*small+workers {
				t.Errorf("seed %d: %d images of a job of %s tenant took as long as %d do", seed, small, tenant, took)
			}
		}
	}
}

func TestOneOfTwelveImagesOrSoAsksForMore(t *testing.T) {
	t.Parallel()
	c := newCrew(t, 24, 6, 1)
	job := c.begin("a", 6000)
	for c.edit() {
	}
	if job.State != Done || c.asks > 6000/12+10 {
		t.Errorf("the job is %s, %d images asked", job.State, c.asks)
	}
}
