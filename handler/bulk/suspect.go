package bulk

import (
	"context"
	"time"

	"imagepro/handler/fault"
)

// A picture that kills the process takes with it what is at work beside it: all their messages come again together, and
// would be tried too often together. So an image whose message comes again is a suspect: suspects of a process wait for
// each other, and a try is noted at the image when it has its turn. One that was tried so often by itself gets its
// final result; one that never had its turn is not given up.

// loneTries is how often a suspect has its turn. Processes also end for other reasons, so once is not enough; and with
// the first try, which all of them shared, it stays below the five that the host gives a message.
const loneTries = 3

// turnAfter is when an image that was tried too often comes again: what killed the process may be over by then.
const turnAfter = 30 * time.Second

// Deliver is Work for a message that the host gives out for so many times by now.
func (w *Worker) Deliver(ctx context.Context, m ItemMessage, times int) error {
	m.Suspect = m.Suspect || times > 1
	return w.Work(ctx, m)
}

// alone works on a suspect's message when no other suspect of this process is at work.
func (w *Worker) alone(ctx context.Context, m ItemMessage) error {
	leave, err := w.suspects.Enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	job, item, err := w.find(ctx, m)
	switch {
	case err != nil:
		return err
	case job.Job == "" || job.ended() || job.rests() || item.State != Waiting:
		return w.work(ctx, m)
	case item.Tries >= loneTries:
		return w.GiveUp(ctx, m)
	}
	item.Tries++
	if err := w.items.NoteTry(ctx, item); fault.Is(err, fault.Conflict) {
		return met(err)
	} else if err != nil {
		return err
	}
	return w.work(ctx, m)
}
