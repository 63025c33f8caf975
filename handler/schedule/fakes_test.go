package schedule_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"imagepro/handler/bulk"
	"imagepro/handler/caller"
	"imagepro/handler/fault"
	"imagepro/handler/schedule"
)

// world is one user with schedules, bulk edits that are only counted, and a clock.
type world struct {
	mu        sync.Mutex
	now       time.Time
	schedules map[string]schedule.Schedule // by user and id
	versions  int
	jobs      map[string]bulk.Job // by key
	requests  []bulk.Request
	refuse    error // what Submit says
	gone      error // what MayWork says
	dying     bool  // the process dies after Submit
}

var adele = caller.Caller{Tenant: "t", User: "u"}

func newWorld(now string) *world {
	at, err := time.Parse(time.RFC3339, now)
	if err != nil {
		panic(err)
	}
	return &world{now: at, schedules: map[string]schedule.Schedule{}, jobs: map[string]bulk.Job{}}
}

func (w *world) options() schedule.ServiceOptions {
	return schedule.ServiceOptions{
		Store:  w,
		Edits:  w,
		People: w,
		Now: func() time.Time {
			return w.now
		},
		NewID: func() string {
			w.versions++
			return fmt.Sprint("s", w.versions)
		},
	}
}

func (w *world) service() *schedule.Service { return schedule.NewService(w.options()) }

// at starts what is due at a time.
func (w *world) at(t *testing.T, now string) schedule.Started {
	t.Helper()
	at, err := time.Parse(time.RFC3339, now)
	if err != nil {
		t.Fatal(err)
	}
	w.now = at
	done, err := schedule.NewStarter(w.options()).Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return done
}

func key(s schedule.Schedule) string { return s.Tenant + " " + s.User + " " + s.ID }

func (w *world) write(s schedule.Schedule) schedule.Schedule {
	w.versions++
	s.Version = fmt.Sprint(w.versions)
	w.schedules[key(s)] = s
	return s
}

func (w *world) CreateSchedule(_ context.Context, s schedule.Schedule) (schedule.Schedule, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.write(s), nil
}

func (w *world) Schedule(_ context.Context, tenant, user, id string) (schedule.Schedule, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	s, ok := w.schedules[tenant+" "+user+" "+id]
	if !ok {
		return s, fault.New(fault.NotFound, "It is not there.", nil)
	}
	return s, nil
}

func (w *world) SchedulesOf(_ context.Context, tenant, user string) ([]schedule.Schedule, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	var all []schedule.Schedule
	for _, s := range w.schedules {
		if s.Tenant == tenant && s.User == user {
			all = append(all, s)
		}
	}
	return all, nil
}

func (w *world) UpdateSchedule(_ context.Context, s schedule.Schedule) (schedule.Schedule, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.dying {
		return s, context.Canceled
	}
	if now, ok := w.schedules[key(s)]; !ok || now.Version != s.Version {
		return s, fault.New(fault.Conflict, "It was changed.", nil)
	}
	return w.write(s), nil
}

func (w *world) DeleteSchedule(_ context.Context, tenant, user, id, version string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.schedules, tenant+" "+user+" "+id)
	return nil
}

func (w *world) Due(_ context.Context, by time.Time, yield func(schedule.Schedule) bool) error {
	w.mu.Lock()
	var due []schedule.Schedule
	for _, s := range w.schedules {
		if !s.Paused && !s.Next.IsZero() && !s.Next.After(by) {
			due = append(due, s)
		}
	}
	w.mu.Unlock()
	for _, s := range due {
		if !yield(s) {
			break
		}
	}
	return nil
}

func (w *world) Check(r bulk.Request) (bulk.Request, error) {
	if len(r.Recipe) == 0 {
		return r, fault.New(fault.Invalid, "There is no recipe.", nil).At("/recipe")
	}
	return r, nil
}

func (w *world) Submit(_ context.Context, who caller.Caller, r bulk.Request) (bulk.Job, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.refuse != nil {
		return bulk.Job{}, w.refuse
	}
	if job, ok := w.jobs[r.Key]; ok {
		return job, nil
	}
	job := bulk.Job{Ref: bulk.Ref{Tenant: who.Tenant, Job: fmt.Sprint("job", len(w.jobs)+1)}, User: who.User,
		State: bulk.Planning}
	w.jobs[r.Key], w.requests = job, append(w.requests, r)
	return job, nil
}

func (w *world) Get(_ context.Context, who caller.Caller, id string) (bulk.Job, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, job := range w.jobs {
		if job.Job == id {
			return job, nil
		}
	}
	return bulk.Job{}, fault.New(fault.NotFound, "There is no such bulk edit.", nil)
}

// end brings all bulk edits to their end.
func (w *world) end() {
	for key, job := range w.jobs {
		job.State = bulk.Done
		w.jobs[key] = job
	}
}

func (w *world) MayWork(context.Context, caller.Caller) error { return w.gone }
