package bulk

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"imagepro/handler/fault"
)

// OpenJob is a job as the table of open ones has it, with what the sweeper saw of it.
type OpenJob struct {
	Job              // Ref, User and CreatedAt only
	Mark   string    // how far it was
	MarkAt time.Time // since when; zero if the sweeper has not seen it
	Nudges int       // how often it was helped on since
	Rests  bool      // waited for its user: it needs no part of the window
}

// Sweeper helps jobs on whose messages were lost, ends those that are too old, closes those that are over and lets go
// of old previews. What it does may be repeated.
type Sweeper struct{ o SweeperOptions }

// SweeperOptions are what a Sweeper needs.
type SweeperOptions struct {
	Jobs     Jobs
	Index    Index
	Queue    Queue
	Sessions Sessions
	Previews Previews
	MaxAge   time.Duration // of a job that is not over
	Now      func() time.Time
}

// NewSweeper returns a sweeper.
func NewSweeper(o SweeperOptions) *Sweeper { return &Sweeper{o} }

// Swept is what a run did.
type Swept struct {
	Open    int // jobs that were looked at
	Helped  int // their messages were sent again
	Closed  int // were over
	Ended   int // were too old
	Stopped bool
}

// stallTime is how long a job is let alone though nothing changes: longer than a delivery that was killed keeps its
// message from coming again. Each further time is twice as long, since a service may be away for hours.
const (
	stallTime  = longestRun + 5*time.Minute
	mostNudges = 8
	sweepLeave = 30 * time.Second
)

// Sweep looks at every open job.
func (s *Sweeper) Sweep(ctx context.Context) (Swept, error) {
	var done Swept
	var failed error
	err := s.o.Index.EachOpen(ctx, func(open OpenJob) bool {
		if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) < sweepLeave {
			done.Stopped = true
			return false
		}
		done.Open++
		// whoever won has moved it on
		if err := s.look(ctx, open, &done); err != nil && !fault.Is(err, fault.Conflict) {
			failed = fmt.Errorf("sweeping job %s: %w", open.Ref.Job, err)
		}
		return ctx.Err() == nil
	})
	return done, errors.Join(err, failed, s.o.Previews.DropPreviews(ctx, s.o.Now().Add(-previewLife)))
}

func (s *Sweeper) look(ctx context.Context, open OpenJob, done *Swept) error {
	now := s.o.Now().UTC()
	job, err := s.o.Jobs.Job(ctx, open.Ref)
	if fault.Is(err, fault.NotFound) {
		if now.Sub(open.CreatedAt) < recordTime {
			return nil
		}
		done.Closed++
		return s.o.Jobs.CloseJob(ctx, open.Job) // if it is still as it was read: somebody may be submitting it
	}
	switch {
	case err != nil:
		return err
	case job.Final():
		done.Closed++
		return s.o.Jobs.CloseJob(ctx, job)
	case now.Sub(job.CreatedAt) > s.o.MaxAge:
		done.Ended++
		job.State, job.FinishedAt = Cancelled, now
		job.Reason, job.Message = "",
			fmt.Sprintf("The bulk edit was not done after %d days and was ended. What was edited stays.",
				int(s.o.MaxAge.Hours()/24))
		return conclude(ctx, s.o.Jobs, job)
	case job.State == Parked:
		if err := s.resume(ctx, job, done); err != nil {
			return err
		}
	}
	if job.rests() && open.Rests {
		return nil
	}
	mark := fmt.Sprint(job.State, job.Place.Folder, job.Place.Cursor, job.Planned, job.Sent, job.Counts.Total())
	if open.Mark != mark || open.MarkAt.IsZero() || job.rests() || open.Rests {
		open.Mark, open.MarkAt, open.Nudges, open.Rests = mark, now, 0, job.rests()
		return s.o.Index.NoteOpen(ctx, open)
	}
	if now.Sub(open.MarkAt) < stallTime<<min(open.Nudges, mostNudges) {
		return nil
	}
	// A job that is planned sends what has no result again, and looks whether it is done.
	message := PlanMessage{Tenant: job.Tenant, Job: job.Job, Resume: job.Place.End}
	if err := send(ctx, s.o.Queue, PlanQueue, message, 0); err != nil {
		return err
	}
	done.Helped++
	slog.WarnContext(ctx, "bulk edit is helped on", "tenant", job.Tenant, "job", job.Job, "since", open.MarkAt)
	open.MarkAt, open.Nudges = now, open.Nudges+1
	return s.o.Index.NoteOpen(ctx, open)
}

// resume asks to go on with a job that waits for its user though they have left a session since it was submitted: they
// may have come back just before it was parked, and whoever parked it may have died before looking.
func (s *Sweeper) resume(ctx context.Context, job Job, done *Swept) error {
	back, err := s.o.Sessions.LeftSince(ctx, job.Tenant, job.User, job.CreatedAt)
	if err != nil || !back {
		return err
	}
	done.Helped++
	return askToResume(ctx, s.o.Queue, job)
}
