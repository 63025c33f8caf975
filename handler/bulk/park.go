package bulk

import (
	"context"
	"log/slog"
	"time"

	"imagepro/handler/caller"
	"imagepro/handler/erasure"
	"imagepro/handler/fault"
)

// lot is where jobs wait for their users.
type lot struct {
	jobs     Jobs
	queue    Queue
	sessions Sessions
}

// park lets a job wait for its user. Its messages are dropped from here on; resume sends them again. If the job
// moved on since it was read, that may have been the user's return: Busy, so that the message is tried again
// before the job is parked. A user who came back after the refused try began found the job at work, so it goes on
// at once.
func (l lot) park(ctx context.Context, job Job, why *fault.Fault, began time.Time) error {
	if job.Final() || job.rests() {
		return nil
	}
	job.State, job.Reason, job.Message = Parked, string(why.Kind), why.Message
	_, err := l.jobs.UpdateJob(ctx, job)
	if fault.Is(err, fault.Conflict) {
		return fault.New(fault.Busy, "The bulk edit has moved on.", why)
	}
	if err != nil {
		return err
	}
	slog.InfoContext(ctx, "bulk edit waits for its user", "tenant", job.Tenant, "job", job.Job, "error", why)
	back, err := l.sessions.LeftSince(ctx, job.Tenant, job.User, began)
	if err != nil || !back {
		return err
	}
	return askToResume(ctx, l.queue, job)
}

func askToResume(ctx context.Context, queue Queue, job Job) error {
	return send(ctx, queue, PlanQueue, PlanMessage{Tenant: job.Tenant, Job: job.Job, Resume: true}, 0)
}

// resume goes on with a job that rested. A repeat sends messages again, which changes nothing.
func (p *Planner) resume(ctx context.Context, job Job, m PlanMessage) (Job, error) {
	job, err := wake(ctx, p.jobs, job, Parked, p.now)
	if err != nil || job.Final() || job.rests() {
		return job, err
	}
	if !job.Place.End {
		return p.plan(ctx, job, m)
	}
	lost, err := p.items.Unfinished(ctx, job.Ref, job.Sent)
	if err != nil {
		return job, err
	}
	if err := p.feeder.again(ctx, job, lost); err != nil {
		return job, err
	}
	return job, settle(ctx, p.jobs, job.Ref, p.now)
}

// wake gives a job that rests in the given way the state that it had. Any other stays as it is.
func wake(ctx context.Context, jobs Jobs, job Job, from JobState, now func() time.Time) (Job, error) {
	for job.State == from {
		next := job
		next.State, next.Reason, next.Message = Planning, "", ""
		if job.Place.End {
			next.State, next.RunningAt, next.RunningFrom = Running, now().UTC(), job.Counts.Total()
		}
		next, err := jobs.UpdateJob(ctx, next)
		if err == nil {
			slog.InfoContext(ctx, "bulk edit goes on", "tenant", job.Tenant, "job", job.Job)
			return next, nil
		}
		if !fault.Is(err, fault.Conflict) {
			return job, err
		}
		if job, err = jobs.Job(ctx, job.Ref); err != nil {
			return job, err
		}
	}
	return job, nil
}

// conclude writes a job's final state and closes it in the index. If the second fails, Open closes it later.
func conclude(ctx context.Context, jobs Jobs, job Job) error {
	if _, err := jobs.UpdateJob(ctx, job); err != nil {
		return err
	}
	return jobs.CloseJob(ctx, job)
}

// Resume goes on with the jobs of a user who is here again.
func (s *Service) Resume(ctx context.Context, who caller.Caller) error {
	open, err := s.index.OpenJobs(ctx, who.Tenant, who.User)
	if err != nil {
		return err
	}
	for _, job := range open {
		var err error
		switch {
		case job.State == Parked: // the planner makes the change: what is lost here is asked for at the next visit
			err = askToResume(ctx, s.queue, job)
		case job.Final():
			err = s.jobs.CloseJob(ctx, job)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// recordTime is how long after its place in the index a job's record may still come.
const recordTime = time.Hour

// Open reports whether the user has a job that is not final. It closes those that were left open in the index.
func (s *Service) Open(ctx context.Context, tenant, user string) (bool, error) {
	jobs, err := s.index.OpenJobs(ctx, tenant, user)
	if err != nil {
		return false, err
	}
	open := false
	for _, job := range jobs {
		if !job.Final() && (job.State != "" || s.now().Sub(job.CreatedAt) < recordTime) {
			open = true
			continue
		}
		switch err := s.jobs.CloseJob(ctx, job); {
		case fault.Is(err, fault.Conflict): // it is just being submitted
			open = true
		case err != nil:
			return false, err
		}
	}
	return open, nil
}

// Cancel ends every job of the scope that was submitted before the time and is not final. Images that are being
// edited at this moment are saved.
func (s *Service) Cancel(ctx context.Context, scope erasure.Scope, before time.Time) error {
	open, err := s.index.OpenJobs(ctx, scope.Tenant, scope.User)
	if err != nil {
		return err
	}
	for _, job := range open {
		if !job.CreatedAt.Before(before) {
			continue
		}
		if err := s.cancel(ctx, job); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) cancel(ctx context.Context, job Job) error {
	for job.State != "" && !job.Final() {
		job.State, job.FinishedAt = Cancelled, s.now().UTC()
		job.Reason, job.Message = "", "The bulk edit was cancelled."
		err := conclude(ctx, s.jobs, job)
		if !fault.Is(err, fault.Conflict) {
			return err
		}
		if job, err = s.jobs.Job(ctx, job.Ref); fault.Is(err, fault.NotFound) {
			return nil
		}
		if err != nil {
			return err
		}
	}
	return nil
}
