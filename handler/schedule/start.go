package schedule

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"imagepro/handler/fault"
)

// Starter starts what is due.
type Starter struct {
	store  Store
	edits  Edits
	people People
	now    func() time.Time
}

// NewStarter returns a starter.
func NewStarter(o ServiceOptions) *Starter { return &Starter{o.Store, o.Edits, o.People, o.Now} }

const (
	startTime  = 30 * time.Second // that one start may take
	startLeave = time.Minute      // before the deadline no further one is begun
)

// Started is what a run did.
type Started struct {
	Started int // bulk edits
	Waiting int // due, but the last one of the schedule goes on, or a service is busy
	Failed  int // could not be started, and wait for their next time
	Stopped bool
}

// Start starts the bulk edits that are due, each once however often they were missed. What it has to leave is due
// still.
func (s *Starter) Start(ctx context.Context) (Started, error) {
	var done Started
	var failed error
	err := s.store.Due(ctx, s.now(), func(due Schedule) bool {
		if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) < startLeave {
			done.Stopped = true
			return false
		}
		if err := s.start(ctx, due, &done); err != nil {
			failed = err
		}
		return ctx.Err() == nil
	})
	return done, errors.Join(err, failed)
}

// start starts one bulk edit and notes when the next is due. A process that dies in between starts the same one again,
// which changes nothing.
func (s *Starter) start(ctx context.Context, due Schedule, done *Started) error {
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	times, err := occurrencesOf(due.Plan)
	if err != nil {
		return s.pass(ctx, due, occurrences{}, err, done)
	}
	if err := s.people.MayWork(ctx, due.who()); err != nil {
		return s.wait(ctx, due, err, done)
	}
	if due.LastJob != "" {
		last, err := s.edits.Get(ctx, due.who(), due.LastJob)
		switch {
		case err == nil && !last.Final():
			return s.wait(ctx, due, fault.New(fault.Busy, "The last bulk edit of the schedule goes on.", nil), done)
		case err != nil && !fault.Is(err, fault.NotFound):
			return s.wait(ctx, due, err, done)
		case err == nil && last.Place.End:
			due.Since = last.Job
		}
	}
	job, err := s.edits.Submit(ctx, due.who(), due.request())
	if f := fault.From(err); err != nil {
		if f.Kind == fault.Busy || f.Kind == fault.Internal || f.Kind.NeedsUser() {
			return s.wait(ctx, due, err, done)
		}
		return s.pass(ctx, due, times, err, done)
	}
	due.LastJob, due.LastDue, due.Problem = job.Job, due.Next, nil
	due.Next = times.after(s.now())
	if err := s.put(ctx, due); err != nil {
		return err
	}
	done.Started++
	slog.InfoContext(ctx, "bulk edit is started by schedule", "tenant", due.Tenant, "job", job.Job, "due", due.LastDue)
	return nil
}

// wait leaves the schedule due. What needs the user is noted, so that they see it.
func (s *Starter) wait(ctx context.Context, due Schedule, why error, done *Started) error {
	done.Waiting++
	f := fault.From(why)
	slog.InfoContext(ctx, "scheduled bulk edit waits", "tenant", due.Tenant, "schedule", due.ID, "error", f)
	if !f.Kind.NeedsUser() || due.Problem != nil && due.Problem.Kind == f.Kind {
		return nil
	}
	due.Problem = &Problem{s.now().UTC(), f.Kind, f.Message}
	return s.put(ctx, due)
}

// pass notes why the bulk edit could not be started, and waits for the next time.
func (s *Starter) pass(ctx context.Context, due Schedule, times occurrences, why error, done *Started) error {
	done.Failed++
	f := fault.From(why)
	slog.WarnContext(ctx, "scheduled bulk edit is not started", "tenant", due.Tenant, "schedule", due.ID, "error", f)
	due.Problem = &Problem{s.now().UTC(), f.Kind, f.Message}
	due.LastDue, due.Next = due.Next, times.after(s.now())
	return s.put(ctx, due)
}

// put writes a schedule. One that was changed or deleted meanwhile stays as it is: it is looked at again if it is due.
func (s *Starter) put(ctx context.Context, due Schedule) error {
	_, err := s.store.UpdateSchedule(ctx, due)
	if fault.Is(err, fault.Conflict) {
		return nil
	}
	return err
}
